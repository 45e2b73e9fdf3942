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
	parent_id bigint,
	in_group boolean NOT NULL DEFAULT false,
	check_seq bigint NOT NULL DEFAULT 0,
	inactive boolean NOT NULL DEFAULT false,
	PRIMARY KEY (customer_id, currency)
)
-- One narrow row per customer takes every posting and order: half-empty pages keep its updates HOT.
WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX exposure_parent_idx ON exposure (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX exposure_group_idx ON exposure (customer_id) WHERE in_group;
CREATE INDEX exposure_hold_idx ON exposure (customer_id) WHERE open_holds > 0;
COMMENT ON TABLE exposure IS 'What each customer owes and has on order, kept by triggers. The row in the base currency is the customer''s lock: whoever posts, checks or tightens takes it first, customers in id order.';
COMMENT ON COLUMN exposure.customer_id IS 'The debtor.';
COMMENT ON COLUMN exposure.currency IS 'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN exposure.receivable IS 'Open debit items.';
COMMENT ON COLUMN exposure.unapplied IS 'Open credit items (payments and credit notes not yet applied) but for reserved deposits, as a positive amount.';
COMMENT ON COLUMN exposure.ordered IS 'Open orders in the tables registered by watch_orders().';
COMMENT ON COLUMN exposure.has_other_currency IS 'In the base-currency row: the customer has rows in other currencies.';
COMMENT ON COLUMN exposure.open_holds IS 'In the base-currency row: holds not released, whatever their scope and also those that have expired; a check looks at which of them count.';
COMMENT ON COLUMN exposure.limit_amount IS 'In the base-currency row: the credit limit in force from limit_since to limit_until; NULL when there is none then.';
COMMENT ON COLUMN exposure.limit_since IS 'First day for which limit_amount is known to hold; NULL when the limit must be looked up.';
COMMENT ON COLUMN exposure.limit_until IS 'Last day for which limit_amount holds; infinity when it has no end.';
COMMENT ON COLUMN exposure.reserved IS 'Open deposits reserved to an order: they free no credit but for that order.';
COMMENT ON COLUMN exposure.uncleared IS 'Payments posted with a clearing day and neither confirmed nor reversed, whether that day has come or not; the check counts those whose day is still to come.';
COMMENT ON COLUMN exposure.merged_into IS 'In the base-currency row: the customer this one was merged into; it takes no new business.';
COMMENT ON COLUMN exposure.chain_seq IS 'In the base-currency row: links in the customer''s audit chain.';
COMMENT ON COLUMN exposure.chain_hash IS 'In the base-currency row: hash of the last link.';
COMMENT ON COLUMN exposure.parent_id IS 'In the base-currency row: customer.parent_id, read under the lock.';
COMMENT ON COLUMN exposure.in_group IS 'In the base-currency row: the customer has a parent or a group limit of its own, so an order looks at groups too.';
COMMENT ON COLUMN exposure.check_seq IS 'In the base-currency row: counts what else a check reads and this row does not hold, such as orders of the group or figures of rules; changing it makes orders wait, and one in REPEATABLE READ fail instead of missing it.';
COMMENT ON COLUMN exposure.inactive IS 'In the base-currency row: customer.status is not active; kept by a trigger, for the rule that asks.';

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
	kind text NOT NULL DEFAULT 'own' CHECK (kind IN ('own', 'temporary', 'group', 'insured', 'guarantee')),
	in_force daterange NOT NULL,
	replaces_own boolean NOT NULL DEFAULT false,
	covered_percent numeric CHECK (covered_percent > 0 AND covered_percent <= 100),
	max_overdue_days integer CHECK (max_overdue_days >= 0),
	provider text,
	policy_no text,
	requested_by text,
	approved_by text,
	recommendation_id bigint,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, credit_limit_id),
	CONSTRAINT credit_limit_temporary_ends CHECK (kind <> 'temporary' OR valid_to IS NOT NULL),
	CONSTRAINT credit_limit_replaces_own CHECK (NOT replaces_own OR kind = 'temporary'),
	CONSTRAINT credit_limit_cover CHECK ((kind = 'insured') = (covered_percent IS NOT NULL) AND (max_overdue_days IS NULL OR kind = 'insured')),
	CONSTRAINT credit_limit_provider CHECK (provider IS NOT NULL OR kind NOT IN ('insured', 'guarantee')),
	-- Ranges of one customer stand for the id, so that no other extension is needed.  Guarantees may overlap.
	CONSTRAINT credit_limit_own_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'own'),
	CONSTRAINT credit_limit_temporary_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'temporary'),
	CONSTRAINT credit_limit_group_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'group'),
	CONSTRAINT credit_limit_insured_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'insured')
);
CREATE INDEX credit_limit_validity_idx ON credit_limit (customer_id, kind, valid_from);
COMMENT ON TABLE credit_limit IS 'Credit limits, never changed but for in_force. No two of one kind are in force on one day, guarantees excepted.';
COMMENT ON COLUMN credit_limit.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_limit.credit_limit_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_limit.amount IS 'The limit; 0 allows nothing.';
COMMENT ON COLUMN credit_limit.currency IS 'ISO 4217 code; converted at the rate of the day when an order is checked.';
COMMENT ON COLUMN credit_limit.valid_from IS 'First day in force.';
COMMENT ON COLUMN credit_limit.valid_to IS 'Last day in force; NULL without end.';
COMMENT ON COLUMN credit_limit.reason IS 'Why it was set.';
COMMENT ON COLUMN credit_limit.set_at IS 'Record time.';
COMMENT ON COLUMN credit_limit.set_by IS 'Login that set it.';
COMMENT ON COLUMN credit_limit.kind IS 'own: the customer''s. temporary: adds to it, or replaces it, and ends by itself. group: shared by the customer and all below it. insured: covered by a credit insurer. guarantee: a guarantee or letter of credit, which counts until it expires.';
COMMENT ON COLUMN credit_limit.in_force IS 'Days on which it counts: from valid_from to valid_to, or to the day before the next one of its kind starts. Empty when another one of the same start took its place.';
COMMENT ON COLUMN credit_limit.replaces_own IS 'A temporary limit stands in place of the own limit instead of adding to it.';
COMMENT ON COLUMN credit_limit.covered_percent IS 'Insured: percent of amount that the insurer pays.';
COMMENT ON COLUMN credit_limit.max_overdue_days IS 'Insured: the cover lapses for new orders while an item is more days past due than this; NULL: it does not.';
COMMENT ON COLUMN credit_limit.provider IS 'Insured: the insurer. Guarantee: who guarantees, or the issuing bank.';
COMMENT ON COLUMN credit_limit.policy_no IS 'Number of the policy, guarantee or letter of credit.';
COMMENT ON COLUMN credit_limit.requested_by IS 'Who asked for it.';
COMMENT ON COLUMN credit_limit.approved_by IS 'Who agreed to it.';
COMMENT ON COLUMN credit_limit.recommendation_id IS 'The recommendation it followed.';
COMMENT ON COLUMN credit_limit.actor IS 'Person who did it, by default actor().';

CREATE TABLE hold (
	customer_id bigint NOT NULL REFERENCES customer,
	hold_id bigserial NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	placed_at timestamptz NOT NULL DEFAULT now(),
	placed_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	reason_code text NOT NULL DEFAULT 'other' REFERENCES hold_reason,
	scope text NOT NULL DEFAULT 'all' CHECK (scope IN ('all', 'new_orders', 'shipments')),
	forced boolean NOT NULL DEFAULT false,
	automatic boolean NOT NULL DEFAULT false,
	expires_on date CHECK (isfinite(expires_on)),
	PRIMARY KEY (customer_id, hold_id),
	CONSTRAINT hold_forced_stays CHECK (NOT forced OR expires_on IS NULL)
);
COMMENT ON TABLE hold IS 'Credit holds, never changed; a hold ends with a row in hold_release, or by itself after expires_on.';
COMMENT ON COLUMN hold.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold.hold_id IS 'Key, with customer_id.';
COMMENT ON COLUMN hold.reason IS 'Why nothing may be sold on credit.';
COMMENT ON COLUMN hold.placed_at IS 'Record time.';
COMMENT ON COLUMN hold.placed_by IS 'Login that placed it.';
COMMENT ON COLUMN hold.actor IS 'Person who did it, by default actor().';
COMMENT ON COLUMN hold.reason_code IS 'Kind of reason, one of table hold_reason.';
COMMENT ON COLUMN hold.scope IS 'What it stops: new_orders: orders that come or grow; shipments: what is asked with check_credit(..., p_purpose => ''shipment''); all: both.';
COMMENT ON COLUMN hold.forced IS 'Only a person ends it: it neither expires nor is released by reevaluate_holds().';
COMMENT ON COLUMN hold.automatic IS 'Placed by a batch or a rule: reevaluate_holds() releases it when its cause is gone.';
COMMENT ON COLUMN hold.expires_on IS 'Last day on which it counts, in the ledger''s time zone; NULL: until it is released.';

CREATE TABLE hold_release (
	customer_id bigint NOT NULL,
	hold_id bigint NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	released_at timestamptz NOT NULL DEFAULT now(),
	released_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, hold_id),
	FOREIGN KEY (customer_id, hold_id) REFERENCES hold
);
COMMENT ON TABLE hold_release IS 'The end of a hold.';
COMMENT ON COLUMN hold_release.customer_id IS 'The debtor.';
COMMENT ON COLUMN hold_release.hold_id IS 'The hold that ended.';
COMMENT ON COLUMN hold_release.reason IS 'Why it was released.';
COMMENT ON COLUMN hold_release.released_at IS 'Record time.';
COMMENT ON COLUMN hold_release.released_by IS 'Login that released it.';
COMMENT ON COLUMN hold_release.actor IS 'Person who did it, by default actor().';

CREATE TABLE check_rule (
	rule_no integer NOT NULL PRIMARY KEY,
	kind text NOT NULL,
	threshold numeric CHECK (threshold >= 0 AND threshold < 1e15 AND scale(threshold) <= 4),
	action text NOT NULL DEFAULT 'hold' CHECK (action IN ('warn', 'hold', 'reject')),
	customer_id bigint REFERENCES customer,
	valid_from date NOT NULL DEFAULT '-infinity',
	valid_to date NOT NULL DEFAULT 'infinity',
	risk_class text,
	grace_days integer NOT NULL DEFAULT 0 CHECK (grace_days BETWEEN 0 AND 3660),
	net_of_unapplied boolean NOT NULL DEFAULT true,
	horizon_days integer CHECK (horizon_days BETWEEN 0 AND 3660),
	when_unknown text NOT NULL DEFAULT 'hold' CHECK (when_unknown IN ('approve', 'warn', 'hold', 'reject')),
	group_id bigint REFERENCES customer,
	CHECK (valid_to >= valid_from),
	CONSTRAINT check_rule_scope CHECK (num_nonnulls(customer_id, risk_class, group_id) <= 1),
	CONSTRAINT check_rule_kind CHECK (kind IN ('manual_hold', 'limit_missing', 'limit_expired', 'customer_status', 'limit_use', 'horizon_use', 'limit_expiring',
		'document_value', 'oldest_overdue', 'overdue_amount', 'overdue_percent', 'returned_payment', 'dunning_level', 'broken_promises',
		'payment_index', 'score', 'grade', 'review_overdue', 'terms_changed', 'dormant')),
	CONSTRAINT check_rule_horizon CHECK ((horizon_days IS NOT NULL) = (kind = 'horizon_use')),
	CONSTRAINT check_rule_threshold_range CHECK (threshold < 1000000 OR kind IN ('document_value', 'overdue_amount', 'score')),
	CONSTRAINT check_rule_threshold_by_kind CHECK ((threshold IS NULL)
		= (kind IN ('manual_hold', 'limit_missing', 'limit_expired', 'customer_status')))
);
COMMENT ON TABLE check_rule IS 'The rules an order is checked against, in the order of rule_no. The outcome is the strictest action of the rules it breaks; where no rule is in force it is hold.';
COMMENT ON COLUMN check_rule.rule_no IS 'Key, and the order of evaluation.';
COMMENT ON COLUMN check_rule.kind IS 'Broken when: manual_hold: a hold that concerns orders is in force. limit_missing: no credit limit is in force. limit_expired: one was, and ended. customer_status: not active. limit_use: exposure with the order exceeds threshold percent of the limit; group limits first, each with its group_id. horizon_use: as limit_use, without orders that ship more than horizon_days from now; group limits have no horizon. limit_expiring: the limit ends within threshold days. document_value: the order is above threshold. oldest_overdue: an open debit item is more than threshold days past due. overdue_amount, overdue_percent: more than threshold is past due by more than grace_days, in base currency or percent of all open debit items. returned_payment: one was returned in the last threshold days. dunning_level, broken_promises: above threshold. payment_index, score: below threshold. grade: its rank is above threshold. review_overdue: the review is more than threshold days late. terms_changed: in the last threshold days. dormant: nothing invoiced for more than threshold days.';
COMMENT ON COLUMN check_rule.threshold IS 'Percent, days, amount in base currency, level, index, score or rank, as the kind says; below 10^15, at most four decimals.';
COMMENT ON COLUMN check_rule.action IS 'warn: approve and say so. hold: save on hold (mode hold) or refuse (mode reject). reject: refuse in both modes.';
COMMENT ON COLUMN check_rule.customer_id IS 'The one customer the rule is for; NULL for everyone.';
COMMENT ON COLUMN check_rule.valid_from IS 'First day the rule counts.';
COMMENT ON COLUMN check_rule.valid_to IS 'Last day the rule counts.';
COMMENT ON COLUMN check_rule.risk_class IS 'The risk class of customers the rule is for; NULL for every one.';
COMMENT ON COLUMN check_rule.group_id IS 'The customer whose group the rule is for: it, and all below it; NULL for every one.';
COMMENT ON COLUMN check_rule.grace_days IS 'overdue_amount and overdue_percent: days past due that do not count yet.';
COMMENT ON COLUMN check_rule.horizon_days IS 'horizon_use: days from today until which an order''s ship date makes it count. An order without one counts.';
COMMENT ON COLUMN check_rule.when_unknown IS 'payment_index, score and grade: what is done about customers without such a figure, instead of action; or approve.';
COMMENT ON COLUMN check_rule.net_of_unapplied IS 'overdue_amount and overdue_percent: unapplied credits are taken off what is past due.';

INSERT INTO check_rule (rule_no, kind, threshold) VALUES
	(10, 'manual_hold', NULL), (15, 'customer_status', NULL), (20, 'limit_missing', NULL), (30, 'limit_use', 100);

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
CREATE INDEX decision_held_idx ON decision (customer_id, source, order_id) WHERE outcome = 'hold';
COMMENT ON TABLE decision IS 'What was decided on each checked order, with the figures of that moment. Never changed. A refused order leaves no row: the error carries the decision.';
COMMENT ON COLUMN decision.customer_id IS 'The debtor.';
COMMENT ON COLUMN decision.decision_id IS 'Key, with customer_id.';
COMMENT ON COLUMN decision.outcome IS 'approve, warn, hold or reject.';
COMMENT ON COLUMN decision.source IS 'Table the order is in (schema.table), or check_credit (before a shipment: check_credit: shipment).';
COMMENT ON COLUMN decision.order_id IS 'The order''s id in that table, as text.';
COMMENT ON COLUMN decision.amount IS 'Amount of the order, or its increase, that was decided on.';
COMMENT ON COLUMN decision.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN decision.receivable IS 'Open debit items then, before the order, as the exposure policy counts them; other currencies at the rate of the day.';
COMMENT ON COLUMN decision.unapplied IS 'Open credit items then, or 0 where the exposure policy does not count them.';
COMMENT ON COLUMN decision.ordered IS 'Open orders then, without this one, and less what deposits reserved to them cover.';
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
	ship_date_column text,
	PRIMARY KEY (table_schema, table_name),
	CHECK ((mode = 'hold') = (status_column IS NOT NULL AND open_value IS NOT NULL AND hold_value IS NOT NULL))
);
COMMENT ON TABLE watched_table IS 'The applications'' order tables that watch_orders() put under credit control. Kept as text, so that a dump restores; a trigger on a table not listed here refuses to work.';
COMMENT ON COLUMN watched_table.table_schema IS 'Schema of the order table.';
COMMENT ON COLUMN watched_table.table_name IS 'Name of the order table (of the partitioned table, not of a partition).';
COMMENT ON COLUMN watched_table.customer_column IS 'Its column with the customer_id.';
COMMENT ON COLUMN watched_table.amount_column IS 'Its column with the order''s amount.';
COMMENT ON COLUMN watched_table.order_id_column IS 'Its column that identifies the order.';
COMMENT ON COLUMN watched_table.currency_column IS 'Its column with the ISO 4217 code, NULL in it: the base currency; NULL when all orders are in the base currency.';
COMMENT ON COLUMN watched_table.open_when IS 'Immutable condition on the row: the order counts while it is true.';
COMMENT ON COLUMN watched_table.mode IS 'reject: an order that fails is refused. hold: it is saved with the hold status.';
COMMENT ON COLUMN watched_table.status_column IS 'Mode hold: the column that says whether the order is on hold.';
COMMENT ON COLUMN watched_table.open_value IS 'Mode hold: its value for an order that may go on.';
COMMENT ON COLUMN watched_table.hold_value IS 'Mode hold: its value for an order on credit hold.';
COMMENT ON COLUMN watched_table.record_decisions IS 'Whether each decision is stored in table decision.';
COMMENT ON COLUMN watched_table.ship_date_column IS 'Its column with the day the order ships; NULL when orders have none.';
COMMENT ON COLUMN watched_table.registered_at IS 'Record time.';
COMMENT ON COLUMN watched_table.registered_by IS 'Login that registered it.';
