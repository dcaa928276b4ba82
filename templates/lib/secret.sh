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

