package rehearse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse/site"
)

// Faults lets each external command of the scripts fail, once and for good, kills the
// script before and after each, and takes the node's power away there; what was not
// yet written to the disk is lost, or is not. Then the instruction is followed: the
// same stage again, or the procedure from the beginning. The goal must be reached.
//
// Scripts of one shape differ in their values alone, so one of each shape stands for
// the others; where a user names a node or a stage, these are run instead.
func (r *Rehearsal) Faults(ctx context.Context) (Family, error) {
	f := Family{Name: "faults", Title: "each command fails, the script dies, the power fails"}
	results, err := spread(ctx, r, f.Name, r.standing(), func(ctx context.Context, t Turn) (Family, error) {
		p := &trial{rehearsal: r, moment: r.moment(t), seen: map[site.Key]Story{}}
		if r.options.Faults == Pairs {
			p.chance = rand.New(rand.NewPCG(r.options.Seed, uint64(slices.Index(r.turns, t))))
		}
		if err := p.interruptions(ctx); err != nil {
			return p.Family, err
		}
		return p.Family, p.failures(ctx)
	})
	f.add(results...)
	return f, err
}

// standing picks the turns that stand for all, or those that a user has asked for.
func (r *Rehearsal) standing() []Turn {
	if r.only == nil {
		return r.representatives()
	}
	return slices.DeleteFunc(slices.Clone(r.turns), func(t Turn) bool { return !r.only(t) })
}

// representatives are the turns of the first node of each shape.
func (r *Rehearsal) representatives() []Turn {
	type part struct {
		stage model.StageName
		shape render.Shape
	}
	seen := map[part]bool{}
	var list []Turn
	for _, t := range r.turns {
		p := part{t.Stage, r.shapes[t.Node]}
		if !seen[p] {
			list = append(list, t)
		}
		seen[p] = true
	}
	return list
}

// trial is what is tried on one turn. Moments with the same key are gone on from once.
type trial struct {
	Family
	rehearsal *Rehearsal
	moment    moment
	seen      map[site.Key]Story
	chance    *rand.Rand // chooses the second fault of a pair; nil without pairs
}

// second is the fault that strikes the run after the first one; nil without pairs.
func (p *trial) second() site.Watcher {
	if p.chance == nil {
		return nil
	}
	ways := []site.Verdict{site.Fail, site.KillBefore, site.KillAfter}
	return &striking{at: p.chance.IntN(len(p.moment.trace.calls)), verdict: ways[p.chance.IntN(len(ways))]}
}

// striking lets a fault happen at one command of a run.
type striking struct {
	recorder
	at, met int
	verdict site.Verdict
}

func (w *striking) Before(*site.Site, site.Command) site.Verdict {
	w.met++
	if w.met-1 == w.at {
		return w.verdict
	}
	return site.Run
}

// interruption is a way in which a run ends in the middle.
type interruption struct {
	what string
	do   func(*site.Site, string)
}

var interruptions = []interruption{
	{"the script is killed", func(s *site.Site, node string) { s.Kill(node); s.Advance(settling) }},
	{"the node loses power; all that was written is there", func(s *site.Site, node string) { reboot(s, node, true) }},
	{"the node loses power; what was not synced is lost", func(s *site.Site, node string) { reboot(s, node, false) }},
}

// reboot takes a node's power away and gives it back. Two minutes later somebody is
// there again.
func reboot(s *site.Site, node string, kept bool) {
	s.Node(node).PowerOff(s, kept)
	s.Advance(30 * time.Second)
	s.Node(node).PowerOn(s)
	s.Advance(2 * settling)
}

// interruptions ends the clean run at each of its commands.
func (p *trial) interruptions(ctx context.Context) error {
	p.Cases += len(interruptions) * (len(p.moment.trace.calls) + 1)
	for _, st := range p.moment.states {
		for _, way := range interruptions {
			s := st.site.Clone()
			way.do(s, p.moment.turn.Node)
			e := event{turn: p.moment.turn, what: way.what, result: site.Result{Killed: true}}
			if st.at < len(p.moment.trace.calls) {
				e.call = &p.moment.trace.calls[st.at]
				e.what += " before this command"
			}
			if err := p.follow(ctx, s, []event{e}); err != nil {
				return err
			}
		}
	}
	return nil
}

// digits stand for each other where commands are told apart.
var digits = regexp.MustCompile(`[0-9a-f]{6,}|[0-9]+`)

// place is where a script calls a command, with arguments that differ in more than
// numbers.
func place(c site.Command) string {
	return fmt.Sprint(c.Line, digits.ReplaceAllString(strings.Join(c.Args, " "), "#"))
}

// failing makes the commands of one place fail.
type failing struct {
	recorder
	place string
	times int // how often it fails; < 0: for good
	met   int
	call  called
}

func (w *failing) Before(_ *site.Site, c site.Command) site.Verdict {
	if place(c) != w.place {
		return site.Run
	}
	w.met++
	if w.times >= 0 && w.met > w.times {
		return site.Run
	}
	w.call = called{c, 1}
	return site.Fail
}

// failures lets each command fail, once and for good.
func (p *trial) failures(ctx context.Context) error {
	var places []string
	for _, c := range p.moment.trace.calls {
		if at := place(c.Command); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	for _, at := range places {
		for _, times := range []int{1, -1} {
			p.Cases++
			met, err := p.failAt(ctx, at, times)
			if err != nil {
				return err
			}
			if met <= 1 {
				p.Cases++ // once is for good, where it is called once
				break
			}
		}
	}
	return nil
}

// failAt runs the turn with a fault and goes on. It tells how often the command was
// called.
func (p *trial) failAt(ctx context.Context, at string, times int) (met int, err error) {
	s := p.moment.before.Clone()
	w := &failing{place: at, times: times}
	result, err := p.take(ctx, s, w)
	if err != nil {
		return 0, err
	}
	how := "it fails once"
	if times < 0 {
		how = "it fails each time"
	}
	e := event{turn: p.moment.turn, what: how, call: &w.call, result: result}
	if broken := p.untrue(s, result); broken != "" {
		p.fail(p.rehearsal.story(p.moment.turn, e, broken))
		return w.met, nil
	}
	if pass(result) {
		return w.met, p.goOn(ctx, s, []event{e})
	}
	if result.Status == 1 {
		p.Refused++
	}
	return w.met, p.follow(ctx, s, []event{e})
}

func (p *trial) take(ctx context.Context, s *site.Site, w site.Watcher) (site.Result, error) {
	p.Runs++
	return p.rehearsal.take(ctx, s, p.moment.turn, everything, w)
}

// untrue says what a run has said that is not so; empty if all is true.
func (p *trial) untrue(s *site.Site, result site.Result) string {
	verdict := slices.ContainsFunc([]string{"NOT RIGHT", "STOPPED", " DONE on "}, func(v string) bool { return strings.Contains(result.Output, v) })
	switch {
	case !verdict:
		return "every run says a verdict"
	case !slices.Contains([]int{0, 1, 3, 4}, result.Status):
		return fmt.Sprintf("every run ends with a status of the contract, and not with %d", result.Status)
	case result.Status == 1:
		for _, c := range p.moment.before.Changes(s, p.moment.turn.Node) {
			if strings.HasPrefix(c, "/etc/") {
				return "what ends with 1 has changed nothing: " + c
			}
		}
	}
	return ""
}

// follow does what an engineer does after a run that has not come to its end: the
// same stage again, and what that says.
func (p *trial) follow(ctx context.Context, s *site.Site, events []event) error {
	key := s.Key()
	if story, known := p.seen[key]; known {
		p.again(story, events)
		return nil
	}
	failures := len(p.Failures)
	w := p.rehearsal.imagine(s, p.rehearsal.begin)
	w.watch = p.second()
	e := &engineer{rehearsal: p.rehearsal, world: w, events: events}
	ok, err := e.turn(ctx, p.moment.turn)
	p.Runs += e.runs
	if err == nil {
		if ok {
			err = p.goOn(ctx, s, e.events)
		} else {
			err = p.rest(ctx, s, p.rehearsal.first(model.Stop), e.events)
		}
	}
	p.seen[key] = Story{}
	if len(p.Failures) > failures {
		p.seen[key] = p.Failures[failures]
	}
	return err
}

// again notes that a moment was met before, by its end.
func (p *trial) again(story Story, events []event) {
	if len(story.Broken) > 0 {
		p.fail(p.rehearsal.tell(p.moment.turn, events, story.Broken...))
	}
}

// goOn runs the rest of the plan after a turn that is done, unless the site is as the
// clean run has left it.
func (p *trial) goOn(ctx context.Context, s *site.Site, events []event) error {
	if s.Key() == p.moment.after.Key() {
		return nil
	}
	return p.rest(ctx, s, slices.Index(p.rehearsal.turns, p.moment.turn)+1, events)
}

// rest carries out all turns from one on, and looks at the goal.
func (p *trial) rest(ctx context.Context, s *site.Site, from int, events []event) error {
	e := &engineer{rehearsal: p.rehearsal, world: p.rehearsal.imagine(s, p.rehearsal.begin), events: events}
	broken, err := e.finish(ctx, from)
	p.Runs += e.runs
	if len(broken) > 0 {
		p.fail(p.rehearsal.tell(p.moment.turn, e.events, broken...))
	}
	return err
}
