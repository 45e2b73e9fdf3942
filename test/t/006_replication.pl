#!/usr/bin/env perl
# 006_replication.pl: reports on a physical standby, and on a replica for BI that takes the ledger's tables by logical
# replication, say what the primary says; orders that arrive by replication are held.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LedgerCluster;

my $primary = start_cluster('primary', allows_streaming => 'logical', conf => "hot_standby_feedback = on\n");
create_database($primary, 'company', <<'SQL');
SELECT credit.create_ledger('ar', 'USD');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, customer_id bigint, total numeric, ships_on date DEFAULT '2030-01-01');
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id', ship_date => 'ships_on');
SQL

# A quarter of business, another one each time it is called.
my $quarter = 0;
sub business
{
	$quarter++;
	$primary->safe_psql('company', life('ar')) if $quarter == 1;
	$primary->safe_psql('company', <<"SQL");
INSERT INTO ar.customer (name) SELECT format('Customer %s-%s', $quarter, n) FROM generate_series(1, 20) n;
SELECT ar.set_credit_limit(customer_id, 100000) FROM ar.customer;
SELECT ar.set_fx_rate('EUR', 1.10, date '2020-01-01' + $quarter);
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, currency, amount)
	SELECT 1 + n % 20, CASE WHEN n % 4 = 0 THEN 'payment' ELSE 'invoice' END, format('%s-%s', $quarter, n),
		date '2020-01-01' + $quarter * 90 + n % 90, CASE WHEN n % 4 = 0 THEN NULL ELSE date '2020-01-31' + $quarter * 90 + n % 90 END,
		CASE WHEN n % 20 = 7 THEN 'EUR' END, n FROM generate_series(1, 400) n;
SELECT ar.apply_payment(customer_id, document_id, p_applied_on => date '2020-06-01' + $quarter * 90)
	FROM ar.document WHERE kind = 'payment' AND document_id % 3 <> 0 AND customer_id < 900 ORDER BY customer_id, document_id;
SELECT ar.reverse_allocation(customer_id, allocation_id, date '2020-07-01' + $quarter * 90)
	FROM ar.allocation a WHERE allocation_id % 13 = 0 AND customer_id < 900 AND reverses IS NULL
		AND NOT EXISTS (SELECT FROM ar.allocation r WHERE r.customer_id = a.customer_id AND r.reverses = a.allocation_id);
INSERT INTO shop.orders (customer_id, total) SELECT 1 + n % 5, n FROM generate_series(1, 20) n;
SELECT ar.release_order(2, 'shop.orders', '4711', 5, 'agreed');
SELECT ar.post_invoice(3, NULL, '2020-01-01', 12, '2020-02-01', p_lines => '[{"quantity": 1, "unit_price": 10, "tax_rate": 20}]');
SELECT ar.set_due_date(customer_id, item_id, due_date + 10, 'agreed', p_effective_on => '2021-01-01') FROM ar.item
	WHERE open_amount > 0 AND customer_id = 4 ORDER BY item_id LIMIT 3;
SELECT ar.void_document(6, max(document_id), 'posted twice') FROM ar.document d WHERE customer_id = 6 AND kind = 'invoice' AND reverses IS NULL;
SELECT ar.return_payment(5, max(document_id)) FROM ar.document d WHERE customer_id = 5 AND kind = 'payment';
SELECT ar.take_mark('quarter $quarter');
SQL
	return;
}

# What reports say, a line each.
sub reports
{
	my ($node, $database) = @_;
	my $reports = $node->safe_psql($database, <<'SQL');
SELECT 'summary', s.* FROM ar.aging_summary s;
SELECT 'aging', d::date, basis, a.* FROM generate_series(timestamp '2020-03-01', '2021-03-01', '3 weeks') d,
	unnest('{due_date, doc_date}'::text[]) basis, ar.aging_at(d::date, basis) a;
SELECT 'as known', a.* FROM ar.aging_at('2020-09-01', p_known_at => (SELECT min(recorded_at) FROM ar.document)) a;
SELECT 'as marked', m.name, a.* FROM ar.mark m, ar.aging_at('2020-09-01', p_mark => m.mark_id) a;
SELECT 'item', i.* FROM ar.open_items i;
SELECT 'status', s.* FROM ar.document_status s;
SELECT 'revaluation', r.* FROM ar.revaluation('2020-09-01') r;
SQL
	like($reports, qr/^$_\|/m, $node->name . ": there is $_ to compare") foreach ('summary', 'aging', 'as known', 'as marked', 'item', 'status', 'revaluation');
	return $reports;
}

business();

# ---- A physical standby ----

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
business();
$primary->wait_for_catchup($standby);

sorted_diff(reports($standby, 'company'), reports($primary, 'company'), 'reports on the standby');
my $check = 'SELECT * FROM generate_series(1, 6) c, ar.check_credit(c, 500)';
is($standby->safe_psql('company', $check), $primary->safe_psql('company', $check), 'check_credit() on the standby');
all_well($standby, 'company', 'ar', 'on the standby');
refused($standby, 'company', undef, '25006', $_, "on the standby: $_")
  foreach ('INSERT INTO shop.orders (customer_id, total) VALUES (1, 1)', "SELECT ar.post_payment(1, 'x', '2020-01-01', 1)",
	'SELECT ar.check_credit(1, 1, p_record => true)');

# ---- A replica for BI ----

my $replica = start_cluster('replica', allows_streaming => 'logical');
$primary->safe_psql('company', 'CREATE PUBLICATION bi FOR TABLES IN SCHEMA ar');

# One database takes the ledger's definition from a dump, one makes the ledger anew; what making it wrote comes again.
create_database($replica, 'dumped');
$primary->command_ok([ 'pg_dump', '-s', '-n', 'ar', '-f', $primary->backup_dir . '/ar.sql', '-d', $primary->connstr('company') ],
	'dump the definition');
$replica->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $primary->backup_dir . '/ar.sql', '-d', $replica->connstr('dumped') ],
	'restore the definition');
create_database($replica, 'anew', "SELECT credit.create_ledger('ar', 'USD'); DELETE FROM ar.ledger_info; DELETE FROM ar.check_rule; DELETE FROM ar.hold_reason; DELETE FROM ar.credit_reason; DELETE FROM ar.core_grade; DELETE FROM ar.gl_account; DELETE FROM ar.statement_field; DELETE FROM ar.limit_policy; DELETE FROM ar.checklist_item; DELETE FROM ar.notice_rule; DELETE FROM ar.review_policy; DELETE FROM ar.warning_rule");
foreach my $database ('dumped', 'anew')
{
	my $connection = $primary->connstr('company');
	$connection =~ s/'/''/g;
	$replica->safe_psql($database, "CREATE SUBSCRIPTION bi_$database CONNECTION '$connection' PUBLICATION bi");
}
# Rows copied at first are one thing, changes that follow another.
$replica->wait_for_subscription_sync($primary, "bi_$_", $_) foreach ('dumped', 'anew');
business();
$primary->wait_for_catchup("bi_$_") foreach ('dumped', 'anew');
my $wanted = reports($primary, 'company');
is(untouched_tables($primary, 'company', 'ar'), '', 'every table has rows to replicate');
foreach my $database ('dumped', 'anew')
{
	sorted_diff(reports($replica, $database), $wanted, "reports on the replica, $database");
	# Had the triggers fired while changes were applied, all of this would be twice what it should.
	is($replica->safe_psql($database, 'SELECT * FROM ar.exposure ORDER BY 1, 2'),
		$primary->safe_psql('company', 'SELECT * FROM ar.exposure ORDER BY 1, 2'),
		"exposure on the replica, $database");
	is($replica->safe_psql($database, 'SELECT * FROM ar.verify_chain()'), '', "on the replica, $database: verify_chain() finds nothing");
	# The tables of orders are not there; all else is.
	is($replica->safe_psql($database, "SELECT * FROM ar.verify_ledger() WHERE problem <> 'ordered' AND object <> 'shop.orders'"), '',
		"on the replica, $database: verify_ledger() finds nothing but the orders missing");
}

# ---- Orders that arrive by logical replication ----

# Opted in by ENABLE ALWAYS, and in mode hold, since a refusal would stall the subscription.
my $orders = "CREATE SCHEMA web; CREATE TABLE web.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric, status text DEFAULT 'open')";
$primary->safe_psql('company', "$orders; CREATE PUBLICATION orders FOR TABLE web.orders; INSERT INTO web.orders VALUES (1, 1, 60), (2, 1, 60)");
create_database($replica, 'credit', <<"SQL");
SELECT credit.create_ledger('ar', 'USD');
SELECT ar.add_customer('Acme', 1), ar.set_credit_limit(1, 100);
$orders;
SELECT ar.watch_orders('web.orders', 'customer_id', 'total', 'id', mode => 'hold', status_column => 'status', open_value => 'open', hold_value => 'on hold');
ALTER TABLE web.orders ENABLE ALWAYS TRIGGER zz_credit_control_decide, ENABLE ALWAYS TRIGGER credit_control_gather,
	ENABLE ALWAYS TRIGGER credit_control_settle;
SQL
(my $connection = $primary->connstr('company')) =~ s/'/''/g;
$replica->safe_psql('credit', "CREATE SUBSCRIPTION orders CONNECTION '$connection' PUBLICATION orders");
$replica->wait_for_subscription_sync($primary, 'orders', 'credit');
is($replica->safe_psql('credit', 'SELECT id, status FROM web.orders ORDER BY id'), "1|open\n2|on hold", 'orders copied at first');
$primary->safe_psql('company', <<'SQL');
INSERT INTO web.orders VALUES (3, 1, 30), (4, 1, 30);
UPDATE web.orders SET total = 70 WHERE id = 1;
DELETE FROM web.orders WHERE id = 3;
BEGIN; INSERT INTO web.orders VALUES (5, 1, 20); INSERT INTO web.orders VALUES (6, 1, 20); COMMIT;
-- At home it is not on hold, and so it arrives.
UPDATE web.orders SET total = 61 WHERE id = 2;
INSERT INTO web.orders VALUES (7, 1, 10);
SQL
{
	# A stalled one would be tried again for ever.
	local $PostgreSQL::Test::Utils::timeout_default = 20;
	ok($replica->poll_query_until('credit', 'SELECT count(*) = 1 FROM web.orders WHERE id = 7'), 'orders that follow do not stall the subscription');
}
is($replica->safe_psql('credit', 'SELECT id, total, status FROM web.orders ORDER BY id'),
	"1|70|open\n2|61|on hold\n4|30|on hold\n5|20|open\n6|20|on hold\n7|10|open", 'each is decided on as it arrives');
is($replica->safe_psql('credit', 'SELECT ordered::integer FROM ar.exposure'), '100', 'and counted');
all_well($replica, 'credit', 'ar', 'orders by replication');

# ---- The standby takes over ----

$primary->stop('immediate');
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
refused($standby, 'company', undef, 'RC002', 'INSERT INTO shop.orders (customer_id, total) VALUES (1, 1000000)', 'the standby, promoted, holds orders');
$standby->safe_psql('company', "INSERT INTO shop.orders (customer_id, total) VALUES (2, 1); SELECT ar.apply_payment(1, ar.post_payment(1, 'new', '2021-06-01', 10))");
all_well($standby, 'company', 'ar', 'the standby, promoted');

done_testing();
