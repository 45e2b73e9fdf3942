#!/usr/bin/env perl
# 051_orders.pl: random orders in watched tables of both modes, while limits, holds, rules and balances change.
#
# What must come of each statement is decided by the few lines of decide() in OrderBook.pm, from figures this test keeps
# itself.  After every statement the orders are recounted in plain SQL.
#
#   CREDIT_CONTROL_SEED, CREDIT_CONTROL_STEPS: as in 050_property.pl
use strict;
use warnings;
use integer;

use List::Util qw(max min sum0 shuffle uniq);
use Test::More;

use Chance qw(seeded);
use History;
use OrderBook;
use Psql;

*chance = \&History::chance;
*pick = \&History::pick;
*between = \&History::between;

my $default_steps = 2000;
my (undef, $steps) = seeded($default_steps);

my $db = Psql->fresh_database('orders');
$db->query("SELECT credit.create_ledger('ar', 'USD')");
$db->query("SELECT ar.set_fx_rate('EUR', $OrderBook::euro_rate / 100.0, '2000-01-01')");
$db->query('CREATE SCHEMA shop');
# Two applications: one wants to be told no, the other wants its orders kept.
$db->query('CREATE TABLE shop.sale (id integer PRIMARY KEY, customer_id bigint, total numeric, status text)');
$db->query(
	'CREATE TABLE shop.booking (code text PRIMARY KEY, buyer integer, value numeric, cur char(3), state text)');
$db->query(
	q{SELECT ar.watch_orders('shop.sale', customer => 'customer_id', amount => 'total', order_id => 'id',
	open_when => $$status NOT IN ('cancelled', 'invoiced')$$)});
$db->query(
	q{SELECT ar.watch_orders('shop.booking', customer => 'buyer', amount => 'value', order_id => 'code', currency => 'cur',
	open_when => $$state NOT IN ('cancelled', 'invoiced')$$, mode => 'hold',
	status_column => 'state', open_value => 'open', hold_value => 'on hold')});

my %shop = (
	sale    => { table => 'shop.sale',    columns => [qw(id customer_id total status)] },
	booking => { table => 'shop.booking', columns => [qw(code buyer value state cur)], hold => 1 });

my @customers = map { $db->query("SELECT ar.add_customer('customer $_')") } 1 .. 6;
# The last one owes euros, too.
my $with_euros = $customers[-1];
my $history = History->new(db => $db, ledger => 'ar', customers => \@customers, currencies => ['USD'], rates => 0);
my $model = $history->{model};
$model->{rates}{EUR}{-20_000} = $OrderBook::euro_rate * 10_000;

my $book = OrderBook->new($model);
my (%happened, %checked);
my $serial = 0;

# ---- operations on orders ----

sub dollars { return Receivables::money($_[0], 'USD'); }

sub order_row
{
	my ($table, $order) = @_;
	my @values = (@$order{qw(id customer)}, dollars($order->{units}), $order->{status}, $order->{currency});
	my %row;

	@row{ @{ $shop{$table}{columns} } } = @values;
	return \%row;
}

sub new_order
{
	my ($table) = @_;

	$serial++;
	return {
		table    => $table,
		id       => $table eq 'sale' ? $serial : "B-$serial",
		customer => pick(@customers),
		units    => pick(0, 1, between(1, 100_000), between(1, 300_000), 1000 * between(1, 300)),
		status   => pick(('open') x 16, undef, 'cancelled', 'invoiced', $shop{$table}{hold} ? 'on hold' : 'open'),
		currency => $table eq 'booking' && chance(30) ? 'USD' : undef };
}

# An operation that writes orders; old and new are the orders before and after.
sub writing
{
	my ($name, $table, $sql, $data, @changes) = @_;
	my ($faults, @outcomes) = $book->expect($shop{$table}{hold}, @changes);

	return {
		name     => "$name $table",
		sql      => $sql,
		data     => $data,
		faults   => $faults,
		outcomes => \@outcomes,
		done     => sub { $book->change('orders', ($_->[0] // $_->[1])->{id}, $_->[1]) for @changes; } };
}

sub insert_orders
{
	my $table = pick(sort keys %shop);
	my @orders = map { new_order($table) } 1 .. pick(1, 1, 1, between(2, 8));

	# Orders of one customer compete.
	$_->{customer} = $orders[0]{customer} for chance(50) ? @orders : ();
	my ($sql, @data) =
	  History::load($shop{$table}{table}, $shop{$table}{columns}, map { order_row($table, $_) } @orders);

	return writing(@data ? 'copy' : 'insert', $table, $sql, \@data, map { [ undef, $_ ] } @orders);
}

# Update of one order: what is set is what differs.
sub update_order
{
	my ($name, $old, %set) = @_;
	my $table = $old->{table};
	my $new = { %$old, %set };
	my ($key, @columns) = @{ $shop{$table}{columns} };
	my ($before, $after) = map { order_row($table, $_) } $old, $new;
	my @set = map { "$_ = " . History::literal($after->{$_}) }
	  grep { exists $set{status} || ($after->{$_} // '') ne ($before->{$_} // '') } @columns;

	return if !@set;
	return writing(
		$name, $table, "UPDATE $shop{$table}{table} SET " . join(', ', @set) . " WHERE $key = '$old->{id}'",
		undef, [ $old, $new ]);
}

sub some_order
{
	my ($which) = @_;
	my ($key) = pick(sort grep { $which->($book->{orders}{$_}) } keys %{ $book->{orders} });

	return defined $key ? $book->{orders}{$key} : undef;
}

sub change_amount
{
	my $old = some_order(chance(75) ? \&OrderBook::counts : sub { 1 }) or return;

	return update_order('change amount of', $old,
		units => pick(between(0, 2 * $old->{units}), $old->{units} + between(1, 50_000)));
}

sub change_customer
{
	my $old = some_order(chance(75) ? \&OrderBook::counts : sub { 1 }) or return;

	return update_order('transfer', $old, customer => pick(@customers));
}

sub close_order
{
	my $old = some_order(\&OrderBook::counts) or return;

	return update_order('close', $old,
		status => pick('cancelled', 'invoiced', $old->{table} eq 'booking' ? 'on hold' : 'invoiced'));
}

sub open_order
{
	my $old = some_order(sub { !OrderBook::counts($_[0]) }) or return;

	return update_order($old->{status} eq 'on hold' ? 'release' : 'open again', $old, status => 'open');
}

sub delete_orders
{
	my $table = pick(sort keys %shop);
	my @ids = shuffle(grep { $book->{orders}{$_}{table} eq $table } sort keys %{ $book->{orders} });
	my @old = map { $book->{orders}{$_} } grep { defined } @ids[ 0 .. 2 ] or return;
	my ($key) = @{ $shop{$table}{columns} };

	return writing(
		'delete', $table,
		"DELETE FROM $shop{$table}{table} WHERE $key IN (" . join(', ', map { "'$_->{id}'" } @old) . ')',
		undef, map { [ $_, undef ] } @old);
}

# All open orders of a customer by a factor: one statement, rows in any order.  Where orders are held and which of them
# would depend on that order, only downwards.
sub change_all
{
	my $table = pick(sort keys %shop);
	my $customer = pick(@customers);
	my ($key, $whose, $amount) = @{ $shop{$table}{columns} };
	my @old =
	  sort { $a->{units} <=> $b->{units} }
	  grep { $_->{table} eq $table && $_->{customer} == $customer && OrderBook::counts($_) }
	  values %{ $book->{orders} };
	my $percent = $shop{$table}{hold} ? between(10, 100) : pick(between(50, 100), between(101, 300));

	return if !@old;
	return writing(
		'change all amounts of', $table,
		"UPDATE $shop{$table}{table} SET $amount = floor($amount * $percent) / 100 WHERE $key IN ("
		  . join(', ', map { "'$_->{id}'" } @old) . ')',
		undef,
		map { [ $_, { %$_, units => $_->{units} / 100 * $percent + $_->{units} % 100 * $percent / 100 } ] } @old);
}

# Value moved from one order to another in one statement: what is given up counts first.
sub move_value
{
	my $from = some_order(sub { $_[0]{table} eq 'sale' && OrderBook::counts($_[0]) && $_[0]{units} > 0 }) or return;
	my $to = some_order(sub { $_[0]{table} eq 'sale' && OrderBook::counts($_[0]) && $_[0]{id} != $from->{id} })
	  or return;
	my $units = between(1, $from->{units});

	return writing(
		'move value between', 'sale',
		"UPDATE shop.sale SET total = total + CASE id WHEN $from->{id} THEN -1 ELSE 1 END * "
		  . dollars($units)
		  . " WHERE id IN ($from->{id}, $to->{id})",
		undef, [ $from, { %$from, units => $from->{units} - $units } ],
		[ $to, { %$to, units => $to->{units} + $units } ]);
}

sub upsert
{
	my $old = some_order(sub { $_[0]{table} eq 'sale' }) or return;
	my $given = { %{ new_order('sale') }, id => $old->{id} };
	my $update = chance(60);
	my $new = $update ? { %$old, units => $given->{units} } : $old;
	my $row = order_row('sale', $given);

	return writing(
		$update ? 'upsert' : 'insert nothing into', 'sale',
		'INSERT INTO shop.sale (id, customer_id, total, status) VALUES ('
		  . join(', ', map { History::literal($_) } @$row{qw(id customer_id total status)})
		  . ') ON CONFLICT (id) DO '
		  . ($update ? 'UPDATE SET total = EXCLUDED.total' : 'NOTHING'),
		undef, [ $old, $new ]);
}

my %order_fault = (
	'order of nobody'              => [ '23502', sub { $_[0]{customer} = undef } ],
	'order of a stranger'          => [ '23503', sub { $_[0]{customer} = 999_999 } ],
	'order with a negative amount' => [ '22023', sub { $_[0]{amount} = '-1' } ],
	'order of unknown amount'      => [ '23502', sub { $_[0]{amount} = undef } ],
	'order with too many decimals' => [ '22003', sub { $_[0]{amount} = '1.001' } ],
	'order that is not a number'   => [ '22003', sub { $_[0]{amount} = 'NaN' } ],
);

sub bad_order
{
	my $table = pick(sort keys %shop);
	my $fault = pick(sort keys %order_fault);
	my $order = new_order($table);

	$order->{status} = 'open';
	$order->{amount} = dollars($order->{units});
	$order_fault{$fault}[1]->($order);
	my %row = (%{ order_row($table, $order) });
	@row{ @{ $shop{$table}{columns} }[ 1, 2 ] } = @$order{qw(customer amount)};
	my ($sql, @data) = History::load($shop{$table}{table}, $shop{$table}{columns}, \%row);

	return { name => $fault, sql => $sql, data => \@data, faults => [ $order_fault{$fault}[0] ] };
}

sub order_without_rate
{
	my $order = { %{ new_order('booking') }, currency => 'SEK', status => 'open' };
	my ($sql, @data) = History::load('shop.booking', $shop{booking}{columns}, order_row('booking', $order));

	return { name => 'order without a rate', sql => $sql, data => \@data, faults => ['RC006'] };
}

sub truncate_orders
{
	return { name => 'truncate', sql => 'TRUNCATE shop.' . pick(sort keys %shop), faults => ['RC008'] };
}

# ---- operations on what orders are checked against ----

sub set_limit
{
	my $customer = pick(@customers);
	# Mistakes live at the edge: what is used now, or a cent beside it.
	my $used = max(0, $book->owed($customer) + $book->ordered($customer) + between(-1, 1));
	my %limit = (
		units => pick(0, between(0, 1_000_000), (between(0, 10_000_000)) x 2, $used, $used + between(0, 100_000)),
		from  => pick(0, 0, between(-60, 0), between(1, 60)));

	$limit{to} = $limit{from} + between(0, 60) if chance(20);
	my $limits = $book->with_limit($customer, \%limit);

	return {
		name => 'set limit',
		sql  => "SELECT ar.set_credit_limit($customer, "
		  . dollars($limit{units}) . ', '
		  . History::literal($history->date($limit{from})) . ', '
		  . (defined $limit{to} ? History::literal($history->date($limit{to})) : 'NULL')
		  . ')',
		faults => $limits ? undef : ['23P01'],
		done   => sub { $book->change('limits', $customer, $limits); } };
}

sub place_hold
{
	my $customer = pick(@customers);

	return {
		name => 'place hold',
		sql  => "SELECT ar.place_hold($customer, 'why not')",
		done => sub {
			chomp(my $id = $_[0]);
			$book->change('holds', $customer, { %{ $book->{holds}{$customer} // {} }, $id => 1 });
		}
	};
}

sub release_hold
{
	my $customer = pick(grep { $book->on_hold($_) } @customers) or return;
	my $id = pick(sort keys %{ $book->{holds}{$customer} });

	return {
		name => 'release hold',
		sql  => "SELECT ar.release_hold($customer, $id, 'enough')",
		done => sub {
			my %left = %{ $book->{holds}{$customer} };
			delete $left{$id};
			$book->change('holds', $customer, \%left);
		}
	};
}

sub change_rule
{
	my $no = pick(10, 20, 30, 30, 40, 50);
	my $rule = $book->{rules}{$no};

	if ($rule && ($no == 20 ? chance(30) : $no > 30 && chance(50)))
	{
		return { name => 'drop rule', sql => "DELETE FROM ar.check_rule WHERE rule_no = $no",
			done => sub { $book->change('rules', $no, undef); } };
	}
	my %new =
		$no == 10 ? (kind => 'manual_hold', action => pick('hold', 'reject'))
	  : $no == 20 ? (kind => 'limit_missing', action => pick('warn', 'hold', 'hold', 'reject'))
	  : $no == 30 ? (kind => 'limit_use', action => pick('hold', 'hold', 'reject'), percent => pick(100, 100, 80, 125))
	  : $no == 40 ? (kind => 'oldest_overdue', action => pick('warn', 'hold', 'reject'),
		days => max(0, pick(0, 60, 120, 180, 220, $book->days_overdue(pick(@customers)) + between(-1, 1))))
	  : (kind => 'limit_use', action => 'warn', percent => 50);

	$new{customer} = pick(@customers) if $no == 40 && chance(80) || $no == 50 && chance(30);
	@new{qw(from to)} = (between(-10, 10), between(10, 20)) if $no > 30 && chance(30);
	my %column = (
		rule_no     => $no, kind => $new{kind}, threshold => $new{percent} // $new{days}, action => $new{action},
		customer_id => $new{customer},
		valid_from  => defined $new{from} ? $history->date($new{from}) : '-infinity',
		valid_to    => defined $new{to}   ? $history->date($new{to})   : 'infinity');
	my @columns = sort keys %column;

	return {
		name => 'change rule',
		sql  => 'INSERT INTO ar.check_rule ('
		  . join(', ', @columns)
		  . ') VALUES ('
		  . join(', ', map { History::literal($column{$_}) } @columns)
		  . ') ON CONFLICT (rule_no) DO UPDATE SET '
		  . join(', ', map { "$_ = EXCLUDED.$_" } @columns),
		done => sub { $book->change('rules', $no, \%new); } };
}

# check_credit() says beforehand what would come of an order, and writes nothing unless told to.
sub ask
{
	my $customer = pick(@customers);
	my $units = pick(0, between(0, 500_000));
	my $record = chance(30);
	my ($outcome, $state, $shortfall) = $book->decide($customer, $book->ordered($customer) + $units);
	my $limit = $book->limit_of($customer);
	my $exposure = $book->owed($customer) + $book->ordered($customer);

	return {
		name => 'check_credit',
		sql  => "SELECT outcome, exposure, limit_amount, available, shortfall FROM ar.check_credit($customer, "
		  . dollars($units)
		  . ($record ? ', p_record => true' : '') . ')',
		faults   => defined $outcome ? undef      : [$state],
		outcomes => $record          ? [$outcome] : [],
		done     => sub {
			my $expected = join '|', $outcome, dollars($exposure), map { defined ? dollars($_) : '' } $limit,
			  defined $limit ? $limit - $exposure : undef, $shortfall;

			give_up("check_credit() says $_[0] and should say $expected") if $_[0] ne "$expected\n";
		}
	};
}

sub balance_moves
{
	my $generator = pick(('post') x 3, 'apply', 'apply', 'allocate', 'undo');

	return $history->$generator;
}

# Owe euros, pay them, apply them: what is open in euros counts at the rate of the day.
sub euros
{
	my @open = grep { $_->{customer} == $with_euros && $_->{currency} eq 'EUR' && $_->{open} } @{ $model->{items} };
	my ($debit) = grep { $_->{debit} } @open;
	my ($credit) = grep { !$_->{debit} } @open;

	if ($debit && $credit)
	{
		my $allocation = {
			credit => $credit,
			debit  => $debit,
			units  => min($credit->{open}, $debit->{open}),
			on     => History::first_day($credit, $debit) };

		return {
			name => 'euros applied',
			sql  => $history->allocate_function($history->allocation_row($allocation)),
			done => sub { $history->allocations_done([$allocation]) } };
	}
	return if !$debit && !$credit && chance(70);
	my $document = $history->random_document(
		customer => $with_euros,
		currency => 'EUR',
		kind     => $debit ? 'payment' : 'invoice',
		units    => ($debit // $credit // { open => 1000 })->{open});

	return {
		name => "euros $document->{kind}",
		sql  => $history->post_function($history->document_row($document)),
		done => sub { $history->documents_done($document) } };
}

# ---- running ----

my $running;

sub give_up
{
	my ($why) = @_;

	fail($why);
	diag join "\n", "step $history->{step}, $running->{name}: $running->{sql}", @{ $running->{data} // [] };
	done_testing();
	exit 1;
}

# Everything that is kept about orders, against a recount in plain SQL and against what this test knows.
sub recount
{
	my ($exposure, $recount, $statuses) = map { $_->[0] } $db->rows(<<'END');
		WITH open AS (
			SELECT customer_id, total FROM shop.sale WHERE status NOT IN ('cancelled', 'invoiced') OR status IS NULL
			UNION ALL
			SELECT buyer, value FROM shop.booking WHERE state = 'open'),
		recount AS (
			SELECT c.customer_id, COALESCE(sum(o.total), 0) AS ordered
			FROM ar.customer c LEFT JOIN open o USING (customer_id) GROUP BY 1)
		SELECT string_agg(concat_ws(' ', customer_id, ordered::numeric(20, 2)), ', ' ORDER BY customer_id)
		FROM ar.exposure WHERE currency = 'USD'
		UNION ALL
		SELECT string_agg(concat_ws(' ', customer_id, ordered::numeric(20, 2)), ', ' ORDER BY customer_id) FROM recount
		UNION ALL
		SELECT concat_ws(' ', (SELECT string_agg(concat_ws('=', code, state), ' ' ORDER BY code COLLATE "C") FROM shop.booking),
			(SELECT count(*) FROM shop.sale))
END
	my $known = join ', ', map { "$_ " . dollars($book->ordered($_)) } @customers;
	my $known_statuses = join ' ',
	  (map { "$_->{id}=" . ($_->{status} // '') }
		  sort { $a->{id} cmp $b->{id} } grep { $_->{table} eq 'booking' } values %{ $book->{orders} }),
	  scalar grep { $_->{table} eq 'sale' } values %{ $book->{orders} };

	$checked{'exposure.ordered is the recount of open orders'}++;
	give_up("exposure.ordered is $exposure, a recount says $recount, and it should be $known")
	  if $exposure ne $recount || $recount ne $known;
	give_up("orders are $statuses\nand should be $known_statuses") if $statuses ne $known_statuses;
	return;
}

# However it was decided: whoever was given more is within every limit then in force.
sub within_limits
{
	my ($before) = @_;

	foreach my $customer (@customers)
	{
		my $limit = $book->limit_of($customer);
		my $rule = $book->{rules}{30};

		next if $book->ordered($customer) <= $before->{$customer};
		$checked{'who was given more is within the limit'}++;
		give_up("customer $customer was given more while on hold") if $book->on_hold($customer);
		next if !defined $limit && ($book->{rules}{20}{action} // '') eq 'warn';
		give_up("customer $customer was given more without a limit") if !defined $limit;
		give_up("customer $customer was given more than its limit")
		  if ($book->owed($customer) + $book->ordered($customer)) * 100 > $limit * $rule->{percent};
	}
	return;
}

my $last_decision = 0;

sub run
{
	my ($op, $in_transaction) = @_;
	my @faults = @{ $op->{faults} // [] };
	my %before = map { $_ => $book->ordered($_) } @customers;

	$running = $op;
	$db->query('SAVEPOINT operation') if $in_transaction;
	my ($sqlstate, $answer) = $db->try($op->{sql}, @{ $op->{data} // [] });
	if (@faults ? !grep { $_ eq $sqlstate } @faults : $sqlstate ne '00000')
	{
		diag $answer;
		give_up("$op->{name} ends with " . (@faults ? join ' or ', @faults : 'success') . ", not with $sqlstate");
	}
	$db->query(@faults ? 'ROLLBACK TO operation' : 'RELEASE operation') if $in_transaction;
	$op->{done}->($answer) if !@faults;

	my @expected = @faults ? () : sort @{ $op->{outcomes} // [] };
	my @decided = map { $_->[0] }
	  $db->rows("SELECT outcome FROM ar.decision WHERE decision_id > $last_decision ORDER BY outcome");

	$happened{ "$op->{name}: " . (@faults ? join ' or ', @faults : join ' ', uniq @expected) }++;
	$checked{'every decision on file, and no other'}++;
	# Which order of an UPDATE reaches a warning depends on the order of rows.
	give_up("decisions on file are (@decided), not (@expected)")
	  if $op->{name} =~ /all|move/ ? @decided != @expected : "@decided" ne "@expected";
	$last_decision = $db->query('SELECT COALESCE(max(decision_id), 0) FROM ar.decision');
	recount();
	within_limits(\%before);
	return;
}

my @generators = (
	(\&insert_orders) x 24, (\&change_amount) x 12, (\&change_customer) x 4, (\&close_order) x 10, (\&open_order) x 8,
	(\&delete_orders) x 3, (\&change_all) x 7, (\&move_value) x 4, (\&upsert) x 4, (\&bad_order) x 4,
	\&order_without_rate,  \&truncate_orders,
	(\&set_limit) x 8, \&place_hold, (\&release_hold) x 5, (\&change_rule) x 4, (\&ask) x 8, (\&balance_moves) x 12,
	(\&euros) x 3);

sub next_operation
{
	my $op;

	$op = pick(@generators)->() until $op;
	return $op;
}

# A long history ends when everything has come, for rare things come late; at three times its length they never will.
my @wanted = (
	(map { (".* sale: $_", ".* booking: $_") } qw(approve warn RC001 RC002)),
	(map { "check_credit: $_" } qw(approve hold reject)),
	(map { "$_: $order_fault{$_}[0]" } sort keys %order_fault),
	'(insert|copy) booking: hold',
	'(change amount of|transfer|open again) booking: hold',
	'release booking: (approve|warn)',
	'release booking: RC00.',
	'(change amount of|transfer|change all amounts of|open again) sale: RC00.',
	'upsert sale: .*',
	'insert nothing into sale: ',
	'move value between sale: approve',
	'order without a rate: RC006',
	'truncate: RC008');
sub missing
{
	my $all = join "\n", keys %happened;

	return grep { $all !~ /^$_$/m } @wanted;
}

$history->{step} = 0;
while ($history->{step}++ < $steps
	|| ($steps >= $default_steps && $history->{step} < 3 * $steps && missing()))
{
	if (chance(85)) { run(next_operation()); }
	else
	{
		my $start = $model->mark;
		my $committed = chance(60);

		$db->query('BEGIN');
		run(next_operation(), 1) for 1 .. between(1, 6);
		$db->query($committed ? 'COMMIT' : 'ROLLBACK');
		if (!$committed)
		{
			$model->back_to($start);
			$last_decision = $db->query('SELECT COALESCE(max(decision_id), 0) FROM ar.decision');
			recount();
		}
	}
	$model->{undo} = [];
	$history->{journal} = [];
	next if $history->{step} % 100;
	my @problems = $db->rows('SELECT * FROM ar.verify_ledger()');
	$checked{'verify_ledger() finds nothing'}++;
	give_up("verify_ledger() finds: @{ $problems[0] }") if @problems;
}

pass("$_ ($checked{$_} times)") for sort keys %checked;
if ($steps >= $default_steps)
{
	is_deeply([ missing() ], [], 'everything that can come of an order came');
}
note join "\n", map { "$_ $happened{$_}" } sort keys %happened;
done_testing();
