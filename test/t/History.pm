# History.pm: random documents, allocations and reversals that a ledger must accept, with what must come of each.
#
# An operation is a hash: name, sql, data (lines of COPY) and done, which takes it over into the model and the journal.
# A generator may return nothing when the history has no material for it yet.
#
# With "life" set the documents are of every kind, by terms, in instalments, with clearing days and rates of their own;
# without it they are invoices, debit notes, credit notes and payments with a due date.
package History;

use strict;
use warnings;

use List::Util qw(max min);

use Chance qw(pick chance between);
use Receivables;
use Terms;

sub new
{
	my ($class, %self) = @_;
	my $self = bless {
		journal => [], serial => 0, last_document => 0, last_allocation => 0,
		currencies => [qw(USD USD USD EUR JPY KWD)], rates => 1, %self }, $class;

	$self->{today} = $self->{db}->query('SELECT current_date');
	$self->{model} = Receivables->new($self->{today});
	$self->first_rates if $self->{rates};
	return $self;
}

# Rates in force for good, and others from some days on.
sub first_rates
{
	my ($self) = @_;
	my %about = (EUR => 1_085_000, JPY => 6_712, KWD => 3_251_400);

	foreach my $currency (sort keys %about)
	{
		foreach my $day (-20_000, -200, -90, -30, 5, 60)
		{
			my $rate = int($about{$currency} * (0.8 + rand 0.4));

			$self->{db}->query($self->rate_function($self->{ledger}, $currency, $rate, $day));
			$self->{model}{rates}{$currency}{$day} = $rate;
			$self->note('rate', $currency, $self->date($day), rate($rate));
		}
	}
	return;
}

sub rate { return sprintf '%d.%06d', int($_[0] / 1_000_000), $_[0] % 1_000_000; }

sub rate_function
{
	my ($self, $ledger, $currency, $rate, $day) = @_;

	return "SELECT $ledger.set_fx_rate('$currency', " . rate($rate) . ", '" . $self->date($day) . "')";
}

# ---- text ----

# Day n counted from today, as a date.
sub date
{
	my ($self, $n) = @_;

	return $self->{dates}{$n} //= Terms::date($self->{today}, $n);
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
our @life_columns = (@document_columns, qw(side terms received_on clears_on order_id fx_rate));

sub columns { return $_[0]{life} ? \@life_columns : \@document_columns; }

# Customers that take new business.
sub open_customers { my ($self) = @_; return grep { !$self->{model}{merged}{$_} } @{ $self->{customers} }; }

sub random_kind
{
	my ($self) = @_;
	my @plain = (('invoice') x 5, 'debit_note', 'credit_note', ('payment') x 3);

	return pick(@plain) if !$self->{life};
	return pick((@plain) x 2, qw(deposit deposit finance_charge fee core_charge adjustment adjustment set_off));
}

sub random_document
{
	my ($self, %fixed) = @_;
	my $kind = $fixed{kind} // $self->random_kind;
	my $doc = between(-200, 30);
	my $document = {
		customer => pick($self->open_customers),
		kind     => $kind,
		number   => sprintf('%s-%d', uc substr($kind, 0, 3), ++$self->{serial}),
		currency => pick(@{ $self->{currencies} }),
		units    => pick(1, between(1, 1000), between(1, 1_000_000), 100 * between(1, 1000)),
		doc      => $doc,
		posting  => $doc + (chance(70) ? 0 : between(-40, 60)),
		%fixed,
	};

	$document->{debit} = chance(50) ? 1 : 0 if $kind eq 'adjustment';
	my @debits = grep {
			 $_->{debit}
		  && $_->{open} > 0
		  && $_->{customer} == $document->{customer}
		  && $_->{currency} eq $document->{currency}
	} @{ $self->{model}{items} };

	if (Receivables::is_debit($document))
	{
		$document->{due} = $doc + pick(0, 30, between(0, 90))
		  if !$self->{life} || Receivables::needs_terms($kind) || chance(50);
		$self->random_terms($document) if $self->{life} && Receivables::needs_terms($kind);
	}
	elsif (@debits && chance(40))
	{
		# Customers pay what an invoice says, more often than not.
		$document->{units} = pick(@debits)->{open};
	}
	$self->random_details($document) if $self->{life};
	return $document;
}

# By terms, by those of the customer, by a day of its own; or by terms and by a day, which may be that of the terms.
sub random_terms
{
	my ($self, $document) = @_;

	if (chance(20) && defined $self->{model}{terms}{ $document->{customer} }) { delete $document->{due}; }
	elsif (chance(60))
	{
		my $terms = $document->{terms} = pick(@Terms::names);
		my $due = $document->{due};

		$document->{received} = $document->{doc} + between(0, 30) if Terms::waits($terms) && chance(40);
		delete $document->{due} if chance(85);
		$document->{due} = (Terms::schedule($terms, $self->{today}, @$document{qw(doc received units)}))[-1][2] // $due
		  if defined $document->{due} && chance(50);
	}
	return;
}

sub random_details
{
	my ($self, $document) = @_;
	my $kind = $document->{kind};
	my @orders = map { "order $_" } 1 .. 3;

	$document->{order} //= pick(@orders) if $kind eq 'deposit' || chance(30);
	$document->{clears} //= $document->{posting} + between(-5, 60) if $kind =~ /^(payment|deposit)$/ && chance(30);
	$document->{rate} = int($self->{model}->rate_on(@$document{qw(currency posting)}) * (0.9 + rand 0.2)) + 1
	  if $document->{currency} ne 'USD' && chance(25);
	return;
}

sub document_row
{
	my ($self, $document) = @_;
	my $date = sub { defined $_[0] ? $self->date($_[0]) : undef };

	return {
		customer_id => $document->{customer},
		kind        => $document->{kind},
		number      => $document->{number},
		doc_date    => $self->date($document->{doc}),
		amount      => Receivables::money(@$document{qw(units currency)}),
		due_date    => $date->($document->{due}),
		# What has a default is left to it, half of the time.
		posting_date => $document->{posting} == $document->{doc}
		  && chance(50) ? undef : $self->date($document->{posting}),
		currency    => $document->{currency} eq 'USD' && chance(50) ? undef : $document->{currency},
		side        => $document->{kind} eq 'adjustment' ? ($document->{debit} ? 'debit' : 'credit') : undef,
		terms       => $document->{terms},
		received_on => $date->($document->{received}),
		clears_on   => $date->($document->{clears}),
		order_id    => $document->{order},
		fx_rate     => defined $document->{rate} ? rate($document->{rate}) : undef,
	};
}

sub post_function
{
	my ($self, $row) = @_;
	my %argument = %$row;
	my $kind = $argument{kind};
	my $own = $kind =~ /^(invoice|debit_note|credit_note|payment|deposit)$/;

	# What has a default is left out, what has none is given, right or wrong.
	defined $argument{$_}
	  or delete $argument{$_}
	  for qw(due_date posting_date currency side terms received_on clears_on order_id fx_rate);
	# The general function takes what the kind's own one does not.
	$own &&= !exists $argument{side};
	$own &&= !exists $argument{clears_on} if $kind !~ /^(payment|deposit)$/;
	$own &&= !exists $argument{due_date} && !exists $argument{terms} if $kind !~ /^(invoice|debit_note)$/;
	$own &&= $kind eq 'deposit' ? exists $argument{order_id} : !exists $argument{order_id} if $kind =~ /^(payment|deposit)$/;
	delete $argument{kind} if $own;
	return
	  "SELECT $self->{ledger}."
	  . ($own ? "post_$kind" : 'post_document') . '('
	  . join(', ', map { "p_$_ => " . literal($argument{$_}) } sort keys %argument) . ')';
}

sub documents_done
{
	my ($self, @documents) = @_;

	$self->played(sub { $self->{model}->add_document($_) for @documents });
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
	  load("$self->{ledger}.document", $self->columns, map { $self->document_row($_) } @documents);

	return {
		name => @data ? 'copy documents' : 'insert documents',
		sql  => $sql,
		data => \@data,
		done => sub { $self->documents_done(@documents) } };
}

# ---- what came of an operation ----

sub base_money { return defined $_[0] ? Receivables::money($_[0], 'USD') : ''; }

sub date_or_nothing { my ($self, $day) = @_; return defined $day ? $self->date($day) : ''; }

sub document_words
{
	my ($self, $document) = @_;

	return join '|', @$document{qw(customer kind)}, $document->{debit} ? 'debit' : 'credit', $document->{currency},
	  Receivables::money(@$document{qw(units currency)}), $self->date($document->{doc}),
	  $self->date($document->{posting}), $self->date_or_nothing($document->{debit} ? $document->{due} : undef), base_money($document->{base}),
	  map { $_ // '' } $document->{order}, $document->{source} && $document->{source}{id},
	  $document->{reverses} && $document->{reverses}{id};
}

sub item_words
{
	my ($self, $item) = @_;
	my $sign = $item->{debit} ? '' : '-';

	return join '|', $item->{no}, $sign . Receivables::money(@$item{qw(units currency)}),
	  $self->date_or_nothing($item->{due}), defined $item->{base} && $item->{base} ? $sign . base_money($item->{base}) : base_money($item->{base}),
	  $item->{reserved} // '';
}

# Let the model do what the ledger did, and find in the ledger what the model did: the same documents with the same items,
# the same allocations in the same order.  They get the ledger's ids, and the journal gets them.
sub played
{
	my ($self, $play) = @_;
	my $model = $self->{model};
	my ($documents, $log) = (scalar @{ $model->{documents} }, scalar @{ $model->{log} });

	$play->();
	my @documents = @{ $model->{documents} }[ $documents .. $#{ $model->{documents} } ];
	my @log = @{ $model->{log} }[ $log .. $#{ $model->{log} } ];

	$self->bind_documents(@documents) if @documents;
	$self->bind_allocations(@log);
	return;
}

sub refuse_difference
{
	my ($self, $what, $found, $wanted) = @_;

	die "$what are\n  " . join("\n  ", @$found) . "\nand should be\n  " . join("\n  ", @$wanted)
	  . "\nin: $self->{db}{statement}\n";
}

sub bind_documents
{
	my ($self, @documents) = @_;
	my $last = $self->{last_document};
	my @found = $self->{db}->rows("SELECT document_id, concat_ws('|', customer_id, kind, side, currency, amount, doc_date,"
		  . " posting_date, COALESCE(due_date::text, ''), COALESCE(base_amount::text, ''), COALESCE(order_id, ''),"
		  . " COALESCE(source_document_id::text, ''), COALESCE(reverses::text, ''))"
		  . " FROM $self->{ledger}.document WHERE document_id > $last ORDER BY document_id");
	my @said = map { join '|', @$_[ 1 .. $#$_ ] } @found;

	# Ids come first: a document may name one posted before it in the same operation.
	$documents[$_]{id} = $found[$_][0] for 0 .. min($#documents, $#found);
	my @wanted = map { $self->document_words($_) } @documents;

	$self->refuse_difference('documents', \@said, \@wanted) if "@said" ne "@wanted";
	return if !@documents;
	$self->{last_document} = $found[-1][0];
	my @items = map { @{ $_->{items} } } @documents;
	@found = $self->{db}->rows("SELECT item_id, document_id, concat_ws('|', instalment_no, amount, COALESCE(due_date::text, ''),"
		  . " COALESCE(base_amount::text, ''), COALESCE(reserved_for, ''))"
		  . " FROM $self->{ledger}.item WHERE document_id > $last ORDER BY document_id, instalment_no");
	@said = map { join '|', @$_[ 1 .. $#$_ ] } @found;
	@wanted = map { "$_->{document}{id}|" . $self->item_words($_) } @items;
	$self->refuse_difference('items', \@said, \@wanted) if "@said" ne "@wanted";
	for my $n (0 .. $#items)
	{
		@{ $items[$n] }{qw(item id)} = @{ $found[$n] };
	}
	$self->note_document($_) for @documents;
	return;
}

sub note_document
{
	my ($self, $document) = @_;
	my $side = $document->{debit} ? 'true' : 'false';
	my $money = sub { Receivables::money($_[0], $document->{currency}) };

	$self->note('document', @$document{qw(id customer)}, $side, $document->{currency}, $money->($document->{units}),
		defined $document->{base} ? base_money($document->{base}) : undef,
		defined $document->{clears} ? $self->date($document->{clears}) : undef,
		$document->{reverses} ? $document->{reverses}{id} : undef);
	foreach my $item (@{ $document->{items} })
	{
		$self->note('item', $item->{item}, @$document{qw(id customer)}, $side, $document->{currency}, $money->($item->{units}),
			defined $item->{base} ? base_money($item->{base}) : undef,
			$self->date($item->{doc}), $self->date($item->{posting}),
			defined $item->{posted_due} ? $self->date($item->{posted_due}) : undef, $item->{reserved});
	}
	return;
}

sub allocation_words
{
	my ($self, $entry) = @_;
	my $allocation = $entry->{undo} // $entry;
	my ($credit, $debit) = @$allocation{qw(credit debit)};
	my $units = $entry->{undo} ? -$allocation->{units} : $allocation->{units};

	return join '|', $credit->{item}, $debit->{item}, Receivables::money($units, $debit->{currency}),
	  $self->date($entry->{on}), $entry->{undo} ? $allocation->{id} : '';
}

# Id and words of the allocations that are new in the ledger.
sub new_allocations
{
	my ($self) = @_;

	return $self->{db}->rows("SELECT allocation_id, concat_ws('|', credit_item_id, debit_item_id, amount, applied_on,"
		  . " COALESCE(reverses::text, '')) FROM $self->{ledger}.allocation"
		  . " WHERE allocation_id > $self->{last_allocation} ORDER BY allocation_id");
}

sub bind_allocations
{
	my ($self, @log) = @_;
	my @found = $self->new_allocations;
	my @said = map { join '|', @$_[ 1 .. $#$_ ] } @found;
	my @wanted = map { $self->allocation_words($_) } @log;

	$self->refuse_difference('allocations (credit item|debit item|amount|date|reverses)', \@said, \@wanted)
	  if "@said" ne "@wanted";
	for my $n (0 .. $#log)
	{
		my $entry = $log[$n];

		$self->{last_allocation} = $found[$n][0];
		if ($entry->{undo}) { $self->note('reversal', $entry->{undo}{id}, $self->date($entry->{on})); next; }
		$entry->{id} = $found[$n][0];
		$self->note('allocation', $entry->{id}, $entry->{credit}{item}, $entry->{debit}{item},
			Receivables::money($entry->{units}, $entry->{debit}{currency}), $self->date($entry->{on}),
			map { defined ? base_money($_) : undef } @$entry{qw(debit_base credit_base)});
	}
	return;
}

# ---- allocations ----

our @allocation_columns = qw(customer_id credit_item_id debit_item_id amount applied_on reverses);

# Take rows of allocation over.  Where the ledger chooses their order, its order is the model's.
sub allocations_done
{
	my ($self, $expected, $any_order) = @_;
	my $model = $self->{model};

	if ($any_order)
	{
		my (%place, $n);

		$place{ join '|', @$_[ 1 .. $#$_ ] } = ++$n for $self->new_allocations;
		$expected = [ sort { ($place{ $self->allocation_words($a) } // 0) <=> ($place{ $self->allocation_words($b) } // 0) } @$expected ];
	}
	$self->played(
		sub {
			foreach my $row (@$expected)
			{
				if ($row->{undo}) { $model->reverse($row->{undo}, $row->{on}); }
				else              { $model->allocate(@$row{qw(credit debit units on)}); }
			}
		});
	return;
}

# A credit and a debit with something open, if there is such a pair.
sub random_pair
{
	my ($self) = @_;
	my (@credits, %debits);

	foreach my $item (grep { $_->{open} > 0 } @{ $self->{model}{items} })
	{
		if ($item->{debit}) { push @{ $debits{ $item->{customer} }{ $item->{currency} } }, $item; }
		else                { push @credits, $item; }
	}
	my $credit = pick(grep { $debits{ $_->{customer} }{ $_->{currency} } } @credits) or return;
	my $debit = pick(grep { Receivables::may_pay($credit, $_) } @{ $debits{ $credit->{customer} }{ $credit->{currency} } })
	  or return;

	return ($credit, $debit);
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

	return if defined $credit->{reserved};
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

	# What closes a document with the one that undid it stays.
	return pick(grep { !defined $_->{reversed} && !Receivables::closes($_) } @{ $self->{model}{allocations} });
}

sub undo
{
	my ($self) = @_;
	my $allocation = $self->random_reversible or return;
	# What was granted on one debt is undone as a whole, by a void.
	return if ($allocation->{credit}{document}{kind} // '') =~ /^(discount|write_off)$/;
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
	my (%rows, @tables);

	$self->{db}->query("INSERT INTO journal.moment VALUES ($step, clock_timestamp())");
	foreach my $fact (@{ $self->{journal} })
	{
		my ($table, @values) = @$fact;

		push @tables, $table if !$rows{$table};
		push @{ $rows{$table} }, '(' . join(', ', $step, map { literal($_) } @values) . ')';
	}
	$self->{db}->query("INSERT INTO journal.$_ VALUES " . join(', ', @{ $rows{$_} })) for @tables;
	$self->{journal} = [];
	$self->{model}{undo} = [];
	return;
}

1;
