package check

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// valuePlace is a word in which a value may stand.
type valuePlace struct {
	span
	variable string
}

// valuePlaces finds the words in which a value may stand: a whole quoted word
// that is all of what is assigned to a variable, or a whole element of an array.
// An assignment in front of a command does not count.
func valuePlaces(f *syntax.File) []valuePlace {
	var list []valuePlace
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				list = appendPlaces(list, n.Assigns)
			}
		case *syntax.DeclClause:
			list = appendPlaces(list, n.Args)
		}
		return true
	})
	return list
}

func appendPlaces(list []valuePlace, assigns []*syntax.Assign) []valuePlace {
	for _, a := range assigns {
		if a.Name == nil {
			continue
		}
		words := []*syntax.Word{a.Value}
		if a.Array != nil {
			for _, e := range a.Array.Elems {
				if e.Index == nil {
					words = append(words, e.Value)
				}
			}
		}
		for _, w := range words {
			if w == nil {
				continue
			}
			if _, quoted := quotedText(w); quoted {
				list = append(list, valuePlace{nodeSpan(w), a.Name.Value})
			}
		}
	}
	return list
}

// valueWords gives the spans of valuePlaces.
func valueWords(f *syntax.File) []span {
	var list []span
	for _, p := range valuePlaces(f) {
		list = append(list, p.span)
	}
	return list
}

// commentSpans gives where the comments of a tree stand, # included.
func commentSpans(f *syntax.File) []span {
	var list []span
	syntax.Walk(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Comment); ok {
			list = append(list, nodeSpan(c))
		}
		return true
	})
	return list
}

// meaningfulVariables decide what a shell or a program does, so that a value in
// one of them is no mere value. A name that ends in _ stands for all that begin so.
var meaningfulVariables = []string{
	"ALL_PROXY", "BASH_", "CDPATH", "CURL_HOME", "ENV", "EXECIGNORE", "GLOBIGNORE", "HOME", "HTTPS_PROXY", "HTTP_PROXY",
	"IFS", "LANG", "LC_", "LD_", "NO_PROXY", "OPTIND", "PATH", "POSIXLY_CORRECT", "PROMPT_COMMAND", "PS1", "PS4",
	"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "SHELL", "SHELLOPTS", "TMPDIR", "TZ",
	"all_proxy", "http_proxy", "https_proxy", "no_proxy",
}

func meaningful(variable string) bool {
	for _, name := range meaningfulVariables {
		if variable == name || strings.HasSuffix(name, "_") && strings.HasPrefix(variable, name) {
			return true
		}
	}
	return false
}

// whereIs says in words where in a tree an offset lies.
func whereIs(f *syntax.File, offset int) string {
	words := "outside of any command"
	syntax.Walk(f, func(n syntax.Node) bool {
		if n == nil {
			return true
		}
		if r, ok := n.(*syntax.Redirect); ok && r.Hdoc != nil && nodeSpan(r.Hdoc).contains(offset) {
			words = "in a here-document"
			return true
		}
		if !nodeSpan(n).contains(offset) && !reachesOver(n) {
			return false
		}
		if text := describe(n, offset); text != "" {
			words = text
		}
		return true
	})
	return words
}

// reachesOver reports whether a node's here-documents may lie behind its end.
func reachesOver(n syntax.Node) bool {
	switch n.(type) {
	case *syntax.Word, *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted, *syntax.ParamExp, *syntax.Comment:
		return false
	}
	return true
}

// describe names what a node is to a value at an offset in it; empty where an
// outer node says more.
func describe(n syntax.Node, offset int) string {
	if !nodeSpan(n).contains(offset) {
		return ""
	}
	switch n := n.(type) {
	case *syntax.CallExpr:
		return describeCall(n, offset)
	case *syntax.Redirect:
		return "in a redirection"
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.CStyleLoop:
		return "in arithmetic"
	case *syntax.Assign:
		return "in an assignment, and not as the whole quoted value"
	case *syntax.ArrayExpr:
		return "in an array, and not as a whole quoted element"
	case *syntax.DblQuoted:
		return "in double quotes"
	case *syntax.TestClause:
		return "in a test"
	case *syntax.CaseClause:
		return "in a case"
	case *syntax.WordIter:
		return "in the list of a loop"
	}
	return ""
}

func describeCall(c *syntax.CallExpr, offset int) string {
	for i, w := range c.Args {
		if !nodeSpan(w).contains(offset) {
			continue
		}
		name := c.Args[0].Lit()
		switch {
		case i == 0:
			return "in the place of a command"
		case name == "trap":
			return "in the commands of a trap"
		case name == "sh" || name == "bash" || name == "eval":
			return "in a program for another shell"
		case name == "sed" || name == "awk" || name == "perl" || name == "python":
			return "in a program for " + name
		}
		return "in an argument of " + name
	}
	return ""
}
