# -- Waiting

SEEN='' # what a check saw last

# wait_for SECONDS EVERY WHAT FUNCTION [ARGUMENT...]: calls FUNCTION every EVERY
# seconds until it succeeds, for at most SECONDS. FUNCTION says in SEEN what it
# saw. A dry run looks once.
wait_for() {
	local limit=$1 every=$2 what=$3 begin elapsed=0 tries=0 status=0
	shift 3
	TOLD=''
	begin=$(date +%s)
	while ! "$@"; do
		elapsed=$(($(date +%s) - begin))
		tries=$((tries + 1))
		if [ "$DRY" = yes ] || [ "$elapsed" -ge "$limit" ] || [ $((tries * every)) -ge "$limit" ]; then
			status=1
			break
		fi
		if [ $((tries * every % 30)) -lt "$every" ]; then
			TOLD='' # every half minute also without news
		fi
		say_waiting "$what" "$elapsed" "$limit"
		heed_stop
		sleep "$every"
	done
	end_waiting
	if [ "$status" -ne 0 ] && [ "$DRY" = no ]; then
		say "waited $elapsed of $limit seconds for $what"
	fi
	return "$status"
}

TOLD='' # the last line about the wait said that; empty before the first one

# say_waiting WHAT ELAPSED LIMIT: where the wait stands: always on the same line of a
# terminal, otherwise on a new line when there is news and now and then.
say_waiting() {
	local line
	if has_screen; then
		clean "$NODE: $2 of $3 s: waiting for $1; now: ${SEEN%%$'\n'*}"
		line=${CLEAN:0:79}
		printf '%s%-79s' $'\r' "$line"
	elif [ "$TOLD" != "now: $SEEN" ]; then
		say "waiting for $1, $2 of at most $3 seconds; now: $SEEN"
	fi
	TOLD="now: $SEEN"
}

# end_waiting: goes on below the line of a terminal.
end_waiting() {
	if [ -n "$TOLD" ] && has_screen; then
		printf '\n'
	fi
}

# has_screen: is there a terminal that can print over a line?
has_screen() {
	[ -t 1 ] && [ "${TERM:-dumb}" != dumb ]
}

