package inventory

import (
	"fmt"
	"strings"
	"testing"

	"requorum/model/diag"
)

// TestHostile feeds Parse what was never meant to be an inventory. It asks
// for no more than an end, findings, and few of them; the time limit of the
// test run is the judge of endless work.
func TestHostile(t *testing.T) {
	const size = 64 << 10
	times := func(s string) string { return strings.Repeat(s, size/len(s)) }
	tests := map[string]string{
		"brackets":           times("["),
		"braces":             times("{a: "),
		"dashes":             times("- "),
		"question marks":     times("? "),
		"colons":             times(":"),
		"anchors":            times("&a "),
		"anchored values":    "[" + times("&a b,") + "]",
		"exclamation marks":  times("! "),
		"tags":               "[" + times("!a b,") + "]",
		"tabs":               times("\t"),
		"line ends":          times("\n"),
		"comments":           times("# x\n"),
		"one key":            times("a: b\n"),
		"one key, one line":  "{" + times(`"a":1,`) + "}",
		"known keys":         times("version: 1\n"),
		"documents":          times("--- a\n"),
		"ends":               times("...\n"),
		"open quote":         `"` + times("a"),
		"open list":          "a: [\n" + times("b,\n"),
		"bad last line":      times("a: b\n") + " c: d\n",
		"bad last character": times("a: b\n") + "@",
		"empty lists":        "[" + times("[],") + "1]",
		"text blocks":        times("a: |\n"),
		"staircase":          staircase(700),
		"deep keys":          "version: 1\n" + strings.Repeat("? ", 500) + "a",
		"aliases":            "a: &a x\nb: [" + times("*a,") + "*a]",
		"aliases of aliases": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
		"long key":           strings.Repeat("k", size) + ": 1\n",
		"long value":         "version: 1\ndeployment: " + strings.Repeat("v", size) + "\n",
		"long known value":   "recover: " + strings.Repeat("v", size) + "\nsites: {a: {nodes: {}}}\n",
		"merge":              "a: &a {b: 1}\nsites: {<<: [*a, *a], <<: *a}\n",
		"alias to itself":    "sites: &a {site1: *a}\n",
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			findings := refuse(t, src, nil)
			if len(findings) > maxFindings+1 {
				t.Errorf("%d findings", len(findings))
			}
			checkFindings(t, src, findings)
		})
	}
}

// staircase indents each line one more.
func staircase(steps int) string {
	var b strings.Builder
	for i := range steps {
		fmt.Fprintf(&b, "%s%s:\n", strings.Repeat(" ", i), "a")
	}
	return b.String()
}

// checkFindings says what holds of every finding.
func checkFindings(t *testing.T, src string, findings diag.List) {
	t.Helper()
	lines := strings.Count(src, "\n") + 1
	for _, f := range findings {
		switch {
		case !isKnownCode(f.Code):
			t.Errorf("code %q has no explanation", f.Code)
		case f.Text == "" || f.Remedy == "":
			t.Errorf("no text or no remedy: %+v", f)
		case f.Severity != diag.Error:
			t.Errorf("not an error: %v", f)
		case len(f.Text) > 1000 || len(f.Path) > 2000:
			t.Errorf("long text or path: %v", f)
		case f.File == "inventory.yaml" && (f.Line > lines || f.Line > 0 && f.Column < 1):
			t.Errorf("no such place: %v", f)
		}
	}
}

func isKnownCode(id string) bool {
	for _, code := range codes {
		if code.ID == id {
			return true
		}
	}
	return false
}

func TestTooMany(t *testing.T) {
	findings := refuse(t, strings.Repeat("version: 1\n", maxFindings+100), nil)
	last := findings[len(findings)-1]
	if len(findings) != maxFindings+1 || last.Code != codeTooMany {
		t.Fatalf("%d findings, the last is %v", len(findings), last)
	}
	if want := "102 more findings are not shown"; last.Text != want { // and three keys are missing
		t.Errorf("got %q, want %q", last.Text, want)
	}
}

func TestTooLarge(t *testing.T) {
	comment := strings.Repeat("#", MaxSize-len(small)) // no line end: it would be one byte more
	accept(t, small+comment, nil)
	if got := places(refuse(t, small+comment+"#", nil)); got != "0:0  too-large" {
		t.Errorf("got %s", got)
	}
}
