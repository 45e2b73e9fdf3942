-- Aging of a ledger: today as views, any date as a function, on either basis, as known at any time.
\set SHOW_CONTEXT never
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, weekly, east, west CASCADE;
SELECT credit.create_ledger('ar', 'USD');
RESET client_min_messages;

-- A short history; t1 to t3 are moments of record between its parts.
SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2);
DO $$ BEGIN PERFORM ar.set_fx_rate('EUR', 1.10, '2025-01-01'); END $$;
SELECT ar.post_invoice(1, 'I-1', '2025-01-01', 100, '2025-01-31') AS i1, ar.post_invoice(1, 'I-2', '2025-02-01', 200.55, '2025-02-15') AS i2,
	ar.post_invoice(2, 'I-1', '2025-01-10', 70, '2025-02-09', 'EUR') AS b1 \gset
SELECT clock_timestamp() AS t1 \gset
SELECT ar.post_payment(1, 'P-1', '2025-02-20', 150) AS p1 \gset
SELECT ar.allocate(1, p.item_id, i.item_id, 100, '2025-02-20') AS a1 FROM ar.item p, ar.item i WHERE p.document_id = :p1 AND i.document_id = :i1 \gset
SELECT clock_timestamp() AS t2 \gset
SELECT ar.post_invoice(1, 'I-3', '2025-03-01', 300, '2025-03-31', p_posting_date => '2025-03-05') AS i3,
	ar.post_credit_note(1, 'K-1', '2025-03-15', 40) AS k1 \gset
SELECT ar.apply_payment(1, :p1, 'newest_first', '2025-03-10') AS applied;
SELECT ar.reverse_allocation(1, :a1, '2025-04-01') IS NOT NULL AS reversed;
SELECT clock_timestamp() AS t3 \gset
-- Recorded last, dated first: a late document and a payment before its time.
SELECT ar.post_debit_note(1, 'D-1', '2025-01-05', 11, '2025-01-05') AS d1, ar.post_payment(2, 'P-1', '2026-01-01', 70, 'EUR') AS p2 \gset
SELECT ar.apply_payment(2, :p2, p_applied_on => '2026-01-01') AS applied;

-- Day by day.
SELECT d AS as_of, a.customer_id AS c, a.currency, a.total, a.past_due, a.unapplied, a.amounts
FROM unnest('{2024-12-31,2025-01-01,2025-01-31,2025-02-01,2025-02-20,2025-03-04,2025-03-05,2025-03-10,2025-03-31,2025-04-01,2025-05-31,2026-01-01}'::date[]) d
	CROSS JOIN LATERAL ar.aging_at(d) a ORDER BY d, c;
SELECT a.currency, b.* FROM ar.aging_at('2025-04-01', p_customer_id => 1) a, credit.buckets(a.aging) b ORDER BY b.bucket;
-- By document date, in other buckets, of one customer.
SELECT a.total, a.past_due, a.amounts FROM ar.aging_at('2025-04-01', 'doc_date', p_customer_id => 1) a;
SELECT buckets, a.amounts FROM unnest('{"0","-30,0,7","30,60","-1000,-999"}'::text[]) buckets,
	ar.aging_at('2025-04-01', p_buckets => buckets::credit.aging_buckets, p_customer_id => 1) a;
SELECT count(*) AS of_nobody FROM ar.aging_at('2025-04-01', p_customer_id => 99);

-- What was known at each moment about one and the same day.
SELECT known, a.customer_id AS c, a.total, a.past_due, a.unapplied, a.amounts
FROM (VALUES ('t0', '-infinity'::timestamptz), ('t1', :'t1'), ('t2', :'t2'), ('t3', :'t3'), ('all', 'infinity')) k (known, at),
	ar.aging_at('2025-04-01', p_known_at => k.at) a ORDER BY known, c;
-- A report once given for a day stays what it was: the same day, before and after later records.
SELECT a.amounts = b.amounts AS unchanged
FROM ar.aging_at('2025-02-20', p_known_at => :'t2', p_customer_id => 1) a, ar.aging_at('2025-02-20', p_known_at => :'t3', p_customer_id => 1) b;

-- The law: on every date the sum of the buckets is the balance, nothing falls between them, and rolling back,
-- replaying what is known, and adding up items and allocations by hand all give the same (-infinity: rolled back).
CREATE TEMP TABLE days AS
	SELECT d::date AS as_of FROM generate_series(date '2024-12-30', date '2025-04-20', interval '1 day') d
	UNION VALUES (date '2025-05-16'), ('2025-06-30'), ('2025-12-31'), ('2026-01-01'), ('2030-01-01');
CREATE TEMP TABLE by_hand AS
SELECT as_of, basis, i.customer_id, i.currency, sum(o.open) AS total,
	COALESCE(sum(o.open) FILTER (WHERE i.amount > 0 AND days > 0), 0) AS past_due,
	COALESCE(sum(o.open) FILTER (WHERE i.amount < 0), 0) AS unapplied,
	ARRAY[COALESCE(sum(o.open) FILTER (WHERE i.amount > 0 AND days <= 0), 0),
		COALESCE(sum(o.open) FILTER (WHERE i.amount > 0 AND days BETWEEN 1 AND 30), 0),
		COALESCE(sum(o.open) FILTER (WHERE i.amount > 0 AND days BETWEEN 31 AND 60), 0),
		COALESCE(sum(o.open) FILTER (WHERE i.amount > 0 AND days BETWEEN 61 AND 90), 0),
		COALESCE(sum(o.open) FILTER (WHERE i.amount > 0 AND days > 90), 0)] AS amounts,
	count(*) FILTER (WHERE i.amount > 0) AS items
FROM days, unnest('{due_date,doc_date}'::text[]) basis, ar.item i,
	LATERAL (SELECT i.amount - COALESCE(sum(CASE WHEN a.debit_item_id = i.item_id THEN a.amount ELSE -a.amount END), 0)
		FROM ar.allocation a
		WHERE a.customer_id = i.customer_id AND i.item_id IN (a.debit_item_id, a.credit_item_id) AND a.applied_on <= as_of) o (open),
	LATERAL (SELECT as_of - CASE basis WHEN 'due_date' THEN i.due_date ELSE i.doc_date END) e (days)
WHERE i.posting_date <= as_of AND o.open <> 0
GROUP BY 1, 2, 3, 4;
SELECT known_at, count(*) AS compared, count(*) FILTER (WHERE h.* IS NULL OR a.* IS NULL
	OR (h.total, h.past_due, h.unapplied, h.amounts) IS DISTINCT FROM (a.total, a.past_due, a.unapplied, a.amounts)
	OR h.items <> (SELECT sum(n) FROM unnest(credit.counts(a.aging)) n)) AS different
FROM (SELECT by_hand.*, known_at FROM by_hand, (VALUES ('-infinity'::timestamptz), ('infinity')) k (known_at)) h
	FULL JOIN (SELECT as_of, basis, known_at, f.*
		FROM days, unnest('{due_date,doc_date}'::text[]) basis, (VALUES ('-infinity'::timestamptz), ('infinity')) k (known_at),
			ar.aging_at(as_of, basis, NULLIF(known_at, '-infinity')) f) a
	USING (known_at, as_of, basis, customer_id, currency)
GROUP BY known_at ORDER BY known_at;

-- Dates as far apart as dates can be.
SELECT ar.add_customer('Methuselah', 3) AS customer;
SELECT ar.post_invoice(3, 'first', '4713-01-01 BC', 1, '4713-01-01 BC') AS first, ar.post_invoice(3, 'last', '4713-01-01 BC', 2, '5874897-12-31') AS last \gset
SELECT total, past_due, amounts FROM ar.aging_at('4713-01-01 BC', p_customer_id => 3);
SELECT total, past_due, amounts FROM ar.aging_at('5874897-12-31', p_customer_id => 3);
SELECT ar.apply_payment(3, ar.post_payment(3, 'P', '2025-01-01', 3), p_applied_on => '2025-01-01') AS applied;

-- Today: days are counted to the current date.
SELECT ar.add_customer('Today', 4) AS customer;
DO $$
DECLARE
	days integer;
BEGIN
	FOREACH days IN ARRAY '{-5,0,1,30,31,45,60,61,90,91,400}'::integer[] LOOP
		PERFORM ar.post_invoice(4, 'D' || days, current_date - 1000, 1000 + days, current_date - days);
	END LOOP;
	PERFORM ar.post_payment(4, 'P', current_date, 7);
	PERFORM ar.post_invoice(4, 'tomorrow', current_date + 1, 5, current_date + 1);
	PERFORM ar.add_customer('Tomorrow', 5);
	PERFORM ar.post_invoice(5, 'I', current_date - 10, 5, current_date);
	PERFORM ar.apply_payment(5, ar.post_payment(5, 'P', current_date + 1, 5));
END $$;
SELECT number, kind, instalment_no, open_amount, days_past_due, bucket FROM ar.open_items WHERE customer_id = 4 ORDER BY open_amount;
SELECT customer_name, currency, total, past_due, unapplied, not_due, days_1_30, days_31_60, days_61_90, days_over_90
FROM ar.aging_summary WHERE customer_id = 4;
-- The views and the function say the same, also where an item is open today and settled as of tomorrow; open_items shows
-- what is recorded, whatever its date.
SELECT count(*) AS rows,
	count(*) FILTER (WHERE s.total = a.total AND s.past_due = a.past_due AND s.unapplied = a.unapplied
		AND a.amounts = ARRAY[s.not_due, s.days_1_30, s.days_31_60, s.days_61_90, s.days_over_90]
		AND (s.customer_id = 5 OR s.total = (SELECT sum(o.open_amount) FROM ar.open_items o
			WHERE o.customer_id = s.customer_id AND o.currency = s.currency AND o.posting_date <= current_date))) AS same
FROM ar.aging_summary s FULL JOIN ar.aging_at(current_date) a USING (customer_id, currency);
SELECT count(*) AS open_today_settled_tomorrow FROM ar.aging_summary s WHERE s.customer_id = 5
	AND NOT EXISTS (SELECT FROM ar.open_items o WHERE o.customer_id = 5);
-- Who owes nothing has no row, whatever went in and out.
SELECT count(*) AS settled FROM ar.aging_summary WHERE customer_id = 3;

-- A ledger with buckets of its own: its view has their columns.
SELECT credit.create_ledger('weekly', 'EUR', '-7,0,7,14');
SELECT attname AS "column", col_description(attrelid, attnum) AS comment
FROM pg_attribute WHERE attrelid = 'weekly.aging_summary'::regclass AND attnum > 0 ORDER BY attnum;
SELECT weekly.add_customer('Acme', 1) AS customer, weekly.post_invoice(1, 'I-1', current_date - 50, 10, current_date - 8) AS invoice,
	weekly.post_invoice(1, 'I-2', current_date - 50, 20, current_date + 7) AS another;
SELECT total, past_due, days_to_minus_7, days_minus_6_0, days_1_7, days_8_14, days_over_14 FROM weekly.aging_summary;
SELECT number, bucket FROM weekly.open_items ORDER BY number;
SELECT amounts FROM weekly.aging_at(current_date);

-- The day is the ledger's, not the session's: it is never the same day on both sides of the date line.
SELECT credit.create_ledger('east', time_zone => 'Pacific/Kiritimati'), credit.create_ledger('west', time_zone => 'Pacific/Pago_Pago');
SELECT east.add_customer('Acme', 1), east.post_invoice(1, 'I-1', '2025-01-01', 10, west.ledger_today()) AS invoice,
	west.add_customer('Acme', 1), west.post_invoice(1, 'I-1', '2025-01-01', 10, west.ledger_today()) AS invoice;
SELECT e.past_due AS east, w.past_due AS west FROM east.aging_summary e, west.aging_summary w;
SET timezone = 'Pacific/Kiritimati';
SELECT e.past_due AS east, w.past_due AS west FROM east.aging_summary e, west.aging_summary w;
SET timezone = 'Pacific/Pago_Pago';
SELECT e.past_due AS east, w.past_due AS west FROM east.aging_summary e, west.aging_summary w;
SELECT e.bucket AS east, w.bucket AS west FROM east.open_items e, west.open_items w;
RESET timezone;

-- How it is computed, on a ledger that is mostly settled, as ledgers are: the index of open items alone, in its
-- order, into a sorted aggregate; and in parts where the server has workers.
INSERT INTO ar.customer (customer_id, name) SELECT n, 'Customer ' || n FROM generate_series(1001, 1020) n;
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
SELECT 1001 + n % 20, CASE n / 20 % 2 WHEN 0 THEN 'payment' ELSE 'invoice' END, n, date '2025-01-01' + n % 200, date '2025-02-01' + n % 200, 100
FROM generate_series(1, 20000) n;
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT customer_id, c.item_id, d.item_id, 100, '2025-09-01'
FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY item_id) FROM ar.item WHERE amount < 0 AND customer_id > 1000) c
	JOIN (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY item_id) FROM ar.item WHERE amount > 0 AND customer_id > 1000) d
		USING (customer_id, row_number)
WHERE row_number % 5 <> 0;
VACUUM ANALYZE ar.item, ar.allocation, ar.customer;
CREATE FUNCTION pg_temp.plan(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT node->>'Strategy' AS strategy, node->>'Partial Mode' AS mode, input->>'Node Type' AS fed_by, input->>'Index Name' AS index
FROM jsonb_path_query(pg_temp.plan('TABLE ar.aging_summary'), 'strict $.** ? (@."Node Type" == "Aggregate")') node,
	jsonb_path_query(node, '$.Plans[*] ? (@."Index Name" starts with "item_open" || @."Index Name" starts with "item_unapplied")') input
ORDER BY index;
CREATE TEMP TABLE serial AS TABLE ar.aging_summary;
-- What was applied since is looked up, so that last week costs no more than last week.
SELECT count(*) AS full_scans
FROM jsonb_path_query(pg_temp.plan('TABLE ar.aging_summary'),
	'strict $.** ? (@."Node Type" like_regex "Seq Scan" && (@."Relation Name" == "allocation" || @."Relation Name" == "item"))') node;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SELECT count(*) > 0 AS in_parts
FROM jsonb_path_query(pg_temp.plan('TABLE ar.aging_summary'), 'strict $.** ? (@."Node Type" == "Aggregate" && @."Partial Mode" == "Partial")') node;
SELECT count(*) AS rows, (SELECT count(*) FROM (TABLE ar.aging_summary EXCEPT TABLE serial) d) AS different FROM serial;
SELECT node->>'Partial Mode' AS mode FROM jsonb_path_query(
	pg_temp.plan($$SELECT credit.aging(open_amount, due_date, '2025-10-01') FROM ar.item$$), 'strict $.** ? (@."Node Type" == "Aggregate")') node;
SELECT credit.total(credit.aging(open_amount, due_date, '2025-10-01')) AS total FROM ar.item WHERE open_amount > 0 AND customer_id > 1000;
SELECT credit.total(credit.merge(aging)) AS total FROM ar.aging_at('2025-10-01') WHERE customer_id > 1000;
RESET ALL;

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
DROP SCHEMA weekly CASCADE;
DROP SCHEMA east CASCADE;
DROP SCHEMA west CASCADE;
