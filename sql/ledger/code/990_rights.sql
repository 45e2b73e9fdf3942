-- Who may do what.

CREATE OR REPLACE FUNCTION grant_access(p_role name, p_access text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	ledger text := current_schema();
	fn regprocedure;
	functions text[];
	reevaluating text[] := ARRAY['reevaluate_holds', 'reevaluate_customer', 'customers_to_reevaluate', 'changed_customers', 'hold_tables', 'may_release',
		'release_ended_holds', 'held_orders', 'hold_figures', 'looked_at', 'reevaluate_batch', 'reevaluate_locked', 'lock_free_customers', 'lock_held_orders',
		'orders_to_release', 'take_off_hold'];
	explaining text[] := ARRAY['explain_credit', 'explain_check', 'orders_to_explain'];
	applying text[] := ARRAY['load_camt053', 'load_camt054', 'load_bai2', 'load_x12_820', 'load_remittance_csv', 'add_receipt', 'propose_cash', 'cash_candidates',
		'apply_cash', 'start_cash_run', 'plan_cash_run', 'simulate_batch', 'apply_batch', 'apply_draft', 'apply_receipt', 'fail_receipt', 'finish_cash_run',
		'confirm_match', 'reject_match', 'return_receipt'];
	analysing text[] := ARRAY['add_financial_statement', 'add_credit_report', 'add_trade_reference', 'add_bank_reference', 'add_security', 'release_security',
		'ratios_at', 'behaviour_at', 'attribute_names', 'attributes_at', 'score_at', 'score_customer', 'rescore_portfolio', 'predict_late_payment', 'recommend_limit',
		'receive_application', 'receive_item', 'score_application', 'decide_application', 'withdraw_application', 'record_notice', 'notice_text',
		'review_changes', 'complete_review', 'schedule_reviews', 'warnings_on'];
	noting text[] := ARRAY['add_note', 'add_tag', 'remove_tag', 'attach', 'add_task', 'finish_task', 'record_inquiry'];
	nightly text[] := ARRAY['nightly', 'nightly_jobs', 'run_nightly_job'];
	forecasting text[] := ARRAY['export_csv', 'csv_field', 'trade_tape', 'aging_chart', 'borrowing_base_at', 'expected_payments', 'cash_forecast', 'forecast_backtest', 'allowance', 'loss_history', 'roll_loss_rates', 'allowance_journal'];
	crediting text[] := noting || ARRAY['open_dispute', 'dispute_deductions', 'investigate_dispute', 'validate_credit', 'request_credit', 'change_credit',
		'authorize_return', 'receive_return', 'inspect_return', 'cancel_return', 'credit_return', 'add_core', 'receive_core', 'match_credit_notes', 'match_all_credit_notes',
		'credit_note_customers', 'match_credit_notes_of'];
	collecting text[] := noting || ARRAY['add_customer_contact', 'change_customer_contact', 'add_contact_fact', 'end_contact_fact', 'record_contact', 'make_promise', 'withdraw_promise',
		'evaluate_promises', 'propose_plan', 'cancel_plan', 'evaluate_plans', 'item_protection', 'planned_aging', 'request_escalation',
		'close_escalation', 'record_remittance', 'propose_settlement', 'cancel_settlement', 'worklist', 'next_best_action', 'take_case', 'release_case'];
	dunning text[] := ARRAY['set_dunning_policy', 'set_letter_template', 'run_dunning', 'run_dunning_in_batches', 'start_dunning', 'customers_to_dun', 'dun_customers',
		'set_interest_policy', 'set_reference_rate', 'run_interest', 'run_interest_in_batches', 'start_interest', 'customers_to_charge', 'charge_interest',
		'late_payment_sum_for', 'end_insolvency'];
	-- What a collector may do about letters, and the law of contacts
	warning text[] := ARRAY['pause_dunning', 'resume_dunning', 'dunning_items', 'overcharged_items', 'letter_placeholders', 'queue_message', 'late_payment_rate', 'reference_rate_on',
		'contact_allowed', 'log_contact', 'record_debt_notice', 'receive_debt_request', 'answer_debt_request', 'record_insolvency', 'record_reclamation'];
	reporting text[] := ARRAY['items_at', 'statement', 'roll_forward', 'roll_forward_total', 'control_balances', 'gl_difference', 'reconcile_gl',
		'metrics', 'metrics_by_month', 'roll_rates', 'bucket_migration'];
	closing text[] := reporting || ARRAY['add_period', 'add_fiscal_year', 'close_checks', 'begin_close', 'examine_close', 'refuse_close', 'finish_close', 'close_period',
		'reopen_period', 'lock_period', 'set_gl_account', 'verify_ledger', 'verify_snapshots', 'regroup_snapshots'];
BEGIN
	IF p_role IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	functions := CASE p_access
		WHEN 'approver' THEN ARRAY['actor', 'set_actor', 'request_approval', 'approve', 'reject', 'delegate_authority', 'end_delegation']
		WHEN 'reader' THEN ARRAY['aging_at', 'disputed_at', 'aging_in', 'exposure_in', 'revaluation', 'fx_rate_on', 'convert'] || forecasting || reporting
		WHEN 'poster' THEN ARRAY['aging_at', 'disputed_at', 'check_credit', 'add_customer', 'post_invoice', 'post_debit_note', 'post_credit_note',
			'post_payment', 'post_deposit', 'customer_of', 'allocate', 'apply_payment', 'apply_deposit', 'allocate_with_discount', 'allocate_across',
			'reverse_allocation', 'return_payment', 'statement', 'confirm_clearing', 'earned_discount', 'record_receipt', 'fx_rate_on', 'convert',
			'actor', 'set_actor', 'request_approval', 'reject'] || applying || explaining || crediting
		WHEN 'collector' THEN ARRAY['aging_at', 'check_credit', 'customer_of', 'fx_rate_on', 'convert', 'actor', 'set_actor', 'request_approval', 'reject'] || collecting || warning
		WHEN 'loader' THEN ARRAY['aging_at', 'check_credit']
		WHEN 'credit_manager' THEN ARRAY['aging_at', 'disputed_at', 'aging_in', 'exposure_in', 'revaluation', 'check_credit', 'set_credit_limit', 'place_hold', 'release_hold', 'release_order',
			'set_terms', 'set_parent', 'set_customer_status', 'set_risk_class', 'set_review_due', 'set_risk_figure', 'set_due_date', 'post_document', 'void_document', 'refund', 'write_off', 'recover', 'transfer_credit', 'release_deposit', 'merge_customers',
			'set_fx_rate', 'set_number_range', 'set_cash_rules', 'take_mark', 'verify_ledger', 'verify_chain',
			'actor', 'set_actor', 'request_approval', 'reject',
			'current_policy', 'simulate_policy', 'simulate_policy_summary', 'issue_credit', 'rebill', 'approve_dispute', 'reject_dispute', 'settle_dispute',
			'charge_unreturned_cores', 'start_plan', 'open_escalation', 'agree_settlement', 'evaluate_settlements',
			'fx_rate_on', 'convert', 'add_strategy', 'assign_customer', 'assign_portfolios', 'enter_absence', 'end_absence', 'set_loss_rates', 'set_roll_loss_rates', 'set_loss_adjustment', 'set_specific_provision',
			'book_allowance', 'set_dimension', 'set_intercompany'] || reevaluating || explaining || crediting || collecting || warning || dunning || analysing || forecasting || reporting || nightly
		WHEN 'sender' THEN ARRAY['take_messages', 'report_message']
		WHEN 'closer' THEN ARRAY['aging_at', 'actor', 'set_actor'] || closing
		WHEN 'releaser' THEN reevaluating || explaining
		WHEN 'bi' THEN ARRAY['export_csv', 'csv_field']
		WHEN 'legal' THEN ARRAY['check_credit', 'place_hold', 'release_legal_hold', 'held_orders', 'hold_figures', 'actor', 'set_actor', 'request_approval', 'reject'] || explaining
		END;
	IF functions IS NULL THEN
		RAISE EXCEPTION 'unknown access "%"', p_access
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Access is reader, bi, poster, collector, loader, credit_manager, closer, approver, releaser, sender or legal.';
	END IF;
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', ledger, p_role);
	IF p_access NOT IN ('releaser', 'sender', 'bi') THEN
		EXECUTE format('GRANT SELECT ON aging_summary, open_items, document_status TO %I', p_role);
	END IF;
	FOR fn IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = quote_ident(ledger)::regnamespace AND p.proname = ANY (functions) LOOP
		EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %I', fn, p_role);
	END LOOP;
	IF p_access = 'loader' THEN
		-- Columns, not tables: what triggers and defaults fill is not for the loader to say.
		EXECUTE format('GRANT INSERT (customer_id, name, number, terms, currency, payer_id) ON customer TO %I', p_role);
		EXECUTE format('GRANT INSERT (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference, side, terms, received_on, clears_on,
			sold_to_id, order_id, fx_rate, reason, idempotency_key) ON document TO %I', p_role);
		EXECUTE format('GRANT INSERT (customer_id, document_id, line_no, product, description, quantity, unit_price, net_amount, tax_rate, tax_amount,
			line_total) ON document_line TO %I', p_role);
		EXECUTE format('GRANT INSERT (customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses) ON allocation TO %I', p_role);
		EXECUTE format('GRANT USAGE ON SEQUENCE customer_customer_id_seq, document_document_id_seq, allocation_allocation_id_seq,
			document_line_document_line_id_seq TO %I', p_role);
	END IF;
	IF p_access IN ('approver', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON approval_queue, approval, approval_vote, approval_use, approval_policy, authority, authority_end TO %I', p_role);
	END IF;
	IF p_access IN ('credit_manager', 'legal') THEN
		EXECUTE format('GRANT SELECT ON hold_queue, hold, hold_release, hold_reason TO %I', p_role);
	END IF;
	IF p_access IN ('reader', 'poster', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON unapplied_cash, cash_application_accuracy, deductions TO %I', p_role);
	END IF;
	IF p_access IN ('poster', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON bank_receipt, remittance, remittance_line, payer_alias,
			cash_rule_set, cash_rule, cash_run, cash_match, cash_allocation TO %I', p_role);
	END IF;
	IF p_access IN ('reader', 'poster', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON disputed_items, open_disputes, root_cause, dispute_metrics, credit_requests, credit_notes_issued, dormant_credits, credit_audit, return_status,
			aged_returns, core_bank TO %I', p_role);
	END IF;
	IF p_access IN ('poster', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON dispute, dispute_event, credit_reason, deduction_reason, return_policy, credit_request, credit_request_line, credit_issue, return_authorization,
			return_line, return_event, core_grade, core_deposit, core_return, note, tag, attachment, task, inquiry TO %I', p_role);
	END IF;
	IF p_access IN ('reader', 'collector', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON promises_due, broken_promises, promise_level, plans, contact_log, reasons_for_non_payment, escalations, placement, caseload,
			collector_performance TO %I', p_role);
	END IF;
	IF p_access IN ('collector', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON worklist TO %I', p_role);
		EXECUTE format('GRANT SELECT ON customer_contact, contact_fact, contact_outcome, payment_reason, contact, promise_policy, promise, promise_item, promise_event,
			plan_policy, payment_plan, payment_plan_item, payment_plan_instalment, payment_plan_event,
			claim_policy, escalation, escalation_item, escalation_event, agency_remittance, settlement, settlement_item, settlement_event,
			collector, collector_absence, portfolio_rule, portfolio, portfolio_change, collection_strategy, worklist_rule, worklist_claim TO %I', p_role);
	END IF;
	IF p_access IN ('collector', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON dunning_policy, dunning_level, dunning_run, dunning_letter, dunning_item, dunning_skip, dunning_pause, dunning_preview, letter_template,
			letter_locale, outbox, reference_rate, late_payment_law, late_payment_sum, interest_policy, interest_run, interest_charge, interest_overcharged,
			contact_rule, contact_holiday, contact_refusal, compliance_log, debt_notice, debt_request, insolvency, insolvency_claims, consumer_debt, notice_due TO %I', p_role);
	END IF;
	IF p_access IN ('reader', 'poster', 'collector', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON receivable_parts TO %I', p_role);
	END IF;
	IF p_access IN ('reader', 'credit_manager', 'closer') THEN
		EXECUTE format('GRANT SELECT ON aging_snapshot, aging_by_period, aging_by_night, ledger_entries, period TO %I', p_role);
	END IF;
	IF p_access = 'closer' THEN
		EXECUTE format('GRANT SELECT ON period_event, snapshot, customer_snapshot, snapshot_total, snapshot_migration, gl_account, unapplied_cash, credit_requests, approval_queue TO %I', p_role);
	END IF;
	IF p_access IN ('approver', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON pending_approvals TO %I', p_role);
	END IF;
	IF p_access = 'bi' THEN
		EXECUTE format('GRANT SELECT ON bi_customers, bi_aging, bi_open_items, bi_exposure, bi_holds, bi_allocations, bi_promises, bi_disputes, bi_kpi_monthly, bi_calendar,
			ledger_info, customer, customer_dimension, document, item, allocation, exposure, hold, hold_release, cash_allocation, promise, dispute TO %I', p_role);
	END IF;
	IF p_access IN ('reader', 'credit_manager') THEN
		EXECUTE format('GRANT SELECT ON forecast_accuracy, ecl_matrix, allowance_movement, bad_debts, borrowing_base TO %I', p_role);
	END IF;
	IF p_access = 'credit_manager' THEN
		EXECUTE format('GRANT SELECT ON credit_limit, decision, exposure, check_rule, order_release, statement_field, financial_statement, credit_report,
			trade_reference, bank_reference, security, security_release, financial_ratios, internal_behaviour, score_card, score_history, limit_policy, grade_policy,
			limit_recommendation, limit_recommendation_method, checklist_item, notice_rule, credit_application, credit_application_event,
			credit_application_status, review_policy, credit_review, review_queue, warning_rule, early_warning, portfolio_risk,
			loss_rate, loss_adjustment, specific_provision, allowance_run, allowance_line TO %I', p_role);
	END IF;
END $$;
COMMENT ON FUNCTION grant_access(name, text) IS 'Grants a role what it needs. reader: the views, aging_at(), forecast and allowance, exports. bi: the views bi_* and the tables they read, under the row security of these. poster: also posting, allocating, applying bank files, checking, and asking for credits. collector: the views, contacts, promises and payment plans. loader: also COPY into customer, document and allocation. credit_manager: reading and checking, limits and holds, deciding disputes and issuing credits, the credit file, scores, applications and reviews. closer: the reports, periods and their close; opening one again also takes authority. approver: asking for approvals, and approving within one''s authority. releaser: reevaluate_holds(), on order tables it may change. sender: taking messages out of the outbox, and saying what became of them. legal: reading and checking, placing holds, and ending those with a legal reason code.';

-- Functions are not for everybody just because they exist.
DO $do$
BEGIN
	EXECUTE format('REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA %I FROM PUBLIC', current_schema());
END $do$;
