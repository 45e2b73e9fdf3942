-- Credits from the request to the credit note: validated, approved, issued, never twice.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'EUR', time_zone => 'UTC'); END $$;
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
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
CREATE FUNCTION pg_temp.doc(num text) RETURNS bigint LANGUAGE sql AS $$SELECT document_id FROM ar.document WHERE number = num$$;
CREATE FUNCTION pg_temp.item(num text) RETURNS bigint LANGUAGE sql AS $$SELECT min(item_id) FROM ar.item WHERE document_id = pg_temp.doc(num)$$;
CREATE VIEW pg_temp.account AS SELECT d.customer_id, d.kind, d.number, d.amount, i.open_amount FROM item i JOIN document d USING (customer_id, document_id);
DO $$ BEGIN
	PERFORM add_customer('Customer ' || c, c) FROM generate_series(1, 9) c;
	PERFORM post_invoice(1, 'I-1', '2026-01-01', 595, '2026-01-31', p_lines => '[{"product": "A1", "description": "bolt", "quantity": 10, "unit_price": 20, "tax_rate": 19},
		{"product": "B2", "quantity": 2.50, "unit_price": 100, "tax_rate": 19}, {"product": "C3", "quantity": 1, "unit_price": 50, "tax_rate": 19}]');
	PERFORM post_invoice(1, 'I-2', '2026-01-01', 100, '2026-01-31');
END $$;

-- What is valid of what is asked for, line by line.
SELECT line_no, quantity, unit_price, net_amount, tax_amount, line_total, valid_total, exceeds, problems
FROM validate_credit(1, pg_temp.doc('I-1'), 'price_error', '[{"line_no": 1, "unit_price": 1.5}, {"line_no": 2, "quantity": 2}, {"line_no": 3, "quantity": 2}]');
SELECT line_no, line_total, valid_total, problems
FROM validate_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 1, "quantity": 0.5}, {"line_no": 2, "quantity": 0.255}, {"line_no": 3, "unit_price": 50.01}]');
-- An amount of a document with lines has their rates of tax.
SELECT line_no, quantity, unit_price, tax_rate, tax_amount, line_total FROM validate_credit(1, pg_temp.doc('I-1'), 'goodwill', p_amount => 100);
SELECT line_total, valid_total, problems FROM validate_credit(1, pg_temp.doc('I-2'), 'goodwill', p_amount => 100.01);

-- What is asked for counts from then on.
SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 1, "quantity": 6}]', p_description => 'six were missing') AS r1;
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'damage', '[{"line_no": 1, "quantity": 5}]')$$);
SELECT request_credit(1, pg_temp.doc('I-1'), 'damage', '[{"line_no": 1, "quantity": 4}]') AS r2;
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'price_error', '[{"line_no": 1, "quantity": 1, "unit_price": 0.01}]')$$);
-- Rejected, it does not any more; changed, the other one does.
SELECT reject(1, (SELECT approval_id FROM credit_requests WHERE credit_request_id = 2), 'they were not damaged');
SELECT change_credit(1, 1, 'seven, as it turned out', '[{"line_no": 1, "quantity": 7}]') AS r3;
SELECT credit_request_id, number, reason_code, description, amount, status, replaces FROM credit_requests ORDER BY 1;
SELECT pg_temp.try($$SELECT change_credit(1, 1, 'eight', '[{"line_no": 1, "quantity": 8}]')$$);
SELECT pg_temp.try($$SELECT issue_credit(1, 1)$$);

-- Bad input changes nothing.
SELECT pg_temp.try($$SELECT request_credit(2, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 1}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 4}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 2}, {"line_no": 2}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line": 2}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 2, "quantity": "NaN"}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 2, "quantity": 1.255}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-1'), 'return', '[{"line_no": 2, "quantity": 1}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-2'), 'goodwill', '[{"line_no": 1}]')$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-2'), 'goodwill', p_amount => 100.01)$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-2'), 'goodwill', p_amount => 1.005)$$);
SELECT pg_temp.try($$SELECT request_credit(1, pg_temp.doc('I-2'), 'goodwill', p_amount => 1, p_currency => 'USD')$$);
SELECT pg_temp.try($$SELECT post_document('credit_note', 1, 'CN-X', '2026-02-01', 100.01, p_source_document_id => pg_temp.doc('I-2'))$$);
SELECT pg_temp.try($$SELECT void_document(1, pg_temp.doc('I-1'), 'oops')$$);
SELECT pg_temp.try($$UPDATE credit_request SET amount = 1$$);
SELECT count(*) FROM credit_request;

-- Issued: with its lines, applied to what it names.
SELECT issue_credit(1, 3, 'CN-1', '2026-02-01') > 0 AS issued;
SELECT line_no, product, description, quantity, unit_price, net_amount, tax_amount, line_total FROM document_line WHERE document_id = pg_temp.doc('CN-1');
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 1 ORDER BY number;
SELECT pg_temp.try($$SELECT issue_credit(1, 3)$$);
SELECT pg_temp.try($$SELECT void_document(1, pg_temp.doc('I-1'), 'oops')$$);
SELECT step, amount, detail FROM credit_audit WHERE credit_request_id IN (1, 3);
SELECT number, amount, reason_code, invoice_number, open_amount, voided FROM credit_notes_issued;
-- Voided, it can be asked for again.
SELECT void_document(1, pg_temp.doc('CN-1'), 'two came after all', '2026-02-02') > 0 AS voided;
SELECT status FROM credit_requests WHERE credit_request_id = 3;
SELECT request_credit(1, pg_temp.doc('I-1'), 'quantity', '[{"line_no": 1, "quantity": 10}]') > 3 AS again;
SELECT pg_temp.try($$SELECT issue_credit(1, 4, p_doc_date => '2025-12-31')$$);

-- Many small credits of a line: their tax is that of the line, to the cent.
DO $$
DECLARE
	r bigint;
BEGIN
	PERFORM post_invoice(2, 'I-3', '2026-01-01', 8.33, '2026-01-31', p_lines => '[{"quantity": 7, "unit_price": 1, "tax_rate": 19}]');
	FOR n IN 1 .. 7 LOOP
		r := request_credit(2, pg_temp.doc('I-3'), 'quantity', '[{"line_no": 1, "quantity": 1}]');
		IF n % 2 = 0 THEN
			PERFORM issue_credit(2, r);
		END IF;
	END LOOP;
END $$;
SELECT array_agg(l.tax_amount ORDER BY l.credit_request_line_id) AS taxes, sum(l.tax_amount) AS tax, sum(l.line_total) AS total
FROM credit_request_line l WHERE customer_id = 2;

-- What rounding left aside before is made up for by a cent at most, either way: 20 cents without tax, and 10 times 3 cents with 1.
DO $$ BEGIN
	PERFORM post_invoice(8, 'I-8' || c, '2026-01-01', 8.33, '2026-01-31', p_lines => '[{"quantity": 7, "unit_price": 1, "tax_rate": 19}]') FROM unnest('{a,b}'::text[]) c;
	PERFORM request_credit(8, pg_temp.doc('I-8a'), 'goodwill', p_amount => 0.01) FROM generate_series(1, 20);
	PERFORM request_credit(8, pg_temp.doc('I-8b'), 'goodwill', p_amount => 0.04) FROM generate_series(1, 10);
END $$;
SELECT d.number, sum(l.net_amount) AS net, sum(l.tax_amount) AS tax FROM credit_requests r JOIN credit_request_line l USING (customer_id, credit_request_id) JOIN document d USING (customer_id, document_id)
WHERE r.customer_id = 8 GROUP BY 1 ORDER BY 1;
SELECT n, v.net_amount, v.tax_amount FROM unnest('{I-8a,I-8b}'::text[]) n, validate_credit(8, pg_temp.doc(n), 'quantity', '[{"line_no": 1, "quantity": 1}]') v ORDER BY 1;
-- The last one takes what is left of net and tax, and can be issued.
SELECT n, issue_credit(8, request_credit(8, pg_temp.doc(n), 'goodwill', p_amount => 8.33 - CASE n WHEN 'I-8a' THEN 0.20 ELSE 0.40 END), 'CN-' || n) > 0 AS issued
FROM unnest('{I-8a,I-8b}'::text[]) n ORDER BY 1;
SELECT d.number, l.net_amount, l.tax_amount FROM document_line l JOIN document d USING (customer_id, document_id) WHERE d.number IN ('CN-I-8a', 'CN-I-8b') ORDER BY 1;
-- Tax that is used up is not credited again; what is left of it is, when nothing else is.
DO $$ BEGIN
	PERFORM post_invoice(8, 'I-8c', '2026-01-01', 0.83, '2026-01-31', p_lines => '[{"quantity": 7, "unit_price": 0.10, "tax_rate": 19}]');
	PERFORM request_credit(8, pg_temp.doc('I-8c'), 'goodwill', p_amount => 0.04) FROM generate_series(1, 14);
	PERFORM post_invoice(8, 'I-8d', '2026-01-01', 0.06, '2026-01-31', p_lines => '[{"quantity": 1, "unit_price": 0.05, "tax_rate": 19}]');
	PERFORM request_credit(8, pg_temp.doc('I-8d'), 'goodwill', p_amount => 0.01) FROM generate_series(1, 5);
END $$;
SELECT d.number, sum(l.net_amount) AS net, sum(l.tax_amount) AS tax FROM credit_requests r JOIN credit_request_line l USING (customer_id, credit_request_id) JOIN document d USING (customer_id, document_id)
WHERE d.number IN ('I-8c', 'I-8d') GROUP BY 1 ORDER BY 1;
SELECT v.net_amount, v.tax_amount FROM validate_credit(8, pg_temp.doc('I-8c'), 'quantity', '[{"line_no": 1, "quantity": 1}]') v;
SELECT issue_credit(8, request_credit(8, pg_temp.doc('I-8d'), 'goodwill', p_amount => 0.01), 'CN-I-8d') > 0 AS issued;
SELECT l.quantity, l.unit_price, l.net_amount, l.tax_amount, l.line_total FROM document_line l JOIN document d USING (customer_id, document_id) WHERE d.number = 'CN-I-8d';
-- Twenty credits of one piece, and those with the lower tax are not given: the next one makes up for a cent of it, the last for the rest.
DO $$ BEGIN
	PERFORM post_invoice(9, 'I-9', '2026-01-01', 7.85, '2026-01-31', p_lines => '[{"quantity": 20, "unit_price": 0.33, "tax_rate": 19}]');
	PERFORM request_credit(9, pg_temp.doc('I-9'), 'quantity', '[{"line_no": 1, "quantity": 1}]') FROM generate_series(1, 20);
	PERFORM reject(9, r.approval_id, 'not missing') FROM credit_requests r JOIN credit_request_line l USING (customer_id, credit_request_id) WHERE r.customer_id = 9 AND l.tax_amount = 0.06;
END $$;
SELECT count(*), sum(l.net_amount) AS net, sum(l.tax_amount) AS tax, round(sum(l.net_amount) * 0.19, 2) AS by_rate FROM credit_requests r JOIN credit_request_line l USING (customer_id, credit_request_id)
WHERE r.customer_id = 9 AND r.status = 'pending';
SELECT v.net_amount, v.tax_amount FROM validate_credit(9, pg_temp.doc('I-9'), 'quantity', '[{"line_no": 1, "quantity": 1}]') v;
SELECT issue_credit(9, request_credit(9, pg_temp.doc('I-9'), 'goodwill', p_amount => credited_left), 'CN-9') > 0 AS issued
FROM (SELECT 7.85 - credited_amount(9, pg_temp.doc('I-9')) AS credited_left) c;
SELECT l.net_amount, l.tax_amount, round(l.net_amount * 0.19, 2) AS by_rate FROM document_line l JOIN document d USING (customer_id, document_id) WHERE d.number = 'CN-9';
SELECT pg_temp.try(format($$SELECT post_document('credit_note', 9, 'CN-X', '2026-02-01', 0.01, p_lines => '[{"quantity": 1, "unit_price": 0, "tax_amount": 0.01}]')$$));

-- OpenPEPPOL, peppol-bis-invoice-3, base-creditnote-correction.xml: lines of 2800 and -1500, a charge of 25, tax of 25
-- percent: 1325 without tax, 331.25 tax, 1656.25 payable.
SELECT post_invoice(3, 'I-4', '2026-01-01', 3625, '2026-01-31', p_lines => '[{"quantity": 7, "unit_price": 400, "tax_rate": 25}, {"quantity": 1, "unit_price": 100, "tax_rate": 25}]') > 0 AS posted;
SELECT sum(net_amount) AS net, sum(tax_amount) AS tax, sum(line_total) AS payable
FROM validate_credit(3, pg_temp.doc('I-4'), 'price_error', '[{"line_no": 1, "quantity": 1, "unit_price": 400}, {"line_no": 2, "quantity": 1, "unit_price": 25}]');
SELECT sum(net_amount) AS net, sum(tax_amount) AS tax, sum(line_total) AS payable
FROM validate_credit(3, NULL, 'billing_error', '[{"description": "7 x 400 less 3 x 500", "quantity": 1, "unit_price": 1300, "tax_rate": 25}, {"quantity": 1, "unit_price": 25, "tax_rate": 25}]');

-- Microsoft Dynamics 365 Finance, customer payments for a partial amount: a credit note of 100 for an invoice whose discount
-- of 2 percent was taken settles 98, and the discount is reversed.
DO $$ BEGIN
	PERFORM post_invoice(4, 'I-5', '2026-01-01', 100, p_terms => '2/10 net 30');
	PERFORM allocate_with_discount(4, pg_temp.item(n), pg_temp.item('I-5'), p_applied_on => '2026-01-05')
	FROM (SELECT 'P-5' AS n FROM post_payment(4, 'P-5', '2026-01-05', 98)) p;
END $$;
SELECT discount FROM validate_credit(4, pg_temp.doc('I-5'), 'billing_error', p_amount => 100);
SELECT request_credit(4, pg_temp.doc('I-5'), 'billing_error', p_amount => 50) AS half, request_credit(4, pg_temp.doc('I-5'), 'billing_error', p_amount => 33.33) AS third \gset
SELECT request_credit(4, pg_temp.doc('I-5'), 'billing_error', p_amount => 16.67) AS rest \gset
SELECT issue_credit(4, :half, 'CN-5') > 0 AS issued;
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 4 ORDER BY number;
SELECT issue_credit(4, :third, 'CN-6') > 0 AS third, issue_credit(4, :rest, 'CN-7') > 0 AS rest;
SELECT sum(open_amount) AS settled FROM pg_temp.account WHERE customer_id = 4;
-- A payment that comes back takes the discount along, and what was given back of it; so does a credit note that is voided.
SELECT void_document(4, pg_temp.doc('CN-7'), 'oops') > 0 AS voided;
SELECT sum(open_amount) AS settled FROM pg_temp.account WHERE customer_id = 4;
SELECT return_payment(4, pg_temp.doc('P-5')) > 0 AS returned;
SELECT sum(open_amount) AS owed FROM pg_temp.account WHERE customer_id = 4;
SELECT * FROM verify_ledger();

-- Credits that stand alone.
SELECT request_credit(5, NULL, 'goodwill', p_amount => 25, p_description => 'for the delay') AS alone \gset
SELECT pg_temp.try(format('SELECT issue_credit(5, %s)', :alone));
SELECT issue_credit(5, :alone, 'CN-8') > 0 AS issued;
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 5;
SELECT refund(5, pg_temp.doc('CN-8')) > 0 AS refunded;

-- Four eyes: who asks does not approve, nor does anybody without enough authority; what was approved is issued, once.
DO $$ BEGIN
	PERFORM set_approval_policy('credit_note', true, 400);
	PERFORM grant_authority(session_user, 'actor');
	PERFORM grant_authority('ann', 'credit_note'), grant_authority('bob', 'credit_note', 100), grant_authority('cid', 'credit_note');
	PERFORM post_invoice(6, 'I-6', '2026-01-01', 1000, '2026-01-31');
END $$;
BEGIN;
SELECT set_actor('ann');
SELECT request_credit(6, pg_temp.doc('I-6'), 'service', p_amount => 300) AS small, request_credit(6, pg_temp.doc('I-6'), 'service', p_amount => 500) AS big \gset
SELECT approval_id AS small_approval FROM credit_requests WHERE credit_request_id = :small AND customer_id = 6 \gset
SELECT approval_id AS big_approval FROM credit_requests WHERE credit_request_id = :big AND customer_id = 6 \gset
SELECT pg_temp.try(format('SELECT approve(6, %s)', :small_approval));
SELECT pg_temp.try(format('SELECT issue_credit(6, %s)', :small)) LIKE 'RC004 | credit note of 300.00 EUR for customer 6 is not approved |%' AS refused;
SELECT set_actor('bob');
SELECT pg_temp.try(format('SELECT approve(6, %s)', :small_approval));
SELECT set_actor('cid');
SELECT approve(6, :small_approval) AS missing, approve(6, :big_approval) AS big_missing;
SELECT action, amount, reason, requested_by, approvals, approved_by, votes_missing, number, reason_code FROM pending_approvals WHERE customer_id = 6 ORDER BY amount;
SELECT set_actor('dan');
SELECT issue_credit(6, :small, 'CN-9') > 0 AS issued;
SELECT pg_temp.try(format('SELECT issue_credit(6, %s)', :small));
SELECT pg_temp.try(format('SELECT issue_credit(6, %s)', :big)) LIKE 'RC004%' AS refused;
SELECT step, person, amount, detail FROM credit_audit WHERE credit_request_id = :small AND customer_id = 6 AND step <> 'applied';
SELECT number, requested_by, approved_by, issued_by FROM credit_notes_issued WHERE customer_id = 6;
COMMIT;

-- Who gets no more credit is credited all the same (account_financial_risk of OCA: refunds are never blocked).
SELECT set_approval_policy('credit_note', false);
SELECT post_invoice(8, 'I-8e', '2026-01-01', 100, '2026-01-31') > 0 AS posted, set_credit_limit(8, 1) > 0 AS limited, place_hold(8, 'late') > 0 AS held;
SELECT outcome FROM check_credit(8, 1);
SELECT issue_credit(8, request_credit(8, pg_temp.doc('I-8e'), 'service', p_amount => 30), 'CN-I-8e') > 0 AS issued;
SELECT open_amount FROM pg_temp.account WHERE number = 'I-8e';

-- An invoice that was paid short and charged back is one with what was charged back.
DO $$ BEGIN
	PERFORM set_approval_policy('credit_note', false);
	PERFORM post_invoice(7, 'I-7', '2026-01-01', 100, '2026-01-31');
	PERFORM add_receipt('DE1', 'S1', '1', '2026-02-01', 80, p_customer_id => 7);
END $$;
SELECT confirm_match((SELECT bank_receipt_id FROM bank_receipt), 7, jsonb_build_array(jsonb_build_object('item_id', pg_temp.item('I-7'), 'amount', 80,
	'charge_back', 20, 'deduction_reason', 'damage'))) > 0 AS applied;
SELECT kind, amount, open_amount FROM pg_temp.account WHERE customer_id = 7 AND open_amount <> 0;
SELECT dispute_deductions(7, 'ann') AS disputes;
SELECT dispute_deductions(7) AS again;
SELECT amount, reason_code, description, dispute_id IS NOT NULL AS disputed FROM deductions JOIN open_disputes USING (customer_id, dispute_id, amount, reason_code);
SELECT approve_dispute(7, (SELECT dispute_id FROM open_disputes WHERE customer_id = 7), 'credit') AS r \gset
SELECT number, amount FROM credit_requests WHERE customer_id = 7;
SELECT pg_temp.try($$SELECT request_credit(7, pg_temp.doc('I-7'), 'goodwill', p_amount => 80.01)$$);
SELECT issue_credit(7, :r) > 0 AS issued;
SELECT kind, amount, open_amount FROM pg_temp.account WHERE customer_id = 7 AND open_amount <> 0;
SELECT state FROM dispute WHERE customer_id = 7;

-- Windows from policy rows.
INSERT INTO return_policy (reason_code, product, window_days) VALUES ('warranty', NULL, 30), ('warranty', 'A1', 36500);
SELECT line_no, valid_total, problems FROM validate_credit(1, pg_temp.doc('I-1'), 'warranty', '[{"line_no": 2}, {"line_no": 3}]');
SELECT * FROM verify_ledger();
DROP SCHEMA ar CASCADE;
