-- roles.sql: who may do what.  Run it as a superuser: it creates roles, and acts as each of them.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Kestrel Tooling') AS customer \gset

CREATE ROLE example_bi;			-- reports
CREATE ROLE example_billing;	-- posts invoices and payments
CREATE ROLE example_etl;		-- loads files
CREATE ROLE example_credit;		-- sets limits, places and releases holds
CREATE ROLE example_shop;		-- an application with orders, and no right on the ledger
SELECT ar.grant_access('example_bi', 'reader');
SELECT ar.grant_access('example_billing', 'poster');
SELECT ar.grant_access('example_etl', 'loader');
SELECT ar.grant_access('example_credit', 'credit_manager');

CREATE TABLE shop_order (id bigserial PRIMARY KEY, customer_id bigint NOT NULL, total numeric(12,2) NOT NULL);
SELECT ar.watch_orders('shop_order', customer => 'customer_id', amount => 'total', order_id => 'id');
GRANT SELECT, INSERT ON shop_order TO example_shop;
GRANT USAGE ON SEQUENCE shop_order_id_seq TO example_shop;

-- Billing posts, and changes nothing behind the functions' back.
SET ROLE example_billing;
SELECT ar.post_invoice(:customer, 'INV-1', '2026-05-01', 500, p_due_date => '2026-05-31') > 0 AS posted;
INSERT INTO ar.document (customer_id, kind, number, doc_date, amount) VALUES (1, 'payment', 'X', '2026-05-01', 500);
SELECT ar.set_credit_limit(:customer, 1000000);
RESET ROLE;

-- The loader copies in; the triggers keep the rest.
SET ROLE example_etl;
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM STDIN (FORMAT csv);
1,invoice,INV-2,2026-05-10,2026-06-09,250.00
\.
UPDATE ar.item SET open_amount = 0;
RESET ROLE;

-- The credit manager decides.
SET ROLE example_credit;
SELECT ar.set_credit_limit(:customer, 1000) > 0 AS limit_set;
SELECT receivable, unapplied, ordered, limit_amount FROM ar.exposure;
RESET ROLE;

-- The shop knows nothing of the ledger, and is held by it.
SET ROLE example_shop;
SELECT * FROM ar.aging_summary;
INSERT INTO shop_order (customer_id, total) VALUES (:customer, 200) RETURNING total;
INSERT INTO shop_order (customer_id, total) VALUES (:customer, 200);
RESET ROLE;

-- Reports read views.
SET ROLE example_bi;
SELECT customer_name, total FROM ar.aging_summary;
SELECT total, amounts FROM ar.aging_at('2026-06-30');
SELECT * FROM ar.document;
RESET ROLE;

-- Rights that go further than grant_access() gives are reported.
GRANT UPDATE ON ar.exposure TO example_shop;
SELECT problem, object, detail, hint FROM credit.check_ledger('ar');

-- Clean up.
DROP OWNED BY example_bi, example_billing, example_etl, example_credit, example_shop;
DROP ROLE example_bi, example_billing, example_etl, example_credit, example_shop;
