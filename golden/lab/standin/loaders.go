package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errSplit is Python's complaint about a line with two equals signs.
var errSplit = errors.New("ValueError: too many values to unpack")

// loader is what the three load_from_* programs share (facts 1.5): the node must run
// the store, the value is written whatever was there, and after Update failed the
// exit status is 0 as well (T41).
type loader struct {
	store, script, init, runs string
	read                      func(n *node) (members, error)
}

func chronosLoader(n *node, args []string) int {
	return loader{chronosStore, "load_from_chronos_cluster", "/etc/init.d/chronos", "Chronos", chronosMembers}.load(n, args)
}

func memcachedLoader(n *node, args []string) int {
	l := loader{memcachedStore, "load_from_memcached_cluster", "/etc/init.d/clearwater-memcached", "Memcached", memcachedMembers}
	if status := l.load(n, args); status != 0 {
		return status
	}
	return l.loadRemote(n, args)
}

func cassandraLoader(n *node, args []string) int {
	return loader{cassandraStore, "load_from_cassandra_cluster", "/etc/init.d/cassandra", "Cassandra", cassandraMembers}.load(n, args)
}

func (l loader) load(n *node, args []string) int {
	if len(args) != 1 {
		n.complain("usage: %s <node_type>\n", l.script)
		return 1
	}
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	if !n.exists(l.init) {
		return n.traceback("AssertionError: This script should be run on a node that's running %s", l.runs)
	}
	m, err := l.read(n)
	if err != nil {
		return n.traceback("%v", err)
	}
	return n.insert(c, c.storeKey(args[0], l.store), m)
}

// insert writes a value and says so. An etcd that refuses is told by words alone; one
// that does not answer is an exception.
func (n *node) insert(c config, key string, m members) int {
	n.say("Inserting data %s into etcd key %s\n", m.encode(), key)
	err := n.keys(c).set(context.Background(), key, m.encode())
	switch {
	case err == nil:
		n.say("Update succeeded\n")
	case errors.As(err, new(*refusal)):
		n.say("Update failed\n")
	default:
		return n.traceback("etcd.EtcdConnectionFailed: %v", err)
	}
	return 0
}

// loadRemote loads the legacy file of the other site, if the configuration names one;
// where the file is missing, the local value is written already (T46).
func (l loader) loadRemote(n *node, args []string) int {
	c, err := n.configuration()
	if err != nil || c.remoteSite == "" {
		return 0
	}
	const file = "/etc/clearwater/remote_cluster_settings"
	m, err := memcachedIn(n, file)
	if err != nil {
		return n.traceback("%v", err)
	}
	c.site = c.remoteSite
	return n.insert(c, c.storeKey(args[0], l.store), m)
}

// chronosMembers takes chronos_cluster.conf apart: spaces go, tabs stay, and what
// follows the = is an address, comment and port included (facts 1.5).
func chronosMembers(n *node) (members, error) {
	text, err := n.read(chronosFile)
	if err != nil {
		return nil, fmt.Errorf("IOError: [Errno 2] No such file or directory: '%s'", chronosFile)
	}
	states := map[string]string{"node": normal, "joining": joining, "leaving": leaving}
	m := members{}
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), " ", ""), "=")
		if len(parts) > 2 {
			return nil, errSplit
		}
		if state, known := states[parts[0]]; known && len(parts) == 2 {
			m[parts[1]] = state
		}
	}
	return m, nil
}

func memcachedMembers(n *node) (members, error) { return memcachedIn(n, memcachedFile) }

// memcachedIn takes cluster_settings apart: whatever stands before the last colon of
// an entry is an address, be it nothing (facts 1.5, T42).
func memcachedIn(n *node, file string) (members, error) {
	text, err := n.read(file)
	if err != nil {
		return nil, fmt.Errorf("IOError: [Errno 2] No such file or directory: '%s'", file)
	}
	states := map[string]string{"servers": normal, "new_servers": joining}
	m := members{}
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), "=")
		if len(parts) > 2 {
			return nil, errSplit
		}
		state, known := states[parts[0]]
		if !known || len(parts) != 2 {
			continue
		}
		for server := range strings.SplitSeq(parts[1], ",") {
			if i := strings.LastIndex(server, ":"); i >= 0 {
				server = server[:i]
			}
			m[server] = state
		}
	}
	return m, nil
}

// cassandraMembers takes the first list of nodetool describecluster. That is mostly
// the one of those that cannot be reached, where there is one; here always (T44).
func cassandraMembers(n *node) (members, error) {
	ring, err := n.ring()
	if err != nil {
		return nil, errors.New("TypeError: expected string or buffer")
	}
	list := ring.addresses(func(r row) bool { return !r.up() })
	if len(list) == 0 {
		list = ring.addresses(row.up)
	}
	m := members{}
	for a := range slices.Values(list) {
		m[a] = normal
	}
	return m, nil
}
