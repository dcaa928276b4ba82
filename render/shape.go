package render

import "requorum/model"

// Shape is all that the stage templates know of a node: its part in the
// recovery, and no value of the inventory. Nodes of one shape share every part
// of their scripts but the head.
type Shape struct {
	Vellum        bool // holds the data stores
	Sprout        bool // holds the JSON and XML files
	Master        bool // of the new cluster
	Source        bool // the master whose configuration manager starts first
	Loader        bool // the Vellum that loads the data store values
	Carries       bool // a master whose script carries shared_config
	Stores        bool // the site has a live Vellum, so data store values are expected
	Cassandra     bool // Cassandra is used and the site has a live Vellum
	Codes         bool // stop codes keep the order between the nodes
	FailedVellums bool // a failed Vellum must leave the data stores
}

// Stages lists what a node of this shape runs, in order.
func (s Shape) Stages() []model.StageName {
	list := []model.StageName{model.Survey, model.Stop, model.Config}
	if s.Master {
		list = append(list, model.Create, model.Confirm)
	} else {
		list = append(list, model.Join)
	}
	if s.Loader {
		list = append(list, model.Load)
	}
	list = append(list, model.Manage)
	if s.Finishes() {
		list = append(list, model.Finish)
	}
	return list
}

// Finishes reports whether the node marks the failed Vellum nodes failed.
func (s Shape) Finishes() bool { return s.Loader && s.FailedVellums }

func shapeOf(p *model.Plan, n model.PlanNode) Shape {
	return Shape{
		Vellum:        n.Type == model.Vellum,
		Sprout:        n.Type == model.Sprout,
		Master:        n.Master,
		Source:        n.Name == p.Source,
		Loader:        n.Name == p.Loader,
		Carries:       n.Master && p.SharedConfig != nil,
		Stores:        p.Loader != "",
		Codes:         p.Codes(),
		Cassandra:     p.Loader != "" && p.Stores.Cassandra,
		FailedVellums: len(p.Stores.AllVellums) > len(p.Stores.LiveVellums),
	}
}
