-- Aging as of a past date: aging_at() rolls back from today's open items what was applied since,
-- against the query people write: every invoice joined with everything ever applied to it.
--
--   psql -X -d DATABASE -f bench/as_of.sql
--   psql -X -d DATABASE -v invoices=2500000 -v customers=50000 -v runs=3 -f bench/as_of.sql
--
-- Makes a ledger "bench": invoices over three years, nine in ten paid 20 to 80 days later, one
-- payment each, so there are nearly twice as many documents as invoices.  Rows are loaded with the
-- posting triggers off and the kept figures then rebuilt, as a migration would.  Both queries return
-- the same figures, which is checked before anything is timed.  Medians of the executor's own time.

\if :{?invoices} \else \set invoices 2500000 \endif
\if :{?customers} \else \set customers 50000 \endif
\if :{?runs} \else \set runs 3 \endif

\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET work_mem = '512MB';
SET maintenance_work_mem = '1GB';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET random_page_cost = 1.1;
-- No asynchronous commit here: VACUUM cannot mark pages all-visible before the commit is on disk.
SELECT set_config('bench.runs', :'runs', false) AS runs \gset

CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('bench', 'USD') \g /dev/null
INSERT INTO bench.customer (customer_id, name) SELECT g, 'Customer ' || g FROM generate_series(1, :customers) g;

ALTER TABLE bench.document DISABLE TRIGGER USER;
ALTER TABLE bench.allocation DISABLE TRIGGER USER;

-- Ids follow the calendar, as they do when documents are posted day by day.
CREATE TEMP TABLE plan AS
SELECT g AS no, 1 + (hashint8(g)::bigint + 2147483648) % :customers AS customer_id,
	current_date - 1095 + (g * 1095.0 / :invoices)::integer AS doc_date,
	round((100 + random() * 9900)::numeric, 2) AS amount,
	CASE WHEN random() < 0.9 THEN current_date - 1095 + (g * 1095.0 / :invoices)::integer + 20 + (random() * 60)::integer END AS paid_on
FROM generate_series(1, :invoices) g;
INSERT INTO bench.document (customer_id, document_id, kind, side, number, doc_date, posting_date, due_date, currency, amount)
SELECT customer_id, no, 'invoice', 'debit', 'I' || no, doc_date, doc_date, doc_date + 30, 'USD', amount FROM plan ORDER BY no;
INSERT INTO bench.document (customer_id, document_id, kind, side, number, doc_date, posting_date, currency, amount)
SELECT customer_id, :invoices + no, 'payment', 'credit', 'P' || no, paid_on, paid_on, 'USD', amount FROM plan
WHERE paid_on <= current_date ORDER BY paid_on, no;
SELECT bench.rebuild_ledger() \g /dev/null
ANALYZE bench.item;
INSERT INTO bench.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, currency,
	debit_due_date, debit_doc_date, debit_posting_date, credit_posting_date)
SELECT p.customer_id, c.item_id, d.item_id, p.amount, p.paid_on, 'USD', d.due_date, d.doc_date, d.posting_date, c.posting_date
FROM plan p
	JOIN bench.item d ON d.customer_id = p.customer_id AND d.document_id = p.no
	JOIN bench.item c ON c.customer_id = p.customer_id AND c.document_id = :invoices + p.no
ORDER BY p.paid_on, p.no;
SELECT bench.rebuild_ledger() \g /dev/null
ALTER TABLE bench.document ENABLE TRIGGER USER;
ALTER TABLE bench.allocation ENABLE TRIGGER USER;
VACUUM (ANALYZE) bench.item;
VACUUM (ANALYZE) bench.allocation;
VACUUM (ANALYZE) bench.document;

-- The two sides joined apart, which the planner can hash: written well, for what it is.
CREATE FUNCTION pg_temp.joined(as_of date) RETURNS text LANGUAGE sql AS $$
SELECT format($q$
SELECT o.customer_id, o.currency,
	sum(o.open_amount) FILTER (WHERE o.open_amount > 0 AND date %1$L - o.due_date <= 0) AS not_due,
	sum(o.open_amount) FILTER (WHERE o.open_amount > 0 AND date %1$L - o.due_date BETWEEN 1 AND 30) AS days_1_30,
	sum(o.open_amount) FILTER (WHERE o.open_amount > 0 AND date %1$L - o.due_date BETWEEN 31 AND 60) AS days_31_60,
	sum(o.open_amount) FILTER (WHERE o.open_amount > 0 AND date %1$L - o.due_date BETWEEN 61 AND 90) AS days_61_90,
	sum(o.open_amount) FILTER (WHERE o.open_amount > 0 AND date %1$L - o.due_date > 90) AS days_over_90,
	sum(o.open_amount) FILTER (WHERE o.open_amount < 0) AS unapplied,
	sum(o.open_amount) AS total
FROM (
	SELECT i.customer_id, i.currency, i.due_date, i.amount - COALESCE(a.amount, 0) AS open_amount
	FROM bench.item i
		LEFT JOIN (
			SELECT customer_id, item_id, sum(amount) AS amount
			FROM (SELECT customer_id, debit_item_id AS item_id, amount FROM bench.allocation WHERE applied_on <= %1$L
				UNION ALL
				SELECT customer_id, credit_item_id, -amount FROM bench.allocation WHERE applied_on <= %1$L) b
			GROUP BY customer_id, item_id) a ON a.customer_id = i.customer_id AND a.item_id = i.item_id
	WHERE i.posting_date <= %1$L) o
WHERE o.open_amount <> 0
GROUP BY o.customer_id, o.currency$q$, as_of) $$;

CREATE TEMP TABLE as_of_date (nr integer, label text, as_of date);
INSERT INTO as_of_date VALUES (1, '7 days ago', current_date - 7), (2, '90 days ago', current_date - 90), (3, '2 years ago', current_date - 730);

DO $$
DECLARE
	d as_of_date;
	different bigint;
BEGIN
	FOR d IN SELECT * FROM as_of_date LOOP
		EXECUTE format('SELECT count(*) FROM (SELECT customer_id, total, unapplied, amounts[5] AS over_90 FROM bench.aging_at(%L)) a
			FULL JOIN (SELECT customer_id, total, COALESCE(unapplied, 0) AS unapplied, COALESCE(days_over_90, 0) AS over_90 FROM (%s) q WHERE total <> 0 OR unapplied <> 0) b USING (customer_id)
			WHERE (a.total, a.unapplied, a.over_90) IS DISTINCT FROM (b.total, b.unapplied, b.over_90)', d.as_of, pg_temp.joined(d.as_of))
		INTO different;
		IF different > 0 THEN
			RAISE EXCEPTION 'aging as of % differs for % customers', d.as_of, different;
		END IF;
	END LOOP;
END $$;

CREATE TEMP TABLE measured (nr integer, query text, ms numeric);
DO $$
DECLARE
	d as_of_date;
	q record;
	plan json;
BEGIN
	FOR round IN 0 .. current_setting('bench.runs')::integer LOOP
		FOR d IN SELECT * FROM as_of_date ORDER BY nr LOOP
			FOR q IN SELECT * FROM (VALUES
				('joined', pg_temp.joined(d.as_of)),
				('aging_at', format('SELECT * FROM bench.aging_at(%L)', d.as_of))) v (name, sql)
			LOOP
				EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || q.sql INTO plan;
				IF round > 0 THEN
					INSERT INTO measured VALUES (d.nr, q.name, (plan -> 0 ->> 'Execution Time')::numeric);
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
END $$;

\echo :invoices invoices of :customers customers, median of :runs runs
SELECT d.label, round(j.ms) AS joined_ms, round(a.ms) AS aging_at_ms, round(j.ms / a.ms, 1) AS times_faster
FROM as_of_date d,
	LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms FROM measured m WHERE m.nr = d.nr AND query = 'joined') j,
	LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms FROM measured m WHERE m.nr = d.nr AND query = 'aging_at') a
ORDER BY d.nr;
