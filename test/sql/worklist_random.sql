-- worklist_random.sql: points, order and reasons of the worklist are those of a loop over customers and rules, on random ledgers.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\getenv seed CREDIT_CONTROL_SEED
SELECT setseed((:'seed'::bigint % 1000000)::float8 / 1000000) \g /dev/null
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;

CREATE FUNCTION pg_temp.upto(n integer) RETURNS integer LANGUAGE sql VOLATILE AS $$SELECT floor(random() * n)::integer$$;
CREATE FUNCTION pg_temp.day(n integer) RETURNS date LANGUAGE sql AS $$SELECT ar.ledger_today() + n$$;
-- What the ledger refuses is left out.
CREATE FUNCTION pg_temp.perhaps(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT ' || statement;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END $$;
-- A letter that went out then.
CREATE FUNCTION pg_temp.sent(customer bigint, n integer, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM queue_message(customer, 'letter', 'x', 'x', 'x', 'random', n);
	UPDATE outbox SET state = 'sent', sent_at = at, attempts = 1 WHERE source = 'random' AND source_id = n;
END $$;
CREATE TEMP TABLE done (what text, worked boolean);

DO $$
DECLARE
	c bigint;
	item bigint;
	made date;
	paid_on date;
	part integer;
	written bigint;
BEGIN
	PERFORM set_fx_rate('EUR', 1.25, pg_temp.day(-300)), set_fx_rate('EUR', 1.5, pg_temp.day(-20)), set_fx_rate('JPY', 0.0075, pg_temp.day(-300));
	PERFORM add_customer('Customer ' || n, n) FROM generate_series(1, 110) n;
	UPDATE customer SET created_at = now() - make_interval(days => pg_temp.upto(700)), risk_class = (ARRAY['A', 'B', NULL])[1 + pg_temp.upto(3)];
	INSERT INTO collector (person) VALUES ('anna'), ('ben');
	INSERT INTO portfolio_rule (rule_no, collector, shares, share) VALUES (1, 'anna', 2, 0), (2, 'ben', 3, 0);
	INSERT INTO customer_contact (customer_id, name, time_zone) SELECT n, 'Person ' || n, 'UTC' FROM generate_series(1, 110) n;
	-- A strategy of a class: thresholds, points and their decimals at random, kinds more than once.
	PERFORM add_strategy('random', (SELECT jsonb_agg(jsonb_build_object('rule_no', n * 10, 'kind', k, 'threshold', round((random() * 5 - 1)::numeric, pg_temp.upto(5)),
			'points', round((random() * 20)::numeric, pg_temp.upto(4)), 'points_each', round((random() * 0.5)::numeric, pg_temp.upto(7)),
			'most_points', CASE WHEN random() < 0.5 THEN round((random() * 50)::numeric, pg_temp.upto(4)) END,
			'action', CASE WHEN random() < 0.7 THEN (ARRAY['remind', 'call', 'letter', 'escalate', 'hold', 'plan'])[1 + pg_temp.upto(6)] END))
		FROM unnest(ARRAY['overdue_amount', 'oldest_bucket', 'broken_promise', 'promise_due', 'resubmission', 'risk_grade', 'over_limit', 'first_overdue',
			'dispute_waiting', 'dunning_level', 'no_contact', 'instalment_due', 'amount_lateness', 'overdue_amount', 'amount_lateness']) WITH ORDINALITY u (k, n))
		-- Predictions are percentages, and so are their thresholds.
		|| (SELECT jsonb_agg(jsonb_build_object('rule_no', 1000 + n, 'kind', k, 'threshold', round((random() * 100)::numeric, pg_temp.upto(3)), 'points', pg_temp.upto(20),
			'points_each', round((random() * 0.1)::numeric, 2), 'action', CASE WHEN random() < 0.7 THEN 'call' END))
		FROM unnest(ARRAY['predicted_late', 'predicted_late', 'predicted_very_late', 'predicted_very_late']) WITH ORDINALITY u (k, n)), 'to compare', 'B', pg_temp.upto(5));
	PERFORM add_strategy('early', jsonb_build_array(jsonb_build_object('rule_no', 1, 'kind', (ARRAY['predicted_late', 'predicted_very_late'])[1 + pg_temp.upto(2)], 'threshold', pg_temp.upto(80), 'points', 1),
		jsonb_build_object('rule_no', 2, 'kind', 'risk_grade', 'threshold', 2, 'points', 3)), 'only one of the two', 'A', 1);
	FOR n IN 1..300 LOOP
		c := 1 + pg_temp.upto(78);
		made := pg_temp.day(-pg_temp.upto(150) - 10);
		PERFORM post_invoice(c, 'I-' || n, made, round((10 + random() * 2000)::numeric, CASE WHEN n % 9 = 0 THEN 0 ELSE 2 END), made + pg_temp.upto(90),
			CASE WHEN n % 9 = 0 THEN 'JPY' WHEN n % 4 = 0 THEN 'EUR' ELSE 'USD' END);
	END LOOP;
	-- What is due soon, of customers who mostly have nothing else.
	FOR n IN 1..90 LOOP
		PERFORM post_invoice(66 + pg_temp.upto(45), 'S-' || n, pg_temp.day(-5), 10 + n, pg_temp.day(pg_temp.upto(18) - 1));
		PERFORM set_risk_figure(31 + pg_temp.upto(80), f, round((random() * 100)::numeric, pg_temp.upto(5)), pg_temp.day(-pg_temp.upto(3) + CASE WHEN n % 10 = 0 THEN 4 ELSE 0 END),
			(ARRAY['a model', 'payment experience'])[1 + pg_temp.upto(2)]) FROM unnest(ARRAY['late_probability', 'very_late_probability']) f;
	END LOOP;
	-- What was paid, in parts or whole, in time or not; some of it is taken off again.
	FOR n IN 1..150 LOOP
		c := 20 + pg_temp.upto(40);
		made := pg_temp.day(-pg_temp.upto(450) - 20);
		written := post_invoice(c, 'X-' || n, made, 10 + n, made + 10);
		SELECT i.item_id INTO item FROM item i WHERE i.document_id = written;
		FOREACH part IN ARRAY ARRAY[5, 5 + n] LOOP
			paid_on := LEAST(made + pg_temp.upto(80), pg_temp.day(0));
			written := post_payment(c, concat(CASE part WHEN 5 THEN 'Y-' ELSE 'Z-' END, n), paid_on, part);
			written := allocate(c, (SELECT i.item_id FROM item i WHERE i.document_id = written), item, part, LEAST(paid_on + pg_temp.upto(3), pg_temp.day(0)));
			IF part > 5 AND random() < 0.15 THEN
				PERFORM reverse_allocation(c, written);
			END IF;
		END LOOP;
	END LOOP;
	FOR n IN 1..150 LOOP
		SELECT i.customer_id, i.item_id INTO c, item FROM item i WHERE i.open_amount > 0 ORDER BY random() LIMIT 1;
		INSERT INTO done SELECT split_part(s, '(', 1), pg_temp.perhaps(s) FROM (SELECT CASE n % 13
			WHEN 0 THEN format('open_dispute(%s, %s, %s, %L, p_opened_on => pg_temp.day(%s), p_due_date => pg_temp.day(%s))', c, item, (ARRAY['NULL', '5'])[1 + pg_temp.upto(2)], 'service', -9, 3 - pg_temp.upto(9))
			WHEN 1 THEN format('make_promise(%s, pg_temp.day(%s), p_item_ids => ARRAY[%s], p_promised_on => pg_temp.day(-10))', c, pg_temp.upto(12) - 9, item)
			WHEN 2 THEN format('make_promise(%s, pg_temp.day(%s), %s, p_promised_on => pg_temp.day(-9))', c, pg_temp.upto(12) - 8, 1 + pg_temp.upto(20))
			WHEN 3 THEN format('post_payment(%s, %L, pg_temp.day(-2), %s, %L)', c, 'P-' || n, 1 + pg_temp.upto(900), (ARRAY['USD', 'EUR'])[1 + pg_temp.upto(2)])
			WHEN 4 THEN format('start_plan(%s, propose_plan(%s, ARRAY[%s], %L, ARRAY[pg_temp.day(-1), pg_temp.day(20)], ARRAY[1, (SELECT i.open_amount - 1 FROM item i WHERE i.item_id = %s)], p_starts_on => pg_temp.day(-5)))',
				c, c, item, 'season', item)
			WHEN 5 THEN format('record_contact(%s, %s, %L, %L, %L, p_resubmit_on => %s, p_contacted_at => now() - interval %L)', c, c, 'phone', 'spoke', 'in',
				(ARRAY['NULL', 'pg_temp.day(' || 6 - pg_temp.upto(9) || ')'])[1 + pg_temp.upto(2)], pg_temp.upto(9) || ' days')
			WHEN 6 THEN format('set_risk_figure(%s, %L, %s, pg_temp.day(%s))', c, 'grade', 1 + pg_temp.upto(7), -pg_temp.upto(30))
			WHEN 7 THEN format('set_risk_figure(%s, %L, %s, pg_temp.day(%s))', c, 'dunning_level', pg_temp.upto(5), -pg_temp.upto(30))
			WHEN 8 THEN format('set_credit_limit(%s, %s, pg_temp.day(-30))', c, pg_temp.upto(4000))
			WHEN 9 THEN format('open_escalation(%s, request_escalation(%s, %L, ARRAY[%s], %L, %L, 25))', c, c, 'agency', item, 'no answer', 'Hounds')
			WHEN 11 THEN format('pg_temp.sent(%s, %s, now() - interval %L)', c, n, pg_temp.upto(9) || ' days')
			WHEN 10 THEN format('agree_settlement(%s, propose_settlement(%s, ARRAY[%s], 1, pg_temp.day(%s), %L))', c, c, item, pg_temp.upto(9), 'the rest is lost')
			ELSE format('set_customer_status(%s, %L)', c, (ARRAY['bankrupt', 'legal', 'sanctioned', 'active'])[1 + pg_temp.upto(4)]) END AS s) q;
	END LOOP;
	PERFORM assign_portfolios(), evaluate_promises();
END $$;
-- Nothing is refused always.
SELECT what FROM done GROUP BY what HAVING NOT bool_or(worked) ORDER BY 1;

-- What of a customer's open items is disputed, promised, planned, settled or placed.
CREATE FUNCTION kept_apart(p_customer_id bigint, p_as_of date) RETURNS TABLE (item_id bigint, amount numeric) LANGUAGE sql STABLE AS $$
	SELECT x.item_id, sum(x.amount) AS amount FROM (
		SELECT d.item_id, LEAST(d.amount, n.open_amount) AS amount FROM dispute d JOIN item n ON n.customer_id = d.customer_id AND n.item_id = d.item_id
		WHERE d.customer_id = p_customer_id AND d.opened_on <= p_as_of AND (d.ended_on IS NULL OR d.ended_on > p_as_of)
		UNION ALL
		SELECT n.item_id, LEAST(t.amount, n.open_amount) FROM promise p JOIN promise_item t ON t.customer_id = p.customer_id AND t.promise_id = p.promise_id
			JOIN item n ON n.customer_id = t.customer_id AND n.item_id = t.item_id
		WHERE p.customer_id = p_customer_id AND p_as_of BETWEEN p.promised_on AND p.due_on + p.tolerance_days AND (p.state = 'open' OR p.state_on > p_as_of)
		UNION ALL
		SELECT n.item_id, n.open_amount FROM promise p JOIN item n ON n.customer_id = p.customer_id AND n.currency = p.currency AND n.posting_date <= p.promised_on
		WHERE p.customer_id = p_customer_id AND p_as_of BETWEEN p.promised_on AND p.due_on + p.tolerance_days AND (p.state = 'open' OR p.state_on > p_as_of)
			AND NOT EXISTS (SELECT FROM promise_item t WHERE t.customer_id = p.customer_id AND t.promise_id = p.promise_id)
		UNION ALL
		SELECT n.item_id, n.open_amount FROM payment_plan p JOIN payment_plan_item t ON t.customer_id = p.customer_id AND t.payment_plan_id = p.payment_plan_id
			JOIN item n ON n.customer_id = t.customer_id AND n.item_id = t.item_id
		WHERE p.customer_id = p_customer_id AND p.state = 'active'
		UNION ALL
		SELECT n.item_id, n.open_amount FROM settlement s JOIN settlement_item t ON t.customer_id = s.customer_id AND t.settlement_id = s.settlement_id
			JOIN item n ON n.customer_id = t.customer_id AND n.item_id = t.item_id
		WHERE s.customer_id = p_customer_id AND s.state = 'agreed' AND p_as_of BETWEEN s.agreed_on AND s.due_on
		UNION ALL
		SELECT n.item_id, n.open_amount FROM escalation e JOIN escalation_item t ON t.customer_id = e.customer_id AND t.escalation_id = e.escalation_id
			JOIN item n ON n.customer_id = t.customer_id AND n.item_id = t.item_id
		WHERE e.customer_id = p_customer_id AND e.kind IN ('legal', 'agency') AND e.state = 'open' AND e.opened_on <= p_as_of) x
	GROUP BY x.item_id $$;
-- What is to be asked for of its overdue items, in base currency: less that.
CREATE FUNCTION asked(p_customer_id bigint, p_as_of date) RETURNS TABLE (due_date date, amount numeric) LANGUAGE sql STABLE AS $$
	SELECT i.due_date, (i.open_amount - COALESCE(g.amount, 0)) * CASE i.currency WHEN 'USD' THEN 1 ELSE fx_rate_on(i.currency, p_as_of) END
	FROM item i LEFT JOIN kept_apart(p_customer_id, p_as_of) g ON g.item_id = i.item_id
	WHERE i.customer_id = p_customer_id AND i.open_amount > 0 AND i.due_date < p_as_of AND (g.amount < i.open_amount) IS NOT FALSE $$;
-- How likely it pays late, if anything is due within a week of which nothing is kept apart.
CREATE FUNCTION foreseen(p_customer_id bigint, p_as_of date, p_figure text) RETURNS numeric LANGUAGE sql STABLE AS $$
	SELECT round(f.value, 2) FROM risk_figure f
	WHERE f.customer_id = p_customer_id AND f.figure = p_figure AND f.valid_from <= p_as_of
		AND EXISTS (SELECT FROM item i WHERE i.customer_id = p_customer_id AND i.open_amount > 0 AND i.due_date >= p_as_of AND i.due_date - p_as_of <= 7
			AND i.item_id NOT IN (SELECT k.item_id FROM kept_apart(p_customer_id, p_as_of) k))
	ORDER BY f.valid_from DESC, f.risk_figure_id DESC LIMIT 1 $$;

-- The same list, customer by customer and rule by rule; what several rules need is read once.  Returns how many of them have
-- nothing to be asked for yet.
CREATE FUNCTION list_by_loop(p_as_of date, p_every integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	one record;
	owed record;
	account record;
	rule record;
	talk record;
	strategy record;
	figure numeric;
	got numeric;
	total numeric;
	best numeric;
	suggested text;
	level numeric;
	reasons jsonb;
	idle boolean;
	very_late boolean;
	asked_early boolean;
	early bigint := 0;
BEGIN
	FOR one IN SELECT c.customer_id, c.risk_class, c.created_at FROM customer c WHERE c.customer_id % p_every = 0 AND c.status NOT IN ('closed', 'bankrupt', 'sanctioned') LOOP
		CONTINUE WHEN EXISTS (SELECT FROM insolvency s WHERE s.customer_id = one.customer_id AND s.petition_date <= p_as_of AND COALESCE(s.ended_on, 'infinity') > p_as_of);
		SELECT count(*) AS items, COALESCE(sum(a.amount), 0) AS overdue, min(a.due_date) AS oldest_due,
			COALESCE(sum(a.amount * (p_as_of - a.due_date)), 0) AS lateness INTO owed FROM asked(one.customer_id, p_as_of) a;
		SELECT sum((e.receivable - e.unapplied + e.uncleared + e.ordered) * CASE e.currency WHEN 'USD' THEN 1 ELSE fx_rate_on(e.currency, p_as_of) END) AS exposure, sum(e.unapplied * CASE e.currency WHEN 'USD' THEN 1 ELSE fx_rate_on(e.currency, p_as_of) END) AS unapplied,
			max(e.limit_amount) FILTER (WHERE e.currency = 'USD') AS limit_amount INTO account FROM exposure e WHERE e.customer_id = one.customer_id;
		idle := owed.items = 0 AND (account.exposure > account.limit_amount) IS NOT TRUE
			AND NOT EXISTS (SELECT FROM promise p WHERE p.customer_id = one.customer_id AND (p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL OR p.state = 'open' AND p.due_on = p_as_of))
			AND NOT EXISTS (SELECT FROM dispute d WHERE d.customer_id = one.customer_id AND d.ended_on IS NULL AND d.opened_on <= p_as_of AND (d.due_date < p_as_of OR d.owner IS NULL))
			AND NOT EXISTS (SELECT FROM payment_plan p JOIN payment_plan_instalment i ON i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id
				WHERE p.customer_id = one.customer_id AND p.state = 'active' AND i.due_date <= p_as_of
					AND p.paid_amount < (SELECT sum(b.amount + b.interest_amount) FROM payment_plan_instalment b
						WHERE b.customer_id = i.customer_id AND b.payment_plan_id = i.payment_plan_id AND b.instalment_no <= i.instalment_no))
			AND NOT EXISTS (SELECT FROM (SELECT k.resubmit_on FROM contact k WHERE k.customer_id = one.customer_id AND (k.contacted_at AT TIME ZONE 'UTC')::date <= p_as_of
					ORDER BY k.contacted_at DESC, k.contact_id DESC LIMIT 1) k WHERE k.resubmit_on <= p_as_of);
		SELECT s.* INTO strategy FROM collection_strategy s WHERE s.valid_from <= p_as_of AND (s.risk_class = one.risk_class OR s.risk_class IS NULL)
		ORDER BY s.risk_class IS NULL, s.valid_from DESC, s.collection_strategy_id DESC LIMIT 1;
		SELECT k.resubmit_on, (k.contacted_at AT TIME ZONE 'UTC')::date AS said_on INTO talk FROM contact k
		WHERE k.customer_id = one.customer_id AND (k.contacted_at AT TIME ZONE 'UTC')::date <= p_as_of ORDER BY k.contacted_at DESC, k.contact_id DESC LIMIT 1;
		talk.said_on := GREATEST(talk.said_on, (SELECT max((o.sent_at AT TIME ZONE 'UTC')::date) FROM outbox o
			WHERE o.customer_id = one.customer_id AND (o.sent_at AT TIME ZONE 'UTC')::date <= p_as_of));
		CONTINUE WHEN CASE WHEN talk.resubmit_on IS NOT NULL THEN talk.resubmit_on > p_as_of ELSE talk.said_on + strategy.quiet_days >= p_as_of END
			AND NOT EXISTS (SELECT FROM promise p WHERE p.customer_id = one.customer_id AND p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL AND p.state_on > talk.said_on);
		very_late := EXISTS (SELECT FROM worklist_rule r WHERE r.collection_strategy_id = strategy.collection_strategy_id AND r.kind = 'predicted_very_late'
			AND foreseen(one.customer_id, p_as_of, 'very_late_probability') > r.threshold);
		asked_early := false;
		total := NULL;
		best := NULL;
		suggested := NULL;
		level := NULL;
		reasons := '[]';
		FOR rule IN SELECT r.* FROM worklist_rule r WHERE r.collection_strategy_id = strategy.collection_strategy_id ORDER BY r.rule_no LOOP
			CASE rule.kind
				WHEN 'overdue_amount' THEN
					figure := round(GREATEST(owed.overdue - account.unapplied, 0), 2);
				WHEN 'oldest_bucket' THEN
					figure := width_bucket(p_as_of - owed.oldest_due - 1, '{0,30,60,90}'::integer[]);
				WHEN 'amount_lateness' THEN
					figure := round(owed.lateness / 1000, 2);
				WHEN 'broken_promise' THEN
					SELECT count(*) INTO figure FROM promise p WHERE p.customer_id = one.customer_id AND p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL;
				WHEN 'promise_due' THEN
					SELECT count(*) INTO figure FROM promise p WHERE p.customer_id = one.customer_id AND p.state = 'open' AND p.due_on = p_as_of;
				WHEN 'resubmission' THEN
					figure := p_as_of - talk.resubmit_on;
				WHEN 'risk_grade' THEN
					SELECT max(q.value) INTO figure FROM (SELECT f.value FROM risk_figure f WHERE f.customer_id = one.customer_id AND f.figure = 'grade' AND f.valid_from <= p_as_of
						ORDER BY f.valid_from DESC, f.risk_figure_id DESC LIMIT 1) q;
				WHEN 'over_limit' THEN
					figure := round(round(account.exposure, 2) * 100 / NULLIF(account.limit_amount, 0), 1);
				WHEN 'first_overdue' THEN
					figure := CASE WHEN talk.said_on IS NULL AND round(owed.overdue - account.unapplied, 2) > 0 THEN LEAST((one.created_at AT TIME ZONE 'UTC')::date + 365 - p_as_of, 365) END;
				WHEN 'dispute_waiting' THEN
					SELECT count(*) INTO figure FROM dispute d WHERE d.customer_id = one.customer_id AND d.ended_on IS NULL AND d.opened_on <= p_as_of AND (d.due_date < p_as_of OR d.owner IS NULL);
				WHEN 'dunning_level' THEN
					SELECT GREATEST((SELECT f.value FROM risk_figure f WHERE f.customer_id = one.customer_id AND f.figure = 'dunning_level' AND f.valid_from <= p_as_of
							ORDER BY f.valid_from DESC, f.risk_figure_id DESC LIMIT 1),
						(SELECT max(d.level) FROM dunning_item d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id AND i.open_amount > 0
							WHERE d.customer_id = one.customer_id AND d.as_of <= p_as_of)) INTO figure;
					level := figure;
				WHEN 'no_contact' THEN
					figure := p_as_of - COALESCE(talk.said_on, owed.oldest_due);
				WHEN 'instalment_due' THEN
					SELECT count(*) INTO figure FROM payment_plan p JOIN payment_plan_instalment i ON i.customer_id = p.customer_id AND i.payment_plan_id = p.payment_plan_id
					WHERE p.customer_id = one.customer_id AND p.state = 'active' AND i.due_date <= p_as_of
						AND p.paid_amount < (SELECT sum(b.amount + b.interest_amount) FROM payment_plan_instalment b
							WHERE b.customer_id = i.customer_id AND b.payment_plan_id = i.payment_plan_id AND b.instalment_no <= i.instalment_no);
				WHEN 'predicted_late' THEN
					figure := CASE WHEN NOT very_late THEN foreseen(one.customer_id, p_as_of, 'late_probability') END;
				WHEN 'predicted_very_late' THEN
					figure := foreseen(one.customer_id, p_as_of, 'very_late_probability');
			END CASE;
			IF figure > rule.threshold THEN
				asked_early := asked_early OR rule.kind IN ('predicted_late', 'predicted_very_late');
				got := round(LEAST(rule.points + rule.points_each * (figure - rule.threshold), COALESCE(rule.most_points, 1e15)), 2);
				total := COALESCE(total, 0) + got;
				IF rule.action IS NOT NULL AND (best IS NULL OR got > best) THEN
					best := got;
					suggested := rule.action;
				END IF;
				reasons := reasons || jsonb_build_object('rule_no', rule.rule_no, 'kind', rule.kind, 'figure', figure, 'threshold', rule.threshold, 'points', got);
			END IF;
		END LOOP;
		-- Who has nothing else to work on is there for a prediction, or not at all.
		IF total IS NOT NULL AND (asked_early OR NOT idle) THEN
			early := early + CASE WHEN idle THEN 1 ELSE 0 END;
			INSERT INTO listed VALUES (one.customer_id, total, CASE suggested WHEN 'letter' THEN concat('letter ', COALESCE(level, 0) + 1) ELSE suggested END, reasons);
		END IF;
	END LOOP;
	RETURN early;
END $$;

CREATE TEMP TABLE listed (customer_id bigint, points numeric, next_best_action text, rules jsonb);
CREATE TEMP TABLE compared (days integer, early bigint, by_loop bigint, missing bigint, added bigint, unordered bigint, cut bigint, by_collector bigint);
DO $$
DECLARE
	days integer;
	early bigint;
BEGIN
	FOREACH days IN ARRAY '{0,1,3,8}'::integer[] LOOP
		TRUNCATE listed;
		early := list_by_loop(pg_temp.day(days), 1);
		INSERT INTO compared
		SELECT days, early, (SELECT count(*) FROM listed),
			(SELECT count(*) FROM (SELECT * FROM listed EXCEPT SELECT w.customer_id, w.points, w.next_best_action, w.rules FROM worklist(p_as_of => pg_temp.day(days)) w) q),
			(SELECT count(*) FROM (SELECT w.customer_id, w.points, w.next_best_action, w.rules FROM worklist(p_as_of => pg_temp.day(days)) w EXCEPT SELECT * FROM listed) q),
			(SELECT count(*) FROM (SELECT w.n, row_number() OVER (ORDER BY w.points DESC, w.overdue_amount DESC, w.customer_id) AS place FROM worklist(p_as_of => pg_temp.day(days)) WITH ORDINALITY
				w (customer_id, customer_name, collector, points, next_best_action, overdue_amount, oldest_due, days_past_due, exposure, last_contact_at, last_outcome, resubmit_on, strategy,
					strategy_version, rules, n)) q WHERE q.n <> q.place),
			-- The first seven are the first seven, and a collector's are those of its portfolio.
			(SELECT count(*) FROM (SELECT w.* FROM worklist(p_as_of => pg_temp.day(days), p_most => 7) w EXCEPT SELECT * FROM (SELECT w.* FROM worklist(p_as_of => pg_temp.day(days)) w LIMIT 7) q) q),
			(SELECT count(*) FROM (SELECT w.* FROM worklist(p_as_of => pg_temp.day(days)) w WHERE w.collector = 'anna' EXCEPT SELECT w.* FROM worklist('anna', pg_temp.day(days)) w) q);
	END LOOP;
END $$;
SELECT sum(early) > 0 AS asked_early FROM compared;
SELECT days, by_loop > 20 AS listed, missing, added, unordered, cut, by_collector FROM compared ORDER BY days;
-- One customer at a time is no other.
SELECT count(*) FROM worklist() w WHERE w IS DISTINCT FROM (SELECT o FROM worklist(NULL, NULL, w.customer_id) o);

-- Predictions are those of a loop over what each customer paid, whatever was entered before; once made they stay as they are.
CREATE FUNCTION predicted_by_loop(p_customer_id bigint, p_as_of date, p_figure text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	bound integer := CASE p_figure WHEN 'late_probability' THEN 0 ELSE 30 END;
	one record;
	items integer := 0;
	beyond integer := 0;
BEGIN
	FOR one IN SELECT i.due_date, p.paid, p.days FROM item i CROSS JOIN LATERAL (
			SELECT sum(a.amount) AS paid, sum(a.amount * (d.posting_date - i.due_date)) AS days
			FROM allocation a JOIN item k ON k.item_id = a.credit_item_id JOIN document d ON d.document_id = k.document_id
			WHERE a.debit_item_id = i.item_id AND d.kind = 'payment' AND d.posting_date BETWEEN p_as_of - 364 AND p_as_of AND a.applied_on <= p_as_of) p
		WHERE i.customer_id = p_customer_id AND i.amount > 0 LOOP
		IF one.paid > 0 THEN
			items := items + 1;
			beyond := beyond + CASE WHEN one.days > bound * one.paid THEN 1 ELSE 0 END;
		END IF;
	END LOOP;
	RETURN CASE WHEN items > 2 THEN round(beyond * 100::numeric / items, 2) END;
END $$;
CREATE FUNCTION in_force(p_on date) RETURNS TABLE (customer_id bigint, figure text, value numeric, source text) LANGUAGE sql STABLE AS $$
	SELECT c.customer_id, f.figure, r.value, r.source
	FROM customer c CROSS JOIN unnest(ARRAY['late_probability', 'very_late_probability']) f (figure)
		LEFT JOIN LATERAL (SELECT r.value, r.source FROM risk_figure r WHERE r.customer_id = c.customer_id AND r.figure = f.figure AND r.valid_from <= p_on
			ORDER BY r.valid_from DESC, r.risk_figure_id DESC LIMIT 1) r ON true $$;
CREATE TEMP TABLE predictions (day date, changed bigint, again bigint, differ bigint);
DO $$
DECLARE
	on_day date;
BEGIN
	FOREACH on_day IN ARRAY ARRAY[pg_temp.day(-90), pg_temp.day(-1), pg_temp.day(0)] LOOP
		CREATE TEMP TABLE before AS SELECT k.*, predicted_by_loop(k.customer_id, on_day, k.figure) AS found FROM in_force(on_day) k;
		INSERT INTO predictions (day, changed) VALUES (on_day, predict_late_payment(on_day));
		UPDATE predictions p SET again = predict_late_payment(on_day),
			differ = (SELECT count(*) FROM before b JOIN in_force(on_day) k USING (customer_id, figure)
				WHERE k.value IS DISTINCT FROM CASE WHEN b.source = 'a model' THEN b.value ELSE COALESCE(b.found, b.value) END)
				+ (SELECT count(DISTINCT b.customer_id) - p.changed FROM before b WHERE b.source IS DISTINCT FROM 'a model' AND b.found IS DISTINCT FROM COALESCE(b.value, -1) AND b.found IS NOT NULL)
		WHERE p.day = on_day;
		DROP TABLE before;
	END LOOP;
END $$;
SELECT changed > 5 AS changed, again, differ FROM predictions ORDER BY day;

DROP SCHEMA ar CASCADE;
