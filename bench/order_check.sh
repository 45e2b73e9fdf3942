#!/usr/bin/env bash
# What the order check costs: inserts per second into the same table, bare and watched.
#
#   tools/with-server.sh bench/order_check.sh            on a private, throw-away server
#   ROUNDS=9 SECONDS_EACH=2 bench/order_check.sh         on the server PG* variables point to
#
# Four copies of one table of orders, filled by pgbench in turn, so that a slow moment of the machine
# hits all alike; the median of the rounds is taken, and its ratio to the bare table.
#
#   bare      no trigger
#   checked   watched, decisions not stored
#   stored    watched, every decision stored
#   summed    the trigger people write: PL/pgSQL that sums the customer's open items and orders (and
#             lets two sessions exceed the limit together)
#
# Then the same for a customer with 10 and one with 10,000 open items: the check is to be flat.
set -euo pipefail
: "${ROUNDS:=7}" "${SECONDS_EACH:=2}" "${CUSTOMERS:=10000}"
db=bench_order_check
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
dropdb --if-exists "$db" 2>/dev/null; createdb "$db"; export PGDATABASE=$db

psql -qX -v ON_ERROR_STOP=1 -v customers="$CUSTOMERS" >/dev/null <<'SQL'
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
INSERT INTO ar.customer (customer_id, name) SELECT g, 'Customer ' || g FROM generate_series(1, :customers) g;
INSERT INTO ar.customer (customer_id, name) VALUES (:customers + 1, 'ten items'), (:customers + 2, 'ten thousand items');
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
SELECT g, 'invoice', 'I' || n, current_date, current_date + 30, 100 FROM generate_series(1, :customers) g, generate_series(1, 10) n
UNION ALL SELECT :customers + 1, 'invoice', 'I' || n, current_date, current_date + 30, 100 FROM generate_series(1, 10) n
UNION ALL SELECT :customers + 2, 'invoice', 'I' || n, current_date, current_date + 30, 100 FROM generate_series(1, 10000) n;
SELECT count(ar.set_credit_limit(customer_id, 1000000000000)) FROM ar.customer;

CREATE TABLE bare (id bigserial PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL,
	status text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE checked (LIKE bare INCLUDING ALL);
CREATE TABLE stored (LIKE bare INCLUDING ALL);
CREATE TABLE summed (LIKE bare INCLUDING ALL);
CREATE INDEX ON summed (customer_id);
SELECT ar.watch_orders('checked', 'customer_id', 'total', 'id', open_when => $$status <> 'cancelled'$$, record_decisions => false);
SELECT ar.watch_orders('stored', 'customer_id', 'total', 'id', open_when => $$status <> 'cancelled'$$);

CREATE TABLE plain_limit AS SELECT customer_id, 1000000000000::numeric AS amount FROM ar.customer;
ALTER TABLE plain_limit ADD PRIMARY KEY (customer_id);
CREATE FUNCTION sum_and_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT COALESCE(sum(open_amount), 0) FROM ar.item WHERE customer_id = NEW.customer_id AND open_amount > 0)
		+ (SELECT COALESCE(sum(total), 0) FROM summed WHERE customer_id = NEW.customer_id AND status <> 'cancelled')
		+ NEW.total > (SELECT amount FROM plain_limit WHERE customer_id = NEW.customer_id) THEN
		RAISE EXCEPTION 'over the limit';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER sum_and_check BEFORE INSERT ON summed FOR EACH ROW EXECUTE FUNCTION sum_and_check();
VACUUM ANALYZE;
CHECKPOINT;
SQL

# rate TABLE CUSTOMERS_EXPRESSION CLIENTS: inserts per second in one short run
rate() {
	printf '\\set c %s\n\\set a random(1, 10000)\nINSERT INTO %s (customer_id, total) VALUES (:c, :a / 100.0);\n' "$2" "$1" > "$work/$1.sql"
	pgbench -n -M prepared -T "$SECONDS_EACH" -c "$3" -j 2 -f "$work/$1.sql" "$db" 2>/dev/null | awk '/^tps/ { print $3 }'
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for clients in 1 8; do
	for ((round = 0; round <= ROUNDS; round++)); do
		for t in bare checked stored summed; do
			r=$(rate $t "random(1, $CUSTOMERS)" $clients)
			((round == 0)) || echo "$r" >> "$work/$t.$clients"
		done
	done
	bare=$(median "$work/bare.$clients")
	for t in bare checked stored summed; do
		m=$(median "$work/$t.$clients")
		awk -v t=$t -v c=$clients -v m="$m" -v b="$bare" 'BEGIN { printf "%-8s  %d client(s)  %8.0f inserts/s  %.2f of bare\n", t, c, m, m / b }'
	done
done

for ((round = 0; round <= ROUNDS; round++)); do
	for items in 10:1 10000:2; do
		for t in stored summed; do
			r=$(rate $t "$CUSTOMERS + ${items#*:}" 1)
			((round == 0)) || echo "$r" >> "$work/$t.items${items%:*}"
		done
		# the summed table itself must not grow into the comparison
		psql -qXc "TRUNCATE summed" >/dev/null
	done
done
for t in stored summed; do
	awk -v t=$t -v few="$(median "$work/$t.items10")" -v many="$(median "$work/$t.items10000")" \
		'BEGIN { printf "%-8s  one customer  %8.0f inserts/s with 10 open items, %8.0f with 10,000  (%.2f times)\n", t, few, many, few / many }'
done
dropdb "$db"
