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

