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

-- From one snapshot to the next, as customers were grouped at the close: a few rows where the snapshots have millions.
CREATE TABLE snapshot_migration (
	snapshot_migration_id bigserial NOT NULL PRIMARY KEY,
	as_of date NOT NULL,
	version integer NOT NULL,
	grouped_by text NOT NULL CHECK (grouped_by IN ('all', 'risk_class', 'segment', 'region', 'salesperson', 'collector', 'intercompany')),
	group_value text,
	currency text NOT NULL,
	from_bucket smallint,
	to_bucket smallint,
	customers bigint NOT NULL,
	from_total numeric NOT NULL,
	to_total numeric NOT NULL,
	from_aging credit.aging,
	to_aging credit.aging,
	written_off numeric NOT NULL
);
CREATE INDEX snapshot_migration_idx ON snapshot_migration (grouped_by, as_of, version, group_value);
COMMENT ON TABLE snapshot_migration IS 'What became of the snapshot before each snapshot: sums over the customers of a group that were in one aging bucket then and in another now, under each way of grouping. Intercompany customers are apart. Made by the close; regroup_snapshots() makes it anew.';
COMMENT ON COLUMN snapshot_migration.snapshot_migration_id IS 'Key of the row.';
COMMENT ON COLUMN snapshot_migration.as_of IS 'Last day of the period.';
COMMENT ON COLUMN snapshot_migration.version IS 'Which close of the period it is of, as in snapshot.';
COMMENT ON COLUMN snapshot_migration.grouped_by IS 'all, risk_class, segment, region, salesperson or collector; intercompany: what all of these leave out.';
COMMENT ON COLUMN snapshot_migration.group_value IS 'The group of that: the customers that were in it at this close, for both snapshots; NULL: those that were in none.';
COMMENT ON COLUMN snapshot_migration.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN snapshot_migration.from_bucket IS 'Oldest aging bucket with something open at the end of the period before; 0: only unapplied credit; NULL: nothing was open.';
COMMENT ON COLUMN snapshot_migration.to_bucket IS 'The same at the end of this one; NULL in both: only written off.';
COMMENT ON COLUMN snapshot_migration.customers IS 'How many customers.';
COMMENT ON COLUMN snapshot_migration.from_total IS 'Their open balance at the end of the period before.';
COMMENT ON COLUMN snapshot_migration.to_total IS 'Their open balance at the end of this one.';
COMMENT ON COLUMN snapshot_migration.from_aging IS 'Their debit items then; NULL: none of them had a row.';
COMMENT ON COLUMN snapshot_migration.to_aging IS 'Their debit items now; NULL: none of them has a row.';
COMMENT ON COLUMN snapshot_migration.written_off IS 'Bad debts written off in between, as in bad_debts.';
