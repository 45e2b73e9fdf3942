-- Cores: owed back with the parts sold, taken back, or given up.

ALTER TABLE core_deposit ALTER actor SET DEFAULT actor();
ALTER TABLE core_return ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER core_deposit_append_only BEFORE UPDATE OR DELETE ON core_deposit
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Take the core back with receive_core().');
CREATE OR REPLACE TRIGGER core_deposit_no_truncate BEFORE TRUNCATE ON core_deposit
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Take the core back with receive_core().');
CREATE OR REPLACE TRIGGER core_return_append_only BEFORE UPDATE OR DELETE ON core_return
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Void its document with void_document().');
CREATE OR REPLACE TRIGGER core_return_no_truncate BEFORE TRUNCATE ON core_return
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Void its document with void_document().');

CREATE OR REPLACE VIEW core_bank AS
SELECT b.customer_id, c.name AS customer_name, b.core_deposit_id, b.product, b.quantity, r.returned, r.forfeited, b.quantity - r.returned - r.forfeited AS outstanding,
	b.unit_deposit, (b.quantity - r.returned - r.forfeited) * b.unit_deposit AS outstanding_amount, b.currency, b.charged, b.sold_on, b.due_on,
	(statement_timestamp() AT TIME ZONE l.time_zone)::date - b.due_on AS days_late
FROM core_deposit b
	JOIN customer c ON c.customer_id = b.customer_id
	CROSS JOIN ledger_info l
	CROSS JOIN LATERAL (SELECT COALESCE(sum(v.quantity) FILTER (WHERE v.grade IS NOT NULL), 0) AS returned,
			COALESCE(sum(v.quantity) FILTER (WHERE v.grade IS NULL), 0) AS forfeited
		FROM core_return v WHERE v.customer_id = b.customer_id AND v.core_deposit_id = b.core_deposit_id) r;
COMMENT ON VIEW core_bank IS 'Cores per customer and part: owed back, returned, forfeited.';
COMMENT ON COLUMN core_bank.customer_id IS 'The debtor.';
COMMENT ON COLUMN core_bank.customer_name IS 'Its name.';
COMMENT ON COLUMN core_bank.core_deposit_id IS 'Key of the deposit, with customer_id.';
COMMENT ON COLUMN core_bank.product IS 'The part.';
COMMENT ON COLUMN core_bank.quantity IS 'How many were sold.';
COMMENT ON COLUMN core_bank.returned IS 'How many came back, in whatever condition.';
COMMENT ON COLUMN core_bank.forfeited IS 'How many did not come back in time.';
COMMENT ON COLUMN core_bank.outstanding IS 'How many are owed.';
COMMENT ON COLUMN core_bank.unit_deposit IS 'Deposit for one.';
COMMENT ON COLUMN core_bank.outstanding_amount IS 'Deposit for those owed.';
COMMENT ON COLUMN core_bank.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN core_bank.charged IS 'The deposit is charged already.';
COMMENT ON COLUMN core_bank.sold_on IS 'Business date.';
COMMENT ON COLUMN core_bank.due_on IS 'Last day on which they are taken back.';
COMMENT ON COLUMN core_bank.days_late IS 'Days since then; zero or negative: there is still time.';

CREATE OR REPLACE FUNCTION add_core(p_customer_id bigint, p_product text, p_quantity numeric, p_unit_deposit numeric, p_days integer DEFAULT 30,
	p_document_id bigint DEFAULT NULL, p_charged boolean DEFAULT true, p_number text DEFAULT NULL, p_sold_on date DEFAULT NULL, p_currency text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	sold date;
	total numeric;
	charge bigint := p_document_id;
	id bigint;
BEGIN
	PERFORM lock_customer(p_customer_id);
	IF p_document_id IS NOT NULL THEN
		original := credited_document(p_customer_id, p_document_id);
		used_currency := original.currency;
	END IF;
	sold := COALESCE(p_sold_on, original.doc_date, ledger_today());
	IF COALESCE(p_product, '') = '' OR COALESCE(p_quantity <= 0 OR p_unit_deposit <= 0 OR p_quantity IN ('NaN', 'Infinity') OR p_unit_deposit IN ('NaN', 'Infinity')
			OR p_unit_deposit <> round(p_unit_deposit, credit.minor_unit(used_currency)) OR p_days NOT BETWEEN 0 AND 36600 OR NOT isfinite(sold), true)
		OR p_charged IS NULL OR p_currency <> used_currency THEN
		RAISE EXCEPTION 'a core of customer % needs a part, a quantity, a deposit, its currency, days and a calendar date', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s, %s, %s %s, %s and %s.', COALESCE(left(p_product, 100), 'null'), COALESCE(p_quantity::text, 'null'),
				COALESCE(p_unit_deposit::text, 'null'), used_currency, COALESCE(p_days::text, 'null'), sold);
	END IF;
	total := round(p_quantity * p_unit_deposit, credit.minor_unit(used_currency));
	IF p_charged AND p_document_id IS NULL THEN
		charge := enter_document('core_charge', p_customer_id, p_number, sold, total, p_currency => used_currency,
			p_due_date => CASE WHEN (SELECT c.terms FROM customer c WHERE c.customer_id = p_customer_id) IS NULL THEN sold + p_days END, p_reason => p_product);
	ELSIF p_charged AND total > original.amount - COALESCE((SELECT sum(b.quantity * b.unit_deposit) FROM core_deposit b
			WHERE b.customer_id = p_customer_id AND b.document_id = p_document_id AND b.charged), 0) THEN
		RAISE EXCEPTION '% % of customer % has not charged that deposit', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('It is of %s %s, the deposit is %s.', original.amount, used_currency, total);
	END IF;
	INSERT INTO core_deposit (customer_id, product, quantity, unit_deposit, currency, document_id, charged, sold_on, due_on)
	VALUES (p_customer_id, p_product, p_quantity, p_unit_deposit, used_currency, charge, p_charged, sold, sold + p_days)
	RETURNING core_deposit_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_core(bigint, text, numeric, numeric, integer, bigint, boolean, text, date, text) IS 'A part was sold whose core is owed back within p_days (default 30) of p_sold_on (default the invoice''s date). p_charged: the deposit is charged, by the document named, or else by a core_charge numbered p_number posted now; false: it is charged only if the core does not come back. Returns the id of the deposit.';

-- The end of so many cores: what the customer is credited, or is to pay.
CREATE OR REPLACE FUNCTION end_core(p_customer_id bigint, p_core_deposit_id bigint, p_quantity numeric, p_grade text, p_percent numeric, p_on date)
RETURNS numeric LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	deposit core_deposit;
	original document;
	minor integer;
	credited numeric;
	posted numeric;
	dated date;
	id bigint;
BEGIN
	SELECT * INTO deposit FROM core_deposit b WHERE b.customer_id = p_customer_id AND b.core_deposit_id = p_core_deposit_id;
	minor := credit.minor_unit(deposit.currency);
	credited := round(p_quantity * deposit.unit_deposit * p_percent / 100, minor);
	posted := CASE WHEN deposit.charged THEN credited ELSE round(p_quantity * deposit.unit_deposit, minor) - credited END;
	IF deposit.document_id IS NOT NULL THEN
		original := read_document(p_customer_id, deposit.document_id);
	END IF;
	dated := GREATEST(p_on, original.posting_date);
	IF posted > 0 AND deposit.charged THEN
		-- The grades say what is credited: that is its approval.
		PERFORM require_creditable(p_customer_id, deposit.document_id, posted);
		id := enter_document('credit_note', p_customer_id, number_after(original, 'credit_note', 'core credit', dated), dated, posted, p_currency => deposit.currency,
			p_reference => original.number, p_fx_rate => original.fx_rate, p_source_document_id => original.document_id, p_reason => 'core');
		PERFORM give_back_discounts(p_customer_id, original.document_id, id);
		PERFORM apply_named(p_customer_id, id);
	ELSIF posted > 0 THEN
		original.number := format('core deposit %s', p_core_deposit_id);
		original.customer_id := p_customer_id;
		id := enter_document('core_charge', p_customer_id, number_after(original, 'core_charge', 'charge', dated), dated, posted,
			p_due_date => CASE WHEN (SELECT c.terms FROM customer c WHERE c.customer_id = p_customer_id) IS NULL THEN dated END, p_currency => deposit.currency,
			p_reason => deposit.product, p_source_document_id => deposit.document_id);
	END IF;
	INSERT INTO core_return (customer_id, core_deposit_id, quantity, grade, credit_percent, returned_on, document_id)
	VALUES (p_customer_id, p_core_deposit_id, p_quantity, p_grade, p_percent, p_on, id);
	RETURN credited;
END $$;
COMMENT ON FUNCTION end_core(bigint, bigint, numeric, text, numeric, date) IS 'Notes that cores came back or did not, under the customer''s lock, and posts the credit note or the core_charge. Returns what the customer is spared of the deposit.';

CREATE OR REPLACE FUNCTION receive_core(p_customer_id bigint, p_core_deposit_id bigint, p_quantity numeric DEFAULT NULL, p_grade text DEFAULT 'accepted',
	p_returned_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	bank core_bank;
	came date := COALESCE(p_returned_on, ledger_today());
	percent numeric;
	quantity numeric;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO bank FROM core_bank b WHERE b.customer_id = p_customer_id AND b.core_deposit_id = p_core_deposit_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no core deposit %', p_customer_id, p_core_deposit_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View core_bank shows them.';
	END IF;
	SELECT g.credit_percent INTO percent FROM core_grade g WHERE g.grade = p_grade;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no grade "%" of cores', p_grade USING ERRCODE = 'foreign_key_violation', HINT = 'Table core_grade lists them.';
	END IF;
	IF NOT isfinite(came) OR came < bank.sold_on THEN
		RAISE EXCEPTION 'core % of customer % cannot have come back on %', p_core_deposit_id, p_customer_id, came
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It was sold on %s.', bank.sold_on);
	END IF;
	quantity := COALESCE(p_quantity, bank.outstanding);
	IF quantity > bank.outstanding OR bank.outstanding = 0 THEN
		RAISE EXCEPTION 'core % of customer % is not owed any more, or not that many', p_core_deposit_id, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('Of %s, %s came back and %s are forfeited; returned are %s.', bank.quantity, bank.returned, bank.forfeited, quantity);
	END IF;
	PERFORM require_quantity(quantity, bank.quantity, bank.outstanding, format('core %s of customer %s', p_core_deposit_id, p_customer_id), 1);
	RETURN end_core(p_customer_id, p_core_deposit_id, quantity, p_grade, CASE WHEN came > bank.due_on THEN 0 ELSE percent END, came);
END $$;
COMMENT ON FUNCTION receive_core(bigint, bigint, numeric, text, date) IS 'Cores came back: p_quantity (default all that are owed) in the condition p_grade. Within the time the deposit is credited as far as the grade says, or charged as far as it does not if it was not charged before; after it nothing is credited. Returns what is credited.';

CREATE OR REPLACE FUNCTION charge_unreturned_cores(p_as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, core_deposit_id bigint, product text, quantity numeric, amount numeric, currency text, document_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := COALESCE(p_as_of, ledger_today());
	late record;
BEGIN
	IF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'cores are charged as of a calendar date' USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', as_of);
	END IF;
	-- Customers in id order, as everywhere.
	FOR late IN
		SELECT b.customer_id, b.core_deposit_id, b.product, b.unit_deposit, b.currency FROM core_deposit b
		WHERE b.due_on < as_of AND b.quantity > COALESCE((SELECT sum(r.quantity) FROM core_return r
			WHERE r.customer_id = b.customer_id AND r.core_deposit_id = b.core_deposit_id), 0)
		ORDER BY b.customer_id, b.core_deposit_id
	LOOP
		PERFORM lock_customer(late.customer_id);
		-- What came back while this waited is not charged.
		SELECT k.outstanding INTO quantity FROM core_bank k WHERE k.customer_id = late.customer_id AND k.core_deposit_id = late.core_deposit_id;
		CONTINUE WHEN quantity <= 0;
		PERFORM end_core(late.customer_id, late.core_deposit_id, quantity, NULL, 0, as_of);
		customer_id := late.customer_id; core_deposit_id := late.core_deposit_id; product := late.product; currency := late.currency;
		amount := round(quantity * late.unit_deposit, credit.minor_unit(late.currency));
		SELECT r.document_id INTO document_id FROM core_return r WHERE r.customer_id = late.customer_id AND r.core_deposit_id = late.core_deposit_id
		ORDER BY r.core_return_id DESC LIMIT 1;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION charge_unreturned_cores(date) IS 'Ends the time of all cores that were due before p_as_of (default today) and did not come back: deposits charged before are forfeited, those not charged are charged by a core_charge (document_id). Each core once, however often it is called. Returns one row per deposit.';
