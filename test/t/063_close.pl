#!/usr/bin/env perl
# 063_close.pl: the laws of the close, with periods closed and opened again in the middle of a random history.
#
# Documents, allocations, reversals, voids, returns, write-offs, refunds, transfers, disputes and changes of due dates are dated here and
# there in a year whose months are closed one after the other, some of them opened and closed again.  What is dated into a
# closed month is refused, and nothing else is refused for that reason.  What a close froze is what plain SQL over
# documents and allocations says of that day, then and ever after; the roll-forward of every month foots and leads
# from one balance to the next; every entry balances, and the control accounts are the balances of any day.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
#   CREDIT_CONTROL_STEPS   how long a history
use strict;
use warnings;

use Test::More;

use Chance qw(seeded pick chance between);
use Psql;

my (undef, $steps) = seeded(360);

my $db = Psql->fresh_database('closing');
$db->query("SELECT credit.create_ledger('ar', 'USD', '0,30,60', 'Etc/UTC')");
$db->query('SET search_path = ar, public');
$db->query('SET jit = off');
$db->query("SELECT add_customer('customer ' || n, n) FROM generate_series(1, 4) n");
$db->query("SELECT set_fx_rate('EUR', 1.1, '2019-01-01'), set_fx_rate('EUR', 1.25, '2020-04-15'), add_fiscal_year(2020), grant_authority(session_user, 'reopen_period')");

# What plain SQL says: every item less what was applied to it by then, by the due date in force then.
$db->query(<<'SQL');
CREATE FUNCTION oracle(as_of date) RETURNS TABLE (customer_id bigint, currency text, total numeric, unapplied numeric, amounts numeric[]) LANGUAGE sql AS $$
	WITH open AS (
		SELECT i.customer_id, i.currency, i.amount
				- COALESCE((SELECT sum(a.amount) FROM ar.allocation a WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on <= as_of), 0)
				+ COALESCE((SELECT sum(a.amount) FROM ar.allocation a WHERE a.customer_id = i.customer_id AND a.credit_item_id = i.item_id AND a.applied_on <= as_of), 0) AS open,
			as_of - CASE WHEN EXISTS (SELECT FROM ar.due_date_change c WHERE c.customer_id = i.customer_id AND c.item_id = i.item_id AND c.effective_on <= as_of)
				THEN (SELECT c.due_date FROM ar.due_date_change c WHERE c.customer_id = i.customer_id AND c.item_id = i.item_id AND c.effective_on <= as_of
					ORDER BY c.effective_on DESC, c.due_date_change_id DESC LIMIT 1)
				ELSE COALESCE((SELECT c.previous_due_date FROM ar.due_date_change c WHERE c.customer_id = i.customer_id AND c.item_id = i.item_id
					ORDER BY c.due_date_change_id LIMIT 1), i.due_date) END AS days
		FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE d.posting_date <= as_of)
	SELECT o.customer_id, o.currency, sum(o.open), COALESCE(sum(o.open) FILTER (WHERE o.open < 0), 0), ARRAY[
		COALESCE(sum(o.open) FILTER (WHERE o.open > 0 AND o.days <= 0), 0), COALESCE(sum(o.open) FILTER (WHERE o.open > 0 AND o.days BETWEEN 1 AND 30), 0),
		COALESCE(sum(o.open) FILTER (WHERE o.open > 0 AND o.days BETWEEN 31 AND 60), 0), COALESCE(sum(o.open) FILTER (WHERE o.open > 0 AND o.days > 60), 0)]
	FROM open o WHERE o.open <> 0 GROUP BY 1, 2
$$;
CREATE TABLE frozen (as_of date, version integer, customer_id bigint, currency text, total numeric, unapplied numeric, amounts numeric[]);
SQL

# ---- what people do: a call, and the business dates it would write ----

my $closed = 0;    # months closed
my $n = 0;
sub day { my ($low) = @_; return sprintf '2020-%02d-%02d', between($low // 1, $closed < 7 ? $closed + 3 : 10), between(1, 28); }
sub closed_through { return $closed ? $db->query("SELECT ends_on FROM period WHERE name = '2020-" . sprintf('%02d', $closed) . "'") : ''; }
sub document { my ($where) = @_; return "(SELECT customer_id, document_id FROM document WHERE $where ORDER BY random() LIMIT 1) t"; }
sub item { my ($where) = @_; return "(SELECT customer_id, item_id, open_amount FROM item WHERE $where ORDER BY random() LIMIT 1) t"; }
sub money { return sprintf '%.2f', between(1, 90000) / 100; }

sub post
{
	my ($doc, $posting) = (day(), chance(60) ? undef : day());
	my $kind = pick(qw(invoice invoice invoice debit_note finance_charge credit_note payment payment deposit set_off adjustment));
	my $side = $kind eq 'adjustment' ? pick("'debit'", "'credit'") : 'NULL';
	my $posted = $posting ? "'$posting'" : 'NULL';
	my @dates = $posting ? ($posting) : ();
	$n++;
	return (sprintf("SELECT post_document('%s', %d, 'N-%d', '%s', %s, %s, %s, %s, p_side => %s, p_order_id => %s, p_terms => %s)", $kind, between(1, 4), $n, $doc, money(),
			$kind =~ /invoice|note|charge|adjustment/ && $kind ne 'credit_note' && $n % 3 ? sprintf("'%s'::date + %d", $doc, between(0, 90)) : 'NULL', pick("'USD'", "'USD'", "'EUR'"),
			$posted, $side, $kind eq 'deposit' ? "'O-$n'" : 'NULL', $kind =~ /invoice|debit_note|charge/ && !($n % 3) ? "'1/2 10, 1/2 40'" : 'NULL'), @dates);
}

my @deeds = (
	(\&post) x 8,
	(sub { my $d = day(); return ("SELECT apply_payment(t.customer_id, t.document_id, p_applied_on => '$d') FROM " . document("kind IN ('payment', 'credit_note') AND side = 'credit'"), $d) }) x 5,
	sub { my $d = day(); return ("SELECT reverse_allocation(customer_id, allocation_id, '$d') FROM (SELECT * FROM allocation WHERE reverses IS NULL ORDER BY random() LIMIT 1) t", $d) },
	sub { my $d = day(); return ("SELECT void_document(t.customer_id, t.document_id, 'oops', '$d') FROM " . document('true'), $d) },
	sub { my $d = day(); return ("SELECT return_payment(t.customer_id, t.document_id, '$d') FROM " . document("kind = 'payment'"), $d) },
	sub { my $d = day(); return ("SELECT write_off(t.customer_id, t.item_id, 'gone', round(t.open_amount / 2 + 0.005, 2), '$d') FROM " . item('open_amount > 0'), $d) },
	sub { my $d = day(); return ("SELECT refund(t.customer_id, t.document_id, p_refunded_on => '$d') FROM " . document("side = 'credit'"), $d) },
	sub { my $d = day(); return ("SELECT transfer_credit(t.customer_id, t.document_id, 1 + t.customer_id % 4, 'theirs', p_transferred_on => '$d') FROM " . document("side = 'credit'"), $d) },
	sub { my $d = day(); return ("SELECT set_due_date(t.customer_id, t.item_id, '" . day() . "', 'agreed', 'boss', '$d') FROM " . item('amount > 0'), $d) },
	(sub { my $d = day(); return ("SELECT open_dispute(t.customer_id, t.item_id, round(t.open_amount / 3 + 0.005, 2), 'price_error', p_opened_on => '$d') FROM " . item('open_amount > 0'), $d) }) x 2,
	sub { return ("SELECT reject_dispute(customer_id, dispute_id, 'they pay') FROM (SELECT * FROM dispute WHERE ended_on IS NULL ORDER BY random() LIMIT 1) t") },
	sub { return ('SELECT release_deposit(t.customer_id, t.document_id, \'cancelled\') FROM ' . document("kind = 'deposit'")) },
	sub {
		my @rows = map { [ between(1, 4), 'C-' . ++$n, day(), money() ] } 1 .. between(1, 3);
		return ('INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, amount) VALUES '
			  . join(', ', map { "($_->[0], 'invoice', '$_->[1]', '$_->[2]', '$_->[2]', '2020-12-01', $_->[3])" } @rows), map { $_->[2] } @rows);
	});

# ---- laws: each query must find nothing ----

my %laws = (
	'a snapshot is what plain SQL said when it was taken' => <<'SQL',
SELECT COALESCE(s.as_of, f.as_of), COALESCE(s.version, f.version), COALESCE(s.customer_id, f.customer_id), s.total, f.total, credit.amounts(s.aging), f.amounts
FROM snapshot s FULL JOIN frozen f USING (as_of, version, customer_id, currency)
WHERE (s.total = f.total AND s.unapplied = f.unapplied AND credit.amounts(s.aging) = f.amounts AND s.past_due = f.amounts[2] + f.amounts[3] + f.amounts[4]
	AND s.worst_bucket = COALESCE((SELECT max(b) FROM unnest(f.amounts) WITH ORDINALITY u (a, b) WHERE a <> 0), 0)) IS NOT TRUE
SQL
	'and plain SQL still says so' => <<'SQL',
SELECT p.name, f.customer_id, f.total, o.customer_id, o.total
FROM period p CROSS JOIN LATERAL (SELECT * FROM frozen f WHERE f.as_of = p.ends_on AND f.version = p.version) f FULL JOIN (
	SELECT q.ends_on, o.* FROM period q CROSS JOIN LATERAL oracle(q.ends_on) o WHERE q.state IN ('closed', 'locked')) o
	ON o.ends_on = p.ends_on AND o.customer_id = f.customer_id AND o.currency = f.currency
WHERE (p.state IS NULL OR p.state IN ('closed', 'locked')) AND (o.total = f.total AND o.unapplied = f.unapplied AND o.amounts = f.amounts) IS NOT TRUE
SQL
	'and so does aging_at()' => 'SELECT * FROM verify_snapshots()',
	'nothing was posted, applied or re-dated on a closed day after it was closed' => <<'SQL',
SELECT 'document', d.number FROM document d, period p WHERE p.state IN ('closed', 'locked') AND d.posting_date BETWEEN p.starts_on AND p.ends_on
	AND d.document_id > (SELECT s.last_document FROM shut s WHERE s.name = p.name ORDER BY s.id DESC LIMIT 1)
UNION ALL SELECT 'allocation', a.allocation_id::text FROM allocation a, period p WHERE p.state IN ('closed', 'locked') AND a.applied_on BETWEEN p.starts_on AND p.ends_on
	AND a.allocation_id > (SELECT s.last_allocation FROM shut s WHERE s.name = p.name ORDER BY s.id DESC LIMIT 1)
SQL
	'roll-forwards foot, and lead from one balance to the next' => <<'SQL',
WITH rolled AS MATERIALIZED (SELECT p.starts_on, p.ends_on, r.* FROM period p CROSS JOIN LATERAL roll_forward(p.name) r WHERE p.starts_on < '2020-11-01')
SELECT r.ends_on, r.customer_id, r.currency, r.opening, r.closing, o.total, n.opening, r.difference
FROM rolled r LEFT JOIN rolled n ON n.starts_on = r.ends_on + 1 AND n.customer_id = r.customer_id AND n.currency = r.currency
	LEFT JOIN LATERAL (SELECT x.total FROM oracle(r.ends_on) x WHERE x.customer_id = r.customer_id AND x.currency = r.currency) o ON true
WHERE r.difference <> 0 OR r.closing <> COALESCE(o.total, 0) OR (n.opening IS NOT NULL AND n.opening <> r.closing)
	OR r.closing <> r.opening + r.invoice + r.debit_note + r.credit_note + r.payment + r.returned_payment + r.discount + r.fx_difference + r.finance_charge + r.fee
		+ r.write_off + r.recovery + r.refund + r.adjustment + r.transfer + r.set_off + r.deposit + r.core_charge
SQL
	'transfers are nothing in all' => <<'SQL',
SELECT t.* FROM period p CROSS JOIN LATERAL roll_forward_total(p.name) t WHERE t.difference <> 0 OR t.transfer <> 0
SQL
	'every entry balances' => <<'SQL',
SELECT customer_id, entry FROM ledger_entries GROUP BY 1, 2, currency HAVING sum(debit) <> sum(credit) OR sum(base_debit) IS DISTINCT FROM sum(base_credit)
	OR bool_or(account IS NULL OR debit < 0 OR credit < 0 OR base_debit < 0 OR base_credit < 0)
SQL
	'every document and allocation is an entry' => <<'SQL',
SELECT 'document', document_id FROM document d WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.customer_id = d.customer_id AND e.entry = 'document ' || d.document_id AND e.posting_date = d.posting_date)
UNION ALL SELECT 'allocation', allocation_id FROM allocation a WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.customer_id = a.customer_id AND e.allocation_id = a.allocation_id)
SQL
	'verify_ledger() finds nothing' => 'SELECT * FROM verify_ledger()');

sub control_accounts
{
	my ($day) = @_;
	return <<"SQL";
SELECT b.role, b.currency, b.balance, e.balance FROM control_balances('$day') b FULL JOIN (SELECT role, currency, sum(debit - credit) AS balance FROM ledger_entries
	WHERE role IN ('receivable', 'unapplied', 'deposits') AND posting_date <= '$day' GROUP BY 1, 2) e USING (role, currency) WHERE COALESCE(b.balance, 0) <> COALESCE(e.balance, 0)
UNION ALL SELECT 'in all', o.currency, o.total, b.balance FROM (SELECT currency, sum(total) AS total FROM oracle('$day') GROUP BY 1) o
	LEFT JOIN (SELECT currency, sum(balance) AS balance FROM control_balances('$day') GROUP BY 1) b USING (currency) WHERE o.total <> COALESCE(b.balance, 0)
SQL
}

my %wrong;
sub find_nothing
{
	my ($law, $query) = @_;
	my @found = $db->rows($query);
	$wrong{$law} //= 0;
	return if !@found;
	$wrong{$law}++;
	diag "$law:\n  ", join "\n  ", map { join '|', @$_ } @found[ 0 .. ($#found < 5 ? $#found : 5) ];
	return;
}

sub check_laws
{
	find_nothing($_, $laws{$_}) foreach sort keys %laws;
	find_nothing('control accounts are the balances of the day', control_accounts(day())) foreach 1 .. 2;
	return;
}

# ---- the history ----

$db->query('CREATE TABLE shut (id serial, name text, last_document bigint, last_allocation bigint)');
my (%happened, @unexpected);
my $locked = 0;

sub close_month
{
	my $month = sprintf '2020-%02d', $closed + 1;
	my ($state, $said) = $db->try("CALL close_period('$month', '{unapplied_cash}', 'known')");
	if ($state ne '00000')
	{
		push @unexpected, "close of $month: $said";
		return;
	}
	$closed++;
	$happened{closed}++;
	$db->query("INSERT INTO shut (name, last_document, last_allocation) SELECT '$month', COALESCE((SELECT max(document_id) FROM document), 0), COALESCE((SELECT max(allocation_id) FROM allocation), 0)");
	$db->query("INSERT INTO frozen SELECT p.ends_on, p.version, o.* FROM period p CROSS JOIN LATERAL oracle(p.ends_on) o WHERE p.name = '$month'");
	return;
}

sub reopen_month
{
	my $month = sprintf '2020-%02d', $closed;
	my ($state) = $db->try("SELECT reopen_period('$month', 'something is missing')");
	my $wanted = $closed <= $locked ? '55000' : '00000';
	push @unexpected, "reopening $month: $state" if $state ne $wanted;
	$closed-- if $state eq '00000';
	$happened{"reopened $state"}++;
	return;
}

foreach my $step (1 .. $steps)
{
	if ($step % int($steps / 14 + 1) == 0 && $closed < 9)
	{
		close_month();
		check_laws() if chance(15);
	}
	elsif ($closed && chance(2)) { reopen_month(); }
	elsif ($closed > 2 && !$locked && chance(2))
	{
		$locked = $closed - 1;
		$db->query(sprintf "SELECT lock_period('2020-%02d', 'audited')", $locked);
	}
	my ($sql, @dates) = pick(@deeds)->();
	my $through = closed_through();
	my $into_closed = grep { $_ le $through } @dates;
	my ($state, $said) = $db->try($sql);
	chomp $said;
	$happened{ ($state eq 'RC003' ? 'into a closed month' : $state eq '00000' ? 'done' : 'other reasons') }++;
	push @unexpected, "step $step, closed through $through: $sql: $said\n" if $into_closed ? $state eq '00000' && $said !~ /^(0(\.0+)?)?$/ : $state eq 'RC003';
	push @unexpected, "$sql: $said" if $state !~ /^(00000|RC003|RC007|22023|22008|23503|23505|55000|RC006)$/;
}
close_month() while $closed < 10 && !@unexpected;
check_laws();
is("@unexpected", '', 'what is dated into a closed month is refused, and nothing else is');
is($wrong{$_}, 0, $_) foreach sort keys %wrong;
my $enough = $steps >= 360;
cmp_ok($happened{$_} // 0, '>', 0, "it happened: $_") foreach $enough ? ('closed', 'done', 'into a closed month') : ('closed', 'done');
note join ', ', map { "$_: $happened{$_}" } sort keys %happened;
done_testing();
