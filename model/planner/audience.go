package planner

import "requorum/model"

// who is a group of nodes that a step falls to, with the reason to give where
// the group is empty.
type who struct {
	runs   func(*model.Plan, model.PlanNode) bool
	nobody func(*model.Plan) string
}

func always(text string) func(*model.Plan) string {
	return func(*model.Plan) string { return text }
}

const (
	noFailedVellum = "No Vellum node of the site has failed."
	noVellum       = "The site has no live Vellum node."
	noCassandra    = "None of Homestead-Prov, Homer and Memento is used, so there is no Cassandra cluster to look at."
)

// withoutVellum explains a missing Vellum step: no live Vellum comes first.
func withoutVellum(otherwise string) func(*model.Plan) string {
	return func(p *model.Plan) string {
		if p.Loader == "" {
			return noVellum
		}
		return otherwise
	}
}

var (
	everyone = who{
		runs:   func(*model.Plan, model.PlanNode) bool { return true },
		nobody: always(""), // an inventory has at least one live node
	}
	masters = who{
		runs:   func(_ *model.Plan, n model.PlanNode) bool { return n.Master },
		nobody: always(""), // a choice names at least one master
	}
	carriers = who{
		runs:   func(p *model.Plan, n model.PlanNode) bool { return n.Master && p.SharedConfig != nil },
		nobody: always("The inventory names no known-good shared_config for the site."),
	}
	others = who{
		runs:   func(_ *model.Plan, n model.PlanNode) bool { return !n.Master },
		nobody: always("Every live node of the site is a master, so there is no other node to add."),
	}
	vellums = who{
		runs:   func(_ *model.Plan, n model.PlanNode) bool { return n.Type == model.Vellum },
		nobody: always(noVellum),
	}
	cassandras = who{
		runs: func(p *model.Plan, n model.PlanNode) bool {
			return n.Type == model.Vellum && p.Stores.Cassandra
		},
		nobody: withoutVellum(noCassandra),
	}
	sprouts = who{
		runs:   func(_ *model.Plan, n model.PlanNode) bool { return n.Type == model.Sprout },
		nobody: always("The site has no live Sprout node."),
	}
	loader = who{
		runs:   func(p *model.Plan, n model.PlanNode) bool { return n.Name == p.Loader },
		nobody: always(noVellum),
	}
	cassandraLoader = who{
		runs: func(p *model.Plan, n model.PlanNode) bool {
			return n.Name == p.Loader && p.Stores.Cassandra
		},
		nobody: withoutVellum(noCassandra),
	}
	finisher = who{
		runs: func(p *model.Plan, n model.PlanNode) bool {
			return n.Name == p.Loader && failedVellums(p)
		},
		nobody: withoutVellum(noFailedVellum),
	}
	cassandraFinisher = who{
		runs: func(p *model.Plan, n model.PlanNode) bool {
			return n.Name == p.Loader && failedVellums(p) && p.Stores.Cassandra
		},
		nobody: func(p *model.Plan) string {
			if !p.Stores.Cassandra {
				return withoutVellum(noCassandra)(p)
			}
			return withoutVellum(noFailedVellum)(p)
		},
	}
)

// failedVellums reports whether a failed Vellum must leave the data stores.
func failedVellums(p *model.Plan) bool {
	return len(p.Stores.AllVellums) > len(p.Stores.LiveVellums)
}
