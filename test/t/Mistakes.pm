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
	return History::pick(grep { $so->($_) } @{ $self->{history}{model}{documents} });
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
	'unknown customer'          => [ '23503', sub { $_[1]{customer_id} = 999_999 } ],
	'number used twice'         => [
		'23505',
		sub {
			my ($self, $row) = @_;
			my $other = $self->some_document(sub { $_[0]{debit} }) or return;

			@$row{qw(customer_id kind number due_date)} = (@$other{qw(customer kind number)}, $row->{doc_date});
		}
	],
	'empty number'        => [ '23514', sub { $_[1]{number} = '' } ],
	'no document date'    => [ '23502', sub { $_[1]{doc_date} = undef } ],
	'no due date'         => [ '23502', sub { @{ $_[1] }{qw(kind due_date)} = ('invoice', undef) } ],
	'due before its date' =>
	  [ '22023', sub { @{ $_[1] }{qw(kind doc_date due_date)} = ('debit_note', '2020-01-02', '2020-01-01') } ],
	'endless document date' =>
	  [ '22008', sub { @{ $_[1] }{qw(kind doc_date due_date)} = ('payment', '-infinity', undef) } ],
	'endless posting date' => [ '22008', sub { $_[1]{posting_date} = 'infinity' } ],
	'endless due date'     => [ '22008', sub { @{ $_[1] }{qw(kind due_date)} = ('invoice', 'infinity') } ],
);

sub document_mistakes { return sort keys %document; }
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
	  History::load("$history->{ledger}.document", \@History::document_columns, shuffle($row, @company));

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
	"another customer's item" => sub {
		my ($self, $a) = @_;

		$a->{debit} = $self->some_document(sub { $_[0]{debit} && $_[0]{customer} != $a->{credit}{customer} })
		  or return;
	},
);

sub allocation_mistakes { return sort keys %allocation; }

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
			"TRUNCATE $ledger.document CASCADE",
			"TRUNCATE $ledger.allocation CASCADE") };
}

our @names = (
	document_mistakes(), allocation_mistakes(), 'reversed twice', 'reversal before the allocation',
	'reversal of a reversal',
	'unknown allocation', 'applied before its date', 'unknown method', 'unknown document', 'a debit applied',
	'change of history');

1;
