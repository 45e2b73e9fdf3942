-- Groups of customers: parents, and the limits they share.
--
-- The lock of a group is the exposure row of each customer that has a group limit: orders of its members update it,
-- so they wait for each other and see each other's orders.

CREATE OR REPLACE FUNCTION ancestors(p_customer_id bigint)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	seen bigint[] := ARRAY[p_customer_id];
	above bigint := p_customer_id;
BEGIN
	LOOP
		SELECT e.parent_id INTO above FROM exposure e WHERE e.customer_id = above AND e.parent_id IS NOT NULL;
		EXIT WHEN NOT FOUND;
		IF above = ANY (seen) THEN
			RAISE EXCEPTION 'customer % is above itself', above USING ERRCODE = 'data_corrupted', HINT = 'verify_ledger() shows what was written past set_parent().';
		END IF;
		seen := seen || above;
		RETURN NEXT above;
	END LOOP;
END $$;
COMMENT ON FUNCTION ancestors(bigint) IS 'The customers above one, nearest first.';

CREATE OR REPLACE FUNCTION group_members(p_customer_id bigint)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH RECURSIVE tree AS (
			SELECT p_customer_id AS id
			UNION
			SELECT e.customer_id FROM tree t JOIN exposure e ON e.parent_id = t.id)
		SELECT t.id FROM tree t;
END $$;
COMMENT ON FUNCTION group_members(bigint) IS 'A customer and all below it.';

CREATE OR REPLACE FUNCTION mark_group(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE exposure e SET in_group = c.parent_id IS NOT NULL OR EXISTS (SELECT FROM credit_limit l WHERE l.customer_id = p_customer_id AND l.kind = 'group'),
		parent_id = c.parent_id
	FROM customer c
	WHERE c.customer_id = p_customer_id AND e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
	-- Sessions keep with the rules whether there are groups at all: the trigger makes them read both again.
	UPDATE check_rule SET rule_no = rule_no WHERE false;
END $$;
COMMENT ON FUNCTION mark_group(bigint) IS 'Keeps in the exposure row whether, and below whom, a customer is in a group.';

-- Every customer given and all above it, locked in id order; read again after the lock, for a parent may have changed.
CREATE OR REPLACE FUNCTION lock_group(p_customers bigint[])
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	wanted bigint[];
	locked bigint[] := ARRAY[]::bigint[];
BEGIN
	LOOP
		SELECT COALESCE(array_agg(DISTINCT s.id ORDER BY s.id), '{}') INTO wanted
		FROM unnest(p_customers) c (id), LATERAL (SELECT c.id UNION ALL SELECT a FROM ancestors(c.id) a) s (id)
		WHERE s.id IS NOT NULL;
		EXIT WHEN wanted <@ locked;
		PERFORM FROM exposure e WHERE e.currency = base AND e.customer_id = ANY (wanted) ORDER BY e.customer_id FOR NO KEY UPDATE;
		locked := wanted;
	END LOOP;
	-- A mere lock would let a transaction in REPEATABLE READ go on with what it saw before.
	UPDATE exposure e SET check_seq = e.check_seq + 1
	WHERE e.currency = base AND e.customer_id = ANY (locked)
		AND EXISTS (SELECT FROM credit_limit l WHERE l.customer_id = e.customer_id AND l.kind = 'group');
END $$;
COMMENT ON FUNCTION lock_group(bigint[]) IS 'Takes the locks of customers and of all above them, in id order, until the end of the transaction.';

-- What the members of a group owe and have on order; one child's credit balance never funds another.
CREATE OR REPLACE FUNCTION group_exposure(p_group_id bigint, p_on date, p_but_for bigint DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	total numeric := round(0::numeric, credit.minor_unit(base));
	member bigint;
	exposed numeric;
BEGIN
	FOR member IN SELECT m FROM group_members(p_group_id) m WHERE m IS DISTINCT FROM p_but_for LOOP
		SELECT x.exposure - COALESCE(l.amount, 0) + CASE WHEN NOT l.counts_unapplied THEN x.unapplied ELSE 0 END
			- CASE WHEN NOT l.counts_uncleared THEN x.uncleared ELSE 0 END INTO exposed
		FROM exposure_in(base, p_on, member) x LEFT JOIN left_out(member, p_on) l ON true;
		total := total + GREATEST(COALESCE(exposed, 0), 0);
	END LOOP;
	RETURN total;
END $$;
COMMENT ON FUNCTION group_exposure(bigint, date, bigint) IS 'Exposure of a group in base currency on a day''s rates: the sum of its members'', none of them below zero; without member p_but_for.';

CREATE OR REPLACE FUNCTION group_limits(p_customer_id bigint, p_on date)
RETURNS TABLE (group_id bigint, limit_amount numeric, others numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN QUERY
		SELECT g.id, convert(l.amount, l.currency, base, p_on), group_exposure(g.id, p_on, p_customer_id)
		FROM (SELECT p_customer_id AS id, 0::bigint AS level UNION ALL SELECT a.id, a.level FROM ancestors(p_customer_id) WITH ORDINALITY a (id, level)) g
			JOIN credit_limit l ON l.customer_id = g.id AND l.kind = 'group' AND l.in_force @> p_on
		ORDER BY g.level DESC;
END $$;
COMMENT ON FUNCTION group_limits(bigint, date) IS 'The group limits an order of a customer must respect, the widest group first, in base currency, and what the other members of each use of it.';

CREATE OR REPLACE FUNCTION set_parent(p_customer_id bigint, p_parent_id bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	groups_before bigint[];
	over record;
BEGIN
	PERFORM lock_group(array_remove(ARRAY[p_customer_id, p_parent_id], NULL));
	groups_before := ARRAY(SELECT a FROM ancestors(p_customer_id) a);
	IF p_parent_id IS NOT NULL THEN
		-- One who is merged away meanwhile must not keep a child.
		PERFORM tighten(p_parent_id);
	END IF;
	IF customer_of(p_parent_id) <> p_parent_id THEN
		RAISE EXCEPTION 'customer % was merged into customer %', p_parent_id, customer_of(p_parent_id)
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Put it below customer %s.', customer_of(p_parent_id));
	END IF;
	IF p_parent_id = p_customer_id OR p_customer_id IN (SELECT a FROM ancestors(p_parent_id) a) THEN
		RAISE EXCEPTION 'customer % cannot be below customer %', p_customer_id, p_parent_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It would be above itself.';
	END IF;
	UPDATE customer c SET parent_id = p_parent_id WHERE c.customer_id = p_customer_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
	PERFORM mark_group(p_customer_id);
	-- Whoever joins a group brings along what it owes; who owes nothing, and a group it was in before, changes nothing.
	SELECT g.group_id, g.limit_amount, group_exposure(g.group_id, ledger_today()) AS used INTO over
	FROM group_limits(p_customer_id, ledger_today()) g
	WHERE g.group_id <> p_customer_id AND NOT g.group_id = ANY (groups_before) AND group_exposure(p_customer_id, ledger_today()) > 0
		AND group_exposure(g.group_id, ledger_today()) > g.limit_amount LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'with customer % the group of customer % exceeds its limit', p_customer_id, over.group_id
			USING ERRCODE = 'RC002', DETAIL = format('Used would be %s, the limit is %s.', over.used, over.limit_amount),
				HINT = 'Raise the group limit first.';
	END IF;
END $$;
COMMENT ON FUNCTION set_parent(bigint, bigint) IS 'Puts a customer, and all below it, under another one; NULL takes it out of its group. Refused if it would be above itself, or below one that was merged (22023), or if a group limit above would be exceeded with it (RC002).';
