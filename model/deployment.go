// Package model holds the plain values that everything else speaks of: the
// Deployment (what is there) and the Plan (what must happen, in which order,
// and why). It knows no files, no YAML and no shell.
package model

import (
	"cmp"
	"net/netip"
	"strings"
)

// Role is the part a node plays in its site's etcd cluster.
type Role string

// The two roles of clearwater-etcd. Only masters count towards quorum.
const (
	Master Role = "master"
	Proxy  Role = "proxy"
)

// State says whether a node can still be used.
type State string

// A failed node is lost for good: no script is made for it.
const (
	Live   State = "live"
	Failed State = "failed"
)

// Type is a Clearwater node type.
type Type string

// The node types that the procedure treats differently from the others.
const (
	Vellum Type = "vellum" // holds Chronos, Memcached and Cassandra
	Sprout Type = "sprout" // holds the JSON and XML configuration of the call control
)

// Types lists every legal node type; OldTypes those of them that held data
// stores of their own before Vellum existed.
var (
	Types    = []Type{"bono", "sprout", "dime", "vellum", "homer", "ellis", "homestead", "ralf", "memento"}
	OldTypes = []Type{"homestead", "ralf", "memento"}
)

// DefaultEtcdKey is Clearwater's own default for etcd_key.
const DefaultEtcdKey = "clearwater"

// How many engineers may work at the same time. What says nothing means one.
const (
	DefaultOperators = 1
	MaxOperators     = 99
)

// Deployment is an inventory with all defaults applied and everything in
// order: two inventories that mean the same are the same value.
type Deployment struct {
	Name    string // free text, one printable line
	EtcdKey string // first part of every etcd key
	Uses    Uses
	// Operators is how many engineers work at the same time; from two on,
	// stop codes keep the order between the nodes.
	Operators int
	Recover   string // name of the site to recover; always one of Sites
	Sites     []Site // by name
}

// Uses says which optional parts of Clearwater the deployment runs.
type Uses struct {
	HomesteadProv bool `json:"homestead_prov"`
	Homer         bool `json:"homer"`
	Memento       bool `json:"memento"`
	Ralf          bool `json:"ralf"`
}

// Cassandra reports whether the Cassandra cluster is in use: the written
// procedure asks for it with Homestead-Prov, Homer or Memento.
func (u Uses) Cassandra() bool { return u.HomesteadProv || u.Homer || u.Memento }

// Site is one geographic site: one etcd cluster, one Chronos cluster, one
// Memcached cluster.
type Site struct {
	Name         string
	SharedConfig []byte // known-good shared_config, byte for byte; nil if the inventory names none
	Nodes        []Node // by CompareNames
}

// Node is one machine.
type Node struct {
	Name         string
	Type         Type
	LocalIP      netip.Addr // signaling address, Clearwater's local_ip
	ManagementIP netip.Addr // Clearwater's management_local_ip, or LocalIP; always IPv4
	Etcd         Role       // before the failure
	State        State
	ClusterKey   string // Clearwater's etcd_cluster_key
	Location     string // free text for people, one printable line, may be empty
}

// SiteToRecover returns the site that Recover names.
func (d *Deployment) SiteToRecover() *Site {
	for i := range d.Sites {
		if d.Sites[i].Name == d.Recover {
			return &d.Sites[i]
		}
	}
	return nil
}

// CompareNames orders names as people count: vellum-2 comes before vellum-10.
// Names that differ only in leading zeros are ordered by their bytes.
func CompareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		wordX, restX := nextWord(x)
		wordY, restY := nextWord(y)
		if c := compareWords(wordX, wordY); c != 0 {
			return c
		}
		x, y = restX, restY
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// nextWord cuts the leading run of digits, or of anything else, off s.
func nextWord(s string) (word, rest string) {
	digits := isDigit(s[0])
	i := 1
	for i < len(s) && isDigit(s[i]) == digits {
		i++
	}
	return s[:i], s[i:]
}

// compareWords compares two numbers by value and everything else by bytes.
func compareWords(a, b string) int {
	if isDigit(a[0]) && isDigit(b[0]) {
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
