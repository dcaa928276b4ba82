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
	"requorum/render/rehearse/site/facts"
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
	proxy := s.Node("sprout-1")
	setRoles(s, proxy, "", "10.0.0.1,10.0.0.2,10.0.0.3")
	proxy.startEtcd(s)
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

// table gives the facts as data, which the lab is tried by as well.
func table(t *testing.T) facts.Table {
	t.Helper()
	table, err := facts.Read()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// in is a site whose etcd is in a state of the table, with keys written before
// anything died.
func in(t *testing.T, state facts.State, keys map[string]string) *Site {
	t.Helper()
	s := formedSite(t)
	for key, value := range keys { // in any order: each is a key of its own
		s.write(s.Node("vellum-1"), key, value)
	}
	switch state {
	case facts.Partial:
		s.Node("vellum-3").end(Etcd)
	case facts.Lost:
		s.Node("vellum-2").end(Etcd)
		s.Node("vellum-3").end(Etcd)
	case facts.Down:
		s.Node("vellum-1").end(Etcd)
	case facts.Alone:
		s = stoppedSite(t)
		setRoles(s, s.Node("vellum-1"), "10.0.0.1,10.0.0.2,10.0.0.3", "")
		s.Node("vellum-1").startEtcd(s)
		s.Advance(10 * time.Second)
	}
	return s
}

func stoppedSite(t *testing.T) *Site {
	t.Helper()
	s, _ := lostSite(t)
	for _, n := range s.Nodes {
		stopped(s, n)
	}
	return s
}

// try carries out a row, and tells what is not as it says.
func try(t *testing.T, r facts.Row) {
	t.Helper()
	s := in(t, r.State, r.Keys)
	n := s.Node(r.On)
	for file, text := range r.Files { // in any order: each is a file of its own
		n.replace(s, file, text)
	}
	for _, file := range r.Missing {
		n.removeAll(file)
	}
	s.cassandra = nil
	for _, line := range r.Ring {
		f := strings.Fields(line)
		s.cassandra = append(s.cassandra, row{f[0], f[1], f[2]})
	}
	if r.Ring == nil {
		n.removeAll("/var/lib/cassandra")
	}
	out, status := s.runOn(t, n.Name, r.Run...)
	if !r.Of("3.1").Fits(status, out) {
		t.Errorf("facts %s, %s: %q: status %d\n%s", r.Fact, r.Name, r.Run, status, out)
	}
	for key, value := range r.Leaves { // in any order: each is a key of its own
		if g, ok := s.read(s.Node("vellum-1")); !ok || g.keys[key] != value {
			t.Errorf("facts %s, %s: %s is not %s", r.Fact, r.Name, key, value)
		}
	}
}

// What Clearwater's programs say and do (facts 1.4 to 1.10).
func TestPrograms(t *testing.T) {
	for _, r := range table(t).Programs() {
		try(t, r)
	}
}

// What etcd's own client says (facts 1.3).
func TestEtcdSays(t *testing.T) {
	for _, r := range table(t).Etcdctl {
		try(t, r)
	}
	s := in(t, facts.Lost, nil)
	if s.write(s.Node("vellum-1"), "/x", "y") {
		t.Error("facts 1.3: without a quorum no write goes through")
	}
}

// A member of the lost cluster that is started again finds no leader: clients hear
// nothing from it, other members do (lab; the story master-not-wiped).
func TestStartedAgainIsMute(t *testing.T) {
	s, _ := lostSite(t)
	n := s.Node("vellum-1")
	if out, status := s.runOn(t, "vellum-2", "curl", "-s", "-m", "6", "http://10.0.0.1:4000/v2/members"); status != 0 {
		t.Errorf("facts 1.3: one that has had a leader answers: status %d %s", status, out)
	}
	n.end(Etcd)
	n.startEtcd(s)
	s.Advance(time.Minute)
	if out, status := s.runOn(t, "vellum-2", "curl", "-s", "-m", "6", "http://10.0.0.1:4000/v2/members"); status != 28 {
		t.Errorf("clients: status %d %s", status, out)
	}
	if out, status := s.runOn(t, "vellum-2", "curl", "-s", "-m", "6", "http://10.0.0.1:2380/members"); status != 0 || !strings.Contains(out, "http://10.0.0.6:2380") {
		t.Errorf("other members: status %d %s", status, out)
	}
}

// The table's site is the one that is tried here.
func TestTableSite(t *testing.T) {
	s, _ := lostSite(t)
	for _, want := range table(t).Nodes {
		n := s.Node(want.Name)
		if n == nil || string(n.Type) != want.Type || n.LocalIP != want.Address || n.ManagementIP != want.Address {
			t.Errorf("%+v is not in threeOfSix", want)
		}
	}
}

// What the init script and etcd decide at a start (facts 1.2).
func TestEtcdStarts(t *testing.T) {
	for _, c := range table(t).Starts {
		s := stoppedSite(t)
		n := s.Node("vellum-1")
		n.replace(s, "/etc/clearwater/local_config", c.Config)
		for file, text := range c.Files { // in any order: each is a file of its own
			n.replace(s, file, text)
		}
		switch c.Data {
		case "member":
			oldData(s, n)
		case "proxy":
			_ = n.mkdirs(s, dataFolder+"/"+n.ManagementIP+"/proxy", 0o700)
		}
		n.startEtcd(s)
		log, _ := n.Read("/var/log/clearwater-etcd/clearwater-etcd-initd.log")
		runs := "nothing"
		switch {
		case n.etcd.member:
			runs = "member"
		case n.etcd.proxy:
			runs = "proxy"
		}
		if !c.Fits(log, runs) {
			t.Errorf("facts %s, %s: runs as %s, log\n%s", c.Fact, c.Name, runs, log)
		}
	}
}

// oldData is what a member of the old cluster has on its disk.
func oldData(s *Site, n *Node) {
	folder := dataFolder + "/" + n.ManagementIP + "/member/snap"
	_ = n.mkdirs(s, folder, 0o700)
	_ = n.write(s, folder+"/db", "store 0 of the old cluster\n", 0o600)
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
}
