-- plpgsql_check over every PL/pgSQL function of the kernel and of a fresh ledger: what is only found when a branch runs,
-- such as a wrong column, a wrong type or a dead variable, is found here.  Performance advice is not asked for, and what
-- it could not see because the statement is put together at run time is no finding.
BEGIN;
CREATE EXTENSION IF NOT EXISTS credit_control;
CREATE EXTENSION plpgsql_check;
SELECT plan(2);

DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD'); END $$;

-- A trigger function is checked against each table it serves; one that serves none is a finding by itself.
CREATE TEMP VIEW checked AS
SELECT p.oid AS function, coalesce(t.tgrelid, 0) AS relation, t.tgoldtable, t.tgnewtable
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgfoid = p.oid
WHERE p.pronamespace IN ('credit'::regnamespace, 'ar'::regnamespace);

SELECT isnt((SELECT count(*) FROM checked), 0::bigint, 'there are PL/pgSQL functions to check');

SELECT is_empty($$
	SELECT checked.function::regprocedure, finding.lineno, finding.statement, finding.level, finding.message,
		finding.detail
	FROM checked,
		LATERAL plpgsql_check_function_tb(checked.function, checked.relation, fatal_errors => false,
			other_warnings => true, extra_warnings => true, performance_warnings => false,
			oldtable => checked.tgoldtable, newtable => checked.tgnewtable) AS finding
	WHERE finding.detail IS NULL OR finding.detail NOT LIKE '%result of dynamic SQL%'
	ORDER BY 1, 2
	$$, 'plpgsql_check finds nothing');

SELECT * FROM finish();
ROLLBACK;
