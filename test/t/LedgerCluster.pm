# LedgerCluster.pm: servers of a test's own, ledgers on them, and questions that tests ask of a ledger.
package LedgerCluster;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use Test::More;

our @EXPORT = qw(start_cluster create_database outcome refused allowed all_well life untouched_tables empty_ledger definitions sorted_diff crash);

# A running server; the options are those of PostgreSQL::Test::Cluster->init, conf is more of postgresql.conf.
sub start_cluster
{
	my ($name, %options) = @_;
	my $conf = delete $options{conf} // '';
	my $node = PostgreSQL::Test::Cluster->new($name);

	# The defaults of the framework depend on the locale of whoever runs the tests.
	$node->init(extra => [ '--no-locale', '--encoding=UTF8' ], %options);
	$node->append_conf('postgresql.conf', "log_statement = none\nshared_buffers = 64MB\nmax_connections = 30\n$conf");
	$node->start;
	return $node;
}

# A database with the extension in it, and in it whatever the statements make.
sub create_database
{
	my ($node, $database, $sql) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION credit_control');
	$node->safe_psql($database, $sql) if defined $sql;
	return;
}

# Run statements as a role (undef: superuser); returns the SQLSTATE they end with, 00000 if they all succeed, and what
# they print.
sub outcome
{
	my ($node, $database, $role, $sql) = @_;
	my ($rc, $out, $err) = $node->psql($database, $sql,
		extra_params => [ '-v', 'VERBOSITY=verbose', defined $role ? ('-U', $role) : () ]);

	return $err =~ /(?:ERROR|FATAL):  (\w{5}): (.*)/ ? ($1, "$1 $2") : $rc ? ('?', $err) : ('00000', $out);
}

# The statements, run as a role, end with this SQLSTATE.
sub refused
{
	my ($node, $database, $role, $sqlstate, $sql, $name) = @_;
	my ($got, $message) = outcome($node, $database, $role, $sql);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($got, $sqlstate, $name) || diag($message);
}

# The statements, run as a role, succeed, and print this (if given).
sub allowed
{
	my ($node, $database, $role, $sql, $wanted, $name) = @_;
	my ($got, $out) = outcome($node, $database, $role, $sql);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($got, '00000', $name) || diag($out) if $got ne '00000' || !defined $wanted;
	return is($out, $wanted, $name);
}

# Every kept figure is what recomputing gives, the audit chain holds, and nothing differs from the template.
sub all_well
{
	my ($node, $database, $ledger, $name) = @_;
	my $problems = $node->safe_psql($database,
		"SELECT * FROM $ledger.verify_ledger() UNION ALL SELECT problem, customer_id, object, detail, NULL FROM $ledger.verify_chain()"
		  . " UNION ALL SELECT problem, NULL, object, detail, hint FROM credit.check_ledger('$ledger')");

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($problems, '', "$name: verify_ledger(), verify_chain() and check_ledger() find nothing");
}

# Statements that take customers 901 to 903 of a ledger in USD through the life of documents, early in 2020: everything
# that can happen to one happens, and something of it is left open.
sub life
{
	my ($ledger) = @_;
	return <<"SQL";
SET search_path = $ledger, credit;
DO \$\$
DECLARE
	id bigint;
	other bigint;
	items bigint[];
BEGIN
	PERFORM set_fx_rate('EUR', 1.1, '2020-01-01', 'ECB'), set_fx_rate('EUR', 1.2, '2020-03-01', 'ECB');
	PERFORM set_number_range('invoice', 'INV-%Y-'), set_number_range('payment', 'R', p_gapless => false);
	PERFORM add_customer('Long', 901, p_terms => '2/10 net 30'), add_customer('Abroad', 902, p_currency => 'EUR', p_payer_id => 901),
		add_customer('Former', 903);

	-- Paid within the discount, and the payment returned.
	id := post_invoice(901, NULL, '2020-01-10', 119, p_lines => '[{"product": "A1", "quantity": 2, "unit_price": 50, "tax_rate": 19}]',
		p_idempotency_key => 'one');
	other := post_payment(901, NULL, '2020-01-15', 116.62);
	PERFORM allocate_with_discount(901, c.item_id, d.item_id, p_applied_on => '2020-01-15')
	FROM item c, item d WHERE c.document_id = other AND d.document_id = id AND c.customer_id = 901 AND d.customer_id = 901;
	PERFORM return_payment(901, other, '2020-02-01', p_fee => 25);

	-- Instalments, of which one is due later than agreed.
	id := post_invoice(901, NULL, '2020-01-10', 300, p_terms => '1/3 30, 1/3 60, 1/3 90');
	items := ARRAY(SELECT i.item_id FROM item i WHERE i.customer_id = 901 AND i.document_id = id ORDER BY i.instalment_no);
	PERFORM set_due_date(901, items[2], '2020-04-30', 'agreed by phone', p_effective_on => '2020-03-01');
	PERFORM write_off(901, items[1], 'not worth it', 7, '2020-02-20');
	PERFORM void_document(901, post_invoice(901, NULL, '2020-01-12', 10), 'posted twice', '2020-01-20');

	-- Money that has to clear, and money for an order.
	id := post_payment(901, NULL, '2020-02-02', 40, p_clears_on => '2020-02-20');
	PERFORM confirm_clearing(901, id, '2020-02-10');
	PERFORM post_payment(901, NULL, '2020-02-03', 30, p_clears_on => '2099-01-01');
	PERFORM post_deposit(901, 'D-1', '2020-02-01', 60, 'O-1');
	PERFORM release_deposit(901, post_deposit(901, 'D-2', '2020-02-01', 20, 'O-2'), 'order cancelled');
	PERFORM refund(901, id, p_amount => 15, p_refunded_on => '2020-02-21');
	PERFORM transfer_credit(901, id, 902, 'wrong account', 10, '2020-02-22');

	-- Two currencies.
	id := post_invoice(902, 'E-1', '2020-01-10', 100, p_currency => 'EUR', p_terms => 'net 30');
	PERFORM apply_payment(902, post_payment(902, 'E-2', '2020-03-10', 60, 'EUR'), p_applied_on => '2020-03-10');
	other := post_payment(902, 'E-3', '2020-03-10', 100);
	PERFORM allocate_across(902, c.item_id, d.item_id, 30, 0.9, '2020-03-11')
	FROM item c, item d WHERE c.document_id = other AND d.document_id = id AND c.customer_id = 902 AND d.customer_id = 902;

	-- A customer that was another all along.
	PERFORM post_invoice(903, 'F-1', '2020-02-01', 70, '2020-03-01'), post_payment(903, 'F-2', '2020-02-15', 20);
	PERFORM merge_customers(903, 901, 'one firm', '2020-03-15');

	-- Who asks does not approve.
	PERFORM grant_authority(session_user, 'actor'), grant_authority('Ann', 'credit_note', 500), grant_authority('Bob', 'credit_note', 500),
		set_approval_policy('credit_note', true);
	PERFORM set_actor('Ann');
	id := request_approval(902, 'credit_note', 12, 'billed twice', p_currency => 'USD');
	PERFORM request_approval(902, 'credit_note', 600, 'nobody may');
	PERFORM set_actor('Bob');
	PERFORM approve(902, id), post_credit_note(902, 'E-4', '2020-03-12', 12, 'USD');
	PERFORM set_approval_policy('credit_note', false), end_authority((SELECT max(a.authority_id) FROM authority a), 'left');

	-- What order checks know of a customer.
	PERFORM set_risk_figure(902, 'score', 512.5, '2020-03-01', 'agency'), set_risk_class(902, 'C');
	INSERT INTO check_exclusion (rule_no, risk_class, threshold) VALUES (30, 'C', 120);
	INSERT INTO exposure_policy (risk_class, counts_unapplied, left_out) VALUES ('C', false, '{fee}');
	PERFORM release_hold(902, place_hold(902, 'asked for papers'), 'they came');
	PERFORM reevaluate_customer(902);
	PERFORM take_mark('closing');

	-- What the bank and a payer say: a short payment, and money that a person knows better about.
	PERFORM add_customer('Adler GmbH', 904), set_cash_rules('by advice', '{reference,exact_item}', 904),
		post_invoice(904, 'RE-7001', '2020-03-01', 100, '2020-03-31', 'USD'), post_invoice(904, 'RE-7002', '2020-03-01', 50, '2020-03-31', 'USD'),
		load_remittance_csv('adler', 'PAY-1', E'invoice;amount paid;discount;deduction;deduction reason\\nRE-7001;90.00;0;10.00;damaged\\n', 90, 'USD'),
		add_receipt('US1', 'S1', '1', '2020-03-20', 90, p_payer_name => 'Adler GmbH', p_remittance_text => 'PAY-1');
	PERFORM confirm_match(add_receipt('US1', 'S1', '2', '2020-03-21', 50, p_payer_name => 'A. Adler', p_payer_account => 'DE1'), 904);
	-- What is known of a customer, and what was made of it.
	PERFORM add_financial_statement(902, '2019-01-01', '2019-12-31', '{"total_assets": 10.5, "total_liabilities": 6, "equity": 4.5}', true, p_received_on => '2020-03-01'),
		add_credit_report(902, 'Bureau', '2020-03-01', 50, 'B', p_facts => '{"years": 3}'), add_trade_reference(902, 'Alpha', 100, '2020-03-01'),
		add_bank_reference(902, 'Bank', '2020-03-01'), release_security(902, add_security(902, 'lien', 5, 'itself', '2020-03-01'), 'sold', '2020-04-01'),
		add_score_card('card', 'base 600 odds 50 pdo 20; days_late: <5 => 60, else 10, null => 5 "new"; grades: A>=30, else B', 'first', '2020-01-01'),
		add_score_card('other', 'days_late: else 1, null => 0', 'trial', '2020-01-01', 20);
	INSERT INTO grade_policy (grade, limit_amount, terms) VALUES ('A', 100, 'net 45');
	PERFORM score_customer(902), recommend_limit(902), schedule_reviews();
	id := receive_application(902, 500, 'US trade credit', '2020-05-01', 'net 30');
	PERFORM receive_item(902, id, 'bank_reference', '2020-05-02'), decide_application(902, id, 'declined', p_reasons => '{new}'), complete_review(902, 'watched', 'new');
END \$\$;
CALL apply_cash('March', false);
-- What the customer disputes, sends back, owes back, and is credited.
DO \$\$
DECLARE
	id bigint := post_invoice(904, 'RE-7003', current_date, 240, current_date + 30, 'USD', p_lines => '[{"product": "A1", "quantity": 20, "unit_price": 10, "tax_rate": 20}]');
	other bigint;
BEGIN
	PERFORM dispute_deductions(904, 'Ann');
	INSERT INTO return_policy (reason_code, product, window_days, restocking_percent) VALUES ('return', 'A1', 30, 10);
	other := authorize_return(904, id, 'return', '[{"line_no": 1, "quantity": 3}]', 'RMA-1');
	PERFORM receive_return(904, other, 1, 2), inspect_return(904, other, 1, 2);
	PERFORM issue_credit(904, credit_return(904, other), 'CN-1'), request_credit(904, id, 'goodwill', p_amount => 5, p_currency => 'USD');
	PERFORM receive_core(904, add_core(904, 'ALT-75', 2, 75, p_number => 'CC-1', p_currency => 'USD'), 1);
	PERFORM add_note(904, 'document', id, 'asked twice'), add_tag(904, 'document', id, 'urgent'), attach(904, 'document', id, 'file:///1.pdf'),
		finish_task(904, add_task(904, 'document', id, 'call')), record_inquiry(904, 'document', id, 'Ms Hill', 'customer', 'phone', 'when?');
END \$\$;
CALL match_all_credit_notes();
-- What collectors know, do and agree on.
DO \$\$
DECLARE
	first bigint := post_invoice(904, 'RE-7004', current_date, 300, current_date, 'USD');
	other bigint := post_invoice(904, 'RE-7005', current_date, 200, current_date, 'USD');
	item_id bigint := (SELECT i.item_id FROM item i WHERE i.customer_id = 904 AND i.document_id = first);
	other_item bigint := (SELECT i.item_id FROM item i WHERE i.customer_id = 904 AND i.document_id = other);
	person bigint := add_customer_contact(904, 'Mr Adler', 'Europe/Berlin', 'owner', p_jurisdiction => 'DE');
	id bigint;
BEGIN
	INSERT INTO collector (person, capacity) VALUES ('Ann', 10), ('Bob', NULL);
	INSERT INTO portfolio_rule (rule_no, collector) VALUES (10, 'Ann');
	INSERT INTO claim_policy (provider, claim_days) VALUES ('Insurer', 90);
	PERFORM assign_portfolios(), enter_absence('Ann', 'Bob', '2020-08-01', '2020-08-14'), add_contact_fact(904, person, 'attorney', p_note => 'Dr Recht'),
		withdraw_promise(904, make_promise(904, current_date, 50, ARRAY[item_id],
			p_contact_id => record_contact(904, person, 'phone', 'promised', 'in', 'cash_flow', p_document_ids => ARRAY[first])), 'a misunderstanding'),
		make_promise(904, current_date, 10, ARRAY[other_item]), evaluate_promises(), take_case('Ann');
	id := propose_plan(904, ARRAY[item_id], 'season', ARRAY[current_date, current_date + 30], '{100,200}', p_interest_rate => 5);
	PERFORM start_plan(904, id), evaluate_plans(), cancel_plan(904, id, 'paid otherwise');
	id := request_escalation(904, 'agency', ARRAY[item_id], 'no answer', 'Hounds', 20);
	PERFORM open_escalation(904, id), record_remittance(904, id, 10), close_escalation(904, id, 'found them', true);
	id := propose_settlement(904, ARRAY[other_item], 150, current_date, 'better than nothing');
	PERFORM agree_settlement(904, id), cancel_settlement(904, id, 'not paid');

	-- Letters, interest, and what the law says.
	PERFORM add_customer('Late GmbH', 905), set_risk_class(905, 'late'), post_invoice(905, 'RE-8001', '2020-03-01', 100, '2020-03-31', 'USD'), post_invoice(905, 'RE-8002', '2020-03-01', 40, '2020-03-31', 'USD');
	PERFORM pause_dunning(905, 'in talks', i.item_id) FROM item i JOIN document d USING (customer_id, document_id) WHERE d.customer_id = 905 AND d.number = 'RE-8002';
	PERFORM set_dunning_policy('all', 'USD', '[{"days": 5, "template": "reminder", "fee": 3}]', 'late', '2020-01-01'),
		set_interest_policy('all', 'USD', 9, p_risk_class => 'late', p_valid_from => '2020-01-01');
	PERFORM run_dunning(ledger_today()), run_interest(ledger_today());
	person := add_customer_contact(905, 'Ms Late', 'America/New_York', p_jurisdiction => 'US-NY', p_kind => 'consumer');
	INSERT INTO contact_holiday (jurisdiction, day, name) VALUES ('US', '2020-07-04', 'Independence Day');
	PERFORM log_contact(905, person, 'phone', 'no_answer', p_contacted_at => '2020-06-01 23:00-04'), record_debt_notice(905, person, '2020-06-02'),
		receive_debt_request(905, person, 'dispute', '2020-06-10'), record_insolvency(905, '2020-07-01', 'chapter 11');
END \$\$;
-- What is expected to be lost.
DO \$\$ BEGIN
	PERFORM set_loss_rates('{1, 2, 3, 4, 5}', '2020-01-01', 'experience', p_buckets => '0,30,60,90'), set_loss_adjustment(1.1, '2020-01-01', 'worse'),
		set_specific_provision(902, 50, 'ill', '2020-01-01'), book_allowance(current_date, 'the year');
END \$\$;
-- A period that is closed.
SELECT post_invoice(904, 'OLD', '1990-01-05', 10, '1990-01-31', 'USD'), add_period('1990-01', '1990-01-01', '1990-01-31'), set_dimension(904, 'region', 'north'),
	apply_payment(904, post_payment(904, 'OLD-P', '1990-02-01', 10, 'USD'), p_applied_on => '1990-02-01');
CALL close_period('1990-01');
RESET search_path;
SQL
}

# A ledger made anew without the rows that making it wrote, as what is to be restored brings its own.
sub empty_ledger
{
	my ($node, $database, $ledger) = @_;
	return $node->safe_psql($database, <<"SQL");
SET session_replication_role = replica;
DO \$\$
DECLARE
	name regclass;
BEGIN
	FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = '$ledger'::regnamespace LOOP
		EXECUTE format('DELETE FROM %s', name);
	END LOOP;
END \$\$;
SQL
}

# The tables of a ledger that have no row.
sub untouched_tables
{
	my ($node, $database, $ledger) = @_;
	return $node->safe_psql($database, <<"SQL");
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = '$ledger'::regnamespace
	AND query_to_xml(format('SELECT FROM %s LIMIT 1', oid::regclass), true, false, '')::text !~ '<row' ORDER BY 1
SQL
}

# How every object is defined, a line each: of an extension ("extension NAME") or in schemas ("schemas NAME, ...").
sub definitions
{
	my ($node, $database, $what) = @_;
	my ($kind, $names) = $what =~ /^(extension|schemas) (.*)/ or die "definitions of what: $what";
	my $list = join ', ', map { "'$_'" } split /, /, $names;
	my $members = $kind eq 'extension'
	  ? "SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = $list)"
	  : join ' UNION ALL ',
	  "SELECT 'pg_namespace'::regclass::oid AS classid, oid AS objid FROM pg_namespace WHERE nspname IN ($list)",
	  map { my ($catalog, $schema) = split; "SELECT '$catalog'::regclass, oid FROM $catalog WHERE ${schema}::regnamespace::text IN ($list)" }
	  'pg_class relnamespace', 'pg_proc pronamespace', 'pg_type typnamespace';

	return $node->safe_psql($database, <<"SQL");
CREATE TEMP VIEW member AS $members;
CREATE TEMP VIEW member_right AS
	SELECT classid, objid, relowner AS owner, COALESCE(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
	FROM member JOIN pg_class c ON classid = 'pg_class'::regclass AND objid = c.oid
	UNION ALL
	SELECT classid, objid, proowner, COALESCE(proacl, acldefault('f', proowner))
	FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid
	UNION ALL
	SELECT classid, objid, typowner, COALESCE(typacl, acldefault('T', typowner))
	FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND objid = t.oid
	UNION ALL
	SELECT classid, objid, nspowner, COALESCE(nspacl, acldefault('n', nspowner))
	FROM member JOIN pg_namespace n ON classid = 'pg_namespace'::regclass AND objid = n.oid;

SELECT 'object', pg_describe_object(classid, objid, 0) FROM member;
SELECT 'owner', pg_describe_object(classid, objid, 0), pg_get_userbyid(owner) FROM member_right;
SELECT 'right', pg_describe_object(classid, objid, 0), a.grantee::regrole, a.privilege_type, a.is_grantable
	FROM member_right, aclexplode(acl) a;
SELECT 'comment', pg_describe_object(m.classid, m.objid, d.objsubid), replace(d.description, E'\\n', ' ')
	FROM member m JOIN pg_description d ON d.classoid = m.classid AND d.objoid = m.objid;
SELECT 'relation', c.oid::regclass, relkind, reloptions, relrowsecurity,
		CASE relkind WHEN 'v' THEN replace(pg_get_viewdef(c.oid), E'\\n', ' ') END
	FROM member JOIN pg_class c ON classid = 'pg_class'::regclass AND objid = c.oid;
SELECT 'column', attrelid::regclass, row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname, format_type(atttypid, atttypmod), attnotnull, attacl, attgenerated,
		(SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)
	FROM member JOIN pg_attribute ON classid = 'pg_class'::regclass AND attrelid = objid
	WHERE attnum > 0 AND NOT attisdropped;
SELECT 'index', pg_get_indexdef(indexrelid) FROM member JOIN pg_index ON classid = 'pg_class'::regclass AND indrelid = objid;
SELECT 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid), convalidated
	FROM member JOIN pg_constraint c ON classid = 'pg_class'::regclass AND conrelid = objid;
SELECT 'trigger', pg_get_triggerdef(t.oid), tgenabled
	FROM member JOIN pg_trigger t ON classid = 'pg_class'::regclass AND tgrelid = objid AND NOT tgisinternal;
SELECT 'policy', p.* FROM pg_policies p JOIN member ON classid = 'pg_class'::regclass
	AND objid = format('%I.%I', schemaname, tablename)::regclass;
SELECT 'sequence', s.seqrelid::regclass, s.seqtypid::regtype, seqstart, seqincrement, seqmax, seqcache, seqcycle
	FROM member JOIN pg_sequence s ON classid = 'pg_class'::regclass AND objid = s.seqrelid;
SELECT 'function', replace(pg_get_functiondef(p.oid), E'\\n', ' ')
	FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid AND prokind <> 'a';
SELECT 'aggregate', aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggkind,
		aggfinalextra, aggfinalmodify, aggtranstype::regtype, aggtransspace, agginitval, proparallel, proisstrict, provolatile
	FROM member JOIN pg_aggregate ON classid = 'pg_proc'::regclass AND objid = aggfnoid JOIN pg_proc p ON p.oid = objid;
SELECT 'type', t.oid::regtype, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typinput, typoutput, typreceive,
		typsend, typmodin, typmodout, typalign, typstorage, typnotnull, typdefault
	FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND objid = t.oid;
SELECT 'operator', o.oid::regoperator, oprresult::regtype, oprcode, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin,
		oprcanmerge, oprcanhash
	FROM member JOIN pg_operator o ON classid = 'pg_operator'::regclass AND objid = o.oid;
SELECT 'operator class', opcname, opcmethod, opcintype::regtype, opcdefault, opckeytype::regtype
	FROM member JOIN pg_opclass o ON classid = 'pg_opclass'::regclass AND objid = o.oid;
SELECT 'operator of a family', pg_describe_object('pg_opfamily'::regclass, amopfamily, 0), amopstrategy, amoppurpose, amopopr::regoperator
	FROM member JOIN pg_amop ON classid = 'pg_opfamily'::regclass AND objid = amopfamily;
SELECT 'function of a family', pg_describe_object('pg_opfamily'::regclass, amprocfamily, 0), amprocnum, amproc
	FROM member JOIN pg_amproc ON classid = 'pg_opfamily'::regclass AND objid = amprocfamily;
SELECT 'cast', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod
	FROM member JOIN pg_cast c ON classid = 'pg_cast'::regclass AND objid = c.oid;
SQL
}

# The lines of a listing, told apart where they repeat.
sub lines
{
	my ($listing) = @_;
	my %seen;

	return map { $seen{$_}++ ? ("$_ (no. $seen{$_})" => 1) : ($_ => 1) } split /\n/, $listing;
}

# Two listings have the same lines, in whatever order; only what differs is shown.
sub sorted_diff
{
	my ($got, $wanted, $name) = @_;
	my %got    = lines($got);
	my %wanted = lines($wanted);
	my @differences = (
		map({ "- $_" } grep { !$got{$_} } sort keys %wanted),
		map({ "+ $_" } grep { !$wanted{$_} } sort keys %got));

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return 1 if ok(%wanted && !@differences, $name);
	diag(join "\n", %wanted ? @differences : 'nothing to compare with');
	return;
}

# Every process of the server is killed at the same moment, as by a power failure; then it starts again.
sub crash
{
	my ($node) = @_;
	my $postmaster = $node->{_pid};
	my @processes = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');

	$node->kill9;
	kill 'KILL', @processes;
	# As long as its process is not reaped, a new postmaster takes the old one for alive.
	for (1 .. 200) { last unless kill 0, $postmaster; select undef, undef, undef, 0.05; }
	for (1 .. 30) { return if $node->start(fail_ok => 1); sleep 1; }
	die 'the server does not start again';
}

1;
