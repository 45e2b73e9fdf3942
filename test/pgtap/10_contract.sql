-- The contract of a ledger: what every object that create_ledger() makes, and every object of the kernel, must be.
-- Each test lists the offenders, so that the list says what to mend.
BEGIN;
SELECT plan(45);

-- The one who installs and creates needs CREATE on the database, and no more.
CREATE ROLE contract_owner;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO contract_owner', current_database()); END $$;
SET ROLE contract_owner;
CREATE EXTENSION credit_control;
DO $$ BEGIN PERFORM credit.create_ledger('ar', 'USD'); END $$;
RESET ROLE;

CREATE TEMP VIEW ledger_relation AS
	SELECT c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions FROM pg_class c WHERE c.relnamespace = 'ar'::regnamespace;
CREATE TEMP VIEW ledger_table AS SELECT * FROM ledger_relation WHERE relkind = 'r';
CREATE TEMP VIEW ledger_column AS
	SELECT r.relname, r.relkind, a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity
	FROM ledger_relation r JOIN pg_attribute a ON a.attrelid = r.oid
	WHERE r.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped;
CREATE TEMP VIEW ledger_function AS SELECT p.* FROM pg_proc p WHERE p.pronamespace = 'ar'::regnamespace;
CREATE TEMP VIEW kernel_function AS SELECT p.* FROM pg_proc p WHERE p.pronamespace = 'credit'::regnamespace;
-- What belongs to the extension, whatever schema it is in.
CREATE TEMP VIEW kernel_member AS
	SELECT d.classid, d.objid FROM pg_depend d
	WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
		AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'credit_control');

SELECT isnt_empty('SELECT FROM ledger_table', 'the ledger has tables');
SELECT isnt_empty('SELECT FROM ledger_function', 'the ledger has functions');
SELECT isnt_empty('SELECT FROM kernel_member', 'the kernel has members');

-- Ownership
SELECT is_empty($$
	SELECT r.oid::regclass::text FROM ledger_relation r WHERE r.relowner <> 'contract_owner'::regrole
	UNION ALL SELECT p.oid::regprocedure::text FROM ledger_function p WHERE p.proowner <> 'contract_owner'::regrole
	UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'ar' AND nspowner <> 'contract_owner'::regrole
	$$, 'who creates a ledger owns all of it');
SELECT is_empty($$SELECT oid::regprocedure FROM kernel_function WHERE prosecdef$$, 'the kernel has no SECURITY DEFINER function');
SELECT is_empty($$
	SELECT c.oid::regclass FROM kernel_member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
	$$, 'the kernel owns no tables, views, sequences or indexes');
SELECT is_empty($$
	SELECT d.objid::regclass FROM pg_depend d JOIN ledger_relation r ON d.classid = 'pg_class'::regclass AND d.objid = r.oid
	WHERE d.deptype = 'e'
	$$, 'nothing of a ledger belongs to the extension');
SELECT is_empty($$
	SELECT s.relname FROM ledger_relation s
	WHERE s.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d JOIN ledger_table t ON t.oid = d.refobjid
		WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refobjsubid > 0 AND d.deptype = 'a')
	$$, 'every sequence is owned by a column');
SELECT is_empty($$
	SELECT r.relname FROM ledger_relation r JOIN pg_type t ON t.typnamespace = 'credit'::regnamespace AND t.typname = r.relname
	$$, 'no relation of a ledger has the name of a kernel type');

-- Comments
SELECT isnt(obj_description('ar'::regnamespace, 'pg_namespace'), NULL, 'the ledger''s schema has a comment');
SELECT isnt(obj_description('credit'::regnamespace, 'pg_namespace'), NULL, 'the kernel''s schema has a comment');
SELECT is_empty($$
	SELECT relname FROM ledger_relation WHERE relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL
	$$, 'every table and view of the ledger has a comment');
SELECT is_empty($$
	SELECT relname, attname FROM ledger_column WHERE col_description(attrelid, attnum) IS NULL
	$$, 'every column of every table and view has a comment');
SELECT is_empty($$
	SELECT oid::regprocedure FROM ledger_function WHERE obj_description(oid, 'pg_proc') IS NULL
	UNION ALL SELECT oid::regprocedure FROM kernel_function WHERE obj_description(oid, 'pg_proc') IS NULL
	$$, 'every function and aggregate has a comment');
SELECT is_empty($$
	SELECT pg_describe_object(m.classid, m.objid, 0) FROM kernel_member m
	WHERE m.classid IN ('pg_type'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_cast'::regclass)
		AND obj_description(m.objid, m.classid::regclass::name) IS NULL
		AND NOT EXISTS (SELECT FROM pg_type t WHERE m.classid = 'pg_type'::regclass AND t.oid = m.objid AND t.typcategory = 'A')
	$$, 'every type, operator, operator class and cast of the kernel has a comment');
SELECT is_empty($$
	SELECT description FROM pg_description d
	WHERE (d.objoid IN (SELECT oid FROM ledger_relation) OR d.objoid IN (SELECT oid FROM ledger_function) OR d.objoid IN (SELECT oid FROM kernel_function))
		AND (length(description) < 8 OR description !~ '[.;)]$')
	$$, 'comments are sentences');

-- Keys of a customer's rows: customer_id first, so that customers can be spread over partitions and nodes.
CREATE TEMP VIEW customer_table AS
	SELECT t.* FROM ledger_table t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'customer_id' AND a.attnotnull;
SELECT set_eq('SELECT relname::text FROM customer_table',
	ARRAY['customer_dimension', 'customer_snapshot', 'snapshot', 'specific_provision', 'allocation', 'contact_refusal', 'debt_notice', 'debt_request', 'insolvency',
		'dunning_item', 'dunning_letter', 'dunning_pause', 'dunning_skip', 'interest_charge', 'outbox',
		'approval', 'approval_use', 'approval_vote', 'attachment', 'cash_allocation', 'chain_link', 'clearing', 'contact', 'contact_fact', 'customer_contact', 'promise', 'promise_item', 'promise_event', 'payment_plan', 'payment_plan_item', 'payment_plan_instalment',
		'payment_plan_event', 'inquiry', 'escalation', 'escalation_item', 'escalation_event', 'agency_remittance', 'settlement', 'settlement_item', 'settlement_event',
		'portfolio', 'portfolio_change', 'worklist_claim', 'core_deposit', 'core_return', 'credit_issue', 'credit_limit',
		'credit_request', 'credit_request_line', 'customer', 'customer_change', 'customer_merge', 'decision', 'deduction', 'deposit_release', 'dispute', 'dispute_event', 'document',
	'document_line', 'due_date_change', 'exchange_difference', 'exposure', 'hold', 'hold_release', 'item', 'mark_head', 'note', 'order_release', 'order_schedule', 'payer_alias', 'reevaluation',
		'return_authorization', 'return_event', 'return_line', 'risk_figure', 'tag', 'task',
	'bank_reference', 'credit_application', 'credit_application_event', 'credit_report', 'credit_review', 'financial_statement', 'limit_recommendation', 'score_history', 'security', 'security_release', 'trade_reference'], 'tables of a customer''s rows');
SELECT is_empty($$
	SELECT relname, atttypid::regtype FROM ledger_column WHERE attname = 'customer_id' AND atttypid <> 'bigint'::regtype
	$$, 'customer_id is bigint everywhere');
SELECT is_empty($$
	SELECT t.relname FROM ledger_table t WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)
	$$, 'every table has a primary key');
SELECT is_empty($$
	SELECT t.relname, i.indexrelid::regclass FROM customer_table t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique
	WHERE pg_get_indexdef(i.indexrelid, 1, false) <> 'customer_id'
	$$, 'every primary key and unique index of a customer''s rows begins with customer_id');
SELECT is_empty($$
	SELECT c.conrelid::regclass, c.conname FROM pg_constraint c
		JOIN ledger_table t ON t.oid = c.conrelid
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
	WHERE c.contype = 'f' AND c.confrelid IN (SELECT oid FROM customer_table) AND (a.attname <> 'customer_id' OR f.attname <> 'customer_id')
		-- Rules are no rows of a customer: they name one.
		AND c.conrelid <> 'ar.check_rule'::regclass
	$$, 'every foreign key to a customer''s rows begins with customer_id on both sides');
SELECT is_empty($$
	SELECT conrelid::regclass, conname FROM pg_constraint JOIN ledger_table t ON t.oid = conrelid
	WHERE contype = 'f' AND (confdeltype <> 'a' OR confupdtype <> 'a' OR condeferrable)
	$$, 'no foreign key sets null, cascades or waits');
SELECT is_empty($$SELECT relname, attname FROM ledger_column WHERE attidentity <> ''$$, 'no identity columns');

-- Types
SELECT is_empty($$
	SELECT relname, attname, atttypid::regtype FROM ledger_column
	WHERE atttypid IN ('real'::regtype, 'double precision'::regtype, 'money'::regtype) OR (atttypid = 'numeric'::regtype AND atttypmod <> -1)
	$$, 'amounts are numeric of any size, never floating point');
SELECT is_empty($$
	SELECT relname, attname, atttypid::regtype FROM ledger_column
	WHERE relkind = 'r' AND (SELECT t.typname FROM pg_type t WHERE t.oid = atttypid) ~ '^_?reg'
	$$, 'no table holds an object identifier, which pg_upgrade or a restore would break');
SELECT is_empty($$
	SELECT relname, attname, atttypid::regtype FROM ledger_column
	WHERE relkind = 'v' AND (SELECT t.typnamespace FROM pg_type t WHERE t.oid = atttypid) <> 'pg_catalog'::regnamespace
	$$, 'views show plain types only');

-- The views as BI tools have learnt them: columns may be added at the end, and none may change.
CREATE FUNCTION pg_temp.columns(view_name name) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM ledger_column WHERE relname = view_name
$$;
SELECT is(pg_temp.columns('open_items'), 'customer_id bigint, customer_name text, item_id bigint, document_id bigint, kind text, number text, '
	|| 'instalment_no integer, currency text, amount numeric, open_amount numeric, doc_date date, posting_date date, due_date date, '
	|| 'days_past_due integer, bucket text, open_base_amount numeric, terms text, sold_to_id bigint, reserved_for text, disputed_amount numeric', 'columns of open_items');
SELECT is(pg_temp.columns('aging_summary'), 'customer_id bigint, customer_name text, currency text, total numeric, past_due numeric, '
	|| 'unapplied numeric, not_due numeric, days_1_30 numeric, days_31_60 numeric, days_61_90 numeric, days_over_90 numeric, disputed numeric', 'columns of aging_summary');
SELECT set_eq($$SELECT relname::text FROM ledger_relation WHERE relkind = 'v'$$, ARRAY['open_items', 'borrowing_base', 'aging_by_night', 'aging_by_period', 'ledger_entries', 'aging_snapshot', 'insolvency_claims', 'consumer_debt', 'notice_due', 'compliance_log', 'dunning_preview', 'receivable_parts', 'interest_overcharged', 'aging_summary', 'document_status', 'hold_queue', 'approval_queue',
	'unapplied_cash', 'cash_application_accuracy', 'deductions', 'disputed_items', 'open_disputes', 'root_cause', 'dispute_metrics', 'credit_requests', 'return_status', 'aged_returns',
	'core_bank', 'pending_approvals', 'credit_notes_issued', 'dormant_credits', 'credit_audit',
	'financial_ratios', 'internal_behaviour', 'limit_recommendation_method', 'credit_application_status', 'review_queue', 'early_warning', 'portfolio_risk',
	'forecast_accuracy', 'ecl_matrix', 'allowance_movement', 'bad_debts', 'bi_customers', 'bi_aging', 'bi_open_items', 'bi_exposure', 'bi_holds', 'bi_allocations', 'bi_promises',
	'bi_disputes', 'bi_kpi_monthly', 'bi_calendar',
	'worklist', 'promises_due', 'broken_promises', 'promise_level', 'plans', 'contact_log', 'reasons_for_non_payment', 'escalations', 'placement', 'caseload', 'collector_performance'],
	'these are the views');

-- Functions of the ledger.  PARALLEL: only what reads nothing is safe, for definer functions switch users.
SELECT is_empty($$
	SELECT oid::regprocedure, proconfig FROM ledger_function
	WHERE prokind <> 'p' AND NOT COALESCE('search_path=ar, credit, pg_temp' = ANY (proconfig), false)
	$$, 'every function of the ledger has its search_path set, pg_temp last');
SELECT is_empty($$
	SELECT oid::regprocedure FROM ledger_function
	WHERE prokind = 'p' AND (proconfig IS NOT NULL OR prosecdef OR prosrc ~ '[^.]\m(nightly_jobs|run_nightly_job|reevaluate_holds|ledger_today|start_dunning|customers_to_dun|dun_customers|start_interest|customers_to_charge|charge_interest|reevaluate_customer|customers_to_reevaluate|start_cash_run|plan_cash_run|simulate_batch|apply_batch|apply_draft|fail_receipt|finish_cash_run|credit_note_customers|match_credit_notes_of|cardinality|count|now|exposure|hold)\M')
	$$, 'a procedure that commits has no setting, nobody else''s rights, and writes names out');
SELECT is_empty($$
	SELECT oid::regprocedure FROM ledger_function WHERE has_function_privilege('public', oid, 'EXECUTE')
	$$, 'no function of the ledger is for everybody');
SELECT is_empty($$
	SELECT r.relname, a.privilege_type FROM ledger_relation r, aclexplode(r.relacl) a WHERE a.grantee <> r.relowner
	$$, 'no table, view or sequence is granted to anybody');
SELECT is_empty($$SELECT oid::regprocedure FROM ledger_function WHERE prolang <> (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')$$,
	'functions over ledger tables are PL/pgSQL');
CREATE TEMP VIEW labels AS
	SELECT p.oid::regprocedure::text AS signature, CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
		CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
		CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END AS rights
	FROM ledger_function p;
SELECT set_eq($$SELECT regexp_replace(signature, '\(.*', '') || ' ' || volatility || ' ' || parallel || ' ' || rights FROM labels$$, ARRAY[
	'ar.actor stable unsafe invoker',
	'ar.add_contact_fact volatile unsafe definer',
	'ar.add_customer_contact volatile unsafe definer',
	'ar.add_strategy volatile unsafe definer',
	'ar.agree_settlement volatile unsafe definer',
	'ar.assign_customer volatile unsafe definer',
	'ar.assign_portfolios volatile unsafe definer',
	'ar.cancel_plan volatile unsafe definer',
	'ar.cancel_settlement volatile unsafe definer',
	'ar.claimed_under stable unsafe invoker',
	'ar.change_customer_contact volatile unsafe definer',
	'ar.charge_plan_interest volatile unsafe invoker',
	'ar.claim_deadline stable unsafe invoker',
	'ar.close_escalation volatile unsafe definer',
	'ar.end_absence volatile unsafe definer',
	'ar.end_contact_fact volatile unsafe definer',
	'ar.enter_absence volatile unsafe definer',
	'ar.escalation_subject stable unsafe invoker',
	'ar.evaluate_plans volatile unsafe definer',
	'ar.evaluate_promises volatile unsafe definer',
	'ar.evaluate_settlements volatile unsafe definer',
	'ar.is_money immutable safe invoker',
	'ar.item_protection stable unsafe definer',
	'ar.make_promise volatile unsafe definer',
	'ar.move_contacts volatile unsafe invoker',
	'ar.move_escalation volatile unsafe invoker',
	'ar.move_plan volatile unsafe invoker',
	'ar.move_portfolio volatile unsafe invoker',
	'ar.move_promises volatile unsafe invoker',
	'ar.move_settlement volatile unsafe invoker',
	'ar.next_best_action stable unsafe definer',
	'ar.note_broken_promises volatile unsafe invoker',
	'ar.open_escalation volatile unsafe definer',
	'ar.open_placements stable unsafe definer',
	'ar.open_promises_about stable unsafe invoker',
	'ar.open_then stable unsafe invoker',
	'ar.plan_interest immutable safe invoker',
	'ar.plan_outcomes stable unsafe invoker',
	'ar.planned_aging stable unsafe definer',
	'ar.promise_outcomes stable unsafe invoker',
	'ar.promise_policy_of stable unsafe invoker',
	'ar.propose_plan volatile unsafe definer',
	'ar.protected_items stable unsafe invoker',
	'ar.propose_settlement volatile unsafe definer',
	'ar.read_customer_contact stable unsafe invoker',
	'ar.record_contact volatile unsafe definer',
	'ar.record_remittance volatile unsafe definer',
	'ar.release_case volatile unsafe definer',
	'ar.request_escalation volatile unsafe definer',
	'ar.require_channel immutable safe invoker',
	'ar.require_purpose immutable safe invoker',
	'ar.require_collector stable unsafe invoker',
	'ar.require_open_items stable unsafe invoker',
	'ar.require_time_zone stable safe invoker',
	'ar.settlement_paid stable unsafe invoker',
	'ar.start_plan volatile unsafe definer',
	'ar.strategies_on stable unsafe invoker',
	'ar.take_case volatile unsafe definer',
	'ar.withdraw_promise volatile unsafe definer',
	'ar.work_figures stable unsafe invoker',
	'ar.worked_collectors stable unsafe invoker',
	'ar.worklist stable unsafe definer',
	'ar.add_business_days stable unsafe invoker',
	'ar.answer_debt_request volatile unsafe definer',
	'ar.contact_allowed stable unsafe definer',
	'ar.contact_fact_at stable unsafe invoker',
	'ar.contact_findings stable unsafe invoker',
	'ar.contact_rules_for stable unsafe invoker',
	'ar.end_insolvency volatile unsafe definer',
	'ar.guard_contact volatile unsafe definer',
	'ar.judge_contact stable unsafe invoker',
	'ar.lies_in immutable safe invoker',
	'ar.log_contact volatile unsafe definer',
	'ar.move_contact_law volatile unsafe invoker',
	'ar.person_contacts stable unsafe invoker',
	'ar.move_late_payment volatile unsafe invoker',
	'ar.read_insolvency volatile unsafe invoker',
	'ar.receive_debt_request volatile unsafe definer',
	'ar.record_debt_notice volatile unsafe definer',
	'ar.record_insolvency volatile unsafe definer',
	'ar.record_reclamation volatile unsafe definer',
	'ar.balance_interest stable unsafe invoker',
	'ar.charge_interest volatile unsafe definer',
	'ar.charge_with_letters volatile unsafe invoker',
	'ar.check_letter_template volatile unsafe invoker',
	'ar.collection_stops stable unsafe invoker',
	'ar.customers_to_charge stable unsafe definer',
	'ar.customers_to_dun stable unsafe definer',
	'ar.dun_customers volatile unsafe definer',
	'ar.dunning_items stable unsafe definer',
	'ar.dunning_level_of stable unsafe invoker',
	'ar.dunning_recipients stable unsafe invoker',
	'ar.fill_in immutable safe invoker',
	'ar.interest_costs stable unsafe invoker',
	'ar.interest_items stable unsafe invoker',
	'ar.require_interest_rates stable unsafe invoker',
	'ar.late_charges stable unsafe invoker',
	'ar.late_payment_rate stable unsafe definer',
	'ar.late_payment_sum_for stable unsafe definer',
	'ar.letter_placeholders immutable safe invoker',
	'ar.letter_texts stable unsafe invoker',
	'ar.open_charges stable unsafe invoker',
	'ar.overcharged_items stable unsafe definer',
	'ar.pause_dunning volatile unsafe definer',
	'ar.queue_message volatile unsafe definer',
	'ar.read_letter_template stable unsafe invoker',
	'ar.read_locale stable unsafe invoker',
	'ar.reference_rate_on stable unsafe definer',
	'ar.report_message volatile unsafe definer',
	'ar.resume_dunning volatile unsafe definer',
	'ar.run_dunning volatile unsafe definer',
	'ar.run_dunning_in_batches volatile unsafe invoker',
	'ar.run_interest volatile unsafe definer',
	'ar.run_interest_in_batches volatile unsafe invoker',
	'ar.set_dunning_policy volatile unsafe definer',
	'ar.set_interest_policy volatile unsafe definer',
	'ar.set_letter_template volatile unsafe definer',
	'ar.set_reference_rate volatile unsafe definer',
	'ar.spared_from_dunning stable unsafe invoker',
	'ar.start_dunning volatile unsafe definer',
	'ar.start_interest volatile unsafe definer',
	'ar.take_messages volatile unsafe definer',
	'ar.write_amount stable safe invoker',
	'ar.open_day stable unsafe invoker',
	'ar.roll_rates stable unsafe definer',
	'ar.regroup_snapshots volatile unsafe definer',
	'ar.take_migration volatile unsafe invoker',
	'ar.written_off stable unsafe invoker',
	'ar.require_migration stable unsafe invoker',
	'ar.require_grouping stable unsafe invoker',
	'ar.report_groups stable unsafe invoker',
	'ar.receipts_matched stable unsafe invoker',
	'ar.metrics_by_month stable unsafe definer',
	'ar.metrics stable unsafe definer',
	'ar.metric_figures stable unsafe invoker',
	'ar.bucket_migration stable unsafe definer',
	'ar.set_intercompany volatile unsafe definer',
	'ar.set_dimension volatile unsafe definer',
	'ar.verify_snapshots stable unsafe definer',
	'ar.take_snapshot volatile unsafe invoker',
	'ar.statement stable unsafe definer',
	'ar.set_gl_account volatile unsafe definer',
	'ar.roll_forward_total stable unsafe definer',
	'ar.roll_forward stable unsafe definer',
	'ar.reopen_period volatile unsafe definer',
	'ar.refuse_close volatile unsafe definer',
	'ar.reconcile_gl stable unsafe definer',
	'ar.read_period stable unsafe invoker',
	'ar.require_closing stable unsafe invoker',
	'ar.open_books volatile unsafe invoker',
	'ar.lock_period volatile unsafe definer',
	'ar.limits_at stable unsafe invoker',
	'ar.items_at stable unsafe definer',
	'ar.gl_difference stable unsafe definer',
	'ar.finish_close volatile unsafe definer',
	'ar.examine_close volatile unsafe definer',
	'ar.control_balances stable unsafe definer',
	'ar.close_period volatile unsafe invoker',
	'ar.close_checks volatile unsafe definer',
	'ar.begin_close volatile unsafe definer',
	'ar.add_period volatile unsafe definer',
	'ar.add_fiscal_year volatile unsafe definer',
	'ar.add_core volatile unsafe definer',
	'ar.add_note volatile unsafe definer',
	'ar.add_tag volatile unsafe definer',
	'ar.add_task volatile unsafe definer',
	'ar.apply_credit_notes volatile unsafe invoker',
	'ar.apply_named volatile unsafe invoker',
	'ar.approve_dispute volatile unsafe definer',
	'ar.attach volatile unsafe definer',
	'ar.authorize_return volatile unsafe definer',
	'ar.cancel_return volatile unsafe definer',
	'ar.change_credit volatile unsafe definer',
	'ar.charge_unreturned_cores volatile unsafe definer',
	'ar.credit_note_customers stable unsafe definer',
	'ar.credit_pairs stable unsafe invoker',
	'ar.credit_return volatile unsafe definer',
	'ar.customers_with_notes stable unsafe invoker',
	'ar.credited_amount stable unsafe invoker',
	'ar.credited_document stable unsafe invoker',
	'ar.credited_lines stable unsafe invoker',
	'ar.dispute_deductions volatile unsafe definer',
	'ar.end_core volatile unsafe invoker',
	'ar.finish_task volatile unsafe definer',
	'ar.give_back_discounts volatile unsafe invoker',
	'ar.granted_discounts stable unsafe invoker',
	'ar.inspect_return volatile unsafe definer',
	'ar.investigate_dispute volatile unsafe definer',
	'ar.issue_credit volatile unsafe definer',
	'ar.latest_dispute_events stable unsafe invoker',
	'ar.match_all_credit_notes volatile unsafe invoker',
	'ar.match_credit_notes volatile unsafe definer',
	'ar.match_credit_notes_of volatile unsafe definer',
	'ar.move_dispute volatile unsafe invoker',
	'ar.move_deduction volatile unsafe invoker',
	'ar.move_disputes volatile unsafe invoker',
	'ar.oldest_due stable unsafe invoker',
	'ar.open_dispute volatile unsafe definer',
	'ar.read_credit_reason stable unsafe invoker',
	'ar.reason_of_payer stable unsafe invoker',
	'ar.read_credit_request volatile unsafe invoker',
	'ar.read_return_line volatile unsafe invoker',
	'ar.rebill volatile unsafe definer',
	'ar.receive_core volatile unsafe definer',
	'ar.receive_return volatile unsafe definer',
	'ar.record_inquiry volatile unsafe definer',
	'ar.reject_dispute volatile unsafe definer',
	'ar.remove_tag volatile unsafe definer',
	'ar.request_credit volatile unsafe definer',
	'ar.require_credit_lines immutable safe invoker',
	'ar.require_creditable volatile unsafe invoker',
	'ar.require_quantity immutable safe invoker',
	'ar.require_subject stable unsafe invoker',
	'ar.require_tag immutable safe invoker',
	'ar.require_uncredited stable unsafe invoker',
	'ar.return_policy_on stable unsafe invoker',
	'ar.returned_quantity stable unsafe invoker',
	'ar.settle_dispute volatile unsafe definer',
	'ar.spared_items stable unsafe invoker',
	'ar.validate_credit stable unsafe definer',
	'ar.add_customer volatile unsafe definer',
	'ar.add_open_orders volatile unsafe invoker',
	'ar.aging_at stable unsafe definer',
	'ar.add_receipt volatile unsafe definer',
	'ar.allocate_match volatile unsafe invoker',
	'ar.apply_cash volatile unsafe invoker',
	'ar.apply_batch volatile unsafe definer',
	'ar.apply_draft volatile unsafe definer',
	'ar.apply_one_by_one volatile unsafe invoker',
	'ar.apply_receipt volatile unsafe definer',
	'ar.cash_candidates stable unsafe definer',
	'ar.cash_discount stable unsafe invoker',
	'ar.cash_items stable unsafe invoker',
	'ar.cash_rule_kinds stable unsafe invoker',
	'ar.cash_rules_of stable unsafe invoker',
	'ar.require_file immutable safe invoker',
	'ar.confirm_match volatile unsafe definer',
	'ar.draft_match stable safe invoker',
	'ar.draft_matches stable unsafe invoker',
	'ar.find_payers stable unsafe invoker',
	'ar.lock_payer volatile unsafe invoker',
	'ar.lock_receipts volatile unsafe invoker',
	'ar.lock_return volatile unsafe invoker',
	'ar.look_at_receipts stable unsafe invoker',
	'ar.match_named stable unsafe invoker',
	'ar.match_oldest_first stable unsafe invoker',
	'ar.name_certainty immutable safe invoker',
	'ar.named_documents stable unsafe invoker',
	'ar.open_cash_items stable unsafe invoker',
	'ar.payment_number volatile unsafe invoker',
	'ar.plan_cash_run stable unsafe definer',
	'ar.post_batch volatile unsafe invoker',
	'ar.read_cash_run stable unsafe invoker',
	'ar.receipt_keys stable unsafe invoker',
	'ar.similar_payers stable unsafe invoker',
	'ar.simulate_batch volatile unsafe definer',
	'ar.spread_oldest_first stable unsafe invoker',
	'ar.waiting_drafts stable unsafe invoker',
	'ar.fail_receipt volatile unsafe definer',
	'ar.finish_cash_run volatile unsafe definer',
	'ar.is_for_runs immutable safe invoker',
	'ar.is_news stable unsafe invoker',
	'ar.is_settled stable unsafe invoker',
	'ar.learn_payer volatile unsafe invoker',
	'ar.load_bai2 volatile unsafe definer',
	'ar.load_camt053 volatile unsafe definer',
	'ar.load_camt054 volatile unsafe definer',
	'ar.load_remittance_csv volatile unsafe definer',
	'ar.load_x12_820 volatile unsafe definer',
	'ar.lock_customers volatile unsafe invoker',
	'ar.match_receipt stable unsafe invoker',
	'ar.match_remittance stable unsafe invoker',
	'ar.open_receipt volatile unsafe invoker',
	'ar.charge_back volatile unsafe invoker',
	'ar.match_return stable unsafe invoker',
	'ar.post_match volatile unsafe invoker',
	'ar.post_return volatile unsafe invoker',
	'ar.return_receipt volatile unsafe definer',
	'ar.take_back_parts volatile unsafe invoker',
	'ar.propose_cash stable unsafe definer',
	'ar.receipt_remittance stable unsafe invoker',
	'ar.receipt_text stable safe invoker',
	'ar.record_match volatile unsafe invoker',
	'ar.reject_match volatile unsafe definer',
	'ar.set_cash_rules volatile unsafe definer',
	'ar.stage_camt volatile unsafe invoker',
	'ar.stage_receipt volatile unsafe invoker',
	'ar.stage_remittance volatile unsafe invoker',
	'ar.start_cash_run volatile unsafe definer',
	'ar.try_cash_rule stable safe invoker',
	'ar.aging_in stable unsafe definer',
	'ar.aging_known_query stable safe invoker',
	'ar.aging_query stable safe invoker',
	'ar.allocate volatile unsafe definer',
	'ar.allocate_across volatile unsafe definer',
	'ar.allocate_with_discount volatile unsafe definer',
	'ar.amount_text stable unsafe invoker',
	'ar.ancestors stable unsafe invoker',
	'ar.applied_to_items stable unsafe invoker',
	'ar.apply_deposit volatile unsafe definer',
	'ar.apply_payment volatile unsafe definer',
	'ar.approval_required stable unsafe invoker',
	'ar.approve volatile unsafe definer',
	'ar.authority_of stable unsafe invoker',
	'ar.base_movements stable unsafe invoker',
	'ar.change_due_date volatile unsafe invoker',
	'ar.changed_customers stable unsafe definer',
	'ar.check_credit volatile unsafe definer',
	'ar.check_document_line volatile unsafe definer',
	'ar.check_document_total volatile unsafe definer',
	'ar.check_status_values volatile unsafe invoker',
	'ar.confirm_clearing volatile unsafe definer',
	'ar.convert stable unsafe definer',
	'ar.current_policy stable unsafe definer',
	'ar.customer_of stable unsafe definer',
	'ar.delegate_authority volatile unsafe definer',
	'ar.customers_to_reevaluate volatile unsafe invoker',
	'ar.document_items stable unsafe invoker',
	'ar.drop_hold_triggers volatile unsafe invoker',
	'ar.disputed_at stable unsafe definer',
	'ar.disputed_query stable safe invoker',
	'ar.due_on_query stable safe invoker',
	'ar.earned_discount stable unsafe definer',
	'ar.end_authority volatile unsafe definer',
	'ar.end_delegation volatile unsafe definer',
	'ar.enter_document volatile unsafe invoker',
	'ar.end_hold volatile unsafe invoker',
	'ar.end_reservation volatile unsafe invoker',
	'ar.explain_check volatile unsafe definer',
	'ar.explain_credit volatile unsafe invoker',
	'ar.exposure_in stable unsafe definer',
	'ar.fx_rate_on stable unsafe definer',
	'ar.grant_access volatile unsafe invoker',
	'ar.grant_authority volatile unsafe definer',
	'ar.grant_credit volatile unsafe invoker',
	'ar.group_exposure stable unsafe invoker',
	'ar.group_limits stable unsafe invoker',
	'ar.group_members stable unsafe invoker',
	'ar.is_lower_limit stable unsafe invoker',
	'ar.held_orders stable unsafe definer',
	'ar.hold_figures volatile unsafe definer',
	'ar.hold_tables stable unsafe definer',
	'ar.hold_uncovered volatile unsafe invoker',
	'ar.item_movements stable unsafe invoker',
	'ar.keep_customer_change volatile unsafe definer',
	'ar.keep_limit volatile unsafe invoker',
	'ar.latest_due_changes stable unsafe invoker',
	'ar.latest_merges stable unsafe invoker',
	'ar.ledger_today stable unsafe invoker',
	'ar.left_out stable unsafe invoker',
	'ar.limit_on stable unsafe invoker',
	'ar.lock_customer volatile unsafe invoker',
	'ar.lock_free_customers volatile unsafe definer',
	'ar.lock_held_orders volatile unsafe invoker',
	'ar.lock_to_merge volatile unsafe invoker',
	'ar.lock_group volatile unsafe invoker',
	'ar.mark_group volatile unsafe invoker',
	'ar.looked_at volatile unsafe definer',
	'ar.may_release stable unsafe invoker',
	'ar.merge_customers volatile unsafe definer',
	'ar.move_credit volatile unsafe invoker',
	'ar.move_in_group volatile unsafe invoker',
	'ar.next_number volatile unsafe definer',
	'ar.number_after volatile unsafe invoker',
	'ar.oldest_items stable unsafe invoker',
	'ar.order_decisions stable unsafe invoker',
	'ar.order_fates stable unsafe invoker',
	'ar.orders_beyond stable unsafe invoker',
	'ar.open_credit stable unsafe invoker',
	'ar.orders_on_hold stable unsafe invoker',
	'ar.orders_readable volatile unsafe invoker',
	'ar.orders_to_explain stable unsafe definer',
	'ar.orders_to_release volatile unsafe definer',
	'ar.payment_of immutable safe invoker',
	'ar.payment_text stable unsafe invoker',
	'ar.policy_part stable unsafe invoker',
	'ar.policy_rules stable unsafe invoker',
	'ar.place_hold volatile unsafe definer',
	'ar.post_credit_note volatile unsafe definer',
	'ar.post_debit_note volatile unsafe definer',
	'ar.post_deposit volatile unsafe definer',
	'ar.post_document volatile unsafe definer',
	'ar.post_invoice volatile unsafe definer',
	'ar.post_lines volatile unsafe invoker',
	'ar.post_payment volatile unsafe definer',
	'ar.post_reversal volatile unsafe invoker',
	'ar.read_approval volatile unsafe invoker',
	'ar.read_document stable unsafe invoker',
	'ar.rebuild_ledger volatile unsafe definer',
	'ar.recomputed_exposure volatile unsafe invoker',
	'ar.record_receipt volatile unsafe definer',
	'ar.recover volatile unsafe definer',
	'ar.reevaluate_batch volatile unsafe invoker',
	'ar.reevaluate_customer volatile unsafe invoker',
	'ar.reevaluate_holds volatile unsafe invoker',
	'ar.reevaluate_locked volatile unsafe invoker',
	'ar.refund volatile unsafe definer',
	'ar.reject volatile unsafe definer',
	'ar.release_by_person volatile unsafe invoker',
	'ar.release_deposit volatile unsafe definer',
	'ar.release_ended_holds volatile unsafe definer',
	'ar.release_hold volatile unsafe definer',
	'ar.request_approval volatile unsafe definer',
	'ar.require_action stable safe invoker',
	'ar.require_approved_posting volatile unsafe invoker',
	'ar.require_person stable safe invoker',
	'ar.release_legal_hold volatile unsafe definer',
	'ar.release_order volatile unsafe definer',
	'ar.is_released stable unsafe invoker',
	'ar.require_cleared stable unsafe invoker',
	'ar.require_reason immutable safe invoker',
	'ar.require_right stable unsafe invoker',
	'ar.refuse_policy stable unsafe invoker',
	'ar.replay_rules stable unsafe invoker',
	'ar.return_payment volatile unsafe definer',
	'ar.revaluation stable unsafe definer',
	'ar.reverse_allocation volatile unsafe definer',
	'ar.reverse_allocations volatile unsafe invoker',
	'ar.rule_figure stable unsafe invoker',
	'ar.rule_kinds immutable safe invoker',
	'ar.scheduled_orders volatile unsafe invoker',
	'ar.set_actor volatile unsafe definer',
	'ar.set_approval_policy volatile unsafe definer',
	'ar.set_credit_limit volatile unsafe definer',
	'ar.set_customer_status volatile unsafe definer',
	'ar.set_due_date volatile unsafe definer',
	'ar.set_fx_rate volatile unsafe definer',
	'ar.set_number_range volatile unsafe definer',
	'ar.set_parent volatile unsafe definer',
	'ar.set_review_due volatile unsafe definer',
	'ar.set_risk_class volatile unsafe definer',
	'ar.set_risk_figure volatile unsafe definer',
	'ar.set_terms volatile unsafe definer',
	'ar.simulate_policy stable unsafe definer',
	'ar.simulate_policy_summary stable unsafe definer',
	'ar.take_mark volatile unsafe definer',
	'ar.take_off_hold volatile unsafe invoker',
	'ar.tighten volatile unsafe invoker',
	'ar.transfer_credit volatile unsafe definer',
	'ar.undo_document volatile unsafe invoker',
	'ar.unreadable_orders volatile unsafe invoker',
	'ar.unwatch_orders volatile unsafe invoker',
	'ar.use_approval volatile unsafe invoker',
	'ar.use_credit volatile unsafe invoker',
	'ar.verify_chain volatile unsafe definer',
	'ar.verify_ledger volatile unsafe definer',
	'ar.void_document volatile unsafe definer',
	'ar.votes_needed stable unsafe invoker',
	'ar.watch_orders volatile unsafe invoker',
	'ar.watch_partitions volatile unsafe invoker',
	'ar.add_bank_reference volatile unsafe definer',
	'ar.add_credit_report volatile unsafe definer',
	'ar.add_financial_statement volatile unsafe definer',
	'ar.add_score_card volatile unsafe definer',
	'ar.add_security volatile unsafe definer',
	'ar.add_trade_reference volatile unsafe definer',
	'ar.attribute_names immutable safe invoker',
	'ar.attributes_at stable unsafe definer',
	'ar.behaviour_at stable unsafe definer',
	'ar.check_statement stable unsafe invoker',
	'ar.complete_review volatile unsafe definer',
	'ar.decide_application volatile unsafe definer',
	'ar.end_of_day stable unsafe invoker',
	'ar.end_score_card volatile unsafe definer',
	'ar.highest_balance stable unsafe invoker',
	'ar.late_payment_changes stable unsafe invoker',
	'ar.limit_methods stable unsafe invoker',
	'ar.median immutable safe invoker',
	'ar.method_result stable unsafe invoker',
	'ar.missing_items stable unsafe invoker',
	'ar.move_credit_file volatile unsafe invoker',
	'ar.notice_text stable unsafe definer',
	'ar.open_application volatile unsafe invoker',
	'ar.policy_for stable unsafe invoker',
	'ar.predict_late_payment volatile unsafe definer',
	'ar.ratios_at stable unsafe definer',
	'ar.receive_application volatile unsafe definer',
	'ar.receive_item volatile unsafe definer',
	'ar.recommend_limit volatile unsafe definer',
	'ar.record_notice volatile unsafe definer',
	'ar.release_security volatile unsafe definer',
	'ar.require_as_of stable safe invoker',
	'ar.require_figure stable safe invoker',
	'ar.require_past_day stable unsafe invoker',
	'ar.require_text stable safe invoker',
	'ar.rescore_portfolio volatile unsafe definer',
	'ar.review_changes stable unsafe definer',
	'ar.review_figures stable unsafe definer',
	'ar.review_months stable unsafe invoker',
	'ar.schedule_reviews volatile unsafe definer',
	'ar.score_application volatile unsafe definer',
	'ar.score_at stable unsafe definer',
	'ar.score_customer volatile unsafe definer',
	'ar.score_one stable unsafe invoker',
	'ar.share_place immutable safe invoker',
	'ar.store_scores volatile unsafe invoker',
	'ar.allowance stable unsafe definer',
	'ar.allowance_journal stable unsafe definer',
	'ar.book_allowance volatile unsafe definer',
	'ar.pools_at stable unsafe invoker',
	'ar.require_segment stable unsafe invoker',
	'ar.risk_classes_at stable unsafe invoker',
	'ar.roll_loss_rates stable unsafe definer',
	'ar.set_roll_loss_rates volatile unsafe definer',
	'ar.cash_forecast stable unsafe definer',
	'ar.cover_at stable unsafe definer',
	'ar.due_on stable unsafe definer',
	'ar.expected_payments stable unsafe definer',
	'ar.forecast_backtest stable unsafe definer',
	'ar.loss_history stable unsafe definer',
	'ar.set_loss_adjustment volatile unsafe definer',
	'ar.set_loss_rates volatile unsafe definer',
	'ar.set_specific_provision volatile unsafe definer',
	'ar.aging_chart stable unsafe definer',
	'ar.csv_field immutable safe invoker',
	'ar.export_csv volatile unsafe invoker',
	'ar.trade_tape stable unsafe definer',
	'ar.xml_text immutable safe invoker',
	'ar.nightly volatile unsafe invoker',
	'ar.nightly_jobs immutable safe invoker',
	'ar.run_nightly_job volatile unsafe definer',
	'ar.borrowing_base_at stable unsafe definer',
	'ar.promises_judged stable unsafe invoker',
	'ar.warnings_on stable unsafe definer',
	'ar.withdraw_application volatile unsafe definer',
	'ar.write_off volatile unsafe definer'], 'functions of the ledger, and their labels');
SELECT is_empty($$SELECT signature, count(*) FROM (SELECT regexp_replace(signature, '\(.*', '') AS signature FROM labels) l GROUP BY 1 HAVING count(*) > 1$$,
	'no function of the ledger is overloaded: named arguments find it');

-- Functions of the kernel are immutable and parallel safe, but for these.
SELECT set_eq($$
	SELECT format('%s %s %s', p.oid::regprocedure, p.provolatile, p.proparallel) FROM kernel_function p
	WHERE p.provolatile <> 'i' OR p.proparallel <> 's'
	$$, ARRAY[
	'credit.actor(text) s r',
	'credit.camt_amount(text,text,text) s s',
	'credit.camt_charges(xml,text,text) s s',
	'credit.camt_check_balance(xml,text) s s',
	'credit.camt_date(text,text) s s',
	'credit.camt_documents(xml,text) s s',
	'credit.camt_parse(text) s s',
	'credit.camt_sign(text,text) s s',
	'credit.check_ledger(name) v u',
	'credit.check_watched(text,text,text,text,text,text,text,text,boolean,text) v u',
	'credit.check_order(text,bigint,numeric,text,boolean,text,date) v u',
	'credit.create_ledger(text,text,credit.aging_buckets,text) v u',
	'credit.is_watchable(text,text,text,text,text,text,text,text,boolean,text) v u',
	'credit.open_orders(text,text,text) v u',
	'credit.table_oid(text,text) s s',
	'credit.enforce_hold() v u',
	'credit.entry_digest(text,record) s s',
	'credit.order_condition(regclass,text,boolean) s s',
	'credit.post_allocation() v u',
	'credit.post_chain() v u',
	'credit.post_customer() v u',
	'credit.post_document() v u',
	'credit.read_camt(xml,text) s s',
	'credit.read_camt053(text) s s',
	'credit.read_camt053(xml) s s',
	'credit.read_camt054(text) s s',
	'credit.read_camt054(xml) s s',
	'credit.refuse_change() v u',
	'credit.info_changed() v u',
	'credit.refuse_closed() v u',
	'credit.rules_changed() v u',
	'credit.run_template(name,text) v u',
	'credit.set_actor(text,text) v u',
	'credit.schedule_ledger(name,text) v u',
	'credit.unschedule_ledger(name) v u',
	'credit.settle(text) v u',
	'credit.trigger_ledger(bytea) s s',
	'credit.upgrade_ledger(name) v u'], 'functions of the kernel that are not immutable or not parallel safe');
SELECT is_empty($$
	SELECT oid::regprocedure FROM kernel_function
	WHERE NOT has_function_privilege('public', oid, 'EXECUTE') OR NOT has_schema_privilege('public', 'credit', 'USAGE')
	$$, 'the kernel is for everybody');
SELECT is_empty($$
	SELECT p.oid::regprocedure, p.proconfig FROM kernel_function p JOIN pg_language l ON l.oid = p.prolang
	WHERE l.lanname = 'plpgsql' AND NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
	$$, 'every PL/pgSQL function of the kernel has its search_path set');
SELECT is_empty($$
	SELECT a.aggfnoid::regprocedure FROM pg_aggregate a JOIN kernel_function p ON p.oid = a.aggfnoid
	WHERE a.aggtranstype = 'internal'::regtype OR a.aggcombinefn = 0
	$$, 'every aggregate has a flat state and a combine function: partial results can travel');

-- What auditors read is guarded, row by row and against TRUNCATE.
SELECT is_empty($$
	SELECT t, guard FROM unnest(ARRAY['document', 'contact_refusal', 'debt_notice', 'debt_request', 'insolvency',
		'dunning_item', 'dunning_letter', 'dunning_level', 'dunning_pause', 'dunning_policy', 'dunning_run', 'dunning_skip', 'interest_charge', 'interest_policy', 'interest_run', 'reference_rate',
		'allocation', 'credit_limit', 'hold', 'hold_release', 'order_release', 'decision', 'document_line', 'exchange_difference',
		'due_date_change', 'clearing', 'deposit_release', 'customer_merge', 'chain_link', 'mark', 'mark_head', 'fx_rate', 'authority', 'authority_end', 'approval_policy', 'approval', 'approval_vote', 'approval_use',
		'bank_receipt', 'remittance', 'remittance_line', 'cash_match', 'cash_allocation', 'deduction', 'dispute', 'dispute_event', 'credit_request', 'credit_request_line', 'credit_issue', 'return_authorization', 'return_line',
		'return_event', 'core_deposit', 'core_return', 'note', 'attachment', 'task', 'inquiry', 'contact', 'contact_fact',
		'promise', 'promise_item', 'promise_event', 'payment_plan', 'payment_plan_item', 'payment_plan_instalment', 'payment_plan_event',
		'escalation', 'escalation_item', 'escalation_event', 'agency_remittance', 'settlement', 'settlement_item', 'settlement_event', 'portfolio_change', 'collector_absence',
		'collection_strategy', 'worklist_rule', 'period_event', 'snapshot', 'customer_snapshot', 'snapshot_total',
		'loss_rate', 'loss_adjustment', 'specific_provision', 'allowance_run', 'allowance_line', 'bank_reference', 'credit_application', 'credit_application_event', 'credit_report', 'credit_review', 'financial_statement', 'limit_recommendation', 'score_card', 'score_history', 'security', 'security_release', 'trade_reference']) t,
		(VALUES ('UPDATE', 16), ('DELETE', 8), ('TRUNCATE', 32)) g (guard, bit)
	WHERE NOT EXISTS (SELECT FROM pg_trigger r WHERE r.tgrelid = ('ar.' || t)::regclass AND r.tgfoid = 'credit.refuse_change'::regproc
		AND r.tgtype & g.bit <> 0 AND r.tgtype & 2 <> 0 AND r.tgenabled = 'O')
	$$, 'append-only tables refuse UPDATE, DELETE and TRUNCATE');
SELECT set_eq($$SELECT relname || ' ' || array_to_string(reloptions, ' ') FROM ledger_table WHERE reloptions IS NOT NULL$$, ARRAY[
	'exposure fillfactor=50 autovacuum_vacuum_scale_factor=0.05',
	'item fillfactor=85 autovacuum_vacuum_scale_factor=0.02 autovacuum_vacuum_insert_scale_factor=0.02'],
	'storage settings for tables under churn are part of the template');

-- Upgrading a ledger that is up to date changes nothing, and mends one whose schema was renamed.
CREATE FUNCTION pg_temp.definitions() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_get_functiondef(oid) || COALESCE(proacl::text, '') || obj_description(oid, 'pg_proc') FROM pg_proc WHERE pronamespace = 'ar'::regnamespace
	UNION ALL SELECT pg_get_viewdef(oid) || COALESCE(relacl::text, '') || obj_description(oid, 'pg_class') FROM ledger_relation WHERE relkind = 'v'
	UNION ALL SELECT pg_get_triggerdef(t.oid) || t.tgenabled::text FROM pg_trigger t JOIN ledger_table r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
	UNION ALL SELECT relname || attname || format_type(atttypid, atttypmod) || attnotnull || COALESCE(col_description(attrelid, attnum), '') FROM ledger_column
$$;
CREATE TEMP TABLE fresh AS SELECT pg_temp.definitions() AS definition;
SET ROLE contract_owner;
DO $$ BEGIN PERFORM credit.upgrade_ledger('ar'); END $$;
RESET ROLE;
SELECT bag_eq('SELECT pg_temp.definitions()', 'TABLE fresh', 'an upgraded ledger is the same as a fresh one');
SELECT is_empty($$SELECT * FROM credit.check_ledger('ar')$$, 'check_ledger() finds nothing in a fresh ledger');
ALTER SCHEMA ar RENAME TO was_ar;
SET ROLE contract_owner;
DO $$ BEGIN
	PERFORM credit.upgrade_ledger('was_ar');
	PERFORM was_ar.add_customer('Acme', 1);
	PERFORM was_ar.post_invoice(1, 'I-1', '2025-01-01', 10, '2025-01-31');
	PERFORM was_ar.apply_payment(1, was_ar.post_payment(1, 'P-1', '2025-01-02', 4), p_applied_on => '2025-01-02');
END $$;
RESET ROLE;
SELECT results_eq($$SELECT total, (SELECT count(*) FROM credit.check_ledger('was_ar')), (SELECT count(*) FROM was_ar.verify_ledger()) FROM was_ar.aging_at('2025-01-31')$$,
	$$VALUES (6.00, 0::bigint, 0::bigint)$$, 'a renamed ledger works after upgrade_ledger()');

SELECT * FROM finish();
ROLLBACK;
