package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// cluster is a running cluster manager: of a Vellum node, for only Vellum has plugins
// (T49).
type cluster struct {
	node   *node
	config config
	keys   *keys
	stores []string
	asked  map[string]time.Time // when the node has asked to join a store
}

// clusterManager runs the data stores' membership on this node (facts 1.10, 2.5, 2.6).
func clusterManager(n *node) int {
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	return n.manage(manager{"cluster_manager", newCluster(n, c).turn})
}

func newCluster(n *node, c config) *cluster {
	m := &cluster{node: n, config: c, keys: n.keys(c), asked: map[string]time.Time{}}
	if n.kind() == vellum && c.clusterKey != "DO_NOT_CLUSTER" {
		m.stores = []string{chronosStore, memcachedStore}
		if c.cassandra {
			m.stores = append(m.stores, cassandraStore)
		}
	}
	return m
}

func (m *cluster) turn(ctx context.Context) error {
	for _, store := range m.stores {
		if err := m.tend(ctx, store); err != nil {
			return err
		}
	}
	return nil
}

// tend does what the value of a store asks of this node: join where it is not named,
// become normal where it joins, acknowledge where another one leaves; and it writes
// the store's file.
func (m *cluster) tend(ctx context.Context, store string) error {
	key, own := m.config.storeKey(m.config.clusterKey, store), m.config.local
	if err := m.keys.create(ctx, key, "{}"); err != nil && !refused(err, codeExisting) {
		return err // a key that is not loaded becomes an empty cluster (T39)
	}
	all, err := m.keys.change(ctx, key, func(all members) bool {
		switch all[own] {
		case "":
			return m.joins(store, all)
		case joining:
			all[own] = normal
			return true
		case normal:
			if len(all.addresses(leaving)) > 0 {
				all[own] = acknowledged
				return true
			}
		}
		return false
	})
	if err != nil || all[own] == "" {
		return err
	}
	if all[own] == joining && store == cassandraStore {
		m.destroy()
	}
	return m.node.follow(m.config, store, all)
}

// joins puts a node into a value that does not name it, after a delay (T39, T40).
func (m *cluster) joins(store string, all members) bool {
	since, before := m.asked[store]
	if !before {
		m.asked[store] = time.Now()
		since = m.asked[store]
	}
	if time.Since(since) < m.node.settingOr("join", barrier) {
		return false
	}
	delete(m.asked, store)
	m.node.say("joining %s as a new node\n", store)
	all[m.config.local] = joining
	return true
}

// destroy empties Cassandra's folder, as a join does on a node that is not marked as
// one that was in the ring (T39).
func (m *cluster) destroy() {
	for _, mark := range []string{"cassandra_bootstrapped", "cassandra_bootstrap_in_progress"} {
		if m.node.exists("/etc/cassandra/" + mark) {
			return
		}
	}
	list, err := filepath.Glob(m.node.at("/var/lib/cassandra") + "/*")
	if err != nil {
		return // only a bad pattern is an error
	}
	for _, name := range list {
		m.node.say("removing %s\n", name)
		if err := os.RemoveAll(name); err != nil {
			m.node.say("%v\n", err)
		}
	}
}
