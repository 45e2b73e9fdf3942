-- Interest: how many days of which year, and what they cost.  Exact: nothing is rounded here.

CREATE FUNCTION credit.day_count(from_date date, to_date date, convention text, OUT days bigint, OUT period bigint)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	y1 integer;
	y2 integer;
	d1 integer;
	d2 integer;
	leap bigint;
BEGIN
	IF NOT isfinite(from_date) OR NOT isfinite(to_date) OR to_date < from_date THEN
		RAISE EXCEPTION 'days from % to % cannot be counted', from_date, to_date
			USING ERRCODE = 'datetime_field_overflow', HINT = 'Both are calendar dates, in their order.';
	END IF;
	y1 := extract(year FROM from_date);
	y2 := extract(year FROM to_date);
	d1 := extract(day FROM from_date);
	d2 := extract(day FROM to_date);
	CASE convention
		WHEN 'actual/365', 'actual/360' THEN
			days := to_date - from_date;
			period := CASE convention WHEN 'actual/365' THEN 365 ELSE 360 END;
		WHEN '30/360', '30E/360' THEN
			-- 30/360 (US): a 31st counts as the 30th at the end only where the beginning is one too; 30E/360: always.
			IF convention = '30E/360' THEN
				d2 := LEAST(d2, 30);
			ELSIF d2 = 31 AND d1 >= 30 THEN
				d2 := 30;
			END IF;
			d1 := LEAST(d1, 30);
			days := 360 * (y2 - y1) + 30 * (extract(month FROM to_date)::integer - extract(month FROM from_date)::integer) + d2 - d1;
			period := 360;
		WHEN 'actual/actual' THEN
			-- Days of leap years over 366, of others over 365, on their common denominator.
			SELECT COALESCE(sum(LEAST(to_date, make_date(y + 1, 1, 1)) - GREATEST(from_date, make_date(y, 1, 1))), 0) INTO leap
			FROM generate_series(y1, y2) y WHERE (y % 4 = 0 AND y % 100 <> 0) OR y % 400 = 0;
			days := leap * 365 + (to_date - from_date - leap) * 366;
			period := 365 * 366;
		ELSE
			RAISE EXCEPTION 'unknown day-count convention "%"', convention
				USING ERRCODE = 'invalid_parameter_value', HINT = 'It is actual/365, actual/360, actual/actual, 30/360 or 30E/360.';
	END CASE;
END $$;
COMMENT ON FUNCTION credit.day_count(date, date, text) IS 'Days from one date to another, the first not counted, and the days that make a year, by a convention: actual/365, actual/360, actual/actual (days of leap years over 366, others over 365, as one fraction), 30/360 (US) or 30E/360. 22008 for dates out of order, 22023 for an unknown convention.';

CREATE FUNCTION credit.interest(amount numeric, rate numeric, days bigint DEFAULT 1, period bigint DEFAULT 365, method text DEFAULT 'simple', charged numeric DEFAULT 0)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF amount IN ('NaN', 'Infinity', '-Infinity') OR rate IN ('NaN', 'Infinity', '-Infinity') OR charged IN ('NaN', 'Infinity', '-Infinity') THEN
		RAISE EXCEPTION 'interest cannot be computed on what is no number' USING ERRCODE = 'numeric_value_out_of_range';
	END IF;
	IF days < 0 OR period <= 0 THEN
		RAISE EXCEPTION 'interest cannot be computed for % of % days', days, period USING ERRCODE = 'invalid_parameter_value';
	END IF;
	CASE method
		WHEN 'flat' THEN RETURN amount * rate / 100;
		-- One division, at the end: what comes before it is exact.
		WHEN 'simple' THEN RETURN amount * rate * days / (100 * period);
		WHEN 'compound' THEN RETURN (amount + charged) * rate * days / (100 * period);
		ELSE RAISE EXCEPTION 'unknown method of interest "%"', method USING ERRCODE = 'invalid_parameter_value', HINT = 'It is flat, simple or compound.';
	END CASE;
END $$;
COMMENT ON FUNCTION credit.interest(numeric, numeric, bigint, bigint, text, numeric) IS 'Interest on an amount at rate percent per period of so many days, for days of them; not rounded. flat: whatever the days. simple: by the days. compound: also on what was charged before. 22003 for NaN or infinity, 22023 for negative days, no period or an unknown method.';
