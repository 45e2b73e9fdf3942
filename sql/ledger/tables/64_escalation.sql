-- Escalation: what collectors cannot settle goes to management, lawyers, an agency, the insurer, or is given up in part.

CREATE TABLE claim_policy (
	claim_policy_id bigserial NOT NULL PRIMARY KEY,
	provider text NOT NULL CHECK (provider <> ''),
	policy_no text,
	claim_days integer NOT NULL CHECK (claim_days BETWEEN 0 AND 3660),
	valid_from date NOT NULL DEFAULT '-infinity'
);
CREATE UNIQUE INDEX claim_policy_key ON claim_policy (provider, COALESCE(policy_no, ''), valid_from);
COMMENT ON TABLE claim_policy IS 'Until when insurers take claims: for an insured limit counts the row of its provider and policy number before that of the provider, and of these the latest in force on the due date. The ledger''s owner adds them.';
COMMENT ON COLUMN claim_policy.claim_policy_id IS 'Key of the row.';
COMMENT ON COLUMN claim_policy.provider IS 'The insurer, as in credit_limit.';
COMMENT ON COLUMN claim_policy.policy_no IS 'Number of the policy; NULL: all others of the insurer.';
COMMENT ON COLUMN claim_policy.claim_days IS 'Days after the due date of the oldest item, the last included.';
COMMENT ON COLUMN claim_policy.valid_from IS 'Counts for items due from this day on.';

CREATE TABLE escalation (
	customer_id bigint NOT NULL REFERENCES customer,
	escalation_id bigserial NOT NULL,
	kind text NOT NULL CHECK (kind IN ('management', 'legal', 'agency', 'insurance', 'write_off')),
	currency text NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	party text,
	fee_percent numeric CHECK (fee_percent BETWEEN 0 AND 100),
	credit_limit_id bigint,
	claim_amount numeric CHECK (claim_amount >= 0),
	deadline date,
	contact_id bigint,
	reason text NOT NULL CHECK (reason <> ''),
	approval_id bigint,
	after_allocation_id bigint,
	opened_on date,
	state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'open', 'closed', 'recalled', 'cancelled')),
	state_on date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, escalation_id),
	FOREIGN KEY (customer_id, contact_id) REFERENCES contact,
	FOREIGN KEY (customer_id, approval_id) REFERENCES approval,
	CONSTRAINT escalation_party CHECK (party <> '' AND (party IS NOT NULL OR kind IN ('management', 'write_off'))),
	CONSTRAINT escalation_fee CHECK ((fee_percent IS NOT NULL) = (kind = 'agency')),
	CONSTRAINT escalation_claim CHECK ((credit_limit_id IS NOT NULL) = (kind = 'insurance'))
);
CREATE INDEX escalation_open_idx ON escalation (customer_id) WHERE state IN ('requested', 'open');
COMMENT ON TABLE escalation IS 'What was escalated. Only approval_id, after_allocation_id and opened_on, when it is opened, and state and state_on change, each with a row of escalation_event.';
COMMENT ON COLUMN escalation.customer_id IS 'The debtor.';
COMMENT ON COLUMN escalation.escalation_id IS 'Key, with customer_id.';
COMMENT ON COLUMN escalation.kind IS 'management: somebody above decides. legal: with lawyers. agency: placed with a collection agency. insurance: claimed from the insurer. write_off: to be written off.';
COMMENT ON COLUMN escalation.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN escalation.amount IS 'What was open of its items then.';
COMMENT ON COLUMN escalation.party IS 'Who has it: the manager, law firm, agency or insurer.';
COMMENT ON COLUMN escalation.fee_percent IS 'agency: its fee in percent of what it collects.';
COMMENT ON COLUMN escalation.credit_limit_id IS 'insurance: the insured limit it is claimed under.';
COMMENT ON COLUMN escalation.claim_amount IS 'insurance: what is claimed: the covered share of the amount, or of the limit where that is less.';
COMMENT ON COLUMN escalation.deadline IS 'insurance: last day of the claim, by claim_policy. Of others: day by which it is to be settled.';
COMMENT ON COLUMN escalation.contact_id IS 'The contact it came from.';
COMMENT ON COLUMN escalation.reason IS 'Why it is escalated.';
COMMENT ON COLUMN escalation.approval_id IS 'The approval that was used; NULL: none was required, or it is not open yet.';
COMMENT ON COLUMN escalation.after_allocation_id IS 'The last allocation of the customer that was there when it was opened: later ones count as collected.';
COMMENT ON COLUMN escalation.opened_on IS 'Day it was opened: handed over, placed, filed; NULL: not yet.';
COMMENT ON COLUMN escalation.state IS 'requested: to be approved. open: handed over. closed: done. recalled: taken back from the agency or the lawyers. cancelled: never opened.';
COMMENT ON COLUMN escalation.state_on IS 'Business date of the state.';
COMMENT ON COLUMN escalation.recorded_at IS 'Record time.';
COMMENT ON COLUMN escalation.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN escalation.actor IS 'Person who asks, by default actor().';

CREATE TABLE escalation_item (
	customer_id bigint NOT NULL,
	escalation_id bigint NOT NULL,
	item_id bigint NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	PRIMARY KEY (customer_id, escalation_id, item_id),
	FOREIGN KEY (customer_id, escalation_id) REFERENCES escalation,
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
CREATE INDEX escalation_item_idx ON escalation_item (customer_id, item_id);
COMMENT ON TABLE escalation_item IS 'The items that were escalated, never changed.';
COMMENT ON COLUMN escalation_item.customer_id IS 'The debtor.';
COMMENT ON COLUMN escalation_item.escalation_id IS 'The escalation.';
COMMENT ON COLUMN escalation_item.item_id IS 'The item.';
COMMENT ON COLUMN escalation_item.amount IS 'What was open of it then.';

CREATE TABLE escalation_event (
	customer_id bigint NOT NULL,
	escalation_event_id bigserial NOT NULL,
	escalation_id bigint NOT NULL,
	state text NOT NULL,
	state_on date NOT NULL,
	note text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, escalation_event_id),
	FOREIGN KEY (customer_id, escalation_id) REFERENCES escalation
);
CREATE INDEX escalation_event_idx ON escalation_event (customer_id, escalation_id, escalation_event_id);
COMMENT ON TABLE escalation_event IS 'Everything that happened to an escalation, never changed.';
COMMENT ON COLUMN escalation_event.customer_id IS 'The debtor.';
COMMENT ON COLUMN escalation_event.escalation_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN escalation_event.escalation_id IS 'The escalation.';
COMMENT ON COLUMN escalation_event.state IS 'State from then on.';
COMMENT ON COLUMN escalation_event.state_on IS 'Business date.';
COMMENT ON COLUMN escalation_event.note IS 'What came of it, or why it was taken back.';
COMMENT ON COLUMN escalation_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN escalation_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN escalation_event.actor IS 'Person who did it, by default actor().';

CREATE TABLE agency_remittance (
	customer_id bigint NOT NULL,
	agency_remittance_id bigserial NOT NULL,
	escalation_id bigint NOT NULL,
	collected numeric NOT NULL CHECK (collected > 0),
	fee numeric NOT NULL CHECK (fee >= 0),
	remitted numeric NOT NULL CHECK (remitted >= 0),
	received_on date NOT NULL,
	document_id bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, agency_remittance_id),
	FOREIGN KEY (customer_id, escalation_id) REFERENCES escalation,
	FOREIGN KEY (customer_id, document_id) REFERENCES document,
	CONSTRAINT agency_remittance_sum CHECK (remitted = collected - fee)
);
CREATE INDEX agency_remittance_idx ON agency_remittance (customer_id, escalation_id);
COMMENT ON TABLE agency_remittance IS 'What agencies collected and passed on, never changed.';
COMMENT ON COLUMN agency_remittance.customer_id IS 'The debtor.';
COMMENT ON COLUMN agency_remittance.agency_remittance_id IS 'Key, with customer_id.';
COMMENT ON COLUMN agency_remittance.escalation_id IS 'The placement.';
COMMENT ON COLUMN agency_remittance.collected IS 'What the debtor paid the agency.';
COMMENT ON COLUMN agency_remittance.fee IS 'What the agency kept of it.';
COMMENT ON COLUMN agency_remittance.remitted IS 'What it passed on.';
COMMENT ON COLUMN agency_remittance.received_on IS 'Day it came.';
COMMENT ON COLUMN agency_remittance.document_id IS 'The payment it was posted as.';
COMMENT ON COLUMN agency_remittance.recorded_at IS 'Record time.';
COMMENT ON COLUMN agency_remittance.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN agency_remittance.actor IS 'Person who entered it, by default actor().';

CREATE TABLE settlement (
	customer_id bigint NOT NULL REFERENCES customer,
	settlement_id bigserial NOT NULL,
	currency text NOT NULL,
	owed numeric NOT NULL CHECK (owed > 0),
	amount numeric NOT NULL CHECK (amount > 0),
	due_on date NOT NULL CHECK (isfinite(due_on)),
	contact_id bigint,
	reason text NOT NULL CHECK (reason <> ''),
	approval_id bigint,
	after_allocation_id bigint,
	agreed_on date,
	state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'agreed', 'completed', 'failed', 'cancelled')),
	state_on date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, settlement_id),
	FOREIGN KEY (customer_id, contact_id) REFERENCES contact,
	FOREIGN KEY (customer_id, approval_id) REFERENCES approval,
	CONSTRAINT settlement_part CHECK (amount < owed)
);
CREATE INDEX settlement_open_idx ON settlement (customer_id) WHERE state IN ('proposed', 'agreed');
COMMENT ON TABLE settlement IS 'Settlements: a part is paid by a day, and the rest is written off, in one approval. Only approval_id, after_allocation_id and agreed_on, when it is agreed, and state and state_on change.';
COMMENT ON COLUMN settlement.customer_id IS 'The debtor.';
COMMENT ON COLUMN settlement.settlement_id IS 'Key, with customer_id.';
COMMENT ON COLUMN settlement.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN settlement.owed IS 'What was open of its items when it was proposed.';
COMMENT ON COLUMN settlement.amount IS 'What is to be paid; the rest is given up.';
COMMENT ON COLUMN settlement.due_on IS 'Last day for the money.';
COMMENT ON COLUMN settlement.contact_id IS 'The contact in which it was agreed.';
COMMENT ON COLUMN settlement.reason IS 'Why so much is given up.';
COMMENT ON COLUMN settlement.approval_id IS 'The approval of what is given up; NULL: none was required, or it is not agreed yet.';
COMMENT ON COLUMN settlement.after_allocation_id IS 'The last allocation of the customer that was there when it was agreed: later ones count.';
COMMENT ON COLUMN settlement.agreed_on IS 'Day from which it is in force.';
COMMENT ON COLUMN settlement.state IS 'proposed: to be approved. agreed: in force. completed: paid, and the rest written off; agreed or failed again when a payment is returned. failed: not paid by the day, so that all is owed. cancelled: taken back by a person.';
COMMENT ON COLUMN settlement.state_on IS 'Business date of the state.';
COMMENT ON COLUMN settlement.recorded_at IS 'Record time.';
COMMENT ON COLUMN settlement.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN settlement.actor IS 'Person who entered it, by default actor().';

CREATE TABLE settlement_item (
	customer_id bigint NOT NULL,
	settlement_id bigint NOT NULL,
	item_id bigint NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	PRIMARY KEY (customer_id, settlement_id, item_id),
	FOREIGN KEY (customer_id, settlement_id) REFERENCES settlement,
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
CREATE INDEX settlement_item_idx ON settlement_item (customer_id, item_id);
COMMENT ON TABLE settlement_item IS 'The items of settlements, never changed.';
COMMENT ON COLUMN settlement_item.customer_id IS 'The debtor.';
COMMENT ON COLUMN settlement_item.settlement_id IS 'The settlement.';
COMMENT ON COLUMN settlement_item.item_id IS 'The item.';
COMMENT ON COLUMN settlement_item.amount IS 'What was open of it then.';

CREATE TABLE settlement_event (
	customer_id bigint NOT NULL,
	settlement_event_id bigserial NOT NULL,
	settlement_id bigint NOT NULL,
	state text NOT NULL,
	state_on date NOT NULL,
	written_off numeric,
	note text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, settlement_event_id),
	FOREIGN KEY (customer_id, settlement_id) REFERENCES settlement
);
CREATE INDEX settlement_event_idx ON settlement_event (customer_id, settlement_id, settlement_event_id);
COMMENT ON TABLE settlement_event IS 'Everything that happened to a settlement, never changed.';
COMMENT ON COLUMN settlement_event.customer_id IS 'The debtor.';
COMMENT ON COLUMN settlement_event.settlement_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN settlement_event.settlement_id IS 'The settlement.';
COMMENT ON COLUMN settlement_event.state IS 'State from then on.';
COMMENT ON COLUMN settlement_event.state_on IS 'Business date.';
COMMENT ON COLUMN settlement_event.written_off IS 'completed: what was written off.';
COMMENT ON COLUMN settlement_event.note IS 'Why it was taken back.';
COMMENT ON COLUMN settlement_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN settlement_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN settlement_event.actor IS 'Person who did it, by default actor().';
