package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"requorum/model/diag"
	"requorum/render"
	"requorum/render/check"
)

const renderHelp = `
Writes the bundle into the folder DIR: nodes/NAME.sh for each live node, RUNBOOK.md, plan.json and SHA256SUMS. Every check is passed first; where one fails, nothing is written.

The bundle is put together beside DIR and takes its place in one step. DIR must be absent, empty, or a bundle. In a bundle, what an older render made is replaced or removed; anything else is left as it is and reported. A bundle that is current is not touched.

With --check nothing is written: DIR is compared with a fresh render, and stale files are shown as a unified diff. The exit status is 1 where there is any difference.

With --templates the files in DIR stand for the templates of the same path; see "requorum help templates".

With --output json the result is in the field "bundle": dir, plan, outcome (written, replaced or unchanged), files and scripts, the numbers of them. With --check it is in "comparison": dir, plan, differences (path, code and diff of each) and mend, the command that would end them. Either is null where there is no result.
`

// renderDocument is the result of render in JSON.
type renderDocument struct {
	head
	Bundle *bundleResult `json:"bundle"`
}

type bundleResult struct {
	Dir     string         `json:"dir"`
	Plan    string         `json:"plan"`
	Outcome render.Outcome `json:"outcome"`
	Files   int            `json:"files"`
	Scripts int            `json:"scripts"`
}

func runRender(s *session, o *options, args []string) error {
	switch o.bundle {
	case "":
		return misused(errors.New("render needs -o DIR, the folder for the bundle"))
	case "-":
		return misused(errors.New("a bundle is a folder, so it cannot go to standard output; for a folder of that name write -o ./-"))
	}
	r, err := s.load(args[0], o)
	if err != nil {
		return err
	}
	b := r.bundle()
	if o.check {
		return s.compare(o, r, b, args[0])
	}
	return s.write(o, r, b)
}

// bundle renders and checks. It returns nil where an error was found on the
// way.
func (r *recovery) bundle() *render.Bundle {
	if r.all().HasErrors() {
		return nil
	}
	b, findings := r.renderer.Bundle(r.plan)
	if b != nil {
		findings = append(findings, check.Bundle(r.plan, r.renderer, b)...)
	}
	if len(findings) > 0 {
		r.findings = append(r.findings, findings...)
		r.showBundle(b)
	}
	if findings.HasErrors() {
		return nil
	}
	return b
}

// showBundle keeps the files that findings speak of; but no scripts that carry
// shared_config, which holds passwords: an excerpt would print its lines.
func (r *recovery) showBundle(b *render.Bundle) {
	for name, src := range r.renderer.Sources() {
		r.sources[name] = src
	}
	if b == nil || r.plan.SharedConfig != nil {
		return
	}
	for _, d := range r.findings {
		if f, found := b.File(d.File); found && r.sources[d.File] == nil {
			r.sources[d.File] = f.Bytes()
		}
	}
}

func (s *session) write(o *options, r *recovery, b *render.Bundle) error {
	if b == nil {
		return s.report(o, r.all(), r.sources, &renderDocument{})
	}
	ctx, stop := untilInterrupted()
	defer stop()
	outcome, findings, err := b.Write(ctx, o.bundle)
	findings = slices.Concat(r.all(), findings)
	if err != nil {
		return errors.Join(err, diag.WriteText(s.stderr, findings, r.sources, s.color)) // the error itself follows
	}
	result := &renderDocument{}
	if outcome != "" {
		result.Bundle = &bundleResult{o.bundle, b.ID, outcome, len(b.Files), len(b.Scripts)}
		if err := s.say(o, "%s: %s: plan %s, %s; begin with %s",
			o.bundle, outcome, b.ID, count(len(b.Scripts), "script"), filepath.Join(o.bundle, "RUNBOOK.md")); err != nil {
			return err
		}
	}
	return s.report(o, findings, r.sources, result)
}

// say prints a line of a result in text form.
func (s *session) say(o *options, format string, args ...any) error {
	if o.json() {
		return nil
	}
	return s.print(diag.Visible(fmt.Sprintf(format, args...)) + "\n")
}

// untilInterrupted gives a context that ends with the first interrupt; a second
// one ends the process.
func untilInterrupted() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
