#!/bin/bash
# prepare.sh NODE TYPE LOCAL_IP MANAGEMENT_IP SITE ETCD_KEY VELLUM_IPS CASSANDRA_IPS STORE_KEY FAILED
# OLD NEW:
# makes, inside the root, a node of a site that has just lost its quorum: the old
# etcd and the managers run, with old data.
set -eu
node=$1 type=$2 sig=$3 mgmt=$4 site=$5 key=$6 vellums=$7 cassandra=$8 store=$9 failed=${10} old=${11} new=${12}
mkdir -p /world/{running,monitored,due,delay,keys,lie,way,healthy,ahead,unknown,members} /etc/clearwater /etc/chronos /var/{log,run,tmp} /tmp /root \
	/usr/local/sbin /usr/share/clearwater/clearwater-config-manager/env/bin /usr/share/clearwater/{bin,clearwater-cluster-manager/scripts,clearwater-config-manager/scripts/config_validation} \
	/usr/share/clearwater/clearwater-etcd/3.1.7 "/var/lib/clearwater-etcd/$mgmt/member/wal"
echo 1790000000 >/world/time
echo 5.18 >/world/format
echo "$node" >/world/hostname
printf '%s\n' "$sig" "$mgmt" >/world/addresses
for ip in $failed; do echo "$ip"; done >/world/failed
for ip in $old; do echo "$ip"; done >/world/old
for ip in $new; do echo "$ip"; done >/world/new
for ip in $cassandra; do echo "UN $ip"; done >/world/cassandra
n=100
for service in clearwater-etcd clearwater-cluster-manager clearwater-config-manager clearwater-queue-manager; do
	n=$((n + 1))
	echo $n >"/world/running/$service"
	echo 30 >"/world/delay/$service"
done
echo 1 >/world/delay/clearwater-etcd
touch /world/monitored/{etcd,clearwater_cluster_manager,clearwater_config_manager,clearwater_queue_manager}

for name in monit service ps ss ip clearwater-etcdctl curl cw-mark_node_failed cw-validate_shared_ifcs_xml \
	cw-validate_fallback_ifcs_xml hostname sleep date; do
	cp /world/stub "/usr/local/sbin/$name"
done
cp /world/stub /usr/share/clearwater/bin/run-in-signaling-namespace
for name in load_from_chronos_cluster load_from_memcached_cluster load_from_cassandra_cluster check_cluster_state; do
	cp /world/stub /usr/share/clearwater/clearwater-cluster-manager/scripts/$name
done
cp /world/stub /usr/share/clearwater/clearwater-config-manager/scripts/check_config_sync
cp /world/stub /usr/share/clearwater/clearwater-config-manager/env/bin/python
touch /usr/share/clearwater/clearwater-config-manager/scripts/validate_json.py
for schema in enum scscf bgcf rph; do
	touch /usr/share/clearwater/clearwater-config-manager/scripts/config_validation/${schema}_schema.json
done

echo old >"/var/lib/clearwater-etcd/$mgmt/member/wal/0.wal"
touch /var/lib/clearwater-etcd/clustered_successfully
echo "$mgmt," >/var/lib/clearwater-etcd/healthy_etcd_members
echo hidden >/var/lib/clearwater-etcd/.hidden
touch -d '2026-01-01' "/var/lib/clearwater-etcd/$mgmt"

cat >/etc/clearwater/config <<'X'
if [ -f /etc/clearwater/shared_config ]; then
  . /etc/clearwater/shared_config
fi
. /etc/clearwater/local_config
if [ -f /etc/clearwater/user_settings ]; then
  . /etc/clearwater/user_settings
fi
X
{
	echo "local_ip=$sig"
	[ "$sig" = "$mgmt" ] || echo "management_local_ip=$mgmt"
	echo "public_hostname=$node.example.com"
	echo "local_site_name=$site"
	[ "$key" = clearwater ] || echo "etcd_key=$key"
	[ "$type" != vellum ] || [ "$store" = vellum ] || echo "etcd_cluster_key=$store"
	echo "etcd_cluster=192.0.2.1,192.0.2.2,$mgmt"
	echo '# etcd_proxy=192.0.2.9'
	echo 'signup_key=secret'
} >/etc/clearwater/local_config
echo 'home_domain=example.com' >/etc/clearwater/shared_config
echo '{}' >/etc/clearwater/dns.json
if [ "$type" = vellum ]; then
	{
		printf '# This file is managed\n[identity]\ninstance_id = 3\ndeployment_id = 1\n\n[cluster]\nlocalhost = %s\n' "$sig"
		for ip in $vellums; do echo "node = $ip"; done
	} >/etc/chronos/chronos_cluster.conf
	servers=$(for ip in $vellums; do printf '%s:11211,' "$ip"; done)
	echo "servers=${servers%,}" >/etc/clearwater/cluster_settings
fi
if [ "$type" = sprout ]; then
	touch /world/sprout
	echo '{"number_blocks": []}' >/etc/clearwater/enum.json
	echo '{"routes": []}' >/etc/clearwater/bgcf.json
	echo '<SharedIFCsSets/>' >/etc/clearwater/shared_ifcs.xml
fi
