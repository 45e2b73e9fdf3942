-- Validation of scorecards: credit.gini(), ks() and auc() against the SQL that people write by hand.
--
--   psql -X -d DATABASE -f bench/validation.sql
--   psql -X -d DATABASE -v rows=10000000 -v runs=3 -v workers=2 -f bench/validation.sql
--
-- The database needs the extension; the table is made and dropped.  Two scores of the same customers:
-- points from 300 to 850, as scorecards give, and a probability of default, nearly all different.
-- Compared for each, with parallel workers and without JIT:
--
--   window, gini      ranks over all rows (ties at their mean), then their sum over the goods
--   window, ks        running counts of goods and bads over all rows, then their largest distance
--   grouped, all      goods and bads counted by score first, then running sums over the scores:
--                     what one writes who has thought about it
--   gini; ks          the aggregates, one at a time
--   auc, gini, ks     the three at once, which share a state
--
-- Every round runs each query once, in turn; the first round warms up and is not counted.  The time is
-- the executor's own.  times_faster compares medians with the SQL for the same figures: the window of
-- gini, the window of ks, and for the three at once both windows together.  All must agree.

\if :{?rows} \else \set rows 1000000 \endif
\if :{?runs} \else \set runs 3 \endif
\if :{?workers} \else \set workers 2 \endif

\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET work_mem = '1GB';			-- nobody spills
SET jit = off;
SET max_parallel_workers_per_gather = :workers;
SET parallel_setup_cost = 0;
SELECT set_config('bench.runs', :'runs', false) AS runs \gset

DROP SCHEMA IF EXISTS bench_validation CASCADE;
CREATE SCHEMA bench_validation;
SET search_path = bench_validation;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE customer AS
SELECT round(850 - 550 * pd)::integer AS points, pd, random() < pd AS bad
FROM (SELECT random() ^ 3 AS pd FROM generate_series(1, :rows)) AS p;
VACUUM ANALYZE customer;

CREATE TABLE query (nr serial PRIMARY KEY, scale text, name text, baseline text, sql text);
INSERT INTO query (scale, name, baseline, sql)
SELECT scale, name, baseline, replace(sql, '$', score)
FROM (VALUES ('points', 'points'), ('probability', '-pd')) AS s (scale, score),
	(VALUES (1, 'window, gini', 'window, gini', $$
SELECT round((2 * (sum(rank) FILTER (WHERE NOT bad) - goods::numeric * (goods + 1) / 2) / (goods::numeric * bads) - 1), 10)
FROM (SELECT bad, rank() OVER (ORDER BY $) + (count(*) OVER (PARTITION BY $) - 1) / 2.0 AS rank,
		count(*) FILTER (WHERE NOT bad) OVER () AS goods, count(*) FILTER (WHERE bad) OVER () AS bads FROM customer) AS r
GROUP BY goods, bads$$),
	(2, 'window, ks', 'window, ks', $$
SELECT round(max(abs(bads_below::numeric / bads - goods_below::numeric / goods)), 10)
FROM (SELECT count(*) FILTER (WHERE NOT bad) OVER (ORDER BY $) AS goods_below, count(*) FILTER (WHERE bad) OVER (ORDER BY $) AS bads_below,
		count(*) FILTER (WHERE NOT bad) OVER () AS goods, count(*) FILTER (WHERE bad) OVER () AS bads FROM customer) AS r$$),
	(3, 'grouped, all', 'windows', $$
SELECT round(2 * sum(g * (below + b / 2.0)) / (max(goods) * max(bads)) - 1, 10),
	round(max(abs((below + b) / bads - (goods_below + g) / goods)), 10)
FROM (SELECT g, b, sum(b) OVER (ORDER BY score) - b AS below, sum(g) OVER (ORDER BY score) - g AS goods_below,
		sum(g) OVER () AS goods, sum(b) OVER () AS bads
	FROM (SELECT $ AS score, count(*) FILTER (WHERE NOT bad) AS g, count(*) FILTER (WHERE bad) AS b FROM customer GROUP BY 1) AS s) AS r$$),
	(4, 'gini', 'window, gini', 'SELECT round(credit.gini($, bad), 10) FROM customer'),
	(5, 'ks', 'window, ks', 'SELECT round(credit.ks($, bad), 10) FROM customer'),
	(6, 'auc, gini, ks', 'windows', 'SELECT credit.auc($, bad), credit.gini($, bad), credit.ks($, bad) FROM customer'))
	AS q (place, name, baseline, sql)
ORDER BY scale, place;

-- The same figures, or there is nothing to compare.
CREATE TABLE answer (scale text, name text, figure numeric);
DO $$
DECLARE
	q query;
BEGIN
	FOR q IN SELECT * FROM query WHERE name IN ('window, gini', 'window, ks', 'gini', 'ks', 'grouped, all') LOOP
		EXECUTE format('INSERT INTO answer SELECT %L, %L, a FROM (%s) AS f (a)', q.scale, q.name, q.sql);
	END LOOP;
	IF EXISTS (SELECT FROM answer GROUP BY scale, right(replace(name, 'grouped, all', 'gini'), 4) HAVING count(DISTINCT figure) > 1) THEN
		RAISE EXCEPTION 'the queries do not agree' USING DETAIL = (SELECT string_agg(a::text, ' ') FROM answer AS a);
	END IF;
END
$$;

CREATE TABLE measured (nr integer, ms numeric);
DO $$
DECLARE
	q query;
	plan json;
BEGIN
	FOR round IN 0 .. current_setting('bench.runs')::integer LOOP
		FOR q IN SELECT * FROM query ORDER BY nr LOOP
			EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || q.sql INTO plan;
			IF round > 0 THEN
				INSERT INTO measured VALUES (q.nr, (plan -> 0 ->> 'Execution Time')::numeric);
			END IF;
		END LOOP;
	END LOOP;
END
$$;

\echo :rows customers, median of :runs runs, :workers workers
WITH median AS (
	SELECT q.nr, scale, name, baseline, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms
	FROM query q JOIN measured USING (nr) GROUP BY q.nr
), hand AS (
	SELECT scale, name, ms FROM median
	UNION ALL SELECT scale, 'windows', sum(ms) FROM median WHERE name LIKE 'window, %' GROUP BY scale
)
SELECT m.scale AS score, m.name AS query, round(m.ms) AS median_ms, round(h.ms / m.ms, 1) AS times_faster
FROM median m JOIN hand h ON h.scale = m.scale AND h.name = m.baseline
ORDER BY m.nr;

DROP SCHEMA bench_validation CASCADE;
