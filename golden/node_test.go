package golden_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"requorum/model"
	"requorum/render"
)

// TestStages runs every stage of every golden script in order under real bash,
// and looks from outside at what it has left. For the first script of a shape, with
// -traces for the first of each case, each stage runs twice, and before that dry: the
// dry run must foretell the first run, and the second run must change nothing.
func TestStages(t *testing.T) {
	needRoot(t)
	seen := map[render.Shape]bool{}
	for _, name := range caseNames(t) {
		if *traces {
			clear(seen)
		}
		p, b := build(t, name)
		for _, s := range b.Scripts {
			twice := !seen[s.Shape]
			seen[s.Shape] = true
			t.Run(name+"/"+s.Node, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, p, s)
				for _, stage := range s.Shape.Stages() {
					w.before(p, s, stage)
					if !twice {
						w.must(stage)
						w.proves(stage)
						continue
					}
					w.foretold(stage)
					w.proves(stage)
					w.again(stage)
				}
				out, status := w.run("/bin/bash", w.script)
				if status != 0 || !strings.Contains(out, "Every stage of this node is done") {
					t.Errorf("without a stage: status %d\n%s", status, out)
				}
			})
		}
	}
}

// foretold runs a stage dry, then for good, and holds that it does what the dry
// run has said.
func (w *world) foretold(stage model.StageName) {
	w.t.Helper()
	would, said := w.dry(stage)
	out := w.must(stage)
	if did := commands(out, w.node, "run:"); !slices.Equal(did, would) {
		w.t.Errorf("stage %s does\n%s\nand its dry run has said\n%s\n%s", stage,
			strings.Join(did, "\n"), strings.Join(would, "\n"), said)
	}
}

// again runs a stage a second time, dry and for good: there is nothing left to do.
func (w *world) again(stage model.StageName) {
	w.t.Helper()
	if would, said := w.dry(stage); len(would) > 0 {
		w.t.Errorf("stage %s is done, but its dry run says it would run %q\n%s", stage, would, said)
	}
	before := w.state()
	out := w.must(stage)
	if after := w.state(); after != before {
		w.t.Errorf("stage %s run again changed the node\nbefore:\n%s\nafter:\n%s", stage, before, after)
	}
	if did := commands(out, w.node, "run:"); len(did) > 0 {
		w.t.Errorf("stage %s run again has run %q\n%s", stage, did, out)
	}
}

// proves looks at the node itself, not at what the script says.
func (w *world) proves(stage model.StageName) {
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

// state is all that a stage could change, without the clock and the copies: each
// path with mode, owner and content.
func (w *world) state() string {
	w.t.Helper()
	return w.stateOf("etc", "var/lib", "world/keys", "world/monitored", "world/running")
}

// stateOf is the same of the given folders of the root.
func (w *world) stateOf(tops ...string) string {
	w.t.Helper()
	var b strings.Builder
	for _, top := range tops {
		err := filepath.WalkDir(filepath.Join(w.root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			owner := info.Sys().(*syscall.Stat_t)
			fmt.Fprintf(&b, "%s %v %d:%d", strings.TrimPrefix(path, w.root), info.Mode(), owner.Uid, owner.Gid)
			if info.Mode().IsRegular() {
				fmt.Fprintf(&b, " %x", sha256.Sum256(read(w.t, path)))
			}
			b.WriteByte('\n')
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return b.String()
}
