-- How much credit is recommended: policies, grades, and every recommendation made.

CREATE TABLE limit_policy (
	limit_policy_id bigserial NOT NULL PRIMARY KEY,
	risk_class text,
	valid_from date NOT NULL DEFAULT '-infinity',
	methods text[] NOT NULL DEFAULT '{net_worth,median_reference,requirement,score_grade,payment_behaviour}'
		CHECK (methods <@ ARRAY['net_worth', 'working_capital', 'median_reference', 'highest_reference', 'bureau', 'requirement', 'score_grade', 'payment_behaviour',
			'insured', 'secured'] AND methods <> '{}' AND array_position(methods, NULL) IS NULL),
	pick text NOT NULL DEFAULT 'minimum' CHECK (pick IN ('minimum', 'average', 'weighted', 'maximum')),
	weights jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(weights) = 'object'),
	needed text[] NOT NULL DEFAULT '{}',
	net_worth_percent numeric NOT NULL DEFAULT 10 CHECK (net_worth_percent BETWEEN 0 AND 100),
	net_worth_low numeric NOT NULL DEFAULT 5 CHECK (net_worth_low BETWEEN 0 AND 100),
	net_worth_high numeric NOT NULL DEFAULT 15 CHECK (net_worth_high BETWEEN 0 AND 100),
	working_capital_percent numeric NOT NULL DEFAULT 10 CHECK (working_capital_percent BETWEEN 0 AND 100),
	statement_days integer NOT NULL DEFAULT 730 CHECK (statement_days > 0),
	reference_days integer NOT NULL DEFAULT 730 CHECK (reference_days > 0),
	delay_days numeric CHECK (delay_days >= 0),
	peak_factor numeric NOT NULL DEFAULT 1 CHECK (peak_factor > 0),
	low_risk_factor numeric NOT NULL DEFAULT 1.25 CHECK (low_risk_factor >= 0),
	medium_risk_factor numeric NOT NULL DEFAULT 1 CHECK (medium_risk_factor >= 0),
	high_risk_factor numeric NOT NULL DEFAULT 0.5 CHECK (high_risk_factor >= 0),
	own_sales_percent numeric CHECK (own_sales_percent > 0),
	own_sales numeric CHECK (own_sales >= 0),
	round_to numeric CHECK (round_to > 0),
	CONSTRAINT limit_policy_weights CHECK (pick <> 'weighted' OR weights <> '{}'),
	CONSTRAINT limit_policy_needed CHECK (needed <@ methods)
);
CREATE UNIQUE INDEX limit_policy_key ON limit_policy (COALESCE(risk_class, ''), valid_from);
COMMENT ON TABLE limit_policy IS 'How limits are recommended. For a customer counts the row of its risk class that started last, else of those without a class. The ledger''s owner changes it.';
COMMENT ON COLUMN limit_policy.limit_policy_id IS 'Key of the policy.';
COMMENT ON COLUMN limit_policy.risk_class IS 'The risk class; NULL: every class without a row of its own.';
COMMENT ON COLUMN limit_policy.valid_from IS 'First day it counts.';
COMMENT ON COLUMN limit_policy.methods IS 'The methods that count: net_worth, working_capital, median_reference, highest_reference, bureau, requirement, score_grade, payment_behaviour, insured, secured. The others are shown.';
COMMENT ON COLUMN limit_policy.pick IS 'What is recommended of their results: minimum, average, maximum, or weighted, the average by weights.';
COMMENT ON COLUMN limit_policy.weights IS 'Weights by method; 1 where it has none.';
COMMENT ON COLUMN limit_policy.needed IS 'Methods without whose result nothing is recommended.';
COMMENT ON COLUMN limit_policy.net_worth_percent IS 'net_worth: percent of tangible net worth.';
COMMENT ON COLUMN limit_policy.net_worth_low IS 'net_worth: percent at the lower end of the band that is shown.';
COMMENT ON COLUMN limit_policy.net_worth_high IS 'net_worth: percent at its upper end.';
COMMENT ON COLUMN limit_policy.working_capital_percent IS 'working_capital: percent of it.';
COMMENT ON COLUMN limit_policy.statement_days IS 'A statement whose period ended more days ago is none.';
COMMENT ON COLUMN limit_policy.reference_days IS 'A trade reference or bureau report given more days ago is none.';
COMMENT ON COLUMN limit_policy.delay_days IS 'requirement: days beyond terms to finance; NULL: as the customer pays, days_late_weighted.';
COMMENT ON COLUMN limit_policy.peak_factor IS 'requirement: sales at the peak to average sales.';
COMMENT ON COLUMN limit_policy.low_risk_factor IS 'payment_behaviour: times the highest balance of the year, for a payment index of low risk (80 and more).';
COMMENT ON COLUMN limit_policy.medium_risk_factor IS 'The same for medium risk (50 and more).';
COMMENT ON COLUMN limit_policy.high_risk_factor IS 'The same for high risk.';
COMMENT ON COLUMN limit_policy.own_sales_percent IS 'No customer gets more than this percent of our own annual sales; NULL: no such cap.';
COMMENT ON COLUMN limit_policy.own_sales IS 'Our annual sales in base currency; NULL: the invoices of the last 365 days.';
COMMENT ON COLUMN limit_policy.round_to IS 'The recommendation is rounded down to a multiple of it, in base currency; NULL: to the currency''s decimals.';

INSERT INTO limit_policy DEFAULT VALUES;

CREATE TABLE grade_policy (
	grade text NOT NULL CHECK (grade <> ''),
	valid_from date NOT NULL DEFAULT '-infinity',
	limit_amount numeric CHECK (limit_amount >= 0),
	terms credit.payment_terms,
	PRIMARY KEY (grade, valid_from)
);
COMMENT ON TABLE grade_policy IS 'What a score''s grade is good for; of one grade the row that started last counts. The ledger''s owner changes it.';
COMMENT ON COLUMN grade_policy.grade IS 'The grade, as the scorecard has it.';
COMMENT ON COLUMN grade_policy.valid_from IS 'First day it counts.';
COMMENT ON COLUMN grade_policy.limit_amount IS 'Method score_grade: the limit, in base currency; NULL: none is said.';
COMMENT ON COLUMN grade_policy.terms IS 'Payment terms recommended; NULL: the customer''s.';

CREATE TABLE limit_recommendation (
	customer_id bigint NOT NULL REFERENCES customer,
	limit_recommendation_id bigserial NOT NULL,
	as_of date NOT NULL,
	known_at timestamptz NOT NULL,
	amount numeric,
	currency text NOT NULL,
	terms credit.payment_terms,
	methods jsonb NOT NULL,
	missing text[] NOT NULL,
	policy jsonb NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	actor text NOT NULL,
	PRIMARY KEY (customer_id, limit_recommendation_id)
);
COMMENT ON TABLE limit_recommendation IS 'Limits recommended by recommend_limit(), with every figure; never changed. A credit limit cites the one it followed (credit_limit.recommendation_id).';
COMMENT ON COLUMN limit_recommendation.customer_id IS 'The debtor.';
COMMENT ON COLUMN limit_recommendation.limit_recommendation_id IS 'Key, with customer_id.';
COMMENT ON COLUMN limit_recommendation.as_of IS 'Business date it speaks of.';
COMMENT ON COLUMN limit_recommendation.known_at IS 'Nothing that was recorded later went into it.';
COMMENT ON COLUMN limit_recommendation.amount IS 'The limit recommended; NULL where too little is known.';
COMMENT ON COLUMN limit_recommendation.currency IS 'Base currency.';
COMMENT ON COLUMN limit_recommendation.terms IS 'Payment terms recommended.';
COMMENT ON COLUMN limit_recommendation.methods IS 'An object for each method: method, inputs, result, missing, and counts, whether the policy counts it.';
COMMENT ON COLUMN limit_recommendation.missing IS 'What was missing, each named once.';
COMMENT ON COLUMN limit_recommendation.policy IS 'The policy followed, as it was then.';
COMMENT ON COLUMN limit_recommendation.recorded_at IS 'Record time.';
COMMENT ON COLUMN limit_recommendation.recorded_by IS 'Login that wrote the row.';
COMMENT ON COLUMN limit_recommendation.actor IS 'Person who asked for it, by default actor().';
