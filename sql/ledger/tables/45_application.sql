-- Applications for credit: what came when, what was decided and why, and which notices the law asks for.

CREATE TABLE checklist_item (
	item text NOT NULL PRIMARY KEY CHECK (item <> ''),
	description text NOT NULL,
	required boolean NOT NULL DEFAULT true,
	least integer NOT NULL DEFAULT 1 CHECK (least > 0)
);
COMMENT ON TABLE checklist_item IS 'What an application is complete with. The ledger''s owner changes it.';
COMMENT ON COLUMN checklist_item.item IS 'Key: the code.';
COMMENT ON COLUMN checklist_item.description IS 'What it is.';
COMMENT ON COLUMN checklist_item.required IS 'Whether an application is incomplete without it.';
COMMENT ON COLUMN checklist_item.least IS 'How many are needed.';

INSERT INTO checklist_item (item, description, required, least) VALUES
	('application_form', 'The signed application.', true, 1),
	('trade_reference', 'References of other suppliers.', true, 3),
	('bank_reference', 'Reference of a bank.', true, 1),
	('financial_statement', 'The latest financial statement.', false, 1),
	('credit_report', 'Report of a credit bureau.', false, 1),
	('guarantee', 'Guarantee of an owner or parent company.', false, 1),
	('tax_certificate', 'Resale or tax exemption certificate.', false, 1);

-- Dated, because the law changes; none of it is in code.
CREATE TABLE notice_rule (
	jurisdiction text NOT NULL CHECK (jurisdiction <> ''),
	valid_from date NOT NULL,
	notice_days integer CHECK (notice_days >= 0),
	incomplete_days integer CHECK (incomplete_days >= 0),
	request_days integer CHECK (request_days >= 0),
	reasons_days integer CHECK (reasons_days >= 0),
	reasons_in_notice boolean NOT NULL,
	notice_text text NOT NULL,
	source text NOT NULL CHECK (source <> ''),
	PRIMARY KEY (jurisdiction, valid_from)
);
COMMENT ON TABLE notice_rule IS 'Which notice of adverse action the law asks for; of one jurisdiction the row that started last before the application came counts. The ledger''s owner adds more, and has them checked by counsel.';
COMMENT ON COLUMN notice_rule.jurisdiction IS 'Whose law, and for whom; what an application names.';
COMMENT ON COLUMN notice_rule.valid_from IS 'First day of applications it is for.';
COMMENT ON COLUMN notice_rule.notice_days IS 'Days from the complete application until the applicant is told; NULL: no term.';
COMMENT ON COLUMN notice_rule.incomplete_days IS 'Days from the receipt of an incomplete application until the applicant is told what is missing, or that it is declined; NULL: no term.';
COMMENT ON COLUMN notice_rule.request_days IS 'Days after the notice in which the applicant may ask for the reasons in writing; NULL: no such right.';
COMMENT ON COLUMN notice_rule.reasons_days IS 'Days from that request until the reasons are sent; NULL: no term.';
COMMENT ON COLUMN notice_rule.reasons_in_notice IS 'Whether the notice itself gives the reasons.';
COMMENT ON COLUMN notice_rule.notice_text IS 'The notice; {customer}, {creditor}, {date}, {amount}, {decision}, {reasons} and {request_until} are filled in.';
COMMENT ON COLUMN notice_rule.source IS 'Where the law says so.';

INSERT INTO notice_rule (jurisdiction, valid_from, notice_days, incomplete_days, request_days, reasons_days, reasons_in_notice, notice_text, source) VALUES
	('US trade credit', '2011-12-30', 30, 30, 60, 30, false,
	E'{date}\n\nTo {customer}\n\nYour application for trade credit of {amount}: {decision}.\n\nYou have the right to a written statement of the specific reasons. Ask us for it by {request_until}; we send it within 30 days of your request.\n\nNotice: The federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the applicant has the capacity to enter into a binding contract); because all or part of the applicant''s income derives from any public assistance program; or because the applicant has in good faith exercised any right under the Consumer Credit Protection Act. The federal agency that administers compliance with this law concerning this creditor is the Federal Trade Commission, Equal Credit Opportunity, Washington, DC 20580.\n\n{creditor}',
	'12 CFR 1002.9(a)(3)(ii): notice within a reasonable time, the times of 1002.9(a)(1) and (c) always being reasonable; reasons in writing if asked for within 60 days; notice text 1002.9(b)(1)'),
	('US small business', '2011-12-30', 30, 30, 60, 30, true,
	E'{date}\n\nTo {customer}\n\nYour application for credit of {amount}: {decision}.\n\nThe principal reasons:\n{reasons}\n\nYou may ask us for a written statement of the reasons by {request_until}.\n\nNotice: The federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the applicant has the capacity to enter into a binding contract); because all or part of the applicant''s income derives from any public assistance program; or because the applicant has in good faith exercised any right under the Consumer Credit Protection Act. The federal agency that administers compliance with this law concerning this creditor is the Federal Trade Commission, Equal Credit Opportunity, Washington, DC 20580.\n\n{creditor}',
	'12 CFR 1002.9(a)(1), (a)(2), (a)(3)(i), (c): gross revenues of 1 million dollars or less, no trade credit'),
	('none', '1900-01-01', NULL, NULL, NULL, NULL, true, E'{date}\n\nTo {customer}\n\nYour application for credit of {amount}: {decision}.\n\n{reasons}\n\n{creditor}',
	'Where no law asks for a notice: a letter as courtesy');

CREATE TABLE credit_application (
	customer_id bigint NOT NULL REFERENCES customer,
	credit_application_id bigserial NOT NULL,
	received_on date NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	terms credit.payment_terms,
	monthly_sales numeric CHECK (monthly_sales >= 0),
	jurisdiction text NOT NULL,
	reference text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, credit_application_id)
);
COMMENT ON TABLE credit_application IS 'Applications for credit, never changed; what happened to them is in credit_application_event, and view credit_application_status says where they are.';
COMMENT ON COLUMN credit_application.customer_id IS 'The applicant.';
COMMENT ON COLUMN credit_application.credit_application_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_application.received_on IS 'Day it was received.';
COMMENT ON COLUMN credit_application.amount IS 'Credit limit asked for.';
COMMENT ON COLUMN credit_application.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN credit_application.terms IS 'Payment terms asked for.';
COMMENT ON COLUMN credit_application.monthly_sales IS 'What it expects to buy in 30 days, for the method requirement.';
COMMENT ON COLUMN credit_application.jurisdiction IS 'The notice rule that applies.';
COMMENT ON COLUMN credit_application.reference IS 'Its number on paper.';
COMMENT ON COLUMN credit_application.recorded_at IS 'Record time.';
COMMENT ON COLUMN credit_application.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN credit_application.actor IS 'Person who entered it, by default actor().';

CREATE TABLE credit_application_event (
	customer_id bigint NOT NULL,
	credit_application_event_id bigserial NOT NULL,
	credit_application_id bigint NOT NULL,
	event text NOT NULL CHECK (event IN ('item', 'complete', 'scored', 'more_information', 'approved', 'declined', 'withdrawn', 'notice', 'reasons_asked', 'reasons_sent')),
	happened_on date NOT NULL,
	item text,
	amount numeric CHECK (amount >= 0),
	currency text,
	terms credit.payment_terms,
	reasons text[],
	score_history_id bigint,
	recommendation_id bigint,
	credit_limit_id bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, credit_application_event_id),
	FOREIGN KEY (customer_id, credit_application_id) REFERENCES credit_application
);
CREATE INDEX credit_application_event_idx ON credit_application_event (customer_id, credit_application_id, credit_application_event_id);
COMMENT ON TABLE credit_application_event IS 'What happened to an application, never changed.';
COMMENT ON COLUMN credit_application_event.customer_id IS 'The applicant.';
COMMENT ON COLUMN credit_application_event.credit_application_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_application_event.credit_application_id IS 'The application.';
COMMENT ON COLUMN credit_application_event.event IS 'item: something of the checklist came. complete: nothing required is missing. scored, more_information (asked for), approved, declined, withdrawn. notice: the applicant was told. reasons_asked: it asked for the reasons in writing; reasons_sent.';
COMMENT ON COLUMN credit_application_event.happened_on IS 'Business date.';
COMMENT ON COLUMN credit_application_event.item IS 'What came, a row of checklist_item.';
COMMENT ON COLUMN credit_application_event.amount IS 'The limit approved, or recommended.';
COMMENT ON COLUMN credit_application_event.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN credit_application_event.terms IS 'The terms approved, or recommended.';
COMMENT ON COLUMN credit_application_event.reasons IS 'Reasons of the decision, or what is asked for.';
COMMENT ON COLUMN credit_application_event.score_history_id IS 'The score.';
COMMENT ON COLUMN credit_application_event.recommendation_id IS 'The recommendation.';
COMMENT ON COLUMN credit_application_event.credit_limit_id IS 'The limit that was set.';
COMMENT ON COLUMN credit_application_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN credit_application_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN credit_application_event.actor IS 'Person who did it, by default actor().';
