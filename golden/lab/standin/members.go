package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

const (
	chronosStore   = "chronos"
	memcachedStore = "memcached"
	cassandraStore = "cassandra"

	chronosFile   = "/etc/chronos/chronos_cluster.conf"
	memcachedFile = "/etc/clearwater/cluster_settings"
)

// What a member of a data store can be. The words are those of facts 1.5, 1.10 and
// Metaswitch/clearwater-docker#55.
const (
	normal       = "normal"
	joining      = "joining"
	leaving      = "leaving"
	failed       = "error"
	acknowledged = "normal, acknowledged change" // stays, and knows that another one leaves
)

// members is the value of a data store: signaling addresses with what they are.
type members map[string]string

// addresses gives those that are one of the states, or all; sorted.
func (m members) addresses(states ...string) []string {
	var list []string
	for _, a := range slices.Sorted(maps.Keys(m)) {
		if len(states) == 0 || slices.Contains(states, m[a]) {
			list = append(list, a)
		}
	}
	return list
}

// stable reports whether nobody is coming or going (facts 1.6).
func (m members) stable() bool { return len(m.addresses(normal)) == len(m) }

// encode writes a value as Python's json.dumps does, in a fixed order.
func (m members) encode() string {
	var list []string
	for _, a := range m.addresses() {
		list = append(list, quote(a)+": "+quote(m[a]))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // a string always has a form in JSON
	}
	return string(b)
}

func decode(value string) members {
	m := members{}
	if json.Unmarshal([]byte(value), &m) != nil || m == nil {
		return members{} // garbage in etcd is no member
	}
	return m
}

// change rewrites a value until nobody came in between; f reports whether there is
// anything to write. It gives the value as it is then.
func (k *keys) change(ctx context.Context, key string, f func(members) bool) (members, error) {
	for {
		e, err := k.get(ctx, key)
		if err != nil {
			return nil, err
		}
		m := decode(e.Value)
		if !f(m) {
			return m, nil
		}
		if err := k.swap(ctx, e, m.encode()); !refused(err, codeChanged) {
			return m, err
		}
	}
}
