package golden_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
)

// TestRestore puts a copy back by the very commands that the runbook gives, and
// finds local_config as it was: its bytes, owner, mode and time.
func TestRestore(t *testing.T) {
	needRoot(t)
	for _, tear := range tearings {
		if !slices.Contains(tear.files, config) {
			continue
		}
		t.Run(tear.golden+"/"+tear.node, func(t *testing.T) {
			t.Parallel()
			_, b := build(t, tear.golden)
			s, w := tear.at(t)
			c := w.wrap(s.Source(), tear.stage)
			was := c.entry(config)
			w.must(tear.stage)
			c = w.wrap(s.Source(), tear.stage)
			if c.entry(config) == was {
				t.Fatal("the stage did not change local_config")
			}
			w.putBack(b, tear.stage)
			if is := w.wrap(s.Source(), tear.stage).entry(config); is != was {
				t.Errorf("put back, local_config is %s\nbut it was  %s", is, was)
			}
			// What Chef does, the stage mends, although etcd runs already (T22).
			w.must(tear.stage)
			if c.entry(config) == was {
				t.Error("run again, the stage did not change local_config")
			}
		})
	}
}

// entry describes one path with its times.
func (c *wrapped) entry(path string) string {
	c.t.Helper()
	info, err := os.Lstat(c.path(path))
	c.must0(err)
	return c.describe(path, info, true)
}

var (
	putBackPart  = regexp.MustCompile(`(?s)\n### Put a copy back\n(.*?)\n##`)
	commandBlock = regexp.MustCompile("(?s)\n```[a-z]*\n(.*?)```\n")
)

// putBack runs what the runbook says, with TIME-STAGE filled in.
func (w *world) putBack(b *render.Bundle, stage model.StageName) {
	w.t.Helper()
	var runbook string
	for _, f := range b.Files {
		if f.Path == "RUNBOOK.md" {
			runbook = string(f.Bytes())
		}
	}
	part := putBackPart.FindStringSubmatch(runbook)
	if part == nil {
		w.t.Fatal("the runbook has no part \"Put a copy back\"")
	}
	folders, err := filepath.Glob(w.path(copiesFolder) + "/*/*-" + string(stage))
	w.must0(err)
	if len(folders) != 1 {
		w.t.Fatalf("copies of stage %s: %v", stage, folders)
	}
	w.write("/usr/local/sbin/sudo", []byte("#!/bin/sh\nexec \"$@\"\n"))
	var commands string
	for _, block := range commandBlock.FindAllStringSubmatch(part[1], -1) {
		for line := range strings.Lines(block[1]) {
			if strings.HasPrefix(line, "sudo ") {
				commands += strings.ReplaceAll(line, "TIME-STAGE", filepath.Base(folders[0]))
			}
		}
	}
	if !strings.Contains(commands, config) {
		w.t.Fatalf("the commands of the runbook do not put local_config back:\n%s", commands)
	}
	out := w.shell("PATH=/usr/local/sbin:$PATH\n" + commands)
	if !strings.Contains(out, filepath.Base(folders[0])) {
		w.t.Errorf("the commands of the runbook do not show the copies:\n%s\n%s", commands, out)
	}
}

// TestCopiesStand runs stop twice over different data: there are two copies then,
// and the first is as it was.
func TestCopiesStand(t *testing.T) {
	needRoot(t)
	p, b := build(t, "example")
	i := slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Node == "vellum-1" })
	s := b.Scripts[i]
	w := newWorld(t, p, s)
	stopped := func() map[string]string {
		w.must(model.Stop)
		return w.wrap(s.Source(), model.Stop).copies()
	}
	first := stopped()
	if got := stopped(); differences(first, got) != "" {
		t.Errorf("stop with nothing to wipe changed the copies:\n%s", differences(first, got))
	}
	w.must(model.Config)
	w.must(model.Create)
	w.shell(`echo second >/var/lib/clearwater-etcd/second`)
	second := stopped()
	for path, what := range first {
		if second[path] != what {
			t.Errorf("%s was %q and is %q", path, what, second[path])
		}
	}
	by := kept(second)
	for _, path := range []string{"var/lib/clearwater-etcd/.hidden", "var/lib/clearwater-etcd/second"} {
		if len(by[path]) != 1 {
			t.Errorf("copies of %s: %v", path, by[path])
		}
	}
	folders, err := filepath.Glob(w.path(copiesFolder) + "/*/*-stop")
	if err != nil || len(folders) != 2 {
		t.Errorf("folders of copies: %v, %v", folders, err)
	}
}
