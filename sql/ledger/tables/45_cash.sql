-- Cash application: what the bank and the payers say (bank_receipt, remittance), how to match it (cash_rule_set,
-- cash_rule, payer_alias), and what came of it (cash_run, cash_match, cash_allocation, deduction).
--
-- A receipt is staged before anybody knows who pays, so most of these rows do not belong to a customer.  Money is never
-- posted here: a match that is applied posts a payment and allocations with the ledger's own functions, and
-- cash_allocation says of each allocation which match it came from.

CREATE TABLE bank_receipt (
	bank_receipt_id bigserial NOT NULL PRIMARY KEY,
	source text NOT NULL CHECK (source IN ('camt.053', 'camt.054', 'bai2', 'x12_820', 'manual')),
	account text NOT NULL,
	statement_id text NOT NULL,
	sequence text NOT NULL,
	booking_date date NOT NULL CHECK (isfinite(booking_date)),
	value_date date CHECK (isfinite(value_date)),
	amount numeric NOT NULL CHECK (amount >= 0 AND amount < 1e18),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	credit_debit text NOT NULL DEFAULT 'credit' CHECK (credit_debit IN ('credit', 'debit')),
	reversal boolean NOT NULL DEFAULT false,
	payer_name text,
	payer_account text,
	document_references text[] NOT NULL DEFAULT '{}',
	remittance_text text,
	bank_reference text,
	end_to_end_id text,
	return_reason text,
	customer_id bigint REFERENCES customer,
	duplicate_of bigint REFERENCES bank_receipt,
	digest bytea NOT NULL,
	loaded_at timestamptz NOT NULL DEFAULT now(),
	loaded_by text NOT NULL DEFAULT session_user,
	CONSTRAINT bank_receipt_key UNIQUE (account, statement_id, sequence)
);
CREATE INDEX bank_receipt_reference_idx ON bank_receipt (account, bank_reference) WHERE bank_reference IS NOT NULL;
CREATE INDEX bank_receipt_end_to_end_idx ON bank_receipt (account, end_to_end_id) WHERE end_to_end_id IS NOT NULL;
CREATE INDEX bank_receipt_duplicate_idx ON bank_receipt (duplicate_of) WHERE duplicate_of IS NOT NULL;
COMMENT ON TABLE bank_receipt IS 'Lines of bank statements and notifications, never changed. The same line again changes nothing; another content under its key is refused.';
COMMENT ON COLUMN bank_receipt.bank_receipt_id IS 'Key of the receipt.';
COMMENT ON COLUMN bank_receipt.source IS 'What it was read from: camt.053, camt.054, bai2, x12_820, or manual.';
COMMENT ON COLUMN bank_receipt.account IS 'Our account.';
COMMENT ON COLUMN bank_receipt.statement_id IS 'Statement, notification or file of the bank.';
COMMENT ON COLUMN bank_receipt.sequence IS 'Place in the statement, as entry or entry.transaction.';
COMMENT ON COLUMN bank_receipt.booking_date IS 'Day the bank booked it: the posting date of the payment.';
COMMENT ON COLUMN bank_receipt.value_date IS 'Day the money counts from; discounts are earned by it. NULL: the booking date.';
COMMENT ON COLUMN bank_receipt.amount IS 'Amount without sign.';
COMMENT ON COLUMN bank_receipt.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN bank_receipt.credit_debit IS 'credit: money came in. debit: it went out; what takes an earlier receipt back undoes it, the rest is left to a person.';
COMMENT ON COLUMN bank_receipt.reversal IS 'The bank reverses an earlier line.';
COMMENT ON COLUMN bank_receipt.payer_name IS 'Who pays, as the bank says.';
COMMENT ON COLUMN bank_receipt.payer_account IS 'Account it was paid from.';
COMMENT ON COLUMN bank_receipt.document_references IS 'References that stand apart from the text, such as creditor references.';
COMMENT ON COLUMN bank_receipt.remittance_text IS 'What the payer wrote.';
COMMENT ON COLUMN bank_receipt.bank_reference IS 'The bank''s reference of the transaction.';
COMMENT ON COLUMN bank_receipt.end_to_end_id IS 'The payer''s or our own id of the payment, which its return repeats.';
COMMENT ON COLUMN bank_receipt.return_reason IS 'Why an earlier payment comes back: a code such as AC04, or the bank''s own words.';
COMMENT ON COLUMN bank_receipt.customer_id IS 'Who pays, where whoever loaded it knew.';
COMMENT ON COLUMN bank_receipt.duplicate_of IS 'A line of another statement with the same bank reference, amount and day: the same money as notified and as booked. Runs leave it alone.';
COMMENT ON COLUMN bank_receipt.digest IS 'SHA-256 of the content, which tells a repeated line from another one under the same key.';
COMMENT ON COLUMN bank_receipt.loaded_at IS 'Record time.';
COMMENT ON COLUMN bank_receipt.loaded_by IS 'Login that loaded it.';

CREATE TABLE remittance (
	remittance_id bigserial NOT NULL PRIMARY KEY,
	source text NOT NULL CHECK (source IN ('camt.053', 'camt.054', 'x12_820', 'csv', 'manual')),
	sender text NOT NULL,
	trace text NOT NULL,
	bank_receipt_id bigint REFERENCES bank_receipt,
	paid_on date,
	amount numeric NOT NULL,
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	digest bytea NOT NULL,
	loaded_at timestamptz NOT NULL DEFAULT now(),
	loaded_by text NOT NULL DEFAULT session_user,
	CONSTRAINT remittance_key UNIQUE (sender, trace)
);
CREATE INDEX remittance_receipt_idx ON remittance (bank_receipt_id);
CREATE INDEX remittance_trace_idx ON remittance (trace);
COMMENT ON TABLE remittance IS 'Remittance advice: what a payer says it pays. The same advice again changes nothing; another content under its key is refused.';
COMMENT ON COLUMN remittance.remittance_id IS 'Key of the advice.';
COMMENT ON COLUMN remittance.source IS 'What it was read from.';
COMMENT ON COLUMN remittance.sender IS 'Who sent it; of a line of a bank statement, our account.';
COMMENT ON COLUMN remittance.trace IS 'The sender''s number of the payment, unique per sender; the receipt whose text or bank reference names it is paid by it.';
COMMENT ON COLUMN remittance.bank_receipt_id IS 'The receipt it came with; NULL: found by trace.';
COMMENT ON COLUMN remittance.paid_on IS 'Day of the payment, as the payer says.';
COMMENT ON COLUMN remittance.amount IS 'What was paid in all.';
COMMENT ON COLUMN remittance.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN remittance.digest IS 'SHA-256 of the content.';
COMMENT ON COLUMN remittance.loaded_at IS 'Record time.';
COMMENT ON COLUMN remittance.loaded_by IS 'Login that loaded it.';

CREATE TABLE remittance_line (
	remittance_id bigint NOT NULL REFERENCES remittance,
	line_no integer NOT NULL,
	reference text,
	amount_paid numeric NOT NULL,
	discount numeric NOT NULL DEFAULT 0,
	deduction numeric NOT NULL DEFAULT 0,
	deduction_reason text,
	PRIMARY KEY (remittance_id, line_no)
);
COMMENT ON TABLE remittance_line IS 'Documents that a remittance advice pays.';
COMMENT ON COLUMN remittance_line.remittance_id IS 'The advice.';
COMMENT ON COLUMN remittance_line.line_no IS 'Place in it.';
COMMENT ON COLUMN remittance_line.reference IS 'Number of the document, as the payer writes it; NULL: an adjustment of the payment as a whole.';
COMMENT ON COLUMN remittance_line.amount_paid IS 'Money for it; negative for a credit taken.';
COMMENT ON COLUMN remittance_line.discount IS 'Discount the payer took.';
COMMENT ON COLUMN remittance_line.deduction IS 'What the payer kept back besides.';
COMMENT ON COLUMN remittance_line.deduction_reason IS 'Why, as the payer says.';

CREATE TABLE payer_alias (
	customer_id bigint NOT NULL REFERENCES customer,
	kind text NOT NULL CHECK (kind IN ('account', 'name')),
	alias text NOT NULL CHECK (alias <> ''),
	confirmed integer NOT NULL DEFAULT 0,
	rejected integer NOT NULL DEFAULT 0,
	last_seen timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (customer_id, kind, alias)
);
CREATE INDEX payer_alias_idx ON payer_alias (kind, alias);
COMMENT ON TABLE payer_alias IS 'Accounts and names that customers pay from, learned by confirm_match() and reject_match().';
COMMENT ON COLUMN payer_alias.customer_id IS 'The customer who pays.';
COMMENT ON COLUMN payer_alias.kind IS 'account or name.';
COMMENT ON COLUMN payer_alias.alias IS 'The account without blanks and in capitals, or the name with single blanks and in small letters.';
COMMENT ON COLUMN payer_alias.confirmed IS 'Matches confirmed.';
COMMENT ON COLUMN payer_alias.rejected IS 'Matches rejected; an alias counts only while this is less than confirmed.';
COMMENT ON COLUMN payer_alias.last_seen IS 'When it was last confirmed or rejected.';

CREATE TABLE cash_rule_set (
	cash_rule_set_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL UNIQUE CHECK (name <> ''),
	customer_id bigint REFERENCES customer,
	risk_class text CHECK (risk_class <> ''),
	min_confidence numeric NOT NULL DEFAULT 90 CHECK (min_confidence BETWEEN 0 AND 100),
	min_similarity numeric NOT NULL DEFAULT 0.75 CHECK (min_similarity BETWEEN 0 AND 1),
	tolerance_amount numeric CHECK (tolerance_amount >= 0),
	tolerance_percent numeric CHECK (tolerance_percent BETWEEN 0 AND 100),
	discounts text NOT NULL DEFAULT 'earned' CHECK (discounts IN ('none', 'earned', 'unearned')),
	discount_grace_days integer NOT NULL DEFAULT 0 CHECK (discount_grace_days BETWEEN 0 AND 366),
	partial boolean NOT NULL DEFAULT true,
	underpayment text NOT NULL DEFAULT 'open' CHECK (underpayment IN ('open', 'deduction', 'chargeback')),
	overpayment text NOT NULL DEFAULT 'on_account' CHECK (overpayment IN ('on_account', 'adjustment', 'refund')),
	priority text[] NOT NULL DEFAULT ARRAY['fee', 'finance_charge'],
	CHECK (customer_id IS NULL OR risk_class IS NULL)
);
CREATE UNIQUE INDEX cash_rule_set_scope_idx ON cash_rule_set (COALESCE(customer_id, -1), COALESCE(risk_class, ''));
COMMENT ON TABLE cash_rule_set IS 'How receipts are matched: of a customer, of a risk class, or (neither) of all others. Without a row: reference, exact_item, clear_account, clear_past_due, combination, with the defaults of these columns. set_cash_rules() writes it.';
COMMENT ON COLUMN cash_rule_set.cash_rule_set_id IS 'Key of the set.';
COMMENT ON COLUMN cash_rule_set.name IS 'Name people read.';
COMMENT ON COLUMN cash_rule_set.customer_id IS 'The customer whose receipts it is for.';
COMMENT ON COLUMN cash_rule_set.risk_class IS 'Or the risk class.';
COMMENT ON COLUMN cash_rule_set.min_confidence IS 'A proposal with less confidence (0 to 100) waits for a person.';
COMMENT ON COLUMN cash_rule_set.min_similarity IS 'Document numbers less similar than this (0 to 1) are not found.';
COMMENT ON COLUMN cash_rule_set.tolerance_amount IS 'Up to this much less than what is due closes it all the same; the difference is written off, which this row approves. NULL with tolerance_percent NULL: nothing.';
COMMENT ON COLUMN cash_rule_set.tolerance_percent IS 'The same in percent of what is due; where both are given the lesser counts.';
COMMENT ON COLUMN cash_rule_set.discounts IS 'none; earned: by the day the money came; unearned: also after that day.';
COMMENT ON COLUMN cash_rule_set.discount_grace_days IS 'Days after the last day of a discount, besides those of the terms.';
COMMENT ON COLUMN cash_rule_set.partial IS 'Items may be paid in part by oldest_first, by_priority and what a payer designates.';
COMMENT ON COLUMN cash_rule_set.underpayment IS 'What becomes of a short payment of named documents: open; deduction: the item stays open, with a row of deduction; chargeback: the item is closed, and what was kept back becomes an item of its own with such a row.';
COMMENT ON COLUMN cash_rule_set.overpayment IS 'What becomes of money too much: on_account; adjustment: within the tolerance it is taken as a small difference; refund: an approval of the refund is asked for.';
COMMENT ON COLUMN cash_rule_set.priority IS 'Kinds of document in the order in which by_priority pays them; all others follow. Within a kind the oldest is first.';

CREATE TABLE cash_rule (
	cash_rule_set_id bigint NOT NULL REFERENCES cash_rule_set,
	rule_no integer NOT NULL CHECK (rule_no > 0),
	kind text NOT NULL CHECK (kind IN ('reference', 'exact_item', 'clear_account', 'clear_past_due', 'clear_past_due_by_terms', 'combination',
		'credit_notes_first', 'oldest_first', 'pro_rata', 'debtor_designation', 'by_priority', 'on_account')),
	PRIMARY KEY (cash_rule_set_id, rule_no)
);
COMMENT ON TABLE cash_rule IS 'Rules of a set, in order: the first that fits decides.';
COMMENT ON COLUMN cash_rule.cash_rule_set_id IS 'The set.';
COMMENT ON COLUMN cash_rule.rule_no IS 'Place in it, from 1.';
COMMENT ON COLUMN cash_rule.kind IS 'reference: the documents named make the amount. exact_item: one item does. clear_account, clear_past_due, clear_past_due_by_terms: all items, all past due, all past due of one payment terms do. combination: one combination of up to four items does, and no other. debtor_designation: the documents named are paid in the order named. credit_notes_first, oldest_first, pro_rata, by_priority: the money is spread in that way. on_account: nothing is paid.';

CREATE TABLE cash_run (
	cash_run_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL UNIQUE CHECK (name <> ''),
	simulated boolean NOT NULL,
	started_at timestamptz NOT NULL DEFAULT now(),
	started_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	finished_at timestamptz
);
COMMENT ON TABLE cash_run IS 'Runs of apply_cash(). One that did not come to its end goes on when it is called again by its name.';
COMMENT ON COLUMN cash_run.cash_run_id IS 'Key of the run.';
COMMENT ON COLUMN cash_run.name IS 'Name given to apply_cash().';
COMMENT ON COLUMN cash_run.simulated IS 'It only wrote proposals.';
COMMENT ON COLUMN cash_run.started_at IS 'When it first started.';
COMMENT ON COLUMN cash_run.started_by IS 'Login that started it.';
COMMENT ON COLUMN cash_run.actor IS 'Person who started it.';
COMMENT ON COLUMN cash_run.finished_at IS 'When it came to its end; NULL before.';

CREATE TABLE cash_match (
	cash_match_id bigserial NOT NULL PRIMARY KEY,
	bank_receipt_id bigint NOT NULL REFERENCES bank_receipt,
	cash_run_id bigint REFERENCES cash_run,
	status text NOT NULL CHECK (status IN ('simulated', 'proposed', 'applied', 'rejected', 'failed')),
	customer_id bigint,
	document_id bigint,
	returned_receipt_id bigint REFERENCES bank_receipt,
	rule_set text,
	rule_no integer,
	rule text,
	confidence numeric NOT NULL DEFAULT 0 CHECK (confidence BETWEEN 0 AND 100),
	parts jsonb NOT NULL DEFAULT '{}',
	allocations jsonb NOT NULL DEFAULT '[]',
	on_account numeric NOT NULL DEFAULT 0,
	blocked jsonb NOT NULL DEFAULT '[]',
	error text,
	by_person boolean NOT NULL DEFAULT false,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL
);
-- A receipt is applied once.
CREATE UNIQUE INDEX cash_match_applied_key ON cash_match (bank_receipt_id) WHERE status = 'applied';
-- And taken back once.
CREATE UNIQUE INDEX cash_match_returned_key ON cash_match (returned_receipt_id) WHERE status = 'applied' AND returned_receipt_id IS NOT NULL;
CREATE INDEX cash_match_receipt_idx ON cash_match (bank_receipt_id, cash_match_id);
CREATE INDEX cash_match_run_idx ON cash_match (cash_run_id, bank_receipt_id);
COMMENT ON TABLE cash_match IS 'What came of a receipt: the proposal, what was applied, or why not. Never changed; the latest row that is not simulated counts.';
COMMENT ON COLUMN cash_match.cash_match_id IS 'Key of the match.';
COMMENT ON COLUMN cash_match.bank_receipt_id IS 'The receipt.';
COMMENT ON COLUMN cash_match.cash_run_id IS 'The run; NULL: a person did it.';
COMMENT ON COLUMN cash_match.status IS 'simulated, proposed (waits for a person), applied, rejected (by a person), or failed (error says why; the next run tries again).';
COMMENT ON COLUMN cash_match.customer_id IS 'Who pays; NULL: unknown.';
COMMENT ON COLUMN cash_match.document_id IS 'The payment it posted, or the returned_payment.';
COMMENT ON COLUMN cash_match.returned_receipt_id IS 'Of a line that takes an earlier receipt back: that receipt.';
COMMENT ON COLUMN cash_match.rule_set IS 'Name of the rule set; NULL: the built-in one.';
COMMENT ON COLUMN cash_match.rule_no IS 'Place of the rule in it.';
COMMENT ON COLUMN cash_match.rule IS 'Kind of the rule that fits, or return; NULL: none.';
COMMENT ON COLUMN cash_match.confidence IS 'From 0 to 100: the least of its parts.';
COMMENT ON COLUMN cash_match.parts IS 'Parts of the confidence: payer (with the evidence), match, and caps, what lowered it.';
COMMENT ON COLUMN cash_match.allocations IS 'Array of objects: customer_id, item_id, number, amount (negative: taken of a credit), discount, write_off, deduction (stays open), charge_back (becomes an item of its own), deduction_reason.';
COMMENT ON COLUMN cash_match.on_account IS 'What is left unapplied of the receipt.';
COMMENT ON COLUMN cash_match.blocked IS 'Array of objects: the rules tried before, and why each did not fit.';
COMMENT ON COLUMN cash_match.error IS 'Error of a match that failed; reason of one that was rejected.';
COMMENT ON COLUMN cash_match.by_person IS 'A person decided, with confirm_match() or reject_match().';
COMMENT ON COLUMN cash_match.recorded_at IS 'Record time.';
COMMENT ON COLUMN cash_match.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN cash_match.actor IS 'Person who did it.';

CREATE TABLE cash_allocation (
	customer_id bigint NOT NULL,
	allocation_id bigint NOT NULL,
	cash_match_id bigint NOT NULL,
	PRIMARY KEY (customer_id, allocation_id),
	FOREIGN KEY (customer_id, allocation_id) REFERENCES allocation
);
CREATE INDEX cash_allocation_match_idx ON cash_allocation (cash_match_id);
COMMENT ON TABLE cash_allocation IS 'Which match an allocation came from, and so which rule, run, confidence and person.';
COMMENT ON COLUMN cash_allocation.customer_id IS 'The debtor.';
COMMENT ON COLUMN cash_allocation.allocation_id IS 'The allocation, with customer_id.';
COMMENT ON COLUMN cash_allocation.cash_match_id IS 'The match.';

CREATE TABLE deduction (
	customer_id bigint NOT NULL,
	deduction_id bigserial NOT NULL,
	item_id bigint NOT NULL,
	cash_match_id bigint NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	currency text NOT NULL,
	reason_code text NOT NULL CHECK (reason_code <> ''),
	taken_on date NOT NULL,
	dispute_id bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, deduction_id),
	FOREIGN KEY (customer_id, item_id) REFERENCES item
);
CREATE INDEX deduction_item_idx ON deduction (customer_id, item_id);
COMMENT ON TABLE deduction IS 'Short payments with the reason the payer gives. The item is open by that much.';
COMMENT ON COLUMN deduction.customer_id IS 'The debtor.';
COMMENT ON COLUMN deduction.deduction_id IS 'Key, with customer_id.';
COMMENT ON COLUMN deduction.item_id IS 'The item paid short, or the one that was charged back.';
COMMENT ON COLUMN deduction.cash_match_id IS 'The match it was found in.';
COMMENT ON COLUMN deduction.amount IS 'What was kept back.';
COMMENT ON COLUMN deduction.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN deduction.reason_code IS 'Why, in the payer''s words or code; unexplained if it gave none.';
COMMENT ON COLUMN deduction.taken_on IS 'Business date.';
COMMENT ON COLUMN deduction.dispute_id IS 'The dispute it is settled in.';
COMMENT ON COLUMN deduction.recorded_at IS 'Record time.';
COMMENT ON COLUMN deduction.recorded_by IS 'Login that wrote the row.';

-- Document and customer numbers in the form in which texts are searched for them.
CREATE INDEX document_reference_idx ON document (credit.reference_key(number)) WHERE side = 'debit';
CREATE INDEX document_credit_note_reference_idx ON document (credit.reference_key(number)) WHERE kind = 'credit_note';
CREATE INDEX customer_reference_idx ON customer (credit.reference_key(number));
CREATE INDEX customer_name_idx ON customer (lower(name));
