package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"requorum/model"
	"requorum/render"
	"requorum/render/rehearse"
)

const rehearseHelp = `
Renders the bundle and runs its scripts, byte for byte, on an imaginary site: the site of the inventory, just after half or more of its etcd masters have died. Nothing is written, and no node, file or network of this machine is touched.

The rehearsals are of five families: the plan step by step; every stage twice; a fault at every command, where it fails, the script dies or the node loses its power; every stage too early; and sites that are not as the inventory says. In each, what the scripts print is followed, and the site must end recovered. Of scripts that differ in their values alone, the first stands for all in faults and orders.

--node and --stage narrow the rehearsal to turns of one node or one stage. --faults none leaves the faults out; with pairs, another fault strikes the run that follows, chosen by --seed. --bundle DIR takes the scripts in DIR, edited perhaps, instead of the rendered ones.

--transcript prints what the engineer sees in a recovery without faults, and nothing else. --story FILE plays the story in FILE, and prints the same; see "requorum help stories".

The exit status is 1 where a rehearsal has failed; its shortest history is then part of the report.

With --output json the report is in the field "rehearsal"; it is null where there is none.
`

// rehearseDocument is the result of rehearse in JSON.
type rehearseDocument struct {
	head
	Rehearsal *rehearsalResult `json:"rehearsal"`
}

type rehearsalResult struct {
	Plan      string         `json:"plan"`
	Site      string         `json:"site"`
	Turns     int            `json:"turns"`
	Failed    bool           `json:"failed"`
	Families  []familyResult `json:"families"`
	Durations durationResult `json:"durations"`
	Proves    string         `json:"proves"`
	ProvesNot string         `json:"proves_not"`
}

type familyResult struct {
	Name     string        `json:"name"`
	Title    string        `json:"title"`
	Cases    int           `json:"cases"`
	Runs     int           `json:"runs"`
	Refused  int           `json:"refused"`
	Held     int           `json:"held_by_people"`
	Failures []storyResult `json:"failures"`
}

type storyResult struct {
	Steps  []stepResult `json:"steps"`
	Broken []string     `json:"broken"`
}

type stepResult struct {
	Node    string   `json:"node,omitempty"`
	Stage   string   `json:"stage,omitempty"`
	Line    int      `json:"line,omitempty"`
	Command string   `json:"command,omitempty"`
	What    string   `json:"what"`
	Printed []string `json:"printed"`
}

// durationResult is in seconds.
type durationResult struct {
	Shortest int64 `json:"shortest_seconds"`
	Expected int64 `json:"expected_seconds"`
	Longest  int64 `json:"longest_seconds"`
}

func rehearseFlags(f *pflag.FlagSet, o *options) {
	f.StringVar(&o.bundle, "bundle", "", "rehearse the scripts in the folder `DIR`")
	annotate(f, "bundle", takesFolder)
	o.faults = wordChoice{words: rehearse.FaultModes(), value: string(rehearse.Each)}
	f.Var(&o.faults, "faults", "`WHICH` faults: none, each, or pairs")
	annotate(f, "faults", takesWords, rehearse.FaultModes()...)
	f.Uint64Var(&o.seed, "seed", 1, "chooses the second faults of pairs: a `NUMBER`")
	f.StringVar(&o.node, "node", "", "only the turns of the node `NAME`")
	f.StringVar(&o.stage, "stage", "", "only the turns of the stage `NAME`")
	f.BoolVar(&o.transcript, "transcript", false, "print what the engineer sees in a recovery without faults")
	f.StringVar(&o.story, "story", "", "play the story in `FILE`, and print what the engineer sees")
	annotate(f, "story", takesFile)
}

// wordChoice is the value of a flag that takes one of a few words.
type wordChoice struct {
	words []string
	value string
}

// String, Set and Type make a wordChoice a pflag.Value.
func (c *wordChoice) String() string { return c.value }

func (c *wordChoice) Set(value string) error {
	if !slices.Contains(c.words, value) {
		return fmt.Errorf("write %s", strings.Join(c.words, ", or "))
	}
	c.value = value
	return nil
}

func (c *wordChoice) Type() string { return "word" }

func runRehearse(s *session, o *options, args []string) error {
	s.rehearses = true
	r, err := s.load(args[0], o)
	if err != nil {
		return err
	}
	b := r.bundle()
	if b == nil {
		return s.report(o, r.all(), r.sources, &rehearseDocument{})
	}
	if err := narrowing(r.plan, o); err != nil {
		return err
	}
	if o.bundle != "" {
		if err := replaceScripts(b, o.bundle); err != nil {
			return err
		}
	}
	rehearsal, err := rehearse.New(r.plan, b)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	if o.story != "" {
		return s.play(ctx, o, rehearsal)
	}
	if o.transcript {
		return s.transcript(ctx, rehearsal)
	}
	return s.rehearse(ctx, o, r, b, rehearsal)
}

// rehearse runs the families and reports on them.
func (s *session) rehearse(ctx context.Context, o *options, r *recovery, b *render.Bundle, rehearsal *rehearse.Rehearsal) error {
	progress := s.progress(o)
	rehearsal.Progress = progress.tell
	report, err := rehearsal.Run(ctx, rehearse.Options{
		Faults: rehearse.FaultMode(o.faults.value), Seed: o.seed, Node: o.node, Stage: model.StageName(o.stage)})
	progress.end()
	if err != nil {
		return interrupted(ctx, err)
	}
	if !o.json() {
		if err := s.print(fmt.Sprintf("Rehearsal of plan %s. ", b.ID)); err != nil {
			return err
		}
		if err := report.WriteText(s.out); err != nil {
			return err
		}
	}
	if err := s.report(o, r.all(), r.sources, &rehearseDocument{Rehearsal: newRehearsalResult(b.ID, report)}); err != nil {
		return err
	}
	if report.Failed() {
		return foundErrors()
	}
	return nil
}

// interrupted says so where that ended a rehearsal.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing was changed")
	}
	return err
}

// transcript prints the recovery without faults.
func (s *session) transcript(ctx context.Context, rehearsal *rehearse.Rehearsal) error {
	f, err := rehearsal.Clean(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := rehearsal.WriteTranscript(s.out); err != nil {
		return err
	}
	if len(f.Failures) > 0 {
		return foundErrors()
	}
	return nil
}

// narrowing refuses a node or a stage that the plan does not have.
func narrowing(p *model.Plan, o *options) error {
	if o.node != "" && !slices.ContainsFunc(p.Nodes, func(n model.PlanNode) bool { return n.Name == o.node }) {
		return misused(fmt.Errorf("no script is made for a node %q", o.node))
	}
	if o.stage != "" && p.Stage(model.StageName(o.stage)) == nil {
		return misused(fmt.Errorf("there is no stage %q", o.stage))
	}
	runs := func(st model.Stage) bool {
		return (o.stage == "" || o.stage == string(st.Name)) && (o.node == "" && len(st.Nodes) > 0 || slices.Contains(st.Nodes, o.node))
	}
	if !slices.ContainsFunc(p.Stages, runs) {
		return misused(fmt.Errorf("in this plan %s does not run the stage %s", cmp.Or(o.node, "nobody"), o.stage))
	}
	return nil
}

// replaceScripts takes the scripts of a folder in place of the rendered ones.
func replaceScripts(b *render.Bundle, dir string) error {
	root, err := openFolder(dir)
	if err != nil {
		return fmt.Errorf("cannot read the bundle in %s: %w", dir, err)
	}
	defer root.Close()
	for _, script := range b.Scripts {
		body, err := fs.ReadFile(root.FS(), script.Path)
		if err != nil {
			return fmt.Errorf("cannot read the bundle in %s: %w", dir, err)
		}
		if !strings.Contains(string(body), "\nPLAN='"+b.ID+"'\n") {
			return &exitError{code: exitFindings, err: fmt.Errorf("%s in %s belongs to another plan than %s", script.Path, dir, b.ID)}
		}
		i := slices.IndexFunc(b.Files, func(f render.File) bool { return f.Path == script.Path })
		b.Files[i].Parts = [][]byte{body}
	}
	return nil
}

func newRehearsalResult(plan string, report *rehearse.Report) *rehearsalResult {
	result := &rehearsalResult{Plan: plan, Site: report.Site, Turns: report.Turns, Failed: report.Failed(),
		Families: []familyResult{}, Proves: rehearse.Proves, ProvesNot: rehearse.ProvesNot,
		Durations: durationResult{wholeSeconds(report.Durations.Shortest), wholeSeconds(report.Durations.Expected), wholeSeconds(report.Durations.Longest)}}
	for _, f := range report.Families {
		family := familyResult{f.Name, f.Title, f.Cases, f.Runs, f.Refused, f.Held, []storyResult{}}
		for _, story := range f.Failures {
			told := storyResult{Steps: []stepResult{}, Broken: story.Broken}
			for _, step := range story.Steps {
				told.Steps = append(told.Steps, stepResult{step.Node, step.Stage, step.Line, step.Command, step.What, step.Printed})
			}
			family.Failures = append(family.Failures, told)
		}
		result.Families = append(result.Families, family)
	}
	return result
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// progress is a line on a terminal that says how far a rehearsal is.
type progress struct {
	session *session
	shown   bool
	mu      sync.Mutex
	last    time.Time
}

// progress tells nothing where nobody looks at a terminal.
func (s *session) progress(o *options) *progress {
	f, ok := s.stderr.(*os.File)
	if !ok || o.json() || !wantsColor(f, func(string) (string, bool) { return "", false }) {
		return &progress{}
	}
	return &progress{session: s}
}

// tell is called from several goroutines; ten lines a second are enough.
func (p *progress) tell(family string, done, total int) {
	if p.session == nil || family == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.last) > 100*time.Millisecond {
		p.last, p.shown = now, true
		fmt.Fprintf(p.session.stderr, "\r%-60s", fmt.Sprintf("rehearsing: %s, %d of %d", family, done, total))
	}
}

// end clears the line.
func (p *progress) end() {
	if p.shown {
		fmt.Fprintf(p.session.stderr, "\r%-60s\r", "")
	}
}

// play plays a story.
func (s *session) play(ctx context.Context, o *options, rehearsal *rehearse.Rehearsal) error {
	src, shown, err := s.readInput(o.story, maxStory)
	if err != nil {
		return err
	}
	story, findings := rehearsal.ParseStory(shown, src)
	if findings.HasErrors() {
		return s.report(o, findings, map[string][]byte{shown: src}, nil)
	}
	broken, err := story.Play(ctx, s.out)
	if err != nil {
		return interrupted(ctx, err)
	}
	if len(broken) > 0 {
		return s.report(o, broken, map[string][]byte{shown: src}, nil)
	}
	return nil
}

// maxStory is far above any story.
const maxStory = 1 << 20
