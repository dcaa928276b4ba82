package site

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"requorum/model"
)

// Faults looks at a recovered site from outside, and lists what is not as it must be.
// before is the site as it was when the recovery began. What it looks at: exactly
// the plan's masters in one cluster, proxies through it, the expected keys with the
// expected values, every manager up, configuration in sync and unchanged, and nothing
// lost that was not copied first.
func (s *Site) Faults(p *model.Plan, before *Site) []string {
	g := &goal{site: s, plan: p, before: before}
	for _, n := range p.Nodes {
		g.node(s.Node(n.Name), n)
	}
	if len(g.faults) == 0 { // a cluster that is not there has no keys
		g.keys(s.Node(p.Nodes[0].Name))
	}
	for _, n := range s.Nodes[len(p.Nodes):] { // the failed ones
		if n.runs(Etcd) && n.etcd.member && !n.Fenced {
			g.fault(n, "a failed node runs its old etcd beside the new cluster (T15)")
		}
	}
	return append(g.faults, s.Lost(p, before)...)
}

// Lost lists what was there before, and is gone without a copy.
func (s *Site) Lost(p *model.Plan, before *Site) []string {
	g := &goal{site: s, plan: p, before: before}
	for _, n := range p.Nodes {
		g.nothingLost(s.Node(n.Name), before.Node(n.Name))
	}
	return append(g.faults, s.Losses...)
}

// Configuration lists what each shared file of this site must be after a recovery that
// begins here; empty where nobody has it.
func (s *Site) Configuration(p *model.Plan) []string {
	var list []string
	for _, f := range sharedFiles {
		text, _ := s.wanted(p, f)
		list = append(list, text)
	}
	return list
}

// wanted is what a shared file must be: the inventory's, or as it is on the
// configuration source, or on whichever live node has it first.
func (s *Site) wanted(p *model.Plan, f shared) (text string, found bool) {
	if f.key == "shared_config" && p.SharedConfig != nil {
		return string(p.SharedConfig), true
	}
	list := []*Node{s.Node(p.Source)}
	for _, n := range p.Nodes {
		list = append(list, s.Node(n.Name))
	}
	for _, n := range list {
		if f.types != nil && !slices.Contains(f.types, n.Type) {
			continue
		}
		if own, err := n.Read(f.file); err == nil {
			return own, true
		}
	}
	return "", false
}

type goal struct {
	site, before *Site
	plan         *model.Plan
	faults       []string
}

func (g *goal) fault(n *Node, format string, args ...any) {
	g.faults = append(g.faults, n.Name+": "+fmt.Sprintf(format, args...))
}

// masters are the management addresses of the plan's masters, sorted.
func masters(p *model.Plan) []string {
	var list []string
	for _, n := range p.Nodes {
		if n.Master {
			list = append(list, n.ManagementIP.String())
		}
	}
	slices.Sort(list)
	return list
}

// node looks at the processes and the roles of one node.
func (g *goal) node(n *Node, m model.PlanNode) {
	for v := range services {
		switch {
		case !n.runs(Service(v)):
			g.fault(n, "%s does not run", services[v].daemon)
		case !n.monit.watched[v]:
			g.fault(n, "monit does not watch %s", services[v].daemon)
		}
	}
	if n.Exists("/etc/clearwater/no_cluster_manager") {
		g.fault(n, "/etc/clearwater/no_cluster_manager was left behind (T50)")
	}
	want := masters(g.plan)
	switch {
	case !n.runs(Etcd):
	case m.Master != n.etcd.member:
		g.fault(n, "etcd runs in the wrong role")
	case m.Master && !slices.Equal(g.site.store(n).members, want):
		g.fault(n, "its cluster has the members %v, and not the new masters", g.site.store(n).members)
	case m.Master && !g.site.leads(n):
		g.fault(n, "its cluster has no leader")
	case m.Master && slices.ContainsFunc(g.site.health(n), func(h health) bool { return !h.healthy }):
		g.fault(n, "it does not find every other master healthy (T38)")
	case m.Master && g.site.store(n) != g.site.store(g.site.at(want[0])):
		g.fault(n, "it keeps another store than %s (T10)", g.site.at(want[0]).Name)
	case !m.Master && !sameSet(n.etcd.targets, want):
		g.fault(n, "its proxy passes on to %v, and not to the new masters", n.etcd.targets)
	case !m.Master && g.site.answering(n) == nil:
		g.fault(n, "its proxy reaches no master")
	}
	g.roles(n, m, want)
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// roles looks at local_config: the node's role, and everything else as it was.
func (g *goal) roles(n *Node, m model.PlanNode, want []string) {
	c, ok := n.config(g.site)
	if !ok {
		g.fault(n, "no shell gets through its configuration")
		return
	}
	cluster, proxy := addresses(c["etcd_cluster"]), addresses(c["etcd_proxy"])
	if m.Master && (!sameSet(cluster, want) || len(proxy) > 0) || !m.Master && (!sameSet(proxy, want) || len(cluster) > 0) {
		g.fault(n, "local_config says etcd_cluster=%s and etcd_proxy=%s", c["etcd_cluster"], c["etcd_proxy"])
	}
	old, _ := g.before.Node(n.Name).Read("/etc/clearwater/local_config")
	now, _ := n.Read("/etc/clearwater/local_config")
	for line := range strings.Lines(old) {
		line = strings.TrimRight(line, "\r\n")
		role := strings.Contains(line, "etcd_cluster=") || strings.Contains(line, "etcd_proxy=")
		if !role && !slices.Contains(strings.Split(now, "\n"), line) {
			g.fault(n, "local_config has lost the line %q", line)
		}
	}
}

// keys compares what etcd holds with what it must hold.
func (g *goal) keys(n *Node) {
	held, ok := g.site.read(n)
	if !ok {
		g.fault(n, "etcd does not answer")
		return
	}
	want := g.configuration(held)
	for key, members := range g.stores() { // in any order: it fills another map
		want[key] = members
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, there := held.keys[key]
		switch {
		case !there:
			g.fault(n, "etcd lacks the key %s", key)
		case value != want[key]:
			g.fault(n, "etcd holds %.60q under %s, and not %.60q", value, key, want[key])
		}
	}
	for _, key := range held.sortedKeys() {
		if _, expected := want[key]; !expected {
			g.fault(n, "etcd holds a key that nobody expects: %s", key)
		}
	}
}

// configuration is what each shared file must be under its key, and on every node.
func (g *goal) configuration(held *generation) map[string]string {
	want := map[string]string{}
	for _, f := range sharedFiles {
		key := configurationKey(g.site, f.key)
		text, found := g.before.wanted(g.plan, f)
		if !found {
			text, found = held.keys[key] // optional, and nobody had it: an empty default is right
			if !found {
				continue
			}
		}
		want[key] = text
		g.inSync(f, text)
	}
	return want
}

// inSync looks whether every node that shares a file has it as it must be.
func (g *goal) inSync(f shared, text string) {
	for _, p := range g.plan.Nodes {
		n := g.site.Node(p.Name)
		if f.types != nil && !slices.Contains(f.types, n.Type) {
			continue
		}
		if own, err := n.Read(f.file); err != nil || own != text {
			g.fault(n, "%s is not what etcd must hold", f.file)
		}
	}
}

// stores is what the data stores must hold once the failed nodes are marked failed.
func (g *goal) stores() map[string]string {
	p := g.plan
	want := map[string]string{}
	if p.Loader == "" {
		return want
	}
	value := func(store string, members map[string]string) {
		c := Config{"etcd_key": p.EtcdKey, "local_site_name": p.Site}
		want[storeKey(c, p.Stores.Key, store)] = encodeMembers(members)
	}
	vellums, ring := map[string]string{}, map[string]string{}
	for _, a := range p.Stores.LiveVellums {
		vellums[a.String()] = "normal"
	}
	for _, a := range p.Stores.CassandraNodes {
		ring[a.String()] = "normal"
	}
	value(chronosStore, vellums)
	value(memcachedStore, vellums)
	if p.Stores.Cassandra {
		value(cassandraStore, ring)
	}
	return want
}

// housekeeping are files that etcd's own scripts rewrite all the time. What begins with
// the heading of a cluster manager is its own as well.
// A mark without content is one too.
var housekeeping = []string{"/healthy_etcd_members", "/clustered_successfully", "/proxy/cluster", "/no_cluster_manager"}

// nothingLost looks for bytes that were there before, and are now neither in their
// place nor in a copy.
func (g *goal) nothingLost(n, before *Node) {
	for _, top := range []string{"/etc/clearwater", "/etc/chronos", "/etc/cassandra", "/var/lib"} {
		for _, p := range before.tree(top) {
			old, _ := before.Files.Get(p)
			now, there := n.Files.Get(p)
			if !old.Mode.IsRegular() || there && now.Data == old.Data && now.Mode == old.Mode && now.Owner == old.Owner {
				continue
			}
			house := slices.ContainsFunc(housekeeping, func(h string) bool { return strings.HasSuffix(p, h) })
			if !house && !strings.HasPrefix(now.Data, managed) && !n.copied(p, old) {
				g.fault(n, "%s is lost: it is not as it was, and there is no copy of it", p)
			}
		}
	}
}

// copied reports whether there is a whole copy of a file among the copies.
func (n *Node) copied(p string, f File) bool {
	for _, plan := range n.Files.List("/var/backups/requorum") {
		for _, run := range n.Files.List("/var/backups/requorum/" + plan) {
			kept, ok := n.Files.Get(path.Join("/var/backups/requorum", plan, run) + p)
			if ok && kept.Data == f.Data && kept.Mode == f.Mode && kept.Owner == f.Owner {
				return true
			}
		}
	}
	return false
}
