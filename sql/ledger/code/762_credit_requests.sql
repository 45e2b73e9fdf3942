-- Credits: asked for, validated against what was billed, approved, issued.
--
-- What is asked for counts as credited until it is rejected or expires, and everything that credits a document holds its
-- customer's lock: so no line is credited twice, whoever asks at the same time.

ALTER TABLE credit_request ALTER actor SET DEFAULT actor();
ALTER TABLE credit_issue ALTER issued_by SET DEFAULT actor();
CREATE OR REPLACE TRIGGER credit_request_append_only BEFORE UPDATE OR DELETE ON credit_request
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Change it with change_credit(), or reject its approval.');
CREATE OR REPLACE TRIGGER credit_request_no_truncate BEFORE TRUNCATE ON credit_request
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Change it with change_credit(), or reject its approval.');
CREATE OR REPLACE TRIGGER credit_request_line_append_only BEFORE UPDATE OR DELETE ON credit_request_line
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Change it with change_credit(), or reject its approval.');
CREATE OR REPLACE TRIGGER credit_request_line_no_truncate BEFORE TRUNCATE ON credit_request_line
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Change it with change_credit(), or reject its approval.');
CREATE OR REPLACE TRIGGER credit_issue_append_only BEFORE UPDATE OR DELETE ON credit_issue
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Void the credit note with void_document().');
CREATE OR REPLACE TRIGGER credit_issue_no_truncate BEFORE TRUNCATE ON credit_issue
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Void the credit note with void_document().');

CREATE OR REPLACE VIEW credit_requests AS
SELECT r.customer_id, c.name AS customer_name, r.credit_request_id, r.document_id, d.number, r.reason_code, r.description, r.amount, r.currency,
	CASE WHEN v.document_id IS NOT NULL THEN 'voided' WHEN s.document_id IS NOT NULL THEN 'issued'
		WHEN EXISTS (SELECT FROM approval_vote o WHERE o.customer_id = r.customer_id AND o.approval_id = r.approval_id AND NOT o.approves) THEN 'rejected'
		WHEN a.expires_on < (statement_timestamp() AT TIME ZONE l.time_zone)::date THEN 'expired' ELSE 'pending' END AS status,
	r.return_authorization_id, r.dispute_id, r.approval_id, r.actor AS requested_by, r.recorded_at AS requested_at, a.expires_on,
	s.document_id AS credit_note_id, s.issued_by, s.issued_at, r.replaces
FROM credit_request r
	JOIN customer c ON c.customer_id = r.customer_id
	JOIN approval a ON a.customer_id = r.customer_id AND a.approval_id = r.approval_id
	CROSS JOIN ledger_info l
	LEFT JOIN document d ON d.customer_id = r.customer_id AND d.document_id = r.document_id
	LEFT JOIN credit_issue s ON s.customer_id = r.customer_id AND s.credit_request_id = r.credit_request_id
	LEFT JOIN document v ON v.customer_id = s.customer_id AND v.reverses = s.document_id;
COMMENT ON VIEW credit_requests IS 'Credits asked for, and what became of them.';
COMMENT ON COLUMN credit_requests.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_requests.customer_name IS 'Its name.';
COMMENT ON COLUMN credit_requests.credit_request_id IS 'Key of the request, with customer_id.';
COMMENT ON COLUMN credit_requests.document_id IS 'The document credited; NULL: the credit stands alone.';
COMMENT ON COLUMN credit_requests.number IS 'Its number.';
COMMENT ON COLUMN credit_requests.reason_code IS 'Why, one of credit_reason.';
COMMENT ON COLUMN credit_requests.description IS 'Why, in words.';
COMMENT ON COLUMN credit_requests.amount IS 'What is to be credited, with tax.';
COMMENT ON COLUMN credit_requests.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN credit_requests.status IS 'pending (to be approved or issued), issued, voided (the credit note was), rejected or expired. What is pending or issued counts as credited.';
COMMENT ON COLUMN credit_requests.return_authorization_id IS 'The return it is for.';
COMMENT ON COLUMN credit_requests.dispute_id IS 'The dispute it settles.';
COMMENT ON COLUMN credit_requests.approval_id IS 'The request for approval: what approve() and reject() take.';
COMMENT ON COLUMN credit_requests.requested_by IS 'Person who asks.';
COMMENT ON COLUMN credit_requests.requested_at IS 'Record time.';
COMMENT ON COLUMN credit_requests.expires_on IS 'Last day on which it can be approved and issued.';
COMMENT ON COLUMN credit_requests.credit_note_id IS 'The credit note.';
COMMENT ON COLUMN credit_requests.issued_by IS 'Person who issued it.';
COMMENT ON COLUMN credit_requests.issued_at IS 'When it was issued.';
COMMENT ON COLUMN credit_requests.replaces IS 'The request it was changed from.';

-- What was charged back is a part of the invoice it came from: both are credited as one.
CREATE OR REPLACE FUNCTION credited_document(p_customer_id bigint, p_document_id bigint)
RETURNS document LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	original document := read_document(p_customer_id, p_document_id);
	source document;
BEGIN
	IF original.kind = 'adjustment' AND original.source_document_id IS NOT NULL THEN
		source := read_document(p_customer_id, original.source_document_id);
		IF source.side = 'debit' AND original.side = 'debit' THEN
			original := source;
		END IF;
	END IF;
	IF original.side <> 'debit' OR original.kind = 'refund' OR original.reverses IS NOT NULL
		OR EXISTS (SELECT FROM document r WHERE r.customer_id = p_customer_id AND r.reverses = original.document_id) THEN
		RAISE EXCEPTION '% % of customer % cannot be credited', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = CASE WHEN original.side <> 'debit' THEN 'It is in the customer''s favour.'
				WHEN original.kind = 'refund' OR original.reverses IS NOT NULL THEN 'It undoes another document.' ELSE 'It was voided.' END;
	END IF;
	RETURN original;
END $$;
COMMENT ON FUNCTION credited_document(bigint, bigint) IS 'The document that a credit of this one is counted to: itself, or the one it was charged back from. 22023 where nothing is to be credited.';

CREATE OR REPLACE FUNCTION credited_amount(p_customer_id bigint, p_document_id bigint, p_pending boolean DEFAULT true)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE((SELECT sum(d.amount) FROM document d
			WHERE d.customer_id = p_customer_id AND d.kind = 'credit_note' AND d.side = 'credit'
				AND d.source_document_id IN (SELECT p_document_id UNION ALL SELECT b.document_id FROM document b
					WHERE b.customer_id = p_customer_id AND b.source_document_id = p_document_id AND b.kind = 'adjustment' AND b.side = 'debit')
				AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)), 0)
		+ COALESCE((SELECT sum(r.amount) FROM credit_requests r
			WHERE p_pending AND r.customer_id = p_customer_id AND r.document_id = p_document_id AND r.status = 'pending'), 0);
END $$;
COMMENT ON FUNCTION credited_amount(bigint, bigint, boolean) IS 'What is credited of a document: credit notes that name it, and what is asked for if p_pending.';

CREATE OR REPLACE FUNCTION require_creditable(p_customer_id bigint, p_document_id bigint, p_amount numeric)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	credited numeric;
BEGIN
	PERFORM lock_customer(p_customer_id);
	original := credited_document(p_customer_id, p_document_id);
	credited := credited_amount(p_customer_id, original.document_id);
	IF p_amount > original.amount - credited THEN
		RAISE EXCEPTION 'credit exceeds what is left of % % of customer %', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('It is of %s %s, of which %s are credited or to be credited; asked for are %s.',
				original.amount, original.currency, credited, p_amount), HINT = 'View credit_requests shows the credits asked for.';
	END IF;
END $$;
COMMENT ON FUNCTION require_creditable(bigint, bigint, numeric) IS 'Takes the customer''s lock; RC007 if a document was not billed for that much beyond what is credited or asked for.';

-- Before an invoice is voided or rebilled.
CREATE OR REPLACE FUNCTION require_uncredited(p_customer_id bigint, p_document_id bigint, p_notes boolean)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	pending bigint;
BEGIN
	SELECT min(r.credit_request_id) INTO pending FROM credit_requests r
	WHERE r.customer_id = p_customer_id AND r.document_id = p_document_id AND r.status = 'pending';
	IF pending IS NOT NULL OR (p_notes AND credited_amount(p_customer_id, p_document_id) > 0) THEN
		RAISE EXCEPTION 'document % of customer % is credited already, or about to be', p_document_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = CASE WHEN pending IS NOT NULL THEN format('Credit request %s is pending.', pending) ELSE format('Credit notes of %s name it.', credited_amount(p_customer_id, p_document_id)) END,
				HINT = 'Reject the request, or void the credit notes first.';
	END IF;
END $$;
COMMENT ON FUNCTION require_uncredited(bigint, bigint, boolean) IS 'Error 55000 while a credit of the document is pending, or with p_notes a credit note stands.';

CREATE OR REPLACE FUNCTION return_policy_on(p_reason_code text, p_product text, p_on date)
RETURNS return_policy LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	policy return_policy;
BEGIN
	SELECT * INTO policy FROM return_policy p
	WHERE p.reason_code = p_reason_code AND (p.product = p_product OR p.product IS NULL) AND p.valid_from <= p_on
	ORDER BY p.product IS NULL, p.valid_from DESC LIMIT 1;
	RETURN policy;
END $$;
COMMENT ON FUNCTION return_policy_on(text, text, date) IS 'The return policy for a reason and a product, of an invoice of that date; NULLs where there is none.';

CREATE OR REPLACE FUNCTION require_credit_lines(p_lines jsonb, p_what text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	unknown text;
BEGIN
	IF jsonb_typeof(p_lines) <> 'array' OR jsonb_array_length(p_lines) = 0 OR EXISTS (SELECT FROM jsonb_array_elements(p_lines) l WHERE jsonb_typeof(l) <> 'object') THEN
		RAISE EXCEPTION 'lines of % must be a JSON array of objects', p_what
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example [{"line_no": 1, "quantity": 2}].';
	END IF;
	SELECT k INTO unknown FROM jsonb_array_elements(p_lines) l, jsonb_object_keys(l) k
	WHERE k NOT IN ('line_no', 'product', 'description', 'quantity', 'unit_price', 'tax_rate') LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown field "%" in a line of %', unknown, p_what
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Fields are line_no, quantity and unit_price; of a credit that stands alone also product, description and tax_rate.';
	END IF;
END $$;
COMMENT ON FUNCTION require_credit_lines(jsonb, text) IS 'Error 22023 unless these can be lines of a credit or return.';

CREATE OR REPLACE FUNCTION credited_lines(p_customer_id bigint, p_document_id bigint)
RETURNS TABLE (line_no integer, quantity numeric, net_amount numeric, tax_amount numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT l.line_no, COALESCE(sum(l.quantity) FILTER (WHERE n.takes_goods AND NOT l.by_amount), 0), sum(l.net_amount), sum(l.tax_amount)
		FROM credit_requests r
			JOIN credit_reason n ON n.reason_code = r.reason_code
			JOIN credit_request_line l ON l.customer_id = r.customer_id AND l.credit_request_id = r.credit_request_id
		WHERE r.customer_id = p_customer_id AND r.document_id = p_document_id AND r.status IN ('pending', 'issued')
		GROUP BY l.line_no;
END $$;
COMMENT ON FUNCTION credited_lines(bigint, bigint) IS 'What is credited of the lines of a document, with what is asked for; quantities only where the goods are not the customer''s.';

CREATE OR REPLACE FUNCTION granted_discounts(p_customer_id bigint, p_document_id bigint)
RETURNS TABLE (discount_id bigint, amount numeric, given_back numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT d.document_id, sum(a.amount), COALESCE((SELECT sum(b.amount) FROM document b
			WHERE b.customer_id = p_customer_id AND b.source_document_id = d.document_id AND b.kind = 'adjustment' AND b.side = 'debit'
				AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = b.customer_id AND r.reverses = b.document_id)), 0)
		FROM item i
			JOIN allocation a ON a.customer_id = i.customer_id AND a.debit_item_id = i.item_id
			JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
			JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id AND d.kind = 'discount'
		WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id
		GROUP BY d.document_id HAVING sum(a.amount) > 0 ORDER BY d.document_id;
END $$;
COMMENT ON FUNCTION granted_discounts(bigint, bigint) IS 'Discounts that stand on a document, and what of them credit notes gave back.';

CREATE OR REPLACE FUNCTION validate_credit(p_customer_id bigint, p_document_id bigint, p_reason_code text, p_lines jsonb DEFAULT NULL,
	p_amount numeric DEFAULT NULL, p_return_authorization_id bigint DEFAULT NULL, p_currency text DEFAULT NULL)
RETURNS TABLE (line_no integer, product text, description text, quantity numeric, unit_price numeric, net_amount numeric, tax_rate numeric,
	tax_amount numeric, line_total numeric, valid_total numeric, discount numeric, exceeds boolean, problems text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	reason credit_reason := read_credit_reason(p_reason_code);
	what text := format('a credit of customer %s', p_customer_id);
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	today date := ledger_today();
	original document;
	minor integer;
	document_left numeric;
	discounts numeric := 0;
	lines jsonb := p_lines;
	part record;
	billed record;
	policy return_policy;
	tax numeric;
	seen integer[] := ARRAY[]::integer[];
BEGIN
	IF num_nonnulls(p_lines, p_amount) <> 1 THEN
		RAISE EXCEPTION '% is of lines or of an amount', what USING ERRCODE = 'invalid_parameter_value', HINT = 'Give p_lines or p_amount.';
	END IF;
	PERFORM require_credit_lines(p_lines, what);
	IF p_document_id IS NOT NULL THEN
		original := credited_document(p_customer_id, p_document_id);
		IF p_currency <> original.currency THEN
			RAISE EXCEPTION '% is in the currency of what is credited', what
				USING ERRCODE = 'RC006', DETAIL = format('%s is in %s, asked for is %s.', original.number, original.currency, p_currency);
		END IF;
		used_currency := original.currency;
		document_left := original.amount - credited_amount(p_customer_id, original.document_id);
		SELECT COALESCE(sum(g.amount), 0) INTO discounts FROM granted_discounts(p_customer_id, original.document_id) g;
	END IF;
	minor := credit.minor_unit(used_currency);
	IF p_amount <= 0 OR p_amount IN ('NaN', 'Infinity') OR p_amount <> round(p_amount, minor) THEN
		RAISE EXCEPTION 'amount of % must be positive and in minor units of %', what, used_currency
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_amount);
	END IF;

	-- An amount of a document with lines is spread over what is left of them, so that its tax has rates.
	IF p_amount IS NOT NULL THEN
		IF NOT EXISTS (SELECT FROM document_line l WHERE l.customer_id = p_customer_id AND l.document_id = original.document_id) THEN
			line_total := round(p_amount, minor); problems := '{}';
			exceeds := COALESCE(p_amount > document_left, false);
			IF exceeds THEN
				problems := problems || format('only %s %s are left to be credited', document_left, used_currency);
			END IF;
			policy := return_policy_on(p_reason_code, NULL, original.doc_date);
			IF today > original.doc_date + policy.window_days THEN
				problems := problems || format('the window ended on %s', original.doc_date + policy.window_days);
			END IF;
			IF reason.needs_return THEN
				problems := problems || format('reason %s needs lines and a return authorization', p_reason_code);
			END IF;
			valid_total := CASE WHEN cardinality(problems) > exceeds::integer THEN 0 ELSE LEAST(line_total, GREATEST(document_left, 0)) END;
			discount := CASE WHEN original.document_id IS NULL THEN 0 ELSE round(discounts * line_total / original.amount, minor) END;
			RETURN NEXT;
			RETURN;
		END IF;
		SELECT jsonb_agg(jsonb_build_object('line_no', s.line_no, 'share', s.share) ORDER BY s.line_no) INTO lines
		FROM (SELECT w.line_no, round(p_amount * w.until / w.total, minor) - round(p_amount * (w.until - w.amount) / w.total, minor) AS share
			FROM (SELECT l.line_no, l.line_total - COALESCE(c.net_amount + c.tax_amount, 0) AS amount,
					sum(l.line_total - COALESCE(c.net_amount + c.tax_amount, 0)) OVER (ORDER BY l.line_no) AS until,
					sum(l.line_total - COALESCE(c.net_amount + c.tax_amount, 0)) OVER () AS total
				FROM document_line l LEFT JOIN credited_lines(p_customer_id, original.document_id) c ON c.line_no = l.line_no
				WHERE l.customer_id = p_customer_id AND l.document_id = original.document_id) w
			WHERE w.total > 0) s
		WHERE s.share > 0;
		IF lines IS NULL THEN
			RAISE EXCEPTION 'lines of % % of customer % are credited in full', replace(original.kind, '_', ' '), original.number, p_customer_id
				USING ERRCODE = 'RC007', DETAIL = format('Asked for are %s %s.', p_amount, used_currency);
		END IF;
	END IF;

	FOR part IN
		SELECT r.* FROM jsonb_array_elements(lines) WITH ORDINALITY l (line, n),
			jsonb_to_record(l.line) r (line_no integer, product text, description text, quantity numeric, unit_price numeric, tax_rate numeric, share numeric)
		ORDER BY l.n
	LOOP
		problems := '{}'; exceeds := false;
		line_no := part.line_no; product := part.product; description := part.description; tax_rate := COALESCE(part.tax_rate, 0);
		quantity := part.quantity; unit_price := part.unit_price;
		IF original.document_id IS NOT NULL THEN
			SELECT l.*, COALESCE(c.quantity, 0) AS quantity_done, l.net_amount - COALESCE(c.net_amount, 0) AS net_left,
				l.tax_amount - COALESCE(c.tax_amount, 0) AS tax_left INTO billed
			FROM document_line l LEFT JOIN credited_lines(p_customer_id, original.document_id) c ON c.line_no = l.line_no
			WHERE l.customer_id = p_customer_id AND l.document_id = original.document_id AND l.line_no = part.line_no;
			IF NOT FOUND THEN
				RAISE EXCEPTION '% % of customer % has no line %', replace(original.kind, '_', ' '), original.number, p_customer_id, COALESCE(part.line_no::text, 'without a number')
					USING ERRCODE = 'foreign_key_violation', HINT = 'A document without lines is credited by an amount, with p_amount.';
			END IF;
			IF part.line_no = ANY (seen) THEN
				RAISE EXCEPTION '% names line % twice', what, part.line_no USING ERRCODE = 'invalid_parameter_value';
			END IF;
			seen := seen || part.line_no;
			product := billed.product; description := COALESCE(part.description, billed.description); tax_rate := billed.tax_rate;
			policy := return_policy_on(p_reason_code, billed.product, original.doc_date);
			quantity := COALESCE(quantity, billed.quantity);
			unit_price := COALESCE(unit_price, (SELECT billed.unit_price * (100 - w.restocking_percent) * 0.01 FROM return_line w
				WHERE w.customer_id = p_customer_id AND w.return_authorization_id = p_return_authorization_id AND w.line_no = part.line_no AND w.restocking_percent > 0),
				billed.unit_price);
		END IF;
		IF part.share IS NOT NULL THEN
			quantity := 1;
			-- As much of it is tax as the rate says, but no more than is left.
			unit_price := CASE WHEN part.share = billed.net_left + billed.tax_left THEN billed.net_left
				ELSE GREATEST(LEAST(round(part.share / (1 + tax_rate / 100), minor), billed.net_left), part.share - billed.tax_left) END;
		END IF;
		IF COALESCE(quantity <= 0 OR unit_price < 0 OR (unit_price = 0 AND part.share IS NULL) OR quantity IN ('NaN', 'Infinity') OR unit_price IN ('NaN', 'Infinity') OR tax_rate NOT BETWEEN 0 AND 1000, true) THEN
			RAISE EXCEPTION 'quantity and price of a line of % must be positive', what
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s and %s, the tax rate is %s.',
					COALESCE(quantity::text, 'null'), COALESCE(unit_price::text, 'null'), tax_rate);
		END IF;
		net_amount := round(quantity * unit_price, minor);
		tax := round(net_amount * tax_rate / 100, minor);
		IF part.share IS NOT NULL THEN
			tax := part.share - net_amount;
		ELSIF original.document_id IS NOT NULL THEN
			-- Of all credits of a line together the tax is that of the line, to the cent.  By more than one no credit but the last
			-- makes up for those that were too high or too low, or that are not given any more.
			tax := CASE WHEN net_amount = billed.net_left THEN billed.tax_left
				ELSE LEAST(billed.tax_left, GREATEST(tax - 10::numeric ^ -minor, LEAST(tax + 10::numeric ^ -minor,
					round(billed.tax_amount * (billed.net_amount - billed.net_left + net_amount) / billed.net_amount, minor) - (billed.tax_amount - billed.tax_left)))) END;
		END IF;
		tax_amount := GREATEST(round(tax, minor), 0);
		line_total := net_amount + tax_amount;
		discount := 0;
		IF original.document_id IS NOT NULL THEN
			discount := round(discounts * line_total / original.amount, minor);
			-- A return kept its window when it was authorized and when it arrived.
			IF p_return_authorization_id IS NULL AND today > original.doc_date + policy.window_days THEN
				problems := problems || format('the window of line %s ended on %s', line_no, original.doc_date + policy.window_days);
			END IF;
			IF part.share IS NULL AND scale(trim_scale(quantity)) > scale(billed.quantity) THEN
				problems := problems || format('quantity %s of line %s has more decimals than the %s billed', quantity, line_no, billed.quantity);
			END IF;
			IF reason.needs_return AND p_return_authorization_id IS NULL THEN
				problems := problems || format('reason %s needs a return authorization', p_reason_code);
			ELSIF p_return_authorization_id IS NOT NULL AND quantity > returned_quantity(p_customer_id, p_return_authorization_id, line_no) THEN
				problems := problems || format('only %s of line %s were returned, accepted, and not credited yet', returned_quantity(p_customer_id, p_return_authorization_id, line_no), line_no);
			END IF;
			valid_total := CASE WHEN problems <> '{}' THEN 0 ELSE GREATEST(LEAST(line_total, billed.net_left + billed.tax_left, document_left), 0) END;
			IF part.share IS NULL AND unit_price > billed.unit_price THEN
				problems := problems || format('price %s of line %s is above the %s billed', unit_price, line_no, billed.unit_price);
				exceeds := true;
			END IF;
			IF part.share IS NULL AND quantity > billed.quantity - billed.quantity_done * reason.takes_goods::integer THEN
				problems := problems || format('quantity %s of line %s is above the %s billed%s', quantity, line_no, billed.quantity,
					CASE WHEN billed.quantity_done > 0 THEN format(', of which %s are credited or to be credited', billed.quantity_done) ELSE '' END);
				exceeds := true;
			END IF;
			IF net_amount > billed.net_left OR line_total > document_left THEN
				problems := problems || format('%s %s with tax are above the %s left of line %s', line_total, used_currency,
					GREATEST(LEAST(billed.net_left + billed.tax_left, document_left), 0), line_no);
				exceeds := true;
			END IF;
			document_left := document_left - line_total;
		ELSE
			valid_total := line_total;
			IF reason.needs_return THEN
				problems := problems || format('reason %s needs a return authorization', p_reason_code);
				valid_total := 0;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION validate_credit(bigint, bigint, text, jsonb, numeric, bigint, text) IS 'What a credit would come to and what stands against it, per line: net amount, tax, total, the valid part of it (valid_total), the cash discount that comes back from the customer with it, whether more is asked for than was billed and is not credited yet (exceeds), and problems. Arguments as request_credit(). Writes nothing.';

CREATE OR REPLACE FUNCTION request_credit(p_customer_id bigint, p_document_id bigint, p_reason_code text, p_lines jsonb DEFAULT NULL,
	p_amount numeric DEFAULT NULL, p_description text DEFAULT NULL, p_return_authorization_id bigint DEFAULT NULL, p_dispute_id bigint DEFAULT NULL,
	p_currency text DEFAULT NULL, p_replaces bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	why text := COALESCE(NULLIF(btrim(p_description), ''), p_reason_code);
	validated jsonb;
	total numeric;
	wrong record;
	id bigint;
BEGIN
	PERFORM read_credit_reason(p_reason_code);
	PERFORM lock_customer(p_customer_id);
	IF p_document_id IS NOT NULL THEN
		original := credited_document(p_customer_id, p_document_id);
		used_currency := original.currency;
	END IF;
	IF p_return_authorization_id IS NOT NULL AND NOT EXISTS (SELECT FROM return_authorization r WHERE r.customer_id = p_customer_id
			AND r.return_authorization_id = p_return_authorization_id AND r.document_id = original.document_id AND r.reason_code = p_reason_code) THEN
		RAISE EXCEPTION 'return authorization % of customer % is not about that', p_return_authorization_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Document %s is to be credited, for reason %s.', COALESCE(original.number, 'null'), p_reason_code);
	END IF;
	IF p_dispute_id IS NOT NULL AND (NOT EXISTS (SELECT FROM dispute d WHERE d.customer_id = p_customer_id AND d.dispute_id = p_dispute_id AND d.ended_on IS NULL)
		OR EXISTS (SELECT FROM credit_requests r WHERE r.customer_id = p_customer_id AND r.dispute_id = p_dispute_id AND r.status = 'pending')) THEN
		RAISE EXCEPTION 'dispute % of customer % cannot be credited', p_dispute_id, p_customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It has ended, is not the customer''s, or a credit is asked for already.';
	END IF;
	SELECT jsonb_agg(to_jsonb(v)), sum(v.line_total) INTO validated, total
	FROM validate_credit(p_customer_id, p_document_id, p_reason_code, p_lines, p_amount, p_return_authorization_id, p_currency) v;
	SELECT string_agg(q.problem, '; ' ORDER BY v.n, q.n) AS problems, bool_or((v.line ->> 'exceeds')::boolean) AS exceeds INTO wrong
	FROM jsonb_array_elements(validated) WITH ORDINALITY v (line, n), jsonb_array_elements_text(v.line -> 'problems') WITH ORDINALITY q (problem, n);
	IF wrong.problems IS NOT NULL THEN
		RAISE EXCEPTION 'credit of % % of customer % is not valid', COALESCE(replace(original.kind, '_', ' '), 'no'), COALESCE(original.number, 'document'), p_customer_id
			USING ERRCODE = CASE WHEN wrong.exceeds THEN 'RC007' ELSE 'invalid_parameter_value' END,
				DETAIL = format('For %s: %s.', p_reason_code, wrong.problems), HINT = 'validate_credit() shows what is valid of each line.';
	END IF;
	id := nextval(format('%I.credit_request_credit_request_id_seq', current_schema())::regclass);
	INSERT INTO credit_request (customer_id, credit_request_id, document_id, reason_code, amount, currency, description, return_authorization_id, dispute_id,
		approval_id, replaces)
	VALUES (p_customer_id, id, original.document_id, p_reason_code, total, used_currency, why, p_return_authorization_id, p_dispute_id,
		request_approval(p_customer_id, 'credit_note', total, why, jsonb_build_object('credit_request_id', id), used_currency), p_replaces);
	INSERT INTO credit_request_line (customer_id, credit_request_id, line_no, product, description, quantity, unit_price, net_amount, tax_rate, tax_amount, line_total,
		by_amount)
	SELECT p_customer_id, id, r.line_no, r.product, r.description, r.quantity, r.unit_price, r.net_amount, r.tax_rate, r.tax_amount, r.line_total, p_amount IS NOT NULL
	FROM jsonb_array_elements(validated) WITH ORDINALITY v (line, n), jsonb_to_record(v.line) r (line_no integer, product text, description text,
		quantity numeric, unit_price numeric, net_amount numeric, tax_rate numeric, tax_amount numeric, line_total numeric)
	WHERE r.quantity IS NOT NULL ORDER BY v.n;
	RETURN id;
END $$;
COMMENT ON FUNCTION request_credit(bigint, bigint, text, jsonb, numeric, text, bigint, bigint, text, bigint) IS 'Asks for a credit of a document (NULL: one that stands alone, in p_currency), in the name of the acting person: p_lines, an array of objects with line_no and, where not all of the line, quantity and unit_price (what is too much, for a price error); or p_amount with tax. A credit that stands alone has lines with product, description, quantity, unit_price and tax_rate. p_return_authorization_id: the return it is for; p_dispute_id: the dispute it settles. Asks for an approval too, whose life it shares. Counts as credited from now on. Returns its id.';

CREATE OR REPLACE FUNCTION read_credit_request(p_customer_id bigint, p_credit_request_id bigint)
RETURNS credit_request LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	request credit_request;
	state text;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT r.status INTO state FROM credit_requests r WHERE r.customer_id = p_customer_id AND r.credit_request_id = p_credit_request_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no credit request %', p_customer_id, p_credit_request_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View credit_requests shows them.';
	END IF;
	IF state <> 'pending' THEN
		RAISE EXCEPTION 'credit request % of customer % is %', p_credit_request_id, p_customer_id, state
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Ask again with request_credit().';
	END IF;
	SELECT * INTO request FROM credit_request r WHERE r.customer_id = p_customer_id AND r.credit_request_id = p_credit_request_id;
	RETURN request;
END $$;
COMMENT ON FUNCTION read_credit_request(bigint, bigint) IS 'A credit request that is pending, under the customer''s lock.';

CREATE OR REPLACE FUNCTION change_credit(p_customer_id bigint, p_credit_request_id bigint, p_reason text, p_lines jsonb DEFAULT NULL, p_amount numeric DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	request credit_request;
BEGIN
	PERFORM require_reason(p_reason, format('the change of credit request %s of customer %s', p_credit_request_id, p_customer_id));
	request := read_credit_request(p_customer_id, p_credit_request_id);
	PERFORM reject(p_customer_id, request.approval_id, p_reason);
	RETURN request_credit(p_customer_id, request.document_id, request.reason_code, p_lines, p_amount, request.description, request.return_authorization_id,
		request.dispute_id, request.currency, p_credit_request_id);
END $$;
COMMENT ON FUNCTION change_credit(bigint, bigint, text, jsonb, numeric) IS 'Takes a pending request back (as reject() does: by who asked, or with authority), with the votes it has, and asks for other lines or another amount in its place. Returns the id of the new request.';

CREATE OR REPLACE FUNCTION give_back_discounts(p_customer_id bigint, p_document_id bigint, p_credit_note_id bigint)
RETURNS numeric LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	original document := read_document(p_customer_id, p_document_id);
	note document := read_document(p_customer_id, p_credit_note_id);
	credited numeric := LEAST(credited_amount(p_customer_id, p_document_id, false), original.amount);
	granted record;
	amount numeric;
	total numeric := 0;
BEGIN
	FOR granted IN SELECT * FROM granted_discounts(p_customer_id, p_document_id) LOOP
		-- Of all credits together, so that the last one takes the rest.
		amount := LEAST(round(granted.amount * credited / original.amount, credit.minor_unit(original.currency)) - granted.given_back, open_credit(note));
		CONTINUE WHEN amount <= 0;
		PERFORM use_credit(note, 'adjustment', number_after(note, 'adjustment', 'discount given back', note.posting_date), amount,
			GREATEST(note.posting_date, (read_document(p_customer_id, granted.discount_id)).posting_date), 'discount given back', granted.discount_id);
		total := total + amount;
	END LOOP;
	RETURN total;
END $$;
COMMENT ON FUNCTION give_back_discounts(bigint, bigint, bigint) IS 'Takes back, out of a credit note, its share of the cash discounts granted on what it credits: nobody keeps a discount on what is not paid. Each is an adjustment that goes with its discount when that is undone. Returns what was taken. Source of the rule: settlement of credit notes with cash discounts in Dynamics 365 Finance.';

CREATE OR REPLACE FUNCTION issue_credit(p_customer_id bigint, p_credit_request_id bigint, p_number text DEFAULT NULL, p_doc_date date DEFAULT NULL,
	p_match boolean DEFAULT true)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	request credit_request := read_credit_request(p_customer_id, p_credit_request_id);
	original document;
	dated date;
	id bigint;
BEGIN
	IF p_match IS NULL THEN
		RAISE EXCEPTION 'credit request % of customer % is to be matched or not', p_credit_request_id, p_customer_id USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF request.document_id IS NOT NULL THEN
		original := credited_document(p_customer_id, request.document_id);
		PERFORM require_creditable(p_customer_id, request.document_id, 0);
	END IF;
	dated := COALESCE(p_doc_date, GREATEST(ledger_today(), original.posting_date));
	IF dated < original.posting_date THEN
		RAISE EXCEPTION 'a credit note of customer % cannot be dated before what it credits', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is of %s, %s of %s.', dated, original.number, original.posting_date);
	END IF;
	PERFORM use_approval(p_customer_id, 'credit_note', request.amount, request.currency, jsonb_build_object('credit_request_id', p_credit_request_id));
	id := enter_document('credit_note', p_customer_id,
		COALESCE(p_number, CASE WHEN original.document_id IS NOT NULL THEN number_after(original, 'credit_note', 'credit', dated) END),
		dated, request.amount, p_currency => request.currency, p_reference => original.number, p_sold_to_id => original.sold_to_id, p_order_id => original.order_id,
		p_fx_rate => original.fx_rate, p_source_document_id => original.document_id, p_reason => request.reason_code,
		p_lines => (SELECT jsonb_agg(jsonb_build_object('product', l.product, 'description', l.description, 'quantity', l.quantity, 'unit_price', l.unit_price,
				'net_amount', l.net_amount, 'tax_rate', l.tax_rate, 'tax_amount', l.tax_amount, 'line_total', l.line_total) ORDER BY l.credit_request_line_id)
			FROM credit_request_line l WHERE l.customer_id = p_customer_id AND l.credit_request_id = p_credit_request_id));
	INSERT INTO credit_issue (customer_id, credit_request_id, document_id) VALUES (p_customer_id, p_credit_request_id, id);
	IF original.document_id IS NOT NULL THEN
		PERFORM give_back_discounts(p_customer_id, original.document_id, id);
	END IF;
	IF p_match THEN
		PERFORM apply_named(p_customer_id, id);
	END IF;
	IF request.dispute_id IS NOT NULL THEN
		PERFORM move_dispute(p_customer_id, request.dispute_id, 'settled', format('credit request %s', p_credit_request_id), p_amount => request.amount,
			p_credit_request_id => p_credit_request_id, p_document_id => id);
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION issue_credit(bigint, bigint, text, date, boolean) IS 'Posts the credit note that was asked for, with its lines and tax, at the exchange rate of what it credits; uses its approval up where the policy requires one (RC004). Cash discounts taken on the invoice come back in proportion. p_match: applies it to what it names, the disputed item first; the rest stays unapplied. Settles its dispute. Returns the id of the credit note.';
