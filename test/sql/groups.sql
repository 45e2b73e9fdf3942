-- groups.sql: limits that customers share with those above them.
\set VERBOSITY terse
SET client_min_messages = warning;
-- The ledger's day is the session's.
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('grp', 'USD', time_zone => 'Etc/UTC');
SET search_path = grp, public;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric, status text NOT NULL DEFAULT 'open');
SELECT watch_orders('shop.orders', 'customer_id', 'total', 'id', open_when => $$status = 'open'$$);

-- 1 is the holding with 1000 for all; 2 and 3 below it, 4 below 3 with 500 for 3 and 4; 5 stands alone.
SELECT add_customer('Holding', 1), add_customer('North', 2), add_customer('South', 3), add_customer('South-East', 4), add_customer('Alone', 5);
SELECT set_credit_limit(1, 1000, p_kind => 'group'), set_credit_limit(3, 500, p_kind => 'group');
SELECT set_parent(2, 1), set_parent(3, 1), set_parent(4, 3);
SELECT customer_id, parent_id, in_group FROM exposure ORDER BY 1;
SELECT array_agg(m ORDER BY m) FROM group_members(1) m;
SELECT array_agg(a) FROM ancestors(4) a;

-- Nobody is above himself.
SELECT set_parent(1, 1);
SELECT set_parent(1, 4);
SELECT set_parent(4, 99);
SELECT set_parent(99, 1);

-- No limit of its own, but a group's: not missing.
INSERT INTO shop.orders VALUES (1, 4, 400);
-- 400 of 500 are used: 3 may have 100, though the holding has 600 left.
INSERT INTO shop.orders VALUES (2, 3, 100.01);
INSERT INTO shop.orders VALUES (2, 3, 100);
-- 500 of 1000 are used.
INSERT INTO shop.orders VALUES (3, 2, 500.01);
INSERT INTO shop.orders VALUES (3, 2, 500);
SELECT g.* FROM group_limits(4, current_date) g;
SELECT outcome, shortfall, c -> 'group_id' AS group_id, c -> 'figure' AS percent FROM check_credit(4, 1), jsonb_array_elements(checks) c WHERE c ? 'group_id';

-- A limit of its own holds as well.
UPDATE shop.orders SET status = 'shipped' WHERE id IN (1, 2, 3);
SELECT set_credit_limit(2, 50) > 0 AS own;
INSERT INTO shop.orders VALUES (4, 2, 60);
-- Several customers of a group in one statement: each sees the one before.
INSERT INTO shop.orders VALUES (5, 3, 300), (6, 4, 200.01);
INSERT INTO shop.orders VALUES (5, 3, 300), (6, 4, 200);

-- An order that passes from one member to another, in whatever direction, is not counted twice.
UPDATE shop.orders SET customer_id = 3 WHERE id = 6;
UPDATE shop.orders SET customer_id = 4 WHERE id = 6;
UPDATE shop.orders SET customer_id = 7 - customer_id, total = total + CASE id WHEN 5 THEN 0.01 ELSE 0 END WHERE id IN (5, 6);
UPDATE shop.orders SET customer_id = 7 - customer_id WHERE id IN (5, 6);
SELECT id, customer_id FROM shop.orders WHERE id IN (5, 6) ORDER BY 1;

-- One child's credit balance funds no other: 3 owes nothing and has 900 in its favour.
UPDATE shop.orders SET status = 'shipped';
SELECT post_payment(3, 'P1', current_date, 900) > 0 AS paid;
SELECT group_exposure(1, current_date), group_exposure(3, current_date);
INSERT INTO shop.orders VALUES (7, 4, 500.01);
INSERT INTO shop.orders VALUES (7, 4, 500);
-- Its own orders it does pay for itself.
INSERT INTO shop.orders VALUES (8, 3, 900);
INSERT INTO shop.orders VALUES (9, 3, 0.01);

-- Invoices of one child count for all.
UPDATE shop.orders SET status = 'shipped';
SELECT post_invoice(2, 'I1', current_date, 950, current_date + 30) > 0 AS posted;
INSERT INTO shop.orders VALUES (10, 4, 50.01);

-- Whoever joins brings along what it owes; a group that is full takes nobody who owes.
SELECT post_invoice(5, 'I1', current_date, 51, current_date + 30) > 0 AS posted;
SELECT set_parent(5, 1);
SELECT set_parent(5, 3);
SELECT customer_id, parent_id FROM customer WHERE customer_id = 5;
-- Over its limit by invoices, a group still takes who owes nothing, and its members may change places.
SELECT post_invoice(2, 'I2', current_date, 100, current_date + 30) > 0 AS posted;
SELECT add_customer('New', 6), set_parent(6, 2);
SELECT set_parent(2, 3);
SELECT set_parent(2, 1);
SELECT set_parent(6, NULL);
SELECT set_parent(2, NULL), set_parent(5, 1);
SELECT customer_id, parent_id, in_group FROM exposure ORDER BY 1;

-- Mode hold decides in the same way.
SELECT unwatch_orders('shop.orders') IS NOT NULL AS unwatched;
SELECT watch_orders('shop.orders', 'customer_id', 'total', 'id', open_when => $$status <> 'shipped'$$, mode => 'hold',
	status_column => 'status', open_value => 'open', hold_value => 'on hold');
INSERT INTO shop.orders VALUES (11, 4, 400), (12, 4, 200), (13, 4, 100);
SELECT id, status FROM shop.orders WHERE id > 10 ORDER BY id;

-- Also for several members in one statement: 250 are used of 500, 3 is still 900 to the good.
UPDATE shop.orders SET status = 'shipped' WHERE id = 11;
INSERT INTO shop.orders VALUES (14, 4, 150);
SELECT set_parent(6, 3);
INSERT INTO shop.orders VALUES (15, 4, 100), (16, 6, 150), (17, 4, 10), (18, 6, 100);
SELECT id, customer_id, total, status FROM shop.orders WHERE id > 12 ORDER BY id;
SELECT group_exposure(3, current_date);
-- The holding orders too, beside 51 of 5 and 500 below 3.
INSERT INTO shop.orders VALUES (19, 1, 400);
INSERT INTO shop.orders VALUES (20, 1, 449), (21, 1, 0.01);
SELECT id, status FROM shop.orders WHERE id > 18 ORDER BY id;
SELECT group_exposure(1, current_date), group_exposure(3, current_date);

-- NULL and nobody.
SELECT set_parent(NULL, NULL);
SELECT set_parent(NULL, 1);
SELECT lock_group(NULL), lock_group('{}'), lock_group('{NULL}');
SELECT count(*) FROM group_members(NULL) m WHERE m IS NOT NULL;

SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();
UPDATE exposure SET parent_id = 1, in_group = true WHERE customer_id = 2;
SELECT * FROM verify_ledger();
DROP SCHEMA shop, grp CASCADE;
