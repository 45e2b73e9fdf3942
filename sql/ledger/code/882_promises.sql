-- Promises to pay: made, evaluated from the allocations, withdrawn.

ALTER TABLE promise ALTER actor SET DEFAULT actor();
ALTER TABLE promise_event ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER promise_append_only BEFORE DELETE OR UPDATE OF customer_id, promise_id, currency, amount, promised_on, due_on, tolerance_days,
		tolerance_amount, contact_id, customer_contact_id, note, open_amount, after_allocation_id, recorded_at, recorded_by, actor ON promise
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Withdraw it with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_no_truncate BEFORE TRUNCATE ON promise
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Withdraw it with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_item_append_only BEFORE UPDATE OR DELETE ON promise_item
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Withdraw the promise with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_item_no_truncate BEFORE TRUNCATE ON promise_item
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Withdraw the promise with withdraw_promise(), and enter another one.');
CREATE OR REPLACE TRIGGER promise_event_append_only BEFORE UPDATE OR DELETE ON promise_event
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('What happened to a promise is only added to.');
CREATE OR REPLACE TRIGGER promise_event_no_truncate BEFORE TRUNCATE ON promise_event
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('What happened to a promise is only added to.');
