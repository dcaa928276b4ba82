package inventory

import (
	"net/netip"

	"requorum/model"
)

// checkRules finds what is wrong between values that are each legal. A value
// that is not legal has its finding already and is left out here, so that one
// mistake is not reported twice.
func checkRules(r *report, d *draft) {
	checkNames(r, d)
	checkAddresses(r, d)
	checkRecover(r, d)
}

// checkNames refuses a node name that two sites use: scripts are files of that
// name. Twice in one site is a duplicate key.
func checkNames(r *report, d *draft) {
	type owner struct {
		site *siteDraft
		node *nodeDraft
	}
	owners := make(map[string]owner, d.nodeCount())
	for s, n := range d.allNodes {
		first, taken := owners[n.name.text]
		switch {
		case !taken:
			owners[n.name.text] = owner{s, n}
		case first.site != s:
			r.add(n.name.at, pathOf(s, n), duplicateName(n.name.text, first.site.name.text, first.node.name.at))
		}
	}
}

// allNodes yields every node with its site, in the order of the file.
func (d *draft) allNodes(yield func(*siteDraft, *nodeDraft) bool) {
	for i := range d.sites {
		s := &d.sites[i]
		for j := range s.nodes {
			if !yield(s, &s.nodes[j]) {
				return
			}
		}
	}
}

func (d *draft) nodeCount() int {
	count := 0
	for i := range d.sites {
		count += len(d.sites[i].nodes)
	}
	return count
}

func pathOf(s *siteDraft, n *nodeDraft, keys ...string) string {
	return joinPath(append([]string{"sites", s.name.text, "nodes", n.name.text}, keys...)...)
}

// user is a node that has an address already.
type user struct {
	node *nodeDraft
	at   place // of the address
}

// checkAddresses keeps addresses unique within each of the two networks of
// the whole deployment. Signaling and management addresses are not compared:
// with separate networks the same address may stand in both, and a node
// without separate networks stands in both networks by itself.
func checkAddresses(r *report, d *draft) {
	signaling := make(map[netip.Addr]user, d.nodeCount())
	management := make(map[netip.Addr]user, d.nodeCount())
	for s, n := range d.allNodes {
		if first, taken := take(signaling, n, n.localIP); taken {
			r.add(n.localIP.at, pathOf(s, n, "local_ip"), duplicateAddress(n.localIP.text, "local_ip", first))
		}
		first, taken := take(management, n, n.management())
		switch {
		case !taken:
		case n.managementIP.given():
			r.add(n.managementIP.at, pathOf(s, n, "management_local_ip"),
				duplicateAddress(n.managementIP.text, "management address", first))
		case signaling[netip.MustParseAddr(n.localIP.text)].node == n:
			// The first finding is said once, not once for each network.
			r.add(n.localIP.at, pathOf(s, n, "local_ip"),
				duplicateAddress(n.localIP.text, "management address", first))
		}
		checkIPv6Management(r, s, n)
	}
}

// take notes that n uses an address in a network, or finds who does already.
func take(network map[netip.Addr]user, n *nodeDraft, l leaf) (user, bool) {
	if !l.legal {
		return user{}, false
	}
	a := netip.MustParseAddr(l.text)
	first, taken := network[a]
	if !taken {
		network[a] = user{n, l.at}
	}
	return first, taken
}

func checkIPv6Management(r *report, s *siteDraft, n *nodeDraft) {
	if n.managementIP.given() || !n.localIP.legal {
		return
	}
	if netip.MustParseAddr(n.localIP.text).Is6() {
		r.add(n.localIP.at, pathOf(s, n, "local_ip"), *ipv6Management(n.localIP.text))
	}
}

// checkRecover makes sure that the site to recover is there and has what every
// recovery needs.
func checkRecover(r *report, d *draft) {
	if !d.recover.legal || !d.hasSites {
		return
	}
	for i := range d.sites {
		if d.sites[i].name.text == d.recover.text {
			checkSite(r, &d.sites[i])
			return
		}
	}
	r.add(d.recover.at, "recover", unknownSite(d.recover.text, d.siteNames()))
}

func (d *draft) siteNames() []string {
	var names []string
	for i := range d.sites {
		if d.sites[i].name.legal {
			names = append(names, d.sites[i].name.text)
		}
	}
	return names
}

// checkSite counts a node with a mistake in the value in question as what it
// could be: a misspelt state is no lack of live nodes.
func checkSite(r *report, s *siteDraft) {
	if !s.hasNodes {
		return
	}
	live, masters := 0, 0
	for i := range s.nodes {
		n := &s.nodes[i]
		if !n.state.legal || n.state.text == string(model.Live) {
			live++
		}
		if !n.etcd.legal || n.etcd.text == string(model.Master) {
			masters++
		}
	}
	path := joinPath("sites", s.name.text, "nodes")
	if live == 0 {
		r.add(s.name.at, path, noLiveNode(s.name.text, len(s.nodes)))
	}
	if masters == 0 && len(s.nodes) > 0 {
		r.add(s.name.at, path, noMaster(s.name.text))
	}
}
