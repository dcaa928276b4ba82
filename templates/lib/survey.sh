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

