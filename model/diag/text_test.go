package diag

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// at is a finding at a place of the file "f".
func at(line, column int) Diagnostic {
	return Diagnostic{Severity: Error, Code: "some-code", File: "f", Line: line, Column: column, Text: "wrong"}
}

func TestWriteText(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	tests := []struct {
		name    string
		finding Diagnostic
		source  string
		want    string
	}{
		{"simple", at(2, 3), "one\ntwo\nthree\n", "f:2:3: error: wrong [some-code]\n   2 | two\n     |   ^\n"},
		{"last line without line end", at(2, 1), "one\ntwo", "f:2:1: error: wrong [some-code]\n   2 | two\n     | ^\n"},
		{"blank line", at(2, 1), "one\n\nthree\n", "f:2:1: error: wrong [some-code]\n   2 |\n     | ^\n"},
		{"behind the line", at(1, 4), "one\n", "f:1:4: error: wrong [some-code]\n   1 | one\n     |    ^\n"},
		{"far behind the line", at(1, 4000), "one\n", "f:1:4000: error: wrong [some-code]\n   1 | one\n     |    ^\n"},
		{"behind the last line", at(2, 1), "one\n", "f:2:1: error: wrong [some-code]\n"},
		{"far behind the last line", at(99, 1), "one\n", "f:99:1: error: wrong [some-code]\n"},
		{"empty file", at(1, 1), "", "f:1:1: error: wrong [some-code]\n"},
		{"no column", at(1, 0), "one\n", "f:1:1: error: wrong [some-code]\n   1 | one\n"},
		{"no line", at(0, 0), "one\n", "f: error: wrong [some-code]\n"},
		{"negative", at(-1, -1), "one\n", "f: error: wrong [some-code]\n"},
		{
			"no file", Diagnostic{Severity: Warning, Code: "c", Line: 1, Column: 1, Text: "odd"}, "one\n",
			"warning: odd [c]\n",
		},
		{
			"neither file nor place", Diagnostic{Severity: Warning, Code: "c", Text: "odd", Remedy: "look"}, "one\n",
			"warning: odd [c]\n  remedy: look\n",
		},
		{
			"another file", Diagnostic{Severity: Error, Code: "c", File: "g", Line: 1, Column: 1, Text: "odd"}, "one\n",
			"g:1:1: error: odd [c]\n",
		},
		{"tabs", at(1, 4), "\ta\tb\n", "f:1:4: error: wrong [some-code]\n   1 | \ta\tb\n     | \t \t^\n"},
		{"carriage return", at(1, 2), "ab\r\n", "f:1:2: error: wrong [some-code]\n   1 | ab\n     |  ^\n"},
		{"byte order mark", at(1, 2), "\ufeffab\n", "f:1:2: error: wrong [some-code]\n   1 | ab\n     |  ^\n"},
		{"runes, not bytes", at(1, 3), "äöü\n", "f:1:3: error: wrong [some-code]\n   1 | äöü\n     |   ^\n"},
		{"wide runes", at(1, 3), "東京 x\n", "f:1:3: error: wrong [some-code]\n   1 | 東京 x\n     |     ^\n"},
		{"pictures", at(1, 2), "🙂x\n", "f:1:2: error: wrong [some-code]\n   1 | 🙂x\n     |   ^\n"},
		{"combining mark", at(1, 3), "e\u0301x\n", "f:1:3: error: wrong [some-code]\n   1 | e\u0301x\n     |  ^\n"},
		{"escape sequence", at(1, 3), "a\x1b[31mb\n", "f:1:3: error: wrong [some-code]\n   1 | a\ufffd[31mb\n     |   ^\n"},
		{"bell, DEL, C1, NUL", at(1, 5), "\a\x7f\u009b\x00x\n", "f:1:5: error: wrong [some-code]\n   1 | \ufffd\ufffd\ufffd\ufffdx\n     |     ^\n"},
		{"direction mark", at(1, 2), "\u202ex\n", "f:1:2: error: wrong [some-code]\n   1 | \ufffdx\n     |  ^\n"},
		{"no-break space", at(1, 2), "\u00a0x\n", "f:1:2: error: wrong [some-code]\n   1 |  x\n     |  ^\n"},
		{"invalid bytes", at(1, 3), "\xff\xfex\n", "f:1:3: error: wrong [some-code]\n   1 | \ufffd\ufffdx\n     |   ^\n"},
		{"carriage return inside", at(1, 3), "a\rb\n", "f:1:3: error: wrong [some-code]\n   1 | a\ufffdb\n     |   ^\n"},
		{
			"long line, near its start", at(1, 5), long + "\n",
			"f:1:5: error: wrong [some-code]\n   1 | " + long[:100] + "...\n     |     ^\n",
		},
		{
			"long line, in the middle", at(1, 101), long + "\n",
			"f:1:101: error: wrong [some-code]\n   1 | ..." + long[40:140] + "...\n     | " + strings.Repeat(" ", 63) + "^\n",
		},
		{
			"long line, at its end", at(1, 200), long + "\n",
			"f:1:200: error: wrong [some-code]\n   1 | ..." + long[100:] + "\n     | " + strings.Repeat(" ", 102) + "^\n",
		},
		{
			"long line, behind its end", at(1, 201), long + "\n",
			"f:1:201: error: wrong [some-code]\n   1 | ..." + long[100:] + "\n     | " + strings.Repeat(" ", 103) + "^\n",
		},
		{
			"hardly too long", at(1, 1), long[:106] + "\n",
			"f:1:1: error: wrong [some-code]\n   1 | " + long[:106] + "\n     | ^\n",
		},
		{
			"high line number", at(12345, 1), strings.Repeat("x\n", 12345),
			"f:12345:1: error: wrong [some-code]\n12345 | x\n      | ^\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := text(t, List{test.finding}, map[string][]byte{"f": []byte(test.source)}, false)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func text(t *testing.T, l List, sources map[string][]byte, color bool) string {
	t.Helper()
	var b strings.Builder
	if err := WriteText(&b, l, sources, color); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWriteTextVeryLongLine has one line of a megabyte, as a JSON inventory
// may be, with findings at both ends.
func TestWriteTextVeryLongLine(t *testing.T) {
	line := strings.Repeat("ä", 1<<20)
	got := text(t, List{at(1, 1), at(1, 1<<20)}, map[string][]byte{"f": []byte(line)}, false)
	for _, want := range []string{
		"   1 | " + strings.Repeat("ä", 100) + "...\n     | ^\n",
		"   1 | ..." + strings.Repeat("ä", 100) + "\n     | " + strings.Repeat(" ", 102) + "^\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the output", want)
		}
	}
}

func TestWriteTextSeveral(t *testing.T) {
	findings := List{at(1, 1), at(0, 0), at(2, 2)}
	findings[2].Severity, findings[2].Remedy = Warning, "write 2"
	want := `f:1:1: error: wrong [some-code]
   1 | one
     | ^
f: error: wrong [some-code]
f:2:2: warning: wrong [some-code]
   2 | two
     |  ^
  remedy: write 2
`
	if diff := cmp.Diff(want, text(t, findings, map[string][]byte{"f": []byte("one\ntwo\n")}, false)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := text(t, nil, nil, true); got != "" {
		t.Errorf("no findings print %q", got)
	}
}

func TestWriteTextColor(t *testing.T) {
	findings := List{at(1, 1), {Severity: Warning, Code: "c", Text: "odd"}}
	findings[0].File, findings[0].Remedy = "error: f", "write 2"
	want := "\x1b[1merror: f:1:1: \x1b[0m\x1b[1;31merror\x1b[0m: wrong [some-code]\n" +
		"  \x1b[36mremedy:\x1b[0m write 2\n" +
		"\x1b[1;33mwarning\x1b[0m: odd [c]\n"
	if diff := cmp.Diff(want, text(t, findings, nil, true)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestWriteTextHidesNothing puts characters that a terminal obeys everywhere.
func TestWriteTextHidesNothing(t *testing.T) {
	const bad = "\x1b[2J\n\r\a\x7f\u009b\u202e\u200b\xff"
	finding := Diagnostic{
		Severity: Error, Code: "c" + bad, File: "f" + bad, Line: 1, Column: 3,
		Path: bad, Text: "t" + bad, Remedy: "r" + bad,
	}
	const shown = `\x1b[2J\n\r\a\x7f\u009b\u202e\u200b\xff`
	want := "f" + shown + ":1:3: error: t" + shown + " [c" + shown + "]\n" +
		"   1 | s\ufffd[2J\n     |   ^\n" +
		"  remedy: r" + shown + "\n"
	got := text(t, List{finding}, map[string][]byte{"f" + bad: []byte("s" + bad)}, false)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestWriteTextError makes sure that a full disk is not taken for success.
func TestWriteTextError(t *testing.T) {
	broken := errors.New("no space left")
	if err := WriteText(failingWriter{broken}, List{at(1, 1)}, nil, false); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := WriteJSON(failingWriter{broken}, nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func FuzzWriteText(f *testing.F) {
	f.Add("one\ntwo\n", 2, 1, "text")
	f.Add("\t東京\x1b\xff", 1, 4, "\x1b")
	f.Add(strings.Repeat("x", 300), 1, 150, "")
	f.Fuzz(func(t *testing.T, source string, line, column int, message string) {
		finding := Diagnostic{Severity: Error, Code: "c", File: "f", Line: line, Column: column, Text: message}
		got := text(t, List{finding}, map[string][]byte{"f": []byte(source)}, false)
		for _, r := range got {
			if hidden(r) && r != '\n' && r != '\t' {
				t.Errorf("the output has %U: %q", r, got)
			}
		}
		if lines := strings.Count(got, "\n"); lines > 3 {
			t.Errorf("one finding takes %d lines: %q", lines, got)
		}
	})
}
