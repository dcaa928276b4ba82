// Package golden_test holds whole-pipeline tests: an inventory in, a bundle
// out, as a reviewer reads it.
//
// After a change of a template or of the planner run "make golden", then read
// the difference, and commit only what you understand.
package golden_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"requorum/model"
	"requorum/model/diag"
	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/check"
	"requorum/templates"
)

// exampleCase is the embedded example; its inventory lives with the templates.
const exampleCase = "example"

// caseNames lists the golden cases: each folder is there for the one reason
// that its inventory begins with.
func caseNames(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir("cases")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{exampleCase}
	for _, e := range entries {
		if e.Name() != exampleCase {
			names = append(names, e.Name())
		}
	}
	return names
}

// caseFiles gives the folder in which a case's inventory lies.
func caseFiles(t testing.TB, name string) fs.FS {
	t.Helper()
	if name == exampleCase {
		sub, err := fs.Sub(templates.FS, "example")
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	return os.DirFS(filepath.Join("cases", name))
}

// build takes a case from its inventory to plan and bundle, every check passed.
func build(t testing.TB, name string) (*model.Plan, *render.Bundle) {
	t.Helper()
	files := caseFiles(t, name)
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
	noErrors(t, check.Bundle(p, r, b))
	return p, b
}

func noErrors(t testing.TB, findings diag.List) {
	t.Helper()
	for _, f := range findings {
		if f.Severity == diag.Error {
			t.Error(f)
		}
	}
	if findings.HasErrors() {
		t.FailNow()
	}
}

// TestCases compares each case's bundle with the one that was reviewed.
func TestCases(t *testing.T) {
	for _, name := range caseNames(t) {
		t.Run(name, func(t *testing.T) {
			_, b := build(t, name)
			want := filepath.Join("cases", name, "want")
			if *update {
				rewrite(t, want, b)
			}
			compare(t, want, b)
		})
	}
}

// rewrite puts the bundle in place of the reviewed one.
func rewrite(t *testing.T, dir string, b *render.Bundle) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Bytes(), f.Mode); err != nil {
			t.Fatal(err)
		}
	}
}

// compare holds that both have the same files with the same bytes.
func compare(t *testing.T, dir string, b *render.Bundle) {
	t.Helper()
	reviewed := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		reviewed[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatalf("%v; run make golden", err)
	}
	for _, f := range b.Files {
		old, ok := reviewed[f.Path]
		if !ok {
			t.Errorf("%s is rendered but not reviewed; run make golden", f.Path)
			continue
		}
		if d := diff.Diff("reviewed/"+f.Path, old, "rendered/"+f.Path, f.Bytes()); d != nil {
			t.Errorf("%s differs; run make golden and read the difference\n%s", f.Path, d)
		}
		delete(reviewed, f.Path)
	}
	for _, path := range slices.Sorted(maps.Keys(reviewed)) {
		t.Errorf("%s was reviewed but is no longer rendered; run make golden", path)
	}
}
