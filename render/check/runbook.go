package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"requorum/model"
	"requorum/model/diag"
)

var runbookRules = []rule{
	{id: "runbook-missing", forbids: "the runbook does not tell of a stage that a script has", instead: "write the command: sudo bash NAME.sh STAGE",
		why: "A stage that the runbook does not name is not run."},
	{id: "runbook-stranger", forbids: "the runbook tells of a script or a stage that does not exist", instead: "correct the command",
		why: "The engineer on site would stand before a command that does not work."},
}

const (
	runbookPath     = "RUNBOOK.md"
	runbookTemplate = "runbook/RUNBOOK.md.tmpl"
)

// errand is a stage of a node.
type errand struct{ node, stage string }

func (e errand) command() string {
	return strings.TrimSpace("sudo bash " + e.node + ".sh " + e.stage)
}

// checkRunbook holds that RUNBOOK.md names every stage of every node by its
// command, and no other.
func (c *bundleCheck) checkRunbook(p *model.Plan) diag.List {
	f, ok := c.bundle.File(runbookPath)
	if !ok {
		return diag.List{c.runbookFinding("runbook-missing", "the bundle has no RUNBOOK.md", 0, "")}
	}
	nodes, due := errands(p)
	told := map[errand]bool{}
	var list diag.List
	text := f.Bytes()
	for at, e := range commandsIn(text) {
		told[e] = true
		if wrong := stranger(e, nodes, due); wrong != "" {
			list = append(list, c.runbookFinding("runbook-stranger", wrong, lineAt(text, at), e.command()))
		}
	}
	for _, st := range p.Stages {
		for _, node := range st.Nodes {
			if e := (errand{node, string(st.Name)}); !told[e] {
				list = append(list, c.runbookFinding("runbook-missing", "the runbook lacks the command: "+e.command(), 0, ""))
			}
		}
	}
	return list
}

// runbookFinding is one in RUNBOOK.md; its place is the template that spells
// the command out, or the one that the others hang on.
func (c *bundleCheck) runbookFinding(rule, text string, line int, command string) diag.Diagnostic {
	d := finding{rule: rule, text: text}.diagnostic()
	d.File, d.Line = runbookPath, line
	return c.fromTemplate(d, c.spelledOut(command))
}

// spelledOut finds the runbook's template that has a command as it stands.
func (c *bundleCheck) spelledOut(command string) origin {
	for _, template := range c.renderer.Paths("runbook/") {
		src := c.sources[c.renderer.FileOf(template)]
		if i := bytes.Index(src, []byte(command)); i >= 0 && command != "" {
			line := lineAt(src, i)
			return origin{template, line, i - bytes.LastIndexByte(src[:i], '\n')}
		}
	}
	return origin{template: runbookTemplate}
}

// errands gives the nodes that have a script, and what each of them has to do.
func errands(p *model.Plan) (nodes map[string]bool, due map[errand]bool) {
	nodes, due = map[string]bool{}, map[errand]bool{}
	for _, n := range p.Nodes {
		nodes[n.Name] = true
	}
	for _, st := range p.Stages {
		for _, node := range st.Nodes {
			due[errand{node, string(st.Name)}] = true
		}
	}
	return nodes, due
}

// stranger says what is wrong with a command; nothing if it is right. A command
// without a stage is the overview, which every script has.
func stranger(e errand, nodes map[string]bool, due map[errand]bool) string {
	switch {
	case !nodes[e.node]:
		return fmt.Sprintf("there is no script %s.sh in the bundle", e.node)
	case e.stage != "" && !due[e]:
		return fmt.Sprintf("%s.sh has no stage %s", e.node, e.stage)
	}
	return ""
}

// commandsIn finds the commands "sudo bash NAME.sh [FLAGS] [STAGE]" of a text
// by their offset. NAME and STAGE in capitals stand for any.
func commandsIn(text []byte) func(yield func(int, errand) bool) {
	const command = "sudo bash "
	return func(yield func(int, errand) bool) {
		for at := 0; ; {
			i := bytes.Index(text[at:], []byte(command))
			if i < 0 {
				return
			}
			at += i + len(command)
			line, _, _ := bytes.Cut(text[at:], []byte("\n"))
			e, ok := parseErrand(string(line))
			if ok && !yield(at-len(command), e) {
				return
			}
		}
	}
}

func parseErrand(line string) (errand, bool) {
	end := strings.IndexFunc(line, func(r rune) bool { return !strings.ContainsRune(commandRunes, r) })
	if end >= 0 {
		line = line[:end]
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return errand{}, false
	}
	node, script := strings.CutSuffix(words[0], ".sh")
	if !script || node == "NAME" {
		return errand{}, false
	}
	e := errand{node: node}
	words = slices.DeleteFunc(words[1:], func(w string) bool { return w == node })
	for _, w := range words {
		if w != "STAGE" && !strings.HasPrefix(w, "-") {
			e.stage = w
			break
		}
	}
	return e, true
}

// commandRunes are the characters of such a command.
const commandRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. "
