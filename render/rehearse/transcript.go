package rehearse

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// TurnTranscript is what an engineer types for one turn of the clean run, and sees.
type TurnTranscript struct {
	Turn
	Began   time.Duration // since the beginning of the first turn
	Took    time.Duration
	Work    time.Duration // of that, what did not pass in waits
	Command string        // as typed
	Output  string
	Status  int
}

// Transcript gives the turns of the clean run so far, in their order.
func (r *Rehearsal) Transcript() []TurnTranscript {
	var list []TurnTranscript
	for _, m := range r.clean {
		list = append(list, TurnTranscript{
			Turn: m.turn, Began: m.before.Now - r.begin.Now, Took: m.took, Work: m.work(),
			Command: typed(m.turn.Node, r.arguments(m.turn, everything)), Output: m.result.Output, Status: m.result.Status,
		})
	}
	return list
}

// Commands gives the words of each external command that a turn of the clean run has
// called, in order: where a story can strike it. What other shells have called for the
// script is left out. Numbers of processes and times in them are those of the
// imaginary site.
func (r *Rehearsal) Commands(t Turn) [][]string {
	var list [][]string
	for _, m := range r.clean {
		if m.turn != t {
			continue
		}
		for _, c := range m.trace.calls {
			if c.Line > 0 {
				list = append(list, slices.Clone(c.Args))
			}
		}
	}
	return list
}

// WriteTranscript writes what an engineer's terminal shows in the clean run, with the
// time since the beginning before each command. Between the turns a minute goes by.
func (r *Rehearsal) WriteTranscript(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i, t := range r.Transcript() {
		if i > 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "%s $ %s\n%s", clock(t.Began), t.Command, strings.TrimSuffix(t.Output, "\n")+"\n")
		if t.Status != 0 {
			fmt.Fprintf(b, "(exit status %d)\n", t.Status)
		}
	}
	return b.Flush()
}

// typed is the command line that gives a script these arguments.
func typed(node string, args []string) string {
	words := []string{"sudo", "bash", node + ".sh"}
	for _, a := range args {
		if strings.Contains(a, " ") {
			a = "'" + a + "'" // stop codes, which hold no quote
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
