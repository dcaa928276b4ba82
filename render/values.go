package render

import (
	"net/netip"
	"slices"
	"strings"

	"requorum/model"
)

// Word is a value that may stand bare in a comment of a script: its characters
// mean nothing to any shell.
type Word string

// Text is a value of any characters. It must be quoted wherever it stands.
type Text string

// Head is what the template node/head.sh.tmpl knows: the values of one node and
// of its plan. Nothing else in a script comes from the inventory.
type Head struct {
	Shape        Shape // bare flags, no text
	Plan         Word
	Deployment   Text
	Site         Word
	Node         Word
	Type         Word
	Source       Word // name of the master whose configuration manager starts first
	LocalIP      Word
	ManagementIP Word
	EtcdKey      Word
	StoreKey     Word   // etcd_cluster_key of the Vellum nodes; empty without a live one
	MasterList   Word   // management addresses of the new masters, joined by commas
	MasterIPs    []Word // the same, one by one
	Names        []Text // "NETWORK ADDRESS NAME" for each address that a message may have to explain

	LiveNodes       []Word // management addresses of all live nodes of the site; a master's head has them
	FailedNodes     []Word // management addresses of the failed nodes of the site
	LiveVellums     []Word // signaling addresses
	AllVellums      []Word
	FailedVellums   []Word
	CassandraNodes  []Word
	Waits           []Text // "STAGE ENDED NODE...": before STAGE, the codes that say that ENDED is done on the nodes
	Gives           Text   // the stages at whose end this node gives a code, with spaces between
	InstanceID      Word   // Chronos identity to write where the node has none of its own
	DeploymentID    Word
	SharedConfig    Text // the known-good shared_config, byte for byte
	SharedConfigSum Word // its SHA-256, in hex
}

// site holds the values that all nodes of a plan share; it is made once.
type site struct {
	plan        *model.Plan
	id          string
	masterIPs   []Word
	masterList  Word
	names       []Text // for every head
	liveNames   []Text // more, for the heads that speak of every live node
	liveNodes   []Word
	failedNodes []Word
	live, all   []Word
	failed      []Word
	cassandra   []Word
	configSum   Word
	codes       stopCodes
}

func newSite(p *model.Plan, id string) site {
	s := site{
		plan:      p,
		id:        id,
		live:      words(p.Stores.LiveVellums),
		all:       words(p.Stores.AllVellums),
		cassandra: words(p.Stores.CassandraNodes),
	}
	var list []string
	for _, n := range p.Nodes {
		s.liveNodes = append(s.liveNodes, Word(n.ManagementIP.String()))
		if !n.Master {
			s.liveNames = append(s.liveNames, nameOf("management", n.ManagementIP, n.Name))
		}
		if n.Master {
			s.masterIPs = append(s.masterIPs, Word(n.ManagementIP.String()))
			list = append(list, n.ManagementIP.String())
			s.name("management", n.ManagementIP, n.Name)
		}
		if n.Type == model.Vellum {
			s.name("signaling", n.LocalIP, n.Name)
		}
	}
	s.masterList = Word(strings.Join(list, ","))
	for _, n := range p.Failed {
		s.failedNodes = append(s.failedNodes, Word(n.ManagementIP.String()))
		s.name("management", n.ManagementIP, n.Name)
		if n.Type == model.Vellum {
			s.failed = append(s.failed, Word(n.LocalIP.String()))
			s.name("signaling", n.LocalIP, n.Name)
		}
	}
	for _, n := range p.Remote {
		if p.Stores.Cassandra && n.Type == model.Vellum {
			s.name("signaling", n.LocalIP, n.Name)
		}
	}
	if p.SharedConfig != nil {
		s.configSum = Word(sum(p.SharedConfig))
	}
	s.codes = newStopCodes(p)
	return s
}

// name notes which node an address belongs to.
func (s *site) name(network string, ip netip.Addr, node string) {
	s.names = append(s.names, nameOf(network, ip, node))
}

// nameOf writes which node an address belongs to. Messages speak of etcd by
// management addresses and of Vellum nodes by their signaling address; the two
// networks may use the same addresses (facts 3).
func nameOf(network string, ip netip.Addr, node string) Text {
	return Text(network + " " + ip.String() + " " + node)
}

// head gathers the values of one node.
func (s *site) head(n model.PlanNode) Head {
	shape := shapeOf(s.plan, n)
	h := Head{
		Shape:        shape,
		Plan:         Word(s.id),
		Deployment:   Text(s.plan.Deployment),
		Site:         Word(s.plan.Site),
		Node:         Word(n.Name),
		Type:         Word(n.Type),
		Source:       Word(s.plan.Source),
		LocalIP:      Word(n.LocalIP.String()),
		ManagementIP: Word(n.ManagementIP.String()),
		EtcdKey:      Word(s.plan.EtcdKey),
		StoreKey:     Word(s.plan.Stores.Key),
		MasterList:   s.masterList,
		MasterIPs:    s.masterIPs,
		Names:        s.names,

		FailedNodes:    s.failedNodes,
		LiveVellums:    s.live,
		AllVellums:     s.all,
		FailedVellums:  s.failed,
		CassandraNodes: s.cassandra,
	}
	if shape.Master {
		h.LiveNodes, h.Names = s.liveNodes, slices.Concat(s.names, s.liveNames)
	} else {
		h.Names = append(slices.Clone(s.names), nameOf("management", n.ManagementIP, n.Name))
	}
	if shape.Vellum {
		h.InstanceID, h.DeploymentID = identity(s.plan, n)
	}
	if shape.Codes {
		h.Waits, h.Gives = s.codes.lines(n.Name), Text(strings.Join(s.codes.gives[n.Name], " "))
	}
	if shape.Carries {
		h.SharedConfig, h.SharedConfigSum = Text(s.plan.SharedConfig), s.configSum
	}
	return h
}

// identity numbers a Vellum for Chronos: instance_id 0 to 127 within the site,
// deployment_id 0 to 7 (facts 2.5). It serves only a node that has lost the
// node_identity from which Clearwater derives both.
func identity(p *model.Plan, n model.PlanNode) (instance, deployment Word) {
	i, _ := slices.BinarySearchFunc(p.Stores.AllVellums, n.LocalIP, netip.Addr.Compare)
	later := slices.ContainsFunc(p.Remote, func(r model.RemoteNode) bool { return r.Site < p.Site })
	deployment = "0"
	if later {
		deployment = "1"
	}
	return Word(decimal(i % 128)), deployment
}

func words(ips []netip.Addr) []Word {
	out := make([]Word, len(ips))
	for i, ip := range ips {
		out[i] = Word(ip.String())
	}
	return out
}
