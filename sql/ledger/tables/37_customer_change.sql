-- What check rules knew of a customer before it changed.

CREATE TABLE customer_change (
	customer_id bigint NOT NULL REFERENCES customer,
	customer_change_id bigserial NOT NULL,
	risk_class text,
	status text NOT NULL,
	terms_changed_on date,
	review_due date,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, customer_change_id)
);
COMMENT ON TABLE customer_change IS 'What a customer''s risk class, status, latest change of terms and review were until one of them changed; never changed itself. Written by the trigger on customer; simulate_policy() reads it.';
COMMENT ON COLUMN customer_change.customer_id IS 'The debtor.';
COMMENT ON COLUMN customer_change.customer_change_id IS 'Key, with customer_id.';
COMMENT ON COLUMN customer_change.risk_class IS 'customer.risk_class until then.';
COMMENT ON COLUMN customer_change.status IS 'customer.status until then.';
COMMENT ON COLUMN customer_change.terms_changed_on IS 'customer.terms_changed_on until then.';
COMMENT ON COLUMN customer_change.review_due IS 'customer.review_due until then.';
COMMENT ON COLUMN customer_change.recorded_at IS 'Record time of the change: start of the transaction that made it.';
COMMENT ON COLUMN customer_change.recorded_by IS 'Login that made it.';
