package check

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call is a command that a piece calls, wrappers taken off: "ask 20 monit
// summary" gives two, ask and monit.
type call struct {
	name     string
	args     []*syntax.Word
	offset   int
	base     int    // where the text of its tree begins
	function string // it stands in; empty at the top
	foreign  bool   // it stands in a program for another shell, which has none of the script's functions
}

// redirect is a redirection in a function; empty at the top.
type redirect struct {
	*syntax.Redirect
	function string
}

// collector gathers the calls, functions, redirections and variables of a tree.
type collector struct {
	src       []byte
	base      int  // where the tree's text begins in src
	foreign   bool // it is a program for another shell
	calls     []call
	functions []*syntax.FuncDecl
	redirects []redirect
	set       []setting
	operands  []operand
	opening   *syntax.DeclClause // of the function that is walked
	inner     []*collector       // of the programs in quotes
	findings  []finding
}

func collect(f *syntax.File, src []byte) *collector {
	c := &collector{src: src}
	c.walk(f, "")
	return c
}

func (c *collector) breach(n syntax.Node, rule, text string) {
	f := at(n.Pos(), rule, text)
	f.offset += c.base
	c.findings = append(c.findings, f)
}

// walk visits a tree that stands in the given function.
func (c *collector) walk(n syntax.Node, function string) {
	syntax.Walk(n, func(n syntax.Node) bool {
		c.arithmetic(n)
		c.settings(n, function)
		c.loop(n)
		switch n := n.(type) {
		case *syntax.FuncDecl:
			if n.Name == nil {
				return false
			}
			c.functions = append(c.functions, n)
			c.opening = openingOf(n)
			c.walk(n.Body, n.Name.Value)
			return false
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				c.command(n.Args, function)
			}
			c.environment(n)
		case *syntax.Redirect:
			c.redirects = append(c.redirects, redirect{n, function})
		}
		return true
	})
}

// command notes a command, and the one inside it.
func (c *collector) command(words []*syntax.Word, function string) {
	name := words[0].Lit()
	if name == "" {
		if !isWrapper(function) || !passesOn(words[0]) {
			c.breach(words[0], "computed-command", "")
		}
		return
	}
	if strings.ContainsAny(name, `*?[\{`) && name != "[" {
		c.breach(words[0], "computed-command", "the command "+name+" is a pattern")
		return
	}
	found := call{name: name, args: words[1:], base: c.base, offset: c.base + int(words[0].Pos().Offset()), function: function, foreign: c.foreign}
	c.calls = append(c.calls, found)
	c.arguments(found, words[0])
	c.names(found, words[0])
	c.pauses(found, words[0])
	c.clean(found)
	c.program(found, words[0])
	inner, ok, lost := unwrap(words)
	if lost {
		c.breach(words[0], "computed-command", "the command that "+name+" runs cannot be seen here")
	}
	if ok {
		c.command(inner, function)
	}
}

// arguments holds what a command may never be given.
func (c *collector) arguments(found call, word *syntax.Word) {
	if why := refused(found.name); why != "" {
		c.breach(word, "refused-builtin", "scripts may not use "+found.name+": "+why)
		return
	}
	listed, ok := commandNamed(found.name)
	if !ok {
		return
	}
	c.form(found, listed, word)
	for _, a := range ownArguments(found) {
		if text := a.Lit(); listed.forbidsArgument(text) {
			c.breach(a, "refused-argument", fmt.Sprintf("%s may not have the argument %s", found.name, text))
		}
	}
	if found.name == "command" && (len(found.args) != 2 || found.args[0].Lit() != "-v") {
		c.breach(word, "refused-builtin", "scripts may use command only as command -v NAME")
	}
}

// ownArguments leaves out the arguments of a command that a command runs.
func ownArguments(found call) []*syntax.Word {
	words := append([]*syntax.Word{nil}, found.args...)
	words[0] = &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: found.name}}}
	if inner, ok, _ := unwrap(words); ok {
		return found.args[:len(found.args)-len(inner)]
	}
	return found.args
}

// program looks into what a command is given to run as shell text.
func (c *collector) program(found call, word *syntax.Word) {
	switch found.name {
	case "sh", "bash":
		c.shell(found, word)
	case "trap":
		if len(found.args) > 0 && found.args[0].Lit() == "" {
			c.quoted(found, found.args[0])
		} else if len(found.args) > 0 && found.args[0].Lit() != "-" {
			c.command(found.args[:1], found.function)
		}
	case ".":
		if len(found.args) != 1 || !slices.ContainsFunc(sourcedFiles, func(f struct{ path, why string }) bool { return f.path == found.args[0].Lit() }) {
			c.breach(word, "sourced-file", "")
		}
	}
}

// shell allows sh -c 'PROGRAM' ARGUMENT..., sh -n FILE and bash --version.
func (c *collector) shell(found call, word *syntax.Word) {
	switch {
	case len(found.args) >= 2 && found.args[0].Lit() == "-c":
		c.quoted(found, found.args[1])
	case len(found.args) == 2 && found.args[0].Lit() == "-n" && found.args[1].Lit() != "":
	case found.name == "bash" && len(found.args) > 0 && c.text(found.args[0]) == `"$0"`: // its form is on the list
	case len(found.args) == 1 && found.args[0].Lit() == "--version":
	default:
		c.breach(word, "program-text", "scripts may call "+found.name+" only with -c 'PROGRAM' or with -n FILE")
	}
}

// quoted parses the program in single quotes that a command is given, and holds
// the same rules against it.
func (c *collector) quoted(by call, w *syntax.Word) {
	q, ok := w.Parts[0].(*syntax.SglQuoted)
	if !ok || len(w.Parts) != 1 || q.Dollar {
		c.breach(w, "program-text", "")
		return
	}
	lang := syntax.LangBash
	if by.name == "sh" {
		lang = syntax.LangPOSIX
	}
	base := c.base + int(q.Left.Offset()) + 1
	f, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(q.Value), "")
	if err != nil {
		c.findings = append(c.findings, syntaxFinding(err, base))
		return
	}
	inner := &collector{src: c.src, base: base, foreign: by.name != "trap"}
	inner.walk(f, by.function)
	c.findings = append(c.findings, inner.findings...)
	c.findings = append(c.findings, shift(checkSubset(f), base)...)
	c.calls = append(c.calls, inner.calls...)
	c.set, c.operands = append(c.set, inner.set...), append(c.operands, inner.operands...)
	c.inner = append(c.inner, inner)
}

func shift(list []finding, base int) []finding {
	for i := range list {
		list[i].offset += base
	}
	return list
}

// unknownCommands finds calls of what is neither listed nor a function of the
// script that the pieces make.
func unknownCommands(pieces []*piece) map[*piece][]finding {
	own := map[string]bool{}
	for _, p := range pieces {
		for _, f := range p.functions {
			own[f.Name.Value] = true
		}
	}
	out := map[*piece][]finding{}
	for _, p := range pieces {
		for _, c := range p.calls {
			if _, listed := commandNamed(c.name); listed || own[c.name] && !c.foreign || refused(c.name) != "" {
				continue
			}
			out[p] = append(out[p], finding{offset: c.offset, rule: "unknown-command",
				text: "the command " + c.name + " is not on the list, and no function of this script"})
		}
	}
	return out
}

// clashingFunctions finds functions that are declared twice in a script, or
// have the name of a command.
func clashingFunctions(pieces []*piece) map[*piece][]finding {
	seen := map[string]bool{}
	out := map[*piece][]finding{}
	for _, p := range pieces {
		for _, f := range p.functions {
			name := f.Name.Value
			if seen[name] {
				out[p] = append(out[p], at(f.Pos(), "duplicate-function", "the function "+name+" is declared twice"))
			}
			seen[name] = true
			if _, listed := commandNamed(name); listed || refused(name) != "" {
				out[p] = append(out[p], at(f.Pos(), "shadowed-command", "the function "+name+" has the name of a command"))
			}
		}
	}
	return out
}
