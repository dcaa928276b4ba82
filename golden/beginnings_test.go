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

// TestBeginnings tries wrong beginnings on the cases besides the example, with which
// TestRehearsals tries all that fit it. Of another case those are tried that may go
// otherwise than on an earlier one: those that fit no earlier case, and those that come
// to a node of a shape that no earlier case has, such as a Sprout that becomes a master.
// "make rehearsals" tries on every case all that fit it.
func TestBeginnings(t *testing.T) {
	known, fitted := map[render.Shape]bool{}, map[string]bool{}
	for _, name := range caseNames(t) {
		r := rehearsal(t, name)
		nodes, fresh := newShapes(t, name, known, plainShape), newNames(r, fitted)
		if name == exampleCase || len(nodes)+len(fresh) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			holds(t, r.Clean)
			cases := tries(t, r, func(n string) bool { return fresh[n] })
			for _, node := range nodes {
				r.Narrow(rehearse.Options{Node: node})
				cases += tries(t, r, func(n string) bool { return !fresh[n] })
			}
			if cases == 0 {
				t.Error("nothing has run")
			}
			t.Logf("%d beginnings, %d of them on no earlier case; nodes of new shapes: %v", cases, len(fresh), nodes)
		})
	}
}

// TestBeginningsFit holds that a golden case stands for each beginning.
func TestBeginningsFit(t *testing.T) {
	fitted := map[string]bool{}
	for _, name := range caseNames(t) {
		newNames(rehearsal(t, name), fitted)
	}
	for _, n := range rehearse.AllBeginnings() {
		if !fitted[n] {
			t.Errorf("%s: no case fits it", n)
		}
	}
}

// newNames gives the beginnings that fit a case and no earlier one, and notes them.
func newNames(r *rehearse.Rehearsal, fitted map[string]bool) map[string]bool {
	fresh := map[string]bool{}
	for _, n := range r.BeginningNames() {
		if !fitted[n] {
			fresh[n], fitted[n] = true, true
		}
	}
	return fresh
}

// tries tries the beginnings with these names, and counts them.
func tries(t *testing.T, r *rehearse.Rehearsal, only func(name string) bool) int {
	t.Helper()
	f, err := r.BeginningsOf(t.Context(), only)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Failures {
		t.Errorf("%s: %+v", f.Name, s)
	}
	return f.Cases
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
