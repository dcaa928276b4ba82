#!/bin/bash
# Who in the cluster is healthy? It is noted for the next start of etcd (facts 2.3, T6).
# 1 if any member is down, 2 without a quorum (facts 1.1), which etcd 3.4 calls
# unavailable.
health=$(timeout 60 clearwater-etcdctl cluster-health 2>&1)
case $health in
*'cluster may be unhealthy'* | *'cluster is unhealthy'* | *'cluster is unavailable'*) exit 2 ;;
esac
healthy=''
status=0
while read -r line; do
	case $line in
	*'is healthy: got healthy result from http://'*)
		member=${line##*http://}
		healthy=$healthy${member%:*},
		;;
	*'is unhealthy'* | *'is unreachable'*) status=1 ;;
	esac
done <<<"$health"
if [ -n "$healthy" ]; then
	printf '%s\n' "$healthy" >/var/lib/clearwater-etcd/healthy_etcd_members
fi
exit "$status"
