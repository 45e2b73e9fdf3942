#!/usr/bin/env perl
# 059_promises.pl: promises to pay, judged from random payments, are what plain SQL makes of them; plans are in default when they
# should be; and none of it depends on how often, or in which steps, they are evaluated.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
#   CREDIT_CONTROL_STEPS   how many statements, in twelfths of it
use strict;
use warnings;

use Test::More;

use Chance qw(seeded pick chance between);
use Psql;

my (undef, $steps) = seeded(6000);

# Two ledgers with the same history: one is evaluated every day, the other one now and then.
my $db = Psql->fresh_database('promises');
foreach my $ledger (qw(daily lazy))
{
	$db->query("SELECT credit.create_ledger('$ledger', 'USD', time_zone => 'Etc/UTC')");
	$db->query("UPDATE $ledger.promise_policy SET tolerance_percent = 5");
}

my %ended;
my @refused;

# The same in both, with the same answer; the day is one of 2025.
sub deed
{
	my ($statement) = @_;
	my @answers;
	foreach my $ledger (qw(daily lazy))
	{
		$db->query("SET search_path = $ledger, public");
		push @answers, join ' ', $db->try($statement);
	}
	my ($state) = $answers[0] =~ /^(\S+)/;
	$ended{$state}++;
	push @refused, "$answers[0] and $answers[1]: $statement" if $answers[0] =~ s/daily|lazy/ledger/gr ne $answers[1] =~ s/daily|lazy/ledger/gr;
	return $state eq '00000';
}

deed("SELECT add_customer('Customer $_', $_)") foreach 1 .. 3;
my ($documents, $day) = (0, 0);
sub on { my ($offset) = @_; return "date '2025-01-01' + @{[ $day + ($offset // 0) ]}"; }

# A debit item, or a credit one, of a customer; often one that is open.
sub some
{
	my ($customer, $where) = @_;
	return "(SELECT i.item_id FROM item i JOIN document d USING (customer_id, document_id) WHERE i.customer_id = $customer AND $where"
	  . ' ORDER BY md5(i.item_id || ' . "'" . int(rand 1e6) . "'" . ') LIMIT 1)';
}

my @deeds = (
	(sub { my ($c) = @_; $documents++; return "post_invoice($c, 'I-$documents', @{[ on() ]}, @{[ between(100, 90000) / 100 ]}, @{[ on(between(0, 40)) ]})" }) x 3,
	(sub { my ($c) = @_; $documents++; return "apply_payment($c, post_payment($c, 'P-$documents', @{[ on(-between(0, 4)) ]}, @{[ between(100, 60000) / 100 ]}), p_applied_on => @{[ on() ]})" }) x 3,
	(sub { my ($c) = @_;
		my ($credit, $debit) = (some($c, 'i.open_amount < 0'), some($c, 'i.open_amount > 0'));
		return "allocate($c, a.item_id, b.item_id, LEAST(-a.open_amount, b.open_amount), @{[ on() ]}) FROM item a, item b"
		  . " WHERE a.customer_id = $c AND b.customer_id = $c AND a.item_id = $credit AND b.item_id = $debit" }) x 4,
	(sub { my ($c) = @_; $documents++; return "post_payment($c, 'P-$documents', @{[ on(-between(0, 6)) ]}, @{[ between(100, 60000) / 100 ]})" }) x 2,
	sub { my ($c) = @_; $documents++; return "post_credit_note($c, 'C-$documents', @{[ on() ]}, @{[ between(100, 20000) / 100 ]})" },
	sub { my ($c) = @_; return "write_off($c, i.item_id, 'small', round(i.open_amount / 2, 2), @{[ on() ]}) FROM item i WHERE i.customer_id = $c AND i.item_id = " . some($c, 'i.open_amount > 1') },
	sub { my ($c) = @_; return "return_payment($c, (SELECT d.document_id FROM document d WHERE d.customer_id = $c AND d.kind = 'payment' ORDER BY md5(d.document_id || '@{[ int rand 1e6 ]}') LIMIT 1), @{[ on() ]})" },
	sub { my ($c) = @_; return "reverse_allocation($c, (SELECT a.allocation_id FROM allocation a WHERE a.customer_id = $c AND a.reverses IS NULL ORDER BY md5(a.allocation_id || '@{[ int rand 1e6 ]}') LIMIT 1), @{[ on() ]})" },
	(sub { my ($c) = @_;
		my $items = chance(25) ? '' : ", p_item_ids => ARRAY(SELECT i.item_id FROM item i WHERE i.customer_id = $c AND i.open_amount > 0 AND i.posting_date <= @{[ on() ]} ORDER BY md5(i.item_id || '@{[ int rand 1e6 ]}') LIMIT @{[ between(1, 3) ]})";
		my $amount = chance(40) && $items ? '' : ", p_amount => @{[ between(100, 50000) / 100 ]}";
		return "make_promise($c, @{[ on(between(0, 15)) ]}$amount$items, p_tolerance_days => @{[ pick(0, 0, 1, 3) ]}, p_promised_on => @{[ on() ]})" }) x 4,
	sub { my ($c) = @_; return "withdraw_promise($c, (SELECT max(p.promise_id) FROM promise p WHERE p.customer_id = $c), 'wrong')" });

# What became of each promise, item by item, without aggregates over what the functions read.
my $oracle = <<'SQL';
CREATE FUNCTION oracle(as_of date) RETURNS TABLE (customer_id bigint, promise_id bigint, state text, paid numeric) LANGUAGE plpgsql AS $$
DECLARE
	p record; part record; a record;
	paid_here numeric; left_here numeric; paid_all numeric; wanted numeric; over_at bigint;
BEGIN
	FOR p IN SELECT * FROM promise WHERE promise.state <> 'withdrawn' ORDER BY 1, 2 LOOP
		paid_all := 0; wanted := 0;
		-- What was applied after another one took its place is that one's.
		over_at := (SELECT n.after_allocation_id FROM promise n WHERE n.customer_id = p.customer_id AND n.promise_id = p.replaced_by);
		FOR part IN SELECT i.item_id, i.amount FROM promise_item i WHERE i.customer_id = p.customer_id AND i.promise_id = p.promise_id
			UNION ALL SELECT NULL, p.amount WHERE NOT EXISTS (SELECT FROM promise_item i WHERE i.customer_id = p.customer_id AND i.promise_id = p.promise_id)
		LOOP
			paid_here := 0;
			left_here := CASE WHEN part.item_id IS NULL THEN p.open_amount ELSE (SELECT i.amount FROM item i WHERE i.customer_id = p.customer_id AND i.item_id = part.item_id) END;
			FOR a IN SELECT l.*, d.kind, d.source_document_id, COALESCE(l.reverses, l.allocation_id) > p.after_allocation_id AS later
				FROM allocation l JOIN item i ON i.customer_id = l.customer_id AND i.item_id = l.credit_item_id JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				WHERE l.customer_id = p.customer_id AND (l.debit_item_id = part.item_id OR part.item_id IS NULL)
			LOOP
				CONTINUE WHEN COALESCE(a.reverses, a.allocation_id) > over_at;
				CONTINUE WHEN a.applied_on > as_of OR a.credit_posting_date > p.due_on + p.tolerance_days;
				IF a.kind = 'payment' AND a.later THEN
					paid_here := paid_here + a.amount;
				END IF;
				IF (a.kind <> 'write_off' OR a.source_document_id IS NOT NULL) AND (part.item_id IS NOT NULL OR (a.later AND a.debit_posting_date <= p.promised_on)) THEN
					left_here := left_here - a.amount;
				END IF;
			END LOOP;
			wanted := wanted + LEAST(part.amount, GREATEST(paid_here + GREATEST(left_here, 0), 0));
			paid_all := paid_all + GREATEST(LEAST(part.amount, paid_here), 0);
		END LOOP;
		customer_id := p.customer_id; promise_id := p.promise_id; paid := paid_all;
		state := CASE WHEN paid_all >= wanted - p.tolerance_amount THEN 'kept' WHEN over_at IS NULL AND as_of <= p.due_on + p.tolerance_days THEN 'open'
			WHEN paid_all > 0 THEN 'partly_kept' WHEN over_at IS NOT NULL THEN 'replaced' ELSE 'broken' END;
		RETURN NEXT;
	END LOOP;
END $$
SQL
foreach my $ledger (qw(daily lazy))
{
	$db->query("SET search_path = $ledger, public");
	$db->query($oracle);
}

my (@wrong, @again);
my %states;
foreach my $step (1 .. $steps / 12)
{
	deed('SELECT ' . pick(@deeds)->(between(1, 3)));
	next if $step % 5;
	$day++;
	$db->query('SET search_path = daily, public');
	$db->query("SELECT evaluate_promises(@{[ on() ]})");
	my $differs = $db->query(<<"SQL");
SELECT string_agg(format('%s/%s: %s %s, not %s %s', o.customer_id, o.promise_id, p.state, p.paid_amount, o.state, o.paid), '; ')
FROM oracle(@{[ on() ]}) o JOIN promise p USING (customer_id, promise_id)
WHERE p.promised_on <= @{[ on() ]} AND (p.state, p.paid_amount) IS DISTINCT FROM (o.state, o.paid)
SQL
	push @wrong, "@{[ on() ]}: $differs" if $differs ne '';
	push @again, on() if $db->query("SELECT evaluate_promises(@{[ on() ]})") ne '0';
	last if @wrong;
	if (chance(10))
	{
		$db->query('SET search_path = lazy, public');
		$db->query("SELECT evaluate_promises(@{[ on() ]})");
	}
}
is_deeply(\@wrong, [], 'every promise is in the state that plain SQL says, on every day');
is_deeply(\@again, [], 'evaluated again, nothing changes');
# The lazy ledger lets a promise be withdrawn that the daily one has seen broken: that alone may differ.
is_deeply([ grep { !/has no promise|promise \d+ of customer \d+ is|duplicate|make_promise|withdraw_promise/ } @refused ], [], 'two ledgers answer the same');

foreach my $ledger (qw(daily lazy))
{
	$db->query("SET search_path = $ledger, public");
	$db->query("SELECT evaluate_promises(@{[ on(1) ]})");
	is($db->query(<<"SQL"), '', "$ledger: in the end every promise is what plain SQL says");
SELECT o.*, p.state FROM oracle(@{[ on(1) ]}) o JOIN promise p USING (customer_id, promise_id) WHERE (p.state, p.paid_amount) IS DISTINCT FROM (o.state, o.paid)
SQL
	is($db->query('SELECT * FROM verify_ledger()'), '', "$ledger: the ledger is whole");
	is($db->query(<<'SQL'), '', "$ledger: check rules know what was not kept");
SELECT c.customer_id, n.n, rule_figure('broken_promises', c.customer_id, ledger_today(), 0, true) FROM customer c,
	LATERAL (SELECT count(*) AS n FROM promise p WHERE p.customer_id = c.customer_id AND p.state IN ('partly_kept', 'broken') AND NOT p.made_good AND p.replaced_by IS NULL) n
WHERE n.n <> rule_figure('broken_promises', c.customer_id, ledger_today(), 0, true)
SQL
	is($db->query(<<'SQL'), '', "$ledger: of two promises about the same thing at most one is open, and the later one took the place of one that still had time");
WITH about AS (
	SELECT p.*, COALESCE(i.item_id, d.item_id) AS item_id FROM promise p LEFT JOIN promise_item i USING (customer_id, promise_id)
		LEFT JOIN item d ON i.item_id IS NULL AND d.customer_id = p.customer_id AND d.currency = p.currency AND d.amount > 0)
SELECT DISTINCT a.customer_id, a.promise_id, b.promise_id FROM about a JOIN about b USING (customer_id, item_id) WHERE a.promise_id < b.promise_id AND a.state = 'open' AND b.state = 'open'
UNION ALL SELECT p.customer_id, p.promise_id, p.replaced_by FROM promise p JOIN promise n ON n.customer_id = p.customer_id AND n.promise_id = p.replaced_by
WHERE n.promised_on > p.due_on + p.tolerance_days OR n.promised_on < p.promised_on
	OR NOT EXISTS (SELECT FROM about a JOIN about b USING (customer_id, item_id) WHERE a.customer_id = p.customer_id AND a.promise_id = p.promise_id AND b.promise_id = n.promise_id)
SQL
	$states{$_}++ foreach split /\n/, $db->query('SELECT DISTINCT state FROM promise_event');
}
cmp_ok($states{$_} // 0, '>', 0, "some promises were $_") foreach qw(open kept partly_kept broken replaced);
is($db->query('SELECT count(*) FROM promise') > $steps / 1000 ? 1 : 0, 1, 'promises were made') or diag explain \%ended;

note join ", ", map { "$_: $ended{$_}" } sort keys %ended;
done_testing;
