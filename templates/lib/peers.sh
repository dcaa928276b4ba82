# -- The other nodes: who answers, and what

# What knock_all found: lines "ADDRESS FACT VALUE", sorted. The facts:
#   4000, 2380   answers (an etcd speaks), mute (connected, but no answer in time),
#                refused (the machine is up, nothing listens), silent (no way, or
#                nobody there), unknown
#   members      new (exactly the new masters), none, or the addresses
#   health       yes, no
#   ahead        seconds that its clock is ahead of this node's; behind, likewise
KNOCKED=''

# knock_all WHAT SET: knocks at every address of SET, many at a time. Each knock
# has a limit of its own, so this takes seconds, also where nobody answers.
knock_all() {
	if ! KNOCKED=$(knock_each "$2" | sort); then
		KNOCKED=''
	fi
	record "curl, ports 4000 and 2380: $1" 0 "$KNOCKED"
}

knock_each() {
	local address n=0
	while IFS= read -r address; do
		if [ -n "$address" ]; then
			knock_client "$address" &
			knock_peer "$address" &
			n=$((n + 1))
			if [ $((n % 16)) -eq 0 ]; then
				wait
			fi
		fi
	done <<<"$1"
	wait
}

# knock_client ADDRESS: prints what is found at one address on etcd's port for clients.
knock_client() {
	local text status=0 began members
	began=$(date +%s)
	text=$(timeout 8 curl -s -S -v -i --connect-timeout 3 -m 6 --noproxy '*' \
		"http://$1:4000/v2/members" 2>&1) || status=$?
	printf '%s 4000 %s\n' "$1" "$(way "$status" "$text")"
	if [ "$(way "$status" "$text")" = answers ]; then
		clock_of "$1" "$text"
		members=$(members_in "$text")
		if [ -z "$members" ]; then
			members=none
		else
			members=$(whose "$members")
		fi
		printf '%s members %s\n' "$1" "${members:0:600}"
		status=0
		text=$(timeout 8 curl -s -S -m 6 --noproxy '*' "http://$1:4000/health" 2>&1) || status=$?
		if [[ $text == *'"health"'*'true'* ]]; then
			printf '%s health yes\n' "$1"
		else
			printf '%s health no\n' "$1"
		fi
	fi
}

# knock_peer ADDRESS: the same on the port for other members. There a member says whose
# cluster it is in also while it has no leader, and is mute for clients (T33). It goes
# beside the other knock: a node that is dark costs the time of one.
knock_peer() {
	local text status=0 members
	text=$(timeout 8 curl -s -S -v --connect-timeout 3 -m 6 --noproxy '*' "http://$1:2380/members" 2>&1) || status=$?
	printf '%s 2380 %s\n' "$1" "$(way "$status" "$text")"
	members=$(members_in "$text")
	if [ -n "$members" ]; then
		members=$(whose "$members")
		printf '%s peers %s\n' "$1" "${members:0:600}"
	fi
}

# whose MEMBERS: "new" if they are exactly the new masters, otherwise who they are.
whose() {
	if same_masters listed "$1"; then
		printf 'new\n'
	else
		joined "$1"
	fi
}

# way STATUS TEXT: what curl -v has met, in a word.
way() {
	if [[ $2 == *'HTTP/1.'* ]] && [ "$1" -eq 0 ]; then
		printf 'answers\n'
	elif [[ $2 == *'Connected to '* ]]; then
		printf 'mute\n'
	elif [[ $2 == *'onnection refused'* ]]; then
		printf 'refused\n'
	elif [ "$1" -eq 28 ] || [ "$1" -eq 124 ] || [[ $2 == *'No route to host'* ]]; then
		printf 'silent\n'
	else
		printf 'unknown\n'
	fi
}

# members_in TEXT: the addresses in an answer to /v2/members, a line each. A member
# that has never started has no client address, but a peer address.
members_in() {
	local rest=$1
	while [[ $rest == *'"peerURLs":["http://'* ]]; do
		rest=${rest#*'"peerURLs":["http://'}
		printf '%s\n' "${rest%%:*}"
	done
}

# clock_of ADDRESS TEXT: how far the clock of the node that answered the knock is
# from this one, by the date in its answer: to the second, the way there and back
# left out (T52). A proxy passes on the date of a master.
clock_of() {
	local ended stamp there pattern='Date: ([A-Za-z]+, [0-9]+ [A-Za-z]+ [0-9]+ [0-9:]+ GMT)'
	if ! [[ $2 =~ $pattern ]]; then
		return 0
	fi
	stamp=${BASH_REMATCH[1]}
	if ! there=$(date -u -d "$stamp" +%s); then
		return 0
	fi
	ended=$(date +%s)
	if [ "$there" -gt "$ended" ]; then
		printf '%s ahead %s\n' "$1" "$((there - ended))"
	elif [ "$there" -lt "$began" ]; then
		printf '%s behind %s\n' "$1" "$((began - there))"
	else
		printf '%s ahead 0\n' "$1"
	fi
}

# those FACT VALUE: the addresses of which that was found, a line each.
those() {
	local address fact value
	while read -r address fact value; do
		if [ "$fact" = "$1" ] && [ "$value" = "$2" ]; then
			printf '%s\n' "$address"
		fi
	done <<<"$KNOCKED"
}

# either WAY...: the addresses of which a port was found in one of these ways.
either() {
	local address fact value last=''
	while read -r address fact value; do
		if [[ $fact =~ ^[0-9]+$ ]] && [ "$address" != "$last" ] && has "$value" "$(lines "$@")"; then
			printf '%s\n' "$address"
			last=$address
		fi
	done <<<"$KNOCKED"
}

# failed_nodes: a line each.
failed_nodes() {
	if [ "${#FAILED_NODES[@]}" -gt 0 ]; then
		lines "${FAILED_NODES[@]}"
	fi
}

# check_fenced: no failed node answers. One that is back brings the old cluster
# with it (T15).
check_fenced() {
	local answering
	knock_all 'the failed nodes' "$(failed_nodes)"
	answering=$(either answers mute)
	if [ -n "$answering" ]; then
		fail 'no failed node answers on port 4000 or 2380' "an answer from $(named management "$answering")" \
			'a failed node is back, with the old data: it can spoil the new cluster (T15)' \
			'fence it: cut its power or its network, and keep it cut; then run the stage again'
	fi
	if [ -n "$(either refused)" ]; then
		warn "$(named management "$(either refused)"): no etcd answers, but the machine is up; \
fence it before it starts its etcd (T15)"
	fi
	if [ -n "$(either unknown)" ]; then
		warn "CANNOT TELL whether $(named management "$(either unknown)") is fenced: this node could not ask"
	fi
	ok 'no failed node answers'
}

# check_peers: no other live node still runs the old etcd, or this node's new one
# would begin beside it (T4, T10); and no failed node is back.
check_peers() {
	local address fact value dark mute
	knock_all 'the other live nodes' "$(minus "$(lines "${LIVE_NODES[@]}")" "$MANAGEMENT_IP")"
	while read -r address fact value; do
		if [[ $fact == members || $fact == peers ]] && [ "$value" != new ]; then
			fail 'no other live node runs its old etcd' \
				"$(named management "$address") answers; its members: $value" \
				'the stage stop is not done there: a new master must not start beside the old cluster (T4, T10)' \
				'do the stage stop on that node, then run this stage again'
		fi
		if [ "$fact" = members ]; then
			check_unfilled "$address"
		fi
	done <<<"$KNOCKED"
	dark=$(those 4000 silent)$'\n'$(those 4000 unknown)
	if [ "$(joined "$dark")" != none ]; then
		warn "CANNOT TELL whether the old etcd still runs on $(named management "$dark"): no answer"
	fi
	mute=$(minus "$(those 4000 mute)" "$(those peers new)")
	if [ -n "$mute" ]; then
		warn "CANNOT TELL what etcd it is on $(named management "$mute"): it takes the connection, but does \
not answer; a new master does so while it waits for the others (T33)"
	fi
	ok 'no other live node answers with its old etcd'
	check_fenced
}

# check_unfilled ADDRESS: a new cluster that holds keys before this node has begun
# is further than this node: it was not wiped, or this node was in it (T10, T14).
check_unfilled() {
	if begun; then
		return 0
	fi
	ask 10 curl -s -S -m 8 --noproxy '*' "http://$1:4000/v2/keys/?recursive=true&sorted=true"
	if [[ $OUT == *'"nodes"'* ]]; then
		fail 'the new cluster holds no key yet' "$(named management "$1") answers as a new master, and gives keys" \
			'that master was not wiped (T10), or the new cluster is further, and this node was in it (T14)' \
			"$START_OVER"
	fi
}

