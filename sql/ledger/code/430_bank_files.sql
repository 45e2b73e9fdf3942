-- Loading what banks and payers send: files become rows of bank_receipt and remittance.
--
-- A line has a key: account, statement and place in it; an advice: sender and trace.  What is known already changes
-- nothing, so a file may be loaded again, also one that was loaded in part.  Another content under a known key means
-- that the bank sent two different files under one number: the whole file is refused, and a person looks.

CREATE OR REPLACE FUNCTION stage_receipt(p_receipt bank_receipt)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	known bank_receipt;
	id bigint;
BEGIN
	p_receipt.digest := sha256(convert_to((to_jsonb(p_receipt)
		- ARRAY['bank_receipt_id', 'account', 'statement_id', 'sequence', 'duplicate_of', 'digest', 'loaded_at', 'loaded_by'])::text, 'UTF8'));
	IF NOT EXISTS (SELECT FROM bank_receipt b
			WHERE b.account = p_receipt.account AND b.statement_id = p_receipt.statement_id AND b.sequence = p_receipt.sequence) THEN
		INSERT INTO bank_receipt (source, account, statement_id, sequence, booking_date, value_date, amount, currency, credit_debit, reversal, payer_name,
			payer_account, document_references, remittance_text, bank_reference, end_to_end_id, return_reason, customer_id, duplicate_of, digest)
		SELECT p_receipt.source, p_receipt.account, p_receipt.statement_id, p_receipt.sequence, p_receipt.booking_date, p_receipt.value_date,
			p_receipt.amount, p_receipt.currency, p_receipt.credit_debit, p_receipt.reversal, p_receipt.payer_name, p_receipt.payer_account,
			p_receipt.document_references, p_receipt.remittance_text, p_receipt.bank_reference, p_receipt.end_to_end_id, p_receipt.return_reason,
			p_receipt.customer_id,
			-- Another account servicer's reference is another payment; the same one is the same money, told twice.
			(SELECT min(b.bank_receipt_id) FROM bank_receipt b WHERE b.account = p_receipt.account AND b.bank_reference = p_receipt.bank_reference
				AND b.statement_id <> p_receipt.statement_id AND b.duplicate_of IS NULL AND b.credit_debit = p_receipt.credit_debit
				AND b.booking_date = p_receipt.booking_date AND b.amount = p_receipt.amount AND b.currency = p_receipt.currency),
			p_receipt.digest
		ON CONFLICT (account, statement_id, sequence) DO NOTHING RETURNING bank_receipt_id INTO id;
	END IF;
	IF id IS NULL THEN
		SELECT * INTO known FROM bank_receipt b
		WHERE b.account = p_receipt.account AND b.statement_id = p_receipt.statement_id AND b.sequence = p_receipt.sequence;
		IF known.digest <> p_receipt.digest THEN
			RAISE EXCEPTION 'line % of statement % of account % was loaded with another content', p_receipt.sequence, p_receipt.statement_id, p_receipt.account
				USING ERRCODE = 'RC009', DETAIL = format('It was %s %s of %s, and is now %s %s of %s.', known.amount, known.currency, known.booking_date,
					p_receipt.amount, p_receipt.currency, p_receipt.booking_date),
					HINT = 'Nothing of the file was loaded. Ask the bank which one is right.';
		END IF;
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION stage_receipt(bank_receipt) IS 'Enters a line of a bank statement and returns its id; NULL if it is known. RC009 if another content is under its key. Behind the load_ functions.';

CREATE OR REPLACE FUNCTION stage_remittance(p_remittance remittance, p_lines jsonb)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	p_remittance.digest := sha256(convert_to(jsonb_build_array(p_remittance.source, p_remittance.paid_on, p_remittance.amount, p_remittance.currency,
		p_lines)::text, 'UTF8'));
	INSERT INTO remittance (source, sender, trace, bank_receipt_id, paid_on, amount, currency, digest)
	VALUES (p_remittance.source, p_remittance.sender, p_remittance.trace, p_remittance.bank_receipt_id, p_remittance.paid_on, p_remittance.amount,
		p_remittance.currency, p_remittance.digest)
	ON CONFLICT (sender, trace) DO NOTHING RETURNING remittance_id INTO id;
	IF id IS NOT NULL THEN
		INSERT INTO remittance_line (remittance_id, line_no, reference, amount_paid, discount, deduction, deduction_reason)
		SELECT id, l.no, l.line ->> 'reference', (l.line ->> 'amount_paid')::numeric, COALESCE((l.line ->> 'discount')::numeric, 0),
			COALESCE((l.line ->> 'deduction')::numeric, 0), l.line ->> 'deduction_reason'
		FROM jsonb_array_elements(p_lines) WITH ORDINALITY l (line, no);
	ELSIF (SELECT r.digest FROM remittance r WHERE r.sender = p_remittance.sender AND r.trace = p_remittance.trace) <> p_remittance.digest THEN
		RAISE EXCEPTION 'remittance % of % was loaded with another content', p_remittance.trace, p_remittance.sender
			USING ERRCODE = 'RC009', HINT = 'Nothing of the file was loaded. Ask the payer which one is right.';
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION stage_remittance(remittance, jsonb) IS 'Enters a remittance advice with its lines and returns its id; NULL if it is known. RC009 if another content is under its key. Behind the load_ functions.';

CREATE OR REPLACE FUNCTION require_file(p_data text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_data IS NULL THEN
		RAISE EXCEPTION 'file to be loaded must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
END $$;
COMMENT ON FUNCTION require_file(text) IS 'Error 22004 unless there is a file.';

CREATE OR REPLACE FUNCTION stage_camt(p_source text, p_lines credit.bank_transaction[], OUT new_receipts integer, OUT known_receipts integer)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	line credit.bank_transaction;
	receipt bank_receipt;
	advice remittance;
	lines jsonb;
	id bigint;
BEGIN
	new_receipts := 0;
	known_receipts := 0;
	FOREACH line IN ARRAY COALESCE(p_lines, '{}') LOOP
		-- What is pending or only told of is no money yet.
		CONTINUE WHEN line.status <> 'BOOK';
		receipt := NULL;
		receipt.source := p_source;
		receipt.account := COALESCE(line.account, '');
		receipt.statement_id := line.statement_id;
		receipt.sequence := concat_ws('.', line.entry_no, line.transaction_no);
		receipt.booking_date := COALESCE(line.booking_date, line.value_date);
		receipt.value_date := line.value_date;
		receipt.amount := COALESCE(line.amount, line.entry_amount);
		receipt.currency := line.currency;
		receipt.credit_debit := line.credit_debit;
		receipt.reversal := COALESCE(line.reversal, false);
		receipt.payer_name := COALESCE(line.ultimate_payer_name, line.payer_name);
		receipt.payer_account := line.payer_account;
		-- A creditor reference whose check digits are wrong was misread by somebody: it is no evidence.
		receipt.document_references := ARRAY(
			SELECT r.reference FROM unnest(line.creditor_references, line.creditor_references_valid) r (reference, valid) WHERE r.valid IS NOT false
			UNION ALL SELECT d.document ->> 'number' FROM jsonb_array_elements(line.documents) d (document) WHERE d.document ? 'number');
		receipt.remittance_text := NULLIF(concat_ws(' ', line.remittance_text, line.end_to_end_id), '');
		receipt.bank_reference := line.bank_reference;
		receipt.end_to_end_id := line.end_to_end_id;
		receipt.return_reason := line.return_reason;
		id := stage_receipt(receipt);
		IF id IS NULL THEN
			known_receipts := known_receipts + 1;
			CONTINUE;
		END IF;
		new_receipts := new_receipts + 1;
		-- The documents are an advice where they make up the payment.
		SELECT jsonb_agg(jsonb_build_object('reference', d.document ->> 'number', 'amount_paid', d.document -> 'remitted',
			'discount', d.document -> 'discount')) INTO lines
		FROM jsonb_array_elements(line.documents) d (document)
		HAVING sum((d.document ->> 'remitted')::numeric) = receipt.amount AND bool_and(d.document ? 'number' AND d.document ? 'remitted');
		IF lines IS NOT NULL THEN
			advice := NULL;
			advice.source := p_source;
			advice.sender := receipt.account;
			advice.trace := concat_ws(' ', receipt.statement_id, receipt.sequence);
			advice.bank_receipt_id := id;
			advice.paid_on := receipt.booking_date;
			advice.amount := receipt.amount;
			advice.currency := receipt.currency;
			PERFORM stage_remittance(advice, lines);
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION stage_camt(text, credit.bank_transaction[]) IS 'Enters the transactions of a camt file. Behind load_camt053() and load_camt054().';

CREATE OR REPLACE FUNCTION load_camt053(p_document text, OUT new_receipts integer, OUT known_receipts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_file(p_document);
	SELECT s.* INTO new_receipts, known_receipts
	FROM stage_camt('camt.053', ARRAY(SELECT t FROM credit.read_camt053(p_document) t)) s;
END $$;
COMMENT ON FUNCTION load_camt053(text) IS 'Loads a bank statement (camt.053): its booked transactions become receipts. Returns how many are new and how many were known.';

CREATE OR REPLACE FUNCTION load_camt054(p_document text, OUT new_receipts integer, OUT known_receipts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_file(p_document);
	SELECT s.* INTO new_receipts, known_receipts
	FROM stage_camt('camt.054', ARRAY(SELECT t FROM credit.read_camt054(p_document) t)) s;
END $$;
COMMENT ON FUNCTION load_camt054(text) IS 'Loads a notification of the bank (camt.054). The same money in a statement afterwards is noted as its duplicate. Returns how many receipts are new and how many were known.';

CREATE OR REPLACE FUNCTION load_bai2(p_data text, OUT new_receipts integer, OUT known_receipts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	line record;
	receipt bank_receipt;
BEGIN
	PERFORM require_file(p_data);
	new_receipts := 0;
	known_receipts := 0;
	FOR line IN SELECT * FROM credit.read_bai2(p_data) b WHERE b.level = 'detail' LOOP
		receipt := NULL;
		receipt.source := 'bai2';
		receipt.account := line.account;
		receipt.statement_id := concat_ws('/', line.sender, line.created_on, line.file_id);
		receipt.sequence := line.line_no::text;
		receipt.booking_date := line.as_of;
		receipt.value_date := line.value_date;
		receipt.amount := abs(line.amount);
		receipt.currency := COALESCE(line.currency, (SELECT l.base_currency FROM ledger_info l));
		receipt.credit_debit := line.credit_debit;
		receipt.reversal := false;
		receipt.document_references := CASE WHEN line.customer_reference IS NULL THEN '{}' ELSE ARRAY[line.customer_reference] END;
		receipt.remittance_text := line.remittance_text;
		receipt.bank_reference := line.bank_reference;
		-- Items and ACH payments that came back; the text says why, if anything does.
		receipt.return_reason := CASE WHEN line.type_code IN ('555', '557') THEN COALESCE(line.remittance_text, 'returned') END;
		IF stage_receipt(receipt) IS NULL THEN
			known_receipts := known_receipts + 1;
		ELSE
			new_receipts := new_receipts + 1;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION load_bai2(text) IS 'Loads a BAI2 file: its transactions become receipts; balances and totals are verified by credit.read_bai2(). Returns how many are new and how many were known.';

CREATE OR REPLACE FUNCTION load_x12_820(p_data text, OUT new_remittances integer, OUT known_remittances integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	advice remittance;
	payment record;
BEGIN
	PERFORM require_file(p_data);
	new_remittances := 0;
	known_remittances := 0;
	FOR payment IN
		SELECT x.sender, x.interchange_control, x.set_control, x.trace, x.payment_amount, x.currency, x.payment_date,
			jsonb_agg(jsonb_build_object('reference', CASE WHEN x.line_kind = 'remittance' THEN x.reference END,
				'amount_paid', x.payment_part, 'discount', x.discount,
				-- What an adjustment inside a document takes off its amount paid is not in the payment any more.
				'deduction', CASE WHEN x.line_kind = 'remittance' THEN a.taken END,
				'deduction_reason', COALESCE(x.adjustment_reason, a.reason)) ORDER BY x.line_no) AS lines
		FROM credit.read_x12_820(p_data) x
			LEFT JOIN LATERAL (SELECT -sum(y.adjustment_amount) AS taken, min(y.adjustment_reason) AS reason FROM credit.read_x12_820(p_data) y
				WHERE x.line_kind = 'remittance' AND y.line_kind = 'adjustment' AND y.set_control = x.set_control
					AND y.interchange_control = x.interchange_control
					AND y.line_no > x.line_no AND NOT EXISTS (SELECT FROM credit.read_x12_820(p_data) z
						WHERE z.line_kind <> 'adjustment' AND z.set_control = x.set_control AND z.interchange_control = x.interchange_control
							AND z.line_no > x.line_no AND z.line_no < y.line_no)) a ON true
		WHERE x.line_kind <> 'adjustment' AND x.credit_debit IS DISTINCT FROM 'debit'
		GROUP BY x.sender, x.interchange_control, x.set_control, x.trace, x.payment_amount, x.currency, x.payment_date
		ORDER BY x.interchange_control, x.set_control
	LOOP
		advice := NULL;
		advice.source := 'x12_820';
		advice.sender := payment.sender;
		advice.trace := COALESCE(payment.trace, concat_ws('/', payment.interchange_control, payment.set_control));
		advice.paid_on := payment.payment_date;
		advice.amount := payment.payment_amount;
		advice.currency := COALESCE(payment.currency, (SELECT l.base_currency FROM ledger_info l));
		IF stage_remittance(advice, payment.lines) IS NULL THEN
			known_remittances := known_remittances + 1;
		ELSE
			new_remittances := new_remittances + 1;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION load_x12_820(text) IS 'Loads X12 820 remittance advice, one for each payment. Returns how many are new and how many were known.';

CREATE OR REPLACE FUNCTION load_remittance_csv(p_sender text, p_trace text, p_data text, p_total numeric DEFAULT NULL, p_currency text DEFAULT NULL,
	p_delimiter text DEFAULT NULL, p_decimal_mark text DEFAULT '.', p_paid_on date DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	advice remittance;
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	currencies text[];
	lines jsonb;
BEGIN
	PERFORM require_file(p_data);
	IF p_sender IS NULL OR p_trace IS NULL THEN
		RAISE EXCEPTION 'sender and trace of a remittance must not be null' USING ERRCODE = 'null_value_not_allowed',
			HINT = 'They tell it from others, so that it is loaded once.';
	END IF;
	SELECT jsonb_agg(jsonb_build_object('reference', r.reference, 'amount_paid', r.amount_paid, 'discount', r.discount, 'deduction', r.deduction,
			'deduction_reason', r.deduction_reason) ORDER BY r.line_no), array_agg(DISTINCT r.currency), COALESCE(sum(r.amount_paid), 0)
	INTO lines, currencies, advice.amount
	FROM credit.read_remittance_csv(p_data, p_delimiter, p_decimal_mark, used_currency, p_total) r;
	IF cardinality(currencies) > 1 THEN
		RAISE EXCEPTION 'remittance % of % is in several currencies', p_trace, p_sender USING ERRCODE = 'RC006',
			DETAIL = format('They are %s.', array_to_string(currencies, ', ')), HINT = 'Load each currency under a trace of its own.';
	END IF;
	advice.source := 'csv';
	advice.sender := p_sender;
	advice.trace := p_trace;
	advice.paid_on := p_paid_on;
	advice.currency := COALESCE(currencies[1], used_currency);
	RETURN stage_remittance(advice, COALESCE(lines, '[]')) IS NOT NULL;
END $$;
COMMENT ON FUNCTION load_remittance_csv(text, text, text, numeric, text, text, text, date) IS 'Loads remittance advice in CSV (see credit.read_remittance_csv). p_sender and p_trace: who sent it and the number of the payment, as the bank line will name it. p_total: what the lines must add up to. Returns whether it is new.';

CREATE OR REPLACE FUNCTION add_receipt(p_account text, p_statement_id text, p_sequence text, p_booking_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_customer_id bigint DEFAULT NULL, p_payer_name text DEFAULT NULL, p_payer_account text DEFAULT NULL,
	p_remittance_text text DEFAULT NULL, p_value_date date DEFAULT NULL, p_bank_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	receipt bank_receipt;
BEGIN
	receipt.source := 'manual';
	receipt.account := p_account;
	receipt.statement_id := p_statement_id;
	receipt.sequence := p_sequence;
	receipt.booking_date := p_booking_date;
	receipt.value_date := p_value_date;
	receipt.currency := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	IF p_account IS NULL OR p_statement_id IS NULL OR p_sequence IS NULL OR p_booking_date IS NULL OR p_amount IS NULL THEN
		RAISE EXCEPTION 'account, statement, sequence, booking date and amount of a receipt must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF p_amount < 0 OR p_amount >= 1e18 OR p_amount = 'NaN' OR p_amount <> round(p_amount, credit.minor_unit(receipt.currency)) THEN
		RAISE EXCEPTION 'amount of line % of statement % is impossible', p_sequence, p_statement_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s %s.', p_amount, receipt.currency),
				HINT = 'Money that goes out is not entered here.';
	END IF;
	receipt.amount := round(p_amount, credit.minor_unit(receipt.currency));
	receipt.credit_debit := 'credit';
	receipt.reversal := false;
	receipt.payer_name := p_payer_name;
	receipt.payer_account := p_payer_account;
	receipt.document_references := '{}';
	receipt.remittance_text := p_remittance_text;
	receipt.bank_reference := p_bank_reference;
	receipt.customer_id := p_customer_id;
	RETURN COALESCE(stage_receipt(receipt), (SELECT b.bank_receipt_id FROM bank_receipt b
		WHERE b.account = p_account AND b.statement_id = p_statement_id AND b.sequence = p_sequence));
END $$;
COMMENT ON FUNCTION add_receipt(text, text, text, date, numeric, text, bigint, text, text, text, date, text) IS 'Enters one receipt, as from a check or a bank without files, and returns its id; the same again returns the same id. p_customer_id: who pays, where that is known.';
