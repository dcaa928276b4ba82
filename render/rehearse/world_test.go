package rehearse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// machines is a world that is not the imaginary site. The scripts there print how they
// end.
type machines struct {
	Hands
	mutex  sync.Mutex
	log    []string       // the turns, in the order in which they have ended
	status map[string]int // of the first run of a turn; the others end with 0
	slower map[string]string
	ended  map[string]chan struct{} // is closed when the first run of a turn has ended
	struck []Strike
	met    bool // what it says of a strike
}

// newMachines makes a world on which stop ends on c first, then on b, then on a: that
// is so only if all three run side by side.
func newMachines(status map[string]int, met bool) *machines {
	w := &machines{status: map[string]int{}, met: met, slower: map[string]string{"stop on a": "stop on b", "stop on b": "stop on c"}, ended: map[string]chan struct{}{}}
	for _, turn := range []string{"stop on b", "stop on c"} {
		w.ended[turn] = make(chan struct{})
	}
	maps.Copy(w.status, status)
	return w
}

func (w *machines) Execute(_ context.Context, node string, arguments []string, s *Strike) (site.Result, bool, error) {
	turn := arguments[len(arguments)-1] + " on " + node
	if other, slow := w.slower[turn]; slow {
		select {
		case <-w.ended[other]:
		case <-time.After(10 * time.Second):
			return site.Result{}, false, errors.New(other + " does not run meanwhile")
		}
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	result := site.Result{Status: w.status[turn], Output: fmt.Sprintf("%s: %s, %d\n", node, turn, w.status[turn])}
	if w.status[turn] = 0; w.ended[turn] != nil && !slices.Contains(w.log, turn) {
		close(w.ended[turn])
	}
	w.log = append(w.log, turn)
	if s == nil {
		return result, false, nil
	}
	w.struck = append(w.struck, *s)
	result.Killed = w.met
	return result, w.met, nil
}

func (w *machines) SideBySide() bool                                        { return true }
func (w *machines) Now() time.Duration                                      { return time.Duration(len(w.log)) * time.Second }
func (w *machines) Settle(context.Context) error                            { return nil }
func (w *machines) Begin(_ context.Context, change func(Hands) error) error { return change(w.Hands) }
func (w *machines) Faults(context.Context) ([]string, error)                { return []string{"a: no etcd"}, nil }

// smallPlan has three nodes: stop runs side by side, confirm in turn.
func smallPlan() *model.Plan {
	p := &model.Plan{Site: "site1", Source: "a", Loader: "a", Stages: []model.Stage{
		{Name: model.Stop, Nodes: []string{"a", "b", "c"}},
		{Name: model.Confirm, Nodes: []string{"a", "b"}, InTurn: true},
	}}
	for i, name := range []string{"a", "b", "c"} {
		address := netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})
		node := model.Node{Name: name, Type: model.Vellum, Etcd: model.Master, LocalIP: address, ManagementIP: address}
		p.Nodes = append(p.Nodes, model.PlanNode{Node: node, Master: true})
	}
	return p
}

func smallRehearsal() *Rehearsal {
	r := &Rehearsal{plan: smallPlan()}
	for _, stage := range r.plan.Stages {
		for _, node := range stage.Nodes {
			r.turns = append(r.turns, Turn{stage.Name, node})
		}
	}
	r.begin = site.New(r.plan)
	r.clean = []moment{{turn: r.turns[0], trace: &trace{}}}
	return r
}

// playCase is a story on machines, and what comes of it.
type playCase struct {
	name   string
	story  string
	status map[string]int
	met    bool
	seen   string   // the end of what is printed
	broken []string // with the lines of the story, the first being 2
	log    string   // of what runs after stop has run everywhere
	struck []Strike
	err    string
}

func playCases() []playCase {
	return []playCase{
		{
			name:  "a stage side by side, printed in order, and one in turn",
			story: "run stop all\nrun confirm all\n",
			seen: "[00:00:00] $ sudo bash a.sh --yes a stop\na: stop on a, 0\n" +
				"[00:00:00] $ sudo bash b.sh --yes b stop\nb: stop on b, 0\n" +
				"[00:00:00] $ sudo bash c.sh --yes c stop\nc: stop on c, 0\n" +
				"[00:00:03] $ sudo bash a.sh --yes a confirm\na: confirm on a, 0\n" +
				"[00:00:04] $ sudo bash b.sh --yes b confirm\nb: confirm on b, 0\n",
			log: "confirm on a, confirm on b",
		},
		{
			name:   "of runs side by side, the last may be expected to fail",
			story:  "run stop all\nexpect unfinished stop on c\n",
			status: map[string]int{"stop on a": 4, "stop on c": 3},
			seen: "[00:00:00] $ sudo bash a.sh --yes a stop\na: stop on a, 4\n" +
				"[00:00:00] $ sudo bash b.sh --yes b stop\nb: stop on b, 0\n" +
				"[00:00:00] $ sudo bash c.sh --yes c stop\nc: stop on c, 3\n",
			broken: []string{"2: stop on a: exit status 4, and the story does not expect it"},
		},
		{
			name:   "the rest, where two have not come to their ends",
			story:  "rest\n",
			status: map[string]int{"stop on a": 3, "stop on c": 4, "confirm on a": 3},
			seen:   "[00:00:08] the rest of the plan: 8 runs, 3 of them refused or unfinished, begun anew 0 times\n",
			broken: []string{"2: a: no etcd"},
			log:    "stop on a, stop on c, confirm on a, confirm on a, confirm on b",
		},
		{
			name:   "a strike that is not met",
			story:  "run stop all\nshort\nkill confirm a before mv -f /etc\n",
			seen:   "[00:00:03] $ sudo bash a.sh --yes a confirm\na: confirm on a, 0\n",
			broken: []string{`4: confirm on a does not run a command like "mv -f /etc"`},
			log:    "confirm on a",
			struck: []Strike{{"mv -f /etc", site.KillBefore, false}},
		},
		{
			name:   "strikes that are met",
			story:  "run stop all\nkill confirm a after mv\nexpect killed\nbreak confirm b touch\nexpect killed\n",
			met:    true,
			seen:   "[00:00:04] $ sudo bash b.sh --yes b confirm\nb: confirm on b, 0\n(the script is dead)\n",
			log:    "confirm on a, confirm on b",
			struck: []Strike{{"mv", site.KillAfter, false}, {"touch", site.Fail, true}},
		},
		{
			name:  "a beginning that needs the imaginary site",
			story: "run stop all\nbegin monit-5.8\nrun confirm all\n",
			err:   `the beginning "monit-5.8" needs the imaginary site`,
		},
	}
}

// TestPlayOn plays stories on a world that is not the imaginary site.
func TestPlayOn(t *testing.T) {
	for _, c := range playCases() {
		t.Run(c.name, func(t *testing.T) {
			play, findings := smallRehearsal().ParseStory("s", []byte("-- story --\n"+c.story))
			if len(findings) > 0 {
				t.Fatal(findings)
			}
			w := newMachines(c.status, c.met)
			var seen strings.Builder
			findings, err := play.PlayOn(t.Context(), w, &seen)
			if err != nil && err.Error() != c.err || err == nil && c.err != "" {
				t.Fatalf("error %v, and not %q", err, c.err)
			}
			var broken []string
			for _, d := range findings {
				broken = append(broken, fmt.Sprintf("%d: %s", d.Line, d.Text))
			}
			log := strings.TrimSuffix("stop on c, stop on b, stop on a, "+c.log, ", ")
			for what, pair := range map[string][2]any{
				"broken": {broken, c.broken}, "ended": {strings.Join(w.log, ", "), log}, "struck": {w.struck, c.struck},
			} {
				if !reflect.DeepEqual(pair[0], pair[1]) {
					t.Errorf("%s: %q, and not %q", what, pair[0], pair[1])
				}
			}
			if !strings.HasSuffix(seen.String(), c.seen) {
				t.Errorf("seen\n%s\nand not\n%s", seen.String(), c.seen)
			}
		})
	}
}

// TestOnlyImaginary holds that a beginning says so exactly if it cannot be brought about
// by hands.
func TestOnlyImaginary(t *testing.T) {
	r := smallRehearsal()
	for _, b := range catalogue() {
		hands := struct{ Hands }{onSite{r.begin, r.begin.Clone()}} // any but the imaginary site's own
		for what, do := range map[string]mishap{"do": b.do, "mend": b.mend} {
			if do == nil {
				continue
			}
			if err := do(t.Context(), scene{hands, r, "a"}); (err != nil) != OnlyImaginary(b.name) {
				t.Errorf("%s, %s: only imaginary: %t, and on another world: %v", b.name, what, OnlyImaginary(b.name), err)
			}
		}
	}
}

// TestCommands holds that a turn's own commands are listed, and no others.
func TestCommands(t *testing.T) {
	command := func(line int, words ...string) called { return called{Command: site.Command{Line: line, Args: words}} }
	one, other := Turn{model.Stop, "a"}, Turn{model.Stop, "b"}
	r := &Rehearsal{clean: []moment{
		{turn: one, trace: &trace{[]called{command(7, "touch", "x"), command(0, "cat", "y"), command(9, "sleep", "1")}}},
		{turn: other, trace: &trace{[]called{command(7, "date")}}},
	}}
	if got, want := r.Commands(one), [][]string{{"touch", "x"}, {"sleep", "1"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMeets holds how a story names a command.
func TestMeets(t *testing.T) {
	for _, c := range []struct {
		command string
		words   []string
		meets   bool
	}{
		{"mv -f /etc", []string{"mv", "-f", "/etc/x"}, true},
		{"mv -f /etc", []string{"timeout", "9", "mv", "-f", "/etc/x"}, true},
		{"mv", []string{"rmv", "x"}, false},
		{"mv -f /etc", []string{"mv", "/etc/x"}, false},
	} {
		if got := (Strike{Command: c.command}).Meets(c.words); got != c.meets {
			t.Errorf("%q meets %q: %t", c.command, c.words, got)
		}
	}
}

// TestReason: a finding says what a run has said, in one line.
func TestReason(t *testing.T) {
	for output, want := range map[string]string{
		"":          "",
		"a: DONE\n": "",
		"a: OK\n\na: STOPPED: the run\na:   was interrupted\n": "",
		"a: -- 1: begin\n\na: NOT RIGHT\na: expected: no other\na:   run on a\na: seen: a run of the stage stop\na| 12 bash\na: means: two runs\na: do: wait\n": " (expected: no other run on a; seen: a run of the stage stop 12 bash)",
		"a: NOT RIGHT: waited to the limit\na: expected: etcd\na: seen last: nothing\n":                                                                         " (expected: etcd; seen last: nothing)",
	} {
		if got := reason(output); got != want {
			t.Errorf("of %q: %q, want %q", output, got, want)
		}
	}
}
