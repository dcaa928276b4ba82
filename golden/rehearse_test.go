package golden_test

import (
	"context"
	"testing"

	"requorum/render/rehearse"
)

// TestRehearsalIsClean rehearses every case as the plan has it, and each of its stages
// twice.
func TestRehearsalIsClean(t *testing.T) {
	for _, name := range caseNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, b := build(t, name)
			r, err := rehearse.New(p, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range []rehearsing{r.Clean, r.Twice} {
				holds(t, run)
			}
		})
	}
}

type rehearsing func(context.Context) (rehearse.Family, error)

// holds runs a family of rehearsals that must not fail.
func holds(t *testing.T, run rehearsing) {
	t.Helper()
	f, err := run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f.Runs == 0 {
		t.Errorf("%s: nothing has run", f.Name)
	}
	for _, s := range f.Failures {
		t.Errorf("%s: %+v", f.Name, s)
	}
}
