-- Posting documents one by one.  A million at once: COPY or INSERT into document, with the same checks.

CREATE OR REPLACE FUNCTION ledger_today()
RETURNS date LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (statement_timestamp() AT TIME ZONE (SELECT l.time_zone FROM ledger_info l))::date;
END $$;
COMMENT ON FUNCTION ledger_today() IS 'The business date: the day on which the statement began, in the ledger''s time zone.';

CREATE OR REPLACE FUNCTION require_as_of(p_as_of date)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_as_of IS NULL OR NOT isfinite(p_as_of) THEN
		RAISE EXCEPTION 'as-of date must be a calendar date'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = concat('It is ', COALESCE(p_as_of::text, 'null'), '.');
	END IF;
END $$;
COMMENT ON FUNCTION require_as_of(date) IS 'Error 22008 unless it is a calendar date.';

-- For what happens outside and comes late, such as a line of the bank: it is not refused, but belongs to the open period.
CREATE OR REPLACE FUNCTION open_day(p_day date)
RETURNS date LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN GREATEST(p_day, (SELECT l.closed_through + 1 FROM ledger_info l));
END $$;
COMMENT ON FUNCTION open_day(date) IS 'A day, or the first one that is open if that is later.';

CREATE OR REPLACE FUNCTION add_customer(p_name text, p_customer_id bigint DEFAULT NULL, p_number text DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_currency text DEFAULT NULL, p_payer_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint := p_customer_id;
BEGIN
	IF p_payer_id IS NOT NULL AND NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_payer_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_payer_id
			USING ERRCODE = 'foreign_key_violation', DETAIL = 'It was to be the payer.', HINT = 'Add the payer first.';
	END IF;
	IF p_customer_id IS NOT NULL THEN
		INSERT INTO customer (customer_id, name, number, terms, currency, payer_id)
		VALUES (p_customer_id, p_name, p_number, p_terms, p_currency, p_payer_id);
	ELSE
		LOOP
			-- Ids given by hand may be ahead of the sequence.
			INSERT INTO customer (name, number, terms, currency, payer_id) VALUES (p_name, p_number, p_terms, p_currency, p_payer_id)
			ON CONFLICT (customer_id) DO NOTHING RETURNING customer_id INTO id;
			EXIT WHEN id IS NOT NULL;
		END LOOP;
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_customer(text, bigint, text, credit.payment_terms, text, bigint) IS 'Adds a customer and returns its id; without p_customer_id the next free one. p_terms: payment terms of its invoices. p_currency: ISO 4217 code its figures are shown in. p_payer_id: the customer who pays for it.';

CREATE OR REPLACE FUNCTION set_terms(p_customer_id bigint, p_terms credit.payment_terms)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM use_approval(p_customer_id, 'terms', NULL, NULL, jsonb_build_object('terms', p_terms::text));
	UPDATE customer c SET terms = p_terms, terms_changed_on = ledger_today() WHERE c.customer_id = p_customer_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
END $$;
COMMENT ON FUNCTION set_terms(bigint, credit.payment_terms) IS 'Sets the payment terms of a customer''s coming invoices; NULL: each invoice must say its own. What is posted stays as it is.';

CREATE OR REPLACE FUNCTION next_number(p_kind text, p_doc_date date)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	range number_range;
	taken bigint;
BEGIN
	SELECT * INTO range FROM number_range r
	WHERE r.kind = p_kind AND r.year IN (0, extract(year FROM p_doc_date)) ORDER BY r.year DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no number range for documents of kind "%"', p_kind
			USING ERRCODE = 'not_null_violation', DETAIL = format('The document date is %s.', COALESCE(p_doc_date::text, 'null')),
				HINT = 'Give a number, or make a range with set_number_range().';
	END IF;
	IF range.gapless THEN
		-- What was read above may have changed while this waited for the row.
		UPDATE number_range r SET next_number = r.next_number + 1
		WHERE r.kind = range.kind AND r.year = range.year RETURNING r.* INTO range;
		taken := range.next_number - 1;
	ELSE
		taken := nextval(format('%I.%I', current_schema(), format('number_%s_%s', range.kind, range.year))::regclass);
	END IF;
	IF taken > range.last_number OR length(taken::text) > range.digits THEN
		RAISE EXCEPTION 'the number range of % for % is used up', replace(p_kind, '_', ' '),
			CASE WHEN range.year = 0 THEN 'every year' ELSE range.year::text END
			USING ERRCODE = 'sequence_generator_limit_exceeded', DETAIL = format('Its last number is %s.',
				LEAST(range.last_number, repeat('9', range.digits)::bigint)), HINT = 'Widen it with set_number_range().';
	END IF;
	RETURN replace(range.prefix, '%Y', to_char(p_doc_date, 'YYYY')) || lpad(taken::text, range.digits, '0');
END $$;
COMMENT ON FUNCTION next_number(text, date) IS 'Takes the next number of the range for this kind of document and the year of the date. A gapless range stays locked until the transaction ends.';

CREATE OR REPLACE FUNCTION set_number_range(p_kind text, p_prefix text, p_year integer DEFAULT 0, p_digits integer DEFAULT 6,
	p_next_number bigint DEFAULT 1, p_last_number bigint DEFAULT NULL, p_gapless boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	previous number_range;
	sequence text := format('number_%s_%s', p_kind, p_year);
	issued bigint := 0;
BEGIN
	-- The name of a sequence is made of it.
	IF p_kind IS NULL OR p_kind !~ '^[a-z_]{1,32}$' THEN
		RAISE EXCEPTION 'unknown kind of document "%"', p_kind USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF p_year IS NULL OR p_year NOT BETWEEN 0 AND 9999 THEN
		RAISE EXCEPTION 'year of the number range of % must be 0 or a year', replace(p_kind, '_', ' ')
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_year::text, 'null'));
	END IF;
	INSERT INTO number_range (kind, year, prefix, digits, next_number, last_number, gapless)
	VALUES (p_kind, p_year, p_prefix, p_digits, p_next_number, p_last_number, p_gapless) ON CONFLICT (kind, year) DO NOTHING;
	-- It was there, or somebody else made it while this waited.
	IF NOT FOUND THEN
		SELECT * INTO previous FROM number_range r WHERE r.kind = p_kind AND r.year = p_year FOR UPDATE;
		IF previous.gapless <> p_gapless THEN
			RAISE EXCEPTION 'the number range of % for % cannot be made %', replace(p_kind, '_', ' '),
				CASE WHEN p_year = 0 THEN 'every year' ELSE p_year::text END,
				CASE WHEN p_gapless THEN 'gapless' ELSE 'one with gaps' END
				USING ERRCODE = 'invalid_parameter_value', HINT = 'Begin the next year with a new range.';
		END IF;
		IF previous.gapless THEN
			issued := previous.next_number - 1;
		ELSE
			EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM %I', sequence) INTO issued;
		END IF;
		IF p_prefix = previous.prefix AND p_next_number <= issued THEN
			RAISE EXCEPTION 'number % of the range of % for % was given out already', p_next_number, replace(p_kind, '_', ' '),
				CASE WHEN p_year = 0 THEN 'every year' ELSE p_year::text END
				USING ERRCODE = 'unique_violation', DETAIL = format('The last one given out is %s.', issued),
					HINT = format('Begin at %s, or choose another prefix.', issued + 1);
		END IF;
		UPDATE number_range r SET prefix = p_prefix, digits = p_digits, next_number = p_next_number, last_number = p_last_number
		WHERE r.kind = p_kind AND r.year = p_year;
	END IF;
	IF NOT p_gapless THEN
		EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', sequence);
		PERFORM setval(format('%I.%I', current_schema(), sequence)::regclass, p_next_number, false);
	END IF;
END $$;
COMMENT ON FUNCTION set_number_range(text, text, integer, integer, bigint, bigint, boolean) IS 'Makes or widens the number range of a kind of document for a year (0: every year without its own). p_prefix: what stands before the digits, %Y in it is the year. p_gapless: numbers of failed transactions are given back, at the price of one writer at a time.';

-- The one way in for the post_*() functions and all that posts documents of its own.
CREATE OR REPLACE FUNCTION enter_document(p_kind text, p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_received_on date DEFAULT NULL, p_sold_to_id bigint DEFAULT NULL,
	p_order_id text DEFAULT NULL, p_fx_rate numeric DEFAULT NULL, p_lines jsonb DEFAULT NULL, p_idempotency_key text DEFAULT NULL,
	p_side text DEFAULT NULL, p_clears_on date DEFAULT NULL, p_base_amount numeric DEFAULT NULL,
	p_source_document_id bigint DEFAULT NULL, p_reverses bigint DEFAULT NULL, p_reason text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
	request bytea;
	earlier record;
BEGIN
	-- Two requests under one key wait for each other here.  And whoever has a customer may go on to its number range:
	-- taken the other way round, two postings to the same customer would deadlock.
	IF p_idempotency_key IS NOT NULL OR p_number IS NULL THEN
		PERFORM lock_customer(p_customer_id);
	END IF;
	IF p_idempotency_key IS NOT NULL THEN
		request := sha256(convert_to(jsonb_build_array(p_kind, p_customer_id, p_number, p_doc_date, trim_scale(p_amount), p_due_date,
			p_currency, p_posting_date, p_reference, p_terms, p_received_on, p_sold_to_id, p_order_id, trim_scale(p_fx_rate), p_lines,
			p_side, p_clears_on, trim_scale(p_base_amount), p_source_document_id, p_reverses, p_reason)::text, 'UTF8'));
		SELECT d.document_id, d.kind, d.number, d.request_digest INTO earlier
		FROM document d WHERE d.customer_id = p_customer_id AND d.idempotency_key = p_idempotency_key;
		IF FOUND AND earlier.request_digest = request THEN
			RETURN earlier.document_id;
		ELSIF FOUND THEN
			RAISE EXCEPTION 'idempotency key "%" of customer % was used for another request', p_idempotency_key, p_customer_id
				USING ERRCODE = 'RC009', DETAIL = format('It posted %s %s, document %s.', replace(earlier.kind, '_', ' '), earlier.number,
					earlier.document_id), HINT = 'Use a new key for a new request.';
		END IF;
	END IF;
	IF p_sold_to_id IS NOT NULL AND NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_sold_to_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_sold_to_id
			USING ERRCODE = 'foreign_key_violation', DETAIL = format('It was to be the sold-to of %s %s of customer %s.',
				replace(p_kind, '_', ' '), p_number, p_customer_id), HINT = 'Add the customer first, with add_customer().';
	END IF;
	INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference, side, terms,
		received_on, clears_on, sold_to_id, order_id, fx_rate, base_amount, source_document_id, reverses, reason, idempotency_key, request_digest)
	VALUES (p_customer_id, p_kind, COALESCE(p_number, next_number(p_kind, p_doc_date)), p_doc_date, p_posting_date, p_due_date, p_currency,
		p_amount, p_reference, p_side, p_terms, p_received_on, p_clears_on, p_sold_to_id, p_order_id, p_fx_rate, p_base_amount,
		p_source_document_id, p_reverses, p_reason, p_idempotency_key, request)
	RETURNING document_id INTO id;
	IF p_lines IS NOT NULL THEN
		PERFORM post_lines(p_customer_id, id, p_lines);
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION enter_document(text, bigint, text, date, numeric, date, text, date, text, credit.payment_terms, date, bigint, text, numeric, jsonb, text, text, date, numeric, bigint, bigint, text) IS 'Posts a document of any kind and returns its id; asks for no approval. Behind post_document() and all other functions that post.';

CREATE OR REPLACE FUNCTION post_document(p_kind text, p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_received_on date DEFAULT NULL, p_sold_to_id bigint DEFAULT NULL,
	p_order_id text DEFAULT NULL, p_fx_rate numeric DEFAULT NULL, p_lines jsonb DEFAULT NULL, p_idempotency_key text DEFAULT NULL,
	p_side text DEFAULT NULL, p_clears_on date DEFAULT NULL, p_base_amount numeric DEFAULT NULL,
	p_source_document_id bigint DEFAULT NULL, p_reverses bigint DEFAULT NULL, p_reason text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_approved_posting(p_kind, p_customer_id, p_amount, p_currency, p_side, p_reverses, p_idempotency_key);
	IF p_kind = 'credit_note' AND p_source_document_id IS NOT NULL AND p_reverses IS NULL AND (p_idempotency_key IS NULL
			OR NOT EXISTS (SELECT FROM document d WHERE d.customer_id = p_customer_id AND d.idempotency_key = p_idempotency_key)) THEN
		PERFORM require_creditable(p_customer_id, p_source_document_id, p_amount);
	END IF;
	RETURN enter_document(p_kind, p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference,
		p_terms, p_received_on, p_sold_to_id, p_order_id, p_fx_rate, p_lines, p_idempotency_key, p_side, p_clears_on,
		p_base_amount, p_source_document_id, p_reverses, p_reason);
END $$;
COMMENT ON FUNCTION post_document(text, bigint, text, date, numeric, date, text, date, text, credit.payment_terms, date, bigint, text, numeric, jsonb, text, text, date, numeric, bigint, bigint, text) IS 'Posts a document of any kind and returns its id. NULL number: the next of the kind''s range; NULL currency: the base currency; NULL posting date: the document date, or the first open day after it; NULL due date: from the terms, else from the customer''s. p_lines: array of objects as columns of document_line. p_idempotency_key: the same request again returns the first document, another one under the key is RC009.';

CREATE OR REPLACE FUNCTION post_invoice(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_received_on date DEFAULT NULL, p_sold_to_id bigint DEFAULT NULL,
	p_order_id text DEFAULT NULL, p_fx_rate numeric DEFAULT NULL, p_lines jsonb DEFAULT NULL, p_idempotency_key text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN enter_document('invoice', p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference,
		p_terms, p_received_on, p_sold_to_id, p_order_id, p_fx_rate, p_lines, p_idempotency_key);
END $$;
COMMENT ON FUNCTION post_invoice(bigint, text, date, numeric, date, text, date, text, credit.payment_terms, date, bigint, text, numeric, jsonb, text) IS 'Posts an invoice, which the customer owes from its posting date. Due on p_due_date, or as its terms or else the customer''s say: one open item per instalment. Returns the document id.';

CREATE OR REPLACE FUNCTION post_debit_note(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL,
	p_terms credit.payment_terms DEFAULT NULL, p_received_on date DEFAULT NULL, p_sold_to_id bigint DEFAULT NULL,
	p_order_id text DEFAULT NULL, p_fx_rate numeric DEFAULT NULL, p_lines jsonb DEFAULT NULL, p_idempotency_key text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN enter_document('debit_note', p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference,
		p_terms, p_received_on, p_sold_to_id, p_order_id, p_fx_rate, p_lines, p_idempotency_key);
END $$;
COMMENT ON FUNCTION post_debit_note(bigint, text, date, numeric, date, text, date, text, credit.payment_terms, date, bigint, text, numeric, jsonb, text) IS 'Posts a debit note: a charge outside an invoice. Due as an invoice is. Returns the document id.';

CREATE OR REPLACE FUNCTION post_credit_note(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL, p_sold_to_id bigint DEFAULT NULL,
	p_order_id text DEFAULT NULL, p_fx_rate numeric DEFAULT NULL, p_lines jsonb DEFAULT NULL, p_idempotency_key text DEFAULT NULL,
	p_reason text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('credit_note', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference,
		NULL, NULL, p_sold_to_id, p_order_id, p_fx_rate, p_lines, p_idempotency_key, p_reason => p_reason);
END $$;
COMMENT ON FUNCTION post_credit_note(bigint, text, date, numeric, text, date, text, bigint, text, numeric, jsonb, text, text) IS 'Posts a credit note (positive amount, in the customer''s favour), unapplied until allocated. Returns the document id.';

CREATE OR REPLACE FUNCTION post_payment(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL, p_clears_on date DEFAULT NULL,
	p_fx_rate numeric DEFAULT NULL, p_idempotency_key text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN enter_document('payment', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference,
		p_fx_rate => p_fx_rate, p_idempotency_key => p_idempotency_key, p_clears_on => p_clears_on);
END $$;
COMMENT ON FUNCTION post_payment(bigint, text, date, numeric, text, date, text, date, numeric, text) IS 'Posts a payment received, unapplied until allocated. It frees credit at once, or on p_clears_on if that is given: until then it closes items but stays in exposure. Returns the document id.';

CREATE OR REPLACE FUNCTION post_deposit(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric, p_order_id text,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL, p_clears_on date DEFAULT NULL,
	p_fx_rate numeric DEFAULT NULL, p_idempotency_key text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN enter_document('deposit', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference,
		p_order_id => p_order_id, p_fx_rate => p_fx_rate, p_idempotency_key => p_idempotency_key, p_clears_on => p_clears_on);
END $$;
COMMENT ON FUNCTION post_deposit(bigint, text, date, numeric, text, text, date, text, date, numeric, text) IS 'Posts a deposit: money received for one order. It is reserved to that order (p_order_id), frees credit for it alone, and pays only documents of it, until release_deposit(). Returns the document id.';
