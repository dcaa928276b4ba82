package site

import (
	"fmt"
	"slices"
	"strings"
)

// Changes lists what is different on a node at a later moment of the same site: files
// with their modes and owners, processes and keys; not the records of the scripts.
func (s *Site) Changes(later *Site, node string) []string {
	var list []string
	n, m := s.Node(node), later.Node(node)
	for _, p := range paths(n, m) {
		if isRecord(p) {
			continue
		}
		f, was := n.Files.Get(p)
		g, is := m.Files.Get(p)
		switch {
		case !was:
			list = append(list, p+" is new")
		case !is:
			list = append(list, p+" is gone")
		case f.Data != g.Data || f.Mode != g.Mode || f.Owner != g.Owner:
			list = append(list, p+" has changed")
		}
	}
	for v := range services {
		if n.runs(Service(v)) != m.runs(Service(v)) {
			list = append(list, services[v].daemon+" runs, or does so no more")
		}
		if n.monit.watched[v] != m.monit.watched[v] {
			list = append(list, fmt.Sprintf("monit watches %s, or does so no more", services[v].daemon))
		}
	}
	if s.keysOf(n) != later.keysOf(m) {
		list = append(list, "its etcd holds other keys")
	}
	return list
}

func isRecord(p string) bool {
	return p != begunNote && slices.ContainsFunc(records, func(r string) bool { return strings.HasPrefix(p, r) })
}

// paths lists every path that one of two nodes has.
func paths(a, b *Node) []string {
	list := append(a.tree("/"), b.tree("/")...)
	slices.Sort(list)
	return slices.Compact(list)
}

func (s *Site) keysOf(n *Node) string {
	if g, ok := s.read(n); ok {
		return keysJSON(g)
	}
	return ""
}
