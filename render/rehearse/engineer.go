package rehearse

import (
	"context"
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
	site      *site.Site
	done      map[Turn]bool // turns that have come to their end since the last stop; nil: all that are asked for
	events    []event
	runs      int
	restarts  int
	mend      func(*site.Site) // what a remedy asks of hands, and no command does; nil if nothing
	strike    site.Watcher     // strikes the first run; nil if nothing does
	was       *site.Site       // what must not be lost; nil: the site as it begins
	before    func(Turn)       // what happens before a turn, whoever does it; nil if nothing
	saw       func(string)     // is told all that is printed; nil if nobody keeps it
	enough    func(Turn) bool  // true if from the end of this turn on all goes as in the clean run; nil if never
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
			e.before(turns[i])
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
	}
	was := e.was
	if was == nil {
		was = e.rehearsal.begin
	}
	return e.site.Faults(e.rehearsal.plan, was), nil
}

// first gives the number of a stage's first turn.
func (r *Rehearsal) first(stage model.StageName) int {
	return slices.IndexFunc(r.turns, func(t Turn) bool { return t.Stage == stage })
}

// turn runs a stage on a node until it is done: false if only a new beginning helps.
func (e *engineer) turn(ctx context.Context, t Turn) (bool, error) {
	for range tries {
		result, err := e.run(ctx, t)
		if err != nil || pass(result) {
			return err == nil, err
		}
		if e.mend != nil {
			e.mend(e.site)
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

// run runs a stage once.
func (e *engineer) run(ctx context.Context, t Turn) (site.Result, error) {
	done := everything
	if e.done != nil {
		done = func(u Turn) bool { return e.done[u] }
	}
	e.runs++
	result, err := e.rehearsal.take(ctx, e.site, t, done, e.strike)
	e.strike = nil
	if e.saw != nil {
		e.saw(result.Output)
	}
	if err == nil && !pass(result) {
		e.events = append(e.events, event{turn: t, result: result})
	}
	if e.done != nil && pass(result) {
		e.done[t] = true
	}
	return result, err
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
