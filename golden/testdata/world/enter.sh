#!/bin/sh
# enter.sh ROOT COMMAND...: runs COMMAND inside ROOT, in mount, network and
# process namespaces of its own. ROOT has its own /etc, /var and /world; programs
# and libraries are this machine's.
set -eu
if [ "${REQUORUM_INSIDE-}" != yes ]; then
	export REQUORUM_INSIDE=yes
	exec unshare --mount --net --pid --fork --kill-child -- "$0" "$@"
fi
root=$1
shift
mount --make-rprivate /
for dir in bin sbin lib lib64 lib32 usr/bin usr/sbin usr/lib usr/lib64 usr/libexec; do
	if [ -L "/$dir" ]; then
		[ -L "$root/$dir" ] || ln -s "$(readlink "/$dir")" "$root/$dir"
	elif [ -d "/$dir" ]; then
		mkdir -p "$root/$dir"
		mount --bind "/$dir" "$root/$dir"
	fi
done
mkdir -p "$root/proc" "$root/dev"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
unset REQUORUM_INSIDE
cd /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb HOME=/root chroot "$root" "$@"
