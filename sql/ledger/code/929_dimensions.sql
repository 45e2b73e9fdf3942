-- By what reports group customers, and who is left out of them.

CREATE OR REPLACE FUNCTION set_dimension(p_customer_id bigint, p_dimension text, p_value text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF p_dimension IS NULL OR p_dimension NOT IN ('segment', 'region', 'salesperson', 'collector') THEN
		RAISE EXCEPTION 'unknown dimension "%"', p_dimension
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Dimensions are segment, region, salesperson and collector.';
	END IF;
	IF NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
	IF p_value IS NULL THEN
		DELETE FROM customer_dimension d WHERE d.customer_id = p_customer_id AND d.dimension = p_dimension;
	ELSE
		INSERT INTO customer_dimension AS d (customer_id, dimension, value) VALUES (p_customer_id, p_dimension, p_value)
		ON CONFLICT (customer_id, dimension) DO UPDATE SET value = excluded.value;
	END IF;
END $$;
COMMENT ON FUNCTION set_dimension(bigint, text, text) IS 'Sets the segment, region, salesperson or collector of a customer, by which reports group; NULL: none.';

CREATE OR REPLACE FUNCTION set_intercompany(p_customer_id bigint, p_intercompany boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE customer c SET intercompany = p_intercompany WHERE c.customer_id = p_customer_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
END $$;
COMMENT ON FUNCTION set_intercompany(bigint, boolean) IS 'Says whether a customer is a company of one''s own group, which metrics and the allowance leave out.';

CREATE OR REPLACE FUNCTION risk_classes_at(p_known_at timestamptz)
RETURNS TABLE (customer_id bigint, risk_class text) LANGUAGE plpgsql STABLE STRICT SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (h.customer_id) h.customer_id, h.risk_class FROM customer_change h
		WHERE h.recorded_at > p_known_at ORDER BY h.customer_id, h.customer_change_id;
END $$;
COMMENT ON FUNCTION risk_classes_at(timestamptz) IS 'Risk classes as they were known at a time, of the customers that changed since; the others are in customer.';
