package golden_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"requorum/model"
	"requorum/render"
)

// fullNode makes the node that has the most stages: a Vellum that is master,
// source, loader and finisher. The function brings it to a stage.
func fullNode(t *testing.T) (w *world, id string, reach func(model.StageName)) {
	t.Helper()
	needRoot(t)
	p, b := build(t, "three-live-vellums")
	s := b.Scripts[slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Shape.Finishes() })]
	w = newWorld(t, p, s)
	return w, b.ID, func(stage model.StageName) { w.reach(p, s, stage) }
}

// TestOneAtATime holds that a run is refused while another one has the lock, and
// that the note of a dead one is recognised and hinders nobody.
func TestOneAtATime(t *testing.T) {
	w, _, _ := fullNode(t)
	lock, err := os.OpenFile(filepath.Join(w.root, "var/run/requorum.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.WriteString("config 14:13:20\n"); err != nil {
		t.Fatal(err)
	}
	before := w.state()
	out, status := w.stage(model.Stop)
	for _, want := range []string{"no other run on " + w.node, "the stage config holds the lock", "Nothing was changed"} {
		if status != 1 || !strings.Contains(unwrapped(out, w.node), want) {
			t.Errorf("status %d, want 1 and %q\n%s", status, want, out)
		}
	}
	if w.state() != before {
		t.Error("the second run has changed the node")
	}
	for _, look := range [][]string{{"--dry-run", "stop"}, {}} {
		if out, status := w.run(append([]string{"/bin/bash", w.script}, look...)...); status != 0 {
			t.Errorf("a look %q needs no lock, but: status %d\n%s", look, status, out)
		}
	}

	out, _ = w.run("/bin/bash", w.script)
	if !strings.Contains(unwrapped(out, w.node), "A run of the stage config is under way since 14:13:20 UTC.") {
		t.Errorf("the overview does not say that a run is under way\n%s", out)
	}

	lock.Close() // the holder is dead; its note is left
	out, _ = w.run("/bin/bash", w.script)
	if !strings.Contains(unwrapped(out, w.node), "An earlier run of the stage config, at 14:13:20 UTC, did not come to its end.") {
		t.Errorf("the overview does not say that a run has died\n%s", out)
	}
	out = w.must(model.Stop)
	if !strings.Contains(unwrapped(out, w.node), "An earlier run of the stage config, at 14:13:20 UTC, did not come to its end.") {
		t.Errorf("the note of a dead run is not recognised\n%s", out)
	}
	if note := string(read(t, lock.Name())); note != "" {
		t.Errorf("a run that has ended leaves the note %q", note)
	}
}

// TestUnforeseen holds that a run that dies without a verdict is reported by the
// one that started it, truly: a command that fails unforeseen stands for it here.
func TestUnforeseen(t *testing.T) {
	w, _, _ := fullNode(t)
	script := string(read(t, filepath.Join(w.root, w.script)))
	for _, test := range []struct {
		name, before, says string
		status             int
	}{
		{"before a change", "\tcheck_data_folder\n\tconfirm_wipe\n", "Nothing was changed on " + w.node, 1},
		{"after a change", "\tnote_unwatched\n\tif", "Changes were begun. Run the same stage again", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.Count(script, test.before) != 1 {
				t.Fatalf("the script does not have %q once", test.before)
			}
			w.write(w.script, []byte(strings.Replace(script, test.before, "\tfalse\n"+test.before, 1)))
			out, status := w.stage(model.Stop)
			if status != test.status || !strings.Contains(out, "STOPPED") || !strings.Contains(unwrapped(out, w.node), test.says) {
				t.Errorf("status %d, want %d and %q\n%s", status, test.status, test.says, out)
			}
		})
	}
	w.write(w.script, []byte(script))
	w.must(model.Stop)
}

// TestCommandLine holds what the script makes of its flags.
func TestCommandLine(t *testing.T) {
	w, _, _ := fullNode(t)
	before := w.state()
	for _, test := range []struct {
		args   string
		status int
		says   string
	}{
		{"--help", 0, "usage: sudo bash " + w.node + ".sh"},
		{"--case", 2, "--case takes a line of text"},
		{"--yes other stop", 2, "--yes takes the name of this node"},
		{"--nonsense stop", 2, "unknown flag: --nonsense"},
		{"--dry-run", 2, "--dry-run needs a STAGE"},
		{"--archive stop", 2, "--archive goes without a STAGE"},
		{"stop config", 2, "one STAGE at a time"},
		{"join", 2, w.node + " has no part in the stage join"},
		{"nonsense", 2, "there is no stage nonsense"},
		{"stop", 1, "not confirmed"},
	} {
		out, status := w.run(append([]string{"/bin/bash", w.script}, strings.Fields(test.args)...)...)
		if status != test.status || !strings.Contains(out, test.says) {
			t.Errorf("%s: status %d, want %d and %q\n%s", test.args, status, test.status, test.says, out)
		}
	}
	if w.state() != before {
		t.Error("a refused command line has changed the node")
	}
}

var copyTime = regexp.MustCompile(`\d{8}T\d{6}Z`)

// commands gives what a run says behind a label such as "run:", on the same line
// or on the next one, with the time of copies replaced.
func commands(out, node, label string) []string {
	var list []string
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		rest, ok := strings.CutPrefix(line, node+": "+label)
		if !ok {
			continue
		}
		if rest == "" && i+1 < len(lines) {
			rest = strings.TrimPrefix(lines[i+1], node+"|")
		}
		list = append(list, copyTime.ReplaceAllString(strings.TrimSpace(rest), "TIME"))
	}
	return list
}

// dry runs a stage without changing anything, which is proved, and gives what it
// says that a run would do.
func (w *world) dry(stage model.StageName) (would []string, output string) {
	w.t.Helper()
	before := w.everything()
	out, status := w.run("/bin/bash", w.script, "--dry-run", string(stage))
	if status != 0 || !strings.Contains(out, "DRY RUN of the stage "+string(stage)) {
		w.t.Fatalf("dry run of %s: status %d\n%s", stage, status, out)
	}
	if after := w.everything(); after != before {
		w.t.Errorf("the dry run of %s has changed the node\nbefore:\n%s\nafter:\n%s", stage, before, after)
	}
	if strings.Contains(out, "Stop code of the stage") {
		w.t.Errorf("the dry run of %s gives a stop code\n%s", stage, out)
	}
	return commands(out, w.node, "WOULD RUN:"), out
}

// everything is state, and all else that the root of the node holds.
func (w *world) everything() string {
	return w.stateOf("etc", "var", "root", "tmp", "world", "usr/share", "usr/local")
}
