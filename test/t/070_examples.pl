#!/usr/bin/env perl
# 070_examples.pl: every file in examples/ runs in an empty database and says what its .out file says, and the demo,
# which checks its own claims, runs to its end.
use strict;
use warnings;

use Test::More;

# What psql prints for a file in a fresh database; the context of an error is about the inside of functions.
sub transcript
{
	my ($file, @options) = @_;
	my $database = 'examples';

	system("dropdb --if-exists $database 2>/dev/null && createdb -T template0 $database") == 0 or die "no database";
	my $said = `psql -qX -v SHOW_CONTEXT=never -d $database @options -f $file 2>&1`;
	return ($said, $? >> 8);
}

sub differences
{
	my ($said, $expected) = @_;
	my $new = "build/examples.new";

	mkdir 'build';
	open my $out, '>', $new or die "$new: $!";
	print $out $said;
	close $out;
	return scalar `diff -u $expected $new 2>&1`;
}

my @examples = grep { $_ ne 'examples/demo.sql' } sort glob 'examples/*.sql';

cmp_ok(scalar @examples, '>', 0, 'there are examples');
foreach my $file (@examples)
{
	(my $expected = $file) =~ s/sql$/out/;
	is(differences((transcript($file, '-a'))[0], $expected), '', $file);
}

my ($said, $status) = transcript('examples/demo.sql', '-v items=20000');
ok($status == 0 && $said =~ /SQLSTATE: RC002\n.*SQLSTATE: RC001\n.*^That is the demo\./ms,
	'the demo shows both refusals and reaches its end')
  or diag "exit status $status\n", $said =~ /((?:.*\n){1,10})\z/;

done_testing;
