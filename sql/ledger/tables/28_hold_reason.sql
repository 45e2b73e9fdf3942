-- Why customers are put on hold.

CREATE TABLE hold_reason (
	reason_code text NOT NULL PRIMARY KEY CHECK (reason_code <> ''),
	description text NOT NULL,
	legal boolean NOT NULL DEFAULT false,
	rule_kinds text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE hold_reason IS 'Kinds of reasons for a hold. The ledger''s owner adds more.';
COMMENT ON COLUMN hold_reason.reason_code IS 'Key: the code.';
COMMENT ON COLUMN hold_reason.description IS 'What it means.';
COMMENT ON COLUMN hold_reason.legal IS 'Only release_legal_hold() ends such a hold.';
COMMENT ON COLUMN hold_reason.rule_kinds IS 'Kinds of check rules that tell whether the cause is still there: an automatic hold ends when none of them is broken. Empty: only a person can tell.';

INSERT INTO hold_reason (reason_code, description, legal, rule_kinds) VALUES
	('credit_limit', 'The credit limit is exceeded, missing or expired.', false, '{limit_use,limit_missing,limit_expired}'),
	('overdue', 'Items are too long or too much past due.', false, '{oldest_overdue,overdue_amount,overdue_percent,dunning_level}'),
	('returned_payment', 'A payment came back.', false, '{returned_payment}'),
	('broken_promise', 'A promise to pay was not kept.', false, '{broken_promises}'),
	('review', 'The periodic review is late, or under way.', false, '{review_overdue}'),
	('dispute', 'A dispute is to be settled first.', false, '{}'),
	('legal', 'The account is with lawyers or in court.', true, '{}'),
	('sanctions', 'The customer may be on a sanctions list.', true, '{}'),
	('fraud', 'Fraud is suspected.', false, '{}'),
	('other', 'See the reason given.', false, '{}');
