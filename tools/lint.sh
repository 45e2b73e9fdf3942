#!/usr/bin/env bash
# lint.sh [PG_CONFIG]: static analysis of the C code by cppcheck, clang-tidy and gcc -fanalyzer, and a parse of every
# script.  The last line is "N passed, N failed", one for each tool; a tool that is not there fails.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh lint
pg_config=${1:-${PG_CONFIG:-pg_config}}
flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -isystem "$("$pg_config" --includedir-server)")

cppcheck_() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --max-configs=1 --inline-suppr \
		--error-exitcode=1 src
}
clang_tidy() {
	# Left out: advice to use the _s functions of C11's Annex K, which glibc does not have.
	clang-tidy --quiet --warnings-as-errors='*' \
		--checks='clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result' \
		src/*.c -- "${flags[@]}" 2>&1
}
gcc_analyzer() {
	for file in src/*.c; do gcc -O1 -fanalyzer -Werror "${flags[@]}" -c -o /dev/null "$file" || return; done
}
shell() {
	for file in .ci/run tools/*.sh; do bash -n "$file" || return; done
}
perl_() {
	for file in tools/*.pl; do perl -wc "$file" 2>&1 | grep -v ' syntax OK$' && return 1; done
	true
}

passed=0 failed=0
for tool in cppcheck_ clang_tidy gcc_analyzer shell perl_; do
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
