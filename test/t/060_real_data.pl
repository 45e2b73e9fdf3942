#!/usr/bin/env perl
# 060_real_data.pl: two years of a real company's invoices and payments, posted and applied as they happened, and every
# aging figure of many past days against plain SQL over the raw file.
#
# The file, ibm_late_payment_histories.csv, is not part of the project: CREDIT_CONTROL_DATA names its directory.
use strict;
use warnings;

use Test::More;

use Psql;

my $directory = $ENV{CREDIT_CONTROL_DATA} // '';
my $file = "$directory/ibm_late_payment_histories.csv";
plan skip_all => 'no ibm_late_payment_histories.csv: CREDIT_CONTROL_DATA names the directory it is in' if !-r $file;

my $db = Psql->fresh_database('real_data');
$db->query(<<'END');
CREATE TABLE raw (country text, customer text, paperless_date date, invoice text, invoice_date date, due_date date,
	amount numeric, disputed text, settled_date date, bill text, days_to_settle integer, days_late integer)
END
$db->query("SET datestyle = 'ISO, MDY'");
open my $csv, '<', $file or die "cannot read $file: $!";
my (undef, @lines) = <$csv>;
s/\r?\n\z// for @lines;
$db->query('COPY raw FROM STDIN (FORMAT csv)', @lines);
my $invoices = $db->query('SELECT count(*) FROM raw');
cmp_ok($invoices, '>', 2000, "$invoices invoices");

sub find_nothing
{
	my ($name, $query) = @_;

	is($db->query("SELECT count(*) FROM ($query) found"), 0, $name);
	return;
}

# ---- one by one, as it happened, through the functions ----

$db->query("SELECT credit.create_ledger('$_', 'USD')") for 'single', 'bulk', 'monthly';
$db->query('SELECT single.add_customer(customer, p_number => customer) FROM (SELECT DISTINCT customer FROM raw ORDER BY 1) c');
$db->query(<<'END');
DO $$
DECLARE
	event record;
	who bigint;
	payment bigint;
	credit_item bigint;
	debit_items bigint[];
	invoice_item bigint;
BEGIN
	FOR event IN
		SELECT r.*, e.is_payment
		FROM raw r, LATERAL (VALUES (false, r.invoice_date), (true, r.settled_date)) e (is_payment, happened)
		ORDER BY e.happened, e.is_payment, r.invoice
	LOOP
		SELECT c.customer_id INTO STRICT who FROM single.customer c WHERE c.number = event.customer;
		IF NOT event.is_payment THEN
			PERFORM single.post_invoice(who, event.invoice, event.invoice_date, event.amount, event.due_date);
			CONTINUE;
		END IF;
		payment := single.post_payment(who, 'for ' || event.invoice, event.settled_date, event.amount);
		SELECT min(o.item_id) FILTER (WHERE o.document_id = payment), array_agg(o.item_id) FILTER (WHERE o.kind = 'invoice'),
			min(o.item_id) FILTER (WHERE o.number = event.invoice)
		INTO STRICT credit_item, debit_items, invoice_item
		FROM single.open_items o WHERE o.customer_id = who;
		-- Where there is nothing to choose from, the ledger may choose.
		IF debit_items = ARRAY[invoice_item] THEN
			PERFORM single.apply_payment(who, payment, p_applied_on => event.settled_date);
		ELSE
			PERFORM single.allocate(who, credit_item, invoice_item, event.amount, event.settled_date);
		END IF;
	END LOOP;
END $$
END

# ---- the same by COPY and INSERT ... SELECT; and as of a clerk who applies payments once a month ----

$db->query(<<'END');
CREATE FUNCTION applied_on(settled_date date, monthly boolean) RETURNS date LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN monthly THEN (date_trunc('month', settled_date) + interval '1 month 14 days')::date ELSE settled_date END
$$
END

sub copy_into
{
	my ($into, $query) = @_;

	$db->query("COPY $into FROM STDIN", split /\n/, $db->query("COPY ($query) TO STDOUT"));
	return;
}

foreach my $ledger ('bulk', 'monthly')
{
	my $monthly = $ledger eq 'monthly' ? 'true' : 'false';
	my $from = "FROM raw r JOIN $ledger.customer c ON c.number = r.customer";
	my $items = "JOIN $ledger.open_items d ON d.customer_id = c.customer_id AND d.number = r.invoice"
	  . " JOIN $ledger.open_items p ON p.customer_id = c.customer_id AND p.number = 'for ' || r.invoice";
	my $allocation = "$ledger.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)";
	my $allocations = "SELECT c.customer_id, p.item_id, d.item_id, r.amount, applied_on(r.settled_date, $monthly) $from $items";

	copy_into("$ledger.customer (name, number)", 'SELECT customer, customer FROM raw GROUP BY customer ORDER BY 1');
	copy_into("$ledger.document (customer_id, kind, number, doc_date, due_date, amount)",
		"SELECT c.customer_id, 'invoice', r.invoice, r.invoice_date, r.due_date, r.amount $from");
	$db->query("INSERT INTO $ledger.document (customer_id, kind, number, doc_date, amount)"
		  . " SELECT c.customer_id, 'payment', 'for ' || r.invoice, r.settled_date, r.amount $from");
	if ($ledger eq 'bulk') { copy_into($allocation, $allocations); }
	else                   { $db->query("INSERT INTO $allocation $allocations"); }
}

# ---- what the raw file says of any day ----

$db->query(<<'END');
CREATE FUNCTION raw_aging(as_of date, basis text, bounds integer[], monthly boolean)
RETURNS TABLE (customer text, total numeric, past_due numeric, unapplied numeric, amounts numeric[], counts bigint[])
LANGUAGE sql STABLE AS $$
	WITH invoice AS (
		SELECT r.customer, r.amount, r.settled_date <= as_of AS paid,
			as_of - CASE basis WHEN 'due_date' THEN r.due_date ELSE r.invoice_date END AS days
		FROM raw r
		WHERE r.invoice_date <= as_of AND applied_on(r.settled_date, monthly) > as_of),
	-- Bucket n ends with its bound, inclusive; the last one has no end.
	bucket AS (
		SELECT n, lag(bound, 1, -100000) OVER (ORDER BY n) AS above, COALESCE(bound, 100000) AS up_to
		FROM unnest(bounds || NULL::integer) WITH ORDINALITY b (bound, n)),
	bucketed AS (
		SELECT c.customer, b.n, COALESCE(sum(i.amount), 0) AS amount, count(i.amount) AS items
		FROM (SELECT DISTINCT customer FROM invoice) c CROSS JOIN bucket b
			LEFT JOIN invoice i ON i.customer = c.customer AND i.days > b.above AND i.days <= b.up_to
		GROUP BY 1, 2)
	SELECT a.customer, a.total, a.past_due, a.unapplied, b.amounts, b.counts
	FROM (SELECT i.customer, COALESCE(sum(i.amount) FILTER (WHERE NOT i.paid), 0) AS total,
			COALESCE(sum(i.amount) FILTER (WHERE i.days > 0), 0) AS past_due,
			COALESCE(-sum(i.amount) FILTER (WHERE i.paid), 0) AS unapplied
		FROM invoice i GROUP BY 1) a
		JOIN (SELECT customer, array_agg(amount ORDER BY n) AS amounts, array_agg(items ORDER BY n) AS counts
			FROM bucketed GROUP BY 1) b USING (customer)
$$
END

my ($first, $last) = @{ ($db->rows('SELECT min(invoice_date), max(settled_date) FROM raw'))[0] };
my @days = map { $_->[0] }
  $db->rows("SELECT day::date FROM generate_series(date '$first' + 20, date '$last' + 10, interval '27 days') day");
cmp_ok(scalar @days, '>=', 12, 'as of ' . @days . " days from $days[0] to $days[-1]");

foreach my $ledger ('single', 'bulk', 'monthly')
{
	my $monthly = $ledger eq 'monthly' ? 'true' : 'false';
	my ($rows, $unapplied) = (0, 0);

	find_nothing("$ledger: verify_ledger() finds nothing", "SELECT FROM $ledger.verify_ledger()");
	foreach my $basis ('due_date', 'doc_date')
	{
		foreach my $bounds ('0,30,60,90', '-15,-1,0,7,14,21,28,45')
		{
			my @wrong;

			foreach my $day (@days)
			{
				my $arguments = "'$day', '$basis', p_buckets => '$bounds'";

				$db->query("CREATE TEMP TABLE said AS SELECT c.number AS customer, a.total, a.past_due, a.unapplied, a.amounts,"
					  . " credit.counts(a.aging) FROM $ledger.aging_at($arguments) a JOIN $ledger.customer c USING (customer_id)");
				$db->query("CREATE TEMP TABLE wanted AS SELECT * FROM raw_aging('$day', '$basis', '{$bounds}', $monthly)");
				push @wrong, map { join ' ', $day, @$_ } $db->rows(<<'END');
					SELECT 'ledger', s.* FROM (TABLE said EXCEPT ALL TABLE wanted) s
					UNION ALL SELECT 'file', w.* FROM (TABLE wanted EXCEPT ALL TABLE said) w
END
				my ($counts) = $db->rows('SELECT count(*), count(*) FILTER (WHERE unapplied <> 0) FROM said');
				$rows += $counts->[0];
				$unapplied += $counts->[1];
				$db->query('DROP TABLE said, wanted');
			}
			is(@wrong, 0, "$ledger by $basis in $bounds: every figure of every customer on every day")
			  or diag join "\n", grep { defined } @wrong[ 0 .. 5 ];
		}
	}
	cmp_ok($rows, '>', 1000, "$ledger: $rows rows compared, $unapplied of them with unapplied payments");
	is($unapplied > 0 ? 1 : 0, $ledger eq 'monthly' ? 1 : 0, "$ledger: unapplied payments are where they should be");
	find_nothing("$ledger: in the end everything is settled", "SELECT FROM $ledger.open_items");
	find_nothing("$ledger: and nobody is exposed", "SELECT FROM $ledger.exposure WHERE receivable <> 0 OR unapplied <> 0");
	find_nothing("$ledger: and there is nothing to age today", "SELECT FROM $ledger.aging_summary");
}

sub documents
{
	my ($ledger) = @_;

	return "SELECT c.number AS customer, d.kind, d.number, to_jsonb(i) - '{customer_id,item_id,document_id}'::text[]"
	  . " FROM $ledger.document d JOIN $ledger.item i USING (customer_id, document_id) JOIN $ledger.customer c USING (customer_id)";
}
find_nothing('the ledger that was loaded has every document of the other', documents('single') . ' EXCEPT ' . documents('bulk'));
find_nothing('and no other', documents('bulk') . ' EXCEPT ' . documents('single'));

# ---- how late each payment was ----

find_nothing('the file agrees with itself about days', <<'END');
	SELECT FROM raw
	WHERE days_late <> GREATEST(settled_date - due_date, 0) OR days_to_settle <> settled_date - invoice_date
END
find_nothing('each invoice was settled by one allocation, as late as the file says', <<'END');
	SELECT FROM raw r
		JOIN single.document d ON d.kind = 'invoice' AND d.number = r.invoice
		JOIN single.item i USING (customer_id, document_id)
		LEFT JOIN single.allocation a ON a.customer_id = i.customer_id AND a.debit_item_id = i.item_id
	WHERE (GREATEST(a.applied_on - i.due_date, 0), a.amount) IS DISTINCT FROM (r.days_late, r.amount)
END
find_nothing('aged on the day of its payment, each invoice is as many days past due', <<'END');
	SELECT FROM (
		SELECT days_late, amount, credit.aging(amount, due_date, settled_date) AS aged
		FROM raw GROUP BY ctid, days_late, amount) s
	WHERE COALESCE(credit.average_days_past_due(aged), 0) <> days_late
		OR credit.past_due(aged) <> CASE WHEN days_late > 0 THEN amount ELSE 0 END
		OR credit.bucket(aged, credit.bucket_of('0,30,60,90', days_late)) <> amount
END
find_nothing('and so is all of it, weighted by amount', <<'END');
	SELECT FROM raw
	HAVING credit.average_days_past_due(credit.aging(amount, due_date, settled_date))
		<> round(sum(amount * days_late) / sum(amount) FILTER (WHERE days_late > 0), 2)
END
find_nothing('the evening before a late payment, its customer is past due by what the file says', <<'END');
	SELECT FROM (SELECT DISTINCT customer, settled_date - 1 AS evening FROM raw WHERE days_late > 1 AND invoice < '1') p
		JOIN single.customer c ON c.number = p.customer
		LEFT JOIN LATERAL single.aging_at(p.evening, p_buckets => '0', p_customer_id => c.customer_id) a ON true
	WHERE a.past_due IS DISTINCT FROM (SELECT sum(r.amount) FROM raw r
		WHERE r.customer = p.customer AND r.invoice_date <= p.evening AND r.due_date < p.evening AND r.settled_date > p.evening)
END

done_testing();
