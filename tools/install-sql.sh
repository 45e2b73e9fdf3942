#!/bin/sh
# install-sql.sh KERNEL.sql... -- LEDGER.sql...: print the extension's install script.
# The kernel files come as they are; the ledger's files become the rows of credit.ledger_template(),
# from which create_ledger() and upgrade_ledger() build, so a fresh and an upgraded ledger share one source.
set -eu
printf '%s\n' '\echo Use "CREATE EXTENSION credit_control" to load this file. \quit'
while [ "$1" != -- ]; do cat "$1"; shift; done
shift
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
