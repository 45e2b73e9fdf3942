-- Credits asked for, the returns they rest on, and the credit notes they became.

CREATE TABLE return_policy (
	return_policy_id bigserial NOT NULL PRIMARY KEY,
	reason_code text NOT NULL REFERENCES credit_reason,
	product text CHECK (product <> ''),
	window_days integer CHECK (window_days BETWEEN 0 AND 36600),
	restocking_percent numeric NOT NULL DEFAULT 0 CHECK (restocking_percent BETWEEN 0 AND 100),
	valid_from date NOT NULL DEFAULT '-infinity'
);
CREATE UNIQUE INDEX return_policy_key ON return_policy (reason_code, COALESCE(product, ''), valid_from);
COMMENT ON TABLE return_policy IS 'Until when credit is given for a reason, and what restocking costs. For a line counts the row of its product before that of all products, and of these the latest in force on the date of the invoice. Without a row there is no window and no fee.';
COMMENT ON COLUMN return_policy.return_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN return_policy.reason_code IS 'The reason: return, warranty and so on.';
COMMENT ON COLUMN return_policy.product IS 'The product; NULL: all others.';
COMMENT ON COLUMN return_policy.window_days IS 'Days after the date of the invoice, the last included; NULL: without end.';
COMMENT ON COLUMN return_policy.restocking_percent IS 'Percent of the price that is not credited when goods come back.';
COMMENT ON COLUMN return_policy.valid_from IS 'Counts for invoices dated from this day on.';

CREATE TABLE return_authorization (
	customer_id bigint NOT NULL,
	return_authorization_id bigserial NOT NULL,
	number text NOT NULL CHECK (number <> ''),
	document_id bigint NOT NULL,
	reason_code text NOT NULL REFERENCES credit_reason,
	description text,
	authorized_on date NOT NULL,
	expires_on date NOT NULL CHECK (isfinite(expires_on)),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, return_authorization_id),
	CONSTRAINT return_authorization_number_key UNIQUE (customer_id, number),
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
COMMENT ON TABLE return_authorization IS 'Return authorizations (RMA), never changed: what a customer may send back. What became of it is in return_event.';
COMMENT ON COLUMN return_authorization.customer_id IS 'The debtor.';
COMMENT ON COLUMN return_authorization.return_authorization_id IS 'Key, with customer_id.';
COMMENT ON COLUMN return_authorization.number IS 'Number people read.';
COMMENT ON COLUMN return_authorization.document_id IS 'The invoice the goods are on.';
COMMENT ON COLUMN return_authorization.reason_code IS 'Why they come back.';
COMMENT ON COLUMN return_authorization.description IS 'What the customer says.';
COMMENT ON COLUMN return_authorization.authorized_on IS 'Business date.';
COMMENT ON COLUMN return_authorization.expires_on IS 'Last day on which the goods may arrive.';
COMMENT ON COLUMN return_authorization.recorded_at IS 'Record time.';
COMMENT ON COLUMN return_authorization.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN return_authorization.actor IS 'Person who did it, by default actor().';

CREATE TABLE return_line (
	customer_id bigint NOT NULL,
	return_line_id bigserial NOT NULL,
	return_authorization_id bigint NOT NULL,
	line_no integer NOT NULL,
	product text,
	quantity numeric NOT NULL CHECK (quantity > 0),
	restocking_percent numeric NOT NULL,
	PRIMARY KEY (customer_id, return_line_id),
	CONSTRAINT return_line_key UNIQUE (customer_id, return_authorization_id, line_no),
	FOREIGN KEY (customer_id, return_authorization_id) REFERENCES return_authorization
);
COMMENT ON TABLE return_line IS 'Quantities that a return authorization allows.';
COMMENT ON COLUMN return_line.customer_id IS 'The debtor.';
COMMENT ON COLUMN return_line.return_line_id IS 'Key, with customer_id.';
COMMENT ON COLUMN return_line.return_authorization_id IS 'The authorization.';
COMMENT ON COLUMN return_line.line_no IS 'Line of the invoice.';
COMMENT ON COLUMN return_line.product IS 'Its product.';
COMMENT ON COLUMN return_line.quantity IS 'How many may come back.';
COMMENT ON COLUMN return_line.restocking_percent IS 'Percent of the price that is not credited.';

CREATE TABLE return_event (
	customer_id bigint NOT NULL,
	return_event_id bigserial NOT NULL,
	return_line_id bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('received', 'accepted', 'rejected', 'cancelled')),
	quantity numeric NOT NULL CHECK (quantity > 0),
	happened_on date NOT NULL,
	condition text,
	note text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, return_event_id),
	FOREIGN KEY (customer_id, return_line_id) REFERENCES return_line
);
CREATE INDEX return_event_line_idx ON return_event (customer_id, return_line_id);
COMMENT ON TABLE return_event IS 'What arrived of a return, and what was found; never changed.';
COMMENT ON COLUMN return_event.customer_id IS 'The debtor.';
COMMENT ON COLUMN return_event.return_event_id IS 'Key, with customer_id.';
COMMENT ON COLUMN return_event.return_line_id IS 'The line of the authorization.';
COMMENT ON COLUMN return_event.kind IS 'received: arrived. accepted, rejected: inspected. cancelled: will not come.';
COMMENT ON COLUMN return_event.quantity IS 'How many.';
COMMENT ON COLUMN return_event.happened_on IS 'Business date.';
COMMENT ON COLUMN return_event.condition IS 'Condition of the goods.';
COMMENT ON COLUMN return_event.note IS 'What else was found, or why it was cancelled.';
COMMENT ON COLUMN return_event.recorded_at IS 'Record time.';
COMMENT ON COLUMN return_event.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN return_event.actor IS 'Person who did it, by default actor().';

-- A request lives as long as its approval: rejected or expired with it, used up by the credit note.
CREATE TABLE credit_request (
	customer_id bigint NOT NULL,
	credit_request_id bigserial NOT NULL,
	document_id bigint,
	reason_code text NOT NULL REFERENCES credit_reason,
	amount numeric NOT NULL CHECK (amount > 0),
	currency text NOT NULL,
	description text NOT NULL CHECK (description <> ''),
	return_authorization_id bigint,
	dispute_id bigint,
	approval_id bigint NOT NULL,
	replaces bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, credit_request_id),
	FOREIGN KEY (customer_id, document_id) REFERENCES document,
	FOREIGN KEY (customer_id, approval_id) REFERENCES approval,
	FOREIGN KEY (customer_id, return_authorization_id) REFERENCES return_authorization,
	FOREIGN KEY (customer_id, dispute_id) REFERENCES dispute
);
CREATE INDEX credit_request_document_idx ON credit_request (customer_id, document_id);
CREATE INDEX credit_request_approval_idx ON credit_request (customer_id, approval_id);
CREATE INDEX credit_request_return_idx ON credit_request (customer_id, return_authorization_id) WHERE return_authorization_id IS NOT NULL;
COMMENT ON TABLE credit_request IS 'Credits asked for, never changed. View credit_requests says what became of each.';
COMMENT ON COLUMN credit_request.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_request.credit_request_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_request.document_id IS 'The invoice or other debit document credited; NULL: the credit stands alone.';
COMMENT ON COLUMN credit_request.reason_code IS 'Why, one of credit_reason.';
COMMENT ON COLUMN credit_request.amount IS 'What is to be credited, with tax.';
COMMENT ON COLUMN credit_request.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN credit_request.description IS 'Why, in words.';
COMMENT ON COLUMN credit_request.return_authorization_id IS 'The return it is for.';
COMMENT ON COLUMN credit_request.dispute_id IS 'The dispute it settles.';
COMMENT ON COLUMN credit_request.approval_id IS 'The request for approval, which its life follows.';
COMMENT ON COLUMN credit_request.replaces IS 'The request that it was changed from.';
COMMENT ON COLUMN credit_request.recorded_at IS 'Record time.';
COMMENT ON COLUMN credit_request.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN credit_request.actor IS 'Person who asks, by default actor().';

CREATE TABLE credit_request_line (
	customer_id bigint NOT NULL,
	credit_request_line_id bigserial NOT NULL,
	credit_request_id bigint NOT NULL,
	line_no integer,
	product text,
	description text,
	quantity numeric NOT NULL,
	unit_price numeric NOT NULL,
	net_amount numeric NOT NULL,
	tax_rate numeric NOT NULL,
	tax_amount numeric NOT NULL,
	line_total numeric NOT NULL,
	by_amount boolean NOT NULL,
	PRIMARY KEY (customer_id, credit_request_line_id),
	FOREIGN KEY (customer_id, credit_request_id) REFERENCES credit_request
);
CREATE INDEX credit_request_line_idx ON credit_request_line (customer_id, credit_request_id);
COMMENT ON TABLE credit_request_line IS 'Lines of credits asked for; none where the credit is an amount of the document as a whole.';
COMMENT ON COLUMN credit_request_line.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_request_line.credit_request_line_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_request_line.credit_request_id IS 'The request.';
COMMENT ON COLUMN credit_request_line.line_no IS 'Line of the document credited; NULL: the credit stands alone.';
COMMENT ON COLUMN credit_request_line.product IS 'Product.';
COMMENT ON COLUMN credit_request_line.description IS 'Text of the line.';
COMMENT ON COLUMN credit_request_line.quantity IS 'Quantity credited.';
COMMENT ON COLUMN credit_request_line.unit_price IS 'Price credited per unit: the one billed, or the part of it that was too much.';
COMMENT ON COLUMN credit_request_line.net_amount IS 'Quantity times price.';
COMMENT ON COLUMN credit_request_line.tax_rate IS 'Percent.';
COMMENT ON COLUMN credit_request_line.tax_amount IS 'Tax of the line.';
COMMENT ON COLUMN credit_request_line.line_total IS 'Net amount and tax.';
COMMENT ON COLUMN credit_request_line.by_amount IS 'Its share of an amount: the quantity, 1, is none of the goods.';

CREATE TABLE credit_issue (
	customer_id bigint NOT NULL,
	credit_request_id bigint NOT NULL,
	document_id bigint NOT NULL,
	issued_at timestamptz NOT NULL DEFAULT now(),
	issued_login text NOT NULL DEFAULT session_user,
	issued_by text NOT NULL,
	PRIMARY KEY (customer_id, credit_request_id),
	CONSTRAINT credit_issue_document_key UNIQUE (customer_id, document_id),
	FOREIGN KEY (customer_id, credit_request_id) REFERENCES credit_request,
	FOREIGN KEY (customer_id, document_id) REFERENCES document
);
COMMENT ON TABLE credit_issue IS 'Credit notes that credits asked for became: one each.';
COMMENT ON COLUMN credit_issue.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_issue.credit_request_id IS 'The request.';
COMMENT ON COLUMN credit_issue.document_id IS 'The credit note.';
COMMENT ON COLUMN credit_issue.issued_at IS 'Record time.';
COMMENT ON COLUMN credit_issue.issued_login IS 'Login that issued it.';
COMMENT ON COLUMN credit_issue.issued_by IS 'Person who issued it, by default actor().';
