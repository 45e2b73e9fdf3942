-- What was posted before there was a chain joins it, table by table, one link per customer.
DO $do$
DECLARE
	chained text;
BEGIN
	FOREACH chained IN ARRAY ARRAY['document', 'allocation', 'credit_limit', 'hold', 'hold_release'] LOOP
		EXECUTE format($q$
			WITH entry AS (
				SELECT t.customer_id, array_agg(t.%2$I ORDER BY t.%2$I) AS ids,
					sha256(string_agg(credit.entry_digest(%1$L, t), ''::bytea ORDER BY t.%2$I)) AS digest
				FROM %1$I t GROUP BY t.customer_id),
			head AS (
				UPDATE exposure e SET chain_seq = e.chain_seq + 1, chain_hash = sha256(e.chain_hash || n.digest)
				FROM entry n
				WHERE n.customer_id = e.customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l)
				RETURNING e.customer_id, e.chain_seq, n.ids, e.chain_hash)
			INSERT INTO chain_link (customer_id, chain_seq, source, entry_ids, hash)
			SELECT h.customer_id, h.chain_seq, %1$L, h.ids, h.chain_hash FROM head h$q$, chained, (credit.chain_columns(chained))[2]);
	END LOOP;
END $do$;
