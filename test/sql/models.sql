-- Named models of failure: worked examples from texts, then plain SQL over random companies, then what is refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS credit_control;
RESET client_min_messages;

------------------------------------------------------------------------------------------------
-- Worked examples, by their source
------------------------------------------------------------------------------------------------

-- wizedu.com, question 366502: ratios .34, .15, .00, .80, 1.6 make 2.70, in the grey area of 1.81 to 2.99.
SELECT round(score, 2) AS score, zone FROM credit.altman_z(.34, .15, .00, .80, 1.6);
-- brainmass.com 521231: working capital 90, total assets 620, retained earnings 30, EBIT 55, market value 100, liabilities 280, sales 440.
SELECT round(score, 3) AS score, zone FROM credit.altman_z(current_assets => 90, current_liabilities => 0, total_assets => 620,
	retained_earnings => 30, ebit => 55, market_value_equity => 100, total_liabilities => 280, sales => 440);

-- One company by every model.  Weights: probsee.com and quant.stackexchange.com 7232 (Altman), adviser.best (Z"), ycharts.com and
-- jaxworks.com (Springate), ycharts.com and tradingview.com (Zmijewski, plus); zones: financialratioss.com.
CREATE TEMP TABLE firm AS
SELECT 500.0 AS ca, 300.0 AS cl, 1000.0 AS ta, 200.0 AS re, 90.0 AS ebit, 70.0 AS ebt, 45.0 AS ni, 40.0 AS ni1, 80.0 AS ffo, 600.0 AS tl, 400.0 AS be, 450.0 AS mve, 1200.0 AS s;
SELECT m.* FROM firm, credit.altman_z(ca, cl, ta, re, ebit, mve, tl, s) AS m;
SELECT m.* FROM firm, credit.altman_z(ca, cl, ta, re, ebit, mve, tl, s, sales_coefficient => 0.999) AS m;
SELECT m.* FROM firm, credit.altman_z_private(ca, cl, ta, re, ebit, be, tl, s) AS m;
SELECT m.* FROM firm, credit.altman_z_em(ca, cl, ta, re, ebit, be, tl) AS m;
SELECT m.* FROM firm, credit.altman_z_em(ca, cl, ta, re, ebit, be, tl, with_constant => true) AS m;
SELECT m.* FROM firm, credit.springate(ca, cl, ta, ebit, ebt, s) AS m;
SELECT m.* FROM firm, credit.zmijewski(ni, ta, tl, ca, cl) AS m;
SELECT m.* FROM firm, credit.zmijewski(ni, ta, tl, ca, cl, current_ratio_sign => -1) AS m;
-- Ohlson (1980), model 1: natural and common logarithm, an index of 1 and of 100.
SELECT m.* FROM firm, credit.ohlson_o(ta, tl, ca, cl, ni, ni1, ffo, gnp_price_index => 1) AS m;
SELECT m.* FROM firm, credit.ohlson_o(ta, tl, ca, cl, ni, ni1, ffo, gnp_price_index => 100, log_base => '10') AS m;
-- Its two flags: liabilities of 1,050 exceed assets of 1,000, worth -1.72; losses in both years, worth +0.285.
SELECT m.oeneg, m.intwo, round(m.score - (-1.32 - 0.407 * m.size + 6.03 * m.tlta - 1.43 * m.wcta + 0.0757 * m.clca - 2.37 * m.nita - 1.83 * m.futl - 0.521 * m.chin), 9) AS flags
FROM firm, (VALUES (1050, 10, 10), (1000, 10, -10), (1000.01, -10, 10), (900, -10, -20), (900, 0, -20), (1050, -10, -20)) AS v (liabilities, income, prior),
	credit.ohlson_o(ta, v.liabilities, ca, cl, v.income, v.prior, ffo, 100) AS m;
-- Piotroski (2000): seven of nine, leverage and turnover failing.
SELECT * FROM credit.piotroski_f(true, true, true, true, false, true, true, true, false);
SELECT credit.altman_rating(z) AS rating, z FROM unnest('{9,4,3.99,3.5,2.9,2.89,2.5,2.467,2.25,2,1.8,1.79,-5}'::numeric[]) AS z;

------------------------------------------------------------------------------------------------
-- Zones end where the sources say
------------------------------------------------------------------------------------------------

SELECT x, (credit.altman_z(0, 0, 0, 0, x)).zone, (credit.altman_z(3 * x, 0, 3, 0, 0, 0, 1, 0, 1)).score
FROM unnest('{1.8099999999999999,1.81,2.99,2.9900000000000001}'::numeric[]) AS x;
-- A third of 5.43 is 1.81, although no ratio ends: grey.
SELECT score, zone, x5 FROM credit.altman_z(0, 0, 3, 0, 0, 0, 1, 5.43);
SELECT score, zone FROM credit.altman_z(1, 0, 3, 0, 0, 0, 1, 5.03);
SELECT x, (credit.altman_z_private(0, 0, 0, 0, x / 0.998)).zone FROM unnest('{1.22,1.23,2.90,2.91}'::numeric[]) AS x;
SELECT x, (credit.altman_z_em(0, 0, 0, x / 1.05)).zone, (credit.altman_z_em(0, 0, 0, x / 1.05, true)).zone AS with_constant
FROM unnest('{1.09,1.10,2.60,2.61}'::numeric[]) AS x;
SELECT x, (credit.springate(0, 0, 0, x / 0.4)).zone FROM unnest('{0.861,0.862}'::numeric[]) AS x;
SELECT x, round(m.score, 6) AS score, probability, zone FROM unnest('{0.76,0.763514703,0.763514704,0.77}'::numeric[]) AS x, credit.zmijewski(0, x, 0) AS m;
SELECT score, probability, zone FROM credit.zmijewski(0, 0, 1084);
SELECT score, probability, zone FROM unnest('{0,1.32,-4}'::numeric[]) AS x, credit.ohlson_o(-x / 0.407, 0, 0, 0, false, 0, 0, false, 0) AS m;
SELECT cutoff, zone FROM unnest('{0.2108,0.2109}'::numeric[]) AS cutoff, credit.ohlson_o(0, 0, 0, 0, false, 0, 0, false, 0, cutoff) AS m;
SELECT n, m.* FROM generate_series(0, 9) AS n, credit.piotroski_f(n > 0, n > 1, n > 2, n > 3, n > 4, n > 5, n > 6, n > 7, n > 8) AS m;
-- Far out, probabilities are 0 and 1.
SELECT (credit.zmijewski(x, 0, 0)).probability AS probit, (credit.ohlson_o(0, 0, 0, 0, false, x, 0, false, 0)).probability AS logit
FROM unnest('{-1e300,-1000,1000,1e300}'::numeric[]) AS x;

------------------------------------------------------------------------------------------------
-- Random companies against plain SQL
------------------------------------------------------------------------------------------------

SELECT setseed(0.125);
CREATE TEMP TABLE company AS
SELECT n, round((random() * 900)::numeric, n % 3) AS ca, round((random() * 500 + 1)::numeric, n % 3) AS cl, round((random() * 3000 + 1)::numeric, n % 4) AS ta,
	round((random() * 1000 - 300)::numeric, 2) AS re, round((random() * 400 - 100)::numeric, 2) AS ebit, round((random() * 300 - 100)::numeric, 2) AS ebt,
	round((random() * 200 - 100)::numeric, 2) AS ni, round((random() * 200 - 100)::numeric, 2) AS ni1, round((random() * 200 - 60)::numeric, 2) AS ffo,
	round((random() * 2000 + 1)::numeric, 2) AS tl, round((random() * 1500 - 300)::numeric, 2) AS equity, round((random() * 4000 + 1)::numeric, 2) AS s
FROM generate_series(1, 3000) AS n;

CREATE FUNCTION pg_temp.zone(score numeric, distress numeric, safe numeric) RETURNS text LANGUAGE sql
RETURN CASE WHEN score < distress THEN 'distress' WHEN score > safe THEN 'safe' ELSE 'grey' END;
-- The independent figure is double precision: another way to the same number.
CREATE FUNCTION pg_temp.near(exact numeric, other double precision) RETURNS boolean LANGUAGE sql
RETURN abs(exact - other::numeric) <= 1e-9 * greatest(1, abs(exact));
-- The normal distribution function as the integral of the density, by Simpson's rule.
CREATE FUNCTION pg_temp.normal(x double precision) RETURNS double precision LANGUAGE sql
RETURN 0.5 + x / 1200 * (SELECT sum(CASE WHEN i IN (0, 400) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END * exp(-((x * i / 400) ^ 2) / 2)) FROM generate_series(0, 400) AS i) / sqrt(2 * pi());

SELECT count(*), count(DISTINCT z.zone) AS zones,
	bool_and(pg_temp.near(z.score, 1.2 * r1 + 1.4 * r2 + 3.3 * r3 + 0.6 * r4 + 0.999 * r5) AND z.zone = pg_temp.zone(z.score, 1.81, 2.99)
		AND pg_temp.near(z.x1, r1) AND pg_temp.near(z.x2, r2) AND pg_temp.near(z.x3, r3) AND pg_temp.near(z.x4, r4) AND pg_temp.near(z.x5, r5)) AS z,
	bool_and(pg_temp.near(p.score, 0.717 * r1 + 0.847 * r2 + 3.107 * r3 + 0.420 * r4 + 0.998 * r5) AND p.zone = pg_temp.zone(p.score, 1.23, 2.9)) AS private,
	bool_and(pg_temp.near(e.score, 6.56 * r1 + 3.26 * r2 + 6.72 * r3 + 1.05 * r4) AND e.zone = pg_temp.zone(e.score, 1.1, 2.6)) AS em,
	bool_and(pg_temp.near(c.score, 3.25 + 6.56 * r1 + 3.26 * r2 + 6.72 * r3 + 1.05 * r4) AND c.zone = pg_temp.zone(c.score, 4.35, 5.85)) AS em_with_constant,
	bool_and(abs(z.score - (credit.altman_z(z.x1, z.x2, z.x3, z.x4, z.x5, 0.999)).score) < 1e-12) AS z_by_ratios,
	bool_and(abs(p.score - (credit.altman_z_private(p.x1, p.x2, p.x3, p.x4, p.x5)).score) < 1e-12) AS private_by_ratios,
	bool_and(abs(c.score - (credit.altman_z_em(c.x1, c.x2, c.x3, c.x4, true)).score) < 1e-12) AS em_by_ratios
FROM company, LATERAL (SELECT (ca - cl)::float8 / ta::float8 AS r1, re::float8 / ta::float8 AS r2, ebit::float8 / ta::float8 AS r3,
		equity::float8 / tl::float8 AS r4, s::float8 / ta::float8 AS r5) AS r,
	credit.altman_z(ca, cl, ta, re, ebit, equity, tl, s, 0.999) AS z,
	credit.altman_z_private(ca, cl, ta, re, ebit, equity, tl, s) AS p,
	credit.altman_z_em(ca, cl, ta, re, ebit, equity, tl) AS e, credit.altman_z_em(ca, cl, ta, re, ebit, equity, tl, true) AS c;

SELECT count(DISTINCT m.zone) AS zones,
	bool_and(pg_temp.near(m.score, 1.03 * (ca - cl)::float8 / ta::float8 + 3.07 * ebit::float8 / ta::float8 + 0.66 * ebt::float8 / cl::float8 + 0.4 * s::float8 / ta::float8)) AS score,
	bool_and(m.zone = CASE WHEN m.score < 0.862 THEN 'distress' ELSE 'safe' END) AS zone,
	bool_and(abs(m.score - (credit.springate(a, b, c, d)).score) < 1e-12) AS by_ratios
FROM company, credit.springate(ca, cl, ta, ebit, ebt, s) AS m;

SELECT count(DISTINCT m.zone) AS zones,
	bool_and(pg_temp.near(m.score, -4.336 - 4.513 * ni::float8 / ta::float8 + 5.679 * tl::float8 / ta::float8 + 0.004 * sign * ca::float8 / cl::float8)) AS score,
	bool_and(abs(m.score) > 5 OR abs(m.probability - pg_temp.normal(m.score::float8)::numeric) < 1e-8) AS probability,
	bool_and(m.zone = CASE WHEN m.score >= 0 THEN 'distress' ELSE 'safe' END) AS zone,
	bool_and(abs(m.score - (credit.zmijewski(roa, leverage, liquidity, sign)).score) < 1e-12) AS by_ratios
FROM company, unnest('{1,-1}'::integer[]) AS sign, credit.zmijewski(ni, ta, tl, ca, cl, sign) AS m WHERE n <= 500;

SELECT count(DISTINCT m.zone) AS zones, count(DISTINCT (oeneg, intwo)) AS flags,
	bool_and(pg_temp.near(m.score, -1.32 - 0.407 * CASE base WHEN 'e' THEN ln(ta::float8 / 112.5) ELSE log(ta::float8 / 112.5) END + 6.03 * tl::float8 / ta::float8
		- 1.43 * (ca - cl)::float8 / ta::float8 + 0.0757 * cl::float8 / ca::float8 - 1.72 * (tl > ta)::integer - 2.37 * ni::float8 / ta::float8 - 1.83 * ffo::float8 / tl::float8
		+ 0.285 * (ni < 0 AND ni1 < 0)::integer - 0.521 * (ni - ni1)::float8 / (abs(ni) + abs(ni1))::float8)) AS score,
	bool_and(abs(m.score) > 300 OR abs(m.probability - (1 / (1 + exp(-m.score::float8)))::numeric) < 1e-9) AS probability,
	bool_and(m.zone = CASE WHEN m.probability > 0.038 THEN 'distress' ELSE 'safe' END) AS zone,
	bool_and(abs(m.score - (credit.ohlson_o(size, tlta, wcta, clca, oeneg, nita, futl, intwo, chin)).score) < 1e-12) AS by_variables
FROM company, unnest('{e,10}'::text[]) AS base, credit.ohlson_o(ta, tl, ca, cl, ni, ni1, ffo, 112.5, base, 0.038) AS m WHERE ca > 0;

-- Few and small figures, so that many are equal from year to year.
CREATE TEMP TABLE years AS
SELECT n, f FROM generate_series(1, 5000) AS n, LATERAL (SELECT array_agg(floor(random() * 4 + CASE WHEN i <= 3 THEN n % 2 - 2 ELSE 1 END)::numeric ORDER BY i) AS f
	FROM generate_series(1, 18 + n * 0) AS i) AS r;
SELECT count(DISTINCT m.score) > 8 AS all_scores,
	bool_and(m.score = positive_income::integer + positive_cash_flow::integer + income_up::integer + cash_flow_above_income::integer + leverage_down::integer
		+ current_ratio_up::integer + no_new_shares::integer + gross_margin_up::integer + turnover_up::integer) AS score,
	bool_and(positive_income = (f[1] > 0) AND positive_cash_flow = (f[3] > 0) AND cash_flow_above_income = (f[3] > f[1]) AND no_new_shares = (f[12] <= f[13])) AS plain,
	bool_and(income_up = (round(f[1] / base - f[2] / base1, 9) > 0) AND turnover_up = (round(f[16] / base - f[17] / base1, 9) > 0)
		AND leverage_down = (round(f[6] / debt - f[7] / debt1, 9) < 0)) AS over_assets,
	bool_and(current_ratio_up = (round(f[8] / f[10] - f[9] / f[11], 9) > 0) AND gross_margin_up = (round(f[14] / f[16] - f[15] / f[17], 9) > 0)) AS ratios,
	bool_and(m.score = (credit.piotroski_f(positive_income, positive_cash_flow, income_up, cash_flow_above_income, leverage_down, current_ratio_up,
		no_new_shares, gross_margin_up, turnover_up)).score) AS by_flags
FROM years, (VALUES (false), (true)) AS v (as_in_the_paper),
	LATERAL (SELECT CASE WHEN as_in_the_paper THEN f[5] ELSE f[4] END AS base, CASE WHEN as_in_the_paper THEN f[18] ELSE f[5] END AS base1,
		CASE WHEN as_in_the_paper THEN (f[4] + f[5]) / 2 ELSE f[4] END AS debt, CASE WHEN as_in_the_paper THEN (f[5] + f[18]) / 2 ELSE f[5] END AS debt1) AS b,
	credit.piotroski_f(f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12], f[13], f[14], f[15], f[16], f[17],
		CASE WHEN as_in_the_paper THEN f[18] END) AS m;

------------------------------------------------------------------------------------------------
-- Nothing is guessed
------------------------------------------------------------------------------------------------

-- A NULL figure, a NULL score.
SELECT z, p, e, s, m, o, f FROM credit.altman_z(1, 1, 1, NULL, 1, 1, 1, 1) AS z, credit.altman_z_private(1, 1, NULL, 1, 1) AS p, credit.altman_z_em(1, 1, 1, 1, 1, 1, 1, NULL) AS e,
	credit.springate(1, 1, 1, 1, 1, NULL) AS s, credit.zmijewski(NULL, 1, 1) AS m, credit.ohlson_o(1, 1, 1, 1, 1, 1, 1, NULL) AS o,
	credit.piotroski_f(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1) AS f;

CREATE FUNCTION pg_temp.try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT pg_temp.try(format('SELECT credit.%s', call)) FROM (VALUES
	(1, 'altman_z(1, 1, 0, 1, 1, 1, 1, 1)'), (2, 'altman_z(1, 1, 1, 1, 1, 1, 0.00, 1)'), (3, 'altman_z_private(1, 1, -0.5, 1, 1, 1, 1, 1)'), (4, 'altman_z_em(1, 1, 1, 1, 1, 1, -7)'),
	(5, 'springate(1, 0, 1, 1, 1, 1)'), (6, 'springate(1, 1, 0, 1, 1, 1)'), (7, 'zmijewski(1, 0, 1, 1, 1)'), (8, 'zmijewski(1, 1, 1, 1, 0)'), (9, 'zmijewski(1, 1, 1, 1, 1, 0)'),
	(10, 'ohlson_o(0, 1, 1, 1, 1, 1, 1, 1)'), (11, 'ohlson_o(1, 0, 1, 1, 1, 1, 1, 1)'), (12, 'ohlson_o(1, 1, 0, 1, 1, 1, 1, 1)'), (13, 'ohlson_o(1, 1, 1, 1, 0, 0, 1, 1)'),
	(14, 'ohlson_o(1, 1, 1, 1, 1, 1, 1, 0)'), (15, 'ohlson_o(1, 1, 1, 1, 1, 1, 1, 1, ''2'')'), (16, 'ohlson_o(1, 1, 1, 1, 1, 1, 1, 1, ''e'', 1)'),
	(17, 'piotroski_f(1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)'), (18, 'piotroski_f(1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)'),
	(19, 'piotroski_f(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1)'), (20, 'piotroski_f(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1)'),
	(21, 'piotroski_f(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1)'), (22, 'piotroski_f(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0)'),
	(23, 'piotroski_f(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0)'), (24, 'altman_z(''NaN'', 1, 1, 1, 1, 1, 1, 1)'), (25, 'altman_z(1, 1, ''infinity'', 1, 1, 1, 1, 1)'),
	(26, 'altman_z(1, 1, 1, ''-infinity'', 1)'), (27, 'altman_rating(''NaN'')'), (28, 'altman_z(1e131000, 1, 1e-16000, 1, 1, 1, 1, 1)')) AS v (n, call)
ORDER BY n;
