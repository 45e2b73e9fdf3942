-- Two customers that are one: the account of one moves to the other.

CREATE OR REPLACE FUNCTION merge_customers(p_customer_id bigint, p_into_customer_id bigint, p_reason text, p_merged_on date DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	merged_on date := COALESCE(p_merged_on, ledger_today());
	moved_on date;
	moving record;
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
	PERFORM lock_customer(LEAST(p_customer_id, p_into_customer_id));
	PERFORM lock_customer(GREATEST(p_customer_id, p_into_customer_id));
	SELECT string_agg(format('%s %s', e.ordered, e.currency), ', ' ORDER BY e.currency) INTO ordered
	FROM exposure e WHERE e.customer_id = p_customer_id AND e.ordered > 0;
	IF ordered IS NOT NULL THEN
		RAISE EXCEPTION 'customer % has open orders', p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('They come to %s.', ordered),
				HINT = format('Move them to customer %s first.', p_into_customer_id);
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
	-- It would free credit there, and stay in the exposure here.
	PERFORM require_cleared(p_customer_id, NULL, 'merge');

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
			PERFORM release_deposit(p_customer_id, moving.document_id, p_reason);
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
		END IF;
		n := n + 1;
	END LOOP;
	-- Nobody gets rid of a hold by another name.
	FOR moving IN
		SELECT h.hold_id, h.reason FROM hold h WHERE h.customer_id = p_customer_id
			AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id) ORDER BY h.hold_id
	LOOP
		PERFORM place_hold(p_into_customer_id, format('of customer %s: %s', p_customer_id, moving.reason));
		PERFORM release_hold(p_customer_id, moving.hold_id, p_reason);
	END LOOP;
	INSERT INTO customer_merge (customer_id, into_customer_id, merged_on, reason) VALUES (p_customer_id, p_into_customer_id, merged_on, p_reason);
	UPDATE exposure e SET merged_into = p_into_customer_id WHERE e.customer_id = p_customer_id AND e.currency = base;
	RETURN n;
END $$;
COMMENT ON FUNCTION merge_customers(bigint, bigint, text, date) IS 'Merges a customer into another: each open item moves there by a pair of transfers dated p_merged_on (default today), with its own dates; the history stays where it is, and aging as of earlier dates too. Manual holds move along, limits do not. The old customer takes no new business; its id stays as an alias (customer_of()). May be called again, into the customer who goes on, for what opens later, such as a returned payment. Returns the number of items moved.';

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
