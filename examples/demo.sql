-- demo.sql: the extension at work, from an empty database: eighteen months of a company's receivables.
--
--   tools/demo.sh                                      on a private, throw-away server
--   psql -qX -d EMPTY_DATABASE -f examples/demo.sql    on yours
--
-- The data are generated: the same on every run, apart from the dates, which count back from today.
-- What the text claims is checked on the way; the run ends with an error where a claim does not hold.
-- -v items=N measures speed on N items instead of a million.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?items} \else \set items 1000000 \endif
\pset footer off
\pset null ''
SET client_min_messages = warning;

\echo 'credit_control: trade credit inside PostgreSQL'
\echo
\echo '1. An extension, and a ledger called "ar" that keeps its books in US dollars'
\set ECHO queries
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD') \g /dev/null
\set ECHO none

-- ---------------------------------------------------------------------------------------------
-- The company whose books these are.  draw() is a whole number from low to high, always the same
-- for the same key.
-- ---------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.draw(key text, low integer, high integer) RETURNS integer IMMUTABLE
	RETURN low + ('x' || left(md5(key), 7))::bit(28)::integer % (high - low + 1);

CREATE SCHEMA shop;
-- 25 and 8 have no common factor: 200 different names.
CREATE TABLE shop.customer AS
SELECT n AS id,
	(ARRAY['Alder', 'Beacon', 'Bluewater', 'Cardinal', 'Cedar', 'Copperfield', 'Eastgate', 'Fairmont', 'Foxglove',
		'Granite', 'Harbor', 'Ironbridge', 'Juniper', 'Kestrel', 'Lakeside', 'Maple', 'Northgate', 'Oakhurst', 'Pioneer',
		'Quarry', 'Redwood', 'Silverline', 'Stonebrook', 'Thornbury', 'Westfield'])[n % 25 + 1] || ' ' ||
	(ARRAY['Bakery Supply', 'Building', 'Catering', 'Electrical', 'Garden Centers', 'Hardware', 'Logistics',
		'Tooling'])[n % 8 + 1] AS name,
	(ARRAY[14, 30, 30, 30, 45, 60])[pg_temp.draw('terms' || n, 1, 6)] AS terms_days,
	CASE WHEN habit <= 58 THEN 'prompt' WHEN habit <= 84 THEN 'slow' WHEN habit <= 95 THEN 'bad' ELSE 'stopped' END AS habit,
	pg_temp.draw('size' || n, 4, 40) * pg_temp.draw('class' || n, 1, 4) * 25 AS usual_sale,
	pg_temp.draw('frequency' || n, 1, 5) AS sales_per_month
FROM generate_series(1, 200) AS n, LATERAL pg_temp.draw('habit' || n, 1, 100) AS habit;
ALTER TABLE shop.customer ADD PRIMARY KEY (id);

-- A sale on a working day, busiest in late autumn, and how its customer settles it: 4 in 100 with a
-- credit note for goods sent back, 6 in 100 paid short, a third of these for good.
CREATE TEMP TABLE sale AS
SELECT row_number() OVER (ORDER BY sold_on, customer_id, key) AS n, s.*,
	CASE WHEN pg_temp.draw('return' || key, 1, 100) <= 4
		THEN round(amount * pg_temp.draw('returned' || key, 5, 20) / 100, 2) ELSE 0 END AS returned,
	CASE WHEN pg_temp.draw('short' || key, 1, 100) <= 6
		THEN round(amount * pg_temp.draw('kept' || key, 5, 30) / 100, 2) ELSE 0 END AS kept_back,
	pg_temp.draw('dispute' || key, 1, 3) = 1 AS kept_for_good,
	CASE habit
		WHEN 'prompt' THEN due_on + pg_temp.draw('late' || key, -4, 4)
		WHEN 'slow' THEN due_on + pg_temp.draw('late' || key, 6, 32)
		WHEN 'bad' THEN due_on + pg_temp.draw('late' || key, 20, 80)
		WHEN 'stopped' THEN CASE WHEN due_on < current_date - 130 THEN due_on + pg_temp.draw('late' || key, 2, 25) END
	END AS paid_on
FROM (
	SELECT c.id AS customer_id, c.habit, k.key, sold_on, sold_on + c.terms_days AS due_on,
		round((c.usual_sale * pg_temp.draw('amount' || k.key, 55, 160) / 100.0
			* (1 + 0.35 * cos((extract(doy FROM sold_on) - 325) * 2 * pi() / 365)))::numeric, 2) AS amount
	FROM shop.customer c, generate_series(0, 17) AS month, generate_series(1, c.sales_per_month) AS sale,
		LATERAL (SELECT format('%s/%s/%s', c.id, month, sale) AS key) k,
		LATERAL (SELECT current_date - 30 * month - pg_temp.draw('day' || k.key, 0, 29) AS day) d,
		LATERAL (SELECT day - GREATEST(extract(isodow FROM day)::integer - 5, 0) AS sold_on) w
) s;

-- What settles them.  The reference is what the customer wrote: the number of the invoice.
CREATE TEMP TABLE settlement AS
SELECT CASE kind WHEN 'payment' THEN 'PAY-' ELSE 'CN-' END
		|| row_number() OVER (PARTITION BY kind ORDER BY dated, customer_id, n) AS number, e.*
FROM (
	SELECT s.customer_id, s.n, 'INV-' || s.n AS reference, e.kind, e.dated, e.amount
	FROM sale s, LATERAL (VALUES
		('credit_note', sold_on + 9, returned),
		('payment', paid_on, amount - returned - kept_back),
		('payment', CASE WHEN NOT kept_for_good THEN paid_on + 45 END, kept_back)) e (kind, dated, amount)
) e
WHERE amount > 0 AND dated <= current_date;

SELECT date_trunc('month', current_date - 15)::date - 1 AS month_end \gset

-- ---------------------------------------------------------------------------------------------
\echo
\echo '2. The books until' :month_end 'come from files and tables: COPY and INSERT, checked like single postings'
CREATE TEMP TABLE billed AS
SELECT customer_id, 'invoice' AS kind, 'INV-' || n AS number, sold_on, due_on, amount FROM sale WHERE sold_on <= :'month_end' ORDER BY customer_id, n;
\set file `mktemp`
\setenv DEMO_FILE :file
\copy billed TO PROGRAM 'cat > "$DEMO_FILE"' (FORMAT csv)

\set ECHO queries
INSERT INTO ar.customer (customer_id, name) SELECT id, name FROM shop.customer;
\set ECHO none
\echo '\\copy ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM \'invoices.csv\' (FORMAT csv)'
\copy ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM PROGRAM 'cat "$DEMO_FILE"' (FORMAT csv)
\set ECHO queries
INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, reference)
	SELECT customer_id, kind, number, dated, amount, reference
	FROM settlement WHERE dated <= :'month_end';
INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	SELECT customer_id, credit.item_id, debit.item_id, d.amount, d.posting_date
	FROM ar.document d
		JOIN ar.item credit USING (customer_id, document_id)
		JOIN (ar.document invoice JOIN ar.item debit USING (customer_id, document_id)) USING (customer_id)
	WHERE d.reference = invoice.number AND invoice.kind = 'invoice';
\set ECHO none
\! rm -f "$DEMO_FILE"

-- The books of that day, in plain SQL from what is open now, while nothing later is in them.
CREATE TEMP TABLE month_end_books AS
SELECT customer_id, sum(open_amount) AS total,
	ARRAY[COALESCE(sum(open_amount) FILTER (WHERE open_amount > 0 AND :'month_end' - due_date <= 0), 0),
		COALESCE(sum(open_amount) FILTER (WHERE open_amount > 0 AND :'month_end' - due_date BETWEEN 1 AND 30), 0),
		COALESCE(sum(open_amount) FILTER (WHERE open_amount > 0 AND :'month_end' - due_date BETWEEN 31 AND 60), 0),
		COALESCE(sum(open_amount) FILTER (WHERE open_amount > 0 AND :'month_end' - due_date BETWEEN 61 AND 90), 0),
		COALESCE(sum(open_amount) FILTER (WHERE open_amount > 0 AND :'month_end' - due_date > 90), 0)] AS amounts
FROM ar.item WHERE open_amount <> 0 GROUP BY customer_id;

\echo
\echo '   What happened since is posted one by one, with functions, and payments settle the oldest items first:'
\set ECHO queries
SELECT count(ar.post_invoice(customer_id, 'INV-' || n, sold_on, amount, p_due_date => due_on)) AS invoices
FROM sale WHERE sold_on > :'month_end';

SELECT count(*) FILTER (WHERE kind = 'payment') AS payments, count(*) FILTER (WHERE kind = 'credit_note') AS credit_notes,
	sum(ar.apply_payment(customer_id, document_id, p_applied_on => dated)) AS applied
FROM (SELECT s.*, CASE kind
		WHEN 'payment' THEN ar.post_payment(customer_id, number, dated, amount, p_reference => reference)
		ELSE ar.post_credit_note(customer_id, number, dated, amount, p_reference => reference) END AS document_id
	FROM settlement s WHERE dated > :'month_end' ORDER BY dated, n OFFSET 0) posted;
\set ECHO none

-- Money whose payer gave no reference waits unapplied.
SELECT count(ar.post_payment(id, 'PAY-ON-ACCOUNT', current_date - 2, usual_sale / 2)) FROM shop.customer WHERE id % 29 = 7 \g /dev/null

SELECT kind, count(*) AS documents, to_char(sum(amount), '99,999,999.99') AS amount
FROM ar.document GROUP BY kind ORDER BY min(document_id);

-- ---------------------------------------------------------------------------------------------
SELECT current_date AS today \gset
\echo '3. Aging as of today,' :today '(view ar.aging_summary): who is past due, and for how long'
\echo
WITH ranked AS (
	SELECT row_number() OVER (ORDER BY past_due DESC, customer_id) AS rank, * FROM ar.aging_summary
), line AS (
	SELECT LEAST(rank, 11) AS line, CASE WHEN rank <= 10 THEN customer_name END AS name, count(*) AS customers,
		sum(total) AS total, sum(not_due) AS not_due, sum(days_1_30) AS d30, sum(days_31_60) AS d60, sum(days_61_90) AS d90,
		sum(days_over_90) AS over_90, sum(unapplied) AS unapplied, sum(past_due) AS past_due
	FROM ranked GROUP BY 1, 2
	UNION ALL
	SELECT 12, NULL, count(*), sum(total), sum(not_due), sum(days_1_30), sum(days_31_60), sum(days_61_90), sum(days_over_90),
		sum(unapplied), sum(past_due)
	FROM ranked
), report AS (
	SELECT line, CASE line WHEN 11 THEN customers || ' others' WHEN 12 THEN 'Total, ' || customers || ' customers' ELSE name END AS customer,
		to_char(total, '9,999,990') AS balance, to_char(not_due, '9,999,990') AS not_due, to_char(d30, '9,999,990') AS d30,
		to_char(d60, '9,999,990') AS d60, to_char(d90, '9,999,990') AS d90, to_char(over_90, '9,999,990') AS over_90,
		to_char(unapplied, '9,999,990') AS unapplied, to_char(past_due, '9,999,990') AS past_due,
		to_char(100 * past_due / NULLIF(total, 0), '990.0') AS share
	FROM line
	UNION ALL
	SELECT 13, 'Percent of balance', to_char(100.0, '9999990.0'), to_char(100 * not_due / total, '9999990.0'), to_char(100 * d30 / total, '9999990.0'),
		to_char(100 * d60 / total, '9999990.0'), to_char(100 * d90 / total, '9999990.0'), to_char(100 * over_90 / total, '9999990.0'),
		to_char(100 * unapplied / total, '9999990.0'), to_char(100 * past_due / total, '9999990.0'), ''
	FROM line WHERE line = 12
)
SELECT customer AS "Customer (USD)", balance AS "Balance", not_due AS "Not due", d30 AS "1-30", d60 AS "31-60", d90 AS "61-90",
	over_90 AS "> 90", unapplied AS "Unapplied", past_due AS "Past due", share AS "% due"
FROM report ORDER BY line;

-- ---------------------------------------------------------------------------------------------
-- Credit limits with room for a while: the peak of what each customer owed, and some more.
SELECT count(ar.set_credit_limit(c.id, GREATEST(5000, ceil((e.receivable - e.unapplied) / 2500) * 2500 + pg_temp.draw('limit' || c.id, 1, 4) * 2500)))
FROM shop.customer c JOIN ar.exposure e ON e.customer_id = c.id \g /dev/null

-- A customer with some open invoices, the oldest of them past due.
SELECT customer_id, min(customer_name) AS name, (array_agg(open_amount ORDER BY due_date))[1] + round((array_agg(open_amount ORDER BY due_date))[2] * 0.4, 2) AS paid
FROM ar.open_items GROUP BY customer_id HAVING count(*) BETWEEN 4 AND 6 AND min(open_amount) > 400 AND max(days_past_due) > 20
ORDER BY customer_id LIMIT 1 \gset

\echo '4.' :name '(customer' :customer_id') pays' :paid 'without saying what for.  Open items before and after:'
\set show_items 'SELECT kind, number, doc_date, due_date, days_past_due, to_char(amount, \'999,990.00\') AS amount, to_char(open_amount, \'999,990.00\') AS open_amount, bucket FROM ar.open_items WHERE customer_id = :customer_id ORDER BY due_date NULLS LAST, number;'
:show_items
\set ECHO queries
SELECT ar.post_payment(:customer_id, 'PAY-TODAY', current_date, :paid) AS payment \gset
SELECT ar.apply_payment(:customer_id, :payment, p_method => 'oldest_first') AS applied;
\set ECHO none
:show_items

-- ---------------------------------------------------------------------------------------------
\echo '5. The shop has a table of orders.  One call puts it under credit control: its own SQL does not change.'
\set ECHO queries
CREATE TABLE shop.orders (
	id bigserial PRIMARY KEY,
	customer_id bigint NOT NULL,
	total numeric(12,2) NOT NULL,
	status text NOT NULL DEFAULT 'new'
);
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id',
	open_when => $$status NOT IN ('cancelled', 'invoiced')$$) \g /dev/null
\set ECHO none

SELECT available, round(available * 0.4, -2) AS fits FROM ar.check_credit(:customer_id, 0) \gset
\echo
\echo '   Customer' :customer_id 'has' :available 'of its limit left:'
\set ECHO queries
INSERT INTO shop.orders (customer_id, total) VALUES (:customer_id, :fits) RETURNING *;
\set ECHO none
SELECT available + 1250 AS too_much FROM ar.check_credit(:customer_id, 0) \gset
\echo '   The next order is for more than is left now, and must be refused:'
\set ECHO queries
\set ON_ERROR_STOP off
INSERT INTO shop.orders (customer_id, total) VALUES (:customer_id, :too_much);
\set ECHO none
\set refusal :SQLSTATE
\set ON_ERROR_STOP on
\echo '   SQLSTATE:' :refusal
SELECT :'refusal' = 'RC002' AS refused \gset
\if :refused
\else
	DO $$ BEGIN RAISE 'the order was not refused'; END $$;
\endif
\echo
\echo '   The same answer without an order, rule by rule:'
SELECT c.outcome, c.exposure, c.limit_amount, c.shortfall, r.kind AS rule, r.figure, r.threshold, r.outcome AS rule_says
FROM ar.check_credit(:customer_id, :too_much) AS c,
	jsonb_to_recordset(c.checks) AS r (rule_no integer, kind text, figure numeric, threshold numeric, outcome text)
ORDER BY r.rule_no;

-- ---------------------------------------------------------------------------------------------
\echo '6. A credit manager stops the account by hand; what fits the limit is refused too, until the hold is released:'
\set ECHO queries
SELECT ar.place_hold(:customer_id, 'payment returned by the bank') AS hold_id \gset
\set ON_ERROR_STOP off
INSERT INTO shop.orders (customer_id, total) VALUES (:customer_id, 250);
\set ECHO none
\set refusal :SQLSTATE
\set ON_ERROR_STOP on
\echo '   SQLSTATE:' :refusal
SELECT :'refusal' = 'RC001' AS refused \gset
\if :refused
\else
	DO $$ BEGIN RAISE 'the order was not refused'; END $$;
\endif
\set ECHO queries
SELECT ar.release_hold(:customer_id, :hold_id, 'paid by wire transfer') \g /dev/null
INSERT INTO shop.orders (customer_id, total) VALUES (:customer_id, 250) RETURNING *;
SELECT decision_id, outcome, source, order_id, amount, receivable, unapplied, ordered, limit_amount FROM ar.decision;
\set ECHO none

-- ---------------------------------------------------------------------------------------------
\echo '7. Aging as of' :month_end 'now, after everything posted since, is what the books said on that day:'
\set ECHO queries
SELECT count(*) AS customers, sum(a.total) AS balance, sum(a.past_due) AS past_due,
	count(*) FILTER (WHERE (a.total, a.amounts) IS DISTINCT FROM (b.total, b.amounts)) AS different
FROM ar.aging_at(:'month_end') AS a FULL JOIN month_end_books AS b USING (customer_id);
\set ECHO none
SELECT set_config('demo.month_end', :'month_end', false) \g /dev/null
DO $$
BEGIN
	ASSERT (SELECT count(*) > 100 AND bool_and((a.total, a.amounts) IS NOT DISTINCT FROM (b.total, b.amounts))
		FROM ar.aging_at(current_setting('demo.month_end')::date) a FULL JOIN month_end_books b USING (customer_id)),
		'aging as of the month end differs from the books then';
END $$;

\echo '8. Every figure the ledger keeps, recomputed from documents, allocations, orders, holds and limits:'
\set ECHO queries
SELECT count(*) AS differences FROM ar.verify_ledger();
\set ECHO none
DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM ar.verify_ledger()), 'verify_ledger() found differences'; END $$;

-- ---------------------------------------------------------------------------------------------
-- Time is the executor's own; queries take turns, and the first round warms up.
\echo '9. Speed, against the SQL one would write by hand: a sum(...) FILTER (WHERE ...) for each bucket, median of 3'
CREATE TEMP TABLE open_item AS
SELECT n::bigint * 7919 % 20000 AS customer_id, ((n::bigint * 104729 % 500000 + 100) / 100.0)::numeric(12,2) AS open_amount,
	current_date + 40 - (n * 31 % 181)::integer AS due_date
FROM generate_series(1, :items) AS n;
VACUUM ANALYZE open_item;

SELECT credit.create_ledger('big', 'USD') \g /dev/null
INSERT INTO big.customer (customer_id, name) SELECT n, 'Customer ' || n FROM generate_series(1, 4000) AS n;
INSERT INTO big.document (customer_id, kind, number, doc_date, due_date, amount)
	SELECT 1 + n % 4000, 'invoice', 'INV-' || n, current_date - 200, current_date + 40 - (n * 31 % 181)::integer, round((n::bigint * 104729 % 500000 + 100) / 100.0, 2)
	FROM generate_series(1, :items / 10) AS n;
VACUUM ANALYZE big.item;
VACUUM ANALYZE big.customer;

SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '64MB';
DO $$
DECLARE
	buckets text := '';
	plan json;
	q record;
BEGIN
	SELECT string_agg(format('sum(open_amount) FILTER (WHERE %s)', condition), ', ') INTO buckets
	FROM unnest(ARRAY['current_date - due_date <= 0', 'current_date - due_date BETWEEN 1 AND 30',
		'current_date - due_date BETWEEN 31 AND 60', 'current_date - due_date BETWEEN 61 AND 90',
		'current_date - due_date > 90', 'current_date > due_date']) AS condition;
	CREATE TEMP TABLE query (data text, by_hand boolean, sql text);
	INSERT INTO query VALUES
		('any table, with credit.aging()', true,
			format('SELECT customer_id, %s FROM open_item GROUP BY customer_id', buckets)),
		('any table, with credit.aging()', false,
			'SELECT customer_id, credit.aging(open_amount, due_date, current_date) FROM open_item GROUP BY customer_id'),
		('a ledger, with its view aging_summary', true,
			format('SELECT customer_id, name, item.currency, sum(open_amount), sum(open_amount) FILTER (WHERE open_amount < 0), %s
				FROM big.item JOIN big.customer USING (customer_id) WHERE open_amount <> 0 GROUP BY 1, 2, 3', buckets)),
		('a ledger, with its view aging_summary', false, 'SELECT * FROM big.aging_summary');
	CREATE TEMP TABLE timing (data text, by_hand boolean, ms numeric);
	FOR round IN 0 .. 3 LOOP
		FOR q IN SELECT * FROM query LOOP
			EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || q.sql INTO plan;
			IF round > 0 THEN
				INSERT INTO timing VALUES (q.data, q.by_hand, (plan -> 0 ->> 'Execution Time')::numeric);
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT data AS "open items in", CASE WHEN data ~ 'ledger' THEN :items / 10 ELSE :items END AS items,
	round(by_hand) AS by_hand_ms, round(ours) AS ours_ms, round((by_hand / ours)::numeric, 1) AS times_faster
FROM (SELECT data, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE by_hand) AS by_hand,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE NOT by_hand) AS ours
	FROM timing GROUP BY data) t
ORDER BY data DESC;
\echo 'That is the demo.  README.md says how to start with your own tables.'
