package golden_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"requorum/model"
	"requorum/render"
)

// lie is a node that is not as the procedure assumes, or a command whose answer
// is not what it seems. Each names the trap that it sets.
type lie struct {
	name   string // the trap first
	golden string // case
	node   string
	stage  model.StageName
	set    string   // bash that sets the trap, on a node for which the stage is due
	as     string   // number of the user who runs the script, if not root
	args   []string // of the script, in place of the usual ones
	status int
	says   []string // in the output, whatever its line breaks
	holds  string   // bash that must succeed afterwards
}

// fake replaces a command, whether the imaginary node has it or the machine.
func fake(command, body string) string {
	return "cat >/world/lie/" + command + " <<'X'\n#!/bin/bash\n" + body + "\nX\nchmod +x /world/lie/" + command +
		"\n[ -e /usr/local/sbin/" + command + " ] || ln -s /world/lie/" + command + " /usr/local/sbin/" + command + "\n"
}

// Commands of Clearwater by their folders.
const (
	three   = "three-live-vellums"
	config  = "/etc/clearwater/local_config"
	chronos = "/etc/chronos/chronos_cluster.conf"
	servers = "/etc/clearwater/cluster_settings"
	intact  = `[ -e /var/lib/clearwater-etcd/.hidden ]`
	held    = `[ -e /etc/clearwater/no_cluster_manager ] && [ ! -e /world/running/clearwater-cluster-manager ]`
	good    = `. /etc/clearwater/config; [ "$etcd_cluster" = 10.0.0.11,10.0.0.12,10.0.0.13 ] && [ -z "$etcd_proxy" ] && [ "$local_ip" = 10.0.0.11 ]`
	proxied = `. /etc/clearwater/config; [ "$etcd_proxy" = 10.0.0.11,10.0.0.12,10.0.0.13 ] && [ -z "$etcd_cluster" ]`
)

// TestLies sets each trap for the script under real bash: it must refuse, or do
// the right thing all the same, and what it says must be true.
func TestLies(t *testing.T) {
	needRoot(t)
	known := &snapshots{dir: t.TempDir()}
	builds := map[string]built{}
	all := slices.Concat(stopLies, identityLies, configLies, roleLies, peerLies, formLies, storeLies, leaderLies, formatLies())
	for _, l := range all {
		b, ok := builds[l.golden]
		if !ok {
			b.plan, b.bundle = build(t, l.golden)
			builds[l.golden] = b
		}
		t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			l.check(t, b, known)
		})
	}
}

// snapshots keeps a copy of each node as it is when a stage is due, since many
// lies begin there.
type snapshots struct {
	dir   string
	known sync.Map // "CASE NODE STAGE" to *snapshot
}

type snapshot struct {
	once sync.Once
	root string // empty if the making failed
}

// world gives a node of its own to a test: the copy of one that is made once.
func (k *snapshots) world(t testing.TB, l lie, make func() *world) *world {
	t.Helper()
	key := l.golden + "," + l.node + "," + string(l.stage)
	v, _ := k.known.LoadOrStore(key, &snapshot{})
	snap := v.(*snapshot)
	snap.once.Do(func() {
		w := make()
		root := filepath.Join(k.dir, key)
		copyTree(t, w.root, root)
		snap.root = root
	})
	if snap.root == "" {
		t.Fatalf("%s could not be reached; see the test that tried first", key)
	}
	root := t.TempDir()
	copyTree(t, snap.root+"/.", root)
	return &world{t: t, root: root, node: l.node, script: "/root/" + l.node + ".sh"}
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

type built struct {
	plan   *model.Plan
	bundle *render.Bundle
}

func (l lie) check(t *testing.T, b built, known *snapshots) {
	i := slices.IndexFunc(b.bundle.Scripts, func(s render.Script) bool { return s.Node == l.node })
	s := b.bundle.Scripts[i]
	w := known.world(t, l, func() *world {
		w := newWorld(t, b.plan, s)
		w.reach(b.plan, s, l.stage)
		return w
	})
	if l.set != "" {
		w.shell(l.set)
	}
	before := w.state()
	args := l.args
	if args == nil {
		args = []string{"--yes", l.node, string(l.stage)}
	}
	command := append([]string{"/bin/bash", w.script}, args...)
	if l.as != "" {
		command = append([]string{"setpriv", "--reuid", l.as, "--clear-groups"}, command...)
	}
	out, status := w.run(command...)
	if status != l.status {
		t.Fatalf("status %d, want %d\n%s", status, l.status, out)
	}
	for _, want := range l.says {
		if !strings.Contains(unwrapped(out, l.node), want) {
			t.Errorf("the output does not say %q\n%s", want, out)
		}
	}
	if after := w.state(); status == 1 && after != before {
		t.Errorf("refused, but the node was changed\nbefore:\n%s\nafter:\n%s\n%s", before, after, out)
	}
	if strings.Contains(out, "STOPPED") {
		t.Errorf("no verdict\n%s", out)
	}
	for _, label := range []string{"expected:", "means:", "do:", "affects:"} {
		if (status == 1 || status > 2) && !strings.Contains(out, "\n"+l.node+": "+label+" ") {
			t.Errorf("the verdict lacks %q\n%s", label, out)
		}
	}
	if l.holds != "" {
		w.shell(l.holds)
	}
}

// unwrapped joins the lines that the script has wrapped.
func unwrapped(out, node string) string {
	return strings.ReplaceAll(out, "\n"+node+":   ", " ")
}

// formatLies runs the judgements over monit's summary in its three forms (T36):
// each goes through when all is well, and refuses when a manager is down.
func formatLies() []lie {
	var list []lie
	for _, format := range []string{"5.18", "5.33", "5.8"} {
		set := "echo " + format + " >/world/format\n"
		list = append(list,
			lie{name: "T36 all well in the form of monit " + format, golden: three, node: "vellum-1", stage: model.Confirm, set: set, status: 0},
			lie{name: "T36 cluster manager up in the form of monit " + format, golden: three, node: "vellum-2", stage: model.Manage, set: set, status: 0},
			lie{name: "T36 queue manager down in the form of monit " + format, golden: three, node: "vellum-1", stage: model.Confirm,
				set:    set + fake("monit", `if [ "$1 $3" = "monitor clearwater_queue_manager" ]; then echo 999 >/world/running/clearwater-queue-manager; exit 0; fi; exec /usr/local/sbin/monit "$@"`),
				status: 4, says: []string{"clearwater_queue_manager_process: Not monitored"}})
	}
	list = append(list, lie{name: "monit is asked to start the queue manager, and nothing starts", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("monit", `if [ "$1 $3" = "monitor clearwater_queue_manager" ]; then touch /world/monitored/clearwater_queue_manager; exit 0; fi; exec /usr/local/sbin/monit "$@"`),
		status: 4, says: []string{"no process of clearwater-queue-manager yet"}})
	return list
}
