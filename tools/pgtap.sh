#!/usr/bin/env bash
# pgtap.sh FILE: run one pgTAP file in a fresh database that has pgTAP; prints its TAP.
# What psql said is repeated on standard error when the file fails, for the harness shows only standard error.
set -euo pipefail
export PGDATABASE
PGDATABASE=pgtap_$(basename "$1" .sql)
createdb -T template0 "$PGDATABASE"
psql -qXc 'CREATE EXTENSION pgtap'
rc=0
said=$(psql -qXAt -v ON_ERROR_STOP=1 -P pager=off -f "$1" 2>&1) || rc=$?
printf '%s\n' "$said"
if [ $rc != 0 ] || grep -q '^not ok' <<<"$said"; then printf '%s: %s\n' "$1" "$said" >&2; fi
exit $rc
