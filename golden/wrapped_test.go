package golden_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"requorum/model"
	"requorum/render"
)

// wrapped is a world in which testdata/world/wrapper stands before every program
// that the script calls, so that a run can be cut off at any of them. The
// programs of this machine are out of the script's reach there: one that has no
// wrapper is a command not found, and the stage fails.
type wrapped struct {
	*world
	stage model.StageName
}

// wrap makes a wrapped copy of a world, for one stage.
func (w *world) wrap(script []byte, stage model.StageName) *wrapped {
	w.t.Helper()
	c := &wrapped{world: w.copy(), stage: stage}
	c.must0(os.MkdirAll(c.path("/world/kill"), 0o755))
	c.must0(os.Rename(c.path("/usr/local/sbin"), c.path("/world/real")))
	for _, dir := range []string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/sbin"} {
		_ = os.Remove(c.path(dir)) // a link to this machine's
		c.must0(os.MkdirAll(c.path(dir), 0o755))
	}
	// What the first line of a script names, and what the stub calls by its path.
	for _, name := range []string{"bash", "sh", "date"} {
		c.must0(os.Symlink("/host/bin/"+name, c.path("/bin/"+name)))
	}
	c.write("/world/real/sync", []byte("#!/bin/sh\n")) // the disk of this machine is not meant
	c.write("/world/kill/wrapper", read(c.t, filepath.Join("testdata", "world", "wrapper")))
	for name := range c.programs(script) {
		c.must0(os.Symlink("/world/kill/wrapper", c.path("/usr/local/sbin/"+name)))
	}
	return c
}

var word = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9_.-]*`)

// programs gives every word of the script that is the name of a program: more
// than it calls, but not less.
func (c *wrapped) programs(script []byte) map[string]bool {
	names := map[string]bool{}
	for _, name := range word.FindAllString(string(script), -1) {
		if names[name] || name == "bash" || name == "sh" {
			continue
		}
		_, err := os.Lstat(c.path("/world/real/" + name))
		for _, dir := range []string{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"} {
			if err != nil {
				_, err = os.Stat(dir + name)
			}
		}
		if err == nil {
			names[name] = true
		}
	}
	return names
}

func (w *world) path(inside string) string { return filepath.Join(w.root, inside) }

func (w *world) must0(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// copy gives the world again, to be spoiled.
func (w *world) copy() *world {
	w.t.Helper()
	c := *w
	c.root = filepath.Join(w.t.TempDir(), "root")
	copyTree(w.t, w.root, c.root)
	return &c
}

func (c *wrapped) fresh() *wrapped { return &wrapped{world: c.copy(), stage: c.stage} }

// drop frees the room of a world that is not needed any more.
func (c *wrapped) drop() { c.must0(os.RemoveAll(c.root)) }

// attempt runs the stage with more variables in its environment, and waits until
// nothing is left of it: what timeout has put into a group of its own outlives a
// kill, as it would on a node. A killed run has the status -1.
func (c *wrapped) attempt(env ...string) (output string, status int) {
	c.t.Helper()
	return c.enter(append(append([]string{"/host/usr/bin/env"}, env...), c.command()...)...)
}

// command is the stage, unattended.
func (c *wrapped) command() []string {
	command := []string{"/bin/bash", c.script, "--yes", c.node}
	if codes := c.codes[c.stage]; codes != "" {
		command = append(command, "--codes", codes)
	}
	return append(command, string(c.stage))
}

// settled runs the stage, and then lets the imaginary node do what it is about to
// do. It must go through.
func (c *wrapped) settled(env ...string) (output string, ok bool) {
	c.t.Helper()
	const then = `"$@" || exit $?
read -r now </world/time
echo $((now + 600)) >/world/time
PATH=/world/real:/host/usr/bin:/host/bin monit summary >/dev/null`
	out, status := c.enter(append(append([]string{"/host/usr/bin/env"}, env...), append([]string{"/bin/sh", "-c", then, "sh"}, c.command()...)...)...)
	if status == 0 && strings.Contains(out, "STAGE "+string(c.stage)+" DONE on "+c.node) {
		return out, true
	}
	return fmt.Sprintf("status %d\n%s", status, out), false
}

func (c *wrapped) enter(command ...string) (output string, status int) {
	c.t.Helper()
	cmd := exec.Command(filepath.Join("testdata", "world", "enter.sh"), append([]string{c.root}, command...)...)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	left, held, err := os.Pipe() // held by every process of the run until it ends
	c.must0(err)
	defer left.Close()
	cmd.ExtraFiles = []*os.File{held}
	err = cmd.Start()
	held.Close()
	c.must0(err)
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, left)
	c.must0(err)
	return buf.String(), cmd.ProcessState.ExitCode()
}

// The folder of the copies, and what a comparison of two nodes leaves out: logs,
// the lock, the harness, the times and process ids of the imaginary node.
const copiesFolder = "/var/backups/requorum"

var leftOut = map[string]bool{
	"/host": true, "/proc": true, "/dev": true, "/usr": true, "/bin": true, "/sbin": true, "/var/log": true,
	"/var/run/requorum.lock": true, "/run": true,
	"/world/kill": true, "/world/time": true, "/world/due": true, "/world/delay": true, "/world/real": true,
}

// node gives all that the stage may have left behind, a line a path.
func (c *wrapped) nodeState() map[string]string {
	c.t.Helper()
	state := map[string]string{}
	c.walk("/", func(path string, info fs.FileInfo) error {
		switch {
		case leftOut[path]:
			return skip(info)
		case filepath.Dir(path) == copiesFolder && info.IsDir():
			return fs.SkipDir
		case filepath.Dir(path) == "/world/running":
			state[path] = "runs"
		default:
			state[path] = c.describe(path, info, false)
		}
		return nil
	})
	return state
}

func skip(info fs.FileInfo) error {
	if info.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// copies gives what stands in the folders of copies, with times: by path inside
// the folder of all copies.
func (c *wrapped) copies() map[string]string {
	c.t.Helper()
	state := map[string]string{}
	if _, err := os.Stat(c.path(copiesFolder)); err != nil {
		return state
	}
	c.walk(copiesFolder, func(path string, info fs.FileInfo) error {
		if info.Mode().IsRegular() && filepath.Dir(path) != copiesFolder {
			state[strings.TrimPrefix(path, copiesFolder+"/")] = c.describe(path, info, true)
		}
		return nil
	})
	return state
}

// kept turns copies round: what was kept of which path of the node. The folder of
// a run is PLAN/TIME-STAGE. What stands in it by itself is no copy of a file, but
// what a command has printed: its time says nothing, and what cw-mark_node_failed
// prints is lost with the run that called it.
func kept(copies map[string]string) map[string]map[string]bool {
	by := map[string]map[string]bool{}
	for path, what := range copies {
		parts := strings.SplitN(path, "/", 3)
		if len(parts) < 3 {
			continue
		}
		if strings.HasPrefix(parts[2], "mark-") {
			continue
		}
		if words := strings.SplitN(what, " ", 4); !strings.Contains(parts[2], "/") && len(words) == 4 {
			what = strings.Join(words[:3], " ")
		}
		if by[parts[2]] == nil {
			by[parts[2]] = map[string]bool{}
		}
		by[parts[2]][what] = true
	}
	return by
}

func (c *wrapped) walk(top string, each func(path string, info fs.FileInfo) error) {
	c.t.Helper()
	c.must0(filepath.WalkDir(c.path(top), func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return each("/"+strings.TrimPrefix(strings.TrimPrefix(full, c.root), "/"), info)
	}))
}

func (c *wrapped) describe(path string, info fs.FileInfo, times bool) string {
	owner := info.Sys().(*syscall.Stat_t)
	text := fmt.Sprintf("%v %d:%d", info.Mode(), owner.Uid, owner.Gid)
	switch {
	case info.Mode().IsRegular():
		text += fmt.Sprintf(" %x", sha256.Sum256(read(c.t, c.path(path))))
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(c.path(path))
		c.must0(err)
		text += " to " + to
	}
	if times {
		text += " " + info.ModTime().UTC().String()
	}
	return text
}

// differences lists what two nodes differ in.
func differences(want, got map[string]string) string {
	var b strings.Builder
	for path, w := range want {
		if g, ok := got[path]; !ok {
			fmt.Fprintf(&b, "gone: %s %s\n", path, w)
		} else if g != w {
			fmt.Fprintf(&b, "other: %s\n  want %s\n  got  %s\n", path, w, g)
		}
	}
	for path, g := range got {
		if _, ok := want[path]; !ok {
			fmt.Fprintf(&b, "new: %s %s\n", path, g)
		}
	}
	return b.String()
}

// spoil gives the node what makes its stages write more, and files whose owner
// and mode an edit must keep.
func (w *world) spoil(s render.Script) {
	w.t.Helper()
	lines := "chown 1234:2345 /etc/clearwater/local_config\nchmod 0640 /etc/clearwater/local_config\n" +
		"touch -d 2026-02-03T04:05:06 /etc/clearwater/local_config\n"
	if s.Shape.Vellum {
		lines += "echo 'no line of this file' >>" + chronos + "\necho 'no line of this file' >>" + servers + "\n"
	}
	w.shell(lines)
}

// dueStages makes a node and calls f with a wrapped copy of it for each stage, as
// it is when the stage is due.
func dueStages(t *testing.T, p *model.Plan, s render.Script, f func(c *wrapped)) {
	t.Helper()
	w := newWorld(t, p, s)
	w.spoil(s)
	for _, stage := range s.Shape.Stages() {
		w.before(p, s, stage)
		c := w.wrap(s.Source(), stage)
		f(c)
		c.drop()
		w.must(stage)
	}
}
