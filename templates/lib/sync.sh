# -- Configuration and its managers

configuration_key() { printf '/%s/%s/configuration/%s\n' "$ETCD_KEY" "$SITE" "$1"; }

FAULT='' # what is wrong with shared_config, a word; empty if nothing

# read_shared_config: is the file there, does it set something, and does a shell
# get through it?
read_shared_config() {
	local line sets=no returns=no
	FAULT=''
	if [ ! -f /etc/clearwater/shared_config ]; then
		FAULT=missing SEEN='it is missing'
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line =~ ^[[:space:]]*[A-Za-z_][A-Za-z0-9_]*= ]]; then
			sets=yes
		fi
		if [[ $line == *$'\r' ]]; then
			returns=yes
		fi
	done </etc/clearwater/shared_config
	if [ "$sets" = no ]; then
		FAULT=empty SEEN='it sets none'
		return 0
	fi
	if [ "$returns" = yes ]; then
		FAULT=returns SEEN='some do'
		return 0
	fi
	ask 30 env -i PATH="$PATH" sh -c 'set -eu; . /etc/clearwater/shared_config'
	if [ "$STATUS" -ne 0 ]; then
		FAULT=fails SEEN="status $STATUS: $OUT"
	fi
}

# check_shared_config: a master without a good shared_config could give the whole
# site an empty one (T25).
check_shared_config() {
	read_shared_config
	case $FAULT in
	missing)
		fail '/etc/clearwater/shared_config is there' "$SEEN" \
			'this node could publish an empty configuration to the whole site (T25)' \
			'copy the file from another master of the site, owner root, mode 0644; cw-config cannot work now (T24)'
		;;
	empty)
		fail 'shared_config sets at least one value' "$SEEN" \
			"this is Clearwater's empty default; it must not be published (T25)" \
			'copy the file from a master that has the right one, owner root, mode 0644'
		;;
	returns)
		fail 'no line of shared_config ends in a carriage return' "$SEEN" \
			'each value would keep the carriage return (T19)' \
			"take them out, the same on every master; then run the stage again:
sudo sed -i.before 's/\\r\$//' /etc/clearwater/shared_config"
		;;
	fails)
		fail 'a shell gets through shared_config' "$SEEN" \
			'a line of shared_config fails; every Clearwater program that reads it would fail too' \
			'mend the line that the message names, the same on every master'
		;;
	esac
}

# published_matches: does etcd hold this node's own shared_config, once it answers?
published_matches() {
	if ! answer_for "$(configuration_key shared_config)"; then
		return 1
	fi
	SEEN="etcd holds another shared_config than this node's, whose digest is \
$(file_digest /etc/clearwater/shared_config)"
	[ "$VALUE" = "$(cat /etc/clearwater/shared_config)" ]
}

# check_configuration_space: is there room for copies of the files that a
# configuration manager may overwrite?
check_configuration_space() {
	local file
	while IFS= read -r file; do
		if [ -f "$file" ]; then
			check_space "$file"
		fi
	done <<<"$(configuration_files)"
}

# confirm_overwriting: once the configuration manager runs, the files in etcd take
# the place of this node's own.
confirm_overwriting() {
	if ! service_runs clearwater_config_manager_process; then
		confirm "This stage starts the configuration manager: a configuration file here that differs from the one in etcd \
is overwritten, and services restart for it (T28)." \
			"Copies are made first, in a new folder under /var/backups/requorum/$PLAN."
	fi
}

# start_config_manager SECONDS: from here on this node takes, or gives,
# configuration. What it may overwrite is copied first (T25, T28). The wait ends with
# its process: monit shows it a cycle later, which the stage's last step asks for.
start_config_manager() {
	local file
	if service_runs clearwater_config_manager_process; then
		already 'the configuration manager runs'
	else
		while IFS= read -r file; do
			if [ -f "$file" ]; then
				keep "$file"
			fi
		done <<<"$(configuration_files)"
		request monit monitor -g clearwater_config_manager
	fi
	if ! wait_for "$1" 2 'the configuration manager to run' process_runs clearwater-config-manager; then
		give_up 'a process of the configuration manager runs' \
			'the configuration manager does not start' \
			"look into /var/log/clearwater-config-manager; then run the stage again"
	fi
	ok 'the configuration manager runs; whether monit is content with it is asked below'
}

start_queue_manager() {
	if service_runs clearwater_queue_manager_process; then
		already 'the queue manager runs'
		return 0
	fi
	request monit monitor -g clearwater_queue_manager
	if ! wait_for "$1" 2 'the queue manager to run' process_runs clearwater-queue-manager; then
		give_up 'a process of the queue manager runs' \
			'the queue manager does not start' \
			"look into /var/log/clearwater-queue-manager; then run the stage again"
	fi
	ok 'the queue manager runs; whether monit is content with it is asked below'
}

SYNC='' # what check_config_sync said last

# in_sync: does check_config_sync call every file up to date? Its exit status is
# 1 both for a difference and for a crash (T30).
in_sync() {
	local line good=0 alarms=0
	ask 60 /usr/share/clearwater/clearwater-config-manager/scripts/check_config_sync
	SYNC=$OUT
	SEEN="status $STATUS: $OUT"
	if [ "$STATUS" -gt 1 ] || [[ $SYNC == *Traceback* ]]; then
		return 1
	fi
	if [ "$STATUS" -eq 0 ]; then
		alarms=-1 # then there is nothing to forgive
	fi
	while IFS= read -r line; do
		case $line in
		*' is up to date'*) good=$((good + 1)) ;;
		*' is present but is out of sync'* | *' is missing'*)
			SEEN=$line
			false_alarm "$line" || return 1
			alarms=$((alarms + 1))
			;;
		esac
	done <<<"$SYNC"
	[ "$good" -gt 0 ] && [ "$alarms" -ne 0 ]
}

# false_alarm LINE: check_config_sync calls every JSON or XML file with a
# character outside ASCII out of sync (T31). Is that all, and is the value in
# etcd the file's?
false_alarm() {
	local file key
	case $1 in
	*/enum.json*) file=/etc/clearwater/enum.json key=enum_json ;;
	*/s-cscf.json*) file=/etc/clearwater/s-cscf.json key=scscf_json ;;
	*/bgcf.json*) file=/etc/clearwater/bgcf.json key=bgcf_json ;;
	*/rph.json*) file=/etc/clearwater/rph.json key=rph_json ;;
	*/dns.json*) file=/etc/clearwater/dns.json key=dns_json ;;
	*/sas.json*) file=/etc/clearwater/sas.json key=sas_json ;;
	*/shared_ifcs.xml*) file=/etc/clearwater/shared_ifcs.xml key=shared_ifcs ;;
	*/fallback_ifcs.xml*) file=/etc/clearwater/fallback_ifcs.xml key=fallback_ifcs ;;
	*) return 1 ;;
	esac
	if [ ! -f "$file" ] || plain_ascii "$file"; then
		return 1
	fi
	read_key "$(configuration_key "$key")" && [ "$VALUE" = "$(cat "$file")" ]
}

# wait_in_sync SECONDS: configuration managers that started early sleep half a
# minute after each error, so the first looks may fail (T30).
wait_in_sync() {
	if ! wait_for "$1" 2 'the configuration to be in sync' in_sync; then
		give_up 'check_config_sync calls every file up to date' \
			'the configuration manager has not brought disk and etcd together' \
			"look into /var/log/clearwater-config-manager; compare the digests of the file with the other nodes; \
then run the stage again"
	fi
	if [ "$UNSURE" = no ]; then
		show "$SYNC"
	fi
	ok 'the configuration is in sync'
}

