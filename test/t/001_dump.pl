#!/usr/bin/env perl
# 001_dump.pl: a used ledger goes through pg_dump and comes back the same, in each of the ways people dump:
# everything as SQL, everything as an archive restored by four jobs, the ledger's schema alone, data alone into a ledger
# made anew, and by an ordinary role.
use strict;
use warnings;

use Test::More;

use LedgerCluster;

my $node = start_cluster('dump');
my $dumps = $node->backup_dir;

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE web_shop;
CREATE ROLE night_load;
CREATE ROLE dashboard;
CREATE ROLE credit_desk;
SQL

# What a DBA makes of a ledger: objects, rights, and some of the company's own.
my $definition = <<'SQL';
SELECT credit.create_ledger('ar', 'USD', '0,15,45');
ALTER TABLE ar.customer ADD COLUMN region text;
COMMENT ON COLUMN ar.customer.region IS 'Sales region of the company.';
CREATE INDEX customer_region_idx ON ar.customer (region);
ALTER TABLE ar.decision ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_customers ON ar.decision FOR SELECT TO credit_desk USING (customer_id < 20);
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('open', 'on hold', 'cancelled');
CREATE TABLE shop.orders (id serial PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL, currency text, ships date);
CREATE TABLE shop."Web Orders" (id bigint, "Customer" bigint, "Total" numeric, state shop.state DEFAULT 'open',
	PRIMARY KEY (id, "Customer")) PARTITION BY HASH ("Customer");
CREATE TABLE shop.web_0 PARTITION OF shop."Web Orders" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.web_1 PARTITION OF shop."Web Orders" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id', currency => 'currency', ship_date => 'ships');
SELECT ar.watch_orders('shop."Web Orders"', customer => 'Customer', amount => 'Total', order_id => 'id', mode => 'hold',
	open_when => $$state <> 'cancelled'$$, status_column => 'state', open_value => 'open', hold_value => 'on hold');
SELECT ar.set_number_range('invoice', 'INV-%Y-'), ar.set_number_range('payment', 'R', p_gapless => false);
SELECT ar.grant_access('night_load', 'loader'), ar.grant_access('dashboard', 'reader'), ar.grant_access('credit_desk', 'credit_manager');
GRANT SELECT (customer_id, name) ON ar.customer TO dashboard;
GRANT INSERT, SELECT ON shop.orders, shop."Web Orders" TO web_shop;
COMMENT ON TABLE shop.orders IS 'Orders of the shop.';
SQL

# A year of business, and before it what happens to documents, for every table of the ledger.
my $history = life('ar') . <<'SQL';
SELECT ar.set_fx_rate('EUR', 1.10, '2019-01-01');
INSERT INTO ar.customer (name, number, region)
	SELECT format('Customer %s', n), format('C-%s', n), CASE WHEN n % 2 = 0 THEN 'north' END FROM generate_series(1, 40) n;
INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, currency, amount, reference)
	SELECT 1 + n % 40, 'invoice', 'I-' || n, date '2019-11-01' + n, date '2019-12-01' + n, CASE WHEN n % 5 = 0 THEN 'EUR' END,
		round(100 + n / 7.0, 2), E'line 1\nline 2, "quoted"' FROM generate_series(1, 300) n;
INSERT INTO ar.document (customer_id, kind, number, doc_date, posting_date, due_date, currency, amount)
	SELECT 1 + n % 40, CASE WHEN n % 9 = 0 THEN 'credit_note' ELSE 'payment' END, 'P-' || n, date '2019-12-10' + n,
		date '2019-12-12' + n, NULL, CASE WHEN n % 5 = 0 THEN 'EUR' END, 70 + n FROM generate_series(1, 200) n;
SELECT ar.apply_payment(customer_id, document_id, p_applied_on => '2020-07-01') FROM ar.document
	WHERE kind = 'payment' AND document_id % 3 <> 0 AND customer_id < 900 ORDER BY customer_id, document_id;
SELECT ar.reverse_allocation(customer_id, allocation_id, '2020-08-01') FROM ar.allocation WHERE allocation_id % 11 = 0 AND customer_id < 900;
SELECT ar.set_credit_limit(customer_id, 5000 + 100 * customer_id, '2020-01-01', '2020-06-30', 'first half') FROM ar.customer;
SELECT ar.set_credit_limit(customer_id, 6000, '2020-07-01', NULL, 'second half') FROM ar.customer WHERE customer_id NOT IN (7, 903);
SELECT ar.set_credit_limit(5, 1000000, p_kind => 'group'), ar.set_credit_limit(5, 7000, '2020-08-01', p_kind => 'insured', p_covered_percent => 90,
	p_max_overdue_days => 5000, p_provider => 'Insurer'), ar.set_credit_limit(8, 10, '2020-08-01', '2020-08-31', p_kind => 'temporary');
SELECT ar.set_parent(12, 5), ar.set_parent(8, 12), ar.set_customer_status(9, 'legal'), ar.set_risk_class(10, 'C');
SELECT ar.set_risk_figure(10, 'score', 512.5, '2020-08-01', 'agency');
SELECT ar.place_hold(3, 'disputes everything'), ar.release_hold(4, ar.place_hold(4, 'check bounced'), 'paid by wire');
UPDATE ar.check_rule SET threshold = 110 WHERE rule_no = 30;
INSERT INTO ar.check_rule (rule_no, kind, threshold, action, customer_id) VALUES (40, 'oldest_overdue', 900, 'warn', 2);
INSERT INTO ar.check_rule (rule_no, kind, action, customer_id) VALUES (25, 'limit_missing', 'warn', 7);
INSERT INTO ar.check_exclusion (rule_no, risk_class, threshold) VALUES (40, 'C', 1000);
INSERT INTO shop.orders (customer_id, total, currency, ships) SELECT c, 10 * n, CASE WHEN n = 3 THEN 'EUR' END, CASE WHEN n > 2 THEN current_date + n END
	FROM generate_series(1, 4) n, (VALUES (2), (5), (8), (12)) c (c);
SELECT ar.release_order(5, 'shop.orders', '4', 50, 'agreed');
INSERT INTO shop."Web Orders" SELECT n, 12 + n % 2, 700 FROM generate_series(1, 20) n;
INSERT INTO shop."Web Orders" VALUES (21, 3, 1);
UPDATE shop."Web Orders" SET state = 'cancelled' WHERE id = 2;
SELECT ar.check_credit(2, 500, p_record => true);
SQL

# Everything a dump must carry, a line each, for the given schemas.
sub listing
{
	my ($database, $schemas) = @_;
	my $list = join ', ', map { "'$_'" } split /, /, $schemas;
	my $listing = definitions($node, $database, "schemas $schemas") . "\n" . $node->safe_psql($database, <<"SQL");
CREATE FUNCTION pg_temp.rows(t regclass) RETURNS SETOF text LANGUAGE plpgsql AS
	\$\$BEGIN RETURN QUERY EXECUTE format('SELECT format(''row of %s: %%s'', x) FROM %s x', t, t); END\$\$;
SELECT replace(pg_temp.rows(c.oid), E'\\n', ' ') FROM pg_class c WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ($list);
SELECT 'last value', schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname IN ($list);
SELECT 'aging', d, basis, a.* FROM unnest('{2019-12-31, 2020-03-31, 2020-07-01, 2020-07-31, 2020-08-01, 2020-10-31}'::date[]) d,
	unnest('{due_date, doc_date}'::text[]) basis, ar.aging_at(d, basis) a;
SELECT 'aging as known', d, a.* FROM unnest('{2020-07-31, 2020-10-31}'::date[]) d,
	ar.aging_at(d, p_known_at => (SELECT max(recorded_at) FROM ar.document)) a;
SELECT 'aging at a mark', a.* FROM ar.aging_at('2020-06-30', p_mark => 1) a;
SELECT 'revaluation', r.* FROM ar.revaluation('2020-06-30') r;
SELECT 'summary', s.* FROM ar.aging_summary s;
SQL
	# Two empty listings are the same, too.
	like($listing, qr/^$_/m, "$database: there is a $_ to compare")
	  foreach ('row of ar.allocation', 'row of ar.chain_link', 'row of ar.mark_head', 'aging at a mark', 'revaluation', 'row of ar.decision', 'row of ar.financial_statement', 'row of ar.score_history', 'row of ar.credit_application_event', 'row of ar.credit_review', 'last value', 'object', 'right', 'comment', 'trigger', 'policy',
		'index', 'constraint', 'aging\|', 'aging as known', 'summary');
	return $listing;
}

# It goes on as before: what fits passes, what does not is refused, and new rows get new numbers.
sub goes_on
{
	my ($database, $role) = @_;

	refused($node, $database, $role, 'RC002', 'INSERT INTO shop.orders (customer_id, total) VALUES (2, 100000)',
		"$database: an order over the limit is refused");
	refused($node, $database, $role, 'RC001', 'INSERT INTO shop.orders (customer_id, total) VALUES (3, 1)',
		"$database: an order of a customer on hold is refused");
	allowed($node, $database, $role,
		q{INSERT INTO shop."Web Orders" VALUES (100, 12, 1000000) RETURNING state}, 'on hold',
		"$database: an order over the limit is saved on hold");
	allowed($node, $database, $role, <<'SQL', undef, "$database: orders, documents and allocations go on");
INSERT INTO shop.orders (customer_id, total) VALUES (2, 1);
SELECT ar.apply_payment(2, ar.post_payment(2, 'after', '2020-09-01', 20));
SELECT ar.add_customer('New');
SQL
	# Numbers, of a range and of a sequence, go on where they were.
	allowed($node, $database, $role, <<'SQL', "invoice|INV-2020-000005\npayment|R000006", "$database: numbers go on");
DO $$ BEGIN PERFORM ar.post_invoice(2, NULL, '2020-09-01', 9, '2020-10-01'), ar.post_payment(2, NULL, '2020-09-01', 9); END $$;
SELECT kind, number FROM ar.document WHERE customer_id = 2 AND posting_date = '2020-09-01' AND number ~ '^(INV|R0)' ORDER BY 1;
SQL
	all_well($node, $database, 'ar', $database);
	refused($node, $database, $role, 'RC008', 'UPDATE ar.document SET amount = 1', "$database: documents stay as they are");
	return;
}

create_database($node, 'original', $definition);
$node->safe_psql('original', $history);
all_well($node, 'original', 'ar', 'original');
is(untouched_tables($node, 'original', 'ar'), '', 'original: every table has rows');
my $whole = listing('original', 'ar, shop');
my $ledger = listing('original', 'ar');
my $connection = $node->connstr('original');

# 1. Plain SQL.
$node->command_ok([ 'pg_dump', '-f', "$dumps/plain.sql", '-d', $connection ], 'dump as SQL');
$node->safe_psql('postgres', 'CREATE DATABASE plain TEMPLATE template0');
$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/plain.sql", '-d', $node->connstr('plain') ],
	'restore from SQL');
sorted_diff(listing('plain', 'ar, shop'), $whole, 'plain: everything is back');
goes_on('plain');

# 2. An archive, by several jobs: in whatever order they restore.  Section by section, because a partitioned table has
# no rows of its own for its triggers to wait for.
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dumps/archive", '-d', $connection ], 'dump as archive');
$node->safe_psql('postgres', 'CREATE DATABASE archive TEMPLATE template0');
$node->command_ok([ 'pg_restore', '-j4', "--section=$_", '--exit-on-error', '-d', $node->connstr('archive'), "$dumps/archive" ],
	"restore by four jobs: $_")
  foreach ('pre-data', 'data', 'post-data');
sorted_diff(listing('archive', 'ar, shop'), $whole, 'archive: everything is back');
goes_on('archive');

# 3. The ledger's schema alone is a complete ledger; the tables of orders follow when they come.
$node->command_ok([ 'pg_dump', '-n', 'ar', '-f', "$dumps/ar.sql", '-d', $connection ], 'dump the ledger alone');
$node->command_ok([ 'pg_dump', '-n', 'shop', '-f', "$dumps/shop.sql", '-d', $connection ], 'dump the orders alone');
create_database($node, 'schema_only');
$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/ar.sql", '-d', $node->connstr('schema_only') ],
	'restore the ledger alone');
sorted_diff(listing('schema_only', 'ar'), $ledger, 'schema: the ledger is back');
is( $node->safe_psql('schema_only', "SELECT problem, object FROM credit.check_ledger('ar')"),
	qq{watched table is gone|shop."Web Orders"\nwatched table is gone|shop.orders},
	'schema: check_ledger() misses the tables of orders');
$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/shop.sql", '-d', $node->connstr('schema_only') ],
	'restore the orders');
sorted_diff(listing('schema_only', 'ar, shop'), $whole, 'schema: with the orders everything is back');
goes_on('schema_only');

# 4. Data alone, into the same ledger made anew.  What making it wrote is in the dump too.
$node->command_ok([ 'pg_dump', '--data-only', '--disable-triggers', '-f', "$dumps/data.sql", '-d', $connection ], 'dump data alone');
create_database($node, 'data_only', $definition);
$node->safe_psql('data_only', 'DELETE FROM ar.ledger_info; DELETE FROM ar.check_rule; DELETE FROM ar.hold_reason; DELETE FROM ar.credit_reason; DELETE FROM ar.core_grade; DELETE FROM ar.gl_account; DELETE FROM ar.statement_field; DELETE FROM ar.limit_policy; DELETE FROM ar.checklist_item; DELETE FROM ar.notice_rule; DELETE FROM ar.review_policy; DELETE FROM ar.warning_rule; DELETE FROM ar.watched_table; DELETE FROM ar.number_range');
$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/data.sql", '-d', $node->connstr('data_only') ],
	'restore data alone');
# pg_dump switches all triggers on again as ordinary ones; upgrade_ledger() knows which must always fire.
$node->safe_psql('data_only', "SELECT credit.upgrade_ledger('ar')");
sorted_diff(listing('data_only', 'ar, shop'), $whole, 'data: everything is back');
goes_on('data_only');

# 5. By an ordinary role into a database of its own: the ledger is then his.
$node->safe_psql('postgres', 'CREATE ROLE tenant LOGIN; CREATE DATABASE tenant OWNER tenant TEMPLATE template0');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', '--no-acl', '-U', 'tenant', '-d', $node->connstr('tenant'),
		"$dumps/archive" ], 'restore as an ordinary role');
my $rows = qr/^(row of|aging|summary)/;
sorted_diff((map { my $l = $_; join "\n", grep { /$rows/ } split /\n/, $l } listing('tenant', 'ar, shop'), $whole),
	'tenant: every row is back, and every report the same');
is($node->safe_psql('tenant', q{SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace::regnamespace::text IN ('ar', 'shop')}),
	'tenant', 'tenant: owns it');
# Without rights the functions are everybody's, as new functions are; upgrade_ledger() takes them back.
is($node->safe_psql('tenant', "SELECT DISTINCT problem, detail FROM credit.check_ledger('ar')"), 'excess right|granted to PUBLIC',
	'tenant: check_ledger() sees that rights are missing');
allowed($node, 'tenant', 'tenant', "SELECT credit.upgrade_ledger('ar')", undef, 'tenant: upgrade_ledger()');
goes_on('tenant', 'tenant');

# A restore in which the triggers fired would have counted every balance twice.
is( $node->safe_psql('data_only', 'SELECT count(*) FROM ar.item'),
	$node->safe_psql('data_only', 'SELECT count(*) FROM ar.document_items()'),
	'data: the items that the documents make');

done_testing();
