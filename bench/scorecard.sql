-- A scorecard of 12 attributes over a table of applicants: credit.score_values(),
-- score_points() and score() against the CASE expression that people write, and
-- against a table of bins that is joined per attribute.  All must give the same
-- score; then each is timed in turn, round after round, and the medians of one run
-- are compared with each other.  The figure of by_case does nothing but score;
-- full_card returns score, grade, PD and reasons.
--
--	psql -v applicants=1000000 -v rounds=5 -f bench/scorecard.sql
--
-- needs a database with the extension, where it makes and drops the schema
-- bench_scorecard.  One process, no JIT: parallel workers on a small machine measure
-- the machine.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?applicants}
\else
	\set applicants 1000000
\endif
\if :{?rounds}
\else
	\set rounds 5
\endif

SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '256MB';
SET client_min_messages = warning;

DROP SCHEMA IF EXISTS bench_scorecard CASCADE;
CREATE SCHEMA bench_scorecard;
SET search_path = bench_scorecard;
SELECT setseed(0.5) \g /dev/null

-- Ten attributes of numbers with four to six bins, two of categories; 2% are missing.
CREATE TABLE applicant AS
SELECT id,
	CASE WHEN random() > 0.02 THEN round(random()::numeric * 1.2, 4) END AS utilisation,
	CASE WHEN random() > 0.02 THEN round(random()::numeric * 120, 1) END AS average_days_late,
	CASE WHEN random() > 0.02 THEN round(random()::numeric * 3, 2) END AS current_ratio,
	CASE WHEN random() > 0.02 THEN round(random()::numeric * 4, 2) END AS leverage,
	CASE WHEN random() > 0.02 THEN round((random() * 0.5 - 0.2)::numeric, 4) END AS margin,
	CASE WHEN random() > 0.02 THEN round(random()::numeric * 30, 1) END AS years_in_business,
	CASE WHEN random() > 0.02 THEN round(random()::numeric * 25, 1) END AS years_as_customer,
	CASE WHEN random() > 0.02 THEN round((random() * 5000000)::numeric, 2) END AS sales,
	CASE WHEN random() > 0.02 THEN floor(random() * 8)::numeric END AS broken_promises,
	CASE WHEN random() > 0.02 THEN round(random()::numeric, 3) END AS disputed_share,
	CASE WHEN random() > 0.02 THEN (array['north','east','south','west'])[1 + floor(random() * 4)::int] END AS region,
	CASE WHEN random() > 0.02 THEN (array['company','partnership','sole trader'])[1 + floor(random() * 3)::int] END AS legal_form
FROM generate_series(1, :applicants) AS id;

\set card 'base 600 odds 50 pdo 20; utilisation: <0.1 => 60, <0.3 => 52, <0.5 => 44, <0.7 => 31, <0.9 => 18, else 5, null => 20 "high use of limit"; average_days_late: <=0 => 70, <=10 => 58, <=30 => 41, <=60 => 22, else 8, null => 30 "late payment"; current_ratio: <0.8 => 10, <1.2 => 24, <2 => 38, else 45, null => 20 "weak liquidity"; leverage: <0.5 => 55, <1 => 46, <2 => 30, <3 => 14, else 4, null => 20 "high leverage"; margin: <-0.05 => 3, <0 => 12, <0.05 => 25, <0.15 => 39, else 48, null => 20 "low margin"; years_in_business: <2 => 12, <5 => 24, <10 => 35, else 50, null => 15 "short time in business"; years_as_customer: <1 => 15, <3 => 25, <8 => 38, else 52, null => 15 "short relationship"; sales: <50000 => 12, <250000 => 20, <1000000 => 33, else 44, null => 15 "small size"; broken_promises: <1 => 62, <2 => 40, <4 => 18, else 2, null => 35 "broken promises"; disputed_share: <0.05 => 40, <0.15 => 31, <0.4 => 20, else 9, null => 25 "many disputes"; region: ''north'',''east'' => 30, ''south'' => 24, else 18, null => 20 "region"; legal_form: ''company'' => 35, ''partnership'' => 27, else 20, null => 20 "legal form"; grades: A>=480, B>=430, C>=370, D>=310, else E'

-- As feature stores keep it: one array, or one document, of a row.
CREATE TABLE feature AS SELECT id, ARRAY[utilisation, average_days_late, current_ratio, leverage, margin, years_in_business, years_as_customer, sales,
		broken_promises, disputed_share,
		CASE WHEN region IS NOT NULL THEN coalesce(array_position(array['north','east','south'], region), 0) END,
		CASE WHEN legal_form IS NOT NULL THEN coalesce(array_position(array['company','partnership'], legal_form), 0) END] AS features
FROM applicant;
CREATE TABLE document AS SELECT id, jsonb_build_object('utilisation', utilisation, 'average_days_late', average_days_late, 'current_ratio', current_ratio,
		'leverage', leverage, 'margin', margin, 'years_in_business', years_in_business, 'years_as_customer', years_as_customer,
		'sales', sales, 'broken_promises', broken_promises, 'disputed_share', disputed_share, 'region', region,
		'legal_form', legal_form) AS document
FROM applicant;
VACUUM ANALYZE applicant;
VACUUM ANALYZE feature;
VACUUM ANALYZE document;

-- The table of bins that a report writer would make.
CREATE TABLE bin AS
SELECT a.*, a.condition = 'else' AS other, a.condition = 'null' AS missing FROM credit.attributes(:'card') AS a;
ANALYZE bin;

CREATE VIEW values_ AS
SELECT id, credit.score_values(:'card', utilisation, average_days_late, current_ratio, leverage, margin, years_in_business,
	years_as_customer, sales, broken_promises, disputed_share, region, legal_form) AS score
FROM applicant;
CREATE VIEW points_built_array AS
SELECT id, credit.score_points(:'card', ARRAY[utilisation, average_days_late, current_ratio, leverage, margin, years_in_business,
	years_as_customer, sales, broken_promises, disputed_share,
	CASE region WHEN 'north' THEN 1 WHEN 'east' THEN 2 WHEN 'south' THEN 3 WHEN 'west' THEN 0 END,
	CASE legal_form WHEN 'company' THEN 1 WHEN 'partnership' THEN 2 WHEN 'sole trader' THEN 0 END]) AS score
FROM applicant;
CREATE VIEW points_array AS SELECT id, credit.score_points(:'card', features) AS score FROM feature;
CREATE VIEW points_jsonb AS SELECT id, credit.score_points(:'card', document) AS score FROM document;
CREATE VIEW full_card AS
SELECT id, (s).score + 0 * ((s).pd + length((s).grade) + cardinality((s).reasons)) AS score
FROM (SELECT id, credit.score(:'card', features) AS s FROM feature OFFSET 0) AS a;
CREATE VIEW by_case AS
SELECT id,
	CASE WHEN utilisation IS NULL THEN 20 WHEN utilisation < 0.1 THEN 60 WHEN utilisation < 0.3 THEN 52
		WHEN utilisation < 0.5 THEN 44 WHEN utilisation < 0.7 THEN 31 WHEN utilisation < 0.9 THEN 18 ELSE 5 END
	+ CASE WHEN average_days_late IS NULL THEN 30 WHEN average_days_late <= 0 THEN 70 WHEN average_days_late <= 10 THEN 58
		WHEN average_days_late <= 30 THEN 41 WHEN average_days_late <= 60 THEN 22 ELSE 8 END
	+ CASE WHEN current_ratio IS NULL THEN 20 WHEN current_ratio < 0.8 THEN 10 WHEN current_ratio < 1.2 THEN 24
		WHEN current_ratio < 2 THEN 38 ELSE 45 END
	+ CASE WHEN leverage IS NULL THEN 20 WHEN leverage < 0.5 THEN 55 WHEN leverage < 1 THEN 46 WHEN leverage < 2 THEN 30
		WHEN leverage < 3 THEN 14 ELSE 4 END
	+ CASE WHEN margin IS NULL THEN 20 WHEN margin < -0.05 THEN 3 WHEN margin < 0 THEN 12 WHEN margin < 0.05 THEN 25
		WHEN margin < 0.15 THEN 39 ELSE 48 END
	+ CASE WHEN years_in_business IS NULL THEN 15 WHEN years_in_business < 2 THEN 12 WHEN years_in_business < 5 THEN 24
		WHEN years_in_business < 10 THEN 35 ELSE 50 END
	+ CASE WHEN years_as_customer IS NULL THEN 15 WHEN years_as_customer < 1 THEN 15 WHEN years_as_customer < 3 THEN 25
		WHEN years_as_customer < 8 THEN 38 ELSE 52 END
	+ CASE WHEN sales IS NULL THEN 15 WHEN sales < 50000 THEN 12 WHEN sales < 250000 THEN 20 WHEN sales < 1000000 THEN 33
		ELSE 44 END
	+ CASE WHEN broken_promises IS NULL THEN 35 WHEN broken_promises < 1 THEN 62 WHEN broken_promises < 2 THEN 40
		WHEN broken_promises < 4 THEN 18 ELSE 2 END
	+ CASE WHEN disputed_share IS NULL THEN 25 WHEN disputed_share < 0.05 THEN 40 WHEN disputed_share < 0.15 THEN 31
		WHEN disputed_share < 0.4 THEN 20 ELSE 9 END
	+ CASE WHEN region IS NULL THEN 20 WHEN region IN ('north', 'east') THEN 30 WHEN region = 'south' THEN 24 ELSE 18 END
	+ CASE WHEN legal_form IS NULL THEN 20 WHEN legal_form = 'company' THEN 35 WHEN legal_form = 'partnership' THEN 27
		ELSE 20 END AS score
FROM applicant;
CREATE VIEW bins_joined AS
SELECT id, sum(points) AS score
FROM applicant
	CROSS JOIN LATERAL (VALUES ('utilisation', utilisation, NULL), ('average_days_late', average_days_late, NULL),
		('current_ratio', current_ratio, NULL), ('leverage', leverage, NULL), ('margin', margin, NULL),
		('years_in_business', years_in_business, NULL), ('years_as_customer', years_as_customer, NULL), ('sales', sales, NULL),
		('broken_promises', broken_promises, NULL), ('disputed_share', disputed_share, NULL),
		('region', NULL::numeric, region), ('legal_form', NULL, legal_form)) AS v (attribute, number, category)
	JOIN bin USING (attribute)
WHERE CASE WHEN missing THEN number IS NULL AND category IS NULL
	WHEN number IS NULL AND category IS NULL THEN false
	WHEN categories IS NOT NULL THEN category = ANY (categories)
	WHEN category IS NOT NULL THEN NOT EXISTS (SELECT FROM bin AS b WHERE b.attribute = v.attribute AND category = ANY (b.categories))
	ELSE (from_value IS NULL OR number > from_value OR (from_inclusive AND number = from_value))
		AND (to_value IS NULL OR number < to_value OR (to_inclusive AND number = to_value)) END
GROUP BY id;

-- Reads the row and no more: what every way but the join pays too.
CREATE VIEW scan AS SELECT id, length(legal_form) AS score FROM applicant;

\echo
SELECT :applicants AS applicants, count(DISTINCT c.score) AS scores,
	count(*) FILTER (WHERE c.score IS DISTINCT FROM v.score OR c.score IS DISTINCT FROM b.score OR c.score IS DISTINCT FROM a.score
		OR c.score IS DISTINCT FROM j.score OR c.score IS DISTINCT FROM f.score) AS differences
FROM by_case AS c JOIN values_ AS v USING (id) JOIN points_built_array AS b USING (id) JOIN points_array AS a USING (id)
	JOIN points_jsonb AS j USING (id) JOIN full_card AS f USING (id);
SELECT count(*) AS joined_differences
FROM by_case AS c FULL JOIN bins_joined AS j USING (id)
WHERE c.score IS DISTINCT FROM j.score AND id <= 1000;

CREATE TABLE timing (way text, ms numeric);
CREATE PROCEDURE time_all(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	way text;
	started timestamptz;
BEGIN
	FOR round IN 0 .. rounds LOOP
		FOREACH way IN ARRAY '{scan,values_,points_built_array,points_array,points_jsonb,full_card,by_case,bins_joined}'::text[] LOOP
			-- Many times slower than the others: timed once.
			CONTINUE WHEN way = 'bins_joined' AND round <> 1;
			started := clock_timestamp();
			EXECUTE format('SELECT sum(score) FROM %I', way);
			-- The first round only warms the caches.
			IF round > 0 THEN
				INSERT INTO timing VALUES (way, extract(epoch FROM clock_timestamp() - started) * 1000);
			END IF;
		END LOOP;
	END LOOP;
END
$$;
CALL time_all(:rounds);

-- Times as fast as by_case and as the join; and as by_case when the reading of the row is left out on both sides.
SELECT way, rounds, round(median) AS median_ms, round(fastest) AS fastest_ms,
	round(max(median) FILTER (WHERE way = 'by_case') OVER () / median, 2) AS case_ratio,
	round((max(median) FILTER (WHERE way = 'by_case') OVER () - max(median) FILTER (WHERE way = 'scan') OVER ())
		/ nullif(median - max(median) FILTER (WHERE way = 'scan') OVER (), 0), 2) AS case_ratio_without_scan,
	round(max(median) FILTER (WHERE way = 'bins_joined') OVER () / median, 1) AS join_ratio
FROM (SELECT way, count(*) AS rounds, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS median, min(ms) AS fastest
	  FROM timing GROUP BY way) AS t
ORDER BY median;

DROP SCHEMA bench_scorecard CASCADE;
