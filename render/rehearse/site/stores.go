package site

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"requorum/model"
)

const (
	chronosStore   = "chronos"
	memcachedStore = "memcached"
	cassandraStore = "cassandra"

	chronosFile   = "/etc/chronos/chronos_cluster.conf"
	memcachedFile = "/etc/clearwater/cluster_settings"
)

// stores are the data stores that the site has.
func (s *Site) stores() []string {
	if len(s.cassandra) > 0 {
		return []string{chronosStore, memcachedStore, cassandraStore}
	}
	return []string{chronosStore, memcachedStore}
}

// storeKeyOf is the key of a store's value by what a node believes (facts 1.5).
func storeKeyOf(c Config, store string) string { return storeKey(c, c.clusterKey(), store) }

func storeKey(c Config, kind, store string) string {
	if store == cassandraStore {
		return "/" + c.etcdKey() + "/" + kind + "/clustering/cassandra"
	}
	return "/" + c.etcdKey() + "/" + c.site() + "/" + kind + "/clustering/" + store
}

func decodeMembers(value string) (map[string]string, bool) {
	var members map[string]string
	err := json.Unmarshal([]byte(value), &members)
	return members, err == nil
}

// encodeMembers writes a value as Python's json.dumps does; the order is fixed here.
func encodeMembers(members map[string]string) string {
	var list []string
	for _, m := range sortedMembers(members) {
		list = append(list, fmt.Sprintf("%q: %q", m, members[m]))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

func sortedMembers(members map[string]string) []string {
	var list []string
	for m := range members { // in any order: sorted below
		list = append(list, m)
	}
	slices.Sort(list)
	return list
}

// loader makes one of the three load_from_* commands; read gives the members that
// it takes from the node, and a message that ends it with 1.
func loader(store string, read func(c *call) (map[string]string, string)) command {
	return func(c *call) int {
		if len(c.args) != 2 {
			c.complain("usage: %s <node_type>\n", c.args[0])
			return 1
		}
		config, ok := c.node.config(c.site)
		if c.node.Type != model.Vellum || !ok {
			c.complain("AssertionError: This script should be run on a node that's running %s\n", store)
			return 1
		}
		members, trouble := read(c)
		if trouble != "" {
			c.complain("Traceback (most recent call last):\n%s\n", trouble)
			return 1
		}
		if c.site.answering(c.node) == nil {
			c.complain("Traceback (most recent call last):\netcd.EtcdConnectionFailed\n")
			return 1
		}
		key := storeKey(config, c.args[1], store)
		c.say("Inserting data %s into etcd key %s\n", encodeMembers(members), key)
		c.wait(100 * time.Millisecond)
		if c.site.write(c.node, key, encodeMembers(members)) {
			c.say("Update succeeded\n")
		} else {
			c.say("Update failed\n") // with status 0 (T41)
		}
		return 0
	}
}

// chronosMembers reads chronos_cluster.conf by the loader's own rules (facts 1.5).
func chronosMembers(c *call) (map[string]string, string) {
	text, err := c.node.Read(chronosFile)
	if err != nil {
		return nil, "IOError: [Errno 2] " + err.Error() + ": '" + chronosFile + "'"
	}
	members := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), " ", ""), "=")
		if len(parts) > 2 {
			return nil, "ValueError: too many values to unpack"
		}
		if len(parts) != 2 {
			continue
		}
		switch parts[0] {
		case "node":
			members[parts[1]] = "normal"
		case "joining", "leaving":
			members[parts[1]] = parts[0]
		}
	}
	return members, ""
}

// memcachedMembers reads cluster_settings by the loader's own rules.
func memcachedMembers(c *call) (map[string]string, string) {
	text, err := c.node.Read(memcachedFile)
	if err != nil {
		return nil, "IOError: [Errno 2] " + err.Error() + ": '" + memcachedFile + "'"
	}
	members := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), "=")
		if len(parts) > 2 {
			return nil, "ValueError: too many values to unpack"
		}
		if len(parts) != 2 || parts[0] != "servers" && parts[0] != "new_servers" {
			continue
		}
		state := "normal"
		if parts[0] == "new_servers" {
			state = "joining"
		}
		for _, server := range strings.Split(parts[1], ",") {
			if i := strings.LastIndex(server, ":"); i >= 0 {
				server = server[:i]
			}
			members[server] = state
		}
	}
	if config, _ := c.node.config(c.site); config["remote_site_name"] != "" && !c.node.Exists("/etc/clearwater/remote_cluster_settings") {
		c.site.write(c.node, storeKey(config, c.args[1], memcachedStore), encodeMembers(members)) // T46
		return nil, "IOError: [Errno 2] No such file or directory: '/etc/clearwater/remote_cluster_settings'"
	}
	return members, ""
}

// cassandraMembers takes the first list of nodetool describecluster. With nodes
// that cannot be reached, that is mostly the list of these (T44).
func cassandraMembers(c *call) (map[string]string, string) {
	members := map[string]string{}
	dead := slices.ContainsFunc(c.site.cassandra, func(r row) bool { return r.state != "UN" })
	for _, r := range c.site.cassandra {
		if !dead || r.state != "UN" {
			members[r.address] = "normal"
		}
	}
	if len(members) == 0 {
		return nil, "TypeError: No JSON object could be decoded"
	}
	return members, ""
}

// stateCommand is check_cluster_state. It ends with 0 also where nothing is loaded
// (T41).
func stateCommand(c *call) int {
	_, ok := c.node.config(c.site)
	g, answers := c.site.read(c.node)
	if !ok || !answers || len(g.keys) == 0 {
		c.complain("Traceback (most recent call last):\nAttributeError: 'NoneType' object has no attribute 'children'\n")
		return 1
	}
	if c.node.Type == model.Vellum {
		c.say("This node (%s) should be in the Chronos and Memcached clusters.\n\n", c.node.LocalIP)
	} else {
		c.say("This node (%s) should not be in any cluster.\n\n", c.node.LocalIP)
	}
	unstable := 0
	stores := g.stores()
	titles := map[string]string{chronosStore: "Chronos", memcachedStore: "Memcached", cassandraStore: "Cassandra"}
	for _, store := range []string{chronosStore, memcachedStore, cassandraStore} {
		members := stores[store]
		if len(members) == 0 {
			continue
		}
		c.say("Describing the %s cluster:\n", titles[store])
		if stable(members) {
			c.say("  The cluster is stable.\n")
		} else {
			c.say("  The cluster is *not* stable.\n")
			unstable++
		}
		for _, m := range sortedMembers(members) {
			c.say("    %s is in state %s.\n", m, members[m])
		}
		c.say("\n")
	}
	if unstable > 0 {
		c.complain("%d unstable cluster(s)\n", unstable)
		return 1
	}
	return 0
}

// stores collects the values of all data stores by their names alone: another node
// type's or another site's value is taken for the store's as well (facts 1.6).
func (g *generation) stores() map[string]map[string]string {
	stores := map[string]map[string]string{}
	for _, key := range g.sortedKeys() {
		_, store, found := strings.Cut(key, "/clustering/")
		if members, _ := decodeMembers(g.keys[key]); found && len(members) > 0 {
			stores[store] = members
		}
	}
	return stores
}

func stable(members map[string]string) bool {
	for _, state := range members { // in any order: all must be normal
		if state != "normal" {
			return false
		}
	}
	return true
}

// markCommand is cw-mark_node_failed: it sets the node to error, and returns when
// every node that is left has acknowledged that it leaves (facts 1.10).
func markCommand(c *call) int {
	if len(c.args) < 4 {
		c.complain("usage: cw-mark_node_failed <node_type> <store> <failed node IP>\n")
		return 1
	}
	if c.args[2] == cassandraStore && c.node.Type != model.Vellum {
		c.say("You must run mark_node_failed on a node that has Cassandra installed\n")
		return 1
	}
	config, _ := c.node.config(c.site)
	key, address := storeKey(config, c.args[1], c.args[2]), c.args[3]
	g, answers := c.site.read(c.node)
	if !answers || !c.site.leads(c.site.answering(c.node)) {
		c.complain("Failed to contact etcd cluster on '%s' - node not removed\n", c.node.ManagementIP)
		return 1
	}
	members, there := decodeMembers(g.keys[key])
	if members[address] == "" {
		if !there {
			c.site.write(c.node, key, "{}")
		}
		c.say("Not in cluster - no work required\n")
		return 0
	}
	c.say("Marking node as failed and removing it from the cluster - will take at least 30 seconds\n")
	members[address] = "error"
	c.site.write(c.node, key, encodeMembers(members))
	if status := c.wait(30 * time.Second); status != 0 {
		return status
	}
	for !c.site.acknowledged(c.node, key) {
		if status := c.wait(5 * time.Second); status != 0 {
			return status
		}
	}
	g, answers = c.site.read(c.node)
	if !answers {
		return 1
	}
	members, _ = decodeMembers(g.keys[key])
	delete(members, address)
	c.site.write(c.node, key, encodeMembers(members))
	c.say("Process complete - %s has left the cluster\n", address)
	return 0
}

// acknowledged reports whether every node that stays in a store has its cluster
// manager running, and every node that is dead is marked so (T50, facts 5.2).
func (s *Site) acknowledged(n *Node, key string) bool {
	g, answers := s.read(n)
	if !answers {
		return false
	}
	members, _ := decodeMembers(g.keys[key])
	for address, state := range members { // in any order: all must have it
		if state != "normal" {
			continue
		}
		i := slices.IndexFunc(s.Nodes, func(m *Node) bool { return m.LocalIP == address })
		if i < 0 || !s.Nodes[i].runs(ClusterManager) {
			return false
		}
	}
	return true
}
