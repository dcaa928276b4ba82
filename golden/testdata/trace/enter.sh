#!/bin/sh
# enter.sh ROOT SCRIPT ARGUMENT...: runs SCRIPT under this machine's bash inside ROOT,
# in mount and network namespaces of its own. ROOT has its own files, and its programs
# are stubs, all of them; this machine is there, read-only, as ROOT/harness/machine, for
# bash itself and its libraries.
set -eu
if [ "${REQUORUM_INSIDE-}" != yes ]; then
	export REQUORUM_INSIDE=yes
	exec unshare --mount --net -- "$0" "$@"
fi
root=$1
shift
mount -o rbind,ro / "$root/harness/machine"
mount --rbind /dev "$root/dev"
cd /
exec env -i HOME=/root TERM=dumb LOGNAME=root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	/usr/sbin/chroot "$root" /harness/machine/bin/bash "$@"
