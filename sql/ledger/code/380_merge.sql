-- Two customers that are one: the account of one moves to the other.

-- Whoever is below the customer changes its parent, so it is locked as well, and all groups above: in id order.
CREATE OR REPLACE FUNCTION lock_to_merge(p_customer_id bigint, p_into_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	below bigint[];
BEGIN
	LOOP
		below := ARRAY(SELECT e.customer_id FROM exposure e WHERE e.parent_id = p_customer_id ORDER BY e.customer_id);
		PERFORM lock_group(ARRAY[p_customer_id, p_into_customer_id] || below);
		EXIT WHEN below @> ARRAY(SELECT e.customer_id FROM exposure e WHERE e.parent_id = p_customer_id);
	END LOOP;
	PERFORM lock_customer(LEAST(p_customer_id, p_into_customer_id));
	PERFORM lock_customer(GREATEST(p_customer_id, p_into_customer_id));
END $$;
COMMENT ON FUNCTION lock_to_merge(bigint, bigint) IS 'Takes the locks that merge_customers() needs.';

CREATE OR REPLACE FUNCTION move_in_group(p_customer_id bigint, p_into_customer_id bigint, p_reason text)
RETURNS jsonb LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	used jsonb;
	parent bigint;
	moved bigint[];
BEGIN
	IF p_customer_id IN (SELECT a FROM ancestors(p_into_customer_id) a) THEN
		RAISE EXCEPTION 'customer % is below customer %', p_into_customer_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It would be above itself.',
				HINT = 'Merge them the other way round, or give it another parent first, with set_parent().';
	END IF;
	SELECT jsonb_object_agg(g.id, group_exposure(g.id, today)) INTO used
	FROM (SELECT p_into_customer_id AS id UNION SELECT a FROM ancestors(p_into_customer_id) a UNION SELECT a FROM ancestors(p_customer_id) a) g;

	SELECT c.parent_id INTO parent FROM customer c WHERE c.customer_id = p_customer_id;
	UPDATE customer c SET parent_id = parent
	WHERE c.customer_id = p_into_customer_id AND c.parent_id IS NULL
		AND parent NOT IN (SELECT m FROM group_members(p_into_customer_id) m);
	UPDATE customer c SET parent_id = NULL WHERE c.customer_id = p_customer_id AND c.parent_id IS NOT NULL;
	moved := ARRAY(SELECT c.customer_id FROM customer c WHERE c.parent_id = p_customer_id ORDER BY c.customer_id);
	UPDATE customer c SET parent_id = p_into_customer_id WHERE c.parent_id = p_customer_id;
	-- Nobody gets rid of a group limit by another name.
	INSERT INTO credit_limit (customer_id, amount, currency, valid_from, valid_to, reason, kind, in_force, requested_by, approved_by)
	SELECT p_into_customer_id, l.amount, l.currency, GREATEST(l.valid_from, today), l.valid_to,
		concat_ws(': ', format('of customer %s', p_customer_id), l.reason, p_reason), 'group', l.in_force * daterange(today, NULL), l.requested_by, l.approved_by
	FROM credit_limit l
	WHERE l.customer_id = p_customer_id AND l.kind = 'group' AND l.in_force && daterange(today, NULL)
		AND NOT EXISTS (SELECT FROM credit_limit o WHERE o.customer_id = p_into_customer_id AND o.kind = 'group' AND o.in_force && daterange(today, NULL))
	ORDER BY l.credit_limit_id;
	PERFORM mark_group(c) FROM unnest(moved || ARRAY[p_customer_id, p_into_customer_id]) c;
	RETURN used;
END $$;
COMMENT ON FUNCTION move_in_group(bigint, bigint, text) IS 'Puts a customer into the place of another one in its group, under the locks of lock_to_merge(). Returns what the groups concerned had used before, by id. Behind merge_customers().';

CREATE OR REPLACE FUNCTION merge_customers(p_customer_id bigint, p_into_customer_id bigint, p_reason text, p_merged_on date DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	merged_on date := COALESCE(p_merged_on, ledger_today());
	moved_on date;
	moving record;
	groups_before jsonb := jsonb_build_object();
	moved_from bigint[] := ARRAY[]::bigint[];
	moved_into bigint[] := ARRAY[]::bigint[];
	their_item bigint;
	own_document bigint;
	own_number text;
	their_document bigint;
	ordered text;
	onward bigint;
	n integer := 0;
BEGIN
	PERFORM require_reason(p_reason, format('the merge of customer %s into %s', p_customer_id, p_into_customer_id));
	IF p_customer_id = p_into_customer_id THEN
		RAISE EXCEPTION 'customer % cannot be merged into itself', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT isfinite(merged_on) THEN
		RAISE EXCEPTION 'day of the merge of customer % must be a calendar date, not %', p_customer_id, merged_on
			USING ERRCODE = 'datetime_field_overflow';
	END IF;
	PERFORM lock_to_merge(p_customer_id, p_into_customer_id);
	SELECT string_agg(format('%s %s', e.ordered, e.currency), ', ' ORDER BY e.currency) INTO ordered
	FROM exposure e WHERE e.customer_id = p_customer_id AND e.ordered > 0;
	IF ordered IS NOT NULL THEN
		RAISE EXCEPTION 'customer % has open orders', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('They come to %s.', ordered),
				HINT = format('Move them to customer %s first.', p_into_customer_id);
	END IF;
	IF EXISTS (SELECT FROM credit_application a WHERE a.customer_id = p_customer_id AND NOT EXISTS (SELECT FROM credit_application_event e
			WHERE e.customer_id = a.customer_id AND e.credit_application_id = a.credit_application_id AND e.event IN ('approved', 'declined', 'withdrawn'))) THEN
		RAISE EXCEPTION 'customer % has an application that is not decided', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Decide or withdraw it first; view credit_application_status lists it.';
	END IF;
	SELECT e.merged_into INTO onward FROM exposure e WHERE e.customer_id = p_into_customer_id AND e.currency = base;
	IF onward IS NOT NULL THEN
		RAISE EXCEPTION 'customer % was itself merged into customer %', p_into_customer_id, onward
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Merge into customer %s.', onward);
	END IF;
	-- Called again, it follows what was moved before.
	onward := customer_of(p_customer_id);
	IF onward NOT IN (p_customer_id, p_into_customer_id) THEN
		RAISE EXCEPTION 'customer % was merged into customer % already', p_customer_id, onward
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Merge into customer %s.', onward);
	END IF;
	SELECT string_agg(w.what, ', ') INTO ordered FROM (
		SELECT format('credit request %s', r.credit_request_id) AS what FROM credit_requests r WHERE r.customer_id = p_customer_id AND r.status = 'pending'
		UNION ALL SELECT DISTINCT format('return %s', a.number) FROM aged_returns a WHERE a.customer_id = p_customer_id
		UNION ALL SELECT format('core deposit %s', b.core_deposit_id) FROM core_bank b WHERE b.customer_id = p_customer_id AND b.outstanding > 0
		ORDER BY 1 LIMIT 5) w;
	IF ordered IS NOT NULL THEN
		RAISE EXCEPTION 'customer % has credits or returns that are not finished', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Among them are %s.', ordered), HINT = 'Finish, reject or cancel them first.';
	END IF;
	SELECT string_agg(w.what, ', ' ORDER BY w.what) INTO ordered FROM (
		SELECT format('payment plan %s', p.payment_plan_id) AS what FROM payment_plan p WHERE p.customer_id = p_customer_id AND p.state IN ('proposed', 'active')
		UNION ALL SELECT format('escalation %s', e.escalation_id) FROM escalation e WHERE e.customer_id = p_customer_id AND e.state IN ('requested', 'open')
		UNION ALL SELECT format('settlement %s', s.settlement_id) FROM settlement s WHERE s.customer_id = p_customer_id AND s.state IN ('proposed', 'agreed')) w;
	IF ordered IS NOT NULL THEN
		RAISE EXCEPTION 'customer % has plans, settlements or escalations that are not finished', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Found: %s.', ordered), HINT = format('Cancel or close them, and enter new ones for customer %s.', p_into_customer_id);
	END IF;
	-- It would free credit there, and stay in the exposure here.
	PERFORM require_cleared(p_customer_id, NULL, 'merge');
	IF EXISTS (SELECT FROM exposure e WHERE (e.customer_id IN (p_customer_id, p_into_customer_id) AND e.in_group) OR e.parent_id = p_customer_id) THEN
		groups_before := move_in_group(p_customer_id, p_into_customer_id, p_reason);
	END IF;

	-- Each open item moves by a pair of transfers, with its dates and its value in base currency; what is posted
	-- or reversed on a later day moves on that day.
	FOR moving IN
		SELECT i.*, d.number AS doc_number, d.reference, d.fx_rate FROM item i
			JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
		WHERE i.customer_id = p_customer_id AND i.open_amount <> 0 ORDER BY i.item_id
	LOOP
		moved_on := GREATEST(merged_on, moving.posting_date, moving.reversed_on);
		own_number := format('%s to customer %s, item %s', left(moving.doc_number, 100), p_into_customer_id, moving.item_id);
		IF EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.kind = 'transfer' AND d.number = own_number) THEN
			own_number := format('%s #%s', own_number, (SELECT count(*) + 1 FROM document d WHERE d.customer_id = p_customer_id AND d.kind = 'transfer'));
		END IF;
		IF moving.reserved_for IS NOT NULL THEN
			PERFORM end_reservation(p_customer_id, moving.document_id, p_reason);
		END IF;
		own_document := enter_document('transfer', p_customer_id, own_number, moved_on, abs(moving.open_amount), p_currency => moving.currency,
			p_side => CASE WHEN moving.open_amount > 0 THEN 'credit' ELSE 'debit' END, p_fx_rate => moving.fx_rate,
			p_base_amount => abs(moving.open_base_amount), p_reason => p_reason);
		INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p_customer_id, CASE WHEN moving.open_amount > 0 THEN i.item_id ELSE moving.item_id END,
			CASE WHEN moving.open_amount > 0 THEN moving.item_id ELSE i.item_id END, abs(moving.open_amount), moved_on
		FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = own_document;
		IF moving.reserved_for IS NOT NULL THEN
			own_number := format('%s of customer %s', left(moving.doc_number, 100), p_customer_id);
			IF EXISTS (SELECT FROM document d WHERE d.customer_id = p_into_customer_id AND d.kind = 'deposit' AND d.number = own_number) THEN
				own_number := format('%s, %s', own_number, own_document);
			END IF;
			PERFORM enter_document('deposit', p_into_customer_id, own_number, moving.doc_date,
				-moving.open_amount, p_currency => moving.currency, p_posting_date => moved_on, p_order_id => moving.reserved_for,
				p_fx_rate => moving.fx_rate, p_base_amount => abs(moving.open_base_amount), p_reason => p_reason);
		ELSE
			their_document := enter_document('transfer', p_into_customer_id, format('%s of customer %s, item %s, %s', left(moving.doc_number, 100), p_customer_id, moving.item_id, own_document),
				moving.doc_date, abs(moving.open_amount), moving.due_date, moving.currency, moved_on, moving.reference,
				p_side => CASE WHEN moving.open_amount > 0 THEN 'debit' ELSE 'credit' END, p_fx_rate => moving.fx_rate,
				p_base_amount => abs(moving.open_base_amount), p_reason => p_reason);
			IF moving.open_amount > 0 AND moving.due_date IS NULL THEN
				PERFORM change_due_date(p_into_customer_id, i.item_id, NULL, p_reason, p_effective_on => moved_on)
				FROM item i WHERE i.customer_id = p_into_customer_id AND i.document_id = their_document;
			END IF;
			SELECT i.item_id INTO their_item FROM item i WHERE i.customer_id = p_into_customer_id AND i.document_id = their_document;
			PERFORM move_disputes(p_customer_id, moving.item_id, p_into_customer_id, their_item),
				move_late_payment(p_customer_id, moving.item_id, p_into_customer_id, their_item);
			moved_from := moved_from || moving.item_id;
			moved_into := moved_into || their_item;
		END IF;
		n := n + 1;
	END LOOP;
	-- Nobody gets rid of a hold by another name.
	FOR moving IN
		SELECT h.* FROM hold h WHERE h.customer_id = p_customer_id
			AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id) ORDER BY h.hold_id
	LOOP
		IF COALESCE(moving.expires_on, 'infinity') >= ledger_today() THEN
			PERFORM place_hold(p_into_customer_id, format('of customer %s: %s', p_customer_id, moving.reason), moving.reason_code, moving.scope,
				moving.expires_on, moving.forced, moving.automatic);
		END IF;
		PERFORM end_hold(p_customer_id, moving.hold_id, p_reason);
	END LOOP;
	PERFORM set_customer_status(p_into_customer_id, c.status) FROM customer c JOIN customer i ON i.customer_id = p_into_customer_id
	WHERE c.customer_id = p_customer_id AND c.status IN ('legal', 'bankrupt', 'sanctioned') AND i.status = 'active';
	PERFORM move_credit_file(p_customer_id, p_into_customer_id);
	PERFORM move_contacts(p_customer_id, p_into_customer_id);
	PERFORM move_contact_law(p_customer_id, p_into_customer_id, moved_from, moved_into);
	PERFORM move_portfolio(p_customer_id, p_into_customer_id);
	PERFORM move_promises(p_customer_id, p_into_customer_id, moved_from, moved_into);
	INSERT INTO customer_merge (customer_id, into_customer_id, merged_on, reason) VALUES (p_customer_id, p_into_customer_id, merged_on, p_reason);
	UPDATE exposure e SET merged_into = p_into_customer_id WHERE e.customer_id = p_customer_id AND e.currency = base;
	SELECT g.group_id, g.limit_amount, u.used INTO moving
	FROM group_limits(p_into_customer_id, ledger_today()) g, LATERAL group_exposure(g.group_id, ledger_today()) u (used)
	WHERE groups_before <> '{}' AND u.used > g.limit_amount AND u.used > (groups_before ->> g.group_id::text)::numeric LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'with customer % the group of customer % exceeds its limit', p_customer_id, moving.group_id
			USING ERRCODE = 'RC002', DETAIL = format('Used would be %s, the limit is %s.', moving.used, moving.limit_amount),
				HINT = 'Raise the group limit first.';
	END IF;
	RETURN n;
END $$;
COMMENT ON FUNCTION merge_customers(bigint, bigint, text, date) IS 'Merges a customer into another: each open item moves there by a pair of transfers dated p_merged_on (default today), with its own dates; the history stays where it is, and aging as of earlier dates too. Holds move along, and so does the status of one who is with lawyers, bankrupt or sanctioned, and the credit file; limits do not, but for group limits that the other one has none of. Customers below it go below the other one, which takes its parent where it has none (RC002 where a group limit would be exceeded). The old customer takes no new business; its id stays as an alias (customer_of()). May be called again, into the customer who goes on, for what opens later, such as a returned payment. Returns the number of items moved.';

CREATE OR REPLACE FUNCTION customer_of(p_customer_id bigint)
RETURNS bigint LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	current_id bigint := p_customer_id;
	next_id bigint;
BEGIN
	LOOP
		SELECT e.merged_into INTO next_id FROM exposure e WHERE e.customer_id = current_id AND e.merged_into IS NOT NULL;
		EXIT WHEN NOT FOUND;
		current_id := next_id;
	END LOOP;
	RETURN current_id;
END $$;
COMMENT ON FUNCTION customer_of(bigint) IS 'The customer who goes on under an id: itself, or the one it was merged into.';
