-- Dunning: levels by days, fees, what is spared and why, and the letters that come of it.
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
	PERFORM add_customer('Kestrel Tooling', 1), add_customer('Osprey Boats', 2, p_number => 'O-2');
	PERFORM set_fx_rate('EUR', 1.1, '2024-01-01'), set_fx_rate('JPY', 0.01, '2024-01-01');
END $$;

-- Three levels at 5, 20 and 40 days past due (the account_dunning scenario of Tryton): day 4 none, day 5 the first.
SELECT post_invoice(1, 'I-1', '2025-01-01', 100, '2025-01-01') AS i1 \gset
SELECT customer_id, level, skipped FROM run_dunning('2025-01-06', true);
SELECT set_dunning_policy('standard', 'USD', '[{"days": 5, "template": "reminder"}, {"days": 20, "template": "second_reminder", "fee": 10},
	{"days": 40, "template": "final_demand", "fee": 15, "hold": true, "days_from": "due_date"}]', p_valid_from => '2025-01-01');
SELECT * FROM run_dunning('2025-01-05');
SELECT * FROM run_dunning('2025-01-06', true);
SELECT count(*) AS letters FROM dunning_letter;
SELECT * FROM run_dunning('2025-01-06');
-- The same day again, and the days until the next level: nothing more.
SELECT * FROM run_dunning('2025-01-06');
SELECT * FROM run_dunning('2025-01-20');
-- Blocked at day 30 it stays where it is, and unblocked goes on.
SELECT pause_dunning(1, 'new address', 1) AS pause \gset
INSERT INTO dunning_pause (customer_id, item_id, pauses_from, pauses_until, reason) VALUES (1, 1, '2025-01-31', '2025-01-31', 'talks');
SELECT * FROM run_dunning('2025-01-31');
SELECT resume_dunning(1, :pause);
SELECT * FROM run_dunning('2025-02-01');
SELECT pg_temp.try(format('SELECT resume_dunning(1, %s)', :pause));
-- The fee is a document of its own, is not dunned itself, and the rule on dunning levels sees the level.
SELECT kind, number, amount, open_amount, due_date FROM open_items WHERE customer_id = 1 ORDER BY item_id;
SELECT rule_figure('dunning_level', 1, '2025-02-01', 0, true) AS level, rule_figure('dunning_level', 1, '2025-01-31', 0, true) AS level_before,
	rule_figure('dunning_level', 2, '2025-02-01', 0, true) AS nobody;
-- Day 50: the last level with its fee and hold; and none after payment.
SELECT post_payment(1, 'P-1', '2025-02-19', 100) AS p1 \gset
SELECT customer_id, amount, skipped FROM run_dunning('2025-02-20', true);
SELECT count(*) FROM dunning_items('2025-02-20') WHERE skipped IS NULL;
SELECT void_document(1, :p1, 'another customer') > 0 AS voided;
SELECT * FROM run_dunning('2025-02-20');
SELECT reason, reason_code, automatic FROM hold;
SELECT * FROM run_dunning('2025-06-20');
SELECT level, as_of, items, amount, fee, pay_by, channel, language FROM dunning_letter ORDER BY dunning_letter_id;
SELECT apply_payment(1, post_payment(1, 'P-2', '2025-06-21', 125), 'oldest_first', '2025-06-21');
SELECT rule_figure('dunning_level', 1, '2025-06-22', 0, true) AS level_when_paid;

-- The rule stops an order.
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (70, 'dunning_level', 1);
SELECT set_credit_limit(1, 1000) > 0 AS limited, release_hold(1, 1, 'paid');
SELECT outcome FROM check_credit(1, 1);
SELECT post_invoice(1, 'I-1b', '2025-06-01', 100, '2025-06-01') > 0 AS posted;
SELECT count(*) FROM run_dunning('2025-06-21') WHERE skipped IS NULL;
SELECT count(*) FROM run_dunning('2025-07-01') WHERE skipped IS NULL;
SELECT c.outcome, r ->> 'kind' AS kind, r ->> 'figure' AS figure FROM check_credit(1, 1) c, jsonb_array_elements(c.checks) r WHERE r ->> 'outcome' = 'hold';

-- A run before the last one, of a day to come, or of none: nothing changes.
SELECT pg_temp.try($$SELECT run_dunning('2025-06-30')$$);
SELECT pg_temp.try($$SELECT run_dunning('2025-06-30', true)$$);
SELECT pg_temp.try($$SELECT run_dunning(NULL)$$);
SELECT split_part(pg_temp.try($$SELECT run_dunning(ledger_today() + 1)$$), ' | ', 2);
SELECT pg_temp.try($$SELECT dun_customers(999, '{1}')$$);
SELECT count(*) AS runs, max(as_of) FROM dunning_run;

-- Everything that is spared, and why: one customer for each.
DO $$
DECLARE
	id bigint;
BEGIN
	FOR n IN 11 .. 20 LOOP
		PERFORM add_customer('Customer ' || n, n), post_invoice(n, 'S-' || n, '2025-07-01', 1000, '2025-07-31');
	END LOOP;
	PERFORM set_customer_status(11, 'bankrupt'), set_customer_status(12, 'sanctioned'), set_customer_status(13, 'legal');
	PERFORM open_dispute(14, i.item_id, 1000, 'price_error') FROM item i WHERE i.customer_id = 14;
	-- Only what is not disputed.
	PERFORM open_dispute(15, i.item_id, 400, 'price_error') FROM item i WHERE i.customer_id = 15;
	PERFORM post_payment(16, 'P-16', '2025-07-31', 1000);
	PERFORM post_payment(17, 'P-17', '2025-07-31', 999.5);
	PERFORM pause_dunning(18, 'moving house');
	UPDATE customer SET risk_class = 'cash' WHERE customer_id = 19;
	PERFORM post_invoice(20, 'S-20 CHF', '2025-07-01', 5, '2025-07-31', 'CHF', p_fx_rate => 1.1);
	PERFORM add_customer('Customer 21', 21), add_customer('Customer 22', 22), add_customer('Customer 23', 23);
	PERFORM post_invoice(n, 'S-' || n, '2025-07-01', 1000, '2025-07-31') FROM generate_series(21, 23) n;
	INSERT INTO promise (customer_id, currency, amount, promised_on, due_on, tolerance_days, tolerance_amount, open_amount, after_allocation_id, state_on)
	VALUES (21, 'USD', 1000, '2025-08-01', '2025-09-15', 3, 0, 1000, 0, '2025-08-01'), (22, 'USD', 1000, '2025-08-01', '2025-09-01', 3, 0, 1000, 0, '2025-08-01');
	INSERT INTO promise_event (customer_id, promise_id, state, state_on, paid_amount, made_good) SELECT p.customer_id, p.promise_id, p.state, p.state_on, 0, false FROM promise p;
	INSERT INTO payment_plan (customer_id, currency, amount, starts_on, grace_days, reason, state, state_on) VALUES (23, 'USD', 1000, '2025-08-01', 5, 'hard times', 'active', '2025-08-01')
	RETURNING payment_plan_id INTO id;
	INSERT INTO payment_plan_event (customer_id, payment_plan_id, state, state_on, paid_amount) VALUES (23, id, 'active', '2025-08-01', 0);
	INSERT INTO payment_plan_instalment VALUES (23, id, 1, '2026-08-01', 1000, 0);
	INSERT INTO payment_plan_item (customer_id, payment_plan_id, item_id, amount) SELECT 23, id, i.item_id, 1000 FROM item i WHERE i.customer_id = 23;
END $$;
INSERT INTO dunning_pause (customer_id, pauses_from, reason) VALUES (18, '2025-08-01', 'moving house');
SELECT set_dunning_policy('net', 'USD', '[{"days": 5, "template": "reminder", "minimum_amount": 1}]', p_valid_from => '2025-08-01') > 0 AS set;
SELECT set_dunning_policy('cash', 'USD', '[{"days": 5, "template": "reminder", "fee": 3, "channel": "e-mail"}]', 'cash', '2025-08-01', p_pay_days => 5) > 0 AS set;
SELECT customer_id, currency, level, items, amount, fee, skipped FROM run_dunning('2025-09-10') WHERE customer_id > 2;
SELECT customer_id, level, amount, reason FROM dunning_skip WHERE customer_id > 2 ORDER BY 1;
-- A gross policy writes to customer 16 and 17 all the same.
SELECT set_dunning_policy('gross', 'USD', '[{"days": 5, "template": "reminder"}]', p_valid_from => '2025-09-11', p_net_of_unapplied => false) > 0 AS set;
SELECT customer_id, amount, skipped FROM run_dunning('2025-09-11', true) WHERE customer_id IN (16, 17);
-- The interval: another item a day after a letter waits.
SELECT post_invoice(19, 'S-19b', '2025-08-01', 50, '2025-08-31') > 0 AS posted;
SELECT customer_id, amount, skipped FROM run_dunning('2025-09-11') WHERE customer_id = 19;
SELECT customer_id, amount, skipped FROM run_dunning('2025-09-17') WHERE customer_id = 19;

-- Letters, as their readers write. A name with braces is a name.
SELECT add_customer('Werft {amount} & Co', 31), add_customer('Tokyo Kogyo', 32), add_customer('Deccan Mills', 33);
DO $$ BEGIN
	PERFORM post_invoice(31, 'R-1', '2025-08-01', 1234567.5, '2025-08-31', 'EUR'), post_invoice(31, 'R-2', '2025-08-02', 100, '2025-09-01', 'EUR'),
		post_invoice(32, 'J-1', '2025-08-01', 1234567, '2025-08-31', 'JPY'), post_invoice(33, 'N-1', '2025-08-01', 1234567.5, '2025-08-31', 'EUR');
	INSERT INTO customer_contact (customer_id, name, role, language, email, time_zone) VALUES (31, 'Frau Berg', 'sales', 'en-US', 'x@example.org', 'UTC'),
		(31, 'Herr Thal', 'accounts payable', 'de-AT', 'thal@example.org', 'UTC'), (32, 'Ms Mori', NULL, 'ja', NULL, 'UTC'), (33, 'Mr Rao', NULL, 'en-IN', 'rao@example.org', 'UTC');
	PERFORM set_dunning_policy('euro', 'EUR', '[{"days": 5, "template": "second_reminder", "fee": 40, "channel": "e-mail"}]', p_valid_from => '2025-08-01'),
		set_dunning_policy('yen', 'JPY', '[{"days": 5, "template": "final_demand", "channel": "e-mail"}]', p_valid_from => '2025-08-01');
END $$;
SELECT customer_id, level, amount, fee FROM run_dunning('2025-09-20') WHERE customer_id > 30;
SELECT channel, recipient, language, subject, body FROM outbox WHERE customer_id > 30 ORDER BY customer_id \gx
SELECT write_amount(a, c, to_jsonb(read_locale(l))) FROM (VALUES (-1234.5, 'EUR', 'de'), (0.005, 'USD', 'en-US'), (1234567, 'JPY', 'ja'), (1234567.891, 'KWD', 'fr'), (12345678.9, 'INR', 'en-IN'),
	(1234.5, 'CHF', 'de-CH'), (999, 'USD', 'xx'), (NULL, 'USD', 'en')) v (a, c, l);
SELECT fill_in('a {x} {y} {x}', '{"x": "{y}"}');

-- Templates are checked when they are stored.
SELECT pg_temp.try($$SELECT set_letter_template('reminder', 'fr', 'Rappel: {montant}', 'x')$$);
SELECT pg_temp.try($$SELECT set_letter_template('reminder', 'fr', 'Rappel', 'Payez {amount', '')$$);
SELECT pg_temp.try($$SELECT set_letter_template('reminder', 'fr', 'Rappel', '{items}', '{total}')$$);
SELECT pg_temp.try($$SELECT set_letter_template('reminder', 'French', 'Rappel', '{items}')$$);
SELECT pg_temp.try($$SELECT set_letter_template('reminder', 'fr', ' ', '{items}')$$);
SELECT pg_temp.try($$UPDATE letter_template SET body = '{what}'$$);
SELECT pg_temp.try($$SELECT set_letter_template('reminder', 'fr', 'Rappel', 'A payer: {total} avant le {pay_by}', '{number} {due_date} {amount}')$$);
SELECT subject FROM letter_template WHERE language = 'fr';
SELECT pg_temp.try($$SELECT set_dunning_policy('x', 'USD', '[{"days": 5}]')$$);
SELECT pg_temp.try($$SELECT set_dunning_policy('x', 'USD', '[{"days": 5, "template": "poem"}]')$$);
SELECT pg_temp.try($$SELECT set_dunning_policy('x', 'USD', '[{"days": 5, "template": "reminder", "fees": 1}]')$$);
SELECT pg_temp.try($$SELECT set_dunning_policy('x', 'JPY', '[{"days": 5, "template": "reminder", "fee": 1.5}]')$$);
SELECT pg_temp.try($$SELECT set_dunning_policy('x', 'USD', '[]')$$);
SELECT pg_temp.try($$SELECT set_dunning_policy('x', 'XXY', '[{"days": 5, "template": "reminder"}]')$$);
SELECT pg_temp.try($$SELECT pause_dunning(1, '')$$);
SELECT pg_temp.try($$SELECT pause_dunning(1, 'x', 999999)$$);
SELECT pg_temp.try($$SELECT pause_dunning(1, 'x', NULL, '2020-01-01')$$);
SELECT pg_temp.try($$UPDATE dunning_letter SET level = 1$$);
SELECT pg_temp.try($$DELETE FROM dunning_item$$);
SELECT pg_temp.try($$TRUNCATE dunning_skip$$);
SELECT pg_temp.try($$UPDATE dunning_pause SET reason = 'other'$$);

-- The outbox: taken once, reported, tried again.
SELECT customer_id, channel, attempts FROM take_messages(2, 'e-mail');
SELECT count(*) AS left_of_e_mails FROM take_messages(100, 'e-mail');
SELECT report_message(o.customer_id, o.outbox_id, 'sent'), report_message(o.customer_id, o.outbox_id, 'sent') FROM outbox o WHERE o.customer_id = 31;
SELECT report_message(o.customer_id, o.outbox_id, 'delivered') FROM outbox o WHERE o.customer_id = 31;
SELECT report_message(o.customer_id, o.outbox_id, 'failed', 'mailbox full', 0) FROM outbox o WHERE o.customer_id = 33;
SELECT customer_id, attempts FROM take_messages(100, 'e-mail');
SELECT report_message(o.customer_id, o.outbox_id, 'failed', 'no such address') FROM outbox o WHERE o.customer_id = 33;
SELECT customer_id, state, attempts, error, sent_at IS NOT NULL AS sent, delivered_at IS NOT NULL AS delivered, failed_at IS NOT NULL AS failed FROM outbox WHERE customer_id > 30 ORDER BY 1;
SELECT pg_temp.try($$SELECT report_message(31, (SELECT outbox_id FROM outbox WHERE customer_id = 31), 'sent')$$);
SELECT regexp_replace(pg_temp.try($$SELECT report_message(1, (SELECT min(outbox_id) FROM outbox WHERE customer_id = 1), 'sent')$$), '\d+ of', 'N of');
SELECT pg_temp.try($$SELECT report_message(1, 0, 'sent')$$);
SELECT pg_temp.try($$SELECT report_message(1, 1, 'lost')$$);
SELECT pg_temp.try($$SELECT take_messages(0)$$);
SELECT pg_temp.try($$SELECT take_messages(1, NULL, -1)$$);
SELECT pg_temp.try($$SELECT queue_message(1, 'pigeon', 'x', 'x', 'x', 'test')$$);
SELECT pg_temp.try($$SELECT queue_message(999, 'letter', 'x', 'x', 'x', 'test')$$);
SELECT pg_temp.try($$SELECT queue_message(1, 'letter', '', 'x', 'x', 'test')$$);
SELECT queue_message(1, 'sms', '+1 555 0100', 'call us', 'Please call us.', 'test', 1) > 0 AS queued;
SELECT pg_temp.try($$SELECT queue_message(1, 'sms', '+1 555 0100', 'call us', 'Please call us.', 'test', 1)$$);
-- Whose collection is stopped gets nothing, however long it has been waiting.
SELECT set_customer_status(1, 'bankrupt');
SELECT count(*) FROM take_messages(1000) WHERE customer_id = 1;
SELECT state, error, count(*) FROM outbox WHERE customer_id = 1 GROUP BY 1, 2;

-- What the law of contacts forbids waits until it does not, or fails where nobody can say when that is.
SELECT add_customer('Gull', 77), add_customer_contact(77, 'Gil', 'UTC') AS later, add_customer_contact(77, 'Guy', 'UTC') AS never, add_customer_contact(77, 'Gus', 'UTC') AS now \gset
SELECT end_contact_fact(77, add_contact_fact(77, :later, 'inconvenient', 'e-mail'), now() + interval '1 day'), add_contact_fact(77, :never, 'opt_out', 'e-mail') > 0 AS declined;
SELECT count(queue_message(77, 'e-mail', 'x', 'hello', 'Hello', 'test', p, p_customer_contact_id => p)) FROM unnest(ARRAY[:later, :never, :now]) p;
SELECT customer_contact_id = :now AS now FROM take_messages(1000) t JOIN outbox o USING (customer_id, outbox_id) WHERE customer_id = 77;
SELECT o.state, c.name, o.not_before > now() AS waits, o.attempts, o.error FROM outbox o JOIN customer_contact c USING (customer_id, customer_contact_id) WHERE o.customer_id = 77 ORDER BY o.outbox_id;

-- After a request to cease only what ends collection, or says which remedy is or may be used, is handed out, whenever it was queued (15 USC 1692c(c)).
SELECT add_customer('Tern', 78), add_customer_contact(78, 'Tess', 'UTC', p_jurisdiction => 'US-NY', p_kind => 'consumer') AS tess \gset
SELECT count(queue_message(78, 'letter', 'x', p, 'x', 'purpose', n, p_customer_contact_id => :tess, p_purpose => p)) FROM unnest(ARRAY['collection', 'end_of_collection', 'remedy']) WITH ORDINALITY u (p, n);
SELECT queue_message(78, 'letter', 'x', 'to the account', 'x', 'account', 1) > 0 AS queued, queue_message(78, 'letter', 'x', 'of the account', 'x', 'account', 2, p_purpose => 'remedy') > 0 AS remedy;
SELECT add_contact_fact(78, :tess, 'cease') > 0 AS ceases, queue_message(78, 'letter', 'x', 'after it', 'x', 'after', 1, p_customer_contact_id => :tess) > 0 AS queued;
SELECT subject FROM take_messages(1000) WHERE customer_id = 78 ORDER BY outbox_id;
SELECT subject, purpose, state, error FROM outbox WHERE customer_id = 78 ORDER BY outbox_id;
-- An attorney, or what is asked about the debt and not answered, leaves no such way.
SELECT queue_message(78, 'letter', 'x', 'again', 'x', 'after', 2, p_customer_contact_id => :tess, p_purpose => 'remedy') > 0 AS queued, add_contact_fact(78, :tess, 'attorney') > 0 AS attorney;
SELECT count(*) FROM take_messages(1000) WHERE customer_id = 78;
SELECT state, error FROM outbox WHERE customer_id = 78 AND subject = 'again';
SELECT pg_temp.try($$SELECT queue_message(78, 'letter', 'x', 'x', 'x', 'purpose', 9, p_purpose => 'revenge')$$);
-- What was asked in writing stops all but its answer (15 USC 1692g(b)); a request to cease stops that, too.
SELECT add_customer('Ruff', 79), add_customer_contact(79, 'Rolf', 'UTC', p_jurisdiction => 'US-NY', p_kind => 'consumer') AS rolf \gset
SELECT receive_debt_request(79, :rolf, 'dispute', ledger_today()) > 0 AS asked;
SELECT count(queue_message(79, 'letter', 'x', p, 'x', 'reply', n, p_customer_contact_id => :rolf, p_purpose => p)) FROM unnest(ARRAY['collection', 'remedy', 'answer']) WITH ORDINALITY u (p, n);
SELECT subject FROM take_messages(1000) WHERE customer_id = 79 ORDER BY outbox_id;
SELECT subject, state, error FROM outbox WHERE customer_id = 79 ORDER BY outbox_id;
SELECT queue_message(79, 'letter', 'x', 'again', 'x', 'reply', 9, p_customer_contact_id => :rolf, p_purpose => 'answer') > 0 AS queued, add_contact_fact(79, :rolf, 'cease') > 0 AS ceases;
SELECT count(*) FROM take_messages(1000) WHERE customer_id = 79;
SELECT pg_temp.try($$SELECT queue_message(78, 'letter', 'x', 'x', 'x', 'purpose', 9, p_purpose => NULL)$$);
SELECT regexp_replace(pg_temp.try(format($$SELECT queue_message(1, 'letter', 'x', 'x', 'x', 'purpose', 9, p_customer_contact_id => %s)$$, :tess)), 'person \d+', 'person N');

-- In batches, with a commit after each: what one run makes of it, the other does, but for whom it cannot be done.
SELECT set_customer_status(1, 'active');
DO $$ BEGIN
	PERFORM post_invoice(n, 'B-' || n, '2025-10-01', 10 * n, '2025-10-31') FROM unnest(ARRAY[1, 2, 19, 22]) n;
	PERFORM set_dunning_policy('francs', 'CHF', '[{"days": 5, "template": "reminder", "fee": 1}]', p_valid_from => '2025-08-01');
END $$;
SELECT customer_id, currency, level, amount FROM run_dunning('2025-12-01', true) WHERE skipped IS NULL;
SELECT pg_temp.try($$SELECT run_dunning('2025-12-01')$$);
CALL run_dunning_in_batches('2025-12-01', 3);
SELECT customer_id, currency, level, amount FROM dunning_letter WHERE as_of = '2025-12-01' ORDER BY 1, 2;
CALL run_dunning_in_batches('2025-12-01', 1000);
CALL run_dunning_in_batches('2025-11-30');
SELECT count(*) > 0 AS shown, count(*) FILTER (WHERE skipped IS NULL) AS to_dun FROM dunning_preview;
-- A fee of before that is disputed is not asked for, but for the part that is not.
SELECT set_letter_template('sums', 'en', 'Sums', 'amount {amount}, fee {fee}, charges {charges}, total {total}'), set_dunning_policy('pound', 'GBP',
	'[{"days": 5, "template": "sums", "fee": 10}, {"days": 20, "template": "sums", "fee": 15}]', p_valid_from => '2025-08-01') > 0 AS set;
SELECT add_customer('Fee disputed') AS c, set_fx_rate('GBP', 1.3, '2025-08-01') \gset
SELECT post_invoice(:c, 'F-1', '2025-11-01', 100, '2025-11-30', 'GBP', p_fx_rate => 1.3) > 0 AS posted;
SELECT dun_customers(start_dunning('2025-12-10'), ARRAY[:c]::bigint[]) AS letters;
SELECT open_dispute(:c, i.item_id, 4, 'price_error') > 0 AS disputed FROM item i JOIN document d USING (customer_id, document_id) WHERE i.customer_id = :c AND d.kind = 'fee';
SELECT dun_customers(start_dunning('2025-12-28'), ARRAY[:c]::bigint[]) AS letters;
SELECT body FROM outbox WHERE customer_id = :c ORDER BY outbox_id;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
