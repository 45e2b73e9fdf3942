-- Credit holds: placing and releasing them, who is on hold, and what passes again when the cause is gone.

CREATE OR REPLACE FUNCTION place_hold(p_customer_id bigint, p_reason text, p_reason_code text DEFAULT 'other', p_scope text DEFAULT 'all',
	p_expires_on date DEFAULT NULL, p_forced boolean DEFAULT false, p_automatic boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	is_forced boolean := COALESCE(p_forced, false);
	is_automatic boolean := COALESCE(p_automatic, false);
	id bigint;
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION 'a hold on customer % needs a reason', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT EXISTS (SELECT FROM hold_reason k WHERE k.reason_code = p_reason_code) THEN
		RAISE EXCEPTION 'unknown reason code "%" of a hold', p_reason_code
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Reason codes are %s: table hold_reason.',
				(SELECT string_agg(k.reason_code, ', ' ORDER BY k.reason_code) FROM hold_reason k));
	END IF;
	IF p_scope IS NULL OR p_scope NOT IN ('all', 'new_orders', 'shipments') THEN
		RAISE EXCEPTION 'unknown scope "%" of a hold', p_scope
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A hold stops all, new_orders or shipments.';
	END IF;
	IF NOT isfinite(p_expires_on) OR p_expires_on < ledger_today() THEN
		RAISE EXCEPTION 'a hold on customer % must end today or later', p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It would end on %s; today is %s.', p_expires_on, ledger_today()),
				HINT = 'Leave p_expires_on out for a hold that stays until it is released.';
	END IF;
	IF is_forced AND p_expires_on IS NOT NULL THEN
		RAISE EXCEPTION 'a forced hold on customer % cannot end by itself', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Only a person releases it.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	-- A batch that runs every night does not pile them up.
	IF is_automatic THEN
		SELECT h.hold_id INTO id FROM hold h
		WHERE h.customer_id = p_customer_id AND h.automatic AND h.reason_code = p_reason_code AND h.scope = p_scope AND h.forced = is_forced
			AND h.expires_on IS NOT DISTINCT FROM p_expires_on
			AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id);
		IF FOUND THEN
			RETURN id;
		END IF;
	END IF;
	INSERT INTO hold (customer_id, reason, reason_code, scope, forced, automatic, expires_on)
	VALUES (p_customer_id, p_reason, p_reason_code, p_scope, is_forced, is_automatic, p_expires_on)
	RETURNING hold_id INTO id;
	UPDATE exposure e SET open_holds = e.open_holds + 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
	RETURN id;
END $$;
COMMENT ON FUNCTION place_hold(bigint, text, text, text, date, boolean, boolean) IS 'Places a credit hold: from its commit on no order of the customer passes (RC001). p_reason_code: of table hold_reason. p_scope: all, new_orders, or shipments (orders pass, check_credit(..., p_purpose => ''shipment'') does not). p_expires_on: its last day. p_forced: only a person ends it. p_automatic: reevaluate_holds() ends it when its cause is gone; one like it that is not released is not doubled. Returns the hold''s id.';

-- The customer is locked.
CREATE OR REPLACE FUNCTION end_hold(p_customer_id bigint, p_hold_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO hold_release (customer_id, hold_id, reason) VALUES (p_customer_id, p_hold_id, p_reason)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'hold % of customer % is released already', p_hold_id, p_customer_id USING ERRCODE = 'unique_violation';
	END IF;
	UPDATE exposure e SET open_holds = e.open_holds - 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
END $$;
COMMENT ON FUNCTION end_hold(bigint, bigint, text) IS 'Writes the end of a hold. Used by release_hold() and release_legal_hold().';

-- A person releases a hold: p_legal says with which right.
CREATE OR REPLACE FUNCTION release_by_person(p_customer_id bigint, p_hold_id bigint, p_reason text, p_legal boolean)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	found_hold record;
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION 'the release of a hold on customer % needs a reason', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_customer(p_customer_id);
	SELECT h.reason_code, k.legal INTO found_hold
	FROM hold h JOIN hold_reason k ON k.reason_code = h.reason_code
	WHERE h.customer_id = p_customer_id AND h.hold_id = p_hold_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no hold %', p_customer_id, p_hold_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table hold lists them.';
	END IF;
	IF found_hold.legal <> p_legal THEN
		RAISE EXCEPTION 'hold % of customer % cannot be released with %()', p_hold_id, p_customer_id,
				CASE WHEN p_legal THEN 'release_legal_hold' ELSE 'release_hold' END
			USING ERRCODE = 'RC004', DETAIL = format('Its reason code is %s.', found_hold.reason_code),
				HINT = CASE WHEN p_legal THEN 'release_hold() releases it.' ELSE 'release_legal_hold() releases it, run by a role with the access legal.' END;
	END IF;
	PERFORM use_approval(p_customer_id, 'hold_release', NULL, NULL, jsonb_build_object('hold_id', p_hold_id));
	PERFORM end_hold(p_customer_id, p_hold_id, p_reason);
END $$;
COMMENT ON FUNCTION release_by_person(bigint, bigint, text, boolean) IS 'Ends a hold, if its reason code is a legal one, or is not. Used by release_hold() and release_legal_hold().';

CREATE OR REPLACE FUNCTION release_hold(p_customer_id bigint, p_hold_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM release_by_person(p_customer_id, p_hold_id, p_reason, false);
END $$;
COMMENT ON FUNCTION release_hold(bigint, bigint, text) IS 'Ends a credit hold. Other holds of the customer stay. Holds with a legal reason code are refused (RC004): release_legal_hold().';

CREATE OR REPLACE FUNCTION release_legal_hold(p_customer_id bigint, p_hold_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM release_by_person(p_customer_id, p_hold_id, p_reason, true);
END $$;
COMMENT ON FUNCTION release_legal_hold(bigint, bigint, text) IS 'Ends a hold with a legal reason code (legal, sanctions, or others marked in hold_reason), and no other (RC004). For roles with the access legal.';

-- Orders are let in on the deposits reserved to them.  When such money goes, what it no longer covers is not shipped until
-- there is credit for it.
CREATE OR REPLACE FUNCTION hold_uncovered(p_deposit document)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	missing numeric;
BEGIN
	IF p_deposit.kind <> 'deposit' THEN
		RETURN;
	END IF;
	SELECT f.shortfall INTO missing FROM hold_figures(p_deposit.customer_id) f;
	IF missing > 0 OR missing IS NULL THEN
		PERFORM place_hold(p_deposit.customer_id, format('deposit %s of order %s is gone', p_deposit.number, p_deposit.order_id), 'credit_limit', 'shipments',
			p_automatic => true);
	END IF;
END $$;
COMMENT ON FUNCTION hold_uncovered(document) IS 'After a deposit was released, refunded, returned, voided or transferred: an automatic hold on shipments where the customer is over its limit now, what other deposits cover taken off. Other documents change nothing.';

-- Who is on hold

CREATE OR REPLACE FUNCTION hold_figures(p_customer_id bigint, OUT outcome text, OUT exposure numeric, OUT limit_amount numeric,
	OUT shortfall numeric, OUT overdue numeric, OUT checks jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	SELECT c.outcome, c.exposure, c.limit_amount, c.shortfall, c.checks INTO outcome, exposure, limit_amount, shortfall, checks
	FROM check_credit(p_customer_id, 0) c;
	overdue := rule_figure('overdue_amount', p_customer_id, ledger_today(), 0, true);
EXCEPTION WHEN SQLSTATE 'RC006' THEN
	-- No rate: nothing is known, and nothing is released.
	outcome := NULL; exposure := NULL; limit_amount := NULL; shortfall := NULL; overdue := NULL; checks := NULL;
END $$;
COMMENT ON FUNCTION hold_figures(bigint) IS 'How a customer stands: what check_credit() says of an order of 0, and what is past due, net of unapplied credit. NULLs where an exchange rate is missing.';

CREATE OR REPLACE FUNCTION orders_on_hold(p_customers bigint[])
RETURNS SETOF decision LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT d.* FROM decision d
		WHERE d.outcome = 'hold' AND d.order_id IS NOT NULL AND (p_customers IS NULL OR d.customer_id = ANY (p_customers))
			AND NOT EXISTS (SELECT FROM decision n WHERE n.customer_id = d.customer_id AND n.source = d.source AND n.order_id = d.order_id
				AND n.decision_id > d.decision_id AND (p_customers IS NULL OR n.customer_id = ANY (p_customers)));
END $$;
COMMENT ON FUNCTION orders_on_hold(bigint[]) IS 'The last decisions on orders that the check put on hold and nobody has taken off since, of these customers or (NULL) of all. Used by held_orders() and orders_to_release().';

CREATE OR REPLACE FUNCTION held_orders(p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, source text, order_id text, decision_id bigint, amount numeric, held_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT d.customer_id, d.source, d.order_id, d.decision_id, d.amount, d.decided_at
		FROM orders_on_hold(CASE WHEN p_customer_id IS NOT NULL THEN ARRAY[p_customer_id] END) d;
END $$;
COMMENT ON FUNCTION held_orders(bigint) IS 'Orders that the check put on hold and nobody has taken off since, by their last decision; what became of them in their table otherwise (cancelled, deleted) is not known here. amount: what was decided on.';

CREATE OR REPLACE VIEW hold_queue AS
SELECT h.customer_id, c.name AS customer_name, h.hold_id, h.reason_code, h.scope, h.reason, h.forced, h.automatic,
	h.placed_at AS since, h.placed_by, t.today - (h.placed_at AT TIME ZONE l.time_zone)::date AS days, h.expires_on,
	l.base_currency AS currency, f.exposure, f.limit_amount, f.overdue, o.held_orders, o.held_amount,
	CASE WHEN 'limit_use' = ANY (k.rule_kinds) THEN CASE WHEN f.limit_amount IS NOT NULL THEN f.shortfall END
		WHEN 'overdue_amount' = ANY (k.rule_kinds) THEN f.overdue END AS amount_to_release,
	concat_ws('; ',
		CASE WHEN k.legal THEN 'released by a person with the access legal'
			WHEN h.automatic AND NOT h.forced AND k.rule_kinds <> '{}' THEN 'released when its cause is gone: ' || array_to_string(k.rule_kinds, ', ')
			ELSE 'released by a person' END,
		'ends after ' || to_char(h.expires_on, 'YYYY-MM-DD')) AS ends, h.actor
FROM exposure e
	CROSS JOIN ledger_info l
	CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE l.time_zone)::date AS today) t
	JOIN customer c ON c.customer_id = e.customer_id
	JOIN hold h ON h.customer_id = e.customer_id
	JOIN hold_reason k ON k.reason_code = h.reason_code
	CROSS JOIN LATERAL hold_figures(e.customer_id) f
	CROSS JOIN LATERAL (SELECT count(*) AS held_orders, COALESCE(sum(d.amount), 0) AS held_amount FROM held_orders(e.customer_id) d) o
WHERE e.open_holds > 0 AND e.currency = l.base_currency AND (h.expires_on IS NULL OR h.expires_on >= t.today)
	AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id);
COMMENT ON VIEW hold_queue IS 'Customers on hold now, one row per hold in force, with how they stand and what would end it.';
COMMENT ON COLUMN hold_queue.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold_queue.customer_name IS 'Its name.';
COMMENT ON COLUMN hold_queue.hold_id IS 'Key of the hold, with customer_id; what release_hold() takes.';
COMMENT ON COLUMN hold_queue.reason_code IS 'Kind of reason.';
COMMENT ON COLUMN hold_queue.scope IS 'What it stops: all, new_orders or shipments.';
COMMENT ON COLUMN hold_queue.reason IS 'Why it was placed.';
COMMENT ON COLUMN hold_queue.forced IS 'Only a person ends it.';
COMMENT ON COLUMN hold_queue.automatic IS 'A batch or a rule placed it.';
COMMENT ON COLUMN hold_queue.since IS 'When it was placed.';
COMMENT ON COLUMN hold_queue.placed_by IS 'Login that placed it.';
COMMENT ON COLUMN hold_queue.days IS 'Days since.';
COMMENT ON COLUMN hold_queue.expires_on IS 'Last day on which it counts; NULL: until it is released.';
COMMENT ON COLUMN hold_queue.currency IS 'Base currency, of the amounts in this row.';
COMMENT ON COLUMN hold_queue.exposure IS 'Exposure of the customer; this and the next two are NULL where an exchange rate is missing.';
COMMENT ON COLUMN hold_queue.limit_amount IS 'Its credit limit; NULL also when it has none.';
COMMENT ON COLUMN hold_queue.overdue IS 'What is past due, net of unapplied credit.';
COMMENT ON COLUMN hold_queue.held_orders IS 'Orders of the customer that the check put on hold and nobody has taken off.';
COMMENT ON COLUMN hold_queue.held_amount IS 'Their amount, as decided on.';
COMMENT ON COLUMN hold_queue.amount_to_release IS 'What is to be paid until the cause is gone: what is over the limit, or past due; NULL where that is not a matter of an amount.';
COMMENT ON COLUMN hold_queue.ends IS 'How it ends.';
COMMENT ON COLUMN hold_queue.actor IS 'Person who placed it.';

-- What passes again
--
-- Only the order table's own trigger knows what an order is checked against, so nothing is worked out twice: an order is
-- taken off hold by an ordinary UPDATE, run with the caller's own right to it, and stays on hold when the trigger refuses.
-- The ledger's owner has no part in that, and the order table's triggers run for nobody but whoever called.
--
-- Customers are looked at in batches, with one statement for each thing to do.  A batch takes the locks that are free and
-- never waits for one while it holds others, so it brings nobody into a deadlock.  Who is busy or in a group is looked at alone; where
-- something fails, batches get smaller until it fails for one customer only.

CREATE OR REPLACE FUNCTION release_ended_holds(p_customers bigint[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	grouped bigint[];
	one bigint;
	n integer;
BEGIN
	-- Whoever locks groups begins with their parents.
	grouped := ARRAY(SELECT e.customer_id FROM exposure e WHERE e.customer_id = ANY (p_customers) AND e.in_group);
	IF grouped <> '{}' THEN
		PERFORM lock_group(grouped);
	END IF;
	FOR one IN SELECT c FROM unnest(p_customers) c ORDER BY c LOOP
		PERFORM lock_customer(one);
	END LOOP;
	WITH standing AS MATERIALIZED (
		SELECT h.customer_id, h.hold_id, h.expires_on, k.rule_kinds, h.automatic AND NOT h.forced AND NOT k.legal AND k.rule_kinds <> '{}' AS by_cause
		FROM hold h JOIN hold_reason k ON k.reason_code = h.reason_code
		WHERE h.customer_id = ANY (p_customers)
			AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id)),
	figures AS MATERIALIZED (
		SELECT c.customer_id, f.checks, f.overdue
		FROM (SELECT DISTINCT s.customer_id FROM standing s WHERE s.by_cause AND (s.expires_on >= today OR s.expires_on IS NULL)) c, hold_figures(c.customer_id) f),
	ended AS (
		INSERT INTO hold_release (customer_id, hold_id, reason)
		SELECT s.customer_id, s.hold_id, CASE WHEN s.expires_on < today THEN format('It ended by itself after %s.', to_char(s.expires_on, 'YYYY-MM-DD'))
			ELSE format('Its cause is gone: %s.', COALESCE(b.found_now, 'nothing is past due')) END
		FROM standing s LEFT JOIN figures f ON f.customer_id = s.customer_id
			CROSS JOIN LATERAL (
				SELECT bool_or(c ->> 'outcome' IN ('hold', 'reject')) AS broken,
					string_agg(format('%s %s', c ->> 'kind', COALESCE(c ->> 'figure', 'none')), ', ' ORDER BY c -> 'rule_no') AS found_now
				FROM jsonb_array_elements(f.checks) c WHERE c ->> 'kind' = ANY (s.rule_kinds)) b
		-- Where no rule in force speaks of items past due, the items do; else only a person can tell.
		WHERE s.expires_on < today
			OR (s.by_cause AND NOT COALESCE(b.broken, CASE WHEN 'overdue_amount' = ANY (s.rule_kinds) THEN f.overdue > 0 END))
		ORDER BY s.customer_id, s.hold_id
		RETURNING customer_id),
	counted AS (
		UPDATE exposure e SET open_holds = e.open_holds - x.n
		FROM (SELECT d.customer_id, count(*) AS n FROM ended d GROUP BY d.customer_id) x
		WHERE e.customer_id = x.customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l)
		RETURNING x.n)
	SELECT COALESCE(sum(c.n), 0) INTO n FROM counted c;
	RETURN n;
END $$;
COMMENT ON FUNCTION release_ended_holds(bigint[]) IS 'Takes the customers'' locks, and releases their holds that have expired and their automatic holds whose cause is gone; forced and legal ones stay. Returns how many. Used by reevaluate_locked().';

CREATE OR REPLACE FUNCTION hold_tables()
RETURNS TABLE (source text, orders regclass, customer_column text, order_id_column text, order_id_type text, status_column text, open_value text, hold_value text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT format('%I.%I', w.table_schema, w.table_name), a.attrelid::regclass, w.customer_column,
			w.order_id_column, format_type(a.atttypid, a.atttypmod), w.status_column, w.open_value, w.hold_value
		FROM watched_table w JOIN pg_attribute a ON a.attrelid = credit.table_oid(w.table_schema, w.table_name) AND a.attname = w.order_id_column AND NOT a.attisdropped
		WHERE w.mode = 'hold' AND w.record_decisions
		ORDER BY 1;
END $$;
COMMENT ON FUNCTION hold_tables() IS 'The watched tables in mode hold whose decisions are on file. Used by reevaluate_locked().';

CREATE OR REPLACE FUNCTION looked_at(p_customers bigint[], p_sources text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO reevaluation AS v (customer_id, source, chain_seq, check_seq, ordered, looked_on)
	SELECT e.customer_id, s, e.chain_seq, e.check_seq, e.ordered, ledger_today()
	FROM exposure e, unnest(p_sources) s
	WHERE e.customer_id = ANY (p_customers) AND e.currency = (SELECT l.base_currency FROM ledger_info l)
	ON CONFLICT (customer_id, source) DO UPDATE SET chain_seq = excluded.chain_seq, check_seq = excluded.check_seq,
		ordered = excluded.ordered, looked_on = excluded.looked_on;
END $$;
COMMENT ON FUNCTION looked_at(bigint[], text[]) IS 'Notes that customers, as their exposure rows are now, need no further look. Used by reevaluate_locked().';

CREATE OR REPLACE FUNCTION changed_customers(p_source text, p_customers bigint[])
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	-- In a group somebody else's payment may have freed the credit.
	RETURN QUERY
		SELECT e.customer_id
		FROM exposure e LEFT JOIN reevaluation v ON v.customer_id = e.customer_id AND v.source = p_source
		WHERE e.currency = (SELECT l.base_currency FROM ledger_info l)
			AND CASE WHEN p_customers IS NULL THEN e.open_holds > 0 ELSE e.customer_id = ANY (p_customers) END
			AND (e.in_group OR (v.chain_seq, v.check_seq, v.ordered, v.looked_on) IS DISTINCT FROM (e.chain_seq, e.check_seq, e.ordered, ledger_today()));
END $$;
COMMENT ON FUNCTION changed_customers(text, bigint[]) IS 'Which of these customers (NULL: of those with holds) have changed since they were looked at, or not been looked at today. Used by customers_to_reevaluate().';

CREATE OR REPLACE FUNCTION customers_to_reevaluate(p_all boolean DEFAULT false)
RETURNS bigint[] LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	part record;
	on_hold bigint[];
	wanted bigint[];
BEGIN
	-- Of no source at all nobody was ever looked at.
	wanted := ARRAY(SELECT changed_customers(CASE WHEN p_all IS NOT TRUE THEN '' END, NULL));
	FOR part IN SELECT t.* FROM hold_tables() t WHERE may_release(t.orders) LOOP
		EXECUTE format('SELECT array_agg(DISTINCT o.%I::bigint) FROM %s o WHERE o.%I = %L', part.customer_column, part.orders, part.status_column, part.hold_value)
			INTO on_hold;
		IF on_hold IS NOT NULL THEN
			wanted := wanted || ARRAY(SELECT changed_customers(CASE WHEN p_all IS NOT TRUE THEN part.source END, on_hold));
		END IF;
	END LOOP;
	RETURN ARRAY(SELECT DISTINCT w FROM unnest(wanted) w ORDER BY w);
END $$;
COMMENT ON FUNCTION customers_to_reevaluate(boolean) IS 'The customers reevaluate_holds() looks at: those with holds or with orders on hold that have changed since, or were not looked at today; with p_all all of them.';

CREATE OR REPLACE FUNCTION may_release(p_orders regclass)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN has_schema_privilege((SELECT c.relnamespace FROM pg_class c WHERE c.oid = p_orders), 'USAGE')
		AND has_table_privilege(p_orders, 'SELECT') AND has_table_privilege(p_orders, 'UPDATE');
END $$;
COMMENT ON FUNCTION may_release(regclass) IS 'Whether the caller may read and change the orders of a table. Used by reevaluate_locked().';

-- Whoever passes with nothing may pass with something; what a person released may pass in any case.
CREATE OR REPLACE FUNCTION orders_to_release(p_customers bigint[], p_sources text[])
RETURNS TABLE (customer_id bigint, source text, order_id text, decision_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	passing bigint[] := ARRAY(SELECT c FROM unnest(p_customers) c, hold_figures(c) f WHERE f.outcome IN ('approve', 'warn'));
	others bigint[] := ARRAY(SELECT DISTINCT r.customer_id FROM order_release r
		WHERE r.customer_id = ANY (p_customers) AND r.customer_id <> ALL (passing) AND r.valid_until >= ledger_today());
BEGIN
	RETURN QUERY
		SELECT o.customer_id, o.source, o.order_id, o.decision_id FROM orders_on_hold(passing) o WHERE o.source = ANY (p_sources)
		UNION ALL
		SELECT o.customer_id, o.source, o.order_id, o.decision_id FROM orders_on_hold(others) o
		WHERE o.source = ANY (p_sources) AND is_released(o.customer_id, o.source, o.order_id);
END $$;
COMMENT ON FUNCTION orders_to_release(bigint[], text[]) IS 'Orders of these customers that the check put on hold and that may pass now. Used by reevaluate_locked().';

-- The order rows are locked.
CREATE OR REPLACE FUNCTION take_off_hold(p_source text, p_customers bigint[], p_orders text[])
RETURNS integer LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	part record;
	command text;
	passing bigint[];
BEGIN
	SELECT t.* INTO part FROM hold_tables() t WHERE t.source = p_source;
	command := format($f$
		WITH released AS (
			UPDATE %1$s o SET %2$I = %3$L FROM unnest($1, $2::%4$s[]) WITH ORDINALITY h (customer_id, order_id, n)
			WHERE o.%5$I = h.order_id AND o.%6$I = h.customer_id AND o.%2$I = %7$L RETURNING h.n)
		SELECT array_agg(r.n) FROM released r$f$,
		part.orders, part.status_column, part.open_value, part.order_id_type, part.order_id_column, part.customer_column, part.hold_value);
	BEGIN
		PERFORM set_config('credit_control.skip_refused', 'on', true);
		EXECUTE command INTO passing USING p_customers, p_orders;
		PERFORM set_config('credit_control.skip_refused', 'off', true);
		-- What the table's other triggers did for an order that then stayed on hold is undone.
		IF cardinality(passing) IS DISTINCT FROM cardinality(p_orders) THEN
			RAISE SQLSTATE 'RC000';
		END IF;
	EXCEPTION WHEN SQLSTATE 'RC000' THEN
		IF passing IS NOT NULL THEN
			EXECUTE command INTO passing USING ARRAY(SELECT p_customers[p] FROM unnest(passing) p), ARRAY(SELECT p_orders[p] FROM unnest(passing) p);
		END IF;
	END;
	RETURN COALESCE(cardinality(passing), 0);
END $$;
COMMENT ON FUNCTION take_off_hold(text, bigint[], text[]) IS 'Sets the open status of those of these orders on hold that pass now: order n is of customer n. Returns how many. Used by reevaluate_locked().';

CREATE OR REPLACE FUNCTION lock_held_orders(p_source text, p_customers bigint[], p_orders text[], p_wait boolean, OUT locked bigint[], OUT busy bigint[])
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	part record;
BEGIN
	SELECT t.* INTO part FROM hold_tables() t WHERE t.source = p_source;
	EXECUTE format($f$
		WITH held AS MATERIALIZED (
			SELECT h.n FROM unnest($1, $2::%1$s[]) WITH ORDINALITY h (customer_id, order_id, n) JOIN %2$s o ON o.%3$I = h.order_id
			WHERE o.%4$I = h.customer_id AND o.%5$I = %6$L),
		locked AS MATERIALIZED (
			SELECT h.n FROM unnest($1, $2::%1$s[]) WITH ORDINALITY h (customer_id, order_id, n) JOIN %2$s o ON o.%3$I = h.order_id
			WHERE o.%4$I = h.customer_id AND o.%5$I = %6$L ORDER BY o.%3$I FOR NO KEY UPDATE OF o %7$s)
		SELECT ARRAY(SELECT DISTINCT n FROM locked), ARRAY(SELECT n FROM held EXCEPT SELECT n FROM locked)$f$,
		part.order_id_type, part.orders, part.order_id_column, part.customer_column, part.status_column, part.hold_value,
		CASE WHEN NOT p_wait THEN 'SKIP LOCKED' ELSE '' END)
	INTO locked, busy USING p_customers, p_orders;
END $$;
COMMENT ON FUNCTION lock_held_orders(text, bigint[], text[], boolean) IS 'Locks those of these orders that are on hold, order n of customer n, by id; without p_wait only those that nobody else holds. locked, busy: which. Used by reevaluate_customer() and reevaluate_locked().';

CREATE OR REPLACE FUNCTION reevaluate_locked(p_customers bigint[], p_alone boolean, OUT released_holds integer, OUT released_orders integer, OUT busy bigint[])
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	sources text[];
	part record;
	rows_of record;
	customers bigint[] := ARRAY[]::bigint[];
	their_sources text[] := ARRAY[]::text[];
	orders text[] := ARRAY[]::text[];
	decisions bigint[] := ARRAY[]::bigint[];
	message text;
BEGIN
	released_orders := 0;
	busy := '{}';
	released_holds := release_ended_holds(p_customers);
	sources := ARRAY(SELECT t.source FROM hold_tables() t WHERE may_release(t.orders));
	FOR part IN
		SELECT o.source, array_agg(o.customer_id) AS customers, array_agg(o.order_id) AS orders, array_agg(o.decision_id) AS decisions
		FROM orders_to_release(p_customers, sources) o GROUP BY o.source
	LOOP
		SELECT l.* INTO rows_of FROM lock_held_orders(part.source, part.customers, part.orders, false) l;
		busy := busy || ARRAY(SELECT part.customers[n] FROM unnest(rows_of.busy) n);
		customers := customers || ARRAY(SELECT part.customers[n] FROM unnest(rows_of.locked) n);
		orders := orders || ARRAY(SELECT part.orders[n] FROM unnest(rows_of.locked) n);
		decisions := decisions || ARRAY(SELECT part.decisions[n] FROM unnest(rows_of.locked) n);
		their_sources := their_sources || array_fill(part.source, ARRAY[cardinality(rows_of.locked)]);
	END LOOP;
	-- Of each customer the oldest decision first: its first orders, then its second ones, and so on.
	FOR part IN
		SELECT w.source, array_agg(w.customer_id) AS customers, array_agg(w.order_id) AS orders
		FROM (SELECT u.*, row_number() OVER (PARTITION BY u.customer_id ORDER BY u.decision_id) AS turn
			FROM unnest(customers, their_sources, orders, decisions) u (customer_id, source, order_id, decision_id) WHERE u.customer_id <> ALL (busy)) w
		GROUP BY w.turn, w.source ORDER BY w.turn, w.source
	LOOP
		BEGIN
			released_orders := released_orders + take_off_hold(part.source, part.customers, part.orders);
		EXCEPTION WHEN OTHERS THEN
			IF NOT p_alone THEN
				RAISE;
			END IF;
			-- What does not pass yet stays on hold without a word.
			IF SQLSTATE NOT IN ('RC001', 'RC002', 'RC006') THEN
				GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
				RAISE WARNING 'order % of % stays on hold: %', part.orders[1], part.source, message;
				busy := p_customers;
			END IF;
		END;
	END LOOP;
	PERFORM looked_at(ARRAY(SELECT c FROM unnest(p_customers) c WHERE c <> ALL (busy)), sources || ''::text);
END $$;
COMMENT ON FUNCTION reevaluate_locked(bigint[], boolean) IS 'Looks at customers again whose locks are taken: releases holds that have expired and automatic ones whose cause is gone, then takes those of their orders off hold that pass now, each customer''s oldest decision first. busy: of whom somebody else holds an order, which are left as they are. What fails is an error, or with p_alone, of a single customer, a warning. Used by reevaluate_customer() and reevaluate_batch().';

CREATE OR REPLACE FUNCTION reevaluate_customer(p_customer_id bigint, OUT released_holds integer, OUT released_orders integer)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	part record;
BEGIN
	-- Orders first, then the customer: the way an application's own update goes.
	FOR part IN
		SELECT t.source, array_agg(o.customer_id) AS customers, array_agg(o.order_id) AS orders
		FROM hold_tables() t JOIN held_orders(COALESCE(p_customer_id, 0)) o ON o.source = t.source WHERE may_release(t.orders) GROUP BY t.source ORDER BY t.source
	LOOP
		PERFORM lock_held_orders(part.source, part.customers, part.orders, true);
	END LOOP;
	SELECT r.released_holds, r.released_orders INTO released_holds, released_orders FROM reevaluate_locked(ARRAY[p_customer_id], true) r;
END $$;
COMMENT ON FUNCTION reevaluate_customer(bigint) IS 'Looks at one customer again, under its lock: releases holds that have expired and automatic ones whose cause is gone, then takes those of its orders off hold that pass now, the oldest decision first. Orders are those the check itself put on hold, in tables the caller may read and change.';

CREATE OR REPLACE FUNCTION lock_free_customers(p_customers bigint[])
RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT e.customer_id FROM exposure e
		WHERE e.customer_id = ANY (p_customers) AND e.currency = (SELECT l.base_currency FROM ledger_info l) AND NOT e.in_group
		ORDER BY e.customer_id FOR NO KEY UPDATE SKIP LOCKED);
END $$;
COMMENT ON FUNCTION lock_free_customers(bigint[]) IS 'Takes the locks of those customers that nobody else holds and that are in no group; returns them. Used by reevaluate_batch().';

CREATE OR REPLACE FUNCTION reevaluate_batch(p_customers bigint[], OUT released_holds integer, OUT released_orders integer, OUT remaining bigint[])
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	free bigint[] := lock_free_customers(p_customers);
	busy bigint[];
BEGIN
	SELECT r.released_holds, r.released_orders, r.busy INTO released_holds, released_orders, busy FROM reevaluate_locked(free, false) r;
	remaining := ARRAY(SELECT c FROM unnest(p_customers) c WHERE c <> ALL (free) OR c = ANY (busy) ORDER BY c);
END $$;
COMMENT ON FUNCTION reevaluate_batch(bigint[]) IS 'Looks again at those customers that can be locked at once and are in no group, as reevaluate_customer() does at one. remaining: the others. Used by reevaluate_holds().';

-- It commits, so it can have no search_path of its own: every name in it is written out.
DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.reevaluate_holds(p_customer_id bigint DEFAULT NULL, p_all boolean DEFAULT false,
			INOUT released_holds integer DEFAULT 0, INOUT released_orders integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			customers bigint[];
			batch bigint[];
			n integer := 1;
			size integer := 500;
			failed boolean;
			customer bigint;
			done record;
			message text;
		BEGIN
			released_holds := 0;
			released_orders := 0;
			IF p_customer_id IS NOT NULL THEN
				SELECT r.released_holds, r.released_orders INTO released_holds, released_orders FROM %1$I.reevaluate_customer(p_customer_id) r;
				RETURN;
			END IF;
			customers := %1$I.customers_to_reevaluate(p_all);
			COMMIT;
			WHILE n OPERATOR(pg_catalog.<=) pg_catalog.cardinality(customers) LOOP
				batch := customers[n : n OPERATOR(pg_catalog.+) size OPERATOR(pg_catalog.-) 1];
				failed := false;
				BEGIN
					SELECT r.released_holds, r.released_orders, r.remaining INTO done FROM %1$I.reevaluate_batch(batch) r;
					released_holds := released_holds OPERATOR(pg_catalog.+) done.released_holds;
					released_orders := released_orders OPERATOR(pg_catalog.+) done.released_orders;
					batch := done.remaining;
				EXCEPTION WHEN OTHERS THEN
					failed := size OPERATOR(pg_catalog.>) 1;
				END;
				COMMIT;
				-- Smaller batches, until whose fault it is stands alone and stops nobody else.
				IF failed THEN
					size := size OPERATOR(pg_catalog./) 4;
					CONTINUE;
				END IF;
				FOREACH customer IN ARRAY batch LOOP
					BEGIN
						SELECT r.released_holds, r.released_orders INTO done FROM %1$I.reevaluate_customer(customer) r;
						released_holds := released_holds OPERATOR(pg_catalog.+) done.released_holds;
						released_orders := released_orders OPERATOR(pg_catalog.+) done.released_orders;
					EXCEPTION WHEN OTHERS THEN
						-- The next run tries again; the others need not wait for it.
						GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
						RAISE WARNING 'customer %% was not looked at: %%', customer, message;
					END;
					COMMIT;
				END LOOP;
				n := n OPERATOR(pg_catalog.+) size;
				size := LEAST(size OPERATOR(pg_catalog.*) 4, 500);
			END LOOP;
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE reevaluate_holds(bigint, boolean, integer, integer) IS 'Looks at one customer again, or at all with holds or orders on hold that have changed since they were looked at (p_all: at all of them), in batches, and commits after each: see reevaluate_customer(). Run it as a role that may change the order tables, outside a transaction block.';
