package rehearse

import (
	"slices"
	"strconv"
	"time"

	"requorum/model"
)

// Durations is how long a recovery takes on the clock of the site: the commands alone,
// since that clock knows nothing of typing, reading and comparing. The stages are one
// after the other, and a stage in turn costs the sum of its nodes in each of the three.
type Durations struct {
	// Shortest is with as many engineers as nodes: a stage that may run side by side
	// costs its slowest node.
	Shortest time.Duration

	// Expected is with as many engineers as the plan says. A stage that may run side
	// by side is dealt to them in order, one node each and then again from the first,
	// and each engineer waits at a node before he goes to the next; the one who is
	// last counts. But stop costs its slowest node, however few they are: the runbook
	// has it started everywhere first, and only then looked after (lab: a node's stop
	// is by far the longest wait of the recovery).
	Expected time.Duration

	// Longest is with one engineer, who waits at each node for its end, stop too, and
	// with every wait of the plan's steps to its limit.
	Longest time.Duration
}

// Durations tells how long the recovery takes, by what the clean run took: Clean must
// have come to its end.
func (r *Rehearsal) Durations() Durations {
	var d Durations
	for _, stage := range r.plan.Stages {
		var took []time.Duration
		for _, m := range r.clean {
			if m.turn.Stage == stage.Name {
				took = append(took, m.took)
				d.Longest += m.work() + limits(stage, m.turn.Node)
			}
		}
		if len(took) == 0 {
			continue
		}
		hands := max(1, r.plan.Operators)
		if stage.Name == model.Stop {
			hands = len(took)
		}
		if stage.InTurn {
			d.Shortest += dealt(took, 1)
			d.Expected += dealt(took, 1)
			continue
		}
		d.Shortest += dealt(took, len(took))
		d.Expected += dealt(took, hands)
	}
	return d
}

// dealt is when the last of some engineers is ready, to whom the turns of a stage are
// dealt in order.
func dealt(took []time.Duration, hands int) time.Duration {
	ready := make([]time.Duration, hands)
	for i, t := range took {
		ready[i%hands] += t
	}
	return slices.Max(ready)
}

// work is what a turn took outside its waits. The scripts wait by sleeping, and for
// nothing else.
func (m moment) work() time.Duration {
	work := m.took
	for _, c := range m.trace.calls {
		if c.Args[0] == "sleep" && c.status == 0 {
			seconds, _ := strconv.Atoi(c.Args[1]) // the sleep of the site takes nothing but a number
			work -= time.Duration(seconds) * time.Second
		}
	}
	return work
}

// limits is how long the waits of a stage's steps on a node may last together.
func limits(stage model.Stage, node string) time.Duration {
	seconds := 0
	for _, s := range stage.Steps {
		if slices.Contains(s.Nodes, node) {
			seconds += s.Wait
		}
	}
	return time.Duration(seconds) * time.Second
}
