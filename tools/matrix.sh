#!/usr/bin/env bash
# matrix.sh: the suites on PostgreSQL 17 and 18, and pg_upgrade 15 -> 17 -> 18, in one Debian chroot that is built on
# first use and kept under MATRIX_CACHE (default: /var/cache/credit_control-matrix; about 1 GB).
# Exits 77, and says why, where such a chroot cannot be built: no root, no mount namespaces, no mirror.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
cache=${MATRIX_CACHE:-/var/cache/credit_control-matrix}
skip() { echo "matrix: skipped: $*"; exit 77; }

[ "$(id -u)" = 0 ] || skip "needs root"
unshare --mount --pid --fork true 2>/dev/null || skip "no mount namespaces here"
command -v mmdebstrap >/dev/null || tools/deps.sh matrix || skip "no mmdebstrap"
mirror=$(tools/mirror.sh)
[ -n "$mirror" ] || skip "apt knows no Debian mirror"

# The three releases whose PostgreSQL is wanted; packages that would bring LLVM along are unpacked, not installed.
releases=(forky trixie bookworm)
install=gcc,make,perl,libc6-dev,libpq-dev,libipc-run-perl
install+=,postgresql-15,postgresql-17,postgresql-18,postgresql-17-pgtap,postgresql-18-pgtap
unpack="postgresql-server-dev-15 postgresql-server-dev-17 postgresql-server-dev-18"
unpack+=" postgresql-17-plpgsql-check postgresql-18-plpgsql-check postgresql-17-cron postgresql-18-cron"
key=$(echo "$mirror ${releases[*]} $install $unpack" | sha256sum | cut -c1-12)
chroot=$cache/$key

build() {
	local sources=() release new=$cache/new
	for release in "${releases[@]}"; do sources+=("deb $mirror $release main"); done
	find "$cache" -mindepth 1 -maxdepth 1 -type d -exec rm -rf --one-file-system {} +
	# Release files of a mirror's snapshot may have run out; what they name is checked by signature all the same.
	timeout 900 mmdebstrap --mode=root --variant=apt --include="$install" \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
		--aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--setup-hook='mkdir -p "$1/etc/postgresql-common/createcluster.d"' \
		--setup-hook='echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.d/none.conf"' \
		--customize-hook='chroot "$1" sh -euc "cd /tmp; apt-get -q download '"$unpack"'; for deb in *.deb; do dpkg -x \$deb /; rm \$deb; done"' \
		"${releases[0]}" "$new" "${sources[@]}" >"$cache/build.log" 2>&1 </dev/null || return
	mv "$new" "$chroot"
}
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
[ -d "$chroot" ] || build || { tail -5 "$cache/build.log"; skip "the chroot could not be built"; }

# What a killed run left behind.
find "$chroot/tmp" -mindepth 1 -maxdepth 1 -mmin +720 -exec rm -rf --one-file-system {} +
data=$(tools/data-dir.sh)
inside() { tools/in-chroot.sh --bind "$root=/src" ${data:+--bind "$data=/data"} "$chroot" env -C /src "$@"; }
pg_config() { echo "/usr/lib/postgresql/$1/bin/pg_config"; }
rc=0
for v in 17 18; do
	echo "PostgreSQL $v"
	inside SKIP_DEPS=1 CREDIT_CONTROL_DATA=${data:+/data} tools/check.sh "$(pg_config $v)" || rc=1
done
inside PG_CONFIG="$(pg_config 15)" tools/with-server.sh tools/upgrade.sh "$(pg_config 17)" "$(pg_config 18)" || rc=1
exit $rc
