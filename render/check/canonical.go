package check

import (
	"bytes"
	"errors"

	"mvdan.cc/sh/v3/syntax"
)

// parse reads bash. The tree is nil if there is a finding.
func parse(src []byte) (*syntax.File, []finding) {
	f, err := syntax.NewParser(syntax.KeepComments(true)).Parse(bytes.NewReader(src), "")
	if err == nil {
		return f, nil
	}
	return nil, []finding{syntaxFinding(err, 0)}
}

// syntaxFinding turns an error of the parser into a finding. base is where the
// parsed text begins in its piece.
func syntaxFinding(err error, base int) finding {
	f := finding{offset: base, rule: "syntax", text: "this is not bash: " + err.Error()}
	if e, ok := errors.AsType[syntax.ParseError](err); ok {
		f.offset, f.text = base+int(e.Pos.Offset()), "this is not bash: "+e.Text
	}
	if e, ok := errors.AsType[syntax.LangError](err); ok {
		f.offset, f.text = base+int(e.Pos.Offset()), "this is not bash: "+e.Feature+" belong to another shell"
	}
	return f
}

// checkCanonical holds that the printer of mvdan/sh, as shfmt without flags,
// would not change a byte. A piece of a script may end in one blank line, which
// is canonical between it and the next.
func checkCanonical(src []byte, f *syntax.File, r role) []finding {
	if r != wholeScript && bytes.HasSuffix(src, []byte("\n\n")) {
		src = src[:len(src)-1]
	}
	var out bytes.Buffer
	if err := syntax.NewPrinter().Print(&out, f); err != nil {
		return []finding{{rule: "not-canonical", text: "the script cannot be printed: " + err.Error()}}
	}
	if bytes.Equal(src, out.Bytes()) {
		return nil
	}
	i := commonPrefix(src, out.Bytes())
	return []finding{{offset: i, rule: "not-canonical",
		text: "the script is not in canonical form; from here shfmt writes: " + excerpt(out.Bytes()[i:])}}
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// excerpt quotes the start of b, to the end of its line.
func excerpt(b []byte) string {
	const most = 40
	line, _, _ := bytes.Cut(b, []byte("\n"))
	switch {
	case len(b) == 0:
		return "nothing more"
	case len(line) == 0:
		return "a new line"
	}
	return string(line[:min(len(line), most)])
}
