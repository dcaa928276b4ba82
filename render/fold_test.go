package render

import (
	"bytes"
	"strings"
	"testing"

	"requorum/model"
)

func folded(plain bool, text string) string {
	var b bytes.Buffer
	f := newFolder(&b, plain)
	for _, piece := range strings.SplitAfter(text, " ") {
		f.Write([]byte(piece))
	}
	f.close()
	return b.String()
}

func TestFold(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 20))
	span := "`" + strings.Repeat("x y ", 15) + "z`"
	tests := []struct {
		name, in, want string
		plain          bool
	}{
		{name: "short", in: "a line\n", want: "a line\n"},
		{name: "no newline at the end", in: "a line", want: "a line\n"},
		{name: "nothing", in: "", want: ""},
		{name: "paragraph", in: long,
			want: strings.TrimSpace(strings.Repeat("word ", 16)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 4)) + "\n"},
		{name: "item", in: "- " + long,
			want: "- " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n  " + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
		{name: "box", in: "- [ ] " + long,
			want: "- [ ] " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n  " + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
		{name: "inner item", in: "  - " + long,
			want: "  - " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n    " + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
		{name: "numbered", in: "10. " + long,
			want: "10. " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n    " + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
		{name: "heading, row", in: "# " + long + "\n| " + long + " |\n", want: "# " + long + "\n| " + long + " |\n"},
		{name: "fence", in: "```\n" + long + " \n\n\n" + long + "\n```\n" + "after", want: "```\n" + long + " \n\n\n" + long + "\n```\nafter\n"},
		{name: "blank lines", in: "\n\na\n \n\n\nb\n", want: "a\n\nb\n"},
		{name: "a code span stays whole", in: strings.Repeat("w ", 20) + span + ", then more",
			want: strings.TrimSpace(strings.Repeat("w ", 20)) + "\n" + span + ", then more\n"},
		{name: "an escaped backtick is no code span", in: strings.Repeat("w ", 38) + "\\`a b\\` c",
			want: strings.TrimSpace(strings.Repeat("w ", 38)) + " \\`a\nb\\` c\n"},
		{name: "no line begins like a block", in: strings.Repeat("w ", 40) + "- x " + strings.Repeat("w ", 40) + "1. y",
			want: strings.Repeat("w ", 40) + "-\nx " + strings.TrimSpace(strings.Repeat("w ", 39)) + "\nw 1. y\n"},
		{name: "plain column", plain: true, in: "  stop/wipe  4 nodes  " + long,
			want: "  stop/wipe  4 nodes  " + strings.TrimSpace(strings.Repeat("word ", 11)) + "\n" +
				strings.Repeat(" ", 22) + strings.TrimSpace(strings.Repeat("word ", 9)) + "\n"},
		{name: "plain passes nothing", plain: true, in: "| " + long,
			want: "| " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := folded(test.plain, test.in); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestFoldTwice holds that a folded text is a fixpoint.
func TestFoldTwice(t *testing.T) {
	r := runbookRenderer(t)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		once := renderedRunbook(t, r, p)
		if twice := folded(false, once); twice != once {
			t.Error("folding the runbook again changes it")
		}
	})
}
