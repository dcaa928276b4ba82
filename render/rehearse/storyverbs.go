package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// storyVerbs is the language of the stories.
func storyVerbs() []storyVerb {
	return []storyVerb{
		{"begin", "NAME", "from here on, the site is not as the inventory says", doBegin, fitsBeginning},
		{"hands", "NAME", "people put right by hand what begin NAME did", doHands, fitsBeginning},
		{"run", "STAGE NODE...|all", "runs the stage on these nodes, one after the other", doRun, fitsRun},
		{"type", "NODE [ARGUMENT...]", "runs the node's script with these arguments", doType, fitsNode},
		{"fail", "STAGE NODE COMMAND...", "runs the stage; the first command that begins so fails once", doFail(false), fitsFault},
		{"break", "STAGE NODE COMMAND...", "the same, and every such command of the run fails", doFail(true), fitsFault},
		{"kill", "STAGE NODE before|after COMMAND...", "runs the stage; the script is killed at the first command that begins so", doKill, fitsKill},
		{"expect", "done|refused|unfinished|waited|killed [TEXT...]", "how the run before has ended, and a text that it has printed", doExpect, fitsExpect},
		{"off", "NODE", "the node loses power; what was not written to its disk is lost", doOff, fitsOneNode},
		{"on", "NODE", "the node has power again, and boots", doOn, fitsOneNode},
		{"fence", "NODE", "cuts the node's network", doFence, fitsOneNode},
		{"cut", "NODE NODE", "cuts the network between two nodes", doCut, fitsTwoNodes},
		{"mend", "", "takes every cut back", doMend, fitsNothing},
		{"full", "NODE", "the node's disk has no room left", doFull(true), fitsOneNode},
		{"room", "NODE", "the node's disk has room again", doFull(false), fitsOneNode},
		{"wait", "SECONDS", "lets time go by", doWait, fitsNumber},
		{"short", "", "from here on, only the first line of each verdict is printed", doBrief(true), fitsNothing},
		{"whole", "", "from here on, all that a run prints is printed again", doBrief(false), fitsNothing},
		{"rest", "", "does what is left of the plan, by what the scripts print, to the goal", doRest, fitsNothing},
		{"goal", "", "the site must be recovered", doGoal, fitsNothing},
	}
}

// beginning finds a beginning that fits the plan.
func (r *Rehearsal) beginning(name string) (beginning, bool) {
	for _, b := range catalogue() {
		if b.name == name && b.on(r.plan) != "" {
			return b, true
		}
	}
	return beginning{}, false
}

func fitsBeginning(r *Rehearsal, args []string) bool {
	if len(args) != 1 {
		return false
	}
	_, fits := r.beginning(args[0])
	return fits
}

func doBegin(ctx context.Context, p *player, args []string) error {
	b, _ := p.rehearsal.beginning(args[0])
	return p.rehearsal.bring(ctx, p.world, b, b.do)
}

func doHands(ctx context.Context, p *player, args []string) error {
	b, _ := p.rehearsal.beginning(args[0])
	if b.mend == nil {
		return nil
	}
	return p.rehearsal.bring(ctx, p.world, b, b.mend)
}

func doRun(ctx context.Context, p *player, args []string) error {
	nodes := args[1:]
	if nodes[0] == "all" {
		nodes = p.rehearsal.plan.Stage(model.StageName(args[0])).Nodes
		if turns := p.rehearsal.together(p.world, Turn{model.StageName(args[0]), nodes[0]}); len(turns) > 1 {
			return p.together(ctx, turns)
		}
	}
	for i, node := range nodes {
		if i > 0 {
			p.broken = append(p.broken, p.unexpected()...)
		}
		if err := p.run(ctx, Turn{model.StageName(args[0]), node}, nil); err != nil {
			return err
		}
	}
	return nil
}

func doType(ctx context.Context, p *player, args []string) error {
	return p.execute(ctx, Turn{"", args[0]}, args[1:], nil)
}

func doFail(always bool) func(context.Context, *player, []string) error {
	return func(ctx context.Context, p *player, args []string) error {
		return p.run(ctx, Turn{model.StageName(args[0]), args[1]}, &Strike{strings.Join(args[2:], " "), site.Fail, always})
	}
}

func doKill(ctx context.Context, p *player, args []string) error {
	verdict := site.KillBefore
	if args[2] == "after" {
		verdict = site.KillAfter
	}
	return p.run(ctx, Turn{model.StageName(args[0]), args[1]}, &Strike{strings.Join(args[3:], " "), verdict, false})
}

// ends are the ways in which a run ends, with their exit statuses.
var ends = []struct {
	word   string
	status int
}{{"done", 0}, {"refused", 1}, {"unfinished", 3}, {"waited", 4}, {"killed", -1}}

func doExpect(_ context.Context, p *player, args []string) error {
	run := p.last
	p.last = nil
	if run == nil {
		p.broken = append(p.broken, "nothing has run before this line")
		return nil
	}
	status := run.result.Status
	if run.result.Killed {
		status = -1
	}
	for _, e := range ends {
		if e.word == args[0] && e.status != status {
			p.broken = append(p.broken, fmt.Sprintf("%s is not %s: exit status %d", run.turn, e.word, status))
		}
	}
	text := strings.Join(args[1:], " ")
	if !strings.Contains(unwrapped(run.result.Output, run.turn.Node), text) {
		p.broken = append(p.broken, fmt.Sprintf("%s does not print %q", run.turn, text))
	}
	return nil
}

// unwrapped joins the lines that a script has broken at 80 columns.
func unwrapped(output, node string) string { return strings.ReplaceAll(output, "\n"+node+":  ", "") }

func doOff(ctx context.Context, p *player, args []string) error {
	return p.world.PowerOff(ctx, args[0], false)
}

func doOn(ctx context.Context, p *player, args []string) error { return p.world.PowerOn(ctx, args[0]) }

func doFence(ctx context.Context, p *player, args []string) error { return p.world.Fence(ctx, args[0]) }

func doCut(ctx context.Context, p *player, args []string) error {
	return p.world.Cut(ctx, args[0], args[1])
}

func doMend(ctx context.Context, p *player, _ []string) error { return p.world.Mend(ctx) }

func doFull(full bool) func(context.Context, *player, []string) error {
	return func(ctx context.Context, p *player, args []string) error {
		return p.world.Fill(ctx, args[0], full)
	}
}

func doWait(ctx context.Context, p *player, args []string) error {
	return p.world.Wait(ctx, time.Duration(atoi(args[0]))*time.Second)
}

func doBrief(brief bool) func(context.Context, *player, []string) error {
	return func(_ context.Context, p *player, _ []string) error {
		p.brief = brief
		return nil
	}
}

func doRest(ctx context.Context, p *player, _ []string) error { return p.rest(ctx) }

func doGoal(ctx context.Context, p *player, _ []string) error {
	faults, err := p.world.Faults(ctx)
	p.broken = append(p.broken, faults...)
	return err
}

func (r *Rehearsal) hasTurn(stage, node string) bool {
	return slices.Contains(r.turns, Turn{model.StageName(stage), node})
}

func fitsRun(r *Rehearsal, args []string) bool {
	if len(args) == 2 && args[1] == "all" {
		st := r.plan.Stage(model.StageName(args[0]))
		return st != nil && len(st.Nodes) > 0
	}
	return len(args) > 1 && !slices.ContainsFunc(args[1:], func(node string) bool { return !r.hasTurn(args[0], node) })
}

func fitsNode(r *Rehearsal, args []string) bool { return len(args) > 0 && r.scripts[args[0]] != nil }

func fitsFault(r *Rehearsal, args []string) bool {
	return len(args) > 2 && r.hasTurn(args[0], args[1])
}

func fitsKill(r *Rehearsal, args []string) bool {
	return len(args) > 3 && r.hasTurn(args[0], args[1]) && (args[2] == "before" || args[2] == "after")
}

func fitsExpect(_ *Rehearsal, args []string) bool {
	return len(args) > 0 && slices.ContainsFunc(ends, func(e struct {
		word   string
		status int
	}) bool {
		return e.word == args[0]
	})
}

func fitsOneNode(r *Rehearsal, args []string) bool {
	return len(args) == 1 && r.begin.Node(args[0]) != nil
}

func fitsTwoNodes(r *Rehearsal, args []string) bool {
	return len(args) == 2 && args[0] != args[1] && fitsOneNode(r, args[:1]) && fitsOneNode(r, args[1:])
}

func fitsNumber(_ *Rehearsal, args []string) bool {
	if len(args) != 1 {
		return false
	}
	n, err := strconv.Atoi(args[0])
	return err == nil && n >= 0
}

func fitsNothing(_ *Rehearsal, args []string) bool { return len(args) == 0 }
