# -- monit

SUMMARY='' # monit summary, a line a service
STATE=''   # the state of a service in it

read_summary() {
	ask 30 monit summary
	SUMMARY=$OUT
}

# read_state SERVICE: what the summary that was read last says of a service goes
# to STATE; nothing if it has no row. Three forms are known: the table of 5.18 and later,
# which cuts names at 31 and states at 26 characters (T36), with "Running" or
# with "OK"; and the older form with the name in single quotes.
read_state() {
	local line name state old table
	STATE=''
	old="^[A-Z][a-z]+ '([^']+)'[[:space:]]+(.*[^[:space:]])[[:space:]]*$"
	table='^ ?([^[:space:]]+)[[:space:]]+(.*[^[:space:]])[[:space:]][[:space:]]+[A-Z][A-Za-z]+[[:space:]]*$'
	while IFS= read -r line; do
		if [[ $line =~ $old ]] || [[ $line =~ $table ]]; then
			name=${BASH_REMATCH[1]}
			state=${BASH_REMATCH[2]}
			if same_service "$name" "$1"; then
				STATE=$state
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
	read_summary
	read_state "$1"
	SEEN="monit shows $1: ${STATE:-no such row}"
	fine "$STATE"
}

# check_monit: the daemon answers and knows the four services.
check_monit() {
	local service
	read_summary
	if [ "$STATUS" -ne 0 ]; then
		fail 'monit summary answers' "status $STATUS: $OUT" "monit's daemon does not run" \
			'start monit, wait half a minute, then run the stage again:'$'\n''sudo service monit start'
	fi
	for service in etcd_process clearwater_cluster_manager_process \
		clearwater_config_manager_process clearwater_queue_manager_process; do
		read_state "$service"
		if [ -z "$STATE" ]; then
			fail "monit knows the service $service" "$SUMMARY" \
				'the node lacks a Clearwater package, or monit its configuration' \
				"look into /etc/monit/conf.d for the service's file; then run the stage again"
		fi
	done
}

# unwatched SERVICE: does the summary that was read last show it as not watched?
unwatched() {
	read_state "$1"
	[[ $STATE == [Nn]'ot monitored' ]]
}

# managers_shown: etcd and the two managers that share configuration run, and the
# cluster manager does not (procedure 4.9, 5.9), unless the stage manage is done
# already. The two *_uptime programs fail for their first half minute, which is no
# error (T35).
MANAGERS='' # the verdict in words

managers_shown() {
	local service
	read_summary
	for service in etcd_process clearwater_config_manager_process clearwater_queue_manager_process; do
		read_state "$service"
		SEEN="$service: ${STATE:-no such row}"
		if ! fine "$STATE"; then
			return 1
		fi
	done
	if managed; then
		MANAGERS='etcd and all managers run: the stage manage is done here already'
		return 0
	fi
	MANAGERS='etcd, configuration manager and queue manager run; the cluster manager does not, as it must be'
	read_state clearwater_cluster_manager_process
	SEEN="clearwater_cluster_manager_process: ${STATE:-no such row}"
	if fine "$STATE"; then
		return 1
	fi
	read_processes
	! runs clearwater-cluster-manager
}

