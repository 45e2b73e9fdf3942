#!/usr/bin/env bash
# upgrade.sh PG_CONFIG...: bring a database with a used ledger through pg_upgrade to each PostgreSQL in turn, and
# compare what the ledger says before and after.  Run by tools/with-server.sh, whose server is the oldest of the row.
set -euo pipefail
sql() { psql -qXAt -v ON_ERROR_STOP=1 "$@"; }
major() { sql -c "SELECT current_setting('server_version_num')::int / 10000"; }
start() { pg_ctl -s -w -l "$SERVER_LOG" -o "-k $PGHOST -c listen_addresses= -p $PGPORT -c fsync=off" start; }

# What must not change: every customer's aging, before and after the payments were applied and as known at a mark, the
# audit chain, and that nothing kept differs from what is recomputed.
figures() {
	sql <<-'SQL'
		SELECT * FROM unnest('{2026-04-30,2100-01-01}'::date[]) AS as_of, ar.aging_at(as_of) ORDER BY 1, 2, 3;
		SELECT 'mark', a.* FROM ar.aging_at('2026-04-30', p_mark => 1) AS a ORDER BY 2, 3;
		SELECT 'chain', l.* FROM ar.chain_link AS l ORDER BY 2, 3;
		SELECT 'terms', terms, credit.due_date(terms, '2026-01-31') FROM ar.customer ORDER BY 2;
		SELECT 'verify_ledger', v.* FROM ar.verify_ledger() AS v;
		SELECT 'verify_chain', v.* FROM ar.verify_chain() AS v;
	SQL
}

sql >/dev/null <<'SQL'
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
CREATE TEMP TABLE customer AS
	SELECT n, ar.add_customer('Customer ' || n, p_terms => (ARRAY['2/10 net 30', '1/3 30, 1/3 60, 1/3 90', 'net 30 EOM'])[n]::credit.payment_terms)
		AS customer_id FROM generate_series(1, 3) AS n;
SELECT ar.set_number_range('credit_note', 'C', p_gapless => false);
CREATE TEMP TABLE invoice AS
	SELECT n, customer_id, ar.post_invoice(customer_id, 'I-' || n, '2026-01-31', 100.10 * n, p_due_date => '2026-02-28')
		AS document_id FROM customer;
SELECT ar.apply_payment(customer_id, ar.post_payment(customer_id, 'P-' || n, '2026-03-15', 40.05)) FROM customer;
SELECT ar.post_invoice(customer_id, 'T-' || n, '2026-02-28', 300) FROM customer;
SELECT ar.void_document(customer_id, ar.post_credit_note(customer_id, NULL, '2026-02-28', 5), 'posted twice') FROM customer;
SELECT ar.take_mark('closing');
SQL
before=$(figures)
grep -q . <<<"$before" && ! grep verify_ <<<"$before" >&2

passed=0 failed=0
for pg_config; do
	from=$(major)
	old_bin=$(pg_config --bindir) old_data=$PGDATA
	pg_ctl -s -w -m fast stop

	staged=$(tools/stage.sh "$pg_config" "$HOME/pg-$from-next")
	export PATH=${staged%/*}:$PATH PGDATA=$HOME/pgdata-$from-next
	# PostgreSQL 18 is the first to turn checksums on by itself, and pg_upgrade wants both sides alike.
	mapfile -t checksums < <(initdb --help | grep -o -- --no-data-checksums)
	initdb -A trust -U "$PGUSER" --no-sync -E UTF8 --locale=C.UTF-8 "${checksums[@]}" >/dev/null
	(cd "$TMPDIR" && pg_upgrade -b "$old_bin" -B "${staged%/*}" -d "$old_data" -D "$PGDATA" -s "$TMPDIR") >"$TMPDIR/said" ||
		{ cat "$TMPDIR/said" >&2; exit 1; }
	start

	to=$(major)
	if after=$(figures) && [ "$after" = "$before" ]; then
		echo "ok - a ledger upgraded from PostgreSQL $from to $to says the same"
		passed=$((passed + 1))
	else
		echo "not ok - a ledger upgraded from PostgreSQL $from to $to differs"
		diff <(echo "$before") <(echo "$after") || true
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
