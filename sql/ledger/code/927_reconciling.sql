-- The control accounts against the general ledger.

CREATE OR REPLACE FUNCTION set_gl_account(p_role text, p_account text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE gl_account g SET account = p_account WHERE g.role = p_role;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'unknown role "%" of an account', p_role
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Table gl_account lists the roles.';
	END IF;
END $$;
COMMENT ON FUNCTION set_gl_account(text, text) IS 'Says which account of the general ledger has a role in ledger_entries.';

CREATE OR REPLACE FUNCTION control_balances(p_as_of date)
RETURNS TABLE (role text, account text, currency text, balance numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH owed AS MATERIALIZED (
			SELECT a.currency, sum(a.total - a.unapplied) AS receivable, sum(a.unapplied) AS unapplied FROM aging_at(p_as_of) a GROUP BY a.currency),
		-- Few customers have deposits: only their items are looked at.
		deposits AS (
			SELECT i.currency, sum(i.amount + COALESCE((SELECT sum(a.amount) FROM allocation a
				WHERE a.customer_id = i.customer_id AND a.credit_item_id = i.item_id AND a.applied_on <= p_as_of), 0)) AS balance
			FROM document d JOIN item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id
			WHERE d.kind = 'deposit' AND d.side = 'credit' AND d.posting_date <= p_as_of
				AND NOT EXISTS (SELECT FROM deposit_release r WHERE r.customer_id = d.customer_id AND r.document_id = d.document_id AND r.released_on <= p_as_of)
			GROUP BY i.currency)
		SELECT r.role, g.account, r.currency, r.balance
		FROM (SELECT v.role, o.currency, v.balance
				FROM owed o LEFT JOIN deposits d ON d.currency = o.currency,
					LATERAL (VALUES ('receivable', o.receivable), ('unapplied', o.unapplied - COALESCE(d.balance, 0)), ('deposits', d.balance)) v (role, balance)
				WHERE v.balance IS NOT NULL) r
			JOIN gl_account g ON g.role = r.role
		ORDER BY r.role, r.currency;
END $$;
COMMENT ON FUNCTION control_balances(date) IS 'Balances of the control accounts at the end of a day, debit positive: receivable, unapplied and deposits. Together they are the totals of aging_at().';

CREATE OR REPLACE FUNCTION gl_difference(p_balances jsonb, p_as_of date)
RETURNS TABLE (account text, currency text, ledger_balance numeric, gl_balance numeric, difference numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	wrong jsonb;
BEGIN
	IF p_balances IS NULL OR jsonb_typeof(p_balances) <> 'array' THEN
		RAISE EXCEPTION 'balances of the general ledger must be an array'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give objects with account, currency and balance (debit positive).';
	END IF;
	SELECT b INTO wrong FROM jsonb_array_elements(p_balances) b
	WHERE jsonb_typeof(b) <> 'object' OR jsonb_typeof(b -> 'balance') IS DISTINCT FROM 'number'
		OR NOT EXISTS (SELECT FROM gl_account g WHERE g.account = b ->> 'account' AND g.role IN ('receivable', 'unapplied', 'deposits')) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is no control account for a balance of the general ledger'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', left(wrong::text, 200)),
				HINT = 'Table gl_account names the accounts of receivable, unapplied and deposits; the balance is a number.';
	END IF;
	RETURN QUERY
		WITH given AS (
			SELECT b ->> 'account' AS of_account, COALESCE(b ->> 'currency', l.base_currency) AS cur, sum((b ->> 'balance')::numeric) AS balance
			FROM jsonb_array_elements(p_balances) b, ledger_info l GROUP BY 1, 2),
		-- Several roles may share an account.
		ours AS (
			SELECT c.account AS of_account, c.currency AS cur, sum(c.balance) AS balance FROM control_balances(p_as_of) c
			WHERE c.account IN (SELECT g.of_account FROM given g) GROUP BY 1, 2)
		SELECT COALESCE(o.of_account, g.of_account), COALESCE(o.cur, g.cur), COALESCE(o.balance, 0), COALESCE(g.balance, 0), COALESCE(o.balance, 0) - COALESCE(g.balance, 0)
		FROM ours o FULL JOIN given g ON g.of_account = o.of_account AND g.cur = o.cur
		ORDER BY 1, 2;
END $$;
COMMENT ON FUNCTION gl_difference(jsonb, date) IS 'Balances of control accounts at the end of a day beside those of the general ledger: an array of objects with account, currency (default the base currency) and balance (debit positive). difference: ledger less general ledger. A currency left out counts as 0 there.';

CREATE OR REPLACE FUNCTION reconcile_gl(p_account text, p_balances jsonb, p_as_of date DEFAULT NULL, p_entries jsonb DEFAULT NULL, p_since date DEFAULT NULL)
RETURNS TABLE (currency text, line text, entry text, customer_id bigint, posting_date date, kind text, number text, ledger_amount numeric, gl_amount numeric,
	difference numeric, explanation text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := COALESCE(p_as_of, ledger_today());
	since date := COALESCE(p_since, (SELECT p.starts_on FROM period p WHERE as_of BETWEEN p.starts_on AND p.ends_on), as_of - 31);
	total record;
	explained numeric;
	amounts numeric[];
	entries text[];
	customers bigint[];
	fits record;
BEGIN
	IF p_entries IS NOT NULL AND (jsonb_typeof(p_entries) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(p_entries) e
			WHERE jsonb_typeof(e) <> 'object' OR e ->> 'entry' IS NULL OR jsonb_typeof(e -> 'amount') IS DISTINCT FROM 'number')) THEN
		RAISE EXCEPTION 'entries of the general ledger must be an array of objects'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Each has customer_id, entry as ledger_entries names it, currency, and amount (debit positive).';
	END IF;
	FOR total IN SELECT d.* FROM gl_difference((SELECT jsonb_agg(b || jsonb_build_object('account', p_account)) FROM jsonb_array_elements(p_balances) b
			WHERE COALESCE(b ->> 'account', p_account) = p_account), as_of) d LOOP
		currency := total.currency;
		line := 'balance';
		entry := NULL; customer_id := NULL; posting_date := as_of; kind := NULL; number := NULL;
		ledger_amount := total.ledger_balance;
		gl_amount := total.gl_balance;
		difference := total.difference;
		explanation := CASE WHEN difference = 0 THEN 'agrees' END;
		RETURN NEXT;
		explained := 0;
		IF p_entries IS NOT NULL THEN
			FOR entry, customer_id, posting_date, kind, number, ledger_amount, gl_amount IN
				WITH ours AS (
					SELECT e.entry AS en, e.customer_id AS cust, min(e.posting_date) AS dated, min(e.kind) AS of_kind, min(e.number) AS no, sum(e.debit - e.credit) AS amount
					FROM ledger_entries e WHERE e.account = p_account AND e.currency = total.currency AND e.posting_date BETWEEN since AND as_of GROUP BY 1, 2),
				theirs AS (
					SELECT g ->> 'entry' AS en, (g ->> 'customer_id')::bigint AS cust, sum((g ->> 'amount')::numeric) AS amount
					FROM jsonb_array_elements(p_entries) g, ledger_info l WHERE COALESCE(g ->> 'currency', l.base_currency) = total.currency GROUP BY 1, 2)
				SELECT COALESCE(o.en, t.en), COALESCE(o.cust, t.cust), o.dated, o.of_kind, o.no, COALESCE(o.amount, 0), COALESCE(t.amount, 0)
				FROM ours o FULL JOIN theirs t ON t.en = o.en AND t.cust = o.cust
				WHERE COALESCE(o.amount, 0) <> COALESCE(t.amount, 0)
				ORDER BY o.dated NULLS LAST, 2, 1
			LOOP
				line := 'entry';
				difference := ledger_amount - gl_amount;
				explanation := CASE WHEN posting_date IS NULL THEN 'not in the ledger' WHEN gl_amount = 0 THEN 'not in the general ledger' ELSE 'amounts differ' END;
				explained := explained + difference;
				RETURN NEXT;
			END LOOP;
		ELSIF total.difference <> 0 THEN
			-- Without the entries of the other side: entries of these days that make exactly the difference.
			SELECT array_agg(e.amount ORDER BY e.dated, e.cust, e.en), array_agg(e.en ORDER BY e.dated, e.cust, e.en), array_agg(e.cust ORDER BY e.dated, e.cust, e.en)
			INTO amounts, entries, customers
			FROM (SELECT n.entry AS en, n.customer_id AS cust, min(n.posting_date) AS dated, sum(n.debit - n.credit) AS amount
				FROM ledger_entries n WHERE n.account = p_account AND n.currency = total.currency AND n.posting_date BETWEEN since AND as_of
				GROUP BY 1, 2 HAVING sum(n.debit - n.credit) <> 0 ORDER BY dated DESC LIMIT 500) e;
			SELECT * INTO fits FROM credit.match_amount(total.difference, COALESCE(amounts, '{}'), 0, 2, NULL, NULL, NULL, 4);
			IF fits.item_nos IS NOT NULL THEN
				FOR entry, customer_id, posting_date, kind, number, ledger_amount IN
					SELECT e.entry, e.customer_id, min(e.posting_date), min(e.kind), min(e.number), sum(e.debit - e.credit)
					FROM unnest(fits.item_nos) n JOIN ledger_entries e ON e.customer_id = customers[n] AND e.entry = entries[n]
					WHERE e.account = p_account GROUP BY 1, 2 ORDER BY 3, 2, 1
				LOOP
					line := 'entry';
					gl_amount := NULL;
					difference := ledger_amount;
					explanation := CASE fits.outcome WHEN 'unique' THEN 'makes the difference: not in the general ledger?' ELSE 'would make the difference, and so would others' END;
					explained := explained + difference;
					RETURN NEXT;
				END LOOP;
			END IF;
		END IF;
		IF total.difference <> explained THEN
			line := 'unexplained';
			entry := NULL; customer_id := NULL; posting_date := NULL; kind := NULL; number := NULL; ledger_amount := NULL; gl_amount := NULL;
			difference := total.difference - explained;
			explanation := format('not by entries from %s on', since);
			RETURN NEXT;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION reconcile_gl(text, jsonb, date, jsonb, date) IS 'A control account at the end of p_as_of (default today) against its balances in the general ledger, as gl_difference() takes them; the account may be left out there. The difference is explained by entry: p_entries are the lines of the general ledger from p_since (default the start of the period, else 31 days before) as objects with customer_id, entry, currency and amount (debit positive), and what differs is listed; without them, up to 4 entries of those days that make exactly the difference. What is left is a line unexplained.';
