-- What people note about anything: notes, tags, attachments, tasks, inquiries.

CREATE TABLE note (
	customer_id bigint NOT NULL REFERENCES customer,
	note_id bigserial NOT NULL,
	subject text NOT NULL,
	subject_id bigint NOT NULL,
	body text NOT NULL CHECK (body <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, note_id)
);
CREATE INDEX note_subject_idx ON note (customer_id, subject, subject_id);
COMMENT ON TABLE note IS 'Notes, never changed.';
COMMENT ON COLUMN note.customer_id IS 'The debtor.';
COMMENT ON COLUMN note.note_id IS 'Key, with customer_id.';
COMMENT ON COLUMN note.subject IS 'What it is about: customer, document, item, dispute, credit_request, return_authorization or core_deposit.';
COMMENT ON COLUMN note.subject_id IS 'Its key, with customer_id.';
COMMENT ON COLUMN note.body IS 'The note.';
COMMENT ON COLUMN note.recorded_at IS 'Record time.';
COMMENT ON COLUMN note.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN note.actor IS 'Person who did it, by default actor().';

CREATE TABLE tag (
	customer_id bigint NOT NULL REFERENCES customer,
	subject text NOT NULL,
	subject_id bigint NOT NULL,
	tag text NOT NULL CHECK (tag <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, subject, subject_id, tag)
);
CREATE INDEX tag_idx ON tag (tag);
COMMENT ON TABLE tag IS 'Words that things are found by; taken off with remove_tag().';
COMMENT ON COLUMN tag.customer_id IS 'The debtor.';
COMMENT ON COLUMN tag.subject IS 'What carries it, as in note.';
COMMENT ON COLUMN tag.subject_id IS 'Its key, with customer_id.';
COMMENT ON COLUMN tag.tag IS 'The word.';
COMMENT ON COLUMN tag.recorded_at IS 'Record time.';
COMMENT ON COLUMN tag.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN tag.actor IS 'Person who did it, by default actor().';

CREATE TABLE attachment (
	customer_id bigint NOT NULL REFERENCES customer,
	attachment_id bigserial NOT NULL,
	subject text NOT NULL,
	subject_id bigint NOT NULL,
	uri text NOT NULL CHECK (uri <> ''),
	sha256 bytea CHECK (length(sha256) = 32),
	description text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, attachment_id)
);
CREATE INDEX attachment_subject_idx ON attachment (customer_id, subject, subject_id);
COMMENT ON TABLE attachment IS 'Where papers are kept, never changed. The papers themselves are elsewhere.';
COMMENT ON COLUMN attachment.customer_id IS 'The debtor.';
COMMENT ON COLUMN attachment.attachment_id IS 'Key, with customer_id.';
COMMENT ON COLUMN attachment.subject IS 'What it belongs to, as in note.';
COMMENT ON COLUMN attachment.subject_id IS 'Its key, with customer_id.';
COMMENT ON COLUMN attachment.uri IS 'Where it is.';
COMMENT ON COLUMN attachment.sha256 IS 'SHA-256 of its content, which shows whether it is still the same.';
COMMENT ON COLUMN attachment.description IS 'What it is.';
COMMENT ON COLUMN attachment.recorded_at IS 'Record time.';
COMMENT ON COLUMN attachment.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN attachment.actor IS 'Person who did it, by default actor().';

CREATE TABLE task (
	customer_id bigint NOT NULL REFERENCES customer,
	task_id bigserial NOT NULL,
	subject text NOT NULL,
	subject_id bigint NOT NULL,
	body text NOT NULL CHECK (body <> ''),
	owner text,
	due_date date CHECK (isfinite(due_date)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	done_at timestamptz,
	done_by text,
	PRIMARY KEY (customer_id, task_id),
	CONSTRAINT task_done CHECK ((done_at IS NULL) = (done_by IS NULL))
);
CREATE INDEX task_subject_idx ON task (customer_id, subject, subject_id);
CREATE INDEX task_owner_idx ON task (owner, due_date) WHERE done_at IS NULL;
COMMENT ON TABLE task IS 'What is to be done; only done_at and done_by change.';
COMMENT ON COLUMN task.customer_id IS 'The debtor.';
COMMENT ON COLUMN task.task_id IS 'Key, with customer_id.';
COMMENT ON COLUMN task.subject IS 'What it is about, as in note.';
COMMENT ON COLUMN task.subject_id IS 'Its key, with customer_id.';
COMMENT ON COLUMN task.body IS 'What is to be done.';
COMMENT ON COLUMN task.owner IS 'Person who is to do it.';
COMMENT ON COLUMN task.due_date IS 'Until when.';
COMMENT ON COLUMN task.recorded_at IS 'Record time.';
COMMENT ON COLUMN task.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN task.actor IS 'Person who asks for it, by default actor().';
COMMENT ON COLUMN task.done_at IS 'When it was done; NULL: not yet.';
COMMENT ON COLUMN task.done_by IS 'Person who did it.';

CREATE TABLE inquiry (
	customer_id bigint NOT NULL REFERENCES customer,
	inquiry_id bigserial NOT NULL,
	subject text NOT NULL,
	subject_id bigint NOT NULL,
	with_whom text NOT NULL CHECK (with_whom <> ''),
	department text NOT NULL CHECK (department IN ('customer', 'sales', 'warehouse', 'service', 'other')),
	channel text NOT NULL CHECK (channel IN ('phone', 'e-mail', 'letter', 'meeting', 'other')),
	question text,
	answer text,
	asked_on date NOT NULL CHECK (isfinite(asked_on)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, inquiry_id),
	CONSTRAINT inquiry_said CHECK (COALESCE(question, '') <> '' OR COALESCE(answer, '') <> '')
);
CREATE INDEX inquiry_subject_idx ON inquiry (customer_id, subject, subject_id);
COMMENT ON TABLE inquiry IS 'Who was asked, or asked us, and what was said; never changed.';
COMMENT ON COLUMN inquiry.customer_id IS 'The debtor.';
COMMENT ON COLUMN inquiry.inquiry_id IS 'Key, with customer_id.';
COMMENT ON COLUMN inquiry.subject IS 'What it was about, as in note.';
COMMENT ON COLUMN inquiry.subject_id IS 'Its key, with customer_id.';
COMMENT ON COLUMN inquiry.with_whom IS 'Person we spoke with.';
COMMENT ON COLUMN inquiry.department IS 'customer, or who of us: sales, warehouse, service, other.';
COMMENT ON COLUMN inquiry.channel IS 'phone, e-mail, letter, meeting or other.';
COMMENT ON COLUMN inquiry.question IS 'What was asked.';
COMMENT ON COLUMN inquiry.answer IS 'What was said.';
COMMENT ON COLUMN inquiry.asked_on IS 'Business date.';
COMMENT ON COLUMN inquiry.recorded_at IS 'Record time.';
COMMENT ON COLUMN inquiry.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN inquiry.actor IS 'Person who did it, by default actor().';
