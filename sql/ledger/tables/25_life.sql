-- The life of a document: lines, due dates, clearing, deposits, currencies, numbers, merged customers.

-- What an allocation in another currency than the ledger's was worth on both sides, each at the rate of
-- its document.  Written by the trigger on allocation.
CREATE TABLE exchange_difference (
	customer_id bigint NOT NULL,
	allocation_id bigint NOT NULL,
	applied_on date NOT NULL,
	debit_base numeric NOT NULL,
	credit_base numeric NOT NULL,
	difference numeric NOT NULL,
	PRIMARY KEY (customer_id, allocation_id),
	FOREIGN KEY (customer_id, allocation_id) REFERENCES allocation
);
COMMENT ON TABLE exchange_difference IS 'Realised exchange differences, in base currency: one row for each allocation in another currency. An item posted under version 0.1.0, which knew no rates, has no value of its own and takes the other''s.';
COMMENT ON COLUMN exchange_difference.customer_id IS 'The debtor.';
COMMENT ON COLUMN exchange_difference.allocation_id IS 'The allocation, with customer_id.';
COMMENT ON COLUMN exchange_difference.applied_on IS 'Its business date.';
COMMENT ON COLUMN exchange_difference.debit_base IS 'What it took out of the debit item, at that document''s rate; negative in a reversal.';
COMMENT ON COLUMN exchange_difference.credit_base IS 'What it took out of the credit item, at that document''s rate; negative in a reversal.';
COMMENT ON COLUMN exchange_difference.difference IS 'credit_base - debit_base: positive is a gain, negative a loss.';

CREATE TABLE due_date_change (
	customer_id bigint NOT NULL,
	due_date_change_id bigserial NOT NULL,
	item_id bigint NOT NULL,
	previous_due_date date,
	due_date date,
	effective_on date NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	approved_by text NOT NULL CHECK (approved_by <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	received_on date,
	PRIMARY KEY (customer_id, due_date_change_id),
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
CREATE INDEX due_date_change_item_idx ON due_date_change (customer_id, item_id, effective_on, due_date_change_id);
COMMENT ON TABLE due_date_change IS 'Changes of an item''s due date, never changed themselves. In force on a day is the change effective latest up to it; of two of one day, the later row.';
COMMENT ON COLUMN due_date_change.customer_id IS 'The debtor.';
COMMENT ON COLUMN due_date_change.due_date_change_id IS 'Key, with customer_id.';
COMMENT ON COLUMN due_date_change.item_id IS 'The item.';
COMMENT ON COLUMN due_date_change.previous_due_date IS 'Due date in force before, as known when the row was written; NULL: it waited for an event.';
COMMENT ON COLUMN due_date_change.due_date IS 'New due date; NULL: the item waits for an event from now on.';
COMMENT ON COLUMN due_date_change.effective_on IS 'Business date from which it counts; aging as of an earlier date uses the date in force then.';
COMMENT ON COLUMN due_date_change.reason IS 'Why it was changed.';
COMMENT ON COLUMN due_date_change.approved_by IS 'Who agreed to it.';
COMMENT ON COLUMN due_date_change.recorded_at IS 'Record time.';
COMMENT ON COLUMN due_date_change.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN due_date_change.actor IS 'Person who did it, by default actor().';
COMMENT ON COLUMN due_date_change.received_on IS 'Day the goods were received, where that is why; discounts count from it.';

CREATE TABLE clearing (
	customer_id bigint NOT NULL,
	document_id bigint NOT NULL,
	cleared_on date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, document_id),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
COMMENT ON TABLE clearing IS 'Payments whose money was confirmed before, or instead of, the day in document.clears_on.';
COMMENT ON COLUMN clearing.customer_id IS 'The debtor.';
COMMENT ON COLUMN clearing.document_id IS 'The payment.';
COMMENT ON COLUMN clearing.cleared_on IS 'Day the money was good.';
COMMENT ON COLUMN clearing.recorded_at IS 'Record time.';
COMMENT ON COLUMN clearing.recorded_by IS 'Login that wrote the row.';

CREATE TABLE deposit_release (
	customer_id bigint NOT NULL,
	document_id bigint NOT NULL,
	released_on date NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, document_id),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
COMMENT ON TABLE deposit_release IS 'Deposits no longer reserved to their order: what is open of them is plain unapplied credit.';
COMMENT ON COLUMN deposit_release.customer_id IS 'The debtor.';
COMMENT ON COLUMN deposit_release.document_id IS 'The deposit.';
COMMENT ON COLUMN deposit_release.released_on IS 'Business date.';
COMMENT ON COLUMN deposit_release.reason IS 'Why it was released.';
COMMENT ON COLUMN deposit_release.recorded_at IS 'Record time.';
COMMENT ON COLUMN deposit_release.recorded_by IS 'Login that wrote the row.';

CREATE TABLE document_line (
	customer_id bigint NOT NULL,
	document_line_id bigserial NOT NULL,
	document_id bigint NOT NULL,
	line_no integer NOT NULL CHECK (line_no > 0),
	product text,
	description text,
	quantity numeric NOT NULL,
	unit_price numeric NOT NULL,
	net_amount numeric NOT NULL,
	tax_rate numeric NOT NULL DEFAULT 0,
	tax_amount numeric NOT NULL,
	line_total numeric NOT NULL,
	PRIMARY KEY (customer_id, document_line_id),
	CONSTRAINT document_line_no_key UNIQUE (customer_id, document_id, line_no),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
COMMENT ON TABLE document_line IS 'Lines of invoices, debit notes and credit notes. All lines of a document are written by one statement, and their totals make the document''s amount.';
COMMENT ON COLUMN document_line.customer_id IS 'The debtor.';
COMMENT ON COLUMN document_line.document_line_id IS 'Key, with customer_id.';
COMMENT ON COLUMN document_line.document_id IS 'The document.';
COMMENT ON COLUMN document_line.line_no IS 'Position on the document, from 1.';
COMMENT ON COLUMN document_line.product IS 'Product code, where there is one.';
COMMENT ON COLUMN document_line.description IS 'What was sold.';
COMMENT ON COLUMN document_line.quantity IS 'How much of it; positive.';
COMMENT ON COLUMN document_line.unit_price IS 'Price of one before tax, with as many decimals as it has; positive, or 0 where a credit note gives back tax alone.';
COMMENT ON COLUMN document_line.net_amount IS 'quantity x unit_price in the currency''s decimals.';
COMMENT ON COLUMN document_line.tax_rate IS 'Tax in percent.';
COMMENT ON COLUMN document_line.tax_amount IS 'Tax on the line, within one minor unit of net_amount x tax_rate; of a credit, within as many as credits of its document were asked for.';
COMMENT ON COLUMN document_line.line_total IS 'net_amount + tax_amount.';

CREATE TABLE number_range (
	kind text NOT NULL,
	year integer NOT NULL,
	prefix text NOT NULL,
	digits integer NOT NULL DEFAULT 6 CHECK (digits BETWEEN 1 AND 18),
	next_number bigint NOT NULL DEFAULT 1 CHECK (next_number > 0),
	last_number bigint CHECK (last_number > 0),
	gapless boolean NOT NULL DEFAULT true,
	PRIMARY KEY (kind, year)
);
COMMENT ON TABLE number_range IS 'Where documents posted without a number get one: per kind and year of the document date, unique in the ledger. set_number_range() writes it.';
COMMENT ON COLUMN number_range.kind IS 'Kind of document.';
COMMENT ON COLUMN number_range.year IS 'Year of the document date; 0: every year without a range of its own.';
COMMENT ON COLUMN number_range.prefix IS 'What stands before the digits; %Y in it is the year.';
COMMENT ON COLUMN number_range.digits IS 'Digits of the number, with leading zeros.';
COMMENT ON COLUMN number_range.next_number IS 'The next number that is free; of a range with gaps, the first.';
COMMENT ON COLUMN number_range.last_number IS 'Last number of the range; NULL without end.';
COMMENT ON COLUMN number_range.gapless IS 'true: a number taken by a transaction that fails is given back, so the range is locked until the transaction ends. false: numbers come from a sequence, nobody waits, and gaps stay.';

CREATE TABLE fx_rate (
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	valid_from date NOT NULL,
	rate numeric NOT NULL CHECK (rate > 0 AND rate < 1e12),
	source text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (currency, valid_from)
);
COMMENT ON TABLE fx_rate IS 'Exchange rates into the ledger''s base currency, never changed. In force on a day is the latest that starts on or before it.';
COMMENT ON COLUMN fx_rate.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN fx_rate.valid_from IS 'First day in force.';
COMMENT ON COLUMN fx_rate.rate IS 'Base currency per unit of currency.';
COMMENT ON COLUMN fx_rate.source IS 'Where it was published.';
COMMENT ON COLUMN fx_rate.recorded_at IS 'Record time.';
COMMENT ON COLUMN fx_rate.recorded_by IS 'Login that wrote the row.';

CREATE TABLE customer_merge (
	customer_id bigint NOT NULL REFERENCES customer,
	customer_merge_id bigserial NOT NULL,
	into_customer_id bigint NOT NULL,
	merged_on date NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, customer_merge_id)
);
COMMENT ON TABLE customer_merge IS 'Customers merged into another: whose account was moved, where to and when. The old id stays as an alias.';
COMMENT ON COLUMN customer_merge.customer_id IS 'The customer that was given up.';
COMMENT ON COLUMN customer_merge.customer_merge_id IS 'Key, with customer_id.';
COMMENT ON COLUMN customer_merge.into_customer_id IS 'The customer that goes on.';
COMMENT ON COLUMN customer_merge.merged_on IS 'Business date of the transfers.';
COMMENT ON COLUMN customer_merge.reason IS 'Why the two are one.';
COMMENT ON COLUMN customer_merge.recorded_at IS 'Record time.';
COMMENT ON COLUMN customer_merge.recorded_by IS 'Login that wrote the row.';
