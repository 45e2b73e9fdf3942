#!/usr/bin/env perl
# 058_dunning.pl: dunning and interest runs are idempotent and independent of order, on random histories.
#
# The same history is booked into three ledgers.  One is dunned and charged in single runs; one in batches of random size, some
# of them twice; and in the third interest is also charged on random days before.  They end with the same letters, the same items per level and the same interest, and
# what each item was charged is what a plain day-by-day loop over what had not been paid says; payments are often applied later than they came.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
use strict;
use warnings;

use Test::More;

use Chance qw(seeded pick chance between);
use Psql;

seeded();

my @ledgers = qw(once batches often);
my $db = Psql->fresh_database('dunning');

# Day numbers count from 2024-01-01.
my @history;
my $rate = pick(5, 8.5, 12.37, 18);
my $grace = pick(0, 3, 10);
my $minimum = pick(0, 0.5, 5, 20);
my @days = map { 5 + 14 * $_ + between(0, 5) } 0 .. 2;
my $levels = sprintf '[{"days": %d, "template": "reminder"}, {"days": %d, "template": "second_reminder", "fee": 7.5, "minimum_amount": %s}, {"days": %d, "days_from": "last_level", "template": "final_demand", "fee": 15}]',
	$days[0], $days[1], pick(0, 50), between(5, 20);
push @history, "set_dunning_policy('all', 'USD', '$levels', p_valid_from => '2024-01-01', p_interval_days => @{[ between(1, 10) ]}, p_net_of_unapplied => @{[ pick('true', 'false') ]})";
push @history, "set_interest_policy('all', 'USD', $rate, p_valid_from => '2024-01-01', p_grace_days => $grace, p_minimum_charge => $minimum)";
my $law = chance(50);
push @history, "set_interest_policy('law', 'USD', p_jurisdiction => 'DE', p_risk_class => 'law', p_valid_from => '2024-01-01')" if $law;
my $item = 0;
foreach my $customer (1 .. 10)
{
	push @history, "add_customer('Customer $customer', $customer)";
	push @history, "set_risk_class($customer, 'law')" if $law && chance(50);
	foreach my $n (1 .. between(1, 4))
	{
		my $due = between(0, 150);
		my $amount = between(100, 99999) / 100;
		push @history, "post_invoice($customer, 'I-$n', '2024-01-01'::date + $due - 20, $amount, '2024-01-01'::date + $due)";
		my $left = $amount;
		foreach my $part (1 .. between(0, 3))
		{
			my $paid = chance(40) ? $left : sprintf '%.2f', $left * rand;
			last if $paid <= 0;
			my $day = $due + between(-10, 60);
			push @history, "post_payment($customer, 'P-$n-$part', '2024-01-01'::date + $day, $paid)";
			push @history, "apply_to($customer, 'P-$n-$part', 'I-$n', $paid, '2024-01-01'::date + GREATEST($day, $due - 20) + @{[ pick(0, 0, between(1, 40)) ]})";
			$left = sprintf '%.2f', $left - $paid;
			last if $left <= 0;
		}
	}
	push @history, "post_payment($customer, 'U', '2024-03-01', @{[ between(1, 30000) / 100 ]})" if chance(20);
	push @history, "set_customer_status($customer, 'bankrupt')" if chance(8);
}
foreach my $ledger (@ledgers)
{
	$db->query("SELECT credit.create_ledger('$ledger', 'USD', time_zone => 'UTC')");
	$db->query("SET search_path = $ledger, public");
	$db->query(<<'SQL');
CREATE FUNCTION apply_to(whose bigint, payment text, invoice text, part numeric, day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM allocate(whose, c.item_id, i.item_id, part, day) FROM document p JOIN item c USING (customer_id, document_id),
		document d JOIN item i USING (customer_id, document_id)
	WHERE p.customer_id = whose AND p.number = payment AND d.customer_id = whose AND d.number = invoice;
END $$;
SQL
	$db->query('SELECT ' . $_) foreach @history;
}

# ---- the runs: the same days, each in its ledger's way ----

my $step = between(12, 24);
my @runs = map { 20 + $step * $_ } 0 .. int(200 / $step);
foreach my $run (@runs)
{
	my $day = "'2024-01-01'::date + $run";
	$db->query("SET search_path = once, public");
	$db->query("SELECT run_dunning($day)");
	$db->query("SET search_path = batches, public");
	foreach (1 .. chance(30) ? 2 : 1)
	{
		$db->query("CALL run_dunning_in_batches($day, @{[ between(1, 13) ]})");
	}
	# Customers in another order, in two halves.
	$db->query("SET search_path = often, public");
	$db->query("SELECT dun_customers(r, ARRAY(SELECT c FROM unnest(customers_to_dun($day)) c WHERE c % 2 = 1)), dun_customers(r, ARRAY(SELECT c FROM unnest(customers_to_dun($day)) c WHERE c % 2 = 0)) FROM start_dunning($day) r");
	if (chance(50))
	{
		$db->query("SELECT run_interest($day)") foreach 1 .. between(1, 2);
	}
}
my $last = "'2024-01-01'::date + $runs[-1]";
$db->query("SET search_path = once, public");
$db->query("SELECT run_interest($last)");
$db->query("SET search_path = batches, public");
$db->query("CALL run_interest_in_batches($last, 3)");
$db->query("SET search_path = often, public");
$db->query("SELECT run_interest($last)");

sub told
{
	my ($ledger, $query) = @_;
	$db->query("SET search_path = $ledger, public");
	return $db->query($query);
}
my %asked = (
	letters => q{SELECT customer_id, currency, level, as_of, items, amount, unapplied, fee FROM dunning_letter ORDER BY 1, 4},
	items => q{SELECT d.customer_id, o.number, d.level, d.as_of, d.amount FROM dunning_item d JOIN item USING (customer_id, item_id) JOIN document o USING (customer_id, document_id) ORDER BY 1, 2, 3},
	texts => q{SELECT customer_id, md5(string_agg(subject || body, '' ORDER BY outbox_id)) FROM outbox GROUP BY 1 ORDER BY 1},
	interest => q{SELECT h.customer_id, o.number, sum(h.amount) FROM interest_charge h JOIN item USING (customer_id, item_id) JOIN document o ON o.customer_id = h.customer_id AND o.document_id = item.document_id
		WHERE h.kind IN ('interest', 'minimum') GROUP BY 1, 2 ORDER BY 1, 2});
# Interest that was charged before a letter is told in it.
foreach my $what (qw(letters items interest))
{
	my $first = told('once', $asked{$what});
	is(told($_, $asked{$what}), $first, "$_: the same $what as in single runs") foreach qw(batches often);
	cmp_ok(scalar(split /\n/, $first), '>', 3, "there are $what to compare");
}
is(told('batches', $asked{texts}), told('once', $asked{texts}), 'batches: the same texts');

foreach my $ledger (@ledgers)
{
	is(told($ledger, "SELECT count(*) FROM run_dunning($last) WHERE skipped IS NULL"), 0, "$ledger: the same day again duns nobody");
	is(told($ledger, "SELECT count(*) FROM run_interest($last)"), 0, "$ledger: and charges nothing");
	is(told($ledger, 'SELECT * FROM verify_ledger()'), '', "$ledger is whole");
}

# ---- by hand: what had not come by every day, times the rate of that day ----

my $by_hand = told('once', <<"SQL");
SELECT customer_id, number, CASE WHEN by_law THEN interest ELSE round(GREATEST(interest, $minimum), 2) END FROM (
	SELECT i.customer_id, d.number, COALESCE(c.risk_class = 'law', false) AS by_law, round(sum(GREATEST(i.amount - COALESCE(a.paid, 0), 0) * r.rate / 36500), 2) AS interest
	FROM item i JOIN document d USING (customer_id, document_id) JOIN customer c USING (customer_id)
		CROSS JOIN LATERAL generate_series(i.due_date + 1, $last, interval '1 day') day
		LEFT JOIN LATERAL (SELECT sum(x.amount) AS paid FROM allocation x WHERE x.customer_id = i.customer_id AND x.debit_item_id = i.item_id AND x.credit_posting_date < day) a ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN c.risk_class = 'law' THEN CASE WHEN day < '2024-07-01' THEN 12.62 ELSE 12.37 END ELSE $rate END AS rate) r
	WHERE d.kind = 'invoice' AND c.status <> 'bankrupt'
		AND CASE WHEN i.open_amount = 0 THEN LEAST((SELECT max(x.credit_posting_date) FROM allocation x WHERE x.customer_id = i.customer_id AND x.debit_item_id = i.item_id), $last) ELSE $last END - i.due_date > CASE WHEN c.risk_class = 'law' THEN 0 ELSE $grace END
	GROUP BY 1, 2, 3) h
WHERE interest > 0 ORDER BY 1, 2
SQL
is(told('once', $asked{interest}), $by_hand, 'each item was charged what its open amount cost, day by day');

# Levels go up by one, never twice, and never within the interval.
is(told('once', <<'SQL'), '', 'levels go one by one');
SELECT d.customer_id, d.item_id, d.level FROM dunning_item d
WHERE d.level > 1 AND NOT EXISTS (SELECT FROM dunning_item o WHERE o.customer_id = d.customer_id AND o.item_id = d.item_id AND o.level = d.level - 1 AND o.as_of < d.as_of)
UNION ALL SELECT l.customer_id, l.dunning_letter_id, 0 FROM dunning_letter l JOIN dunning_letter o ON o.customer_id = l.customer_id AND o.as_of < l.as_of
	JOIN dunning_policy p ON p.dunning_policy_id = l.dunning_policy_id WHERE l.as_of - o.as_of < p.interval_days
SQL

done_testing;
