// Package facts holds what Clearwater's programs do on a node, as a table of rows by
// which every stand-in for them is tried: the imaginary site, the lab's programs, and
// the lab itself.
package facts

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed facts.yaml
var source []byte

// Table is all rows, by what they are about, and the site that they speak of. On the
// site no manager runs while a row is tried, so nothing changes but by its command.
type Table struct {
	Nodes []Node `yaml:"nodes"`

	Loaders      []Row `yaml:"loaders"`       // load_from_*: facts 1.5
	ClusterState []Row `yaml:"cluster_state"` // check_cluster_state: facts 1.6
	ConfigSync   []Row `yaml:"config_sync"`   // check_config_sync: facts 1.4
	Marking      []Row `yaml:"marking"`       // what cw-mark_node_failed says at once: facts 1.10
	Validators   []Row `yaml:"validators"`    // facts 1.8
	Nodetool     []Row `yaml:"nodetool"`      // facts 1.9
	Etcdctl      []Row `yaml:"etcdctl"`       // clearwater-etcdctl: facts 1.3
	Unprivileged []Row `yaml:"unprivileged"`  // run by a user who is not root; the imaginary site knows none

	Starts []Start `yaml:"starts"` // of etcd: facts 1.2
}

// Node is one live node of the site.
type Node struct {
	Name    string `yaml:"name"`
	Type    string `yaml:"type"`
	Address string `yaml:"address"` // signaling and management in one
	Etcd    string `yaml:"etcd"`    // master or proxy
}

// State is what the site's etcd is like when a row's command runs.
type State string

// The states. A row's keys are written before anything dies.
const (
	Whole   State = "whole"   // three masters formed a cluster; the proxy runs too
	Partial State = "partial" // vellum-3 has died since
	Lost    State = "lost"    // vellum-2 and vellum-3 have died since
	Down    State = "down"    // vellum-1's own etcd has ended since
	Alone   State = "alone"   // vellum-1 was the only one to start, and nothing formed
)

// Row is one command, what it finds, and what it must say.
type Row struct {
	Fact    string            `yaml:"fact"`    // where it comes from, such as 1.5 or T41
	Name    string            `yaml:"name"`    // what it is about, in a few words
	On      string            `yaml:"on"`      // the node's name; vellum-1 where the table says nothing
	State   State             `yaml:"state"`   // Whole where the table says nothing
	Files   map[string]string `yaml:"files"`   // what stands in files; others are as on any node
	Missing []string          `yaml:"missing"` // files that are not there
	Ring    []string          `yaml:"ring"`    // Cassandra's rows, as "DATACENTER ADDRESS STATE"; none: it does not answer
	Keys    map[string]string `yaml:"keys"`    // all that etcd holds
	Run     []string          `yaml:"run"`     // the command line
	Leaves  map[string]string `yaml:"leaves"`  // what keys hold afterwards
	Answer  `yaml:",inline"`
	Series  map[string]Answer `yaml:"series"` // where an etcd series such as 3.4 answers otherwise
}

// Answer is what a command gives.
type Answer struct {
	Status int      `yaml:"status"`
	Says   []string `yaml:"says"`  // texts that the output holds
	Never  []string `yaml:"never"` // texts that it does not hold
}

// Of gives the answer that is right with an etcd series, such as 3.1 or 3.4.
func (r Row) Of(series string) Answer {
	if a, other := r.Series[series]; other {
		return a
	}
	return r.Answer
}

// Start is one start of etcd by its init script on vellum-1, while no other etcd of
// the site runs.
type Start struct {
	Fact   string            `yaml:"fact"`
	Name   string            `yaml:"name"`
	Config string            `yaml:"config"` // the whole of /etc/clearwater/local_config
	Files  map[string]string `yaml:"files"`  // what else stands in files
	Data   string            `yaml:"data"`   // what etcd has left on the disk: member or proxy; empty: nothing
	Says   []string          `yaml:"says"`   // what the start adds to clearwater-etcd-initd.log
	Never  []string          `yaml:"never"`  // what it does not add
	Runs   string            `yaml:"runs"`   // as what etcd runs then: member, proxy, or nothing
}

// Read gives the table. An error is a fault of the table itself.
func Read() (Table, error) {
	var t Table
	d := yaml.NewDecoder(bytes.NewReader(source))
	d.KnownFields(true)
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("facts.yaml: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return t, errors.New("facts.yaml: more than one document")
	}
	for _, section := range [][]Row{t.Loaders, t.ClusterState, t.ConfigSync, t.Marking, t.Validators, t.Nodetool, t.Etcdctl, t.Unprivileged} {
		for i := range section {
			complete(&section[i])
		}
	}
	return t, nil
}

// Fits reports whether a command that ended with a status and printed a text has given
// the answer.
func (a Answer) Fits(status int, printed string) bool {
	return status == a.Status && holds(printed, a.Says, a.Never)
}

// Fits reports whether a start is as it must be: what it has added to the init script's
// log, and as what etcd runs.
func (s Start) Fits(log, runs string) bool {
	return runs == s.Runs && holds(log, s.Says, s.Never)
}

// holds reports whether a text holds all of some texts, and none of others.
func holds(text string, all, none []string) bool {
	for _, part := range all {
		if !strings.Contains(text, part) {
			return false
		}
	}
	for _, part := range none {
		if strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// complete fills in what most rows leave out.
func complete(r *Row) {
	if r.On == "" {
		r.On = "vellum-1"
	}
	if r.State == "" {
		r.State = Whole
	}
}

// Node finds a node by its name.
func (t Table) Node(name string) (Node, bool) {
	for _, n := range t.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return Node{}, false
}

// Programs gives the rows that are about Clearwater's own programs: all but those of
// etcd, and those of a user who is not root.
func (t Table) Programs() []Row {
	var list []Row
	for _, section := range [][]Row{t.Loaders, t.ClusterState, t.ConfigSync, t.Marking, t.Validators, t.Nodetool} {
		list = append(list, section...)
	}
	return list
}
