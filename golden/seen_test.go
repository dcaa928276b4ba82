package golden_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse"
)

// runbookShowsWhatIsSeen holds that what the runbook shows under "You should see" is
// what the clean rehearsal prints, line by line in that order, on each node of the
// stage; and that what its table of last lines quotes can be printed.
func runbookShowsWhatIsSeen(t *testing.T, runbook string, p *model.Plan, b *render.Bundle, r *rehearse.Rehearsal) {
	for _, turn := range r.Transcript() {
		shown := shownLines(t, runbook, turn.Stage)
		if len(shown) == 0 {
			t.Fatalf("the runbook shows nothing of %s", turn.Stage)
		}
		if missing := firstMissing(shown, turn); missing != "" {
			t.Errorf("%s does not print, or not in this order: %s", turn.Turn, missing)
		}
	}
	lastLines(t, runbook, b, r)
	for _, st := range p.Stages {
		if st.LeftOut != "" && strings.Contains(runbook, ": STAGE "+string(st.Name)+" DONE") {
			t.Errorf("the runbook shows the end of %s, which nobody runs", st.Name)
		}
	}
}

// shownLines gives the lines of the code blocks under "You should see" of a stage.
func shownLines(t *testing.T, runbook string, stage model.StageName) []string {
	t.Helper()
	_, text, found := strings.Cut(runbook, "\n### Stage "+string(stage)+": ")
	if found {
		text, _, _ = strings.Cut(text, "\n### ")
		_, text, found = strings.Cut(text, "\n#### You should see\n")
	}
	if !found {
		t.Fatalf("the runbook does not say what to see in %s", stage)
	}
	text, _, _ = strings.Cut(text, "\n#### ")
	var lines []string
	for i, block := range strings.Split(text, "\n```\n") {
		if i%2 == 1 {
			lines = append(lines, strings.Split(block, "\n")...)
		}
	}
	return lines
}

// firstMissing gives the first line that a turn does not print after those before it;
// empty if it prints all. A script may go on with a sentence after the shown one.
func firstMissing(shown []string, turn rehearse.TurnTranscript) string {
	// A long line goes on in the next, with two blanks more.
	printed := strings.Split(strings.ReplaceAll(turn.Output, "\n"+turn.Node+":   ", " "), "\n")
	for _, want := range shown {
		want = regexp.MustCompile(`\bNAME\b`).ReplaceAllString(want, turn.Node)
		for len(printed) > 0 && printed[0] != want && !strings.HasPrefix(printed[0], want+" ") {
			printed = printed[1:]
		}
		if len(printed) == 0 {
			return want
		}
		printed = printed[1:]
	}
	return ""
}

var (
	lastLineRow = regexp.MustCompile("(?m)^\\| `NAME: ([^`]*)`[^|]* \\| [^|]* \\| [^|]* \\|$")
	stageOfDone = regexp.MustCompile(`^STAGE ([a-z]+) DONE on NAME\.$`)
)

// lastLines holds what the table of last lines quotes: an end that is DONE is printed
// in the clean run, and any other stands in every script as what it says.
func lastLines(t *testing.T, runbook string, b *render.Bundle, r *rehearse.Rehearsal) {
	t.Helper()
	_, text, _ := strings.Cut(runbook, "\n| the last lines | ")
	text, _, _ = strings.Cut(text, "\n\n")
	rows := lastLineRow.FindAllStringSubmatch(text, -1)
	if want := strings.Count(text, "\n") - 1; len(rows) != want || want < 4 {
		t.Fatalf("the table of last lines has %d quotes in %d lines, want at least 4, one a line", len(rows), want)
	}
	for _, row := range rows {
		if m := stageOfDone.FindStringSubmatch(row[1]); m != nil {
			for _, turn := range r.Transcript() {
				if string(turn.Stage) == m[1] && firstMissing([]string{"NAME: " + row[1]}, turn) != "" {
					t.Errorf("%s does not print: %s", turn.Turn, row[1])
				}
			}
			continue
		}
		for _, s := range b.Scripts {
			if src := s.Source(); !bytes.Contains(src, []byte("\tsay '"+row[1]+"'\n")) && !bytes.Contains(src, []byte("\tsay \""+row[1]+":")) {
				t.Errorf("%s never says: %s", s.Path, row[1])
			}
		}
	}
}
