package inventory

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"requorum/model"
)

// deployment turns a draft without mistakes into the model's value: defaults
// applied, everything in order.
func (d *draft) deployment() *model.Deployment {
	sites := make([]model.Site, len(d.sites))
	for i := range d.sites {
		sites[i] = d.sites[i].site()
	}
	slices.SortFunc(sites, func(a, b model.Site) int { return cmp.Compare(a.Name, b.Name) })
	return &model.Deployment{
		Name:    d.name.text,
		EtcdKey: d.etcdKey.or(model.DefaultEtcdKey),
		Uses:    d.uses.uses(),
		Recover: d.recover.text,
		Sites:   sites,

		Operators: d.operatorCount(),
	}
}

// operatorCount is one where the inventory says nothing.
func (d *draft) operatorCount() int {
	n, err := strconv.Atoi(d.operators.text)
	if err != nil {
		return model.DefaultOperators
	}
	return n
}

func (u *usesDraft) uses() model.Uses {
	return model.Uses{
		HomesteadProv: u.homesteadProv.text == "true",
		Homer:         u.homer.text == "true",
		Memento:       u.memento.text == "true",
		Ralf:          u.ralf.text == "true",
	}
}

func (s *siteDraft) site() model.Site {
	var nodes []model.Node
	if len(s.nodes) > 0 {
		nodes = make([]model.Node, len(s.nodes))
	}
	for i := range s.nodes {
		nodes[i] = s.nodes[i].node()
	}
	slices.SortFunc(nodes, func(a, b model.Node) int { return model.CompareNames(a.Name, b.Name) })
	return model.Site{Name: s.name.text, SharedConfig: s.content, Nodes: nodes}
}

func (n *nodeDraft) node() model.Node {
	return model.Node{
		Name:         n.name.text,
		Type:         model.Type(n.nodeType.text),
		LocalIP:      netip.MustParseAddr(n.localIP.text),
		ManagementIP: netip.MustParseAddr(n.management().text),
		Etcd:         model.Role(n.etcd.text),
		State:        model.State(n.state.or(string(model.Live))),
		ClusterKey:   n.clusterKey.or(n.nodeType.text),
		Location:     n.location.text,
	}
}

// management is the value that gives the management address: local_ip where
// the node has no network of its own for it.
func (n *nodeDraft) management() leaf {
	if n.managementIP.given() {
		return n.managementIP
	}
	return n.localIP
}
