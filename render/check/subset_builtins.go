package check

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// builtin holds the rules on the arguments of single builtins.
func (s *subset) builtin(c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		return
	}
	pos, args := c.Pos(), literals(c.Args[1:])
	switch c.Args[0].Lit() {
	case "set":
		s.breachIf(!slices.Contains(setForms, strings.Join(args, " ")), pos, "set-option")
	case "trap":
		s.breachIf(len(args) != 2 || args[1] != "EXIT", pos, "trap-signal")
	case "shopt":
		s.breachIf(!shoptForm(args), pos, "shopt-option")
	case "read":
		s.breachIf(!readForm(args), pos, "read-option")
	case "printf":
		s.breachIf(!plainFormat(c.Args[1:]), pos, "printf-format")
	case "wait":
		s.breachIf(len(args) > 0, pos, "wait-argument")
	case "return":
		s.breachIf(len(args) == 0, pos, "bare-return")
	case "[", "test":
		combined := slices.ContainsFunc(args, func(a string) bool { return a == "-a" || a == "-o" || a == `\(` || a == `\)` })
		s.breachIf(combined, pos, "test-operator")
	}
}

// literals gives the text of each word that is literal, and "" for the others.
func literals(words []*syntax.Word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.Lit()
	}
	return list
}

// setForms are the arguments that set may have. They are for the start of a
// script, and of a program in single quotes.
var setForms = []string{"-euo pipefail", "-eu", "-e"}

func shoptForm(args []string) bool {
	return len(args) == 2 && (args[0] == "-s" || args[0] == "-u") && (args[1] == "nullglob" || args[1] == "dotglob")
}

// readForm reports whether read has -r and nothing else but -a and names.
func readForm(args []string) bool {
	raw := false
	for _, a := range args {
		switch {
		case a == "-r" || a == "-ra":
			raw = true
		case a == "-a" || syntax.ValidName(a):
		default:
			return false
		}
	}
	return raw
}

var printfFormat = regexp.MustCompile(`^(?:[^%\\-]|%%|%[-+ 0]?[0-9]*[sdox]|\\[nt\\])(?:[^%\\]|%%|%[-+ 0]?[0-9]*[sdox]|\\[nt\\])*$`)

// plainFormat reports whether the first of printf's arguments is a literal
// format of the plain kind.
func plainFormat(args []*syntax.Word) bool {
	if len(args) == 0 {
		return false
	}
	text, ok := literalText(args[0])
	return ok && printfFormat.MatchString(text)
}

// literalText gives the text of a word without expansions, its quotes taken
// away and its backslashes as they stand.
func literalText(w *syntax.Word) (string, bool) {
	var b strings.Builder
	for _, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			b.WriteString(p.Value)
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				lit, ok := inner.(*syntax.Lit)
				if !ok {
					return "", false
				}
				b.WriteString(lit.Value)
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// separators holds that IFS is only ever emptied, and only for a read.
func (s *subset) separators(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		if a.Name.Value != "IFS" {
			continue
		}
		text, ok := "", true
		if a.Value != nil {
			text, ok = literalText(a.Value)
		}
		reads := len(c.Args) > 0 && c.Args[0].Lit() == "read"
		s.breachIf(!ok || text != "" || !reads, a.Pos(), "read-separator")
	}
}

var declareOptions = regexp.MustCompile(`^-[agrx]+$`)

func (s *subset) declaration(d *syntax.DeclClause) {
	variant := d.Variant.Value
	s.breachIf(variant == "typeset" || variant == "nameref", d.Pos(), "declare-option")
	set := map[string]bool{}
	for _, a := range d.Args {
		if a.Name == nil {
			s.breachIf(!declareOptions.MatchString(a.Value.Lit()), a.Pos(), "declare-option")
			continue
		}
		s.breachIf(a.Name.Value == "IFS" && !a.Naked, a.Pos(), "read-separator")
		s.breachIf(usesAny(a, set), a.Pos(), "declare-order")
		set[a.Name.Value] = true
	}
}

// usesAny reports whether an assignment's value expands one of the names.
func usesAny(a *syntax.Assign, names map[string]bool) bool {
	found := false
	syntax.Walk(a, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil {
			found = found || names[p.Param.Value]
		}
		return true
	})
	return found
}
