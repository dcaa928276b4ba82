package site

import (
	"slices"
	"strings"
	"time"

	"requorum/model"
)

// Node is one machine of the site.
type Node struct {
	Name         string
	Type         model.Type
	LocalIP      string // signaling
	ManagementIP string
	Host         string // what hostname says
	Addresses    []string
	Files        Files

	Up     bool // it has power
	Fenced bool // its network is cut
	Full   bool // its disk has no room left
	Ahead  time.Duration
	Format Format // of monit's summary
	Stops  map[Service]time.Duration

	services [4]process
	monit    monit
	etcd     etcd
	polled   time.Duration // when the poll of etcd that is under way ends; 0 if none is
	locked   bool          // a script holds its lock
	durable  *memory       // what would be left of the files if the power failed now
}

// Service is one of the four that the procedure stops and starts.
type Service int

// The four services, in the order of monit's summary.
const (
	Etcd Service = iota
	ClusterManager
	ConfigManager
	QueueManager
)

// service is what a service is called in different places (facts 1.1, T2).
type service struct {
	group   string // monit's group; the process in it is called group_process
	daemon  string // the name of its init script
	program string // what ps shows
	pidfile string
}

var services = [4]service{
	{"etcd", "clearwater-etcd", "/usr/share/clearwater/clearwater-etcd/3.1.7/etcd --debug", "/var/run/clearwater-etcd/clearwater-etcd.pid"},
	{"clearwater_cluster_manager", "clearwater-cluster-manager", "/usr/share/clearwater/clearwater-cluster-manager/env/bin/python -m metaswitch.clearwater.cluster_manager.main", "/var/run/clearwater-cluster-manager.pid"},
	{"clearwater_config_manager", "clearwater-config-manager", "/usr/share/clearwater/clearwater-config-manager/env/bin/python -m metaswitch.clearwater.config_manager.main", "/var/run/clearwater-config-manager.pid"},
	{"clearwater_queue_manager", "clearwater-queue-manager", "/usr/share/clearwater/clearwater-queue-manager/env/bin/python -m metaswitch.clearwater.queue_manager.main", "/var/run/clearwater-queue-manager.pid"},
}

// Daemon is the name of a service's init script.
func (v Service) Daemon() string { return services[v].daemon }

// process is what runs of a service.
type process struct {
	pid     int           // 0 if nothing runs
	started time.Duration // when
	dies    time.Duration // when a stop that is under way ends it; 0 if none is
	tick    time.Duration // when it does something next
}

func (n *Node) clone() *Node {
	c := *n
	if m, ok := n.Files.(*memory); ok {
		c.Files = m.clone()
	}
	c.monit.queue = slices.Clone(n.monit.queue)
	return &c
}

// runs reports whether a service's process is alive.
func (n *Node) runs(v Service) bool { return n.Up && n.services[v].pid != 0 }

// Runs is the same for whoever looks from outside.
func (n *Node) Runs(v Service) bool { return n.runs(v) }

// begin starts the process of a service.
func (n *Node) begin(s *Site, v Service) {
	n.services[v] = process{pid: s.nextPid(), started: s.Now, tick: s.Now}
	if v == Etcd {
		n.services[v].tick = 0
	}
	_ = n.mkdirs(s, "/var/run/clearwater-etcd", 0o755)
	_ = n.write(s, services[v].pidfile, itoa(n.services[v].pid)+"\n", 0o644)
}

// end lets the process of a service die.
func (n *Node) end(v Service) {
	n.services[v] = process{}
	_ = n.Files.Remove(services[v].pidfile)
	if v == Etcd {
		n.etcd = etcd{}
	}
}

// stopTime is how long a process takes from SIGTERM to its end. A manager that has
// just lost its etcd sleeps half a minute after the error before it notices
// (facts 1.2; lab: about 30 s each, the configuration manager some 10 s more).
func (n *Node) stopTime(s *Site, v Service) time.Duration {
	if d, ok := n.Stops[v]; ok {
		return d
	}
	switch {
	case v == Etcd:
		return time.Second
	case s.answering(n) != nil && s.leads(s.answering(n)):
		return 2 * time.Second
	case v == ConfigManager:
		return 38 * time.Second
	}
	return 28 * time.Second
}

// nextEvent is when something happens on the node by itself.
func (n *Node) nextEvent(now time.Duration) time.Duration {
	if !n.Up {
		return never
	}
	next := n.nextMonit()
	for v := range n.services {
		p := &n.services[v]
		if p.pid == 0 {
			continue
		}
		if p.dies != 0 {
			next = min(next, p.dies)
		}
		if p.tick != 0 {
			next = min(next, p.tick)
		}
	}
	if n.polled != 0 {
		next = min(next, n.polled)
	}
	return max(next, now)
}

// happen does the one thing that is due first.
func (n *Node) happen(s *Site) {
	for v := range n.services {
		p := &n.services[v]
		switch {
		case p.pid == 0:
		case p.dies != 0 && p.dies <= s.Now:
			n.end(Service(v))
			return
		case p.tick != 0 && p.tick <= s.Now:
			n.tick(s, Service(v))
			return
		}
	}
	if n.polled != 0 && n.polled <= s.Now {
		n.polled = 0
		n.endPoll(s)
		return
	}
	n.monitTurn(s)
}

// tick lets a manager do what it does every few seconds.
func (n *Node) tick(s *Site, v Service) {
	wait := 5 * time.Second
	switch v {
	case ConfigManager:
		wait = n.synchronise(s)
	case ClusterManager:
		wait = n.cluster(s)
	case QueueManager:
		wait = never - s.Now
	}
	n.services[v].tick = s.Now + wait
}

// PowerOff takes the power from a node: every process ends, and what was not
// written to the disk is lost if kept is false.
func (n *Node) PowerOff(s *Site, kept bool) {
	s.elect() // the others go on to know that they had a leader
	for v := range n.services {
		n.end(Service(v))
	}
	n.Up, n.locked, n.polled = false, false, 0
	n.monit.queue, n.monit.busy = nil, 0
	if m, ok := n.Files.(*memory); ok {
		if !kept && n.durable != nil {
			m = n.durable.clone()
		}
		for _, p := range slices.Concat(list(m, "/var/run"), list(m, "/var/run/clearwater-etcd")) {
			_ = m.Remove(p) // a folder that is not empty stays
		}
		n.Files, n.durable = m, m.clone()
	}
}

func list(m *memory, dir string) []string {
	names := m.List(dir)
	for i := range names {
		names[i] = strings.TrimSuffix(dir, "/") + "/" + names[i]
	}
	return names
}

// PowerOn boots a node. monit watches everything again and starts it (T8).
func (n *Node) PowerOn(s *Site) {
	n.Up = true
	_ = n.mkdirs(s, "/var/run/clearwater-etcd", 0o755)
	for v := range n.monit.watched {
		n.monit.watched[v] = true
		n.monit.shown[v] = initializing
		n.ask(Service(v), start)
	}
	n.monit.cycle = s.Now + cycle
}

// sync makes what was written so far survive a loss of power.
func (n *Node) sync() {
	if m, ok := n.Files.(*memory); ok {
		n.durable = m.clone()
	}
}
