-- Out of the database: CSV that a spreadsheet opens, the trade tape, and a chart that a browser opens.

-- RFC 4180.  A text that a spreadsheet would take for a formula gets an apostrophe before it: names come from outside.
CREATE OR REPLACE FUNCTION csv_field(p_value text, p_is_text boolean DEFAULT true)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	value text := CASE WHEN p_is_text AND p_value ~ '^[-+=@\t\r]' THEN '''' || p_value ELSE p_value END;
BEGIN
	RETURN CASE WHEN value ~ '[",\r\n]' OR value ~ '^\s|\s$' THEN '"' || replace(value, '"', '""') || '"' ELSE COALESCE(value, '') END;
END $$;
COMMENT ON FUNCTION csv_field(text, boolean) IS 'A field of CSV (RFC 4180), NULL as nothing. p_is_text: a text that begins as a formula does gets an apostrophe, so that a spreadsheet does not compute it.';

CREATE OR REPLACE FUNCTION export_csv(p_query text)
RETURNS SETOF text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	line json;
	first_line boolean := true;
BEGIN
	IF p_query IS NULL OR p_query ~ '^[;[:space:]]*$' THEN
		RAISE EXCEPTION 'there is no query to export' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a view, such as aging_summary, or a query.';
	END IF;
	FOR line IN EXECUTE format('SELECT row_to_json(q) FROM (%s) q', CASE WHEN p_query ~ '^[\w.]+$' THEN 'SELECT * FROM ' || p_query ELSE rtrim(p_query, E'; \t\r\n') END) LOOP
		IF first_line THEN
			RETURN NEXT (SELECT string_agg(csv_field(k), ',' ORDER BY n) FROM json_object_keys(line) WITH ORDINALITY f (k, n));
			first_line := false;
		END IF;
		RETURN NEXT (SELECT string_agg(csv_field(CASE json_typeof(value) WHEN 'string' THEN value #>> '{}' WHEN 'null' THEN NULL ELSE value::text END, json_typeof(value) = 'string'), ',' ORDER BY n)
			FROM json_each(line) WITH ORDINALITY f (key, value, n));
	END LOOP;
END $$;
COMMENT ON FUNCTION export_csv(text) IS 'A view, or the rows of a query, as lines of CSV with a heading, in the rights of the caller: numbers and dates as they are, texts quoted where needed. No rows, no lines.';

CREATE OR REPLACE FUNCTION trade_tape(p_as_of date)
RETURNS TABLE (customer_id bigint, customer_name text, number text, as_of date, currency text, terms text, customer_since date, last_sale_on date, high_credit numeric, balance numeric,
	current_amount numeric, days_1_30 numeric, days_31_60 numeric, days_61_90 numeric, days_over_90 numeric, unapplied numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	wrong record;
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		SELECT c.customer_id, c.name, c.number, p_as_of, a.currency, c.terms::text, s.first_sale, s.last_sale, h.high, a.total, a.amounts[1], a.amounts[2], a.amounts[3], a.amounts[4], a.amounts[5], a.unapplied
		FROM aging_at(p_as_of, 'due_date', NULL, '0,30,60,90') a JOIN customer c ON c.customer_id = a.customer_id
			LEFT JOIN (SELECT d.customer_id, d.currency, min(d.doc_date) AS first_sale, max(d.doc_date) AS last_sale FROM document d
				WHERE d.kind = 'invoice' AND d.side = 'debit' AND d.posting_date <= p_as_of
					AND NOT EXISTS (SELECT FROM document v WHERE v.customer_id = d.customer_id AND v.reverses = d.document_id AND v.posting_date <= p_as_of)
				GROUP BY d.customer_id, d.currency) s ON s.customer_id = a.customer_id AND s.currency = a.currency
			-- The highest balance at the end of any day of the last 12 months, the one they began with among them.
			LEFT JOIN (
				SELECT b.customer_id, b.currency, max(b.balance) AS high
				FROM (
					SELECT m.customer_id, m.currency, sum(m.change) OVER (PARTITION BY m.customer_id, m.currency ORDER BY m.on_day) AS balance
					FROM (
						SELECT d.customer_id, d.currency, GREATEST(d.posting_date, p_as_of - 365) AS on_day, sum(CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END) AS change
						FROM document d WHERE d.posting_date <= p_as_of GROUP BY 1, 2, 3) m) b
				GROUP BY b.customer_id, b.currency) h ON h.customer_id = a.customer_id AND h.currency = a.currency
		ORDER BY c.customer_id, a.currency;
	SELECT a.customer_id, a.total, a.unapplied INTO wrong FROM aging_at(p_as_of, 'due_date', NULL, '0,30,60,90') a
	WHERE a.total <> a.unapplied + (SELECT sum(b) FROM unnest(a.amounts) b) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the trade tape of customer % does not add up', wrong.customer_id
			USING ERRCODE = 'data_corrupted', DETAIL = format('The balance is %s, unapplied %s.', wrong.total, wrong.unapplied), HINT = 'verify_ledger() tells what is wrong.';
	END IF;
END $$;
COMMENT ON FUNCTION trade_tape(date) IS 'The trade tape for credit bureaus and industry groups on a day, a row per customer and currency with something open: terms, first and last sale, high credit (the highest balance at the end of a day in 12 months), balance, and what is current, 1-30, 31-60, 61-90 and over 90 days past due. balance = these five + unapplied, checked. export_csv() makes it a file.';

CREATE OR REPLACE FUNCTION xml_text(p_text text)
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	-- Control characters have no place in XML 1.0.
	RETURN replace(replace(replace(replace(regexp_replace(p_text, '[\x01-\x08\x0b\x0c\x0e-\x1f]', '', 'g'), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
END $$;
COMMENT ON FUNCTION xml_text(text) IS 'A text as it stands in XML, in an element or an attribute.';

CREATE OR REPLACE FUNCTION aging_chart(p_as_of date, p_months integer DEFAULT 12, p_customer_id bigint DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	-- From blue (not due) to dark red: told apart by the colour-blind, and in grey.
	colours text[] := ARRAY['#4c78a8', '#9ecae9', '#f2cf5b', '#f58518', '#c03a2b', '#5b1a1a'];
	base text := (SELECT l.base_currency FROM ledger_info l);
	buckets credit.aging_buckets := (SELECT l.aging_buckets FROM ledger_info l);
	parts integer := cardinality(buckets::integer[]) + 1;
	days date[];
	amounts numeric[];
	highest numeric;
	step numeric;
	top numeric;
	bottom numeric;
	high numeric;
	width numeric;
	drawn text := '';
	title text;
BEGIN
	PERFORM require_as_of(p_as_of);
	IF p_months IS NULL OR p_months NOT BETWEEN 1 AND 60 THEN
		RAISE EXCEPTION 'a chart is of 1 to 60 months'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = concat('p_months is ', COALESCE(p_months::text, 'null'), '.');
	END IF;
	IF p_customer_id IS NOT NULL AND NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id USING ERRCODE = 'foreign_key_violation';
	END IF;
	-- The month ends before the day, and the day itself.
	SELECT array_agg(CASE WHEN m = 0 THEN p_as_of ELSE (date_trunc('month', p_as_of::timestamp) - make_interval(months => m - 1))::date - 1 END ORDER BY m DESC) INTO days
	FROM generate_series(0, p_months - 1) m;
	SELECT array_agg(COALESCE(q.amount, 0) ORDER BY g.n, g.part) INTO amounts FROM (
		SELECT n, part FROM generate_series(1, p_months) n, generate_series(1, parts) part) g
		LEFT JOIN (
			SELECT d.n, b.part, sum(b.amount) AS amount
			FROM unnest(days) WITH ORDINALITY d (day, n) CROSS JOIN LATERAL aging_in(base, d.day) a CROSS JOIN LATERAL unnest(a.amounts) WITH ORDINALITY b (amount, part)
			WHERE p_customer_id IS NULL OR a.customer_id = p_customer_id GROUP BY d.n, b.part) q ON q.n = g.n AND q.part = g.part;
	SELECT max(t.total) INTO highest FROM (SELECT sum(amounts[(n - 1) * parts + part]) AS total FROM generate_series(1, p_months) n, generate_series(1, parts) part GROUP BY n) t;
	-- Four or five lines at round figures.
	step := CASE WHEN highest > 0 THEN power(10::numeric, floor(log(highest / 4))) ELSE 1 END;
	step := trunc(step * CASE WHEN highest / 4 <= step THEN 1 WHEN highest / 4 <= 2 * step THEN 2 WHEN highest / 4 <= 5 * step THEN 5 ELSE 10 END, 4);
	top := step * GREATEST(ceil(highest / step), 1);
	title := concat('Receivables by age, ', base, CASE WHEN p_customer_id IS NOT NULL THEN concat(', customer ', p_customer_id, ' ',
		(SELECT c.name FROM customer c WHERE c.customer_id = p_customer_id)) END, ', as of ', p_as_of);
	FOR line IN 0 .. (top / step)::integer LOOP
		bottom := round(350 - 290 * line * step / top, 1);
		drawn := drawn || format(E'<line x1="100" y1="%s" x2="740" y2="%s" stroke="#d0d0d0"/>\n<text x="94" y="%s" text-anchor="end">%s</text>\n',
			bottom, bottom, bottom + 4, btrim(to_char(trim_scale(line * step), CASE WHEN step < 1 THEN 'FM999G999G990D0999' ELSE 'FM999G999G999G999G990' END)));
	END LOOP;
	width := round(640.0 / p_months, 2);
	FOR n IN 1 .. p_months LOOP
		bottom := 350;
		FOR part IN 1 .. parts LOOP
			high := round(290 * amounts[(n - 1) * parts + part] / top, 2);
			IF high > 0 THEN
				bottom := bottom - high;
				drawn := drawn || format(E'<rect x="%s" y="%s" width="%s" height="%s" fill="%s"><title>%s, %s: %s</title></rect>\n', round(100 + (n - 1) * width + width * 0.15, 2), bottom,
					round(width * 0.7, 2), high, colours[LEAST(part, cardinality(colours))], days[n], xml_text(credit.bucket_label(buckets, part)), amounts[(n - 1) * parts + part]);
			END IF;
		END LOOP;
		-- As many dates as there is room for, the last always.
		IF (p_months - n) % (1 + p_months / 13) = 0 THEN
			drawn := drawn || format(E'<text x="%s" y="368" text-anchor="middle">%s</text>\n', round(100 + (n - 0.5) * width, 1), to_char(days[n], CASE WHEN n = p_months THEN 'DD Mon' ELSE 'Mon YY' END));
		END IF;
	END LOOP;
	FOR part IN 1 .. parts LOOP
		drawn := drawn || format(E'<rect x="755" y="%s" width="12" height="12" fill="%s"/>\n<text x="773" y="%s">%s</text>\n', 340 - 20 * part, colours[LEAST(part, cardinality(colours))],
			350 - 20 * part, xml_text(credit.bucket_label(buckets, part)));
	END LOOP;
	RETURN format(E'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 400" width="860" height="400" role="img" font-family="sans-serif" font-size="11" fill="#222">\n'
		|| E'<title>%1$s</title>\n<desc>Open debit items at month ends by days past due, in base currency at the rates of each day. Unapplied credits are not in it.</desc>\n'
		|| E'<rect width="860" height="400" fill="#fff"/>\n<text x="100" y="30" font-size="15" font-weight="bold">%1$s</text>\n%2$s</svg>\n', xml_text(title), drawn);
END $$;
COMMENT ON FUNCTION aging_chart(date, integer, bigint) IS 'A chart as SVG text: what was open at the month ends before a day and on the day, stacked by days past due, in base currency; of all customers or one. Save it as a file and open it in any browser.';
