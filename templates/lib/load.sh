# -- Loading the data store values

# judge_load STORE: did the load that was run last insert the expected set? It
# exits with 0 on "Update failed" and on nonsense too (T41).
judge_load() {
	local line json='' key='' pattern='Inserting data (\{.*\}) into etcd key ([^[:space:]]+)'
	while IFS= read -r line; do
		if [[ $line =~ $pattern ]]; then
			json=${BASH_REMATCH[1]}
			key=${BASH_REMATCH[2]}
		fi
	done <<<"$OUT"
	read_members "$json"
	if [ "$key" != "$(store_key "$1")" ]; then
		SEEN="status $STATUS, inserted into key '$key': $OUT"
		return 1
	fi
	members_right "$1" || return 1
	SEEN="status $STATUS: $OUT"
	[ "$STATUS" -eq 0 ] && [[ $OUT == *'Update succeeded'* ]]
}

# prove_load STORE: the verdict over the load, and over what etcd holds now.
prove_load() {
	if [ "$DRY" = yes ]; then
		cannot_tell "whether then etcd holds the right value of $1"
		return 0
	fi
	if ! judge_load "$1"; then
		fail "Inserting data, with at least $(named signaling "$(store_needed "$1")"), each normal, \
into $(store_key "$1"), then Update succeeded" "$SEEN" \
			"the value of $1 is not right in etcd; a cluster manager must not start now (T40, T41)" \
			"run the stage again; if it then refuses, $START_OVER"
	fi
	if ! answered_right "$1"; then
		fail "etcd holds the value that was inserted" "$SEEN" 'the value was overwritten, or etcd lost it' \
			"$START_OVER"
	fi
	ok "$SEEN"
}

# loaded_already STORE: is the value there and right? A value that is there and
# wrong was written by a cluster manager that must not run (T39).
loaded_already() {
	if answered_right "$1"; then
		already "$SEEN"
		return 0
	fi
	if [ -n "$VALUE" ]; then
		fail "no value of $1 in etcd yet, or the right one" "$SEEN; the value is: $VALUE" \
			'a cluster manager has run somewhere since the wipe, or an earlier load read a wrong file (T39, T45)' \
			"$START_OVER"
	fi
	return 1
}

