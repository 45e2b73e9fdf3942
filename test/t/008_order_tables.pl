#!/usr/bin/env perl
# 008_order_tables.pl: tables of orders as applications really have them, and every statement that writes to them.
# Whatever the table looks like, what is ordered is what its open rows say.
use strict;
use warnings;

use Test::More;

use LedgerCluster;

my $node = start_cluster('order_tables');
create_database($node, 'company', <<'SQL');
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Acme', 1), ar.add_customer('Bolt', 2);
SELECT ar.set_credit_limit(1, 100), ar.set_credit_limit(2, 100);
CREATE SCHEMA shop;
-- The SQLSTATE a statement ends with, or the rows it touched.
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN format('%s rows', n);
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate;
END $$;
SQL

my $watch = "SELECT ar.watch_orders('shop.o', customer => 'customer_id', amount => 'total', order_id => 'id')";
my $watch_hold = "SELECT ar.watch_orders('shop.o', customer => 'customer_id', amount => 'total', order_id => 'id',"
  . " mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold')";

# A table shop.o is made and watched; each statement must end as it says; then this must be ordered, by customer.
sub table_of_orders
{
	my ($name, $make, $statements, $ordered) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @statements = @$statements;
	my ($sql, @wanted) = ('');

	while (my ($statement, $result) = splice @statements, 0, 2)
	{
		$sql .= "SELECT try(\$statement\$$statement\$statement\$);\n";
		push @wanted, "$statement: $result";
	}
	my ($made, $message) = outcome($node, 'company', undef, $make);
	is($made, '00000', "$name: made") || diag($message);
	my @results = split /\n/, $node->safe_psql('company', $sql);
	is_deeply([ map { ($wanted[$_] =~ /(.*): /s)[0] . ": $results[$_]" } 0 .. $#wanted ], \@wanted, $name);
	is($node->safe_psql('company', 'SELECT array_agg(ordered::float ORDER BY customer_id) FROM ar.exposure'), $ordered, "$name: what is ordered");
	all_well($node, 'company', 'ar', $name);
	$node->safe_psql('company', "SET client_min_messages = error; DELETE FROM shop.o; SELECT ar.unwatch_orders('shop.o');"
		  . ' DROP SCHEMA shop CASCADE; CREATE SCHEMA shop');
	return;
}

# ---- Columns ----

table_of_orders('composite columns', <<"SQL",
CREATE TYPE shop.address AS (street text, country char(2));
CREATE TYPE shop.price AS (amount numeric, currency text);
CREATE TABLE shop.o (ship_to shop.address, id text, net shop.price, customer_id integer, total numeric, lines shop.price[]);
SELECT ar.watch_orders('shop.o', customer => 'customer_id', amount => 'total', order_id => 'id',
	open_when => '(ship_to).country <> ''XX'' AND (net).amount > 0');
SQL
	[
		q{INSERT INTO shop.o VALUES (('High Street', 'GB'), 'a', (50, 'GBP'), 1, 60, '{}')}            => '1 rows',
		q{INSERT INTO shop.o VALUES (('High Street', 'XX'), 'b', (50, 'GBP'), 1, 60, '{}')}            => '1 rows',
		q{INSERT INTO shop.o VALUES (('High Street', 'GB'), 'c', (50, 'GBP'), 1, 41, '{"(1,USD)"}')}   => 'RC002',
		q{UPDATE shop.o SET ship_to.country = 'GB' WHERE id = 'b'}                                     => 'RC002',
		q{UPDATE shop.o SET net.amount = 0 WHERE id = 'a'}                                             => '1 rows',
		q{UPDATE shop.o SET ship_to.country = 'GB' WHERE id = 'b'}                                     => '1 rows',
		# An order counts unless it is known not to.
		q{INSERT INTO shop.o VALUES (NULL, 'd', NULL, 2, 70, NULL)}                                    => '1 rows',
	],
	'{60,70}');

table_of_orders('a typed table', "CREATE TYPE shop.t AS (id uuid, customer_id smallint, total bigint); CREATE TABLE shop.o OF shop.t; $watch", [
		q{INSERT INTO shop.o VALUES (gen_random_uuid(), 1, 100)} => '1 rows',
		q{INSERT INTO shop.o VALUES (gen_random_uuid(), 1, 1)}   => 'RC002',
		q{INSERT INTO shop.o VALUES (gen_random_uuid(), 2, -1)}  => '22023',
		q{INSERT INTO shop.o VALUES (NULL, 2, 1)}                => '1 rows',
		q{INSERT INTO shop.o VALUES (NULL, NULL, 1)}             => '23502',
		q{INSERT INTO shop.o VALUES (NULL, 2, NULL)}             => '23502',
		q{INSERT INTO shop.o VALUES (NULL, 3, 1)}                => '23503',
	],
	'{100,1}');

table_of_orders('a generated amount', <<"SQL",
CREATE TABLE shop.o (id bigint GENERATED ALWAYS AS IDENTITY, quantity integer, price numeric(10, 2),
	total numeric GENERATED ALWAYS AS (quantity * price) STORED, customer_id bigint, status text);
$watch
SQL
	[
		q{INSERT INTO shop.o (quantity, price, customer_id) VALUES (5, 12, 1)} => '1 rows',
		q{INSERT INTO shop.o (quantity, price, customer_id) VALUES (1, 41, 1)} => 'RC002',
		q{UPDATE shop.o SET quantity = 9}                                      => 'RC002',
		q{UPDATE shop.o SET quantity = 8}                                      => '1 rows',
	],
	'{96,0}');
{
	$node->safe_psql('company', 'CREATE TABLE shop.g (id bigint, net numeric, total numeric GENERATED ALWAYS AS (net * 2) STORED, customer_id bigint, status text, state text)');
	my $mode = "mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold'";
	refused($node, 'company', undef, '42P17', "SELECT ar.watch_orders('shop.g', 'customer_id', 'total', 'id', $mode)",
		'mode hold refuses a generated amount');
	refused($node, 'company', undef, '42P17', "SELECT ar.watch_orders('shop.g', 'customer_id', 'net', 'id', 'total > 0', $mode)",
		'mode hold refuses a condition on a generated column');
	refused($node, 'company', undef, '42804', $_->[0], "refused: $_->[1]")
	  foreach (
		[ "CREATE DOMAIN shop.money AS numeric; ALTER TABLE shop.g ADD sum shop.money; SELECT ar.watch_orders('shop.g', 'customer_id', 'sum', 'id')", 'a domain' ],
		[ "ALTER TABLE shop.g ADD f float8; SELECT ar.watch_orders('shop.g', 'customer_id', 'f', 'id')", 'floating point' ],
		[ "SELECT ar.watch_orders('shop.g', 'status', 'net', 'id')", 'a customer that is text' ]);
	refused($node, 'company', undef, '42809', $_->[0], "refused: $_->[1]")
	  foreach (
		[ "CREATE VIEW shop.v AS SELECT * FROM shop.g; SELECT ar.watch_orders('shop.v', 'customer_id', 'net', 'id')", 'a view' ],
		[ "CREATE MATERIALIZED VIEW shop.m AS SELECT * FROM shop.g; SELECT ar.watch_orders('shop.m', 'customer_id', 'net', 'id')", 'a materialized view' ],
		[ "CREATE TEMP TABLE t AS SELECT * FROM shop.g; SELECT ar.watch_orders('t', 'customer_id', 'net', 'id')", 'a temporary table' ],
		[ "CREATE TABLE shop.p (id bigint, customer_id bigint, total numeric) PARTITION BY LIST (id); CREATE TABLE shop.p1 PARTITION OF shop.p DEFAULT; SELECT ar.watch_orders('shop.p1', 'customer_id', 'total', 'id')", 'a partition' ]);
	$node->safe_psql('company', 'DROP SCHEMA shop CASCADE; CREATE SCHEMA shop');
}

foreach my $status ('text', 'varchar(10)', 'char(10)', "shop.status")
{
	table_of_orders("status of type $status", <<"SQL",
CREATE TYPE shop.status AS ENUM ('draft', 'open', 'on hold');
CREATE TABLE shop.o (id integer PRIMARY KEY, customer_id integer, total integer, status $status);
$watch_hold
SQL
		[
			q{INSERT INTO shop.o VALUES (1, 1, 60, 'open'), (2, 1, 60, 'open'), (3, 1, 40, NULL)} => '3 rows',
			q{UPDATE shop.o SET total = 1 WHERE id = 2 AND status = 'on hold'}                    => '1 rows',
			q{UPDATE shop.o SET status = 'open' WHERE id = 2}                                     => 'RC002',
			q{DELETE FROM shop.o WHERE id = 3 AND status = 'open'}                                => '1 rows',
			q{UPDATE shop.o SET status = 'open' WHERE id = 2}                                     => '1 rows',
		],
		'{61,0}');
}

table_of_orders('names with capitals, spaces and quotes', <<"SQL",
CREATE TABLE shop.o ("Order No" text, "SELECT" bigint, "Gross ""Total""" numeric, "état" text);
SELECT ar.watch_orders('shop.o', customer => 'SELECT', amount => 'Gross "Total"', order_id => 'Order No', open_when => '"état" = ''ouvert''');
SQL
	[
		q{INSERT INTO shop.o VALUES ('1''; DROP TABLE shop.o', 1, 60, 'ouvert')} => '1 rows',
		q{INSERT INTO shop.o VALUES ('"', 1, 60, 'ouvert')}                      => 'RC002',
		q{INSERT INTO shop.o VALUES ('"', 1, 60, 'fermé')}                       => '1 rows',
	],
	'{60,0}');

table_of_orders('dropped, added and reordered columns', <<"SQL",
CREATE TABLE shop.o (junk text, id integer, more_junk text, customer_id integer, total numeric, status text DEFAULT 'open');
ALTER TABLE shop.o DROP junk;
$watch_hold;
ALTER TABLE shop.o DROP more_junk;
ALTER TABLE shop.o ADD note text DEFAULT repeat('x', 100000);
SQL
	[
		q{INSERT INTO shop.o VALUES (1, 1, 60), (2, 1, 60)}                   => '2 rows',
		q{ALTER TABLE shop.o DROP note; ALTER TABLE shop.o ADD note2 integer} => '0 rows',
		q{INSERT INTO shop.o VALUES (3, 1, 40)}                               => '1 rows',
		q{UPDATE shop.o SET total = 61 WHERE id = 1}                          => '1 rows',
		q{ALTER TABLE shop.o RENAME total TO gross}                           => '0 rows',
		q{INSERT INTO shop.o VALUES (4, 2, 1)}                                => '42703',
		q{ALTER TABLE shop.o RENAME gross TO total}                           => '0 rows',
		q{ALTER TABLE shop.o ALTER total TYPE numeric(12, 4)}                 => '0 rows',
		q{INSERT INTO shop.o VALUES (5, 2, 1.005)}                            => '22003',
		q{ALTER TABLE shop.o ALTER total TYPE float8}                         => '0 rows',
		q{INSERT INTO shop.o VALUES (6, 2, 1)}                                => '42804',
		q{ALTER TABLE shop.o ALTER total TYPE bigint}                         => '0 rows',
		q{INSERT INTO shop.o VALUES (7, 2, 1)}                                => '1 rows',
	],
	'{40,1}');

# ---- Partitions ----

table_of_orders('partitions with columns in another order', <<"SQL",
CREATE TABLE shop.o (id integer, region text, customer_id integer, total numeric, status text DEFAULT 'open') PARTITION BY LIST (region);
CREATE TABLE shop.same PARTITION OF shop.o FOR VALUES IN ('same');
CREATE TABLE shop.other (gone integer, total numeric, status text, customer_id integer, region text, id integer);
ALTER TABLE shop.other DROP gone;
ALTER TABLE shop.o ATTACH PARTITION shop.other FOR VALUES IN ('other');
CREATE TABLE shop.deep (status text, id integer, customer_id integer, region text, total numeric) PARTITION BY HASH (id);
CREATE TABLE shop.deeper (total numeric, region text, status text, id integer, customer_id integer);
ALTER TABLE shop.deep ATTACH PARTITION shop.deeper FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE shop.o ATTACH PARTITION shop.deep DEFAULT;
$watch_hold
SQL
	[
		q{INSERT INTO shop.o VALUES (1, 'same', 1, 30), (2, 'other', 1, 30), (3, 'deep', 1, 30), (4, 'deep', 1, 30)} => '4 rows',
		q{DELETE FROM shop.o WHERE status = 'on hold' AND id = 4}                                                   => '1 rows',
		q{UPDATE shop.o SET region = 'deep', total = 40 WHERE id = 1}                                               => '1 rows',
		q{UPDATE shop.o SET region = 'other' WHERE id = 3}                                                          => '1 rows',
		q{UPDATE shop.o SET region = 'same', customer_id = 2 WHERE id = 2}                                          => '1 rows',
		q{INSERT INTO shop.other (id, region, customer_id, total, status) VALUES (5, 'other', 2, 70, 'open')}       => '1 rows',
		q{INSERT INTO shop.deeper (id, region, customer_id, total, status) VALUES (6, 'deep', 2, 1, 'open')}        => '1 rows',
		q{DELETE FROM shop.o WHERE status = 'on hold' AND id = 6}                                                   => '1 rows',
		q{TRUNCATE shop.o}                                                                                          => 'RC008',
		q{TRUNCATE shop.deeper}                                                                                     => 'RC008',
		q{TRUNCATE shop.other}                                                                                      => 'RC008',
	],
	'{70,100}');

# A partition that comes with open orders, or goes with some, is told by verify_ledger().
$node->safe_psql('company', <<"SQL");
CREATE TABLE shop.o (id integer, customer_id integer, total numeric) PARTITION BY LIST (id);
CREATE TABLE shop.o1 PARTITION OF shop.o FOR VALUES IN (1);
$watch;
INSERT INTO shop.o VALUES (1, 1, 10);
CREATE TABLE shop.o2 (LIKE shop.o);
INSERT INTO shop.o2 VALUES (2, 1, 20);
ALTER TABLE shop.o ATTACH PARTITION shop.o2 FOR VALUES IN (2);
SQL
is( $node->safe_psql('company', "SELECT problem, object FROM credit.check_ledger('ar'); SELECT problem, kept::float, recomputed::float FROM ar.verify_ledger()"),
	"partition without TRUNCATE trigger|shop.o2\nordered|10|30", 'an attached partition is told');
$node->safe_psql('company', "SELECT ar.watch_partitions('shop.o'), ar.rebuild_ledger()");
all_well($node, 'company', 'ar', 'an attached partition');
$node->safe_psql('company', 'ALTER TABLE shop.o DETACH PARTITION shop.o1');
is($node->safe_psql('company', 'SELECT problem, kept::float, recomputed::float FROM ar.verify_ledger()'), 'ordered|30|20', 'a detached partition is told');
$node->safe_psql('company', 'SELECT ar.rebuild_ledger()');
is($node->safe_psql('company', 'SELECT * FROM ar.verify_ledger()'), '', 'a detached partition: rebuilt');
$node->safe_psql('company', "SET client_min_messages = error; DELETE FROM shop.o; SELECT ar.unwatch_orders('shop.o'); DROP SCHEMA shop CASCADE; CREATE SCHEMA shop");

# ---- Statements ----

my $plain = "CREATE TABLE shop.o (id integer PRIMARY KEY, customer_id integer, total numeric, status text DEFAULT 'open')";

table_of_orders('MERGE', "$plain; $watch", [
		q{INSERT INTO shop.o VALUES (1, 1, 60), (2, 2, 60)}                            => '2 rows',
		q{MERGE INTO shop.o USING (VALUES (1, 20), (2, 0), (3, 20)) v (id, more) ON o.id = v.id
			WHEN MATCHED AND more = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET total = o.total + more
			WHEN NOT MATCHED THEN INSERT VALUES (v.id, 1, more)}                       => '3 rows',
		q{MERGE INTO shop.o USING (VALUES (1, 1), (4, 1)) v (id, more) ON o.id = v.id
			WHEN MATCHED THEN UPDATE SET total = o.total + more
			WHEN NOT MATCHED THEN INSERT VALUES (v.id, 2, more)}                       => 'RC002',
		q{MERGE INTO shop.o USING (VALUES (1, 1), (4, 5)) v (id, more) ON o.id = v.id
			WHEN MATCHED THEN UPDATE SET customer_id = 2
			WHEN NOT MATCHED THEN INSERT VALUES (v.id, 2, more)}                       => '2 rows',
	],
	'{20,85}');

table_of_orders('ON CONFLICT', "$plain; $watch_hold", [
		q{INSERT INTO shop.o VALUES (1, 1, 60)}                                                                              => '1 rows',
		q{INSERT INTO shop.o VALUES (1, 1, 60) ON CONFLICT DO NOTHING}                                                       => '0 rows',
		q{INSERT INTO shop.o VALUES (1, 1, 40), (2, 2, 100) ON CONFLICT (id) DO UPDATE SET total = o.total + excluded.total} => '2 rows',
		q{INSERT INTO shop.o VALUES (1, 1, 1) ON CONFLICT (id) DO UPDATE SET total = 99}                                     => '1 rows',
		q{INSERT INTO shop.o VALUES (1, 1, 1), (2, 2, 1) ON CONFLICT (id) DO UPDATE SET customer_id = 3 - o.customer_id}     => '2 rows',
		q{DELETE FROM shop.o WHERE status = 'open'}                                                                          => '0 rows',
		q{UPDATE shop.o SET status = 'open' WHERE id = 1}                                                                    => '1 rows',
	],
	'{0,99}');

table_of_orders('UPDATE and DELETE with other tables', "$plain; $watch; CREATE TABLE shop.move AS SELECT 1 AS id, 2 AS customer_id UNION ALL SELECT 2, 1", [
		q{INSERT INTO shop.o VALUES (1, 1, 90), (2, 2, 80)}                                                => '2 rows',
		q{UPDATE shop.o SET customer_id = m.customer_id FROM shop.move m WHERE m.id = o.id}                => '2 rows',
		q{UPDATE shop.o SET customer_id = 1 FROM shop.move m WHERE m.id = o.id AND m.customer_id = 2}      => 'RC002',
		q{UPDATE shop.o SET customer_id = m.customer_id, total = 110 - o.total FROM shop.move m WHERE m.id = o.id} => '2 rows',
		q{UPDATE shop.o SET id = id + 10}                                                                  => '2 rows',
		q{UPDATE shop.o SET customer_id = 9 WHERE id = 11}                                                 => '23503',
		q{DELETE FROM shop.o USING shop.move m WHERE m.customer_id = o.customer_id AND o.customer_id = 1}  => '1 rows',
		q{INSERT INTO shop.o SELECT id + 100, 1, total FROM shop.o}                                        => '1 rows',
		q{TRUNCATE shop.o}                                                                                 => 'RC008',
	],
	'{20,20}');

table_of_orders('triggers of the application that change the amount', <<"SQL",
$plain;
CREATE FUNCTION shop.add_tax() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN new.total := new.total * 1.25; RETURN new; END\$\$;
CREATE TRIGGER tax BEFORE INSERT ON shop.o FOR EACH ROW EXECUTE FUNCTION shop.add_tax();
CREATE FUNCTION shop.skip() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN IF new.id < 0 THEN RETURN NULL; END IF; RETURN new; END\$\$;
CREATE TRIGGER zzz_skip BEFORE INSERT OR UPDATE ON shop.o FOR EACH ROW EXECUTE FUNCTION shop.skip();
$watch_hold
SQL
	[
		q{INSERT INTO shop.o VALUES (1, 1, 80)}                                   => '1 rows',
		q{DELETE FROM shop.o WHERE status = 'open' AND total = 100}               => '1 rows',
		q{INSERT INTO shop.o VALUES (2, 1, 81), (3, 1, 8)}                        => '2 rows',
		q{DELETE FROM shop.o WHERE status = 'on hold' AND total = 101.25}         => '1 rows',
		# What a later trigger keeps out takes no credit, whatever was decided on it.
		q{INSERT INTO shop.o VALUES (-1, 1, 40)}                                  => '0 rows',
		q{INSERT INTO shop.o VALUES (4, 1, 72)}                                   => '1 rows',
	],
	'{100,0}');

table_of_orders('a trigger of the application that raises the amount after the decision', <<"SQL",
$plain;
CREATE FUNCTION shop.late_tax() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN new.total := new.total * 2; new.customer_id := 2; RETURN new; END\$\$;
CREATE TRIGGER zzz_tax BEFORE INSERT ON shop.o FOR EACH ROW EXECUTE FUNCTION shop.late_tax();
$watch_hold
SQL
	[
		q{INSERT INTO shop.o VALUES (1, 1, 40)} => '1 rows',
		# What is stored is checked again; it cannot be put on hold any more.
		q{INSERT INTO shop.o VALUES (2, 1, 40)} => 'RC002',
	],
	'{0,80}');

table_of_orders('foreign keys that cascade', <<"SQL",
CREATE TABLE shop.account (id integer PRIMARY KEY);
INSERT INTO shop.account VALUES (1), (2);
CREATE TABLE shop.o (id integer, customer_id integer REFERENCES shop.account ON DELETE CASCADE ON UPDATE CASCADE, total numeric);
$watch
SQL
	[
		q{INSERT INTO shop.o VALUES (1, 1, 60), (2, 2, 60), (3, 2, 30)} => '3 rows',
		q{DELETE FROM shop.account WHERE id = 1}                        => '1 rows',
		q{UPDATE shop.account SET id = 1 WHERE id = 2}                  => '1 rows',
		q{INSERT INTO shop.o VALUES (4, 1, 11)}                         => 'RC002',
	],
	'{90,0}');

table_of_orders('views and rules before the table', <<"SQL",
$plain; $watch;
CREATE VIEW shop.simple AS SELECT id, customer_id AS buyer, total FROM shop.o;
CREATE VIEW shop.clever AS SELECT id, sum(total) AS total FROM shop.o GROUP BY id;
CREATE FUNCTION shop.write() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN INSERT INTO shop.o VALUES (new.id, 1, new.total); RETURN new; END\$\$;
CREATE TRIGGER write INSTEAD OF INSERT ON shop.clever FOR EACH ROW EXECUTE FUNCTION shop.write();
CREATE TABLE shop.inbox (id integer, total numeric);
CREATE RULE forward AS ON INSERT TO shop.inbox DO ALSO INSERT INTO shop.o VALUES (new.id, 2, new.total);
SQL
	[
		q{INSERT INTO shop.simple VALUES (1, 1, 60)}                  => '1 rows',
		q{INSERT INTO shop.simple VALUES (2, 1, 41)}                  => 'RC002',
		q{UPDATE shop.simple SET total = total - 10}                  => '1 rows',
		q{INSERT INTO shop.clever VALUES (3, 51)}                     => 'RC002',
		q{INSERT INTO shop.clever VALUES (3, 50)}                     => '1 rows',
		q{INSERT INTO shop.inbox VALUES (4, 101)}                     => 'RC002',
		q{INSERT INTO shop.inbox VALUES (4, 60), (5, 10)}             => '2 rows',
	],
	'{100,70}');

# ---- Much at once is the same as one by one ----

# 100,000 orders of 1,000 customers in one statement, and in another ledger those of every tenth customer row by row.
$node->safe_psql('company', <<'SQL');
CREATE TABLE shop.bulk (id integer PRIMARY KEY, customer_id integer, total numeric, status text DEFAULT 'open');
CREATE TABLE shop.single (LIKE shop.bulk INCLUDING ALL);
CREATE FUNCTION shop.ledger(name text, orders text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM credit.create_ledger(name::name, 'USD');
	EXECUTE format('INSERT INTO %I.customer (customer_id, name) SELECT n, n FROM generate_series(1, 1000) n', name);
	EXECUTE format('SELECT %1$I.set_credit_limit(customer_id, 1000 + customer_id %% 7) FROM %1$I.customer', name);
	EXECUTE format('SELECT %I.watch_orders(%L, ''customer_id'', ''total'', ''id'', mode => ''hold'', status_column => ''status'',
		open_value => ''open'', hold_value => ''on hold'')', name, orders);
END $$;
SELECT shop.ledger('one', 'shop.bulk'), shop.ledger('two', 'shop.single');
CREATE TABLE shop.source AS SELECT n AS id, 1 + n * 7919 % 1000 AS customer_id, 1 + n::bigint * 104729 % 4001 / 100.0 AS total FROM generate_series(1, 100000) n;
INSERT INTO shop.bulk SELECT * FROM shop.source ORDER BY id;
DO $$
DECLARE
	o record;
BEGIN
	FOR o IN SELECT * FROM shop.source WHERE customer_id % 10 = 0 ORDER BY id LOOP
		INSERT INTO shop.single VALUES (o.id, o.customer_id, o.total);
	END LOOP;
END $$;
SQL
is($node->safe_psql('company', 'SELECT status, count(*) > 10000 FROM shop.bulk GROUP BY status ORDER BY status'), "on hold|t\nopen|t", 'in bulk some pass and some do not');
is($node->safe_psql('company', 'SELECT count(*) FROM (SELECT * FROM shop.bulk WHERE customer_id % 10 = 0 EXCEPT SELECT * FROM shop.single) x'), '0', 'the same orders pass one by one');
is($node->safe_psql('company', 'SELECT count(*) FROM (SELECT * FROM one.exposure WHERE customer_id % 10 = 0 EXCEPT SELECT * FROM two.exposure) x'), '0', 'exposures are the same');
is( $node->safe_psql('company', 'SELECT count(*) FROM (SELECT customer_id, order_id, outcome, amount, ordered, checks FROM one.decision WHERE customer_id % 10 = 0'
		  . ' EXCEPT SELECT customer_id, order_id, outcome, amount, ordered, checks FROM two.decision) x'),
	'0', 'so are decisions, with their figures');
$node->safe_psql('company', <<'SQL');
UPDATE shop.bulk SET total = total * 2, customer_id = 1 + customer_id % 1000 WHERE status = 'open' AND id % 2 = 0;
DELETE FROM shop.bulk WHERE id % 3 = 0;
SQL
is($node->safe_psql('company', 'SELECT count(*) FROM one.exposure WHERE ordered > limit_amount'), '0', 'changes in bulk: no limit exceeded');
is($node->safe_psql('company', 'SELECT * FROM one.verify_ledger() UNION ALL SELECT * FROM two.verify_ledger()'), '', 'in bulk: verify_ledger() finds nothing');

# ---- What documents do to orders ----

$node->safe_psql('company', <<'SQL');
CREATE TABLE shop.o (id text PRIMARY KEY, customer_id integer, total numeric, status text DEFAULT 'open');
SELECT ar.watch_orders('shop.o', customer => 'customer_id', amount => 'total', order_id => 'id');
SELECT ar.add_customer('Deposits', 10), ar.add_customer('Former', 11), ar.add_customer('Cheques', 12);
SELECT ar.set_credit_limit(c, 100) FROM generate_series(10, 12) c;
SELECT ar.post_deposit(10, 'D', '2020-01-01', 50, 'o-1');
SQL
refused($node, 'company', undef, 'RC002', "INSERT INTO shop.o VALUES ('o-2', 10, 140)", 'a deposit frees nothing for another order');
allowed($node, 'company', undef, "INSERT INTO shop.o VALUES ('o-1', 10, 140) RETURNING id", 'o-1', 'a deposit frees credit for its own order');
refused($node, 'company', undef, 'RC002', "INSERT INTO shop.o VALUES ('o-3', 10, 11)", '... and is used once');

# Uncleared money closes items but frees no credit.
$node->safe_psql('company', "SELECT ar.post_invoice(12, 'I', '2020-01-01', 90, '2099-01-01'), ar.post_payment(12, 'P', '2020-01-01', 90, p_clears_on => '2099-01-01')");
refused($node, 'company', undef, 'RC002', "INSERT INTO shop.o VALUES ('o-4', 12, 20)", 'money that has to clear frees no credit');
$node->safe_psql('company', "SELECT ar.confirm_clearing(12, document_id) FROM ar.document WHERE customer_id = 12 AND kind = 'payment'");
allowed($node, 'company', undef, "INSERT INTO shop.o VALUES ('o-4', 12, 20) RETURNING id", 'o-4', '... until it has');
$node->safe_psql('company', "SELECT ar.return_payment(12, document_id) FROM ar.document WHERE customer_id = 12 AND kind = 'payment'");
refused($node, 'company', undef, 'RC002', "UPDATE shop.o SET total = 21 WHERE id = 'o-4'", '... and comes back');

# A merged customer takes no orders; what is open of it moves before.
$node->safe_psql('company', "INSERT INTO shop.o VALUES ('o-5', 11, 10)");
refused($node, 'company', undef, '55000', "SELECT ar.merge_customers(11, 12, 'one firm')", 'a customer with open orders is not merged');
$node->safe_psql('company', "DELETE FROM shop.o WHERE id = 'o-5'; SELECT ar.merge_customers(11, 12, 'one firm')");
refused($node, 'company', undef, '23503', "INSERT INTO shop.o VALUES ('o-5', 11, 10)", 'a merged customer takes no orders');
all_well($node, 'company', 'ar', 'orders and documents');

done_testing();
