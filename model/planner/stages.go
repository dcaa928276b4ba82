package planner

import (
	"slices"

	"requorum/model"
)

// stageRule says when a stage runs and what must hold before the next.
type stageRule struct {
	name     model.StageName
	title    string
	inTurn   bool
	together string
	minutes  int
	clock    figures
	barrier  string
}

// figures are what the rehearsal of the golden cases measures of a stage on one node,
// the mean in whole seconds: a golden test holds them against its clock. A
// command costs nothing on that clock unless the model says what it waits for.
type figures struct {
	seconds int // all of it
	work    int // of these, what does not pass in the waits of the steps
	silent  int // as much more work where no old master lives: a question to the old etcd waits to its limit
}

// stageRules is the order of the recovery: a table of contents.
var stageRules = []stageRule{
	{name: model.Survey, title: "Look at every live node before anything is changed", minutes: 1, clock: figures{seconds: 3, work: 3, silent: 12},
		barrier: "Every live node shows no FAIL; each WARN and CANNOT TELL is read and decided on."},
	{name: model.Stop, title: "Stop the etcd processes", minutes: 3, clock: figures{seconds: 88, silent: 8},
		barrier: "Every live node of the site says that its etcd data directory is empty and that nothing listens on ports 2380 and 4000."},
	{name: model.Config, title: "Check the configuration on your nodes", minutes: 1, clock: figures{},
		barrier: "The digests in the tables agree between the nodes of each table, and a person who knows the deployment has read the files."},
	{name: model.Create, title: "Recreate the etcd cluster: start the masters", minutes: 1, clock: figures{seconds: 7, work: 5},
		together: "A master that waits alone for minutes is stopped by monit and started again (T33). Start the masters within two minutes of each other.",
		barrier:  "Every master says that its etcd listens on port 4000."},
	{name: model.Confirm, title: "Recreate the etcd cluster: confirm and synchronise", inTurn: true, minutes: 2, clock: figures{seconds: 17, work: 3},
		barrier: "Every master says that the cluster has exactly the expected masters, one leader, the same keys everywhere, and that its configuration is in sync."},
	{name: model.Join, title: "Add the rest of the nodes to the etcd cluster", inTurn: true, minutes: 1, clock: figures{seconds: 19, work: 3},
		barrier: "Every other node says that it reads the cluster through its own proxy and that its configuration is in sync."},
	{name: model.Load, title: "Recreate the data store cluster values in etcd", minutes: 1, clock: figures{seconds: 3, work: 3},
		barrier: "The one Vellum says that every data store value is loaded and the clusters are stable."},
	{name: model.Manage, title: "Start the cluster manager on all nodes", inTurn: true, minutes: 1, clock: figures{seconds: 12},
		barrier: "Every live node says that its cluster manager is up."},
	{name: model.Finish, title: "Next steps: mark the failed Vellum nodes failed", minutes: 3, clock: figures{seconds: 73, work: 3},
		barrier: "The one Vellum says that no failed node is left in any data store cluster."},
}

// stages lays the steps of every stage over the nodes of the plan, and lists
// the steps that fall to nobody.
func stages(p *model.Plan) ([]model.Stage, []model.Omission) {
	var list []model.Stage
	var omitted []model.Omission
	for _, rule := range stageRules {
		st := model.Stage{
			Name: rule.name, Title: rule.title, InTurn: rule.inTurn,
			Together: rule.together, Barrier: rule.barrier, Minutes: rule.minutes,
			Seconds: rule.clock.seconds, Work: rule.clock.work,
		}
		if p.Quorum.Live() == 0 {
			st.Seconds += rule.clock.silent
			st.Work += rule.clock.silent
		}
		order := running(p, rule.name)
		for _, r := range stepRules {
			if r.stage != rule.name {
				continue
			}
			nodes, why := audience(p, r, order)
			if why != "" {
				omitted = append(omitted, model.Omission{Step: r.id(), Title: r.title, Cites: r.cites, Why: why})
				continue
			}
			st.Steps = append(st.Steps, r.step(p, nodes))
			st.Nodes = union(order, st.Nodes, nodes)
		}
		if len(st.Nodes) == 0 {
			st.LeftOut = omitted[len(omitted)-1].Why
		}
		list = append(list, st)
	}
	return list, omitted
}

// running gives the order in which the nodes run a stage: by name, except that
// the configuration source confirms first, and that in the last stages the
// Vellum nodes, whose cluster managers own the data stores, come first.
func running(p *model.Plan, stage model.StageName) []model.PlanNode {
	order := slices.Clone(p.Nodes)
	first := func(n model.PlanNode) bool { return false }
	switch stage {
	case model.Confirm:
		first = func(n model.PlanNode) bool { return n.Name == p.Source }
	case model.Manage:
		first = func(n model.PlanNode) bool { return n.Type == model.Vellum }
	}
	slices.SortStableFunc(order, func(a, b model.PlanNode) int {
		switch {
		case first(a) == first(b):
			return 0
		case first(a):
			return -1
		}
		return 1
	})
	return order
}

// audience gives the names of the nodes that a step falls to, or why there are
// none.
func audience(p *model.Plan, r stepRule, order []model.PlanNode) (nodes []string, why string) {
	for _, n := range order {
		if r.who.runs(p, n) {
			nodes = append(nodes, n.Name)
		}
	}
	if len(nodes) == 0 {
		why = r.who.nobody(p)
	}
	return nodes, why
}

// union adds to have the names in more, in the order of running.
func union(order []model.PlanNode, have, more []string) []string {
	if len(have) == len(order) || slices.Equal(have, more) {
		return have
	}
	if len(have) == 0 {
		return more
	}
	in := map[string]bool{}
	for _, name := range have {
		in[name] = true
	}
	for _, name := range more {
		in[name] = true
	}
	var out []string
	for _, n := range order {
		if in[n.Name] {
			out = append(out, n.Name)
		}
	}
	return out
}
