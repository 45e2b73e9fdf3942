-- Reviews of customers, and the rules that warn between them.

CREATE TABLE review_policy (
	review_policy_id bigserial NOT NULL PRIMARY KEY,
	risk_class text,
	least_exposure numeric NOT NULL DEFAULT 0 CHECK (least_exposure >= 0),
	months integer NOT NULL CHECK (months BETWEEN 1 AND 120)
);
CREATE UNIQUE INDEX review_policy_key ON review_policy (COALESCE(risk_class, ''), least_exposure);
COMMENT ON TABLE review_policy IS 'How often customers are reviewed. For a customer counts the row of its risk class, else of those without a class, with the largest least_exposure that its exposure or its limit reaches. The ledger''s owner changes it.';
COMMENT ON COLUMN review_policy.review_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN review_policy.risk_class IS 'The risk class; NULL: every class without a row of its own.';
COMMENT ON COLUMN review_policy.least_exposure IS 'From this exposure or limit on, in base currency.';
COMMENT ON COLUMN review_policy.months IS 'Months from one review to the next.';

INSERT INTO review_policy (least_exposure, months) VALUES (0, 24), (10000, 12), (100000, 6);

CREATE TABLE credit_review (
	customer_id bigint NOT NULL REFERENCES customer,
	credit_review_id bigserial NOT NULL,
	reviewed_on date NOT NULL,
	outcome text NOT NULL CHECK (outcome IN ('confirmed', 'raised', 'lowered', 'watched', 'stopped')),
	reason text NOT NULL CHECK (reason <> ''),
	next_review date,
	figures jsonb NOT NULL,
	recommendation_id bigint,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, credit_review_id)
);
COMMENT ON TABLE credit_review IS 'Reviews of customers'' credit, with the figures of that day; never changed.';
COMMENT ON COLUMN credit_review.customer_id IS 'The debtor.';
COMMENT ON COLUMN credit_review.credit_review_id IS 'Key, with customer_id.';
COMMENT ON COLUMN credit_review.reviewed_on IS 'Day of the review.';
COMMENT ON COLUMN credit_review.outcome IS 'What became of the limit: confirmed, raised, lowered; watched (kept, and looked at more often) or stopped (no more credit). It changes nothing by itself.';
COMMENT ON COLUMN credit_review.reason IS 'Why it came out so.';
COMMENT ON COLUMN credit_review.next_review IS 'Day by which the next is due.';
COMMENT ON COLUMN credit_review.figures IS 'What was known on that day, by name: attributes_at() with score, grade, risk class, status and exposure.';
COMMENT ON COLUMN credit_review.recommendation_id IS 'The recommendation it looked at.';
COMMENT ON COLUMN credit_review.recorded_at IS 'Record time.';
COMMENT ON COLUMN credit_review.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN credit_review.actor IS 'Person who reviewed, by default actor().';

CREATE TABLE warning_rule (
	rule_no integer NOT NULL PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('days_late_drift', 'bucket_reached', 'utilisation', 'limit_requests', 'order_spike', 'broken_promises', 'returned_payments',
		'score_drop', 'grade_drop', 'bureau_drop', 'statement_age', 'ratio_below', 'ratio_above', 'dilution', 'dispute_surge', 'insured_overdue', 'security_expiring')),
	threshold numeric NOT NULL CHECK (abs(threshold) < 1e15),
	ratio text,
	severity integer NOT NULL CHECK (severity BETWEEN 1 AND 5),
	risk_class text,
	valid_from date NOT NULL DEFAULT '-infinity',
	valid_to date NOT NULL DEFAULT 'infinity',
	CHECK (valid_to >= valid_from),
	CONSTRAINT warning_rule_ratio CHECK ((ratio IS NOT NULL) = (kind IN ('ratio_below', 'ratio_above')))
);
COMMENT ON TABLE warning_rule IS 'Rules of view early_warning. The ledger''s owner changes them.';
COMMENT ON COLUMN warning_rule.rule_no IS 'Key of the rule.';
COMMENT ON COLUMN warning_rule.kind IS 'What is measured, and warned of when it is above the threshold. days_late_drift: days by which payments of the last 90 days were later than those of the year before. bucket_reached: buckets by which the oldest open item is older than 30 days ago. utilisation: percent of the limit. limit_requests: requests for a limit in 90 days. order_spike: open orders in percent of average monthly invoices of the year. broken_promises, returned_payments: how many, in the year. score_drop, grade_drop: points or ranks lost against the best of the last 90 days by the same card. bureau_drop: points lost since the report before. statement_age: days since the period of the latest statement ended. ratio_above, and ratio_below where it is below: a ratio of the latest statement. dilution: credit notes in percent of invoices of the year. dispute_surge: points by which what was disputed in the last 90 days, in percent of the invoices of these days, is above that of the year before. insured_overdue: days past due of the oldest item beyond what the insurer allows. security_expiring: 100 less the days until a security or guarantee expires.';
COMMENT ON COLUMN warning_rule.threshold IS 'What is above it, or for ratio_below below it, warns.';
COMMENT ON COLUMN warning_rule.ratio IS 'ratio_below and ratio_above: the attribute (attribute_names()), such as current_ratio.';
COMMENT ON COLUMN warning_rule.severity IS '1 to 5, 5 the most severe.';
COMMENT ON COLUMN warning_rule.risk_class IS 'The risk class of customers it is for; NULL: every one.';
COMMENT ON COLUMN warning_rule.valid_from IS 'First day it counts.';
COMMENT ON COLUMN warning_rule.valid_to IS 'Last day it counts.';

INSERT INTO warning_rule (rule_no, kind, threshold, ratio, severity) VALUES
	(10, 'days_late_drift', 10, NULL, 3), (20, 'bucket_reached', 0, NULL, 2), (30, 'utilisation', 90, NULL, 2), (40, 'limit_requests', 2, NULL, 2),
	(50, 'order_spike', 200, NULL, 3), (60, 'broken_promises', 0, NULL, 3), (70, 'returned_payments', 0, NULL, 4), (80, 'score_drop', 30, NULL, 3),
	(90, 'grade_drop', 0, NULL, 3), (100, 'bureau_drop', 10, NULL, 3), (110, 'statement_age', 550, NULL, 1), (120, 'ratio_below', 1, 'current_ratio', 3),
	(130, 'dilution', 10, NULL, 2), (135, 'dispute_surge', 5, NULL, 2);
