//go:build lab

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// goal is a recovered site as it must be, looked at from outside: over each node's own
// port, in its process table and on its disk. It is the lab's own reading of what
// render/rehearse/site has for the imaginary site.
type goal struct {
	*labSite
	masters []string // management addresses, sorted
	leader  string   // whom the first master follows
	faults  []string
}

// faults lists what is not as it must be after a recovery. Nothing of it goes by what
// a script has said.
func (s *labSite) faults() []string {
	g := &goal{labSite: s}
	for _, n := range s.plan.Nodes {
		if n.Master {
			g.masters = append(g.masters, n.ManagementIP.String())
		}
	}
	slices.Sort(g.masters)
	for i, n := range s.live() {
		g.check(n, g.processes)
		g.check(n, g.cluster)
		g.check(n, g.roles(s.plan.Nodes[i].Master))
		g.check(n, g.keys)
		g.check(n, g.lost)
		g.check(n, g.oldData)
	}
	for _, n := range s.nodes[len(s.plan.Nodes):] {
		g.check(n, g.dark)
	}
	return g.faults
}

// check looks at one thing of a node.
func (g *goal) check(n *node, look func(*node) error) {
	if err := look(n); err != nil {
		for _, text := range strings.Split(err.Error(), "\n") {
			g.faults = append(g.faults, n.Name+": "+strings.TrimPrefix(text, n.Name+": "))
		}
	}
}

// processes: each daemon runs once, and monit watches all of them.
func (g *goal) processes(n *node) error {
	err := n.managed()
	summary, failed := n.run("monit", "summary")
	for line := range strings.Lines(summary) {
		if strings.Contains(line, "Process") && !strings.Contains(line, " OK ") {
			err = errors.Join(err, fmt.Errorf("monit shows %s", strings.Join(strings.Fields(line), " ")))
		}
	}
	if _, left := n.read("/etc/clearwater/no_cluster_manager"); !errors.Is(left, errAbsent) {
		err = errors.Join(err, errors.New("/etc/clearwater/no_cluster_manager was left behind (T50)"))
	}
	return errors.Join(err, failed)
}

// cluster: exactly the new masters, all with one leader, and each healthy by itself; a
// proxy passes on to them.
func (g *goal) cluster(n *node) error {
	err := n.healthy()
	members, failed := n.members()
	if !slices.Equal(members, g.masters) {
		err = errors.Join(err, fmt.Errorf("its etcd lists the members %v, and not %v", members, g.masters))
	}
	leader, unknown := n.leader()
	if g.leader == "" {
		g.leader = leader
	}
	if leader == "" || leader != g.leader {
		err = errors.Join(err, fmt.Errorf("it follows the leader %q, and others follow %q (T10)", leader, g.leader))
	}
	return errors.Join(err, failed, unknown)
}

// roles: etcd runs in the node's role, and local_config says the same; whatever else was
// in it is there as it was.
func (g *goal) roles(master bool) func(*node) error {
	return func(n *node) error {
		lines, err := n.processes()
		for _, line := range lines {
			if strings.HasPrefix(line, daemons()["clearwater-etcd"]) && strings.Contains(line, "--proxy on") == master {
				err = errors.Join(err, fmt.Errorf("etcd runs in the wrong role: %s", line))
			}
		}
		out, failed := n.shell(`set +u; . /etc/clearwater/config; printf '%s\n%s\n' "$etcd_cluster" "$etcd_proxy"`)
		said := strings.Split(out, "\n")
		want := []string{strings.Join(g.masters, ","), ""}
		if !master {
			slices.Reverse(want)
		}
		if failed == nil && (sorted(said[0]) != want[0] || sorted(said[1]) != want[1]) {
			failed = fmt.Errorf("local_config says etcd_cluster=%s and etcd_proxy=%s", said[0], said[1])
		}
		return errors.Join(err, failed, g.localConfig(n))
	}
}

// sorted puts the addresses of a list in order.
func sorted(list string) string {
	addresses := strings.Split(list, ",")
	slices.Sort(addresses)
	return strings.Join(addresses, ",")
}

func (g *goal) localConfig(n *node) error {
	const file = "/etc/clearwater/local_config"
	now, err := n.files(strings.TrimPrefix(file, "/"))
	old := n.before[file]
	if now[file].mode != old.mode || now[file].owner != old.owner {
		err = errors.Join(err, fmt.Errorf("local_config has mode %v and owner %s, and had %v and %s", now[file].mode, now[file].owner, old.mode, old.owner))
	}
	for line := range strings.Lines(old.text) {
		line = strings.TrimRight(line, "\r\n")
		role := strings.Contains(line, "etcd_cluster=") || strings.Contains(line, "etcd_proxy=")
		if !role && !slices.Contains(strings.Split(now[file].text, "\n"), line) {
			err = errors.Join(err, fmt.Errorf("local_config has lost the line %q", line))
		}
	}
	return err
}

// keys: etcd, asked at this node, holds exactly what it must, and the node's own files
// say the same.
func (g *goal) keys(n *node) error {
	held, err := n.keys()
	if err != nil {
		return err
	}
	want := g.stores()
	for _, m := range g.live() {
		for _, f := range g.shared(m) {
			if text, found := g.wanted(f); found {
				want[f.Key] = text
			} else if text, found := held[f.Key]; found {
				want[f.Key] = text // optional, and nobody had it: an empty default is right
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if value, there := held[key]; !there || !same(value, want[key]) {
			err = errors.Join(err, fmt.Errorf("etcd holds %.80q under %s, and not %.80q", value, key, want[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		if _, expected := want[key]; !expected {
			err = errors.Join(err, fmt.Errorf("etcd holds a key that nobody expects: %s", key))
		}
	}
	for _, f := range g.shared(n) {
		if text, failed := n.read(f.Path); failed != nil || text != want[f.Key] {
			err = errors.Join(err, fmt.Errorf("%s is not what etcd must hold: %v", f.Path, failed))
		}
	}
	return err
}

// same compares two values: those of the stores have no order.
func same(a, b string) bool {
	var left, right map[string]string
	if json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil {
		return maps.Equal(left, right)
	}
	return a == b
}

// shared are the files that a node's configuration manager shares.
func (g *goal) shared(n *node) []site.SharedFile {
	imaginary := site.New(g.plan)
	return imaginary.Node(n.Name).SharedFiles(imaginary)
}

// wanted is what a shared file must be: the inventory's, or as it was on the
// configuration source, or on whichever live node had it first.
func (g *goal) wanted(f site.SharedFile) (string, bool) {
	if strings.HasSuffix(f.Key, "/shared_config") && g.plan.SharedConfig != nil {
		return string(g.plan.SharedConfig), true
	}
	for _, n := range append([]*node{g.node(g.plan.Source)}, g.live()...) {
		if !slices.Contains(g.shared(n), f) {
			continue
		}
		if own, there := n.before[f.Path]; there {
			return own.text, true
		}
	}
	return "", false
}

// stores is what the data stores must hold once the failed nodes are marked failed.
func (g *goal) stores() map[string]string {
	p := g.plan
	want := map[string]string{}
	if p.Loader == "" {
		return want
	}
	value := func(key string, members []netip.Addr) { want[key] = normal(members) }
	base := "/" + p.EtcdKey + "/" + p.Site + "/" + p.Stores.Key + "/clustering/"
	value(base+"chronos", p.Stores.LiveVellums)
	value(base+"memcached", p.Stores.LiveVellums)
	if p.Stores.Cassandra {
		value("/"+p.EtcdKey+"/"+p.Stores.Key+"/clustering/cassandra", p.Stores.CassandraNodes)
	}
	return want
}

// heading is how the files begin that the cluster manager writes.
const heading = "################"

// lost: every byte that was there is there, or in a copy with its mode and owner.
func (g *goal) lost(n *node) error {
	now, err := n.files(precious()...)
	if err != nil {
		return err
	}
	copies, err := n.files("var/backups/requorum")
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(n.before)) {
		old := n.before[path]
		if now[path] == old || old.text == "" && strings.HasSuffix(path, "/no_cluster_manager") || strings.HasPrefix(now[path].text, heading) {
			continue
		}
		if !copied(copies, path, old) {
			err = errors.Join(err, fmt.Errorf("%s is lost: it is not as it was, and there is no copy of it", path))
		}
	}
	return err
}

func copied(copies map[string]kept, path string, old kept) bool {
	for at, c := range copies {
		if strings.HasSuffix(at, path) && c == old {
			return true
		}
	}
	return false
}

// oldData: where an old master was wiped, etcd itself can read the old cluster's keys
// from the copy.
func (g *goal) oldData(n *node) error {
	if n.Etcd != model.Master {
		return nil
	}
	out, err := n.run("/bin/bash", "/etc/lab/read-copy", n.ManagementIP.String())
	if err != nil {
		return fmt.Errorf("the old cluster's keys cannot be read from any copy: %w: %s", err, out)
	}
	for key := range g.oldStores() {
		if !strings.Contains(out, `"key":"`+key+`"`) {
			return fmt.Errorf("no copy of the etcd data holds the old key %s", key)
		}
	}
	return nil
}

// dark: a failed node does not run its old etcd where the others could meet it.
func (g *goal) dark(n *node) error {
	if n.first == nil || n.fenced {
		return nil
	}
	count, err := n.counted()
	if count["clearwater-etcd"] > 0 {
		err = errors.Join(err, errors.New("a failed node runs its old etcd beside the new cluster (T15)"))
	}
	return err
}
