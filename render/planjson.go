package render

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"

	"requorum/model"
	"requorum/model/diag"
)

// PlanSchemaVersion is the version of the form of plan.json. Fields are added
// to a version, never taken away.
const PlanSchemaVersion = 1

type planDoc struct {
	SchemaVersion int               `json:"schema_version"`
	ID            string            `json:"plan,omitempty"`
	Deployment    string            `json:"deployment"`
	Site          string            `json:"site"`
	EtcdKey       string            `json:"etcd_key"`
	Uses          model.Uses        `json:"uses"`
	Operators     int               `json:"operators,omitempty"` // left out for one
	Quorum        quorumDoc         `json:"quorum"`
	Masters       choiceDoc         `json:"new_masters"`
	Source        string            `json:"configuration_source"`
	Loader        string            `json:"loader,omitempty"`
	SharedConfig  string            `json:"shared_config_sha256,omitempty"`
	Nodes         []nodeDoc         `json:"nodes"`
	Failed        []nodeDoc         `json:"failed"`
	OtherSites    []nodeDoc         `json:"other_sites"`
	Stores        storesDoc         `json:"stores"`
	Stages        []stageDoc        `json:"stages"`
	Rehearsed     rehearsedDoc      `json:"rehearsed_seconds"`
	Omitted       []omissionDoc     `json:"omitted"`
	Held          []heldDoc         `json:"held_by_people"`
	Warnings      []diag.Diagnostic `json:"warnings"`
}

// rehearsedDoc is how long the whole recovery takes on the clock of the rehearsal.
type rehearsedDoc struct {
	Shortest int `json:"shortest"`
	Expected int `json:"expected"`
	Longest  int `json:"longest"`
}

type quorumDoc struct {
	model.Quorum
	Lost bool `json:"lost"`
}

type choiceDoc struct {
	Names  []string `json:"names"`
	Rule   string   `json:"rule"`
	Inputs string   `json:"inputs"`
	Flip   string   `json:"flip"`
}

type nodeDoc struct {
	Name         string `json:"name"`
	Site         string `json:"site,omitempty"`
	Type         string `json:"type"`
	LocalIP      string `json:"local_ip"`
	ManagementIP string `json:"management_local_ip"`
	EtcdBefore   string `json:"etcd_before"`
	EtcdAfter    string `json:"etcd_after,omitempty"`
	ClusterKey   string `json:"etcd_cluster_key"`
	State        string `json:"state"`
	Location     string `json:"location,omitempty"`
}

type storesDoc struct {
	Cassandra      bool         `json:"cassandra"`
	Key            string       `json:"etcd_cluster_key,omitempty"`
	Vellums        []netip.Addr `json:"vellums"`
	LiveVellums    []netip.Addr `json:"live_vellums"`
	CassandraNodes []netip.Addr `json:"cassandra_nodes"`
}

type stageDoc struct {
	Name    model.StageName `json:"name"`
	Title   string          `json:"title"`
	Nodes   []string        `json:"nodes"`
	InTurn  bool            `json:"in_turn"`
	Minutes int             `json:"minutes_a_node"`
	Seconds int             `json:"rehearsed_seconds_a_node"`
	Barrier string          `json:"barrier"`
	LeftOut string          `json:"left_out,omitempty"`
	Asks    *asksDoc        `json:"asks_for_stop_codes,omitempty"`
	Steps   []stepDoc       `json:"steps"`
}

// asksDoc says for whose stop codes a stage asks: each node for those of all
// others in the list; in a stage in turn only the first node, and each node
// after it for the code of the node before it.
type asksDoc struct {
	Stage model.StageName `json:"stage"`
	Nodes []string        `json:"nodes"`
}

type stepDoc struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Nodes    []string `json:"nodes,omitempty"` // only where not all of the stage's
	Commands []string `json:"commands,omitempty"`
	Cites    []string `json:"procedure"`
	Traps    []int    `json:"traps,omitempty"`
	Destroys string   `json:"destroys,omitempty"`
	Wait     int      `json:"wait_seconds,omitempty"`
	Proof    string   `json:"proof"`
}

// heldDoc is a part of the order that only people hold.
type heldDoc struct {
	Stage  model.StageName `json:"stage"`
	Before model.StageName `json:"before_this_is_done"`
	Harm   string          `json:"harm"`
}

type omissionDoc struct {
	Step  string   `json:"step"`
	Cites []string `json:"procedure"`
	Why   string   `json:"why"`
}

// PlanJSON is plan.json: the plan as data, under the given plan id.
func PlanJSON(p *model.Plan, id string) []byte {
	doc := planDoc{
		SchemaVersion: PlanSchemaVersion, ID: id,
		Deployment: p.Deployment, Site: p.Site, EtcdKey: p.EtcdKey, Uses: p.Uses,
		Quorum:  quorumDoc{p.Quorum, p.Quorum.Lost()},
		Masters: choiceDoc{p.Choice.Masters, p.Choice.Rule, p.Choice.Inputs, p.Choice.Flip},
		Source:  p.Source, Loader: p.Loader,
		Nodes: []nodeDoc{}, Failed: []nodeDoc{}, OtherSites: []nodeDoc{},
		Stores: storesDoc{p.Stores.Cassandra, p.Stores.Key, notNil(p.Stores.AllVellums),
			notNil(p.Stores.LiveVellums), notNil(p.Stores.CassandraNodes)},
		Rehearsed: newRehearsedDoc(p),
		Omitted:   []omissionDoc{}, Held: []heldDoc{}, Warnings: notNil([]diag.Diagnostic(p.Warnings)),
	}
	if p.SharedConfig != nil {
		doc.SharedConfig = sum(p.SharedConfig)
	}
	for _, n := range p.Nodes {
		d := newNodeDoc(n.Node, "")
		d.EtcdAfter = string(model.Proxy)
		if n.Master {
			d.EtcdAfter = string(model.Master)
		}
		doc.Nodes = append(doc.Nodes, d)
	}
	for _, n := range p.Failed {
		doc.Failed = append(doc.Failed, newNodeDoc(n, ""))
	}
	for _, n := range p.Remote {
		doc.OtherSites = append(doc.OtherSites, newNodeDoc(n.Node, n.Site))
	}
	for _, st := range p.Stages {
		doc.Stages = append(doc.Stages, newStageDoc(st, asked(p, st.Name)))
	}
	if p.Operators > 1 {
		doc.Operators = p.Operators
	}
	for _, h := range p.Held {
		doc.Held = append(doc.Held, heldDoc(h))
	}
	for _, o := range p.Omitted {
		doc.Omitted = append(doc.Omitted, omissionDoc{o.Step, notNil(o.Cites), o.Why})
	}
	return encode(doc)
}

func newRehearsedDoc(p *model.Plan) rehearsedDoc {
	c := newClock(p)
	return rehearsedDoc{c.shortest, c.expected, c.longest}
}

func newNodeDoc(n model.Node, site string) nodeDoc {
	return nodeDoc{
		Name: n.Name, Site: site, Type: string(n.Type), LocalIP: n.LocalIP.String(),
		ManagementIP: n.ManagementIP.String(), EtcdBefore: string(n.Etcd),
		ClusterKey: n.ClusterKey, State: string(n.State), Location: n.Location,
	}
}

// asked is what a stage asks for of the stage before it; nil if nothing.
func asked(p *model.Plan, stage model.StageName) *asksDoc {
	for _, w := range p.Waits {
		if w.Stage == stage && w.Ended != stage {
			return &asksDoc{w.Ended, w.Nodes}
		}
	}
	return nil
}

func newStageDoc(st model.Stage, asks *asksDoc) stageDoc {
	d := stageDoc{Name: st.Name, Title: st.Title, Nodes: notNil(st.Nodes), InTurn: st.InTurn,
		Minutes: st.Minutes, Seconds: st.Seconds, Barrier: st.Barrier, LeftOut: st.LeftOut, Asks: asks, Steps: []stepDoc{}}
	for _, s := range st.Steps {
		step := stepDoc{ID: s.ID, Title: s.Title, Commands: s.Commands, Cites: notNil(s.Cites),
			Traps: s.Traps, Destroys: s.Destroys, Wait: s.Wait, Proof: s.Proof}
		if !slices.Equal(s.Nodes, st.Nodes) {
			step.Nodes = s.Nodes
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}

// notNil makes an empty list of no list, since null and [] differ to a reader.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// encode writes indented JSON that leaves <, > and & as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // the documents above hold nothing that JSON cannot
	}
	return b.Bytes()
}
