-- Disputes: what a customer refuses to pay, why, and what became of it.

CREATE TABLE credit_reason (
	reason_code text NOT NULL PRIMARY KEY CHECK (reason_code <> ''),
	description text NOT NULL,
	takes_goods boolean NOT NULL DEFAULT false,
	needs_return boolean NOT NULL DEFAULT false,
	CONSTRAINT credit_reason_return CHECK (takes_goods OR NOT needs_return)
);
COMMENT ON TABLE credit_reason IS 'Reasons for disputes, credits and returns. The ledger''s owner adds more.';
COMMENT ON COLUMN credit_reason.reason_code IS 'Key: the code.';
COMMENT ON COLUMN credit_reason.description IS 'What it means.';
COMMENT ON COLUMN credit_reason.takes_goods IS 'The goods are not the customer''s: quantities credited for such reasons come to what was billed at most.';
COMMENT ON COLUMN credit_reason.needs_return IS 'Credit only for what came back under a return authorization and was accepted.';

INSERT INTO credit_reason (reason_code, description, takes_goods, needs_return) VALUES
	('return', 'The goods came back.', true, true),
	('quantity', 'Less was delivered than billed.', true, false),
	('damage', 'The goods arrived damaged.', true, false),
	('price_error', 'The price is not the one agreed.', false, false),
	('billing_error', 'Billed twice, to the wrong customer, or otherwise wrongly.', false, false),
	('service', 'The service was not what was agreed.', false, false),
	('warranty', 'A defect under warranty.', false, false),
	('goodwill', 'Given without being due.', false, false),
	('tax', 'The tax is wrong.', false, false),
	('core', 'A used part came back for its deposit.', false, false),
	('unexplained', 'The customer gives no reason.', false, false);

CREATE TABLE deduction_reason (
	payer_code text NOT NULL PRIMARY KEY CHECK (payer_code <> '' AND payer_code = lower(payer_code)),
	reason_code text NOT NULL REFERENCES credit_reason
);
COMMENT ON TABLE deduction_reason IS 'What payers call the reasons for short payments. The ledger''s owner adds the codes of its customers.';
COMMENT ON COLUMN deduction_reason.payer_code IS 'Key: the payer''s code or words, in lower case.';
COMMENT ON COLUMN deduction_reason.reason_code IS 'What that is of credit_reason.';

-- ANSI X12 element 426, adjustment reason code, as the 820 has it.
INSERT INTO deduction_reason (payer_code, reason_code) VALUES
	('01', 'price_error'), ('02', 'billing_error'), ('03', 'billing_error'), ('04', 'damage'), ('06', 'quantity'), ('11', 'return'), ('12', 'return'),
	('18', 'billing_error'), ('19', 'billing_error'), ('26', 'billing_error'), ('38', 'service'), ('55', 'tax'), ('59', 'quantity'), ('72', 'return');

CREATE TABLE dispute (
	customer_id bigint NOT NULL,
	dispute_id bigserial NOT NULL,
	item_id bigint NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	currency text NOT NULL,
	reason_code text NOT NULL REFERENCES credit_reason,
	description text,
	product text,
	salesperson text,
	deduction_id bigint,
	opened_on date NOT NULL,
	state text NOT NULL CHECK (state IN ('open', 'investigating', 'approved', 'rejected', 'settled', 'moved')),
	owner text,
	root_cause text,
	due_date date CHECK (isfinite(due_date)),
	ended_on date,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, dispute_id),
	FOREIGN KEY (customer_id, item_id) REFERENCES item,
	CONSTRAINT dispute_ended CHECK ((state IN ('rejected', 'settled', 'moved')) = (ended_on IS NOT NULL))
);
-- What is disputed now: few rows, whatever the history.
CREATE INDEX dispute_item_idx ON dispute (customer_id, item_id) INCLUDE (amount) WHERE ended_on IS NULL;
CREATE UNIQUE INDEX dispute_deduction_key ON dispute (customer_id, deduction_id) WHERE deduction_id IS NOT NULL;
COMMENT ON TABLE dispute IS 'What customers refuse to pay. Only state, owner, root_cause, due_date and ended_on change, each with a row of dispute_event.';
COMMENT ON COLUMN dispute.customer_id IS 'The debtor.';
COMMENT ON COLUMN dispute.dispute_id IS 'Key, with customer_id.';
COMMENT ON COLUMN dispute.item_id IS 'The item disputed.';
COMMENT ON COLUMN dispute.amount IS 'How much of it. What is paid meanwhile is first taken for the rest.';
COMMENT ON COLUMN dispute.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN dispute.reason_code IS 'Why, one of credit_reason.';
COMMENT ON COLUMN dispute.description IS 'What the customer says.';
COMMENT ON COLUMN dispute.product IS 'Product it is about, if one line is disputed.';
COMMENT ON COLUMN dispute.salesperson IS 'Who sold it.';
COMMENT ON COLUMN dispute.deduction_id IS 'The deduction it came from.';
COMMENT ON COLUMN dispute.opened_on IS 'Business date.';
COMMENT ON COLUMN dispute.state IS 'open, investigating, approved (the customer is right: credit or write-off is under way), rejected (to be paid), settled, or moved (with its item to another customer).';
COMMENT ON COLUMN dispute.owner IS 'Person who works on it.';
COMMENT ON COLUMN dispute.root_cause IS 'What caused it, once that is known.';
COMMENT ON COLUMN dispute.due_date IS 'Day by which it is to be resolved.';
COMMENT ON COLUMN dispute.ended_on IS 'Day on which it was rejected, settled or moved; NULL: what is disputed is not to be paid yet.';
COMMENT ON COLUMN dispute.recorded_at IS 'Record time.';
COMMENT ON COLUMN dispute.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN dispute.actor IS 'Person who did it, by default actor().';

CREATE TABLE dispute_event (
	customer_id bigint NOT NULL,
	dispute_event_id bigserial NOT NULL,
	dispute_id bigint NOT NULL,
	state text NOT NULL,
	happened_on date NOT NULL,
	note text,
	owner text,
	root_cause text,
	due_date date,
	amount numeric,
	credit_request_id bigint,
	document_id bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, dispute_event_id),
	FOREIGN KEY (customer_id, dispute_id) REFERENCES dispute
);
CREATE INDEX dispute_event_idx ON dispute_event (customer_id, dispute_id, dispute_event_id);
COMMENT ON TABLE dispute_event IS 'Everything that happened to a dispute, never changed.';
COMMENT ON COLUMN dispute_event.customer_id IS 'The debtor.';
COMMENT ON COLUMN dispute_event.dispute_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN dispute_event.dispute_id IS 'The dispute.';
COMMENT ON COLUMN dispute_event.state IS 'State from then on.';
COMMENT ON COLUMN dispute_event.happened_on IS 'Business date.';
COMMENT ON COLUMN dispute_event.note IS 'What was found or said.';
COMMENT ON COLUMN dispute_event.owner IS 'Person who works on it from then on.';
COMMENT ON COLUMN dispute_event.root_cause IS 'Root cause as known then.';
COMMENT ON COLUMN dispute_event.due_date IS 'Due date from then on.';
COMMENT ON COLUMN dispute_event.amount IS 'What was granted.';
COMMENT ON COLUMN dispute_event.credit_request_id IS 'The credit it was granted by.';
COMMENT ON COLUMN dispute_event.document_id IS 'The credit note or write-off that settled it.';
COMMENT ON COLUMN dispute_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN dispute_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN dispute_event.actor IS 'Person who did it, by default actor().';
