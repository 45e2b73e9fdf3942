#!/usr/bin/env perl
# 050_property.pl: the laws of a ledger on a random history.
#
# Thousands of documents of every kind, by terms and in instalments, back-dated and future-dated, in four currencies; allocated,
# reversed, voided, returned, discounted, written off, recovered, refunded, transferred, merged, their due dates changed; through
# functions, multi-row INSERT and COPY, in transactions that commit and that do not, and among them operations that must
# be refused.  The test writes its own journal of what succeeded; journal.sql derives from it what any report must say.
#
#   CREDIT_CONTROL_SEED    which history; it is printed, so that a failure can be had again (default: by the clock)
#   CREDIT_CONTROL_STEPS   how long a history
use strict;
use warnings;

use List::Util qw(uniq);
use Test::More;

use Chance qw(seeded);
use History;
use Life;
use Mistakes;
use Psql;

my $default_steps = 1000;
my (undef, $steps) = seeded($default_steps);

my $db = Psql->fresh_database('property');
$db->query("SELECT credit.create_ledger('ar', 'USD')");
(my $journal_sql = __FILE__) =~ s/[^\/]*$/journal.sql/;
$db->query("\\i $journal_sql\nSELECT");
$db->query(
	'CREATE TABLE journal.report (report_id integer, customer_id bigint, currency text, total numeric, past_due numeric,'
	  . ' unapplied numeric, amounts numeric[], aging credit.aging, disputed numeric)');

my @customers = map { $db->query("SELECT ar.add_customer('customer $_')") } 1 .. 8;
my $history = History->new(db => $db, ledger => 'ar', customers => \@customers, life => 1);
my $life = Life->new($history);
my $mistakes = Mistakes->new($history);
my $model = $history->{model};
$history->write_journal;

# What follows a first mistake says little.
sub give_up
{
	my ($why) = @_;

	fail($why);
	done_testing();
	exit 1;
}

# ---- checks: queries that must find nothing ----

my (%checked, %wrong, %happened);

sub find_nothing
{
	my ($law, $query, $about) = @_;
	my @found = $db->rows($query);

	$checked{$law}++;
	return if !@found;
	$wrong{$law}++;
	diag "step $history->{step}: $law" . ($about ? " ($about)" : '') . ":";
	diag '  ' . join '|', @$_ for @found[ 0 .. ($#found < 9 ? $#found : 9) ];
	give_up("$law, and again and again") if $wrong{$law} > 5;
	return;
}

# Days on which something happens are where mistakes show: the edges of buckets, and the days around every event.
sub interesting_day
{
	my @documents = @{ $model->{items} };
	my @allocations = @{ $model->{allocations} };

	return History::between(-300, 250) if !@documents || !@allocations || History::chance(30);
	my $document = History::pick(@documents);
	my $allocation = History::pick(@allocations);
	return History::pick(
		$document->{posting},
		$document->{posting} - 1,
		($document->{due} // $document->{doc}) + History::pick(0, 1, 30, 31, 60, 61, 90, 91),
		$document->{doc} + History::pick(0, 1, 30, 31, 90, 91),
		(map { ($_, $_ - 1) } $document->{due_changes} ? @{ $document->{due_changes} } : ()),
		$allocation->{on},
		$allocation->{on} - 1,
		defined $allocation->{reversed} ? ($allocation->{reversed}, $allocation->{reversed} - 1) : ());
}

sub interesting_buckets
{
	return 'NULL::integer[]' if History::chance(40);
	my $size = History::pick(1, History::between(1, 8), 32);
	my @bounds = uniq map { History::between(-40, 140) } 1 .. $size;

	return "'{" . join(',', sort { $a <=> $b } @bounds) . "}'::integer[]";
}

# Marks taken so far: id, and the step whose knowledge they hold.
my @marks;

sub take_mark
{
	push @marks, [ $db->query("SELECT ar.take_mark('mark ' || $history->{step})"), $history->{step} ];
	return;
}

sub compare_aging
{
	my $as_of = "'" . $history->date(interesting_day()) . "'";
	my $basis = History::pick("'due_date'", "'doc_date'");
	my $known = History::chance(50) ? $history->{step} : History::between(1, $history->{step});
	my $known_at = $known == $history->{step}
	  && History::chance(80) ? 'NULL' : "(SELECT at FROM journal.moment WHERE step = $known)";
	my $mark = 'NULL';
	($known_at, $mark, $known) = ('NULL', @{ History::pick(@marks) }) if @marks && History::chance(25);
	my $customer = History::chance(15) ? History::pick(@customers) : 'NULL';
	my $arguments = join ', ', $as_of, $basis, interesting_buckets(), $known_at, $mark, $known, $customer;

	find_nothing(
		'laws 1 and 2: aging_at() is what the journal says',
		"SELECT journal.differences('ar', $arguments)", $arguments);
	return;
}

my @reports;

# Print a report now; whoever asks later what was known now must get the same.
sub keep_report
{
	my ($day) = @_;
	my %report = (
		id      => scalar @reports,
		step    => $history->{step},
		as_of   => "'" . $history->date($day // interesting_day()) . "'",
		basis   => History::pick("'due_date'", "'doc_date'"),
		buckets => interesting_buckets() . "::credit.aging_buckets");

	$db->query("INSERT INTO journal.report SELECT $report{id}, a.*"
		  . " FROM ar.aging_at($report{as_of}, $report{basis}, NULL, $report{buckets}) a");
	push @reports, \%report;
	return \%report;
}

sub compare_report
{
	my ($report, $known_at) = @_;
	my $then = 'SELECT r.customer_id, r.currency, r.total, r.past_due, r.unapplied, r.amounts, r.aging, r.disputed'
	  . " FROM journal.report r WHERE report_id = $report->{id}";
	my $now = "SELECT a.* FROM ar.aging_at($report->{as_of}, $report->{basis}, $known_at, $report->{buckets}) a";

	return "SELECT 'then', t.* FROM ($then EXCEPT $now) t UNION ALL SELECT 'now', n.* FROM ($now EXCEPT $then) n";
}

sub compare_reports
{
	foreach my $report (@_)
	{
		find_nothing(
			'law 2: what was reported then is what was known then',
			compare_report($report, "(SELECT at FROM journal.moment WHERE step = $report->{step})"),
			"report of step $report->{step}, $report->{as_of}, $report->{basis}, $report->{buckets}");
	}
	return;
}

sub compare_kept_figures
{
	find_nothing(
		'law 3: exposure is what the journal says', q{
		SELECT customer_id, currency, w, e.receivable, e.unapplied, e.reserved, e.uncleared
		FROM journal.exposure() w FULL JOIN ar.exposure e USING (customer_id, currency)
		WHERE (COALESCE(w.receivable, 0), COALESCE(w.unapplied, 0), COALESCE(w.reserved, 0), COALESCE(w.uncleared, 0))
			IS DISTINCT FROM (e.receivable, e.unapplied, e.reserved, e.uncleared)});
	find_nothing(
		'law 3: items are what the journal says', q{
		SELECT w.*, i.open_amount, i.due_date, i.open_base_amount
		FROM journal.open_at('infinity', 2147483647) w FULL JOIN ar.item i USING (customer_id, document_id, item_id)
		WHERE (i.open_amount, i.open_base_amount)
				IS DISTINCT FROM (CASE WHEN w.debit THEN w.open ELSE -w.open END, CASE WHEN w.debit THEN w.open_base ELSE -w.open_base END)
			OR i.due_date IS DISTINCT FROM w.due_date OR i.doc_date <> w.doc_date OR i.currency <> w.currency});
	find_nothing(
		'law 3: open_items lists what is open', q{
		SELECT w.*, o.open_amount, o.days_past_due, o.bucket
		FROM (SELECT *, current_date - due_date AS days FROM journal.open_at('infinity', 2147483647) WHERE open <> 0) w
			FULL JOIN ar.open_items o USING (customer_id, document_id, item_id)
		WHERE o.open_amount IS DISTINCT FROM CASE WHEN w.debit THEN w.open ELSE -w.open END
			OR o.days_past_due IS DISTINCT FROM w.days
			OR o.bucket IS DISTINCT FROM CASE WHEN NOT w.debit THEN 'unapplied' WHEN w.days <= 0 OR w.days IS NULL THEN 'not due'
				WHEN w.days <= 30 THEN '1-30' WHEN w.days <= 60 THEN '31-60' WHEN w.days <= 90 THEN '61-90' ELSE '> 90' END});
	find_nothing(
		'law 1: what items are worth in base currency is open, or was taken by allocations', q{
		SELECT *
		FROM (SELECT customer_id, currency, sum(CASE WHEN debit THEN base ELSE -base END) AS booked FROM journal.document GROUP BY 1, 2) d
			FULL JOIN (SELECT customer_id, currency, sum(open_base_amount) AS open FROM ar.item GROUP BY 1, 2) i USING (customer_id, currency)
			LEFT JOIN (SELECT a.customer_id, a.currency, sum(x.debit_base - x.credit_base) AS taken
				FROM ar.exchange_difference x JOIN ar.allocation a USING (customer_id, allocation_id) GROUP BY 1, 2) t
				USING (customer_id, currency)
		WHERE booked IS DISTINCT FROM open + COALESCE(taken, 0)});
	find_nothing(
		'law 1: exchange differences are what the journal says', q{
		WITH said AS (
			SELECT COALESCE(a.reverses, x.allocation_id) AS id, a.reverses IS NULL AS original, x.applied_on, x.debit_base, x.credit_base, x.difference
			FROM ar.exchange_difference x JOIN ar.allocation a USING (customer_id, allocation_id)),
		wanted AS (
			SELECT a.allocation_id, m.sign > 0, m.on_date, m.sign * a.debit_base, m.sign * a.credit_base, m.sign * (a.credit_base - a.debit_base)
			FROM journal.allocation a LEFT JOIN journal.reversal r USING (allocation_id),
				LATERAL (VALUES (1, a.applied_on), (-1, r.reversed_on)) m (sign, on_date)
			WHERE m.on_date IS NOT NULL AND a.debit_base IS NOT NULL)
		(TABLE said EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE said)});
	my $day = $history->date(interesting_day());
	find_nothing(
		'law 2: revaluation() is what the journal says', "
		WITH said AS (SELECT item_id, open_amount, booked_base, revalued_base FROM ar.revaluation('$day') WHERE difference = revalued_base - booked_base),
		wanted AS (SELECT * FROM journal.revaluation('$day'))
		(TABLE said EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE said)", $day);
	find_nothing(
		'law 1: open_items add up to debits less credits', q{
		SELECT *
		FROM journal.balance('infinity', 2147483647) b
			FULL JOIN (SELECT customer_id, currency, sum(open_amount) AS open FROM ar.open_items GROUP BY 1, 2) o USING (customer_id, currency)
		WHERE COALESCE(b.balance, 0) <> COALESCE(o.open, 0)});
	find_nothing(
		'law 2: aging_summary is aging_at() of today', q{
		WITH view AS (SELECT customer_id, currency, total, past_due, unapplied,
				ARRAY[not_due, days_1_30, days_31_60, days_61_90, days_over_90] AS amounts FROM ar.aging_summary),
		at AS (SELECT customer_id, currency, total, past_due, unapplied, amounts FROM ar.aging_at(current_date))
		(TABLE view EXCEPT ALL TABLE at) UNION ALL (TABLE at EXCEPT ALL TABLE view)});
	find_nothing(
		'law 4: open amounts stay between zero and the amount on every day',
		'SELECT * FROM journal.impossible(2147483647)');
	find_nothing('law 3: verify_ledger() finds nothing', 'SELECT * FROM ar.verify_ledger()');
	find_nothing('law 7: verify_chain() finds nothing', 'SELECT * FROM ar.verify_chain()');
	return;
}

# ---- running the history ----

sub kept_figures
{
	return $db->query(
			'SELECT (SELECT md5(string_agg(e::text, \' \' ORDER BY e.customer_id, e.currency)) FROM ar.exposure e),'
		  . ' (SELECT concat_ws(\' \', count(*), sum(open_amount), sum(amount), max(reversed_on)) FROM ar.item),'
		  . ' (SELECT count(*) FROM ar.document), (SELECT concat_ws(\' \', count(*), sum(amount)) FROM ar.allocation)'
	);
}

sub run
{
	my ($op) = @_;
	my $in_transaction = $op->{in_transaction};
	my @faults = @{ $op->{faults} // [] };
	my $before = @faults ? kept_figures() : undef;

	$db->query('SAVEPOINT operation') if $in_transaction;
	my ($sqlstate, $answer) = $db->try($op->{sql}, @{ $op->{data} // [] });
	if (@faults ? !grep { $_ eq $sqlstate } @faults : $sqlstate ne '00000')
	{
		my $expected = @faults ? join ' or ', uniq @faults : 'success';

		diag join "\n", "step $history->{step}: $sqlstate", $answer, $op->{sql}, @{ $op->{data} // [] };
		give_up("$op->{name} ends with $expected");
	}
	$db->query(@faults ? 'ROLLBACK TO operation' : 'RELEASE operation') if $in_transaction;
	$happened{ $op->{name} }++;
	if (@faults)
	{
		my $law = 'a refused operation changes nothing';
		my $after = kept_figures();

		$checked{$law}++;
		if ($after ne $before) { $wrong{$law}++; diag "$op->{name} changed $before to $after"; }
	}
	else { $op->{done}->($answer); }
	return;
}

my @generators = (
	(
		map { [ $history, $_ ] } ('post') x 30, ('post_many') x 3, ('allocate') x 14, ('allocate_many') x 4,
		('apply') x 8, ('undo') x 8),
	(map { [ $life, $_ ] } @Life::generators),
	(map { [ $mistakes, $_ ] } ('post') x 5, ('allocate') x 5, ('undo') x 2, ('apply') x 2, ('live') x 8, 'tamper'));

sub next_operation
{
	my $op;

	until ($op)
	{
		my ($who, $what) = @{ History::pick(@generators) };
		$op = $who->$what;
	}
	return $op;
}

sub run_alone
{
	my $op = next_operation();
	my $report;

	# A reversal never rewrites a report for an earlier day, whoever knows what.
	$report = keep_report($op->{reversed_on} - 1) if defined $op->{reversed_on} && History::chance(30);
	run($op);
	find_nothing('law 2: a reversal changes no report for an earlier day', compare_report($report, 'NULL'))
	  if $report;
	return;
}

sub run_transaction
{
	my $committed = History::chance(70);
	my $start = $model->mark;

	$db->query('BEGIN ISOLATION LEVEL ' . History::pick('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'));
	for (1 .. History::between(2, 6))
	{
		my $savepoint = $model->mark;

		$db->query('SAVEPOINT step');
		run({ %{ next_operation() }, in_transaction => 1 }) for 1 .. History::between(1, 3);
		next if History::chance(75);
		$db->query('ROLLBACK TO step');
		$model->back_to($savepoint);
		$happened{'rolled back to a savepoint'}++;
	}
	$db->query($committed ? 'COMMIT'    : 'ROLLBACK');
	$happened{ $committed ? 'committed' : 'rolled back' }++;
	$model->back_to($start) if !$committed;
	return;
}

# A long history ends when everything has happened, for rare things happen late; at three times its length they never will.
my @wanted = (
	(map { "post_$_" } qw(invoice debit_note credit_note payment)),
	(map { ("copy $_", "insert $_") } qw(documents allocations)),
	(map { "apply $_" } @Receivables::methods),
	'allocate', 'allocate today', 'reverse', @Life::names, $mistakes->names, 'committed', 'rolled back',
	'rolled back to a savepoint');
while ($history->{step} < $steps
	|| ($steps >= $default_steps && $history->{step} < 3 * $steps && grep { !$happened{$_} } @wanted))
{
	History::chance(80) ? run_alone() : run_transaction();
	# What happens to merged customers needs one, before the end of a history.
	while (!%{ $model->{merged} } && $history->{step} > $steps / 2) { my $op = $life->merge; run($op) if $op; }
	$history->write_journal;
	compare_aging() if History::chance(25);
	keep_report() if History::chance(4);
	take_mark() if History::chance(1.5);
	compare_kept_figures() if History::chance(2);
	compare_reports(History::pick(@reports)) if @reports && History::chance(5);
}
compare_kept_figures();
compare_aging() for 1 .. 100;
compare_reports(@reports);

foreach my $law (sort keys %checked)
{
	is($wrong{$law} // 0, 0, "$law ($checked{$law} times)");
}
if ($steps >= $default_steps)
{
	is_deeply([ grep { !$happened{$_} } @wanted ], [], 'everything that can happen in a history happened');
}
note join ', ', map { "$_ $happened{$_}" } sort keys %happened;
done_testing();
