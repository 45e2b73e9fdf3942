-- The worklist of all customers in one pass against a loop over customers in PL/pgSQL.
--
--   psql -X -d DATABASE -f bench/worklist.sql
--   psql -X -d DATABASE -v customers=1000000 -v sample=2000 -f bench/worklist.sql
--
-- The database needs the extension; the ledger is made and dropped.  Every customer has five open items, two thirds have
-- something overdue, one in ten a promise, one in four a contact, one in twenty a dispute.  Compared, in milliseconds per customer:
--
--   loop          what people write: for each customer a query per rule (what several need is read once), points added up,
--                 reasons as jsonb; over a sample, in one call, with plans kept.  Its list is compared with that of worklist()
--   simple loop   the same without the law, strategies, quiet days, promises, plans, settlements and agencies: it gets
--                 other points
--   worklist()    all customers, all kinds of rules, each row with its figures
--   the first 100 of all customers
--   one collector a hundredth of the customers; take_case() of them, and of everybody
--   one customer  next_best_action()

\if :{?customers} \else \set customers 20000 \endif
\if :{?sample} \else \set sample 2000 \endif
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET work_mem = '256MB';
SET jit = off;
DROP SCHEMA IF EXISTS bench_worklist CASCADE;
SELECT credit.create_ledger('bench_worklist', 'USD', time_zone => 'UTC') \g /dev/null
SET search_path = bench_worklist, public;
SELECT ledger_today() AS today \gset
INSERT INTO customer (customer_id, name) SELECT c, 'Customer ' || c FROM generate_series(1, :customers) c;
INSERT INTO document (customer_id, kind, number, doc_date, due_date, amount)
SELECT c, 'invoice', 'I' || n, :'today'::date - 40 * n - c % 40, :'today'::date - 40 * n - c % 40 + 30 + CASE WHEN c % 3 = 0 THEN 300 ELSE 0 END, 100 + c % 50
FROM generate_series(1, :customers) c, generate_series(1, 5) n;
INSERT INTO promise (customer_id, currency, amount, promised_on, due_on, tolerance_days, tolerance_amount, open_amount, after_allocation_id, state, state_on)
SELECT c, 'USD', 50, :'today'::date - 10, :'today'::date - 5 + c % 10, 0, 0, 500, 0, CASE WHEN c % 20 = 0 THEN 'broken' ELSE 'open' END, :'today'::date - 1
FROM generate_series(10, :customers, 10) c;
INSERT INTO customer_contact (customer_id, name, time_zone) SELECT c, 'Person ' || c, 'UTC' FROM generate_series(4, :customers, 4) c;
INSERT INTO contact (customer_id, customer_contact_id, contacted_at, direction, channel, outcome_code)
SELECT p.customer_id, p.customer_contact_id, now() - make_interval(days => 1 + (p.customer_id % 60)::integer), 'in', 'phone', 'spoke' FROM customer_contact p;
INSERT INTO risk_figure (customer_id, figure, value, valid_from) SELECT c, 'grade', c % 6 + 1, :'today'::date - 30 FROM generate_series(1, :customers) c;
INSERT INTO dispute (customer_id, item_id, amount, currency, reason_code, opened_on, state)
SELECT i.customer_id, i.item_id, 10, 'USD', 'service', :'today'::date - 5, 'open' FROM item i JOIN document d USING (customer_id, document_id) WHERE d.number = 'I5' AND i.customer_id % 20 = 0;
INSERT INTO collector (person) SELECT 'c' || n FROM generate_series(0, 99) n;
INSERT INTO portfolio (customer_id, collector, by_hand, since) SELECT c, 'c' || c % 100, false, :'today' FROM generate_series(1, :customers) c;
VACUUM ANALYZE;

CREATE TEMP TABLE listed (customer_id bigint, points numeric, next_best_action text, rules jsonb);
CREATE TEMP TABLE listed_simply (customer_id bigint, points numeric, rules jsonb);
-- What is to be asked for of a customer's overdue items, in base currency: less what is disputed, promised, planned, settled or placed.
CREATE FUNCTION asked(p_customer_id bigint, p_as_of date) RETURNS TABLE (due_date date, amount numeric) LANGUAGE sql STABLE AS $$
	SELECT i.due_date, (i.open_amount - COALESCE(g.amount, 0)) * CASE i.currency WHEN 'USD' THEN 1 ELSE fx_rate_on(i.currency, p_as_of) END
	FROM item i LEFT JOIN (
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
		GROUP BY x.item_id) g ON g.item_id = i.item_id
	WHERE i.customer_id = p_customer_id AND i.open_amount > 0 AND i.due_date < p_as_of AND (g.amount < i.open_amount) IS NOT FALSE $$;

-- The same list, customer by customer and rule by rule; what several rules need is read once.
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
	n bigint := 0;
BEGIN
	FOR one IN SELECT c.customer_id, c.risk_class, c.created_at FROM customer c WHERE c.customer_id % p_every = 0 AND c.status NOT IN ('closed', 'bankrupt', 'sanctioned') LOOP
		n := n + 1;
		CONTINUE WHEN EXISTS (SELECT FROM insolvency s WHERE s.customer_id = one.customer_id AND s.petition_date <= p_as_of AND COALESCE(s.ended_on, 'infinity') > p_as_of);
		SELECT count(*) AS items, COALESCE(sum(a.amount), 0) AS overdue, min(a.due_date) AS oldest_due,
			COALESCE(sum(a.amount * (p_as_of - a.due_date)), 0) AS lateness INTO owed FROM asked(one.customer_id, p_as_of) a;
		SELECT sum((e.receivable - e.unapplied + e.uncleared + e.ordered) * CASE e.currency WHEN 'USD' THEN 1 ELSE fx_rate_on(e.currency, p_as_of) END) AS exposure, sum(e.unapplied * CASE e.currency WHEN 'USD' THEN 1 ELSE fx_rate_on(e.currency, p_as_of) END) AS unapplied,
			max(e.limit_amount) FILTER (WHERE e.currency = 'USD') AS limit_amount INTO account FROM exposure e WHERE e.customer_id = one.customer_id;
		CONTINUE WHEN owed.items = 0 AND (account.exposure > account.limit_amount) IS NOT TRUE
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
		CONTINUE WHEN CASE WHEN talk.resubmit_on IS NOT NULL THEN talk.resubmit_on > p_as_of ELSE talk.said_on + strategy.quiet_days >= p_as_of END
			AND NOT EXISTS (SELECT FROM promise p WHERE p.customer_id = one.customer_id AND p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL AND p.state_on > talk.said_on);
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
			END CASE;
			IF figure > rule.threshold THEN
				got := round(LEAST(rule.points + rule.points_each * (figure - rule.threshold), COALESCE(rule.most_points, 1e15)), 2);
				total := COALESCE(total, 0) + got;
				IF rule.action IS NOT NULL AND (best IS NULL OR got > best) THEN
					best := got;
					suggested := rule.action;
				END IF;
				reasons := reasons || jsonb_build_object('rule_no', rule.rule_no, 'kind', rule.kind, 'figure', figure, 'threshold', rule.threshold, 'points', got);
			END IF;
		END LOOP;
		IF total IS NOT NULL THEN
			INSERT INTO listed VALUES (one.customer_id, total, CASE suggested WHEN 'letter' THEN concat('letter ', COALESCE(level, 0) + 1) ELSE suggested END, reasons);
		END IF;
	END LOOP;
	RETURN n;
END $$;

CREATE FUNCTION simple_loop(p_every integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	one record;
	rule record;
	figure numeric;
	got numeric;
	total numeric;
	reasons jsonb;
	n bigint := 0;
BEGIN
	FOR one IN SELECT c.customer_id FROM customer c WHERE c.customer_id % p_every = 0 LOOP
		n := n + 1;
		total := 0;
		reasons := '[]';
		FOR rule IN SELECT r.* FROM worklist_rule r ORDER BY r.rule_no LOOP
			CASE rule.kind
				WHEN 'overdue_amount' THEN
					SELECT sum(i.open_amount - LEAST(i.open_amount, COALESCE((SELECT sum(d.amount) FROM dispute d
							WHERE d.customer_id = i.customer_id AND d.item_id = i.item_id AND d.ended_on IS NULL), 0))) INTO figure
					FROM item i WHERE i.customer_id = one.customer_id AND i.open_amount > 0 AND i.due_date < current_date;
					figure := figure - COALESCE((SELECT sum(e.unapplied) FROM exposure e WHERE e.customer_id = one.customer_id), 0);
				WHEN 'oldest_bucket' THEN
					SELECT width_bucket(current_date - min(i.due_date) - 1, '{0,30,60,90}'::integer[]) INTO figure FROM item i
					WHERE i.customer_id = one.customer_id AND i.open_amount > 0 AND i.due_date < current_date;
				WHEN 'amount_lateness' THEN
					SELECT sum(i.open_amount * (current_date - i.due_date)) / 1000 INTO figure FROM item i
					WHERE i.customer_id = one.customer_id AND i.open_amount > 0 AND i.due_date < current_date;
				WHEN 'resubmission' THEN
					SELECT current_date - k.resubmit_on INTO figure FROM contact k WHERE k.customer_id = one.customer_id ORDER BY k.contacted_at DESC LIMIT 1;
				WHEN 'over_limit' THEN
					SELECT sum(e.receivable - e.unapplied + e.ordered) * 100 / NULLIF(max(e.limit_amount), 0) INTO figure FROM exposure e WHERE e.customer_id = one.customer_id;
				WHEN 'first_overdue' THEN
					SELECT c.created_at::date + 365 - current_date INTO figure FROM customer c WHERE c.customer_id = one.customer_id
						AND NOT EXISTS (SELECT FROM contact k WHERE k.customer_id = c.customer_id)
						AND EXISTS (SELECT FROM item i WHERE i.customer_id = c.customer_id AND i.open_amount > 0 AND i.due_date < current_date);
				WHEN 'dunning_level' THEN
					SELECT f.value INTO figure FROM risk_figure f WHERE f.customer_id = one.customer_id AND f.figure = 'dunning_level' ORDER BY f.valid_from DESC LIMIT 1;
				WHEN 'instalment_due' THEN
					SELECT count(*) INTO figure FROM payment_plan p JOIN payment_plan_instalment n USING (customer_id, payment_plan_id)
					WHERE p.customer_id = one.customer_id AND p.state = 'active' AND n.due_date <= current_date;
				WHEN 'broken_promise' THEN
					SELECT count(*) INTO figure FROM promise p WHERE p.customer_id = one.customer_id AND p.state = 'broken';
				WHEN 'promise_due' THEN
					SELECT count(*) INTO figure FROM promise p WHERE p.customer_id = one.customer_id AND p.state = 'open' AND p.due_on = current_date;
				WHEN 'risk_grade' THEN
					SELECT f.value INTO figure FROM risk_figure f WHERE f.customer_id = one.customer_id AND f.figure = 'grade' ORDER BY f.valid_from DESC LIMIT 1;
				WHEN 'no_contact' THEN
					SELECT current_date - max(k.contacted_at)::date INTO figure FROM contact k WHERE k.customer_id = one.customer_id;
				WHEN 'dispute_waiting' THEN
					SELECT count(*) INTO figure FROM dispute d WHERE d.customer_id = one.customer_id AND d.ended_on IS NULL;
				ELSE figure := NULL;
			END CASE;
			IF figure > rule.threshold THEN
				got := LEAST(rule.points + rule.points_each * (figure - rule.threshold), COALESCE(rule.most_points, 1e9));
				total := total + got;
				reasons := reasons || jsonb_build_object('rule_no', rule.rule_no, 'kind', rule.kind, 'figure', figure, 'threshold', rule.threshold, 'points', got);
			END IF;
		END LOOP;
		IF total > 0 THEN
			INSERT INTO listed_simply VALUES (one.customer_id, total, reasons);
		END IF;
	END LOOP;
	RETURN n;
END $$;

CREATE TABLE took (what text, customers bigint, ms numeric);
CREATE FUNCTION took(what text, customers bigint, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	INSERT INTO took VALUES (what, customers, extract(epoch FROM clock_timestamp() - start) * 1000);
END $$;
SELECT GREATEST(:customers / :sample, 1) AS every \gset
SELECT took('loop', :customers / :every, format('SELECT list_by_loop(%L, %s)', :'today', :every)) \g /dev/null
SELECT took('simple loop', :customers / :every, format('SELECT simple_loop(%s)', :every)) \g /dev/null
SELECT took('worklist()', :customers, 'SELECT count(rules) FROM worklist()') \g /dev/null
SELECT took('worklist(), again', :customers, 'SELECT count(rules) FROM worklist()') \g /dev/null
SELECT took('the first 100', :customers, 'SELECT count(rules) FROM worklist(p_most => 100)') \g /dev/null
SELECT took('one collector', :customers / 100, $$SELECT count(rules) FROM worklist('c7')$$) \g /dev/null
SELECT took('take_case() of a collector', 1, $$SELECT take_case('c7')$$) \g /dev/null
SELECT took('take_case() of everybody', 1, 'SELECT take_case()') \g /dev/null
SELECT took('one customer', 1, 'SELECT next_best_action(77)') \g /dev/null

SELECT what, customers, round(ms) AS ms, round(ms / customers, 4) AS ms_each,
	round((SELECT o.ms / o.customers FROM took o WHERE o.what = 'loop') / (ms / customers), 1) AS times_faster
FROM took ORDER BY ctid;
SELECT count(*) AS on_the_list, count(*) FILTER (WHERE customer_id % :every = 0) AS of_the_sample, (SELECT count(*) FROM listed) AS by_loop,
	(SELECT count(*) FROM (SELECT * FROM listed EXCEPT SELECT w.customer_id, w.points, w.next_best_action, w.rules FROM worklist() w) q) AS different
FROM worklist();
DROP SCHEMA bench_worklist CASCADE;
