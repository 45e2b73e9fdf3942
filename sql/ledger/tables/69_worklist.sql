-- Whom collectors work on: their portfolios, and the rules that say who comes first.

CREATE TABLE collector (
	person text NOT NULL PRIMARY KEY CHECK (person <> ''),
	capacity integer CHECK (capacity > 0),
	active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE collector IS 'Who collects. The ledger''s owner keeps it.';
COMMENT ON COLUMN collector.person IS 'Key: the person, as actor() names it.';
COMMENT ON COLUMN collector.capacity IS 'Customers it can look after; NULL: not said.';
COMMENT ON COLUMN collector.active IS 'Portfolio rules give customers to active ones only.';

CREATE TABLE collector_absence (
	collector_absence_id bigserial NOT NULL PRIMARY KEY,
	collector text NOT NULL REFERENCES collector,
	substitute text NOT NULL REFERENCES collector,
	absent_from date NOT NULL CHECK (isfinite(absent_from)),
	absent_until date NOT NULL CHECK (isfinite(absent_until)),
	reason text,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	CONSTRAINT collector_absence_days CHECK (absent_until >= absent_from),
	CONSTRAINT collector_absence_other CHECK (substitute <> collector)
);
CREATE INDEX collector_absence_idx ON collector_absence (substitute, absent_until);
COMMENT ON TABLE collector_absence IS 'Who stands in for whom; only absent_until changes, when somebody comes back early.';
COMMENT ON COLUMN collector_absence.collector_absence_id IS 'Key of the absence.';
COMMENT ON COLUMN collector_absence.collector IS 'Who is away.';
COMMENT ON COLUMN collector_absence.substitute IS 'Who works on its customers meanwhile.';
COMMENT ON COLUMN collector_absence.absent_from IS 'First day.';
COMMENT ON COLUMN collector_absence.absent_until IS 'Last day.';
COMMENT ON COLUMN collector_absence.reason IS 'Why it is away.';
COMMENT ON COLUMN collector_absence.recorded_at IS 'Record time.';
COMMENT ON COLUMN collector_absence.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN collector_absence.actor IS 'Person who entered it, by default actor().';

CREATE TABLE portfolio_rule (
	rule_no integer NOT NULL PRIMARY KEY,
	collector text NOT NULL REFERENCES collector,
	risk_class text,
	group_id bigint,
	currency text CHECK (credit.minor_unit(currency) >= 0),
	least_owed numeric CHECK (least_owed >= 0),
	shares integer NOT NULL DEFAULT 1 CHECK (shares BETWEEN 1 AND 1000),
	share integer NOT NULL DEFAULT 0,
	CONSTRAINT portfolio_rule_share CHECK (share >= 0 AND share < shares)
);
COMMENT ON TABLE portfolio_rule IS 'Which customers go to whom: the first rule that fits, in order of rule_no. The ledger''s owner changes them; assign_portfolios() applies them.';
COMMENT ON COLUMN portfolio_rule.rule_no IS 'Key, and order.';
COMMENT ON COLUMN portfolio_rule.collector IS 'To whom.';
COMMENT ON COLUMN portfolio_rule.risk_class IS 'Customers of this risk class; NULL: of any.';
COMMENT ON COLUMN portfolio_rule.group_id IS 'This customer and those whose parent it is; NULL: any.';
COMMENT ON COLUMN portfolio_rule.currency IS 'Customers whose currency it is; NULL: any.';
COMMENT ON COLUMN portfolio_rule.least_owed IS 'Customers who owe at least that much, in base currency; NULL: any.';
COMMENT ON COLUMN portfolio_rule.shares IS 'Into so many parts of the same size the customers are divided, by their ids.';
COMMENT ON COLUMN portfolio_rule.share IS 'The part it is for, from 0.';

CREATE TABLE portfolio (
	customer_id bigint NOT NULL PRIMARY KEY REFERENCES customer,
	collector text NOT NULL REFERENCES collector,
	by_hand boolean NOT NULL,
	since date NOT NULL
);
CREATE INDEX portfolio_collector_idx ON portfolio (collector, customer_id);
COMMENT ON TABLE portfolio IS 'Who looks after which customer; every change is a row of portfolio_change.';
COMMENT ON COLUMN portfolio.customer_id IS 'The customer.';
COMMENT ON COLUMN portfolio.collector IS 'Who looks after it.';
COMMENT ON COLUMN portfolio.by_hand IS 'A person said so: rules leave it alone.';
COMMENT ON COLUMN portfolio.since IS 'First day.';

CREATE TABLE portfolio_change (
	customer_id bigint NOT NULL,
	portfolio_change_id bigserial NOT NULL,
	collector text,
	by_hand boolean NOT NULL,
	rule_no integer,
	reason text,
	changed_on date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, portfolio_change_id)
);
COMMENT ON TABLE portfolio_change IS 'Every change of who looks after a customer, never changed itself.';
COMMENT ON COLUMN portfolio_change.customer_id IS 'The customer.';
COMMENT ON COLUMN portfolio_change.portfolio_change_id IS 'Key, with customer_id.';
COMMENT ON COLUMN portfolio_change.collector IS 'Who does from then on; NULL: nobody, until rules give it to somebody.';
COMMENT ON COLUMN portfolio_change.by_hand IS 'A person said so.';
COMMENT ON COLUMN portfolio_change.rule_no IS 'The rule that did.';
COMMENT ON COLUMN portfolio_change.reason IS 'Why a person did it.';
COMMENT ON COLUMN portfolio_change.changed_on IS 'Business date.';
COMMENT ON COLUMN portfolio_change.recorded_at IS 'Record time.';
COMMENT ON COLUMN portfolio_change.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN portfolio_change.actor IS 'Person who did it, by default actor().';

CREATE TABLE collection_strategy (
	collection_strategy_id bigserial NOT NULL PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	version integer NOT NULL CHECK (version > 0),
	risk_class text,
	quiet_days integer NOT NULL CHECK (quiet_days BETWEEN 0 AND 365),
	valid_from date NOT NULL CHECK (isfinite(valid_from)),
	reason text NOT NULL CHECK (reason <> ''),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	CONSTRAINT collection_strategy_key UNIQUE (name, version)
);
CREATE INDEX collection_strategy_class_idx ON collection_strategy (risk_class, valid_from);
COMMENT ON TABLE collection_strategy IS 'How a segment is worked, never changed: a new version is another row. For a customer counts, of the strategies of its risk class, else of those without one, the one that started last.';
COMMENT ON COLUMN collection_strategy.collection_strategy_id IS 'Key of this version.';
COMMENT ON COLUMN collection_strategy.name IS 'The strategy.';
COMMENT ON COLUMN collection_strategy.version IS 'Its version, from 1.';
COMMENT ON COLUMN collection_strategy.risk_class IS 'The segment: customers of this risk class; NULL: all others.';
COMMENT ON COLUMN collection_strategy.quiet_days IS 'Days after a contact, or a letter that was sent, on which the customer is left alone.';
COMMENT ON COLUMN collection_strategy.valid_from IS 'First day it counts.';
COMMENT ON COLUMN collection_strategy.reason IS 'Why it was made.';
COMMENT ON COLUMN collection_strategy.recorded_at IS 'Record time.';
COMMENT ON COLUMN collection_strategy.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN collection_strategy.actor IS 'Person who entered it, by default actor().';

CREATE TABLE worklist_rule (
	collection_strategy_id bigint NOT NULL REFERENCES collection_strategy,
	rule_no integer NOT NULL,
	kind text NOT NULL CHECK (kind IN ('overdue_amount', 'oldest_bucket', 'broken_promise', 'promise_due', 'resubmission', 'risk_grade', 'over_limit', 'first_overdue',
		'dispute_waiting', 'dunning_level', 'no_contact', 'instalment_due', 'amount_lateness', 'predicted_late', 'predicted_very_late')),
	threshold numeric NOT NULL CHECK (abs(threshold) < 1e15),
	points numeric NOT NULL CHECK (points BETWEEN 0 AND 1e6),
	points_each numeric NOT NULL DEFAULT 0 CHECK (points_each BETWEEN 0 AND 1e6),
	most_points numeric CHECK (most_points BETWEEN 0 AND 1e6),
	action text CHECK (action IN ('remind', 'call', 'letter', 'escalate', 'hold', 'plan')),
	PRIMARY KEY (collection_strategy_id, rule_no)
);
COMMENT ON TABLE worklist_rule IS 'Rules of strategies, never changed: whoever is above the threshold gets the points; those of all rules add up.';
COMMENT ON COLUMN worklist_rule.collection_strategy_id IS 'The strategy.';
COMMENT ON COLUMN worklist_rule.rule_no IS 'Key, with the strategy.';
COMMENT ON COLUMN worklist_rule.kind IS 'What is measured. overdue_amount: overdue and to be asked for, in base currency, net of unapplied credit. oldest_bucket: aging bucket of the oldest such item, 1 the first overdue. broken_promise: promises not kept, nor made good. promise_due: promises due on the day. resubmission: days since the day the latest contact names (0: on it). risk_grade: rank of the grade, 1 the best. over_limit: exposure in percent of the limit. first_overdue: days left of the first 365 since the customer was added, for one that has something overdue and was never contacted. dispute_waiting: disputes past their day, or that nobody works on. dunning_level: as check rules read it. no_contact: days since the latest contact, or since the oldest due date. instalment_due: instalments of plans in force, due by the day and not paid. amount_lateness: overdue amounts times days past due, over 1000. predicted_late, predicted_very_late: risk figures late_probability and very_late_probability, to 2 decimals, of one that has items due in the 7 days from the day on, of which nothing is disputed, promised or otherwise protected; where a rule on predicted_very_late matches, none on predicted_late does.';
COMMENT ON COLUMN worklist_rule.threshold IS 'Above it the rule matches.';
COMMENT ON COLUMN worklist_rule.points IS 'Points for that.';
COMMENT ON COLUMN worklist_rule.points_each IS 'Points for each unit above the threshold, besides.';
COMMENT ON COLUMN worklist_rule.most_points IS 'Points of the rule at most; NULL: any number.';
COMMENT ON COLUMN worklist_rule.action IS 'What it suggests: remind, call, letter (the next dunning level), escalate, hold or plan; NULL: nothing. That of the matching rule with most points is the next best action.';

-- The one to start with.
INSERT INTO collection_strategy (name, version, quiet_days, valid_from, reason, actor) VALUES ('standard', 1, 3, '1900-01-01', 'comes with the ledger', session_user);
INSERT INTO worklist_rule (collection_strategy_id, rule_no, kind, threshold, points, points_each, most_points, action)
SELECT s.collection_strategy_id, r.*
FROM collection_strategy s, (VALUES
	(10, 'overdue_amount', 0, 5, 0.001, 40, 'remind'), (20, 'oldest_bucket', 1, 10, 10, 50, 'call'), (30, 'broken_promise', 0, 30, 5, 60, 'call'),
	(40, 'promise_due', 0, 10, 0, NULL, 'remind'), (50, 'resubmission', -1, 40, 1, 60, 'call'), (60, 'risk_grade', 3, 10, 5, 40, 'call'),
	(70, 'over_limit', 100, 15, 0.1, 40, 'hold'), (80, 'first_overdue', 0, 20, 0, NULL, 'call'), (90, 'dispute_waiting', 0, 10, 2, 30, 'call'),
	(100, 'dunning_level', 0, 5, 5, 30, 'letter'), (110, 'dunning_level', 2, 25, 0, NULL, 'escalate'), (120, 'no_contact', 30, 5, 0.1, 20, 'call'),
	(130, 'instalment_due', 0, 20, 0, NULL, 'remind'), (140, 'amount_lateness', 100, 5, 0.01, 40, 'plan'))
	r (rule_no, kind, threshold, points, points_each, most_points, action);

CREATE TABLE worklist_claim (
	customer_id bigint NOT NULL PRIMARY KEY REFERENCES customer,
	person text NOT NULL,
	taken_at timestamptz NOT NULL,
	until timestamptz NOT NULL
);
COMMENT ON TABLE worklist_claim IS 'Who is working on a customer right now, so that nobody else takes it; of no use when until is over.';
COMMENT ON COLUMN worklist_claim.customer_id IS 'The customer.';
COMMENT ON COLUMN worklist_claim.person IS 'Who took it.';
COMMENT ON COLUMN worklist_claim.taken_at IS 'Since when.';
COMMENT ON COLUMN worklist_claim.until IS 'Until when it is kept for that person.';

-- Those whom nobody may ask (collection_stops()) are few.
CREATE INDEX customer_status_idx ON customer (status) WHERE status IN ('legal', 'bankrupt', 'sanctioned');
