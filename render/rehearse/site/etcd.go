package site

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// dataFolder is where etcd keeps everything (facts 2.3).
const dataFolder = "/var/lib/clearwater-etcd"

// etcd is what a running etcd is, besides its process.
type etcd struct {
	member  bool
	proxy   bool
	store   int           // of a member: the generation that it keeps
	targets []string      // of a proxy: management addresses that it passes requests on to
	led     bool          // of a member: it has had a leader since it was started
	alone   time.Duration // when it was last seen with a leader
}

// electionTime is what a majority takes to find its leader.
const electionTime = time.Second

// store is the generation that a running member keeps.
func (s *Site) store(n *Node) *generation { return s.generations[n.etcd.store] }

// leads reports whether a running member has a leader: a majority of the members
// that it was founded with runs and is in reach. What counts is the cluster's id, so
// that an old member with the same list counts too (T10).
func (s *Site) leads(n *Node) bool {
	if !n.runs(Etcd) || !n.etcd.member {
		return false
	}
	g := s.store(n)
	var since []time.Duration
	for _, m := range s.Nodes {
		if m.runs(Etcd) && m.etcd.member && s.reaches(n, m) && s.store(m).clusterID() == g.clusterID() {
			since = append(since, m.services[Etcd].started)
		}
	}
	needed := len(g.members)/2 + 1
	if len(since) < needed {
		return false
	}
	slices.Sort(since)
	return since[needed-1]+electionTime <= s.Now
}

// elect notes which stores have had a leader by now, and which members have told
// the others their client address.
func (s *Site) elect() {
	for _, n := range s.Nodes {
		if !n.runs(Etcd) || !n.etcd.member {
			continue
		}
		g := s.store(n)
		if n.etcd.led && g.formed && slices.Contains(g.published, n.ManagementIP) || !s.leads(n) {
			continue
		}
		n.etcd.led = true
		s.change(n.etcd.store, func(g *generation) {
			g.formed = true
			if !slices.Contains(g.published, n.ManagementIP) {
				g.published = append(g.published, n.ManagementIP)
			}
		})
	}
}

// answering is the member that answers where a node's etcd is asked: itself, or for a
// proxy the first of its masters that is in reach and speaks; nil if none does.
func (s *Site) answering(n *Node) *Node {
	if !n.runs(Etcd) {
		return nil
	}
	if n.etcd.member {
		return n
	}
	for _, address := range n.etcd.targets {
		m := s.at(address)
		if m != nil && m.runs(Etcd) && m.etcd.member && s.reaches(n, m) && s.speaks(m) {
			return m
		}
	}
	return nil
}

// speaks reports whether a member answers clients at all: before its first leader it
// takes the connection, and says nothing (facts 1.2); so does one that was started again
// and finds none, whatever its data (lab).
func (s *Site) speaks(n *Node) bool {
	return n.runs(Etcd) && n.etcd.member && n.etcd.led
}

// read gives the keys as a node sees them: false if its etcd does not answer.
func (s *Site) read(n *Node) (*generation, bool) {
	s.elect()
	m := s.answering(n)
	if m == nil || !s.speaks(m) {
		return nil, false
	}
	return s.store(m), true
}

// write sets a key as seen from a node; it needs a leader.
func (s *Site) write(n *Node, key, value string) bool {
	s.elect()
	m := s.answering(n)
	if m == nil || !s.leads(m) {
		return false
	}
	s.set(m.etcd.store, key, value)
	return true
}

// health is what cluster-health finds of one member.
type health struct {
	address   string
	healthy   bool
	published bool
	reached   bool
}

// health asks every member that a node's etcd lists, as cluster-health does: nil if
// it lists none. A member that has lost its leader still lists them (facts 1.3).
func (s *Site) health(n *Node) []health {
	g, ok := s.read(n)
	if !ok {
		return nil
	}
	var list []health
	for _, address := range g.members {
		h := health{address: address, published: slices.Contains(g.published, address)}
		if m := s.at(address); m != nil && s.reaches(n, m) && m.runs(Etcd) && m.etcd.member {
			h.reached = true
			h.healthy = s.leads(m) && s.store(m).clusterID() == g.clusterID()
		}
		list = append(list, h)
	}
	return list
}

// startEtcd is what Clearwater's init script and etcd decide together (facts 1.2).
// It gives the time that the start takes; afterwards the process is there, or not.
func (n *Node) startEtcd(s *Site) time.Duration {
	c, ok := n.config(s)
	own := c.management()
	if !ok || own == "" {
		return programLimit // without an address it does not come up
	}
	cluster, proxy := c["etcd_cluster"], c["etcd_proxy"]
	if text, err := n.Read(dataFolder + "/healthy_etcd_members"); err == nil && strings.TrimSpace(text) != "" {
		list := strings.Trim(strings.TrimSpace(text), ",")
		if cluster != "" {
			cluster = list
		} else if proxy != "" {
			proxy = list
		}
	}
	if v := c["etcd_version"]; v != "" && !n.Exists("/usr/share/clearwater/clearwater-etcd/"+v) {
		n.initd(s, "Invalid etcd version: "+v)
		return programLimit
	}
	data := dataFolder + "/" + own
	if n.Exists(data) && !n.Exists(data+"/member") {
		n.initd(s, "The etcd data is corrupted - removing the data directory")
		n.removeAll(data)
	}
	switch {
	case cluster != "" && proxy != "":
		n.initd(s, "Cannot specify both etcd_cluster and etcd_proxy")
		return programLimit
	case cluster != "":
		return n.startMember(s, own, addresses(cluster))
	case proxy != "":
		return n.startProxy(s, own, addresses(proxy))
	}
	n.initd(s, "Must specify either etcd_cluster or etcd_proxy")
	return programLimit
}

// startMember founds a cluster, comes back to one, or waits to be let into one.
func (n *Node) startMember(s *Site, own string, list []string) time.Duration {
	data := dataFolder + "/" + own
	switch {
	case n.Exists(data + "/member"):
		n.initd(s, "Rejoining cluster...")
		return n.comeBack(s, own)
	case !n.Exists(dataFolder+"/clustered_successfully") && slices.Contains(list, own):
		n.initd(s, "Creating new cluster...")
		return n.found(s, own, list)
	}
	n.initd(s, "Joining existing cluster...")
	n.initd(s, "Not joining an unhealthy cluster") // an existing one lists its members, and none of these does (T13, T21)
	return programLimit
}

// comeBack starts a member from its data.
func (n *Node) comeBack(s *Site, own string) time.Duration {
	text, _ := n.Read(dataFolder + "/" + own + "/member/snap/db")
	var store int
	if _, err := fmt.Sscanf(text, "store %d", &store); err != nil || store >= len(s.generations) {
		n.initd(s, "etcd cannot read its data")
		return programLimit
	}
	n.listen(s, etcd{member: true, store: store, alone: s.Now})
	return time.Second
}

// found starts a member with a new, empty store, together with those that were
// started from the same list and have not formed yet.
func (n *Node) found(s *Site, own string, list []string) time.Duration {
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		n.initd(s, "etcd refuses a list with an address twice")
		return programLimit
	}
	id := strings.Join(list, ",")
	store := -1
	for _, m := range s.Nodes {
		if m == n || !m.runs(Etcd) || !m.etcd.member || !s.reaches(n, m) || s.store(m).clusterID() != id {
			continue
		}
		if slices.Contains(s.store(m).published, own) {
			n.initd(s, "member "+own+" has already been bootstrapped")
			return programLimit
		}
		store = m.etcd.store
	}
	if store < 0 {
		store = n.unfinished(s, id)
	}
	folder := dataFolder + "/" + own + "/member/snap"
	if n.mkdirs(s, folder, 0o700) != nil || n.write(s, folder+"/db", fmt.Sprintf("store %d of %s\n", store, id), 0o600) != nil {
		n.initd(s, "etcd cannot write its data")
		return programLimit
	}
	n.listen(s, etcd{member: true, store: store, alone: s.Now})
	return time.Second
}

// unfinished finds a store of the same list that never had a leader and that some
// node still has data of: its members will find each other. Otherwise a new one.
func (n *Node) unfinished(s *Site, id string) int {
	for i, g := range s.generations {
		if g.clusterID() == id && !g.formed {
			return i
		}
	}
	s.generations = append(s.generations, &generation{members: strings.Split(id, ",")})
	return len(s.generations) - 1
}

// startProxy starts etcd as a proxy. Data of a member makes it a member of its old
// cluster instead (T11).
func (n *Node) startProxy(s *Site, own string, list []string) time.Duration {
	n.initd(s, "Joining cluster as proxy...")
	data := dataFolder + "/" + own
	if n.Exists(data + "/member") {
		n.initd(s, "the server is already initialized as member before, starting as etcd member...")
		return n.comeBack(s, own)
	}
	if n.mkdirs(s, data+"/proxy", 0o700) != nil ||
		n.write(s, data+"/proxy/cluster", `{"PeerURLs":["http://`+strings.Join(list, `:2380","http://`)+`:2380"]}`+"\n", 0o600) != nil {
		return programLimit
	}
	n.listen(s, etcd{proxy: true, targets: list, alone: s.Now})
	return time.Second
}

// listen is the success that the init script sees: a port that takes connections.
func (n *Node) listen(s *Site, e etcd) {
	n.begin(s, Etcd)
	n.etcd = e
	_ = n.write(s, dataFolder+"/clustered_successfully", "", 0o644)
}

// initd writes into the init script's log.
func (n *Node) initd(s *Site, text string) {
	const file = "/var/log/clearwater-etcd/clearwater-etcd-initd.log"
	if n.mkdirs(s, "/var/log/clearwater-etcd", 0o755) != nil {
		return
	}
	old, _ := n.Read(file)
	_ = n.write(s, file, old+text+"\n", 0o644)
}

// addresses takes a list apart as the init script does.
func addresses(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// initStart is what an init script does with start, as monit calls it.
func (n *Node) initStart(s *Site, v Service) time.Duration {
	switch v {
	case Etcd:
		return n.startEtcd(s)
	case ClusterManager:
		if n.Exists("/etc/clearwater/no_cluster_manager") {
			return programLimit // it never appears (facts 2.4)
		}
	}
	if _, ok := n.config(s); !ok {
		return programLimit
	}
	n.begin(s, v)
	return time.Second
}

// serviceCommand is service SERVICE stop: the init script itself, which waits, and
// kills what does not end (facts 1.2).
func serviceCommand(c *call) int {
	n := c.node
	if len(c.args) != 3 || c.args[2] != "stop" {
		return c.unknown("service takes other arguments")
	}
	for v := range services {
		if services[v].daemon != c.args[1] {
			continue
		}
		limit := 30 * time.Second
		if Service(v) == ConfigManager {
			limit = 120 * time.Second
		}
		c.say("Stopping %s\n", c.args[1])
		p := &n.services[v]
		if p.pid == 0 {
			return 0
		}
		if p.dies == 0 || p.dies > c.site.Now+limit {
			p.dies = c.site.Now + min(n.stopTime(c.site, Service(v)), limit)
		}
		return c.wait(p.dies - c.site.Now + time.Millisecond)
	}
	c.complain("%s: unrecognized service\n", c.args[1])
	return 1
}
