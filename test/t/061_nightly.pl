#!/usr/bin/env perl
# 061_nightly.pl: what is done every night: each job by itself, one that fails stopping no other; and pg_cron calling it.
use strict;
use warnings;

use Test::More;

use LedgerCluster;

my $installed = -e (split /\n/, `$ENV{PG_CONFIG} --sharedir`)[0] . '/extension/pg_cron.control';
my $node = start_cluster('nightly', conf => $installed
	? "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'company'\ncron.use_background_workers = on\ncron.timezone = 'GMT'\n" : '');
create_database($node, 'company', <<'SQL');
SELECT credit.create_ledger('ar', 'USD', time_zone => 'UTC');
SET search_path = ar, public;
SELECT add_customer('Acme', 1), add_customer('Bolt', 2), add_customer('Crane', 3);
SELECT post_invoice(1, 'A', ledger_today() - 70, 100, ledger_today() - 40), post_invoice(2, 'B', ledger_today() - 20, 50, ledger_today() + 10);
SELECT make_promise(1, ledger_today() - 5, 100, p_promised_on => ledger_today() - 9);
INSERT INTO collector (person) VALUES ('Ann');
INSERT INTO portfolio_rule (rule_no, collector) VALUES (10, 'Ann');
SELECT set_dunning_policy('all', 'USD', '[{"days": 5, "template": "reminder"}]', p_valid_from => ledger_today() - 100);
SELECT place_hold(3, 'papers', p_expires_on => ledger_today());
SQL

sub nightly
{
	my ($arguments) = @_;
	my ($rc, $out, $err) = $node->psql('company', "CALL ar.nightly($arguments)", extra_params => [ '-v', 'SHOW_CONTEXT=never' ]);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	$err =~ s/in [\d.]+ s$/in N s/mg;
	return "$out\n$err\n";
}

# ---- Every job, and again ----

is(nightly(''), <<'OUT', 'a night');
0
NOTICE:  nightly, aging_total: 1 in N s
NOTICE:  nightly, promises: 1 in N s
NOTICE:  nightly, plans: 0 in N s
NOTICE:  nightly, settlements: 0 in N s
NOTICE:  nightly, scores: 0 in N s
NOTICE:  nightly, predictions: 0 in N s
NOTICE:  nightly, reviews: 3 in N s
NOTICE:  nightly, portfolios: 3 in N s
NOTICE:  nightly, dunning_preview: 1 in N s
NOTICE:  nightly, holds: 0 and 0 orders released in N s
OUT
is($node->safe_psql('company', 'SELECT state FROM ar.promise'), 'broken', 'the promise is broken');
is($node->safe_psql('company', 'SELECT currency, customers, total, past_due, unapplied, amounts FROM ar.aging_by_night WHERE as_of = ar.ledger_today() - 1'),
	'USD|2|150.00|100.00|0.00|{50.00,0.00,100.00,0.00,0.00}', 'the day before is kept');
is($node->safe_psql('company', 'SELECT count(*) FROM ar.dunning_run'), '0', 'nobody was written to');
is(nightly(''), <<'OUT', 'the same night again');
0
NOTICE:  nightly, aging_total: 0 in N s
NOTICE:  nightly, promises: 0 in N s
NOTICE:  nightly, plans: 0 in N s
NOTICE:  nightly, settlements: 0 in N s
NOTICE:  nightly, scores: 0 in N s
NOTICE:  nightly, predictions: 0 in N s
NOTICE:  nightly, reviews: 0 in N s
NOTICE:  nightly, portfolios: 0 in N s
NOTICE:  nightly, dunning_preview: 1 in N s
NOTICE:  nightly, holds: 0 and 0 orders released in N s
OUT

# ---- A job that fails ----

$node->safe_psql('company', <<'SQL');
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk of totals is full'; END $$;
CREATE TRIGGER fail BEFORE INSERT ON ar.snapshot_total EXECUTE FUNCTION fail();
SELECT ar.make_promise(2, ar.ledger_today() - 4, 50, p_promised_on => ar.ledger_today() - 8);
SQL
like(nightly(''), qr/^1\nWARNING:  nightly, aging_total failed: the disk of totals is full\nNOTICE:  nightly, promises: 1 in N s\n/, 'one job that fails stops no other');
is($node->safe_psql('company', 'SELECT state FROM ar.promise WHERE customer_id = 2'), 'broken', 'what the others did stays');
$node->safe_psql('company', 'DROP TRIGGER fail ON ar.snapshot_total');
$node->safe_psql('company', <<'SQL');
SELECT ar.post_invoice(3, 'C', ar.ledger_today() - 40, 30, ar.ledger_today() - 10);
SELECT ar.make_promise(3, ar.ledger_today() - 4, 30, p_promised_on => ar.ledger_today() - 8);
SELECT ar.apply_payment(3, ar.post_payment(3, 'P', ar.ledger_today() - 4, 30), p_applied_on => ar.ledger_today() - 4);
SQL
nightly('');
is($node->safe_psql('company', "SELECT value FROM ar.metrics(ar.ledger_today() - 30, ar.ledger_today()) WHERE metric = 'promise_kept_rate'"), '33.33',
	'metrics: one promise of three was kept');
refused($node, 'company', undef, '2D000', 'BEGIN; CALL ar.nightly(); COMMIT;', 'not within a transaction');
refused($node, 'company', undef, '22023', "SELECT ar.run_nightly_job('weekly', '2026-01-01')", 'no such job');
refused($node, 'company', undef, '22008', "SELECT ar.run_nightly_job('promises', NULL)", 'no such day');
refused($node, 'company', undef, '22008', 'CALL ar.nightly(ar.ledger_today() + 1)', 'not ahead');

# ---- Scheduling ----

refused($node, 'company', undef, '0A000', "SELECT credit.schedule_ledger('ar')", 'without pg_cron: an error')
  if !$installed || !$node->safe_psql('company', "SELECT count(*) FROM pg_extension WHERE extname = 'pg_cron'");
allowed($node, 'company', undef, "SELECT credit.unschedule_ledger('ar')", 'f', 'without pg_cron: nothing to take back');
refused($node, 'company', undef, '42P01', "SELECT credit.schedule_ledger('no_ledger')", 'no such ledger');
refused($node, 'company', undef, '22004', 'SELECT credit.schedule_ledger(NULL)', 'no ledger');
refused($node, 'company', undef, '22004', 'SELECT credit.unschedule_ledger(NULL)', 'no ledger to take back');

SKIP:
{
	skip 'pg_cron is not installed', 7 unless $installed;

	$node->restart;		# now the database is there that pg_cron looks for
	$node->safe_psql('company', 'CREATE EXTENSION pg_cron');
	$node->safe_psql('company', "SELECT credit.schedule_ledger('ar')");
	is($node->safe_psql('company', 'SELECT jobname, schedule, command, database FROM cron.job'),
		'credit_control ar|15 2 * * *|CALL ar.nightly()|company', 'scheduled for the night');
	$node->safe_psql('company', "SELECT credit.schedule_ledger('ar', '* * * * *')");
	is($node->safe_psql('company', 'SELECT count(*), min(schedule) FROM cron.job'), '1|* * * * *', 'scheduled anew');
	refused($node, 'company', undef, '22023', "SELECT credit.schedule_ledger('ar', 'often')", 'no such schedule');

	$node->safe_psql('company', 'DELETE FROM cron.job_run_details; SET session_replication_role = replica; DELETE FROM ar.snapshot_total');
	ok($node->poll_query_until('company', "SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'succeeded'"), 'pg_cron ran it');
	is($node->safe_psql('company', 'SELECT count(*) FROM ar.aging_by_night'), '1', 'and it did its jobs');
	is($node->safe_psql('company', "SELECT credit.unschedule_ledger('ar')"), 't', 'taken back');
	is($node->safe_psql('company', "SELECT credit.unschedule_ledger('ar')"), 'f', 'only once');
}

all_well($node, 'company', 'ar', 'at last');
$node->stop;
done_testing();
