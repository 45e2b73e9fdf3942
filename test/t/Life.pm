# Life.pm: what happens to documents after they are posted, as random operations that a ledger must accept.
#
# Operations are as in History.pm.  What each must come to is played in the model from what the functions are documented
# to do; History::played() finds the same in the ledger, or dies.
package Life;

use strict;
use warnings;

use List::Util qw(first max min shuffle sum0);

use History;
use Receivables;
use Terms;

*chance = \&History::chance;
*pick = \&History::pick;
*between = \&History::between;

# As often as they are to happen.
our @generators = (
	('void') x 5, ('give_back') x 4, ('discount') x 5, ('write_off') x 4, ('recover') x 3, ('refund') x 3, ('transfer') x 3,
	('change_due_date') x 6, ('receive_goods') x 3, ('across') x 5, ('clear') x 3, 'release', ('apply_deposit') x 4,
	'set_rate', ('set_terms') x 2, ('post_once') x 3, ('post_lines') x 2, 'merge');

our @names = (
	'void', 'void and more', 'return', 'return with a fee', 'discount', 'earned discount', 'write off', 'recover', 'refund',
	'transfer', 'change the due date', 'no due date any more', 'receive goods', 'allocate across', 'clear', 'release a deposit',
	'apply a deposit', 'set a rate', 'set terms', 'post with a key', 'post again', 'post lines', 'merge');

sub new
{
	my ($class, $history) = @_;

	return bless { history => $history, model => $history->{model}, merges => 0 }, $class;
}

# ---- material ----

sub some_document { my ($self, $so) = @_; return pick(grep { $so->($_) } @{ $self->{model}{documents} }); }

sub some_item { my ($self, $so) = @_; return pick(grep { $_->{open} > 0 && $so->($_) } @{ $self->{model}{items} }); }

# Neither undone nor undoing.
sub stands { my ($document) = @_; return !$document->{reverses} && !$document->{reversed_by}; }

# The other half of these is with another customer.
sub can_be_voided { my ($document) = @_; return stands($document) && !$document->{crosses}; }

*waits = \&Receivables::waits;

# A write-off that was recovered is not voided, nor what its void would follow from: what it was granted on or for,
# and the other half of a transfer between currencies.
sub recovered
{
	my ($self, $document) = @_;
	my @stand = grep { $_->{customer} == $document->{customer} && stands($_) } @{ $self->{model}{documents} };
	my %claim = map { ($_->{source} => 1) } grep { $_->{kind} eq 'recovery' } @stand or return 0;
	my @halves = $document->{kind} ne 'transfer' ? ()
	  : grep { $_->{kind} eq 'transfer' && (($_->{source} // 0) == $document || ($document->{source} // 0) == $_) } @stand;

	foreach my $goes ($document, @halves)
	{
		return 1 if grep { $claim{$_} && ($_ == $goes || ($_->{source} // 0) == $goes) } @stand;
		return 1 if grep { !defined $_->{reversed} && $claim{ $_->{credit}{document} } && $_->{debit}{document} == $goes }
		  @{ $self->{model}{allocations} };
	}
	return 0;
}

sub part_of { my ($units) = @_; return pick($units, between(1, $units)); }

# A day from the first one on, and how it is said: as an argument, or by leaving it to the default, the later of today
# and those days that the default knows.
sub day
{
	my ($self, $first, $default) = @_;

	return (max(0, $default), '') if defined $default && max(0, $default) >= $first && chance(30);
	my $on = $first + pick(0, between(0, 40));

	return ($on, $self->{history}->date($on));
}

sub money { my ($units, $item) = @_; return Receivables::money($units, $item->{currency}); }

# A call with named arguments; what is empty is left out.
sub call
{
	my ($self, $function, $customer, @arguments) = @_;
	my @said = "p_customer_id => $customer";

	while (my ($name, $value) = splice @arguments, 0, 2)
	{
		push @said, "p_$name => " . History::literal($value) if defined $value && $value ne '';
	}
	return "SELECT $self->{history}{ledger}.$function(" . join(', ', @said) . ')';
}

sub operation
{
	my ($self, $name, $on, $sql, $play, $answer) = @_;

	return {
		name        => $name,
		reversed_on => $on,
		sql         => $sql,
		done        => sub {
			my ($said) = @_;

			chomp $said;
			die "$said, not $answer, from: $sql\n" if defined $answer && $said ne $answer;
			$self->{history}->played($play);
		}
	};
}

# ---- what the functions do, in the model ----

sub add { my ($self, %document) = @_; return $self->{model}->add_document({ number => '', %document }); }

# Undo all allocations of a document that stand, each on its own date at the earliest; returns the documents beyond.
sub play_reverse_allocations
{
	my ($self, $document, $on) = @_;
	my @others;

	foreach my $allocation (grep { !defined $_->{reversed} } @{ $self->{model}{allocations} })
	{
		my ($credit, $debit) = map { $_->{document} } @$allocation{qw(credit debit)};

		next if $credit != $document && $debit != $document;
		push @others, $credit == $document ? $debit : $credit;
		$self->{model}->reverse($allocation, max($on, $allocation->{on}));
	}
	return @others;
}

sub play_reversal
{
	my ($self, $document, $kind, $on) = @_;
	my $reversal = $self->add(
		(map { $_ => $document->{$_} } qw(customer currency units base order)),
		kind => $kind, debit => !$document->{debit} || 0, doc => $on, reverses => $document);
	my $own = $reversal->{items}[0];

	$self->{model}->change($document, 'reversed_by', $reversal);
	foreach my $item (@{ $document->{items} })
	{
		$self->{model}
		  ->allocate($document->{debit} ? ($own, $item) : ($item, $own), $item->{units}, max($on, $item->{reversed} // $on));
	}
	return $reversal;
}

sub play_void
{
	my ($self, $document, $on) = @_;
	my %other = map { $_ => 1 } $self->play_reverse_allocations($document, $on);

	$self->play_reversal($document, $document->{kind}, $on);
	# What was granted on it, and the other half of a transfer between currencies.
	foreach my $other (@{ [ @{ $self->{model}{documents} } ] })
	{
		my $from_it = ($other->{source} // 0) == $document;

		next if $other->{customer} != $document->{customer} || !stands($other);
		$self->play_void($other, max($on, $other->{posting}))
		  if $other->{kind} =~ /^(discount|write_off)$/ ? $other{$other} || $from_it
		  : $document->{kind} eq 'transfer' && $other->{kind} eq 'transfer' && ($from_it || ($document->{source} // 0) == $other);
	}
	return;
}

sub play_return
{
	my ($self, $document, $on, $fee) = @_;

	$self->play_reverse_allocations($document, $on);
	my $return = $self->play_reversal($document, 'returned_payment', $on);
	$self->play_void($_, max($on, $_->{posting}))
	  for grep { ($_->{source} // 0) == $document && $_->{kind} =~ /^(discount|write_off)$/ && stands($_) }
	  @{ $self->{model}{documents} };
	$self->add(
		(map { $_ => $document->{$_} } qw(customer currency)),
		kind => 'fee', units => $fee, doc => $on, due => $on, source => $return)
	  if defined $fee;
	return;
}

# The base value that goes with units of an item, for a document that takes it over.
sub base_of
{
	my ($item, $units) = @_;

	return defined $item->{base} ? Receivables::portion($item, $units) : undef;
}

sub play_grant
{
	my ($self, $kind, $debit, $units, $on, $source) = @_;
	my $granted = $self->add(
		(map { $_ => $debit->{$_} } qw(customer currency)),
		kind => $kind, units => $units, doc => $on, base => base_of($debit, $units), source => $source);

	$self->{model}->allocate($granted->{items}[0], $debit, $units, $on);
	return;
}

sub play_use
{
	my ($self, $credit, $kind, $units, $on, %more) = @_;
	my $use = $self->add(
		(map { $_ => $credit->{$_} } qw(customer currency)),
		kind => $kind, debit => 1, units => $units, doc => $on, base => base_of($credit, $units), %more);

	$self->{model}->allocate($credit, $use->{items}[0], $units, max($on, History::first_day($credit)));
	return $use;
}

# In force is the change effective latest, of two of one day the later one.
sub play_due_date
{
	my ($self, $item, $due, $effective) = @_;
	my @changes = (@{ $item->{changes} // [] }, [ $effective, $due ]);
	my ($latest) = sort { $changes[$b][0] <=> $changes[$a][0] || $b <=> $a } 0 .. $#changes;

	$self->{model}->change($item, 'changes', \@changes);
	$self->{model}->change($item, 'due', $changes[$latest][1]);
	# Returns what writes it down.
	return sub {
		$self->{history}->note('due_change', $item->{item}, defined $due ? $self->{history}->date($due) : undef,
			$self->{history}->date($effective));
	};
}

sub play_release
{
	my ($self, $item) = @_;

	$self->{model}->change($item, 'reserved', undef);
	$self->{history}->note('release', $item->{document}{id});
	return;
}

# ---- undoing ----

sub void
{
	my ($self) = @_;
	my $document = first { !$self->recovered($_) } shuffle(grep { can_be_voided($_) } @{ $self->{model}{documents} });
	return if !$document;
	my ($on, $said) = $self->day($document->{posting}, $document->{posting});
	my $more = grep { stands($_) && ($_->{source} // 0) == $document } @{ $self->{model}{documents} };

	return $self->operation(
		$more ? 'void and more' : 'void',
		$on,
		$self->call('void_document', $document->{customer}, document_id => $document->{id}, reason => 'mistake', voided_on => $said),
		sub { $self->play_void($document, $on) });
}

sub give_back
{
	my ($self) = @_;
	my $document = first { !$self->recovered($_) }
	  shuffle(grep { stands($_) && $_->{kind} =~ /^(payment|deposit)$/ } @{ $self->{model}{documents} });
	return if !$document;
	my ($on, $said) = $self->day($document->{posting}, $document->{posting});
	my $fee = chance(40) ? between(1, 5000) : undef;

	return $self->operation(
		defined $fee ? 'return with a fee' : 'return',
		$on,
		$self->call(
			'return_payment', $document->{customer},
			document_id => $document->{id}, returned_on => $said, fee => defined $fee ? money($fee, $document) : undef),
		sub { $self->play_return($document, $on, $fee) });
}

# ---- granting ----

sub discount
{
	my ($self) = @_;
	my $earned = chance(70);
	my ($credit, $debit, $percent, $amount, $discount);

	# Not every payment comes in time.
	for (1 .. 30)
	{
		($credit, $debit) = $self->{history}->random_pair or return;
		# By money only, and once.
		$percent = $credit->{kind} =~ /^(payment|deposit|transfer|set_off)$/ && Terms::percent($debit->{document}{terms}, $debit->{doc}, $credit->{doc}) || 0;
		last if !$earned || $percent || chance(5);
	}
	my $open = $debit->{open};
	my $first = History::first_day($credit, $debit);
	my ($on, $said) = $self->day($first, $first);

	if ($earned)
	{
		my $granted = sum0(map { $_->{units} } grep { !defined $_->{reversed} && $_->{debit} == $debit && $_->{credit}{kind} eq 'discount' }
			  @{ $self->{model}{allocations} });
		my $full = max(0, min(Receivables::rounded($open * $percent, 100), Receivables::rounded($debit->{units} * $percent, 100) - $granted));

		$amount = min($credit->{open}, $open - $full);
		$amount = between(1, $amount) if chance(30);
		# Who pays a part earns the discount on what that part settles.
		$discount = $amount + $full >= $open ? $full : min($full, Receivables::rounded($amount * 100, 100 - $percent) - $amount);
	}
	else
	{
		$discount = between(0, min(int($open / 10), $open - 1));
		$amount = min($credit->{open}, $open - $discount);
	}
	return if $amount + $discount > $open;
	return $self->operation(
		$earned && $discount ? 'earned discount' : 'discount',
		$on,
		$self->call(
			'allocate_with_discount', $credit->{customer},
			credit_item => $credit->{item}, debit_item => $debit->{item}, amount => money($amount, $debit),
			discount => $earned ? undef : money($discount, $debit), applied_on => $said),
		sub {
			$self->{model}->allocate($credit, $debit, $amount, $on);
			$self->play_grant('discount', $debit, $discount, $on, $credit->{document}) if $discount;
		},
		money($discount, $debit));
}

sub write_off
{
	my ($self) = @_;
	my $debit = $self->some_item(sub { $_[0]{debit} }) or return;
	my $source = chance(40)
	  ? $self->some_document(sub { $_[0]{customer} == $debit->{customer} && $_[0]{kind} eq 'payment' })
	  : undef;
	my $units = part_of($debit->{open});
	my $first = History::first_day($debit);
	my ($on, $said) = $self->day($first, $first);

	return $self->operation(
		'write off',
		$on,
		$self->call(
			'write_off', $debit->{customer}, item_id => $debit->{item}, reason => 'small',
			amount => $units == $debit->{open} && chance(50) ? undef : money($units, $debit), written_off_on => $said,
			source_document_id => $source && $source->{id}),
		sub { $self->play_grant('write_off', $debit, $units, $on, $source) });
}

sub recover
{
	my ($self) = @_;
	my $credit = $self->some_item(sub { !$_[0]{debit} && !defined $_[0]{reserved} }) or return;
	my $claim = $self->some_document(
		sub { $_[0]{kind} eq 'write_off' && stands($_[0]) && $_[0]{customer} == $credit->{customer} && $_[0]{currency} eq $credit->{currency} })
	  or return;
	my $left = $claim->{units}
	  - sum0(map { $_->{units} } grep { $_->{kind} eq 'recovery' && stands($_) && $_->{source} == $claim } @{ $self->{model}{documents} });
	my $most = min($left, $credit->{open});
	return if $most <= 0;
	my $units = part_of($most);
	my ($on, $said) = $self->day($credit->{posting}, $credit->{posting});

	return $self->operation(
		'recover',
		$on,
		$self->call(
			'recover', $credit->{customer}, write_off_id => $claim->{id}, payment_id => $credit->{id},
			amount => $units == $most && chance(50) ? undef : money($units, $credit), recovered_on => $said),
		sub { $self->play_use($credit, 'recovery', $units, $on, source => $claim) });
}

sub refund
{
	my ($self) = @_;
	my $credit = $self->some_item(sub { !$_[0]{debit} && !waits($_[0]{document}) }) or return;
	my $units = part_of($credit->{open});
	my ($on, $said) = $self->day($credit->{posting}, $credit->{posting});

	return $self->operation(
		'refund',
		$on,
		$self->call(
			'refund', $credit->{customer}, document_id => $credit->{id},
			amount => $units == $credit->{open} && chance(50) ? undef : money($units, $credit), refunded_on => $said),
		sub { $self->play_use($credit, 'refund', $units, $on, source => $credit->{document}) });
}

# ---- moving ----

sub transfer
{
	my ($self) = @_;
	my $credit = $self->some_item(sub { !$_[0]{debit} && !defined $_[0]{reserved} && !waits($_[0]{document}) }) or return;
	my $to = pick(grep { $_ != $credit->{customer} } $self->{history}->open_customers) or return;
	my $units = part_of($credit->{open});
	my ($on, $said) = $self->day($credit->{posting}, $credit->{posting});

	return $self->operation(
		'transfer',
		$on,
		$self->call(
			'transfer_credit', $credit->{customer}, document_id => $credit->{id}, to_customer_id => $to, reason => 'theirs',
			amount => $units == $credit->{open} && chance(50) ? undef : money($units, $credit), transferred_on => $said),
		sub {
			my $given = $self->play_use($credit, 'transfer', $units, $on, crosses => 1);

			$self->add(
				customer => $to, kind => 'transfer', debit => 0, currency => $credit->{currency}, units => $units, doc => $on,
				base => $given->{base}, crosses => 1);
		});
}

sub across
{
	my ($self) = @_;
	my $model = $self->{model};
	my $credit = $self->some_item(sub { !$_[0]{debit} && !defined $_[0]{reserved} }) or return;
	my $debit = $self->some_item(
		sub { $_[0]{debit} && $_[0]{customer} == $credit->{customer} && $_[0]{currency} ne $credit->{currency} })
	  or return;
	my ($on, $said) = $self->day(History::first_day($credit, $debit), max(map { $_->{posting} } $credit, $debit));
	my ($from, $to) = map { $_->{currency} eq $model->{base} ? 1_000_000 : $model->rate_on($_->{currency}, $on) } $credit, $debit;
	my $rate = chance(60) ? int($from / $to * 1_000_000 * (0.9 + rand 0.2)) + 1 : undef;
	my ($scale, $debit_scale) = map { 10**$Receivables::decimals{ $_->{currency} } } $credit, $debit;
	my $converted = sub {
		my ($units) = @_;

		return defined $rate
		  ? Receivables::rounded($units * $rate * $debit_scale, $scale * 1_000_000)
		  : Receivables::rounded($units * $from * $debit_scale, $scale * $to);
	};
	my $units = part_of($credit->{open});
	# As much as the debit takes.
	$units = int($units * $debit->{open} / $converted->($units)) if $converted->($units) > $debit->{open};
	my $debit_units = $converted->($units);
	my $value =
		$debit->{currency} eq $model->{base}  ? $debit_units
	  : $credit->{currency} eq $model->{base} ? $units
	  :                                         $model->worth($units, $credit->{currency}, $from);
	return if $units < 1 || $debit_units < 1 || $debit_units > $debit->{open} || $value < 1;

	return $self->operation(
		'allocate across',
		$on,
		$self->call(
			'allocate_across', $credit->{customer},
			credit_item => $credit->{item}, debit_item => $debit->{item}, credit_amount => money($units, $credit),
			rate => defined $rate ? History::rate($rate) : undef, applied_on => $said),
		sub {
			my @value = map { $_->{currency} eq $model->{base} ? undef : $value } $credit, $debit;
			my $given = $self->play_use($credit, 'transfer', $units, $on, defined $value[0] ? (base => $value[0]) : ());
			my $taken = $self->add(
				(map { $_ => $debit->{$_} } qw(customer currency)),
				kind => 'transfer', debit => 0, units => $debit_units, doc => $on, base => $value[1], source => $given);

			$model->allocate($taken->{items}[0], $debit, $debit_units, $on);
		},
		money($debit_units, $debit));
}

# Few, and never so many that nobody is left to do business with; a second time it moves what opened since.
sub merge
{
	my ($self) = @_;
	my ($history, $model) = @$self{qw(history model)};
	my @open = $history->open_customers;
	my ($customer) = chance(50) ? pick(keys %{ $model->{merged} }) : ();

	return if !defined $customer && (@open < 5 || chance(80));
	# Whose money has not cleared is not merged; were one drawn only to be dropped, some histories would have no merge.
	my %waiting = map { ($_->{customer} => 1) } grep { waits($_) } @{ $model->{documents} };
	$customer //= pick(grep { !$waiting{$_} } @open) // return;
	my $into = $model->{merged}{$customer} // pick(grep { $_ != $customer } @open);

	# Where the account went on to.
	$into = $model->{merged}{$into} while $model->{merged}{$into};
	my ($on, $said) = chance(30) ? (0, '') : $self->day(between(-60, 20));
	return if $waiting{$customer};
	my @items = sort { $a->{item} <=> $b->{item} } grep { $_->{customer} == $customer && $_->{open} > 0 } @{ $model->{items} };
	my @notes;

	my $op = $self->operation(
		'merge',
		$on,
		$self->call('merge_customers', $customer, into_customer_id => $into, reason => 'one firm', merged_on => $said),
		sub {
			foreach my $item (@items)
			{
				my ($units, $base) = @$item{qw(open open_base)};
				my $moved_on = max($on, History::first_day($item));
				my $order = $item->{reserved};

				$self->play_release($item) if defined $order;
				my $own = $self->add(
					customer => $customer, kind => 'transfer', debit => !$item->{debit} || 0, currency => $item->{currency},
					units => $units, doc => $moved_on, base => $base, crosses => 1);
				$model->allocate($item->{debit} ? ($own->{items}[0], $item) : ($item, $own->{items}[0]), $units, $moved_on);
				my $theirs = $self->add(
					customer => $into, kind => defined $order ? 'deposit' : 'transfer', debit => $item->{debit}, currency => $item->{currency},
					units => $units, doc => $item->{doc}, posting => $moved_on, due => $item->{due}, base => $base, order => $order,
					crosses => defined $order ? 0 : 1);
				# What waits for an event goes on waiting.
				push @notes, $self->play_due_date($theirs->{items}[0], undef, $moved_on)
				  if $item->{debit} && !defined $item->{due};
			}
			$model->change($model->{merged} //= {}, $customer, $into);
		},
		scalar @items);
	my $done = $op->{done};

	# The journal wants the ids that only then are known.
	$op->{done} = sub { $done->(@_); $_->() for @notes };
	return $op;
}

# ---- due dates ----

sub change_due_date
{
	my ($self) = @_;
	my $history = $self->{history};
	my $item = pick(grep { $_->{debit} } @{ $self->{model}{items} }) or return;
	my $due = chance(80) ? $item->{doc} + between(0, 150) : undef;
	my $last = max(0, $item->{posting});
	my $effective = chance(30) ? $last : between($item->{posting}, $last);
	my $said = $effective == $last && chance(50) ? '' : $history->date($effective);
	my $date = defined $due ? "'" . $history->date($due) . "'" : 'NULL';

	return $self->operation(
		defined $due ? 'change the due date' : 'no due date any more',
		$effective,
		"SELECT $history->{ledger}.set_due_date($item->{customer}, $item->{item}, $date, 'agreed'"
		  . ($said ? ", p_effective_on => '$said')" : ')'),
		sub { $self->play_due_date($item, $due, $effective)->() });
}

sub receive_goods
{
	my ($self) = @_;
	my $document = $self->some_document(
		sub { defined $_[0]{terms} && Terms::waits($_[0]{terms}) && grep { !defined $_->{due} } @{ $_[0]{items} } })
	  or return;
	my $received = $document->{doc} + between(0, 40);
	my %due = map { $_->[0] => $_->[2] }
	  Terms::schedule($document->{terms}, $self->{model}{today}, $document->{doc}, $received, $document->{units});
	my @waiting = grep { !defined $_->{due} } @{ $document->{items} };
	my $effective = max(0, $document->{posting});

	return $self->operation(
		'receive goods',
		$effective,
		$self->call('record_receipt', $document->{customer}, document_id => $document->{id}, received_on => $self->{history}->date($received)),
		sub { $self->play_due_date($_, $due{ $_->{no} }, $effective)->() for @waiting },
		scalar @waiting);
}

# ---- money that is not good yet, or not free ----

sub clear
{
	my ($self) = @_;
	my $document = $self->some_document(sub { defined $_[0]{clears} && stands($_[0]) && $_[0]{doc} <= 0 }) or return;

	return $self->operation(
		'clear', undef,
		$self->call('confirm_clearing', $document->{customer}, document_id => $document->{id}),
		sub {
			return if $document->{cleared};
			$self->{model}->change($document, 'cleared', 1);
			$self->{history}->note('clearing', $document->{id});
		});
}

sub release
{
	my ($self) = @_;
	my $item = pick(grep { defined $_->{reserved} } @{ $self->{model}{items} }) or return;

	return $self->operation(
		'release a deposit', undef,
		$self->call('release_deposit', $item->{customer}, document_id => $item->{id}, reason => 'cancelled'),
		sub { $self->play_release($item) });
}

sub apply_deposit
{
	my ($self) = @_;
	my $model = $self->{model};
	my $credit = $self->some_item(sub { defined $_[0]{reserved} }) or return;
	my ($on, $said) = $self->day(History::first_day($credit), $credit->{posting});
	my @debits = grep { ($_->{document}{order} // '') eq $credit->{reserved} } $model->applicable($credit, $on);
	my @shares = Receivables::shares($credit, 'oldest_first', @debits);
	return if !@shares && chance(80);
	my $op = $self->operation(
		'apply a deposit', $on,
		$self->call('apply_deposit', $credit->{customer}, document_id => $credit->{id}, applied_on => $said));

	$op->{done} = sub {
		my ($answer) = @_;
		my $sum = sum0(map { $_->[1] } @shares);

		die "apply_deposit() returned $answer" if $answer != money($sum, $credit);
		$self->{history}->allocations_done([ map { { credit => $credit, debit => $_->[0], units => $_->[1], on => $on } } @shares ], 1);
	};
	return $op;
}

# ---- parameters, and posting in other ways ----

sub set_rate
{
	my ($self) = @_;
	my ($history, $model) = @$self{qw(history model)};
	my ($currency, $day) = (pick(sort keys %{ $model->{rates} }), between(-220, 100));

	return if $model->{rates}{$currency}{$day};
	my $rate = int($model->rate_on($currency, $day) * (0.95 + rand 0.1)) + 1;

	return $self->operation(
		'set a rate', undef,
		$history->rate_function($history->{ledger}, $currency, $rate, $day),
		sub {
			$model->change($model->{rates}{$currency}, $day, $rate);
			$history->note('rate', $currency, $history->date($day), History::rate($rate));
		});
}

sub set_terms
{
	my ($self) = @_;
	my $customer = pick($self->{history}->open_customers);
	my $terms = chance(80) ? pick(@Terms::names) : undef;

	return $self->operation(
		'set terms', undef,
		"SELECT $self->{history}{ledger}.set_terms($customer, " . History::literal($terms) . ')',
		sub { $self->{model}->change($self->{model}{terms}, $customer, $terms) });
}

# With a key, and again with the same: it is posted once.
sub post_once
{
	my ($self) = @_;
	my $history = $self->{history};
	my $again = chance(50) ? $self->some_document(sub { $_[0]{request} }) : undef;

	return $self->operation('post again', undef, $again->{request}, sub { $history->bind_documents }, $again->{id}) if $again;
	my $document = $history->random_document;
	my $sql = $history->post_function($history->document_row($document)) =~ s/\)$/, p_idempotency_key => '$document->{number}')/r;

	return if $sql =~ /post_document/ && $document->{kind} eq 'payment';
	return {
		name => 'post with a key',
		sql  => $sql,
		done => sub { $document->{request} = $sql; $history->documents_done($document) } };
}

sub post_lines
{
	my ($self) = @_;
	my $history = $self->{history};
	my $document = $history->random_document(kind => pick(qw(invoice debit_note credit_note)));
	my $first = between(1, $document->{units});
	my $lines = join ', ', map { sprintf '{"quantity": 1, "unit_price": %s}', money($_, $document) }
	  grep { $_ > 0 } $first, $document->{units} - $first;

	return {
		name => 'post lines',
		sql  => $history->post_function($history->document_row($document)) =~ s/\)$/, p_lines => '[$lines]')/r,
		done => sub { $history->documents_done($document) } };
}

1;
