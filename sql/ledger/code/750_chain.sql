-- The audit chain: marks in it, and whether it still holds.

CREATE OR REPLACE FUNCTION take_mark(p_name text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	IF COALESCE(btrim(p_name), '') = '' THEN
		RAISE EXCEPTION 'a mark needs a name' USING ERRCODE = 'invalid_parameter_value', HINT = 'Say what report it is for.';
	END IF;
	INSERT INTO mark (name) VALUES (p_name) RETURNING mark_id INTO id;
	-- One statement, one snapshot: exactly the transactions that have committed by now.
	INSERT INTO mark_head (customer_id, mark_id, chain_seq, chain_hash)
	SELECT e.customer_id, id, e.chain_seq, e.chain_hash
	FROM exposure e WHERE e.currency = (SELECT l.base_currency FROM ledger_info l) AND e.chain_seq > 0;
	RETURN id;
END $$;
COMMENT ON FUNCTION take_mark(text) IS 'Marks what is known now: aging_at(..., p_mark => ...) answers from exactly that, whoever was still writing and however long it took. Costs a row per customer. Its hashes (mark_head), kept elsewhere, also show a rewritten history. Returns the mark''s id.';

CREATE OR REPLACE FUNCTION verify_chain(p_customer_id bigint DEFAULT NULL, p_mark bigint DEFAULT NULL)
RETURNS TABLE (problem text, customer_id bigint, object text, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	source text;
	this_customer text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND t.customer_id = %s', p_customer_id) END;
	entries text := '';
BEGIN
	IF NOT EXISTS (SELECT FROM mark m WHERE m.mark_id = p_mark) AND p_mark IS NOT NULL THEN
		RAISE EXCEPTION 'there is no mark %', p_mark USING ERRCODE = 'invalid_parameter_value', HINT = 'Table mark lists them.';
	END IF;
	PERFORM credit.settle(current_schema());
	FOREACH source IN ARRAY ARRAY['document', 'document_line', 'allocation', 'due_date_change', 'clearing', 'deposit_release', 'customer_merge',
		'credit_limit', 'hold', 'hold_release', 'order_release', 'approval', 'approval_vote', 'approval_use'] LOOP
		entries := concat_ws(' UNION ALL ', NULLIF(entries, ''), format(
			'SELECT %1$L AS source, t.customer_id, t.%2$I AS id, credit.entry_digest(%1$L, t) AS digest FROM %1$I t WHERE true %3$s',
			source, (credit.chain_columns(source))[2], this_customer));
	END LOOP;
	RETURN QUERY EXECUTE format($q$
		WITH entry AS (%s),
		member AS (
			SELECT t.customer_id, t.chain_seq, t.source, m.id, m.position
			FROM chain_link t, unnest(t.entry_ids) WITH ORDINALITY m (id, position) WHERE true %s),
		link AS (
			SELECT t.customer_id, t.chain_seq, t.hash, lag(t.hash, 1, '') OVER w AS previous_hash, lag(t.chain_seq, 1, 0) OVER w AS previous_seq,
				d.missing, d.digest
			FROM chain_link t
				LEFT JOIN (SELECT m.customer_id, m.chain_seq, count(*) FILTER (WHERE e.digest IS NULL) AS missing,
						sha256(string_agg(e.digest, ''::bytea ORDER BY m.position)) AS digest
					FROM member m LEFT JOIN entry e ON e.source = m.source AND e.customer_id = m.customer_id AND e.id = m.id
					GROUP BY m.customer_id, m.chain_seq) d ON d.customer_id = t.customer_id AND d.chain_seq = t.chain_seq
			WHERE true %s
			WINDOW w AS (PARTITION BY t.customer_id ORDER BY t.chain_seq))
		SELECT 'entry of the chain is gone', m.customer_id, format('%%s %%s', m.source, m.id), format('It was in link %%s.', m.chain_seq)
		FROM member m WHERE NOT EXISTS (SELECT FROM entry e WHERE e.source = m.source AND e.customer_id = m.customer_id AND e.id = m.id)
		UNION ALL
		SELECT 'entry is not in the chain', e.customer_id, format('%%s %%s', e.source, e.id), 'It was written past the triggers.'
		FROM entry e WHERE NOT EXISTS (SELECT FROM member m WHERE m.source = e.source AND m.customer_id = e.customer_id AND m.id = e.id)
		UNION ALL
		SELECT 'entry is in the chain twice', m.customer_id, format('%%s %%s', m.source, m.id), format('In links %%s.', string_agg(m.chain_seq::text, ', ' ORDER BY m.chain_seq))
		FROM member m GROUP BY m.customer_id, m.source, m.id HAVING count(*) > 1
		UNION ALL
		SELECT 'link does not fit its entries', l.customer_id, format('link %%s', l.chain_seq), 'An entry of it was changed, or the link itself.'
		-- A link always has entries: one that lost its list of them fits nothing.
		FROM link l WHERE COALESCE(l.missing, 0) = 0 AND l.hash IS DISTINCT FROM sha256(l.previous_hash || l.digest)
		UNION ALL
		SELECT 'link of the chain is gone', l.customer_id, format('link %%s', l.chain_seq - 1), NULL
		FROM link l WHERE l.chain_seq <> l.previous_seq + 1
		UNION ALL
		SELECT 'head of the chain does not fit', t.customer_id, format('head %%s', t.chain_seq), format('The last link is %%s.', COALESCE(l.chain_seq::text, 'gone'))
		FROM exposure t LEFT JOIN LATERAL (SELECT k.chain_seq, k.hash FROM chain_link k WHERE k.customer_id = t.customer_id ORDER BY k.chain_seq DESC LIMIT 1) l ON true
		WHERE t.currency = %L AND (t.chain_seq <> COALESCE(l.chain_seq, 0) OR t.chain_hash <> COALESCE(l.hash, '')) %s
		UNION ALL
		SELECT 'chain differs from a mark', t.customer_id, format('link %%s', t.chain_seq), format('Mark %%s has another hash.', t.mark_id)
		FROM mark_head t LEFT JOIN chain_link k ON k.customer_id = t.customer_id AND k.chain_seq = t.chain_seq
		WHERE k.hash IS DISTINCT FROM t.chain_hash AND (%L::bigint IS NULL OR t.mark_id = %L::bigint) %s
		ORDER BY 2, 1, 3$q$, entries, this_customer, this_customer, base, this_customer, p_mark, p_mark, this_customer);
END $$;
COMMENT ON FUNCTION verify_chain(bigint, bigint) IS 'Recomputes the audit chain of one customer or all, and returns what does not fit: an entry changed, gone or added past the triggers, a link gone or changed, a head or mark that differs. No rows when all is well. An owner who rewrites rows and chain is found out by marks kept elsewhere (mark_head). Run it when nobody is writing, or in one REPEATABLE READ transaction.';
