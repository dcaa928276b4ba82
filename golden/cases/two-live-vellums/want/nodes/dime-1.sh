#!/bin/bash
#
# dime-1: its part in the recovery of the etcd cluster of site site1.
# Plan 73fc0ad315e9, made by requorum.
#
# Run this on node dime-1 only, as root:
#
#     sudo bash dime-1.sh STAGE
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

PLAN='73fc0ad315e9'
DEPLOYMENT='two live Vellums'
NODE='dime-1'
TYPE='dime'

# Signaling address, management address; Clearwater's local_site_name, etcd_key.
LOCAL_IP='10.0.0.51'
MANAGEMENT_IP='10.0.0.51'
SITE='site1'
ETCD_KEY='clearwater'

# The master whose configuration manager starts first (T25).
SOURCE='vellum-1'

# The role of this node in the new cluster, and the other one, by the names that
# they have in local_config.
ROLE=etcd_cluster
OTHER_ROLE=etcd_proxy

# The new masters: what etcd_cluster and etcd_proxy are set to, and one by one.
MASTER_LIST='10.0.0.51,10.0.0.31,10.0.0.11,10.0.0.12'
MASTERS=(
	'10.0.0.51'
	'10.0.0.31'
	'10.0.0.11'
	'10.0.0.12'
)

# The live nodes of the site by management address.
LIVE_NODES=(
	'10.0.0.51'
	'10.0.0.31'
	'10.0.0.11'
	'10.0.0.12'
)

# The failed nodes of the site by management address: nothing may answer there.
FAILED_NODES=(
	'10.0.0.13'
	'10.0.0.14'
)

# Which node an address on which network belongs to.
NAMES=(
	'management 10.0.0.51 dime-1'
	'management 10.0.0.31 sprout-1'
	'management 10.0.0.11 vellum-1'
	'signaling 10.0.0.11 vellum-1'
	'management 10.0.0.12 vellum-2'
	'signaling 10.0.0.12 vellum-2'
	'management 10.0.0.13 vellum-3'
	'signaling 10.0.0.13 vellum-3'
	'management 10.0.0.14 vellum-4'
	'signaling 10.0.0.14 vellum-4'
)

# The Vellum nodes of the site by signaling address, and their etcd_cluster_key.
STORE_KEY='vellum'
LIVE_VELLUMS=(
	'10.0.0.11'
	'10.0.0.12'
)
ALL_VELLUMS=(
	'10.0.0.11'
	'10.0.0.12'
	'10.0.0.13'
	'10.0.0.14'
)

# ---- Function library --------------------------------------------------------

# -- What must not be printed

# Clearwater's secrets (facts 2.8) by the names that they have in its files.
SECRET_NAMES='signup_key|turn_workaround|ellis_api_key|smtp_password'
SECRETS=() # their values on this node
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
	local secret
	if [ "${#1}" -lt 4 ] || [[ '(hidden)' == *"$1"* ]]; then
		return 0
	fi
	if [ "${#SECRETS[@]}" -gt 0 ]; then
		for secret in "${SECRETS[@]}"; do
			if [ "$secret" = "$1" ]; then
				return 0
			fi
		done
	fi
	SECRETS+=("$1")
}

# holds_secret TEXT: is one of the values in it?
holds_secret() {
	local secret
	if [ "${#SECRETS[@]}" -gt 0 ]; then
		for secret in "${SECRETS[@]}"; do
			if [[ $1 == *"$secret"* ]]; then
				return 0
			fi
		done
	fi
	return 1
}

# clean TEXT: the text without secrets, and with nothing but printable ASCII,
# tabs and newlines, goes to CLEAN.
clean() {
	local line text='' names="$SECRET_NAMES"
	CLEAN=${1//[!\ -~$'\t\n']/?}
	if ! holds_secret "$CLEAN" && ! [[ $CLEAN =~ $names ]]; then
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
	local secret rest i
	CLEAN=$1
	if ! holds_secret "$CLEAN"; then
		return 0
	fi
	for secret in "${SECRETS[@]}"; do
		rest=$CLEAN
		CLEAN=''
		i=0
		while [ "$i" -lt "${#rest}" ]; do
			if [ "${rest:i:${#secret}}" = "$secret" ]; then
				CLEAN="$CLEAN(hidden)"
				i=$((i + ${#secret}))
			else
				CLEAN=$CLEAN${rest:i:1}
				i=$((i + 1))
			fi
		done
	done
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
		"a run of the stage ${NOTE%% *} holds the lock /var/run/requorum.lock"$'\n'"${list:-its processes cannot be seen}" \
		'two runs at once would undo what the other does' \
		"wait until the other run has ended, then run this again; its terminal, or this, shows how far it is:
sudo tail -n 3 /var/log/requorum/$NODE.journal"
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

UNDER_WAY=no # yes if say_unended has found a run that is under way

# say_unended: a run whose note is still there is under way, or has died.
say_unended() {
	local time
	read_note
	if [ -z "$NOTE" ]; then
		return 0
	fi
	time=${NOTE#* }
	if ! flock -n /var/run/requorum.lock true; then
		UNDER_WAY=yes
		say "A run of the stage ${NOTE%% *} is under way since ${time%% *} UTC."
	elif [[ $NOTE == *' changed' ]]; then
		say_dead_run
		say 'Run the same stage again; it finds out what is done, and does the rest.'
	else
		say_dead_run
		say 'It has changed nothing.'
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
	if [ "$ENDED" = no ]; then
		if [ "$INNER" = yes ]; then
			: >/var/run/requorum.stop || true
			printf '\n'
			say 'Interrupted. The command that is under way ends first; please wait.'
			flock -w 660 /var/run/requorum.lock true || true
		fi
		cut_off 'it was ended from outside'
	fi
}

# heed_stop: ends the run under the lock if the one that started it asks for that.
heed_stop() {
	if [ "$LOCKED" = yes ] && [ -e /var/run/requorum.stop ]; then
		exit 1
	fi
}

# -- Confirmation

YES=''   # the name that --yes was given
AGAIN='' # what to do instead, where going on is rarely right

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
			"${AGAIN:-run the stage again and type $NODE; without a terminal:
sudo bash $NODE.sh --yes $NODE $STAGE}"
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
	"remote_site_name=${remote_site_name-}" "remote_site_names=${remote_site_names-}" \
	"etcd_version=${etcd_version-}" end=end'
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

# What the stages call.
NEEDED=(monit service timeout ip ss ps ls cp mv rm find mkdir chmod cat cmp diff
	sync flock du df date sleep sha256sum sort tail wc curl clearwater-etcdctl)

# absent_commands COMMAND...: those that are not on the node, a line each.
absent_commands() {
	local command
	for command in "$@"; do
		if ! command -v "$command" >/dev/null; then
			printf '%s\n' "$command"
		fi
	done
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
	need "${NEEDED[@]}"
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
		warn 'the configuration files have carriage returns (T19); create or join takes them out of local_config'
	fi
	if [ "$(hostname)" != "$NODE" ]; then
		warn "the host name is $(hostname), not $NODE; the addresses are right, so this goes on"
	fi
}

# addresses_right: does local_config have the inventory's addresses?
addresses_right() {
	local sig mgmt
	sig=$(config_name local_ip)
	mgmt=$(config_name management_local_ip)
	SEEN="local_ip $sig, management address ${mgmt:-$sig}"
	[ "$sig" = "$LOCAL_IP" ] && [ "${mgmt:-$sig}" = "$MANAGEMENT_IP" ]
}

# check_addresses: local_config and the interfaces against the inventory.
check_addresses() {
	if ! addresses_right; then
		fail "local_ip $LOCAL_IP, management address $MANAGEMENT_IP" "$SEEN" \
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

# names_right: are site and etcd_key the inventory's?
names_right() {
	local site key
	site=$(config_name local_site_name)
	key=$(config_name etcd_key)
	SEEN="local_site_name $site and etcd_key $key"
	[ "$site" = "$SITE" ] && [ "$key" = "$ETCD_KEY" ]
}

# check_names: site and etcd_key must be the inventory's, or the keys in etcd
# would have other names than expected (T51).
check_names() {
	if ! names_right; then
		fail "local_site_name $SITE and etcd_key $ETCD_KEY" "$SEEN" \
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

ROOM=0 # kB that a copy takes, and a little more

# room_for PATH: is there room for a copy of PATH?
room_for() {
	local needed free
	read -r needed _ <<<"$(du -sk "$1")"
	free=$(free_space)
	ROOM=$((needed + 1024))
	SEEN="$free kB free under /var"
	[ "$free" -ge "$ROOM" ]
}

# check_space PATH: there is room for a copy of PATH.
check_space() {
	if ! room_for "$1"; then
		fail "$ROOM kB free for the copy of $1" "$SEEN" \
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
# that the copy is the same. The copy stands in COPIES under its whole path. As
# long as it may be torn, its name ends in .part.
keep() {
	if [ "$DRY" = yes ]; then
		would_run "cp -a $1 /var/backups/requorum/$PLAN/TIME-$STAGE$1.part"
		return 0
	fi
	make_copies_folder
	mkdir -p "$COPIES${1%/*}" || unwritten "$COPIES${1%/*}"
	if ! change cp -a "$1" "$COPIES/${1#/}.part"; then
		fail "a copy of $1 in $COPIES" "status $STATUS: $OUT" \
			'the disk is full or broken; the original is untouched' \
			'make room, then run the stage again:'$'\n''df -h /var/backups'
	fi
	ask 600 diff -r "$1" "$COPIES$1.part"
	if [ "$STATUS" -ne 0 ]; then
		fail "the copy of $1 is the same as the original" "they differ: $OUT" \
			'something still writes there, or the disk is broken' \
			"find out which process writes to $1, then run the stage again; the original is untouched"
	fi
	settle
	mv "$COPIES/${1#/}.part" "$COPIES/${1#/}" || unwritten "$COPIES$1"
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

# process_runs SERVICE: is a process of the service alive now? For wait_for.
process_runs() {
	read_processes
	SEEN="no process of $1 yet"
	[ -n "$PROCESSES" ] && runs "$1"
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

# begun: is the etcd data here this plan's own? Then the stage that makes it was
# begun before. What local_config says now does not matter: Chef may have put it
# back since (T22), and etcd keeps to the data that it has.
begun() {
	local plan=''
	if [ -f /var/backups/requorum/begun ]; then
		read -r plan _ </var/backups/requorum/begun || true
	fi
	[ "$plan" = "$PLAN" ] && [ -d "/var/lib/clearwater-etcd/$MANAGEMENT_IP" ]
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

# -- Digests, short enough to read aloud

# short SUM: the start of the SHA-256 in the form xxxx-xxxx.
short() { printf '%s-%s\n' "${1:0:4}" "${1:4:4}"; }

# file_sum FILE: its SHA-256 in hex, or "missing", or "unreadable".
file_sum() {
	local sum
	if [ ! -f "$1" ]; then
		printf 'missing\n'
	elif ! sum=$(sha256sum "$1"); then
		printf 'unreadable\n'
	else
		printf '%s\n' "${sum%% *}"
	fi
}

# file_digest FILE: its short digest, or "missing", or "unreadable".
file_digest() {
	local sum
	sum=$(file_sum "$1")
	case $sum in
	missing | unreadable) printf '%s\n' "$sum" ;;
	*) short "$sum" ;;
	esac
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
	if ! wait_for "$1" 2 'etcd to listen on port 4000' etcd_listens; then
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

FOUND=no # yes if there is the key that key_answered has asked for

# key_answered KEY: does etcd say what it holds there, be it nothing? For wait_for.
key_answered() {
	local status=0
	read_key "$1" || status=$?
	FOUND=no
	if [ "$status" -eq 0 ]; then
		FOUND=yes
	fi
	[ "$status" -ne 2 ]
}

# answer_for KEY: read_key for a verdict. While etcd elects a leader it answers
# nobody, and a key that cannot be read is no key that is missing or wrong: so this
# waits, and at the limit the run ends. 1: there is no such key.
answer_for() {
	if ! wait_for 30 2 'etcd to answer' key_answered "$1"; then
		fail 'etcd answers' "$SEEN" 'the masters have no leader, or do not hear this node: what etcd holds is not known' \
			"see what the masters say, with the command below; when the cluster is healthy, run the stage again
sudo clearwater-etcdctl cluster-health"
	fi
	[ "$FOUND" = yes ]
}

# -- The other nodes: who answers, and what

# What knock_all found: lines "ADDRESS FACT VALUE", sorted. The facts:
#   4000, 2380   answers (an etcd speaks), mute (connected, but no answer in time),
#                refused (the machine is up, nothing listens), silent (no way, or
#                nobody there), unknown
#   members      new (exactly the new masters), none, or the addresses
#   health       yes, no
#   ahead        seconds that its clock is ahead of this node's; behind, likewise
KNOCKED=''

# knock_all WHAT SET: knocks at every address of SET, many at a time. Each knock
# has a limit of its own, so this takes seconds, also where nobody answers.
knock_all() {
	if ! KNOCKED=$(knock_each "$2" | sort); then
		KNOCKED=''
	fi
	record "curl, ports 4000 and 2380: $1" 0 "$KNOCKED"
}

knock_each() {
	local address n=0
	while IFS= read -r address; do
		if [ -n "$address" ]; then
			knock_client "$address" &
			knock_peer "$address" &
			n=$((n + 1))
			if [ $((n % 16)) -eq 0 ]; then
				wait
			fi
		fi
	done <<<"$1"
	wait
}

# knock_client ADDRESS: prints what is found at one address on etcd's port for clients.
knock_client() {
	local text status=0 began members
	began=$(date +%s)
	text=$(timeout 8 curl -s -S -v -i --connect-timeout 3 -m 6 --noproxy '*' \
		"http://$1:4000/v2/members" 2>&1) || status=$?
	printf '%s 4000 %s\n' "$1" "$(way "$status" "$text")"
	if [ "$(way "$status" "$text")" = answers ]; then
		clock_of "$1" "$text"
		members=$(members_in "$text")
		if [ -z "$members" ]; then
			members=none
		else
			members=$(whose "$members")
		fi
		printf '%s members %s\n' "$1" "${members:0:600}"
		status=0
		text=$(timeout 8 curl -s -S -m 6 --noproxy '*' "http://$1:4000/health" 2>&1) || status=$?
		if [[ $text == *'"health"'*'true'* ]]; then
			printf '%s health yes\n' "$1"
		else
			printf '%s health no\n' "$1"
		fi
	fi
}

# knock_peer ADDRESS: the same on the port for other members. There a member says whose
# cluster it is in also while it has no leader, and is mute for clients (T33). It goes
# beside the other knock: a node that is dark costs the time of one.
knock_peer() {
	local text status=0 members
	text=$(timeout 8 curl -s -S -v --connect-timeout 3 -m 6 --noproxy '*' "http://$1:2380/members" 2>&1) || status=$?
	printf '%s 2380 %s\n' "$1" "$(way "$status" "$text")"
	members=$(members_in "$text")
	if [ -n "$members" ]; then
		members=$(whose "$members")
		printf '%s peers %s\n' "$1" "${members:0:600}"
	fi
}

# whose MEMBERS: "new" if they are exactly the new masters, otherwise who they are.
whose() {
	if same_masters listed "$1"; then
		printf 'new\n'
	else
		joined "$1"
	fi
}

# way STATUS TEXT: what curl -v has met, in a word.
way() {
	if [[ $2 == *'HTTP/1.'* ]] && [ "$1" -eq 0 ]; then
		printf 'answers\n'
	elif [[ $2 == *'Connected to '* ]]; then
		printf 'mute\n'
	elif [[ $2 == *'onnection refused'* ]]; then
		printf 'refused\n'
	elif [ "$1" -eq 28 ] || [ "$1" -eq 124 ] || [[ $2 == *'No route to host'* ]]; then
		printf 'silent\n'
	else
		printf 'unknown\n'
	fi
}

# members_in TEXT: the addresses in an answer to /v2/members, a line each. A member
# that has never started has no client address, but a peer address.
members_in() {
	local rest=$1
	while [[ $rest == *'"peerURLs":["http://'* ]]; do
		rest=${rest#*'"peerURLs":["http://'}
		printf '%s\n' "${rest%%:*}"
	done
}

# clock_of ADDRESS TEXT: how far the clock of the node that answered the knock is
# from this one, by the date in its answer: to the second, the way there and back
# left out (T52). A proxy passes on the date of a master.
clock_of() {
	local ended stamp there pattern='Date: ([A-Za-z]+, [0-9]+ [A-Za-z]+ [0-9]+ [0-9:]+ GMT)'
	if ! [[ $2 =~ $pattern ]]; then
		return 0
	fi
	stamp=${BASH_REMATCH[1]}
	if ! there=$(date -u -d "$stamp" +%s); then
		return 0
	fi
	ended=$(date +%s)
	if [ "$there" -gt "$ended" ]; then
		printf '%s ahead %s\n' "$1" "$((there - ended))"
	elif [ "$there" -lt "$began" ]; then
		printf '%s behind %s\n' "$1" "$((began - there))"
	else
		printf '%s ahead 0\n' "$1"
	fi
}

# those FACT VALUE: the addresses of which that was found, a line each.
those() {
	local address fact value
	while read -r address fact value; do
		if [ "$fact" = "$1" ] && [ "$value" = "$2" ]; then
			printf '%s\n' "$address"
		fi
	done <<<"$KNOCKED"
}

# either WAY...: the addresses of which a port was found in one of these ways.
either() {
	local address fact value last=''
	while read -r address fact value; do
		if [[ $fact =~ ^[0-9]+$ ]] && [ "$address" != "$last" ] && has "$value" "$(lines "$@")"; then
			printf '%s\n' "$address"
			last=$address
		fi
	done <<<"$KNOCKED"
}

# failed_nodes: a line each.
failed_nodes() {
	if [ "${#FAILED_NODES[@]}" -gt 0 ]; then
		lines "${FAILED_NODES[@]}"
	fi
}

# check_fenced: no failed node answers. One that is back brings the old cluster
# with it (T15).
check_fenced() {
	local answering
	knock_all 'the failed nodes' "$(failed_nodes)"
	answering=$(either answers mute)
	if [ -n "$answering" ]; then
		fail 'no failed node answers on port 4000 or 2380' "an answer from $(named management "$answering")" \
			'a failed node is back, with the old data: it can spoil the new cluster (T15)' \
			'fence it: cut its power or its network, and keep it cut; then run the stage again'
	fi
	if [ -n "$(either refused)" ]; then
		warn "$(named management "$(either refused)"): no etcd answers, but the machine is up; \
fence it before it starts its etcd (T15)"
	fi
	if [ -n "$(either unknown)" ]; then
		warn "CANNOT TELL whether $(named management "$(either unknown)") is fenced: this node could not ask"
	fi
	ok 'no failed node answers'
}

# check_peers: no other live node still runs the old etcd, or this node's new one
# would begin beside it (T4, T10); and no failed node is back.
check_peers() {
	local address fact value dark mute
	knock_all 'the other live nodes' "$(minus "$(lines "${LIVE_NODES[@]}")" "$MANAGEMENT_IP")"
	while read -r address fact value; do
		if [[ $fact == members || $fact == peers ]] && [ "$value" != new ]; then
			fail 'no other live node runs its old etcd' \
				"$(named management "$address") answers; its members: $value" \
				'the stage stop is not done there: a new master must not start beside the old cluster (T4, T10)' \
				'do the stage stop on that node, then run this stage again'
		fi
		if [ "$fact" = members ]; then
			check_unfilled "$address"
		fi
	done <<<"$KNOCKED"
	dark=$(those 4000 silent)$'\n'$(those 4000 unknown)
	if [ "$(joined "$dark")" != none ]; then
		warn "CANNOT TELL whether the old etcd still runs on $(named management "$dark"): no answer"
	fi
	mute=$(minus "$(those 4000 mute)" "$(those peers new)")
	if [ -n "$mute" ]; then
		warn "CANNOT TELL what etcd it is on $(named management "$mute"): it takes the connection, but does \
not answer; a new master does so while it waits for the others (T33)"
	fi
	ok 'no other live node answers with its old etcd'
	check_fenced
}

# check_unfilled ADDRESS: a new cluster that holds keys before this node has begun
# is further than this node: it was not wiped, or this node was in it (T10, T14).
check_unfilled() {
	if begun; then
		return 0
	fi
	ask 10 curl -s -S -m 8 --noproxy '*' "http://$1:4000/v2/keys/?recursive=true&sorted=true"
	if [[ $OUT == *'"nodes"'* ]]; then
		fail 'the new cluster holds no key yet' "$(named management "$1") answers as a new master, and gives keys" \
			'that master was not wiped (T10), or the new cluster is further, and this node was in it (T14)' \
			"$START_OVER"
	fi
}

# -- Configuration and its managers

configuration_key() { printf '/%s/%s/configuration/%s\n' "$ETCD_KEY" "$SITE" "$1"; }

FAULT='' # what is wrong with shared_config, a word; empty if nothing

# read_shared_config: is the file there, does it set something, and does a shell
# get through it?
read_shared_config() {
	local line sets=no returns=no
	FAULT=''
	if [ ! -f /etc/clearwater/shared_config ]; then
		FAULT=missing SEEN='it is missing'
		return 0
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
		FAULT=empty SEEN='it sets none'
		return 0
	fi
	if [ "$returns" = yes ]; then
		FAULT=returns SEEN='some do'
		return 0
	fi
	ask 30 env -i PATH="$PATH" sh -c 'set -eu; . /etc/clearwater/shared_config'
	if [ "$STATUS" -ne 0 ]; then
		FAULT=fails SEEN="status $STATUS: $OUT"
	fi
}

# check_shared_config: a master without a good shared_config could give the whole
# site an empty one (T25).
check_shared_config() {
	read_shared_config
	case $FAULT in
	missing)
		fail '/etc/clearwater/shared_config is there' "$SEEN" \
			'this node could publish an empty configuration to the whole site (T25)' \
			'copy the file from another master of the site, owner root, mode 0644; cw-config cannot work now (T24)'
		;;
	empty)
		fail 'shared_config sets at least one value' "$SEEN" \
			"this is Clearwater's empty default; it must not be published (T25)" \
			'copy the file from a master that has the right one, owner root, mode 0644'
		;;
	returns)
		fail 'no line of shared_config ends in a carriage return' "$SEEN" \
			'each value would keep the carriage return (T19)' \
			"take them out, the same on every master; then run the stage again:
sudo sed -i.before 's/\\r\$//' /etc/clearwater/shared_config"
		;;
	fails)
		fail 'a shell gets through shared_config' "$SEEN" \
			'a line of shared_config fails; every Clearwater program that reads it would fail too' \
			'mend the line that the message names, the same on every master'
		;;
	esac
}

# published_matches: does etcd hold this node's own shared_config, once it answers?
published_matches() {
	if ! answer_for "$(configuration_key shared_config)"; then
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
# configuration. What it may overwrite is copied first (T25, T28). The wait ends with
# its process: monit shows it a cycle later, which the stage's last step asks for.
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
	if ! wait_for "$1" 2 'the configuration manager to run' process_runs clearwater-config-manager; then
		give_up 'a process of the configuration manager runs' \
			'the configuration manager does not start' \
			"look into /var/log/clearwater-config-manager; then run the stage again"
	fi
	ok 'the configuration manager runs; whether monit is content with it is asked below'
}

start_queue_manager() {
	if service_runs clearwater_queue_manager_process; then
		already 'the queue manager runs'
		return 0
	fi
	request monit monitor -g clearwater_queue_manager
	if ! wait_for "$1" 2 'the queue manager to run' process_runs clearwater-queue-manager; then
		give_up 'a process of the queue manager runs' \
			'the queue manager does not start' \
			"look into /var/log/clearwater-queue-manager; then run the stage again"
	fi
	ok 'the queue manager runs; whether monit is content with it is asked below'
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
	if ! wait_for "$1" 2 'the configuration to be in sync' in_sync; then
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
	say "The archive is there: $archive" 'To bring it into the folder that you are in, and from there home:'
	show "sudo cat $archive >${archive##*/}"
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
# For what looks once; a verdict needs answered_right.
stored_right() {
	read_key "$(store_key "$1")" || return $?
	read_members "$VALUE"
	members_right "$1"
}

# answered_right STORE: the same, once etcd answers.
answered_right() {
	answer_for "$(store_key "$1")" || return 1
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
		if ! answered_right "$store"; then
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

# -- The survey: what is found goes into rows, and nothing ends the script

TABLE=''   # the rows as text
ROWS=''    # the same in JSON
VALUES=''  # what Clearwater's configuration and the programs say, in JSON
DIGESTS='' # of the files, in JSON
FAILING='' # checks with the verdict FAIL, a line each
OPEN=''    # those with WARN or CANNOT TELL

# row VERDICT CHECK EXPECTED SEEN [MEANS DO]: one row. VERDICT is PASS, WARN, FAIL
# or CANNOT TELL; a row that is not PASS says what it means and what to do.
row() {
	local lead seen
	clean "$4"
	seen=$CLEAN
	lead=$(printf '%-11s  %-20s  ' "$1" "$2")
	lay "$lead" "$seen"
	case $1 in
	PASS) ;;
	FAIL) FAILING=$FAILING$2$'\n' ;;
	*) OPEN=$OPEN$2$'\n' ;;
	esac
	if [ "$1" != PASS ]; then
		lay '    expected: ' "$3"
		lay '    means:    ' "$5"
		lay '    do:       ' "$6"
	fi
	ROWS="$ROWS${ROWS:+,}
    {\"check\": $(json_string "$2"), \"verdict\": $(json_string "$1"),
     \"expected\": $(json_string "$3"), \"seen\": $(json_string "$seen")}"
}

# right STATUS CHECK EXPECTED MEANS DO: the row of something that is either right,
# with the status 0, or a FAIL. What was seen is in SEEN.
right() {
	if [ "$1" -eq 0 ]; then
		row PASS "$2" "$3" "$SEEN"
	else
		row FAIL "$2" "$3" "$SEEN" "$4" "$5"
	fi
}

# lay LEAD TEXT: adds TEXT to the table, behind LEAD, in lines of 80 columns.
lay() {
	local room word words line head text=$2 lead=$1
	room=$((80 - ${#NODE} - 2 - ${#1}))
	if [ "$room" -lt 24 ]; then
		room=24
	fi
	text=${text//$'\n'/; }
	read -r -a words <<<"${text//[!\ -~]/ }"
	line=''
	if [ "${#words[@]}" -eq 0 ]; then
		words=(-)
	fi
	for word in "${words[@]}"; do
		if [ -n "$line" ] && [ $((${#line} + ${#word} + 1)) -gt "$room" ]; then
			TABLE=$TABLE$lead$line$'\n'
			lead=${1//?/ } line=''
		fi
		while [ "${#word}" -gt "$room" ]; do
			head=${word:0:room}
			if [[ $head == *,* ]]; then
				head=${head%,*},
			fi
			TABLE=$TABLE$lead$head$'\n'
			lead=${1//?/ } word=${word#"$head"}
		done
		line="$line${line:+ }$word"
	done
	TABLE=$TABLE$lead$line$'\n'
}

# value NAME TEXT and digest NAME FILE: for the report alone.
value() {
	VALUES="$VALUES${VALUES:+,}
    $(json_string "$1"): $(json_string "$2")"
}

digest() {
	DIGESTS="$DIGESTS${DIGESTS:+,}
    $(json_string "$1"): $(json_string "$(file_sum "$2")")"
}

# write_report: the rows for another program, whole or not at all.
write_report() {
	if [ "$DRY" = yes ]; then
		return 0
	fi
	if ! make_log_folder; then
		return 1
	fi
	: >"/var/log/requorum/$NODE.survey.json.new" || return 1
	chmod 0600 "/var/log/requorum/$NODE.survey.json.new" || return 1
	printf '%s\n' "{
  \"schema_version\": 1,
  \"plan\": $(json_string "$PLAN"),
  \"node\": $(json_string "$NODE"),
  \"time\": $(json_string "$(date -u +%Y-%m-%dT%H:%M:%SZ)"),
  \"rows\": [$ROWS
  ],
  \"values\": {$VALUES
  },
  \"digests\": {$DIGESTS
  }
}" >"/var/log/requorum/$NODE.survey.json.new" || return 1
	mv -f "/var/log/requorum/$NODE.survey.json.new" "/var/log/requorum/$NODE.survey.json" || return 1
}

# survey_verdict: the table, the report, and the verdict over both.
survey_verdict() {
	printf '\n'
	say "What was found, at $(date -u +%H:%M:%S) UTC:"
	show "${TABLE%$'\n'}"
	if ! write_report; then
		warn "the report /var/log/requorum/$NODE.survey.json could not be written; the table above stands"
	fi
	if [ -n "$FAILING" ]; then
		fail 'no row says FAIL' "FAIL: $(joined "$FAILING")" \
			'as it is, the recovery cannot or must not go on here' \
			'what each of these rows says behind "do:", then run the stage again:'$'\n'"sudo bash $NODE.sh survey"
	fi
	if [ -n "$OPEN" ]; then
		done_with 'It shows no FAIL, and nothing was changed.' \
			"To be read and decided on: $(joined "$OPEN")." \
			'Next: when every live node says this, the stage that RUNBOOK.md names.'
	fi
	done_with 'All is as it should be, and nothing was changed.' \
		'Next: when every live node says this, the stage that RUNBOOK.md names.'
}

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

# -- What the survey looks at around the node: etcd and the other nodes

# survey/etcd

# peers: the other nodes that this one looks at. A master looks at every live node,
# the others look at the masters: so every way that etcd uses is looked at.
peers() {
	if [ -n "${LIVE_NODES+set}" ]; then
		minus "$(lines "${LIVE_NODES[@]}")" "$MANAGEMENT_IP"
	else
		minus "$(lines "${MASTERS[@]}")" "$MANAGEMENT_IP"
	fi
}

# look_at_own_etcd: does it run here?
look_at_own_etcd() {
	read_processes
	if [ -z "$PROCESSES" ]; then
		row 'CANNOT TELL' 'etcd here' 'it runs, or the stage stop is done' 'the list of processes cannot be read' \
			'nobody knows what runs on this node' 'see whether ps works'
	elif runs clearwater-etcd; then
		row PASS 'etcd here' 'it runs, or the stage stop is done' 'it runs'
	elif [ -e /etc/clearwater/no_cluster_manager ] && data_empty; then
		row PASS 'etcd here' 'it runs, or the stage stop is done' 'the stage stop is done'
	else
		row WARN 'etcd here' 'it runs, or the stage stop is done' 'it does not run, and its data is there' \
			'its etcd is down, so it can tell nothing of the old cluster' 'nothing, if the cause is known: sudo monit status'
	fi
}

# look_at_quorum: does a survivor call itself healthy? Then the quorum is not lost,
# or the recovery is past it already.
look_at_quorum() {
	local address healthy old='' asked
	healthy=$(those health yes)
	asked=$(either answers)
	while IFS= read -r address; do
		if [ -n "$address" ] && ! has "$address" "$(those members new)"; then
			old=$old$address$'\n'
		fi
	done <<<"$healthy"
	if [ -n "$old" ]; then
		row FAIL quorum 'no etcd calls itself healthy' "healthy: $(named management "$old")" \
			'the quorum is not lost: this procedure would destroy a cluster that works' \
			'do not go on; correct the inventory and render again: requorum plan says what applies'
	elif [ -n "$healthy" ]; then
		row PASS quorum 'no etcd calls itself healthy, or it is the new cluster' \
			"the new cluster is there: $(named management "$healthy")"
	elif [ -z "$asked" ]; then
		row 'CANNOT TELL' quorum 'no etcd calls itself healthy' 'no etcd answers here' \
			'nobody here can say what the old cluster says' 'look at the rows of the other nodes'
	else
		row PASS quorum 'no etcd calls itself healthy' "answering, not healthy: $(named management "$asked")"
	fi
}

# look_at_members: who the old cluster's members are, from the first survivor that
# says it. That works without a leader (T34).
look_at_members() {
	local address='' listed='' asked strangers dead text
	asked=$(those 4000 answers)
	if has "$MANAGEMENT_IP" "$asked"; then
		address=$MANAGEMENT_IP
	else
		read -r address _ <<<"$asked" || true
	fi
	if [ -n "$address" ]; then
		ask 10 curl -s -S -m 6 --noproxy '*' "http://$address:4000/v2/members"
		listed=$(members_in "$OUT")
	fi
	value etcd_members "$(joined "$listed")"
	if [ -z "$listed" ]; then
		row 'CANNOT TELL' 'members' 'half or more of them have failed' 'no etcd says who they are' \
			'whether the inventory has the right masters is not known from here' 'look at the rows of the other nodes'
		return 0
	fi
	strangers=$(minus "$listed" "$(known_addresses)")
	dead=$(minus "$listed" "$(minus "$listed" "$(failed_nodes)")")
	text="$(named management "$listed"); failed: $(named management "$dead")"
	if same_masters listed "$listed"; then
		row PASS members 'half or more have failed, or they are the new masters' 'the new masters'
	elif [ -n "$strangers" ] && [ -n "${LIVE_NODES+set}" ]; then
		row WARN members 'each is in the inventory' "$text; unknown: $(joined "$strangers")" \
			'the inventory lacks a node of the site: what it is, live or failed, may change the plan' \
			'find out which nodes these are; correct the inventory and render again'
	elif [ "$(count_of "$dead")" -ge "$(count_of "$(minus "$listed" "$dead")")" ]; then
		row PASS members 'half or more of them have failed' "$text"
	elif [ -n "$strangers" ]; then
		row 'CANNOT TELL' members 'half or more of them have failed' "$text" \
			'this script does not know every live node of the site' "look at this row in a new master's survey"
	else
		row FAIL members 'half or more of them have failed' "$text" \
			'by its own list the cluster has not lost its quorum; the inventory is wrong' \
			'do not go on; correct the inventory and render again'
	fi
}

# known_addresses: the management addresses that this script has a name for.
known_addresses() {
	local entry
	for entry in "${NAMES[@]}"; do
		if [[ $entry == 'management '* ]]; then
			entry=${entry#* }
			printf '%s\n' "${entry%% *}"
		fi
	done
	printf '%s\n' "$MANAGEMENT_IP"
}

# count_of SET: how many members.
count_of() {
	local member n=0
	while IFS= read -r member; do
		if [ -n "$member" ]; then
			n=$((n + 1))
		fi
	done <<<"$1"
	printf '%s\n' "$n"
}

# survey/peers

# look_at_port PORT SET WHAT: the way to a port of other live nodes (T38).
look_at_port() {
	local open refused silent unknown seen
	open=$(both "$(those "$1" answers)"$'\n'"$(those "$1" mute)" "$2")
	refused=$(both "$(those "$1" refused)" "$2")
	silent=$(both "$(those "$1" silent)" "$2")
	unknown=$(minus "$2" "$open"$'\n'"$refused"$'\n'"$silent")
	seen="answered: $(count_of "$open") of $(count_of "$2")"
	if [ -n "$refused" ]; then
		seen="$seen; refused: $(named management "$refused")"
	fi
	if [ -n "$unknown" ]; then
		seen="$seen; not asked: $(named management "$unknown")"
	fi
	if [ -n "$silent" ]; then
		row FAIL "port $1" "$3" "$seen; no answer: $(named management "$silent")" \
			'a firewall is in the way, or the node is down: etcd would not form or not be reached (T38)' \
			"see whether the node is up, and the firewall rules on both: sudo iptables -S"
	elif [ -n "$refused$unknown" ]; then
		row 'CANNOT TELL' "port $1" "$3" "$seen" \
			'the machine is up, but no etcd listens there now, so the firewall was not tried' \
			"nothing, if etcd is stopped there or not yet a master; otherwise: sudo ss -lnt, sudo iptables -S"
	else
		row PASS "port $1" "$3" "$seen"
	fi
}

# both A B: the members of A that are in B.
both() { minus "$1" "$(minus "$1" "$2")"; }

# look_at_failed: nothing may answer where a failed node was (T15).
look_at_failed() {
	local expected='no failed node answers' open refused unknown
	open=$(either answers mute)
	refused=$(either refused)
	unknown=$(either unknown)
	if [ -n "$open" ]; then
		row FAIL 'failed nodes' "$expected" "an answer from $(named management "$open")" \
			'a failed node is back, with the old data: it can spoil the new cluster (T15)' \
			'fence it: cut its power or its network, and keep it cut until it is wiped'
	elif [ -n "$refused" ]; then
		row WARN 'failed nodes' "$expected" "refused: $(named management "$refused")" \
			'the machine is up, only its etcd is not: it may start at any time (T15)' \
			'fence it: cut its power or its network, and keep it cut until it is wiped'
	elif [ -n "$unknown" ] || [ -z "$KNOCKED" ]; then
		row 'CANNOT TELL' 'failed nodes' "$expected" "this node could not ask ${unknown:+$(named management "$unknown")}" \
			'whether the failed nodes are fenced is not known from here (T15)' 'make sure of it by other means'
	else
		row PASS 'failed nodes' "$expected" "no answer from $(named management "$(failed_nodes)")"
	fi
}

# look_at_clocks: by what the etcd of the masters says the time is (T52).
look_at_clocks() {
	local address fact amount off='' asked=''
	while read -r address fact amount; do
		if [[ $fact == ahead || $fact == behind ]] && [ "$address" != "$MANAGEMENT_IP" ] &&
			has "$address" "$(lines "${MASTERS[@]}")"; then
			asked=$asked$address$'\n'
			if [ "$amount" -gt 1 ]; then
				off="$off${off:+, }$(named management "$address") $amount seconds $fact"
			fi
		fi
	done <<<"$KNOCKED"
	if [ -n "$off" ]; then
		row WARN clocks 'the same time, to the second or two' "$off" \
			'it stops nothing, but timers and logs go wrong (T52)' 'set the clock that is wrong; see whether NTP runs'
	elif [ -z "$asked" ]; then
		row 'CANNOT TELL' clocks 'the same time, to the second or two' 'no other master has told its time' \
			'the clocks were not compared' 'compare by hand, on every node: date -u'
	else
		row PASS clocks 'the same time, to the second or two' "as on $(named management "$asked")"
	fi
}

# ---- Stage survey: look at the node, change nothing --------------------------

stage_survey() {
	local readable=yes
	AFFECTS="calls go on; no node of site $SITE may begin with stop before this is settled"
	step 'survey/node' 'Look whether this is the node, and has what the stages need' 'T21, T23, T36; not in the written procedure'
	row PASS root 'root runs the script' 'root'
	look_at_name
	look_at_programs
	look_at_bash
	look_at_monit

	step 'survey/config' 'Look at what Clearwater'"'"'s configuration gives' 'T16, T17, T18, T19, T20, T46, T51; not in the written procedure'
	look_at_config || readable=no
	if [ "$readable" = yes ]; then
		look_at_addresses
		look_at_names
		look_at_etcd_version
		look_at_roles
	else
		row 'CANNOT TELL' addresses "local_ip $LOCAL_IP, management address $MANAGEMENT_IP" \
			'the configuration cannot be read' 'what hangs on its values was not looked at' 'mend the row configuration first'
	fi

	step 'survey/files' 'Look at the configuration files' 'T25, T26, T31, T32; not in the written procedure'
	look_at_files

	step 'survey/etcd' 'Look at what etcd says now' 'T34, T35; not in the written procedure'
	look_at_own_etcd
	knock_all 'this node and its peers' "$MANAGEMENT_IP"$'\n'"$(peers)"
	look_at_quorum
	look_at_members

	step 'survey/peers' 'Look at the ways to the other nodes, and at their clocks' 'T15, T38, T52; not in the written procedure'
	look_at_port 4000 "$(peers)" 'each other live node answers'
	look_at_port 2380 "$(minus "$(lines "${MASTERS[@]}")" "$MANAGEMENT_IP")" 'each other master answers'
	look_at_clocks
	knock_all 'the failed nodes' "$(failed_nodes)"
	look_at_failed

	step 'survey/room' 'Look for room for the copies, and for tools that put local_config back' 'T22; not in the written procedure'
	look_at_room
	look_at_tools

	survey_verdict
}

# look_at_files: the files from which the new cluster is filled.
look_at_files() {
	local file
	look_at_shared_config yes
	look_at_plain dns.json /etc/clearwater/dns.json
	look_at_plain sas.json /etc/clearwater/sas.json
	while IFS= read -r file; do
		digest "${file##*/}" "$file"
	done <<<"$(configuration_files)"
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
	if [ "$DRY" = no ] && ! wait_for 180 2 'etcd and the three managers to be gone' all_gone; then
		stop_by_init_scripts "$(lines clearwater-etcd clearwater-cluster-manager \
			clearwater-config-manager clearwater-queue-manager)"
	fi
	if ! wait_for 60 2 'the rest to be gone' all_gone; then
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

	step 'stop/quiet' 'Prove that etcd'"'"'s ports are free' 'procedure 1.1; T4, T38'
	if ! wait_for 30 2 'ports 2380 and 4000 to be free' ports_free; then
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
		AGAIN='nothing; this stage is only for a start from the beginning, on every live node of the site'
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
	step 'config/ready' 'Check that nothing was started since the stage stop, and what only a person can decide' 'procedure 3.1; T8, T39, T40, T42, T43, T46'
	# After a restart monit has started everything again (T8).
	check_cleared
	check_local_config
	confirm_files
	ok 'nothing here needs a person first'

	step 'config/shared-config' 'Check the shared configuration' 'procedure 3.1, 3.2, 3.3; T20, T24, T25, T28, T51'
	check_shared_config
	ok 'shared_config is there, sets values, and a shell gets through it'

	step 'config/digests' 'Print the digests to compare' 'procedure 3.1; T23, T25, T26, T27, T28, T45, T52'
	say "The clock here says $(date -u +%H:%M:%S) UTC." \
		'A clock that is off by more than a second is worth mending, but stops nothing (T52).' \
		"Write these into the tables of RUNBOOK.md, stage config, row $NODE:"
	print_digest shared_config "$(file_digest /etc/clearwater/shared_config)"
	print_digest dns.json "$(file_digest /etc/clearwater/dns.json)"
	print_digest sas.json "$(file_digest /etc/clearwater/sas.json)"
	print_digest etcd_version "$(etcd_version)"

	done_with "What this node can check by itself is right." \
		"Next: compare the digests with the other nodes. A node that differs is mended by hand first. Then the stage create."
}

# configuration_files: the files of this node that a configuration manager may
# overwrite.
configuration_files() {
	lines /etc/clearwater/shared_config /etc/clearwater/dns.json /etc/clearwater/sas.json
}

REPLACED='' # what is wrong in a cluster file that is to be written anew

# confirm_files: files that this stage replaces are confirmed before the first one.
confirm_files() {
	local list=''
	if [ -n "$REPLACED" ]; then
		list="$list${list:+, }what is invalid of /etc/chronos/chronos_cluster.conf and /etc/clearwater/cluster_settings"
	fi
	if [ -n "$list" ]; then
		check_space /etc/clearwater
		confirm "This stage replaces $list." \
			"Copies are made first, in a new folder under /var/backups/requorum/$PLAN."
	fi
}
# ---- Stage create: recreate the etcd cluster, start the masters --------------

stage_create() {
	AFFECTS="calls go on; the masters of site $SITE form no cluster without this one"
	step 'create/ready' 'Check that the old cluster is gone from this node' 'procedure 4.2; T4, T6, T10, T13, T14, T15'
	check_monit
	check_shared_config
	check_local_config
	check_cleared
	check_peers
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
	AFFECTS="calls go on; no other node of site $SITE can go on without this master"
	step 'confirm/ready' 'Check that this master is created, before anything is started' 'procedure 4.8; T16, T25, T28'
	check_monit
	check_shared_config
	if ! role_set; then
		fail "$ROLE=$MASTER_LIST and $OTHER_ROLE empty" "$SEEN" \
			'the stage create is not done on this node' 'do that first:'$'\n'"sudo bash $NODE.sh create"
	fi
	check_configuration_space
	confirm_overwriting
	ok 'local_config has the new masters, and there is room for the copies'

	step 'confirm/formed' 'Prove that the masters have formed one new cluster' 'procedure 4.8, 4.10, 4.11; T10, T14, T15, T33, T34, T35'
	check_fenced
	# clearwater-etcdctl cluster-health says "cluster is healthy" with one member
	# alone, and member list lists members that never started (T34).
	if ! wait_for 180 2 'the masters to form one cluster' cluster_formed; then
		give_up "exactly $(named management "$(lines "${MASTERS[@]}")") healthy, one leader, the same keys from each" \
			"$(meaning)" "$(remedy)"
	fi
	ask 20 clearwater-etcdctl cluster-health
	show "$OUT"
	ask 20 clearwater-etcdctl member list
	show "$OUT"
	ok 'exactly the expected masters, one leader, the same keys from each'

	step 'confirm/config-manager' 'Start the configuration manager' 'procedure 4.4; T25, T30, T36'
	# The configuration source goes first: the first one to start decides what
	# configuration the whole site gets (T25).
	if ! published_matches; then
		not_ours "$SOURCE has not published its configuration yet, or this node has another file" \
			"do the stage confirm on $SOURCE first; if it is done, compare the digests of shared_config with $SOURCE \
and mend the wrong file; then run the stage again"
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

	step 'confirm/summary' 'Read monit'"'"'s summary' 'procedure 4.9; T35, T36'
	if ! wait_for 90 2 'monit to show it all' managers_shown; then
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

# ---- Stage manage: start the cluster manager ---------------------------------

stage_manage() {
	AFFECTS="calls go on; without a cluster manager here no node can join or leave a data store"
	step 'manage/keys' 'Check every data store value from this node' 'procedure 7.1; T39, T40, T49, T51'
	check_monit
	# An old cluster that answers without its quorum gives its values too.
	if ! wait_for 30 2 'the masters to be healthy' members_healthy; then
		fail 'the masters form a healthy cluster, as seen from this node' "$SEEN" \
			'the stages before this one are not done' 'see RUNBOOK.md, stage confirm'
	fi
	check_role_kept
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

	step 'manage/summary' 'Read monit'"'"'s summary' 'procedure 7.4; T36, T49'
	if ! wait_for 90 2 'the cluster manager to run' service_runs clearwater_cluster_manager_process; then
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

# check_role_kept: what writes local_config besides, such as Chef, may have put the
# old roles back since they were set (T22). The next start of etcd would heed them.
check_role_kept() {
	if ! role_set; then
		fail "$ROLE=$MASTER_LIST and $OTHER_ROLE empty" "$SEEN" \
			'something has put another local_config in place since the roles were set (T22)' \
			"switch off what writes it, such as Chef; then set the roles again, then run this stage again:
sudo bash $NODE.sh create"
	fi
}

# managed: is this stage done here? Then the cluster manager may run, as an earlier
# stage that is run again must know.
managed() {
	[ ! -e /etc/clearwater/no_cluster_manager ] && role_set && stores_right
}

# ---- The stages of this node, and where they stand ---------------------------

usage() {
	printf '%s\n' "usage: sudo bash $NODE.sh [--dry-run] [--yes $NODE] [--case TEXT]" \
		"            [STAGE]" \
		"       sudo bash $NODE.sh --archive" \
		'' \
		"The stages of $NODE, in order:" \
		'  survey    look at the node and its neighbours; changes nothing' \
		'  stop      stop the etcd processes and wipe the etcd data' \
		'  config    check the configuration on this node' \
		'  create    set etcd_cluster and start etcd' \
		'  confirm   prove that the cluster has formed and is in sync' \
		'  manage    start the cluster manager' \
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
	printf '%s|   %-8s %s\n' "$NODE" survey 'only looks, at any time; to be run first'
	stands stop "$(look_stop)"
	printf '%s|   %-8s %s\n' "$NODE" config 'to be run after stop; whether it was cannot be seen here'
	stands create "$(look_etcd)"
	stands confirm "$(look_synced)"
	stands manage "$(look_manage)"
	if [ "$UNDER_WAY" = yes ]; then
		say 'Next here: wait until the run that is under way has ended.'
	elif [ -z "$NEXT" ]; then
		say 'Every stage of this node is done.'
	else
		say 'Next here, when RUNBOOK.md says so:'
		if [ "$NEXT" = stop ]; then
			show "sudo bash $NODE.sh survey"
			say 'and when it shows no FAIL on any live node:'
		fi
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
	SEEN='/etc/clearwater/no_cluster_manager is missing'
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

look_manage() {
	if [ ! -e /etc/clearwater/no_cluster_manager ] && service_runs clearwater_cluster_manager_process &&
		members_healthy; then
		printf 'done: the cluster manager runs\n'
	else
		printf 'not done: the cluster manager is held, or does not run\n'
	fi
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
	'' | survey | stop | config | create | confirm | manage) ;;
	join | load | finish) wrong_usage "$NODE has no part in the stage $STAGE" ;;
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
	if [ "$STAGE" = survey ]; then
		stage_survey # it goes on where check_node would end
	fi
	check_node
	case $STAGE in
	'') overview ;;
	stop) stage_stop ;;
	config) stage_config ;;
	create) stage_create ;;
	confirm) stage_confirm ;;
	manage) stage_manage ;;
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
