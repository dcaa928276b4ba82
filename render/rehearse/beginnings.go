package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"requorum/model"
)

// beginning is one way in which a site is not as the inventory says, or becomes so on
// the way.
type beginning struct {
	name  string                   // a word of the story language
	wrong string                   // what is wrong, with the facts that it comes from
	on    func(*model.Plan) string // the node that it is about; empty where the plan has none
	turn  model.StageName          // it happens before this stage; empty: before all
	at    func(*model.Plan) string // on that node; nil: on the node that it is about
	do    mishap
	mend  mishap   // what people do when a script refuses, or when they compare; nil: the scripts' own remedies help
	who   guard    // who notices
	words []string // that the verdict must have in it
	only  bool     // only an imaginary site can be so: what it does is imagined
}

// mishap does something to a site, at a node of it.
type mishap func(ctx context.Context, at scene) error

// scene is where a mishap happens.
type scene struct {
	hands     Hands
	rehearsal *Rehearsal
	node      string
}

// happen does one of the things that a beginning has to a site.
func (r *Rehearsal) happen(ctx context.Context, h Hands, b beginning, do mishap) error {
	if err := do(ctx, scene{h, r, b.on(r.plan)}); err != nil {
		return fmt.Errorf("the beginning %q: %w", b.name, err)
	}
	return nil
}

// bring does so to a world, as if it had been so from the beginning.
func (r *Rehearsal) bring(ctx context.Context, w World, b beginning, do mishap) error {
	if _, imagined := w.(*imaginary); b.only && !imagined {
		return fmt.Errorf("the beginning %q needs the imaginary site", b.name)
	}
	return w.Begin(ctx, func(h Hands) error { return r.happen(ctx, h, b, do) })
}

// guard is who notices that something is wrong.
type guard int

const (
	nobody  guard = iota // there is no need: no script refuses, and the goal is reached
	scripts              // a script refuses, by its name; then the goal is reached
	people               // scripts only show it; people compare what the stage config shows, and mend it
)

// Beginnings tries each beginning of the catalogue that fits the plan: an engineer
// goes from the first turn to the goal by what the scripts print. It needs the clean
// run.
func (r *Rehearsal) Beginnings(ctx context.Context) (Family, error) {
	return r.BeginningsOf(ctx, nil)
}

// BeginningsOf is the same with those whose names only accepts, if there is one.
func (r *Rehearsal) BeginningsOf(ctx context.Context, only func(name string) bool) (Family, error) {
	f := Family{Name: "beginnings", Title: "the site is not as the inventory says"}
	var list []beginning
	for _, b := range catalogue() {
		if b.on(r.plan) != "" && (only == nil || only(b.name)) && (r.only == nil || r.only(r.before(b))) {
			list = append(list, b)
		}
	}
	results, err := spread(ctx, r, f.Name, list, r.begins)
	f.add(results...)
	return f, err
}

// before is the turn before which a beginning happens.
func (r *Rehearsal) before(b beginning) Turn {
	switch {
	case b.turn == "":
		return Turn{r.turns[0].Stage, b.on(r.plan)}
	case b.at == nil:
		return Turn{b.turn, b.on(r.plan)}
	}
	return Turn{b.turn, b.at(r.plan)}
}

// begins tries one beginning.
func (r *Rehearsal) begins(ctx context.Context, b beginning) (Family, error) {
	part := Family{Cases: 1}
	c := &course{rehearsal: r, beginning: b, node: b.on(r.plan)}
	from, first := r.begin, 0
	if b.turn != "" {
		turn := c.when()
		first = slices.Index(r.turns, turn)
		if first < 0 {
			return part, fmt.Errorf("%s: the plan has no %s", b.name, turn)
		}
		from = r.moment(turn).before
	}
	c.world = r.imagine(from.Clone(), r.begin.Clone())
	c.engineer = &engineer{rehearsal: r, world: c.world, done: map[Turn]bool{}, before: c.compare, saw: c.saw, enough: c.enough}
	for _, t := range r.turns[:first] {
		c.engineer.done[t] = true
	}
	if b.mend != nil && b.who == scripts {
		c.engineer.mend = c.mend
	}
	if err := r.bring(ctx, c.world, b, b.do); err != nil {
		return part, err
	}
	broken, err := c.engineer.finish(ctx, first)
	part.Runs = c.engineer.runs
	if len(broken) == 0 {
		broken = c.unseen()
	}
	switch {
	case err != nil:
		return part, fmt.Errorf("%s: %w", b.name, err)
	case len(broken) > 0:
		story := r.tell(r.turns[first], c.engineer.events, broken...)
		part.fail(c.told(story))
	case len(c.engineer.events) > 0:
		part.Refused = 1
	}
	return part, nil
}

// course is one beginning on its way to the goal.
type course struct {
	beginning
	rehearsal *Rehearsal
	engineer  *engineer
	world     *imaginary
	node      string
	mended    bool
	shown     string // what people had before their eyes until they mended it
}

// when is the turn before which it happens.
func (c *course) when() Turn {
	at := c.at
	if at == nil {
		at = c.on
	}
	return Turn{c.turn, at(c.rehearsal.plan)}
}

// mend is done to the site, and once to what must not be lost: what a person has put
// right by hand is right.
func (c *course) mend(ctx context.Context) error {
	if c.mended {
		return c.rehearsal.happen(ctx, c.world.onSite, c.beginning, c.beginning.mend)
	}
	c.mended = true
	return c.rehearsal.bring(ctx, c.world, c.beginning, c.beginning.mend)
}

// compare lets people compare before the first stage that builds on it.
func (c *course) compare(ctx context.Context, t Turn) error {
	if c.who == people && !c.mended && t.Stage == model.Create {
		return c.mend(ctx)
	}
	return nil
}

// enough: a site that has become as the clean one is goes on alike, and reaches the
// goal as that has, as long as the same goal is right for it.
func (c *course) enough(t Turn) bool {
	r, s, before := c.rehearsal, c.world.site, c.world.before
	return (c.mended || c.who != people) && s.Key() == r.moment(t).after.Key() && len(s.Lost(r.plan, before)) == 0 &&
		slices.Equal(before.Configuration(r.plan), r.begin.Configuration(r.plan))
}

// saw keeps what the scripts show before people compare it.
func (c *course) saw(output string) {
	if c.who == people && !c.mended {
		c.shown += flat(output) + " "
	}
}

// told puts into a story, before what the engineer met, what was wrong.
func (c *course) told(s Story) Story {
	what := Step{Node: c.node, What: c.name + ": " + c.wrong}
	s.Steps = slices.Insert(s.Steps, len(s.Steps)-len(c.engineer.events), what)
	return s
}

// unseen says what a script should have noticed, or should not have.
func (c *course) unseen() []string {
	refusals := c.engineer.events
	switch {
	case c.who == scripts && len(refusals) == 0:
		return []string{"a script refuses, and says: " + strings.Join(c.words, ", ")}
	case c.who != scripts && len(refusals) > 0:
		return []string{"no script refuses: there is nothing that it cannot mend by itself"}
	case c.who == scripts:
		c.shown = flat(refusals[0].result.Output)
	}
	for _, w := range c.words {
		if !strings.Contains(c.shown, w) {
			return []string{fmt.Sprintf("a script names what is wrong: %q", w)}
		}
	}
	return nil
}

// flat is what a run has printed as one line: the scripts break theirs.
func flat(output string) string {
	var words []string
	for line := range strings.Lines(output) {
		for _, lead := range []string{":  ", ": ", "| "} {
			if node, rest, ok := strings.Cut(line, lead); ok && !strings.Contains(node, " ") {
				line = rest
				break
			}
		}
		words = append(words, strings.Fields(line)...)
	}
	return strings.Join(words, " ")
}

// BeginningNames lists the beginnings that fit the plan, in the order of the catalogue.
func (r *Rehearsal) BeginningNames() []string {
	var list []string
	for _, b := range catalogue() {
		if b.on(r.plan) != "" {
			list = append(list, b.name)
		}
	}
	return list
}

// OnlyImaginary reports whether a beginning needs the imaginary site: a story that has
// it cannot be played in another world.
func OnlyImaginary(name string) bool {
	return slices.ContainsFunc(catalogue(), func(b beginning) bool { return b.name == name && b.only })
}

// AllBeginnings lists the names of the whole catalogue.
func AllBeginnings() []string {
	var list []string
	for _, b := range catalogue() {
		list = append(list, b.name)
	}
	return list
}
