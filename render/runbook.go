package render

import (
	"bytes"
	"slices"
	"strings"

	"requorum/model"
)

// runbook renders RUNBOOK.md.
func (r *Renderer) runbook(p *model.Plan, id string) ([]byte, error) {
	return r.page("runbook/RUNBOOK.md.tmpl", newBook(p, id), false)
}

// PlanText is what "requorum plan" prints.
func (r *Renderer) PlanText(p *model.Plan) ([]byte, error) {
	return r.page("runbook/plan.txt.tmpl", newSheet(p, r.ID(p)), true)
}

func (r *Renderer) page(name string, data any, plain bool) ([]byte, error) {
	var b bytes.Buffer
	f := newFolder(&b, plain)
	if err := r.texts.ExecuteTemplate(f, name, data); err != nil {
		return nil, err
	}
	f.close()
	return b.Bytes(), nil
}

// book is all that the templates of RUNBOOK.md know. Its strings may stand in a
// line of Markdown as they are, but for the inventory's free text, Deployment
// and Location, which the templates put through md.
type book struct {
	ID         string
	Deployment string
	Site       string
	Operators  int
	Quorum     model.Quorum
	Cut        cut
	Choice     choiceView
	Effects    effects
	Warnings   []warning
	Omitted    []omission
	Held       []model.Held // what only people hold

	Nodes         []row  // the site's live nodes
	Failed        []row  // the site's failed nodes
	Masters       []*row // of the new cluster
	Promoted      []*row // masters that were proxies
	FailedVellums []*row
	OtherSites    []otherSite
	TwoNetworks   bool // some node's management address is not its signaling address
	Source        *row
	Loader        *row // nil without a live Vellum
	FirstSprout   *row // the Sprout node whose files decide for all Sprout nodes; nil without a live one
	Reader        *row // a live node that was a master, so that its etcd can still be read; nil if none is left

	Times  timetable
	Tables []digestTable
	Digest string // the known-good shared_config's, as the scripts print it; empty without one

	Stages                                                            []*stage // all of them, in their order
	Survey, Stop, Config, Create, Confirm, Join, Load, Manage, Finish *stage

	Stores      storesView
	Differences []differenceView
	Foreign     []differenceView // traps that this site cannot meet
	Ledger      []section
}

// cut says which kinds of node the site has left, and so which parts of the
// text it needs.
type cut struct {
	Vellum, NoVellum   bool // a live Vellum, or none
	Sprout, NoSprout   bool
	Others             bool // live nodes that do not become masters
	ManyMasters        bool
	Cassandra          bool // in use, with a live Vellum to look at it
	Carries            bool // the scripts of the masters carry shared_config
	FailedVellums      bool
	ManyFailed         bool
	Codes              bool // stop codes keep the order between the nodes
	FailedVellumsNamed bool // failed Vellum nodes that must be marked failed by a live one
}

type choiceView struct {
	Rule, Inputs, Flip string
	All                bool
	List               string // management addresses, joined by commas
	Stands             int    // losses of masters that the new cluster stands
}

// row is a node.
type row struct {
	Name, Type         string
	Address, Signaling string // management address, signaling address
	Was, Role          string // part in etcd before and after; a failed node has none after
	Location           string // free text
}

type warning struct{ Code, Text, Remedy string }

// omission is a reason with the steps that it leaves out.
type omission struct {
	Why   string
	Steps []omittedStep
}

type omittedStep struct{ ID, Title string }

type otherSite struct {
	Name  string
	Nodes int
}

func newBook(p *model.Plan, id string) *book {
	b := &book{
		ID: id, Deployment: p.Deployment, Site: Markdown(p.Site), Quorum: p.Quorum,
		Operators: p.Operators,
		Effects:   newEffects(p),
		Times:     newTimetable(p),
		Ledger:    newLedger(p),
		Stores:    newStoresView(p),
	}
	b.addNodes(p)
	b.Cut = newCut(p, b)
	b.Choice = newChoiceView(p, b)
	b.addStages(p)
	b.Differences, b.Foreign = differencesOf(p)
	for _, w := range p.Warnings {
		b.Warnings = append(b.Warnings, warning{w.Code, Markdown(sentence(w.Text)), Markdown(sentence(w.Remedy))})
	}
	b.Omitted, b.Held = omissions(p), p.Held
	if p.SharedConfig != nil {
		b.Digest = shortDigest(p.SharedConfig)
	}
	b.Tables = digestTables(b)
	return b
}

// omissions gathers the steps that nobody runs by their reasons.
func omissions(p *model.Plan) []omission {
	var list []omission
	for _, o := range p.Omitted {
		i := slices.IndexFunc(list, func(x omission) bool { return x.Why == Markdown(o.Why) })
		if i < 0 {
			i = len(list)
			list = append(list, omission{Why: Markdown(o.Why)})
		}
		list[i].Steps = append(list[i].Steps, omittedStep{o.Step, Markdown(o.Title)})
	}
	return list
}

// addNodes fills the lists of nodes.
func (b *book) addNodes(p *model.Plan) {
	b.Nodes = make([]row, len(p.Nodes))
	for i, n := range p.Nodes {
		b.Nodes[i] = newRow(n.Node)
		r := &b.Nodes[i]
		r.Role = string(model.Proxy)
		if n.Master {
			r.Role = string(model.Master)
			b.Masters = append(b.Masters, r)
			if n.Etcd == model.Proxy {
				b.Promoted = append(b.Promoted, r)
			}
		}
		if n.Name == p.Source {
			b.Source = r
		}
		if n.Name == p.Loader {
			b.Loader = r
		}
		if b.Reader == nil && n.Etcd == model.Master {
			b.Reader = r
		}
		b.TwoNetworks = b.TwoNetworks || r.Address != r.Signaling
	}
	b.addFailed(p)
	b.addOtherSites(p)
}

func (b *book) addFailed(p *model.Plan) {
	b.Failed = make([]row, len(p.Failed))
	for i, n := range p.Failed {
		b.Failed[i] = newRow(n)
		b.TwoNetworks = b.TwoNetworks || n.ManagementIP != n.LocalIP
		if n.Type == model.Vellum {
			b.FailedVellums = append(b.FailedVellums, &b.Failed[i])
		}
	}
}

func (b *book) addOtherSites(p *model.Plan) {
	for _, n := range p.Remote {
		name := Markdown(n.Site)
		i := slices.IndexFunc(b.OtherSites, func(s otherSite) bool { return s.Name == name })
		if i < 0 {
			i = len(b.OtherSites)
			b.OtherSites = append(b.OtherSites, otherSite{Name: name})
		}
		b.OtherSites[i].Nodes++
	}
}

func newRow(n model.Node) row {
	return row{
		Name: n.Name, Type: string(n.Type), Address: n.ManagementIP.String(),
		Signaling: n.LocalIP.String(), Was: string(n.Etcd), Location: n.Location,
	}
}

func newCut(p *model.Plan, b *book) cut {
	sprout := slices.ContainsFunc(b.Nodes, func(r row) bool { return r.Type == string(model.Sprout) })
	return cut{
		Vellum: b.Loader != nil, NoVellum: b.Loader == nil,
		Sprout: sprout, NoSprout: !sprout,
		Others:             !p.Choice.All,
		ManyMasters:        len(b.Masters) > 1,
		Cassandra:          p.Stores.Cassandra && b.Loader != nil,
		Carries:            p.SharedConfig != nil,
		FailedVellums:      len(b.FailedVellums) > 0,
		Codes:              p.Codes(),
		ManyFailed:         len(b.FailedVellums) > 1,
		FailedVellumsNamed: len(b.FailedVellums) > 0 && b.Loader != nil,
	}
}

func newChoiceView(p *model.Plan, b *book) choiceView {
	list := make([]string, len(b.Masters))
	for i, r := range b.Masters {
		list[i] = r.Address
	}
	return choiceView{
		Rule: Markdown(p.Choice.Rule), Inputs: Markdown(p.Choice.Inputs), Flip: Markdown(p.Choice.Flip),
		All: p.Choice.All, List: strings.Join(list, ","), Stands: (len(list) - 1) / 2,
	}
}

// shortDigest is the digest that people compare, as the scripts print it.
func shortDigest(content []byte) string {
	d := sum(content)
	return d[:4] + "-" + d[4:8]
}

// sentence gives a finding's text, which starts small and ends without a full
// stop, the shape of a sentence. A first word that is a name stays as it is.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, _, _ := strings.Cut(s, " ")
	if strings.IndexFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return strings.TrimSuffix(s, ".") + "."
}
