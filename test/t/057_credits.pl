#!/usr/bin/env perl
# 057_credits.pl: the laws of credits, returns, cores and disputes, whoever does what at the same time.
#
# Several sessions hold transactions open over each other, on a few invoices; who would have to wait gives up.  After every
# commit nothing is credited above what was billed, of a document, a line, a return or a core; in the end what is left
# of every invoice can be credited, to the cent, and no more.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
#   CREDIT_CONTROL_STEPS   how many statements, in twentieths of it
use strict;
use warnings;

use Test::More;

use Chance qw(seeded pick chance between);
use Psql;

my (undef, $steps) = seeded(6000);

my $db = Psql->fresh_database('credits');
$db->query("SELECT credit.create_ledger('ar', 'USD', time_zone => 'Etc/UTC')");
my $path = 'SET search_path = ar, public';
$db->query($path);

# ---- invoices, with lines and without, with instalments and discounts taken ----

my %lines;    # of an invoice: [ quantity, decimals ]
$db->query("SELECT add_customer('Customer $_', $_)") foreach 1 .. 2;
foreach my $n (1 .. 8)
{
	my $customer = 1 + $n % 2;
	my $terms = pick("'net 30'", "'2/10 net 30'", "'1/3 30, 1/3 60, 1/3 90'");
	if (chance(70))
	{
		my @parts = map { [ pick(between(1, 40), between(1, 400) / 100), between(1, 9999) / 100, pick(0, 7, 19, 20, 33.3) ] } 1 .. between(1, 3);
		my $json = join ', ', map { sprintf '{"product": "%s", "quantity": %s, "unit_price": %s, "tax_rate": %s}', pick(qw(A B C)), @$_ } @parts;
		my $amount = $db->query(sprintf 'SELECT sum(round(q * p, 2) + round(round(q * p, 2) * t / 100, 2)) FROM (VALUES %s) v (q, p, t)',
			join ', ', map { '(' . join(', ', @$_) . ')' } @parts);
		$db->query("SELECT post_invoice($customer, 'I-$n', '2026-01-0$n', $amount, p_terms => $terms, p_lines => '[$json]')");
		$lines{$n} = \@parts;
	}
	else
	{
		$db->query(sprintf "SELECT post_invoice(%s, 'I-%s', '2026-01-0%s', %s, p_terms => %s)", $customer, $n, $n, between(100, 99999) / 100, $terms);
	}
	if (chance(60))
	{
		my $payment = $db->query("SELECT post_payment($customer, 'P-$n', '2026-01-1$n', (SELECT round(amount * @{[ pick(0.98, 0.5, 1) ]}, 2) FROM document WHERE number = 'I-$n'))");
		$db->query("SELECT allocate_with_discount($customer, c.item_id, i.item_id) FROM item c, item i JOIN document d USING (document_id)"
			  . " WHERE c.document_id = $payment AND d.number = 'I-$n' AND i.instalment_no = 1");
	}
	$db->query("SELECT add_core($customer, 'ALT', @{[ between(1, 5) ]}, 7.5, p_number => 'K-$n')") if chance(40);
}
$db->query("SELECT set_cash_rules('free', '{oldest_first}', 2)");

# ---- what people do ----

sub document { my $n = between(1, 8); return (1 + $n % 2, $n, "(SELECT document_id FROM document WHERE number = 'I-$n')"); }
sub some { my ($view, $column, $customer, $where) = @_; return "(SELECT $column FROM $view WHERE customer_id = $customer AND $where ORDER BY random() LIMIT 1)"; }

sub wanted
{
	my ($n) = @_;
	return 'p_amount => ' . pick(between(1, 5000) / 100, 0.01, between(1, 9) / 100, between(100, 90000) / 100) if !$lines{$n} || chance(25);
	return "p_lines => '[" . join(', ', map {
		my ($quantity, $price) = @{ $lines{$n}[ $_ - 1 ] };
		my $part = $quantity == int $quantity ? between(1, $quantity) : between(1, 100 * $quantity) / 100;
		sprintf '{"line_no": %s%s}', $_, pick('', ", \"quantity\": $part", ", \"quantity\": $part", sprintf(', "unit_price": %.2f', $price * pick(0.1, 0.5, 1)))
	} grep { $_ == 1 || chance(40) } 1 .. @{ $lines{$n} }) . "]'";
}

my @deeds = (
	(sub { my ($c, $n, $d) = document(); return "request_credit($c, $d, '@{[ pick(qw(quantity damage price_error goodwill)) ]}', @{[ wanted($n) ]})" }) x 5,
	(sub { my ($c) = document(); return "issue_credit($c, " . some('credit_requests', 'credit_request_id', $c, "status = 'pending'") . ", p_match => @{[ pick(qw(true true false)) ]})" }) x 5,
	sub { my ($c) = document(); return "reject($c, " . some('credit_requests', 'approval_id', $c, "status = 'pending'") . ", 'no')" },
	sub { my ($c, $n) = document(); return "change_credit($c, " . some('credit_requests', 'credit_request_id', $c, "status = 'pending' AND number = 'I-$n'") . ", 'other', @{[ wanted($n) ]})" },
	sub { my ($c) = document(); return "void_document($c, " . some('credit_notes_issued', 'document_id', $c, 'NOT voided') . ", 'oops')" },
	sub { my ($c, $n, $d) = document(); return "post_document('credit_note', $c, 'C-@{[ int rand 1e9 ]}', current_date, @{[ between(1, 9000) / 100 ]}, p_source_document_id => $d)" },
	sub { my ($c, $n, $d) = document(); return $lines{$n} ? "authorize_return($c, $d, 'return', '[{\"line_no\": 1, \"quantity\": 1}]', 'R-@{[ int rand 1e9 ]}')" : "match_credit_notes($c, true)" },
	sub { my ($c) = document(); return "receive_return($c, return_authorization_id, line_no, 1) FROM (SELECT * FROM return_status WHERE customer_id = $c ORDER BY random() LIMIT 1) r" },
	sub { my ($c) = document(); return "inspect_return($c, return_authorization_id, line_no, 1) FROM (SELECT * FROM return_status WHERE customer_id = $c ORDER BY random() LIMIT 1) r" },
	sub { my ($c) = document(); return "credit_return($c, " . some('aged_returns', 'return_authorization_id', $c, "stage = 'awaiting credit'") . ')' },
	sub { my ($c) = document(); return "receive_core($c, " . some('core_bank', 'core_deposit_id', $c, 'true') . ", 1, '@{[ pick(qw(accepted damaged rejected)) ]}')" },
	sub { return 'charge_unreturned_cores(current_date + 31)' },
	sub { my ($c) = document(); return "open_dispute($c, " . some('open_items', 'item_id', $c, 'open_amount > 0') . ", @{[ between(1, 3000) / 100 ]}, 'service')" },
	sub { my ($c) = document(); return "approve_dispute($c, " . some('open_disputes', 'dispute_id', $c, 'true') . ", '@{[ pick(qw(credit write_off)) ]}')" },
	sub { my ($c) = document(); return "reject_dispute($c, " . some('open_disputes', 'dispute_id', $c, 'true') . ", 'no')" },
	(sub { my ($c) = document(); return "match_credit_notes($c, @{[ pick(qw(true false)) ]})" }) x 2,
	sub { my ($c) = document(); return "return_payment($c, " . some('document', 'document_id', $c, "kind = 'payment'") . ')' },
	sub { my ($c, $n, $d) = document(); return chance(10) ? "rebill($c, $d, 'wrong', 50)" : "apply_payment($c, post_payment($c, 'Q-@{[ int rand 1e9 ]}', current_date, @{[ between(1, 9000) / 100 ]}))" });

# Refused for good reasons: too much, not that way, not there, not any more, used, or somebody else has the customer.
my %fine = map { $_ => 1 } qw(00000 RC007 22023 23503 23505 55000 55P03 40001 23502 25P02);

sub laws
{
	return $db->query(<<'SQL');
SELECT 'document ' || d.number FROM document d
WHERE d.kind = 'invoice' AND d.amount
	< COALESCE((SELECT sum(n.amount) FROM document n WHERE n.customer_id = d.customer_id AND n.kind = 'credit_note' AND n.side = 'credit' AND n.source_document_id = d.document_id
		AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = n.customer_id AND r.reverses = n.document_id)), 0)
	+ COALESCE((SELECT sum(q.amount) FROM credit_requests q WHERE q.customer_id = d.customer_id AND q.document_id = d.document_id AND q.status = 'pending'), 0)
UNION ALL
SELECT 'line ' || d.number || ' ' || l.line_no FROM document d JOIN document_line l USING (customer_id, document_id), LATERAL credited_lines(d.customer_id, d.document_id) c
WHERE c.line_no = l.line_no AND (c.net_amount > l.net_amount OR c.tax_amount > l.tax_amount OR c.quantity > l.quantity)
UNION ALL
SELECT 'return ' || number FROM return_status WHERE received + cancelled > quantity OR accepted + rejected > received OR credited > accepted
UNION ALL
SELECT 'core ' || core_deposit_id FROM core_bank WHERE outstanding < 0
UNION ALL
SELECT 'disputed ' || item_id FROM open_items WHERE disputed_amount > open_amount
UNION ALL
SELECT 'disputed in the end ' || item_id FROM disputed_items v FULL JOIN disputed_at('2100-01-01') a USING (customer_id, item_id, open_amount, disputed_amount)
WHERE v.currency IS NULL OR a.currency IS NULL
UNION ALL
SELECT 'lines of ' || credit_request_id FROM credit_request r JOIN credit_request_line l USING (customer_id, credit_request_id)
GROUP BY customer_id, credit_request_id, r.amount HAVING sum(l.line_total) <> r.amount
SQL
}

my @sessions = map { Psql->new('credits') } 1 .. 3;
$_->query("$path; SET lock_timeout = '20ms'; SELECT setseed(0.5)") foreach @sessions;
my @open = (0) x @sessions;
my (%ended, @unexpected, $broken);
foreach my $step (1 .. $steps / 20)
{
	my $n = int rand @sessions;
	my $session = $sessions[$n];

	if (!$open[$n])
	{
		$session->query(chance(20) ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN');
		$open[$n] = 1;
	}
	my $deed = 'SELECT ' . pick(@deeds)->();
	my ($state, $said) = $session->try($deed);
	$ended{$state}++;
	push @unexpected, "$state: $deed\n$said" if !$fine{$state};
	next if $state eq '00000' && chance(60);
	$session->query($state eq '00000' && chance(85) ? 'COMMIT' : 'ROLLBACK');
	$open[$n] = 0;
	last if $broken = laws();
}
$sessions[$_]->query('COMMIT') foreach grep { $open[$_] } 0 .. $#sessions;
$broken ||= laws();
is($broken, '', 'nothing is credited above what was billed, after any commit');
is_deeply(\@unexpected, [], 'whatever is refused is refused for a good reason');
cmp_ok($ended{'00000'}, '>', $steps / 100, 'much was done') or diag explain \%ended;
cmp_ok($ended{RC007} // 0, '>', 0, 'too much was asked for');
cmp_ok(($ended{'55P03'} // 0) + ($ended{40001} // 0), '>', 0, 'sessions met');
is($db->query('SELECT * FROM verify_ledger()'), '', 'the ledger is whole');

# What is left of every invoice, and nothing beyond.
my @left = $db->rows(<<'SQL');
SELECT d.customer_id, d.document_id, d.amount - credited_amount(d.customer_id, d.document_id) FROM document d
WHERE d.kind = 'invoice' AND d.reverses IS NULL AND NOT EXISTS (SELECT FROM document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)
SQL
my @wrong;
foreach my $invoice (@left)
{
	my ($customer, $document, $amount) = @$invoice;
	if ($amount > 0)
	{
		# Credit notes without lines leave more of the lines than of the document.
		my ($state) = $db->try("SELECT request_credit($customer, $document, 'goodwill', p_amount => $amount)");
		push @wrong, "$document: $amount are left, and not to be had: $state" if $state ne '00000';
	}
	my ($state) = $db->try("SELECT request_credit($customer, $document, 'goodwill', p_amount => 0.01)");
	push @wrong, "$document: a cent too much: $state" if $state ne 'RC007';
}
is_deeply(\@wrong, [], 'all that is left can be credited, and not a cent more');
# Whatever was granted can be issued, whatever rounding left for the last; but for a dispute that has ended otherwise.
my @stuck;
foreach my $pending ($db->rows("SELECT customer_id, credit_request_id FROM credit_requests r WHERE status = 'pending'"
	. ' AND NOT EXISTS (SELECT FROM dispute d WHERE d.customer_id = r.customer_id AND d.dispute_id = r.dispute_id AND d.ended_on IS NOT NULL) ORDER BY 1, 2'))
{
	my ($state, $said) = $db->try("SELECT issue_credit($pending->[0], $pending->[1], 'Z-$pending->[1]')");
	push @stuck, "$pending->[1]: $state $said" if $state ne '00000';
}
is_deeply(\@stuck, [], '... and issued');
is($db->query('SELECT * FROM verify_ledger()'), '', 'the ledger is still whole');

done_testing;
