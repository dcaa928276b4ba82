package golden_test

import (
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse"
)

// cleanly rehearses a case as the plan has it; the run is over and done.
func cleanly(t *testing.T, name string) (*model.Plan, *render.Bundle, *rehearse.Rehearsal) {
	t.Helper()
	p, b := build(t, name)
	r, err := rehearse.New(p, b)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, r.Clean)
	if got, want := len(r.Transcript()), turnsOf(p); got != want {
		t.Fatalf("%d turns have run, want %d", got, want)
	}
	return p, b, r
}

func turnsOf(p *model.Plan) int {
	n := 0
	for _, st := range p.Stages {
		n += len(st.Nodes)
	}
	return n
}

func runbookOf(t *testing.T, b *render.Bundle) string {
	t.Helper()
	f, ok := b.File("RUNBOOK.md")
	if !ok {
		t.Fatal("no runbook")
	}
	return string(f.Bytes())
}

// TestRunbookIsAsRehearsed holds the runbook of each case, and the figures of the
// planner, against the clean rehearsal of the case.
func TestRunbookIsAsRehearsed(t *testing.T) {
	m := measured{}
	var adding sync.Mutex
	t.Run("cases", func(t *testing.T) {
		for _, name := range caseNames(t) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p, b, r := cleanly(t, name)
				runbook := runbookOf(t, b)
				t.Run("durations", func(t *testing.T) { runbookDurations(t, runbook, p, r) })
				t.Run("seen", func(t *testing.T) { runbookShowsWhatIsSeen(t, runbook, p, b, r) })
				adding.Lock()
				defer adding.Unlock()
				m.add(p, r)
			})
		}
	})
	t.Run("figures", m.holds)
}

// runbookDurations holds that the runbook prints how long the recovery takes as the
// rehearsal's clock has it, less than a minute off. The runbook knows the figures of the
// planner, a mean for each stage; the rehearsal what each turn took.
func runbookDurations(t *testing.T, runbook string, p *model.Plan, r *rehearse.Rehearsal) {
	d, differs := r.Durations(), false
	for _, c := range []struct {
		row  string
		took time.Duration
	}{{"shortest", d.Shortest}, {"expected", d.Expected}, {"longest", d.Longest}} {
		got := printedMinutes(t, runbook, c.row)
		if off := time.Duration(got)*time.Minute - c.took; off <= -time.Minute || off >= time.Minute {
			differs = true
			t.Errorf("the runbook prints %d min for %s; the rehearsal took %v", got, c.row, c.took)
		}
	}
	if differs {
		drift(t, p, r)
	}
}

// drift tells which stages the planner's figures do not fit.
func drift(t *testing.T, p *model.Plan, r *rehearse.Rehearsal) {
	t.Helper()
	for _, st := range p.Stages {
		var took []time.Duration
		sum := time.Duration(0)
		for _, turn := range r.Transcript() {
			if turn.Stage == st.Name {
				took = append(took, turn.Took)
				sum += turn.Took
			}
		}
		if planned := time.Duration(st.Seconds*len(took)) * time.Second; planned != sum {
			t.Logf("%s: the planner has %d s a node; its nodes took %v", st.Name, st.Seconds, took)
		}
	}
}

// printedMinutes reads a line of the runbook's table of durations.
func printedMinutes(t *testing.T, runbook, row string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\| `+row+`: .* \| (?:(\d+) h )?(\d+) min \|$`).FindAllStringSubmatch(runbook, -1)
	if len(m) != 1 {
		t.Fatalf("the runbook has %d lines for %s, want one", len(m), row)
	}
	hours, _ := strconv.Atoi(m[0][1])
	minutes, _ := strconv.Atoi(m[0][2])
	return 60*hours + minutes
}

// figures is what the planner says of a stage.
type figures struct {
	stage         model.StageName
	seconds, work int
}

// measured adds up what the rehearsals take of a stage for which the planner has the
// same figures.
type measured map[figures]sums

type sums struct {
	turns      int
	took, work time.Duration
}

func (m measured) add(p *model.Plan, r *rehearse.Rehearsal) {
	for _, turn := range r.Transcript() {
		st := p.Stage(turn.Stage)
		key := figures{st.Name, st.Seconds, st.Work}
		s := m[key]
		m[key] = sums{s.turns + 1, s.took + turn.Took, s.work + turn.Work}
	}
}

// holds tells where a figure of the planner is not the mean of what the rehearsals of
// all cases take, rounded to a second.
func (m measured) holds(t *testing.T) {
	mean := func(sum time.Duration, n int) int {
		all := time.Duration(n) * time.Second
		return int((sum + all/2) / all)
	}
	stages := map[model.StageName]bool{}
	for key, s := range m {
		stages[key.stage] = true
		got := figures{key.stage, mean(s.took, s.turns), mean(s.work, s.turns)}
		if got != key {
			t.Errorf("%s: model/planner/stages.go has seconds: %d, work: %d (with silent, where no old master lives); it should have seconds: %d, work: %d",
				key.stage, key.seconds, key.work, got.seconds, got.work)
		}
	}
	p, _ := build(t, exampleCase)
	for _, st := range p.Stages {
		if !stages[st.Name] {
			t.Errorf("no rehearsal has run %s", st.Name)
		}
		if 60*st.Minutes < st.Seconds {
			t.Errorf("%s: %d min a node is less than the %d s of the rehearsal", st.Name, st.Minutes, st.Seconds)
		}
	}
}
