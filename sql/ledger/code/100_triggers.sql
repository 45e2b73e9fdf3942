-- Triggers of the ledger's own tables.

CREATE OR REPLACE TRIGGER customer_gather AFTER INSERT ON customer
	FOR EACH ROW EXECUTE FUNCTION credit.post_customer();
CREATE OR REPLACE TRIGGER customer_settle AFTER INSERT ON customer
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_customer();

CREATE OR REPLACE TRIGGER document_check BEFORE INSERT ON document
	FOR EACH ROW EXECUTE FUNCTION credit.post_document();
CREATE OR REPLACE TRIGGER document_gather AFTER INSERT ON document
	FOR EACH ROW EXECUTE FUNCTION credit.post_document();
CREATE OR REPLACE TRIGGER document_settle AFTER INSERT ON document
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_document();

CREATE OR REPLACE TRIGGER allocation_check BEFORE INSERT ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.post_allocation();
CREATE OR REPLACE TRIGGER allocation_gather AFTER INSERT ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.post_allocation();
CREATE OR REPLACE TRIGGER allocation_settle AFTER INSERT ON allocation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_allocation();

-- Before the business date of anything that past reports depend on, the books must be open.  document and allocation
-- have it in their own triggers.
CREATE OR REPLACE TRIGGER due_date_change_open BEFORE INSERT ON due_date_change
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_closed('effective_on');
CREATE OR REPLACE TRIGGER deposit_release_open BEFORE INSERT ON deposit_release
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_closed('released_on');
-- Not on dispute: what a merged customer disputed keeps its day, and the dispute it came from stays with the past.
CREATE OR REPLACE TRIGGER dispute_event_open BEFORE INSERT ON dispute_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_closed('happened_on');
CREATE OR REPLACE TRIGGER ledger_info_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_info
	FOR EACH STATEMENT EXECUTE FUNCTION credit.info_changed();
ALTER TABLE ledger_info ENABLE ALWAYS TRIGGER ledger_info_changed;

CREATE OR REPLACE TRIGGER check_rule_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON check_rule
	FOR EACH STATEMENT EXECUTE FUNCTION credit.rules_changed();
-- Also where rows come by replication: sessions must not go on with old rules.
ALTER TABLE check_rule ENABLE ALWAYS TRIGGER check_rule_changed;
CREATE OR REPLACE TRIGGER check_exclusion_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON check_exclusion
	FOR EACH STATEMENT EXECUTE FUNCTION credit.rules_changed();
ALTER TABLE check_exclusion ENABLE ALWAYS TRIGGER check_exclusion_changed;
CREATE OR REPLACE TRIGGER exposure_policy_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON exposure_policy
	FOR EACH STATEMENT EXECUTE FUNCTION credit.rules_changed();
ALTER TABLE exposure_policy ENABLE ALWAYS TRIGGER exposure_policy_changed;

-- Each customer's history is a hash chain.  Documents and allocations join it with their own triggers.
CREATE OR REPLACE TRIGGER document_line_gather AFTER INSERT ON document_line
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('document_line');
CREATE OR REPLACE TRIGGER document_line_settle AFTER INSERT ON document_line
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('document_line');
CREATE OR REPLACE TRIGGER due_date_change_gather AFTER INSERT ON due_date_change
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('due_date_change');
CREATE OR REPLACE TRIGGER due_date_change_settle AFTER INSERT ON due_date_change
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('due_date_change');
CREATE OR REPLACE TRIGGER clearing_gather AFTER INSERT ON clearing
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('clearing');
CREATE OR REPLACE TRIGGER clearing_settle AFTER INSERT ON clearing
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('clearing');
CREATE OR REPLACE TRIGGER deposit_release_gather AFTER INSERT ON deposit_release
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('deposit_release');
CREATE OR REPLACE TRIGGER deposit_release_settle AFTER INSERT ON deposit_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('deposit_release');
CREATE OR REPLACE TRIGGER customer_merge_gather AFTER INSERT ON customer_merge
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('customer_merge');
CREATE OR REPLACE TRIGGER customer_merge_settle AFTER INSERT ON customer_merge
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('customer_merge');
CREATE OR REPLACE TRIGGER credit_limit_gather AFTER INSERT ON credit_limit
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('credit_limit');
CREATE OR REPLACE TRIGGER credit_limit_settle AFTER INSERT ON credit_limit
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('credit_limit');
CREATE OR REPLACE TRIGGER hold_gather AFTER INSERT ON hold
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('hold');
CREATE OR REPLACE TRIGGER hold_settle AFTER INSERT ON hold
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('hold');
CREATE OR REPLACE TRIGGER order_release_gather AFTER INSERT ON order_release
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('order_release');
CREATE OR REPLACE TRIGGER order_release_settle AFTER INSERT ON order_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('order_release');
CREATE OR REPLACE TRIGGER hold_release_gather AFTER INSERT ON hold_release
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('hold_release');
CREATE OR REPLACE TRIGGER hold_release_settle AFTER INSERT ON hold_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('hold_release');
CREATE OR REPLACE TRIGGER approval_gather AFTER INSERT ON approval
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('approval');
CREATE OR REPLACE TRIGGER approval_settle AFTER INSERT ON approval
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('approval');
CREATE OR REPLACE TRIGGER approval_vote_gather AFTER INSERT ON approval_vote
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('approval_vote');
CREATE OR REPLACE TRIGGER approval_vote_settle AFTER INSERT ON approval_vote
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('approval_vote');
CREATE OR REPLACE TRIGGER approval_use_gather AFTER INSERT ON approval_use
	FOR EACH ROW EXECUTE FUNCTION credit.post_chain('approval_use');
CREATE OR REPLACE TRIGGER approval_use_settle AFTER INSERT ON approval_use
	FOR EACH STATEMENT EXECUTE FUNCTION credit.post_chain('approval_use');

-- What auditors read is only added to.
CREATE OR REPLACE TRIGGER document_append_only BEFORE UPDATE OR DELETE ON document
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Post a document that corrects it.');
CREATE OR REPLACE TRIGGER document_no_truncate BEFORE TRUNCATE ON document
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Post a document that corrects it.');
CREATE OR REPLACE TRIGGER allocation_append_only BEFORE UPDATE OR DELETE ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Undo it with reverse_allocation().');
CREATE OR REPLACE TRIGGER allocation_no_truncate BEFORE TRUNCATE ON allocation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Undo it with reverse_allocation().');
CREATE OR REPLACE TRIGGER credit_limit_append_only BEFORE DELETE OR UPDATE OF customer_id, credit_limit_id, amount, currency, valid_from, valid_to,
		reason, set_at, set_by, kind, replaces_own, covered_percent, max_overdue_days, provider, policy_no, requested_by, approved_by,
		recommendation_id, actor ON credit_limit
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Set a new limit with set_credit_limit().');
CREATE OR REPLACE TRIGGER credit_limit_no_truncate BEFORE TRUNCATE ON credit_limit
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Set a new limit with set_credit_limit().');
CREATE OR REPLACE TRIGGER hold_append_only BEFORE UPDATE OR DELETE ON hold
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with release_hold().');
CREATE OR REPLACE TRIGGER hold_no_truncate BEFORE TRUNCATE ON hold
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with release_hold().');
CREATE OR REPLACE TRIGGER hold_release_append_only BEFORE UPDATE OR DELETE ON hold_release
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Place a new hold with place_hold().');
CREATE OR REPLACE TRIGGER hold_release_no_truncate BEFORE TRUNCATE ON hold_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Place a new hold with place_hold().');
CREATE OR REPLACE TRIGGER order_release_append_only BEFORE UPDATE OR DELETE ON order_release
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Release the order again with release_order(), up to 0 to take it back.');
CREATE OR REPLACE TRIGGER order_release_no_truncate BEFORE TRUNCATE ON order_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Release the order again with release_order(), up to 0 to take it back.');
CREATE OR REPLACE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON decision
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Decisions are kept as they were taken.');
CREATE OR REPLACE TRIGGER decision_no_truncate BEFORE TRUNCATE ON decision
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Decisions are kept as they were taken.');
CREATE OR REPLACE TRIGGER document_line_append_only BEFORE UPDATE OR DELETE ON document_line
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Void the document and post it again.');
CREATE OR REPLACE TRIGGER document_line_no_truncate BEFORE TRUNCATE ON document_line
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Void the document and post it again.');
CREATE OR REPLACE TRIGGER exchange_difference_append_only BEFORE UPDATE OR DELETE ON exchange_difference
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('It follows from the allocation.');
CREATE OR REPLACE TRIGGER exchange_difference_no_truncate BEFORE TRUNCATE ON exchange_difference
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('It follows from the allocation.');
CREATE OR REPLACE TRIGGER due_date_change_append_only BEFORE UPDATE OR DELETE ON due_date_change
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Change the due date again with set_due_date().');
CREATE OR REPLACE TRIGGER due_date_change_no_truncate BEFORE TRUNCATE ON due_date_change
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Change the due date again with set_due_date().');
CREATE OR REPLACE TRIGGER clearing_append_only BEFORE UPDATE OR DELETE ON clearing
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('A payment that comes back is returned with return_payment().');
CREATE OR REPLACE TRIGGER clearing_no_truncate BEFORE TRUNCATE ON clearing
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('A payment that comes back is returned with return_payment().');
CREATE OR REPLACE TRIGGER deposit_release_append_only BEFORE UPDATE OR DELETE ON deposit_release
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Post a new deposit.');
CREATE OR REPLACE TRIGGER deposit_release_no_truncate BEFORE TRUNCATE ON deposit_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Post a new deposit.');
CREATE OR REPLACE TRIGGER customer_merge_append_only BEFORE UPDATE OR DELETE ON customer_merge
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Open a new customer.');
CREATE OR REPLACE TRIGGER customer_merge_no_truncate BEFORE TRUNCATE ON customer_merge
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Open a new customer.');
CREATE OR REPLACE TRIGGER chain_link_append_only BEFORE UPDATE OR DELETE ON chain_link
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('The audit chain is only added to.');
CREATE OR REPLACE TRIGGER chain_link_no_truncate BEFORE TRUNCATE ON chain_link
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('The audit chain is only added to.');
CREATE OR REPLACE TRIGGER mark_append_only BEFORE UPDATE OR DELETE ON mark
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Take a new mark.');
CREATE OR REPLACE TRIGGER mark_no_truncate BEFORE TRUNCATE ON mark
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Take a new mark.');
CREATE OR REPLACE TRIGGER mark_head_append_only BEFORE UPDATE OR DELETE ON mark_head
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Take a new mark.');
CREATE OR REPLACE TRIGGER mark_head_no_truncate BEFORE TRUNCATE ON mark_head
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Take a new mark.');
CREATE OR REPLACE TRIGGER fx_rate_append_only BEFORE UPDATE OR DELETE ON fx_rate
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a rate that starts later, with set_fx_rate().');
CREATE OR REPLACE TRIGGER fx_rate_no_truncate BEFORE TRUNCATE ON fx_rate
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a rate that starts later, with set_fx_rate().');
CREATE OR REPLACE TRIGGER risk_figure_append_only BEFORE UPDATE OR DELETE ON risk_figure
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a figure that starts later, with set_risk_figure().');
CREATE OR REPLACE TRIGGER risk_figure_no_truncate BEFORE TRUNCATE ON risk_figure
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a figure that starts later, with set_risk_figure().');
CREATE OR REPLACE TRIGGER customer_change_append_only BEFORE UPDATE OR DELETE ON customer_change
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('It follows from the changes of the customer.');
CREATE OR REPLACE TRIGGER customer_change_no_truncate BEFORE TRUNCATE ON customer_change
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('It follows from the changes of the customer.');
CREATE OR REPLACE TRIGGER authority_append_only BEFORE UPDATE OR DELETE ON authority
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with end_authority(), and grant another.');
CREATE OR REPLACE TRIGGER authority_no_truncate BEFORE TRUNCATE ON authority
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with end_authority(), and grant another.');
CREATE OR REPLACE TRIGGER authority_end_append_only BEFORE UPDATE OR DELETE ON authority_end
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Grant another authority with grant_authority().');
CREATE OR REPLACE TRIGGER authority_end_no_truncate BEFORE TRUNCATE ON authority_end
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Grant another authority with grant_authority().');
CREATE OR REPLACE TRIGGER approval_policy_append_only BEFORE UPDATE OR DELETE ON approval_policy
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Set a new one with set_approval_policy().');
CREATE OR REPLACE TRIGGER approval_policy_no_truncate BEFORE TRUNCATE ON approval_policy
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Set a new one with set_approval_policy().');
CREATE OR REPLACE TRIGGER approval_append_only BEFORE UPDATE OR DELETE ON approval
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Reject it with reject(), and ask again.');
CREATE OR REPLACE TRIGGER approval_no_truncate BEFORE TRUNCATE ON approval
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Reject it with reject(), and ask again.');
CREATE OR REPLACE TRIGGER approval_vote_append_only BEFORE UPDATE OR DELETE ON approval_vote
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('A vote stands; ask again with request_approval().');
CREATE OR REPLACE TRIGGER approval_vote_no_truncate BEFORE TRUNCATE ON approval_vote
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('A vote stands; ask again with request_approval().');
CREATE OR REPLACE TRIGGER approval_use_append_only BEFORE UPDATE OR DELETE ON approval_use
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Ask again with request_approval().');
CREATE OR REPLACE TRIGGER approval_use_no_truncate BEFORE TRUNCATE ON approval_use
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Ask again with request_approval().');
CREATE OR REPLACE TRIGGER bank_receipt_append_only BEFORE UPDATE OR DELETE ON bank_receipt
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Load what the bank corrected as another line.');
CREATE OR REPLACE TRIGGER bank_receipt_no_truncate BEFORE TRUNCATE ON bank_receipt
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Load what the bank corrected as another line.');
CREATE OR REPLACE TRIGGER remittance_append_only BEFORE UPDATE OR DELETE ON remittance
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Load a corrected advice under a trace of its own.');
CREATE OR REPLACE TRIGGER remittance_no_truncate BEFORE TRUNCATE ON remittance
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Load a corrected advice under a trace of its own.');
CREATE OR REPLACE TRIGGER remittance_line_append_only BEFORE UPDATE OR DELETE ON remittance_line
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Load a corrected advice under a trace of its own.');
CREATE OR REPLACE TRIGGER remittance_line_no_truncate BEFORE TRUNCATE ON remittance_line
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Load a corrected advice under a trace of its own.');
CREATE OR REPLACE TRIGGER cash_match_append_only BEFORE UPDATE OR DELETE ON cash_match
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Decide anew with confirm_match() or reject_match().');
CREATE OR REPLACE TRIGGER cash_match_no_truncate BEFORE TRUNCATE ON cash_match
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Decide anew with confirm_match() or reject_match().');
CREATE OR REPLACE TRIGGER cash_allocation_append_only BEFORE UPDATE OR DELETE ON cash_allocation
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('It follows from the allocation.');
CREATE OR REPLACE TRIGGER cash_allocation_no_truncate BEFORE TRUNCATE ON cash_allocation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('It follows from the allocation.');
CREATE OR REPLACE TRIGGER deduction_append_only BEFORE DELETE OR UPDATE OF customer_id, deduction_id, item_id, cash_match_id, amount, currency,
		reason_code, taken_on, recorded_at, recorded_by ON deduction
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What is settled of it shows in its item.');
CREATE OR REPLACE TRIGGER deduction_no_truncate BEFORE TRUNCATE ON deduction
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What is settled of it shows in its item.');

-- The credit file, scores, recommendations, applications and reviews.
CREATE OR REPLACE TRIGGER financial_statement_append_only BEFORE UPDATE OR DELETE ON financial_statement
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a restatement with add_financial_statement().');
CREATE OR REPLACE TRIGGER financial_statement_no_truncate BEFORE TRUNCATE ON financial_statement
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a restatement with add_financial_statement().');
CREATE OR REPLACE TRIGGER credit_report_append_only BEFORE UPDATE OR DELETE ON credit_report
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a later report with add_credit_report().');
CREATE OR REPLACE TRIGGER credit_report_no_truncate BEFORE TRUNCATE ON credit_report
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a later report with add_credit_report().');
CREATE OR REPLACE TRIGGER trade_reference_append_only BEFORE UPDATE OR DELETE ON trade_reference
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a later one with add_trade_reference().');
CREATE OR REPLACE TRIGGER trade_reference_no_truncate BEFORE TRUNCATE ON trade_reference
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a later one with add_trade_reference().');
CREATE OR REPLACE TRIGGER bank_reference_append_only BEFORE UPDATE OR DELETE ON bank_reference
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter a later one with add_bank_reference().');
CREATE OR REPLACE TRIGGER bank_reference_no_truncate BEFORE TRUNCATE ON bank_reference
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter a later one with add_bank_reference().');
CREATE OR REPLACE TRIGGER security_append_only BEFORE UPDATE OR DELETE ON security
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with release_security().');
CREATE OR REPLACE TRIGGER security_no_truncate BEFORE TRUNCATE ON security
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with release_security().');
CREATE OR REPLACE TRIGGER security_release_append_only BEFORE UPDATE OR DELETE ON security_release
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Enter the security again with add_security().');
CREATE OR REPLACE TRIGGER security_release_no_truncate BEFORE TRUNCATE ON security_release
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Enter the security again with add_security().');
CREATE OR REPLACE TRIGGER score_card_append_only BEFORE DELETE OR UPDATE OF score_card_id, name, version, card, valid_from, share, share_from,
		loss_given_default, reason, recorded_at, recorded_by, actor ON score_card
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Take another version into use with add_score_card().');
CREATE OR REPLACE TRIGGER score_card_no_truncate BEFORE TRUNCATE ON score_card
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Take another version into use with add_score_card().');
CREATE OR REPLACE TRIGGER score_history_append_only BEFORE UPDATE OR DELETE ON score_history
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Score the customer again with score_customer().');
CREATE OR REPLACE TRIGGER score_history_no_truncate BEFORE TRUNCATE ON score_history
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Score the customer again with score_customer().');
CREATE OR REPLACE TRIGGER limit_recommendation_append_only BEFORE UPDATE OR DELETE ON limit_recommendation
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Ask again with recommend_limit().');
CREATE OR REPLACE TRIGGER limit_recommendation_no_truncate BEFORE TRUNCATE ON limit_recommendation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Ask again with recommend_limit().');
CREATE OR REPLACE TRIGGER credit_application_append_only BEFORE UPDATE OR DELETE ON credit_application
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Withdraw it with withdraw_application(), and enter another.');
CREATE OR REPLACE TRIGGER credit_application_no_truncate BEFORE TRUNCATE ON credit_application
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Withdraw it with withdraw_application(), and enter another.');
CREATE OR REPLACE TRIGGER credit_application_event_append_only BEFORE UPDATE OR DELETE ON credit_application_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened stays on record.');
CREATE OR REPLACE TRIGGER credit_application_event_no_truncate BEFORE TRUNCATE ON credit_application_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened stays on record.');
CREATE OR REPLACE TRIGGER credit_review_append_only BEFORE UPDATE OR DELETE ON credit_review
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Review the customer again with complete_review().');
CREATE OR REPLACE TRIGGER credit_review_no_truncate BEFORE TRUNCATE ON credit_review
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Review the customer again with complete_review().');
