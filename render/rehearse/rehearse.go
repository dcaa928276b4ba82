// Package rehearse runs the very bytes of a bundle's scripts on an imaginary site, in
// the order of the plan, with faults, and tells whether the site ends recovered.
//
// A World stands for a site; the stories can be played on another one as well.
//
// What it proves is the logic of these bytes against the model in package site. It
// proves nothing about a real node.
package rehearse

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse/site"
)

// Turn is one stage on one node: what an engineer starts with one command.
type Turn struct {
	Stage model.StageName
	Node  string
}

// String names the turn as people do: stop on vellum-1.
func (t Turn) String() string { return string(t.Stage) + " on " + t.Node }

// Rehearsal is what all rehearsals of one plan share.
type Rehearsal struct {
	plan    *model.Plan
	shapes  map[string]render.Shape
	scripts map[string]*site.Script
	sources map[string][]string // the lines of each script
	turns   []Turn              // in the order of the plan
	codes   map[Turn]string     // the stop codes that the clean run has given
	begin   *site.Site          // a minute after the failure
	clean   []moment            // the clean run, turn by turn
	Workers int                 // rehearsals side by side; the report does not depend on it
	options Options
	only    func(Turn) bool // what a user has narrowed the rehearsal to; nil: everything
	// Progress, if there is one, is told how far a family is; from several goroutines.
	Progress func(family string, done, total int)
}

// moment is the site before a turn of the clean run, and how the turn went.
type moment struct {
	turn   Turn
	before *site.Site
	after  *site.Site
	result site.Result
	took   time.Duration
	trace  *trace
	states []state
}

// settling is how long an engineer takes from one command to the next.
const settling = time.Minute

// New prepares the rehearsals of a plan with the scripts of its bundle, which may
// have been edited since.
func New(p *model.Plan, b *render.Bundle) (*Rehearsal, error) {
	r := &Rehearsal{plan: p, shapes: map[string]render.Shape{}, scripts: map[string]*site.Script{},
		sources: map[string][]string{}, codes: map[Turn]string{}, Workers: runtime.GOMAXPROCS(0)}
	for _, s := range b.Scripts {
		f, ok := b.File(s.Path)
		if !ok {
			return nil, fmt.Errorf("%s is not in the bundle", s.Path)
		}
		script, err := site.Parse(s.Node, f.Bytes())
		if err != nil {
			return nil, err
		}
		r.scripts[s.Node], r.shapes[s.Node] = script, s.Shape
		r.sources[s.Node] = strings.Split(string(f.Bytes()), "\n")
	}
	for _, stage := range p.Stages {
		for _, node := range stage.Nodes {
			r.turns = append(r.turns, Turn{stage.Name, node})
		}
	}
	r.begin = site.New(p)
	r.begin.Advance(settling)
	return r, nil
}

// giving is the line by which a stage gives its stop code.
var giving = regexp.MustCompile(`Stop code of the stage (\S+) on (\S+): ([0-9a-f]{3}-[0-9a-f]{3})`)

// arguments are what an engineer types for a turn, with the stop codes of the turns
// that are done.
func (r *Rehearsal) arguments(t Turn, done func(Turn) bool) []string {
	args := []string{"--yes", t.Node}
	var codes []string
	for _, w := range r.plan.Waits {
		if w.Node != t.Node || w.Stage != t.Stage {
			continue
		}
		for _, node := range w.By() {
			if other := (Turn{w.Ended, node}); done(other) && r.codes[other] != "" {
				codes = append(codes, r.codes[other])
			}
		}
	}
	if len(codes) > 0 {
		args = append(args, "--codes", strings.Join(codes, " "))
	}
	return append(args, string(t.Stage))
}

// argumentsOf are those of many turns.
func (r *Rehearsal) argumentsOf(turns []Turn, done func(Turn) bool) [][]string {
	var list [][]string
	for _, t := range turns {
		list = append(list, r.arguments(t, done))
	}
	return list
}

// everything is the engineer's belief that all before is done.
func everything(Turn) bool { return true }

// take runs a turn on a site, and lets the time to the next one go by.
func (r *Rehearsal) take(ctx context.Context, s *site.Site, t Turn, done func(Turn) bool, w site.Watcher) (site.Result, error) {
	result, err := s.Execute(ctx, r.scripts[t.Node], r.arguments(t, done), w)
	if err != nil {
		return result, fmt.Errorf("%s: %w", t, err)
	}
	s.Advance(settling)
	return result, nil
}

// pass reports whether a turn was done and verified.
func pass(r site.Result) bool { return !r.Killed && r.Status == 0 }

// before gives the clean moment of a turn.
func (r *Rehearsal) moment(t Turn) moment {
	return r.clean[slices.Index(r.turns, t)]
}

// trace is what a watcher has seen of one run.
type trace struct {
	calls []called
}

// called is an external command that has run.
type called struct {
	site.Command
	status int
}

// recorder notes every command.
type recorder struct{ trace trace }

func (w *recorder) Before(*site.Site, site.Command) site.Verdict { return site.Run }

func (w *recorder) After(_ *site.Site, c site.Command, status int) {
	w.trace.calls = append(w.trace.calls, called{c, status})
}
