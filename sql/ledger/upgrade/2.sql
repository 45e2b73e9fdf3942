-- From template version 1 to 2: new columns in the order in which a fresh ledger has them.  New tables come from tables/.

ALTER TABLE customer ADD terms credit.payment_terms, ADD currency text CHECK (credit.minor_unit(currency) >= 0), ADD payer_id bigint, ADD parent_id bigint, ADD risk_class text,
	ADD status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'legal', 'bankrupt', 'sanctioned', 'closed')),
	ADD terms_changed_on date, ADD review_due date, ADD intercompany boolean NOT NULL DEFAULT false;
ALTER TABLE ledger_info ADD closed_through date;
CREATE INDEX customer_parent_idx ON customer (parent_id) WHERE parent_id IS NOT NULL;

ALTER TABLE document DROP CONSTRAINT document_customer_id_fkey, DROP CONSTRAINT document_number_check;
ALTER TABLE item DROP CONSTRAINT item_customer_id_document_id_fkey;
ALTER TABLE document ADD side text, ADD terms credit.payment_terms, ADD received_on date,
	ADD clears_on date, ADD sold_to_id bigint, ADD order_id text, ADD fx_rate numeric, ADD base_amount numeric,
	ADD source_document_id bigint, ADD reverses bigint, ADD reason text, ADD idempotency_key text,
	ADD request_digest bytea;
ALTER TABLE document DISABLE TRIGGER document_append_only;
UPDATE document SET side = CASE WHEN kind IN ('invoice', 'debit_note') THEN 'debit' ELSE 'credit' END;
ALTER TABLE document ENABLE TRIGGER document_append_only;
ALTER TABLE document ALTER side SET NOT NULL;
CREATE UNIQUE INDEX document_reverses_key ON document (customer_id, reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX document_idempotency_key ON document (customer_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX document_clears_on_idx ON document (customer_id, clears_on) WHERE clears_on IS NOT NULL;
CREATE INDEX document_source_idx ON document (customer_id, source_document_id) WHERE source_document_id IS NOT NULL;

ALTER TABLE item ADD base_amount numeric, ADD open_base_amount numeric, ADD due_changed_on date, ADD reserved_for text;
CREATE INDEX item_due_changed_idx ON item (customer_id) WHERE due_changed_on IS NOT NULL;
CREATE INDEX item_reserved_idx ON item (customer_id, reserved_for) WHERE reserved_for IS NOT NULL AND open_amount < 0;

ALTER TABLE exposure ADD reserved numeric NOT NULL DEFAULT 0, ADD uncleared numeric NOT NULL DEFAULT 0, ADD merged_into bigint,
	ADD chain_seq bigint NOT NULL DEFAULT 0, ADD chain_hash bytea NOT NULL DEFAULT '',
	ADD parent_id bigint, ADD in_group boolean NOT NULL DEFAULT false, ADD check_seq bigint NOT NULL DEFAULT 0,
	ADD inactive boolean NOT NULL DEFAULT false;
CREATE INDEX exposure_parent_idx ON exposure (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX exposure_group_idx ON exposure (customer_id) WHERE in_group;
CREATE INDEX exposure_hold_idx ON exposure (customer_id) WHERE open_holds > 0;
ALTER TABLE decision ADD uncleared numeric NOT NULL DEFAULT 0, ADD deposit numeric NOT NULL DEFAULT 0;
CREATE INDEX decision_held_idx ON decision (customer_id, source, order_id) WHERE outcome = 'hold';

ALTER TABLE check_rule DROP CONSTRAINT check_rule_kind_check, DROP CONSTRAINT check_rule_threshold_check,
	DROP CONSTRAINT check_rule_threshold_by_kind,
	ADD risk_class text, ADD grace_days integer NOT NULL DEFAULT 0 CHECK (grace_days BETWEEN 0 AND 3660),
	ADD net_of_unapplied boolean NOT NULL DEFAULT true,
	ADD horizon_days integer CHECK (horizon_days BETWEEN 0 AND 3660),
	ADD when_unknown text NOT NULL DEFAULT 'hold' CHECK (when_unknown IN ('approve', 'warn', 'hold', 'reject')),
	ADD CONSTRAINT check_rule_threshold_check CHECK (threshold >= 0 AND threshold < 1e15 AND scale(threshold) <= 4),
	ADD group_id bigint REFERENCES customer,
	ADD CONSTRAINT check_rule_scope CHECK (num_nonnulls(customer_id, risk_class, group_id) <= 1),
	ADD CONSTRAINT check_rule_kind CHECK (kind IN ('manual_hold', 'limit_missing', 'limit_expired', 'customer_status', 'limit_use', 'horizon_use', 'limit_expiring',
		'document_value', 'oldest_overdue', 'overdue_amount', 'overdue_percent', 'returned_payment', 'dunning_level', 'broken_promises',
		'payment_index', 'score', 'grade', 'review_overdue', 'terms_changed', 'dormant')),
	ADD CONSTRAINT check_rule_horizon CHECK ((horizon_days IS NOT NULL) = (kind = 'horizon_use')),
	ADD CONSTRAINT check_rule_threshold_range CHECK (threshold < 1000000 OR kind IN ('document_value', 'overdue_amount', 'score')),
	ADD CONSTRAINT check_rule_threshold_by_kind CHECK ((threshold IS NULL)
		= (kind IN ('manual_hold', 'limit_missing', 'limit_expired', 'customer_status')));

ALTER TABLE watched_table ADD ship_date_column text;
DROP FUNCTION watch_orders(regclass, text, text, text, text, text, text, text, text, text, boolean);

-- As in a fresh ledger, who is not active gets no credit; under a number that is free.
INSERT INTO check_rule (rule_no, kind)
SELECT min(n), 'customer_status' FROM generate_series(15, (SELECT 16 + count(*) FROM check_rule)) n WHERE NOT EXISTS (SELECT FROM check_rule r WHERE r.rule_no = n);

-- Limits get kinds, and days in force that do not overlap.  An end inside the time of an older limit without end made
-- what is a temporary limit now.
ALTER TABLE credit_limit ADD kind text NOT NULL DEFAULT 'own' CHECK (kind IN ('own', 'temporary', 'group', 'insured', 'guarantee')),
	ADD in_force daterange, ADD replaces_own boolean NOT NULL DEFAULT false,
	ADD covered_percent numeric CHECK (covered_percent > 0 AND covered_percent <= 100),
	ADD max_overdue_days integer CHECK (max_overdue_days >= 0), ADD provider text, ADD policy_no text, ADD requested_by text,
	ADD approved_by text, ADD recommendation_id bigint, ADD actor text;
ALTER TABLE credit_limit DISABLE TRIGGER credit_limit_append_only;
UPDATE credit_limit l SET kind = 'temporary', replaces_own = true
WHERE l.valid_to IS NOT NULL AND EXISTS (SELECT FROM credit_limit o WHERE o.customer_id = l.customer_id AND o.credit_limit_id <> l.credit_limit_id
	AND o.valid_from <= l.valid_from AND (o.valid_to IS NULL OR o.valid_to > l.valid_to));
UPDATE credit_limit l SET in_force = CASE WHEN n.next_from = l.valid_from THEN 'empty'
	ELSE daterange(l.valid_from, LEAST(l.valid_to, n.next_from - 1), '[]') END
FROM (SELECT o.customer_id, o.credit_limit_id, lead(o.valid_from) OVER (PARTITION BY o.customer_id, o.kind ORDER BY o.valid_from, o.credit_limit_id) AS next_from
	FROM credit_limit o) n
WHERE n.customer_id = l.customer_id AND n.credit_limit_id = l.credit_limit_id;
UPDATE credit_limit SET actor = set_by;
ALTER TABLE credit_limit ENABLE TRIGGER credit_limit_append_only;
ALTER TABLE credit_limit ALTER in_force SET NOT NULL, ALTER actor SET NOT NULL,
	ADD CONSTRAINT credit_limit_temporary_ends CHECK (kind <> 'temporary' OR valid_to IS NOT NULL),
	ADD CONSTRAINT credit_limit_replaces_own CHECK (NOT replaces_own OR kind = 'temporary'),
	ADD CONSTRAINT credit_limit_cover CHECK ((kind = 'insured') = (covered_percent IS NOT NULL) AND (max_overdue_days IS NULL OR kind = 'insured')),
	ADD CONSTRAINT credit_limit_provider CHECK (provider IS NOT NULL OR kind NOT IN ('insured', 'guarantee')),
	ADD CONSTRAINT credit_limit_own_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'own'),
	ADD CONSTRAINT credit_limit_temporary_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'temporary'),
	ADD CONSTRAINT credit_limit_group_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'group'),
	ADD CONSTRAINT credit_limit_insured_key EXCLUDE USING gist (int8range(customer_id, customer_id, '[]') WITH &&, in_force WITH &&) WHERE (kind = 'insured');
DROP INDEX credit_limit_validity_idx;
CREATE INDEX credit_limit_validity_idx ON credit_limit (customer_id, kind, valid_from);
-- Until now the one who acted was the login.
ALTER TABLE hold ADD actor text;
ALTER TABLE hold_release ADD actor text;
ALTER TABLE hold DISABLE TRIGGER hold_append_only;
ALTER TABLE hold_release DISABLE TRIGGER hold_release_append_only;
UPDATE hold SET actor = placed_by;
UPDATE hold_release SET actor = released_by;
ALTER TABLE hold ENABLE TRIGGER hold_append_only;
ALTER TABLE hold_release ENABLE TRIGGER hold_release_append_only;
ALTER TABLE hold ALTER actor SET NOT NULL;
ALTER TABLE hold_release ALTER actor SET NOT NULL;
ALTER TABLE hold ADD reason_code text NOT NULL DEFAULT 'other' REFERENCES hold_reason,
	ADD scope text NOT NULL DEFAULT 'all' CHECK (scope IN ('all', 'new_orders', 'shipments')),
	ADD forced boolean NOT NULL DEFAULT false, ADD automatic boolean NOT NULL DEFAULT false,
	ADD expires_on date CHECK (isfinite(expires_on)),
	ADD CONSTRAINT hold_forced_stays CHECK (NOT forced OR expires_on IS NULL);
DROP FUNCTION set_credit_limit(bigint, numeric, date, date, text);
DROP FUNCTION limit_on(bigint, date);

-- Their arguments change.
DROP FUNCTION add_customer(text, bigint, text);
DROP FUNCTION post_document(text, bigint, text, date, numeric, date, text, date, text);
DROP FUNCTION post_invoice(bigint, text, date, numeric, date, text, date, text);
DROP FUNCTION post_debit_note(bigint, text, date, numeric, date, text, date, text);
DROP FUNCTION post_credit_note(bigint, text, date, numeric, text, date, text);
DROP FUNCTION post_payment(bigint, text, date, numeric, text, date, text);
DROP FUNCTION place_hold(bigint, text);
DROP FUNCTION check_credit(bigint, numeric, text, boolean);
DROP FUNCTION aging_at(date, text, timestamptz, credit.aging_buckets, bigint);
DROP FUNCTION aging_query(text, text, text, text, text);
DROP FUNCTION aging_known_query(text, text, text, text, text);
DROP FUNCTION recomputed_exposure();
