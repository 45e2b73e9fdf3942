-- Documents, the open items they make, and the allocations between items.
--
-- document and allocation are the truth: append-only, written by functions or
-- by bulk load.  item.open_amount is derived from them by triggers.

-- No foreign key to customer: the posting trigger refuses a customer without an exposure row (23503), and that
-- row's own key keeps customers from being deleted.  Nor one from item, which only the trigger writes and
-- verify_ledger() checks.  Together they would cost a bulk load a third of its speed.  Nor CHECKs: PostgreSQL
-- parses them anew with every statement, and the trigger checks each row with a better message.
CREATE TABLE document (
	customer_id bigint NOT NULL,
	document_id bigserial NOT NULL,
	kind text NOT NULL,
	number text NOT NULL,
	doc_date date NOT NULL,
	posting_date date NOT NULL,
	due_date date,
	currency text NOT NULL,
	amount numeric NOT NULL,
	reference text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	side text NOT NULL,
	terms credit.payment_terms,
	received_on date,
	clears_on date,
	sold_to_id bigint,
	order_id text,
	fx_rate numeric,
	base_amount numeric,
	source_document_id bigint,
	reverses bigint,
	reason text,
	idempotency_key text,
	request_digest bytea,
	PRIMARY KEY (customer_id, document_id),
	CONSTRAINT document_number_key UNIQUE (customer_id, kind, number)
);
CREATE UNIQUE INDEX document_reverses_key ON document (customer_id, reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX document_idempotency_key ON document (customer_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX document_clears_on_idx ON document (customer_id, clears_on) WHERE clears_on IS NOT NULL;
CREATE INDEX document_source_idx ON document (customer_id, source_document_id) WHERE source_document_id IS NOT NULL;
COMMENT ON TABLE document IS 'Every posted document, never changed afterwards. INSERT and COPY are checked by triggers, which also make the open item and keep the exposure.';
COMMENT ON COLUMN document.customer_id IS 'The debtor (bill-to).';
COMMENT ON COLUMN document.document_id IS 'Key, with customer_id.';
COMMENT ON COLUMN document.kind IS 'On the debit side, what the customer owes: invoice, debit_note, returned_payment, finance_charge, fee, core_charge, refund, recovery. On the credit side: credit_note, payment, deposit, discount, write_off, set_off. On either: adjustment, transfer, fx_difference.';
COMMENT ON COLUMN document.number IS 'Number people read; unique per customer and kind.';
COMMENT ON COLUMN document.doc_date IS 'Date on the document: payment terms and due date count from it.';
COMMENT ON COLUMN document.posting_date IS 'Business date from which balances and aging include the document; defaults to doc_date, or to the first open day after it.';
COMMENT ON COLUMN document.due_date IS 'When a debit document is due, as posted; of instalments the last. Derived from the terms when left out. NULL for credit documents and for terms that wait for an event. Later changes are rows of due_date_change.';
COMMENT ON COLUMN document.currency IS 'ISO 4217 code; defaults to the ledger''s base currency.';
COMMENT ON COLUMN document.amount IS 'Amount of the document in its currency, positive for every kind.';
COMMENT ON COLUMN document.reference IS 'Free text: what the customer or the bank wrote.';
COMMENT ON COLUMN document.recorded_at IS 'Record time: start of the transaction that wrote the row.';
COMMENT ON COLUMN document.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN document.side IS 'debit: the customer owes it; credit: in the customer''s favour. Follows from the kind, except for adjustment, transfer and fx_difference; a document that voids another has the same kind and the other side.';
COMMENT ON COLUMN document.terms IS 'Payment terms; default the customer''s, where neither terms nor a due date is given.';
COMMENT ON COLUMN document.received_on IS 'Day the goods were received, for terms that count from it.';
COMMENT ON COLUMN document.clears_on IS 'Payments: day the money is expected to be good. Until then it closes items but stays in exposure. NULL: good at once.';
COMMENT ON COLUMN document.sold_to_id IS 'Customer who ordered, where that is not the debtor.';
COMMENT ON COLUMN document.order_id IS 'Order the document belongs to, as the application knows it; a deposit is reserved to it.';
COMMENT ON COLUMN document.fx_rate IS 'Base currency per unit of currency at which the document was booked; NULL in the base currency.';
COMMENT ON COLUMN document.base_amount IS 'Amount in base currency at that rate; NULL in the base currency, where it is amount.';
COMMENT ON COLUMN document.source_document_id IS 'The document this one came from: the payment that a discount or a small write-off was granted to, the written-off document a recovery is of, the counterpart of a transfer within the customer.';
COMMENT ON COLUMN document.reverses IS 'The document this one voids (same kind, other side) or, if a returned_payment, returns; that happens only once.';
COMMENT ON COLUMN document.reason IS 'Why it was posted: reason code or text of a void, write-off, adjustment, return.';
COMMENT ON COLUMN document.idempotency_key IS 'Key of the request that posted it, unique per customer: the same request again returns this document.';
COMMENT ON COLUMN document.request_digest IS 'SHA-256 of that request, which tells a repeated request from another one under the same key.';

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
	base_amount numeric,
	open_base_amount numeric,
	due_changed_on date,
	reserved_for text,
	PRIMARY KEY (customer_id, item_id),
	CONSTRAINT item_document_key UNIQUE (customer_id, document_id, instalment_no)
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
CREATE INDEX item_due_changed_idx ON item (customer_id) WHERE due_changed_on IS NOT NULL;
CREATE INDEX item_reserved_idx ON item (customer_id, reserved_for) WHERE reserved_for IS NOT NULL AND open_amount < 0;
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
COMMENT ON COLUMN item.due_date IS 'When it is due, after changes; NULL while it waits for an event, and for credit items, which are never due.';
COMMENT ON COLUMN item.last_applied_on IS 'Latest date of an allocation of this item; of a settled item without reversals, the day it was settled. NULL when there was none.';
COMMENT ON COLUMN item.base_amount IS 'The item''s share of the document''s base_amount, same sign as amount; NULL in the base currency.';
COMMENT ON COLUMN item.open_base_amount IS 'What is open of base_amount: what allocations took out, in proportion, the rest with the last one. NULL in the base currency.';
COMMENT ON COLUMN item.due_changed_on IS 'Day from which the latest change of the due date counts; NULL when it was never changed.';
COMMENT ON COLUMN item.reserved_for IS 'Order a deposit is reserved to; NULL for everything else, and once released.';
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
