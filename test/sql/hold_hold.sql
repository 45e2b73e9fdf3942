-- Mode hold: an order that fails the check is saved, on hold; taking it off hold is what is checked then.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, shop CASCADE;
SELECT credit.create_ledger('ar', 'USD');
RESET client_min_messages;

SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2), ar.set_credit_limit(1, 100), ar.set_credit_limit(2, 100);
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id bigint, total numeric, status text, note text);
-- Watching begins with one order on hold: it does not count.
INSERT INTO shop.orders VALUES (1, 1, 10, 'open', NULL), (2, 1, 1000, 'credit_hold', NULL), (3, 1, 5, 'closed', NULL);
SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id', open_when => $$status <> 'closed'$$,
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'credit_hold');
CREATE TEMP VIEW exposed AS
	SELECT customer_id AS customer, trim_scale(ordered) AS ordered FROM ar.exposure WHERE currency = 'USD' ORDER BY customer_id;
CREATE TEMP VIEW decided AS
	SELECT customer_id AS customer, outcome, source, order_id, amount, ordered, limit_amount AS "limit",
		checks->-1->>'outcome' AS limit_use FROM ar.decision ORDER BY decision_id;
CREATE TEMP VIEW orders AS SELECT id, customer_id, total, status, note FROM shop.orders ORDER BY id;
TABLE exposed;

-- Saved on hold, told by RETURNING, and the decision is on file.  An order on hold takes no credit.
INSERT INTO shop.orders VALUES (10, 1, 90.01, 'open', NULL) RETURNING id, status;
INSERT INTO shop.orders VALUES (11, 1, 90, 'open', NULL) RETURNING id, status;
INSERT INTO shop.orders VALUES (12, 1, 1, 'open', NULL) RETURNING id, status;
TABLE decided;
TABLE exposed;

-- A status left NULL is set: the order is open, or on hold.
INSERT INTO shop.orders VALUES (13, 2, 60, NULL, NULL), (14, 2, 60, NULL, NULL) RETURNING id, status;
-- What the condition closes is left alone, and so is what arrives on hold.
INSERT INTO shop.orders VALUES (15, 1, 9999, 'closed', NULL), (16, 1, 9999, 'credit_hold', NULL) RETURNING id, status;
TABLE exposed;

-- Whoever takes an order off hold is told when it cannot be; nothing else about it is anybody's business here.
UPDATE shop.orders SET status = 'open' WHERE id = 10;
UPDATE shop.orders SET note = 'call them', total = 80 WHERE id = 10;
UPDATE shop.orders SET status = 'open' WHERE id = 10;
SELECT ar.post_payment(1, 'P-1', '2026-01-15', 80) IS NOT NULL AS paid;
UPDATE shop.orders SET status = 'open' WHERE id = 10;
SELECT id, status FROM orders WHERE id = 10;
SELECT outcome, order_id, amount, ordered FROM decided WHERE order_id = '10';
TABLE exposed;
\set VERBOSITY sqlstate
UPDATE shop.orders SET status = 'open' WHERE id = 12;
\set VERBOSITY terse
UPDATE shop.orders SET status = NULL WHERE id = 12;
UPDATE shop.orders SET status = 'anything open' WHERE id = 12;
UPDATE shop.orders SET status = 'closed' WHERE id = 12;
UPDATE shop.orders SET status = 'open' WHERE id = 12 RETURNING id, status;

-- Saved again, nothing happens twice.
CREATE TEMP TABLE before AS SELECT count(*) AS decisions, (SELECT sum(ordered) FROM exposed) AS ordered FROM decided;
UPDATE shop.orders SET note = 'saved again';
UPDATE shop.orders SET total = total, status = status, customer_id = customer_id;
SELECT count(*) - (SELECT decisions FROM before) AS decisions, (SELECT sum(ordered) FROM exposed) - (SELECT ordered FROM before) AS ordered
FROM decided;

-- An update that asks for more than there is puts the whole order on hold, and frees what it took.
UPDATE shop.orders SET total = 81 WHERE id = 10 RETURNING id, total, status;
TABLE exposed;
SELECT outcome, order_id, amount, ordered FROM decided WHERE order_id = '10';
UPDATE shop.orders SET total = 10, status = 'open' WHERE id = 10 RETURNING id, status;
UPDATE shop.orders SET total = 5 WHERE id = 10 RETURNING id, status;
-- To another customer: on hold there, if need be, and freed here.
UPDATE shop.orders SET customer_id = 2, total = 50 WHERE id = 10 RETURNING id, status;
TABLE exposed;
UPDATE shop.orders SET status = 'closed' WHERE id = 13;
UPDATE shop.orders SET status = 'open' WHERE id = 10 RETURNING id, status;
TABLE exposed;
DELETE FROM shop.orders WHERE id = 10;
TABLE exposed;

-- Many rows: each decided on what the rows before it have taken.
DELETE FROM shop.orders;
INSERT INTO shop.orders SELECT n, 1 + n % 2, 30, 'open' FROM generate_series(20, 31) n RETURNING id, customer_id, status;
TABLE exposed;
SELECT customer, outcome, count(*) FROM decided WHERE order_id BETWEEN '20' AND '31' GROUP BY 1, 2 ORDER BY 1, 2;
UPDATE shop.orders SET total = total + 4 WHERE status = 'open' AND customer_id = 2;
SELECT id, total, status FROM orders WHERE customer_id = 2 AND total <> 30;
COPY shop.orders FROM stdin;
40	2	10	open	\N
41	2	40	open	\N
42	2	22	open	\N
\.
SELECT id, status FROM orders WHERE id >= 40;
TABLE exposed;
SELECT * FROM ar.verify_ledger();

-- An upsert that inserts nothing takes nothing.
INSERT INTO shop.orders VALUES (40, 2, 5000, 'open') ON CONFLICT (id) DO NOTHING;
INSERT INTO shop.orders VALUES (40, 2, 11, 'open') ON CONFLICT (id) DO UPDATE SET total = excluded.total;
SELECT id, total, status FROM orders WHERE id = 40;
SELECT * FROM ar.verify_ledger();

-- A rule that says reject refuses in this mode too.
INSERT INTO ar.check_rule (rule_no, kind, action) VALUES (5, 'manual_hold', 'reject');
SELECT ar.place_hold(2, 'fraud') AS hold \gset
INSERT INTO shop.orders VALUES (50, 2, 0, 'open');
DELETE FROM ar.check_rule WHERE rule_no = 5;
INSERT INTO shop.orders VALUES (50, 2, 0, 'open') RETURNING id, status;
UPDATE shop.orders SET status = 'open' WHERE id = 50;
SELECT ar.release_hold(2, :hold, 'cleared');
UPDATE shop.orders SET status = 'open' WHERE id = 50 RETURNING id, status;

-- What other triggers make of the row is what is decided on.
CREATE FUNCTION shop.add_freight() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.total := new.total + 5; RETURN new; END $$;
CREATE TRIGGER freight BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.add_freight();
SELECT available FROM ar.check_credit(1, 0) \gset
INSERT INTO shop.orders VALUES (60, 1, :available - 4, 'open') RETURNING id, status;
INSERT INTO shop.orders VALUES (61, 1, :available - 5, 'open') RETURNING id, status;
-- ... and a trigger that puts the status back is refused, not believed.
CREATE FUNCTION shop.always_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.status := 'open'; RETURN new; END $$;
CREATE TRIGGER zzz_always_open BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.always_open();
INSERT INTO shop.orders VALUES (62, 1, 500, 'open');
DROP TRIGGER zzz_always_open ON shop.orders;
DROP TRIGGER freight ON shop.orders;

-- Subtransactions and failing statements leave nothing pending.
DO $$ BEGIN
	INSERT INTO shop.orders VALUES (70, 2, 1, 'open'), (70, 2, 1, 'open');
EXCEPTION WHEN unique_violation THEN NULL;
END $$;
BEGIN;
SAVEPOINT a;
INSERT INTO shop.orders VALUES (70, 2, 1, 'open') RETURNING id, status;
ROLLBACK TO a;
INSERT INTO shop.orders VALUES (71, 2, 1, 'open') RETURNING id, status;
COMMIT;
SELECT * FROM ar.verify_ledger();
SELECT ar.unwatch_orders('shop.orders');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass;

-- Status as an enum, a varchar, a padded char; partitions by another column; quoted names; no decisions kept.
CREATE TYPE shop.state AS ENUM ('new', 'on hold', 'done');
CREATE TABLE shop.enums (id bigint, customer_id integer, amount integer, state shop.state DEFAULT 'new');
CREATE TABLE shop."Char" ("Id" uuid, "Cust""omer" smallint, "A mount" smallint, "St'ate" char(5));
CREATE TABLE shop.parts (id bigint, customer_id bigint, amount numeric, state varchar(9), year integer) PARTITION BY RANGE (year);
CREATE TABLE shop.parts_26 PARTITION OF shop.parts FOR VALUES FROM (2026) TO (2027);
CREATE TABLE shop.parts_27 PARTITION OF shop.parts FOR VALUES FROM (2027) TO (2028);
SELECT ar.watch_orders('shop.enums', 'customer_id', 'amount', 'id', $$state <> 'done'$$, 'hold', 'state', 'new', 'on hold', record_decisions => false);
SELECT ar.watch_orders('shop."Char"', 'Cust"omer', 'A mount', 'Id', mode => 'hold', status_column => 'St''ate', open_value => 'new', hold_value => 'hold');
SELECT ar.watch_orders('shop.parts', 'customer_id', 'amount', 'id', mode => 'hold', status_column => 'state', open_value => 'new', hold_value => 'on hold');
SELECT ar.add_customer('Cygnus', 3), ar.set_credit_limit(3, 100);
INSERT INTO shop.enums (id, customer_id, amount) VALUES (1, 3, 40), (2, 3, 61) RETURNING id, state;
INSERT INTO shop."Char" VALUES ('00000000-0000-0000-0000-000000000001', 3, 40, 'new'), ('00000000-0000-0000-0000-000000000002', 3, 40, NULL) RETURNING "Id", "St'ate";
INSERT INTO shop.parts VALUES (1, 3, 15, 'new', 2026), (2, 3, 15, NULL, 2027) RETURNING id, state;
UPDATE shop.parts SET year = 2027 WHERE id = 1 RETURNING tableoid::regclass, id, state;
UPDATE shop.parts SET year = 2026, amount = 20 WHERE id = 1 RETURNING tableoid::regclass, id, state;
UPDATE shop.parts SET year = 2027, amount = 21 WHERE id = 1 RETURNING tableoid::regclass, id, state;
INSERT INTO shop.parts_26 VALUES (3, 3, 99, 'new', 2026) RETURNING id, state;
SELECT customer, ordered FROM exposed WHERE customer = 3;
SELECT outcome, source, order_id, amount FROM decided WHERE customer = 3;
UPDATE shop."Char" SET "St'ate" = 'new';
UPDATE shop."Char" SET "St'ate" = 'hold' RETURNING "Id", "St'ate";
UPDATE shop.enums SET state = 'done' WHERE id = 1;
UPDATE shop.enums SET state = 'new' WHERE id = 2 RETURNING id, state;
SELECT customer, ordered FROM exposed WHERE customer = 3;
SELECT * FROM ar.verify_ledger();
SELECT * FROM credit.check_ledger('ar');

SET client_min_messages = warning;
DROP SCHEMA ar, shop CASCADE;
