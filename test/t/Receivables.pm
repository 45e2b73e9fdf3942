# Receivables.pm: a second, simple-minded ledger for tests to predict what the real one does.
#
# It keeps documents, their items and allocations in memory, says which SQLSTATEs an operation breaks the rules with
# (none: it must succeed), and can take back what it did since a mark.  Amounts are integers in the currency's minor unit
# (of the base currency for base values), rates are millionths; dates are days counted from today, so that "dated before"
# is a comparison of numbers.
package Receivables;

use strict;
use warnings;
use integer;

use List::Util qw(max min sum0);

use Terms;

our %decimals = (USD => 2, EUR => 2, JPY => 0, KWD => 3);

# today: the date of day zero.  rates: by currency and first day.  terms: of customers that have some.
sub new
{
	my ($class, $today) = @_;

	return bless {
		today => $today, base => 'USD', documents => [], items => [], allocations => [], log => [], undo => [],
		rates => {}, terms => {} }, $class;
}

sub money
{
	my ($units, $currency) = @_;
	my $d = $decimals{$currency};
	my $sign = $units < 0 ? '-' : '';
	my $digits = sprintf '%0*d', $d + 1, abs $units;

	return $sign . ($d ? substr($digits, 0, -$d) . '.' . substr($digits, -$d) : $digits);
}

sub is_debit
{
	my ($document) = @_;

	return $document->{debit} // scalar $document->{kind} =~
	  /^(invoice|debit_note|returned_payment|finance_charge|fee|core_charge|refund|recovery)$/;
}

# Kinds whose debit documents are due by terms or on a date that is given.
sub needs_terms { return $_[0] =~ /^(invoice|debit_note|finance_charge|fee|core_charge)$/; }

# Both positive; half away from zero.
sub rounded { my ($product, $by) = @_; return (2 * $product + $by) / (2 * $by); }

sub rate_on
{
	my ($self, $currency, $day) = @_;
	my $rates = $self->{rates}{$currency};

	return $rates->{ max(grep { $_ <= $day } keys %$rates) };
}

# What so many units of a currency are worth in base currency at a rate.
sub worth
{
	my ($self, $units, $currency, $rate) = @_;

	return rounded($units * $rate * 10**$decimals{ $self->{base} }, 10**$decimals{$currency} * 1_000_000);
}

# Change an element of a hash in a way that a rollback takes back.
sub change
{
	my ($self, $hash, $key, $value) = @_;
	my ($there, $old) = (exists $hash->{$key}, $hash->{$key});

	$hash->{$key} = $value;
	$self->on_undo(sub { $there ? ($hash->{$key} = $old) : delete $hash->{$key} });
	return;
}

# The items a document is split into: number, units, due day.
sub schedule
{
	my ($self, $document) = @_;
	my $terms;

	return [ 1, $document->{units}, undef ] if !$document->{debit};
	$document->{due} //= $document->{doc} if $document->{reverses} || !needs_terms($document->{kind});
	my $due = $document->{due};
	return [ 1, $document->{units}, $due ] if $document->{reverses} || !needs_terms($document->{kind});
	$terms = $document->{terms} // (defined $due ? undef : $self->{terms}{ $document->{customer} });
	$document->{terms} = $terms;
	return [ 1, $document->{units}, $due ] if !defined $terms;
	my @schedule = Terms::schedule($terms, $self->{today}, @$document{qw(doc received units)});
	my $last = $schedule[-1][2];

	# Who names another day than the terms do means that day.
	return [ 1, $document->{units}, $due ] if defined $due && defined $last && $due != $last;
	return [ 1, $document->{units}, $due ] if defined $due && !defined $last;
	$document->{due} = $last;
	return grep { $_->[1] > 0 } @schedule;
}

# A document is a hash of customer, kind, number, currency, units, doc, posting and what else its kind needs, to which
# the caller adds the ids it got.  open of an item is what no allocation has taken yet, whatever its date.
sub add_document
{
	my ($self, $document) = @_;
	my $before = 0;

	$document->{debit} = is_debit($document);
	$document->{posting} //= $document->{doc};
	$document->{items} = [];
	$document->{base} //= $self->worth(@$document{qw(units currency)},
		$document->{rate} // $self->rate_on($document->{currency}, $document->{posting}))
	  if $document->{currency} ne $self->{base};
	push @{ $self->{documents} }, $document;
	foreach my $instalment ($self->schedule($document))
	{
		my ($no, $units, $due) = @$instalment;
		my %item = (
			document => $document, no => $no, units => $units, open => $units, due => $due, posted_due => $due,
			reserved => $document->{kind} eq 'deposit' && !$document->{debit} ? $document->{order} : undef,
			map { $_ => $document->{$_} } qw(customer kind number currency debit doc posting));

		# The parts of the base value add up to it.
		$item{base} = $item{open_base} =
		  rounded($document->{base} * ($before + $units), $document->{units}) -
		  rounded($document->{base} * $before, $document->{units})
		  if defined $document->{base};
		$before += $units;
		push @{ $document->{items} }, \%item;
		push @{ $self->{items} }, \%item;
	}
	$self->on_undo(
		sub {
			pop @{ $self->{documents} };
			pop @{ $self->{items} } for @{ $document->{items} };
		});
	return $document;
}

# What is wrong with an allocation, as SQLSTATEs; with none of them it must be accepted.
sub allocation_faults
{
	my ($self, $credit, $debit, $units, $on) = @_;
	my @faults;

	push @faults, '22023' if $units <= 0;
	push @faults, '23503' if $credit->{customer} != $debit->{customer};
	push @faults, 'RC007' if $credit->{debit} || !$debit->{debit};
	push @faults, 'RC006' if $credit->{currency} ne $debit->{currency};
	push @faults, '22023' if $on < max($credit->{posting}, $debit->{posting});
	push @faults, 'RC007' if $units > min($credit->{open}, $debit->{open});
	push @faults, 'RC007' if grep { defined $_->{reversed} && $on < $_->{reversed} } $credit, $debit;
	push @faults, 'RC007' if !may_pay($credit, $debit);
	return @faults;
}

# A deposit pays for its order, or goes back.
sub may_pay
{
	my ($credit, $debit) = @_;
	my $document = $debit->{document};

	return
		 !defined $credit->{reserved}
	  || ($document->{order} // '') eq $credit->{reserved}
	  || $debit->{kind} =~ /^(refund|returned_payment|transfer)$/
	  || $document->{reverses} && $document->{reverses} == $credit->{document};
}

# A payment whose money is not good yet, and must not leave the account.  Day 0 is today.
sub waits
{
	my ($document) = @_;

	return defined $document->{clears} && $document->{clears} > 0 && !$document->{cleared} && !$document->{reverses} && !$document->{reversed_by};
}

# Whether an allocation closes a document with the one that voided or returned it.
sub closes
{
	my ($allocation) = @_;
	my ($credit, $debit) = map { $_->{document} } @$allocation{qw(credit debit)};

	return ($credit->{reverses} // 0) == $debit || ($debit->{reverses} // 0) == $credit;
}

# What units of an item take out of its base value: their share of what is open, the last ones all of it.
sub portion
{
	my ($item, $units) = @_;

	return $units == $item->{open} ? $item->{open_base} : rounded($item->{open_base} * $units, $item->{open});
}

sub allocate
{
	my ($self, $credit, $debit, $units, $on) = @_;
	my $allocation = { credit => $credit, debit => $debit, units => $units, on => $on };

	if (defined $credit->{base} && defined $debit->{base})
	{
		$allocation->{$_} = portion($allocation->{$_ eq 'credit_base' ? 'credit' : 'debit'}, $units)
		  for qw(credit_base debit_base);
	}
	$self->move($allocation, 1);
	push @{ $self->{allocations} }, $allocation;
	push @{ $self->{log} }, $allocation;
	$self->on_undo(sub { pop @{ $self->{allocations} }; pop @{ $self->{log} }; });
	return $allocation;
}

# Take an allocation out of its items, or give it back.
sub move
{
	my ($self, $allocation, $sign) = @_;

	foreach my $side (qw(credit debit))
	{
		my $item = $allocation->{$side};
		my ($units, $base) = ($sign * $allocation->{units}, $sign * ($allocation->{"${side}_base"} // 0));

		$item->{open} -= $units;
		$item->{open_base} -= $base if defined $item->{base};
		$self->on_undo(sub { $item->{open} += $units; $item->{open_base} += $base if defined $item->{base}; });
	}
	return;
}

sub reversal_faults
{
	my ($self, $allocation, $on) = @_;
	my @faults;

	push @faults, '23505' if defined $allocation->{reversed};
	push @faults, '22023' if $on < $allocation->{on};
	return @faults;
}

sub reverse
{
	my ($self, $allocation, $on) = @_;

	$self->change($allocation, 'reversed', $on);
	$self->move($allocation, -1);
	$self->change($_, 'reversed', max($on, $_->{reversed} // $on)) for @$allocation{qw(credit debit)};
	push @{ $self->{log} }, { undo => $allocation, on => $on };
	$self->on_undo(sub { pop @{ $self->{log} } });
	return;
}

# What apply_payment() may touch: open debits of the same customer and currency that can take an allocation of that
# date.
sub applicable
{
	my ($self, $credit, $on) = @_;

	return grep {
			 $_->{debit}
		  && $_->{customer} == $credit->{customer}
		  && $_->{currency} eq $credit->{currency}
		  && $_->{open} > 0
		  && $_->{posting} <= $on
		  && (!defined $_->{reversed} || $_->{reversed} <= $on)
	} @{ $self->{items} };
}

# Undated items come last.
sub by_due { my ($one, $other) = map { $_->{due} // 1_000_000 } @_; return $one <=> $other; }
sub by_late_due { my ($one, $other) = map { $_->{due} // -1_000_000 } @_; return $other <=> $one; }

my %order = (
	oldest_first   => \&by_due,
	newest_first   => \&by_late_due,
	largest_first  => sub { $_[1]{open} <=> $_[0]{open} || by_due(@_) },
	smallest_first => sub { $_[0]{open} <=> $_[1]{open} || by_due(@_) },
);
our @methods = (sort(keys %order), 'pro_rata');

# How a credit is spread over debits: pairs of debit and units.
sub shares
{
	my ($credit, $method, @debits) = @_;
	my $left = min($credit->{open}, sum0(map { $_->{open} } @debits));
	my @shares;

	return if $left == 0;
	if ($method eq 'pro_rata')
	{
		my $total = sum0(map { $_->{open} } @debits);
		my @parts = map {
			my $product = $left * $_->{open};
			{ debit => $_, units => $product / $total, rest => $product % $total }
		} @debits;
		my $over = $left - sum0(map { $_->{units} } @parts);
		my @by_rest = sort {
				 $b->{rest}        <=> $a->{rest}
			  || by_due($a->{debit}, $b->{debit})
			  || $a->{debit}{item} <=> $b->{debit}{item}
		} @parts;

		$_->{units}++ for @by_rest[ 0 .. $over - 1 ];
		return map { [ $_->{debit}, $_->{units} ] } grep { $_->{units} > 0 } @parts;
	}
	foreach my $debit (sort { $order{$method}->($a, $b) || $a->{item} <=> $b->{item} } @debits)
	{
		my $units = min($left, $debit->{open});

		push @shares, [ $debit, $units ] if $units > 0;
		$left -= $units;
	}
	return @shares;
}

# What a customer owes and has unapplied now, in a currency.
sub balance
{
	my ($self, $customer, $currency, $debit) = @_;

	return sum0(
		map    { $_->{open} }
		  grep { $_->{customer} == $customer && $_->{currency} eq $currency && !$_->{debit} == !$debit }
		  @{ $self->{items} });
}

sub on_undo
{
	my ($self, $how) = @_;

	push @{ $self->{undo} }, $how;
	return;
}

sub mark
{
	my ($self) = @_;

	return scalar @{ $self->{undo} };
}

sub back_to
{
	my ($self, $mark) = @_;

	pop(@{ $self->{undo} })->() while @{ $self->{undo} } > $mark;
	return;
}

1;
