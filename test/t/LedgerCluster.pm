# LedgerCluster.pm: servers of a test's own, ledgers on them, and questions that tests ask of a ledger.
package LedgerCluster;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

our @EXPORT = qw(start_cluster create_database refused allowed all_well sorted_diff crash);

# A running server; the options are those of PostgreSQL::Test::Cluster->init, conf is more of postgresql.conf.
sub start_cluster
{
	my ($name, %options) = @_;
	my $conf = delete $options{conf} // '';
	my $node = PostgreSQL::Test::Cluster->new($name);

	# The defaults of the framework depend on the locale of whoever runs the tests.
	$node->init(extra => [ '--no-locale', '--encoding=UTF8' ], %options);
	$node->append_conf('postgresql.conf', "log_statement = none\nshared_buffers = 64MB\nmax_connections = 30\n$conf");
	$node->start;
	return $node;
}

# A database with the extension in it, and in it whatever the statements make.
sub create_database
{
	my ($node, $database, $sql) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION credit_control');
	$node->safe_psql($database, $sql) if defined $sql;
	return;
}

# Run statements as a role (undef: superuser); returns the SQLSTATE they end with, 00000 if they all succeed, and what
# they print.
sub outcome
{
	my ($node, $database, $role, $sql) = @_;
	my ($rc, $out, $err) = $node->psql($database, $sql,
		extra_params => [ '-v', 'VERBOSITY=verbose', defined $role ? ('-U', $role) : () ]);

	return $err =~ /(?:ERROR|FATAL):  (\w{5}): (.*)/ ? ($1, "$1 $2") : $rc ? ('?', $err) : ('00000', $out);
}

# The statements, run as a role, end with this SQLSTATE.
sub refused
{
	my ($node, $database, $role, $sqlstate, $sql, $name) = @_;
	my ($got, $message) = outcome($node, $database, $role, $sql);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($got, $sqlstate, $name) || diag($message);
}

# The statements, run as a role, succeed, and print this (if given).
sub allowed
{
	my ($node, $database, $role, $sql, $wanted, $name) = @_;
	my ($got, $out) = outcome($node, $database, $role, $sql);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($got, '00000', $name) || diag($out) if $got ne '00000' || !defined $wanted;
	return is($out, $wanted, $name);
}

# Every kept figure is what recomputing gives, and nothing differs from the template.
sub all_well
{
	my ($node, $database, $ledger, $name) = @_;
	my $problems = $node->safe_psql($database,
		"SELECT * FROM $ledger.verify_ledger() UNION ALL"
		  . " SELECT problem, NULL, object, detail, hint FROM credit.check_ledger('$ledger')");

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($problems, '', "$name: verify_ledger() and check_ledger() find nothing");
}

# Two listings are the same; only what differs is shown.
sub sorted_diff
{
	my ($got, $wanted, $name) = @_;
	my %got    = map { $_ => 1 } split /\n/, $got;
	my %wanted = map { $_ => 1 } split /\n/, $wanted;
	my @differences = (
		map({ "- $_" } grep { !$got{$_} } sort keys %wanted),
		map({ "+ $_" } grep { !$wanted{$_} } sort keys %got));

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return 1 if ok(%wanted && !@differences, $name);
	diag(join "\n", %wanted ? @differences : 'nothing to compare with');
	return;
}

# Every process of the server is killed at the same moment, as by a power failure; then it starts again.
sub crash
{
	my ($node) = @_;
	my $postmaster = $node->{_pid};
	my @processes = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');

	$node->kill9;
	kill 'KILL', @processes;
	# As long as its process is not reaped, a new postmaster takes the old one for alive.
	for (1 .. 200) { last unless kill 0, $postmaster; select undef, undef, undef, 0.05; }
	for (1 .. 30) { return if $node->start(fail_ok => 1); sleep 1; }
	die 'the server does not start again';
}

1;
