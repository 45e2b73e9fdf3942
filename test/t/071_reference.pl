#!/usr/bin/env perl
# 071_reference.pl: doc/reference.md names every function, aggregate, type, operator, cast, table, view and column of the
# extension and of a fresh ledger, as they are; no page names one that does not exist; and the SQL on every page runs.
use strict;
use warnings;

use Test::More;

use Psql;

my $db = Psql->fresh_database('reference');
$db->query("SELECT credit.create_ledger('ar', 'USD')");

sub slurp { local (@ARGV, $/) = @_; return scalar <>; }
my $reference = slurp('doc/reference.md');

# The text below a heading, up to the next heading.
my %section = $reference =~ /^#+ (.+)\n((?:(?!#).*\n)*)/mg;

sub none_missing
{
	my ($what, @missing) = @_;
	ok(!@missing, "doc/reference.md has $what") or diag map { "missing: $_\n" } @missing;
	return;
}

# What implements types, operators and aggregates is not called by name.
my @functions = $db->rows(<<'SQL');
	SELECT format('`%s.%s(%s)` → `%s` (%s)', n.nspname, p.proname,
		regexp_replace(regexp_replace(pg_get_function_arguments(p.oid), '(, |^)OUT .*', ''), '::[a-z_. ]+(\[\])?', '', 'g'),
		CASE WHEN p.proretset THEN 'rows' WHEN p.prorettype = 'record'::regtype THEN 'row'
			ELSE format_type(p.prorettype, NULL) END,
		concat_ws(', ', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
			CASE WHEN p.proisstrict THEN 'strict' END,
			CASE p.proparallel WHEN 's' THEN 'parallel safe' WHEN 'r' THEN 'parallel restricted' ELSE 'parallel unsafe' END,
			CASE WHEN p.prosecdef THEN 'as the ledger''s owner' END))
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname IN ('credit', 'ar')
		AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
		AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
		AND NOT EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
		AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggcombinefn))
	ORDER BY 1
SQL
cmp_ok(scalar @functions, '>', 50, 'there are functions to look for');

# What only other functions call is listed by name.
my $internals = $section{'Behind the scenes'} . $section{q{Behind the ledger's functions}};
none_missing('every function and aggregate',
	grep { index($reference, "$_<br>\n") < 0 && !(/^(`[\w.]+)/ && index($internals, "$1`") >= 0) } map { $_->[0] } @functions);

my @types = $db->rows(q{SELECT typname FROM pg_type WHERE typnamespace = 'credit'::regnamespace AND typtype = 'b' AND typelem = 0});
none_missing('every type', grep { !exists $section{$_} } map { "Type `credit.$_->[0]`" } @types);

my @operators = $db->rows(<<'SQL');
	SELECT format_type(oprleft, NULL), oprname FROM pg_operator WHERE oprnamespace = 'credit'::regnamespace ORDER BY 1, 2
SQL
none_missing('every operator',
	map { "$_->[1] of $_->[0]" }
	grep { ($section{"Type `$_->[0]`"} // '') !~ /[ `]\Q$_->[1]\E[ `]/ } @operators);

my @casts = $db->rows(<<'SQL');
	SELECT format_type(castsource, NULL) || '::' || format_type(casttarget, NULL) FROM pg_cast
	WHERE castfunc IN (SELECT oid FROM pg_proc WHERE pronamespace = 'credit'::regnamespace) ORDER BY 1
SQL
none_missing('every cast', grep { index($reference, "`$_`") < 0 } map { $_->[0] } @casts);

my @columns = $db->rows(<<'SQL');
	SELECT format('%s `ar.%s`', CASE c.relkind WHEN 'v' THEN 'View' ELSE 'Table' END, c.relname), a.attname,
		replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz')
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY c.relname, a.attnum
SQL
cmp_ok(scalar @columns, '>', 50, 'there are columns to look for');
none_missing('every table, view and column',
	map { "$_->[0], column $_->[1] of type $_->[2]" }
	grep { index($section{ $_->[0] } // '', "| `$_->[1]` | $_->[2] |") < 0 } @columns);

# The other way round: what any page calls credit.x or ar.x is there.
my %exists = map { $_->[0] => 1 } $db->rows(<<'SQL');
	SELECT n.nspname || '.' || o.name FROM pg_namespace n, LATERAL (
		SELECT proname FROM pg_proc WHERE pronamespace = n.oid
		UNION SELECT relname FROM pg_class WHERE relnamespace = n.oid
		UNION SELECT typname FROM pg_type WHERE typnamespace = n.oid) o (name)
	WHERE n.nspname IN ('credit', 'ar')
SQL
foreach my $page ('README.md', glob 'doc/*.md')
{
	next if $page eq 'doc/design.md';
	my %unknown = map { $_ => 1 } grep { !$exists{$_} } slurp($page) =~ /(?<![\w.\/-])((?:credit|ar)\.[a-z]\w*)/g;
	ok(!%unknown, "$page names nothing that is not there") or diag map { "unknown: $_\n" } sort keys %unknown;
}

# Links between pages lead somewhere.
foreach my $page ('README.md', glob 'doc/*.md')
{
	(my $directory = $page) =~ s/[^\/]+$//;
	my @broken;
	foreach my $link (slurp($page) =~ /\]\(([^)]+)\)/g)
	{
		my ($file, $anchor) = $link =~ /^([^#]*)#?(.*)$/;
		next if $file =~ /^https?:/;
		$file = $file ? "$directory$file" : $page;
		my %anchors = map { lc(s/[^\w -]//gr =~ tr/ /-/r) => 1 } -f $file ? slurp($file) =~ /^#+ (.+)$/mg : ();
		push @broken, $link if !-e $file || ($anchor && !$anchors{$anchor});
	}
	ok(!@broken, "the links of $page lead somewhere") or diag map { "broken: $_\n" } @broken;
}

# The SQL in the pages runs, in one go, with the tables that readers are supposed to have.
my %tables = (
	'README.md' => 'CREATE TABLE my_open_items (region text, customer_id bigint, due_date date, open_amount numeric)',
	'doc/guide-application.md' => q{CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint, status text)},
	'doc/guide-bi.md' => 'CREATE TABLE my_receivables (salesperson text, due_date date, open_amount numeric)',
	# Items 9 and 12 of customer 2, receipts that nobody knows, one that is applied, and the line that takes it back.
	'doc/guide-cash.md' => q{SELECT ar.add_customer('Hawk Metals', 2);
		SELECT CASE n WHEN 9 THEN ar.post_credit_note(2, 'CN-9', '2026-01-02', 50) ELSE ar.post_invoice(2, 'INV-1000' || n, '2026-01-02', 450 + n, '2026-02-01') END
		FROM generate_series(1, 12) n;
		SELECT ar.add_receipt('US1', 'S', n::text, '2026-01-14', CASE n WHEN 7 THEN 457 ELSE 400 END, p_customer_id => CASE WHEN n IN (5, 7) THEN 2 END,
			p_remittance_text => CASE n WHEN 7 THEN 'INV-10007' END) FROM generate_series(1, 13) n;
		INSERT INTO ar.bank_receipt (source, account, statement_id, sequence, booking_date, amount, currency, credit_debit, digest)
		VALUES ('manual', 'US1', 'S', '14', '2026-01-20', 457, 'USD', 'debit', '')});
foreach my $page ('README.md', glob 'doc/guide-*.md')
{
	my $page_db = Psql->fresh_database('pages');
	my @blocks = slurp($page) =~ /^```sql\n(.*?)^```$/msg;

	if ($page eq 'README.md')
	{
		# It begins with CREATE EXTENSION, and shows an order that is refused.
		$page_db->query('DROP EXTENSION credit_control');
	}
	else
	{
		$page_db->query(q{SELECT credit.create_ledger('ar', 'USD')});
		$page_db->query(q{SELECT ar.add_customer('Kestrel Tooling', 17)});
	}
	$page_db->query($tables{$page}) if $tables{$page};
	my (undef, $said) = $page_db->try(join "\n", @blocks, 'SELECT');
	my @errors = $said =~ /^ERROR:  (.*)$/mg;
	@errors = grep { $page ne 'README.md' || !/^RC002: / } @errors;
	ok(@blocks && !@errors, "the SQL in $page runs") or diag map { "$_\n" } @errors;
}

# One version everywhere.
my ($version) = slurp('credit_control.control') =~ /^default_version = '(.*)'$/m;
is_deeply([ slurp('META.json') =~ /^ +"version": "([^"]*)",?\n(?! +"url")/mg ], [ $version, $version ], 'META.json has the version of the control file');
like(slurp('CHANGELOG.md'), qr/^## \Q$version\E\b/m, 'CHANGELOG.md has it too');

done_testing;
