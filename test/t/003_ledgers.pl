#!/usr/bin/env perl
# 003_ledgers.pl: several ledgers in one database, with the same customer ids and names that need quoting; nothing
# leaks from one to another.  A session that has used a ledger meets one of the same name made anew, and one that was
# renamed.
use strict;
use warnings;
use utf8;

use Test::More;

use LedgerCluster;

my $node = start_cluster('ledgers');
create_database($node, 'company');
sub ask { return $node->safe_psql('company', $_[0]); }

# A name in which everything must be quoted: space, ampersand, umlaut, capital, both quotes, backslash, percent.
my $name = q{Größe & Söhne "50%" O'Neill \\};
utf8::encode($name);
(my $ident = $name) =~ s/"/""/g;
$ident = qq{"$ident"};
(my $literal = $name) =~ s/'/''/g;
$literal = "'$literal'";

ask(<<"SQL");
SELECT credit.create_ledger('ar', 'USD', '0,30,60,90');
SELECT credit.create_ledger($literal, 'JPY', '-7,0,10');
CREATE SCHEMA "My Shop";
CREATE TABLE "My Shop"."O'Orders" (id serial PRIMARY KEY, "Customer" bigint, "Total %s" numeric, state text DEFAULT 'open')
	PARTITION BY HASH (id);
CREATE TABLE "My Shop"."Part 0" PARTITION OF "My Shop"."O'Orders" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE "My Shop"."Part 1" PARTITION OF "My Shop"."O'Orders" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id bigint, total numeric);
SELECT ar.add_customer('Acme', 1), $ident.add_customer('Akme', 1);
SELECT ar.set_credit_limit(1, 100.50), $ident.set_credit_limit(1, 2000);
SELECT ar.watch_orders('orders', customer => 'customer_id', amount => 'total', order_id => 'id');
SELECT $ident.watch_orders('"My Shop"."O''Orders"', customer => 'Customer', amount => 'Total %s', order_id => 'id', mode => 'hold',
	open_when => \$\$state <> 'it''s over'\$\$, status_column => 'state', open_value => 'open', hold_value => 'on "hold"');
SQL

# ---- Side by side ----

ask("SELECT ar.post_invoice(1, 'A', '2020-01-01', 50.25, '2020-02-01'), $ident.post_invoice(1, 'A', '2020-01-01', 700, '2020-02-01')");
ask("SELECT $ident.apply_payment(1, $ident.post_payment(1, 'P', '2020-03-01', 200), p_applied_on => '2020-03-01')");
is(ask("SELECT currency, total, not_due, days_over_90 FROM ar.aging_summary"), 'USD|50.25|0.00|50.25', 'aging of the one');
is(ask("SELECT * FROM $ident.aging_summary"), '1|Akme|JPY|500|500|0|0|0|0|500|0', 'aging of the other: its own currency and buckets');
is(ask("SELECT attname FROM pg_attribute WHERE attrelid = \$q\$$ident.aging_summary\$q\$::regclass AND attnum > 6 ORDER BY attnum"),
	"days_to_minus_7\ndays_minus_6_0\ndays_1_10\ndays_over_10\ndisputed", 'columns follow the buckets');
is(ask("SELECT amounts FROM ar.aging_at('2020-02-15')"), '{0.00,50.25,0.00,0.00,0.00}', 'aging at a date, the one');
is(ask("SELECT amounts, total FROM $ident.aging_at('2020-02-01')"), '{0,700,0,0}|700', 'aging at a date, the other');
refused($node, 'company', undef, 'RC002', 'INSERT INTO orders (customer_id, total) VALUES (1, 50.26)', 'limit of the one');
allowed($node, 'company', undef, qq{INSERT INTO "My Shop"."O'Orders" ("Customer", "Total %s") VALUES (1, 1000), (1, 501), (1, 500) RETURNING state},
	qq{open\non "hold"\nopen}, 'limit of the other');
ask('INSERT INTO orders (customer_id, total) VALUES (1, 50.25)');
is(ask("SELECT receivable, ordered FROM ar.exposure UNION ALL SELECT receivable, ordered FROM $ident.exposure"), "50.25|50.25\n500|1500",
	'each counts its own');
is(ask("SELECT source FROM $ident.decision LIMIT 1"), q{"My Shop"."O'Orders"}, 'decisions name the table, quoted');
refused($node, 'company', undef, '22003', "SELECT $ident.post_invoice(1, 'B', '2020-01-01', 0.5, '2020-02-01')", 'decimals of its own currency');
ask("SELECT $ident.place_hold(1, 'x')");
allowed($node, 'company', undef, 'SELECT outcome FROM ar.check_credit(1, 0)', 'approve', 'a hold in one is none in the other');
ask("SELECT $ident.release_hold(1, 1, 'y'); UPDATE $ident.check_rule SET threshold = 0 WHERE kind = 'limit_use'");
allowed($node, 'company', undef, 'SELECT outcome FROM ar.check_credit(1, 0)', 'approve', 'nor is a rule');
refused($node, 'company', undef, '42710', "SELECT $ident.watch_orders('orders', customer => 'customer_id', amount => 'total', order_id => 'id')",
	'an order counts in one ledger only');
# One statement that writes to both.
allowed($node, 'company', undef, <<"SQL", undef, 'both in one statement');
WITH a AS (INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'W', '2020-01-01', '2020-01-01', 1))
INSERT INTO $ident.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'W', '2020-01-01', '2020-01-01', 1);
SQL
all_well($node, 'company', 'ar', 'side by side, the one');
is(ask("SELECT * FROM $ident.verify_ledger()"), '', 'side by side, the other: verify_ledger() finds nothing');
is(ask("SELECT * FROM credit.check_ledger($literal)"), '', 'side by side, the other: check_ledger() finds nothing');

# check_ledger() and upgrade_ledger() work on such a name as on any.
ask(qq{ALTER TABLE "My Shop"."O'Orders" DISABLE TRIGGER credit_control_gather; DROP FUNCTION $ident.allocate});
is( ask("SELECT problem, object FROM credit.check_ledger($literal)"),
	qq{missing function|allocate\n} . join("\n", map { "disabled trigger|credit_control_gather on \"My Shop\".$_" } q{"O'Orders"}, '"Part 0"', '"Part 1"'),
	'a name that needs quoting: check_ledger() finds what is wrong');
ask(qq{ALTER TABLE "My Shop"."O'Orders" ENABLE TRIGGER credit_control_gather; SELECT credit.upgrade_ledger($literal)});
is(ask("SELECT * FROM credit.check_ledger($literal)"), '', '... and upgrade_ledger() mends it');

# ---- A ledger made anew, in a session that has used the old one ----

my $again = <<'SQL';
SELECT credit.create_ledger('tmp', '%s', '%s');
SELECT tmp.add_customer('Customer', 1), tmp.set_credit_limit(1, %d);
SELECT tmp.watch_orders('tmp_orders', customer => 'customer_id', amount => 'total', order_id => 'id');
INSERT INTO tmp_orders VALUES (1, 1, 10);
SELECT tmp.post_invoice(1, 'A', '2020-01-01', 20, '2020-01-01');
SELECT tmp.apply_payment(1, tmp.post_payment(1, 'P', '2020-01-01', 5));
UPDATE tmp.check_rule SET threshold = %d WHERE kind = 'limit_use';
SELECT outcome, exposure, limit_amount FROM tmp.check_credit(1, 75);
SELECT currency, total FROM tmp.aging_summary;
DO $$ BEGIN INSERT INTO tmp_orders VALUES (2, 1, 100); EXCEPTION WHEN SQLSTATE 'RC002' THEN RAISE NOTICE 'refused'; END $$;
SELECT count(*) FROM tmp_orders;
SELECT * FROM tmp.verify_ledger();
DELETE FROM tmp_orders;
SQL
my ($rc, $out, $err) = $node->psql('company', join "\n",
	'CREATE TABLE tmp_orders (id bigint, customer_id bigint, total numeric);',
	sprintf($again, 'USD', '0,30', 100, 100),
	"SET client_min_messages = warning; DROP SCHEMA tmp CASCADE; SET client_min_messages = notice;",
	# The triggers of the old ledger stay on the table, and let nothing pass.
	"DO \$\$ BEGIN INSERT INTO tmp_orders VALUES (3, 1, 1); EXCEPTION WHEN undefined_table THEN RAISE NOTICE 'no ledger'; END \$\$;",
	'DROP TRIGGER credit_control_gather ON tmp_orders; DROP TRIGGER credit_control_settle ON tmp_orders; DROP TRIGGER credit_control_truncate ON tmp_orders;',
	sprintf($again, 'KWD', '0,5,10', 1000, 9));
is($rc, 0, 'a ledger dropped and made anew, in one session') || diag($err);
my @lines = grep { /^(approve|hold|USD|KWD|\d\d)\|/ } split /\n/, $out;
is_deeply(\@lines, [ 'approve|25.00|100.00', 'USD|15.00', 'hold|25.000|1000.000', 'KWD|15.000' ],
	'... the new one has its own currency, limit and rules') || diag($out);
is(() = $err =~ /refused/g, 2, '... and both hold orders') || diag($err);
is(() = $err =~ /no ledger/g, 1, '... and without one nothing passes') || diag($err);
is(ask('SELECT * FROM tmp.verify_ledger()'), '', 'the new one: verify_ledger() finds nothing');

# ---- A ledger whose schema is renamed, in a session that has used it ----

($rc, $out, $err) = $node->psql('company', <<'SQL');
INSERT INTO tmp_orders VALUES (10, 1, 1);
SELECT tmp.post_invoice(1, 'R', '2020-01-01', 1, '2020-01-01');
ALTER SCHEMA tmp RENAME TO renamed;
DO $$ BEGIN INSERT INTO tmp_orders VALUES (11, 1, 1); EXCEPTION WHEN undefined_table THEN RAISE NOTICE 'no ledger'; END $$;
-- What finds the ledger by its own relations goes on.
INSERT INTO renamed.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'S', '2020-01-01', '2020-01-01', 1);
-- The rest is mended.
SELECT credit.upgrade_ledger('renamed');
SELECT renamed.unwatch_orders('public.tmp_orders');
SELECT renamed.watch_orders('tmp_orders', customer => 'customer_id', amount => 'total', order_id => 'id');
INSERT INTO tmp_orders VALUES (12, 1, 2);
SELECT renamed.post_invoice(1, 'T', '2020-01-01', 1, '2020-01-01');
SELECT renamed.apply_payment(1, renamed.post_payment(1, 'Q', '2020-01-02', 2), p_applied_on => '2020-01-02');
SQL
is($rc, 0, 'a renamed ledger, in a session that has used it') || diag($err);
like($err, qr/no ledger/, '... refuses orders until they are watched again');
is(ask('SELECT ordered, receivable, unapplied FROM renamed.exposure'), '3.000|16.000|0.000', '... and goes on from where it was');
all_well($node, 'company', 'renamed', 'a renamed ledger');
is(ask("SELECT count(*) FROM pg_proc WHERE pronamespace = 'renamed'::regnamespace AND proconfig::text LIKE '%tmp,%'"), '0',
	'no function keeps the old name');

# Two ledgers that trade names in one session: nothing is kept by name.
($rc, $out, $err) = $node->psql('company', <<'SQL');
SELECT credit.create_ledger('one', 'USD'), credit.create_ledger('two', 'EUR');
SELECT one.add_customer('Only in one', 1), two.add_customer('Only in two', 2);
SELECT one.post_invoice(1, 'A', '2020-01-01', 1, '2020-01-01'), two.post_invoice(2, 'A', '2020-01-01', 2, '2020-01-01');
ALTER SCHEMA one RENAME TO zero; ALTER SCHEMA two RENAME TO one; ALTER SCHEMA zero RENAME TO two;
INSERT INTO one.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (2, 'invoice', 'B', '2020-01-01', '2020-01-01', 20);
INSERT INTO two.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'B', '2020-01-01', '2020-01-01', 10);
SELECT credit.upgrade_ledger('one'), credit.upgrade_ledger('two');
SELECT one.post_invoice(2, 'C', '2020-01-01', 200, '2020-01-01'), two.post_invoice(1, 'C', '2020-01-01', 100, '2020-01-01');
SQL
is($rc, 0, 'two ledgers that trade names') || diag($err);
is( ask('SELECT customer_id, currency, receivable FROM one.exposure UNION ALL SELECT customer_id, currency, receivable FROM two.exposure'),
	"2|EUR|222.00\n1|USD|111.00", '... keep their books apart');
all_well($node, 'company', $_, "traded names: $_") foreach ('one', 'two');

# ---- A ledger partitioned by hash of the customer ----

# The template's own text, with each customer's tables partitioned: rows of a customer are together, in three partitions.
create_database($node, 'partitioned', 'CREATE SCHEMA ar');
my $template = $node->safe_psql('partitioned', "SELECT body FROM credit.ledger_template() WHERE part = 'tables'");
my @partitioned;
# A partitioned table has no exclusion constraints; that limits do not overlap is for set_credit_limit() alone there.
$template =~ s/,\n[^\n]*--[^\n]*\n(?=\tCONSTRAINT \w+ EXCLUDE)/,\n/;
$template =~ s/,\n\tCONSTRAINT \w+ EXCLUDE[^\n]*?(?=,?\n)//g;
$template =~ s{^(CREATE\ TABLE\ (\w+)\ \(\n\tcustomer_id\ .*?^\))[^;]*;}{ push @partitioned, $2; "$1 PARTITION BY HASH (customer_id);" }gemsx;
cmp_ok(scalar @partitioned, '>', 15, 'tables of customers');
$node->safe_psql('partitioned', join "\n", 'SET search_path = ar, credit;', $template,
	(map { my $table = $_; map { "CREATE TABLE ${table}_$_ PARTITION OF $table FOR VALUES WITH (MODULUS 3, REMAINDER $_);" } 0 .. 2 } @partitioned),
	"INSERT INTO ledger_info (template_version, base_currency, aging_buckets, time_zone) VALUES (credit.template_version(), 'USD', '0,30,60,90', 'UTC');",
	"SELECT credit.run_template('ar', 'code');");
all_well($node, 'partitioned', 'ar', 'a partitioned ledger');

create_database($node, 'whole', "SELECT credit.create_ledger('ar', 'USD', '0,30,60,90', 'UTC')");
my $business = life('ar') . <<'SQL';
INSERT INTO ar.customer (customer_id, name, terms) SELECT n, 'Customer ' || n, '1/3 30, 1/3 60, 1/3 90' FROM generate_series(1, 50) n;
INSERT INTO ar.document (customer_id, kind, number, doc_date, currency, amount)
	SELECT 1 + n % 50, 'invoice', 'I-' || n, date '2020-01-01' + n % 90, CASE WHEN n % 7 = 0 THEN 'EUR' END, 100 + n FROM generate_series(1, 500) n;
INSERT INTO ar.document (customer_id, kind, number, doc_date, currency, amount)
	SELECT 1 + n % 50, 'payment', 'P-' || n, date '2020-04-01', CASE WHEN n % 7 = 0 THEN 'EUR' END, 400 FROM generate_series(1, 100) n;
SELECT ar.apply_payment(customer_id, document_id, p_applied_on => '2020-04-10') FROM ar.document WHERE number LIKE 'P-%' ORDER BY document_id;
SELECT ar.reverse_allocation(customer_id, allocation_id, '2020-05-01') FROM ar.allocation WHERE allocation_id % 10 = 0 AND customer_id < 900 ORDER BY allocation_id;
SELECT ar.set_credit_limit(1, 10000), ar.release_hold(2, ar.place_hold(2, 'x'), 'y'), ar.check_credit(1, 1, p_record => true);
CREATE TABLE orders (id bigint, customer_id bigint, total numeric, ships_on date);
SELECT ar.watch_orders('orders', customer => 'customer_id', amount => 'total', order_id => 'id', ship_date => 'ships_on');
INSERT INTO orders VALUES (1, 1, 1, '2030-01-01');
SELECT ar.release_order(1, 'public.orders', '2', 5, 'agreed');
SQL
my $books = <<'SQL';
SELECT 'aging', d, a.* FROM unnest('{2020-02-15, 2020-04-09, 2020-04-30, 2020-06-30}'::date[]) d, ar.aging_at(d) a;
SELECT 'mark', a.* FROM ar.aging_at('2020-06-30', p_mark => 1) a;
SELECT 'item', i.* FROM ar.open_items i;
SELECT 'status', to_jsonb(s) - 'recorded_at' FROM ar.document_status s;
SELECT 'revaluation', r.* FROM ar.revaluation('2020-06-30') r;
SELECT 'exposure', e.customer_id, e.currency, receivable, unapplied, ordered, reserved, uncleared, merged_into, chain_seq FROM ar.exposure e;
SQL
$node->safe_psql($_, $business) foreach ('whole', 'partitioned');
is(untouched_tables($node, 'partitioned', 'ar'), '', 'a partitioned ledger: every table has rows');
sorted_diff($node->safe_psql('partitioned', $books), $node->safe_psql('whole', $books), 'a partitioned ledger says what a whole one says');
all_well($node, 'partitioned', 'ar', 'a partitioned ledger in use');
# Written straight into partitions: settled by the end of the transaction.
my $leaf = $node->safe_psql('partitioned', "SELECT tableoid::regclass FROM ar.document WHERE customer_id = 1 LIMIT 1");
$node->safe_psql('partitioned', <<"SQL");
INSERT INTO $leaf (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'L-1', '2020-06-01', '2020-07-01', 10);
BEGIN;
INSERT INTO $leaf (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'L-2', '2020-06-01', '2020-07-01', 10);
SELECT ar.place_hold(1, 'z');
COMMIT;
SQL
is($node->safe_psql('partitioned', "SELECT count(*) FROM ar.item i JOIN ar.document d USING (customer_id, document_id) WHERE number LIKE 'L-%'"), '2',
	'a document written into a partition has its item');
all_well($node, 'partitioned', 'ar', 'a partition written directly');
refused($node, 'partitioned', undef, 'RC008', $_, "a partitioned ledger: $_")
  foreach ("UPDATE $leaf SET amount = 1", 'TRUNCATE ar.chain_link', 'DELETE FROM ar.allocation_1');
$node->safe_psql('partitioned', "SELECT credit.upgrade_ledger('ar'), ar.rebuild_ledger()");
all_well($node, 'partitioned', 'ar', 'upgraded and rebuilt');

# Without a ledger of that name, everything says so.
refused($node, 'company', undef, '42P01', $_, $_)
  foreach ("SELECT credit.check_ledger('nowhere')", "SELECT credit.upgrade_ledger('nowhere')", "SELECT credit.check_order('nowhere', 1, 1, NULL, false)");
refused($node, 'company', undef, '42P06', "SELECT credit.create_ledger('ar')", 'a name that is taken');

done_testing();
