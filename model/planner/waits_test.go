package planner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"requorum/model"
	"requorum/model/planner"
)

// TestWaits holds who asks for whose stop codes, a line a node and stage.
func TestWaits(t *testing.T) {
	tests := []struct {
		name string
		site []string
		want string
	}{
		{"every stage", []string{"vellum*3", "vellum!*3", "bono-*1", "sprout-*1"}, `
			config bono-1: stop of sprout-1 vellum-1 vellum-2 vellum-3
			config sprout-1: stop of bono-1 vellum-1 vellum-2 vellum-3
			config vellum-1: stop of bono-1 sprout-1 vellum-2 vellum-3
			config vellum-2: stop of bono-1 sprout-1 vellum-1 vellum-3
			config vellum-3: stop of bono-1 sprout-1 vellum-1 vellum-2
			create vellum-1: config of bono-1 sprout-1 vellum-2 vellum-3
			create vellum-2: config of bono-1 sprout-1 vellum-1 vellum-3
			create vellum-3: config of bono-1 sprout-1 vellum-1 vellum-2
			confirm vellum-1: create of vellum-2 vellum-3
			confirm vellum-2: confirm of vellum-1
			confirm vellum-3: confirm of vellum-2
			join bono-1: confirm of vellum-3
			join sprout-1: join of bono-1
			load vellum-1: join of sprout-1
			manage vellum-2: manage of vellum-1
			manage vellum-3: manage of vellum-2
			manage bono-1: manage of vellum-3
			manage sprout-1: manage of bono-1
			finish vellum-1: manage of sprout-1`},
		{"all masters: no join", []string{"vellum*1", "vellum!*2", "sprout-*1"}, `
			config sprout-1: stop of vellum-1
			config vellum-1: stop of sprout-1
			create sprout-1: config of vellum-1
			create vellum-1: config of sprout-1
			confirm vellum-1: create of sprout-1
			confirm sprout-1: confirm of vellum-1
			load vellum-1: confirm of sprout-1
			manage sprout-1: manage of vellum-1
			finish vellum-1: manage of sprout-1`},
		{"no live Vellum: no load", []string{"vellum!*2", "bono-*1", "sprout-*1"}, `
			config bono-1: stop of sprout-1
			config sprout-1: stop of bono-1
			create bono-1: config of sprout-1
			create sprout-1: config of bono-1
			confirm bono-1: create of sprout-1
			confirm sprout-1: confirm of bono-1
			manage bono-1: confirm of sprout-1
			manage sprout-1: manage of bono-1`},
		{"no other node: the last one asks for nothing of its own", []string{"vellum*3", "dime!*3"}, `
			config vellum-1: stop of vellum-2 vellum-3
			config vellum-2: stop of vellum-1 vellum-3
			config vellum-3: stop of vellum-1 vellum-2
			create vellum-1: config of vellum-2 vellum-3
			create vellum-2: config of vellum-1 vellum-3
			create vellum-3: config of vellum-1 vellum-2
			confirm vellum-1: create of vellum-2 vellum-3
			confirm vellum-2: confirm of vellum-1
			confirm vellum-3: confirm of vellum-2
			load vellum-1: confirm of vellum-3
			manage vellum-2: manage of vellum-1
			manage vellum-3: manage of vellum-2`},
		{"one live node waits for nobody", []string{"vellum*1", "vellum!*1"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := site(test.site...)
			d.Operators = 2
			p, findings := planner.Build(d)
			if p == nil {
				t.Fatal(findings)
			}
			var got []string
			for _, w := range p.Waits {
				got = append(got, string(w.Stage)+" "+w.Node+": "+string(w.Ended)+" of "+strings.Join(w.By(), " "))
			}
			var want []string
			for line := range strings.Lines(test.want) {
				if line = strings.TrimSpace(line); line != "" {
					want = append(want, line)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p.Codes() != (len(want) > 0) {
				t.Errorf("codes: %t", p.Codes())
			}
		})
	}
}

// TestOneOperatorWaits holds that nobody waits for a code where one engineer
// sees everything, however the inventory says so.
func TestOneOperatorWaits(t *testing.T) {
	for _, operators := range []int{0, 1} {
		d := site("vellum*3", "vellum!*3", "sprout-*1")
		d.Operators = operators
		p, _ := planner.Build(d)
		if p.Operators != 1 || p.Waits != nil || p.Codes() {
			t.Errorf("%d operators: plan of %d, waits %v", operators, p.Operators, p.Waits)
		}
	}
}

// TestWaitsBegin holds that a stage before stop neither asks nor is asked for,
// and that a stage which nobody runs is passed over.
func TestWaitsBegin(t *testing.T) {
	d := site("vellum*3", "vellum!*3", "sprout-*1")
	d.Operators = 3
	p, _ := planner.Build(d)
	stages := map[model.StageName]bool{}
	for _, w := range p.Waits {
		stages[w.Stage], stages[w.Ended] = true, true
		for _, by := range w.By() {
			if by == w.Node {
				t.Errorf("%s asks for its own code before %s", w.Node, w.Stage)
			}
		}
	}
	for _, st := range p.Stages {
		before := st.Name != model.Stop && p.Stages[0].Name == st.Name
		if stages[st.Name] == before {
			t.Errorf("stage %s is in a wait: %t", st.Name, stages[st.Name])
		}
	}
	for _, w := range p.Waits {
		if w.Stage == model.Stop {
			t.Errorf("stop of %s asks for %v", w.Node, w)
		}
	}
}
