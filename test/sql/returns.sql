-- Returns and cores: authorized, received, inspected, credited; owed back, taken back, given up.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), '20\d\d-\d\d-\d\d', 'DATE', 'g');
END $$;
CREATE VIEW pg_temp.account AS SELECT d.customer_id, d.kind, d.number, d.amount, i.open_amount FROM item i JOIN document d USING (customer_id, document_id);
DO $$ BEGIN
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2), add_customer('Heron Garage', 3);
	-- The date of the first is long ago, so that its window has passed.
	PERFORM post_invoice(1, 'I-1', '2025-01-01', 120, '2025-01-31', p_lines => '[{"product": "A1", "quantity": 10, "unit_price": 10, "tax_rate": 20}]');
	PERFORM post_invoice(1, 'I-2', current_date - 5, 2400, current_date + 25, p_lines => '[{"product": "A1", "quantity": 100, "unit_price": 10, "tax_rate": 20},
		{"product": "B2", "quantity": 50, "unit_price": 20, "tax_rate": 20}]');
END $$;
INSERT INTO return_policy (reason_code, product, window_days, restocking_percent) VALUES ('return', NULL, 30, 0), ('return', 'B2', 60, 15);

-- Authorized, and only what was billed and is not on its way already.
SELECT authorize_return(1, 2, 'return', '[{"line_no": 1, "quantity": 20}, {"line_no": 2, "quantity": 10}]', 'RMA-1', current_date + 10, 'too many') AS rma;
SELECT pg_temp.try($$SELECT authorize_return(1, 2, 'return', '[{"line_no": 1, "quantity": 81}]', 'RMA-2')$$);
SELECT pg_temp.try($$SELECT authorize_return(1, 2, 'return', '[{"line_no": 1, "quantity": 1.5}]', 'RMA-2')$$);
SELECT pg_temp.try($$SELECT authorize_return(1, 2, 'return', '[{"line_no": 1, "quantity": 1}]', 'RMA-1')$$);
SELECT pg_temp.try($$SELECT authorize_return(1, 2, 'goodwill', '[{"line_no": 1, "quantity": 1}]', 'RMA-2')$$);
SELECT pg_temp.try($$SELECT authorize_return(1, 1, 'return', '[{"line_no": 1, "quantity": 1}]', 'RMA-2')$$);
SELECT pg_temp.try($$SELECT authorize_return(2, 2, 'return', '[{"line_no": 1, "quantity": 1}]', 'RMA-2')$$);
SELECT number, line_no, stage, quantity, age, expired FROM aged_returns ORDER BY 1, 2;

-- Received within the window, inspected, credited less the restocking fee.
SELECT pg_temp.try($$SELECT receive_return(1, 1, 1, 20, current_date + 11)$$);
SELECT pg_temp.try($$SELECT receive_return(1, 1, 1, 21)$$);
SELECT pg_temp.try($$SELECT receive_return(1, 1, 3, 1)$$);
SELECT receive_return(1, 1, 1, 12, p_condition => 'boxed') AS first, receive_return(1, 1, 2, 10) AS second;
SELECT pg_temp.try($$SELECT receive_return(1, 1, 1, 9)$$);
SELECT pg_temp.try($$SELECT inspect_return(1, 1, 1, 10, 3)$$);
SELECT inspect_return(1, 1, 1, 9, 2, 'two are scratched') AS to_credit, inspect_return(1, 1, 2, 10) AS to_credit_2;
SELECT number, line_no, stage, quantity FROM aged_returns ORDER BY 1, 2, 3;
SELECT pg_temp.try($$SELECT request_credit(1, 2, 'return', '[{"line_no": 1, "quantity": 10}]', p_return_authorization_id => 1)$$);
SELECT pg_temp.try($$SELECT request_credit(1, 1, 'return', '[{"line_no": 1, "quantity": 1}]', p_return_authorization_id => 1)$$);
SELECT credit_return(1, 1) AS request;
SELECT line_no, quantity, unit_price, net_amount, tax_amount, line_total FROM credit_request_line;
SELECT pg_temp.try($$SELECT credit_return(1, 1)$$);
SELECT issue_credit(1, 1, 'CN-1') AS note \gset
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 1 ORDER BY number;
SELECT cancel_return(1, 1, 'the others were sold') AS lines;
SELECT number, line_no, stage, quantity FROM aged_returns ORDER BY 1, 2, 3;
SELECT quantity, received, accepted, rejected, cancelled, credited FROM return_status ORDER BY line_no;
SELECT pg_temp.try($$SELECT merge_customers(1, 2, 'one company')$$);
SELECT pg_temp.try($$DELETE FROM return_event$$);
-- An invoice that names the return, such as one for what was sent in its place, is what the rest of the credit is for.
SELECT inspect_return(1, 1, 1, 1) AS rest;
SELECT issue_credit(1, credit_return(1, 1), 'CN-2', p_match => false) > 0 AS issued;
SELECT apply_payment(1, post_payment(1, 'P-1', current_date, 2400 - 108 - 204 + 120)) AS paid;
SELECT post_invoice(1, 'I-3', current_date, 50, current_date, p_reference => 'RMA-1') > 0 AS replacement;
SELECT credit_number, debit_number, amount, rule, outcome FROM match_credit_notes(1, false);

-- Core deposit of 75.00 sold on 2026-03-01 with 30 days: returned on 03-31 it is credited, on 04-01 it is forfeited, with a
-- cracked housing there is no full refund (DSL Electronics, core return terms).
SELECT add_core(2, 'ALT-75', 1, 75, 30, p_number => 'CC-' || n, p_sold_on => '2026-03-01') AS deposit FROM generate_series(1, 4) n;
SELECT receive_core(2, 1, p_returned_on => '2026-03-31') AS in_time, receive_core(2, 2, p_returned_on => '2026-04-01') AS late,
	receive_core(2, 3, p_grade => 'damaged', p_returned_on => '2026-03-20') AS cracked;
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 2 ORDER BY kind, number;
SELECT core_deposit_id, quantity, returned, forfeited, outstanding, outstanding_amount, due_on FROM core_bank WHERE customer_id = 2 ORDER BY 1;
SELECT pg_temp.try($$SELECT receive_core(2, 1)$$);
SELECT pg_temp.try($$SELECT receive_core(2, 4, 2)$$);
SELECT pg_temp.try($$SELECT receive_core(2, 4, 0.5)$$);
SELECT pg_temp.try($$SELECT receive_core(2, 4, p_grade => 'lost')$$);
SELECT pg_temp.try($$SELECT receive_core(2, 4, p_returned_on => '2026-02-28')$$);
SELECT pg_temp.try($$SELECT receive_core(3, 4)$$);

-- Charged with the invoice, or not charged until it does not come back: once, however often it is called.
SELECT post_invoice(3, 'I-4', '2026-03-01', 300, '2026-03-31') AS i4 \gset
SELECT add_core(3, 'ALT-75', 2, 75, p_document_id => :i4) AS charged, add_core(3, 'ST-40', 4, 40, p_document_id => :i4, p_charged => false) AS lent;
SELECT pg_temp.try(format('SELECT add_core(3, ''ALT-75'', 3, 75, p_document_id => %s)', :i4));
SELECT receive_core(3, 5, 1, p_returned_on => '2026-03-15') AS credited, receive_core(3, 6, 2, 'damaged', '2026-03-15') AS spared;
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 3 ORDER BY kind, number;
SELECT customer_id, core_deposit_id, product, quantity, amount, currency, document_id IS NOT NULL AS charged FROM charge_unreturned_cores('2026-03-31');
SELECT customer_id, core_deposit_id, product, quantity, amount, currency, document_id IS NOT NULL AS charged FROM charge_unreturned_cores('2026-04-01');
SELECT count(*) AS again FROM charge_unreturned_cores('2026-04-01');
SELECT pg_temp.try($$SELECT receive_core(3, 6, 1)$$);
SELECT pg_temp.try($$SELECT charge_unreturned_cores('infinity')$$);
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 3 ORDER BY kind, number;
SELECT customer_id, product, quantity, returned, forfeited, outstanding FROM core_bank ORDER BY 1, core_deposit_id;
-- What is credited of the invoice with its deposits never comes to more than it.
SELECT pg_temp.try(format('SELECT request_credit(3, %s, ''billing_error'', p_amount => 226)', :i4));
SELECT * FROM verify_ledger();

-- Notes and the like, on whatever there is.
SELECT add_note(1, 'return_authorization', 1, 'called twice') AS note, attach(1, 'credit_request', 1, 'file:///scan/1.pdf', sha256('scan'), 'delivery note') AS attachment,
	add_task(1, 'document', 1, 'ask for proof of delivery', 'anna', '2026-04-01') AS task, record_inquiry(1, 'customer', 1, 'Ms Hill', 'warehouse', 'phone', 'were they opened?', 'two') AS inquiry;
SELECT add_tag(1, 'item', 1, 'urgent'), add_tag(1, 'item', 1, 'urgent'), add_tag(3, 'core_deposit', 5, 'urgent');
SELECT customer_id, subject, subject_id FROM tag WHERE tag = 'urgent';
SELECT remove_tag(1, 'item', 1, 'urgent') AS removed, remove_tag(1, 'item', 1, 'urgent') AS again;
SELECT finish_task(1, 1);
SELECT pg_temp.try('SELECT finish_task(1, 1)');
SELECT body, owner, done_by = actor() AS done_by_me FROM task;
SELECT pg_temp.try($$SELECT add_note(1, 'dispute', 1, 'x')$$);
SELECT pg_temp.try($$SELECT add_note(1, 'customer', 2, 'x')$$);
SELECT pg_temp.try($$SELECT add_note(1, 'weather', 1, 'x')$$);
SELECT pg_temp.try($$SELECT add_tag(1, 'customer', 1, ' x')$$);
SELECT pg_temp.try($$UPDATE task SET body = 'x'$$);
SELECT pg_temp.try($$UPDATE note SET body = 'x'$$);
DROP SCHEMA ar CASCADE;
