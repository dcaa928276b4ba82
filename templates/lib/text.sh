# -- Sets of lines: a set is a text with one member a line.

# lines MEMBER...: a set of its arguments.
lines() { printf '%s\n' "$@"; }

# has MEMBER SET
has() { [[ $'\n'"$2"$'\n' == *$'\n'"$1"$'\n'* ]]; }

# minus A B: the members of A that are not in B.
minus() {
	local member
	while IFS= read -r member; do
		if [ -n "$member" ] && ! has "$member" "$2"; then
			printf '%s\n' "$member"
		fi
	done <<<"$1"
}

# joined SET: its members on one line.
joined() {
	local member text=''
	while IFS= read -r member; do
		if [ -n "$member" ]; then
			text="$text${text:+, }$member"
		fi
	done <<<"$1"
	printf '%s\n' "${text:-none}"
}

# named NETWORK SET: addresses on one line, each with the name of its node.
# NETWORK is management or signaling: the two may use the same addresses.
named() {
	local network=$1 member entry text=''
	while IFS= read -r member; do
		if [ -z "$member" ]; then
			continue
		fi
		text="$text${text:+, }$member"
		for entry in "${NAMES[@]}"; do
			if [ "${entry% *}" = "$network $member" ]; then
				text="$text (${entry##* })"
				break
			fi
		done
	done <<<"$2"
	printf '%s\n' "${text:-none}"
}

# plain_ascii FILE: has it nothing but printable ASCII, tabs and newlines?
plain_ascii() {
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line == *[!\ -~$'\t']* ]]; then
			return 1
		fi
	done <"$1"
}

