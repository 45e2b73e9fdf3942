-- cash_cases.sql: cases of cash application that are not the rule: money too much or too little, deductions, chargebacks,
-- other customers' documents, other currencies, ties.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('cases', 'USD', time_zone => 'Etc/UTC');
SET search_path = cases, public;
SELECT count(add_customer('Customer ' || g, g)) FROM generate_series(1, 40) g;
CREATE FUNCTION pg_temp.pay(customer bigint, amount numeric, said text DEFAULT NULL, paid_on date DEFAULT '2026-02-01', currency text DEFAULT 'USD') RETURNS bigint LANGUAGE sql AS $$
	SELECT cases.add_receipt('US1', 'S' || customer, paid_on || ' ' || amount, paid_on, amount, currency, customer, p_remittance_text => said)
$$;
CREATE VIEW pg_temp.outcome AS
	SELECT m.customer_id AS customer, b.amount AS receipt, m.status, m.rule, m.confidence AS conf,
		(SELECT string_agg(format('%s %s%s%s%s%s', a ->> 'number', a ->> 'amount', ' less ' || NULLIF((a ->> 'discount')::numeric, 0),
			' written off ' || NULLIF((a ->> 'write_off')::numeric, 0), ' deducted ' || NULLIF((a ->> 'deduction')::numeric, 0),
			' charged back ' || NULLIF((a ->> 'charge_back')::numeric, 0)), ', ' ORDER BY o) FROM jsonb_array_elements(m.allocations) WITH ORDINALITY t (a, o)) AS pays,
		m.on_account, (SELECT string_agg(k, '; ' ORDER BY k) FROM jsonb_object_keys(COALESCE(m.parts -> 'caps', '{}')) k) AS caps, COALESCE(m.error,
			(SELECT string_agg((k ->> 'rule') || ': ' || (k ->> 'why'), '; ' ORDER BY o) FROM jsonb_array_elements(m.blocked) WITH ORDINALITY t (k, o))) AS why
	FROM cash_match m JOIN bank_receipt b USING (bank_receipt_id);
CREATE VIEW pg_temp.left_open AS
	SELECT i.customer_id AS customer, string_agg(d.number || ' ' || i.open_amount, ', ' ORDER BY i.item_id) AS open
	FROM item i JOIN document d USING (customer_id, document_id) WHERE i.open_amount <> 0 GROUP BY 1;
CREATE FUNCTION pg_temp.item(customer bigint, what text) RETURNS bigint LANGUAGE sql AS $$
	SELECT i.item_id FROM cases.item i JOIN cases.document d USING (customer_id, document_id) WHERE d.customer_id = customer AND d.number = what
$$;

-- Money too much is asked to be paid back: two people, and only then it leaves.
SELECT grant_authority(session_user, 'actor') > 0 AND grant_authority('Rita', 'refund', 1000) > 0 AS granted;
SELECT set_approval_policy('refund', true);
SELECT set_cash_rules('refunded', '{reference}', 1, p_overpayment => 'refund') > 0 AS made, post_invoice(1, 'INV-1001', '2026-01-01', 100, '2026-01-31') > 0 AS posted,
	pg_temp.pay(1, 130, 'INV-1001');
CALL apply_cash('refund', false);
SELECT customer_id, action, amount, currency, reason, subject ->> 'document_id' = (SELECT m.document_id::text FROM cash_match m) AS of_the_payment FROM approval_queue;
SELECT refund(1, document_id) FROM cash_match;
BEGIN;
SELECT set_actor('Rita');
SELECT approve(1, approval_id, 'paid twice') FROM approval_queue;
COMMIT;
SELECT refund(1, document_id) > 0 AS refunded FROM cash_match;
SELECT * FROM left_open WHERE customer = 1;

-- X12 820 (RMR04 amount paid, RMR05 amount of the invoice, RMR06 discount; a free ADX): 980 - 50 = 930 is paid.  The invoice
-- is closed with 20 discount; what was adjusted is charged back, as old as the invoice.
SELECT post_invoice(2, 'INV1', '2026-01-20', 1000, p_terms => '2/10 net 30') > 0 AS posted, pg_temp.pay(2, 930, 'T930', '2026-01-28'),
	l.* FROM load_x12_820('ISA*00*          *00*          *01*123456789      *ZZ*US             *260115*1200*U*00401*000000905*0*P*>~'
	|| 'GS*RA*123456789*US*20260115*1200*12*X*004010~ST*820*0001~BPR*C*930*C*ACH~TRN*1*T930~ENT*1~RMR*IV*INV1**980*1000*20~ADX*-50*06~SE*7*0001~GE*1*12~IEA*1*000000905~') l;
-- One that does not add up is refused whole.
SELECT l.* FROM load_x12_820('ISA*00*          *00*          *01*123456789      *ZZ*US             *260115*1200*U*00401*000000906*0*P*>~'
	|| 'GS*RA*123456789*US*20260115*1200*12*X*004010~ST*820*0001~BPR*C*931*C*ACH~TRN*1*T931~ENT*1~RMR*IV*INV1**980*1000*20~ADX*-50*06~SE*7*0001~GE*1*12~IEA*1*000000906~') l;
-- What becomes of a payment that is short: the invoice stays open, or it does with a deduction, or it is charged back.
SELECT set_cash_rules('short ' || p, '{reference}', 2 + n, p_underpayment => p) > 0 AS made, post_invoice(2 + n, 'INV-1100', '2026-01-01', 100, '2026-01-31') > 0 AS posted,
	pg_temp.pay(2 + n, 88, 'INV-1100') FROM unnest('{open,deduction,chargeback}'::text[]) WITH ORDINALITY t (p, n);
-- The advice takes more than the receipt brings, or cannot be followed: a person looks, whatever else would fit.
SELECT set_cash_rules('advised', '{reference,exact_item,oldest_first}', 6) > 0 AS made, post_invoice(6, 'INV-1200', '2026-01-01', 60, '2026-01-31') > 0 AS posted,
	post_invoice(6, 'INV-1201', '2026-01-01', 40, '2026-01-31') > 0 AS posted, post_invoice(7, 'INV-1300', '2026-01-01', 70, '2026-01-31') > 0 AS posted;
SELECT load_remittance_csv('six', 'ADV-6001', E'invoice;amount paid\nINV-1200;60.00\nINV-1201;40.00\n', 100, 'USD') AS new, pg_temp.pay(6, 60, 'ADV-6001'),
	load_remittance_csv('seven', 'ADV-7001', E'invoice;amount paid\nINV-1299;70.00\n', 70, 'USD') AS new, pg_temp.pay(7, 70, 'ADV-7001');
CALL apply_cash('short', false);
SELECT * FROM outcome WHERE customer BETWEEN 2 AND 7 ORDER BY customer;
SELECT * FROM left_open WHERE customer BETWEEN 2 AND 7 ORDER BY customer;
SELECT customer_id, number, amount, open_amount, reason_code FROM deductions ORDER BY customer_id;
SELECT i.customer_id, d.kind, d.side, d.number, i.amount, i.open_amount, i.due_date, d.reason FROM item i JOIN document d USING (customer_id, document_id)
WHERE d.kind = 'adjustment' ORDER BY i.customer_id, i.item_id;
-- The payment comes back: what it paid is open again, the discount is lost, and the chargeback is still claimed: 1,000 in all.
SELECT return_payment(2, document_id) > 0 AS returned FROM cash_match WHERE customer_id = 2;
SELECT * FROM left_open WHERE customer = 2;
-- The invoice itself is voided: with it goes what was charged back of it.
SELECT void_document(5, document_id, 'never delivered') > 0 AS voided FROM document WHERE customer_id = 5 AND number = 'INV-1100';
SELECT * FROM left_open WHERE customer = 5;

-- metasfresh, PaymentAllocationBuilderTest, several invoices and payments: what a person says is done as said, the credit
-- memo before the cash.
SELECT post_invoice(8, 'I1', '2026-01-01', 8000, '2026-01-31') > 0 AND post_invoice(8, 'I2', '2026-01-01', 7100, '2026-01-31') > 0
	AND post_invoice(8, 'I3', '2026-01-01', 1600, '2026-01-31') > 0 AND post_credit_note(8, 'CM', '2026-01-02', 500) > 0 AS posted;
SELECT confirm_match(pg_temp.pay(8, 5000), p_allocations => jsonb_build_array(
		jsonb_build_object('item_id', pg_temp.item(8, 'CM'), 'amount', -500),
		jsonb_build_object('item_id', pg_temp.item(8, 'I3'), 'amount', 1500, 'discount', 100),
		jsonb_build_object('item_id', pg_temp.item(8, 'I2'), 'amount', 3000, 'discount', 50, 'write_off', 50),
		jsonb_build_object('item_id', pg_temp.item(8, 'I1'), 'amount', 1000, 'write_off', 1))) > 0 AS confirmed,
	confirm_match(pg_temp.pay(8, 5000, paid_on => '2026-02-02'), p_allocations => jsonb_build_array(
		jsonb_build_object('item_id', pg_temp.item(8, 'I1'), 'amount', 5000, 'discount', 1599))) > 0 AS confirmed;
SELECT c.number AS credit, b.number AS debit, a.amount FROM allocation a JOIN item ci ON ci.customer_id = a.customer_id AND ci.item_id = a.credit_item_id
	JOIN document c ON c.customer_id = ci.customer_id AND c.document_id = ci.document_id JOIN item bi ON bi.customer_id = a.customer_id AND bi.item_id = a.debit_item_id
	JOIN document b ON b.customer_id = bi.customer_id AND b.document_id = bi.document_id WHERE a.customer_id = 8 ORDER BY a.allocation_id;
SELECT * FROM left_open WHERE customer = 8;
-- OCA, account_mass_reconcile: what is left of 500 after 50 pays the next 500, which stays open with 50.
SELECT set_cash_rules('mass', '{reference}', 9) > 0 AS made, post_invoice(9, 'REF-5001', '2026-01-01', 50, '2026-01-31') > 0 AS posted, pg_temp.pay(9, 500, 'REF-5001');
CALL apply_cash('mass', false);
SELECT * FROM left_open WHERE customer = 9;
SELECT post_invoice(9, 'REF-5002', '2026-01-01', 500, '2026-01-31') > 0 AS posted, apply_payment(9, document_id) FROM cash_match WHERE customer_id = 9;
SELECT * FROM left_open WHERE customer = 9;

-- Ties.  Oracle Receivables, Match Payment with Invoice: the item due first, then the lowest id; of payment terms whose past
-- due items come to the same, those with the oldest item.
SELECT set_cash_rules('tied ' || c, CASE c WHEN 10 THEN '{exact_item}' WHEN 11 THEN '{clear_past_due_by_terms}' WHEN 12 THEN '{oldest_first}'
	WHEN 13 THEN '{by_priority}' ELSE '{pro_rata}' END::text[], c, p_priority => '{finance_charge,fee}') > 0 AS made FROM generate_series(10, 14) c;
SELECT post_invoice(10, 'B', '2026-01-01', 500, '2026-01-10') < post_invoice(10, 'A', '2026-01-01', 500, '2026-01-05')
	AND post_invoice(10, 'C', '2026-01-01', 500, '2026-01-05') > 0 AS posted, pg_temp.pay(10, 500);
SELECT post_invoice(11, 'N20', '2026-01-02', 30, p_terms => 'net 20') > 0 AND post_invoice(11, 'N10-1', '2026-01-01', 10, p_terms => 'net 10') > 0
	AND post_invoice(11, 'N10-2', '2026-01-05', 20, p_terms => 'net 10') > 0 AND post_invoice(11, 'N5', '2026-01-30', 30, p_terms => 'net 5') > 0 AS posted, pg_temp.pay(11, 30);
SELECT post_invoice(12, 'Z', '2026-01-01', 30, '2026-01-31') > 0 AND post_invoice(12, 'A', '2026-01-01', 30, '2026-01-31') > 0 AS posted, pg_temp.pay(12, 45);
-- By priority: kinds in the order the policy says, then by date, then as posted.
SELECT post_invoice(13, 'I1', '2026-01-01', 30, '2026-01-31') > 0 AND post_document('fee', 13, 'F1', '2026-01-20', 5, '2026-01-20') > 0
	AND post_document('finance_charge', 13, 'C2', '2026-01-25', 7, '2026-01-25') > 0 AND post_document('finance_charge', 13, 'C1', '2026-01-20', 7, '2026-01-25') > 0 AS posted,
	pg_temp.pay(13, 20);
-- Pro rata: the cents that do not divide go to the largest remainders, the oldest among equals.
SELECT post_invoice(14, 'P1', '2026-01-01', 33, '2026-01-31') > 0 AND post_invoice(14, 'P2', '2026-01-01', 33, '2026-01-31') > 0
	AND post_invoice(14, 'P3', '2026-01-01', 33, '2026-01-30') > 0 AS posted, pg_temp.pay(14, 50);
-- A credit note goes first, as far as there is something to pay; the rest of both stays.
SELECT set_cash_rules('credits', '{credit_notes_first}', 15) > 0 AS made, post_invoice(15, 'S1', '2026-01-01', 50, '2026-01-01') > 0 AND post_credit_note(15, 'CN1', '2026-01-03', 40) > 0
	AND post_credit_note(15, 'CN2', '2026-01-04', 30) > 0 AS posted, pg_temp.pay(15, 25);
-- Nor is a credit used where nothing is paid with it, because the next item may not be paid in part.
SELECT set_cash_rules('whole ' || c, '{credit_notes_first}', c, p_partial => false) > 0 AS made, post_invoice(c, 'S1', '2026-01-01', CASE c WHEN 24 THEN 100 ELSE 15 END, '2026-01-01') > 0
	AND post_invoice(c, 'S2', '2026-01-01', 200, '2026-01-02') > 0 AND post_credit_note(c, 'CN', '2026-01-03', 40) > 0 AS posted, pg_temp.pay(c, 25) FROM generate_series(24, 25) c;
CALL apply_cash('ties', false);
SELECT * FROM outcome WHERE customer BETWEEN 10 AND 15 OR customer IN (24, 25) ORDER BY customer;
SELECT * FROM left_open WHERE customer BETWEEN 10 AND 15 OR customer IN (24, 25) ORDER BY customer;

-- Other customers' documents: paid where the payer may pay for them, by a pair of transfers; shown to a person otherwise.
SELECT add_customer('Branch', 41, p_payer_id => 16) AS branch, set_cash_rules('payer', '{reference,oldest_first}', 16) > 0 AS made,
	post_invoice(16, 'INV-2600', '2026-01-01', 10, '2026-01-31') > 0 AND post_invoice(41, 'INV-2641', '2026-01-01', 20, '2026-01-31') > 0
	AND post_invoice(17, 'INV-2617', '2026-01-01', 30, '2026-01-31') > 0 AS posted, set_cash_rules('stranger', '{reference,oldest_first}', 17) > 0 AS made,
	pg_temp.pay(16, 30, 'INV-2600 INV-2641'), pg_temp.pay(17, 30, 'INV-2617, INV-2641');
-- A credit note of the payer's that the money goes with is used for the branch as well.
SELECT post_credit_note(16, 'CN-2650', '2026-01-02', 6) > 0 AND post_invoice(41, 'INV-2651', '2026-01-03', 100, '2026-01-31') > 0 AS posted, pg_temp.pay(16, 94, 'INV-2651 CN-2650');
-- Nor does a branch pay for the one who pays for it.
SELECT post_invoice(16, 'INV-2601', '2026-01-01', 15, '2026-01-31') > 0 AS posted, pg_temp.pay(41, 15, 'INV-2601');
-- Approvals are for transfers that persons make.
SELECT set_approval_policy('transfer', true);
CALL apply_cash('others', false);
SELECT * FROM outcome WHERE customer IN (16, 17, 41) ORDER BY customer;
SELECT * FROM left_open WHERE customer IN (16, 17, 41) ORDER BY customer;
SELECT customer_id, kind, side, number, amount, reason FROM document WHERE kind = 'transfer' ORDER BY 1;
-- Paid already: that is no reason to pay something else.
SELECT add_receipt('US1', 'S16', 'again', '2026-02-02', 15, p_customer_id => 16, p_remittance_text => 'INV-2641') AS receipt;
CALL apply_cash('again', false);
SELECT * FROM outcome WHERE customer = 16 AND receipt = 15;
-- What comes back of it comes back from both.
SELECT l.* FROM load_bai2(E'01,122099999,123456789,260204,0200,1,65,,2/\n02,031001234,122099999,1,260203,2359,USD,2/\n03,US1,USD,010,0,,/\n16,555,3000,,X,,NSF\n16,555,9400,,Y,,NSF\n49,12400,4/\n98,12400,1,6/\n99,12400,1,8/\n') l;
SELECT b.amount, return_receipt(b.bank_receipt_id, (SELECT m.bank_receipt_id FROM cash_match m JOIN bank_receipt r USING (bank_receipt_id)
	WHERE m.customer_id = 16 AND m.status = 'applied' AND r.amount = b.amount)) > 0 AS returned FROM bank_receipt b WHERE b.credit_debit = 'debit' ORDER BY 1;
SELECT * FROM left_open WHERE customer IN (16, 17, 41) ORDER BY customer;
SELECT customer_id, kind, number, amount, posting_date > '2026-02-03' AS later FROM document d WHERE customer_id IN (16, 41) AND kind <> 'invoice' ORDER BY document_id;

-- Another currency: a receipt whose rate is missing fails by itself and is tried again; items of another currency are not paid.
SELECT set_cash_rules('euro', '{exact_item,oldest_first}', 18) > 0 AS made, set_fx_rate('EUR', 1.1, '2026-01-01', 'ECB'),
	post_invoice(18, 'E1', '2026-01-01', 40, '2026-01-31', 'EUR') > 0 AND post_invoice(18, 'U1', '2026-01-01', 40, '2026-01-31') > 0 AS posted,
	pg_temp.pay(18, 40, currency => 'EUR'), pg_temp.pay(19, 10, currency => 'CHF'), pg_temp.pay(18, 41, currency => 'JPY');
SELECT set_cash_rules('francs', '{on_account}', 19) > 0 AS made;
CALL apply_cash('currencies', false);
SELECT * FROM outcome WHERE customer IN (18, 19) OR why ~ 'rate' ORDER BY customer, receipt;
SELECT set_fx_rate('CHF', 1.2, '2026-01-01', 'SNB');
CALL apply_cash('currencies 2', false);
SELECT * FROM left_open WHERE customer IN (18, 19) ORDER BY customer;
-- An unknown currency: the file is refused whole.
SELECT l.* FROM load_bai2(E'01,122099999,123456789,260204,0200,9,65,,2/\n02,031001234,122099999,1,260203,2359,XXQ,2/\n03,US9,XXQ,010,0,,/\n16,115,2500,,X,,A\n49,2500,3/\n98,2500,1,5/\n99,2500,1,7/\n') l;
SELECT load_remittance_csv('six', 'ADV-6002', E'invoice;amount paid\nINV-1200;60.00\n', p_currency => 'XXQ');
-- The same line of the bank twice is one receipt, also in another session's file; two of the same content are two.
SELECT pg_temp.pay(20, 10, 'once') = pg_temp.pay(20, 10, 'once') AS same, add_receipt('US1', 'S20', 'next', '2026-02-01', 10, p_customer_id => 20, p_remittance_text => 'once')
	<> pg_temp.pay(20, 10, 'once') AS another;
SELECT pg_temp.pay(20, 10, 'twice');
-- Whose rules: the customer's own, those of its risk class, those of all others.  Discounts that were not earned, and none at
-- all; a tolerance in percent, of which the lesser counts.
SELECT set_cash_rules('class B', '{exact_item}', p_risk_class => 'B', p_discounts => 'unearned') > 0 AND set_cash_rules('own', '{exact_item}', 31, p_discounts => 'none') > 0
	AND set_cash_rules('percent', '{reference}', 32, p_tolerance_percent => 0.5) > 0 AND set_cash_rules('lesser', '{reference}', 33, p_tolerance_percent => 0.5, p_tolerance_amount => 3) > 0
	AND set_cash_rules('others', '{reference,on_account}', p_min_confidence => 95) > 0 AS made;
SELECT set_risk_class(30, 'B'), set_risk_class(31, 'B');
SELECT post_invoice(c, 'INV-3000', '2025-06-01', 1000, p_terms => '2/10 net 30') > 0 AS posted, pg_temp.pay(c, CASE WHEN c < 32 THEN 980 ELSE 996 END, 'INV-3000') FROM generate_series(30, 34) c;
-- A range of numbers.
SELECT post_invoice(35, 'INV-' || n, '2026-01-01', 10, '2026-01-31') > 0 AS posted FROM generate_series(5001, 5004) n;
SELECT pg_temp.pay(35, 30, 'Inv. 5001-5003');
CALL apply_cash('whose', false);
SELECT m.rule_set, o.* FROM outcome o JOIN cash_match m ON m.customer_id = o.customer WHERE customer BETWEEN 30 AND 35 ORDER BY customer;
SELECT * FROM left_open WHERE customer BETWEEN 30 AND 35 ORDER BY customer;
SELECT set_cash_rules('others', '{reference}', 36) > 0 AS made;
-- Money of a closed customer, and of one that was merged into another.
SELECT set_cash_rules('closed', '{oldest_first}', 21) > 0 AS made, post_invoice(21, 'I', '2026-01-01', 10, '2026-01-31') > 0 AS posted, set_customer_status(21, 'closed'),
	pg_temp.pay(21, 10), post_invoice(23, 'INV-4023', '2026-01-01', 10, '2026-01-31') > 0 AS posted, merge_customers(23, 22, 'the same') IS NOT NULL AS merged, pg_temp.pay(23, 10, 'INV-4023');
CALL apply_cash('closed', false);
SELECT * FROM outcome WHERE customer BETWEEN 20 AND 23 ORDER BY customer;
SELECT * FROM left_open WHERE customer BETWEEN 20 AND 23 ORDER BY customer;
SELECT * FROM verify_ledger();
SELECT * FROM verify_chain();
