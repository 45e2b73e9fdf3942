-- Metrics of a portfolio from its figures.  Amounts of one tax basis: receivables include tax, so do sales.
-- What would be divided by zero is NULL; results are rounded to 2 decimals.

CREATE FUNCTION credit.dso(receivables numeric, sales numeric, days integer) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(receivables * days / NULLIF(sales, 0), 2);
COMMENT ON FUNCTION credit.dso(numeric, numeric, integer) IS 'Days sales outstanding: receivables / credit sales x days. NULL without sales.';

CREATE FUNCTION credit.best_possible_dso(current_receivables numeric, sales numeric, days integer) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(current_receivables * days / NULLIF(sales, 0), 2);
COMMENT ON FUNCTION credit.best_possible_dso(numeric, numeric, integer) IS 'Best possible DSO: receivables that are not due / credit sales x days (Credit Research Foundation). NULL without sales.';

CREATE FUNCTION credit.average_days_delinquent(receivables numeric, current_receivables numeric, sales numeric, days integer) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round((receivables - current_receivables) * days / NULLIF(sales, 0), 2);
COMMENT ON FUNCTION credit.average_days_delinquent(numeric, numeric, numeric, integer) IS 'Average days delinquent: DSO less best possible DSO (Credit Research Foundation). NULL without sales.';

CREATE FUNCTION credit.dso_true(amounts numeric[], ages integer[], sales numeric[]) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT CASE WHEN bool_and(u.sold <> 0) THEN round(sum(u.age * u.amount / NULLIF(u.sold, 0)), 2) END FROM unnest(amounts, ages, sales) u (amount, age, sold));
COMMENT ON FUNCTION credit.dso_true(numeric[], integer[], numeric[]) IS 'True DSO: the sum over open invoices of age in days x open amount / credit sales of the month it was billed in (Oracle Receivables). NULL when a month has no sales, or nothing is open.';

-- Plain arithmetic over arrays: the newest month first.
CREATE FUNCTION credit.dso_countback(receivables numeric, sales numeric[], days integer[]) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owed numeric := receivables;
	counted numeric := 0;
BEGIN
	IF cardinality(sales) <> cardinality(days) THEN
		RAISE EXCEPTION 'sales and days must be of the same months'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'There are ' || cardinality(sales)::text || ' and ' || cardinality(days)::text || '.';
	END IF;
	FOR n IN 1 .. cardinality(sales) LOOP
		EXIT WHEN owed <= 0;
		IF sales[n] IS NULL OR days[n] IS NULL THEN
			RETURN NULL;
		END IF;
		counted := counted + days[n] * CASE WHEN owed < sales[n] THEN owed / sales[n] ELSE 1 END;
		-- A month of more credits than sales holds nothing of what is owed.
		owed := owed - GREATEST(sales[n], 0);
	END LOOP;
	RETURN CASE WHEN owed <= 0 THEN round(counted, 2) END;
END $$;
COMMENT ON FUNCTION credit.dso_countback(numeric, numeric[], integer[]) IS 'DSO by counting back (exhaustion): the days of the months, newest first, whose sales make up the receivables, of the last one the part that is needed. NULL when they exceed the sales of all months given.';

CREATE FUNCTION credit.collection_effectiveness(opening numeric, sales numeric, closing numeric, closing_current numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(100 * (opening + sales - closing) / NULLIF(opening + sales - closing_current, 0), 2);
COMMENT ON FUNCTION credit.collection_effectiveness(numeric, numeric, numeric, numeric) IS 'Collection effectiveness index in percent: what was collected of what could be: (opening + sales - closing) / (opening + sales - closing receivables not due) x 100 (Credit Research Foundation). NULL when there was nothing to collect.';

CREATE FUNCTION credit.receivables_turnover(sales numeric, opening numeric, closing numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(2 * sales / NULLIF(opening + closing, 0), 2);
COMMENT ON FUNCTION credit.receivables_turnover(numeric, numeric, numeric) IS 'Receivables turnover: credit sales / average of opening and closing receivables. NULL when there were none.';

CREATE FUNCTION credit.bad_debt_ratio(write_offs numeric, sales numeric, recoveries numeric DEFAULT 0) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(100 * (write_offs - recoveries) / NULLIF(sales, 0), 2);
COMMENT ON FUNCTION credit.bad_debt_ratio(numeric, numeric, numeric) IS 'Write-offs in percent of credit sales, net of recoveries if they are given. NULL without sales.';

CREATE FUNCTION credit.concentration(amounts numeric[]) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT round(sum(a * a) * 10000 / NULLIF(sum(a) * sum(a), 0), 2) FROM unnest(amounts) a WHERE a > 0);
COMMENT ON FUNCTION credit.concentration(numeric[]) IS 'Herfindahl-Hirschman index of what is owed by each: sum of the squared shares in percent, up to 10000 for a single debtor. Amounts that are not positive do not count; NULL without one that is.';
