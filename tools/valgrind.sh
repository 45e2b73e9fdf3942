#!/usr/bin/env bash
# valgrind.sh: the suites on the server of tools/debug-server.sh under valgrind, which with PostgreSQL's own hooks sees
# every read and write beyond a palloc'd chunk.  A report with our code in its stack fails.  Slow; SUITES and
# tools/with-server.sh's settings apply.
set -euo pipefail
cd "$(dirname "$0")/.."
pg_config=$(tools/debug-server.sh)
logs=$(mktemp -d /tmp/valgrind.XXXXXX)
trap 'rm -rf "$logs"' EXIT
chmod 1777 "$logs"

export SERVER_WRAP="valgrind --quiet --trace-children=yes --vgdb=no --leak-check=no --num-callers=20"
SERVER_WRAP+=" --log-file=$logs/%p.log"
export PGCTLTIMEOUT=600 PG_TEST_TIMEOUT_DEFAULT=3600 SKIP_DEPS=1
rc=0
tools/check.sh "$pg_config" || rc=$?

# Reports are paragraphs, and their stacks name source files without a directory.
files=$(basename -a src/*.c | paste -sd'|')
ours=$(sed -E 's/^==[0-9]+== ?//' "$logs"/*.log | files=$files perl -00 -ne 'print if /\((?:$ENV{files}):\d+\)/')
if [ -n "$ours" ]; then
	sed -n 1,200p <<<"$ours"
	echo "valgrind: reports with our code in the stack"
	rc=1
fi
exit $rc
