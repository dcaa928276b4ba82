package main

import (
	"context"
	"strings"
)

// checkClusterState describes what etcd holds of each data store. Its exit status is
// 0 with nothing loaded too (facts 1.6, T41); keys of other node types and sites are
// folded into the same store.
func checkClusterState(n *node, _ []string) int {
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	all, err := n.keys(c).tree(context.Background())
	if err != nil {
		return n.traceback("etcd.EtcdException: %v", err)
	}
	if len(all.Nodes) == 0 {
		return n.traceback("AttributeError: 'NoneType' object has no attribute 'children'")
	}
	where := "should not be in any cluster"
	if n.kind() == vellum {
		where = "should be in the Chronos and Memcached clusters"
	}
	n.say("This node (%s) %s.\n\n", c.local, where)
	stores := map[string]members{}
	all.clusters(stores)
	unstable := 0
	for _, s := range []struct{ store, title string }{{chronosStore, "Chronos"}, {memcachedStore, "Memcached"}, {cassandraStore, "Cassandra"}} {
		if m := stores[s.store]; len(m) > 0 {
			n.describeStore(s.title, m)
			if !m.stable() {
				unstable++
			}
		}
	}
	if unstable > 0 {
		n.complain("%d unstable cluster(s)\n", unstable)
		return 1
	}
	return 0
}

// clusters collects the values of all stores below a folder, by the stores' names.
func (e entry) clusters(stores map[string]members) {
	for _, child := range e.Nodes {
		child.clusters(stores)
	}
	folder, name, ok := strings.Cut(e.Key, "/clustering/")
	if ok && folder != "" && len(e.Nodes) == 0 {
		if m := decode(e.Value); len(m) > 0 {
			stores[name] = m
		}
	}
}

func (n *node) describeStore(title string, m members) {
	n.say("Describing the %s cluster:\n", title)
	if m.stable() {
		n.say("  The cluster is stable.\n")
	} else {
		n.say("  The cluster is *not* stable.\n")
	}
	for _, a := range m.addresses() {
		n.say("    %s is in state %s.\n", a, m[a])
	}
	n.say("\n")
}
