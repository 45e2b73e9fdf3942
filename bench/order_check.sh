#!/usr/bin/env bash
# What the order check costs: inserts per second into the same table of orders, bare, watched, and with the trigger that
# people write.
#
#   tools/with-server.sh bench/order_check.sh                        on a private, throw-away server: some five minutes
#   ROUNDS=9 SECONDS_EACH=5 CUSTOMERS=200000 bench/order_check.sh    on the server PG* variables point to
#
# Four copies of one table, filled by pgbench in turn, so that a slow moment of the machine hits all alike; the median of
# the rounds is taken, and its ratio to the bare table.  CPU is that of the backend alone, per order, committed each: on a
# busy machine only that is steady.
#
#   bare      no trigger
#   checked   watched: a ledger's own rules, decisions not stored
#   stored    watched, and every decision stored
#   summed    PL/pgSQL that sums the customer's open items and orders, as people do
#
# fsync is the server's, then switched on and back (which takes a superuser; FSYNC="" leaves it alone).
set -euo pipefail
: "${ROUNDS:=5}" "${SECONDS_EACH:=2}" "${CUSTOMERS:=10000}" "${ITEMS:=10 1000 10000}" "${HELD:=2000}" "${FSYNC=off on}"
db=bench_order_check
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
dropdb --if-exists "$db" 2>/dev/null; createdb "$db"; export PGDATABASE=$db
sql() { psql -qXAt -v ON_ERROR_STOP=1 "$@"; }

sql -v customers="$CUSTOMERS" -v items="$ITEMS" >/dev/null <<'SQL'
CREATE EXTENSION credit_control;
SELECT credit.create_ledger('ar', 'USD');
-- Ten open items each; and after them one customer for each number of items.
CREATE TABLE heavy AS SELECT :customers + n AS customer_id, items::integer
	FROM string_to_table(:'items', ' ') WITH ORDINALITY h (items, n);
INSERT INTO ar.customer (customer_id, name) SELECT g, 'Customer ' || g FROM generate_series(1, :customers + (SELECT count(*) FROM heavy)) g;
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
SELECT g, 'invoice', 'I' || n, current_date, current_date + 30, 100 FROM generate_series(1, :customers) g, generate_series(1, 10) n
UNION ALL SELECT h.customer_id, 'invoice', 'I' || n, current_date, current_date + 30, 100 FROM heavy h, generate_series(1, h.items) n;
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

-- CPU in microseconds per order of one customer (NULL: of any), each in a transaction of its own.
CREATE PROCEDURE measure(target regclass, customer bigint, customers bigint, INOUT cpu numeric, orders integer) LANGUAGE plpgsql AS $$
DECLARE
	spent numeric;
BEGIN
	FOR turn IN 0 .. 1 LOOP		-- the first warms up
		spent := split_part(pg_read_file('/proc/self/schedstat'), ' ', 1);
		FOR n IN 1 .. CASE turn WHEN 0 THEN orders / 10 ELSE orders END LOOP
			CASE target
				WHEN 'bare'::regclass THEN INSERT INTO bare (customer_id, total) VALUES (COALESCE(customer, 1 + n * 7919 % customers), 1);
				WHEN 'checked'::regclass THEN INSERT INTO checked (customer_id, total) VALUES (COALESCE(customer, 1 + n * 7919 % customers), 1);
				WHEN 'stored'::regclass THEN INSERT INTO stored (customer_id, total) VALUES (COALESCE(customer, 1 + n * 7919 % customers), 1);
				ELSE INSERT INTO summed (customer_id, total) VALUES (COALESCE(customer, 1 + n * 7919 % customers), 1);
			END CASE;
			COMMIT;
		END LOOP;
		cpu := round((split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric - spent) / 1000 / orders, 1);
	END LOOP;
END $$;
VACUUM ANALYZE;
CHECKPOINT;
SQL

# rate TABLE CUSTOMERS_EXPRESSION CLIENTS: inserts per second in one short run
rate() {
	printf '\\set c %s\n\\set a random(1, 10000)\nINSERT INTO %s (customer_id, total) VALUES (:c, :a / 100.0);\n' "$2" "$1" >"$work/$1.sql"
	pgbench -n -M prepared -T "$SECONDS_EACH" -c "$3" -j 2 -f "$work/$1.sql" "$db" 2>/dev/null | awk '/^tps/ { print $3 }'
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
load() { cut -d' ' -f1 /proc/loadavg; }
# What is left of the rounds before must not grow into the comparison.
clean() { sql -c 'TRUNCATE summed, bare' >/dev/null; }

# compare NAME CUSTOMERS_EXPRESSION CLIENTS TABLE...: medians of the rounds, each table in turn
compare() {
	local name=$1 customers=$2 clients=$3 t round m; shift 3
	rm -f "$work"/*.rate
	for ((round = 0; round <= ROUNDS; round++)); do
		for t; do
			m=$(rate "$t" "$customers" "$clients")
			((round == 0)) || echo "$m" >>"$work/$t.rate"
		done
		clean
	done
	for t; do
		awk -v n="$name" -v t="$t" -v c="$clients" -v m="$(median "$work/$t.rate")" -v b="$(median "$work/bare.rate")" \
			'BEGIN { printf "%-28s %d client(s)  %-8s %8.0f orders/s  %6.3f of bare\n", n, c, t, m, m / b }'
	done
}

echo "load $(load); $CUSTOMERS customers of 10 open items"
was=$(sql -c 'SHOW fsync')
for fsync in ${FSYNC:-$was}; do
	[ -z "$FSYNC" ] || sql -c "ALTER SYSTEM SET fsync = $fsync" -c 'SELECT pg_reload_conf()' >/dev/null
	for clients in 1 8; do
		compare "fsync $fsync" "random(1, $CUSTOMERS)" $clients bare checked stored summed
	done
done
[ -z "$FSYNC" ] || sql -c 'ALTER SYSTEM RESET fsync' -c 'SELECT pg_reload_conf()' >/dev/null
compare "one customer for all" 1 8 bare stored
echo "load $(load)"

echo "CPU of the backend per order, microseconds:"
for t in bare checked stored summed; do
	printf '  %-8s any customer %8.1f\n' "$t" "$(sql -c "CALL measure('$t', NULL, $CUSTOMERS, NULL, 10000)")"
	clean
done
n=0
for items in $ITEMS; do
	n=$((n + 1))
	# Few orders for the sum, which has to read those before as well.
	for t in stored:5000 summed:200; do
		printf '  %-8s %6d open items %8.1f\n' "${t%:*}" "$items" \
			"$(sql -c "CALL measure('${t%:*}', $((CUSTOMERS + n)), 1, NULL, ${t#*:})")"
		clean
	done
done

# Two sessions at once, each with an order of 60 for a customer with a limit of 100.
sql -c "SELECT ar.add_customer('Race', 999999999), ar.set_credit_limit(999999999, 100)" -c "INSERT INTO plain_limit VALUES (999999999, 100)" >/dev/null
for t in summed stored; do
	for _ in 1 2; do
		sql -c "BEGIN" -c "INSERT INTO $t (customer_id, total) VALUES (999999999, 60)" -c "SELECT pg_sleep(0.5)" -c "COMMIT" >/dev/null 2>&1 &
	done
	wait
	echo "$t: two sessions at once order $(sql -c "SELECT sum(total) FROM $t WHERE customer_id = 999999999") against a limit of 100"
done

# Orders on hold of many customers, half of whom have paid since.
sql -v held="$HELD" >/dev/null <<'SQL'
CREATE TABLE held (LIKE bare INCLUDING ALL);
SELECT ar.watch_orders('held', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold');
SELECT count(ar.set_credit_limit(g, 1500)) FROM generate_series(1, :held) g;
INSERT INTO held (customer_id, total) SELECT g, 1000000 FROM generate_series(1, :held) g;
SELECT count(ar.set_credit_limit(g, 1000000000, current_date, NULL, 'raised')) FROM generate_series(1, :held, 2) g;
SQL
began=$(date +%s%N)
sql -c 'CALL ar.reevaluate_holds()' >"$work/released"
ended=$(date +%s%N)
awk -v n="$HELD" -v ns=$((ended - began)) -v r="$(tr '|' ' ' <"$work/released")" 'BEGIN { split(r, a, " ")
	printf "reevaluate_holds(): %d customers with an order on hold, %d orders released, %.2f s: %.2f ms per customer\n", n, a[2], ns / 1e9, ns / 1e6 / n }'
echo "load $(load)"
dropdb "$db"
