-- The close and what its snapshots are good for, with ratios in one run.
--
--   tools/with-server.sh psql -f bench/close.sql                      on a private, throw-away server
--   psql -v customers=100000 -v items=500000 -f bench/close.sql      at other sizes
--   psql -v customers=1000000 -v items=2630000 -v once=1 -f bench/close.sql
--                                                                    only the close of a year that is one period
--
-- A year of monthly closes: time split of the last (shutting the books, checks, snapshots), the year's monthly aging from
-- snapshots against twelve as-of queries, roll rates and bucket migration over all snapshots, and the metrics of one customer.
\set ON_ERROR_STOP on
\pset pager off
\if :{?customers}
\else
	\set customers 20000
\endif
\if :{?items}
\else
	\set items 100000
\endif
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS ar CASCADE;
CREATE EXTENSION IF NOT EXISTS credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET jit = off;
CREATE TEMP TABLE took (place serial, what text, ms numeric);
SELECT setseed(0.5);
INSERT INTO customer (customer_id, name) SELECT n, 'Customer ' || n FROM generate_series(1, :customers) n;
INSERT INTO customer_dimension (customer_id, dimension, value) SELECT n, 'region', 'Region ' || n % 20 FROM generate_series(1, :customers) n;
INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, amount)
SELECT 1 + floor(random() * :customers), 'invoice', 'I' || n, d, d, d + 30, round((10 + random() * 1000)::numeric, 2)
FROM generate_series(1, :items) n, LATERAL (SELECT date '2025-01-01' + (n % 330) AS d) d;
-- Nine of ten are paid, early or late.
INSERT INTO document (customer_id, kind, number, doc_date, posting_date, amount)
SELECT d.customer_id, 'payment', 'P' || d.document_id, d.doc_date + 10 + (d.document_id * 7 % 80)::integer, d.doc_date + 10 + (d.document_id * 7 % 80)::integer, d.amount
FROM document d WHERE d.kind = 'invoice' AND d.document_id % 10 <> 0;
INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT p.customer_id, c.item_id, i.item_id, p.amount, p.posting_date
FROM document p
	JOIN item c ON c.customer_id = p.customer_id AND c.document_id = p.document_id
	JOIN item i ON i.customer_id = p.customer_id AND i.document_id = substr(p.number, 2)::bigint
WHERE p.kind = 'payment';
VACUUM ANALYZE;
\if :{?once}
	SELECT add_period('2025-12', '2025-01-01', '2025-12-31');
\else
	SELECT add_fiscal_year(2025) AS months;
\endif
SELECT (SELECT count(*) FROM customer) AS customers, (SELECT count(*) FROM item) AS items, (SELECT count(*) FROM allocation) AS allocations;
-- The first eleven without looking for what stands against them, which would take most of the time.
DO $$
DECLARE
	month text;
BEGIN
	FOR month IN SELECT p.name FROM period p WHERE p.ends_on < '2025-12-31' ORDER BY p.ends_on LOOP
		PERFORM begin_close(month);
		INSERT INTO period_event (period, event, version) VALUES (month, 'examined', 0);
		PERFORM finish_close(month);
	END LOOP;
END $$;
ANALYZE snapshot, customer_snapshot, snapshot_migration;

-- The last one step by step.
CREATE FUNCTION pg_temp.timed(p_what text, p_statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	EXECUTE p_statement;
	INSERT INTO took (what, ms) VALUES (p_what, round(extract(epoch FROM clock_timestamp() - began)::numeric * 1000, 1));
END $$;
SELECT pg_temp.timed('close: shutting the books, for which posters wait', $$SELECT begin_close('2025-12')$$);
\if :{?once}
\else
	SELECT pg_temp.timed('close: verify_ledger()', 'SELECT count(*) FROM verify_ledger()');
\endif
SELECT pg_temp.timed('close: roll-forward', $$SELECT count(*) FROM roll_forward('2025-12') WHERE difference <> 0$$),
	pg_temp.timed('close: all checks', $$SELECT examine_close('2025-12', '{}', NULL, NULL)$$),
	pg_temp.timed('close: snapshots', $$SELECT finish_close('2025-12')$$),
	pg_temp.timed('of these: sums for roll rates', $$SELECT regroup_snapshots('measured', '2025-12-31')$$);
VACUUM ANALYZE snapshot, customer_snapshot, snapshot_migration;
\if :{?once}
	SELECT what, ms FROM took ORDER BY place;
	\quit
\endif
SELECT (SELECT count(*) FROM snapshot) AS snapshot_rows, pg_size_pretty(pg_total_relation_size('snapshot')) AS size;

SELECT pg_temp.timed('year of monthly aging, totals', 'SELECT * FROM aging_by_period');
SELECT pg_temp.timed('year of monthly aging, as-of queries', $$SELECT p.ends_on, credit.merge(a.aging) FROM period p CROSS JOIN LATERAL aging_at(p.ends_on) a GROUP BY 1$$),
	pg_temp.timed('year of monthly aging, snapshots of customers', $$SELECT p.ends_on, credit.merge(s.aging) FROM period p JOIN snapshot s ON s.as_of = p.ends_on AND s.version = p.version GROUP BY 1$$);
-- What a plain SQL report would do: replay everything.
SELECT pg_temp.timed('year of monthly aging, plain SQL', $$SELECT p.ends_on, sum(o.open), sum(o.open) FILTER (WHERE p.ends_on > o.due_date) FROM period p CROSS JOIN LATERAL (
	SELECT i.due_date, i.amount - COALESCE(sum(a.amount), 0) AS open FROM item i LEFT JOIN allocation a ON a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on <= p.ends_on
	WHERE i.amount > 0 AND i.posting_date <= p.ends_on GROUP BY i.customer_id, i.item_id) o GROUP BY 1$$);
SELECT pg_temp.timed('one customer''s year, as-of queries', $$SELECT p.ends_on, a.total FROM period p CROSS JOIN LATERAL aging_at(p.ends_on, p_customer_id => 77) a$$),
	pg_temp.timed('one customer''s year, snapshots', $$SELECT ends_on, total FROM period p JOIN snapshot s ON s.customer_id = 77 AND s.as_of = p.ends_on AND s.version = p.version$$);
SELECT pg_temp.timed('year of monthly aging by region, snapshots', $$SELECT m.as_of, m.group_value, credit.merge(m.to_aging)
	FROM snapshot_migration m JOIN period p ON p.ends_on = m.as_of AND p.version = m.version WHERE m.grouped_by = 'region' GROUP BY 1, 2$$);
SELECT pg_temp.timed('roll rates over 12 snapshots', $$SELECT * FROM roll_rates('2025-01-31', '2025-12-31')$$),
	pg_temp.timed('bucket migration over 12 snapshots', $$SELECT * FROM bucket_migration('2025-01-31', '2025-12-31')$$),
	pg_temp.timed('metrics of all, the year', $$SELECT * FROM metrics('2025-01-01', '2025-12-31')$$),
	pg_temp.timed('metrics of one customer, the year', $$SELECT * FROM metrics('2025-01-01', '2025-12-31', p_customer_id => 77)$$),
	pg_temp.timed('metrics of one customer, by month', $$SELECT * FROM metrics_by_month('2025-01-01', '2025-12-31', p_customer_id => 77)$$),
	pg_temp.timed('KPI view of one customer', $$SELECT * FROM bi_kpi_monthly WHERE customer_id = 77$$);
-- No table is read from end to end for it.
EXPLAIN (COSTS OFF) SELECT * FROM bi_kpi_monthly WHERE customer_id = 77;
SELECT what, ms FROM took ORDER BY place;
SELECT s.what, round(a.ms / s.ms, 1) AS times_faster_than_as_of, round(q.ms / s.ms, 1) AS than_plain_sql
FROM took a, took s, took q WHERE a.what = 'year of monthly aging, as-of queries' AND s.what IN ('year of monthly aging, totals', 'year of monthly aging, snapshots of customers', 'year of monthly aging by region, snapshots') AND q.what = 'year of monthly aging, plain SQL';
SELECT round(a.ms / s.ms, 1) AS one_customers_year_times_faster
FROM took a, took s WHERE a.what = 'one customer''s year, as-of queries' AND s.what = 'one customer''s year, snapshots';
