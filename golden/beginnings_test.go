package golden_test

import (
	"os"
	"testing"

	"requorum/render/rehearse"
)

func TestBeginnings(t *testing.T) {
	for _, name := range caseNames(t) {
		t.Run(name, func(t *testing.T) {
			p, b := build(t, name)
			r, err := rehearse.New(p, b)
			if err != nil {
				t.Fatal(err)
			}
			holds(t, r.Clean)
			only := os.Getenv("ONLY")
			f, err := r.BeginningsOf(t.Context(), func(n string) bool { return only == "" || only == n })
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range f.Failures {
				t.Logf("==== broken %v", s.Broken)
				for _, step := range s.Steps {
					t.Logf("  -- %s %s: %s", step.Node, step.Stage, step.What)
					for _, l := range step.Printed {
						t.Log("       ", l)
					}
				}
			}
			t.Logf("cases %d refused %d runs %d", f.Cases, f.Refused, f.Runs)
			if len(f.Failures) > 0 {
				t.Fail()
			}
		})
	}
}
