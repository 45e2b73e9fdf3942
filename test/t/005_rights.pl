#!/usr/bin/env perl
# 005_rights.pl: who may do what.  An application needs no right on the ledger and gets none from it; access that is
# granted is exactly what was asked for; and a hostile session that brings its own tables, functions, operators and
# triggers gets nothing done with the rights of the ledger's owner.
use strict;
use warnings;

use Test::More;

use LedgerCluster;

my $node = start_cluster('rights');
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE ledger_owner LOGIN;
CREATE ROLE shop_owner LOGIN;
CREATE ROLE admin LOGIN IN ROLE ledger_owner, shop_owner;
CREATE ROLE app LOGIN;
CREATE ROLE stranger LOGIN;
CREATE ROLE reader LOGIN;
CREATE ROLE poster LOGIN;
CREATE ROLE loader LOGIN;
CREATE ROLE manager LOGIN;
CREATE ROLE legal LOGIN;
CREATE ROLE releaser LOGIN;
CREATE ROLE bi LOGIN;
CREATE ROLE collector LOGIN;
CREATE ROLE sender LOGIN;
CREATE ROLE closer LOGIN;
SQL
create_database($node, 'company', <<'SQL');
GRANT CREATE ON DATABASE company TO ledger_owner, shop_owner, app;
SET ROLE ledger_owner;
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Acme', 1), ar.add_customer('Bolt', 2);
SELECT ar.set_credit_limit(1, 100), ar.set_credit_limit(2, 100);
GRANT USAGE ON SCHEMA ar TO admin;
SELECT ar.grant_access('reader', 'reader'), ar.grant_access('poster', 'poster'), ar.grant_access('loader', 'loader'),
	ar.grant_access('manager', 'credit_manager'), ar.grant_access('legal', 'legal'), ar.grant_access('releaser', 'releaser'),
	ar.grant_access('collector', 'collector'), ar.grant_access('sender', 'sender'), ar.grant_access('bi', 'bi'), ar.grant_access('closer', 'closer');
RESET ROLE;
SET ROLE shop_owner;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id serial, customer_id bigint, total numeric, status text DEFAULT 'open');
CREATE TABLE shop.holdable (id serial, customer_id bigint, total numeric, status text DEFAULT 'open');
GRANT USAGE ON SCHEMA shop TO app, admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop TO app;
RESET ROLE;
SET ROLE admin;
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id');
SELECT ar.watch_orders('shop.holdable', customer => 'customer_id', amount => 'total', order_id => 'id',
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold');
SQL

sub may     { my ($role, $sql, $wanted, $name) = @_; return allowed($node, 'company', $role, $sql, $wanted, $name); }
sub may_not { my ($role, $sqlstate, $sql, $name) = @_; return refused($node, 'company', $role, $sqlstate, $sql, $name); }

# ---- An application without any right on the ledger ----

may('app', 'INSERT INTO shop.orders (customer_id, total) VALUES (1, 60) RETURNING id', '1', 'app: an order that fits');
may_not('app', 'RC002', 'INSERT INTO shop.orders (customer_id, total) VALUES (1, 60)', 'app: an order that does not');
may('app', 'INSERT INTO shop.holdable (customer_id, total) VALUES (1, 60), (1, 40) RETURNING status', "on hold\nopen",
	'app: mode hold');
may('app', 'UPDATE shop.orders SET total = 50 WHERE id = 1; DELETE FROM shop.holdable', undef, 'app: update and delete');
may(undef, 'SELECT DISTINCT decided_for FROM ar.decision', 'app', 'decisions name the login that placed the order');
may_not('app', '42501', $_, "app: $_")
  foreach ('SELECT * FROM ar.exposure', 'SELECT * FROM ar.aging_summary', 'SELECT ar.set_credit_limit(1, 1000000)',
	"SELECT ar.post_payment(1, 'x', '2020-01-01', 1000)", 'SELECT * FROM ar.check_credit(1, 1)',
	"SELECT credit.check_order('ar', 1, 1, NULL, false)", "SELECT ar.unwatch_orders('shop.orders')",
	"SELECT credit.upgrade_ledger('ar')", 'DELETE FROM ar.decision',
	'ALTER TABLE shop.orders DISABLE TRIGGER ALL', 'SET session_replication_role = replica');

# The same with a way into the schema.
$node->safe_psql('company', 'GRANT USAGE ON SCHEMA ar TO stranger');
may_not('stranger', '42501', $_, "stranger: $_")
  foreach ("SELECT credit.check_order('ar', 1, 1, NULL, false)", "SELECT credit.check_order('ar', 1, 1, NULL, true)",
	'SELECT * FROM ar.check_credit(1, 1)', 'SELECT ar.verify_ledger()', 'SELECT ar.rebuild_ledger()',
	"SELECT ar.aging_at('2020-01-01')", 'SELECT * FROM ar.document');

# ---- What grant_access() grants, and nothing else ----

my @aging = ('aging_at(date,text,timestamp with time zone,credit.aging_buckets,bigint,bigint)');
my @rates = ('convert(numeric,text,text,date)', 'fx_rate_on(text,date)');
my @reporting = (@aging, 'aging_in(text,date,text,credit.aging_buckets,date)', 'disputed_at(date,timestamp with time zone,bigint)', 'exposure_in(text,date,bigint)', 'revaluation(date,bigint)');
my @checking = (@aging, 'check_credit(bigint,numeric,text,boolean,text,date)');
my @acting = ('actor()', 'reject(bigint,bigint,text)', 'request_approval(bigint,text,numeric,text,jsonb,text)', 'set_actor(text)');
my @reevaluating = (
	'reevaluate_holds(bigint,boolean,integer,integer)', 'reevaluate_customer(bigint)', 'customers_to_reevaluate(boolean)',
	'changed_customers(text,bigint[])', 'hold_tables()', 'may_release(regclass)', 'release_ended_holds(bigint[])',
	'held_orders(bigint)', 'hold_figures(bigint)', 'looked_at(bigint[],text[])', 'reevaluate_batch(bigint[])', 'reevaluate_locked(bigint[],boolean)',
	'lock_free_customers(bigint[])', 'lock_held_orders(text,bigint[],text[],boolean)', 'orders_to_release(bigint[],text[])',
	'take_off_hold(text,bigint[],text[])');
my @explaining = ('explain_credit(bigint,text)', 'explain_check(bigint,text,numeric,text,date,text)', 'orders_to_explain(bigint,text)');
my @reports = (
	'items_at(date,bigint)', 'statement(bigint,date,date,text)', 'roll_forward(text,bigint)', 'roll_forward_total(text)',
	'control_balances(date)', 'gl_difference(jsonb,date)', 'reconcile_gl(text,jsonb,date,jsonb,date)', 'metrics(date,date,text,text,bigint,integer)',
	'metrics_by_month(date,date,text,text,bigint,integer)', 'roll_rates(date,date,text,text)', 'bucket_migration(date,date,text,text)');
my @simulating = (
	'current_policy()', map { "$_(jsonb,date,date,integer,integer)" } qw(simulate_policy simulate_policy_summary));
my @applying = (
	'load_camt053(text)', 'load_camt054(text)', 'load_bai2(text)', 'load_x12_820(text)', 'load_remittance_csv(text,text,text,numeric,text,text,text,date)',
	'add_receipt(text,text,text,date,numeric,text,bigint,text,text,text,date,text)', 'propose_cash(bigint)', 'cash_candidates(bigint)',
	'apply_cash(text,boolean,integer,integer,integer,integer)', 'start_cash_run(text,boolean)', 'plan_cash_run(bigint[],integer)', 'simulate_batch(text,cash_match[],boolean)',
	'apply_batch(text,cash_match[])', 'apply_draft(text,cash_match,boolean)', 'apply_receipt(text,bigint)',
	'fail_receipt(text,bigint,text)', 'finish_cash_run(text)', 'confirm_match(bigint,bigint,jsonb)', 'reject_match(bigint,text)',
	'return_receipt(bigint,bigint,numeric)');
my @analysing = (
	'add_bank_reference(bigint,text,date,date,numeric,numeric,boolean,integer,text,text)',
	'add_credit_report(bigint,text,date,numeric,text,numeric,text,jsonb,text,date)',
	'add_financial_statement(bigint,date,date,jsonb,boolean,text,numeric,date,bigint,text)',
	'add_security(bigint,text,numeric,text,date,date,text,text)',
	'add_trade_reference(bigint,text,numeric,date,text,numeric,numeric,integer,date,text)', 'attribute_names()',
	'attributes_at(date,timestamp with time zone,bigint)', 'behaviour_at(date,timestamp with time zone,bigint)',
	'complete_review(bigint,text,text,date,bigint)',
	'decide_application(bigint,bigint,text,numeric,credit.payment_terms,text[])', 'notice_text(bigint,bigint,text,boolean)',
	'predict_late_payment(date,bigint)', 'ratios_at(date,timestamp with time zone,bigint)',
	'receive_application(bigint,numeric,text,date,credit.payment_terms,numeric,text,text)',
	'receive_item(bigint,bigint,text,date)', 'recommend_limit(bigint,date,timestamp with time zone)',
	'record_notice(bigint,bigint,text,date)', 'release_security(bigint,bigint,text,date)',
	'rescore_portfolio(date,timestamp with time zone)', 'review_changes(bigint)', 'schedule_reviews()',
	'score_application(bigint,bigint)', 'score_at(date,timestamp with time zone,bigint)',
	'score_customer(bigint,date,timestamp with time zone)', 'warnings_on(date,bigint)',
	'withdraw_application(bigint,bigint,text,date)');
my @exporting = ('csv_field(text,boolean)', 'export_csv(text)');
my @forecasting = (
	@exporting, 'aging_chart(date,integer,bigint)', 'trade_tape(date)',
	'borrowing_base_at(date,integer,numeric,numeric,numeric)',
	'allowance(date,timestamp with time zone)', 'allowance_journal(bigint)', 'cash_forecast(date,integer,timestamp with time zone,integer)',
	'expected_payments(date,timestamp with time zone,bigint,integer)', 'forecast_backtest(date,integer,integer)',
	'loss_history(date,date,integer,credit.aging_buckets)', 'roll_loss_rates(date,date,text,text)');
my @nightly = ('nightly(date,integer)', 'nightly_jobs()', 'run_nightly_job(text,date)');
my @provisioning = (
	'book_allowance(date,text,numeric)', 'set_loss_adjustment(numeric,date,text,text,text,text)',
	'set_loss_rates(numeric[],date,text,text,credit.aging_buckets,numeric,integer,text,text)', 'set_roll_loss_rates(date,date,date,text,text,text,numeric,integer)', 'set_specific_provision(bigint,numeric,text,date,bigint)');
my @noting = (
	(map { "$_(bigint,text,bigint,text)" } qw(add_note add_tag remove_tag)), 'attach(bigint,text,bigint,text,bytea,text)',
	'add_task(bigint,text,bigint,text,text,date)', 'finish_task(bigint,bigint)', 'record_inquiry(bigint,text,bigint,text,text,text,text,text,date)');
my @crediting = (
	@noting,
	'open_dispute(bigint,bigint,numeric,text,text,text,date,integer,text,bigint,date)', 'dispute_deductions(bigint,text)',
	'investigate_dispute(bigint,bigint,text,text,text,date)', 'validate_credit(bigint,bigint,text,jsonb,numeric,bigint,text)',
	'request_credit(bigint,bigint,text,jsonb,numeric,text,bigint,bigint,text,bigint)', 'change_credit(bigint,bigint,text,jsonb,numeric)',
	'authorize_return(bigint,bigint,text,jsonb,text,date,text)', 'receive_return(bigint,bigint,integer,numeric,date,text)',
	'inspect_return(bigint,bigint,integer,numeric,numeric,text,text,date)', 'cancel_return(bigint,bigint,text)', 'credit_return(bigint,bigint,text)',
	'add_core(bigint,text,numeric,numeric,integer,bigint,boolean,text,date,text)', 'receive_core(bigint,bigint,numeric,text,date)',
	'match_credit_notes(bigint,boolean)', 'match_all_credit_notes(integer,bigint,bigint,integer)', 'credit_note_customers()', 'match_credit_notes_of(bigint[])');
my @collecting = (
	'add_customer_contact(bigint,text,text,text,text,text,text,text,text,text,text)',
	'change_customer_contact(bigint,bigint,jsonb)',
	'add_contact_fact(bigint,bigint,text,text,timestamp with time zone,text,time without time zone,time without time zone)',
	'end_contact_fact(bigint,bigint,timestamp with time zone)',
	'record_contact(bigint,bigint,text,text,text,text,text,text,date,bigint[],timestamp with time zone,text,text,text)',
	'make_promise(bigint,date,numeric,bigint[],text,bigint,bigint,text,integer,date)',
	'withdraw_promise(bigint,bigint,text)', 'evaluate_promises(date,bigint)',
	'propose_plan(bigint,bigint[],text,date[],numeric[],credit.payment_terms,date,numeric,integer,bigint)',
	'cancel_plan(bigint,bigint,text)', 'evaluate_plans(date,bigint)', 'item_protection(date,bigint)',
	'planned_aging(date,credit.aging_buckets,bigint)',
	'request_escalation(bigint,text,bigint[],text,text,numeric,date,bigint)',
	'close_escalation(bigint,bigint,text,boolean)', 'record_remittance(bigint,bigint,numeric,numeric,date,bigint)',
	'propose_settlement(bigint,bigint[],numeric,date,text,bigint)', 'cancel_settlement(bigint,bigint,text)',
	'worklist(text,date,bigint,integer)', 'next_best_action(bigint,date)', 'take_case(text,integer,date)',
	'release_case(bigint)');
my @warning = (
	'answer_debt_request(bigint,bigint,date)', 'contact_allowed(bigint,text,timestamp with time zone,bigint[],text)',
	'dunning_items(date,bigint[])', 'late_payment_rate(text,date,date)', 'letter_placeholders()', 'overcharged_items(date)',
	'log_contact(bigint,bigint,text,text,text,text,text,text,date,bigint[],timestamp with time zone,text,text,text)',
	'pause_dunning(bigint,text,bigint,date)',
	'queue_message(bigint,text,text,text,text,text,bigint,text,bigint,timestamp with time zone,text)',
	'receive_debt_request(bigint,bigint,text,date,text,bigint[])', 'record_debt_notice(bigint,bigint,date,bigint[])',
	'record_insolvency(bigint,date,text,text,text)', 'record_reclamation(bigint,bigint,date)', 'reference_rate_on(text,date)',
	'resume_dunning(bigint,bigint)');
my @dunning = (
	'charge_interest(bigint,bigint[])', 'customers_to_charge(date)', 'customers_to_dun(date)', 'dun_customers(bigint,bigint[])',
	'end_insolvency(bigint,bigint,text,date)', 'late_payment_sum_for(text,date,numeric,text,date)', 'run_dunning(date,boolean)',
	'run_dunning_in_batches(date,integer,integer)', 'run_interest(date,boolean)', 'run_interest_in_batches(date,integer,integer)',
	'set_dunning_policy(text,text,jsonb,text,date,integer,boolean,text,integer)',
	'set_interest_policy(text,text,numeric,text,text,date,text,text,integer,text,text,integer,numeric,numeric,boolean,boolean)',
	'set_letter_template(text,text,text,text,text)', 'set_reference_rate(text,date,date,numeric,text)', 'start_dunning(date)',
	'start_interest(date)');
my @leading = (
	'assign_customer(bigint,text,text)', 'assign_portfolios()', 'enter_absence(text,text,date,date,text)',
	'end_absence(bigint,date)', 'start_plan(bigint,bigint)', 'open_escalation(bigint,bigint)',
	'agree_settlement(bigint,bigint)', 'evaluate_settlements(date,bigint)',
	'add_strategy(text,jsonb,text,text,integer,date)');
my %functions = (
	stranger => [],
	reader   => [ @reporting, @rates, @forecasting, @reports ],
	loader   => [@checking],
	poster   => [
		@checking, @explaining, @rates, @acting, @applying, @crediting, 'disputed_at(date,timestamp with time zone,bigint)', 'add_customer(text,bigint,text,credit.payment_terms,text,bigint)',
		'allocate(bigint,bigint,bigint,numeric,date)', 'allocate_across(bigint,bigint,bigint,numeric,numeric,date)',
		'allocate_with_discount(bigint,bigint,bigint,numeric,numeric,date)', 'apply_deposit(bigint,bigint,date)',
		'apply_payment(bigint,bigint,text,date)', $reports[1], 'confirm_clearing(bigint,bigint,date)', 'customer_of(bigint)',
		'earned_discount(bigint,bigint,date,numeric)', 'record_receipt(bigint,bigint,date,text)',
		'return_payment(bigint,bigint,date,text,numeric,text)', 'reverse_allocation(bigint,bigint,date)',
		(map { "$_(bigint,text,date,numeric,date,text,date,text,credit.payment_terms,date,bigint,text,numeric,jsonb,text)" }
			qw(post_invoice post_debit_note)),
		'post_credit_note(bigint,text,date,numeric,text,date,text,bigint,text,numeric,jsonb,text,text)',
		'post_payment(bigint,text,date,numeric,text,date,text,date,numeric,text)',
		'post_deposit(bigint,text,date,numeric,text,text,date,text,date,numeric,text)' ],
	closer   => [
		@aging, @reports, 'actor()', 'set_actor(text)', 'add_period(text,date,date,integer,boolean)', 'add_fiscal_year(integer,date)', 'close_checks(text,jsonb)',
		'begin_close(text)', 'examine_close(text,text[],text,jsonb)', 'refuse_close(text,jsonb)', 'finish_close(text)',
		'close_period(text,text[],text,jsonb)', 'reopen_period(text,text)', 'lock_period(text,text)', 'set_gl_account(text,text)', 'verify_ledger()',
		'verify_snapshots(date)', 'regroup_snapshots(text,date)' ],
	legal    => [
		$checking[1], @explaining, @acting, 'place_hold(bigint,text,text,text,date,boolean,boolean)', 'release_legal_hold(bigint,bigint,text)',
		'held_orders(bigint)', 'hold_figures(bigint)' ],
	releaser => [ @reevaluating, @explaining ],
	bi       => [@exporting],
	sender   => [ 'report_message(bigint,bigint,text,text,integer)', 'take_messages(integer,text,integer)' ],
	collector => [ @checking, @rates, @acting, @noting, @collecting, @warning, 'customer_of(bigint)' ],
	manager => [
		@checking, @reevaluating, @explaining, @simulating, @acting, @analysing, @crediting, @collecting, @leading, @warning, @dunning, @forecasting, @provisioning, @nightly, @reports, @rates,
		@reporting[ 1 .. 4 ],
		'issue_credit(bigint,bigint,text,date,boolean)', 'rebill(bigint,bigint,text,numeric,jsonb,text,text,text,date)',
		'approve_dispute(bigint,bigint,text,numeric,text,text,jsonb)', 'reject_dispute(bigint,bigint,text,text)',
		'settle_dispute(bigint,bigint,text,text,bigint)', 'charge_unreturned_cores(date)', 'place_hold(bigint,text,text,text,date,boolean,boolean)', 'release_hold(bigint,bigint,text)',
		'release_order(bigint,text,text,numeric,text,text,date)',
		'set_credit_limit(bigint,numeric,date,date,text,text,text,boolean,numeric,integer,text,text,text,text,bigint)',
		'set_cash_rules(text,text[],bigint,text,numeric,numeric,numeric,numeric,text,integer,boolean,text,text,text[])',
		'set_parent(bigint,bigint)', 'set_customer_status(bigint,text)', 'set_risk_class(bigint,text)', 'set_review_due(bigint,date)', 'set_dimension(bigint,text,text)', 'set_intercompany(bigint,boolean)',
		'set_risk_figure(bigint,text,numeric,date,text)', 'verify_ledger()', 'verify_chain(bigint,bigint)', 'take_mark(text)',
		'set_terms(bigint,credit.payment_terms)', 'set_due_date(bigint,bigint,date,text,text,date,date)',
		'post_document(text,bigint,text,date,numeric,date,text,date,text,credit.payment_terms,date,bigint,text,numeric,jsonb,text,'
		  . 'text,date,numeric,bigint,bigint,text)',
		'void_document(bigint,bigint,text,date,text)', 'refund(bigint,bigint,text,numeric,date,text)',
		'write_off(bigint,bigint,text,numeric,date,text,bigint)', 'recover(bigint,bigint,bigint,numeric,date,text)',
		'transfer_credit(bigint,bigint,bigint,text,numeric,date)', 'release_deposit(bigint,bigint,text)',
		'merge_customers(bigint,bigint,text,date)', 'set_fx_rate(text,numeric,date,text)',
		'set_number_range(text,text,integer,integer,bigint,bigint,boolean)' ]);
my @views = ('aging_summary SELECT', 'open_items SELECT', 'document_status SELECT');
my @cash = map { "$_ SELECT" } qw(bank_receipt cash_allocation cash_application_accuracy cash_match cash_rule cash_rule_set cash_run
	deductions payer_alias remittance remittance_line unapplied_cash);
my @credit_views = map { "$_ SELECT" } qw(disputed_items open_disputes root_cause dispute_metrics credit_requests credit_notes_issued dormant_credits credit_audit
	return_status aged_returns core_bank);
my @credits = (@credit_views, map { "$_ SELECT" } qw(dispute dispute_event credit_reason deduction_reason return_policy credit_request credit_request_line credit_issue
	return_authorization return_line return_event core_grade core_deposit core_return note tag attachment task inquiry));
my @collection_views = map { "$_ SELECT" } qw(promises_due broken_promises promise_level plans contact_log reasons_for_non_payment escalations placement
	caseload collector_performance);
my @collection = (@collection_views, map { "$_ SELECT" } qw(worklist customer_contact contact_fact contact_outcome payment_reason contact promise_policy promise
	promise_item promise_event plan_policy payment_plan payment_plan_item payment_plan_instalment payment_plan_event claim_policy escalation escalation_item
	escalation_event agency_remittance settlement settlement_item settlement_event collector collector_absence portfolio_rule portfolio portfolio_change
	collection_strategy worklist_rule worklist_claim dunning_policy dunning_level dunning_run dunning_letter dunning_item dunning_skip dunning_pause
	dunning_preview letter_template letter_locale outbox reference_rate late_payment_law late_payment_sum interest_policy interest_run interest_charge interest_overcharged
	contact_rule contact_holiday contact_refusal compliance_log debt_notice debt_request insolvency insolvency_claims consumer_debt notice_due));
my @period_views = map { "$_ SELECT" } qw(aging_by_night aging_by_period aging_snapshot ledger_entries period);
my %tables = (
	stranger => [],
	reader   => [ @views, 'receivable_parts SELECT', @credit_views, @collection_views, @period_views, map { "$_ SELECT" } qw(cash_application_accuracy deductions unapplied_cash
		  allowance_movement bad_debts borrowing_base ecl_matrix forecast_accuracy) ],
	poster   => [ @views, 'receivable_parts SELECT', @cash, @credits ],
	loader   => [@views],
	collector => [ @views, 'receivable_parts SELECT', @collection ],
	releaser => [],
	bi       => [
		map { "$_ SELECT" } qw(bi_aging bi_allocations bi_calendar bi_customers bi_disputes bi_exposure bi_holds bi_kpi_monthly bi_open_items
		  bi_promises allocation cash_allocation customer customer_dimension dispute document exposure hold hold_release item ledger_info promise) ],
	sender   => [],
	legal    => [ @views, map { "$_ SELECT" } qw(hold hold_queue hold_reason hold_release) ],
	closer   => [ @views, @period_views, map { "$_ SELECT" } qw(approval_queue credit_requests customer_snapshot gl_account period_event snapshot snapshot_migration snapshot_total unapplied_cash) ],
	manager  => [
		@views, 'receivable_parts SELECT', @cash, @credits, @collection, @period_views, map { "$_ SELECT" }
		  qw(approval approval_policy approval_queue approval_use approval_vote authority authority_end pending_approvals
		  check_rule credit_limit decision exposure hold hold_queue hold_reason hold_release order_release
		  bank_reference checklist_item credit_application credit_application_event credit_application_status credit_report
		  credit_review early_warning financial_ratios financial_statement grade_policy internal_behaviour limit_policy
		  limit_recommendation limit_recommendation_method notice_rule portfolio_risk review_policy review_queue score_card
		  score_history security security_release statement_field trade_reference warning_rule
		  allowance_line allowance_movement allowance_run bad_debts borrowing_base ecl_matrix forecast_accuracy loss_adjustment loss_rate specific_provision) ]);
my @loader_columns = (
	(map { "customer.$_" } qw(customer_id name number terms currency payer_id)),
	(map { "document.$_" } qw(customer_id kind number doc_date posting_date due_date currency amount reference side terms
			received_on clears_on sold_to_id order_id fx_rate reason idempotency_key)),
	(map { "document_line.$_" } qw(customer_id document_id line_no product description quantity unit_price net_amount tax_rate
			tax_amount line_total)),
	(map { "allocation.$_" } qw(customer_id credit_item_id debit_item_id amount applied_on reverses)));

sub sorted_lines { my ($sql) = @_; return sort split /\n/, $node->safe_psql('company', $sql); }

foreach my $role (sort keys %functions)
{
	is_deeply([ sorted_lines(<<"SQL") ], [ sort @{ $functions{$role} } ], "$role may call exactly these functions");
SET search_path = ar, pg_catalog;
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'ar'::regnamespace AND has_function_privilege('$role', oid, 'EXECUTE');
SQL
	is_deeply([ sorted_lines(<<"SQL") ], [ sort @{ $tables{$role} } ], "$role has exactly these rights on tables");
SELECT format('%s %s', relname, p) FROM pg_class,
		unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
	WHERE relnamespace = 'ar'::regnamespace AND relkind IN ('r', 'v') AND has_table_privilege('$role', oid, p);
SQL
	is_deeply([ sorted_lines(<<"SQL") ], [ $role eq 'loader' ? sort @loader_columns : () ], "$role may write exactly these columns");
SELECT format('%s.%s', relname, attname) FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
	WHERE relnamespace = 'ar'::regnamespace AND relkind IN ('r', 'v')
		AND (has_column_privilege('$role', c.oid, attnum, 'INSERT') OR has_column_privilege('$role', c.oid, attnum, 'UPDATE'));
SQL
}

# Sequences: only the keys of what a loader loads.
is( $node->safe_psql('company', <<'SQL'), join("\n", map { "loader|$_" } qw(allocation_allocation_id_seq customer_customer_id_seq
SELECT r.rolname, c.relname FROM pg_class c, pg_roles r
	WHERE relkind = 'S' AND relnamespace = 'ar'::regnamespace AND r.rolname IN ('stranger', 'reader', 'poster', 'loader', 'manager', 'app')
		AND has_sequence_privilege(r.oid, c.oid, 'USAGE, SELECT, UPDATE') ORDER BY 1, 2;
SQL
		document_document_id_seq document_line_document_line_id_seq)),
	'sequences are the loader\'s alone');

# Every function of the ledger is the owner's and has its path pinned, and none is anybody's.  Only a procedure that commits
# can have no path.
is($node->safe_psql('company', <<'SQL'), '', 'functions of the ledger: owner, path and rights');
SELECT p.oid::regprocedure, proowner::regrole, proconfig, proacl FROM pg_proc p
	WHERE pronamespace = 'ar'::regnamespace AND (proowner <> 'ledger_owner'::regrole OR proacl IS NULL
		OR ARRAY(SELECT c FROM unnest(proconfig) c WHERE c !~ '^(?:(jit|enable_\w+)=(?:on|off)|plan_cache_mode=force_(?:generic|custom)_plan|lock_timeout=\w+)$')
			IS DISTINCT FROM CASE WHEN p.oid::regprocedure::text NOT SIMILAR TO 'ar.(reevaluate_holds|apply_cash|match_all_credit_notes|run_dunning_in_batches|run_interest_in_batches|close_period|nightly)\(%' THEN '{"search_path=ar, credit, pg_temp"}'::text[] ELSE '{}' END
		OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0));
SQL

# The loader's way in is COPY.
may('loader', <<'SQL', undef, 'loader: COPY into customer, document and allocation');
COPY ar.customer (customer_id, name) FROM STDIN;
3	Crane
\.
COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM STDIN;
3	invoice	I1	2020-01-01	2020-02-01	100
3	payment	P1	2020-01-10	\N	30
\.
COPY ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) FROM STDIN;
3	2	1	30	2020-01-10
\.
SQL
may('loader', 'SELECT total FROM ar.aging_summary WHERE customer_id = 3', '70.00', 'loader: the open balance is there to see');
may(undef, 'SELECT DISTINCT recorded_by FROM ar.document', 'loader', 'documents name the login that loaded them');
may_not('loader', '42501', $_, "loader: $_")
  foreach (
	"INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount, recorded_at) VALUES (3, 'invoice', 'I2', '2020-01-01', '2020-02-01', 1, '2019-01-01')",
	"INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount, recorded_by) VALUES (3, 'invoice', 'I2', '2020-01-01', '2020-02-01', 1, 'poster')",
	"INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on, recorded_at) VALUES (3, 2, 1, 30, '2020-01-10', '2019-01-01')",
	"INSERT INTO ar.item (customer_id, document_id, currency, amount, open_amount, doc_date, posting_date) VALUES (3, 2, 'USD', 1, 1, '2020-01-01', '2020-01-01')",
	'UPDATE ar.exposure SET receivable = 0', 'UPDATE ar.item SET open_amount = 0', 'SELECT * FROM ar.document',
	'INSERT INTO ar.credit_limit (customer_id, amount, currency, valid_from) VALUES (3, 1, \'USD\', now())',
	'DELETE FROM ar.document', 'TRUNCATE ar.document', "SELECT ar.post_invoice(3, 'I2', '2020-01-01', 1, '2020-01-01')",
	'INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) SELECT customer_id, kind, number, doc_date, due_date, amount FROM ar.document ON CONFLICT (customer_id, kind, number) DO UPDATE SET amount = 1');
may($_, 'SELECT count(*) > 0 FROM ar.explain_credit(1)', 't', "$_: why somebody is on hold, without the order table") foreach qw(poster manager releaser legal);
may_not($_, '42501', 'SELECT ar.explain_credit(1)', "$_: not why") foreach qw(reader loader);
may('manager', 'SELECT held_then >= 0 FROM ar.simulate_policy_summary(ar.current_policy())', 't', 'manager: other rules');
may_not($_, '42501', 'SELECT ar.simulate_policy()', "$_: no other rules") foreach qw(poster legal releaser);
may('poster', "SELECT ar.apply_payment(2, ar.post_payment(2, 'P', '2020-01-01', 5)), (SELECT total FROM ar.aging_summary WHERE customer_id = 2)",
	'0|', 'poster: posts, and sees it');
may('manager', 'SELECT ar.release_hold(2, ar.place_hold(2, \'x\'), \'y\'); SELECT outcome FROM ar.check_credit(2, 1000)', "\nhold",
	'manager: holds and checks');

# ---- A hostile session ----

# Objects of its own under every name that the ledger's code could mean, before pg_catalog in its path, and temporary
# ones besides.  Whoever falls for one of them raises P0001.
my $trap = <<'SQL';
CREATE SCHEMA mine;
CREATE FUNCTION mine.spring() RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.spring(numeric, numeric) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.spring(bigint, bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.spring(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.add(numeric, numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.sum_step(numeric, numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.round(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.minor_unit(text) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.lock_customer(bigint) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE FUNCTION mine.keep_limit(bigint) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trap runs as %', current_user; END$$;
CREATE AGGREGATE mine.sum (numeric) (sfunc = mine.sum_step, stype = numeric);
CREATE AGGREGATE mine.min (numeric) (sfunc = mine.sum_step, stype = numeric);
CREATE OPERATOR mine.= (leftarg = numeric, rightarg = numeric, function = mine.spring);
CREATE OPERATOR mine.= (leftarg = bigint, rightarg = bigint, function = mine.spring);
CREATE OPERATOR mine.= (leftarg = text, rightarg = text, function = mine.spring);
CREATE OPERATOR mine.<> (leftarg = text, rightarg = text, function = mine.spring);
CREATE OPERATOR mine.<> (leftarg = numeric, rightarg = numeric, function = mine.spring);
CREATE OPERATOR mine.< (leftarg = numeric, rightarg = numeric, function = mine.spring);
CREATE OPERATOR mine.> (leftarg = numeric, rightarg = numeric, function = mine.spring);
CREATE OPERATOR mine.+ (leftarg = numeric, rightarg = numeric, function = mine.add);
CREATE OPERATOR mine.- (leftarg = numeric, rightarg = numeric, function = mine.add);
GRANT USAGE, CREATE ON SCHEMA mine TO PUBLIC;
SQL
$node->safe_psql('company', $trap, extra_params => [ '-U', 'app' ]);
my @tables = sorted_lines("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ar'::regnamespace");
$node->safe_psql('company', join "\n", 'GRANT app TO CURRENT_USER;',
	map { "CREATE TABLE mine.$_ (LIKE ar.$_); ALTER TABLE mine.$_ OWNER TO app; GRANT ALL ON mine.$_ TO PUBLIC;" } @tables);
my $hostile = join "\n", (map { "CREATE TEMP TABLE $_ (LIKE mine.$_);" } @tables), <<'SQL';
SET search_path = pg_temp, mine, pg_catalog;
SQL
may_not('app', 'P0001', "$hostile SELECT sum(1::numeric) FROM (VALUES (1)) v (x)", 'the trap works');

may_not('app', 'RC002', "$hostile INSERT INTO shop.orders (customer_id, total) VALUES (1, 1000)", 'hostile path: order over the limit');
may('app', "$hostile INSERT INTO shop.orders (customer_id, total) VALUES (1, 1) RETURNING total", '1', 'hostile path: order that fits');
may('app', "$hostile INSERT INTO shop.holdable (customer_id, total) VALUES (1, 1000) RETURNING status", 'on hold', 'hostile path: mode hold');
may('loader', "$hostile COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM STDIN;\n3\tinvoice\tI3\t2020-01-01\t2020-02-01\t10\n\\.\n",
	undef, 'hostile path: load');
may('poster', "$hostile SELECT ar.apply_payment(3, ar.post_payment(3, 'P3', '2020-01-01', 5))", '5.00', 'hostile path: post and apply');
may('manager', "$hostile SELECT ar.set_credit_limit(3, 500); SELECT outcome FROM ar.check_credit(3, 1)", undef, 'hostile path: limit and check');
may('reader', "$hostile SELECT * FROM ar.aging_at('2020-06-01'); SELECT * FROM ar.aging_summary; SELECT * FROM ar.open_items", undef,
	'hostile path: reports');

# The same through the life of documents, each function by the role that may call it.
$node->safe_psql('company', "SET ROLE ledger_owner; SELECT ar.add_customer('Dow', 4), ar.add_customer('East', 5), ar.add_customer('Fall', 6)");
sub newest { return $node->safe_psql('company', "SELECT max($_[0]_id) FROM ar.$_[0]"); }
sub hostile { my ($role, $sql) = @_; return may($role, "$hostile CREATE TEMP TABLE new_lines (LIKE mine.document_line); SELECT $sql", undef, "hostile path: $sql"); }

hostile('manager', $_)
  foreach ("ar.set_number_range('invoice', 'N')", "ar.set_number_range('payment', 'R', p_gapless => false)", "ar.set_fx_rate('EUR', 1.1, '2020-01-01')",
	"ar.set_terms(4, '2/10 net 30')");
hostile('poster', q{ar.post_invoice(4, NULL, '2020-01-10', 119, p_idempotency_key => 'k',
	p_lines => '[{"product": "A", "quantity": 2, "unit_price": 50, "tax_rate": 19}]')});
my ($invoice, $due) = (newest('document'), newest('item'));
hostile('poster', "ar.post_payment(4, NULL, '2020-01-15', 116.62, p_clears_on => '2020-02-15')");
my ($payment, $paying) = (newest('document'), newest('item'));
hostile('poster', $_)
  foreach ("ar.earned_discount(4, $due, '2020-01-15')", "ar.allocate_with_discount(4, $paying, $due)", "ar.confirm_clearing(4, $payment, '2020-02-10')",
	"ar.return_payment(4, $payment, p_fee => 5)");
hostile('manager', $_)
  foreach ("ar.set_due_date(4, $due, '2020-03-01', 'agreed')", "ar.write_off(4, $due, 'small', 19)", "ar.void_document(4, $invoice, 'posted twice')");
hostile('poster', "ar.post_deposit(4, 'D', '2020-01-15', 50, 'O')");
my $deposit = newest('document');
hostile('poster', $_) foreach ("ar.post_invoice(4, NULL, '2020-01-20', 30, p_order_id => 'O')", "ar.apply_deposit(4, $deposit)");
hostile('manager', $_)
  foreach ("ar.release_deposit(4, $deposit, 'cancelled')", "ar.refund(4, $deposit, p_amount => 5)", "ar.transfer_credit(4, $deposit, 5, 'wrong account', 5)");
hostile('poster', "ar.post_invoice(5, 'E', '2020-01-20', 10, '2020-02-01', 'EUR')");
my $foreign = newest('item');
hostile('poster', "ar.post_payment(5, NULL, '2020-01-21', 100)");
my $dollars = newest('item');
hostile('poster', $_) foreach ("ar.allocate_across(5, $dollars, $foreign, 5)", "ar.convert(1, 'EUR', 'USD', '2020-02-01')", 'ar.customer_of(5)');
hostile('manager', $_)
  foreach ("ar.merge_customers(5, 6, 'one firm')", "ar.take_mark('m')", 'ar.verify_ledger()', 'ar.verify_chain()', "ar.aging_in('EUR', '2020-06-01')",
	"ar.revaluation('2020-06-01')", 'ar.exposure_in()');
hostile('reader', "ar.aging_at('2020-06-01', p_mark => 1)");
hostile('reader', "ar.disputed_at('2020-06-01')");
# Reports and the close, of a period before everything else.
hostile('closer', $_) foreach ("ar.add_period('2019', '2019-01-01', '2019-12-31')", "ar.add_fiscal_year(2020)", "ar.close_checks('2019')", "ar.begin_close('2019')",
	"ar.refuse_close('2019', NULL)", "ar.begin_close('2019')", "ar.examine_close('2019', '{}', NULL, NULL)", "ar.finish_close('2019')",
	"ar.verify_snapshots()", "ar.set_gl_account('cash', 'bank')");
may_not('closer', 'RC004', "SELECT ar.reopen_period('2019', 'why not')", 'reopening takes authority');
hostile('manager', $_) foreach ("ar.set_dimension(4, 'region', 'north')", 'ar.set_intercompany(4, false)');
hostile('reader', $_)
  foreach ("ar.items_at('2020-06-01')", "ar.statement(4, '2020-01-01', '2020-06-01')", "ar.roll_forward('2019')",
	"ar.roll_forward_total('2020-01')", "ar.control_balances('2020-06-01')", q{ar.reconcile_gl('receivable', '[{"balance": 1, "currency": "USD"}]', '2020-06-01')},
	"ar.metrics('2020-01-01', '2020-06-01', 'region')", "ar.metrics_by_month('2020-01-01', '2020-02-01')", 'count(*) FROM ar.ledger_entries',
	'count(*) FROM ar.aging_snapshot');
hostile('closer', "ar.lock_period('2019', 'audited')");
# The credit file and what is made of it.
$node->safe_psql('company', "SET ROLE ledger_owner; SELECT ar.add_score_card('c', 'days_late: <5 => 60, else 10, null => 5; grades: A>=30, else B', 'first')");
hostile('manager', $_)
  foreach (q{ar.add_financial_statement(4, '2020-01-01', '2020-12-31', '{"total_assets": 10, "total_liabilities": 6, "equity": 4}', true, 'EUR',
		p_received_on => '2021-02-01')}, q{ar.add_credit_report(4, 'Bureau', '2020-02-01', 50, p_facts => '{"years": 3}')},
	"ar.add_trade_reference(4, 'Alpha', 100, p_days_beyond_terms => 3)", "ar.add_bank_reference(4, 'Bank')", "ar.add_security(4, 'lien', 5, 'itself')",
	"ar.release_security(4, (SELECT max(security_id) FROM ar.security), 'sold')", 'ar.score_customer(4)', 'ar.rescore_portfolio()', 'ar.predict_late_payment()', 'ar.recommend_limit(4)',
	"ar.receive_application(4, 50, 'none', p_monthly_sales => 5)", "ar.receive_application(4, 60, 'US trade credit')",
	"ar.withdraw_application(4, (SELECT max(credit_application_id) FROM ar.credit_application), 'no')",
	(map { "ar.receive_item(4, (SELECT min(credit_application_id) FROM ar.credit_application), '$_')" }
		qw(application_form bank_reference trade_reference trade_reference trade_reference)));
my $application = $node->safe_psql('company', 'SELECT min(credit_application_id) FROM ar.credit_application');
hostile('manager', $_)
  foreach ("ar.score_application(4, $application)", "ar.decide_application(4, $application, 'approved', 30, p_reasons => '{new}')",
	"ar.record_notice(4, $application)", "ar.notice_text(4, $application, 'We')", "ar.complete_review(4, 'confirmed', 'fine')", 'ar.schedule_reviews()',
	'ar.review_changes(4)', 'ar.warnings_on(current_date)', "ar.ratios_at('2021-06-01')", "ar.attributes_at('2021-06-01')", "ar.behaviour_at('2021-06-01')",
	"ar.set_loss_rates('{1, 2, 3, 4, 5}', '2020-01-01', 'known')", "ar.set_loss_adjustment(1.1, '2020-01-01', 'worse')",
	"ar.set_specific_provision(4, 50, 'ill')", "count(*) FROM ar.allowance('2021-06-01')", "ar.book_allowance('2021-06-30', 'June')",
	'count(*) FROM ar.allowance_journal(1)', "count(*) FROM ar.cash_forecast('2021-06-01')", "count(*) FROM ar.forecast_backtest('2021-06-01')",
	"count(*) FROM ar.loss_history('2020-01-31', '2020-03-31', 2)", 'count(*) FROM ar.forecast_accuracy', 'count(*) FROM ar.ecl_matrix', 'count(*) FROM ar.borrowing_base',
	(map { "ar.run_nightly_job('$_', current_date)" } qw(aging_total promises plans settlements predictions reviews portfolios dunning_preview)),
	"count(*) FROM ar.trade_tape('2021-06-01')", "ar.aging_chart('2021-06-01', 3)", "count(*) FROM ar.export_csv('SELECT 1 AS one')",
	"ar.score_at('2021-06-01')", 'count(*) FROM ar.early_warning', 'count(*) FROM ar.review_queue', 'count(*) FROM ar.portfolio_risk',
	'count(*) FROM ar.credit_application_status', 'count(*) FROM ar.limit_recommendation_method');
my $load = $node->safe_psql('company', "INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)"
	  . " VALUES (4, 'invoice', 'with lines', '2020-01-01', '2020-02-01', 12) RETURNING document_id");
may('loader', "$hostile CREATE TEMP TABLE new_lines (LIKE mine.document_line);"
	  . " COPY ar.document_line (customer_id, document_id, line_no, quantity, unit_price, net_amount, tax_rate, tax_amount, line_total) FROM STDIN;\n4\t$load\t1\t1\t10\t10\t20\t2\t12\n\\.\n",
	undef, 'hostile path: load lines');
is($node->safe_psql('company', join ' UNION ALL ', map { "SELECT '$_' FROM mine.$_" } @tables), '', 'hostile path: nothing went into its tables');
all_well($node, 'company', 'ar', 'hostile path');

# Derived tables and the chain are nobody's to write, not even by column.
may_not($_->[0], '42501', $_->[1], "$_->[0]: $_->[1]")
  foreach (map { my $role = $_; map { [ $role, $_ ] } (
		"UPDATE ar.chain_link SET hash = ''", "INSERT INTO ar.chain_link VALUES (1, 1, 'document', '{1}', '')", 'DELETE FROM ar.mark_head',
		"INSERT INTO ar.mark (name) VALUES ('x')", 'UPDATE ar.exchange_difference SET difference = 0', "UPDATE ar.exposure SET chain_hash = ''",
		"INSERT INTO ar.clearing VALUES (1, 1, '2020-01-01')", 'UPDATE ar.number_range SET next_number = 1', 'UPDATE ar.fx_rate SET rate = 2',
		"SELECT setval('ar.number_payment_0', 1)", "SELECT ar.next_number('invoice', '2020-01-01')",
		"SELECT ar.grant_credit('discount', 1, 1, 'x', 1, '2020-01-01', NULL, NULL)",
		"INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, base_amount) VALUES (1, 'payment', 'x', '2020-01-01', 1, 1)",
		"INSERT INTO ar.document (customer_id, kind, number, doc_date, amount, reverses) VALUES (1, 'payment', 'x', '2020-01-01', 1, 1)") } qw(poster loader manager));

# What a refusal leaves behind: the session's own user and path.
may('app', <<'SQL', 'app|mine, pg_catalog', 'user and path are the session\'s own after a refusal');
SET search_path = mine, pg_catalog;
DO $$ BEGIN
	INSERT INTO shop.orders (customer_id, total) VALUES (1, 1000);
EXCEPTION WHEN SQLSTATE 'RC002' THEN NULL;
END $$;
SELECT current_user, current_setting('search_path');
SQL
# A superuser that plays the application is held as well.
may_not(undef, 'RC002', 'SET ROLE app; INSERT INTO shop.orders (customer_id, total) VALUES (1, 1000)', 'SET ROLE: order over the limit');
may_not(undef, '42501', 'SET ROLE app; SELECT * FROM ar.exposure', 'SET ROLE: no right on the ledger');

# Triggers of the kernel on tables of its own.
my $figures = $node->safe_psql('company', 'SELECT * FROM ar.exposure ORDER BY 1; SELECT count(*) FROM ar.item');
$node->safe_psql('company', <<'SQL', extra_params => [ '-U', 'app' ]);
CREATE TABLE mine.orders (LIKE shop.orders);
CREATE TABLE mine.look_alike (LIKE shop.orders);
CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON mine.orders FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar');
CREATE TRIGGER credit_control_gather AFTER INSERT OR UPDATE OR DELETE ON mine.look_alike FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar');
CREATE TRIGGER credit_control_settle AFTER INSERT OR UPDATE OR DELETE ON mine.look_alike FOR EACH STATEMENT EXECUTE FUNCTION credit.enforce_hold('ar');
CREATE TRIGGER a BEFORE INSERT ON mine.document FOR EACH ROW EXECUTE FUNCTION credit.post_document();
CREATE TRIGGER b AFTER INSERT ON mine.document FOR EACH ROW EXECUTE FUNCTION credit.post_document();
CREATE TRIGGER c AFTER INSERT ON mine.document FOR EACH STATEMENT EXECUTE FUNCTION credit.post_document();
SQL
may_not('app', '39P01', 'SET search_path = mine; INSERT INTO orders (id, customer_id, total) VALUES (1, 1, 50)', 'enforce_hold() in a trigger of its own');
may_not('app', '55000', 'INSERT INTO mine.look_alike (id, customer_id, total) VALUES (1, 1, -50)', 'enforce_hold() on a table that is not watched');
$node->safe_psql('company', "INSERT INTO mine.ledger_info SELECT * FROM ar.ledger_info; INSERT INTO mine.exposure SELECT * FROM ar.exposure WHERE customer_id = 1;"
	  . ' UPDATE mine.exposure SET unapplied = 0; ALTER TABLE mine.item ALTER item_id DROP NOT NULL, ALTER instalment_no DROP NOT NULL;');
may('app', <<'SQL', undef, 'post_document() on a table of its own');
INSERT INTO mine.document (customer_id, document_id, kind, number, doc_date, posting_date, currency, amount, recorded_at, recorded_by)
	VALUES (1, 1, 'payment', 'F', '2020-01-01', '2020-01-01', 'USD', 1000, now(), 'x');
SQL
is($node->safe_psql('company', 'SELECT unapplied FROM mine.exposure; SELECT count(*) FROM mine.item'), "1000.00\n1",
	'... works on its own schema');
is($node->safe_psql('company', 'SELECT * FROM ar.exposure ORDER BY 1; SELECT count(*) FROM ar.item'), $figures, '... and not on the ledger');
$node->safe_psql('company', 'GRANT CREATE ON SCHEMA ar TO app');
like($node->safe_psql('company', "SELECT problem, object, detail FROM credit.check_ledger('ar')"), qr/^excess right\|CREATE on schema ar\|granted to app$/m,
	'whoever may create tables in the ledger\'s schema could post through them: check_ledger() says so');
$node->safe_psql('company', 'REVOKE CREATE ON SCHEMA ar FROM app; DROP TABLE mine.orders, mine.look_alike');

# ---- The owner of a watched table is not the ledger's owner ----

# Its function in the condition could change its mind later.
$node->safe_psql('company', <<'SQL', extra_params => [ '-U', 'shop_owner' ]);
CREATE FUNCTION shop.closed() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN 'closed'; END$$;
CREATE FUNCTION shop.differs(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN true; END$$;
CREATE OPERATOR shop.<> (leftarg = text, rightarg = text, function = shop.differs);
CREATE TABLE shop.traps (id integer, customer_id bigint, total numeric, status text DEFAULT 'open');
SQL
may_not('admin', '42P17', "SELECT ar.watch_orders('shop.traps', customer => 'customer_id', amount => 'total', order_id => 'id', open_when => '$_')",
	"a condition with code of the table's owner: $_")
  foreach ('status <> shop.closed()', 'status operator(shop.<>) total::text');

# So could a type of its own, given to the status column later.
$node->safe_psql('company', <<'SQL', extra_params => [ '-U', 'admin' ]);
SELECT ar.watch_orders('shop.traps', customer => 'customer_id', amount => 'total', order_id => 'id',
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold');
SQL
$node->safe_psql('company', <<'SQL', extra_params => [ '-U', 'shop_owner' ]);
CREATE FUNCTION shop.valid(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
	$$BEGIN IF current_user = 'ledger_owner' THEN RAISE EXCEPTION 'trap runs as %', current_user; END IF; RETURN true; END$$;
CREATE DOMAIN shop.word AS text CHECK (shop.valid(value));
ALTER TABLE shop.traps ALTER status TYPE shop.word;
SQL
may_not('shop_owner', '42804', 'INSERT INTO shop.traps VALUES (2, 1, 1)', 'a domain given to the status column later');
$node->safe_psql('company', 'ALTER TABLE shop.traps ALTER status TYPE text', extra_params => [ '-U', 'shop_owner' ]);
may('shop_owner', 'INSERT INTO shop.traps VALUES (2, 1, 1)', undef, '... and taken from it again');

# watch_orders() asks for rights on both sides.
may_not('shop_owner', '42501', "SELECT ar.watch_orders('shop.orders', 'customer_id', 'total', 'id')", 'the table\'s owner alone cannot watch it');
may_not('ledger_owner', '42501', "SELECT ar.unwatch_orders('shop.orders')", 'the ledger\'s owner alone cannot end it');

all_well($node, 'company', 'ar', 'at the end');
done_testing();
