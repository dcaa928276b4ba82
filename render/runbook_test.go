package render

import (
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"requorum/model"
	"requorum/model/planner"
	"requorum/templates"
)

// runbookRenderer reads the runbook's templates alone, so that a mistake in a
// script template does not hide what these tests look for.
func runbookRenderer(t testing.TB) *Renderer {
	t.Helper()
	tree := fstest.MapFS{}
	err := fs.WalkDir(templates.FS, "runbook", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(templates.FS, path)
		tree[path] = &fstest.MapFile{Data: src}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r, findings, err := New(tree, nil, "")
	if err != nil || findings.HasErrors() {
		t.Fatal(err, findings)
	}
	return r
}

// nodes makes some live nodes of a type; those were masters if the type is
// Vellum.
func liveNodes(t model.Type, from, to int) []model.Node {
	role := model.Proxy
	if t == model.Vellum {
		role = model.Master
	}
	var list []model.Node
	for i := from; i <= to; i++ {
		kind := slices.Index(model.Types, t)
		ip := netip.AddrFrom4([4]byte{10, byte(kind), byte(i / 250), byte(i%250 + 1)})
		list = append(list, model.Node{
			Name: fmt.Sprintf("%s-%d", t, i), Type: t, LocalIP: ip, ManagementIP: ip, Etcd: role,
			State: model.Live, ClusterKey: string(t), Location: fmt.Sprintf("rack %d, unit %d", i, 2*i),
		})
	}
	return list
}

func failed(nodes []model.Node) []model.Node {
	for i := range nodes {
		nodes[i].State = model.Failed
	}
	return nodes
}

func as(role model.Role, nodes []model.Node) []model.Node {
	for i := range nodes {
		nodes[i].Etcd = role
	}
	return nodes
}

// deployment makes an inventory of one site, and of another one if it has nodes.
func deployment(nodes ...[]model.Node) *model.Deployment {
	list := slices.Concat(nodes...)
	slices.SortFunc(list, func(a, b model.Node) int { return model.CompareNames(a.Name, b.Name) })
	return &model.Deployment{
		Name: "ims-example", EtcdKey: model.DefaultEtcdKey, Recover: "site1",
		Sites: []model.Site{{Name: "site1", Nodes: list}},
	}
}

func withOtherSite(d *model.Deployment, nodes ...[]model.Node) *model.Deployment {
	d.Sites = append(d.Sites, model.Site{Name: "site2", Nodes: slices.Concat(nodes...)})
	return d
}

func using(d *model.Deployment, u model.Uses) *model.Deployment {
	d.Uses = u
	return d
}

func carrying(d *model.Deployment, config string) *model.Deployment {
	d.Sites[0].SharedConfig = []byte(config)
	return d
}

// twoNetworks gives every node of the site to recover a management address of
// its own.
func twoNetworks(d *model.Deployment) *model.Deployment {
	for i := range d.Sites[0].Nodes {
		a := d.Sites[0].Nodes[i].LocalIP.As4()
		a[0] = 172
		d.Sites[0].Nodes[i].ManagementIP = netip.AddrFrom4(a)
	}
	return d
}

var everything = model.Uses{HomesteadProv: true, Homer: true, Ralf: true}

type siteCase struct {
	name string
	make func() *model.Deployment
}

// sites are small deployments, each for another shape of plan.
var sites = []siteCase{
	{"three-live-vellums", func() *model.Deployment {
		return carrying(using(deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)),
			liveNodes("sprout", 1, 2), liveNodes("bono", 1, 2), liveNodes("dime", 1, 1)), everything), "home_domain=example.com\n")
	}},
	{"two-live-vellums", func() *model.Deployment {
		return using(deployment(liveNodes("vellum", 1, 2), failed(liveNodes("vellum", 3, 5)),
			liveNodes("sprout", 1, 1), failed(liveNodes("sprout", 2, 2)), liveNodes("bono", 1, 1)), model.Uses{Ralf: true})
	}},
	{"no-live-vellum", func() *model.Deployment {
		return using(deployment(failed(liveNodes("vellum", 1, 3)), liveNodes("sprout", 1, 2), liveNodes("bono", 1, 1)), everything)
	}},
	{"no-live-sprout-nor-vellum", func() *model.Deployment {
		return deployment(failed(liveNodes("vellum", 1, 3)), liveNodes("bono", 1, 1))
	}},
	{"no-live-sprout", func() *model.Deployment {
		return deployment(liveNodes("vellum", 1, 1), failed(liveNodes("vellum", 2, 2)), failed(liveNodes("sprout", 1, 1)))
	}},
	{"no-vellum-at-all", func() *model.Deployment {
		return deployment(as(model.Master, liveNodes("sprout", 1, 1)), failed(as(model.Master, liveNodes("sprout", 2, 3))))
	}},
	{"other-site-healthy", func() *model.Deployment {
		return twoNetworks(withOtherSite(using(deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)), liveNodes("sprout", 1, 1)), everything),
			liveNodes("vellum", 11, 13)))
	}},
	{"other-site-failing", func() *model.Deployment {
		return withOtherSite(using(deployment(liveNodes("vellum", 1, 2), failed(liveNodes("vellum", 3, 4))), everything),
			liveNodes("vellum", 11, 12), failed(liveNodes("vellum", 13, 14)), liveNodes("bono", 15, 15))
	}},
	{"other-site-takes-over", func() *model.Deployment {
		return withOtherSite(deployment(failed(liveNodes("vellum", 1, 3)), liveNodes("sprout", 1, 1)), liveNodes("vellum", 11, 13))
	}},
	{"masters-failed-vellums-live", func() *model.Deployment {
		return deployment(as(model.Proxy, liveNodes("vellum", 1, 3)), failed(as(model.Master, liveNodes("bono", 1, 3))), liveNodes("sprout", 1, 12))
	}},
	{"many-of-a-type", func() *model.Deployment {
		return deployment(liveNodes("vellum", 1, 6), failed(liveNodes("vellum", 7, 12)), liveNodes("sprout", 1, 9))
	}},
	{"no-location", func() *model.Deployment {
		d := deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)), liveNodes("sprout", 1, 5))
		for i := range d.Sites[0].Nodes {
			d.Sites[0].Nodes[i].Location = ""
		}
		return d
	}},
	{"three-sites", func() *model.Deployment {
		d := withOtherSite(using(deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)), liveNodes("sprout", 1, 1)), everything),
			liveNodes("vellum", 11, 11))
		d.Sites = append(d.Sites, model.Site{Name: "site_3_", Nodes: liveNodes("vellum", 21, 21)})
		return d
	}},
	{"some-masters-left", func() *model.Deployment {
		return deployment(failed(liveNodes("vellum", 1, 2)), as(model.Master, liveNodes("sprout", 1, 1)), liveNodes("bono", 1, 1))
	}},
	{"bonos-left", func() *model.Deployment {
		return deployment(failed(liveNodes("vellum", 1, 2)), as(model.Master, liveNodes("bono", 1, 1)))
	}},
	{"two-operators", func() *model.Deployment {
		return operated(2, deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)), liveNodes("sprout", 1, 2)))
	}},
	{"many-operators-all-masters", func() *model.Deployment {
		return operated(99, deployment(liveNodes("vellum", 1, 1), failed(liveNodes("vellum", 2, 3)), liveNodes("bono", 1, 3)))
	}},
	{"two-operators-one-node", func() *model.Deployment {
		return operated(2, deployment(liveNodes("vellum", 1, 1), failed(liveNodes("vellum", 2, 2))))
	}},
	{"all-masters-mixed", func() *model.Deployment {
		return carrying(deployment(liveNodes("vellum", 1, 2), failed(liveNodes("vellum", 3, 5)), liveNodes("dime", 1, 5)), "home_domain=example.com\n")
	}},
}

func operated(by int, d *model.Deployment) *model.Deployment {
	d.Operators = by
	return d
}

func planOf(t testing.TB, d *model.Deployment) *model.Plan {
	t.Helper()
	p, findings := planner.Build(d)
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

// eachPlan runs a test over the plan of every site.
func eachPlan(t *testing.T, test func(t *testing.T, p *model.Plan)) {
	for _, s := range sites {
		t.Run(s.name, func(t *testing.T) { test(t, planOf(t, s.make())) })
	}
}

const testID = "0123456789ab"

func renderedRunbook(t testing.TB, r *Renderer, p *model.Plan) string {
	t.Helper()
	text, err := r.runbook(p, testID)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func renderedPlan(t testing.TB, r *Renderer, p *model.Plan) string {
	t.Helper()
	text, err := r.PlanText(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRunbookSays holds that everything that the plan knows of the work is in
// the runbook: boxes with the command to type, steps, reasons, places.
func TestRunbookSays(t *testing.T) {
	r := runbookRenderer(t)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		text := renderedRunbook(t, r, p)
		flat := unfolded(text)
		says := func(format string, args ...any) {
			t.Helper()
			if want := fmt.Sprintf(format, args...); !strings.Contains(flat, want) {
				t.Errorf("the runbook does not say %q", want)
			}
		}
		says("Plan: `%s`", testID)
		for _, st := range p.Stages {
			says("### Stage %s: %s", st.Name, st.Title)
			if st.LeftOut != "" {
				says("**Left out at this site.** %s", st.LeftOut)
				continue
			}
			for _, n := range st.Nodes {
				says("- [ ] `sudo bash %s.sh %s` on ", n, st.Name)
			}
			says("- [ ] %s", st.Barrier)
			for _, s := range st.Steps {
				says("- `%s`: %s - ", s.ID, s.Title)
				says("(%s) - Done when: %s", citation(s), s.Proof)
				for _, c := range s.Commands {
					says("- Runs: `%s`", c)
				}
				if s.Wait > 0 {
					says("- Waits: at most %d seconds", s.Wait)
				}
				if s.Destroys != "" {
					says("- Removes or overwrites: %s; a copy is kept first", s.Destroys)
				}
			}
		}
		for _, o := range p.Omitted {
			says("`%s`: %s", o.Step, o.Title)
			says("%s Left out:", o.Why)
		}
		for _, n := range p.Nodes {
			says("- [ ] `scp nodes/%s.sh SHA256SUMS %s:`", n.Name, n.ManagementIP)
			says("SHA256SUMS | sha256sum -c sudo bash %s.sh ```", n.Name)
		}
		for _, n := range p.Failed {
			says("- [ ] %s: power or network is cut", n.Name)
			says("- [ ] %s (%s): installed anew", n.Name, n.ManagementIP)
			says("| %s | %s | %s | %s |", n.Name, n.Type, n.ManagementIP, n.LocalIP)
		}
		for _, w := range p.Warnings {
			says("[%s", w.Code)
		}
	})
}

// unfolded joins the lines of a text, so that a sentence can be looked for.
func unfolded(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\\[", "[")), " ")
}

// TestRunbookForms holds the text's form: ASCII, pages of 80 columns, nothing
// that a template left behind.
func TestRunbookForms(t *testing.T) {
	r := runbookRenderer(t)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		checkForm(t, "RUNBOOK.md", renderedRunbook(t, r, p))
		checkForm(t, "plan.txt", renderedPlan(t, r, p))
	})
}

func checkForm(t *testing.T, name, text string) {
	t.Helper()
	fenced := false
	for i, line := range strings.Split(text, "\n") {
		at := fmt.Sprintf("%s:%d: ", name, i+1)
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
			t.Error(at, "not ASCII: ", line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Error(at, "spaces at the end: ", line)
		}
		for _, left := range []string{"{{", "}}", "<no value>", "<nil>", "%!", " ,", ".."} {
			if strings.Contains(strings.ReplaceAll(line, "...", ""), left) {
				t.Errorf("%sholds %q: %s", at, left, line)
			}
		}
		free := !fenced && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "#")
		if free && len(line) > pageWidth && len(unbroken(strings.TrimLeft(line, " -"))) > 1 {
			t.Errorf("%s%d columns: %s", at, len(line), line)
		}
	}
	if fenced {
		t.Error(name, " has a fence without an end")
	}
	if strings.Contains(text, "\n\n\n") {
		t.Error(name, " has two blank lines together")
	}
}

// TestPlanTextSays holds that the plan's text has every line that destroys,
// every wait and every reason, and a row for each node.
func TestPlanTextSays(t *testing.T) {
	r := runbookRenderer(t)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		text := renderedPlan(t, r, p)
		flat := unfolded(text)
		says := func(format string, args ...any) {
			t.Helper()
			if want := fmt.Sprintf(format, args...); !strings.Contains(flat, want) {
				t.Errorf("the plan's text does not say %q", want)
			}
		}
		says("Plan %s:", r.ID(p))
		says("etcd masters failed: %d of %d", p.Quorum.Dead, p.Quorum.Masters)
		says("%s", p.Choice.Rule)
		says("%s", p.Choice.Inputs)
		says("%s", p.Choice.Flip)
		for _, st := range p.Stages {
			for _, s := range st.Steps {
				if s.Destroys != "" {
					says("%s %d node", s.ID, len(s.Nodes))
					says("%s", s.Destroys)
				}
				if s.Wait > 0 {
					says("%s %d s %s", s.ID, s.Wait, s.Title)
				}
			}
			if st.LeftOut == "" {
				says("until: %s", st.Barrier)
			} else {
				says("%s left out: %s", st.Name, st.LeftOut)
			}
		}
		for _, o := range p.Omitted {
			says("%s", o.Step)
			says("%s", o.Why)
		}
		for _, w := range p.Warnings {
			says("[%s]", w.Code)
		}
	})
}

// TestGrid holds the grid's form, long names included.
func TestGrid(t *testing.T) {
	d := sites[0].make()
	long := "a-node-with-a-name-that-is-longer-than-its-column-can-be"
	for i := range d.Sites[0].Nodes {
		if d.Sites[0].Nodes[i].Name == "bono-1" {
			d.Sites[0].Nodes[i].Name = long
		}
	}
	slices.SortFunc(d.Sites[0].Nodes, func(a, b model.Node) int { return model.CompareNames(a.Name, b.Name) })
	got := strings.Join(grid(planOf(t, d)), "\n")
	want := `  node      survey  stop  config  create  confirm  join  load  manage  finish
  ` + long + `
            x       x     x       .       .        x     .     x       .
  bono-2    x       x     x       .       .        x     .     x       .
  dime-1    x       x     x       .       .        x     .     x       .
  sprout-1  x       x     x       .       .        x     .     x       .
  sprout-2  x       x     x       .       .        x     .     x       .
  vellum-1  x       x     x       x       x        .     x     x       x
  vellum-2  x       x     x       x       x        .     .     x       .
  vellum-3  x       x     x       x       x        .     .     x       .`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestEffects holds the written procedure's conditions for what fails.
func TestEffects(t *testing.T) {
	want := map[string]effects{
		"three-live-vellums":          {Vellums: 3, Timers: true, Calls: true, Billing: true},
		"two-live-vellums":            {Vellums: 3, Timers: true, Calls: true, Billing: true},
		"no-live-vellum":              {Vellums: 3, Gone: true, Timers: true, Calls: true, Billing: true},
		"no-live-sprout-nor-vellum":   {Vellums: 3, Gone: true, Timers: true, Calls: true},
		"no-live-sprout":              {Vellums: 1},
		"no-vellum-at-all":            {NoVellums: true},
		"other-site-healthy":          {Vellums: 3, OtherSite: true, Timers: true},
		"other-site-failing":          {Vellums: 2, OtherSite: true, OtherVellums: 2, Timers: true, Calls: true, Billing: true},
		"other-site-takes-over":       {Vellums: 3, Gone: true, OtherSite: true, Timers: true},
		"masters-failed-vellums-live": {},
	}
	for _, s := range sites {
		w, ok := want[s.name]
		if !ok {
			continue
		}
		if got := newEffects(planOf(t, s.make())); got != w {
			t.Errorf("%s: got %+v, want %+v", s.name, got, w)
		}
	}
}
