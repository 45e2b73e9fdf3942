#!/usr/bin/env bash
# lint.sh [PG_CONFIG]: static analysis of the C code by cppcheck, clang-tidy and gcc -fanalyzer, and of the scripts,
# and that what is shipped is ASCII.  The
# last line is "N passed, N failed", one for each tool; a tool that is not there fails.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh lint
flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -isystem "$("${1:-${PG_CONFIG:-pg_config}}" --includedir-server)")

each_c_file() { printf '%s\n' src/*.c | xargs -P "$(nproc)" -I '{}' "$@"; }

cppcheck_() {
	# "information" reports a file that could not be analysed at all.
	cppcheck --quiet --std=c11 --enable=warning,performance,portability,information --max-configs=1 --inline-suppr \
		--suppress=missingInclude --suppress=toomanyconfigs --include=tools/cppcheck.h --error-exitcode=1 src
}
clang_tidy() {
	# Left out: style, casts that PostgreSQL's own headers ask for, and advice to use functions that glibc lacks.
	local checks='clang-analyzer-*,-clang-analyzer-security.insecureAPI.*,bugprone-*'
	checks+=',-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier'
	checks+=',-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result'
	each_c_file clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" '{}' -- "${flags[@]}" 2>&1 |
		sed '/warnings\? generated\.$/d'
}
gcc_analyzer() {
	# gcc does not see which columns are NOT NULL; clang's analyzer looks for null pointers with more sense.
	each_c_file gcc -O1 -fanalyzer -Wno-analyzer-null-argument -Wno-analyzer-null-dereference -Werror "${flags[@]}" \
		-c -o /dev/null '{}'
}
shell() { shellcheck --severity=warning .ci/run tools/*.sh; }
perl_() {
	for file in tools/*.pl; do perl -Mwarnings=FATAL,all -c "$file" || return; done
}
# The extension must install in a database of any encoding.
ascii() { ! LC_ALL=C grep -rnP '[^\x00-\x7F]' sql src credit_control.control; }

passed=0 failed=0
for tool in cppcheck_ clang_tidy gcc_analyzer shell perl_ ascii; do
	if said=$(set -e; $tool 2>&1); then
		echo "ok - ${tool%_}"
		passed=$((passed + 1))
	else
		printf 'not ok - %s\n%s\n' "${tool%_}" "$said"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
