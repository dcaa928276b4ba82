package render

import (
	"fmt"
	"strings"

	"requorum/model"
)

// sheet is what the template of the plan's text knows. Nothing in it is
// escaped: it is for a terminal.
type sheet struct {
	ID, Deployment, Site string
	Operators            int
	Quorum               model.Quorum
	Choice               model.Choice
	Masters, Failed      string // names
	Source, Loader       string
	Cut                  cut
	Effects              effects
	Nodes                int
	Grid                 []string // nodes and stages, the first line the heading
	Stages               []sheetStage
	Times                timetable
	Destroys             []destroyed
	Waits                []waited
	Warnings             []warning
	Omitted              []omittedFor
}

type sheetStage struct {
	Name, How, Asks, Barrier, LeftOut string
	Nodes                             int
}

type destroyed struct {
	Step, What string
	Nodes      int
}

type waited struct {
	Step, For string
	Limit     int
}

// omittedFor gathers the steps that one reason leaves out.
type omittedFor struct{ Why, Steps string }

func newSheet(p *model.Plan, id string) *sheet {
	s := &sheet{
		ID: id, Deployment: p.Deployment, Site: p.Site, Quorum: p.Quorum, Choice: p.Choice,
		Masters: inWords(p.Choice.Masters), Source: p.Source, Loader: p.Loader,
		Operators: p.Operators, Effects: newEffects(p), Nodes: len(p.Nodes), Grid: grid(p), Times: newTimetable(p),
	}
	b := &book{}
	b.addNodes(p)
	s.Cut = newCut(p, b)
	var failed []string
	for _, n := range p.Failed {
		failed = append(failed, n.Name)
	}
	s.Failed = inWords(failed)
	for _, st := range p.Stages {
		s.addStage(st, asking(p, st))
	}
	for _, w := range p.Warnings {
		s.Warnings = append(s.Warnings, warning{w.Code, sentence(w.Text), sentence(w.Remedy)})
	}
	for _, o := range p.Omitted {
		s.omit(o)
	}
	return s
}

func (s *sheet) addStage(st model.Stage, asks string) {
	s.Stages = append(s.Stages, sheetStage{
		Name: string(st.Name), How: manner(st), Asks: asks,
		Barrier: st.Barrier, LeftOut: st.LeftOut, Nodes: len(st.Nodes),
	})
	for _, step := range st.Steps {
		if step.Destroys != "" {
			s.Destroys = append(s.Destroys, destroyed{Step: step.ID, What: step.Destroys, Nodes: len(step.Nodes)})
		}
		if step.Wait > 0 {
			s.Waits = append(s.Waits, waited{Step: step.ID, For: step.Title, Limit: step.Wait})
		}
	}
}

func (s *sheet) omit(o model.Omission) {
	for i := range s.Omitted {
		if s.Omitted[i].Why == o.Why {
			s.Omitted[i].Steps += ", " + o.Step
			return
		}
	}
	s.Omitted = append(s.Omitted, omittedFor{Why: o.Why, Steps: o.Step})
}

// grid lays the nodes over the stages: a line a node, a column a stage, an x
// where the node runs the stage. A name too long for the page has a line of
// its own.
func grid(p *model.Plan) []string {
	head := ""
	for _, st := range p.Stages {
		head += "  " + string(st.Name)
	}
	room := pageWidth - len(head) - len(margin)
	width := len("node")
	for _, n := range p.Nodes {
		if len(n.Name) <= room {
			width = max(width, len(n.Name))
		}
	}
	marks := newMarks(p)
	lines := []string{fmt.Sprintf("%s%-*s%s", margin, width, "node", head)}
	for i, n := range p.Nodes {
		if len(n.Name) > width {
			lines = append(lines, margin+n.Name)
			lines = append(lines, margin+strings.Repeat(" ", width)+marks[i])
			continue
		}
		lines = append(lines, fmt.Sprintf("%s%-*s%s", margin, width, n.Name, marks[i]))
	}
	return lines
}

const margin = "  "

// newMarks gives each node's cells of the grid.
func newMarks(p *model.Plan) []string {
	cells := make([]strings.Builder, len(p.Nodes))
	index := make(map[string]int, len(p.Nodes))
	for i, n := range p.Nodes {
		index[n.Name] = i
	}
	for _, st := range p.Stages {
		runs := make([]bool, len(p.Nodes))
		for _, name := range st.Nodes {
			runs[index[name]] = true
		}
		for i := range cells {
			mark := "."
			if runs[i] {
				mark = "x"
			}
			fmt.Fprintf(&cells[i], "  %-*s", len(st.Name), mark)
		}
	}
	out := make([]string, len(cells))
	for i := range cells {
		out[i] = strings.TrimRight(cells[i].String(), " ")
	}
	return out
}
