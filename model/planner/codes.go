package planner

import "requorum/model/diag"

// Codes describes every finding that Build can give.
func Codes() []diag.Code {
	return []diag.Code{
		{ID: "quorum-not-lost", Summary: "More than half of the site's masters are still live",
			Detail: "This procedure throws the etcd cluster of a site away and builds a new one. It applies only when half or more of the masters are lost for good (dead masters x 2 >= masters).\n\nWith fewer dead masters the cluster still accepts changes: remove each failed master with clearwater-etcdctl member remove ID on a live master, one after the other, then mark failed Vellum nodes with cw-mark_node_failed and replace the failed nodes.\n\nIf a node that the inventory calls live is in truth lost, write state: failed for it."},
		{ID: "ipv6-vellum", Summary: "A Vellum node has an IPv6 signaling address",
			Detail: "load_from_memcached_cluster writes IPv6 addresses into etcd in brackets, and the cluster manager then does not find itself among them: it would join as a new node (facts 3, trap T40). The keys must be written by hand, which this program does not do."},
		{ID: "mixed-cluster-key", Summary: "The Vellum nodes of the site have different etcd_cluster_key values",
			Detail: "The data store values are kept under one etcd_cluster_key for the Vellum nodes of a site (trap T51). The load runs once, with one key; a Vellum node with another key would find no value and join as a new node. Look at etcd_cluster_key in each node's local_config and correct the inventory or the node."},
		{ID: "few-masters", Summary: "The new cluster has one or two masters",
			Detail: "A cluster of one or two masters loses quorum with the first master that fails. The recovery works; add masters soon after it, until there are three."},
		{ID: "even-masters", Summary: "The new cluster has an even number of masters",
			Detail: "An even number of masters stands no more losses than the odd number below it. This is safe, and costs nothing but the extra master."},
		{ID: "fence-failed", Summary: "Failed nodes must be fenced before the first stop",
			Detail: "A failed node that boots again starts its etcd with the old data and the old local_config (trap T15). Cut its power or its network first, and keep it cut until it has been wiped."},
		{ID: "stale-role", Summary: "A node that was a master becomes a proxy",
			Detail: "Its local_config still sets etcd_cluster. With etcd_proxy set too, etcd refuses to start (trap T16). The scripts blank the line of the other role."},
		{ID: "promoted", Summary: "A node that was a proxy becomes a master",
			Detail: "Masters talk to each other on TCP port 2380 as well as 4000 (trap T38). A firewall that was right for a proxy may block it."},
		{ID: "no-live-vellum", Summary: "The site has no live Vellum node",
			Detail: "The written procedure leaves out what runs on a Vellum. No data store value is loaded, and none may be invented: the replacement Vellum nodes make them when they join (facts 5.9). The first replacement publishes its own chronos_shared.conf or an empty default (trap T27): keep a copy."},
		{ID: "no-live-sprout", Summary: "The site has no live Sprout node",
			Detail: "Nothing publishes Sprout's six files, and the first replacement Sprout publishes built-in defaults, which are nearly empty (trap T27). Put good copies on it first."},
		{ID: "old-type", Summary: "A node is of a type older than Vellum",
			Detail: "Homestead, Ralf and Memento nodes of old releases kept Cassandra, Memcached or Chronos themselves. The written procedure speaks of Vellum only; their stores are not checked and not loaded."},
		{ID: "other-site", Summary: "The deployment has another site",
			Detail: "Each site has its own etcd cluster; only one is recovered. Cassandra is one cluster over both sites, so the nodes of the other site are expected in it (trap T46)."},
		{ID: "many-sites", Summary: "Cassandra would span more than two sites",
			Detail: "Clearwater's geographic redundancy knows two sites. Every live Vellum of every site in the inventory is expected in nodetool status."},
		{ID: "memento-only", Summary: "Cassandra is used by Memento alone",
			Detail: "Clearwater registers no Cassandra user for Memento, so monit and the cluster manager may leave Cassandra alone on such a deployment (facts 3). The checks and the load are in the plan because the written procedure asks for them."},
		{ID: "carries-config", Summary: "The scripts of the masters carry shared_config",
			Detail: "The inventory names a known-good shared_config. Its content stands in the script of each master, and may hold passwords. Handle the bundle accordingly."},
	}
}
