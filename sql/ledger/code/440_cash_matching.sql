-- What a receipt pays: who pays it, which documents it names, and which rule fits.  Only reads.
--
-- Three steps, each a function: find_payer() weighs the evidence for each customer; cash_items() and named_items() say
-- what is open and what of it the payer names; try_cash_rule() decides for one rule whether it fits, by arrays alone.
-- match_receipt() goes through the rules in order: the first that fits decides, and says why those before did not.
--
-- Confidence is the least of its parts, not their product: a chain is as strong as its weakest link, and a person who
-- looks at 60 sees at once which part it comes from.  A wrong match is worse than none: where two customers, two
-- combinations or two documents would do, nothing is chosen.

CREATE OR REPLACE FUNCTION receipt_text(p_receipt bank_receipt)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	-- A creditor reference is RF, two check digits, and the number itself.
	RETURN concat_ws(' ; ', (SELECT string_agg(CASE WHEN credit.is_creditor_reference(r)
			THEN substr(replace(r, ' ', ''), 5) ELSE r END, ' ; ') FROM unnest(p_receipt.document_references) r), p_receipt.remittance_text);
END $$;
COMMENT ON FUNCTION receipt_text(bank_receipt) IS 'All that a receipt says about what it pays, as one text.';

CREATE OR REPLACE FUNCTION receipt_remittance(p_receipt bank_receipt)
RETURNS bigint LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_ids bigint[];
BEGIN
	found_ids := ARRAY(SELECT r.remittance_id FROM remittance r WHERE r.bank_receipt_id = p_receipt.bank_receipt_id);
	IF found_ids = '{}' THEN
		-- Two payers may count alike: then neither is meant.  One of another amount is found as well, so that a person
		-- sees it, unless its number is so short that it may be anything.
		found_ids := (SELECT COALESCE(array_agg(r.remittance_id) FILTER (WHERE r.amount = p_receipt.amount),
				array_agg(r.remittance_id) FILTER (WHERE length(r.trace) >= 5)) FROM remittance r
			WHERE r.bank_receipt_id IS NULL AND r.currency = p_receipt.currency
				AND r.trace = ANY (regexp_split_to_array(concat_ws(' ', p_receipt.bank_reference, receipt_text(p_receipt)), '[\s;,]+')));
	END IF;
	RETURN CASE WHEN cardinality(found_ids) = 1 THEN found_ids[1] END;
END $$;
COMMENT ON FUNCTION receipt_remittance(bank_receipt) IS 'The remittance advice of a receipt: the one that came with it, or the only one whose trace it names, of its amount if there is one.';

CREATE OR REPLACE FUNCTION find_payer(p_receipt bank_receipt)
RETURNS TABLE (customer_id bigint, confidence numeric, evidence jsonb)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	account text := upper(replace(p_receipt.payer_account, ' ', ''));
	payer text := lower(regexp_replace(btrim(p_receipt.payer_name), '\s+', ' ', 'g'));
	keys text[] := credit.reference_keys(concat_ws(' ; ', receipt_text(p_receipt),
		(SELECT string_agg(l.reference, ' ; ') FROM remittance_line l WHERE l.remittance_id = receipt_remittance(p_receipt))));
BEGIN
	RETURN QUERY
		WITH found AS (
			SELECT p_receipt.customer_id AS id, 'given' AS how, 100 AS weight WHERE p_receipt.customer_id IS NOT NULL
			UNION ALL
			SELECT a.customer_id, a.kind, CASE a.kind WHEN 'account' THEN 100 ELSE 92 END
			FROM payer_alias a WHERE (a.kind, a.alias) IN (('account', account), ('name', payer)) AND a.confirmed > a.rejected
			UNION ALL
			SELECT c.customer_id, 'same name', 90 FROM customer c WHERE lower(c.name) = payer
			UNION ALL
			-- A number of few characters may be anything.
			SELECT c.customer_id, 'customer number', CASE WHEN length(credit.reference_key(c.number)) >= 5 THEN 90 ELSE 60 END
			FROM customer c WHERE credit.reference_key(c.number) = ANY (keys)
			UNION ALL
			SELECT d.customer_id, 'document', max(CASE WHEN length(credit.reference_key(d.number)) >= 5 THEN 95 ELSE 60 END)
			FROM document d WHERE credit.reference_key(d.number) = ANY (keys) AND d.side = 'debit' AND d.reverses IS NULL GROUP BY d.customer_id),
		-- Of one kind of evidence that points to several customers none is believed.
		weighed AS (
			SELECT f.id, f.how, CASE WHEN count(*) OVER (PARTITION BY f.how) > 1 THEN LEAST(f.weight, 60) ELSE f.weight END AS weight FROM found f),
		merged AS (
			SELECT customer_of(w.id) AS id, max(w.weight) AS weight, jsonb_object_agg(w.how, w.weight) AS evidence
			FROM weighed w GROUP BY customer_of(w.id))
		SELECT m.id, m.weight::numeric, m.evidence FROM merged m ORDER BY m.weight DESC, m.id;
	IF NOT FOUND AND payer <> '' THEN
		-- For a person to look at: a similar name is never enough by itself.
		RETURN QUERY
			SELECT c.customer_id, round(70 * s.similarity), jsonb_build_object('similar name', round(70 * s.similarity))
			FROM customer c, LATERAL (SELECT credit.similarity_edits(c.name, payer) AS similarity) s
			WHERE s.similarity >= 0.7 ORDER BY s.similarity DESC, c.customer_id LIMIT 5;
	END IF;
END $$;
COMMENT ON FUNCTION find_payer(bank_receipt) IS 'Who may have paid a receipt, the likeliest first: confidence from 0 to 100, and the evidence with the weight of each kind.';

CREATE OR REPLACE FUNCTION cash_rules_of(p_customer_id bigint)
RETURNS cash_rule_set LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	rules cash_rule_set;
BEGIN
	SELECT s.* INTO rules FROM cash_rule_set s LEFT JOIN customer c ON c.customer_id = p_customer_id
	WHERE CASE WHEN s.customer_id IS NOT NULL THEN s.customer_id = p_customer_id WHEN s.risk_class IS NOT NULL THEN s.risk_class = c.risk_class ELSE true END
	ORDER BY s.customer_id IS NULL, s.risk_class IS NULL LIMIT 1;
	IF FOUND THEN
		RETURN rules;
	END IF;
	-- As the columns' defaults.
	rules.min_confidence := 90;
	rules.min_similarity := 0.75;
	rules.discounts := 'earned';
	rules.discount_grace_days := 0;
	rules.partial := true;
	rules.underpayment := 'open';
	rules.overpayment := 'on_account';
	rules.priority := ARRAY['fee', 'finance_charge'];
	RETURN rules;
END $$;
COMMENT ON FUNCTION cash_rules_of(bigint) IS 'The rule set for a customer''s receipts: its own, or its risk class''s, or that of all others, or the built-in one, which has no key.';

CREATE OR REPLACE FUNCTION cash_rule_kinds(p_rules cash_rule_set)
RETURNS text[] LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN CASE WHEN p_rules.cash_rule_set_id IS NULL THEN ARRAY['reference', 'exact_item', 'clear_account', 'clear_past_due', 'combination']
		ELSE ARRAY(SELECT r.kind FROM cash_rule r WHERE r.cash_rule_set_id = p_rules.cash_rule_set_id ORDER BY r.rule_no) END;
END $$;
COMMENT ON FUNCTION cash_rule_kinds(cash_rule_set) IS 'The rules of a set in order; of one without a key, those of the built-in set.';

CREATE OR REPLACE FUNCTION cash_discount(p_rules cash_rule_set, p_customer_id bigint, p_item_id bigint, p_paid_on date, p_amount numeric DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN CASE p_rules.discounts WHEN 'none' THEN 0
		WHEN 'earned' THEN earned_discount(p_customer_id, p_item_id, p_paid_on - p_rules.discount_grace_days, p_amount)
		ELSE earned_discount(p_customer_id, p_item_id, LEAST(p_paid_on, (SELECT i.doc_date FROM item i
			WHERE i.customer_id = p_customer_id AND i.item_id = p_item_id)), p_amount) END;
END $$;
COMMENT ON FUNCTION cash_discount(cash_rule_set, bigint, bigint, date, numeric) IS 'The discount a rule set grants on paying an item that day: see earned_discount().';

-- Oldest first, which is the order ties are decided in.  Of others' items only those whose documents are named.
CREATE OR REPLACE FUNCTION cash_items(p_customer_id bigint, p_currency text, p_paid_on date, p_rules cash_rule_set, p_keys text[])
RETURNS TABLE (customer_id bigint, item_id bigint, document_id bigint, number text, kind text, terms text, open_amount numeric, discount numeric,
	due_date date)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT i.customer_id, i.item_id, i.document_id, d.number, d.kind, d.terms::text, i.open_amount,
			CASE WHEN i.open_amount > 0 AND d.terms IS NOT NULL THEN cash_discount(p_rules, i.customer_id, i.item_id, p_paid_on) ELSE 0 END, i.due_date
		FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
		WHERE i.currency = p_currency AND i.open_amount <> 0 AND i.reserved_for IS NULL AND i.posting_date <= GREATEST(ledger_today(), p_paid_on)
			AND (i.customer_id = p_customer_id OR (i.open_amount > 0 AND (i.customer_id, i.document_id) IN (
				SELECT o.customer_id, o.document_id FROM document o JOIN customer c ON c.customer_id = o.customer_id
				WHERE credit.reference_key(o.number) = ANY (p_keys) AND o.side = 'debit' AND c.payer_id = p_customer_id)))
		ORDER BY i.customer_id <> p_customer_id, i.due_date NULLS LAST, i.item_id;
END $$;
COMMENT ON FUNCTION cash_items(bigint, text, date, cash_rule_set, text[]) IS 'What is open of a customer, and of those it pays for what the keys name: the customer''s own first, oldest due first. open_amount is negative for credits; discount is what paying now would take off.';

-- One rule, by arrays alone: positions in p_open.  Money is what is paid besides discounts; of a credit it is negative.
CREATE OR REPLACE FUNCTION try_cash_rule(p_kind text, p_amount numeric, p_open numeric[], p_discount numeric[], p_due date[], p_kinds text[],
	p_terms text[], p_named integer[], p_paid_on date, p_tolerance_amount numeric, p_tolerance_percent numeric, p_partial boolean, p_priority text[],
	p_minor_unit integer, OUT nos integer[], OUT money numeric[], OUT certainty numeric, OUT why text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	net numeric[] := ARRAY(SELECT o - d FROM unnest(p_open, p_discount) WITH ORDINALITY t (o, d, n) ORDER BY n);
	everything integer[] := ARRAY(SELECT generate_subscripts(p_open, 1));
	wanted integer[];
	total numeric;
	tolerance numeric;
	combination record;
	groups integer;
	left_over numeric := p_amount;
	n integer;
	part numeric;
BEGIN
	nos := '{}';
	money := '{}';
	IF p_kind = 'on_account' THEN
		certainty := 100;
		RETURN;
	ELSIF cardinality(p_open) = 0 THEN
		why := 'nothing is open';
		RETURN;
	END IF;

	-- Which items are to make the amount.
	CASE p_kind
		WHEN 'reference', 'debtor_designation' THEN
			wanted := p_named;
			IF cardinality(wanted) = 0 THEN
				why := 'no open document is named';
				RETURN;
			END IF;
		WHEN 'exact_item' THEN
			-- In full or less the discount; of several alike the older, then the one posted first.
			SELECT (array_agg(t.n ORDER BY t.n))[1:1], count(DISTINCT (p_open[t.n], net[t.n])) INTO wanted, groups
			FROM unnest(everything) t (n) WHERE p_open[t.n] > 0 AND p_amount IN (p_open[t.n], net[t.n]);
			IF groups > 1 THEN
				why := 'one item makes the amount in full and another less its discount';
				RETURN;
			ELSIF groups = 0 THEN
				-- Within the tolerance only if it is the only one.
				SELECT array_agg(t.n) INTO wanted FROM unnest(everything) t (n)
				WHERE p_open[t.n] > 0 AND net[t.n] > p_amount
					AND net[t.n] - p_amount <= LEAST(p_tolerance_amount, round(net[t.n] * p_tolerance_percent / 100, p_minor_unit));
				IF cardinality(wanted) > 1 THEN
					why := format('ambiguous: %s items make the amount within the tolerance', cardinality(wanted));
					RETURN;
				END IF;
			END IF;
		WHEN 'clear_account' THEN
			wanted := everything;
		WHEN 'clear_past_due' THEN
			wanted := ARRAY(SELECT t.n FROM unnest(everything) t (n) WHERE p_due[t.n] < p_paid_on OR p_open[t.n] < 0);
		WHEN 'clear_past_due_by_terms' THEN
			-- Each terms' items together; of groups with the same total the one with the oldest item.
			wanted := (SELECT array_agg(t.n ORDER BY t.n) FROM unnest(everything) t (n)
				WHERE p_due[t.n] < p_paid_on AND p_open[t.n] > 0 GROUP BY p_terms[t.n] HAVING sum(net[t.n]) = p_amount ORDER BY min(t.n) LIMIT 1);
		WHEN 'combination' THEN
			SELECT * INTO combination FROM credit.match_amount(p_amount, p_open,
				discounted => net, due_dates => p_due[1:cardinality(p_open)], as_of => p_paid_on, max_items => 4) m;
			IF combination.outcome <> 'unique' THEN
				why := CASE combination.outcome WHEN 'none' THEN 'no combination of up to four items makes the amount'
					WHEN 'unknown' THEN 'too many items to tell whether one combination makes the amount'
					ELSE format('ambiguous: %s%s combinations make the amount', CASE WHEN combination.capped THEN 'at least ' END, combination.solutions) END;
				RETURN;
			END IF;
			nos := combination.item_nos;
			money := ARRAY(SELECT CASE WHEN d THEN net[t.i] ELSE p_open[t.i] END FROM unnest(nos, combination.discount_taken) WITH ORDINALITY t (i, d, o) ORDER BY t.o);
			certainty := CASE combination.structure WHEN 'all' THEN 95 WHEN 'past_due' THEN 95 WHEN 'oldest' THEN 92 WHEN 'single' THEN 95
				WHEN 'pair' THEN 75 WHEN 'small' THEN 70 ELSE 50 END;
			RETURN;
		WHEN 'oldest_first', 'credit_notes_first', 'pro_rata', 'by_priority' THEN
			wanted := ARRAY(SELECT t.n FROM unnest(everything) t (n) WHERE p_open[t.n] > 0
				ORDER BY CASE WHEN p_kind = 'by_priority' THEN COALESCE(array_position(p_priority, p_kinds[t.n]), 1000) END, t.n);
	END CASE;
	IF cardinality(wanted) = 0 OR wanted IS NULL THEN
		why := CASE p_kind WHEN 'exact_item' THEN 'no item is open with this amount'
			WHEN 'clear_past_due_by_terms' THEN 'no payment terms'' past due items make the amount' ELSE 'nothing is due' END;
		RETURN;
	END IF;

	-- All or nothing: the items wanted must make the amount.
	IF p_kind IN ('reference', 'exact_item', 'clear_account', 'clear_past_due', 'clear_past_due_by_terms') THEN
		total := (SELECT sum(net[t.n]) FROM unnest(wanted) t (n));
		tolerance := CASE WHEN p_kind IN ('reference', 'exact_item')
			THEN COALESCE(LEAST(p_tolerance_amount, round(total * p_tolerance_percent / 100, p_minor_unit)), 0) ELSE 0 END;
		nos := wanted;
		IF total - p_amount BETWEEN 0 AND tolerance THEN
			money := ARRAY(SELECT net[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o);
			-- What is short is short of the last item; post_match() writes it off.
			FOR i IN REVERSE cardinality(nos) .. 1 LOOP
				IF money[i] > total - p_amount THEN
					money[i] := money[i] - (total - p_amount);
					EXIT;
				END IF;
			END LOOP;
			certainty := 100;
			RETURN;
		END IF;
		-- Who pays in full does not take the discount.
		IF p_amount = (SELECT sum(p_open[t.n]) FROM unnest(wanted) t (n)) THEN
			money := ARRAY(SELECT p_open[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o);
			certainty := 100;
			RETURN;
		END IF;
		IF p_kind = 'reference' AND p_amount > total AND total > 0 THEN
			-- The rest may be for what is not posted yet.
			money := ARRAY(SELECT net[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o);
			certainty := CASE WHEN p_amount - total <= COALESCE(LEAST(p_tolerance_amount, round(total * p_tolerance_percent / 100, p_minor_unit)), 0)
				THEN 100 ELSE 90 END;
			RETURN;
		END IF;
		IF p_kind = 'reference' AND cardinality(wanted) = 1 AND p_partial AND p_open[wanted[1]] > 0 THEN
			money := ARRAY[p_amount];
			certainty := 90;
			RETURN;
		END IF;
		why := format('%s makes %s, not %s', CASE p_kind WHEN 'reference' THEN 'what is named' WHEN 'clear_account' THEN 'all that is open'
			ELSE 'what is past due' END, total, p_amount);
		nos := '{}';
		RETURN;
	END IF;

	-- Spreading: the money goes as far as it goes.
	IF p_kind = 'credit_notes_first' THEN
		FOREACH n IN ARRAY everything LOOP
			IF p_open[n] < 0 THEN
				nos := nos || n;
				money := money || p_open[n];
				left_over := left_over - p_open[n];
			END IF;
		END LOOP;
		-- A credit is used only as far as it pays something.
		total := (SELECT sum(net[t.n]) FROM unnest(wanted) t (n)) - p_amount;
		FOR i IN 1 .. cardinality(nos) LOOP
			part := LEAST(-money[i], GREATEST(total, 0));
			left_over := left_over + money[i] + part;
			money[i] := -part;
			total := total - part;
		END LOOP;
	END IF;
	IF p_kind = 'pro_rata' THEN
		SELECT nos || array_agg(wanted[a.debit_no] ORDER BY a.debit_no), money || array_agg(a.amount ORDER BY a.debit_no) INTO nos, money
		FROM credit.allocate(ARRAY[left_over], ARRAY(SELECT net[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o),
			ARRAY(SELECT p_due[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o), 'pro_rata', p_minor_unit) a WHERE a.amount > 0;
	ELSE
		FOREACH n IN ARRAY wanted LOOP
			EXIT WHEN left_over <= 0;
			CONTINUE WHEN net[n] <= 0;
			EXIT WHEN net[n] > left_over AND NOT p_partial;
			part := LEAST(net[n], left_over);
			nos := nos || n;
			money := money || part;
			left_over := left_over - part;
		END LOOP;
	END IF;
	-- Credits pay no more than was paid: what they could not be spread to, the last give back.
	FOR i IN REVERSE cardinality(nos) .. 1 LOOP
		EXIT WHEN left_over <= p_amount OR p_kind <> 'credit_notes_first';
		part := LEAST(-LEAST(money[i], 0), left_over - p_amount);
		money[i] := money[i] + part;
		left_over := left_over - part;
	END LOOP;
	nos := ARRAY(SELECT t.n FROM unnest(nos, money) WITH ORDINALITY t (n, m, o) WHERE t.m <> 0 ORDER BY o);
	money := array_remove(money, 0::numeric);
	IF cardinality(nos) = 0 THEN
		why := 'the oldest item is more than the receipt, and none may be paid in part';
		RETURN;
	END IF;
	certainty := CASE WHEN p_kind = 'debtor_designation' THEN 95 ELSE 100 END;
END $$;
COMMENT ON FUNCTION try_cash_rule(text, numeric, numeric[], numeric[], date[], text[], text[], integer[], date, numeric, numeric, boolean, text[], integer) IS 'Whether one rule fits an amount, and how much money it then gives to which of the open items (numbers are positions); certainty from 0 to 100, or why it does not fit. Tables are not read.';
