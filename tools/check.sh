#!/usr/bin/env bash
# check.sh [PG_CONFIG]: build with warnings as errors and run every suite on a private server; the last line is
# "N passed, N failed[, N skipped]".  Installs what is missing first (SKIP_DEPS=1: not).
# SUITES="regress pgtap" runs only those; the settings of tools/with-server.sh apply.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh
export PG_CONFIG=${1:-${PG_CONFIG:-pg_config}}
rc=0
tools/with-server.sh perl tools/harness.pl || rc=$?
[ $rc != 125 ] || echo "0 passed, 1 failed"
exit $rc
