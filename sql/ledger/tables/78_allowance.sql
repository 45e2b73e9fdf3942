-- Allowance for expected credit losses: rates by age, what is judged one by one, and what was booked.

CREATE TABLE loss_rate (
	loss_rate_id bigserial NOT NULL PRIMARY KEY,
	risk_class text CHECK (risk_class <> ''),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	buckets credit.aging_buckets NOT NULL,
	rates numeric[] NOT NULL,
	discount_percent numeric NOT NULL DEFAULT 0 CHECK (discount_percent BETWEEN 0 AND 100),
	discount_days integer NOT NULL DEFAULT 0 CHECK (discount_days BETWEEN 0 AND 3660),
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	dimension text CHECK (dimension IN ('segment', 'region', 'salesperson', 'collector')),
	value text CHECK (value <> ''),
	CONSTRAINT loss_rate_of CHECK ((dimension IS NULL) = (value IS NULL) AND (dimension IS NULL OR risk_class IS NULL))
);
CREATE INDEX loss_rate_idx ON loss_rate (valid_from, loss_rate_id);
COMMENT ON TABLE loss_rate IS 'The provision matrix: loss rates by age and segment or risk class, never changed. On a day the rows with the latest valid_from count: of a customer those of its segment (region, salesperson, collector, in this order), else those of its risk class, else those of all.';
COMMENT ON COLUMN loss_rate.loss_rate_id IS 'Key of the matrix.';
COMMENT ON COLUMN loss_rate.risk_class IS 'The risk class; NULL: of a segment, or of all without a row of their own.';
COMMENT ON COLUMN loss_rate.valid_from IS 'First day on which it counts.';
COMMENT ON COLUMN loss_rate.buckets IS 'Buckets of days past due the rates are for.';
COMMENT ON COLUMN loss_rate.rates IS 'Percent lost over the life of the item, one rate per bucket.';
COMMENT ON COLUMN loss_rate.discount_percent IS 'Effective interest per year at which the shortfall is discounted; 0: not discounted.';
COMMENT ON COLUMN loss_rate.discount_days IS 'Days from the reporting date until the shortfall.';
COMMENT ON COLUMN loss_rate.reason IS 'Where the rates come from.';
COMMENT ON COLUMN loss_rate.recorded_at IS 'Record time.';
COMMENT ON COLUMN loss_rate.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN loss_rate.actor IS 'Person who did it, by default actor().';
COMMENT ON COLUMN loss_rate.dimension IS 'Whose it is by customer_dimension; NULL: of a risk class, or of all.';
COMMENT ON COLUMN loss_rate.value IS 'Which one.';

CREATE TABLE loss_adjustment (
	loss_adjustment_id bigserial NOT NULL PRIMARY KEY,
	risk_class text CHECK (risk_class <> ''),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	factor numeric NOT NULL CHECK (factor > 0 AND factor <= 100),
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	dimension text CHECK (dimension IN ('segment', 'region', 'salesperson', 'collector')),
	value text CHECK (value <> ''),
	CONSTRAINT loss_adjustment_of CHECK ((dimension IS NULL) = (value IS NULL) AND (dimension IS NULL OR risk_class IS NULL))
);
CREATE INDEX loss_adjustment_idx ON loss_adjustment (valid_from, loss_adjustment_id);
COMMENT ON TABLE loss_adjustment IS 'Forward-looking adjustment of the loss rates, never changed. On a day the row with the latest valid_from counts: of those who have rates the segment''s or class''s own, else that of all, else the rates stay as they are; a factor of 1 ends an adjustment.';
COMMENT ON COLUMN loss_adjustment.loss_adjustment_id IS 'Key of the adjustment.';
COMMENT ON COLUMN loss_adjustment.risk_class IS 'The risk class; NULL: of a segment, or of all without a row of their own.';
COMMENT ON COLUMN loss_adjustment.valid_from IS 'First day on which it counts.';
COMMENT ON COLUMN loss_adjustment.factor IS 'What the rates are multiplied by; no rate gets above 100 percent.';
COMMENT ON COLUMN loss_adjustment.reason IS 'What is expected of the economy, and on what evidence.';
COMMENT ON COLUMN loss_adjustment.recorded_at IS 'Record time.';
COMMENT ON COLUMN loss_adjustment.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN loss_adjustment.actor IS 'Person who did it, by default actor().';
COMMENT ON COLUMN loss_adjustment.dimension IS 'Whose it is by customer_dimension; NULL: of a risk class, or of all.';
COMMENT ON COLUMN loss_adjustment.value IS 'Which one.';

CREATE TABLE specific_provision (
	customer_id bigint NOT NULL REFERENCES customer,
	specific_provision_id bigserial NOT NULL,
	item_id bigint,
	percent numeric CHECK (percent BETWEEN 0 AND 100),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, specific_provision_id),
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
COMMENT ON TABLE specific_provision IS 'Losses judged one by one, never changed: such items are taken out of the pool. On a day the row with the latest valid_from counts, of an item before that of its customer.';
COMMENT ON COLUMN specific_provision.customer_id IS 'The debtor.';
COMMENT ON COLUMN specific_provision.specific_provision_id IS 'Key, with customer_id.';
COMMENT ON COLUMN specific_provision.item_id IS 'The item; NULL: all the customer owes.';
COMMENT ON COLUMN specific_provision.percent IS 'Percent expected to be lost; NULL: from then on in the pool again.';
COMMENT ON COLUMN specific_provision.valid_from IS 'First day on which it counts.';
COMMENT ON COLUMN specific_provision.reason IS 'Why it is judged on its own.';
COMMENT ON COLUMN specific_provision.recorded_at IS 'Record time.';
COMMENT ON COLUMN specific_provision.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN specific_provision.actor IS 'Person who did it, by default actor().';

CREATE TABLE allowance_run (
	allowance_run_id bigserial NOT NULL PRIMARY KEY,
	as_of date NOT NULL UNIQUE,
	currency text NOT NULL,
	opening numeric NOT NULL,
	write_offs numeric NOT NULL,
	recoveries numeric NOT NULL,
	charge numeric NOT NULL,
	closing numeric NOT NULL CHECK (closing >= 0),
	written_off_to_date numeric NOT NULL,
	recovered_to_date numeric NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	CONSTRAINT allowance_run_foots CHECK (closing = opening - write_offs + recoveries + charge)
);
COMMENT ON TABLE allowance_run IS 'Each allowance that was booked, and how it moved since the one before; never changed.';
COMMENT ON COLUMN allowance_run.allowance_run_id IS 'Key of the run.';
COMMENT ON COLUMN allowance_run.as_of IS 'Reporting date.';
COMMENT ON COLUMN allowance_run.currency IS 'Base currency.';
COMMENT ON COLUMN allowance_run.opening IS 'Allowance of the run before; of the first what was carried over.';
COMMENT ON COLUMN allowance_run.write_offs IS 'Bad debts written off since, which used it; less write-offs taken back.';
COMMENT ON COLUMN allowance_run.recoveries IS 'Cash since on what was written off.';
COMMENT ON COLUMN allowance_run.charge IS 'Charge to profit or loss that brings it to what is needed; negative: release.';
COMMENT ON COLUMN allowance_run.closing IS 'The allowance needed on that date: the sum of its lines.';
COMMENT ON COLUMN allowance_run.written_off_to_date IS 'All bad debts written off up to as_of, as recorded at the run: the next one counts what came on top, whatever its date.';
COMMENT ON COLUMN allowance_run.recovered_to_date IS 'The same of recoveries.';
COMMENT ON COLUMN allowance_run.reason IS 'What it was booked for.';
COMMENT ON COLUMN allowance_run.recorded_at IS 'Record time.';
COMMENT ON COLUMN allowance_run.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN allowance_run.actor IS 'Person who did it, by default actor().';

CREATE TABLE allowance_line (
	allowance_run_id bigint NOT NULL REFERENCES allowance_run,
	line_no integer NOT NULL,
	part text NOT NULL CHECK (part IN ('pool', 'specific')),
	risk_class text,
	bucket_no integer,
	bucket text,
	customer_id bigint,
	gross numeric NOT NULL,
	covered numeric NOT NULL,
	exposure numeric NOT NULL,
	rate numeric NOT NULL,
	factor numeric NOT NULL,
	loss_rate numeric NOT NULL,
	allowance numeric NOT NULL,
	dimension text,
	value text,
	PRIMARY KEY (allowance_run_id, line_no)
);
COMMENT ON TABLE allowance_line IS 'The lines of a booked allowance, as allowance() gave them that day; never changed.';
COMMENT ON COLUMN allowance_line.allowance_run_id IS 'The run.';
COMMENT ON COLUMN allowance_line.line_no IS 'Line, from 1.';
COMMENT ON COLUMN allowance_line.part IS 'pool (by age) or specific (one customer).';
COMMENT ON COLUMN allowance_line.risk_class IS 'The risk class; NULL: customers without one, or a segment with rates of its own.';
COMMENT ON COLUMN allowance_line.bucket_no IS 'Bucket of days past due, from 1.';
COMMENT ON COLUMN allowance_line.bucket IS 'Its label.';
COMMENT ON COLUMN allowance_line.customer_id IS 'The customer of a specific line.';
COMMENT ON COLUMN allowance_line.gross IS 'Open debit items, in base currency at the rates of the day.';
COMMENT ON COLUMN allowance_line.covered IS 'What insurance, guarantees and security cover of it.';
COMMENT ON COLUMN allowance_line.exposure IS 'gross - covered.';
COMMENT ON COLUMN allowance_line.rate IS 'Percent of the matrix or of the specific provision.';
COMMENT ON COLUMN allowance_line.factor IS 'Forward-looking adjustment.';
COMMENT ON COLUMN allowance_line.loss_rate IS 'rate x factor, at most 100, discounted.';
COMMENT ON COLUMN allowance_line.allowance IS 'exposure x loss_rate.';
COMMENT ON COLUMN allowance_line.dimension IS 'By what the rates are the segment''s own: segment, region, salesperson or collector; NULL: by risk class.';
COMMENT ON COLUMN allowance_line.value IS 'Which one.';
