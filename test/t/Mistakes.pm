# Mistakes.pm: operations on a history that a ledger must refuse, with the SQLSTATEs that may say why.
#
# An operation is a hash as in History.pm: name, sql, data, and faults instead of done.
package Mistakes;

use strict;
use warnings;

use List::Util qw(max min shuffle);

use History;
use Receivables;

sub new
{
	my ($class, $history) = @_;

	return bless { history => $history, turn => {} }, $class;
}

# So that no mistake is left out by chance.
sub each_in_turn
{
	my ($self, @names) = @_;

	return $names[ $self->{turn}{ $names[0] }++ % @names ];
}

# A random one of the documents, or of the allocations, that are so.
sub some_document
{
	my ($self, $so) = @_;
	return History::pick(grep { $so->($_) } @{ $self->{history}{model}{items} });
}

sub some_allocation
{
	my ($self, $so) = @_;
	return History::pick(grep { $so->($_) } @{ $self->{history}{model}{allocations} });
}

# ---- documents ----

# What can be wrong with a document's row: how it is refused, and how to get it wrong.
my %document = (
	'zero amount'               => [ '22023', sub { $_[1]{amount} = 0 } ],
	'negative amount'           => [ '22023', sub { $_[1]{amount} = "-$_[1]{amount}" } ],
	'amount not a number'       => [ '22003', sub { $_[1]{amount} = 'NaN' } ],
	'infinite amount'           => [ '22003', sub { $_[1]{amount} = 'Infinity' } ],
	'too many decimals'         => [ '22003', sub { $_[1]{amount} = '7.0001' } ],
	'unknown currency'          => [ 'RC006', sub { $_[1]{currency} = 'XXX' } ],
	'currency in small letters' => [ 'RC006', sub { $_[1]{currency} = 'usd' } ],
	'unknown customer'          => [ '23503', sub { as_kind($_[1], 'payment'); $_[1]{customer_id} = 999_999 } ],
	'number used twice'         => [
		'23505',
		sub {
			my ($self, $row) = @_;
			my $other = $self->some_document(
				sub { $_[0]{kind} =~ /^(invoice|debit_note)$/ && !$_[0]{document}{reverses} && !$self->{history}{model}{merged}{ $_[0]{customer} } })
			  or return;

			as_kind($row, $other->{kind}, $row->{doc_date});
			@$row{qw(customer_id number)} = @$other{qw(customer number)};
		}
	],
	'empty number'        => [ '23514', sub { $_[1]{number} = '' } ],
	'no document date'    => [ '23502', sub { $_[1]{doc_date} = undef } ],
	'no due date'         => [
		'23502',
		sub {
			my ($self, $row) = @_;

			($row->{customer_id}) = shuffle(grep { !defined $self->{history}{model}{terms}{$_} } $self->{history}->open_customers)
			  or return;
			as_kind($row, 'invoice');
		}
	],
	'due before its date' =>
	  [ '22023', sub { as_kind($_[1], 'debit_note', '2020-01-01'); $_[1]{doc_date} = '2020-01-02' } ],
	'endless document date' => [ '22008', sub { as_kind($_[1], 'payment'); $_[1]{doc_date} = '-infinity' } ],
	'endless posting date'  => [ '22008', sub { $_[1]{posting_date} = 'infinity' } ],
	'endless due date'      => [ '22008', sub { as_kind($_[1], 'invoice', 'infinity') } ],
	'unknown kind'          => [ '22023', sub { as_kind($_[1], 'gift') } ],
	'clearing of a credit note' =>
	  [ '22023', sub { as_kind($_[1], 'credit_note'); $_[1]{clears_on} = $_[1]{doc_date} }, 'life' ],
	'deposit for no order'       => [ '23502', sub { as_kind($_[1], 'deposit') }, 'life' ],
	'adjustment of no side'      => [ '23502', sub { as_kind($_[1], 'adjustment') }, 'life' ],
	'credit note that is a debit' => [ '22023', sub { as_kind($_[1], 'credit_note'); $_[1]{side} = 'debit' }, 'life' ],
	'rate of the base currency' => [ 'RC006', sub { @{ $_[1] }{qw(currency fx_rate amount)} = ('USD', '1.1', '1') }, 'life' ],
	'negative rate' => [ 'RC006', sub { @{ $_[1] }{qw(currency fx_rate amount)} = ('EUR', '-1.1', '1') }, 'life' ],
	'zero rate' => [ 'RC006', sub { @{ $_[1] }{qw(currency fx_rate amount)} = ('EUR', '0', '1') }, 'life' ],
	'business with a merged customer' => [
		'23503',
		sub {
			my ($self, $row) = @_;
			my ($merged) = sort keys %{ $self->{history}{model}{merged} };

			return if !defined $merged;
			as_kind($row, 'payment');
			$row->{customer_id} = $merged;
		},
		'life'
	],
);

# A row of another kind: what belonged to its own goes.
sub as_kind
{
	my ($row, $kind, $due) = @_;

	@$row{qw(kind due_date side terms received_on clears_on order_id)} = ($kind, $due);
	return 1;
}

# Those that any history can make, or any history that has life.
sub document_mistakes
{
	my ($self) = @_;

	return grep { $self->{history}{life} || !$document{$_}[2] } sort keys %document;
}
sub document_state    { my ($self, $mistake) = @_; return $document{$mistake}[0]; }

# A row with that mistake; nothing if the history has no material for it.
sub document_row
{
	my ($self, $mistake) = @_;
	my $row = $self->{history}->document_row($self->{history}->random_document);
	my @made = $document{$mistake}[1]->($self, $row);

	return @made ? $row : ();
}

sub post
{
	my ($self) = @_;
	my $history = $self->{history};
	my $mistake = $self->each_in_turn($self->document_mistakes);
	my $row = $self->document_row($mistake) or return;
	my %op = (name => $mistake, faults => [ $self->document_state($mistake) ]);

	return { %op, sql => $history->post_function($row) } if History::chance(40);
	my @company = map { $history->document_row($history->random_document) } 1 .. History::between(0, 5);
	my ($sql, @data) =
	  History::load("$history->{ledger}.document", $history->columns, shuffle($row, @company));

	return { %op, sql => $sql, data => \@data };
}

# ---- allocations ----

# What can be wrong with an allocation, a hash of credit, debit, units and on.  How it is refused the model knows.
my %allocation = (
	'zero allocation'     => sub { $_[1]{units} = 0 },
	'negative allocation' => sub { $_[1]{units} *= -1 },
	'over-allocation'     => sub {
		my ($self, $a) = @_;

		$a->{units} = min(map { $_->{open} } @$a{qw(credit debit)}) + History::pick(1, 1000);
	},
	'allocation before a document' => sub {
		my ($self, $a) = @_;

		$a->{on} = max(map { $_->{posting} } @$a{qw(credit debit)}) - History::pick(1, 100);
	},
	'allocation before a reversal' => sub {
		my ($self, $a) = @_;
		my $side = History::pick('credit', 'debit');
		my $reversed = $self->some_document(
			sub { defined $_[0]{reversed} && $_[0]{open} > 0 && ($_[0]{debit} ? 'debit' : 'credit') eq $side })
		  or return;
		my $other = $self->some_document(
			sub {
				my ($d) = @_;

				return
					 $d->{open} > 0
				  && !$d->{debit} != !$reversed->{debit}
				  && $d->{customer} == $reversed->{customer}
				  && $d->{currency} eq $reversed->{currency}
				  && max($d->{posting}, $reversed->{posting}) < $reversed->{reversed};
			}) or return;

		%$a = (
			credit => $side eq 'credit' ? $reversed : $other,
			debit  => $side eq 'debit'  ? $reversed : $other,
			units  => 1,
			on     => $reversed->{reversed} - 1);
	},
	'sides exchanged'        => sub { my ($self, $a) = @_; @$a{qw(credit debit)} = @$a{qw(debit credit)} },
	'one item on both sides' => sub { my ($self, $a) = @_; $a->{credit} = $a->{debit} },
	'two currencies'         => sub {
		my ($self, $a) = @_;
		my $credit = $a->{credit};

		$a->{debit} = $self->some_document(
			sub { $_[0]{debit} && $_[0]{customer} == $credit->{customer} && $_[0]{currency} ne $credit->{currency} })
		  or return;
		$a->{on} = History::first_day(@$a{qw(credit debit)});
		# An amount that both currencies can express.
		$a->{units} = 10**$Receivables::decimals{ $a->{debit}{currency} };
	},
	'deposit of another order' => sub {
		my ($self, $a) = @_;
		my $credit = $self->some_document(sub { defined $_[0]{reserved} && $_[0]{open} > 0 }) or return;
		my $debit = $self->some_document(
			sub {
				$_[0]{debit} && $_[0]{open} > 0 && $_[0]{customer} == $credit->{customer} && $_[0]{currency} eq $credit->{currency}
				  && !Receivables::may_pay($credit, $_[0]);
			}) or return;

		%$a = (credit => $credit, debit => $debit, units => 1, on => History::first_day($credit, $debit));
	},
	"another customer's item" => sub {
		my ($self, $a) = @_;

		$a->{debit} = $self->some_document(sub { $_[0]{debit} && $_[0]{customer} != $a->{credit}{customer} })
		  or return;
	},
);

sub allocation_mistakes
{
	my ($self) = @_;

	return grep { $self->{history}{life} || !/deposit/ } sort keys %allocation;
}

# An allocation with that mistake and the SQLSTATEs it is refused with; nothing if the history has no material for it.
sub allocation
{
	my ($self, $mistake) = @_;
	my $allocation = $self->{history}->random_allocation or return;
	my @made = $allocation{$mistake}->($self, $allocation) or return;

	return ($allocation, $self->{history}{model}->allocation_faults(@$allocation{qw(credit debit units on)}));
}

sub allocate
{
	my ($self) = @_;
	my $history = $self->{history};
	my $mistake = $self->each_in_turn($self->allocation_mistakes);
	my ($allocation, @faults) = $self->allocation($mistake) or return;
	my $row = $history->allocation_row($allocation);
	my %op = (name => $mistake, faults => \@faults);

	return { %op, sql => $history->allocate_function($row) } if History::chance(50);

	# In company: the good row before it must leave nothing behind.
	my $good = $history->random_allocation;
	my ($sql, @data) = History::load(
		"$history->{ledger}.allocation",              \@History::allocation_columns,
		$good ? $history->allocation_row($good) : (), $row);

	# What the good row takes may be what the bad one wanted; then that is what is said.
	return { %op, faults => [ @faults, 'RC007' ], sql => $sql, data => \@data };
}

sub undo
{
	my ($self) = @_;
	my $history = $self->{history};
	my $mistake = $self->each_in_turn('reversed twice', 'reversal before the allocation', 'reversal of a reversal',
		'unknown allocation');
	my ($customer, $id, $on, $state) = ($history->{customers}[0], 999_999_999, 300, '23503');

	if ($mistake eq 'reversal of a reversal')
	{
		my $reversal = History::pick(
			$history->{db}->rows(
				"SELECT customer_id, allocation_id FROM $history->{ledger}.allocation WHERE reverses IS NOT NULL ORDER BY 2"
			)) or return;

		($customer, $id, $state) = (@$reversal, '22023');
	}
	elsif ($mistake ne 'unknown allocation')
	{
		my $twice = $mistake eq 'reversed twice';
		my $allocation = $self->some_allocation(sub { defined $_[0]{reversed} == $twice }) or return;

		($customer, $id) = ($allocation->{credit}{customer}, $allocation->{id});
		($on,       $state) =
		  $twice ? ($allocation->{on} + 100, '23505') : ($allocation->{on} - History::between(1, 50), '22023');
	}
	return {
		name   => $mistake,
		faults => [$state],
		sql    => "SELECT $history->{ledger}.reverse_allocation($customer, $id, '" . $history->date($on) . "')" };
}

sub apply
{
	my ($self) = @_;
	my $history = $self->{history};
	my $mistake =
	  $self->each_in_turn('applied before its date', 'unknown method', 'unknown document', 'a debit applied');
	my ($credit, $debit) = $history->random_pair or return;
	return if defined $credit->{reserved};
	my ($id, $method, $on, @states) = ($credit->{id}, 'oldest_first', 300);

	if ($mistake eq 'applied before its date')
	{
		$on = $credit->{posting} - 1;
		# With nothing to apply it to, there is nothing to refuse.
		return if !$history->{model}->applicable($credit, $on);
		# A credit with a later reversal may be refused for that.
		@states = ('22023', 'RC007');
	}
	elsif ($mistake eq 'unknown method')   { ($method, @states) = ('by_smell', '22023'); }
	elsif ($mistake eq 'unknown document') { ($id,     @states) = (999_999_999, '23503'); }
	else                                   { ($id,     @states) = ($debit->{id}, 'RC007'); }
	return {
		name   => $mistake,
		faults => \@states,
		sql    => "SELECT $history->{ledger}.apply_payment($credit->{customer}, $id, '$method', '"
		  . $history->date($on) . "')" };
}

# ---- the life of documents ----

sub stands { return !$_[0]{reverses} && !$_[0]{reversed_by}; }

# What can go wrong with a document: how it is refused, which one it is, and the arguments after its customer; or the same of
# an item that is open.
my %document_life = (
	'voided twice' => [ '23505', sub { $_[0]{reversed_by} }, sub { ('void_document', $_[1]{id}, "'x'") } ],
	'void of a reversal' => [ '22023', sub { $_[0]{reverses} }, sub { ('void_document', $_[1]{id}, "'x'") } ],
	'void before its date' =>
	  [ '22023', sub { stands($_[0]) && $_[0]{kind} ne 'write_off' },
		sub { my ($day, $d) = @_; ('void_document', $d->{id}, "'x'", $day->($d->{posting} - 1)) } ],
	'void for no reason'    => [ '22023', \&stands, sub { ('void_document', $_[1]{id}, "' '") } ],
	'void of half a move'   => [ '22023', sub { stands($_[0]) && $_[0]{crosses} }, sub { ('void_document', $_[1]{id}, "'x'") } ],
	'return of no payment'  => [ '22023', sub { $_[0]{kind} !~ /^(payment|deposit)$/ }, sub { ('return_payment', $_[1]{id}) } ],
	'return of a returned payment' =>
	  [ '23505', sub { $_[0]{reversed_by} && $_[0]{reversed_by}{kind} eq 'returned_payment' }, sub { ('return_payment', $_[1]{id}) } ],
	'clearing of what is clear' => [ '22023', sub { !defined $_[0]{clears} }, sub { ('confirm_clearing', $_[1]{id}) } ],
	'deposit released twice' => [
		'23505', sub { $_[0]{kind} eq 'deposit' && !$_[0]{reverses} && !defined $_[0]{items}[0]{reserved} },
		sub { ('release_deposit', $_[1]{id}, "'x'") } ],
	'release of no deposit' => [ '22023', sub { $_[0]{kind} ne 'deposit' }, sub { ('release_deposit', $_[1]{id}, "'x'") } ],
	'goods that nobody waits for' => [
		'22023', sub { !defined $_[0]{terms} && !$_[0]{debit} },
		sub { my ($day, $d) = @_; ('record_receipt', $d->{id}, $day->(0)) } ],
	'recovery of no write-off' => [ '22023', sub { $_[0]{kind} ne 'write_off' }, sub { ('recover', $_[1]{id}, $_[1]{id}) } ],
	'merge into two'           => [
		'22023', sub { $_[1]{merged}{ $_[0]{customer} } },
		sub { my ($day, $d, $history) = @_; ('merge_customers', (grep { $_ != end_of($history, $d->{customer}) } $history->open_customers)[0], "'x'") } ],
	'merge with itself'        => [ '22023', sub { 1 }, sub { ('merge_customers', $_[1]{customer}, "'x'") } ],
);
my %item_life = (
	'refund of too much' => [
		'RC007', sub { !$_[0]{debit} && !Receivables::waits($_[0]{document}) },
		sub { ('refund', $_[1]{id}, 'NULL', too_much($_[1])) } ],
	'refund of money to come' =>
	  [ '55000', sub { !$_[0]{debit} && Receivables::waits($_[0]{document}) }, sub { ('refund', $_[1]{id}) } ],
	'write-off of too much' => [ 'RC007', sub { $_[0]{debit} }, sub { ('write_off', $_[1]{item}, "'x'", too_much($_[1])) } ],
	'write-off of a credit' => [ 'RC007', sub { !$_[0]{debit} }, sub { ('write_off', $_[1]{item}, "'x'", 1) } ],
	'due before its document' =>
	  [ '22023', sub { $_[0]{debit} }, sub { my ($day, $i) = @_; ('set_due_date', $i->{item}, $day->($i->{doc} - 1), "'x'") } ],
	'due date of before it was posted' => [
		'22023', sub { $_[0]{debit} },
		sub { my ($day, $i) = @_; ('set_due_date', $i->{item}, $day->($i->{doc} + 9), "'x'", 'NULL', $day->($i->{posting} - 1)) } ],
	'due date from some later day' => [
		'22023', sub { $_[0]{debit} },
		sub { my ($day, $i) = @_; ('set_due_date', $i->{item}, $day->($i->{doc} + 9), "'x'", 'NULL', $day->(max(0, $i->{posting}) + 1)) } ],
	'credit that falls due' =>
	  [ '22023', sub { !$_[0]{debit} }, sub { my ($day, $i) = @_; ('set_due_date', $i->{item}, $day->($i->{doc}), "'x'") } ],
);

# Where a customer's account went.
sub end_of
{
	my ($history, $customer) = @_;

	$customer = $history->{model}{merged}{$customer} while $history->{model}{merged}{$customer};
	return $customer;
}

sub too_much { my ($item) = @_; return Receivables::money($item->{open} + 1, $item->{currency}); }

my @life_mistakes = ((sort keys %document_life, keys %item_life), 'another request with the same key');

sub live
{
	my ($self) = @_;
	my $history = $self->{history};
	my $mistake = $self->each_in_turn(@life_mistakes);
	my $day = sub { "'" . $history->date($_[0]) . "'" };

	if ($mistake eq 'another request with the same key')
	{
		my $document = History::pick(grep { $_->{request} } @{ $history->{model}{documents} }) or return;

		return { name => $mistake, faults => ['RC009'], sql => $document->{request} =~ s/\)$/, p_reference => 'another')/r };
	}
	my ($state, $so, $what) = @{ $document_life{$mistake} // $item_life{$mistake} };
	my $victim = History::pick(
		grep { $so->($_, $history->{model}) } $document_life{$mistake} ? @{ $history->{model}{documents} } : grep { $_->{open} > 0 } @{ $history->{model}{items} })
	  or return;
	my ($function, @arguments) = $what->($day, $victim, $history);

	return {
		name   => $mistake,
		faults => [$state],
		sql    => "SELECT $history->{ledger}.$function(" . join(', ', $victim->{customer}, @arguments) . ')' };
}

# Rewriting what auditors read.
sub tamper
{
	my ($self) = @_;
	my $ledger = $self->{history}{ledger};

	# There must be rows to change: triggers fire for each.
	return if !$self->some_allocation(sub { defined $_[0]{reversed} });
	return {
		name   => 'change of history',
		faults => ['RC008'],
		sql    => History::pick(
			"UPDATE $ledger.document SET amount = amount + 1",
			"DELETE FROM $ledger.document",
			"UPDATE $ledger.allocation SET applied_on = applied_on - 1",
			"DELETE FROM $ledger.allocation WHERE reverses IS NOT NULL",
			"UPDATE $ledger.chain_link SET hash = ''",
			"DELETE FROM $ledger.chain_link",
			"TRUNCATE $ledger.document, $ledger.item, $ledger.allocation CASCADE",
			"TRUNCATE $ledger.allocation CASCADE") };
}

sub names
{
	my ($self) = @_;

	return ($self->document_mistakes, $self->allocation_mistakes, 'reversed twice', 'reversal before the allocation',
		'reversal of a reversal', 'unknown allocation', 'applied before its date', 'unknown method', 'unknown document',
		'a debit applied', 'change of history', $self->{history}{life} ? @life_mistakes : ());
}

1;
