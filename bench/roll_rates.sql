-- Roll rates over two years of snapshots: from the sums that each close keeps, and from the customers' rows.
--
--   tools/with-server.sh psql -f bench/roll_rates.sql                            on a private, throw-away server
--   psql -v customers=1000000 -v snapshots=24 -f bench/roll_rates.sql            at other sizes
--
-- The snapshots are written straight into their table, without documents behind them: only what is done with them is
-- measured.  That the results are the same is checked.
\set ON_ERROR_STOP on
\pset pager off
\if :{?customers}
\else
	\set customers 20000
\endif
\if :{?snapshots}
\else
	\set snapshots 24
\endif
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS ar CASCADE;
CREATE EXTENSION IF NOT EXISTS credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET jit = off;
CREATE TEMP TABLE took (place serial, what text, ms numeric);
CREATE FUNCTION pg_temp.timed(p_what text, p_statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	EXECUTE p_statement;
	INSERT INTO took (what, ms) VALUES (p_what, round(extract(epoch FROM clock_timestamp() - began)::numeric * 1000, 1));
END $$;
SELECT add_fiscal_year(y) FROM generate_series(2020, 2020 + (:snapshots - 1) / 12) y;
INSERT INTO customer (customer_id, name) SELECT n, 'Customer ' || n FROM generate_series(1, :customers) n;
INSERT INTO customer_dimension (customer_id, dimension, value)
SELECT c, d.dimension, d.dimension || ' ' || c % d.n FROM generate_series(1, :customers) c, (VALUES ('segment', 5), ('region', 20), ('salesperson', 200)) d (dimension, n);
-- A thousand agings of up to five items; each customer has another one each month.
CREATE TEMP TABLE shape AS
SELECT n % 1000 AS n, credit.aging(10 + n * 7919 % 90000 / 100.0, date '2020-01-31' - (n * 31 % 150 - 40), date '2020-01-31') AS aging
FROM generate_series(1, 4800) n GROUP BY 1;
CREATE FUNCTION pg_temp.write(p_ends_on date, p_customers integer) RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
	INSERT INTO ar.snapshot (customer_id, as_of, version, currency, total, past_due, unapplied, disputed, worst_bucket, aging)
	SELECT c, p_ends_on, 1, 'USD', credit.total(s.aging), credit.past_due(s.aging), 0, 0, credit.oldest(s.aging), s.aging
	FROM generate_series(1, p_customers) c JOIN pg_temp.shape s ON s.n = (c * 7 + (p_ends_on - date '2020-01-01') / 30 * 13) % 1000
$$;
ANALYZE shape;
SELECT count(pg_temp.write(ends_on, :customers)) AS snapshots FROM (SELECT ends_on FROM period ORDER BY ends_on LIMIT :snapshots) p;
INSERT INTO snapshot_total (as_of, version, currency, customers, total, past_due, unapplied, disputed, aging)
SELECT s.as_of, s.version, s.currency, count(*), sum(s.total), sum(s.past_due), 0, 0, credit.merge(s.aging) FROM snapshot s GROUP BY 1, 2, 3;
UPDATE period p SET state = 'closed', version = 1 WHERE EXISTS (SELECT FROM snapshot_total t WHERE t.as_of = p.ends_on);
VACUUM (ANALYZE) customer, customer_dimension, snapshot;
SELECT count(*) AS rows, pg_size_pretty(pg_total_relation_size('snapshot')) AS size FROM snapshot;

SELECT pg_temp.timed('sums of all snapshots, as their closes make them', $$SELECT regroup_snapshots('measured')$$);
VACUUM (ANALYZE) snapshot_migration;
SELECT count(*) AS rows, pg_size_pretty(pg_total_relation_size('snapshot_migration')) AS size FROM snapshot_migration;
SELECT pg_temp.timed('roll rates of all', $$CREATE TEMP TABLE kept AS SELECT * FROM roll_rates('2020-01-31', '2039-12-31')$$),
	pg_temp.timed('roll rates by segment', $$SELECT * FROM roll_rates('2020-01-31', '2039-12-31', 'segment')$$),
	pg_temp.timed('roll rates by salesperson', $$SELECT * FROM roll_rates('2020-01-31', '2039-12-31', 'salesperson')$$),
	pg_temp.timed('roll rates of one customer', $$SELECT * FROM roll_rates('2020-01-31', '2039-12-31', 'customer', '77')$$),
	pg_temp.timed('bucket migration of all', $$SELECT * FROM bucket_migration('2020-01-31', '2039-12-31')$$),
	pg_temp.timed('bucket migration by segment', $$SELECT * FROM bucket_migration('2020-01-31', '2039-12-31', 'segment')$$);
SELECT pg_temp.timed('the buckets of all snapshots from the rows of customers', $$CREATE TEMP TABLE summed AS
	SELECT b.n AS bucket, sum(b.amount) AS amount
	FROM (SELECT s.as_of, credit.amounts(credit.merge(s.aging)) AS amounts FROM snapshot s JOIN period p ON p.ends_on = s.as_of AND p.version = s.version GROUP BY 1) t,
		unnest(t.amounts) WITH ORDINALITY b (amount, n)
	WHERE t.as_of < (SELECT max(s.as_of) FROM snapshot_total s) GROUP BY 1$$),
	pg_temp.timed('one bucket migration from the rows of customers', $$SELECT a.worst_bucket, b.worst_bucket, count(*), sum(a.total), sum(b.total)
	FROM snapshot a JOIN snapshot b ON b.customer_id = a.customer_id AND b.currency = a.currency
	WHERE a.as_of = '2020-01-31' AND b.as_of = '2020-02-29' GROUP BY 1, 2$$);
SELECT what, ms FROM took ORDER BY place;
SELECT round(r.ms / k.ms) AS times_faster FROM took k, took r WHERE k.what = 'roll rates of all' AND r.what LIKE 'the buckets of all snapshots%';
SELECT count(*) AS buckets, count(*) FILTER (WHERE k.amount IS DISTINCT FROM s.amount) AS differences FROM kept k FULL JOIN summed s ON s.bucket = k.bucket;
