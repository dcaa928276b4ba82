# -- What the survey looks at around the node: etcd and the other nodes

# survey/etcd

# peers: the other nodes that this one looks at. A master looks at every live node,
# the others look at the masters: so every way that etcd uses is looked at.
peers() {
	if [ -n "${LIVE_NODES+set}" ]; then
		minus "$(lines "${LIVE_NODES[@]}")" "$MANAGEMENT_IP"
	else
		minus "$(lines "${MASTERS[@]}")" "$MANAGEMENT_IP"
	fi
}

# look_at_own_etcd: does it run here?
look_at_own_etcd() {
	read_processes
	if [ -z "$PROCESSES" ]; then
		row 'CANNOT TELL' 'etcd here' 'it runs, or the stage stop is done' 'the list of processes cannot be read' \
			'nobody knows what runs on this node' 'see whether ps works'
	elif runs clearwater-etcd; then
		row PASS 'etcd here' 'it runs, or the stage stop is done' 'it runs'
	elif [ -e /etc/clearwater/no_cluster_manager ] && data_empty; then
		row PASS 'etcd here' 'it runs, or the stage stop is done' 'the stage stop is done'
	else
		row WARN 'etcd here' 'it runs, or the stage stop is done' 'it does not run, and its data is there' \
			'its etcd is down, so it can tell nothing of the old cluster' 'nothing, if the cause is known: sudo monit status'
	fi
}

# look_at_quorum: does a survivor call itself healthy? Then the quorum is not lost,
# or the recovery is past it already.
look_at_quorum() {
	local address healthy old='' asked
	healthy=$(those health yes)
	asked=$(either answers)
	while IFS= read -r address; do
		if [ -n "$address" ] && ! has "$address" "$(those members new)"; then
			old=$old$address$'\n'
		fi
	done <<<"$healthy"
	if [ -n "$old" ]; then
		row FAIL quorum 'no etcd calls itself healthy' "healthy: $(named management "$old")" \
			'the quorum is not lost: this procedure would destroy a cluster that works' \
			'do not go on; correct the inventory and render again: requorum plan says what applies'
	elif [ -n "$healthy" ]; then
		row PASS quorum 'no etcd calls itself healthy, or it is the new cluster' \
			"the new cluster is there: $(named management "$healthy")"
	elif [ -z "$asked" ]; then
		row 'CANNOT TELL' quorum 'no etcd calls itself healthy' 'no etcd answers here' \
			'nobody here can say what the old cluster says' 'look at the rows of the other nodes'
	else
		row PASS quorum 'no etcd calls itself healthy' "answering, not healthy: $(named management "$asked")"
	fi
}

# look_at_members: who the old cluster's members are, from the first survivor that
# says it. That works without a leader (T34).
look_at_members() {
	local address='' listed='' asked strangers dead text
	asked=$(those 4000 answers)
	if has "$MANAGEMENT_IP" "$asked"; then
		address=$MANAGEMENT_IP
	else
		read -r address _ <<<"$asked" || true
	fi
	if [ -n "$address" ]; then
		ask 10 curl -s -S -m 6 --noproxy '*' "http://$address:4000/v2/members"
		listed=$(members_in "$OUT")
	fi
	value etcd_members "$(joined "$listed")"
	if [ -z "$listed" ]; then
		row 'CANNOT TELL' 'members' 'half or more of them have failed' 'no etcd says who they are' \
			'whether the inventory has the right masters is not known from here' 'look at the rows of the other nodes'
		return 0
	fi
	strangers=$(minus "$listed" "$(known_addresses)")
	dead=$(minus "$listed" "$(minus "$listed" "$(failed_nodes)")")
	text="$(named management "$listed"); failed: $(named management "$dead")"
	if same_masters listed "$listed"; then
		row PASS members 'half or more have failed, or they are the new masters' 'the new masters'
	elif [ -n "$strangers" ] && [ -n "${LIVE_NODES+set}" ]; then
		row WARN members 'each is in the inventory' "$text; unknown: $(joined "$strangers")" \
			'the inventory lacks a node of the site: what it is, live or failed, may change the plan' \
			'find out which nodes these are; correct the inventory and render again'
	elif [ "$(count_of "$dead")" -ge "$(count_of "$(minus "$listed" "$dead")")" ]; then
		row PASS members 'half or more of them have failed' "$text"
	elif [ -n "$strangers" ]; then
		row 'CANNOT TELL' members 'half or more of them have failed' "$text" \
			'this script does not know every live node of the site' "look at this row in a new master's survey"
	else
		row FAIL members 'half or more of them have failed' "$text" \
			'by its own list the cluster has not lost its quorum; the inventory is wrong' \
			'do not go on; correct the inventory and render again'
	fi
}

# known_addresses: the management addresses that this script has a name for.
known_addresses() {
	local entry
	for entry in "${NAMES[@]}"; do
		if [[ $entry == 'management '* ]]; then
			entry=${entry#* }
			printf '%s\n' "${entry%% *}"
		fi
	done
	printf '%s\n' "$MANAGEMENT_IP"
}

# count_of SET: how many members.
count_of() {
	local member n=0
	while IFS= read -r member; do
		if [ -n "$member" ]; then
			n=$((n + 1))
		fi
	done <<<"$1"
	printf '%s\n' "$n"
}

# survey/peers

# look_at_port PORT SET WHAT: the way to a port of other live nodes (T38).
look_at_port() {
	local open refused silent unknown seen
	open=$(both "$(those "$1" answers)"$'\n'"$(those "$1" mute)" "$2")
	refused=$(both "$(those "$1" refused)" "$2")
	silent=$(both "$(those "$1" silent)" "$2")
	unknown=$(minus "$2" "$open"$'\n'"$refused"$'\n'"$silent")
	seen="answered: $(count_of "$open") of $(count_of "$2")"
	if [ -n "$refused" ]; then
		seen="$seen; refused: $(named management "$refused")"
	fi
	if [ -n "$unknown" ]; then
		seen="$seen; not asked: $(named management "$unknown")"
	fi
	if [ -n "$silent" ]; then
		row FAIL "port $1" "$3" "$seen; no answer: $(named management "$silent")" \
			'a firewall is in the way, or the node is down: etcd would not form or not be reached (T38)' \
			"see whether the node is up, and the firewall rules on both: sudo iptables -S"
	elif [ -n "$refused$unknown" ]; then
		row 'CANNOT TELL' "port $1" "$3" "$seen" \
			'the machine is up, but no etcd listens there now, so the firewall was not tried' \
			"nothing, if etcd is stopped there or not yet a master; otherwise: sudo ss -lnt, sudo iptables -S"
	else
		row PASS "port $1" "$3" "$seen"
	fi
}

# both A B: the members of A that are in B.
both() { minus "$1" "$(minus "$1" "$2")"; }

# look_at_failed: nothing may answer where a failed node was (T15).
look_at_failed() {
	local expected='no failed node answers' open refused unknown
	open=$(either answers mute)
	refused=$(either refused)
	unknown=$(either unknown)
	if [ -n "$open" ]; then
		row FAIL 'failed nodes' "$expected" "an answer from $(named management "$open")" \
			'a failed node is back, with the old data: it can spoil the new cluster (T15)' \
			'fence it: cut its power or its network, and keep it cut until it is wiped'
	elif [ -n "$refused" ]; then
		row WARN 'failed nodes' "$expected" "refused: $(named management "$refused")" \
			'the machine is up, only its etcd is not: it may start at any time (T15)' \
			'fence it: cut its power or its network, and keep it cut until it is wiped'
	elif [ -n "$unknown" ] || [ -z "$KNOCKED" ]; then
		row 'CANNOT TELL' 'failed nodes' "$expected" "this node could not ask ${unknown:+$(named management "$unknown")}" \
			'whether the failed nodes are fenced is not known from here (T15)' 'make sure of it by other means'
	else
		row PASS 'failed nodes' "$expected" "no answer from $(named management "$(failed_nodes)")"
	fi
}

# look_at_clocks: by what the etcd of the masters says the time is (T52).
look_at_clocks() {
	local address fact amount off='' asked=''
	while read -r address fact amount; do
		if [[ $fact == ahead || $fact == behind ]] && [ "$address" != "$MANAGEMENT_IP" ] &&
			has "$address" "$(lines "${MASTERS[@]}")"; then
			asked=$asked$address$'\n'
			if [ "$amount" -gt 1 ]; then
				off="$off${off:+, }$(named management "$address") $amount seconds $fact"
			fi
		fi
	done <<<"$KNOCKED"
	if [ -n "$off" ]; then
		row WARN clocks 'the same time, to the second or two' "$off" \
			'it stops nothing, but timers and logs go wrong (T52)' 'set the clock that is wrong; see whether NTP runs'
	elif [ -z "$asked" ]; then
		row 'CANNOT TELL' clocks 'the same time, to the second or two' 'no other master has told its time' \
			'the clocks were not compared' 'compare by hand, on every node: date -u'
	else
		row PASS clocks 'the same time, to the second or two' "as on $(named management "$asked")"
	fi
}

