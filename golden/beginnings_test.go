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

// TestBeginnings tries the whole catalogue of wrong beginnings on the smallest case, and
// on the others what fits none before them, so that each is tried: all of them on all
// cases would take minutes, which "make rehearsals" takes. TestRehearsals tries all of
// them on the example.
func TestBeginnings(t *testing.T) {
	tried := map[string]bool{}
	for _, name := range caseNames(t) {
		p, b := build(t, name)
		r, err := rehearse.New(p, b)
		if err != nil {
			t.Fatal(err)
		}
		fitting := r.BeginningNames()
		if name == exampleCase {
			for _, n := range fitting {
				tried[n] = true
			}
			continue
		}
		whole := len(p.Nodes) == 1
		only := func(n string) bool { return slices.Contains(fitting, n) && (whole || !tried[n]) }
		if !slices.ContainsFunc(fitting, only) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			holds(t, r.Clean)
			f, err := r.BeginningsOf(t.Context(), only)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range f.Failures {
				t.Errorf("%s: %+v", s.Broken, s.Steps)
			}
			if whole && f.Refused == 0 {
				t.Error("no script refuses any wrong beginning")
			}
			t.Logf("%d beginnings, %d refused, %d runs", f.Cases, f.Refused, f.Runs)
		})
		for _, n := range fitting {
			tried[n] = true
		}
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
