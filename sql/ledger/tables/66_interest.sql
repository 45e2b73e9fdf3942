-- Interest for late payment: reference rates and laws by date, what a policy charges, and what was charged.

CREATE TABLE reference_rate (
	rate_code text NOT NULL CHECK (rate_code <> ''),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	valid_to date NOT NULL CHECK (isfinite(valid_to)),
	rate numeric NOT NULL CHECK (rate > -100 AND rate < 1000),
	source text NOT NULL CHECK (source <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (rate_code, valid_from),
	CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE reference_rate IS 'Reference rates of interest, never changed. On a day counts the row that started last, if it has not ended: a rate that nobody has entered yet is an error, not the old one.';
COMMENT ON COLUMN reference_rate.rate_code IS 'Which rate.';
COMMENT ON COLUMN reference_rate.valid_from IS 'First day in force.';
COMMENT ON COLUMN reference_rate.valid_to IS 'Last day for which it is known to be.';
COMMENT ON COLUMN reference_rate.rate IS 'Percent a year; may be negative.';
COMMENT ON COLUMN reference_rate.source IS 'Who published it.';
COMMENT ON COLUMN reference_rate.recorded_at IS 'Record time.';
COMMENT ON COLUMN reference_rate.recorded_by IS 'Login that wrote the row.';

INSERT INTO reference_rate (rate_code, valid_from, valid_to, rate, source) VALUES
	('ECB', '2023-01-01', '2023-06-30', 2.50, 'European Central Bank, main refinancing operations, for the half-year'),
	('ECB', '2023-07-01', '2023-12-31', 4.00, 'European Central Bank, main refinancing operations, for the half-year'),
	('ECB', '2024-01-01', '2024-06-30', 4.50, 'European Central Bank, main refinancing operations, for the half-year'),
	('ECB', '2024-07-01', '2024-12-31', 4.25, 'European Central Bank, main refinancing operations, for the half-year'),
	('ECB', '2025-01-01', '2025-06-30', 3.15, 'European Central Bank, main refinancing operations, for the half-year'),
	('ECB', '2025-07-01', '2025-12-31', 2.15, 'European Central Bank, main refinancing operations, for the half-year'),
	('DE base', '2023-01-01', '2023-06-30', 1.62, 'Deutsche Bundesbank, Basiszinssatz, section 247 BGB'),
	('DE base', '2023-07-01', '2023-12-31', 3.12, 'Deutsche Bundesbank, Basiszinssatz, section 247 BGB'),
	('DE base', '2024-01-01', '2024-06-30', 3.62, 'Deutsche Bundesbank, Basiszinssatz, section 247 BGB'),
	('DE base', '2024-07-01', '2024-12-31', 3.37, 'Deutsche Bundesbank, Basiszinssatz, section 247 BGB'),
	('DE base', '2025-01-01', '2025-06-30', 2.27, 'Deutsche Bundesbank, Basiszinssatz, section 247 BGB'),
	('DE base', '2025-07-01', '2025-12-31', 1.27, 'Deutsche Bundesbank, Basiszinssatz, section 247 BGB'),
	('AT base', '2024-01-01', '2024-06-30', 3.88, 'Oesterreichische Nationalbank, Basiszinssatz of the first day of the half-year'),
	('AT base', '2024-07-01', '2024-12-31', 3.88, 'Oesterreichische Nationalbank, Basiszinssatz of the first day of the half-year'),
	('AT base', '2025-01-01', '2025-06-30', 2.53, 'Oesterreichische Nationalbank, Basiszinssatz of the first day of the half-year'),
	('AT base', '2025-07-01', '2025-12-31', 1.53, 'Oesterreichische Nationalbank, Basiszinssatz of the first day of the half-year'),
	('Bank of England', '2023-08-03', '2024-07-31', 5.25, 'Bank of England, Bank Rate'),
	('Bank of England', '2024-08-01', '2024-11-06', 5.00, 'Bank of England, Bank Rate'),
	('Bank of England', '2024-11-07', '2025-02-05', 4.75, 'Bank of England, Bank Rate'),
	('Bank of England', '2025-02-06', '2025-05-07', 4.50, 'Bank of England, Bank Rate'),
	('Bank of England', '2025-05-08', '2025-08-06', 4.25, 'Bank of England, Bank Rate'),
	('Bank of England', '2025-08-07', '2025-12-17', 4.00, 'Bank of England, Bank Rate');

CREATE TABLE late_payment_law (
	jurisdiction text NOT NULL CHECK (jurisdiction <> ''),
	valid_from date NOT NULL,
	rate_code text NOT NULL,
	margin numeric NOT NULL CHECK (margin >= 0 AND margin < 100),
	read_on text NOT NULL CHECK (read_on IN ('half_year', 'day_before_half_year')),
	fixed boolean NOT NULL,
	source text NOT NULL CHECK (source <> ''),
	PRIMARY KEY (jurisdiction, valid_from)
);
COMMENT ON TABLE late_payment_law IS 'What the law gives a creditor for late payment between businesses; of one jurisdiction the row that started last before the debt was late counts. The ledger''s owner adds more, and has them checked by counsel.';
COMMENT ON COLUMN late_payment_law.jurisdiction IS 'Whose law.';
COMMENT ON COLUMN late_payment_law.valid_from IS 'First day.';
COMMENT ON COLUMN late_payment_law.rate_code IS 'Reference rate.';
COMMENT ON COLUMN late_payment_law.margin IS 'Percentage points above it.';
COMMENT ON COLUMN late_payment_law.read_on IS 'Day whose reference rate counts for a half-year: its first (half_year), or the day before (day_before_half_year: 31 December, 30 June).';
COMMENT ON COLUMN late_payment_law.fixed IS 'true: the rate of the half-year in which the debt became late stays for that debt. false: each half-year has its own.';
COMMENT ON COLUMN late_payment_law.source IS 'Where the law says so.';

INSERT INTO late_payment_law (jurisdiction, valid_from, rate_code, margin, read_on, fixed, source) VALUES
	('EU', '2013-03-16', 'ECB', 8, 'half_year', false, 'Directive 2011/7/EU, art. 2(6), (7), art. 3: the least a member state may give'),
	('IE', '2013-03-16', 'ECB', 8, 'half_year', true, 'S.I. No. 580/2012: one rate for a payment, that of the half-year in which it was due'),
	('DE', '2014-07-29', 'DE base', 9, 'half_year', false, 'BGB section 288(2), section 247: between businesses'),
	('AT', '2013-03-16', 'AT base', 9.2, 'half_year', false, 'UGB section 456'),
	('GB', '2002-08-07', 'Bank of England', 8, 'day_before_half_year', true, 'Late Payment of Commercial Debts (Interest) Act 1998; SI 2002/1675 art. 4');

CREATE TABLE late_payment_sum (
	jurisdiction text NOT NULL CHECK (jurisdiction <> ''),
	valid_from date NOT NULL,
	least_debt numeric NOT NULL CHECK (least_debt >= 0),
	amount numeric NOT NULL CHECK (amount >= 0 AND amount < 1e12),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	source text NOT NULL CHECK (source <> ''),
	PRIMARY KEY (jurisdiction, valid_from, least_debt)
);
COMMENT ON TABLE late_payment_sum IS 'Fixed sum that the law gives for each debt paid late: of one jurisdiction the rows that started last, and of these the one with the largest least_debt that the debt reaches.';
COMMENT ON COLUMN late_payment_sum.jurisdiction IS 'Whose law.';
COMMENT ON COLUMN late_payment_sum.valid_from IS 'First day.';
COMMENT ON COLUMN late_payment_sum.least_debt IS 'For debts of at least this, in currency.';
COMMENT ON COLUMN late_payment_sum.amount IS 'The sum.';
COMMENT ON COLUMN late_payment_sum.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN late_payment_sum.source IS 'Where the law says so.';

INSERT INTO late_payment_sum (jurisdiction, valid_from, least_debt, amount, currency, source) VALUES
	('EU', '2013-03-16', 0, 40, 'EUR', 'Directive 2011/7/EU, art. 6(1)'), ('IE', '2013-03-16', 0, 40, 'EUR', 'S.I. No. 580/2012, reg. 9: debts up to 1,000'),
	('IE', '2013-03-16', 1000.01, 70, 'EUR', 'S.I. No. 580/2012, reg. 9: debts above 1,000 up to 10,000'), ('IE', '2013-03-16', 10000.01, 100, 'EUR', 'S.I. No. 580/2012, reg. 9: debts above 10,000'),
	('DE', '2014-07-29', 0, 40, 'EUR', 'BGB section 288(5)'), ('AT', '2013-03-16', 0, 40, 'EUR', 'UGB section 458'),
	('GB', '2002-08-07', 0, 40, 'GBP', 'SI 2002/1674: debts below 1,000'), ('GB', '2002-08-07', 1000, 70, 'GBP', 'SI 2002/1674: debts from 1,000 to below 10,000'),
	('GB', '2002-08-07', 10000, 100, 'GBP', 'SI 2002/1674: debts of 10,000 or more');

CREATE TABLE interest_policy (
	interest_policy_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	risk_class text CHECK (risk_class <> ''),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	basis text NOT NULL CHECK (basis IN ('overdue_items', 'average_daily_balance')),
	method text NOT NULL CHECK (method IN ('flat', 'simple', 'compound')),
	rate numeric CHECK (rate >= 0 AND rate < 1000),
	period_days integer CHECK (period_days BETWEEN 1 AND 366),
	jurisdiction text,
	day_count text NOT NULL CHECK (day_count IN ('actual/365', 'actual/360', 'actual/actual', '30/360', '30E/360')),
	rounding text NOT NULL CHECK (rounding IN ('total', 'daily')),
	grace_days integer NOT NULL CHECK (grace_days BETWEEN 0 AND 3660),
	minimum_amount numeric NOT NULL CHECK (minimum_amount >= 0 AND minimum_amount < 1e15),
	minimum_charge numeric NOT NULL CHECK (minimum_charge >= 0 AND minimum_charge < 1e15),
	on_disputed boolean NOT NULL,
	fixed_sum boolean NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	CONSTRAINT interest_policy_rate CHECK ((rate IS NULL) <> (jurisdiction IS NULL) OR (rate IS NOT NULL AND fixed_sum)),
	CONSTRAINT interest_policy_sum CHECK (NOT fixed_sum OR jurisdiction IS NOT NULL),
	CONSTRAINT interest_policy_flat CHECK (method = 'simple' OR (rate IS NOT NULL AND rounding = 'total')),
	CONSTRAINT interest_policy_average CHECK (basis = 'overdue_items' OR (method = 'simple' AND rate IS NOT NULL AND rounding = 'total' AND NOT fixed_sum))
);
CREATE UNIQUE INDEX interest_policy_key ON interest_policy (currency, COALESCE(risk_class, ''), valid_from);
COMMENT ON TABLE interest_policy IS 'What late payment costs, per currency and risk class; never changed. For an item counts the policy in force on its first late day: of its customer''s risk class, else the one without a class. Without either nothing is charged.';
COMMENT ON COLUMN interest_policy.interest_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN interest_policy.name IS 'Name people read.';
COMMENT ON COLUMN interest_policy.currency IS 'ISO 4217 code of the items it is for, and of its amounts.';
COMMENT ON COLUMN interest_policy.risk_class IS 'The risk class of customers it is for; NULL: every class without a policy of its own.';
COMMENT ON COLUMN interest_policy.valid_from IS 'First late day of items it is for.';
COMMENT ON COLUMN interest_policy.basis IS 'overdue_items: each item by itself. average_daily_balance: all past due of a customer and currency less its unapplied credit, day by day.';
COMMENT ON COLUMN interest_policy.method IS 'flat: once, whatever the days. simple: by the days. compound: also on what was charged on the item before.';
COMMENT ON COLUMN interest_policy.rate IS 'Percent per period by contract; NULL: as jurisdiction says.';
COMMENT ON COLUMN interest_policy.period_days IS 'Days the rate is for; NULL: a year, as day_count has it.';
COMMENT ON COLUMN interest_policy.jurisdiction IS 'Law that gives the rate, where there is none by contract, and the fixed sum: late_payment_law.';
COMMENT ON COLUMN interest_policy.day_count IS 'How days and years are counted, as in credit.day_count(); with period_days actual days.';
COMMENT ON COLUMN interest_policy.rounding IS 'total: what an item has cost so far is rounded. daily: what it costs a day is rounded, and counted by the days.';
COMMENT ON COLUMN interest_policy.grace_days IS 'An item paid within so many days after its due date costs nothing; one paid later costs from its due date on.';
COMMENT ON COLUMN interest_policy.minimum_amount IS 'Less than this is not charged to a customer yet, and waits for the next run.';
COMMENT ON COLUMN interest_policy.minimum_charge IS 'The least that an item costs in all once it costs anything, however many runs charge it: more than its interest is charged at first, and later days are paid for by that until it is used up. Of an average daily balance: the least that the account is charged in all.';
COMMENT ON COLUMN interest_policy.on_disputed IS 'What is disputed costs too. false: not while it is; a dispute that is rejected counts as none.';
COMMENT ON COLUMN interest_policy.fixed_sum IS 'The fixed sum of the law is charged for each item, once.';
COMMENT ON COLUMN interest_policy.recorded_at IS 'Record time.';
COMMENT ON COLUMN interest_policy.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN interest_policy.actor IS 'Person who set it, by default actor().';

CREATE TABLE interest_run (
	interest_run_id bigserial NOT NULL PRIMARY KEY,
	as_of date NOT NULL CHECK (isfinite(as_of)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL
);
COMMENT ON TABLE interest_run IS 'Runs that charged interest, never changed.';
COMMENT ON COLUMN interest_run.interest_run_id IS 'Key of the run.';
COMMENT ON COLUMN interest_run.as_of IS 'Day up to which it charged.';
COMMENT ON COLUMN interest_run.recorded_at IS 'Record time.';
COMMENT ON COLUMN interest_run.recorded_by IS 'Login that started it.';
COMMENT ON COLUMN interest_run.actor IS 'Person who started it, by default actor().';

CREATE TABLE interest_charge (
	customer_id bigint NOT NULL,
	interest_charge_id bigserial NOT NULL,
	interest_run_id bigint,
	interest_policy_id bigint,
	kind text NOT NULL CHECK (kind IN ('interest', 'fixed_sum', 'minimum', 'moved')),
	item_id bigint,
	currency text NOT NULL,
	from_day date NOT NULL,
	to_day date NOT NULL,
	amount numeric NOT NULL,
	document_id bigint,
	CONSTRAINT interest_charge_amount CHECK (amount > 0 OR (kind = 'minimum' AND amount <> 0) OR (kind = 'moved' AND amount = 0)),
	PRIMARY KEY (customer_id, interest_charge_id),
	FOREIGN KEY (customer_id, document_id) REFERENCES document,
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
-- Whatever runs how often: an item is charged once for its days, and once the fixed sum.
CREATE UNIQUE INDEX interest_charge_day_key ON interest_charge (customer_id, item_id, to_day) WHERE kind = 'interest' AND item_id IS NOT NULL;
CREATE UNIQUE INDEX interest_charge_balance_key ON interest_charge (customer_id, currency, to_day) WHERE kind = 'interest' AND item_id IS NULL;
CREATE UNIQUE INDEX interest_charge_sum_key ON interest_charge (customer_id, item_id) WHERE kind = 'fixed_sum';
CREATE INDEX interest_charge_item_idx ON interest_charge (customer_id, item_id);
CREATE INDEX interest_charge_document_idx ON interest_charge (customer_id, document_id);
COMMENT ON TABLE interest_charge IS 'What late payment was charged for, item by item; never changed.';
COMMENT ON COLUMN interest_charge.customer_id IS 'The debtor.';
COMMENT ON COLUMN interest_charge.interest_charge_id IS 'Key, with customer_id.';
COMMENT ON COLUMN interest_charge.interest_run_id IS 'The run that charged it; NULL: a charge that was moved.';
COMMENT ON COLUMN interest_charge.interest_policy_id IS 'The policy it followed; NULL: a charge that was moved.';
COMMENT ON COLUMN interest_charge.kind IS 'interest; fixed_sum: the sum the law gives for each debt; minimum: what brings the interest of an item up to the policy''s minimum. moved: what was charged on the item where it came from (0: by a balance, until to_day), or, of no item, a charge itself, when customers were merged.';
COMMENT ON COLUMN interest_charge.item_id IS 'The item; NULL: the average daily balance.';
COMMENT ON COLUMN interest_charge.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN interest_charge.from_day IS 'Day after which it counts: the due date, or the last day charged before.';
COMMENT ON COLUMN interest_charge.to_day IS 'Last day charged.';
COMMENT ON COLUMN interest_charge.amount IS 'What was charged; of a minimum below zero where what was charged in advance pays for interest.';
COMMENT ON COLUMN interest_charge.document_id IS 'The finance charge, or the fee, that it is part of; NULL: it was charged to another customer, who was merged into this one.';
