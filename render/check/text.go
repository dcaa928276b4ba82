package check

import (
	"bytes"
	"fmt"
	"regexp"

	"mvdan.cc/sh/v3/syntax"
)

// maxLength is how long a line of a template should be. What a script prints
// to people keeps to 80 columns by itself.
const maxLength = 120

var textRules = []rule{
	{id: "syntax", forbids: "this is not bash", instead: "mend the script; bash -n FILE often says more",
		why: "A script that bash cannot parse may still run its first lines. Each part of a script is parsed alone, so that no quote or here-document of one part can swallow the next."},
	{id: "not-canonical", forbids: "the script is not in canonical form", instead: "let shfmt -w rewrite the file",
		why: "Every script is in the one form that shfmt without flags writes. Then two scripts that differ in text differ in meaning, and a reader finds everything where it always is."},
	{id: "not-text", forbids: "the script holds a byte that bash does not read as it stands", instead: `end lines in a newline alone; write $'\r' for a carriage return`,
		why: "bash drops NUL bytes and takes a carriage return for part of a word, so the script would do something else than it shows."},
	{id: "no-newline-at-end", forbids: "the last line has no end", instead: "end the file in a newline",
		why: "The parts of a script are put one behind the other. Without a newline the first line of the next part would be glued to the last line of this one."},
	{id: "not-ascii", forbids: "the script holds a character outside printable ASCII", instead: "write it in ASCII",
		why: "The scripts run with LC_ALL=C on old consoles, which garble other characters. Only quoted values of the inventory may hold them."},
	{id: "template-residue", forbids: "the script holds what a template leaves behind where it went wrong", instead: "mend the template",
		why: "A template action that was not carried out, a missing value, or a wrong format of Go would be run or printed as it stands."},
	{id: "long-line", warns: true, forbids: "a line of a template is too long", instead: "break the line",
		why: "People read the scripts on narrow consoles. Lines with template actions are not measured, since their length depends on a value."},
	{id: "no-shebang", forbids: "the script does not begin with #!/bin/bash", instead: "make #!/bin/bash the first line",
		why: "Started by another shell, the script would mean something else."},
	{id: "strict-mode", forbids: "the first command is not set -euo pipefail", instead: "make set -euo pipefail the first command, exactly so",
		why: "Without it a script goes on after a failed command or with an unset variable. Other spellings are refused because the rehearsal would drop all three options at set -Eeuo pipefail, and go on silently."},
	{id: "library-command", forbids: "a library file runs a command", instead: "put the command into a function",
		why: "The files under lib stand in the scripts of many nodes, before any stage. They may only declare functions and set variables."},
}

// residue is what a template leaves behind where it went wrong.
var residue = []struct {
	pattern *regexp.Regexp
	what    string
}{
	{regexp.MustCompile(`\{\{`), "the start of a template action"},
	{regexp.MustCompile(`\}\}`), "the end of a template action"},
	{regexp.MustCompile(`<no value>`), "what a template writes for a missing value"},
	{regexp.MustCompile(`%![A-Za-z]?\(`), "what Go writes for a wrong format"},
}

// span is a run of bytes of a piece.
type span struct{ start, end int }

func nodeSpan(n syntax.Node) span {
	return span{int(n.Pos().Offset()), int(n.End().Offset())}
}

func (s span) contains(offset int) bool { return s.start <= offset && offset < s.end }

// within reports whether an offset lies in one of the spans.
func within(spans []span, offset int) bool {
	for _, s := range spans {
		if s.contains(offset) {
			return true
		}
	}
	return false
}

// checkBytes holds what must be true of every byte, whatever it means.
func checkBytes(src []byte) []finding {
	var list []finding
	if i := bytes.IndexByte(src, 0); i >= 0 {
		list = append(list, finding{offset: i, rule: "not-text", text: "the script holds a NUL byte, which bash drops", remedy: "take it out"})
	}
	if i := bytes.IndexByte(src, '\r'); i >= 0 {
		list = append(list, finding{offset: i, rule: "not-text", text: "the script holds a carriage return, which bash takes for part of a word"})
	}
	if !bytes.HasSuffix(src, []byte("\n")) {
		list = append(list, finding{offset: max(len(src)-1, 0), rule: "no-newline-at-end"})
	}
	return list
}

// checkText holds that all text but the given values is printable ASCII and
// free of what templates leave behind. It reports the first breach of each kind.
func checkText(src []byte, f *syntax.File, values []span) []finding {
	var list []finding
	for i, c := range src {
		if odd(c) && !within(values, i) {
			list = append(list, finding{offset: i, rule: "not-ascii", text: fmt.Sprintf("byte %#02x is not printable ASCII", c)})
			break
		}
	}
	for _, r := range residue {
		for _, m := range r.pattern.FindAllIndex(src, -1) {
			if !within(values, m[0]) && !closesTwo(f, m[0]) {
				list = append(list, finding{offset: m[0], rule: "template-residue",
					text: fmt.Sprintf("%q is %s", src[m[0]:m[1]], r.what)})
				break
			}
		}
	}
	return list
}

// odd reports whether a byte has no place in a script's own text. NUL and
// carriage return have a rule of their own.
func odd(c byte) bool {
	switch c {
	case '\n', '\t', '\r', 0:
		return false
	}
	return c < ' ' || c > '~'
}

// closesTwo reports whether }} at an offset closes two parameter expansions.
func closesTwo(f *syntax.File, offset int) bool {
	inner, outer := false, false
	syntax.Walk(f, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Rbrace.IsValid() {
			inner = inner || int(p.Rbrace.Offset()) == offset
			outer = outer || int(p.Rbrace.Offset()) == offset+1
		}
		return true
	})
	return inner && outer
}

// checkLineLengths measures the lines of a template that are its own text:
// those without an action, whose length depends on a value.
func checkLineLengths(template []byte) []finding {
	var list []finding
	offset := 0
	for line := range bytes.Lines(template) {
		length := len(bytes.TrimRight(line, "\n"))
		if length > maxLength && !bytes.Contains(line, []byte("{{")) {
			list = append(list, finding{offset: offset, rule: "long-line",
				text: fmt.Sprintf("the line is %d characters long, more than %d", length, maxLength)})
		}
		offset += len(line)
	}
	return list
}
