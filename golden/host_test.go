package golden_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// hostInventory is a site of one node, so that its rehearsal is quick.
const hostInventory = `version: 1
deployment: host
recover: site1
sites:
  site1:
    nodes:
      vellum-1: {type: vellum, local_ip: 10.0.0.11, etcd: master}
      vellum-2: {type: vellum, local_ip: 10.0.0.12, etcd: master, state: failed}
`

// TestRehearsalLeavesTheHostAlone runs the program in a root that holds nothing but
// itself, without environment and without network, and in one that is full of
// misleading programs and files: the transcript and the report are the same, and no
// file is new.
func TestRehearsalLeavesTheHostAlone(t *testing.T) {
	needRoot(t)
	program := filepath.Join(t.TempDir(), "requorum")
	c := exec.Command("go", "build", "-o", program, "../cmd/requorum")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bare, crowded := t.TempDir(), t.TempDir()
	for _, root := range []string{bare, crowded} {
		put(t, filepath.Join(root, "requorum"), string(read(t, program)))
		put(t, filepath.Join(root, "inventory.yaml"), hostInventory)
	}
	for _, name := range []string{"monit", "curl", "sh", "bash", "date", "timeout", "cp", "rm", "sort"} {
		put(t, filepath.Join(crowded, "usr", "bin", name), "#!/requorum\n")
	}
	put(t, filepath.Join(crowded, "etc", "clearwater", "config"), "local_ip=192.0.2.9\n")
	put(t, filepath.Join(crowded, "etc", "clearwater", "shared_config"), "home_domain=wrong\n")
	put(t, filepath.Join(crowded, "var", "lib", "clearwater-etcd", "old"), "data\n")
	for _, args := range [][]string{
		{"--transcript"},
		{"--stage", "load"},
	} {
		outside := rehearseIn(t, "/", append([]string{program, "rehearse", "inventory.yaml"}, args...), bare)
		for _, root := range []string{bare, crowded} {
			before := under(t, root)
			inside := rehearseIn(t, root, append([]string{"/requorum", "rehearse", "inventory.yaml"}, args...), "/")
			if !bytes.Equal(inside, outside) {
				t.Errorf("%q says otherwise in another root:\n%s\nand outside:\n%s", args, inside, outside)
			}
			if after := under(t, root); !slices.Equal(before, after) {
				t.Errorf("%q has changed the files from\n%q\nto\n%q", args, before, after)
			}
		}
	}
}

// rehearseIn runs the program in a root and gives what it prints; in another root than
// this machine's, without environment, and in namespaces of its own that have no
// network.
func rehearseIn(t *testing.T, root string, command []string, dir string) []byte {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	if root != "/" {
		args := []string{"--mount", "--net", "--uts", "--ipc", "--", mustFind(t, "chroot"), root}
		c = exec.Command(mustFind(t, "unshare"), append(args, command...)...)
		c.Env = []string{}
	}
	c.Dir = dir
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, complaints.String(), out.String())
	}
	return out.Bytes()
}

func mustFind(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// under lists every path below a root.
func under(t *testing.T, root string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
