//go:build lab

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// keep puts what a failed story has left where it outlives the lab: what the engineer has
// seen, and of each node its disk, with logs and journal. etcd's own logs are big, and
// mostly holes.
func (s *labSite) keep(name string, seen []byte) string {
	folder, err := filepath.Abs(filepath.Join("..", "..", "out", "lab", name))
	if err != nil {
		return err.Error()
	}
	if err := os.RemoveAll(folder); err != nil {
		return err.Error()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err.Error()
	}
	if err := os.WriteFile(filepath.Join(folder, "transcript"), seen, 0o644); err != nil {
		return err.Error()
	}
	for _, n := range s.nodes {
		n.state(filepath.Join(folder, n.Name+".state"))
		copied := exec.Command("cp", "-a", "--sparse=always", filepath.Join(n.disk, "upper"), filepath.Join(folder, n.Name))
		if out, err := copied.CombinedOutput(); err != nil {
			return fmt.Sprintf("%s (%v: %s)", folder, err, out)
		}
	}
	return folder
}

// state writes down what runs on a node, if it has power.
func (n *node) state(file string) {
	out, err := n.shell("ps -ef; monit summary; ss -lnt; clearwater-etcdctl cluster-health; clearwater-etcdctl member list || true")
	if err != nil {
		out += err.Error() + "\n"
	}
	_ = os.WriteFile(file, []byte(out), 0o644) // beside a disk that says more
}
