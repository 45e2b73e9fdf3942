# Chance.pm: random histories that can be had again: the seed and the length of one come from the environment and are
# printed, and printed once more where it fails.
package Chance;

use strict;
use warnings;

use Exporter qw(import);
use Test::More ();

our @EXPORT_OK = qw(seeded pick chance between);
my $again;

# The seed, of CREDIT_CONTROL_SEED or by the clock, and the length, of CREDIT_CONTROL_STEPS or as given; a test whose
# histories have one length gives none.
sub seeded
{
	my ($length) = @_;
	my $seed = $ENV{CREDIT_CONTROL_SEED} // time;
	my $steps = defined $length ? $ENV{CREDIT_CONTROL_STEPS} // $length : undef;

	srand $seed;
	$again = "CREDIT_CONTROL_SEED=$seed" . (defined $steps ? " CREDIT_CONTROL_STEPS=$steps" : '');
	Test::More::note($again);
	return ($seed, $steps);
}
# $? does not know of failures yet: that is set after this.
END { Test::More::diag("to see this again: $again") if defined $again && ($? || !Test::More->builder->is_passing) }

# One of some; true in so many cases of a hundred; an integer from one to another.
sub pick { return $_[ rand @_ ]; }
sub chance { my ($percent) = @_; return rand(100) < $percent; }
sub between { my ($low, $high) = @_; return $low + int rand($high - $low + 1); }

1;
