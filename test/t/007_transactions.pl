#!/usr/bin/env perl
# 007_transactions.pl: what is gathered for the end of a statement is settled or forgotten with its transaction:
# savepoints, exception blocks, partitions written directly, two-phase commit, cursors, triggers within triggers.
use strict;
use warnings;

use Test::More;

use LedgerCluster;

my $node = start_cluster('transactions', conf => "max_prepared_transactions = 10\n");
create_database($node, 'company', <<'SQL');
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Acme', 1), ar.add_customer('Bolt', 2), ar.add_customer('Crane', 3), ar.add_customer('Dow', 4);
SELECT ar.set_credit_limit(1, 100), ar.set_credit_limit(2, 100);
CREATE TABLE orders (id bigint, region integer, customer_id bigint, total numeric, status text DEFAULT 'open') PARTITION BY LIST (region);
CREATE TABLE north PARTITION OF orders FOR VALUES IN (1);
CREATE TABLE south PARTITION OF orders FOR VALUES IN (2);
CREATE TABLE holdable (LIKE orders INCLUDING ALL) PARTITION BY LIST (region);
CREATE TABLE holdable_north PARTITION OF holdable FOR VALUES IN (1);
SELECT ar.watch_orders('orders', customer => 'customer_id', amount => 'total', order_id => 'id');
SELECT ar.watch_orders('holdable', customer => 'customer_id', amount => 'total', order_id => 'id',
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold');
SQL

# Each case starts without orders, and ends with these orders open (per customer), by the rows and by the exposure.
sub leaves
{
	my ($name, $sql, $sqlstate, $orders) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my ($got, $message) = outcome($node, 'company', undef, $sql);
	is($got, $sqlstate, "$name: ends with $sqlstate") || diag($message);
	my $left = $node->safe_psql('company', <<'SQL');
SELECT string_agg(format('%s:%s', e.customer_id, e.ordered::integer), ' ' ORDER BY customer_id) FROM ar.exposure e WHERE ordered <> 0
SQL
	is($left, $orders, "$name: what is ordered");
	is($node->safe_psql('company', 'SELECT * FROM ar.verify_ledger() UNION ALL SELECT *, NULL FROM ar.verify_chain()'), '',
		"$name: verify_ledger() and verify_chain() find nothing");
	$node->safe_psql('company', 'DELETE FROM orders; DELETE FROM holdable');
	return;
}

# ---- Savepoints and exception blocks ----

leaves('a savepoint rolled back', <<'SQL', '00000', '1:30');
BEGIN;
INSERT INTO orders VALUES (1, 1, 1, 10);
SAVEPOINT s;
INSERT INTO orders VALUES (2, 1, 1, 50), (3, 1, 2, 50);
ROLLBACK TO s;
INSERT INTO orders VALUES (4, 1, 1, 20);
COMMIT;
SQL
leaves('a savepoint released and an outer one rolled back', <<'SQL', '00000', '2:5');
BEGIN;
SAVEPOINT a;
INSERT INTO orders VALUES (1, 1, 1, 10);
SAVEPOINT b;
INSERT INTO north VALUES (2, 1, 1, 50);
RELEASE b;
ROLLBACK TO a;
INSERT INTO orders VALUES (4, 1, 2, 5);
COMMIT;
SQL
leaves('credit that a rolled-back order took is free again', <<'SQL', '00000', '1:100');
BEGIN;
SAVEPOINT s;
INSERT INTO orders VALUES (1, 1, 1, 100);
ROLLBACK TO s;
INSERT INTO orders VALUES (2, 1, 1, 100);
COMMIT;
SQL
leaves('an exception block that swallows the refusal and goes on', <<'SQL', '00000', '1:90 2:7');
DO $$
DECLARE
	total integer;
	refused integer := 0;
BEGIN
	FOREACH total IN ARRAY '{60, 50, 30, 20, 40}'::integer[] LOOP
		BEGIN
			INSERT INTO orders VALUES (total, 1, 1, total), (total, 2, 2, 1);
		EXCEPTION WHEN SQLSTATE 'RC002' THEN
			refused := refused + 1;
		END;
	END LOOP;
	IF refused <> 3 THEN RAISE 'refused %', refused; END IF;
	INSERT INTO orders VALUES (6, 2, 2, 5);
END $$;
SQL
leaves('the same for documents', <<'SQL', '00000', '');
DO $$
BEGIN
	FOR n IN 1 .. 10 LOOP
		BEGIN
			INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
				SELECT c, 'invoice', format('N-%s', n / 2), '2020-01-01', '2020-01-01', 1 FROM generate_series(3, 4) c;
		EXCEPTION WHEN unique_violation THEN NULL;
		END;
	END LOOP;
	IF (SELECT array_agg(receivable::integer) FROM ar.exposure WHERE customer_id > 2) <> '{6,6}' THEN RAISE 'receivable'; END IF;
END $$;
SQL
leaves('an error after the statement that settled', <<'SQL', '22012', '');
BEGIN;
INSERT INTO orders VALUES (1, 1, 1, 10);
SELECT 1 / 0;
COMMIT;
SQL

# ---- Partitions written directly: no trigger fires at the end of such a statement ----

leaves('a leaf, settled before commit', 'INSERT INTO north VALUES (1, 1, 1, 60)', '00000', '1:60');
leaves('a leaf, refused at commit', <<'SQL', 'RC002', '');
BEGIN;
INSERT INTO north VALUES (1, 1, 1, 60);
INSERT INTO south VALUES (2, 2, 1, 60);
COMMIT;
SQL
leaves('a leaf, settled with the next statement on the table', <<'SQL', 'RC002', '');
BEGIN;
INSERT INTO north VALUES (1, 1, 1, 60);
INSERT INTO orders VALUES (2, 2, 1, 60);
COMMIT;
SQL
leaves('a leaf, and check_credit() in between', <<'SQL', '00000', '1:60');
BEGIN;
INSERT INTO north VALUES (1, 1, 1, 60);
DO $$ BEGIN IF (SELECT exposure - receivable FROM ar.check_credit(1, 1), ar.exposure e WHERE customer_id = 1) <> 60 THEN RAISE 'not counted'; END IF; END $$;
COMMIT;
SQL
leaves('leaves and savepoints', <<'SQL', '00000', '1:30 2:1');
BEGIN;
INSERT INTO north VALUES (1, 1, 1, 10);
SAVEPOINT a;
INSERT INTO north VALUES (2, 1, 1, 500);
ROLLBACK TO a;
SAVEPOINT b;
INSERT INTO south VALUES (3, 2, 1, 20);
RELEASE b;
UPDATE north SET total = 10 WHERE id = 1;
INSERT INTO south VALUES (4, 2, 2, 1);
COMMIT;
SQL
leaves('a leaf in mode hold, over the limit together', <<'SQL', '00000', '1:60');
BEGIN;
INSERT INTO holdable_north VALUES (1, 1, 1, 60);
INSERT INTO holdable_north VALUES (2, 1, 1, 60);
COMMIT;
SQL
leaves('COPY into a leaf', "COPY north (id, region, customer_id, total) FROM STDIN;\n1\t1\t1\t60\n2\t1\t2\t5\n\\.\n", '00000', '1:60 2:5');
leaves('COPY into a leaf, over the limit', "COPY north (id, region, customer_id, total) FROM STDIN;\n1\t1\t1\t60\n2\t1\t1\t50\n\\.\n", 'RC002', '');
leaves('a leaf deleted from and filled again', <<'SQL', '00000', '1:100');
INSERT INTO orders VALUES (1, 1, 1, 100);
BEGIN;
DELETE FROM north;
INSERT INTO north VALUES (2, 1, 1, 100);
COMMIT;
SQL
leaves('a leaf written by a deferred trigger', <<'SQL', 'RC002', '');
BEGIN;
CREATE TABLE signal (id integer);
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO north VALUES (new.id, 1, 1, 101); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON signal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
INSERT INTO signal VALUES (1);
COMMIT;
SQL

# ---- Two-phase commit ----

leaves('prepared and committed', <<'SQL', '00000', '1:60 2:10');
BEGIN;
INSERT INTO orders VALUES (1, 1, 1, 60);
INSERT INTO north VALUES (2, 1, 2, 10);
PREPARE TRANSACTION 'p';
COMMIT PREPARED 'p';
SQL
leaves('prepared and rolled back', <<'SQL', '00000', '1:100');
BEGIN;
INSERT INTO orders VALUES (1, 1, 1, 60);
INSERT INTO north VALUES (2, 1, 1, 10);
PREPARE TRANSACTION 'p';
ROLLBACK PREPARED 'p';
INSERT INTO orders VALUES (1, 1, 1, 100);
SQL
leaves('refused at PREPARE', <<'SQL', 'RC002', '');
BEGIN;
INSERT INTO north VALUES (1, 1, 1, 101);
PREPARE TRANSACTION 'p';
SQL
is($node->safe_psql('company', 'SELECT count(*) FROM pg_prepared_xacts'), '0', '... and not prepared');

# A prepared order holds the customer's lock also after a restart, and then counts.
$node->safe_psql('company', "BEGIN; INSERT INTO north VALUES (1, 1, 1, 60); PREPARE TRANSACTION 'p'");
$node->restart;
refused($node, 'company', undef, '55P03', "SET lock_timeout = '100ms'; INSERT INTO orders VALUES (2, 1, 1, 50)", 'an order waits for one that is prepared');
refused($node, 'company', undef, 'RC002', <<'SQL', 'a session that gave up waiting, and goes on');
BEGIN;
SET lock_timeout = '50ms';
INSERT INTO orders VALUES (3, 2, 2, 70);
DO $$ BEGIN INSERT INTO orders VALUES (4, 1, 2, 10), (5, 1, 1, 10); EXCEPTION WHEN lock_not_available THEN NULL; END $$;
DO $$ BEGIN INSERT INTO north VALUES (6, 1, 1, 10); PERFORM ar.check_credit(1, 0); EXCEPTION WHEN lock_not_available THEN NULL; END $$;
INSERT INTO orders VALUES (7, 2, 2, 30);
INSERT INTO orders VALUES (8, 2, 2, 1);
SQL
leaves('prepared, over a restart', "COMMIT PREPARED 'p'; INSERT INTO orders VALUES (2, 1, 1, 50)", 'RC002', '1:60');

# ---- Documents: their items, their numbers and their chain go with the transaction ----

$node->safe_psql('company', "SELECT ar.set_number_range('invoice', 'N'), ar.set_number_range('payment', 'R', p_gapless => false)");
sub books { return $node->safe_psql('company', 'SELECT customer_id, chain_seq, chain_hash, receivable, unapplied FROM ar.exposure ORDER BY 1'); }
my $lines = q{'[{"quantity": 2, "unit_price": 5, "tax_rate": 10}]'};

my $books = books();
leaves('postings rolled back', <<"SQL", '00000', '');
BEGIN;
SELECT ar.post_invoice(3, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines), ar.post_payment(4, NULL, '2020-01-01', 5);
SELECT ar.take_mark('never');
SAVEPOINT s;
SELECT ar.place_hold(3, 'x');
ROLLBACK;
SQL
is(books(), $books, '... leave the books and the chain as they were');
leaves('postings of which a savepoint takes some back', <<"SQL", '00000', '');
BEGIN;
SELECT ar.post_invoice(3, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines);
SAVEPOINT s;
SELECT ar.post_invoice(3, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines), ar.set_credit_limit(3, 5), ar.place_hold(4, 'x');
SELECT ar.merge_customers(4, 3, 'one firm');
ROLLBACK TO s;
SELECT ar.post_invoice(3, NULL, '2020-01-01', 22, '2020-02-01');
COMMIT;
SQL
is($node->safe_psql('company', "SELECT string_agg(number || ' ' || amount, ', ' ORDER BY number) FROM ar.document WHERE number ~ '^N0'"),
	'N000001 11, N000002 22', '... number on without a gap');
leaves('lines that do not fit, swallowed', <<"SQL", '00000', '');
DO \$\$
BEGIN
	PERFORM ar.post_invoice(3, NULL, '2020-01-01', 12, '2020-02-01', p_lines => $lines);
EXCEPTION WHEN invalid_parameter_value THEN
	PERFORM ar.post_invoice(3, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines);
END \$\$;
SQL
is($node->safe_psql('company', "SELECT max(number) FROM ar.document WHERE number ~ '^N0'"), 'N000003', '... and the number is given back');

# Prepared, over a restart: the customer and the range wait, and the chain goes on from where it was.
$books = books();
$node->safe_psql('company', <<"SQL");
BEGIN;
SELECT ar.post_invoice(3, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines);
SELECT ar.apply_payment(3, ar.post_payment(3, NULL, '2020-01-02', 5), p_applied_on => '2020-01-02');
SELECT ar.take_mark('prepared');
PREPARE TRANSACTION 'books';
SQL
$node->restart;
is(books(), $books, 'prepared postings are not in the books');
refused($node, 'company', undef, '55P03', "SET lock_timeout = '100ms'; $_", "while they are, nobody else has: $_")
  foreach ("SELECT ar.post_payment(3, NULL, '2020-01-01', 1)", "SELECT ar.post_invoice(4, NULL, '2020-01-01', 1, '2020-01-01')");
leaves('prepared postings committed', "COMMIT PREPARED 'books'", '00000', '');
is($node->safe_psql('company', "SELECT kind, number FROM ar.document ORDER BY document_id DESC LIMIT 2"), "payment|R000002\ninvoice|N000004",
	'... with their numbers');
leaves('prepared postings rolled back', <<"SQL", '00000', '');
BEGIN;
SELECT ar.post_invoice(3, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines);
PREPARE TRANSACTION 'books';
ROLLBACK PREPARED 'books';
SELECT ar.post_invoice(4, NULL, '2020-01-01', 11, '2020-02-01', p_lines => $lines);
SQL
is($node->safe_psql('company', "SELECT max(number) FROM ar.document WHERE number ~ '^N0'"), 'N000005', '... give their number back');

# ---- Statements within statements ----

$node->safe_psql('company', <<'SQL');
CREATE TABLE cart (id bigint, customer_id bigint, total numeric);
-- Each cart row makes an order, and each order a document.
CREATE FUNCTION checkout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO orders VALUES (new.id, 1 + new.id % 2, new.customer_id, new.total);
	PERFORM ar.post_invoice(new.customer_id, format('C-%s', new.id), '2020-01-01', 1, '2020-01-01');
	RETURN NULL;
END $$;
CREATE TRIGGER checkout AFTER INSERT ON cart FOR EACH ROW EXECUTE FUNCTION checkout();
-- An order makes a second one: its own table's trigger, within its own statement.
CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.id BETWEEN 1000 AND 1999 THEN INSERT INTO orders VALUES (new.id + 1000, 1, new.customer_id, new.total); END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER a_double AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION double();
SQL
leaves('orders and documents written by a trigger', 'INSERT INTO cart SELECT n, 1 + n % 2, 9 FROM generate_series(1, 8) n', '00000', '1:36 2:36');
leaves('the same, over the limit', 'INSERT INTO cart SELECT n, 1 + n % 2, 30 FROM generate_series(11, 18) n', 'RC002', '');
leaves('an order that makes another', 'INSERT INTO orders VALUES (1000, 1, 1, 30), (1001, 1, 2, 30)', '00000', '1:60 2:60');
leaves('an order that makes one too many', 'INSERT INTO orders VALUES (1000, 1, 1, 30), (1001, 1, 1, 30)', 'RC002', '');
leaves('common table expressions', <<'SQL', '00000', '1:70 2:20');
WITH a AS (INSERT INTO orders VALUES (1, 1, 1, 50), (2, 1, 2, 20) RETURNING *),
	b AS (INSERT INTO holdable SELECT id, 1, customer_id, 20 FROM a WHERE customer_id = 1 RETURNING *)
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
	SELECT 2, 'invoice', 'cte', '2020-01-01', '2020-01-01', 1 FROM b;
SQL
leaves('a function called for each row of a query', <<'SQL', '00000', '1:50');
CREATE OR REPLACE FUNCTION place(p_id bigint) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN INSERT INTO orders VALUES (p_id, 1, 1, 10); RETURN p_id; END$$;
SELECT place(n) FROM generate_series(1, 5) n;
SQL
leaves('rows that a cursor points at', <<'SQL', '00000', '1:40');
INSERT INTO orders SELECT n, 1, 1, 10 FROM generate_series(1, 5) n;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY id FOR UPDATE;
FETCH 2 FROM c;
UPDATE orders SET total = 5 WHERE CURRENT OF c;
FETCH 1 FROM c;
DELETE FROM orders WHERE CURRENT OF c;
UPDATE orders SET total = total + 1 WHERE id > 3;
UPDATE orders SET total = total + 3 WHERE id = 1;
COMMIT;
SQL
leaves('a procedure that commits between batches', <<'SQL', 'RC002', '1:90');
CREATE OR REPLACE PROCEDURE batches() LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN 1 .. 5 LOOP
		INSERT INTO orders VALUES (n, 1, 1, 20), (10 + n, 2, 1, 10);
		COMMIT;
	END LOOP;
END $$;
CALL batches();
SQL

all_well($node, 'company', 'ar', 'at the end');
done_testing();
