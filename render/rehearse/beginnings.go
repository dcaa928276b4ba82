package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"requorum/model"
	"requorum/render/rehearse/site"
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
}

// mishap does something to a site, at a node of it.
type mishap func(r *Rehearsal, s *site.Site, n *site.Node)

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
	c := &course{rehearsal: r, beginning: b, node: b.on(r.plan), from: r.begin}
	c.before = r.begin.Clone()
	b.do(r, c.before, c.before.Node(c.node))
	first := 0
	if b.turn != "" {
		turn := c.when()
		first = slices.Index(r.turns, turn)
		if first < 0 {
			return part, fmt.Errorf("%s: the plan has no %s", b.name, turn)
		}
		c.from = r.moment(turn).before
	}
	c.engineer = &engineer{rehearsal: r, site: c.from.Clone(), done: map[Turn]bool{}, was: c.before, before: c.happen, saw: c.saw, enough: c.enough}
	for _, t := range r.turns[:first] {
		c.engineer.done[t] = true
	}
	if b.mend != nil && b.who == scripts {
		c.engineer.mend = c.mend
	}
	b.do(r, c.engineer.site, c.engineer.site.Node(c.node))
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
	node      string
	from      *site.Site // where the rehearsal begins
	before    *site.Site // what must not be lost: the site as it was, with what is wrong in it
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
func (c *course) mend(s *site.Site) {
	c.beginning.mend(c.rehearsal, s, s.Node(c.node))
	if !c.mended {
		c.mended = true
		c.beginning.mend(c.rehearsal, c.before, c.before.Node(c.node))
	}
}

// happen lets people compare before the first stage that builds on it.
func (c *course) happen(t Turn) {
	if c.who == people && !c.mended && t.Stage == model.Create {
		c.mend(c.engineer.site)
	}
}

// enough: a site that has become as the clean one is goes on alike, and reaches the
// goal as that has, as long as the same goal is right for it.
func (c *course) enough(t Turn) bool {
	r := c.rehearsal
	return (c.mended || c.who != people) && c.engineer.site.Key() == r.moment(t).after.Key() && len(c.engineer.site.Lost(r.plan, c.before)) == 0 &&
		slices.Equal(c.before.Configuration(r.plan), r.begin.Configuration(r.plan))
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

// AllBeginnings lists the names of the whole catalogue.
func AllBeginnings() []string {
	var list []string
	for _, b := range catalogue() {
		list = append(list, b.name)
	}
	return list
}
