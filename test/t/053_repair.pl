#!/usr/bin/env perl
# 053_repair.pl: verify_ledger() sees each kept figure that is wrong, and rebuild_ledger() makes it again what it was.
#
#   CREDIT_CONTROL_SEED: as in 050_property.pl
use strict;
use warnings;

use Test::More;

use Chance qw(seeded);
use History;
use Life;
use Psql;

my ($seed) = seeded();

my $db = Psql->fresh_database('repair');
$db->query('SELECT setseed(' . $seed % 1000 / 1000 . ')');
$db->query("SELECT credit.create_ledger('ar', 'USD')");
my @customers = map { $db->query("SELECT ar.add_customer('customer $_')") } 1 .. 6;
my $history = History->new(db => $db, ledger => 'ar', customers => \@customers, life => 1);
my $life = Life->new($history);

sub run
{
	my ($op) = @_;
	my ($sqlstate, $answer) = $db->try($op->{sql}, @{ $op->{data} // [] });

	die "$answer in: $op->{sql}\n" if $sqlstate ne '00000';
	$op->{done}->($answer);
	return;
}

sub post
{
	my $document = $history->random_document(@_);

	run({ sql => $history->post_function($history->document_row($document)), done => sub { $history->documents_done($document) } });
	return;
}

# A ledger with something of everything.
my @generators = ((map { [ $history, $_ ] } ('post') x 20, ('allocate') x 5, ('apply') x 5, ('undo') x 5),
	(map { [ $life, $_ ] } @Life::generators));
for (1 .. 400)
{
	my ($who, $what) = @{ History::pick(@generators) };
	my $op = $who->$what or next;

	run($op);
}
until (%{ $history->{model}{merged} // {} }) { my $op = $life->merge; run($op) if $op; }
post(kind => 'deposit', order => 'order 1');
post(kind => 'payment', clears => 300) for 1 .. 3;
# Rules under which every order may be: this is about figures.
$db->query('DELETE FROM ar.check_rule WHERE kind = \'limit_use\'');
$db->query("SELECT ar.set_credit_limit(c, 100 * c) FROM generate_series(1, 6) c");
$db->query('CREATE TABLE public.orders (id integer PRIMARY KEY, customer_id bigint, total numeric)');
$db->query("SELECT ar.watch_orders('public.orders', 'customer_id', 'total', 'id')");
my $buyers = join ', ', $history->open_customers;
$db->query("INSERT INTO public.orders SELECT n, (ARRAY[$buyers])[1 + n % 4], n * 1.25 FROM generate_series(1, 40) n");
$db->query("SELECT ar.place_hold(c, 'for the test') FROM generate_series(2, 4) c");

# Everything that is kept, as text, whatever the decimals shown.  An item that was lost gets a new id, and a limit that is
# not kept is looked up.
sub kept
{
	return $db->query(<<'END');
		SELECT concat_ws(' ', 'item of', customer_id, document_id, instalment_no, currency, trim_scale(amount),
			trim_scale(open_amount), doc_date, posting_date, COALESCE(due_date, 'infinity'),
			COALESCE(reversed_on, 'infinity'), COALESCE(last_applied_on, 'infinity'), COALESCE(due_changed_on, 'infinity'),
			COALESCE(trim_scale(base_amount)::text, '-'), COALESCE(trim_scale(open_base_amount)::text, '-'), COALESCE(reserved_for, '-'))
		FROM ar.item
		UNION ALL
		SELECT concat_ws(' ', 'exposure of', customer_id, currency, trim_scale(receivable), trim_scale(unapplied),
			trim_scale(ordered), trim_scale(reserved), trim_scale(uncleared), has_other_currency, open_holds, COALESCE(merged_into, 0),
			COALESCE(parent_id, 0), in_group, inactive, chain_seq, chain_hash, l.amount)
		FROM ar.exposure, LATERAL (SELECT trim_scale(CASE
			WHEN currency <> 'USD' THEN NULL
			WHEN current_date BETWEEN limit_since AND limit_until THEN limit_amount
			ELSE (SELECT k.amount FROM ar.limit_on(customer_id, current_date) k) END)) l (amount)
END
}

my $right = kept();

# What differs from the beginning, if anything.
sub wrong
{
	my %then = map { $_ => 1 } split /\n/, $right;
	my %now = map { $_ => 1 } split /\n/, kept();

	return join "\n", (map { "was $_" } sort grep { !$now{$_} } keys %then),
	  (map { "is $_" } sort grep { !$then{$_} } keys %now);
}

is($db->query('SELECT count(*) FROM ar.verify_ledger()'), 0, 'verify_ledger() finds nothing at first');
is($db->query('SELECT ar.rebuild_ledger()'), 0, 'and rebuild_ledger() has nothing to mend');
is(wrong(), '', 'and mends nothing');

# Each: what verify_ledger() must call the problem, the row to spoil, and how.
my $some_item = 'SELECT customer_id, item_id FROM ar.item WHERE %s ORDER BY random() LIMIT 1';
my $some_exposure = 'SELECT customer_id, currency FROM ar.exposure WHERE %s ORDER BY random() LIMIT 1';
my @spoilt = (
	[ 'open amount', 'item', 'true', 'open_amount = open_amount + 0.01' ],
	[ 'open amount', 'item', 'open_amount <> 0', 'open_amount = 0' ],
	[ 'open amount', 'item', 'open_amount = 0', 'open_amount = amount' ],
	[ 'open amount', 'item', 'true', 'open_amount = -open_amount - 1' ],
	[ 'date of the latest reversal', 'item', 'reversed_on IS NOT NULL', 'reversed_on = NULL' ],
	[ 'date of the latest reversal', 'item', 'reversed_on IS NOT NULL', 'reversed_on = reversed_on - 1' ],
	[ 'date of the latest reversal', 'item', 'reversed_on IS NULL', 'reversed_on = current_date' ],
	[ 'date of the latest allocation', 'item', 'last_applied_on IS NOT NULL', 'last_applied_on = last_applied_on + 1' ],
	[ 'item does not fit its document', 'item', 'true', 'due_date = due_date + 1, doc_date = doc_date + 1' ],
	[ 'item does not fit its document', 'item', 'base_amount IS NOT NULL', 'base_amount = base_amount + 0.01' ],
	[ 'item does not fit its document', 'item', 'base_amount IS NOT NULL', 'base_amount = NULL' ],
	[ 'item does not fit its document', 'item', 'reserved_for IS NOT NULL', 'reserved_for = NULL' ],
	[ 'item does not fit its document', 'item', 'amount < 0', "reserved_for = 'some order'" ],
	[ 'due date', 'item', 'amount > 0 AND due_date IS NOT NULL', 'due_date = due_date + 1' ],
	[ 'due date', 'item', 'amount > 0 AND due_date IS NULL', 'due_date = doc_date' ],
	[ 'due date', 'item', 'due_changed_on IS NOT NULL AND due_date IS NOT NULL', 'due_date = NULL' ],
	[ 'day the due date changed', 'item', 'due_changed_on IS NOT NULL', 'due_changed_on = NULL' ],
	[ 'day the due date changed', 'item', 'due_changed_on IS NULL', 'due_changed_on = current_date' ],
	[ 'open amount in base currency', 'item', 'open_base_amount <> 0', 'open_base_amount = 0' ],
	[ 'open amount in base currency', 'item', 'open_base_amount IS NOT NULL', 'open_base_amount = open_base_amount + 0.01' ],
	[ 'item does not fit its document', 'item', 'true', 'posting_date = posting_date - 1' ],
	[ 'item does not fit its document', 'item', 'open_amount <> 0', 'amount = amount * 2, open_amount = open_amount + amount' ],
	[ 'receivable', 'exposure', 'true', 'receivable = receivable + 1' ],
	[ 'receivable', 'exposure', 'receivable <> 0', 'receivable = 0' ],
	[ 'unapplied', 'exposure', 'true', 'unapplied = unapplied - 1' ],
	[ 'reserved', 'exposure', 'true', 'reserved = reserved + 1' ],
	[ 'uncleared', 'exposure', 'uncleared <> 0', 'uncleared = 0' ],
	[ 'uncleared', 'exposure', 'true', 'uncleared = uncleared - 0.01' ],
	[ 'merged into', 'exposure', 'merged_into IS NOT NULL', 'merged_into = NULL' ],
	[ 'merged into', 'exposure', "merged_into IS NULL AND currency = 'USD'", 'merged_into = customer_id' ],
	[ 'ordered', 'exposure', "currency = 'USD'", 'ordered = ordered + 0.01' ],
	[ 'ordered', 'exposure', "currency <> 'USD'", 'ordered = 1' ],
	[ 'open holds', 'exposure', "currency = 'USD'", 'open_holds = open_holds + 1' ],
	[ 'open holds', 'exposure', 'open_holds > 0', 'open_holds = 0' ],
	[ 'credit limit', 'exposure', "currency = 'USD'", 'limit_amount = limit_amount * 2' ],
	[ 'credit limit', 'exposure', "currency = 'USD'", 'limit_amount = NULL' ],
	[ 'other currencies', 'exposure', "currency = 'USD' AND has_other_currency", 'has_other_currency = false' ],
	[ 'parent', 'exposure', "currency = 'USD'", 'parent_id = customer_id' ],
	[ 'in group', 'exposure', "currency = 'USD'", 'in_group = NOT in_group' ],
	[ 'inactive', 'exposure', "currency = 'USD'", 'inactive = NOT inactive' ],
	[ 'receivable', 'exposure', "currency <> 'USD' AND receivable <> 0", undef ],
	[ 'receivable', 'exposure', "currency = 'USD'", undef ],
	[ 'document without its item', 'item', 'item_id NOT IN (SELECT unnest(ARRAY[credit_item_id, debit_item_id]) FROM ar.allocation'
		  . ' UNION ALL SELECT item_id FROM ar.due_date_change)', undef ],
);

foreach my $case (@spoilt)
{
	my ($problem, $table, $which, $set) = @$case;
	my $name = $set ? "$table: $set" : "$table: a row is gone ($which)";
	my ($customer, $id) = split /\|/, $db->query(sprintf $table eq 'item' ? $some_item : $some_exposure, $which);
	if (!defined $customer) { fail("$name: there is such a row"); next; }
	my $row = "customer_id = $customer AND " . ($table eq 'item' ? "item_id = $id" : "currency = '$id'");

	if ($set) { $db->query("UPDATE ar.$table SET $set WHERE $row"); }
	else      { $db->query("DELETE FROM ar.$table WHERE $row"); }
	isnt(wrong(), '', "$name: there is something to find");
	my @found = $db->rows('SELECT problem, customer_id, object FROM ar.verify_ledger()');
	ok((grep { $_->[0] eq $problem && $_->[1] == $customer && $_->[2] =~ /\b$id\b|document/ } @found),
		"$name: verify_ledger() says \"$problem\" of customer $customer")
	  or diag explain \@found;
	cmp_ok($db->query('SELECT ar.rebuild_ledger()'), '>', 0, "$name: rebuild_ledger() says that it mended something");
	is(wrong(), '', "$name: what it was");
	is($db->query('SELECT count(*) FROM ar.verify_ledger()'), 0, "$name: verify_ledger() is content");
	is($db->query('SELECT count(*) FROM ar.verify_chain()'), 0, "$name: and verify_chain()") if !$set;
}

# Several at once, by chance.
my %damage = (
	item => {
		open_amount => 'round((random() * 1000)::numeric, 2)', amount => 'amount + 1', doc_date => 'doc_date - 5',
		posting_date => "date '2000-01-01'", due_date => 'CASE WHEN random() < 0.5 THEN current_date END',
		last_applied_on => 'CASE WHEN random() < 0.5 THEN current_date END', reversed_on => 'CASE WHEN random() < 0.5 THEN current_date END',
		base_amount => '-base_amount', open_base_amount => 'CASE WHEN random() < 0.5 THEN 7 END', reserved_for => "CASE WHEN random() < 0.5 THEN 'x' END",
		due_changed_on => 'CASE WHEN random() < 0.5 THEN current_date END' },
	exposure => {
		receivable => '-1', unapplied => '12', ordered => 'ordered * 2', reserved => 'reserved + random()::numeric(9, 2)', uncleared => '0.5',
		open_holds => '9', has_other_currency => 'false', limit_amount => 'limit_amount + 1', merged_into => '3',
		parent_id => "CASE WHEN currency = 'USD' THEN 3 END", in_group => "currency = 'USD' AND NOT in_group",
		inactive => "currency = 'USD' AND NOT inactive" });

for my $round (1 .. 8)
{
	my @said;

	foreach my $table (sort keys %damage)
	{
		foreach my $column (sort keys %{ $damage{$table} })
		{
			next if $round > 1 && History::chance(60);
			push @said, "$table.$column";
			$db->query("UPDATE ar.$table SET $column = $damage{$table}{$column} WHERE random() < 0.4");
		}
	}
	$db->query('SELECT ar.rebuild_ledger()');
	is(wrong(), '', "damage to @said: what it was");
	is($db->query('SELECT count(*) FROM (SELECT FROM ar.verify_ledger() UNION ALL SELECT FROM ar.verify_chain()) p'), 0, 'nothing is found');
}

# Documents and allocations are the truth: what is wrong with them is seen, not mended.  Only somebody who may disable
# triggers gets there.
my $debit_document = '(SELECT i.document_id FROM ar.item i WHERE i.item_id = a.debit_item_id)';
my @tampered = (
	[ 'open amount', 'UPDATE ar.allocation SET amount = amount + 0.01 WHERE' ],
	[ 'open amount', 'DELETE FROM ar.allocation WHERE' ],
	[ 'over-allocated on a date', 'UPDATE ar.allocation SET amount = 100000000 WHERE' ],
	[ 'allocation does not fit its items', 'UPDATE ar.allocation SET applied_on = applied_on - 1000 WHERE' ],
	[ 'allocation does not fit its items', 'UPDATE ar.allocation SET debit_due_date = debit_due_date + 1 WHERE' ],
	[ 'allocation does not fit its items', 'UPDATE ar.allocation SET debit_posting_date = debit_posting_date - 1 WHERE' ],
	[ 'allocation does not fit its items', 'UPDATE ar.allocation SET debit_item_id = credit_item_id WHERE' ],
	[ 'item does not fit its document',
		"UPDATE ar.document d SET amount = d.amount + 1 FROM ar.allocation a WHERE d.document_id = $debit_document AND" ],
);
foreach my $case (@tampered)
{
	my ($problem, $statement) = @$case;
	# The copy of a due date that has changed since says nothing about it.
	my $id = $db->query('SELECT a.allocation_id FROM ar.allocation a JOIN ar.item i ON i.item_id = a.debit_item_id'
		  . ' WHERE a.reverses IS NULL AND i.due_date IS NOT NULL AND i.due_changed_on IS NULL ORDER BY random() LIMIT 1');

	$db->query('BEGIN');
	$db->query('SET LOCAL session_replication_role = replica');
	$db->query("$statement allocation_id = $id");
	my @found = $db->rows('SELECT problem, customer_id, object FROM ar.verify_ledger()');
	ok((grep { $_->[0] eq $problem } @found), "$statement ...: verify_ledger() says \"$problem\"") or diag explain \@found;
	$db->query('ROLLBACK');
}
is(wrong(), '', 'in the end all is as at first');

done_testing();
