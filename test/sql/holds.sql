-- holds.sql: the life of a credit hold: what it stops, when it ends, who ends it, and what passes again then.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('hol', 'USD', time_zone => 'Etc/UTC');
CREATE SCHEMA hol_shop;
SET search_path = hol, public;
SELECT count(add_customer('Customer ' || g, g)) FROM generate_series(1, 20) g;
SELECT count(set_credit_limit(g, 100)) FROM generate_series(1, 20) g;
CREATE VIEW public.hol_says AS
	SELECT c.customer_id AS customer, o.outcome AS "order", s.outcome AS shipment, o.checks -> 0 ->> 'figure' AS of_order,
		s.checks -> 0 ->> 'figure' AS of_shipment, e.open_holds
	FROM hol.customer c JOIN hol.exposure e USING (customer_id), hol.check_credit(c.customer_id, 1) o, hol.check_credit(c.customer_id, 1, p_purpose => 'shipment') s
	ORDER BY c.customer_id;

-- Each scope stops what it says; several holds count as many.
SELECT place_hold(1, 'everything') > 0, place_hold(2, 'no more orders', p_scope => 'new_orders') > 0,
	place_hold(3, 'nothing leaves', 'review', 'shipments') > 0;
SELECT place_hold(4, 'everything') > 0, place_hold(4, 'nothing leaves', p_scope => 'shipments') > 0, place_hold(4, 'no more', p_scope => 'new_orders') > 0;
SELECT * FROM public.hol_says WHERE customer <= 5;
CREATE TABLE hol_shop.quick (id integer PRIMARY KEY, customer_id bigint, total numeric);
SELECT watch_orders('hol_shop.quick', 'customer_id', 'total', 'id');
INSERT INTO hol_shop.quick VALUES (1, 3, 50);
\set VERBOSITY sqlstate
INSERT INTO hol_shop.quick VALUES (2, 2, 1);
UPDATE hol_shop.quick SET total = 51 WHERE id = 1 RETURNING total;
SELECT place_hold(3, 'and no more', 'broken_promise', 'new_orders') > 0 AS placed;
UPDATE hol_shop.quick SET total = 52 WHERE id = 1;
\set VERBOSITY terse
-- Being asked before a shipment is a decision as well, on file if wanted.
SELECT outcome FROM check_credit(3, 0, p_record => true, p_purpose => 'shipment');
SELECT source, outcome, amount FROM decision WHERE customer_id = 3 AND source LIKE 'check_credit%';

-- What a hold needs
SELECT place_hold(5, ' ');
SELECT place_hold(5, 'x', 'mood');
SELECT place_hold(5, 'x', NULL);
SELECT place_hold(5, 'x', p_scope => 'invoices');
SELECT place_hold(5, 'x', p_scope => NULL);
SELECT place_hold(5, 'x', p_expires_on => ledger_today() - 1);
SELECT place_hold(5, 'x', p_expires_on => 'infinity');
SELECT place_hold(5, 'x', p_expires_on => ledger_today(), p_forced => true);
SELECT place_hold(99, 'x');
SELECT check_credit(5, 1, p_purpose => 'mail');
SELECT check_credit(5, 1, p_purpose => NULL);
-- A reason code of one's own is a row.
INSERT INTO hold_reason (reason_code, description) VALUES ('seasonal', 'Only in season.');
SELECT release_hold(5, place_hold(5, 'too early', 'seasonal'), 'in season');
SELECT * FROM public.hol_says WHERE customer = 5;

-- It ends by itself after its last day in the ledger's time zone: the same moment is a day or two later in the east.
UPDATE ledger_info SET time_zone = 'Etc/GMT+12';
\c -
SET search_path = hol, public;
SET client_min_messages = warning;
SELECT place_hold(6, 'until tonight', p_expires_on => ledger_today()) > 0, place_hold(7, 'until next week', p_expires_on => ledger_today() + 7) > 0;
SELECT place_hold(8, 'until tonight', 'sanctions', p_expires_on => ledger_today()) > 0;
SELECT * FROM public.hol_says WHERE customer BETWEEN 6 AND 8;
SELECT customer_id, reason_code, expires_on - ledger_today() AS more_days FROM hold_queue WHERE customer_id BETWEEN 6 AND 8 ORDER BY 1;
UPDATE ledger_info SET time_zone = 'Etc/GMT-14';
\c -
SET search_path = hol, public;
SET client_min_messages = warning;
\set VERBOSITY terse
\set SHOW_CONTEXT never
SELECT * FROM public.hol_says WHERE customer BETWEEN 6 AND 8;
SELECT customer_id FROM hold_queue WHERE customer_id BETWEEN 6 AND 8 ORDER BY 1;
INSERT INTO hol_shop.quick VALUES (3, 6, 10);
-- Until somebody looks the row counts it; then it is released with the reason that it ended.
SELECT released_holds FROM reevaluate_customer(6);
SELECT released_holds FROM reevaluate_customer(8);
SELECT released_holds FROM reevaluate_customer(7);
SELECT regexp_replace(r.reason, '\d{4}-\d\d-\d\d', 'its day') AS reason FROM hold_release r WHERE customer_id = 6;
SELECT * FROM public.hol_says WHERE customer = 6;
UPDATE ledger_info SET time_zone = 'Etc/UTC';
\c -
SET search_path = hol, public;
SET client_min_messages = warning;
\set VERBOSITY terse
\set SHOW_CONTEXT never

-- Legal holds are ended by release_legal_hold(), and no others.
SELECT place_hold(9, 'lawyers', 'legal') AS legal, place_hold(9, 'late', 'overdue') AS late \gset
SELECT release_hold(9, :legal, 'paid');
SELECT release_legal_hold(9, :late, 'paid');
SELECT release_legal_hold(9, :legal, ' ');
SELECT release_legal_hold(9, :legal, 'settled'), release_hold(9, :late, 'paid');
SELECT release_legal_hold(9, :legal, 'settled');
SELECT release_legal_hold(9, 9999, 'settled');
SELECT * FROM public.hol_says WHERE customer = 9;

-- The queue: an automatic hold is placed once, however often; the figures say what would end it.
CREATE TABLE hol_shop.orders (id integer PRIMARY KEY, customer_id bigint, total numeric, status text);
SELECT watch_orders('hol_shop.orders', 'customer_id', 'total', 'id', open_when => $$status <> 'cancelled'$$,
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held');
SELECT count(post_invoice(c, 'I-' || c, ledger_today() - 40, a, ledger_today() - 10)) FROM (VALUES (10, 80), (11, 130), (12, 50), (13, 70)) v (c, a);
INSERT INTO hol_shop.orders VALUES (1, 10, 60, 'open'), (2, 10, 15, 'open'), (3, 10, 70, 'open'), (4, 10, 30, 'open'), (5, 10, 20, 'held') RETURNING id, status;
SELECT place_hold(10, 'late', 'overdue', p_automatic => true) = place_hold(10, 'late again', 'overdue', p_automatic => true) AS once;
SELECT place_hold(11, 'over', 'credit_limit', p_automatic => true) > 0, place_hold(11, 'over, and watched', 'credit_limit', p_automatic => true, p_forced => true) > 0,
	place_hold(11, 'over, said Ann', 'credit_limit') > 0;
SELECT place_hold(12, 'bounced', 'returned_payment', p_automatic => true) > 0, place_hold(12, 'listed?', 'sanctions', p_automatic => true) > 0;
SELECT customer_name, reason_code, scope, reason, forced, automatic, days, currency, exposure, limit_amount, overdue, held_orders, held_amount, amount_to_release, ends
FROM hold_queue WHERE customer_id BETWEEN 10 AND 12 ORDER BY hold_id \gx
CREATE VIEW public.hol_orders AS SELECT string_agg(id || ' ' || status, ', ' ORDER BY id) AS orders FROM hol_shop.orders WHERE customer_id BETWEEN 10 AND 13;

-- Nothing is gone yet: nothing is released, and those who have been looked at are left alone until something changes.
CALL reevaluate_holds();
TABLE public.hol_orders;
SELECT customers_to_reevaluate(), customers_to_reevaluate(p_all => true);

-- Paid: the cause is gone, and of the orders the oldest goes first.  80 of credit beside order 2 take order 1; 3 and 4 stay.
SELECT apply_payment(10, post_payment(10, 'P-1', ledger_today(), 80)) IS NOT NULL AS paid;
SELECT customers_to_reevaluate();
CALL reevaluate_holds();
TABLE public.hol_orders;
SELECT customer_id, reason FROM hold_release WHERE customer_id = 10;
SELECT order_id, outcome, amount, ordered FROM decision WHERE customer_id = 10 ORDER BY decision_id;
SELECT order_id FROM held_orders(10) ORDER BY decision_id;
-- Again: nothing left to do, and nobody to look at.
CALL reevaluate_holds();
SELECT customers_to_reevaluate();
-- The limit is raised by 30 and order 4 fits; 3, which is older, does not.  5 was put on hold by the application, not by the check.
SELECT set_credit_limit(10, 130) > 0 AS raised;
CALL reevaluate_holds();
TABLE public.hol_orders;
SELECT set_credit_limit(10, 1000) > 0 AS raised;
SELECT * FROM reevaluate_customer(10);
SELECT * FROM reevaluate_customer(10);
TABLE public.hol_orders;
SELECT count(*) FROM held_orders(10);

-- A limit that suffices ends the automatic hold; the forced one and the one that a person placed stay, and so does everything on hold.
INSERT INTO hol_shop.orders VALUES (6, 11, 5, 'open') RETURNING status;
SELECT set_credit_limit(11, 500) > 0 AS raised;
CALL reevaluate_holds();
SELECT reason FROM hold WHERE customer_id = 11 AND NOT EXISTS (SELECT FROM hold_release r WHERE r.hold_id = hold.hold_id) ORDER BY hold_id;
SELECT reason FROM hold_release WHERE customer_id = 11;
TABLE public.hol_orders;
SELECT release_hold(11, h.hold_id, 'fine') FROM hold h WHERE customer_id = 11 AND NOT EXISTS (SELECT FROM hold_release r WHERE r.hold_id = h.hold_id);
CALL reevaluate_holds(11);
TABLE public.hol_orders;

-- No rule tells of returned payments here: a person must.  With one, it is days ago.  Sanctions are nobody's guess.
CALL reevaluate_holds(12);
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (40, 'returned_payment', 30);
CALL reevaluate_holds(12);
SELECT reason_code FROM hold_queue WHERE customer_id = 12;
DELETE FROM check_rule WHERE rule_no = 40;

-- A hold on shipments keeps no order back.
INSERT INTO hol_shop.orders VALUES (7, 13, 40, 'open') RETURNING status;
SELECT place_hold(13, 'nothing leaves', p_scope => 'shipments') > 0 AS placed, post_payment(13, 'P-2', ledger_today(), 70) > 0 AS paid;
CALL reevaluate_holds();
TABLE public.hol_orders;

-- What the application's own trigger refuses stays on hold, is said, and keeps nobody else from it.
CREATE FUNCTION hol_shop.no_tuesday() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not on a tuesday'; END $$;
CREATE TRIGGER no_tuesday BEFORE UPDATE ON hol_shop.orders FOR EACH ROW WHEN (OLD.id = 8) EXECUTE FUNCTION hol_shop.no_tuesday();
INSERT INTO hol_shop.orders VALUES (8, 14, 110, 'open'), (9, 14, 120, 'open') RETURNING status;
SELECT set_credit_limit(14, 500) > 0 AS raised;
CALL reevaluate_holds();
SELECT id, status FROM hol_shop.orders WHERE customer_id = 14 ORDER BY id;
SELECT customers_to_reevaluate();
DROP TRIGGER no_tuesday ON hol_shop.orders;
CALL reevaluate_holds();
SELECT id, status FROM hol_shop.orders WHERE customer_id = 14 ORDER BY id;

-- In a group another's payment frees the credit; a deposit frees it for its own order.
SELECT set_parent(16, 15), set_parent(17, 15), set_credit_limit(15, 100, p_kind => 'group') > 0 AS grouped;
SELECT post_invoice(16, 'I-16', ledger_today(), 90, ledger_today() + 30) > 0 AS posted;
INSERT INTO hol_shop.orders VALUES (10, 17, 50, 'open'), (11, 18, 150, 'open') RETURNING id, status;
CALL reevaluate_holds();
SELECT post_payment(16, 'P-16', ledger_today(), 90) > 0 AS paid, post_deposit(18, 'D-18', ledger_today(), 60, '11') > 0 AS deposited;
CALL reevaluate_holds();
SELECT id, status FROM hol_shop.orders WHERE customer_id IN (17, 18) ORDER BY id;

-- An order was let in on its deposit.  The deposit is released: it is unapplied money still.  That goes, too: nothing is
-- shipped until there is credit.
SELECT add_customer('Prepaid', c) > 0 AS added, set_credit_limit(c, CASE c WHEN 41 THEN 100 ELSE 0 END) > 0 AS has_limit FROM generate_series(40, 42) c;
SELECT post_deposit(c, 'D-' || o, ledger_today(), 100, o) > 0 AS paid FROM (VALUES (40, '50'), (41, '51'), (41, '52'), (42, '53')) d (c, o);
INSERT INTO hol_shop.orders VALUES (50, 40, 100, 'open'), (51, 41, 100, 'open'), (52, 41, 100, 'open'), (53, 42, 100, 'open') RETURNING id, status;
CREATE FUNCTION pg_temp.deposit(name text) RETURNS bigint LANGUAGE sql AS $$SELECT document_id FROM hol.document WHERE number = name$$;
CREATE FUNCTION pg_temp.gone() RETURNS TABLE (customer bigint, reason text, code text, scope text, automatic boolean, missing numeric) LANGUAGE sql AS $$
	SELECT customer_id, reason, reason_code, scope, automatic, amount_to_release FROM hol.hold_queue WHERE customer_id >= 40 ORDER BY 1$$;
SELECT release_deposit(40, pg_temp.deposit('D-50'), 'by mistake');
SELECT * FROM pg_temp.gone();
SELECT refund(40, pg_temp.deposit('D-50'), p_amount => 30) > 0 AS refunded;
SELECT return_payment(42, pg_temp.deposit('D-53')) > 0 AS returned;
SELECT * FROM pg_temp.gone();
SELECT outcome, p FROM unnest('{shipment,order}'::text[]) p, check_credit(40, 0, p_purpose => p);
SELECT refund(40, pg_temp.deposit('D-50')) > 0 AS refunded_more;
CALL reevaluate_holds();
SELECT * FROM pg_temp.gone();
DELETE FROM hol_shop.orders WHERE id IN (50, 53);
CALL reevaluate_holds();
SELECT * FROM pg_temp.gone();
-- An order that is cancelled before its deposit goes needs none, and another one has its own.
DELETE FROM hol_shop.orders WHERE id = 52;
SELECT set_credit_limit(41, 0) > 0 AS lowered, refund(41, pg_temp.deposit('D-52')) > 0 AS refunded;
SELECT * FROM pg_temp.gone();
SELECT void_document(41, pg_temp.deposit('D-51'), 'wrong') > 0 AS voided;
SELECT * FROM pg_temp.gone();

-- Orders that left the table, or whose decisions are not on file, are nobody's business.
DELETE FROM hol_shop.orders WHERE id = 3;
SELECT reevaluate_customer(99);
SELECT reevaluate_customer(NULL);
SELECT unwatch_orders('hol_shop.orders');
CALL reevaluate_holds();
BEGIN;
CALL reevaluate_holds();
ROLLBACK;

SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();
UPDATE hold SET scope = 'shipments';
DELETE FROM hold_release;
SET client_min_messages = warning;
DROP VIEW public.hol_says, public.hol_orders;
DROP SCHEMA hol, hol_shop CASCADE;
