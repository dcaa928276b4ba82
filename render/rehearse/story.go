package rehearse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"requorum/model"
	"requorum/model/diag"
	"requorum/render/rehearse/site"
)

// Play is a story that was read from a file: what happens, in order, a line each.
type Play struct {
	rehearsal *Rehearsal
	file      string
	lines     []playLine
}

type playLine struct {
	number int
	words  []string
	verb   storyVerb
}

// storyVerb is a word with which a line of a story begins.
type storyVerb struct {
	name  string
	usage string // what follows it
	about string
	do    func(ctx context.Context, p *player, args []string) error
	fits  func(r *Rehearsal, args []string) bool
}

// storyFile is the part of a story's txtar archive that holds its lines.
const storyFile = "story"

// ParseStory reads a story. Its mistakes come with line and column.
func (r *Rehearsal) ParseStory(file string, src []byte) (*Play, diag.List) {
	p := &Play{rehearsal: r, file: file}
	var findings diag.List
	find := func(line int, text, remedy string) {
		findings = append(findings, diag.Diagnostic{Severity: diag.Error, Code: "story", File: file, Line: line, Column: 1, Text: text, Remedy: remedy})
	}
	archive := txtar.Parse(src)
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == storyFile })
	if i < 0 {
		find(1, "the file has no part named story", "begin it with a line \"-- story --\"")
		return p, findings
	}
	number := bytes.Count(src[:bytes.Index(src, []byte("-- "+storyFile+" --"))], []byte("\n")) + 1
	for line := range strings.Lines(string(archive.Files[i].Data)) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		at := slices.IndexFunc(storyVerbs(), func(v storyVerb) bool { return v.name == words[0] })
		if at < 0 {
			find(number, fmt.Sprintf("no story knows the word %q", words[0]), "see \"requorum help stories\"")
			continue
		}
		verb := storyVerbs()[at]
		if !verb.fits(r, words[1:]) {
			find(number, fmt.Sprintf("%s takes %s", verb.name, verb.usage), "see \"requorum help stories\"; stages and nodes are those of the plan")
			continue
		}
		p.lines = append(p.lines, playLine{number, words, verb})
	}
	return p, findings
}

// StoryHelp lists the words of the stories, for people.
func StoryHelp() string {
	var b strings.Builder
	for _, v := range storyVerbs() {
		fmt.Fprintf(&b, "  %s\n      %s\n", strings.TrimSpace(v.name+" "+v.usage), v.about)
	}
	return b.String()
}

// BeginningsHelp lists what the rehearsals know of sites that are not as the inventory
// says, a paragraph each.
func BeginningsHelp() string {
	var b strings.Builder
	for _, w := range catalogue() {
		fmt.Fprintf(&b, "%s: %s.\n\n", w.name, w.wrong)
	}
	return b.String()
}

// player is a story under way.
type player struct {
	rehearsal *Rehearsal
	world     World
	done      map[Turn]bool
	out       io.Writer
	brief     bool // only verdicts are printed
	last      *lastRun
	broken    []string // what the line under way has shown to be wrong
}

// lastRun is the run whose end the next line may expect.
type lastRun struct {
	turn   Turn
	result site.Result
}

// Play carries the story out on the imaginary site and prints what an engineer sees.
// What does not hold comes back as findings with the lines that asked for it.
func (p *Play) Play(ctx context.Context, out io.Writer) (diag.List, error) {
	return p.PlayOn(ctx, p.rehearsal.Imaginary(), out)
}

// PlayOn does so in a world of its own, on which nothing has run yet. The stop codes
// that the engineer types are those of the rehearsal's clean run: they hang on the plan
// alone.
func (p *Play) PlayOn(ctx context.Context, w World, out io.Writer) (diag.List, error) {
	if len(p.rehearsal.clean) == 0 {
		if _, err := p.rehearsal.Clean(ctx); err != nil { // it gives the stop codes
			return nil, err
		}
	}
	pl := &player{rehearsal: p.rehearsal, world: w, done: map[Turn]bool{}, out: out}
	var findings diag.List
	broken := func(line int, list ...string) {
		for _, text := range list {
			findings = append(findings, diag.Diagnostic{Severity: diag.Error, Code: "story-broken", File: p.file, Line: line, Column: 1, Text: text,
				Remedy: "read what the script has printed; if it is right, mend the story"})
		}
	}
	asked := 0 // the line of the last run
	for _, line := range p.lines {
		if pl.last != nil && line.words[0] != "expect" {
			broken(asked, pl.unexpected()...)
		}
		if err := line.verb.do(ctx, pl, line.words[1:]); err != nil {
			return findings, err
		}
		broken(line.number, pl.broken...)
		pl.broken = nil
		asked = line.number
	}
	if pl.last != nil {
		broken(asked, pl.unexpected()...)
	}
	return findings, nil
}

// unexpected holds a run for which no line says what to expect: it must be done.
func (p *player) unexpected() []string {
	run := p.last
	p.last = nil
	if pass(run.result) {
		return nil
	}
	return []string{fmt.Sprintf("%s: exit status %d, and the story does not expect it%s", run.turn, run.result.Status, reason(run.result.Output))}
}

// execute runs a script with a command line, as an engineer would type it.
func (p *player) execute(ctx context.Context, t Turn, arguments []string, s *Strike) error {
	p.types(p.world.Now(), t, arguments)
	result, met, err := p.world.Execute(ctx, t.Node, arguments, s)
	if err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	if err := p.sees(t, result); err != nil {
		return err
	}
	if s != nil && !met {
		p.broken = append(p.broken, fmt.Sprintf("%s does not run a command like %q", t, s.Command))
	}
	return p.world.Settle(ctx)
}

// together runs turns that begin at once, and prints one after the other.
func (p *player) together(ctx context.Context, turns []Turn) error {
	began, arguments := p.world.Now(), p.rehearsal.argumentsOf(turns, p.believes)
	results, err := sideBySide(ctx, p.world, turns, arguments)
	if err != nil {
		return err
	}
	for i, t := range turns {
		if i > 0 {
			p.broken = append(p.broken, p.unexpected()...)
		}
		p.types(began, t, arguments[i])
		if err := p.sees(t, results[i]); err != nil {
			return err
		}
	}
	return p.world.Settle(ctx)
}

// types prints the command line of a run.
func (p *player) types(at time.Duration, t Turn, arguments []string) {
	fmt.Fprintf(p.out, "%s $ %s\n", clock(at), typed(t.Node, arguments))
}

// sees prints what a run has printed, and notes how it has ended.
func (p *player) sees(t Turn, result site.Result) error {
	text := result.Output
	if p.brief {
		text = verdict(text)
	}
	if _, err := io.WriteString(p.out, text); err != nil {
		return err
	}
	if result.Killed {
		fmt.Fprintf(p.out, "(the script is dead)\n")
	}
	p.done[t] = pass(result)
	if t.Stage == model.Stop && pass(result) {
		maps.DeleteFunc(p.done, func(u Turn, _ bool) bool { return u.Node == t.Node && u.Stage != model.Stop && u.Stage != model.Survey })
	}
	p.last = &lastRun{t, result}
	return nil
}

// verdict is the line with which the last paragraph of an output begins.
func verdict(output string) string { return lastParagraph(output)[0] + "\n" }

// reason is what a verdict at the end of an output says was expected and seen, in one
// line: where only the findings are kept, it is all that is left of the run.
func reason(output string) string {
	var said []string
	for _, line := range lastParagraph(output) {
		_, text, _ := strings.Cut(line, " ") // the node's name
		if strings.HasPrefix(text, "means: ") {
			break
		}
		text = strings.TrimSpace(text)
		switch {
		case strings.HasPrefix(text, "expected: "):
			said = []string{text}
		case len(said) > 0 && strings.HasPrefix(text, "seen"):
			said = append(said, "; "+text)
		case len(said) > 0:
			said = append(said, " "+text)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return " (" + strings.Join(said, "") + ")"
}

// run runs a turn.
func (p *player) run(ctx context.Context, t Turn, s *Strike) error {
	return p.execute(ctx, t, p.rehearsal.arguments(t, p.believes), s)
}

// believes reports whether the engineer takes a turn to be done.
func (p *player) believes(t Turn) bool { return p.done[t] }

// clock writes a time since the beginning.
func clock(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("[%02d:%02d:%02d]", s/3600, s/60%60, s%60)
}

// rest carries the plan on as an engineer does, from the first turn that is not done.
func (p *player) rest(ctx context.Context) error {
	from := slices.IndexFunc(p.rehearsal.turns, func(t Turn) bool { return !p.done[t] })
	if from < 0 {
		from = len(p.rehearsal.turns)
	}
	e := &engineer{rehearsal: p.rehearsal, world: p.world, done: p.done}
	broken, err := e.finish(ctx, from)
	p.broken = append(p.broken, broken...)
	fmt.Fprintf(p.out, "%s the rest of the plan: %d runs, %d of them refused or unfinished, begun anew %d times\n",
		clock(p.world.Now()), e.runs, len(e.events), e.restarts)
	return err
}

// atoi is for numbers that fits has seen.
func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
