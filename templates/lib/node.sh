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

