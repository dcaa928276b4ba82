package site

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"requorum/model"
	"requorum/model/inventory"
	"requorum/model/planner"
)

const threeOfSix = `version: 1
deployment: facts
uses: {homestead_prov: true}
recover: site1
sites:
  site1:
    nodes:
      vellum-1: {type: vellum, local_ip: 10.0.0.1, etcd: master}
      vellum-2: {type: vellum, local_ip: 10.0.0.2, etcd: master}
      vellum-3: {type: vellum, local_ip: 10.0.0.3, etcd: master}
      vellum-4: {type: vellum, local_ip: 10.0.0.4, etcd: master, state: failed}
      vellum-5: {type: vellum, local_ip: 10.0.0.5, etcd: master, state: failed}
      vellum-6: {type: vellum, local_ip: 10.0.0.6, etcd: master, state: failed}
      sprout-1: {type: sprout, local_ip: 10.0.0.7, etcd: proxy}
`

// lostSite is a site that has just lost half of its masters.
func lostSite(t *testing.T) (*Site, *model.Plan) {
	t.Helper()
	d, findings := inventory.Parse("facts.yaml", []byte(threeOfSix), nil)
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	p, _ := planner.Build(d)
	s := New(p)
	s.Advance(time.Minute)
	return s, p
}

// formedSite is a site whose three masters have formed their new cluster.
func formedSite(t *testing.T) *Site {
	t.Helper()
	s, _ := lostSite(t)
	for _, n := range s.Nodes {
		stopped(s, n)
	}
	for _, n := range s.Nodes[1:4] {
		setRoles(s, n, "10.0.0.1,10.0.0.2,10.0.0.3", "")
		n.startEtcd(s)
	}
	s.Advance(2 * time.Second)
	return s
}

// stopped ends all that runs on a node, and wipes its etcd data.
func stopped(s *Site, n *Node) {
	for v := range services {
		n.end(Service(v))
		n.monit.watched[v] = false
	}
	n.removeAll(dataFolder)
	_ = n.mkdirs(s, dataFolder, 0o755)
}

func setRoles(s *Site, n *Node, cluster, proxy string) {
	n.replace(s, "/etc/clearwater/local_config", fmt.Sprintf("local_ip=%s\netcd_cluster=%s\netcd_proxy=%s\n", n.LocalIP, cluster, proxy))
}

// runOn runs a command on a node.
func (s *Site) runOn(t *testing.T, node string, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	status, err := s.Command(t.Context(), node, args, nil, &out, &out, Outside{Until: s.advanceTo})
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), status
}

func TestSummaryCutsNames(t *testing.T) {
	s, _ := lostSite(t)
	n := s.Node("vellum-1")
	out, _ := s.runOn(t, n.Name, "monit", "summary")
	for _, row := range []string{
		" etcd_process                     Running                     Process       \n",
		" clearwater_cluster_manager_p...  Running                     Process       \n",
	} {
		if !strings.Contains(out, row) {
			t.Errorf("facts 1.1: no row %q in\n%s", row, out)
		}
	}
	n.Format = Later
	if out, _ := s.runOn(t, n.Name, "monit", "-g", "etcd", "summary"); !strings.Contains(out, " etcd_process                     OK  ") || strings.Contains(out, "cluster_manager") {
		t.Errorf("facts 1.1, 5.33: %s", out)
	}
	n.Format = Old
	if out, _ := s.runOn(t, n.Name, "monit", "summary"); !strings.Contains(out, "Process 'clearwater_queue_manager_process'") {
		t.Errorf("facts 1.1, before 5.18: %s", out)
	}
}

func TestMonitStopsLater(t *testing.T) {
	s, _ := lostSite(t)
	n := s.Node("vellum-1")
	n.Stops = map[Service]time.Duration{ConfigManager: 50 * time.Second}
	if _, status := s.runOn(t, n.Name, "monit", "stop", "-g", "clearwater_config_manager"); status != 0 || !n.runs(ConfigManager) {
		t.Error("T1: the request is taken, and the process still runs")
	}
	s.Advance(31 * time.Second)
	if n.state(ConfigManager) != "Not monitored" || !n.runs(ConfigManager) {
		t.Error("T2: monit gives up after half a minute, shows Not monitored, and the process lives")
	}
	s.runOn(t, n.Name, "monit", "stop", "-g", "clearwater_config_manager")
	if len(n.monit.queue) != 0 {
		t.Error("T3: a second stop does nothing")
	}
	s.Advance(20 * time.Second)
	if n.runs(ConfigManager) {
		t.Error("the process ends when it is ready")
	}
	s.runOn(t, n.Name, "monit", "monitor", "-g", "clearwater_config_manager")
	if n.state(ConfigManager) != initializing {
		t.Error("facts 1.1: Initializing first")
	}
	s.Advance(30 * time.Second)
	if n.state(ConfigManager) != running || !n.runs(ConfigManager) {
		t.Error("facts 1.1: monitor starts what is missing")
	}
}

func TestHeldClusterManager(t *testing.T) {
	s, _ := lostSite(t)
	n := s.Node("vellum-1")
	n.end(ClusterManager)
	n.monit.watched[ClusterManager] = false
	s.runOn(t, n.Name, "touch", "/etc/clearwater/no_cluster_manager")
	s.runOn(t, n.Name, "monit", "monitor", "-g", "clearwater_cluster_manager")
	s.Advance(time.Minute)
	if n.runs(ClusterManager) || n.state(ClusterManager) != failed {
		t.Errorf("facts 2.4, T48: it never appears: %s", n.state(ClusterManager))
	}
	s.runOn(t, n.Name, "rm", "-f", "/etc/clearwater/no_cluster_manager")
	s.Advance(time.Minute)
	if !n.runs(ClusterManager) {
		t.Error("T48: it is tried again in each cycle")
	}
}

// What the init script and etcd decide at a start (facts 1.2).
func TestEtcdStarts(t *testing.T) {
	const own, list = "10.0.0.1", "10.0.0.1,10.0.0.2,10.0.0.3"
	for _, c := range []struct {
		fact, cluster, proxy string
		before               func(*Site, *Node)
		log                  string
		member, proxies      bool
	}{
		{"f: founds", list, "", nil, "Creating new cluster...", true, false},
		{"g: proxy", "", list, nil, "Joining cluster as proxy...", false, true},
		{"T16: both", list, list, nil, "Cannot specify both etcd_cluster and etcd_proxy", false, false},
		{"e: neither", "", "", nil, "Must specify either etcd_cluster or etcd_proxy", false, false},
		{"T21: not in its list", "10.0.0.2,10.0.0.3", "", nil, "Not joining an unhealthy cluster", false, false},
		{"T21: twice in the list", list + "," + own, "", nil, "etcd refuses a list with an address twice", false, false},
		{"T13: a mark without data", list, "", func(s *Site, n *Node) {
			_ = n.write(s, dataFolder+"/clustered_successfully", "", 0o644)
		}, "Not joining an unhealthy cluster", false, false},
		{"T6: healthy_etcd_members counts", list, "", func(s *Site, n *Node) {
			_ = n.write(s, dataFolder+"/healthy_etcd_members", "10.0.0.8,\n", 0o644)
		}, "Not joining an unhealthy cluster", false, false},
		{"T11: data of a member", "", list, oldData, "starting as etcd member...", true, false},
		{"f: data of a member", list, "", oldData, "Rejoining cluster...", true, false},
		{"T12: data of a proxy", list, "", func(s *Site, n *Node) {
			_ = n.mkdirs(s, dataFolder+"/"+own+"/proxy", 0o700)
		}, "Creating new cluster...", true, false},
	} {
		s, _ := lostSite(t)
		n := s.Node("vellum-1")
		stopped(s, n)
		setRoles(s, n, c.cluster, c.proxy)
		if c.before != nil {
			c.before(s, n)
		}
		n.startEtcd(s)
		log, _ := n.Read("/var/log/clearwater-etcd/clearwater-etcd-initd.log")
		if !strings.HasSuffix(log, c.log+"\n") || n.etcd.member != c.member || n.etcd.proxy != c.proxies {
			t.Errorf("%s: member %v, proxy %v, log\n%s", c.fact, n.etcd.member, n.etcd.proxy, log)
		}
	}
}

// oldData is what a member of the old cluster has on its disk.
func oldData(s *Site, n *Node) {
	folder := dataFolder + "/" + n.ManagementIP + "/member/snap"
	_ = n.mkdirs(s, folder, 0o700)
	_ = n.write(s, folder+"/db", "store 0 of the old cluster\n", 0o600)
}

func TestEtcdSays(t *testing.T) {
	lost, _ := lostSite(t)
	alone, _ := lostSite(t)
	for _, n := range alone.Nodes {
		stopped(alone, n)
	}
	setRoles(alone, alone.Node("vellum-1"), "10.0.0.1,10.0.0.2,10.0.0.3", "")
	alone.Node("vellum-1").startEtcd(alone)
	alone.Advance(10 * time.Second)
	whole, partial := formedSite(t), formedSite(t)
	partial.Node("vellum-3").end(Etcd)
	down := formedSite(t)
	down.Node("vellum-1").end(Etcd)
	for _, c := range []struct {
		fact   string
		s      *Site
		args   []string
		status int
		says   string
	}{
		{"1.3 no quorum", lost, []string{"cluster-health"}, 4, "cluster may be unhealthy: failed to list members"},
		{"1.3 no leader", lost, []string{"member", "list"}, 1, "Failed to get leader"},
		{"1.3 reads work", lost, []string{"get", "/clearwater/site1/configuration/dns_json"}, 0, "hostnames"},
		{"T33 alone", alone, []string{"cluster-health"}, 4, "cluster may be unhealthy"},
		{"T33 alone", alone, []string{"get", "/x"}, 4, "unavailable"},
		{"1.3 whole", whole, []string{"cluster-health"}, 0, "is healthy: got healthy result from http://10.0.0.3:4000"},
		{"1.3 leader", whole, []string{"member", "list"}, 0, "isLeader=true"},
		{"1.3 no such key", whole, []string{"get", "/x"}, 4, "Error:  100: Key not found (/x)"},
		{"T34 one is missing", partial, []string{"cluster-health"}, 0, "cluster is healthy"},
		{"T34 one is missing", partial, []string{"cluster-health"}, 0, "are all unreachable"},
		{"1.3 etcd is down", down, []string{"cluster-health"}, 4, "failed to list members"},
	} {
		out, status := c.s.runOn(t, "vellum-1", append([]string{"clearwater-etcdctl"}, c.args...)...)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%s: %q: status %d\n%s", c.fact, c.args, status, out)
		}
	}
	if lost.write(lost.Node("vellum-1"), "/x", "y") {
		t.Error("facts 1.3: without a quorum no write goes through")
	}
}

// A master that is wiped and started alone is known to the others already (T14); one
// that was not wiped keeps its old store beside the new one, under the same id (T10).
func TestSameListSameCluster(t *testing.T) {
	s := formedSite(t)
	n := s.Node("vellum-2")
	n.end(Etcd)
	n.removeAll(dataFolder)
	n.startEtcd(s)
	if log, _ := n.Read("/var/log/clearwater-etcd/clearwater-etcd-initd.log"); n.runs(Etcd) || !strings.Contains(log, "has already been bootstrapped") {
		t.Errorf("T14: %s", log)
	}
	s = formedSite(t)
	s.write(s.Node("vellum-1"), "/old", "value")
	for _, name := range []string{"vellum-1", "vellum-3"} {
		stopped(s, s.Node(name))
	}
	s.Node("vellum-2").end(Etcd)
	for _, name := range []string{"vellum-1", "vellum-3", "vellum-2"} {
		setRoles(s, s.Node(name), "10.0.0.1,10.0.0.2,10.0.0.3", "")
		s.Node(name).startEtcd(s)
		s.Advance(2 * time.Second)
	}
	old, _ := s.runOn(t, "vellum-2", "clearwater-etcdctl", "get", "/old")
	_, status := s.runOn(t, "vellum-1", "clearwater-etcdctl", "get", "/old")
	if health, _ := s.runOn(t, "vellum-1", "clearwater-etcdctl", "cluster-health"); old != "value\n" || status != 4 || strings.Count(health, "is healthy:") != 3 {
		t.Errorf("T10: the old store says %q, the new one %d\n%s", old, status, health)
	}
}

// The loaders take their files apart by rules of their own (facts 1.5).
func TestLoaders(t *testing.T) {
	chronos, memcached := "load_from_chronos_cluster", "load_from_memcached_cluster"
	for _, c := range []struct {
		fact, program, text string
		status              int
		says                string
	}{
		{"a node", chronos, "[cluster]\nnode = 10.0.0.1\nleaving=10.0.0.2\n", 0, `Inserting data {"10.0.0.1": "normal", "10.0.0.2": "leaving"} into`},
		{"a comment is kept", chronos, "node = 10.0.0.2 #second\n", 0, `"10.0.0.2#second"`},
		{"a port is kept", chronos, "node = 10.0.0.2:7253\n", 0, `"10.0.0.2:7253"`},
		{"a tab drops the line", chronos, "node\t= 10.0.0.2\n", 0, "Inserting data {} into"},
		{"two = on a line", chronos, "node = 10.0.0.2 = 3\n", 1, "ValueError"},
		{"nothing", chronos, "", 0, "Update succeeded"},
		{"servers", memcached, "servers=10.0.0.1:11211,10.0.0.2:11211\n", 0, `{"10.0.0.1": "normal", "10.0.0.2": "normal"}`},
		{"a space before =", memcached, "servers =10.0.0.1:11211\n", 0, "Inserting data {} into"},
		{"nobody", memcached, "servers=\n", 0, `{"": "normal"}`},
		{"a trailing comma", memcached, "servers=10.0.0.1:11211,\n", 0, `"": "normal"`},
		{"T42: new_servers", memcached, "servers=10.0.0.1:11211\nnew_servers=10.0.0.1:11211,10.0.0.2:11211\n", 0, `{"10.0.0.1": "joining", "10.0.0.2": "joining"}`},
		{"CRLF", memcached, "servers=10.0.0.1:11211\r\n", 0, `{"10.0.0.1": "normal"}`},
	} {
		s := formedSite(t)
		n := s.Node("vellum-1")
		file := chronosFile
		if c.program == memcached {
			file = memcachedFile
		}
		n.replace(s, file, c.text)
		out, status := s.runOn(t, n.Name, "/usr/share/clearwater/clearwater-cluster-manager/scripts/"+c.program, "vellum")
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d\n%s", c.fact, status, out)
		}
	}
	s := formedSite(t)
	s.Node("vellum-2").end(Etcd)
	s.Node("vellum-3").end(Etcd)
	if out, status := s.runOn(t, "vellum-1", "/usr/share/clearwater/clearwater-cluster-manager/scripts/load_from_chronos_cluster", "vellum"); status != 0 || !strings.Contains(out, "Update failed") {
		t.Errorf("T41: status %d\n%s", status, out)
	}
}

func TestClusterState(t *testing.T) {
	const program = "/usr/share/clearwater/clearwater-cluster-manager/scripts/check_cluster_state"
	const key = "/clearwater/site1/vellum/clustering/chronos"
	for _, c := range []struct {
		fact, key, value string
		status           int
		says             string
	}{
		{"1.6: empty etcd", "", "", 1, "AttributeError"},
		{"T41: nothing loaded", "/clearwater/x", "y", 0, "should be in the Chronos and Memcached clusters"},
		{"1.6: {} is not printed", key, "{}", 0, "should be in"},
		{"1.6: stable", key, `{"10.0.0.1": "normal"}`, 0, "Describing the Chronos cluster:\n  The cluster is stable."},
		{"T43: joining", key, `{"10.0.0.1": "joining"}`, 1, "The cluster is *not* stable."},
	} {
		s := formedSite(t)
		if c.key != "" {
			s.write(s.Node("vellum-1"), c.key, c.value)
		}
		if out, status := s.runOn(t, "vellum-1", program); status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d\n%s", c.fact, status, out)
		}
	}
}

// The first configuration manager decides what everybody gets (facts 2.7, T25).
func TestFirstManagerDecides(t *testing.T) {
	s := formedSite(t)
	first, second := s.Node("vellum-3"), s.Node("vellum-1")
	_ = first.Files.Remove("/etc/clearwater/shared_config")
	before, _ := second.Read("/etc/clearwater/shared_config")
	first.synchronise(s)
	second.synchronise(s)
	now, _ := second.Read("/etc/clearwater/shared_config")
	if before == now || !strings.Contains(now, "No Shared Config has been provided") {
		t.Errorf("T25: a master without the file has given everybody the empty default; this one has\n%s", now)
	}
	if s.Restarts == 0 {
		t.Error("T28: services restart for another shared_config")
	}
}

// A cluster manager that does not find its node in a value joins as a new one, and that
// destroys (T39, T40); a mark keeps Cassandra's data.
func TestJoinDestroys(t *testing.T) {
	for _, marked := range []bool{false, true} {
		s := formedSite(t)
		n := s.Node("vellum-1")
		if marked {
			_ = n.mkdirs(s, "/etc/cassandra", 0o755)
			_ = n.write(s, "/etc/cassandra/cassandra_bootstrapped", "", 0o644)
		}
		n.cluster(s)
		text, _ := n.Read(chronosFile)
		lost := slices.ContainsFunc(s.Losses, func(l string) bool { return strings.Contains(l, "Cassandra") })
		if lost == marked || n.Exists("/var/lib/cassandra") != marked || strings.Contains(text, "10.0.0.2") {
			t.Errorf("T39, marked %v: %q\n%s", marked, s.Losses, text)
		}
	}
}

// A failed node leaves a store only when every other one that is left acknowledges, and
// every dead one is marked (facts 1.10, 5.2).
func TestMarkingWaits(t *testing.T) {
	s := formedSite(t)
	const key = "/clearwater/site1/vellum/clustering/chronos"
	s.write(s.Node("vellum-1"), key, `{"10.0.0.1": "normal", "10.0.0.2": "normal", "10.0.0.3": "normal", "10.0.0.4": "normal", "10.0.0.5": "error"}`)
	for _, n := range s.Nodes[1:4] {
		n.begin(s, ClusterManager)
	}
	began := s.Now
	out, status := s.runOn(t, "vellum-1", "timeout", "100", "cw-mark_node_failed", "vellum", "chronos", "10.0.0.4")
	if status != 0 || !strings.Contains(out, "Process complete - 10.0.0.4 has left the cluster") || s.Now-began < 30*time.Second {
		t.Errorf("status %d after %v\n%s", status, s.Now-began, out)
	}
	s.write(s.Node("vellum-1"), key, `{"10.0.0.1": "normal", "10.0.0.4": "normal", "10.0.0.5": "normal"}`)
	if out, status := s.runOn(t, "vellum-1", "timeout", "100", "cw-mark_node_failed", "vellum", "chronos", "10.0.0.4"); status != statusTimeout {
		t.Errorf("with another dead node that is not marked: status %d\n%s", status, out)
	}
	if out, status := s.runOn(t, "vellum-1", "cw-mark_node_failed", "vellum", "chronus", "10.0.0.4"); status != 0 || !strings.Contains(out, "Not in cluster - no work required") {
		t.Errorf("a mistyped store: status %d\n%s", status, out)
	}
}
