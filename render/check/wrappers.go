package check

import (
	"regexp"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// wrapper is a function or a program that runs the command in its arguments.
type wrapper struct {
	words   []string // its name, and arguments that follow it as they stand
	flags   []string // flags that may come next
	assigns bool     // NAME=VALUE words may come next
	skip    int      // arguments that come next, before the command
	lone    bool     // the command may be missing: the wrapper has one of its own to put behind
	why     string
}

// wrappers lists them. The functions are those of the library.
var wrappers = []wrapper{
	{words: []string{"ask"}, skip: 1, why: "runs it for at most so many seconds; output to OUT, status to STATUS"},
	{words: []string{"change"}, why: "runs it, shows it, and notes that the node is changed"},
	{words: []string{"request"}, why: "the same for a request to a daemon, which must be taken"},
	{words: []string{"gather_output"}, skip: 1, why: "runs it and keeps what it prints for the archive"},
	{words: []string{"flock", "-n", "/var/run/requorum.lock"}, why: "runs it if no other run does"},
	{words: []string{"flock", "-w", "660", "/var/run/requorum.lock"}, why: "waits until no run has the lock"},
	{words: []string{"wait_for"}, skip: 3, why: "calls a function again and again until it succeeds"},
	{words: []string{"has_address"}, skip: 1, lone: true, why: "runs ip, in another network namespace where there is one"},
	{words: []string{"command", "-v"}, skip: 1, lone: true, why: "asks whether a program is there, and runs nothing"},
	{words: []string{"env"}, flags: []string{"-i"}, assigns: true, why: "runs it in a clean environment"},
	{words: []string{"timeout"}, skip: 1, why: "runs it for at most so many seconds"},
	{words: []string{"ip", "netns", "exec"}, skip: 1, lone: true, why: "runs it in a network namespace"},
	{words: []string{"/usr/share/clearwater/bin/run-in-signaling-namespace"}, why: "runs it where the signaling addresses are"},
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// unwrap gives the command inside a command. ok is false where there is none;
// lost where a wrapper should have one and it cannot be found.
func unwrap(words []*syntax.Word) (inner []*syntax.Word, ok, lost bool) {
	text := literals(words)
	for _, w := range wrappers {
		if len(text) < len(w.words) || !slices.Equal(text[:len(w.words)], w.words) {
			continue
		}
		i := len(w.words)
		for i < len(words) && (slices.Contains(w.flags, text[i]) || w.assigns && isAssignment(words[i])) {
			i++
		}
		for _, skipped := range words[min(i, len(words)):min(i+w.skip, len(words))] {
			lost = lost || manyWords(skipped)
		}
		inner = words[min(i+w.skip, len(words)):]
		return inner, len(inner) > 0, lost || len(inner) == 0 && !w.lone
	}
	return nil, false, false
}

// isAssignment reports whether a word is NAME=VALUE.
func isAssignment(w *syntax.Word) bool {
	lit, ok := w.Parts[0].(*syntax.Lit)
	return ok && assignment.MatchString(lit.Value)
}

// manyWords reports whether a word may stand for any number of words.
func manyWords(w *syntax.Word) bool {
	many := false
	syntax.Walk(w, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && !p.Length {
			many = many || p.Param != nil && p.Param.Value == "@" || wholeAt(p.Index)
		}
		return true
	})
	return many
}

func wholeAt(index syntax.ArithmExpr) bool {
	w, ok := index.(*syntax.Word)
	return ok && w.Lit() == "@"
}

// isWrapper reports whether a function is a wrapper by its name.
func isWrapper(function string) bool {
	return slices.ContainsFunc(wrappers, func(w wrapper) bool { return w.words[0] == function })
}

// passesOn reports whether a word is "$@" or "${@:N}", the command that a
// wrapper was given.
func passesOn(w *syntax.Word) bool {
	if len(w.Parts) != 1 {
		return false
	}
	q, ok := w.Parts[0].(*syntax.DblQuoted)
	if !ok || len(q.Parts) != 1 {
		return false
	}
	p, ok := q.Parts[0].(*syntax.ParamExp)
	return ok && p.Param != nil && p.Param.Value == "@" && p.Exp == nil && p.Repl == nil && !p.Length
}
