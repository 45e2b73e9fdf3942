#!/usr/bin/env bash
# fresh-machine.sh [RELEASE]: what a new user sees: the last commit, on a minimal Debian (default: bookworm) with
# nothing installed, through tools/demo.sh and then tools/check.sh.  For developers; needs root and mmdebstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
release=${1:-bookworm}
tools/deps.sh matrix
mirror=$(tools/mirror.sh)

machine=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine.XXXXXX")
trap 'rm -rf --one-file-system "$machine"' EXIT
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
	"$release" "$machine/root" "deb $mirror $release main"
cp -L /etc/resolv.conf "$machine/root/etc/"
mkdir "$machine/root/root/credit_control"
git archive HEAD | tar -C "$machine/root/root/credit_control" -xf -

inside() {
	local begin=$SECONDS
	tools/in-chroot.sh "$machine/root" env -C /root/credit_control "$@"
	echo "fresh-machine: $* took $((SECONDS - begin)) s"
}
inside tools/demo.sh
inside tools/check.sh
if compgen -G "$machine/root/etc/postgresql/*/*"; then echo "fresh-machine: a cluster was created" >&2; exit 1; fi
