#!/usr/bin/env bash
# in-chroot.sh [--bind DIR=PATH]... ROOT COMMAND...: run COMMAND in the chroot ROOT, as root, with /proc and /dev/shm
# and with each DIR to be seen, read-only, at PATH.  The mounts live in a namespace of their own: they end with COMMAND.
set -euo pipefail
mounts=()
while [ "$1" = --bind ]; do mounts+=("$2"); shift 2; done
export root=$1 binds="${mounts[*]}"
shift
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child --propagation private bash -euc '
	mount -t proc proc "$root/proc"
	mkdir -p "$root/dev/shm"
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	for bind in $binds; do
		at=$root${bind#*=}
		mkdir -p "$at"
		mount --bind "${bind%%=*}" "$at"
		mount -o remount,ro,bind "$at"
	done
	exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
' in-chroot "$@"
