-- Posting documents one by one.  A million at once: COPY or INSERT into document, with the same checks.

CREATE OR REPLACE FUNCTION ledger_today()
RETURNS date LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (statement_timestamp() AT TIME ZONE (SELECT l.time_zone FROM ledger_info l))::date;
END $$;
COMMENT ON FUNCTION ledger_today() IS 'The business date: the day on which the statement began, in the ledger''s time zone.';

CREATE OR REPLACE FUNCTION add_customer(p_name text, p_customer_id bigint DEFAULT NULL, p_number text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint := p_customer_id;
BEGIN
	IF p_customer_id IS NOT NULL THEN
		INSERT INTO customer (customer_id, name, number) VALUES (p_customer_id, p_name, p_number);
	ELSE
		LOOP
			-- Ids given by hand may be ahead of the sequence.
			INSERT INTO customer (name, number) VALUES (p_name, p_number)
			ON CONFLICT (customer_id) DO NOTHING RETURNING customer_id INTO id;
			EXIT WHEN id IS NOT NULL;
		END LOOP;
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_customer(text, bigint, text) IS 'Adds a customer and returns its id; without p_customer_id the next free one.';

-- The one way in for the post_*() functions.
CREATE OR REPLACE FUNCTION post_document(p_kind text, p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date, p_currency text, p_posting_date date, p_reference text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference)
	VALUES (p_customer_id, p_kind, p_number, p_doc_date, p_posting_date, p_due_date, p_currency, p_amount, p_reference)
	RETURNING document_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION post_document(text, bigint, text, date, numeric, date, text, date, text) IS 'Posts a document of any kind and returns its id. NULL currency: the base currency; NULL posting date: the document date.';

CREATE OR REPLACE FUNCTION post_invoice(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('invoice', p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_invoice(bigint, text, date, numeric, date, text, date, text) IS 'Posts an invoice, which the customer owes from its posting date and is due on p_due_date (required). Returns the document id.';

CREATE OR REPLACE FUNCTION post_debit_note(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_due_date date DEFAULT NULL, p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('debit_note', p_customer_id, p_number, p_doc_date, p_amount, p_due_date, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_debit_note(bigint, text, date, numeric, date, text, date, text) IS 'Posts a debit note: a charge outside an invoice. Returns the document id.';

CREATE OR REPLACE FUNCTION post_credit_note(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('credit_note', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_credit_note(bigint, text, date, numeric, text, date, text) IS 'Posts a credit note (positive amount, in the customer''s favour), unapplied until allocated. Returns the document id.';

CREATE OR REPLACE FUNCTION post_payment(p_customer_id bigint, p_number text, p_doc_date date, p_amount numeric,
	p_currency text DEFAULT NULL, p_posting_date date DEFAULT NULL, p_reference text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN post_document('payment', p_customer_id, p_number, p_doc_date, p_amount, NULL, p_currency, p_posting_date, p_reference);
END $$;
COMMENT ON FUNCTION post_payment(bigint, text, date, numeric, text, date, text) IS 'Posts a payment received, unapplied until allocated. It frees credit at once. Returns the document id.';
