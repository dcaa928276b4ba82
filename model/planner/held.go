package planner

import "requorum/model"

// heldRule is a part of the order that no script holds by looking.
type heldRule struct {
	stage, before model.StageName
	own           bool // the node itself can be the one that is not done: stop codes do not hold that
	applies       func(p *model.Plan) bool
	harm          string
}

// heldRules were found by the rehearsal, which tries every stage too early; it
// compares the two in every golden case.
var heldRules = []heldRule{
	{stage: model.Stop, before: model.Survey, own: true, applies: anyPlan,
		harm: "What the survey would have found stops the recovery half-way, with the old etcd gone."},
	{stage: model.Config, before: model.Stop, applies: severalNodes,
		harm: "None by itself: config changes nothing that an old etcd could overwrite before create, and create asks every node."},
	{stage: model.Create, before: model.Config, own: true, applies: anyPlan,
		harm: "A wrong file of one master can become everybody's (T25); nobody has compared the digests."},
	{stage: model.Confirm, before: model.Confirm, applies: func(p *model.Plan) bool { return len(p.Choice.Masters) > 2 },
		harm: "None, as long as the configuration source was first, which the scripts check (T25)."},
	{stage: model.Join, before: model.Confirm, applies: func(p *model.Plan) bool { return runs(p, model.Join) && len(p.Choice.Masters) > 1 },
		harm: "A master whose file differs from the source's is found late."},
	{stage: model.Join, before: model.Join, applies: func(p *model.Plan) bool { return len(p.Stage(model.Join).Nodes) > 1 },
		harm: "Where files differ, services of several nodes restart at the same time (T28)."},
	{stage: model.Load, before: model.Confirm, applies: func(p *model.Plan) bool { return runs(p, model.Load) },
		harm: "None by itself: no cluster manager runs yet."},
	{stage: model.Load, before: model.Join, applies: func(p *model.Plan) bool { return runs(p, model.Load) && runs(p, model.Join) },
		harm: "None by itself: no cluster manager runs yet."},
	{stage: model.Manage, before: model.Confirm, applies: func(p *model.Plan) bool { return !runs(p, model.Load) },
		harm: "None by itself: without a live Vellum node no cluster manager has a data store to manage (T49)."},
	{stage: model.Manage, before: model.Join, applies: func(p *model.Plan) bool { return !runs(p, model.Load) && runs(p, model.Join) },
		harm: "None by itself: without a live Vellum node no cluster manager has a data store to manage (T49)."},
	{stage: model.Manage, before: model.Manage, applies: severalNodes,
		harm: "Several cluster managers start at the same time, and what one does wrong is not seen before the next."},
	{stage: model.Finish, before: model.Manage, applies: func(p *model.Plan) bool { return runs(p, model.Finish) && severalNodes(p) },
		harm: "finish waits for the cluster manager of every live Vellum node, and gives up after a quarter of an hour (T50)."},
}

func anyPlan(*model.Plan) bool { return true }

func severalNodes(p *model.Plan) bool { return len(p.Nodes) > 1 }

// runs reports whether anybody runs a stage.
func runs(p *model.Plan, name model.StageName) bool { return len(p.Stage(name).Nodes) > 0 }

// held lists what only people hold in this plan.
func held(p *model.Plan) []model.Held {
	var list []model.Held
	for _, r := range heldRules {
		if r.applies(p) && (r.own || !p.Codes()) {
			list = append(list, model.Held{Stage: r.stage, Before: r.before, Harm: r.harm})
		}
	}
	return list
}
