-- Scheduling by pg_cron, where it is installed.  It lives in one database; jobs of others are scheduled from there.

CREATE FUNCTION credit.schedule_ledger(ledger name, schedule text DEFAULT '15 2 * * *') RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- The schema that pg_cron makes itself; null without it.
	cron name := (SELECT 'cron' FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_cron');
	job text;
	id bigint;
BEGIN
	IF ledger IS NULL OR schedule IS NULL THEN
		RAISE EXCEPTION 'ledger name and schedule must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	job := pg_catalog.format('CALL %I.nightly()', ledger);
	IF pg_catalog.to_regclass(pg_catalog.format('%I.ledger_info', ledger)) IS NULL THEN
		RAISE EXCEPTION 'there is no ledger "%"', ledger
			USING ERRCODE = 'undefined_table', HINT = 'credit.create_ledger() makes one.';
	END IF;
	IF cron IS NULL THEN
		RAISE EXCEPTION 'pg_cron is not installed in database "%"', pg_catalog.current_database()
			USING ERRCODE = 'feature_not_supported',
				DETAIL = pg_catalog.format('What would be scheduled is: %s', job),
				HINT = pg_catalog.format('Install pg_cron (Debian: postgresql-NN-cron, in shared_preload_libraries), or from the database it lives in SELECT cron.schedule_in_database(%L, %L, %L, %L), or have another scheduler run it with psql.',
					'credit_control ' || ledger, schedule, job, pg_catalog.current_database());
	END IF;
	EXECUTE pg_catalog.format('SELECT %I.schedule($1, $2, $3)', cron) INTO id USING 'credit_control ' || ledger, schedule, job;
	RETURN id;
END $$;
COMMENT ON FUNCTION credit.schedule_ledger(name, text) IS 'Has pg_cron call nightly() of a ledger at a schedule in cron notation (default every night at 2:15, in the time zone of pg_cron), as the caller. Again with another schedule replaces it. Returns the id of the job. 0A000 where pg_cron is not installed, with what to do instead.';

CREATE FUNCTION credit.unschedule_ledger(ledger name) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	cron name := (SELECT 'cron' FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_cron');
	found boolean;
BEGIN
	IF ledger IS NULL THEN
		RAISE EXCEPTION 'ledger name must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF cron IS NULL THEN
		RETURN false;
	END IF;
	EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %1$I.job j WHERE j.jobname = $1 AND j.username = current_user) AND %1$I.unschedule($1)', cron)
	INTO found USING 'credit_control ' || ledger;
	RETURN found;
END $$;
COMMENT ON FUNCTION credit.unschedule_ledger(name) IS 'Takes back schedule_ledger(), of the caller. Returns whether there was a job.';
