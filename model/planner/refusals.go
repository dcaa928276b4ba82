package planner

import (
	"fmt"

	"requorum/model"
	"requorum/model/diag"
)

// refuse lists why no plan can be made although the inventory is legal.
func refuse(s sight) diag.List {
	var list diag.List
	if !s.quorum.Lost() {
		list = append(list, quorumNotLost(s))
	}
	list = append(list, unloadableVellums(s)...)
	return list
}

func quorumNotLost(s sight) diag.Diagnostic {
	remedy := "remove each failed master alone: on a live master run clearwater-etcdctl cluster-health, member list and member remove ID, one node after the other"
	if s.quorum.Dead == 0 {
		remedy = "no master has failed, so etcd needs no recovery: mark failed Vellum nodes with cw-mark_node_failed, then replace the failed nodes"
	}
	return diag.Diagnostic{
		Severity: diag.Error,
		Code:     "quorum-not-lost",
		Path:     sitePath(s.site.Name),
		Text: fmt.Sprintf("site %s still has quorum: %s; this procedure would destroy a working cluster",
			s.site.Name, liveMasters(s.quorum)),
		Remedy: remedy,
	}
}

// liveMasters is the arithmetic of a quorum that is not lost.
func liveMasters(q model.Quorum) string {
	if q.Masters == 1 {
		return "its only master is live"
	}
	return fmt.Sprintf("%d of its %d masters are live and %d are needed", q.Live(), q.Masters, q.Needed)
}

// unloadableVellums finds Vellum nodes whose place in the data stores the
// procedure's load commands would write wrong.
func unloadableVellums(s sight) diag.List {
	var list diag.List
	key := ""
	for _, n := range s.site.Nodes {
		if n.Type != model.Vellum {
			continue
		}
		if n.LocalIP.Is6() {
			list = append(list, vellumError("ipv6-vellum", nodePath(s.site.Name, n, "local_ip"),
				fmt.Sprintf("Vellum node %s has the IPv6 signaling address %s: load_from_memcached_cluster would write a key that the cluster manager cannot read", n.Name, n.LocalIP),
				"recover this site by hand, or write the data store keys by hand with Clearwater's support"))
		}
		if key == "" {
			key = n.ClusterKey
		}
		if n.ClusterKey != key {
			list = append(list, vellumError("mixed-cluster-key", nodePath(s.site.Name, n, "etcd_cluster_key"),
				fmt.Sprintf("Vellum node %s has etcd_cluster_key %s, other Vellum nodes of site %s have %s: one load would leave one of the two out", n.Name, n.ClusterKey, s.site.Name, key),
				"give all Vellum nodes of a site the etcd_cluster_key that their local_config has"))
		}
	}
	return list
}

func vellumError(code, path, text, remedy string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Code: code, Path: path, Text: text, Remedy: remedy}
}
