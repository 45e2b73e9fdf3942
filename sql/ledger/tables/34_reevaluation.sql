-- Which customers reevaluate_holds() need not look at again.

CREATE TABLE reevaluation (
	customer_id bigint NOT NULL REFERENCES customer,
	source text NOT NULL,
	chain_seq bigint NOT NULL,
	check_seq bigint NOT NULL,
	ordered numeric NOT NULL,
	looked_on date NOT NULL,
	PRIMARY KEY (customer_id, source)
);
COMMENT ON TABLE reevaluation IS 'How a customer''s exposure row was when reevaluate_holds() looked last. It looks again when the row differs, and on another day. May be emptied at any time.';
COMMENT ON COLUMN reevaluation.customer_id IS 'The debtor.';
COMMENT ON COLUMN reevaluation.source IS 'Watched table (schema.table) whose orders on hold were looked at; empty for the customer''s holds.';
COMMENT ON COLUMN reevaluation.chain_seq IS 'exposure.chain_seq then.';
COMMENT ON COLUMN reevaluation.check_seq IS 'exposure.check_seq then.';
COMMENT ON COLUMN reevaluation.ordered IS 'exposure.ordered then.';
COMMENT ON COLUMN reevaluation.looked_on IS 'Day on which it looked.';
