-- Rights: what each kind of access may do, and that it may do nothing else.
BEGIN;
SELECT plan(36);

CREATE EXTENSION credit_control;
CREATE ROLE rights_owner;
CREATE ROLE rights_reader;
CREATE ROLE rights_poster;
CREATE ROLE rights_loader;
CREATE ROLE rights_manager;
CREATE ROLE rights_approver;
CREATE ROLE rights_legal;
CREATE ROLE rights_releaser;
CREATE ROLE rights_clerk;
CREATE ROLE rights_shop;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO rights_owner', current_database()); END $$;
SET ROLE rights_owner;
DO $$ BEGIN
	PERFORM credit.create_ledger('ar', 'USD');
	PERFORM ar.grant_access('rights_reader', 'reader');
	PERFORM ar.grant_access('rights_poster', 'poster');
	PERFORM ar.grant_access('rights_loader', 'loader');
	PERFORM ar.grant_access('rights_manager', 'credit_manager');
	PERFORM ar.grant_access('rights_approver', 'approver');
	PERFORM ar.grant_access('rights_legal', 'legal');
	PERFORM ar.grant_access('rights_releaser', 'releaser');
	PERFORM ar.add_customer('Acme', 1);
	PERFORM ar.set_credit_limit(1, 1000);
	PERFORM ar.post_invoice(1, 'I-1', '2025-01-01', 100, '2025-01-31');
	PERFORM ar.post_payment(1, 'P-1', '2025-01-10', 60);
	-- The right to call is one thing, authority another: both are asked for.
	PERFORM ar.grant_authority(session_user, 'limit'), ar.grant_authority('someone', 'limit');
	PERFORM ar.grant_authority(session_user, 'actor');
	PERFORM ar.set_actor('someone else');
	PERFORM ar.request_approval(1, 'limit', 2000, 'more');
	PERFORM ar.set_actor(session_user);
	PERFORM ar.place_hold(1, 'court', 'legal', 'shipments'), ar.place_hold(1, 'wait', 'review', 'shipments');
END $$;
RESET ROLE;

-- What a statement ends in when a role runs it: 'ok' and undone, or its SQLSTATE.
CREATE FUNCTION pg_temp.as_role(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', who);
		EXECUTE statement;
		RAISE 'ok' USING ERRCODE = 'P9999';
	EXCEPTION WHEN SQLSTATE 'P9999' THEN RETURN 'ok';
	WHEN OTHERS THEN RETURN SQLSTATE;
	END;
END $$;
CREATE TEMP TABLE deed (deed text PRIMARY KEY, statement text);
INSERT INTO deed VALUES
	('see aging', 'SELECT FROM ar.aging_summary'),
	('see items', 'SELECT FROM ar.open_items'),
	('age', $$SELECT ar.aging_at('2025-02-01')$$),
	('check', 'SELECT ar.check_credit(1, 1)'),
	('add customer', $$SELECT ar.add_customer('New')$$),
	('post', $$SELECT ar.post_invoice(1, 'X', '2025-01-01', 1, '2025-01-31')$$),
	('pay', $$SELECT ar.post_payment(1, 'X', '2025-01-01', 1)$$),
	('apply', $$SELECT ar.apply_payment(1, 2, p_applied_on => '2025-02-01')$$),
	('allocate', $$SELECT ar.allocate(1, 2, 1, 10, '2025-02-01')$$),
	('load customers', $$INSERT INTO ar.customer (customer_id, name) VALUES (7, 'New')$$),
	('load documents', $$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount) VALUES (1, 'payment', 'X', '2025-01-01', 1)$$),
	('load allocations', $$INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) VALUES (1, 2, 1, 10, '2025-02-01')$$),
	('load back-dated records', $$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, recorded_at) VALUES (1, 'payment', 'X', '2025-01-01', 1, '2020-01-01')$$),
	('load in another name', $$INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, recorded_by) VALUES (1, 'payment', 'X', '2025-01-01', 1, 'postgres')$$),
	('set limit', 'SELECT ar.set_credit_limit(1, 2000)'),
	('say who acts', $$SELECT ar.set_actor('someone')$$),
	('ask', $$SELECT ar.request_approval(1, 'limit', 3000, 'more')$$),
	('approve', $$SELECT ar.approve(1, 1)$$),
	('reject', $$SELECT ar.reject(1, 1, 'no')$$),
	('see queue', 'SELECT FROM ar.approval_queue'),
	('delegate', $$SELECT ar.delegate_authority('deputy', 'limit', p_until => '9999-12-31')$$),
	('grant authority', $$SELECT ar.grant_authority('someone', 'refund')$$),
	('set policy', $$SELECT ar.set_approval_policy('limit', false)$$),
	('approve by hand', $$INSERT INTO ar.approval_vote (customer_id, approval_id, approves, authority_id) VALUES (1, 1, true, 1)$$),
	('use approval', $$SELECT ar.use_approval(1, 'limit', 2000, 'USD', '{}')$$),
	('post unapproved', $$SELECT ar.enter_document('payment', 1, 'X', '2025-01-01', 1)$$),
	('hold', $$SELECT ar.place_hold(1, 'late')$$),
	('release hold', $$SELECT ar.release_hold(1, 2, 'fine')$$),
	('release legal hold', $$SELECT ar.release_legal_hold(1, 1, 'settled')$$),
	('re-evaluate', 'SELECT ar.reevaluate_customer(1); SELECT ar.customers_to_reevaluate()'),
	('see holds', 'SELECT ends FROM ar.hold_queue'),
	('end hold', $$SELECT ar.end_hold(1, 1, 'settled')$$),
	('insert hold', $$INSERT INTO ar.hold (customer_id, reason) VALUES (1, 'x')$$),
	('insert release', $$INSERT INTO ar.hold_release (customer_id, hold_id, reason) VALUES (1, 1, 'x')$$),
	('change reasons', 'UPDATE ar.hold_reason SET legal = false'),
	('see decisions', 'SELECT FROM ar.decision'),
	('verify', 'SELECT FROM ar.verify_ledger()'),
	('rebuild', 'SELECT ar.rebuild_ledger()'),
	('read documents', 'SELECT FROM ar.document'),
	('read items', 'SELECT FROM ar.item'),
	('write items', 'UPDATE ar.item SET open_amount = 0'),
	('write exposure', 'UPDATE ar.exposure SET ordered = 0'),
	('insert exposure', $$INSERT INTO ar.exposure (customer_id, currency) VALUES (1, 'EUR')$$),
	('change documents', 'UPDATE ar.document SET amount = 1'),
	('delete documents', 'DELETE FROM ar.document'),
	('truncate documents', 'TRUNCATE ar.document CASCADE'),
	('insert limit', $$INSERT INTO ar.credit_limit (customer_id, amount, currency, valid_from) VALUES (1, 1, 'USD', '2025-01-01')$$),
	('change rules', 'UPDATE ar.check_rule SET threshold = 1000 WHERE rule_no = 30'),
	('disable triggers', 'ALTER TABLE ar.document DISABLE TRIGGER ALL'),
	('watch', $$SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id')$$),
	('grant', $$SELECT ar.grant_access('rights_clerk', 'poster')$$),
	('look up helpers', 'SELECT ar.lock_customer(1)'),
	('create in ledger', 'CREATE TABLE ar.mine ()'),
	('enter statement', $$SELECT ar.add_financial_statement(1, '2024-01-01', '2024-12-31', '{"total_assets": 1, "total_liabilities": 1, "equity": 0}', true)$$),
	('see behaviour', 'SELECT FROM ar.internal_behaviour'),
	('see ratios', 'SELECT FROM ar.financial_ratios'),
	('recommend', 'SELECT ar.recommend_limit(1)'),
	('apply for credit', $$SELECT ar.receive_application(1, 5, 'none'); SELECT count(*) FROM ar.credit_application_status$$),
	('review', $$SELECT ar.complete_review(1, 'confirmed', 'x'); SELECT count(*) FROM ar.review_queue$$),
	('see warnings', 'SELECT FROM ar.early_warning'),
	('see portfolio', 'SELECT FROM ar.portfolio_risk'),
	('use scorecard', $$SELECT ar.add_score_card('a', 'days_late: else 1', 'x')$$),
	('write scores', $$INSERT INTO ar.score_history SELECT FROM ar.score_history$$),
	('write file', $$DELETE FROM ar.trade_reference$$),
	('change policy', 'UPDATE ar.limit_policy SET net_worth_percent = 100'),
	('upgrade', $$SELECT credit.upgrade_ledger('ar')$$);
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id bigint, total numeric);

-- What each may do is listed; whatever else is refused for want of rights, and nothing fails for another reason.
CREATE FUNCTION pg_temp.may(who name) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(deed || CASE answer WHEN 'ok' THEN '' ELSE ' (' || answer || ')' END, ', ' ORDER BY deed)
	FROM (SELECT deed, pg_temp.as_role(who, statement) AS answer FROM deed) d WHERE answer <> '42501'
$$;
SELECT is(pg_temp.may('rights_clerk'), NULL, 'a stranger may nothing');
SELECT is(pg_temp.may('rights_reader'), 'age, see aging, see items', 'what a reader may');
SELECT is(pg_temp.may('rights_poster'), 'add customer, age, allocate, apply, ask, check, pay, post, reject, say who acts, see aging, see items', 'what a poster may');
SELECT is(pg_temp.may('rights_loader'), 'age, check, load allocations, load customers, load documents, see aging, see items', 'what a loader may');
SELECT is(pg_temp.may('rights_manager'), 'age, apply for credit, ask, check, enter statement, hold, re-evaluate, recommend, reject, release hold, review, '
	|| 'say who acts, see aging, see behaviour, see decisions, see holds, see items, see portfolio, see queue, see ratios, see warnings, set limit, verify', 'what a credit manager may');
SELECT is(pg_temp.may('rights_approver'), 'approve, ask, delegate, reject, say who acts, see aging, see items, see queue', 'what an approver may');
SELECT is(pg_temp.as_role('rights_approver', $$SELECT credit.set_actor('ar', 'someone')$$), '42501', 'the kernel''s function sets nobody for those who call it');
SELECT is(pg_temp.may('rights_legal'), 'ask, check, hold, reject, release legal hold, say who acts, see aging, see holds, see items', 'what the legal department may');
SELECT is(pg_temp.may('rights_releaser'), 're-evaluate', 'what a releaser may');
SELECT is_empty($$SELECT * FROM credit.check_ledger('ar')$$, 'access that grant_access() gives is not excess');

-- Excess is found: one grant, one finding.
GRANT UPDATE ON ar.item TO rights_clerk;
GRANT INSERT ON ar.exposure TO PUBLIC;
GRANT TRUNCATE ON ar.document TO rights_loader;
GRANT EXECUTE ON FUNCTION ar.rebuild_ledger() TO PUBLIC;
SELECT bag_eq($$SELECT object || ' ' || detail FROM credit.check_ledger('ar') WHERE problem = 'excess right'$$, ARRAY[
	'UPDATE on ar.item granted to rights_clerk', 'INSERT on ar.exposure granted to PUBLIC', 'TRUNCATE on ar.document granted to rights_loader',
	'EXECUTE on ar.rebuild_ledger() granted to PUBLIC'], 'check_ledger() reports excess rights');
DO $$
DECLARE
	cure text;
BEGIN
	FOR cure IN SELECT hint FROM credit.check_ledger('ar') LOOP EXECUTE cure; END LOOP;
END $$;
SELECT is_empty($$SELECT * FROM credit.check_ledger('ar')$$, 'its hints cure them');

-- A disabled trigger keeps no promise, and is reported.
ALTER TABLE ar.document DISABLE TRIGGER document_append_only;
SELECT isnt_empty($$SELECT FROM credit.check_ledger('ar') WHERE problem = 'disabled trigger' AND object ~ 'document_append_only'$$, 'check_ledger() reports a disabled trigger');
ALTER TABLE ar.document ENABLE TRIGGER document_append_only;
DROP TRIGGER allocation_settle ON ar.allocation;
DROP FUNCTION ar.verify_ledger();
SELECT bag_eq($$SELECT problem || ' ' || object FROM credit.check_ledger('ar')$$, ARRAY['missing trigger allocation_settle', 'missing function verify_ledger'],
	'check_ledger() reports what is missing');
SET ROLE rights_owner;
DO $$ BEGIN PERFORM credit.upgrade_ledger('ar'); END $$;
RESET ROLE;
SELECT is_empty($$SELECT * FROM credit.check_ledger('ar')$$, 'upgrade_ledger() puts it back');
SELECT is(pg_temp.may('rights_poster'), 'add customer, age, allocate, apply, ask, check, pay, post, reject, say who acts, see aging, see items', 'and grants stay');

-- Orders.  The table belongs to the shop, the ledger to its owner, the clerk to nobody's ledger.
GRANT USAGE ON SCHEMA shop TO rights_clerk, rights_shop;
ALTER TABLE shop.orders OWNER TO rights_shop;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.orders TO rights_clerk;
SELECT is(pg_temp.as_role('rights_owner', 'SELECT ar.watch_orders(''shop.orders'', ''customer_id'', ''total'', ''id'')'), '42501',
	'who does not own the orders cannot have them watched');
SELECT is(pg_temp.as_role('rights_shop', 'SELECT ar.watch_orders(''shop.orders'', ''customer_id'', ''total'', ''id'')'), '42501',
	'who does not administer the ledger cannot either');
DO $$ BEGIN PERFORM ar.watch_orders('shop.orders', 'customer_id', 'total', 'id'); END $$;
SELECT is(pg_temp.as_role('rights_clerk', 'INSERT INTO shop.orders VALUES (1, 1, 960)'), 'ok', 'a clerk''s order passes without a right on the ledger');
SELECT is(pg_temp.as_role('rights_clerk', 'INSERT INTO shop.orders VALUES (1, 1, 960.01)'), 'RC002', 'or is refused');
SELECT is(pg_temp.as_role('rights_clerk', 'INSERT INTO shop.orders VALUES (1, 1, 1); SELECT FROM ar.exposure'), '42501', 'and the clerk has still no right');
SELECT is(pg_temp.as_role('rights_clerk', 'SET LOCAL search_path = pg_temp, shop; INSERT INTO orders VALUES (1, 1, 960.01)'), 'RC002', 'whatever the search_path');
SELECT is(pg_temp.as_role('rights_clerk', 'SET LOCAL session_replication_role = replica'), '42501', 'triggers cannot be switched off by a clerk');
SELECT ok(NOT has_table_privilege('rights_owner', 'shop.orders', 'SELECT'), 'the ledger''s owner has no right on the orders, yet can recount them');
SELECT is(pg_temp.as_role('rights_owner', 'SELECT FROM ar.verify_ledger()'), 'ok', 'and does');

-- Orders are taken off hold with the caller's own right to them, and no other.
CREATE TABLE shop.holdable (id integer PRIMARY KEY, customer_id bigint, total numeric, status text);
DO $$ BEGIN PERFORM ar.add_customer('Borealis', 8), ar.set_credit_limit(8, 10);
	PERFORM ar.watch_orders('shop.holdable', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'held');
END $$;
ALTER TABLE shop.holdable OWNER TO rights_shop;
CREATE FUNCTION shop.whoever() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('shop.ran_as', current_user, false); RETURN NULL; END $$;
CREATE TRIGGER ran_as AFTER UPDATE ON shop.holdable FOR EACH ROW EXECUTE FUNCTION shop.whoever();
INSERT INTO shop.holdable VALUES (1, 8, 20, 'open');
DO $$ BEGIN PERFORM ar.set_credit_limit(8, 30); END $$;
SET ROLE rights_releaser;
SELECT released_orders AS without FROM ar.reevaluate_customer(8) \gset
RESET ROLE;
SELECT is(:without, 0, 'who may not change the orders takes none off hold');
GRANT USAGE ON SCHEMA shop TO rights_releaser;
GRANT SELECT, UPDATE ON shop.holdable TO rights_releaser;
SET ROLE rights_releaser;
SELECT ar.customers_to_reevaluate()::text AS whose \gset
SELECT released_orders AS "with" FROM ar.reevaluate_customer(8) \gset
RESET ROLE;
SELECT ok(8 = ANY (:'whose'::bigint[]), 'who may sees whose orders wait, though others have looked');
SELECT is(:with, 1, 'and takes them off hold');
SELECT is((SELECT status FROM shop.holdable), 'open', 'by changing them');
SELECT is(current_setting('shop.ran_as'), 'rights_releaser', 'and their own triggers ran for nobody else');

-- What a clerk puts in the way is not found: the ledger's own names are.
CREATE FUNCTION pg_temp.hijack() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE rights_clerk;
	CREATE TEMP TABLE exposure (customer_id bigint, currency text, receivable numeric, unapplied numeric, ordered numeric, limit_amount numeric);
	CREATE TEMP TABLE check_rule (rule_no integer);
	CREATE TEMP TABLE ledger_info (base_currency text);
	SET LOCAL search_path = pg_temp, pg_catalog;
	BEGIN
		INSERT INTO shop.orders VALUES (1, 1, 960.01);
		RETURN 'passed';
	EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
	END;
END $$;
SELECT pg_temp.hijack() AS answer \gset
RESET ROLE;
RESET search_path;
SELECT is(:'answer'::text, 'RC002', 'temporary tables do not stand in for the ledger''s');

-- Row security of the order table does not hide orders from the check.
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.orders TO rights_clerk USING (id < 100) WITH CHECK (id < 100);
SELECT is(pg_temp.as_role('rights_clerk', 'INSERT INTO shop.orders VALUES (1, 1, 500), (2, 1, 460.01)'), 'RC002', 'under row security too every order counts');
SELECT is(pg_temp.as_role('rights_clerk', 'INSERT INTO shop.orders VALUES (101, 1, 1)'), '42501', 'and policies hold');
ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY;

SELECT is(pg_temp.as_role('rights_clerk', 'SELECT ar.unwatch_orders(''shop.orders'')'), '42501', 'a clerk cannot end watching');
SELECT is(pg_temp.as_role('rights_shop', 'DROP TRIGGER credit_control_gather ON shop.orders'), 'ok', 'the owner of the orders can, and');
DROP TRIGGER credit_control_gather ON shop.orders;
SELECT isnt_empty($$SELECT FROM credit.check_ledger('ar') WHERE problem = 'watched table without its triggers'$$, 'check_ledger() reports it');

SELECT * FROM finish();
ROLLBACK;
