# Psql.pm: a psql that stays open, so that a test can run thousands of statements, hold transactions open between
# them, and ask how each one ended.
package Psql;

use strict;
use warnings;

use IPC::Open2 qw(open2);

# Ends the answer to each statement.
my $done = '=== done';

sub new
{
	my ($class, $database) = @_;
	my $self = bless { database => $database, statement => '(none)' }, $class;

	# Errors are part of the answer, not of the test's own standard error.
	$self->{pid} =
	  open2($self->{answers}, $self->{statements}, "exec psql -XqAt -v VERBOSITY=verbose -d '$database' 2>&1");
	$self->query('SET client_min_messages = error');
	return $self;
}

# The SQLSTATE a statement ends with, 00000 if it succeeds, and its rows or the error's text.  Lines of COPY data
# come apart.
sub try
{
	my ($self, $statement, @data) = @_;
	my $answer = '';

	$self->{statement} = $statement;
	print { $self->{statements} } "$statement;\n", @data ? (map { "$_\n" } @data, '\.') : (),
	  "\\echo '$done'\n";
	$self->{statements}->flush;
	while (defined(my $line = readline $self->{answers}))
	{
		if ($line eq "$done\n")
		{
			# From the message, because psql's own SQLSTATE does not tell when COPY fails.
			return ($answer =~ /^(?:ERROR|FATAL|PANIC):  (\w{5}): /m ? $1 : '00000', $answer);
		}
		$answer .= $line;
	}
	die "psql ended at: $statement\n$answer";
}

# The rows of a statement that must succeed, as text.
sub query
{
	my ($self, $statement, @data) = @_;
	my ($sqlstate, $answer) = $self->try($statement, @data);

	die "$answer in: $statement\n" if $sqlstate ne '00000';
	chomp $answer;
	return $answer;
}

# The same, as arrays of columns.
sub rows
{
	my ($self, $statement) = @_;

	return map { [ split /\|/, $_, -1 ] } split /\n/, $self->query($statement);
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	close $self->{statements};
	waitpid $self->{pid}, 0;
	return;
}

# A new database with the extension in it, and a session there.  Its clock, and that of the
# ledgers it creates, stands near noon: a test that runs across midnight would otherwise see the date change.
sub fresh_database
{
	my ($class, $database) = @_;
	my $admin = $class->new($ENV{PGDATABASE} // 'postgres');

	$admin->query("DROP DATABASE IF EXISTS $database");
	$admin->query("CREATE DATABASE $database TEMPLATE template0");
	my $self = $class->new($database);
	$self->query(sprintf q{SET TIME ZONE 'Etc/GMT%+d'}, (gmtime)[2] - 12);
	$self->query('CREATE EXTENSION credit_control');
	return $self;
}

1;
