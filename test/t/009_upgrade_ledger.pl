#!/usr/bin/env perl
# 009_upgrade_ledger.pl: a ledger in use under 0.1.0 comes to this version.  Until it does, nothing is posted and no
# order passes; afterwards every figure is what it was, the ledger is what a fresh one is, and sessions that were open
# all the while go on.
use strict;
use warnings;

use Cwd qw(getcwd);
use Test::More;

use LedgerCluster;
use Psql;

my $node = start_cluster('upgrade_ledger');
my $rows = getcwd() . '/test/released/ledger-0.1.0.sql';

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE ledger_owner LOGIN;
CREATE ROLE bi LOGIN;
CREATE ROLE dashboard LOGIN;
CREATE ROLE clerk LOGIN;
CREATE ROLE night_load LOGIN;
CREATE ROLE credit_desk LOGIN;
CREATE ROLE "an auditor TO be" LOGIN;
SQL
my $access = <<'SQL';
SELECT ar.grant_access('dashboard', 'reader'), ar.grant_access('clerk', 'poster'), ar.grant_access('night_load', 'loader'),
	ar.grant_access('credit_desk', 'credit_manager');
SQL

# A database of 0.1.0: the ledger and its rights, tables of orders as watch_orders() left them, and then the rows.
sub create_old
{
	my ($database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0; GRANT CREATE ON DATABASE $database TO ledger_owner");
	$node->safe_psql($database, <<"SQL");
CREATE EXTENSION credit_control VERSION '0.1.0';
SET ROLE ledger_owner;
SELECT credit.create_ledger('ar', 'USD', '0,30,60', 'UTC');
$access
GRANT EXECUTE ON FUNCTION ar.post_payment, ar.aging_at TO "an auditor TO be" WITH GRANT OPTION;
GRANT USAGE ON SCHEMA ar TO "an auditor TO be";
GRANT SELECT ON ar.aging_summary, ar.open_items TO bi WITH GRANT OPTION;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric);
CREATE TABLE shop.web (id bigint PRIMARY KEY, customer_id bigint, total numeric, status text DEFAULT 'open');
DELETE FROM ar.ledger_info;
DELETE FROM ar.check_rule;
RESET ROLE;
SQL
	$node->command_ok([ 'psql', '-qX', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $rows, '-d', $node->connstr($database) ],
		"$database: rows of 0.1.0");
	foreach my $orders ('shop.orders', 'shop.web')
	{
		$node->safe_psql($database, <<"SQL");
CREATE TRIGGER credit_control_gather AFTER INSERT OR UPDATE OR DELETE ON $orders FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar');
CREATE TRIGGER credit_control_settle AFTER INSERT OR UPDATE OR DELETE ON $orders FOR EACH STATEMENT EXECUTE FUNCTION credit.enforce_hold('ar');
CREATE TRIGGER credit_control_truncate BEFORE TRUNCATE ON $orders FOR EACH STATEMENT EXECUTE FUNCTION credit.enforce_hold('ar');
ALTER TABLE $orders OWNER TO ledger_owner;
SQL
	}
	$node->safe_psql($database, "CREATE TRIGGER zz_credit_control_decide BEFORE INSERT OR UPDATE ON shop.web"
		  . " FOR EACH ROW EXECUTE FUNCTION credit.enforce_hold('ar')");
	return;
}

# What the ledger says, a line each, in words that both versions have.
sub figures
{
	my ($database) = @_;
	my $figures = $node->safe_psql($database, <<'SQL');
SELECT 'aging', d, basis, a.customer_id, a.currency, a.total, a.past_due, a.unapplied, a.amounts, a.aging
	FROM unnest('{2025-01-31, 2025-05-15, 2025-10-14, 2025-10-15, 2025-11-02, 2025-11-03, 2026-01-01, 2026-11-22}'::date[]) d,
		unnest('{due_date, doc_date}'::text[]) basis, ar.aging_at(d, basis) a;
SELECT 'known', d, a.customer_id, a.currency, a.total, a.aging FROM unnest('{2025-10-15, 2025-11-03}'::date[]) d,
	ar.aging_at(d, p_known_at => (SELECT max(recorded_at) FROM ar.document)) a;
SELECT 'summary', s.customer_id, s.customer_name, s.currency, s.total, s.past_due, s.unapplied, s.not_due, s.days_1_30, s.days_31_60, s.days_over_60 FROM ar.aging_summary s;
SELECT 'item', customer_id, customer_name, item_id, document_id, kind, number, instalment_no, currency, amount, open_amount,
	doc_date, posting_date, due_date, bucket FROM ar.open_items;
SELECT 'exposure', customer_id, currency, receivable, unapplied, ordered, has_other_currency, open_holds, limit_amount, limit_since,
	limit_until FROM ar.exposure;
SQL
	like($figures, qr/^$_\|/m, "$database: there is $_ to compare") foreach ('aging', 'known', 'summary', 'item', 'exposure');
	return $figures;
}

# Every row of the ledger, a line each.
sub all_rows
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
CREATE FUNCTION pg_temp.rows(t regclass) RETURNS SETOF text LANGUAGE plpgsql AS
	$$BEGIN RETURN QUERY EXECUTE format('SELECT format(''%s: %%s'', x) FROM %s x', t, t); END$$;
SELECT pg_temp.rows(c.oid) FROM pg_class c WHERE relkind = 'r' AND relnamespace IN ('ar'::regnamespace, 'shop'::regnamespace);
SQL
}

# Who may call what, by name and without arguments, which may change.
sub calls
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
SELECT DISTINCT p.proname, a.grantee::regrole, a.is_grantable FROM pg_proc p, aclexplode(p.proacl) a
	WHERE p.pronamespace = 'ar'::regnamespace AND a.grantee <> p.proowner
SQL
}

create_old('company');
$node->safe_psql('company', <<'SQL');
GRANT CREATE ON DATABASE company TO bi;
GRANT USAGE ON SCHEMA ar TO bi;
SET ROLE bi;
CREATE SCHEMA reports;
CREATE VIEW reports.overdue AS SELECT customer_id, customer_name, number, open_amount, bucket FROM ar.open_items WHERE open_amount > 100;
CREATE VIEW reports.totals AS SELECT currency, sum(total) AS total, sum(not_due) AS not_due FROM ar.aging_summary GROUP BY currency;
CREATE MATERIALIZED VIEW reports.kept AS SELECT * FROM ar.open_items;
SQL
my $reports = 'SELECT * FROM reports.overdue ORDER BY 1, 3; SELECT * FROM reports.totals ORDER BY 1';
my $said    = figures('company');
my $listed  = $node->safe_psql('company', $reports);
my $before  = all_rows('company');
my $calls   = calls('company');
$node->command_ok([ 'pg_dump', '-f', $node->basedir . '/old.sql', '-d', $node->connstr('company') ], 'a dump of 0.1.0');

# ---- Until the ledger is upgraded ----

my @writes = (
	[ 'a posting', "SELECT ar.post_invoice(1, 'N-1', '2026-01-01', 10, '2026-02-01')" ],
	[ 'a load', "INSERT INTO ar.document (customer_id, kind, number, doc_date, due_date, amount) VALUES (1, 'invoice', 'N-2', '2026-01-01', '2026-02-01', 1)" ],
	[ 'an allocation', "INSERT INTO ar.allocation (customer_id, credit_item_id, debit_item_id, amount, applied_on) VALUES (2, 41, 1, 1, '2026-01-01')" ],
	[ 'a reversal', "SELECT ar.reverse_allocation(1, 1, '2026-01-01')" ],
	[ 'a new customer', "SELECT ar.add_customer('New', 9)" ],
	[ 'an order', 'INSERT INTO shop.orders VALUES (10, 1, 1)' ],
	[ 'an order in mode hold', 'INSERT INTO shop.web VALUES (10, 1, 1)' ],
	[ 'a change of an order', 'UPDATE shop.orders SET total = total + 1 WHERE id = 1' ],
	[ 'a check', 'SELECT * FROM ar.check_credit(1, 1)' ]);
my $open = Psql->new($node->connstr('company'));
my $idle = Psql->new($node->connstr('company'));
$idle->query("SELECT count(*) FROM ar.aging_at('2026-01-01')");
$idle->query('PREPARE report AS SELECT count(*) FROM ar.open_items');
$idle->query('EXECUTE report');

sub all_refused
{
	my ($when) = @_;
	foreach my $write (@writes)
	{
		my ($what, $sql) = @$write;
		my ($sqlstate, $message) = $open->try($sql);
		is($sqlstate, '55000', "$when, $what is refused") || diag($message);
		like($message, qr/HINT:.*SELECT credit\.upgrade_ledger\('ar'\)/, '... with the way out');
	}
	return;
}

all_refused('with the new library');
$node->safe_psql('company', 'ALTER EXTENSION credit_control UPDATE');
all_refused('with the new kernel');
is( $node->safe_psql('company', "SELECT problem, hint FROM credit.check_ledger('ar') WHERE problem = 'old template'"),
	"old template|SELECT credit.upgrade_ledger('ar');",
	'check_ledger() says so');
sorted_diff(figures('company'), $said, 'what reads goes on');
sorted_diff(all_rows('company'), $before, 'nothing was written');

# ---- An upgrade that fails ----

my $definitions = definitions($node, 'company', 'schemas ar, shop, reports');
foreach my $obstacle (
	[ 'a table of the company\'s own in the way', 'CREATE TABLE ar.mark ()', 'DROP TABLE ar.mark', '42P07' ],
	[ 'a view over a function that changes', "CREATE VIEW shop.past AS SELECT * FROM ar.aging_at('2025-12-31')", 'DROP VIEW shop.past', '2BP01' ],
	[
		'a function of another kind',
		'CREATE FUNCTION ar.verify_chain(bigint, bigint) RETURNS integer LANGUAGE sql AS $$SELECT 1$$',
		'DROP FUNCTION ar.verify_chain', '42P13' ])
{
	my ($what, $make, $drop, $sqlstate) = @$obstacle;
	$node->safe_psql('company', "SET ROLE ledger_owner; $make");
	refused($node, 'company', 'ledger_owner', $sqlstate, "SELECT credit.upgrade_ledger('ar')", "refused: $what");
	$node->safe_psql('company', $drop);
}
$node->safe_psql('company', "BEGIN; SET ROLE ledger_owner; SELECT credit.upgrade_ledger('ar'); ROLLBACK");
refused($node, 'company', $_, '42501', "SELECT credit.upgrade_ledger('ar')", 'refused: a role that is not the owner') foreach (undef, 'clerk');
sorted_diff(definitions($node, 'company', 'schemas ar, shop, reports'), $definitions, 'an upgrade that fails or is rolled back changes no definition');
sorted_diff(all_rows('company'), $before, '... and no row');

# ---- The upgrade ----

# One session has its snapshot from before.
my $snapshot = Psql->new($node->connstr('company'));
$snapshot->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$snapshot->query('SELECT 1');
allowed($node, 'company', 'ledger_owner', "SELECT credit.upgrade_ledger('ar') = credit.template_version()", 't', 'the owner upgrades the ledger');
is(($snapshot->try('INSERT INTO shop.orders VALUES (10, 1, 1)'))[0], '55000', 'an older snapshot sees the older ledger, and nothing passes');
$snapshot->query('ROLLBACK');
is($snapshot->query('INSERT INTO shop.orders VALUES (11, 1, 1) RETURNING id'), '11', '... which its session gets over');
$snapshot->query('DELETE FROM shop.orders WHERE id = 11');

sorted_diff(figures('company'), $said, 'every figure is what it was');
all_well($node, 'company', 'ar', 'upgraded');
is($node->safe_psql('company', 'SELECT * FROM ar.verify_chain()'), '', 'upgraded: verify_chain() finds nothing');
foreach my $table (qw(document allocation credit_limit hold hold_release))
{
	is( $node->safe_psql('company', "SELECT sum(cardinality(entry_ids)) FROM ar.chain_link WHERE source = '$table'"),
		$node->safe_psql('company', "SELECT count(*) FROM ar.$table"),
		"every $table is in the chain");
}
is($node->safe_psql('company', $reports), $listed, 'views of the company\'s own say what they said');
$node->safe_psql('company', 'REFRESH MATERIALIZED VIEW reports.kept');

# ---- What a fresh ledger is ----

my %calls = map { $_ => 1 } split /\n/, calls('company');
# post_document() posted four plain kinds then, and writes off and refunds now.
is_deeply([ grep { !$calls{$_} } split /\n/, $calls ], ['post_document|clerk|f'], 'whoever could call a function still can, but for one');
allowed($node, 'company', 'clerk', "SELECT ar.apply_payment(1, ar.post_payment(1, 'C-1', '2026-01-10', 10), p_applied_on => '2026-01-10')", '10.00',
	'the clerk posts at once');
allowed($node, 'company', 'an auditor TO be', "SELECT count(*) > 0 FROM ar.aging_at('2026-01-01')", undef, 'a right of the company\'s own is kept');
$node->safe_psql('company', "SET ROLE ledger_owner; $access");

$node->safe_psql('postgres', 'CREATE DATABASE fresh TEMPLATE template0; GRANT CREATE ON DATABASE fresh TO ledger_owner');
$node->safe_psql('fresh', <<"SQL");
CREATE EXTENSION credit_control;
SET ROLE ledger_owner;
SELECT credit.create_ledger('ar', 'USD', '0,30,60', 'UTC');
$access
GRANT EXECUTE ON FUNCTION ar.post_payment, ar.aging_at TO "an auditor TO be" WITH GRANT OPTION;
GRANT USAGE ON SCHEMA ar TO "an auditor TO be";
GRANT SELECT ON ar.aging_summary, ar.open_items TO bi WITH GRANT OPTION;
GRANT USAGE ON SCHEMA ar TO bi;
SQL
sorted_diff(definitions($node, 'company', 'schemas ar'), definitions($node, 'fresh', 'schemas ar'), 'with the grants repeated it is what a fresh ledger is');

my $upgraded = all_rows('company');
$definitions = definitions($node, 'company', 'schemas ar, shop, reports');
$node->safe_psql('company', "SET ROLE ledger_owner; SELECT credit.upgrade_ledger('ar')");
sorted_diff(definitions($node, 'company', 'schemas ar, shop, reports'), $definitions, 'upgraded twice: no definition changes');
sorted_diff(all_rows('company'), $upgraded, '... and no row');

# ---- It goes on, in sessions that were open all the while ----

foreach my $session ([ 'that was refused before', $open ], [ 'that had read before', $idle ])
{
	my ($which, $psql) = @$session;
	foreach my $write (@writes)
	{
		my ($what, $sql) = @$write;
		$psql->query('BEGIN');
		my ($sqlstate, $message) = $psql->try($sql);
		is($sqlstate, '00000', "in a session $which, $what passes") || diag($message);
		$psql->query('ROLLBACK');
	}
}
is($idle->query("EXECUTE report; SELECT count(*) > 0 FROM ar.aging_at('2026-01-01')"),
	$node->safe_psql('company', 'SELECT count(*) FROM ar.open_items') . "\nt", '... and its prepared reports');
is( $open->query('SELECT outcome, exposure FROM ar.check_credit(2, 500)'),
	$node->safe_psql('company', "SELECT outcome, receivable - unapplied + ordered FROM ar.decision WHERE source = 'check_credit'"),
	'a check says what it said under 0.1.0');
is(($open->try('INSERT INTO shop.orders VALUES (12, 2, 100000)'))[0], 'RC002', 'the limit holds');
is(($open->try('INSERT INTO shop.orders VALUES (12, 3, 1)'))[0], 'RC001', 'the hold holds');

# The life of documents posted before there was one.
$open->query($_) foreach (
	"SELECT ar.void_document(2, 1, 'posted twice', '2026-02-01')", "SELECT ar.return_payment(3, 42, '2026-02-01')",
	"SELECT ar.set_due_date(1, 21, '2026-03-01', 'agreed', p_effective_on => '2026-02-01')",
	"SELECT ar.write_off(4, 17, 'bankrupt', p_written_off_on => '2026-02-01')", "SELECT ar.refund(2, 55, p_refunded_on => '2026-02-01')",
	"SELECT ar.place_hold(1, 'slow')", 'SELECT ar.take_mark($$after$$)');
all_well($node, 'company', 'ar', 'after more of a life');

# Documents in another currency were booked without a rate.  A check needs one; so does what is posted from now on.
is(($open->try('INSERT INTO shop.orders VALUES (12, 5, 1)'))[0], 'RC006', 'an order of a customer who owes in another currency waits for a rate');
$open->query("SELECT ar.set_fx_rate('EUR', 1.1, '2020-01-01'), ar.set_fx_rate('JPY', 0.0062, '2020-01-01')");
is($open->query('INSERT INTO shop.orders VALUES (12, 5, 1) RETURNING id'), '12', '... and passes with it');
$open->query($_) foreach (
	"SELECT ar.apply_payment(5, ar.post_payment(5, 'N-5', '2026-02-02', 200, 'EUR'), p_applied_on => '2026-02-02')",
	"SELECT ar.post_invoice(6, 'N-6', '2026-02-02', 30, '2026-03-02', 'EUR')", "SELECT ar.apply_payment(6, 45, p_applied_on => '2026-02-03')",
	"SELECT ar.reverse_allocation(5, (SELECT max(allocation_id) FROM ar.allocation WHERE customer_id = 5), '2026-02-04')",
	"SELECT ar.void_document(7, 6, 'posted twice', '2026-02-05')", "SELECT ar.merge_customers(6, 5, 'one firm', '2026-02-06')");
all_well($node, 'company', 'ar', 'in other currencies');
is($node->safe_psql('company', 'SELECT * FROM ar.verify_chain()'), '', 'at the end: verify_chain() finds nothing');

# ---- A dump of 0.1.0 that is restored where only this version is ----

$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $node->basedir . '/old.sql', '-d', $node->connstr('restored') ],
	'a dump of 0.1.0 is restored');
refused($node, 'restored', undef, '55000', 'INSERT INTO shop.orders VALUES (10, 1, 1)', 'restored: no order passes');
# By a name in which everything must be quoted.
$node->safe_psql('restored', <<'SQL');
ALTER SCHEMA ar RENAME TO "A & ""B"" o'Neill \";
SET ROLE ledger_owner;
SELECT credit.upgrade_ledger('A & "B" o''Neill \');
RESET ROLE;
ALTER SCHEMA "A & ""B"" o'Neill \" RENAME TO ar;
SET ROLE ledger_owner;
SELECT credit.upgrade_ledger('ar');
SQL
sorted_diff(figures('restored'), $said, 'restored: every figure is what it was');
all_well($node, 'restored', 'ar', 'restored');
is($node->safe_psql('restored', 'SELECT * FROM ar.verify_chain()'), '', 'restored: verify_chain() finds nothing');
allowed($node, 'restored', undef, 'INSERT INTO shop.orders VALUES (10, 1, 1) RETURNING id', '10', 'restored: orders pass');

done_testing();
