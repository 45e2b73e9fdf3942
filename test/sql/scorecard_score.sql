-- Scoring: credit.score(), score_points(), score_values(); weight of evidence, and cards made of it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

CREATE FUNCTION pg_temp.error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;

-- Examples by their source.
-- 600 points at 50:1, 20 points double the odds: factor 28.8539, offset 487.123 (N. Siddiqi, Credit Risk Scorecards, 2006, scaling).
SELECT round(factor, 4) AS factor, round("offset", 3) AS "offset" FROM credit.scaling('base 600 odds 50:1 pdo 20; a: else 0');
SELECT score, credit.odds(card, score), credit.pd(card, score), round(100 * credit.pd(card, score), 3) AS percent
FROM (SELECT 'base 600 odds 50 pdo 20; a: else 0'::credit.scorecard AS card) AS c, unnest(ARRAY[580, 600, 620, 640]) AS score;
-- An attribute of 30% of the good ones and 15% of the bad ones (the same book, weight of evidence).
SELECT round(credit.woe(30, 15, 100, 100), 4) AS woe, round((0.30 - 0.15) * credit.woe(30, 15, 100, 100), 4) AS iv, credit.woe(0.30, 0.15, 1, 1) AS of_shares;
SELECT * FROM credit.woe_table('{this,others}', '{30,70}', '{15,85}');
SELECT credit.information_value(goods, bads), sum(iv) FROM credit.woe_table('{this,others}', '{30,70}', '{15,85}');
-- A score of 70.5 is 71, one of 70.4 is 70 (Oracle Credit Management, scoring models: scores are rounded to whole points).
SELECT credit.score_points('a: else 70.5', '{1}'::numeric[]), credit.score_points('a: else 70.4', '{1}'::numeric[]),
	credit.score_points('decimals 1; a: else 70.5', '{1}'::numeric[]), credit.score_points('a: else 70; b: else 0.25; c: else 0.25', '{1,1,1}'::numeric[]);
SELECT points, credit.score_points(format('a: else %s', points)::credit.scorecard, '{1}'::numeric[]) AS rounded,
	credit.score_points(format('decimals 1; a: else %s', points)::credit.scorecard, '{1}'::numeric[]) AS tenths
FROM unnest(ARRAY[0.499999, 0.5, 1.49, -0.5, -0.500001, -1.5, -70.25, 2.449999]) AS points;
-- Scores of scoring groups are summed and looked up in bands: 10 + 25 + 40 is low risk (Dynamics 365 Finance, credit management risk groups).
SELECT score, grade FROM credit.score('payment: else 10; history: else 25; size: else 40; grades: Low>=70, Medium>=40, else High', '{1,1,1}'::numeric[]);

-- One card for what follows.
\set card '''base 600 odds 50 pdo 20; utilisation: <0.3 => 60, <=0.7 => 45, else 10, null => 20 "high use of limit"; region: ''''north'''',''''east'''' => 15, ''''south'''' => 8, else 5 ("region unknown"), null => 0 "region"; age: <1 => 0 "young", else 30; bankrupt: ''''false'''' => 40, ''''true'''' => -100 "bankruptcy"; grades: A>=120, B>=90, else C'''
-- An attribute's reason follows its last bin.
SELECT pg_temp.error(format('SELECT %L::credit.scorecard', :card));
\set card '''base 600 odds 50 pdo 20; utilisation: <0.3 => 60, <=0.7 => 45, else 10, null => 20 "high use of limit"; region: ''''north'''',''''east'''' => 15, ''''south'''' => 8, else 5 ("region unknown"), null => 0 "region"; age: <1 => 0, else 30; bankrupt: ''''false'''' => 40, ''''true'''' => -100 "bankruptcy"; grades: A>=120, B>=90, else C'''

SELECT * FROM credit.score(:card, '{"utilisation": 0.1, "region": "north", "age": 7, "bankrupt": false}'::jsonb);
SELECT * FROM credit.score(:card, '{"utilisation": 0.7, "region": "north", "age": 0.99999999999999999999, "bankrupt": "true"}'::jsonb);
SELECT * FROM credit.score(:card, '{"utilisation": 0.70000000000000000001, "region": "west", "age": 1, "bankrupt": true}'::jsonb);
SELECT * FROM credit.score(:card, '{"age": 1e30, "bankrupt": false, "region": null, "colour": "red"}'::jsonb);
SELECT r, (credit.score(:card, '{"utilisation": 1, "region": "west", "age": 0, "bankrupt": true}'::jsonb, r)).reasons FROM generate_series(0, 5) AS r;
SELECT (credit.score(:card, '{"age": 0, "bankrupt": true}'::jsonb, max_reasons => 2147483647)).reasons;
-- By position; categories by number.
SELECT * FROM credit.score(:card, '{0.7,1,0.9,2}'::numeric[]);
SELECT region, credit.score_points(:card, ARRAY[NULL, region, 1, 1]) FROM unnest(ARRAY[1, 2, 3, 0, NULL]) AS region;
SELECT * FROM credit.score(:card, '{NULL,NULL,-5,1}'::numeric[], 1);
-- By value, of any type.
SELECT credit.score_values(:card, 0.7, 'east', 1, true), credit.score_values(:card, 0.7::float8, 'east'::varchar, 1::smallint, 'true'),
	credit.score_values(:card, 0.5::float4, 'east '::char(10), 1::bigint, 'true'::text), credit.score_values(:card, NULL, NULL, 1, 2),
	credit.score_values(:card, VARIADIC ARRAY[0.7, 2, 1, 2]), credit.score_values(:card, VARIADIC NULL::numeric[]), credit.score_values(NULL, 1, 2);
SELECT n, credit.score_values('a: <-3 => 1, <0 => 2, <=9223372036854775.5 => 3, else 4', n) FROM unnest('{-9223372036854775808,-4,-3,-1,0,9223372036854775,9223372036854776,9223372036854775807}'::bigint[]) AS n;
CREATE DOMAIN pg_temp.share AS numeric CHECK (VALUE >= 0);
SELECT credit.score_values('a: <0.3 => 1, else 2', 0.2::pg_temp.share);

-- NULLs: of the call; of an attribute only where the card has points for it.
SELECT credit.score(NULL, '{}'::jsonb), credit.score(:card, NULL::jsonb), credit.score(:card, NULL::numeric[]), credit.score_points(:card, NULL::jsonb), credit.score(:card, '{}'::jsonb, NULL);
SELECT note, pg_temp.error(format(query, :card)) FROM (VALUES
	('null', 'SELECT credit.score(%L, ''{"age": null, "bankrupt": false}''::jsonb)'),
	('missing', 'SELECT credit.score(%L, ''{"bankrupt": false}''::jsonb)'),
	('null in an array', 'SELECT credit.score_points(%L, ''{0,0,NULL,1}''::numeric[])'),
	('null value', 'SELECT credit.score_values(%L, 0, ''x'', NULL, true)'),
	('unknown category', 'SELECT credit.score(%L, ''{"age": 1, "bankrupt": "perhaps"}''::jsonb)'),
	('unknown value', 'SELECT credit.score_values(%L, 0, ''x'', 1, ''ä'' || repeat(''ß'', 100))'),
	('number 3', 'SELECT credit.score_points(%L, ''{0,0,1,3}''::numeric[])'),
	('number 0', 'SELECT credit.score_points(%L, ''{0,0,1,0}''::numeric[])'),
	('number 4', 'SELECT credit.score_points(%L, ''{0,4,1,1}''::numeric[])'),
	('number -1', 'SELECT credit.score_points(%L, ''{0,-1,1,1}''::numeric[])'),
	('number 1.5', 'SELECT credit.score_points(%L, ''{0,1.5,1,1}''::numeric[])'),
	('number 0.5', 'SELECT credit.score_points(%L, ''{0,0.5,1,1}''::numeric[])'),
	('number -0.5', 'SELECT credit.score_points(%L, ''{0,-0.5,1,1}''::numeric[])'),
	('number 1e40', 'SELECT credit.score_points(%L, ''{0,1e40,1,1}''::numeric[])'),
	('NaN', 'SELECT credit.score_points(%L, ''{NaN,0,1,1}''::numeric[])'),
	('infinity', 'SELECT credit.score_values(%L, 0, ''x'', ''-infinity''::float8, true)'),
	('NaN category', 'SELECT credit.score_points(%L, ''{1,NaN,1,1}''::numeric[])'),
	('too few', 'SELECT credit.score_points(%L, ''{0,0,1}''::numeric[])'),
	('none', 'SELECT credit.score(%L, ''{}''::numeric[])'),
	('too many', 'SELECT credit.score_values(%L, 1, 2, 3, 4, 5)'),
	('too few in a written array', 'SELECT credit.score_points(%L, ARRAY[1.0, 2, 3])'),
	('two dimensions', 'SELECT credit.score_points(%L, ''{{0,0},{1,1}}''::numeric[])'),
	('text for a number', 'SELECT credit.score(%L, ''{"age": "1", "bankrupt": false}''::jsonb)'),
	('number for a category', 'SELECT credit.score(%L, ''{"age": 1, "region": 1, "bankrupt": false}''::jsonb)'),
	('object for a number', 'SELECT credit.score(%L, ''{"age": {}, "bankrupt": false}''::jsonb)'),
	('array for a category', 'SELECT credit.score(%L, ''{"age": 1, "region": ["north"], "bankrupt": false}''::jsonb)'),
	('boolean for a number', 'SELECT credit.score_values(%L, 0, ''x'', true, true)'),
	('date', 'SELECT credit.score_values(%L, 0, ''x'', date ''2026-01-01'', true)'),
	('text array', 'SELECT credit.score_values(%L, VARIADIC ''{0,0,1,1}''::text[])'),
	('no object', 'SELECT credit.score(%L, ''[1]''::jsonb)'),
	('a scalar', 'SELECT credit.score(%L, ''1''::jsonb)'),
	('negative reasons', 'SELECT credit.score(%L, ''{0,0,1,1}''::numeric[], -1)'),
	('strict and known', 'SELECT credit.score(%L, ''{"age": 1, "bankrupt": false}''::jsonb, strict => true)'),
	('strict and unknown', 'SELECT credit.score(%L, ''{"age": 1, "bankrupt": false, "colour": {"age": 1}}''::jsonb, strict => true)'),
	('strict points', 'SELECT credit.score_points(%L, ''{"age": 1, "bankrupt": false, "Age": 1}''::jsonb, true)')) AS t (note, query);

-- Reasons: most points lost first, ties in the order of the card, each once; a bin's own before its attribute's.
SELECT (credit.score('a: <1 => 0, else 5 "x"; b: <1 => 0, else 9 "y"; c: <1 => 0, else 5 "z"; d: <1 => 0, else 7 "x"; e: <1 => 0 ("own"), else 1 "e"; f: else 3; g: <1 => 4, else 1',
	'{0,0,0,0,0,0,0}'::numeric[], 10)).reasons;

-- A card of each row, one of the query and one from a subquery.
CREATE TEMP TABLE model (id integer, card credit.scorecard);
INSERT INTO model VALUES (1, 'a: <1 => 1, else 2'), (2, 'a: <1 => 10, else 20'), (3, NULL);
SELECT m.id, a, credit.score_points(m.card, ARRAY[a]), credit.score_points((SELECT card FROM model WHERE id = 2), ARRAY[a]), (credit.score(m.card, ARRAY[a])).score
FROM model AS m, unnest(ARRAY[0.5, 1]) AS a ORDER BY a, m.id;
CREATE FUNCTION pg_temp.scored(card credit.scorecard, a numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN credit.score_points(card, ARRAY[a]); END $$;
SELECT m.id, a, pg_temp.scored(m.card, a) FROM model AS m, unnest(ARRAY[0.5, 1]) AS a ORDER BY a, m.id;

-- Written as an array, values are planned as arguments.
EXPLAIN (VERBOSE, COSTS OFF) SELECT credit.score_points('a: <1 => 1, else 2; b: else 0', ARRAY[a, 1]) FROM unnest(ARRAY[0.5, 1]) AS a;
EXPLAIN (VERBOSE, COSTS OFF) SELECT credit.score_points('a: <1 => 1, else 2', ARRAY[ARRAY[a]]) FROM unnest(ARRAY[0.5, 1]) AS a;
CREATE VIEW pg_temp.planned AS SELECT credit.score_points('a: <1 => 1, else 2', ARRAY[a.a]) FROM unnest(ARRAY[0.5, 1]) AS a, generate_series(1, 2) AS n;
SELECT pg_get_viewdef('pg_temp.planned'::regclass);

-- Weight of evidence.
SELECT * FROM credit.woe_table('{young,middle,old,none,nobody}', '{100,300,600,20,0}', '{40,30,10,0,0}');
SELECT sum(iv) AS by_table, (SELECT credit.information_value(g, b) FROM (VALUES (100, 40), (300, 30), (600, 10), (20, 0), (0, 0)) AS v (g, b)) AS by_aggregate
FROM credit.woe_table('{young,middle,old,none,nobody}', '{100,300,600,20,0}', '{40,30,10,0,0}');
SELECT credit.information_value(g, b) IS NULL AS nothing FROM (VALUES (1, 1)) AS v (g, b) WHERE false
UNION ALL SELECT credit.information_value(g, b) IS NULL FROM (VALUES (1, 0), (5, 0)) AS v (g, b)
UNION ALL SELECT credit.information_value(g, b) IS NULL FROM (VALUES (NULL, 1), (5, NULL)) AS v (g, b);
SELECT credit.information_value(g, b) AS nulls_skipped FROM (VALUES (30, 15), (NULL, 1), (70, 85), (5, NULL)) AS v (g, b);
SELECT credit.woe(0, 5, 100, 100) AS adjusted, round(ln(0.5 / 5.5), 6) AS by_hand, credit.woe(0, 5, 100, 100, 1) AS by_one, credit.woe(0, 0, 100, 50) AS empty, credit.woe(5, 10, 100, 200) AS even;
SELECT count(*) FROM credit.woe_table('{}', '{}', '{}');
SELECT query, pg_temp.error('SELECT ' || query) FROM unnest(ARRAY['credit.woe(0, 5, 100, 100, 0)', 'credit.woe(5, 0, 100, 100, 0)', 'credit.woe(5, 5, 0, 100)', 'credit.woe(5, 5, 100, 0)', 'credit.woe(-1, 5, 100, 100)',
	'credit.woe(''NaN'', 5, 100, 100)', 'credit.woe(1, 5, ''Infinity'', 100)', 'credit.woe(101, 5, 100, 100)', 'credit.woe(1, 5, 100, 100, -1)',
	'credit.woe_table(''{a,b}'', ''{1}'', ''{1,2}'')', 'credit.woe_table(''{a,b}'', ''{1,NULL}'', ''{1,2}'')', 'credit.woe_table(''{a,b}'', ''{0,0}'', ''{1,2}'')', 'credit.woe_table(''{a,NULL}'', ''{1,1}'', ''{1,2}'')',
	'credit.woe_table(''{{a},{b}}'', ''{1,1}'', ''{1,2}'')', 'credit.woe_table(''{a,b}'', ''{1,0}'', ''{1,2}'', 0)', 'credit.information_value(-1, 2)']) AS query;

-- Partial aggregation gives the same.
CREATE TEMP TABLE outcome AS SELECT b % 7 AS bin, 100 + b % 13 AS goods, 10 + b % 5 AS bads FROM generate_series(1, 1000) AS b;
SELECT credit.information_value(goods, bads) = round((SELECT sum(iv) FROM (SELECT (g / sum(g) OVER () - d / sum(d) OVER ()) * ln((g / sum(g) OVER ()) / (d / sum(d) OVER ())) AS iv
	FROM (SELECT goods::numeric AS g, bads::numeric AS d FROM outcome) AS o) AS o), 6) AS as_defined FROM outcome;
SELECT credit.evidence_information_value(credit.evidence_combine(credit.evidence_accum(credit.evidence_accum('{0,0,0,0}', 30, 15), 1, 0), credit.evidence_accum('{0,0,0,0}', 70, 85)))
	= (SELECT credit.information_value(g, b) FROM (VALUES (30, 15), (1, 0), (70, 85)) AS v (g, b)) AS combined;

-- A card from a regression: the points of a row sum to offset + factor x ln(odds), whatever the row.
SELECT credit.scorecard_from_woe(ARRAY['use', 'use', 'use', 'region', 'region'], ARRAY['<0.3', 'else', 'null', '''north'',''east''', 'else'], ARRAY[0.5, -0.4, -1, 0.1, -0.1],
	ARRAY[-0.9, -0.9, -0.9, -0.7, -0.7], -3.2, 600, 50, 20, decimals => 6, reasons => ARRAY['', 'use is "high"', 'use is not known', '', 'region']) AS made \gset
SELECT :'made'::credit.scorecard;
SELECT use, region, credit.score_points(:'made', ARRAY[use, region]), round(offset_ + factor * (3.2 + 0.9 * CASE WHEN use IS NULL THEN -1 WHEN use < 0.3 THEN 0.5 ELSE -0.4 END
	+ 0.7 * CASE WHEN region = 0 THEN -0.1 ELSE 0.1 END), 5) AS by_hand
FROM unnest(ARRAY[0.1, 0.5, NULL]) AS use, unnest(ARRAY[0, 1]) AS region,
	(SELECT 20 / ln(2.0) AS factor, 600 - 20 / ln(2.0) * ln(50.0) AS offset_) AS s;
-- Rows in any order of attributes; whole points; grades are added to the text.
SELECT (credit.scorecard_from_woe(ARRAY['b', 'a', 'b', 'a'], ARRAY['<1', '''x''', 'else', 'else'], ARRAY[1, 0.5, -1, -0.5], ARRAY[-1, -0.5, -1, -0.5], -2, 600, 30, 20)::text || '; grades: A>=650, else B')::credit.scorecard;
SELECT pg_temp.error('SELECT credit.scorecard_from_woe(' || arguments || ')') FROM unnest(ARRAY[
	$$'{a,a}', '{<1,else}', '{1,2}', '{1,2}', 0, 600, 50, 20$$, $$'{a,a}', '{<1,else}', '{1}', '{1,1}', 0, 600, 50, 20$$, $$'{a,a}', '{<1,else}', '{1,NULL}', '{1,1}', 0, 600, 50, 20$$,
	$$'{a,a}', '{<1,else}', '{1,2}', '{1,1}', 0, 600, 50, 0$$, $$'{a,a}', '{<1,else}', '{1,2}', '{1,1}', 0, 600, 0, 20$$, $$'{a,a}', '{<1,else}', '{1,2}', '{1,1}', 'NaN', 600, 50, 20$$,
	$$'{a,a}', '{<1,else}', '{1,2}', '{1,1}', 0, 600, 50, 20, 7$$, $$'{a,a}', '{<1,<2}', '{1,2}', '{1,1}', 0, 600, 50, 20$$, $$'{}', '{}', '{}', '{}', 0, 600, 50, 20$$,
	$$'{a,a}', '{"<1 => 1, <2",else}', '{1,2}', '{1,1}', 0, 600, 50, 20$$, $$'{a,a}', '{<1,"else 1; b: else"}', '{1,2}', '{1,1}', 0, 600, 50, 20$$, $$'{a,a}', '{<1,else}', '{1,1e300}', '{1,1}', 0, 600, 50, 20$$]) AS arguments;
SELECT credit.scorecard_from_woe('{a}', '{else}', '{1}', '{1}', NULL, 600, 50, 20) IS NULL AS no_intercept;
