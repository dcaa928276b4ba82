package render

import (
	"requorum/model"
)

// effects says what the loss does to service until the recovery is done, by the
// written procedure's own conditions (sentences 3.10, 3.11 and 3.17).
type effects struct {
	Vellums      int  // failed, of the site
	NoVellums    bool // the site never had one
	Gone         bool // the site had Vellum nodes, and none is live
	OtherSite    bool // the deployment has Vellum nodes at another site
	OtherVellums int  // failed ones there
	Timers       bool
	Calls        bool
	Billing      bool
}

func newEffects(p *model.Plan) effects {
	e := effects{
		Vellums:   len(p.Stores.AllVellums) - len(p.Stores.LiveVellums),
		NoVellums: len(p.Stores.AllVellums) == 0,
		Gone:      len(p.Stores.AllVellums) > 0 && len(p.Stores.LiveVellums) == 0,
	}
	for _, n := range p.Remote {
		if n.Type != model.Vellum {
			continue
		}
		e.OtherSite = true
		if n.State == model.Failed {
			e.OtherVellums++
		}
	}
	e.Timers = e.Gone || e.Vellums > 1
	e.Calls = e.Timers && (!e.OtherSite || e.OtherVellums > 1)
	e.Billing = e.Calls && p.Uses.Ralf
	return e
}

// storesView is what the runbook must say of the data stores.
type storesView struct {
	Key       string        // etcd_cluster_key of the Vellum nodes
	Dead      []deadAddress // failed Vellum nodes of the site
	Cassandra []deadAddress // failed Vellum nodes of every site, which Cassandra must forget
}

type deadAddress struct{ Name, Address string }

func newStoresView(p *model.Plan) storesView {
	v := storesView{Key: p.Stores.Key}
	for _, n := range p.Failed {
		if n.Type == model.Vellum {
			v.Dead = append(v.Dead, deadAddress{n.Name, n.LocalIP.String()})
		}
	}
	v.Cassandra = append(v.Cassandra, v.Dead...)
	for _, n := range p.Remote {
		if n.Type == model.Vellum && n.State == model.Failed {
			v.Cassandra = append(v.Cassandra, deadAddress{n.Name + " of site " + Markdown(n.Site), n.LocalIP.String()})
		}
	}
	return v
}
