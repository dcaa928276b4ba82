# -- Processes, ports and the data directory

PROCESSES='' # ps output: a line a process; empty if it cannot be read
FOUND=''     # processes that were looked for: lines "PID PROGRAM"

read_processes() {
	ask 20 ps -e -ww -o pid= -o args=
	PROCESSES=$OUT
	if [ "$STATUS" -ne 0 ]; then
		PROCESSES=''
	fi
}

# runs SERVICE: was a process of the service alive when the processes were read
# last? It is known by what it runs and, should that be unusual, by its pid file.
# A list that cannot be read counts as yes: nothing may be wiped on a guess.
runs() {
	local pattern pidfile pid args noted='' looked=no
	case $1 in
	clearwater-etcd)
		pattern='/usr/share/clearwater/clearwater-etcd/[^ ]*/etcd'
		pidfile=/var/run/clearwater-etcd/clearwater-etcd.pid
		;;
	etcd-poll)
		pattern='/usr/share/clearwater/bin/poll_etcd'
		pidfile=''
		;;
	init-script)
		pattern='/etc/init\.d/clearwater-(etcd|cluster-manager|config-manager|queue-manager)( |$)'
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
		if [[ $pid =~ ^[0-9]+$ ]]; then
			looked=yes
		fi
		if [[ $args =~ $pattern ]] || [[ $pid == "$noted" && $args == *clearwater* ]]; then
			FOUND="$FOUND$pid ${args%% *}"$'\n'
		fi
	done <<<"$PROCESSES"
	if [ "$looked" = no ]; then
		FOUND='? (the list of processes cannot be read)'$'\n'
	fi
	[ -n "$FOUND" ]
}

# process_runs SERVICE: is a process of the service alive now? For wait_for.
process_runs() {
	read_processes
	SEEN="no process of $1 yet"
	[ -n "$PROCESSES" ] && runs "$1"
}

# cluster_manager_held: no cluster manager runs here, and none can start (T39).
cluster_manager_held() {
	read_processes
	if runs clearwater-cluster-manager; then
		SEEN="a cluster manager runs: $(joined "$FOUND")"
		return 1
	fi
	SEEN='/etc/clearwater/no_cluster_manager is missing'
	[ -e /etc/clearwater/no_cluster_manager ]
}

# listens PORT: does any process of this node listen on the TCP port? 2 if that
# cannot be seen.
listens() {
	local socket
	ask 20 ss -lnt
	if [ "$STATUS" -ne 0 ]; then
		return 2
	fi
	while read -r _ _ _ socket _; do
		if [[ $socket == *":$1" ]]; then
			return 0
		fi
	done <<<"$OUT"
	return 1
}

# ports_free: nothing listens on etcd's two ports.
ports_free() {
	local port status
	for port in 2380 4000; do
		status=0
		listens "$port" || status=$?
		if [ "$status" -eq 0 ]; then
			SEEN="something listens on port $port"
			return 1
		fi
		if [ "$status" -ne 1 ]; then
			SEEN="the list of sockets cannot be read: $OUT"
			return 1
		fi
	done
}

# data_empty: the etcd data directory holds nothing, dot-files included (T5).
data_empty() {
	if [ ! -d /var/lib/clearwater-etcd ]; then
		return 0
	fi
	if ! SEEN=$(ls -A /var/lib/clearwater-etcd 2>&1); then
		SEEN="it cannot be read: $SEEN"
		return 1
	fi
	[ -z "$SEEN" ]
}

# note_begun: notes, outside what is wiped, that this plan starts its own etcd
# here in an empty directory. Every stop, of any plan, takes the note away.
note_begun() {
	if [ "$DRY" = yes ]; then
		return 0
	fi
	mkdir -p /var/backups/requorum || true
	chmod 0700 /var/backups/requorum || true
	printf '%s\n' "$PLAN" >/var/backups/requorum/begun || unwritten /var/backups/requorum/begun
}

# begun: is the etcd data here this plan's own? Then the stage that makes it was
# begun before. What local_config says now does not matter: Chef may have put it
# back since (T22), and etcd keeps to the data that it has.
begun() {
	local plan=''
	if [ -f /var/backups/requorum/begun ]; then
		read -r plan _ </var/backups/requorum/begun || true
	fi
	[ "$plan" = "$PLAN" ] && [ -d "/var/lib/clearwater-etcd/$MANAGEMENT_IP" ]
}

# check_cleared: the old cluster is gone from this node, and cannot come back
# unnoticed.
check_cleared() {
	local remedy="run the stage stop on this node, then this stage again:"$'\n'"sudo bash $NODE.sh stop"
	if begun; then
		ok 'the etcd data here belongs to the new cluster: this stage goes on where it was left'
		return 0
	fi
	if [ "$ROLE" = etcd_cluster ]; then
		remedy="if no other master has started yet, run the stage stop on this node, then this stage again; \
if one has, $START_OVER"$'\n'"sudo bash $NODE.sh stop"
	fi
	if [ ! -e /etc/clearwater/no_cluster_manager ]; then
		fail '/etc/clearwater/no_cluster_manager is there' 'it is missing' \
			'the stage stop is not done on this node' "$remedy"
	fi
	if ! data_empty; then
		fail '/var/lib/clearwater-etcd is empty' "it holds: $(joined "$SEEN")" \
			'old data would bring the old cluster back (T10, T11, T13)' "$remedy"
	fi
	if ! ports_free; then
		fail 'nothing listens on ports 2380 and 4000' "$SEEN" 'the old etcd still runs here (T4)' "$remedy"
	fi
	ok 'the data directory is empty and the ports are free'
}

