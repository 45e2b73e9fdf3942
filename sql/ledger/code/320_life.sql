-- The life of a document after it was posted: voided, returned, cleared, refunded, written off, transferred.
--
-- Nothing is changed: every step is a new document, new allocations, or a row that reverses one.  Each function
-- takes the customer's lock before it reads what its answer depends on.

CREATE OR REPLACE FUNCTION read_document(p_customer_id bigint, p_document_id bigint)
RETURNS document LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_document document;
BEGIN
	SELECT * INTO found_document FROM document d WHERE d.customer_id = p_customer_id AND d.document_id = p_document_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no document %', p_customer_id, p_document_id USING ERRCODE = 'foreign_key_violation',
			HINT = 'The post_ functions return the document id; view open_items shows those still open.';
	END IF;
	RETURN found_document;
END $$;
COMMENT ON FUNCTION read_document(bigint, bigint) IS 'A document by its key; error 23503 if the customer has no such document.';

CREATE OR REPLACE FUNCTION require_cleared(p_customer_id bigint, p_document_id bigint, p_what text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	waiting document;
BEGIN
	SELECT * INTO waiting FROM document d
	WHERE d.customer_id = p_customer_id AND d.document_id = COALESCE(p_document_id, d.document_id) AND d.clears_on > ledger_today()
		AND NOT EXISTS (SELECT FROM clearing k WHERE k.customer_id = d.customer_id AND k.document_id = d.document_id)
		AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
	ORDER BY d.document_id LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% waits for % % of customer % to clear', p_what, replace(waiting.kind, '_', ' '), waiting.number, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('%s %s clear on %s.', waiting.amount, waiting.currency, waiting.clears_on),
				HINT = 'confirm_clearing() says that the money is good.';
	END IF;
END $$;
COMMENT ON FUNCTION require_cleared(bigint, bigint, text) IS 'Error 55000 while the money of a payment (NULL: of any of the customer) is not good: it must not leave the account, whose exposure it stays in.';

CREATE OR REPLACE FUNCTION require_reason(p_reason text, p_what text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION '% needs a reason', p_what USING ERRCODE = 'invalid_parameter_value';
	END IF;
END $$;
COMMENT ON FUNCTION require_reason(text, text) IS 'Error 22023 unless a reason was given.';

-- What only some may decide inside a function that others may call too: the login must have the right to a function
-- that decides as much.
CREATE OR REPLACE FUNCTION require_right(p_function text, p_what text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = quote_ident(current_schema())::regnamespace AND p.proname = p_function
			AND has_function_privilege(session_user, p.oid, 'EXECUTE')) THEN
		RAISE EXCEPTION 'login "%" may not %', session_user, p_what
			USING ERRCODE = 'RC004', HINT = format('It takes the right to %s().', p_function);
	END IF;
END $$;
COMMENT ON FUNCTION require_right(text, text) IS 'Error RC004 unless the login of the session may execute a function of the ledger.';

CREATE OR REPLACE FUNCTION reverse_allocations(p_customer_id bigint, p_document_id bigint, p_reversed_on date)
RETURNS bigint[] LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	others bigint[];
BEGIN
	-- An allocation dated later is undone on its own date: before it, there was nothing to undo.
	WITH live AS (
		SELECT a.allocation_id, a.credit_item_id, a.debit_item_id, a.amount, a.applied_on,
			CASE WHEN o.document_id IS DISTINCT FROM p_document_id THEN o.document_id ELSE c.document_id END AS other
		FROM allocation a
			JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
			JOIN item o ON o.customer_id = a.customer_id AND o.item_id = a.debit_item_id
		WHERE a.customer_id = p_customer_id AND a.reverses IS NULL AND p_document_id IN (c.document_id, o.document_id)
			AND NOT EXISTS (SELECT FROM allocation r WHERE r.customer_id = a.customer_id AND r.reverses = a.allocation_id)),
	reversed AS (
		INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses)
		SELECT p_customer_id, l.credit_item_id, l.debit_item_id, -l.amount, GREATEST(p_reversed_on, l.applied_on), l.allocation_id
		FROM live l ORDER BY l.allocation_id)
	SELECT array_agg(DISTINCT l.other) INTO others FROM live l;
	RETURN COALESCE(others, '{}');
END $$;
COMMENT ON FUNCTION reverse_allocations(bigint, bigint, date) IS 'Reverses every allocation of a document that still stands, as of a date, and returns the documents on their other sides.';

-- Numbers of documents that follow from others, where nobody gives one.
CREATE OR REPLACE FUNCTION number_after(p_original document, p_kind text, p_what text, p_on date)
RETURNS text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	stem text := left(format('%s of %s', p_what, p_original.number), 200);
	candidate text := stem;
	n bigint;
BEGIN
	IF EXISTS (SELECT FROM number_range r WHERE r.kind = p_kind AND r.year IN (0, extract(year FROM p_on))) THEN
		RETURN next_number(p_kind, p_on);
	END IF;
	WHILE EXISTS (SELECT FROM document d WHERE d.customer_id = p_original.customer_id AND d.kind = p_kind AND d.number = candidate) LOOP
		-- Others of this stem; one that follows from "X #2" may have taken a number among them.
		n := COALESCE(n, (SELECT count(*) FROM document d
			WHERE d.customer_id = p_original.customer_id AND d.kind = p_kind AND starts_with(d.number, stem || ' #'))) + 1;
		candidate := format('%s #%s', stem, n + 1);
	END LOOP;
	RETURN candidate;
END $$;
COMMENT ON FUNCTION number_after(document, text, text, date) IS 'A number for a document that follows from another: the next of its kind''s range, or else "refund of P-1", "refund of P-1 #2". Under the customer''s lock it is free.';

-- The document that undoes another one, and the allocations that close both.
CREATE OR REPLACE FUNCTION post_reversal(p_original document, p_kind text, p_number text, p_on date, p_reason text)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
	reversing_item bigint;
	debit boolean := p_original.side = 'debit';
BEGIN
	id := enter_document(p_kind, p_original.customer_id, COALESCE(p_number, number_after(p_original, p_kind,
			CASE WHEN p_kind = 'returned_payment' THEN 'return' ELSE 'void' END, p_on)),
		p_on, p_original.amount, p_currency => p_original.currency, p_posting_date => p_on, p_order_id => p_original.order_id,
		p_side => CASE WHEN debit THEN 'credit' ELSE 'debit' END, p_fx_rate => p_original.fx_rate,
		p_base_amount => p_original.base_amount, p_reverses => p_original.document_id, p_reason => p_reason);
	SELECT i.item_id INTO STRICT reversing_item FROM item i WHERE i.customer_id = p_original.customer_id AND i.document_id = id;
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	SELECT i.customer_id, CASE WHEN debit THEN reversing_item ELSE i.item_id END, CASE WHEN debit THEN i.item_id ELSE reversing_item END,
		abs(i.amount), GREATEST(p_on, i.reversed_on)
	FROM item i WHERE i.customer_id = p_original.customer_id AND i.document_id = p_original.document_id ORDER BY i.item_id;
	RETURN id;
END $$;
COMMENT ON FUNCTION post_reversal(document, text, text, date, text) IS 'Posts the document that reverses another, which must be open in full, and closes both with each other. Returns its id.';

CREATE OR REPLACE FUNCTION undo_document(p_customer_id bigint, p_document_id bigint, p_reason text, p_voided_on date DEFAULT NULL,
	p_number text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	voided_on date;
	recovered numeric;
	others bigint[];
	other document;
	id bigint;
BEGIN
	original := read_document(p_customer_id, p_document_id);
	voided_on := COALESCE(p_voided_on, GREATEST(ledger_today(), original.posting_date));
	IF original.reverses IS NOT NULL THEN
		RAISE EXCEPTION '% % of customer % is itself a reversal and cannot be voided', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It reverses document %s.', original.reverses),
				HINT = 'Post the document again instead.';
	END IF;
	IF EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.reverses = p_document_id) THEN
		RAISE EXCEPTION '% % of customer % is voided or returned already', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'unique_violation', DETAIL = format('Document %s reverses it.',
				(SELECT d.document_id FROM document d WHERE d.customer_id = p_customer_id AND d.reverses = p_document_id));
	END IF;
	IF original.kind = 'write_off' THEN
		SELECT sum(d.amount) INTO recovered FROM document d
		WHERE d.customer_id = p_customer_id AND d.kind = 'recovery' AND d.source_document_id = p_document_id AND d.reverses IS NULL
			AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id);
		IF recovered > 0 THEN
			RAISE EXCEPTION 'write-off % of customer % was recovered in part or whole', original.number, p_customer_id
				USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Recovered are %s of %s %s.', recovered, original.amount,
					original.currency), HINT = 'Void the recoveries first: the claim would be open again, and the money gone.';
		END IF;
	END IF;
	IF original.side = 'debit' THEN
		PERFORM require_uncredited(p_customer_id, p_document_id, true);
	END IF;
	IF original.kind = 'transfer' AND NOT EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id
			AND d.kind = 'transfer' AND p_document_id IN (d.source_document_id, d.document_id) AND d.source_document_id IS NOT NULL) THEN
		RAISE EXCEPTION 'transfer % of customer % has its other half with another customer', original.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Transfer it back with transfer_credit().';
	END IF;

	others := reverse_allocations(p_customer_id, p_document_id, voided_on);
	id := post_reversal(original, original.kind, p_number, voided_on, p_reason);
	-- What was granted on it goes with it: discounts and write-offs, discounts given back, and the other half of a transfer.
	FOR other IN
		SELECT d.* FROM document d
		WHERE d.customer_id = p_customer_id AND d.reverses IS NULL
			AND ((d.document_id = ANY (others) AND d.kind IN ('discount', 'write_off'))
				OR (d.source_document_id = p_document_id AND d.kind IN ('discount', 'write_off', 'adjustment'))
				OR (d.document_id = ANY (others) AND d.kind = 'adjustment' AND EXISTS (SELECT FROM document g
					WHERE g.customer_id = p_customer_id AND g.document_id = d.source_document_id AND g.kind = 'discount'))
				OR (original.kind = 'transfer' AND d.kind = 'transfer' AND (d.source_document_id = p_document_id OR d.document_id = original.source_document_id)))
			AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
		ORDER BY d.document_id
	LOOP
		IF NOT EXISTS (SELECT FROM document r WHERE r.customer_id = p_customer_id AND r.reverses = other.document_id) THEN
			PERFORM undo_document(p_customer_id, other.document_id, p_reason, GREATEST(voided_on, other.posting_date));
		END IF;
	END LOOP;
	PERFORM hold_uncovered(original);
	RETURN id;
END $$;
COMMENT ON FUNCTION undo_document(bigint, bigint, text, date, text) IS 'Voids a document, under the customer''s lock, and what was granted on it; asks for no approval. Behind void_document() and return_payment().';

CREATE OR REPLACE FUNCTION void_document(p_customer_id bigint, p_document_id bigint, p_reason text, p_voided_on date DEFAULT NULL,
	p_number text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
BEGIN
	PERFORM require_reason(p_reason, format('the void of document %s of customer %s', p_document_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	original := read_document(p_customer_id, p_document_id);
	PERFORM use_approval(p_customer_id, 'void', original.amount, original.currency, jsonb_build_object('document_id', p_document_id));
	RETURN undo_document(p_customer_id, p_document_id, p_reason, p_voided_on, p_number);
END $$;
COMMENT ON FUNCTION void_document(bigint, bigint, text, date, text) IS 'Voids a document posted by mistake with one of the same kind on the other side, dated p_voided_on (default today). Its allocations are reversed first, as of that date, so what paid it or was paid by it is open again; discounts and write-offs granted on it are voided too. Reports for earlier dates stay. Returns the id of the voiding document.';

CREATE OR REPLACE FUNCTION return_payment(p_customer_id bigint, p_document_id bigint, p_returned_on date DEFAULT NULL,
	p_reason text DEFAULT 'returned', p_fee numeric DEFAULT NULL, p_number text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	returned_on date;
	granted record;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the return of payment %s of customer %s', p_document_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	original := read_document(p_customer_id, p_document_id);
	returned_on := COALESCE(p_returned_on, GREATEST(ledger_today(), original.posting_date));
	IF original.kind NOT IN ('payment', 'deposit') OR original.reverses IS NOT NULL THEN
		RAISE EXCEPTION 'document % of customer % is not a payment', p_document_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s %s.', replace(original.kind, '_', ' '), original.number),
				HINT = 'void_document() voids a document posted by mistake.';
	END IF;
	IF EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.reverses = p_document_id) THEN
		RAISE EXCEPTION 'payment % of customer % is voided or returned already', original.number, p_customer_id
			USING ERRCODE = 'unique_violation', DETAIL = format('Document %s reverses it.',
				(SELECT d.document_id FROM document d WHERE d.customer_id = p_customer_id AND d.reverses = p_document_id));
	END IF;

	PERFORM reverse_allocations(p_customer_id, p_document_id, returned_on);
	id := post_reversal(original, 'returned_payment', p_number, returned_on, p_reason);
	-- A discount is earned by money that came; so is a small difference forgiven, on either side.
	FOR granted IN
		SELECT d.document_id, d.posting_date FROM document d
		WHERE d.customer_id = p_customer_id AND d.source_document_id = p_document_id AND d.kind IN ('discount', 'write_off', 'adjustment') AND d.reverses IS NULL
			AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
		ORDER BY d.document_id
	LOOP
		PERFORM undo_document(p_customer_id, granted.document_id, p_reason, GREATEST(returned_on, granted.posting_date));
	END LOOP;
	IF p_fee IS NOT NULL THEN
		PERFORM enter_document('fee', p_customer_id, number_after(original, 'fee', 'fee for return', returned_on), returned_on, p_fee, p_due_date => returned_on,
			p_currency => original.currency, p_source_document_id => id, p_reason => p_reason);
	END IF;
	PERFORM hold_uncovered(original);
	RETURN id;
END $$;
COMMENT ON FUNCTION return_payment(bigint, bigint, date, text, numeric, text) IS 'A payment came back (NSF, charge-back, recalled debit): from p_returned_on (default today) what it paid is open again with its own due dates, the discounts and small write-offs granted for it are undone, and the payment is closed by a returned_payment. p_fee: charged to the customer besides. Earlier dates stay as reported. A payment not applied yet is closed alike. Returns the id of the returned_payment.';

CREATE OR REPLACE FUNCTION confirm_clearing(p_customer_id bigint, p_document_id bigint, p_cleared_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	cleared_on date := COALESCE(p_cleared_on, ledger_today());
BEGIN
	PERFORM lock_customer(p_customer_id);
	original := read_document(p_customer_id, p_document_id);
	IF cleared_on < original.doc_date OR cleared_on > ledger_today() THEN
		RAISE EXCEPTION '% % of customer % cannot have been cleared on %', replace(original.kind, '_', ' '), original.number, p_customer_id, cleared_on
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is of %s; today is %s.', original.doc_date, ledger_today()),
				HINT = 'Confirm it when the money is good.';
	END IF;
	IF original.clears_on IS NULL OR EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.reverses = p_document_id) THEN
		RAISE EXCEPTION '% % of customer % does not wait to be cleared', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = CASE WHEN original.clears_on IS NULL THEN 'It has no clearing date.' ELSE 'It was voided or returned.' END;
	END IF;
	INSERT INTO clearing (customer_id, document_id, cleared_on) VALUES (p_customer_id, p_document_id, cleared_on)
	ON CONFLICT DO NOTHING;
	IF FOUND THEN
		UPDATE exposure e SET uncleared = e.uncleared - original.amount WHERE e.customer_id = p_customer_id AND e.currency = original.currency;
	END IF;
END $$;
COMMENT ON FUNCTION confirm_clearing(bigint, bigint, date) IS 'The money of a payment is good, whatever its clearing date says: it leaves the exposure. p_cleared_on: the day it was, default today, never a later one. Again changes nothing.';

CREATE OR REPLACE FUNCTION end_reservation(p_customer_id bigint, p_document_id bigint, p_reason text)
RETURNS document LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	free numeric;
BEGIN
	original := read_document(p_customer_id, p_document_id);
	IF original.kind <> 'deposit' OR original.reverses IS NOT NULL THEN
		RAISE EXCEPTION 'document % of customer % is not a deposit', p_document_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s %s.', replace(original.kind, '_', ' '), original.number);
	END IF;
	INSERT INTO deposit_release (customer_id, document_id, released_on, reason)
	VALUES (p_customer_id, p_document_id, ledger_today(), p_reason) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'deposit % of customer % is released already', original.number, p_customer_id USING ERRCODE = 'unique_violation';
	END IF;
	UPDATE item i SET reserved_for = NULL WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id
	RETURNING -i.open_amount INTO free;
	UPDATE exposure e SET reserved = e.reserved - free, unapplied = e.unapplied + free
	WHERE e.customer_id = p_customer_id AND e.currency = original.currency;
	RETURN original;
END $$;
COMMENT ON FUNCTION end_reservation(bigint, bigint, text) IS 'Makes a deposit plain unapplied credit, under the customer''s lock, and returns it. Behind release_deposit() and merge_customers().';

CREATE OR REPLACE FUNCTION release_deposit(p_customer_id bigint, p_document_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_reason, format('the release of deposit %s of customer %s', p_document_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	PERFORM hold_uncovered(end_reservation(p_customer_id, p_document_id, p_reason));
END $$;
COMMENT ON FUNCTION release_deposit(bigint, bigint, text) IS 'Ends the reservation of a deposit to its order: what is open of it is plain unapplied credit from now on. Where the customer is over its limit then, shipments are put on hold.';

CREATE OR REPLACE FUNCTION apply_deposit(p_customer_id bigint, p_document_id bigint, p_applied_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	deposit item;
	applied_on date;
	debit_ids bigint[];
	debit_amounts numeric[];
	debit_dues date[];
	applied numeric;
BEGIN
	PERFORM lock_customer(p_customer_id);
	original := read_document(p_customer_id, p_document_id);
	SELECT * INTO deposit FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id;
	IF deposit.reserved_for IS NULL THEN
		RAISE EXCEPTION '% % of customer % is not a reserved deposit', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'apply_payment() applies other credit.';
	END IF;
	applied_on := COALESCE(p_applied_on, GREATEST(ledger_today(), deposit.posting_date));
	SELECT array_agg(i.item_id ORDER BY i.item_id), array_agg(i.open_amount ORDER BY i.item_id), array_agg(i.due_date ORDER BY i.item_id)
	INTO debit_ids, debit_amounts, debit_dues
	FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	WHERE i.customer_id = p_customer_id AND i.currency = deposit.currency AND i.open_amount > 0 AND d.order_id = deposit.reserved_for
		AND i.posting_date <= applied_on AND (i.reversed_on IS NULL OR i.reversed_on <= applied_on);
	WITH new_rows AS (
		INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p_customer_id, deposit.item_id, debit_ids[a.debit_no], a.amount, applied_on
		FROM credit.allocate(CASE WHEN deposit.open_amount < 0 THEN ARRAY[-deposit.open_amount] ELSE '{}' END,
			COALESCE(debit_amounts, '{}'), COALESCE(debit_dues, '{}'), 'oldest_first', credit.minor_unit(deposit.currency)) a
		RETURNING amount)
	SELECT COALESCE(sum(amount), 0) INTO applied FROM new_rows;
	RETURN applied;
END $$;
COMMENT ON FUNCTION apply_deposit(bigint, bigint, date) IS 'Applies a deposit to the open documents of the order it is reserved to, oldest due first. Returns the amount applied; the rest stays reserved.';

-- Posts a debit document that takes up open credit of another one, and applies it.
CREATE OR REPLACE FUNCTION use_credit(p_original document, p_kind text, p_number text, p_amount numeric, p_on date,
	p_reason text, p_source_document_id bigint, p_base_amount numeric DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	credit_item item;
	id bigint;
	used numeric;
	base numeric := p_base_amount;
BEGIN
	SELECT * INTO credit_item FROM item i WHERE i.customer_id = p_original.customer_id AND i.document_id = p_original.document_id;
	used := COALESCE(p_amount, -credit_item.open_amount);
	IF p_original.side IS DISTINCT FROM 'credit' OR used <= 0 OR used > -credit_item.open_amount THEN
		RAISE EXCEPTION '% % of customer % has not that much open credit', replace(p_original.kind, '_', ' '), p_original.number, p_original.customer_id
			USING ERRCODE = 'RC007', DETAIL = format('Open are %s %s, asked for are %s.', GREATEST(-credit_item.open_amount, 0), p_original.currency, used),
				HINT = 'What is allocated must be reversed first, with reverse_allocation().';
	END IF;
	IF p_on < p_original.posting_date THEN
		RAISE EXCEPTION '% of % % of customer % is dated before it', replace(p_kind, '_', ' '), replace(p_original.kind, '_', ' '),
			p_original.number, p_original.customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is of %s; the %s was posted on %s.', p_on,
				replace(p_original.kind, '_', ' '), p_original.posting_date);
	END IF;
	-- Takes its own value along: no exchange difference arises.
	IF base IS NULL AND credit_item.open_base_amount IS NOT NULL THEN
		base := CASE WHEN used = -credit_item.open_amount THEN -credit_item.open_base_amount
			ELSE round(credit_item.open_base_amount * used / credit_item.open_amount, credit.minor_unit((SELECT l.base_currency FROM ledger_info l))) END;
	END IF;
	id := enter_document(p_kind, p_original.customer_id, p_number, p_on, used, p_on, p_original.currency, p_on, p_side => 'debit',
		p_fx_rate => p_original.fx_rate, p_base_amount => base, p_source_document_id => p_source_document_id, p_reason => p_reason);
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	SELECT i.customer_id, credit_item.item_id, i.item_id, used, GREATEST(p_on, credit_item.posting_date, credit_item.reversed_on)
	FROM item i WHERE i.customer_id = p_original.customer_id AND i.document_id = id;
	RETURN id;
END $$;
COMMENT ON FUNCTION use_credit(document, text, text, numeric, date, text, bigint, numeric) IS 'Posts a debit document over open credit of another document and applies that to it. Behind refund(), recover() and transfers.';

CREATE OR REPLACE FUNCTION open_credit(p_original document)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT -sum(i.open_amount) FROM item i WHERE i.customer_id = p_original.customer_id AND i.document_id = p_original.document_id);
END $$;
COMMENT ON FUNCTION open_credit(document) IS 'What is open of a document in the customer''s favour.';

CREATE OR REPLACE FUNCTION refund(p_customer_id bigint, p_document_id bigint, p_number text DEFAULT NULL, p_amount numeric DEFAULT NULL,
	p_refunded_on date DEFAULT NULL, p_reason text DEFAULT 'refund')
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	refunded_on date;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the refund of document %s of customer %s', p_document_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	original := read_document(p_customer_id, p_document_id);
	PERFORM require_cleared(p_customer_id, p_document_id, 'refund');
	PERFORM use_approval(p_customer_id, 'refund', COALESCE(p_amount, open_credit(original)), original.currency,
		jsonb_build_object('document_id', p_document_id));
	refunded_on := COALESCE(p_refunded_on, GREATEST(ledger_today(), original.posting_date));
	id := use_credit(original, 'refund', COALESCE(p_number, number_after(original, 'refund', 'refund', refunded_on)), p_amount, refunded_on,
		p_reason, p_document_id);
	PERFORM hold_uncovered(original);
	RETURN id;
END $$;
COMMENT ON FUNCTION refund(bigint, bigint, text, numeric, date, text) IS 'Pays open credit of a payment, credit note or deposit back to the customer: all of it, or p_amount. Money that has not cleared is not paid back. Returns the id of the refund.';

CREATE OR REPLACE FUNCTION write_off(p_customer_id bigint, p_item_id bigint, p_reason text, p_amount numeric DEFAULT NULL,
	p_written_off_on date DEFAULT NULL, p_number text DEFAULT NULL, p_source_document_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
BEGIN
	PERFORM require_reason(p_reason, format('the write-off of item %s of customer %s', p_item_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id;
	PERFORM use_approval(p_customer_id, 'write_off', COALESCE(p_amount, debit.open_amount), debit.currency, jsonb_build_object('item_id', p_item_id));
	RETURN grant_credit('write_off', p_customer_id, p_item_id, p_reason, p_amount, p_written_off_on, p_number, p_source_document_id);
END $$;
COMMENT ON FUNCTION write_off(bigint, bigint, text, numeric, date, text, bigint) IS 'Writes off what is open of a debit item, or p_amount of it: a small difference or a bad debt, as p_reason says. p_source_document_id: the payment a small difference was forgiven for, whose return undoes it. Returns the id of the write_off. The claim is not forgiven: recover() takes later cash.';

CREATE OR REPLACE FUNCTION grant_credit(p_kind text, p_customer_id bigint, p_item_id bigint, p_reason text, p_amount numeric,
	p_on date, p_number text, p_source_document_id bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
	granted_on date;
	granted numeric;
	id bigint;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no item %', p_customer_id, p_item_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	granted := COALESCE(p_amount, debit.open_amount);
	IF granted <= 0 OR granted > debit.open_amount THEN
		RAISE EXCEPTION 'item % of customer % has not that much open for a %', p_item_id, p_customer_id, replace(p_kind, '_', '-')
			USING ERRCODE = 'RC007', DETAIL = format('Open are %s %s, asked for are %s.', GREATEST(debit.open_amount, 0), debit.currency, granted);
	END IF;
	granted_on := COALESCE(p_on, GREATEST(ledger_today(), debit.posting_date, debit.reversed_on));
	IF p_source_document_id IS NOT NULL THEN
		PERFORM read_document(p_customer_id, p_source_document_id);
	END IF;
	id := enter_document(p_kind, p_customer_id,
		COALESCE(p_number, number_after(read_document(p_customer_id, debit.document_id), p_kind, replace(p_kind, '_', '-'), granted_on)), granted_on, granted, p_currency => debit.currency,
		p_posting_date => granted_on,
		p_fx_rate => (SELECT d.fx_rate FROM document d WHERE d.customer_id = p_customer_id AND d.document_id = debit.document_id),
		p_base_amount => CASE WHEN debit.open_base_amount IS NULL THEN NULL WHEN granted = debit.open_amount THEN debit.open_base_amount
			ELSE round(debit.open_base_amount * granted / debit.open_amount, credit.minor_unit((SELECT l.base_currency FROM ledger_info l))) END,
		p_side => 'credit', p_source_document_id => p_source_document_id, p_reason => p_reason);
	INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
	SELECT p_customer_id, i.item_id, p_item_id, granted, granted_on FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = id;
	RETURN id;
END $$;
COMMENT ON FUNCTION grant_credit(text, bigint, bigint, text, numeric, date, text, bigint) IS 'Posts a discount, write_off or adjustment over a debit item, at that item''s own exchange rate, and applies it. Behind write_off(), allocate_with_discount() and charge_back().';

CREATE OR REPLACE FUNCTION recover(p_customer_id bigint, p_write_off_id bigint, p_payment_id bigint, p_amount numeric DEFAULT NULL,
	p_recovered_on date DEFAULT NULL, p_number text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	claim document;
	payment document;
	open_claim numeric;
	open_payment numeric;
	recovered numeric;
	recovered_on date;
BEGIN
	PERFORM lock_customer(p_customer_id);
	claim := read_document(p_customer_id, p_write_off_id);
	payment := read_document(p_customer_id, p_payment_id);
	IF claim.kind <> 'write_off' OR claim.reverses IS NOT NULL
		OR EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.reverses = p_write_off_id) THEN
		RAISE EXCEPTION 'document % of customer % is not a write-off that stands', p_write_off_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s %s.', replace(claim.kind, '_', ' '), claim.number);
	END IF;
	IF claim.currency <> payment.currency THEN
		RAISE EXCEPTION 'write-off % and payment % of customer % are in different currencies', claim.number, payment.number, p_customer_id
			USING ERRCODE = 'RC006', DETAIL = format('The write-off is in %s, the payment in %s.', claim.currency, payment.currency);
	END IF;
	SELECT claim.amount - COALESCE(sum(d.amount), 0) INTO open_claim FROM document d
	WHERE d.customer_id = p_customer_id AND d.kind = 'recovery' AND d.source_document_id = p_write_off_id AND d.reverses IS NULL
		AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id);
	SELECT -i.open_amount INTO open_payment FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_payment_id;
	recovered := COALESCE(p_amount, LEAST(open_claim, open_payment));
	IF open_claim <= 0 OR recovered > open_claim THEN
		RAISE EXCEPTION 'recovery exceeds what was written off on % of customer %', claim.number, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('Not recovered yet are %s %s, asked for are %s.', open_claim, claim.currency, recovered);
	END IF;
	recovered_on := COALESCE(p_recovered_on, GREATEST(ledger_today(), payment.posting_date));
	RETURN use_credit(payment, 'recovery', COALESCE(p_number, number_after(claim, 'recovery', 'recovery', recovered_on)), recovered, recovered_on,
		'recovery', p_write_off_id);
END $$;
COMMENT ON FUNCTION recover(bigint, bigint, bigint, numeric, date, text) IS 'Cash on a claim that was written off: uses the payment up without touching other items. At most what was written off and not recovered yet. Returns the id of the recovery.';

CREATE OR REPLACE FUNCTION move_credit(p_customer_id bigint, p_document_id bigint, p_to_customer_id bigint, p_reason text,
	p_amount numeric DEFAULT NULL, p_moved_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	given_id bigint;
	given document;
	moved_on date;
BEGIN
	IF p_customer_id = p_to_customer_id THEN
		RAISE EXCEPTION 'customer % cannot be transferred to itself', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_customer(LEAST(p_customer_id, p_to_customer_id));
	PERFORM lock_customer(GREATEST(p_customer_id, p_to_customer_id));
	original := read_document(p_customer_id, p_document_id);
	PERFORM require_cleared(p_customer_id, p_document_id, 'transfer');
	IF EXISTS (SELECT FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id AND i.reserved_for IS NOT NULL) THEN
		RAISE EXCEPTION 'deposit % of customer % is reserved to order %', original.number, p_customer_id, original.order_id
			USING ERRCODE = 'RC007', HINT = 'release_deposit() makes it plain unapplied credit.';
	END IF;
	IF customer_of(p_to_customer_id) <> p_to_customer_id THEN
		RAISE EXCEPTION 'customer % was merged into customer %', p_to_customer_id, customer_of(p_to_customer_id)
			USING ERRCODE = 'foreign_key_violation', HINT = format('Transfer it to customer %s.', customer_of(p_to_customer_id));
	END IF;
	moved_on := COALESCE(p_moved_on, GREATEST(ledger_today(), original.posting_date));
	-- Two statements: the second sees what the first posted.
	given_id := use_credit(original, 'transfer', number_after(original, 'transfer', 'transfer', moved_on), p_amount, moved_on,
		p_reason, NULL);
	given := read_document(p_customer_id, given_id);
	PERFORM hold_uncovered(original);
	RETURN enter_document('transfer', p_to_customer_id, format('from customer %s: %s', p_customer_id, given.number), moved_on, given.amount,
		p_currency => given.currency, p_posting_date => moved_on, p_side => 'credit', p_reference => original.reference, p_fx_rate => given.fx_rate,
		p_base_amount => given.base_amount, p_reason => p_reason);
END $$;
COMMENT ON FUNCTION move_credit(bigint, bigint, bigint, text, numeric, date) IS 'Moves open credit to another customer by a pair of transfers and returns the document id there; asks for no approval. Behind transfer_credit() and post_match().';

CREATE OR REPLACE FUNCTION transfer_credit(p_customer_id bigint, p_document_id bigint, p_to_customer_id bigint, p_reason text,
	p_amount numeric DEFAULT NULL, p_transferred_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
BEGIN
	PERFORM require_reason(p_reason, format('the transfer of document %s of customer %s', p_document_id, p_customer_id));
	PERFORM lock_customer(LEAST(p_customer_id, p_to_customer_id));
	PERFORM lock_customer(GREATEST(p_customer_id, p_to_customer_id));
	original := read_document(p_customer_id, p_document_id);
	PERFORM use_approval(p_customer_id, 'transfer', COALESCE(p_amount, open_credit(original)), original.currency,
		jsonb_build_object('document_id', p_document_id, 'to_customer_id', p_to_customer_id));
	RETURN move_credit(p_customer_id, p_document_id, p_to_customer_id, p_reason, p_amount, p_transferred_on);
END $$;
COMMENT ON FUNCTION transfer_credit(bigint, bigint, bigint, text, numeric, date) IS 'Moves open credit of a payment or credit note, all or p_amount, to another customer by a pair of transfers: a payment posted to the wrong customer, or a payer''s receipt that is split among its branches. Not what is reserved to an order, nor money that has not cleared. Returns the document id at the other customer.';

CREATE OR REPLACE FUNCTION earned_discount(p_customer_id bigint, p_item_id bigint, p_paid_on date, p_amount numeric DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
	original document;
	minor integer;
	received date;
	granted numeric;
	full_discount numeric;
BEGIN
	IF p_paid_on IS NULL THEN
		RAISE EXCEPTION 'day of payment must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF p_amount < 0 THEN
		RAISE EXCEPTION 'amount of a payment of customer % must not be negative', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_amount);
	END IF;
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id AND i.amount > 0;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no debit item %', p_customer_id, p_item_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	original := read_document(p_customer_id, debit.document_id);
	minor := credit.minor_unit(debit.currency);
	IF original.terms IS NULL OR original.reverses IS NOT NULL THEN
		RETURN round(0::numeric, minor);
	END IF;
	received := COALESCE(original.received_on, (SELECT c.received_on FROM due_date_change c
		WHERE c.customer_id = p_customer_id AND c.item_id = p_item_id AND c.received_on IS NOT NULL ORDER BY c.due_date_change_id DESC LIMIT 1));
	-- An item that is open again does not earn once more what was granted on it and still stands.
	SELECT COALESCE(sum(a.amount), 0) INTO granted
	FROM allocation a
		JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
		JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id
	WHERE a.customer_id = p_customer_id AND a.debit_item_id = p_item_id AND d.kind = 'discount';
	full_discount := GREATEST(0, LEAST(
		COALESCE(credit.discount(original.terms, original.doc_date, p_paid_on, debit.open_amount, received, 'invoice', minor), 0),
		COALESCE(credit.discount(original.terms, original.doc_date, p_paid_on, debit.amount, received, 'invoice', minor), 0) - granted));
	-- Who pays the rest settles it, to the cent; who pays a part earns the discount on what that part settles.
	RETURN round(CASE WHEN p_amount IS NULL OR p_amount + full_discount >= debit.open_amount THEN full_discount
		ELSE LEAST(full_discount, COALESCE(credit.discount(original.terms, original.doc_date, p_paid_on, p_amount, received,
			'payment', minor), 0)) END, minor);
END $$;
COMMENT ON FUNCTION earned_discount(bigint, bigint, date, numeric) IS 'The cash discount that paying a debit item on p_paid_on earns: on what is open of it, or with p_amount on the part that this much money settles; in all never more than the terms give on the item. 0.00 where its document has no terms or the last day has passed.';

CREATE OR REPLACE FUNCTION allocate_with_discount(p_customer_id bigint, p_credit_item bigint, p_debit_item bigint, p_amount numeric DEFAULT NULL,
	p_discount numeric DEFAULT NULL, p_applied_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	credit_item item;
	debit item;
	payment document;
	discount numeric := p_discount;
	amount numeric := p_amount;
	applied_on date;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO credit_item FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_credit_item AND i.amount < 0;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no credit item %', p_customer_id, p_credit_item
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_debit_item AND i.amount > 0;
	payment := read_document(p_customer_id, credit_item.document_id);
	-- Credit notes and the like settle an item, but nobody paid early.
	IF discount IS NULL AND payment.kind NOT IN ('payment', 'deposit', 'transfer', 'set_off') THEN
		discount := round(0::numeric, credit.minor_unit(credit_item.currency));
	END IF;
	-- The day the money came decides, not the day it was entered.
	IF discount IS NULL THEN
		amount := COALESCE(amount, LEAST(-credit_item.open_amount, debit.open_amount - earned_discount(p_customer_id, p_debit_item, payment.doc_date)));
		discount := LEAST(earned_discount(p_customer_id, p_debit_item, payment.doc_date, amount),
			GREATEST(debit.open_amount - amount, 0));
	ELSE
		amount := COALESCE(amount, LEAST(-credit_item.open_amount, debit.open_amount - discount));
		IF discount > earned_discount(p_customer_id, p_debit_item, payment.doc_date, GREATEST(amount, 0)) THEN
			PERFORM require_right('write_off', 'grant a discount that was not earned');
		END IF;
	END IF;
	applied_on := COALESCE(p_applied_on, GREATEST(ledger_today(), credit_item.posting_date, debit.posting_date, debit.reversed_on, credit_item.reversed_on));
	PERFORM allocate(p_customer_id, p_credit_item, p_debit_item, amount, applied_on);
	IF discount <> 0 THEN
		PERFORM grant_credit('discount', p_customer_id, p_debit_item, CASE WHEN p_discount IS NULL THEN 'earned' ELSE 'granted' END,
			discount, applied_on, NULL, payment.document_id);
	END IF;
	RETURN discount;
END $$;
COMMENT ON FUNCTION allocate_with_discount(bigint, bigint, bigint, numeric, numeric, date) IS 'Applies a payment to a debit item together with the cash discount it earned by the day the money came (its doc_date), or with p_discount if that is granted all the same, which takes the right to write_off() (RC004). p_amount: money to apply, default what settles the item. Credit that is not money received earns none. The discount is a document of its own, undone when the payment is returned. Returns the discount.';
