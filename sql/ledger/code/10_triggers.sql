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

CREATE OR REPLACE TRIGGER check_rule_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON check_rule
	FOR EACH STATEMENT EXECUTE FUNCTION credit.rules_changed();
-- Also where rows come by replication: sessions must not go on with old rules.
ALTER TABLE check_rule ENABLE ALWAYS TRIGGER check_rule_changed;

-- What auditors read is only added to.
CREATE OR REPLACE TRIGGER document_append_only BEFORE UPDATE OR DELETE ON document
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Post a document that corrects it.');
CREATE OR REPLACE TRIGGER document_no_truncate BEFORE TRUNCATE ON document
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Post a document that corrects it.');
CREATE OR REPLACE TRIGGER allocation_append_only BEFORE UPDATE OR DELETE ON allocation
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Undo it with reverse_allocation().');
CREATE OR REPLACE TRIGGER allocation_no_truncate BEFORE TRUNCATE ON allocation
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Undo it with reverse_allocation().');
CREATE OR REPLACE TRIGGER credit_limit_append_only BEFORE UPDATE OR DELETE ON credit_limit
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
CREATE OR REPLACE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON decision
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Decisions are kept as they were taken.');
CREATE OR REPLACE TRIGGER decision_no_truncate BEFORE TRUNCATE ON decision
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Decisions are kept as they were taken.');
