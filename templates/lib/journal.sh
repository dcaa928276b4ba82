# -- The journal
#
# STAND-IN. This whole file is a stand-in of the branch survey, for its tests: the
# session in /work/main writes the real lib/journal.sh with these names. Take
# theirs at the merge.

DRY=no # yes in a run that only says what it would do

# make_log_folder: the folder of journal and report, for root alone.
make_log_folder() {
	mkdir -p /var/log/requorum && chmod 0700 /var/log/requorum
}

# json_string TEXT: TEXT as a quoted JSON string, ASCII only, secrets hidden.
json_string() {
	local text=$1 file line value
	for file in /etc/clearwater/shared_config /etc/clearwater/local_config /etc/clearwater/user_settings; do
		if [ -f "$file" ]; then
			while IFS= read -r line || [ -n "$line" ]; do
				if [[ $line =~ ^[[:space:]]*(signup_key|turn_workaround|ellis_api_key|smtp_password)= ]]; then
					value=${line#*=}
					text=${text//"${value:-=}"/HIDDEN}
				fi
			done <"$file"
		fi
	done
	text=${text//[!\ -~$'\n\t']/?}
	text=$(swapped "$text" "\\" "\\\\")
	text=$(swapped "$text" '"' "\\\"")
	text=$(swapped "$text" $'\n' "\\n")
	printf '"%s"\n' "$(swapped "$text" $'\t' "\\t")"
}

# swapped TEXT OLD NEW: TEXT with NEW for every OLD.
swapped() {
	local rest=$1 out=''
	while [[ $rest == *"$2"* ]]; do
		out=$out${rest%%"$2"*}$3
		rest=${rest#*"$2"}
	done
	printf '%s\n' "$out$rest"
}

# record COMMAND STATUS OUTPUT: one entry of the journal.
record() { return 0; }

