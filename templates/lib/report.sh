# -- Saying things

CHANGED=no # yes as soon as this run has changed anything on the node
ENDED=no   # yes once the verdict is said
DRY=no     # yes in a dry run: nothing is changed, each change is said instead
PENDING=no # yes in a dry run once a change was only said: what it leads to cannot be told
UNSURE=no  # yes in a dry run where the step under way cannot be told
STAGE=''   # the stage under way
STEP=''    # the step under way
SAID=''    # what the step under way has said
AFFECTS='' # whom it affects that the stage under way is not done

# The remedy where only all nodes together can begin anew (T14).
START_OVER="start from the beginning: the stage stop on every live node of site $SITE"

# put_out TEXT: one line to the terminal and to the journal.
put_out() {
	SAID=$SAID$1$'\n'
	printf '%s\n' "$1"
}

# say TEXT...: prose, each TEXT wrapped to 80 columns.
say() {
	local text line word words
	for text in "$@"; do
		clean "$text"
		read -r -a words <<<"$NODE: $CLEAN"
		line=''
		for word in "${words[@]}"; do
			if [ $((${#line} + ${#word})) -ge 79 ] && [ "$line" != "$NODE:" ]; then
				put_out "$line"
				line="$NODE:  "
			fi
			line="$line${line:+ }$word"
		done
		put_out "$line"
	done
}

# show TEXT: output of a command, line by line as it is.
show() {
	local line
	clean "$1"
	while IFS= read -r line; do
		put_out "$NODE| $line"
	done <<<"$CLEAN"
}

# say_command LABEL COMMAND: a command, whole on one line, so that it can be
# searched for and compared.
say_command() {
	clean "$2"
	if [ $((${#NODE} + ${#1} + ${#CLEAN})) -le 76 ]; then
		put_out "$NODE: $1 $CLEAN"
	else
		put_out "$NODE: $1"
		put_out "$NODE| $CLEAN"
	fi
}

# step ID TITLE SOURCE: announces a step.
step() {
	record_step 0
	STEP=$1
	UNSURE=no
	printf '\n'
	say "-- $1: $2" "(from $3)"
}

# ok TEXT: what was checked is right. After a change that a dry run has only said,
# it would be no proof.
ok() {
	if [ "$UNSURE" = no ]; then
		say "OK: $1"
	fi
}

# already TEXT: what a step is for was done before.
already() {
	if [ "$DRY" = yes ]; then
		say "ALREADY DONE: $1"
	else
		say "OK, done before: $1"
	fi
}

warn() { say "WARNING: $1"; }

# would_run COMMAND: what a run would do here.
would_run() {
	PENDING=yes UNSURE=yes
	say_command 'WOULD RUN:' "$1"
}

# cannot_tell TEXT: what a dry run cannot know, since a change before it was only
# said.
cannot_tell() {
	PENDING=yes UNSURE=yes
	say "CANNOT TELL: $1"
}

# told LABEL TEXT: one line of a verdict; further lines of TEXT are shown below.
told() {
	local first=${2%%$'\n'*}
	say "$1 $first"
	if [ "$first" != "$2" ]; then
		show "${2#*$'\n'}"
	fi
}

# fail EXPECTED SEEN MEANS DO: the verdict that something is not right. Exit
# status 1 if nothing was changed, 3 if a change was begun. Only in a dry run, and
# only after a change that was said and not made, does it come back.
fail() {
	if [ "$PENDING" = yes ]; then
		cannot_tell "whether then $1"
		return 0
	fi
	printf '\n'
	say 'NOT RIGHT'
	told 'expected:' "$1"
	told 'seen:' "$2"
	told 'means:' "$3"
	told 'do:' "$4"
	told 'affects:' "${AFFECTS:-this node alone; calls go on}"
	if [ "$CHANGED" = no ]; then
		finish_with 1
	fi
	finish_with 3
}

# give_up EXPECTED MEANS DO: the verdict that a wait has reached its limit; what
# it saw last is in SEEN. Exit status 4. A dry run does not wait, and comes back.
give_up() {
	if [ "$DRY" = yes ]; then
		cannot_tell "whether then $1; a run waits for it"
		return 0
	fi
	printf '\n'
	say 'NOT RIGHT: waited to the limit'
	told 'expected:' "$1"
	told 'seen last:' "$SEEN"
	told 'means:' "$2"
	told 'do:' "$3"
	told 'affects:' "${AFFECTS:-this node alone; calls go on}"
	finish_with 4
}

# finish_with STATUS: says whether the node was changed, and leaves.
finish_with() {
	if [ "$CHANGED" = no ]; then
		say "Nothing was changed on $NODE by this run."
	else
		say "Stage $STAGE on $NODE is NOT done; it stopped in step $STEP." \
			'When the cause is mended, run it again:'
		show "sudo bash $NODE.sh $STAGE"
	fi
	if [ -n "$STEP" ]; then
		say 'To take home what is needed to find the cause:'
		show "sudo bash $NODE.sh --archive"
	fi
	leave "$1"
}

# done_with TEXT...: the verdict that the stage is done and verified.
done_with() {
	printf '\n'
	if [ "$DRY" = yes ]; then
		say "DRY RUN of the stage $STAGE on $NODE: nothing was changed."
		leave 0
	fi
	say "STAGE $STAGE DONE on $NODE. $1"
	shift
	say "$@"
	at_end
	leave 0
}

# -- Running things

# ask SECONDS COMMAND...: runs a command for at most SECONDS. What it prints goes
# to OUT, its exit status to STATUS; neither ends the script.
ask() {
	local limit=$1
	shift
	heed_stop
	if ! has "$*" "$ASKED"; then
		ASKED=$ASKED$*$'\n'
	fi
	if OUT=$(timeout "$limit" "$@" 2>&1); then
		STATUS=0
	else
		STATUS=$?
	fi
	if [ "$STATUS" -eq 124 ]; then
		OUT="$OUT (no answer within $limit seconds)"
	fi
}

# note_changed: from here on this run has changed the node.
note_changed() {
	if [ "$CHANGED" = no ]; then
		CHANGED=yes
		write_note
	fi
}

# unwritten PATH: the verdict where a file could not be written.
unwritten() {
	note_changed
	fail "$1 is written" 'it is not; the message is above' 'the disk is full or read-only' \
		'make room or mend the disk, then run the stage again:'$'\n'"df -h ${1%/*}"
}

# change COMMAND...: runs a command that changes the node, and shows it. Whether
# it did its work is for the proof that follows.
change() {
	local asked=$ASKED
	if [ "$DRY" = yes ]; then
		would_run "$*"
		return 0
	fi
	note_changed
	say_command 'run:' "$*"
	ask 600 "$@"
	ASKED=$asked # it has a line of its own in the journal
	if [ -n "$OUT" ]; then
		show "$OUT"
	fi
	record "$*" "$STATUS" "$OUT"
	return "$STATUS"
}

# request COMMAND...: a change that a daemon is asked for. The exit status says
# only that the daemon took the request (T1).
request() {
	if ! change "$@"; then
		fail 'monit takes the request' "status $STATUS: $OUT" \
			"monit's daemon is not running, or it does not know the group" \
			'start monit, wait half a minute, then run the stage again:'$'\n''sudo service monit start'
	fi
}

