-- Due dates: credit.due_date() against the CASE over a text column that people write by hand.
--
--   psql -X -d DATABASE -f bench/terms.sql
--   psql -X -d DATABASE -v invoices=1000000 -v runs=5 -f bench/terms.sql
--
-- The database needs the extension; the table is temporary.  Compared over all invoices, in one process (no parallel
-- workers, no JIT), each as max() of the due date:
--
--   case             three kinds of terms: net 30, net 30 EOM, 10th prox
--   due_date         credit.due_date() of the same terms, kept as credit.payment_terms
--   due_date, cast   the same from the text column, read anew for every row
--   scan             max(doc_date): scanning, which nobody can save
--   discount         credit.discount() of 2/10 net 30
--   case, discount   round(CASE WHEN paid_on <= doc_date + 10 THEN amount * 0.02 ELSE 0 END, 2)
--
-- The dates are first compared with each other.  Every round runs each query once, in turn, so that a slow moment of
-- the machine hits all alike; the first round warms up and is not counted.  The time is the executor's own, as EXPLAIN
-- ANALYZE without clocks in the nodes reports it.  times_faster compares medians with the CASE of the same kind.

\if :{?invoices} \else \set invoices 1000000 \endif
\if :{?runs} \else \set runs 5 \endif

\set ON_ERROR_STOP on
\set QUIET on
\pset footer off
SET temp_buffers = '256MB';		-- the invoices stay in memory
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT set_config('bench.runs', :'runs', false) AS runs \gset

CREATE TEMP TABLE invoice AS
SELECT terms_text, terms_text::credit.payment_terms AS terms, doc_date, doc_date + (random() * 20)::integer AS paid_on, amount, '2/10 net 30'::credit.payment_terms AS discount_terms
FROM (SELECT (ARRAY['net 30', 'net 30 EOM', '10th prox'])[1 + floor(random() * 3)::integer] AS terms_text,
		date '2024-01-01' + (random() * 900)::integer AS doc_date, round((random() * 5000)::numeric, 2) AS amount
	FROM generate_series(1, :invoices)) i;
VACUUM ANALYZE invoice;

\set case 'CASE terms_text WHEN \'net 30\' THEN doc_date + 30 WHEN \'net 30 EOM\' THEN (date_trunc(\'month\', doc_date::timestamp) + interval \'1 month - 1 day\')::date + 30 WHEN \'10th prox\' THEN (date_trunc(\'month\', doc_date::timestamp) + interval \'1 month\')::date + 9 END'
SELECT count(*) AS different FROM invoice WHERE credit.due_date(terms, doc_date) IS DISTINCT FROM :case;

CREATE TEMP TABLE query (nr integer, name text, baseline integer, sql text);
INSERT INTO query VALUES
	(1, 'case', 1, 'SELECT max(' || :'case' || ') FROM invoice'),
	(2, 'due_date', 1, 'SELECT max(credit.due_date(terms, doc_date)) FROM invoice'),
	(3, 'due_date, cast', 1, 'SELECT max(credit.due_date(terms_text::credit.payment_terms, doc_date)) FROM invoice'),
	(4, 'scan', 1, 'SELECT max(doc_date) FROM invoice'),
	(5, 'case, discount', 5, 'SELECT max(round(CASE WHEN paid_on <= doc_date + 10 THEN amount * 0.02 ELSE 0 END, 2)) FROM invoice'),
	(6, 'discount', 5, 'SELECT max(credit.discount(discount_terms, doc_date, paid_on, amount)) FROM invoice');

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

\echo :invoices invoices, median of :runs runs
WITH median AS (
	SELECT nr, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms, min(ms) AS best
	FROM measured GROUP BY nr
)
SELECT q.name AS query, round(m.ms) AS median_ms, round(m.best) AS best_ms, round(b.ms / m.ms, 2) AS times_faster
FROM query q JOIN median m USING (nr) JOIN median b ON b.nr = q.baseline
ORDER BY q.nr;
