-- Lines of documents: what was sold, and the tax on it.

CREATE OR REPLACE FUNCTION check_document_line()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	minor integer;
	what text := format('line %s of document %s of customer %s', NEW.line_no, NEW.document_id, NEW.customer_id);
	credited bigint;
	tax numeric;
BEGIN
	SELECT credit.minor_unit(d.currency), CASE WHEN d.kind = 'credit_note' THEN d.source_document_id END INTO minor, credited FROM document d
	WHERE d.customer_id = NEW.customer_id AND d.document_id = NEW.document_id AND d.kind IN ('invoice', 'debit_note', 'credit_note');
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no invoice, debit note or credit note %', NEW.customer_id, NEW.document_id
			USING ERRCODE = 'foreign_key_violation', DETAIL = format('It was to get line %s.', NEW.line_no);
	END IF;
	IF NEW.quantity IS NULL OR NEW.unit_price IS NULL OR NEW.quantity IN ('NaN', 'Infinity') OR NEW.unit_price IN ('NaN', 'Infinity')
		OR NEW.quantity <= 0 OR NEW.unit_price < 0 OR (NEW.unit_price = 0 AND (credited IS NULL OR NOT COALESCE(NEW.tax_amount > 0, false))) THEN
		RAISE EXCEPTION 'quantity and price of % must be positive', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s and %s.',
				COALESCE(NEW.quantity::text, 'null'), COALESCE(NEW.unit_price::text, 'null')),
				HINT = 'What is taken back is a credit note with positive lines.';
	END IF;
	-- At least one minor unit, but for the credit of tax alone: its price is zero.
	IF round(NEW.quantity * NEW.unit_price, minor) NOT BETWEEN (CASE WHEN NEW.unit_price = 0 THEN 0 ELSE 10::numeric ^ (-minor) END) AND 1e18 THEN
		RAISE EXCEPTION 'net amount of % is out of range', what
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('%s x %s is %s.', NEW.quantity, NEW.unit_price,
				round(NEW.quantity * NEW.unit_price, minor));
	END IF;
	NEW.net_amount := round(COALESCE(NEW.net_amount, NEW.quantity * NEW.unit_price), minor);
	IF NEW.net_amount <> round(NEW.quantity * NEW.unit_price, minor) THEN
		RAISE EXCEPTION 'net amount of % is not quantity times price', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('%s x %s is %s, the line says %s.',
				NEW.quantity, NEW.unit_price, round(NEW.quantity * NEW.unit_price, minor), NEW.net_amount);
	END IF;
	NEW.tax_rate := COALESCE(NEW.tax_rate, 0);
	IF NEW.tax_rate NOT BETWEEN 0 AND 1000 THEN
		RAISE EXCEPTION 'tax rate of % is out of range', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s percent.', NEW.tax_rate);
	END IF;
	-- Who rounds the tax of a whole document spreads it over the lines: a minor unit may be off.
	tax := round(NEW.net_amount * NEW.tax_rate / 100, minor);
	NEW.tax_amount := round(COALESCE(NEW.tax_amount, tax), minor);
	-- So may each credit of a document, and the last of them makes up for all.
	IF NEW.tax_amount < 0 OR (abs(NEW.tax_amount - tax) > 10::numeric ^ (-minor) AND abs(NEW.tax_amount - tax) > 10::numeric ^ (-minor)
		* (SELECT count(*) FROM credit_request r WHERE r.customer_id = NEW.customer_id AND r.document_id = credited)) THEN
		RAISE EXCEPTION 'tax of % does not follow from its rate', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('%s percent of %s is %s, the line says %s.',
				NEW.tax_rate, NEW.net_amount, tax, NEW.tax_amount);
	END IF;
	NEW.line_total := COALESCE(NEW.line_total, NEW.net_amount + NEW.tax_amount);
	IF NEW.line_total <> NEW.net_amount + NEW.tax_amount THEN
		RAISE EXCEPTION 'total of % is not net amount plus tax', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('%s + %s is %s, the line says %s.',
				NEW.net_amount, NEW.tax_amount, NEW.net_amount + NEW.tax_amount, NEW.line_total);
	END IF;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION check_document_line() IS 'Trigger on document_line: checks a line by itself and fills net amount, tax and total where left out.';

CREATE OR REPLACE FUNCTION check_document_total()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	wrong record;
BEGIN
	SELECT d.customer_id, d.document_id, d.kind, d.number, d.currency, d.amount, sum(l.line_total) AS total INTO wrong
	FROM (SELECT DISTINCT n.customer_id, n.document_id FROM new_lines n) n
		JOIN document d ON d.customer_id = n.customer_id AND d.document_id = n.document_id
		JOIN document_line l ON l.customer_id = n.customer_id AND l.document_id = n.document_id
	GROUP BY d.customer_id, d.document_id HAVING sum(l.line_total) <> d.amount
	ORDER BY d.customer_id, d.document_id LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'lines of % % of customer % do not make its amount', replace(wrong.kind, '_', ' '), wrong.number, wrong.customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The lines come to %s %s, the document is of %s.', wrong.total,
				wrong.currency, wrong.amount), HINT = 'Write all lines of a document in one statement.';
	END IF;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION check_document_total() IS 'Trigger on document_line: the lines of a document, all written by one statement, make its amount.';

CREATE OR REPLACE TRIGGER document_line_check BEFORE INSERT ON document_line
	FOR EACH ROW EXECUTE FUNCTION check_document_line();
CREATE OR REPLACE TRIGGER document_line_total AFTER INSERT ON document_line REFERENCING NEW TABLE AS new_lines
	FOR EACH STATEMENT EXECUTE FUNCTION check_document_total();

CREATE OR REPLACE FUNCTION post_lines(p_customer_id bigint, p_document_id bigint, p_lines jsonb)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	unknown text;
BEGIN
	IF jsonb_typeof(p_lines) <> 'array' OR jsonb_array_length(p_lines) = 0 OR EXISTS (SELECT FROM jsonb_array_elements(p_lines) l WHERE jsonb_typeof(l) <> 'object') THEN
		RAISE EXCEPTION 'lines of document % of customer % must be a JSON array of objects', p_document_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example [{"product": "A1", "quantity": 2, "unit_price": 9.95, "tax_rate": 20}].';
	END IF;
	SELECT k INTO unknown FROM jsonb_array_elements(p_lines) l, jsonb_object_keys(l) k
	WHERE k NOT IN ('product', 'description', 'quantity', 'unit_price', 'net_amount', 'tax_rate', 'tax_amount', 'line_total') LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown field "%" in a line of document % of customer %', unknown, p_document_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Fields are product, description, quantity, unit_price, net_amount, tax_rate, tax_amount and line_total.';
	END IF;
	INSERT INTO document_line (customer_id, document_id, line_no, product, description, quantity, unit_price, net_amount, tax_rate, tax_amount, line_total)
	SELECT p_customer_id, p_document_id, l.line_no, r.product, r.description, r.quantity, r.unit_price, r.net_amount, r.tax_rate, r.tax_amount, r.line_total
	FROM jsonb_array_elements(p_lines) WITH ORDINALITY l (line, line_no),
		jsonb_to_record(l.line) r (product text, description text, quantity numeric, unit_price numeric, net_amount numeric,
			tax_rate numeric, tax_amount numeric, line_total numeric)
	ORDER BY l.line_no;
END $$;
COMMENT ON FUNCTION post_lines(bigint, bigint, jsonb) IS 'Writes the lines of a document from a JSON array of objects with the fields product, description, quantity, unit_price and, where not to be computed, net_amount, tax_rate, tax_amount, line_total.';
