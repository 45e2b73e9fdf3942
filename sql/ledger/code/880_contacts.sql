-- Contacts: who is there, what is known of them, and what was said.

ALTER TABLE customer_contact ALTER actor SET DEFAULT actor();
ALTER TABLE contact_fact ALTER actor SET DEFAULT actor();
ALTER TABLE contact ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER contact_fact_append_only BEFORE DELETE OR UPDATE OF customer_id, contact_fact_id, customer_contact_id, kind, channel, from_time, to_time,
		valid_from, note, recorded_at, recorded_by, actor ON contact_fact
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('End it with end_contact_fact(), and enter another one.');
CREATE OR REPLACE TRIGGER contact_fact_no_truncate BEFORE TRUNCATE ON contact_fact
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('End it with end_contact_fact(), and enter another one.');
CREATE OR REPLACE TRIGGER contact_append_only BEFORE UPDATE OR DELETE ON contact
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Record another contact.');
CREATE OR REPLACE TRIGGER contact_no_truncate BEFORE TRUNCATE ON contact
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Record another contact.');
