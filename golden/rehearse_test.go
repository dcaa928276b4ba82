package golden_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse"
)

type rehearsing func(context.Context) (rehearse.Family, error)

// TestRehearsals rehearses every case: as the plan has it, every stage twice, and every
// stage too early. The example is rehearsed whole, as the program does it.
func TestRehearsals(t *testing.T) {
	for _, name := range caseNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rehearsal(t, name)
			if name == exampleCase || *rehearsals {
				keeps(t, name, report(t, r, rehearse.Options{}))
				return
			}
			for _, run := range []rehearsing{r.Clean, r.Twice, r.Order} {
				holds(t, run)
			}
		})
	}
}

// TestFaults lets every command of the scripts fail, kills them there and takes the
// power away. Scripts of the same shape differ in their values alone, so a shape that
// an earlier case has had is left out; so is one that differs from such a shape by
// less: without Cassandra, or with stop codes.
func TestFaults(t *testing.T) {
	known := map[render.Shape]bool{}
	for _, name := range caseNames(t) {
		nodes := newShapes(t, name, known, plainShape)
		if name == exampleCase || len(nodes) == 0 { // TestRehearsals has the example
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rehearsal(t, name)
			holds(t, r.Clean)
			for _, node := range nodes {
				r.Narrow(rehearse.Options{Node: node})
				holds(t, r.Faults)
			}
		})
	}
}

// newShapes gives a node of each shape that is not known, but for what reduced leaves
// out, and notes them.
func newShapes(t *testing.T, name string, known map[render.Shape]bool, reduced func(render.Shape) render.Shape) (nodes []string) {
	t.Helper()
	_, b := build(t, name)
	for _, s := range b.Scripts {
		if shape := reduced(s.Shape); !known[shape] {
			nodes = append(nodes, s.Node)
			known[shape] = true
		}
	}
	return nodes
}

// plainShape is a shape with all that Cassandra asks for and without stop codes.
func plainShape(s render.Shape) render.Shape {
	s.Cassandra, s.Codes = true, false
	return s
}

// withCassandra is a shape with all that Cassandra asks for.
func withCassandra(s render.Shape) render.Shape {
	s.Cassandra = true
	return s
}

// TestRehearsalOnOneCore holds that a report is the same whatever the number of cores,
// and from run to run.
func TestRehearsalOnOneCore(t *testing.T) {
	on := func(workers int) *rehearse.Report {
		r := rehearsal(t, smallCase)
		r.Workers = workers
		return report(t, r, rehearse.Options{Faults: rehearse.Pairs, Seed: 7, Stage: model.Create})
	}
	one, many := on(1), on(8)
	if !reflect.DeepEqual(one, many) {
		t.Errorf("on one core\n%+v\non eight\n%+v", one, many)
	}
}

func report(t *testing.T, r *rehearse.Rehearsal, o rehearse.Options) *rehearse.Report {
	t.Helper()
	report, err := r.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// keeps holds that nothing has failed. The example's report is compared with the one
// that is kept, which the README shows too.
func keeps(t *testing.T, name string, report *rehearse.Report) {
	t.Helper()
	var text bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if report.Failed() {
		t.Errorf("%s", text.String())
	}
	if name != exampleCase {
		return
	}
	kept := filepath.Join("rehearsals", name+".txt")
	if *update {
		if err := os.WriteFile(kept, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := diff.Diff(kept, read(t, kept), "report", text.Bytes()); d != nil {
		t.Errorf("%s", d)
	}
}

// smallCase is the one with the fewest nodes.
const smallCase = "known-good-config"

func rehearsal(t testing.TB, name string) *rehearse.Rehearsal {
	t.Helper()
	p, b := build(t, name)
	r, err := rehearse.New(p, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

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
