-- What check rules spare, and what they know of a customer besides its account.

CREATE TABLE check_exclusion (
	check_exclusion_id bigserial NOT NULL PRIMARY KEY,
	rule_no integer NOT NULL REFERENCES check_rule,
	customer_id bigint REFERENCES customer,
	risk_class text,
	threshold numeric CHECK (threshold >= 0 AND threshold < 1e15 AND scale(threshold) <= 4),
	valid_from date NOT NULL DEFAULT '-infinity',
	valid_to date NOT NULL DEFAULT 'infinity',
	CHECK (valid_to >= valid_from),
	CHECK ((customer_id IS NULL) <> (risk_class IS NULL))
);
COMMENT ON TABLE check_exclusion IS 'Customers and risk classes that a check rule spares, or holds to another threshold. One for the customer itself counts before one for its class.';
COMMENT ON COLUMN check_exclusion.check_exclusion_id IS 'Key of the exclusion.';
COMMENT ON COLUMN check_exclusion.rule_no IS 'The rule.';
COMMENT ON COLUMN check_exclusion.customer_id IS 'The customer spared.';
COMMENT ON COLUMN check_exclusion.risk_class IS 'Or the risk class spared.';
COMMENT ON COLUMN check_exclusion.threshold IS 'Threshold in place of the rule''s; NULL: the rule does not count at all.';
COMMENT ON COLUMN check_exclusion.valid_from IS 'First day it counts.';
COMMENT ON COLUMN check_exclusion.valid_to IS 'Last day it counts.';

CREATE TABLE risk_figure (
	customer_id bigint NOT NULL REFERENCES customer,
	risk_figure_id bigserial NOT NULL,
	figure text NOT NULL CHECK (figure IN ('dunning_level', 'broken_promises', 'payment_index', 'score', 'grade', 'late_probability', 'very_late_probability')),
	value numeric NOT NULL CHECK (value > -1e15 AND value < 1e15),
	valid_from date NOT NULL,
	source text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, risk_figure_id)
);
CREATE INDEX risk_figure_idx ON risk_figure (customer_id, figure, valid_from, risk_figure_id);
COMMENT ON TABLE risk_figure IS 'Figures about a customer that check rules and the worklist read, never changed. In force on a day is the latest that starts on or before it.';
COMMENT ON COLUMN risk_figure.customer_id IS 'The debtor.';
COMMENT ON COLUMN risk_figure.risk_figure_id IS 'Key, with customer_id.';
COMMENT ON COLUMN risk_figure.figure IS 'dunning_level, broken_promises (so many not kept), payment_index (0 to 100), score, grade (its rank, 1 the best), or late_probability and very_late_probability (percent) of what falls due next, which only the worklist reads.';
COMMENT ON COLUMN risk_figure.value IS 'The figure.';
COMMENT ON COLUMN risk_figure.valid_from IS 'First day it counts.';
COMMENT ON COLUMN risk_figure.source IS 'Who or what said so.';
COMMENT ON COLUMN risk_figure.recorded_at IS 'Record time.';
COMMENT ON COLUMN risk_figure.recorded_by IS 'Login that wrote the row.';

CREATE TABLE exposure_policy (
	exposure_policy_id bigserial NOT NULL PRIMARY KEY,
	risk_class text UNIQUE CHECK (risk_class <> ''),
	counts_unapplied boolean NOT NULL DEFAULT true,
	counts_uncleared boolean NOT NULL DEFAULT true,
	left_out text[] NOT NULL DEFAULT '{}' CHECK (left_out <@ ARRAY['invoice', 'debit_note', 'returned_payment', 'finance_charge', 'fee', 'core_charge',
		'refund', 'recovery', 'adjustment', 'transfer', 'fx_difference'] AND array_position(left_out, NULL) IS NULL),
	counts_disputed boolean NOT NULL DEFAULT true,
	disputed_overdue boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX exposure_policy_default_idx ON exposure_policy ((true)) WHERE risk_class IS NULL;
COMMENT ON TABLE exposure_policy IS 'What counts toward exposure when an order is checked: one row for each risk class that differs, one with NULL for all others. Without a row everything counts. Kept figures are not concerned.';
COMMENT ON COLUMN exposure_policy.exposure_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN exposure_policy.risk_class IS 'The risk class; NULL: every class without a row of its own.';
COMMENT ON COLUMN exposure_policy.counts_unapplied IS 'Unapplied payments and credits are taken off what the customer owes.';
COMMENT ON COLUMN exposure_policy.counts_uncleared IS 'Payments count as owed until they have cleared.';
COMMENT ON COLUMN exposure_policy.left_out IS 'Kinds of document whose open debit items do not count.';
COMMENT ON COLUMN exposure_policy.counts_disputed IS 'What is disputed counts.';
COMMENT ON COLUMN exposure_policy.disputed_overdue IS 'What is disputed counts as past due in the rules oldest_overdue, overdue_amount and overdue_percent.';

-- Kept by the triggers on order tables; an order without a ship date is not in it.
CREATE TABLE order_schedule (
	customer_id bigint NOT NULL,
	currency text NOT NULL,
	ship_date date NOT NULL,
	amount numeric NOT NULL,
	PRIMARY KEY (customer_id, currency, ship_date)
);
COMMENT ON TABLE order_schedule IS 'Open orders that have a ship date, summed up per day; part of exposure.ordered.';
COMMENT ON COLUMN order_schedule.customer_id IS 'The debtor.';
COMMENT ON COLUMN order_schedule.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN order_schedule.ship_date IS 'Day on which the orders ship.';
COMMENT ON COLUMN order_schedule.amount IS 'What they come to.';
