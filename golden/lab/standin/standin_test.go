package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lab is one node with its etcd.
type lab struct {
	*node
	etcd   *fakeEtcd
	output bytes.Buffer
}

// newLab is a node as it is on the lab's site, with the files that are given.
func newLab(t *testing.T, kind string, files map[string]string) *lab {
	t.Helper()
	l := &lab{etcd: startEtcd(t)}
	l.node = newNode(t, kind, l.etcd)
	l.out, l.err = &l.output, &l.output
	for name, text := range files { // in any order: each is a file of its own
		l.put(t, name, text)
	}
	return l
}

func newNode(t *testing.T, kind string, etcd *fakeEtcd) *node {
	t.Helper()
	n := &node{root: t.TempDir(), etcd: etcd.server.URL, superuser: true, out: &bytes.Buffer{}, err: &bytes.Buffer{}, sleep: func(time.Duration) {}}
	n.put(t, "/etc/lab/node-type", kind+"\n")
	n.put(t, "/etc/clearwater/config", "for f in shared_config local_config user_settings; do\n"+
		"  [ ! -f "+n.root+"/etc/clearwater/$f ] || . "+n.root+"/etc/clearwater/$f\ndone\n")
	n.put(t, "/etc/clearwater/local_config", "local_ip=10.0.0.1\netcd_cluster=10.0.0.1,10.0.0.2,10.0.0.3\n")
	n.put(t, "/etc/clearwater/shared_config", "home_domain=example.com\n")
	if kind == vellum {
		for _, store := range []string{"chronos", "clearwater-memcached", "cassandra"} {
			n.put(t, "/etc/init.d/"+store, "#!/bin/sh\n")
		}
	}
	return n
}

func (n *node) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(n.at(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(n.at(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (n *node) holds(t *testing.T, name string) string {
	t.Helper()
	text, err := n.read(name)
	if err != nil {
		t.Error(err)
	}
	return text
}

func (n *node) settings(t *testing.T) config {
	t.Helper()
	c, err := n.configuration()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	chronosKey   = "/clearwater/site1/vellum/clustering/chronos"
	memcachedKey = "/clearwater/site1/vellum/clustering/memcached"
	cassandraKey = "/clearwater/vellum/clustering/cassandra"
)

func TestConfiguration(t *testing.T) {
	for _, c := range []struct {
		fact, local, user string
		want              config
	}{
		{"2.2 defaults", "local_ip=10.0.0.1\n", "", config{"10.0.0.1", "10.0.0.1", "site1", "clearwater", vellum, "", false}},
		{"2.1 user_settings wins", "local_ip=10.0.0.1\nlocal_site_name=a\n", "local_site_name=b\n", config{"10.0.0.1", "10.0.0.1", "b", "clearwater", vellum, "", false}},
		{"3 separate networks", "local_ip=10.0.0.1\nmanagement_local_ip=10.1.0.1\netcd_key=k\netcd_cluster_key=v\n", "", config{"10.0.0.1", "10.1.0.1", "site1", "k", "v", "", false}},
		{"T17 a word too many", "local_ip=10.0.0.1\nlocal_site_name=a, b\n", "", config{"10.0.0.1", "10.0.0.1", "site1", "clearwater", vellum, "", false}},
		{"2.7 Cassandra", "local_ip=10.0.0.1\nxdms_hostname=x\n", "", config{"10.0.0.1", "10.0.0.1", "site1", "clearwater", vellum, "", true}},
	} {
		l := newLab(t, vellum, map[string]string{"/etc/clearwater/local_config": c.local, "/etc/clearwater/user_settings": c.user})
		if got := l.settings(t); got != c.want {
			t.Errorf("%s: %+v", c.fact, got)
		}
	}
	l := newLab(t, vellum, map[string]string{"/etc/clearwater/local_config": "local_ip='\n"})
	if _, err := l.configuration(); err == nil {
		t.Error("facts 2.1: a quote that does not end breaks everything")
	}
}

// Whose file is published, and who gets it (facts 2.7, T25).
func TestSeeding(t *testing.T) {
	const key, file = "/clearwater/site1/configuration/shared_config", "/etc/clearwater/shared_config"
	const empty = "# No Shared Config has been provided\n"
	for _, c := range []struct {
		fact, own, published string // own: empty is no file
		want                 string
	}{
		{"the first one's own", "a=1\n", "", "a=1\n"},
		{"T25: the first one has none", "", "", empty},
		{"what is published wins", "a=1\n", "b=2\n", "b=2\n"},
		{"a new node learns", "", "b=2\n", "b=2\n"},
	} {
		l := newLab(t, vellum, map[string]string{file: c.own})
		config := l.settings(t)
		if c.own == "" {
			_ = os.Remove(l.at(file))
		}
		if c.published != "" {
			l.etcd.put(key, c.published)
		}
		if err := l.synchronise(t.Context(), config); err != nil {
			t.Errorf("%s: %v", c.fact, err)
		}
		if v, _ := l.etcd.value(key); v != c.want || l.holds(t, file) != c.want {
			t.Errorf("%s: etcd has %q, the node %q", c.fact, v, l.holds(t, file))
		}
		if i, err := os.Stat(l.at(file)); err != nil || i.Mode() != 0o644 {
			t.Errorf("%s: %v %v", c.fact, i.Mode(), err)
		}
		if _, has := l.etcd.value("/clearwater/site1/configuration/enum_json"); has || !l.exists("/etc/chronos/chronos_shared.conf") {
			t.Errorf("%s: a Vellum has Chronos's file and none of Sprout's", c.fact)
		}
	}
	l := newLab(t, vellum, nil)
	l.etcd.lost = true
	if l.synchronise(t.Context(), l.settings(t)) == nil {
		t.Error("T30: without a quorum it is an error")
	}
}

// A cluster manager takes its files from etcd; where its node is not named, it joins,
// and that destroys (T39, T40).
func TestClusterManager(t *testing.T) {
	const three = `{"10.0.0.1": "normal", "10.0.0.2": "normal", "10.0.0.3": "normal"}`
	l := newLab(t, vellum, map[string]string{
		"/etc/lab/stop-seconds": "join 0\n", "/etc/clearwater/shared_config": "xdms_hostname=x\n",
		"/var/lib/cassandra/data": "subscribers", chronosFile: "[identity]\ninstance_id = 5\ndeployment_id = 1\n",
	})
	for _, key := range []string{chronosKey, memcachedKey, cassandraKey} {
		l.etcd.put(key, three)
	}
	m := newCluster(l.node, l.settings(t))
	turns(t, m, 2)
	for _, want := range []string{"instance_id = 5\n", "localhost = 10.0.0.1\nnode = 10.0.0.1\nnode = 10.0.0.2\nnode = 10.0.0.3\n"} {
		if text := l.holds(t, chronosFile); !strings.Contains(text, want) {
			t.Errorf("facts 2.5: no %q in\n%s", want, text)
		}
	}
	if text := l.holds(t, memcachedFile); !strings.HasSuffix(text, "\nservers=10.0.0.1:11211,10.0.0.2:11211,10.0.0.3:11211\n") {
		t.Errorf("facts 2.6:\n%s", text)
	}
	if !l.exists("/var/lib/cassandra/data") {
		t.Error("a node that is named keeps Cassandra's data")
	}
	same := "# by hand\nservers=10.0.0.1:11211,10.0.0.2:11211,10.0.0.3:11211\n"
	l.put(t, memcachedFile, same)
	turns(t, m, 1)
	if l.holds(t, memcachedFile) != same {
		t.Error("a file that says the same is left alone")
	}
}

func TestJoinDestroys(t *testing.T) {
	for _, marked := range []bool{false, true} {
		l := newLab(t, vellum, map[string]string{
			"/etc/lab/stop-seconds": "join 0\n", "/etc/clearwater/shared_config": "xdms_hostname=x\n", "/var/lib/cassandra/data": "subscribers",
		})
		if marked {
			l.put(t, "/etc/cassandra/cassandra_bootstrapped", "")
		}
		turns(t, newCluster(l.node, l.settings(t)), 3)
		if l.exists("/var/lib/cassandra/data") != marked {
			t.Errorf("T39, marked %v: the data is there: %v", marked, !marked)
		}
		if v, _ := l.etcd.value(chronosKey); v != `{"10.0.0.1": "normal"}` || !strings.HasSuffix(l.holds(t, memcachedFile), "servers=10.0.0.1:11211\n") {
			t.Errorf("T39: %s\n%s", v, l.holds(t, memcachedFile))
		}
	}
	l := newLab(t, vellum, nil)
	turns(t, newCluster(l.node, l.settings(t)), 3)
	if v, _ := l.etcd.value(chronosKey); v != "{}" || l.exists(chronosFile) {
		t.Errorf("T39: before half a minute is over, the value is empty, not %s", v)
	}
	l = newLab(t, sprout, nil)
	turns(t, newCluster(l.node, l.settings(t)), 1)
	if len(l.etcd.values) != 0 {
		t.Error("T49: a Sprout's cluster manager does nothing")
	}
}

func turns(t *testing.T, m *cluster, count int) {
	t.Helper()
	for range count {
		if err := m.turn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// The dead ones leave when all who stay acknowledge, and all dead ones are marked
// (facts 1.10, 5.2); nothing but normal is left in the end.
func TestMarking(t *testing.T) {
	l := newLab(t, vellum, nil)
	l.etcd.put(chronosKey, `{"10.0.0.1": "normal", "10.0.0.2": "normal", "10.0.0.4": "normal", "10.0.0.5": "normal"}`)
	second := newNode(t, vellum, l.etcd)
	second.put(t, "/etc/clearwater/local_config", "local_ip=10.0.0.2\n")
	managers := []*cluster{newCluster(l.node, l.settings(t)), newCluster(second, second.settings(t))}
	dead := map[string]*leave{}
	for _, a := range []string{"10.0.0.4", "10.0.0.5"} {
		dead[a] = &leave{l.node.keys(l.settings(t)), chronosKey, a}
	}
	step := func(address string) bool {
		t.Helper()
		gone, err := dead[address].step()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range managers {
			turns(t, m, 1)
		}
		return gone
	}
	mark := func(address string) {
		t.Helper()
		if there, err := dead[address].mark(); err != nil || !there {
			t.Fatal(there, err)
		}
	}
	mark("10.0.0.4")
	for range 5 {
		if step("10.0.0.4") {
			t.Fatal("facts 5.2: another dead node is not marked, and acknowledges nothing")
		}
	}
	mark("10.0.0.5")
	if step("10.0.0.5") {
		t.Error("one leaves at a time")
	}
	if !step("10.0.0.4") || step("10.0.0.5") || !step("10.0.0.5") {
		t.Error("both leave, one after the other")
	}
	if v, _ := l.etcd.value(chronosKey); v != `{"10.0.0.1": "normal", "10.0.0.2": "normal"}` {
		t.Error(v)
	}
	if text := l.holds(t, chronosFile); strings.Contains(text, "10.0.0.5") {
		t.Error(text)
	}
}

// cw-mark_node_failed waits half a minute at least, and says what it does (facts 1.10).
func TestMarkWaits(t *testing.T) {
	l := newLab(t, vellum, nil)
	l.etcd.put(chronosKey, `{"10.0.0.1": "normal", "10.0.0.4": "normal"}`)
	m := newCluster(l.node, l.settings(t))
	var waited time.Duration
	l.sleep = func(d time.Duration) { waited += d; turns(t, m, 1) }
	status := run([]string{"cw-mark_node_failed", "vellum", "chronos", "10.0.0.4"}, l.node)
	if v, _ := l.etcd.value(chronosKey); status != 0 || waited < 30*time.Second || v != `{"10.0.0.1": "normal"}` ||
		!strings.HasSuffix(l.output.String(), "at least 30 seconds\nProcess complete - 10.0.0.4 has left the cluster\n") {
		t.Errorf("status %d after %v, value %s\n%s", status, waited, v, l.output.String())
	}
}

// How long a manager lives after SIGTERM (facts 1.2).
func TestStops(t *testing.T) {
	for _, c := range []struct {
		fact, settings string
		lost           bool
		least, most    time.Duration
	}{
		{"at once", "", false, 0, 0},
		{"after an error the thread sleeps on", "", true, 29 * time.Second, 30 * time.Second},
		{"the lab sets the pause", "pause 7\n", true, 6 * time.Second, 7 * time.Second},
		{"the lab makes it slow", "config_manager 60\n", false, time.Minute, time.Minute},
		{"the lab makes it fast", "config_manager 0\nqueue_manager 9\n", true, 0, 0},
	} {
		l := newLab(t, vellum, map[string]string{"/etc/lab/stop-seconds": c.settings})
		l.etcd.lost = c.lost
		var lived time.Duration
		l.sleep = func(d time.Duration) { lived = d }
		ctx, stop := context.WithCancel(t.Context())
		config := l.settings(t)
		status := l.loop(ctx, manager{"config_manager", func(ctx context.Context) error {
			defer time.AfterFunc(50*time.Millisecond, stop)
			return l.synchronise(ctx, config)
		}})
		if status != 0 || lived < c.least || lived > c.most {
			t.Errorf("%s: status %d, it lives on for %v", c.fact, status, lived)
		}
	}
}

// What nobody stands in for is an error, never a pass.
func TestUnknownPrograms(t *testing.T) {
	for _, args := range [][]string{
		{"standin"}, {"/usr/bin/cw-config", "download"}, {"env/bin/python"}, {"env/bin/python", "-m", "json.tool"},
		{"env/bin/python", "/x/other.py"}, {"/usr/share/clearwater/bin/run-in-signaling-namespace", "cqlsh"},
	} {
		l := newLab(t, vellum, nil)
		if status := run(args, l.node); status != statusUnknown || l.output.Len() == 0 {
			t.Errorf("%q: status %d, %q", args, status, l.output.String())
		}
	}
}

// The row that goes is the one with the host's number (facts 1.9, 5.3).
func TestRemoveNode(t *testing.T) {
	l := newLab(t, vellum, map[string]string{"/etc/lab/ring": "site1 10.0.0.10 UN\nsite1 10.0.0.1 DN\n"})
	id := row{address: "10.0.0.1"}.hostID()
	if status := run([]string{"nodetool", "removenode", id}, l.node); status != 0 || l.holds(t, "/etc/lab/ring") != "site1 10.0.0.10 UN\n" {
		t.Errorf("status %d\n%s", status, l.holds(t, "/etc/lab/ring"))
	}
	if status := run([]string{"nodetool", "removenode", id}, l.node); status != 1 {
		t.Errorf("a second time: status %d", status)
	}
	l.removeFromRing("10.0.0.1")
	if l.holds(t, "/etc/lab/ring") != "" {
		t.Error("facts 5.3: a longer address that begins alike goes as well")
	}
}
