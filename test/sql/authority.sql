-- authority.sql: who acts, who may decide, and four eyes: who asks does not approve.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('auth', 'USD', time_zone => 'Etc/UTC');
SET search_path = auth, public;
SELECT add_customer('Customer ' || g, g) FROM generate_series(1, 9) g;
SELECT set_fx_rate('EUR', 2, '2000-01-01');

-- What a statement of a person's is answered: SQLSTATE, message and detail, without the day and the login.
CREATE FUNCTION pg_temp.says(person text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
BEGIN
	PERFORM auth.set_actor(person);
	EXECUTE statement INTO answer;
	RETURN COALESCE(answer, '');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN regexp_replace(replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, NULLIF(detail, '')), session_user, 'LOGIN'),
		current_date || '[ 0-9:.+]*', 'TODAY', 'g');
END $$;

-- ---- Who acts ----

SELECT actor() = session_user AS the_login;
SELECT pg_temp.says('anna', 'SELECT 1') AS without_authority;
SELECT grant_authority(session_user, 'actor') > 0 AS granted;
BEGIN;
SELECT set_actor('anna');
SELECT actor();
SAVEPOINT a;
SELECT set_actor('ben');
SELECT set_actor('bea');
SELECT actor();
SAVEPOINT b;
SELECT set_actor('carl');
RELEASE b;
SELECT actor();
ROLLBACK TO a;
SELECT actor() AS restored;
SAVEPOINT c;
SELECT set_actor('dora');
RELEASE c;
SELECT actor() AS released;
-- An error inside rolls its subtransaction back.
DO $$ BEGIN
	PERFORM auth.set_actor('eve');
	RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN NULL;
END $$;
SELECT actor() AS after_error;
SELECT place_hold(1, 'late') AS hold_id \gset
COMMIT;
SELECT actor() = session_user AS gone_after_commit;
SELECT actor, placed_by = session_user AS by_the_login FROM hold;
BEGIN;
SELECT set_actor('anna');
ROLLBACK;
SELECT actor() = session_user AS gone_after_rollback;

-- Neither a role nor another ledger has anything of it.
CREATE ROLE authority_clerk;
SELECT credit.create_ledger('auth2', 'USD');
SELECT grant_access('authority_clerk', 'approver');
BEGIN;
SELECT set_actor('anna');
SELECT auth2.actor() = session_user AS other_ledger;
SET LOCAL ROLE authority_clerk;
SELECT actor();
SAVEPOINT a;
SELECT credit.set_actor('auth', 'mallory');
ROLLBACK TO a;
SELECT set_actor('ben') AS the_login_still_may;
SELECT grant_authority('anna', 'limit');
ROLLBACK;
SET SESSION AUTHORIZATION authority_clerk;
SELECT actor();
SELECT set_actor('anna');
RESET SESSION AUTHORIZATION;
SELECT set_actor(NULL);
SELECT set_actor('');
SELECT set_actor(' anna');
-- A right that has ended is none.
BEGIN;
SELECT end_authority((SELECT authority_id FROM authority WHERE action = 'actor'), 'no pool any more');
SELECT pg_temp.says('anna', 'SELECT 1') AS ended;
ROLLBACK;

-- ---- Authority ----

SELECT grant_authority('boss', 'limit'), grant_authority('chief', 'limit'), grant_authority('lead', 'limit', 1000),
	grant_authority('euro', 'limit', 600, 'EUR'), grant_authority('past', 'limit', p_valid_from => '2020-01-01', p_valid_to => '2020-12-31'),
	grant_authority('yen', 'limit', 1000, 'JPY') \g /dev/null
SELECT grant_authority('x', 'fly');
SELECT grant_authority('', 'limit');
SELECT grant_authority('x', 'limit', -1);
SELECT grant_authority('x', 'limit', 'NaN');
SELECT grant_authority('x', 'limit', 10, 'ZZZ');
SELECT grant_authority('x', 'limit', p_valid_from => '2026-01-02', p_valid_to => '2026-01-01');
SELECT grant_authority('x', 'actor', 10);
SELECT grant_authority('x', 'limit', p_reason => '');
SELECT end_authority(0, 'unknown');
SELECT end_authority(1, 'past', '2020-01-01');
UPDATE authority SET amount_limit = NULL;
DELETE FROM authority;
TRUNCATE authority_end;

-- ---- Policy: without one the right to call is enough ----

SELECT set_credit_limit(1, 100, '2026-01-01') > 0 AS set_without_policy;
SELECT set_approval_policy('limit', true, 5000);
SELECT set_approval_policy('actor', true);
SELECT set_approval_policy('limit', NULL);
SELECT set_approval_policy('limit', true, -1);
SELECT set_approval_policy('limit', true, p_valid_days => -1);
SELECT set_approval_policy('limit', true, p_valid_days => NULL);
UPDATE approval_policy SET required = false;

-- ---- Asking, and approving ----

SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 500, ''2026-01-01'')') AS not_asked;
SELECT pg_temp.says('anna', 'SELECT request_approval(1, ''limit'', 500, ''good customer'')') AS a500 \gset
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 500, ''2026-01-01'')') AS not_approved;
SELECT customer_id, action, amount, currency, requested_by, approvals, approved_by, votes_missing, age >= '0' AS has_age FROM approval_queue;
SELECT who, pg_temp.says(who, format('SELECT approve(1, %s)', :'a500')) AS answer
FROM unnest(ARRAY['anna', 'stranger', 'past', 'yen', 'lead', 'lead', 'boss']) who;
SELECT votes_missing, approved_by FROM approval_queue;
-- Another amount, another customer, another subject, another action.
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 501, ''2026-01-01'')') AS other_amount;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(2, 500, ''2026-01-01'')') AS other_customer;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 500, ''2026-01-01'', p_currency => ''EUR'')') AS other_currency;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 500, ''2026-01-01'', ''2026-12-31'', p_kind => ''temporary'')') AS other_subject;
-- What fails uses nothing up; what is done uses it once.
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 500, ''infinity'')') AS failed;
SELECT pg_temp.says('carl', 'SELECT set_credit_limit(1, 500, ''2026-01-01'') > 0') AS done;
SELECT pg_temp.says('carl', 'SELECT set_credit_limit(1, 700, ''2026-01-01'')') AS used;
SELECT amount, requested_by, approved_by, NULLIF(actor, session_user) AS actor FROM credit_limit WHERE customer_id = 1 ORDER BY credit_limit_id;
SELECT pg_temp.says('carl', 'SELECT set_credit_limit(3, 500, ''2026-01-01'')') AS nothing_there;
SELECT pg_temp.says('anna', format('SELECT set_credit_limit(1, 800, ''2026-01-01'') + approve(1, %s)', :'a500')) AS raised;
SELECT pg_temp.says('boss', format('SELECT approve(1, %s)', :'a500')) AS approve_used;
SELECT pg_temp.says('boss', format('SELECT reject(1, %s, ''late'')', :'a500')) AS reject_used;
SELECT count(*) AS in_queue FROM approval_queue;

-- Lower needs none, on the same days; more, longer or of another kind does.
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 400, ''2026-02-01'') > 0') AS lower;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 400, ''2025-02-01'')') AS earlier;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 1, ''2026-01-01'', ''2026-03-01'', p_kind => ''temporary'')') AS more_on_top;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(1, 1, ''2026-01-01'', p_kind => ''guarantee'', p_provider => ''Bank'')') AS guarantee;
SELECT amount, approved_by FROM credit_limit WHERE customer_id = 1 ORDER BY credit_limit_id;

-- Used up, then the next one asked for: the same once more needs a second approval.
SELECT pg_temp.says('anna', 'SELECT request_approval(4, ''limit'', 900, ''once'')') AS first_one \gset
SELECT pg_temp.says('lead', format('SELECT approve(4, %s)', :'first_one')) AS approved;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(4, 900, ''2026-01-01'') > 0') AS once;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(4, 100, ''2026-01-01'') > 0') AS cut;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(4, 900, ''2026-01-01'')') AS twice;

-- Above one's amount, in any currency; a missing rate is no yes.
SELECT pg_temp.says('anna', 'SELECT request_approval(2, ''limit'', 1100, ''more'')') AS a1100 \gset
SELECT who, pg_temp.says(who, format('SELECT approve(2, %s)', :'a1100')) AS answer FROM unnest(ARRAY['lead', 'yen', 'euro']) who;
SELECT pg_temp.says('anna', 'SELECT request_approval(2, ''limit'', 1000, ''more'', p_currency => ''EUR'')') AS a1000 \gset
SELECT who, pg_temp.says(who, format('SELECT approve(2, %s)', :'a1000')) AS answer FROM unnest(ARRAY['lead', 'euro', 'boss']) who;
SELECT pg_temp.says('anna', 'SELECT request_approval(2, ''limit'', 1, ''yen'', p_currency => ''JPY'')') AS ayen \gset
SELECT pg_temp.says('boss', format('SELECT approve(2, %s)', :'ayen')) AS no_rate;
SELECT votes_missing IS NULL AS unknown FROM approval_queue WHERE currency = 'JPY';

-- Two above an amount: different people, on different authority.
SELECT pg_temp.says('anna', 'SELECT request_approval(3, ''limit'', 5000.01, ''big'')') AS big \gset
SELECT pg_temp.says('boss', 'SELECT delegate_authority(''dep'', ''limit'', p_until => ''9999-12-31'')') AS delegated;
SELECT who, pg_temp.says(who, format('SELECT approve(3, %s)', :'big')) AS answer FROM unnest(ARRAY['boss', 'boss', 'dep']) who;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(3, 5000.01)') AS one_of_two;
SELECT pg_temp.says('chief', format('SELECT approve(3, %s)', :'big')) AS second_vote;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(3, 5000.01) > 0') AS done;
SELECT approved_by FROM credit_limit WHERE customer_id = 3;

-- Rejected is final, even after an approval; who asked may take it back.
SELECT pg_temp.says('anna', 'SELECT request_approval(5, ''limit'', 10, ''please'')') AS r1 \gset
SELECT pg_temp.says('boss', format('SELECT approve(5, %s)', :'r1')) AS approved;
SELECT pg_temp.says('stranger', format('SELECT reject(5, %s, ''no'')', :'r1')) AS who_may_not;
SELECT pg_temp.says('boss', format('SELECT reject(5, %s, ''no'')', :'r1')) AS voted_before;
SELECT pg_temp.says('chief', format('SELECT reject(5, %s, '''')', :'r1')) AS no_reason;
SELECT pg_temp.says('chief', format('SELECT reject(5, %s, ''no'')', :'r1')) AS rejected;
SELECT pg_temp.says('lead', format('SELECT approve(5, %s)', :'r1')) AS too_late;
SELECT pg_temp.says('anna', 'SELECT set_credit_limit(5, 10)') AS refused;
SELECT pg_temp.says('anna', 'SELECT request_approval(5, ''limit'', 11, ''please'')') AS r2 \gset
SELECT pg_temp.says('anna', format('SELECT reject(5, %s, ''a mistake'')', :'r2')) AS taken_back;
SELECT pg_temp.says('boss', 'SELECT approve(5, 0)') AS unknown;
SELECT pg_temp.says('boss', format('SELECT approve(6, %s)', :'r2')) AS of_another_customer;
SELECT customer_id, amount FROM approval_queue ORDER BY approval_id;

-- ---- Delegation ----

SELECT pg_temp.says('dep', 'SELECT delegate_authority(''sub'', ''limit'', p_until => ''9999-12-31'')') AS passed_on;
SELECT pg_temp.says('boss', 'SELECT delegate_authority(''dep'', ''refund'', p_until => ''9999-12-31'')') AS not_ones_own;
SELECT pg_temp.says('boss', 'SELECT delegate_authority(''dep'', ''limit'')') AS without_end;
SELECT pg_temp.says('boss', 'SELECT delegate_authority(''boss'', ''limit'', p_until => ''9999-12-31'')') AS to_oneself;
SELECT pg_temp.says('boss', 'SELECT delegate_authority(''dep'', ''actor'', p_until => ''9999-12-31'')') AS of_actor;
SELECT grant_authority('short', 'limit', p_valid_to => '9000-01-01') AS short \gset
SELECT pg_temp.says('short', 'SELECT delegate_authority(''dep2'', ''limit'', p_until => ''9000-01-02'')') AS longer_than_it_lasts;
SELECT pg_temp.says('short', 'SELECT delegate_authority(''dep2'', ''limit'', p_until => ''9000-01-01'')') AS as_long;
SELECT pg_temp.says('short', 'SELECT delegate_authority(''dep3'', ''limit'', ''8000-01-01'', ''9000-01-01'')') AS later;
SELECT pg_temp.says('boss', 'SELECT request_approval(6, ''limit'', 60, ''mine'')') AS d1 \gset
SELECT who, pg_temp.says(who, format('SELECT approve(6, %s)', :'d1')) AS answer FROM unnest(ARRAY['dep', 'dep3', 'dep2']) who;
SELECT pg_temp.says('anna', 'SELECT request_approval(6, ''limit'', 61, ''hers'')') AS d2 \gset
SELECT pg_temp.says('chief', format('SELECT end_delegation(%s, ''mine?'')', (SELECT authority_id FROM authority WHERE person = 'dep'))) AS not_his;
SELECT pg_temp.says('boss', format('SELECT end_delegation(%s, ''back'')', (SELECT authority_id FROM authority WHERE person = 'dep'))) AS taken_back;
SELECT end_authority(:short, 'left');
SELECT who, pg_temp.says(who, format('SELECT approve(6, %s)', :'d2')) AS answer FROM unnest(ARRAY['dep', 'dep2', 'short']) who;

-- ---- Each action asks ----

SELECT set_approval_policy(action, true) FROM unnest(ARRAY['hold_release', 'credit_note', 'write_off', 'refund', 'void', 'due_date', 'terms', 'transfer']) action;
SELECT grant_authority('boss', action) > 0 AS granted FROM unnest(ARRAY['hold_release', 'credit_note', 'write_off', 'refund', 'void', 'due_date', 'terms', 'transfer']) action;
SELECT post_invoice(7, 'I1', '2026-01-01', 100, '2026-01-31') AS i1, post_invoice(7, 'I2', '2026-01-01', 50, '2026-01-31') AS i2,
	post_payment(7, 'P1', '2026-01-02', 30) AS p1, place_hold(7, 'late') AS hold7 \gset
SELECT item_id AS item1 FROM open_items WHERE document_id = :i1 \gset
SELECT item_id AS item2 FROM open_items WHERE document_id = :i2 \gset
CREATE TEMP TABLE deed AS SELECT * FROM (VALUES
	(1, 'hold_release', NULL::numeric, jsonb_build_object('hold_id', :hold7), format('SELECT release_hold(7, %s, ''paid'')', :hold7)),
	(2, 'write_off', 5, jsonb_build_object('item_id', :item1), format('SELECT write_off(7, %s, ''small'', 5) > 0', :item1)),
	(3, 'write_off', 95, jsonb_build_object('item_id', :item1), format('SELECT write_off(7, %s, ''the rest'') > 0', :item1)),
	(4, 'void', 50, jsonb_build_object('document_id', :i2), format('SELECT void_document(7, %s, ''wrong'') > 0', :i2)),
	(5, 'refund', 10, jsonb_build_object('document_id', :p1), format('SELECT refund(7, %s, ''R1'', 10) > 0', :p1)),
	(6, 'transfer', 20, jsonb_build_object('document_id', :p1, 'to_customer_id', 8), format('SELECT transfer_credit(7, %s, 8, ''theirs'') > 0', :p1)),
	(7, 'credit_note', 7, '{}', 'SELECT post_credit_note(7, ''K1'', ''2026-02-01'', 7, p_idempotency_key => ''k1'') > 0'),
	(8, 'terms', NULL, '{"terms": "2/10 net 30"}', 'SELECT set_terms(7, ''2/10, n/30'')')) d (no, action, amount, subject, statement);
SELECT no, action, pg_temp.says('anna', statement) AS answer FROM deed ORDER BY no;
SELECT pg_temp.says('anna', format('SELECT set_due_date(7, %s, ''2026-03-31'', ''agreed'')', :item2)) AS due_date;
SELECT pg_temp.says('anna', format('SELECT request_approval(7, ''due_date'', 50, ''agreed'', ''{"item_id": %s, "due_date": "2026-03-31"}'')', :item2)) AS dd \gset
SELECT pg_temp.says('boss', format('SELECT approve(7, %s)', :'dd')) AS missing;
SELECT pg_temp.says('anna', format('SELECT set_due_date(7, %s, ''2026-04-01'', ''agreed'')', :item2)) AS another_day;
SELECT pg_temp.says('anna', format('SELECT set_due_date(7, %s, ''2026-03-31'', ''agreed'', ''a friend'') > 0', :item2)) AS done;
SELECT due_date, approved_by, actor FROM due_date_change;
DO $$
DECLARE
	d record;
	id text;
BEGIN
	FOR d IN SELECT * FROM deed ORDER BY no LOOP
		id := pg_temp.says('anna', format('SELECT request_approval(7, %L, %L, ''asked'', %L)', d.action, d.amount, d.subject));
		IF pg_temp.says('boss', format('SELECT approve(7, %s)', id)) <> '0' THEN
			RAISE EXCEPTION '% not approved: %', d.action, id;
		END IF;
	END LOOP;
END $$;
SELECT no, action, pg_temp.says('carl', statement) AS answer FROM deed ORDER BY no;
SELECT no, action, pg_temp.says('carl', statement) AS answer FROM deed ORDER BY no;
SELECT actor FROM hold_release WHERE customer_id = 7;
-- No way around by the function that posts any document.
SELECT kind, pg_temp.says('anna', format('SELECT post_document(%L, 7, ''X'', ''2026-02-01'', 1, p_side => ''credit'')', kind)) AS answer
FROM unnest(ARRAY['write_off', 'refund', 'transfer', 'credit_note']) kind;
SELECT pg_temp.says('anna', format('SELECT post_document(''payment'', 7, ''X'', ''2026-02-01'', 30, p_side => ''debit'', p_reverses => %s)', :p1)) AS void;
-- ... nor by another name for what favours the customer and is no money; what does not favour it needs nobody.
SELECT kind, pg_temp.says('anna', format('SELECT post_document(%L, 7, ''X'', ''2026-02-01'', 3, p_side => %L) > 0', kind, side)) AS answer
FROM (VALUES ('adjustment', 'credit'), ('fx_difference', 'credit'), ('discount', NULL), ('set_off', NULL), ('adjustment', 'debit')) k (kind, side);
SELECT pg_temp.says('anna', 'SELECT request_approval(7, ''credit_note'', 3, ''rounding'', ''{"kind": "adjustment"}'')') AS adj \gset
SELECT pg_temp.says('boss', format('SELECT approve(7, %s)', :'adj')) AS missing;
SELECT pg_temp.says('anna', 'SELECT post_document(''discount'', 7, ''X2'', ''2026-02-01'', 3) > 0') AS another_kind;
SELECT pg_temp.says('anna', 'SELECT post_document(''adjustment'', 7, ''X2'', ''2026-02-01'', 3, p_side => ''credit'') > 0') AS done;
-- What follows from something else needs none: a payment that comes back undoes the write-off granted for it.
SELECT set_approval_policy('write_off', false);
SELECT post_invoice(9, 'I1', '2026-01-01', 100, '2026-01-31') AS i1, post_payment(9, 'P1', '2026-01-02', 99) AS p1 \gset
SELECT allocate(9, (SELECT item_id FROM open_items WHERE document_id = :p1), (SELECT item_id FROM open_items WHERE document_id = :i1), 99, '2026-01-02') > 0 AS paid;
SELECT write_off(9, (SELECT item_id FROM open_items WHERE document_id = :i1), 'small', p_written_off_on => '2026-01-02', p_source_document_id => :p1) > 0 AS forgiven;
SELECT return_payment(9, :p1, '2026-01-05') > 0 AS returned;
SELECT open_amount FROM open_items WHERE document_id = :i1;

-- ---- An approval is not for ever ----

SELECT set_approval_policy('credit_note', true, p_valid_days => 5);
SELECT pg_temp.says('anna', 'SELECT request_approval(8, ''credit_note'', 4, ''late'')') AS x1 \gset
SELECT pg_temp.says('anna', 'SELECT request_approval(8, ''credit_note'', 5, ''later'')') AS x2 \gset
SELECT pg_temp.says('boss', format('SELECT approve(8, %s)', :'x1')) AS missing;
SELECT amount, expires_on - requested_at::date AS days FROM approval_queue WHERE customer_id = 8 ORDER BY 1;
BEGIN;
ALTER TABLE approval DISABLE TRIGGER approval_append_only;
UPDATE approval SET expires_on = current_date WHERE customer_id = 8;
SELECT count(*) AS last_day FROM approval_queue WHERE customer_id = 8;
SAVEPOINT a;
SELECT pg_temp.says('anna', 'SELECT post_credit_note(8, ''K4'', ''2026-02-01'', 4) > 0') AS on_the_last_day;
ROLLBACK TO a;
UPDATE approval SET expires_on = '2026-01-31' WHERE customer_id = 8;
SELECT count(*) AS day_after FROM approval_queue WHERE customer_id = 8;
SELECT pg_temp.says('anna', 'SELECT post_credit_note(8, ''K4'', ''2026-02-01'', 4) > 0') AS used_too_late;
SELECT pg_temp.says('boss', format('SELECT approve(8, %s)', :'x2')) AS approved_too_late;
ROLLBACK;
SELECT pg_temp.says('anna', 'SELECT post_credit_note(8, ''K4'', ''2026-02-01'', 4) > 0') AS in_time;

-- ---- Bad requests ----

SELECT pg_temp.says('anna', s) FROM unnest(ARRAY[
	$$SELECT request_approval(77, 'limit', 1, 'who')$$, $$SELECT request_approval(1, 'fly', 1, 'what')$$, $$SELECT request_approval(1, 'actor', 1, 'what')$$,
	$$SELECT request_approval(1, 'limit', 1, '')$$, $$SELECT request_approval(1, 'limit', NULL, 'how much')$$, $$SELECT request_approval(1, 'terms', 1, 'none')$$,
	$$SELECT request_approval(1, 'limit', -1, 'less')$$, $$SELECT request_approval(1, 'limit', 'NaN', 'less')$$, $$SELECT request_approval(1, 'limit', 1, 'why', p_currency => 'ZZZ')$$,
	$$SELECT request_approval(1, 'void', 1, 'what', '{"item_id": 1}')$$, $$SELECT request_approval(1, 'limit', 1, 'what', '[]')$$, $$SELECT request_approval(1, 'limit', 1, 'what', NULL)$$]) s;

-- ---- The audit chain has it, and nothing of it is changed ----

SELECT count(*) > 0 AS linked FROM chain_link WHERE source = 'approval_use';
SELECT * FROM verify_chain();
SELECT * FROM verify_ledger();
UPDATE approval SET amount = 1;
DELETE FROM approval_vote;
TRUNCATE approval_use;
ALTER TABLE approval_vote DISABLE TRIGGER approval_vote_append_only;
ALTER TABLE approval_use DISABLE TRIGGER approval_use_append_only;
BEGIN;
UPDATE approval_vote SET person = 'mallory' WHERE customer_id = 3 AND person = 'chief';
DELETE FROM approval_use WHERE customer_id = 3;
SELECT problem, customer_id, regexp_replace(object, '\d+', 'N') AS object FROM verify_chain();
ROLLBACK;

DROP SCHEMA auth CASCADE;
DROP SCHEMA auth2 CASCADE;
DROP ROLE authority_clerk;
