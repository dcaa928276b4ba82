package inventory

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestCodes checks the form of the explanations. That each code is reported
// somewhere, and nothing else, is for golden/invalid to show.
func TestCodes(t *testing.T) {
	word := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	var ids []string
	for _, code := range Codes() {
		ids = append(ids, code.ID)
		if !word.MatchString(code.ID) {
			t.Errorf("%q is not a code", code.ID)
		}
		if code.Summary == "" || len(code.Summary) > 72 || strings.HasSuffix(code.Summary, ".") {
			t.Errorf("%s: not a one-line summary: %q", code.ID, code.Summary)
		}
		if paragraphs := strings.Count(code.Detail, "\n\n") + 1; paragraphs < 2 || code.Detail != strings.TrimSpace(code.Detail) {
			t.Errorf("%s: the detail needs the reason and the remedy, without space around: %q", code.ID, code.Detail)
		}
		for line := range strings.Lines(code.Detail) {
			if utf8.RuneCountInString(line) > 81 {
				t.Errorf("%s: line too long for a terminal: %q", code.ID, line)
			}
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("codes are not in order, or twice: %v", ids)
	}
}

// TestCodesIsACopy makes sure that no caller can change the table.
func TestCodesIsACopy(t *testing.T) {
	Codes()[0].ID = "changed"
	if Codes()[0].ID != codeAlias {
		t.Error("the table of codes was changed")
	}
}
