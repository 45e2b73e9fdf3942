-- Every kept figure, recomputed.

-- A problem per row: which law, whose, which object, what is kept and what it should be.
CREATE OR REPLACE FUNCTION verify_ledger()
RETURNS TABLE (problem text, customer_id bigint, object text, kept text, recomputed text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	PERFORM credit.settle(current_schema());
	-- Every document has the items that its terms make of it.
	RETURN QUERY
		SELECT CASE WHEN i.item_id IS NULL THEN 'document without its item' WHEN d.document_id IS NULL THEN 'item without its document'
				ELSE 'item does not fit its document' END,
			COALESCE(d.customer_id, i.customer_id), format('document %s', COALESCE(d.document_id, i.document_id)), i.amount::text, d.amount::text
		FROM document_items() d
			FULL JOIN item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id AND i.instalment_no = d.instalment_no
		WHERE (i.currency = d.currency AND i.posting_date = d.posting_date AND i.doc_date = d.doc_date AND i.amount = d.amount
			AND i.base_amount IS NOT DISTINCT FROM d.base_amount AND i.reserved_for IS NOT DISTINCT FROM d.reserved_for) IS NOT TRUE;
	RETURN QUERY
		SELECT f.figure, i.customer_id, format('item %s', i.item_id), f.kept::text, f.recomputed::text
		FROM item i
			JOIN document_items() d ON i.customer_id = d.customer_id AND i.document_id = d.document_id AND i.instalment_no = d.instalment_no
			LEFT JOIN latest_due_changes() c ON c.customer_id = i.customer_id AND c.item_id = i.item_id,
			LATERAL (VALUES ('due date', i.due_date, CASE WHEN c.item_id IS NULL THEN d.due_date ELSE c.due_date END),
				('day the due date changed', i.due_changed_on, c.effective_on)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;
	RETURN QUERY
		SELECT 'lines of the document', d.customer_id, format('document %s', d.document_id), d.amount::text, l.total::text
		FROM (SELECT n.customer_id, n.document_id, sum(n.line_total) AS total FROM document_line n GROUP BY 1, 2) l
			JOIN document d ON d.customer_id = l.customer_id AND d.document_id = l.document_id
		WHERE d.amount <> l.total;

	-- Open amounts are what allocations leave.
	RETURN QUERY
		SELECT 'open amount', o.customer_id, format('item %s', o.item_id), o.kept::text, o.open_amount::text
		FROM (SELECT i.customer_id, i.item_id, i.open_amount AS kept, i.amount - COALESCE(a.amount, 0) AS open_amount
			FROM item i LEFT JOIN applied_to_items() a ON a.customer_id = i.customer_id AND a.item_id = i.item_id) o
		WHERE o.kept <> o.open_amount;

	RETURN QUERY
		SELECT 'open amount in base currency', i.customer_id, format('item %s', i.item_id), i.open_base_amount::text, (i.base_amount - COALESCE(m.base, 0))::text
		FROM item i LEFT JOIN base_movements() m ON m.customer_id = i.customer_id AND m.item_id = i.item_id
		WHERE i.open_base_amount IS DISTINCT FROM i.base_amount - COALESCE(m.base, 0)
			OR (i.open_amount = 0 AND i.open_base_amount <> 0);

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
			AND (a.debit_due_date IS NOT DISTINCT FROM d.due_date OR d.due_changed_on IS NOT NULL) AND a.debit_doc_date = d.doc_date
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
			('reserved', e.kept_reserved, e.reserved), ('uncleared', e.kept_uncleared, e.uncleared),
			('ordered', e.kept_ordered, e.ordered), ('open holds', e.kept_holds, e.holds)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed
			AND (f.figure <> 'ordered' OR NOT EXISTS (SELECT FROM unreadable_orders()));
	RETURN QUERY
		SELECT 'order schedule', COALESCE(s.customer_id, o.customer_id), format('orders in %s that ship on %s', COALESCE(s.currency, o.currency),
			COALESCE(s.ship_date, o.ship_date)), s.amount::text, o.amount::text
		FROM order_schedule s FULL JOIN (SELECT * FROM scheduled_orders() n WHERE n.ship_date IS NOT NULL AND n.amount <> 0) o
			ON o.customer_id = s.customer_id AND o.currency = s.currency AND o.ship_date = s.ship_date
		WHERE s.amount IS DISTINCT FROM o.amount AND NOT EXISTS (SELECT FROM unreadable_orders());
	RETURN QUERY
		SELECT f.figure, e.customer_id, format('exposure in %s', e.currency), f.kept, f.recomputed
		FROM exposure e JOIN customer c ON c.customer_id = e.customer_id, LATERAL (VALUES
			('parent', e.parent_id::text, c.parent_id::text),
			('in group', e.in_group::text, (c.parent_id IS NOT NULL OR EXISTS (SELECT FROM credit_limit l WHERE l.customer_id = e.customer_id AND l.kind = 'group'))::text),
			('inactive', e.inactive::text, (c.status <> 'active')::text))
			f (figure, kept, recomputed)
		WHERE e.currency = base AND f.kept IS DISTINCT FROM f.recomputed;
	RETURN QUERY
		SELECT 'parent was merged', e.customer_id, format('exposure in %s', e.currency), e.parent_id::text, customer_of(e.parent_id)::text
		FROM exposure e WHERE e.currency = base AND customer_of(e.parent_id) <> e.parent_id;
	-- A partitioned table of limits has no constraint that says so.
	RETURN QUERY
		SELECT 'limits overlap', l.customer_id, format('credit limit %s', l.credit_limit_id), l.in_force::text, o.in_force::text
		FROM credit_limit l JOIN credit_limit o ON o.customer_id = l.customer_id AND o.kind = l.kind AND o.credit_limit_id < l.credit_limit_id
			AND o.in_force && l.in_force
		WHERE l.kind <> 'guarantee';
	RETURN QUERY
		SELECT 'credit limit', e.customer_id, format('exposure in %s', e.currency), e.limit_amount::text, l.amount::text
		FROM exposure e, LATERAL limit_on(e.customer_id, ledger_today()) l
		WHERE e.currency = base AND ledger_today() BETWEEN e.limit_since AND e.limit_until AND e.limit_amount IS DISTINCT FROM l.amount;
	RETURN QUERY
		SELECT 'merged into', e.customer_id, format('exposure in %s', e.currency), e.merged_into::text, m.into_customer_id::text
		FROM exposure e LEFT JOIN latest_merges() m ON m.customer_id = e.customer_id AND e.currency = base
		WHERE e.merged_into IS DISTINCT FROM m.into_customer_id;
	RETURN QUERY
		SELECT 'other currencies', e.customer_id, format('exposure in %s', e.currency), e.has_other_currency::text, 'true'
		FROM exposure e WHERE e.currency = base AND NOT e.has_other_currency
			AND EXISTS (SELECT FROM exposure o WHERE o.customer_id = e.customer_id AND o.currency <> base);
	-- A dispute is as its latest event left it.
	RETURN QUERY
		SELECT f.figure, d.customer_id, format('dispute %s', d.dispute_id), f.kept, f.recomputed
		FROM dispute d LEFT JOIN latest_dispute_events() e ON e.customer_id = d.customer_id AND e.dispute_id = d.dispute_id,
			LATERAL (VALUES ('state', d.state, e.state), ('owner', d.owner, e.owner), ('root cause', d.root_cause, e.root_cause), ('due date', d.due_date::text, e.due_date::text),
				('end', d.ended_on::text, CASE WHEN e.state IN ('rejected', 'settled', 'moved') THEN e.happened_on END::text)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;
	-- A deduction names the dispute that names it.
	RETURN QUERY
		SELECT 'dispute of deduction', d.customer_id, format('deduction %s', d.deduction_id), d.dispute_id::text, q.dispute_id::text
		FROM deduction d LEFT JOIN dispute q ON q.customer_id = d.customer_id AND q.deduction_id = d.deduction_id
		WHERE d.dispute_id IS DISTINCT FROM q.dispute_id;
	-- A letter is what its items are, and a charge for late payment what it was charged for.
	RETURN QUERY
		SELECT f.figure, l.customer_id, format('dunning letter %s', l.dunning_letter_id), f.kept, f.recomputed
		FROM dunning_letter l LEFT JOIN (SELECT d.customer_id, d.dunning_letter_id, count(*) AS items, sum(d.amount) AS amount, max(d.level) AS level
				FROM dunning_item d GROUP BY d.customer_id, d.dunning_letter_id) i ON i.customer_id = l.customer_id AND i.dunning_letter_id = l.dunning_letter_id,
			LATERAL (VALUES ('items', l.items::text, i.items::text), ('amount', trim_scale(l.amount)::text, trim_scale(i.amount)::text),
				('level', l.level::text, i.level::text)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;
	RETURN QUERY
		SELECT 'late payment', h.customer_id, format('document %s', h.document_id), trim_scale(d.amount)::text, trim_scale(sum(h.amount))::text
		FROM interest_charge h LEFT JOIN document d ON d.customer_id = h.customer_id AND d.document_id = h.document_id
		WHERE h.document_id IS NOT NULL GROUP BY h.customer_id, h.document_id, d.amount HAVING d.amount IS DISTINCT FROM sum(h.amount);
	-- Promises, plans, escalations, settlements and portfolios are as their latest event left them.
	RETURN QUERY
		SELECT f.figure, p.customer_id, format('promise %s', p.promise_id), f.kept, f.recomputed
		FROM promise p LEFT JOIN (SELECT DISTINCT ON (v.customer_id, v.promise_id) v.* FROM promise_event v ORDER BY v.customer_id, v.promise_id, v.promise_event_id DESC) e
				ON e.customer_id = p.customer_id AND e.promise_id = p.promise_id,
			LATERAL (VALUES ('state', p.state, e.state), ('day of the state', p.state_on::text, e.state_on::text), ('paid', p.paid_amount::text, e.paid_amount::text),
				('made good', p.made_good::text, e.made_good::text)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;
	RETURN QUERY
		SELECT f.figure, p.customer_id, format('payment plan %s', p.payment_plan_id), f.kept, f.recomputed
		FROM payment_plan p
			LEFT JOIN (SELECT DISTINCT ON (v.customer_id, v.payment_plan_id) v.* FROM payment_plan_event v ORDER BY v.customer_id, v.payment_plan_id, v.payment_plan_event_id DESC) e
				ON e.customer_id = p.customer_id AND e.payment_plan_id = p.payment_plan_id
			LEFT JOIN (SELECT n.customer_id, n.payment_plan_id, sum(n.amount) AS amount, sum(n.interest_amount) AS interest FROM payment_plan_instalment n GROUP BY 1, 2) n
				ON n.customer_id = p.customer_id AND n.payment_plan_id = p.payment_plan_id
			LEFT JOIN (SELECT i.customer_id, i.payment_plan_id, sum(i.amount) AS amount FROM payment_plan_item i WHERE i.instalment_no IS NULL GROUP BY 1, 2) i
				ON i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id,
			LATERAL (VALUES ('state', p.state, e.state), ('paid', p.paid_amount::text, e.paid_amount::text), ('instalments', trim_scale(p.amount)::text, trim_scale(n.amount)::text),
				('interest', trim_scale(p.interest_amount)::text, trim_scale(n.interest)::text), ('items', trim_scale(p.amount)::text, trim_scale(i.amount)::text)) f (figure, kept, recomputed)
		WHERE f.kept IS DISTINCT FROM f.recomputed;
	RETURN QUERY
		SELECT 'state', s.customer_id, s.object, s.kept, s.recomputed FROM (
			SELECT DISTINCT ON (e.customer_id, e.escalation_id) e.customer_id, format('escalation %s', e.escalation_id) AS object, e.state AS kept, v.state AS recomputed
			FROM escalation e LEFT JOIN escalation_event v ON v.customer_id = e.customer_id AND v.escalation_id = e.escalation_id
			ORDER BY e.customer_id, e.escalation_id, v.escalation_event_id DESC) s
		WHERE s.kept IS DISTINCT FROM s.recomputed;
	RETURN QUERY
		SELECT 'state', s.customer_id, s.object, s.kept, s.recomputed FROM (
			SELECT DISTINCT ON (e.customer_id, e.settlement_id) e.customer_id, format('settlement %s', e.settlement_id) AS object, e.state AS kept, v.state AS recomputed
			FROM settlement e LEFT JOIN settlement_event v ON v.customer_id = e.customer_id AND v.settlement_id = e.settlement_id
			ORDER BY e.customer_id, e.settlement_id, v.settlement_event_id DESC) s
		WHERE s.kept IS DISTINCT FROM s.recomputed;
	RETURN QUERY
		SELECT 'collector', COALESCE(f.customer_id, h.customer_id), 'portfolio', f.collector, h.collector
		FROM portfolio f
			FULL JOIN (SELECT DISTINCT ON (g.customer_id) g.customer_id, g.collector FROM portfolio_change g ORDER BY g.customer_id, g.portfolio_change_id DESC) h
				ON h.customer_id = f.customer_id
		WHERE f.collector IS DISTINCT FROM h.collector;
	-- Nothing is credited that was not billed.
	RETURN QUERY
		SELECT 'credited above what was billed', d.customer_id, format('document %s', d.document_id), c.amount::text, d.amount::text
		FROM (SELECT n.customer_id, n.source_document_id, sum(n.amount) AS amount FROM document n
			WHERE n.kind = 'credit_note' AND n.side = 'credit' AND n.source_document_id IS NOT NULL
				AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = n.customer_id AND r.reverses = n.document_id) GROUP BY 1, 2) c
			JOIN document d ON d.customer_id = c.customer_id AND d.document_id = c.source_document_id
		WHERE c.amount > d.amount;
	-- What was frozen is what the books say; of snapshots the latest, verify_snapshots() looks at all.
	RETURN QUERY SELECT * FROM verify_snapshots(COALESCE((SELECT max(p.ends_on) FROM period p WHERE p.state IN ('closed', 'locked')), 'infinity'));
END $$;
COMMENT ON FUNCTION verify_ledger() IS 'Recomputes every kept figure from documents, allocations, orders, holds, limits and periods, and returns what differs: which figure, whose, what is kept, what it should be. No rows when all is well. Run it when nobody is writing, or in one REPEATABLE READ transaction.';

CREATE OR REPLACE FUNCTION latest_dispute_events()
RETURNS SETOF dispute_event LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT DISTINCT ON (e.customer_id, e.dispute_id) e.* FROM dispute_event e ORDER BY e.customer_id, e.dispute_id, e.dispute_event_id DESC;
END $$;
COMMENT ON FUNCTION latest_dispute_events() IS 'What happened last to every dispute.';

-- A document as items: one, or what its terms split it into.  C does the same when it posts (document_schedule()).
CREATE OR REPLACE FUNCTION document_items()
RETURNS TABLE (customer_id bigint, document_id bigint, instalment_no integer, currency text, amount numeric, base_amount numeric,
	doc_date date, posting_date date, due_date date, reserved_for text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH typed AS (
			SELECT d.*, credit.minor_unit(d.currency) AS minor, CASE d.side WHEN 'debit' THEN 1 ELSE -1 END AS sign,
				CASE WHEN d.side = 'debit' AND d.terms IS NOT NULL AND d.reverses IS NULL
					THEN credit.due_date(d.terms, d.doc_date, d.received_on) IS NOT DISTINCT FROM d.due_date ELSE false END AS by_terms
			FROM document d)
		SELECT t.customer_id, t.document_id, 1, t.currency, round(t.sign * t.amount, t.minor), t.sign * t.base_amount, t.doc_date, t.posting_date,
			CASE WHEN t.side = 'debit' THEN t.due_date END,
			CASE WHEN t.kind = 'deposit' AND t.side = 'credit' AND NOT EXISTS (SELECT FROM deposit_release r
				WHERE r.customer_id = t.customer_id AND r.document_id = t.document_id) THEN t.order_id END
		FROM typed t WHERE NOT t.by_terms
		UNION ALL
		SELECT p.customer_id, p.document_id, p.no, p.currency, p.share,
			CASE WHEN p.up_to = p.amount THEN p.base_amount ELSE round(p.base_amount * p.up_to / p.amount, p.base_minor) END
				- CASE WHEN p.up_to = p.share THEN 0 ELSE round(p.base_amount * (p.up_to - p.share) / p.amount, p.base_minor) END,
			p.doc_date, p.posting_date, p.share_due, NULL
		FROM (SELECT t.*, s.no, s.due_date AS share_due, s.amount AS share, credit.minor_unit(l.base_currency) AS base_minor,
				sum(s.amount) OVER (PARTITION BY t.customer_id, t.document_id ORDER BY s.no) AS up_to
			FROM typed t CROSS JOIN ledger_info l, credit.instalments(t.terms, t.doc_date, t.amount, t.minor, t.received_on) s
			WHERE t.by_terms AND s.amount <> 0) p;
END $$;
COMMENT ON FUNCTION document_items() IS 'The items that every document makes, as posted: one row per instalment.';

CREATE OR REPLACE FUNCTION latest_due_changes()
RETURNS TABLE (customer_id bigint, item_id bigint, due_date date, effective_on date)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (c.customer_id, c.item_id) c.customer_id, c.item_id, c.due_date, c.effective_on
		FROM due_date_change c ORDER BY c.customer_id, c.item_id, c.effective_on DESC, c.due_date_change_id DESC;
END $$;
COMMENT ON FUNCTION latest_due_changes() IS 'The due date in force of every item whose due date was changed.';

CREATE OR REPLACE FUNCTION latest_merges()
RETURNS TABLE (customer_id bigint, into_customer_id bigint)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (m.customer_id) m.customer_id, m.into_customer_id
		FROM customer_merge m ORDER BY m.customer_id, m.customer_merge_id DESC;
END $$;
COMMENT ON FUNCTION latest_merges() IS 'Whom each customer that was given up was merged into.';

CREATE OR REPLACE FUNCTION base_movements()
RETURNS TABLE (customer_id bigint, item_id bigint, base numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT m.customer_id, m.item_id, sum(m.base) FROM (
			SELECT a.customer_id, a.debit_item_id AS item_id, x.debit_base AS base
			FROM allocation a JOIN exchange_difference x ON x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id
			UNION ALL
			SELECT a.customer_id, a.credit_item_id, -x.credit_base
			FROM allocation a JOIN exchange_difference x ON x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id) m
		GROUP BY 1, 2;
END $$;
COMMENT ON FUNCTION base_movements() IS 'What allocations took out of each item''s value in base currency.';

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

CREATE OR REPLACE FUNCTION scheduled_orders()
RETURNS TABLE (customer_id bigint, currency text, ship_date date, amount numeric)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT o.customer_id, o.currency, o.ship_date, sum(o.amount)
		FROM watched_table w, LATERAL credit.open_orders(current_schema(), w.table_schema, w.table_name) o
		WHERE orders_readable(w.table_schema::name, w.table_name::name) GROUP BY 1, 2, 3;
END $$;
COMMENT ON FUNCTION scheduled_orders() IS 'The open orders of all watched tables that can be read, per customer, currency and ship date.';

CREATE OR REPLACE FUNCTION recomputed_exposure()
RETURNS TABLE (customer_id bigint, currency text, kept_receivable numeric, receivable numeric, kept_unapplied numeric, unapplied numeric,
	kept_reserved numeric, reserved numeric, kept_uncleared numeric, uncleared numeric, kept_ordered numeric, ordered numeric,
	kept_holds numeric, holds numeric)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN QUERY
		WITH items AS (
			SELECT i.customer_id, i.currency, sum(i.open_amount) FILTER (WHERE i.open_amount > 0) AS receivable,
				-sum(i.open_amount) FILTER (WHERE i.open_amount < 0 AND i.reserved_for IS NULL) AS unapplied,
				-sum(i.open_amount) FILTER (WHERE i.open_amount < 0 AND i.reserved_for IS NOT NULL) AS reserved
			FROM item i WHERE i.open_amount <> 0 GROUP BY 1, 2),
		waiting AS (
			SELECT d.customer_id, d.currency, sum(d.amount) AS uncleared
			FROM document d
			WHERE d.clears_on IS NOT NULL
				AND NOT EXISTS (SELECT FROM clearing k WHERE k.customer_id = d.customer_id AND k.document_id = d.document_id)
				AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
			GROUP BY 1, 2),
		orders AS (
			SELECT o.customer_id, o.currency, sum(o.amount) AS ordered FROM scheduled_orders() o GROUP BY 1, 2),
		holds AS (
			SELECT h.customer_id, count(*) AS holds FROM hold h
			WHERE NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id) GROUP BY 1),
		wanted AS (
			SELECT c.customer_id, base AS currency FROM customer c
			UNION SELECT i.customer_id, i.currency FROM items i
			UNION SELECT u.customer_id, u.currency FROM waiting u
			UNION SELECT e.customer_id, e.currency FROM exposure e
			UNION SELECT o.customer_id, base FROM orders o
			UNION SELECT o.customer_id, o.currency FROM orders o)
		SELECT w.customer_id, w.currency, e.receivable, COALESCE(i.receivable, 0), e.unapplied, COALESCE(i.unapplied, 0),
			e.reserved, COALESCE(i.reserved, 0), e.uncleared, COALESCE(u.uncleared, 0), e.ordered, COALESCE(o.ordered, 0),
			e.open_holds::numeric, CASE WHEN w.currency = base THEN COALESCE(h.holds, 0) ELSE 0 END::numeric
		FROM wanted w
			LEFT JOIN exposure e ON e.customer_id = w.customer_id AND e.currency = w.currency
			LEFT JOIN items i ON i.customer_id = w.customer_id AND i.currency = w.currency
			LEFT JOIN waiting u ON u.customer_id = w.customer_id AND u.currency = w.currency
			LEFT JOIN orders o ON o.customer_id = w.customer_id AND o.currency = w.currency
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
	closed date;
BEGIN
	-- Nobody closes or opens a period meanwhile; whoever does so waits here, before anything is locked that it might need.
	LOCK TABLE period IN SHARE ROW EXCLUSIVE MODE;
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

	INSERT INTO item AS i (customer_id, document_id, instalment_no, currency, amount, open_amount, doc_date, posting_date, due_date,
		base_amount, open_base_amount, reserved_for)
	SELECT d.customer_id, d.document_id, d.instalment_no, d.currency, d.amount, d.amount, d.doc_date, d.posting_date, d.due_date,
		d.base_amount, d.base_amount, d.reserved_for
	FROM document_items() d
	WHERE NOT EXISTS (SELECT FROM item o WHERE o.customer_id = d.customer_id AND o.document_id = d.document_id AND o.instalment_no = d.instalment_no);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE item i SET currency = d.currency, amount = d.amount, doc_date = d.doc_date, posting_date = d.posting_date,
		due_date = d.due_date, due_changed_on = d.due_changed_on, base_amount = d.base_amount, reserved_for = d.reserved_for
	FROM (SELECT m.customer_id, m.document_id, m.instalment_no, m.currency, m.amount, m.doc_date, m.posting_date, m.base_amount, m.reserved_for,
			CASE WHEN c.item_id IS NULL THEN m.due_date ELSE c.due_date END AS due_date, c.effective_on AS due_changed_on
		FROM document_items() m JOIN item o ON o.customer_id = m.customer_id AND o.document_id = m.document_id AND o.instalment_no = m.instalment_no
			LEFT JOIN latest_due_changes() c ON c.customer_id = o.customer_id AND c.item_id = o.item_id) d
	WHERE d.customer_id = i.customer_id AND d.document_id = i.document_id AND d.instalment_no = i.instalment_no
		AND (i.currency, i.amount, i.doc_date, i.posting_date, i.due_date, i.due_changed_on, i.base_amount, i.reserved_for)
			IS DISTINCT FROM (d.currency, d.amount, d.doc_date, d.posting_date, d.due_date, d.due_changed_on, d.base_amount, d.reserved_for);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE item i SET open_base_amount = i.base_amount - COALESCE(m.base, 0)
	FROM item o LEFT JOIN base_movements() m ON m.customer_id = o.customer_id AND m.item_id = o.item_id
	WHERE o.customer_id = i.customer_id AND o.item_id = i.item_id AND i.open_base_amount IS DISTINCT FROM i.base_amount - COALESCE(m.base, 0);
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

	-- A lost row takes up the audit chain where its links end.  The head in a row that is there is never mended: that it
	-- does not fit is what verify_chain() has to say.
	INSERT INTO exposure AS e (customer_id, currency, chain_seq, chain_hash)
	SELECT r.customer_id, r.currency, COALESCE(h.chain_seq, 0), COALESCE(h.hash, '')
	FROM recomputed_exposure() r
		LEFT JOIN LATERAL (SELECT k.chain_seq, k.hash FROM chain_link k
			WHERE k.customer_id = r.customer_id AND r.currency = base ORDER BY k.chain_seq DESC LIMIT 1) h ON true
	WHERE r.kept_receivable IS NULL;
	UPDATE exposure e SET receivable = r.receivable, unapplied = r.unapplied, reserved = r.reserved, uncleared = r.uncleared,
		ordered = r.ordered, open_holds = r.holds
	FROM recomputed_exposure() r
	WHERE r.customer_id = e.customer_id AND r.currency = e.currency
		AND (e.receivable, e.unapplied, e.reserved, e.uncleared, e.ordered, e.open_holds)
			IS DISTINCT FROM (r.receivable, r.unapplied, r.reserved, r.uncleared, r.ordered, r.holds::integer);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	DELETE FROM order_schedule s WHERE NOT EXISTS (SELECT FROM scheduled_orders() o
		WHERE o.customer_id = s.customer_id AND o.currency = s.currency AND o.ship_date = s.ship_date AND o.amount <> 0);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	INSERT INTO order_schedule AS s (customer_id, currency, ship_date, amount)
	SELECT o.customer_id, o.currency, o.ship_date, o.amount FROM scheduled_orders() o WHERE o.ship_date IS NOT NULL AND o.amount <> 0
	ON CONFLICT (customer_id, currency, ship_date) DO UPDATE SET amount = excluded.amount WHERE s.amount <> excluded.amount;
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;

	UPDATE exposure e SET merged_into = m.into_customer_id
	FROM exposure o LEFT JOIN latest_merges() m ON m.customer_id = o.customer_id AND o.currency = base
	WHERE o.customer_id = e.customer_id AND o.currency = e.currency AND e.merged_into IS DISTINCT FROM m.into_customer_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE exposure e SET parent_id = w.parent_id, in_group = w.in_group, inactive = w.inactive
	FROM (SELECT c.customer_id, c.parent_id, c.status <> 'active' AS inactive, c.parent_id IS NOT NULL
			OR EXISTS (SELECT FROM credit_limit l WHERE l.customer_id = c.customer_id AND l.kind = 'group') AS in_group FROM customer c) w
	WHERE e.customer_id = w.customer_id AND e.currency = base
		AND (e.parent_id, e.in_group, e.inactive) IS DISTINCT FROM (w.parent_id, w.in_group, w.inactive);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE exposure e SET has_other_currency = true
	WHERE e.currency = base AND NOT e.has_other_currency
		AND EXISTS (SELECT FROM exposure o WHERE o.customer_id = e.customer_id AND o.currency <> base);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE dispute d SET state = e.state, owner = e.owner, root_cause = e.root_cause, due_date = e.due_date,
		ended_on = CASE WHEN e.state IN ('rejected', 'settled', 'moved') THEN e.happened_on END
	FROM latest_dispute_events() e
	WHERE e.customer_id = d.customer_id AND e.dispute_id = d.dispute_id AND (d.state, d.owner, d.root_cause, d.due_date, d.ended_on) IS DISTINCT FROM
		(e.state, e.owner, e.root_cause, e.due_date, CASE WHEN e.state IN ('rejected', 'settled', 'moved') THEN e.happened_on END);
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE deduction d SET dispute_id = q.dispute_id
	FROM deduction o LEFT JOIN dispute q ON q.customer_id = o.customer_id AND q.deduction_id = o.deduction_id
	WHERE o.customer_id = d.customer_id AND o.deduction_id = d.deduction_id AND d.dispute_id IS DISTINCT FROM q.dispute_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	UPDATE exposure e SET limit_amount = l.amount, limit_since = ledger_today(), limit_until = l.until
	FROM (SELECT o.customer_id, k.amount, k.until FROM exposure o, LATERAL limit_on(o.customer_id, ledger_today()) k
		WHERE o.currency = base AND ledger_today() BETWEEN o.limit_since AND o.limit_until) l
	WHERE e.customer_id = l.customer_id AND e.currency = base AND e.limit_amount IS DISTINCT FROM l.amount;
	GET DIAGNOSTICS n = ROW_COUNT;
	repaired := repaired + n;
	closed := (SELECT max(p.ends_on) FROM period p WHERE p.state <> 'open');
	IF (SELECT l.closed_through FROM ledger_info l) IS DISTINCT FROM closed THEN
		-- As begin_close() does: who posts with the old day comes to an end first.
		LOCK TABLE ledger_info IN SHARE ROW EXCLUSIVE MODE;
		UPDATE ledger_info l SET closed_through = closed;
		repaired := repaired + 1;
	END IF;
	RETURN repaired;
END $$;
COMMENT ON FUNCTION rebuild_ledger() IS 'Repairs kept figures (items, open amounts, exposure) from documents, allocations, orders and holds; these it never changes. Blocks posting meanwhile. Returns how many rows it mended.';
