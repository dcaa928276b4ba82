//go:build lab

package lab

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// image is the folder that every node has under its own disk: Clearwater's programs and
// what stands in for them.
type image string

const (
	share    = "usr/share/clearwater/"
	etcdHome = share + "clearwater-etcd/3.1.7/" // where Clearwater has its etcd; here Debian's lies there
)

// newImage makes the image: the files of testdata/image, the stand-ins under the names
// that Clearwater's programs have, and Debian's etcd. Each daemon gets a copy of its own,
// since start-stop-daemon tells them apart by their programs (lab).
func newImage(t *testing.T) image {
	t.Helper()
	folder, err := os.MkdirTemp(ground, "image-") // each test makes its own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // the ground goes anyway
	i := image(folder)
	if err := os.Chmod(folder, 0o755); err != nil { // it is the root of every node
		t.Fatal(err)
	}
	if err := os.CopyFS(string(i), os.DirFS("testdata/image")); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("testdata/image", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chmod(filepath.Join(string(i), strings.TrimPrefix(path, "testdata/image")), info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
	i.modes(t)
	i.programs(t)
	i.users(t)
	return i
}

// modes are those that git does not keep.
func (i image) modes(t *testing.T) {
	t.Helper()
	if err := os.Chmod(filepath.Join(string(i), "etc/monit/monitrc"), 0o600); err != nil { // monit refuses any other
		t.Fatal(err)
	}
}

// programs builds the stand-ins and puts them, and etcd, where Clearwater has them.
func (i image) programs(t *testing.T) {
	t.Helper()
	standin := filepath.Join(string(i), share, "lab/standin")
	if err := os.MkdirAll(filepath.Dir(standin), 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", standin, "./standin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./standin: %v\n%s", err, out)
	}
	for name, from := range map[string]string{
		etcdHome + "etcd":    "/usr/bin/etcd",
		etcdHome + "etcdctl": "/usr/bin/etcdctl",
		share + "clearwater-cluster-manager/env/bin/python": standin,
		share + "clearwater-config-manager/env/bin/python":  standin,
		share + "clearwater-queue-manager/env/bin/python":   standin,
	} {
		i.copy(t, from, name)
	}
	const cluster, config = share + "clearwater-cluster-manager/scripts/", share + "clearwater-config-manager/scripts/"
	for _, name := range []string{
		cluster + "load_from_chronos_cluster", cluster + "load_from_memcached_cluster", cluster + "load_from_cassandra_cluster",
		cluster + "check_cluster_state", config + "check_config_sync",
		"usr/bin/cw-check_cluster_state", "usr/sbin/cw-check_config_sync", "usr/sbin/cw-mark_node_failed", "usr/bin/nodetool",
		"usr/bin/cw-validate_shared_ifcs_xml", "usr/bin/cw-validate_fallback_ifcs_xml",
	} {
		i.link(t, "/"+share+"lab/standin", name)
	}
	i.write(t, config+"validate_json.py", "")
	for _, schema := range []string{"enum", "scscf", "bgcf", "rph", "dns", "sas"} {
		i.write(t, config+"config_validation/"+schema+"_schema.json", "{}\n")
	}
}

// users are those that daemons run as.
func (i image) users(t *testing.T) {
	t.Helper()
	for name, line := range map[string]string{
		"etc/passwd": "clearwater-etcd:x:%d:%[1]d::/var/lib/clearwater-etcd:/bin/false\n",
		"etc/group":  "clearwater-etcd:x:%d:\n",
	} {
		old, err := os.ReadFile("/" + name)
		if err != nil {
			t.Fatal(err)
		}
		i.write(t, name, string(old)+fmt.Sprintf(line, 4000))
	}
}

func (i image) path(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(string(i), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (i image) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(i.path(t, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (i image) link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, i.path(t, name)); err != nil {
		t.Fatal(err)
	}
}

func (i image) copy(t *testing.T, from, name string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatalf("the lab needs what the package has: %v", err)
	}
	if err := os.WriteFile(i.path(t, name), data, 0o755); err != nil {
		t.Fatal(err)
	}
}
