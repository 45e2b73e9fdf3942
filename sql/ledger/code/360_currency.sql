-- Several currencies: rates, values in another currency, allocation across currencies, revaluation.

CREATE OR REPLACE FUNCTION set_fx_rate(p_currency text, p_rate numeric, p_valid_from date, p_source text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	PERFORM credit.minor_unit(p_currency);
	IF p_currency IS NULL OR p_currency = base THEN
		RAISE EXCEPTION 'the base currency has no exchange rate' USING ERRCODE = 'RC006', DETAIL = format('It is %s.', base);
	END IF;
	IF p_rate IS NULL OR p_rate <= 0 OR p_rate >= 1e12 OR p_rate = 'NaN' THEN
		RAISE EXCEPTION 'exchange rate of % must be positive', p_currency
			USING ERRCODE = 'RC006', DETAIL = format('It is %s %s per %s.', COALESCE(p_rate::text, 'null'), base, p_currency);
	END IF;
	IF p_valid_from IS NULL OR NOT isfinite(p_valid_from) THEN
		RAISE EXCEPTION 'exchange rate of % must be valid from a calendar date', p_currency USING ERRCODE = 'datetime_field_overflow';
	END IF;
	INSERT INTO fx_rate (currency, valid_from, rate, source) VALUES (p_currency, p_valid_from, p_rate, p_source);
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'there is an exchange rate of % from % already', p_currency, p_valid_from
		USING ERRCODE = 'unique_violation', HINT = 'Rates are not changed; enter one that starts later.';
END $$;
COMMENT ON FUNCTION set_fx_rate(text, numeric, date, text) IS 'Enters an exchange rate: base currency per unit of p_currency, in force from p_valid_from until the next one starts.';

CREATE OR REPLACE FUNCTION fx_rate_on(p_currency text, p_on date)
RETURNS numeric LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	found_rate numeric;
BEGIN
	IF p_currency = base THEN
		RETURN 1;
	END IF;
	SELECT r.rate INTO found_rate FROM fx_rate r WHERE r.currency = p_currency AND r.valid_from <= p_on ORDER BY r.valid_from DESC LIMIT 1;
	IF found_rate IS NULL THEN
		PERFORM credit.minor_unit(p_currency);
		RAISE EXCEPTION 'no exchange rate from % to % on %', p_currency, base, p_on
			USING ERRCODE = 'RC006', HINT = 'set_fx_rate() enters one.';
	END IF;
	RETURN found_rate;
END $$;
COMMENT ON FUNCTION fx_rate_on(text, date) IS 'Base currency per unit of a currency on a day; 1 for the base currency. RC006 where there is none.';

CREATE OR REPLACE FUNCTION convert(p_amount numeric, p_from text, p_to text, p_on date)
RETURNS numeric LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN CASE WHEN p_from = p_to THEN p_amount
		ELSE round(p_amount * fx_rate_on(p_from, p_on) / fx_rate_on(p_to, p_on), credit.minor_unit(p_to)) END;
END $$;
COMMENT ON FUNCTION convert(numeric, text, text, date) IS 'An amount in another currency at the rates of a day, rounded to its minor unit. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION aging_in(p_currency text, p_as_of date, p_basis text DEFAULT 'due_date', p_buckets credit.aging_buckets DEFAULT NULL,
	p_rates_on date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, total numeric, past_due numeric, unapplied numeric, amounts numeric[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	rates_on date := COALESCE(p_rates_on, p_as_of);
BEGIN
	PERFORM credit.minor_unit(p_currency);
	RETURN QUERY
		WITH aged AS MATERIALIZED (
			SELECT a.customer_id, a.currency AS from_currency, COALESCE(p_currency, c.currency, base) AS to_currency, a.aging, a.unapplied
			FROM aging_at(p_as_of, p_basis, NULL, p_buckets) a JOIN customer c ON c.customer_id = a.customer_id),
		-- One conversion per bucket of a customer's currency; the total is the sum of what is shown.
		rated AS MATERIALIZED (
			-- A currency in itself needs no rate.
			SELECT p.from_currency, p.to_currency, CASE WHEN p.from_currency = p.to_currency THEN 1 ELSE fx_rate_on(p.from_currency, rates_on) END AS from_rate,
				CASE WHEN p.from_currency = p.to_currency THEN 1 ELSE fx_rate_on(p.to_currency, rates_on) END AS to_rate,
				credit.minor_unit(p.to_currency) AS minor
			FROM (SELECT DISTINCT a.from_currency, a.to_currency FROM aged a) p),
		converted AS (
			SELECT a.customer_id, a.to_currency, b.n, b.past_due,
				round(CASE WHEN a.from_currency = a.to_currency THEN b.amount ELSE b.amount * r.from_rate / r.to_rate END, r.minor) AS amount
			FROM aged a JOIN rated r ON r.from_currency = a.from_currency AND r.to_currency = a.to_currency,
				LATERAL (
					SELECT s.n::integer, s.amount, false AS past_due FROM unnest(credit.amounts(a.aging)) WITH ORDINALITY s (amount, n)
					UNION ALL SELECT 0, a.unapplied, false
					UNION ALL SELECT NULL, credit.past_due(a.aging), true) b)
		SELECT f.customer_id, f.to_currency, sum(f.amount) FILTER (WHERE NOT f.past_due), sum(f.amount) FILTER (WHERE f.past_due),
			sum(f.amount) FILTER (WHERE f.n = 0), array_agg(f.amount ORDER BY f.n) FILTER (WHERE f.n > 0)
		FROM (SELECT v.customer_id, v.to_currency, v.n, v.past_due, sum(v.amount) AS amount FROM converted v GROUP BY 1, 2, 3, 4) f
		GROUP BY f.customer_id, f.to_currency;
END $$;
COMMENT ON FUNCTION aging_in(text, date, text, credit.aging_buckets, date) IS 'aging_at() with all of a customer''s currencies in one: p_currency, or NULL for each customer''s own (default the base currency), at the rates of p_rates_on (default the as-of date). Each bucket is rounded to the minor unit; total is the sum of the buckets and unapplied. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION revaluation(p_as_of date, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, item_id bigint, document_id bigint, open_amount numeric, booked_base numeric, rate numeric,
	revalued_base numeric, difference numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	ledger_currency text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		WITH moved AS (
			SELECT m.customer_id, m.item_id, sum(m.amount) AS amount, sum(m.base) AS base
			FROM (
				SELECT a.customer_id, a.debit_item_id AS item_id, a.amount, x.debit_base AS base
				FROM allocation a JOIN exchange_difference x ON x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id
				WHERE a.applied_on > p_as_of AND (p_customer_id IS NULL OR a.customer_id = p_customer_id)
				UNION ALL
				SELECT a.customer_id, a.credit_item_id, -a.amount, -x.credit_base
				FROM allocation a JOIN exchange_difference x ON x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id
				WHERE a.applied_on > p_as_of AND (p_customer_id IS NULL OR a.customer_id = p_customer_id)) m
			GROUP BY m.customer_id, m.item_id),
		then_open AS (
			SELECT i.customer_id, i.currency, i.item_id, i.document_id, i.open_amount + COALESCE(m.amount, 0) AS open_amount,
				i.open_base_amount + COALESCE(m.base, 0) AS booked
			FROM item i LEFT JOIN moved m ON m.customer_id = i.customer_id AND m.item_id = i.item_id
			WHERE i.currency <> ledger_currency AND i.posting_date <= p_as_of AND (i.open_amount <> 0 OR m.amount IS NOT NULL)
				AND (p_customer_id IS NULL OR i.customer_id = p_customer_id)),
		rates AS MATERIALIZED (
			SELECT c.currency, fx_rate_on(c.currency, p_as_of) AS rate FROM (SELECT DISTINCT t.currency FROM then_open t WHERE t.open_amount <> 0) c)
		SELECT v.customer_id, v.currency, v.item_id, v.document_id, v.open_amount, v.booked, v.rate, v.revalued, v.revalued - v.booked
		FROM (SELECT t.*, r.rate, round(t.open_amount * r.rate, credit.minor_unit(ledger_currency)) AS revalued
			FROM then_open t JOIN rates r ON r.currency = t.currency WHERE t.open_amount <> 0) v;
END $$;
COMMENT ON FUNCTION revaluation(date, bigint) IS 'Open items in other currencies as of a date: their value in base currency as booked, at the rate of that date, and the unrealised difference (positive: they are worth more). Open amounts are exact for any past date, so nothing is to be reversed in the next period; a rate entered later for an earlier day counts from then on. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION allocate_across(p_customer_id bigint, p_credit_item bigint, p_debit_item bigint, p_credit_amount numeric,
	p_rate numeric DEFAULT NULL, p_applied_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	credit_item item;
	debit item;
	original document;
	applied_on date;
	rate numeric;
	debit_amount numeric;
	value numeric;
	given bigint;
	taken bigint;
	taken_item bigint;
BEGIN
	PERFORM lock_customer(p_customer_id);
	SELECT * INTO credit_item FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_credit_item AND i.amount < 0;
	SELECT * INTO debit FROM item i WHERE i.customer_id = p_customer_id AND i.item_id = p_debit_item AND i.amount > 0;
	IF credit_item.item_id IS NULL OR debit.item_id IS NULL THEN
		RAISE EXCEPTION 'customer % has no credit item % and debit item %', p_customer_id, p_credit_item, p_debit_item
			USING ERRCODE = 'foreign_key_violation', HINT = 'View open_items shows the items of a customer.';
	END IF;
	IF credit_item.currency = debit.currency THEN
		RAISE EXCEPTION 'items % and % of customer % are in the same currency', p_credit_item, p_debit_item, p_customer_id
			USING ERRCODE = 'RC006', DETAIL = format('It is %s.', debit.currency), HINT = 'allocate() applies one to the other.';
	END IF;
	original := read_document(p_customer_id, credit_item.document_id);
	IF credit_item.reserved_for <> COALESCE((SELECT d.order_id FROM document d
			WHERE d.customer_id = p_customer_id AND d.document_id = debit.document_id), '') THEN
		RAISE EXCEPTION 'item % of customer % is a deposit reserved to order %', p_credit_item, p_customer_id, credit_item.reserved_for
			USING ERRCODE = 'RC007', DETAIL = format('Item %s does not belong to that order.', p_debit_item),
				HINT = 'release_deposit() makes it plain unapplied credit.';
	END IF;
	applied_on := COALESCE(p_applied_on, GREATEST(ledger_today(), credit_item.posting_date, debit.posting_date));
	IF p_rate IS NOT NULL THEN
		PERFORM require_right('set_fx_rate', 'agree on an exchange rate');
	END IF;
	rate := COALESCE(p_rate, fx_rate_on(credit_item.currency, applied_on) / fx_rate_on(debit.currency, applied_on));
	IF rate <= 0 OR rate = 'NaN' THEN
		RAISE EXCEPTION 'rate from % to % must be positive', credit_item.currency, debit.currency
			USING ERRCODE = 'RC006', DETAIL = format('It is %s.', rate);
	END IF;
	debit_amount := round(p_credit_amount * rate, credit.minor_unit(debit.currency));
	-- What passes from one currency to the other has one value in base currency; what the items were booked at
	-- differs from it by the exchange difference.
	value := CASE WHEN debit.currency = base THEN debit_amount WHEN credit_item.currency = base THEN p_credit_amount
		ELSE round(p_credit_amount * fx_rate_on(credit_item.currency, applied_on), credit.minor_unit(base)) END;
	given := use_credit(original, 'transfer', number_after(original, 'transfer', 'transfer', applied_on), p_credit_amount, applied_on,
		format('to %s at %s', debit.currency, trim_scale(round(rate, 12))), NULL, CASE WHEN credit_item.currency <> base THEN value END);
	IF p_credit_amount IS NULL OR debit_amount <= 0 THEN
		RAISE EXCEPTION 'amount of credit item % of customer % settles nothing', p_credit_item, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = CASE WHEN p_credit_amount IS NULL THEN 'It is null.' ELSE format('%s %s at %s are %s %s.', p_credit_amount,
				credit_item.currency, trim_scale(round(rate, 12)), debit_amount, debit.currency) END;
	END IF;
	taken := enter_document('transfer', p_customer_id, format('%s in %s', (SELECT d.number FROM document d WHERE d.customer_id = p_customer_id AND d.document_id = given), debit.currency),
		applied_on, debit_amount, p_currency => debit.currency, p_side => 'credit',
		p_fx_rate => CASE WHEN debit.currency <> base AND value > 0 THEN value / debit_amount END, p_base_amount => CASE WHEN debit.currency <> base THEN value END,
		p_source_document_id => given, p_reason => format('from %s at %s', credit_item.currency, trim_scale(round(rate, 12))));
	SELECT i.item_id INTO STRICT taken_item FROM item i WHERE i.customer_id = p_customer_id AND i.document_id = taken;
	PERFORM allocate(p_customer_id, taken_item, p_debit_item, debit_amount, applied_on);
	RETURN debit_amount;
END $$;
COMMENT ON FUNCTION allocate_across(bigint, bigint, bigint, numeric, numeric, date) IS 'Applies p_credit_amount of a credit item to a debit item in another currency, at p_rate (debit currency per unit of credit currency; it takes the right to set_fx_rate(), RC004) or at the rates of the day, by a pair of transfers. The exchange difference is recorded in exchange_difference. Voiding either transfer undoes both. Returns the amount applied, in the debit item''s currency.';

CREATE OR REPLACE FUNCTION exposure_in(p_currency text DEFAULT NULL, p_on date DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, receivable numeric, unapplied numeric, reserved numeric, uncleared numeric, ordered numeric,
	exposure numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	rates_on date := COALESCE(p_on, ledger_today());
BEGIN
	PERFORM credit.minor_unit(p_currency);
	RETURN QUERY
		WITH waiting AS (
			SELECT d.customer_id, d.currency, sum(d.amount + COALESCE(i.open_amount, 0)) AS uncleared
			FROM document d LEFT JOIN item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id AND i.reserved_for IS NOT NULL
			WHERE d.clears_on > rates_on AND (p_customer_id IS NULL OR d.customer_id = p_customer_id)
				AND NOT EXISTS (SELECT FROM clearing k WHERE k.customer_id = d.customer_id AND k.document_id = d.document_id)
				AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
			GROUP BY 1, 2),
		kept AS MATERIALIZED (
			SELECT e.customer_id, e.currency AS from_currency, COALESCE(p_currency, c.currency, base) AS to_currency, e.receivable, e.unapplied,
				e.reserved, COALESCE(w.uncleared, 0) AS uncleared, e.ordered
			FROM exposure e JOIN customer c ON c.customer_id = e.customer_id
				LEFT JOIN waiting w ON w.customer_id = e.customer_id AND w.currency = e.currency
			WHERE (p_customer_id IS NULL OR e.customer_id = p_customer_id)
				AND (e.receivable <> 0 OR e.unapplied <> 0 OR e.reserved <> 0 OR e.ordered <> 0 OR w.uncleared <> 0)),
		rated AS MATERIALIZED (
			SELECT p.from_currency, p.to_currency, CASE WHEN p.from_currency = p.to_currency THEN 1 ELSE fx_rate_on(p.from_currency, rates_on) END AS from_rate,
				CASE WHEN p.from_currency = p.to_currency THEN 1 ELSE fx_rate_on(p.to_currency, rates_on) END AS to_rate,
				credit.minor_unit(p.to_currency) AS minor
			FROM (SELECT DISTINCT k.from_currency, k.to_currency FROM kept k) p)
		SELECT s.customer_id, s.to_currency, s.receivable, s.unapplied, s.reserved, s.uncleared, s.ordered,
			s.receivable - s.unapplied + s.uncleared + s.ordered
		FROM (SELECT k.customer_id, k.to_currency, sum(round(k.receivable * r.from_rate / r.to_rate, r.minor)) AS receivable,
				sum(round(k.unapplied * r.from_rate / r.to_rate, r.minor)) AS unapplied, sum(round(k.reserved * r.from_rate / r.to_rate, r.minor)) AS reserved,
				sum(round(k.uncleared * r.from_rate / r.to_rate, r.minor)) AS uncleared, sum(round(k.ordered * r.from_rate / r.to_rate, r.minor)) AS ordered
			FROM kept k JOIN rated r ON r.from_currency = k.from_currency AND r.to_currency = k.to_currency
			GROUP BY k.customer_id, k.to_currency) s;
END $$;
COMMENT ON FUNCTION exposure_in(text, date, bigint) IS 'What each customer owes and has on order now, all currencies in one: p_currency, or NULL for each customer''s own (default the base currency), at the rates of p_on (default today). uncleared: payments that have not cleared by then. exposure = receivable - unapplied + uncleared + ordered. RC006 where a rate is missing.';
