//go:build lab

package lab

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"requorum/model"
	"requorum/model/diag"
	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/rehearse"
	"requorum/templates"
)

var (
	long = flag.Bool("long", false, "play the stories that make lab leaves to make lab-long")
	seed = flag.Uint64("seed", 0, "choose where scripts die by this seed; 0: by another one in each run")
)

// chosen is the seed of this run. It is printed, so that a run can be had again.
func chosen() uint64 {
	s := *seed
	for s == 0 {
		s = rand.Uint64N(1 << 32)
	}
	fmt.Printf("scripts die where the seed %d says\n", s)
	return s
}

// build makes the plan and the bundle of a golden case.
func build(t *testing.T, name string) (*model.Plan, *render.Bundle) {
	t.Helper()
	files := os.DirFS(filepath.Join("..", "cases", name))
	if name == "example" { // it is embedded with the templates
		files = os.DirFS(filepath.Join("..", "..", "templates", "example"))
	}
	src, err := fs.ReadFile(files, "inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, findings := inventory.Parse("inventory.yaml", src, func(path string) ([]byte, error) { return fs.ReadFile(files, path) })
	noErrors(t, findings)
	p, findings := planner.Build(d)
	noErrors(t, findings)
	r, findings, err := render.New(templates.FS, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	noErrors(t, findings)
	b, findings := r.Bundle(p)
	noErrors(t, findings)
	return p, b
}

func noErrors(t *testing.T, findings diag.List) {
	t.Helper()
	if findings.HasErrors() {
		t.Fatal(findings)
	}
}

// sites are as many as play at a time: memory and two cores are good for so many.
const sites = 13

// TestLab plays the rehearsal's own stories on real nodes, side by side: nearly all of it
// is waiting. Those of many nodes take longest, and begin first; among parallel subtests
// there would be no order.
func TestLab(t *testing.T) {
	t.Parallel()
	i := newImage(t)
	var report times
	list := append(stories(t), randomKills(t, "two-operators", chosen()))
	slices.SortStableFunc(list, func(a, b story) int { return len(b.plan.Nodes) - len(a.plan.Nodes) })
	var playing errgroup.Group
	playing.SetLimit(sites)
	for _, s := range list {
		playing.Go(func() error {
			t.Run(s.name, func(t *testing.T) { report.add(play(t, i, s)) })
			return nil
		})
	}
	_ = playing.Wait() // the stories tell their tests
	report.print(os.Stdout)
}

// story is a file that both the rehearsal and the lab play.
type story struct {
	name, file string
	plan       *model.Plan // of its golden case, with the bundle
	bundle     *render.Bundle
	source     []byte
}

// stories are those of this run. The first line of each names the golden case; a second
// one, "lab: long", leaves it to make lab-long.
func stories(t *testing.T) []story {
	t.Helper()
	files, err := filepath.Glob("../stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	var list []story
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head := strings.Split(string(txtar.Parse(source).Comment), "\n")
		if isLong := head[1] == "lab: long"; isLong != *long {
			continue
		}
		s := story{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), file: file, source: source}
		s.plan, s.bundle = build(t, strings.TrimPrefix(head[0], "case: "))
		list = append(list, s)
	}
	return list
}

// play plays one story on a site of its own, and then looks at the site.
func play(t *testing.T, i image, s story) row {
	r, err := rehearse.New(s.plan, s.bundle)
	if err != nil {
		t.Fatal(err)
	}
	told, findings := r.ParseStory(s.file, s.source)
	noErrors(t, findings)
	row := row{story: s.name, imaginary: &timer{World: r.Imaginary()}}
	if _, err := told.PlayOn(t.Context(), row.imaginary, io.Discard); err != nil {
		t.Fatal(err)
	}
	site := newSite(t, i, s.plan, s.bundle)
	row.real = &timer{World: newWorld(site)}
	var seen bytes.Buffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what is left of it lies in %s", site.keep(s.name, seen.Bytes()))
		}
	})
	broken, err := told.PlayOn(t.Context(), row.real, &seen)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range broken {
		t.Error(d)
	}
	for _, f := range site.faults() {
		t.Error("not recovered: " + f)
	}
	return row
}
