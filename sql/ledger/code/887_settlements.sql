-- Settlements: a part is paid, the rest is written off, in one approval.

ALTER TABLE settlement ALTER actor SET DEFAULT actor();
ALTER TABLE settlement_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER settlement_append_only BEFORE DELETE OR UPDATE OF customer_id, settlement_id, currency, owed, amount, due_on, contact_id, reason, recorded_at,
		recorded_by, actor ON settlement
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_settlement(), and propose another one.');
CREATE OR REPLACE TRIGGER settlement_no_truncate BEFORE TRUNCATE ON settlement
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_settlement(), and propose another one.');
CREATE OR REPLACE TRIGGER settlement_item_append_only BEFORE UPDATE OR DELETE ON settlement_item
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_settlement(), and propose another one.');
CREATE OR REPLACE TRIGGER settlement_item_no_truncate BEFORE TRUNCATE ON settlement_item
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_settlement(), and propose another one.');
CREATE OR REPLACE TRIGGER settlement_event_append_only BEFORE UPDATE OR DELETE ON settlement_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a settlement is only added to.');
CREATE OR REPLACE TRIGGER settlement_event_no_truncate BEFORE TRUNCATE ON settlement_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a settlement is only added to.');

CREATE OR REPLACE FUNCTION propose_settlement(p_customer_id bigint, p_item_ids bigint[], p_amount numeric, p_due_on date, p_reason text, p_contact_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	what record;
	other bigint;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the settlement of customer %s', p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO what FROM require_open_items(p_customer_id, p_item_ids, 'a settlement');
	IF p_amount IS NULL OR p_amount <= 0 OR p_amount >= what.owed OR p_amount <> round(p_amount, credit.minor_unit(what.currency)) THEN
		RAISE EXCEPTION 'settlement of customer % is for a part of what is open', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Open are %s %s, to be paid %s.', what.owed, what.currency, COALESCE(p_amount::text, 'null'));
	END IF;
	IF p_due_on IS NULL OR p_due_on < today OR NOT isfinite(p_due_on) THEN
		RAISE EXCEPTION 'settlement of customer % cannot be due on %', p_customer_id, COALESCE(p_due_on::text, 'null')
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', today);
	END IF;
	SELECT s.settlement_id INTO other FROM settlement s JOIN settlement_item i ON i.customer_id = s.customer_id AND i.settlement_id = s.settlement_id
	WHERE s.customer_id = p_customer_id AND s.state IN ('proposed', 'agreed') AND i.item_id = ANY (what.items) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'items of customer % are in a settlement already', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('That is settlement %s.', other), HINT = 'Cancel it first, with cancel_settlement().';
	END IF;
	INSERT INTO settlement (customer_id, currency, owed, amount, due_on, contact_id, reason, state_on)
	VALUES (p_customer_id, what.currency, what.owed, p_amount, p_due_on, p_contact_id, p_reason, today) RETURNING settlement_id INTO id;
	INSERT INTO settlement_item (customer_id, settlement_id, item_id, amount)
	SELECT p_customer_id, id, i.item_id, i.open_amount FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = ANY (what.items);
	INSERT INTO settlement_event (customer_id, settlement_id, state, state_on, note) VALUES (p_customer_id, id, 'proposed', today, p_reason);
	IF approval_required('settlement') THEN
		PERFORM request_approval(p_customer_id, 'settlement', what.owed - p_amount, p_reason, jsonb_build_object('settlement_id', id), what.currency);
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION propose_settlement(bigint, bigint[], numeric, date, text, bigint) IS 'Proposes to settle the items in p_item_ids by p_amount, paid by p_due_on: the rest is given up. Where the policy requires an approval of settlement, it asks for one of what is given up. Returns its id; agree_settlement() brings it into force.';

CREATE OR REPLACE FUNCTION move_settlement(p_customer_id bigint, p_settlement_id bigint, p_from text[], p_state text, p_note text DEFAULT NULL,
	p_written_off numeric DEFAULT NULL, p_on date DEFAULT NULL)
RETURNS settlement LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	moved settlement;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO moved FROM settlement s WHERE s.customer_id = p_customer_id AND s.settlement_id = p_settlement_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no settlement %', p_customer_id, p_settlement_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table settlement lists them.';
	END IF;
	IF moved.state <> ALL (p_from) THEN
		RAISE EXCEPTION 'settlement % of customer % is %', p_settlement_id, p_customer_id, moved.state
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is so since %s.', moved.state_on), HINT = 'Propose another one with propose_settlement().';
	END IF;
	UPDATE settlement s SET state = p_state, state_on = GREATEST(COALESCE(p_on, ledger_today()), s.state_on)
	WHERE s.customer_id = p_customer_id AND s.settlement_id = p_settlement_id RETURNING * INTO moved;
	INSERT INTO settlement_event (customer_id, settlement_id, state, state_on, written_off, note)
	VALUES (p_customer_id, p_settlement_id, p_state, moved.state_on, p_written_off, p_note);
	RETURN moved;
END $$;
COMMENT ON FUNCTION move_settlement(bigint, bigint, text[], text, text, numeric, date) IS 'Brings a settlement that is in one of the states p_from into another, under the customer''s lock. Behind all that happens to settlements.';

CREATE OR REPLACE FUNCTION agree_settlement(p_customer_id bigint, p_settlement_id bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	agreed settlement := move_settlement(p_customer_id, p_settlement_id, '{proposed}', 'agreed');
	used record;
BEGIN
	IF agreed.due_on < ledger_today() OR EXISTS (SELECT FROM settlement_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
			WHERE t.customer_id = p_customer_id AND t.settlement_id = p_settlement_id AND i.open_amount <> t.amount) THEN
		RAISE EXCEPTION 'settlement % of customer % cannot be agreed any more', p_settlement_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It was due on %s, or other amounts are open than when it was proposed.', agreed.due_on),
				HINT = 'Cancel it with cancel_settlement(), and propose another one.';
	END IF;
	SELECT * INTO used FROM use_approval(p_customer_id, 'settlement', agreed.owed - agreed.amount, agreed.currency, jsonb_build_object('settlement_id', p_settlement_id));
	UPDATE settlement s SET approval_id = used.approval_id, agreed_on = s.state_on,
		after_allocation_id = COALESCE((SELECT max(a.allocation_id) FROM allocation a WHERE a.customer_id = p_customer_id), 0)
	WHERE s.customer_id = p_customer_id AND s.settlement_id = p_settlement_id;
END $$;
COMMENT ON FUNCTION agree_settlement(bigint, bigint) IS 'Brings a proposed settlement into force, with its approval where one is required (RC004). What is paid of its items from then on counts.';

CREATE OR REPLACE FUNCTION cancel_settlement(p_customer_id bigint, p_settlement_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_reason, format('the end of settlement %s of customer %s', p_settlement_id, p_customer_id));
	PERFORM move_settlement(p_customer_id, p_settlement_id, '{proposed,agreed}', 'cancelled', p_reason);
END $$;
COMMENT ON FUNCTION cancel_settlement(bigint, bigint, text) IS 'Takes back a settlement that is proposed or agreed: all is owed as before.';

CREATE OR REPLACE FUNCTION settlement_paid(p_customer_id bigint, p_settlement_id bigint, p_as_of date)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE((SELECT sum(a.amount)
		FROM settlement s JOIN settlement_item t ON t.customer_id = s.customer_id AND t.settlement_id = s.settlement_id
			JOIN allocation a ON a.customer_id = t.customer_id AND a.debit_item_id = t.item_id AND a.applied_on <= p_as_of AND a.credit_posting_date <= s.due_on
				AND COALESCE(a.reverses, a.allocation_id) > s.after_allocation_id
			JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
			JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id AND is_money(d.kind)
		WHERE s.customer_id = p_customer_id AND s.settlement_id = p_settlement_id), 0);
END $$;
COMMENT ON FUNCTION settlement_paid(bigint, bigint, date) IS 'What was paid of a settlement that is agreed, with money that came by its last day, as of a day.';

CREATE OR REPLACE FUNCTION evaluate_settlements(p_as_of date DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := COALESCE(p_as_of, ledger_today());
	due settlement;
	lost record;
	written_off numeric;
	paid_by bigint;
	n integer := 0;
BEGIN
	PERFORM require_as_of(as_of);
	IF as_of > ledger_today() THEN
		RAISE EXCEPTION 'settlements cannot be evaluated as of %', as_of USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today());
	END IF;
	-- Both loops go through the customers in id order; what the first one has locked must not make the second one wait for another run.
	PERFORM FROM exposure e WHERE e.currency = (SELECT l.base_currency FROM ledger_info l) AND e.customer_id IN (SELECT s.customer_id FROM settlement s
			WHERE s.state IN ('agreed', 'completed') AND (p_customer_id IS NULL OR s.customer_id = p_customer_id)
				AND (s.state = 'agreed' OR EXISTS (SELECT FROM settlement_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
					WHERE t.customer_id = s.customer_id AND t.settlement_id = s.settlement_id AND i.open_amount > 0)))
		ORDER BY e.customer_id FOR NO KEY UPDATE;
	-- The bank took money back: what was written off is undone, whichever of several payments it came with, and the settlement is where
	-- it was.  It may be paid again by its day; after it, it fails below.
	FOR due IN SELECT * FROM settlement s WHERE s.state = 'completed' AND s.state_on <= as_of AND (p_customer_id IS NULL OR s.customer_id = p_customer_id)
			AND EXISTS (SELECT FROM settlement_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
				WHERE t.customer_id = s.customer_id AND t.settlement_id = s.settlement_id AND i.open_amount > 0)
		ORDER BY s.customer_id, s.settlement_id
	LOOP
		PERFORM lock_customer(due.customer_id);
		CONTINUE WHEN NOT EXISTS (SELECT FROM settlement s WHERE s.customer_id = due.customer_id AND s.settlement_id = due.settlement_id AND s.state = 'completed')
			OR settlement_paid(due.customer_id, due.settlement_id, as_of) >= due.amount;
		FOR lost IN SELECT DISTINCT d.document_id FROM settlement_item t
				JOIN allocation a ON a.customer_id = t.customer_id AND a.debit_item_id = t.item_id AND a.allocation_id > due.after_allocation_id
				JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id AND d.kind = 'write_off' AND d.reverses IS NULL
			WHERE t.customer_id = due.customer_id AND t.settlement_id = due.settlement_id AND d.reason = format('settlement %s: %s', due.settlement_id, due.reason)
				AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND (r.reverses = d.document_id OR (r.kind = 'recovery' AND r.source_document_id = d.document_id)))
			ORDER BY d.document_id
		LOOP
			PERFORM undo_document(due.customer_id, lost.document_id, 'a payment was returned');
		END LOOP;
		PERFORM move_settlement(due.customer_id, due.settlement_id, '{completed}', 'agreed', 'a payment was returned', p_on => as_of);
		n := n + 1;
	END LOOP;
	FOR due IN SELECT * FROM settlement s WHERE s.state = 'agreed' AND s.agreed_on <= as_of AND (p_customer_id IS NULL OR s.customer_id = p_customer_id)
		ORDER BY s.customer_id, s.settlement_id
	LOOP
		PERFORM lock_customer(due.customer_id);
		CONTINUE WHEN NOT EXISTS (SELECT FROM settlement s WHERE s.customer_id = due.customer_id AND s.settlement_id = due.settlement_id AND s.state = 'agreed');
		IF settlement_paid(due.customer_id, due.settlement_id, as_of) >= due.amount THEN
			written_off := 0;
			-- As a small difference is forgiven with a payment: should the bank take it back, all is owed again.
			SELECT c.document_id INTO paid_by
			FROM settlement_item t JOIN allocation a ON a.customer_id = t.customer_id AND a.debit_item_id = t.item_id AND a.reverses IS NULL
				JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id AND is_money(d.kind)
			WHERE t.customer_id = due.customer_id AND t.settlement_id = due.settlement_id AND a.allocation_id > due.after_allocation_id
			ORDER BY a.allocation_id DESC LIMIT 1;
			FOR lost IN SELECT i.item_id, i.open_amount FROM settlement_item t JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id
				WHERE t.customer_id = due.customer_id AND t.settlement_id = due.settlement_id AND i.open_amount > 0 ORDER BY i.item_id
			LOOP
				PERFORM grant_credit('write_off', due.customer_id, lost.item_id, format('settlement %s: %s', due.settlement_id, due.reason), NULL, NULL, NULL, paid_by);
				written_off := written_off + lost.open_amount;
			END LOOP;
			PERFORM move_settlement(due.customer_id, due.settlement_id, '{agreed}', 'completed', p_written_off => written_off, p_on => as_of);
			n := n + 1;
		ELSIF due.due_on < as_of THEN
			PERFORM move_settlement(due.customer_id, due.settlement_id, '{agreed}', 'failed', 'not paid by its day', p_on => as_of);
			n := n + 1;
		END IF;
	END LOOP;
	RETURN n;
END $$;
COMMENT ON FUNCTION evaluate_settlements(date, bigint) IS 'Completes the settlements that are paid, as of a day (default today), and writes the rest of their items off, which their approval covers; those not paid by their day have failed, and all is owed. One that was completed and is not paid any more, because a payment was returned, is agreed again, or has failed where its day is over. Run again it changes nothing. Returns how many changes were made.';
