-- Mode reject: an order that fails the check is refused, whoever writes it and however.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS ar, shop CASCADE;
DROP ROLE IF EXISTS hold_clerk;
SELECT credit.create_ledger('ar', 'USD');
RESET client_min_messages;

SELECT ar.add_customer('Acme', 1), ar.add_customer('Borealis', 2), ar.add_customer('No limit', 3);
SELECT ar.set_credit_limit(1, 1000), ar.set_credit_limit(2, 500);
SELECT ar.post_invoice(1, 'I-1', '2026-01-01', 300, '2026-01-31') AS invoice, ar.post_payment(1, 'P-1', '2026-01-15', 100) AS payment;

CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id bigint, total numeric, status text DEFAULT 'new', note text);
CREATE TEMP VIEW exposed AS
	SELECT customer_id AS customer, receivable, unapplied, trim_scale(ordered) AS ordered FROM ar.exposure WHERE currency = 'USD' ORDER BY customer_id;
CREATE TEMP VIEW decided AS
	SELECT customer_id AS customer, outcome, source, order_id, amount, receivable, unapplied, ordered, limit_amount AS "limit"
	FROM ar.decision ORDER BY decision_id;

-- Orders that are open when watching begins are counted, not checked; closed ones are not counted.
INSERT INTO shop.orders VALUES (1, 1, 100, 'new'), (2, 1, 50, 'cancelled'), (3, 3, 70, 'new'), (4, 1, 25, NULL);
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id',
	open_when => $$status NOT IN ('cancelled', 'invoiced')$$);
TABLE exposed;
SELECT tgname, pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass ORDER BY tgname;
SELECT table_schema, table_name, customer_column, amount_column, order_id_column, currency_column, open_when, mode, record_decisions,
	registered_by = session_user AS by_us FROM ar.watched_table;

-- 1000 limit - 200 balance - 125 ordered = 675 available.  Up to the cent, and not one more.
SELECT outcome, exposure, limit_amount, available, shortfall FROM ar.check_credit(1, 675);
SELECT outcome, exposure, limit_amount, available, shortfall FROM ar.check_credit(1, 675.01);
INSERT INTO shop.orders VALUES (10, 1, 675.01);
INSERT INTO shop.orders VALUES (10, 1, 675);
INSERT INTO shop.orders VALUES (11, 1, 0.01);
-- Nothing asked for, nothing exceeded.
INSERT INTO shop.orders VALUES (11, 1, 0);
TABLE exposed;
TABLE decided;
SELECT jsonb_pretty(checks) AS checks FROM ar.decision WHERE order_id = '10';
SELECT decided_for = session_user AS for_us, decided_at <= now() AS in_time FROM ar.decision WHERE order_id = '10';

-- Codes an application can branch on: no limit, limit exceeded, hold.
\set VERBOSITY sqlstate
INSERT INTO shop.orders VALUES (12, 3, 1);
INSERT INTO shop.orders VALUES (12, 1, 1);
SELECT ar.place_hold(2, 'court order') AS hold \gset
INSERT INTO shop.orders VALUES (12, 2, 1);
\set VERBOSITY default
INSERT INTO shop.orders VALUES (12, 3, 1);
INSERT INTO shop.orders VALUES (12, 2, 0);
SELECT ar.release_hold(2, :hold, 'settled in court');
INSERT INTO shop.orders VALUES (12, 2, 100);
-- The detail is the whole decision, as JSON; from here on the message is enough.
DO $$
DECLARE
	detail text;
BEGIN
	INSERT INTO shop.orders VALUES (13, 1, 5);
EXCEPTION WHEN SQLSTATE 'RC002' THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE NOTICE 'shortfall % of rule %', detail::jsonb->'shortfall', detail::jsonb->'checks'->-1->>'kind';
END $$;
\set VERBOSITY terse

-- The update that asks for more is checked for what it adds; one that asks for less, or nothing, always passes.
UPDATE shop.orders SET total = 676 WHERE id = 10;
UPDATE shop.orders SET total = 674, note = 'less' WHERE id = 10;
UPDATE shop.orders SET total = 675 WHERE id = 10;
UPDATE shop.orders SET note = 'more' WHERE id = 10;
SELECT ar.set_credit_limit(1, 10) IS NOT NULL AS limit_cut;
UPDATE shop.orders SET note = 'still' WHERE id = 10;
UPDATE shop.orders SET total = 600 WHERE id = 10;
UPDATE shop.orders SET total = 601 WHERE id = 10;
SELECT ar.set_credit_limit(1, 1000) IS NOT NULL AS limit_raised;
SELECT order_id, amount, ordered FROM decided WHERE order_id = '10';
-- Closing frees, re-opening is checked like a new order.
UPDATE shop.orders SET status = 'invoiced' WHERE id = 10;
INSERT INTO shop.orders VALUES (13, 1, 600);
UPDATE shop.orders SET status = 'new' WHERE id = 10;
DELETE FROM shop.orders WHERE id = 13;
UPDATE shop.orders SET status = 'new' WHERE id = 10;
-- Another customer: checked in full there, freed here.
UPDATE shop.orders SET customer_id = 2 WHERE id = 10;
UPDATE shop.orders SET customer_id = 2 WHERE id = 1;
-- ... and with another id, it is the same order.
UPDATE shop.orders SET id = 100 WHERE id = 10;
TABLE exposed;

-- Many rows: decided one after the other, refused together.
INSERT INTO shop.orders SELECT n, 1, 50 FROM generate_series(20, 24) n;
SELECT ordered FROM exposed WHERE customer = 1;
INSERT INTO shop.orders SELECT n, 1, 20 FROM generate_series(20, 24) n;
SELECT order_id, amount, ordered FROM decided WHERE order_id BETWEEN '20' AND '24';
INSERT INTO shop.orders VALUES (30, 1, 1), (31, 2, 1), (32, 3, 1);
UPDATE shop.orders SET total = total + 100 WHERE id BETWEEN 20 AND 24;
UPDATE shop.orders SET total = total - 5 WHERE id BETWEEN 20 AND 24;
COPY shop.orders FROM stdin;
30	2	150	new	\N
31	2	150.01	new	\N
\.
COPY shop.orders FROM stdin;
30	2	150	new	\N
31	2	150	new	\N
\.
TABLE exposed;
-- Value moved from one order to another in one statement asks for nothing, whichever row comes first.
UPDATE shop.orders SET total = CASE id WHEN 30 THEN 100 ELSE 200 END WHERE id IN (30, 31);
UPDATE shop.orders SET total = CASE id WHEN 30 THEN 250 ELSE 50 END WHERE id IN (30, 31);
UPDATE shop.orders SET total = CASE id WHEN 30 THEN 50 ELSE 250.01 END WHERE id IN (30, 31);
SELECT id, total FROM shop.orders WHERE id IN (30, 31) ORDER BY id;

-- Upserts and MERGE: what is stored counts, what is skipped does not.
INSERT INTO shop.orders VALUES (1, 1, 9999) ON CONFLICT (id) DO NOTHING;
INSERT INTO shop.orders VALUES (20, 1, 30) ON CONFLICT (id) DO UPDATE SET total = excluded.total;
INSERT INTO shop.orders VALUES (20, 1, 9999) ON CONFLICT (id) DO UPDATE SET total = excluded.total;
MERGE INTO shop.orders o USING (VALUES (21, 16), (40, 1)) n (id, total) ON o.id = n.id
	WHEN MATCHED THEN UPDATE SET total = n.total
	WHEN NOT MATCHED THEN INSERT (id, customer_id, total) VALUES (n.id, 1, n.total);
MERGE INTO shop.orders o USING (VALUES (21, 16), (41, 9999)) n (id, total) ON o.id = n.id
	WHEN MATCHED THEN DELETE
	WHEN NOT MATCHED THEN INSERT (id, customer_id, total) VALUES (n.id, 1, n.total);
SELECT id, total FROM shop.orders WHERE id IN (1, 20, 21, 40, 41) ORDER BY id;

-- Subtransactions: what is rolled back frees what it took.
BEGIN;
SAVEPOINT a;
INSERT INTO shop.orders VALUES (50, 1, 40);
ROLLBACK TO a;
INSERT INTO shop.orders VALUES (50, 1, 9999);
ROLLBACK TO a;
INSERT INTO shop.orders VALUES (50, 1, 40);
COMMIT;
-- ... also the rows before the one that failed.
BEGIN;
SAVEPOINT a;
INSERT INTO shop.orders VALUES (52, 1, 7), (53, NULL, 1);
ROLLBACK TO a;
INSERT INTO shop.orders VALUES (52, 1, 7);
COMMIT;
SELECT * FROM ar.verify_ledger();
DO $$ BEGIN
	INSERT INTO shop.orders VALUES (51, 1, 9999);
EXCEPTION WHEN SQLSTATE 'RC002' THEN
	INSERT INTO shop.orders VALUES (51, 1, 0);
END $$;
SELECT id, total FROM shop.orders WHERE id IN (50, 51) ORDER BY id;
TABLE exposed;

-- A payment frees credit at once; an invoice takes it.
SELECT ar.post_payment(1, 'P-2', '2026-02-01', 500) IS NOT NULL AS paid;
INSERT INTO shop.orders VALUES (60, 1, 500);
DELETE FROM shop.orders WHERE id = 60;
SELECT ar.post_invoice(1, 'I-2', '2026-02-01', 500, '2026-03-01') IS NOT NULL AS invoiced;
INSERT INTO shop.orders VALUES (60, 1, 500);

-- Asking writes nothing, unless asked to.
CREATE TEMP TABLE decisions AS SELECT count(*) AS n FROM ar.decision;
SELECT outcome, shortfall FROM ar.check_credit(1, 5000);
SELECT outcome, shortfall FROM ar.check_credit(1, 5000, 'USD', p_record => true);
SELECT count(*) - (SELECT n FROM decisions) AS recorded, (array_agg(source ORDER BY decision_id DESC))[1] AS source FROM ar.decision;

-- TRUNCATE would take open orders out of sight.
\set VERBOSITY default
TRUNCATE shop.orders;
\set VERBOSITY terse

-- A clerk needs rights on the orders, and none on the ledger; a view is no way around.
CREATE ROLE hold_clerk;
GRANT USAGE ON SCHEMA shop TO hold_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.orders TO hold_clerk;
CREATE VIEW shop.todays AS SELECT id, customer_id, total FROM shop.orders;
GRANT INSERT ON shop.todays TO hold_clerk;
SET ROLE hold_clerk;
INSERT INTO shop.orders VALUES (70, 1, 1);
INSERT INTO shop.orders VALUES (71, 1, 9999);
INSERT INTO shop.todays VALUES (71, 1, 9999);
UPDATE shop.orders SET total = 9999 WHERE id = 70;
DELETE FROM shop.orders WHERE id = 70;
SELECT * FROM ar.exposure;
SELECT * FROM ar.check_credit(1, 1);
SET search_path = pg_temp;
INSERT INTO shop.orders VALUES (70, 1, 1);
RESET search_path;
RESET ROLE;

-- A trigger alone makes nothing count.
\set VERBOSITY default
CREATE TABLE shop.sneaked (id integer, customer_id bigint, total numeric);
CREATE TRIGGER credit_control_gather AFTER INSERT ON shop.sneaked FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar');
INSERT INTO shop.sneaked VALUES (1, 1, 1);
DROP TABLE shop.sneaked;
-- ... and one more on a table that is watched counts nothing twice.
CREATE TRIGGER twice AFTER DELETE ON shop.orders FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar');
DELETE FROM shop.orders WHERE id = 60;
DELETE FROM shop.orders WHERE id = 1;
SELECT problem, object FROM credit.check_ledger('ar');
DROP TRIGGER twice ON shop.orders;
\set VERBOSITY terse

-- Partitions.  An order that moves is checked for what it adds; a leaf written directly is settled by the commit.
CREATE TABLE shop."Web Orders" ("No" text, "Buyer" integer, "Value" integer, region text) PARTITION BY LIST (region);
CREATE TABLE shop.east PARTITION OF shop."Web Orders" FOR VALUES IN ('east');
CREATE TABLE shop.west PARTITION OF shop."Web Orders" FOR VALUES IN ('west');
SELECT ar.watch_orders('shop."Web Orders"', 'Buyer', 'Value', 'No', record_decisions => false);
SELECT ar.add_customer('Delphi', 4) AS customer, ar.set_credit_limit(4, 200) IS NOT NULL AS with_limit;
INSERT INTO shop."Web Orders" VALUES ('a', 4, 80, 'east');
INSERT INTO shop."Web Orders" VALUES ('b', 4, 80, 'east');
UPDATE shop."Web Orders" SET region = 'west' WHERE "No" = 'a';
UPDATE shop."Web Orders" SET region = 'east', "Value" = 100 WHERE "No" = 'a';
UPDATE shop."Web Orders" SET region = 'west', "Value" = 121 WHERE "No" = 'a';
SELECT tableoid::regclass AS leaf, * FROM shop."Web Orders" ORDER BY "No";
SELECT ordered FROM exposed WHERE customer = 4;
BEGIN;
INSERT INTO shop.west VALUES ('c', 4, 21, 'west');
COMMIT;
SELECT count(*) AS in_west FROM shop.west;
BEGIN;
DELETE FROM shop.east WHERE "No" = 'a';
INSERT INTO shop.west VALUES ('c', 4, 99, 'west');
SELECT exposure FROM ar.check_credit(4, 0);
COMMIT;
SELECT ordered FROM exposed WHERE customer = 4;
BEGIN;
SAVEPOINT a;
INSERT INTO shop.west VALUES ('d', 4, 5, 'west');
ROLLBACK TO a;
INSERT INTO shop.west VALUES ('d', 4, 5, 'west');
RELEASE a;
COMMIT;
SELECT ordered FROM exposed WHERE customer = 4;
TRUNCATE shop.west;
TRUNCATE shop."Web Orders";
SELECT count(*) AS recorded FROM decided WHERE source LIKE '%Web%';
SELECT ar.unwatch_orders('shop."Web Orders"');
TRUNCATE shop."Web Orders";

-- Renamed, it refuses rather than counts for nobody; put right, it goes on.
\set VERBOSITY default
ALTER TABLE shop.orders RENAME TO sales;
INSERT INTO shop.sales VALUES (80, 1, 1);
SELECT problem, object FROM credit.check_ledger('ar');
ALTER TABLE shop.sales RENAME TO orders;
INSERT INTO shop.orders VALUES (80, 1, 1);
ALTER TABLE shop.orders RENAME COLUMN total TO value;
INSERT INTO shop.orders VALUES (81, 1, 1);
ALTER TABLE shop.orders RENAME COLUMN value TO total;
INSERT INTO shop.orders VALUES (81, 1, 1);
SELECT * FROM credit.check_ledger('ar');

-- Every kept figure is what recomputing gives; unwatched, the orders count no more.
SELECT * FROM ar.verify_ledger();
SELECT ar.unwatch_orders('shop.orders');
TABLE exposed;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass AND NOT tgisinternal;
INSERT INTO shop.orders VALUES (90, 1, 9999);
SELECT * FROM ar.verify_ledger();
-- A table that was dropped is taken out of the count too.
SELECT ar.set_credit_limit(1, 100000) IS NOT NULL AS raised;
SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id');
SELECT ordered FROM exposed WHERE customer = 1;
DROP TABLE shop.orders CASCADE;
SELECT problem, object FROM credit.check_ledger('ar');
SELECT ar.unwatch_orders('shop.orders');
SELECT ordered FROM exposed WHERE customer = 1;

-- Decisions, limits and holds are only added to.
UPDATE ar.decision SET outcome = 'approve';
DELETE FROM ar.decision;
TRUNCATE ar.decision;
UPDATE ar.credit_limit SET amount = 1;
TRUNCATE ar.credit_limit;
UPDATE ar.hold SET reason = 'x';
DELETE FROM ar.hold_release;
\set VERBOSITY sqlstate
DELETE FROM ar.credit_limit;
DELETE FROM ar.hold;
UPDATE ar.hold_release SET reason = 'x';
TRUNCATE ar.hold_release;
TRUNCATE ar.hold CASCADE;
\set VERBOSITY default

SET client_min_messages = warning;
DROP SCHEMA ar, shop CASCADE;
DROP ROLE hold_clerk;
