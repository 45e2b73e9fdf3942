-- What a receipt pays: who pays it, which documents it names, and which rule fits.  Only reads.
--
-- Three steps, each a function: find_payers() weighs the evidence for each customer; cash_items() says what is open;
-- try_cash_rule() decides for one rule whether it fits, by arrays alone.  match_receipt() goes through the rules in
-- order: the first that fits decides, and says why those before did not.
--
-- Confidence is the least of its parts, not their product: a chain is as strong as its weakest link, and a person who
-- looks at 60 sees at once which part it comes from.  A wrong match is worse than none: where two customers, two
-- combinations or two documents would do, nothing is chosen.

CREATE OR REPLACE FUNCTION receipt_text(p_receipt bank_receipt)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_receipt.document_references = '{}' THEN
		RETURN COALESCE(p_receipt.remittance_text, '');
	END IF;
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

CREATE OR REPLACE FUNCTION name_certainty(p_kind text, p_similarity numeric, p_candidates integer)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	-- Of numbers in a row each is similar to the next, so what is only similar is never enough by itself.
	RETURN CASE WHEN p_candidates > 1 THEN 0.6 WHEN p_kind = 'fuzzy' THEN LEAST(p_similarity, 0.85) ELSE p_similarity END;
END $$;
COMMENT ON FUNCTION name_certainty(text, numeric, integer) IS 'How sure it is, from 0 to 1, that a text names a document which credit.match_reference() found in it.';

CREATE OR REPLACE FUNCTION receipt_keys(p_receipt bank_receipt, p_remittance_id bigint)
RETURNS text[] LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_remittance_id IS NULL THEN
		RETURN credit.reference_keys(receipt_text(p_receipt));
	END IF;
	RETURN credit.reference_keys(concat_ws(' ; ', receipt_text(p_receipt),
		(SELECT string_agg(l.reference, ' ; ') FROM remittance_line l WHERE l.remittance_id = p_remittance_id)));
END $$;
COMMENT ON FUNCTION receipt_keys(bank_receipt, bigint) IS 'Normal forms of all document numbers that a receipt and its remittance advice may name.';

-- Everything about one receipt is looked up by index, here and wherever the settings of a function say so: a thousand
-- receipts cost a thousand times one, whatever the planner knew of the tables when the session first came by.  Planned
-- once, where planning would cost more than the lookup; not where a table is read that a run fills from nothing.
CREATE OR REPLACE FUNCTION named_documents(p_keys text[])
RETURNS TABLE (customer_id bigint, payer_id bigint, document_id bigint, number text, key text, side text, voids boolean)
LANGUAGE plpgsql ROWS 3 STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT d.customer_id, c.payer_id, d.document_id, d.number, k, d.side, d.reverses IS NOT NULL
		FROM unnest(p_keys) k CROSS JOIN LATERAL (
				SELECT o.* FROM document o WHERE credit.reference_key(o.number) = k AND o.side = 'debit'
				UNION ALL SELECT o.* FROM document o WHERE credit.reference_key(o.number) = k AND o.kind = 'credit_note' AND o.side <> 'debit') d
			JOIN customer c ON c.customer_id = d.customer_id;
END $$;
COMMENT ON FUNCTION named_documents(text[]) IS 'Documents on the debit side and credit notes, open or not, whose numbers have one of these normal forms, with who owes them and who pays for that customer.';

CREATE OR REPLACE FUNCTION find_payers(p_receipts bigint[], p_payer_id bigint DEFAULT NULL)
RETURNS TABLE (bank_receipt_id bigint, customer_id bigint, confidence numeric, evidence jsonb, caps jsonb)
LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT s.bank_receipt_id, w.id, w.weight, w.evidence, w.caps
		FROM (SELECT b.bank_receipt_id, b.customer_id, upper(replace(b.payer_account, ' ', '')) AS account,
				lower(regexp_replace(btrim(b.payer_name), '\s+', ' ', 'g')) AS payer,
				receipt_keys(b, receipt_remittance(b)) AS keys
			FROM bank_receipt b WHERE b.bank_receipt_id = ANY (p_receipts) OFFSET 0) s
		CROSS JOIN LATERAL (
			WITH named AS MATERIALIZED (
				SELECT d.customer_id AS id, COALESCE((SELECT customer_of(e.merged_into) FROM exposure e
					WHERE e.customer_id = d.customer_id AND e.merged_into IS NOT NULL LIMIT 1), d.customer_id) AS now_id, d.payer_id, d.number, d.key
				FROM named_documents(s.keys) d WHERE d.side = 'debit' AND NOT d.voids),
			found AS (
				SELECT p_payer_id AS id, 'person' AS how, 100 AS weight WHERE p_payer_id IS NOT NULL
				UNION ALL
				SELECT s.customer_id, 'given', 100 WHERE s.customer_id IS NOT NULL
				UNION ALL
				SELECT a.customer_id, a.kind, 100 FROM payer_alias a WHERE a.kind = 'account' AND a.alias = s.account AND a.confirmed > a.rejected
				UNION ALL
				SELECT a.customer_id, a.kind, 92 FROM payer_alias a WHERE a.kind = 'name' AND a.alias = s.payer AND a.confirmed > a.rejected
				UNION ALL
				SELECT c.customer_id, 'same name', 90 FROM customer c WHERE lower(c.name) = s.payer
				UNION ALL
				-- A number of few characters may be anything.
				SELECT c.customer_id, 'customer number', CASE WHEN length(k) >= 5 THEN 90 ELSE 60 END
				FROM unnest(s.keys) k JOIN customer c ON credit.reference_key(c.number) = k
				UNION ALL
				SELECT n.id, 'document', max(CASE WHEN length(n.key) >= 5 THEN 95 ELSE 60 END) FROM named n GROUP BY n.id),
			-- Of one kind of evidence that points to several customers none is believed.
			weighed AS (
				SELECT f.id, f.how, CASE WHEN count(*) OVER (PARTITION BY f.how) > 1 THEN LEAST(f.weight, 60) ELSE f.weight END AS weight
				FROM found f WHERE p_payer_id IS NULL OR f.how = 'person'),
			merged AS MATERIALIZED (
				SELECT COALESCE((SELECT customer_of(e.merged_into) FROM exposure e WHERE e.customer_id = f.id AND e.merged_into IS NOT NULL LIMIT 1),
					f.id) AS id, max(f.weight)::numeric AS weight, jsonb_object_agg(f.how, f.weight) AS evidence
				FROM weighed f GROUP BY 1)
			SELECT m.id, m.weight, m.evidence,
				-- What a parent pays for its branches points to both.
				CASE WHEN EXISTS (SELECT FROM merged r JOIN customer c ON c.customer_id = r.id
						WHERE r.id <> m.id AND r.weight >= LEAST(m.weight, 90) AND c.payer_id IS DISTINCT FROM m.id)
					THEN jsonb_build_object('another payer is as likely', 60) ELSE '{}' END
				-- Documents of customers the payer has nothing to do with are found, but not paid.
				|| COALESCE((SELECT jsonb_build_object('it names ' || string_agg(DISTINCT format('%s of customer %s', n.number, n.id), ', '), 60)
					FROM named n WHERE n.now_id <> m.id AND n.payer_id IS DISTINCT FROM m.id AND length(n.key) >= 5
						AND NOT EXISTS (SELECT FROM named o WHERE o.key = n.key AND m.id IN (o.id, o.payer_id)) HAVING count(*) > 0), '{}') AS caps
			FROM merged m) w
		ORDER BY s.bank_receipt_id, w.weight DESC, w.id;
END $$;
COMMENT ON FUNCTION find_payers(bigint[], bigint) IS 'Who may have paid each of the receipts, the likeliest first: confidence from 0 to 100, the evidence with the weight of each kind, and what speaks against it with the most that it leaves. Of a receipt that nothing points to there is no row. p_payer_id: the payer, where a person knows.';

-- For a person to look at: a similar name is never enough by itself.
CREATE OR REPLACE FUNCTION similar_payers(p_name text)
RETURNS TABLE (customer_id bigint, confidence numeric, evidence jsonb)
LANGUAGE plpgsql STABLE STRICT SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT c.customer_id, round(70 * s.similarity), jsonb_build_object('similar name', round(70 * s.similarity))
		FROM customer c, LATERAL (SELECT credit.similarity_edits(c.name, p_name) AS similarity) s
		WHERE s.similarity >= 0.7 ORDER BY s.similarity DESC, c.customer_id LIMIT 5;
END $$;
COMMENT ON FUNCTION similar_payers(text) IS 'Up to five customers whose name is like this one, the likest first: confidence from 0 to 70, and the evidence. With pg_trgm installed only names that have groups of three letters in common are compared, which an index finds.';

-- pg_trgm may be in any schema, or not there: then every name is compared.
DO $do$
DECLARE
	trigrams text := (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
	IF trigrams IS NULL THEN
		RETURN;
	END IF;
	EXECUTE replace(pg_get_functiondef(format('%I.similar_payers(text)', current_schema())::regprocedure), 'WHERE s.similarity',
		format('WHERE c.name OPERATOR(%s.%%) p_name AND s.similarity', trigrams));
	IF to_regclass(format('%I.customer_trigram_idx', current_schema())) IS NULL THEN
		EXECUTE format('CREATE INDEX customer_trigram_idx ON customer USING gin (name %s.gin_trgm_ops)', trigrams);
	END IF;
END $do$;

CREATE OR REPLACE FUNCTION draft_match(p_receipt_id bigint, p_amount numeric, p_customer_id bigint, p_confidence numeric, p_evidence jsonb, p_caps jsonb)
RETURNS cash_match LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	draft cash_match;
BEGIN
	draft.bank_receipt_id := p_receipt_id;
	draft.customer_id := p_customer_id;
	draft.confidence := 0;
	draft.parts := CASE WHEN p_customer_id IS NULL THEN '{"payer": 0}'
		ELSE jsonb_build_object('payer', p_confidence, 'evidence', p_evidence, 'caps', p_caps) END;
	draft.allocations := '[]';
	draft.blocked := '[]';
	draft.on_account := p_amount;
	RETURN draft;
END $$;
COMMENT ON FUNCTION draft_match(bigint, numeric, bigint, numeric, jsonb, jsonb) IS 'A match of which only the payer is decided, as a row of cash_match that is not written. match_receipt() completes it.';

-- Set-based: one statement for any number of receipts.
CREATE OR REPLACE FUNCTION draft_matches(p_receipts bigint[], p_payer_id bigint DEFAULT NULL)
RETURNS SETOF cash_match LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT m.*
		FROM bank_receipt b
			LEFT JOIN (SELECT DISTINCT ON (p.bank_receipt_id) p.* FROM find_payers(p_receipts, p_payer_id) p
				ORDER BY p.bank_receipt_id, p.confidence DESC, p.customer_id) f ON f.bank_receipt_id = b.bank_receipt_id
			LEFT JOIN LATERAL (SELECT p.* FROM similar_payers(CASE WHEN f.customer_id IS NULL THEN b.payer_name END) p LIMIT 1) s ON true
			CROSS JOIN LATERAL draft_match(b.bank_receipt_id, b.amount, COALESCE(f.customer_id, s.customer_id), COALESCE(f.confidence, s.confidence),
				COALESCE(f.evidence, s.evidence), COALESCE(f.caps, '{}')) m
		WHERE b.bank_receipt_id = ANY (p_receipts);
END $$;
COMMENT ON FUNCTION draft_matches(bigint[], bigint) IS 'Of each of the receipts the likeliest payer, as draft_match() makes it; without one, customer_id is NULL. p_payer_id: the payer, where a person knows.';

CREATE OR REPLACE FUNCTION cash_rules_of(p_customer_id bigint)
RETURNS cash_rule_set LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	rules cash_rule_set;
BEGIN
	SELECT s.* INTO rules FROM customer c JOIN cash_rule_set s
		ON (COALESCE(s.customer_id, -1), COALESCE(s.risk_class, '')) IN ((c.customer_id, ''), (-1, c.risk_class), (-1, ''))
	WHERE c.customer_id = p_customer_id ORDER BY s.customer_id IS NULL, s.risk_class IS NULL LIMIT 1;
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

-- Oldest first, which is the order ties are decided in.
CREATE OR REPLACE FUNCTION open_cash_items(p_customer_id bigint, p_currency text, p_paid_on date)
RETURNS SETOF item LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
	posted_until date := GREATEST(ledger_today(), p_paid_on);
BEGIN
	RETURN QUERY
		SELECT i.* FROM item i
		WHERE i.customer_id = p_customer_id AND i.currency = p_currency AND i.open_amount > 0 AND i.reserved_for IS NULL
			AND i.posting_date <= posted_until
		UNION ALL
		SELECT i.* FROM item i
		WHERE i.customer_id = p_customer_id AND i.currency = p_currency AND i.open_amount < 0 AND i.reserved_for IS NULL
			AND i.posting_date <= posted_until
		ORDER BY due_date NULLS LAST, item_id;
END $$;
COMMENT ON FUNCTION open_cash_items(bigint, text, date) IS 'The open items of a customer that a receipt of that day may pay or use, the oldest due first.';

-- Of others' items only those whose documents are named.
CREATE OR REPLACE FUNCTION cash_items(p_customer_id bigint, p_currency text, p_paid_on date, p_rules cash_rule_set, p_keys text[])
RETURNS TABLE (customer_id bigint, item_id bigint, document_id bigint, number text, kind text, terms text, open_amount numeric, discount numeric,
	due_date date)
LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT i.customer_id, i.item_id, i.document_id, d.number, d.kind, d.terms::text, i.open_amount,
			CASE WHEN i.open_amount > 0 AND d.terms IS NOT NULL THEN cash_discount(p_rules, i.customer_id, i.item_id, p_paid_on) ELSE 0 END, i.due_date
		FROM (
			SELECT * FROM open_cash_items(p_customer_id, p_currency, p_paid_on)
			UNION ALL
			SELECT b.* FROM (
				SELECT DISTINCT o.customer_id, o.document_id
				FROM named_documents(p_keys) o WHERE o.side = 'debit' AND o.payer_id = p_customer_id) n
				CROSS JOIN LATERAL open_cash_items(n.customer_id, p_currency, p_paid_on) b
			WHERE b.document_id = n.document_id AND b.open_amount > 0) i
		JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
		ORDER BY i.customer_id <> p_customer_id, i.due_date NULLS LAST, i.item_id;
END $$;
COMMENT ON FUNCTION cash_items(bigint, text, date, cash_rule_set, text[]) IS 'What is open of a customer, and of those it pays for what the keys name: the customer''s own first, oldest due first. open_amount is negative for credits; discount is what paying now would take off.';
