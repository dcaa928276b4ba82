# -- Waiting

SEEN='' # what a check saw last

# wait_for SECONDS EVERY WHAT FUNCTION [ARGUMENT...]: calls FUNCTION every EVERY
# seconds until it succeeds, for at most SECONDS. FUNCTION says in SEEN what it
# saw.
wait_for() {
	local limit=$1 every=$2 what=$3 begin elapsed=0 tries=0 told=''
	shift 3
	begin=$(date +%s)
	while ! "$@"; do
		elapsed=$(($(date +%s) - begin))
		tries=$((tries + 1))
		if [ "$elapsed" -ge "$limit" ] || [ $((tries * every)) -ge "$limit" ]; then
			say "waited $elapsed of $limit seconds for $what"
			return 1
		fi
		if [ "$told" != "$SEEN" ] || [ $((tries % 6)) -eq 0 ]; then
			say "waiting for $what ($elapsed of at most $limit seconds); now: $SEEN"
			told=$SEEN
		fi
		sleep "$every"
	done
}

