-- Returns: authorized, received, inspected, credited.

ALTER TABLE return_authorization ALTER actor SET DEFAULT actor();
ALTER TABLE return_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER return_authorization_append_only BEFORE UPDATE OR DELETE ON return_authorization
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_return().');
CREATE OR REPLACE TRIGGER return_authorization_no_truncate BEFORE TRUNCATE ON return_authorization
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_return().');
CREATE OR REPLACE TRIGGER return_line_append_only BEFORE UPDATE OR DELETE ON return_line
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_return().');
CREATE OR REPLACE TRIGGER return_line_no_truncate BEFORE TRUNCATE ON return_line
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_return().');
CREATE OR REPLACE TRIGGER return_event_append_only BEFORE UPDATE OR DELETE ON return_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a return is only added to.');
CREATE OR REPLACE TRIGGER return_event_no_truncate BEFORE TRUNCATE ON return_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a return is only added to.');

CREATE OR REPLACE VIEW return_status AS
SELECT a.customer_id, c.name AS customer_name, a.return_authorization_id, a.number, a.document_id, d.number AS invoice_number, l.return_line_id, l.line_no, l.product,
	a.reason_code, l.quantity, e.received, e.accepted, e.rejected, e.cancelled, q.credited, a.authorized_on, a.expires_on, e.last_on
FROM return_authorization a
	JOIN customer c ON c.customer_id = a.customer_id
	JOIN document d ON d.customer_id = a.customer_id AND d.document_id = a.document_id
	JOIN return_line l ON l.customer_id = a.customer_id AND l.return_authorization_id = a.return_authorization_id
	CROSS JOIN LATERAL (SELECT COALESCE(sum(v.quantity) FILTER (WHERE v.kind = 'received'), 0) AS received, COALESCE(sum(v.quantity) FILTER (WHERE v.kind = 'accepted'), 0) AS accepted,
			COALESCE(sum(v.quantity) FILTER (WHERE v.kind = 'rejected'), 0) AS rejected, COALESCE(sum(v.quantity) FILTER (WHERE v.kind = 'cancelled'), 0) AS cancelled,
			max(v.happened_on) AS last_on
		FROM return_event v WHERE v.customer_id = l.customer_id AND v.return_line_id = l.return_line_id) e
	CROSS JOIN LATERAL (SELECT COALESCE(sum(w.quantity), 0) AS credited
		FROM credit_requests r JOIN credit_request_line w ON w.customer_id = r.customer_id AND w.credit_request_id = r.credit_request_id
		WHERE r.customer_id = a.customer_id AND r.return_authorization_id = a.return_authorization_id AND w.line_no = l.line_no AND r.status IN ('pending', 'issued')) q;
COMMENT ON VIEW return_status IS 'Every line of a return authorization and how far it has come.';
COMMENT ON COLUMN return_status.customer_id IS 'The debtor.';
COMMENT ON COLUMN return_status.customer_name IS 'Its name.';
COMMENT ON COLUMN return_status.return_authorization_id IS 'Key of the authorization, with customer_id.';
COMMENT ON COLUMN return_status.number IS 'Its number.';
COMMENT ON COLUMN return_status.document_id IS 'The invoice.';
COMMENT ON COLUMN return_status.invoice_number IS 'Its number.';
COMMENT ON COLUMN return_status.return_line_id IS 'Key of the line, with customer_id.';
COMMENT ON COLUMN return_status.line_no IS 'Line of the invoice.';
COMMENT ON COLUMN return_status.product IS 'Its product.';
COMMENT ON COLUMN return_status.reason_code IS 'Why it comes back.';
COMMENT ON COLUMN return_status.quantity IS 'How many may come back.';
COMMENT ON COLUMN return_status.received IS 'How many arrived.';
COMMENT ON COLUMN return_status.accepted IS 'How many of these were accepted.';
COMMENT ON COLUMN return_status.rejected IS 'How many were not.';
COMMENT ON COLUMN return_status.cancelled IS 'How many will not come.';
COMMENT ON COLUMN return_status.credited IS 'How many are credited or to be credited.';
COMMENT ON COLUMN return_status.authorized_on IS 'Business date.';
COMMENT ON COLUMN return_status.expires_on IS 'Last day on which they may arrive.';
COMMENT ON COLUMN return_status.last_on IS 'Day on which something happened last.';

CREATE OR REPLACE VIEW aged_returns AS
SELECT s.customer_id, s.customer_name, s.return_authorization_id, s.number, s.invoice_number, s.line_no, s.product, s.reason_code, w.stage, w.quantity,
	s.authorized_on, t.today - s.authorized_on AS age, s.expires_on, s.expires_on < t.today AS expired, s.last_on
FROM return_status s
	CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today FROM ledger_info l) t
	CROSS JOIN LATERAL (VALUES ('awaiting receipt', s.quantity - s.received - s.cancelled), ('awaiting inspection', s.received - s.accepted - s.rejected),
		('awaiting credit', s.accepted - s.credited)) w (stage, quantity)
WHERE w.quantity > 0;
COMMENT ON VIEW aged_returns IS 'Returns that are not finished, by what they wait for.';
COMMENT ON COLUMN aged_returns.customer_id IS 'The debtor.';
COMMENT ON COLUMN aged_returns.customer_name IS 'Its name.';
COMMENT ON COLUMN aged_returns.return_authorization_id IS 'Key of the authorization, with customer_id.';
COMMENT ON COLUMN aged_returns.number IS 'Its number.';
COMMENT ON COLUMN aged_returns.invoice_number IS 'Number of the invoice.';
COMMENT ON COLUMN aged_returns.line_no IS 'Line of the invoice.';
COMMENT ON COLUMN aged_returns.product IS 'Its product.';
COMMENT ON COLUMN aged_returns.reason_code IS 'Why it comes back.';
COMMENT ON COLUMN aged_returns.stage IS 'awaiting receipt, awaiting inspection or awaiting credit.';
COMMENT ON COLUMN aged_returns.quantity IS 'How many wait for that.';
COMMENT ON COLUMN aged_returns.authorized_on IS 'Business date.';
COMMENT ON COLUMN aged_returns.age IS 'Days since.';
COMMENT ON COLUMN aged_returns.expires_on IS 'Last day on which they may arrive.';
COMMENT ON COLUMN aged_returns.expired IS 'That day has passed.';
COMMENT ON COLUMN aged_returns.last_on IS 'Day on which something happened last; NULL: nothing did.';

CREATE OR REPLACE FUNCTION authorize_return(p_customer_id bigint, p_document_id bigint, p_reason_code text, p_lines jsonb, p_number text,
	p_expires_on date DEFAULT NULL, p_description text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	reason credit_reason := read_credit_reason(p_reason_code);
	what text := format('return %s of customer %s', COALESCE(p_number, 'without a number'), p_customer_id);
	today date := ledger_today();
	expires date := COALESCE(p_expires_on, today + 30);
	original document;
	part record;
	billed record;
	policy return_policy;
	left_over numeric;
	id bigint;
BEGIN
	IF NOT reason.takes_goods THEN
		RAISE EXCEPTION 'reason % is no reason for a return', p_reason_code USING ERRCODE = 'invalid_parameter_value', HINT = 'credit_reason.takes_goods says which are.';
	END IF;
	IF NOT isfinite(expires) OR expires < today OR COALESCE(p_number, '') = '' OR p_lines IS NULL THEN
		RAISE EXCEPTION '% needs a number, lines, and a last day that is not over', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The last day is %s; today is %s.', expires, today);
	END IF;
	PERFORM require_credit_lines(p_lines, what);
	PERFORM lock_customer(p_customer_id);
	original := credited_document(p_customer_id, p_document_id);
	INSERT INTO return_authorization (customer_id, number, document_id, reason_code, description, authorized_on, expires_on)
	VALUES (p_customer_id, p_number, original.document_id, p_reason_code, p_description, today, expires)
	ON CONFLICT (customer_id, number) DO NOTHING RETURNING return_authorization_id INTO id;
	IF id IS NULL THEN
		RAISE EXCEPTION 'customer % has a return % already', p_customer_id, p_number USING ERRCODE = 'unique_violation', HINT = 'Choose another number.';
	END IF;
	FOR part IN
		SELECT r.* FROM jsonb_array_elements(p_lines) WITH ORDINALITY l (line, n), jsonb_to_record(l.line) r (line_no integer, quantity numeric) ORDER BY l.n
	LOOP
		SELECT l.* INTO billed FROM document_line l WHERE l.customer_id = p_customer_id AND l.document_id = original.document_id AND l.line_no = part.line_no;
		IF NOT FOUND THEN
			RAISE EXCEPTION '% % of customer % has no line %', replace(original.kind, '_', ' '), original.number, p_customer_id, COALESCE(part.line_no::text, 'without a number')
				USING ERRCODE = 'foreign_key_violation';
		END IF;
		policy := return_policy_on(p_reason_code, billed.product, original.doc_date);
		IF today > original.doc_date + policy.window_days THEN
			RAISE EXCEPTION '% comes too late for line % of %', what, part.line_no, original.number
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The window of %s days ended on %s; today is %s.', policy.window_days,
					original.doc_date + policy.window_days, today), HINT = 'Table return_policy has the windows.';
		END IF;
		-- Under other authorizations they are on their way back, or were.
		SELECT billed.quantity - COALESCE(sum(s.quantity - s.cancelled - s.rejected), 0) INTO left_over FROM return_status s
		WHERE s.customer_id = p_customer_id AND s.document_id = original.document_id AND s.line_no = part.line_no;
		left_over := LEAST(left_over, billed.quantity - COALESCE((SELECT sum(w.quantity)
			FROM credit_requests r JOIN credit_reason n ON n.reason_code = r.reason_code AND n.takes_goods
				JOIN credit_request_line w ON w.customer_id = r.customer_id AND w.credit_request_id = r.credit_request_id AND w.line_no = part.line_no AND NOT w.by_amount
			WHERE r.customer_id = p_customer_id AND r.document_id = original.document_id AND r.status IN ('pending', 'issued')), 0));
		PERFORM require_quantity(COALESCE(part.quantity, left_over), billed.quantity, left_over, what, part.line_no);
		INSERT INTO return_line (customer_id, return_authorization_id, line_no, product, quantity, restocking_percent)
		VALUES (p_customer_id, id, part.line_no, billed.product, COALESCE(part.quantity, left_over), COALESCE(policy.restocking_percent, 0));
	END LOOP;
	RETURN id;
END $$;
COMMENT ON FUNCTION authorize_return(bigint, bigint, text, jsonb, text, date, text) IS 'Allows a customer to send goods of an invoice back until p_expires_on (default in 30 days). p_lines: array of objects with line_no and quantity (default all that may still come back). Window and restocking fee follow return_policy. Returns the id of the authorization.';

CREATE OR REPLACE FUNCTION require_quantity(p_quantity numeric, p_billed numeric, p_left numeric, p_what text, p_line_no integer)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF COALESCE(p_quantity <= 0 OR p_quantity IN ('NaN', 'Infinity') OR scale(trim_scale(p_quantity)) > scale(p_billed), true) THEN
		RAISE EXCEPTION 'quantity of line % of % must be positive, with no more decimals than were billed', p_line_no, p_what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It is ' || COALESCE(p_quantity::text, 'null') || ', billed were ' || COALESCE(p_billed::text, 'null') || '.';
	END IF;
	IF COALESCE(p_quantity > p_left, true) THEN
		RAISE EXCEPTION 'quantity of line % of % is above what is left', p_line_no, p_what
			USING ERRCODE = 'RC007', DETAIL = 'Left are ' || COALESCE(p_left::text, 'none') || ', asked for are ' || p_quantity::text || '.', HINT = 'View return_status shows what became of each line.';
	END IF;
END $$;
COMMENT ON FUNCTION require_quantity(numeric, numeric, numeric, text, integer) IS 'Error 22023 unless it can be a quantity of the line, RC007 if it is above what is left of it.';

CREATE OR REPLACE FUNCTION returned_quantity(p_customer_id bigint, p_return_authorization_id bigint, p_line_no integer)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE((SELECT s.accepted - s.credited FROM return_status s
		WHERE s.customer_id = p_customer_id AND s.return_authorization_id = p_return_authorization_id AND s.line_no = p_line_no), 0);
END $$;
COMMENT ON FUNCTION returned_quantity(bigint, bigint, integer) IS 'What was accepted of a line under a return authorization and is not credited yet.';

CREATE OR REPLACE FUNCTION read_return_line(p_customer_id bigint, p_return_authorization_id bigint, p_line_no integer)
RETURNS return_status LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	line return_status;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO line FROM return_status s
	WHERE s.customer_id = p_customer_id AND s.return_authorization_id = p_return_authorization_id AND s.line_no = p_line_no;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'return authorization % of customer % has no line %', p_return_authorization_id, p_customer_id, p_line_no
			USING ERRCODE = 'foreign_key_violation', HINT = 'View return_status shows them.';
	END IF;
	RETURN line;
END $$;
COMMENT ON FUNCTION read_return_line(bigint, bigint, integer) IS 'A line of a return authorization and how far it has come, under the customer''s lock.';

CREATE OR REPLACE FUNCTION receive_return(p_customer_id bigint, p_return_authorization_id bigint, p_line_no integer, p_quantity numeric,
	p_received_on date DEFAULT NULL, p_condition text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	line return_status := read_return_line(p_customer_id, p_return_authorization_id, p_line_no);
	arrived date := COALESCE(p_received_on, ledger_today());
	id bigint;
BEGIN
	IF arrived NOT BETWEEN line.authorized_on AND line.expires_on THEN
		RAISE EXCEPTION 'return % of customer % is outside its window', line.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It arrived on %s; the window is from %s to %s.', arrived, line.authorized_on, line.expires_on),
				HINT = 'Authorize another return, or send the goods back.';
	END IF;
	PERFORM require_quantity(p_quantity, line.quantity, line.quantity - line.received - line.cancelled, format('return %s of customer %s', line.number, p_customer_id), p_line_no);
	INSERT INTO return_event (customer_id, return_line_id, kind, quantity, happened_on, condition)
	VALUES (p_customer_id, line.return_line_id, 'received', p_quantity, arrived, p_condition) RETURNING return_event_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION receive_return(bigint, bigint, integer, numeric, date, text) IS 'Goods arrived: p_quantity of a line, on p_received_on (default today), within the window. Returns the id of the event.';

CREATE OR REPLACE FUNCTION inspect_return(p_customer_id bigint, p_return_authorization_id bigint, p_line_no integer, p_accepted numeric,
	p_rejected numeric DEFAULT 0, p_condition text DEFAULT NULL, p_note text DEFAULT NULL, p_inspected_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	line return_status := read_return_line(p_customer_id, p_return_authorization_id, p_line_no);
	inspected date := COALESCE(p_inspected_on, GREATEST(ledger_today(), line.last_on));
BEGIN
	IF COALESCE(p_accepted < 0 OR p_rejected < 0 OR NOT isfinite(inspected), true) THEN
		RAISE EXCEPTION 'inspection of return % of customer % needs quantities and a calendar date', line.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s and %s, on %s.', COALESCE(p_accepted::text, 'null'), COALESCE(p_rejected::text, 'null'), inspected);
	END IF;
	PERFORM require_quantity(p_accepted + p_rejected, line.quantity, line.received - line.accepted - line.rejected, format('return %s of customer %s', line.number, p_customer_id), p_line_no);
	INSERT INTO return_event (customer_id, return_line_id, kind, quantity, happened_on, condition, note)
	SELECT p_customer_id, line.return_line_id, v.kind, v.quantity, inspected, p_condition, p_note
	FROM (VALUES ('accepted', p_accepted), ('rejected', p_rejected)) v (kind, quantity) WHERE v.quantity > 0;
	RETURN returned_quantity(p_customer_id, p_return_authorization_id, p_line_no);
END $$;
COMMENT ON FUNCTION inspect_return(bigint, bigint, integer, numeric, numeric, text, text, date) IS 'What arrived was looked at: so many accepted, so many rejected. Returns how many of the line may be credited now.';

CREATE OR REPLACE FUNCTION cancel_return(p_customer_id bigint, p_return_authorization_id bigint, p_reason text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	n integer;
BEGIN
	PERFORM require_reason(p_reason, format('the cancellation of return authorization %s of customer %s', p_return_authorization_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	IF NOT EXISTS (SELECT FROM return_authorization a WHERE a.customer_id = p_customer_id AND a.return_authorization_id = p_return_authorization_id) THEN
		RAISE EXCEPTION 'customer % has no return authorization %', p_customer_id, p_return_authorization_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View return_status shows them.';
	END IF;
	INSERT INTO return_event (customer_id, return_line_id, kind, quantity, happened_on, note)
	SELECT p_customer_id, s.return_line_id, 'cancelled', s.quantity - s.received - s.cancelled, ledger_today(), p_reason
	FROM return_status s
	WHERE s.customer_id = p_customer_id AND s.return_authorization_id = p_return_authorization_id AND s.quantity > s.received + s.cancelled ORDER BY s.line_no;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
COMMENT ON FUNCTION cancel_return(bigint, bigint, text) IS 'What has not arrived will not come. Returns how many lines that concerns.';

CREATE OR REPLACE FUNCTION credit_return(p_customer_id bigint, p_return_authorization_id bigint, p_description text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	returned record;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT a.document_id, a.reason_code, a.number, l.lines INTO returned FROM return_authorization a,
		LATERAL (SELECT jsonb_agg(jsonb_build_object('line_no', s.line_no, 'quantity', s.accepted - s.credited) ORDER BY s.line_no) FILTER (WHERE s.accepted > s.credited) AS lines
			FROM return_status s WHERE s.customer_id = a.customer_id AND s.return_authorization_id = a.return_authorization_id) l
	WHERE a.customer_id = p_customer_id AND a.return_authorization_id = p_return_authorization_id;
	IF returned.lines IS NULL THEN
		RAISE EXCEPTION 'nothing of return authorization % of customer % waits to be credited', p_return_authorization_id, p_customer_id
			USING ERRCODE = CASE WHEN returned.document_id IS NULL THEN 'foreign_key_violation' ELSE 'object_not_in_prerequisite_state' END,
				HINT = 'View return_status shows what arrived and was accepted.';
	END IF;
	RETURN request_credit(p_customer_id, returned.document_id, returned.reason_code, returned.lines,
		p_description => COALESCE(p_description, format('return %s', returned.number)), p_return_authorization_id => p_return_authorization_id);
END $$;
COMMENT ON FUNCTION credit_return(bigint, bigint, text) IS 'Asks for the credit of all that was accepted of a return and is not credited yet, at the prices billed less the restocking fee. Returns the id of the credit request.';
