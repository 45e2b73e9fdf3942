-- The worklist of all customers in one pass against a loop over customers in PL/pgSQL.
--
--   psql -X -d DATABASE -f bench/worklist.sql
--   psql -X -d DATABASE -v customers=1000000 -v sample=2000 -f bench/worklist.sql
--
-- The database needs the extension; the ledger is made and dropped.  Every customer has five open items, two thirds have
-- something overdue, one in ten a promise, one in four a contact, one in twenty a dispute.  Compared, in milliseconds per customer:
--
--   loop          what people write: for each customer a query per rule, points added up, its rows as jsonb; over a sample, in
--                 one call, with plans kept
--   worklist()    all customers, all kinds of rules, each row with its figures
--   one collector a hundredth of the customers
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
SELECT credit.create_ledger('bench_worklist', 'USD') \g /dev/null
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

CREATE TEMP TABLE listed (customer_id bigint, points numeric, rules jsonb);
CREATE FUNCTION loop_over(p_every integer) RETURNS bigint LANGUAGE plpgsql AS $$
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
			INSERT INTO listed VALUES (one.customer_id, total, reasons);
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
SELECT took('loop', :customers / :every, format('SELECT loop_over(%s)', :every)) \g /dev/null
SELECT took('worklist()', :customers, 'SELECT count(rules) FROM worklist()') \g /dev/null
SELECT took('worklist(), again', :customers, 'SELECT count(rules) FROM worklist()') \g /dev/null
SELECT took('one collector', :customers / 100, $$SELECT count(rules) FROM worklist('c7')$$) \g /dev/null
SELECT took('one customer', 1, 'SELECT next_best_action(77)') \g /dev/null

SELECT what, customers, round(ms) AS ms, round(ms / customers, 4) AS ms_each,
	round((SELECT o.ms / o.customers FROM took o WHERE o.what = 'loop') / (ms / customers), 1) AS times_faster
FROM took ORDER BY ctid;
SELECT count(*) AS on_the_list FROM worklist();
DROP SCHEMA bench_worklist CASCADE;
