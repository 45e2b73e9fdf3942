-- cash_rules.sql: the rules of cash application, by worked examples of other systems.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'Etc/UTC';
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('cash', 'USD', time_zone => 'Etc/UTC');
SET search_path = cash, public;
SELECT count(add_customer('Customer ' || g, g)) FROM generate_series(1, 30) g;
-- What came of each receipt of a run.
CREATE FUNCTION pg_temp.pay(customer bigint, paid_on date, amount numeric, said text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
	SELECT cash.add_receipt('US1', 'S' || customer, 'no ' || paid_on || amount, paid_on, amount, p_customer_id => customer, p_remittance_text => said)
$$;
CREATE VIEW pg_temp.outcome AS
	SELECT m.customer_id AS customer, b.amount AS receipt, m.status, m.rule, m.confidence,
		(SELECT string_agg(format('%s %s%s%s', a ->> 'number', a ->> 'amount', ' less ' || NULLIF((a ->> 'discount')::numeric, 0),
			' written off ' || NULLIF((a ->> 'write_off')::numeric, 0)), ', ' ORDER BY o) FROM jsonb_array_elements(m.allocations) WITH ORDINALITY t (a, o)) AS pays,
		m.on_account, (SELECT string_agg((k ->> 'rule') || ': ' || (k ->> 'why'), '; ' ORDER BY o) FROM jsonb_array_elements(m.blocked) WITH ORDINALITY t (k, o)) AS blocked
	FROM cash_match m JOIN bank_receipt b USING (bank_receipt_id);
CREATE VIEW pg_temp.left_open AS
	SELECT i.customer_id AS customer, string_agg(d.number || ' ' || i.open_amount, ', ' ORDER BY i.item_id) AS open
	FROM item i JOIN document d USING (customer_id, document_id) WHERE i.open_amount <> 0 GROUP BY 1;

-- Oracle Receivables, examples of using each AutoCash rule: Match Payment with Invoice with discount grace of 5 days and
-- without (1, 2); two items alike (4, 5).
SELECT post_invoice(c, 'M1', '2003-01-01', 2000, p_terms => '10/10 net 30') FROM generate_series(1, 2) c;
SELECT set_cash_rules('grace', '{exact_item}', 1, p_discount_grace_days => 5), set_cash_rules('no grace', '{exact_item}', 2);
SELECT pg_temp.pay(1, '2003-01-14', 1800), pg_temp.pay(2, '2003-01-14', 1800);
SELECT set_cash_rules('match', '{exact_item}', c) FROM generate_series(4, 4) c;
SELECT set_cash_rules('match 5', '{exact_item}', 5);
SELECT post_invoice(4, 'A', '2003-01-01', 500, '2003-01-10'), post_invoice(4, 'B', '2003-01-01', 500, '2003-01-05'),
	post_invoice(5, 'A', '2003-01-01', 500, '2003-01-10'), post_invoice(5, 'B', '2003-01-01', 500, '2003-01-10');
SELECT pg_temp.pay(4, '2003-01-12', 500), pg_temp.pay(5, '2003-01-12', 500);

-- Oracle Receivables, example of using an AutoCash rule set.
SELECT set_cash_rules('three rules', '{exact_item,clear_account,oldest_first}', 3);
SELECT post_invoice(3, '123', '2002-11-21', 200, p_terms => '2/10 net 20'), post_invoice(3, '124', '2002-11-20', 300, p_terms => '2/10 net 18'),
	post_invoice(3, '125', '2002-11-18', 150, p_terms => '2/10 net 25');
SELECT pg_temp.pay(3, '2002-12-10', 600);

-- Clear the Account takes the exact sum of all debits and credits only.
SELECT set_cash_rules('clear ' || c, '{clear_account}', c), post_invoice(c, 'I1', '2026-01-05', 300, '2026-02-05'),
	post_invoice(c, 'I2', '2026-01-06', 200, '2026-02-06'), post_credit_note(c, 'C1', '2026-01-07', 50) FROM generate_series(6, 7) c;
SELECT pg_temp.pay(6, '2026-01-20', 450), pg_temp.pay(7, '2026-01-20', 449.99);

-- Dynamics 365, automatic settlement by priority: the interest note, then the oldest invoices.
SELECT set_cash_rules('priority', '{by_priority}', 8);
SELECT post_invoice(8, 'inv1', '2026-01-01', 100, '2026-01-31'), post_invoice(8, 'inv2', '2026-01-02', 250, '2026-02-01'),
	post_invoice(8, 'inv3', '2026-01-03', 500, '2026-02-02'), post_document('finance_charge', 8, 'note1', '2026-02-20', 7, '2026-03-20');
SELECT pg_temp.pay(8, '2026-02-25', 700);

-- Dynamics 365, settling invoices with several discount periods: in full within and after the 2%, and the half of each.
SELECT set_cash_rules('full ' || c, CASE c WHEN 11 THEN '{pro_rata}'::text[] ELSE '{clear_account}' END, c), post_invoice(c, 'A', '2026-05-15', 1000, p_terms => '1/14 net 30'),
	post_invoice(c, 'B', '2026-06-25', 1000, p_terms => '1/14 net 30'), post_invoice(c, 'C', '2026-06-25', 1000, p_terms => '2/5, 1/14, net 30')
FROM generate_series(9, 11) c;
SELECT pg_temp.pay(9, '2026-06-29', 2970), pg_temp.pay(10, '2026-07-01', 2980), pg_temp.pay(11, '2026-06-29', 1485);
-- A part of one invoice, with the discount on that part.
SELECT set_cash_rules('named', '{reference}', 12), post_invoice(12, 'FTI-10020', '2026-06-25', 100, p_terms => '2/10 net 30'), pg_temp.pay(12, '2026-07-01', 49, 'FTI-10020');
-- A difference within the tolerance closes the invoice; beyond it stays open.
SELECT set_cash_rules('tolerant', '{reference}', 13, p_tolerance_amount => 0.10), post_invoice(13, 'INV-77001', '2026-06-25', 1000, '2026-07-25'),
	pg_temp.pay(13, '2026-07-20', 999.90, 'INV-77001');
SELECT set_cash_rules('less tolerant', '{reference}', 14, p_tolerance_amount => 0.09), post_invoice(14, 'INV-77001', '2026-06-25', 1000, '2026-07-25'),
	pg_temp.pay(14, '2026-07-20', 999.90, 'INV-77001');

-- Oracle AutoMatch: INV10032 for INV10023 is 75% alike, enough to recommend and not to apply.
SELECT set_cash_rules('similar', '{reference,on_account}', 15), post_invoice(15, 'INV10023', '2026-06-25', 80, '2026-07-25'), pg_temp.pay(15, '2026-07-20', 80, 'INV10032');

-- OCA account_mass_reconcile: too much money stays with the receipt, and 0.10 over is taken up to 0.11 only.
SELECT set_cash_rules('mass', '{reference}', 16), post_invoice(16, 'REF-5001', '2026-06-25', 50, '2026-07-25'), pg_temp.pay(16, '2026-07-20', 500, 'REF-5001');
SELECT set_cash_rules('over ' || c, '{reference}', c, p_tolerance_amount => CASE c WHEN 17 THEN 0.05 ELSE 0.11 END, p_overpayment => 'adjustment'),
	post_invoice(c, 'REF-5001', '2026-06-25', 50, '2026-07-25'), pg_temp.pay(c, '2026-07-20', 50.10, 'REF-5001') FROM generate_series(17, 18) c;
-- Tryton account_receivable_rule: by maturity date.
SELECT set_cash_rules('maturity', '{oldest_first}', 19), post_invoice(19, 'S1', '2026-01-01', 50, '2026-01-01'), post_invoice(19, 'S2', '2026-01-01', 20, '2026-01-01'),
	post_invoice(19, 'S3', '2026-01-01', 30, '2026-01-31'), pg_temp.pay(19, '2026-02-01', 80);
-- Without partial payment the oldest that is covered in full; a credit note before cash.
SELECT set_cash_rules('whole', '{oldest_first}', 20, p_partial => false), post_invoice(20, 'S1', '2026-01-01', 50, '2026-01-01'), post_invoice(20, 'S2', '2026-01-01', 60, '2026-01-02'),
	post_invoice(20, 'S3', '2026-01-01', 5, '2026-01-31'), pg_temp.pay(20, '2026-02-01', 80);
SELECT set_cash_rules('credits', '{credit_notes_first}', 21), post_invoice(21, 'S1', '2026-01-01', 50, '2026-01-01'), post_invoice(21, 'S2', '2026-01-01', 60, '2026-01-02'),
	post_credit_note(21, 'CN', '2026-01-03', 40), pg_temp.pay(21, '2026-02-01', 60);
-- The terms' past due items; what the payer names in its order; a combination, and two that are ambiguous.
SELECT set_cash_rules('terms', '{clear_past_due,clear_past_due_by_terms}', 22), post_invoice(22, 'T1', '2026-01-01', 10, p_terms => 'net 10'),
	post_invoice(22, 'T2', '2026-01-02', 20, p_terms => 'net 20'), post_invoice(22, 'T3', '2026-01-03', 30, p_terms => 'net 20'), pg_temp.pay(22, '2026-02-01', 50);
SELECT set_cash_rules('designated', '{reference,debtor_designation}', 23), post_invoice(23, 'INV-2001', '2026-01-01', 10, '2026-01-31'),
	post_invoice(23, 'INV-2002', '2026-01-02', 20, '2026-02-01'), post_invoice(23, 'INV-2003', '2026-01-03', 30, '2026-02-02'),
	pg_temp.pay(23, '2026-02-01', 35, 'INV-2003 then INV-2001');
SELECT set_cash_rules('combined ' || c, '{combination,on_account}', c, p_min_confidence => 70), post_invoice(c, 'V1', '2026-01-01', 11, '2026-03-31'),
	post_invoice(c, 'V2', '2026-01-02', CASE c WHEN 24 THEN 23 ELSE 34 END, '2026-03-30'), post_invoice(c, 'V3', '2026-01-03', CASE c WHEN 24 THEN 47 ELSE 35 END, '2026-03-29'),
	post_invoice(c, 'V4', '2026-01-03', CASE c WHEN 24 THEN 5 ELSE 12 END, '2026-03-28'), pg_temp.pay(c, '2026-02-01', CASE c WHEN 24 THEN 58 ELSE 46 END) FROM generate_series(24, 25) c;

-- A simulation shows what a run does, and writes nothing but proposals.
CALL apply_cash('try');
SELECT count(*) AS documents FROM document WHERE kind = 'payment';
CREATE TEMP TABLE shown AS SELECT * FROM outcome;
CALL apply_cash('really', false);
SELECT * FROM outcome WHERE status <> 'simulated' ORDER BY customer, receipt;
SELECT (SELECT count(*) FROM shown) AS shown, count(*) AS not_as_shown
FROM (SELECT customer, receipt, rule, confidence, pays, on_account, blocked FROM outcome WHERE status <> 'simulated'
	EXCEPT SELECT customer, receipt, rule, confidence, pays, on_account, blocked FROM shown) d;
SELECT * FROM left_open ORDER BY customer;
-- Again changes nothing.
CALL apply_cash('really', false);
CALL apply_cash('once more', false);
SELECT count(*) AS documents FROM document WHERE kind = 'payment';
SELECT * FROM verify_ledger();
