# -- monit

SUMMARY='' # monit summary, a line a service

read_summary() {
	ask 30 monit summary
	SUMMARY=$OUT
}

# monit_state SERVICE: what the summary that was read last says of a service;
# nothing if it has no row. Three forms are known: the table of 5.18 and later,
# which cuts names at 31 and states at 26 characters (T36), with "Running" or
# with "OK"; and the older form with the name in single quotes.
monit_state() {
	local line name state old table
	old="^[A-Z][a-z]+ '([^']+)'[[:space:]]+(.*[^[:space:]])[[:space:]]*$"
	table='^ ?([^[:space:]]+)[[:space:]]+(.*[^[:space:]])[[:space:]][[:space:]]+[A-Z][A-Za-z]+[[:space:]]*$'
	while IFS= read -r line; do
		if [[ $line =~ $old ]] || [[ $line =~ $table ]]; then
			name=${BASH_REMATCH[1]}
			state=${BASH_REMATCH[2]}
			if same_service "$name" "$1"; then
				printf '%s\n' "$state"
				return 0
			fi
		fi
	done <<<"$SUMMARY"
}

# same_service SHOWN NAME: is SHOWN the way in which a summary writes NAME? Older
# releases leave _process off.
same_service() {
	if [ "$1" = "$2" ] || [ "$1" = "${2%_process}" ]; then
		return 0
	fi
	[[ $1 == *... && $2 == "${1%...}"* ]]
}

# fine STATE: is this how monit shows a service that is well?
fine() {
	case $1 in
	Running | OK | 'Status ok' | Waiting) return 0 ;;
	esac
	return 1
}

# service_runs SERVICE: does monit show it well? For wait_for.
service_runs() {
	local state
	read_summary
	state=$(monit_state "$1")
	SEEN="monit shows $1: ${state:-no such row}"
	fine "$state"
}

# check_monit: the daemon answers and knows the four services.
check_monit() {
	local service
	read_summary
	if [ "$STATUS" -ne 0 ]; then
		fail 'monit summary answers' "status $STATUS: $OUT" "monit's daemon does not run" \
			'service monit start; wait half a minute; run the stage again'
	fi
	for service in etcd_process clearwater_cluster_manager_process \
		clearwater_config_manager_process clearwater_queue_manager_process; do
		if [ -z "$(monit_state "$service")" ]; then
			fail "monit knows the service $service" "$SUMMARY" \
				'the node lacks a Clearwater package, or monit its configuration' \
				'ls /etc/monit/conf.d; service monit restart; run the stage again'
		fi
	done
}

# managers_shown: etcd and the two managers that share configuration run, and the
# cluster manager does not (procedure 4.9, 5.9). The two *_uptime programs fail
# for their first half minute, which is no error (T35).
managers_shown() {
	local service state
	read_summary
	for service in etcd_process clearwater_config_manager_process clearwater_queue_manager_process; do
		state=$(monit_state "$service")
		SEEN="$service: ${state:-no such row}"
		if ! fine "$state"; then
			return 1
		fi
	done
	state=$(monit_state clearwater_cluster_manager_process)
	SEEN="clearwater_cluster_manager_process: ${state:-no such row}"
	if fine "$state"; then
		return 1
	fi
	read_processes
	[ -z "$(processes_of clearwater-cluster-manager)" ]
}

