-- Named models that rate a company by its statements, and the index of its payments.  src/models.c, src/piotroski.c,
-- src/payment_index.c.  Results are rounded once, to 16 decimals without zeros at the end, and zones are found by them.

------------------------------------------------------------------------------------------------
-- Models of failure
------------------------------------------------------------------------------------------------

CREATE FUNCTION credit.altman_z(
	current_assets numeric, current_liabilities numeric, total_assets numeric,
	retained_earnings numeric, ebit numeric,
	market_value_equity numeric, total_liabilities numeric, sales numeric,
	sales_coefficient numeric DEFAULT 1.0,
	OUT score numeric, OUT zone text, OUT x1 numeric, OUT x2 numeric, OUT x3 numeric, OUT x4 numeric, OUT x5 numeric)
AS 'MODULE_PATHNAME', 'altman_z' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.altman_z(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric) IS 'Altman''s Z (1968), for listed manufacturers: 1.2 x1 + 1.4 x2 + 3.3 x3 + 0.6 x4 + sales_coefficient x5, of working capital, retained earnings, EBIT (to total assets), market value of equity (to total liabilities) and sales (to total assets). Zone: distress below 1.81, safe above 2.99, else grey. sales_coefficient: 1.0 as in most texts, 0.999 as in the paper. NULL if an argument is NULL; 22012 if a figure divided by is zero, 22023 if it is negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.altman_z(
	x1 numeric, x2 numeric, x3 numeric, x4 numeric, x5 numeric,
	sales_coefficient numeric DEFAULT 1.0,
	OUT score numeric, OUT zone text)
AS 'MODULE_PATHNAME', 'altman_z_ratios' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.altman_z(numeric, numeric, numeric, numeric, numeric, numeric) IS 'Altman''s Z (1968) from its five ratios, as fractions (0.34, not 34). NULL if an argument is NULL.';

CREATE FUNCTION credit.altman_z_private(
	current_assets numeric, current_liabilities numeric, total_assets numeric,
	retained_earnings numeric, ebit numeric,
	book_value_equity numeric, total_liabilities numeric, sales numeric,
	OUT score numeric, OUT zone text, OUT x1 numeric, OUT x2 numeric, OUT x3 numeric, OUT x4 numeric, OUT x5 numeric)
AS 'MODULE_PATHNAME', 'altman_z_private' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.altman_z_private(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric) IS 'Altman''s Z'' (1983), for companies that are not listed: 0.717 x1 + 0.847 x2 + 3.107 x3 + 0.420 x4 + 0.998 x5, with the book value of equity in x4. Zone: distress below 1.23, safe above 2.90, else grey. NULL if an argument is NULL; 22012 if a figure divided by is zero, 22023 if it is negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.altman_z_private(
	x1 numeric, x2 numeric, x3 numeric, x4 numeric, x5 numeric,
	OUT score numeric, OUT zone text)
AS 'MODULE_PATHNAME', 'altman_z_private_ratios' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.altman_z_private(numeric, numeric, numeric, numeric, numeric) IS 'Altman''s Z'' (1983) from its five ratios, as fractions. NULL if an argument is NULL.';

CREATE FUNCTION credit.altman_z_em(
	current_assets numeric, current_liabilities numeric, total_assets numeric,
	retained_earnings numeric, ebit numeric,
	book_value_equity numeric, total_liabilities numeric,
	with_constant boolean DEFAULT false,
	OUT score numeric, OUT zone text, OUT x1 numeric, OUT x2 numeric, OUT x3 numeric, OUT x4 numeric)
AS 'MODULE_PATHNAME', 'altman_z_em' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.altman_z_em(numeric, numeric, numeric, numeric, numeric, numeric, numeric, boolean) IS 'Altman''s Z" (1995), for companies that are no manufacturers and for emerging markets: 6.56 x1 + 3.26 x2 + 6.72 x3 + 1.05 x4, with the book value of equity in x4. Zone: distress below 1.10, safe above 2.60, else grey. with_constant adds 3.25 to the score and to both ends of the zone. NULL if an argument is NULL; 22012 if a figure divided by is zero, 22023 if it is negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.altman_z_em(
	x1 numeric, x2 numeric, x3 numeric, x4 numeric,
	with_constant boolean DEFAULT false,
	OUT score numeric, OUT zone text)
AS 'MODULE_PATHNAME', 'altman_z_em_ratios' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.altman_z_em(numeric, numeric, numeric, numeric, boolean) IS 'Altman''s Z" (1995) from its four ratios, as fractions. NULL if an argument is NULL.';

CREATE FUNCTION credit.altman_rating(score numeric) RETURNS text
AS 'MODULE_PATHNAME', 'altman_rating' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.altman_rating(numeric) IS 'Bond rating that texts quote beside a Z (1968) of so much or more: 4 AAA, 3.5 AA, 2.9 A, 2.5 BBB, 2.25 BB, 2 B, 1.8 C; D below.';

CREATE FUNCTION credit.springate(
	current_assets numeric, current_liabilities numeric, total_assets numeric,
	ebit numeric, earnings_before_taxes numeric, sales numeric,
	OUT score numeric, OUT zone text, OUT a numeric, OUT b numeric, OUT c numeric, OUT d numeric)
AS 'MODULE_PATHNAME', 'springate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.springate(numeric, numeric, numeric, numeric, numeric, numeric) IS 'Springate''s score (1978): 1.03 a + 3.07 b + 0.66 c + 0.4 d, of working capital and EBIT to total assets, earnings before taxes to current liabilities and sales to total assets. Zone: distress (expected to fail) below 0.862, else safe. NULL if an argument is NULL; 22012 if a figure divided by is zero, 22023 if it is negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.springate(
	a numeric, b numeric, c numeric, d numeric,
	OUT score numeric, OUT zone text)
AS 'MODULE_PATHNAME', 'springate_ratios' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.springate(numeric, numeric, numeric, numeric) IS 'Springate''s score (1978) from its four ratios, as fractions. NULL if an argument is NULL.';

CREATE FUNCTION credit.zmijewski(
	net_income numeric, total_assets numeric, total_liabilities numeric,
	current_assets numeric, current_liabilities numeric,
	current_ratio_sign integer DEFAULT 1,
	OUT score numeric, OUT probability numeric, OUT zone text, OUT roa numeric, OUT leverage numeric, OUT liquidity numeric)
AS 'MODULE_PATHNAME', 'zmijewski' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.zmijewski(numeric, numeric, numeric, numeric, numeric, integer) IS 'Zmijewski''s probit model (1984): -4.336 - 4.513 roa + 5.679 leverage + 0.004 liquidity, of net income and total liabilities to total assets and current assets to current liabilities. The probability of failure is the standard normal distribution function of the score, to 10 decimals; zone: distress from 0.5, else safe. current_ratio_sign: texts disagree about the sign of the last term; 1 as in the paper, -1 for the others. NULL if an argument is NULL; 22012 if a figure divided by is zero, 22023 if it is negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.zmijewski(
	roa numeric, leverage numeric, liquidity numeric,
	current_ratio_sign integer DEFAULT 1,
	OUT score numeric, OUT probability numeric, OUT zone text)
AS 'MODULE_PATHNAME', 'zmijewski_ratios' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.zmijewski(numeric, numeric, numeric, integer) IS 'Zmijewski''s probit model (1984) from its three ratios, as fractions. NULL if an argument is NULL.';

CREATE FUNCTION credit.ohlson_o(
	total_assets numeric, total_liabilities numeric, current_assets numeric, current_liabilities numeric,
	net_income numeric, prior_net_income numeric, funds_from_operations numeric,
	gnp_price_index numeric,
	log_base text DEFAULT 'e',
	cutoff numeric DEFAULT 0.5,
	OUT score numeric, OUT probability numeric, OUT zone text, OUT size numeric, OUT tlta numeric, OUT wcta numeric, OUT clca numeric, OUT oeneg boolean, OUT nita numeric, OUT futl numeric, OUT intwo boolean, OUT chin numeric)
AS 'MODULE_PATHNAME', 'ohlson_o' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.ohlson_o(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, text, numeric) IS 'Ohlson''s logit model 1 (1980) of failure within a year: -1.32 - 0.407 size + 6.03 tlta - 1.43 wcta + 0.0757 clca - 1.72 oeneg - 2.37 nita - 1.83 futl + 0.285 intwo - 0.521 chin. size is the logarithm (log_base: e, or 10) of total assets, in whole dollars, by gnp_price_index (1968 = 100); oeneg: liabilities exceed assets; intwo: losses in both years; chin: change of net income to the sum of both without sign. The probability is 1 / (1 + exp(-score)), to 10 decimals; zone: distress above cutoff, else safe. NULL if an argument is NULL; 22012 also if both net incomes are zero or if a figure divided by is zero, 22023 if it is negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.ohlson_o(
	size numeric, tlta numeric, wcta numeric, clca numeric, oeneg boolean,
	nita numeric, futl numeric, intwo boolean, chin numeric,
	cutoff numeric DEFAULT 0.5,
	OUT score numeric, OUT probability numeric, OUT zone text)
AS 'MODULE_PATHNAME', 'ohlson_o_ratios' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.ohlson_o(numeric, numeric, numeric, numeric, boolean, numeric, numeric, boolean, numeric, numeric) IS 'Ohlson''s logit model 1 (1980) from its nine variables. NULL if an argument is NULL.';

CREATE FUNCTION credit.piotroski_f(
	net_income numeric, prior_net_income numeric, operating_cash_flow numeric,
	total_assets numeric, prior_total_assets numeric,
	long_term_debt numeric, prior_long_term_debt numeric,
	current_assets numeric, prior_current_assets numeric,
	current_liabilities numeric, prior_current_liabilities numeric,
	shares numeric, prior_shares numeric,
	gross_profit numeric, prior_gross_profit numeric,
	sales numeric, prior_sales numeric,
	total_assets_before_prior numeric DEFAULT NULL,
	OUT score integer, OUT zone text, OUT positive_income boolean, OUT positive_cash_flow boolean, OUT income_up boolean, OUT cash_flow_above_income boolean, OUT leverage_down boolean, OUT current_ratio_up boolean, OUT no_new_shares boolean, OUT gross_margin_up boolean, OUT turnover_up boolean)
AS 'MODULE_PATHNAME', 'piotroski_f' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.piotroski_f(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric) IS 'Piotroski''s F-score (2000): how many of nine tests of two years the company passes, and which. Zone: strong from 8, weak up to 1, else middle. What is unchanged has neither risen nor fallen; no more shares than before is no new shares. With total_assets_before_prior, as in the paper, income and sales are measured against assets at the beginning of their year and debt against average assets; without it all against assets at the end of the year. NULL if another argument is NULL; 22012 if assets, current liabilities or sales of either year are zero, 22023 if negative, 22003 for NaN and infinity.';

CREATE FUNCTION credit.piotroski_f(
	positive_income boolean,
	positive_cash_flow boolean,
	income_up boolean,
	cash_flow_above_income boolean,
	leverage_down boolean,
	current_ratio_up boolean,
	no_new_shares boolean,
	gross_margin_up boolean,
	turnover_up boolean,
	OUT score integer, OUT zone text)
AS 'MODULE_PATHNAME', 'piotroski_f_flags' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION credit.piotroski_f(boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean) IS 'Piotroski''s F-score (2000) from the results of its nine tests. NULL if an argument is NULL.';

------------------------------------------------------------------------------------------------
-- Payment index
------------------------------------------------------------------------------------------------

CREATE FUNCTION credit.payment_index_of(days_beyond_terms numeric) RETURNS integer
AS 'MODULE_PATHNAME', 'payment_index_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.payment_index_of(numeric) IS 'Payment index of one experience, 0 to 100, by days beyond terms (negative: early): -30 100, -20 90, -10 85, prompt 80, 15 70, 22 60, 26 55, 30 50, 45 45, 60 40, 90 30, 120 20, over 120 19 down to 0 at 180. Between these a point is lost when the days it stands for are reached. 22003 for NaN and infinity.';

CREATE FUNCTION credit.payment_index_risk(payment_index numeric) RETURNS text
AS 'MODULE_PATHNAME', 'payment_index_risk' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit.payment_index_risk(numeric) IS 'Risk of late payment by a payment index: low from 80, medium from 50, high below. 22023 outside 0 to 100.';

-- The transition type is flat bytes, not internal: partial results travel between workers and nodes as they are.
CREATE FUNCTION credit.payment_index_accum(state bytea, amount numeric, days_beyond_terms numeric) RETURNS bytea
AS 'MODULE_PATHNAME', 'payment_index_accum' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION credit.payment_index_accum(state bytea, amount numeric, days_beyond_terms numeric, minimum_experiences integer) RETURNS bytea
AS 'MODULE_PATHNAME', 'payment_index_accum_minimum' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION credit.payment_index_combine(state bytea, other bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'payment_index_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION credit.payment_index_final(state bytea) RETURNS numeric
AS 'MODULE_PATHNAME', 'payment_index_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION credit.payment_index_accum(bytea, numeric, numeric) IS 'One step of the aggregate payment_index(amount, days_beyond_terms).';
COMMENT ON FUNCTION credit.payment_index_accum(bytea, numeric, numeric, integer) IS 'One step of the aggregate payment_index(amount, days_beyond_terms, minimum_experiences).';
COMMENT ON FUNCTION credit.payment_index_combine(bytea, bytea) IS 'Combine function of the aggregates payment_index().';
COMMENT ON FUNCTION credit.payment_index_final(bytea) IS 'Result of the aggregates payment_index().';

CREATE AGGREGATE credit.payment_index(amount numeric, days_beyond_terms numeric) (
	SFUNC = credit.payment_index_accum, STYPE = bytea, SSPACE = 52,
	FINALFUNC = credit.payment_index_final, COMBINEFUNC = credit.payment_index_combine, PARALLEL = SAFE
);
CREATE AGGREGATE credit.payment_index(amount numeric, days_beyond_terms numeric, minimum_experiences integer) (
	SFUNC = credit.payment_index_accum, STYPE = bytea, SSPACE = 52,
	FINALFUNC = credit.payment_index_final, COMBINEFUNC = credit.payment_index_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE credit.payment_index(numeric, numeric) IS 'Payment index of a company: the mean of payment_index_of(days_beyond_terms), weighted by amount (its high credit, or what it paid), rounded to 2 decimals. Rows with a NULL, or with amount 0, are no experiences; NULL without any. 22023 for a negative amount.';
COMMENT ON AGGREGATE credit.payment_index(numeric, numeric, integer) IS 'The same, NULL with fewer than minimum_experiences, which must be the same for all rows of a group (22023), at least 1 (22023) and not NULL (22004).';
