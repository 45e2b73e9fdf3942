-- Contacts and promises to pay: who said what, and what became of it.
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
	RETURN replace(concat_ws(' | ', SQLSTATE, message, CASE WHEN SQLSTATE <> '23514' THEN NULLIF(detail, '') END, NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
DO $$ BEGIN
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2);
	PERFORM post_invoice(1, 'I-1', '2026-01-01', 1000, '2026-01-31'), post_invoice(1, 'I-2', '2026-01-05', 500, '2026-02-04'),
		post_invoice(1, 'I-3', '2026-01-06', 300, '2026-02-05'), post_invoice(1, 'E-1', '2026-01-06', 70, '2026-02-05', 'EUR')
	FROM set_fx_rate('EUR', 1.1, '2026-01-01');
END $$;

-- People, and what is known of them.
SELECT add_customer_contact(1, 'Ms Hill', 'America/New_York', 'accounts payable', '+1 212 555 0100', 'hill@kestrel.example', p_language => 'en-US', p_preferred_channel => 'phone', p_jurisdiction => 'US-NY');
SELECT add_customer_contact(1, 'Mr Reed', p_kind => 'consumer');
SELECT change_customer_contact(1, 2, '{"time_zone": "Asia/Kolkata", "role": "owner"}');
SELECT change_customer_contact(1, 2, '{"role": null}');
SELECT name, role, kind, language, preferred_channel, jurisdiction, time_zone FROM customer_contact ORDER BY 1;
SELECT add_contact_fact(1, 1, 'consent', 'e-mail', '2026-01-01 12:00+00', 'by e-mail'), add_contact_fact(1, 1, 'inconvenient', p_from_time => '12:00', p_to_time => '13:00');
SELECT end_contact_fact(1, 1, '2026-03-01 12:00+00');
SELECT kind, channel, from_time, to_time, valid_to, ended_by = session_user AS ended FROM contact_fact ORDER BY contact_fact_id;

-- What was said.
SELECT record_contact(1, 2, 'phone', 'promised', 'in', 'cash_flow', 'will pay half', 'watch', p_document_ids => '{1,2}', p_contacted_at => '2026-02-10 15:00+00');
SELECT direction, channel, outcome_code, reason_code, note, next_step, document_ids, override_reason FROM contact;

-- Bad input changes nothing.
SELECT pg_temp.try($$SELECT add_customer_contact(1, 'X', 'EST')$$);
SELECT pg_temp.try($$SELECT add_customer_contact(1, 'X', 'America/Atlantis')$$);
SELECT pg_temp.try($$SELECT add_customer_contact(1, 'X', '+05:30')$$);
SELECT pg_temp.try($$SELECT add_customer_contact(7, 'X', 'UTC')$$);
SELECT pg_temp.try($$SELECT add_customer_contact(1, '')$$);
SELECT pg_temp.try($$SELECT add_customer_contact(1, 'X', p_email => 'nobody')$$);
SELECT pg_temp.try($$SELECT change_customer_contact(1, 2, '{"customer_id": 2}')$$);
SELECT pg_temp.try($$SELECT change_customer_contact(1, 3, '{"role": "x"}')$$);
SELECT pg_temp.try($$SELECT add_contact_fact(1, 1, 'mood')$$);
SELECT pg_temp.try($$SELECT add_contact_fact(1, 1, 'attorney', 'pigeon')$$);
SELECT pg_temp.try($$SELECT end_contact_fact(1, 1)$$);
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'phone', 'happy', 'in')$$);
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'fax', 'spoke', 'in')$$);
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'phone', 'spoke', 'up')$$);
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'phone', 'spoke', 'in', 'weather')$$);
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'phone', 'spoke', 'in', p_document_ids => '{99}')$$);
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'phone', 'spoke', 'in', p_resubmit_on => current_date - 1)$$) ~ '^22008 .* cannot be resubmitted';
SELECT pg_temp.try($$SELECT record_contact(1, 2, 'phone', 'spoke', 'in', p_contacted_at => 'infinity')$$);
SELECT pg_temp.try($$SELECT record_contact(1, NULL, 'phone', 'no_answer')$$);
SELECT pg_temp.try($$UPDATE contact SET note = ''$$);
SELECT pg_temp.try($$DELETE FROM contact$$);
SELECT pg_temp.try($$UPDATE contact_fact SET kind = 'cease'$$);
SELECT count(*) FROM contact;

-- Promises: half of two items, the oldest first; a whole item; all that is owed in euros.
UPDATE promise_policy SET tolerance_days = 2;
SELECT make_promise(1, '2026-02-20', 1200, '{1,2}', p_contact_id => 1, p_promised_on => '2026-02-10', p_note => 'half');
SELECT make_promise(1, '2026-02-15', p_item_ids => '{3}', p_promised_on => '2026-02-10', p_tolerance_days => 0);
SELECT make_promise(1, '2026-02-28', 70, p_currency => 'EUR', p_promised_on => '2026-02-10');
SELECT promise_id, currency, amount, due_on, tolerance_days, customer_contact_id, open_amount, state FROM promise ORDER BY 1;
SELECT * FROM promise_item ORDER BY 2, 3;
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 70.01, '{4}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 0, '{4}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 1.001, '{4}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-10', 1, '{4}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, current_date - 1, 1, '{4}')$$) ~ '^22008 .* cannot promise to pay by';
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 1, '{3,4}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 1, '{}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 1, '{9}', p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-01-08', 1, '{3}', p_promised_on => '2026-01-05')$$);
SELECT pg_temp.try($$SELECT make_promise(2, '2026-02-28', 1, p_promised_on => '2026-02-11')$$);
SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 1, '{4}', p_promised_on => '2026-02-11', p_tolerance_days => -1)$$);
SELECT pg_temp.try($$SELECT evaluate_promises(current_date + 1)$$) ~ '^22008 .* cannot be evaluated as of';
SELECT pg_temp.try($$UPDATE promise SET amount = 1$$);
SELECT pg_temp.try($$DELETE FROM promise_event$$);
SELECT count(*) FROM promise;

-- Nothing paid yet; a part; the rest on the last day of the tolerance, applied later.
SELECT evaluate_promises('2026-02-12');
SELECT post_payment(1, 'P-1', '2026-02-14', 1000) AS p1 \gset
SELECT apply_payment(1, :p1, p_applied_on => '2026-02-14') AS applied;
SELECT evaluate_promises('2026-02-16'), evaluate_promises('2026-02-16');
SELECT promise_id, state, state_on, paid_amount, made_good FROM promise ORDER BY 1;
SELECT evaluate_promises('2026-02-23');
SELECT promise_id, state, state_on, paid_amount, made_good FROM promise ORDER BY 1;
SELECT post_payment(1, 'P-2', '2026-02-22', 200) AS p2 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p2), 2, 200, '2026-02-24') > 0 AS late;
SELECT evaluate_promises('2026-02-24'), evaluate_promises('2026-02-24');
SELECT promise_id, state, state_on, paid_amount, made_good FROM promise ORDER BY 1;
-- Evaluated as of a day before, nothing is undone.
SELECT evaluate_promises('2026-02-20');
-- The check rule reads it; paid after all, it is forgotten, and so is the hold.
SELECT figure, value, valid_from, source FROM risk_figure ORDER BY risk_figure_id;
SELECT set_credit_limit(1, 100000);
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (50, 'broken_promises', 0);
SELECT c ->> 'kind' AS kind, c ->> 'figure' AS figure, c ->> 'outcome' AS outcome
FROM check_credit(1, 0) k, jsonb_array_elements(k.checks) c WHERE c ->> 'kind' = 'broken_promises';
SELECT post_payment(1, 'P-3', '2026-02-25', 300) AS p3 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p3), 3, 300, '2026-02-25') > 0 AS paid;
SELECT evaluate_promises('2026-02-25');
SELECT c ->> 'kind' AS kind, c ->> 'figure' AS figure, c ->> 'outcome' AS outcome
FROM check_credit(1, 0) k, jsonb_array_elements(k.checks) c WHERE c ->> 'kind' = 'broken_promises';
-- The bank takes a payment back: what it kept is broken again.
SELECT return_payment(1, :p1, '2026-03-02') > 0 AS returned;
SELECT evaluate_promises('2026-03-02');
SELECT promise_id, state, state_on, paid_amount, made_good FROM promise ORDER BY 1;
SELECT promise_id, state, state_on, paid_amount, made_good, reason FROM promise_event ORDER BY promise_event_id;

-- Credited, there is less to pay; written off, there is not.
SELECT make_promise(1, '2026-03-31', p_item_ids => '{2}', p_promised_on => '2026-03-05');
SELECT post_credit_note(1, 'C-1', '2026-03-06', 100) AS c1 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :c1), 2, 100, '2026-03-06') > 0 AS credited;
SELECT write_off(1, 2, 'too old', 50, '2026-03-06') > 0 AS written_off;
SELECT post_payment(1, 'P-4', '2026-03-06', 150) AS p4 \gset
SELECT allocate(1, (SELECT item_id FROM item WHERE document_id = :p4), 2, 150, '2026-03-06') > 0 AS paid;
SELECT evaluate_promises('2026-04-10');
SELECT state, amount, paid_amount FROM promise WHERE promise_id = 4;
-- Taken back.
SELECT make_promise(1, '2026-04-30', 100, '{1}', p_promised_on => '2026-04-12'), withdraw_promise(1, 5, 'wrong account');
SELECT pg_temp.try($$SELECT withdraw_promise(1, 5, 'again')$$);
SELECT pg_temp.try($$SELECT withdraw_promise(1, 4, 'again')$$);
SELECT pg_temp.try($$SELECT withdraw_promise(1, 55, 'what')$$);
SELECT pg_temp.try($$SELECT withdraw_promise(1, 5, ' ')$$);
SELECT evaluate_promises('2026-05-10');

CREATE FUNCTION pg_temp.pay(customer bigint, number text, day date, amount numeric, item bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	paid bigint := post_payment(customer, number, day, amount);
BEGIN
	PERFORM allocate(customer, (SELECT i.item_id FROM item i WHERE i.customer_id = customer AND i.document_id = paid), item, amount, day);
	RETURN paid;
END $$;
-- Paid on the last day of the tolerance, a part in time, nothing, and all a day too late (SAP, Evaluating Promises to Pay).
SELECT add_customer('Petrel Paints', 3);
SELECT count(post_invoice(3, 'S-' || n, '2026-06-01', 1000, '2026-06-30')) FROM generate_series(1, 4) n;
SELECT make_promise(3, '2026-07-10', 1000, ARRAY[i.item_id], p_promised_on => '2026-07-01', p_tolerance_days => 3) AS promise FROM item i WHERE i.customer_id = 3 AND i.amount > 0 ORDER BY i.item_id;
SELECT pg_temp.pay(3, 'SP-' || v.n, v.day, v.amount, i.item_id) > 0 AS paid
FROM (VALUES (1, date '2026-07-13', 1000), (2, '2026-07-12', 400), (4, '2026-07-14', 1000)) v (n, day, amount)
	JOIN document d ON d.customer_id = 3 AND d.number = 'S-' || v.n JOIN item i ON i.customer_id = 3 AND i.document_id = d.document_id ORDER BY v.n;
SELECT evaluate_promises(d::date, 3) AS changed, (SELECT string_agg(p.state, ', ' ORDER BY p.promise_id) FROM promise p WHERE p.customer_id = 3)
FROM generate_series('2026-07-12', '2026-07-14', interval '1 day') d;
SELECT evaluate_promises('2026-07-14', 3);
SELECT due_on, state, paid_amount, made_good FROM promise WHERE customer_id = 3 ORDER BY promise_id;

-- Another promise about the same invoice closes the one before: with nothing paid, with a part, paid in full; after its time it was broken.
SELECT add_customer('Fulmar Foods', 4);
SELECT count(post_invoice(4, 'F-' || n, '2026-06-01', 100, '2026-06-30')) FROM generate_series(1, 3) n;
SELECT min(item_id) AS f1, min(item_id) + 1 AS f2, min(item_id) + 2 AS f3 FROM item WHERE customer_id = 4 \gset
CREATE VIEW fulmar AS SELECT p.promise_id - (SELECT min(q.promise_id) FROM promise q WHERE q.customer_id = 4) + 1 AS n, p.due_on, p.amount, p.state, p.state_on, p.paid_amount,
	p.replaced_by - (SELECT min(q.promise_id) FROM promise q WHERE q.customer_id = 4) + 1 AS replaced_by, v.level
FROM promise p JOIN promise_level v USING (customer_id, promise_id) WHERE p.customer_id = 4;
SELECT make_promise(4, '2026-07-10', p_item_ids => ARRAY[:f1, :f2], p_promised_on => '2026-07-01', p_tolerance_days => 0) > 0 AS first;
SELECT make_promise(4, '2026-07-20', p_item_ids => ARRAY[:f2], p_promised_on => '2026-07-05', p_tolerance_days => 0) > 0 AS second;
TABLE fulmar ORDER BY n;
-- Of the first one the other invoice is promised no more; its money counts for nobody.
SELECT item_id - :f1 + 1 AS invoice, reason, amount FROM item_protection('2026-07-06', 4) ORDER BY 1;
SELECT pg_temp.pay(4, 'FP-1', '2026-07-08', 40, :f2) AS fp1 \gset
SELECT pg_temp.pay(4, 'FP-2', '2026-07-08', 100, :f1) > 0 AS paid;
SELECT make_promise(4, '2026-07-31', p_item_ids => ARRAY[:f2], p_promised_on => '2026-07-20', p_tolerance_days => 0) > 0 AS third;
TABLE fulmar ORDER BY n;
SELECT rule_figure('broken_promises', 4, ledger_today(), 0, true) AS broken;
-- The bank takes the part back: of the one replaced it was all.
SELECT return_payment(4, :fp1, '2026-07-22') > 0 AS returned, evaluate_promises('2026-07-22', 4);
-- What was promised for a day that is over is broken, not replaced.
SELECT make_promise(4, '2026-08-20', 50, p_promised_on => '2026-08-05') > 0 AS fourth;
SELECT make_promise(4, '2026-08-22', p_item_ids => ARRAY[:f3], p_promised_on => '2026-08-06') > 0 AS fifth;
TABLE fulmar ORDER BY n;
SELECT rule_figure('broken_promises', 4, ledger_today(), 0, true) AS broken;
SELECT pg_temp.try(format($$SELECT make_promise(4, '2026-08-22', p_item_ids => ARRAY[%s], p_promised_on => '2026-08-04')$$, :f3)) ~ '^55000 .* has made a later promise about the same items .* It is promise \d+';
-- Paid in full, it is kept, and there is nothing to replace.
SELECT pg_temp.pay(4, 'FP-3', '2026-08-07', 100, :f3) > 0 AS paid, make_promise(4, '2026-08-30', 100, p_promised_on => '2026-08-07') > 0 AS sixth;
TABLE fulmar ORDER BY n;
SELECT state, state_on, paid_amount, regexp_replace(reason, '\d+', 'N') AS reason FROM promise_event WHERE customer_id = 4 ORDER BY promise_event_id;
DROP VIEW fulmar;

SELECT pg_temp.try($$SELECT make_promise(1, '2026-02-28', 10, '{4}', p_contact_id => 99, p_promised_on => '2026-02-11')$$);

-- A merge takes people, facts and promises along.
SELECT make_promise(1, '2026-05-30', 100, '{1}', p_promised_on => '2026-05-12');
SELECT evaluate_promises('2026-06-10');
SELECT merge_customers(1, 2, 'one company') AS items;
SELECT customer_id, name, formerly FROM customer_contact ORDER BY customer_contact_id;
SELECT customer_id, customer_contact_id, kind, ended_at IS NOT NULL AS ended FROM contact_fact ORDER BY contact_fact_id;
SELECT p.customer_id, p.promise_id, p.amount, p.state, p.note, i.item_id, i.amount FROM promise p JOIN promise_item i USING (customer_id, promise_id) WHERE p.customer_id = 2 ORDER BY 2, 6;
SELECT rule_figure('broken_promises', 2, ledger_today(), 0, true);
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
