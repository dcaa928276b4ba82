package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// config is what a shell makes of the node's configuration files: later ones win, and
// local_config may say anything that a shell understands (facts 2.1, 2.2, T20).
type config struct {
	local      string // signaling address
	management string // management address; the signaling one where there is no other
	site       string // local_site_name
	etcdKey    string // first part of every key
	clusterKey string // the node type by which the data stores' keys are found
	remoteSite string // the legacy remote_site_name (T46)
	cassandra  bool   // Cassandra is in use (facts 2.7)
}

// configuration reads /etc/clearwater/config, as Clearwater's programs do.
func (n *node) configuration() (config, error) {
	names := []string{"local_ip", "management_local_ip", "local_site_name", "etcd_key", "etcd_cluster_key",
		"remote_site_name", "hs_provisioning_hostname", "xdms_hostname"}
	program := ". '" + n.at("/etc/clearwater/config") + "' >/dev/null 2>&1\n"
	for _, name := range names {
		program += "printf '%s\\0' \"${" + name + "-}\"\n"
	}
	out, err := exec.Command("/bin/sh", "-c", program).Output()
	v := strings.Split(string(out), "\x00")
	if len(v) != len(names)+1 {
		return config{}, fmt.Errorf("/etc/clearwater/config cannot be read: %w", err)
	}
	c := config{
		local: v[0], management: or(v[1], v[0]), site: or(v[2], "site1"), etcdKey: or(v[3], "clearwater"),
		clusterKey: or(v[4], n.kind()), remoteSite: v[5], cassandra: v[6] != "" || v[7] != "",
	}
	if c.local == "" {
		return c, fmt.Errorf("local_ip is not set")
	}
	return c, nil
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// kind is the node's type, for which the lab has a file in place of the packages that
// a node has.
func (n *node) kind() string {
	text, err := n.read("/etc/lab/node-type")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

const vellum, sprout = "vellum", "sprout"

// configurationKey is where a shared file is in etcd (facts 2.7).
func (c config) configurationKey(key string) string {
	return "/" + c.etcdKey + "/" + c.site + "/configuration/" + key
}

// storeKey is where the value of a data store is. Cassandra has one cluster over all
// sites, so its key names none (facts 1.5).
func (c config) storeKey(kind, store string) string {
	if store == cassandraStore {
		return "/" + c.etcdKey + "/" + kind + "/clustering/" + store
	}
	return "/" + c.etcdKey + "/" + c.site + "/" + kind + "/clustering/" + store
}
