-- Exposure, limits, holds, check rules, decisions, and the tables of orders they guard.

CREATE TABLE exposure (
	customer_id bigint NOT NULL REFERENCES customer,
	currency text NOT NULL,
	receivable numeric NOT NULL DEFAULT 0,
	unapplied numeric NOT NULL DEFAULT 0,
	ordered numeric NOT NULL DEFAULT 0,
	has_other_currency boolean NOT NULL DEFAULT false,
	open_holds integer NOT NULL DEFAULT 0,
	limit_amount numeric,
	limit_since date,
	limit_until date,
	reserved numeric NOT NULL DEFAULT 0,
	uncleared numeric NOT NULL DEFAULT 0,
	merged_into bigint,
	chain_seq bigint NOT NULL DEFAULT 0,
	chain_hash bytea NOT NULL DEFAULT '',
	PRIMARY KEY (customer_id, currency)
)
-- One narrow row per customer takes every posting and order: half-empty pages keep its updates HOT.
WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE exposure IS 'What each customer owes and has on order, kept by triggers. The row in the base currency is the customer''s lock: whoever posts, checks or tightens takes it first, customers in id order.';
COMMENT ON COLUMN exposure.customer_id IS 'The debtor.';
COMMENT ON COLUMN exposure.currency IS 'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN exposure.receivable IS 'Open debit items.';
COMMENT ON COLUMN exposure.unapplied IS 'Open credit items (payments and credit notes not yet applied) but for reserved deposits, as a positive amount.';
COMMENT ON COLUMN exposure.ordered IS 'Open orders in the tables registered by watch_orders().';
COMMENT ON COLUMN exposure.has_other_currency IS 'In the base-currency row: the customer has rows in other currencies.';
COMMENT ON COLUMN exposure.open_holds IS 'In the base-currency row: manual holds not released.';
COMMENT ON COLUMN exposure.limit_amount IS 'In the base-currency row: the credit limit in force from limit_since to limit_until; NULL when there is none then.';
COMMENT ON COLUMN exposure.limit_since IS 'First day for which limit_amount is known to hold; NULL when the limit must be looked up.';
COMMENT ON COLUMN exposure.limit_until IS 'Last day for which limit_amount holds; infinity when it has no end.';
COMMENT ON COLUMN exposure.reserved IS 'Open deposits reserved to an order: they free no credit but for that order.';
COMMENT ON COLUMN exposure.uncleared IS 'Payments posted with a clearing day and neither confirmed nor reversed, whether that day has come or not; the check counts those whose day is still to come.';
COMMENT ON COLUMN exposure.merged_into IS 'In the base-currency row: the customer this one was merged into; it takes no new business.';
COMMENT ON COLUMN exposure.chain_seq IS 'In the base-currency row: links in the customer''s audit chain.';
COMMENT ON COLUMN exposure.chain_hash IS 'In the base-currency row: hash of the last link.';

CREATE TABLE credit_limit (
	customer_id bigint NOT NULL REFERENCES customer,
	credit_limit_id bigserial NOT NULL,
	amount numeric NOT NULL CHECK (amount >= 0),
	currency text NOT NULL,
	valid_from date NOT NULL,
	valid_to date CHECK (valid_to >= valid_from),
	reason text,
	set_at timestamptz NOT NULL DEFAULT now(),
	set_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, credit_limit_id)
);
CREATE INDEX credit_limit_validity_idx ON credit_limit (customer_id, valid_from);
COMMENT ON TABLE credit_limit IS 'Credit limits, never changed. In force on a day is the row that covers it and starts latest; of two with one start, the later row.';
COMMENT ON COLUMN credit_limit.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_limit.credit_limit_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_limit.amount IS 'The limit; 0 allows nothing.';
COMMENT ON COLUMN credit_limit.currency IS 'ISO 4217 code: the ledger''s base currency.';
COMMENT ON COLUMN credit_limit.valid_from IS 'First day in force.';
COMMENT ON COLUMN credit_limit.valid_to IS 'Last day in force; NULL without end.';
COMMENT ON COLUMN credit_limit.reason IS 'Why it was set.';
COMMENT ON COLUMN credit_limit.set_at IS 'Record time.';
COMMENT ON COLUMN credit_limit.set_by IS 'Login that set it.';

CREATE TABLE hold (
	customer_id bigint NOT NULL REFERENCES customer,
	hold_id bigserial NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	placed_at timestamptz NOT NULL DEFAULT now(),
	placed_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, hold_id)
);
COMMENT ON TABLE hold IS 'Manual credit holds, never changed; a hold ends with a row in hold_release.';
COMMENT ON COLUMN hold.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold.hold_id IS 'Key, with customer_id.';
COMMENT ON COLUMN hold.reason IS 'Why nothing may be sold on credit.';
COMMENT ON COLUMN hold.placed_at IS 'Record time.';
COMMENT ON COLUMN hold.placed_by IS 'Login that placed it.';

CREATE TABLE hold_release (
	customer_id bigint NOT NULL,
	hold_id bigint NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	released_at timestamptz NOT NULL DEFAULT now(),
	released_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, hold_id),
	FOREIGN KEY (customer_id, hold_id) REFERENCES hold
);
COMMENT ON TABLE hold_release IS 'The end of a manual hold.';
COMMENT ON COLUMN hold_release.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold_release.hold_id IS 'The hold that ended.';
COMMENT ON COLUMN hold_release.reason IS 'Why it was released.';
COMMENT ON COLUMN hold_release.released_at IS 'Record time.';
COMMENT ON COLUMN hold_release.released_by IS 'Login that released it.';

CREATE TABLE check_rule (
	rule_no integer NOT NULL PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('manual_hold', 'limit_missing', 'limit_use', 'oldest_overdue')),
	threshold numeric CHECK (threshold >= 0 AND threshold < 1000000 AND scale(threshold) <= 4),
	action text NOT NULL DEFAULT 'hold' CHECK (action IN ('warn', 'hold', 'reject')),
	customer_id bigint REFERENCES customer,
	valid_from date NOT NULL DEFAULT '-infinity',
	valid_to date NOT NULL DEFAULT 'infinity',
	CHECK (valid_to >= valid_from),
	CONSTRAINT check_rule_threshold_by_kind CHECK ((threshold IS NOT NULL) = (kind IN ('limit_use', 'oldest_overdue')))
);
COMMENT ON TABLE check_rule IS 'The rules an order is checked against, in the order of rule_no. The outcome is the strictest action of the rules it breaks; where no rule is in force it is hold.';
COMMENT ON COLUMN check_rule.rule_no IS 'Key, and the order of evaluation.';
COMMENT ON COLUMN check_rule.kind IS 'manual_hold: the customer has an unreleased hold. limit_missing: no credit limit is in force. limit_use: exposure with the order exceeds threshold percent of the limit. oldest_overdue: an open debit item is more than threshold days past due.';
COMMENT ON COLUMN check_rule.threshold IS 'Percent for limit_use, days for oldest_overdue, NULL for the others; below a million, at most four decimals.';
COMMENT ON COLUMN check_rule.action IS 'warn: approve and say so. hold: save on hold (mode hold) or refuse (mode reject). reject: refuse in both modes.';
COMMENT ON COLUMN check_rule.customer_id IS 'The one customer the rule is for; NULL for everyone.';
COMMENT ON COLUMN check_rule.valid_from IS 'First day the rule counts.';
COMMENT ON COLUMN check_rule.valid_to IS 'Last day the rule counts.';

INSERT INTO check_rule (rule_no, kind, threshold) VALUES
	(10, 'manual_hold', NULL), (20, 'limit_missing', NULL), (30, 'limit_use', 100);

-- Written by C only, with every order: a CHECK would be parsed anew each time and cost more than the check it repeats.
CREATE TABLE decision (
	customer_id bigint NOT NULL,
	decision_id bigserial NOT NULL,
	outcome text NOT NULL,
	source text NOT NULL,
	order_id text,
	amount numeric NOT NULL,
	currency text NOT NULL,
	receivable numeric NOT NULL,
	unapplied numeric NOT NULL,
	ordered numeric NOT NULL,
	limit_amount numeric,
	checks jsonb NOT NULL,
	decided_at timestamptz NOT NULL DEFAULT now(),
	decided_for text NOT NULL,
	uncleared numeric NOT NULL DEFAULT 0,
	deposit numeric NOT NULL DEFAULT 0,
	PRIMARY KEY (customer_id, decision_id)
);
COMMENT ON TABLE decision IS 'What was decided on each checked order, with the figures of that moment. Never changed. A refused order leaves no row: the error carries the decision.';
COMMENT ON COLUMN decision.customer_id IS 'The debtor.';
COMMENT ON COLUMN decision.decision_id IS 'Key, with customer_id.';
COMMENT ON COLUMN decision.outcome IS 'approve, warn, hold or reject.';
COMMENT ON COLUMN decision.source IS 'Table the order is in (schema.table), or check_credit.';
COMMENT ON COLUMN decision.order_id IS 'The order''s id in that table, as text.';
COMMENT ON COLUMN decision.amount IS 'Amount of the order, or its increase, that was decided on.';
COMMENT ON COLUMN decision.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN decision.receivable IS 'Open debit items then, before the order; other currencies at the rate of the day.';
COMMENT ON COLUMN decision.unapplied IS 'Open credit items then.';
COMMENT ON COLUMN decision.ordered IS 'Open orders then, without this one.';
COMMENT ON COLUMN decision.limit_amount IS 'Credit limit in force then; NULL when there was none.';
COMMENT ON COLUMN decision.checks IS 'Array of the rules that were evaluated: rule_no, kind, figure, threshold, outcome.';
COMMENT ON COLUMN decision.decided_at IS 'Record time.';
COMMENT ON COLUMN decision.decided_for IS 'Login of the session that placed the order.';
COMMENT ON COLUMN decision.uncleared IS 'Payments not cleared then.';
COMMENT ON COLUMN decision.deposit IS 'Deposits reserved to the order, up to its amount: they were taken off.';

CREATE TABLE watched_table (
	table_schema text NOT NULL,
	table_name text NOT NULL,
	customer_column text NOT NULL,
	amount_column text NOT NULL,
	order_id_column text NOT NULL,
	currency_column text,
	open_when text NOT NULL DEFAULT 'true',
	mode text NOT NULL CHECK (mode IN ('reject', 'hold')),
	status_column text,
	open_value text,
	hold_value text,
	record_decisions boolean NOT NULL DEFAULT true,
	registered_at timestamptz NOT NULL DEFAULT now(),
	registered_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (table_schema, table_name),
	CHECK ((mode = 'hold') = (status_column IS NOT NULL AND open_value IS NOT NULL AND hold_value IS NOT NULL))
);
COMMENT ON TABLE watched_table IS 'The applications'' order tables that watch_orders() put under credit control. Kept as text, so that a dump restores; a trigger on a table not listed here refuses to work.';
COMMENT ON COLUMN watched_table.table_schema IS 'Schema of the order table.';
COMMENT ON COLUMN watched_table.table_name IS 'Name of the order table (of the partitioned table, not of a partition).';
COMMENT ON COLUMN watched_table.customer_column IS 'Its column with the customer_id.';
COMMENT ON COLUMN watched_table.amount_column IS 'Its column with the order''s amount.';
COMMENT ON COLUMN watched_table.order_id_column IS 'Its column that identifies the order.';
COMMENT ON COLUMN watched_table.currency_column IS 'Its column with the ISO 4217 code; NULL when all orders are in the base currency.';
COMMENT ON COLUMN watched_table.open_when IS 'Immutable condition on the row: the order counts while it is true.';
COMMENT ON COLUMN watched_table.mode IS 'reject: an order that fails is refused. hold: it is saved with the hold status.';
COMMENT ON COLUMN watched_table.status_column IS 'Mode hold: the column that says whether the order is on hold.';
COMMENT ON COLUMN watched_table.open_value IS 'Mode hold: its value for an order that may go on.';
COMMENT ON COLUMN watched_table.hold_value IS 'Mode hold: its value for an order on credit hold.';
COMMENT ON COLUMN watched_table.record_decisions IS 'Whether each decision is stored in table decision.';
COMMENT ON COLUMN watched_table.registered_at IS 'Record time.';
COMMENT ON COLUMN watched_table.registered_by IS 'Login that registered it.';
