-- The check rules: each kind, its threshold, its action, whom and when it is for.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, shop CASCADE;
SELECT credit.create_ledger('ar', 'USD');
RESET client_min_messages;

CREATE SCHEMA shop;
CREATE TABLE shop.orders (id serial PRIMARY KEY, customer_id bigint, total numeric);
SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id');
-- A ledger begins with these.
SELECT rule_no, kind, threshold, action, customer_id, valid_from, valid_to FROM ar.check_rule ORDER BY rule_no;

-- What an order gets: its outcome with every rule's figure, or the refusal and its code.
CREATE FUNCTION pg_temp.try_order(customer bigint, amount numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	asked record;
BEGIN
	SELECT * INTO asked FROM ar.check_credit(customer, amount);
	BEGIN
		INSERT INTO shop.orders (customer_id, total) VALUES (customer, amount);
		SELECT d.outcome || ': ' || string_agg(concat_ws(' ', c->>'kind', c->>'figure', 'of ' || (c->>'threshold'), c->>'outcome'), ', ')
		INTO answer
		FROM (SELECT * FROM ar.decision ORDER BY decision_id DESC LIMIT 1) d LEFT JOIN LATERAL jsonb_array_elements(d.checks) c ON true
		GROUP BY d.outcome;
		IF asked.outcome NOT IN ('approve', 'warn') THEN
			RAISE 'check_credit() said %', asked.outcome;
		END IF;
	EXCEPTION WHEN SQLSTATE 'RC001' OR SQLSTATE 'RC002' THEN
		answer := SQLSTATE || ' ' || regexp_replace(SQLERRM, 'order \d+', 'order N');
		IF asked.outcome NOT IN ('hold', 'reject') THEN
			RAISE 'check_credit() said %', asked.outcome;
		END IF;
	END;
	RETURN answer;
END $$;

-- limit_missing: none at all, one that has ended, one that has not begun; the one in force; and one for a day in its place.
SELECT ar.add_customer('Acme', 1) AS customer;
SELECT pg_temp.try_order(1, 1);
SELECT ar.set_credit_limit(1, 500, current_date - 20, current_date - 1) IS NOT NULL AS ended;
SELECT pg_temp.try_order(1, 1);
SELECT ar.set_credit_limit(1, 500, current_date + 1) IS NOT NULL AS not_begun;
SELECT pg_temp.try_order(1, 1);
\set VERBOSITY terse
SELECT ar.set_credit_limit(1, 100, current_date - 10, current_date) IS NOT NULL AS into_the_ended_one;
\set VERBOSITY default
SELECT ar.set_credit_limit(1, 100, current_date) IS NOT NULL AS in_force;
SELECT pg_temp.try_order(1, 1);
SELECT ar.set_credit_limit(1, 50, current_date - 30) IS NOT NULL AS older;
SELECT ar.set_credit_limit(1, 40, current_date, current_date, p_kind => 'temporary', p_replaces_own => true) IS NOT NULL AS today_only;
SELECT limit_amount, available FROM ar.check_credit(1, 0);
SELECT limit_since - current_date AS since, limit_until - current_date AS until FROM ar.exposure;
SELECT ar.set_credit_limit(1, 100, current_date, current_date, 'the later of two for one day', 'temporary', p_replaces_own => true) IS NOT NULL AS in_force;
SELECT limit_amount FROM ar.check_credit(1, 0);
SELECT l.amount, l.kind, lower(l.in_force) - current_date AS first_day, upper(l.in_force) - 1 - current_date AS last_day FROM ar.credit_limit l ORDER BY l.credit_limit_id;
-- What is kept of the limit for other days is looked up, not believed.
UPDATE ar.exposure SET limit_amount = 77, limit_since = current_date - 5, limit_until = current_date - 1;
SELECT limit_amount FROM ar.check_credit(1, 0);
UPDATE ar.exposure SET limit_since = NULL;
SELECT limit_amount FROM ar.check_credit(1, 0);

-- customer_status: who is not active gets nothing, not even for free.
SELECT ar.add_customer('Bolt', 90) AS customer, ar.set_credit_limit(90, 100) IS NOT NULL AS has_limit;
DO $$
DECLARE
	status text;
BEGIN
	FOREACH status IN ARRAY ARRAY['legal', 'bankrupt', 'sanctioned', 'closed', 'active'] LOOP
		PERFORM ar.set_customer_status(90, status);
		RAISE NOTICE '%: %; %', status, pg_temp.try_order(90, 0), pg_temp.try_order(90, 1);
	END LOOP;
END $$;

-- limit_use: in percent of the limit, with warnings before and a refusal beyond.
DELETE FROM ar.check_rule;
INSERT INTO ar.check_rule (rule_no, kind, threshold, action) VALUES
	(1, 'limit_use', 80, 'warn'), (2, 'limit_use', 100, 'hold'), (3, 'limit_use', 120.5, 'reject');
DELETE FROM shop.orders;
SELECT pg_temp.try_order(1, 80.00);
SELECT pg_temp.try_order(1, 0.01);
SELECT pg_temp.try_order(1, 19.99);
SELECT outcome, shortfall FROM ar.check_credit(1, 0.01);
SELECT outcome, shortfall FROM ar.check_credit(1, 20.50);
SELECT outcome, shortfall FROM ar.check_credit(1, 20.51);
SELECT pg_temp.try_order(1, 20.50);
DELETE FROM shop.orders;
-- The shortfall is rounded up to the cent that is enough.
UPDATE ar.check_rule SET threshold = 33.335, action = 'hold' WHERE rule_no = 1;
DELETE FROM ar.check_rule WHERE rule_no <> 1;
SELECT pg_temp.try_order(1, 33.34);
SELECT pg_temp.try_order(1, 33.33);
UPDATE ar.check_rule SET threshold = 0;
SELECT pg_temp.try_order(1, 0.01);
-- A limit of zero allows nothing; what the customer has paid ahead is his own.
UPDATE ar.check_rule SET threshold = 100;
SELECT ar.add_customer('Prepaid', 2) AS customer, ar.set_credit_limit(2, 0) IS NOT NULL AS limited;
SELECT pg_temp.try_order(2, 0.01);
SELECT pg_temp.try_order(2, 0);
SELECT ar.post_payment(2, 'P-1', '2025-01-01', 30) IS NOT NULL AS paid_ahead;
SELECT pg_temp.try_order(2, 30);
SELECT pg_temp.try_order(2, 0.01);
-- Without a limit limit_use has nothing to measure: another rule must speak of that, or it does.
SELECT ar.add_customer('No limit', 3) AS customer;
SELECT outcome, checks->0->>'outcome' AS limit_use FROM ar.check_credit(3, 0);
SELECT pg_temp.try_order(3, 0);
UPDATE ar.check_rule SET action = 'warn';
SELECT pg_temp.try_order(3, 0);
UPDATE ar.check_rule SET action = 'hold';
INSERT INTO ar.check_rule (rule_no, kind, action) VALUES (2, 'limit_missing', 'warn');
SELECT pg_temp.try_order(3, 1);
DELETE FROM ar.check_rule WHERE rule_no = 2;
-- What is owed in another currency is measured at the rate of the day, or not at all: nobody guesses a rate, not even
-- from that of the documents.
SELECT ar.add_customer('Abroad', 4) AS customer, ar.set_credit_limit(4, 1000) IS NOT NULL AS limited,
	ar.post_invoice(4, 'I-1', '2025-01-01', 10, '2099-12-31', 'EUR', p_fx_rate => 1.10) AS invoice,
	ar.post_payment(4, 'P-1', '2025-01-01', 10, 'EUR', p_fx_rate => 1.10) AS payment \gset
\set VERBOSITY sqlstate
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1);
\set VERBOSITY default
BEGIN;
SELECT ar.set_fx_rate('EUR', 50, '2025-01-01');
SELECT ar.post_invoice(4, 'I-2', '2025-01-01', 19.98, '2099-12-31', 'EUR') IS NOT NULL AS invoiced;
-- 29.98 x 50 = 1499 less 10 x 50 = 500: 1 is left of 1000.
SELECT pg_temp.try_order(4, 1);
SELECT pg_temp.try_order(4, 1.01);
ROLLBACK;
SELECT ar.set_fx_rate('EUR', 1.10, '2025-01-01');
SELECT ar.apply_payment(4, :payment) AS applied;
SELECT pg_temp.try_order(4, 1);

-- manual_hold: with the number of holds; each is released by itself.
DELETE FROM ar.check_rule;
INSERT INTO ar.check_rule (rule_no, kind, action) VALUES (1, 'manual_hold', 'hold');
SELECT ar.place_hold(1, 'returned payment') AS first, ar.place_hold(1, 'legal') AS second \gset
SELECT pg_temp.try_order(1, 1);
SELECT ar.release_hold(1, :first, 'paid again');
SELECT pg_temp.try_order(1, 1);
SELECT ar.release_hold(1, :second, 'settled');
SELECT pg_temp.try_order(1, 1);
SELECT h.reason, r.reason AS released FROM ar.hold h LEFT JOIN ar.hold_release r USING (customer_id, hold_id) ORDER BY h.hold_id;
SELECT ar.place_hold(1, 'again') AS hold \gset
UPDATE ar.check_rule SET action = 'warn';
SELECT pg_temp.try_order(1, 1);
UPDATE ar.check_rule SET action = 'reject';
SELECT pg_temp.try_order(1, 1);
SELECT ar.release_hold(1, :hold, 'end');

-- oldest_overdue: days of the oldest open debit item of any currency, more than the threshold; credits are no excuse.
DELETE FROM ar.check_rule;
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (1, 'oldest_overdue', 30);
SELECT ar.add_customer('Late', 5) AS customer;
SELECT pg_temp.try_order(5, 1);
SELECT ar.post_invoice(5, 'I-1', current_date - 100, 10, current_date + 1) IS NOT NULL AS not_due;
SELECT pg_temp.try_order(5, 1);
SELECT ar.post_invoice(5, 'I-2', current_date - 100, 10, current_date - 30) IS NOT NULL AS just_in_time;
SELECT pg_temp.try_order(5, 1);
SELECT ar.post_invoice(5, 'I-3', current_date - 100, 10, current_date - 31, 'EUR') IS NOT NULL AS too_late;
SELECT pg_temp.try_order(5, 1);
SELECT ar.post_payment(5, 'P-1', current_date, 500) IS NOT NULL AS paid, ar.post_payment(5, 'P-2', current_date, 10, 'EUR') AS euro \gset
SELECT pg_temp.try_order(5, 1);
SELECT ar.apply_payment(5, :euro) AS applied;
SELECT pg_temp.try_order(5, 1);
UPDATE ar.check_rule SET threshold = 29.5;
SELECT pg_temp.try_order(5, 1);
UPDATE ar.check_rule SET threshold = 0, action = 'warn';
SELECT pg_temp.try_order(5, 1);

-- For one customer, and for some days only.
DELETE FROM ar.check_rule;
INSERT INTO ar.check_rule (rule_no, kind, threshold, action, customer_id, valid_from, valid_to) VALUES
	(1, 'limit_use', 100, 'hold', NULL, '-infinity', 'infinity'),
	(2, 'limit_use', 10, 'hold', 1, '-infinity', 'infinity'),
	(3, 'limit_use', 5, 'reject', NULL, current_date + 1, 'infinity'),
	(4, 'limit_use', 6, 'reject', NULL, '-infinity', current_date - 1),
	(5, 'limit_use', 50, 'warn', 4, current_date, current_date);
DELETE FROM shop.orders;
SELECT pg_temp.try_order(1, 10.01);
SELECT pg_temp.try_order(1, 10);
SELECT pg_temp.try_order(4, 10);
SELECT pg_temp.try_order(4, 491);

-- Of the rules an order breaks the strictest decides, and the first of them speaks.
DELETE FROM ar.check_rule;
INSERT INTO ar.check_rule (rule_no, kind, threshold, action) VALUES
	(1, 'manual_hold', NULL, 'warn'), (2, 'limit_missing', NULL, 'hold'), (3, 'oldest_overdue', 0, 'hold'), (4, 'limit_use', 0, 'hold');
SELECT ar.place_hold(5, 'all at once') AS hold \gset
SELECT pg_temp.try_order(5, 1);
UPDATE ar.check_rule SET rule_no = 22 WHERE rule_no = 2;
SELECT pg_temp.try_order(5, 1);
UPDATE ar.check_rule SET action = 'reject' WHERE rule_no = 22;
SELECT pg_temp.try_order(5, 1);
SELECT checks FROM ar.check_credit(5, 1);

-- A change counts at once, and only while it stands.
BEGIN;
UPDATE ar.check_rule SET action = 'warn';
SELECT pg_temp.try_order(5, 1);
SAVEPOINT a;
UPDATE ar.check_rule SET action = 'hold' WHERE kind = 'oldest_overdue';
SELECT pg_temp.try_order(5, 1);
ROLLBACK TO a;
SELECT pg_temp.try_order(5, 1);
ROLLBACK;
SELECT pg_temp.try_order(5, 1);
BEGIN;
TRUNCATE ar.check_rule CASCADE;
INSERT INTO ar.check_rule (rule_no, kind) VALUES (1, 'manual_hold');
SELECT pg_temp.try_order(5, 1);
ROLLBACK;
SELECT pg_temp.try_order(5, 1);

-- ... also where nobody asks in between, which would have the rules read again.
\set VERBOSITY sqlstate
DELETE FROM ar.check_rule;
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (1, 'limit_use', 100);
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1) RETURNING total;
INSERT INTO ar.check_rule (rule_no, kind, threshold, action) VALUES (50, 'limit_use', 0, 'reject');
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1);
UPDATE ar.check_rule SET action = 'warn' WHERE rule_no = 50;
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1) RETURNING total;
BEGIN;
UPDATE ar.check_rule SET action = 'hold' WHERE rule_no = 50;
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1);
ROLLBACK;
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1) RETURNING total;
BEGIN;
TRUNCATE ar.check_rule CASCADE;
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (1, 'limit_use', 0);
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1);
ROLLBACK;
DELETE FROM ar.check_rule WHERE rule_no = 50;
INSERT INTO shop.orders (customer_id, total) VALUES (4, 1) RETURNING total;
\set VERBOSITY default

-- A missing rule is no permission.
BEGIN;
DELETE FROM ar.check_rule;
SELECT outcome IN ('hold', 'reject') AS refused FROM ar.check_credit(5, 1);
ROLLBACK;
-- Neither is a rule that cannot be read, the first time or the second.
BEGIN;
ALTER TABLE ar.check_rule DROP CONSTRAINT check_rule_kind;
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (0, 'full_moon', 1);
DO $$ BEGIN
	FOR n IN 1 .. 2 LOOP
		BEGIN
			INSERT INTO shop.orders (customer_id, total) VALUES (3, 1);
			RAISE NOTICE 'passed';
		EXCEPTION WHEN OTHERS THEN
			RAISE NOTICE 'refused';
		END;
	END LOOP;
END $$;
ROLLBACK;

-- A rule that cannot be meant is refused.
\set VERBOSITY terse
INSERT INTO ar.check_rule (rule_no, kind) VALUES (50, 'full_moon');
INSERT INTO ar.check_rule (rule_no, kind) VALUES (50, 'limit_use');
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (50, 'manual_hold', 1);
INSERT INTO ar.check_rule (rule_no, kind, action) VALUES (50, 'manual_hold', 'approve');
INSERT INTO ar.check_rule (rule_no, kind) VALUES (NULL, 'manual_hold');
INSERT INTO ar.check_rule (rule_no, kind) VALUES (1, 'manual_hold');
\set VERBOSITY sqlstate
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (50, 'limit_use', -1);
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (50, 'limit_use', 'NaN');
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (50, 'limit_use', 'Infinity');
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (50, 'limit_use', 1e60);
INSERT INTO ar.check_rule (rule_no, kind, threshold) VALUES (50, 'limit_use', 100.0000000000000000000000000001);
INSERT INTO ar.check_rule (rule_no, kind, customer_id) VALUES (50, 'manual_hold', 99);
INSERT INTO ar.check_rule (rule_no, kind, valid_from, valid_to) VALUES (50, 'manual_hold', '2025-02-01', '2025-01-01');
\set VERBOSITY default

SELECT * FROM ar.verify_ledger();
SET client_min_messages = warning;
DROP SCHEMA ar, shop CASCADE;
