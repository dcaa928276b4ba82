# -- /etc/clearwater/cluster_settings

# read_memcached: reads the file by the rules of both its readers. Rogers and
# Astaire reject the whole file for one unknown line and skip a server without a
# port (T47); load_from_memcached_cluster makes a name of whatever stands between
# the commas, and nothing of "servers = " with a space (T40).
read_memcached() {
	local line server seen=no servers
	MEMBERS='' PROBLEMS='' UNFINISHED=''
	if [ ! -f /etc/clearwater/cluster_settings ]; then
		PROBLEMS='the file is missing'
		return 0
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%$'\r'}
		case $line in
		'#'*=*=*) PROBLEMS="${PROBLEMS}two = on one line: $line"$'\n' ;;
		'' | '#'*) ;;
		servers=*)
			if [ "$seen" = yes ]; then
				PROBLEMS="${PROBLEMS}a second servers line"$'\n'
			fi
			seen=yes
			servers=${line#servers=},
			while [ -n "$servers" ]; do
				server=${servers%%,*}
				servers=${servers#*,}
				read_server "$server"
			done
			;;
		new_servers*) UNFINISHED="$UNFINISHED$line"$'\n' ;;
		*) PROBLEMS="${PROBLEMS}unknown line: $line"$'\n' ;;
		esac
	done </etc/clearwater/cluster_settings
	if [ "$seen" = no ]; then
		PROBLEMS="${PROBLEMS}no servers line"$'\n'
	fi
	compare_members memcached
}

read_server() {
	if [[ $1 =~ ^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+):[0-9]+$ ]]; then
		MEMBERS=$MEMBERS${BASH_REMATCH[1]}$'\n'
	else
		PROBLEMS="${PROBLEMS}not ADDRESS:PORT: '$1'"$'\n'
	fi
}

# write_memcached: the file with every Vellum node of the site (procedure 3.15),
# with the ports that the written procedure leaves out (T47).
write_memcached() {
	local member text=''
	for member in "${ALL_VELLUMS[@]}"; do
		text="$text${text:+,}$member:11211"
	done
	text="servers=$text"
	put /etc/clearwater/cluster_settings "$text"$'\n'
}

# remote_settings_there: is the second file there that the old remote_site_name
# asks for?
remote_settings_there() {
	[ -z "$(config_name remote_site_name)" ] || [ -f /etc/clearwater/remote_cluster_settings ]
}

# check_remote_settings: with the old remote_site_name the loader needs a second
# file, and would stop half-way without it (T46).
check_remote_settings() {
	if ! remote_settings_there; then
		fail '/etc/clearwater/remote_cluster_settings is there, since remote_site_name is set' 'it is missing' \
			'load_from_memcached_cluster would stop half-way (T46)' \
			"copy the file from another Vellum node, or write its servers line with the Vellum nodes of the other site"
	fi
}

