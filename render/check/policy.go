package check

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var policyRules = []rule{
	{id: "decisive-variable", forbids: "a variable is set that decides what is run or where it writes", instead: "leave the variable as the head sets it",
		why: "PATH, BASH_ENV, LD_PRELOAD and the like decide what a command does, and COPIES where the copies go. What they may be set to is on a list."},
	{id: "command-prefix", forbids: "a variable is set for one command alone", instead: "set the variable in a line of its own, or give the value as an argument; IFS= read -r NAME is allowed",
		why: "Such a prefix changes what a program does, and is easily overlooked in front of it."},
	{id: "endless-loop", forbids: "a loop may never end", instead: "wait with wait_for SECONDS EVERY WHAT FUNCTION, which gives up at its limit",
		why: "An engineer must never have to guess whether a script still works or waits for nothing. So a condition that no command can change is refused, and only functions with a limit of their own may pause. That any other loop ends is not proved."},
}

// fixedVariables are what scripts may set a variable to that decides what is run
// or where it writes, as it stands in the script.
var fixedVariables = []struct{ name, value, why string }{
	{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "the system's own programs"},
	{"LC_ALL", "C", "messages and order do not depend on the language"},
	{"no_proxy", "'*'", "the masters are asked directly"},
	{"NO_PROXY", "'*'", "the same for other programs"},
	{"COPIES", "''", "no copy is made yet"},
	{"JOURNAL", "''", "nothing is recorded yet"},
	{"JOURNAL", "/var/log/requorum/$NODE.journal", "the journal of this node"},
	{"OUTPUTS", "''", "the same"},
	{"OUTPUTS", "/var/log/requorum/$NODE.outputs", "outputs beside the journal"},
	{"archive", "/var/log/requorum/$NODE-$(date -u +%Y%m%dT%H%M%SZ).tar.gz", "the archive to take home"},
	{"COPIES", "$folder", "this run's folder of copies, just made"},
	{"folder", "/var/backups/requorum/$PLAN/$(date -u +%Y%m%dT%H%M%SZ)-$STAGE", "a new folder outside all that is wiped"},
}

// decides holds that a variable which is set is no decisive one, or is set to
// what the list has. a is nil where it is set by something else than an
// assignment.
func (c *collector) decides(name syntax.Node, a *syntax.Assign) {
	variable, value := c.text(name), ""
	listed := slices.ContainsFunc(fixedVariables, func(v struct{ name, value, why string }) bool { return v.name == variable })
	if !listed && !meaningful(variable) || variable == "IFS" { // IFS has a rule of its own
		return
	}
	if a != nil && a.Value != nil {
		value = c.text(a.Value)
	}
	for _, v := range fixedVariables {
		if a != nil && !a.Append && a.Index == nil && a.Array == nil && v.name == variable && v.value == value {
			return
		}
	}
	c.breach(name, "decisive-variable", "scripts may not set "+variable+" so")
}

// environment holds what a command's environment may be changed to.
func (c *collector) environment(n *syntax.CallExpr) {
	if len(n.Args) == 0 {
		return
	}
	for _, a := range n.Assigns {
		if a.Name.Value != "IFS" || n.Args[0].Lit() != "read" {
			c.breach(a, "command-prefix", "")
		}
	}
}

// clean holds what env may set.
func (c *collector) clean(found call) {
	if found.name != "env" {
		return
	}
	for _, w := range ownArguments(found) {
		text := c.text(w)
		if name, _, set := strings.Cut(text, "="); set && meaningful(name) && text != `PATH="$PATH"` {
			c.breach(w, "decisive-variable", "env may not set "+name+" so")
		}
	}
}

// form holds that a command is called in one of the ways that its list has.
func (c *collector) form(found call, listed command, word *syntax.Word) {
	if len(listed.forms) == 0 {
		return
	}
	var words []string
	for _, w := range found.args {
		words = append(words, c.text(w))
	}
	if !slices.Contains(listed.forms, strings.Join(words, " ")) {
		c.breach(word, "refused-argument", fmt.Sprintf("scripts may call %s only as: %s", found.name, strings.Join(listed.forms, "; ")))
	}
}

// pausing are the functions that may pause.
var pausing = []struct{ function, why string }{
	{"wait_for", "gives up at its limit"},
	{"make_copies_folder", "gives up after five tries"},
}

// pauses holds that nothing pauses but what has a limit.
func (c *collector) pauses(found call, word *syntax.Word) {
	limited := slices.ContainsFunc(pausing, func(p struct{ function, why string }) bool { return p.function == found.function })
	if found.name == "sleep" && !limited {
		c.breach(word, "endless-loop", "only a function with a limit of its own may pause")
	}
}

// loop finds loops whose condition never changes.
func (c *collector) loop(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.WhileClause:
		if isConstant(n.Cond[len(n.Cond)-1].Cmd) {
			c.breach(n, "endless-loop", "")
		}
	case *syntax.CStyleLoop:
		if n.Cond == nil {
			c.breach(n, "endless-loop", "")
		}
	}
}

// isConstant reports whether a condition uses no variable, no function and no
// program. Files count as constant, since a wait for one has no limit.
func isConstant(cmd syntax.Command) bool {
	constant := false
	switch cmd := cmd.(type) {
	case *syntax.CallExpr:
		constant = len(cmd.Args) > 0 && slices.Contains([]string{":", "true", "false", "["}, cmd.Args[0].Lit())
	case *syntax.TestClause:
		constant = true
	case *syntax.ArithmCmd:
		w, ok := cmd.X.(*syntax.Word)
		constant = ok && bareNumber.MatchString(w.Lit())
	}
	if constant {
		syntax.Walk(cmd, func(n syntax.Node) bool {
			switch n.(type) {
			case *syntax.ParamExp, *syntax.CmdSubst:
				constant = false
			}
			return constant
		})
	}
	return constant
}
