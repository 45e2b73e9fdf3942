-- Applying receipts: one by one, and the decisions of persons.  465_cash_batches.sql has the runs over many.
--
-- Locks come first and in one order: the receipt, then in id order all customers it may touch.  What is matched under
-- them is what is posted.  A receipt is posted once: the row's lock, the unique index on applied matches, and the
-- idempotency key of the payment each see to it.

CREATE OR REPLACE FUNCTION record_match(p_match cash_match)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO cash_match (bank_receipt_id, cash_run_id, status, customer_id, document_id, returned_receipt_id, rule_set, rule_no, rule, confidence, parts, allocations,
		on_account, blocked, error, by_person, actor)
	VALUES (p_match.bank_receipt_id, p_match.cash_run_id, p_match.status, p_match.customer_id, p_match.document_id, p_match.returned_receipt_id,
		p_match.rule_set, p_match.rule_no, p_match.rule, COALESCE(p_match.confidence, 0), COALESCE(p_match.parts, '{}'), COALESCE(p_match.allocations, '[]'),
		COALESCE(p_match.on_account, 0), COALESCE(p_match.blocked, '[]'), p_match.error, COALESCE(p_match.by_person, false), actor())
	RETURNING cash_match_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION record_match(cash_match) IS 'Writes a row of cash_match and returns its id.';

CREATE OR REPLACE FUNCTION lock_customers(p_customers bigint[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	customer bigint;
BEGIN
	FOR customer IN SELECT DISTINCT c FROM unnest(p_customers) c WHERE c IS NOT NULL ORDER BY c LOOP
		PERFORM lock_customer(customer);
	END LOOP;
END $$;
COMMENT ON FUNCTION lock_customers(bigint[]) IS 'Takes the locks of customers in id order.';

CREATE OR REPLACE FUNCTION lock_payer(p_receipt bank_receipt, p_customer_id bigint, p_others bigint[] DEFAULT '{}')
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM lock_customers(p_customer_id || p_others || ARRAY(
		SELECT d.customer_id FROM named_documents(receipt_keys(p_receipt, receipt_remittance(p_receipt))) d
		WHERE d.side = 'debit' AND d.payer_id = p_customer_id));
END $$;
COMMENT ON FUNCTION lock_payer(bank_receipt, bigint, bigint[]) IS 'Takes the locks of whoever a receipt of that payer may touch: it, those of whom it names documents that it pays for, and others given.';

CREATE OR REPLACE FUNCTION lock_return(p_match cash_match)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	-- Receipts before customers, as everywhere.
	IF p_match.returned_receipt_id IS NOT NULL THEN
		PERFORM open_receipt(p_match.returned_receipt_id);
	END IF;
	PERFORM lock_customers(p_match.customer_id || ARRAY(SELECT (a ->> 'customer_id')::bigint FROM cash_match m, jsonb_array_elements(m.allocations) a
		WHERE m.bank_receipt_id = p_match.returned_receipt_id AND m.status = 'applied'));
END $$;
COMMENT ON FUNCTION lock_return(cash_match) IS 'Takes the locks of a receipt that is taken back, and then of all customers it paid for, in id order.';

-- A pair of adjustments: one closes what the item was paid short, the other is what is claimed for it from now on.  It
-- has the dates of what it comes from: keeping money back makes no debt younger.
CREATE OR REPLACE FUNCTION charge_back(p_customer_id bigint, p_item_id bigint, p_amount numeric, p_reason text, p_on date)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
	closing document;
	id bigint;
BEGIN
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id;
	id := grant_credit('adjustment', p_customer_id, p_item_id, 'charged back: ' || p_reason, p_amount, p_on, NULL, debit.document_id);
	closing := read_document(p_customer_id, id);
	id := enter_document('adjustment', p_customer_id,
		number_after(read_document(p_customer_id, debit.document_id), 'adjustment', 'chargeback', p_on), debit.doc_date, p_amount, debit.due_date,
		debit.currency, p_on, p_side => 'debit', p_fx_rate => closing.fx_rate, p_base_amount => closing.base_amount,
		p_source_document_id => debit.document_id, p_reason => p_reason);
	RETURN (SELECT i.item_id FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = id);
END $$;
COMMENT ON FUNCTION charge_back(bigint, bigint, numeric, text, date) IS 'Makes what an item was paid short an item of its own, due when the item was, and returns that. Behind allocate_match().';

-- What one customer's part of a match comes to: its credits and then the money, against its debits in the order of the match.
CREATE OR REPLACE FUNCTION allocate_match(p_match cash_match, p_match_id bigint, p_customer_id bigint, p_document_ids bigint[], p_currency text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	credit_ids bigint[];
	credit_amounts numeric[];
	debit_ids bigint[];
	debit_amounts numeric[];
	part record;
	minor integer := credit.minor_unit(p_currency);
	allocated_on date;
BEGIN
	-- A part of a credit may have gone to another customer.
	SELECT array_agg(i.item_id ORDER BY o), array_agg(LEAST(-(a ->> 'amount')::numeric, -i.open_amount) ORDER BY o) INTO credit_ids, credit_amounts
	FROM jsonb_array_elements(p_match.allocations) WITH ORDINALITY t (a, o)
		JOIN item i ON i.customer_id = p_customer_id AND i.item_id = (a ->> 'item_id')::bigint AND i.open_amount < 0
	WHERE (a ->> 'customer_id')::bigint = p_customer_id AND (a ->> 'amount')::numeric < 0;
	SELECT array_agg((a ->> 'item_id')::bigint ORDER BY o), array_agg((a ->> 'amount')::numeric ORDER BY o) INTO debit_ids, debit_amounts
	FROM jsonb_array_elements(p_match.allocations) WITH ORDINALITY t (a, o)
	WHERE (a ->> 'customer_id')::bigint = p_customer_id AND (a ->> 'amount')::numeric > 0;
	SELECT credit_ids || array_agg(i.item_id), credit_amounts || array_agg(-i.open_amount) INTO credit_ids, credit_amounts
	FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = ANY (p_document_ids) AND i.open_amount < 0;
	SELECT GREATEST(ledger_today(), max(i.posting_date), max(i.reversed_on)) INTO allocated_on
	FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = ANY (credit_ids || debit_ids);
	WITH part AS MATERIALIZED (
		SELECT nextval('allocation_allocation_id_seq') AS allocation_id, x.*
		FROM (SELECT credit_ids[a.credit_no] AS credit_item, debit_ids[a.debit_no] AS debit_item, a.amount
			FROM credit.allocate(COALESCE(credit_amounts, '{}'), COALESCE(debit_amounts, '{}'), NULL, 'oldest_first', minor) a
			ORDER BY a.debit_no, a.credit_no) x),
	made AS (
		INSERT INTO allocation (customer_id, allocation_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p_customer_id, p.allocation_id, p.credit_item, p.debit_item, p.amount, allocated_on FROM part p)
	INSERT INTO cash_allocation (customer_id, allocation_id, cash_match_id) SELECT p_customer_id, p.allocation_id, p_match_id FROM part p;
	FOR part IN
		SELECT (a ->> 'item_id')::bigint AS item_id, (a ->> 'discount')::numeric AS discount, (a ->> 'write_off')::numeric AS write_off,
			(a ->> 'deduction')::numeric AS deduction, (a ->> 'charge_back')::numeric AS charge_back,
			COALESCE(NULLIF(a ->> 'deduction_reason', ''), 'unexplained') AS reason
		FROM jsonb_array_elements(p_match.allocations) WITH ORDINALITY t (a, o)
		WHERE (a ->> 'customer_id')::bigint = p_customer_id ORDER BY o
	LOOP
		-- Both are approved by the rule set, which says what is granted.
		IF part.discount > 0 THEN
			PERFORM grant_credit('discount', p_customer_id, part.item_id, 'earned', part.discount, allocated_on, NULL, p_document_ids[1]);
		END IF;
		IF part.write_off > 0 THEN
			PERFORM grant_credit('write_off', p_customer_id, part.item_id, 'small difference', part.write_off, allocated_on, NULL, p_document_ids[1]);
		END IF;
		IF part.deduction > 0 THEN
			INSERT INTO deduction (customer_id, item_id, cash_match_id, amount, currency, reason_code, taken_on)
			VALUES (p_customer_id, part.item_id, p_match_id, round(part.deduction, minor), p_currency, part.reason, allocated_on);
		END IF;
		IF part.charge_back > 0 THEN
			INSERT INTO deduction (customer_id, item_id, cash_match_id, amount, currency, reason_code, taken_on)
			VALUES (p_customer_id, charge_back(p_customer_id, part.item_id, part.charge_back, part.reason, allocated_on), p_match_id,
				round(part.charge_back, minor), p_currency, part.reason, allocated_on);
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION allocate_match(cash_match, bigint, bigint, bigint[], text) IS 'Allocates one customer''s part of a match, grants its discounts and small write-offs, and notes its deductions, those charged back as items of their own. Behind post_match().';

CREATE OR REPLACE FUNCTION payment_number(p_receipt bank_receipt)
RETURNS text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	received_on date := COALESCE(p_receipt.value_date, p_receipt.booking_date);
BEGIN
	IF EXISTS (SELECT FROM number_range r WHERE r.kind = 'payment' AND r.year IN (0, extract(year FROM received_on))) THEN
		RETURN next_number('payment', received_on);
	END IF;
	RETURN format('receipt %s', p_receipt.bank_receipt_id);
END $$;
COMMENT ON FUNCTION payment_number(bank_receipt) IS 'Number of the payment of a receipt: the next of the range for payments, or without one made of the receipt''s id.';

CREATE OR REPLACE FUNCTION post_match(p_receipt bank_receipt, p_match cash_match)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	match_id bigint;
	part record;
	source record;
	-- Credits the payer takes that are more than its own debts: they leave first.
	spare numeric := (SELECT GREATEST(-sum((a ->> 'amount')::numeric), 0) FROM jsonb_array_elements(p_match.allocations) a
		WHERE (a ->> 'customer_id')::bigint = p_match.customer_id);
	given numeric;
	transferred bigint[];
	rules cash_rule_set := cash_rules_of(p_match.customer_id);
BEGIN
	p_match.document_id := post_payment(p_match.customer_id, payment_number(p_receipt), COALESCE(p_receipt.value_date, p_receipt.booking_date), p_receipt.amount, p_receipt.currency,
		open_day(p_receipt.booking_date),
		left(p_receipt.remittance_text, 1000), p_idempotency_key => format('bank receipt %s', p_receipt.bank_receipt_id));
	p_match.status := 'applied';
	match_id := record_match(p_match);
	-- Others' parts leave first: what stays is the payer's.
	FOR part IN
		SELECT (a ->> 'customer_id')::bigint AS customer_id, sum((a ->> 'amount')::numeric) AS amount
		FROM jsonb_array_elements(p_match.allocations) a WHERE (a ->> 'customer_id')::bigint <> p_match.customer_id GROUP BY 1 ORDER BY 1
	LOOP
		transferred := '{}';
		FOR source IN
			SELECT i.document_id, -(a ->> 'amount')::numeric AS amount, t.o FROM jsonb_array_elements(p_match.allocations) WITH ORDINALITY t (a, o)
				JOIN item i ON i.customer_id = p_match.customer_id AND i.item_id = (a ->> 'item_id')::bigint
			WHERE (a ->> 'customer_id')::bigint = p_match.customer_id AND (a ->> 'amount')::numeric < 0
			UNION ALL SELECT p_match.document_id, p_receipt.amount, NULL
			ORDER BY o
		LOOP
			given := LEAST(part.amount, source.amount, open_credit(read_document(p_match.customer_id, source.document_id)),
				CASE WHEN source.o IS NOT NULL THEN spare END);
			CONTINUE WHEN given <= 0;
			spare := spare - CASE WHEN source.o IS NOT NULL THEN given ELSE 0 END;
			transferred := transferred || move_credit(p_match.customer_id, source.document_id, part.customer_id, 'paid by customer ' || p_match.customer_id, given);
			part.amount := part.amount - given;
		END LOOP;
		PERFORM allocate_match(p_match, match_id, part.customer_id, transferred, p_receipt.currency);
	END LOOP;
	PERFORM allocate_match(p_match, match_id, p_match.customer_id, ARRAY[p_match.document_id], p_receipt.currency);
	-- A small surplus is ours, where the rules say so.
	IF p_match.on_account > 0 AND rules.overpayment = 'adjustment' AND p_match.allocations <> '[]'
		AND p_match.on_account <= LEAST(rules.tolerance_amount, round(p_receipt.amount * rules.tolerance_percent / 100, credit.minor_unit(p_receipt.currency)))
	THEN
		PERFORM use_credit(read_document(p_match.customer_id, p_match.document_id), 'adjustment',
			format('small difference of receipt %s', p_receipt.bank_receipt_id), p_match.on_account,
			GREATEST(ledger_today(), p_receipt.booking_date), 'small difference', p_match.document_id);
	ELSIF p_match.on_account > 0 AND rules.overpayment = 'refund' AND p_match.allocations <> '[]' THEN
		-- Money leaves only when somebody else agrees.
		PERFORM request_approval(p_match.customer_id, 'refund', p_match.on_account, format('overpaid by bank receipt %s', p_receipt.bank_receipt_id),
			jsonb_build_object('document_id', p_match.document_id), p_receipt.currency);
	END IF;
	RETURN match_id;
END $$;
COMMENT ON FUNCTION post_match(bank_receipt, cash_match) IS 'Posts the payment of a receipt and allocates it as a match says, under the locks of the receipt and its customers. Returns the id of the match.';

CREATE OR REPLACE FUNCTION open_receipt(p_bank_receipt_id bigint)
RETURNS bank_receipt LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	receipt bank_receipt;
BEGIN
	-- The receipt's lock: whoever comes second sees what the first did.
	SELECT * INTO receipt FROM bank_receipt b WHERE b.bank_receipt_id = p_bank_receipt_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no bank receipt %', p_bank_receipt_id USING ERRCODE = 'foreign_key_violation', HINT = 'Table bank_receipt lists them.';
	END IF;
	RETURN receipt;
END $$;
COMMENT ON FUNCTION open_receipt(bigint) IS 'A receipt by its id, locked until the transaction ends.';

CREATE OR REPLACE FUNCTION is_settled(p_bank_receipt_id bigint)
RETURNS boolean LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET search_path FROM CURRENT AS $$
BEGIN
	RETURN EXISTS (SELECT FROM cash_match m WHERE m.bank_receipt_id = p_bank_receipt_id AND m.status IN ('applied', 'rejected'));
END $$;
COMMENT ON FUNCTION is_settled(bigint) IS 'Whether a receipt was applied, or a person took it away from runs.';

CREATE OR REPLACE FUNCTION is_for_runs(p_receipt bank_receipt)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN p_receipt.duplicate_of IS NULL AND (p_receipt.credit_debit = 'credit' OR p_receipt.reversal OR p_receipt.return_reason IS NOT NULL);
END $$;
COMMENT ON FUNCTION is_for_runs(bank_receipt) IS 'Whether runs look at a receipt: money that came in, or that the bank takes back, and not what was told of before.';

CREATE OR REPLACE FUNCTION read_cash_run(p_run text)
RETURNS cash_run LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	run cash_run;
BEGIN
	SELECT * INTO run FROM cash_run r WHERE r.name = p_run;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no cash run "%"', p_run USING ERRCODE = 'undefined_object', HINT = 'apply_cash() makes one.';
	END IF;
	RETURN run;
END $$;
COMMENT ON FUNCTION read_cash_run(text) IS 'A cash run by its name.';

-- Who waits for a person is looked at by each run, and written of only when something is different.
CREATE OR REPLACE FUNCTION is_news(p_match cash_match)
RETURNS boolean LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET search_path FROM CURRENT AS $$
DECLARE
	latest cash_match;
BEGIN
	SELECT * INTO latest FROM cash_match m WHERE m.bank_receipt_id = p_match.bank_receipt_id AND m.status <> 'simulated'
	ORDER BY m.cash_match_id DESC LIMIT 1;
	RETURN (latest.status, latest.customer_id, latest.returned_receipt_id, latest.rule_set, latest.rule_no, latest.rule, latest.confidence, latest.parts,
			latest.allocations, latest.on_account, latest.blocked, latest.error)
		IS DISTINCT FROM (p_match.status, p_match.customer_id, p_match.returned_receipt_id, p_match.rule_set, p_match.rule_no, p_match.rule,
			p_match.confidence, p_match.parts, p_match.allocations, p_match.on_account, p_match.blocked, p_match.error);
END $$;
COMMENT ON FUNCTION is_news(cash_match) IS 'Whether a proposal differs from the latest match of its receipt, simulations apart.';

CREATE OR REPLACE FUNCTION apply_draft(p_run text, p_draft cash_match, p_simulate boolean DEFAULT false)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run cash_run := read_cash_run(p_run);
	receipt bank_receipt := open_receipt(p_draft.bank_receipt_id);
	proposal cash_match;
BEGIN
	IF is_settled(receipt.bank_receipt_id) OR EXISTS (SELECT FROM cash_match m
			WHERE m.cash_run_id = run.cash_run_id AND m.bank_receipt_id = receipt.bank_receipt_id) THEN
		RETURN 'done before';
	END IF;
	IF NOT p_simulate AND receipt.credit_debit = 'debit' THEN
		PERFORM lock_return(match_return(receipt));
	ELSIF NOT p_simulate AND p_draft.customer_id IS NOT NULL THEN
		PERFORM lock_payer(receipt, p_draft.customer_id);
	END IF;
	proposal := match_receipt(receipt, p_draft);
	proposal.cash_run_id := run.cash_run_id;
	IF p_simulate THEN
		proposal.status := 'simulated';
	ELSIF proposal.rule IS NOT NULL AND proposal.confidence >= (cash_rules_of(proposal.customer_id)).min_confidence THEN
		IF proposal.returned_receipt_id IS NULL THEN
			PERFORM post_match(receipt, proposal);
		ELSE
			PERFORM post_return(receipt, proposal);
		END IF;
		RETURN 'applied';
	ELSE
		proposal.status := 'proposed';
	END IF;
	IF run.simulated OR is_news(proposal) THEN
		PERFORM record_match(proposal);
	END IF;
	RETURN proposal.status;
END $$;
COMMENT ON FUNCTION apply_draft(text, cash_match, boolean) IS 'apply_receipt() for a receipt whose payer draft_matches() found. Used by apply_cash().';

CREATE OR REPLACE FUNCTION apply_receipt(p_run text, p_bank_receipt_id bigint)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run cash_run := read_cash_run(p_run);
	draft cash_match;
BEGIN
	PERFORM open_receipt(p_bank_receipt_id);
	SELECT * INTO draft FROM draft_matches(ARRAY[p_bank_receipt_id]);
	RETURN apply_draft(p_run, draft, run.simulated);
END $$;
COMMENT ON FUNCTION apply_receipt(text, bigint) IS 'Looks at one receipt in a cash run: applies it if a rule fits and the confidence is enough, or else leaves it to a person with the proposal. Returns applied, proposed, simulated, or done before.';

CREATE OR REPLACE FUNCTION fail_receipt(p_run text, p_bank_receipt_id bigint, p_message text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	failed cash_match;
BEGIN
	PERFORM require_reason(p_message, format('the failure of bank receipt %s', p_bank_receipt_id));
	failed.bank_receipt_id := p_bank_receipt_id;
	failed.cash_run_id := (read_cash_run(p_run)).cash_run_id;
	failed.status := 'failed';
	failed.error := p_message;
	PERFORM record_match(failed);
END $$;
COMMENT ON FUNCTION fail_receipt(text, bigint, text) IS 'Notes why a receipt could not be applied. Used by apply_cash().';

CREATE OR REPLACE FUNCTION learn_payer(p_receipt bank_receipt, p_customer_id bigint, p_right boolean)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO payer_alias AS a (customer_id, kind, alias, confirmed, rejected)
	SELECT p_customer_id, v.kind, v.alias, p_right::integer, (NOT p_right)::integer
	FROM (VALUES ('account', upper(replace(p_receipt.payer_account, ' ', ''))),
		('name', lower(regexp_replace(btrim(p_receipt.payer_name), '\s+', ' ', 'g')))) v (kind, alias)
	WHERE v.alias <> ''
	ON CONFLICT (customer_id, kind, alias) DO UPDATE
	SET confirmed = a.confirmed + excluded.confirmed, rejected = a.rejected + excluded.rejected, last_seen = now();
END $$;
COMMENT ON FUNCTION learn_payer(bank_receipt, bigint, boolean) IS 'Learns from a person''s decision which account and name a customer pays from, or does not.';

CREATE OR REPLACE FUNCTION confirm_match(p_bank_receipt_id bigint, p_customer_id bigint DEFAULT NULL, p_allocations jsonb DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	receipt bank_receipt := open_receipt(p_bank_receipt_id);
	draft cash_match;
	proposal cash_match;
BEGIN
	IF is_settled(p_bank_receipt_id) AND EXISTS (SELECT FROM cash_match m WHERE m.bank_receipt_id = p_bank_receipt_id AND m.status = 'applied') THEN
		RAISE EXCEPTION 'bank receipt % is applied already', p_bank_receipt_id USING ERRCODE = 'unique_violation',
			HINT = 'reverse_allocation() undoes what was allocated, void_document() all of it.';
	END IF;
	IF EXISTS (SELECT FROM cash_match m WHERE m.returned_receipt_id = p_bank_receipt_id AND m.status = 'applied') THEN
		RAISE EXCEPTION 'bank receipt % was taken back by the bank', p_bank_receipt_id USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('Bank receipt %s did.', (SELECT m.bank_receipt_id FROM cash_match m
				WHERE m.returned_receipt_id = p_bank_receipt_id AND m.status = 'applied'));
	END IF;
	IF receipt.credit_debit <> 'credit' OR receipt.reversal OR receipt.amount = 0 THEN
		RAISE EXCEPTION 'bank receipt % is no money that came in', p_bank_receipt_id USING ERRCODE = 'invalid_parameter_value',
			HINT = 'return_receipt() undoes a receipt that the bank took back.';
	END IF;
	IF receipt.duplicate_of IS NOT NULL THEN
		RAISE EXCEPTION 'bank receipt % is the same money as bank receipt %', p_bank_receipt_id, receipt.duplicate_of
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'If it is another payment, enter it with add_receipt() under a number of its own.';
	END IF;
	SELECT * INTO draft FROM draft_matches(ARRAY[p_bank_receipt_id], p_customer_id);
	IF draft.customer_id IS NULL THEN
		RAISE EXCEPTION 'nobody is known who may have paid bank receipt %', p_bank_receipt_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Say who pays with p_customer_id.';
	END IF;
	PERFORM lock_payer(receipt, draft.customer_id,
		ARRAY(SELECT (a ->> 'customer_id')::bigint FROM jsonb_array_elements(COALESCE(p_allocations, '[]')) a));
	proposal := match_receipt(receipt, draft);
	IF p_allocations IS NOT NULL THEN
		SELECT COALESCE(jsonb_agg(jsonb_build_object('customer_id', proposal.customer_id, 'discount', 0, 'write_off', 0, 'deduction', 0, 'charge_back', 0) || a), '[]'),
			receipt.amount - COALESCE(sum((a ->> 'amount')::numeric), 0)
		INTO proposal.allocations, proposal.on_account FROM jsonb_array_elements(p_allocations) a;
		IF proposal.on_account < 0 THEN
			RAISE EXCEPTION 'allocations of bank receipt % exceed it', p_bank_receipt_id
				USING ERRCODE = 'RC007', DETAIL = format('They come to %s, the receipt to %s %s.', receipt.amount - proposal.on_account,
					receipt.amount, receipt.currency);
		END IF;
		-- More than the rules grant takes the right to grant it.
		IF EXISTS (SELECT FROM jsonb_array_elements(proposal.allocations) a WHERE (a ->> 'write_off')::numeric > 0
				OR (a ->> 'discount')::numeric > 0 AND (a ->> 'discount')::numeric > cash_discount(cash_rules_of(proposal.customer_id), (a ->> 'customer_id')::bigint,
					(a ->> 'item_id')::bigint, COALESCE(receipt.value_date, receipt.booking_date))) THEN
			PERFORM require_right('write_off', 'grant more than the rules do');
		END IF;
		proposal.rule := NULL;
		proposal.rule_no := NULL;
	END IF;
	proposal.confidence := 100;
	proposal.by_person := true;
	PERFORM learn_payer(receipt, proposal.customer_id, true);
	RETURN post_match(receipt, proposal);
END $$;
COMMENT ON FUNCTION confirm_match(bigint, bigint, jsonb) IS 'A person applies a receipt: as proposed, or for another payer (p_customer_id), or as p_allocations say (array of objects with item_id and amount, and optionally customer_id, discount, write_off, deduction, charge_back, deduction_reason). The payer''s account and name are learned. Returns the id of the match.';

CREATE OR REPLACE FUNCTION reject_match(p_bank_receipt_id bigint, p_reason text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	receipt bank_receipt := open_receipt(p_bank_receipt_id);
	rejected cash_match;
BEGIN
	PERFORM require_reason(p_reason, format('the rejection of bank receipt %s', p_bank_receipt_id));
	IF is_settled(p_bank_receipt_id) THEN
		RAISE EXCEPTION 'bank receipt % is applied or rejected already', p_bank_receipt_id USING ERRCODE = 'unique_violation';
	END IF;
	SELECT * INTO rejected FROM draft_matches(ARRAY[p_bank_receipt_id]);
	rejected := match_receipt(receipt, rejected);
	IF rejected.customer_id IS NOT NULL AND receipt.credit_debit = 'credit' THEN
		PERFORM learn_payer(receipt, rejected.customer_id, false);
	END IF;
	rejected.status := 'rejected';
	rejected.error := p_reason;
	rejected.by_person := true;
	RETURN record_match(rejected);
END $$;
COMMENT ON FUNCTION reject_match(bigint, text) IS 'A person says that the proposal for a receipt is wrong: runs leave the receipt alone, and the payer''s account and name count less for the customer proposed. confirm_match() can still apply it. Returns the id of the match.';

CREATE OR REPLACE FUNCTION set_cash_rules(p_name text, p_rules text[], p_customer_id bigint DEFAULT NULL, p_risk_class text DEFAULT NULL,
	p_min_confidence numeric DEFAULT 90, p_min_similarity numeric DEFAULT 0.75, p_tolerance_amount numeric DEFAULT NULL,
	p_tolerance_percent numeric DEFAULT NULL, p_discounts text DEFAULT 'earned', p_discount_grace_days integer DEFAULT 0,
	p_partial boolean DEFAULT true, p_underpayment text DEFAULT 'open', p_overpayment text DEFAULT 'on_account',
	p_priority text[] DEFAULT ARRAY['fee', 'finance_charge'])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	IF array_ndims(p_rules) IS DISTINCT FROM 1 OR array_position(p_rules, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'a set of cash rules needs rules' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'on_account alone applies nothing.';
	END IF;
	INSERT INTO cash_rule_set (name, customer_id, risk_class, min_confidence, min_similarity, tolerance_amount, tolerance_percent, discounts,
		discount_grace_days, partial, underpayment, overpayment, priority)
	VALUES (p_name, p_customer_id, p_risk_class, p_min_confidence, p_min_similarity, p_tolerance_amount, p_tolerance_percent, p_discounts,
		p_discount_grace_days, p_partial, p_underpayment, p_overpayment, p_priority)
	ON CONFLICT (name) DO UPDATE SET customer_id = excluded.customer_id, risk_class = excluded.risk_class, min_confidence = excluded.min_confidence,
		min_similarity = excluded.min_similarity, tolerance_amount = excluded.tolerance_amount, tolerance_percent = excluded.tolerance_percent,
		discounts = excluded.discounts, discount_grace_days = excluded.discount_grace_days, partial = excluded.partial,
		underpayment = excluded.underpayment, overpayment = excluded.overpayment, priority = excluded.priority
	RETURNING cash_rule_set_id INTO id;
	DELETE FROM cash_rule r WHERE r.cash_rule_set_id = id;
	INSERT INTO cash_rule (cash_rule_set_id, rule_no, kind) SELECT id, r.no, r.kind FROM unnest(p_rules) WITH ORDINALITY r (kind, no);
	RETURN id;
END $$;
COMMENT ON FUNCTION set_cash_rules(text, text[], bigint, text, numeric, numeric, numeric, numeric, text, integer, boolean, text, text, text[]) IS 'Makes or changes the cash rules of a customer, a risk class, or (neither) of all others. p_rules: kinds of rules in order (see cash_rule.kind); the rest as the columns of cash_rule_set. Returns the id of the set.';
