package check

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"requorum/model/diag"
)

// rule is one thing that a check insists on.
type rule struct {
	id      string // the finding's code
	forbids string // what is wrong, a sentence without full stop
	instead string // what to write instead
	why     string // why requorum insists
	warns   bool   // a person should know; nothing is refused
}

// finding is a breach of a rule at an offset of a piece of bash.
type finding struct {
	offset int
	rule   string
	text   string // what is wrong here; empty where the rule's own words say it all
	remedy string // what to do here; empty where the rule's own words say it
}

func at(pos syntax.Pos, rule, text string) finding {
	return finding{offset: int(pos.Offset()), rule: rule, text: text}
}

// diagnostic is a finding in the rule's words, without its place.
func (f finding) diagnostic() diag.Diagnostic {
	r := ruleOf(f.rule)
	d := diag.Diagnostic{Severity: diag.Error, Code: r.id, Text: r.forbids, Remedy: r.instead}
	if r.warns {
		d.Severity = diag.Warning
	}
	if f.text != "" {
		d.Text = f.text
	}
	if f.remedy != "" {
		d.Remedy = f.remedy
	}
	return d
}

// lines turns offsets of a text into lines and columns. The positions of
// mvdan/sh would not do: they count bytes and end at line 262143.
type lines struct {
	src    []byte
	starts []int
}

func newLines(src []byte) *lines {
	l := &lines{src: src, starts: []int{0}}
	for i, c := range src {
		if c == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// place gives line and column, both from 1; the column counts runes.
func (l *lines) place(offset int) (line, column int) {
	offset = min(offset, len(l.src))
	line = sort.SearchInts(l.starts, offset+1)
	return line, utf8.RuneCount(l.src[l.starts[line-1]:offset]) + 1
}

func (l *lines) locate(file string, f finding) diag.Diagnostic {
	d := f.diagnostic()
	d.File = file
	d.Line, d.Column = l.place(f.offset)
	return d
}

// lineAt gives the number of the line that an offset lies in.
func lineAt(src []byte, offset int) int {
	return 1 + bytes.Count(src[:min(offset, len(src))], []byte("\n"))
}
