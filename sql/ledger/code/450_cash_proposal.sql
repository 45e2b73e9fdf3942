-- The proposal for a receipt: payer, rule, allocations, confidence, and what blocked the rules before.  Only reads.

-- Each line of the advice must be understood, or a person looks at all of it.
CREATE OR REPLACE FUNCTION match_remittance(p_remittance_id bigint, p_amount numeric, p_numbers text[], p_open numeric[], p_discount numeric[],
	OUT nos integer[], OUT money numeric[], OUT discounts numeric[], OUT deductions numeric[], OUT charges_back numeric[], OUT reasons text[], OUT why text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	line remittance_line;
	hits integer[];
	n integer;
	total numeric := (SELECT sum(l.amount_paid) FROM remittance_line l WHERE l.remittance_id = p_remittance_id);
BEGIN
	nos := '{}'; money := '{}'; discounts := '{}'; deductions := '{}'; charges_back := '{}'; reasons := '{}';
	IF total IS DISTINCT FROM p_amount THEN
		why := format('the advice comes to %s, the receipt to %s', total, p_amount);
		RETURN;
	END IF;
	FOR line IN SELECT * FROM remittance_line l WHERE l.remittance_id = p_remittance_id ORDER BY l.reference IS NULL, l.line_no LOOP
		IF line.reference IS NULL THEN
			-- Taken off the payment as a whole: the documents are paid, and what is missing is claimed by itself.
			SELECT o INTO n FROM unnest(money) WITH ORDINALITY t (m, o) ORDER BY m DESC, o LIMIT 1;
			IF n IS NULL OR line.amount_paid > 0 OR money[n] + line.amount_paid <= 0 THEN
				why := format('%s of the advice belongs to no document', line.amount_paid);
				RETURN;
			END IF;
			money[n] := money[n] + line.amount_paid;
			charges_back[n] := charges_back[n] - line.amount_paid;
			reasons[n] := concat_ws(', ', reasons[n], line.deduction_reason);
			CONTINUE;
		END IF;
		hits := ARRAY(SELECT t.o FROM unnest(p_numbers) WITH ORDINALITY t (number, o)
			WHERE credit.reference_key(t.number) = credit.reference_key(line.reference) AND t.o <> ALL (nos)
				AND (p_open[t.o] > 0) = (line.amount_paid >= 0));
		IF cardinality(hits) <> 1 THEN
			why := format('document %s of the advice is %s', line.reference, CASE WHEN hits = '{}' THEN 'not open' ELSE 'open more than once' END);
			RETURN;
		ELSIF abs(line.amount_paid) + line.discount + line.deduction > abs(p_open[hits[1]]) THEN
			why := format('document %s of the advice is paid with %s, open are %s', line.reference,
				abs(line.amount_paid) + line.discount + line.deduction, abs(p_open[hits[1]]));
			RETURN;
		END IF;
		nos := nos || hits[1];
		money := money || line.amount_paid;
		-- A discount that was not granted is kept back without a right.
		discounts := discounts || LEAST(line.discount, p_discount[hits[1]]);
		deductions := deductions || (line.deduction + GREATEST(line.discount - p_discount[hits[1]], 0));
		charges_back := charges_back || 0::numeric;
		reasons := reasons || COALESCE(line.deduction_reason, CASE WHEN line.discount > p_discount[hits[1]] THEN 'unearned discount' END);
	END LOOP;
END $$;
COMMENT ON FUNCTION match_remittance(bigint, numeric, text[], numeric[], numeric[]) IS 'What a remittance advice gives to which of the open items (numbers are positions), or why it cannot be followed.';

CREATE OR REPLACE FUNCTION match_receipt(p_receipt bank_receipt, p_draft cash_match)
RETURNS cash_match LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
	result cash_match := p_draft;
	closed text;
	strange text;
	rules cash_rule_set;
	kinds_of_rules text[];
	by_advice boolean;
	keys text[];
	paid_on date := COALESCE(p_receipt.value_date, p_receipt.booking_date);
	minor integer := credit.minor_unit(p_receipt.currency);
	item_customers bigint[]; items bigint[]; numbers text[]; kinds text[]; terms text[]; opens numeric[]; discounts numeric[]; dues date[];
	own integer;
	named integer[];
	similarity numeric;
	caps jsonb := p_draft.parts -> 'caps';
	advice bigint;
	tried record;
	follows record;
	what numeric;
	lowest_cap numeric;
	total numeric;
	tolerance numeric;
BEGIN
	IF p_receipt.credit_debit = 'debit' THEN
		RETURN match_return(p_receipt);
	ELSIF p_draft.customer_id IS NULL THEN
		RETURN result;
	END IF;
	IF (SELECT c.status FROM customer c WHERE c.customer_id = p_draft.customer_id) <> 'active' THEN
		caps := caps || jsonb_build_object('the customer is not active', 50);
	END IF;
	IF p_receipt.duplicate_of IS NOT NULL THEN
		caps := caps || jsonb_build_object('the same money was told of before', 0);
	END IF;
	IF p_receipt.reversal OR p_receipt.amount = 0 THEN
		caps := caps || jsonb_build_object('no money came in', 0);
	END IF;

	-- What is open, and what of it is named.
	rules := cash_rules_of(p_draft.customer_id);
	kinds_of_rules := cash_rule_kinds(rules);
	advice := receipt_remittance(p_receipt);
	keys := receipt_keys(p_receipt, advice);
	SELECT COALESCE(array_agg(c.customer_id), '{}'), COALESCE(array_agg(c.item_id), '{}'), COALESCE(array_agg(c.number), '{}'),
		COALESCE(array_agg(c.kind), '{}'), COALESCE(array_agg(c.terms), '{}'), COALESCE(array_agg(c.open_amount), '{}'),
		COALESCE(array_agg(c.discount), '{}'), COALESCE(array_agg(c.due_date), '{}'), count(*) FILTER (WHERE c.customer_id = p_draft.customer_id)
	INTO item_customers, items, numbers, kinds, terms, opens, discounts, dues, own
	FROM cash_items(p_draft.customer_id, p_receipt.currency, paid_on, rules, keys) c;
	-- Also among those that are not open: what names a paid document exactly does not mean a similar one that is open.
	WITH known AS (
		SELECT x.number FROM unnest(numbers) x (number)
		UNION SELECT d.number FROM named_documents(keys) d),
	known_numbers AS (SELECT array_agg(k.number ORDER BY k.number) AS list FROM known k),
	place AS (
		SELECT k.list[m.number_no] AS number, m.start, name_certainty(m.kind, m.similarity, m.candidates) AS similarity
		FROM known_numbers k, credit.match_reference(receipt_text(p_receipt), k.list, rules.min_similarity) m)
	SELECT COALESCE(array_agg(t.o ORDER BY p.start, t.o) FILTER (WHERE t.o IS NOT NULL), '{}'), min(p.similarity) FILTER (WHERE t.o IS NOT NULL),
		string_agg(p.number, ', ' ORDER BY p.start) FILTER (WHERE t.o IS NULL AND EXISTS (SELECT FROM document d
			WHERE d.customer_id = p_draft.customer_id AND d.side = 'debit' AND d.number = p.number))
	INTO named, similarity, closed
	FROM place p LEFT JOIN unnest(numbers) WITH ORDINALITY t (number, o) ON t.number = p.number;
	IF closed IS NOT NULL THEN
		caps := caps || jsonb_build_object(format('it names %s, which is not open', closed), 60);
	END IF;
	-- What the payer pays for, but is paid already.
	SELECT string_agg(format('%s of customer %s', d.number, d.customer_id), ', ' ORDER BY d.customer_id, d.number) INTO strange
	FROM named_documents(keys) d
	WHERE d.side = 'debit' AND NOT d.voids AND d.payer_id = p_draft.customer_id AND length(d.key) >= 5
		AND NOT EXISTS (SELECT FROM unnest(numbers) x WHERE credit.reference_key(x) = d.key);
	IF strange IS NOT NULL THEN
		caps := caps || jsonb_build_object('it names ' || strange, 60);
	END IF;

	FOR i IN 1 .. cardinality(kinds_of_rules) LOOP
		by_advice := advice IS NOT NULL AND kinds_of_rules[i] IN ('reference', 'debtor_designation');
		IF by_advice THEN
			follows := match_remittance(advice, p_receipt.amount, numbers, opens, discounts);
			SELECT follows.nos AS nos, follows.money AS money, CASE WHEN follows.why IS NULL THEN 100::numeric END AS certainty, follows.why AS why INTO tried;
		ELSE
			-- By amount alone only the payer's own items count.
			tried := try_cash_rule(kinds_of_rules[i], p_receipt.amount,
				CASE WHEN kinds_of_rules[i] IN ('reference', 'debtor_designation') THEN opens ELSE opens[1:own] END,
				CASE WHEN kinds_of_rules[i] IN ('reference', 'debtor_designation') THEN discounts ELSE discounts[1:own] END,
				dues, kinds, terms, named, paid_on,
				CASE WHEN rules.tolerance_percent IS NOT NULL OR rules.tolerance_amount IS NOT NULL THEN COALESCE(rules.tolerance_amount, 1e18) END,
				CASE WHEN rules.tolerance_percent IS NOT NULL OR rules.tolerance_amount IS NOT NULL THEN COALESCE(rules.tolerance_percent, 100) END,
				rules.partial, rules.priority, minor);
		END IF;
		IF tried.why IS NOT NULL THEN
			result.blocked := result.blocked || jsonb_build_object('rule_no', i, 'rule', kinds_of_rules[i], 'why', tried.why);
			IF by_advice THEN
				caps := caps || jsonb_build_object('its remittance advice cannot be followed', 60);
			END IF;
			CONTINUE;
		END IF;
		result.rule := kinds_of_rules[i];
		result.rule_no := i;
		result.rule_set := rules.name;
		EXIT;
	END LOOP;
	IF result.rule IS NULL THEN
		result.parts := result.parts || jsonb_build_object('match', 0, 'caps', caps);
		RETURN result;
	END IF;

	what := tried.certainty;
	IF result.rule IN ('reference', 'debtor_designation') AND NOT by_advice THEN
		what := LEAST(what, round(100 * similarity));
	ELSIF result.rule NOT IN ('reference', 'debtor_designation') AND NOT named <@ tried.nos THEN
		-- The payer says otherwise.
		caps := caps || jsonb_build_object('it names other documents', 60);
	END IF;

	-- How much of each.
	SELECT sum(opens[t.n] - discounts[t.n]) INTO total FROM unnest(tried.nos) t (n);
	tolerance := CASE WHEN NOT by_advice AND result.rule IN ('reference', 'exact_item') AND COALESCE(rules.tolerance_amount, rules.tolerance_percent) IS NOT NULL
		THEN LEAST(rules.tolerance_amount, round(total * rules.tolerance_percent / 100, minor)) ELSE 0 END;
	IF by_advice THEN
		result.allocations := (SELECT COALESCE(jsonb_agg(jsonb_build_object('customer_id', item_customers[t.n], 'item_id', items[t.n], 'number', numbers[t.n],
				'amount', t.amount, 'discount', t.discount, 'write_off', 0, 'deduction', t.deduction, 'charge_back', t.charge_back,
				'deduction_reason', t.reason) ORDER BY t.o), '[]')
			FROM unnest(follows.nos, follows.money, follows.discounts, follows.deductions, follows.charges_back, follows.reasons)
				WITH ORDINALITY t (n, amount, discount, deduction, charge_back, reason, o));
	ELSE
		-- Nothing is 0, not 0.00, so that a match reads the same however it was found.
		result.allocations := (SELECT COALESCE(jsonb_agg(jsonb_build_object('customer_id', item_customers[t.n], 'item_id', items[t.n], 'number', numbers[t.n],
				'amount', t.amount, 'discount', COALESCE(NULLIF(d.taken, 0), 0), 'write_off', COALESCE(NULLIF(w.amount, 0), 0),
				'deduction', CASE WHEN rules.underpayment = 'deduction' AND k.amount > 0 THEN k.amount ELSE 0 END,
				'charge_back', CASE WHEN rules.underpayment = 'chargeback' AND k.amount > 0 THEN k.amount ELSE 0 END, 'deduction_reason', NULL)
				ORDER BY t.o), '[]')
			FROM unnest(tried.nos, tried.money) WITH ORDINALITY t (n, amount, o)
				CROSS JOIN LATERAL (SELECT opens[t.n] AS amount, discounts[t.n] AS discount OFFSET 0) i
				CROSS JOIN LATERAL (SELECT CASE WHEN total - p_receipt.amount BETWEEN 0 AND tolerance
					THEN GREATEST(i.amount - i.discount - t.amount, 0) ELSE 0 END AS amount OFFSET 0) w
				CROSS JOIN LATERAL (SELECT CASE WHEN i.amount < 0 OR t.amount = i.amount THEN 0 WHEN t.amount + w.amount = i.amount - i.discount THEN i.discount
					ELSE cash_discount(rules, item_customers[t.n], items[t.n], paid_on, t.amount) END AS taken OFFSET 0) d
				CROSS JOIN LATERAL (SELECT CASE WHEN result.rule = 'reference' THEN i.amount - t.amount - d.taken - w.amount END AS amount OFFSET 0) k);
	END IF;
	result.on_account := p_receipt.amount - COALESCE((SELECT sum(m) FROM unnest(tried.money) m), 0);
	SELECT min(v::numeric) INTO lowest_cap FROM jsonb_each_text(caps) c (k, v);
	result.confidence := LEAST((p_draft.parts ->> 'payer')::numeric, what, lowest_cap);
	result.parts := result.parts || jsonb_build_object('match', what, 'caps', caps);
	RETURN result;
END $$;
COMMENT ON FUNCTION match_receipt(bank_receipt, cash_match) IS 'The proposal for a receipt, as a row of cash_match that is not written: completes what draft_match() began.';

CREATE OR REPLACE FUNCTION propose_cash(p_bank_receipt_id bigint DEFAULT NULL)
RETURNS TABLE (bank_receipt_id bigint, customer_id bigint, rule text, confidence numeric, allocations jsonb, on_account numeric, parts jsonb, blocked jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT b.bank_receipt_id, m.customer_id, m.rule, m.confidence, m.allocations, m.on_account, m.parts, m.blocked
		FROM draft_matches(CASE WHEN p_bank_receipt_id IS NOT NULL THEN ARRAY[p_bank_receipt_id]
				ELSE ARRAY(SELECT w.bank_receipt_id FROM bank_receipt w WHERE is_for_runs(w) AND NOT is_settled(w.bank_receipt_id)) END) f
			JOIN bank_receipt b ON b.bank_receipt_id = f.bank_receipt_id
			CROSS JOIN LATERAL match_receipt(b, f) m
		ORDER BY b.bank_receipt_id;
END $$;
COMMENT ON FUNCTION propose_cash(bigint) IS 'What apply_cash() would do with a receipt, or with all that wait: payer, rule, allocations, confidence and its parts, what is left on account, and what blocked the rules before. Writes nothing.';

-- The candidates for a person, best first.
CREATE OR REPLACE FUNCTION cash_candidates(p_bank_receipt_id bigint)
RETURNS TABLE (customer_id bigint, name text, confidence numeric, evidence jsonb, rule text, allocations jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM bank_receipt b WHERE b.bank_receipt_id = p_bank_receipt_id) THEN
		RAISE EXCEPTION 'there is no bank receipt %', p_bank_receipt_id USING ERRCODE = 'foreign_key_violation', HINT = 'Table bank_receipt lists them.';
	END IF;
	RETURN QUERY
		SELECT f.customer_id, c.name, LEAST(f.confidence, (m.parts ->> 'match')::numeric), f.evidence, m.rule, m.allocations
		FROM bank_receipt b
			CROSS JOIN LATERAL (
				SELECT p.customer_id, p.confidence, p.evidence, p.caps FROM find_payers(ARRAY[p_bank_receipt_id]) p
				UNION ALL
				SELECT p.customer_id, p.confidence, p.evidence, '{}' FROM similar_payers(b.payer_name) p
				WHERE NOT EXISTS (SELECT FROM find_payers(ARRAY[p_bank_receipt_id]))) f
			JOIN customer c ON c.customer_id = f.customer_id
			CROSS JOIN LATERAL match_receipt(b, draft_match(b.bank_receipt_id, b.amount, f.customer_id, f.confidence, f.evidence, f.caps)) m
		WHERE b.bank_receipt_id = p_bank_receipt_id
		ORDER BY 3 DESC NULLS LAST, f.confidence DESC, f.customer_id;
END $$;
COMMENT ON FUNCTION cash_candidates(bigint) IS 'Who may have paid a receipt and what it would pay of each, the likeliest first: for a person to choose from with confirm_match().';
