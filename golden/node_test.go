package golden_test

import (
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
)

// eachShape runs a test once for every shape of script in every golden case.
func eachShape(t *testing.T, f func(t *testing.T, p *model.Plan, s render.Script)) {
	needRoot(t)
	for _, name := range caseNames(t) {
		p, b := build(t, name)
		seen := map[render.Shape]bool{}
		for _, s := range b.Scripts {
			if seen[s.Shape] {
				continue
			}
			seen[s.Shape] = true
			t.Run(name+"/"+s.Node, func(t *testing.T) {
				t.Parallel()
				f(t, p, s)
			})
		}
	}
}

// TestStages runs every stage of every script in order under real bash, each
// twice, and looks from outside at what it has left.
func TestStages(t *testing.T) {
	eachShape(t, func(t *testing.T, p *model.Plan, s render.Script) {
		w := newWorld(t, p, s)
		for _, stage := range s.Shape.Stages() {
			w.before(p, s, stage)
			w.must(stage)
			w.proves(stage, s)
			after := w.state()
			w.must(stage)
			if again := w.state(); again != after && stage != model.Stop {
				t.Errorf("stage %s run again changed the node\nbefore:\n%s\nafter:\n%s", stage, after, again)
			}
		}
		out, status := w.run("/bin/bash", w.script)
		if status != 0 || !strings.Contains(out, "Every stage of this node is done") {
			t.Errorf("without a stage: status %d\n%s", status, out)
		}
	})
}

// proves looks at the node itself, not at what the script says.
func (w *world) proves(stage model.StageName, s render.Script) {
	w.t.Helper()
	switch stage {
	case model.Stop:
		w.shell(`[ -z "$(ls -A /var/lib/clearwater-etcd)" ]
[ -z "$(ls /world/running)" ]
[ -e /etc/clearwater/no_cluster_manager ]
[ "$(cat /var/backups/requorum/*/*-stop/var/lib/clearwater-etcd/.hidden)" = hidden ]`)
	case model.Create:
		w.shell(`. /etc/clearwater/config; [ "$etcd_cluster" = "$(. <(grep ^MASTER_LIST= ` + w.script + `); echo "$MASTER_LIST")" ]; [ -z "$etcd_proxy" ]
[ -e /world/running/clearwater-etcd ]
[ ! -e /world/running/clearwater-config-manager ]
grep -q '^# etcd_proxy=192.0.2.9' /etc/clearwater/local_config
grep -q '^signup_key=secret' /etc/clearwater/local_config`)
	case model.Join:
		w.shell(`. /etc/clearwater/config; [ "$etcd_proxy" = "$(. <(grep ^MASTER_LIST= ` + w.script + `); echo "$MASTER_LIST")" ]; [ -z "$etcd_cluster" ]
[ -d "/var/lib/clearwater-etcd/${management_local_ip:-$local_ip}/proxy" ]`)
	case model.Confirm:
		w.shell(`[ -e /world/running/clearwater-config-manager ]; [ -e /world/running/clearwater-queue-manager ]
[ ! -e /world/running/clearwater-cluster-manager ]; [ -e /etc/clearwater/no_cluster_manager ]`)
	case model.Manage:
		w.shell(`[ -e /world/running/clearwater-cluster-manager ]; [ ! -e /etc/clearwater/no_cluster_manager ]`)
	}
}

// state is all that a stage could change, without the clock and the copies.
func (w *world) state() string {
	return w.shell(`cd /; find etc var/lib world/keys world/monitored world/running | sort
find etc var/lib world/keys world/monitored world/running -type f -exec stat -c '%n %a %u %g' {} + | sort
find etc var/lib world/keys world/monitored world/running -type f -exec cksum {} + | sort`)
}
