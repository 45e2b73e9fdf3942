-- The worklist: whom to work on, in which order, and why.

ALTER TABLE collection_strategy ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER collection_strategy_append_only BEFORE UPDATE OR DELETE ON collection_strategy
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a new version with add_strategy().');
CREATE OR REPLACE TRIGGER collection_strategy_no_truncate BEFORE TRUNCATE ON collection_strategy
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a new version with add_strategy().');
CREATE OR REPLACE TRIGGER worklist_rule_append_only BEFORE UPDATE OR DELETE ON worklist_rule
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a new version of the strategy with add_strategy().');
CREATE OR REPLACE TRIGGER worklist_rule_no_truncate BEFORE TRUNCATE ON worklist_rule
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a new version of the strategy with add_strategy().');

CREATE OR REPLACE FUNCTION add_strategy(p_name text, p_rules jsonb, p_reason text, p_risk_class text DEFAULT NULL, p_quiet_days integer DEFAULT 3, p_valid_from date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	starts date := COALESCE(p_valid_from, ledger_today());
	wrong text;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('strategy "%s"', left(p_name, 100)));
	IF COALESCE(p_name, '') = '' OR p_rules IS NULL OR jsonb_typeof(p_rules) <> 'array' OR jsonb_array_length(p_rules) = 0 OR p_quiet_days IS NULL THEN
		RAISE EXCEPTION 'a strategy has a name, rules and quiet days'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Rules are an array of objects as columns of worklist_rule.';
	END IF;
	IF starts < ledger_today() OR NOT isfinite(starts) THEN
		RAISE EXCEPTION 'strategy "%" cannot start on %', left(p_name, 100), starts
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today()), HINT = 'What was worked by another one stays as it was.';
	END IF;
	SELECT left(e.value::text, 200) INTO wrong FROM jsonb_array_elements(p_rules) e
	WHERE jsonb_typeof(e.value) <> 'object' OR NOT e.value - '{rule_no,kind,threshold,points,points_each,most_points,action}'::text[] = '{}' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'rule of strategy "%" is not understood', left(p_name, 100)
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', wrong), HINT = 'A rule has rule_no, kind, threshold, points, points_each, most_points and action.';
	END IF;
	-- One version after the other.
	PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws(' ', current_schema(), 'strategy', p_name), 0));
	INSERT INTO collection_strategy (name, version, risk_class, quiet_days, valid_from, reason)
	SELECT p_name, COALESCE(max(s.version), 0) + 1, p_risk_class, p_quiet_days, starts, p_reason FROM collection_strategy s WHERE s.name = p_name
	RETURNING collection_strategy_id INTO id;
	INSERT INTO worklist_rule (collection_strategy_id, rule_no, kind, threshold, points, points_each, most_points, action)
	SELECT id, r.rule_no, r.kind, COALESCE(r.threshold, 0), COALESCE(r.points, 0), COALESCE(r.points_each, 0), r.most_points, r.action
	FROM jsonb_to_recordset(p_rules) r (rule_no integer, kind text, threshold numeric, points numeric, points_each numeric, most_points numeric, action text);
	RETURN id;
END $$;
COMMENT ON FUNCTION add_strategy(text, jsonb, text, text, integer, date) IS 'Enters a strategy, or the next version of the one with that name, for the customers of p_risk_class (NULL: all others), from p_valid_from (default today) on. p_rules: an array of objects as columns of worklist_rule; thresholds and points left out are 0. Returns its id.';

CREATE OR REPLACE FUNCTION strategies_on(p_on date)
RETURNS TABLE (risk_class text, collection_strategy_id bigint, name text, version integer, quiet_days integer)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (s.risk_class) s.risk_class, s.collection_strategy_id, s.name, s.version, s.quiet_days
		FROM collection_strategy s WHERE s.valid_from <= p_on ORDER BY s.risk_class, s.valid_from DESC, s.collection_strategy_id DESC;
END $$;
COMMENT ON FUNCTION strategies_on(date) IS 'The strategy in force on a day for each risk class that has one, and for all others (NULL).';

-- Whose customers a person works on: its own, and those of whom it stands in for.
CREATE OR REPLACE FUNCTION worked_collectors(p_collector text, p_on date)
RETURNS SETOF text LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT p_collector WHERE p_collector IS NOT NULL
		UNION
		SELECT a.collector FROM collector_absence a WHERE a.substitute = p_collector AND p_on BETWEEN a.absent_from AND a.absent_until;
END $$;
COMMENT ON FUNCTION worked_collectors(text, date) IS 'Whose portfolios a person works on a day: its own, and those of whom it stands in for.';

-- One pass over the open items, whatever the number of customers; everything else is few rows per customer, or few customers.
-- Indexes have all of it in the order of customers, so it is merged as it is read: hash tables of a million customers miss
-- every cache, and need memory.  One customer and all of them are planned apart: a plan for both would read all.
CREATE OR REPLACE FUNCTION work_figures(p_as_of date, p_customer_ids bigint[] DEFAULT NULL, p_foresee boolean DEFAULT false)
RETURNS TABLE (customer_id bigint, customer_name text, risk_class text, collector text, oldest_due date, exposure numeric, last_contact_at timestamptz, last_outcome text,
	resubmit_on date, broken_since_contact boolean, only_foreseen boolean, figures numeric[])
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_hashjoin = off SET enable_hashagg = off
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	decimals integer := credit.minor_unit(base);
	zone text := (SELECT l.time_zone FROM ledger_info l);
	bounds integer[] := string_to_array((SELECT l.aging_buckets::text FROM ledger_info l), ',')::integer[];
BEGIN
	RETURN QUERY
		-- Currencies one after the other by the index, however many rates each has.
		WITH RECURSIVE quoted AS (
			SELECT min(r.currency) AS currency FROM fx_rate r
			UNION ALL
			SELECT (SELECT min(r.currency) FROM fx_rate r WHERE r.currency > q.currency) FROM quoted q WHERE q.currency IS NOT NULL),
		-- What has no rate is no row: who needs it asks fx_rate_on(), which says so.
		rate AS MATERIALIZED (
			SELECT base AS currency, 1::numeric AS rate
			UNION ALL
			SELECT q.currency, r.rate
			FROM quoted q CROSS JOIN LATERAL (SELECT r.rate FROM fx_rate r WHERE r.currency = q.currency AND r.valid_from <= p_as_of ORDER BY r.valid_from DESC LIMIT 1) r
			WHERE q.currency <> base),
		who AS (
			SELECT c.customer_id, c.name, c.risk_class, c.created_at, f.collector
			FROM customer c LEFT JOIN portfolio f ON f.customer_id = c.customer_id
			-- Whom the law keeps from being asked, by anybody, is no work; what lawyers have is guarded item by item.
			WHERE c.status <> 'closed' AND c.customer_id NOT IN (SELECT x.customer_id FROM collection_stops(p_as_of, p_customer_ids) x WHERE x.reason <> 'legal') AND (p_customer_ids IS NULL OR c.customer_id = ANY (p_customer_ids))),
		guarded AS MATERIALIZED (
			SELECT g.customer_id, g.item_id, sum(g.amount) AS amount FROM protected_items(p_as_of, p_customer_ids) g GROUP BY g.customer_id, g.item_id),
		-- Only customers with anything guarded, or in another currency, are looked at item by item.
		apart AS MATERIALIZED (
			SELECT g.customer_id FROM guarded g
			UNION
			SELECT e.customer_id FROM exposure e WHERE e.currency <> base AND (p_customer_ids IS NULL OR e.customer_id = ANY (p_customer_ids))),
		owed AS (
			SELECT i.customer_id, sum(i.open_amount) AS overdue, sum(i.open_amount * (p_as_of - i.due_date)) AS lateness, min(i.due_date) AS oldest_due
			FROM item i
			WHERE i.open_amount > 0 AND i.due_date < p_as_of AND (p_customer_ids IS NULL OR i.customer_id = ANY (p_customer_ids))
			GROUP BY i.customer_id
			HAVING i.customer_id NOT IN (SELECT a.customer_id FROM apart a)
			UNION ALL
			SELECT q.customer_id, sum(q.amount), sum(q.amount * (p_as_of - q.due_date)), min(q.due_date)
			FROM (SELECT i.customer_id, i.due_date, (i.open_amount - COALESCE(g.amount, 0)) * COALESCE(r.rate, fx_rate_on(i.currency, p_as_of)) AS amount
				FROM apart a
					JOIN item i ON i.customer_id = a.customer_id
					LEFT JOIN guarded g ON g.customer_id = i.customer_id AND g.item_id = i.item_id
					LEFT JOIN rate r ON r.currency = i.currency
				WHERE i.open_amount > 0 AND i.due_date < p_as_of AND (g.amount < i.open_amount) IS NOT FALSE) q
			GROUP BY q.customer_id),
		account AS (
			SELECT e.customer_id, e.receivable - e.unapplied + e.uncleared + e.ordered AS exposure, e.unapplied, e.limit_amount
			FROM exposure e WHERE e.currency = base AND (p_customer_ids IS NULL OR e.customer_id = ANY (p_customer_ids))),
		abroad AS (
			SELECT e.customer_id, sum((e.receivable - e.unapplied + e.uncleared + e.ordered) * COALESCE(r.rate, fx_rate_on(e.currency, p_as_of))) AS exposure,
				sum(e.unapplied * COALESCE(r.rate, fx_rate_on(e.currency, p_as_of))) AS unapplied
			FROM exposure e LEFT JOIN rate r ON r.currency = e.currency
			WHERE e.currency <> base AND (e.receivable <> 0 OR e.unapplied <> 0 OR e.ordered <> 0) AND (p_customer_ids IS NULL OR e.customer_id = ANY (p_customer_ids))
			GROUP BY e.customer_id),
		promised AS (
			SELECT p.customer_id, count(*) FILTER (WHERE p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL) AS broken,
				count(*) FILTER (WHERE p.state = 'open' AND p.due_on = p_as_of) AS due,
				max(p.state_on) FILTER (WHERE p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL) AS broken_on
			FROM promise p
			WHERE (p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL OR p.state = 'open' AND p.due_on = p_as_of) AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids))
			GROUP BY p.customer_id),
		spoken AS (
			SELECT DISTINCT ON (k.customer_id) k.customer_id, k.contacted_at, k.outcome_code, k.resubmit_on
			FROM contact k WHERE k.contacted_at < ((p_as_of + 1)::timestamp AT TIME ZONE zone) AND (p_customer_ids IS NULL OR k.customer_id = ANY (p_customer_ids))
			ORDER BY k.customer_id, k.contacted_at DESC, k.contact_id DESC),
		-- A letter that went out is a contact: quiet days follow it, too.
		written AS (
			SELECT o.customer_id, max(o.sent_at) AS sent_at FROM outbox o
			WHERE o.sent_at < ((p_as_of + 1)::timestamp AT TIME ZONE zone) AND (p_customer_ids IS NULL OR o.customer_id = ANY (p_customer_ids)) GROUP BY o.customer_id),
		graded AS (
			SELECT DISTINCT ON (f.customer_id) f.customer_id, f.value FROM risk_figure f
			WHERE f.figure = 'grade' AND f.valid_from <= p_as_of AND (p_customer_ids IS NULL OR f.customer_id = ANY (p_customer_ids))
			ORDER BY f.customer_id, f.valid_from DESC, f.risk_figure_id DESC),
		levelled AS (
			SELECT DISTINCT ON (f.customer_id) f.customer_id, f.value FROM risk_figure f
			WHERE f.figure = 'dunning_level' AND f.valid_from <= p_as_of AND (p_customer_ids IS NULL OR f.customer_id = ANY (p_customer_ids))
			ORDER BY f.customer_id, f.valid_from DESC, f.risk_figure_id DESC),
		dunned AS (
			SELECT d.customer_id, max(d.level) AS level FROM dunning_item d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id AND i.open_amount > 0
			WHERE d.as_of <= p_as_of AND (p_customer_ids IS NULL OR d.customer_id = ANY (p_customer_ids)) GROUP BY d.customer_id),
		waiting AS (
			SELECT d.customer_id, count(*) AS disputes FROM dispute d
			WHERE d.ended_on IS NULL AND d.opened_on <= p_as_of AND (d.due_date < p_as_of OR d.owner IS NULL) AND (p_customer_ids IS NULL OR d.customer_id = ANY (p_customer_ids)) GROUP BY d.customer_id),
		instalment AS (
			SELECT p.customer_id, count(*) AS due
			FROM payment_plan p JOIN (SELECT n.customer_id, n.payment_plan_id, n.due_date,
					sum(n.amount + n.interest_amount) OVER (PARTITION BY n.customer_id, n.payment_plan_id ORDER BY n.instalment_no) AS so_far FROM payment_plan_instalment n) n
				ON n.customer_id = p.customer_id AND n.payment_plan_id = p.payment_plan_id AND n.due_date <= p_as_of AND n.so_far > p.paid_amount
			WHERE p.state = 'active' AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids)) GROUP BY p.customer_id),
		-- Who is to be asked before it is late: of what falls due in a week, all is to be paid as agreed.
		soon AS (
			SELECT DISTINCT i.customer_id FROM item i
			WHERE p_foresee AND i.open_amount > 0 AND i.due_date BETWEEN p_as_of AND p_as_of + 7 AND (p_customer_ids IS NULL OR i.customer_id = ANY (p_customer_ids))
				AND NOT EXISTS (SELECT FROM guarded g WHERE g.customer_id = i.customer_id AND g.item_id = i.item_id)),
		foreseen AS (
			SELECT s.customer_id, max(f.value) FILTER (WHERE f.figure = 'late_probability') AS late, max(f.value) FILTER (WHERE f.figure = 'very_late_probability') AS very_late
			FROM soon s
				JOIN (SELECT DISTINCT ON (f.customer_id, f.figure) f.customer_id, f.figure, f.value FROM risk_figure f
					WHERE p_foresee AND f.figure IN ('late_probability', 'very_late_probability') AND f.valid_from <= p_as_of AND (p_customer_ids IS NULL OR f.customer_id = ANY (p_customer_ids))
					ORDER BY f.customer_id, f.figure, f.valid_from DESC, f.risk_figure_id DESC) f ON f.customer_id = s.customer_id
			GROUP BY s.customer_id),
		listed AS (
			SELECT w.customer_id, w.name, w.risk_class, w.collector, w.created_at, round(GREATEST(COALESCE(o.overdue, 0) - COALESCE(a.unapplied, 0) - COALESCE(b.unapplied, 0), 0), decimals) AS overdue,
				o.oldest_due, o.lateness, round(COALESCE(a.exposure, 0) + COALESCE(b.exposure, 0), decimals) AS exposure, a.limit_amount, p.broken, p.due AS promises_due, p.broken_on, GREATEST(k.contacted_at, t.sent_at) AS contacted_at,
				(GREATEST(k.contacted_at, t.sent_at) AT TIME ZONE zone)::date AS contacted_on, CASE WHEN k.contacted_at >= t.sent_at OR t.sent_at IS NULL THEN k.outcome_code ELSE 'sent' END AS outcome_code, k.resubmit_on, g.value AS grade, GREATEST(f.value, u.level) AS dunning_level, d.disputes, n.due AS instalments_due,
				NOT x.due AS only_foreseen, v.late, v.very_late
			FROM who w
				LEFT JOIN owed o ON o.customer_id = w.customer_id
				LEFT JOIN account a ON a.customer_id = w.customer_id
				LEFT JOIN abroad b ON b.customer_id = w.customer_id
				LEFT JOIN promised p ON p.customer_id = w.customer_id
				LEFT JOIN spoken k ON k.customer_id = w.customer_id
				LEFT JOIN written t ON t.customer_id = w.customer_id
				LEFT JOIN graded g ON g.customer_id = w.customer_id
				LEFT JOIN levelled f ON f.customer_id = w.customer_id
				LEFT JOIN dunned u ON u.customer_id = w.customer_id
				LEFT JOIN waiting d ON d.customer_id = w.customer_id
				LEFT JOIN instalment n ON n.customer_id = w.customer_id
				LEFT JOIN foreseen v ON v.customer_id = w.customer_id
				-- There is something to work on already.
				CROSS JOIN LATERAL (SELECT (o.customer_id IS NOT NULL OR p.customer_id IS NOT NULL OR d.disputes > 0 OR n.due > 0 OR k.resubmit_on <= p_as_of
					OR a.exposure + COALESCE(b.exposure, 0) > a.limit_amount) IS TRUE AS due) x
			WHERE x.due OR v.customer_id IS NOT NULL OFFSET 0)
		SELECT q.customer_id, q.name, q.risk_class, q.collector, q.oldest_due, q.exposure, q.contacted_at, q.outcome_code, q.resubmit_on, COALESCE(q.broken_on > q.contacted_on, false), q.only_foreseen,
			-- In the order of the kinds that worklist() names.
			ARRAY[q.overdue, width_bucket(p_as_of - q.oldest_due - 1, bounds), COALESCE(q.broken, 0), COALESCE(q.promises_due, 0), p_as_of - q.resubmit_on, q.grade,
				CASE WHEN q.limit_amount > 0 THEN round(q.exposure * 100 / q.limit_amount, 1) END,
				CASE WHEN q.overdue > 0 AND q.contacted_at IS NULL THEN LEAST((q.created_at AT TIME ZONE zone)::date + 365 - p_as_of, 365) END, COALESCE(q.disputes, 0), q.dunning_level,
				p_as_of - COALESCE(q.contacted_on, q.oldest_due), COALESCE(q.instalments_due, 0), round(COALESCE(q.lateness, 0) / 1000, 2), round(q.late, 2), round(q.very_late, 2)]
		FROM listed q;
END $$;
COMMENT ON FUNCTION work_figures(date, bigint[], boolean) IS 'What the rules of the worklist measure, as of a day, of all customers, or of some, that have anything to work on; amounts in base currency. p_foresee: also who may be late with what falls due next, and has nothing else to work on (only_foreseen). RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION worklist(p_collector text DEFAULT NULL, p_as_of date DEFAULT NULL, p_customer_id bigint DEFAULT NULL, p_most integer DEFAULT NULL)
RETURNS TABLE (customer_id bigint, customer_name text, collector text, points numeric, next_best_action text, overdue_amount numeric, oldest_due date, days_past_due integer,
	exposure numeric, last_contact_at timestamptz, last_outcome text, resubmit_on date, strategy text, strategy_version integer, rules jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := COALESCE(p_as_of, ledger_today());
	customers bigint[];
	zone text := (SELECT l.time_zone FROM ledger_info l);
	-- The order of figures in work_figures().
	kinds text[] := ARRAY['overdue_amount', 'oldest_bucket', 'broken_promise', 'promise_due', 'resubmission', 'risk_grade', 'over_limit', 'first_overdue', 'dispute_waiting',
		'dunning_level', 'no_contact', 'instalment_due', 'amount_lateness', 'predicted_late', 'predicted_very_late'];
	-- The strategies in force, in one order: that of all other customers comes last.
	classes text[];
	names text[];
	versions integer[];
	quiet_days integer[];
	strategy_rules jsonb[];
	-- Of each, the lowest threshold of its rules on predictions; NULL: it has none.
	late numeric[];
	very_late numeric[];
	foresee boolean;
	others integer;
BEGIN
	PERFORM require_as_of(as_of);
	IF p_collector IS NOT NULL AND NOT EXISTS (SELECT FROM collector c WHERE c.person = p_collector) THEN
		RAISE EXCEPTION 'there is no collector "%"', left(p_collector, 100)
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table collector lists them; the ledger''s owner adds more.';
	END IF;
	IF p_collector IS NOT NULL THEN
		customers := ARRAY(SELECT f.customer_id FROM portfolio f WHERE f.collector = ANY (ARRAY(SELECT worked_collectors(p_collector, as_of)))
			AND (p_customer_id IS NULL OR f.customer_id = p_customer_id));
	ELSIF p_customer_id IS NOT NULL THEN
		customers := ARRAY[p_customer_id];
	END IF;
	SELECT array_agg(s.risk_class ORDER BY s.risk_class), array_agg(s.name ORDER BY s.risk_class), array_agg(s.version ORDER BY s.risk_class), array_agg(s.quiet_days ORDER BY s.risk_class),
		array_agg(s.rules ORDER BY s.risk_class), max(s.place) FILTER (WHERE s.risk_class IS NULL),
		array_agg(s.late ORDER BY s.risk_class), array_agg(s.very_late ORDER BY s.risk_class), COALESCE(bool_or(COALESCE(s.late, s.very_late) IS NOT NULL), false)
	INTO classes, names, versions, quiet_days, strategy_rules, others, late, very_late, foresee
	FROM (SELECT s.*, row_number() OVER (ORDER BY s.risk_class) AS place,
			(SELECT COALESCE(jsonb_agg(jsonb_build_object('rule_no', r.rule_no, 'kind', r.kind, 'figure', array_position(kinds, r.kind), 'threshold', r.threshold, 'points', r.points,
				'points_each', r.points_each, 'most_points', r.most_points, 'action', r.action) ORDER BY r.rule_no), '[]')
			FROM worklist_rule r WHERE r.collection_strategy_id = s.collection_strategy_id) AS rules,
			(SELECT min(r.threshold) FROM worklist_rule r WHERE r.collection_strategy_id = s.collection_strategy_id AND r.kind = 'predicted_late') AS late,
			(SELECT min(r.threshold) FROM worklist_rule r WHERE r.collection_strategy_id = s.collection_strategy_id AND r.kind = 'predicted_very_late') AS very_late
		FROM strategies_on(as_of) s) s;
	RETURN QUERY
		WITH worked AS (
			SELECT w.*, w.figures[1] AS overdue_amount, s.place, m.measured, credit.worklist_points(m.measured, strategy_rules[s.place]) AS points
			FROM work_figures(as_of, customers, foresee) w
				CROSS JOIN LATERAL (SELECT COALESCE(array_position(classes, w.risk_class), others) AS place OFFSET 0) s
				-- Very late wins: one call, not two.
				CROSS JOIN LATERAL (SELECT CASE WHEN w.figures[15] > very_late[s.place] THEN w.figures[:13] || ARRAY[NULL, w.figures[15]] ELSE w.figures END AS measured) m
			-- Who has nothing else to be asked for is asked only where that is foreseen.
			WHERE (NOT w.only_foreseen OR w.figures[14] > late[s.place] OR w.figures[15] > very_late[s.place])
				-- Left alone for a while after a contact, and until the day that was agreed; a promise broken since is heard at once.
				AND (w.broken_since_contact OR NOT COALESCE(CASE WHEN w.resubmit_on IS NOT NULL THEN w.resubmit_on > as_of
					ELSE (w.last_contact_at AT TIME ZONE zone)::date + quiet_days[s.place] >= as_of END, false)) OFFSET 0),
		-- Only what is returned is put into words.
		first AS (
			SELECT w.* FROM worked w WHERE w.points IS NOT NULL ORDER BY w.points DESC, w.overdue_amount DESC, w.customer_id LIMIT p_most)
		SELECT f.customer_id, f.customer_name, f.collector, f.points, CASE a.action WHEN 'letter' THEN concat('letter ', COALESCE(f.figures[10], 0) + 1) ELSE a.action END,
			f.overdue_amount, f.oldest_due, as_of - f.oldest_due, f.exposure, f.last_contact_at, f.last_outcome, f.resubmit_on, names[f.place], versions[f.place],
			credit.worklist_reasons(f.measured, strategy_rules[f.place])
		FROM first f CROSS JOIN LATERAL (SELECT credit.worklist_action(f.measured, strategy_rules[f.place]) AS action OFFSET 0) a
		ORDER BY f.points DESC, f.overdue_amount DESC, f.customer_id;
END $$;
COMMENT ON FUNCTION worklist(text, date, bigint, integer) IS 'The customers that p_collector (NULL: anybody) is to work on as of a day (default today), the most points first, the first p_most of them (NULL: all): those of its portfolio, and of the portfolios of whom it stands in for. The points of all matching rules add up; rules shows each with its figure. Customers in their quiet days, or resubmitted for a later day, are left out, and so are those whom the law keeps from being asked (collection_stops()). 23503 no such collector; RC006 where a rate is missing; 2201W a negative p_most.';

CREATE OR REPLACE FUNCTION next_best_action(p_customer_id bigint, p_as_of date DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT w.next_best_action FROM worklist(NULL, p_as_of, p_customer_id) w);
END $$;
COMMENT ON FUNCTION next_best_action(bigint, date) IS 'What to do next about a customer as of a day (default today): remind, call, letter with its level, escalate, hold or plan, as the rule with most points says; NULL: nothing now.';

-- Who comes second takes the next one, and waits for nobody.
CREATE OR REPLACE FUNCTION take_case(p_collector text DEFAULT NULL, p_minutes integer DEFAULT 30, p_as_of date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	candidate bigint;
BEGIN
	IF p_minutes IS NULL OR p_minutes NOT BETWEEN 1 AND 1440 THEN
		RAISE EXCEPTION 'a case is taken for 1 to 1440 minutes' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_minutes::text, 'null'));
	END IF;
	FOR candidate IN SELECT w.customer_id FROM worklist(p_collector, p_as_of) w LOOP
		PERFORM FROM portfolio f WHERE f.customer_id = candidate FOR NO KEY UPDATE SKIP LOCKED;
		CONTINUE WHEN NOT FOUND;
		-- Read after the lock: what was taken meanwhile is seen.
		CONTINUE WHEN EXISTS (SELECT FROM worklist_claim c WHERE c.customer_id = candidate AND c.person <> actor() AND c.until > clock_timestamp());
		INSERT INTO worklist_claim AS c (customer_id, person, taken_at, until)
		VALUES (candidate, actor(), clock_timestamp(), clock_timestamp() + make_interval(mins => p_minutes))
		ON CONFLICT ON CONSTRAINT worklist_claim_pkey DO UPDATE SET person = EXCLUDED.person, taken_at = EXCLUDED.taken_at, until = EXCLUDED.until;
		RETURN candidate;
	END LOOP;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION take_case(text, integer, date) IS 'Takes, for the acting person, the customer of worklist() with most points that nobody else has taken, for p_minutes, and returns it; NULL: there is none. Two who ask at once get two customers, and neither waits. Customers in no portfolio are not taken. The person''s own case comes first again until release_case().';

CREATE OR REPLACE FUNCTION release_case(p_customer_id bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	DELETE FROM worklist_claim c WHERE c.customer_id = p_customer_id AND c.person = actor();
	RETURN FOUND;
END $$;
COMMENT ON FUNCTION release_case(bigint) IS 'Gives back a customer that the acting person has taken. Returns whether it had.';
