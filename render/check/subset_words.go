package check

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// arguments holds the rules on words that bash splits and expands.
func (s *subset) arguments(words ...*syntax.Word) {
	for _, w := range words {
		s.unquoted(w)
		s.breachIf(hasBraces(w), w.Pos(), "brace-expansion")
	}
}

// hasBraces reports whether bash would make several words of one.
func hasBraces(w *syntax.Word) bool {
	split := &syntax.Word{Parts: slices.Clone(w.Parts)}
	syntax.SplitBraces(split)
	return slices.ContainsFunc(split.Parts, func(p syntax.WordPart) bool {
		_, ok := p.(*syntax.BraceExp)
		return ok
	})
}

// patterns holds the rules on words that bash takes for patterns.
func (s *subset) patterns(words ...*syntax.Word) {
	for _, w := range words {
		if w == nil {
			continue
		}
		s.unquoted(w)
		for _, part := range w.Parts {
			lit, ok := part.(*syntax.Lit)
			s.breachIf(ok && extended.MatchString(lit.Value), part.Pos(), "extended-pattern")
		}
	}
}

// extended is the start of an extended pattern, which the parser leaves as text
// inside of an expansion.
var extended = regexp.MustCompile(`[?*+@!]\(`)

// unquoted finds expansions of a word that are not in double quotes. Numbers
// that the shell itself counts need none.
func (s *subset) unquoted(w *syntax.Word) {
	for _, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.ParamExp:
			counted := p.Length || p.Param != nil && (p.Param.Value == "#" || p.Param.Value == "?")
			s.breachIf(!counted, p.Pos(), "unquoted")
		case *syntax.CmdSubst:
			s.breach(p.Pos(), "unquoted")
		}
	}
}

// kept finds backslashes in a word that stand outside of all quotes.
func (s *subset) kept(w *syntax.Word) {
	if w == nil {
		return
	}
	for _, part := range w.Parts {
		lit, ok := part.(*syntax.Lit)
		s.breachIf(ok && strings.Contains(lit.Value, `\`), part.Pos(), "kept-backslash")
	}
}

func (s *subset) tilde(w *syntax.Word) {
	lit, ok := w.Parts[0].(*syntax.Lit)
	s.breachIf(ok && strings.HasPrefix(lit.Value, "~"), w.Pos(), "tilde")
}

// parameter holds the rules on one ${...}.
func (s *subset) parameter(p *syntax.ParamExp) {
	name := ""
	if p.Param != nil {
		name = p.Param.Value
		s.variable(p.Pos(), name)
	}
	whole := name == "@" || name == "*" || wholeArray(p.Index)
	s.breachIf(p.Names != 0 || p.Excl && !wholeArray(p.Index), p.Pos(), "indirection")
	if p.Exp != nil {
		s.expansion(p, whole)
	}
	if p.Repl != nil {
		s.replacement(p.Repl)
	}
}

func (s *subset) variable(pos syntax.Pos, name string) {
	for _, v := range shellVariables {
		if v.name == name {
			s.findings = append(s.findings, at(pos, "shell-variable", "scripts may not use the shell's variable "+name+": "+v.why))
		}
	}
}

// wholeArray reports whether an index stands for all elements.
func wholeArray(index syntax.ArithmExpr) bool {
	w, ok := index.(*syntax.Word)
	return ok && (w.Lit() == "@" || w.Lit() == "*")
}

func (s *subset) expansion(p *syntax.ParamExp, whole bool) {
	switch p.Exp.Op {
	case syntax.OtherParamOps:
		s.breach(p.Pos(), "transformation")
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		s.breach(p.Pos(), "error-expansion")
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AlternateUnset,
		syntax.AlternateUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		s.breachIf(whole, p.Pos(), "array-operator")
	default:
		s.patterns(p.Exp.Word)
	}
}

func (s *subset) replacement(r *syntax.Replace) {
	s.patterns(r.Orig, r.With)
	if r.Orig != nil {
		lit, ok := r.Orig.Parts[0].(*syntax.Lit)
		s.breachIf(ok && (lit.Value[0] == '#' || lit.Value[0] == '%'), r.Orig.Pos(), "replacement-anchor")
	}
	if r.With == nil {
		return
	}
	for _, part := range r.With.Parts {
		lit, ok := part.(*syntax.Lit)
		s.breachIf(ok && strings.ContainsAny(lit.Value, `&\`), r.With.Pos(), "replacement-ampersand")
	}
}

// ansi holds the rule on $'...'.
func (s *subset) ansi(q *syntax.SglQuoted) {
	s.breachIf(q.Dollar && !plainEscapes.MatchString(q.Value), q.Pos(), "ansi-escape")
}

var plainEscapes = regexp.MustCompile(`^([^\\]|\\[ntr\\'"])*$`)

// defaults finds single quotes in the default of an expansion in double quotes.
func (s *subset) defaults(q *syntax.DblQuoted) {
	for _, part := range q.Parts {
		p, ok := part.(*syntax.ParamExp)
		if !ok || p.Exp == nil || p.Exp.Word == nil || p.Exp.Op >= syntax.RemSmallSuffix {
			continue
		}
		for _, inner := range p.Exp.Word.Parts {
			_, single := inner.(*syntax.SglQuoted)
			s.breachIf(single, inner.Pos(), "quoted-default")
		}
	}
}

var (
	decimal     = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	escapedRune = regexp.MustCompile(`\\[0-9A-Za-z]`)
)

func (s *subset) binaryTest(b *syntax.BinaryTest) {
	x, _ := b.X.(*syntax.Word)
	y, _ := b.Y.(*syntax.Word)
	s.kept(x)
	switch b.Op {
	case syntax.TsReMatch:
		s.breachIf(!bareRegex(y), y.Pos(), "regex-text")
	case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
		s.patterns(y)
	case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
		for _, w := range []*syntax.Word{x, y} {
			s.breachIf(w.Lit() != "" && !decimal.MatchString(w.Lit()), w.Pos(), "numeric-literal")
		}
	}
}

// bareRegex reports whether a regular expression is one variable, or text
// without quotes.
func bareRegex(w *syntax.Word) bool {
	if _, ok := w.Parts[0].(*syntax.ParamExp); ok {
		return len(w.Parts) == 1
	}
	return w.Lit() != "" && !escapedRune.MatchString(w.Lit())
}

func (s *subset) unaryTest(u *syntax.UnaryTest) {
	switch u.Op {
	case syntax.TsExists, syntax.TsRegFile, syntax.TsDirect, syntax.TsSmbLink, syntax.TsRead, syntax.TsWrite,
		syntax.TsExec, syntax.TsNoEmpty, syntax.TsFdTerm, syntax.TsEmpStr, syntax.TsNempStr, syntax.TsNot, syntax.TsParen:
	case syntax.TsVarSet:
		w, ok := u.X.(*syntax.Word)
		s.breachIf(!ok || !syntax.ValidName(w.Lit()), u.Pos(), "test-operator")
	default:
		s.breach(u.Pos(), "test-operator")
	}
}
