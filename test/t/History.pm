# History.pm: random documents, allocations and reversals that a ledger must accept, with what must come of each.
#
# An operation is a hash: name, sql, data (lines of COPY) and done, which takes it over into the model and the journal.
# A generator may return nothing when the history has no material for it yet.
package History;

use strict;
use warnings;

use List::Util  qw(max min);
use POSIX       qw(strftime);
use Time::Local qw(timegm);

use Receivables;

sub new
{
	my ($class, %self) = @_;
	my $self = bless {
		model      => Receivables->new, journal => [], serial => 0, last_allocation => 0,
		currencies => [qw(USD USD USD EUR JPY KWD)], %self }, $class;

	$self->{today} = $self->{db}->query('SELECT current_date');
	return $self;
}

# Rates for what is posted in other currencies than the ledger's.
sub set_rates
{
	my ($db, $ledger) = @_;

	$db->query("SELECT $ledger.set_fx_rate(c, r, '2000-01-01') FROM (VALUES ('EUR', 1.0937), ('JPY', 0.00651), ('KWD', 3.2517)) v (c, r)");
	return;
}

# ---- chance ----

sub chance  { return rand(100) < $_[0]; }
sub pick    { return $_[ rand @_ ]; }
sub between { my ($from, $to) = @_; return $from + int rand($to - $from + 1); }

# ---- text ----

# Day n counted from today, as a date.
sub date
{
	my ($self, $n) = @_;
	my ($y, $m, $d) = split /-/, $self->{today};

	return $self->{dates}{$n} //= strftime('%Y-%m-%d', gmtime(timegm(0, 0, 0, $d, $m - 1, $y) + 86400 * $n));
}

sub literal { return defined $_[0] ? "'" . ($_[0] =~ s/'/''/gr) . "'" : 'NULL'; }

sub copy_line
{
	return join "\t", map { $_ // '\N' } @_;
}

# Rows of a table, hashes of text, by multi-row INSERT or by COPY: statement and data.
sub load
{
	my ($table, $columns, @rows) = @_;
	my $into = "$table (" . join(', ', @$columns) . ')';

	return ("COPY $into FROM STDIN", map { copy_line(@$_{@$columns}) } @rows) if chance(50);
	return "INSERT INTO $into VALUES " . join(
		', ',
		map {
			'(' . join(', ', map { literal($_) } @$_{@$columns}) . ')'
		} @rows);
}

# ---- documents ----

our @document_columns = qw(customer_id kind number doc_date posting_date due_date currency amount);

sub random_document
{
	my ($self, %fixed) = @_;
	my $kind = pick(('invoice') x 5, 'debit_note', 'credit_note', ('payment') x 3);
	my $doc = between(-200, 30);
	my $document = {
		customer => pick(@{ $self->{customers} }),
		kind     => $kind,
		number   => sprintf('%s-%d', uc substr($kind, 0, 3), ++$self->{serial}),
		currency => pick(@{ $self->{currencies} }),
		units    => pick(1, between(1, 1000), between(1, 1_000_000), 100 * between(1, 1000)),
		doc      => $doc,
		posting  => $doc + (chance(70) ? 0 : between(-40, 60)),
		%fixed,
	};
	my @debits = grep {
			 $_->{debit}
		  && $_->{open} > 0
		  && $_->{customer} == $document->{customer}
		  && $_->{currency} eq $document->{currency}
	} @{ $self->{model}{documents} };

	if    (Receivables::is_debit($document)) { $document->{due} = $doc + pick(0, 30, between(0, 90)); }
	elsif (@debits && chance(40))
	{
		# Customers pay what an invoice says, more often than not.
		$document->{units} = pick(@debits)->{open};
	}
	return $document;
}

sub document_row
{
	my ($self, $document) = @_;

	return {
		customer_id => $document->{customer},
		kind        => $document->{kind},
		number      => $document->{number},
		doc_date    => $self->date($document->{doc}),
		amount      => Receivables::money(@$document{qw(units currency)}),
		due_date    => defined $document->{due} ? $self->date($document->{due}) : undef,
		# What has a default is left to it, half of the time.
		posting_date => $document->{posting} == $document->{doc}
		  && chance(50) ? undef : $self->date($document->{posting}),
		currency => $document->{currency} eq 'USD' && chance(50) ? undef : $document->{currency},
	};
}

sub post_function
{
	my ($self, $row) = @_;
	my %argument = %$row;
	my $kind = delete $argument{kind};

	delete $argument{due_date} if $kind !~ /^(invoice|debit_note)$/;
	defined $argument{$_} or delete $argument{$_} for qw(due_date posting_date currency);
	return
	  "SELECT $self->{ledger}.post_$kind("
	  . join(', ', map { "p_$_ => " . literal($argument{$_}) } sort keys %argument) . ')';
}

sub documents_done
{
	my ($self, @documents) = @_;
	my %by_number = map { $_->{number} => $_ } @documents;

	foreach my $row (
		$self->{db}->rows(
				"SELECT d.number, d.document_id, i.item_id FROM $self->{ledger}.document d"
			  . " JOIN $self->{ledger}.item i USING (customer_id, document_id) WHERE d.number IN ("
			  . join(', ', map { literal($_) } sort keys %by_number)
			  . ') ORDER BY 2'))
	{
		my $document = $by_number{ $row->[0] };

		@$document{qw(id item)} = @$row[ 1, 2 ];
		$self->{model}->add_document($document);
		$self->note(
			'document',
			$document->{id},
			$document->{customer},
			$document->{debit} ? 'true' : 'false',
			$document->{currency},
			Receivables::money(@$document{qw(units currency)}),
			$self->date($document->{doc}),
			$self->date($document->{posting}),
			defined $document->{due} ? $self->date($document->{due}) : undef);
	}
	return;
}

sub post
{
	my ($self) = @_;
	my $document = $self->random_document;

	return {
		name => "post_$document->{kind}",
		sql  => $self->post_function($self->document_row($document)),
		done => sub { $self->documents_done($document) } };
}

sub post_many
{
	my ($self) = @_;
	my @documents = map { $self->random_document } 1 .. between(2, 20);
	my ($sql, @data) =
	  load("$self->{ledger}.document", \@document_columns, map { $self->document_row($_) } @documents);

	return {
		name => @data ? 'copy documents' : 'insert documents',
		sql  => $sql,
		data => \@data,
		done => sub { $self->documents_done(@documents) } };
}

# ---- allocations ----

our @allocation_columns = qw(customer_id credit_item_id debit_item_id amount applied_on reverses);

sub note_allocation
{
	my ($self, $allocation) = @_;

	$self->note(
		'allocation',
		@$allocation{qw(id)},
		$allocation->{credit}{id},
		$allocation->{debit}{id},
		Receivables::money($allocation->{units}, $allocation->{debit}{currency}),
		$self->date($allocation->{on}));
	return;
}

# Take rows that were inserted over into the model: the ledger has given them ids, in their order, and nothing else
# may differ from what was expected.
sub allocations_done
{
	my ($self, $expected, $any_order) = @_;
	my $key = sub { join '|', @_ };
	my @found = $self->{db}->rows("SELECT allocation_id, credit_item_id, debit_item_id, amount, applied_on, reverses"
		  . " FROM $self->{ledger}.allocation WHERE allocation_id > $self->{last_allocation} ORDER BY allocation_id");
	my @wanted = map {
		$key->(
			$_->{credit}{item}, $_->{debit}{item},
			Receivables::money($_->{undo} ? -$_->{undo}{units} : $_->{units}, $_->{debit}{currency}),
			$self->date($_->{on}), $_->{undo} ? $_->{undo}{id} : '')
	} @$expected;
	my %wanted;

	$wanted{ $wanted[$_] } = $expected->[$_] for 0 .. $#wanted;
	my @said = map { $key->(@$_[ 1 .. 5 ]) } @found;

	if (join(' ', $any_order ? (sort @said) : @said) ne join(' ', $any_order ? (sort @wanted) : @wanted))
	{
		die "allocations (credit item|debit item|amount|date|reverses) are\n  "
		  . join("\n  ", @said)
		  . "\nand should be\n  "
		  . join("\n  ", @wanted)
		  . "\nin: $self->{db}{statement}\n";
	}
	for my $i (0 .. $#found)
	{
		my $row = $any_order ? $wanted{ $said[$i] } : $expected->[$i];

		$self->{last_allocation} = $found[$i][0];
		if ($row->{undo})
		{
			$self->{model}->reverse($row->{undo}, $row->{on});
			$self->note('reversal', $row->{undo}{id}, $self->date($row->{on}));
		}
		else
		{
			my $allocation = $self->{model}->allocate(@$row{qw(credit debit units on)});

			$allocation->{id} = $found[$i][0];
			$self->note_allocation($allocation);
		}
	}
	return;
}

# A credit and a debit with something open, if there is such a pair.
sub random_pair
{
	my ($self) = @_;
	my (@credits, %debits);

	foreach my $document (grep { $_->{open} > 0 } @{ $self->{model}{documents} })
	{
		if ($document->{debit}) { push @{ $debits{ $document->{customer} }{ $document->{currency} } }, $document; }
		else                    { push @credits, $document; }
	}
	my $credit = pick(grep { $debits{ $_->{customer} }{ $_->{currency} } } @credits) or return;

	return ($credit, pick(@{ $debits{ $credit->{customer} }{ $credit->{currency} } }));
}

# The first day an allocation of these two may have.
sub first_day
{
	return max(map { ($_->{posting}, $_->{reversed} // $_->{posting}) } @_);
}

sub random_allocation
{
	my ($self) = @_;
	my ($credit, $debit) = $self->random_pair or return;
	my $most = min($credit->{open}, $debit->{open});

	return {
		credit => $credit,
		debit  => $debit,
		units  => pick($most, between(1, $most)),
		on     => first_day($credit, $debit) + pick(0, between(0, 40)) };
}

sub allocation_row
{
	my ($self, $allocation) = @_;

	return {
		customer_id    => $allocation->{credit}{customer},
		credit_item_id => $allocation->{credit}{item},
		debit_item_id  => $allocation->{debit}{item},
		amount         => Receivables::money($allocation->{units}, $allocation->{debit}{currency}),
		applied_on     => $self->date($allocation->{on}),
		reverses       => undef };
}

sub reversal_row
{
	my ($self, $allocation, $on) = @_;

	return {
		%{ $self->allocation_row($allocation) },
		amount     => '-' . Receivables::money($allocation->{units}, $allocation->{debit}{currency}),
		applied_on => $self->date($on),
		reverses   => $allocation->{id} };
}

sub allocate_function
{
	my ($self, $row, $no_date) = @_;

	return "SELECT $self->{ledger}.allocate("
	  . join(', ', map { literal($_) } @$row{qw(customer_id credit_item_id debit_item_id amount)},
		$no_date ? () : $row->{applied_on})
	  . ')';
}

sub allocate
{
	my ($self) = @_;
	my $allocation = $self->random_allocation or return;
	my $no_date = chance(30) && first_day(@$allocation{qw(credit debit)}) <= 0;

	$allocation->{on} = 0 if $no_date;
	return {
		name => $no_date ? 'allocate today' : 'allocate',
		sql  => $self->allocate_function($self->allocation_row($allocation), $no_date),
		done => sub { $self->allocations_done([$allocation]) } };
}

# Several rows in one statement, each allowed by what those before it leave: allocations and reversals mixed.
sub allocate_many
{
	my ($self) = @_;
	my $model = $self->{model};
	my $mark = $model->mark;
	my (@expected, @rows);

	for (1 .. between(2, 12))
	{
		my $reversible = chance(20) ? $self->random_reversible : undef;

		if ($reversible && defined $reversible->{id})
		{
			my $on = $reversible->{on} + between(0, 30);

			push @rows, $self->reversal_row($reversible, $on);
			push @expected, { %$reversible, undo => $reversible, on => $on };
			$model->reverse($reversible, $on);
			next;
		}
		my $allocation = $self->random_allocation or next;

		push @rows,     $self->allocation_row($allocation);
		push @expected, $allocation;
		$model->allocate(@$allocation{qw(credit debit units on)});
	}
	$model->back_to($mark);
	return if !@rows;
	my ($sql, @data) = load("$self->{ledger}.allocation", \@allocation_columns, @rows);

	return {
		name => @data ? 'copy allocations' : 'insert allocations',
		sql  => $sql,
		data => \@data,
		done => sub { $self->allocations_done(\@expected) } };
}

sub apply
{
	my ($self) = @_;
	my ($credit) = $self->random_pair or return;
	my $method = pick(@Receivables::methods);
	my $no_date = chance(30) && (!defined $credit->{reversed} || $credit->{reversed} <= max(0, $credit->{posting}));
	my $on = $no_date ? max(0, $credit->{posting}) : first_day($credit) + pick(0, between(0, 60));
	my @shares = Receivables::shares($credit, $method, $self->{model}->applicable($credit, $on));
	my @expected = map { { credit => $credit, debit => $_->[0], units => $_->[1], on => $on } } @shares;

	return {
		name => "apply $method",
		sql  => "SELECT $self->{ledger}.apply_payment($credit->{customer}, $credit->{id}, '$method'"
		  . ($no_date ? '' : ', ' . literal($self->date($on))) . ')',
		done => sub {
			my ($answer) = @_;
			my $sum = 0;

			$sum += $_->[1] for @shares;
			$sum = Receivables::money($sum, $credit->{currency});
			chomp $answer;
			die "apply_payment() returned $answer, not $sum\n" if $answer != $sum;
			$self->allocations_done(\@expected, 1);
		}
	};
}

sub random_reversible
{
	my ($self) = @_;

	return pick(grep { !defined $_->{reversed} } @{ $self->{model}{allocations} });
}

sub undo
{
	my ($self) = @_;
	my $allocation = $self->random_reversible or return;
	my $no_date = chance(30);
	my $on = $no_date ? max(0, $allocation->{on}) : $allocation->{on} + pick(0, between(0, 60));

	return {
		name        => 'reverse',
		reversed_on => $on,
		sql         => "SELECT $self->{ledger}.reverse_allocation($allocation->{credit}{customer}, $allocation->{id}"
		  . ($no_date ? '' : ', ' . literal($self->date($on))) . ')',
		done => sub { $self->allocations_done([ { %$allocation, undo => $allocation, on => $on } ]) } };
}

# ---- journal ----

# Remember a fact for the journal; it goes with the model if that is taken back.
sub note
{
	my ($self, @fact) = @_;

	push @{ $self->{journal} }, \@fact;
	$self->{model}->on_undo(sub { pop @{ $self->{journal} } });
	return;
}

# After a commit: note the moment, then write down what is now a fact.
sub write_journal
{
	my ($self) = @_;
	my $step = ++$self->{step};
	my %rows;

	$self->{db}->query("INSERT INTO journal.moment VALUES ($step, clock_timestamp())");
	foreach my $fact (@{ $self->{journal} })
	{
		my ($table, @values) = @$fact;

		push @{ $rows{$table} }, '(' . join(', ', map { literal($_) } @values, $step) . ')';
	}
	$self->{db}->query("INSERT INTO journal.document VALUES " . join(', ', @{ $rows{document} })) if $rows{document};
	$self->{db}->query("INSERT INTO journal.allocation VALUES " . join(', ', @{ $rows{allocation} }))
	  if $rows{allocation};
	$self->{db}
	  ->query("UPDATE journal.allocation a SET reversed_on = v.on_date::date, reversal_step = v.step::integer"
		  . ' FROM (VALUES '
		  . join(', ', @{ $rows{reversal} })
		  . ') v (id, on_date, step) WHERE a.allocation_id = v.id::bigint')
	  if $rows{reversal};
	$self->{journal} = [];
	$self->{model}{undo} = [];
	return;
}

1;
