package rehearse

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// engineer is who carries the plan on, by what the scripts print: a stage that has
// not come to its end is run again after its remedy, and where that does not help,
// or the script asks for it, the procedure begins from its beginning.
type engineer struct {
	rehearsal *Rehearsal
	world     World
	done      map[Turn]bool // turns that have come to their end since the last stop; nil: all that are asked for
	events    []event
	runs      int
	restarts  int
	ahead     map[Turn]site.Result              // how turns went that began together with another one, until it is their turn
	mend      func(context.Context) error       // what a remedy asks of hands, and no command does; nil if nothing
	before    func(context.Context, Turn) error // what happens before a turn, whoever does it; nil if nothing
	saw       func(string)                      // is told all that is printed; nil if nobody keeps it
	enough    func(Turn) bool                   // true if from the end of this turn on all goes as in the clean run; nil if never
}

const (
	tries        = 3 // how often an engineer runs a stage
	mostRestarts = 2 // how often he begins from the beginning
)

// finish carries out the turns from one on, and looks at the goal: it gives what is
// broken in the end.
func (e *engineer) finish(ctx context.Context, from int) (broken []string, err error) {
	turns := e.rehearsal.turns
	for i := from; i < len(turns); i++ {
		if e.before != nil {
			if err := e.before(ctx, turns[i]); err != nil {
				return nil, err
			}
		}
		ok, err := e.turn(ctx, turns[i])
		if err != nil {
			return nil, err
		}
		if ok && e.enough != nil && e.enough(turns[i]) {
			return nil, nil
		}
		if ok {
			continue
		}
		if e.restarts == mostRestarts {
			return []string{"every stage is done in the end: " + turns[i].String()}, nil
		}
		e.restarts++
		i = e.rehearsal.first(model.Stop) - 1
		clear(e.done)
		clear(e.ahead)
	}
	return e.world.Faults(ctx)
}

// first gives the number of a stage's first turn.
func (r *Rehearsal) first(stage model.StageName) int {
	return slices.IndexFunc(r.turns, func(t Turn) bool { return t.Stage == stage })
}

// turn runs a stage on a node until it is done: false if only a new beginning helps.
func (e *engineer) turn(ctx context.Context, t Turn) (bool, error) {
	for try := range tries {
		run := e.run
		if try == 0 {
			run = e.begin
		}
		result, err := run(ctx, t)
		if err != nil || pass(result) {
			return err == nil, err
		}
		if e.mend != nil {
			if err := e.mend(ctx); err != nil {
				return false, err
			}
		}
		todo := remedy(result.Output)
		if strings.Contains(todo, "start from the beginning") {
			return false, nil
		}
		for _, u := range e.rehearsal.named(todo, t) {
			if _, err := e.run(ctx, u); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// begin runs a stage on a node for the first time, and with it all that begin at once:
// their results are kept until it is their turn.
func (e *engineer) begin(ctx context.Context, t Turn) (site.Result, error) {
	if result, ran := e.ahead[t]; ran {
		delete(e.ahead, t)
		return result, nil
	}
	turns := e.rehearsal.together(e.world, t)
	if len(turns) == 1 {
		return e.run(ctx, t)
	}
	results, err := sideBySide(ctx, e.world, turns, e.rehearsal.argumentsOf(turns, e.believes))
	if err != nil {
		return site.Result{}, err
	}
	e.ahead = map[Turn]site.Result{}
	for i, u := range turns {
		e.ran(u, results[i])
		if i > 0 {
			e.ahead[u] = results[i]
		}
	}
	return results[0], e.world.Settle(ctx)
}

// run runs a stage once.
func (e *engineer) run(ctx context.Context, t Turn) (site.Result, error) {
	result, _, err := e.world.Execute(ctx, t.Node, e.rehearsal.arguments(t, e.believes), nil)
	if err != nil {
		return result, fmt.Errorf("%s: %w", t, err)
	}
	e.ran(t, result)
	return result, e.world.Settle(ctx)
}

// believes reports whether the engineer takes a turn to be done.
func (e *engineer) believes(t Turn) bool { return e.done == nil || e.done[t] }

// ran notes how a run has ended.
func (e *engineer) ran(t Turn, result site.Result) {
	e.runs++
	if e.saw != nil {
		e.saw(result.Output)
	}
	if !pass(result) {
		e.events = append(e.events, event{turn: t, result: result})
	} else if e.done != nil {
		e.done[t] = true
	}
}

// remedy gives what a verdict says to do, as one line of text.
func remedy(output string) string {
	_, rest, found := strings.Cut(output, ": do: ")
	if !found {
		return ""
	}
	var text strings.Builder
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		if text.Len() > 0 {
			_, words, continued := strings.Cut(line, ":  ")
			node, command, shown := strings.Cut(line, "| ")
			switch {
			case continued:
				line = words
			case shown && !strings.Contains(node, " "):
				line = command
			default:
				return text.String()
			}
		}
		text.WriteString(strings.TrimSpace(line) + " ")
	}
	return text.String()
}

var (
	toRun   = regexp.MustCompile(`sudo bash (\S+)\.sh (?:--\S+ \S+ )*([a-z]+)\b`)
	toFirst = regexp.MustCompile(`the stage ([a-z]+) on ([a-z0-9-]+)`)
)

// named lists the turns that a remedy names, other than the one that it is for.
func (r *Rehearsal) named(todo string, own Turn) []Turn {
	var list []Turn
	add := func(stage, node string) {
		t := Turn{model.StageName(stage), node}
		if t != own && slices.Contains(r.turns, t) && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	for _, m := range toFirst.FindAllStringSubmatch(todo, -1) {
		if m[2] == "this" || m[2] == "that" {
			m[2] = own.Node
		}
		add(m[1], m[2])
	}
	for _, m := range toRun.FindAllStringSubmatch(todo, -1) {
		add(m[2], m[1])
	}
	return list
}
