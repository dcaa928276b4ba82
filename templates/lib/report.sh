# -- Saying things

CHANGED=no # yes as soon as this run has changed anything on the node
ENDED=no   # yes once the verdict is said
STAGE=''   # the stage under way
STEP=''    # the step under way

# The remedy where only all nodes together can begin anew (T14).
START_OVER="start from the beginning: the stage stop on every live node of site $SITE"

# say TEXT...: prose, each TEXT wrapped to 80 columns.
say() {
	local text line word words
	for text in "$@"; do
		read -r -a words <<<"$NODE: $text"
		line=''
		for word in "${words[@]}"; do
			if [ $((${#line} + ${#word})) -ge 79 ] && [ "$line" != "$NODE:" ]; then
				printf '%s\n' "$line"
				line="$NODE:  "
			fi
			line="$line${line:+ }$word"
		done
		printf '%s\n' "$line"
	done
}

# show TEXT: output of a command, line by line as it is.
show() {
	local line
	while IFS= read -r line; do
		printf '%s| %s\n' "$NODE" "$line"
	done <<<"$1"
}

# step ID TITLE SOURCE: announces a step.
step() {
	STEP=$1
	printf '\n'
	say "-- $1: $2" "(from $3)"
}

ok() { say "OK: $1"; }

warn() { say "WARNING: $1"; }

# told LABEL TEXT: one line of a verdict; further lines of TEXT are shown below.
told() {
	local first=${2%%$'\n'*}
	say "$1 $first"
	if [ "$first" != "$2" ]; then
		show "${2#*$'\n'}"
	fi
}

# fail EXPECTED SEEN MEANS DO: the verdict that something is not right. Exit
# status 1 if nothing was changed, 3 if a change was begun.
fail() {
	printf '\n'
	say 'NOT RIGHT'
	told 'expected:' "$1"
	told 'seen:' "$2"
	told 'means:' "$3"
	told 'do:' "$4"
	if [ "$CHANGED" = no ]; then
		finish_with 1
	fi
	finish_with 3
}

# give_up EXPECTED MEANS DO: the verdict that a wait has reached its limit; what
# it saw last is in SEEN. Exit status 4.
give_up() {
	printf '\n'
	say 'NOT RIGHT: waited to the limit'
	told 'expected:' "$1"
	told 'seen last:' "$SEEN"
	told 'means:' "$2"
	told 'do:' "$3"
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
	ENDED=yes
	exit "$1"
}

# done_with TEXT...: the verdict that the stage is done and verified.
done_with() {
	printf '\n'
	say "STAGE $STAGE DONE on $NODE. $1"
	shift
	say "$@"
	ENDED=yes
	exit 0
}

# on_exit catches what no verdict foresaw.
on_exit() {
	local status=$?
	if [ "$ENDED" = yes ]; then
		return 0
	fi
	printf '\n'
	say "STOPPED: interrupted, or a command failed unforeseen (status $status)${STEP:+, in step $STEP}."
	if [ "$CHANGED" = no ]; then
		say "Nothing was changed on $NODE by this run."
		exit 1
	fi
	say 'Changes were begun. Run the same stage again:'
	show "sudo bash $NODE.sh $STAGE"
	exit 3
}

# -- Running things

# ask SECONDS COMMAND...: runs a command for at most SECONDS. What it prints goes
# to OUT, its exit status to STATUS; neither ends the script.
ask() {
	local limit=$1
	shift
	if OUT=$(timeout "$limit" "$@" 2>&1); then
		STATUS=0
	else
		STATUS=$?
	fi
	if [ "$STATUS" -eq 124 ]; then
		OUT="$OUT (no answer within $limit seconds)"
	fi
}

# unwritten PATH: the verdict where a file could not be written.
unwritten() {
	CHANGED=yes
	fail "$1 is written" 'it is not; the message is above' 'the disk is full or read-only' \
		'make room or mend the disk, then run the stage again:'$'\n'"df -h ${1%/*}"
}

# change COMMAND...: runs a command that changes the node, and shows it. Where a
# proof follows, its failure is left to the proof.
change() {
	CHANGED=yes
	say "run: $*"
	"$@"
}

# request COMMAND...: a change that a daemon is asked for. The exit status says
# only that the daemon took the request (T1).
request() {
	CHANGED=yes
	say "run: $*"
	ask 60 "$@"
	if [ "$STATUS" -ne 0 ]; then
		fail 'monit takes the request' "status $STATUS: $OUT" \
			"monit's daemon is not running, or it does not know the group" \
			'start monit, wait half a minute, then run the stage again:'$'\n''sudo service monit start'
	fi
}

