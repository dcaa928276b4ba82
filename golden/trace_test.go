package golden_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse/site"
)

// A rehearsal is worth what its interpreter is worth. So stages of the golden cases run
// twice here: in the interpreter on one imaginary site, and under this
// machine's bash on another one that began alike. There every external command is a
// stub, and the second site carries the command out. What must be equal, stage by stage:
//
//   - the commands that the script itself calls, in order, with every argument, with
//     their exit statuses, and with the site's clock at the end of each;
//   - the same of each of its background jobs. In which order the jobs come is left
//     out: who was first in the same second means nothing;
//   - all that the script prints, in order, and its exit status;
//   - every file of the node afterwards, with its mode: journals and copies too;
//   - the state of the whole site.
//
// Nothing is left out of the printed text. The two shells would word a redirection that
// fails differently; in these stages none does.
//
// Under bash jobs truly run side by side. They are kept in step all the same: commands
// of one job at a time are carried out, and the clock moves on when every process of the
// run sleeps (quiet). So no clock is left out either.

// traced is a command that has ended.
type traced struct {
	at     time.Duration
	args   []string
	status int
}

func (c traced) String() string { return fmt.Sprintf("%v %q %d\n", c.at, c.args, c.status) }

// observed is what can be seen of a run.
type observed struct {
	calls  []traced
	jobs   []string // the calls of each background job, sorted
	status int
	output string
}

// grouped gives the calls of each job as one text.
func grouped(jobs map[int][]traced) []string {
	var list []string
	for _, calls := range jobs { // sorted below
		list = append(list, texts(calls))
	}
	slices.Sort(list)
	return list
}

func texts(calls []traced) string {
	var b strings.Builder
	for _, c := range calls {
		b.WriteString(c.String())
	}
	return b.String()
}

// text is the whole run, for comparison.
func (o observed) text() string {
	return fmt.Sprintf("%s\njobs:\n%s\nexit status %d\n\n%s", texts(o.calls), strings.Join(o.jobs, "\n"), o.status, o.output)
}

// watching notes what the interpreter calls.
type watching struct {
	calls []traced
	jobs  map[int][]traced
}

func (w *watching) Before(*site.Site, site.Command) site.Verdict { return site.Run }

func (w *watching) After(s *site.Site, c site.Command, status int) {
	done := traced{s.Now, c.Args, status}
	if c.Job == 0 {
		w.calls = append(w.calls, done)
	} else {
		w.jobs[c.Job] = append(w.jobs[c.Job], done)
	}
}

// interpreted runs a script in the interpreter.
func interpreted(t *testing.T, s *site.Site, node string, source []byte, args []string) observed {
	t.Helper()
	script, err := site.Parse(node, source)
	if err != nil {
		t.Fatal(err)
	}
	w := &watching{jobs: map[int][]traced{}}
	r, err := s.Execute(t.Context(), script, args, w)
	if err != nil {
		t.Fatal(err)
	}
	return observed{calls: w.calls, jobs: grouped(w.jobs), status: r.Status, output: r.Output}
}

// tracePair is two sites that began alike.
type tracePair struct {
	t    *testing.T
	own  *site.Site // the interpreter's
	bash *bashSite
}

func newPair(t *testing.T, stub string, p *model.Plan) *tracePair {
	t.Helper()
	a, b := site.New(p), site.New(p)
	a.Advance(time.Minute)
	b.Advance(time.Minute)
	return &tracePair{t, a, newBashSite(t, stub, b)}
}

// run runs a script in both, and says how what was seen differs; empty if it does not.
func (p *tracePair) run(node string, source []byte, args ...string) (own observed, difference string) {
	p.t.Helper()
	own = interpreted(p.t, p.own, node, source, args)
	real := p.bash.execute(p.t.Context(), node, source, args)
	if d := diff.Diff("interpreter", []byte(own.text()), "bash", []byte(real.text())); d != nil {
		return own, string(d)
	}
	if list := differentFiles(p.own.Node(node).Files, p.bash.site.Node(node).Files); len(list) > 0 {
		return own, strings.Join(list, "\n")
	}
	if p.own.Key() != p.bash.site.Key() || p.own.Now != p.bash.site.Now {
		return own, "the two sites are no longer alike"
	}
	return own, ""
}

// rest lets the time between two stages go by.
func (p *tracePair) rest() {
	p.own.Advance(time.Minute)
	p.bash.site.Advance(time.Minute)
}

// skip runs a script in the interpreter alone, on both sites.
func (p *tracePair) skip(node string, source []byte, args ...string) {
	p.t.Helper()
	for _, s := range []*site.Site{p.own, p.bash.site} {
		if o := interpreted(p.t, s, node, source, args); o.status != 0 {
			p.t.Fatalf("%q on %s: status %d\n%s", args, node, o.status, o.output)
		}
	}
}

// TestTracesAreEqual holds that the interpreter runs the scripts as bash does. With
// -traces every turn of every case runs under bash. Without it, of the nodes of a shape
// one stands for all: the others' scripts differ from its script in their values alone,
// or lack what Cassandra asks for; their turns run in the interpreter.
func TestTracesAreEqual(t *testing.T) {
	stub := buildStub(t)
	known := map[render.Shape]bool{}
	for _, name := range caseNames(t) {
		nodes := newShapes(t, name, known, withCassandra)
		if len(nodes) == 0 && !*traces {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, b := build(t, name)
			both := newPair(t, stub, p)
			turns, calls := 0, 0
			for _, stage := range p.Stages {
				for _, node := range stage.Nodes {
					source, args := scriptOf(t, b, node).Source(), turnArguments(p, b, stage.Name, node)
					if !*traces && !slices.Contains(nodes, node) {
						both.skip(node, source, args...)
						both.rest()
						continue
					}
					own, difference := both.run(node, source, args...)
					if difference != "" {
						t.Fatalf("%s on %s differs:\n%s", stage.Name, node, difference)
					}
					if own.status != 0 || len(own.calls) == 0 {
						t.Fatalf("%s on %s: status %d\n%s", stage.Name, node, own.status, own.output)
					}
					turns, calls = turns+1, calls+len(own.calls)
					both.rest()
				}
			}
			if faults := both.bash.site.Faults(p, site.New(p)); len(faults) > 0 {
				t.Errorf("under bash the site is not recovered: %v", faults)
			}
			t.Logf("%d of %d turns, %d commands", turns, turnsOf(p), calls)
		})
	}
}

func scriptOf(t *testing.T, b *render.Bundle, node string) render.Script {
	t.Helper()
	i := slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Node == node })
	if i < 0 {
		t.Fatalf("there is no script for %s", node)
	}
	return b.Scripts[i]
}

// turnArguments are what an engineer types for a stage on a node.
func turnArguments(p *model.Plan, b *render.Bundle, stage model.StageName, node string) []string {
	args := []string{"--yes", node}
	i := slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Node == node })
	if codes := codesFor(p, b.Scripts[i])[stage]; codes != "" {
		args = append(args, "--codes", codes)
	}
	return append(args, string(stage))
}
