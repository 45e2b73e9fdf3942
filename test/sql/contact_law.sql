-- The law of contacts: who may be contacted when, what is refused, what is done all the same, and which notices are due.
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
	RETURN replace(concat_ws(' | ', SQLSTATE, message, NULLIF(split_part(detail, ' All that speaks', 1), ''), NULLIF(hint, '')), current_date::text, 'TODAY');
END $$;
-- The kinds of rules that speak, and when none does.
CREATE FUNCTION pg_temp.ask(person bigint, channel text, at timestamptz, documents bigint[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT format('%s%s', CASE WHEN a.allowed THEN 'allowed' ELSE (SELECT string_agg(r ->> 'kind', ', ') FROM jsonb_array_elements(a.rules) r) END,
		CASE WHEN NOT a.allowed THEN ' until ' || COALESCE(a.next_allowed::text, 'nobody can say') END)
	FROM contact_allowed(person, channel, at, documents) a
$$;
DO $$ BEGIN
	PERFORM add_customer('Ann Doe', 1), add_customer('Kestrel Tooling', 2);
	PERFORM post_invoice(1, 'A', '2026-08-01', 100, '2026-08-31'), post_invoice(1, 'B', '2026-08-01', 100, '2026-08-31'), post_invoice(2, 'C', '2026-08-01', 100, '2026-08-31');
	PERFORM add_customer_contact(1, 'Ann Doe', 'America/New_York', p_phone => '+1 212 555 0100', p_jurisdiction => 'US-NY', p_kind => 'consumer'),
		add_customer_contact(1, 'Asha Rao', 'Asia/Kolkata', p_jurisdiction => 'US-CA', p_kind => 'consumer'),
		add_customer_contact(1, 'Nil Gurung', 'Asia/Kathmandu', p_kind => 'consumer'),
		add_customer_contact(1, 'No Zone', p_jurisdiction => 'US', p_kind => 'consumer'),
		add_customer_contact(2, 'Max Berg', 'Europe/Berlin', p_jurisdiction => 'DE'),
		add_customer_contact(1, 'Lord Howe', 'Australia/Lord_Howe', p_jurisdiction => 'AU', p_kind => 'consumer'),
		add_customer_contact(1, 'Mary Mass', 'America/New_York', p_jurisdiction => 'US-MA', p_kind => 'consumer'),
		add_customer_contact(1, 'Zed Quiet', 'America/New_York', p_jurisdiction => 'US-NY', p_kind => 'consumer');
END $$;

-- After 8 a.m. and before 9 p.m., local time at the consumer's location (15 USC 1692c(a)(1)): the ends do not count.
SELECT t, pg_temp.ask(1, 'phone', (date '2026-09-07' + t) AT TIME ZONE 'America/New_York') FROM unnest('{07:59,08:00,08:01,20:59,21:00}'::time[]) t;
-- E-mails too; a letter has no hour. A person of a business is not a consumer.
SELECT c, pg_temp.ask(1, c, '2026-09-07 03:00-04') FROM unnest(ARRAY['e-mail', 'visit', 'letter']) c;
SELECT pg_temp.ask(5, 'phone', '2026-09-07 03:00+02');
-- The day the clocks go forward and back: 8:01 there is another hour here.
SELECT at, pg_temp.ask(1, 'phone', at) FROM unnest('{2026-03-07 12:30+00,2026-03-08 12:30+00,2026-10-31 12:30+00,2026-11-01 12:30+00,2026-11-01 13:01+00}'::timestamptz[]) at;
-- Zones of half and quarter hours, and half an hour of summer time; whose place is not known has the rules of every place.
SELECT at, pg_temp.ask(2, 'phone', at) FROM unnest('{2026-09-07 02:30+00,2026-09-07 02:31+00,2026-09-07 15:29+00,2026-09-07 15:30+00}'::timestamptz[]) at;
SELECT at, pg_temp.ask(3, 'phone', at) FROM unnest('{2026-09-07 02:15+00,2026-09-07 02:16+00}'::timestamptz[]) at;
SELECT at, pg_temp.ask(6, 'phone', at) FROM unnest('{2026-10-03 21:30+00,2026-10-03 21:31+00,2026-10-04 21:00+00,2026-10-04 21:01+00}'::timestamptz[]) at;
-- Without a time zone nobody can say that an hour is right; the session's own never counts.
SELECT pg_temp.ask(4, 'phone', '2026-09-07 12:00-04');
SET TimeZone = 'Asia/Tokyo';
SELECT (contact_allowed(1, 'phone', '2026-09-07 08:30-04')).allowed, (contact_allowed(1, 'phone', '2026-09-07 07:30-04')).allowed AS too_early;
SET TimeZone = 'UTC';
SELECT pg_temp.try($$INSERT INTO contact (customer_id, customer_contact_id, contacted_at, direction, channel, outcome_code) VALUES (1, 4, '2026-09-07 12:00-04', 'out', 'phone', 'no_answer')$$);

-- Seven calls in seven days about one debt are presumed to comply (12 CFR 1006.14(b)(2)(i)(A)); the eighth is not made, from whatever number.
SELECT count(record_contact(1, 1, 'phone', 'no_answer', p_contacted_at => (date '2026-09-07' + d + time '10:00') AT TIME ZONE 'America/New_York', p_document_ids => '{1}'))
FROM generate_series(0, 6) d;
SELECT pg_temp.ask(1, 'phone', '2026-09-13 15:00-04', '{1}') AS eighth, pg_temp.ask(1, 'phone', '2026-09-13 15:00-04', '{2}') AS another_debt, pg_temp.ask(1, 'phone', '2026-09-13 15:00-04') AS account;
SELECT pg_temp.ask(1, 'phone', '2026-09-14 09:00-04', '{1}') AS monday, pg_temp.ask(1, 'e-mail', '2026-09-13 15:00-04', '{1}') AS by_mail, pg_temp.ask(8, 'phone', '2026-09-13 15:00-04', '{1}') AS another_person;
SELECT pg_temp.try($$SELECT record_contact(1, 1, 'phone', 'no_answer', p_contacted_at => '2026-09-13 15:00-04', p_document_ids => '{1}')$$);
-- A busy line was not connected, and calls of theirs are not ours.
SELECT count(record_contact(1, 8, 'phone', 'busy', p_contacted_at => (date '2026-09-07' + d + time '10:00') AT TIME ZONE 'America/New_York')) FROM generate_series(0, 6) d;
SELECT pg_temp.ask(8, 'phone', '2026-09-13 15:00-04');
-- Massachusetts allows two.
SELECT count(record_contact(1, 7, 'phone', 'no_answer', p_contacted_at => (date '2026-09-07' + d + time '10:00') AT TIME ZONE 'America/New_York')) FROM generate_series(0, 1) d;
SELECT pg_temp.ask(7, 'phone', '2026-09-09 15:00-04');
-- Who is somewhere in the United States may be there; a debtor's country without its part lies in every part.
SELECT p AS place, w AS within, lies_in(p, w) FROM (VALUES ('US-MA', 'US-MA'), ('US', 'US-MA'), (NULL, 'US-MA'), ('US-NY', 'US-MA'), ('US-MA', 'US'), ('USX', 'US'), ('DE', 'US-MA'), ('DE', NULL)) v (p, w);

-- A conversation about two debts starts the seven days for both; its own day is the first.
SELECT record_contact(1, 8, 'phone', 'spoke', 'in', p_contacted_at => '2026-09-15 10:00-04', p_document_ids => '{1,2}') > 0 AS spoke;
SELECT pg_temp.ask(8, 'phone', '2026-09-16 10:00-04', '{1}') AS about_a, pg_temp.ask(8, 'phone', '2026-09-21 20:00-04', '{2}') AS about_b, pg_temp.ask(8, 'phone', '2026-09-22 08:01-04', '{2}') AS after;
-- Who asked to be called back may be.
SELECT record_contact(1, 8, 'phone', 'call_back', 'in', p_contacted_at => '2026-09-17 10:00-04', p_document_ids => '{1,2}') > 0 AS call_back;
SELECT pg_temp.ask(8, 'phone', '2026-09-18 10:00-04', '{1}');

-- A request to cease, but for what ends it; an attorney; the place of work; an opt-out; hours that do not suit.
SELECT add_contact_fact(1, 8, 'cease', p_valid_from => '2026-09-19') AS fact \gset
SELECT c, pg_temp.ask(8, c, '2026-09-23 10:00-04') FROM unnest(ARRAY['phone', 'letter']) c;
SELECT p, (contact_allowed(8, 'letter', '2026-09-23 10:00-04', p_purpose => p)).allowed FROM unnest(ARRAY['collection', 'remedy', 'end_of_collection']) p;
SELECT end_contact_fact(1, :fact, '2026-09-25');
SELECT pg_temp.ask(8, 'phone', '2026-09-24 10:00-04') AS ceased, pg_temp.ask(8, 'phone', '2026-09-25 10:00-04') AS again;
SELECT add_contact_fact(1, 8, 'attorney', p_valid_from => '2026-10-01'), add_contact_fact(1, 2, 'workplace', 'phone', '2026-10-01'), add_contact_fact(1, 7, 'opt_out', 'e-mail', '2026-10-01'),
	add_contact_fact(1, 6, 'inconvenient', NULL, '2026-10-01', p_from_time => '20:00', p_to_time => '10:00');
SELECT pg_temp.ask(8, 'phone', '2026-10-02 10:00-04') AS attorney, pg_temp.ask(2, 'phone', '2026-10-02 10:00+05:30') AS workplace, pg_temp.ask(2, 'e-mail', '2026-10-02 10:00+05:30') AS mail,
	pg_temp.ask(7, 'e-mail', '2026-10-02 10:00-04') AS opt_out, pg_temp.ask(7, 'phone', '2026-10-02 10:00-04') AS phone;
SELECT pg_temp.ask(6, 'phone', '2026-10-02 09:00+10:30') AS morning, pg_temp.ask(6, 'phone', '2026-10-02 10:00+10:30') AS ten, pg_temp.ask(6, 'phone', '2026-10-02 22:00+10:30') AS night;
-- What the law allows after a request to cease is recorded as what it is; an attorney is another matter.
SELECT add_contact_fact(1, 3, 'refusal', p_valid_from => '2026-10-01') > 0 AS refuses;
SELECT pg_temp.try($$SELECT record_contact(1, 3, 'letter', 'sent', p_contacted_at => '2026-10-02 10:00+05:45')$$);
SELECT p, (log_contact(1, 3, 'letter', 'sent', p_contacted_at => '2026-10-02 10:00+05:45', p_purpose => p)).allowed FROM unnest(ARRAY['collection', 'remedy', 'end_of_collection']) p;
SELECT purpose FROM contact WHERE customer_contact_id = 3 ORDER BY contact_id;
SELECT pg_temp.try($$SELECT record_contact(1, 8, 'letter', 'sent', p_contacted_at => '2026-10-02 10:00-04', p_purpose => 'remedy')$$);
SELECT pg_temp.try($$SELECT record_contact(1, 3, 'letter', 'sent', p_purpose => 'revenge')$$);
-- The day begins where the ledger is, wherever the session is.
SET TimeZone = 'America/Los_Angeles';
SELECT d, (SELECT string_agg(DISTINCT reason, ', ') FROM collection_stops(d) WHERE customer_id = 1) AS stopped FROM unnest('{2026-09-18,2026-09-24,2026-09-25,2026-09-30,2026-10-01}'::date[]) d;
SET TimeZone = 'UTC';
-- A rule of a place about calls leaves that of everywhere for visits.
INSERT INTO contact_rule (rule_no, kind, debtor_kind, jurisdiction, channels, from_time, to_time, applies_to, source) VALUES (62, 'hours', 'consumer', 'AU', '{phone}', '09:00', '20:00', 'Callers.', 'made up');
SELECT c, pg_temp.ask(6, c, '2026-09-29 08:30+09:30'), pg_temp.ask(6, c, '2026-09-29 21:30+09:30') FROM unnest(ARRAY['phone', 'visit']) c;
DELETE FROM contact_rule WHERE rule_no = 62;
-- Holidays, consent and quiet days, where there are such rules.
INSERT INTO contact_holiday VALUES ('AU', '2026-10-05', 'Labour Day');
INSERT INTO contact_rule (rule_no, kind, debtor_kind, channels, days, applies_to, source) VALUES (60, 'quiet_days', 'business', NULL, 2, 'Everybody.', 'House rule'),
	(61, 'consent', 'business', '{e-mail}', NULL, 'Everybody.', 'House rule');
SELECT pg_temp.ask(6, 'phone', '2026-10-05 12:00+11') AS holiday;
SELECT pg_temp.ask(5, 'e-mail', '2026-09-01 10:00+02') AS without_consent;
SELECT add_contact_fact(2, 5, 'consent', 'e-mail', '2026-09-01') > 0 AS consents, record_contact(2, 5, 'e-mail', 'sent', p_contacted_at => '2026-09-01 10:00+02') > 0 AS sent;
-- Two quiet days after the first: not on the second, nor the third.
SELECT d, pg_temp.ask(5, 'e-mail', (d + time '10:00') AT TIME ZONE 'Europe/Berlin') FROM unnest('{2026-09-02,2026-09-03,2026-09-04}'::date[]) d;
UPDATE contact_rule SET valid_to = '2026-09-30' WHERE rule_no IN (60, 61);

-- A validation notice within five days of the first contact, unless it is paid before (12 CFR 1006.34(a)(1)).
SELECT add_customer('Cal Lee', 3), post_invoice(3, 'D', '2026-08-01', 50, '2026-08-31') > 0 AS posted,
	add_customer_contact(3, 'Cal Lee', 'America/Chicago', p_jurisdiction => 'US-IL', p_kind => 'consumer') AS cal;
SELECT record_contact(3, 9, 'phone', 'message_left', p_contacted_at => '2026-09-14 10:00-05') > 0 AS first;
SELECT customer_id, notice, customer_contact_id, since, due, overdue FROM notice_due WHERE customer_id = 3;
SELECT apply_payment(3, post_payment(3, 'P-3', '2026-09-16', 50), 'oldest_first', '2026-09-16');
SELECT count(*) FROM notice_due WHERE customer_id = 3;
SELECT post_invoice(3, 'E', '2026-08-01', 50, '2026-08-31') > 0 AS posted, record_debt_notice(3, 9, '2026-09-18') AS notice;
SELECT count(*) FROM notice_due WHERE customer_id = 3;
-- Received five business days later, and disputed for thirty days: a holiday moves it.
SELECT sent_on, disputes_until FROM debt_notice;
INSERT INTO contact_holiday VALUES ('US', '2026-09-21', 'made up');
SELECT add_business_days('2026-09-18', 5, 'US-IL'), add_business_days('2026-09-18', 5);
-- A request for the first creditor's name on day 12, without the word dispute: collection ceases until it is answered (15 USC 1692g(b)).
SELECT receive_debt_request(3, 9, 'original_creditor', '2026-09-30', 'Who are you acting for?') AS request \gset
SELECT c, pg_temp.ask(9, c, '2026-10-01 10:00-05') FROM unnest(ARRAY['phone', 'letter']) c;
SELECT customer_id, reason FROM collection_stops('2026-10-01') WHERE customer_id = 3;
SELECT allowed AS may_be_answered FROM contact_allowed(9, 'letter', '2026-10-01 10:00-05', p_purpose => 'answer');
SELECT answer_debt_request(3, :request, '2026-10-02');
SELECT pg_temp.ask(9, 'phone', '2026-10-02 10:00-05');
-- Too late it does not.
SELECT receive_debt_request(3, 9, 'dispute', '2026-11-01') > 0 AS received;
SELECT in_time FROM debt_request ORDER BY debt_request_id DESC LIMIT 1;
SELECT pg_temp.ask(9, 'phone', '2026-11-02 10:00-06');
-- Applications have their notices in the same view.
SELECT receive_application(2, 500, 'US trade credit', '2026-06-01') > 0 AS received;
SELECT customer_id, notice, since, due, overdue FROM notice_due WHERE notice = 'adverse_action';

-- What is refused is an error that changes nothing; log_contact() keeps it. A person with the right overrides, with a reason.
SELECT contact_id, allowed, (SELECT string_agg(r ->> 'kind', ', ') FROM jsonb_array_elements(rules) r) AS rules, next_allowed
FROM log_contact(1, 1, 'phone', 'no_answer', p_contacted_at => '2026-09-19 22:00-04', p_document_ids => '{1}');
SELECT pg_temp.try($$SELECT record_contact(1, 1, 'phone', 'no_answer', p_contacted_at => '2026-09-19 22:00-04', p_override_reason => 'asked for the evening')$$);
SELECT grant_authority(session_user, 'contact_override') > 0 AS granted;
SELECT contact_id IS NOT NULL AS made, allowed, jsonb_array_length(rules) AS rules
FROM log_contact(1, 1, 'phone', 'no_answer', p_contacted_at => '2026-09-19 22:00-04', p_override_reason => 'asked for the evening');
-- Some rules nobody overrides.
SELECT pg_temp.try($$SELECT record_contact(1, 8, 'phone', 'no_answer', p_contacted_at => '2026-10-02 10:00-04', p_override_reason => 'urgent')$$);
SELECT contact_id, allowed FROM log_contact(1, 8, 'phone', 'no_answer', p_contacted_at => '2026-10-02 10:00-04', p_override_reason => 'urgent');
SELECT person, channel, at, outcome, rules, override_reason FROM compliance_log ORDER BY contact_refusal_id;
SELECT pg_temp.try($$UPDATE contact_refusal SET rules = '[]'$$);
-- Contacts of theirs need no leave.
SELECT record_contact(1, 8, 'phone', 'spoke', 'in', p_contacted_at => '2026-10-02 03:00-04') > 0 AS they_called;

-- A petition in bankruptcy stays everything, whoever asks; so do sanctions.
DO $$ BEGIN
	PERFORM add_customer('Fallen Star', 4), add_customer_contact(4, 'Eve Star', 'UTC');
	PERFORM post_invoice(4, 'OLD', '2026-05-01', 100, '2026-05-31'), post_invoice(4, 'G-45', '2026-07-10', 200, '2026-08-10', p_received_on => '2026-07-20'),
		post_invoice(4, 'G-20', '2026-08-20', 300, '2026-09-20', p_received_on => '2026-08-25'), post_invoice(4, 'G-21', '2026-08-10', 400, '2026-09-20', p_received_on => '2026-08-11'),
		post_invoice(4, 'NEW', '2026-09-01', 500, '2026-09-30');
	PERFORM post_payment(4, 'P-90', '2026-06-03', 10), post_payment(4, 'P-91', '2026-06-02', 20), post_payment(4, 'P-0', '2026-09-01', 30);
END $$;
SELECT record_insolvency(4, '2026-09-01', 'chapter 11', '26-10001', 'SDNY') AS case \gset
SELECT part, number, amount, day, deadline, done_on FROM insolvency_claims WHERE customer_id = 4 ORDER BY part, number;
SELECT pg_temp.ask(10, c, '2026-09-02 12:00+00') FROM unnest(ARRAY['phone', 'letter']) c;
SELECT pg_temp.try($$SELECT record_contact(4, 10, 'letter', 'sent', p_contacted_at => '2026-09-02 12:00+00', p_override_reason => 'they owe us')$$);
SELECT record_reclamation(4, :case, '2026-09-10');
SELECT DISTINCT part, deadline, done_on FROM insolvency_claims WHERE part = 'reclamation';
SELECT pg_temp.try(format('SELECT record_reclamation(4, %s)', :case));
SELECT end_insolvency(4, :case, 'dismissed', '2026-10-01');
SELECT pg_temp.ask(10, 'phone', '2026-10-02 12:00+00') AS status_still_bankrupt;
SELECT set_customer_status(4, 'active');
SELECT pg_temp.ask(10, 'phone', '2026-10-02 12:00+00') AS after, pg_temp.ask(10, 'phone', '2026-09-02 12:00+00') AS within;
SELECT set_customer_status(4, 'sanctioned');
SELECT pg_temp.ask(10, 'phone', '2026-10-02 12:00+00');
SELECT pg_temp.try(format('SELECT end_insolvency(4, %s, %L)', :case, 'again'));

-- Calls that are entered late, in whatever order, are counted with those after them.
DO $$ BEGIN
	PERFORM add_customer('Dee Fox', 5), add_customer('Dee Fox & Co', 6), add_customer('Fox Group', 7), add_customer_contact(5, 'Dee Fox', 'America/Chicago', p_jurisdiction => 'US-IL', p_kind => 'consumer');
	PERFORM record_contact(5, 11, 'phone', 'no_answer', p_contacted_at => ('2026-09-08'::date + d + time '10:00') AT TIME ZONE 'America/Chicago') FROM generate_series(6, 0, -1) d;
END $$;
SELECT d, pg_temp.ask(11, 'phone', ('2026-09-01'::date + d + time '11:00') AT TIME ZONE 'America/Chicago') FROM unnest('{6,7,10,13,14}'::integer[]) d;
SELECT pg_temp.try($$SELECT record_contact(5, 11, 'phone', 'no_answer', p_contacted_at => '2026-09-10 11:00-05')$$);
-- A person that comes along with a merged customer has been called and spoken with as before, and again with the next merger.
SELECT record_contact(5, 11, 'phone', 'spoke', 'in', p_contacted_at => '2026-09-16 10:00-05') > 0 AS spoke;
SELECT merge_customers(5, 6, 'the same') IS NOT NULL AS merged, merge_customers(6, 7, 'the same') IS NOT NULL AS again;
SELECT customer_id, pg_temp.ask(customer_contact_id, 'phone', '2026-09-14 12:00-05') AS calls, pg_temp.ask(customer_contact_id, 'phone', '2026-09-17 12:00-05', '{77}') AS conversation
FROM customer_contact WHERE name = 'Dee Fox' ORDER BY 1;

-- Per debt and person: a call about one, a call about all that is known, and nothing about what is known later until it is told of.
SELECT add_customer('Bea Kim', 8), add_customer_contact(8, 'Bea Kim', 'America/Chicago', p_jurisdiction => 'US-IL', p_kind => 'consumer') AS bea,
	post_invoice(8, 'K-A', '2026-08-01', 100, '2026-08-31') AS ka, post_invoice(8, 'K-B', '2026-08-01', 100, '2026-08-31') AS kb \gset
CREATE VIEW bea AS SELECT d.number, n.since, n.due, n.overdue FROM notice_due n JOIN document d ON d.customer_id = n.customer_id AND d.document_id = n.subject_id
WHERE n.customer_id = 8 AND n.notice = 'validation';
SELECT record_contact(8, :bea, 'phone', 'message_left', p_contacted_at => '2026-09-14 10:00-05', p_document_ids => ARRAY[:ka]) > 0 AS about_a;
TABLE bea ORDER BY number;
SELECT record_contact(8, :bea, 'letter', 'replied', 'in', p_contacted_at => '2026-09-16 10:00-05') > 0 AS about_all;
TABLE bea ORDER BY number;
SELECT record_debt_notice(8, :bea, '2026-09-18', ARRAY[:ka]) > 0 AS notice;
TABLE bea ORDER BY number;
SELECT record_debt_notice(8, :bea, '2026-09-20') > 0 AS of_all, count(*) FROM bea;
SELECT post_invoice(8, 'K-C', '2026-10-01', 70, '2026-10-31') AS kc, post_invoice(8, 'K-D', current_date, 70, current_date + 30) AS kd, post_invoice(8, 'K-E', '2026-10-01', 30, '2026-10-31') AS ke \gset
SELECT count(*) FROM bea;
-- A letter from the outbox is a contact about all that is known, once it is sent; K-D's notice is in it, and K-E is paid first.
SELECT queue_message(8, 'letter', 'Bea Kim', 'Your account', 'Please pay.', 'test', 1, p_customer_contact_id => :bea) AS letter \gset
SELECT count(*) FROM take_messages(10) WHERE outbox_id = :letter;
SELECT count(*) AS not_sent FROM bea;
SELECT report_message(8, :letter, 'sent'), record_debt_notice(8, :bea, (now() AT TIME ZONE 'America/Chicago')::date, ARRAY[:kd]) > 0 AS within;
SELECT number, since = (now() AT TIME ZONE 'America/Chicago')::date AS today, due - since AS days, overdue FROM bea ORDER BY number;
SELECT post_payment(8, 'K-P', current_date, 30) AS kp \gset
SELECT allocate(8, c.item_id, d.item_id, 30) > 0 AS paid FROM item c, item d WHERE c.customer_id = 8 AND c.document_id = :kp AND d.customer_id = 8 AND d.document_id = :ke;
SELECT number FROM bea ORDER BY number;
-- What went out counts for quiet days too.
INSERT INTO contact_rule (rule_no, kind, debtor_kind, jurisdiction, days, applies_to, source) VALUES (63, 'quiet_days', 'consumer', 'US-IL', 2, 'Everybody.', 'House rule');
SELECT d, (SELECT string_agg(r ->> 'kind', ', ') FROM contact_allowed(:bea, 'letter', now() + make_interval(days => d)) a, jsonb_array_elements(a.rules) r) AS rules FROM unnest('{1,2,3}'::integer[]) d;
DELETE FROM contact_rule WHERE rule_no = 63;
-- The period of a debt without a notice has not begun to end; that of the others has ended.
SELECT receive_debt_request(8, :bea, 'dispute', '2026-11-01', p_document_ids => ARRAY[:ka]) AS ra, receive_debt_request(8, :bea, 'dispute', '2026-11-01', p_document_ids => ARRAY[:kc]) AS rc \gset
SELECT debt_request_id = :rc AS about_c, in_time FROM debt_request WHERE customer_id = 8 ORDER BY 1;
SELECT pg_temp.ask(:bea, 'phone', '2026-11-02 10:00-06', ARRAY[:ka]) AS a, pg_temp.ask(:bea, 'phone', '2026-11-02 10:00-06', ARRAY[:kc]) AS c;
SELECT pg_temp.try(format($$SELECT record_contact(8, %s, 'phone', 'spoke', p_contacted_at => '2026-11-02 10:00-06', p_document_ids => ARRAY[%s])$$, :bea, :kc)) ~ '^RC005' AS refused;
DROP VIEW bea;
-- Merged: the notice that is due for what came along still is, one that was sent is about what it was about, and nothing was said of the rest.
SELECT add_customer('Ida Moe', 9), add_customer('Moe & Moe', 10), add_customer_contact(9, 'Ida Moe', 'America/Chicago', p_jurisdiction => 'US-IL', p_kind => 'consumer') AS ida,
	post_invoice(9, 'M-A', '2026-08-01', 100, '2026-08-31') AS ma, post_invoice(9, 'M-B', '2026-08-01', 100, '2026-08-31') AS mb, post_invoice(10, 'M-C', '2026-08-01', 100, '2026-08-31') AS mc \gset
SELECT record_contact(9, :ida, 'phone', 'message_left', p_contacted_at => '2026-09-14 10:00-05') > 0 AS called, record_debt_notice(9, :ida, '2026-09-18', ARRAY[:ma]) > 0 AS notice;
SELECT queue_message(9, 'letter', 'Ida Moe', 'Your account', 'Please pay.', 'test', 2, p_customer_contact_id => :ida) AS letter \gset
SELECT count(*), min(report_message(9, outbox_id, 'sent')::text) IS NOT NULL AS sent FROM take_messages(10) WHERE outbox_id = :letter;
SELECT merge_customers(9, 10, 'the same') AS moved;
SELECT split_part(d.number, ' ', 1) AS number, n.since, n.due FROM notice_due n JOIN document d ON d.customer_id = n.customer_id AND d.document_id = n.subject_id WHERE n.customer_id IN (9, 10) ORDER BY 1;
SELECT c.channel, c.direction, c.document_ids FROM customer_contact k, person_contacts(10, k.customer_contact_id, '{phone,letter}', '2026-09-01', 'infinity') c WHERE k.customer_id = 10 ORDER BY 1;
SELECT record_contact(10, customer_contact_id, 'letter', 'replied', 'in', p_contacted_at => '2026-10-14 10:00-05') > 0 AS of_all FROM customer_contact WHERE customer_id = 10;
SELECT split_part(d.number, ' ', 1) AS number, n.since, n.due FROM notice_due n JOIN document d ON d.customer_id = n.customer_id AND d.document_id = n.subject_id WHERE n.customer_id IN (9, 10) ORDER BY 1;

-- Bad input.
SELECT pg_temp.try($$SELECT contact_allowed(1, 'pigeon', now())$$);
SELECT pg_temp.try($$SELECT contact_allowed(1, 'phone', NULL)$$);
SELECT pg_temp.try($$SELECT contact_allowed(1, 'phone', 'infinity')$$);
SELECT pg_temp.try($$SELECT contact_allowed(999, 'phone', now())$$);
SELECT pg_temp.try($$SELECT contact_allowed(1, 'phone', now(), p_purpose => 'revenge')$$);
SELECT pg_temp.try($$SELECT receive_debt_request(3, 9, 'poem')$$);
SELECT pg_temp.try($$SELECT receive_debt_request(3, 1, 'dispute')$$);
SELECT pg_temp.try($$SELECT answer_debt_request(3, 999)$$);
SELECT pg_temp.try($$SELECT record_debt_notice(3, 1)$$);
SELECT split_part(pg_temp.try($$SELECT record_insolvency(3, ledger_today() + 1, 'chapter 7')$$), ' | ', 2);
SELECT pg_temp.try($$SELECT record_insolvency(3, '2026-09-01', '')$$);
SELECT pg_temp.try($$SELECT end_insolvency(3, 999, 'x')$$);
SELECT pg_temp.try($$UPDATE insolvency SET petition_date = '2026-01-01'$$);
SELECT pg_temp.try($$INSERT INTO contact_rule (rule_no, kind, applies_to, source) VALUES (99, 'hours', 'x', 'x')$$) ~ '^23514' AS refused;
SELECT * FROM verify_ledger();

SET client_min_messages = warning;
DROP SCHEMA ar CASCADE;
