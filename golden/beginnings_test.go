package golden_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse"
)

// TestBeginnings tries every wrong beginning on every case that it fits; TestRehearsals
// does so with the example.
func TestBeginnings(t *testing.T) {
	tried := map[string]bool{}
	for _, name := range caseNames(t) {
		r := rehearsal(t, name)
		for _, n := range r.BeginningNames() {
			tried[n] = true
		}
		if name == exampleCase {
			continue
		}
		t.Run(name, func(t *testing.T) {
			holds(t, r.Clean)
			holds(t, r.Beginnings)
		})
	}
	for _, n := range rehearse.AllBeginnings() {
		if !tried[n] {
			t.Errorf("%s: no case fits it", n)
		}
	}
}

// TestBeginningsCanFail makes a script blind for what it refuses, one thing at a time.
func TestBeginningsCanFail(t *testing.T) {
	for _, blind := range []struct {
		name     string // of the beginning that must fail then
		function string // of the scripts that finds nothing any more
	}{
		{"different-shared-config", "published_matches"},
		{"chef-reverts-late", "check_role_kept"},
		{"failed-node-returns-confirm", "check_fenced"},
		{"joining-late", "check_unfinished"},
	} {
		t.Run(blind.name, func(t *testing.T) {
			t.Parallel()
			p, b := build(t, "two-live-vellums")
			f, err := begins(t, p, blinded(t, b, blind.function), blind.name)
			if err == nil && f.Cases != 1 {
				t.Fatalf("%d beginnings have this name and fit the case", f.Cases)
			}
			if err == nil && len(f.Failures) == 0 {
				t.Errorf("nothing fails although %s finds nothing", blind.function)
			}
		})
	}
}

func begins(t *testing.T, p *model.Plan, b *render.Bundle, name string) (rehearse.Family, error) {
	t.Helper()
	r, err := rehearse.New(p, b)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := r.Clean(t.Context()); err != nil || len(f.Failures) > 0 {
		t.Fatal("the clean run fails already", err)
	}
	return r.BeginningsOf(t.Context(), func(n string) bool { return n == name })
}

// blinded lets a function of every script say at once that all is right.
func blinded(t *testing.T, b *render.Bundle, function string) *render.Bundle {
	t.Helper()
	edited := *b
	edited.Files = slices.Clone(b.Files)
	met := false
	for i, f := range edited.Files {
		if strings.HasSuffix(f.Path, ".sh") {
			head := []byte("\n" + function + "() {\n")
			met = met || bytes.Contains(f.Bytes(), head)
			edited.Files[i].Parts = [][]byte{bytes.Replace(f.Bytes(), head, append(slices.Clone(head), "return 0\n"...), 1)}
		}
	}
	if !met {
		t.Fatalf("no script has the function %s", function)
	}
	return &edited
}
