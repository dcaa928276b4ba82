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

