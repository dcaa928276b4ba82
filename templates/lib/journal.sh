# -- The journal: what was done on this node, a line of JSON a step

JOURNAL=''       # the file; empty as long as nothing is recorded
OUTPUTS=''       # the folder of what each line's command has printed
ENTRIES=0        # lines in the journal
LINE_BEFORE=none # digest of the last of them
CASE=''          # number of a ticket, or the like
ASKED=''         # the commands that the step under way has asked, a line each

# make_log_folder: the folder of all records, for root alone.
make_log_folder() {
	mkdir -p /var/log/requorum && chmod 0700 /var/log/requorum
}

# open_journal COMMAND: goes on behind the last line of the journal. Without room
# for a journal the recovery goes on all the same.
open_journal() {
	if ! make_log_folder || ! mkdir -p "/var/log/requorum/$NODE.outputs"; then
		warn 'there is no journal of this run: /var/log/requorum cannot be written; the message is above'
		return 0
	fi
	JOURNAL=/var/log/requorum/$NODE.journal
	OUTPUTS=/var/log/requorum/$NODE.outputs
	if [ -s "$JOURNAL" ]; then
		if [ -n "$(tail -c 1 "$JOURNAL")" ]; then
			say 'the last line of the journal was cut off when the node lost power, or the script was killed'
			printf '\n' >>"$JOURNAL" || no_journal
		fi
		read -r ENTRIES _ <<<"$(wc -l "$JOURNAL")"
		LINE_BEFORE=$(digest_of "$(tail -n 1 "$JOURNAL")")
	fi
	record "$1" null "plan $PLAN, case ${CASE:-none}"
}

# no_journal: what to do where a line cannot be written: say so, and go on.
no_journal() {
	JOURNAL=''
	warn 'the journal cannot be written any more; the recovery goes on without it'
}

# digest_of LINE: the SHA-256 of a line with its end.
digest_of() {
	local sum
	read -r sum _ <<<"$(printf '%s\n' "$1" | sha256sum)"
	printf '%s\n' "$sum"
}

# record COMMAND STATUS OUTPUT: appends a line about a command that has ended;
# STATUS null is one that begins. Its output goes into a file beside the journal.
# Each line holds the digest of the line before, so that nothing can be taken out
# or changed unseen.
record() {
	local sum line
	if [ -z "$JOURNAL" ]; then
		return 0
	fi
	ENTRIES=$((ENTRIES + 1))
	clean "$3"
	if ! printf '%s\n' "$CLEAN" >"$OUTPUTS/$ENTRIES.txt"; then
		no_journal
		return 0
	fi
	read -r sum _ <<<"$(sha256sum "$OUTPUTS/$ENTRIES.txt")"
	line="{\"seq\":$ENTRIES,\"time\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"plan\":\"$PLAN\",\"node\":\"$NODE\""
	line="$line,\"stage\":\"$STAGE\",\"step\":\"$STEP\",\"case\":$(json_string "$CASE"),\"command\":$(json_string "$1")"
	line="$line,\"status\":$2,\"output\":\"$sum\",\"before\":\"$LINE_BEFORE\"}"
	if ! printf '%s\n' "$line" >>"$JOURNAL"; then
		no_journal
		return 0
	fi
	LINE_BEFORE=$(digest_of "$line")
}

# record_step STATUS: the line about the step under way, with all that it has
# asked and said.
record_step() {
	if [ -n "$SAID$ASKED" ]; then
		record "$(joined "$ASKED")" "$1" "${SAID%$'\n'}"
	fi
	SAID='' ASKED=''
}

# json_string TEXT: the text as a string of JSON, without secrets.
json_string() {
	local text='' plain rest
	clean "$1"
	rest=$CLEAN
	while [[ $rest == *[\\\"$'\n\t']* ]]; do
		plain=${rest%%[\\\"$'\n\t']*}
		rest=${rest:${#plain}}
		case ${rest:0:1} in
		$'\n') text="$text$plain\\n" ;;
		$'\t') text="$text$plain\\t" ;;
		*) text="$text$plain\\${rest:0:1}" ;;
		esac
		rest=${rest:1}
	done
	printf '"%s"\n' "$text$rest"
}

