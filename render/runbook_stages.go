package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"requorum/model"
	"requorum/model/procedure"
)

// stage is a stage as the runbook tells it.
type stage struct {
	Name    string // the word to type
	Title   string
	Number  int    // the written procedure's section
	Section string // and its heading; empty where the procedure has no such stage
	Rows    []*row // who runs it, in the order of running
	InTurn  bool
	Alone   bool // one node runs it
	Close   string
	Barrier string
	LeftOut string
	Minutes int
	Steps   []step
	Asks    string // for whose stop codes it asks; empty if for nobody's
	Next    string // the stage that follows here; empty after the last

	gives map[string]bool // nodes that give a stop code at its end
}

// Gives reports whether a node gives a stop code at the stage's end.
func (s *stage) Gives(node string) bool { return s.gives[node] }

// step is one thing that a stage does.
type step struct {
	ID, Title string
	On        string // who does it; empty where all nodes of the stage do
	Commands  []string
	Place     string // in the written procedure, by heading and number; empty if it does not ask for the step
	Source    string // the same as the scripts print it
	Destroys  string
	Wait      int
	Proof     string
}

// addStages fills the stages.
func (b *book) addStages(p *model.Plan) {
	byName := make(map[string]*row, len(b.Nodes))
	for i := range b.Nodes {
		byName[b.Nodes[i].Name] = &b.Nodes[i]
	}
	views := make([]*stage, len(p.Stages))
	for i, st := range p.Stages {
		v := newStage(p, st)
		for _, name := range st.Nodes {
			v.Rows = append(v.Rows, byName[name])
		}
		v.Alone = len(v.Rows) == 1
		for _, s := range st.Steps {
			v.Steps = append(v.Steps, newStep(s, b.who(s.Nodes, v.Rows, byName)))
		}
		views[i] = v
		*b.slot(st.Name) = v
	}
	b.Stages = views
	b.FirstSprout = firstOf(model.Sprout, b.Confirm.Rows, b.Join.Rows)
	last := ""
	for _, v := range slices.Backward(views) {
		v.Next = last
		if v.LeftOut == "" {
			last = v.Name
		}
	}
}

// firstOf is the first node of a type in lists of nodes, nil if there is none.
func firstOf(t model.Type, lists ...[]*row) *row {
	for _, r := range slices.Concat(lists...) {
		if r.Type == string(t) {
			return r
		}
	}
	return nil
}

// slot is the field of a stage.
func (b *book) slot(name model.StageName) **stage {
	switch name {
	case model.Survey:
		return &b.Survey
	case model.Stop:
		return &b.Stop
	case model.Config:
		return &b.Config
	case model.Create:
		return &b.Create
	case model.Confirm:
		return &b.Confirm
	case model.Join:
		return &b.Join
	case model.Load:
		return &b.Load
	case model.Manage:
		return &b.Manage
	}
	return &b.Finish
}

func newStage(p *model.Plan, st model.Stage) *stage {
	number, section := sectionOf(p, st), ""
	if number >= 0 {
		section = procedure.Sections()[number]
	}
	return &stage{
		Name: string(st.Name), Title: Markdown(st.Title), Number: number, Section: section,
		InTurn: st.InTurn, Close: Markdown(st.Together), Barrier: Markdown(st.Barrier),
		LeftOut: Markdown(st.LeftOut), Minutes: st.Minutes,
		Asks: Markdown(asking(p, st)), gives: askedFor(p, st.Name),
	}
}

// sectionOf is the section of the written procedure that a stage carries out,
// by the first sentence that one of its steps cites; -1 if none does.
func sectionOf(p *model.Plan, st model.Stage) int {
	for _, s := range st.Steps {
		if len(s.Cites) > 0 {
			section, _ := sentencePlace(s.Cites[0])
			return section
		}
	}
	for _, o := range p.Omitted {
		if strings.HasPrefix(o.Step, string(st.Name)+"/") && len(o.Cites) > 0 {
			section, _ := sentencePlace(o.Cites[0])
			return section
		}
	}
	return -1
}

// sentencePlace splits the ID of a sentence: 1.7 is the seventh of section 1.
func sentencePlace(id string) (section, number int) {
	before, after, _ := strings.Cut(id, ".")
	section, _ = strconv.Atoi(before)
	number, _ = strconv.Atoi(after)
	return section, number
}

func newStep(s model.Step, on string) step {
	return step{
		ID: s.ID, Title: Markdown(s.Title), On: on, Commands: s.Commands,
		Place: headings(s.Cites), Source: citation(s),
		Destroys: Markdown(s.Destroys), Wait: s.Wait, Proof: Markdown(s.Proof),
	}
}

// headings names sentences by heading and number, each heading once:
// "Stop the etcd processes", 2 and 3.
func headings(cites []string) string {
	var parts []string
	for rest := cites; len(rest) > 0; {
		section, _ := sentencePlace(rest[0])
		var numbers []string
		for len(rest) > 0 {
			s, n := sentencePlace(rest[0])
			if s != section {
				break
			}
			numbers = append(numbers, strconv.Itoa(n))
			rest = rest[1:]
		}
		parts = append(parts, fmt.Sprintf("%q, %s", procedure.Sections()[section], inWords(numbers)))
	}
	return strings.Join(parts, "; ")
}

// inWords joins a list as a sentence does: "a, b and c".
func inWords(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// fewNodes is how many nodes a line names one by one.
const fewNodes = 4

// who says to which of a stage's nodes a step falls, and nothing where all of
// them do it.
func (b *book) who(names []string, all []*row, byName map[string]*row) string {
	if len(names) == len(all) {
		return ""
	}
	if len(names) <= fewNodes {
		return inWords(names)
	}
	for _, name := range names {
		if byName[name].Type != byName[names[0]].Type {
			return fmt.Sprintf("%d of the nodes", len(names))
		}
	}
	return fmt.Sprintf("each of the %d live %s nodes", len(names), byName[names[0]].Type)
}
