# Receivables.pm: a second, simple-minded ledger for tests to predict what the real one does.
#
# It keeps documents and allocations in memory, says which SQLSTATEs an operation breaks the rules with (none: it must
# succeed), and can take back what it did since a mark.  Amounts are integers in the currency's minor unit; dates are
# days counted from today, so that "dated before" is a comparison of numbers.
package Receivables;

use strict;
use warnings;
use integer;

use List::Util qw(max min sum0);

our %decimals = (USD => 2, EUR => 2, JPY => 0, KWD => 3);

sub new
{
	my ($class) = @_;

	return bless { documents => [], allocations => [], undo => [] }, $class;
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

	return $document->{kind} =~ /^(invoice|debit_note)$/;
}

# A document is a hash of customer, kind, number, currency, units, doc, posting and due, to which the caller adds the
# ids it got; debits have a due date.  open is what no allocation has taken yet, whatever its date.
sub add_document
{
	my ($self, $document) = @_;

	$document->{open} = $document->{units};
	$document->{debit} = is_debit($document);
	push @{ $self->{documents} }, $document;
	$self->on_undo(sub { pop @{ $self->{documents} } });
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
	return @faults;
}

sub allocate
{
	my ($self, $credit, $debit, $units, $on) = @_;
	my $allocation = { credit => $credit, debit => $debit, units => $units, on => $on };

	$_->{open} -= $units for $credit, $debit;
	push @{ $self->{allocations} }, $allocation;
	$self->on_undo(
		sub {
			$_->{open} += $units for $credit, $debit;
			pop @{ $self->{allocations} };
		});
	return $allocation;
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
	my ($credit, $debit) = @$allocation{qw(credit debit)};
	my @before = ($credit->{reversed}, $debit->{reversed});

	$allocation->{reversed} = $on;
	foreach my $side ($credit, $debit)
	{
		$side->{open} += $allocation->{units};
		$side->{reversed} = max($on, $side->{reversed} // $on);
	}
	$self->on_undo(
		sub {
			delete $allocation->{reversed};
			$_->{open} -= $allocation->{units} for $credit, $debit;
			($credit->{reversed}, $debit->{reversed}) = @before;
		});
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
	} @{ $self->{documents} };
}

my %order = (
	oldest_first   => sub { $_[0]{due}  <=> $_[1]{due} },
	newest_first   => sub { $_[1]{due}  <=> $_[0]{due} },
	largest_first  => sub { $_[1]{open} <=> $_[0]{open} || $_[0]{due} <=> $_[1]{due} },
	smallest_first => sub { $_[0]{open} <=> $_[1]{open} || $_[0]{due} <=> $_[1]{due} },
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
			  || $a->{debit}{due}  <=> $b->{debit}{due}
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
		  @{ $self->{documents} });
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
