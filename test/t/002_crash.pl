#!/usr/bin/env perl
# 002_crash.pl: the server dies in the middle of a bulk load, among concurrent orders, and by the loss of one backend.
# After recovery no half statement is to be seen, and every kept figure is what recomputing gives.
use strict;
use warnings;

use IPC::Run qw(start);
use PostgreSQL::Test::Utils;
use Test::More;

use LedgerCluster;

my $node = start_cluster('crash', conf => "restart_after_crash = on\n");
my $files = $node->basedir;

create_database($node, 'company', <<'SQL');
SELECT credit.create_ledger('ar', 'USD');
INSERT INTO ar.customer (name) SELECT 'Customer ' || n FROM generate_series(1, 200) n;
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount)
	SELECT 1 + n % 200, 'invoice', n, '2020-01-01', '2020-01-31', n FROM generate_series(1, 1000) n;
SELECT ar.set_credit_limit(customer_id, 30000) FROM ar.customer;
SELECT ar.set_number_range('invoice', 'INV-'), ar.set_number_range('payment', 'R', p_gapless => false);
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, customer_id bigint, total numeric, status text NOT NULL DEFAULT 'open');
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id',
	mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on_hold');
CREATE TABLE shop.refusable (id bigserial, customer_id bigint, total numeric, PRIMARY KEY (id, customer_id)) PARTITION BY HASH (customer_id);
CREATE TABLE shop.refusable_0 PARTITION OF shop.refusable FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.refusable_1 PARTITION OF shop.refusable FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT ar.watch_orders('shop.refusable', customer => 'customer_id', amount => 'total', order_id => 'id');
SQL

sub ask { return $node->safe_psql('company', $_[0]); }

# Start psql or pgbench beside the test; it ends when the server does.
sub beside
{
	my (@command) = @_;
	return start([ @command, '-d', $node->connstr('company') ], '<', \undef, '>', "$files/out", '2>', "$files/err");
}

sub wait_until
{
	my ($query, $what) = @_;
	ok($node->poll_query_until('company', $query), $what);
	return;
}

# 1. In the middle of a big COPY, once before it began to settle.
ask("COPY (SELECT 1 + n % 200, 'invoice', 'B-' || n, '2020-02-01', '2020-03-01', 1 FROM generate_series(1, 400000) n)"
	  . " TO '$files/load'");
my $before = ask('SELECT count(*), sum(amount) FROM ar.document');
my $load = beside('psql', '-qX', '-c',
	"COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM '$files/load'");
wait_until('SELECT tuples_processed > 50000 FROM pg_stat_progress_copy', 'a load is under way');
crash($node);
$load->finish;
is(ask('SELECT count(*), sum(amount) FROM ar.document'), $before, 'no document of a load that did not end');
is(ask('SELECT count(*) FROM ar.item'), ask('SELECT count(*) FROM ar.document'), 'nor an item of one');
all_well($node, 'company', 'ar', 'after a load that did not end');

# 2. Among orders of eight sessions, single and several at once, and postings to the same customers.
append_to_file("$files/order.sql", <<'SQL');
\set c random(1, 20)
\set d random(1, 20)
INSERT INTO shop.orders (customer_id, total) SELECT * FROM (VALUES (:c, 500), (:d, 500)) o (c, t) ORDER BY 1;
SQL
append_to_file("$files/change.sql", <<'SQL');
\set c random(1, 20)
UPDATE shop.orders SET status = 'open', total = total - 10 WHERE customer_id = :c AND id = (SELECT max(id) FROM shop.orders WHERE customer_id = :c AND total > 400 AND status = 'open');
SQL
append_to_file("$files/post.sql", <<'SQL');
\set c random(1, 20)
BEGIN;
SELECT ar.apply_payment(:c, ar.post_payment(:c, gen_random_uuid()::text, '2020-04-01', 100));
SELECT ar.post_invoice(:c, gen_random_uuid()::text, '2020-04-01', 90, '2020-05-01');
COMMIT;
SQL
# Numbers without gaps, lines, voids and returns; the customer is locked before the range, or sessions would deadlock.
append_to_file("$files/life.sql", <<'SQL');
\set c random(1, 20)
BEGIN;
SELECT ar.post_payment(:c, NULL, '2020-04-02', 100) AS paid, ar.post_invoice(:c, NULL, '2020-04-02', 119, '2020-05-01',
	p_lines => '[{"quantity": 1, "unit_price": 100, "tax_rate": 19}]', p_order_id => gen_random_uuid()::text) AS invoice \gset
SELECT ar.void_document(:c, :invoice, 'posted twice', '2020-04-03'), ar.return_payment(:c, :paid, '2020-04-03');
COMMIT;
SQL
append_to_file("$files/number.sql", <<'SQL');
\set c random(1, 20)
SELECT ar.post_invoice(:c, NULL, '2020-04-02', 5, '2020-05-01') AS invoice \gset
SELECT ar.void_document(:c, :invoice, 'posted twice', '2020-04-03');
SQL
append_to_file("$files/mark.sql", "SELECT ar.take_mark('under load');\n");
append_to_file("$files/refuse.sql", <<'SQL');
\set c random(1, 20)
\set d random(1, 20)
BEGIN ISOLATION LEVEL REPEATABLE READ;
DO $$ BEGIN
	INSERT INTO shop.refusable (customer_id, total) SELECT * FROM (VALUES (:c, 5000), (:d, 5000)) o (c, t);
EXCEPTION WHEN SQLSTATE 'RC002' THEN
	DELETE FROM shop.refusable WHERE customer_id IN (:c, :d) AND id % 3 = 0;
END $$;
COMMIT;
SQL
foreach my $round (1, 2)
{
	my $orders = beside('pgbench', '-n', '-c', '8', '-j', '2', '-T', '100', '--max-tries', '0', '-f', "$files/order.sql", '-f', "$files/change.sql",
		'-f', "$files/post.sql", '-f', "$files/refuse.sql", '-f', "$files/life.sql", '-f', "$files/number.sql", '-f', "$files/mark.sql");
	wait_until("SELECT count(*) > 500 * $round FROM shop.orders", "orders are under way, round $round");
	crash($node);
	$orders->finish;
	like(slurp_file("$files/err"), qr/^(?!.*ERROR)/s, 'no session met an error before the crash') || diag(slurp_file("$files/err"));
	is(ask("SELECT count(*) FROM ar.decision WHERE source = 'shop.orders'"), ask('SELECT count(*) FROM shop.orders'), 'one decision for each order');
	cmp_ok(ask('SELECT count(*) FROM shop.refusable'), '>', 0, 'orders in the other mode, too');
	is(ask('SELECT count(*) FROM shop.orders') % 2, 0, 'orders of one statement are all there or none');
	is(ask("SELECT count(*) FROM ar.document WHERE posting_date = '2020-04-01' AND kind = 'payment'"),
		ask("SELECT count(*) FROM ar.document WHERE posting_date = '2020-04-01' AND kind = 'invoice'"),
		'documents of one transaction are all there or none');
	is(ask("SELECT max(right(number, 6)::integer) - count(*) FROM ar.document WHERE number LIKE 'INV-%'"), '0', 'invoices are numbered without a gap');
	cmp_ok(ask("SELECT count(*) FROM ar.document WHERE kind = 'returned_payment'"), '>', 0, 'payments were returned');
	is( ask("SELECT count(*) FROM ar.document WHERE kind = 'payment' AND posting_date = '2020-04-02'"),
		ask("SELECT count(*) FROM ar.document WHERE kind = 'returned_payment'"),
		'... each that was to be');
	# What a mark says does not change with what came after it.
	is(ask('SELECT count(*) FROM ar.mark m WHERE NOT EXISTS (SELECT FROM ar.mark_head h WHERE h.mark_id = m.mark_id)'), '0', 'marks are whole');
	is(ask('SELECT count(*) FROM ar.exposure WHERE receivable - unapplied + ordered > limit_amount'), '0', 'no limit exceeded');
	all_well($node, 'company', 'ar', "after a crash among orders, round $round");
}

# 3. One backend is lost while it holds customers; the server recovers by itself.
my $orders = beside('pgbench', '-n', '-c', '4', '-T', '100', '-f', "$files/order.sql");
my $n = ask('SELECT count(*) FROM shop.orders');
wait_until("SELECT count(*) > $n + 100 FROM shop.orders", 'orders are under way again');
my $started = ask('SELECT pg_postmaster_start_time()');
my $victim = ask("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
	  . " ORDER BY state <> 'active' LIMIT 1");
is(kill('KILL', $victim), 1, 'a backend is killed');
$orders->finish;
ok($node->poll_query_until('company', 'SELECT true'), 'the server is back');
is(ask('SELECT pg_postmaster_start_time()'), $started, 'by itself');
is(ask("SELECT count(*) FROM ar.decision WHERE source = 'shop.orders'"), ask('SELECT count(*) FROM shop.orders'), 'one decision for each order');
all_well($node, 'company', 'ar', 'after the loss of a backend');

# It goes on.
ask("COPY ar.document (customer_id, kind, number, doc_date, due_date, amount) FROM PROGRAM 'head -1000 $files/load'");
ask('INSERT INTO shop.orders (customer_id, total) VALUES (1, 1), (200, 1)');
all_well($node, 'company', 'ar', 'at the end');

done_testing();
