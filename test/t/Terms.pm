# Terms.pm: what a handful of payment terms mean, written down by hand for tests that predict instalments.
#
# Days are counted from a day zero that the caller names as a date; amounts are integers.
package Terms;

use strict;
use warnings;
use integer;

use POSIX       qw(strftime);
use Time::Local qw(timegm);

# Each: shares as [numerator, denominator, last day], the last day from the day the terms start; whether they start with
# the goods; and the discount as [percent, days].
my %terms = (
	'net 30'                    => { shares => [ [ 1, 1, sub { $_[0] + 30 } ] ] },
	'2/10 net 30'               => { shares => [ [ 1, 1, sub { $_[0] + 30 } ] ], discount => [ 2, 10 ] },
	'5/20 net 60'               => { shares => [ [ 1, 1, sub { $_[0] + 60 } ] ], discount => [ 5, 20 ] },
	'due on receipt'            => { shares => [ [ 1, 1, sub { $_[0] } ] ] },
	'net 30 EOM'                => { shares => [ [ 1, 1, sub { month($_[1], $_[0], 1, 1) - 1 + 30 } ] ] },
	'10th prox'                 => { shares => [ [ 1, 1, sub { month($_[1], $_[0], 1, 10) } ] ] },
	'net 30 ROG'                => { shares => [ [ 1, 1, sub { $_[0] + 30 } ] ], goods => 1 },
	'1/3 30, 1/3 60, 1/3 90'    => { shares => [ map { my $days = $_; [ 1, 3, sub { $_[0] + $days } ] } 30, 60, 90 ] },
	'30% 30, 50% 60, 20% 90'    => {
		shares => [ [ 30, 100, sub { $_[0] + 30 } ], [ 50, 100, sub { $_[0] + 60 } ], [ 20, 100, sub { $_[0] + 90 } ] ]
	},
	'1/2 10, 1/2 40 ROG' => { shares => [ [ 1, 2, sub { $_[0] + 10 } ], [ 1, 2, sub { $_[0] + 40 } ] ], goods => 1 },
);

our @names = sort keys %terms;

sub seconds
{
	my ($date) = @_;
	my ($y, $m, $d) = split /-/, $date;

	return timegm(0, 0, 0, $d, $m - 1, $y);
}

# Day n after day zero, as a date.
sub date
{
	my ($zero, $n) = @_;

	return strftime('%Y-%m-%d', gmtime(seconds($zero) + 86400 * $n));
}

# The given day of the month that lies so many months after that of day n.
sub month
{
	my ($zero, $n, $months, $day) = @_;
	my ($y, $m) = split /-/, date($zero, $n);
	my $index = 12 * $y + $m - 1 + $months;

	return (timegm(0, 0, 0, $day, $index % 12, $index / 12) - seconds($zero)) / 86400;
}

# The instalments of so many units: arrays of number, units and due day (undef: not known yet).  What comes to nothing is
# left out.
sub schedule
{
	my ($terms, $zero, $doc, $received, $units) = @_;
	my $start = $terms{$terms}{goods} ? $received : $doc;
	my @shares = @{ $terms{$terms}{shares} };
	my ($left, @schedule) = ($units);

	for my $n (1 .. @shares)
	{
		my ($part, $whole, $last_day) = @{ $shares[ $n - 1 ] };
		my $share = (2 * $units * $part + $whole) / (2 * $whole);

		$share = $left if $share > $left || $n == @shares;
		$left -= $share;
		push @schedule, [ $n, $share, defined $start ? $last_day->($start, $zero) : undef ];
	}
	return @schedule;
}

# Whether they wait for the goods.
sub waits { return $terms{ $_[0] }{goods}; }

# The percentage that may be deducted on a day.
sub percent
{
	my ($terms, $doc, $paid_on) = @_;
	my $discount = defined $terms ? $terms{$terms}{discount} : undef;

	return $discount && $paid_on <= $doc + $discount->[1] ? $discount->[0] : 0;
}

1;
