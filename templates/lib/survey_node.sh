# -- What the survey looks at on the node itself

# survey/node

look_at_name() {
	local name
	name=$(hostname) || name='(unknown)'
	if [ "$name" = "$NODE" ]; then
		row PASS 'host name' "$NODE" "$name"
	else
		row WARN 'host name' "$NODE" "$name" 'this may be another node; the addresses below decide' \
			"make sure that you are on $NODE"
	fi
}

look_at_programs() {
	local status=0
	SEEN=$(absent_commands "${NEEDED[@]}")
	if [ -n "$SEEN" ]; then
		status=1
		SEEN="missing: $(joined "$SEEN")"
	else
		SEEN='all are there'
	fi
	right "$status" programs 'every program that the stages call' \
		'this is no Clearwater node, or a package is missing' "check that you are on $NODE; install what is missing"
}

# look_at_bash: the scripts need 4.3 or later.
look_at_bash() {
	local version='unknown' pattern='version ([0-9]+)\.([0-9]+)' status=1
	ask 10 bash --version
	if [[ $OUT =~ $pattern ]]; then
		version=${BASH_REMATCH[1]}.${BASH_REMATCH[2]}
		if [ "${BASH_REMATCH[1]}" -gt 4 ] || { [ "${BASH_REMATCH[1]}" -eq 4 ] && [ "${BASH_REMATCH[2]}" -ge 3 ]; }; then
			status=0
		fi
	fi
	value bash "$version"
	SEEN=$version
	right "$status" bash '4.3 or later' 'the script may not work as it was tested' \
		'install a bash of 4.3 or later; Ubuntu 14.04 has 4.3'
}

# look_at_monit: the daemon answers, and knows the four groups (facts 1.1).
look_at_monit() {
	local group service version='unknown' pattern='version ([0-9.]+)' absent=''
	ask 10 monit -V
	if [[ $OUT =~ $pattern ]]; then
		version=${BASH_REMATCH[1]}
	fi
	value monit "$version"
	read_summary
	if [ "$STATUS" -ne 0 ]; then
		row FAIL monit 'its daemon answers' "version $version; monit summary: status $STATUS: $OUT" \
			"monit's daemon does not run, so no stage can stop or start anything" \
			'sudo service monit start; wait half a minute'
		return 0
	fi
	row PASS monit 'its daemon answers' "version $version"
	for group in etcd clearwater_cluster_manager clearwater_config_manager clearwater_queue_manager; do
		service=${group}_process
		ask 30 monit -g "$group" summary
		SUMMARY=$OUT
		read_state "$service"
		if [ "$STATUS" -ne 0 ] || [ -z "$STATE" ]; then
			absent=$absent$group$'\n'
		fi
	done
	if [ -n "$absent" ]; then
		row FAIL 'monit groups' 'the group etcd, and one for each of the three managers' \
			"missing or empty: $(joined "$absent")" \
			'the node lacks a Clearwater package, or monit its configuration' \
			'look into /etc/monit/conf.d for the file of that service'
	else
		row PASS 'monit groups' 'the group etcd, and one for each of the three managers' 'all four are there'
	fi
}

# look_at_etcd_version: a version that is not installed makes Clearwater's script
# end with success and without an etcd (facts 1.2).
look_at_etcd_version() {
	local version running='' pattern='"etcdserver":"([0-9.]+)"' expected
	version=$(etcd_version)
	expected="$version is installed"
	ask 10 curl -s -S -m 6 --noproxy '*' "http://$MANAGEMENT_IP:4000/version"
	if [[ $OUT =~ $pattern ]]; then
		running=${BASH_REMATCH[1]}
	fi
	value etcd_version "$version"
	value etcd_running "$running"
	if [ ! -d /usr/share/clearwater/clearwater-etcd ]; then
		row 'CANNOT TELL' 'etcd version' "$expected" 'there is no /usr/share/clearwater/clearwater-etcd' \
			'the etcd of this node is somewhere else, or not installed' 'look for it: dpkg -s clearwater-etcd'
	elif [ ! -d "/usr/share/clearwater/clearwater-etcd/$version" ]; then
		row FAIL 'etcd version' "$expected" 'it is not' \
			'etcd_version names a version that is not there, so etcd would not start' \
			'correct etcd_version in shared_config or local_config, the same on every node (T23)'
	elif [ -n "$running" ] && [ "$running" != "$version" ]; then
		row WARN 'etcd version' "$expected, and answers here" "$version is installed, $running answers here" \
			'the new cluster would run another etcd than the old one' \
			'make sure that etcd_version is right, and the same on every node (T23)'
	else
		row PASS 'etcd version' "$expected" "$version${running:+; it answers here}"
	fi
}

look_at_addresses() {
	local status=0
	addresses_right || status=$?
	right "$status" addresses "local_ip $LOCAL_IP, management address $MANAGEMENT_IP" \
		"this is not $NODE, or the inventory is wrong" \
		"log in to $NODE; if this is $NODE, correct the inventory and render again"
	status=0
	SEEN="$MANAGEMENT_IP and $LOCAL_IP"
	if ! has_address "$MANAGEMENT_IP"; then
		status=1 SEEN="no interface has the management address $MANAGEMENT_IP"
	elif ! has_signaling_address; then
		status=1 SEEN="no interface has the signaling address $LOCAL_IP"
	fi
	right "$status" interfaces "they have $MANAGEMENT_IP and $LOCAL_IP" \
		"this is not $NODE, or a network of it is down" "log in to $NODE, or bring its network up"
}

# survey/config

# look_at_config: what a clean shell gets out of /etc/clearwater/config (T20). 1 if
# it gets nothing, so that what hangs on the values cannot be told.
look_at_config() {
	local status=0 name
	if [ ! -f /etc/clearwater/local_config ]; then
		row FAIL configuration '/etc/clearwater/local_config is there' 'it is missing' \
			"this is not $NODE, or the file is lost" \
			"log in to $NODE; if this is $NODE, put the file back from a backup or by Chef"
		return 1
	fi
	if ! read_config; then
		row FAIL configuration 'a shell can read /etc/clearwater/config' "$CONFIG" \
			'shared_config, local_config or user_settings has a syntax error' 'mend the line that the message names'
		return 1
	fi
	for name in local_ip management_local_ip local_site_name etcd_key etcd_cluster_key etcd_cluster etcd_proxy \
		remote_site_name remote_site_names; do
		value "$name" "$(config_value "$name")"
	done
	config_loads || status=$?
	if [ "$status" -eq 0 ]; then
		SEEN='it gets through'
	fi
	right "$status" configuration 'a strict shell gets through /etc/clearwater/config' \
		'a line of shared_config, local_config or user_settings fails, or uses an unset variable' \
		'mend the line that the message names'
}

look_at_names() {
	local status=0
	names_right || status=$?
	right "$status" 'site and etcd_key' "local_site_name $SITE and etcd_key $ETCD_KEY" \
		'this node keeps its values in etcd under other names than the plan expects (T51)' \
		'correct whichever is wrong: the configuration of the node, or the inventory; then render again'
}

# look_at_roles: can the roles in local_config be set, and will they hold?
look_at_roles() {
	local found
	SEEN="etcd_cluster='$(config_value etcd_cluster)', etcd_proxy='$(config_value etcd_proxy)'"
	if [ -L /etc/clearwater/local_config ]; then
		row FAIL 'etcd roles' 'local_config is a plain file' 'it is a symbolic link' \
			'the new roles would replace the link' 'put the file itself in its place'
		return 0
	fi
	found=$(role_lines /etc/clearwater/user_settings)
	if [ -n "$found" ]; then
		row FAIL 'etcd roles' 'user_settings sets neither etcd_cluster nor etcd_proxy' "$found" \
			'user_settings is read last, so this line would win over local_config (T20)' \
			'take the line out of /etc/clearwater/user_settings'
		return 0
	fi
	read_local_config
	if [ -n "$CROOKED" ]; then
		row FAIL 'etcd roles' 'each role stands on a line of local_config of its own' "${CROOKED%$'\n'}" \
			'the line holds more, or goes on in the next one, and only a person can cut it safely' \
			'edit local_config: one assignment a line, without quotes'
		return 0
	fi
	look_at_role_lines
}

# look_at_role_lines: what the stage that sets the roles will mend by itself.
look_at_role_lines() {
	local found cluster proxy note=''
	found=$(role_lines /etc/clearwater/shared_config)
	cluster=$(config_value etcd_cluster)
	proxy=$(config_value etcd_proxy)
	if [ -n "$found" ]; then
		note="shared_config sets a role, which belongs to local_config alone: $(joined "$found"); "
	fi
	if has_twice "$DROPPED"; then
		note="${note}a role is set twice in local_config, and the last line counts (T20); "
	fi
	if [ -n "$cluster" ] && [ -n "$proxy" ]; then
		note="${note}both roles are set (T16); "
	fi
	if [ -n "$SHAPE" ]; then
		note="$note$SHAPE; "
	fi
	if [ -z "$note" ]; then
		row PASS 'etcd roles' 'one line a role, in local_config' "$SEEN"
	else
		row WARN 'etcd roles' 'one line a role, in local_config' "$note$SEEN" \
			"local_config is not as Clearwater's documents want it" \
			"nothing: the script writes both lines anew; see who else writes the file (T22)"
	fi
}

# has_twice SET: does one of the two roles stand on more than one line?
has_twice() {
	local line clusters=0 proxies=0
	while IFS= read -r line; do
		case $line in
		*etcd_cluster*=*) clusters=$((clusters + 1)) ;;
		*etcd_proxy*=*) proxies=$((proxies + 1)) ;;
		esac
	done <<<"$1"
	[ "$clusters" -gt 1 ] || [ "$proxies" -gt 1 ]
}

# survey/files

# look_at_shared_config NEEDED: the file from which the cluster is filled. NEEDED is
# yes on a master, whose file may become everybody's (T25).
look_at_shared_config() {
	local verdict=FAIL do='copy it from a master that has the right one, owner root, mode 0644'
	read_shared_config
	if [ -z "$FAULT" ]; then
		row PASS shared_config 'there, sets values, a shell gets through' "$(file_digest /etc/clearwater/shared_config)"
		return 0
	fi
	if [ "$FAULT" = missing ] && [ "$1" != yes ]; then
		verdict=WARN do='nothing: this node takes the one of the masters, and its services restart for it (T28)'
	elif [ "$FAULT" = returns ] || [ "$FAULT" = fails ]; then
		do='mend the file, the same on every node'
	fi
	row "$verdict" shared_config 'there, sets values, no carriage returns, a shell gets through' "$FAULT: $SEEN" \
		'a node without a good one could give the whole site an empty one (T25), or fail to read it' "$do"
}

# look_at_plain NAME FILE: a file that is optional; people compare the digests.
look_at_plain() {
	if [ ! -f "$2" ]; then
		row PASS "$1" 'the same on every node of its kind' 'missing; fine if it is missing on every node of its kind'
	else
		look_at_letters "$1" "$2" "$(file_digest "$2")"
	fi
}

# look_at_letters NAME FILE SEEN: the row of a file that is good, but for letters
# that check_config_sync stumbles over (T31).
look_at_letters() {
	if plain_ascii "$2"; then
		row PASS "$1" 'the same on every node of its kind' "$3"
	else
		row WARN "$1" 'characters of ASCII alone' "$3; it has others" \
			"Clearwater's check_config_sync will call it out of sync for ever (T31)" \
			'nothing; the scripts know that'
	fi
}

# survey/room

look_at_room() {
	local status=0
	if [ -L /var/lib/clearwater-etcd ]; then
		row FAIL 'room for copies' '/var/lib/clearwater-etcd is a plain folder' 'it is a symbolic link' \
			'the copy would hold the link and not the data' 'mount the folder there instead of the link'
		return 0
	fi
	if [ ! -d /var/lib/clearwater-etcd ]; then
		row PASS 'room for copies' 'room for a copy of the etcd data' 'there is no etcd data to copy'
		return 0
	fi
	room_for /var/lib/clearwater-etcd || status=$?
	right "$status" 'room for copies' "$ROOM kB for a copy of the etcd data" 'the copy would fill the disk' \
		'make room under /var/backups, without touching /var/lib/clearwater-etcd'
}

# look_at_tools: what would put the old local_config back (T22).
look_at_tools() {
	local place file line found='' tool='(chef-client|puppet|salt-minion|salt-call|ansible-pull|cf-agent)'
	read_processes
	while IFS= read -r line; do
		if [[ $line =~ $tool ]] && ! has "${BASH_REMATCH[1]} runs" "$found"; then
			found="$found${BASH_REMATCH[1]} runs"$'\n'
		fi
	done <<<"$PROCESSES"
	for place in /etc/chef /etc/puppet /etc/puppetlabs /etc/salt; do
		if [ -d "$place" ]; then
			found="$found$place is there"$'\n'
		fi
	done
	for file in /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /var/spool/cron/crontabs/root; do
		if [ -f "$file" ] && names_tool "$file" "$tool"; then
			found="$found$file calls one"$'\n'
		fi
	done
	if [ -n "$found" ]; then
		row WARN 'managing tools' 'no Chef, Puppet, Salt or the like' "$(joined "$found")" \
			'its next run may put the old local_config back (T22)' \
			'switch it off on every live node, until its own values are corrected'
	else
		row PASS 'managing tools' 'no Chef, Puppet, Salt or the like' 'none was found'
	fi
}

# names_tool FILE PATTERN: does the file, by name or by a line that is no comment,
# start one of the tools?
names_tool() {
	local line tool=$2
	if [[ $1 =~ $tool ]]; then
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line != '#'* && $line =~ $tool ]]; then
			return 0
		fi
	done <"$1"
	return 1
}

