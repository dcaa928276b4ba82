package rehearse

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"requorum/render/rehearse/site"
)

// Family is what one kind of rehearsals has shown.
type Family struct {
	Name     string
	Title    string
	Runs     int // of a stage on a node
	Cases    int // faults, orders or beginnings that were tried
	Refused  int // of them, those that a script refused with a true message
	Held     int // of them, those that no script holds back, as the runbook says
	Failures []Story
}

func (f *Family) fail(s Story) { f.Failures = append(f.Failures, s) }

// add takes the parts of a family together, in their order.
func (f *Family) add(parts ...Family) {
	for _, p := range parts {
		f.Runs += p.Runs
		f.Cases += p.Cases
		f.Refused += p.Refused
		f.Held += p.Held
		f.Failures = append(f.Failures, p.Failures...)
	}
}

// Story is the history of a rehearsal that has failed.
type Story struct {
	Steps  []Step
	Broken []string // what must hold and does not
}

// Step is one thing that happened.
type Step struct {
	Node    string
	Stage   string
	Line    int // of the script; 0 where no line is to blame
	Command string
	Source  string   // the line itself
	Printed []string // the end of what the engineer saw
	What    string   // in words
}

// event is the turn with which a story ends, or a fault within it.
type event struct {
	turn   Turn
	call   *called
	what   string
	result site.Result
}

// printedLines is how much of a run a story shows at most.
const printedLines = 24

// lastParagraph gives the lines of the verdict, with which an output ends.
func lastParagraph(output string) []string {
	text := strings.Trim(output, "\n")
	lines := strings.Split(strings.TrimPrefix(text[strings.LastIndex(text, "\n\n")+1:], "\n"), "\n")
	return lines[:min(len(lines), printedLines)]
}

// story tells how the clean run got to a turn, and what happened then.
func (r *Rehearsal) story(t Turn, e event, broken ...string) Story {
	return r.tell(t, []event{e}, broken...)
}

func (r *Rehearsal) tell(t Turn, events []event, broken ...string) Story {
	s := Story{Broken: broken}
	if before := r.stagesBefore(t); before != "" {
		s.Steps = append(s.Steps, Step{What: "as the plan has it: " + before})
	}
	for _, e := range events {
		if e.turn.Stage == "" {
			continue
		}
		step := Step{Node: e.turn.Node, Stage: string(e.turn.Stage), What: e.what}
		if e.call != nil {
			step.Line, step.Command = e.call.Line, strings.Join(e.call.Args, " ")
			if lines := r.sources[e.turn.Node]; e.call.Line > 0 && e.call.Line <= len(lines) {
				step.Source = strings.TrimSpace(lines[e.call.Line-1])
			}
		}
		switch {
		case e.result.Killed:
			step.What = join(step.What, "the script dies there")
		default:
			step.What = join(step.What, fmt.Sprintf("exit status %d", e.result.Status))
		}
		step.Printed = lastParagraph(e.result.Output)
		s.Steps = append(s.Steps, step)
	}
	return s
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// stagesBefore says in a line what the clean run had done before a turn.
func (r *Rehearsal) stagesBefore(t Turn) string {
	var list []string
	for _, u := range r.turns {
		if u == t {
			break
		}
		if len(list) == 0 || list[len(list)-1] != string(u.Stage) {
			list = append(list, string(u.Stage))
		}
	}
	return strings.Join(list, ", ")
}

// spread does the same with each of many things, on all cores, and keeps their order.
func spread[T, U any](ctx context.Context, r *Rehearsal, family string, list []T, f func(context.Context, T) (U, error)) ([]U, error) {
	results := make([]U, len(list))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.Workers)
	for i, v := range list {
		group.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			results[i], err = f(ctx, v)
			if r.Progress != nil {
				r.Progress(family, int(done.Add(1)), len(list))
			}
			return err
		})
	}
	return results, group.Wait()
}
