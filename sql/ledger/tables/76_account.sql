-- Which account of the general ledger an entry goes to.

CREATE TABLE gl_account (
	role text NOT NULL PRIMARY KEY,
	account text NOT NULL CHECK (account <> '')
);
COMMENT ON TABLE gl_account IS 'Accounts of the general ledger by the role they have in ledger_entries. The ledger''s owner sets them to those of the company.';
COMMENT ON COLUMN gl_account.role IS 'Key: receivable, unapplied and deposits are the control accounts that the ledger is reconciled with; the others are the counter-accounts of the kinds of documents.';
COMMENT ON COLUMN gl_account.account IS 'Number or name of the account.';

INSERT INTO gl_account (role, account) VALUES
	('receivable', 'receivable'), ('unapplied', 'unapplied'), ('deposits', 'deposits'),
	('sales', 'sales'), ('tax', 'tax'), ('cash', 'cash'), ('discounts', 'discounts'), ('exchange_differences', 'exchange_differences'),
	('interest', 'interest'), ('fees', 'fees'), ('bad_debt', 'bad_debt'), ('recoveries', 'recoveries'), ('adjustments', 'adjustments'),
	('transfers', 'transfers'), ('payables', 'payables'), ('core_deposits', 'core_deposits');
