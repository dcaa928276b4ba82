# -- /etc/chronos/chronos_cluster.conf

# store_key_right: is etcd_cluster_key the plan's?
store_key_right() {
	local key
	key=$(config_name etcd_cluster_key)
	SEEN=${key:-vellum, the default}
	[ "${key:-vellum}" = "$STORE_KEY" ]
}

# check_store_key: the loaders write under the plan's etcd_cluster_key; a cluster
# manager that looks under another one finds nothing and joins as new (T40, T51).
check_store_key() {
	if ! store_key_right; then
		fail "etcd_cluster_key $STORE_KEY" "$SEEN" \
			'this node would look for its data store values under another name (T51)' \
			'correct etcd_cluster_key in the inventory, or in local_config if that is wrong; render again'
	fi
}

# What read_chronos and read_memcached find, a line each.
PROBLEMS=''   # what makes the file invalid
UNFINISHED='' # nodes that join or leave
MISMATCH=''   # addresses that the file or the inventory lacks

# read_chronos: reads the file by the rules of both its readers, Chronos itself
# and load_from_chronos_cluster. The loader drops a line with a tab, keeps a port
# or a comment as part of the address, and crashes on a second "=" (T40); Chronos
# gives up on a line that it does not know.
read_chronos() {
	local line key value section='' own=''
	MEMBERS='' PROBLEMS='' UNFINISHED=''
	if [ ! -f /etc/chronos/chronos_cluster.conf ]; then
		PROBLEMS='the file is missing'
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line == '['*']' ]]; then
			section=$line
		fi
		if [[ $line == *=*=* ]]; then
			PROBLEMS="${PROBLEMS}two = on one line: $line"$'\n'
		fi
		if [[ $line =~ ^[[:space:]]*(#.*|\[.*\][[:space:]]*)?$ ]]; then
			continue
		fi
		if [[ $line != *=* ]]; then
			PROBLEMS="${PROBLEMS}no KEY = VALUE: $line"$'\n'
			continue
		fi
		key=${line%%=*}
		value=${line#*=}
		key=${key//' '/}
		value=${value//' '/}
		case ${key//$'\t'/} in
		node) MEMBERS=$MEMBERS$value$'\n' ;;
		joining | leaving) UNFINISHED="$UNFINISHED$value is $key"$'\n' ;;
		localhost)
			own=${value%%#*}
			own=${own%%:*}
			continue
			;;
		*) continue ;;
		esac
		if [ "$section" != '[cluster]' ]; then
			PROBLEMS="${PROBLEMS}outside [cluster]: $line"$'\n'
		fi
		if ! [[ $key =~ ^[a-z]+$ && $value =~ ^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
			PROBLEMS="${PROBLEMS}not KEY = ADDRESS: $line"$'\n'
		fi
	done </etc/chronos/chronos_cluster.conf
	if [ "$own" != "$LOCAL_IP" ]; then
		PROBLEMS="${PROBLEMS}localhost is '$own', not $LOCAL_IP"$'\n'
	fi
	compare_members chronos
}

# compare_members STORE: notes in MISMATCH which live nodes are missing from the
# file that was read last, and which strangers are in it. An invalid file says
# nothing about that.
compare_members() {
	local absent strangers
	MISMATCH=''
	if [ -n "$PROBLEMS" ]; then
		return 0
	fi
	absent=$(minus "$(store_needed "$1")" "$MEMBERS")
	strangers=$(minus "$MEMBERS" "$(store_allowed "$1")")
	if [ -n "$absent" ]; then
		MISMATCH="missing: $(named signaling "$absent")"$'\n'
	fi
	if [ -n "$strangers" ]; then
		MISMATCH="${MISMATCH}unknown: $(joined "$strangers")"$'\n'
	fi
}

# check_matches FILE: a valid file that names other nodes than the inventory is
# left to a person: one of the two is wrong, and a live node that is missing in
# what is loaded would join as new (T40).
check_matches() {
	if [ -n "$MISMATCH" ]; then
		fail "$1 names every live Vellum node of the site, and no stranger" "${MISMATCH%$'\n'}" \
			'the file or the inventory is wrong; a live node that is missing would join as new (T40)' \
			"find out which is right: correct the inventory and render again, or correct the file \
on every live Vellum node; then run the stage again"
	fi
}

# check_unfinished FILE: a node that joins or leaves is a scaling that was never
# finished. Loading it would make the cluster managers carry it on (T42, T43).
check_unfinished() {
	if [ -n "$UNFINISHED" ]; then
		fail "no node joins or leaves in $1" "$(joined "$UNFINISHED")" \
			"a scaling was under way when the site failed; loaded as it is, it would be carried on, \
and with a dead node it never ends (T42, T43)" \
			"decide with whoever began the scaling whether the node stays or goes, and write that, the same on every \
live Vellum node, as RUNBOOK.md says: stage config, \"If you see something else\"; then run the stage again"
	fi
}

# write_chronos: the file with every Vellum node of the site as a node (procedure
# 3.8). Every Vellum node needs an identity of its own, or timers collide.
write_chronos() {
	local member text
	read_identity
	text="[identity]
instance_id = $INSTANCE_ID
deployment_id = $DEPLOYMENT_ID

[cluster]
localhost = $LOCAL_IP
"
	for member in "${ALL_VELLUMS[@]}"; do
		text="${text}node = $member"$'\n'
	done
	put /etc/chronos/chronos_cluster.conf "$text"
}

# check_held_before_writing: a cluster manager writes the cluster files itself.
check_held_before_writing() {
	if ! cluster_manager_held; then
		fail 'no cluster manager runs while a cluster file is written' "$SEEN" \
			'the recovery is past this stage here, or the stage stop is not done' \
			'with the cluster manager up, it mends its own files: look into /var/log/clearwater-cluster-manager'
	fi
}

# read_identity: Clearwater derives a Chronos identity from the first two bytes
# of node_identity; without that file the old file's serves, or the plan's numbers.
read_identity() {
	local id='' line pattern='^([0-9a-fA-F]{2})([0-9a-fA-F]{2})'
	local own='^[[:space:]]*(instance|deployment)_id[[:space:]]*=[[:space:]]*([0-9]+)[[:space:]]*$'
	if [ -f /etc/chronos/chronos_cluster.conf ]; then
		while IFS= read -r line || [ -n "$line" ]; do
			if [[ $line =~ $own ]]; then
				case ${BASH_REMATCH[1]} in
				instance) INSTANCE_ID=${BASH_REMATCH[2]} ;;
				*) DEPLOYMENT_ID=${BASH_REMATCH[2]} ;;
				esac
			fi
		done </etc/chronos/chronos_cluster.conf
	fi
	if [ -f /etc/clearwater/node_identity ]; then
		read -r id _ </etc/clearwater/node_identity || true
	fi
	if [[ $id =~ $pattern ]]; then
		INSTANCE_ID=$((16#${BASH_REMATCH[1]} & 63))
		DEPLOYMENT_ID=$((16#${BASH_REMATCH[2]} & 7))
	fi
}

