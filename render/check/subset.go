package check

import (
	"mvdan.cc/sh/v3/syntax"
)

// subset collects what a tree has that scripts may not have.
type subset struct{ findings []finding }

// checkSubset holds the rules of subsetRules against a tree.
func checkSubset(f *syntax.File) []finding {
	s := &subset{}
	syntax.Walk(f, s.visit)
	return s.findings
}

func (s *subset) breach(pos syntax.Pos, rule string) {
	s.findings = append(s.findings, at(pos, rule, ""))
}

// breachIf reports a breach if there is one.
func (s *subset) breachIf(bad bool, pos syntax.Pos, rule string) {
	if bad {
		s.breach(pos, rule)
	}
}

// visit holds the rules for one node; those on words and expansions are in
// subset_words.go, those on builtins in subset_builtins.go.
func (s *subset) visit(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.CallExpr:
		s.arguments(n.Args...)
		s.separators(n)
		s.builtin(n)
	case *syntax.DeclClause:
		s.declaration(n)
	case *syntax.Redirect:
		s.redirect(n)
	case *syntax.BinaryCmd:
		s.pipe(n)
	case *syntax.CmdSubst:
		s.substitution(n)
	case *syntax.CaseClause:
		s.caseClause(n)
	case *syntax.BinaryTest:
		s.binaryTest(n)
	case *syntax.UnaryTest:
		s.unaryTest(n)
	default:
		s.keyword(n)
		s.part(n)
	}
	return true
}

// keyword holds the rules on forms that are refused whatever is in them.
func (s *subset) keyword(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ForClause:
		s.breachIf(n.Select, n.Pos(), "select-loop")
	case *syntax.FuncDecl:
		s.breachIf(n.RsrvWord, n.Pos(), "function-keyword")
		s.breachIf(n.Name == nil, n.Pos(), "syntax") // the parser takes ()a for a function without a name
	case *syntax.TimeClause:
		s.breach(n.Pos(), "time-keyword")
	case *syntax.CoprocClause:
		s.breach(n.Pos(), "coprocess")
	case *syntax.LetClause:
		s.breach(n.Pos(), "let-command")
	case *syntax.ProcSubst:
		s.breach(n.Pos(), "process-substitution")
	}
}

// part holds the rules on the parts of words.
func (s *subset) part(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.WordIter:
		s.arguments(n.Items...)
	case *syntax.ArrayElem:
		if n.Value != nil {
			s.arguments(n.Value)
		}
	case *syntax.Assign:
		s.kept(n.Value)
	case *syntax.Word:
		s.tilde(n)
	case *syntax.ParamExp:
		s.parameter(n)
	case *syntax.SglQuoted:
		s.ansi(n)
	case *syntax.DblQuoted:
		s.breachIf(n.Dollar, n.Pos(), "translated-string")
		s.defaults(n)
	case *syntax.ExtGlob:
		s.breach(n.Pos(), "extended-pattern")
	default:
		s.arithmetic(n)
	}
}

// arithmetic holds the rules on arithmetic, where variables need no $.
func (s *subset) arithmetic(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ArithmExp:
		s.breachIf(n.Bracket, n.Pos(), "old-arithmetic")
		s.operands(n.X)
	case *syntax.ArithmCmd:
		s.operands(n.X)
	case *syntax.BinaryArithm:
		s.operands(n.X, n.Y)
	case *syntax.UnaryArithm:
		s.operands(n.X)
	case *syntax.ParenArithm:
		s.operands(n.X)
	}
}

func (s *subset) operands(list ...syntax.ArithmExpr) {
	for _, x := range list {
		if w, ok := x.(*syntax.Word); ok {
			s.variable(w.Pos(), w.Lit())
		}
	}
}

func (s *subset) redirect(r *syntax.Redirect) {
	s.arguments(r.Word)
	input := false
	switch r.Op {
	case syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		input = true
	case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll:
	case syntax.DplOut:
		to := r.Word.Lit()
		s.breachIf(to != "1" && to != "2", r.Pos(), "redirection-operator")
	default:
		s.breach(r.Pos(), "redirection-operator")
	}
	if r.N == nil {
		return
	}
	from := r.N.Value
	s.breachIf(from != "0" && from != "1" && from != "2" || input && from != "0", r.Pos(), "file-descriptor")
}

// pipe holds what may stand at the end of a pipe.
func (s *subset) pipe(b *syntax.BinaryCmd) {
	switch b.Op {
	case syntax.PipeAll:
		s.breach(b.OpPos, "pipe-both")
	case syntax.Pipe:
		name := ""
		if c, ok := b.Y.Cmd.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			name = c.Args[0].Lit()
		}
		s.breachIf(!isProgram(name), b.Y.Pos(), "pipe-into")
	}
}

func (s *subset) substitution(c *syntax.CmdSubst) {
	s.breachIf(c.Backquotes, c.Pos(), "backquotes")
	s.breachIf(len(c.Stmts) > 1, c.Pos(), "substitution-list")
	if len(c.Stmts) != 1 {
		return
	}
	switch c.Stmts[0].Cmd.(type) {
	case *syntax.CallExpr, *syntax.BinaryCmd, *syntax.TestClause, nil:
	default:
		s.breach(c.Pos(), "substitution-list")
	}
}

func (s *subset) caseClause(c *syntax.CaseClause) {
	s.kept(c.Word)
	for _, item := range c.Items {
		s.patterns(item.Patterns...)
		s.breachIf(item.Op != syntax.Break, item.OpPos, "case-fallthrough")
	}
}
