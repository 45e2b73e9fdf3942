-- Who may decide what, and what was decided by whom: authority, policy, approvals.

CREATE TABLE authority (
	authority_id bigserial NOT NULL PRIMARY KEY,
	person text NOT NULL CHECK (person <> ''),
	action text NOT NULL,
	amount_limit numeric CHECK (amount_limit >= 0),
	currency text CHECK (credit.minor_unit(currency) >= 0),
	valid_from date NOT NULL,
	valid_to date CHECK (valid_to >= valid_from),
	delegated_by text,
	delegated_from bigint,
	reason text NOT NULL CHECK (reason <> ''),
	granted_at timestamptz NOT NULL DEFAULT now(),
	granted_by text NOT NULL,
	granted_login text NOT NULL DEFAULT session_user,
	CONSTRAINT authority_currency CHECK (amount_limit IS NULL OR currency IS NOT NULL),
	CONSTRAINT authority_delegation CHECK ((delegated_by IS NULL) = (delegated_from IS NULL))
);
CREATE INDEX authority_person_idx ON authority (person, action);
COMMENT ON TABLE authority IS 'Who may decide what, up to which amount and when; never changed. It ends with valid_to or a row in authority_end; a delegation also with the authority it comes from.';
COMMENT ON COLUMN authority.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN authority.person IS 'Who has it; for actor, the login.';
COMMENT ON COLUMN authority.action IS 'limit, hold_release, order_release, credit_note, write_off, refund, void, due_date, terms, transfer, payment_plan, escalation, settlement, contact_override; reopen_period: to open a closed period again; or actor: to say who acts.';
COMMENT ON COLUMN authority.amount_limit IS 'Largest amount that may be approved; NULL: any.';
COMMENT ON COLUMN authority.currency IS 'ISO 4217 code of amount_limit.';
COMMENT ON COLUMN authority.valid_from IS 'First day.';
COMMENT ON COLUMN authority.valid_to IS 'Last day; NULL without end.';
COMMENT ON COLUMN authority.delegated_by IS 'Who passed it on; NULL when it is one''s own.';
COMMENT ON COLUMN authority.delegated_from IS 'The authority that was passed on.';
COMMENT ON COLUMN authority.reason IS 'Why it was given.';
COMMENT ON COLUMN authority.granted_at IS 'Record time.';
COMMENT ON COLUMN authority.granted_by IS 'Person who gave it.';
COMMENT ON COLUMN authority.granted_login IS 'Login that wrote the row.';

CREATE TABLE authority_end (
	authority_id bigint NOT NULL,
	ends_on date NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	ended_at timestamptz NOT NULL DEFAULT now(),
	ended_by text NOT NULL,
	ended_login text NOT NULL DEFAULT session_user,
	PRIMARY KEY (authority_id, ends_on)
);
COMMENT ON TABLE authority_end IS 'Authorities ended before their time. Of several ends the earliest counts.';
COMMENT ON COLUMN authority_end.authority_id IS 'The authority.';
COMMENT ON COLUMN authority_end.ends_on IS 'First day on which it is no longer there.';
COMMENT ON COLUMN authority_end.reason IS 'Why it was ended.';
COMMENT ON COLUMN authority_end.ended_at IS 'Record time.';
COMMENT ON COLUMN authority_end.ended_by IS 'Person who ended it.';
COMMENT ON COLUMN authority_end.ended_login IS 'Login that wrote the row.';

CREATE TABLE approval_policy (
	approval_policy_id bigserial NOT NULL PRIMARY KEY,
	action text NOT NULL,
	required boolean NOT NULL,
	two_above numeric CHECK (two_above >= 0),
	valid_days integer NOT NULL CHECK (valid_days BETWEEN 0 AND 3660),
	set_at timestamptz NOT NULL DEFAULT now(),
	set_by text NOT NULL,
	set_login text NOT NULL DEFAULT session_user
);
CREATE INDEX approval_policy_action_idx ON approval_policy (action, approval_policy_id);
COMMENT ON TABLE approval_policy IS 'Which actions need an approval; never changed, the latest row of an action is in force. Without one the right to call the function is enough.';
COMMENT ON COLUMN approval_policy.approval_policy_id IS 'Key, in the order of setting.';
COMMENT ON COLUMN approval_policy.action IS 'An action, as in authority.';
COMMENT ON COLUMN approval_policy.required IS 'Whether the action is refused without an approval.';
COMMENT ON COLUMN approval_policy.two_above IS 'In base currency: above it two must approve; NULL: one is enough.';
COMMENT ON COLUMN approval_policy.valid_days IS 'Days after the request on which its approval can still be used.';
COMMENT ON COLUMN approval_policy.set_at IS 'Record time.';
COMMENT ON COLUMN approval_policy.set_by IS 'Person who set it.';
COMMENT ON COLUMN approval_policy.set_login IS 'Login that wrote the row.';

CREATE TABLE approval (
	customer_id bigint NOT NULL REFERENCES customer,
	approval_id bigserial NOT NULL,
	action text NOT NULL,
	amount numeric CHECK (amount >= 0),
	currency text CHECK (credit.minor_unit(currency) >= 0),
	subject jsonb NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	requested_by text NOT NULL,
	requested_login text NOT NULL DEFAULT session_user,
	requested_at timestamptz NOT NULL DEFAULT now(),
	expires_on date NOT NULL,
	PRIMARY KEY (customer_id, approval_id),
	CONSTRAINT approval_currency CHECK ((amount IS NULL) = (currency IS NULL))
);
CREATE INDEX approval_action_idx ON approval (customer_id, action, approval_id);
COMMENT ON TABLE approval IS 'Requests for approval, never changed. Votes are in approval_vote; an approval that was made use of is in approval_use.';
COMMENT ON COLUMN approval.customer_id IS 'The debtor.';
COMMENT ON COLUMN approval.approval_id IS 'Key, with customer_id.';
COMMENT ON COLUMN approval.action IS 'What is to be done, as in authority.';
COMMENT ON COLUMN approval.amount IS 'How much it is about; NULL for a hold and for terms.';
COMMENT ON COLUMN approval.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN approval.subject IS 'What it is done to, such as {"document_id": 7}: it is used for exactly that.';
COMMENT ON COLUMN approval.reason IS 'Why it is asked for.';
COMMENT ON COLUMN approval.requested_by IS 'Person who asks.';
COMMENT ON COLUMN approval.requested_login IS 'Login that wrote the row.';
COMMENT ON COLUMN approval.requested_at IS 'Record time.';
COMMENT ON COLUMN approval.expires_on IS 'Last day on which it can be approved and used, in the ledger''s time zone.';

CREATE TABLE approval_vote (
	customer_id bigint NOT NULL,
	approval_vote_id bigserial NOT NULL,
	approval_id bigint NOT NULL,
	person text NOT NULL,
	login text NOT NULL DEFAULT session_user,
	approves boolean NOT NULL,
	reason text,
	authority_id bigint,
	voted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (customer_id, approval_vote_id),
	CONSTRAINT approval_vote_person_key UNIQUE (customer_id, approval_id, person),
	CONSTRAINT approval_vote_authority CHECK (NOT approves OR authority_id IS NOT NULL),
	FOREIGN KEY (customer_id, approval_id) REFERENCES approval
);
COMMENT ON TABLE approval_vote IS 'Who approved or rejected a request.';
COMMENT ON COLUMN approval_vote.customer_id IS 'The debtor.';
COMMENT ON COLUMN approval_vote.approval_vote_id IS 'Key, with customer_id.';
COMMENT ON COLUMN approval_vote.approval_id IS 'The request.';
COMMENT ON COLUMN approval_vote.person IS 'Person who voted.';
COMMENT ON COLUMN approval_vote.login IS 'Login that wrote the row.';
COMMENT ON COLUMN approval_vote.approves IS 'true: approved. false: rejected, which is final.';
COMMENT ON COLUMN approval_vote.reason IS 'Why; a rejection has one.';
COMMENT ON COLUMN approval_vote.authority_id IS 'The authority the vote rests on; NULL where who asked took the request back.';
COMMENT ON COLUMN approval_vote.voted_at IS 'Record time.';

CREATE TABLE approval_use (
	customer_id bigint NOT NULL,
	approval_id bigint NOT NULL,
	used_at timestamptz NOT NULL DEFAULT now(),
	used_by text NOT NULL,
	used_login text NOT NULL DEFAULT session_user,
	PRIMARY KEY (customer_id, approval_id),
	FOREIGN KEY (customer_id, approval_id) REFERENCES approval
);
COMMENT ON TABLE approval_use IS 'Approvals that were made use of: each is good for once.';
COMMENT ON COLUMN approval_use.customer_id IS 'The debtor.';
COMMENT ON COLUMN approval_use.approval_id IS 'The approval.';
COMMENT ON COLUMN approval_use.used_at IS 'Record time.';
COMMENT ON COLUMN approval_use.used_by IS 'Person who did what was approved.';
COMMENT ON COLUMN approval_use.used_login IS 'Login that wrote the row.';
