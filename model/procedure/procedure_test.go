package procedure_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"requorum/model/procedure"
)

// TestNumbering holds that the ledger has no gap and no double: sections in
// order, sentences in each counted from 1.
func TestNumbering(t *testing.T) {
	var want []string
	section, number := 0, 0
	for _, s := range procedure.Sentences() {
		next := fmt.Sprintf("%d.%d", section, number+1)
		if s.ID != next {
			section, number = section+1, 0
			next = fmt.Sprintf("%d.1", section)
		}
		number++
		want = append(want, next)
	}
	for i, s := range procedure.Sentences() {
		if s.ID != want[i] {
			t.Errorf("sentence %d has ID %s, want %s", i, s.ID, want[i])
		}
		if s.Words == "" || len(s.Digest) != 12 {
			t.Errorf("sentence %s lacks words or digest", s.ID)
		}
	}
	if section+1 != len(procedure.Sections()) {
		t.Errorf("ledger has %d sections, the headings are %d", section+1, len(procedure.Sections()))
	}
}

// TestLedgerMatchesText compares the ledger with the written procedure itself,
// which is not part of this project: REQUORUM_PROCEDURE names its text. CI sets
// it where it has the text.
func TestLedgerMatchesText(t *testing.T) {
	path := os.Getenv("REQUORUM_PROCEDURE")
	if path == "" {
		t.Log("REQUORUM_PROCEDURE is not set: the ledger is not compared with the written procedure in this run")
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := split(string(text))
	ledger := procedure.Sentences()
	if len(got) != len(ledger) {
		t.Errorf("the text has %d sentences, the ledger %d", len(got), len(ledger))
	}
	for i := range min(len(got), len(ledger)) {
		sum := sha256.Sum256([]byte(got[i]))
		if d := hex.EncodeToString(sum[:])[:12]; d != ledger[i].Digest {
			t.Errorf("%s: digest %s, the text has %s for %q", ledger[i].ID, ledger[i].Digest, d, got[i])
		}
	}
}

var (
	bullet   = regexp.MustCompile(`^[\s•]+`)
	sentence = regexp.MustCompile(`[.:]\s+[A-Z]`)
)

// split cuts the text into sentences, leaving out headings: lines that neither
// end like a sentence nor start like a bullet or a command.
func split(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if isHeading(line) {
			continue
		}
		line = strings.TrimSpace(bullet.ReplaceAllString(line, ""))
		for line != "" {
			cut := len(line)
			if at := sentence.FindStringIndex(line); at != nil {
				cut = at[0] + 1
			}
			out = append(out, strings.Join(strings.Fields(line[:cut]), " "))
			line = strings.TrimSpace(line[cut:])
		}
	}
	return out
}

func isHeading(line string) bool {
	line = strings.TrimSpace(line)
	return slices.Contains(procedure.Sections(), line) ||
		regexp.MustCompile(`^(Any of the master nodes|Vellum|Sprout) - [A-Za-z]+ configuration$`).MatchString(line)
}
