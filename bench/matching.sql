-- Cash application by amount and by document number.
--
-- By amount: credit.match_amount() over 24, 100, 200, 1,000 and 10,000 open items, for
-- payments that are one item, four items, a random amount, or half of what is
-- open; median and worst time.  For 24 items a recursive CTE that builds every
-- subset is timed beside it (it does not end for 100), and must agree.
--
-- By document number: remittance texts against an index on
-- credit.reference_key(), set-based, against a join by LIKE over a sample, with
-- rows a second; and credit.match_reference() against a customer's open items.
--
--	psql -v documents=1000000 -v remittances=100000 -v rounds=20 -f bench/matching.sql
--
-- needs a database with the extension, where it makes and drops the schema
-- bench_matching.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?documents}
\else
	\set documents 200000
\endif
\if :{?remittances}
\else
	\set remittances 20000
\endif
\if :{?rounds}
\else
	\set rounds 20
\endif

SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '256MB';
SET client_min_messages = warning;

DROP SCHEMA IF EXISTS bench_matching CASCADE;
CREATE SCHEMA bench_matching;
SET search_path = bench_matching;
SELECT setseed(0.5) \g /dev/null

CREATE TABLE account AS
SELECT n, k, array_agg(round((0.01 + random() * 10000)::numeric, 2)) AS amounts,
	array_agg(date '2025-01-01' + floor(random() * 300)::int) AS due_dates
FROM unnest('{24,100,200,1000,10000}'::int[]) AS n, generate_series(1, :rounds) AS k, generate_series(1, n)
GROUP BY n, k;

CREATE FUNCTION payment(amounts numeric[], kind text) RETURNS numeric LANGUAGE sql AS $$
	SELECT CASE kind
		WHEN 'one item' THEN amounts[3]
		WHEN 'four items' THEN amounts[3] + amounts[7] + amounts[8] + amounts[9]
		WHEN 'random' THEN round((random() * 30000)::numeric, 2)
		ELSE (SELECT round(sum(a) / 2, 2) FROM unnest(amounts) AS a) END
$$;

-- Every subset; the caller counts.
CREATE FUNCTION by_cte(target numeric, amounts numeric[]) RETURNS bigint LANGUAGE sql AS $$
	WITH RECURSIVE subset AS (
		SELECT 0 AS last, 0::numeric AS total
		UNION ALL
		SELECT i, total + amounts[i] FROM subset, generate_series(last + 1, cardinality(amounts)) AS i
		WHERE total + amounts[i] <= target
	)
	SELECT count(*) FROM subset WHERE total = target AND last > 0
$$;

CREATE TABLE timing (n int, kind text, way text, ms numeric, answer text);
CREATE PROCEDURE time_amounts() LANGUAGE plpgsql AS $$
DECLARE
	a record;
	kind text;
	paid numeric;
	started timestamptz;
	answer record;
	subsets bigint;
BEGIN
	FOR a IN SELECT * FROM account ORDER BY n, k LOOP
		FOREACH kind IN ARRAY '{one item,four items,random,half of all}'::text[] LOOP
			paid := payment(a.amounts, kind);
			started := clock_timestamp();
			SELECT * INTO answer FROM credit.match_amount(paid, a.amounts, due_dates => a.due_dates);
			INSERT INTO timing VALUES (a.n, kind, 'match_amount', extract(epoch FROM clock_timestamp() - started) * 1000,
				answer.outcome || ' ' || coalesce(answer.structure, ''));
			IF a.n = 24 AND a.k <= 3 THEN
				started := clock_timestamp();
				subsets := by_cte(paid, a.amounts);
				INSERT INTO timing VALUES (a.n, kind, 'recursive CTE', extract(epoch FROM clock_timestamp() - started) * 1000, NULL);
				IF (subsets > 0) <> (answer.outcome <> 'none') OR (answer.structure = 'any' AND NOT answer.capped AND subsets <> answer.solutions) THEN
					RAISE 'match_amount says %, but there are % subsets', answer, subsets;
				END IF;
			END IF;
		END LOOP;
	END LOOP;
END
$$;
CALL time_amounts();

\echo
\echo 'Which open items make this payment'
SELECT n AS items, kind AS payment, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE way = 'match_amount')::numeric, 3) AS median_ms,
	round(max(ms) FILTER (WHERE way = 'match_amount'), 3) AS worst_ms,
	round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE way = 'recursive CTE')
		/ percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE way = 'match_amount'))::numeric) AS cte_times,
	(SELECT string_agg(answer || ' ' || c, ', ' ORDER BY c DESC, answer)
	 FROM (SELECT answer, count(*) AS c FROM timing AS t WHERE t.n = timing.n AND t.kind = timing.kind AND way = 'match_amount' GROUP BY answer) AS a) AS answers
FROM timing GROUP BY n, kind ORDER BY n, kind;

-- Documents of 10,000 customers; each text names one to three in some way of writing.
CREATE TABLE document AS
SELECT id, 1 + id % 10000 AS customer_id, 'INV-2026-' || lpad(id::text, 7, '0') AS number FROM generate_series(1, :documents) AS id;
CREATE TABLE remittance AS
SELECT r.id, string_agg(CASE floor(random() * 4)::int
		WHEN 0 THEN number WHEN 1 THEN lower(translate(number, '-', ' ')) WHEN 2 THEN 'inv ' || 2026 || '/' || n
		ELSE translate(number, '-', '') END, ', ' ORDER BY no) || ' of 31.01.2026 EUR 1.234,56, thank you' AS text, count(*) AS named
FROM (SELECT id, no, 1 + floor(random() * :documents)::int AS n FROM generate_series(1, :remittances) AS id, generate_series(1, 1 + id % 3) AS no) AS r
	JOIN document ON document.id = n
GROUP BY r.id;
\timing on
CREATE INDEX document_key ON document (credit.reference_key(number));
\timing off
VACUUM ANALYZE document;
VACUUM ANALYZE remittance;

CREATE VIEW by_keys AS
SELECT r.id AS remittance_id, d.id AS document_id
FROM remittance AS r, unnest(credit.reference_keys(r.text)) AS key JOIN document AS d ON credit.reference_key(d.number) = key;
CREATE TABLE sample AS SELECT * FROM remittance WHERE id <= 20;
CREATE VIEW by_like AS
SELECT r.id AS remittance_id, d.id AS document_id FROM sample AS r JOIN document AS d ON r.text LIKE '%' || d.number || '%';

CREATE TABLE rate (way text, texts bigint, found bigint, seconds numeric);
CREATE PROCEDURE time_texts() LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
	found bigint;
BEGIN
	SELECT count(*) INTO found FROM by_keys;
	INSERT INTO rate SELECT 'reference_keys and index', count(*), found, extract(epoch FROM clock_timestamp() - started) FROM remittance;
	started := clock_timestamp();
	SELECT count(*) INTO found FROM by_like;
	INSERT INTO rate SELECT 'LIKE', count(*), found, extract(epoch FROM clock_timestamp() - started) FROM sample;
	started := clock_timestamp();
	SELECT count(*) INTO found FROM (SELECT text FROM remittance LIMIT 5000) AS r,
		(SELECT array_agg(number) AS numbers FROM (SELECT number FROM document LIMIT 100) AS d) AS d, credit.match_reference(text, numbers);
	INSERT INTO rate SELECT 'match_reference, 100 open items', count(*), found, extract(epoch FROM clock_timestamp() - started)
	FROM (SELECT text FROM remittance LIMIT 5000) AS r;
END
$$;
CALL time_texts();

\echo
\echo 'Which documents does this text name'
SELECT way, texts, found, round(seconds, 2) AS seconds, round(texts / seconds) AS texts_per_second,
	round((SELECT texts / seconds FROM rate WHERE way LIKE 'reference%') / (texts / seconds)) AS keys_times
FROM rate ORDER BY texts_per_second DESC;
SELECT (SELECT sum(named) FROM remittance) AS named, (SELECT count(*) FROM by_keys) AS found;

DROP SCHEMA bench_matching CASCADE;
