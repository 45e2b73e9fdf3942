#!/usr/bin/env bash
# coverage.sh [FILE]: which lines of the C code the suites run, file by file; with FILE (for example aging.c) the lines
# they do not run.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh
export OPTCFLAGS='-Og --coverage -fprofile-update=atomic'
# shellcheck disable=SC2016
exec tools/with-server.sh bash -euc '
	perl tools/harness.pl >&2 || echo "coverage: the suites failed" >&2
	pg_ctl -s -m fast stop
	if [ -n "$1" ]; then
		gcov -t -o src "src/$1" | grep -E "^ *[#=]{5}:"
	else
		gcov -n -o src src/*.c | awk "
			/^File .src.*[.]c.$/ { file = \$2; gsub(/\x27/, \"\", file) }
			/^Lines executed:/ && file { sub(/^Lines executed:/, \"\"); printf \"%-32s %s\n\", file, \$0; file = \"\" }"
	fi
' coverage "${1:-}"
