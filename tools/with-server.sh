#!/usr/bin/env bash
# with-server.sh COMMAND...: run COMMAND beside a private, throw-away PostgreSQL that has this tree installed.
# The tree is copied and built, the server listens on a unix socket only, and everything is gone afterwards, also
# after Ctrl-C or kill.  COMMAND runs in the copy, unprivileged, with PATH, PGHOST, PGPORT, PGUSER, PGDATABASE,
# PGDATA, PG_CONFIG and SERVER_LOG set: "tools/with-server.sh psql" is a playground.  Exits as COMMAND does, or with
# 125 when the tree could not be built or the server not be started.
#
#   PG_CONFIG            the PostgreSQL to use (default: pg_config)
#   SERVER_OPTIONS       more server options, for example "-c shared_buffers=4GB"
#   SERVER_WRAP          see tools/stage.sh
#   OPTCFLAGS            more compiler flags
#   CREDIT_CONTROL_DATA  directory of optional test data, copied along (default: tools/data-dir.sh)
#   CREDIT_CONTROL_SEED  for tests of random histories (default: always the same)
#   KEEP=1               leave the directory behind and say where it is
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
: "${PG_CONFIG:=pg_config}" "${CREDIT_CONTROL_DATA:=$("$root/tools/data-dir.sh")}"

# PostgreSQL refuses to run as root, and root's TMPDIR may be closed to others.
if [ "$(id -u)" = 0 ]; then
	user=$(id -un postgres 2>/dev/null || echo nobody)
	work=$(mktemp -d /tmp/credit_control.XXXXXX)
	unprivileged=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
else
	user=$(id -un)
	work=$(mktemp -d "${TMPDIR:-/tmp}/credit_control.XXXXXX")
	unprivileged=()
fi

# Whatever still runs in our directory ends, servers that tests left behind too.  SIGQUIT first: it makes a
# postmaster release its shared memory.
inside() { find /proc/[0-9]*/cwd -maxdepth 0 -lname "$work/*" 2>/dev/null | grep -o '[0-9]\+' || true; }
cleanup() {
	local signal pid
	for signal in QUIT QUIT KILL; do
		for pid in $(inside); do kill -$signal "$pid" 2>/dev/null || true; done
		for _ in {1..30}; do [ -n "$(inside)" ] || break 2; sleep 0.1; done
	done
	if [ -n "${KEEP:-}" ]; then echo "with-server: kept $work" >&2; else rm -rf "$work"; fi
}
rc=125
trap 'trap "" HUP INT TERM; cd /; cleanup; exit $rc' EXIT
trap 'rc=129; exit' HUP
trap 'rc=130; exit' INT
trap 'rc=143; exit' TERM

mkdir "$work/tree" "$work/tmp" "$work/data"
tar -C "$root" --exclude=./.git --exclude=./build -cf - . | tar -C "$work/tree" -xf -
[ -z "$CREDIT_CONTROL_DATA" ] || cp "$CREDIT_CONTROL_DATA"/*.csv "$work/data/"
[ "$(id -u)" != 0 ] || chown -R "$user:" "$work"
cd "$work/tree"

# Neither the caller's make nor libpq settings reach the copy.
unset MAKEFLAGS MAKELEVEL MFLAGS PGOPTIONS PGSERVICE PGSSLMODE PGHOSTADDR PGTZ PGDATESTYLE
export HOME=$work TMPDIR=$work/tmp LC_ALL=C.UTF-8 CREDIT_CONTROL_DATA=${CREDIT_CONTROL_DATA:+$work/data}
export PGHOST=$work PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PGDATA=$work/pgdata SERVER_LOG=$work/server.log
ulimit -S -c 0
# What is random is the same in every run, so that a tree that passed passes again; another seed makes other histories.
export PERL_HASH_SEED=0 CREDIT_CONTROL_SEED=${CREDIT_CONTROL_SEED:-3056985168}
PG_CONFIG=$("${unprivileged[@]}" tools/stage.sh "$PG_CONFIG" "$work/pg")
export PG_CONFIG PATH=${PG_CONFIG%/*}:$PATH

"${unprivileged[@]}" initdb -A trust -U "$PGUSER" --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null
options="-k $work -c listen_addresses= -p $PGPORT -c fsync=off -c shared_buffers=512MB -c maintenance_work_mem=256MB"
options+=" -c max_wal_size=4GB ${SERVER_OPTIONS:-}"
"${unprivileged[@]}" pg_ctl -s -w -l "$SERVER_LOG" -o "$options" start || { cat "$SERVER_LOG" >&2; exit 1; }

# In the background, because bash answers a signal only between foreground commands.
"${unprivileged[@]}" env --default-signal=INT,QUIT "$@" <&0 &
rc=0; wait $! || rc=$?
