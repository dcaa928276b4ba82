# -- The archive to take home

# make_archive: journal, outputs, Clearwater's logs and what the node says now,
# without secrets, in one file (facts 2.8). It changes nothing else.
make_archive() {
	local file archive
	archive=/var/log/requorum/$NODE-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
	say "gathering journal, outputs and logs of $NODE, without passwords; this takes a minute or two"
	make_log_folder || unwritten /var/log/requorum
	rm -rf "/var/log/requorum/$NODE.archive" || unwritten "/var/log/requorum/$NODE.archive"
	mkdir -m 0700 "/var/log/requorum/$NODE.archive" || unwritten "/var/log/requorum/$NODE.archive"
	for file in "/var/log/requorum/$NODE."* "/var/log/requorum/$NODE.outputs"/* \
		/var/log/clearwater-etcd/* /var/log/clearwater-cluster-manager/* \
		/var/log/clearwater-config-manager/* /var/log/clearwater-queue-manager/* \
		/var/log/monit.log /var/log/syslog /var/log/chronos/* /var/log/astaire/* \
		/var/log/rogers/* /var/log/cassandra/* \
		/etc/clearwater/local_config /etc/clearwater/shared_config /etc/clearwater/user_settings \
		/etc/clearwater/cluster_settings /etc/chronos/chronos_cluster.conf; do
		gather_file "$file"
	done
	gather_output monit-status monit status
	gather_output cluster-health clearwater-etcdctl cluster-health
	gather_output member-list clearwater-etcdctl member list
	gather_output data-folder ls -lAR /var/lib/clearwater-etcd
	gather_output keys curl -s -S -m 8 --noproxy '*' "http://$MANAGEMENT_IP:4000/v2/keys/?recursive=true&sorted=true"
	gather_output processes ps -e -ww -o pid= -o args=
	ask 300 tar -czf "$archive" -C /var/log/requorum "$NODE.archive"
	if [ "$STATUS" -ne 0 ]; then
		fail "the archive $archive" "status $STATUS: $OUT" 'the disk is full' 'make room under /var/log, then run this again'
	fi
	rm -rf "/var/log/requorum/$NODE.archive" || true
	say "The archive is there: $archive" 'To bring it into the folder that you are in, and from there home:'
	show "sudo cat $archive >${archive##*/}"
	say 'It holds no password that this script knows of. It does hold addresses and names: keep it to those who need it.'
}

# gather_file FILE: the end of a file, at most a megabyte, without secrets. What
# is packed already is left out.
gather_file() {
	if [ ! -f "$1" ] || [[ $1 == *.gz ]]; then
		return 0
	fi
	ask 60 tail -c 1000000 "$1"
	clean "$OUT"
	if ! mkdir -p "/var/log/requorum/$NODE.archive${1%/*}" ||
		! printf '%s\n' "$CLEAN" >"/var/log/requorum/$NODE.archive$1"; then
		warn "$1 is not in the archive; the message is above"
	fi
}

# gather_output NAME COMMAND...: what a command prints now.
gather_output() {
	local name=$1
	shift
	ask 30 "$@"
	clean "status $STATUS"$'\n'"$OUT"
	printf '%s\n' "$CLEAN" >"/var/log/requorum/$NODE.archive/$name.txt" || warn "$name is not in the archive"
}

