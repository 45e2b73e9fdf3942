-- Dunning: which reminders a customer gets for what is past due, which it got, and what it was spared.

CREATE TABLE dunning_policy (
	dunning_policy_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	risk_class text CHECK (risk_class <> ''),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	interval_days integer NOT NULL DEFAULT 7 CHECK (interval_days BETWEEN 1 AND 366),
	net_of_unapplied boolean NOT NULL DEFAULT true,
	language text NOT NULL DEFAULT 'en',
	pay_days integer NOT NULL DEFAULT 10 CHECK (pay_days BETWEEN 0 AND 366),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL
);
CREATE UNIQUE INDEX dunning_policy_key ON dunning_policy (currency, COALESCE(risk_class, ''), valid_from);
COMMENT ON TABLE dunning_policy IS 'How customers are dunned, per currency and risk class; never changed, a row that starts later takes its place. For a customer counts the policy of its risk class, else the one without a class. Without either nobody is dunned.';
COMMENT ON COLUMN dunning_policy.dunning_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN dunning_policy.name IS 'Name people read.';
COMMENT ON COLUMN dunning_policy.currency IS 'ISO 4217 code of the items it is for, and of its amounts.';
COMMENT ON COLUMN dunning_policy.risk_class IS 'The risk class of customers it is for; NULL: every class without a policy of its own.';
COMMENT ON COLUMN dunning_policy.valid_from IS 'First day it counts.';
COMMENT ON COLUMN dunning_policy.interval_days IS 'Days from one letter to a customer until the next in the same currency, at least 1.';
COMMENT ON COLUMN dunning_policy.net_of_unapplied IS 'Unapplied payments and credits are taken off what is dunned: who has as much in its favour gets no letter.';
COMMENT ON COLUMN dunning_policy.language IS 'Language of letters to customers who name none, as in letter_template.';
COMMENT ON COLUMN dunning_policy.pay_days IS 'Days from the letter until the day it asks payment by.';
COMMENT ON COLUMN dunning_policy.recorded_at IS 'Record time.';
COMMENT ON COLUMN dunning_policy.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN dunning_policy.actor IS 'Person who set it, by default actor().';

CREATE TABLE dunning_level (
	dunning_policy_id bigint NOT NULL REFERENCES dunning_policy,
	level integer NOT NULL CHECK (level BETWEEN 1 AND 9),
	days integer NOT NULL CHECK (days BETWEEN 0 AND 3660),
	days_from text NOT NULL CHECK (days_from IN ('due_date', 'last_level')),
	minimum_amount numeric NOT NULL CHECK (minimum_amount >= 0 AND minimum_amount < 1e15),
	fee numeric NOT NULL CHECK (fee >= 0 AND fee < 1e15),
	charges_interest boolean NOT NULL,
	channel text NOT NULL CHECK (channel IN ('letter', 'e-mail')),
	template text NOT NULL,
	hold boolean NOT NULL,
	PRIMARY KEY (dunning_policy_id, level)
);
COMMENT ON TABLE dunning_level IS 'The levels of a dunning policy, from 1 without gaps; never changed.';
COMMENT ON COLUMN dunning_level.dunning_policy_id IS 'The policy.';
COMMENT ON COLUMN dunning_level.level IS 'Level, 1 the first reminder.';
COMMENT ON COLUMN dunning_level.days IS 'Days after which an item reaches the level.';
COMMENT ON COLUMN dunning_level.days_from IS 'due_date: days past due. last_level: days since the letter of the level before; of level 1 past due.';
COMMENT ON COLUMN dunning_level.minimum_amount IS 'A letter whose highest level is this one is written only from this amount on.';
COMMENT ON COLUMN dunning_level.fee IS 'Fee of a letter whose highest level is this one, posted as a document of kind fee; 0: none.';
COMMENT ON COLUMN dunning_level.charges_interest IS 'A letter of this level charges the late-payment interest of the customer up to its day.';
COMMENT ON COLUMN dunning_level.channel IS 'letter, or e-mail where the person has an address.';
COMMENT ON COLUMN dunning_level.template IS 'Its text: template of letter_template.';
COMMENT ON COLUMN dunning_level.hold IS 'A letter of this level places an automatic hold with reason code overdue.';

CREATE TABLE dunning_run (
	dunning_run_id bigserial NOT NULL PRIMARY KEY,
	as_of date NOT NULL CHECK (isfinite(as_of)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL
);
CREATE INDEX dunning_run_idx ON dunning_run (as_of);
COMMENT ON TABLE dunning_run IS 'Dunning runs, never changed.';
COMMENT ON COLUMN dunning_run.dunning_run_id IS 'Key of the run.';
COMMENT ON COLUMN dunning_run.as_of IS 'Day of its letters; never before that of an earlier run.';
COMMENT ON COLUMN dunning_run.recorded_at IS 'Record time.';
COMMENT ON COLUMN dunning_run.recorded_by IS 'Login that started it.';
COMMENT ON COLUMN dunning_run.actor IS 'Person who started it, by default actor().';

CREATE TABLE dunning_letter (
	customer_id bigint NOT NULL REFERENCES customer,
	dunning_letter_id bigserial NOT NULL,
	dunning_run_id bigint NOT NULL,
	dunning_policy_id bigint NOT NULL,
	currency text NOT NULL,
	level integer NOT NULL,
	as_of date NOT NULL,
	items integer NOT NULL,
	amount numeric NOT NULL,
	unapplied numeric NOT NULL,
	fee numeric NOT NULL,
	fee_document_id bigint,
	pay_by date NOT NULL,
	channel text NOT NULL,
	template text NOT NULL,
	language text NOT NULL,
	PRIMARY KEY (customer_id, dunning_letter_id)
);
CREATE UNIQUE INDEX dunning_letter_key ON dunning_letter (customer_id, currency, as_of);
CREATE INDEX dunning_letter_fee_idx ON dunning_letter (customer_id, fee_document_id) WHERE fee_document_id IS NOT NULL;
CREATE INDEX dunning_letter_run_idx ON dunning_letter (dunning_run_id, customer_id);
COMMENT ON TABLE dunning_letter IS 'Dunning letters, one per customer, currency and day at most; never changed. Their text is in outbox.';
COMMENT ON COLUMN dunning_letter.customer_id IS 'The debtor.';
COMMENT ON COLUMN dunning_letter.dunning_letter_id IS 'Key, with customer_id.';
COMMENT ON COLUMN dunning_letter.dunning_run_id IS 'The run that wrote it.';
COMMENT ON COLUMN dunning_letter.dunning_policy_id IS 'The policy it followed.';
COMMENT ON COLUMN dunning_letter.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN dunning_letter.level IS 'Highest level among its items.';
COMMENT ON COLUMN dunning_letter.as_of IS 'Its day.';
COMMENT ON COLUMN dunning_letter.items IS 'How many items it duns.';
COMMENT ON COLUMN dunning_letter.amount IS 'What of them is to be paid: open, and not disputed.';
COMMENT ON COLUMN dunning_letter.unapplied IS 'The customer''s unapplied credit on that day, where the policy takes it off.';
COMMENT ON COLUMN dunning_letter.fee IS 'Its fee.';
COMMENT ON COLUMN dunning_letter.fee_document_id IS 'Document of the fee.';
COMMENT ON COLUMN dunning_letter.pay_by IS 'Day it asks payment by.';
COMMENT ON COLUMN dunning_letter.channel IS 'How it is sent.';
COMMENT ON COLUMN dunning_letter.template IS 'Template of its text.';
COMMENT ON COLUMN dunning_letter.language IS 'Language of its text.';

CREATE TABLE dunning_item (
	customer_id bigint NOT NULL,
	item_id bigint NOT NULL,
	level integer NOT NULL,
	dunning_letter_id bigint,
	as_of date NOT NULL,
	amount numeric NOT NULL,
	PRIMARY KEY (customer_id, item_id, level),
	FOREIGN KEY (customer_id, item_id) REFERENCES item,
	FOREIGN KEY (customer_id, dunning_letter_id) REFERENCES dunning_letter
);
CREATE INDEX dunning_item_letter_idx ON dunning_item (customer_id, dunning_letter_id);
COMMENT ON TABLE dunning_item IS 'Items of dunning letters, each once per level; never changed.';
COMMENT ON COLUMN dunning_item.customer_id IS 'The debtor.';
COMMENT ON COLUMN dunning_item.item_id IS 'The item dunned.';
COMMENT ON COLUMN dunning_item.level IS 'Level it reached.';
COMMENT ON COLUMN dunning_item.dunning_letter_id IS 'The letter; NULL: it went to another customer, who was merged into this one.';
COMMENT ON COLUMN dunning_item.as_of IS 'Day of the letter.';
COMMENT ON COLUMN dunning_item.amount IS 'What of it was to be paid.';

CREATE TABLE dunning_skip (
	customer_id bigint NOT NULL REFERENCES customer,
	dunning_run_id bigint NOT NULL,
	item_id bigint NOT NULL,
	currency text NOT NULL,
	level integer,
	amount numeric NOT NULL,
	reason text NOT NULL,
	PRIMARY KEY (customer_id, dunning_run_id, item_id)
);
COMMENT ON TABLE dunning_skip IS 'Items that a dunning run came upon and left alone, and why; never changed.';
COMMENT ON COLUMN dunning_skip.customer_id IS 'The debtor.';
COMMENT ON COLUMN dunning_skip.dunning_run_id IS 'The run.';
COMMENT ON COLUMN dunning_skip.item_id IS 'The item.';
COMMENT ON COLUMN dunning_skip.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN dunning_skip.level IS 'Level it would have reached; NULL where no policy says.';
COMMENT ON COLUMN dunning_skip.amount IS 'What of it would have been dunned.';
COMMENT ON COLUMN dunning_skip.reason IS 'Why not, as in view dunning_preview.';

CREATE TABLE dunning_pause (
	customer_id bigint NOT NULL REFERENCES customer,
	dunning_pause_id bigserial NOT NULL,
	item_id bigint,
	pauses_from date NOT NULL CHECK (isfinite(pauses_from)),
	pauses_until date,
	reason text NOT NULL CHECK (reason <> ''),
	ended_on date,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, dunning_pause_id),
	CONSTRAINT dunning_pause_until CHECK (pauses_until >= pauses_from AND isfinite(pauses_until))
);
COMMENT ON TABLE dunning_pause IS 'Customers and items that are not dunned for a time. Only ended_on changes, once.';
COMMENT ON COLUMN dunning_pause.customer_id IS 'The debtor.';
COMMENT ON COLUMN dunning_pause.dunning_pause_id IS 'Key, with customer_id.';
COMMENT ON COLUMN dunning_pause.item_id IS 'The item; NULL: all of the customer.';
COMMENT ON COLUMN dunning_pause.pauses_from IS 'First day without letters.';
COMMENT ON COLUMN dunning_pause.pauses_until IS 'Last day without letters; NULL: until it is ended.';
COMMENT ON COLUMN dunning_pause.reason IS 'Why it is paused.';
COMMENT ON COLUMN dunning_pause.ended_on IS 'Day from which it no longer counts, ended before its time.';
COMMENT ON COLUMN dunning_pause.recorded_at IS 'Record time.';
COMMENT ON COLUMN dunning_pause.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN dunning_pause.actor IS 'Person who paused it, by default actor().';
