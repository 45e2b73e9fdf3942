-- Payment plans: proposed, approved, paid, missed.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
-- What a statement ends in: its SQLSTATE, message, detail and hint, or ok.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
CREATE FUNCTION pg_temp.days_ago(n integer) RETURNS date LANGUAGE sql AS $$SELECT ar.ledger_today() - n$$;
DO $$ BEGIN
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2), set_fx_rate('EUR', 1.1, '2026-01-01');
	PERFORM post_invoice(1, 'I-1', '2026-01-01', 600, '2026-01-31'), post_invoice(1, 'I-2', '2026-01-05', 400.01, '2026-02-04'),
		post_invoice(1, 'I-3', '2026-01-06', 300, '2026-02-05'), post_invoice(1, 'E-1', '2026-01-06', 70, '2026-02-05', 'EUR');
END $$;

-- Interest: 12 percent a year on what is left, by days over 365.
SELECT plan_interest('USD', '2026-01-01', '{2026-01-31,2026-03-02}', '{500,500}', 12), plan_interest('JPY', '2026-01-01', '{2026-01-31}', '{1000}', 12),
	plan_interest('USD', '2026-01-01', '{2026-01-31}', '{1000}', NULL);

-- Bad input changes nothing.
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money', ARRAY[current_date + 30, current_date + 60], '{500,500}')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money', ARRAY[current_date + 30], '{500,500.01}')$$) ~ '^22023 .* not in order';
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money', ARRAY[current_date + 60, current_date + 30], '{500,500.01}')$$) ~ '^22023 .* not in order';
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money', ARRAY[current_date - 1], '{1000.01}')$$) ~ '^22023 .* not in order';
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money', ARRAY[current_date, current_date + 1], '{1000.011,-0.001}')$$) ~ '^22023 .* not in order';
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,2}', 'no money', ARRAY[current_date], '{1000.01}', 'net 30')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,4}', 'no money', p_terms => 'net 30')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1,9}', 'no money', p_terms => 'net 30')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{}', 'no money', p_terms => 'net 30')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1}', '', p_terms => 'net 30')$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1}', 'no money', p_terms => 'net 30', p_interest_rate => -1)$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{1}', 'no money', p_terms => 'net 30', p_grace_days => 400)$$);
SELECT pg_temp.try($$SELECT propose_plan(7, '{1}', 'no money', p_terms => 'net 30')$$);
SELECT pg_temp.try($$SELECT start_plan(1, 1)$$);
SELECT count(*) FROM payment_plan;

-- By terms, with an approval: who asks does not approve.
SELECT set_approval_policy('payment_plan', true), grant_authority(session_user, 'actor'), grant_authority('ben', 'payment_plan', 2000);
BEGIN;
SELECT set_actor('anna');
SELECT propose_plan(1, '{1,2}', 'season', p_terms => '1/3 30, 1/3 60, 1/3 90', p_starts_on => pg_temp.days_ago(100), p_interest_rate => 12, p_grace_days => 3) AS plan;
COMMIT;
SELECT instalment_no, due_date - pg_temp.days_ago(100) AS days, amount, interest_amount FROM payment_plan_instalment ORDER BY 1;
SELECT currency, amount, interest_amount, state, (SELECT count(*) FROM approval_queue) AS asked FROM payment_plan;
SELECT pg_temp.try($$SELECT start_plan(1, 1)$$);
SELECT pg_temp.try($$SELECT propose_plan(1, '{2,3}', 'again', p_terms => 'net 30')$$);
BEGIN;
SELECT set_actor('ben');
SELECT approve(1, 1);
COMMIT;
SELECT make_promise(1, current_date + 5, 100, '{1}');
SELECT start_plan(1, 1);
SELECT state, approval_id FROM payment_plan;
SELECT state, reason FROM promise_event ORDER BY promise_event_id;
SELECT item_id, reason, amount, until - current_date AS days, subject_id FROM item_protection(current_date) ORDER BY 1;
SELECT * FROM item_protection('2026-02-01');
SELECT pg_temp.try($$SELECT start_plan(1, 1)$$) ~ '^55000 .* payment plan 1 of customer 1 is active';

-- In the ledger of another time: the plan is in force since the day it started, so that instalments come due.
ALTER TABLE payment_plan DISABLE TRIGGER payment_plan_append_only;
ALTER TABLE payment_plan_event DISABLE TRIGGER payment_plan_event_append_only;
UPDATE payment_plan SET state_on = starts_on;
UPDATE payment_plan_event SET state_on = state_on - 100;
ALTER TABLE payment_plan ENABLE TRIGGER payment_plan_append_only;
ALTER TABLE payment_plan_event ENABLE TRIGGER payment_plan_event_append_only;
SELECT evaluate_plans(pg_temp.days_ago(80)), evaluate_plans(pg_temp.days_ago(80));
SELECT evaluate_plans(pg_temp.days_ago(70)) AS nothing_changed;
SELECT number, amount, kind FROM open_items WHERE kind = 'finance_charge';
SELECT post_payment(1, 'P-1', pg_temp.days_ago(69), 343.21) AS p1 \gset
SELECT apply_payment(1, :p1, p_applied_on => pg_temp.days_ago(60)) AS applied;
SELECT evaluate_plans(pg_temp.days_ago(60)), evaluate_plans(pg_temp.days_ago(60));
SELECT state, paid_amount FROM payment_plan;
-- Aging by the plan, if the policy says so.
SELECT customer_id, currency, credit.total(aging), credit.past_due(aging) FROM planned_aging(pg_temp.days_ago(60)) ORDER BY 1, 2;
UPDATE plan_policy SET ages_by = 'plan';
SELECT customer_id, currency, credit.total(aging), credit.past_due(aging) FROM planned_aging(pg_temp.days_ago(60)) ORDER BY 1, 2;
-- The second instalment: due 40 days ago, within the grace until 37 days ago.
SELECT evaluate_plans(pg_temp.days_ago(37)) AS none, evaluate_plans(pg_temp.days_ago(36)) AS missed;
SELECT state, paid_amount, pg_temp.days_ago(0) - state_on AS days FROM payment_plan;
SELECT state, paid_amount, reason FROM payment_plan_event ORDER BY payment_plan_event_id;
SELECT count(*) FROM item_protection(current_date);
SELECT pg_temp.try($$SELECT cancel_plan(1, 1, 'over')$$) ~ '^55000 .* payment plan 1 of customer 1 is defaulted';
SELECT pg_temp.try($$UPDATE payment_plan SET amount = 1$$);
SELECT pg_temp.try($$DELETE FROM payment_plan_instalment$$);

-- Paid in full; cancelled; changed before it began; not what was approved.
SELECT set_approval_policy('payment_plan', false);
-- It takes the place of a promise about the account; what was due before is broken and stays so.
SELECT make_promise(1, current_date + 5, 50) > 0 AS account, make_promise(1, pg_temp.days_ago(5), 20, p_currency => 'EUR', p_promised_on => pg_temp.days_ago(10), p_tolerance_days => 0) > 0 AS euros;
SELECT propose_plan(1, '{3}', 'season', ARRAY[current_date, current_date + 30], '{100,200}') AS second, start_plan(1, 2);
SELECT currency, state FROM promise ORDER BY promise_id;
SELECT post_payment(1, 'P-2', current_date, 300) AS p2 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p2), 3, 300) > 0 AS paid;
SELECT evaluate_plans(), evaluate_plans();
SELECT state, paid_amount FROM payment_plan WHERE payment_plan_id = 2;
SELECT propose_plan(1, '{4}', 'season', p_terms => 'net 60') AS third;
SELECT post_payment(1, 'P-3', current_date, 10, 'EUR') AS p3 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p3), 4, 10) > 0 AS paid;
SELECT pg_temp.try($$SELECT start_plan(1, 3)$$);
SELECT pg_temp.try($$SELECT merge_customers(1, 2, 'one company')$$);
SELECT pg_temp.try($$SELECT cancel_plan(1, 3, '')$$);
SELECT cancel_plan(1, 3, 'paid a part');
SELECT pg_temp.try($$SELECT evaluate_plans(current_date + 1)$$) ~ '^22008';
SELECT open_dispute(1, 4, 5, 'service') AS dispute;
SELECT pg_temp.try($$SELECT propose_plan(1, '{4}', 'season', p_terms => 'net 60')$$);
SELECT item_id, reason, amount, until, subject_id FROM item_protection(current_date) ORDER BY 1;
SELECT merge_customers(1, 2, 'one company') > 0 AS merged;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
