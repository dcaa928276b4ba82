package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"requorum/model"
)

var agreementRules = []rule{
	{id: "missing-step", forbids: "the plan has a step that the script lacks", instead: "announce the step where it is done: {{step \"STAGE/WORD\"}}",
		why: "Runbook and scripts come from the same plan. A step that the runbook tells of must be in the script of every node that it falls to."},
	{id: "extra-step", forbids: "the script has a step that the plan does not give this node", instead: "take the step out, or render it for the right nodes only",
		why: "What a script does must stand in the plan, so that it is reviewed and the runbook tells of it."},
	{id: "step-order", forbids: "the script takes its steps in another order than the plan", instead: "put the steps in the plan's order",
		why: "The order of the plan is the order of the written procedure, changed only for a reason that the runbook gives."},
	{id: "missing-command", forbids: "a step does not run the command that the written procedure asks for", instead: "call the command in the step, or in a function that the step calls",
		why: "Every command of the written procedure stands in the script as it is, so that whoever knows the procedure recognises it."},
	{id: "no-plan-id", forbids: "a file does not say which plan it belongs to", instead: "write the plan's id into the file",
		why: "Files of two plans must not be mixed unnoticed."},
}

// stepCall is the announcement of a step, and the stretch of the script that
// belongs to it: up to the next one in the same function.
type stepCall struct {
	id       string
	part     int
	function string
	from, to int
}

// agree holds a family's scripts against the plan.
func (c *bundleCheck) agree(f *family) {
	steps, planned := announced(f.pieces), c.planned[c.bundle.Scripts[f.first].Node]
	f.compareSteps(steps, planned)
	a := newAgreement(f)
	for _, s := range steps {
		i := slices.IndexFunc(planned, func(p *model.Step) bool { return p.ID == s.id })
		if i < 0 {
			continue
		}
		for _, command := range planned[i].Commands {
			if !a.runs(s, command) {
				f.add(s.part, []finding{{offset: s.from, rule: "missing-command",
					text: fmt.Sprintf("step %s does not run: %s", s.id, command)}})
			}
		}
	}
	f.pins = a.pins
}

// planned lists the plan's steps for each node, in order.
func planned(p *model.Plan) map[string][]*model.Step {
	out := map[string][]*model.Step{}
	for i := range p.Stages {
		steps := p.Stages[i].Steps
		for j := range steps {
			for _, node := range steps[j].Nodes {
				out[node] = append(out[node], &steps[j])
			}
		}
	}
	return out
}

// announced lists the steps of a script in the order in which they stand.
func announced(pieces []*piece) []stepCall {
	var list []stepCall
	for part, p := range pieces {
		for _, made := range p.calls {
			if made.name != "step" || len(made.args) == 0 {
				continue
			}
			id, _ := literalText(made.args[0])
			if n := len(list); n > 0 && list[n-1].part == part && list[n-1].function == made.function {
				list[n-1].to = made.offset
			}
			list = append(list, stepCall{id: id, part: part, function: made.function, from: made.offset, to: len(p.src)})
		}
	}
	return list
}

// compareSteps holds that the steps are the planned ones, in their order.
func (f *family) compareSteps(steps []stepCall, planned []*model.Step) {
	want := map[string]bool{}
	for _, p := range planned {
		want[p.ID] = true
		if !slices.ContainsFunc(steps, func(s stepCall) bool { return s.id == p.ID }) {
			f.add(f.stagePart(p.ID), []finding{{rule: "missing-step", text: "the script lacks the step " + p.ID}})
		}
	}
	i := 0
	for _, s := range steps {
		switch {
		case !want[s.id]:
			f.add(s.part, []finding{{offset: s.from, rule: "extra-step", text: "the plan does not give this node the step " + s.id}})
			continue
		case i < len(planned) && planned[i].ID != s.id && containsStep(steps, planned[i].ID):
			f.add(s.part, []finding{{offset: s.from, rule: "step-order", text: fmt.Sprintf("step %s comes before %s in the plan", planned[i].ID, s.id)}})
			return
		}
		i = slices.IndexFunc(planned, func(p *model.Step) bool { return p.ID == s.id }) + 1
	}
}

// stagePart gives the part of the stage that a step belongs to; the last part if
// the scripts have no such stage.
func (f *family) stagePart(step string) int {
	stage, _, _ := strings.Cut(step, "/")
	if i := slices.Index(f.templates, "node/"+stage+".sh.tmpl"); i >= 0 {
		return i
	}
	return len(f.templates) - 1
}

func containsStep(steps []stepCall, id string) bool {
	return slices.ContainsFunc(steps, func(s stepCall) bool { return s.id == id })
}

// agreement looks for the commands of the plan among the calls of a script.
type agreement struct {
	pieces []*piece
	bodies map[string][]call // calls of each function
	head   map[string]string // what the head assigns to its plain variables
	pins   map[string]string // those of them that a command was found with
}

func newAgreement(f *family) *agreement {
	a := &agreement{pieces: f.pieces, bodies: map[string][]call{}, pins: map[string]string{}}
	for _, p := range f.pieces {
		for _, made := range p.calls {
			if made.function != "" {
				a.bodies[made.function] = append(a.bodies[made.function], made)
			}
		}
	}
	if file := f.pieces[0].file; file != nil {
		a.head = headVariables(file)
	}
	return a
}

// headVariables gives the quoted values that a head assigns to plain variables.
func headVariables(file *syntax.File) map[string]string {
	out := map[string]string{}
	for _, stmt := range file.Stmts {
		c, ok := stmt.Cmd.(*syntax.CallExpr)
		if !ok || len(c.Args) > 0 {
			continue
		}
		for _, a := range c.Assigns {
			if a.Value == nil {
				continue
			}
			if text, quoted := quotedText(a.Value); quoted {
				out[a.Name.Value] = text
			}
		}
	}
	return out
}

// runs reports whether a step runs a command, itself or in a function that it
// calls.
func (a *agreement) runs(s stepCall, command string) bool {
	var queue []call
	for _, made := range a.pieces[s.part].calls {
		if made.function == s.function && s.from < made.offset && made.offset < s.to {
			queue = append(queue, made)
		}
	}
	entered := map[string]bool{}
	for len(queue) > 0 {
		made := queue[0]
		queue = queue[1:]
		if strings.HasPrefix(command, made.name) && a.says(made, command) {
			return true
		}
		if !entered[made.name] {
			entered[made.name] = true
			queue = append(queue, a.bodies[made.name]...)
		}
	}
	return false
}

// says reports whether a call is a command, word for word. Variables of the
// head count as their values, which are pinned then.
func (a *agreement) says(made call, command string) bool {
	words, used := []string{made.name}, []string(nil)
	for _, w := range made.args {
		text, literal := literalText(w)
		if !literal {
			name := plainVariable(w)
			value, known := a.head[name]
			if !known {
				return false
			}
			text, used = value, append(used, name)
		}
		words = append(words, text)
	}
	if strings.Join(words, " ") != command {
		return false
	}
	for _, name := range used {
		a.pins[name] = a.head[name]
	}
	return true
}

// plainVariable gives the name in a word that is "$NAME" or "${NAME}".
func plainVariable(w *syntax.Word) string {
	if len(w.Parts) != 1 {
		return ""
	}
	q, ok := w.Parts[0].(*syntax.DblQuoted)
	if !ok || len(q.Parts) != 1 {
		return ""
	}
	p, ok := q.Parts[0].(*syntax.ParamExp)
	if !ok || p.Exp != nil || p.Repl != nil || p.Slice != nil || p.Index != nil || p.Excl || p.Length {
		return ""
	}
	return p.Param.Value
}

// holdPins holds that a script sets the variables, on which the agreement with
// the plan rests, to the same values as the first of its family.
func (f *family) holdPins(file *syntax.File) []finding {
	if len(f.pins) == 0 {
		return nil
	}
	head := headVariables(file)
	for _, name := range slices.Sorted(maps.Keys(f.pins)) {
		if value := f.pins[name]; head[name] != value {
			return []finding{{rule: "missing-command",
				text: fmt.Sprintf("a command of the plan needs %s=%s, and this script sets it to %s", name, value, head[name])}}
		}
	}
	return nil
}
