-- Scorecards: how many points each value of each attribute earns, and what a sum of points means.
-- src/scorecard*.c, src/weight_of_evidence.c.

------------------------------------------------------------------------------------------------
-- credit.scorecard
------------------------------------------------------------------------------------------------

CREATE TYPE credit.scorecard;

CREATE FUNCTION credit.scorecard_in(cstring) RETURNS credit.scorecard
AS 'MODULE_PATHNAME', 'scorecard_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.scorecard_out(credit.scorecard) RETURNS cstring
AS 'MODULE_PATHNAME', 'scorecard_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.scorecard_recv(internal) RETURNS credit.scorecard
AS 'MODULE_PATHNAME', 'scorecard_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION credit.scorecard_send(credit.scorecard) RETURNS bytea
AS 'MODULE_PATHNAME', 'scorecard_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE credit.scorecard (
	INPUT = credit.scorecard_in,
	OUTPUT = credit.scorecard_out,
	RECEIVE = credit.scorecard_recv,
	SEND = credit.scorecard_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	-- In its row, where it is read fastest.
	STORAGE = main
);

COMMENT ON TYPE credit.scorecard IS 'A scorecard as a value: attributes, bins of numbers or categories with their points, reasons, grades, and the scale that turns a score into odds. For example ''base 600 odds 50 pdo 20; utilisation: <0.3 => 60, <0.7 => 45, else 10, null => 20 "high use of limit"; region: north,east => 15, else 5; grades: A>=680, B>=640, else C''.';
COMMENT ON FUNCTION credit.scorecard_in(cstring) IS 'Text input of scorecard; what is wrong is said with its word and character.';
COMMENT ON FUNCTION credit.scorecard_out(credit.scorecard) IS 'Text output of scorecard, the same for equal cards.';
COMMENT ON FUNCTION credit.scorecard_recv(internal) IS 'Binary input of scorecard: a version and the text; checked like text.';
COMMENT ON FUNCTION credit.scorecard_send(credit.scorecard) IS 'Binary output of scorecard: a version and the text.';

CREATE FUNCTION credit.scorecard_eq(credit.scorecard, credit.scorecard) RETURNS boolean
AS 'MODULE_PATHNAME', 'scorecard_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.scorecard_eq(credit.scorecard, credit.scorecard) IS 'Implements = on scorecard.';

CREATE FUNCTION credit.scorecard_ne(credit.scorecard, credit.scorecard) RETURNS boolean
AS 'MODULE_PATHNAME', 'scorecard_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.scorecard_ne(credit.scorecard, credit.scorecard) IS 'Implements <> on scorecard.';

CREATE FUNCTION credit.scorecard_hash(credit.scorecard) RETURNS integer
AS 'MODULE_PATHNAME', 'scorecard_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.scorecard_hash(credit.scorecard) IS 'Hash of scorecard.';

CREATE OPERATOR credit.= (
	LEFTARG = credit.scorecard, RIGHTARG = credit.scorecard, FUNCTION = credit.scorecard_eq,
	COMMUTATOR = OPERATOR(credit.=), NEGATOR = OPERATOR(credit.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR credit.<> (
	LEFTARG = credit.scorecard, RIGHTARG = credit.scorecard, FUNCTION = credit.scorecard_ne,
	COMMUTATOR = OPERATOR(credit.<>), NEGATOR = OPERATOR(credit.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR credit.= (credit.scorecard, credit.scorecard) IS 'Same card: attributes, bins, points, reasons, grades and scale.';
COMMENT ON OPERATOR credit.<> (credit.scorecard, credit.scorecard) IS 'Not the same card.';
CREATE OPERATOR CLASS credit.scorecard_ops DEFAULT FOR TYPE credit.scorecard USING hash AS
	OPERATOR 1 credit.=,
	FUNCTION 1 credit.scorecard_hash(credit.scorecard);
COMMENT ON OPERATOR CLASS credit.scorecard_ops USING hash IS 'Hashing and comparing scorecards.';

-- Scoring

CREATE FUNCTION credit.score(card credit.scorecard, attributes jsonb, max_reasons integer DEFAULT 4, strict boolean DEFAULT false, OUT score numeric, OUT grade text, OUT pd numeric, OUT reasons text[]) RETURNS record
AS 'MODULE_PATHNAME', 'scorecard_score_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.score(credit.scorecard, jsonb, integer, boolean) IS 'Scores the attributes of a JSON object: score, grade, probability of bad (pd), and the reasons of the attributes that lost the most points against the best of their bins, most first, at most max_reasons. An attribute that is not there is null; strict makes a key that is no attribute an error.';

CREATE FUNCTION credit.score(card credit.scorecard, attributes numeric[], max_reasons integer DEFAULT 4, OUT score numeric, OUT grade text, OUT pd numeric, OUT reasons text[]) RETURNS record
AS 'MODULE_PATHNAME', 'scorecard_score_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION credit.score(credit.scorecard, numeric[], integer) IS 'The same with the values in the order of the card; a category is given by its number in the card, from 1, or 0 for any other.';

CREATE FUNCTION credit.score_points(card credit.scorecard, attributes jsonb, strict boolean DEFAULT false) RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_points_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION credit.score_points(credit.scorecard, jsonb, boolean) IS 'The score alone, from the attributes of a JSON object.';

CREATE FUNCTION credit.score_values(card credit.scorecard, VARIADIC attributes "any") RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_points_values' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION credit.score_values(credit.scorecard, "any") IS 'The score alone, from one argument for each attribute in the order of the card: numbers of any type, categories as text or by number. The fastest way.';

CREATE FUNCTION credit.score_points_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'scorecard_points_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_points_support(internal) IS 'Planner support: plans score_points(card, ARRAY[...]) as score_values().';

CREATE FUNCTION credit.score_points(card credit.scorecard, attributes numeric[]) RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_points_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5
SUPPORT credit.score_points_support;
COMMENT ON FUNCTION credit.score_points(credit.scorecard, numeric[]) IS 'The score alone, from the values in the order of the card; a category is given by its number in the card, from 1, or 0 for any other.';

-- What a score means

CREATE FUNCTION credit.grade(card credit.scorecard, score numeric) RETURNS text
AS 'MODULE_PATHNAME', 'scorecard_grade_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.grade(credit.scorecard, numeric) IS 'The grade of a score; NULL if the card has no grades.';

CREATE FUNCTION credit.odds(card credit.scorecard, score numeric) RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_odds_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.odds(credit.scorecard, numeric) IS 'Odds of good to bad at a score: odds x 2 ^ ((score - base) / pdo), with 6 decimals; NULL if the card has no base, odds and pdo.';

CREATE FUNCTION credit.pd(card credit.scorecard, score numeric) RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_pd_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.pd(credit.scorecard, numeric) IS 'Probability of bad at a score: 1 / (1 + odds), with 6 decimals; NULL if the card has no base, odds and pdo.';

CREATE FUNCTION credit.scaling(card credit.scorecard, OUT base numeric, OUT odds numeric, OUT pdo numeric, OUT factor numeric, OUT "offset" numeric) RETURNS record
AS 'MODULE_PATHNAME', 'scorecard_scaling' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.scaling(credit.scorecard) IS 'How the card turns odds into points: score = offset + factor x ln(odds), factor = pdo / ln 2, offset = base - factor x ln(odds at base), with 6 decimals; NULL if the card has no base, odds and pdo.';

-- Reading a card

CREATE FUNCTION credit.attributes(card credit.scorecard, OUT attribute text, OUT bin integer, OUT condition text, OUT from_value numeric, OUT from_inclusive boolean, OUT to_value numeric, OUT to_inclusive boolean, OUT categories text[], OUT points numeric, OUT reason text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'scorecard_attribute_rows' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION credit.attributes(credit.scorecard) IS 'The bins of a card as rows, in its order: attribute, number of the bin from 1, its condition as the card has it, range of a number (NULL where open) and whether the ends belong to it, categories, points, and the reason given when it costs points.';

CREATE FUNCTION credit.grades(card credit.scorecard, OUT grade text, OUT from_score numeric, OUT below_score numeric) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'scorecard_grade_rows' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION credit.grades(credit.scorecard) IS 'The grades of a card, best first: from a score, inclusive, to below another; NULL where open.';

CREATE FUNCTION credit.minimum_score(card credit.scorecard) RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_minimum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.minimum_score(credit.scorecard) IS 'The lowest score the card can give.';

CREATE FUNCTION credit.maximum_score(card credit.scorecard) RETURNS numeric
AS 'MODULE_PATHNAME', 'scorecard_maximum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.maximum_score(credit.scorecard) IS 'The highest score the card can give.';

------------------------------------------------------------------------------------------------
-- Weight of evidence, and cards made of it
------------------------------------------------------------------------------------------------

CREATE FUNCTION credit.woe(goods numeric, bads numeric, total_goods numeric, total_bads numeric, adjustment numeric DEFAULT 0.5) RETURNS numeric
AS 'MODULE_PATHNAME', 'evidence_woe' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.woe(numeric, numeric, numeric, numeric, numeric) IS 'Weight of evidence of a bin: ln((goods / total_goods) / (bads / total_bads)), with 6 decimals. If one count is zero, adjustment is added to both; if both are, it is 0.';

CREATE FUNCTION credit.woe_table(bins text[], goods numeric[], bads numeric[], adjustment numeric DEFAULT 0.5, OUT bin text, OUT goods numeric, OUT bads numeric, OUT good_share numeric, OUT bad_share numeric, OUT woe numeric, OUT iv numeric) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'evidence_woe_table' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION credit.woe_table(text[], numeric[], numeric[], numeric) IS 'Weight of evidence of each bin from its good and bad outcomes, with shares and what the bin adds to the information value: (good_share - bad_share) x woe.';

CREATE FUNCTION credit.evidence_accum(double precision[], goods numeric, bads numeric) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'evidence_accum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.evidence_accum(double precision[], numeric, numeric) IS 'Transition function of information_value().';

CREATE FUNCTION credit.evidence_combine(double precision[], double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'evidence_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.evidence_combine(double precision[], double precision[]) IS 'Combine function of information_value().';

CREATE FUNCTION credit.evidence_information_value(double precision[]) RETURNS numeric
AS 'MODULE_PATHNAME', 'evidence_information_value' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.evidence_information_value(double precision[]) IS 'Final function of information_value().';

CREATE AGGREGATE credit.information_value(goods numeric, bads numeric) (
	SFUNC = credit.evidence_accum,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0}',
	COMBINEFUNC = credit.evidence_combine,
	FINALFUNC = credit.evidence_information_value,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.information_value(numeric, numeric) IS 'Information value of an attribute, over rows of one bin each with its good and bad outcomes, with 6 decimals: the sum of (share of goods - share of bads) x woe. A bin with one count zero is adjusted by 0.5 as in woe(). NULL without any good or any bad ones.';

CREATE FUNCTION credit.scorecard_from_woe(attributes text[], bins text[], woe numeric[], coefficients numeric[], intercept numeric, base numeric, odds numeric, pdo numeric, decimals integer DEFAULT 0, reasons text[] DEFAULT NULL) RETURNS credit.scorecard
AS 'MODULE_PATHNAME', 'scorecard_from_woe' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION credit.scorecard_from_woe(text[], text[], numeric[], numeric[], numeric, numeric, numeric, numeric, integer, text[]) IS 'A scorecard from a logistic regression of ln(odds of bad) on weights of evidence: each bin gets -(woe x coefficient + intercept / n) x factor + offset / n points, rounded half up. One element for each bin: its attribute, its condition as in a card, its woe, the coefficient of its attribute, its reason.';
