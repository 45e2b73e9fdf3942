#!/usr/bin/env bash
# debug-server.sh: build the distribution's PostgreSQL from its source package with assertions and valgrind's hooks on,
# and print its pg_config.  The result is kept under DEBUG_CACHE (default: /var/cache/credit_control-debug, or
# ~/.cache/credit_control-debug for an ordinary user).
# On this server memory contexts are checked for overruns and freed memory is overwritten, which ASan cannot see.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/deps.sh valgrind >&2
if [ "$(id -u)" = 0 ]; then cache=/var/cache; else cache=$HOME/.cache; fi
cache=${DEBUG_CACHE:-$cache/credit_control-debug}
major=$(pg_config --version | grep -o '[0-9]\+' | head -1)
prefix=$cache/$major

# fetch DIR: the source package's tarball, from the mirror apt already trusts
fetch() {
	# shellcheck source=/dev/null
	echo "deb-src $(tools/mirror.sh) $(. /etc/os-release && echo "$VERSION_CODENAME") main" > "$1/sources.list"
	local apt=(apt-get -q -o Dir::Etc::SourceList="$1/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::State::Lists="$1/lists")
	mkdir -p "$1/lists/partial"
	"${apt[@]}" update
	(cd "$1" && "${apt[@]}" source --download-only "postgresql-$major")
}

# build DIR: configure, compile and install below DIR/new
build() {
	local make=(make -s -j"$(nproc)" DESTDIR="$1/new")
	tar -C "$1" -xf "$1"/postgresql-*.orig.tar.*
	cd "$1"/postgresql-*/
	./configure --prefix="$prefix" --enable-cassert --enable-debug --enable-tap-tests --without-readline --without-zlib \
		--without-icu CFLAGS='-Og -fno-omit-frame-pointer' CPPFLAGS=-DUSE_VALGRIND
	"${make[@]}" install
	"${make[@]}" -C contrib install
	"${make[@]}" -C src/test/isolation install
	# The same extensions serve both servers.
	new=$1/new$prefix/bin/pg_config
	cp "$(pg_config --sharedir)"/extension/{pgtap,plpgsql_check}* "$("$new" --sharedir)/extension/"
	cp "$(pg_config --pkglibdir)/plpgsql_check.so" "$("$new" --pkglibdir)/"
}

if [ ! -d "$prefix" ]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap '[ $? = 0 ] || tail "$cache/build.log" >&2; rm -rf "$work"' EXIT
	{ fetch "$work"; (build "$work"); } >"$cache/build.log" 2>&1 </dev/null
	mv "$work/new$prefix" "$prefix"
fi
echo "$prefix/bin/pg_config"
