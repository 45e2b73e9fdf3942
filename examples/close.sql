-- A month is closed: what stands against it, the snapshot, the books shut for everybody, statements, the roll-forward and
-- the general ledger, a month opened again, and a year of metrics.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD', time_zone => 'UTC');
SET search_path = ar, public;

SELECT add_customer('Acme', 1), add_customer('Bolt', 2);
SELECT post_invoice(1, 'I-1', '2025-01-10', 1000, '2025-02-09'), post_invoice(2, 'I-2', '2025-01-20', 300, '2025-01-31'),
	post_invoice(1, 'I-3', '2025-02-10', 500, '2025-03-12');
SELECT apply_payment(1, post_payment(1, 'P-1', '2025-01-25', 400), p_applied_on => '2025-01-25');
SELECT post_payment(2, 'P-2', '2025-01-30', 20);

-- January.
SELECT add_fiscal_year(2025);
SELECT check_name, detail FROM close_checks('2025-01');
CALL close_period('2025-01');
CALL close_period('2025-01', '{unapplied_cash}', 'Bolt was asked what it is for');
SELECT customer_id, total, unapplied, amounts FROM aging_snapshot ORDER BY customer_id;

-- Nobody gets in any more; a late invoice goes into February.
SELECT post_invoice(1, 'I-4', '2025-01-31', 75, '2025-03-02', p_posting_date => '2025-01-31');
SELECT post_invoice(1, 'I-4', '2025-01-31', 75, '2025-03-02');
SELECT number, doc_date, posting_date FROM document WHERE number = 'I-4';
SELECT apply_payment(2, 5, p_applied_on => '2025-02-03');

-- February, with the general ledger's balance, which lacks an invoice.
SELECT * FROM control_balances('2025-02-28');
CALL close_period('2025-02', p_balances => '[{"account": "receivable", "balance": 955}]');
SELECT line, number, ledger_amount, gl_amount, difference, explanation FROM reconcile_gl('receivable', '[{"balance": 955}]', '2025-02-28');
CALL close_period('2025-02', p_balances => '[{"account": "receivable", "balance": 1455}]');
SELECT customer_id, opening, invoice, payment, closing, difference FROM roll_forward('2025-02') ORDER BY customer_id;
SELECT posting_date, entry, account, debit, credit FROM ledger_entries WHERE posting_date >= '2025-02-01' ORDER BY posting_date, entry, line_no;
SELECT section, label, number, due_date, amount, open_amount, balance FROM statement(1, '2025-02-01', '2025-02-28');

-- Something was forgotten.
SELECT reopen_period('2025-02', 'an invoice is missing');
SELECT grant_authority(session_user, 'reopen_period') AS authority;
SELECT reopen_period('2025-02', 'an invoice is missing');
SELECT post_invoice(2, 'I-5', '2025-02-27', 60, '2025-03-29');
CALL close_period('2025-02');
SELECT version, total FROM snapshot WHERE as_of = '2025-02-28' AND customer_id = 2 ORDER BY version;
SELECT period, customers, total, past_due, amounts FROM aging_by_period ORDER BY as_of;

-- Metrics of the two months, and what became of January's buckets.
SELECT metric, value, reason FROM metrics('2025-01-01', '2025-02-28');
SELECT bucket, label, amount, rolled, roll_rate FROM roll_rates('2025-01-31', '2025-02-28');
SELECT from_bucket, to_bucket, customers, from_total, to_total FROM bucket_migration('2025-01-31', '2025-02-28');
SELECT * FROM verify_ledger();
