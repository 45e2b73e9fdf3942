-- worklist_points.sql: points, action and reasons from figures and rules.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
CREATE FUNCTION pg_temp.rule(no integer, figure integer, threshold numeric, points numeric, each numeric, most numeric, action text) RETURNS jsonb LANGUAGE sql AS
$$SELECT jsonb_build_object('rule_no', no, 'kind', 'kind ' || no, 'figure', figure, 'threshold', threshold, 'points', points, 'points_each', each, 'most_points', most, 'action', action)$$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, NULLIF(detail, ''));
END $$;
CREATE TEMP TABLE rule AS SELECT jsonb_agg(r) AS rules FROM unnest(ARRAY[
	pg_temp.rule(10, 1, 100, 5, 0.001, NULL, 'remind'), pg_temp.rule(20, 2, 0, 10, 10, 30, 'call'), pg_temp.rule(30, 2, 3, 30, 0, NULL, 'letter'), pg_temp.rule(40, 3, -1.5, 0, 0.1, NULL, NULL)]) r;

-- Above the threshold, not at it; 5.005 is 5.01, 5.0049 is 5.00; what is missing matches nothing.
SELECT f, credit.worklist_points(f::numeric[], rules) AS points, credit.worklist_action(f::numeric[], rules) AS action, credit.worklist_reasons(f::numeric[], rules) AS reasons
FROM rule, unnest(ARRAY['{100,0,-1.5}', '{100.01,0,-1.50}', '{105,0,-2}', '{104.9,NULL,-2}', '{NULL,2,NULL}', '{0,4,-1.45}', '{0,4,98.5}', '{}', '{1e9}']) f;
-- Points may be taken off: half away from zero, as numeric rounds.
SELECT p, credit.worklist_points('{1}', jsonb_build_array(pg_temp.rule(1, 1, 0, p, 0, NULL, NULL))) AS points, round(p, 2) AS rounded
FROM unnest('{-0.005,-0.0149,-0.015,-1.994,-1.995,0.005}'::numeric[]) p;
-- Rules of one statement that differ, few and many.
SELECT n, credit.worklist_points('{7}', jsonb_build_array(pg_temp.rule(1, 1, 0, n, 1, NULL, NULL))) AS points FROM generate_series(1, 3) n;
SELECT count(*), sum(credit.worklist_points(ARRAY[n], jsonb_build_array(pg_temp.rule(1, 1, 0, n % 100, 0, NULL, NULL)))) FROM generate_series(1, 1000) n;
-- Nothing of nothing.
SELECT credit.worklist_points(NULL, '[]') IS NULL AND credit.worklist_points('{1}', NULL) IS NULL AND credit.worklist_points('{1}', '[]') IS NULL
	AND credit.worklist_action('{1}', '[]') IS NULL AND credit.worklist_reasons('{1}', '[]') IS NULL AS nothing;

-- Bad input.
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', '{}')$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', '1')$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', '[1]')$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', '[[1]]')$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', '[{"figure": 1}]')$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', jsonb_build_array(pg_temp.rule(1, 0, 0, 1, 0, NULL, NULL)))$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', jsonb_build_array(pg_temp.rule(1, 1, 0, 1, 0, NULL, NULL) || '{"figure": 1.5}'))$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1}', jsonb_build_array(pg_temp.rule(1, 1, 0, 1, 0, NULL, NULL) || '{"points": "1"}'))$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{NaN}', jsonb_build_array(pg_temp.rule(1, 1, 0, 1, 0, NULL, NULL)))$$);
SELECT pg_temp.try($$SELECT credit.worklist_points('{1e37}', jsonb_build_array(pg_temp.rule(1, 1, 0.01, 1, 0, NULL, NULL)))$$);
