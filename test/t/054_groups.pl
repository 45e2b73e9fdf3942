#!/usr/bin/env perl
# 054_groups.pl: random histories of groups: customers that move, limits of all kinds in several currencies, orders of one
# and of several customers in a statement, invoices and payments.
#
# What must come of each order, and of each move, is decided by the views in schema oracle: plain SQL over a twin of the
# order table without triggers, over parents this test keeps itself, over open items, and over the limits as they were
# entered.  They know neither kept exposures nor the days in force nor the ledger's functions.
#
#   CREDIT_CONTROL_SEED, CREDIT_CONTROL_STEPS: as in 050_property.pl
use strict;
use warnings;

use Test::More;

use Chance qw(seeded);
use History;
use Psql;

*chance = \&History::chance;
*pick = \&History::pick;
*between = \&History::between;

my $default_steps = 800;
my (undef, $steps) = seeded($default_steps);

my $customers = 9;
my $db = Psql->fresh_database('groups');
# To compile the views takes longer than to run them.
$db->query('SET jit = off');
$db->query($_) foreach split /;\n\n/, <<"SQL";
SELECT credit.create_ledger('ar', 'USD', time_zone => 'Etc/UTC');

SELECT ar.add_customer('customer ' || c, c) FROM generate_series(1, $customers) c;

SELECT ar.set_fx_rate('EUR', 1.2345, '2000-01-01'), ar.set_fx_rate('JPY', 0.00731, '2000-01-01');

CREATE SCHEMA shop;

CREATE TABLE shop.sale (id integer PRIMARY KEY, customer_id bigint, total numeric, status text);

SELECT ar.watch_orders('shop.sale', 'customer_id', 'total', 'id', open_when => \$\$status = 'open'\$\$);

CREATE SCHEMA oracle;

CREATE TABLE oracle.twin (LIKE shop.sale);

CREATE TABLE oracle.before (LIKE shop.sale);

CREATE TABLE oracle.parent AS SELECT c::bigint AS customer_id, NULL::bigint AS parent_id FROM generate_series(1, $customers) c;

CREATE VIEW oracle.today AS SELECT (now() AT TIME ZONE 'Etc/UTC')::date AS today;

CREATE VIEW oracle.rate AS SELECT * FROM (VALUES ('USD', 1.0), ('EUR', 1.2345), ('JPY', 0.00731)) r (currency, rate);

CREATE VIEW oracle.owes AS
	SELECT p.customer_id, COALESCE((SELECT sum(o.total) FROM oracle.twin o WHERE o.customer_id = p.customer_id AND o.status = 'open'), 0)
		+ COALESCE((SELECT sum(s.amount) FROM
			(SELECT round(sum(i.open_amount) * r.rate, 2) AS amount FROM ar.item i JOIN oracle.rate r USING (currency)
				WHERE i.customer_id = p.customer_id GROUP BY i.currency, r.rate, i.open_amount > 0) s), 0) AS exposure
	FROM oracle.parent p;

CREATE VIEW oracle.entered AS
	SELECT l.*, round(l.amount * r.rate, 2) AS value FROM (
		-- Of each kind the one that started last, the later entered of two; if it has not ended.
		SELECT DISTINCT ON (customer_id, kind) c.* FROM ar.credit_limit c, oracle.today t WHERE c.kind <> 'guarantee' AND c.valid_from <= t.today
		ORDER BY c.customer_id, c.kind, c.valid_from DESC, c.credit_limit_id DESC) l JOIN oracle.rate r USING (currency), oracle.today t
	WHERE COALESCE(l.valid_to, t.today) >= t.today
	UNION ALL
	SELECT l.*, round(l.amount * r.rate, 2) FROM ar.credit_limit l JOIN oracle.rate r USING (currency), oracle.today t
	WHERE l.kind = 'guarantee' AND t.today BETWEEN l.valid_from AND COALESCE(l.valid_to, t.today);

CREATE VIEW oracle.limits AS
	SELECT p.customer_id, (SELECT sum(CASE
			WHEN e.kind = 'own' AND EXISTS (SELECT FROM oracle.entered x WHERE x.customer_id = e.customer_id AND x.replaces_own) THEN 0
			WHEN e.kind = 'insured' THEN round(e.value * e.covered_percent / 100, 2)
			ELSE e.value END)
		FROM oracle.entered e, oracle.today t WHERE e.customer_id = p.customer_id AND e.kind <> 'group'
			AND NOT EXISTS (SELECT FROM ar.item i WHERE i.customer_id = p.customer_id AND i.open_amount > 0 AND t.today - i.due_date > e.max_overdue_days)) AS own,
		(SELECT e.value FROM oracle.entered e WHERE e.customer_id = p.customer_id AND e.kind = 'group') AS shared
	FROM oracle.parent p;

CREATE VIEW oracle.above AS
	WITH RECURSIVE up AS (
		SELECT p.customer_id, p.customer_id AS group_id FROM oracle.parent p
		UNION SELECT u.customer_id, p.parent_id FROM up u JOIN oracle.parent p ON p.customer_id = u.group_id WHERE p.parent_id IS NOT NULL)
	SELECT * FROM up;

CREATE VIEW oracle.groups AS
	SELECT l.customer_id AS group_id, l.shared, sum(GREATEST(o.exposure, 0)) AS used
	FROM oracle.limits l JOIN oracle.above a ON a.group_id = l.customer_id JOIN oracle.owes o ON o.customer_id = a.customer_id
	WHERE l.shared IS NOT NULL GROUP BY 1, 2;

-- Who has an order that is new, or his now, or larger
CREATE VIEW oracle.asks AS
	SELECT DISTINCT n.customer_id FROM oracle.twin n LEFT JOIN oracle.before b ON b.id = n.id AND b.customer_id = n.customer_id AND b.status = 'open'
	WHERE n.status = 'open' AND (b.id IS NULL OR n.total > b.total);

CREATE VIEW oracle.broken AS
	SELECT a.customer_id FROM oracle.asks a JOIN oracle.limits l USING (customer_id) JOIN oracle.owes o USING (customer_id)
	WHERE o.exposure > l.own
		OR (l.own IS NULL AND NOT EXISTS (SELECT FROM oracle.above u JOIN oracle.groups g USING (group_id) WHERE u.customer_id = a.customer_id))
		OR EXISTS (SELECT FROM oracle.above u JOIN oracle.groups g USING (group_id) WHERE u.customer_id = a.customer_id AND g.used > g.shared);

-- What is kept, and what it should be
CREATE VIEW oracle.wrong AS
	SELECT 'order' AS what, COALESCE(s.id, t.id) AS id FROM shop.sale s FULL JOIN oracle.twin t USING (id) WHERE s IS DISTINCT FROM t
	UNION ALL
	SELECT 'parent', p.customer_id FROM oracle.parent p JOIN ar.customer c USING (customer_id) JOIN ar.exposure e USING (customer_id)
	WHERE e.currency = 'USD' AND (p.parent_id IS DISTINCT FROM c.parent_id OR p.parent_id IS DISTINCT FROM e.parent_id)
	UNION ALL
	SELECT 'exposure', e.customer_id FROM ar.exposure e LEFT JOIN (
		SELECT i.customer_id, i.currency, sum(i.open_amount) FILTER (WHERE i.open_amount > 0) AS debit, sum(i.open_amount) FILTER (WHERE i.open_amount < 0) AS credit
		FROM ar.item i GROUP BY 1, 2) i USING (customer_id, currency)
	WHERE e.receivable <> COALESCE(i.debit, 0) OR e.unapplied <> -COALESCE(i.credit, 0)
		OR e.ordered <> CASE e.currency WHEN 'USD' THEN COALESCE((SELECT sum(t.total) FROM oracle.twin t WHERE t.customer_id = e.customer_id AND t.status = 'open'), 0) ELSE 0 END;
SQL

my ($serial, %happened, %checked, $running) = (0);

sub customer { return between(1, $customers); }

# Amounts that meet limits: mostly round.
sub amount { return pick(0, 100 * between(1, 6), (100 * between(1, 3)) x 3, sprintf '%.2f', between(1, 40_000) / 100); }

sub give_up
{
	my ($why) = @_;

	fail($why);
	diag "running: $running";
	diag "$_:\n" . $db->query("SELECT * FROM oracle.$_ ORDER BY 1") foreach qw(owes limits parent groups asks broken wrong);
	done_testing();
	exit 1;
}

# ---- statements on orders: TABLE stands for the watched one and for its twin ----

sub new_orders
{
	my $n = pick(1, 1, 1, 2, 3, 4);
	return 'INSERT INTO TABLE VALUES '
	  . join ', ', map { sprintf q{(%d, %d, %s, '%s')}, ++$serial, customer(), amount(), chance(95) ? 'open' : 'draft' } 1 .. $n;
}

sub some_ids
{
	my @ids = $db->rows('SELECT id FROM oracle.twin ORDER BY id');
	my %picked = map { (pick(@ids) // [0])->[0] => 1 } 1 .. pick(1, 1, 2, 3, 5);
	return join ', ', sort keys %picked;
}

# All orders of one member of a group to another: the group owes no more than before.
sub pass_on
{
	my $pair = pick($db->rows('SELECT DISTINCT a.customer_id, b.customer_id FROM oracle.above a JOIN oracle.above b USING (group_id)'
		  . ' JOIN oracle.groups g USING (group_id) JOIN oracle.twin t ON t.customer_id = a.customer_id WHERE a.customer_id <> b.customer_id ORDER BY 1, 2'));
	return $pair ? "UPDATE TABLE SET customer_id = $pair->[1] WHERE customer_id = $pair->[0]" : new_orders();
}

my @statements = (
	(\&new_orders) x 8, (\&pass_on) x 3,
	sub { return 'UPDATE TABLE SET total = ' . amount() . ' WHERE id IN (' . some_ids() . ')'; },
	sub { return 'UPDATE TABLE SET customer_id = ' . customer() . ' WHERE id IN (' . some_ids() . ')'; },
	# Members of a group change places; what one gives up the other takes.
	sub { return "UPDATE TABLE SET customer_id = $customers + 1 - customer_id WHERE id IN (" . some_ids() . ')'; },
	sub { return 'UPDATE TABLE SET customer_id = 1 + customer_id % ' . $customers . ', total = total + ' . pick(0, 0, 1, -1) * 0.01 . ' WHERE total >= 1 AND id % 3 = ' . between(0, 2); },
	sub { return q{UPDATE TABLE SET status = CASE status WHEN 'open' THEN 'shipped' ELSE 'open' END WHERE id IN (} . some_ids() . ')'; },
	sub { return q{UPDATE TABLE SET status = 'shipped' WHERE id IN (} . some_ids() . ')'; },
	sub { return 'DELETE FROM TABLE WHERE id IN (' . some_ids() . ')'; });

sub orders
{
	my $sql = pick(@statements)->();

	$running = $sql;
	$db->query($_) foreach 'DELETE FROM oracle.before', 'INSERT INTO oracle.before SELECT * FROM oracle.twin', 'SAVEPOINT orders',
	  $sql =~ s/TABLE/oracle.twin/r;
	my $refused = $db->query('SELECT count(*) > 0 FROM oracle.broken') eq 't';
	my ($sqlstate, $answer) = $db->try($sql =~ s/TABLE/shop.sale/r);
	my ($kind) = $sql =~ /^(\w+)/;

	$happened{"$kind " . ($refused ? 'refused' : 'accepted')}++;
	$checked{'orders are refused if, and only if, a limit would be exceeded'}++;
	give_up("$sqlstate, but the orders " . ($refused ? 'exceed a limit' : 'are within every limit') . ": $answer")
	  if $sqlstate ne ($refused ? 'RC002' : '00000');
	$db->query('ROLLBACK TO orders') if $refused;
	return;
}

# What check_credit() says is what an order would meet; it writes nothing.
sub ask
{
	my ($customer, $amount) = (customer(), amount());

	$running = "check_credit($customer, $amount)";
	$db->query($_) foreach 'DELETE FROM oracle.before', 'INSERT INTO oracle.before SELECT * FROM oracle.twin', 'SAVEPOINT orders',
	  "INSERT INTO oracle.twin VALUES (0, $customer, $amount, 'open')";
	my $expected = $db->query("SELECT CASE WHEN count(*) > 0 THEN 'hold' ELSE 'approve' END FROM oracle.broken");
	$db->query('ROLLBACK TO orders');
	my $said = $db->query("SELECT outcome FROM ar.check_credit($customer, $amount)");

	$happened{"ask $said"}++;
	$checked{'check_credit() says the same'}++;
	give_up("check_credit() says $said, not $expected") if $said ne $expected;
	return;
}

sub move
{
	my ($customer, $parent) = (customer(), chance(20) ? 'NULL' : customer());

	$running = "set_parent($customer, $parent)";
	my $circle = $parent ne 'NULL' && $db->query("SELECT count(*) FROM oracle.above WHERE customer_id = $parent AND group_id = $customer");
	my $expected = $circle ? '22023' : '00000';
	$db->query('SAVEPOINT move');
	if (!$circle)
	{
		$db->query("CREATE TEMP TABLE was_above ON COMMIT DROP AS SELECT group_id FROM oracle.above WHERE customer_id = $customer");
		$db->query("UPDATE oracle.parent SET parent_id = $parent WHERE customer_id = $customer");
		$expected = 'RC002' if $db->query(<<"SQL") eq 't';
SELECT EXISTS (SELECT FROM oracle.above u JOIN oracle.groups g USING (group_id)
	WHERE u.customer_id = $customer AND g.used > g.shared AND u.group_id NOT IN (SELECT w.group_id FROM was_above w)
		AND (SELECT sum(GREATEST(o.exposure, 0)) FROM oracle.above b JOIN oracle.owes o USING (customer_id) WHERE b.group_id = $customer) > 0)
SQL
		$db->query('DROP TABLE was_above');
	}
	my ($sqlstate, $answer) = $db->try("SELECT ar.set_parent($customer, $parent)");

	$happened{"move $sqlstate"}++;
	$checked{'a group over its limit with somebody takes him not'}++;
	give_up("$sqlstate, not $expected: $answer") if $sqlstate ne $expected;
	$db->query('ROLLBACK TO move') if $expected ne '00000';
	return;
}

sub limit
{
	my $currency = pick('USD', 'USD', 'USD', 'EUR', 'JPY');
	my $kind = pick('own', 'own', 'temporary', 'group', 'group', 'insured', 'guarantee');
	my $amount = 100 * between(0, $kind eq 'group' ? 20 : 8) * ($currency eq 'JPY' ? 100 : 1);
	my $from = pick(0, 0, 0, between(-40, 5));
	my $to = $kind eq 'temporary' || chance(15) ? $from + between(0, 40) : undef;
	my @more = (
		$kind eq 'temporary' && chance(50) ? 'p_replaces_own => true' : (),
		$kind =~ /insured|guarantee/ ? q{p_provider => 'somebody'} : (),
		$kind eq 'insured' ? ('p_covered_percent => ' . pick(100, 90, 33.33), pick('p_max_overdue_days => 20', 'p_max_overdue_days => NULL')) : ());

	$running = sprintf 'SELECT ar.set_credit_limit(%s)', join ', ', customer(), $amount, "(SELECT today FROM oracle.today) + $from",
	  defined $to ? "(SELECT today FROM oracle.today) + $to" : 'NULL', "p_kind => '$kind'", "p_currency => '$currency'", @more;
	$db->query('SAVEPOINT limits');
	my ($sqlstate, $answer) = $db->try($running);

	$happened{"limit $kind $sqlstate"}++;
	give_up("$sqlstate: $answer") if $sqlstate !~ /^(00000|23P01)$/ || ($kind eq 'guarantee' && $sqlstate ne '00000');
	$db->query('ROLLBACK TO limits') if $sqlstate ne '00000';
	return;
}

sub account
{
	my ($customer, $currency, $days) = (customer(), pick('USD', 'USD', 'EUR', 'JPY'), between(0, 60));
	my $amount = $currency eq 'JPY' ? between(1, 20_000) : sprintf '%.2f', between(1, 20_000) / 100;
	my ($payment) = $db->rows("SELECT document_id FROM ar.item WHERE customer_id = $customer AND open_amount < 0 ORDER BY 1");

	$serial++;
	$running =
		$payment && chance(40) ? "SELECT ar.apply_payment($customer, $payment->[0])"
	  : chance(45) ? "SELECT ar.post_payment($customer, 'P$serial', (SELECT today FROM oracle.today) - $days, $amount, '$currency')"
	  : "SELECT ar.post_invoice($customer, 'I$serial', (SELECT today FROM oracle.today) - $days, $amount, (SELECT today FROM oracle.today) - $days + 30, '$currency')";
	$db->query($running);
	$happened{ $running =~ /ar\.(\w+)/ ? $1 : '' }++;
	return;
}

my @operations = ((\&orders) x 10, (\&ask) x 2, (\&move) x 3, (\&limit) x 3, (\&account) x 3);

my @wanted = (
	(map { ("$_ accepted", "$_ refused") } qw(INSERT UPDATE)), 'DELETE accepted', 'ask approve', 'ask hold', 'move 00000', 'move 22023', 'move RC002',
	(map { "limit $_ 00000" } qw(own temporary group insured guarantee)), 'limit own 23P01', 'limit temporary 23P01', 'apply_payment', 'post_payment', 'post_invoice');

# A long history ends when everything has happened, for rare things happen late; at three times its length they never will.
my $long = $steps >= $default_steps;
for (1 .. ($long ? 3 * $steps : $steps))
{
	last if $_ > $steps && !grep { !$happened{$_} } @wanted;
	$db->query('BEGIN');
	pick(@operations)->() for 1 .. pick(1, 1, between(2, 5));
	$db->query(chance(85) ? 'COMMIT' : 'ROLLBACK');
	my @wrong = $db->rows('SELECT * FROM oracle.wrong');
	$checked{'orders, parents and exposures are what a recount says'}++;
	give_up("kept wrong: @{ $wrong[0] }") if @wrong;
	next if $_ % 100;
	my @problems = $db->rows('SELECT * FROM ar.verify_ledger()');
	$checked{'verify_ledger() finds nothing'}++;
	give_up("verify_ledger() finds: @{ $problems[0] }") if @problems;
}

pass("$_ ($checked{$_} times)") foreach sort keys %checked;
is_deeply([ grep { !$happened{$_} } @wanted ], [], 'everything that can happen did') if $long;
note join "\n", map { "$_ $happened{$_}" } sort keys %happened;
done_testing();
