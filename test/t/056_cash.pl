#!/usr/bin/env perl
# 056_cash.pl: the laws of cash application on random customers, rules and bank files.
#
# Three ledgers with the same documents get the same statements: one as the bank wrote them, one with the entries in another
# order, one that is worked off receipt by receipt, with a look at every item before and after.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
#   CREDIT_CONTROL_STEPS   how many receipts, in hundredths of it
use strict;
use warnings;

use List::Util qw(shuffle sum);
use Test::More;

use Chance qw(seeded pick chance between);
use Psql;

my (undef, $steps) = seeded(6000);

# 2026-01-01 is day 0.
sub date { my ($day) = @_; return sprintf '2026-%02d-%02d', 1 + int($day / 28), 1 + $day % 28; }

my $db = Psql->fresh_database('cash');
my @ledgers = qw(written shuffled stepped);

# ---- customers, rules and documents, the same in each ledger ----

my @customers = 1 .. 9;
my %branches = (7 => [8], 5 => [ 6, 9 ]);
my @names = ('', 'Adler GmbH', 'Birne GmbH', 'Citrus SA', 'Dattel KG', 'Erle AG', 'Erle Nord', 'Ginster AG', 'Hasel', 'Erle Sued');
my @finding = qw(reference exact_item clear_account clear_past_due clear_past_due_by_terms combination debtor_designation);
my @spreading = qw(credit_notes_first oldest_first pro_rata by_priority on_account);
my %minor = (EUR => 2, USD => 2, JPY => 0);
my (@setup, %documents);

push @setup, map { "add_customer('$names[$_]', $_, 'K-7000$_')" } 1 .. 5, 7;
foreach my $payer (sort keys %branches)
{
	push @setup, map { "add_customer('$names[$_]', $_, 'K-7000$_', p_payer_id => $payer)" } @{ $branches{$payer} };
}
push @setup, map { "set_fx_rate('$_->[0]', $_->[1], '2025-01-01', 'ECB')" } [ 'USD', '0.92' ], [ 'JPY', '0.0061' ];
push @setup, "set_number_range('payment', 'P', p_gapless => false)";
foreach my $customer (@customers)
{
	next if chance(15);
	my @rules = ((shuffle @finding)[ 0 .. between(1, 6) ], chance(60) ? pick(@spreading) : ());
	push @setup, sprintf "set_cash_rules('of %s', '{%s}', %s, p_min_confidence => %s, p_tolerance_amount => %s, p_discounts => '%s',"
	  . " p_discount_grace_days => %s, p_partial => %s, p_underpayment => '%s', p_overpayment => '%s')",
	  $customer, join(',', @rules), $customer, pick(50, 60, 75, 90, 95), pick('NULL', '0.50', '3'), pick(qw(none earned earned unearned)),
	  between(0, 5), pick(qw(true true false)), pick(qw(open deduction chargeback)), pick(qw(on_account adjustment refund));
}
foreach my $n (1 .. between(50, 80))
{
	my $customer = pick(@customers);
	my $currency = pick(qw(EUR EUR EUR EUR USD JPY));
	my $amount = sprintf "%.$minor{$currency}f", pick(between(1, 9) * 10, between(100, 40000) / 100, 100);
	$amount = between(100, 90000) if $currency eq 'JPY';
	my $day = between(0, 40);
	my $number = 'INV-' . (10000 + $n);
	my $kind = pick(('invoice') x 8, 'credit_note', 'credit_note', 'fee', 'finance_charge');
	my $due = $kind eq 'credit_note' ? 'NULL' : "'" . date($day + pick(10, 30, 30)) . "'";
	my $terms = $kind eq 'invoice' ? pick('NULL', 'NULL', "'2/10 net 30'", "'3/5, 1/20, net 30'", "'1/2 30, 1/2 60'") : 'NULL';

	push @setup, sprintf "post_document('%s', %s, '%s', '%s', %s, %s, '%s', p_terms => %s)", $kind, $customer, $number, date($day), $amount,
	  $terms eq 'NULL' ? $due : 'NULL', $currency, $terms;
	push @{ $documents{$customer} }, { number => $number, amount => $amount, currency => $currency, kind => $kind };
}
foreach my $ledger (@ledgers)
{
	$db->query("SELECT credit.create_ledger('$ledger', 'EUR', time_zone => 'Etc/UTC')");
	$db->query("SET search_path = $ledger, credit, public; DO \$\$ BEGIN " . join(' ', map { "PERFORM $_;" } @setup) . ' END $$');
	# All that is open, and all that was written.  Within a day what is plain is posted first, so ids and the numbers of payments follow
	# from how many are done at a time.
	$db->query("CREATE VIEW $ledger.state AS SELECT i.customer_id, d.kind, d.side,"
		  . " regexp_replace(d.number, 'of receipt \\d+|P\\d+', 'of a receipt', 'g') AS number, i.currency, i.amount, i.open_amount, i.due_date FROM $ledger.item i"
		  . " JOIN $ledger.document d USING (customer_id, document_id)");
	$db->query("CREATE VIEW $ledger.outcome AS SELECT b.bank_reference, m.status, m.customer_id, m.rule_set, m.rule_no, m.rule, m.confidence, m.parts,"
		  . " regexp_replace(m.allocations::text, '\"number\": \"(?!INV-\\d+\")[^\"]*\", \"item_id\": \\d+', 'posted in this run', 'g') AS allocations,"
		  . " m.on_account, m.blocked, regexp_replace(m.error, 'bank receipt \\d+', 'another') AS error, t.bank_reference AS takes_back"
		  . " FROM $ledger.cash_match m JOIN $ledger.bank_receipt b USING (bank_receipt_id)"
		  . " LEFT JOIN $ledger.bank_receipt t ON t.bank_receipt_id = m.returned_receipt_id");
}

# ---- two statements: what comes in, and what comes in and goes back ----

my (@lines, %said);

sub entry
{
	my (%line) = @_;
	my $payer = $line{payer} ? "<RltdPties><Dbtr><Nm>$line{payer}</Nm></Dbtr></RltdPties>" : '';
	my $reason = $line{reason} ? "<RtrInf><Rsn><Cd>$line{reason}</Cd></Rsn></RtrInf>" : '';

	return sprintf '<Ntry><Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%s</Dt></ValDt>'
	  . '<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs><AcctSvcrRef>%s</AcctSvcrRef><EndToEndId>%s</EndToEndId></Refs>'
	  . '<Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd>%s<RmtInf><Ustrd>%s</Ustrd></RmtInf>%s</TxDtls></NtryDtls></Ntry>',
	  @line{qw(currency amount sign)}, date($line{day}), date($line{day}), @line{qw(reference id currency amount sign)}, $payer, $line{text}, $reason;
}

sub statement
{
	my ($id, @entries) = @_;
	return '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-02-03T20:00:00</CreDtTm>'
	  . "</GrpHdr><Stmt><Id>$id</Id><CreDtTm>2026-02-03T20:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>"
	  . join('', @entries) . '</Stmt></BkToCstmrStmt></Document>';
}

# What somebody pays for some documents, more or less.
sub receipt
{
	my ($n, $first_day) = @_;
	my $customer = pick(@customers);
	my $currency = pick(qw(EUR EUR EUR EUR USD JPY));
	my @for = grep { $_->{currency} eq $currency } map { @{ $documents{$_} // [] } } chance(25) ? ($customer, @{ $branches{$customer} // [] }) : $customer;
	@for = (shuffle @for)[ 0 .. ($#for < 3 ? $#for : between(0, 3)) ];
	my $amount = sum(0, map { $_->{kind} eq 'credit_note' ? -$_->{amount} : $_->{amount} } @for);
	$amount *= pick(1, 1, 1, 1, 0.98, 0.99, 0.5, 1.1) if @for;
	$amount += pick(0, 0, 0, 0, 0, -0.30, 0.20, -5, 12);
	$amount = between(1, 50000) / 100 if $amount <= 0 || chance(10);
	$amount = sprintf "%.$minor{$currency}f", $amount;
	$amount = 1 if $amount <= 0;
	my $text = join pick(' ', ', ', ' + '), map { $_->{number} } @for;
	$text = pick('danke', 'Rechnung', "K-7000$customer", '') if chance(30);
	$text .= ' ' . pick(map { $_->{number} } map { @$_ } values %documents) if chance(10);
	$said{"B$n"} = $text;
	$text =~ s/INV-/pick('INV', 'inv ', 'INV-', 'Inv. ')/ge if chance(30);
	return {
		day => $first_day + between(0, 4), amount => $amount, currency => $currency, sign => 'CRDT', reference => "B$n", id => "E$n", text => $text,
		payer => chance(85) ? $names[$customer] : '' };
}

# Its return.
sub taken_back
{
	my ($receipt, $n) = @_;
	return { %$receipt, day => $receipt->{day} + between(0, 6), sign => 'DBIT', reference => "R$n", reason => pick(qw(AC04 AM04 MD06)), text => 'zurueck', payer => '' };
}

my $count = int($steps / 100);
my @first = map { receipt($_, 12) } 1 .. $count / 2;
my @second = map { receipt($_, 30) } $count / 2 + 1 .. $count;
push @second, map { taken_back($first[ $_ - 1 ], $_) } grep { chance(25) } 1 .. @first;
my @statements = (\@first, \@second);

# ---- applying ----

# Each law is one test, however often it is checked.
my (%checked, %wrong);

sub law
{
	my ($law, $holds, @about) = @_;
	$checked{$law}++;
	return if $holds;
	diag "$law: @about" if $wrong{$law}++ < 5;
	return;
}

sub same
{
	my ($law, $one, $other, $about) = @_;
	law($law, $one eq $other, "$about:\n$one\n--\n$other");
	return;
}

sub load
{
	my ($ledger, $id, @entries) = @_;
	return $db->query("SELECT * FROM $ledger.load_camt053('" . statement($id, map { entry(%$_) } @entries) . "')");
}

sub state { my ($ledger) = @_; return $db->query("SELECT * FROM $ledger.state s ORDER BY s::text"); }

sub outcome
{
	my ($ledger) = @_;
	return $db->query("SELECT * FROM $ledger.outcome WHERE status <> 'simulated' ORDER BY bank_reference, status, rule, outcome::text");
}

# Items as id => open amount in the smallest unit of the currency.
sub open_items
{
	return map { $_->[0] => $_ } $db->rows("SELECT i.item_id, i.customer_id, i.currency, i.open_amount, i.document_id FROM stepped.item i");
}

sub rows_written
{
	my ($ledger) = @_;
	return $db->query('SELECT ' . join ', ', map { "(SELECT count(*) FROM $ledger.$_)" } qw(document item allocation cash_match cash_allocation deduction approval));
}

# One receipt: what is shown is what is written, and every item moves by what the match says, and no other one does.
sub apply_one
{
	my ($run, $id) = @_;
	my $shown = $db->query("SELECT customer_id, rule, confidence, allocations, on_account, parts, blocked FROM stepped.propose_cash($id)");
	my %before = open_items();
	my $status = $db->query("SELECT stepped.apply_receipt('$run', $id)");
	my %after = open_items();
	# Written in this run or, if nothing changed, in an earlier one.
	my $match = "(SELECT * FROM stepped.cash_match WHERE bank_receipt_id = $id ORDER BY cash_match_id DESC LIMIT 1)";
	my ($last) = $db->rows("SELECT m.status, m.rule, m.document_id, m.on_account, b.amount, b.currency, b.bank_reference, m.customer_id, m.returned_receipt_id"
		  . " FROM $match m JOIN stepped.bank_receipt b USING (bank_receipt_id)");
	my ($written, $rule, $document, $on_account, $amount, $currency, $reference, $customer, $returned) = @$last;

	same('what is shown is written', $shown, $db->query("SELECT customer_id, rule, confidence, allocations, on_account, parts, blocked FROM $match m"), $reference)
	  if !$returned;
	law('the outcome is the status', $status eq $written, "$reference: $status, $written");
	if ($status ne 'applied')
	{
		law('what is not applied changes nothing', join(' ', map { @{ $before{$_} } } sort keys %before) eq join(' ', map { @{ $after{$_} } } sort keys %after), $reference);
		return;
	}
	return if $returned;
	my %moved;
	my ($paid, $granted) = (0, 0);
	foreach my $part ($db->rows("SELECT a ->> 'item_id', (a ->> 'amount')::numeric, COALESCE((a ->> 'discount')::numeric, 0) + (a ->> 'write_off')::numeric,"
		  . " (a ->> 'charge_back')::numeric, a ->> 'number' FROM $match m, jsonb_array_elements(m.allocations) a"))
	{
		my ($item, $money, $off, $back, $number) = @$part;
		$moved{$item} += $money + $off + $back;
		$paid += $money;
		$granted += $off;
		law('what is paid by reference is named', index($said{$reference}, $number =~ s/\D//gr) >= 0, "$reference ($said{$reference}) pays $number")
		  if $rule =~ /^(?:reference|debtor_designation)$/ && $money > 0;
	}
	law('a receipt is what it pays and what is left', abs($paid + $on_account - $amount) < 1e-6, "$reference: $paid, $on_account, $amount");
	foreach my $item (sort keys %before)
	{
		my ($was, $is) = ($before{$item}[3], $after{$item}[3]);
		law('items move by what the match says', abs($was - $is - ($moved{$item} // 0)) < 1e-6, "$reference: item $item was $was, is $is, was to move by " . ($moved{$item} // 0));
		law('no item is paid beyond zero', $was * $is >= 0, "$reference: item $item was $was, is $is");
	}
	my ($payment) = $db->rows("SELECT d.amount, i.open_amount, (SELECT COALESCE(sum(a.amount), 0) FROM stepped.allocation a WHERE a.credit_item_id = i.item_id)"
		  . " FROM stepped.document d JOIN stepped.item i USING (customer_id, document_id) WHERE d.customer_id = $customer AND d.document_id = $document");
	law('the payment is the receipt', $payment->[0] == $amount && abs($payment->[0] - $payment->[2] + $payment->[1]) < 1e-6, "$reference: @$payment");
	# What all owe together is less by the money and by what was granted; a small surplus taken as ours is no debt of ours.
	my $sum = sub { my %items = @_; return sum 0, map { $_->[2] eq $currency ? $_->[3] : 0 } values %items };
	my $ours = $on_account != 0 && $payment->[1] == 0 ? $on_account : 0;
	law('what is owed goes down by money and grants', abs($sum->(%before) - $sum->(%after) - $amount - $granted + $ours) < 1e-6, $reference);
	return;
}

foreach my $round (0, 1)
{
	my @entries = @{ $statements[$round] };
	my $name = 'day ' . ($round + 1);

	load('written', $name, @entries);
	load('shuffled', $name, shuffle @entries);
	load('stepped', $name, @entries);
	same('the same file again changes nothing', load('written', $name, @entries), '0|' . @entries, $name);

	my ($state, $rows) = (state('written'), rows_written('written'));
	$db->query("CALL written.apply_cash('shown $name')");
	same('a simulation changes nothing', $state, state('written'), $name);

	$db->query("CALL written.apply_cash('$name', false, 1)");
	$db->query("CALL shuffled.apply_cash('$name', false, " . between(2, 50) . ')');
	my ($ids) = $db->query("SELECT string_agg(d.bank_receipt_id::text, ' ' ORDER BY p.place, d.ordinality)"
		  . " FROM stepped.plan_cash_run(stepped.start_cash_run('$name', false), 1) p, unnest(p.drafts) WITH ORDINALITY d");
	apply_one($name, $_) foreach split ' ', $ids;
	$db->query("SELECT stepped.finish_cash_run('$name')");
	same('the order of the file does not matter', outcome('written'), outcome('shuffled'), $name);
	same('the order of the file does not matter', state('written'), state('shuffled'), $name);
	same('a run does what its steps do', outcome('written'), outcome('stepped'), $name);
	same('a run does what its steps do', state('written'), state('stepped'), $name);

	$rows = rows_written('written');
	$db->query("CALL written.apply_cash('$name', false)");
	same('the same run again changes nothing', $rows, rows_written('written'), $name);
	same('nothing fails', $db->query("SELECT count(*) FROM $_.cash_match WHERE status = 'failed'"), 0, $_) foreach @ledgers;
}

# What came back is open again, unless somebody paid it since: the payment is closed, and nothing is granted for it.
foreach my $returned ($db->rows("SELECT m.customer_id, p.document_id FROM written.cash_match m JOIN written.cash_match p ON p.bank_receipt_id = m.returned_receipt_id"
		  . " AND p.status = 'applied' WHERE m.status = 'applied' AND m.returned_receipt_id IS NOT NULL"))
{
	my ($customer, $document) = @$returned;
	law('a payment that came back pays nothing', $db->query('SELECT (SELECT open_amount FROM written.item i WHERE i.customer_id = d.customer_id AND i.document_id = d.document_id) = 0'
		  . ' AND (SELECT COALESCE(sum(a.amount), 0) FROM written.allocation a JOIN written.item c USING (customer_id) JOIN written.item b USING (customer_id)'
		  . ' JOIN written.document o ON o.customer_id = b.customer_id AND o.document_id = b.document_id'
		  . " WHERE a.customer_id = d.customer_id AND c.item_id = a.credit_item_id AND b.item_id = a.debit_item_id AND c.document_id = d.document_id AND o.kind <> 'returned_payment') = 0"
		  . ' AND NOT EXISTS (SELECT FROM written.document g WHERE g.customer_id = d.customer_id AND g.source_document_id = d.document_id AND g.reverses IS NULL'
		  . "  AND g.kind IN ('discount', 'write_off', 'adjustment') AND NOT EXISTS (SELECT FROM written.document v WHERE v.customer_id = g.customer_id AND v.reverses = g.document_id))"
		  . " FROM written.document d WHERE d.customer_id = $customer AND d.document_id = $document") eq 't', "document $document of customer $customer");
}
law('a receipt is applied once and taken back once', $db->query("SELECT count(*) FROM (SELECT FROM written.cash_match WHERE status = 'applied' GROUP BY bank_receipt_id HAVING count(*) > 1"
	  . " UNION ALL SELECT FROM written.cash_match WHERE status = 'applied' AND returned_receipt_id IS NOT NULL GROUP BY returned_receipt_id HAVING count(*) > 1) d") == 0);
foreach my $ledger (@ledgers)
{
	same('the ledger holds', $db->query("SELECT * FROM $ledger.verify_ledger()") . $db->query("SELECT * FROM $ledger.verify_chain()"), '', $ledger);
}

ok(!$wrong{$_}, "$_ ($checked{$_})") foreach sort keys %checked;

# A history in which little happens would prove little.
my %happened = map { $_->[0] => $_->[1] } $db->rows("SELECT COALESCE(rule, status), count(*) FROM stepped.cash_match GROUP BY 1");
note join ', ', map { "$_ $happened{$_}" } sort keys %happened;
cmp_ok(scalar(grep { $_ ne 'rejected' } keys %happened), '>=', 4, 'several rules fit');
cmp_ok($happened{return} // 0, '>=', 1, 'something came back');
done_testing;
