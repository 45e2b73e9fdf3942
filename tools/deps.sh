#!/usr/bin/env bash
# deps.sh [fuzz] [lint] [matrix] [valgrind]: install, by package name, what building and testing need and this machine
# lacks.  Debian 12 (PostgreSQL 15) and 13 (17), as root or through sudo.  Says what it installs; creates and starts
# no database cluster.  The words add what tools/fuzz.sh, tools/lint.sh, tools/matrix.sh and tools/valgrind.sh need.
set -euo pipefail

# shellcheck source=/dev/null
case $(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}") in
	bookworm) v=15 ;;
	trixie) v=17 ;;
	*)
		echo "deps: only Debian 12 and 13 are known here. Install PostgreSQL 15 to 18 with its server headers, pgTAP," >&2
		echo "deps: plpgsql_check, gcc, make and IPC::Run for Perl, then run again with SKIP_DEPS=1." >&2
		exit 1 ;;
esac

server=("postgresql-$v" "postgresql-server-dev-$v" "postgresql-$v-pgtap" "postgresql-$v-plpgsql-check")
wanted=(gcc make libc6-dev perl libipc-run-perl "postgresql-$v-cron" "${server[@]}")
for group; do
	case $group in
		fuzz) wanted+=(clang libclang-rt-dev) ;;
		lint) wanted+=(cppcheck clang-tidy shellcheck) ;;
		matrix) wanted+=(mmdebstrap) ;;
		valgrind) wanted+=(valgrind dpkg-dev) ;;
		*) echo "deps: unknown group \"$group\"" >&2; exit 2 ;;
	esac
done

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done
[ ${#missing[@]} -gt 0 ] || exit 0

root=(env DEBIAN_FRONTEND=noninteractive)
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "deps: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
	root=(sudo "${root[@]}")
fi
log=$(mktemp)
dropin=/etc/postgresql-common/createcluster.d/credit_control_deps.conf
trap 'rm -f "$log"; "${root[@]}" rm -f "$dropin"' EXIT
apt() { "${root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 </dev/null; }
install() { apt -y --no-install-recommends install "$@"; }

echo "deps: installing ${missing[*]}"
# The server's packages would create and start a cluster of their own; not on this machine, not by our doing.
"${root[@]}" mkdir -p "${dropin%/*}"
echo 'create_main_cluster = false' | "${root[@]}" tee "$dropin" >/dev/null
apt update || echo "deps: package lists could not be renewed; going on with those at hand"
# Installed server packages can be of an older minor release than the headers on offer; naming them all lets apt
# bring them to one release.
install "${missing[@]}" || install "${missing[@]}" "${server[@]}" libpq-dev "postgresql-client-$v" ||
	{ cat "$log" >&2; exit 1; }
