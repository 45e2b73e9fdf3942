#!/usr/bin/env bash
# mirror.sh: print the mirror that apt's own configuration takes this Debian release from, or nothing.
set -euo pipefail
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
	awk -v release="$release" '$2 == release { print $1; exit }'
