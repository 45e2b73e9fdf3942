#!/usr/bin/env perl
# regress-tap.pl PROGRAM OPTION... TEST...: run pg_regress or pg_isolation_regress and print TAP.
# PostgreSQL 15 prints "test NAME ... ok"; 16 and later print TAP of their own, with a plan only at the end, so that a
# run that broke off would look like a short one.  Here the plan comes first.
use strict;
use warnings;

my @names = grep { !/^-/ } @ARGV[ 1 .. $#ARGV ];
my ($outputdir) = map { /^--outputdir=(.*)/ } @ARGV;
my ($n, $transcript) = (0, '');

$| = 1;
print '1..', scalar @names, "\n";
open my $run, '-|', @ARGV or die "cannot run $ARGV[0]: $!";
while (my $line = <$run>)
{
	$transcript .= $line;
	my ($not, $name);
	if    ($line =~ /^(not )?ok \d+\s+[-+] (\S+)/) { ($not, $name) = ($1, $2); }
	elsif ($line =~ /^test (\S+)\s+\.\.\. (ok|FAILED)/) { ($not, $name) = ($2 ne 'ok', $1); }
	else                                           { next; }
	printf "%sok %d - %s\n", $not ? 'not ' : '', ++$n, $name;
}
close $run;
my $status = $? >> 8 || $? & 127;

if ($status)
{
	print STDERR $transcript;
	if (open my $diffs, '<', "$outputdir/regression.diffs") { print STDERR <$diffs>; }
}
exit $status;
