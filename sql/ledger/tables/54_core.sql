-- Cores: used parts that customers owe back for the new ones they bought.

CREATE TABLE core_grade (
	grade text NOT NULL PRIMARY KEY CHECK (grade <> ''),
	description text NOT NULL,
	credit_percent numeric NOT NULL CHECK (credit_percent BETWEEN 0 AND 100)
);
COMMENT ON TABLE core_grade IS 'Conditions in which cores come back. The ledger''s owner adds more.';
COMMENT ON COLUMN core_grade.grade IS 'Key: the grade.';
COMMENT ON COLUMN core_grade.description IS 'What it means.';
COMMENT ON COLUMN core_grade.credit_percent IS 'Percent of the deposit that is credited.';

INSERT INTO core_grade (grade, description, credit_percent) VALUES
	('accepted', 'Complete and fit to be rebuilt.', 100),
	('damaged', 'To be rebuilt with new parts, such as a housing.', 50),
	('rejected', 'Worthless.', 0);

CREATE TABLE core_deposit (
	customer_id bigint NOT NULL,
	core_deposit_id bigserial NOT NULL,
	product text NOT NULL CHECK (product <> ''),
	quantity numeric NOT NULL CHECK (quantity > 0),
	unit_deposit numeric NOT NULL CHECK (unit_deposit > 0),
	currency text NOT NULL,
	document_id bigint,
	charged boolean NOT NULL,
	sold_on date NOT NULL CHECK (isfinite(sold_on)),
	due_on date NOT NULL CHECK (isfinite(due_on)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, core_deposit_id),
	CONSTRAINT core_deposit_due CHECK (due_on >= sold_on),
	CONSTRAINT core_deposit_charged CHECK (NOT charged OR document_id IS NOT NULL),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
CREATE INDEX core_deposit_due_idx ON core_deposit (due_on);
COMMENT ON TABLE core_deposit IS 'Cores that customers owe back, and the deposit on them; never changed.';
COMMENT ON COLUMN core_deposit.customer_id IS 'The debtor.';
COMMENT ON COLUMN core_deposit.core_deposit_id IS 'Key, with customer_id.';
COMMENT ON COLUMN core_deposit.product IS 'The part.';
COMMENT ON COLUMN core_deposit.quantity IS 'How many.';
COMMENT ON COLUMN core_deposit.unit_deposit IS 'Deposit for one, with tax.';
COMMENT ON COLUMN core_deposit.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN core_deposit.document_id IS 'The invoice or core_charge it was sold or charged with.';
COMMENT ON COLUMN core_deposit.charged IS 'The document has charged the deposit. If not, it is charged when the core does not come back.';
COMMENT ON COLUMN core_deposit.sold_on IS 'Business date.';
COMMENT ON COLUMN core_deposit.due_on IS 'Last day on which a core is taken back.';
COMMENT ON COLUMN core_deposit.recorded_at IS 'Record time.';
COMMENT ON COLUMN core_deposit.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN core_deposit.actor IS 'Person who did it, by default actor().';

CREATE TABLE core_return (
	customer_id bigint NOT NULL,
	core_return_id bigserial NOT NULL,
	core_deposit_id bigint NOT NULL,
	quantity numeric NOT NULL CHECK (quantity > 0),
	grade text REFERENCES core_grade,
	credit_percent numeric NOT NULL CHECK (credit_percent BETWEEN 0 AND 100),
	returned_on date NOT NULL,
	document_id bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, core_return_id),
	FOREIGN KEY (customer_id, core_deposit_id) REFERENCES core_deposit,
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
CREATE INDEX core_return_deposit_idx ON core_return (customer_id, core_deposit_id);
COMMENT ON TABLE core_return IS 'Cores that came back, or that were given up (no grade); never changed. Their quantities never come to more than the deposit''s.';
COMMENT ON COLUMN core_return.customer_id IS 'The debtor.';
COMMENT ON COLUMN core_return.core_return_id IS 'Key, with customer_id.';
COMMENT ON COLUMN core_return.core_deposit_id IS 'The deposit.';
COMMENT ON COLUMN core_return.quantity IS 'How many.';
COMMENT ON COLUMN core_return.grade IS 'Their condition; NULL: they did not come back in time, and the deposit is forfeited.';
COMMENT ON COLUMN core_return.credit_percent IS 'Percent of the deposit the customer is credited, or not charged.';
COMMENT ON COLUMN core_return.returned_on IS 'Business date.';
COMMENT ON COLUMN core_return.document_id IS 'The credit note, or the core_charge for what is not credited; NULL: there is nothing to post.';
COMMENT ON COLUMN core_return.recorded_at IS 'Record time.';
COMMENT ON COLUMN core_return.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN core_return.actor IS 'Person who did it, by default actor().';
