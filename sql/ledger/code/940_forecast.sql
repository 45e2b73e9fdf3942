-- Cash forecast: what is expected to come in, week by week, from how late each customer has paid before.

-- One text for the forecast and for the customers it can say nothing about.  Days late are counted per item paid in the year
-- before: a customer who pays twenty small items late and one large one in time is late.  An item that is already late is
-- compared with those that were paid even later, never with a past it has left behind.
CREATE OR REPLACE FUNCTION expected_payments(p_from date, p_known_at timestamptz DEFAULT NULL, p_customer_id bigint DEFAULT NULL, p_least_items integer DEFAULT 5)
RETURNS TABLE (customer_id bigint, item_id bigint, currency text, due_date date, open_amount numeric, amount numeric, basis text, disputed boolean,
	experiences bigint, expected_on date, early_on date, late_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	known timestamptz := COALESCE(p_known_at, 'infinity');
	until date;
	one text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND %%1$s.customer_id = %s', p_customer_id) END;
BEGIN
	PERFORM require_as_of(p_from);
	IF p_least_items IS NULL OR p_least_items < 1 THEN
		RAISE EXCEPTION 'a forecast needs at least one paid item to learn from'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = concat('p_least_items is ', COALESCE(p_least_items::text, 'null'), '.');
	END IF;
	-- A forecast made on its first day knows what happened that day until then: asked today, or as of a time on that day.
	until := p_from + CASE WHEN (COALESCE(p_known_at, statement_timestamp()) AT TIME ZONE (SELECT l.time_zone FROM ledger_info l))::date = p_from THEN 1 ELSE 0 END;
	RETURN QUERY EXECUTE format($q$
		WITH
		class_then AS MATERIALIZED (SELECT k.customer_id, k.risk_class FROM risk_classes_at($2) k),
		-- Open then = open now + what was applied since, or was not known yet.
		open_then AS (
			SELECT o.customer_id, o.item_id, sum(o.amount) AS amount
			FROM (
				SELECT i.customer_id, i.item_id, i.open_amount AS amount FROM item i WHERE i.open_amount > 0 %1$s
				UNION ALL
				SELECT a.customer_id, a.debit_item_id, a.amount FROM allocation a WHERE a.applied_on >= $4 %2$s
				UNION ALL
				SELECT a.customer_id, a.debit_item_id, a.amount FROM allocation a WHERE a.applied_on < $4 AND a.recorded_at > $2 %2$s) o
			GROUP BY 1, 2),
		owed AS MATERIALIZED (
			SELECT i.customer_id, i.item_id, i.currency, o.amount, CASE WHEN k.customer_id IS NULL THEN c.risk_class ELSE k.risk_class END AS risk_class,
				CASE WHEN i.due_changed_on IS NULL THEN i.due_date ELSE %3$s END AS due
			FROM open_then o JOIN item i ON i.customer_id = o.customer_id AND i.item_id = o.item_id JOIN customer c ON c.customer_id = i.customer_id
				LEFT JOIN class_then k ON k.customer_id = i.customer_id
			WHERE o.amount > 0 AND i.posting_date < $4
				AND ($2 = 'infinity' OR EXISTS (SELECT FROM document d WHERE d.customer_id = i.customer_id AND d.document_id = i.document_id AND d.recorded_at <= $2))),
		-- Credits a customer has with us are taken first by what is due first: nobody pays twice.
		unapplied_then AS (
			SELECT u.customer_id, u.currency, -sum(u.amount) AS amount
			FROM (
				SELECT i.customer_id, i.currency, i.open_amount AS amount FROM item i
				WHERE i.open_amount < 0 AND NOT %5$s AND i.posting_date < $4
					AND ($2 = 'infinity' OR EXISTS (SELECT FROM document d WHERE d.customer_id = i.customer_id AND d.document_id = i.document_id AND d.recorded_at <= $2)) %1$s
				UNION ALL
				SELECT a.customer_id, a.currency, -a.amount FROM allocation a
				WHERE (a.applied_on >= $4 OR a.recorded_at > $2) AND a.credit_posting_date < $4 %2$s
					AND NOT EXISTS (SELECT FROM item i WHERE i.customer_id = a.customer_id AND i.item_id = a.credit_item_id AND %5$s)
					AND ($2 = 'infinity' OR EXISTS (SELECT FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
						WHERE i.customer_id = a.customer_id AND i.item_id = a.credit_item_id AND d.recorded_at <= $2))) u
			GROUP BY 1, 2),
		netted AS MATERIALIZED (
			SELECT n.*, LEAST(n.amount, GREATEST(n.due_by_then - COALESCE(u.amount, 0), 0)) AS net
			FROM (
				SELECT o.*, sum(o.amount) OVER (PARTITION BY o.customer_id, o.currency ORDER BY o.due NULLS LAST, o.item_id) AS due_by_then FROM owed o) n
				LEFT JOIN unapplied_then u ON u.customer_id = n.customer_id AND u.currency = n.currency),
		-- Of all customers, also when one is asked about: how late others pay what they dispute is learnt from them.
		quarrel AS (
			SELECT d.customer_id, d.item_id, sum(CASE WHEN d.ended_on IS NULL OR d.ended_on >= $4 OR EXISTS (SELECT FROM dispute_event e
				WHERE e.customer_id = d.customer_id AND e.dispute_id = d.dispute_id AND e.state IN ('rejected', 'settled', 'moved') AND e.recorded_at > $2) THEN d.amount END) AS amount
			FROM dispute d WHERE d.opened_on < $4 AND d.recorded_at <= $2 GROUP BY 1, 2),
		-- What was promised and not yet kept or broken, less what came of it since.  A day that passed within the tolerance is still to come.
		promise_then AS MATERIALIZED (
			SELECT p.customer_id, p.promise_id, p.currency, p.promised_on, p.after_allocation_id, GREATEST(p.due_on, $1) AS expected_on, GREATEST(p.due_on + p.tolerance_days, $1) AS late_on,
				GREATEST(p.amount - GREATEST(COALESCE((SELECT sum(a.amount) FROM allocation a WHERE a.customer_id = p.customer_id AND a.currency = p.currency
					AND a.debit_posting_date <= p.promised_on AND a.allocation_id > p.after_allocation_id AND a.credit_posting_date >= p.promised_on
					AND a.applied_on < $4 AND a.recorded_at <= $2), 0), 0), 0) AS amount
			FROM promise p
			WHERE p.promised_on < $4 AND p.recorded_at <= $2 %4$s
				AND COALESCE((SELECT e.state FROM promise_event e WHERE e.customer_id = p.customer_id AND e.promise_id = p.promise_id AND e.state_on < $4 AND e.recorded_at <= $2
					ORDER BY e.promise_event_id DESC LIMIT 1), 'open') = 'open'),
		-- A promise without items is one of all that is owed: the earliest promise pays what is due first.
		promised AS (
			SELECT p.customer_id, m.item_id, m.amount - GREATEST(COALESCE((SELECT sum(a.amount) FROM allocation a WHERE a.customer_id = m.customer_id AND a.debit_item_id = m.item_id
					AND a.allocation_id > p.after_allocation_id AND a.credit_posting_date >= p.promised_on AND a.applied_on < $4 AND a.recorded_at <= $2), 0), 0) AS amount,
				'promise' AS basis, p.expected_on, p.late_on, p.promise_id AS n
			FROM promise_then p JOIN promise_item m ON m.customer_id = p.customer_id AND m.promise_id = p.promise_id
			UNION ALL
			SELECT p.customer_id, i.item_id, LEAST(p.upto, i.upto) - GREATEST(p.upto - p.amount, i.upto - i.net), 'promise', p.expected_on, p.late_on, p.promise_id
			FROM (SELECT t.*, sum(t.amount) OVER (PARTITION BY t.customer_id, t.currency ORDER BY t.expected_on, t.promise_id) AS upto FROM promise_then t
					WHERE NOT EXISTS (SELECT FROM promise_item m WHERE m.customer_id = t.customer_id AND m.promise_id = t.promise_id)) p
				JOIN (SELECT n.*, sum(n.net) OVER (PARTITION BY n.customer_id, n.currency ORDER BY n.due NULLS LAST, n.item_id) AS upto FROM netted n WHERE n.net > 0) i
				ON i.customer_id = p.customer_id AND i.currency = p.currency AND i.upto - i.net < p.upto AND p.upto - p.amount < i.upto),
		plan AS MATERIALIZED (
			SELECT p.customer_id, p.payment_plan_id, p.amount, p.grace_days FROM payment_plan p
			WHERE p.recorded_at <= $2 %4$s AND (SELECT e.state FROM payment_plan_event e WHERE e.customer_id = p.customer_id AND e.payment_plan_id = p.payment_plan_id
				AND e.state_on < $4 AND e.recorded_at <= $2 ORDER BY e.payment_plan_event_id DESC LIMIT 1) = 'active'),
		-- What is still open of a plan is its last instalments: amounts from the end, laid over the items in due order.
		planned AS (
			SELECT i.customer_id, i.item_id, LEAST(i.upto, s.upto) - GREATEST(i.upto - i.net, s.upto - s.amount) AS amount, 'plan' AS basis,
				GREATEST(s.due_date, $1) AS expected_on, GREATEST(s.due_date + i.grace_days, $1) AS late_on, s.instalment_no::bigint AS n
			FROM (
				SELECT p.customer_id, p.payment_plan_id, p.grace_days, n.item_id, v.net,
					p.amount - sum(v.net) OVER w + sum(v.net) OVER (w ORDER BY n.due NULLS LAST, n.item_id) AS upto
				FROM plan p JOIN payment_plan_item m ON m.customer_id = p.customer_id AND m.payment_plan_id = p.payment_plan_id
					JOIN netted n ON n.customer_id = m.customer_id AND n.item_id = m.item_id, LATERAL (SELECT LEAST(n.net, m.amount) AS net) v
				WINDOW w AS (PARTITION BY p.customer_id, p.payment_plan_id)) i
				JOIN (
					SELECT t.customer_id, t.payment_plan_id, t.instalment_no, t.due_date, t.amount, sum(t.amount) OVER (PARTITION BY t.customer_id, t.payment_plan_id ORDER BY t.instalment_no) AS upto
					FROM payment_plan_instalment t) s
				ON s.customer_id = i.customer_id AND s.payment_plan_id = i.payment_plan_id AND s.upto > i.upto - i.net AND s.upto - s.amount < i.upto),
		agreed AS MATERIALIZED (
			SELECT a.customer_id, a.item_id, a.basis, a.expected_on, a.late_on, LEAST(a.amount, n.net - (a.so_far - a.amount)) AS amount
			FROM (
				SELECT u.*, sum(u.amount) OVER (PARTITION BY u.customer_id, u.item_id ORDER BY u.basis, u.expected_on, u.n) AS so_far
				FROM (SELECT * FROM planned UNION ALL SELECT * FROM promised) u WHERE u.amount > 0) a
				JOIN netted n ON n.customer_id = a.customer_id AND n.item_id = a.item_id
			WHERE a.so_far - a.amount < n.net),
		-- What was agreed, what is disputed and the rest of an item are lines of their own.
		line AS MATERIALIZED (
			SELECT n.customer_id, n.item_id, n.currency, n.risk_class, n.due, n.amount AS open_amount, v.amount, v.disputed, CASE WHEN n.due IS NOT NULL THEN GREATEST($1 - n.due, -3660) END AS late
			FROM netted n
				LEFT JOIN quarrel q ON q.customer_id = n.customer_id AND q.item_id = n.item_id
				LEFT JOIN (SELECT a.customer_id, a.item_id, sum(a.amount) AS amount FROM agreed a GROUP BY 1, 2) g ON g.customer_id = n.customer_id AND g.item_id = n.item_id,
				LATERAL (SELECT n.net - COALESCE(g.amount, 0) AS rest) r,
				LATERAL (VALUES (LEAST(r.rest, COALESCE(q.amount, 0)), true), (r.rest - LEAST(r.rest, COALESCE(q.amount, 0)), false)) v (amount, disputed)
			WHERE v.amount > 0),
		paid AS MATERIALIZED (
			SELECT p.customer_id, CASE WHEN k.customer_id IS NULL THEN c.risk_class ELSE k.risk_class END AS risk_class, EXISTS (SELECT FROM quarrel q WHERE q.customer_id = p.customer_id AND q.item_id = p.debit_item_id) AS disputed,
				round(sum(p.amount * (p.paid_on - p.due)) / sum(p.amount))::integer AS days
			FROM (
				SELECT a.customer_id, a.debit_item_id, a.amount, GREATEST(a.credit_posting_date, a.debit_doc_date) AS paid_on, a.debit_due_date AS due
				FROM allocation a
					JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.credit_item_id
					JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				WHERE a.credit_posting_date >= $1 - 365 AND a.applied_on < $4 AND a.recorded_at <= $2 AND a.debit_due_date IS NOT NULL
					AND d.kind IN ('payment', 'deposit', 'set_off')) p
				JOIN item o ON o.customer_id = p.customer_id AND o.item_id = p.debit_item_id
				JOIN document e ON e.customer_id = o.customer_id AND e.document_id = o.document_id
				JOIN customer c ON c.customer_id = p.customer_id LEFT JOIN class_then k ON k.customer_id = p.customer_id
			WHERE e.kind IN ('invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge', 'adjustment')
			GROUP BY p.customer_id, p.debit_item_id, 2
			-- What came back, or was taken off again, paid nothing.
			HAVING sum(p.amount) > 0),
		-- How often so many days late: of the customer, of its risk class, of everybody.
		seen AS MATERIALIZED (
			SELECT 1 AS level, p.customer_id AS customer, NULL::text AS class, p.disputed, p.days, count(*) AS n FROM paid p GROUP BY 2, 4, 5
			UNION ALL SELECT 2, NULL, p.risk_class, p.disputed, p.days, count(*) FROM paid p WHERE p.risk_class IS NOT NULL GROUP BY 3, 4, 5
			UNION ALL SELECT 3, NULL, NULL, p.disputed, p.days, count(*) FROM paid p GROUP BY 4, 5),
		asked AS (
			SELECT DISTINCT 1 AS level, l.customer_id AS customer, NULL::text AS class, l.disputed, l.late FROM line l WHERE l.late IS NOT NULL
			UNION SELECT 2, NULL, l.risk_class, l.disputed, l.late FROM line l WHERE l.late IS NOT NULL AND l.risk_class IS NOT NULL
			UNION SELECT 3, NULL, NULL, l.disputed, l.late FROM line l WHERE l.late IS NOT NULL),
		learnt AS MATERIALIZED (
			SELECT r.level, r.customer, r.class, r.disputed, r.late, sum(r.n)::bigint AS n, round(sum(r.days * r.n) / sum(r.n))::integer AS mean,
				min(r.days) FILTER (WHERE r.so_far * 10 >= r.total) AS early, min(r.days) FILTER (WHERE r.so_far * 10 >= r.total * 9) AS late_days
			FROM (
				SELECT k.level, k.customer, k.class, k.disputed, k.late, s.days, s.n, sum(s.n) OVER (w ORDER BY s.days) AS so_far, sum(s.n) OVER w AS total
				FROM asked k JOIN seen s ON s.level = k.level AND s.customer IS NOT DISTINCT FROM k.customer AND s.class IS NOT DISTINCT FROM k.class
					AND s.disputed = k.disputed AND s.days >= k.late
				WINDOW w AS (PARTITION BY k.level, k.customer, k.class, k.disputed, k.late)) r
			GROUP BY 1, 2, 3, 4, 5
			-- Of others enough, of its own past also little: a customer's last resort.
			HAVING sum(r.n) >= CASE r.level WHEN 1 THEN 1 ELSE $3 END)
		SELECT l.customer_id, l.item_id, l.currency, l.due, l.open_amount, l.amount,
			CASE WHEN l.due IS NULL THEN 'undated' ELSE COALESCE((ARRAY['customer', 'risk_class', 'ledger'])[b.level], 'unknown') END, l.disputed,
			(ARRAY[one.n, class.n, everybody.n])[b.level], l.due + (ARRAY[one.mean, class.mean, everybody.mean])[b.level],
			l.due + (ARRAY[one.early, class.early, everybody.early])[b.level], l.due + (ARRAY[one.late_days, class.late_days, everybody.late_days])[b.level]
		FROM line l
			LEFT JOIN learnt one ON one.level = 1 AND one.customer = l.customer_id AND one.disputed = l.disputed AND one.late = l.late
			LEFT JOIN learnt class ON class.level = 2 AND class.class = l.risk_class AND class.disputed = l.disputed AND class.late = l.late
			LEFT JOIN learnt everybody ON everybody.level = 3 AND everybody.disputed = l.disputed AND everybody.late = l.late,
			LATERAL (SELECT CASE WHEN one.n >= $3 THEN 1 WHEN class.n IS NOT NULL THEN 2 WHEN everybody.n IS NOT NULL THEN 3 WHEN one.n IS NOT NULL THEN 1 END AS level) b
		UNION ALL
		SELECT n.customer_id, n.item_id, n.currency, n.due, n.amount, round(a.amount, credit.minor_unit(n.currency)), a.basis, false, NULL, a.expected_on, a.expected_on, a.late_on
		FROM agreed a JOIN netted n ON n.customer_id = a.customer_id AND n.item_id = a.item_id$q$,
		format(one, 'i'), format(one, 'a'), due_on_query('i', '$4 - 1', 'AND n.recorded_at <= $2'), format(one, 'p'),
		-- A deposit that was still reserved to its order, whatever became of it since.
		'(i.reserved_for IS NOT NULL OR EXISTS (SELECT FROM deposit_release r WHERE r.customer_id = i.customer_id AND r.document_id = i.document_id AND (r.released_on >= $4 OR r.recorded_at > $2)))')
		USING p_from, known, p_least_items, until;
END $$;
COMMENT ON FUNCTION expected_payments(date, timestamptz, bigint, integer) IS 'When what is open as p_from begins, or now if that is today, is expected to be paid: lines of items, less the customer''s unapplied credits. amount: of the line; open_amount: of the item. basis: promise, plan, or whose past it was learnt from: customer, risk_class, ledger (the first with p_least_items items paid in the year before, none of them less late than this one is already), or the customer with fewer; unknown where nobody has such a past, undated without a due date. expected_on: due date + mean days late; early_on, late_on: 10 and 90 percent paid by then. disputed: the disputed part, which follows items that were disputed. p_known_at: as recorded by then, risk classes too; on p_from itself, with what happened that day until then. One customer, or all.';

CREATE OR REPLACE FUNCTION cash_forecast(p_from date, p_weeks integer DEFAULT 13, p_known_at timestamptz DEFAULT NULL, p_least_items integer DEFAULT 5)
RETURNS TABLE (part text, week_no integer, week_from date, week_to date, currency text, expected numeric, low numeric, high numeric,
	cumulative numeric, cumulative_low numeric, cumulative_high numeric, promised numeric, disputed numeric, lines bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF p_weeks IS NULL OR p_weeks NOT BETWEEN 1 AND 520 THEN
		RAISE EXCEPTION 'a forecast is of 1 to 520 weeks'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = concat('p_weeks is ', COALESCE(p_weeks::text, 'null'), '.');
	END IF;
	RETURN QUERY
		WITH line AS MATERIALIZED (SELECT e.* FROM expected_payments(p_from, p_known_at, NULL, p_least_items) e),
		-- Three schedules: everybody early, as expected, late.
		placed AS (
			SELECT l.currency, s.schedule, CASE WHEN s.on_day IS NOT NULL THEN LEAST((s.on_day - p_from) / 7, p_weeks) END AS week, sum(l.amount) AS amount,
				sum(l.amount) FILTER (WHERE l.basis IN ('promise', 'plan')) AS promised, sum(l.amount) FILTER (WHERE l.disputed) AS disputed, count(*) AS lines
			FROM line l, LATERAL (VALUES ('early', l.early_on), ('expected', l.expected_on), ('late', l.late_on)) s (schedule, on_day)
			GROUP BY 1, 2, 3),
		grid AS (
			SELECT c.currency, w.week, credit.minor_unit(c.currency) AS decimals,
				COALESCE(e.amount, 0) AS early, COALESCE(x.amount, 0) AS expected, COALESCE(t.amount, 0) AS late,
				COALESCE(x.promised, 0) AS promised, COALESCE(x.disputed, 0) AS disputed, COALESCE(x.lines, 0) AS lines
			FROM (SELECT DISTINCT l.currency FROM line l) c CROSS JOIN generate_series(0, p_weeks) w (week)
				LEFT JOIN placed e ON e.currency = c.currency AND e.week = w.week AND e.schedule = 'early'
				LEFT JOIN placed x ON x.currency = c.currency AND x.week = w.week AND x.schedule = 'expected'
				LEFT JOIN placed t ON t.currency = c.currency AND t.week = w.week AND t.schedule = 'late'
			UNION ALL
			SELECT p.currency, NULL, credit.minor_unit(p.currency), p.amount, p.amount, p.amount, COALESCE(p.promised, 0), COALESCE(p.disputed, 0), p.lines
			FROM placed p WHERE p.week IS NULL AND p.schedule = 'expected')
		SELECT CASE WHEN g.week < p_weeks THEN 'week' WHEN g.week = p_weeks THEN 'later' ELSE 'unknown' END,
			CASE WHEN g.week < p_weeks THEN g.week + 1 END, CASE WHEN g.week IS NOT NULL THEN p_from + 7 * g.week END, CASE WHEN g.week < p_weeks THEN p_from + 7 * g.week + 6 END,
			g.currency, round(g.expected, g.decimals), round(LEAST(g.early, g.expected, g.late), g.decimals), round(GREATEST(g.early, g.expected, g.late), g.decimals),
			CASE WHEN g.week < p_weeks THEN round(sum(g.expected) OVER w, g.decimals) END, CASE WHEN g.week < p_weeks THEN round(sum(g.late) OVER w, g.decimals) END,
			CASE WHEN g.week < p_weeks THEN round(sum(g.early) OVER w, g.decimals) END,
			round(g.promised, g.decimals), round(g.disputed, g.decimals), g.lines
		FROM grid g WINDOW w AS (PARTITION BY g.currency ORDER BY g.week NULLS LAST) ORDER BY g.currency, g.week NULLS LAST;
END $$;
COMMENT ON FUNCTION cash_forecast(date, integer, timestamptz, integer) IS 'Receipts expected from what is open as p_from begins, or now if that is today, in weeks from that day on, by currency, from expected_payments(). part: week; later: after the last week; unknown: undated, or of nobody with a past to learn from. The parts together are all that is open, less unapplied credits. low, high: the least and the most of three schedules, all customers early (10 percent paid by then), as expected, late (90 percent). cumulative_low: all late, cumulative_high: all early. promised, disputed: of expected, promises and plans, and the disputed. New invoices are not in it.';

CREATE OR REPLACE FUNCTION forecast_backtest(p_from date, p_weeks integer DEFAULT 13, p_least_items integer DEFAULT 5)
RETURNS TABLE (week_no integer, week_from date, week_to date, currency text, expected numeric, low numeric, high numeric, came numeric, error numeric, error_percent numeric,
	cumulative numeric, cumulative_came numeric, cumulative_error_percent numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	known timestamptz := end_of_day(p_from - 1);
BEGIN
	PERFORM require_as_of(p_from);
	IF p_from >= ledger_today() THEN
		RAISE EXCEPTION 'what came in since % is not known yet', p_from
			USING ERRCODE = 'datetime_field_overflow', DETAIL = concat('Today is ', ledger_today(), '.'), HINT = 'Give an earlier day.';
	END IF;
	RETURN QUERY
		WITH forecast AS MATERIALIZED (SELECT f.* FROM cash_forecast(p_from, p_weeks, known, p_least_items) f WHERE f.part = 'week' AND f.week_to < ledger_today()),
		-- Of the items the forecast spoke of, each once.
		spoken AS MATERIALIZED (SELECT DISTINCT e.customer_id, e.item_id FROM expected_payments(p_from, known, NULL, p_least_items) e),
		paid AS (
			SELECT a.currency, (a.credit_posting_date - p_from) / 7 + 1 AS week_no, sum(a.amount) AS amount
			FROM spoken s
				JOIN allocation a ON a.customer_id = s.customer_id AND a.debit_item_id = s.item_id
				JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			WHERE a.credit_posting_date >= p_from AND d.kind IN ('payment', 'deposit', 'set_off')
			GROUP BY 1, 2)
		SELECT f.week_no, f.week_from, f.week_to, f.currency, f.expected, f.low, f.high, v.came, v.came - f.expected, round((v.came - f.expected) * 100 / NULLIF(f.expected, 0), 2),
			f.cumulative, sum(v.came) OVER w, round((sum(v.came) OVER w - f.cumulative) * 100 / NULLIF(f.cumulative, 0), 2)
		FROM forecast f LEFT JOIN paid p ON p.currency = f.currency AND p.week_no = f.week_no,
			LATERAL (SELECT round(COALESCE(p.amount, 0), credit.minor_unit(f.currency)) AS came) v
		WINDOW w AS (PARTITION BY f.currency ORDER BY f.week_no) ORDER BY f.currency, f.week_no;
END $$;
COMMENT ON FUNCTION forecast_backtest(date, integer, integer) IS 'What cash_forecast() would have said on p_from, from what was recorded before that day, against what came since for the same items, week by week: week_no is the horizon. Only weeks that are over. error = came - expected; its percent is of expected, NULL where nothing was.';

CREATE OR REPLACE VIEW forecast_accuracy AS
SELECT b.week_no, b.week_from, b.week_to, b.currency, b.expected, b.low, b.high, b.came, b.error, b.error_percent, b.cumulative, b.cumulative_came, b.cumulative_error_percent
FROM ledger_info l, LATERAL forecast_backtest((statement_timestamp() AT TIME ZONE l.time_zone)::date - 91, 13) b;
COMMENT ON VIEW forecast_accuracy IS 'The forecast of 13 weeks ago against what came: forecast_backtest().';
COMMENT ON COLUMN forecast_accuracy.week_no IS 'Week of the forecast, from 1: how far ahead it looked.';
COMMENT ON COLUMN forecast_accuracy.week_from IS 'First day of the week.';
COMMENT ON COLUMN forecast_accuracy.week_to IS 'Last day.';
COMMENT ON COLUMN forecast_accuracy.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN forecast_accuracy.expected IS 'What was expected in that week.';
COMMENT ON COLUMN forecast_accuracy.low IS 'The least of the three schedules.';
COMMENT ON COLUMN forecast_accuracy.high IS 'The most of them.';
COMMENT ON COLUMN forecast_accuracy.came IS 'What came in that week for the same items.';
COMMENT ON COLUMN forecast_accuracy.error IS 'came - expected.';
COMMENT ON COLUMN forecast_accuracy.error_percent IS 'error in percent of expected; NULL where nothing was expected.';
COMMENT ON COLUMN forecast_accuracy.cumulative IS 'Expected up to that week.';
COMMENT ON COLUMN forecast_accuracy.cumulative_came IS 'Came up to that week.';
COMMENT ON COLUMN forecast_accuracy.cumulative_error_percent IS 'Their difference in percent of cumulative.';
