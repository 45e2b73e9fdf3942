-- watch_orders.sql: an application's own tables of orders under credit control.
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Blue Harbor Foods') AS customer \gset
SELECT ar.set_credit_limit(:customer, 10000, p_reason => 'review of spring') > 0 AS limit_set;
SELECT ar.post_invoice(:customer, 'INV-1', current_date - 10, 4000, p_due_date => current_date + 20) > 0 AS posted;

-- ---- Mode reject: an order that fails is refused ----

CREATE TABLE web_order (
	id bigserial PRIMARY KEY,
	customer_id bigint NOT NULL,
	total numeric(12,2) NOT NULL,
	status text NOT NULL DEFAULT 'new'
);
INSERT INTO web_order (customer_id, total) VALUES (1, 1500);	-- before the ledger watches: it counts from then on

SELECT ar.watch_orders('web_order', customer => 'customer_id', amount => 'total', order_id => 'id',
	open_when => $$status NOT IN ('cancelled', 'invoiced')$$);

-- Ask first, without writing anything.
SELECT outcome, exposure, limit_amount, available, shortfall FROM ar.check_credit(:customer, 3000);

INSERT INTO web_order (customer_id, total) VALUES (:customer, 3000);
INSERT INTO web_order (customer_id, total) VALUES (:customer, 2000);
\echo :LAST_ERROR_SQLSTATE
UPDATE web_order SET total = total + 1000.01 WHERE id = 1;	-- an increase is checked like an order

-- What is invoiced is an order no more, and a receivable instead: in one transaction.
BEGIN;
UPDATE web_order SET status = 'invoiced' WHERE id = 1;
SELECT ar.post_invoice(:customer, 'INV-2', current_date, 1500, p_due_date => current_date + 30) > 0 AS posted;
COMMIT;
SELECT receivable, unapplied, ordered FROM ar.exposure;

-- ---- Mode hold: an order that fails is saved, with a status that says so ----

CREATE TYPE order_status AS ENUM ('open', 'credit_hold', 'shipped');
CREATE TABLE sales_order (
	number text PRIMARY KEY,
	customer bigint NOT NULL,
	value numeric(12,2) NOT NULL,
	status order_status NOT NULL DEFAULT 'open'
);
SELECT ar.watch_orders('sales_order', customer => 'customer', amount => 'value', order_id => 'number',
	open_when => $$status <> 'shipped'$$,
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'credit_hold');

INSERT INTO sales_order VALUES ('SO-1', :customer, 1000), ('SO-2', :customer, 1000) RETURNING number, value, status;

-- Nobody takes it off hold while there is no credit for it; once there is, anybody may.
UPDATE sales_order SET status = 'open' WHERE number = 'SO-2';
SELECT ar.post_payment(:customer, 'PAY-1', current_date, 4000) > 0 AS paid;
UPDATE sales_order SET status = 'open' WHERE number = 'SO-2' RETURNING number, status;

-- ---- A manual hold stops everything ----

SELECT ar.place_hold(:customer, 'insolvency rumoured') AS hold \gset
INSERT INTO sales_order VALUES ('SO-3', :customer, 1) RETURNING number, status;
INSERT INTO web_order (customer_id, total) VALUES (:customer, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT ar.release_hold(:customer, :hold, 'not true');

-- ---- Rules are rows ----

-- Refuse outright whoever has an item more than 60 days past due; say so already from 90 percent of the limit.
INSERT INTO ar.check_rule (rule_no, kind, threshold, action) VALUES
	(25, 'oldest_overdue', 60, 'reject'),
	(28, 'limit_use', 90, 'warn');
SELECT c.outcome, r.rule_no, r.kind, r.figure, r.threshold, r.outcome AS rule_says
FROM ar.check_credit(:customer, 3500) AS c,
	jsonb_to_recordset(c.checks) AS r (rule_no integer, kind text, figure numeric, threshold numeric, outcome text);

-- Every order that was let in, or put on hold, with the figures of that moment.
SELECT decision_id, outcome, source, order_id, amount, receivable, unapplied, ordered, limit_amount
FROM ar.decision ORDER BY decision_id;
SELECT * FROM ar.verify_ledger();
