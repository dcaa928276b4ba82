# -- The roles in /etc/clearwater/local_config

# role_set: does a clean shell get the new masters for this node's role, and
# nothing for the other one?
role_set() {
	if ! read_config; then
		SEEN=$CONFIG
		return 1
	fi
	SEEN="$ROLE='$(config_value "$ROLE")', $OTHER_ROLE='$(config_value "$OTHER_ROLE")'"
	[ "$(config_value "$ROLE")" = "$MASTER_LIST" ] && [ -z "$(config_value "$OTHER_ROLE")" ]
}

# role_line LINE: does it assign etcd_cluster or etcd_proxy, however badly (T17)?
role_line() {
	local pattern='^[[:space:]]*(export[[:space:]]+)?etcd_(cluster|proxy)[[:space:]]*='
	[[ $1 =~ $pattern ]]
}

# Filled by read_local_config.
KEPT=''    # the file without its role lines, every line ended, no carriage return
DROPPED='' # the role lines
SHAPE=''   # what is wrong with the shape of the file; empty if nothing
CROOKED='' # role lines that only a person can cut

read_local_config() {
	local line return=$'\r' last=''
	KEPT='' DROPPED='' SHAPE='' CROOKED=''
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line == *"$return" ]]; then
			line=${line%"$return"}
			SHAPE='lines end in carriage returns (T19)'
		fi
		last=$line
		if role_line "$line"; then
			DROPPED=$DROPPED$line$'\n'
			if ! one_line "$line"; then
				CROOKED=$CROOKED$line$'\n'
			fi
		else
			KEPT=$KEPT$line$'\n'
		fi
	done </etc/clearwater/local_config
	if [ -n "$last" ] && [ -n "$(tail -c 1 /etc/clearwater/local_config)" ]; then
		SHAPE="${SHAPE:+$SHAPE; }the last line has no end (T18)"
	fi
}

# one_line LINE: does a role line hold nothing more, and end where it ends?
one_line() {
	local quotes=${1//[!\"\']/}
	if [[ $1 == *\\ || $1 == *[\;\&]* ]]; then
		return 1
	fi
	[ $((${#quotes} % 2)) -eq 0 ]
}

# role_lines FILE: its lines that assign etcd_cluster or etcd_proxy.
role_lines() {
	local line
	if [ ! -f "$1" ]; then
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		if role_line "$line"; then
			printf '%s\n' "$line"
		fi
	done <"$1"
}

# check_overrides: user_settings is read after local_config and would win (T20).
check_overrides() {
	local found
	found=$(role_lines /etc/clearwater/user_settings)
	if [ -n "$found" ]; then
		fail 'user_settings sets neither etcd_cluster nor etcd_proxy' "$found" \
			'user_settings is read last, so this line would win over local_config (T20)' \
			'take the line out of /etc/clearwater/user_settings, for example so; then run the stage again:'$'\n'"\
sudo sed -i.before -E '/^ *(export +)?etcd_(cluster|proxy) *=/d' /etc/clearwater/user_settings"
	fi
}

# check_local_config: everything that can be refused before the first change.
check_local_config() {
	if [ -L /etc/clearwater/local_config ]; then
		fail '/etc/clearwater/local_config is a plain file' 'it is a symbolic link' \
			'the edit would replace the link' 'put the file itself there'
	fi
	check_overrides
	read_local_config
	if [ -n "$CROOKED" ]; then
		fail 'etcd_cluster and etcd_proxy each stand on a line of local_config of their own' "${CROOKED%$'\n'}" \
			'the line holds more, or goes on in the next one, and only a person can cut it safely' \
			'edit /etc/clearwater/local_config: one assignment a line, without quotes; then run the stage again'
	fi
	ask 20 sh -n /etc/clearwater/local_config
	if [ "$STATUS" -ne 0 ]; then
		fail 'local_config is good shell' "$OUT" 'a line of the file is broken' \
			'mend the line that the message names; then run the stage again'
	fi
}

# confirm_role: the edit of local_config is confirmed before anything else.
confirm_role() {
	if role_set && [ -z "$SHAPE" ]; then
		return 0
	fi
	check_space /etc/clearwater/local_config
	confirm "This stage replaces the lines of etcd_cluster and etcd_proxy in /etc/clearwater/local_config." \
		"A copy of the file is made first, in a new folder under /var/backups/requorum/$PLAN."
}

# set_role: gives this node's role the new masters and blanks the other (T16).
# A file that says so already, in good shape, is left alone.
set_role() {
	if role_set && [ -z "$SHAPE" ]; then
		already "local_config says $SEEN"
		return 0
	fi
	say "now: $SEEN${SHAPE:+; $SHAPE}"
	put /etc/clearwater/local_config "$KEPT$ROLE=$MASTER_LIST"$'\n'"$OTHER_ROLE="$'\n'
	prove_role
}

# prove_role: the proof that set_role did its work (T20).
prove_role() {
	if ! role_set; then
		fail "$ROLE=$MASTER_LIST and $OTHER_ROLE empty, as a clean shell reads /etc/clearwater/config" "$SEEN" \
			'another file, or another line of local_config, sets them otherwise (T20)' \
			'look for etcd_cluster and etcd_proxy in shared_config, local_config and user_settings'
	fi
	check_addresses
	if ! config_loads; then
		fail 'a strict shell gets through /etc/clearwater/config' "$SEEN" \
			'a line of shared_config, local_config or user_settings fails, or uses an unset variable' \
			'mend the line that the message names; run the stage again'
	fi
	ok "a clean shell reads $ROLE=$MASTER_LIST, and $OTHER_ROLE is empty"
}

