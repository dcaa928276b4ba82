package render

import (
	"fmt"
	"strings"

	"requorum/model"
)

// stopCodes is what the heads of a plan with stop codes know of them, by node. It
// is empty for a plan without.
type stopCodes struct {
	waits map[string][]Text   // a line a stage after stop
	gives map[string][]string // stages
}

// newStopCodes lays the waits of a plan out by node. Each node has a line for each
// of its stages, also where it asks for nothing: nodes of one shape then have
// the same number of values.
func newStopCodes(p *model.Plan) stopCodes {
	c := stopCodes{waits: map[string][]Text{}, gives: map[string][]string{}}
	if !p.Codes() {
		return c
	}
	begun := false
	for _, st := range p.Stages {
		due, asked := waitsBefore(p, st.Name), askedFor(p, st.Name)
		for _, node := range st.Nodes {
			if begun {
				c.waits[node] = append(c.waits[node], waitLine(st.Name, due[node]))
			}
			if asked[node] {
				c.gives[node] = append(c.gives[node], string(st.Name))
			}
		}
		begun = begun || st.Name == model.Stop
	}
	return c
}

func waitLine(stage model.StageName, w model.Wait) Text {
	words := []string{string(stage)}
	if len(w.By) > 0 {
		words = append(append(words, string(w.Ended)), w.By...)
	}
	return Text(strings.Join(words, " "))
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
// code somebody asks.
func askedFor(p *model.Plan, stage model.StageName) map[string]bool {
	asked := map[string]bool{}
	for _, w := range p.Waits {
		if w.Ended != stage {
			continue
		}
		for _, node := range w.By {
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
			first = whose(w, len(p.Stage(w.Ended).Nodes))
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

// whose says whose codes a wait is for, of the nodes that have run the stage.
func whose(w model.Wait, nodes int) string {
	switch {
	case len(w.By) == 1:
		return fmt.Sprintf("for the stop code of the stage %s from %s", w.Ended, w.By[0])
	case len(w.By) < nodes:
		return fmt.Sprintf("for the stop codes of the stage %s from all nodes but its own", w.Ended)
	}
	return fmt.Sprintf("for the stop codes of the stage %s from all nodes", w.Ended)
}
