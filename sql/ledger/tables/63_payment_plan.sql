-- Payment plans: what is owed, in instalments that were agreed.

CREATE TABLE plan_policy (
	only_row boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
	grace_days integer NOT NULL DEFAULT 5 CHECK (grace_days BETWEEN 0 AND 365),
	most_instalments integer NOT NULL DEFAULT 60 CHECK (most_instalments BETWEEN 1 AND 600),
	ages_by text NOT NULL DEFAULT 'contract' CHECK (ages_by IN ('contract', 'plan'))
);
COMMENT ON TABLE plan_policy IS 'What payment plans may be: one row, changed by the ledger''s owner.';
COMMENT ON COLUMN plan_policy.only_row IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN plan_policy.grace_days IS 'Days after an instalment is due before its plan is in default, for plans that say nothing else.';
COMMENT ON COLUMN plan_policy.most_instalments IS 'Instalments of a plan at most.';
COMMENT ON COLUMN plan_policy.ages_by IS 'How planned_aging() ages items in plans: contract: by their own due dates, as all other aging does. plan: by those of the instalments.';

INSERT INTO plan_policy DEFAULT VALUES;

CREATE TABLE payment_plan (
	customer_id bigint NOT NULL REFERENCES customer,
	payment_plan_id bigserial NOT NULL,
	currency text NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	interest_amount numeric NOT NULL DEFAULT 0 CHECK (interest_amount >= 0),
	interest_rate numeric CHECK (interest_rate >= 0 AND interest_rate <= 1000),
	terms credit.payment_terms,
	starts_on date NOT NULL,
	grace_days integer NOT NULL CHECK (grace_days BETWEEN 0 AND 365),
	contact_id bigint,
	reason text NOT NULL CHECK (reason <> ''),
	approval_id bigint,
	after_allocation_id bigint,
	state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'active', 'completed', 'defaulted', 'cancelled')),
	state_on date NOT NULL,
	paid_amount numeric NOT NULL DEFAULT 0,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, payment_plan_id),
	FOREIGN KEY (customer_id, contact_id) REFERENCES contact,
	FOREIGN KEY (customer_id, approval_id) REFERENCES approval
);
CREATE INDEX payment_plan_open_idx ON payment_plan (customer_id) WHERE state IN ('proposed', 'active');
COMMENT ON TABLE payment_plan IS 'Payment plans. Only approval_id and after_allocation_id, when it comes into force, and state, state_on and paid_amount change, each with a row of payment_plan_event.';
COMMENT ON COLUMN payment_plan.customer_id IS 'The debtor.';
COMMENT ON COLUMN payment_plan.payment_plan_id IS 'Key, with customer_id.';
COMMENT ON COLUMN payment_plan.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN payment_plan.amount IS 'What is to be paid of its items, without interest.';
COMMENT ON COLUMN payment_plan.interest_amount IS 'Interest of all instalments.';
COMMENT ON COLUMN payment_plan.interest_rate IS 'Percent a year on what is left to pay, by actual days over 365; NULL: none agreed.';
COMMENT ON COLUMN payment_plan.terms IS 'Payment terms its instalments were made by; NULL: they were given.';
COMMENT ON COLUMN payment_plan.starts_on IS 'Day from which terms and interest count.';
COMMENT ON COLUMN payment_plan.grace_days IS 'Days after an instalment is due before the plan is in default.';
COMMENT ON COLUMN payment_plan.contact_id IS 'The contact in which it was agreed.';
COMMENT ON COLUMN payment_plan.reason IS 'Why it is given.';
COMMENT ON COLUMN payment_plan.approval_id IS 'The approval that was used; NULL: none was required, or it is not in force yet.';
COMMENT ON COLUMN payment_plan.after_allocation_id IS 'The last allocation of the customer that was there when it came into force: later ones count.';
COMMENT ON COLUMN payment_plan.state IS 'proposed: to be approved. active: in force. completed: paid. defaulted: an instalment was missed beyond the grace; the items are due as before. cancelled: ended by a person.';
COMMENT ON COLUMN payment_plan.state_on IS 'As-of date of the state.';
COMMENT ON COLUMN payment_plan.paid_amount IS 'What was paid under it.';
COMMENT ON COLUMN payment_plan.recorded_at IS 'Record time.';
COMMENT ON COLUMN payment_plan.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN payment_plan.actor IS 'Person who entered it, by default actor().';

CREATE TABLE payment_plan_item (
	customer_id bigint NOT NULL,
	payment_plan_id bigint NOT NULL,
	item_id bigint NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	instalment_no integer,
	PRIMARY KEY (customer_id, payment_plan_id, item_id),
	FOREIGN KEY (customer_id, payment_plan_id) REFERENCES payment_plan,
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
CREATE INDEX payment_plan_item_idx ON payment_plan_item (customer_id, item_id);
COMMENT ON TABLE payment_plan_item IS 'The items of a payment plan, never changed.';
COMMENT ON COLUMN payment_plan_item.customer_id IS 'The debtor.';
COMMENT ON COLUMN payment_plan_item.payment_plan_id IS 'The plan.';
COMMENT ON COLUMN payment_plan_item.item_id IS 'The item.';
COMMENT ON COLUMN payment_plan_item.amount IS 'What was open of it then; it is in the plan as a whole.';
COMMENT ON COLUMN payment_plan_item.instalment_no IS 'Interest that the plan charged: of this instalment; NULL: owed before.';

CREATE TABLE payment_plan_instalment (
	customer_id bigint NOT NULL,
	payment_plan_id bigint NOT NULL,
	instalment_no integer NOT NULL CHECK (instalment_no > 0),
	due_date date NOT NULL CHECK (isfinite(due_date)),
	amount numeric NOT NULL CHECK (amount > 0),
	interest_amount numeric NOT NULL CHECK (interest_amount >= 0),
	PRIMARY KEY (customer_id, payment_plan_id, instalment_no),
	FOREIGN KEY (customer_id, payment_plan_id) REFERENCES payment_plan
);
COMMENT ON TABLE payment_plan_instalment IS 'The instalments of a payment plan, never changed.';
COMMENT ON COLUMN payment_plan_instalment.customer_id IS 'The debtor.';
COMMENT ON COLUMN payment_plan_instalment.payment_plan_id IS 'The plan.';
COMMENT ON COLUMN payment_plan_instalment.instalment_no IS 'Position, from 1.';
COMMENT ON COLUMN payment_plan_instalment.due_date IS 'When it is due.';
COMMENT ON COLUMN payment_plan_instalment.amount IS 'What of the plan''s amount is due then.';
COMMENT ON COLUMN payment_plan_instalment.interest_amount IS 'Interest due with it.';

CREATE TABLE payment_plan_event (
	customer_id bigint NOT NULL,
	payment_plan_event_id bigserial NOT NULL,
	payment_plan_id bigint NOT NULL,
	state text NOT NULL,
	state_on date NOT NULL,
	paid_amount numeric NOT NULL,
	reason text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, payment_plan_event_id),
	FOREIGN KEY (customer_id, payment_plan_id) REFERENCES payment_plan
);
CREATE INDEX payment_plan_event_idx ON payment_plan_event (customer_id, payment_plan_id, payment_plan_event_id);
COMMENT ON TABLE payment_plan_event IS 'Every change of a payment plan, never changed itself.';
COMMENT ON COLUMN payment_plan_event.customer_id IS 'The debtor.';
COMMENT ON COLUMN payment_plan_event.payment_plan_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN payment_plan_event.payment_plan_id IS 'The plan.';
COMMENT ON COLUMN payment_plan_event.state IS 'State from then on.';
COMMENT ON COLUMN payment_plan_event.state_on IS 'As-of date of the state.';
COMMENT ON COLUMN payment_plan_event.paid_amount IS 'What was paid under it, as known then.';
COMMENT ON COLUMN payment_plan_event.reason IS 'Why it was cancelled, or which instalment was missed.';
COMMENT ON COLUMN payment_plan_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN payment_plan_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN payment_plan_event.actor IS 'Person who did it, by default actor().';
