-- Credit notes meet what they are for; wrong invoices are billed again.
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
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
CREATE FUNCTION pg_temp.doc(customer bigint, num text) RETURNS bigint LANGUAGE sql AS $$SELECT document_id FROM ar.document WHERE customer_id = customer AND number = num$$;
CREATE VIEW pg_temp.account AS SELECT d.customer_id, d.kind, d.number, i.instalment_no, d.amount, i.open_amount, i.due_date FROM item i JOIN document d USING (customer_id, document_id);
CREATE FUNCTION pg_temp.matched(customer bigint, simulate boolean) RETURNS TABLE (note text, item text, amount numeric, rule text, outcome text) LANGUAGE sql AS $$
	SELECT credit_number, debit_number, amount, rule, outcome FROM ar.match_credit_notes(customer, simulate)$$;
-- Invoices and credit notes of a customer: number, amount, product, the document it names.
CREATE FUNCTION pg_temp.post(customer bigint, num text, amount numeric, product text DEFAULT NULL, of text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	lines jsonb := CASE WHEN product IS NOT NULL THEN jsonb_build_array(jsonb_build_object('product', product, 'quantity', 1, 'unit_price', amount)) END;
BEGIN
	IF starts_with(num, 'I') THEN
		PERFORM ar.post_invoice(customer, num, date '2026-01-01' + substr(num, 3)::integer, amount, p_lines => lines, p_due_date => date '2026-02-01' + substr(num, 3)::integer);
	ELSE
		PERFORM ar.post_document('credit_note', customer, num, '2026-02-01', amount, p_lines => lines, p_source_document_id => pg_temp.doc(customer, of));
	END IF;
END $$;
DO $$ BEGIN PERFORM add_customer('Customer ' || c, c) FROM generate_series(1, 22) c; END $$;

-- By the document it names, the oldest instalment first (ERPNext, test_accounts_receivable.py, partial payment: 200 in 30, 50
-- and 20 percent, 40 received, a credit note of 100: open are 0, 20 + ... of the second and 40 of the third).
DO $$ BEGIN
	PERFORM post_invoice(1, 'I-1', '2026-01-01', 200, p_terms => '30% 30, 50% 60, 20% 90');
	PERFORM apply_payment(1, post_payment(1, 'P-1', '2026-01-15', 40), p_applied_on => '2026-01-15');
	PERFORM pg_temp.post(1, 'C-1', 100, of => 'I-1');
END $$;
SELECT * FROM pg_temp.matched(1, true);
SELECT instalment_no, open_amount FROM pg_temp.account WHERE customer_id = 1 AND number = 'I-1' ORDER BY 1;
SELECT * FROM pg_temp.matched(1, false);
SELECT instalment_no, open_amount FROM pg_temp.account WHERE customer_id = 1 AND number = 'I-1' ORDER BY 1;
-- What the invoice does not take stays; nothing is applied twice.
DO $$ BEGIN
	PERFORM pg_temp.post(2, 'I-1', 100), pg_temp.post(2, 'C-1', 60, of => 'I-1'), pg_temp.post(2, 'C-2', 40, of => 'I-1');
	PERFORM apply_payment(2, post_payment(2, 'P-1', '2026-01-15', 40), p_applied_on => '2026-01-15');
END $$;
SELECT * FROM pg_temp.matched(2, false);
SELECT * FROM pg_temp.matched(2, false);

-- By equal amount and products; two alike are ambiguous, and no weaker rule decides.
DO $$ BEGIN
	PERFORM pg_temp.post(3, 'I-1', 50, 'A1'), pg_temp.post(3, 'I-2', 50, 'B2'), pg_temp.post(3, 'C-1', 50, 'B2'), pg_temp.post(3, 'C-2', 50, 'Z9');
	PERFORM pg_temp.post(4, 'I-1', 50, 'A1'), pg_temp.post(4, 'I-2', 50, 'A1'), pg_temp.post(4, 'C-1', 50, 'A1');
	PERFORM set_cash_rules('oldest', '{oldest_first}', 4);
END $$;
SELECT * FROM pg_temp.matched(3, false);
SELECT * FROM pg_temp.matched(4, false);

-- By combination: one note for several items, several notes for one item; more than one way is ambiguous.
DO $$ BEGIN
	PERFORM pg_temp.post(5, 'I-1', 10), pg_temp.post(5, 'I-2', 20.5), pg_temp.post(5, 'I-3', 44), pg_temp.post(5, 'C-1', 54);
	PERFORM pg_temp.post(6, 'C-1', 10), pg_temp.post(6, 'C-2', 20.5), pg_temp.post(6, 'C-3', 44), pg_temp.post(6, 'I-1', 64.5);
	PERFORM pg_temp.post(7, 'I-1', 10), pg_temp.post(7, 'I-2', 20), pg_temp.post(7, 'I-3', 12), pg_temp.post(7, 'I-4', 18), pg_temp.post(7, 'C-1', 30);
END $$;
SELECT * FROM pg_temp.matched(5, false);
SELECT * FROM pg_temp.matched(6, false);
SELECT * FROM pg_temp.matched(7, false);

-- The oldest first, where the cash rules allow it and only there.
DO $$ BEGIN
	PERFORM pg_temp.post(c, 'I-1', 10), pg_temp.post(c, 'I-2', 20), pg_temp.post(c, 'C-1', 17), pg_temp.post(c, 'C-2', 2) FROM generate_series(8, 9) c;
	PERFORM set_cash_rules('oldest too', '{reference,oldest_first}', 9);
END $$;
SELECT * FROM pg_temp.matched(8, false);
SELECT * FROM pg_temp.matched(9, true);
SELECT * FROM pg_temp.matched(9, false);
SELECT pg_temp.try('SELECT match_credit_notes(9, NULL)');
SELECT pg_temp.try('SELECT match_credit_notes(99, false)');

-- All customers, a batch at a time.
DO $$ BEGIN
	PERFORM pg_temp.post(c, 'I-1', 10), pg_temp.post(c, 'C-1', 4, of => 'I-1'), pg_temp.post(c, 'C-2', 2, of => 'I-1') FROM generate_series(10, 12) c;
END $$;
CALL match_all_credit_notes(2);
CALL match_all_credit_notes();
SELECT customer_id, number, open_amount FROM pg_temp.account WHERE customer_id BETWEEN 10 AND 12 AND open_amount <> 0 ORDER BY 1, 2;

-- One customer's trouble stops only itself.
DO $$ BEGIN
	PERFORM pg_temp.post(c, 'I-1', 10), pg_temp.post(c, 'C-1', 4, of => 'I-1') FROM generate_series(15, 19) c;
END $$;
CREATE FUNCTION pg_temp.trouble() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trouble'; END$$;
CREATE TRIGGER trouble BEFORE INSERT ON allocation FOR EACH ROW WHEN (NEW.customer_id = 17) EXECUTE FUNCTION pg_temp.trouble();
SET client_min_messages = warning;
CALL match_all_credit_notes();
DROP TRIGGER trouble ON allocation;
SELECT * FROM match_credit_notes_of('{17, 99}');
SELECT pg_temp.try('SELECT match_credit_notes_of(NULL)');
SELECT customer_id, number, open_amount FROM pg_temp.account WHERE customer_id BETWEEN 15 AND 19 AND open_amount <> 0 ORDER BY 1, 2;
-- What was charged back is a part of the invoice a note names; combinations one after the other.
DO $$ BEGIN
	PERFORM pg_temp.post(20, 'I-1', 100), add_receipt('DE1', 'S1', '1', '2026-02-01', 40, p_customer_id => 20);
	PERFORM confirm_match((SELECT bank_receipt_id FROM bank_receipt), 20, jsonb_build_array(jsonb_build_object('item_id', (SELECT item_id FROM item WHERE customer_id = 20 AND amount > 0),
		'amount', 40, 'charge_back', 25, 'deduction_reason', 'damage')));
	PERFORM pg_temp.post(20, 'C-1', 70, of => 'I-1');
	PERFORM pg_temp.post(21, 'I-1', 10), pg_temp.post(21, 'I-2', 20.5), pg_temp.post(21, 'I-3', 44), pg_temp.post(21, 'I-4', 3.25), pg_temp.post(21, 'C-1', 54), pg_temp.post(21, 'C-2', 23.75);
END $$;
SELECT * FROM pg_temp.matched(20, false);
SELECT * FROM pg_temp.matched(21, false);

-- ERPNext, the same test with payment: 40 received on 100, then a credit note of 100: 60 of it are used, in all 40 are in favour.
DO $$ BEGIN
	PERFORM post_invoice(22, 'I-1', '2026-01-01', 100, p_terms => '30% 30, 50% 60, 20% 90');
	PERFORM apply_payment(22, post_payment(22, 'P-1', '2026-01-15', 40), p_applied_on => '2026-01-15');
	PERFORM pg_temp.post(22, 'C-1', 100, of => 'I-1');
END $$;
SELECT sum(amount) FILTER (WHERE outcome = 'unique') AS used, sum(amount) FILTER (WHERE outcome = 'none') AS unused FROM pg_temp.matched(22, false);
SELECT total, unapplied FROM aging_summary WHERE customer_id = 22;
-- What is not used does not end by itself.
SELECT kind, number, amount, open_amount, last_moved_on = current_date AS moved_today, days_idle FROM dormant_credits WHERE customer_id IN (20, 22) ORDER BY 1, 2;

-- Billed again: the wrong invoice is credited in full, the payment pays the right one, the discount on the wrong one is undone.
DO $$ BEGIN
	PERFORM post_invoice(13, 'I-1', '2026-01-01', 120, p_terms => '2/10 net 30', p_order_id => 'O-1', p_lines => '[{"product": "A1", "quantity": 10, "unit_price": 10, "tax_rate": 20}]');
	PERFORM post_payment(13, 'P-1', '2026-01-05', 49);
	PERFORM allocate_with_discount(13, p.item_id, d.item_id, 49, p_applied_on => '2026-01-05') FROM item p JOIN item d USING (customer_id) WHERE customer_id = 13 AND p.amount < 0 AND d.amount > 0;
END $$;
SELECT kind, number, amount, open_amount FROM pg_temp.account WHERE customer_id = 13 ORDER BY kind;
SELECT open_dispute(13, (SELECT item_id FROM open_items WHERE customer_id = 13), 20, 'price_error') > 0 AS disputed;
SELECT pg_temp.try($$SELECT rebill(13, pg_temp.doc(13, 'I-1'), 'wrong price', 96, p_due => 'later')$$);
SELECT pg_temp.try($$SELECT rebill(13, pg_temp.doc(13, 'P-1'), 'wrong price', 96)$$);
SELECT pg_temp.try($$SELECT rebill(13, pg_temp.doc(13, 'I-1'), 'wrong price', 96.01, '[{"product": "A1", "quantity": 10, "unit_price": 8, "tax_rate": 20}]', 'I-1A')$$);
SELECT rebill(13, pg_temp.doc(13, 'I-1'), 'wrong price', 96, '[{"product": "A1", "quantity": 10, "unit_price": 8, "tax_rate": 20}]', 'I-1A', p_credit_number => 'C-1') AS i1a \gset
SELECT kind, number, amount, open_amount, CASE kind WHEN 'invoice' THEN due_date END AS due_date FROM pg_temp.account WHERE customer_id = 13 ORDER BY kind, number;
SELECT n.kind, n.number, n.order_id, n.terms, s.number AS source, n.doc_date = s.doc_date AS dated_as_it FROM document n JOIN document s ON s.document_id = n.source_document_id
WHERE n.customer_id = 13 AND n.kind IN ('invoice', 'credit_note') ORDER BY 1;
SELECT number, net_amount, tax_amount FROM document_line l JOIN document d USING (customer_id, document_id) WHERE customer_id = 13 ORDER BY 1;
SELECT state FROM dispute WHERE customer_id = 13;
SELECT pg_temp.try($$SELECT rebill(13, pg_temp.doc(13, 'I-1'), 'once more', 96)$$);
-- Less was paid for than was paid: the rest of the money is free.  A new due date, and an approval where one is required.
DO $$ BEGIN
	PERFORM pg_temp.post(14, 'I-1', 100), apply_payment(14, post_payment(14, 'P-1', '2026-01-15', 90), p_applied_on => '2026-01-15');
	PERFORM set_terms(14, 'net 30');
	PERFORM set_approval_policy('credit_note', true), grant_authority('ann', 'credit_note'), grant_authority(session_user, 'actor');
END $$;
SELECT pg_temp.try($$SELECT rebill(14, pg_temp.doc(14, 'I-1'), 'too much', 70, p_due => 'new')$$) LIKE 'RC004%' AS refused;
BEGIN;
SELECT request_approval(14, 'credit_note', 100, 'too much', jsonb_build_object('document_id', pg_temp.doc(14, 'I-1'))) AS request \gset
SELECT set_actor('ann');
SELECT approve(14, :request) AS missing;
COMMIT;
SELECT rebill(14, pg_temp.doc(14, 'I-1'), 'too much', 70, p_due => 'new') > 0 AS rebilled;
SELECT kind, number, amount, open_amount, due_date = CASE number WHEN 'rebill of I-1' THEN current_date + 30 ELSE due_date END AS due FROM pg_temp.account WHERE customer_id = 14 ORDER BY kind, number;
SELECT * FROM verify_ledger();
DROP SCHEMA ar CASCADE;
