// Package site is an imaginary Clearwater site: nodes with files, processes and
// ports, monit, etcd and the managers, on a clock of its own, as the facts describe
// them. Nothing in it reaches the machine that it runs on.
//
// The model is there to fail: what destroys on a real node destroys here, and a
// command that it does not know is an error.
package site

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Epoch is what every node's clock says when a rehearsal begins, in seconds since
// 1970.
const Epoch = 1790000000

// Site is one imaginary site at one moment. A Site is used by one goroutine at a
// time; Clone gives another one its own.
type Site struct {
	Name    string // Clearwater's local_site_name
	EtcdKey string
	Nodes   []*Node       // live and failed ones, in the plan's order
	Now     time.Duration // since the beginning of the rehearsal

	generations []*generation // of etcd's data; an index is the identity of a store
	cuts        [][2]string   // pairs of management addresses that cannot reach each other
	cassandra   []row
	Losses      []string // what cluster managers have destroyed by joining as new, in order
	Restarts    int      // services that were restarted for another configuration (T28)

	shells *shellCache
	pid    int
}

// Node finds a node by its name; nil if the site has none of that name.
func (s *Site) Node(name string) *Node {
	for _, n := range s.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// at finds the node with a management address.
func (s *Site) at(address string) *Node {
	for _, n := range s.Nodes {
		if n.ManagementIP == address {
			return n
		}
	}
	return nil
}

// Clone copies the site; the two share what neither changes.
func (s *Site) Clone() *Site {
	c := *s
	c.Nodes = make([]*Node, len(s.Nodes))
	for i, n := range s.Nodes {
		c.Nodes[i] = n.clone()
	}
	c.generations = slices.Clone(s.generations)
	c.cuts = slices.Clone(s.cuts)
	c.cassandra = slices.Clone(s.cassandra)
	c.Losses = slices.Clone(s.Losses)
	return &c
}

// Advance moves the clock on and lets happen what is due on the way.
func (s *Site) Advance(d time.Duration) { s.advanceTo(s.Now + d) }

func (s *Site) advanceTo(end time.Duration) {
	for {
		s.elect()
		due, n := end, (*Node)(nil)
		for _, m := range s.Nodes {
			if t := m.nextEvent(s.Now); t < due {
				due, n = t, m
			}
		}
		s.Now = max(s.Now, due)
		if n == nil {
			s.elect()
			return
		}
		n.happen(s)
	}
}

// never is later than anything.
const never = time.Duration(1<<63 - 1)

// Cut makes two nodes unable to reach each other.
func (s *Site) Cut(a, b string) {
	s.cuts = append(s.cuts, [2]string{s.Node(a).ManagementIP, s.Node(b).ManagementIP})
}

// Mend takes every cut back.
func (s *Site) Mend() { s.cuts = nil }

// reaches reports whether packets get from one node to another.
func (s *Site) reaches(a, b *Node) bool {
	if a == b {
		return true
	}
	if a.Fenced || b.Fenced || !a.Up || !b.Up {
		return false
	}
	return !slices.ContainsFunc(s.cuts, func(c [2]string) bool {
		return c == [2]string{a.ManagementIP, b.ManagementIP} || c == [2]string{b.ManagementIP, a.ManagementIP}
	})
}

// lose notes that a cluster manager has destroyed something.
func (s *Site) lose(n *Node, format string, args ...any) {
	s.Losses = append(s.Losses, n.Name+": "+fmt.Sprintf(format, args...))
}

// nextPid gives a process its number.
func (s *Site) nextPid() int {
	s.pid++
	return 1000 + s.pid
}

// generation is one store of etcd: what the members that were founded together
// keep. Nobody changes one; a change makes a new value under the same number.
type generation struct {
	members   []string // management addresses that it was founded with, sorted: they make the cluster's id (T10)
	formed    bool     // it has had a leader
	published []string // members that have told the others their client address
	keys      map[string]string
	index     int // of the last change
}

// clusterID is the same for the same members, whenever they were founded.
func (g *generation) clusterID() string { return strings.Join(g.members, ",") }

// change gives a generation another value.
func (s *Site) change(id int, f func(*generation)) {
	g := *s.generations[id]
	g.published = slices.Clone(g.published)
	f(&g)
	s.generations[id] = &g
}

// set writes a key into a generation.
func (s *Site) set(id int, key, value string) {
	s.change(id, func(g *generation) {
		g.keys = maps.Clone(g.keys)
		if g.keys == nil {
			g.keys = map[string]string{}
		}
		g.keys[key] = value
		g.index++
	})
}
