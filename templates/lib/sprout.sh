# -- Files of Sprout

VALID='' # yes, no, missing or unknown: what Clearwater's own check says of a file

# judge_json NAME SCHEMA: runs Clearwater's own check of a JSON file, as far as
# the node has it.
judge_json() {
	local file=/etc/clearwater/$1
	local scripts=/usr/share/clearwater/clearwater-config-manager/scripts
	SEEN=''
	if [ ! -f "$file" ]; then
		VALID=missing
		return 0
	fi
	if [ ! -f "$scripts/validate_json.py" ] || [ ! -f "$scripts/config_validation/$2" ]; then
		VALID=unknown SEEN="this node lacks Clearwater's check"
		return 0
	fi
	ask 60 /usr/share/clearwater/clearwater-config-manager/env/bin/python \
		"$scripts/validate_json.py" "$scripts/config_validation/$2" "$file"
	SEEN="status $STATUS: $OUT"
	if [ "$STATUS" -ge 124 ] || [[ $OUT == *ImportError* ]]; then
		VALID=unknown SEEN="Clearwater's check does not run ($OUT)"
	elif [ "$STATUS" -ne 0 ]; then
		VALID=no
	else
		VALID=yes
	fi
}

# check_json NAME SCHEMA: a file that is missing is optional; whether it should be
# there is for people to say, by the digests.
check_json() {
	local file=/etc/clearwater/$1
	judge_json "$1" "$2"
	case $VALID in
	missing)
		warn "$file is missing; compare with the other Sprout nodes"
		return 0
		;;
	unknown) warn "CANNOT TELL whether $file is valid: $SEEN; read the file" ;;
	no)
		fail "$file is valid" "$SEEN" \
			'Sprout would refuse the file, and the configuration manager would publish it to every Sprout node' \
			"mend $file with an editor, the same on every Sprout node; cw-config cannot work now (T24)"
		;;
	*) ok "$file is valid" ;;
	esac
	if ! plain_ascii "$file"; then
		warn "$file has characters outside ASCII: check_config_sync will call it out of sync for ever (T31)"
	fi
}

# judge_xml FILE: takes what Clearwater's check of an XML file has said.
judge_xml() {
	SEEN="status $STATUS: $OUT"
	if [ "$STATUS" -eq 0 ]; then
		VALID=yes
	elif [ ! -f "$1" ]; then
		VALID=missing
	elif [ "$STATUS" -ge 124 ]; then
		VALID=unknown SEEN='this node lacks the check or xmllint'
	else
		VALID=no
	fi
}

# check_xml FILE: judges what Clearwater's check of an XML file has said.
check_xml() {
	judge_xml "$1"
	case $VALID in
	yes) ok "$1: $OUT" ;;
	missing) warn "$1 is missing; it is optional (T32); compare with the other Sprout nodes" ;;
	unknown) warn "CANNOT TELL whether $1 is valid: $SEEN; read the file" ;;
	*)
		fail "$1 is valid" "$SEEN" \
			'Sprout would refuse the file, and the configuration manager would publish it to every Sprout node' \
			"mend $1 with an editor, the same on every Sprout node; cw-config cannot work now (T24)"
		;;
	esac
	if [ -f "$1" ] && ! plain_ascii "$1"; then
		warn "$1 has characters outside ASCII: check_config_sync will call it out of sync for ever (T31)"
	fi
}

