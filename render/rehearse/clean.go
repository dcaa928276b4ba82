package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"requorum/render/rehearse/site"
)

// Clean runs the recovery as the plan has it, once and without a fault, and holds
// that it reaches the goal. The other families start from its moments.
func (r *Rehearsal) Clean(ctx context.Context) (Family, error) {
	f := Family{Name: "clean", Title: "the plan, step by step"}
	s := r.begin.Clone()
	for _, t := range r.turns {
		m := moment{turn: t, before: s.Clone()}
		w := &snapshots{node: t.Node}
		began := s.Now
		result, err := s.Execute(ctx, r.scripts[t.Node], r.arguments(t, everything), w)
		if err != nil {
			return f, fmt.Errorf("%s: %w", t, err)
		}
		m.took, m.result, m.trace, m.states = s.Now-began, result, &w.trace, w.states
		s.Advance(settling)
		m.after = s.Clone()
		r.clean = append(r.clean, m)
		f.Runs++
		if r.Progress != nil {
			r.Progress(f.Name, f.Runs, len(r.turns))
		}
		for _, code := range giving.FindAllStringSubmatch(result.Output, -1) {
			r.codes[t] = code[3]
		}
		if !pass(result) {
			f.fail(r.story(t, event{turn: t, result: result}, fmt.Sprintf("the stage is done: exit status %d", result.Status)))
			return f, nil
		}
	}
	if faults := s.Faults(r.plan, r.begin); len(faults) > 0 {
		f.fail(r.story(r.turns[len(r.turns)-1], event{}, faults...))
	}
	return f, nil
}

// Twice runs every stage a second time right after the first: there is nothing left to
// do.
func (r *Rehearsal) Twice(ctx context.Context) (Family, error) {
	f := Family{Name: "twice", Title: "every stage run again, which changes nothing"}
	moments := slices.DeleteFunc(slices.Clone(r.clean), func(m moment) bool { return r.only != nil && !r.only(m.turn) })
	results, err := spread(ctx, r, f.Name, moments, func(ctx context.Context, m moment) (Family, error) {
		part := Family{}
		s := m.after.Clone()
		result, err := r.take(ctx, s, m.turn, everything, nil)
		if err != nil {
			return part, err
		}
		part.Runs++
		switch changed := m.after.Changes(s, m.turn.Node); {
		case !pass(result):
			part.fail(r.story(m.turn, event{turn: m.turn, result: result}, "a stage that is done may be run again"))
		case len(changed) > 0:
			part.fail(r.story(m.turn, event{turn: m.turn, result: result}, changed...))
		case strings.Contains(result.Output, ": run: "):
			part.fail(r.story(m.turn, event{turn: m.turn, result: result}, "it has run a command that changes something"))
		}
		return part, nil
	})
	f.add(results...)
	return f, err
}

// snapshots notes every command, and the site wherever it has changed.
type snapshots struct {
	recorder
	node   string
	states []state
}

// state is the site at one point within a run: before or after a command.
type state struct {
	at    int // commands that have run before
	key   site.Key
	site  *site.Site
	saved site.Key // of what would be left of the node's files if the power failed
}

func (w *snapshots) Before(s *site.Site, c site.Command) site.Verdict {
	w.note(s)
	return site.Run
}

func (w *snapshots) After(s *site.Site, c site.Command, status int) {
	w.recorder.After(s, c, status)
	w.note(s)
}

func (w *snapshots) note(s *site.Site) {
	now := state{at: len(w.trace.calls), key: s.Key(), saved: s.Saved(w.node)}
	if n := len(w.states); n > 0 && w.states[n-1].key == now.key && w.states[n-1].saved == now.saved {
		return
	}
	now.site = s.Clone()
	w.states = append(w.states, now)
}
