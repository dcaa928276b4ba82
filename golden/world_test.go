package golden_test

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
)

// world is one node of an imaginary site in a root of its own: real bash runs
// the real script there, and testdata/world/stub stands for every command that
// speaks to monit, etcd, Clearwater or the network. Its clock is imaginary, so
// that no wait takes time.
type world struct {
	t      testing.TB
	root   string
	node   string
	script string                     // path inside the root
	codes  map[model.StageName]string // the stop codes that a stage asks for; nil where none does
}

// needRoot ends a test that cannot run here: namespaces and chroot need root.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("this test makes mount namespaces and needs root; CI must run it as root")
	}
	t.Skip("left out: this test makes mount namespaces and needs root; run it with sudo")
}

// newWorld makes the node as it is when its site has just lost its quorum.
func newWorld(t testing.TB, p *model.Plan, s render.Script) *world {
	t.Helper()
	w := &world{t: t, root: t.TempDir(), node: s.Node, script: "/root/" + s.Node + ".sh", codes: codesFor(p, s)}
	for _, dir := range []string{"world", "root"} {
		if err := os.MkdirAll(filepath.Join(w.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"stub", "prepare.sh"} {
		w.write("/world/"+name, read(t, filepath.Join("testdata", "world", name)))
	}
	w.write(w.script, s.Source())
	i := slices.IndexFunc(p.Nodes, func(n model.PlanNode) bool { return n.Name == s.Node })
	n := p.Nodes[i]
	command := []string{"/bin/bash", "/world/prepare.sh", n.Name, string(n.Type), n.LocalIP.String(), n.ManagementIP.String(),
		p.Site, p.EtcdKey, joinAddrs(p.Stores.AllVellums), joinAddrs(p.Stores.CassandraNodes), p.Stores.Key}
	out, status := w.run(append(command, etcdAddresses(p)...)...)
	if status != 0 {
		t.Fatalf("prepare.sh: status %d\n%s", status, out)
	}
	return w
}

// etcdAddresses lists the management addresses of the site's failed nodes, of the
// old cluster's members and of the new masters.
func etcdAddresses(p *model.Plan) []string {
	var failed, old, masters []netip.Addr
	for _, n := range p.Failed {
		failed = append(failed, n.ManagementIP)
		if n.Etcd == model.Master {
			old = append(old, n.ManagementIP)
		}
	}
	for _, n := range p.Nodes {
		if n.Etcd == model.Master {
			old = append(old, n.ManagementIP)
		}
		if n.Master {
			masters = append(masters, n.ManagementIP)
		}
	}
	return []string{joinAddrs(failed), joinAddrs(old), joinAddrs(masters)}
}

func joinAddrs[T interface{ String() string }](list []T) string {
	var out []string
	for _, v := range list {
		out = append(out, v.String())
	}
	return strings.Join(out, " ")
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write puts an executable file into the root.
func (w *world) write(path string, body []byte) {
	w.t.Helper()
	full := filepath.Join(w.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(full, body, 0o755); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command inside the root, without standard input.
func (w *world) run(command ...string) (output string, status int) {
	w.t.Helper()
	return w.runFrom(nil, command...)
}

// runFrom runs a command inside the root; it reads from stdin, if that is given.
func (w *world) runFrom(stdin *os.File, command ...string) (output string, status int) {
	w.t.Helper()
	cmd := exec.Command(filepath.Join("testdata", "world", "enter.sh"), append([]string{w.root}, command...)...)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	if stdin != nil {
		cmd.Stdin = stdin
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return buf.String(), cmd.ProcessState.ExitCode()
}

// shell runs lines of bash inside the root; a failing line ends the test.
func (w *world) shell(lines string) string {
	w.t.Helper()
	out, status := w.run("/bin/bash", "-euc", lines)
	if status != 0 {
		w.t.Fatalf("%s\nstatus %d\n%s", lines, status, out)
	}
	return out
}

// stage runs a stage of the node's script, unattended.
func (w *world) stage(name model.StageName) (output string, status int) {
	w.t.Helper()
	command := []string{"/bin/bash", w.script, "--yes", w.node}
	if codes := w.codes[name]; codes != "" {
		command = append(command, "--codes", codes)
	}
	output, status = w.run(append(command, string(name))...)
	w.plain(output)
	return output, status
}

// plain holds that output suits any console: printable ASCII, and prose within 80
// columns. A line with one long word, such as a path, may be longer.
func (w *world) plain(output string) {
	w.t.Helper()
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return (r < ' ' || r > '~') && r != '\t' }); i >= 0 {
			w.t.Errorf("not printable ASCII: %q", line)
		}
		if prose, ok := strings.CutPrefix(line, w.node+": "); ok && len(line) > 80 && strings.Contains(strings.TrimSpace(prose), " ") {
			w.t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// must runs a stage that has to go through.
func (w *world) must(name model.StageName) string {
	w.t.Helper()
	out, status := w.stage(name)
	if status != 0 || !strings.Contains(out, "STAGE "+string(name)+" DONE on "+w.node) {
		w.t.Fatalf("stage %s: status %d\n%s", name, status, out)
	}
	return out
}

// publish puts this node's shared_config into etcd, as the configuration source
// does before another master confirms or another node joins.
func (w *world) publish(p *model.Plan) {
	w.shell(`cp /etc/clearwater/shared_config "/world/keys/,` + p.EtcdKey + `,` + p.Site + `,configuration,shared_config"
cp /etc/clearwater/dns.json "/world/keys/,` + p.EtcdKey + `,` + p.Site + `,configuration,dns_json"`)
}

// load puts the data store values into etcd, as the loader does before another
// node starts its cluster manager.
func (w *world) load(p *model.Plan) {
	key := func(store, path, members string) string {
		return `printf '{%s}\n' '` + members + `' >"/world/keys/` + strings.ReplaceAll(path, "/", ",") + `,clustering,` + store + `"` + "\n"
	}
	all := members(joinAddrs(p.Stores.AllVellums))
	site := "/" + p.EtcdKey + "/" + p.Site + "/" + p.Stores.Key
	lines := key("chronos", site, all) + key("memcached", site, all)
	if p.Stores.Cassandra {
		lines += key("cassandra", "/"+p.EtcdKey+"/"+p.Stores.Key, members(joinAddrs(p.Stores.CassandraNodes)))
	}
	w.shell(lines)
}

func members(ips string) string {
	var out []string
	for _, ip := range strings.Fields(ips) {
		out = append(out, `"`+ip+`": "normal"`)
	}
	return strings.Join(out, ", ")
}

// before brings about what other nodes have done by the time of a stage.
func (w *world) before(p *model.Plan, s render.Script, stage model.StageName) {
	if stage == model.Join {
		w.shell("touch /world/formed")
	}
	switch {
	case stage == model.Confirm && !s.Shape.Source, stage == model.Join:
		w.publish(p)
	case stage == model.Manage && !s.Shape.Loader && s.Shape.Stores:
		w.load(p)
	}
}

// reach runs the stages before the given one.
func (w *world) reach(p *model.Plan, s render.Script, stage model.StageName) {
	w.t.Helper()
	for _, name := range s.Shape.Stages() {
		w.before(p, s, name)
		if name == stage {
			return
		}
		w.must(name)
	}
}
