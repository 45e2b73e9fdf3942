-- Statements of account, the roll-forward, double entry, and reconciliation with a general ledger.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
-- Plans of an empty ledger are thought costly.
SET jit = off;
SELECT add_customer('Acme', 1), add_customer('Bolt', 2), add_customer('Cord', 3), add_fiscal_year(2025), set_fx_rate('EUR', 1.1, '2025-01-01'), set_fx_rate('EUR', 1.2, '2025-03-01');

-- Something of every kind in February, on what was there in January.
SELECT post_invoice(1, 'I-1', '2025-01-10', 120, '2025-02-09', p_lines => '[{"product": "A", "quantity": 1, "unit_price": 100, "tax_rate": 20}]'),
	post_invoice(1, 'I-2', '2025-01-20', 300, p_terms => '1/3 30, 1/3 60, 1/3 90'), post_payment(1, 'P-0', '2025-01-25', 20), post_deposit(1, 'D-0', '2025-01-28', 80, 'O-1');
SELECT post_document(k, 1, k || '-1', '2025-02-10', 10 + n, '2025-03-10', p_side => CASE WHEN k IN ('adjustment', 'fx_difference') THEN 'debit' END) > 0 AS posted
FROM unnest(ARRAY['invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge', 'adjustment', 'fx_difference', 'credit_note', 'payment', 'set_off']) WITH ORDINALITY u (k, n);
SELECT post_document('adjustment', 1, 'adjustment-2', '2025-02-11', 3, p_side => 'credit') > 0 AS posted;
SELECT post_payment(1, 'P-1', '2025-02-12', 100) > 0 AS posted;
SELECT allocate(1, c.item_id, d.item_id, 100, '2025-02-12') > 0 AS applied FROM open_items c, open_items d WHERE c.number = 'P-1' AND d.number = 'I-1';
SELECT grant_credit('discount', 1, item_id, 'late, but granted', 5, '2025-02-13', NULL, NULL) > 0 AS granted FROM open_items WHERE number = 'I-1';
SELECT write_off(1, item_id, 'not worth it', 15, '2025-02-14') > 0 AS written_off FROM open_items WHERE number = 'I-1';
SELECT recover(1, (SELECT document_id FROM document WHERE kind = 'write_off'), document_id, 6, '2025-02-15') > 0 AS recovered FROM document WHERE number = 'P-0';
SELECT refund(1, document_id, p_amount => 4, p_refunded_on => '2025-02-16') > 0 AS refunded FROM document WHERE number = 'P-0';
SELECT transfer_credit(1, document_id, 2, 'meant for Bolt', 5, '2025-02-17') > 0 AS transferred FROM document WHERE number = 'P-0';
SELECT return_payment(1, document_id, '2025-02-18') > 0 AS returned FROM document WHERE number = 'payment-1';
SELECT void_document(1, document_id, 'posted twice', '2025-02-19') > 0 AS voided FROM document WHERE number = 'fee-1';
SELECT post_invoice(1, 'I-O', '2025-02-20', 50, '2025-03-20', p_order_id => 'O-1') > 0 AS posted;
SELECT apply_deposit(1, document_id, '2025-02-20') FROM document WHERE number = 'D-0';
SELECT release_deposit(1, document_id, 'order complete') FROM document WHERE number = 'D-0';
-- A void takes the tax back.
SELECT void_document(2, post_invoice(2, 'V-1', '2025-02-21', 24, '2025-03-21', p_lines => '[{"product": "A", "quantity": 2, "unit_price": 10, "tax_rate": 20}]'), 'wrong', '2025-02-22') > 0 AS voided;
-- Another currency, at another rate when it is paid.
SELECT post_invoice(3, 'E-1', '2025-02-01', 100, '2025-02-28', 'EUR') > 0 AS posted;
SELECT apply_payment(3, post_payment(3, 'E-2', '2025-03-02', 100, 'EUR'), p_applied_on => '2025-03-02');

-- The roll-forward foots, with a line for every kind.
\x on
SELECT * FROM roll_forward('2025-02', 1);
\x off
SELECT customer_id, currency, opening, invoice, payment, transfer, closing, difference FROM roll_forward('2025-02') ORDER BY 1, 2;
SELECT currency, customers, opening, transfer, closing, difference FROM roll_forward_total('2025-02');
SELECT name FROM period, LATERAL roll_forward(name) WHERE difference <> 0;
SELECT * FROM roll_forward('2025-13');
-- Rows that came in past the triggers show as a difference, not as a line of it.
ALTER TABLE document DISABLE TRIGGER USER;
INSERT INTO document (customer_id, kind, number, doc_date, posting_date, currency, amount, side) VALUES (2, 'invoice', 'ghost', '2025-02-05', '2025-02-05', 'USD', 9, 'debit');
SELECT customer_id, invoice, closing, difference FROM roll_forward('2025-02', 2);
DELETE FROM document WHERE number = 'ghost';
ALTER TABLE document ENABLE TRIGGER USER;

-- Statements.
SELECT line_no, section, label, doc_date, number, due_date, days_past_due, amount, open_amount, balance FROM statement(1, '2025-02-01', '2025-02-28');
SELECT line_no, section, label, posting_date, number, amount, balance FROM statement(1, '2025-02-01', '2025-02-28', 'balance_forward');
SELECT currency, section, label, number, amount, balance FROM statement(3, '2025-02-01', '2025-03-31', 'balance_forward');
SELECT * FROM statement(3, '2025-04-01', '2025-04-30');
SELECT * FROM statement(1, '2025-02-01', '2025-02-28', 'long');
SELECT * FROM statement(1, '2025-02-28', '2025-02-01');
SELECT * FROM statement(1, NULL, '2025-02-01');
SELECT * FROM statement(9, '2025-02-01', '2025-02-28');

-- Every entry balances, in its currency and in base currency; the control accounts are the balances of the day.
SELECT count(*) > 60 AS lines, count(*) FILTER (WHERE account IS NULL) AS without_account FROM ledger_entries;
SELECT customer_id, entry FROM ledger_entries GROUP BY 1, 2, currency HAVING sum(debit) <> sum(credit) OR sum(base_debit) <> sum(base_credit) OR min(debit + base_debit) < 0;
SELECT entry, line_no, posting_date, role, currency, debit, credit, base_debit, base_credit FROM ledger_entries WHERE customer_id = 3 ORDER BY posting_date, entry, line_no;
SELECT entry, role, debit, credit FROM ledger_entries WHERE number = 'I-1' ORDER BY entry, line_no;
SELECT number, role, debit, credit FROM ledger_entries WHERE number LIKE '%V-1' AND entry LIKE 'document%' ORDER BY posting_date, line_no;
SELECT entry, posting_date = ledger_today() AS today, role, debit, credit FROM ledger_entries WHERE number = 'D-0' AND entry LIKE 'release%' ORDER BY line_no;
SELECT d.day, b.role, b.currency, b.balance, e.balance FROM (VALUES (date '2025-01-31'), ('2025-02-15'), ('2025-02-28'), ('2025-03-31'), (ledger_today())) d (day)
	CROSS JOIN LATERAL control_balances(d.day) b
	LEFT JOIN LATERAL (SELECT sum(e.debit - e.credit) AS balance FROM ledger_entries e WHERE e.role = b.role AND e.currency = b.currency AND e.posting_date <= d.day) e ON true
WHERE b.balance <> COALESCE(e.balance, 0);
SELECT * FROM control_balances('2025-02-28');
SELECT (SELECT sum(balance) FROM control_balances('2025-02-28') WHERE currency = 'USD') = (SELECT sum(total) FROM aging_at('2025-02-28') WHERE currency = 'USD') AS add_up;

-- Against a general ledger that knows all but two entries, and one that is not ours.
SELECT balance AS ours FROM control_balances('2025-02-28') WHERE role = 'receivable' AND currency = 'USD' \gset
SELECT line, entry, customer_id, number, ledger_amount, gl_amount, difference, explanation FROM reconcile_gl('receivable', jsonb_build_array(jsonb_build_object('balance', :ours)), '2025-02-28');
SELECT line, entry, number, ledger_amount, gl_amount, difference, explanation
FROM reconcile_gl('receivable', jsonb_build_array(jsonb_build_object('balance', :ours - 16)), '2025-02-28');
SELECT jsonb_agg(jsonb_build_object('entry', entry, 'customer_id', customer_id, 'currency', currency, 'amount', amount)) AS theirs
FROM (SELECT entry, customer_id, currency, sum(debit - credit) - CASE WHEN entry = 'document 7' THEN 1 ELSE 0 END AS amount FROM ledger_entries
	WHERE account = 'receivable' AND posting_date BETWEEN '2025-02-01' AND '2025-02-28' AND entry <> 'document 5' GROUP BY 1, 2, 3
	UNION ALL SELECT 'journal 77', NULL, 'USD', 2.50) e \gset
SELECT line, entry, number, ledger_amount, gl_amount, difference, explanation
FROM reconcile_gl('receivable', jsonb_build_array(jsonb_build_object('balance', :ours - 12)), '2025-02-28', :'theirs');
SELECT * FROM gl_difference('[{"account": "receivable", "balance": 1}, {"account": "unapplied", "currency": "USD", "balance": -1.5}]', '2025-02-28');

-- The company's own account names; two roles may share one.
SELECT set_gl_account('receivable', '1200'), set_gl_account('unapplied', '1200'), set_gl_account('deposits', '2300');
SELECT account, currency, ledger_balance FROM gl_difference('[{"account": "1200", "balance": 0}]', '2025-02-28');
SELECT set_gl_account('revenue', '4000');
SELECT set_gl_account('sales', '');
SELECT * FROM gl_difference(NULL, '2025-02-28');
SELECT * FROM gl_difference('{}', '2025-02-28');
SELECT * FROM gl_difference('[1]', '2025-02-28');
SELECT * FROM gl_difference('[{"account": "1200", "balance": "x"}]', '2025-02-28');
SELECT * FROM gl_difference('[{"account": "4000", "balance": 1}]', '2025-02-28');
SELECT * FROM reconcile_gl('receivable', '[{"balance": 1}]', '2025-02-28');
SELECT * FROM reconcile_gl('1200', '[{"balance": 1}]', '2025-02-28', '[{"amount": 1}]');
SELECT * FROM reconcile_gl('1200', NULL, '2025-02-28');
SELECT * FROM reconcile_gl('1200', '[{"balance": 1}]', 'infinity');
-- A deposit applied in part and released on one day is split between the accounts all the same.
SELECT post_deposit(2, 'D-2', ledger_today(), 30, 'O-2') > 0 AS paid, post_invoice(2, 'I-D', ledger_today(), 10, ledger_today() + 30, p_order_id => 'O-2') > 0 AS billed;
SELECT apply_deposit(2, document_id) FROM document WHERE number = 'D-2';
SELECT release_deposit(2, document_id, 'order complete') FROM document WHERE number = 'D-2';
SELECT b.role, b.currency, b.balance = sum(e.debit - e.credit) AS agrees FROM control_balances(ledger_today()) b JOIN ledger_entries e ON e.role = b.role AND e.currency = b.currency GROUP BY 1, 2, b.balance ORDER BY 1, 2;
SELECT role, sum(debit - credit) AS balance FROM ledger_entries WHERE customer_id = 2 AND number = 'D-2' AND role <> 'receivable' GROUP BY 1 ORDER BY 1;
SELECT * FROM verify_ledger();
RESET search_path;
DROP SCHEMA ar CASCADE;
