#!/usr/bin/env bash
# demo.sh: run examples/demo.sql on a private, throw-away server; installs what is missing first (SKIP_DEPS=1: not).
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh
exec tools/with-server.sh psql -qX -v ON_ERROR_STOP=1 -P pager=off -f examples/demo.sql
