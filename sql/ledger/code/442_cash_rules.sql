-- Whether a rule fits a receipt, and which items it then pays.  By arrays alone: no table is read.

-- One rule, by arrays alone: positions in p_open.  Money is what is paid besides discounts; of a credit it is negative.
CREATE OR REPLACE FUNCTION try_cash_rule(p_kind text, p_amount numeric, p_open numeric[], p_discount numeric[], p_due date[], p_kinds text[],
	p_terms text[], p_named integer[], p_paid_on date, p_tolerance_amount numeric, p_tolerance_percent numeric, p_partial boolean, p_priority text[],
	p_minor_unit integer, OUT nos integer[], OUT money numeric[], OUT certainty numeric, OUT why text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	net numeric[] := ARRAY(SELECT o - d FROM unnest(p_open, p_discount) WITH ORDINALITY t (o, d, n) ORDER BY n);
	everything integer[] := ARRAY(SELECT generate_subscripts(p_open, 1));
	wanted integer[];
	total numeric;
	tolerance numeric;
	combination record;
	groups integer;
	left_over numeric := p_amount;
	n integer;
	part numeric;
BEGIN
	nos := '{}';
	money := '{}';
	IF p_kind = 'on_account' THEN
		certainty := 100;
		RETURN;
	ELSIF cardinality(p_open) = 0 THEN
		why := 'nothing is open';
		RETURN;
	END IF;

	-- Which items are to make the amount.
	CASE p_kind
		WHEN 'reference', 'debtor_designation' THEN
			wanted := p_named;
			IF cardinality(wanted) = 0 THEN
				why := 'no open document is named';
				RETURN;
			END IF;
		WHEN 'exact_item' THEN
			-- In full or less the discount; of several alike the older, then the one posted first.
			SELECT (array_agg(t.n ORDER BY t.n))[1:1], count(DISTINCT (p_open[t.n], net[t.n])) INTO wanted, groups
			FROM unnest(everything) t (n) WHERE p_open[t.n] > 0 AND p_amount IN (p_open[t.n], net[t.n]);
			IF groups > 1 THEN
				why := 'one item makes the amount in full and another less its discount';
				RETURN;
			ELSIF groups = 0 THEN
				-- Within the tolerance only if it is the only one.
				SELECT array_agg(t.n) INTO wanted FROM unnest(everything) t (n)
				WHERE p_open[t.n] > 0 AND net[t.n] > p_amount
					AND net[t.n] - p_amount <= LEAST(p_tolerance_amount, round(net[t.n] * p_tolerance_percent / 100, p_minor_unit));
				IF cardinality(wanted) > 1 THEN
					why := format('ambiguous: %s items make the amount within the tolerance', cardinality(wanted));
					RETURN;
				END IF;
			END IF;
		WHEN 'clear_account' THEN
			wanted := everything;
		WHEN 'clear_past_due' THEN
			wanted := ARRAY(SELECT t.n FROM unnest(everything) t (n) WHERE p_due[t.n] < p_paid_on OR p_open[t.n] < 0);
		WHEN 'clear_past_due_by_terms' THEN
			-- Each terms' items together; of groups with the same total the one with the oldest item.
			wanted := (SELECT array_agg(t.n ORDER BY t.n) FROM unnest(everything) t (n)
				WHERE p_due[t.n] < p_paid_on AND p_open[t.n] > 0 GROUP BY p_terms[t.n] HAVING sum(net[t.n]) = p_amount ORDER BY min(t.n) LIMIT 1);
		WHEN 'combination' THEN
			SELECT * INTO combination FROM credit.match_amount(p_amount, p_open,
				discounted => net, due_dates => p_due[1:cardinality(p_open)], as_of => p_paid_on, max_items => 4) m;
			IF combination.outcome <> 'unique' THEN
				why := CASE combination.outcome WHEN 'none' THEN 'no combination of up to four items makes the amount'
					WHEN 'unknown' THEN 'too many items to tell whether one combination makes the amount'
					ELSE format('ambiguous: %s%s combinations make the amount', CASE WHEN combination.capped THEN 'at least ' END, combination.solutions) END;
				RETURN;
			END IF;
			nos := combination.item_nos;
			money := ARRAY(SELECT CASE WHEN d THEN net[t.i] ELSE p_open[t.i] END FROM unnest(nos, combination.discount_taken) WITH ORDINALITY t (i, d, o) ORDER BY t.o);
			certainty := CASE combination.structure WHEN 'all' THEN 95 WHEN 'past_due' THEN 95 WHEN 'oldest' THEN 92 WHEN 'single' THEN 95
				WHEN 'pair' THEN 75 WHEN 'small' THEN 70 ELSE 50 END;
			RETURN;
		WHEN 'oldest_first', 'credit_notes_first', 'pro_rata', 'by_priority' THEN
			wanted := ARRAY(SELECT t.n FROM unnest(everything) t (n) WHERE p_open[t.n] > 0
				ORDER BY CASE WHEN p_kind = 'by_priority' THEN COALESCE(array_position(p_priority, p_kinds[t.n]), 1000) END, t.n);
	END CASE;
	IF cardinality(wanted) = 0 OR wanted IS NULL THEN
		why := CASE p_kind WHEN 'exact_item' THEN 'no item is open with this amount'
			WHEN 'clear_past_due_by_terms' THEN 'no payment terms'' past due items make the amount' ELSE 'nothing is due' END;
		RETURN;
	END IF;

	-- All or nothing: the items wanted must make the amount.
	IF p_kind IN ('reference', 'exact_item', 'clear_account', 'clear_past_due', 'clear_past_due_by_terms') THEN
		total := (SELECT sum(net[t.n]) FROM unnest(wanted) t (n));
		tolerance := CASE WHEN p_kind IN ('reference', 'exact_item')
			THEN COALESCE(LEAST(p_tolerance_amount, round(total * p_tolerance_percent / 100, p_minor_unit)), 0) ELSE 0 END;
		nos := wanted;
		IF total - p_amount BETWEEN 0 AND tolerance THEN
			money := ARRAY(SELECT net[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o);
			-- What is short is short of the last item; post_match() writes it off.
			FOR i IN REVERSE cardinality(nos) .. 1 LOOP
				IF money[i] > total - p_amount THEN
					money[i] := money[i] - (total - p_amount);
					EXIT;
				END IF;
			END LOOP;
			certainty := 100;
			RETURN;
		END IF;
		-- Who pays in full does not take the discount.
		IF p_amount = (SELECT sum(p_open[t.n]) FROM unnest(wanted) t (n)) THEN
			money := ARRAY(SELECT p_open[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o);
			certainty := 100;
			RETURN;
		END IF;
		IF p_kind = 'reference' AND p_amount > total AND total > 0 THEN
			-- The rest may be for what is not posted yet.
			money := ARRAY(SELECT net[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o);
			certainty := CASE WHEN p_amount - total <= COALESCE(LEAST(p_tolerance_amount, round(total * p_tolerance_percent / 100, p_minor_unit)), 0)
				THEN 100 ELSE 90 END;
			RETURN;
		END IF;
		IF p_kind = 'reference' AND cardinality(wanted) = 1 AND p_partial AND p_open[wanted[1]] > 0 THEN
			money := ARRAY[p_amount];
			certainty := 90;
			RETURN;
		END IF;
		why := format('%s makes %s, not %s', CASE p_kind WHEN 'reference' THEN 'what is named' WHEN 'clear_account' THEN 'all that is open'
			ELSE 'what is past due' END, total, p_amount);
		nos := '{}';
		RETURN;
	END IF;

	-- Spreading: the money goes as far as it goes.
	IF p_kind = 'credit_notes_first' THEN
		FOREACH n IN ARRAY everything LOOP
			IF p_open[n] < 0 THEN
				nos := nos || n;
				money := money || p_open[n];
				left_over := left_over - p_open[n];
			END IF;
		END LOOP;
		-- A credit is used only as far as it pays something.
		total := (SELECT sum(net[t.n]) FROM unnest(wanted) t (n)) - p_amount;
		FOR i IN 1 .. cardinality(nos) LOOP
			part := LEAST(-money[i], GREATEST(total, 0));
			left_over := left_over + money[i] + part;
			money[i] := -part;
			total := total - part;
		END LOOP;
	END IF;
	IF p_kind = 'pro_rata' THEN
		SELECT nos || array_agg(wanted[a.debit_no] ORDER BY a.debit_no), money || array_agg(a.amount ORDER BY a.debit_no) INTO nos, money
		FROM credit.allocate(ARRAY[left_over], ARRAY(SELECT net[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o),
			ARRAY(SELECT p_due[t.n] FROM unnest(wanted) WITH ORDINALITY t (n, o) ORDER BY o), 'pro_rata', p_minor_unit) a WHERE a.amount > 0;
	ELSE
		FOREACH n IN ARRAY wanted LOOP
			EXIT WHEN left_over <= 0;
			CONTINUE WHEN net[n] <= 0;
			EXIT WHEN net[n] > left_over AND NOT p_partial;
			part := LEAST(net[n], left_over);
			nos := nos || n;
			money := money || part;
			left_over := left_over - part;
		END LOOP;
	END IF;
	-- Credits pay no more than was paid: what they could not be spread to, the last give back.
	FOR i IN REVERSE cardinality(nos) .. 1 LOOP
		EXIT WHEN left_over <= p_amount OR p_kind <> 'credit_notes_first';
		part := LEAST(-LEAST(money[i], 0), left_over - p_amount);
		money[i] := money[i] + part;
		left_over := left_over - part;
	END LOOP;
	nos := ARRAY(SELECT t.n FROM unnest(nos, money) WITH ORDINALITY t (n, m, o) WHERE t.m <> 0 ORDER BY o);
	money := array_remove(money, 0::numeric);
	IF cardinality(nos) = 0 THEN
		why := 'the oldest item is more than the receipt, and none may be paid in part';
		RETURN;
	END IF;
	certainty := CASE WHEN p_kind = 'debtor_designation' THEN 95 ELSE 100 END;
END $$;
COMMENT ON FUNCTION try_cash_rule(text, numeric, numeric[], numeric[], date[], text[], text[], integer[], date, numeric, numeric, boolean, text[], integer) IS 'Whether one rule fits an amount, and how much money it then gives to which of the open items (numbers are positions); certainty from 0 to 100, or why it does not fit. Tables are not read.';
