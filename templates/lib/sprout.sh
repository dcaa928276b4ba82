# -- Files of Sprout

# check_json NAME SCHEMA: Clearwater's own check of a JSON file, as far as the
# node has it. A file that is missing is optional; whether it should be there is
# for people to say, by the digests.
check_json() {
	local file=/etc/clearwater/$1
	local scripts=/usr/share/clearwater/clearwater-config-manager/scripts
	if [ ! -f "$file" ]; then
		warn "$file is missing; compare with the other Sprout nodes"
		return 0
	fi
	if [ ! -f "$scripts/validate_json.py" ] || [ ! -f "$scripts/config_validation/$2" ]; then
		warn "CANNOT TELL whether $file is valid: this node lacks Clearwater's check; read the file"
		return 0
	fi
	ask 60 /usr/share/clearwater/clearwater-config-manager/env/bin/python \
		"$scripts/validate_json.py" "$scripts/config_validation/$2" "$file"
	if [ "$STATUS" -ge 124 ] || [[ $OUT == *ImportError* ]]; then
		warn "CANNOT TELL whether $file is valid: Clearwater's check does not run ($OUT); read the file"
	elif [ "$STATUS" -ne 0 ]; then
		fail "$file is valid" "status $STATUS: $OUT" \
			'Sprout would refuse the file, and the configuration manager would publish it to every Sprout node' \
			"mend $file with an editor, the same on every Sprout node; cw-config cannot work now (T24)"
	else
		ok "$file is valid"
	fi
	if ! plain_ascii "$file"; then
		warn "$file has characters outside ASCII: check_config_sync will call it out of sync for ever (T31)"
	fi
}

# judge_xml FILE: judges what Clearwater's check of an XML file has said.
judge_xml() {
	if [ "$STATUS" -eq 0 ]; then
		ok "$1: $OUT"
	elif [ ! -f "$1" ]; then
		warn "$1 is missing; it is optional (T32); compare with the other Sprout nodes"
	elif [ "$STATUS" -ge 124 ]; then
		warn "CANNOT TELL whether $1 is valid: this node lacks the check or xmllint; read the file"
	else
		fail "$1 is valid" "status $STATUS: $OUT" \
			'Sprout would refuse the file, and the configuration manager would publish it to every Sprout node' \
			"mend $1 with an editor, the same on every Sprout node; cw-config cannot work now (T24)"
	fi
	if [ -f "$1" ] && ! plain_ascii "$1"; then
		warn "$1 has characters outside ASCII: check_config_sync will call it out of sync for ever (T31)"
	fi
}
