#!/usr/bin/env bash
# stage.sh PG_CONFIG DIR: make under DIR a relocated copy of an installed PostgreSQL, build the tree in the current
# directory and install it there.  Prints the copy's pg_config.  Nothing outside DIR and the tree is written.
# The install scripts of released versions come along, for tests that begin with one of them.
# SERVER_WRAP: a command the copy's servers run under, for example "valgrind --quiet".
#
# PostgreSQL finds its directories from the place of its own binary: with real binaries and links for the rest, the
# copy's pg_config, and with it "make install", initdb and pg_upgrade, name paths under DIR.
set -euo pipefail
original=$1 dir=$2
bin=$("$original" --bindir)
for kind in pkglibdir sharedir includedir-server; do
	d=$("$original" --$kind)
	mkdir -p "$dir$d"
	cp -as "$d/." "$dir$d/"
done
mkdir -p "$dir$bin"
cp -L "$bin"/* "$dir$bin/"
bin=$dir$bin

make="make -s with_llvm=no PG_CONFIG=$bin/pg_config"
$make clean >&2
# The first errors tell; a header gone wrong brings thousands.
$make all install 2>&1 | sed -n 1,40p >&2
cp test/released/credit_control--*.sql "$("$bin/pg_config" --sharedir)/extension/"

if [ -n "${SERVER_WRAP:-}" ]; then
	mv "$bin/postgres" "$bin/postgres.bin"
	# initdb's own runs load no extension, and are slow enough already.  The server itself goes by the wrapper's name,
	# for "pg_ctl restart" starts again what the server says it was started as.
	cat > "$bin/postgres" <<-EOF
		#!/bin/bash
		case " \$* " in
			*" --boot "* | *" --single "* | *" --check "* | *" -V "*) exec "$bin/postgres.bin" "\$@" ;;
		esac
		exec $SERVER_WRAP bash -c 'exec -a "\$0" "\$0.bin" "\$@"' "$bin/postgres" "\$@"
	EOF
	chmod 755 "$bin/postgres"
fi
echo "$bin/pg_config"
