# -- Copies of what is about to be destroyed

COPIES='' # this run's folder of copies

# make_copies_folder: a new folder for this run, readable by root only, outside
# everything that any stage wipes.
make_copies_folder() {
	local folder tries=0
	if [ -n "$COPIES" ]; then
		return 0
	fi
	CHANGED=yes
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
# that the copy is the same. The copy stands in COPIES under its whole path.
keep() {
	make_copies_folder
	CHANGED=yes
	say "copy: $1 to $COPIES$1"
	mkdir -p "$COPIES${1%/*}" || unwritten "$COPIES${1%/*}"
	if ! cp -a "$1" "$COPIES/${1#/}"; then
		fail "a copy of $1 in $COPIES" 'cp failed; its message is above' \
			'the disk is full or broken; the original is untouched' \
			'make room, then run the stage again:'$'\n''df -h /var/backups'
	fi
	if ! diff -r "$1" "$COPIES$1"; then
		fail "the copy of $1 is the same as the original" 'they differ, see above' \
			'something still writes there, or the disk is broken' \
			"find out which process writes to $1, then run the stage again; the original is untouched"
	fi
}

