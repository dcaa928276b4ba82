#!/bin/bash
#
# vellum-1: its part in the recovery of the etcd cluster of site site1.
# Plan 62334b1da1bf, made by requorum.
#
# Run this on node vellum-1 only, as root:
#
#     sudo bash vellum-1.sh STAGE
#
# Without a STAGE it looks at the node, changes nothing and says what is next.
# RUNBOOK.md of the same plan says when each stage is due and what must be true
# on the other nodes before it.
#
# From top to bottom: the values of this node, the function library, the stages.
# Numbers such as "procedure 1.7" are section and sentence of the written
# procedure; T5 is a trap in it. RUNBOOK.md explains both.

set -euo pipefail
export LC_ALL=C no_proxy='*' NO_PROXY='*'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# ---- Values of this node and of this plan ------------------------------------

PLAN='62334b1da1bf'
DEPLOYMENT='known-good config'
NODE='vellum-1'
TYPE='vellum'

# Signaling address, management address; Clearwater's local_site_name, etcd_key.
LOCAL_IP='10.0.0.11'
MANAGEMENT_IP='10.0.0.11'
SITE='site1'
ETCD_KEY='clearwater'

# The master whose configuration manager starts first (T25).
SOURCE='vellum-1'

# The role of this node in the new cluster, and the other one, by the names that
# they have in local_config.
ROLE=etcd_cluster
OTHER_ROLE=etcd_proxy

# The new masters: what etcd_cluster and etcd_proxy are set to, and one by one.
MASTER_LIST='10.0.0.11'
MASTERS=(
	'10.0.0.11'
)

# Which node an address on which network belongs to.
NAMES=(
	'management 10.0.0.11 vellum-1'
	'signaling 10.0.0.11 vellum-1'
	'signaling 10.0.0.12 vellum-2'
)

# The Vellum nodes of the site by signaling address, and their etcd_cluster_key.
STORE_KEY='vellum'
LIVE_VELLUMS=(
	'10.0.0.11'
)
ALL_VELLUMS=(
	'10.0.0.11'
	'10.0.0.12'
)
FAILED_VELLUMS=(
	'10.0.0.12'
)

# Identity for Chronos, should this node have lost its own.
INSTANCE_ID='0'
DEPLOYMENT_ID='0'

# The known-good shared_config, byte for byte, and its SHA-256.
SHARED_CONFIG_SUM='c5cfdeabcde7bf88dfc78bbe7679d6ecb184980e6726f7cb0642edcb45f6d372'
# shellcheck disable=SC2016 # this is the text of the file, not code
SHARED_CONFIG='# Deployment definitions
home_domain=example.com
sprout_hostname=sprout.example.com
hs_hostname=hs.example.com:8888
snmp_notification_types='\''influxdb'\'' # it'\''s "quoted" $(twice) `over` \ and with a tab	here
alias_list="one.example.com,two.example.com"
'

# ---- Function library --------------------------------------------------------

# -- What must not be printed

# Clearwater's secrets (facts 2.8) by the names that they have in its files.
SECRET_NAMES='signup_key|turn_workaround|ellis_api_key|smtp_password'
SECRETS='' # their values on this node, a line each
CLEAN=''   # what clean has made

# learn_secrets: reads the values out of the files themselves, so that they are
# known also where no shell gets through the files.
learn_secrets() {
	local file line value word words pattern="^[[:space:]]*(export[[:space:]]+)?($SECRET_NAMES)[[:space:]]*=(.*)$"
	for file in /etc/clearwater/shared_config /etc/clearwater/local_config /etc/clearwater/user_settings; do
		if [ ! -f "$file" ]; then
			continue
		fi
		while IFS= read -r line || [ -n "$line" ]; do
			if [[ $line =~ $pattern ]]; then
				value=${BASH_REMATCH[3]//[\"\'$'\r']/}
				value=${value%% #*}
				learn_secret "$value"
				read -r -a words <<<"- $value" # never empty
				for word in "${words[@]}"; do
					learn_secret "$word"
				done
			fi
		done <"$file"
	done
}

# learn_secret VALUE: very short values would hide half of any text.
learn_secret() {
	if [ "${#1}" -ge 4 ] && [[ '(hidden)' != *"$1"* ]] && ! has "$1" "$SECRETS"; then
		SECRETS=$SECRETS$1$'\n'
	fi
}

# clean TEXT: the text without secrets, and with nothing but printable ASCII,
# tabs and newlines, goes to CLEAN.
clean() {
	local line text='' names="$SECRET_NAMES"
	CLEAN=${1//[!\ -~$'\t\n']/?}
	if [ -z "$SECRETS" ] && ! [[ $CLEAN =~ $names ]]; then
		return 0
	fi
	while IFS= read -r line; do
		CLEAN=$line
		if [[ $line =~ $names ]]; then
			hide_assigned "$line"
		fi
		hide_values "$CLEAN"
		text=$text$CLEAN$'\n'
	done <<<"$CLEAN"
	CLEAN=${text%$'\n'}
}

# hide_values LINE: hides the values that are known from this node.
hide_values() {
	local secret before rest
	CLEAN=$1
	while IFS= read -r secret; do
		if [ -z "$secret" ] || [[ $CLEAN != *"$secret"* ]]; then
			continue
		fi
		rest=$CLEAN
		CLEAN=''
		while [[ $rest == *"$secret"* ]]; do
			before=${rest%%"$secret"*}
			rest=${rest#"$before"}
			rest=${rest#"$secret"}
			CLEAN="$CLEAN$before(hidden)"
		done
		CLEAN=$CLEAN$rest
	done <<<"$SECRETS"
}

# hide_assigned LINE: hides what is assigned to one of the names, whatever node
# it comes from, as in a file, in JSON, and in a file within JSON.
hide_assigned() {
	local before="^(.*)($SECRET_NAMES)(\\\\*[\"']?[[:space:]]*[=:][[:space:]]*" quoted bare
	quoted="$before\\\\*[\"'])([^(\"'\\\\][^\"'\\\\]*)(.*)$"
	bare="$before)([^(\"'\\\\[:space:]][^\"'\\\\[:space:]]*)(.*)$"
	CLEAN=$1
	while [[ $CLEAN =~ $quoted || $CLEAN =~ $bare ]]; do
		CLEAN="${BASH_REMATCH[1]}${BASH_REMATCH[2]}${BASH_REMATCH[3]}(hidden)${BASH_REMATCH[5]}"
	done
}
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
	local character text='' i
	clean "$1"
	for ((i = 0; i < ${#CLEAN}; i++)); do
		character=${CLEAN:i:1}
		case $character in
		\\ | \") text=$text\\$character ;;
		$'\n') text=$text\\n ;;
		$'\t') text=$text\\t ;;
		*) text=$text$character ;;
		esac
	done
	printf '"%s"\n' "$text"
}
# -- One run at a time

LOCKED=no # yes in the run that holds the lock
NOTE=''   # what the lock file says: STAGE TIME, and "changed" once a change was begun
INNER=no  # yes once a run under the lock was started from this one

# run_locked ARGUMENT...: runs this script again, under a lock of the kernel that
# ends with its last process, however that ends. flock itself ends with 1 where
# the lock is taken, so the statuses of the stages travel as 10 to 14.
run_locked() {
	local status=0
	INNER=yes
	flock -n /var/run/requorum.lock bash "$0" --locked "$@" || status=$?
	case $status in
	10 | 11 | 13 | 14)
		ENDED=yes
		exit "${status#1}"
		;;
	1)
		if ! flock -n /var/run/requorum.lock true; then
			taken
		fi
		;;
	esac
	cut_off "status $status"
}

# taken: the verdict where another run holds the lock.
taken() {
	local line list=''
	read_note
	read_processes
	while IFS= read -r line; do
		if [[ $line == *bash*' --locked '* && $line != *flock* ]]; then
			list=$list$line$'\n'
		fi
	done <<<"$PROCESSES"
	fail "no other run on $NODE" \
		"a run of the stage ${NOTE%% *} holds the lock /var/run/requorum.lock:"$'\n'"${list%$'\n'}" \
		'two runs at once would undo what the other does' \
		'wait until the other run has ended, then run this again; its terminal shows how far it is'
}

# cut_off HOW: the verdict where the run under the lock has ended without one.
cut_off() {
	if [ "$INNER" = yes ]; then
		read_note
	fi
	printf '\n'
	say "STOPPED: the run was interrupted, or a command failed unforeseen ($1)${STAGE:+, in the stage $STAGE}."
	ENDED=yes
	if [[ $NOTE != *' changed' ]]; then
		say "Nothing was changed on $NODE by this run."
		exit 1
	fi
	say 'Changes were begun. Run the same stage again; it finds out what is done, and does the rest:'
	show "sudo bash $NODE.sh $STAGE"
	exit 3
}

read_note() {
	NOTE=''
	if [ -f /var/run/requorum.lock ]; then
		IFS= read -r NOTE </var/run/requorum.lock || true
	fi
}

# write_note: says in the lock file what this run is at. The file is no lock by
# itself; it is there to be read by people and by the next run.
write_note() {
	local changed=''
	if [ "$CHANGED" = yes ]; then
		changed=' changed'
	fi
	printf '%s\n' "$STAGE $(date -u +%H:%M:%S)$changed" >/var/run/requorum.lock || true
}

# say_unended: a run whose note is still there is under way, or has died.
say_unended() {
	local time
	read_note
	if [ -z "$NOTE" ]; then
		return 0
	fi
	time=${NOTE#* }
	if ! flock -n /var/run/requorum.lock true; then
		say "A run of the stage ${NOTE%% *} is under way since ${time%% *} UTC."
	else
		say_dead_run
		say 'Run the same stage again; it finds out what is done, and does the rest.'
	fi
}

# say_dead_run: the note that was read last was left by a run that has died.
say_dead_run() {
	local time=${NOTE#* }
	say "An earlier run of the stage ${NOTE%% *}, at ${time%% *} UTC, did not come to its end." \
		'Its process is dead and its lock is free.'
}

# begin_run: says what an earlier run has left, and notes this one.
begin_run() {
	read_note
	if [ -n "$NOTE" ]; then
		say_dead_run
		say 'This run finds out what is done, and does the rest.'
	fi
	rm -f /var/run/requorum.stop
	write_note
}

# leave STATUS: the end of a run whose verdict is said.
leave() {
	record_step "$1"
	record "end of the stage $STAGE" "$1" ''
	ENDED=yes
	if [ "$LOCKED" = yes ]; then
		: >/var/run/requorum.lock || true
		exit "1$1"
	fi
	exit "$1"
}

# on_exit catches what no verdict foresaw: Ctrl-C, or a lost connection. A command
# that is under way does not see these, so the run under the lock is asked to end
# before its next command, and waited for.
on_exit() {
	if [ "$ENDED" = yes ]; then
		return 0
	fi
	if [ "$INNER" = yes ]; then
		: >/var/run/requorum.stop || true
		printf '\n'
		say 'Interrupted. The command that is under way ends first; please wait.'
		flock -w 660 /var/run/requorum.lock true || true
	fi
	cut_off 'it was ended from outside'
}

# heed_stop: ends the run under the lock if the one that started it asks for that.
heed_stop() {
	if [ "$LOCKED" = yes ] && [ -e /var/run/requorum.stop ]; then
		exit 1
	fi
}
# -- Confirmation

YES='' # the name that --yes was given

# confirm TEXT...: asks for the name of the node before something is destroyed.
# TEXT says what, and where its copy will be.
confirm() {
	local answer=''
	say "$@"
	if [ "$DRY" = yes ]; then
		say "A run asks for the name of this node here."
		return 0
	fi
	if [ "$YES" = "$NODE" ]; then
		say "confirmed by --yes $NODE"
		return 0
	fi
	if [ -t 0 ]; then
		printf '%s: type the name of this node to go on: ' "$NODE"
		IFS= read -r answer || true
	fi
	if [ "$answer" != "$NODE" ]; then
		fail "the name $NODE" "${answer:-no answer, or no terminal}" 'not confirmed' \
			"run the stage again and type $NODE; without a terminal:"$'\n'"sudo bash $NODE.sh --yes $NODE $STAGE"
	fi
	say "confirmed: $answer"
}
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
		if [ $((tries % 6)) -eq 0 ]; then
			TOLD='' # now and then also without news
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
	if one_line; then
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
	if [ -n "$TOLD" ] && one_line; then
		printf '\n'
	fi
}

# one_line: is there a terminal that can print over a line?
one_line() {
	[ -t 1 ] && [ "${TERM:-dumb}" != dumb ]
}
# -- Is this the node?

CONFIG='' # what Clearwater's own configuration files say: lines NAME=VALUE

# read_config: reads /etc/clearwater/config as Clearwater's programs do, in a
# clean shell, and keeps the values that matter here.
read_config() {
	# shellcheck disable=SC2016 # the other shell expands these
	ask 30 env -i PATH="$PATH" sh -c '. /etc/clearwater/config >/dev/null
printf "%s\n" "local_ip=${local_ip-}" "management_local_ip=${management_local_ip-}" \
	"signaling_namespace=${signaling_namespace-}" "local_site_name=${local_site_name-site1}" \
	"etcd_key=${etcd_key-clearwater}" "etcd_cluster_key=${etcd_cluster_key-}" \
	"etcd_cluster=${etcd_cluster-}" "etcd_proxy=${etcd_proxy-}" \
	"remote_site_name=${remote_site_name-}" "etcd_version=${etcd_version-}" end=end'
	CONFIG=$OUT
	has end=end "$CONFIG"
}

# config_value NAME: a value that read_config has kept, as it is.
config_value() {
	local line
	while IFS= read -r line; do
		if [[ $line == "$1="* ]]; then
			printf '%s\n' "${line#*=}"
			return 0
		fi
	done <<<"$CONFIG"
}

# config_name NAME: the same without a carriage return behind it (T19).
config_name() {
	local value
	value=$(config_value "$1")
	printf '%s\n' "${value%$'\r'}"
}

# config_loads: do Clearwater's strictest programs get through the configuration
# files? They stop at any failing line and at any unset variable.
config_loads() {
	ask 30 env -i PATH="$PATH" sh -c 'set -eu; . /etc/clearwater/config'
	SEEN="status $STATUS: $OUT"
	[ "$STATUS" -eq 0 ]
}

# need COMMAND...: what the stages call must be on the node.
need() {
	local command
	for command in "$@"; do
		if ! command -v "$command" >/dev/null; then
			fail "the command $command is on $NODE" 'it is not' \
				'this is not a Clearwater node, or a package is missing' \
				"check that you are on $NODE; if you are, install what is missing"
		fi
	done
}

# has_address ADDRESS [COMMAND...]: does an interface have the address? COMMAND
# runs ip in another network namespace.
has_address() {
	local address=$1 cidr
	shift
	ask 20 "$@" ip -o addr show
	while read -r _ _ _ cidr _; do
		if [ "${cidr%/*}" = "$address" ]; then
			return 0
		fi
	done <<<"$OUT"
	return 1
}

# check_root: everything below needs root.
check_root() {
	if [ "$(id -u)" != 0 ]; then
		fail 'root runs this script' "user $(id -un)" 'monit and the files need root' \
			'type sudo before the command:'$'\n'"sudo bash $NODE.sh $STAGE"
	fi
}

# check_node: proves that this is the node that the script was made for, before
# anything else.
check_node() {
	need monit service timeout ip ss ps ls cp mv rm find mkdir chmod cat cmp diff sync flock \
		du df date sleep sha256sum sort tail wc curl clearwater-etcdctl
	if [ ! -f /etc/clearwater/local_config ]; then
		fail '/etc/clearwater/local_config is there' 'it is missing' \
			"this is not node $NODE, or the file is lost" \
			"log in to $NODE ($MANAGEMENT_IP); if this is $NODE, put local_config back from a backup or by Chef"
	fi
	if ! read_config; then
		fail 'a shell can read /etc/clearwater/config' "$CONFIG" \
			'shared_config, local_config or user_settings has a syntax error' \
			'mend the line that the message names, then run the stage again'
	fi
	check_addresses
	check_names
	if [[ $CONFIG == *$'\r'* ]]; then
		warn 'the configuration files have carriage returns (T19); this script takes them out of local_config'
	fi
	if [ "$(hostname)" != "$NODE" ]; then
		warn "the host name is $(hostname), not $NODE; the addresses are right, so this goes on"
	fi
}

# check_addresses: local_config and the interfaces against the inventory.
check_addresses() {
	local sig mgmt
	sig=$(config_name local_ip)
	mgmt=$(config_name management_local_ip)
	if [ "$sig" != "$LOCAL_IP" ] || [ "${mgmt:-$sig}" != "$MANAGEMENT_IP" ]; then
		fail "local_ip $LOCAL_IP, management address $MANAGEMENT_IP" \
			"local_ip $sig, management address ${mgmt:-$sig}" \
			"this is not $NODE, or the inventory is wrong" \
			"log in to $NODE; if this is $NODE, correct the inventory and render again"
	fi
	if ! has_address "$MANAGEMENT_IP"; then
		fail "an interface has the address $MANAGEMENT_IP" "$OUT" \
			"this is not $NODE, or its network is down" "log in to $NODE, or bring its network up"
	fi
	if ! has_signaling_address; then
		fail "an interface has the signaling address $LOCAL_IP" "$OUT" \
			"this is not $NODE, or its signaling network is down" \
			"log in to $NODE, or bring its signaling network up"
	fi
}

has_signaling_address() {
	local space
	space=$(config_name signaling_namespace)
	if [ -z "$space" ]; then
		has_address "$LOCAL_IP"
	else
		has_address "$LOCAL_IP" ip netns exec "$space"
	fi
}

# check_names: site and etcd_key must be the inventory's, or the keys in etcd
# would have other names than expected (T51).
check_names() {
	local site key
	site=$(config_name local_site_name)
	key=$(config_name etcd_key)
	if [ "$site" != "$SITE" ] || [ "$key" != "$ETCD_KEY" ]; then
		fail "local_site_name $SITE and etcd_key $ETCD_KEY" "local_site_name $site and etcd_key $key" \
			'the keys in etcd have other names than the plan expects (T51)' \
			"correct whichever is wrong: the configuration of the node, or the inventory (there the name of the site \
is its local_site_name), and then render again"
	fi
}
# -- Copies of what is about to be destroyed

COPIES='' # this run's folder of copies

# make_copies_folder: a new folder for this run, readable by root only, outside
# everything that any stage wipes.
make_copies_folder() {
	local folder tries=0
	if [ -n "$COPIES" ]; then
		return 0
	fi
	note_changed
	mkdir -p "/var/backups/requorum/$PLAN" || unwritten "/var/backups/requorum/$PLAN"
	chmod 0700 /var/backups/requorum || unwritten /var/backups/requorum
	folder=/var/backups/requorum/$PLAN/$(date -u +%Y%m%dT%H%M%SZ)-$STAGE
	while ! mkdir -m 0700 "$folder"; do
		tries=$((tries + 1))
		if [ ! -e "$folder" ] || [ "$tries" -ge 5 ]; then
			unwritten "$folder"
		fi
		sleep 1 # an earlier run of this stage began in the same second
		folder=/var/backups/requorum/$PLAN/$(date -u +%Y%m%dT%H%M%SZ)-$STAGE
	done
	COPIES=$folder
}

# check_space PATH: is there room for a copy of PATH?
check_space() {
	local needed free
	read -r needed _ <<<"$(du -sk "$1")"
	free=$(free_space)
	if [ "$free" -lt $((needed + 1024)) ]; then
		fail "$((needed + 1024)) kB free for the copy of $1" "$free kB free under /var" \
			'the copy would fill the disk' \
			'make room under /var/backups, on this node, without touching /var/lib/clearwater-etcd'
	fi
}

# free_space: kB free where the copies go.
free_space() {
	local place=/var/backups line free=0
	if [ ! -d "$place" ]; then
		place=/var
	fi
	while read -r _ _ _ line _; do
		free=$line
	done <<<"$(df -Pk "$place")"
	printf '%s\n' "$free"
}

# keep PATH: copies a file or a folder with owner, mode and times, and proves
# that the copy is the same. The copy stands in COPIES under its whole path.
keep() {
	if [ "$DRY" = yes ]; then
		would_run "cp -a $1 /var/backups/requorum/$PLAN/TIME-$STAGE$1"
		return 0
	fi
	make_copies_folder
	mkdir -p "$COPIES${1%/*}" || unwritten "$COPIES${1%/*}"
	if ! change cp -a "$1" "$COPIES/${1#/}"; then
		fail "a copy of $1 in $COPIES" "status $STATUS: $OUT" \
			'the disk is full or broken; the original is untouched' \
			'make room, then run the stage again:'$'\n''df -h /var/backups'
	fi
	ask 600 diff -r "$1" "$COPIES$1"
	if [ "$STATUS" -ne 0 ]; then
		fail "the copy of $1 is the same as the original" "they differ: $OUT" \
			'something still writes there, or the disk is broken' \
			"find out which process writes to $1, then run the stage again; the original is untouched"
	fi
	settle
}

# keep_text NAME TEXT COMMAND: what a command has printed, among the copies.
keep_text() {
	if [ "$DRY" = yes ]; then
		would_run "$3 >/var/backups/requorum/$PLAN/TIME-$STAGE/$1"
		return 0
	fi
	make_copies_folder
	say_command 'run:' "$3 >$COPIES/$1"
	printf '%s\n' "$2" >"$COPIES/$1" || unwritten "$COPIES/$1"
	settle
}

# settle: what was written is on the disk, should the power fail now.
settle() {
	ask 120 sync
	if [ "$STATUS" -ne 0 ]; then
		warn "sync has not ended well (status $STATUS): $OUT"
	fi
}

# put PATH TEXT: writes a file whole or not at all. The old one is copied first,
# and gives owner and mode; a new one gets root and 0644.
put() {
	show_difference "$1" "$2"
	if [ -f "$1" ]; then
		keep "$1"
	fi
	if [ "$DRY" = yes ]; then
		would_run "mv -f $1.requorum-new $1"
		return 0
	fi
	note_changed
	if [ -f "$1" ]; then
		cp -a "$1" "$1.requorum-new" || unwritten "$1.requorum-new"
	else
		rm -f "$1.requorum-new"
	fi
	printf '%s' "$2" >"$1.requorum-new" || unwritten "$1.requorum-new"
	if [ ! -f "$1" ]; then
		chmod 0644 "$1.requorum-new" || unwritten "$1.requorum-new"
	fi
	if ! printf '%s' "$2" | cmp -s - "$1.requorum-new"; then
		unwritten "$1.requorum-new"
	fi
	settle
	change mv -f "$1.requorum-new" "$1" || unwritten "$1"
	settle
}

# show_difference PATH TEXT: the file as it is, and as it will be.
show_difference() {
	local old=$1 difference
	if [ ! -f "$old" ]; then
		old=/dev/null
	fi
	if ! difference=$(printf '%s' "$2" | diff -u --label "$1, as it is" --label "$1, as it will be" "$old" -); then
		show "$difference"
	fi
}
# -- Processes, ports and the data directory

PROCESSES='' # ps output: a line a process; empty if it cannot be read
FOUND=''     # processes that were looked for: lines "PID PROGRAM"

read_processes() {
	ask 20 ps -e -ww -o pid= -o args=
	PROCESSES=$OUT
	if [ "$STATUS" -ne 0 ]; then
		PROCESSES=''
	fi
}

# runs SERVICE: was a process of the service alive when the processes were read
# last? It is known by what it runs and, should that be unusual, by its pid file.
# A list that cannot be read counts as yes: nothing may be wiped on a guess.
runs() {
	local pattern pidfile pid args noted='' looked=no
	case $1 in
	clearwater-etcd)
		pattern='/usr/share/clearwater/clearwater-etcd/[^ ]*/etcd'
		pidfile=/var/run/clearwater-etcd/clearwater-etcd.pid
		;;
	etcd-poll)
		pattern='/usr/share/clearwater/bin/poll_etcd'
		pidfile=''
		;;
	init-script)
		pattern='/etc/init\.d/clearwater-(etcd|cluster-manager|config-manager|queue-manager)( |$)'
		pidfile=''
		;;
	*)
		pattern="/usr/share/clearwater/$1/env/bin/python"
		pidfile=/var/run/$1.pid
		;;
	esac
	if [ -n "$pidfile" ] && [ -f "$pidfile" ]; then
		read -r noted _ <"$pidfile" || true
	fi
	pattern="^([^ ]*/)?((ba|da)?sh |python[0-9.]* )?$pattern"
	FOUND=''
	while read -r pid args; do
		if [[ $pid =~ ^[0-9]+$ ]]; then
			looked=yes
		fi
		if [[ $args =~ $pattern ]] || [[ $pid == "$noted" && $args == *clearwater* ]]; then
			FOUND="$FOUND$pid ${args%% *}"$'\n'
		fi
	done <<<"$PROCESSES"
	if [ "$looked" = no ]; then
		FOUND='? (the list of processes cannot be read)'$'\n'
	fi
	[ -n "$FOUND" ]
}

# cluster_manager_held: no cluster manager runs here, and none can start (T39).
cluster_manager_held() {
	read_processes
	if runs clearwater-cluster-manager; then
		SEEN="a cluster manager runs: $(joined "$FOUND")"
		return 1
	fi
	SEEN='/etc/clearwater/no_cluster_manager is missing'
	[ -e /etc/clearwater/no_cluster_manager ]
}

# listens PORT: does any process of this node listen on the TCP port? 2 if that
# cannot be seen.
listens() {
	local socket
	ask 20 ss -lnt
	if [ "$STATUS" -ne 0 ]; then
		return 2
	fi
	while read -r _ _ _ socket _; do
		if [[ $socket == *":$1" ]]; then
			return 0
		fi
	done <<<"$OUT"
	return 1
}

# ports_free: nothing listens on etcd's two ports.
ports_free() {
	local port status
	for port in 2380 4000; do
		status=0
		listens "$port" || status=$?
		if [ "$status" -eq 0 ]; then
			SEEN="something listens on port $port"
			return 1
		fi
		if [ "$status" -ne 1 ]; then
			SEEN="the list of sockets cannot be read: $OUT"
			return 1
		fi
	done
}

# data_empty: the etcd data directory holds nothing, dot-files included (T5).
data_empty() {
	if [ ! -d /var/lib/clearwater-etcd ]; then
		return 0
	fi
	if ! SEEN=$(ls -A /var/lib/clearwater-etcd 2>&1); then
		SEEN="it cannot be read: $SEEN"
		return 1
	fi
	[ -z "$SEEN" ]
}

# note_begun: notes, outside what is wiped, that this plan starts its own etcd
# here in an empty directory. Every stop, of any plan, takes the note away.
note_begun() {
	if [ "$DRY" = yes ]; then
		return 0
	fi
	mkdir -p /var/backups/requorum || true
	chmod 0700 /var/backups/requorum || true
	printf '%s\n' "$PLAN" >/var/backups/requorum/begun || unwritten /var/backups/requorum/begun
}

# begun: is the etcd data here this plan's own, under the new local_config? Then
# the stage that makes it was begun before.
begun() {
	local plan=''
	if [ -f /var/backups/requorum/begun ]; then
		read -r plan _ </var/backups/requorum/begun || true
	fi
	[ "$plan" = "$PLAN" ] && role_set && [ -d "/var/lib/clearwater-etcd/$MANAGEMENT_IP" ]
}

# check_cleared: the old cluster is gone from this node, and cannot come back
# unnoticed.
check_cleared() {
	local remedy="run the stage stop on this node, then this stage again:"$'\n'"sudo bash $NODE.sh stop"
	if begun; then
		ok 'the etcd data here belongs to the new cluster: this stage goes on where it was left'
		return 0
	fi
	if [ "$ROLE" = etcd_cluster ]; then
		remedy="if no other master has started yet, run the stage stop on this node, then this stage again; \
if one has, $START_OVER"$'\n'"sudo bash $NODE.sh stop"
	fi
	if [ ! -e /etc/clearwater/no_cluster_manager ]; then
		fail '/etc/clearwater/no_cluster_manager is there' 'it is missing' \
			'the stage stop is not done on this node' "$remedy"
	fi
	if ! data_empty; then
		fail '/var/lib/clearwater-etcd is empty' "it holds: $(joined "$SEEN")" \
			'old data would bring the old cluster back (T10, T11, T13)' "$remedy"
	fi
	if ! ports_free; then
		fail 'nothing listens on ports 2380 and 4000' "$SEEN" 'the old etcd still runs here (T4)' "$remedy"
	fi
	ok 'the data directory is empty and the ports are free'
}
# -- monit

SUMMARY='' # monit summary, a line a service
STATE=''   # the state of a service in it

read_summary() {
	ask 30 monit summary
	SUMMARY=$OUT
}

# read_state SERVICE: what the summary that was read last says of a service goes
# to STATE; nothing if it has no row. Three forms are known: the table of 5.18 and later,
# which cuts names at 31 and states at 26 characters (T36), with "Running" or
# with "OK"; and the older form with the name in single quotes.
read_state() {
	local line name state old table
	STATE=''
	old="^[A-Z][a-z]+ '([^']+)'[[:space:]]+(.*[^[:space:]])[[:space:]]*$"
	table='^ ?([^[:space:]]+)[[:space:]]+(.*[^[:space:]])[[:space:]][[:space:]]+[A-Z][A-Za-z]+[[:space:]]*$'
	while IFS= read -r line; do
		if [[ $line =~ $old ]] || [[ $line =~ $table ]]; then
			name=${BASH_REMATCH[1]}
			state=${BASH_REMATCH[2]}
			if same_service "$name" "$1"; then
				STATE=$state
				return 0
			fi
		fi
	done <<<"$SUMMARY"
}

# same_service SHOWN NAME: is SHOWN the way in which a summary writes NAME? Older
# releases leave _process off.
same_service() {
	if [ "$1" = "$2" ] || [ "$1" = "${2%_process}" ]; then
		return 0
	fi
	[[ $1 == *... && $2 == "${1%...}"* ]]
}

# fine STATE: is this how monit shows a service that is well?
fine() {
	case $1 in
	Running | OK | 'Status ok' | Waiting) return 0 ;;
	esac
	return 1
}

# service_runs SERVICE: does monit show it well? For wait_for.
service_runs() {
	read_summary
	read_state "$1"
	SEEN="monit shows $1: ${STATE:-no such row}"
	fine "$STATE"
}

# check_monit: the daemon answers and knows the four services.
check_monit() {
	local service
	read_summary
	if [ "$STATUS" -ne 0 ]; then
		fail 'monit summary answers' "status $STATUS: $OUT" "monit's daemon does not run" \
			'start monit, wait half a minute, then run the stage again:'$'\n''sudo service monit start'
	fi
	for service in etcd_process clearwater_cluster_manager_process \
		clearwater_config_manager_process clearwater_queue_manager_process; do
		read_state "$service"
		if [ -z "$STATE" ]; then
			fail "monit knows the service $service" "$SUMMARY" \
				'the node lacks a Clearwater package, or monit its configuration' \
				"look into /etc/monit/conf.d for the service's file; then run the stage again"
		fi
	done
}

# unwatched SERVICE: does the summary that was read last show it as not watched?
unwatched() {
	read_state "$1"
	[[ $STATE == [Nn]'ot monitored' ]]
}

# managers_shown: etcd and the two managers that share configuration run, and the
# cluster manager does not (procedure 4.9, 5.9), unless the stage manage is done
# already. The two *_uptime programs fail for their first half minute, which is no
# error (T35).
MANAGERS='' # the verdict in words

managers_shown() {
	local service
	read_summary
	for service in etcd_process clearwater_config_manager_process clearwater_queue_manager_process; do
		read_state "$service"
		SEEN="$service: ${STATE:-no such row}"
		if ! fine "$STATE"; then
			return 1
		fi
	done
	if managed; then
		MANAGERS='etcd and all managers run: the stage manage is done here already'
		return 0
	fi
	MANAGERS='etcd, configuration manager and queue manager run; the cluster manager does not, as it must be'
	read_state clearwater_cluster_manager_process
	SEEN="clearwater_cluster_manager_process: ${STATE:-no such row}"
	if fine "$STATE"; then
		return 1
	fi
	read_processes
	! runs clearwater-cluster-manager
}
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
KEPT=''  # the file without its role lines, every line ended, no carriage return
SHAPE='' # what is wrong with the shape of the file; empty if nothing

read_local_config() {
	local line return=$'\r' last=''
	KEPT='' SHAPE=''
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line == *"$return" ]]; then
			line=${line%"$return"}
			SHAPE='lines end in carriage returns (T19)'
		fi
		last=$line
		if role_line "$line"; then
			check_one_line "$line"
		else
			KEPT=$KEPT$line$'\n'
		fi
	done </etc/clearwater/local_config
	if [ -n "$last" ] && [ -n "$(tail -c 1 /etc/clearwater/local_config)" ]; then
		SHAPE="${SHAPE:+$SHAPE; }the last line has no end (T18)"
	fi
}

# check_one_line LINE: a role line that holds more, or goes on in the next line,
# is for a person.
check_one_line() {
	local quotes=${1//[!\"\']/}
	if [[ $1 == *\\ || $1 == *[\;\&]* ]] || [ $((${#quotes} % 2)) -ne 0 ]; then
		fail 'etcd_cluster and etcd_proxy each stand on a line of local_config of their own' "$1" \
			'the line holds more, or goes on in the next one, and only a person can cut it safely' \
			'edit /etc/clearwater/local_config: one assignment a line, without quotes; then run the stage again'
	fi
}

# check_overrides: user_settings is read after local_config and would win (T20).
check_overrides() {
	local line
	if [ ! -f /etc/clearwater/user_settings ]; then
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		if role_line "$line"; then
			fail 'user_settings sets neither etcd_cluster nor etcd_proxy' "$line" \
				'user_settings is read last, so this line would win over local_config (T20)' \
				'take the line out of /etc/clearwater/user_settings, then run the stage again'
		fi
	done </etc/clearwater/user_settings
}

# check_local_config: everything that can be refused before the first change.
check_local_config() {
	if [ -L /etc/clearwater/local_config ]; then
		fail '/etc/clearwater/local_config is a plain file' 'it is a symbolic link' \
			'the edit would replace the link' 'put the file itself there'
	fi
	check_overrides
	read_local_config
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
# -- Digests, short enough to read aloud

# short SUM: the start of the SHA-256 in the form xxxx-xxxx.
short() { printf '%s-%s\n' "${1:0:4}" "${1:4:4}"; }

# file_digest FILE: its short digest, or "missing".
file_digest() {
	local sum
	if [ ! -f "$1" ]; then
		printf 'missing\n'
		return 0
	fi
	if ! sum=$(sha256sum "$1"); then
		printf 'unreadable\n'
		return 0
	fi
	short "$sum"
}

# text_digest TEXT: the short digest of a text.
text_digest() {
	local sum
	read -r sum _ <<<"$(printf '%s\n' "$1" | sha256sum)"
	short "$sum"
}

# etcd_version: the same on every node of the site, or the cluster is a mixture
# that nobody has tried (T23).
etcd_version() {
	local version
	version=$(config_name etcd_version)
	printf '%s\n' "${version:-3.1.7}" # Clearwater's default
}

# print_digest NAME DIGEST: one line of the table that people compare.
print_digest() { printf '%s| %-34s %s\n' "$NODE" "$1" "$2"; }
# -- etcd

# start_etcd: asks monit to start etcd, and waits until it listens. Whether a
# cluster has formed is another question (T35).
start_etcd() {
	if etcd_listens && service_runs etcd_process; then
		already 'etcd runs and listens on port 4000, and monit watches it'
	else
		request monit monitor -g etcd
	fi
	if ! wait_for "$1" 5 'etcd to listen on port 4000' etcd_listens; then
		OUT='(there is no log)'
		if [ -f /var/log/clearwater-etcd/clearwater-etcd-initd.log ]; then
			ask 20 tail -n 8 /var/log/clearwater-etcd/clearwater-etcd-initd.log
		fi
		give_up "etcd runs and listens on port 4000" \
			"etcd has not come up. The end of clearwater-etcd-initd.log:"$'\n'"$OUT" \
			"if it says 'Cannot specify both', local_config is wrong (T16); \
if it says 'Not joining an unhealthy cluster', there is old data or a wrong address (T13, T21), so $START_OVER; \
otherwise run the stage again"
	fi
	ok "etcd runs and listens on port 4000"
}

etcd_listens() {
	read_processes
	if ! runs clearwater-etcd; then
		SEEN='no etcd process yet'
		return 1
	fi
	SEEN='etcd runs, but nothing listens on port 4000 yet'
	listens 4000
}

# members_healthy: are exactly the expected masters healthy members? The last
# line and the exit status of cluster-health say so with one member alone (T34).
members_healthy() {
	local line healthy='' pattern='is healthy: got healthy result from http://([0-9.]+):4000'
	ask 20 clearwater-etcdctl cluster-health
	while IFS= read -r line; do
		if [[ $line =~ $pattern ]]; then
			healthy=$healthy${BASH_REMATCH[1]}$'\n'
		fi
	done <<<"$OUT"
	if [ -z "$healthy" ]; then
		SEEN="no healthy member: $OUT"
		return 1
	fi
	same_masters 'healthy' "$healthy" && healthy_only
}

# healthy_only: has cluster-health no line of a member that is not healthy?
healthy_only() {
	local line
	while IFS= read -r line; do
		if [[ $line == *'is unhealthy'* || $line == *'is unreachable'* || $line == *'failed to check'* ]]; then
			SEEN=$line
			return 1
		fi
	done <<<"$OUT"
}

# same_masters WHAT SET: is the set exactly that of the expected masters?
same_masters() {
	local absent strangers
	absent=$(minus "$(lines "${MASTERS[@]}")" "$2")
	strangers=$(minus "$2" "$(lines "${MASTERS[@]}")")
	if [ -n "$absent" ]; then
		SEEN="not $1: $(named management "$absent")"
		return 1
	fi
	if [ -n "$strangers" ]; then
		SEEN="$1, but not expected: $(named management "$strangers")"
		return 1
	fi
}

# members_listed: does member list show exactly the expected masters, each of
# them started, and one leader? etcd 2.2.5 does not say who leads.
members_listed() {
	local line listed='' leaders=0 said=no pattern='clientURLs=http://([0-9.]+):4000'
	ask 20 clearwater-etcdctl member list
	while IFS= read -r line; do
		if [[ $line == *'[unstarted]'* || $line == *'clientURLs= '* || $line == *'clientURLs=' ]]; then
			SEEN="a member that has never started: $line"
			return 1
		fi
		if [[ $line =~ $pattern ]]; then
			listed=$listed${BASH_REMATCH[1]}$'\n'
		fi
		if [[ $line == *isLeader=* ]]; then
			said=yes
		fi
		if [[ $line == *isLeader=true* ]]; then
			leaders=$((leaders + 1))
		fi
	done <<<"$OUT"
	if [ "$STATUS" -ne 0 ]; then
		SEEN="status $STATUS: $OUT"
		return 1
	fi
	same_masters 'listed' "$listed" || return 1
	SEEN="$leaders leaders"
	[ "$said" = no ] || [ "$leaders" -eq 1 ]
}

# same_keys: does each master, asked by itself, give the same keys? A master
# that was not wiped counts as healthy and gives the old ones (T10).
same_keys() {
	local master first=''
	for master in "${MASTERS[@]}"; do
		ask 10 curl -s -S -m 8 --noproxy '*' "http://$master:4000/v2/keys/?recursive=true&sorted=true"
		if [ "$STATUS" -ne 0 ] || [[ $OUT != *'"action"'* ]]; then
			SEEN="$(named management "$master") does not give its keys: $OUT"
			return 1
		fi
		if [ -z "$first" ]; then
			first=$OUT
		fi
		if [ "$OUT" != "$first" ]; then
			SEEN="$(named management "$master") gives other keys than $(named management "${MASTERS[0]}")"
			return 1
		fi
	done
}

# cluster_formed: all three together. For wait_for.
cluster_formed() {
	members_healthy && members_listed && same_keys
}

# masters_answer: does each master, asked from this node, call itself healthy?
masters_answer() {
	local master
	for master in "${MASTERS[@]}"; do
		ask 10 curl -s -S -m 8 --noproxy '*' "http://$master:4000/health"
		if [[ $OUT != *'"health"'*'true'* ]]; then
			SEEN="$(named management "$master"): $OUT"
			return 1
		fi
	done
}

# read_key KEY: the value of a key goes to VALUE. 1: there is no such key; 2: etcd
# cannot be asked.
read_key() {
	VALUE=''
	ask 20 clearwater-etcdctl get "$1"
	if [ "$STATUS" -eq 0 ]; then
		VALUE=$OUT
		return 0
	fi
	SEEN="$1: $OUT"
	if [[ $OUT == *'Key not found'* ]]; then
		return 1
	fi
	return 2
}
# -- Configuration and its managers

configuration_key() { printf '/%s/%s/configuration/%s\n' "$ETCD_KEY" "$SITE" "$1"; }

# check_shared_config: shared_config is there, sets something, and a shell gets
# through it. A master without it could give the whole site an empty one (T25).
check_shared_config() {
	local line sets=no returns=no
	if [ ! -f /etc/clearwater/shared_config ]; then
		fail '/etc/clearwater/shared_config is there' 'it is missing' \
			'this node could publish an empty configuration to the whole site (T25)' \
			'copy the file from another master of the site, owner root, mode 0644; cw-config cannot work now (T24)'
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
		fail 'shared_config sets at least one value' 'it sets none' \
			"this is Clearwater's empty default; it must not be published (T25)" \
			'copy the file from a master that has the right one, owner root, mode 0644'
	fi
	if [ "$returns" = yes ]; then
		fail 'no line of shared_config ends in a carriage return' 'some do' \
			'each value would keep the carriage return (T19)' \
			"take them out, the same on every master; then run the stage again:
sudo sed -i.before 's/\\r\$//' /etc/clearwater/shared_config"
	fi
	ask 30 env -i PATH="$PATH" sh -c 'set -eu; . /etc/clearwater/shared_config'
	if [ "$STATUS" -ne 0 ]; then
		fail 'a shell gets through shared_config' "status $STATUS: $OUT" \
			'a line of shared_config fails; every Clearwater program that reads it would fail too' \
			'mend the line that the message names, the same on every master'
	fi
}

# published_matches: does etcd hold this node's own shared_config?
published_matches() {
	if ! read_key "$(configuration_key shared_config)"; then
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
# configuration. What it may overwrite is copied first (T25, T28).
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
	if ! wait_for "$1" 5 'the configuration manager to run' service_runs clearwater_config_manager_process; then
		give_up 'monit shows clearwater_config_manager_process running' \
			'the configuration manager does not start' \
			"look into /var/log/clearwater-config-manager; then run the stage again"
	fi
	ok "$SEEN"
}

start_queue_manager() {
	if service_runs clearwater_queue_manager_process; then
		already 'the queue manager runs'
		return 0
	fi
	request monit monitor -g clearwater_queue_manager
	if ! wait_for "$1" 5 'the queue manager to run' service_runs clearwater_queue_manager_process; then
		give_up 'monit shows clearwater_queue_manager_process running' \
			'the queue manager does not start' \
			"look into /var/log/clearwater-queue-manager; then run the stage again"
	fi
	ok "$SEEN"
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
	if ! wait_for "$1" 10 'the configuration to be in sync' in_sync; then
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
# -- The archive to take home

# make_archive: journal, outputs, Clearwater's logs and what the node says now,
# without secrets, in one file (facts 2.8). It changes nothing else.
make_archive() {
	local file archive
	archive=/var/log/requorum/$NODE-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
	say "gathering journal, outputs and logs of $NODE, without passwords; this takes a minute or two"
	make_log_folder || unwritten /var/log/requorum
	rm -rf "/var/log/requorum/$NODE.archive" || unwritten "/var/log/requorum/$NODE.archive"
	mkdir -m 0700 "/var/log/requorum/$NODE.archive" || unwritten "/var/log/requorum/$NODE.archive"
	for file in "/var/log/requorum/$NODE."* "/var/log/requorum/$NODE.outputs"/* \
		/var/log/clearwater-etcd/* /var/log/clearwater-cluster-manager/* \
		/var/log/clearwater-config-manager/* /var/log/clearwater-queue-manager/* \
		/var/log/monit.log /var/log/syslog /var/log/chronos/* /var/log/astaire/* \
		/var/log/rogers/* /var/log/cassandra/* \
		/etc/clearwater/local_config /etc/clearwater/shared_config /etc/clearwater/user_settings \
		/etc/clearwater/cluster_settings /etc/chronos/chronos_cluster.conf; do
		gather_file "$file"
	done
	gather_output monit-status monit status
	gather_output cluster-health clearwater-etcdctl cluster-health
	gather_output member-list clearwater-etcdctl member list
	gather_output data-folder ls -lAR /var/lib/clearwater-etcd
	gather_output keys curl -s -S -m 8 --noproxy '*' "http://$MANAGEMENT_IP:4000/v2/keys/?recursive=true&sorted=true"
	gather_output processes ps -e -ww -o pid= -o args=
	ask 300 tar -czf "$archive" -C /var/log/requorum "$NODE.archive"
	if [ "$STATUS" -ne 0 ]; then
		fail "the archive $archive" "status $STATUS: $OUT" 'the disk is full' 'make room under /var/log, then run this again'
	fi
	rm -rf "/var/log/requorum/$NODE.archive" || true
	say 'The archive is there. Take it home:'
	show "$archive"
	say 'It holds no password that this script knows of. It does hold addresses and names: keep it to those who need it.'
}

# gather_file FILE: the end of a file, at most a megabyte, without secrets. What
# is packed already is left out.
gather_file() {
	if [ ! -f "$1" ] || [[ $1 == *.gz ]]; then
		return 0
	fi
	ask 60 tail -c 1000000 "$1"
	clean "$OUT"
	if ! mkdir -p "/var/log/requorum/$NODE.archive${1%/*}" ||
		! printf '%s\n' "$CLEAN" >"/var/log/requorum/$NODE.archive$1"; then
		warn "$1 is not in the archive; the message is above"
	fi
}

# gather_output NAME COMMAND...: what a command prints now.
gather_output() {
	local name=$1
	shift
	ask 30 "$@"
	clean "status $STATUS"$'\n'"$OUT"
	printf '%s\n' "$CLEAN" >"/var/log/requorum/$NODE.archive/$name.txt" || warn "$name is not in the archive"
}
# -- Data store values in etcd

# store_key STORE: Cassandra has one cluster over all sites, so its key has no
# site in it.
store_key() {
	if [ "$1" = cassandra ]; then
		printf '/%s/%s/clustering/cassandra\n' "$ETCD_KEY" "$STORE_KEY"
	else
		printf '/%s/%s/%s/clustering/%s\n' "$ETCD_KEY" "$SITE" "$STORE_KEY" "$1"
	fi
}

# stores: the data stores that this deployment has, a line each.
stores() {
	lines chronos memcached
	if [ -n "${CASSANDRA_NODES+set}" ]; then
		lines cassandra
	fi
}

# store_needed STORE: who must be in the store's cluster, all of them live.
store_needed() {
	if [ "$1" = cassandra ]; then
		lines "${CASSANDRA_NODES[@]}"
	else
		lines "${LIVE_VELLUMS[@]}"
	fi
}

# store_allowed STORE: who may be in it. A failed Vellum node stays in Chronos
# and Memcached until it is marked failed; Cassandra has lost it before.
store_allowed() {
	if [ "$1" = cassandra ]; then
		lines "${CASSANDRA_NODES[@]}"
	else
		lines "${ALL_VELLUMS[@]}"
	fi
}

MEMBERS='' # addresses
STATES=''  # lines "ADDRESS STATE"

# read_members JSON: takes an object of addresses and states apart.
read_members() {
	local rest=$1 pattern='"([^"]*)": *"([^"]*)"(.*)$'
	MEMBERS='' STATES=''
	while [[ $rest =~ $pattern ]]; do
		MEMBERS=$MEMBERS${BASH_REMATCH[1]}$'\n'
		STATES="$STATES${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"$'\n'
		rest=${BASH_REMATCH[3]}
	done
}

# members_right STORE: are the members that were read last the expected ones,
# each of them normal? A live node that is missing, or a stranger, would make a
# cluster manager join as new and destroy its data (T39, T40).
members_right() {
	local absent strangers address state
	absent=$(minus "$(store_needed "$1")" "$MEMBERS")
	strangers=$(minus "$MEMBERS" "$(store_allowed "$1")")
	if [ -n "$absent" ]; then
		SEEN="missing in $1: $(named signaling "$absent")"
		return 1
	fi
	if [ -n "$strangers" ]; then
		SEEN="unknown in $1: $(joined "$strangers")"
		return 1
	fi
	while read -r address state; do
		if [ -n "$address" ] && [ "$state" != normal ]; then
			SEEN="$(named signaling "$address") is $state in $1"
			return 1
		fi
	done <<<"$STATES"
	SEEN="$1: $(named signaling "$MEMBERS")"
}

# stored_right STORE: is the store's value in etcd right, as this node reads it?
stored_right() {
	read_key "$(store_key "$1")" || return $?
	read_members "$VALUE"
	members_right "$1"
}

# stores_right: is every expected value there and right?
stores_right() {
	local store
	while IFS= read -r store; do
		stored_right "$store" || return 1
	done <<<"$(stores)"
}

# check_stores: every expected value is there and right, or the stage ends here.
check_stores() {
	local store
	while IFS= read -r store; do
		if ! stored_right "$store"; then
			fail "the value of $store in etcd names every live Vellum node, each normal" "$SEEN" \
				'a cluster manager that starts now would join as a new node and destroy data (T39, T40)' \
				"do the stage load first; if load is done, $START_OVER"
		fi
		ok "$SEEN"
	done <<<"$(stores)"
}

# clusters_stable: does check_cluster_state describe each expected store once and
# call it stable? Its exit status is 0 also with nothing loaded (T41).
clusters_stable() {
	local store
	ask 60 /usr/share/clearwater/clearwater-cluster-manager/scripts/check_cluster_state
	while IFS= read -r store; do
		if ! stable_in_output "$store"; then
			SEEN="no stable $store cluster: $OUT"
			return 1
		fi
	done <<<"$(stores)"
	SEEN="status $STATUS: $OUT"
	[ "$STATUS" -eq 0 ]
}

# stable_in_output STORE: the line after "Describing the STORE cluster" says so.
stable_in_output() {
	local line here=no title
	case $1 in
	chronos) title=Chronos ;;
	memcached) title=Memcached ;;
	*) title=Cassandra ;;
	esac
	while IFS= read -r line; do
		if [ "$here" = yes ]; then
			[[ $line == *'cluster is stable.'* ]]
			return $?
		fi
		if [[ $line == *"Describing the $title cluster"* ]]; then
			here=yes
		fi
	done <<<"$OUT"
	return 1
}
# -- /etc/chronos/chronos_cluster.conf

# check_store_key: the loaders write under the plan's etcd_cluster_key; a cluster
# manager that looks under another one finds nothing and joins as new (T40, T51).
check_store_key() {
	local key
	key=$(config_name etcd_cluster_key)
	if [ "${key:-vellum}" != "$STORE_KEY" ]; then
		fail "etcd_cluster_key $STORE_KEY" "${key:-vellum, the default}" \
			'this node would look for its data store values under another name (T51)' \
			'correct etcd_cluster_key in the inventory, or in local_config if that is wrong; render again'
	fi
}

# What read_chronos and read_memcached find, a line each.
PROBLEMS=''   # what makes the file invalid
UNFINISHED='' # nodes that join or leave
MISMATCH=''   # addresses that the file or the inventory lacks

# read_chronos: reads the file by the rules of both its readers, Chronos itself
# and load_from_chronos_cluster. The loader drops a line with a tab, keeps a port
# or a comment as part of the address, and crashes on a second "=" (T40); Chronos
# gives up on a line that it does not know.
read_chronos() {
	local line key value section='' own=''
	MEMBERS='' PROBLEMS='' UNFINISHED=''
	if [ ! -f /etc/chronos/chronos_cluster.conf ]; then
		PROBLEMS='the file is missing'
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line == '['*']' ]]; then
			section=$line
		fi
		if [[ $line == *=*=* ]]; then
			PROBLEMS="${PROBLEMS}two = on one line: $line"$'\n'
		fi
		if [[ $line =~ ^[[:space:]]*(#.*|\[.*\][[:space:]]*)?$ ]]; then
			continue
		fi
		if [[ $line != *=* ]]; then
			PROBLEMS="${PROBLEMS}no KEY = VALUE: $line"$'\n'
			continue
		fi
		key=${line%%=*}
		value=${line#*=}
		key=${key//' '/}
		value=${value//' '/}
		case ${key//$'\t'/} in
		node) MEMBERS=$MEMBERS$value$'\n' ;;
		joining | leaving) UNFINISHED="$UNFINISHED$value is $key"$'\n' ;;
		localhost)
			own=${value%%#*}
			own=${own%%:*}
			continue
			;;
		*) continue ;;
		esac
		if [ "$section" != '[cluster]' ]; then
			PROBLEMS="${PROBLEMS}outside [cluster]: $line"$'\n'
		fi
		if ! [[ $key =~ ^[a-z]+$ && $value =~ ^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
			PROBLEMS="${PROBLEMS}not KEY = ADDRESS: $line"$'\n'
		fi
	done </etc/chronos/chronos_cluster.conf
	if [ "$own" != "$LOCAL_IP" ]; then
		PROBLEMS="${PROBLEMS}localhost is '$own', not $LOCAL_IP"$'\n'
	fi
	compare_members chronos
}

# compare_members STORE: notes in MISMATCH which live nodes are missing from the
# file that was read last, and which strangers are in it. An invalid file says
# nothing about that.
compare_members() {
	local absent strangers
	MISMATCH=''
	if [ -n "$PROBLEMS" ]; then
		return 0
	fi
	absent=$(minus "$(store_needed "$1")" "$MEMBERS")
	strangers=$(minus "$MEMBERS" "$(store_allowed "$1")")
	if [ -n "$absent" ]; then
		MISMATCH="missing: $(named signaling "$absent")"$'\n'
	fi
	if [ -n "$strangers" ]; then
		MISMATCH="${MISMATCH}unknown: $(joined "$strangers")"$'\n'
	fi
}

# check_matches FILE: a valid file that names other nodes than the inventory is
# left to a person: one of the two is wrong, and a live node that is missing in
# what is loaded would join as new (T40).
check_matches() {
	if [ -n "$MISMATCH" ]; then
		fail "$1 names every live Vellum node of the site, and no stranger" "${MISMATCH%$'\n'}" \
			'the file or the inventory is wrong; a live node that is missing would join as new (T40)' \
			"find out which is right: correct the inventory and render again, or correct the file \
on every live Vellum node; then run the stage again"
	fi
}

# check_unfinished FILE: a node that joins or leaves is a scaling that was never
# finished. Loading it would make the cluster managers carry it on (T42, T43).
check_unfinished() {
	if [ -n "$UNFINISHED" ]; then
		fail "no node joins or leaves in $1" "$(joined "$UNFINISHED")" \
			"a scaling was under way when the site failed; loaded as it is, it would be carried on, \
and with a dead node it never ends (T42, T43)" \
			"decide with whoever began the scaling whether the node stays or goes, and write that, the same on every \
live Vellum node, as RUNBOOK.md says: stage config, \"If you see something else\"; then run the stage again"
	fi
}

# write_chronos: the file with every Vellum node of the site as a node (procedure
# 3.8). Every Vellum node needs an identity of its own, or timers collide.
write_chronos() {
	local member text
	read_identity
	text="[identity]
instance_id = $INSTANCE_ID
deployment_id = $DEPLOYMENT_ID

[cluster]
localhost = $LOCAL_IP
"
	for member in "${ALL_VELLUMS[@]}"; do
		text="${text}node = $member"$'\n'
	done
	put /etc/chronos/chronos_cluster.conf "$text"
}

# check_held_before_writing: a cluster manager writes the cluster files itself.
check_held_before_writing() {
	if ! cluster_manager_held; then
		fail 'no cluster manager runs while a cluster file is written' "$SEEN" \
			'the recovery is past this stage here, or the stage stop is not done' \
			'with the cluster manager up, it mends its own files: look into /var/log/clearwater-cluster-manager'
	fi
}

# read_identity: Clearwater derives a Chronos identity from the first two bytes
# of node_identity; without that file the old file's serves, or the plan's numbers.
read_identity() {
	local id='' line pattern='^([0-9a-fA-F]{2})([0-9a-fA-F]{2})'
	local own='^[[:space:]]*(instance|deployment)_id[[:space:]]*=[[:space:]]*([0-9]+)[[:space:]]*$'
	if [ -f /etc/chronos/chronos_cluster.conf ]; then
		while IFS= read -r line || [ -n "$line" ]; do
			if [[ $line =~ $own ]]; then
				case ${BASH_REMATCH[1]} in
				instance) INSTANCE_ID=${BASH_REMATCH[2]} ;;
				*) DEPLOYMENT_ID=${BASH_REMATCH[2]} ;;
				esac
			fi
		done </etc/chronos/chronos_cluster.conf
	fi
	if [ -f /etc/clearwater/node_identity ]; then
		read -r id _ </etc/clearwater/node_identity || true
	fi
	if [[ $id =~ $pattern ]]; then
		INSTANCE_ID=$((16#${BASH_REMATCH[1]} & 63))
		DEPLOYMENT_ID=$((16#${BASH_REMATCH[2]} & 7))
	fi
}
# -- /etc/clearwater/cluster_settings

# read_memcached: reads the file by the rules of both its readers. Rogers and
# Astaire reject the whole file for one unknown line and skip a server without a
# port (T47); load_from_memcached_cluster makes a name of whatever stands between
# the commas, and nothing of "servers = " with a space (T40).
read_memcached() {
	local line server seen=no servers
	MEMBERS='' PROBLEMS='' UNFINISHED=''
	if [ ! -f /etc/clearwater/cluster_settings ]; then
		PROBLEMS='the file is missing'
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%$'\r'}
		case $line in
		'#'*=*=*) PROBLEMS="${PROBLEMS}two = on one line: $line"$'\n' ;;
		'' | '#'*) ;;
		servers=*)
			if [ "$seen" = yes ]; then
				PROBLEMS="${PROBLEMS}a second servers line"$'\n'
			fi
			seen=yes
			servers=${line#servers=},
			while [ -n "$servers" ]; do
				server=${servers%%,*}
				servers=${servers#*,}
				read_server "$server"
			done
			;;
		new_servers*) UNFINISHED="$UNFINISHED$line"$'\n' ;;
		*) PROBLEMS="${PROBLEMS}unknown line: $line"$'\n' ;;
		esac
	done </etc/clearwater/cluster_settings
	if [ "$seen" = no ]; then
		PROBLEMS="${PROBLEMS}no servers line"$'\n'
	fi
	compare_members memcached
}

read_server() {
	if [[ $1 =~ ^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+):[0-9]+$ ]]; then
		MEMBERS=$MEMBERS${BASH_REMATCH[1]}$'\n'
	else
		PROBLEMS="${PROBLEMS}not ADDRESS:PORT: '$1'"$'\n'
	fi
}

# write_memcached: the file with every Vellum node of the site (procedure 3.15),
# with the ports that the written procedure leaves out (T47).
write_memcached() {
	local member text=''
	for member in "${ALL_VELLUMS[@]}"; do
		text="$text${text:+,}$member:11211"
	done
	text="servers=$text"
	put /etc/clearwater/cluster_settings "$text"$'\n'
}

# check_remote_settings: with the old remote_site_name the loader needs a second
# file, and would stop half-way without it (T46).
check_remote_settings() {
	if [ -n "$(config_name remote_site_name)" ] && [ ! -f /etc/clearwater/remote_cluster_settings ]; then
		fail '/etc/clearwater/remote_cluster_settings is there, since remote_site_name is set' 'it is missing' \
			'load_from_memcached_cluster would stop half-way (T46)' \
			"copy the file from another Vellum node, or write its servers line with the Vellum nodes of the other site"
	fi
}
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
	if ! stored_right "$1"; then
		fail "etcd holds the value that was inserted" "$SEEN" 'the value was overwritten, or etcd lost it' \
			"$START_OVER"
	fi
	ok "$SEEN"
}

# loaded_already STORE: is the value there and right? A value that is there and
# wrong was written by a cluster manager that must not run (T39).
loaded_already() {
	local status=0
	stored_right "$1" || status=$?
	if [ "$status" -eq 0 ]; then
		already "$SEEN"
		return 0
	fi
	if [ -n "$VALUE" ]; then
		fail "no value of $1 in etcd yet, or the right one" "$SEEN; the value is: $VALUE" \
			'a cluster manager has run somewhere since the wipe, or an earlier load read a wrong file (T39, T45)' \
			"$START_OVER"
	fi
	if [ "$status" -eq 2 ]; then
		fail 'etcd answers' "$SEEN" 'the cluster is not healthy' \
			"see what this node's next stage is:"$'\n'"sudo bash $NODE.sh"
	fi
	return 1
}
# ---- Stage stop: stop the etcd processes -------------------------------------

stage_stop() {
	AFFECTS="calls go on; no other node of site $SITE may go on to create before this one is stopped"
	step 'stop/ready' 'Check what could hinder the stage, before anything is stopped' 'procedure 1.1; T36'
	check_monit
	check_data_folder
	confirm_wipe
	ok 'monit answers, and there is room for the copies'

	step 'stop/keys' 'Copy the keys of the old cluster, if it still answers' 'procedure 1.1'
	keep_keys

	step 'stop/hold' 'Keep the cluster manager from starting' 'procedure 1.6; T7'
	if [ -e /var/backups/requorum/begun ]; then
		change rm -f /var/backups/requorum/begun || true
	fi
	# The written procedure does this after the stops. Done first, nothing can
	# start the cluster manager in between (T7).
	if [ -e /etc/clearwater/no_cluster_manager ]; then
		already '/etc/clearwater/no_cluster_manager is there'
	else
		change touch /etc/clearwater/no_cluster_manager || true
	fi
	if [ ! -e /etc/clearwater/no_cluster_manager ]; then
		fail '/etc/clearwater/no_cluster_manager is there' 'it is not' 'the disk is full or read-only' \
			'make room or mend the disk, then run the stage again:'$'\n''df -h /etc/clearwater'
	fi
	ok '/etc/clearwater/no_cluster_manager is there'

	step 'stop/monit' 'Ask monit to stop etcd and the three managers' 'procedure 1.2, 1.3, 1.4, 1.5; T1, T3, T9'
	note_unwatched
	if unwatched etcd_process; then
		already 'monit does not watch the group etcd'
	else
		request monit stop -g etcd
	fi
	if unwatched clearwater_cluster_manager_process; then
		already 'monit does not watch the group clearwater_cluster_manager'
	else
		request monit stop -g clearwater_cluster_manager
	fi
	if unwatched clearwater_config_manager_process; then
		already 'monit does not watch the group clearwater_config_manager'
	else
		request monit stop -g clearwater_config_manager
	fi
	if unwatched clearwater_queue_manager_process; then
		already 'monit does not watch the group clearwater_queue_manager'
	else
		request monit stop -g clearwater_queue_manager
	fi

	step 'stop/gone' 'Wait until the processes are gone' 'procedure 1.1; T1, T2, T3, T4, T6'
	# monit answers before anything has stopped (T1), shows "Not monitored" for
	# what still runs (T2), and does nothing when asked again (T3).
	stop_by_init_scripts "$UNWATCHED"
	if [ "$DRY" = no ] && ! wait_for 180 5 'etcd and the three managers to be gone' all_gone; then
		stop_by_init_scripts "$(lines clearwater-etcd clearwater-cluster-manager \
			clearwater-config-manager clearwater-queue-manager)"
	fi
	if ! wait_for 60 5 'the rest to be gone' all_gone; then
		give_up 'no process of etcd or of a manager, and their ports free' \
			'a process ignores monit and its init script, or monit does not let go of it' "$(ending)"
	fi
	ok 'no process of etcd, of its polls or of a manager is left'

	step 'stop/copy' 'Copy the old etcd data to a place outside it' 'procedure 1.7'
	if data_empty; then
		already 'there is no etcd data on this node to copy'
	else
		keep /var/lib/clearwater-etcd
		ok "the copy is in $COPIES"
	fi

	step 'stop/wipe' 'Empty the etcd data directory' 'procedure 1.7; T5, T6, T10, T11, T12, T13'
	if data_empty; then
		already '/var/lib/clearwater-etcd is empty'
	else
		# The * expands here, in root's shell, and leaves dot-files (T5).
		change rm -rf /var/lib/clearwater-etcd/* || true
		change find /var/lib/clearwater-etcd -mindepth 1 -delete || true
	fi
	if ! data_empty; then
		fail '/var/lib/clearwater-etcd is empty' "it holds: $(joined "$SEEN")" \
			'something still writes there (T6), or the disk is read-only' \
			"run the stage again; if it fails the same way, this shows who has files open there:
sudo lsof +D /var/lib/clearwater-etcd"
	fi
	ok '/var/lib/clearwater-etcd is empty'

	step 'stop/quiet' 'Prove that etcd'\''s ports are free' 'procedure 1.1; T4, T38'
	if ! wait_for 30 5 'ports 2380 and 4000 to be free' ports_free; then
		give_up 'nothing listens on ports 2380 and 4000' \
			"an etcd that is not this node's own service still runs (T4)" \
			'this shows which process listens; stop it, then run the stage again:'$'\n''sudo ss -lntp'
	fi
	if ! data_empty; then
		fail '/var/lib/clearwater-etcd is still empty' "it holds: $(joined "$SEEN")" \
			'a poll that was under way has written there (T6)' 'run the stage again'
	fi
	ok 'nothing listens on ports 2380 and 4000, and the data directory is still empty'

	done_with "etcd is stopped and its data is wiped." \
		"Next: wait until every live node of site $SITE says this, then the stage config."
}

# check_data_folder refuses, before anything is stopped, what could not be copied
# later. A copy of a link would be no copy of the data.
check_data_folder() {
	if [ -L /var/lib/clearwater-etcd ]; then
		fail '/var/lib/clearwater-etcd is a plain folder' 'it is a symbolic link' \
			'the copy would hold the link and not the data' \
			'mount the folder there instead of the link, then run the stage again'
	fi
	if [ -d /var/lib/clearwater-etcd ]; then
		check_space /var/lib/clearwater-etcd
	fi
}

# keep_keys: while the old etcd still answers, what it holds is copied too. It
# does so without quorum (facts 1.3).
keep_keys() {
	if ! etcd_listens; then
		ok "etcd does not run here: there are no keys to copy"
		return 0
	fi
	ask 20 curl -s -S -m 8 --noproxy '*' "http://$MANAGEMENT_IP:4000/v2/keys/?recursive=true&sorted=true"
	if [ "$STATUS" -ne 0 ] || [[ $OUT != *'"action"'* ]]; then
		warn "etcd here gives no keys, so there is no copy of them (status $STATUS); the configuration files are what counts"
		return 0
	fi
	keep_text etcd-keys.json "$OUT" "curl -s 'http://$MANAGEMENT_IP:4000/v2/keys/?recursive=true&sorted=true'"
	ok 'the keys of the old cluster are copied'
}

# confirm_wipe asks for the node's name before its etcd data is destroyed.
confirm_wipe() {
	if data_empty; then
		return 0
	fi
	if begun; then
		warn "the new cluster of this plan is begun on $NODE; one master cannot be wiped alone (T14): \
go on only to start from the beginning, with the stage stop on EVERY live node of site $SITE"
	fi
	confirm "This stage stops etcd on $NODE and destroys its data in /var/lib/clearwater-etcd." \
		"A copy is made first, in a new folder under /var/backups/requorum/$PLAN." \
		'Do this only when every failed node is fenced (see RUNBOOK.md).'
}

ENDING='' # commands that end what all_gone has found, a line each

# ending: the remedy where something does not end.
ending() {
	if [ -n "$ENDING" ]; then
		printf '%s\n' 'run the stage again; if it ends the same way, end exactly these, then run it again:' \
			"${ENDING%$'\n'}"
	else
		printf '%s\n' 'see what it is, then run the stage again:' 'sudo monit status' 'sudo ss -lntp'
	fi
}

# all_gone: no process of the four services is left, nor of an init script under
# way, nor of a poll that could write into the data directory after the wipe (T6);
# monit watches none of the services, or it would start them again; and their
# ports are free.
all_gone() {
	local service pid left=''
	ENDING=''
	read_processes
	for service in clearwater-etcd etcd-poll init-script clearwater-cluster-manager \
		clearwater-config-manager clearwater-queue-manager; do
		if runs "$service"; then
			left="$left${left:+, }$service"
			while read -r pid _; do
				left="$left${pid:+ $pid}"
				if [[ $pid =~ ^[0-9]+$ ]]; then
					ENDING="${ENDING}sudo kill -KILL $pid"$'\n'
				fi
			done <<<"$FOUND"
		fi
	done
	SEEN="processes: $left"
	if [ -n "$left" ]; then
		return 1
	fi
	read_summary
	for service in etcd_process clearwater_cluster_manager_process \
		clearwater_config_manager_process clearwater_queue_manager_process; do
		if ! unwatched "$service"; then
			SEEN="monit shows $service: ${STATE:-no such row}"
			return 1
		fi
	done
	ports_free
}

UNWATCHED='' # services that run although monit does not watch them

# note_unwatched: monit does nothing for a service that it does not watch, so a
# second stop never helps where the first one failed (T3).
note_unwatched() {
	local service
	UNWATCHED=''
	read_summary
	for service in clearwater-cluster-manager clearwater-config-manager clearwater-queue-manager; do
		if unwatched "${service//-/_}_process"; then
			UNWATCHED=$UNWATCHED$service$'\n'
		fi
	done
	if unwatched etcd_process; then
		UNWATCHED=clearwater-etcd$'\n'$UNWATCHED
	fi
}

# stop_by_init_scripts SET: what monit has given up on, or never tried because it
# does not watch it, is stopped by its own init script (T2, T3).
stop_by_init_scripts() {
	local service
	while IFS= read -r service; do
		read_processes
		if [ -n "$service" ] && runs "$service"; then
			show "${FOUND%$'\n'}"
			change service "$service" stop || true
		fi
	done <<<"$1"
}

# ---- Stage config: check the configuration on this node ----------------------

stage_config() {
	AFFECTS="calls go on; nobody goes on to create before every node's configuration is right"
	step 'config/ready' 'Check what only a person can decide, before anything is written' 'procedure 3.1; T39, T40, T42, T43, T46'
	check_cluster_files
	confirm_files
	ok 'nothing here needs a person first'

	step 'config/install' 'Install the known-good shared_config' 'procedure 3.3; T24, T25'
	# The written procedure copies with cw-config, which needs a working etcd and
	# so cannot work now (T24).
	if shared_config_known; then
		already 'the known-good shared_config is there'
	else
		install_shared_config
	fi

	step 'config/shared-config' 'Check the shared configuration' 'procedure 3.1, 3.2, 3.3; T20, T24, T25, T28, T51'
	check_shared_config
	ok 'shared_config is there, sets values, and a shell gets through it'

	step 'config/chronos' 'Check the Chronos cluster file, or write it' 'procedure 3.5, 3.6, 3.7, 3.8, 3.9; T40, T43, T45'
	read_chronos
	if [ -z "$PROBLEMS" ]; then
		already 'chronos_cluster.conf is valid'
	else
		say 'chronos_cluster.conf is not valid, so it is written anew:'
		show "${PROBLEMS%$'\n'}"
		write_chronos
		read_chronos
	fi
	if [ -n "$PROBLEMS" ]; then
		fail 'chronos_cluster.conf is valid' "${PROBLEMS%$'\n'}" 'it was written, but does not read back' \
			'make room or mend the disk, then run the stage again:'$'\n''df -h /etc/chronos'
	fi
	check_matches /etc/chronos/chronos_cluster.conf
	CHRONOS_MEMBERS=$MEMBERS
	ok "Chronos: $(named signaling "$MEMBERS")"

	step 'config/memcached' 'Check the Memcached cluster file, or write it' 'procedure 3.12, 3.13, 3.14, 3.15, 3.16; T40, T42, T45, T46, T47'
	read_memcached
	if [ -z "$PROBLEMS" ]; then
		already 'cluster_settings is valid'
	else
		say 'cluster_settings is not valid, so it is written anew:'
		show "${PROBLEMS%$'\n'}"
		write_memcached
		read_memcached
	fi
	if [ -n "$PROBLEMS" ]; then
		fail 'cluster_settings is valid' "${PROBLEMS%$'\n'}" 'it was written, but does not read back' \
			'make room or mend the disk, then run the stage again:'$'\n''df -h /etc/clearwater'
	fi
	check_matches /etc/clearwater/cluster_settings
	MEMCACHED_MEMBERS=$MEMBERS
	ok "Memcached: $(named signaling "$MEMBERS")"

	step 'config/digests' 'Print the digests to compare' 'procedure 3.1; T23, T25, T26, T27, T28, T45, T52'
	say "The clock here says $(date -u +%H:%M:%S) UTC." \
		'A clock that is off by more than a second is worth mending, but stops nothing (T52).' \
		"Write these into the tables of RUNBOOK.md, stage config, row $NODE:"
	print_digest shared_config "$(file_digest /etc/clearwater/shared_config)"
	print_digest dns.json "$(file_digest /etc/clearwater/dns.json)"
	print_digest sas.json "$(file_digest /etc/clearwater/sas.json)"
	print_digest etcd_version "$(etcd_version)"
	print_digest chronos_shared.conf "$(file_digest /etc/chronos/chronos_shared.conf)"
	print_digest 'members in chronos_cluster.conf' "$(text_digest "$(printf '%s' "$CHRONOS_MEMBERS" | sort)")"
	print_digest 'members in cluster_settings' "$(text_digest "$(printf '%s' "$MEMCACHED_MEMBERS" | sort)")"

	done_with "What this node can check by itself is right." \
		"Next: compare the digests with the other nodes. A node that differs is mended by hand first. Then the stage create."
}

# configuration_files: the files of this node that a configuration manager may
# overwrite.
configuration_files() {
	lines /etc/clearwater/shared_config /etc/clearwater/dns.json /etc/clearwater/sas.json
	lines /etc/chronos/chronos_shared.conf
}

# check_cluster_files: what a person must decide in the two cluster files, before
# either of them is written.
check_cluster_files() {
	read_chronos
	check_unfinished /etc/chronos/chronos_cluster.conf
	check_matches /etc/chronos/chronos_cluster.conf
	REPLACED=$PROBLEMS
	read_memcached
	check_unfinished /etc/clearwater/cluster_settings
	check_matches /etc/clearwater/cluster_settings
	check_remote_settings
	REPLACED=$REPLACED$PROBLEMS
	if [ -n "$REPLACED" ]; then
		check_held_before_writing
	fi
}

REPLACED='' # what is wrong in a cluster file that is to be written anew

# confirm_files: files that this stage replaces are confirmed before the first one.
confirm_files() {
	local list=''
	if ! shared_config_known; then
		list=/etc/clearwater/shared_config
	fi
	if [ -n "$REPLACED" ]; then
		list="$list${list:+, }what is invalid of /etc/chronos/chronos_cluster.conf and /etc/clearwater/cluster_settings"
	fi
	if [ -n "$list" ]; then
		check_space /etc/clearwater
		confirm "This stage replaces $list." \
			"Copies are made first, in a new folder under /var/backups/requorum/$PLAN."
	fi
}

# shared_config_known: is this node's shared_config the inventory's?
shared_config_known() {
	[ "$(file_digest /etc/clearwater/shared_config)" = "$(short "$SHARED_CONFIG_SUM")" ]
}

# install_shared_config: the inventory's known-good file in place of the node's.
install_shared_config() {
	put /etc/clearwater/shared_config "$SHARED_CONFIG"
	if ! shared_config_known; then
		fail "shared_config has the digest $(short "$SHARED_CONFIG_SUM")" \
			"$(file_digest /etc/clearwater/shared_config)" 'it was not written whole, or this script was edited' \
			"check this script against SHA256SUMS, and the room on the disk; then run the stage again:
df -h /etc/clearwater"
	fi
	ok "shared_config has the digest $(short "$SHARED_CONFIG_SUM")"
}
# ---- Stage create: recreate the etcd cluster, start the masters --------------

stage_create() {
	AFFECTS="calls go on; the masters of site $SITE form no cluster without this one"
	step 'create/ready' 'Check that the old cluster is gone from this node' 'procedure 4.2; T4, T6, T10, T13, T14'
	check_monit
	check_shared_config
	check_local_config
	check_cleared
	confirm_role

	step 'create/local-config' 'Set etcd_cluster, and blank etcd_proxy' 'procedure 4.1; T16, T17, T18, T19, T20, T21, T22'
	set_role

	step 'create/etcd' 'Start etcd' 'procedure 4.2, 4.3; T8, T33, T35'
	note_begun
	start_etcd 120

	done_with "etcd is started on this master." \
		"Next: the stage create on the other masters within two minutes (T33): \
$(named management "$(minus "$(lines "${MASTERS[@]}")" "$MANAGEMENT_IP")"). Then the stage confirm, on $SOURCE first."
}

# ---- Stage confirm: the cluster has formed, its configuration is shared ------

stage_confirm() {
	local status
	AFFECTS="calls go on; no other node of site $SITE can go on without this master"
	step 'confirm/ready' 'Check that this master is created, before anything is started' 'procedure 4.8; T16, T25, T28'
	check_monit
	check_shared_config
	if ! role_set; then
		fail "$ROLE=$MASTER_LIST and $OTHER_ROLE empty" "$SEEN" \
			'the stage create is not done on this node' 'do that first:'$'\n'"sudo bash $NODE.sh create"
	fi
	check_configuration_space
	ok 'local_config has the new masters, and there is room for the copies'

	step 'confirm/formed' 'Prove that the masters have formed one new cluster' 'procedure 4.8, 4.10, 4.11; T10, T14, T33, T34, T35'
	# clearwater-etcdctl cluster-health says "cluster is healthy" with one member
	# alone, and member list lists members that never started (T34).
	if ! wait_for 180 5 'the masters to form one cluster' cluster_formed; then
		give_up "exactly $(named management "$(lines "${MASTERS[@]}")") healthy, one leader, the same keys from each" \
			"$(meaning)" "$(remedy)"
	fi
	ask 20 clearwater-etcdctl cluster-health
	show "$OUT"
	ask 20 clearwater-etcdctl member list
	show "$OUT"
	ok 'exactly the expected masters, one leader, the same keys from each'

	step 'confirm/config-manager' 'Start the configuration manager' 'procedure 4.4; T25, T30, T36'
	# This node's files become the whole site's configuration (T25).
	status=0
	read_key "$(configuration_key shared_config)" || status=$?
	if [ "$status" -eq 2 ]; then
		fail 'etcd answers' "$SEEN" 'the cluster is not healthy' 'run the stage again'
	fi
	if [ "$status" -eq 0 ] && ! published_matches; then
		not_ours 'another node has published its configuration first (T25)' \
			"if the one in etcd is right, put it on this node and run the stage again; if this node's is right, $START_OVER"
	fi
	start_config_manager 90

	step 'confirm/sync' 'Prove that the configuration is synchronised' 'procedure 4.6, 4.12; T28, T30, T31'
	wait_in_sync 120
	if ! published_matches; then
		not_ours 'it was overwritten by another one (T25)' \
			"$START_OVER, with the right file from /var/backups/requorum"
	fi
	ok "etcd holds this node's own shared_config"

	step 'confirm/queue-manager' 'Start the queue manager' 'procedure 4.5; T29, T36'
	start_queue_manager 90

	step 'confirm/summary' 'Read monit'\''s summary' 'procedure 4.9; T35, T36'
	if ! wait_for 90 5 'monit to show it all' managers_shown; then
		give_up 'etcd, configuration manager and queue manager run, the cluster manager does not' \
			'a service does not start, or the cluster manager was started too early (T39)' \
			"if the cluster manager runs, $START_OVER; otherwise see what monit says of the service, \
then run the stage again:"$'\n'"sudo monit status"
	fi
	ask 30 monit summary
	show "$OUT"
	ok "$MANAGERS"

	done_with "This master is part of the new cluster and in sync." \
		"Next: the stage confirm on the next master. When all masters are done, see RUNBOOK.md for the stage that follows."
}

# not_ours MEANS DO: the verdict where etcd holds another shared_config than this
# node. After the stage manage somebody has changed it with cw-config.
not_ours() {
	local seen=$SEEN
	if managed; then
		fail "etcd holds this node's own shared_config" "$seen" \
			'the configuration was changed since the stage manage, and this node does not have it yet' \
			'wait a minute, then run the stage again'
	fi
	fail "etcd holds this node's own shared_config" "$seen" "$1" "$2"
}

# meaning and remedy speak to what the wait for the cluster saw last.
meaning() {
	case $SEEN in
	*'gives other keys'*) printf 'that master still has old data: it was not wiped (T10)\n' ;;
	'no healthy member'* | *' leaders')
		printf 'the masters form no cluster: too few are started, or they cannot reach each other\n'
		;;
	*)
		printf 'the master that is named is not started, or cannot be reached on ports 2380 and 4000\n'
		;;
	esac
}

remedy() {
	case $SEEN in
	*'gives other keys'*) printf '%s\n' "$START_OVER" ;;
	*)
		printf '%s\n' "do the stage create on every master that is not started; if all are, \
check that ports 2380 and 4000 are open between the masters (T38); then run the stage again"
		;;
	esac
}

# ---- Stage load: recreate the data store cluster values in etcd --------------

stage_load() {
	AFFECTS="calls go on; no cluster manager of site $SITE may start before the values are there"
	step 'load/ready' 'Check that no cluster manager runs and the files are good' 'procedure 6.1; T39, T42, T43, T44, T45, T46'
	if ! cluster_manager_held; then
		fail 'no cluster manager runs, and none can start' "$SEEN" \
			'a load under a running cluster manager overwrites what it is doing (T39, T45)' \
			"if manage was done on any node, the values are loaded: nothing to do; otherwise $START_OVER"
	fi
	if ! wait_for 30 5 'the masters to answer alike' cluster_formed; then
		fail 'the masters form one healthy cluster' "$SEEN" 'the stages before this one are not done' \
			'do confirm on every master, and join on every other node, first'
	fi
	read_chronos
	check_unfinished /etc/chronos/chronos_cluster.conf
	check_valid /etc/chronos/chronos_cluster.conf
	check_matches /etc/chronos/chronos_cluster.conf
	read_memcached
	check_unfinished /etc/clearwater/cluster_settings
	check_valid /etc/clearwater/cluster_settings
	check_matches /etc/clearwater/cluster_settings
	check_remote_settings
	ok 'no cluster manager runs here, the cluster is healthy, the files are valid'

	# The exit status of the load commands is 0 on failure too (T41).
	step 'load/chronos' 'Load the Chronos cluster' 'procedure 6.1, 6.2; T40, T41'
	if ! loaded_already chronos; then
		change /usr/share/clearwater/clearwater-cluster-manager/scripts/load_from_chronos_cluster "$STORE_KEY" || true
		prove_load chronos
	fi

	step 'load/memcached' 'Load the Memcached cluster' 'procedure 6.1, 6.3; T40, T41, T42, T46'
	if ! loaded_already memcached; then
		change /usr/share/clearwater/clearwater-cluster-manager/scripts/load_from_memcached_cluster "$STORE_KEY" || true
		prove_load memcached
	fi

	step 'load/state' 'Check the cluster state' 'procedure 6.6; T41, T43'
	if ! clusters_stable; then
		fail 'check_cluster_state describes each store and calls each stable' "$SEEN" \
			'a value is missing, or a node in it joins or leaves (T41, T43)' \
			"$START_OVER"
	fi
	show "$OUT"
	ok 'each data store cluster is stable'

	done_with "The data store values are loaded." \
		"Next: the stage manage on every live node of site $SITE, one after the other."
}

# check_valid FILE: the file that was read last has no problems.
check_valid() {
	if [ -n "$PROBLEMS" ]; then
		fail "$1 is valid" "${PROBLEMS%$'\n'}" 'what is loaded from it would be wrong (T40)' \
			'the stage config writes the file anew:'$'\n'"sudo bash $NODE.sh config"
	fi
}

# ---- Stage manage: start the cluster manager ---------------------------------

stage_manage() {
	AFFECTS="calls go on; without a cluster manager here no node can join or leave a data store"
	step 'manage/keys' 'Check every data store value from this node' 'procedure 7.1; T39, T40, T49, T51'
	check_monit
	check_stores

	step 'manage/release' 'Let the cluster manager start again' 'procedure 7.2; T48, T50'
	# With -f it may be run twice (T48).
	if [ -e /etc/clearwater/no_cluster_manager ]; then
		change rm -f /etc/clearwater/no_cluster_manager || true
	else
		already '/etc/clearwater/no_cluster_manager is gone'
	fi
	if [ -e /etc/clearwater/no_cluster_manager ]; then
		fail '/etc/clearwater/no_cluster_manager is gone' 'it is still there' 'the disk is read-only' \
			'mend it; run the stage again; left behind, the file keeps the cluster manager down (T50)'
	fi
	ok '/etc/clearwater/no_cluster_manager is gone'

	step 'manage/cluster-manager' 'Start the cluster manager' 'procedure 7.3; T39, T48'
	if service_runs clearwater_cluster_manager_process; then
		already 'the cluster manager runs'
	else
		request monit monitor -g clearwater_cluster_manager
	fi

	step 'manage/summary' 'Read monit'\''s summary' 'procedure 7.4; T36, T49'
	if ! wait_for 90 5 'the cluster manager to run' service_runs clearwater_cluster_manager_process; then
		give_up 'monit shows clearwater_cluster_manager_process running' 'the cluster manager does not start' \
			'look into /var/log/clearwater-cluster-manager; run the stage again'
	fi
	ask 30 monit summary
	show "$OUT"
	ok 'the cluster manager runs'

	done_with "The cluster manager is up on this node." \
		"Next: the stage manage on the next node. When every live node is done, the etcd cluster of site $SITE \
works again; RUNBOOK.md says what comes after."
}

# managed: is this stage done here? Then the cluster manager may run, as an earlier
# stage that is run again must know.
managed() {
	[ ! -e /etc/clearwater/no_cluster_manager ] && role_set && stores_right
}

# ---- Stage finish: mark the failed Vellum nodes failed -----------------------

stage_finish() {
	AFFECTS="calls go on; the failed Vellum nodes stay in the data stores, and no other node can join or leave them"
	step 'finish/ready' 'Check that the cluster manager is up and the values are there' 'procedure 8.2; T45, T50'
	check_monit
	need cw-mark_node_failed
	if ! service_runs clearwater_cluster_manager_process; then
		fail 'the cluster manager runs on this node' "$SEEN" \
			'the stage manage is not done; no node can leave a cluster without it (T50)' \
			"the stage manage on every live node of site $SITE, then run the stage again"
	fi
	check_present chronos
	check_present memcached
	ok 'the cluster manager runs, and the values are there'

	step 'finish/memcached' 'Mark the failed Vellum nodes failed in Memcached' 'procedure 8.2; T43, T50'
	confirm_marks
	mark_all memcached

	step 'finish/chronos' 'Mark the failed Vellum nodes failed in Chronos' 'procedure 8.2; T43, T50'
	mark_all chronos

	step 'finish/state' 'Check the cluster state' 'procedure 8.2; T41, T43'
	if ! wait_for 180 10 'the clusters to be stable' clusters_stable; then
		give_up 'check_cluster_state calls each store stable' 'a node has not acknowledged the change (T50)' \
			'check that the cluster manager runs on every live Vellum node; run the stage again'
	fi
	show "$OUT"
	ok 'each data store cluster is stable, without the failed nodes'

	done_with "No failed node is left in a data store cluster." \
		"Next: replace the failed nodes; RUNBOOK.md says how."
}

# check_present STORE: the value of a store is there, whatever its states.
check_present() {
	if ! read_key "$(store_key "$1")"; then
		fail "etcd holds a value of $1" "$SEEN" 'the stage load is not done' 'see RUNBOOK.md, stage load'
	fi
}

LEFT='' # failed Vellum nodes that are still in a store

# find_left STORE: which failed Vellum nodes does the store's value still name?
find_left() {
	local ip
	LEFT=''
	check_present "$1"
	read_members "$VALUE"
	for ip in "${FAILED_VELLUMS[@]}"; do
		if has "$ip" "$MEMBERS"; then
			LEFT=$LEFT$ip$'\n'
		fi
	done
}

# confirm_marks: who leaves which store is confirmed before the first one does.
confirm_marks() {
	local store text=''
	for store in memcached chronos; do
		find_left "$store"
		if [ -n "$LEFT" ]; then
			text="$text${text:+; }from $store: $(named signaling "$LEFT")"
		fi
	done
	if [ -n "$text" ]; then
		confirm "This stage takes failed nodes out of the data stores for good: $text." \
			"A copy of each value in etcd is made first, in a new folder under /var/backups/requorum/$PLAN." \
			'Do this only for nodes that will not come back as they were.'
	fi
}

# mark_all STORE: marks every failed Vellum node failed, all at the same time:
# with two dead nodes the first call returns only when the second is marked too
# (facts 5.2). Running it again is the remedy for a call that was cut off.
mark_all() {
	local ip status=0
	find_left "$1"
	if [ -z "$LEFT" ]; then
		already "no failed node is in $1"
		return 0
	fi
	say "still in $1: $(named signaling "$LEFT"); this takes half a minute or more"
	keep_text "etcd-value-$1.json" "$VALUE" "clearwater-etcdctl get $(store_key "$1")"
	while IFS= read -r ip; do
		if [ "$DRY" = yes ]; then
			would_run "cw-mark_node_failed $STORE_KEY $1 $ip"
		else
			say_command 'run:' "cw-mark_node_failed $STORE_KEY $1 $ip"
			mark_one "$1" "$ip" &
		fi
	done <<<"${LEFT%$'\n'}"
	wait_for 900 15 "the failed nodes to leave $1" none_left "$1" || status=1
	if [ "$DRY" = no ]; then
		wait
		report_marks "$1"
	fi
	if [ "$status" -ne 0 ]; then
		give_up "no failed node in $1" \
			'a live Vellum node has not acknowledged; its cluster manager does not run (T50)' \
			"check that the stage manage is done on every live node; then run the stage again"
	fi
	ok "no failed node is left in $1"
}

# none_left STORE: for wait_for.
none_left() {
	if ! read_key "$(store_key "$1")"; then
		return 1
	fi
	find_left "$1"
	SEEN="still in $1: $(named signaling "$LEFT")"
	[ -z "$LEFT" ]
}

# mark_one STORE ADDRESS: its verdict is judged by mark_all from what etcd holds:
# "Not in cluster - no work required" is also said of a mistyped name.
mark_one() {
	ask 900 cw-mark_node_failed "$STORE_KEY" "$1" "$2"
	printf '%s\n' "$STATUS" "$OUT" >"$COPIES/mark-$1-$2.txt"
}

# report_marks STORE: what the calls that ran side by side have said.
report_marks() {
	local ip status output
	for ip in "${FAILED_VELLUMS[@]}"; do
		if [ -f "$COPIES/mark-$1-$ip.txt" ]; then
			output=$(cat "$COPIES/mark-$1-$ip.txt")
			status=${output%%$'\n'*}
			show "$ip: ${output#*$'\n'}"
			record "cw-mark_node_failed $STORE_KEY $1 $ip" "${status:-null}" "${output#*$'\n'}"
		fi
	done
}
# ---- The stages of this node, and where they stand ---------------------------

usage() {
	printf '%s\n' "usage: sudo bash $NODE.sh [--dry-run] [--yes $NODE] [--case TEXT]" \
		"            [STAGE]" \
		"       sudo bash $NODE.sh --archive" \
		'' \
		"The stages of $NODE, in order:" \
		'  stop      stop the etcd processes and wipe the etcd data' \
		'  config    check the configuration on this node' \
		'  create    set etcd_cluster and start etcd' \
		'  confirm   prove that the cluster has formed and is in sync' \
		'  load      load the data store values' \
		'  manage    start the cluster manager' \
		'  finish    mark the failed Vellum nodes failed' \
		'' \
		'Without a STAGE: looks at the node, changes nothing and says what is next.' \
		"  --yes $NODE   go on without asking for the node's name to be typed" \
		'  --dry-run   look, and say what the stage would do; nothing is changed' \
		'  --case TEXT put a ticket number or the like into the journal' \
		'  --archive   journal and logs of this node in one file, without passwords' \
		'  --help      this text' \
		'' \
		'Exit status: 0 done and verified; 1 refused, nothing was changed; 2 usage;' \
		'3 a change was begun and is not finished; 4 waited to the limit.'
}

NEXT='' # the first stage that is not done

# stands STAGE STATE: a line of the overview.
stands() {
	local state=${2%%$'\n'*}
	printf '%s|   %-8s %s\n' "$NODE" "$1" "${state:0:66}"
	if [ -z "$NEXT" ] && [[ $2 == 'not done'* ]]; then
		NEXT=$1
	fi
}

# overview looks at what is true now, and changes nothing.
overview() {
	say "$NODE ($TYPE) of site $SITE, deployment $DEPLOYMENT, plan $PLAN"
	say_unended
	say 'The stages, as found by looking:'
	stands stop "$(look_stop)"
	printf '%s|   %-8s %s\n' "$NODE" config 'to be run after stop; it looks, and leaves no trace to see it by'
	stands create "$(look_etcd)"
	stands confirm "$(look_synced)"
	stands load "$(look_load)"
	stands manage "$(look_manage)"
	stands finish "$(look_finish)"
	if [ -z "$NEXT" ]; then
		say 'Every stage of this node is done.'
	else
		say 'Next here, when RUNBOOK.md says so:'
		if [ "$NEXT" = create ]; then
			show "sudo bash $NODE.sh config"
			say 'and when its digests are compared:'
		fi
		show "sudo bash $NODE.sh $NEXT"
	fi
	say 'Nothing was changed.'
	leave 0
}

look_stop() {
	if begun; then
		printf 'done: the etcd data here belongs to the new cluster\n'
	elif [ -e /etc/clearwater/no_cluster_manager ] && data_empty && ports_free && nothing_runs; then
		printf 'done: nothing runs, and the data directory is empty\n'
	else
		printf 'not done: %s\n' "$(joined "$SEEN")"
	fi
}

# nothing_runs: no process of etcd or of a manager.
nothing_runs() {
	local service
	read_processes
	for service in clearwater-etcd clearwater-cluster-manager clearwater-config-manager clearwater-queue-manager; do
		if runs "$service"; then
			SEEN="$service runs"
			return 1
		fi
	done
}

look_etcd() {
	if role_set && begun && etcd_listens; then
		printf 'done: etcd runs with the new masters\n'
	else
		printf 'not done: %s\n' "$SEEN"
	fi
}

look_synced() {
	if members_healthy && service_runs clearwater_config_manager_process &&
		service_runs clearwater_queue_manager_process && in_sync; then
		printf 'done: the cluster is healthy and the configuration in sync\n'
	else
		printf 'not done: %s\n' "$(joined "$SEEN")"
	fi
}

look_load() {
	if stores_right; then
		printf 'done: every data store value is right\n'
	else
		printf 'not done: a data store value is missing or wrong\n'
	fi
}

look_manage() {
	if [ ! -e /etc/clearwater/no_cluster_manager ] && service_runs clearwater_cluster_manager_process &&
		members_healthy; then
		printf 'done: the cluster manager runs\n'
	else
		printf 'not done: the cluster manager is held, or does not run\n'
	fi
}

look_finish() {
	local store ip
	for store in chronos memcached; do
		if ! read_key "$(store_key "$store")"; then
			printf 'not done: the value of %s is missing\n' "$store"
			return 0
		fi
		read_members "$VALUE"
		for ip in "${FAILED_VELLUMS[@]}"; do
			if has "$ip" "$MEMBERS"; then
				printf 'not done: %s is still in %s\n' "$(named signaling "$ip")" "$store"
				return 0
			fi
		done
	done
	printf 'done: no failed node is in a data store\n'
}

# ---- The command line --------------------------------------------------------

ARCHIVE=no # yes if an archive is asked for

wrong_usage() {
	usage >&2
	printf '\n' >&2
	say "$1" >&2
	ENDED=yes
	exit 2
}

# read_arguments ARGUMENT...: takes the command line apart.
read_arguments() {
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			ENDED=yes
			exit 0
			;;
		--yes)
			if [ "${2-}" != "$NODE" ]; then
				wrong_usage "--yes takes the name of this node, $NODE"
			fi
			YES=$2
			shift
			;;
		--case)
			CASE=${2-}
			if [ -z "$CASE" ] || [[ $CASE == *[!\ -~]* ]]; then
				wrong_usage '--case takes a line of text, such as the number of a ticket'
			fi
			shift
			;;
		--dry-run) DRY=yes ;;
		--archive) ARCHIVE=yes ;;
		--locked) LOCKED=yes ;;
		-*) wrong_usage "unknown flag: $1" ;;
		*)
			if [ -n "$STAGE" ]; then
				wrong_usage "one STAGE at a time: $STAGE or $1"
			fi
			STAGE=$1
			;;
		esac
		shift
	done
	case $STAGE in
	'' | stop | config | create | confirm | load | manage | finish) ;;
	join) wrong_usage "$NODE has no part in the stage $STAGE" ;;
	*) wrong_usage "there is no stage $STAGE" ;;
	esac
	if [ "$ARCHIVE" = yes ] && [ -n "$STAGE" ]; then
		wrong_usage '--archive goes without a STAGE'
	fi
	if [ "$DRY" = yes ] && [ -z "$STAGE" ]; then
		wrong_usage '--dry-run needs a STAGE'
	fi
}

# at_end: what a stage that is done says last.
at_end() { return 0; }

# run_stage: the stage itself, once it is sure that this is the node.
run_stage() {
	check_node
	check_store_key
	case $STAGE in
	'') overview ;;
	stop) stage_stop ;;
	config) stage_config ;;
	create) stage_create ;;
	confirm) stage_confirm ;;
	load) stage_load ;;
	manage) stage_manage ;;
	finish) stage_finish ;;
	esac
}

# main: what only looks runs at once; a stage runs again under the lock.
main() {
	local arguments="$*"
	trap on_exit EXIT
	read_arguments "$@"
	check_root
	learn_secrets
	if [ "$ARCHIVE" = yes ]; then
		make_archive
		leave 0
	fi
	if [ -z "$STAGE" ] || [ "$DRY" = yes ]; then
		run_stage
	elif [ "$LOCKED" = no ]; then
		run_locked "$@"
	else
		trap - EXIT # the run that holds the lock is watched by the one that started it
		begin_run
		open_journal "bash $NODE.sh ${arguments#--locked }"
		run_stage
	fi
}

main "$@"
