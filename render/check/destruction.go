package check

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var destructionRules = []rule{
	{id: "unlisted-target", forbids: "a path is destroyed or overwritten that is not on the list", instead: "write a listed path out, or a copy under \"$COPIES/\"",
		why: "What a script removes or overwrites is on a list, path by path, with a reason each and with the commands that may do it. A path that is computed could be any path."},
	{id: "hidden-target", forbids: "a destructive command takes its target from an option", instead: "name the target last, as an argument of its own",
		why: "The target must stand where a reader and the check look for it."},
}

// destroyer is a command that removes or overwrites what some of its arguments
// name.
type destroyer struct {
	name   string
	which  targetsOf
	valued string // letters of the options that take the next word as their value
	only   string // destructive only with this option
}

// targetsOf says which arguments are targets, options left out.
type targetsOf int

const (
	all      targetsOf = iota
	last               // sources come first
	first              // what to write comes behind
	notFirst           // a mode, an owner or a program comes first
	leading            // the arguments before the first option
	outFile            // of=FILE
)

// destroyers lists the commands that destroy or make something, those not on the
// list of commands included, so that listing one does not open a hole. keep and put
// are functions of the library.
var destroyers = []destroyer{
	{name: "chmod", which: notFirst},
	{name: "chown", which: notFirst},
	{name: "cp", which: last, valued: "S"},
	{name: "dd", which: outFile},
	{name: "find", which: leading, only: "-delete"},
	{name: "install", which: last, valued: "gmoS"},
	{name: "keep", which: all},
	{name: "ln", which: last, valued: "S"},
	{name: "mkdir", which: all, valued: "m"},
	{name: "mv", which: all, valued: "S"},
	{name: "put", which: first},
	{name: "rm", which: all},
	{name: "rmdir", which: all},
	{name: "sed", which: notFirst, only: "-i"},
	{name: "tee", which: all},
	{name: "touch", which: all, valued: "drt"},
	{name: "truncate", which: all, valued: "rs"},
}

// redirection stands for > and >> among the commands of a target.
const redirection = ">"

// target is a path that may be destroyed, by certain commands alone.
type target struct {
	path string
	by   []string
	why  string
	in   string // only in this function, whose callers are held to the list; anywhere if empty
}

// targets lists the paths that scripts may destroy or overwrite.
var targets = []target{
	{path: "/var/lib/clearwater-etcd/*", by: []string{"rm"}, why: "the procedure's own wipe (1.7)"},
	{path: "/var/lib/clearwater-etcd", by: []string{"find", "keep"}, why: "the dot-files that the wipe leaves (T5); a copy before it"},
	{path: "/etc/clearwater/no_cluster_manager", by: []string{"rm", "touch"}, why: "the procedure holds the cluster manager back (1.6), and lets it start again (7.2)"},
	{path: "/etc/clearwater/local_config", by: []string{"put"}, why: "the new role of the node (4.1, 5.1)"},
	{path: "/etc/clearwater/shared_config", by: []string{"put"}, why: "the known-good shared_config (3.3)"},
	{path: "/etc/clearwater/cluster_settings", by: []string{"put"}, why: "an invalid file written anew (3.15)"},
	{path: "/etc/chronos/chronos_cluster.conf", by: []string{"put"}, why: "an invalid file written anew (3.8)"},
	{path: "/var/backups/requorum/begun", by: []string{redirection, "rm"}, why: "the note that this plan's etcd was started here"},
	{path: "/var/backups/requorum", by: []string{"mkdir", "chmod"}, why: "the copies are for root alone"},
	{path: "/var/log/requorum", by: []string{"mkdir", "chmod"}, why: "the records are for root alone"},
	{path: "/var/run/requorum.lock", by: []string{redirection}, why: "what the run under the lock is at"},
	{path: "/var/run/requorum.stop", by: []string{redirection, "rm"}, why: "the run under the lock is asked to end"},
	{path: "/dev/null", by: []string{redirection}, why: "output that nobody needs"},
}

// variableTargets are targets that are not literal, or how they may begin if
// they have no end.
var variableTargets = []target{
	{path: `"$COPIES/`, by: []string{"cp", "mv", redirection}, why: "this run's own new folder of copies"},
	{path: `"$COPIES${1%/*}"`, by: []string{"mkdir"}, why: "a folder in it"},
	{path: `"$folder"`, by: []string{"mkdir"}, why: "the same folder when it is new"},
	{path: `"/var/backups/requorum/$PLAN"`, by: []string{"mkdir"}, why: "the folder of all copies of this plan"},
	{path: `"$file"`, by: []string{"keep"}, why: "a copy of a file that a configuration manager may overwrite"},
	{path: `"$1.requorum-new"`, by: []string{redirection, "cp", "chmod", "mv", "rm"}, in: "put", why: "the new file before it is put in place"},
	{path: `"$1"`, by: []string{"mv", "keep"}, in: "put", why: "the file that is put in place, copied first"},
	{path: `"/var/log/requorum/$NODE.survey.json.new"`, by: []string{redirection, "chmod", "mv"}, why: "the report of the survey before it is put in place"},
	{path: `"/var/log/requorum/$NODE.survey.json"`, by: []string{"mv"}, why: "the report of the survey"},
	{path: `"$JOURNAL"`, by: []string{redirection}, why: "the journal"},
	{path: `"$OUTPUTS/`, by: []string{redirection}, why: "outputs beside the journal"},
	{path: `"/var/log/requorum/$NODE.outputs"`, by: []string{"mkdir"}, why: "their folder"},
	{path: `"/var/log/requorum/$NODE.archive`, by: []string{redirection, "mkdir", "rm"}, why: "what is gathered for the archive"},
}

// checkDestruction holds that everything that is destroyed is on the list.
func checkDestruction(c *collector) []finding {
	var list []finding
	for _, made := range c.calls {
		list = append(list, destroys(made, c.src)...)
	}
	for _, r := range c.writes() {
		list = append(list, r.judge(redirection, c.src)...)
	}
	return list
}

// place is a word of a piece, which may stand in a program in quotes.
type place struct {
	word     *syntax.Word
	base     int
	function string // in which it stands
}

// writes gives the files that redirections write to, programs included.
func (c *collector) writes() []place {
	var list []place
	for _, r := range c.redirects {
		switch r.Op {
		case syntax.RdrIn, syntax.WordHdoc, syntax.Hdoc, syntax.DashHdoc, syntax.DplOut, syntax.DplIn:
		default:
			list = append(list, place{r.Word, c.base, r.function})
		}
	}
	for _, inner := range c.inner {
		list = append(list, inner.writes()...)
	}
	return list
}

// destroys judges the targets of one call.
func destroys(made call, src []byte) []finding {
	i := slices.IndexFunc(destroyers, func(d destroyer) bool { return d.name == made.name })
	if i < 0 {
		return nil
	}
	d := destroyers[i]
	text := literals(made.args)
	if d.only != "" && !slices.ContainsFunc(text, func(a string) bool { return strings.HasPrefix(a, d.only) }) {
		return nil
	}
	if slices.ContainsFunc(text, hidesTarget) && d.which != leading {
		return []finding{{offset: made.offset, rule: "hidden-target"}}
	}
	operands := d.targets(made.args)
	if d.which == leading && len(operands) == 0 {
		return []finding{{offset: made.offset, rule: "unlisted-target", text: "find deletes below the folder that the script is started in"}}
	}
	var list []finding
	for _, w := range operands {
		list = append(list, place{w, made.base, made.function}.judge(d.name, src)...)
	}
	return list
}

func hidesTarget(arg string) bool {
	return strings.HasPrefix(arg, "-t") || strings.HasPrefix(arg, "--target")
}

// targets picks the words that a call destroys. A word that is not literal may
// be an option too, and counts as a target.
func (d destroyer) targets(args []*syntax.Word) []*syntax.Word {
	operands := d.operands(args)
	switch {
	case d.which == last && len(operands) > 0:
		return operands[len(operands)-1:]
	case d.which == first && len(operands) > 0:
		return operands[:1]
	case d.which == notFirst && len(operands) > 0:
		return operands[1:]
	}
	return operands
}

// operands leaves out the options of a call, and what belongs to them.
func (d destroyer) operands(args []*syntax.Word) []*syntax.Word {
	var list []*syntax.Word
	for i := 0; i < len(args); i++ {
		text := args[i].Lit()
		option := strings.HasPrefix(text, "-")
		switch {
		case text == "--":
			return append(list, args[i+1:]...)
		case d.which == leading && option:
			return list
		case d.which == outFile && !strings.HasPrefix(text, "of=") && text != "":
		case len(text) == 2 && option && strings.ContainsRune(d.valued, rune(text[1])):
			i++
		case option:
		default:
			list = append(list, args[i])
		}
	}
	return list
}

// judge holds a target against the lists.
func (p place) judge(by string, src []byte) []finding {
	text, literal := literalText(p.word)
	text = strings.TrimPrefix(text, "of=")
	list := targets
	if !literal {
		list, text = variableTargets, p.text(src)
	}
	known := ""
	for _, t := range list {
		if t.path != text && (literal || !strings.HasPrefix(text, t.path) || strings.Contains(text, "..")) {
			continue
		}
		if slices.Contains(t.by, by) && (t.in == "" || t.in == p.function) {
			return nil
		}
		known = fmt.Sprintf(", only %s may", strings.Join(t.by, ", "))
	}
	return []finding{{offset: p.offset(), rule: "unlisted-target",
		text: fmt.Sprintf("%s may not write to or remove %s%s", by, text, known)}}
}
