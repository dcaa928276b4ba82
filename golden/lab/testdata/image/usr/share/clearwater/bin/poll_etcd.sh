#!/bin/bash
# Does this node's etcd answer (facts 1.11)? One that has no leader takes the
# connection, and keeps silent: the poll hangs until monit's limit of 60 s (T33).
. /etc/clearwater/config
url="http://${management_local_ip:-$local_ip}:4000/v2/keys"
if [ "${1-}" = --quorum ]; then
	exec curl -s -f -m 60 -o /dev/null -X PUT -d value=up "$url/clearwater/quorum-poll"
fi
exec curl -s -f -m 60 -o /dev/null "$url/"
