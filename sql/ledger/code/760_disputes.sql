-- Disputes: opened, investigated, approved or rejected, settled.
--
-- A dispute ends when the customer is to pay after all (rejected), or when nothing is left to decide (settled).  Until
-- then its part of the item is open as before, and shows apart.

ALTER TABLE dispute ALTER actor SET DEFAULT actor();
ALTER TABLE dispute_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER dispute_append_only BEFORE DELETE OR UPDATE OF customer_id, dispute_id, item_id, amount, currency, reason_code, description,
		product, salesperson, deduction_id, opened_on, recorded_at, recorded_by, actor ON dispute
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Reject or settle it, and open another one.');
CREATE OR REPLACE TRIGGER dispute_no_truncate BEFORE TRUNCATE ON dispute
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Reject or settle it, and open another one.');
CREATE OR REPLACE TRIGGER dispute_event_append_only BEFORE UPDATE OR DELETE ON dispute_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a dispute is only added to.');
CREATE OR REPLACE TRIGGER dispute_event_no_truncate BEFORE TRUNCATE ON dispute_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a dispute is only added to.');

CREATE OR REPLACE FUNCTION read_credit_reason(p_reason_code text)
RETURNS credit_reason LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	reason credit_reason;
BEGIN
	SELECT * INTO reason FROM credit_reason r WHERE r.reason_code = p_reason_code;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no reason code "%"', p_reason_code
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table credit_reason lists them; the ledger''s owner adds more.';
	END IF;
	RETURN reason;
END $$;
COMMENT ON FUNCTION read_credit_reason(text) IS 'A reason by its code; error 23503 if there is none.';

CREATE OR REPLACE FUNCTION open_dispute(p_customer_id bigint, p_item_id bigint, p_amount numeric, p_reason_code text, p_description text DEFAULT NULL,
	p_owner text DEFAULT NULL, p_due_date date DEFAULT NULL, p_line_no integer DEFAULT NULL, p_salesperson text DEFAULT NULL,
	p_deduction_id bigint DEFAULT NULL, p_opened_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
	disputed numeric;
	taken deduction;
	amount numeric := p_amount;
	line_product text;
	opened date;
	id bigint;
BEGIN
	PERFORM read_credit_reason(p_reason_code);
	IF NOT isfinite(p_due_date) THEN
		RAISE EXCEPTION 'a dispute of customer % must be due on a calendar date', p_customer_id USING ERRCODE = 'datetime_field_overflow';
	END IF;
	PERFORM tighten(p_customer_id);
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id AND i.amount > 0;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no debit item %', p_customer_id, p_item_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	IF p_deduction_id IS NOT NULL THEN
		SELECT * INTO taken FROM deduction d WHERE d.customer_id = p_customer_id AND d.deduction_id = p_deduction_id AND d.item_id = p_item_id;
		IF NOT FOUND OR taken.dispute_id IS NOT NULL THEN
			RAISE EXCEPTION 'deduction % of customer % cannot be disputed on item %', p_deduction_id, p_customer_id, p_item_id
				USING ERRCODE = 'invalid_parameter_value', DETAIL = CASE WHEN taken.dispute_id IS NULL THEN 'It is not of that item.'
					ELSE format('It is in dispute %s.', taken.dispute_id) END, HINT = 'View deductions shows them.';
		END IF;
		amount := COALESCE(amount, LEAST(taken.amount, debit.open_amount));
	END IF;
	opened := COALESCE(p_opened_on, open_day(GREATEST(LEAST(taken.taken_on, ledger_today()), debit.posting_date)));
	IF opened NOT BETWEEN debit.posting_date AND GREATEST(ledger_today(), debit.posting_date) THEN
		RAISE EXCEPTION 'a dispute of customer % cannot have been opened on %', p_customer_id, opened
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The item is of %s; today is %s.', debit.posting_date, ledger_today());
	END IF;
	IF p_line_no IS NOT NULL THEN
		SELECT l.product INTO line_product FROM document_line l
		WHERE l.customer_id = p_customer_id AND l.document_id = debit.document_id AND l.line_no = p_line_no;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'document % of customer % has no line %', debit.document_id, p_customer_id, p_line_no USING ERRCODE = 'foreign_key_violation';
		END IF;
	END IF;
	SELECT COALESCE(sum(d.amount), 0) INTO disputed FROM dispute d WHERE d.customer_id = p_customer_id AND d.item_id = p_item_id AND d.ended_on IS NULL;
	disputed := LEAST(disputed, debit.open_amount);
	amount := COALESCE(amount, debit.open_amount - disputed);
	IF amount > debit.open_amount - disputed OR (amount <= 0 AND p_amount IS NULL) THEN
		RAISE EXCEPTION 'dispute exceeds what is open of item % of customer %', p_item_id, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('Open are %s %s, %s of them in dispute already; disputed are %s.', debit.open_amount, debit.currency, disputed, amount);
	END IF;
	IF amount <= 0 OR amount <> round(amount, credit.minor_unit(debit.currency)) THEN
		RAISE EXCEPTION 'amount of a dispute of customer % must be positive and in minor units of %', p_customer_id, debit.currency
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', amount);
	END IF;
	INSERT INTO dispute (customer_id, item_id, amount, currency, reason_code, description, product, salesperson, deduction_id, opened_on, state, owner, due_date)
	VALUES (p_customer_id, p_item_id, round(amount, credit.minor_unit(debit.currency)), debit.currency, p_reason_code, p_description, line_product, p_salesperson, p_deduction_id,
		opened, 'open', p_owner, p_due_date)
	RETURNING dispute_id INTO id;
	INSERT INTO dispute_event (customer_id, dispute_id, state, happened_on, note, owner, due_date)
	VALUES (p_customer_id, id, 'open', opened, p_description, p_owner, p_due_date);
	UPDATE deduction d SET dispute_id = id WHERE d.customer_id = p_customer_id AND d.deduction_id = p_deduction_id;
	RETURN id;
END $$;
COMMENT ON FUNCTION open_dispute(bigint, bigint, numeric, text, text, text, date, integer, text, bigint, date) IS 'The customer disputes p_amount (default all that is open and not disputed) of a debit item. p_line_no: the line of its document it is about. p_deduction_id: the short payment it comes from, which says the amount. The rest stays to be paid. Returns the id of the dispute.';

CREATE OR REPLACE FUNCTION reason_of_payer(p_words text)
RETURNS text LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	-- The first where there are several.
	code text := lower(btrim(split_part(p_words, ',', 1)));
BEGIN
	RETURN COALESCE((SELECT d.reason_code FROM deduction_reason d WHERE d.payer_code = code), (SELECT r.reason_code FROM credit_reason r WHERE r.reason_code = code), 'unexplained');
END $$;
COMMENT ON FUNCTION reason_of_payer(text) IS 'What a payer''s code or words are of credit_reason, by deduction_reason, or because they are such a code; unexplained if that is not known.';

CREATE OR REPLACE FUNCTION dispute_deductions(p_customer_id bigint DEFAULT NULL, p_owner text DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	customer bigint;
	taken record;
	n integer := 0;
BEGIN
	-- Customers in id order, as everywhere.
	FOR customer IN
		SELECT p_customer_id AS id WHERE p_customer_id IS NOT NULL
		UNION
		SELECT d.customer_id FROM deduction d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
		WHERE p_customer_id IS NULL AND d.dispute_id IS NULL AND i.open_amount > 0 ORDER BY id
	LOOP
		PERFORM tighten(customer);
		FOR taken IN
			SELECT d.*, i.open_amount FROM deduction d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
			WHERE d.customer_id = customer AND d.dispute_id IS NULL AND i.open_amount > 0 ORDER BY d.deduction_id
		LOOP
			-- Another dispute may have what is open of it already.
			taken.open_amount := taken.open_amount - COALESCE((SELECT q.disputed_amount FROM disputed_items q
				WHERE q.customer_id = customer AND q.item_id = taken.item_id), 0);
			CONTINUE WHEN taken.open_amount <= 0;
			PERFORM open_dispute(customer, taken.item_id, LEAST(taken.amount, taken.open_amount), reason_of_payer(taken.reason_code), taken.reason_code, p_owner,
				p_deduction_id => taken.deduction_id);
			n := n + 1;
		END LOOP;
	END LOOP;
	RETURN n;
END $$;
COMMENT ON FUNCTION dispute_deductions(bigint, text) IS 'Opens a dispute for every deduction of a customer (NULL: of all) that is open and has none, as of the day it was taken, with what the payer''s reason is by deduction_reason. Returns how many.';

CREATE OR REPLACE FUNCTION move_dispute(p_customer_id bigint, p_dispute_id bigint, p_state text, p_note text, p_owner text DEFAULT NULL,
	p_root_cause text DEFAULT NULL, p_due_date date DEFAULT NULL, p_amount numeric DEFAULT NULL, p_credit_request_id bigint DEFAULT NULL,
	p_document_id bigint DEFAULT NULL)
RETURNS dispute LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	moved dispute;
	today date;
BEGIN
	IF NOT isfinite(p_due_date) THEN
		RAISE EXCEPTION 'a dispute of customer % must be due on a calendar date', p_customer_id USING ERRCODE = 'datetime_field_overflow';
	END IF;
	PERFORM tighten(p_customer_id);
	SELECT * INTO moved FROM dispute d WHERE d.customer_id = p_customer_id AND d.dispute_id = p_dispute_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no dispute %', p_customer_id, p_dispute_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_disputes shows them.';
	END IF;
	IF moved.ended_on IS NOT NULL THEN
		RAISE EXCEPTION 'dispute % of customer % is %', p_dispute_id, p_customer_id, moved.state
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It ended on %s.', moved.ended_on), HINT = 'Open another one with open_dispute().';
	END IF;
	today := GREATEST(ledger_today(), moved.opened_on);
	UPDATE dispute d SET state = p_state, owner = COALESCE(p_owner, d.owner), root_cause = COALESCE(p_root_cause, d.root_cause),
		due_date = COALESCE(p_due_date, d.due_date), ended_on = CASE WHEN p_state IN ('rejected', 'settled', 'moved') THEN today END
	WHERE d.customer_id = p_customer_id AND d.dispute_id = p_dispute_id RETURNING d.* INTO moved;
	INSERT INTO dispute_event (customer_id, dispute_id, state, happened_on, note, owner, root_cause, due_date, amount, credit_request_id, document_id)
	VALUES (p_customer_id, p_dispute_id, p_state, today, p_note, moved.owner, moved.root_cause, moved.due_date, p_amount, p_credit_request_id, p_document_id);
	RETURN moved;
END $$;
COMMENT ON FUNCTION move_dispute(bigint, bigint, text, text, text, text, date, numeric, bigint, bigint) IS 'Brings a dispute that has not ended into a state, and notes it. Behind all that happens to disputes.';

CREATE OR REPLACE FUNCTION investigate_dispute(p_customer_id bigint, p_dispute_id bigint, p_note text, p_owner text DEFAULT NULL,
	p_root_cause text DEFAULT NULL, p_due_date date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_note, format('the investigation of dispute %s of customer %s', p_dispute_id, p_customer_id));
	PERFORM move_dispute(p_customer_id, p_dispute_id, 'investigating', p_note, p_owner, p_root_cause, p_due_date);
END $$;
COMMENT ON FUNCTION investigate_dispute(bigint, bigint, text, text, text, date) IS 'Notes what was found, and who works on the dispute until when. What is left out stays as it was. Also takes an approval back that led to nothing.';

CREATE OR REPLACE FUNCTION reject_dispute(p_customer_id bigint, p_dispute_id bigint, p_reason text, p_root_cause text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_reason, format('the rejection of dispute %s of customer %s', p_dispute_id, p_customer_id));
	PERFORM move_dispute(p_customer_id, p_dispute_id, 'rejected', p_reason, p_root_cause => p_root_cause);
END $$;
COMMENT ON FUNCTION reject_dispute(bigint, bigint, text, text) IS 'The customer is wrong: what it disputed is to be paid, with its due date as it was.';

CREATE OR REPLACE FUNCTION settle_dispute(p_customer_id bigint, p_dispute_id bigint, p_note text, p_root_cause text DEFAULT NULL, p_document_id bigint DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_reason(p_note, format('the settlement of dispute %s of customer %s', p_dispute_id, p_customer_id));
	IF p_document_id IS NOT NULL THEN
		PERFORM read_document(p_customer_id, p_document_id);
	END IF;
	PERFORM move_dispute(p_customer_id, p_dispute_id, 'settled', p_note, p_root_cause => p_root_cause, p_document_id => p_document_id);
END $$;
COMMENT ON FUNCTION settle_dispute(bigint, bigint, text, text, bigint) IS 'Nothing is left to decide: the customer paid after all, or p_document_id put it right. Credits and write-offs of approve_dispute() settle their dispute themselves.';

CREATE OR REPLACE FUNCTION approve_dispute(p_customer_id bigint, p_dispute_id bigint, p_resolution text, p_amount numeric DEFAULT NULL,
	p_note text DEFAULT NULL, p_root_cause text DEFAULT NULL, p_lines jsonb DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	granting dispute;
	debit item;
	granted numeric;
	id bigint;
BEGIN
	IF p_resolution IS NULL OR p_resolution NOT IN ('credit', 'write_off') THEN
		RAISE EXCEPTION 'unknown resolution "%" of a dispute', p_resolution
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Resolutions are credit and write_off; reject_dispute() and settle_dispute() are the others.';
	END IF;
	granting := move_dispute(p_customer_id, p_dispute_id, 'approved', p_note, p_root_cause => p_root_cause);
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = granting.item_id;
	granted := COALESCE(p_amount, LEAST(granting.amount, CASE WHEN p_resolution = 'write_off' THEN debit.open_amount ELSE granting.amount END));
	IF granted <= 0 OR granted > granting.amount THEN
		RAISE EXCEPTION 'dispute % of customer % is not about that much', p_dispute_id, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('Disputed are %s %s, granted %s.', granting.amount, granting.currency, granted);
	END IF;
	IF p_resolution = 'credit' THEN
		id := request_credit(p_customer_id, debit.document_id, granting.reason_code, p_lines, CASE WHEN p_lines IS NULL THEN granted END,
			COALESCE(p_note, granting.description, format('dispute %s', p_dispute_id)), p_dispute_id => p_dispute_id);
		RETURN id;
	END IF;
	id := write_off(p_customer_id, granting.item_id, COALESCE(p_note, format('dispute %s', p_dispute_id)), granted);
	PERFORM move_dispute(p_customer_id, p_dispute_id, 'settled', p_note, p_amount => granted, p_document_id => id);
	RETURN id;
END $$;
COMMENT ON FUNCTION approve_dispute(bigint, bigint, text, numeric, text, text, jsonb) IS 'The customer is right, in whole or by p_amount. p_resolution credit: asks for a credit (p_lines as in request_credit()), whose credit note settles the dispute, and returns the id of the request; write_off: writes the amount off (with its approval where one is required), settles, and returns the id of the write-off.';

-- Whom a moved item's disputes and short payments go to.
CREATE OR REPLACE FUNCTION move_disputes(p_customer_id bigint, p_item_id bigint, p_into_customer_id bigint, p_into_item_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	moving dispute;
	taken bigint;
	moved_deduction bigint;
	id bigint;
BEGIN
	FOR moving IN SELECT * FROM dispute d WHERE d.customer_id = p_customer_id AND d.item_id = p_item_id AND d.ended_on IS NULL ORDER BY d.dispute_id LOOP
		PERFORM move_dispute(p_customer_id, moving.dispute_id, 'moved', format('to customer %s', p_into_customer_id));
		moved_deduction := move_deduction(p_customer_id, moving.deduction_id, p_into_customer_id, p_into_item_id);
		INSERT INTO dispute (customer_id, item_id, amount, currency, reason_code, description, product, salesperson, deduction_id, opened_on, state, owner, root_cause, due_date)
		VALUES (p_into_customer_id, p_into_item_id, moving.amount, moving.currency, moving.reason_code, moving.description, moving.product, moving.salesperson,
			moved_deduction, moving.opened_on, moving.state, moving.owner, moving.root_cause, moving.due_date) RETURNING dispute_id INTO id;
		INSERT INTO dispute_event (customer_id, dispute_id, state, happened_on, note, owner, root_cause, due_date)
		VALUES (p_into_customer_id, id, moving.state, GREATEST(ledger_today(), moving.opened_on),
			format('dispute %s of customer %s', moving.dispute_id, p_customer_id), moving.owner, moving.root_cause, moving.due_date);
		UPDATE deduction d SET dispute_id = id WHERE d.customer_id = p_into_customer_id AND d.deduction_id = moved_deduction;
	END LOOP;
	FOR taken IN SELECT d.deduction_id FROM deduction d WHERE d.customer_id = p_customer_id AND d.item_id = p_item_id AND d.dispute_id IS NULL ORDER BY d.deduction_id LOOP
		PERFORM move_deduction(p_customer_id, taken, p_into_customer_id, p_into_item_id);
	END LOOP;
END $$;
COMMENT ON FUNCTION move_disputes(bigint, bigint, bigint, bigint) IS 'Opens the disputes of an item that moved to another customer there, as they are, and notes its short payments there. Behind merge_customers().';

CREATE OR REPLACE FUNCTION move_deduction(p_customer_id bigint, p_deduction_id bigint, p_into_customer_id bigint, p_into_item_id bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO deduction (customer_id, item_id, cash_match_id, amount, currency, reason_code, taken_on)
	SELECT p_into_customer_id, p_into_item_id, d.cash_match_id, d.amount, d.currency, d.reason_code, d.taken_on
	FROM deduction d WHERE d.customer_id = p_customer_id AND d.deduction_id = p_deduction_id
	RETURNING deduction_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION move_deduction(bigint, bigint, bigint, bigint) IS 'Notes a short payment on the item that its own was moved to. Returns its id there; NULL if there is no such deduction.';

CREATE OR REPLACE VIEW open_disputes AS
SELECT d.customer_id, c.name AS customer_name, d.dispute_id, d.item_id, o.number, d.amount, LEAST(d.amount, GREATEST(i.open_amount, 0)) AS open_amount, d.currency,
	d.reason_code, d.description, d.product, d.salesperson, d.state, d.owner, d.root_cause, d.opened_on, t.today - d.opened_on AS days_open, d.due_date,
	t.today - d.due_date AS days_late, d.deduction_id
FROM dispute d
	JOIN customer c ON c.customer_id = d.customer_id
	JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
	JOIN document o ON o.customer_id = i.customer_id AND o.document_id = i.document_id
	CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t
WHERE d.ended_on IS NULL;
COMMENT ON VIEW open_disputes IS 'Disputes that have not ended.';
COMMENT ON COLUMN open_disputes.customer_id IS 'The debtor.';
COMMENT ON COLUMN open_disputes.customer_name IS 'Its name.';
COMMENT ON COLUMN open_disputes.dispute_id IS 'Key of the dispute, with customer_id.';
COMMENT ON COLUMN open_disputes.item_id IS 'The item disputed.';
COMMENT ON COLUMN open_disputes.number IS 'Number of its document.';
COMMENT ON COLUMN open_disputes.amount IS 'How much of it is disputed.';
COMMENT ON COLUMN open_disputes.open_amount IS 'What of that is open.';
COMMENT ON COLUMN open_disputes.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN open_disputes.reason_code IS 'Why, one of credit_reason.';
COMMENT ON COLUMN open_disputes.description IS 'What the customer says.';
COMMENT ON COLUMN open_disputes.product IS 'Product it is about.';
COMMENT ON COLUMN open_disputes.salesperson IS 'Who sold it.';
COMMENT ON COLUMN open_disputes.state IS 'open, investigating or approved.';
COMMENT ON COLUMN open_disputes.owner IS 'Person who works on it.';
COMMENT ON COLUMN open_disputes.root_cause IS 'What caused it, if known.';
COMMENT ON COLUMN open_disputes.opened_on IS 'Business date.';
COMMENT ON COLUMN open_disputes.days_open IS 'Days since.';
COMMENT ON COLUMN open_disputes.due_date IS 'Day by which it is to be resolved.';
COMMENT ON COLUMN open_disputes.days_late IS 'Days since then; negative: days left.';
COMMENT ON COLUMN open_disputes.deduction_id IS 'The deduction it came from.';

CREATE OR REPLACE VIEW root_cause AS
SELECT date_trunc('month', d.opened_on)::date AS month, d.reason_code, d.root_cause, d.product, d.salesperson, d.currency, count(*) AS disputes, sum(d.amount) AS amount,
	count(*) FILTER (WHERE d.state = 'settled') AS settled, count(*) FILTER (WHERE d.state = 'rejected') AS rejected,
	round(avg(d.ended_on - d.opened_on), 1) AS days_to_resolve
FROM dispute d
WHERE d.state <> 'moved'
GROUP BY 1, 2, 3, 4, 5, 6;
COMMENT ON VIEW root_cause IS 'Disputes by the month they were opened in, reason, root cause, product and salesperson. One that moved to another customer counts there.';
COMMENT ON COLUMN root_cause.month IS 'First day of the month.';
COMMENT ON COLUMN root_cause.reason_code IS 'Why, as the customer says.';
COMMENT ON COLUMN root_cause.root_cause IS 'What caused it; NULL: not known.';
COMMENT ON COLUMN root_cause.product IS 'Product; NULL: none named.';
COMMENT ON COLUMN root_cause.salesperson IS 'Who sold it; NULL: not known.';
COMMENT ON COLUMN root_cause.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN root_cause.disputes IS 'How many.';
COMMENT ON COLUMN root_cause.amount IS 'What they come to.';
COMMENT ON COLUMN root_cause.settled IS 'Settled.';
COMMENT ON COLUMN root_cause.rejected IS 'Rejected.';
COMMENT ON COLUMN root_cause.days_to_resolve IS 'Days until they ended, on average of those that have; NULL: none has.';

CREATE OR REPLACE VIEW dispute_metrics AS
SELECT d.customer_id, c.name AS customer_name, d.currency, count(*) FILTER (WHERE d.ended_on IS NULL) AS open_disputes,
	COALESCE(sum(d.amount) FILTER (WHERE d.ended_on IS NULL), 0) AS open_amount, count(*) FILTER (WHERE d.ended_on IS NULL AND d.due_date < t.today) AS late,
	count(*) FILTER (WHERE d.state = 'settled') AS settled, count(*) FILTER (WHERE d.state = 'rejected') AS rejected,
	round(avg(d.ended_on - d.opened_on), 1) AS days_to_resolve,
	round(100.0 * count(*) FILTER (WHERE d.state = 'settled') / NULLIF(count(*) FILTER (WHERE d.ended_on IS NOT NULL), 0), 1) AS settled_percent
FROM dispute d
	JOIN customer c ON c.customer_id = d.customer_id
	CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t
WHERE d.state <> 'moved'
GROUP BY d.customer_id, c.name, d.currency;
COMMENT ON VIEW dispute_metrics IS 'Disputes per customer and currency: how many, how much, how long.';
COMMENT ON COLUMN dispute_metrics.customer_id IS 'The debtor.';
COMMENT ON COLUMN dispute_metrics.customer_name IS 'Its name.';
COMMENT ON COLUMN dispute_metrics.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN dispute_metrics.open_disputes IS 'Not ended.';
COMMENT ON COLUMN dispute_metrics.open_amount IS 'What these are about.';
COMMENT ON COLUMN dispute_metrics.late IS 'Of these, past their due date.';
COMMENT ON COLUMN dispute_metrics.settled IS 'Settled.';
COMMENT ON COLUMN dispute_metrics.rejected IS 'Rejected.';
COMMENT ON COLUMN dispute_metrics.days_to_resolve IS 'Days until they ended, on average of those that have.';
COMMENT ON COLUMN dispute_metrics.settled_percent IS 'Settled, in percent of those that have ended.';
