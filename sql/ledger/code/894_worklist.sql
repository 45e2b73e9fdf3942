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
CREATE OR REPLACE FUNCTION work_figures(p_as_of date, p_customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, customer_name text, risk_class text, collector text, overdue_amount numeric, oldest_due date, lateness numeric, exposure numeric, limit_amount numeric,
	broken_promises bigint, promises_due bigint, last_contact_at timestamptz, last_outcome text, resubmit_on date, grade numeric, dunning_level numeric, disputes bigint,
	instalments_due bigint, created_on date, broken_since_contact boolean)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	zone text := (SELECT l.time_zone FROM ledger_info l);
BEGIN
	RETURN QUERY
		WITH rate AS MATERIALIZED (
			SELECT q.currency, fx_rate_on(q.currency, p_as_of) AS rate
			FROM (SELECT DISTINCT e.currency FROM exposure e
				WHERE (e.receivable <> 0 OR e.unapplied <> 0 OR e.ordered <> 0 OR e.currency = base) AND (p_customer_ids IS NULL OR e.customer_id = ANY (p_customer_ids))) q),
		who AS (
			SELECT c.customer_id, c.name, c.risk_class, c.created_at, f.collector
			FROM customer c LEFT JOIN portfolio f ON f.customer_id = c.customer_id
			-- Whom the law keeps from being asked, by anybody, is no work; what lawyers have is guarded item by item.
			WHERE c.status <> 'closed' AND c.customer_id NOT IN (SELECT x.customer_id FROM collection_stops(p_as_of) x WHERE x.reason <> 'legal') AND (p_customer_ids IS NULL OR c.customer_id = ANY (p_customer_ids))),
		guarded AS MATERIALIZED (
			SELECT g.customer_id, g.item_id, sum(g.amount) AS amount FROM item_protection(p_as_of, CASE WHEN cardinality(p_customer_ids) = 1 THEN p_customer_ids[1] END) g
			WHERE p_customer_ids IS NULL OR g.customer_id = ANY (p_customer_ids) GROUP BY g.customer_id, g.item_id),
		-- Sums in C, rates after them, and only customers with anything guarded are looked at item by item.
		aged AS (
			SELECT i.customer_id, i.currency, credit.aging(i.open_amount, i.due_date, p_as_of) AS aging, min(i.due_date) AS oldest_due
			FROM item i
			WHERE i.open_amount > 0 AND i.due_date < p_as_of AND (p_customer_ids IS NULL OR i.customer_id = ANY (p_customer_ids))
				AND i.customer_id NOT IN (SELECT g.customer_id FROM guarded g)
			GROUP BY i.customer_id, i.currency
			UNION ALL
			SELECT i.customer_id, i.currency, credit.aging(i.open_amount - COALESCE(g.amount, 0), i.due_date, p_as_of), min(i.due_date)
			FROM (SELECT DISTINCT g.customer_id FROM guarded g) w
				JOIN item i ON i.customer_id = w.customer_id
				LEFT JOIN guarded g ON g.customer_id = i.customer_id AND g.item_id = i.item_id
			WHERE i.open_amount > 0 AND i.due_date < p_as_of AND (g.amount < i.open_amount) IS NOT FALSE
			GROUP BY i.customer_id, i.currency),
		owed AS (
			SELECT q.customer_id, sum(credit.past_due(q.aging) * r.rate) AS overdue, min(q.oldest_due) AS oldest_due,
				sum(credit.past_due(q.aging) * credit.average_days_past_due(q.aging) * r.rate) AS lateness
			FROM aged q JOIN rate r ON r.currency = q.currency
			GROUP BY q.customer_id),
		account AS (
			SELECT e.customer_id, sum((e.receivable - e.unapplied + e.uncleared + e.ordered) * r.rate) AS exposure, sum(e.unapplied * r.rate) AS unapplied,
				max(e.limit_amount) FILTER (WHERE e.currency = base) AS limit_amount
			FROM exposure e JOIN rate r ON r.currency = e.currency
			WHERE (p_customer_ids IS NULL OR e.customer_id = ANY (p_customer_ids)) GROUP BY e.customer_id),
		promised AS (
			SELECT p.customer_id, count(*) FILTER (WHERE p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL) AS broken,
				count(*) FILTER (WHERE p.state = 'open' AND p.due_on = p_as_of) AS due,
				max(p.state_on) FILTER (WHERE p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL) AS broken_on
			FROM promise p WHERE p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids) GROUP BY p.customer_id),
		spoken AS (
			SELECT DISTINCT ON (k.customer_id) k.customer_id, k.contacted_at, k.outcome_code, k.resubmit_on
			FROM contact k WHERE k.contacted_at < ((p_as_of + 1)::timestamp AT TIME ZONE zone) AND (p_customer_ids IS NULL OR k.customer_id = ANY (p_customer_ids))
			ORDER BY k.customer_id, k.contacted_at DESC, k.contact_id DESC),
		figure AS (
			SELECT q.customer_id, max(q.value) FILTER (WHERE q.figure = 'grade') AS grade, max(q.value) FILTER (WHERE q.figure = 'dunning_level') AS dunning_level
			FROM (SELECT DISTINCT ON (f.customer_id, f.figure) f.customer_id, f.figure, f.value FROM risk_figure f
				WHERE f.figure IN ('grade', 'dunning_level') AND f.valid_from <= p_as_of AND (p_customer_ids IS NULL OR f.customer_id = ANY (p_customer_ids))
				ORDER BY f.customer_id, f.figure, f.valid_from DESC, f.risk_figure_id DESC) q GROUP BY q.customer_id),
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
			WHERE p.state = 'active' AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids)) GROUP BY p.customer_id)
		SELECT w.customer_id, w.name, w.risk_class, w.collector, round(GREATEST(COALESCE(o.overdue, 0) - COALESCE(a.unapplied, 0), 0), credit.minor_unit(base)), o.oldest_due,
			round(COALESCE(o.lateness, 0), 2), round(COALESCE(a.exposure, 0), credit.minor_unit(base)), a.limit_amount, COALESCE(p.broken, 0), COALESCE(p.due, 0), k.contacted_at,
			k.outcome_code, k.resubmit_on, f.grade, GREATEST(f.dunning_level, u.level), COALESCE(d.disputes, 0), COALESCE(n.due, 0), (w.created_at AT TIME ZONE zone)::date,
			COALESCE(p.broken_on > (k.contacted_at AT TIME ZONE zone)::date, false)
		FROM who w
			LEFT JOIN owed o ON o.customer_id = w.customer_id
			LEFT JOIN account a ON a.customer_id = w.customer_id
			LEFT JOIN promised p ON p.customer_id = w.customer_id
			LEFT JOIN spoken k ON k.customer_id = w.customer_id
			LEFT JOIN figure f ON f.customer_id = w.customer_id
			LEFT JOIN dunned u ON u.customer_id = w.customer_id
			LEFT JOIN waiting d ON d.customer_id = w.customer_id
			LEFT JOIN instalment n ON n.customer_id = w.customer_id
		-- There is something to work on.
		WHERE o.customer_id IS NOT NULL OR p.broken > 0 OR p.due > 0 OR d.disputes > 0 OR n.due > 0 OR k.resubmit_on <= p_as_of OR a.exposure > a.limit_amount;
END $$;
COMMENT ON FUNCTION work_figures(date, bigint[]) IS 'What the rules of the worklist measure, as of a day, of all customers, or of some, that have anything to work on; amounts in base currency. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION worklist(p_collector text DEFAULT NULL, p_as_of date DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, customer_name text, collector text, points numeric, next_best_action text, overdue_amount numeric, oldest_due date, days_past_due integer,
	exposure numeric, last_contact_at timestamptz, last_outcome text, resubmit_on date, strategy text, strategy_version integer, rules jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := COALESCE(p_as_of, ledger_today());
	customers bigint[];
	bounds integer[] := string_to_array((SELECT l.aging_buckets::text FROM ledger_info l), ',')::integer[];
	zone text := (SELECT l.time_zone FROM ledger_info l);
	-- The order of the figures below.
	kinds text[] := ARRAY['overdue_amount', 'oldest_bucket', 'broken_promise', 'promise_due', 'resubmission', 'risk_grade', 'over_limit', 'first_overdue', 'dispute_waiting',
		'dunning_level', 'no_contact', 'instalment_due', 'amount_lateness'];
BEGIN
	PERFORM require_as_of(as_of);
	IF p_collector IS NOT NULL AND NOT EXISTS (SELECT FROM collector c WHERE c.person = p_collector) THEN
		RAISE EXCEPTION 'there is no collector "%"', left(p_collector, 100)
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table collector lists them; the ledger''s owner adds more.';
	END IF;
	IF p_collector IS NOT NULL THEN
		customers := ARRAY(SELECT f.customer_id FROM portfolio f WHERE f.collector IN (SELECT worked_collectors(p_collector, as_of))
			AND (p_customer_id IS NULL OR f.customer_id = p_customer_id));
	ELSIF p_customer_id IS NOT NULL THEN
		customers := ARRAY[p_customer_id];
	END IF;
	RETURN QUERY
		WITH chosen AS MATERIALIZED (SELECT s.* FROM strategies_on(as_of) s),
		rule AS MATERIALIZED (SELECT r.collection_strategy_id, r.rule_no, r.kind, r.threshold, r.action, r.points AS base, r.points_each,
				COALESCE(r.most_points, 'Infinity') AS most_points, array_position(kinds, r.kind) AS place
			FROM chosen s JOIN worklist_rule r ON r.collection_strategy_id = s.collection_strategy_id ORDER BY 1, 2),
		listed AS MATERIALIZED (
			SELECT w.*, c.name AS strategy, c.version, c.collection_strategy_id,
				ARRAY[w.overdue_amount, width_bucket(as_of - w.oldest_due - 1, bounds), w.broken_promises, w.promises_due, as_of - w.resubmit_on, w.grade,
					CASE WHEN w.limit_amount > 0 THEN round(w.exposure * 100 / w.limit_amount, 1) END,
					CASE WHEN w.overdue_amount > 0 AND w.last_contact_at IS NULL THEN LEAST(w.created_on + 365 - as_of, 365) END, w.disputes, w.dunning_level,
					as_of - COALESCE((w.last_contact_at AT TIME ZONE zone)::date, w.oldest_due), w.instalments_due, round(w.lateness / 1000, 2)] AS figures
			FROM work_figures(as_of, customers) w
				JOIN chosen c ON c.risk_class IS NOT DISTINCT FROM CASE WHEN w.risk_class IN (SELECT h.risk_class FROM chosen h) THEN w.risk_class END
			-- Left alone for a while after a contact, and until the day that was agreed; a promise broken since is heard at once.
			WHERE w.broken_since_contact OR NOT COALESCE(CASE WHEN w.resubmit_on IS NOT NULL THEN w.resubmit_on > as_of
				ELSE (w.last_contact_at AT TIME ZONE zone)::date + c.quiet_days >= as_of END, false)),
		matched AS (
			SELECT w.*, m.points, m.best, m.rules
			-- No sort for each customer: the rule with most points, the first of equals, is the largest pair.
			FROM listed w CROSS JOIN LATERAL (
				SELECT sum(g.points) AS points, max(ARRAY[g.points, -g.rule_no]) FILTER (WHERE g.action IS NOT NULL) AS best,
					jsonb_agg(jsonb_build_object('rule_no', g.rule_no, 'kind', g.kind, 'figure', g.figure, 'threshold', g.threshold, 'points', g.points)) AS rules
				FROM (SELECT f.*, round(LEAST(f.base + f.points_each * (f.figure - f.threshold), f.most_points), 2) AS points
					-- OFFSET 0: each figure is looked up once.
					FROM (SELECT r.*, w.figures[r.place] AS figure FROM rule r WHERE r.collection_strategy_id = w.collection_strategy_id OFFSET 0) f
					WHERE f.figure > f.threshold OFFSET 0) g) m
			WHERE m.points IS NOT NULL)
		SELECT m.customer_id, m.customer_name, m.collector, m.points, CASE WHEN b.action = 'letter' THEN concat('letter ', COALESCE(m.dunning_level, 0) + 1) ELSE b.action END,
			m.overdue_amount, m.oldest_due, as_of - m.oldest_due, m.exposure, m.last_contact_at, m.last_outcome, m.resubmit_on, m.strategy, m.version, m.rules
		FROM matched m LEFT JOIN rule b ON b.collection_strategy_id = m.collection_strategy_id AND b.rule_no = -m.best[2]
		ORDER BY m.points DESC, m.overdue_amount DESC, m.customer_id;
END $$;
COMMENT ON FUNCTION worklist(text, date, bigint) IS 'The customers that p_collector (NULL: anybody) is to work on as of a day (default today), the most points first: those of its portfolio, and of the portfolios of whom it stands in for. The points of all matching rules add up; rules shows each with its figure. Customers in their quiet days, or resubmitted for a later day, are left out, and so are those whom the law keeps from being asked (collection_stops()). 23503 no such collector; RC006 where a rate is missing.';

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
