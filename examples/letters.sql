-- From an invoice past due to the letter, the interest and the refused call.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
SET TimeZone = 'UTC';
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'EUR', time_zone => 'UTC');
SET search_path = ar, public;

SELECT add_customer('Werft Thal', 17);
SELECT post_invoice(17, 'RE-1', '2024-05-01', 10000, '2024-05-31');

-- The second letter costs 5 EUR and charges what the law gives.
SELECT set_interest_policy('BGB', 'EUR', p_jurisdiction => 'DE', p_fixed_sum => true, p_valid_from => '2024-01-01');
SELECT set_dunning_policy('standard', 'EUR', '[{"days": 10, "template": "reminder"},
	{"days": 14, "days_from": "last_level", "template": "second_reminder", "fee": 5, "charges_interest": true}]',
	p_valid_from => '2024-01-01', p_language => 'de');
SELECT customer_id, level, amount, fee, skipped FROM run_dunning('2024-06-11');
SELECT customer_id, level, amount, fee, skipped FROM run_dunning('2024-07-01', p_simulate => true);
SELECT customer_id, level, amount, fee, skipped FROM run_dunning('2024-07-01');
SELECT kind, amount FROM open_items ORDER BY item_id;
SELECT subject, body FROM take_messages(10) ORDER BY outbox_id \gx

-- A consumer in New York, at a quarter to eight there.
SELECT add_customer_contact(17, 'Ann Doe', 'America/New_York', p_jurisdiction => 'US-NY', p_kind => 'consumer');
SELECT allowed, next_allowed, rules -> 0 ->> 'says' AS says FROM contact_allowed(1, 'phone', '2024-07-02 07:45-04');
SELECT record_contact(17, 1, 'phone', 'no_answer', p_contacted_at => '2024-07-02 07:45-04');
SELECT contact_id, allowed FROM log_contact(17, 1, 'phone', 'no_answer', p_contacted_at => '2024-07-02 07:45-04');
SELECT person, outcome, rules FROM compliance_log;
