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

