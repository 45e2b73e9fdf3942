-- Orders that a person lets pass in spite of the check rules.

CREATE TABLE order_release (
	customer_id bigint NOT NULL REFERENCES customer,
	order_release_id bigserial NOT NULL,
	source text NOT NULL,
	order_id text NOT NULL,
	amount numeric NOT NULL CHECK (amount >= 0),
	currency text NOT NULL,
	valid_until date NOT NULL CHECK (isfinite(valid_until)),
	reason text NOT NULL CHECK (reason <> ''),
	released_at timestamptz NOT NULL DEFAULT now(),
	released_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, order_release_id)
);
CREATE INDEX order_release_idx ON order_release (customer_id, source, order_id, order_release_id);
COMMENT ON TABLE order_release IS 'Orders that pass in spite of the check rules, by the decision of a person; never changed, the latest row of an order counts.';
COMMENT ON COLUMN order_release.customer_id IS 'The debtor.';
COMMENT ON COLUMN order_release.order_release_id IS 'Key, with customer_id.';
COMMENT ON COLUMN order_release.source IS 'Table the order is in, as in decision.source.';
COMMENT ON COLUMN order_release.order_id IS 'The order''s id in that table, as text.';
COMMENT ON COLUMN order_release.amount IS 'What the whole order may come to.';
COMMENT ON COLUMN order_release.currency IS 'ISO 4217 code of the order.';
COMMENT ON COLUMN order_release.valid_until IS 'Last day on which it may be entered, changed or taken off hold.';
COMMENT ON COLUMN order_release.reason IS 'Why it was released.';
COMMENT ON COLUMN order_release.released_at IS 'Record time.';
COMMENT ON COLUMN order_release.released_by IS 'Login that released it.';
COMMENT ON COLUMN order_release.actor IS 'Person who did it, by default actor().';
