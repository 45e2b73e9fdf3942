-- Periods: what is closed stays as it was, whoever writes.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
-- Plans of an empty ledger are thought costly.
SET jit = off;
SELECT add_customer('Acme', 1), add_customer('Bolt', 2);
SELECT post_invoice(1, 'I-1', '2025-01-10', 1000, '2025-02-09'), post_invoice(1, 'I-2', '2025-02-10', 500, '2025-03-12'),
	post_invoice(2, 'I-3', '2025-01-20', 300, '2025-01-31');
SELECT post_payment(1, 'P-1', '2025-01-25', 400), post_deposit(2, 'D-1', '2025-01-28', 50, 'O-1'), post_payment(2, 'P-2', '2025-02-25', 100);
SELECT apply_payment(1, 4, p_applied_on => '2025-01-25');
SELECT set_credit_limit(1, 2000, '2025-01-01'), set_credit_limit(2, 100, '2025-02-10');

SELECT open_dispute(2, 3, 120, 'price_error', p_opened_on => '2025-01-25');

-- Periods follow each other.
SELECT add_fiscal_year(2025);
SELECT add_period('2026-02', '2026-02-01', '2026-02-28');
SELECT add_period('2025-12b', '2025-12-31', '2026-01-31');
SELECT add_period('none', '2026-01-02', '2026-01-01');
SELECT add_fiscal_year(2026, '2026-01-15');
SELECT count(*), min(starts_on), max(ends_on), count(*) FILTER (WHERE year_end), bool_and(state = 'open') FROM period;

-- Out of order, not over, unknown.
CALL close_period('2025-02');
CALL close_period('2031-01');
CALL close_period(NULL);

-- What stands against it is listed, and the books are open again.
SELECT post_payment(2, 'P-0', '2025-01-30', 20);
-- A payment that never cleared and came back is nobody's exposure.
SELECT add_customer('Cord', 3), return_payment(3, post_payment(3, 'P-8', '2025-01-20', 10, p_clears_on => '2025-02-20'), '2025-01-30') > 0 AS returned;
CALL close_period('2025-01');
SELECT check_name, findings, may_accept, detail FROM close_checks('2025-01');
SELECT state, version, (SELECT closed_through FROM ledger_info) FROM period WHERE name = '2025-01';
CALL close_period('2025-01', ARRAY['ledger'], 'never mind');
CALL close_period('2025-01', ARRAY['unapplied_cash']);
SELECT closed_through FROM ledger_info;
CALL close_period('2025-01', ARRAY['unapplied_cash'], 'the customer does not say what for');
SELECT state, version, (SELECT closed_through FROM ledger_info) FROM period WHERE name = '2025-01';
SELECT event, version, reason, accepted, jsonb_path_query_array(findings, '$[*].check_name') AS found, actor = session_user AS actor FROM period_event WHERE period = '2025-01' ORDER BY 1, 2, 3, 4, 5;
CALL close_period('2025-01');

-- The snapshot.
SELECT customer_id, as_of, version, currency, total, past_due, unapplied, disputed, worst_bucket, credit.amounts(aging) FROM snapshot ORDER BY customer_id;
SELECT * FROM customer_snapshot ORDER BY customer_id;
SELECT period, customer_id, total, amounts, exposure, credit_limit FROM aging_snapshot ORDER BY customer_id;
SELECT * FROM aging_by_period;

-- No way in: posting, applying, voiding, writing off, reversing, changing due dates, releasing deposits, by function or by COPY.
SELECT post_invoice(1, 'I-4', '2025-01-31', 10, '2025-02-28', p_posting_date => '2025-01-31');
SELECT apply_payment(2, 7, p_applied_on => '2025-01-31');
SELECT void_document(2, 3, 'wrong', '2025-01-31');
SELECT write_off(2, 3, 'gone', 1, '2025-01-31');
SELECT reverse_allocation(1, 1, '2025-01-31');
SELECT return_payment(1, 4, '2025-01-31');
SELECT refund(2, 7, p_refunded_on => '2025-01-31');
SELECT transfer_credit(2, 7, 1, 'wrong customer', p_transferred_on => '2025-01-31');
SELECT set_due_date(2, 3, '2025-06-30', 'agreed', 'boss', '2025-01-31');
INSERT INTO deposit_release (customer_id, document_id, released_on, reason) VALUES (2, 5, '2025-01-31', 'back-dated');
SELECT merge_customers(2, 1, 'the same', '2025-01-31');
SELECT open_dispute(2, 3, 30, 'price_error', p_opened_on => '2025-01-31');
COPY document (customer_id, kind, number, doc_date, posting_date, due_date, amount) FROM STDIN;
1	invoice	C-1	2025-02-01	2025-02-01	2025-03-01	5
1	invoice	C-2	2025-01-31	2025-01-31	2025-03-01	5
\.
COPY allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) FROM STDIN;
2	7	3	1	2025-01-30
\.
SELECT count(*) FROM document WHERE number LIKE 'C-%';

-- A document of a closed day without a posting date is posted on the first open one; today is as good as ever.
SELECT post_invoice(1, 'I-5', '2025-01-31', 10, '2025-02-28');
COPY document (customer_id, kind, number, doc_date, due_date, amount) FROM STDIN;
1	invoice	C-3	2025-01-15	2025-03-01	5
1	invoice	C-4	2025-02-15	2025-03-01	5
\.
SELECT number, doc_date, posting_date FROM document WHERE number IN ('I-5', 'C-3', 'C-4') ORDER BY number;
SELECT void_document(1, document_id, 'twice') > 0 AS voided FROM document WHERE number = 'C-3';
SELECT release_deposit(2, 5, 'order cancelled');

-- What the bank did and told late is posted on the first open day.
SELECT add_receipt('US1', 'S', '1', '2025-01-30', 25, p_customer_id => 1, p_remittance_text => 'I-1') IS NOT NULL AS added;
SELECT confirm_match(bank_receipt_id, 1) > 0 AS applied FROM bank_receipt;
INSERT INTO bank_receipt (source, account, statement_id, sequence, booking_date, amount, currency, credit_debit, digest)
VALUES ('manual', 'US1', 'S', '2', '2025-01-31', 25, 'USD', 'debit', '');
SELECT return_receipt(d.bank_receipt_id, c.bank_receipt_id) > 0 AS returned FROM bank_receipt c, bank_receipt d WHERE c.credit_debit = 'credit' AND d.credit_debit = 'debit';
SELECT kind, posting_date FROM document WHERE amount = 25 ORDER BY document_id;

-- It equals the aging of that day, whatever came later.
SELECT apply_payment(2, 7);
SELECT set_due_date(2, 3, '2025-06-30', 'agreed', 'boss') > 0 AS changed;
SELECT merge_customers(2, 1, 'the same company');
SELECT s.customer_id, s.aging OPERATOR(credit.=) a.aging AND s.total = a.total AND s.unapplied = a.unapplied AND s.disputed = a.disputed AS the_same
FROM snapshot s FULL JOIN aging_at('2025-01-31') a USING (customer_id, currency) ORDER BY 1;
SELECT * FROM verify_snapshots();

-- Opening again takes authority, a reason and the right order, and makes a new version.
\set VERBOSITY terse
SELECT reopen_period('2025-01', 'an invoice is missing');
\set VERBOSITY default
SELECT grant_authority('kim', 'reopen_period', 100);
SELECT grant_authority(session_user, 'reopen_period');
SELECT set_approval_policy('reopen_period', true);
SELECT request_approval(1, 'reopen_period', 1, 'please');
SELECT reopen_period('2025-01', ' ');
SELECT reopen_period('2025-03', 'for fun');
CALL close_period('2025-02', ARRAY['unapplied_cash'], 'as before');
SELECT reopen_period('2025-01', 'an invoice is missing');
SELECT reopen_period('2025-02', 'an invoice is missing'), reopen_period('2025-01', 'an invoice is missing');
SELECT closed_through FROM ledger_info;
SELECT post_invoice(1, 'I-6', '2025-01-31', 7, '2025-02-28');
CALL close_period('2025-01', ARRAY['unapplied_cash'], 'as before');
SELECT customer_id, version, total FROM snapshot WHERE as_of = '2025-01-31' ORDER BY 1, 2;
SELECT customer_id, total FROM aging_snapshot ORDER BY 1;
SELECT * FROM verify_snapshots();
SELECT event, version, reason FROM period_event WHERE period IN ('2025-01', '2025-02') ORDER BY period_event_id;

-- A close that was interrupted goes on; so does one whose books were opened again.
SELECT post_payment(1, 'P-9', '2025-02-26', 5) > 0 AS posted;
SELECT begin_close('2025-02');
SELECT state, (SELECT closed_through FROM ledger_info) FROM period WHERE name = '2025-02';
SELECT post_invoice(1, 'I-7', '2025-02-28', 10, '2025-02-28', p_posting_date => '2025-02-28');
SELECT finish_close('2025-03');
-- Nobody gets past the checks by calling the steps one by one.
SELECT finish_close('2025-02');
SELECT jsonb_path_query_array(examine_close('2025-02', '{}', NULL, NULL), '$[*].check_name');
SELECT finish_close('2025-02');
SELECT examine_close('2025-03', '{}', NULL, NULL);
CALL close_period('2025-02', ARRAY['unapplied_cash'], 'as before');
SELECT state, version FROM period WHERE name = '2025-02';

-- Cancelled while it looks or while it freezes, it leaves the books open, and on record why.
CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON period_event FOR EACH ROW WHEN (NEW.event = 'examined') EXECUTE FUNCTION public.slow();
SET statement_timeout = '3s';
CALL close_period('2025-03');
RESET statement_timeout;
SELECT state, version, (SELECT closed_through FROM ledger_info) FROM period WHERE name = '2025-03';
DROP TRIGGER slow ON period_event;
CREATE TRIGGER slow BEFORE INSERT ON snapshot_total FOR EACH STATEMENT EXECUTE FUNCTION public.slow();
SET statement_timeout = '3s';
CALL close_period('2025-03', ARRAY['unapplied_cash'], 'as before');
RESET statement_timeout;
DROP TRIGGER slow ON snapshot_total;
DROP FUNCTION public.slow();
SELECT state, version, (SELECT closed_through FROM ledger_info), (SELECT count(*) FROM snapshot s WHERE s.as_of = p.ends_on) AS frozen FROM period p WHERE name = '2025-03';
SELECT event, version, findings -> 0 -> 'error' AS error FROM period_event WHERE period = '2025-03' ORDER BY period_event_id;

-- In one transaction, and rolled back.
BEGIN;
SELECT begin_close('2025-03');
SAVEPOINT shut;
SELECT post_invoice(1, 'I-8', '2025-03-02', 10, '2025-03-31', p_posting_date => '2025-03-02');
ROLLBACK TO shut;
SELECT refuse_close('2025-03', NULL);
SELECT post_invoice(1, 'I-8', '2025-03-02', 10, '2025-03-31', p_posting_date => '2025-03-02') > 0 AS posted;
SELECT begin_close('2025-03');
ROLLBACK;
SELECT post_invoice(1, 'I-8', '2025-03-02', 10, '2025-03-31', p_posting_date => '2025-03-02') > 0 AS posted;
BEGIN;
CALL close_period('2025-03');
ROLLBACK;

-- Locked for good.
SELECT lock_period('2025-03', 'audited');
SELECT lock_period('2025-02', 'audited');
SELECT reopen_period('2025-02', 'please');
CALL close_period('2025-02');
SELECT name, state, version FROM period WHERE state <> 'open' ORDER BY ends_on;

-- The general ledger has its say.
SELECT * FROM control_balances('2025-03-31');
CALL close_period('2025-03', ARRAY['unapplied_cash'], 'as before', '[{"account": "receivable", "balance": 1000}]');
CALL close_period('2025-03', '{}', NULL, '[{"account": "sales", "balance": 1000}]');
SELECT state, (SELECT closed_through FROM ledger_info) FROM period WHERE name = '2025-03';

-- Append-only, and verified.
UPDATE snapshot SET total = 0;
DELETE FROM customer_snapshot;
TRUNCATE period_event;
ALTER TABLE snapshot DISABLE TRIGGER snapshot_append_only;
UPDATE snapshot SET unapplied = unapplied - 1 WHERE as_of = '2025-02-28' AND customer_id = 1;
ALTER TABLE snapshot ENABLE TRIGGER snapshot_append_only;
UPDATE ledger_info SET closed_through = NULL;
SELECT problem, customer_id, object FROM verify_ledger();
SELECT post_invoice(1, 'I-9', '2025-02-02', 10, '2025-03-31') > 0 AS got_in;
SELECT rebuild_ledger();
SELECT closed_through FROM ledger_info;
SELECT post_invoice(1, 'I-10', '2025-02-02', 10, '2025-03-31', p_posting_date => '2025-02-28');

-- A day that could not be read is not kept: the next one who posts reads it.
CREATE TEMP TABLE info AS SELECT * FROM ledger_info;
ALTER TABLE ledger_info DISABLE TRIGGER ledger_info_changed;
DELETE FROM ledger_info;
INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, amount) VALUES (1, 'invoice', 'I-11', '2025-03-02', '2025-03-02', '2025-03-31', 10);
INSERT INTO ledger_info SELECT * FROM info;
UPDATE ledger_info SET closed_through = '2025-03-31';
INSERT INTO document (customer_id, kind, number, doc_date, posting_date, due_date, amount) VALUES (1, 'invoice', 'I-11', '2025-03-02', '2025-03-02', '2025-03-31', 10);
ALTER TABLE ledger_info ENABLE ALWAYS TRIGGER ledger_info_changed;
UPDATE ledger_info SET closed_through = '2025-02-28';

-- A trigger on a table of others.
CREATE TABLE public.elsewhere (customer_id bigint, happened date);
CREATE TRIGGER t BEFORE INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION credit.refuse_closed('happened_on');
INSERT INTO elsewhere VALUES (1, '2025-01-01');
DROP TRIGGER t ON elsewhere;
CREATE TRIGGER t AFTER INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION credit.refuse_closed('happened');
INSERT INTO elsewhere VALUES (1, '2025-01-01');
SELECT credit.refuse_closed();
SELECT credit.info_changed();
RESET search_path;
DROP TABLE public.elsewhere;
DROP SCHEMA ar CASCADE;
