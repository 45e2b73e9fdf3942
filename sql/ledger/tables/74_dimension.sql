-- By what reports group customers.

CREATE TABLE customer_dimension (
	customer_id bigint NOT NULL REFERENCES customer,
	dimension text NOT NULL CHECK (dimension IN ('segment', 'region', 'salesperson', 'collector')),
	value text NOT NULL CHECK (value <> ''),
	PRIMARY KEY (customer_id, dimension)
);
CREATE INDEX customer_dimension_value_idx ON customer_dimension (dimension, value);
COMMENT ON TABLE customer_dimension IS 'Segment, region, salesperson and collector of customers, as they are now; set by set_dimension().';
COMMENT ON COLUMN customer_dimension.customer_id IS 'The debtor.';
COMMENT ON COLUMN customer_dimension.dimension IS 'segment, region, salesperson or collector.';
COMMENT ON COLUMN customer_dimension.value IS 'Which one.';
