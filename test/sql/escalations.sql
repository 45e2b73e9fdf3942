-- Escalation: management, lawyers, agencies, insurers, write-offs, and settlements.
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
\set SHOW_CONTEXT never
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD', time_zone => 'UTC'); END $$;
SET search_path = ar, public;
SET TimeZone = 'UTC';
-- What a statement ends in: its SQLSTATE, message, detail and hint, or ok.
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
DO $$ BEGIN
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2);
	PERFORM set_credit_limit(1, 500, '2026-01-01', p_kind => 'insured', p_covered_percent => 90, p_max_overdue_days => 60, p_provider => 'Aegis', p_policy_no => 'P-7');
	PERFORM post_invoice(1, 'I-1', '2026-01-01', 600, '2026-01-31'), post_invoice(1, 'I-2', '2026-01-05', 400, '2026-02-04'),
		post_invoice(1, 'I-3', current_date, 300, current_date), post_invoice(1, 'I-4', current_date, 100, current_date), post_invoice(2, 'I-5', current_date, 100, current_date);
	PERFORM set_approval_policy('escalation', true), set_approval_policy('write_off', true), set_approval_policy('settlement', true),
		grant_authority(session_user, 'actor'), grant_authority('ben', 'escalation', 2000), grant_authority('ben', 'write_off', 250), grant_authority('ben', 'settlement', 50);
END $$;
CREATE FUNCTION pg_temp.as_person(person text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM ar.set_actor(person);
	EXECUTE statement INTO answer;
	RETURN answer;
END $$;

-- Bad input changes nothing.
SELECT pg_temp.try($$SELECT request_escalation(1, 'court', '{1}', 'late')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'legal', '{1}', 'late')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'agency', '{1}', 'late', 'Hounds')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'agency', '{1}', 'late', 'Hounds', 101)$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'legal', '{1}', '', 'Law & Sons')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'legal', '{9}', 'late', 'Law & Sons')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'legal', '{}', 'late', 'Law & Sons')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'management', '{1}', 'late', p_deadline => '2026-01-01')$$);
SELECT pg_temp.try($$SELECT request_escalation(2, 'insurance', '{5}', 'late')$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'insurance', '{1}', 'late')$$);
INSERT INTO claim_policy (provider, claim_days) VALUES ('Aegis', 20);
INSERT INTO claim_policy (provider, policy_no, claim_days, valid_from) VALUES ('Aegis', 'P-7', 30, '2026-02-01');
SELECT pg_temp.try($$SELECT request_escalation(1, 'insurance', '{1}', 'late')$$);
SELECT claim_deadline('Aegis', 'P-7', '2026-01-31'), claim_deadline('Aegis', 'P-7', '2026-02-01'), claim_deadline('Aegis', 'P-8', '2026-02-01'), claim_deadline('Other', 'P-7', '2026-02-01');
SELECT pg_temp.try($$SELECT open_escalation(1, 1)$$);
SELECT pg_temp.try($$SELECT close_escalation(1, 1, 'x')$$);
SELECT pg_temp.try($$SELECT record_remittance(1, 1, 10)$$);
SELECT count(*) FROM escalation;

-- A placement with an agency: asked for, approved by another, placed.
SELECT pg_temp.as_person('anna', $$SELECT request_escalation(1, 'agency', '{1,2}', 'no answer for months', 'Hounds', 20)$$) AS placement;
SELECT pg_temp.try($$SELECT open_escalation(1, 1)$$);
SELECT pg_temp.try($$SELECT request_escalation(1, 'agency', '{2}', 'again', 'Wolves', 15)$$);
SELECT pg_temp.as_person('ben', 'SELECT approve(1, 1)'), open_escalation(1, 1);
SELECT kind, amount, party, fee_percent, approval_id, state FROM escalation;
SELECT item_id, reason, amount, subject_id FROM item_protection(current_date) ORDER BY 1;
SELECT post_payment(1, 'P-1', current_date, 250) AS p1 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p1), 1, 250) > 0 AS collected;
SELECT pg_temp.try($$SELECT record_remittance(1, 1, 0)$$);
SELECT pg_temp.try($$SELECT record_remittance(1, 1, 10, 11)$$);
SELECT pg_temp.try($$SELECT record_remittance(1, 1, 10.001)$$);
SELECT pg_temp.try($$SELECT record_remittance(1, 1, 10, p_received_on => '2026-01-01')$$);
SELECT pg_temp.try($$SELECT record_remittance(1, 1, 10, p_document_id => 99)$$);
SELECT record_remittance(1, 1, 250, p_document_id => :p1);
SELECT collected, fee, remitted FROM agency_remittance;
SELECT pg_temp.try($$SELECT merge_customers(1, 2, 'one company')$$);
SELECT close_escalation(1, 1, 'found them ourselves', true);
SELECT pg_temp.try($$SELECT close_escalation(1, 1, 'again')$$);
SELECT state, note FROM escalation_event ORDER BY escalation_event_id;
SELECT count(*) FROM item_protection(current_date);

-- A claim: what is covered of what is owed, or of the limit; its deadline.
SELECT pg_temp.as_person('anna', $$SELECT request_escalation(1, 'insurance', '{3}', 'insolvent')$$) AS claim;
SELECT party, claim_amount, deadline - current_date AS days, state FROM escalation WHERE kind = 'insurance';
SELECT pg_temp.as_person('ben', 'SELECT approve(1, 2)'), open_escalation(1, 2);
SELECT close_escalation(1, 2, 'paid');

-- Lawyers: no more credit.
SELECT pg_temp.as_person('anna', $$SELECT request_escalation(1, 'legal', '{2}', 'will not pay', 'Law & Sons', p_deadline => current_date + 90)$$) AS legal;
SELECT pg_temp.as_person('ben', 'SELECT approve(1, 3)'), open_escalation(1, 3);
SELECT status FROM customer WHERE customer_id = 1;
SELECT close_escalation(1, 3, 'won');

-- A write-off of several items in one request: the authority of write-offs counts.
SELECT pg_temp.as_person('anna', $$SELECT request_escalation(1, 'write_off', '{3}', 'gone')$$) AS large, pg_temp.as_person('anna', $$SELECT request_escalation(1, 'write_off', '{4}', 'gone')$$) AS small;
SELECT pg_temp.try($$SELECT pg_temp.as_person('ben', 'SELECT approve(1, 4)')$$);
SELECT close_escalation(1, 4, 'too much');
SELECT pg_temp.as_person('ben', 'SELECT approve(1, 5)'), open_escalation(1, 5);
SELECT kind, amount, state, approval_id FROM escalation ORDER BY escalation_id;
SELECT kind, amount, reason FROM document WHERE kind = 'write_off';
SELECT pg_temp.try($$UPDATE escalation SET amount = 1$$);
SELECT pg_temp.try($$DELETE FROM agency_remittance$$);

-- A settlement: part paid, the rest written off, in one approval.
SELECT pg_temp.try($$SELECT propose_settlement(1, '{1,2}', 750, current_date, 'all or nothing')$$);
SELECT pg_temp.try($$SELECT propose_settlement(1, '{1,2}', 0, current_date, 'all or nothing')$$);
SELECT pg_temp.try($$SELECT propose_settlement(1, '{1,2}', 700.001, current_date, 'all or nothing')$$);
SELECT pg_temp.try($$SELECT propose_settlement(1, '{1,2}', 700, '2026-01-01', 'all or nothing')$$);
SELECT pg_temp.try($$SELECT propose_settlement(1, '{1,2}', 700, current_date, '')$$);
SELECT pg_temp.as_person('anna', $$SELECT propose_settlement(1, '{1,2}', 700, current_date, 'better than nothing')$$) AS settlement;
SELECT pg_temp.try($$SELECT propose_settlement(1, '{2}', 300, current_date, 'twice')$$);
SELECT pg_temp.try($$SELECT agree_settlement(1, 1)$$);
SELECT pg_temp.as_person('ben', 'SELECT approve(1, 6)'), agree_settlement(1, 1);
SELECT item_id, reason, amount, subject_id FROM item_protection(current_date) ORDER BY 1;
SELECT evaluate_settlements() AS none;
SELECT post_payment(1, 'P-2', current_date, 700) AS p2 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p2), 1, 350) > 0 AS one, allocate(1, (SELECT item_id FROM item WHERE document_id = :p2), 2, 350) > 0 AS two;
SELECT evaluate_settlements(), evaluate_settlements();
SELECT state, written_off, note FROM settlement_event ORDER BY settlement_event_id;
-- What was given up is bad debt, though it names a payment as small differences do.
SELECT b.kind, b.amount, d.source_document_id IS NOT NULL AS names_payment FROM bad_debts b JOIN document d USING (customer_id, document_id) WHERE b.customer_id = 1 ORDER BY b.document_id;
SELECT number, open_amount FROM open_items WHERE customer_id = 1 ORDER BY item_id;
SELECT pg_temp.try($$SELECT cancel_settlement(1, 1, 'too late')$$);
-- The bank takes the payment back: all is owed again, and the settlement is in force until it is paid, or its day is over.
BEGIN;
SELECT return_payment(1, :p2) > 0 AS returned, evaluate_settlements(), evaluate_settlements();
SELECT state FROM settlement WHERE settlement_id = 1;
SELECT number, open_amount FROM open_items WHERE customer_id = 1 AND open_amount > 0 ORDER BY item_id;
SELECT item_id, reason FROM item_protection(current_date, 1) ORDER BY 1;
SELECT post_payment(1, 'P-22', current_date, 700) AS p22 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p22), 1, 350) > 0 AS one, allocate(1, (SELECT item_id FROM item WHERE document_id = :p22), 2, 350) > 0 AS two;
SELECT evaluate_settlements(), evaluate_settlements();
SELECT state, written_off, note FROM settlement_event WHERE settlement_id = 1 ORDER BY settlement_event_id;
SELECT number, open_amount FROM open_items WHERE customer_id = 1 AND open_amount > 0 ORDER BY item_id;
SELECT * FROM verify_ledger();
ROLLBACK;
BEGIN;
ALTER TABLE settlement DISABLE TRIGGER settlement_append_only;
UPDATE settlement SET due_on = current_date - 1 WHERE settlement_id = 1;
ALTER TABLE settlement ENABLE TRIGGER settlement_append_only;
SELECT return_payment(1, :p2) > 0 AS returned, evaluate_settlements(), evaluate_settlements();
SELECT state, note FROM settlement_event WHERE settlement_id = 1 ORDER BY settlement_event_id DESC LIMIT 2;
ROLLBACK;
SELECT pg_temp.try($$SELECT cancel_settlement(1, 9, 'what')$$);
SELECT pg_temp.as_person('anna', $$SELECT propose_settlement(1, '{3}', 290, current_date, 'again')$$) AS settlement, cancel_settlement(1, 2, 'no');
SELECT pg_temp.try($$SELECT evaluate_settlements(current_date + 1)$$) ~ '^22008';
-- Paid by two, and the bank takes back the one that the write-off did not come with: all is owed again, too.
SELECT add_customer('two payments') AS two \gset
SELECT post_invoice(:two, 'T-1', current_date - 60, 100, current_date - 30) > 0 AS posted;
SELECT propose_settlement(:two, ARRAY(SELECT item_id FROM item WHERE customer_id = :two), 50, current_date, 'half') AS s \gset
SELECT pg_temp.as_person('ben', format('SELECT approve(%s, approval_id) FROM approval_queue WHERE customer_id = %s', :two, :two)), agree_settlement(:two, :s);
SELECT post_payment(:two, 'T-P1', current_date, 30) < post_payment(:two, 'T-P2', current_date, 20) AS posted;
SELECT allocate(:two, c.item_id, d.item_id, -c.amount) > 0 AS paid FROM (SELECT * FROM item WHERE customer_id = :two AND amount < 0 ORDER BY item_id) c, item d WHERE d.customer_id = :two AND d.amount > 0;
SELECT evaluate_settlements(), evaluate_settlements();
SELECT return_payment(:two, document_id) > 0 AS returned, evaluate_settlements(), evaluate_settlements() FROM document WHERE customer_id = :two AND number = 'T-P1';
SELECT s.state, i.open_amount FROM settlement s JOIN item i USING (customer_id) WHERE s.customer_id = :two AND i.document_id = (SELECT min(document_id) FROM document WHERE customer_id = :two);
-- Two claims under one limit: the second one gets what the first has left (500, of which 300 are claimed), at 90 percent.
BEGIN;
SELECT post_invoice(1, 'I-6', current_date, 250, current_date) AS d6 \gset
SELECT item_id AS i6 FROM item WHERE document_id = :d6 \gset
SELECT pg_temp.as_person('anna', $$SELECT request_escalation(1, 'insurance', '{3}', 'insolvent')$$) AS claim \gset
SELECT claim_amount FROM escalation WHERE escalation_id = :claim;
SELECT pg_temp.try(format($$SELECT request_escalation(1, 'insurance', '{%s}', 'insolvent')$$, :i6));
SELECT close_escalation(1, :claim, 'not yet');
SELECT pg_temp.as_person('anna', format($$SELECT request_escalation(1, 'insurance', '{%s}', 'insolvent')$$, :i6)) AS claim \gset
SELECT amount, claim_amount FROM escalation WHERE escalation_id = :claim;
ROLLBACK;
-- A petition stays whoever would ask in our name.
BEGIN;
SELECT pg_temp.as_person('anna', $$SELECT request_escalation(1, 'agency', '{3}', 'silent', 'Pay Up', 20)$$) AS agency \gset
SELECT set_customer_status(1, 'bankrupt');
SELECT pg_temp.try(format('SELECT open_escalation(1, %s)', :agency));
ROLLBACK;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
