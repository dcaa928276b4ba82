package check

import (
	"fmt"
	"regexp"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

var arithmeticRules = []rule{
	{id: "arithmetic-text", forbids: "something stands in arithmetic that may be no number", instead: "use a variable that the script sets from numbers alone; compare numbers in other variables with [ ], which takes them as they are",
		why: "bash evaluates what a variable in arithmetic says once more: the text x[$(command)] runs the command there, even if it stood in quotes all the way. Arithmetic is $(( )), (( )), for (( )), the -eq to -gt of [[ ]], the index of an array and the numbers in ${NAME:1:2}. A variable may stand in it if all that the whole script ever sets it to are numbers written out, results of arithmetic, lengths, $?, $#, or an argument that every caller of the function gives as a number. A few other words are listed with a reason; for these, that they are numbers is the word of the list and no proof. Of variables that the script takes from its environment nothing is proved."},
	{id: "computed-name", forbids: "a value could name a variable", instead: "write names and operators out",
		why: "unset and the -v of [ ] evaluate the index of a name such as x[$(command)], which runs the command. An operator of [ ] that is not written out could be -v."},
}

// numberWords are words that give a number, whatever the check can prove.
var numberWords = []struct{ word, why string }{
	{"$(date +%s)", "the clock"},
	{`$(date -u -d "$stamp" +%s)`, "another node's clock; date prints a number, or fails and prints nothing"},
	{"16#${BASH_REMATCH[1]}", "hex digits of node_identity, cut out by a pattern of hex digits"},
	{"16#${BASH_REMATCH[2]}", "the same"},
}

// numberReads are reads whose first variable gets a number.
var numberReads = []struct{ command, why string }{
	{`read -r ENTRIES _ <<<"$(wc -l "$JOURNAL")"`, "wc -l writes the number of lines first"},
	{`read -r needed _ <<<"$(du -sk "$1")"`, "du -s writes the number of kilobytes first"},
}

// setting is what a script sets a variable to.
type setting struct {
	name     string
	number   bool   // a number, whatever happens
	argument int    // or this argument of the function
	function string // in which it stands
}

// operand is a variable that stands in arithmetic.
type operand struct {
	name   string
	offset int
}

// arithmetic notes the variables that a node evaluates, and finds what else
// may be text there.
func (c *collector) arithmetic(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ArithmExp:
		c.evaluates(n.X)
	case *syntax.ArithmCmd:
		c.evaluates(n.X)
	case *syntax.CStyleLoop:
		c.evaluates(n.Init, n.Cond, n.Post)
	case *syntax.Assign:
		c.evaluates(n.Index)
	case *syntax.ArrayElem:
		c.evaluates(n.Index)
	case *syntax.ParamExp:
		if !wholeArray(n.Index) {
			c.evaluates(n.Index)
		}
		if n.Slice != nil {
			c.evaluates(n.Slice.Offset, n.Slice.Length)
		}
	case *syntax.BinaryTest:
		if n.Op >= syntax.TsEql && n.Op <= syntax.TsGtr {
			c.evaluates(n.X.(*syntax.Word), n.Y.(*syntax.Word))
		}
	}
}

func (c *collector) evaluates(list ...syntax.ArithmExpr) {
	for _, x := range list {
		switch x := x.(type) {
		case *syntax.Word:
			c.operand(x)
		case *syntax.BinaryArithm:
			c.computes(x.Op.String(), x.X)
			c.evaluates(x.X, x.Y)
		case *syntax.UnaryArithm:
			c.computes(x.Op.String(), x.X)
			c.evaluates(x.X)
		case *syntax.ParenArithm:
			c.evaluates(x.X)
		case nil:
		default:
			c.breach(x, "arithmetic-text", "")
		}
	}
}

// setsVariable are the operators that set the variable on their left.
var setsVariable = regexp.MustCompile(`^(\+\+|--|[-+*/%&|^]?=|<<=|>>=)$`)

// computes notes a variable that arithmetic sets.
func (c *collector) computes(operator string, x syntax.ArithmExpr) {
	if w, ok := x.(*syntax.Word); ok && setsVariable.MatchString(operator) && syntax.ValidName(w.Lit()) {
		c.sets(w.Lit(), true)
	}
}

func (c *collector) operand(w *syntax.Word) {
	name := variableIn(w)
	switch {
	case c.isNumber(w):
	case name != "":
		c.operands = append(c.operands, operand{name, c.base + int(w.Pos().Offset())})
	default:
		c.breach(w, "arithmetic-text", c.text(w)+" stands in arithmetic and may be no number")
	}
}

// variableIn gives the name in NAME, $NAME or NAME[INDEX], in quotes or not.
func variableIn(w *syntax.Word) string {
	if syntax.ValidName(w.Lit()) {
		return w.Lit()
	}
	p, ok := onlyPart(w).(*syntax.ParamExp)
	if ok && p.Param != nil && p.Exp == nil && p.Repl == nil && p.Slice == nil && !p.Excl && !p.Length && syntax.ValidName(p.Param.Value) {
		return p.Param.Value
	}
	return ""
}

// onlyPart gives the part that a word has, without the double quotes; nil if it
// has several.
func onlyPart(w *syntax.Word) syntax.WordPart {
	if w == nil || len(w.Parts) != 1 {
		return nil
	}
	if q, ok := w.Parts[0].(*syntax.DblQuoted); ok {
		if len(q.Parts) != 1 {
			return nil
		}
		return q.Parts[0]
	}
	return w.Parts[0]
}

var bareNumber = regexp.MustCompile(`^-?[0-9][0-9A-Za-z#]*$`)

// isNumber reports whether a word is a number, whatever the values of variables.
func (c *collector) isNumber(w *syntax.Word) bool {
	switch p := onlyPart(w).(type) {
	case *syntax.Lit:
		return bareNumber.MatchString(w.Lit())
	case *syntax.ArithmExp:
		return true
	case *syntax.ParamExp:
		if p.Length || p.Param != nil && (p.Param.Value == "?" || p.Param.Value == "#") {
			return true
		}
	}
	if w == nil {
		return false
	}
	text := c.text(w)
	return slices.ContainsFunc(numberWords, func(n struct{ word, why string }) bool { return n.word == text })
}

// settings notes the variables that a node sets.
func (c *collector) settings(n syntax.Node, function string) {
	switch n := n.(type) {
	case *syntax.CallExpr:
		for _, a := range n.Assigns {
			c.assignment(a, function, false)
		}
	case *syntax.DeclClause:
		for _, a := range n.Args {
			c.assignment(a, function, n == c.opening)
		}
	case *syntax.Stmt:
		c.reads(n)
	case *syntax.WordIter:
		c.sets(n.Name.Value, !slices.ContainsFunc(n.Items, func(w *syntax.Word) bool { return !c.isNumber(w) }))
		c.decides(n.Name, nil)
	case *syntax.ParamExp:
		if n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
			c.sets(n.Param.Value, c.isNumber(n.Exp.Word))
			c.decides(n.Param, nil)
		}
	}
}

func (c *collector) sets(name string, number bool) {
	c.set = append(c.set, setting{name: name, number: number})
}

// assignment notes one. opening says that it stands in the declaration that the
// function begins with, before the arguments can be shifted.
func (c *collector) assignment(a *syntax.Assign, function string, opening bool) {
	if a.Name == nil || a.Naked {
		return
	}
	c.decides(a.Name, a)
	if a.Array != nil {
		c.sets(a.Name.Value, !slices.ContainsFunc(a.Array.Elems, func(e *syntax.ArrayElem) bool { return !c.isNumber(e.Value) }))
		return
	}
	s := setting{name: a.Name.Value, number: c.isNumber(a.Value), function: function}
	if p, ok := onlyPart(a.Value).(*syntax.ParamExp); ok && opening {
		s.argument = plainArgument(p)
	}
	c.set = append(c.set, s)
}

// plainArgument gives N of $N or ${N}, 0 if it is anything else.
func plainArgument(p *syntax.ParamExp) int {
	if p.Param == nil || len(p.Param.Value) != 1 || p.Exp != nil || p.Repl != nil || p.Slice != nil || p.Excl || p.Length {
		return 0
	}
	if d := p.Param.Value[0]; '1' <= d && d <= '9' {
		return int(d - '0')
	}
	return 0
}

// openingOf gives the declaration that a function begins with.
func openingOf(f *syntax.FuncDecl) *syntax.DeclClause {
	b, ok := f.Body.Cmd.(*syntax.Block)
	if !ok || len(b.Stmts) == 0 {
		return nil
	}
	d, _ := b.Stmts[0].Cmd.(*syntax.DeclClause)
	return d
}

// reads notes the variables that a read sets.
func (c *collector) reads(s *syntax.Stmt) {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 || call.Args[0].Lit() != "read" {
		return
	}
	text := c.text(s)
	number := slices.ContainsFunc(numberReads, func(n struct{ command, why string }) bool { return n.command == text })
	for _, w := range call.Args[1:] {
		if name := w.Lit(); syntax.ValidName(name) {
			c.sets(name, number)
			c.decides(w, nil)
			number = false
		}
	}
}

// text is the source of a node.
func (c *collector) text(n syntax.Node) string {
	return string(c.src[c.base+int(n.Pos().Offset()) : c.base+int(n.End().Offset())])
}

// names holds that no value names a variable: in unset, and in [ ].
func (c *collector) names(found call, word *syntax.Word) {
	args := literals(found.args)
	switch found.name {
	case "unset":
		if slices.ContainsFunc(args, func(a string) bool { return !syntax.ValidName(a) }) {
			c.breach(word, "computed-name", "unset needs plain names of variables")
		}
	case "[":
		args = args[:max(len(args)-1, 0)] // the ]
		for len(args) > 1 && args[0] == "!" {
			args = args[1:]
		}
		operator := args[:min(len(args), 2)]
		switch n := len(args); {
		case n < 2:
		case n > 3, operator[n-2] == "":
			c.breach(word, "computed-name", "the operator of [ is not written out")
		case operator[n-2] == "-v" && (n == 3 || !syntax.ValidName(args[1])):
			c.breach(word, "computed-name", "the -v of [ needs the plain name of a variable")
		}
	}
}

// textInArithmetic finds the variables in the arithmetic of a script, which the
// pieces make, that may hold text.
func textInArithmetic(pieces []*piece) map[*piece][]finding {
	calls := map[string][]call{}
	for _, p := range pieces {
		for _, made := range p.calls {
			calls[made.name] = append(calls[made.name], made)
		}
	}
	numbers := map[string]bool{} // whether all that a variable is set to are numbers
	for _, p := range pieces {
		for _, s := range p.settings {
			number := s.number || s.argument > 0 && givenNumbers(calls[s.function], s.argument)
			before, known := numbers[s.name]
			numbers[s.name] = number && (before || !known)
		}
	}
	out := map[*piece][]finding{}
	for _, p := range pieces {
		for _, o := range p.operands {
			if !numbers[o.name] {
				out[p] = append(out[p], finding{offset: o.offset, rule: "arithmetic-text",
					text: fmt.Sprintf("%s stands in arithmetic and may hold text, which bash would evaluate", o.name)})
			}
		}
	}
	return out
}

// givenNumbers reports whether each call has a number as its nth argument.
func givenNumbers(calls []call, n int) bool {
	return !slices.ContainsFunc(calls, func(made call) bool {
		return len(made.args) < n || slices.ContainsFunc(made.args[:n], manyWords) || !bareNumber.MatchString(made.args[n-1].Lit())
	})
}
