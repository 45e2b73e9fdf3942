-- Payment plans: proposed, approved, paid or missed.

ALTER TABLE payment_plan ALTER actor SET DEFAULT actor();
ALTER TABLE payment_plan_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER payment_plan_append_only BEFORE DELETE OR UPDATE OF customer_id, payment_plan_id, currency, amount, interest_amount, interest_rate, terms, starts_on,
		grace_days, contact_id, reason, recorded_at, recorded_by, actor ON payment_plan
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_no_truncate BEFORE TRUNCATE ON payment_plan
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel it with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_item_append_only BEFORE UPDATE OR DELETE ON payment_plan_item
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_item_no_truncate BEFORE TRUNCATE ON payment_plan_item
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_instalment_append_only BEFORE UPDATE OR DELETE ON payment_plan_instalment
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_instalment_no_truncate BEFORE TRUNCATE ON payment_plan_instalment
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Cancel the plan with cancel_plan(), and propose another one.');
CREATE OR REPLACE TRIGGER payment_plan_event_append_only BEFORE UPDATE OR DELETE ON payment_plan_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a payment plan is only added to.');
CREATE OR REPLACE TRIGGER payment_plan_event_no_truncate BEFORE TRUNCATE ON payment_plan_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a payment plan is only added to.');
