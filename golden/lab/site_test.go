//go:build lab

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse/site"
)

// labSite is a Clearwater site of real nodes.
type labSite struct {
	number int // no two networks have one name
	image  image
	plan   *model.Plan
	nodes  []*node // the live ones, and behind them the failed ones, as in the imaginary site
	folder string  // where its disks are
	cuts   [][2]*node
}

// limit is how long the lab waits for anything that must come.
const limit = 3 * time.Minute

// newSite builds the site of a plan as it is when half or more of its masters have just
// died for good: its old cluster has been formed by all of its nodes.
func newSite(t *testing.T, i image, p *model.Plan, b *render.Bundle) *labSite {
	t.Helper()
	s := newMachines(t, i, p)
	s.steps(t, func() error { return s.deliver(b) }, s.found, s.lose, s.remember)
	return s
}

// newMachines builds the nodes of a plan and boots them: nothing of Clearwater runs yet.
func newMachines(t *testing.T, i image, p *model.Plan) *labSite {
	t.Helper()
	s := &labSite{image: i, plan: p}
	if err := s.claim(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.leave)
	for _, n := range p.Nodes {
		s.add(n.Node)
	}
	for _, n := range p.Failed {
		s.add(n)
	}
	s.steps(t, s.bridges, s.furnish, s.boot)
	return s
}

// claim gives a site the first number that none has, and a folder by that number.
func (s *labSite) claim() error {
	for {
		s.folder = filepath.Join(ground, fmt.Sprintf("site-%d", s.number))
		if err := os.Mkdir(s.folder, 0o755); !errors.Is(err, fs.ErrExist) {
			return err
		}
		s.number++
	}
}

// steps does one after the other.
func (s *labSite) steps(t *testing.T, steps ...func() error) {
	t.Helper()
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *labSite) add(n model.Node) {
	s.nodes = append(s.nodes, &node{Node: n, site: s, index: len(s.nodes), disk: filepath.Join(s.folder, n.Name)})
}

// leave ends everything of the site.
func (s *labSite) leave() {
	for _, n := range s.nodes {
		_ = n.off() // what is left ends with the namespaces of the lab
		_ = syscall.Unmount(n.disk, syscall.MNT_DETACH)
	}
	for _, kind := range []string{"m", "s"} {
		_ = ip(fmt.Sprintf("link del %sb%d", kind, s.number))
	}
	_ = os.RemoveAll(s.folder) // last: with it the number is free
}

// node finds a node by its name.
func (s *labSite) node(name string) *node {
	for _, n := range s.nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// live are the nodes of the plan.
func (s *labSite) live() []*node { return s.nodes[:len(s.plan.Nodes)] }

// old are the masters of the cluster that is lost.
func (s *labSite) old() []*node {
	var list []*node
	for _, n := range s.nodes {
		if n.Etcd == model.Master {
			list = append(list, n)
		}
	}
	return list
}

// each does something to nodes side by side.
func each(nodes []*node, do func(*node) error) error {
	var g errgroup.Group
	for _, n := range nodes {
		g.Go(func() error { return do(n) })
	}
	return g.Wait()
}

// furnish fills the disks: Clearwater's files are those of the imaginary site, so that
// both begin alike. Only here a second network lies in a namespace, which local_config
// names (facts 2.2).
func (s *labSite) furnish() error {
	imaginary := site.New(s.plan)
	for _, n := range s.nodes {
		if err := n.mount(); err != nil {
			return err
		}
		for _, tree := range []string{"/etc/clearwater", "/etc/chronos", "/etc/cassandra", "/var/lib/cassandra"} {
			if err := n.plant(imaginary.Node(n.Name).Files, tree); err != nil {
				return err
			}
		}
		files := map[string]string{"/etc/lab/node-type": string(n.Type) + "\n", "/etc/lab/ring": s.ring(), "/etc/lab/stop-seconds": quick}
		if n.Type == model.Vellum {
			for _, daemon := range []string{"chronos", "clearwater-memcached", "cassandra"} {
				files["/etc/init.d/"+daemon] = "#!/bin/sh\nexit 0\n" // load_from_* look for them (facts 1.5)
			}
		}
		for name, text := range files {
			if err := n.write(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver brings each node its script.
func (s *labSite) deliver(b *render.Bundle) error {
	for _, script := range b.Scripts {
		if err := s.node(script.Node).write("/root/"+script.Node+".sh", string(script.Source())); err != nil {
			return err
		}
	}
	return nil
}

// quick lets the managers end as soon as they are asked to. The truth takes half a minute
// and more, and stands in stories of its own.
const quick = "cluster_manager 0\nconfig_manager 0\nqueue_manager 0\npause 2\njoin 5\nleave 3\n"

// ring is Cassandra's: the dead nodes have left it (facts 1.9).
func (s *labSite) ring() string {
	var b strings.Builder
	if !s.plan.Stores.Cassandra {
		return ""
	}
	for _, a := range s.plan.Stores.CassandraNodes {
		name := s.plan.Site
		for _, r := range s.plan.Remote {
			if r.LocalIP == a {
				name = r.Site
			}
		}
		fmt.Fprintf(&b, "%s %s UN\n", name, a)
	}
	return b.String()
}

// plant copies a folder of the imaginary site onto a node's disk.
func (n *node) plant(from site.Files, dir string) error {
	for _, name := range from.List(dir) {
		full := path.Join(dir, name)
		f, _ := from.Get(full)
		if f.Mode.IsDir() {
			if err := n.plant(from, full); err != nil {
				return err
			}
			continue
		}
		if err := n.write(full, f.Data); err != nil {
			return err
		}
	}
	return nil
}

// mount gives a node its disk.
func (n *node) mount() error {
	if err := os.MkdirAll(n.disk, 0o755); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", n.disk, "tmpfs", 0, "mode=0755,size="+diskSize)
}

func (s *labSite) boot() error { return each(s.nodes, (*node).boot) }

// found lets the old masters found the old cluster, by Clearwater's own init script, and
// the others join it; then the data stores' values go in, and monit starts the rest.
func (s *labSite) found() error {
	if err := each(s.old(), (*node).startEtcd); err != nil {
		return err
	}
	first := s.old()[0]
	if err := until("the old cluster", func() error { return first.healthy() }); err != nil {
		return err
	}
	for key, value := range s.oldStores() {
		if err := first.put(key, value); err != nil {
			return err
		}
	}
	return each(s.nodes, func(n *node) error {
		if n.Etcd != model.Master {
			if err := n.startEtcd(); err != nil {
				return err
			}
		}
		if _, err := n.shell("/usr/share/clearwater/bin/poll_etcd_cluster.sh || true; touch /etc/lab/go; printf '\\n' >/var/lib/clearwater-etcd/.hidden"); err != nil {
			return err
		}
		return until("the managers of "+n.Name, n.managed)
	})
}

// startEtcd starts etcd by its init script.
func (n *node) startEtcd() error {
	_, err := n.run("/etc/init.d/clearwater-etcd", "start")
	return err
}

// stopEtcd ends it, and waits until it has ended.
func (n *node) stopEtcd() error {
	_, err := n.run("/etc/init.d/clearwater-etcd", "stop")
	return err
}

// lose takes the failed nodes' power, for good, and waits until the others notice.
func (s *labSite) lose() error {
	if err := each(s.nodes[len(s.plan.Nodes):], (*node).off); err != nil {
		return err
	}
	return each(s.live(), func(n *node) error {
		if n.Etcd != model.Master {
			return nil
		}
		return n.loseLeader()
	})
}

// loseLeader waits until a node's etcd has no leader any more.
func (n *node) loseLeader() error {
	return until(n.Name+" to lose its leader", func() error {
		if n.healthy() == nil {
			return fmt.Errorf("%s still has a leader", n.Name)
		}
		return nil
	})
}

// oldStores is what the data stores' keys held (facts 1.5).
func (s *labSite) oldStores() map[string]string {
	p := s.plan
	if p.Stores.Key == "" {
		return nil
	}
	keys := map[string]string{}
	base := "/" + p.EtcdKey + "/" + p.Site + "/" + p.Stores.Key + "/clustering/"
	keys[base+"chronos"], keys[base+"memcached"] = normal(p.Stores.AllVellums), normal(p.Stores.AllVellums)
	if p.Stores.Cassandra {
		all := append(append([]netip.Addr{}, p.Stores.CassandraNodes...), p.Stores.CassandraFailed...)
		keys["/"+p.EtcdKey+"/"+p.Stores.Key+"/clustering/cassandra"] = normal(all)
	}
	return keys
}

// normal is a store's value in which all members are settled.
func normal(members []netip.Addr) string {
	value := map[string]string{}
	for _, m := range members {
		value[m.String()] = "normal"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a map of strings has no other way
	}
	return string(text)
}

// until waits for a condition; what it said last is the error.
func until(what string, condition func() error) error {
	begin := time.Now()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		if time.Since(begin) > limit {
			return fmt.Errorf("waited %s for %s: %w", limit, what, err)
		}
		time.Sleep(200 * time.Millisecond) // between two looks
	}
}
