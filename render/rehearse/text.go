package rehearse

import (
	"fmt"
	"io"
	"strings"
)

// Proves and ProvesNot are what every rehearsal says of itself.
const (
	Proves = "It proves the logic of these bytes against the model of a site: the clean run, every " +
		"fault and every order that is counted above."
	ProvesNot = "It does not prove a real node: what the model does not know, this has not tried."
)

// WriteText writes the report: a line a family, the durations, and for each family
// that has failed its shortest history.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Site %s, %d live nodes; %d runs of a stage make a recovery.\n\n", r.Site, r.Nodes, r.Turns)
	for _, f := range r.Families {
		verdict := "ok"
		if n := len(f.Failures); n > 0 {
			verdict = fmt.Sprintf("FAILED: %d", n)
		}
		fmt.Fprintf(&b, "%-11s %-52s %s\n", f.Name, f.Title, verdict)
		fmt.Fprintf(&b, "%-11s %s\n", "", f.counts())
	}
	if d := r.Durations; d.Longest > 0 {
		fmt.Fprintf(&b, "\nOn the clock of the site a recovery takes: shortest %s, expected %s, longest %s.\n",
			minutes(d.Shortest), minutes(d.Expected), minutes(d.Longest))
	}
	fmt.Fprintf(&b, "%s\n%s\n", Proves, ProvesNot)
	for _, f := range r.Families {
		if s, ok := f.shortest(); ok {
			fmt.Fprintf(&b, "\nFAILED: %s. The shortest history of %d:\n", f.Title, len(f.Failures))
			s.write(&b)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// counts says how much was tried.
func (f Family) counts() string {
	var parts []string
	if f.Cases > 0 {
		parts = append(parts, fmt.Sprintf("%d cases", f.Cases))
	}
	parts = append(parts, fmt.Sprintf("%d runs of a stage", f.Runs))
	if f.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", f.Refused))
	}
	if f.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d held by people alone", f.Held))
	}
	return strings.Join(parts, ", ")
}

// shortest picks the failure with the fewest steps; the first of these.
func (f Family) shortest() (Story, bool) {
	if len(f.Failures) == 0 {
		return Story{}, false
	}
	best := f.Failures[0]
	for _, s := range f.Failures[1:] {
		if len(s.Steps) < len(best.Steps) {
			best = s
		}
	}
	return best, true
}

// write tells a story, a number a step.
func (s Story) write(b *strings.Builder) {
	for i, step := range s.Steps {
		fmt.Fprintf(b, "%3d. ", i+1)
		if step.Stage != "" {
			fmt.Fprintf(b, "%s on %s: ", step.Stage, step.Node)
		}
		fmt.Fprintf(b, "%s\n", step.What)
		if step.Line > 0 {
			fmt.Fprintf(b, "     nodes/%s.sh:%d: %s\n", step.Node, step.Line, step.Source)
			fmt.Fprintf(b, "     command: %s\n", oneLine(step.Command))
		}
		for _, line := range step.Printed {
			fmt.Fprintf(b, "     | %s\n", line)
		}
	}
	for _, broken := range s.Broken {
		fmt.Fprintf(b, "     broken: %s\n", broken)
	}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", "; ") }
