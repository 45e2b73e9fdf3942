-- What this ledger is.  One row, so that a dump of the schema alone is complete.
CREATE TABLE ledger_info (
	only_row boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
	template_version integer NOT NULL,
	base_currency text NOT NULL CHECK (credit.minor_unit(base_currency) >= 0),
	aging_buckets credit.aging_buckets NOT NULL,
	time_zone text NOT NULL CHECK (now() AT TIME ZONE time_zone IS NOT NULL),
	created_at timestamptz NOT NULL DEFAULT now(),
	closed_through date
);
COMMENT ON TABLE ledger_info IS 'What this ledger is: one row, written by credit.create_ledger() and credit.upgrade_ledger().';
COMMENT ON COLUMN ledger_info.only_row IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN ledger_info.template_version IS 'Version of the ledger template these objects were made from.';
COMMENT ON COLUMN ledger_info.base_currency IS 'ISO 4217 code of the currency the ledger reports and checks limits in. Never changes.';
COMMENT ON COLUMN ledger_info.aging_buckets IS 'Default aging buckets, upper bounds in days past due; the columns of view aging_summary follow them.';
COMMENT ON COLUMN ledger_info.time_zone IS 'IANA time zone whose calendar says what day it is: for limits, rules, days past due and default dates, whatever the session''s TimeZone. After a change call credit.upgrade_ledger() and reconnect.';
COMMENT ON COLUMN ledger_info.created_at IS 'When the ledger was created.';
COMMENT ON COLUMN ledger_info.closed_through IS 'Last day of the closed periods: nothing is posted, applied or re-dated on it or before. NULL: nothing is closed. Kept by close_period() and reopen_period().';

CREATE TABLE customer (
	customer_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	number text,
	created_at timestamptz NOT NULL DEFAULT now(),
	terms credit.payment_terms,
	currency text CHECK (credit.minor_unit(currency) >= 0),
	payer_id bigint,
	parent_id bigint,
	risk_class text,
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'legal', 'bankrupt', 'sanctioned', 'closed')),
	terms_changed_on date,
	review_due date,
	intercompany boolean NOT NULL DEFAULT false
);
CREATE INDEX customer_parent_idx ON customer (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX customer_number_idx ON customer (number);
COMMENT ON TABLE customer IS 'Who owes: the bill-to (debtor) of documents and orders.';
COMMENT ON COLUMN customer.customer_id IS 'Key. Give your own number or let the sequence choose.';
COMMENT ON COLUMN customer.name IS 'Name people read.';
COMMENT ON COLUMN customer.number IS 'Account number in the application, if it has one apart from the key.';
COMMENT ON COLUMN customer.created_at IS 'When the row was made.';
COMMENT ON COLUMN customer.terms IS 'Payment terms of invoices that name none and have no due date.';
COMMENT ON COLUMN customer.currency IS 'ISO 4217 code in which the customer''s figures are shown; NULL: the ledger''s base currency.';
COMMENT ON COLUMN customer.payer_id IS 'Customer who pays this one''s invoices; NULL when it pays itself.';
COMMENT ON COLUMN customer.parent_id IS 'Customer whose group it belongs to; set by set_parent().';
COMMENT ON COLUMN customer.risk_class IS 'Risk class that policies and check rules speak of; set by set_risk_class().';
COMMENT ON COLUMN customer.status IS 'active, legal (with lawyers), bankrupt, sanctioned or closed; set by set_customer_status().';
COMMENT ON COLUMN customer.terms_changed_on IS 'Day its payment terms last changed.';
COMMENT ON COLUMN customer.intercompany IS 'A company of one''s own group: left out of metrics and of the allowance; set by set_intercompany().';
COMMENT ON COLUMN customer.review_due IS 'Day by which its credit is to be reviewed; set by set_review_due().';
