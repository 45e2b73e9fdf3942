#!/usr/bin/env perl
# 052_bulk.pl: what works on one document works on a million.  The same random documents and allocations through the
# functions, one by one, and through COPY and INSERT ... SELECT make the same ledger; and the same bad rows are refused
# in the same words.
#
#   CREDIT_CONTROL_SEED, CREDIT_CONTROL_STEPS: as in 050_property.pl
use strict;
use warnings;

use Test::More;

use Chance qw(seeded);
use History;
use Mistakes;
use Psql;

my (undef, $steps) = seeded(1000);

my $db = Psql->fresh_database('bulk');
my @customers = 1 .. 8;
foreach my $ledger ('single', 'bulk')
{
	$db->query("SELECT credit.create_ledger('$ledger', 'USD')");
	$db->query("SELECT $ledger.add_customer('customer $_', $_)") for @customers;
}
my $history = History->new(db => $db, ledger => 'single', customers => \@customers, life => 1);
$db->query('INSERT INTO bulk.fx_rate SELECT * FROM single.fx_rate');

sub rows_of { my ($query) = @_; return split /\n/, $db->query($query); }

# ---- one by one ----

for (1 .. $steps)
{
	my $op;

	until ($op)
	{
		my $generator = History::pick(('post') x 6, ('allocate') x 2, 'apply', 'undo');
		$op = $history->$generator;
	}
	my ($sqlstate, $answer) = $db->try($op->{sql});
	die "$answer in: $op->{sql}\n" if $sqlstate ne '00000';
	$op->{done}->($answer);
}

# ---- the same by statements that write many rows ----

# COPY wants its lines on the client; they come from the other ledger as COPY would write them.
sub copy_over
{
	my ($table, $columns, $query) = @_;
	my @lines = rows_of("COPY ($query) TO STDOUT");

	$db->query("COPY bulk.$table ($columns) FROM STDIN", @lines) if @lines;
	return scalar @lines;
}

my $document_columns = 'customer_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference,'
  . ' side, terms, received_on, clears_on, order_id, fx_rate, base_amount, reason';
my $documents = "SELECT $document_columns FROM single.document";
my $copied = copy_over('document', $document_columns, "$documents WHERE document_id % 3 > 0 ORDER BY document_id");
$db->query("INSERT INTO bulk.document ($document_columns) $documents WHERE document_id % 3 = 0 ORDER BY document_id");
note "$copied documents by COPY";

# Items have other ids there: each is found by its document's number.
$db->query(q{CREATE VIEW same_item AS
	SELECT i.customer_id, i.item_id, b.item_id AS bulk_item_id
	FROM single.item i JOIN single.document d USING (customer_id, document_id)
		JOIN bulk.document e USING (customer_id, kind, number)
		JOIN bulk.item b ON b.customer_id = e.customer_id AND b.document_id = e.document_id
			AND b.instalment_no = i.instalment_no});
my $allocation_columns = 'customer_id, credit_item_id, debit_item_id, amount, applied_on, reverses';
$db->query('CREATE TABLE same_allocation (allocation_id bigint, bulk_allocation_id bigint)');

# In the order in which they were made, as many at a time as can be: a reversal comes in a later statement than what it
# reverses.
my ($done, $statements, $all) = (0, 0, $db->query('SELECT COALESCE(max(allocation_id), 0) FROM single.allocation'));
while ($done < $all)
{
	my $most = $done + 300;
	my $to = $db->query("SELECT COALESCE(min(a.allocation_id) - 1, $most) FROM single.allocation a"
		  . " WHERE a.allocation_id <= $most AND a.reverses > $done");
	my $query =
		"SELECT a.customer_id, c.bulk_item_id, d.bulk_item_id, a.amount, a.applied_on, s.bulk_allocation_id"
	  . ' FROM single.allocation a JOIN same_item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id'
	  . ' JOIN same_item d ON d.customer_id = a.customer_id AND d.item_id = a.debit_item_id'
	  . ' LEFT JOIN same_allocation s ON s.allocation_id = a.reverses'
	  . " WHERE a.allocation_id BETWEEN $done + 1 AND $to ORDER BY a.allocation_id";

	if (++$statements % 2) { copy_over('allocation', $allocation_columns, $query); }
	else                   { $db->query("INSERT INTO bulk.allocation ($allocation_columns) $query"); }
	$db->query(q{INSERT INTO same_allocation
		SELECT a.allocation_id, b.allocation_id
		FROM (SELECT allocation_id, row_number() OVER (ORDER BY allocation_id) AS n FROM single.allocation) a
			JOIN (SELECT allocation_id, row_number() OVER (ORDER BY allocation_id) AS n FROM bulk.allocation) b USING (n)
		WHERE a.allocation_id NOT IN (SELECT s.allocation_id FROM same_allocation s)});
	$done = $to;
}
note "$all allocations in $statements statements";

# ---- the same ledger ----

sub same
{
	my ($what, $query) = @_;
	my @ledgers = map { my $ledger = $_; $query =~ s/LEDGER/$ledger/gr } 'single', 'bulk';
	my @rows = rows_of($ledgers[0]);

	is($db->query("(($ledgers[0]) EXCEPT ALL ($ledgers[1])) UNION ALL (($ledgers[1]) EXCEPT ALL ($ledgers[0]))"),
		'', "$what are the same: " . @rows . ' rows');
	cmp_ok(scalar @rows, '>', 0, "there are $what");
	return;
}

same('documents', "SELECT $document_columns FROM LEDGER.document");
# Whatever columns there are, apart from keys and from who wrote the row when.
same('items', q{SELECT d.kind, d.number, to_jsonb(i) - '{item_id,document_id}'::text[]
	FROM LEDGER.item i JOIN LEDGER.document d USING (customer_id, document_id)});
same('allocations', q{SELECT c.number AS credit, d.number AS debit, a.reverses IS NOT NULL AS reversal,
		to_jsonb(a) - '{allocation_id,credit_item_id,debit_item_id,reverses,recorded_at,recorded_by}'::text[]
	FROM LEDGER.allocation a
		JOIN (LEDGER.item i JOIN LEDGER.document c USING (customer_id, document_id))
			ON c.customer_id = a.customer_id AND i.item_id = a.credit_item_id
		JOIN (LEDGER.item e JOIN LEDGER.document d USING (customer_id, document_id))
			ON d.customer_id = a.customer_id AND e.item_id = a.debit_item_id});
# But for the audit chain, which has a link for each statement.
same('exposures', q{SELECT to_jsonb(e) - 'chain_seq' - 'chain_hash' FROM LEDGER.exposure e});
same('exchange differences', q{SELECT c.number AS credit, d.number AS debit, a.reverses IS NOT NULL AS reversal,
		to_jsonb(x) - 'allocation_id'
	FROM LEDGER.exchange_difference x JOIN LEDGER.allocation a USING (customer_id, allocation_id)
		JOIN (LEDGER.item i JOIN LEDGER.document c USING (customer_id, document_id))
			ON c.customer_id = a.customer_id AND i.item_id = a.credit_item_id
		JOIN (LEDGER.item e JOIN LEDGER.document d USING (customer_id, document_id))
			ON d.customer_id = a.customer_id AND e.item_id = a.debit_item_id});
same('agings',
	"SELECT day::date, b.basis, a.* FROM generate_series(current_date - 250, current_date + 150, interval '25 days') day,"
	  . " (VALUES ('due_date'), ('doc_date')) b (basis), LATERAL LEDGER.aging_at(day::date, b.basis) a");
is($db->query("SELECT count(*) FROM bulk.verify_ledger()"), 0,
	'verify_ledger() finds nothing in the ledger that was loaded');
is($db->query("SELECT count(*) FROM bulk.verify_chain()"), 0, 'and verify_chain() neither');

# ---- the same errors ----

# What an error says, apart from where it happened and in which ledger.  A failing row shows its ids and time.
sub said
{
	my ($sql, @data) = @_;
	my ($sqlstate, $answer) = $db->try($sql, @data);

	return join "\n", $sqlstate, grep { /^(ERROR|DETAIL|HINT):/ && !/^DETAIL:  (?:Failing row|The ledger is)/ } split /\n/, $answer;
}

sub loads
{
	my ($table, $columns, $row) = @_;
	my $names = join ', ', @$columns;
	my $into = "bulk.$table ($names)";

	return (
		[ 'COPY', "COPY $into FROM STDIN", History::copy_line(@$row{@$columns}) ],
		[ 'INSERT', "INSERT INTO $into SELECT $names FROM jsonb_populate_record(NULL::bulk.$table, " . json($row) . ')' ]);
}

sub json
{
	my ($row) = @_;

	return History::literal('{'
		  . join(', ', map { "\"$_\": " . (defined $row->{$_} ? "\"$row->{$_}\"" : 'null') } sort keys %$row)
		  . '}');
}

sub same_refusal
{
	my ($mistake, $states, $function, @loads) = @_;

	like($function, qr/^($states)\n/, "$mistake: the function is refused with $states");
	is(said(@$_[ 1 .. $#$_ ]), $function, "$mistake: $_->[0] is refused in the same words") for @loads;
	return;
}

my $mistakes = Mistakes->new($history);

# Some attempts find no material in the history.
sub made
{
	my ($how) = @_;
	my @made;

	for (1 .. 50) { @made = $how->() and last; }
	return @made;
}

foreach my $mistake ($mistakes->document_mistakes)
{
  SKIP:
	{
		my ($row) = made(sub { $mistakes->document_row($mistake) }) or skip "no material for $mistake", 3;

		same_refusal(
			$mistake,
			$mistakes->document_state($mistake),
			said($history->post_function($row)),
			loads('document', $history->columns, $row));
	}
}

foreach my $mistake ($mistakes->allocation_mistakes)
{
  SKIP:
	{
		my ($allocation, @faults) = made(sub { $mistakes->allocation($mistake) })
		  or skip "no material for $mistake", 3;
		my $row = $history->allocation_row($allocation);

		# Items have their own ids in each ledger, and messages name them.
		my %item = map { $_->[0] => $_->[1] } $db->rows('SELECT item_id, bulk_item_id FROM same_item');
		my $said = said($history->allocate_function($row));

		$said =~ s/\bitems? \K(\d+)(?: and (\d+))?/$item{$1} . (defined $2 ? " and $item{$2}" : '')/gie;
		same_refusal(
			$mistake, join('|', @faults), $said,
			loads(
				'allocation', \@History::allocation_columns,
				{ %$row, map { $_ => $item{ $row->{$_} } } qw(credit_item_id debit_item_id) }));
	}
}
is($db->query("SELECT count(*) FROM single.verify_ledger()"), 0, 'all the errors left the one ledger as it was');
is($db->query("SELECT count(*) FROM bulk.verify_ledger()"), 0, 'and the other');

done_testing();
