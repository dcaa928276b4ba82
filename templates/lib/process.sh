# -- Processes and ports

PROCESSES='' # ps output: a line a process
FOUND=''     # processes that were looked for: lines "PID PROGRAM"

read_processes() {
	ask 20 ps -e -ww -o pid= -o args=
	PROCESSES=$OUT
}

# runs SERVICE: was a process of the service alive when the processes were read
# last? It is known by what it runs and, should that be unusual, by its pid file.
runs() {
	local pattern pidfile pid args noted=''
	case $1 in
	clearwater-etcd)
		pattern='/usr/share/clearwater/clearwater-etcd/[^ ]*/etcd'
		pidfile=/var/run/clearwater-etcd/clearwater-etcd.pid
		;;
	etcd-poll)
		pattern='/usr/share/clearwater/bin/poll_etcd'
		pidfile=''
		;;
	*)
		pattern="/usr/share/clearwater/$1/env/bin/python"
		pidfile=/var/run/$1.pid
		;;
	esac
	if [ -n "$pidfile" ] && [ -f "$pidfile" ]; then
		read -r noted _ <"$pidfile" || true
	fi
	pattern="^([^ ]*/)?((ba|da)?sh |python[0-9.]* )?$pattern"
	FOUND=''
	while read -r pid args; do
		if [[ $args =~ $pattern ]] || [[ $pid == "$noted" && $args == *clearwater* ]]; then
			FOUND="$FOUND$pid ${args%% *}"$'\n'
		fi
	done <<<"$PROCESSES"
	[ -n "$FOUND" ]
}

# listens PORT: does any process of this node listen on the TCP port?
listens() {
	local socket
	ask 20 ss -lnt
	while read -r _ _ _ socket _; do
		if [[ $socket == *":$1" ]]; then
			return 0
		fi
	done <<<"$OUT"
	return 1
}

# ports_free: nothing listens on etcd's two ports.
ports_free() {
	if listens 2380; then
		SEEN='something listens on port 2380'
		return 1
	fi
	if listens 4000; then
		SEEN='something listens on port 4000'
		return 1
	fi
}

# data_empty: the etcd data directory holds nothing, dot-files included (T5).
data_empty() {
	if [ ! -d /var/lib/clearwater-etcd ]; then
		return 0
	fi
	SEEN=$(ls -A /var/lib/clearwater-etcd)
	[ -z "$SEEN" ]
}

# note_wiped: notes when the data directory was emptied, beside the copies.
note_wiped() {
	mkdir -p "/var/backups/requorum/$PLAN"
	touch "/var/backups/requorum/$PLAN/wiped"
}

# begun_after_wipe: is there etcd data that was made after this
# plan's wipe and under the new local_config? Then this stage was begun before.
begun_after_wipe() {
	role_set &&
		[ -d "/var/lib/clearwater-etcd/$MANAGEMENT_IP" ] &&
		[ "/var/lib/clearwater-etcd/$MANAGEMENT_IP" -nt "/var/backups/requorum/$PLAN/wiped" ]
}

# check_cleared: the old cluster is gone from this node, and
# cannot come back unnoticed.
check_cleared() {
	if [ ! -e /etc/clearwater/no_cluster_manager ]; then
		fail '/etc/clearwater/no_cluster_manager is there' 'it is missing' \
			'the stage stop is not done here, or manage was done already (T39)' \
			"$START_OVER"
	fi
	if begun_after_wipe; then
		ok 'the etcd data here was made after the wipe: this stage goes on where it was left'
		return 0
	fi
	if ! data_empty; then
		fail '/var/lib/clearwater-etcd is empty' "it holds: $(joined "$SEEN")" \
			'old data would bring the old cluster back (T10, T11, T13)' \
			"sudo bash $NODE.sh stop"
	fi
	if ! ports_free; then
		fail 'nothing listens on ports 2380 and 4000' "$SEEN" 'the old etcd still runs here (T4)' \
			"sudo bash $NODE.sh stop"
	fi
	ok 'the data directory is empty and the ports are free'
}

