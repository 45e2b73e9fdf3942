-- The credit file: what is known of a customer from outside.  Rows are added and never changed; each says on which day
-- its content was known (received_on) and when it was recorded, so that a past score uses no later knowledge.

CREATE TABLE statement_field (
	field text NOT NULL PRIMARY KEY CHECK (field <> ''),
	statement text NOT NULL CHECK (statement IN ('balance_sheet', 'income', 'cash_flow', 'market')),
	part_of text REFERENCES statement_field,
	may_be_negative boolean NOT NULL DEFAULT false,
	description text NOT NULL
);
COMMENT ON TABLE statement_field IS 'The fields a financial statement can have.';
COMMENT ON COLUMN statement_field.field IS 'Key: the name in financial_statement.lines.';
COMMENT ON COLUMN statement_field.statement IS 'balance_sheet, income, cash_flow or market.';
COMMENT ON COLUMN statement_field.part_of IS 'The total it is part of: the parts given never exceed it.';
COMMENT ON COLUMN statement_field.may_be_negative IS 'Whether it can be below zero.';
COMMENT ON COLUMN statement_field.description IS 'What it means.';

INSERT INTO statement_field (field, statement, part_of, may_be_negative, description) VALUES
	('total_assets', 'balance_sheet', NULL, false, 'All assets.'),
	('current_assets', 'balance_sheet', 'total_assets', false, 'Assets that become cash within a year.'),
	('cash', 'balance_sheet', 'current_assets', false, 'Cash and bank balances.'),
	('marketable_securities', 'balance_sheet', 'current_assets', false, 'Securities that can be sold at once.'),
	('receivables', 'balance_sheet', 'current_assets', false, 'What its customers owe.'),
	('inventory', 'balance_sheet', 'current_assets', false, 'Stock.'),
	('other_current_assets', 'balance_sheet', 'current_assets', false, 'Other current assets, such as prepayments.'),
	('fixed_assets', 'balance_sheet', 'total_assets', false, 'Property, plant and equipment after depreciation.'),
	('intangible_assets', 'balance_sheet', 'total_assets', false, 'Goodwill, patents and the like: not in tangible net worth.'),
	('other_assets', 'balance_sheet', 'total_assets', false, 'Other assets that are not current.'),
	('total_liabilities', 'balance_sheet', NULL, false, 'Everything it owes.'),
	('current_liabilities', 'balance_sheet', 'total_liabilities', false, 'What is due within a year.'),
	('payables', 'balance_sheet', 'current_liabilities', false, 'What it owes its suppliers.'),
	('short_term_debt', 'balance_sheet', 'current_liabilities', false, 'Loans due within a year.'),
	('other_current_liabilities', 'balance_sheet', 'current_liabilities', false, 'Other current liabilities.'),
	('long_term_debt', 'balance_sheet', 'total_liabilities', false, 'Loans due later than in a year.'),
	('other_liabilities', 'balance_sheet', 'total_liabilities', false, 'Other liabilities that are not current.'),
	('equity', 'balance_sheet', NULL, true, 'Net worth: total_assets - total_liabilities.'),
	('retained_earnings', 'balance_sheet', NULL, true, 'Earnings kept, part of equity; below zero after losses.'),
	('sales', 'income', NULL, false, 'Net sales of the period.'),
	('cost_of_sales', 'income', NULL, false, 'Cost of goods sold.'),
	('gross_profit', 'income', NULL, true, 'sales - cost_of_sales.'),
	('depreciation', 'income', NULL, false, 'Depreciation and amortisation.'),
	('ebit', 'income', NULL, true, 'Earnings before interest and taxes.'),
	('interest_expense', 'income', NULL, false, 'Interest paid or owed for the period.'),
	('earnings_before_taxes', 'income', NULL, true, 'Earnings before taxes.'),
	('net_income', 'income', NULL, true, 'Net income.'),
	('operating_cash_flow', 'cash_flow', NULL, true, 'Cash flow from operations.'),
	('funds_from_operations', 'cash_flow', NULL, true, 'Pretax income plus depreciation and amortisation.'),
	('market_value_equity', 'market', NULL, false, 'Market value of its shares.'),
	('shares', 'market', NULL, false, 'Shares issued, in the scale of the statement.');

CREATE TABLE financial_statement (
	customer_id bigint NOT NULL REFERENCES customer,
	financial_statement_id bigserial NOT NULL,
	period_from date NOT NULL,
	period_to date NOT NULL CHECK (period_to > period_from),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	scale numeric NOT NULL DEFAULT 1 CHECK (scale > 0),
	audited boolean NOT NULL,
	lines jsonb NOT NULL CHECK (jsonb_typeof(lines) = 'object'),
	restates bigint,
	source text,
	received_on date NOT NULL CHECK (received_on >= period_to),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, financial_statement_id),
	FOREIGN KEY (customer_id, restates) REFERENCES financial_statement
);
CREATE UNIQUE INDEX financial_statement_period_key ON financial_statement (customer_id, period_from, period_to) WHERE restates IS NULL;
CREATE UNIQUE INDEX financial_statement_restates_key ON financial_statement (customer_id, restates) WHERE restates IS NOT NULL;
COMMENT ON TABLE financial_statement IS 'Financial statements of customers, never changed: a restatement is a row of its own, and what was known before stays known for the time before.';
COMMENT ON COLUMN financial_statement.customer_id IS 'The debtor.';
COMMENT ON COLUMN financial_statement.financial_statement_id IS 'Key, with customer_id.';
COMMENT ON COLUMN financial_statement.period_from IS 'First day of the period.';
COMMENT ON COLUMN financial_statement.period_to IS 'Last day of the period: the date of the balance sheet.';
COMMENT ON COLUMN financial_statement.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN financial_statement.scale IS 'What the figures are multiplied by: 1000 for a statement in thousands.';
COMMENT ON COLUMN financial_statement.audited IS 'Whether an auditor certified it.';
COMMENT ON COLUMN financial_statement.lines IS 'The figures by field, as on paper; fields are rows of statement_field.';
COMMENT ON COLUMN financial_statement.restates IS 'The statement of the same period that this one takes the place of.';
COMMENT ON COLUMN financial_statement.source IS 'Who supplied it.';
COMMENT ON COLUMN financial_statement.received_on IS 'Day from which it was known.';
COMMENT ON COLUMN financial_statement.recorded_at IS 'Record time.';
COMMENT ON COLUMN financial_statement.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN financial_statement.actor IS 'Person who entered it, by default actor().';

CREATE TABLE credit_report (
	customer_id bigint NOT NULL REFERENCES customer,
	credit_report_id bigserial NOT NULL,
	bureau text NOT NULL CHECK (bureau <> ''),
	report_date date NOT NULL,
	score numeric,
	grade text,
	recommended_limit numeric CHECK (recommended_limit >= 0),
	currency text CHECK (credit.minor_unit(currency) >= 0),
	facts jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(facts) = 'object'),
	reference text,
	received_on date NOT NULL CHECK (received_on >= report_date),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, credit_report_id),
	CONSTRAINT credit_report_currency CHECK ((recommended_limit IS NULL) = (currency IS NULL))
);
COMMENT ON TABLE credit_report IS 'Reports of credit bureaus, never changed. The latest by report date counts, of one day the later row.';
COMMENT ON COLUMN credit_report.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_report.credit_report_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_report.bureau IS 'Who made it.';
COMMENT ON COLUMN credit_report.report_date IS 'Its date.';
COMMENT ON COLUMN credit_report.score IS 'The bureau''s score, on its own scale.';
COMMENT ON COLUMN credit_report.grade IS 'The bureau''s grade.';
COMMENT ON COLUMN credit_report.recommended_limit IS 'The limit it recommends.';
COMMENT ON COLUMN credit_report.currency IS 'ISO 4217 code of recommended_limit.';
COMMENT ON COLUMN credit_report.facts IS 'What else it says, by name, for scorecards: {"years_in_business": 12} is attribute fact_years_in_business.';
COMMENT ON COLUMN credit_report.reference IS 'Number of the report.';
COMMENT ON COLUMN credit_report.received_on IS 'Day from which it was known.';
COMMENT ON COLUMN credit_report.recorded_at IS 'Record time.';
COMMENT ON COLUMN credit_report.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN credit_report.actor IS 'Person who entered it, by default actor().';

CREATE TABLE trade_reference (
	customer_id bigint NOT NULL REFERENCES customer,
	trade_reference_id bigserial NOT NULL,
	supplier text NOT NULL CHECK (supplier <> ''),
	given_on date NOT NULL,
	high_credit numeric NOT NULL CHECK (high_credit >= 0),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	terms text,
	balance numeric CHECK (balance >= 0),
	past_due numeric CHECK (past_due >= 0),
	days_beyond_terms integer,
	customer_since date,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, trade_reference_id),
	CONSTRAINT trade_reference_past_due CHECK (past_due <= balance)
);
COMMENT ON TABLE trade_reference IS 'What other suppliers told of a customer: past facts only, no opinions. Never changed; of one supplier the latest counts.';
COMMENT ON COLUMN trade_reference.customer_id IS 'The debtor.';
COMMENT ON COLUMN trade_reference.trade_reference_id IS 'Key, with customer_id.';
COMMENT ON COLUMN trade_reference.supplier IS 'Who told it.';
COMMENT ON COLUMN trade_reference.given_on IS 'When: the day from which it was known.';
COMMENT ON COLUMN trade_reference.high_credit IS 'The most it ever owed there.';
COMMENT ON COLUMN trade_reference.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN trade_reference.terms IS 'Terms of sale there, as told.';
COMMENT ON COLUMN trade_reference.balance IS 'What it owed there then.';
COMMENT ON COLUMN trade_reference.past_due IS 'Of that, past due.';
COMMENT ON COLUMN trade_reference.days_beyond_terms IS 'Days after the due date on which it pays there; negative: before.';
COMMENT ON COLUMN trade_reference.customer_since IS 'Since when it buys there.';
COMMENT ON COLUMN trade_reference.recorded_at IS 'Record time.';
COMMENT ON COLUMN trade_reference.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN trade_reference.actor IS 'Person who entered it, by default actor().';

CREATE TABLE bank_reference (
	customer_id bigint NOT NULL REFERENCES customer,
	bank_reference_id bigserial NOT NULL,
	bank text NOT NULL CHECK (bank <> ''),
	given_on date NOT NULL,
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	account_since date,
	average_balance numeric,
	loans numeric CHECK (loans >= 0),
	loans_secured boolean,
	returned_items integer CHECK (returned_items >= 0),
	remarks text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, bank_reference_id)
);
COMMENT ON TABLE bank_reference IS 'What banks told of a customer. Never changed; of one bank the latest counts.';
COMMENT ON COLUMN bank_reference.customer_id IS 'The debtor.';
COMMENT ON COLUMN bank_reference.bank_reference_id IS 'Key, with customer_id.';
COMMENT ON COLUMN bank_reference.bank IS 'Who told it.';
COMMENT ON COLUMN bank_reference.given_on IS 'When: the day from which it was known.';
COMMENT ON COLUMN bank_reference.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN bank_reference.account_since IS 'Since when it has the account.';
COMMENT ON COLUMN bank_reference.average_balance IS 'Average balance of the account.';
COMMENT ON COLUMN bank_reference.loans IS 'What it owes the bank.';
COMMENT ON COLUMN bank_reference.loans_secured IS 'Whether that is secured.';
COMMENT ON COLUMN bank_reference.returned_items IS 'Items returned for insufficient funds in the last year.';
COMMENT ON COLUMN bank_reference.remarks IS 'What else it said.';
COMMENT ON COLUMN bank_reference.recorded_at IS 'Record time.';
COMMENT ON COLUMN bank_reference.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN bank_reference.actor IS 'Person who entered it, by default actor().';

CREATE TABLE security (
	customer_id bigint NOT NULL REFERENCES customer,
	security_id bigserial NOT NULL,
	kind text NOT NULL CHECK (kind IN ('personal_guarantee', 'parent_guarantee', 'bank_guarantee', 'letter_of_credit', 'deposit', 'lien', 'mortgage', 'other')),
	amount numeric NOT NULL CHECK (amount > 0),
	currency text NOT NULL CHECK (credit.minor_unit(currency) >= 0),
	provider text NOT NULL CHECK (provider <> ''),
	valid_from date NOT NULL,
	valid_to date CHECK (valid_to >= valid_from),
	document_no text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, security_id)
);
COMMENT ON TABLE security IS 'Guarantees and other security held, never changed; it ends with valid_to or a row of security_release. What adds to the credit limit is a credit limit of kind guarantee.';
COMMENT ON COLUMN security.customer_id IS 'The debtor.';
COMMENT ON COLUMN security.security_id IS 'Key, with customer_id.';
COMMENT ON COLUMN security.kind IS 'personal_guarantee, parent_guarantee, bank_guarantee, letter_of_credit, deposit, lien, mortgage or other.';
COMMENT ON COLUMN security.amount IS 'What it is good for.';
COMMENT ON COLUMN security.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN security.provider IS 'Who gives it.';
COMMENT ON COLUMN security.valid_from IS 'First day it counts.';
COMMENT ON COLUMN security.valid_to IS 'Its expiry: last day it counts; NULL without end.';
COMMENT ON COLUMN security.document_no IS 'Number of the document.';
COMMENT ON COLUMN security.recorded_at IS 'Record time.';
COMMENT ON COLUMN security.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN security.actor IS 'Person who entered it, by default actor().';

CREATE TABLE security_release (
	customer_id bigint NOT NULL,
	security_id bigint NOT NULL,
	released_on date NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, security_id),
	FOREIGN KEY (customer_id, security_id) REFERENCES security
);
COMMENT ON TABLE security_release IS 'Security given back before its time.';
COMMENT ON COLUMN security_release.customer_id IS 'The debtor.';
COMMENT ON COLUMN security_release.security_id IS 'The security.';
COMMENT ON COLUMN security_release.released_on IS 'First day on which it no longer counts.';
COMMENT ON COLUMN security_release.reason IS 'Why it was given back.';
COMMENT ON COLUMN security_release.recorded_at IS 'Record time.';
COMMENT ON COLUMN security_release.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN security_release.actor IS 'Person who did it, by default actor().';
