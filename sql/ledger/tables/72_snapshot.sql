-- What every customer owed when a period was closed.  No foreign keys: a close of a million customers would check each.

CREATE TABLE snapshot (
	customer_id bigint NOT NULL,
	as_of date NOT NULL,
	version integer NOT NULL,
	currency text NOT NULL,
	total numeric NOT NULL,
	past_due numeric NOT NULL,
	unapplied numeric NOT NULL,
	disputed numeric NOT NULL,
	worst_bucket smallint NOT NULL,
	aging credit.aging NOT NULL,
	PRIMARY KEY (customer_id, as_of, currency, version)
);
CREATE INDEX snapshot_as_of_idx ON snapshot (as_of, version);
COMMENT ON TABLE snapshot IS 'Aging at the end of closed periods: for each version of a close the rows of aging_at() of that day. Never changed.';
COMMENT ON COLUMN snapshot.customer_id IS 'The debtor.';
COMMENT ON COLUMN snapshot.as_of IS 'Last day of the period.';
COMMENT ON COLUMN snapshot.version IS 'Which close of the period it is of: the one in period.version counts.';
COMMENT ON COLUMN snapshot.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN snapshot.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN snapshot.past_due IS 'Of the debit items, what was past its due date.';
COMMENT ON COLUMN snapshot.unapplied IS 'Payments and credit notes not applied, as a negative amount.';
COMMENT ON COLUMN snapshot.disputed IS 'What of the debit items was disputed.';
COMMENT ON COLUMN snapshot.worst_bucket IS 'Oldest aging bucket with something open, from 1; 0: there is only unapplied credit.';
COMMENT ON COLUMN snapshot.aging IS 'Its debit items by days past due, in the ledger''s buckets.';

CREATE TABLE customer_snapshot (
	customer_id bigint NOT NULL,
	as_of date NOT NULL,
	version integer NOT NULL,
	balance numeric,
	exposure numeric,
	credit_limit numeric,
	score numeric,
	grade text,
	open_holds integer NOT NULL,
	PRIMARY KEY (customer_id, as_of, version)
);
CREATE INDEX customer_snapshot_as_of_idx ON customer_snapshot (as_of, version);
COMMENT ON TABLE customer_snapshot IS 'Credit of every customer at the end of closed periods, in base currency at the rates of that day. Never changed.';
COMMENT ON COLUMN customer_snapshot.customer_id IS 'The debtor.';
COMMENT ON COLUMN customer_snapshot.as_of IS 'Last day of the period.';
COMMENT ON COLUMN customer_snapshot.version IS 'Which close of the period it is of, as in snapshot.';
COMMENT ON COLUMN customer_snapshot.balance IS 'Open balance of that day, all currencies; NULL: a rate is missing.';
COMMENT ON COLUMN customer_snapshot.exposure IS 'balance, and what was reserved, waiting to clear and on order; orders and reservations as they were when the period was closed. NULL: a rate is missing.';
COMMENT ON COLUMN customer_snapshot.credit_limit IS 'Credit limit in force on that day, all kinds but group; NULL: none, or a rate is missing.';
COMMENT ON COLUMN customer_snapshot.score IS 'Latest score as of that day; NULL: none.';
COMMENT ON COLUMN customer_snapshot.grade IS 'Its grade.';
COMMENT ON COLUMN customer_snapshot.open_holds IS 'Holds placed by the end of that day, and neither released nor expired then.';

CREATE TABLE snapshot_total (
	as_of date NOT NULL,
	version integer NOT NULL,
	currency text NOT NULL,
	customers bigint NOT NULL,
	total numeric NOT NULL,
	past_due numeric NOT NULL,
	unapplied numeric NOT NULL,
	disputed numeric NOT NULL,
	aging credit.aging NOT NULL,
	PRIMARY KEY (as_of, version, currency)
);
COMMENT ON TABLE snapshot_total IS 'The snapshots of all customers in one row per currency, for trends over years. Never changed.';
COMMENT ON COLUMN snapshot_total.as_of IS 'Last day of the period.';
COMMENT ON COLUMN snapshot_total.version IS 'Which close of the period it is of, as in snapshot.';
COMMENT ON COLUMN snapshot_total.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN snapshot_total.customers IS 'Customers with something open.';
COMMENT ON COLUMN snapshot_total.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN snapshot_total.past_due IS 'Of the debit items, what was past its due date.';
COMMENT ON COLUMN snapshot_total.unapplied IS 'Payments and credit notes not applied, as a negative amount.';
COMMENT ON COLUMN snapshot_total.disputed IS 'What of the debit items was disputed.';
COMMENT ON COLUMN snapshot_total.aging IS 'Their debit items by days past due, in the ledger''s buckets.';
