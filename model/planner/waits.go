package planner

import "requorum/model"

// waits lists what each node asks for before each stage, so that stop codes
// keep the order where nobody sees all nodes. Whoever begins a stage asks for
// the codes of the stage before it; in a stage that runs in turn, each node but
// the first asks for the code of the node before it alone, since that one has
// asked for the rest. Nobody asks for a code of its own.
//
// The recovery begins with stop: what comes before only looks, and neither
// asks nor is asked for.
func waits(stages []model.Stage) []model.Wait {
	var list []model.Wait
	var before *model.Stage // the last stage that somebody runs; nil until stop
	for i := range stages {
		st := &stages[i]
		if len(st.Nodes) == 0 || before == nil && st.Name != model.Stop {
			continue
		}
		if before != nil {
			list = append(list, waitsOf(st, before)...)
		}
		before = st
	}
	return list
}

// waitsOf lists what the nodes of a stage ask for, given the stage before it.
func waitsOf(st, before *model.Stage) []model.Wait {
	var list []model.Wait
	last := before.Nodes
	if before.InTurn {
		last = last[len(last)-1:]
	}
	for i, node := range st.Nodes {
		w := model.Wait{Stage: st.Name, Node: node, Ended: before.Name, Nodes: last}
		if st.InTurn && i > 0 {
			w.Ended, w.Nodes = st.Name, st.Nodes[i-1:i]
		}
		if alone := len(w.Nodes) == 1 && w.Nodes[0] == node; !alone {
			list = append(list, w)
		}
	}
	return list
}
