//go:build lab

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"requorum/render/rehearse"
	"requorum/render/rehearse/site"
)

// world lets stories be played on a site of the lab: what rehearse asks of a site, done
// to real machines.
type world struct {
	*labSite
	began time.Time
}

var _ rehearse.World = (*world)(nil)

func newWorld(s *labSite) *world { return &world{labSite: s, began: time.Now()} }

// SideBySide: the engineers of the lab are as many as its nodes.
func (w *world) SideBySide() bool { return true }

// Now is real time.
func (w *world) Now() time.Duration { return time.Since(w.began) }

// Settle is nothing here: the machines take their own time.
func (w *world) Settle(context.Context) error { return nil }

// Faults is the verdict from outside.
func (w *world) Faults(context.Context) ([]string, error) { return w.faults(), nil }

// Execute runs a node's script as somebody does who is logged in there.
func (w *world) Execute(ctx context.Context, name string, arguments []string, s *rehearse.Strike) (site.Result, bool, error) {
	n := w.node(name)
	if err := n.arm(s); err != nil {
		return site.Result{}, false, err
	}
	cmd := n.enter(ctx, append([]string{"setsid", "--wait", "/bin/bash", "/root/" + name + ".sh"}, arguments...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return site.Result{}, false, err
	}
	met, failed := n.disarm(s)
	return site.Result{Status: cmd.ProcessState.ExitCode(), Killed: met && s.Verdict != site.Fail, Output: out.String()}, met, failed
}

// arm puts a strike in the way of a command.
func (n *node) arm(s *rehearse.Strike) error {
	if s == nil {
		return nil
	}
	verdict := map[site.Verdict]string{site.Fail: "fail", site.KillBefore: "before", site.KillAfter: "after"}[s.Verdict]
	often := map[bool]string{true: "always", false: "once"}[s.Always]
	if err := n.write("/etc/lab/strike", verdict+"\n"+often+"\n"+s.Command+"\n"); err != nil {
		return err
	}
	shim, err := os.ReadFile("testdata/strike")
	if err != nil {
		return err
	}
	_, err = n.shell(`name=$1
case $name in
/*) mkdir -p /etc/lab/real; mv "$name" /etc/lab/real/; at=$name ;;
*) at=/usr/local/sbin/$name ;;
esac
printf '%s' "$2" >"$at"
chmod 755 "$at"`, strings.Fields(s.Command)[0], string(shim))
	return err
}

// disarm takes it away again, and tells whether it was met. A kill goes round once: what
// the script forks meanwhile outlives it, and holds its lock. Nothing of a dead script may
// be left, so it goes round until there is nothing.
func (n *node) disarm(s *rehearse.Strike) (met bool, err error) {
	if s == nil {
		return false, nil
	}
	out, err := n.shell(`name=$1
case $name in
/*) mv "/etc/lab/real/${name##*/}" "$name" ;;
*) rm "/usr/local/sbin/$name" ;;
esac
if [ ! -e /etc/lab/struck ]; then exit 0; fi
if [ -e /etc/lab/struck/session ]; then
	while pkill -KILL --session "$(tr -d ' ' </etc/lab/struck/session)"; do sleep 0.05; done
fi
rm -r /etc/lab/struck
echo met`, strings.Fields(s.Command)[0])
	return out == "met\n", err
}

// Begin lets something have been so from the beginning.
func (w *world) Begin(ctx context.Context, change func(rehearse.Hands) error) error {
	return change(beginning{w})
}

// beginning is the world to which something happens that was never otherwise.
type beginning struct{ *world }

func (b beginning) Write(ctx context.Context, name, path, text string) error {
	return errors.Join(b.world.Write(ctx, name, path, text), b.relearn(name, path))
}

func (b beginning) Delete(ctx context.Context, name, path string) error {
	return errors.Join(b.world.Delete(ctx, name, path), b.relearn(name, path))
}

func (b beginning) PutBack(ctx context.Context, name, path string) error {
	return errors.Join(b.world.PutBack(ctx, name, path), b.relearn(name, path))
}

// relearn takes over what is at a path now for what was there.
func (b beginning) relearn(name, path string) error {
	n := b.node(name)
	for old := range n.before {
		if old == path || strings.HasPrefix(old, path+"/") {
			delete(n.before, old)
		}
	}
	now, err := n.files(strings.TrimPrefix(path, "/"))
	for at, f := range now {
		for _, folder := range precious() {
			if strings.HasPrefix(at, "/"+folder+"/") {
				n.before[at] = f
			}
		}
	}
	return err
}

func (w *world) Read(_ context.Context, name, path string) (string, error) {
	text, err := w.node(name).read(path)
	if errors.Is(err, errAbsent) {
		return "", &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	return text, err
}

func (w *world) Write(_ context.Context, name, path, text string) error {
	return w.node(name).write(path, text)
}

func (w *world) MakeFolder(_ context.Context, name, path string) error {
	_, err := w.node(name).run("mkdir", "-p", path)
	return err
}

func (w *world) Delete(_ context.Context, name, path string) error {
	_, err := w.node(name).run("rm", "-rf", path)
	return err
}

// PutBack takes what the lab has put aside before the story began.
func (w *world) PutBack(_ context.Context, name, path string) error {
	_, err := w.node(name).shell(`rm -rf "$1"
if [ -e "/etc/lab/original$1" ]; then mkdir -p "${1%/*}"; cp -a "/etc/lab/original$1" "$1"; fi`, path)
	return err
}

// PowerOff keeps what was written: here it is all in memory, and there is no disk that it
// could miss.
func (w *world) PowerOff(_ context.Context, name string, _ bool) error { return w.node(name).off() }

func (w *world) PowerOn(_ context.Context, name string) error { return w.node(name).boot() }

func (w *world) Fence(_ context.Context, name string) error { return w.node(name).fence() }

func (w *world) Cut(_ context.Context, name, other string) error {
	return w.cut(w.node(name), w.node(other))
}

func (w *world) Mend(context.Context) error { return w.mend() }

// Fill puts a file beside the node's own files, on the same disk.
func (w *world) Fill(_ context.Context, name string, full bool) error {
	n := w.node(name)
	ballast := filepath.Join(n.disk, "ballast")
	if !full {
		return os.Remove(ballast)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(n.disk, &disk); err != nil {
		return err
	}
	f, err := os.Create(ballast)
	if err != nil {
		return err
	}
	defer f.Close()
	return syscall.Fallocate(int(f.Fd()), 0, 0, int64(disk.Bfree)*disk.Bsize)
}

// SlowStop is for the managers: how long etcd takes is its own affair here.
func (w *world) SlowStop(_ context.Context, name string, d time.Duration, services ...site.Service) error {
	text := "pause 2\njoin 5\nleave 3\n"
	slow := map[site.Service]bool{}
	for _, v := range services {
		slow[v] = true
	}
	if slow[site.Etcd] {
		return errors.New("etcd is real here, and ends when it likes")
	}
	for _, v := range []site.Service{site.ClusterManager, site.ConfigManager, site.QueueManager} {
		seconds := 0
		if slow[v] {
			seconds = int(d / time.Second)
		}
		text += fmt.Sprintf("%s %d\n", strings.TrimPrefix(strings.ReplaceAll(v.Daemon(), "-", "_"), "clearwater_"), seconds)
	}
	return w.node(name).write("/etc/lab/stop-seconds", text)
}

// group is the group of a service in monit.
func group(v site.Service) string {
	if v == site.Etcd {
		return "etcd"
	}
	return strings.ReplaceAll(v.Daemon(), "-", "_")
}

func (w *world) Monitor(_ context.Context, name string, v site.Service) error {
	_, err := w.node(name).run("monit", "monitor", "-g", group(v))
	return err
}

func (w *world) Unmonitor(_ context.Context, name string, v site.Service) error {
	_, err := w.node(name).run("monit", "stop", "-g", group(v))
	return err
}

func (w *world) HaltMonit(_ context.Context, name string, halt bool) error {
	n := w.node(name)
	if !halt {
		_, err := n.run("rm", "-f", "/etc/lab/no-monit")
		return err
	}
	if n.first == nil {
		return os.WriteFile(filepath.Join(n.disk, "upper/etc/lab/no-monit"), nil, 0o644) // it has no power, so nobody else uses its disk
	}
	_, err := n.shell("touch /etc/lab/no-monit; monit quit")
	return err
}

// Lock holds the lock by a process that ends when its file goes.
func (w *world) Lock(_ context.Context, name string, held bool) error {
	n := w.node(name)
	if !held {
		_, err := n.shell("rm -f /etc/lab/locked; flock -w 30 /var/run/requorum.lock true")
		return err
	}
	_, err := n.shell(`touch /etc/lab/locked
setsid flock -n /var/run/requorum.lock sh -c 'while [ -e /etc/lab/locked ]; do sleep 0.2; done' >/dev/null 2>&1 </dev/null &
while flock -n /var/run/requorum.lock true; do sleep 0.1; done`)
	return err
}

// Ring changes what nodetool shows on every live node.
func (w *world) Ring(_ context.Context, siteName, address, state string) error {
	return each(w.live(), func(n *node) error {
		text, err := n.read("/etc/lab/ring")
		if err != nil {
			return err
		}
		var b strings.Builder
		for line := range strings.Lines(text) {
			if strings.Fields(line)[1] != address {
				b.WriteString(line)
			}
		}
		if state != "" {
			fmt.Fprintf(&b, "%s %s %s\n", siteName, address, state)
		}
		return n.write("/etc/lab/ring", b.String())
	})
}

// Wait lets real time go by: a story asks for it.
func (w *world) Wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
