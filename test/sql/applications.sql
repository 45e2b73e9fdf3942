-- Applications for credit: from receipt to decision, by authority, and the notices that follow.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS app CASCADE;
SELECT credit.create_ledger('app', 'USD', time_zone => 'Etc/UTC');
SET search_path = app, public;
-- What a statement of a person's is answered, without the days.
CREATE FUNCTION pg_temp.says(person text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	PERFORM app.set_actor(person);
	EXECUTE statement INTO answer;
	RETURN COALESCE(answer, '');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, NULLIF(detail, ''), NULLIF(hint, '')), '\d{4}-\d\d-\d\d', 'DAY', 'g');
END $$;
SELECT count(add_customer('Customer ' || g, g, p_terms => 'net 30')) FROM generate_series(1, 6) g;
SELECT grant_authority(session_user, 'actor') > 0 AS granted;
SELECT add_score_card('trade', 'base 600 odds 50 pdo 20 start 500; reference_payment_index: <80 => 10, else 60, null => 0 "slow with others"; bureau_score: <50 => 0, else 40, null => 20 "bureau"; grades: A>=580, else B',
	'first', '2020-01-01') > 0 AS card;
INSERT INTO grade_policy (grade, limit_amount, terms) VALUES ('A', 50000, 'net 45'), ('B', 5000, 'net 15');
UPDATE limit_policy SET methods = '{score_grade}';
SELECT add_trade_reference(c, 'Supplier', 1000, ledger_today() - 30, p_days_beyond_terms => CASE WHEN c > 2 THEN 30 ELSE 0 END) > 0 AS reference FROM generate_series(1, 4) c;

-- ---- From receipt to approval ----

SELECT receive_application(1, 40000, 'US trade credit', ledger_today() - 20, p_reference => 'A-1');
SELECT status, missing_items, adverse, days_to_decide, answer_due - ledger_today() AS answer_in, overdue FROM credit_application_status;
SELECT pg_temp.says('ann', x) FROM (VALUES ('SELECT score_application(1, 1)'), ($$SELECT decide_application(1, 1, 'approved', 10)$$), ($$SELECT decide_application(1, 1, 'maybe')$$),
	($$SELECT decide_application(1, 1, 'declined')$$), ('SELECT record_notice(1, 1)'), ($$SELECT receive_item(1, 1, 'passport')$$), ($$SELECT receive_item(1, 1, 'bank_reference', ledger_today() - 21)$$),
	($$SELECT receive_item(1, 2, 'bank_reference')$$), ($$SELECT receive_item(2, 1, 'bank_reference')$$), ($$SELECT notice_text(1, 1, 'Acme')$$), ($$SELECT receive_application(1, 0, 'none')$$),
	($$SELECT receive_application(1, 5, 'Atlantis')$$), ($$SELECT receive_application(1, 5, 'none', ledger_today() + 1)$$), ($$SELECT receive_application(1, 5, 'none', p_currency => 'CHF')$$)) v (x);
SELECT receive_item(1, 1, i, ledger_today() - d) FROM (VALUES ('application_form', 20), ('trade_reference', 18), ('trade_reference', 15), ('bank_reference', 12), ('trade_reference', 10), ('guarantee', 5)) v (i, d);
SELECT status, missing_items, completed_on - ledger_today() AS completed, days_to_complete, answer_due - ledger_today() AS answer_in FROM credit_application_status;
SELECT * FROM score_application(1, 1);
SELECT decide_application(1, 1, 'approved') > 0 AS decided;
SELECT status, score, grade, recommended_amount, approved_amount, approved_terms, adverse, decided_by = session_user AS mine, days_to_complete, days_to_decide,
	request_until, overdue FROM credit_application_status;
SELECT l.amount, l.reason, r.amount AS recommended, c.terms FROM credit_limit l JOIN limit_recommendation r ON r.customer_id = l.customer_id AND r.limit_recommendation_id = l.recommendation_id
	JOIN customer c ON c.customer_id = l.customer_id;
SELECT pg_temp.says('ann', x) FROM (VALUES ($$SELECT decide_application(1, 1, 'declined', p_reasons => '{late}')$$), ($$SELECT withdraw_application(1, 1, 'changed our mind')$$)) v (x);

-- ---- Less than what was asked for, and a decline ----

SELECT receive_application(c, 40000, j, ledger_today() - 40) FROM (VALUES (3, 'US trade credit'), (4, 'US small business'), (5, 'none')) v (c, j);
SELECT count(receive_item(c, a, i, ledger_today() - 38)) FROM (VALUES (3, 2), (4, 3), (5, 4)) v (c, a), unnest('{application_form,trade_reference,trade_reference,trade_reference,bank_reference}'::text[]) i;
SELECT score, grade, amount, reasons FROM score_application(3, 2) UNION ALL SELECT score, grade, amount, reasons FROM score_application(4, 3);
SELECT credit_application_id, status, overdue, answer_due - ledger_today() AS answer_in FROM credit_application_status ORDER BY 1;
-- The reasons of the score are those of the notice, unless others are given.
SELECT decide_application(3, 2, 'approved', 5000) > 0 AS decided;
SELECT decide_application(4, 3, 'declined') IS NULL AS no_limit, decide_application(5, 4, 'more_information', p_reasons => '{"audited statements of 2025"}') IS NULL AS nor_here;
SELECT pg_temp.says('ann', $$SELECT decide_application(5, 4, 'declined', p_reasons => '{" "}')$$);
SELECT credit_application_id, status, adverse, approved_amount, approved_terms, reasons, overdue FROM credit_application_status ORDER BY 1;
\pset format unaligned
SELECT replace(replace(notice_text(4, 3, E'Acme Inc\n1 Main Street'), ledger_today()::text, 'TODAY'), (ledger_today() + 60)::text, 'TODAY+60');
\pset format aligned
SELECT record_notice(4, 3), record_notice(3, 2), record_notice(1, 1);
SELECT credit_application_id, request_until - ledger_today() AS request_in, reasons_due, overdue FROM credit_application_status ORDER BY 1;
-- The reasons of a trade creditor are given when they are asked for.
SELECT notice_text(3, 2, 'Acme Inc') ~ 'slow with others' AS at_once, notice_text(3, 2, 'Acme Inc') ~ 'approved for 5,000.00 USD' AS counter_offer, notice_text(3, 2, 'Acme Inc') ~ 'Equal Credit Opportunity Act' AS notice;
SELECT pg_temp.says('ann', $$SELECT record_notice(3, 2, 'reasons_sent')$$), pg_temp.says('ann', $$SELECT record_notice(3, 2, 'reasons_asked', ledger_today() - 1)$$), pg_temp.says('ann', $$SELECT record_notice(3, 2, 'shouted')$$);
SELECT record_notice(3, 2, 'reasons_asked');
SELECT reasons_due - ledger_today() AS reasons_in, notice_text(3, 2, 'Acme Inc') ~ 'slow with others' AS when_asked FROM credit_application_status WHERE credit_application_id = 2;
SELECT record_notice(3, 2, 'reasons_sent');
SELECT reasons_sent_on = ledger_today() AS sent, overdue FROM credit_application_status WHERE credit_application_id = 2;
SELECT withdraw_application(5, 4, 'too much paper');
SELECT status, adverse, reasons, overdue FROM credit_application_status WHERE credit_application_id = 4;
-- The law changes: an application of before goes by the rule of before.
INSERT INTO notice_rule SELECT jurisdiction, ledger_today() - 5, 10, 10, 20, 5, reasons_in_notice, notice_text, 'a new law' FROM notice_rule WHERE jurisdiction = 'US trade credit';
SELECT receive_application(6, 1, 'US trade credit', ledger_today() - d) FROM unnest('{6,5}'::integer[]) d;
SELECT answer_due - received_on AS days FROM credit_application_status WHERE customer_id = 6 ORDER BY credit_application_id;

-- ---- By authority ----

SELECT set_approval_policy('limit', true), grant_authority('ben', 'limit', 20000), grant_authority('bea', 'limit', 100000) > 0 AS granted;
SELECT receive_application(2, 30000, 'none') AS id \gset
SELECT count(receive_item(2, :id, i)) FROM unnest('{application_form,trade_reference,trade_reference,trade_reference,bank_reference}'::text[]) i;
SELECT amount, grade FROM score_application(2, :id);
SELECT pg_temp.says('ann', format($$SELECT decide_application(2, %s, 'approved')$$, :id));
SELECT pg_temp.says('ann', format($$SELECT decide_application(2, %s, 'declined', p_reasons => '{"no"}')$$, :id));
SELECT pg_temp.says('ann', $$SELECT request_approval(2, 'limit', 30000, 'application')$$) > '' AS requested;
SELECT pg_temp.says('ben', $$SELECT approve(2, 1)$$);
SELECT pg_temp.says('bea', $$SELECT approve(2, 1)$$);
SELECT pg_temp.says('ann', format($$SELECT decide_application(2, %s, 'approved')$$, :id)) > '' AS decided;
SELECT status, approved_amount, decided_by, adverse FROM credit_application_status WHERE customer_id = 2;
SELECT requested_by, approved_by FROM credit_limit WHERE customer_id = 2;
SELECT pg_temp.says('ben', format($$SELECT decide_application(6, %s, 'declined', p_reasons => '{"no references"}')$$, 5));
SELECT status, decided_by, reasons, adverse FROM credit_application_status WHERE customer_id = 6 AND credit_application_id = 5;

-- Who has an open application is not merged away.
SELECT pg_temp.says('ann', $$SELECT merge_customers(6, 1, 'one firm')$$);
SELECT withdraw_application(6, 6, 'merged'), merge_customers(6, 1, 'one firm');
SELECT pg_temp.says('ann', 'UPDATE credit_application SET amount = 1 RETURNING 1'), pg_temp.says('ann', 'DELETE FROM credit_application_event RETURNING 1');
SELECT * FROM verify_ledger();
DROP SCHEMA app CASCADE;
