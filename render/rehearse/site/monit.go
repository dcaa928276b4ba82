package site

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Format is the way in which a version of monit prints its summary (facts 1.1).
type Format string

// The three formats that are known.
const (
	Old   Format = "5.8"
	Fork  Format = "5.18" // Clearwater's own
	Later Format = "5.33"
)

const (
	cycle        = 10 * time.Second // monit's (facts 1.1)
	programLimit = 30 * time.Second // of start and stop programs
)

// monit is the daemon of one node: one worker, one request after the other.
type monit struct {
	Down    bool
	watched [4]bool
	shown   [4]string // what the summary says of a watched service
	queue   []request
	busy    time.Duration // until then the worker is busy; 0 if it is not
	current request       // what it is busy with
	cycle   time.Duration // when its next cycle begins
}

type request struct {
	service Service
	action  action
}

type action int

const (
	stop action = iota
	start
)

const (
	running      = "Running"
	initializing = "Initializing"
	failed       = "Execution failed | Does not exist"
	missing      = "Does not exist"
)

// ask posts a request, as monit stop and monit monitor do: it is carried out when
// the worker gets to it (T1).
func (n *Node) ask(v Service, a action) {
	r := request{v, a}
	if !slices.Contains(n.monit.queue, r) {
		n.monit.queue = append(n.monit.queue, r)
	}
}

// nextMonit is when the daemon does something next.
func (n *Node) nextMonit() time.Duration {
	switch {
	case n.monit.Down:
		return never
	case n.monit.busy != 0:
		return n.monit.busy
	case len(n.monit.queue) > 0:
		return 0
	}
	return n.monit.cycle
}

// monitTurn lets the daemon do its next thing.
func (n *Node) monitTurn(s *Site) {
	m := &n.monit
	switch {
	case m.busy != 0 && m.busy <= s.Now:
		m.busy = 0
		n.done(s, m.current)
	case m.busy != 0:
	case len(m.queue) > 0:
		m.current = m.queue[0]
		m.queue = m.queue[1:]
		n.carryOut(s, m.current)
	case m.cycle <= s.Now:
		m.cycle = s.Now + cycle
		n.cycle(s)
	}
}

// carryOut begins a request. Whatever the program that it runs does, monit waits
// for it no longer than half a minute (T2).
func (n *Node) carryOut(s *Site, r request) {
	p := &n.services[r.service]
	wait := time.Duration(0)
	switch {
	case r.action == stop && p.pid != 0:
		wait = n.stopTime(s, r.service)
		p.dies = s.Now + wait
	case r.action == start && p.pid == 0:
		wait = n.initStart(s, r.service)
	}
	n.monit.busy = s.Now + max(min(wait, programLimit), time.Millisecond)
}

// done ends a request: after a stop monit watches the service no more, whether it
// has stopped or not. Then monit sleeps for a whole cycle: what it has started it shows
// as running after that (lab: 12 to 13 s).
func (n *Node) done(s *Site, r request) {
	m := &n.monit
	m.cycle = s.Now + cycle
	if r.action == stop {
		m.watched[r.service] = false
		return
	}
	if n.services[r.service].pid == 0 {
		m.shown[r.service] = failed
	}
}

// cycle looks at every watched service, and starts what is missing.
func (n *Node) cycle(s *Site) {
	for v := range n.services {
		switch {
		case !n.monit.watched[v]:
		case n.services[v].pid != 0:
			n.monit.shown[v] = running
		case n.monit.shown[v] == running:
			n.monit.shown[v] = missing
			n.ask(Service(v), start)
		default:
			n.ask(Service(v), start)
		}
	}
	if n.monit.watched[Etcd] && n.runs(Etcd) {
		n.pollEtcd(s)
	}
}

// leaderless is how long an etcd may answer nothing, since it never had a leader, before
// monit, whose poll of it hangs for a minute and fails twice, starts it anew (T33).
const leaderless = 140 * time.Second

// pollEtcd is what monit does in each cycle besides: it looks whether the cluster
// is healthy, and notes in healthy_etcd_members who is.
func (n *Node) pollEtcd(s *Site) {
	if n.etcd.proxy || s.speaks(n) {
		n.etcd.alone = s.Now
		n.polled = s.Now + time.Second
		return
	}
	if s.Now-max(n.etcd.alone, n.services[Etcd].started) > leaderless {
		n.end(Etcd)
		n.ask(Etcd, start)
	}
}

// endPoll writes who was healthy, for the next start of etcd to read (T6).
func (n *Node) endPoll(s *Site) {
	var text strings.Builder
	for _, m := range s.health(n) {
		if m.healthy {
			text.WriteString(m.address + ",")
		}
	}
	if text.Len() > 0 {
		n.replace(s, dataFolder+"/healthy_etcd_members", text.String()+"\n")
	}
}

// state is what the summary says of a service.
func (n *Node) state(v Service) string {
	m := &n.monit
	pending := func(a action) bool {
		return slices.Contains(m.queue, request{v, a}) || m.busy != 0 && m.current == request{v, a}
	}
	text := "Not monitored"
	if m.watched[v] {
		text = m.shown[v]
	}
	if n.Format == Later {
		if text == running {
			text = "OK"
		}
		if pending(stop) {
			text += " - stop pending"
		}
	}
	return text
}

// monitCommand is monit's command line.
func monitCommand(c *call) int {
	n := c.node
	args := strings.Join(c.args[1:], " ")
	if args == "-V" {
		c.say("This is Monit version %s.1\n", n.Format)
		return 0
	}
	if n.monit.Down {
		c.complain("Monit: the monit daemon is not running\n")
		return 1
	}
	switch {
	case args == "summary":
		c.say("%s", n.summary(""))
		return 0
	case args == "status":
		for v := range services {
			c.say("Process '%s_process'\n  status                       %s\n\n", services[v].group, n.state(Service(v)))
		}
		return 0
	}
	for v := range services {
		switch args {
		case "-g " + services[v].group + " summary":
			c.say("%s", n.summary(services[v].group))
			return 0
		case "stop -g " + services[v].group:
			if n.monit.watched[v] {
				n.ask(Service(v), stop)
			}
			return 0
		case "monitor -g " + services[v].group:
			n.monitor(Service(v))
			return 0
		}
	}
	return c.unknown("monit takes other arguments")
}

// monitor makes monit watch a service, and start it if it does not run.
func (n *Node) monitor(v Service) {
	if !n.monit.watched[v] {
		n.monit.watched[v] = true
		n.monit.shown[v] = initializing
	}
	n.ask(v, start)
}

// summary prints the table, names and states cut as the version cuts them (T36).
func (n *Node) summary(group string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Monit %s.1 uptime: 0m\n", n.Format)
	if n.Format != Old {
		fmt.Fprintf(&b, " %-31s  %-26s  %-13s \n", "Service Name", "Status", "Type")
	}
	for v, name := range services {
		if group == "" || group == name.group {
			n.row(&b, name.group+"_process", n.state(Service(v)), "Process")
		}
	}
	if group == "" || group == "etcd" {
		n.row(&b, "etcd_uptime", n.uptime(), "Program")
	}
	return b.String()
}

// uptime is the state of the program that fails for the first half minute (T35).
func (n *Node) uptime() string {
	switch {
	case !n.monit.watched[Etcd]:
		return "Not monitored"
	case n.services[Etcd].pid == 0:
		return initializing
	case n.Format == Later:
		return "OK"
	}
	return "Status ok"
}

func (n *Node) row(b *strings.Builder, name, state, kind string) {
	if n.Format == Old {
		fmt.Fprintf(b, "%s '%s'              %s\n", kind, name, state)
		return
	}
	fmt.Fprintf(b, " %-31s  %-26s  %-13s \n", cut(name, 31), cut(state, 26), kind)
}

func cut(text string, width int) string {
	if len(text) > width {
		return text[:width-3] + "..."
	}
	return text
}
