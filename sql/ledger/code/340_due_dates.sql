-- Due dates that change, and items that wait for an event.

-- The due date in force on a day: the change effective latest up to it, or what the item was posted with.
CREATE OR REPLACE FUNCTION due_on_query(p_item text, p_on text, p_known text DEFAULT '')
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN format($q$(SELECT c.due_date
		FROM (
			SELECT 1 AS preference, n.due_date, n.effective_on, n.due_date_change_id
			FROM due_date_change n
			WHERE n.customer_id = %1$s.customer_id AND n.item_id = %1$s.item_id AND n.effective_on <= %2$s %3$s
			UNION ALL
			(SELECT 2, o.previous_due_date, o.effective_on, o.due_date_change_id
			FROM due_date_change o
			WHERE o.customer_id = %1$s.customer_id AND o.item_id = %1$s.item_id
			ORDER BY o.due_date_change_id LIMIT 1)) c
		ORDER BY c.preference, c.effective_on DESC, c.due_date_change_id DESC
		LIMIT 1)$q$, p_item, p_on, p_known);
END $$;
COMMENT ON FUNCTION due_on_query(text, text, text) IS 'The text of the subquery for the due date in force on a day, for an item that has changes. Behind aging_query().';

CREATE OR REPLACE FUNCTION change_due_date(p_customer_id bigint, p_item_id bigint, p_due_date date, p_reason text,
	p_approved_by text DEFAULT NULL, p_effective_on date DEFAULT NULL, p_received_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
	last_day date;
	effective_on date;
	id bigint;
BEGIN
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no item %', p_customer_id, p_item_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	IF debit.amount < 0 THEN
		RAISE EXCEPTION 'item % of customer % is in the customer''s favour and never due', p_item_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT isfinite(p_due_date) OR p_due_date < debit.doc_date THEN
		RAISE EXCEPTION 'due date of item % of customer % is impossible', p_item_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The document date is %s, the due date would be %s.', debit.doc_date, p_due_date),
				HINT = 'NULL lets it wait for an event.';
	END IF;
	-- What is posted to a later day changes from that day on.
	last_day := GREATEST(ledger_today(), debit.posting_date);
	effective_on := COALESCE(p_effective_on, last_day);
	IF effective_on < debit.posting_date OR effective_on > last_day THEN
		RAISE EXCEPTION 'a due date of item % of customer % cannot change on %', p_item_id, p_customer_id, effective_on
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The item was posted on %s; today is %s.', debit.posting_date, ledger_today()),
				HINT = 'A change counts from a day in between.';
	END IF;
	INSERT INTO due_date_change (customer_id, item_id, previous_due_date, due_date, effective_on, reason, approved_by, received_on)
	VALUES (p_customer_id, p_item_id, debit.due_date, p_due_date, effective_on, p_reason, COALESCE(p_approved_by, actor()), p_received_on)
	RETURNING due_date_change_id INTO id;
	UPDATE item i SET due_date = c.due_date, due_changed_on = c.effective_on
	FROM (SELECT n.due_date, n.effective_on FROM due_date_change n WHERE n.customer_id = p_customer_id AND n.item_id = p_item_id
		ORDER BY n.effective_on DESC, n.due_date_change_id DESC LIMIT 1) c
	WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id;
	RETURN id;
END $$;
COMMENT ON FUNCTION change_due_date(bigint, bigint, date, text, text, date, date) IS 'Changes a due date, under the customer''s lock; asks for no approval. Behind set_due_date(), record_receipt() and merge_customers().';

CREATE OR REPLACE FUNCTION set_due_date(p_customer_id bigint, p_item_id bigint, p_due_date date, p_reason text,
	p_approved_by text DEFAULT NULL, p_effective_on date DEFAULT NULL, p_received_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	debit item;
	approved record;
BEGIN
	PERFORM require_reason(p_reason, format('a new due date of item %s of customer %s', p_item_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id;
	approved := use_approval(p_customer_id, 'due_date', debit.amount, debit.currency, jsonb_build_object('item_id', p_item_id, 'due_date', p_due_date));
	RETURN change_due_date(p_customer_id, p_item_id, p_due_date, p_reason, COALESCE(approved.approved_by, p_approved_by), p_effective_on, p_received_on);
END $$;
COMMENT ON FUNCTION set_due_date(bigint, bigint, date, text, text, date, date) IS 'Changes the due date of a debit item from p_effective_on (default today, or the posting date if that is to come; not later) on. Aging as of an earlier date uses the date in force then. NULL: the item waits for an event; it ages as not due and is counted in undated(). p_approved_by: who agreed, default the acting person; where the policy requires an approval, whoever approved. p_received_on: the day of the goods'' receipt, where that is why. Returns the id of the change.';

CREATE OR REPLACE FUNCTION record_receipt(p_customer_id bigint, p_document_id bigint, p_received_on date, p_approved_by text DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	waiting record;
	n integer := 0;
BEGIN
	IF p_received_on IS NULL OR NOT isfinite(p_received_on) THEN
		RAISE EXCEPTION 'receipt date of document % of customer % must be a calendar date', p_document_id, p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', COALESCE(p_received_on::text, 'null'));
	END IF;
	PERFORM lock_customer(p_customer_id);
	original := read_document(p_customer_id, p_document_id);
	FOR waiting IN
		SELECT i.item_id, s.due_date
		FROM item i JOIN credit.instalments(original.terms, original.doc_date, original.amount, credit.minor_unit(original.currency), p_received_on) s
			ON s.no = i.instalment_no
		WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id AND i.due_date IS NULL AND i.amount > 0 AND s.due_date IS NOT NULL
			AND credit.awaits_goods(original.terms)
		ORDER BY i.item_id
	LOOP
		PERFORM change_due_date(p_customer_id, waiting.item_id, waiting.due_date, format('goods received on %s', p_received_on), p_approved_by,
			p_received_on => p_received_on);
		n := n + 1;
	END LOOP;
	IF n = 0 THEN
		RAISE EXCEPTION '% % of customer % does not wait for goods to be received', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Its terms are %s.', COALESCE(original.terms::text, 'none'));
	END IF;
	RETURN n;
END $$;
COMMENT ON FUNCTION record_receipt(bigint, bigint, date, text) IS 'The goods of a document were received: items whose terms count from that day get their due dates, from today on. Returns how many.';
