-- Allocating credit items to debit items.

CREATE OR REPLACE FUNCTION allocate(p_customer_id bigint, p_credit_item bigint, p_debit_item bigint, p_amount numeric,
	p_applied_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	VALUES (p_customer_id, p_credit_item, p_debit_item, p_amount, COALESCE(p_applied_on, ledger_today()))
	RETURNING allocation_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION allocate(bigint, bigint, bigint, numeric, date) IS 'Applies p_amount of a credit item to a debit item of the same customer and currency, dated p_applied_on (default today). Returns the allocation id. RC007 if it exceeds what is open on either.';

CREATE OR REPLACE FUNCTION apply_payment(p_customer_id bigint, p_document_id bigint, p_method text DEFAULT 'oldest_first',
	p_applied_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	credit_item record;
	debit_ids bigint[];
	debit_amounts numeric[];
	debit_dues date[];
	applied_on date;
	applied numeric;
BEGIN
	IF NOT isfinite(p_applied_on) THEN
		RAISE EXCEPTION 'date of an allocation of customer % must be a calendar date, not infinity', p_customer_id
			USING ERRCODE = 'datetime_field_overflow';
	END IF;
	-- The customer's lock, before anything is read that the answer depends on.
	PERFORM lock_customer(p_customer_id);
	SELECT i.item_id, i.currency, i.amount, -i.open_amount AS open_amount, i.posting_date, i.reversed_on INTO credit_item
	FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no document %', p_customer_id, p_document_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'post_payment() and post_credit_note() return the document id.';
	END IF;
	IF credit_item.amount > 0 THEN
		RAISE EXCEPTION 'document % of customer % is not in the customer''s favour', p_document_id, p_customer_id
			USING ERRCODE = 'RC007', HINT = 'Only a payment or a credit note can be applied.';
	END IF;
	applied_on := COALESCE(p_applied_on, GREATEST(ledger_today(), credit_item.posting_date));

	-- What cannot take an allocation of that date yet (posted or reversed later) is left alone.
	SELECT array_agg(i.item_id ORDER BY i.item_id), array_agg(i.open_amount ORDER BY i.item_id), array_agg(i.due_date ORDER BY i.item_id)
	INTO debit_ids, debit_amounts, debit_dues
	FROM item i
	WHERE i.customer_id = p_customer_id AND i.currency = credit_item.currency AND i.open_amount > 0
		AND i.posting_date <= applied_on AND (i.reversed_on IS NULL OR i.reversed_on <= applied_on);

	WITH new_rows AS (
		INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p_customer_id, credit_item.item_id, debit_ids[a.debit_no], a.amount, applied_on
		FROM credit.allocate(
			CASE WHEN credit_item.open_amount > 0 THEN ARRAY[credit_item.open_amount] ELSE '{}' END,
			COALESCE(debit_amounts, '{}'), COALESCE(debit_dues, '{}'),
			p_method, credit.minor_unit(credit_item.currency)) a
		RETURNING amount)
	SELECT COALESCE(sum(amount), 0) INTO applied FROM new_rows;
	RETURN applied;
END $$;
COMMENT ON FUNCTION apply_payment(bigint, bigint, text, date) IS 'Applies what is open of a payment or credit note to the customer''s open debit items of its currency. Methods: oldest_first, newest_first, largest_first, smallest_first, pro_rata (credit.allocate says how). Dated p_applied_on, default today; items posted later are left alone. Returns the amount applied; the rest stays unapplied.';

CREATE OR REPLACE FUNCTION reverse_allocation(p_customer_id bigint, p_allocation_id bigint, p_reversed_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original allocation;
	granted record;
	id bigint;
BEGIN
	SELECT * INTO original FROM allocation a WHERE a.customer_id = p_customer_id AND a.allocation_id = p_allocation_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no allocation %', p_customer_id, p_allocation_id
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	IF original.reverses IS NOT NULL THEN
		RAISE EXCEPTION 'allocation % of customer % is itself a reversal', p_allocation_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It reverses allocation %s.', original.reverses),
				HINT = 'Allocate again instead.';
	END IF;
	-- What was granted on one debt is not to pay another.
	SELECT d.kind, d.number INTO granted FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	WHERE i.customer_id = p_customer_id AND i.item_id = original.credit_item_id AND d.kind IN ('discount', 'write_off') AND d.reverses IS NULL
		AND NOT EXISTS (SELECT FROM allocation r WHERE r.customer_id = p_customer_id AND r.reverses = p_allocation_id);
	IF FOUND THEN
		RAISE EXCEPTION 'allocation % of customer % is a %', p_allocation_id, p_customer_id, replace(granted.kind, '_', '-')
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', granted.number), HINT = 'void_document() undoes it as a whole.';
	END IF;
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
	VALUES (p_customer_id, original.credit_item_id, original.debit_item_id, -original.amount,
		COALESCE(p_reversed_on, GREATEST(ledger_today(), original.applied_on)), p_allocation_id)
	ON CONFLICT (customer_id, reverses) WHERE reverses IS NOT NULL DO NOTHING
	RETURNING allocation_id INTO id;
	IF id IS NULL THEN
		RAISE EXCEPTION 'allocation % of customer % is reversed already', p_allocation_id, p_customer_id
			USING ERRCODE = 'unique_violation', HINT = 'Allocate again if the reversal was wrong.';
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION reverse_allocation(bigint, bigint, date) IS 'Undoes an allocation with a new row dated p_reversed_on (default today, never before the allocation): both items are open again from that date, and reports for earlier dates stay as they were. Returns the new row''s id.';
