package golden_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"requorum/model"
	"requorum/render"
)

// everyNth tells how many of the commands that change nothing are tried without
// -kills: one of so many.
const everyNth = 60

// sampled are the cases whose scripts stand for all without -kills: between them
// they have every part of a script but Cassandra's. The rehearsals kill every script
// at every command, in the interpreter; this shows that bash dies alike.
var sampled = []string{"known-good-config", "two-operators"}

// TestKills kills the stages of golden scripts with SIGKILL: the whole process
// group, before or after an external command. Run again, the stage must end as if
// nothing had happened: the same node, every copy that was made before unchanged,
// and no file of the configuration torn in between.
//
// With -kills it does so after every command of every stage of every golden
// script, and before each command that finds another node than the one before
// left. Without it, one script of each shape in the sampled cases stands for the
// rest; of the points at which the node has changed one stands for those of the same
// stage in other scripts that are beside the same commands; and every everyNth command
// besides is tried, fewer in stages that run the same commands with the same effects.
func TestKills(t *testing.T) {
	needRoot(t)
	count := &killCount{t: t, begin: time.Now()}
	t.Cleanup(count.print)
	seen := map[render.Shape]bool{}
	for _, name := range caseNames(t) {
		p, b := build(t, name)
		for _, s := range b.Scripts {
			if !*kills && (seen[s.Shape] || !slices.Contains(sampled, name)) {
				continue
			}
			seen[s.Shape] = true
			t.Run(name+"/"+s.Node, func(t *testing.T) {
				t.Parallel()
				dueStages(t, p, s, func(c *wrapped) {
					k := newKilling(c)
					points := count.choose(k)
					for _, n := range points {
						k.at(n)
					}
					count.add(k, len(points))
				})
			})
		}
	}
}

// killCount chooses and counts the kills of all stages.
type killCount struct {
	t                      *testing.T
	begin                  time.Time
	known                  sync.Map // stages and points that were tried, by what they do
	stages, commands, done atomic.Int64
}

// choose gives the points at which to kill.
func (count *killCount) choose(k *killing) []int {
	nth := everyNth
	_, known := count.known.LoadOrStore(k.does(), true)
	if known {
		nth *= 4
	}
	var list []int
	ended := 0 // commands that have
	for n := 1; n <= len(k.trace); n++ {
		after := strings.HasPrefix(k.trace[n-1], "after")
		if after {
			ended++
		}
		if k.moves(n) && (*kills || count.isNew(k, n)) || after && (*kills || ended%nth == 0) {
			list = append(list, n)
		}
	}
	return list
}

// isNew reports whether no point of the same stage in another script was as often beside
// the same two commands as this one is, and notes it.
func (count *killCount) isNew(k *killing, n int) bool {
	beside := func(n int) string { return strings.Fields(k.trace[n-1])[0] + k.call(n-1) + k.call(n) }
	often := 0
	for i := 2; i <= n; i++ {
		if beside(i) == beside(n) {
			often++
		}
	}
	_, known := count.known.LoadOrStore(fmt.Sprintln(k.stage, often, beside(n)), true)
	return !known
}

func (count *killCount) add(k *killing, tried int) {
	count.stages.Add(1)
	count.commands.Add(int64(len(k.trace) / 2))
	done := count.done.Add(int64(tried))
	if *kills {
		fmt.Printf("%s: stage %s: %d commands, %d kills; %d kills so far\n", k.t.Name(), k.stage, len(k.trace)/2, tried, done)
	}
}

func (count *killCount) print() {
	fmt.Printf("KILLS: %d kills tried, in %d stages with %d external commands, in %v\n",
		count.done.Load(), count.stages.Load(), count.commands.Load(), time.Since(count.begin).Round(time.Second))
}

// killing is a stage, and what it comes to when nothing happens.
type killing struct {
	*wrapped
	trace []string // a line a point: before or after, a digest of the node, the command
	want  map[string]string
	keeps map[string]map[string]bool
	files map[string][2]string // the configuration, before and after
}

// mustNotTear are files that Clearwater's programs read at any time.
var mustNotTear = []string{config, chronos, servers, "/etc/clearwater/shared_config"}

func newKilling(c *wrapped) *killing {
	c.t.Helper()
	k := &killing{wrapped: c, files: map[string][2]string{}}
	r := c.fresh()
	defer r.drop()
	before := r.nodeState()
	if out, ok := r.settled("REQUORUM_TRACE=yes"); !ok {
		c.t.Fatalf("stage %s, not killed: %s", c.stage, out)
	}
	k.trace = strings.Split(strings.TrimSuffix(string(read(c.t, r.path("/world/kill/trace"))), "\n"), "\n")
	k.want, k.keeps = r.nodeState(), kept(r.copies())
	for _, path := range mustNotTear {
		k.files[path] = [2]string{before[path], k.want[path]}
	}
	if was, is := shortOf(before[config]), shortOf(k.want[config]); was != is {
		c.t.Errorf("stage %s changed local_config from %s to %s", c.stage, was, is)
	}
	return k
}

// shortOf gives mode and owner of what describe says.
func shortOf(described string) string { return described[:strings.LastIndex(described, " ")] }

// moves reports whether the node was another one at point n than at the one
// before. Points are numbered from 1.
func (k *killing) moves(n int) bool {
	return n > 1 && strings.Fields(k.trace[n-1])[1] != strings.Fields(k.trace[n-2])[1]
}

// does tells a stage by its commands, without their arguments that only this node
// has, and by which of them change the node.
func (k *killing) does() string {
	var b strings.Builder
	b.WriteString(string(k.stage))
	for n := range k.trace {
		fmt.Fprintf(&b, "\n%v%s", k.moves(n+1), k.call(n+1))
	}
	return b.String()
}

// call is the command of a point, without the arguments that only this node has.
func (k *killing) call(n int) string {
	words := strings.Fields(k.trace[n-1])
	return ownNumbers.ReplaceAllString(" "+strings.Join(words[2:min(len(words), 5)], " "), "N")
}

var ownNumbers = regexp.MustCompile(`[0-9a-f.]*[0-9][0-9a-fTZ.-]*`)

// at kills the stage at a point, and runs it again.
func (k *killing) at(n int) {
	k.t.Helper()
	c := k.fresh()
	defer c.drop()
	where := fmt.Sprintf("stage %s killed at point %d, %s", k.stage, n, k.trace[n-1])
	out, status := c.attempt(fmt.Sprintf("REQUORUM_KILL=%d", n))
	if status != -1 {
		k.t.Errorf("%s: not killed, status %d\n%s", where, status, out)
		return
	}
	k.whole(c, where)
	k.again(c, where+"\n"+out)
}

// whole holds that each file of the configuration is the old one or the new one.
func (k *killing) whole(c *wrapped, where string) {
	k.t.Helper()
	state := c.nodeState()
	for _, path := range mustNotTear {
		either := k.files[path]
		if !slices.Contains(either[:], state[path]) {
			k.t.Errorf("%s\n%s is torn: %q, neither %q nor %q", where, path, state[path], either[0], either[1])
		}
	}
}

// again runs a stage that was cut off, and holds that all is as it should be.
func (k *killing) again(c *wrapped, where string) {
	k.t.Helper()
	earlier := c.copies()
	out, ok := c.settled()
	if !ok {
		k.t.Errorf("%s\nrun again: %s", where, out)
		return
	}
	if d := differences(k.want, c.nodeState()); d != "" {
		k.t.Errorf("%s\nrun again, the node differs:\n%s\n%s", where, d, out)
	}
	now := c.copies()
	for path, what := range earlier {
		if now[path] != what {
			k.t.Errorf("%s\nthe earlier copy %s was %q and is %q", where, path, what, now[path])
		}
	}
	found := kept(now)
	for path, forms := range k.keeps {
		for what := range forms {
			if !found[path][what] {
				k.t.Errorf("%s\nno whole copy of %s: %v instead of %q", where, path, found[path], what)
			}
		}
	}
}

// TestKillsFind sets faults into a script that only a kill brings to light, and
// holds that one does.
func TestKillsFind(t *testing.T) {
	needRoot(t)
	p, b := build(t, "example")
	i := slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Node == "vellum-1" })
	s := b.Scripts[i]
	for _, fault := range []struct {
		name      string
		stage     model.StageName
		from, to  string
		complaint string
	}{
		{"file written in place", model.Create,
			"\tchange mv -f \"$1.requorum-new\" \"$1\" ||", "\tcat \"$1.requorum-new\" >\"$1\" ||", "is torn"},
		{"note after the start", model.Create, "\tnote_begun\n\tstart_etcd 120", "\tstart_etcd 120\n\tnote_begun", "run again: status 1"},
		{"copies removed", model.Stop, "\tstep 'stop/hold'",
			"\trm -rf /var/backups/requorum/*\n\tstep 'stop/hold'", "the earlier copy"},
	} {
		t.Run(strings.ReplaceAll(fault.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			script := strings.Replace(string(s.Source()), fault.from, fault.to, 1)
			if script == string(s.Source()) {
				t.Fatal("the script has no place for this fault any more; find another")
			}
			w := newWorld(t, p, s)
			w.spoil(s)
			w.reach(p, s, fault.stage)
			w.write(w.script, []byte(script))
			heard := &hearing{TB: t}
			w.t = heard
			k := newKilling(w.wrap([]byte(script), fault.stage))
			for n := 1; n <= len(k.trace) && heard.complaints == ""; n++ {
				if k.moves(n) {
					k.at(n)
				}
			}
			if !strings.Contains(heard.complaints, fault.complaint) {
				t.Errorf("no kill has brought to light %q, but: %s", fault.complaint, heard.complaints)
			}
		})
	}
}

// hearing takes complaints and does not fail for them.
type hearing struct {
	testing.TB
	complaints string
}

func (h *hearing) Errorf(format string, args ...any) {
	h.complaints += fmt.Sprintf(format, args...) + "\n"
}
