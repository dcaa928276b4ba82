# -- etcd

# start_etcd: asks monit to start etcd, and waits until it listens. Whether a
# cluster has formed is another question (T35).
start_etcd() {
	if etcd_listens && service_runs etcd_process; then
		already 'etcd runs and listens on port 4000, and monit watches it'
	else
		request monit monitor -g etcd
	fi
	if ! wait_for "$1" 2 'etcd to listen on port 4000' etcd_listens; then
		OUT='(there is no log)'
		if [ -f /var/log/clearwater-etcd/clearwater-etcd-initd.log ]; then
			ask 20 tail -n 8 /var/log/clearwater-etcd/clearwater-etcd-initd.log
		fi
		give_up "etcd runs and listens on port 4000" \
			"etcd has not come up. The end of clearwater-etcd-initd.log:"$'\n'"$OUT" \
			"if it says 'Cannot specify both', local_config is wrong (T16); \
if it says 'Not joining an unhealthy cluster', there is old data or a wrong address (T13, T21), so $START_OVER; \
otherwise run the stage again"
	fi
	ok "etcd runs and listens on port 4000"
}

etcd_listens() {
	read_processes
	if ! runs clearwater-etcd; then
		SEEN='no etcd process yet'
		return 1
	fi
	SEEN='etcd runs, but nothing listens on port 4000 yet'
	listens 4000
}

# members_healthy: are exactly the expected masters healthy members? The last
# line and the exit status of cluster-health say so with one member alone (T34).
members_healthy() {
	local line healthy='' pattern='is healthy: got healthy result from http://([0-9.]+):4000'
	ask 20 clearwater-etcdctl cluster-health
	while IFS= read -r line; do
		if [[ $line =~ $pattern ]]; then
			healthy=$healthy${BASH_REMATCH[1]}$'\n'
		fi
	done <<<"$OUT"
	if [ -z "$healthy" ]; then
		SEEN="no healthy member: $OUT"
		return 1
	fi
	same_masters 'healthy' "$healthy" && healthy_only
}

# healthy_only: has cluster-health no line of a member that is not healthy?
healthy_only() {
	local line
	while IFS= read -r line; do
		if [[ $line == *'is unhealthy'* || $line == *'is unreachable'* || $line == *'failed to check'* ]]; then
			SEEN=$line
			return 1
		fi
	done <<<"$OUT"
}

# same_masters WHAT SET: is the set exactly that of the expected masters?
same_masters() {
	local absent strangers
	absent=$(minus "$(lines "${MASTERS[@]}")" "$2")
	strangers=$(minus "$2" "$(lines "${MASTERS[@]}")")
	if [ -n "$absent" ]; then
		SEEN="not $1: $(named management "$absent")"
		return 1
	fi
	if [ -n "$strangers" ]; then
		SEEN="$1, but not expected: $(named management "$strangers")"
		return 1
	fi
}

# members_listed: does member list show exactly the expected masters, each of
# them started, and one leader? etcd 2.2.5 does not say who leads.
members_listed() {
	local line listed='' leaders=0 said=no pattern='clientURLs=http://([0-9.]+):4000'
	ask 20 clearwater-etcdctl member list
	while IFS= read -r line; do
		if [[ $line == *'[unstarted]'* || $line == *'clientURLs= '* || $line == *'clientURLs=' ]]; then
			SEEN="a member that has never started: $line"
			return 1
		fi
		if [[ $line =~ $pattern ]]; then
			listed=$listed${BASH_REMATCH[1]}$'\n'
		fi
		if [[ $line == *isLeader=* ]]; then
			said=yes
		fi
		if [[ $line == *isLeader=true* ]]; then
			leaders=$((leaders + 1))
		fi
	done <<<"$OUT"
	if [ "$STATUS" -ne 0 ]; then
		SEEN="status $STATUS: $OUT"
		return 1
	fi
	same_masters 'listed' "$listed" || return 1
	SEEN="$leaders leaders"
	[ "$said" = no ] || [ "$leaders" -eq 1 ]
}

# same_keys: does each master, asked by itself, give the same keys? A master
# that was not wiped counts as healthy and gives the old ones (T10).
same_keys() {
	local master first=''
	for master in "${MASTERS[@]}"; do
		ask 10 curl -s -S -m 8 --noproxy '*' "http://$master:4000/v2/keys/?recursive=true&sorted=true"
		if [ "$STATUS" -ne 0 ] || [[ $OUT != *'"action"'* ]]; then
			SEEN="$(named management "$master") does not give its keys: $OUT"
			return 1
		fi
		if [ -z "$first" ]; then
			first=$OUT
		fi
		if [ "$OUT" != "$first" ]; then
			SEEN="$(named management "$master") gives other keys than $(named management "${MASTERS[0]}")"
			return 1
		fi
	done
}

# cluster_formed: all three together. For wait_for.
cluster_formed() {
	members_healthy && members_listed && same_keys
}

# masters_answer: does each master, asked from this node, call itself healthy?
masters_answer() {
	local master
	for master in "${MASTERS[@]}"; do
		ask 10 curl -s -S -m 8 --noproxy '*' "http://$master:4000/health"
		if [[ $OUT != *'"health"'*'true'* ]]; then
			SEEN="$(named management "$master"): $OUT"
			return 1
		fi
	done
}

# read_key KEY: the value of a key goes to VALUE. 1: there is no such key; 2: etcd
# cannot be asked.
read_key() {
	VALUE=''
	ask 20 clearwater-etcdctl get "$1"
	if [ "$STATUS" -eq 0 ]; then
		VALUE=$OUT
		return 0
	fi
	SEEN="$1: $OUT"
	if [[ $OUT == *'Key not found'* ]]; then
		return 1
	fi
	return 2
}

FOUND=no # yes if there is the key that key_answered has asked for

# key_answered KEY: does etcd say what it holds there, be it nothing? For wait_for.
key_answered() {
	local status=0
	read_key "$1" || status=$?
	FOUND=no
	if [ "$status" -eq 0 ]; then
		FOUND=yes
	fi
	[ "$status" -ne 2 ]
}

# answer_for KEY: read_key for a verdict. While etcd elects a leader it answers
# nobody, and a key that cannot be read is no key that is missing or wrong: so this
# waits, and at the limit the run ends. 1: there is no such key.
answer_for() {
	if ! wait_for 30 2 'etcd to answer' key_answered "$1"; then
		fail 'etcd answers' "$SEEN" 'the masters have no leader, or do not hear this node: what etcd holds is not known' \
			"see what the masters say, with the command below; when the cluster is healthy, run the stage again
sudo clearwater-etcdctl cluster-health"
	fi
	[ "$FOUND" = yes ]
}

