package main

import (
	"encoding/json"
	"slices"

	"requorum/render"
)

const planHelp = `
Prints the decision and why: the quorum arithmetic, the new masters and what would choose others, which node runs which stage, every step that destroys something, every wait, and what is left to a person.

Nothing is written. A site that still has quorum is refused, with the procedure that applies to it. Warnings are part of the plan and are printed with it.

With --output json the plan is the document that "render" writes as plan.json, in the field "plan"; it is null where there is none.
`

// planDocument is the result of plan in JSON.
type planDocument struct {
	head
	Plan json.RawMessage `json:"plan"`
}

func runPlan(s *session, o *options, args []string) error {
	r, err := s.load(args[0], o)
	if err != nil {
		return err
	}
	if r.all().HasErrors() {
		return s.report(o, r.all(), r.sources, &planDocument{})
	}
	if o.json() {
		return s.report(o, r.all(), nil, &planDocument{Plan: render.PlanJSON(r.plan, r.renderer.ID(r.plan))})
	}
	text, err := r.renderer.PlanText(r.plan)
	if err != nil {
		return s.report(o, slices.Concat(r.all(), r.renderer.Explain(err)), r.renderer.Sources(), nil)
	}
	if err := s.print(string(text)); err != nil {
		return err
	}
	return s.report(o, r.findings, r.sources, nil) // the warnings stand in the text
}
