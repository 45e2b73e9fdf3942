#!/usr/bin/env bash
# What posting costs: documents per second into the ledger, with items, exposure and audit chain kept, against the same
# rows into a bare table with the same columns and indexes.
#
#   tools/with-server.sh bench/posting.sh            on a private, throw-away server
#   ROWS=300000 ROUNDS=5 bench/posting.sh            on the server PG* variables point to
#
# Bulk: one COPY of ROWS invoices of CUSTOMERS customers, in random order, into empty tables; CPU of the backend and
# elapsed time, since on a shared machine only the first is steady.  One by one: pgbench in turn, medians of the rounds,
# with 1 and 8 clients, commits flushed and not.  Ratios are to the bare table of the same kind.
set -euo pipefail
: "${ROWS:=1000000}" "${CUSTOMERS:=10000}" "${ROUNDS:=5}" "${SECONDS_EACH:=3}"
db=bench_posting
work=$(mktemp -d); chmod 777 "$work"; trap 'rm -rf "$work"' EXIT
dropdb --if-exists "$db" 2>/dev/null; createdb "$db"; export PGDATABASE=$db

psql -qX -v ON_ERROR_STOP=1 -v customers="$CUSTOMERS" -v rows="$ROWS" >/dev/null <<'SQL'
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
INSERT INTO ar.customer (customer_id, name) SELECT g, 'Customer ' || g FROM generate_series(1, :customers) g;
CREATE TABLE plan AS
SELECT 1 + (random() * (:customers - 1))::integer AS customer_id, 'invoice'::text AS kind, 'INV' || g AS number,
	date '2026-01-01' + g % 200 AS doc_date, date '2026-01-31' + g % 200 AS due_date, round((1 + random() * 1000)::numeric, 2) AS amount
FROM generate_series(1, :rows) g;
CREATE TABLE bare (LIKE ar.document INCLUDING DEFAULTS INCLUDING INDEXES);
ALTER TABLE bare ALTER side DROP NOT NULL, ALTER posting_date DROP NOT NULL, ALTER currency DROP NOT NULL;
CREATE SEQUENCE numbers;
-- User and system time of this backend, in milliseconds.
CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS
$$ SELECT (f[14]::numeric + f[15]::numeric) * 10 FROM (SELECT string_to_array(pg_read_file('/proc/self/stat'), ' ') f) s $$;
SQL

# bulk TABLE: "CPU ms, elapsed ms" of one COPY of the plan
bulk() {
	psql -qXAt -v ON_ERROR_STOP=1 -v target="$1" -v file="$work/plan" <<-'SQL' | tail -1
		SELECT cpu() AS cpu, clock_timestamp() AS began \gset
		\set command '\\copy ' :target '(customer_id, kind, number, doc_date, due_date, amount) FROM ' :file
		:command
		SELECT round(cpu() - :cpu), round(extract(epoch FROM clock_timestamp() - :'began') * 1000);
	SQL
}

copy_plan() {
	psql -qX -c '\copy plan TO '"$work/plan"
}

# rate SCRIPT CLIENTS: transactions per second in one short run
rate() {
	pgbench -n -M prepared -c "$2" -j 2 -T "$SECONDS_EACH" -f "$work/$1" 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

copy_plan
IFS='|' read -r bare_cpu bare_ms < <(bulk bare)
IFS='|' read -r ledger_cpu ledger_ms < <(bulk ar.document)
echo "COPY of $ROWS invoices of $CUSTOMERS customers"
awk -v a="$bare_cpu" -v b="$ledger_cpu" -v c="$bare_ms" -v d="$ledger_ms" 'BEGIN {
	printf "  bare    %8d ms CPU %8d ms elapsed\n  ledger  %8d ms CPU %8d ms elapsed\n  ratio   %8.2f        %8.2f\n", a, c, b, d, a / b, c / d }'

psql -qX -c 'TRUNCATE bare' -c 'VACUUM ANALYZE' -c 'CHECKPOINT'
values="(:c, 'invoice', 'X' || nextval('numbers'), '2026-01-01', '2026-02-01', 100.00)"
columns="(customer_id, kind, number, doc_date, due_date, amount)"
printf '\\set c random(1, %d)\nINSERT INTO bare %s VALUES %s;\n' "$CUSTOMERS" "$columns" "$values" >"$work/bare"
printf '\\set c random(1, %d)\nINSERT INTO ar.document %s VALUES %s;\n' "$CUSTOMERS" "$columns" "$values" >"$work/insert"
printf "\\\\set c random(1, %d)\nSELECT ar.post_invoice(:c, 'X' || nextval('numbers'), '2026-01-01', 100.00, '2026-02-01');\n" "$CUSTOMERS" >"$work/function"
for flushed in off on; do
	psql -qX -c "ALTER DATABASE $db SET synchronous_commit = $flushed"
	for clients in 1 8; do
		for ((round = 0; round < ROUNDS; round++)); do
			for script in bare insert function; do
				rate $script $clients >>"$work/$script.$flushed.$clients"
			done
		done
		bare=$(median <"$work/bare.$flushed.$clients")
		for script in insert function; do
			awk -v b="$bare" -v s="$(median <"$work/$script.$flushed.$clients")" -v what="$script" -v f="$flushed" -v c="$clients" 'BEGIN {
				printf "one by one, %-8s %d client(s), commits %-11s %8.0f/s of bare %8.0f/s: %.2f\n", what, c, f == "on" ? "flushed" : "not flushed", s, b, s / b }'
		done
	done
done
