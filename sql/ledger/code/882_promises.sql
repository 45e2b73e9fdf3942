-- Promises to pay: made, evaluated from the allocations, replaced, withdrawn.

ALTER TABLE promise ALTER actor SET DEFAULT actor();
ALTER TABLE promise_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER promise_append_only BEFORE DELETE OR UPDATE OF customer_id, promise_id, currency, amount, promised_on, due_on, tolerance_days,
		tolerance_amount, contact_id, customer_contact_id, note, open_amount, after_allocation_id, recorded_at, recorded_by, actor ON promise
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Withdraw it with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_no_truncate BEFORE TRUNCATE ON promise
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Withdraw it with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_item_append_only BEFORE UPDATE OR DELETE ON promise_item
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Withdraw the promise with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_item_no_truncate BEFORE TRUNCATE ON promise_item
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Withdraw the promise with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_event_append_only BEFORE UPDATE OR DELETE ON promise_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a promise is only added to.');
CREATE OR REPLACE TRIGGER promise_event_no_truncate BEFORE TRUNCATE ON promise_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a promise is only added to.');

-- Money that comes in; other credits only leave less to be paid.
CREATE OR REPLACE FUNCTION is_money(p_kind text)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN p_kind IN ('payment', 'deposit', 'set_off', 'transfer');
END $$;
COMMENT ON FUNCTION is_money(text) IS 'Whether a credit document of this kind pays: payment, deposit, set_off, or transfer (money that came in elsewhere). The others leave less to be paid.';

-- What a customer had open at the end of a day, whatever was applied since.
CREATE OR REPLACE FUNCTION open_then(p_customer_id bigint, p_on date, p_currency text DEFAULT NULL, p_item_ids bigint[] DEFAULT NULL)
RETURNS TABLE (item_id bigint, currency text, due_date date, open_amount numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT i.item_id, i.currency, i.due_date, i.open_amount + COALESCE(a.amount, 0)
		FROM item i
			LEFT JOIN (SELECT l.debit_item_id, sum(l.amount) AS amount FROM allocation l WHERE l.customer_id = p_customer_id AND l.applied_on > p_on
				GROUP BY l.debit_item_id) a ON a.debit_item_id = i.item_id
		WHERE i.customer_id = p_customer_id AND i.amount > 0 AND i.posting_date <= p_on AND (p_currency IS NULL OR i.currency = p_currency)
			AND (p_item_ids IS NULL OR i.item_id = ANY (p_item_ids)) AND i.open_amount + COALESCE(a.amount, 0) > 0;
END $$;
COMMENT ON FUNCTION open_then(bigint, date, text, bigint[]) IS 'The debit items of a customer that were open at the end of a day, in p_currency or (NULL) any, or those of p_item_ids.';

CREATE OR REPLACE FUNCTION promise_policy_of(p_customer_id bigint)
RETURNS promise_policy LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	policy promise_policy;
BEGIN
	SELECT p.* INTO policy FROM promise_policy p, customer c
	WHERE c.customer_id = p_customer_id AND (p.risk_class = c.risk_class OR p.risk_class IS NULL) ORDER BY p.risk_class NULLS LAST LIMIT 1;
	RETURN policy;
END $$;
COMMENT ON FUNCTION promise_policy_of(bigint) IS 'The policy on promises that is in force for a customer.';

CREATE OR REPLACE FUNCTION open_promises_about(p_customer_id bigint, p_currency text, p_item_ids bigint[] DEFAULT NULL)
RETURNS SETOF promise LANGUAGE plpgsql STABLE ROWS 1 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT p.* FROM promise p
		WHERE p.customer_id = p_customer_id AND p.currency = p_currency AND p.state = 'open'
			AND (p_item_ids IS NULL OR NOT EXISTS (SELECT FROM promise_item i WHERE i.customer_id = p_customer_id AND i.promise_id = p.promise_id)
				OR EXISTS (SELECT FROM promise_item i WHERE i.customer_id = p_customer_id AND i.promise_id = p.promise_id AND i.item_id = ANY (p_item_ids)));
END $$;
COMMENT ON FUNCTION open_promises_about(bigint, text, bigint[]) IS 'Open promises of a customer about one of some items, or (NULL) about anything, in a currency. A promise without items is about every item of its currency.';

CREATE OR REPLACE FUNCTION make_promise(p_customer_id bigint, p_due_on date, p_amount numeric DEFAULT NULL, p_item_ids bigint[] DEFAULT NULL, p_currency text DEFAULT NULL,
	p_contact_id bigint DEFAULT NULL, p_customer_contact_id bigint DEFAULT NULL, p_note text DEFAULT NULL, p_tolerance_days integer DEFAULT NULL,
	p_promised_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	made_on date := COALESCE(p_promised_on, today);
	by_items boolean := p_item_ids IS NOT NULL;
	items bigint[] := ARRAY(SELECT DISTINCT u FROM unnest(p_item_ids) u ORDER BY u);
	policy promise_policy;
	used_currency text;
	currencies bigint;
	open_total numeric;
	promised numeric;
	decimals integer;
	other bigint;
	id bigint;
	replaced bigint[];
BEGIN
	-- Late orders must see what a promise does to the figures.
	PERFORM lock_customer(p_customer_id);
	policy := promise_policy_of(p_customer_id);
	IF made_on > today OR NOT isfinite(made_on) OR p_due_on IS NULL OR NOT isfinite(p_due_on) OR p_due_on < made_on
		OR p_due_on > made_on + policy.longest_days THEN
		RAISE EXCEPTION 'customer % cannot promise to pay by %', p_customer_id, COALESCE(p_due_on::text, 'null')
			USING ERRCODE = 'datetime_field_overflow', DETAIL = concat_ws(' ', format('It promises on %s; today is %s.', made_on, today),
				'The policy allows for ' || policy.longest_days || ' days.'),
				HINT = 'A promise is made today or before, for that day or a later one.';
	END IF;
	SELECT count(*), count(DISTINCT o.currency), min(o.currency), sum(o.open_amount) INTO other, currencies, used_currency, open_total
	FROM open_then(p_customer_id, made_on, CASE WHEN NOT by_items THEN COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l)) END,
		CASE WHEN by_items THEN items END) o;
	IF by_items AND (other < cardinality(items) OR other = 0 OR currencies > 1 OR used_currency IS DISTINCT FROM COALESCE(p_currency, used_currency)) THEN
		RAISE EXCEPTION 'items promised by customer % must be its own, open, and in one currency', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Of %s items %s were open on %s, in %s currencies.', cardinality(items), other, made_on, currencies),
				HINT = 'View open_items shows the items of a customer.';
	END IF;
	used_currency := COALESCE(used_currency, p_currency, (SELECT l.base_currency FROM ledger_info l));
	decimals := credit.minor_unit(used_currency);
	promised := CASE WHEN p_amount IS NULL THEN open_total ELSE p_amount END;
	IF promised > COALESCE(open_total, 0) OR promised IS NULL THEN
		RAISE EXCEPTION 'customer % promises more than is open', p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('Open on %s are %s %s, promised are %s.', made_on, COALESCE(open_total, 0), used_currency, COALESCE(promised::text, 'all'));
	END IF;
	IF promised <= 0 OR promised <> round(promised, decimals) THEN
		RAISE EXCEPTION 'amount promised by customer % must be positive and in minor units of %', p_customer_id, used_currency
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', promised);
	END IF;
	IF p_tolerance_days NOT BETWEEN 0 AND 365 THEN
		RAISE EXCEPTION 'tolerance of a promise of customer % must be 0 to 365 days', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_tolerance_days);
	END IF;
	IF p_customer_contact_id IS NOT NULL THEN
		PERFORM read_customer_contact(p_customer_id, p_customer_contact_id);
	END IF;
	INSERT INTO promise (customer_id, currency, amount, promised_on, due_on, tolerance_days, tolerance_amount, contact_id, customer_contact_id, note,
		open_amount, after_allocation_id, state_on)
	SELECT p_customer_id, used_currency, round(promised, decimals), made_on, p_due_on, COALESCE(p_tolerance_days, policy.tolerance_days, 0),
		trunc(promised * COALESCE(policy.tolerance_percent, 0) / 100, decimals), p_contact_id,
		COALESCE(p_customer_contact_id, (SELECT c.customer_contact_id FROM contact c WHERE c.customer_id = p_customer_id AND c.contact_id = p_contact_id)), p_note, open_total,
		COALESCE((SELECT max(a.allocation_id) FROM allocation a WHERE a.customer_id = p_customer_id AND a.applied_on <= made_on), 0), made_on
	RETURNING promise_id INTO id;
	-- Less than is open: the oldest first.
	INSERT INTO promise_item (customer_id, promise_id, item_id, amount)
	SELECT p_customer_id, id, s.item_id, LEAST(s.open_amount, promised - s.before)
	FROM (SELECT o.item_id, o.open_amount, sum(o.open_amount) OVER (ORDER BY o.due_date NULLS LAST, o.item_id) - o.open_amount AS before
		FROM open_then(p_customer_id, made_on, NULL, items) o WHERE by_items) s
	WHERE s.before < promised;
	INSERT INTO promise_event (customer_id, promise_id, state, state_on, paid_amount, made_good) VALUES (p_customer_id, id, 'open', made_on, 0, false);
	-- Money would keep two promises at once.  What was due before the new one was made has had its time, and is not replaced.
	PERFORM evaluate_promises(made_on, p_customer_id);
	replaced := ARRAY(SELECT p.promise_id FROM open_promises_about(p_customer_id, used_currency, 
			CASE WHEN by_items THEN ARRAY(SELECT i.item_id FROM promise_item i WHERE i.customer_id = p_customer_id AND i.promise_id = id) END) p WHERE p.promise_id <> id ORDER BY 1);
	SELECT p.promise_id INTO other FROM promise p
	WHERE p.customer_id = p_customer_id AND p.promise_id = ANY (replaced) AND (p.promised_on > made_on OR p.state_on > made_on) ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'customer % has made a later promise about the same items', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is promise %s.', other),
				HINT = 'A promise takes the place of those made before it. Withdraw the other one with withdraw_promise() if it is wrong.';
	END IF;
	WITH closed AS (
		UPDATE promise p SET state = CASE WHEN p.paid_amount > 0 THEN 'partly_kept' ELSE 'replaced' END, state_on = made_on, replaced_by = id
		WHERE p.customer_id = p_customer_id AND p.promise_id = ANY (replaced) RETURNING p.*)
	INSERT INTO promise_event (customer_id, promise_id, state, state_on, paid_amount, made_good, reason)
	SELECT c.customer_id, c.promise_id, c.state, c.state_on, c.paid_amount, c.made_good, format('replaced by promise %s', id) FROM closed c ORDER BY c.promise_id;
	RETURN id;
END $$;
COMMENT ON FUNCTION make_promise(bigint, date, numeric, bigint[], text, bigint, bigint, text, integer, date) IS 'The customer promises to pay by p_due_on: p_amount (default all that is open) of the items in p_item_ids, oldest first, or without items of all it owes in p_currency (default the base currency). p_contact_id: the contact in which it did. p_promised_on: default today. Tolerances are those of promise_policy, or p_tolerance_days. An open promise about one of the same items is evaluated as of that day and closed as a whole: kept, partly kept, or replaced; one about the account is about every item of its currency. Returns the id of the promise.';

CREATE OR REPLACE FUNCTION withdraw_promise(p_customer_id bigint, p_promise_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	made promise;
BEGIN
	PERFORM require_reason(p_reason, format('the withdrawal of promise %s of customer %s', p_promise_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO made FROM promise p WHERE p.customer_id = p_customer_id AND p.promise_id = p_promise_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no promise %', p_customer_id, p_promise_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View promises_due shows those that are open.';
	END IF;
	IF made.state <> 'open' THEN
		RAISE EXCEPTION 'promise % of customer % is %', p_promise_id, p_customer_id, replace(made.state, '_', ' ')
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is so since %s.', made.state_on);
	END IF;
	UPDATE promise p SET state = 'withdrawn', state_on = GREATEST(ledger_today(), p.state_on) WHERE p.customer_id = p_customer_id AND p.promise_id = p_promise_id
	RETURNING * INTO made;
	INSERT INTO promise_event (customer_id, promise_id, state, state_on, paid_amount, made_good, reason)
	VALUES (p_customer_id, p_promise_id, made.state, made.state_on, made.paid_amount, made.made_good, p_reason);
END $$;
COMMENT ON FUNCTION withdraw_promise(bigint, bigint, text) IS 'Takes back a promise that is open: it was a misunderstanding. It counts neither as kept nor as broken, and one whose place it took stays closed.';

-- What became of promises, by the allocations as of a day.  Money counts by the day it came (the posting date of its
-- document), so that it keeps a promise also when it is applied later; a reversal counts from its own day on.  Of an item
-- no more can be missing than is left to pay; what was written off is still to be paid, but for small differences forgiven
-- with a payment.  Of a promise that was replaced only what was applied before counts, or is taken back: the rest is for the
-- one that took its place.
CREATE OR REPLACE FUNCTION promise_outcomes(p_as_of date, p_customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, promise_id bigint, state text, paid_amount numeric, made_good boolean)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH judged AS MATERIALIZED (
			SELECT p.customer_id, p.promise_id, p.currency, p.amount, p.promised_on, p.due_on + p.tolerance_days AS last_day, p.tolerance_amount, p.open_amount,
				p.after_allocation_id, p.replaced_by, COALESCE(n.after_allocation_id, 9223372036854775807) AS until_mark, EXISTS (SELECT FROM promise_item i WHERE i.customer_id = p.customer_id AND i.promise_id = p.promise_id) AS by_items
			FROM promise p LEFT JOIN promise n ON n.customer_id = p.customer_id AND n.promise_id = p.replaced_by
			WHERE p.state <> 'withdrawn' AND p.promised_on <= p_as_of AND p.state_on <= p_as_of AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids))),
		-- The part of each promise that one item, or the account, is to pay.
		part AS (
			SELECT j.customer_id, j.promise_id, i.item_id, i.amount, d.amount AS owed, j.last_day, j.after_allocation_id AS mark, j.until_mark, j.currency, j.promised_on
			FROM judged j JOIN promise_item i ON i.customer_id = j.customer_id AND i.promise_id = j.promise_id
				JOIN item d ON d.customer_id = i.customer_id AND d.item_id = i.item_id
			UNION ALL
			SELECT j.customer_id, j.promise_id, NULL, j.amount, j.open_amount, j.last_day, j.after_allocation_id, j.until_mark, j.currency, j.promised_on
			FROM judged j WHERE NOT j.by_items),
		applied AS (
			SELECT t.customer_id, t.promise_id, t.item_id,
				COALESCE(sum(a.amount) FILTER (WHERE a.pays AND a.later AND a.in_time), 0) AS paid,
				COALESCE(sum(a.amount) FILTER (WHERE a.settles AND a.in_time), 0) AS settled,
				COALESCE(sum(a.amount) FILTER (WHERE a.pays AND a.later), 0) AS paid_ever,
				COALESCE(sum(a.amount) FILTER (WHERE a.settles), 0) AS settled_ever
			FROM part t LEFT JOIN LATERAL (
				SELECT l.amount, is_money(c.kind) AS pays, COALESCE(l.reverses, l.allocation_id) > t.mark AS later, l.credit_posting_date <= t.last_day AS in_time,
					NOT (c.kind = 'write_off' AND c.source_document_id IS NULL)
						AND (t.item_id IS NOT NULL OR (COALESCE(l.reverses, l.allocation_id) > t.mark AND l.debit_posting_date <= t.promised_on)) AS settles
				FROM allocation l
					JOIN item s ON s.customer_id = l.customer_id AND s.item_id = l.credit_item_id
					JOIN document c ON c.customer_id = s.customer_id AND c.document_id = s.document_id
				WHERE l.customer_id = t.customer_id AND l.applied_on <= p_as_of AND COALESCE(l.reverses, l.allocation_id) <= t.until_mark
					AND CASE WHEN t.item_id IS NOT NULL THEN l.debit_item_id = t.item_id ELSE l.currency = t.currency END) a ON true
			GROUP BY t.customer_id, t.promise_id, t.item_id),
		summed AS (
			SELECT t.customer_id, t.promise_id, sum(GREATEST(LEAST(a.paid, t.amount), 0)) AS paid,
				sum(LEAST(t.amount, GREATEST(a.paid + GREATEST(t.owed - a.settled, 0), 0))) AS wanted,
				sum(GREATEST(LEAST(a.paid_ever, t.amount), 0)) AS paid_ever,
				sum(LEAST(t.amount, GREATEST(a.paid_ever + GREATEST(t.owed - a.settled_ever, 0), 0))) AS wanted_ever
			FROM part t JOIN applied a ON a.customer_id = t.customer_id AND a.promise_id = t.promise_id AND a.item_id IS NOT DISTINCT FROM t.item_id
			GROUP BY t.customer_id, t.promise_id)
		SELECT j.customer_id, j.promise_id,
			CASE WHEN s.paid >= s.wanted - j.tolerance_amount THEN 'kept' WHEN p_as_of <= j.last_day AND j.replaced_by IS NULL THEN 'open'
				WHEN s.paid > 0 THEN 'partly_kept' WHEN j.replaced_by IS NOT NULL THEN 'replaced' ELSE 'broken' END,
			s.paid, j.replaced_by IS NULL AND s.paid < s.wanted - j.tolerance_amount AND p_as_of > j.last_day AND s.paid_ever >= s.wanted_ever - j.tolerance_amount
		FROM judged j JOIN summed s ON s.customer_id = j.customer_id AND s.promise_id = j.promise_id;
END $$;
COMMENT ON FUNCTION promise_outcomes(date, bigint[]) IS 'What became of promises as of a day, computed from the allocations: of all customers, or those in p_customer_ids. Promises that were withdrawn, made or evaluated later are left out. Behind evaluate_promises().';

CREATE OR REPLACE FUNCTION evaluate_promises(p_as_of date DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	as_of date := COALESCE(p_as_of, ledger_today());
	concerned bigint[];
	n integer;
BEGIN
	PERFORM require_as_of(as_of);
	IF as_of > ledger_today() THEN
		RAISE EXCEPTION 'promises cannot be evaluated as of %', as_of
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today()), HINT = 'What will have been paid by then is not known.';
	END IF;
	-- Whoever is not concerned is not locked; who is, is judged again under the lock.
	concerned := ARRAY(SELECT DISTINCT o.customer_id
		FROM promise_outcomes(as_of, CASE WHEN p_customer_id IS NOT NULL THEN ARRAY[p_customer_id] END) o
			JOIN promise p ON p.customer_id = o.customer_id AND p.promise_id = o.promise_id
		WHERE (p.state, p.paid_amount, p.made_good) IS DISTINCT FROM (o.state, o.paid_amount, o.made_good));
	PERFORM FROM exposure e WHERE e.customer_id = ANY (concerned) AND e.currency = base ORDER BY e.customer_id FOR NO KEY UPDATE;
	WITH changed AS (
		UPDATE promise p SET state = o.state, paid_amount = o.paid_amount, made_good = o.made_good, state_on = as_of
		FROM promise_outcomes(as_of, concerned) o
		WHERE p.customer_id = o.customer_id AND p.promise_id = o.promise_id
			AND (p.state, p.paid_amount, p.made_good) IS DISTINCT FROM (o.state, o.paid_amount, o.made_good)
		RETURNING p.*)
	INSERT INTO promise_event (customer_id, promise_id, state, state_on, paid_amount, made_good)
	SELECT c.customer_id, c.promise_id, c.state, c.state_on, c.paid_amount, c.made_good FROM changed c ORDER BY c.customer_id, c.promise_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM note_broken_promises(as_of, concerned);
	RETURN n;
END $$;
COMMENT ON FUNCTION evaluate_promises(date, bigint) IS 'Says what became of promises as of a day (default today), of all customers or one, from the allocations: kept, partly kept, broken, or open again after a payment was returned. Run again it changes nothing. Promises not kept and not made good since become the risk figure broken_promises, but for those that another one took the place of. Returns how many promises changed.';

-- Check rules read risk figures; so do the warnings, and what is replayed of the past.
CREATE OR REPLACE FUNCTION note_broken_promises(p_as_of date, p_customer_ids bigint[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	changed bigint[];
	figures bigint[];
BEGIN
	SELECT array_agg(f.customer_id ORDER BY f.customer_id), array_agg(f.broken ORDER BY f.customer_id) INTO changed, figures
	FROM (SELECT u.customer_id,
			(SELECT count(*) FROM promise p WHERE p.customer_id = u.customer_id AND p.state IN ('partly_kept', 'broken') AND NOT p.made_good
				AND p.replaced_by IS NULL) AS broken,
			(SELECT r.value FROM risk_figure r WHERE r.customer_id = u.customer_id AND r.figure = 'broken_promises' AND r.valid_from <= p_as_of
				ORDER BY r.valid_from DESC, r.risk_figure_id DESC LIMIT 1) AS known
		FROM unnest(p_customer_ids) u (customer_id)) f
	WHERE f.broken <> COALESCE(f.known, 0);
	-- As tighten() does for one: a changed row, which waiting orders see.
	UPDATE exposure e SET check_seq = e.check_seq + 1 WHERE e.customer_id = ANY (changed) AND e.currency = base;
	INSERT INTO risk_figure (customer_id, figure, value, valid_from, source)
	SELECT c.customer_id, 'broken_promises', c.broken, p_as_of, 'promises' FROM unnest(changed, figures) c (customer_id, broken) ORDER BY c.customer_id;
END $$;
COMMENT ON FUNCTION note_broken_promises(date, bigint[]) IS 'Enters the risk figure broken_promises of customers whose promises changed, under their locks. Behind evaluate_promises().';

-- Items that move take along what was promised of them and is not paid, broken or not: nobody gets rid of it by another name.
CREATE OR REPLACE FUNCTION move_promises(p_customer_id bigint, p_into_customer_id bigint, p_item_ids bigint[], p_into_item_ids bigint[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	moving promise;
	by_items boolean;
BEGIN
	FOR moving IN SELECT * FROM promise p WHERE p.customer_id = p_customer_id AND (p.state = 'open' OR (p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL))
		ORDER BY p.promise_id
	LOOP
		by_items := EXISTS (SELECT FROM promise_item i WHERE i.customer_id = p_customer_id AND i.promise_id = moving.promise_id);
		-- Of the account as a whole: of all that moves, the oldest first.
		WITH part AS (
			SELECT n.item_id, n.open_amount, LEAST(n.open_amount, COALESCE(i.amount, moving.amount - moving.paid_amount
				- (sum(n.open_amount) OVER (ORDER BY n.due_date NULLS LAST, n.item_id) - n.open_amount))) AS amount
			FROM unnest(p_item_ids, p_into_item_ids) m (item_id, into_item_id)
				JOIN item n ON n.customer_id = p_into_customer_id AND n.item_id = m.into_item_id AND n.open_amount > 0 AND n.currency = moving.currency
				LEFT JOIN promise_item i ON i.customer_id = p_customer_id AND i.promise_id = moving.promise_id AND i.item_id = m.item_id
			WHERE i.item_id IS NOT NULL OR NOT by_items),
		made AS (
			INSERT INTO promise (customer_id, currency, amount, promised_on, due_on, tolerance_days, tolerance_amount, note, open_amount, after_allocation_id, state_on)
			SELECT p_into_customer_id, moving.currency, sum(t.amount), moving.promised_on, moving.due_on, moving.tolerance_days, moving.tolerance_amount,
				concat_ws(': ', format('of customer %s', p_customer_id), moving.note), sum(t.open_amount),
				COALESCE((SELECT max(a.allocation_id) FROM allocation a WHERE a.customer_id = p_into_customer_id), 0), LEAST(ledger_today(), moving.state_on)
			FROM part t WHERE t.amount > 0 HAVING count(*) > 0
			RETURNING promise_id, state_on),
		entered AS (
			INSERT INTO promise_item (customer_id, promise_id, item_id, amount)
			SELECT p_into_customer_id, m.promise_id, t.item_id, t.amount FROM made m, part t WHERE t.amount > 0)
		INSERT INTO promise_event (customer_id, promise_id, state, state_on, paid_amount, made_good)
		SELECT p_into_customer_id, m.promise_id, 'open', m.state_on, 0, false FROM made m;
		IF moving.state = 'open' THEN
			PERFORM withdraw_promise(p_customer_id, moving.promise_id, format('moved to customer %s', p_into_customer_id));
		END IF;
	END LOOP;
	PERFORM evaluate_promises(NULL, p_into_customer_id);
END $$;
COMMENT ON FUNCTION move_promises(bigint, bigint, bigint[], bigint[]) IS 'Takes the promises of a customer that are open, or not kept and not made good, along with its items (p_item_ids, which are p_into_item_ids there) to the customer it is merged into. Behind merge_customers().';
