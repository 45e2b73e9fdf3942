-- From template version 1 to 2: new columns in the order in which a fresh ledger has them.  New tables come from tables/.

ALTER TABLE customer ADD terms credit.payment_terms, ADD currency text CHECK (credit.minor_unit(currency) >= 0), ADD payer_id bigint;

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
	ADD chain_seq bigint NOT NULL DEFAULT 0, ADD chain_hash bytea NOT NULL DEFAULT '';
ALTER TABLE decision ADD uncleared numeric NOT NULL DEFAULT 0, ADD deposit numeric NOT NULL DEFAULT 0;

-- Their arguments change.
DROP FUNCTION add_customer(text, bigint, text);
DROP FUNCTION post_document(text, bigint, text, date, numeric, date, text, date, text);
DROP FUNCTION post_invoice(bigint, text, date, numeric, date, text, date, text);
DROP FUNCTION post_debit_note(bigint, text, date, numeric, date, text, date, text);
DROP FUNCTION post_credit_note(bigint, text, date, numeric, text, date, text);
DROP FUNCTION post_payment(bigint, text, date, numeric, text, date, text);
DROP FUNCTION aging_at(date, text, timestamptz, credit.aging_buckets, bigint);
DROP FUNCTION aging_query(text, text, text, text, text);
DROP FUNCTION aging_known_query(text, text, text, text, text);
DROP FUNCTION recomputed_exposure();
