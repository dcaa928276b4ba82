package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"requorum/model"
)

// TestAsking holds what runbook and plan say of the codes that a stage asks for.
func TestAsking(t *testing.T) {
	tests := []struct {
		name string
		d    *model.Deployment
		want map[model.StageName]string
	}{
		{"every stage", deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)), liveNodes("sprout", 1, 1)),
			map[model.StageName]string{
				model.Stop:    "",
				model.Config:  "Each script asks for the stop codes of the stage stop from all nodes but its own.",
				model.Create:  "Each script asks for the stop codes of the stage config from all nodes but its own.",
				model.Confirm: "The script of the first node asks for the stop codes of the stage create from all nodes but its own. The script of each node after it asks for the stop code of the node before it.",
				model.Join:    "The script asks for the stop code of the stage confirm from vellum-3.",
				model.Load:    "The script asks for the stop code of the stage join from sprout-1.",
				model.Manage:  "The script of each node but the first asks for the stop code of the node before it.",
				model.Finish:  "The script asks for the stop code of the stage manage from sprout-1.",
			}},
		{"two masters", deployment(failed(liveNodes("vellum", 1, 2)), liveNodes("bono", 1, 2)),
			map[model.StageName]string{
				model.Config:  "Each script asks for the stop code of the stage stop from the other node.",
				model.Confirm: "The script of the first node asks for the stop code of the stage create from the other node. The script of each node after it asks for the stop code of the node before it.",
				model.Load:    "",
				model.Manage:  "The script of the first node asks for the stop code of the stage confirm from bono-2. The script of each node after it asks for the stop code of the node before it.",
				model.Finish:  "",
			}},
	}
	for _, test := range tests {
		p := planOf(t, operated(2, test.d))
		for _, st := range p.Stages {
			if want, ok := test.want[st.Name]; ok && asking(p, st) != want {
				t.Errorf("%s, %s: %q, want %q", test.name, st.Name, asking(p, st), want)
			}
		}
	}
}

// TestCodesInTexts holds that runbook and plan tell of the stop codes where
// there are some, with a place for each of them, and nowhere else.
func TestCodesInTexts(t *testing.T) {
	r := runbookRenderer(t)
	words := regexp.MustCompile(`(?i)stop code|--codes|--override|operators`)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		text, plan := renderedRunbook(t, r, p), renderedPlan(t, r, p)
		if !p.Codes() {
			if found := words.FindString(text + plan); found != "" {
				t.Errorf("no codes, but %q", found)
			}
			return
		}
		given := 0
		for _, st := range p.Stages {
			for _, node := range st.Nodes {
				place := fmt.Sprintf("- [ ] `sudo bash %s.sh %s` on ", node, st.Name)
				_, behind, _ := strings.Cut(unfolded(text), place)
				next, _, _ := strings.Cut(behind, "- [ ]")
				gives := askedFor(p, st.Name)[node]
				if gives {
					given++
				}
				if strings.Contains(next, "Stop code: `___-___`") != gives {
					t.Errorf("%s on %s gives a code: %t; its box: %s", st.Name, node, gives, next)
				}
			}
			if says := asking(p, st); says != "" && (!strings.Contains(unfolded(text), says) || !strings.Contains(unfolded(plan), "before: "+says)) {
				t.Errorf("runbook and plan do not both say %q", says)
			}
		}
		if n := strings.Count(text, "`___-___`"); n != given {
			t.Errorf("%d places for %d codes", n, given)
		}
		for _, want := range []string{"### Stop codes", "Cross out every stop code", fmt.Sprintf("%d engineers", p.Operators)} {
			if !strings.Contains(unfolded(text), want) {
				t.Errorf("the runbook does not say %q", want)
			}
		}
		if !strings.Contains(plan, fmt.Sprintf("Operators: %d,", p.Operators)) {
			t.Error("the plan's text does not say how many operators there are")
		}
	})
}

// TestAskedFor holds the short cut of askedFor against the plain count.
func TestAskedFor(t *testing.T) {
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		for _, st := range p.Stages {
			plain := map[string]bool{}
			for _, w := range p.Waits {
				if w.Ended != st.Name {
					continue
				}
				for _, node := range w.By() {
					plain[node] = true
				}
			}
			if got := askedFor(p, st.Name); fmt.Sprint(got) != fmt.Sprint(plain) {
				t.Errorf("%s: %v, want %v", st.Name, got, plain)
			}
		}
	})
}

// TestOperatorsInPlanJSON holds that plan.json says nothing of operators where
// there is one: a plan of before and one of now have the same bytes.
func TestOperatorsInPlanJSON(t *testing.T) {
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		doc := PlanJSON(p, testID)
		if bytes.Contains(doc, []byte(`"operators"`)) != (p.Operators > 1) ||
			bytes.Contains(doc, []byte(`"asks_for_stop_codes"`)) != p.Codes() {
			t.Errorf("%d operators:\n%s", p.Operators, doc)
		}
	})
}
