package render

import (
	"cmp"
	"slices"
	"strings"

	"requorum/model"
	"requorum/model/procedure"
)

// section is a section of the written procedure with what became of each of
// its sentences.
type section struct {
	Number    int
	Heading   string
	Sentences []sentenceRow
}

type sentenceRow struct {
	Number int
	Words  string
	Steps  []string // that carry it at this site
	Why    string   // why no step does
}

func newLedger(p *model.Plan) []section {
	steps, omitted := citers(p)
	out := make([]section, len(procedure.Sections()))
	for i, heading := range procedure.Sections() {
		out[i] = section{Number: i, Heading: heading}
	}
	for _, s := range procedure.Sentences() {
		n, number := sentencePlace(s.ID)
		row := sentenceRow{Number: number, Words: Markdown(s.Words), Steps: steps[s.ID]}
		if len(row.Steps) == 0 {
			row.Why = Markdown(cmp.Or(s.Reason, leftOut(omitted[s.ID])))
		}
		out[n].Sentences = append(out[n].Sentences, row)
	}
	return out
}

// citers gives the steps that carry a sentence, and the reasons of those that
// nobody runs here.
func citers(p *model.Plan) (steps, omitted map[string][]string) {
	steps, omitted = map[string][]string{}, map[string][]string{}
	for _, st := range p.Stages {
		for _, s := range st.Steps {
			for _, id := range s.Cites {
				steps[id] = append(steps[id], s.ID)
			}
		}
	}
	for _, o := range p.Omitted {
		for _, id := range o.Cites {
			if !slices.Contains(omitted[id], o.Why) {
				omitted[id] = append(omitted[id], o.Why)
			}
		}
	}
	return steps, omitted
}

func leftOut(why []string) string {
	if len(why) == 0 {
		return ""
	}
	return "Left out here: " + strings.Join(why, " ")
}
