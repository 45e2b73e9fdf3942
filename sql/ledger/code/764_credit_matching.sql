-- Credit notes meet what they are for; wrong invoices are billed again.
--
-- Matching posts allocations, and nothing else.

CREATE OR REPLACE FUNCTION apply_named(p_customer_id bigint, p_credit_note_id bigint)
RETURNS numeric LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	note item;
	debit_ids bigint[];
	debit_amounts numeric[];
	applied numeric;
BEGIN
	SELECT * INTO note FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_credit_note_id AND i.open_amount < 0;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	-- The item in dispute first, then the oldest instalment.
	SELECT array_agg(i.item_id ORDER BY i.item_id IS NOT DISTINCT FROM d.item_id DESC, i.due_date, i.item_id), array_agg(i.open_amount ORDER BY i.item_id IS NOT DISTINCT FROM d.item_id DESC, i.due_date, i.item_id)
	INTO debit_ids, debit_amounts
	FROM document n
		LEFT JOIN credit_issue s ON s.customer_id = n.customer_id AND s.document_id = n.document_id
		LEFT JOIN credit_request r ON r.customer_id = s.customer_id AND r.credit_request_id = s.credit_request_id
		LEFT JOIN dispute d ON d.customer_id = r.customer_id AND d.dispute_id = r.dispute_id
		JOIN document o ON o.customer_id = n.customer_id AND (o.document_id = n.source_document_id
			OR (o.source_document_id = n.source_document_id AND o.kind = 'adjustment' AND o.side = 'debit'))
		JOIN item i ON i.customer_id = o.customer_id AND i.document_id = o.document_id AND i.open_amount > 0
	WHERE n.customer_id = p_customer_id AND n.document_id = p_credit_note_id AND i.currency = note.currency;
	WITH new_rows AS (
		INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p_customer_id, note.item_id, i.item_id, a.amount, GREATEST(ledger_today(), note.posting_date, note.reversed_on, i.posting_date, i.reversed_on)
		FROM credit.allocate(ARRAY[-note.open_amount], COALESCE(debit_amounts, '{}'), NULL, 'oldest_first', credit.minor_unit(note.currency)) a
			JOIN item i ON i.customer_id = p_customer_id AND i.item_id = debit_ids[a.debit_no]
		ORDER BY a.debit_no RETURNING amount)
	SELECT COALESCE(sum(amount), 0) INTO applied FROM new_rows;
	RETURN applied;
END $$;
COMMENT ON FUNCTION apply_named(bigint, bigint) IS 'Applies a credit note to the item it settles the dispute of, and to the document it names and what was charged back from that, oldest due first. Returns the amount applied.';

-- Which open credit notes and items belong together, by one rule, without regard to other rules.  A pair that is not the only one
-- either of its two sides is in, is ambiguous; so is a combination that is not the only one.
CREATE OR REPLACE FUNCTION credit_pairs(p_customer_id bigint, p_rule text, p_left_alone bigint[])
RETURNS TABLE (credit_item_id bigint, debit_item_id bigint, amount numeric, outcome text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	one record;
	found_set record;
BEGIN
	IF p_rule IN ('document', 'return') THEN
		-- Every credit note that names an item is applied to it, as far as that goes: in the order of their items.
		RETURN QUERY
			WITH named AS (
				SELECT DISTINCT c.item_id AS credit_id, i.item_id AS debit_id, i.due_date, i.document_id, credit.minor_unit(c.currency) AS minor
				FROM item c
					JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
					CROSS JOIN LATERAL (
						SELECT n.source_document_id AS document_id WHERE p_rule = 'document'
						UNION ALL
						SELECT b.document_id FROM document b
						WHERE p_rule = 'document' AND b.customer_id = n.customer_id AND b.source_document_id = n.source_document_id AND b.kind = 'adjustment' AND b.side = 'debit'
						UNION ALL
						SELECT unnest(a.document_id || ARRAY(SELECT d.document_id FROM item o JOIN document d ON d.customer_id = o.customer_id AND d.document_id = o.document_id
							WHERE o.customer_id = n.customer_id AND o.open_amount > 0 AND a.number IN (d.reference, d.order_id)))
						FROM return_authorization a
						WHERE p_rule = 'return' AND a.customer_id = n.customer_id AND (a.number = n.reference OR a.return_authorization_id = (SELECT r.return_authorization_id
							FROM credit_issue s JOIN credit_request r ON r.customer_id = s.customer_id AND r.credit_request_id = s.credit_request_id
							WHERE s.customer_id = n.customer_id AND s.document_id = n.document_id))) t
					JOIN item i ON i.customer_id = c.customer_id AND i.document_id = t.document_id AND i.currency = c.currency AND i.open_amount > 0
				WHERE c.customer_id = p_customer_id AND c.open_amount < 0),
			sides AS (
				SELECT x.document_id, min(x.minor) AS minor, array_agg(DISTINCT x.credit_id ORDER BY x.credit_id) AS credit_ids,
					(SELECT array_agg(o.debit_id ORDER BY o.due_date, o.debit_id) FROM (SELECT DISTINCT y.debit_id, y.due_date FROM named y WHERE y.document_id = x.document_id) o) AS debit_ids
				FROM named x
				-- A credit note that names several documents is applied to the first of them; the next look finds the others.
				WHERE x.document_id = (SELECT min(y.document_id) FROM named y WHERE y.credit_id = x.credit_id)
				GROUP BY x.document_id)
			SELECT s.credit_ids[a.credit_no], s.debit_ids[a.debit_no], a.amount, 'unique'::text
			FROM sides s, credit.allocate(
				ARRAY(SELECT -i.open_amount FROM unnest(s.credit_ids) WITH ORDINALITY t (id, n) JOIN item i ON i.customer_id = p_customer_id AND i.item_id = t.id ORDER BY t.n),
				ARRAY(SELECT i.open_amount FROM unnest(s.debit_ids) WITH ORDINALITY t (id, n) JOIN item i ON i.customer_id = p_customer_id AND i.item_id = t.id ORDER BY t.n),
				NULL, 'oldest_first', s.minor) a
			ORDER BY s.document_id, a.debit_no, a.credit_no;
	ELSIF p_rule = 'amount' THEN
		RETURN QUERY
			-- By grouping, not by a join: amounts that occur on one side only are most of them.
			WITH sides AS (
				SELECT i.item_id, i.document_id, i.currency, abs(i.open_amount) AS open_amount, i.open_amount < 0 AS is_credit,
					bool_or(i.open_amount < 0) OVER w AND bool_or(i.open_amount > 0) OVER w AS met
				FROM item i JOIN document n ON n.customer_id = i.customer_id AND n.document_id = i.document_id
				WHERE i.customer_id = p_customer_id AND (i.open_amount > 0 OR (i.open_amount < 0 AND n.kind = 'credit_note')) AND i.item_id <> ALL (p_left_alone)
				WINDOW w AS (PARTITION BY i.currency, abs(i.open_amount))),
			alike AS (
				SELECT l.open_amount, array_agg(l.item_id ORDER BY l.item_id) FILTER (WHERE l.is_credit) AS credits,
					array_agg(l.item_id ORDER BY l.item_id) FILTER (WHERE NOT l.is_credit) AS debits
				FROM (SELECT s.*, ARRAY(SELECT DISTINCT p.product FROM document_line p WHERE p.customer_id = p_customer_id AND p.document_id = s.document_id ORDER BY 1) AS products
					FROM sides s WHERE s.met) l
				GROUP BY l.currency, l.open_amount, l.products)
			SELECT c.id, d.id, a.open_amount, CASE WHEN cardinality(a.credits) = 1 AND cardinality(a.debits) = 1 THEN 'unique' ELSE 'ambiguous' END
			FROM alike a, unnest(a.credits) c (id), unnest(a.debits[:3]) d (id) ORDER BY c.id, d.id;
	ELSIF p_rule IN ('combination', 'combination of notes') THEN
		-- One target and several parts.  Of more than 24 parts a sum that fits proves nothing.
		FOR one IN
			WITH parts AS MATERIALIZED (
				SELECT i.currency, sign(i.open_amount) AS side, array_agg(i.item_id ORDER BY i.due_date, i.item_id) AS ids,
					array_agg(abs(i.open_amount) ORDER BY i.due_date, i.item_id) AS amounts
				FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				WHERE i.customer_id = p_customer_id AND (i.open_amount > 0 OR (i.open_amount < 0 AND d.kind = 'credit_note')) AND i.item_id <> ALL (p_left_alone)
				GROUP BY 1, 2)
			SELECT t.id AS item_id, t.target, p.ids, p.amounts
			FROM parts p JOIN parts o ON o.currency = p.currency AND o.side = -p.side, unnest(o.ids, o.amounts) t (id, target)
			WHERE cardinality(p.ids) BETWEEN 2 AND 24 AND o.side = CASE p_rule WHEN 'combination' THEN -1 ELSE 1 END
			ORDER BY t.id LIMIT 200
		LOOP
			SELECT m.outcome, m.item_nos INTO found_set FROM credit.match_amount(one.target, one.amounts, max_items => 4) m;
			CONTINUE WHEN found_set.outcome NOT IN ('unique', 'ambiguous') OR cardinality(found_set.item_nos) < 2;
			RETURN QUERY
				SELECT CASE p_rule WHEN 'combination' THEN one.item_id ELSE one.ids[t.n] END, CASE p_rule WHEN 'combination' THEN one.ids[t.n] ELSE one.item_id END,
					one.amounts[t.n], found_set.outcome
				FROM unnest(found_set.item_nos) t (n);
			-- What it takes is not there for the next one.
			EXIT WHEN found_set.outcome = 'unique';
		END LOOP;
	ELSE
		RETURN QUERY
			SELECT s.credit_ids[a.credit_no], s.debit_ids[a.debit_no], a.amount, 'unique'::text
			FROM (SELECT c.currency, array_agg(c.item_id ORDER BY c.item_id) AS credit_ids, array_agg(-c.open_amount ORDER BY c.item_id) AS credits
					FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
					WHERE c.customer_id = p_customer_id AND c.open_amount < 0 AND c.item_id <> ALL (p_left_alone) GROUP BY c.currency) k
				JOIN LATERAL (SELECT k.credit_ids, array_agg(i.item_id ORDER BY i.due_date, i.item_id) AS debit_ids, array_agg(i.open_amount ORDER BY i.due_date, i.item_id) AS debits
					FROM item i WHERE i.customer_id = p_customer_id AND i.currency = k.currency AND i.open_amount > 0) s ON s.debit_ids IS NOT NULL,
				credit.allocate(k.credits, s.debits, NULL, 'oldest_first', credit.minor_unit(k.currency)) a
			ORDER BY a.debit_no, a.credit_no;
	END IF;
END $$;
COMMENT ON FUNCTION credit_pairs(bigint, text, bigint[]) IS 'Open credit notes of a customer and the items they pay by one rule of match_credit_notes(), but for the items to be left alone. Of combinations the first that is unique, and the ambiguous ones before it.';

CREATE OR REPLACE FUNCTION match_credit_notes(p_customer_id bigint, p_simulate boolean DEFAULT true)
RETURNS TABLE (credit_item_id bigint, credit_number text, debit_item_id bigint, debit_number text, amount numeric, rule text, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_rule text;
	credits bigint[];
	debits bigint[];
	amounts numeric[];
	outcomes text[];
	doubtful bigint[] := ARRAY[]::bigint[];
	again boolean;
BEGIN
	IF p_simulate IS NULL THEN
		RAISE EXCEPTION 'credit notes of customer % are to be matched, or that is to be simulated', p_customer_id USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM lock_customer(p_customer_id);
	-- A simulation does it all and takes it back: so it says what would be done.
	BEGIN
		FOREACH used_rule IN ARRAY ARRAY['document', 'return', 'amount', 'combination', 'combination of notes', 'oldest_first'] LOOP
			EXIT WHEN NOT EXISTS (SELECT FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id
				WHERE c.customer_id = p_customer_id AND c.open_amount < 0 AND n.kind = 'credit_note' AND c.item_id <> ALL (doubtful));
			CONTINUE WHEN used_rule = 'return' AND NOT EXISTS (SELECT FROM return_authorization r WHERE r.customer_id = p_customer_id);
			CONTINUE WHEN used_rule = 'oldest_first' AND NOT (cash_rule_kinds(cash_rules_of(p_customer_id)) && ARRAY['oldest_first', 'credit_notes_first']);
			LOOP
				again := false;
				SELECT array_agg(p.credit_item_id), array_agg(p.debit_item_id), array_agg(p.amount), array_agg(p.outcome) INTO credits, debits, amounts, outcomes
				FROM credit_pairs(p_customer_id, used_rule, doubtful) p;
				EXIT WHEN credits IS NULL;
				INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
				SELECT p_customer_id, p.credit_id, p.debit_id, p.amount, GREATEST(ledger_today(), c.posting_date, c.reversed_on, i.posting_date, i.reversed_on)
				FROM unnest(credits, debits, amounts, outcomes) WITH ORDINALITY p (credit_id, debit_id, amount, outcome, n)
					JOIN item c ON c.customer_id = p_customer_id AND c.item_id = p.credit_id
					JOIN item i ON i.customer_id = p_customer_id AND i.item_id = p.debit_id
				WHERE p.outcome = 'unique' ORDER BY p.n;
				again := FOUND AND used_rule IN ('return', 'combination', 'combination of notes');
				-- Whoever is in doubt waits for a person: no weaker rule decides.
				doubtful := doubtful || ARRAY(SELECT DISTINCT p.credit_id FROM unnest(credits, outcomes) p (credit_id, outcome) WHERE p.outcome = 'ambiguous');
				RETURN QUERY
					SELECT p.credit_id, n.number, p.debit_id, d.number, p.amount, used_rule, p.outcome
					FROM unnest(credits, debits, amounts, outcomes) WITH ORDINALITY p (credit_id, debit_id, amount, outcome, place)
						JOIN item c ON c.customer_id = p_customer_id AND c.item_id = p.credit_id
						JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id
						JOIN item i ON i.customer_id = p_customer_id AND i.item_id = p.debit_id
						JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
					ORDER BY p.place;
				EXIT WHEN NOT again;
			END LOOP;
		END LOOP;
		RETURN QUERY
			SELECT c.item_id, n.number, NULL::bigint, NULL::text, -c.open_amount, NULL::text, 'none'::text
			FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
			WHERE c.customer_id = p_customer_id AND c.open_amount < 0 AND c.item_id <> ALL (doubtful) ORDER BY c.item_id;
		IF p_simulate THEN
			RAISE EXCEPTION 'simulated' USING ERRCODE = 'P9998';
		END IF;
	EXCEPTION WHEN SQLSTATE 'P9998' THEN
		NULL;
	END;
END $$;
COMMENT ON FUNCTION match_credit_notes(bigint, boolean) IS 'Applies a customer''s open credit notes, by these rules in order: document (the one the note names), return (what its return authorization is about), amount (an item of the same amount and products), combination (one note pays two to four items in full), combination of notes (two to four notes pay one item), oldest_first (only where the cash rules for the customer have oldest_first or credit_notes_first). Rows say which note paid which item by which rule: outcome unique (applied), ambiguous (there are others as good, the first three are shown; left to a person), none (what of the note is left). p_simulate: takes it all back.';

CREATE OR REPLACE FUNCTION credit_note_customers()
RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT c.customer_id FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
		WHERE c.open_amount < 0 AND EXISTS (SELECT FROM item i WHERE i.customer_id = c.customer_id AND i.currency = c.currency AND i.open_amount > 0)
		GROUP BY c.customer_id ORDER BY c.customer_id);
END $$;
COMMENT ON FUNCTION credit_note_customers() IS 'Customers with open credit notes and something to apply them to. Used by match_all_credit_notes().';

-- It commits, so it can have no search_path of its own: every name in it is written out.
DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.match_all_credit_notes(p_batch integer DEFAULT 100, INOUT applied bigint DEFAULT 0, INOUT ambiguous bigint DEFAULT 0,
			INOUT failed integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			customer bigint;
			one record;
			done integer := 0;
		BEGIN
			applied := 0;
			ambiguous := 0;
			failed := 0;
			FOREACH customer IN ARRAY %1$I.credit_note_customers() LOOP
				BEGIN
					SELECT pg_catalog.count(*) FILTER (WHERE m.outcome OPERATOR(pg_catalog.=) 'unique') AS applied,
						pg_catalog.count(*) FILTER (WHERE m.outcome OPERATOR(pg_catalog.=) 'ambiguous') AS ambiguous
					INTO one FROM %1$I.match_credit_notes(customer, false) m;
					applied := applied OPERATOR(pg_catalog.+) one.applied;
					ambiguous := ambiguous OPERATOR(pg_catalog.+) one.ambiguous;
				EXCEPTION WHEN OTHERS THEN
					-- One customer's trouble stops only itself.
					RAISE WARNING 'credit notes of customer %% were not matched: %%', customer, SQLERRM;
					failed := failed OPERATOR(pg_catalog.+) 1;
				END;
				done := done OPERATOR(pg_catalog.+) 1;
				IF done OPERATOR(pg_catalog.%%) GREATEST(p_batch, 1) OPERATOR(pg_catalog.=) 0 THEN
					COMMIT;
				END IF;
			END LOOP;
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE match_all_credit_notes(integer, bigint, bigint, integer) IS 'match_credit_notes() for every customer with open credit notes; commits every p_batch customers. applied and ambiguous count pairs of a note and an item, failed customers, each with a warning. Called again it goes on with what is open. Run it outside a transaction block.';

CREATE OR REPLACE FUNCTION rebill(p_customer_id bigint, p_document_id bigint, p_reason text, p_amount numeric, p_lines jsonb DEFAULT NULL,
	p_number text DEFAULT NULL, p_due text DEFAULT 'original', p_credit_number text DEFAULT NULL, p_rebilled_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	original document;
	billed_on date;
	credited numeric;
	paid jsonb := jsonb_build_array();
	used numeric;
	part record;
	due date;
	note_id bigint;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the rebilling of document %s of customer %s', p_document_id, p_customer_id));
	IF p_due IS NULL OR p_due NOT IN ('original', 'new') THEN
		RAISE EXCEPTION 'unknown due date policy "%"', p_due USING ERRCODE = 'invalid_parameter_value', HINT = 'The due date is the original or a new one.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	original := credited_document(p_customer_id, p_document_id);
	IF original.document_id <> p_document_id OR original.kind NOT IN ('invoice', 'debit_note') THEN
		RAISE EXCEPTION 'document % of customer % is not an invoice', p_document_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It belongs to %s %s.', replace(original.kind, '_', ' '), original.number);
	END IF;
	PERFORM require_uncredited(p_customer_id, p_document_id, false);
	credited := credited_amount(p_customer_id, p_document_id);
	IF credited >= original.amount THEN
		RAISE EXCEPTION '% % of customer % is credited in full', replace(original.kind, '_', ' '), original.number, p_customer_id
			USING ERRCODE = 'RC007', DETAIL = format('It is of %s %s.', original.amount, original.currency), HINT = 'Post the right one with post_invoice().';
	END IF;
	PERFORM use_approval(p_customer_id, 'credit_note', original.amount - credited, original.currency, jsonb_build_object('document_id', p_document_id));
	SELECT GREATEST(COALESCE(p_rebilled_on, ledger_today()), original.posting_date, max(i.reversed_on), max(i.last_applied_on)) INTO billed_on
	FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id;

	-- What was granted on the wrong invoice is undone, and what paid it is set free: it pays the right one.
	FOR part IN
		SELECT d.document_id, d.kind, d.posting_date, a.allocation_id, a.credit_item_id, a.amount
		FROM item i
			JOIN allocation a ON a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.reverses IS NULL
				AND NOT EXISTS (SELECT FROM allocation r WHERE r.customer_id = a.customer_id AND r.reverses = a.allocation_id)
			JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
			JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id
		WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id AND d.kind <> 'adjustment' AND d.source_document_id IS DISTINCT FROM p_document_id
		ORDER BY a.applied_on, a.allocation_id
	LOOP
		IF part.kind IN ('discount', 'write_off') THEN
			PERFORM undo_document(p_customer_id, part.document_id, p_reason, GREATEST(billed_on, part.posting_date))
			WHERE NOT EXISTS (SELECT FROM document r WHERE r.customer_id = p_customer_id AND r.reverses = part.document_id);
		ELSE
			PERFORM reverse_allocation(p_customer_id, part.allocation_id, billed_on);
			paid := paid || jsonb_build_object('item_id', part.credit_item_id, 'amount', part.amount);
		END IF;
	END LOOP;
	note_id := enter_document('credit_note', p_customer_id, COALESCE(p_credit_number, number_after(original, 'credit_note', 'credit', billed_on)), billed_on,
		original.amount - credited, p_currency => original.currency, p_reference => original.number, p_sold_to_id => original.sold_to_id,
		p_order_id => original.order_id, p_fx_rate => original.fx_rate, p_source_document_id => p_document_id, p_reason => p_reason,
		p_lines => CASE WHEN credited = 0 THEN (SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(l) - ARRAY['customer_id', 'document_line_id', 'document_id', 'line_no']) ORDER BY l.line_no)
			FROM document_line l WHERE l.customer_id = p_customer_id AND l.document_id = p_document_id) END);
	PERFORM apply_named(p_customer_id, note_id);
	SELECT CASE WHEN count(*) = 1 THEN min(i.due_date) END INTO due FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = p_document_id;
	id := enter_document(original.kind, p_customer_id, COALESCE(p_number, number_after(original, original.kind, 'rebill', billed_on)),
		CASE p_due WHEN 'original' THEN original.doc_date ELSE billed_on END, p_amount, CASE p_due WHEN 'original' THEN due END, original.currency, billed_on,
		original.reference, original.terms, CASE p_due WHEN 'original' THEN original.received_on END, original.sold_to_id, original.order_id,
		original.fx_rate, p_lines, p_source_document_id => p_document_id, p_reason => p_reason);
	-- Money that came in time earns the discount of the right invoice.
	FOR part IN
		SELECT r.item_id, r.amount, i.item_id AS debit_id, d.doc_date, d.kind
		FROM (SELECT (e.value ->> 'item_id')::bigint AS item_id, sum((e.value ->> 'amount')::numeric) AS amount, min(e.n) AS n
				FROM jsonb_array_elements(paid) WITH ORDINALITY e (value, n) GROUP BY 1) r
			JOIN item c ON c.customer_id = p_customer_id AND c.item_id = r.item_id
			JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.document_id
			JOIN item i ON i.customer_id = p_customer_id AND i.document_id = id
		ORDER BY r.n, i.due_date, i.item_id
	LOOP
		SELECT LEAST(part.amount - COALESCE((SELECT sum(a.amount) FROM allocation a JOIN item n ON n.customer_id = a.customer_id AND n.item_id = a.debit_item_id
				WHERE a.customer_id = p_customer_id AND a.credit_item_id = part.item_id AND n.document_id = id), 0), -c.open_amount,
			i.open_amount - CASE WHEN part.kind IN ('payment', 'deposit', 'transfer', 'set_off') THEN earned_discount(p_customer_id, i.item_id, part.doc_date) ELSE 0 END)
		INTO used FROM item c, item i WHERE c.customer_id = p_customer_id AND c.item_id = part.item_id AND i.customer_id = p_customer_id AND i.item_id = part.debit_id;
		IF used > 0 THEN
			PERFORM allocate_with_discount(p_customer_id, part.item_id, part.debit_id, used);
		END IF;
	END LOOP;
	PERFORM move_dispute(p_customer_id, d.dispute_id, 'settled', p_reason, p_document_id => note_id)
	FROM dispute d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id
	WHERE d.customer_id = p_customer_id AND i.document_id = p_document_id AND d.ended_on IS NULL;
	RETURN id;
END $$;
COMMENT ON FUNCTION rebill(bigint, bigint, text, numeric, jsonb, text, text, text, date) IS 'Credits a wrong invoice in full, less what is credited already, and bills p_amount (p_lines) in its place: payments move to the new invoice, with the discounts they earned there, discounts and write-offs on the wrong one are undone, its disputes are settled. p_due original: dates and terms count as they did; new: from p_rebilled_on (default today) by the same terms, or else the customer''s. Where credit notes require an approval, asks for one with subject {"document_id": the invoice} (RC004). Both new documents name the wrong one as their source. Returns the id of the new invoice.';
