-- What the law says about contacting debtors: rules by date, place and kind of debtor; stays, notices, and refused contacts.

CREATE TABLE contact_rule (
	rule_no integer NOT NULL PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('time_zone', 'hours', 'frequency', 'conversation', 'cease', 'attorney', 'workplace', 'inconvenient', 'opt_out', 'consent', 'validation',
		'validation_notice', 'quiet_days', 'holiday')),
	debtor_kind text CHECK (debtor_kind IN ('business', 'consumer')),
	jurisdiction text CHECK (jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'),
	channels text[] CHECK (channels <@ ARRAY['phone', 'e-mail', 'letter', 'visit'] AND array_position(channels, NULL) IS NULL),
	valid_from date NOT NULL DEFAULT '-infinity',
	valid_to date NOT NULL DEFAULT 'infinity',
	from_time time,
	to_time time,
	weekdays integer[] CHECK (weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND array_position(weekdays, NULL) IS NULL),
	most integer CHECK (most BETWEEN 1 AND 1000),
	days integer CHECK (days BETWEEN 1 AND 366),
	overridable boolean NOT NULL DEFAULT true,
	applies_to text NOT NULL,
	source text NOT NULL CHECK (source <> ''),
	CHECK (valid_to >= valid_from),
	CONSTRAINT contact_rule_hours CHECK ((kind = 'hours') = (from_time IS NOT NULL AND to_time IS NOT NULL) AND (from_time IS NULL OR from_time < to_time)),
	CONSTRAINT contact_rule_days CHECK ((days IS NOT NULL) = (kind IN ('frequency', 'conversation', 'quiet_days', 'validation_notice'))),
	CONSTRAINT contact_rule_most CHECK ((most IS NOT NULL) = (kind = 'frequency'))
);
COMMENT ON TABLE contact_rule IS 'Rules that contacts with debtors keep to, by date; the ledger''s owner changes them and has them checked by counsel. Every rule in force that speaks forbids: none allows what another forbids. Bankruptcy and sanctions need no rule.';
COMMENT ON COLUMN contact_rule.rule_no IS 'Key, and the order in which rules are told.';
COMMENT ON COLUMN contact_rule.kind IS 'time_zone: the person''s zone is known. hours: after from_time and before to_time where the person is. frequency: at most so many calls in so many days per person and debt. conversation: none for so many days after one, its own day the first. cease: none after a written request, or refusal to pay. attorney: none but with the attorney. workplace, inconvenient: not there, or not then. opt_out: not by a channel that was declined. consent: only by a channel that was agreed to. validation: none until a dispute, or request for the first creditor''s name, that came in time is answered. validation_notice: a notice within so many days of the first contact. quiet_days: so many full days without any contact after one. holiday: not on a day of contact_holiday.';
COMMENT ON COLUMN contact_rule.debtor_kind IS 'Kind of person it protects, as customer_contact.kind; NULL: both.';
COMMENT ON COLUMN contact_rule.jurisdiction IS 'Where the person is: US is for US-NY too, and US-NY for whom only US is known of; NULL: everywhere.';
COMMENT ON COLUMN contact_rule.channels IS 'Channels it is about; NULL: every one.';
COMMENT ON COLUMN contact_rule.valid_from IS 'First day in force.';
COMMENT ON COLUMN contact_rule.valid_to IS 'Last day in force.';
COMMENT ON COLUMN contact_rule.from_time IS 'hours: only after this time.';
COMMENT ON COLUMN contact_rule.to_time IS 'hours: only before this time.';
COMMENT ON COLUMN contact_rule.weekdays IS 'hours: days of the week, 1 Monday to 7 Sunday; NULL: every one.';
COMMENT ON COLUMN contact_rule.most IS 'frequency: how many.';
COMMENT ON COLUMN contact_rule.days IS 'Days in a row, in the person''s calendar.';
COMMENT ON COLUMN contact_rule.overridable IS 'A person with authority for contact_override may contact in spite of it, with a reason.';
COMMENT ON COLUMN contact_rule.applies_to IS 'Whom the rule binds and whom it protects, in words.';
COMMENT ON COLUMN contact_rule.source IS 'Where the law says so, or whose house rule it is.';

INSERT INTO contact_rule (rule_no, kind, debtor_kind, jurisdiction, channels, valid_from, from_time, to_time, most, days, overridable, applies_to, source) VALUES
	(10, 'time_zone', NULL, NULL, '{phone,e-mail,visit}', '-infinity', NULL, NULL, NULL, NULL, false, 'Everybody: without it no rule on hours and days can be kept.', 'House rule: fail closed'),
	(20, 'hours', 'consumer', 'US', '{phone,e-mail,visit}', '1978-03-20', '08:00', '21:00', NULL, NULL, true, 'Third-party collectors of consumer debt. A time the consumer asks for may be another.', '15 USC 1692c(a)(1); 12 CFR 1006.6(b)(1)(i)'),
	(21, 'inconvenient', 'consumer', 'US', NULL, '1978-03-20', NULL, NULL, NULL, NULL, true, 'Third-party collectors of consumer debt.', '15 USC 1692c(a)(1); 12 CFR 1006.6(b)(1)'),
	(22, 'workplace', 'consumer', 'US', NULL, '1978-03-20', NULL, NULL, NULL, NULL, false, 'Third-party collectors of consumer debt.', '15 USC 1692c(a)(3); 12 CFR 1006.6(b)(3)'),
	(23, 'attorney', 'consumer', 'US', NULL, '1978-03-20', NULL, NULL, NULL, NULL, false, 'Third-party collectors of consumer debt.', '15 USC 1692c(a)(2); 12 CFR 1006.6(b)(2)'),
	(24, 'cease', 'consumer', 'US', NULL, '1978-03-20', NULL, NULL, NULL, NULL, false, 'Third-party collectors of consumer debt; but to say that collection ends, or which remedy is or may be used.', '15 USC 1692c(c); 12 CFR 1006.6(c)'),
	(25, 'frequency', 'consumer', 'US', '{phone}', '2021-11-30', NULL, NULL, 7, 7, true, 'Third-party collectors of consumer debt; more is presumed to harass.', '12 CFR 1006.14(b)(2)(i)(A)'),
	(26, 'conversation', 'consumer', 'US', '{phone}', '2021-11-30', NULL, NULL, NULL, 7, true, 'Third-party collectors of consumer debt; not where the consumer asked to be called back.', '12 CFR 1006.14(b)(2)(i)(B), (b)(3)(i)'),
	(27, 'opt_out', 'consumer', 'US', NULL, '2021-11-30', NULL, NULL, NULL, NULL, false, 'Third-party collectors of consumer debt.', '12 CFR 1006.6(e), 1006.14(h)'),
	(28, 'validation', 'consumer', 'US', NULL, '1978-03-20', NULL, NULL, NULL, NULL, false, 'Third-party collectors of consumer debt.', '15 USC 1692g(b); 12 CFR 1006.38(c), (d)'),
	(29, 'validation_notice', 'consumer', 'US', NULL, '1978-03-20', NULL, NULL, NULL, 5, false, 'Third-party collectors of consumer debt, unless it is paid by then or the first contact said it.', '15 USC 1692g(a); 12 CFR 1006.34(a)(1)'),
	(30, 'frequency', 'consumer', 'US-MA', '{phone}', '2012-03-02', NULL, NULL, 2, 7, true, 'Creditors and collectors of consumer debt in Massachusetts.', '940 CMR 7.04(1)(f)'),
	(50, 'inconvenient', NULL, NULL, NULL, '-infinity', NULL, NULL, NULL, NULL, true, 'Everybody who said so.', 'House rule'),
	(51, 'opt_out', NULL, NULL, NULL, '-infinity', NULL, NULL, NULL, NULL, true, 'Everybody who declined a channel.', 'House rule; Directive 2002/58/EC and national law where they apply'),
	(53, 'cease', 'consumer', NULL, NULL, '-infinity', NULL, NULL, NULL, NULL, true, 'Consumers outside the United States.', 'House rule'),
	(54, 'attorney', 'consumer', NULL, NULL, '-infinity', NULL, NULL, NULL, NULL, true, 'Consumers outside the United States.', 'House rule'),
	(55, 'holiday', 'consumer', NULL, '{phone,visit}', '-infinity', NULL, NULL, NULL, NULL, true, 'Consumers on holidays that contact_holiday names.', 'House rule'),
	(56, 'hours', 'consumer', NULL, '{phone,visit}', '-infinity', '08:00', '21:00', NULL, NULL, true, 'Consumers outside the United States.', 'House rule');

CREATE TABLE contact_holiday (
	jurisdiction text NOT NULL CHECK (jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'),
	day date NOT NULL CHECK (isfinite(day)),
	name text NOT NULL CHECK (name <> ''),
	PRIMARY KEY (jurisdiction, day)
);
COMMENT ON TABLE contact_holiday IS 'Public holidays, on which rules of kind holiday forbid contacts, and which are no business days. The ledger''s owner enters them.';
COMMENT ON COLUMN contact_holiday.jurisdiction IS 'Where; US is for US-NY too.';
COMMENT ON COLUMN contact_holiday.day IS 'The day.';
COMMENT ON COLUMN contact_holiday.name IS 'Its name.';

CREATE TABLE contact_refusal (
	customer_id bigint NOT NULL REFERENCES customer,
	contact_refusal_id bigserial NOT NULL,
	customer_contact_id bigint NOT NULL,
	channel text NOT NULL,
	at timestamptz NOT NULL,
	document_ids bigint[] NOT NULL DEFAULT '{}',
	rules jsonb NOT NULL,
	contact_id bigint,
	override_reason text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, contact_refusal_id),
	CONSTRAINT contact_refusal_override CHECK ((contact_id IS NULL) = (override_reason IS NULL))
);
COMMENT ON TABLE contact_refusal IS 'Contacts that a rule spoke against: refused ones, and those made all the same; never changed.';
COMMENT ON COLUMN contact_refusal.customer_id IS 'The debtor.';
COMMENT ON COLUMN contact_refusal.contact_refusal_id IS 'Key, with customer_id.';
COMMENT ON COLUMN contact_refusal.customer_contact_id IS 'The person.';
COMMENT ON COLUMN contact_refusal.channel IS 'Channel it was to go by.';
COMMENT ON COLUMN contact_refusal.at IS 'Time it was to be made.';
COMMENT ON COLUMN contact_refusal.document_ids IS 'Documents it was about; none: the account.';
COMMENT ON COLUMN contact_refusal.rules IS 'The rules that spoke, as contact_allowed() tells them.';
COMMENT ON COLUMN contact_refusal.contact_id IS 'The contact that was made in spite of them; NULL: it was refused.';
COMMENT ON COLUMN contact_refusal.override_reason IS 'Why it was made.';
COMMENT ON COLUMN contact_refusal.recorded_at IS 'Record time.';
COMMENT ON COLUMN contact_refusal.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN contact_refusal.actor IS 'Person who wanted it, by default actor().';

CREATE TABLE debt_notice (
	customer_id bigint NOT NULL,
	debt_notice_id bigserial NOT NULL,
	customer_contact_id bigint NOT NULL,
	sent_on date NOT NULL CHECK (isfinite(sent_on)),
	disputes_until date NOT NULL,
	document_ids bigint[] NOT NULL DEFAULT '{}',
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, debt_notice_id),
	FOREIGN KEY (customer_id, customer_contact_id) REFERENCES customer_contact
);
CREATE INDEX debt_notice_idx ON debt_notice (customer_id, customer_contact_id, sent_on);
COMMENT ON TABLE debt_notice IS 'Validation notices: what is owed, to whom, and until when it may be disputed; never changed.';
COMMENT ON COLUMN debt_notice.customer_id IS 'The debtor.';
COMMENT ON COLUMN debt_notice.debt_notice_id IS 'Key, with customer_id.';
COMMENT ON COLUMN debt_notice.customer_contact_id IS 'The person it went to.';
COMMENT ON COLUMN debt_notice.sent_on IS 'Day it was sent, or said.';
COMMENT ON COLUMN debt_notice.disputes_until IS 'Last day of the validation period: 30 days after it counts as received, which is five business days after it was sent.';
COMMENT ON COLUMN debt_notice.document_ids IS 'Documents it is about; none: the account.';
COMMENT ON COLUMN debt_notice.recorded_at IS 'Record time.';
COMMENT ON COLUMN debt_notice.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN debt_notice.actor IS 'Person who sent it, by default actor().';

CREATE TABLE debt_request (
	customer_id bigint NOT NULL,
	debt_request_id bigserial NOT NULL,
	customer_contact_id bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('dispute', 'original_creditor')),
	received_on date NOT NULL CHECK (isfinite(received_on)),
	in_time boolean NOT NULL,
	note text,
	document_ids bigint[] NOT NULL DEFAULT '{}',
	answered_on date CHECK (isfinite(answered_on)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, debt_request_id),
	FOREIGN KEY (customer_id, customer_contact_id) REFERENCES customer_contact,
	CONSTRAINT debt_request_answered CHECK (answered_on >= received_on)
);
CREATE INDEX debt_request_open_idx ON debt_request (customer_id, customer_contact_id) WHERE answered_on IS NULL;
COMMENT ON TABLE debt_request IS 'Written disputes, and requests for the name of the original creditor. Only answered_on changes, once.';
COMMENT ON COLUMN debt_request.customer_id IS 'The debtor.';
COMMENT ON COLUMN debt_request.debt_request_id IS 'Key, with customer_id.';
COMMENT ON COLUMN debt_request.customer_contact_id IS 'The person who asks.';
COMMENT ON COLUMN debt_request.kind IS 'dispute: it is not owed, in whole or in part. original_creditor: who the first creditor was.';
COMMENT ON COLUMN debt_request.received_on IS 'Day it came.';
COMMENT ON COLUMN debt_request.in_time IS 'It came within the validation period, or before any notice: collection ceases until it is answered.';
COMMENT ON COLUMN debt_request.note IS 'In what words.';
COMMENT ON COLUMN debt_request.document_ids IS 'Documents it is about; none: the account.';
COMMENT ON COLUMN debt_request.answered_on IS 'Day on which verification or the name was sent.';
COMMENT ON COLUMN debt_request.recorded_at IS 'Record time.';
COMMENT ON COLUMN debt_request.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN debt_request.actor IS 'Person who entered it, by default actor().';

CREATE TABLE insolvency (
	customer_id bigint NOT NULL REFERENCES customer,
	insolvency_id bigserial NOT NULL,
	petition_date date NOT NULL CHECK (isfinite(petition_date)),
	proceeding text NOT NULL CHECK (proceeding <> ''),
	case_number text,
	court text,
	reclaimed_on date CHECK (isfinite(reclaimed_on)),
	ended_on date CHECK (isfinite(ended_on)),
	end_reason text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, insolvency_id),
	CONSTRAINT insolvency_end CHECK (ended_on >= petition_date AND (ended_on IS NULL) = (end_reason IS NULL)),
	CONSTRAINT insolvency_reclaimed CHECK (reclaimed_on >= petition_date - 45)
);
COMMENT ON TABLE insolvency IS 'Bankruptcies of customers. Only reclaimed_on, ended_on and end_reason change, once.';
COMMENT ON COLUMN insolvency.customer_id IS 'The debtor.';
COMMENT ON COLUMN insolvency.insolvency_id IS 'Key, with customer_id.';
COMMENT ON COLUMN insolvency.petition_date IS 'Day of the petition: from it on collection is stayed.';
COMMENT ON COLUMN insolvency.proceeding IS 'Which proceeding, such as chapter 7, chapter 11, Insolvenzverfahren.';
COMMENT ON COLUMN insolvency.case_number IS 'Number of the case.';
COMMENT ON COLUMN insolvency.court IS 'The court.';
COMMENT ON COLUMN insolvency.reclaimed_on IS 'Day on which goods were demanded back in writing.';
COMMENT ON COLUMN insolvency.ended_on IS 'Day from which the stay no longer holds; NULL: it holds.';
COMMENT ON COLUMN insolvency.end_reason IS 'How it ended: dismissed, discharged, closed, relief from stay.';
COMMENT ON COLUMN insolvency.recorded_at IS 'Record time.';
COMMENT ON COLUMN insolvency.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN insolvency.actor IS 'Person who entered it, by default actor().';
