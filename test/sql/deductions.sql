-- Short payments from the bank file to the credit note: found, disputed for the payer's reason, decided, settled.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ded', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ded, public;
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
CREATE FUNCTION pg_temp.advice(n integer, body text) RETURNS text LANGUAGE sql AS $$
	SELECT replace('ISA*00*          *00*          *01*123456789      *ZZ*US             *260115*1200*U*00401*NUMBER*0*P*>~GS*RA*123456789*US*20260115*1200*12*X*004010~ST*820*0001~'
		|| body || format('SE*%s*0001~GE*1*12~IEA*1*NUMBER~', 2 + length(body) - length(replace(body, '~', ''))), 'NUMBER', lpad(n::text, 9, '0'))
$$;
CREATE FUNCTION pg_temp.pay(customer bigint, amount numeric, said text, paid_on date) RETURNS bigint LANGUAGE sql AS $$
	SELECT ded.add_receipt('US1', 'S' || customer, paid_on || ' ' || amount, paid_on, amount, 'USD', customer, p_remittance_text => said)
$$;
CREATE VIEW pg_temp.state_of_things AS
	SELECT d.customer_id AS customer, d.number, d.amount, d.open_amount AS open, d.reason_code AS payer_says, q.reason_code AS reason, q.amount AS disputed,
		q.opened_on = d.taken_on AS since_then, d.dispute_state AS state
	FROM deductions d LEFT JOIN dispute q ON q.customer_id = d.customer_id AND q.dispute_id = d.dispute_id;
DO $$ BEGIN
	PERFORM add_customer('Customer ' || c, c) FROM generate_series(1, 6) c;
	PERFORM post_invoice(c, 'INV-10' || c, '2026-01-20', 1000, '2026-02-19', p_lines => '[{"product": "A1", "quantity": 10, "unit_price": 100}]') FROM generate_series(1, 6) c;
	PERFORM set_cash_rules('short', '{reference}', p_underpayment => 'deduction');
END $$;

-- X12 820: the payer says how much it keeps back, and why (element 426: 06 quantity contested, 01 pricing error); one word of its
-- own; one without a reason; one whose reason is a code of ours.
INSERT INTO deduction_reason VALUES ('od', 'service');
SELECT l.* FROM (VALUES (1, 'RMR*IV*INV-101**950*1000~ADX*-50*06~', 950), (2, 'RMR*IV*INV-102**900*1000~ADX*-60*01~ADX*-40*04~', 900)) v (n, body, paid),
	load_x12_820(pg_temp.advice(n, format('BPR*C*%s*C*ACH~TRN*1*T%s~ENT*1~', paid, n) || body)) l;
SELECT load_remittance_csv('three', 'ADV-3', E'invoice;amount paid;deduction;reason\nINV-103;990.00;10.00;OD\n', 990, 'USD') AS new,
	load_remittance_csv('five', 'ADV-5', E'invoice;amount paid;deduction;reason\nINV-105;970.00;30.00;Tax\n', 970, 'USD') AS new_too;
SELECT count(pg_temp.pay(n, paid, said, '2026-02-10')) FROM (VALUES (1, 950, 'T1'), (2, 900, 'T2'), (3, 990, 'ADV-3'), (4, 800, 'INV-104'), (5, 970, 'ADV-5')) v (n, paid, said);
CALL apply_cash('day 1', false);
SELECT * FROM state_of_things ORDER BY customer;
SELECT customer_id, number, open_amount, disputed_amount FROM open_items ORDER BY customer_id;

-- Disputed: one customer's, and those of all others; each once.
SELECT pg_temp.try('SELECT dispute_deductions(99)');
SELECT dispute_deductions(2, 'anna') AS of_one, dispute_deductions(p_owner => 'ben') AS of_all, dispute_deductions() AS again;
SELECT * FROM state_of_things ORDER BY customer;
SELECT customer_id, number, open_amount, disputed_amount FROM open_items ORDER BY customer_id;
SELECT customer_id, owner, description, deduction_id IS NOT NULL AS from_deduction FROM open_disputes ORDER BY customer_id;
-- It is disputed since the short payment was found.
SELECT current_date - d AS days_ago, sum(a.disputed) AS disputed FROM unnest(ARRAY[current_date - 1, current_date]) d, aging_at(d) a GROUP BY d ORDER BY d;
SELECT pg_temp.try(format('SELECT open_dispute(1, %s, NULL, ''quantity'', p_deduction_id => %s)', item_id, deduction_id)) ~ '^22023 .* It is in dispute' AS refused FROM deduction WHERE customer_id = 1;
SELECT pg_temp.try(format('SELECT open_dispute(1, %s, NULL, ''quantity'', p_deduction_id => 99)', item_id)) FROM deduction WHERE customer_id = 1;

-- Decided: one is credited, one price was right, one is not worth it; the rest is paid after all.
SELECT approve_dispute(1, dispute_id, 'credit', p_note => 'half of a piece') > 0 AS asked FROM open_disputes WHERE customer_id = 1;
SELECT pg_temp.try(format('SELECT approve_dispute(1, %s, ''credit'')', dispute_id)) FROM open_disputes WHERE customer_id = 1;
SELECT issue_credit(1, credit_request_id, 'CN-1') > 0 AS issued FROM credit_requests;
SELECT reject_dispute(2, dispute_id, 'as in the contract', 'misread') FROM open_disputes WHERE customer_id = 2;
SELECT approve_dispute(3, dispute_id, 'write_off', p_note => 'small') > 0 AS written_off FROM open_disputes WHERE customer_id = 3;
SELECT apply_payment(4, post_payment(4, 'P-4', '2026-03-01', 200)) AS paid;
SELECT settle_dispute(4, dispute_id, 'paid after all') FROM open_disputes WHERE customer_id = 4;
SELECT * FROM state_of_things ORDER BY customer;
SELECT customer_id, number, open_amount, disputed_amount FROM open_items ORDER BY customer_id;
SELECT reason_code, root_cause, disputes, amount, settled, rejected FROM root_cause ORDER BY 1;
SELECT * FROM verify_ledger();

-- Both sides of the link are kept, and found when one is lost.
SELECT pg_temp.try('UPDATE deduction SET amount = 1');
UPDATE deduction SET dispute_id = NULL WHERE customer_id = 5;
SELECT problem, customer_id, kept, recomputed IS NOT NULL AS should_be FROM verify_ledger();
SELECT rebuild_ledger() AS mended;
-- A merge takes short payments along, disputed or not.
SELECT count(pg_temp.pay(6, 910, 'INV-106', '2026-02-12'));
CALL apply_cash('day 2', false);
SELECT merge_customers(5, 4, 'one company') AS items, merge_customers(6, 4, 'one company') AS items_too;
SELECT customer, amount, open, payer_says, reason, state FROM state_of_things WHERE customer > 3 ORDER BY customer, amount;
SELECT dispute_deductions(4) AS disputed;
SELECT customer, amount, open, payer_says, reason, state FROM state_of_things WHERE customer = 4 AND open > 0 ORDER BY amount;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ded CASCADE;
