package golden_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse/site"
)

// trap is a deliberately wrong change of the scripts, by the number of the trap that
// it falls into, and what in a rehearsal catches it.
type trap struct {
	number int
	nodes  string                      // whose scripts are wrong; empty: all
	wrong  []string                    // pairs: a piece of the scripts, and what stands there instead
	begin  func(*site.Site)            // what makes the trap bite; nil: the site as it is
	before map[string]func(*site.Site) // the same, before a turn
	right  string                      // where the right scripts refuse the site; empty: they reach the goal
	caught string                      // a fault of the goal, or what the stage that refuses says
}

const (
	gone   = "return 0\n\t"
	wiping = "\tif data_empty; then\n\t\talready '/var/lib/clearwater-etcd is empty'\n"
)

var traps = []trap{
	{number: 1, wrong: []string{"all_gone() {\n", "all_gone() {\n\t" + gone, "ports_free() {\n", "ports_free() {\n\t" + gone},
		caught: "(T1)"},
	{number: 2, nodes: "vellum-3", begin: slow(site.ClusterManager),
		wrong:  []string{"\tif [ -n \"$left\" ]; then\n\t\treturn 1\n\tfi\n", ""},
		caught: "clearwater_cluster_manager_process"},
	{number: 3, nodes: "vellum-3", begin: slow(site.ClusterManager),
		wrong:  []string{`change service "$service" stop || true`, `change monit stop -g "${service//-/_}" || true`},
		caught: "NOT RIGHT: waited to the limit"},
	{number: 5, wrong: []string{"change rm -rf /var/lib/clearwater-etcd/*", "change rm -rf '/var/lib/clearwater-etcd/*'",
		"change find /var/lib/clearwater-etcd -mindepth 1 -delete || true", ":", wiping, "\tif false; then\n\t\t:\n",
		"data_empty() {\n", "data_empty() {\n\t" + gone},
		caught: "old etcd"},
	{number: 8, wrong: []string{"check_cleared() {\n", "check_cleared() {\n\t" + gone, "check_peers() {\n", "check_peers() {\n\t" + gone},
		before: map[string]func(*site.Site){"create vellum-1": restart("vellum-2")},
		right:  "no other live node runs its old etcd", caught: "healthy"},
	{number: 13, wrong: []string{"change rm -rf /var/lib/clearwater-etcd/*", "change rm -rf \"/var/lib/clearwater-etcd/$MANAGEMENT_IP\"",
		"change find /var/lib/clearwater-etcd -mindepth 1 -delete || true", ":", wiping, "\tif false; then\n\t\t:\n",
		"data_empty() {\n", "data_empty() {\n\t" + gone},
		caught: "Not joining an unhealthy cluster"},
	{number: 16, nodes: "sprout-1", wrong: []string{`"$KEPT$ROLE=$MASTER_LIST"$'\n'"$OTHER_ROLE="$'\n'`, `"$KEPT$DROPPED$ROLE=$MASTER_LIST"$'\n'`,
		"prove_role() {\n", "prove_role() {\n\t" + gone}, caught: "Cannot specify both"},
	{number: 18, begin: edit("/etc/clearwater/local_config", func(s string) string { return s + "public_ip=192.0.2.1" }),
		wrong: []string{"\tput /etc/clearwater/local_config \"$KEPT$ROLE=$MASTER_LIST\"$'\\n'\"$OTHER_ROLE=\"$'\\n'\n",
			"\tprintf '%s\\n' \"$ROLE=$MASTER_LIST\" >>/etc/clearwater/local_config\n",
			"prove_role() {\n", "prove_role() {\n\t" + gone}, caught: "NOT RIGHT"},
	{number: 19, begin: edit("/etc/clearwater/local_config", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		wrong: []string{"line=${line%\"$return\"}", ":"}, caught: "Not joining an unhealthy cluster"},
	{number: 20, begin: newFile("/etc/clearwater/user_settings", "etcd_cluster=192.0.2.1\n"),
		wrong: []string{"role_lines() {\n", "role_lines() {\n\t" + gone, "prove_role() {\n", "prove_role() {\n\t" + gone},
		right: "user_settings sets neither", caught: "NOT RIGHT"},
	{number: 26, begin: edit("/etc/clearwater/dns.json", func(s string) string { return s + "\n" }, "sprout-1"),
		wrong:  []string{"/etc/clearwater/dns.json /etc/clearwater/sas.json", "/etc/clearwater/sas.json"},
		caught: "/etc/clearwater/dns.json is lost"},
	{number: 28, begin: edit("/etc/clearwater/shared_config", func(s string) string { return s + "a=b\n" }, "sprout-1"),
		wrong: []string{"\t\t\t\tkeep \"$file\"\n", "\t\t\t\t:\n"}, caught: "/etc/clearwater/shared_config is lost"},
	{number: 7, nodes: "vellum-2", wrong: []string{"\t\tchange touch /etc/clearwater/no_cluster_manager || true\n", "\t\t:\n",
		"\tif [ ! -e /etc/clearwater/no_cluster_manager ]; then\n\t\tfail", "\tif false; then\n\t\tfail",
		"check_cleared() {\n", "check_cleared() {\n\t" + gone, "check_peers() {\n", "check_peers() {\n\t" + gone},
		before: map[string]func(*site.Site){"create vellum-2": func(s *site.Site) { s.Node("vellum-2").Monitor(site.ClusterManager) }},
		caught: "(T39"},
	{number: 17, nodes: "vellum-2", wrong: []string{`"$KEPT$ROLE=$MASTER_LIST"`, `"$KEPT$ROLE=${MASTER_LIST//,/, }"`, "prove_role() {\n", "prove_role() {\n\t" + gone},
		caught: "Must specify either etcd_cluster or etcd_proxy"},
	{number: 30, nodes: "vellum-1", wrong: []string{`if ! wait_for "$1" 2 'the configuration to be in sync' in_sync; then`, "if ! in_sync; then"},
		before: map[string]func(*site.Site){"confirm vellum-1": func(s *site.Site) {
			isolate("vellum-1")(s)
			s.Node("vellum-1").Monitor(site.ConfigManager)
			s.Advance(22 * time.Second)
			s.Mend()
		}},
		caught: "check_config_sync calls every file up to date"},
	{number: 23, begin: edit("/etc/clearwater/local_config", func(s string) string { return s + "etcd_version=9.9.9\n" }),
		wrong: []string{"look_at_etcd_version() {\n", "look_at_etcd_version() {\n\t" + gone},
		right: "no row says FAIL", caught: "etcd has not come up"},
	{number: 32, nodes: "sprout-1", begin: remove("sprout-1", "/etc/clearwater/fallback_ifcs.xml"),
		wrong:  []string{"\telif [ ! -f \"$1\" ]; then\n\t\tVALID=missing\n\telif [ \"$STATUS\" -ge 124 ]", "\telif [ \"$STATUS\" -ge 124 ]"},
		caught: "no row says FAIL"},
	{number: 38, wrong: []string{"members_healthy() {\n", "members_healthy() {\n\t" + gone},
		before: map[string]func(*site.Site){"confirm vellum-1": func(s *site.Site) { s.Cut("vellum-1", "vellum-3") }},
		right:  "not healthy: ", caught: "(T38)"},
	{number: 41, wrong: []string{"prove_load() {\n", "prove_load() {\n\t" + gone, "cluster_formed() {\n", "cluster_formed() {\n\t" + gone,
		"clusters_stable() {\n", "clusters_stable() {\n\t" + gone, "loaded_already() {\n", "loaded_already() {\n\treturn 1\n"},
		before: map[string]func(*site.Site){"load vellum-1": isolate("vellum-1"), "manage vellum-1": (*site.Site).Mend},
		right:  "the masters form one healthy cluster", caught: "the value of chronos in etcd names every live Vellum node"},
	{number: 36, wrong: []string{"[[ $1 == *... && $2 == \"${1%...}\"* ]]", "return 1"}, caught: "NOT RIGHT"},
	{number: 39, wrong: []string{"\tstart_queue_manager 90\n", "\tstart_queue_manager 90\n\trm -f /etc/clearwater/no_cluster_manager\n\trequest monit monitor -g clearwater_cluster_manager\n"},
		caught: "(T39"},
	{number: 48, nodes: "vellum-1", wrong: []string{"\tif [ -e /etc/clearwater/no_cluster_manager ]; then\n\t\tchange rm -f /etc/clearwater/no_cluster_manager || true\n",
		"\tif true; then\n\t\tchange rm /etc/clearwater/no_cluster_manager\n"},
		before: map[string]func(*site.Site){"manage vellum-1": remove("vellum-1", "/etc/clearwater/no_cluster_manager")}, caught: "STOPPED"},
	{number: 50, nodes: "vellum-2", wrong: []string{"change rm -f /etc/clearwater/no_cluster_manager || true", ":",
		"\tif [ -e /etc/clearwater/no_cluster_manager ]; then\n\t\tfail", "\tif false; then\n\t\tfail"}, caught: "waited to the limit"},
	{number: 51, nodes: "vellum-1", wrong: []string{"STORE_KEY='storage'", "STORE_KEY='storages'", "check_store_key() {\n", "check_store_key() {\n\t" + gone,
		"store_key_right() {\n", "store_key_right() {\n\t" + gone}, caught: "NOT RIGHT"},
	{number: 52, begin: func(s *site.Site) { s.Node("vellum-2").Ahead = time.Hour },
		wrong: []string{"row WARN clocks", "row FAIL clocks"}, caught: "no row says FAIL"},
	{number: 11, nodes: "sprout-1", wrong: []string{"change rm -rf /var/lib/clearwater-etcd/*", ":",
		"change find /var/lib/clearwater-etcd -mindepth 1 -delete || true", ":", "data_empty() {\n", "data_empty() {\n\t" + gone},
		caught: "NOT RIGHT"},
	{number: 15, wrong: []string{"check_fenced() {\n", "check_fenced() {\n\t" + gone},
		before: map[string]func(*site.Site){"create vellum-1": comeBack},
		right:  "no failed node answers", caught: "(T15)"},
	{number: 21, wrong: []string{`"$KEPT$ROLE=$MASTER_LIST"`, `"$KEPT$ROLE=$LOCAL_IP"`, "prove_role() {\n", "prove_role() {\n\t" + gone},
		caught: "Not joining an unhealthy cluster"},
	{number: 22, wrong: []string{"if ! role_set; then\n\t\tfail \"$ROLE=$MASTER_LIST and $OTHER_ROLE empty\" \"$SEEN\"",
		"if false; then\n\t\tfail \"$ROLE=$MASTER_LIST and $OTHER_ROLE empty\" \"$SEEN\""},
		before: map[string]func(*site.Site){"confirm vellum-2": edit("/etc/clearwater/local_config",
			func(s string) string { return strings.ReplaceAll(s, "etcd_cluster=", "etcd_cluster=192.0.2.7,") }, "vellum-2")},
		right: "the stage create is not done on this node", caught: "local_config says"},
	{number: 25, nodes: "vellum-3", begin: remove("vellum-3", "/etc/clearwater/shared_config"),
		wrong: []string{"read_shared_config() {\n", "read_shared_config() {\n\tFAULT=''\n\t" + gone,
			"\tstart_etcd 120\n", "\trequest monit monitor -g clearwater_config_manager\n\tstart_etcd 120\n"},
		right: "missing: it is missing", caught: "(T25)"},
	{number: 31, begin: edit("/etc/clearwater/enum.json", func(s string) string { return strings.Replace(s, "test", "t\u00e9st", 1) }),
		wrong: []string{"false_alarm() {\n", "false_alarm() {\n\treturn 1\n"}, caught: "waited to the limit"},
	{number: 40, begin: func(s *site.Site) {
		line := "node = " + s.Node("vellum-2").LocalIP + "\n"
		edit("/etc/chronos/chronos_cluster.conf", func(s string) string { return strings.Replace(s, line, "", 1) })(s)
	}, wrong: []string{"check_matches() {\n", "check_matches() {\n\t" + gone, "members_right() {\n", "members_right() {\n\t" + gone,
		"look_at_cluster_file() {\n", "look_at_cluster_file() {\n\t" + gone},
		right: "every live Vellum node of the site", caught: "(T39, T40)"},
	{number: 42, begin: edit("/etc/clearwater/cluster_settings", func(s string) string { return s + "new_servers=192.0.2.1:11211\n" }),
		wrong: []string{"check_unfinished() {\n", "check_unfinished() {\n\t" + gone, "look_at_cluster_file() {\n", "look_at_cluster_file() {\n\t" + gone},
		right: "no node joins or leaves", caught: "NOT RIGHT"},
	{number: 43, begin: func(s *site.Site) {
		failed := s.Nodes[len(s.Nodes)-1].LocalIP
		edit("/etc/chronos/chronos_cluster.conf", func(s string) string {
			return strings.Replace(s, "node = "+failed+"\n", "joining = "+failed+"\n", 1)
		})(s)
	}, wrong: []string{"check_unfinished() {\n", "check_unfinished() {\n\t" + gone, "look_at_cluster_file() {\n", "look_at_cluster_file() {\n\t" + gone},
		right: "no node joins or leaves", caught: "NOT RIGHT"},
	{number: 46, begin: edit("/etc/clearwater/local_config", func(s string) string { return s + "remote_site_name=paris\n" }),
		wrong: []string{"remote_settings_there() {\n", "remote_settings_there() {\n\t" + gone},
		right: "remote_cluster_settings", caught: "NOT RIGHT"},
	{number: 47, begin: edit("/etc/clearwater/cluster_settings", func(string) string { return "rubbish\n" }, "vellum-2"),
		wrong: []string{"$member:11211", "$member"}, caught: "cluster_settings is valid"},
	{number: 4, nodes: "vellum-3", begin: slow(site.Etcd), wrong: []string{"all_gone() {\n", "all_gone() {\n\t" + gone,
		"ports_free() {\n", "ports_free() {\n\t" + gone, "data_empty() {\n", "data_empty() {\n\t" + gone},
		caught: "the stage stop is not done there"},
	{number: 34, before: map[string]func(*site.Site){"confirm vellum-1": isolate("vellum-3")},
		wrong: []string{`same_masters 'healthy' "$healthy" && healthy_only`, `[[ $OUT == *'cluster is healthy'* ]]`,
			"members_listed() {\n", "members_listed() {\n\t" + gone, "same_keys() {\n", "same_keys() {\n\t" + gone},
		right: "waited to the limit", caught: "vellum-3: NOT RIGHT"},
	{number: 35, before: map[string]func(*site.Site){"confirm vellum-1": isolate("vellum-1")},
		wrong: []string{"members_healthy && members_listed && same_keys", "service_runs etcd_process"},
		right: "waited to the limit", caught: "confirm/sync"},
	{number: 37, nodes: "sprout-1", before: map[string]func(*site.Site){"join sprout-1": isolate("sprout-1")},
		wrong: []string{"masters_answer() {\n", "masters_answer() {\n\t" + gone, "members_healthy() {\n", "members_healthy() {\n\t" + gone},
		right: "each master answers", caught: "or do not hear this node"},
}

func slow(v site.Service) func(*site.Site) {
	return func(s *site.Site) {
		s.Node("vellum-3").Stops = map[site.Service]time.Duration{v: 24 * time.Hour}
	}
}

func restart(node string) func(*site.Site) {
	return func(s *site.Site) {
		s.Node(node).PowerOff(s, true)
		s.Advance(30 * time.Second)
		s.Node(node).PowerOn(s)
		s.Advance(2 * time.Minute)
	}
}

// isolate cuts the ways between a node and all others.
func isolate(node string) func(*site.Site) {
	return func(s *site.Site) {
		for _, n := range s.Nodes {
			if n.Name != node {
				s.Cut(node, n.Name)
			}
		}
	}
}

// comeBack gives every failed node its power again (T15).
func comeBack(s *site.Site) {
	for _, n := range s.Nodes {
		if !n.Up {
			n.PowerOn(s)
		}
	}
	s.Advance(2 * time.Minute)
}

// edit changes a file on some nodes, or on all that have it.
func edit(path string, f func(string) string, nodes ...string) func(*site.Site) {
	return func(s *site.Site) {
		for _, n := range s.Nodes {
			file, ok := n.Files.Get(path)
			if ok && (nodes == nil || slices.Contains(nodes, n.Name)) {
				file.Data = f(file.Data)
				_ = n.Files.Put(path, file) // its folder is there
			}
		}
	}
}

func newFile(path, text string) func(*site.Site) {
	return func(s *site.Site) {
		for _, n := range s.Nodes {
			_ = n.Files.Put(path, site.File{Mode: 0o644, Owner: "root", Data: text}) // its folder is there
		}
	}
}

func remove(node, path string) func(*site.Site) {
	return func(s *site.Site) { _ = s.Node(node).Files.Remove(path) } // or it is not there
}

// noScript says why no script of ours can fall into a trap.
var noScript = map[int]string{
	9:  "no script decommissions; service with anything but stop ends the rehearsal",
	53: "a script refuses to run without root, and sets its own PATH",
	12: "Clearwater's init script wipes a proxy's folder at each start, so nothing is there to bite",
	24: "cw-config is not on the model's list, so a script that calls it ends the rehearsal",
	27: "it bites when a node is replaced, long after the scripts; there is no live Sprout to run one on",
	29: "the cluster manager that is bounced comes back by itself; no stage asks once only",
	49: "cluster managers without plugins do nothing, so nothing can be spoilt there",
}

// noFragment are the traps that no wrong fragment shows here. Where the model knows
// them, its own tests do (T10, T14), or a beginning does (late-master for T33,
// cassandra-down for T44).
var noFragment = []int{6, 10, 14, 33, 44, 45}

// TestEachTrapOnce holds that no trap is forgotten.
func TestEachTrapOnce(t *testing.T) {
	seen := map[int]int{}
	for _, trap := range traps {
		seen[trap.number]++
	}
	for number := range noScript {
		seen[number]++
	}
	for _, number := range noFragment {
		seen[number]++
	}
	for number := 1; number <= 53; number++ {
		if seen[number] != 1 {
			t.Errorf("T%d is there %d times", number, seen[number])
		}
	}
}

// TestTraps plays each trap twice: the right scripts reach the goal, or refuse with a
// true message; the wrong ones must be caught.
func TestTraps(t *testing.T) {
	p, b := build(t, "separate-networks")
	for _, trap := range traps {
		t.Run(fmt.Sprintf("T%d", trap.number), func(t *testing.T) {
			t.Parallel()
			if end := play(t, p, scripts(t, b, "", nil), trap); !strings.Contains(end, trap.right) || trap.right == "" && end != "" {
				t.Errorf("the right scripts end with %q, and not with %q", end, trap.right)
			}
			if end := play(t, p, scripts(t, b, trap.nodes, trap.wrong), trap); end == "" || !strings.Contains(end, trap.caught) {
				end = end[max(0, len(end)-700):]
				t.Errorf("the wrong scripts end with %q, and not with %q", end, trap.caught)
			}
		})
	}
}

// scripts parses the scripts of a bundle with changes in those of some nodes. Each
// change must hit one of them at least.
func scripts(t *testing.T, b *render.Bundle, nodes string, wrong []string) map[string]*site.Script {
	t.Helper()
	hit := make([]bool, len(wrong))
	parsed := map[string]*site.Script{}
	for _, s := range b.Scripts {
		f, _ := b.File(s.Path)
		text := f.Bytes()
		for i := 0; i < len(wrong); i += 2 {
			if nodes == "" || nodes == s.Node {
				hit[i] = hit[i] || bytes.Contains(text, []byte(wrong[i]))
				text = bytes.ReplaceAll(text, []byte(wrong[i]), []byte(wrong[i+1]))
			}
		}
		script, err := site.Parse(s.Node, text)
		if err != nil {
			t.Fatal(err)
		}
		parsed[s.Node] = script
	}
	for i := 0; i < len(wrong); i += 2 {
		if !hit[i] {
			t.Fatalf("no script has %q", wrong[i])
		}
	}
	return parsed
}

// play runs the stages in the order of the plan. It gives the end of what the stage
// printed that was not done, or the faults of the goal.
func play(t *testing.T, p *model.Plan, scripts map[string]*site.Script, trap trap) string {
	t.Helper()
	s := site.New(p)
	s.Advance(time.Minute)
	if trap.begin != nil {
		trap.begin(s)
	}
	begin := s.Clone()
	for _, stage := range p.Stages {
		for _, node := range stage.Nodes {
			if f := trap.before[string(stage.Name)+" "+node]; f != nil {
				f(s)
			}
			r, err := s.Execute(t.Context(), scripts[node], []string{"--yes", node, string(stage.Name)}, nil)
			if err != nil {
				t.Fatalf("%s on %s: %v", stage.Name, node, err)
			}
			if r.Status != 0 {
				return strings.Join(append(s.Losses, r.Output), "\n")
			}
			s.Advance(time.Minute)
		}
	}
	return strings.Join(s.Faults(p, begin), "\n")
}
