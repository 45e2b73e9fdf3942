#!/usr/bin/env perl
# 055_policies.pl: random histories of orders, accounts, limits, holds and rules over many days, replayed.
#
# Each day has rules of its own.  At the end simulate_policy() is given the rules of each day and must come to the outcomes
# that were recorded, and replay_rules(), looking at records alone, to the figures.  All days but the last are in the past
# by then, with much recorded since that must be left out.
#
# A day passes by moving every date and time of the ledger back, with triggers off.
#
#   CREDIT_CONTROL_SEED, CREDIT_CONTROL_STEPS: as in 050_property.pl; steps are days
use strict;
use warnings;

use Test::More;

use Chance qw(seeded pick chance between);
use History;
use Psql;

my ($seed, $steps) = seeded(40);

my $customers = 8;
my $db = Psql->fresh_database('policies');
# Statements draw rows, too.
$db->query('SELECT setseed(' . ($seed % 1000) / 1000 . ')');
$db->query($_) foreach split /;\n\n/, <<"SQL";
SET jit = off;

SELECT credit.create_ledger('ar', 'USD');

SELECT ar.add_customer('customer ' || c, c) FROM generate_series(1, $customers) c;

SELECT ar.set_fx_rate('EUR', 1.2345, '2000-01-01');

-- So that limits can be moved one after the other
ALTER TABLE ar.credit_limit DROP CONSTRAINT credit_limit_own_key, DROP CONSTRAINT credit_limit_temporary_key,
	DROP CONSTRAINT credit_limit_group_key, DROP CONSTRAINT credit_limit_insured_key;

-- Whoever is in this class is measured otherwise.
INSERT INTO ar.exposure_policy (risk_class, left_out, counts_unapplied, counts_disputed, disputed_overdue) VALUES
	('A', '{}', true, true, true), ('B', '{returned_payment}', false, false, false), (NULL, '{}', true, true, false);

CREATE SCHEMA shop;

CREATE TABLE shop.sale (id integer PRIMARY KEY, customer_id bigint, total numeric, status text, ships_on date);

SELECT ar.watch_orders('shop.sale', 'customer_id', 'total', 'id', open_when => \$\$status NOT IN ('done')\$\$, mode => 'hold',
	status_column => 'status', open_value => 'open', hold_value => 'held', ship_date => 'ships_on');

-- The rules of each day
CREATE SCHEMA days;

CREATE TABLE days.day (day integer, on_day date, first_id bigint, last_id bigint);

CREATE TABLE days.rule (day integer, LIKE ar.check_rule);

CREATE TABLE days.exclusion (day integer, LIKE ar.check_exclusion);

CREATE FUNCTION days.policy(p_day integer) RETURNS jsonb LANGUAGE sql AS \$\$
	SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - 'day') || jsonb_build_object('exclusions', COALESCE((
		SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(x) - 'day' - 'check_exclusion_id' - 'rule_no') ORDER BY x.check_exclusion_id)
		FROM days.exclusion x WHERE x.day = p_day AND x.rule_no = r.rule_no), '[]')) ORDER BY r.rule_no), '[]')
	FROM days.rule r WHERE r.day = p_day \$\$;

CREATE FUNCTION days.pass(p_days integer) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE
	part record;
BEGIN
	FOR part IN
		SELECT format('%I.%I', n.nspname, c.relname) AS name, string_agg(CASE
			WHEN a.atttypid = 'date'::regtype THEN format('%I - %s AS %1\$I', a.attname, p_days)
			WHEN a.atttypid = 'timestamptz'::regtype THEN format('%I - interval ''%s days'' AS %1\$I', a.attname, p_days)
			WHEN a.atttypid = 'daterange'::regtype THEN format('CASE WHEN isempty(%I) THEN %1\$I ELSE daterange(lower(%1\$I) - %s, upper(%1\$I) - %2\$s) END AS %1\$I', a.attname, p_days)
			ELSE quote_ident(a.attname) END, ', ' ORDER BY a.attnum) AS columns
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname IN ('ar', 'days', 'shop') AND c.relkind = 'r' AND c.relname <> 'ledger_info'
		GROUP BY 1 HAVING bool_or(a.atttypid IN ('date'::regtype, 'timestamptz'::regtype, 'daterange'::regtype)) ORDER BY 1
	LOOP
		EXECUTE format('CREATE TEMP TABLE moved AS SELECT %s FROM %s', part.columns, part.name);
		EXECUTE format('DELETE FROM %s', part.name);
		EXECUTE format('INSERT INTO %s SELECT * FROM moved', part.name);
		DROP TABLE moved;
	END LOOP;
END \$\$;
SQL

my ($serial, $day, %happened, $together) = (0, 0);

sub customer { return between(1, $customers); }
sub amount { return pick(100 * between(1, 6), sprintf '%.2f', between(1, 60_000) / 100); }
sub day { return sprintf "(ar.ledger_today() + %d)", $_[0]; }

# Run a statement; what the ledger refuses is no matter here.
sub attempt
{
	my ($name, $sql) = @_;

	$db->query('SAVEPOINT attempt') if $together;
	my ($sqlstate, $answer) = $db->try($sql);
	$db->query('ROLLBACK TO attempt') if $together && $sqlstate ne '00000';
	$happened{"$name $sqlstate"}++;
	die "$sqlstate: $answer in $sql\n" if $sqlstate !~ /^(00000|RC\d\d\d|23P01|23505|22023)$/;
	return;
}

# The SQL of a call for each row found, the first only.
sub some { return "$_[0] FROM (SELECT * FROM ar.$_[1] ORDER BY random() LIMIT 1) x"; }

# ---- what is written ----

sub invoice
{
	my ($customer, $currency, $ago) = (customer(), pick(('USD') x 4, 'EUR'), between(0, 50));
	$serial++;
	return attempt('invoice', sprintf q{SELECT ar.post_invoice(%d, 'I%d', %s, %s, %s, '%s'%s)}, $customer, $serial, day(-$ago), amount(),
		day(-$ago + between(0, 60)), $currency, chance(50) ? ", p_order_id => '" . between(1, $serial) . "'" : '');
}

sub payment
{
	$serial++;
	return attempt('payment', sprintf q{SELECT ar.post_payment(%d, 'P%d', %s, %s, '%s'%s)}, customer(), $serial, day(-between(0, 5)), amount(),
		pick(('USD') x 4, 'EUR'), chance(15) ? ', p_clears_on => ' . day(between(1, 4)) : '');
}

my @writing = (
	(\&invoice) x 6, (\&payment) x 4,
	sub { attempt('deposit', sprintf q{SELECT ar.post_deposit(%d, 'D%d', %s, %s, '%d')}, customer(), ++$serial, day(0), amount(), between($serial, $serial + 5)); },
	sub { attempt('release deposit', some('SELECT ar.release_deposit(x.customer_id, x.document_id, \'why not\')', 'item WHERE reserved_for IS NOT NULL')); },
	(sub { attempt('apply', some('SELECT ar.apply_payment(x.customer_id, x.document_id)', 'item WHERE open_amount < 0')); }) x 3,
	(sub {
		attempt('allocate', 'SELECT ar.allocate(x.customer_id, x.c, x.d, x.most) FROM (SELECT c.customer_id, c.item_id AS c, d.item_id AS d,'
			. ' round(LEAST(-c.open_amount, d.open_amount) / ' . between(1, 3) . ', 2) AS most FROM ar.item c JOIN ar.item d USING (customer_id, currency)'
			. ' WHERE c.open_amount < 0 AND d.open_amount > 0 ORDER BY random() LIMIT 1) x');
	}) x 3,
	sub { attempt('reverse', some('SELECT ar.reverse_allocation(x.customer_id, x.allocation_id)', 'allocation a WHERE reverses IS NULL AND NOT EXISTS (SELECT FROM ar.allocation r WHERE r.reverses = a.allocation_id)')); },
	sub { attempt('return', some(q{SELECT ar.return_payment(x.customer_id, x.document_id, ar.ledger_today())}, q{document WHERE kind = 'payment' AND reverses IS NULL})); },
	(sub { attempt('dispute', some('SELECT ar.open_dispute(x.customer_id, x.item_id, round(x.open_amount / ' . pick(1, 2, 3) . q{, 2), 'service')}, 'item WHERE open_amount > 0')); }) x 3,
	sub { attempt('end of dispute', some(pick(q{SELECT ar.reject_dispute(x.customer_id, x.dispute_id, 'no')}, q{SELECT ar.settle_dispute(x.customer_id, x.dispute_id, 'paid')}), 'dispute WHERE ended_on IS NULL')); },
	sub { attempt('due date', some('SELECT ar.set_due_date(x.customer_id, x.item_id, ' . pick('NULL', ('x.doc_date + ' . between(0, 80)) x 4) . q{, 'asked', 'me', GREATEST(x.posting_date, } . day(-between(0, 9)) . '))', 'item WHERE open_amount > 0')); },
	sub { attempt('write off', some(q{SELECT ar.write_off(x.customer_id, x.item_id, 'gone')}, 'item WHERE open_amount > 0 AND due_date < ar.ledger_today() - 40')); },
	sub { attempt('void', some(q{SELECT ar.void_document(x.customer_id, x.document_id, 'wrong')}, q{document WHERE kind = 'invoice' AND reverses IS NULL})); },
	sub { attempt('rate', sprintf q{SELECT ar.set_fx_rate('EUR', %s, %s)}, 1 + between(0, 5000) / 10_000, day(-between(0, 3))); },
	(sub { attempt('place hold', sprintf q{SELECT ar.place_hold(%d, 'why not', 'other', '%s'%s)}, customer(), pick('all', 'new_orders', 'shipments'),
			chance(40) ? ', ' . day(between(0, 3)) : ''); }) x 2,
	(sub { attempt('release hold', some(q{SELECT ar.release_hold(x.customer_id, x.hold_id, 'enough')}, 'hold')); }) x 2,
	sub { attempt('status', sprintf q{SELECT ar.set_customer_status(%d, '%s')}, customer(), pick(('active') x 3, 'legal')); },
	sub { attempt('class', sprintf 'SELECT ar.set_risk_class(%d, %s)', customer(), pick(q{'A'}, q{'B'}, 'NULL')); },
	sub { attempt('review', sprintf 'SELECT ar.set_review_due(%d, %s)', customer(), pick('NULL', day(between(-20, 20)))); },
	sub { attempt('terms', sprintf q{SELECT ar.set_terms(%d, 'net %d')}, customer(), between(1, 60)); },
	(sub { my $figure = pick('dunning_level', 'broken_promises', 'payment_index', 'score', 'grade');
		attempt('figure', sprintf q{SELECT ar.set_risk_figure(%d, '%s', %d, %s)}, customer(), $figure, between(0, 9), day(between(-3, 3))); }) x 3,
	sub { attempt('parent', sprintf 'SELECT ar.set_parent(%d, %s)', customer(), chance(40) ? 'NULL' : customer()); },
	(sub {
		my ($kind, $from) = (pick(('own') x 5, 'temporary', 'guarantee', 'insured', 'group'), pick(0, between(-12, 5)));
		attempt("limit $kind", sprintf q{SELECT ar.set_credit_limit(%d, %d, %s, %s, p_kind => '%s'%s)}, customer(), 100 * between(0, 40), day($from),
			$kind eq 'temporary' || chance(45) ? day($from + between(0, 8)) : 'NULL', $kind,
			$kind eq 'guarantee' ? q{, p_provider => 'a bank'} : $kind eq 'insured' ? q{, p_provider => 'an insurer', p_covered_percent => 80} : '');
	}) x 4);

# ---- orders ----

sub new_order
{
	return attempt('order', sprintf q{INSERT INTO shop.sale VALUES (%d, %d, %s, 'open', %s)}, ++$serial, customer(), amount(), pick('NULL', day(between(0, 30))));
}

my @ordering = (
	(\&new_order) x 5,
	sub { attempt('grow', sprintf q{UPDATE shop.sale SET total = total + %d WHERE id IN (SELECT id FROM shop.sale WHERE status = 'open' ORDER BY random() LIMIT %d)}, between(-50, 150), between(1, 3)); },
	sub { attempt('ship', sprintf q{UPDATE shop.sale SET ships_on = ships_on + %d WHERE id IN (SELECT id FROM shop.sale WHERE status = 'open' ORDER BY random() LIMIT %d)}, between(-20, 9), between(1, 3)); },
	sub { attempt('take off hold', q{UPDATE shop.sale SET status = 'open' WHERE id = (SELECT id FROM shop.sale WHERE status = 'held' ORDER BY random() LIMIT 1)}); },
	sub {
		my ($order) = $db->rows(q{SELECT id FROM shop.sale WHERE status = 'held' AND total > 0 ORDER BY random() LIMIT 1}) or return;
		attempt('release order', "SELECT ar.release_order(customer_id, 'shop.sale', id::text, total, 'why not') FROM shop.sale WHERE id = $order->[0]");
		attempt('take off hold', "UPDATE shop.sale SET status = 'open' WHERE id = $order->[0]");
	},
	sub { attempt('finish', sprintf q{UPDATE shop.sale SET status = 'done' WHERE id IN (SELECT id FROM shop.sale WHERE status = 'open' ORDER BY random() LIMIT %d)}, between(1, 4)); },
	sub { attempt('ask', sprintf q{SELECT ar.check_credit(%d, 10, p_record => true)}, customer()); },
	# One transaction that writes and orders
	sub {
		$db->query('BEGIN');
		$together = 1;
		$_->() foreach pick([ \&new_order, pick(@writing) ], [ pick(@writing), \&new_order ])->@*;
		$together = 0;
		$db->query(chance(90) ? 'COMMIT' : 'ROLLBACK');
	});

# ---- rules of a day ----

my %threshold = (
	(map { $_ => sub { pick(100, 80, 66.67, 120.5) } } qw(limit_use horizon_use)), document_value => sub { 100 * between(1, 9) }, oldest_overdue => sub { between(0, 30) },
	overdue_amount => sub { 50.5 * between(0, 9) }, overdue_percent => sub { 10.25 * between(0, 9) }, returned_payment => sub { between(0, 20) },
	dunning_level => sub { between(0, 8) }, broken_promises => sub { between(0, 8) }, payment_index => sub { between(1, 9) }, score => sub { between(1, 9) },
	grade => sub { between(0, 8) }, review_overdue => sub { between(0, 20) }, terms_changed => sub { between(0, 10) }, dormant => sub { between(0, 40) },
	limit_expiring => sub { between(0, 10) });
my @found = qw(manual_hold limit_missing limit_expired customer_status);

sub new_rules
{
	$db->query('DELETE FROM ar.check_exclusion');
	$db->query('DELETE FROM ar.check_rule');
	my $no = 0;
	# Seldom one that is always there is not.
	my @kinds = ((grep { chance(85) } @found, 'limit_use', 'limit_use'), (grep { chance(40) } 'limit_expiring', 'dormant'), map { pick(sort keys %threshold) } 1 .. between(2, 8));
	foreach my $kind (@kinds)
	{
		my $for = pick(('NULL, NULL') x 4, customer() . ', NULL', q{NULL, 'A'});

		$no += 10;
		$db->query(sprintf q{INSERT INTO ar.check_rule (rule_no, kind, threshold, action, customer_id, risk_class, grace_days, net_of_unapplied,
			horizon_days, valid_from, valid_to) VALUES (%d, '%s', %s, '%s', %s, %d, %s, %s, %s, %s)}, $no, $kind, $threshold{$kind} ? $threshold{$kind}->() : 'NULL', pick('warn', ('hold') x 4, 'reject'), $for,
			pick(0, between(0, 20)), pick('true', 'false'), $kind eq 'horizon_use' ? between(0, 20) : 'NULL', chance(80) ? q{'-infinity'} : day(between(-2, 1)), chance(80) ? q{'infinity'} : day(between(1, 2)));
		next if chance(70);
		$db->query(sprintf q{INSERT INTO ar.check_exclusion (rule_no, customer_id, risk_class, threshold, valid_from) VALUES (%d, %s, %s, '-infinity')}, $no,
			pick(customer() . ', NULL', q{NULL, 'A'}, q{NULL, 'B'}), pick('NULL', $threshold{$kind} ? $threshold{$kind}->() : 'NULL'));
	}
	return;
}

# Every kind of rule broken and passed; those that find something, or nothing to find
my @wanted = sort((map { ("$_ broken", "$_ passed") } 'manual_hold', 'limit_missing', 'customer_status', keys %threshold), 'limit_expired broken', 'limit_expired skipped', 'group_limit broken', 'group_limit passed',
	'limit_use skipped');
sub missing
{
	my %came = map { $_->[0] => 1 } $db->rows(<<'SQL');
SELECT DISTINCT CASE WHEN c.value ? 'group_id' THEN 'group_limit' ELSE c.value ->> 'kind' END || ' '
	|| CASE c.value ->> 'outcome' WHEN 'approve' THEN 'passed' WHEN 'skipped' THEN 'skipped' ELSE 'broken' END
FROM ar.decision d, jsonb_array_elements(d.checks) c WHERE d.source = 'shop.sale'
SQL
	return grep { !$came{$_} } @wanted;
}

# One day with the rules there are, and some days after it
sub live
{
	my ($days_after, @acts) = @_;

	$day++;
	$db->query("INSERT INTO days.rule SELECT $day, r.* FROM ar.check_rule r");
	$db->query("INSERT INTO days.exclusion SELECT $day, x.* FROM ar.check_exclusion x");
	$db->query("INSERT INTO days.day SELECT $day, ar.ledger_today(), COALESCE(max(decision_id), 0) + 1 FROM ar.decision");
	$_->() foreach @acts;
	$db->query("UPDATE days.day SET last_id = (SELECT max(decision_id) FROM ar.decision) WHERE day = $day");
	$db->query('BEGIN');
	$db->query('SET LOCAL session_replication_role = replica');
	$db->query("SELECT days.pass($days_after)");
	$db->query('COMMIT');
	# What is kept for a span of days is looked up again.
	$db->query('SELECT ar.keep_limit(customer_id) FROM ar.customer');
	return;
}

# First everything happens once: customer 1 has all that rules measure, each figure above 0 and below 999, and 2 what they find.
live(5, sub {
	$db->query($_) foreach q{SELECT ar.post_invoice(1, 'I0', ar.ledger_today() - 20, 50, ar.ledger_today() - 10)},
		q{SELECT ar.return_payment(1, ar.post_payment(1, 'P0', ar.ledger_today(), 10), ar.ledger_today())},
		q{SELECT ar.set_terms(1, 'net 30'), ar.set_review_due(1, ar.ledger_today())},
		q{SELECT ar.set_risk_figure(1, f, 5) FROM unnest('{dunning_level,broken_promises,payment_index,score,grade}'::text[]) f},
		q{SELECT ar.set_credit_limit(1, 1000, ar.ledger_today(), ar.ledger_today() + 10), ar.set_credit_limit(3, 1000, p_kind => 'group'), ar.set_parent(1, 3)},
		q{SELECT ar.set_credit_limit(2, 1000, ar.ledger_today(), ar.ledger_today() + 2), ar.set_customer_status(2, 'legal'), ar.place_hold(2, 'why not')};
});
$db->query('DELETE FROM ar.check_rule');
$db->query(sprintf q{INSERT INTO ar.check_rule (rule_no, kind, threshold, action, horizon_days)
	SELECT row_number() OVER (), k, t, 'warn', CASE WHEN k = 'horizon_use' THEN 5 END FROM unnest('{%s}'::text[]) k, unnest('{0,999}'::numeric[]) t
	UNION ALL SELECT 1000 + row_number() OVER (), k, NULL, 'warn', NULL FROM unnest('{%s}'::text[]) k}, join(',', sort keys %threshold), join(',', @found));
live(1, sub { $db->query("INSERT INTO shop.sale VALUES (" . ++$serial . ", $_, 10, 'open')") foreach 1, 2; });

foreach (1 .. $steps)
{
	new_rules();
	live(pick(1, 1, 2, 3), map { pick(chance(55) ? @writing : @ordering) } 1 .. between(10, 40));
}

# ---- what was recorded, and what the replay says ----

$db->query(<<'SQL');
CREATE TABLE days.simulated AS
	SELECT y.day, s.* FROM days.day y, LATERAL ar.simulate_policy(days.policy(y.day), y.on_day, y.on_day) s
	WHERE s.decision_id BETWEEN y.first_id AND y.last_id
SQL
$db->query(<<'SQL');
CREATE TABLE days.replayed AS
	SELECT y.day, r.* FROM days.day y, LATERAL ar.replay_rules(days.policy(y.day), y.on_day, y.on_day, p_recorded => false) r
	WHERE r.decision_id BETWEEN y.first_id AND y.last_id
SQL
my $orders = $db->query(q{SELECT count(*) FROM ar.decision WHERE source = 'shop.sale' AND (amount > 0 OR checks @? '$[*] ? (@.kind != "horizon_use" && @.kind != "order_release")' OR (checks = '[]' AND outcome = 'hold'))});
is($db->query('SELECT count(*) FROM days.simulated'), $orders, "each order is replayed once ($orders)");

sub none { my ($sql, $what) = @_; my $rows = $db->query("$sql LIMIT 5"); is($rows, '', $what); return; }

none(q{SELECT * FROM days.simulated WHERE outcome_simulated NOT IN (outcome_then, 'unknown')}, 'the rules that were in force come to what was recorded');
# Rules in force left what they found, except how many days of grace they gave, and whose they were; all else is unknown
# only in the transaction that wrote it.
none(<<'SQL', 'nothing is unknown but what the same transaction wrote');
SELECT s.* FROM days.simulated s WHERE s.unknown <> '{}' AND NOT s.unknown <@ ARRAY['overdue_amount', 'overdue_percent']
		AND NOT EXISTS (SELECT FROM ar.customer_change w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
	OR s.unknown <> '{}' AND NOT EXISTS (SELECT FROM ar.document w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.allocation w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.dispute_event w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.due_date_change w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.deposit_release w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.fx_rate w WHERE w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.risk_figure w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.customer_change w WHERE w.customer_id = s.customer_id AND w.recorded_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.credit_limit w WHERE w.customer_id = s.customer_id AND w.set_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.hold w WHERE w.customer_id = s.customer_id AND w.placed_at = s.decided_at)
		AND NOT EXISTS (SELECT FROM ar.hold_release w WHERE w.customer_id = s.customer_id AND w.released_at = s.decided_at)
SQL

# Each finding of a rule, from records alone, with what the check wrote down
$db->query(<<'SQL');
CREATE TABLE days.compared AS
	SELECT r.*, c.value ->> 'outcome' AS outcome, (c.value ->> 'figure')::numeric AS recorded, (c.value ->> 'threshold')::numeric AS its_threshold
	FROM days.replayed r JOIN ar.decision d USING (customer_id, decision_id)
		LEFT JOIN LATERAL jsonb_array_elements(d.checks) c ON (c.value ->> 'rule_no')::integer = r.rule_no AND (c.value ->> 'group_id')::bigint IS NOT DISTINCT FROM r.group_id
SQL
none(q{SELECT * FROM days.compared WHERE outcome IS NULL AND state NOT IN ('spared', 'unknown') AND NOT (kind = 'group_limit' AND group_id IS NULL)}, 'a rule counts where it counted');
none(q{SELECT d.customer_id, d.decision_id, c.value FROM ar.decision d JOIN days.simulated s USING (customer_id, decision_id), jsonb_array_elements(d.checks) c WHERE c.value ->> 'kind' <> 'order_release' AND NOT EXISTS
	(SELECT FROM days.compared x WHERE x.customer_id = d.customer_id AND x.decision_id = d.decision_id AND x.rule_no = (c.value ->> 'rule_no')::integer
		AND x.group_id IS NOT DISTINCT FROM (c.value ->> 'group_id')::bigint)}, '... and only there');
none(q{SELECT * FROM days.compared WHERE state NOT IN ('unknown', 'spared') AND (figure IS DISTINCT FROM recorded OR threshold IS DISTINCT FROM its_threshold)}, 'figures and thresholds are what they were');
none(q{SELECT * FROM days.compared WHERE state NOT IN ('unknown', 'spared') AND state <> CASE outcome WHEN 'approve' THEN 'passed' WHEN 'skipped' THEN 'skipped' ELSE 'broken' END}, 'rules are broken where they were');
none(q{SELECT kind, count(*) FROM days.compared WHERE state = 'unknown' GROUP BY kind, (SELECT count(*) FROM days.compared) HAVING count(*) * 10 > (SELECT count(*) FROM days.compared a)}, 'little is unknown');

is_deeply([missing()], [], 'every kind of rule was broken, and passed');
note join "\n", map { "$_ $happened{$_}" } sort keys %happened;
note $db->query(q{SELECT string_agg(kind || ' ' || state || ' ' || n, E'\n' ORDER BY kind, state) FROM (SELECT kind, state, count(*) AS n FROM days.compared GROUP BY 1, 2) x});
done_testing();
