#!/usr/bin/env bash
# asan.sh [PG_CONFIG]: tools/check.sh with the extension under AddressSanitizer and UndefinedBehaviorSanitizer, loaded
# into the distribution's own server; the first finding aborts the backend, which fails the test.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${SKIP_DEPS:-}" ] || tools/deps.sh

# The server is not linked with the runtimes, so they are preloaded into it, and into nothing else.
preload=$(mktemp -d)
trap 'rm -rf "$preload"' EXIT
chmod 755 "$preload"
gcc -shared -fPIC -fno-builtin -o "$preload/nogettext.so" tools/nogettext.c
runtime() { readlink -f "$(gcc -print-file-name="$1")"; }
libraries="$(runtime libasan.so):$(runtime libubsan.so):$preload/nogettext.so"

# Leaks are the business of memory contexts, and backends exit without freeing.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:disable_coredump=0:detect_stack_use_after_return=0
export UBSAN_OPTIONS=print_stacktrace=1
# PostgreSQL compiles with -fwrapv, which hides signed overflow.  An extension may have its assertions on in a server
# that has not.
export OPTCFLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-wrapv -DUSE_ASSERT_CHECKING"
export SERVER_WRAP="env LD_PRELOAD=$libraries" SKIP_DEPS=1
tools/check.sh "$@"
