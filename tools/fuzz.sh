#!/usr/bin/env bash
# fuzz.sh [TARGET...]: run the fuzz targets of test/fuzz (default: all) under libFuzzer with AddressSanitizer and
# UndefinedBehaviorSanitizer, each for SECONDS_EACH (default: 30).  Each begins with the corpus kept beside it,
# test/fuzz/corpus/TARGET, and the words of test/fuzz/TARGET.dict; what it finds is put into build/fuzz.  No server is
# needed: a target names the sources it is built from, and the header files of PG_CONFIG's PostgreSQL are used.  The last
# line is "N passed, N failed", one for each target.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh fuzz
: "${PG_CONFIG:=pg_config}" "${SECONDS_EACH:=30}"

targets=("$@")
[ $# -gt 0 ] || for file in test/fuzz/*.c; do targets+=("$(basename "$file" .c)"); done

build() {
	local target=$1 sources source
	sources=$(sed -n 's/^ \* sources: //p' "test/fuzz/$target.c")
	for source in $sources; do set -- "$@" "src/$source"; done
	shift
	# The headers were configured for gcc, whose printf attributes clang does not know.
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-declaration-after-statement -Wno-ignored-attributes \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc -isystem "$($PG_CONFIG --includedir-server)" -o "build/fuzz/$target" \
		"test/fuzz/$target.c" "$@" -L"$($PG_CONFIG --pkglibdir)" -L"$($PG_CONFIG --libdir)" -lpgcommon -lpgport -lm
}

# New inputs go into a corpus of this run only.
fuzz() {
	local target=$1 options=()
	build "$target" || return
	mkdir -p "build/fuzz/corpus/$target"
	[ ! -f "test/fuzz/$target.dict" ] || options+=("-dict=test/fuzz/$target.dict")
	ASAN_OPTIONS=detect_leaks=1 "build/fuzz/$target" -max_total_time="$SECONDS_EACH" -timeout=5 -rss_limit_mb=1024 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix="build/fuzz/$target-" "${options[@]}" \
		"build/fuzz/corpus/$target" "test/fuzz/corpus/$target"
}

mkdir -p build/fuzz
passed=0 failed=0
for target in "${targets[@]}"; do
	if said=$(fuzz "$target" 2>&1); then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' <<<"$said")
		echo "ok - $target, ${runs:-0} inputs"
		passed=$((passed + 1))
	else
		printf 'not ok - %s\n%s\n' "$target" "$said"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
