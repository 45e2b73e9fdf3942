-- The ledger's own aging, fresh and after churn, against the query everyone writes.
--
--   psql -X -d DATABASE -f bench/ledger_aging.sql
--   psql -X -d DATABASE -v items=5000000 -v customers=50000 -v runs=5 -f bench/ledger_aging.sql
--
-- Makes a ledger "bench" with open invoices only, posted by date and not by customer, and a plain
-- table of the same open items.  Loaded with the posting triggers off and then rebuilt, as a
-- migration would.  Three times the same pair is measured, in turn, without parallel workers:
--
--   six sums       sum(open_amount) FILTER (WHERE … BETWEEN …) over the plain table
--   aging_summary  the ledger's view: per customer and currency, unapplied credits apart
--
--   fresh     after the load and its VACUUM
--   churned   after a twentieth of the items were paid and allocated through the triggers, no VACUUM
--   vacuumed  after the VACUUM that autovacuum would bring
--
-- random_page_cost is 1.1, as it should be where the ledger is in memory or on flash: at 4 the
-- planner reads the heap of a ledger that has nothing but open items.

\if :{?items} \else \set items 5000000 \endif
\if :{?customers} \else \set customers 50000 \endif
\if :{?runs} \else \set runs 5 \endif

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
-- What autovacuum does, and when, is said here and not left to chance.
ALTER TABLE bench.item SET (autovacuum_enabled = off);
INSERT INTO bench.customer (customer_id, name) SELECT g, 'Customer ' || g FROM generate_series(1, :customers) g;
ALTER TABLE bench.document DISABLE TRIGGER USER;
INSERT INTO bench.document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount)
SELECT 1 + (hashint8(g)::bigint + 2147483648) % :customers, 'invoice', 'I' || g, d, d, d + 30, 'USD', round((100 + random() * 9900)::numeric, 2)
FROM generate_series(1, :items) g, LATERAL (SELECT current_date - 200 + (g * 200.0 / :items)::integer) x (d);
ALTER TABLE bench.document ENABLE TRIGGER USER;
SELECT bench.rebuild_ledger() \g /dev/null
VACUUM (ANALYZE) bench.item;
CREATE TABLE plain_item AS SELECT customer_id, item_id, document_id, currency, amount, open_amount, doc_date, posting_date, due_date FROM bench.item;
ALTER TABLE plain_item ADD PRIMARY KEY (item_id);
VACUUM (ANALYZE) plain_item;

CREATE TEMP TABLE query (nr integer, name text, sql text);
INSERT INTO query VALUES
	(1, 'six sums', $$SELECT customer_id, sum(open_amount) FILTER (WHERE current_date - due_date <= 0), sum(open_amount) FILTER (WHERE current_date - due_date BETWEEN 1 AND 30),
		sum(open_amount) FILTER (WHERE current_date - due_date BETWEEN 31 AND 60), sum(open_amount) FILTER (WHERE current_date - due_date BETWEEN 61 AND 90),
		sum(open_amount) FILTER (WHERE current_date - due_date > 90), sum(open_amount) FROM plain_item GROUP BY customer_id$$),
	(2, 'aging_summary', 'SELECT * FROM bench.aging_summary');
CREATE TEMP TABLE measured (state text, nr integer, ms numeric);
CREATE FUNCTION pg_temp.measure(state text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	q query;
	plan json;
BEGIN
	FOR round IN 0 .. current_setting('bench.runs')::integer LOOP
		FOR q IN SELECT * FROM query ORDER BY nr LOOP
			EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || q.sql INTO plan;
			IF round > 0 THEN
				INSERT INTO measured VALUES (state, q.nr, (plan -> 0 ->> 'Execution Time')::numeric);
			END IF;
		END LOOP;
	END LOOP;
END $$;

SELECT pg_temp.measure('1 fresh') \g /dev/null

INSERT INTO bench.document (customer_id, kind, number, doc_date, amount)
SELECT customer_id, 'payment', 'P' || item_id, current_date, open_amount FROM bench.item WHERE item_id % 20 = 0 AND open_amount > 0 ORDER BY customer_id;
INSERT INTO bench.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT d.customer_id, c.item_id, d.item_id, d.amount, current_date
FROM bench.item d
	JOIN bench.document p ON p.customer_id = d.customer_id AND p.kind = 'payment' AND p.number = 'P' || d.item_id
	JOIN bench.item c ON c.customer_id = p.customer_id AND c.document_id = p.document_id
ORDER BY d.customer_id;
ANALYZE bench.item;
ANALYZE bench.allocation;
SELECT pg_temp.measure('2 churned') \g /dev/null
VACUUM bench.item;
SELECT pg_temp.measure('3 vacuumed') \g /dev/null

\echo :items open items of :customers customers, median of :runs runs
WITH median AS (
	SELECT state, nr, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms FROM measured GROUP BY state, nr)
SELECT substr(a.state, 3) AS state, round(s.ms) AS six_sums_ms, round(a.ms) AS aging_summary_ms, round(s.ms / a.ms, 1) AS times_faster
FROM median a JOIN median s ON s.state = a.state AND s.nr = 1
WHERE a.nr = 2 ORDER BY a.state;
