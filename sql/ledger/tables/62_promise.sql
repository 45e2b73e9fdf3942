-- Promises to pay, and how they were kept.

CREATE TABLE promise_policy (
	promise_policy_id bigserial NOT NULL PRIMARY KEY,
	risk_class text CHECK (risk_class <> ''),
	tolerance_days integer NOT NULL DEFAULT 0 CHECK (tolerance_days BETWEEN 0 AND 365),
	tolerance_percent numeric NOT NULL DEFAULT 0 CHECK (tolerance_percent BETWEEN 0 AND 100),
	longest_days integer CHECK (longest_days BETWEEN 0 AND 3660)
);
CREATE UNIQUE INDEX promise_policy_key ON promise_policy (COALESCE(risk_class, ''));
COMMENT ON TABLE promise_policy IS 'How promises to pay are judged: for a customer counts the row of its risk class, else the one without. The ledger''s owner changes it; promises keep what was in force when they were made.';
COMMENT ON COLUMN promise_policy.promise_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN promise_policy.risk_class IS 'The risk class; NULL: every class without a row of its own.';
COMMENT ON COLUMN promise_policy.tolerance_days IS 'Days after the promised day on which money still keeps the promise.';
COMMENT ON COLUMN promise_policy.tolerance_percent IS 'Percent of the promised amount that may be missing.';
COMMENT ON COLUMN promise_policy.longest_days IS 'Days from the promise to the promised day at most; NULL: any.';

INSERT INTO promise_policy (tolerance_days, tolerance_percent) VALUES (3, 0);

CREATE TABLE promise (
	customer_id bigint NOT NULL REFERENCES customer,
	promise_id bigserial NOT NULL,
	currency text NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	promised_on date NOT NULL,
	due_on date NOT NULL,
	tolerance_days integer NOT NULL CHECK (tolerance_days >= 0),
	tolerance_amount numeric NOT NULL CHECK (tolerance_amount >= 0),
	contact_id bigint,
	customer_contact_id bigint,
	note text,
	open_amount numeric NOT NULL,
	after_allocation_id bigint NOT NULL,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'kept', 'partly_kept', 'broken', 'replaced', 'withdrawn')),
	state_on date NOT NULL,
	paid_amount numeric NOT NULL DEFAULT 0,
	made_good boolean NOT NULL DEFAULT false,
	replaced_by bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, promise_id),
	FOREIGN KEY (customer_id, contact_id) REFERENCES contact,
	FOREIGN KEY (customer_id, customer_contact_id) REFERENCES customer_contact,
	FOREIGN KEY (customer_id, replaced_by) REFERENCES promise,
	CONSTRAINT promise_replaced CHECK (replaced_by > promise_id AND state NOT IN ('open', 'broken') OR replaced_by IS NULL AND state <> 'replaced'),
	CONSTRAINT promise_dates CHECK (due_on >= promised_on AND isfinite(due_on))
);
CREATE INDEX promise_open_idx ON promise (customer_id, due_on) WHERE state = 'open';
CREATE INDEX promise_not_kept_idx ON promise (customer_id) WHERE state IN ('partly_kept', 'broken') AND NOT made_good AND replaced_by IS NULL;
COMMENT ON TABLE promise IS 'Promises to pay. Only state, state_on, paid_amount, made_good and replaced_by change, each with a row of promise_event.';
COMMENT ON COLUMN promise.customer_id IS 'The debtor.';
COMMENT ON COLUMN promise.promise_id IS 'Key, with customer_id.';
COMMENT ON COLUMN promise.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN promise.amount IS 'What is promised: of the items in promise_item, or, where it has none, of all that the customer owes in the currency.';
COMMENT ON COLUMN promise.promised_on IS 'Day on which it was promised.';
COMMENT ON COLUMN promise.due_on IS 'Day by which the money is promised.';
COMMENT ON COLUMN promise.tolerance_days IS 'Days after it on which money still keeps the promise.';
COMMENT ON COLUMN promise.tolerance_amount IS 'How much of the amount may be missing.';
COMMENT ON COLUMN promise.contact_id IS 'The contact in which it was made.';
COMMENT ON COLUMN promise.customer_contact_id IS 'The person who made it.';
COMMENT ON COLUMN promise.note IS 'In what words.';
COMMENT ON COLUMN promise.open_amount IS 'What was open then of its items, or of all items in the currency.';
COMMENT ON COLUMN promise.after_allocation_id IS 'The last allocation of the customer that was there then: later ones count.';
COMMENT ON COLUMN promise.state IS 'open: not due, or within the tolerance. kept: paid in time, or nothing was left to pay. partly_kept: a part was paid. broken: nothing was. replaced: nothing was yet when another promise took its place. withdrawn: taken back by a person.';
COMMENT ON COLUMN promise.state_on IS 'As-of date of the state.';
COMMENT ON COLUMN promise.paid_amount IS 'What was paid in time.';
COMMENT ON COLUMN promise.made_good IS 'It was not kept, and is paid after all: check rules forget it.';
COMMENT ON COLUMN promise.replaced_by IS 'The promise about the same items that took its place before its time was over, and stands for it since: promise_id. What was paid until then decides its state.';
COMMENT ON COLUMN promise.recorded_at IS 'Record time.';
COMMENT ON COLUMN promise.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN promise.actor IS 'Person who took it down, by default actor().';

CREATE TABLE promise_item (
	customer_id bigint NOT NULL,
	promise_id bigint NOT NULL,
	item_id bigint NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	PRIMARY KEY (customer_id, promise_id, item_id),
	FOREIGN KEY (customer_id, promise_id) REFERENCES promise,
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
CREATE INDEX promise_item_idx ON promise_item (customer_id, item_id);
COMMENT ON TABLE promise_item IS 'The items that a promise is about, never changed.';
COMMENT ON COLUMN promise_item.customer_id IS 'The debtor.';
COMMENT ON COLUMN promise_item.promise_id IS 'The promise.';
COMMENT ON COLUMN promise_item.item_id IS 'The item.';
COMMENT ON COLUMN promise_item.amount IS 'How much of it is promised.';

CREATE TABLE promise_event (
	customer_id bigint NOT NULL,
	promise_event_id bigserial NOT NULL,
	promise_id bigint NOT NULL,
	state text NOT NULL,
	state_on date NOT NULL,
	paid_amount numeric NOT NULL,
	made_good boolean NOT NULL,
	reason text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, promise_event_id),
	FOREIGN KEY (customer_id, promise_id) REFERENCES promise
);
CREATE INDEX promise_event_idx ON promise_event (customer_id, promise_id, promise_event_id);
COMMENT ON TABLE promise_event IS 'Every change of a promise, never changed itself.';
COMMENT ON COLUMN promise_event.customer_id IS 'The debtor.';
COMMENT ON COLUMN promise_event.promise_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN promise_event.promise_id IS 'The promise.';
COMMENT ON COLUMN promise_event.state IS 'State from then on.';
COMMENT ON COLUMN promise_event.state_on IS 'As-of date of the state.';
COMMENT ON COLUMN promise_event.paid_amount IS 'What was paid in time, as known then.';
COMMENT ON COLUMN promise_event.made_good IS 'Whether it was paid after all, as known then.';
COMMENT ON COLUMN promise_event.reason IS 'Why it was withdrawn, or by what it was replaced.';
COMMENT ON COLUMN promise_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN promise_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN promise_event.actor IS 'Person who did it, by default actor().';
