-- A credit from the customer's complaint to the invoice: dispute, request, approval by somebody else, credit note, trail.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
SET search_path = ar, public;

-- An invoice of 120; the customer paid 90 and says that 7.50 was agreed, not 10.
SELECT add_customer('Kestrel Tooling', 17);
SELECT post_invoice(17, 'I-1', '2026-01-05', 120, '2026-02-04',
	p_lines => '[{"product": "A1", "quantity": 10, "unit_price": 10, "tax_rate": 20}]');
SELECT apply_payment(17, post_payment(17, 'P-1', '2026-02-03', 90), p_applied_on => '2026-02-03');
SELECT open_dispute(17, 1, 30, 'price_error', 'agreed was 7.50', p_owner => 'anna', p_line_no => 1);
SELECT number, open_amount, disputed_amount FROM open_items ORDER BY item_id;

-- What is valid, and what is not.
SELECT line_total, valid_total, problems FROM validate_credit(17, 1, 'price_error', '[{"line_no": 1, "quantity": 10, "unit_price": 2.5}]');
SELECT line_total, valid_total, problems FROM validate_credit(17, 1, 'price_error', '[{"line_no": 1, "quantity": 12}]');

-- Credits need somebody else's approval here.
SELECT set_approval_policy('credit_note', true);
SELECT grant_authority(session_user, 'actor'), grant_authority('ben', 'credit_note', 100);
BEGIN;
SELECT set_actor('anna');
SELECT approve_dispute(17, 1, 'credit', p_note => 'the list says 7.50', p_root_cause => 'price list',
	p_lines => '[{"line_no": 1, "quantity": 10, "unit_price": 2.5}]') AS request;
COMMIT;
SELECT issue_credit(17, 1, 'CN-1');
BEGIN;
SELECT set_actor('ben');
SELECT approve(17, 1) AS votes_missing;
COMMIT;
SELECT issue_credit(17, 1, 'CN-1') > 0 AS issued;

-- Done: the invoice is settled, the dispute too, and the trail is there.
SELECT number, status, open_amount FROM document_status ORDER BY document_id;
SELECT reason_code, root_cause, disputes, amount, settled FROM root_cause;
SELECT step, amount, detail FROM credit_audit;

-- Nobody gets it twice.
SELECT request_credit(17, 1, 'quantity', '[{"line_no": 1, "quantity": 10}]');
