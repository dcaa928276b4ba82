# -- Data store values in etcd

# store_key STORE: Cassandra has one cluster over all sites, so its key has no
# site in it.
store_key() {
	if [ "$1" = cassandra ]; then
		printf '/%s/%s/clustering/cassandra\n' "$ETCD_KEY" "$STORE_KEY"
	else
		printf '/%s/%s/%s/clustering/%s\n' "$ETCD_KEY" "$SITE" "$STORE_KEY" "$1"
	fi
}

# stores: the data stores that this deployment has, a line each.
stores() {
	lines chronos memcached
	if [ -n "${CASSANDRA_NODES+set}" ]; then
		lines cassandra
	fi
}

# store_needed STORE: who must be in the store's cluster, all of them live.
store_needed() {
	if [ "$1" = cassandra ]; then
		lines "${CASSANDRA_NODES[@]}"
	else
		lines "${LIVE_VELLUMS[@]}"
	fi
}

# store_allowed STORE: who may be in it. A failed Vellum node stays in Chronos
# and Memcached until it is marked failed; Cassandra has lost it before.
store_allowed() {
	if [ "$1" = cassandra ]; then
		lines "${CASSANDRA_NODES[@]}"
	else
		lines "${ALL_VELLUMS[@]}"
	fi
}

MEMBERS='' # addresses
STATES=''  # lines "ADDRESS STATE"

# read_members JSON: takes an object of addresses and states apart.
read_members() {
	local rest=$1 pattern='"([^"]*)": *"([^"]*)"(.*)$'
	MEMBERS='' STATES=''
	while [[ $rest =~ $pattern ]]; do
		MEMBERS=$MEMBERS${BASH_REMATCH[1]}$'\n'
		STATES="$STATES${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"$'\n'
		rest=${BASH_REMATCH[3]}
	done
}

# members_right STORE: are the members that were read last the expected ones,
# each of them normal? A live node that is missing, or a stranger, would make a
# cluster manager join as new and destroy its data (T39, T40).
members_right() {
	local absent strangers address state
	absent=$(minus "$(store_needed "$1")" "$MEMBERS")
	strangers=$(minus "$MEMBERS" "$(store_allowed "$1")")
	if [ -n "$absent" ]; then
		SEEN="missing in $1: $(named signaling "$absent")"
		return 1
	fi
	if [ -n "$strangers" ]; then
		SEEN="unknown in $1: $(joined "$strangers")"
		return 1
	fi
	while read -r address state; do
		if [ -n "$address" ] && [ "$state" != normal ]; then
			SEEN="$(named signaling "$address") is $state in $1"
			return 1
		fi
	done <<<"$STATES"
	SEEN="$1: $(named signaling "$MEMBERS")"
}

# stored_right STORE: is the store's value in etcd right, as this node reads it?
# For what looks once; a verdict needs answered_right.
stored_right() {
	read_key "$(store_key "$1")" || return $?
	read_members "$VALUE"
	members_right "$1"
}

# answered_right STORE: the same, once etcd answers.
answered_right() {
	answer_for "$(store_key "$1")" || return 1
	read_members "$VALUE"
	members_right "$1"
}

# stores_right: is every expected value there and right?
stores_right() {
	local store
	while IFS= read -r store; do
		stored_right "$store" || return 1
	done <<<"$(stores)"
}

# check_stores: every expected value is there and right, or the stage ends here.
check_stores() {
	local store
	while IFS= read -r store; do
		if ! answered_right "$store"; then
			fail "the value of $store in etcd names every live Vellum node, each normal" "$SEEN" \
				'a cluster manager that starts now would join as a new node and destroy data (T39, T40)' \
				"do the stage load first; if load is done, $START_OVER"
		fi
		ok "$SEEN"
	done <<<"$(stores)"
}

# clusters_stable: does check_cluster_state describe each expected store once and
# call it stable? Its exit status is 0 also with nothing loaded (T41).
clusters_stable() {
	local store
	ask 60 /usr/share/clearwater/clearwater-cluster-manager/scripts/check_cluster_state
	while IFS= read -r store; do
		if ! stable_in_output "$store"; then
			SEEN="no stable $store cluster: $OUT"
			return 1
		fi
	done <<<"$(stores)"
	SEEN="status $STATUS: $OUT"
	[ "$STATUS" -eq 0 ]
}

# stable_in_output STORE: the line after "Describing the STORE cluster" says so.
stable_in_output() {
	local line here=no title
	case $1 in
	chronos) title=Chronos ;;
	memcached) title=Memcached ;;
	*) title=Cassandra ;;
	esac
	while IFS= read -r line; do
		if [ "$here" = yes ]; then
			[[ $line == *'cluster is stable.'* ]]
			return $?
		fi
		if [[ $line == *"Describing the $title cluster"* ]]; then
			here=yes
		fi
	done <<<"$OUT"
	return 1
}

