-- What the statements in the credit file say.

-- The last moment of a day: what was known on it is what was recorded until then.
CREATE OR REPLACE FUNCTION end_of_day(p_day date)
RETURNS timestamptz LANGUAGE plpgsql STABLE STRICT SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ((p_day + 1)::timestamp AT TIME ZONE (SELECT l.time_zone FROM ledger_info l)) - interval '1 microsecond';
END $$;
COMMENT ON FUNCTION end_of_day(date) IS 'The last moment of a day in the ledger''s time zone.';

-- A ratio whose denominator is zero or not given is NULL: there is nothing to measure.
CREATE OR REPLACE FUNCTION ratios_at(p_as_of date, p_known_at timestamptz DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, financial_statement_id bigint, period_from date, period_to date, currency text, audited boolean, received_on date, latest boolean,
	tangible_net_worth numeric, working_capital numeric, sales numeric, net_income numeric,
	current_ratio numeric, quick_ratio numeric, cash_ratio numeric, debt_to_equity numeric, liabilities_to_assets numeric, interest_coverage numeric,
	cash_flow_to_liabilities numeric, receivable_days numeric, inventory_days numeric, payable_days numeric, asset_turnover numeric,
	gross_margin numeric, operating_margin numeric, net_margin numeric, return_on_assets numeric, return_on_equity numeric,
	sales_growth numeric, equity_growth numeric, current_ratio_change numeric, net_margin_change numeric,
	z_score numeric, z_zone text, z_em_score numeric, z_em_zone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	known timestamptz := COALESCE(p_known_at, end_of_day(p_as_of));
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		WITH known_then AS (
			SELECT s.* FROM financial_statement s
			WHERE s.received_on <= p_as_of AND s.recorded_at <= known AND (p_customer_id IS NULL OR s.customer_id = p_customer_id)),
		line AS MATERIALIZED (
			SELECT s.customer_id, s.financial_statement_id, s.period_from, s.period_to, s.currency, s.scale, s.audited, s.received_on,
				s.period_to = max(s.period_to) OVER (PARTITION BY s.customer_id) AS latest, s.period_to - s.period_from + 1 AS days,
				f.*, COALESCE(f.gross_profit, f.sales - f.cost_of_sales) AS gross
			FROM known_then s, LATERAL jsonb_to_record(s.lines) f (total_assets numeric, current_assets numeric, cash numeric, marketable_securities numeric,
				receivables numeric, inventory numeric, intangible_assets numeric, total_liabilities numeric, current_liabilities numeric, payables numeric,
				equity numeric, retained_earnings numeric, sales numeric, cost_of_sales numeric, gross_profit numeric, ebit numeric, interest_expense numeric,
				net_income numeric, operating_cash_flow numeric)
			WHERE NOT EXISTS (SELECT FROM known_then r WHERE r.customer_id = s.customer_id AND r.restates = s.financial_statement_id)),
		-- A year before is the statement of a period as long that ended 50 to 54 weeks earlier.
		compared AS (
			SELECT DISTINCT ON (l.customer_id, l.financial_statement_id) l.*, b.financial_statement_id IS NOT NULL AND b.currency = l.currency AS comparable,
				b.sales * b.scale AS sales_before, b.equity * b.scale AS equity_before, b.current_assets / NULLIF(b.current_liabilities, 0) AS current_before,
				b.net_income / NULLIF(b.sales, 0) AS margin_before
			FROM line l LEFT JOIN line b ON b.customer_id = l.customer_id AND l.period_to - b.period_to BETWEEN 350 AND 380 AND abs(b.days - l.days) <= 20
			ORDER BY l.customer_id, l.financial_statement_id, abs(l.period_to - b.period_to - 365))
		SELECT c.customer_id, c.financial_statement_id, c.period_from, c.period_to, c.currency, c.audited, c.received_on, c.latest,
			(c.equity - COALESCE(c.intangible_assets, 0)) * c.scale, (c.current_assets - c.current_liabilities) * c.scale, c.sales * c.scale, c.net_income * c.scale,
			r.current_ratio, round((c.cash + COALESCE(c.marketable_securities, 0) + c.receivables) / NULLIF(c.current_liabilities, 0), 4),
			round((c.cash + COALESCE(c.marketable_securities, 0)) / NULLIF(c.current_liabilities, 0), 4),
			-- With no equity left the quotient says the opposite of what it means.
			CASE WHEN c.equity > 0 THEN round(c.total_liabilities / c.equity, 4) END, round(c.total_liabilities / NULLIF(c.total_assets, 0), 4),
			round(c.ebit / NULLIF(c.interest_expense, 0), 4), round(c.operating_cash_flow / NULLIF(c.total_liabilities, 0), 4),
			round(c.receivables * c.days / NULLIF(c.sales, 0), 2), round(c.inventory * c.days / NULLIF(c.cost_of_sales, 0), 2),
			round(c.payables * c.days / NULLIF(c.cost_of_sales, 0), 2), round(c.sales / NULLIF(c.total_assets, 0), 4),
			round(c.gross / NULLIF(c.sales, 0), 4), round(c.ebit / NULLIF(c.sales, 0), 4), r.net_margin,
			round(c.net_income / NULLIF(c.total_assets, 0), 4), CASE WHEN c.equity > 0 THEN round(c.net_income / c.equity, 4) END,
			CASE WHEN c.comparable THEN round(c.sales * c.scale / NULLIF(c.sales_before, 0) - 1, 4) END,
			CASE WHEN c.comparable AND c.equity_before > 0 THEN round(c.equity * c.scale / c.equity_before - 1, 4) END,
			CASE WHEN c.comparable THEN r.current_ratio - round(c.current_before, 4) END, CASE WHEN c.comparable THEN r.net_margin - round(c.margin_before, 4) END,
			z.score, z.zone, e.score, e.zone
		FROM compared c
			CROSS JOIN LATERAL (SELECT round(c.current_assets / NULLIF(c.current_liabilities, 0), 4) AS current_ratio, round(c.net_income / NULLIF(c.sales, 0), 4) AS net_margin) r
			-- The models refuse a zero denominator with an error, which one customer's statement must not be for all.
			LEFT JOIN LATERAL credit.altman_z_private(c.current_assets, c.current_liabilities, NULLIF(c.total_assets, 0), c.retained_earnings, c.ebit,
				c.equity, NULLIF(c.total_liabilities, 0), c.sales) z ON true
			LEFT JOIN LATERAL credit.altman_z_em(c.current_assets, c.current_liabilities, NULLIF(c.total_assets, 0), c.retained_earnings, c.ebit,
				c.equity, NULLIF(c.total_liabilities, 0)) e ON true;
END $$;
COMMENT ON FUNCTION ratios_at(date, timestamptz, bigint) IS 'Ratios of every statement not restated, from what was received by p_as_of and recorded by p_known_at (default the end of that day); of all customers or one. Ratios are fractions; growth is against the period a year before. Amounts are in the statement''s currency, without its scale. NULL where a field is missing or a denominator is zero.';

CREATE OR REPLACE VIEW financial_ratios AS
SELECT r.customer_id, c.name AS customer_name, r.financial_statement_id, r.period_from, r.period_to, r.currency, r.audited, r.received_on, r.latest,
	r.tangible_net_worth, r.working_capital, r.sales, r.net_income, r.current_ratio, r.quick_ratio, r.cash_ratio, r.debt_to_equity, r.liabilities_to_assets,
	r.interest_coverage, r.cash_flow_to_liabilities, r.receivable_days, r.inventory_days, r.payable_days, r.asset_turnover, r.gross_margin, r.operating_margin,
	r.net_margin, r.return_on_assets, r.return_on_equity, r.sales_growth, r.equity_growth, r.current_ratio_change, r.net_margin_change,
	r.z_score, r.z_zone, r.z_em_score, r.z_em_zone
FROM ledger_info l, LATERAL ratios_at((statement_timestamp() AT TIME ZONE l.time_zone)::date) r JOIN customer c ON c.customer_id = r.customer_id;
COMMENT ON VIEW financial_ratios IS 'Ratios of every financial statement not restated, as known today. Ratios are fractions (0.3 is 30 percent); NULL where a field is missing or a denominator is zero. Of one customer ratios_at() is faster.';
COMMENT ON COLUMN financial_ratios.customer_id IS 'The debtor.';
COMMENT ON COLUMN financial_ratios.customer_name IS 'Its name.';
COMMENT ON COLUMN financial_ratios.financial_statement_id IS 'The statement, with customer_id.';
COMMENT ON COLUMN financial_ratios.period_from IS 'First day of its period.';
COMMENT ON COLUMN financial_ratios.period_to IS 'Last day of its period.';
COMMENT ON COLUMN financial_ratios.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN financial_ratios.audited IS 'Whether an auditor certified it.';
COMMENT ON COLUMN financial_ratios.received_on IS 'Day from which it was known.';
COMMENT ON COLUMN financial_ratios.latest IS 'Whether it is the customer''s latest.';
COMMENT ON COLUMN financial_ratios.tangible_net_worth IS 'equity - intangible_assets.';
COMMENT ON COLUMN financial_ratios.working_capital IS 'current_assets - current_liabilities.';
COMMENT ON COLUMN financial_ratios.sales IS 'Sales of the period.';
COMMENT ON COLUMN financial_ratios.net_income IS 'Net income of the period.';
COMMENT ON COLUMN financial_ratios.current_ratio IS 'current_assets / current_liabilities.';
COMMENT ON COLUMN financial_ratios.quick_ratio IS '(cash + marketable_securities + receivables) / current_liabilities.';
COMMENT ON COLUMN financial_ratios.cash_ratio IS '(cash + marketable_securities) / current_liabilities.';
COMMENT ON COLUMN financial_ratios.debt_to_equity IS 'total_liabilities / equity; NULL where there is no equity left.';
COMMENT ON COLUMN financial_ratios.liabilities_to_assets IS 'total_liabilities / total_assets.';
COMMENT ON COLUMN financial_ratios.interest_coverage IS 'ebit / interest_expense.';
COMMENT ON COLUMN financial_ratios.cash_flow_to_liabilities IS 'operating_cash_flow / total_liabilities.';
COMMENT ON COLUMN financial_ratios.receivable_days IS 'receivables / sales x days of the period.';
COMMENT ON COLUMN financial_ratios.inventory_days IS 'inventory / cost_of_sales x days of the period.';
COMMENT ON COLUMN financial_ratios.payable_days IS 'payables / cost_of_sales x days of the period.';
COMMENT ON COLUMN financial_ratios.asset_turnover IS 'sales / total_assets.';
COMMENT ON COLUMN financial_ratios.gross_margin IS 'gross_profit, or sales - cost_of_sales, / sales.';
COMMENT ON COLUMN financial_ratios.operating_margin IS 'ebit / sales.';
COMMENT ON COLUMN financial_ratios.net_margin IS 'net_income / sales.';
COMMENT ON COLUMN financial_ratios.return_on_assets IS 'net_income / total_assets.';
COMMENT ON COLUMN financial_ratios.return_on_equity IS 'net_income / equity; NULL where there is no equity left.';
COMMENT ON COLUMN financial_ratios.sales_growth IS 'Growth of sales over the period a year before.';
COMMENT ON COLUMN financial_ratios.equity_growth IS 'Growth of equity over a year.';
COMMENT ON COLUMN financial_ratios.current_ratio_change IS 'Change of current_ratio over a year.';
COMMENT ON COLUMN financial_ratios.net_margin_change IS 'Change of net_margin over a year.';
COMMENT ON COLUMN financial_ratios.z_score IS 'credit.altman_z_private().';
COMMENT ON COLUMN financial_ratios.z_zone IS 'Its zone: safe, grey or distress.';
COMMENT ON COLUMN financial_ratios.z_em_score IS 'credit.altman_z_em().';
COMMENT ON COLUMN financial_ratios.z_em_zone IS 'Its zone.';
