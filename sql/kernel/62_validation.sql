-- Does a score still tell good customers from bad ones: aggregates over (score, bad).  src/score_histogram.c,
-- src/validation.c, src/hosmer_lemeshow.c.  A higher score means a better customer.

-- The state of all of them counts goods and bads of each score, so those over the same arguments share one.  It is flat
-- bytes, not internal: partial results travel between workers and nodes as they are.
CREATE FUNCTION credit.score_accum(state bytea, score double precision, bad boolean) RETURNS bytea
AS 'MODULE_PATHNAME', 'score_accum' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_accum(bytea, double precision, boolean) IS 'One step of the aggregates over (score, bad).';
CREATE FUNCTION credit.score_accum(state bytea, score numeric, bad boolean) RETURNS bytea
AS 'MODULE_PATHNAME', 'score_accum_numeric' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_accum(bytea, numeric, boolean) IS 'One step of the aggregates over (score, bad), by the double nearest to the score.';
CREATE FUNCTION credit.score_accum(state bytea, pd double precision, bad boolean, groups integer) RETURNS bytea
AS 'MODULE_PATHNAME', 'score_accum_groups' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_accum(bytea, double precision, boolean, integer) IS 'One step of the aggregate hosmer_lemeshow(pd, bad, groups).';
CREATE FUNCTION credit.score_accum(state bytea, pd numeric, bad boolean, groups integer) RETURNS bytea
AS 'MODULE_PATHNAME', 'score_accum_numeric_groups' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_accum(bytea, numeric, boolean, integer) IS 'One step of the aggregate hosmer_lemeshow(pd, bad, groups), by the double nearest to the probability.';
CREATE FUNCTION credit.score_combine(state bytea, other bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'score_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_combine(bytea, bytea) IS 'Combine function of the aggregates over (score, bad).';
CREATE FUNCTION credit.score_auc(state bytea) RETURNS numeric
AS 'MODULE_PATHNAME', 'score_auc' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_auc(bytea) IS 'Result of the aggregate auc().';
CREATE FUNCTION credit.score_gini(state bytea) RETURNS numeric
AS 'MODULE_PATHNAME', 'score_gini' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_gini(bytea) IS 'Result of the aggregate gini().';
CREATE FUNCTION credit.score_ks(state bytea) RETURNS numeric
AS 'MODULE_PATHNAME', 'score_ks' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_ks(bytea) IS 'Result of the aggregate ks().';
CREATE FUNCTION credit.score_psi(state bytea) RETURNS numeric
AS 'MODULE_PATHNAME', 'score_psi' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_psi(bytea) IS 'Result of the aggregate psi().';

CREATE TYPE credit.hosmer_lemeshow_result AS (statistic numeric, groups integer, df integer, p_value numeric);
COMMENT ON TYPE credit.hosmer_lemeshow_result IS 'Result of hosmer_lemeshow(): the statistic, the number of groups that are not empty, degrees of freedom (groups - 2), and the probability of such a statistic or a larger one if the model is right.';
COMMENT ON COLUMN credit.hosmer_lemeshow_result.statistic IS 'Sum over the groups of (defaults - predicted)^2 / variance.';
COMMENT ON COLUMN credit.hosmer_lemeshow_result.groups IS 'Groups that are not empty.';
COMMENT ON COLUMN credit.hosmer_lemeshow_result.df IS 'Degrees of freedom: groups - 2.';
COMMENT ON COLUMN credit.hosmer_lemeshow_result.p_value IS 'Upper tail of the chi-square distribution at the statistic.';

CREATE FUNCTION credit.score_hosmer_lemeshow(state bytea) RETURNS credit.hosmer_lemeshow_result
AS 'MODULE_PATHNAME', 'hosmer_lemeshow' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.score_hosmer_lemeshow(bytea) IS 'Result of the aggregates hosmer_lemeshow().';

CREATE AGGREGATE credit.auc(score double precision, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_auc,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.auc(double precision, boolean) IS 'Area under the ROC curve: the probability that a good customer has a higher score than a bad one, ties counting half. 1 tells all apart, 0.5 none; below 0.5 the score is upside down (of a probability of default, take the negative). Exact, rounded to 16 decimals. Rows with a NULL are ignored; NULL without goods or without bads; 22003 for NaN.';
CREATE AGGREGATE credit.auc(score numeric, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_auc,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.auc(numeric, boolean) IS 'Area under the ROC curve: the probability that a good customer has a higher score than a bad one, ties counting half. 1 tells all apart, 0.5 none; below 0.5 the score is upside down (of a probability of default, take the negative). Exact, rounded to 16 decimals; scores count as the doubles nearest to them. Rows with a NULL are ignored; NULL without goods or without bads; 22003 for NaN.';
CREATE AGGREGATE credit.gini(score double precision, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_gini,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.gini(double precision, boolean) IS 'Gini coefficient (accuracy ratio, Somers'' D) of a score: 2 auc - 1. Exact, rounded to 16 decimals. Rows with a NULL are ignored; NULL without goods or without bads; 22003 for NaN.';
CREATE AGGREGATE credit.gini(score numeric, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_gini,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.gini(numeric, boolean) IS 'Gini coefficient (accuracy ratio, Somers'' D) of a score: 2 auc - 1. Exact, rounded to 16 decimals; scores count as the doubles nearest to them. Rows with a NULL are ignored; NULL without goods or without bads; 22003 for NaN.';
CREATE AGGREGATE credit.ks(score double precision, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_ks,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.ks(double precision, boolean) IS 'Kolmogorov-Smirnov statistic of a score: the largest distance between the shares of bads and of goods up to a score, whatever its direction. Exact, rounded to 16 decimals. Rows with a NULL are ignored; NULL without goods or without bads; 22003 for NaN.';
CREATE AGGREGATE credit.ks(score numeric, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_ks,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.ks(numeric, boolean) IS 'Kolmogorov-Smirnov statistic of a score: the largest distance between the shares of bads and of goods up to a score, whatever its direction. Exact, rounded to 16 decimals; scores count as the doubles nearest to them. Rows with a NULL are ignored; NULL without goods or without bads; 22003 for NaN.';

CREATE AGGREGATE credit.psi(bin double precision, is_actual boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_psi,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.psi(double precision, boolean) IS 'Population stability index over numbered bins: sum of (actual - expected) ln(actual / expected) of the shares of rows with is_actual true (the population now) and false (the one the score was made for), to 10 decimals. Each value is a bin, so bin scores first, as with width_bucket(). A share below 0.0001 counts as 0.0001. Rows with a NULL are ignored; NULL without rows on either side.';
CREATE FUNCTION credit.psi(expected numeric[], actual numeric[], least_share numeric DEFAULT 0.0001) RETURNS numeric
AS 'MODULE_PATHNAME', 'psi_of_bins' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION credit.psi(numeric[], numeric[], numeric) IS 'Population stability index of binned counts or shares: sum of (actual - expected) ln(actual / expected) of the shares, to 10 decimals. A share below least_share counts as least_share. 22012 if all bins of a side are empty, 22023 for different numbers of bins and for a negative one, 22004 for NULL in an array.';

CREATE AGGREGATE credit.hosmer_lemeshow(pd double precision, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_hosmer_lemeshow,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.hosmer_lemeshow(double precision, boolean) IS 'Hosmer-Lemeshow test of predicted probabilities of default against what happened, in 10 groups by probability. Group j of g ends at the quantile j/g, equal probabilities stay together. Rows with a NULL are ignored; NULL if fewer than 3 groups are not empty; 22023 for a probability outside 0 to 1.';
CREATE AGGREGATE credit.hosmer_lemeshow(pd double precision, bad boolean, groups integer) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_hosmer_lemeshow,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.hosmer_lemeshow(double precision, boolean, integer) IS 'As hosmer_lemeshow(pd, bad), in so many groups (3 to 1000, the same for all rows).';
CREATE AGGREGATE credit.hosmer_lemeshow(pd numeric, bad boolean) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_hosmer_lemeshow,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.hosmer_lemeshow(numeric, boolean) IS 'Hosmer-Lemeshow test of predicted probabilities of default against what happened, in 10 groups by probability. Group j of g ends at the quantile j/g, equal probabilities stay together. Rows with a NULL are ignored; NULL if fewer than 3 groups are not empty; 22023 for a probability outside 0 to 1.';
CREATE AGGREGATE credit.hosmer_lemeshow(pd numeric, bad boolean, groups integer) (
	SFUNC = credit.score_accum, STYPE = bytea, SSPACE = 1024, FINALFUNC = credit.score_hosmer_lemeshow,
	COMBINEFUNC = credit.score_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.hosmer_lemeshow(numeric, boolean, integer) IS 'As hosmer_lemeshow(pd, bad), in so many groups (3 to 1000, the same for all rows).';

CREATE FUNCTION credit.chi_square_p(statistic numeric, df integer) RETURNS numeric
AS 'MODULE_PATHNAME', 'chi_square_p' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION credit.chi_square_p(numeric, integer) IS 'Probability of a chi-square statistic of so much or more, with df (1 to 1000) degrees of freedom, to 10 decimals. For a Hosmer-Lemeshow test of customers the model was not made from, df is the number of groups.';
