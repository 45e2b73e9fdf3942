-- Payment plans: proposed, approved, paid or missed.

ALTER TABLE payment_plan ALTER actor SET DEFAULT actor();
ALTER TABLE payment_plan_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER payment_plan_append_only BEFORE DELETE OR UPDATE OF customer_id, payment_plan_id, currency, amount, interest_amount, interest_rate, terms, starts_on,
		grace_days, contact_id, reason, recorded_at, recorded_by, actor ON payment_plan
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_no_truncate BEFORE TRUNCATE ON payment_plan
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_item_append_only BEFORE UPDATE OR DELETE ON payment_plan_item
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_item_no_truncate BEFORE TRUNCATE ON payment_plan_item
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_instalment_append_only BEFORE UPDATE OR DELETE ON payment_plan_instalment
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_instalment_no_truncate BEFORE TRUNCATE ON payment_plan_instalment
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_event_append_only BEFORE UPDATE OR DELETE ON payment_plan_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a payment plan is only added to.');
CREATE OR REPLACE TRIGGER payment_plan_event_no_truncate BEFORE TRUNCATE ON payment_plan_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a payment plan is only added to.');

-- Items for a plan of action: the customer's own, open, in one currency.
CREATE OR REPLACE FUNCTION require_open_items(p_customer_id bigint, p_item_ids bigint[], p_what text, OUT items bigint[], OUT currency text, OUT owed numeric, OUT oldest_due date)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_items bigint;
	currencies bigint;
BEGIN
	items := ARRAY(SELECT DISTINCT u FROM unnest(p_item_ids) u WHERE u IS NOT NULL ORDER BY u);
	SELECT count(*), count(DISTINCT i.currency), min(i.currency), sum(i.open_amount), min(i.due_date) INTO found_items, currencies, currency, owed, oldest_due
	FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = ANY (items) AND i.open_amount > 0;
	IF found_items < cardinality(items) OR found_items = 0 OR currencies > 1 THEN
		RAISE EXCEPTION 'items of % of customer % must be its own, open, and in one currency', p_what, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Of %s items %s are open, in %s currencies.', cardinality(items), found_items, currencies),
				HINT = 'View open_items shows the items of a customer.';
	END IF;
END $$;
COMMENT ON FUNCTION require_open_items(bigint, bigint[], text) IS 'The items named, once each, their currency, what is open of them and since when; error 22023 unless they are open debit items of the customer in one currency.';

-- Simple interest on what is left of the plan's amount, by actual days over 365, each instalment's rounded.
CREATE OR REPLACE FUNCTION plan_interest(p_currency text, p_starts_on date, p_due_dates date[], p_amounts numeric[], p_rate numeric)
RETURNS numeric[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	remaining numeric := (SELECT sum(u) FROM unnest(p_amounts) u);
	since date := p_starts_on;
	interest numeric[] := ARRAY[]::numeric[];
BEGIN
	FOR n IN 1 .. cardinality(p_amounts) LOOP
		interest := interest || round(remaining * COALESCE(p_rate, 0) / 100 * (p_due_dates[n] - since) / 365, credit.minor_unit(p_currency));
		remaining := remaining - p_amounts[n];
		since := p_due_dates[n];
	END LOOP;
	RETURN interest;
END $$;
COMMENT ON FUNCTION plan_interest(text, date, date[], numeric[], numeric) IS 'Interest due with each instalment: p_rate percent a year, simple, on what is left to pay since the instalment before, actual days over 365, rounded to the minor unit.';

CREATE OR REPLACE FUNCTION propose_plan(p_customer_id bigint, p_item_ids bigint[], p_reason text, p_due_dates date[] DEFAULT NULL, p_amounts numeric[] DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_starts_on date DEFAULT NULL, p_interest_rate numeric DEFAULT NULL, p_grace_days integer DEFAULT NULL,
	p_contact_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	starts date := COALESCE(p_starts_on, ledger_today());
	items bigint[];
	due_dates date[] := p_due_dates;
	amounts numeric[] := p_amounts;
	interest numeric[];
	used_currency text;
	owed numeric;
	obstacle text;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the payment plan of customer %s', p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT o.items, o.currency, o.owed INTO items, used_currency, owed FROM require_open_items(p_customer_id, p_item_ids, 'a payment plan') o;
	SELECT string_agg(o.what, ', ' ORDER BY o.what) INTO obstacle FROM (
		SELECT format('item %s is in plan %s', i.item_id, i.payment_plan_id) AS what
		FROM payment_plan_item i JOIN payment_plan p ON p.customer_id = i.customer_id AND p.payment_plan_id = i.payment_plan_id
		WHERE i.customer_id = p_customer_id AND i.item_id = ANY (items) AND p.state IN ('proposed', 'active')
		UNION ALL SELECT format('of item %s %s are in dispute', d.item_id, d.disputed_amount) FROM disputed_items d
		WHERE d.customer_id = p_customer_id AND d.item_id = ANY (items)) o;
	IF obstacle IS NOT NULL THEN
		RAISE EXCEPTION 'items of customer % cannot be in a new payment plan', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Found: %s.', obstacle),
				HINT = 'Cancel the other plan, or settle the dispute first.';
	END IF;
	IF p_terms IS NOT NULL AND p_amounts IS NULL AND p_due_dates IS NULL THEN
		SELECT array_agg(n.due_date ORDER BY n.no), array_agg(n.amount ORDER BY n.no) INTO due_dates, amounts
		FROM credit.instalments(p_terms, starts, owed, credit.minor_unit(used_currency)) n;
	ELSIF p_terms IS NOT NULL OR p_amounts IS NULL OR p_due_dates IS NULL THEN
		RAISE EXCEPTION 'payment plan of customer % needs either terms or instalments', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give p_terms, or p_due_dates with p_amounts.';
	END IF;
	IF cardinality(amounts) <> cardinality(due_dates) OR cardinality(amounts) NOT BETWEEN 1 AND (SELECT y.most_instalments FROM plan_policy y)
		OR EXISTS (SELECT FROM unnest(due_dates, amounts) WITH ORDINALITY n (due_date, amount, no)
			WHERE n.due_date IS NULL OR n.amount IS NULL OR n.amount <= 0 OR n.amount <> round(n.amount, credit.minor_unit(used_currency)) OR NOT isfinite(n.due_date)
				OR n.due_date <= CASE WHEN n.no = 1 THEN starts - 1 ELSE due_dates[n.no - 1] END) THEN
		RAISE EXCEPTION 'instalments of a payment plan of customer % are not in order', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Amounts are %s, due dates %s, from %s on.', amounts, due_dates, starts),
				HINT = format('There are 1 to %s of them, with amounts in minor units above zero, each due after the one before.', (SELECT y.most_instalments FROM plan_policy y));
	END IF;
	IF (SELECT sum(u) FROM unnest(amounts) u) <> owed THEN
		RAISE EXCEPTION 'payment plan of customer % does not sum', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Instalments come to %s, the items to %s %s.', (SELECT sum(u) FROM unnest(amounts) u), owed, used_currency),
				HINT = 'The items are in the plan with all that is open of them; interest comes on top.';
	END IF;
	IF p_interest_rate < 0 OR p_interest_rate > 1000 OR p_interest_rate = 'NaN' OR p_grace_days NOT BETWEEN 0 AND 365 THEN
		RAISE EXCEPTION 'interest rate or grace of a payment plan of customer % is out of range', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s percent and %s days.', COALESCE(p_interest_rate, 0), COALESCE(p_grace_days::text, 'the policy''s'));
	END IF;
	interest := plan_interest(used_currency, starts, due_dates, amounts, p_interest_rate);
	INSERT INTO payment_plan (customer_id, currency, amount, interest_amount, interest_rate, terms, starts_on, grace_days, contact_id, reason, state_on)
	VALUES (p_customer_id, used_currency, owed, (SELECT sum(u) FROM unnest(interest) u), p_interest_rate, p_terms, starts,
		COALESCE(p_grace_days, (SELECT y.grace_days FROM plan_policy y)), p_contact_id, p_reason, ledger_today())
	RETURNING payment_plan_id INTO id;
	INSERT INTO payment_plan_item (customer_id, payment_plan_id, item_id, amount)
	SELECT p_customer_id, id, i.item_id, i.open_amount FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = ANY (items);
	INSERT INTO payment_plan_instalment (customer_id, payment_plan_id, instalment_no, due_date, amount, interest_amount)
	SELECT p_customer_id, id, n.no, n.due_date, n.amount, n.interest FROM unnest(due_dates, amounts, interest) WITH ORDINALITY n (due_date, amount, interest, no);
	INSERT INTO payment_plan_event (customer_id, payment_plan_id, state, state_on, paid_amount) VALUES (p_customer_id, id, 'proposed', ledger_today(), 0);
	IF approval_required('payment_plan') THEN
		PERFORM request_approval(p_customer_id, 'payment_plan', owed, p_reason, jsonb_build_object('payment_plan_id', id), used_currency);
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION propose_plan(bigint, bigint[], text, date[], numeric[], credit.payment_terms, date, numeric, integer, bigint) IS 'Proposes to pay the items in p_item_ids in instalments: p_amounts at p_due_dates, which come to all that is open of them, or what p_terms make of it from p_starts_on (default today). p_interest_rate: percent a year, on top. p_grace_days: by default those of plan_policy. Where the policy requires an approval of payment_plan, it asks for it. Returns the id of the plan, which start_plan() brings into force.';

CREATE OR REPLACE FUNCTION move_plan(p_customer_id bigint, p_payment_plan_id bigint, p_from text[], p_state text, p_reason text DEFAULT NULL)
RETURNS payment_plan LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	plan payment_plan;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO plan FROM payment_plan p WHERE p.customer_id = p_customer_id AND p.payment_plan_id = p_payment_plan_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no payment plan %', p_customer_id, p_payment_plan_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View plans shows them.';
	END IF;
	IF plan.state <> ALL (p_from) THEN
		RAISE EXCEPTION 'payment plan % of customer % is %', p_payment_plan_id, p_customer_id, plan.state
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is so since %s.', plan.state_on), HINT = 'Propose another one with propose_plan().';
	END IF;
	UPDATE payment_plan p SET state = p_state, state_on = GREATEST(ledger_today(), p.state_on)
	WHERE p.customer_id = p_customer_id AND p.payment_plan_id = p_payment_plan_id RETURNING * INTO plan;
	INSERT INTO payment_plan_event (customer_id, payment_plan_id, state, state_on, paid_amount, reason)
	VALUES (p_customer_id, p_payment_plan_id, p_state, plan.state_on, plan.paid_amount, p_reason);
	RETURN plan;
END $$;
COMMENT ON FUNCTION move_plan(bigint, bigint, text[], text, text) IS 'Brings a payment plan that is in one of the states p_from into another, under the customer''s lock. Behind start_plan() and cancel_plan().';

CREATE OR REPLACE FUNCTION start_plan(p_customer_id bigint, p_payment_plan_id bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	plan payment_plan;
	used record;
	promised bigint;
BEGIN
	plan := move_plan(p_customer_id, p_payment_plan_id, '{proposed}', 'active');
	IF EXISTS (SELECT FROM payment_plan_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
		WHERE t.customer_id = p_customer_id AND t.payment_plan_id = p_payment_plan_id AND i.open_amount <> t.amount) THEN
		RAISE EXCEPTION 'items of payment plan % of customer % have changed', p_payment_plan_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'Other amounts are open than when it was proposed.',
				HINT = 'Cancel it with cancel_plan(), and propose another one.';
	END IF;
	SELECT * INTO used FROM use_approval(p_customer_id, 'payment_plan', plan.amount, plan.currency, jsonb_build_object('payment_plan_id', p_payment_plan_id));
	UPDATE payment_plan p SET approval_id = used.approval_id,
		after_allocation_id = COALESCE((SELECT max(a.allocation_id) FROM allocation a WHERE a.customer_id = p_customer_id), 0)
	WHERE p.customer_id = p_customer_id AND p.payment_plan_id = p_payment_plan_id;
	-- The plan takes the place of what was promised of its items, or of the account; what is broken by now stays broken.
	PERFORM evaluate_promises(NULL, p_customer_id);
	FOR promised IN
		SELECT p.promise_id FROM open_promises_about(p_customer_id, plan.currency, ARRAY(SELECT t.item_id FROM payment_plan_item t
			WHERE t.customer_id = p_customer_id AND t.payment_plan_id = p_payment_plan_id)) p ORDER BY 1
	LOOP
		PERFORM withdraw_promise(p_customer_id, promised, format('payment plan %s', p_payment_plan_id));
	END LOOP;
END $$;
COMMENT ON FUNCTION start_plan(bigint, bigint) IS 'Brings a proposed payment plan into force, with its approval where one is required (RC004). Open promises about its items, or about the account in its currency, are evaluated and, if still open, withdrawn. From then on its items are not dunned.';

CREATE OR REPLACE FUNCTION cancel_plan(p_customer_id bigint, p_payment_plan_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_reason, format('the end of payment plan %s of customer %s', p_payment_plan_id, p_customer_id));
	PERFORM move_plan(p_customer_id, p_payment_plan_id, '{proposed,active}', 'cancelled', p_reason);
END $$;
COMMENT ON FUNCTION cancel_plan(bigint, bigint, text) IS 'Ends a payment plan that is proposed or in force: what is open of its items is due as before.';

-- Instalments are paid in their order, by whatever lowers the plan's items but write-offs; it counts by the day the money came.
CREATE OR REPLACE FUNCTION plan_outcomes(p_as_of date, p_customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, payment_plan_id bigint, state text, paid_amount numeric, open_amount numeric, missed_no integer)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH applied AS MATERIALIZED (
			SELECT p.customer_id, p.payment_plan_id, a.credit_posting_date AS paid_on, sum(a.amount) AS amount
			FROM payment_plan p
				JOIN payment_plan_item t ON t.customer_id = p.customer_id AND t.payment_plan_id = p.payment_plan_id
				JOIN allocation a ON a.customer_id = t.customer_id AND a.debit_item_id = t.item_id AND a.applied_on <= p_as_of
					AND COALESCE(a.reverses, a.allocation_id) > p.after_allocation_id
				JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id AND NOT (d.kind = 'write_off' AND d.source_document_id IS NULL)
			WHERE p.state = 'active' AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids))
			GROUP BY 1, 2, 3),
		due AS (
			SELECT i.customer_id, i.payment_plan_id, i.instalment_no, i.due_date,
				sum(i.amount + i.interest_amount) OVER (PARTITION BY i.customer_id, i.payment_plan_id ORDER BY i.instalment_no) AS so_far
			FROM payment_plan_instalment i)
		SELECT p.customer_id, p.payment_plan_id,
			CASE WHEN o.open_amount = 0 THEN 'completed' WHEN m.instalment_no IS NOT NULL THEN 'defaulted' ELSE 'active' END,
			COALESCE((SELECT sum(a.amount) FROM applied a WHERE a.customer_id = p.customer_id AND a.payment_plan_id = p.payment_plan_id), 0), o.open_amount, m.instalment_no
		FROM payment_plan p
			CROSS JOIN LATERAL (SELECT sum(i.open_amount + COALESCE((SELECT sum(l.amount) FROM allocation l WHERE l.customer_id = i.customer_id AND l.debit_item_id = i.item_id
					AND l.applied_on > p_as_of), 0)) AS open_amount
				FROM payment_plan_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
				WHERE t.customer_id = p.customer_id AND t.payment_plan_id = p.payment_plan_id) o
			LEFT JOIN LATERAL (SELECT u.instalment_no FROM due u
				WHERE u.customer_id = p.customer_id AND u.payment_plan_id = p.payment_plan_id AND u.due_date + p.grace_days < p_as_of
					AND u.so_far > COALESCE((SELECT sum(a.amount) FROM applied a WHERE a.customer_id = p.customer_id AND a.payment_plan_id = p.payment_plan_id
						AND a.paid_on <= u.due_date + p.grace_days), 0)
				ORDER BY u.instalment_no LIMIT 1) m ON true
		WHERE p.state = 'active' AND p.state_on <= p_as_of AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids));
END $$;
COMMENT ON FUNCTION plan_outcomes(date, bigint[]) IS 'What became of the payment plans in force, as of a day: completed when nothing is open of their items, defaulted when what was due by an instalment was not paid within the grace. Behind evaluate_plans().';

CREATE OR REPLACE FUNCTION charge_plan_interest(p_as_of date, p_customer_ids bigint[])
RETURNS integer LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	due record;
	charge bigint;
	n integer := 0;
BEGIN
	FOR due IN
		SELECT p.customer_id, p.payment_plan_id, p.currency, i.instalment_no, i.due_date, i.interest_amount
		FROM payment_plan p JOIN payment_plan_instalment i ON i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id
		WHERE p.state = 'active' AND i.interest_amount > 0 AND i.due_date <= p_as_of AND p.customer_id = ANY (p_customer_ids)
		ORDER BY p.customer_id, p.payment_plan_id, i.instalment_no
	LOOP
		PERFORM lock_customer(due.customer_id);
		-- Whoever paid the whole plan before owes no more of it; and what was charged meanwhile is not charged again.
		CONTINUE WHEN EXISTS (SELECT FROM payment_plan_item t WHERE t.customer_id = due.customer_id AND t.payment_plan_id = due.payment_plan_id AND t.instalment_no = due.instalment_no)
			OR NOT EXISTS (SELECT FROM payment_plan p WHERE p.customer_id = due.customer_id AND p.payment_plan_id = due.payment_plan_id AND p.state = 'active')
			OR NOT EXISTS (SELECT FROM payment_plan_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
				WHERE t.customer_id = due.customer_id AND t.payment_plan_id = due.payment_plan_id AND i.open_amount > 0);
		charge := enter_document('finance_charge', due.customer_id, format('plan %s, instalment %s', due.payment_plan_id, due.instalment_no), due.due_date,
			due.interest_amount, due.due_date, due.currency, p_reason => format('interest of payment plan %s', due.payment_plan_id));
		INSERT INTO payment_plan_item (customer_id, payment_plan_id, item_id, amount, instalment_no)
		SELECT due.customer_id, due.payment_plan_id, i.item_id, due.interest_amount, due.instalment_no FROM item i
		WHERE i.customer_id = due.customer_id AND i.document_id = charge;
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;
COMMENT ON FUNCTION charge_plan_interest(date, bigint[]) IS 'Posts the interest of instalments of some customers due by a day, once each, as finance charges that are part of the plan. Behind evaluate_plans().';

CREATE OR REPLACE FUNCTION evaluate_plans(p_as_of date DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	as_of date := COALESCE(p_as_of, ledger_today());
	concerned bigint[];
	n integer;
BEGIN
	PERFORM require_as_of(as_of);
	IF as_of > ledger_today() THEN
		RAISE EXCEPTION 'payment plans cannot be evaluated as of %', as_of
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today()), HINT = 'What will have been paid by then is not known.';
	END IF;
	-- Whose interest is due, and whose plan has changed: all locked at once, in id order, and looked at again.
	concerned := ARRAY(SELECT p.customer_id FROM payment_plan p
			JOIN payment_plan_instalment i ON i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id AND i.interest_amount > 0 AND i.due_date <= as_of
		WHERE p.state = 'active' AND (p_customer_id IS NULL OR p.customer_id = p_customer_id)
			AND NOT EXISTS (SELECT FROM payment_plan_item t WHERE t.customer_id = i.customer_id AND t.payment_plan_id = i.payment_plan_id AND t.instalment_no = i.instalment_no)
		UNION SELECT o.customer_id FROM plan_outcomes(as_of, CASE WHEN p_customer_id IS NOT NULL THEN ARRAY[p_customer_id] END) o
			JOIN payment_plan p ON p.customer_id = o.customer_id AND p.payment_plan_id = o.payment_plan_id
		WHERE (p.state, p.paid_amount) IS DISTINCT FROM (o.state, o.paid_amount));
	PERFORM FROM exposure e WHERE e.customer_id = ANY (concerned) AND e.currency = base ORDER BY e.customer_id FOR NO KEY UPDATE;
	PERFORM charge_plan_interest(as_of, concerned);
	WITH changed AS (
		UPDATE payment_plan p SET state = o.state, paid_amount = o.paid_amount, state_on = as_of
		FROM plan_outcomes(as_of, concerned) o
		WHERE p.customer_id = o.customer_id AND p.payment_plan_id = o.payment_plan_id AND (p.state, p.paid_amount) IS DISTINCT FROM (o.state, o.paid_amount)
		RETURNING p.*, o.missed_no)
	INSERT INTO payment_plan_event (customer_id, payment_plan_id, state, state_on, paid_amount, reason)
	SELECT c.customer_id, c.payment_plan_id, c.state, c.state_on, c.paid_amount, CASE WHEN c.state = 'defaulted' THEN format('instalment %s was missed', c.missed_no) END
	FROM changed c ORDER BY c.customer_id, c.payment_plan_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
COMMENT ON FUNCTION evaluate_plans(date, bigint) IS 'Posts the interest of instalments that are due, and says what became of the payment plans in force as of a day (default today), of all customers or one. Run again it changes nothing. Returns how many plans changed.';
