-- Runs of apply_cash(): the great mass of receipts many at a time, the rest one by one.
--
-- A run goes from family to family (a payer and those it pays for), and of each day by day: within a day first through
-- the receipts that name documents, which say most, then through the others.  What goes back on a day comes after all
-- that came in until then, and before all that came in later.  The order in the file counts for nothing.  Families are
-- gathered into batches, each a transaction.  Of a batch, what is plain is matched and posted by a few statements:
-- match_named() takes receipts that name the customer's own documents and make exactly their amount,
-- match_oldest_first() those that name nothing, where the money is spread oldest first.  Both see the books as they are
-- at the beginning of the batch, so they take of a family only what comes before the first receipt that is not plain,
-- and the result is the same as one by one.

CREATE OR REPLACE FUNCTION start_cash_run(p_run text, p_simulate boolean)
RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run cash_run;
BEGIN
	IF p_simulate IS NULL OR COALESCE(p_run, '') = '' THEN
		RAISE EXCEPTION 'a cash run needs a name, and to be simulated or not' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	INSERT INTO cash_run (name, simulated, actor) VALUES (p_run, p_simulate, actor()) ON CONFLICT (name) DO NOTHING;
	SELECT * INTO run FROM cash_run r WHERE r.name = p_run;
	IF run.simulated <> p_simulate THEN
		RAISE EXCEPTION 'cash run "%" was % simulation', p_run, CASE WHEN run.simulated THEN 'a' ELSE 'no' END
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose another name.';
	END IF;
	RETURN ARRAY(SELECT b.bank_receipt_id FROM bank_receipt b
		WHERE run.finished_at IS NULL AND is_for_runs(b)
			AND NOT EXISTS (SELECT FROM cash_match m WHERE m.bank_receipt_id = b.bank_receipt_id
				AND (m.status IN ('applied', 'rejected') OR m.cash_run_id = run.cash_run_id)));
END $$;
COMMENT ON FUNCTION start_cash_run(text, boolean) IS 'Begins a cash run, or goes on with it, and returns the receipts it has still to look at. Used by apply_cash().';

CREATE OR REPLACE FUNCTION plan_cash_run(p_receipts bigint[], p_batch integer)
RETURNS TABLE (place bigint, drafts cash_match[]) LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH receipt AS (
			SELECT f AS draft, b.booking_date, b.credit_debit, b.digest, b.bank_receipt_id, COALESCE(c.payer_id, c.customer_id) AS family,
				-- The last day before on which something went back.
				max(b.booking_date) FILTER (WHERE b.credit_debit = 'debit')
					OVER (ORDER BY b.booking_date RANGE BETWEEN UNBOUNDED PRECEDING AND interval '1 day' PRECEDING) AS since
			FROM draft_matches(p_receipts) f JOIN bank_receipt b ON b.bank_receipt_id = f.bank_receipt_id
				LEFT JOIN customer c ON c.customer_id = f.customer_id),
		draft AS (
			SELECT r.*, row_number() OVER (ORDER BY r.since NULLS FIRST, r.credit_debit, r.family, r.booking_date,
				NOT COALESCE((r.draft).parts -> 'evidence' ? 'document', false), r.digest, r.bank_receipt_id) AS place
			FROM receipt r),
		-- A family stays together; whose payer is unknown has none.
		start AS (
			SELECT d.*, CASE WHEN d.family IS NULL THEN d.place
				ELSE min(d.place) OVER (PARTITION BY d.since, d.credit_debit, d.family) END / GREATEST(p_batch, 1) AS part FROM draft d)
		SELECT min(s.place), array_agg(s.draft ORDER BY s.place) FROM start s GROUP BY s.since, s.credit_debit, s.part ORDER BY 1;
END $$;
COMMENT ON FUNCTION plan_cash_run(bigint[], integer) IS 'The receipts with their likeliest payers, in batches of about p_batch and in the order in which they are to be applied. Used by apply_cash().';

-- Each receipt by lookups of its own, as match_receipt() does it, so that many cost no more apiece than one.
CREATE OR REPLACE FUNCTION look_at_receipts(p_drafts cash_match[])
RETURNS TABLE (place bigint, draft cash_match, family bigint, amount numeric, currency text, paid_on date, rules cash_rule_set, kinds text[],
	plain boolean, names bigint, own_debits boolean, total numeric, similarity numeric, items bigint[], allocations jsonb)
LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT f.place, f.draft, COALESCE(c.payer_id, c.customer_id), b.amount, b.currency, days.paid_on, s, cash_rule_kinds(s),
			(f.draft).parts -> 'caps' = '{}' AND c.status = 'active' AND b.duplicate_of IS NULL AND b.credit_debit = 'credit' AND NOT b.reversal
				AND b.amount > 0 AND receipt_remittance(b) IS NULL, n.*
		FROM (SELECT u AS draft, row_number() OVER () AS place FROM unnest(p_drafts) u) f
			JOIN bank_receipt b ON b.bank_receipt_id = (f.draft).bank_receipt_id
			JOIN customer c ON c.customer_id = (f.draft).customer_id
			CROSS JOIN LATERAL (SELECT COALESCE(b.value_date, b.booking_date) AS paid_on) days
			CROSS JOIN LATERAL cash_rules_of(c.customer_id) s
			CROSS JOIN LATERAL receipt_text(b) said
			CROSS JOIN LATERAL (
				WITH own AS MATERIALIZED (
					SELECT i.item_id, i.open_amount, d.number, row_number() OVER () AS place
					FROM open_cash_items(c.customer_id, b.currency, days.paid_on) i
						JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id),
				named AS MATERIALIZED (
					SELECT d.number, d.payer_id, d.side FROM named_documents(credit.reference_keys(said)) d),
				known AS (SELECT array_agg(u.number ORDER BY u.number) AS numbers FROM (SELECT o.number FROM own o UNION SELECT x.number FROM named x) u),
				place AS (
					SELECT k.numbers[m.number_no] AS number, m.start, name_certainty(m.kind, m.similarity, m.candidates) AS similarity
					FROM known k, credit.match_reference(said, k.numbers, s.min_similarity) m)
				SELECT count(p.number), bool_and(COALESCE(o.open_amount > 0, false)) AND NOT EXISTS (SELECT FROM named x WHERE x.payer_id = c.customer_id AND x.side = 'debit'),
					sum(o.open_amount), min(p.similarity), array_agg(o.item_id),
					jsonb_agg(jsonb_build_object('customer_id', c.customer_id, 'item_id', o.item_id, 'number', o.number, 'amount', o.open_amount,
						'discount', 0, 'write_off', 0, 'deduction', 0, 'charge_back', 0, 'deduction_reason', NULL) ORDER BY p.start, o.place)
				FROM place p LEFT JOIN own o ON o.number = p.number) n
		ORDER BY f.place;
END $$;
COMMENT ON FUNCTION look_at_receipts(cash_match[]) IS 'Of each of the receipts with a known payer: its rules, whether nothing speaks against it (plain), and the documents it names: how many, whether all are open debits of the payer, their total, and what paying them in full would be. Behind match_named() and match_oldest_first().';

CREATE OR REPLACE FUNCTION match_named(p_drafts cash_match[])
RETURNS TABLE (bank_receipt_id bigint, status text, customer_id bigint, rule_set text, rule_no integer, rule text, confidence numeric, parts jsonb,
	allocations jsonb, on_account numeric, blocked jsonb)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	receipt record;
	certainty numeric;
	current_family bigint;
	in_turn boolean;
	taken bigint[];
BEGIN
	status := 'applied';
	rule := 'reference';
	rule_no := 1;
	blocked := '[]';
	FOR receipt IN SELECT * FROM look_at_receipts(p_drafts) l ORDER BY l.place LOOP
		IF receipt.family IS DISTINCT FROM current_family THEN
			current_family := receipt.family;
			in_turn := true;
			taken := '{}';
		END IF;
		-- An item that an earlier receipt pays is not open any more.
		in_turn := in_turn AND receipt.plain AND receipt.kinds[1] = 'reference' AND receipt.names > 0 AND receipt.own_debits
			AND receipt.total = receipt.amount AND NOT receipt.items && taken;
		CONTINUE WHEN NOT in_turn;
		certainty := LEAST(100, round(100 * receipt.similarity));
		confidence := LEAST(((receipt.draft).parts ->> 'payer')::numeric, certainty);
		-- What a person is to look at is not plain.
		in_turn := confidence >= (receipt.rules).min_confidence;
		CONTINUE WHEN NOT in_turn;
		taken := taken || receipt.items;
		bank_receipt_id := (receipt.draft).bank_receipt_id;
		customer_id := (receipt.draft).customer_id;
		rule_set := (receipt.rules).name;
		parts := (receipt.draft).parts || jsonb_build_object('match', certainty);
		allocations := receipt.allocations;
		on_account := receipt.amount - receipt.total;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION match_named(cash_match[]) IS 'The matches of those of the receipts that surely name only open debits of their payer and pay exactly these in full, by a rule set that begins with reference. Behind apply_batch().';

CREATE OR REPLACE FUNCTION spread_oldest_first(p_customer_id bigint, p_currency text, p_first_paid_on date, p_last_paid_on date, p_rules cash_rule_set,
	p_amounts numeric[])
RETURNS TABLE (receipt_no integer, allocations jsonb, applied numeric)
LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	minor integer := credit.minor_unit(p_currency);
	items bigint[];
	numbers text[];
	opens numeric[];
	involved boolean;
BEGIN
	-- Of the items that the money reaches: what pays less than is open, or is not open to every receipt, is for
	-- match_receipt().  The first day earns the most.
	SELECT array_agg(i.item_id ORDER BY i.before), array_agg(d.number ORDER BY i.before), array_agg(i.open_amount ORDER BY i.before),
		bool_or(i.posting_date > today OR (d.terms IS NOT NULL AND p_rules.discounts <> 'none' AND (i.due_changed_on IS NOT NULL
			OR credit.discount(d.terms, d.doc_date, CASE p_rules.discounts WHEN 'earned' THEN p_first_paid_on - p_rules.discount_grace_days
				ELSE LEAST(p_first_paid_on, i.doc_date) END, i.open_amount, d.received_on, 'invoice', minor) <> 0)))
	INTO items, numbers, opens, involved
	FROM (SELECT o.*, sum(o.open_amount) OVER (ORDER BY o.due_date NULLS LAST, o.item_id) - o.open_amount AS before
			FROM open_cash_items(p_customer_id, p_currency, p_last_paid_on) o WHERE o.open_amount > 0 OFFSET 0) i
		JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	WHERE i.before < (SELECT sum(a) FROM unnest(p_amounts) a);
	IF involved IS NOT false THEN
		RETURN;
	END IF;
	RETURN QUERY
		SELECT a.credit_no, jsonb_agg(jsonb_build_object('customer_id', p_customer_id, 'item_id', items[a.debit_no], 'number', numbers[a.debit_no],
				'amount', a.amount, 'discount', 0, 'write_off', 0, 'deduction', 0, 'charge_back', 0, 'deduction_reason', NULL) ORDER BY a.debit_no), sum(a.amount)
		FROM credit.allocate(p_amounts, opens, NULL, 'oldest_first', minor) a GROUP BY a.credit_no;
END $$;
COMMENT ON FUNCTION spread_oldest_first(bigint, text, date, date, cash_rule_set, numeric[]) IS 'Spreads receipts of one customer, in order, over its open debits, the oldest first: of each receipt that pays something the allocations and their sum. No row where a discount may be involved. Behind match_oldest_first().';

CREATE OR REPLACE FUNCTION match_oldest_first(p_drafts cash_match[])
RETURNS TABLE (bank_receipt_id bigint, status text, customer_id bigint, rule_set text, rule_no integer, rule text, confidence numeric, parts jsonb,
	allocations jsonb, on_account numeric, blocked jsonb)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH looked AS (
			SELECT l.*, bool_and(l.plain AND l.names = 0 AND (l.rules).partial AND (l.rules).overpayment = 'on_account'
				AND ((l.draft).parts ->> 'payer')::numeric >= (l.rules).min_confidence
				-- Of the rules before it none may fit what names nothing.
				AND COALESCE(l.kinds[1:array_position(l.kinds, 'oldest_first') - 1] <@ ARRAY['reference', 'debtor_designation'], false))
				OVER (PARTITION BY l.family ORDER BY l.place) AS in_turn
			FROM look_at_receipts(p_drafts) l),
		payer AS (
			SELECT (l.draft).customer_id AS id, min(l.currency) AS currency, min(l.paid_on) AS first_paid_on, max(l.paid_on) AS last_paid_on,
				(array_agg(l.rules))[1] AS rules, (array_agg(array_to_json(l.kinds)))[1] AS kinds,
				array_agg(l.draft ORDER BY l.place) AS drafts, array_agg(l.amount ORDER BY l.place) AS amounts
			FROM looked l WHERE l.in_turn GROUP BY 1 HAVING count(DISTINCT l.currency) = 1)
		SELECT (p.drafts[s.receipt_no]).bank_receipt_id, 'applied', p.id, (p.rules).name, k.rule_no, 'oldest_first',
			((p.drafts[s.receipt_no]).parts ->> 'payer')::numeric, (p.drafts[s.receipt_no]).parts || '{"match": 100}', s.allocations,
			p.amounts[s.receipt_no] - s.applied, k.blocked
		FROM payer p
			CROSS JOIN LATERAL (
				SELECT min(e.o) FILTER (WHERE e.kind = 'oldest_first')::integer AS rule_no,
					COALESCE(jsonb_agg(jsonb_build_object('rule_no', e.o, 'rule', e.kind, 'why', 'no open document is named') ORDER BY e.o)
						FILTER (WHERE e.kind <> 'oldest_first'), '[]') AS blocked
				FROM (SELECT x.kind, x.o, min(x.o) FILTER (WHERE x.kind = 'oldest_first') OVER () AS last
					FROM json_array_elements_text(p.kinds) WITH ORDINALITY x (kind, o)) e
				WHERE e.o <= e.last) k
			CROSS JOIN LATERAL spread_oldest_first(p.id, p.currency, p.first_paid_on, p.last_paid_on, p.rules, p.amounts) s;
END $$;
COMMENT ON FUNCTION match_oldest_first(cash_match[]) IS 'The matches of those of the receipts that name nothing, by a rule set in which only rules for what is named stand before oldest_first. Behind apply_batch().';

CREATE OR REPLACE FUNCTION post_batch(p_cash_run_id bigint, p_drafts cash_match[], p_named boolean)
RETURNS bigint LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET search_path FROM CURRENT AS $$
DECLARE
	posted bigint[];
	today date := ledger_today();
BEGIN
	-- Ids are taken before the rows are written, so that what refers to them needs no search.  Payments as post_payment()
	-- makes them, key and digest included.
	WITH proposal AS MATERIALIZED (
		SELECT m.*, nextval('document_document_id_seq') AS document_id
		FROM (SELECT n.* FROM match_named(p_drafts) n WHERE p_named
			UNION ALL SELECT o.* FROM match_oldest_first(p_drafts) o WHERE NOT p_named) m),
	payment AS (
		INSERT INTO document (customer_id, document_id, kind, number, doc_date, amount, currency, posting_date, reference, idempotency_key, request_digest)
		SELECT p.customer_id, p.document_id, 'payment', n.number, d.doc_date, b.amount, b.currency, d.posting_date, d.reference,
			format('bank receipt %s', b.bank_receipt_id),
			sha256(convert_to(jsonb_build_array('payment', p.customer_id, n.number, d.doc_date, trim_scale(b.amount), NULL, b.currency, d.posting_date,
				d.reference, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::text, 'UTF8'))
		FROM proposal p JOIN bank_receipt b ON b.bank_receipt_id = p.bank_receipt_id
			CROSS JOIN LATERAL (SELECT COALESCE(b.value_date, b.booking_date) AS doc_date, open_day(b.booking_date) AS posting_date, left(b.remittance_text, 1000) AS reference) d
			CROSS JOIN LATERAL payment_number(b) n (number)),
	written AS (
		INSERT INTO cash_match (bank_receipt_id, cash_run_id, status, customer_id, document_id, rule_set, rule_no, rule, confidence, parts, allocations,
			on_account, blocked, actor)
		SELECT p.bank_receipt_id, p_cash_run_id, p.status, p.customer_id, p.document_id, p.rule_set, p.rule_no, p.rule, p.confidence, p.parts,
			p.allocations, p.on_account, p.blocked, actor()
		FROM proposal p
		RETURNING cash_match_id)
	SELECT array_agg(w.cash_match_id) INTO posted FROM written w;

	WITH part AS MATERIALIZED (
		SELECT nextval('allocation_allocation_id_seq') AS allocation_id, x.*
		FROM (SELECT m.cash_match_id, m.customer_id, c.item_id AS credit_item, d.item_id AS debit_item, (e.a ->> 'amount')::numeric AS amount,
				GREATEST(today, c.posting_date, max(d.posting_date) OVER w, max(d.reversed_on) OVER w) AS applied_on
			FROM cash_match m
				CROSS JOIN LATERAL (SELECT i.* FROM item i WHERE i.customer_id = m.customer_id AND i.document_id = m.document_id OFFSET 0) c
				CROSS JOIN LATERAL jsonb_array_elements(m.allocations) WITH ORDINALITY e (a, o)
				CROSS JOIN LATERAL (SELECT i.* FROM item i WHERE i.customer_id = m.customer_id AND i.item_id = (e.a ->> 'item_id')::bigint OFFSET 0) d
			WHERE m.cash_match_id = ANY (posted)
			WINDOW w AS (PARTITION BY m.cash_match_id) ORDER BY m.cash_match_id, e.o) x),
	made AS (
		INSERT INTO allocation (customer_id, allocation_id, credit_item_id, debit_item_id, amount, applied_on)
		SELECT p.customer_id, p.allocation_id, p.credit_item, p.debit_item, p.amount, p.applied_on FROM part p)
	INSERT INTO cash_allocation (customer_id, allocation_id, cash_match_id) SELECT p.customer_id, p.allocation_id, p.cash_match_id FROM part p;
	RETURN COALESCE(cardinality(posted), 0);
END $$;
COMMENT ON FUNCTION post_batch(bigint, cash_match[], boolean) IS 'Matches what is plain of the receipts, with match_named() or match_oldest_first(), writes the matches, payments and allocations, and returns their number. Behind apply_batch().';

CREATE OR REPLACE FUNCTION waiting_drafts(p_cash_run_id bigint, p_drafts cash_match[])
RETURNS cash_match[] LANGUAGE plpgsql STABLE SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT u.draft FROM (SELECT f AS draft, row_number() OVER () AS place FROM unnest(p_drafts) f) u
		WHERE NOT EXISTS (SELECT FROM cash_match m WHERE m.bank_receipt_id = (u.draft).bank_receipt_id
			AND (m.status IN ('applied', 'rejected') OR m.cash_run_id = p_cash_run_id) OFFSET 0)
		ORDER BY u.place);
END $$;
COMMENT ON FUNCTION waiting_drafts(bigint, cash_match[]) IS 'Those drafts whose receipts are not settled and that the run has not looked at.';

CREATE OR REPLACE FUNCTION lock_receipts(p_drafts cash_match[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM FROM bank_receipt b WHERE b.bank_receipt_id = ANY (ARRAY(SELECT d.bank_receipt_id FROM unnest(p_drafts) d))
	ORDER BY b.bank_receipt_id FOR NO KEY UPDATE;
END $$;
COMMENT ON FUNCTION lock_receipts(cash_match[]) IS 'Takes the locks of the receipts of a batch in id order, before those of any customer.';

CREATE OR REPLACE FUNCTION apply_batch(p_run text, p_drafts cash_match[], OUT applied bigint, OUT rest cash_match[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run cash_run := read_cash_run(p_run);
BEGIN
	applied := 0;
	PERFORM lock_receipts(p_drafts);
	PERFORM lock_customers(ARRAY(SELECT d.customer_id FROM unnest(p_drafts) d));
	rest := waiting_drafts(run.cash_run_id, p_drafts);
	FOR named IN REVERSE 1 .. 0 LOOP
		EXIT WHEN rest = '{}';
		CONTINUE WHEN named = 1 AND NOT EXISTS (SELECT FROM unnest(rest) d WHERE d.parts -> 'evidence' ? 'document');
		applied := applied + post_batch(run.cash_run_id, rest, named = 1);
		rest := waiting_drafts(run.cash_run_id, rest);
	END LOOP;
END $$;
COMMENT ON FUNCTION apply_batch(text, cash_match[]) IS 'Applies what is plain of a batch of receipts whose payers draft_matches() found, and returns how many it applied, and the rest, to be done with apply_draft(). Used by apply_cash().';

CREATE OR REPLACE FUNCTION apply_one_by_one(p_run text, p_drafts cash_match[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	draft cash_match;
	message text;
BEGIN
	FOREACH draft IN ARRAY p_drafts LOOP
		BEGIN
			PERFORM apply_draft(p_run, draft);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
			PERFORM fail_receipt(p_run, draft.bank_receipt_id, message);
		END;
	END LOOP;
END $$;
COMMENT ON FUNCTION apply_one_by_one(text, cash_match[]) IS 'Applies receipts with apply_draft(), in order and in one transaction; one that fails stops only itself. Behind simulate_batch().';

-- What a receipt would come to depends on those before it, so a simulation does it all and takes it back.
CREATE OR REPLACE FUNCTION simulate_batch(p_run text, p_drafts cash_match[], p_one_by_one boolean)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run cash_run := read_cash_run(p_run);
	outcome cash_match[];
	simulated cash_match;
BEGIN
	BEGIN
		PERFORM lock_receipts(p_drafts);
		PERFORM lock_customers(ARRAY(SELECT c.customer_id FROM unnest(p_drafts) d JOIN customer c ON d.customer_id IN (c.customer_id, c.payer_id)));
		PERFORM apply_one_by_one(p_run, CASE WHEN p_one_by_one THEN p_drafts ELSE (apply_batch(p_run, p_drafts)).rest END);
		outcome := ARRAY(SELECT m FROM cash_match m JOIN unnest(p_drafts) d ON d.bank_receipt_id = m.bank_receipt_id
			WHERE m.cash_run_id = run.cash_run_id ORDER BY m.cash_match_id);
		RAISE SQLSTATE 'RC000';
	EXCEPTION WHEN SQLSTATE 'RC000' THEN
		NULL;
	END;
	FOREACH simulated IN ARRAY outcome LOOP
		simulated.status := 'simulated';
		simulated.document_id := NULL;
		PERFORM record_match(simulated);
	END LOOP;
	RETURN cardinality(outcome);
END $$;
COMMENT ON FUNCTION simulate_batch(text, cash_match[], boolean) IS 'What a batch of receipts would come to: applies it, takes it back, and writes the proposals. Returns their number. Used by apply_cash().';

CREATE OR REPLACE FUNCTION finish_cash_run(p_run text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE cash_run r SET finished_at = COALESCE(r.finished_at, clock_timestamp()) WHERE r.cash_run_id = (read_cash_run(p_run)).cash_run_id;
END $$;
COMMENT ON FUNCTION finish_cash_run(text) IS 'Notes that a cash run came to its end. Used by apply_cash().';

-- It commits, so it can have no search_path of its own: every name in it is written out.
DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.apply_cash(p_run text, p_simulate boolean DEFAULT true, p_batch integer DEFAULT 1000,
			INOUT applied integer DEFAULT 0, INOUT proposed integer DEFAULT 0, INOUT failed integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			receipts bigint[];
			drafts %1$I.cash_match[];
			rest %1$I.cash_match[];
			draft %1$I.cash_match;
			batch pg_catalog.record;
			outcome text;
			message text;
		BEGIN
			applied := 0;
			proposed := 0;
			failed := 0;
			receipts := %1$I.start_cash_run(p_run, p_simulate);
			COMMIT;
			FOR drafts IN SELECT p.drafts FROM %1$I.plan_cash_run(receipts, COALESCE(p_batch, 0)) p LOOP
				IF p_simulate THEN
					proposed := proposed OPERATOR(pg_catalog.+) %1$I.simulate_batch(p_run, drafts, p_batch OPERATOR(pg_catalog.<=) 0)::pg_catalog.int4;
					COMMIT;
					CONTINUE;
				END IF;
				rest := drafts;
				IF p_batch OPERATOR(pg_catalog.>) 0 THEN
					BEGIN
						SELECT b.applied, b.rest INTO batch FROM %1$I.apply_batch(p_run, drafts) b;
						applied := applied OPERATOR(pg_catalog.+) batch.applied::pg_catalog.int4;
						rest := batch.rest;
					EXCEPTION WHEN OTHERS THEN
						-- One of them is bad: one by one it stops only itself.
						rest := drafts;
					END;
					COMMIT;
				END IF;
				FOREACH draft IN ARRAY rest LOOP
					BEGIN
						outcome := %1$I.apply_draft(p_run, draft);
					EXCEPTION WHEN OTHERS THEN
						GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
						PERFORM %1$I.fail_receipt(p_run, draft.bank_receipt_id, message);
						outcome := 'failed';
					END;
					CASE outcome
						WHEN 'applied' THEN applied := applied OPERATOR(pg_catalog.+) 1;
						WHEN 'failed' THEN failed := failed OPERATOR(pg_catalog.+) 1;
						WHEN 'done before' THEN NULL;
						ELSE proposed := proposed OPERATOR(pg_catalog.+) 1;
					END CASE;
					-- No lock is kept while the next one's is waited for.
					COMMIT;
				END LOOP;
			END LOOP;
			PERFORM %1$I.finish_cash_run(p_run);
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE apply_cash(text, boolean, integer, integer, integer, integer) IS 'Looks at every receipt that waits, in the run of that name. p_simulate: writes proposals only. Otherwise applies those whose confidence is enough; the rest waits for confirm_match() or reject_match(). Commits per batch of customers with about p_batch receipts (0: no batches, each receipt by itself, with the same outcome), and then after each receipt that is not plain; a run that was killed goes on when it is called again by its name, and one that came to its end does nothing more. Run it outside a transaction block.';
