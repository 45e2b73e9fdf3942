#!/usr/bin/env perl
# harness.pl: run the suites of the tree in the current directory on the server of tools/with-server.sh, all under
# one TAP harness.  The last line is "N passed, N failed[, N skipped]"; a suite that is empty, breaks off or breaks a
# server fails.  SUITES names the suites to run (default: all four).
use strict;
use warnings;

use Cwd qw(getcwd);
use File::Basename qw(basename dirname);
use File::Path qw(make_path);
use TAP::Harness;
use TAP::Parser::Aggregator;

my %suite = (
	regress   => [ map { basename($_, '.sql') } glob 'test/sql/*.sql' ],
	isolation => [ map { basename($_, '.spec') } glob 'test/specs/*.spec' ],
	pgtap     => [ glob 'test/pgtap/*.sql' ],
	tap       => [ glob 'test/t/*.pl' ],
);
my @wanted = split ' ', $ENV{SUITES} // 'regress isolation pgtap tap';

chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
chomp(my $pgxs = `$ENV{PG_CONFIG} --pgxs`);
my $server_tests = dirname($pgxs) . '/../test';
my $out = getcwd() . '/build';

# What PostgreSQL::Test::Cluster expects of its surroundings.
@ENV{qw(PG_REGRESS TESTDIR TESTDATADIR TESTLOGDIR)} =
  ("$server_tests/regress/pg_regress", $out, "$out/tap", "$out/log");
make_path("$out/tap", "$out/log");

sub grep_files
{
	my ($pattern, @files) = @_;
	local @ARGV = @files;
	return @files ? grep { /$pattern/ } <> : ();
}

# pg_regress and its isolation twin: one command, one TAP stream each.
sub pg_regress
{
	my ($name, $program) = @_;
	make_path("$out/$name");

	# Until PostgreSQL 15 expected outputs are looked for below the output directory, since 16 below the current one.
	symlink getcwd() . '/expected', "$out/$name/expected";
	return [
		$^X, 'tools/regress-tap.pl', "$server_tests/$program", "--bindir=$bindir", '--inputdir=test',
		"--outputdir=$out/$name", "--dbname=$name", @{ $suite{$name} } ];
}

my %command = (
	regress   => pg_regress('regress',   'regress/pg_regress'),
	isolation => pg_regress('isolation', 'isolation/pg_isolation_regress'));

# A test that bails out fails; the others have nothing to do with it.
{
	no warnings 'redefine';
	*TAP::Harness::_bailout = sub { };
}

my (@tests, $failed);
foreach my $name (@wanted)
{
	my $files = $suite{$name} or die "unknown suite \"$name\"\n";
	if (!@$files) { print "not ok - suite $name has no tests\n"; $failed++; }
	elsif ($command{$name}) { push @tests, $name; }
	else { push @tests, @$files; }
}

# The suites that share the server run one after the other, beside the TAP tests, which have servers of their own.  The
# scheduler takes single tests before any list: that is why the TAP tests have a list of their own, too.
my $harness = TAP::Harness->new(
	{
		jobs  => 2,
		rules => { par => [ { seq => [ 'regress', 'isolation', 'test/pgtap/*' ] }, { par => ['test/t/*'] } ] },
		timer    => 1,
		failures => 1,
		exec     => sub {
			my (undef, $test) = @_;
			return $command{$test} if $command{$test};
			return [ 'tools/pgtap.sh', $test ] if $test =~ /\.sql$/;
			return [ $^X, "-I$server_tests/perl", '-Itest/t', $test ];
		} });
my $results = TAP::Parser::Aggregator->new;
$results->start;
eval { $harness->aggregate_tests($results, @tests); 1 } or do { print "not ok - harness: $@"; $failed++; };
$results->stop;
$harness->summary($results);

my ($passed, $skipped) = (0, 0);
$failed //= 0;
foreach my $parser ($results->parsers)
{
	my $lost = ($parser->tests_planned // 0) - $parser->tests_run;
	my $bad = $parser->failed + ($lost > 0 ? $lost : 0);
	my $idle = $parser->skipped + $parser->todo + ($parser->skip_all ? 1 : 0);

	$failed  += $bad || ($parser->has_problems ? 1 : 0);
	$skipped += $idle;
	$passed  += $parser->passed - $parser->skipped - $parser->todo;
}

# What a server said of itself fails too, even where the test that caused it got the output it expected.  The TAP tests
# may kill their own servers; nobody kills the one all share.
my $broken = qr/^TRAP|ERROR: AddressSanitizer|: runtime error:|detected write past chunk end/;
my @said = grep_files(qr/$broken|was terminated by signal|PANIC:/, $ENV{SERVER_LOG});
push @said, grep_files($broken, glob "$out/log/*.log $out/tmp_check/log/*.log");
if (@said) { print "not ok - a server broke\n", map { "# $_" } @said; $failed++; }

print "$passed passed, $failed failed", $skipped ? ", $skipped skipped" : '', "\n";
exit($failed ? 1 : 0);
