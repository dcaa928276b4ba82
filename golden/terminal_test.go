package golden_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"requorum/model"
)

// openTerminal makes a terminal: what is written to keys is typed, what is written
// to screen is read from keys.
func openTerminal(t testing.TB) (keys, screen *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	return keys, screen
}

// terminal gives a terminal on which a text is typed.
func terminal(t testing.TB, typed string) *os.File {
	t.Helper()
	keys, screen := openTerminal(t)
	if _, err := keys.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	return screen
}

// onScreen runs a command inside the root with a terminal for its output, and
// gives all that the terminal was sent.
func (w *world) onScreen(command ...string) string {
	w.t.Helper()
	keys, screen := openTerminal(w.t)
	cmd := exec.Command(filepath.Join("testdata", "world", "enter.sh"), append([]string{w.root}, command...)...)
	cmd.Stdout, cmd.Stderr = screen, screen
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	screen.Close()
	var buf bytes.Buffer
	_, _ = buf.ReadFrom(keys) // ends with an error when the last writer has closed the terminal
	if err := cmd.Wait(); err != nil {
		w.t.Fatalf("%v\n%s", err, buf.String())
	}
	return buf.String()
}

// TestInterrupted presses Ctrl-C while a command is under way, which does not see
// it, or ends the outer run alone, which the run under the lock does not see. What
// the script then says must be true, and stay true.
func TestInterrupted(t *testing.T) {
	w, _, _ := fullNode(t)
	for _, test := range []struct{ slow, honest, says, by string }{
		{"monit", "/usr/local/sbin/monit", "Nothing was changed on " + w.node + " by this run.", "Ctrl-C"},
		{"monit", "/usr/local/sbin/monit", "Nothing was changed on " + w.node + " by this run.", "SIGTERM"},
		{"sync", "/bin/sync", "Changes were begun. Run the same stage again", "Ctrl-C"},
		{"sync", "/bin/sync", "Changes were begun. Run the same stage again", "SIGTERM"},
	} {
		w.shell(fake(test.slow, "touch /world/slow; /bin/sleep 2; HONEST=yes exec "+test.honest+` "$@"`))
		before := w.state()
		out := w.interrupt(test.by, "/bin/bash", w.script, "--yes", w.node, string(model.Stop))
		after := w.state()
		if !strings.Contains(unwrapped(out, w.node), test.says) {
			t.Errorf("slow %s: it does not say %q\n%s", test.slow, test.says, out)
		}
		if strings.Contains(test.says, "Nothing") && after != before {
			t.Errorf("slow %s: the node was changed\n%s", test.slow, out)
		}
		time.Sleep(3 * time.Second)
		if w.state() != after {
			t.Errorf("slow %s: something goes on after the end\n%s", test.slow, out)
		}
		w.shell("rm /world/lie/" + test.slow + "; [ ! -L /usr/local/sbin/" + test.slow + " ] || rm /usr/local/sbin/" + test.slow + "; rm /world/slow")
	}
	w.must(model.Stop)
	w.proves(model.Stop)
}

// interrupt runs a command on a terminal of its own, and presses Ctrl-C, or sends
// SIGTERM to its first process, when its slow command is under way.
func (w *world) interrupt(by string, command ...string) string {
	w.t.Helper()
	keys, screen := openTerminal(w.t)
	cmd := exec.Command(filepath.Join("testdata", "world", "enter.sh"), append([]string{w.root}, command...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	var buf bytes.Buffer
	done := make(chan struct{})
	go func() {
		_, _ = buf.ReadFrom(keys)
		close(done)
	}()
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(w.root, "world/slow")); err == nil {
			break
		}
	}
	time.Sleep(300 * time.Millisecond)
	var err error
	if by == "SIGTERM" {
		err = cmd.Process.Signal(syscall.SIGTERM)
	} else {
		_, err = keys.WriteString("\x03")
	}
	if err != nil {
		w.t.Fatal(err)
	}
	_ = cmd.Wait() // it dies of the signal
	screen.Close()
	<-done
	return strings.ReplaceAll(buf.String(), "\r\n", "\n")
}

// TestConfirmation holds that only the node's own name, typed or given, lets a
// stage destroy something, and that nothing else asks for anything.
func TestConfirmation(t *testing.T) {
	w, _, _ := fullNode(t)
	for _, test := range []struct {
		typed, says string
		status      int
	}{
		{"vellum-2\n", "seen: vellum-2", 1},
		{"\n", "seen: no answer, or no terminal", 1},
		{"yes\n", "seen: yes", 1},
		{"\x04", "seen: no answer, or no terminal", 1},
		{"vellum-1\n", "STAGE stop DONE on vellum-1", 0},
	} {
		before := w.state()
		out, status := w.runFrom(terminal(t, test.typed), "/bin/bash", w.script, "stop")
		if status != test.status || !strings.Contains(out, test.says) {
			t.Errorf("typed %q: status %d, want %d and %q\n%s", test.typed, status, test.status, test.says, out)
		}
		if changed := w.state() != before; changed != (test.status == 0) {
			t.Errorf("typed %q: changed is %t\n%s", test.typed, changed, out)
		}
		for _, want := range []string{"destroys its data in /var/lib/clearwater-etcd", "A copy is made first, in a new folder under /var/backups/requorum/"} {
			if !strings.Contains(unwrapped(out, w.node), want) {
				t.Errorf("before it asks, it does not say %q\n%s", want, out)
			}
		}
	}
	out, status := w.run("/bin/bash", w.script, "stop")
	if status != 0 || strings.Contains(out, "type the name") {
		t.Errorf("with nothing to destroy, status %d\n%s", status, out)
	}
}

// TestWaits holds that a wait is one line that changes on a terminal, and a few
// lines elsewhere.
func TestWaits(t *testing.T) {
	w, _, _ := fullNode(t)
	root := t.TempDir()
	copyTree(t, w.root+"/.", root)
	dumb := &world{t: t, root: root, node: w.node, script: w.script}

	out := w.onScreen("/usr/bin/env", "TERM=xterm", "/bin/bash", w.script, "--yes", w.node, string(model.Stop))
	updates := 0
	for _, line := range strings.Split(out, "\r\n") {
		parts := strings.Split(line, "\r")
		for _, update := range parts[1:] {
			updates++
			if len(update) != 79 || !strings.HasPrefix(update, w.node+": ") || !strings.Contains(update, " s: waiting for ") {
				t.Errorf("an update of %d columns: %q", len(update), update)
			}
		}
	}
	if updates < 6 || !strings.Contains(out, ": 24 of 180 s: ") {
		t.Errorf("%d updates\n%q", updates, out)
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("control sequences: %q", out)
	}

	out = dumb.onScreen("/bin/bash", w.script, "--yes", w.node, string(model.Stop))
	if n := strings.Count(out, "of at most 180"); n < 1 || n > 4 || strings.Count(out, "\r") != strings.Count(out, "\r\n") {
		t.Errorf("on a dumb terminal there are %d lines about a wait\n%q", n, out)
	}
}
