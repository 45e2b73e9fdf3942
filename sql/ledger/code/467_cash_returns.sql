-- Money that the bank takes back: a direct debit that came back, a bounced check, a booking that is reversed.
--
-- Such a line names the receipt it takes back by the bank's reference or by the id of the payment, with the same amount;
-- only where one receipt fits is it undone without a person.  What the receipt paid is open again from the day the bank
-- booked the return, also at those it was split to; the payer's match was right all the same and stays.

CREATE OR REPLACE FUNCTION match_return(p_receipt bank_receipt, p_returned_receipt_id bigint DEFAULT NULL)
RETURNS cash_match LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	result cash_match;
	receipts bigint[];
	why text;
BEGIN
	result.bank_receipt_id := p_receipt.bank_receipt_id;
	result.confidence := 0;
	result.parts := '{"match": 0}';
	result.allocations := '[]';
	result.blocked := '[]';
	result.on_account := 0;
	IF p_receipt.duplicate_of IS NOT NULL THEN
		why := 'the same return was told of before';
	ELSIF p_returned_receipt_id IS NULL AND NOT p_receipt.reversal AND p_receipt.return_reason IS NULL THEN
		why := 'it takes nothing back';
	ELSE
		receipts := ARRAY(SELECT b.bank_receipt_id FROM bank_receipt b
			WHERE b.amount = p_receipt.amount AND b.currency = p_receipt.currency AND b.booking_date <= p_receipt.booking_date
				AND b.credit_debit = 'credit' AND NOT b.reversal AND b.duplicate_of IS NULL
				AND CASE WHEN p_returned_receipt_id IS NOT NULL THEN b.bank_receipt_id = p_returned_receipt_id
					ELSE b.account = p_receipt.account AND (b.bank_reference = p_receipt.bank_reference OR b.end_to_end_id = p_receipt.end_to_end_id) END
				AND NOT EXISTS (SELECT FROM cash_match m WHERE m.returned_receipt_id = b.bank_receipt_id AND m.status = 'applied')
			ORDER BY b.bank_receipt_id);
		why := CASE cardinality(receipts) WHEN 1 THEN NULL WHEN 0 THEN 'no receipt of this amount has its reference'
			ELSE format('ambiguous: %s receipts of this amount have its reference', cardinality(receipts)) END;
	END IF;
	IF why IS NOT NULL THEN
		result.blocked := jsonb_build_array(jsonb_build_object('rule', 'return', 'why', why));
		RETURN result;
	END IF;
	result.rule := 'return';
	result.confidence := 100;
	result.parts := '{"match": 100}';
	result.returned_receipt_id := receipts[1];
	SELECT m.customer_id, m.document_id INTO result.customer_id, result.document_id
	FROM cash_match m WHERE m.bank_receipt_id = receipts[1] AND m.status = 'applied';
	RETURN result;
END $$;
COMMENT ON FUNCTION match_return(bank_receipt, bigint) IS 'Which receipt a line takes back, as a row of cash_match that is not written; document_id is the payment of that receipt, NULL if it was not applied. p_returned_receipt_id: the receipt, where a person knows.';

-- The parts of a payment that were transferred to others come back to the payer, where they close what left.
CREATE OR REPLACE FUNCTION take_back_parts(p_match cash_match, p_reason text, p_on date)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	part record;
	granted record;
	back bigint;
BEGIN
	FOR part IN
		SELECT DISTINCT c.customer_id, c.document_id, c.posting_date, o.item_id AS outgoing
		FROM cash_allocation l
			JOIN allocation a ON a.customer_id = l.customer_id AND a.allocation_id = l.allocation_id
			JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
			JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id AND d.kind = 'transfer'
			JOIN document t ON t.customer_id = p_match.customer_id AND t.kind = 'transfer'
				AND d.number = format('from customer %s: %s', p_match.customer_id, t.number)
			JOIN item o ON o.customer_id = t.customer_id AND o.document_id = t.document_id
		WHERE l.cash_match_id = p_match.cash_match_id AND l.customer_id <> p_match.customer_id ORDER BY 1, 2
	LOOP
		PERFORM reverse_allocations(part.customer_id, part.document_id, p_on);
		FOR granted IN
			SELECT d.document_id, d.posting_date FROM document d
			WHERE d.customer_id = part.customer_id AND d.source_document_id = part.document_id AND d.kind IN ('discount', 'write_off')
				AND d.reverses IS NULL AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
			ORDER BY d.document_id
		LOOP
			PERFORM undo_document(part.customer_id, granted.document_id, p_reason, GREATEST(p_on, granted.posting_date));
		END LOOP;
		back := move_credit(part.customer_id, part.document_id, p_match.customer_id, p_reason, p_moved_on => GREATEST(p_on, part.posting_date));
		-- What left of a credit, not of the money, is closed by that credit: then this one is open in its place.
		PERFORM allocate(i.customer_id, i.item_id, part.outgoing, -i.open_amount)
		FROM item i JOIN item o ON o.customer_id = i.customer_id AND o.item_id = part.outgoing AND o.open_amount > 0
		WHERE i.customer_id = p_match.customer_id AND i.document_id = back;
	END LOOP;
END $$;
COMMENT ON FUNCTION take_back_parts(cash_match, text, date) IS 'Undoes what an applied match paid of other customers, and brings the money back to the payer, whose payment must have been returned before. Behind post_return().';

CREATE OR REPLACE FUNCTION post_return(p_receipt bank_receipt, p_match cash_match, p_fee numeric DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	applied cash_match;
	taken cash_match;
	reason text := COALESCE(p_receipt.return_reason, 'reversed by the bank');
BEGIN
	SELECT * INTO applied FROM cash_match m WHERE m.bank_receipt_id = p_match.returned_receipt_id AND m.status = 'applied';
	IF FOUND THEN
		p_match.document_id := return_payment(applied.customer_id, applied.document_id, open_day(p_receipt.booking_date), reason, p_fee);
		PERFORM take_back_parts(applied, reason, open_day(p_receipt.booking_date));
	ELSE
		-- Not applied yet: now it is not to be.
		taken.bank_receipt_id := p_match.returned_receipt_id;
		taken.cash_run_id := p_match.cash_run_id;
		taken.status := 'rejected';
		taken.error := format('taken back by bank receipt %s: %s', p_receipt.bank_receipt_id, reason);
		taken.by_person := p_match.by_person;
		PERFORM record_match(taken);
	END IF;
	p_match.status := 'applied';
	RETURN record_match(p_match);
END $$;
COMMENT ON FUNCTION post_return(bank_receipt, cash_match, numeric) IS 'Undoes the receipt that a line takes back, under the locks of both and of the customers, and returns the id of the match. Behind apply_receipt() and return_receipt().';

CREATE OR REPLACE FUNCTION return_receipt(p_bank_receipt_id bigint, p_returned_receipt_id bigint DEFAULT NULL, p_fee numeric DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	receipt bank_receipt := open_receipt(p_bank_receipt_id);
	proposal cash_match;
BEGIN
	IF receipt.credit_debit <> 'debit' THEN
		RAISE EXCEPTION 'bank receipt % is money that came in', p_bank_receipt_id USING ERRCODE = 'invalid_parameter_value',
			HINT = 'confirm_match() applies it.';
	END IF;
	IF is_settled(p_bank_receipt_id) THEN
		RAISE EXCEPTION 'bank receipt % is applied or rejected already', p_bank_receipt_id USING ERRCODE = 'unique_violation';
	END IF;
	proposal := match_return(receipt, p_returned_receipt_id);
	PERFORM lock_return(proposal);
	proposal := match_return(receipt, p_returned_receipt_id);
	IF proposal.rule IS NULL THEN
		RAISE EXCEPTION 'bank receipt % takes back no receipt that is known', p_bank_receipt_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s %s of %s: %s.', receipt.amount, receipt.currency, receipt.booking_date,
				proposal.blocked -> 0 ->> 'why'), HINT = 'Say with p_returned_receipt_id which one; it must have the same amount.';
	END IF;
	proposal.by_person := true;
	RETURN post_return(receipt, proposal, p_fee);
END $$;
COMMENT ON FUNCTION return_receipt(bigint, bigint, numeric) IS 'A person undoes the receipt that a line of the bank takes back: the one it names, or p_returned_receipt_id. The payment is returned (see return_payment()) as of the day the bank booked the line; p_fee is charged to the payer besides. Returns the id of the match.';
