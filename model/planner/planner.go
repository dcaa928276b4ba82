// Package planner turns a Deployment into a Plan: quorum arithmetic, the
// choice of masters, stages, steps and barriers. It is pure and total: every
// Deployment gives a Plan or a refusal, and the same one each time.
package planner

import (
	"net/netip"
	"slices"

	"requorum/model"
	"requorum/model/diag"
)

// Build plans the recovery of d.Recover. The plan is nil if the list holds an
// error; otherwise the list is the plan's own warnings.
func Build(d *model.Deployment) (*model.Plan, diag.List) {
	s := survey(d)
	if refusals := refuse(s); len(refusals) > 0 {
		return nil, refusals
	}
	p := &model.Plan{
		Deployment:   d.Name,
		EtcdKey:      d.EtcdKey,
		Site:         d.Recover,
		Uses:         d.Uses,
		Operators:    max(d.Operators, model.DefaultOperators),
		Quorum:       s.quorum,
		Choice:       choose(s),
		Failed:       s.failed,
		Remote:       s.remote,
		Stores:       stores(s),
		SharedConfig: s.site.SharedConfig,
	}
	for _, n := range s.live {
		p.Nodes = append(p.Nodes, model.PlanNode{Node: n, Master: slices.Contains(p.Choice.Masters, n.Name)})
	}
	p.Source = source(p)
	if len(s.liveVellums) > 0 {
		p.Loader = s.liveVellums[0].Name
	}
	p.Stages, p.Omitted = stages(p)
	if p.Operators > 1 {
		p.Waits = waits(p.Stages)
	}
	p.Held = held(p)
	p.Warnings = warnings(p)
	return p, p.Warnings
}

// sight is the deployment sorted by what the decisions ask of it.
type sight struct {
	deployment    *model.Deployment
	site          *model.Site
	live, failed  []model.Node // of the site
	liveVellums   []model.Node
	failedVellums []model.Node
	remote        []model.RemoteNode
	quorum        model.Quorum
}

func survey(d *model.Deployment) sight {
	s := sight{deployment: d, site: d.SiteToRecover()}
	for _, n := range s.site.Nodes {
		vellum := n.Type == model.Vellum
		if n.State == model.Failed {
			s.failed = append(s.failed, n)
			s.failedVellums = appendIf(s.failedVellums, n, vellum)
		} else {
			s.live = append(s.live, n)
			s.liveVellums = appendIf(s.liveVellums, n, vellum)
		}
		if n.Etcd == model.Master {
			s.quorum.Masters++
			if n.State == model.Failed {
				s.quorum.Dead++
			}
		}
	}
	s.quorum.Needed = s.quorum.Masters/2 + 1
	for _, site := range d.Sites {
		if site.Name == d.Recover {
			continue
		}
		for _, n := range site.Nodes {
			s.remote = append(s.remote, model.RemoteNode{Site: site.Name, Node: n})
		}
	}
	return s
}

func appendIf(list []model.Node, n model.Node, keep bool) []model.Node {
	if keep {
		list = append(list, n)
	}
	return list
}

// stores says what the data stores must hold. Chronos and Memcached have one
// cluster a site; Cassandra has one over all sites (facts 3, T46).
func stores(s sight) model.Stores {
	st := model.Stores{Cassandra: s.deployment.Uses.Cassandra()}
	if len(s.liveVellums) > 0 {
		st.Key = s.liveVellums[0].ClusterKey
	}
	for _, n := range s.site.Nodes {
		if n.Type == model.Vellum {
			st.AllVellums = append(st.AllVellums, n.LocalIP)
		}
	}
	for _, n := range s.liveVellums {
		st.LiveVellums = append(st.LiveVellums, n.LocalIP)
	}
	st.CassandraNodes = slices.Clone(st.LiveVellums)
	for _, n := range s.failedVellums {
		st.CassandraFailed = append(st.CassandraFailed, n.LocalIP)
	}
	for _, n := range s.remote {
		if n.Type != model.Vellum {
			continue
		}
		if n.State == model.Live {
			st.CassandraNodes = append(st.CassandraNodes, n.LocalIP)
		} else {
			st.CassandraFailed = append(st.CassandraFailed, n.LocalIP)
		}
	}
	for _, ips := range [][]netip.Addr{st.AllVellums, st.LiveVellums, st.CassandraNodes, st.CassandraFailed} {
		slices.SortFunc(ips, netip.Addr.Compare)
	}
	return st
}

// source picks the master whose configuration manager starts first: the first
// Vellum among them, else the first of all.
func source(p *model.Plan) string {
	for _, n := range p.Nodes {
		if n.Master && n.Type == model.Vellum {
			return n.Name
		}
	}
	return p.Choice.Masters[0]
}
