#!/bin/sh
# install-sql.sh KERNEL.sql... -- LEDGER.sql...: print the extension's install script.
# install-sql.sh -u DELTA.sql KERNEL.sql... -- LEDGER.sql...: print an upgrade script.  DELTA says what became of each
# kernel file since the version it starts from, and stands for it:
#
#   \unchanged FILE   is as it was, and does not come along
#   \new FILE         comes as it is
#   \replaced FILE    has functions only, which are made anew in place
#   \template         the ledger's files, likewise
#
# Everything else in DELTA comes as it is: what neither of these says, above all DROP FUNCTION.  A kernel file that
# DELTA does not name, or names twice, is an error.  Until a version is released its DELTA, sql/kernel/upgrade/A--B.sql,
# follows every change of sql/kernel/.  With the release the install script goes to test/released/, what was made of
# DELTA takes its place as credit_control--A--B.sql, and the next version begins a DELTA of its own.
#
# The kernel files come as they are; the ledger's files become the rows of credit.ledger_template(), from which
# create_ledger() and upgrade_ledger() build, so a fresh and an upgraded ledger share one source.
set -eu
delta=
if [ "$1" = -u ]; then delta=$2; shift 2; fi
dir=$(dirname "$1")
kernel=
while [ "$1" != -- ]; do kernel="$kernel $1"; shift; done
shift

replaced() { sed 's/^CREATE FUNCTION /CREATE OR REPLACE FUNCTION /' "$@"; }

template() {
	echo 'CREATE FUNCTION credit.ledger_template() RETURNS TABLE (part text, file text, body text)'
	echo 'LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $cc_template$'
	sep=VALUES
	for f; do
		printf "%s ('%s', '%s', \$cc_file\$" "$sep" "$(basename "$(dirname "$f")")" "$(basename "$f")"
		cat "$f"
		printf '$cc_file$)\n'
		sep=,
	done
	echo '$cc_template$;'
	echo "COMMENT ON FUNCTION credit.ledger_template() IS 'The SQL a ledger is made of: part tables (run once), upgrade (from an older version) or code (CREATE OR REPLACE, run again by upgrade_ledger), file name, and text, in running order.';"
}

wrong() { echo "install-sql.sh: $delta: $*" >&2; exit 1; }

if [ -z "$delta" ]; then
	printf '%s\n' '\echo Use "CREATE EXTENSION credit_control" to load this file. \quit'
	# shellcheck disable=SC2086 # a list
	cat $kernel
	template "$@"
	exit
fi

for f in $kernel; do
	[ "$(grep -Ecx "[\\](unchanged|new|replaced) $(basename "$f")" "$delta")" = 1 ] ||
		wrong "should say once what became of $(basename "$f")"
done
printf '%s\n' '\echo Use "ALTER EXTENSION credit_control UPDATE" to load this file. \quit'
while IFS= read -r line; do
	file=$dir/${line#* }
	case $line in
		'\unchanged '*) [ -f "$file" ] || wrong "there is no $file" ;;
		'\new '*) cat "$file" ;;
		'\replaced '*)
			! grep -E '^CREATE (TYPE|AGGREGATE|OPERATOR|CAST)' "$file" >&2 || wrong "$file has more than functions"
			replaced "$file" ;;
		'\template') template "$@" | replaced ;;
		'\'*) wrong "does not say what: $line" ;;
		*) printf '%s\n' "$line" ;;
	esac
done <"$delta"
