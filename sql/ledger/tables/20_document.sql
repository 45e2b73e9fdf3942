-- Documents, the open items they make, and the allocations between items.
--
-- document and allocation are the truth: append-only, written by functions or
-- by bulk load.  item.open_amount is derived from them by triggers.

CREATE TABLE document (
	customer_id bigint NOT NULL REFERENCES customer,
	document_id bigserial NOT NULL,
	kind text NOT NULL,
	number text NOT NULL CHECK (number <> ''),
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	currency text NOT NULL,
	amount numeric NOT NULL,
	reference text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, document_id),
	CONSTRAINT document_number_key UNIQUE (customer_id, kind, number)
);
COMMENT ON TABLE document IS 'Every posted document, never changed afterwards. INSERT and COPY are checked by triggers, which also make the open item and keep the exposure.';
COMMENT ON COLUMN document.customer_id IS 'The debtor (bill-to).';
COMMENT ON COLUMN document.document_id IS 'Key, with customer_id.';
COMMENT ON COLUMN document.kind IS 'invoice or debit_note (the customer owes), credit_note or payment (in the customer''s favour).';
COMMENT ON COLUMN document.number IS 'Number people read; unique per customer and kind.';
COMMENT ON COLUMN document.doc_date IS 'Date on the document: payment terms and due date count from it.';
COMMENT ON COLUMN document.posting_date IS 'Business date from which balances and aging include the document; defaults to doc_date.';
COMMENT ON COLUMN document.due_date IS 'When a debit document is due. NULL for credit documents.';
COMMENT ON COLUMN document.currency IS 'ISO 4217 code; defaults to the ledger''s base currency.';
COMMENT ON COLUMN document.amount IS 'Amount of the document in its currency, positive for every kind.';
COMMENT ON COLUMN document.reference IS 'Free text: what the customer or the bank wrote.';
COMMENT ON COLUMN document.recorded_at IS 'Record time: start of the transaction that wrote the row.';
COMMENT ON COLUMN document.recorded_by IS 'Login that wrote the row.';

CREATE TABLE item (
	customer_id bigint NOT NULL,
	item_id bigserial NOT NULL,
	document_id bigint NOT NULL,
	instalment_no integer NOT NULL DEFAULT 1,
	currency text NOT NULL,
	amount numeric NOT NULL,
	open_amount numeric NOT NULL,
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	last_applied_on date,
	reversed_on date,
	PRIMARY KEY (customer_id, item_id),
	CONSTRAINT item_document_key UNIQUE (customer_id, document_id, instalment_no),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
)
-- Allocation rewrites open_amount, which the index below includes: leave room, and vacuum early so
-- that aging stays index-only under churn.
WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
-- In the order in which aging groups, covering, and only what is open: aging never touches the heap.
-- Debits and credits apart, so that neither scan has to look at the sign.
CREATE INDEX item_open_idx ON item (customer_id, currency, due_date) INCLUDE (posting_date, doc_date, open_amount)
	WHERE open_amount > 0;
CREATE INDEX item_unapplied_idx ON item (customer_id, currency) INCLUDE (posting_date, open_amount)
	WHERE open_amount < 0;
-- What was settled since a date, for counting items then; and the few with a reversed allocation.
CREATE INDEX item_settled_idx ON item (last_applied_on) INCLUDE (customer_id, currency, posting_date, doc_date, due_date)
	WHERE open_amount = 0 AND amount > 0 AND reversed_on IS NULL;
CREATE INDEX item_reversed_idx ON item (customer_id) WHERE reversed_on IS NOT NULL;
COMMENT ON TABLE item IS 'Open items: one row per instalment of a debit document and one per credit document. Made and kept by triggers; read it through view open_items.';
COMMENT ON COLUMN item.customer_id IS 'The debtor.';
COMMENT ON COLUMN item.item_id IS 'Key, with customer_id.';
COMMENT ON COLUMN item.document_id IS 'The document the item belongs to.';
COMMENT ON COLUMN item.instalment_no IS 'Instalment of the document, from 1.';
COMMENT ON COLUMN item.currency IS 'ISO 4217 code of the document.';
COMMENT ON COLUMN item.amount IS 'Signed: positive when the customer owes it, negative when it is in the customer''s favour.';
COMMENT ON COLUMN item.open_amount IS 'What is still open of amount, same sign; 0 when settled. Equals amount less what is allocated.';
COMMENT ON COLUMN item.doc_date IS 'Date on the document.';
COMMENT ON COLUMN item.posting_date IS 'Business date from which the item counts.';
COMMENT ON COLUMN item.due_date IS 'When it is due; NULL for credit items, which are never due.';
COMMENT ON COLUMN item.last_applied_on IS 'Latest date of an allocation of this item; of a settled item without reversals, the day it was settled. NULL when there was none.';
COMMENT ON COLUMN item.reversed_on IS 'Date of the latest reversed allocation of this item; no allocation may be dated before it. NULL when there was none.';

CREATE TABLE allocation (
	customer_id bigint NOT NULL,
	allocation_id bigserial NOT NULL,
	credit_item_id bigint NOT NULL,
	debit_item_id bigint NOT NULL,
	amount numeric NOT NULL,
	applied_on date NOT NULL,
	reverses bigint,
	currency text NOT NULL,
	debit_due_date date,
	debit_doc_date date NOT NULL,
	debit_posting_date date NOT NULL,
	credit_posting_date date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, allocation_id),
	FOREIGN KEY (customer_id, credit_item_id) REFERENCES item,
	FOREIGN KEY (customer_id, debit_item_id) REFERENCES item
);
CREATE UNIQUE INDEX allocation_reverses_key ON allocation (customer_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX allocation_debit_idx ON allocation (customer_id, debit_item_id);
CREATE INDEX allocation_credit_idx ON allocation (customer_id, credit_item_id);
-- Rolling balances back reads what was applied after a date, and nothing else.
CREATE INDEX allocation_applied_idx ON allocation (applied_on);
COMMENT ON TABLE allocation IS 'A credit item applied to a debit item of the same customer and currency. Never changed; undone by a row that reverses it. INSERT and COPY need customer_id, the two items, amount and applied_on: triggers fill the rest.';
COMMENT ON COLUMN allocation.customer_id IS 'The debtor.';
COMMENT ON COLUMN allocation.allocation_id IS 'Key, with customer_id.';
COMMENT ON COLUMN allocation.credit_item_id IS 'The item that pays.';
COMMENT ON COLUMN allocation.debit_item_id IS 'The item that is paid.';
COMMENT ON COLUMN allocation.amount IS 'Amount applied; negative in a row that reverses another.';
COMMENT ON COLUMN allocation.applied_on IS 'Business date; never before either document''s posting date.';
COMMENT ON COLUMN allocation.reverses IS 'The allocation this row undoes, which it can only once; NULL otherwise.';
COMMENT ON COLUMN allocation.currency IS 'ISO 4217 code of both items.';
COMMENT ON COLUMN allocation.debit_due_date IS 'Copy of the debit item''s due date, so that past balances need no join.';
COMMENT ON COLUMN allocation.debit_doc_date IS 'Copy of the debit item''s document date.';
COMMENT ON COLUMN allocation.debit_posting_date IS 'Copy of the debit item''s posting date.';
COMMENT ON COLUMN allocation.credit_posting_date IS 'Copy of the credit item''s posting date.';
COMMENT ON COLUMN allocation.recorded_at IS 'Record time: start of the transaction that wrote the row.';
COMMENT ON COLUMN allocation.recorded_by IS 'Login that wrote the row.';
