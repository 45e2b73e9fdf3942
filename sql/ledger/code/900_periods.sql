-- Periods: adding, closing, opening again, locking.
--
-- A close shuts the books first (closed_through, for every writer), and then examines and freezes what cannot change any
-- more.  Posters wait only for the first of these.

ALTER TABLE period_event ALTER actor SET DEFAULT actor();

CREATE OR REPLACE TRIGGER period_event_append_only BEFORE UPDATE OR DELETE ON period_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a period stays on record.');
CREATE OR REPLACE TRIGGER period_event_no_truncate BEFORE TRUNCATE ON period_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a period stays on record.');

CREATE OR REPLACE FUNCTION read_period(p_period text)
RETURNS period LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_period period;
BEGIN
	SELECT * INTO found_period FROM period p WHERE p.name = p_period;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no period "%"', p_period
			USING ERRCODE = 'invalid_parameter_value', HINT = 'add_period() and add_fiscal_year() add periods; table period lists them.';
	END IF;
	RETURN found_period;
END $$;
COMMENT ON FUNCTION read_period(text) IS 'A period by its name; error 22023 if there is none.';

CREATE OR REPLACE FUNCTION add_period(p_period text, p_starts_on date, p_ends_on date, p_fiscal_year integer DEFAULT NULL, p_year_end boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	last_day date;
BEGIN
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	IF p_starts_on IS NULL OR p_ends_on IS NULL OR NOT isfinite(p_starts_on) OR NOT isfinite(p_ends_on) OR p_ends_on < p_starts_on THEN
		RAISE EXCEPTION 'period "%" has impossible days', p_period
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is from %s to %s.', COALESCE(p_starts_on::text, 'null'), COALESCE(p_ends_on::text, 'null'));
	END IF;
	SELECT max(p.ends_on) INTO last_day FROM period p;
	IF p_starts_on <> last_day + 1 THEN
		RAISE EXCEPTION 'period "%" does not follow the last one', p_period
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It starts on %s; the last period ends on %s.', p_starts_on, last_day),
				HINT = format('Start it on %s: no day is without a period.', last_day + 1);
	END IF;
	INSERT INTO period (name, starts_on, ends_on, fiscal_year, year_end)
	VALUES (p_period, p_starts_on, p_ends_on, COALESCE(p_fiscal_year, extract(year FROM p_ends_on)), p_year_end);
	INSERT INTO period_event (period, event, version) VALUES (p_period, 'added', 0);
END $$;
COMMENT ON FUNCTION add_period(text, date, date, integer, boolean) IS 'Adds a period after the last one. p_fiscal_year: default the year of its last day. p_year_end: it is the last of its fiscal year.';

CREATE OR REPLACE FUNCTION add_fiscal_year(p_fiscal_year integer, p_starts_on date DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	first_day date;
BEGIN
	IF p_fiscal_year IS NULL OR p_fiscal_year NOT BETWEEN 1900 AND 9999 THEN
		RAISE EXCEPTION 'fiscal year must be a year' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_fiscal_year::text, 'null'));
	END IF;
	first_day := COALESCE(p_starts_on, make_date(p_fiscal_year, 1, 1));
	IF extract(day FROM first_day) <> 1 THEN
		RAISE EXCEPTION 'fiscal year % does not start with a month', p_fiscal_year
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It starts on %s.', first_day), HINT = 'add_period() adds periods that are no months.';
	END IF;
	FOR month IN 0 .. 11 LOOP
		PERFORM add_period(to_char(first_day + make_interval(months => month), 'YYYY-MM'), (first_day + make_interval(months => month))::date,
			(first_day + make_interval(months => month + 1))::date - 1, p_fiscal_year, month = 11);
	END LOOP;
	RETURN 12;
END $$;
COMMENT ON FUNCTION add_fiscal_year(integer, date) IS 'Adds the twelve months of a fiscal year from p_starts_on (default 1 January), named as 2026-01, and returns their number.';

-- ---- The close ----

CREATE OR REPLACE FUNCTION close_checks(p_period text, p_balances jsonb DEFAULT NULL)
RETURNS TABLE (check_name text, findings bigint, may_accept boolean, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period := read_period(p_period);
	zone text := (SELECT l.time_zone FROM ledger_info l);
BEGIN
	RETURN QUERY
		SELECT 'unapplied_cash'::text, count(*), true,
			format('Payments and receipts of %s or before that pay nothing yet: %s. View unapplied_cash lists them.', this.ends_on, count(*))
		FROM unapplied_cash u WHERE u.received_on <= this.ends_on HAVING count(*) > 0;
	RETURN QUERY
		SELECT 'credit_request'::text, count(*), true,
			format('Credits asked for by %s that are not issued: %s. View credit_requests lists them.', this.ends_on, count(*))
		FROM credit_requests r WHERE r.status = 'pending' AND (r.requested_at AT TIME ZONE zone)::date <= this.ends_on HAVING count(*) > 0;
	RETURN QUERY
		SELECT 'approval'::text, count(*), true, format('Approvals asked for by %s that are open: %s. View approval_queue lists them.', this.ends_on, count(*))
		FROM approval_queue q WHERE (q.requested_at AT TIME ZONE zone)::date <= this.ends_on HAVING count(*) > 0;
	RETURN QUERY
		SELECT 'ledger'::text, count(*), false, format('Problems that verify_ledger() finds: %s, such as %s.', count(*),
			(array_agg(concat_ws(' ', v.problem, 'of customer ' || v.customer_id, v.object)))[1])
		FROM verify_ledger() v HAVING count(*) > 0;
	RETURN QUERY
		SELECT 'roll_forward'::text, count(*), false, format('Roll-forwards that do not foot: %s, such as that of customer %s in %s.', count(*),
			(array_agg(r.customer_id))[1], (array_agg(r.currency))[1])
		FROM roll_forward(p_period) r WHERE r.difference <> 0 HAVING count(*) > 0;
	IF p_balances IS NOT NULL THEN
		RETURN QUERY
			SELECT 'general_ledger'::text, count(*), true, format('The general ledger differs in %s; reconcile_gl() explains it.',
				string_agg(format('%s by %s %s', g.account, g.difference, g.currency), ', ' ORDER BY g.account, g.currency))
			FROM gl_difference(p_balances, this.ends_on) g WHERE g.difference <> 0 HAVING count(*) > 0;
	END IF;
END $$;
COMMENT ON FUNCTION close_checks(text, jsonb) IS 'What stands against closing a period: a row for each check that found something, and whether its findings may be accepted. p_balances: balances of the control accounts in the general ledger, as gl_difference() takes them.';

CREATE OR REPLACE FUNCTION begin_close(p_period text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period;
	earlier period;
BEGIN
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	this := read_period(p_period);
	IF this.state IN ('closed', 'locked') THEN
		RAISE EXCEPTION 'period "%" is % already', p_period, this.state
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Table period_event says who closed it, and when.';
	END IF;
	SELECT * INTO earlier FROM period p WHERE p.ends_on < this.starts_on AND p.state NOT IN ('closed', 'locked') ORDER BY p.ends_on LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'period "%" is closed after those before it', p_period
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Period "%s" is %s.', earlier.name, earlier.state), HINT = format('Close "%s" first.', earlier.name);
	END IF;
	IF this.ends_on >= ledger_today() THEN
		RAISE EXCEPTION 'period "%" is not over', p_period
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Its last day is %s, today is %s.', this.ends_on, ledger_today());
	END IF;
	-- Begun before, and interrupted: the books are shut.
	IF this.state = 'closing' THEN
		RETURN;
	END IF;
	-- Whoever posts holds this table in a mode that conflicts: they come to an end first, and the next ones see the new day.
	LOCK TABLE ledger_info IN SHARE ROW EXCLUSIVE MODE;
	UPDATE ledger_info l SET closed_through = this.ends_on;
	UPDATE period p SET state = 'closing' WHERE p.name = p_period;
	INSERT INTO period_event (period, event, version) VALUES (p_period, 'closing', this.version);
END $$;
COMMENT ON FUNCTION begin_close(text) IS 'Shuts the books for a period: nothing is posted into it from now on. The first step of close_period().';

CREATE OR REPLACE FUNCTION open_books(p_period text, p_event text, p_reason text, p_findings jsonb)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	this period := read_period(p_period);
BEGIN
	UPDATE ledger_info l SET closed_through = (SELECT max(p.ends_on) FROM period p WHERE p.ends_on < this.starts_on);
	UPDATE period p SET state = 'open' WHERE p.name = p_period;
	INSERT INTO period_event (period, event, version, reason, findings) VALUES (p_period, p_event, this.version, p_reason, p_findings);
END $$;
COMMENT ON FUNCTION open_books(text, text, text, jsonb) IS 'Opens a period again, with a row of period_event. Behind refuse_close() and reopen_period().';

CREATE OR REPLACE FUNCTION require_closing(p_period text)
RETURNS period LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	this period := read_period(p_period);
BEGIN
	IF this.state <> 'closing' THEN
		RAISE EXCEPTION 'period "%" is not being closed', p_period
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is %s.', this.state), HINT = 'Somebody else closed it or opened it again; table period_event says who.';
	END IF;
	RETURN this;
END $$;
COMMENT ON FUNCTION require_closing(text) IS 'A period whose books are shut to be examined; error 55000 if it is not.';

CREATE OR REPLACE FUNCTION examine_close(p_period text, p_accept text[], p_reason text, p_balances jsonb)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period;
	unknown text;
	findings jsonb;
BEGIN
	-- Nobody opens the books between looking and freezing.
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	this := require_closing(p_period);
	SELECT a INTO unknown FROM unnest(p_accept) a WHERE a IS NULL OR a NOT IN ('unapplied_cash', 'credit_request', 'approval', 'general_ledger') LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'findings of check "%" cannot be accepted', unknown
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Those of unapplied_cash, credit_request, approval and general_ledger can.';
	END IF;
	IF cardinality(p_accept) > 0 THEN
		PERFORM require_reason(p_reason, format('what is accepted of period %s', p_period));
	END IF;
	SELECT jsonb_agg(jsonb_build_object('check_name', c.check_name, 'found', c.findings, 'detail', c.detail,
			'accepted', c.may_accept AND c.check_name = ANY (COALESCE(p_accept, '{}')))) INTO findings
	FROM close_checks(p_period, p_balances) c;
	INSERT INTO period_event (period, event, version, reason, accepted, findings)
	VALUES (p_period, 'examined', this.version, p_reason, NULLIF(p_accept, '{}'), findings);
	RETURN findings;
END $$;
COMMENT ON FUNCTION examine_close(text, text[], text, jsonb) IS 'What close_checks() finds, and whether it is accepted, on record in period_event. The second step of close_period().';

CREATE OR REPLACE FUNCTION refuse_close(p_period text, p_findings jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '3s' AS $$
DECLARE
	this period;
BEGIN
	BEGIN
		-- Autovacuum lets go when somebody has waited for deadlock_timeout.
		LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	EXCEPTION WHEN lock_not_available THEN
		-- Most likely somebody else is closing it, and decides what becomes of it: who was cancelled does not wait for that.
		RAISE WARNING 'the books of period "%" stay shut', p_period
			USING DETAIL = 'Another session is at the periods.', HINT = 'If it does not close this one, close_period() goes on, and reopen_period() opens it.';
		RETURN;
	END;
	this := read_period(p_period);
	-- Somebody else may have closed it meanwhile, accepting what was found.
	IF this.state = 'closing' THEN
		PERFORM open_books(p_period, 'refused', NULL, p_findings);
	END IF;
END $$;
COMMENT ON FUNCTION refuse_close(text, jsonb) IS 'Opens the books again after a close that found something, failed or was cancelled, unless somebody else is at it for more than 3 seconds: then they stay as they are, with a warning. A step of close_period().';

CREATE OR REPLACE FUNCTION finish_close(p_period text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period;
	examined period_event;
BEGIN
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	this := require_closing(p_period);
	-- Whoever calls the steps one by one gets past no check: what was found is read from the record, not taken from the caller.
	SELECT * INTO examined FROM period_event e WHERE e.period = p_period ORDER BY e.period_event_id DESC LIMIT 1;
	IF examined.event <> 'examined' OR jsonb_path_exists(examined.findings, '$[*] ? (@.accepted == false)') THEN
		RAISE EXCEPTION 'period "%" cannot be closed before it is examined', p_period
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = CASE examined.event WHEN 'examined' THEN 'What was found is not accepted.' ELSE 'Its books were only shut.' END,
				HINT = 'Call close_period().';
	END IF;
	PERFORM take_snapshot(this.ends_on, this.version + 1);
	UPDATE period p SET state = 'closed', version = this.version + 1 WHERE p.name = p_period;
	INSERT INTO period_event (period, event, version, reason, accepted, findings)
	VALUES (p_period, 'closed', this.version + 1, examined.reason, examined.accepted, examined.findings);
	RETURN this.version + 1;
END $$;
COMMENT ON FUNCTION finish_close(text) IS 'Takes the snapshots and closes the period; returns the version. The last step of close_period(); error 55000 unless examine_close() found nothing that is not accepted.';

-- A procedure, since the books must be shut for everybody, committed, before anything is read.  Without search_path of its
-- own, which would forbid that: every name is qualified, and the ledger's schema is written in when it is made.
DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.close_period(p_period text, p_accept text[] DEFAULT '{}', p_reason text DEFAULT NULL, p_balances jsonb DEFAULT NULL)
		LANGUAGE plpgsql AS $p$
		DECLARE
			findings jsonb;
			refused text;
		BEGIN
			PERFORM %1$I.begin_close(p_period);
			COMMIT;
			BEGIN
				findings := %1$I.examine_close(p_period, p_accept, p_reason, p_balances);
			EXCEPTION WHEN OTHERS OR query_canceled THEN
				-- The books are not left shut by a wrong argument, nor by who got impatient.
				PERFORM %1$I.refuse_close(p_period, pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('error', SQLERRM)));
				COMMIT;
				RAISE;
			END;
			refused := pg_catalog.jsonb_path_query_array(findings, '$[*] ? (@.accepted == false).detail')::pg_catalog.text;
			IF refused OPERATOR(pg_catalog.<>) '[]' THEN
				PERFORM %1$I.refuse_close(p_period, findings);
				COMMIT;
				RAISE EXCEPTION 'period "%%" cannot be closed', p_period
					USING ERRCODE = 'object_not_in_prerequisite_state',
						DETAIL = (SELECT pg_catalog.string_agg(d.value, E'\n') FROM pg_catalog.jsonb_array_elements_text(refused::pg_catalog.jsonb) d),
						HINT = 'close_checks() says what p_accept may name, with a reason; the rest is to be mended.';
			END IF;
			BEGIN
				PERFORM %1$I.finish_close(p_period);
			EXCEPTION WHEN OTHERS OR query_canceled THEN
				PERFORM %1$I.refuse_close(p_period, pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('error', SQLERRM)));
				COMMIT;
				RAISE;
			END;
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE close_period(text, text[], text, jsonb) IS 'Closes the next period: shuts the books for every writer (RC003), runs close_checks() and takes the snapshots. Refuses with the list of what was found, and opens the books again, unless p_accept names the checks and p_reason says why. p_balances: of the general ledger, as gl_difference() takes them. An error or a cancel (statement_timeout) opens them again, too; after a crash it goes on when called again, or reopen_period() opens it. Run it outside a transaction block.';

CREATE OR REPLACE FUNCTION reopen_period(p_period text, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period;
	later period;
BEGIN
	PERFORM require_reason(p_reason, format('opening period %s again', p_period));
	IF NOT EXISTS (SELECT FROM authority_of(actor(), 'reopen_period', ledger_today())) THEN
		RAISE EXCEPTION 'period "%" is not opened again without authority', p_period
			USING ERRCODE = 'RC004', DETAIL = format('%s has none for reopen_period today.', actor()), HINT = 'grant_authority() gives a person the authority for reopen_period.';
	END IF;
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	this := read_period(p_period);
	IF this.state NOT IN ('closing', 'closed') THEN
		RAISE EXCEPTION 'period "%" is %', p_period, this.state
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = CASE this.state WHEN 'locked' THEN 'What was locked stays as it is: post in an open period.' ELSE 'Only what is closed is opened again.' END;
	END IF;
	SELECT * INTO later FROM period p WHERE p.starts_on > this.ends_on AND p.state <> 'open' ORDER BY p.starts_on DESC LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'period "%" is opened after those that follow it', p_period
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Period "%s" is %s.', later.name, later.state), HINT = format('Open "%s" first.', later.name);
	END IF;
	PERFORM open_books(p_period, 'reopened', p_reason, NULL);
END $$;
COMMENT ON FUNCTION reopen_period(text, text) IS 'Opens the last closed period again: takes authority for reopen_period (RC004) and leaves a trace in period_event. The snapshot stays; the next close makes a new version.';

CREATE OR REPLACE FUNCTION lock_period(p_period text, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period;
BEGIN
	PERFORM require_reason(p_reason, format('locking period %s', p_period));
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
	this := read_period(p_period);
	IF this.state <> 'closed' THEN
		RAISE EXCEPTION 'period "%" is not closed', p_period
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is %s.', this.state), HINT = 'Only a closed period is locked.';
	END IF;
	WITH these AS (
		UPDATE period p SET state = 'locked' WHERE p.ends_on <= this.ends_on AND p.state = 'closed' RETURNING p.name, p.version, p.ends_on)
	INSERT INTO period_event (period, event, version, reason) SELECT t.name, 'locked', t.version, p_reason FROM these t ORDER BY t.ends_on;
END $$;
COMMENT ON FUNCTION lock_period(text, text) IS 'Locks a closed period and those before it: they are never opened again, as after the audit of a year.';
