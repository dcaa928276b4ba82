package planner_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"requorum/model"
	"requorum/model/diag"
	"requorum/model/planner"
	"requorum/model/procedure"
)

// site builds a deployment of one site from words such as "vellum*3",
// "vellum!*2" (failed) and "dime-*1" (a proxy before the failure). Vellum nodes
// and all others are masters unless the word says proxy.
func site(words ...string) *model.Deployment {
	var nodes []model.Node
	count := map[string]int{}
	for _, w := range words {
		kind, n, _ := strings.Cut(w, "*")
		times := 0
		fmt.Sscan(n, &times)
		node := model.Node{Etcd: model.Master, State: model.Live}
		if strings.HasSuffix(kind, "!") {
			kind, node.State = strings.TrimSuffix(kind, "!"), model.Failed
		}
		if strings.HasSuffix(kind, "-") {
			kind, node.Etcd = strings.TrimSuffix(kind, "-"), model.Proxy
		}
		for range times {
			count[kind]++
			node.Name = fmt.Sprintf("%s-%d", kind, count[kind])
			node.Type, node.ClusterKey = model.Type(kind), kind
			node.LocalIP = netip.AddrFrom4([4]byte{10, 1, byte(len(nodes) / 250), byte(1 + len(nodes)%250)})
			node.ManagementIP = node.LocalIP
			nodes = append(nodes, node)
		}
	}
	slices.SortFunc(nodes, func(a, b model.Node) int { return model.CompareNames(a.Name, b.Name) })
	return &model.Deployment{Name: "test", EtcdKey: "clearwater", Recover: "site1", Sites: []model.Site{{Name: "site1", Nodes: nodes}}}
}

func TestQuorumAndChoice(t *testing.T) {
	tests := []struct {
		site    []string
		lost    bool
		masters string // of the new cluster
		join    bool
		warns   string // codes
	}{
		{[]string{"vellum*0", "vellum!*1", "dime-*1"}, true, "dime-1", false, "few-masters fence-failed promoted no-live-vellum no-live-sprout"},
		{[]string{"vellum*1", "vellum!*1", "sprout-*1"}, true, "sprout-1 vellum-1", false, "few-masters fence-failed promoted"},
		{[]string{"vellum*2", "vellum!*1", "sprout-*1"}, false, "", false, "quorum-not-lost"},
		{[]string{"vellum*1", "vellum!*2", "sprout-*2"}, true, "sprout-1 sprout-2 vellum-1", false, "fence-failed promoted"},
		{[]string{"vellum*2", "vellum!*2", "sprout-*1"}, true, "sprout-1 vellum-1 vellum-2", false, "fence-failed promoted"},
		{[]string{"vellum*3", "vellum!*2", "sprout-*1"}, false, "", false, "quorum-not-lost"},
		{[]string{"vellum*3", "vellum!*3", "sprout-*1"}, true, "vellum-1 vellum-2 vellum-3", true, "fence-failed"},
		{[]string{"vellum*3", "vellum!*3"}, true, "vellum-1 vellum-2 vellum-3", false, "fence-failed no-live-sprout"},
		{[]string{"vellum*4", "vellum!*4", "sprout-*1"}, true, "vellum-1 vellum-2 vellum-3 vellum-4", true, "even-masters fence-failed"},
		{[]string{"vellum*3", "bono!*4", "sprout*1"}, true, "vellum-1 vellum-2 vellum-3", true, "fence-failed stale-role"},
		{[]string{"vellum-*3", "dime!*1", "sprout-*1"}, true, "vellum-1 vellum-2 vellum-3", true, "fence-failed promoted"},
		{[]string{"homestead*2", "ralf!*2", "sprout*1", "sprout!*1"}, true, "homestead-1 homestead-2 sprout-1", false, "fence-failed no-live-vellum old-type"},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.site, ","), func(t *testing.T) {
			p, findings := planner.Build(site(test.site...))
			if got := codes(findings); got != test.warns {
				t.Errorf("findings %q, want %q", got, test.warns)
			}
			if lost := p != nil; lost != test.lost {
				t.Fatalf("planned %t, want %t", lost, test.lost)
			}
			if p == nil {
				return
			}
			if got := strings.Join(p.Choice.Masters, " "); got != test.masters {
				t.Errorf("masters %q, want %q", got, test.masters)
			}
			if joins := p.Stage(model.Join).LeftOut == ""; joins != test.join {
				t.Errorf("join runs: %t, want %t", joins, test.join)
			}
		})
	}
}

func codes(l diag.List) string {
	var out []string
	for _, d := range l {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}

// TestQuorumArithmetic holds for every number of masters what facts 3 tables:
// lost from half on.
func TestQuorumArithmetic(t *testing.T) {
	want := []int{0, 1, 1, 2, 2, 3, 3, 4}
	for masters := 1; masters < len(want); masters++ {
		for dead := range masters + 1 {
			q := model.Quorum{Masters: masters, Dead: dead}
			if q.Lost() != (dead >= want[masters]) {
				t.Errorf("%d of %d dead: lost %t", dead, masters, q.Lost())
			}
		}
	}
}

// TestStages holds who runs what, in which order, in a few sites.
func TestStages(t *testing.T) {
	full := site("vellum*3", "vellum!*3", "sprout-*2", "bono-*1")
	full.Uses.Homer = true
	noFailedVellum := site("vellum*3", "dime!*3", "sprout-*1")
	tests := []struct {
		name string
		d    *model.Deployment
		want map[model.StageName]string
		out  string // steps left out
	}{
		{"full", full, map[model.StageName]string{
			model.Survey:  "bono-1 sprout-1 sprout-2 vellum-1 vellum-2 vellum-3",
			model.Stop:    "bono-1 sprout-1 sprout-2 vellum-1 vellum-2 vellum-3",
			model.Config:  "bono-1 sprout-1 sprout-2 vellum-1 vellum-2 vellum-3",
			model.Create:  "vellum-1 vellum-2 vellum-3",
			model.Confirm: "vellum-1 vellum-2 vellum-3",
			model.Join:    "bono-1 sprout-1 sprout-2",
			model.Load:    "vellum-1",
			model.Manage:  "vellum-1 vellum-2 vellum-3 bono-1 sprout-1 sprout-2",
			model.Finish:  "vellum-1",
		}, "config/install"},
		{"the source confirms first", site("vellum*1", "vellum!*3", "sprout-*1", "bono-*1"), map[model.StageName]string{
			model.Confirm: "vellum-1 bono-1 sprout-1", model.Join: "",
		}, "config/cassandra config/install join/ready join/local-config join/etcd join/reached join/config-manager join/sync join/queue-manager join/summary load/cassandra finish/cassandra"},
		{"no Vellum has failed", noFailedVellum, map[model.StageName]string{model.Finish: ""},
			"config/cassandra config/install load/cassandra finish/ready finish/cassandra finish/memcached finish/chronos finish/state"},
		{"no live Vellum", site("vellum!*2", "sprout-*1", "bono-*1"), map[model.StageName]string{
			model.Load: "", model.Finish: "", model.Manage: "bono-1 sprout-1",
		}, "config/cassandra config/install config/chronos config/memcached join/ready join/local-config join/etcd join/reached join/config-manager join/sync join/queue-manager join/summary load/ready load/chronos load/memcached load/cassandra load/state finish/ready finish/cassandra finish/memcached finish/chronos finish/state"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, findings := planner.Build(test.d)
			if p == nil {
				t.Fatal(findings)
			}
			for stage, want := range test.want {
				if got := strings.Join(p.Stage(stage).Nodes, " "); got != want {
					t.Errorf("%s runs on %q, want %q", stage, got, want)
				}
			}
			var out []string
			for _, o := range p.Omitted {
				out = append(out, o.Step)
				if o.Why == "" {
					t.Errorf("%s is left out without a reason", o.Step)
				}
			}
			if d := cmp.Diff(strings.Fields(test.out), out); d != "" {
				t.Errorf("left out (-want +got):\n%s", d)
			}
		})
	}
}

// TestEverySentenceHasItsPlace holds that no sentence of the written procedure
// lacks a step or a stated reason, at any site, and that no step cites a
// sentence that is not there.
func TestEverySentenceHasItsPlace(t *testing.T) {
	sites := []*model.Deployment{
		site("vellum*3", "vellum!*3", "sprout-*2", "bono-*1"),
		site("vellum*2", "vellum!*2", "dime-*1"),
		site("vellum!*2", "sprout-*1", "bono-*1"),
		site("vellum*3", "dime!*3"),
	}
	for i, d := range sites {
		for _, cassandra := range []bool{false, true} {
			d.Uses.Memento = cassandra
			p, _ := planner.Build(d)
			cited := map[string]bool{}
			for _, st := range p.Stages {
				for _, s := range st.Steps {
					for _, id := range s.Cites {
						cited[id] = true
					}
				}
			}
			for _, o := range p.Omitted {
				for _, id := range o.Cites {
					cited[id] = true
				}
			}
			for _, s := range procedure.Sentences() {
				if !cited[s.ID] && s.Reason == "" {
					t.Errorf("site %d: sentence %s (%s) has neither step nor reason", i, s.ID, s.Words)
				}
				delete(cited, s.ID)
			}
			for id := range cited {
				t.Errorf("a step cites sentence %s, which the procedure does not have", id)
			}
		}
	}
}

// TestEveryStepIsAskedFor holds that each step has a sentence of the procedure
// that asks for it, or at least a trap; and that the survey, which the procedure
// does not know, claims no sentence and destroys nothing.
func TestEveryStepIsAskedFor(t *testing.T) {
	p, _ := planner.Build(site("vellum*3", "vellum!*3", "sprout-*2", "bono-*1"))
	for _, st := range p.Stages {
		for _, s := range st.Steps {
			survey := st.Name == model.Survey
			if asked := len(s.Cites) > 0; asked == survey {
				t.Errorf("%s cites %q", s.ID, s.Cites)
			}
			if survey && (len(s.Traps) == 0 || s.Destroys != "" || len(s.Commands) > 0) {
				t.Errorf("%s: %+v", s.ID, s)
			}
		}
	}
	if p.Stages[0].Name != model.Survey {
		t.Errorf("the first stage is %s", p.Stages[0].Name)
	}
}

func TestRefusals(t *testing.T) {
	six := site("vellum*1", "vellum!*1")
	six.Sites[0].Nodes[0].LocalIP = netip.MustParseAddr("2001:db8::1")
	mixed := site("vellum*1", "vellum!*1")
	mixed.Sites[0].Nodes[1].ClusterKey = "other"
	whole := site("vellum*3", "sprout-*1")
	tests := []struct {
		d    *model.Deployment
		code string
		path string
		says string
	}{
		{six, "ipv6-vellum", "sites.site1.nodes.vellum-1.local_ip", "2001:db8::1"},
		{mixed, "mixed-cluster-key", "sites.site1.nodes.vellum-2.etcd_cluster_key", "vellum-2"},
		{whole, "quorum-not-lost", "sites.site1", "3 of its 3 masters are live and 2 are needed"},
		{site("vellum*1"), "quorum-not-lost", "sites.site1", "its only master is live; "},
	}
	known := map[string]bool{}
	for _, c := range planner.Codes() {
		known[c.ID] = true
	}
	for _, test := range tests {
		p, findings := planner.Build(test.d)
		if p != nil || codes(findings) != test.code || findings[0].Path != test.path ||
			!strings.Contains(findings[0].Text, test.says) || findings[0].Remedy == "" {
			t.Errorf("%s: plan %v, findings %v", test.code, p != nil, findings)
		}
		if !known[test.code] {
			t.Errorf("%s has no help", test.code)
		}
	}
}

// TestWarningPaths holds that each warning says which part of the inventory it
// is about, the first where it is about several, and never a place in a file:
// warnings stand in plan.json, and that knows no file.
func TestWarningPaths(t *testing.T) {
	full := site("vellum-*1", "vellum!*4", "homestead*3", "sprout-*1")
	full.Uses.Memento, full.Sites[0].SharedConfig = true, []byte("a=1\n")
	for _, name := range []string{"site2", "site3"} {
		other := site("dime*1").Sites[0]
		other.Name = name
		full.Sites = append(full.Sites, other)
	}
	want := map[string]string{
		"few-masters":    "sites.site1",
		"even-masters":   "sites.site1",
		"fence-failed":   "sites.site1.nodes.vellum-2.state",
		"stale-role":     "sites.site1.nodes.bono-1.etcd",
		"promoted":       "sites.site1.nodes.sprout-1.etcd",
		"no-live-vellum": "sites.site1.nodes",
		"no-live-sprout": "sites.site1.nodes",
		"old-type":       "sites.site1.nodes.homestead-1.type",
		"other-site":     "sites.site2",
		"many-sites":     "sites.site3",
		"memento-only":   "uses.memento",
		"carries-config": "sites.site1.files.shared_config",
	}
	seen := map[string]bool{}
	for _, d := range []*model.Deployment{full, site("vellum!*1", "dime-*1"), site("vellum*4", "vellum!*5", "bono*1", "sprout-*1")} {
		_, findings := planner.Build(d)
		for _, f := range findings {
			if seen[f.Code] {
				continue
			}
			seen[f.Code] = true
			if f.Path != want[f.Code] || f.File != "" || f.Line != 0 || f.Column != 0 {
				t.Errorf("%s: %q, want path %q and no place", f.Code, f.Path, want[f.Code])
			}
		}
	}
	for code := range want {
		if !seen[code] {
			t.Errorf("no finding %s", code)
		}
	}
}

// TestOtherSites holds that another site changes what Cassandra must hold, and
// nothing else (T46).
func TestOtherSites(t *testing.T) {
	d := site("vellum*3", "vellum!*3", "sprout-*1")
	d.Uses.HomesteadProv = true
	alone, _ := planner.Build(d)
	other := site("vellum*2", "vellum!*1").Sites[0]
	other.Name = "site2"
	for i := range other.Nodes {
		other.Nodes[i].LocalIP = netip.AddrFrom4([4]byte{10, 2, 0, byte(1 + i)})
	}
	d.Sites = append(d.Sites, other)
	both, findings := planner.Build(d)
	if got := codes(findings); got != "fence-failed other-site" {
		t.Errorf("findings %q", got)
	}
	if len(both.Stores.CassandraNodes) != 5 || len(alone.Stores.CassandraNodes) != 3 {
		t.Errorf("Cassandra nodes: %v with, %v without the other site", both.Stores.CassandraNodes, alone.Stores.CassandraNodes)
	}
	if d := cmp.Diff(alone.Stages, both.Stages); d != "" {
		t.Errorf("the other site changed the stages:\n%s", d)
	}
}

func TestCompareNames(t *testing.T) {
	want := []string{"a", "a01", "a1", "a-1", "a-2", "a-10", "b", "b-1-2", "b-1-10"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, model.CompareNames)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 5000} {
		d := site("vellum*5", "vellum!*5", fmt.Sprintf("sprout-*%d", n-10))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				planner.Build(d)
			}
		})
	}
}

// TestFigures holds that every stage takes some time on the clock of the rehearsal, of
// which not more than all is work, and that survey and stop take longer where no old
// master is left to answer.
func TestFigures(t *testing.T) {
	answered, _ := planner.Build(site("vellum*1", "vellum!*2", "sprout-*2"))
	silent, _ := planner.Build(site("vellum!*3", "sprout-*2"))
	for i, st := range answered.Stages {
		if st.Work > st.Seconds || st.Seconds > 60*st.Minutes || st.Seconds == 0 && st.Name != model.Config {
			t.Errorf("%s: %d s, of it %d work; %d min", st.Name, st.Seconds, st.Work, st.Minutes)
		}
		longer := silent.Stages[i].Seconds - st.Seconds
		if asks := st.Name == model.Survey || st.Name == model.Stop; longer > 0 != asks || silent.Stages[i].Work-st.Work != longer {
			t.Errorf("%s: %d s longer without an old master", st.Name, longer)
		}
	}
}
