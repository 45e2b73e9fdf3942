-- Texts of letters, how languages write amounts and dates, and what waits to be sent.

CREATE TABLE letter_locale (
	language text NOT NULL PRIMARY KEY CHECK (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
	date_format text NOT NULL CHECK (date_format ~ '^[DMY./ -]+$'),
	decimal_mark text NOT NULL CHECK (decimal_mark IN ('.', ',')),
	group_mark text NOT NULL CHECK (group_mark IN ('.', ',', ' ', '''', '')),
	lakh_groups boolean NOT NULL DEFAULT false,
	currency_first boolean NOT NULL
);
COMMENT ON TABLE letter_locale IS 'How languages write dates and amounts. The ledger''s owner adds more. A language without a row is written as its first part (de-LU as de), or else as und.';
COMMENT ON COLUMN letter_locale.language IS 'Language and, where it matters, country: en, de-CH; und: any other.';
COMMENT ON COLUMN letter_locale.date_format IS 'Date as to_char() writes it, in figures.';
COMMENT ON COLUMN letter_locale.decimal_mark IS 'Mark before the decimals.';
COMMENT ON COLUMN letter_locale.group_mark IS 'Mark between groups of digits; empty: none.';
COMMENT ON COLUMN letter_locale.lakh_groups IS 'Groups of two digits above the first three, as in 12,34,567.';
COMMENT ON COLUMN letter_locale.currency_first IS 'The currency stands before the amount.';

INSERT INTO letter_locale (language, date_format, decimal_mark, group_mark, lakh_groups, currency_first) VALUES
	('und', 'YYYY-MM-DD', '.', '', false, true), ('en', 'YYYY-MM-DD', '.', ',', false, true), ('en-US', 'MM/DD/YYYY', '.', ',', false, true),
	('en-GB', 'DD/MM/YYYY', '.', ',', false, true), ('en-IE', 'DD/MM/YYYY', '.', ',', false, true), ('en-CA', 'YYYY-MM-DD', '.', ',', false, true),
	('en-IN', 'DD/MM/YYYY', '.', ',', true, true), ('de', 'DD.MM.YYYY', ',', '.', false, false), ('de-AT', 'DD.MM.YYYY', ',', '.', false, false),
	('de-CH', 'DD.MM.YYYY', '.', '''', false, true), ('fr', 'DD/MM/YYYY', ',', ' ', false, false), ('fr-CA', 'YYYY-MM-DD', ',', ' ', false, false),
	('es', 'DD/MM/YYYY', ',', '.', false, false), ('es-MX', 'DD/MM/YYYY', '.', ',', false, true), ('it', 'DD/MM/YYYY', ',', '.', false, false),
	('nl', 'DD-MM-YYYY', ',', '.', false, true), ('pl', 'DD.MM.YYYY', ',', ' ', false, false), ('pt', 'DD/MM/YYYY', ',', '.', false, false),
	('sv', 'YYYY-MM-DD', ',', ' ', false, false), ('da', 'DD.MM.YYYY', ',', '.', false, false), ('ja', 'YYYY/MM/DD', '.', ',', false, true);

CREATE TABLE letter_template (
	template text NOT NULL CHECK (template <> ''),
	language text NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
	subject text NOT NULL CHECK (subject <> ''),
	body text NOT NULL CHECK (body <> ''),
	line text NOT NULL,
	PRIMARY KEY (template, language)
);
COMMENT ON TABLE letter_template IS 'Texts of letters, by language; a trigger refuses unknown placeholders. set_letter_template() writes it.';
COMMENT ON COLUMN letter_template.template IS 'Name of the text, as a dunning level calls it.';
COMMENT ON COLUMN letter_template.language IS 'Its language, such as en or de-CH. A customer whose language has no text gets that of its first part, or of the policy''s language.';
COMMENT ON COLUMN letter_template.subject IS 'Its subject, with placeholders.';
COMMENT ON COLUMN letter_template.body IS 'Its text, with placeholders as {amount}; letter_placeholders() lists them.';
COMMENT ON COLUMN letter_template.line IS 'What {items} writes for each item, with placeholders of its own.';

INSERT INTO letter_template (template, language, subject, body, line) VALUES
	('reminder', 'en', 'Reminder: {amount} past due',
	E'{date}\n\nTo {customer}\n\nPerhaps you have overlooked these invoices:\n\n{items}\n\nWe look forward to your payment of {total} by {pay_by}. If it is on its way, please disregard this letter.',
	'{number} of {doc_date}, due {due_date}: {amount}'),
	('second_reminder', 'en', 'Second reminder: {amount} past due',
	E'{date}\n\nTo {customer}\n\nThese invoices are still open:\n\n{items}\n\nFee for this letter: {fee}\nInterest: {interest}\nOther charges: {charges}\nTo be paid: {total}\n\nPlease pay by {pay_by}, or tell us what keeps you from it.',
	'{number} of {doc_date}, due {due_date}, {days} days late: {amount}'),
	('final_demand', 'en', 'Final demand: {amount} past due',
	E'{date}\n\nTo {customer}\n\nIn spite of our reminders these invoices are not paid:\n\n{items}\n\nFee for this letter: {fee}\nInterest: {interest}\nOther charges: {charges}\nTo be paid: {total}\n\nIf the amount is not received by {pay_by} we shall take further steps without another letter.',
	'{number} of {doc_date}, due {due_date}, {days} days late, level {level}: {amount}'),
	('reminder', 'de', 'Zahlungserinnerung: {amount} offen',
	E'{date}\n\nAn {customer}\n\nFolgende Rechnungen sind noch offen:\n\n{items}\n\nBitte zahlen Sie {total} bis zum {pay_by}. Sollten Sie bereits gezahlt haben, betrachten Sie dieses Schreiben als gegenstandslos.',
	'{number} vom {doc_date}, zahlbar bis {due_date}: {amount}'),
	('second_reminder', 'de', 'Mahnung: {amount} offen',
	E'{date}\n\nAn {customer}\n\nFolgende Rechnungen sind weiterhin offen:\n\n{items}\n\nKosten dieses Schreibens: {fee}\nZinsen: {interest}\nWeitere Nebenforderungen: {charges}\nZu zahlen: {total}\n\nBitte zahlen Sie bis zum {pay_by}.',
	'{number} vom {doc_date}, zahlbar bis {due_date}, {days} Tage in Verzug: {amount}'),
	('final_demand', 'de', 'Letzte Mahnung: {amount} offen',
	E'{date}\n\nAn {customer}\n\nTrotz unserer Mahnungen sind folgende Rechnungen nicht bezahlt:\n\n{items}\n\nKosten dieses Schreibens: {fee}\nZinsen: {interest}\nWeitere Nebenforderungen: {charges}\nZu zahlen: {total}\n\nGeht der Betrag nicht bis zum {pay_by} ein, leiten wir ohne weiteres Schreiben rechtliche Schritte ein.',
	'{number} vom {doc_date}, zahlbar bis {due_date}, {days} Tage in Verzug, Stufe {level}: {amount}');

CREATE TABLE outbox (
	customer_id bigint NOT NULL REFERENCES customer,
	outbox_id bigserial NOT NULL,
	channel text NOT NULL CHECK (channel IN ('letter', 'e-mail', 'sms')),
	purpose text NOT NULL DEFAULT 'collection' CHECK (purpose IN ('collection', 'end_of_collection', 'remedy', 'answer')),
	customer_contact_id bigint,
	recipient text NOT NULL,
	language text NOT NULL,
	subject text NOT NULL,
	body text NOT NULL,
	source text NOT NULL,
	source_id bigint,
	state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'delivered')),
	queued_at timestamptz NOT NULL DEFAULT now(),
	not_before timestamptz NOT NULL DEFAULT now(),
	taken_until timestamptz,
	taken_by text,
	attempts integer NOT NULL DEFAULT 0,
	sent_at timestamptz,
	delivered_at timestamptz,
	failed_at timestamptz,
	error text,
	PRIMARY KEY (customer_id, outbox_id),
	CONSTRAINT outbox_source_key UNIQUE (customer_id, source, source_id)
);
-- Only what waits is looked for.
CREATE INDEX outbox_queued_idx ON outbox (not_before, outbox_id) WHERE state = 'queued';
-- The law of contacts counts what went to a person lately.
CREATE INDEX outbox_person_idx ON outbox (customer_id, customer_contact_id, sent_at) WHERE sent_at IS NOT NULL;
COMMENT ON TABLE outbox IS 'What is to be sent. The database sends nothing: an application takes messages with take_messages() and says with report_message() what became of them.';
COMMENT ON COLUMN outbox.customer_id IS 'The debtor.';
COMMENT ON COLUMN outbox.outbox_id IS 'Key, with customer_id.';
COMMENT ON COLUMN outbox.channel IS 'letter, e-mail or sms.';
COMMENT ON COLUMN outbox.purpose IS 'collection; end_of_collection or remedy: only to say that collection ends, or which remedy is or may be used, which a request to cease does not stop; answer: of what was asked or disputed in writing, which nothing asked by that stops.';
COMMENT ON COLUMN outbox.customer_contact_id IS 'Person it goes to; NULL: the customer.';
COMMENT ON COLUMN outbox.recipient IS 'Whom it is addressed to: a person''s address on the channel, or the customer''s name.';
COMMENT ON COLUMN outbox.language IS 'Its language.';
COMMENT ON COLUMN outbox.subject IS 'Its subject.';
COMMENT ON COLUMN outbox.body IS 'Its text.';
COMMENT ON COLUMN outbox.source IS 'What it comes from: dunning_letter, or as queue_message() was told.';
COMMENT ON COLUMN outbox.source_id IS 'Key of that, with customer_id.';
COMMENT ON COLUMN outbox.state IS 'queued, sent, failed or delivered.';
COMMENT ON COLUMN outbox.queued_at IS 'Since when it waits.';
COMMENT ON COLUMN outbox.not_before IS 'Earliest time to take it.';
COMMENT ON COLUMN outbox.taken_until IS 'Until then it is with the one who took it; without a report it can be taken again after it.';
COMMENT ON COLUMN outbox.taken_by IS 'Login that took it last.';
COMMENT ON COLUMN outbox.attempts IS 'How often it was taken.';
COMMENT ON COLUMN outbox.sent_at IS 'When it was sent: a contact since then, for the law of contacts.';
COMMENT ON COLUMN outbox.delivered_at IS 'When it arrived.';
COMMENT ON COLUMN outbox.failed_at IS 'When it failed for good.';
COMMENT ON COLUMN outbox.error IS 'Why an attempt failed.';
