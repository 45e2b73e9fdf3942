#!/usr/bin/env perl
# 010_cash_killed.pl: a cash run is killed in the middle, once its session alone and once with the whole server, and called
# again by its name.  In the end everything is as after a run that nobody disturbed, and at no time half of anything.
use strict;
use warnings;

use IPC::Run qw(start);
use Test::More;

use LedgerCluster;

my $node = start_cluster('cash_killed');

# 40 customers, 400 invoices and 404 receipts: for one invoice, with its discount, for several, short, too much, unclear, and
# some that come back.
my $ledger = <<'SQL';
SELECT credit.create_ledger('ar', 'EUR', time_zone => 'Etc/UTC');
SELECT ar.add_customer('Customer ' || c, c, 'K-' || 70000 + c) FROM generate_series(1, 40) c;
SELECT ar.post_invoice(1 + n % 40, 'INV-' || 10000 + n, date '2026-01-01' + n % 20, 100 + n, p_terms => '2/10 net 30') FROM generate_series(1, 400) n;
SELECT ar.set_cash_rules('all', '{reference,exact_item,debtor_designation,oldest_first}', p_tolerance_amount => 1, p_underpayment => 'chargeback',
	p_overpayment => 'refund');
SELECT ar.add_receipt('DE1', 'S', n::text, date '2026-01-10' + n % 15, CASE n % 7 WHEN 0 THEN round(0.98 * (100 + n), 2) WHEN 1 THEN 90 WHEN 2 THEN 99 + n WHEN 3 THEN 130 + n
		ELSE 100 + n END, p_payer_name => CASE WHEN n % 11 > 0 THEN 'Customer ' || 1 + n % 40 END, p_bank_reference => 'B' || n,
	p_remittance_text => CASE WHEN n % 5 > 0 THEN 'INV-' || 10000 + n WHEN n % 3 = 0 THEN format('INV-%s, INV-%s', 10000 + n, 10040 + n % 360) ELSE 'K-' || 70001 + n % 40 END)
FROM generate_series(1, 400) n;
SELECT load_bai2.* FROM ar.load_bai2(E'01,122099999,123456789,260204,0200,1,65,,2/\n02,031001234,122099999,1,260124,2359,EUR,2/\n03,DE1,EUR,010,0,,/\n'
	|| E'16,555,10100,,B2,,NSF\n16,555,10486,,B7,,NSF\n16,555,11100,,B11,,NSF\n16,555,1,,B999,,NSF\n49,31687,6/\n98,31687,1,8/\n99,31687,1,10/\n');
SQL
create_database($node, $_, $ledger) foreach qw(whole killed);

sub ask { my ($query, $database) = @_; return $node->safe_psql($database // 'killed', $query); }
sub beside { my ($sql) = @_; return start([ 'psql', '-qX', '-d', $node->connstr('killed'), '-c', $sql ], '<', \undef, '>', \my $out, '2>', \my $err); }

my $outcome = q{SELECT b.bank_receipt_id, m.status, m.customer_id, m.rule, m.confidence, m.allocations, m.on_account, m.error, m.returned_receipt_id
	FROM ar.cash_match m JOIN ar.bank_receipt b USING (bank_receipt_id) ORDER BY b.bank_receipt_id, m.status};
my $items = q{SELECT i.customer_id, d.kind, d.side, d.number, i.amount, i.open_amount, i.due_date FROM ar.item i JOIN ar.document d USING (customer_id, document_id)
	ORDER BY i.customer_id, d.kind, d.number, i.instalment_no};
my $applied = q{SELECT count(*) FROM ar.cash_match WHERE status = 'applied'};

ask("CALL ar.apply_cash('night', false)", 'whole');
ask("CALL ar.apply_cash('night', false)", 'whole');
my %status = map { split /\|/ } split /\n/, ask("SELECT COALESCE(rule, status), count(*) FROM ar.cash_match WHERE status IN ('applied', 'proposed') GROUP BY 1", 'whole');
note join ', ', map { "$_ $status{$_}" } sort keys %status;
cmp_ok(scalar keys %status, '>=', 4, 'receipts of several kinds');
all_well($node, 'whole', 'ar', 'a run that nobody disturbed');

# Somebody has a customer, so that the run stands still in the middle; then it ends, by whatever means.
sub stop_in_the_middle
{
	my ($customer, $means) = @_;
	my $before = ask($applied);
	my $holder = beside("SELECT ar.lock_customer($customer); SELECT pg_sleep(600)");
	ok($node->poll_query_until('killed', "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query ~ 'lock_customer.$customer' AND wait_event = 'PgSleep')"),
		"customer $customer is locked");
	my $run = beside("CALL ar.apply_cash('night', false, 10)");
	ok($node->poll_query_until('killed', "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query ~ 'apply_cash' AND wait_event_type = 'Lock')"),
		'the run stands still');
	$means->();
	$_->finish foreach $run, $holder;

	my $now = ask($applied);
	cmp_ok($now, '>', $before, "$now receipts are applied");
	cmp_ok($now, '<', ask($applied, 'whole'), 'and not all');
	is(ask('SELECT finished_at IS NULL FROM ar.cash_run'), 't', 'the run has not come to its end');
	is(ask("SELECT count(*) FROM ar.document WHERE kind = 'payment' AND reverses IS NULL"), ask("$applied AND returned_receipt_id IS NULL"), 'a payment for each receipt applied');
	is(ask("SELECT count(*) FROM ar.cash_match m WHERE m.status = 'applied' AND (SELECT sum((a ->> 'amount')::numeric) FROM jsonb_array_elements(m.allocations) a)"
			. ' <> (SELECT sum(a.amount) FROM ar.cash_allocation l JOIN ar.allocation a USING (customer_id, allocation_id) WHERE l.cash_match_id = m.cash_match_id)'),
		'0', 'each paid what its match says');
	all_well($node, 'killed', 'ar', 'after the run was stopped');
	return;
}

my $end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query ~";
stop_in_the_middle(20, sub { ask("$end 'apply_cash'"); ask("$end 'lock_customer'"); });
stop_in_the_middle(33, sub { crash($node); });

# Called again, it does the rest.
ask("CALL ar.apply_cash('night', false)");
is(ask('SELECT finished_at IS NOT NULL FROM ar.cash_run'), 't', 'the run comes to its end');
is(ask($outcome), ask($outcome, 'whole'), 'what came of each receipt is what came of it undisturbed');
is(ask($items), ask($items, 'whole'), 'and so is every item');
all_well($node, 'killed', 'ar', 'in the end');
my $state = ask($outcome);
ask("CALL ar.apply_cash('night', false)");
is(ask($outcome), $state, 'again it does nothing');

done_testing();
