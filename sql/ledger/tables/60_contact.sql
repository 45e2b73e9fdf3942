-- Contacts: the people at a customer, what is known of them, and every word with them.

CREATE TABLE customer_contact (
	customer_id bigint NOT NULL REFERENCES customer,
	customer_contact_id bigserial NOT NULL,
	name text NOT NULL CHECK (name <> ''),
	role text,
	kind text NOT NULL DEFAULT 'business' CHECK (kind IN ('business', 'consumer')),
	language text CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
	preferred_channel text CHECK (preferred_channel IN ('phone', 'e-mail', 'letter', 'visit')),
	phone text CHECK (phone <> ''),
	email text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
	address text CHECK (address <> ''),
	jurisdiction text CHECK (jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'),
	-- With a slash: an abbreviation such as EST has no summer time, and an offset is no place.
	time_zone text CHECK (time_zone ~ '^([A-Za-z_-]+(/[A-Za-z_-]+)+|UTC)$' AND (time_zone IS NULL OR now() AT TIME ZONE time_zone IS NOT NULL)),
	ended_on date CHECK (isfinite(ended_on)),
	formerly bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, customer_contact_id)
);
CREATE INDEX customer_contact_idx ON customer_contact (customer_contact_id);
COMMENT ON TABLE customer_contact IS 'People at customers, as last changed by change_customer_contact(). What the law asks about them is in contact_fact.';
COMMENT ON COLUMN customer_contact.customer_id IS 'The debtor.';
COMMENT ON COLUMN customer_contact.customer_contact_id IS 'Key, with customer_id; also unique by itself.';
COMMENT ON COLUMN customer_contact.name IS 'The person''s name.';
COMMENT ON COLUMN customer_contact.role IS 'What the person does there, such as accounts payable, owner, attorney.';
COMMENT ON COLUMN customer_contact.kind IS 'business, or consumer: a natural person who owes for personal, family or household purposes, whom more rules protect.';
COMMENT ON COLUMN customer_contact.language IS 'Language to use, as in BCP 47: de, en-GB.';
COMMENT ON COLUMN customer_contact.preferred_channel IS 'How the person likes to be contacted: phone, e-mail, letter or visit.';
COMMENT ON COLUMN customer_contact.phone IS 'Telephone number.';
COMMENT ON COLUMN customer_contact.email IS 'E-mail address.';
COMMENT ON COLUMN customer_contact.address IS 'Postal address.';
COMMENT ON COLUMN customer_contact.jurisdiction IS 'Whose law applies: country (ISO 3166-1) and, where it matters, its part (ISO 3166-2), such as DE or US-NY.';
COMMENT ON COLUMN customer_contact.time_zone IS 'IANA time zone of the person, such as Asia/Kolkata, in which hours of contact count; NULL: not known, so that nobody may say that an hour is right.';
COMMENT ON COLUMN customer_contact.ended_on IS 'Day from which the person is no longer there; NULL: still is.';
COMMENT ON COLUMN customer_contact.formerly IS 'The same person under a customer that was merged into this one: customer_contact_id there. What was said with it counts.';
COMMENT ON COLUMN customer_contact.recorded_at IS 'Record time of the first entry.';
COMMENT ON COLUMN customer_contact.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN customer_contact.actor IS 'Person who entered it, by default actor().';

CREATE TABLE contact_fact (
	customer_id bigint NOT NULL,
	contact_fact_id bigserial NOT NULL,
	customer_contact_id bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('consent', 'opt_out', 'cease', 'refusal', 'attorney', 'workplace', 'inconvenient')),
	channel text CHECK (channel IN ('phone', 'e-mail', 'letter', 'visit')),
	from_time time,
	to_time time,
	valid_from timestamptz NOT NULL CHECK (isfinite(valid_from)),
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	note text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	ended_at timestamptz,
	ended_by text,
	PRIMARY KEY (customer_id, contact_fact_id),
	FOREIGN KEY (customer_id, customer_contact_id) REFERENCES customer_contact,
	CONSTRAINT contact_fact_validity CHECK (valid_to >= valid_from),
	CONSTRAINT contact_fact_hours CHECK ((from_time IS NULL) = (to_time IS NULL) AND (from_time IS NULL OR kind = 'inconvenient'))
);
CREATE INDEX contact_fact_idx ON contact_fact (customer_id, customer_contact_id, valid_from);
COMMENT ON TABLE contact_fact IS 'What a person said or what is so, and since when; only valid_to, ended_at and ended_by change, once.';
COMMENT ON COLUMN contact_fact.customer_id IS 'The debtor.';
COMMENT ON COLUMN contact_fact.contact_fact_id IS 'Key, with customer_id.';
COMMENT ON COLUMN contact_fact.customer_contact_id IS 'The person.';
COMMENT ON COLUMN contact_fact.kind IS 'consent: agrees to be contacted by the channel. opt_out: took that back. cease: asked in writing that contact cease. refusal: refuses in writing to pay. attorney: is represented, and the attorney is to be contacted. workplace: the number or address is at work, and the employer forbids it. inconvenient: hours that do not suit.';
COMMENT ON COLUMN contact_fact.channel IS 'The channel it is about; NULL: every one.';
COMMENT ON COLUMN contact_fact.from_time IS 'inconvenient: first hour that does not suit, in the person''s time zone; NULL: none suits. Later than to_time: over midnight.';
COMMENT ON COLUMN contact_fact.to_time IS 'inconvenient: end of these hours, itself suiting again.';
COMMENT ON COLUMN contact_fact.valid_from IS 'Since when.';
COMMENT ON COLUMN contact_fact.valid_to IS 'Until when, itself excluded; infinity: it goes on.';
COMMENT ON COLUMN contact_fact.note IS 'In what words, or who the attorney is.';
COMMENT ON COLUMN contact_fact.recorded_at IS 'Record time.';
COMMENT ON COLUMN contact_fact.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN contact_fact.actor IS 'Person who entered it, by default actor().';
COMMENT ON COLUMN contact_fact.ended_at IS 'Record time of the end.';
COMMENT ON COLUMN contact_fact.ended_by IS 'Person who entered the end.';

CREATE TABLE contact_outcome (
	outcome_code text NOT NULL PRIMARY KEY CHECK (outcome_code <> ''),
	description text NOT NULL,
	reached boolean NOT NULL
);
COMMENT ON TABLE contact_outcome IS 'What becomes of a contact. The ledger''s owner adds more.';
COMMENT ON COLUMN contact_outcome.outcome_code IS 'Key: the code.';
COMMENT ON COLUMN contact_outcome.description IS 'What it means.';
COMMENT ON COLUMN contact_outcome.reached IS 'We spoke with the person, or heard from them: a conversation, after which rules ask for days without calls.';

INSERT INTO contact_outcome (outcome_code, description, reached) VALUES
	('spoke', 'Spoken with, nothing agreed.', true),
	('promised', 'The person promises to pay.', true),
	('plan', 'A payment plan is asked for or agreed.', true),
	('disputed', 'The person says that it is not owed.', true),
	('refused', 'The person refuses to pay.', true),
	('paid_already', 'The person says that it is paid.', true),
	('copy_requested', 'The person asks for a copy or a statement.', true),
	('call_back', 'To be called again at another time.', true),
	('replied', 'They wrote to us.', true),
	('third_party', 'Somebody else answered.', false),
	('message_left', 'A message was left.', false),
	('no_answer', 'Nobody answered.', false),
	('busy', 'The line was busy.', false),
	('wrong_address', 'The number or address is wrong.', false),
	('sent', 'Sent.', false),
	('returned', 'It came back undelivered.', false);

CREATE TABLE payment_reason (
	reason_code text NOT NULL PRIMARY KEY CHECK (reason_code <> ''),
	description text NOT NULL
);
COMMENT ON TABLE payment_reason IS 'Reasons why customers do not pay. The ledger''s owner adds more.';
COMMENT ON COLUMN payment_reason.reason_code IS 'Key: the code.';
COMMENT ON COLUMN payment_reason.description IS 'What it means.';

INSERT INTO payment_reason (reason_code, description) VALUES
	('cash_flow', 'Has no money now.'),
	('insolvency', 'Will not have it.'),
	('dispute', 'Says that it is not owed, or not so much.'),
	('no_invoice', 'Has not got the invoice or a paper that belongs to it.'),
	('not_approved', 'Waits for somebody''s approval there.'),
	('in_process', 'Payment is on its way.'),
	('terms', 'Goes by other terms of payment.'),
	('oversight', 'Forgot it.'),
	('own_customer', 'Waits for the money of its own customer.'),
	('bank', 'Trouble at the bank.'),
	('unwilling', 'Does not want to.'),
	('unknown', 'Gives no reason.');

CREATE TABLE contact (
	customer_id bigint NOT NULL REFERENCES customer,
	contact_id bigserial NOT NULL,
	customer_contact_id bigint,
	contacted_at timestamptz NOT NULL DEFAULT now() CHECK (isfinite(contacted_at)),
	direction text NOT NULL CHECK (direction IN ('in', 'out')),
	channel text NOT NULL CHECK (channel IN ('phone', 'e-mail', 'letter', 'visit')),
	person text,
	outcome_code text NOT NULL REFERENCES contact_outcome,
	reason_code text REFERENCES payment_reason,
	note text,
	next_step text,
	resubmit_on date CHECK (isfinite(resubmit_on)),
	document_ids bigint[] NOT NULL DEFAULT '{}' CHECK (array_position(document_ids, NULL) IS NULL),
	purpose text NOT NULL DEFAULT 'collection' CHECK (purpose IN ('collection', 'end_of_collection', 'remedy', 'answer')),
	override_reason text CHECK (override_reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, contact_id),
	FOREIGN KEY (customer_id, customer_contact_id) REFERENCES customer_contact,
	CONSTRAINT contact_with_whom CHECK (direction = 'in' OR customer_contact_id IS NOT NULL)
);
CREATE INDEX contact_time_idx ON contact (customer_id, contacted_at);
CREATE INDEX contact_person_idx ON contact (customer_id, customer_contact_id, channel, contacted_at);
CREATE INDEX contact_resubmit_idx ON contact (resubmit_on) WHERE resubmit_on IS NOT NULL;
COMMENT ON TABLE contact IS 'Every contact with a customer about what it owes; never changed.';
COMMENT ON COLUMN contact.customer_id IS 'The debtor.';
COMMENT ON COLUMN contact.contact_id IS 'Key, with customer_id.';
COMMENT ON COLUMN contact.customer_contact_id IS 'The person contacted, or who contacted us; NULL: somebody unknown who did.';
COMMENT ON COLUMN contact.contacted_at IS 'When it was.';
COMMENT ON COLUMN contact.direction IS 'out: we contacted them. in: they contacted us.';
COMMENT ON COLUMN contact.channel IS 'phone, e-mail, letter or visit.';
COMMENT ON COLUMN contact.person IS 'Who spoke or wrote, where that was somebody else.';
COMMENT ON COLUMN contact.outcome_code IS 'What became of it.';
COMMENT ON COLUMN contact.reason_code IS 'Why they have not paid, as they say.';
COMMENT ON COLUMN contact.note IS 'What was said.';
COMMENT ON COLUMN contact.next_step IS 'What is to be done next.';
COMMENT ON COLUMN contact.resubmit_on IS 'Day on which the customer is to be worked on again. The latest contact counts.';
COMMENT ON COLUMN contact.document_ids IS 'Documents it was about; none: the account.';
COMMENT ON COLUMN contact.purpose IS 'collection; end_of_collection or remedy: only to say that collection ends, or which remedy is or may be used, which a request to cease does not stop; answer: of what was asked or disputed in writing, which nothing asked by that stops.';
COMMENT ON COLUMN contact.override_reason IS 'Why it was made although the law of contacts speaks against it; NULL: it does not.';
COMMENT ON COLUMN contact.recorded_at IS 'Record time.';
COMMENT ON COLUMN contact.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN contact.actor IS 'Person who did it, by default actor().';
