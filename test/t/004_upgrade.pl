#!/usr/bin/env perl
# 004_upgrade.pl: whichever version was installed first, the upgraded extension and the upgraded ledger are those that
# a fresh installation makes; upgrade_ledger() mends what check_ledger() finds.
use strict;
use warnings;

use Test::More;

use LedgerCluster;

my $node = start_cluster('upgrade');
$node->safe_psql('postgres', 'CREATE ROLE clerk; CREATE ROLE dashboard');

# ---- Every path between versions ----

create_database($node, 'fresh', "SELECT credit.create_ledger('ar', 'USD')");
my $extension = definitions($node, 'fresh', 'extension credit_control');
my $ledger    = definitions($node, 'fresh', 'schemas ar');
like($extension, qr/^$_\|/m, "the extension has a $_ to compare")
  foreach ('object', 'owner', 'right', 'comment', 'function', 'aggregate', 'type', 'operator', 'operator class', 'cast');
like($ledger, qr/^$_\|/m, "the ledger has a $_ to compare")
  foreach ('object', 'owner', 'right', 'comment', 'function', 'relation', 'column', 'index', 'constraint', 'trigger', 'sequence');

my $default = $node->safe_psql('postgres', "SELECT default_version FROM pg_available_extensions WHERE name = 'credit_control'");
my @installable = split /\n/,
  $node->safe_psql('postgres', "SELECT version FROM pg_available_extension_versions WHERE name = 'credit_control' ORDER BY 1");
# pg_extension_update_paths() lists the pairs of all versions that scripts name; paths that do not exist are NULL.
my @scripts = split /\n/, $node->safe_psql('postgres',
	"SELECT source || '--' || target FROM pg_extension_update_paths('credit_control') WHERE path = source || '--' || target");
ok((grep { $_ eq $default } @installable), "version $default can be installed");

my $paths = 0;
foreach my $version (grep { $_ ne $default } @installable)
{
	(my $database = "from_$version") =~ s/\W/_/g;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql($database, "CREATE EXTENSION credit_control VERSION '$version'; SELECT credit.create_ledger('ar', 'USD')");
	$node->safe_psql($database, "ALTER EXTENSION credit_control UPDATE; SELECT credit.upgrade_ledger('ar')");
	sorted_diff(definitions($node, $database, 'extension credit_control'), $extension, "$version -> $default: the extension");
	sorted_diff(definitions($node, $database, 'schemas ar'), $ledger, "$version -> $default: the ledger");
	all_well($node, $database, 'ar', "$version -> $default");
	$paths++;
}
foreach my $script (@scripts)
{
	my ($from, $to) = split /--/, $script;
	is($node->safe_psql('postgres', "SELECT path IS NOT NULL FROM pg_extension_update_paths('credit_control') WHERE source = '$from' AND target = '$default'"),
		't', "from $from there is a way to $default")
	  if $from ne $default;
}
cmp_ok($paths, '>', 0, 'there are older versions');
is($paths, @installable - 1, sprintf 'compared with a fresh installation: %d upgraded one(s), by %d upgrade script(s)', $paths, scalar @scripts);

# That the comparison sees what it should: one change of each kind.
create_database($node, 'changed', "SELECT credit.create_ledger('ar', 'USD')");
sorted_diff(definitions($node, 'changed', 'extension credit_control'), $extension, 'two fresh extensions are the same');
sorted_diff(definitions($node, 'changed', 'schemas ar'), $ledger, 'two fresh ledgers are the same');
foreach my $change (
	"COMMENT ON FUNCTION credit.check_ledger(name) IS 'x'",
	'REVOKE EXECUTE ON FUNCTION credit.check_ledger(name) FROM PUBLIC',
	'ALTER FUNCTION credit.check_ledger(name) STABLE',
	'ALTER TYPE credit.aging SET (SEND = NONE)', 'ALTER EXTENSION credit_control DROP CAST (credit.aging AS jsonb)')
{
	isnt($node->safe_psql('changed', 'SELECT 1'), '', 'there is a database');
	$node->safe_psql('changed', $change);
	isnt(definitions($node, 'changed', 'extension credit_control'), $extension, "seen: $change");
	$extension = definitions($node, 'changed', 'extension credit_control');
}

# ---- An upgrade of a ledger that needs none changes nothing ----

$node->safe_psql('fresh', "SELECT ar.grant_access('clerk', 'poster'), ar.grant_access('dashboard', 'reader')");
my $granted = definitions($node, 'fresh', 'schemas ar');
is($node->safe_psql('fresh', "SELECT credit.upgrade_ledger('ar') = credit.template_version()"), 't', 'upgrade_ledger() says which version');
sorted_diff(definitions($node, 'fresh', 'schemas ar'), $granted, 'upgraded again: nothing changes, rights stay');
$node->safe_psql('fresh', "SELECT credit.upgrade_ledger('ar')") for 1 .. 2;
all_well($node, 'fresh', 'ar', 'upgraded again');

# ---- What check_ledger() finds, and how it is mended ----

$node->safe_psql('fresh', <<'SQL');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint, customer_id bigint, total numeric) PARTITION BY HASH (id);
CREATE TABLE shop.orders_0 PARTITION OF shop.orders FOR VALUES WITH (MODULUS 2, REMAINDER 0);
SELECT ar.watch_orders('shop.orders', customer => 'customer_id', amount => 'total', order_id => 'id');
SELECT ar.add_customer('Acme', 1), ar.set_credit_limit(1, 100);
INSERT INTO shop.orders VALUES (1, 1, 10), (2, 1, 10) ON CONFLICT DO NOTHING;
SQL
$granted = definitions($node, 'fresh', 'schemas ar, shop');

my $upgrade = "SELECT credit.upgrade_ledger('ar');";
my @faults = (
	# what is done | problem, object and detail that check_ledger() gives | what mends it, and what its hint names
	[ 'DROP FUNCTION ar.reverse_allocation', 'missing function|reverse_allocation|', $upgrade ],
	[ 'DROP VIEW ar.open_items', 'missing view|open_items|', $upgrade ],
	[ 'DROP VIEW ar.aging_summary', 'missing view|aging_summary|', $upgrade ],
	[ 'DROP TRIGGER allocation_gather ON ar.allocation', 'missing trigger|allocation_gather|', $upgrade ],
	[ 'DROP TRIGGER document_append_only ON ar.document', 'missing trigger|document_append_only|', $upgrade ],
	[
		'ALTER TABLE ar.document DISABLE TRIGGER document_settle',
		'disabled trigger|document_settle on ar.document|',
		'ALTER TABLE ar.document ENABLE TRIGGER document_settle; SELECT ar.rebuild_ledger()' ],
	[
		'ALTER TABLE ar.hold ENABLE REPLICA TRIGGER hold_append_only',
		'disabled trigger|hold_append_only on ar.hold|',
		'ALTER TABLE ar.hold ENABLE TRIGGER hold_append_only' ],
	[
		'ALTER TABLE ONLY shop.orders DISABLE TRIGGER credit_control_settle',
		'disabled trigger|credit_control_settle on shop.orders|',
		'ALTER TABLE shop.orders ENABLE TRIGGER credit_control_settle' ],
	[
		'ALTER TABLE shop.orders_0 DISABLE TRIGGER credit_control_gather',
		'disabled trigger|credit_control_gather on shop.orders_0|',
		'ALTER TABLE shop.orders_0 ENABLE TRIGGER credit_control_gather' ],
	[
		'CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
		'partition without TRUNCATE trigger|shop.orders_1|',
		q{SELECT ar.watch_partitions('shop.orders')} ],
	[
		'GRANT UPDATE ON ar.exposure TO clerk',
		'excess right|UPDATE on ar.exposure|granted to clerk',
		'REVOKE UPDATE ON ar.exposure FROM clerk' ],
	[
		'GRANT INSERT ON ar.item TO PUBLIC',
		'excess right|INSERT on ar.item|granted to PUBLIC',
		'REVOKE INSERT ON ar.item FROM PUBLIC' ],
	[
		'GRANT UPDATE (open_amount) ON ar.item TO clerk',
		'excess right|UPDATE (open_amount) on ar.item|granted to clerk',
		'REVOKE UPDATE (open_amount) ON ar.item FROM clerk' ],
	[
		'GRANT TRIGGER ON ar.document TO clerk',
		'excess right|TRIGGER on ar.document|granted to clerk',
		'REVOKE TRIGGER ON ar.document FROM clerk' ],
	[
		'GRANT EXECUTE ON FUNCTION ar.place_hold TO PUBLIC',
		'excess right|EXECUTE on ar.place_hold(bigint,text,text,text,date,boolean,boolean)|granted to PUBLIC',
		'REVOKE EXECUTE ON FUNCTION ar.place_hold(bigint,text,text,text,date,boolean,boolean) FROM PUBLIC' ]);

foreach my $fault (@faults)
{
	my ($sql, $said, $mend) = @$fault;
	$node->safe_psql('fresh', $sql);
	my ($hint_names) = split /;/, $mend;
	is($node->safe_psql('fresh', "SELECT problem, object, detail FROM credit.check_ledger('ar')"), $said, "check_ledger() sees: $sql");
	like($node->safe_psql('fresh', "SELECT hint FROM credit.check_ledger('ar')"), qr/\Q$hint_names\E/, '... and its hint says what mends it');
	$node->safe_psql('fresh', $mend);
	is($node->safe_psql('fresh', "SELECT * FROM credit.check_ledger('ar')"), '', "... and nothing after: $mend");
}

# A ledger that says it is old: told apart by its version alone.
my $version = $node->safe_psql('fresh', 'SELECT credit.template_version()');
is($node->safe_psql('fresh', "BEGIN; UPDATE ar.ledger_info SET template_version = 1; SELECT * FROM credit.check_ledger('ar'); ROLLBACK"),
	"old template|ar|The ledger is of version 1, the kernel of version $version.|SELECT credit.upgrade_ledger('ar');",
	'check_ledger() sees an old template');

# A renamed table of orders: named, refused, and put right.
$node->safe_psql('fresh', 'ALTER TABLE shop.orders RENAME TO purchases');
is( $node->safe_psql('fresh', "SELECT problem, object FROM credit.check_ledger('ar')"),
	"watched table is gone|shop.orders\ntable has triggers but is not watched|shop.purchases",
	'check_ledger() sees a renamed table of orders, from both ends');
refused($node, 'fresh', undef, '55000', 'INSERT INTO shop.purchases VALUES (3, 1, 1)', '... which takes no order');
$node->safe_psql('fresh', <<'SQL');
SELECT ar.unwatch_orders('shop.orders'), ar.unwatch_orders('shop.purchases');
SELECT ar.watch_orders('shop.purchases', customer => 'customer_id', amount => 'total', order_id => 'id');
INSERT INTO shop.purchases VALUES (3, 1, 1);
SQL
is($node->safe_psql('fresh', 'SELECT ordered = (SELECT sum(total) FROM shop.purchases) FROM ar.exposure'), 't', '... until it is watched again');
all_well($node, 'fresh', 'ar', 'after all faults');
$node->safe_psql('fresh', "SELECT ar.unwatch_orders('shop.purchases'); DROP SCHEMA shop CASCADE");

# Mended is as good as new, but for rights on what was gone.
$node->safe_psql('fresh', "SELECT ar.grant_access('clerk', 'poster'), ar.grant_access('dashboard', 'reader')");
sorted_diff(
	definitions($node, 'fresh', 'schemas ar'),
	(join "\n", grep { !/shop/ } split /\n/, $granted),
	'after all faults the ledger is what it was');

# ---- Who may, and what cannot be ----

refused($node, 'fresh', undef, '42501', "SET ROLE clerk; SELECT credit.upgrade_ledger('ar')", 'only the owner upgrades a ledger');
$node->safe_psql('fresh', 'UPDATE ar.ledger_info SET template_version = 1000');
refused($node, 'fresh', undef, '55000', "SELECT credit.upgrade_ledger('ar')", 'a ledger newer than the kernel');
$node->safe_psql('fresh', "UPDATE ar.ledger_info SET template_version = $version; DROP VIEW ar.open_items");
$node->safe_psql('fresh', "BEGIN; SELECT credit.upgrade_ledger('ar'); ROLLBACK");
is($node->safe_psql('fresh', "SELECT to_regclass('ar.open_items') IS NULL"), 't', 'an upgrade can be rolled back');

done_testing();
