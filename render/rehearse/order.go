package rehearse

import (
	"context"
	"fmt"
	"slices"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// early is a turn that is tried while another one, which the plan has before it, is
// not done.
type early struct {
	turn    Turn
	missing Turn
	whole   bool // nobody has done any of the missing turn's stage, nor of those after it
}

func (e early) String() string {
	if e.whole {
		return fmt.Sprintf("%s before the stage %s", e.turn, e.missing.Stage)
	}
	return fmt.Sprintf("%s without %s", e.turn, e.missing)
}

// kind is what the plan can say about an attempt without naming nodes.
type kind struct{ stage, missing model.StageName }

func (e early) kind() kind { return kind{e.turn.Stage, e.missing.Stage} }

// Order tries every turn too early, once for each barrier that forbids it: while one
// node has not done the stage before, while the node before it in turn has not, and
// while nobody has begun an earlier stage. Either a script refuses, or the plan says
// that only people hold this order. Where that has changed anything, the plan is then
// carried on from what is missing, and must reach the goal.
func (r *Rehearsal) Order(ctx context.Context) (Family, error) {
	f := Family{Name: "order", Title: "each stage too early"}
	attempts, err := spread(ctx, r, f.Name, r.forbidden(), r.tryEarly)
	if err != nil {
		return f, err
	}
	var passed []kind
	var open []*attempt // what is carried on
	for _, a := range attempts {
		f.Cases++
		f.Runs += a.runs
		switch {
		case !a.passed:
			f.Refused++
		case !slices.Contains(passed, a.kind()):
			passed = append(passed, a.kind()) // one that has passed stands for the others of its kind
		default:
			continue
		}
		if a.changed {
			open = append(open, a)
		}
	}
	parts, err := spread(ctx, r, "", open, r.carryOn)
	f.add(parts...)
	if r.only == nil {
		f.add(r.compareHeld(attempts, passed))
	}
	return f, err
}

// compareHeld holds the plan's list of what only people hold against what has passed.
func (r *Rehearsal) compareHeld(attempts []*attempt, passed []kind) Family {
	var f Family
	var held []kind
	for _, h := range r.plan.Held {
		held = append(held, kind{h.Stage, h.Before})
	}
	for _, a := range attempts {
		if !a.passed {
			continue
		}
		f.Held++
		if !slices.Contains(held, a.kind()) {
			f.fail(Story{Steps: []Step{{Node: a.turn.Node, Stage: string(a.turn.Stage), What: "done, although it is too early: " + a.String()}},
				Broken: []string{"a script refuses, or the runbook says that only people hold this order"}})
		}
	}
	for _, h := range held {
		if !slices.Contains(passed, h) {
			f.fail(Story{Broken: []string{fmt.Sprintf("the runbook says that only people keep %s from running before %s is done; a script does it", h.stage, h.missing)}})
		}
	}
	return f
}

// forbidden lists what the barriers forbid. Scripts of one shape stand for each other.
func (r *Rehearsal) forbidden() []early {
	standing, representatives := r.standing(), r.representatives()
	var list []early
	for _, t := range standing {
		number := slices.IndexFunc(r.plan.Stages, func(s model.Stage) bool { return s.Name == t.Stage })
		for i, stage := range r.plan.Stages[:number] {
			if len(stage.Nodes) == 0 {
				continue
			}
			list = append(list, early{turn: t, missing: Turn{stage.Name, stage.Nodes[0]}, whole: true})
			if i != r.stageBefore(number) {
				continue
			}
			for _, node := range stage.Nodes {
				if missing := (Turn{stage.Name, node}); slices.Contains(representatives, missing) || node == t.Node {
					list = append(list, early{turn: t, missing: missing})
				}
			}
		}
	}
	return append(list, r.outOfTurn(standing)...)
}

// outOfTurn lists what is forbidden where nodes take turns: a node before the one that
// is before it. Besides those that stand for others, the first ones are tried.
func (r *Rehearsal) outOfTurn(standing []Turn) []early {
	const first = 4
	var list []early
	for _, stage := range r.plan.Stages {
		if !stage.InTurn {
			continue
		}
		for i, node := range stage.Nodes {
			if t := (Turn{stage.Name, node}); i > 0 && (i < first && r.only == nil || slices.Contains(standing, t)) {
				list = append(list, early{turn: t, missing: Turn{stage.Name, stage.Nodes[i-1]}})
			}
		}
	}
	return list
}

// stageBefore gives the last stage before another one that anybody runs; -1 if there
// is none.
func (r *Rehearsal) stageBefore(number int) int {
	for i := number - 1; i >= 0; i-- {
		if len(r.plan.Stages[i].Nodes) > 0 {
			return i
		}
	}
	return -1
}

// attempt is a turn that was tried too early.
type attempt struct {
	early
	passed  bool // the script has gone through
	changed bool // the site is not what it would be without the attempt
	result  site.Result
	site    *site.Site
	done    map[Turn]bool
	runs    int
}

// tryEarly makes one attempt.
func (r *Rehearsal) tryEarly(ctx context.Context, e early) (*attempt, error) {
	a := &attempt{early: e, done: map[Turn]bool{}}
	if err := r.until(ctx, a); err != nil {
		return nil, err
	}
	without := a.site.Clone()
	without.Advance(settling)
	a.runs++
	result, err := r.take(ctx, a.site, e.turn, func(t Turn) bool { return a.done[t] }, nil)
	a.result, a.passed, a.changed = result, pass(result), a.site.Key() != without.Key()
	return a, err
}

// carryOn does what is missing, and the rest of the plan.
func (r *Rehearsal) carryOn(ctx context.Context, a *attempt) (Family, error) {
	var f Family
	person := &engineer{rehearsal: r, world: r.imagine(a.site, r.begin), done: a.done, events: []event{
		{turn: a.missing, what: "not done yet"}, {turn: a.turn, what: "too early", result: a.result}}}
	broken, err := person.finish(ctx, slices.Index(r.turns, a.missing))
	f.Runs = person.runs
	if len(broken) > 0 {
		f.fail(r.tell(a.missing, person.events, broken...))
	}
	return f, err
}

// until makes the site on which an attempt is made: everything before the missing
// turn is done, and of its stage what can be done without it.
func (r *Rehearsal) until(ctx context.Context, a *attempt) error {
	from := r.first(a.missing.Stage)
	inTurn := !a.whole && a.missing.Stage == a.turn.Stage
	if inTurn {
		from = slices.Index(r.turns, a.missing)
	}
	for _, t := range r.turns[:from] {
		a.done[t] = true
	}
	a.site = r.clean[from].before.Clone()
	if a.whole || inTurn {
		return nil
	}
	for _, t := range r.turns[from:] {
		if t.Stage != a.missing.Stage {
			break
		}
		if t == a.missing {
			continue
		}
		a.runs++
		result, err := r.take(ctx, a.site, t, func(t Turn) bool { return a.done[t] }, nil)
		if err != nil {
			return err
		}
		a.done[t] = pass(result)
	}
	return nil
}
