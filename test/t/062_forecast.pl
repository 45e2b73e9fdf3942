#!/usr/bin/env perl
# 062_forecast.pl: the laws of the cash forecast over random histories.
#
# Invoices, payments, allocations taken off again, voids, returns, write-offs, refunds, deposits, disputes, promises, payment plans
# and changes of due dates of half a year.  On many days in it the forecast is what plain SQL over documents and
# allocations says is to come, in lines, in weeks and for each item; what it learnt of a customer is what plain SQL learns;
# nothing is expected before the day; and what it said at a moment it says ever after of that moment.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
#   CREDIT_CONTROL_STEPS   how long a history
use strict;
use warnings;

use Test::More;

use Chance qw(seeded pick chance between);
use Psql;

my (undef, $steps) = seeded(200);

my $db = Psql->fresh_database('forecast');
$db->query("SELECT credit.create_ledger('ar', 'USD', '0,30,60', 'Etc/UTC')");
$db->query('SET search_path = ar, public');
$db->query('SET jit = off');
$db->query("SELECT add_customer('customer ' || n, n) FROM generate_series(1, 3) n");
$db->query("SELECT set_risk_class(1, 'retail'), set_risk_class(2, 'retail'), set_fx_rate('EUR', 1.1, '2019-01-01')");

$db->query(<<'SQL');
-- A forecast knows what happened before its first day; one of today, what happened today.
CREATE FUNCTION before(day date) RETURNS date LANGUAGE sql AS 'SELECT CASE WHEN day = ar.ledger_today() THEN day + 1 ELSE day END';
-- What is to come: what is owed, less credits that are free to pay it.
CREATE FUNCTION to_come(day date) RETURNS TABLE (customer_id bigint, currency text, amount numeric) LANGUAGE sql AS $$
	SELECT o.customer_id, o.currency, GREATEST(COALESCE(sum(o.open) FILTER (WHERE o.open > 0), 0) + COALESCE(sum(o.open) FILTER (WHERE o.open < 0 AND NOT o.reserved), 0), 0)
	FROM (
		SELECT i.customer_id, i.currency, i.amount
				- COALESCE((SELECT sum(a.amount) FROM ar.allocation a WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on < before(day)), 0)
				+ COALESCE((SELECT sum(a.amount) FROM ar.allocation a WHERE a.customer_id = i.customer_id AND a.credit_item_id = i.item_id AND a.applied_on < before(day)), 0) AS open,
			d.kind = 'deposit' AND d.side = 'credit' AND NOT EXISTS (SELECT FROM ar.deposit_release r
				WHERE r.customer_id = d.customer_id AND r.document_id = d.document_id AND r.released_on < before(day)) AS reserved
		FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE d.posting_date < before(day)) o
	GROUP BY 1, 2
$$;
-- How late each item was that a customer paid in the year before a day.
CREATE FUNCTION paid_before(day date) RETURNS TABLE (customer_id bigint, item_id bigint, disputed boolean, days integer) LANGUAGE sql AS $$
	SELECT b.customer_id, b.debit_item_id, EXISTS (SELECT FROM ar.dispute q WHERE q.customer_id = b.customer_id AND q.item_id = b.debit_item_id AND q.opened_on < before(day)),
		round(sum(b.amount * b.days_late) / sum(b.amount))::integer
	FROM ar.bi_allocations b
	WHERE b.applied_on < before(day) AND b.paid_on >= day - 365 AND b.due_date IS NOT NULL AND b.credit_kind IN ('payment', 'deposit', 'set_off')
		AND b.debit_kind IN ('invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge', 'adjustment')
	GROUP BY 1, 2 HAVING sum(b.amount) > 0
$$;
CREATE FUNCTION said(day date, known timestamptz DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT COALESCE(jsonb_agg(to_jsonb(e) ORDER BY e.customer_id, e.item_id, e.basis, e.disputed, e.expected_on, e.amount, e.late_on), '[]') FROM ar.expected_payments(day, known, NULL, 2) e
$$;
CREATE TABLE kept (day date, at timestamptz, said jsonb);
SQL

# ---- what people do; days are counted from today, 0 ----

my $n = 0;
sub day { my ($low, $high) = @_; return 'ledger_today() + ' . between($low // -180, $high // 0); }
sub document { my ($where) = @_; return "(SELECT customer_id, document_id FROM document WHERE $where ORDER BY random() LIMIT 1) t"; }
sub item { my ($where) = @_; return "(SELECT i.customer_id, i.item_id, i.open_amount, i.currency FROM item i WHERE $where ORDER BY random() LIMIT 1) t"; }
sub money { return sprintf '%.2f', between(1, 90000) / 100; }
sub currency { return pick("'USD'", "'USD'", "'USD'", "'EUR'"); }

my @deeds = (
	(sub { my $d = day(-180, -1); $n++; return sprintf "SELECT post_invoice(%d, 'N-%d', %s, %s, %s + %d, %s)", between(1, 3), $n, $d, money(), $d, between(0, 60), currency() }) x 8,
	(sub { $n++; return sprintf "SELECT %s(%d, 'N-%d', %s, %s, p_currency => %s)", pick('post_payment', 'post_payment', 'post_credit_note'), between(1, 3), $n, day(), money(), currency() }) x 2,
	# Paid in full, so many days late.
	(sub { $n++; my $late = between(-10, 60);
		return "DO \$x\$ DECLARE t record; paid bigint; BEGIN SELECT i.*, LEAST(GREATEST(i.due_date + $late, i.posting_date), ledger_today()) AS on_day INTO t FROM item i"
			. " WHERE i.open_amount > 0 ORDER BY random() LIMIT 1; IF FOUND THEN paid := post_payment(t.customer_id, 'N-$n', t.on_day, t.open_amount, t.currency);"
			. " PERFORM allocate(t.customer_id, i.item_id, t.item_id, t.open_amount, t.on_day) FROM item i WHERE i.customer_id = t.customer_id AND i.document_id = paid; END IF; END \$x\$" }) x 6,
	(sub { my $d = day(); return "SELECT apply_payment(t.customer_id, t.document_id, p_applied_on => $d) FROM " . document("kind IN ('payment', 'credit_note') AND side = 'credit'") }) x 3,
	sub { my $d = day(); return "SELECT reverse_allocation(customer_id, allocation_id, $d) FROM (SELECT * FROM allocation WHERE reverses IS NULL ORDER BY random() LIMIT 1) t" },
	sub { my $d = day(); return "SELECT void_document(t.customer_id, t.document_id, 'oops', $d) FROM " . document('true') },
	sub { my $d = day(); return "SELECT return_payment(t.customer_id, t.document_id, $d) FROM " . document("kind = 'payment'") },
	sub { my $d = day(); return "SELECT write_off(t.customer_id, t.item_id, 'gone', round(t.open_amount / 2 + 0.005, 2), $d) FROM " . item('open_amount > 0') },
	sub { my $d = day(); return "SELECT refund(t.customer_id, t.document_id, p_refunded_on => $d) FROM " . document("side = 'credit'") },
	sub { my ($d, $due) = (day(), day(-150, 60)); return "SELECT set_due_date(t.customer_id, t.item_id, $due, 'agreed', 'boss', $d) FROM " . item('amount > 0') },
	sub { $n++; return sprintf "SELECT post_deposit(%d, 'N-%d', %s, %s, 'O-%d')", between(1, 3), $n, day(), money(), $n },
	sub { return "SELECT release_deposit(t.customer_id, t.document_id, 'cancelled') FROM " . document("kind = 'deposit'") },
	(sub { my $d = day(-60, 0); return "SELECT open_dispute(t.customer_id, t.item_id, round(t.open_amount / 3 + 0.005, 2), 'price_error', p_opened_on => $d) FROM " . item('open_amount > 0') }) x 2,
	sub { return "SELECT reject_dispute(customer_id, dispute_id, 'they pay') FROM (SELECT * FROM dispute WHERE ended_on IS NULL ORDER BY random() LIMIT 1) t" },
	sub { my ($d, $due) = (day(-30, 0), day(0, 40)); return "SELECT make_promise(t.customer_id, $due, round(t.open_amount / 2 + 0.005, 2), ARRAY[t.item_id], p_promised_on => $d) FROM " . item('open_amount > 0') },
	sub { my ($d, $due) = (day(-30, 0), day(0, 40)); return sprintf "SELECT make_promise(%d, $due, %s, p_promised_on => $d)", between(1, 3), money() },
	sub { return 'SELECT evaluate_promises()' },
	sub { return "SELECT start_plan(t.customer_id, propose_plan(t.customer_id, ARRAY[t.item_id], 'slow season', ARRAY[ledger_today() + 10, ledger_today() + 40],"
			. ' ARRAY[round(t.open_amount / 3, 2), t.open_amount - round(t.open_amount / 3, 2)])) FROM ' . item('open_amount > 1') },
	sub { return 'SELECT evaluate_plans()' });

# ---- laws: each query must find nothing ----

my %laws = (
	'lines are what is to come' => <<'SQL',
SELECT COALESCE(e.customer_id, o.customer_id), COALESCE(e.currency, o.currency), e.amount, o.amount
FROM (SELECT x.customer_id, x.currency, sum(x.amount) AS amount FROM expected_payments(DAY, NULL, NULL, 2) x GROUP BY 1, 2) e
	FULL JOIN (SELECT * FROM to_come(DAY) t WHERE t.amount > 0) o USING (customer_id, currency) WHERE e.amount IS DISTINCT FROM o.amount
SQL
	'so are weeks' => <<'SQL',
SELECT currency, f.amount, o.amount FROM (SELECT x.currency, sum(x.expected) AS amount FROM cash_forecast(DAY, 6, NULL, 2) x GROUP BY 1) f
	FULL JOIN (SELECT t.currency, sum(t.amount) AS amount FROM to_come(DAY) t WHERE t.amount > 0 GROUP BY 1) o USING (currency) WHERE f.amount IS DISTINCT FROM o.amount
SQL
	'no item is expected twice, nothing in the past, and one customer is a part of all' => <<'SQL',
SELECT 'twice', x.customer_id, x.item_id, sum(x.amount), min(x.open_amount) FROM expected_payments(DAY, NULL, NULL, 2) x GROUP BY 2, 3 HAVING sum(x.amount) > min(x.open_amount) OR min(x.amount) <= 0
UNION ALL SELECT 'past', x.customer_id, x.item_id, x.amount, NULL FROM expected_payments(DAY, NULL, NULL, 2) x WHERE LEAST(x.expected_on, x.early_on, x.late_on) < DAY OR x.early_on > x.late_on
UNION ALL (SELECT 'one', p.customer_id, p.item_id, p.amount, NULL FROM (SELECT * FROM expected_payments(DAY, NULL, 2, 2) EXCEPT SELECT * FROM expected_payments(DAY, NULL, NULL, 2)) p)
SQL
	'what was learnt of a customer is what plain SQL learns' => <<'SQL',
SELECT e.customer_id, e.item_id, e.basis, e.experiences, s.n, e.expected_on - e.due_date, s.mean, e.early_on - e.due_date, s.early, e.late_on - e.due_date, s.late
FROM expected_payments(DAY, NULL, NULL, 2) e CROSS JOIN LATERAL (
	SELECT count(*) AS n, round(avg(p.days))::integer AS mean, percentile_disc(0.1) WITHIN GROUP (ORDER BY p.days) AS early, percentile_disc(0.9) WITHIN GROUP (ORDER BY p.days) AS late
	FROM paid_before(DAY) p WHERE p.customer_id = e.customer_id AND p.disputed = e.disputed AND p.days >= DAY - e.due_date) s
WHERE e.basis IN ('customer', 'risk_class', 'ledger', 'unknown') AND (e.basis <> 'customer' AND s.n >= 2 OR e.basis = 'customer' AND s.n = 0 OR e.basis = 'unknown' AND s.n > 0
	OR (e.basis = 'customer' AND (e.experiences, e.expected_on - e.due_date, e.early_on - e.due_date, e.late_on - e.due_date) IS DISTINCT FROM (s.n, s.mean, s.early, s.late)))
SQL
	'what was said at a moment is said of that moment ever after' => <<'SQL');
SELECT k.day, k.at, a.line AS was, b.line AS is FROM kept k CROSS JOIN LATERAL (SELECT said(k.day, k.at) AS now) s
	CROSS JOIN LATERAL (SELECT * FROM jsonb_array_elements_text(k.said) x (line) EXCEPT ALL SELECT * FROM jsonb_array_elements_text(s.now)) a
	LEFT JOIN LATERAL (SELECT * FROM jsonb_array_elements_text(s.now) x (line) EXCEPT ALL SELECT * FROM jsonb_array_elements_text(k.said)) b ON true WHERE k.said <> s.now
SQL

my %wrong = map { $_ => 0 } keys %laws;
my $lines = 0;
sub check_laws
{
	my $day = $db->query('SELECT ' . day(-90, 1));
	foreach my $law (sort keys %laws)
	{
		(my $query = $laws{$law}) =~ s/\bDAY\b/'$day'::date/g;
		my @found = $db->rows($query) or next;
		$wrong{$law}++;
		diag "$law, $day:\n  ", join "\n  ", map { join '|', map { $_ // '' } @$_ } @found[ 0 .. ($#found < 3 ? $#found : 3) ];
	}
	$lines += $db->query("SELECT count(*) FROM expected_payments('$day', NULL, NULL, 2) WHERE basis <> 'unknown'");
	$db->query('INSERT INTO kept SELECT v.day, clock_timestamp(), said(v.day) FROM (VALUES (ledger_today() + 1), (' . day(-60, 0) . ')) v (day)') if chance(40);
	return;
}

my (%happened, @unexpected);
foreach my $step (1 .. $steps)
{
	my ($sql) = pick(@deeds)->();
	my ($state, $said) = $db->try($sql);
	chomp $said;
	$happened{ $state eq '00000' ? 'done' : 'refused' }++;
	push @unexpected, "$sql: $said" if $state !~ /^(00000|RC006|RC007|22023|22008|23503|23505|55000)$/;
	check_laws() if $step % 10 == 0;
}
check_laws();
is("@unexpected", '', 'nothing fails but for a reason');
is($wrong{$_}, 0, $_) foreach sort keys %wrong;
cmp_ok($lines, '>', 20, 'much was foreseen');
cmp_ok($happened{done}, '>', $steps / 3, 'most of it happened');
note join ', ', map { "$_: $happened{$_}" } sort keys %happened;
done_testing();
