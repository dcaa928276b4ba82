#!/bin/sh
# enter.sh ROOT COMMAND...: runs COMMAND inside ROOT, in mount and network
# namespaces of its own. ROOT has its own /etc, /var, /world, /usr/local/sbin and
# /usr/share/clearwater; programs and libraries are this machine's, read-only,
# through ROOT/host.
set -eu
if [ "${REQUORUM_INSIDE-}" != yes ]; then
	export REQUORUM_INSIDE=yes
	exec unshare --mount --net -- "$0" "$@"
fi
root=$1
shift
if [ ! -d "$root/host" ]; then
	mkdir -p "$root/host" "$root/usr"
	for dir in bin sbin lib lib64 lib32 usr/bin usr/sbin usr/lib usr/lib64 usr/libexec proc dev; do
		[ ! -d "/$dir" ] || ln -s "/host/$dir" "$root/$dir"
	done
fi
mount -o rbind,ro / "$root/host"
unset REQUORUM_INSIDE
cd /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb HOME=/root chroot "$root" "$@"
