-- Every kept figure, recomputed.

-- A problem per row: which law, whose, which object, what is kept and what it should be.
CREATE OR REPLACE FUNCTION verify_ledger()
RETURNS TABLE (problem text, customer_id bigint, object text, kept text, recomputed text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	PERFORM credit.settle(current_schema());
	-- Every document has its item.
	RETURN QUERY
		SELECT CASE WHEN i.item_id IS NULL THEN 'document without its item' ELSE 'item does not fit its document' END, d.customer_id, format('document %s', d.document_id), i.amount::text,
			(CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END)::text
		FROM document d LEFT JOIN item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id
		WHERE i.item_id IS NULL OR i.currency <> d.currency OR i.posting_date <> d.posting_date OR i.doc_date <> d.doc_date
			OR i.amount <> CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END
			OR i.due_date IS DISTINCT FROM CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.due_date END;

	-- Open amounts are what allocations leave.
	RETURN QUERY
		SELECT 'open amount', o.customer_id, format('item %s', o.item_id), o.kept::text, o.open_amount::text
		FROM (SELECT i.customer_id, i.item_id, i.open_amount AS kept, i.amount - COALESCE(a.amount, 0) AS open_amount
			FROM item i LEFT JOIN applied_to_items() a ON a.customer_id = i.customer_id AND a.item_id = i.item_id) o
		WHERE o.kept <> o.open_amount;

	-- On every date the open amount lies between zero and the amount.
	RETURN QUERY
		SELECT 'over-allocated on a date', r.customer_id, format('item %s on %s', r.item_id, r.applied_on), r.open_amount::text,
			format('0 to %s', r.amount)
		FROM (SELECT m.customer_id, m.item_id, m.applied_on, i.amount,
				i.amount - sum(m.amount) OVER (PARTITION BY m.customer_id, m.item_id ORDER BY m.applied_on) AS open_amount
			FROM item_movements() m JOIN item i ON i.customer_id = m.customer_id AND i.item_id = m.item_id) r
		WHERE NOT CASE WHEN r.amount > 0 THEN r.open_amount BETWEEN 0 AND r.amount ELSE r.open_amount BETWEEN r.amount AND 0 END;

	-- Allocations fit their items, and carry true copies.
	RETURN QUERY
		SELECT 'allocation does not fit its items', a.customer_id, format('allocation %s', a.allocation_id), NULL::text, NULL::text
		FROM allocation a
			LEFT JOIN item d ON d.customer_id = a.customer_id AND d.item_id = a.debit_item_id
			LEFT JOIN item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id
		WHERE (d.amount > 0 AND c.amount < 0 AND a.currency = d.currency AND a.currency = c.currency
			AND a.applied_on >= d.posting_date AND a.applied_on >= c.posting_date
			AND a.debit_due_date IS NOT DISTINCT FROM d.due_date AND a.debit_doc_date = d.doc_date
			AND a.debit_posting_date = d.posting_date AND a.credit_posting_date = c.posting_date) IS NOT TRUE;
	RETURN QUERY
		SELECT f.figure, i.customer_id, format('item %s', i.item_id), f.kept::text, f.recomputed::text
		FROM item i
			LEFT JOIN (SELECT m.customer_id, m.item_id, max(m.applied_on) AS last_applied_on,
					max(m.applied_on) FILTER (WHERE m.is_reversal) AS reversed_on
				FROM item_movements() m GROUP BY 1, 2) r ON r.customer_id = i.customer_id AND r.item_id = i.item_id,
			LATERAL (VALUES ('date of the latest allocation', i.last_applied_on, r.last_applied_on),
				('date of the latest reversal', i.reversed_on, r.reversed_on)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;

	-- The orders of a table that was dropped, renamed or altered cannot be recounted.
	RETURN QUERY
		SELECT 'watched table cannot be read', NULL::bigint, u, NULL::text, NULL::text FROM unreadable_orders() u;

	-- Exposure is the sum of the open items, the open orders, the holds and the limit in force.
	RETURN QUERY
		SELECT f.figure, e.customer_id, format('exposure in %s', e.currency), f.kept::text, f.recomputed::text
		FROM recomputed_exposure() e, LATERAL (VALUES
			('receivable', e.kept_receivable, e.receivable), ('unapplied', e.kept_unapplied, e.unapplied),
			('ordered', e.kept_ordered, e.ordered), ('open holds', e.kept_holds, e.holds)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed
			AND (f.figure <> 'ordered' OR NOT EXISTS (SELECT FROM unreadable_orders()));
	RETURN QUERY
		SELECT 'credit limit', e.customer_id, format('exposure in %s', e.currency), e.limit_amount::text, l.amount::text
		FROM exposure e, LATERAL limit_on(e.customer_id, ledger_today()) l
		WHERE e.currency = base AND ledger_today() BETWEEN e.limit_since AND e.limit_until AND e.limit_amount IS DISTINCT FROM l.amount;
	RETURN QUERY
		SELECT 'other currencies', e.customer_id, format('exposure in %s', e.currency), e.has_other_currency::text, 'true'
		FROM exposure e WHERE e.currency = base AND NOT e.has_other_currency
			AND EXISTS (SELECT FROM exposure o WHERE o.customer_id = e.customer_id AND o.currency <> base);
END $$;
COMMENT ON FUNCTION verify_ledger() IS 'Recomputes every kept figure from documents, allocations, orders, holds and limits, and returns what differs: which figure, whose, what is kept, what it should be. No rows when all is well. Run it when nobody is writing, or in one REPEATABLE READ transaction.';

CREATE OR REPLACE FUNCTION item_movements()
RETURNS TABLE (customer_id bigint, item_id bigint, applied_on date, amount numeric, is_reversal boolean)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT a.customer_id, a.debit_item_id, a.applied_on, a.amount, a.reverses IS NOT NULL FROM allocation a
		UNION ALL
		SELECT a.customer_id, a.credit_item_id, a.applied_on, -a.amount, a.reverses IS NOT NULL FROM allocation a;
END $$;
COMMENT ON FUNCTION item_movements() IS 'Every allocation seen from each of its two items, with the sign that reduces the item.';

CREATE OR REPLACE FUNCTION applied_to_items()
RETURNS TABLE (customer_id bigint, item_id bigint, amount numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT m.customer_id, m.item_id, sum(m.amount) FROM item_movements() m GROUP BY 1, 2;
END $$;
COMMENT ON FUNCTION applied_to_items() IS 'What is allocated of each item, in all.';

CREATE OR REPLACE FUNCTION recomputed_exposure()
RETURNS TABLE (customer_id bigint, currency text, kept_receivable numeric, receivable numeric, kept_unapplied numeric, unapplied numeric,
	kept_ordered numeric, ordered numeric, kept_holds numeric, holds numeric)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN QUERY
		WITH items AS (
			SELECT i.customer_id, i.currency, sum(i.open_amount) FILTER (WHERE i.open_amount > 0) AS receivable,
				-sum(i.open_amount) FILTER (WHERE i.open_amount < 0) AS unapplied
			FROM item i WHERE i.open_amount <> 0 GROUP BY 1, 2),
		orders AS (
			SELECT o.customer_id, sum(o.amount) AS ordered
			FROM watched_table w, LATERAL credit.open_orders(current_schema(), w.table_schema, w.table_name) o
			WHERE orders_readable(w.table_schema::name, w.table_name::name) GROUP BY 1),
		holds AS (
			SELECT h.customer_id, count(*) AS holds FROM hold h
			WHERE NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id) GROUP BY 1),
		wanted AS (
			SELECT c.customer_id, base AS currency FROM customer c
			UNION SELECT i.customer_id, i.currency FROM items i
			UNION SELECT e.customer_id, e.currency FROM exposure e
			UNION SELECT o.customer_id, base FROM orders o)
		SELECT w.customer_id, w.currency, e.receivable, COALESCE(i.receivable, 0), e.unapplied, COALESCE(i.unapplied, 0),
			e.ordered, CASE WHEN w.currency = base THEN COALESCE(o.ordered, 0) ELSE 0 END,
			e.open_holds::numeric, CASE WHEN w.currency = base THEN COALESCE(h.holds, 0) ELSE 0 END::numeric
		FROM wanted w
			LEFT JOIN exposure e ON e.customer_id = w.customer_id AND e.currency = w.currency
			LEFT JOIN items i ON i.customer_id = w.customer_id AND i.currency = w.currency
			LEFT JOIN orders o ON o.customer_id = w.customer_id
			LEFT JOIN holds h ON h.customer_id = w.customer_id;
END $$;
COMMENT ON FUNCTION recomputed_exposure() IS 'The exposure of every customer as kept and as recomputed from items, orders and holds.';

CREATE OR REPLACE FUNCTION rebuild_ledger()
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	repaired bigint := 0;
	n bigint;
	base text := (SELECT l.base_currency FROM ledger_info l);
	unreadable text;
BEGIN
	PERFORM credit.settle(current_schema());
	-- Orders that cannot be counted are not to be counted as none.
	SELECT u INTO unreadable FROM unreadable_orders() u LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'orders of watched table % cannot be read', unreadable
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It was dropped, renamed or altered, or has lost its triggers.',
				HINT = format('Call unwatch_orders(%L) first.', unreadable);
	END IF;
	-- Nobody posts, applies or orders meanwhile.
	LOCK TABLE document, allocation, exposure IN SHARE ROW EXCLUSIVE MODE;

	INSERT INTO item AS i (customer_id, document_id, currency, amount, open_amount, doc_date, posting_date, due_date)
	SELECT d.customer_id, d.document_id, d.currency, s.amount, s.amount, d.doc_date, d.posting_date,
		CASE WHEN s.amount > 0 THEN d.due_date END
	FROM document d, LATERAL (SELECT CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END) s (amount)
	WHERE NOT EXISTS (SELECT FROM item o WHERE o.customer_id = d.customer_id AND o.document_id = d.document_id);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE item i SET currency = d.currency, amount = s.amount, doc_date = d.doc_date, posting_date = d.posting_date,
		due_date = CASE WHEN s.amount > 0 THEN d.due_date END
	FROM document d, LATERAL (SELECT CASE WHEN d.kind IN ('invoice', 'debit_note') THEN d.amount ELSE -d.amount END) s (amount)
	WHERE d.customer_id = i.customer_id AND d.document_id = i.document_id
		AND (i.currency, i.amount, i.doc_date, i.posting_date, i.due_date)
			IS DISTINCT FROM (d.currency, s.amount, d.doc_date, d.posting_date, CASE WHEN s.amount > 0 THEN d.due_date END);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE item i SET open_amount = i.amount - r.applied, last_applied_on = r.last_applied_on, reversed_on = r.reversed_on
	FROM (SELECT o.customer_id, o.item_id, COALESCE(sum(m.amount), 0) AS applied, max(m.applied_on) AS last_applied_on,
			max(m.applied_on) FILTER (WHERE m.is_reversal) AS reversed_on
		FROM item o LEFT JOIN item_movements() m ON m.customer_id = o.customer_id AND m.item_id = o.item_id
		GROUP BY o.customer_id, o.item_id) r
	WHERE r.customer_id = i.customer_id AND r.item_id = i.item_id
		AND (i.open_amount, i.last_applied_on, i.reversed_on) IS DISTINCT FROM (i.amount - r.applied, r.last_applied_on, r.reversed_on);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	INSERT INTO exposure AS e (customer_id, currency)
	SELECT r.customer_id, r.currency FROM recomputed_exposure() r WHERE r.kept_receivable IS NULL;
	UPDATE exposure e SET receivable = r.receivable, unapplied = r.unapplied, ordered = r.ordered, open_holds = r.holds
	FROM recomputed_exposure() r
	WHERE r.customer_id = e.customer_id AND r.currency = e.currency
		AND (e.receivable, e.unapplied, e.ordered, e.open_holds) IS DISTINCT FROM (r.receivable, r.unapplied, r.ordered, r.holds::integer);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE exposure e SET has_other_currency = true
	WHERE e.currency = base AND NOT e.has_other_currency
		AND EXISTS (SELECT FROM exposure o WHERE o.customer_id = e.customer_id AND o.currency <> base);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE exposure e SET limit_amount = l.amount, limit_since = ledger_today(), limit_until = l.until
	FROM (SELECT o.customer_id, k.amount, k.until FROM exposure o, LATERAL limit_on(o.customer_id, ledger_today()) k
		WHERE o.currency = base AND ledger_today() BETWEEN o.limit_since AND o.limit_until) l
	WHERE e.customer_id = l.customer_id AND e.currency = base AND e.limit_amount IS DISTINCT FROM l.amount;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN repaired + n;
END $$;
COMMENT ON FUNCTION rebuild_ledger() IS 'Repairs kept figures (items, open amounts, exposure) from documents, allocations, orders and holds; these it never changes. Blocks posting meanwhile. Returns how many rows it mended.';
