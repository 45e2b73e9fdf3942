-- The borrowing base: which receivables a lender lends against, and how much.

-- Each amount is taken off once, in this order; what is left is eligible.  Source: Comptroller's Handbook, Asset-Based Lending
-- (Office of the Comptroller of the Currency): ineligible receivables, cross-aging, contra accounts, affiliates, concentration.
CREATE OR REPLACE FUNCTION borrowing_base_at(p_as_of date, p_days_past_due integer DEFAULT 90, p_cross_aging_percent numeric DEFAULT 50,
	p_concentration_percent numeric DEFAULT 25, p_advance_percent numeric DEFAULT 80)
RETURNS TABLE (customer_id bigint, customer_name text, gross numeric, intercompany numeric, insolvent numeric, over_age numeric, cross_aged numeric, disputed numeric, contra numeric,
	concentration numeric, eligible numeric, available numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	decimals integer := credit.minor_unit(base);
BEGIN
	PERFORM require_as_of(p_as_of);
	IF p_days_past_due IS NULL OR p_days_past_due NOT BETWEEN 0 AND 3660 OR p_cross_aging_percent IS NULL OR p_cross_aging_percent NOT BETWEEN 0 AND 100
		OR p_concentration_percent IS NULL OR p_concentration_percent NOT BETWEEN 0 AND 100 OR p_advance_percent IS NULL OR p_advance_percent NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'terms of the borrowing base are out of range'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = concat('Days past due ', p_days_past_due, ', cross-aging ', p_cross_aging_percent, ' percent, concentration ', p_concentration_percent,
				' percent, advance ', p_advance_percent, ' percent.'), HINT = 'Days are 0 to 3660, percents 0 to 100.';
	END IF;
	RETURN QUERY
		WITH owed AS (
			SELECT a.customer_id, sum(round(v.gross * v.rate, decimals)) AS gross, sum(round(a.amounts[2] * v.rate, decimals)) AS over_age,
				sum(round(a.disputed * v.rate, decimals)) AS disputed, sum(round(-a.unapplied * v.rate, decimals)) AS contra
			FROM aging_at(p_as_of, 'due_date', NULL, p_days_past_due::text::credit.aging_buckets) a,
				LATERAL (SELECT a.total - a.unapplied AS gross, CASE WHEN a.currency = base THEN 1 ELSE fx_rate_on(a.currency, p_as_of) END AS rate) v
			GROUP BY a.customer_id),
		steps AS (
			SELECT o.customer_id, c.name, o.gross, x1.taken AS intercompany, x2.taken AS insolvent, x3.taken AS over_age, x4.taken AS cross_aged, x5.taken AS disputed, x6.taken AS contra,
				o.gross - x1.taken - x2.taken - x3.taken - x4.taken - x5.taken - x6.taken AS rest
			FROM owed o JOIN customer c ON c.customer_id = o.customer_id,
				LATERAL (SELECT CASE WHEN c.intercompany THEN o.gross ELSE 0 END AS taken) x1,
				LATERAL (SELECT CASE WHEN c.status IN ('legal', 'bankrupt', 'sanctioned') THEN o.gross - x1.taken ELSE 0 END AS taken) x2,
				LATERAL (SELECT LEAST(o.over_age, o.gross - x1.taken - x2.taken) AS taken) x3,
				-- Who is late with much of it is not trusted with the rest.
				LATERAL (SELECT CASE WHEN o.over_age > 0 AND o.over_age * 100 >= o.gross * p_cross_aging_percent THEN o.gross - x1.taken - x2.taken - x3.taken ELSE 0 END AS taken) x4,
				LATERAL (SELECT LEAST(o.disputed, o.gross - x1.taken - x2.taken - x3.taken - x4.taken) AS taken) x5,
				LATERAL (SELECT LEAST(o.contra, o.gross - x1.taken - x2.taken - x3.taken - x4.taken - x5.taken) AS taken) x6
			WHERE o.gross > 0),
		capped AS (
			SELECT s.*, GREATEST(s.rest - round(sum(s.rest) OVER () * p_concentration_percent / 100, decimals), 0) AS concentration FROM steps s)
		SELECT k.customer_id, k.name, k.gross, round(k.intercompany, decimals), round(k.insolvent, decimals), round(k.over_age, decimals), round(k.cross_aged, decimals),
			round(k.disputed, decimals), round(k.contra, decimals), round(k.concentration, decimals), k.rest - k.concentration,
			round((k.rest - k.concentration) * p_advance_percent / 100, decimals)
		FROM capped k ORDER BY k.customer_id;
END $$;
COMMENT ON FUNCTION borrowing_base_at(date, integer, numeric, numeric, numeric) IS 'The borrowing base on a day, a row per customer who owes, in base currency: gross less what is not eligible, each amount taken off once and in this order: intercompany; insolvent (customers with lawyers, bankrupt or sanctioned); over_age (more than p_days_past_due days past due); cross_aged (the rest of customers of whose debt p_cross_aging_percent or more is over age); disputed; contra (unapplied credits); concentration (what is more than p_concentration_percent of all that is left). available: p_advance_percent of eligible.';

CREATE OR REPLACE VIEW borrowing_base AS
SELECT b.customer_id, b.customer_name, l.base_currency AS currency, b.gross, b.intercompany, b.insolvent, b.over_age, b.cross_aged, b.disputed, b.contra, b.concentration, b.eligible, b.available
FROM ledger_info l, LATERAL borrowing_base_at((statement_timestamp() AT TIME ZONE l.time_zone)::date) b;
COMMENT ON VIEW borrowing_base IS 'The borrowing base of today on usual terms: 90 days past due, cross-aging at 50 percent, concentration above 25, an advance of 80. borrowing_base_at() takes those of the loan agreement.';
COMMENT ON COLUMN borrowing_base.customer_id IS 'The debtor.';
COMMENT ON COLUMN borrowing_base.customer_name IS 'Its name.';
COMMENT ON COLUMN borrowing_base.currency IS 'Base currency.';
COMMENT ON COLUMN borrowing_base.gross IS 'Open debit items.';
COMMENT ON COLUMN borrowing_base.intercompany IS 'Not eligible: a company of one''s own group.';
COMMENT ON COLUMN borrowing_base.insolvent IS 'Not eligible: with lawyers, bankrupt or sanctioned.';
COMMENT ON COLUMN borrowing_base.over_age IS 'Not eligible: too long past due.';
COMMENT ON COLUMN borrowing_base.cross_aged IS 'Not eligible: of a customer of whose debt too much is over age.';
COMMENT ON COLUMN borrowing_base.disputed IS 'Not eligible: disputed.';
COMMENT ON COLUMN borrowing_base.contra IS 'Not eligible: as much as the customer has in unapplied credits.';
COMMENT ON COLUMN borrowing_base.concentration IS 'Not eligible: too large a part of all that is left.';
COMMENT ON COLUMN borrowing_base.eligible IS 'What is left.';
COMMENT ON COLUMN borrowing_base.available IS 'What the lender lends against it.';
