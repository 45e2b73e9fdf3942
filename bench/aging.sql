-- Aging of open items: credit.aging() against the SQL that people write by hand.
--
--   psql -X -d DATABASE -f bench/aging.sql
--   psql -X -d DATABASE -v items=5000000 -v customers=50000 -v runs=5 -f bench/aging.sql
--
-- The database needs the extension; the tables are temporary and hold random open items.  Compared
-- per customer, in one process (no parallel workers, no JIT), as of one date:
--
--   six sums          five buckets and what is past due, each a sum(…) FILTER (WHERE … BETWEEN …)
--   aging             credit.aging() with the default buckets: the same sums, and besides them the
--                     items and amount x days of each bucket
--   aging, buckets    the same, with the buckets given
--   one sum           sum(open_amount) alone: scanning, grouping and adding, which nobody can save
--
-- and over all customers at once:
--
--   six sums, total   the six sums from the items
--   merge, total      credit.merge() of one stored aging per customer
--
-- Every round runs each query once, in turn, so that a slow moment of the machine hits all alike;
-- the first round warms up and is not counted.  The time is the executor's own, as EXPLAIN ANALYZE
-- without clocks in the nodes reports it: no client, no output.  times_faster compares medians with
-- the six sums of the same kind.

\if :{?items} \else \set items 5000000 \endif
\if :{?customers} \else \set customers 50000 \endif
\if :{?runs} \else \set runs 5 \endif

\set QUIET on
\pset footer off
SET temp_buffers = '512MB';		-- the items stay in memory
SET work_mem = '512MB';			-- nobody spills
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT set_config('bench.runs', :'runs', false) AS runs \gset

-- Due from 140 days ago to 40 days from now: a fifth is not due, a fifth is over 90 days past due.
CREATE TEMP TABLE open_item AS
SELECT (random() * (:customers - 1))::integer AS customer_id,
       round((random() * 5000)::numeric, 2) AS open_amount,
       date '2026-06-15' + 40 - (random() * 180)::integer AS due_date
FROM generate_series(1, :items);

CREATE TEMP TABLE stored_aging AS
SELECT customer_id, credit.aging(open_amount, due_date, '2026-06-15') AS aging
FROM open_item GROUP BY customer_id;

VACUUM ANALYZE open_item;
VACUUM ANALYZE stored_aging;

CREATE TEMP TABLE query (nr integer, name text, baseline integer, sql text);
\set six_sums '  sum(open_amount) FILTER (WHERE date \'2026-06-15\' - due_date <= 0), sum(open_amount) FILTER (WHERE date \'2026-06-15\' - due_date BETWEEN 1 AND 30), sum(open_amount) FILTER (WHERE date \'2026-06-15\' - due_date BETWEEN 31 AND 60), sum(open_amount) FILTER (WHERE date \'2026-06-15\' - due_date BETWEEN 61 AND 90), sum(open_amount) FILTER (WHERE date \'2026-06-15\' - due_date > 90), sum(open_amount) FILTER (WHERE date \'2026-06-15\' - due_date > 0)'
INSERT INTO query VALUES
  (1, 'six sums', 1, 'SELECT customer_id, ' || :'six_sums' || ' FROM open_item GROUP BY customer_id'),
  (2, 'aging', 1, $$SELECT customer_id, credit.aging(open_amount, due_date, '2026-06-15') FROM open_item GROUP BY customer_id$$),
  (3, 'aging, buckets', 1, $$SELECT customer_id, credit.aging(open_amount, due_date, '2026-06-15', '0,15,30,60,90,120') FROM open_item GROUP BY customer_id$$),
  (4, 'one sum', 1, 'SELECT customer_id, sum(open_amount) FROM open_item GROUP BY customer_id'),
  (5, 'six sums, total', 5, 'SELECT ' || :'six_sums' || ' FROM open_item'),
  (6, 'merge, total', 5, 'SELECT credit.merge(aging) FROM stored_aging');

CREATE TEMP TABLE measured (nr integer, ms numeric);
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

\echo :items open items of :customers customers, median of :runs runs
WITH median AS (
	SELECT nr, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms, min(ms) AS best
	FROM measured GROUP BY nr
)
SELECT q.name AS query, round(m.ms) AS median_ms, round(m.best) AS best_ms, round(b.ms / m.ms, 2) AS times_faster
FROM query q JOIN median m USING (nr) JOIN median b ON b.nr = q.baseline
ORDER BY q.nr;
