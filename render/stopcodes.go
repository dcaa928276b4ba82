package render

import (
	"fmt"
	"strings"

	"requorum/model"
)

// stopCodes is what the heads of a plan with stop codes know of them, by node.
// It is empty for a plan without.
type stopCodes struct {
	waits map[string][]model.Wait // one a stage after stop
	gives map[string][]string     // stages
}

// newStopCodes lays the waits of a plan out by node. Each node has one for each
// of its stages, also where it asks for nothing: nodes of one shape then have
// the same number of values.
func newStopCodes(p *model.Plan) stopCodes {
	c := stopCodes{waits: map[string][]model.Wait{}, gives: map[string][]string{}}
	if !p.Codes() {
		return c
	}
	begun := false
	for _, st := range p.Stages {
		due, asked := waitsBefore(p, st.Name), askedFor(p, st.Name)
		for _, node := range st.Nodes {
			if begun {
				w := due[node]
				w.Stage = st.Name
				c.waits[node] = append(c.waits[node], w)
			}
			if asked[node] {
				c.gives[node] = append(c.gives[node], string(st.Name))
			}
		}
		begun = begun || st.Name == model.Stop
	}
	return c
}

// lines writes the waits of a node for its script.
func (c stopCodes) lines(node string) []Text {
	var list []Text
	for _, w := range c.waits[node] {
		words := []string{string(w.Stage)}
		if by := w.By(); len(by) > 0 {
			words = append(append(words, string(w.Ended)), by...)
		}
		list = append(list, Text(strings.Join(words, " ")))
	}
	return list
}

// waitsBefore gives what each node asks for before a stage.
func waitsBefore(p *model.Plan, stage model.StageName) map[string]model.Wait {
	due := map[string]model.Wait{}
	for _, w := range p.Waits {
		if w.Stage == stage {
			due[w.Node] = w
		}
	}
	return due
}

// askedFor tells which nodes give a code at the end of a stage: those for whose
// code somebody asks. Of the nodes that ask for all of a stage but their own, two
// together ask for all of it, so that the rest need not be looked at.
func askedFor(p *model.Plan, stage model.StageName) map[string]bool {
	asked := map[string]bool{}
	whole := 0
	for _, w := range p.Waits {
		if w.Ended != stage || len(w.Nodes) > 1 && whole == 2 {
			continue
		}
		if len(w.Nodes) > 1 {
			whole++
		}
		for _, node := range w.By() {
			asked[node] = true
		}
	}
	return asked
}

// asking says in a sentence for whose stop codes a stage asks; empty if for
// nobody's.
func asking(p *model.Plan, st model.Stage) string {
	due := waitsBefore(p, st.Name)
	var first, later string
	for _, node := range st.Nodes {
		switch w, waits := due[node]; {
		case waits && w.Ended == st.Name:
			later = "for the stop code of the node before it"
		case waits && first == "":
			first = whose(w)
		}
	}
	switch {
	case first == "" && later == "":
		return ""
	case len(st.Nodes) == 1:
		return "The script asks " + first + "."
	case !st.InTurn:
		return "Each script asks " + first + "."
	case first == "":
		return "The script of each node but the first asks " + later + "."
	case later == "":
		return "The script of the first node asks " + first + "."
	}
	return "The script of the first node asks " + first + ". The script of each node after it asks " + later + "."
}

// whose says whose codes a wait is for.
func whose(w model.Wait) string {
	switch by := w.By(); {
	case len(w.Nodes) == 1:
		return fmt.Sprintf("for the stop code of the stage %s from %s", w.Ended, by[0])
	case len(by) == 1:
		return fmt.Sprintf("for the stop code of the stage %s from the other node", w.Ended)
	case len(by) < len(w.Nodes):
		return fmt.Sprintf("for the stop codes of the stage %s from all nodes but its own", w.Ended)
	}
	return fmt.Sprintf("for the stop codes of the stage %s from all nodes", w.Ended)
}
