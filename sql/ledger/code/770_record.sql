-- Notes, tags, attachments, tasks and inquiries, on whatever a customer has.

ALTER TABLE note ALTER actor SET DEFAULT actor();
ALTER TABLE tag ALTER actor SET DEFAULT actor();
ALTER TABLE attachment ALTER actor SET DEFAULT actor();
ALTER TABLE task ALTER actor SET DEFAULT actor();
ALTER TABLE inquiry ALTER actor SET DEFAULT actor();
CREATE OR REPLACE TRIGGER note_append_only BEFORE UPDATE OR DELETE ON note
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Add another note.');
CREATE OR REPLACE TRIGGER note_no_truncate BEFORE TRUNCATE ON note
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Add another note.');
CREATE OR REPLACE TRIGGER attachment_append_only BEFORE UPDATE OR DELETE ON attachment
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Attach another one.');
CREATE OR REPLACE TRIGGER attachment_no_truncate BEFORE TRUNCATE ON attachment
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Attach another one.');
CREATE OR REPLACE TRIGGER inquiry_append_only BEFORE UPDATE OR DELETE ON inquiry
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Record another inquiry.');
CREATE OR REPLACE TRIGGER inquiry_no_truncate BEFORE TRUNCATE ON inquiry
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Record another inquiry.');
CREATE OR REPLACE TRIGGER task_append_only BEFORE DELETE OR UPDATE OF customer_id, task_id, subject, subject_id, body, owner, due_date, recorded_at, recorded_by, actor ON task
	FOR EACH ROW EXECUTE FUNCTION credit.refuse_change('Finish it with finish_task(), and add another one.');
CREATE OR REPLACE TRIGGER task_no_truncate BEFORE TRUNCATE ON task
	FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change('Finish it with finish_task(), and add another one.');

CREATE OR REPLACE FUNCTION require_subject(p_customer_id bigint, p_subject text, p_subject_id bigint)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	there boolean;
BEGIN
	CASE p_subject
		WHEN 'customer' THEN there := p_subject_id = p_customer_id AND EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id);
		WHEN 'document' THEN there := EXISTS (SELECT FROM document t WHERE t.customer_id = p_customer_id AND t.document_id = p_subject_id);
		WHEN 'item' THEN there := EXISTS (SELECT FROM item t WHERE t.customer_id = p_customer_id AND t.item_id = p_subject_id);
		WHEN 'dispute' THEN there := EXISTS (SELECT FROM dispute t WHERE t.customer_id = p_customer_id AND t.dispute_id = p_subject_id);
		WHEN 'credit_request' THEN there := EXISTS (SELECT FROM credit_request t WHERE t.customer_id = p_customer_id AND t.credit_request_id = p_subject_id);
		WHEN 'return_authorization' THEN there := EXISTS (SELECT FROM return_authorization t WHERE t.customer_id = p_customer_id AND t.return_authorization_id = p_subject_id);
		WHEN 'core_deposit' THEN there := EXISTS (SELECT FROM core_deposit t WHERE t.customer_id = p_customer_id AND t.core_deposit_id = p_subject_id);
		ELSE
			RAISE EXCEPTION 'unknown subject "%"', left(p_subject, 100) USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Subjects are customer, document, item, dispute, credit_request, return_authorization and core_deposit.';
	END CASE;
	IF there IS NOT TRUE THEN
		RAISE EXCEPTION 'customer % has no % %', p_customer_id, replace(p_subject, '_', ' '), p_subject_id USING ERRCODE = 'foreign_key_violation';
	END IF;
END $$;
COMMENT ON FUNCTION require_subject(bigint, text, bigint) IS 'Error 22023 unless notes can be about that, 23503 unless it is there.';

CREATE OR REPLACE FUNCTION add_note(p_customer_id bigint, p_subject text, p_subject_id bigint, p_body text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_subject(p_customer_id, p_subject, p_subject_id);
	INSERT INTO note (customer_id, subject, subject_id, body) VALUES (p_customer_id, p_subject, p_subject_id, p_body) RETURNING note_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_note(bigint, text, bigint, text) IS 'Notes something about a customer, document, item, dispute, credit_request, return_authorization or core_deposit (p_subject) by its id. Returns the id of the note.';

CREATE OR REPLACE FUNCTION add_tag(p_customer_id bigint, p_subject text, p_subject_id bigint, p_tag text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_subject(p_customer_id, p_subject, p_subject_id);
	PERFORM require_tag(p_tag);
	INSERT INTO tag (customer_id, subject, subject_id, tag) VALUES (p_customer_id, p_subject, p_subject_id, p_tag) ON CONFLICT DO NOTHING;
END $$;
COMMENT ON FUNCTION add_tag(bigint, text, bigint, text) IS 'Tags something, as add_note() names it, with a word to find it by. Again changes nothing.';

CREATE OR REPLACE FUNCTION require_tag(p_tag text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF COALESCE(p_tag, '') = '' OR length(p_tag) > 100 OR p_tag <> btrim(p_tag) THEN
		RAISE EXCEPTION 'a tag is of 1 to 100 characters without blanks around it' USING ERRCODE = 'invalid_parameter_value';
	END IF;
END $$;
COMMENT ON FUNCTION require_tag(text) IS 'Error 22023 unless it can be a tag.';

CREATE OR REPLACE FUNCTION remove_tag(p_customer_id bigint, p_subject text, p_subject_id bigint, p_tag text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_subject(p_customer_id, p_subject, p_subject_id);
	DELETE FROM tag t WHERE t.customer_id = p_customer_id AND t.subject = p_subject AND t.subject_id = p_subject_id AND t.tag = p_tag;
	RETURN FOUND;
END $$;
COMMENT ON FUNCTION remove_tag(bigint, text, bigint, text) IS 'Takes a tag off. Returns whether it was there.';

CREATE OR REPLACE FUNCTION attach(p_customer_id bigint, p_subject text, p_subject_id bigint, p_uri text, p_sha256 bytea DEFAULT NULL, p_description text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_subject(p_customer_id, p_subject, p_subject_id);
	INSERT INTO attachment (customer_id, subject, subject_id, uri, sha256, description)
	VALUES (p_customer_id, p_subject, p_subject_id, p_uri, p_sha256, p_description) RETURNING attachment_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION attach(bigint, text, bigint, text, bytea, text) IS 'Says where a paper about something is kept, and the SHA-256 (32 bytes) of its content. Returns the id of the attachment.';

CREATE OR REPLACE FUNCTION add_task(p_customer_id bigint, p_subject text, p_subject_id bigint, p_body text, p_owner text DEFAULT NULL, p_due_date date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_subject(p_customer_id, p_subject, p_subject_id);
	INSERT INTO task (customer_id, subject, subject_id, body, owner, due_date)
	VALUES (p_customer_id, p_subject, p_subject_id, p_body, p_owner, p_due_date) RETURNING task_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_task(bigint, text, bigint, text, text, date) IS 'Says what is to be done about something, by whom and until when. Returns the id of the task.';

CREATE OR REPLACE FUNCTION finish_task(p_customer_id bigint, p_task_id bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE task t SET done_at = now(), done_by = actor() WHERE t.customer_id = p_customer_id AND t.task_id = p_task_id AND t.done_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no task % to be done', p_customer_id, p_task_id USING ERRCODE = 'foreign_key_violation';
	END IF;
END $$;
COMMENT ON FUNCTION finish_task(bigint, bigint) IS 'The acting person has done a task.';

CREATE OR REPLACE FUNCTION record_inquiry(p_customer_id bigint, p_subject text, p_subject_id bigint, p_with_whom text, p_department text, p_channel text,
	p_question text DEFAULT NULL, p_answer text DEFAULT NULL, p_asked_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_subject(p_customer_id, p_subject, p_subject_id);
	INSERT INTO inquiry (customer_id, subject, subject_id, with_whom, department, channel, question, answer, asked_on)
	VALUES (p_customer_id, p_subject, p_subject_id, p_with_whom, p_department, p_channel, p_question, p_answer, COALESCE(p_asked_on, ledger_today()))
	RETURNING inquiry_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION record_inquiry(bigint, text, bigint, text, text, text, text, text, date) IS 'Records whom we asked about something, or who asked us (p_department: customer, sales, warehouse, service, other; p_channel: phone, e-mail, letter, meeting, other), and what was said. Returns the id of the inquiry.';
