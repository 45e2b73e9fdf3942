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

-- Which open credit notes and items of many customers belong together, by one rule, without regard to other rules.  A pair that is
-- not the only one either of its two sides is in, is ambiguous; so is a combination that is not the only one.
CREATE OR REPLACE FUNCTION credit_pairs(p_customer_ids bigint[], p_rule text, p_left_alone bigint[])
RETURNS TABLE (customer_id bigint, credit_item_id bigint, debit_item_id bigint, amount numeric, outcome text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_rule IN ('document', 'return') THEN
		-- Every credit note that names something is applied to that as far as it goes, in the order of their items: what was
		-- charged back from a document is a part of it.
		RETURN QUERY
			WITH named AS MATERIALIZED (
				SELECT c.customer_id, c.item_id, -c.open_amount AS open_amount, c.currency, t.document_ids
				FROM item c
					JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
					CROSS JOIN LATERAL (
						SELECT o.document_id || ARRAY(SELECT b.document_id FROM document b WHERE b.customer_id = n.customer_id
							AND b.source_document_id = o.document_id AND b.kind = 'adjustment' AND b.side = 'debit') AS document_ids
						FROM (SELECT CASE WHEN d.kind = 'adjustment' AND d.side = 'debit' THEN COALESCE(d.source_document_id, d.document_id) ELSE d.document_id END AS document_id
							FROM document d WHERE d.customer_id = n.customer_id AND d.document_id = n.source_document_id) o
						WHERE p_rule = 'document'
						UNION ALL
						-- What a return is about, and what names it: the first that is open; the next look finds the others.
						SELECT ARRAY[min(w.document_id)]
						FROM return_authorization a,
							LATERAL (SELECT d.document_id FROM document d WHERE d.customer_id = n.customer_id AND (d.document_id = a.document_id OR a.number IN (d.reference, d.order_id))
								AND EXISTS (SELECT FROM item i WHERE i.customer_id = d.customer_id AND i.document_id = d.document_id AND i.currency = c.currency AND i.open_amount > 0)) w
						WHERE p_rule = 'return' AND a.customer_id = n.customer_id AND (a.number = n.reference OR a.return_authorization_id = (SELECT r.return_authorization_id
							FROM credit_issue s JOIN credit_request r ON r.customer_id = s.customer_id AND r.credit_request_id = s.credit_request_id
							WHERE s.customer_id = n.customer_id AND s.document_id = n.document_id))
						HAVING count(*) > 0) t
				WHERE c.customer_id = ANY (p_customer_ids) AND c.open_amount < 0),
			credits AS (
				SELECT n.customer_id, n.currency, n.document_ids, array_agg(n.item_id ORDER BY n.item_id) AS ids, array_agg(n.open_amount ORDER BY n.item_id) AS amounts
				FROM named n GROUP BY n.customer_id, n.currency, n.document_ids)
			SELECT k.customer_id, k.ids[a.credit_no], d.ids[a.debit_no], a.amount, 'unique'::text
			FROM credits k,
				LATERAL (SELECT array_agg(i.item_id ORDER BY i.due_date, i.item_id) AS ids, array_agg(i.open_amount ORDER BY i.due_date, i.item_id) AS amounts
					FROM item i WHERE i.customer_id = k.customer_id AND i.document_id = ANY (k.document_ids) AND i.currency = k.currency AND i.open_amount > 0) d,
				credit.allocate(k.amounts, d.amounts, NULL, 'oldest_first', credit.minor_unit(k.currency)) a
			WHERE d.ids IS NOT NULL ORDER BY k.customer_id, k.document_ids, a.debit_no, a.credit_no;
	ELSIF p_rule = 'amount' THEN
		RETURN QUERY
			-- By grouping, not by a join: amounts that occur on one side only are most of them.
			WITH sides AS (
				SELECT i.customer_id, i.item_id, i.document_id, i.currency, abs(i.open_amount) AS open_amount, i.open_amount < 0 AS is_credit,
					bool_or(i.open_amount < 0) OVER w AND bool_or(i.open_amount > 0) OVER w AS met
				FROM item i
				WHERE i.customer_id = ANY (p_customer_ids) AND i.item_id <> ALL (p_left_alone) AND (i.open_amount > 0 OR (i.open_amount < 0
					AND EXISTS (SELECT FROM document n WHERE n.customer_id = i.customer_id AND n.document_id = i.document_id AND n.kind = 'credit_note')))
				WINDOW w AS (PARTITION BY i.customer_id, i.currency, abs(i.open_amount))),
			alike AS (
				SELECT l.customer_id, l.open_amount, array_agg(l.item_id ORDER BY l.item_id) FILTER (WHERE l.is_credit) AS credits,
					array_agg(l.item_id ORDER BY l.item_id) FILTER (WHERE NOT l.is_credit) AS debits
				FROM (SELECT s.*, ARRAY(SELECT DISTINCT p.product FROM document_line p WHERE p.customer_id = s.customer_id AND p.document_id = s.document_id ORDER BY 1) AS products
					FROM sides s WHERE s.met) l
				GROUP BY l.customer_id, l.currency, l.open_amount, l.products)
			SELECT a.customer_id, c.id, d.id, a.open_amount, CASE WHEN cardinality(a.credits) = 1 AND cardinality(a.debits) = 1 THEN 'unique' ELSE 'ambiguous' END
			FROM alike a, unnest(a.credits) c (id), unnest(a.debits[:3]) d (id) ORDER BY a.customer_id, c.id, d.id;
	ELSIF p_rule IN ('combination', 'combination of notes') THEN
		-- One target and several parts.  Of more than 24 parts a sum that fits proves nothing.  What the first that is unique takes
		-- is not there for the next: one a customer at a time.
		RETURN QUERY
			WITH parts AS MATERIALIZED (
				SELECT i.customer_id, i.currency, sign(i.open_amount) AS side, array_agg(i.item_id ORDER BY i.due_date, i.item_id) AS ids,
					array_agg(abs(i.open_amount) ORDER BY i.due_date, i.item_id) AS amounts, sum(abs(i.open_amount)) AS total
				FROM item i
				WHERE i.customer_id = ANY (p_customer_ids) AND i.item_id <> ALL (p_left_alone) AND (i.open_amount > 0 OR (i.open_amount < 0
					AND EXISTS (SELECT FROM document n WHERE n.customer_id = i.customer_id AND n.document_id = i.document_id AND n.kind = 'credit_note')))
				GROUP BY i.customer_id, i.currency, sign(i.open_amount)),
			-- A target above all parts together, and what two hundred targets of a customer did not find, is not looked for.
			targets AS (
				SELECT p.customer_id, t.id, t.target, p.ids, p.amounts, row_number() OVER (PARTITION BY p.customer_id ORDER BY t.id) AS place
				FROM parts p JOIN parts o ON o.customer_id = p.customer_id AND o.currency = p.currency AND o.side = -p.side, unnest(o.ids, o.amounts) t (id, target)
				WHERE cardinality(p.ids) BETWEEN 2 AND 24 AND t.target <= p.total AND o.side = CASE p_rule WHEN 'combination' THEN -1 ELSE 1 END),
			hits AS (
				SELECT t.customer_id, t.id, t.ids, t.amounts, m.outcome, m.item_nos,
					count(*) FILTER (WHERE m.outcome = 'unique') OVER (PARTITION BY t.customer_id ORDER BY t.place) - (m.outcome = 'unique')::integer AS before
				FROM targets t, credit.match_amount(t.target, t.amounts, max_items => 4) m
				WHERE t.place <= 200 AND m.outcome IN ('unique', 'ambiguous') AND cardinality(m.item_nos) >= 2)
			SELECT h.customer_id, CASE p_rule WHEN 'combination' THEN h.id ELSE h.ids[n.n] END, CASE p_rule WHEN 'combination' THEN h.ids[n.n] ELSE h.id END,
				h.amounts[n.n], h.outcome
			FROM hits h, unnest(h.item_nos) WITH ORDINALITY n (n, place) WHERE h.before = 0 ORDER BY h.customer_id, h.id, n.place;
	ELSE
		RETURN QUERY
			WITH credits AS (
				SELECT c.customer_id, c.currency, array_agg(c.item_id ORDER BY c.item_id) AS ids, array_agg(-c.open_amount ORDER BY c.item_id) AS amounts
				FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
				WHERE c.customer_id = ANY (p_customer_ids) AND c.open_amount < 0 AND c.item_id <> ALL (p_left_alone) GROUP BY c.customer_id, c.currency)
			SELECT k.customer_id, k.ids[a.credit_no], d.ids[a.debit_no], a.amount, 'unique'::text
			FROM credits k,
				LATERAL (SELECT array_agg(i.item_id ORDER BY i.due_date, i.item_id) AS ids, array_agg(i.open_amount ORDER BY i.due_date, i.item_id) AS amounts
					FROM item i WHERE i.customer_id = k.customer_id AND i.currency = k.currency AND i.open_amount > 0) d,
				credit.allocate(k.amounts, d.amounts, NULL, 'oldest_first', credit.minor_unit(k.currency)) a
			WHERE d.ids IS NOT NULL ORDER BY k.customer_id, a.debit_no, a.credit_no;
	END IF;
END $$;
COMMENT ON FUNCTION credit_pairs(bigint[], text, bigint[]) IS 'Open credit notes of customers and the items they pay by one rule of match_credit_notes(), but for the items to be left alone. Of combinations the first of each customer that is unique, and the ambiguous ones before it.';

CREATE OR REPLACE FUNCTION customers_with_notes(p_customer_ids bigint[], p_left_alone bigint[])
RETURNS bigint[] LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT DISTINCT c.customer_id FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
		WHERE c.customer_id = ANY (p_customer_ids) AND c.open_amount < 0 AND c.item_id <> ALL (p_left_alone) ORDER BY c.customer_id);
END $$;
COMMENT ON FUNCTION customers_with_notes(bigint[], bigint[]) IS 'Those of the customers that have open credit notes, but for the items to be left alone.';

-- Rule by rule over all of them: the cost is in the statements, whose number does not depend on that of the customers.
CREATE OR REPLACE FUNCTION apply_credit_notes(p_customer_ids bigint[])
RETURNS TABLE (customer_id bigint, credit_item_id bigint, debit_item_id bigint, amount numeric, rule text, outcome text)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	used_rule text;
	customers bigint[];
	looked_at bigint[];
	credits bigint[];
	debits bigint[];
	amounts numeric[];
	outcomes text[];
	doubtful bigint[] := ARRAY[]::bigint[];
BEGIN
	PERFORM FROM exposure e WHERE e.customer_id = ANY (p_customer_ids) AND e.currency = (SELECT l.base_currency FROM ledger_info l)
	ORDER BY e.customer_id FOR NO KEY UPDATE;
	FOREACH used_rule IN ARRAY ARRAY['document', 'return', 'amount', 'combination', 'combination of notes', 'oldest_first'] LOOP
		looked_at := customers_with_notes(p_customer_ids, doubtful);
		IF used_rule = 'return' THEN
			looked_at := ARRAY(SELECT c FROM unnest(looked_at) c WHERE EXISTS (SELECT FROM return_authorization r WHERE r.customer_id = c));
		ELSIF used_rule = 'oldest_first' THEN
			looked_at := ARRAY(SELECT c FROM unnest(looked_at) c WHERE cash_rule_kinds(cash_rules_of(c)) && ARRAY['oldest_first', 'credit_notes_first']);
		END IF;
		WHILE looked_at <> '{}' LOOP
			SELECT array_agg(p.customer_id), array_agg(p.credit_item_id), array_agg(p.debit_item_id), array_agg(p.amount), array_agg(p.outcome)
			INTO customers, credits, debits, amounts, outcomes
			FROM credit_pairs(looked_at, used_rule, doubtful) p;
			INSERT INTO allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on)
			SELECT p.customer_id, p.credit_id, p.debit_id, p.amount, GREATEST(today, c.posting_date, c.reversed_on, i.posting_date, i.reversed_on)
			FROM unnest(customers, credits, debits, amounts, outcomes) WITH ORDINALITY p (customer_id, credit_id, debit_id, amount, outcome, n)
				JOIN item c ON c.customer_id = p.customer_id AND c.item_id = p.credit_id
				JOIN item i ON i.customer_id = p.customer_id AND i.item_id = p.debit_id
			WHERE p.outcome = 'unique' ORDER BY p.n;
			RETURN QUERY SELECT p.customer_id, p.credit_id, p.debit_id, p.amount, used_rule, p.outcome
				FROM unnest(customers, credits, debits, amounts, outcomes) p (customer_id, credit_id, debit_id, amount, outcome);
			-- Whoever is in doubt waits for a person: no weaker rule decides.
			doubtful := doubtful || ARRAY(SELECT DISTINCT p.credit_id FROM unnest(credits, outcomes) p (credit_id, outcome) WHERE p.outcome = 'ambiguous');
			EXIT WHEN used_rule IN ('document', 'amount', 'oldest_first');
			-- Where these found something there may be more.
			looked_at := customers_with_notes(ARRAY(SELECT DISTINCT p.customer_id FROM unnest(customers, outcomes) p (customer_id, outcome) WHERE p.outcome = 'unique'), doubtful);
		END LOOP;
	END LOOP;
	RETURN QUERY
		SELECT c.customer_id, c.item_id, NULL::bigint, -c.open_amount, NULL::text, 'none'::text
		FROM item c JOIN document n ON n.customer_id = c.customer_id AND n.document_id = c.document_id AND n.kind = 'credit_note'
		WHERE c.customer_id = ANY (p_customer_ids) AND c.open_amount < 0 AND c.item_id <> ALL (doubtful) ORDER BY c.customer_id, c.item_id;
END $$;
COMMENT ON FUNCTION apply_credit_notes(bigint[]) IS 'Takes the locks of customers, in id order, and applies their credit notes by the rules of match_credit_notes(). Behind that and match_all_credit_notes().';

CREATE OR REPLACE FUNCTION match_credit_notes(p_customer_id bigint, p_simulate boolean DEFAULT true)
RETURNS TABLE (credit_item_id bigint, credit_number text, debit_item_id bigint, debit_number text, amount numeric, rule text, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF p_simulate IS NULL THEN
		RAISE EXCEPTION 'credit notes of customer % are to be matched, or that is to be simulated', p_customer_id USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM lock_customer(p_customer_id);
	-- A simulation does it all and takes it back: so it says what would be done.
	BEGIN
		RETURN QUERY
			SELECT p.credit_item_id, n.number, p.debit_item_id, d.number, p.amount, p.rule, p.outcome
			FROM apply_credit_notes(ARRAY[p_customer_id]) WITH ORDINALITY p (customer_id, credit_item_id, debit_item_id, amount, rule, outcome, place)
				JOIN item c ON c.customer_id = p_customer_id AND c.item_id = p.credit_item_id
				JOIN document n ON n.customer_id = p_customer_id AND n.document_id = c.document_id
				LEFT JOIN item i ON i.customer_id = p_customer_id AND i.item_id = p.debit_item_id
				LEFT JOIN document d ON d.customer_id = p_customer_id AND d.document_id = i.document_id
			ORDER BY p.place;
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

CREATE OR REPLACE FUNCTION match_credit_notes_of(p_customer_ids bigint[], OUT applied bigint, OUT ambiguous bigint, OUT failed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	customer bigint;
	one record;
BEGIN
	IF p_customer_ids IS NULL THEN
		RAISE EXCEPTION 'credit notes of which customers are to be matched must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	BEGIN
		SELECT count(*) FILTER (WHERE m.outcome = 'unique'), count(*) FILTER (WHERE m.outcome = 'ambiguous'), 0 INTO applied, ambiguous, failed
		FROM apply_credit_notes(p_customer_ids) m;
		RETURN;
	EXCEPTION WHEN OTHERS THEN
		IF cardinality(p_customer_ids) = 1 THEN
			RAISE WARNING 'credit notes of customer % were not matched: %', p_customer_ids[1], SQLERRM;
			applied := 0; ambiguous := 0; failed := 1;
			RETURN;
		END IF;
	END;
	-- One customer's trouble stops only itself.
	applied := 0; ambiguous := 0; failed := 0;
	FOREACH customer IN ARRAY p_customer_ids LOOP
		one := match_credit_notes_of(ARRAY[customer]);
		applied := applied + one.applied;
		ambiguous := ambiguous + one.ambiguous;
		failed := failed + one.failed;
	END LOOP;
END $$;
COMMENT ON FUNCTION match_credit_notes_of(bigint[]) IS 'A batch of match_all_credit_notes(): all of its customers at once, or where that fails each by itself.';

-- It commits, so it can have no search_path of its own: every name in it is written out.
DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.match_all_credit_notes(p_batch integer DEFAULT 1000, INOUT applied bigint DEFAULT 0, INOUT ambiguous bigint DEFAULT 0,
			INOUT failed integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			customers bigint[] := %1$I.credit_note_customers();
			size integer := GREATEST(COALESCE(p_batch, 1000), 1);
			one record;
		BEGIN
			applied := 0;
			ambiguous := 0;
			failed := 0;
			FOR n IN 0 .. (pg_catalog.cardinality(customers) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) size LOOP
				SELECT m.* INTO one FROM %1$I.match_credit_notes_of(
					customers[n OPERATOR(pg_catalog.*) size OPERATOR(pg_catalog.+) 1 : (n OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.*) size]) m;
				applied := applied OPERATOR(pg_catalog.+) one.applied;
				ambiguous := ambiguous OPERATOR(pg_catalog.+) one.ambiguous;
				failed := failed OPERATOR(pg_catalog.+) one.failed;
				COMMIT;
			END LOOP;
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE match_all_credit_notes(integer, bigint, bigint, integer) IS 'match_credit_notes() for every customer with open credit notes, p_batch customers (default 1000) in a transaction. applied and ambiguous count pairs of a note and an item, failed customers, each with a warning. Called again it goes on with what is open. Run it outside a transaction block.';

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
