# OrderBook.pm: orders, limits, holds and rules as a test knows them, and what must come of an order.
#
# What customers owe is in the model of Receivables.pm.  Amounts are integers in cents, dates days counted from today.
package OrderBook;

use strict;
use warnings;
use integer;

use List::Util qw(max min sum0 uniq);

# Outcomes, from the mildest on.
our @severity = qw(approve warn hold reject);
our %severity = map { $severity[$_] => $_ } 0 .. $#severity;

# orders by id: customer, units, status.  limits by customer: units, from, to if it
# has an end of its own, and till when it is in force.  holds by customer: their ids.
# rules by number: kind, action, threshold, and for whom and when.
# Cents of the base currency for a euro
our $euro_rate = 125;

# Later than any day of a test
my $no_end = 1_000_000;

sub new
{
	my ($class, $model) = @_;

	return bless {
		model  => $model,
		orders => {},
		limits => {},
		holds  => {},
		rules  => {
			10 => { kind => 'manual_hold',   action => 'hold' },
			20 => { kind => 'limit_missing', action => 'hold' },
			30 => { kind => 'limit_use',     action => 'hold', percent => 100 } } }, $class;
}

# Change what is known, in a way that a rollback takes back: one of the hashes, its key, and the new value if any.
sub change
{
	my ($self, $what, $key, $value) = @_;
	my $hash = $self->{$what};
	my ($there, $old) = (exists $hash->{$key}, $hash->{$key});

	defined $value ? ($hash->{$key} = $value) : delete $hash->{$key};
	$self->{model}->on_undo(sub { $there ? ($hash->{$key} = $old) : delete $hash->{$key} });
	return;
}

sub counts
{
	my ($order) = @_;

	return $order && !grep { ($order->{status} // 'open') eq $_ } 'cancelled', 'invoiced', 'on hold';
}

sub ordered
{
	my ($self, $customer) = @_;

	return sum0(map { $_->{units} } grep { counts($_) && $_->{customer} == $customer } values %{ $self->{orders} });
}

sub limit_of
{
	my ($self, $customer) = @_;
	my ($limit) = grep { $_->{from} <= 0 && $_->{till} >= 0 } @{ $self->{limits}{$customer} // [] };

	return $limit ? $limit->{units} : undef;
}

# The limits of a customer once this one is set, or nothing if it overlaps another.  A limit without end ends where the
# next one starts, and one of the same first day takes the other's place.
sub with_limit
{
	my ($self, $customer, $new) = @_;
	my @others = map { { %$_ } } grep { $_->{from} != $new->{from} } @{ $self->{limits}{$customer} // [] };

	foreach my $other (@others)
	{
		$other->{till} = $new->{from} - 1 if !defined $other->{to} && $other->{from} < $new->{from} && $other->{till} >= $new->{from};
	}
	my $limit = { %$new, till => $new->{to} // min($no_end, map { $_->{from} - 1 } grep { $_->{from} > $new->{from} } @others) };

	return if grep { $_->{from} <= $limit->{till} && $limit->{from} <= $_->{till} } @others;
	return [ @others, $limit ];
}

sub owed
{
	my ($self, $customer) = @_;

	my ($model, $owed) = ($self->{model}, 0);

	# Euros at the rate of the day, each side rounded to the cent.
	foreach my $debit (1, 0)
	{
		my $euros = $model->balance($customer, 'EUR', $debit);

		$owed += ($debit || -1) * ($model->balance($customer, 'USD', $debit) + int(($euros * $euro_rate + 50) / 100));
	}
	return $owed;
}

sub on_hold { my ($self, $customer) = @_; return scalar %{ $self->{holds}{$customer} // {} }; }

sub days_overdue
{
	my ($self, $customer) = @_;

	return max(0,
		map { -$_->{due} }
		grep { $_->{debit} && $_->{customer} == $customer && $_->{open} > 0 } @{ $self->{model}{items} });
}

# Outcome for an order that brings the customer's exposure to what it owes plus $ordered, the SQLSTATE if it is refused,
# and what is missing.
sub decide
{
	my ($self, $customer, $ordered) = @_;
	my $limit = $self->limit_of($customer);
	my $exposure = $self->owed($customer) + $ordered;
	my ($outcome, $state, $shortfall) = (0, undef, 0);
	my @rules = grep { ($_->{customer} // $customer) == $customer && ($_->{from} // 0) <= 0 && ($_->{to} // 0) >= 0 }
	  map { $self->{rules}{$_} } sort { $a <=> $b } keys %{ $self->{rules} };

	foreach my $rule (@rules)
	{
		my $kind = $rule->{kind};
		my $action = $severity{ $rule->{action} };
		my $broken;

		if    ($kind eq 'manual_hold')    { $broken = $self->on_hold($customer); }
		elsif ($kind eq 'limit_missing')  { $broken = !defined $limit; }
		elsif ($kind eq 'oldest_overdue') { $broken = $self->days_overdue($customer) > $rule->{days}; }
		elsif (!defined $limit)
		{
			# Somebody must speak for a limit that is missing.
			$broken = !grep { $_->{kind} eq 'limit_missing' } @rules;
		}
		else
		{
			my $missing = $exposure * 100 - $limit * $rule->{percent};

			$broken = $missing > 0;
			$shortfall = max($shortfall, ($missing + 99) / 100) if $broken && $action >= $severity{hold};
		}
		next if !$broken || $action <= $outcome;
		$outcome = $action;
		$state = $kind =~ /limit/ ? 'RC002' : 'RC001';
	}
	return ($severity[$outcome], $state, $shortfall);
}

# What must come of a statement that turns old orders into new ones, in this order: SQLSTATEs it may be refused with,
# and the outcomes of the decisions it takes.  Orders of a table that holds get their status.
sub expect
{
	my ($self,        $hold,     @changes) = @_;
	my (%by_customer, %approved, @outcomes);

	foreach my $change (@changes)
	{
		my ($old, $new) = @$change;
		my $before = counts($old) && counts($new) && $old->{customer} == $new->{customer} ? $old->{units} : undef;

		if ($hold && counts($new) && !(defined $before && $new->{units} <= $before))
		{
			my $customer = $new->{customer};
			my $amount = $new->{units} - ($before // 0);
			my ($outcome, $state) =
			  $self->decide($customer, $self->ordered($customer) + ($approved{$customer} // 0) + $amount);

			return ([$state]) if !defined $outcome || $outcome eq 'reject';
			# Who takes an order off hold is told that it stays there.
			return ([$state]) if $outcome eq 'hold' && $old && ($old->{status} // '') eq 'on hold';
			if ($outcome eq 'hold')
			{
				$new->{status} = 'on hold';
				push @outcomes, 'hold';
			}
			else
			{
				$new->{status} //= 'open';
				$approved{$customer} += $amount;
				push @outcomes, $outcome;
			}
		}
		next if $hold;
		push @{ $by_customer{ $old->{customer} } }, { amount => -$old->{units} } if counts($old) && !defined $before;
		push @{ $by_customer{ $new->{customer} } },
		  { amount => $new->{units} - ($before // 0), opens => !defined $before } if counts($new);
	}

	# What a statement gives up counts before what it takes.
	foreach my $customer (sort { $a <=> $b } keys %by_customer)
	{
		my @all = @{ $by_customer{$customer} };
		my $ordered = $self->ordered($customer) + sum0(map { $_->{amount} } grep { $_->{amount} < 0 } @all);
		my @states;

		foreach my $change (grep { $_->{amount} > 0 || $_->{opens} } @all)
		{
			$ordered += $change->{amount};
			my ($outcome, $state) = $self->decide($customer, $ordered);

			if   (!defined $outcome || $severity{$outcome} >= $severity{hold}) { push @states,   $state; }
			else                                                               { push @outcomes, $outcome; }
		}
		# Rows of an UPDATE come in any order, so any of its refusals may come first.
		return ([ uniq @states ]) if @states;
	}
	return (undef, @outcomes);
}

1;
