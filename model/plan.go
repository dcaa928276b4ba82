package model

import (
	"net/netip"
	"slices"

	"requorum/model/diag"
)

// Plan is what must happen at the site to recover: which nodes, in which
// order, and why. Bundle, runbook and plan output all come from it.
type Plan struct {
	Deployment string
	EtcdKey    string
	Site       string // the site to recover; also Clearwater's local_site_name
	Uses       Uses
	Operators  int // engineers who work at the same time
	Quorum     Quorum
	Choice     Choice
	Nodes      []PlanNode // the site's live nodes, by CompareNames
	Failed     []Node     // the site's failed nodes, by CompareNames; never listed as masters, never given a script
	Remote     []RemoteNode
	Stores     Stores
	// Source is the master whose configuration manager starts first and so
	// decides what configuration the whole site gets (T25).
	Source string
	// Loader is the live Vellum that loads the data store values; empty
	// without one.
	Loader string
	// SharedConfig is the known-good shared_config that the masters' scripts
	// carry; nil where the inventory names none.
	SharedConfig []byte
	Stages       []Stage
	Waits        []Wait     // in the order of stages and nodes; nil for one operator
	Omitted      []Omission // steps of the procedure that nobody runs at this site
	Held         []Held     // the order that no script can hold; nil where stop codes hold all of it
	Warnings     diag.List
}

// Stage returns the stage with the given name; every plan has all of them.
func (p *Plan) Stage(name StageName) *Stage {
	for i := range p.Stages {
		if p.Stages[i].Name == name {
			return &p.Stages[i]
		}
	}
	return nil
}

// Wait is what a node asks for before it begins a stage: the stop codes by
// which other nodes say that they have ended a stage.
type Wait struct {
	Stage StageName // that the node is about to begin
	Node  string
	Ended StageName // that the others have ended; Stage itself where they run in turn
	Nodes []string  // that have ended it, the node itself perhaps among them; many waits share one list
}

// By lists the nodes whose codes are asked for, in the order of running: never
// the node itself.
func (w Wait) By() []string {
	i := slices.Index(w.Nodes, w.Node)
	if i < 0 {
		return w.Nodes
	}
	return slices.Concat(w.Nodes[:i], w.Nodes[i+1:])
}

// Codes reports whether stop codes keep the order between the nodes: there is
// more than one operator, and somebody has to wait for somebody.
func (p *Plan) Codes() bool { return len(p.Waits) > 0 }

// Held is a part of the order that only people hold: a stage that no script keeps from
// running although an earlier one is not done everywhere. The rehearsal proves that
// the list is whole, and that nothing else is on it.
type Held struct {
	Stage  StageName // that can be run too early
	Before StageName // that is not done on some node; Stage itself where nodes run it in turn
	Harm   string    // what comes of it, one sentence
}

// Omission is a step that nobody runs at this site, with the reason.
type Omission struct {
	Step  string // stage/word
	Title string
	Cites []string
	Why   string // one sentence
}

// PlanNode is a live node with its part in the new etcd cluster.
type PlanNode struct {
	Node
	Master bool // is a master of the new cluster
}

// RemoteNode is a node of another site. It is never touched; it matters only
// to what is expected of Cassandra, which spans both sites (facts 3, T46).
type RemoteNode struct {
	Site string
	Node
}

// Quorum is the arithmetic of the loss: lost when Dead*2 >= Masters.
type Quorum struct {
	Masters int `json:"masters"` // masters of the site before the failure
	Dead    int `json:"dead"`    // of them failed
	Needed  int `json:"needed"`  // live masters that a quorum takes
}

// Live is the number of masters that are still there.
func (q Quorum) Live() int { return q.Masters - q.Dead }

// Lost reports whether half or more of the masters are dead.
func (q Quorum) Lost() bool { return q.Dead*2 >= q.Masters }

// Choice is the selection of the new masters, with its reason.
type Choice struct {
	Masters []string // names, by CompareNames
	Rule    string   // the rule that applied, one sentence
	Inputs  string   // the numbers it was applied to, one sentence
	Flip    string   // the smallest change that would choose otherwise, one sentence
	All     bool     // every live node is a master, so that the join stage is left out
}

// Stores is what must be found in the data stores: signaling addresses.
type Stores struct {
	Cassandra       bool         // in use
	Key             string       // etcd_cluster_key of the Vellum nodes; empty without a live Vellum
	LiveVellums     []netip.Addr // of the site
	AllVellums      []netip.Addr // of the site, failed ones too
	CassandraNodes  []netip.Addr // live Vellum nodes of all sites
	CassandraFailed []netip.Addr // failed Vellum nodes of all sites
}

// StageName is the word that a field engineer types.
type StageName string

// The stages of a recovery, in their order.
const (
	Survey  StageName = "survey" // looks only; not in the written procedure
	Stop    StageName = "stop"
	Config  StageName = "config"
	Create  StageName = "create"
	Confirm StageName = "confirm"
	Join    StageName = "join"
	Load    StageName = "load"
	Manage  StageName = "manage"
	Finish  StageName = "finish"
)

// Stage is one part of the procedure, run on some nodes before the next starts.
type Stage struct {
	Name     StageName
	Title    string
	Nodes    []string // who runs it, in the order of running
	InTurn   bool     // one node at a time; otherwise side by side
	Together string   // why the nodes should start close together; empty if they need not
	Steps    []Step
	Barrier  string // what must be true everywhere before the next stage, one sentence
	LeftOut  string // why nobody runs it; empty if somebody does
	Minutes  int    // expected for one node at a real site, with a margin
	Seconds  int    // for one node on the clock of the rehearsal: the mean
	Work     int    // of the Seconds, those outside the waits of the steps
}

// Step is one thing that a stage does on a node.
type Step struct {
	ID       string   // stage/word, as the script prints it: stop/wipe
	Title    string   // what it does, imperative, no full stop
	Nodes    []string // who does it, in the stage's order
	Commands []string // the procedure's own commands that it carries, without sudo
	Cites    []string // sentences of the procedure: "1.6"; none where the procedure does not ask for it, and traps do
	Traps    []int    // traps of the facts that shape it: 5 is T5
	Destroys string   // what it removes or overwrites, with the copy's place; empty if nothing
	Wait     int      // longest wait in seconds; 0 if it does not wait
	Proof    string   // what shows that it is done, one sentence
}
