-- What is to be done every night, in order: each job in a transaction of its own, and one that fails stops no other.

CREATE OR REPLACE FUNCTION nightly_jobs()
RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY['aging_total', 'promises', 'plans', 'settlements', 'scores', 'predictions', 'reviews', 'portfolios', 'dunning_preview'];
END $$;
COMMENT ON FUNCTION nightly_jobs() IS 'The jobs of nightly(), in order, but for the holds, which come last.';

CREATE OR REPLACE FUNCTION run_nightly_job(p_job text, p_as_of date)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	n bigint;
BEGIN
	PERFORM require_as_of(p_as_of);
	CASE p_job
		WHEN 'aging_total' THEN
			-- Version 0: what was known that night.  A day that is closed later has its own version, from its close.
			INSERT INTO snapshot_total (as_of, version, currency, customers, total, past_due, unapplied, disputed, aging)
			SELECT p_as_of - 1, 0, a.currency, count(*), sum(a.total), sum(a.past_due), sum(a.unapplied), sum(a.disputed), credit.merge(a.aging)
			FROM aging_at(p_as_of - 1) a GROUP BY a.currency ON CONFLICT DO NOTHING;
			GET DIAGNOSTICS n = ROW_COUNT;
		WHEN 'promises' THEN n := evaluate_promises(p_as_of);
		WHEN 'plans' THEN n := evaluate_plans(p_as_of);
		WHEN 'settlements' THEN n := evaluate_settlements(p_as_of);
		WHEN 'scores' THEN
			n := CASE WHEN EXISTS (SELECT FROM score_card k WHERE p_as_of BETWEEN k.valid_from AND k.valid_to) THEN rescore_portfolio(p_as_of) ELSE 0 END;
		WHEN 'predictions' THEN
			n := CASE WHEN EXISTS (SELECT FROM strategies_on(p_as_of) s JOIN worklist_rule r ON r.collection_strategy_id = s.collection_strategy_id
				WHERE r.kind IN ('predicted_late', 'predicted_very_late')) THEN predict_late_payment(p_as_of) ELSE 0 END;
		WHEN 'reviews' THEN n := schedule_reviews();
		WHEN 'portfolios' THEN n := assign_portfolios();
		WHEN 'dunning_preview' THEN SELECT count(*) INTO n FROM run_dunning(p_as_of, p_simulate => true) d WHERE d.skipped IS NULL;
		ELSE
			RAISE EXCEPTION 'unknown nightly job "%"', p_job
				USING ERRCODE = 'invalid_parameter_value', HINT = 'nightly_jobs() lists them.';
	END CASE;
	RETURN n;
END $$;
COMMENT ON FUNCTION run_nightly_job(text, date) IS 'Does one of nightly_jobs() as of a day and returns how many: aging_total (rows of snapshot_total of the day before, version 0), promises, plans and settlements judged anew, customers scored (0 without a card in use), customers with a new prediction of late payment (0 while no strategy in force asks for it), reviews scheduled, customers that went to another collector, dunning_preview (letters that a dunning run would write; nothing is written).';

-- It commits, so it can have no search_path of its own: every name in it is written out.
DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.nightly(p_as_of date DEFAULT NULL, INOUT failed integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			jobs text[] := %1$I.nightly_jobs();
			as_of date := COALESCE(p_as_of, %1$I.ledger_today());
			started timestamptz;
			n bigint;
			holds integer;
			orders integer;
			message text;
		BEGIN
			failed := 0;
			IF as_of OPERATOR(pg_catalog.>) %1$I.ledger_today() THEN
				RAISE EXCEPTION 'nightly jobs cannot be done ahead'
					USING ERRCODE = 'datetime_field_overflow', DETAIL = pg_catalog.concat('They would be of ', as_of, '.');
			END IF;
			FOR i IN 1 .. pg_catalog.cardinality(jobs) LOOP
				started := pg_catalog.clock_timestamp();
				BEGIN
					n := %1$I.run_nightly_job(jobs[i], as_of);
					message := NULL;
				EXCEPTION WHEN OTHERS THEN
					GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
					failed := failed OPERATOR(pg_catalog.+) 1;
				END;
				COMMIT;
				IF message IS NULL THEN
					RAISE NOTICE 'nightly, %%: %% in %% s', jobs[i], n, pg_catalog.round(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) started)::numeric, 1);
				ELSE
					RAISE WARNING 'nightly, %% failed: %%', jobs[i], message;
				END IF;
			END LOOP;
			started := pg_catalog.clock_timestamp();
			CALL %1$I.reevaluate_holds(NULL, false, holds, orders);
			RAISE NOTICE 'nightly, holds: %% and %% orders released in %% s', holds, orders, pg_catalog.round(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) started)::numeric, 1);
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE nightly(date, integer) IS 'Does every nightly job as of a day (default today), each in a transaction of its own, with a notice of how many and how long, and last reevaluate_holds(). A job that fails is a warning and stops no other; failed: how many did. credit.schedule_ledger() has it called every night. Run it outside a transaction block, as a role that may change the order tables.';

CREATE OR REPLACE VIEW aging_by_night AS
SELECT t.as_of, t.currency, t.customers, t.total, t.past_due, t.unapplied, t.disputed, credit.amounts(t.aging) AS amounts
FROM snapshot_total t WHERE t.version = 0;
COMMENT ON VIEW aging_by_night IS 'Aging of all customers at the end of each day for which nightly() ran, as known that night.';
COMMENT ON COLUMN aging_by_night.as_of IS 'The day that had ended.';
COMMENT ON COLUMN aging_by_night.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN aging_by_night.customers IS 'Customers with something open.';
COMMENT ON COLUMN aging_by_night.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN aging_by_night.past_due IS 'Of the debit items, what was past its due date.';
COMMENT ON COLUMN aging_by_night.unapplied IS 'Payments and credit notes not applied, as a negative amount.';
COMMENT ON COLUMN aging_by_night.disputed IS 'What of the debit items was disputed.';
COMMENT ON COLUMN aging_by_night.amounts IS 'Debit items per bucket, in the ledger''s buckets.';
