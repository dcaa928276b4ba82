# -- Cassandra

# What read_cassandra finds.
RINGED=''  # addresses that have a row
SICK=''    # rows that do not begin with UN
REMOVAL='' # a command for each of them

# read_cassandra: reads nodetool status. Its exit status is 0 with dead nodes too.
read_cassandra() {
	local line row='^([UD][NLJM])[[:space:]]+([^[:space:]]+)' id='([0-9a-f]{8}-[0-9a-f-]{27})'
	RINGED='' SICK='' REMOVAL=''
	ask 60 /usr/share/clearwater/bin/run-in-signaling-namespace nodetool status
	while IFS= read -r line; do
		if [[ $line =~ $row ]]; then
			RINGED=$RINGED${BASH_REMATCH[2]}$'\n'
			if [ "${BASH_REMATCH[1]}" != UN ]; then
				SICK=$SICK$line$'\n'
				if [[ $line =~ $id ]]; then
					REMOVAL="${REMOVAL}sudo /usr/share/clearwater/bin/run-in-signaling-namespace \
nodetool removenode ${BASH_REMATCH[1]}"$'\n'
				fi
			fi
		fi
	done <<<"$OUT"
}

# check_cassandra: every row of every data centre is UN, and every expected
# address has one.
check_cassandra() {
	read_cassandra
	show "$OUT"
	if [ -z "$RINGED" ]; then
		fail 'nodetool status lists the nodes of Cassandra' "status $STATUS: $OUT" \
			'Cassandra does not run on this node, or cannot be reached' \
			'service cassandra status; look into /var/log/cassandra; when it runs, run the stage again'
	fi
	if [ -n "$SICK" ]; then
		fail 'every row begins with UN' "${SICK%$'\n'}" \
			'Cassandra is not healthy; the load could take the dead nodes and leave the live ones out (T44)' \
			"bring back a node that is only down; remove a dead one for good with its command; \
then run the stage again:"$'\n'"${REMOVAL%$'\n'}"
	fi
	check_rows "$RINGED"
}

# check_rows SET: the addresses that have a row against the expected ones.
check_rows() {
	local absent strangers
	absent=$(minus "$(store_needed cassandra)" "$1")
	strangers=$(minus "$1" "$(store_allowed cassandra)")
	if [ -n "$absent" ] || [ -n "$strangers" ]; then
		fail "rows for exactly $(named signaling "$(store_needed cassandra)")" \
			"missing: $(named signaling "$absent"); unknown: $(named signaling "$strangers")" \
			'a node has left Cassandra, or the inventory is wrong (T46)' \
			'bring the missing node back into Cassandra; or correct the inventory and render again'
	fi
	ok "Cassandra has exactly $(named signaling "$1"), all up and normal"
}

# check_schema: one schema version and nobody unreachable, or the loader may
# take the wrong list (T44).
check_schema() {
	local line versions=0
	ask 60 /usr/share/clearwater/bin/run-in-signaling-namespace nodetool describecluster
	while IFS= read -r line; do
		if [[ $line =~ ^[[:space:]]*[0-9a-f]{8}-[0-9a-f-]{27}: ]]; then
			versions=$((versions + 1))
		fi
	done <<<"$OUT"
	if [ "$versions" -ne 1 ] || [[ $OUT == *UNREACHABLE* ]]; then
		fail 'one schema version, and no node unreachable' "$OUT" \
			'load_from_cassandra_cluster could load the dead nodes and leave the live ones out (T44)' \
			"wait until all nodes agree, or remove dead nodes as in the stage config; then run the stage again"
	fi
}

