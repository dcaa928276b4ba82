package main

import (
	"path"
	"slices"
	"strings"

	"requorum/model/diag"
	"requorum/render"
)

// comparisonDocument is the result of render --check in JSON.
type comparisonDocument struct {
	head
	Comparison *comparison `json:"comparison"`
}

type comparison struct {
	Dir         string       `json:"dir"`
	Plan        string       `json:"plan"`
	Differences []difference `json:"differences"`
	Mend        string       `json:"mend,omitempty"`
}

type difference struct {
	Path string `json:"path"`
	Code string `json:"code"`
	Diff string `json:"diff,omitempty"`
}

// compare prints each difference as soon as it is found: together they may be
// as large as the bundle.
func (s *session) compare(o *options, r *recovery, b *render.Bundle, inventory string) error {
	if b == nil {
		return s.report(o, r.all(), r.sources, &comparisonDocument{})
	}
	result := &comparison{Dir: o.bundle, Plan: b.ID, Differences: []difference{}}
	var differences diag.List
	findings, err := b.Compare(o.bundle, func(d render.Difference) error {
		differences = append(differences, d.Finding)
		if o.json() {
			result.Differences = append(result.Differences, difference{d.Path, d.Finding.Code, string(d.Diff)})
			return nil
		}
		return s.print(visibleLines(d.Diff))
	})
	if err != nil {
		return err
	}
	if len(differences) == 0 && !findings.HasErrors() {
		err = s.say(o, "%s: current: plan %s", o.bundle, b.ID)
	} else if !slices.ContainsFunc(findings, func(d diag.Diagnostic) bool { return d.Code == "not-a-bundle" }) {
		result.Mend = mend(o, inventory)
	}
	if err != nil {
		return err
	}
	if err := s.out.Flush(); err != nil { // the diff comes before what is said about it
		return err
	}
	err = s.report(o, slices.Concat(r.all(), findings, differences), r.sources, &comparisonDocument{Comparison: result})
	if result.Mend != "" && !o.json() {
		return withHint(err, "To mend it: "+result.Mend)
	}
	return err
}

// mend is the command that ends all differences.
func mend(o *options, inventory string) string {
	words := []string{"requorum", "render", inventory, "-o", o.bundle}
	if o.templates != "" {
		words = append(words, "--templates", o.templates)
	}
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word for a shell where it has to be.
func shellWord(w string) string {
	if render.WordPattern.MatchString(w) || w == "-o" || w == "-" || w == "--templates" || path.IsAbs(w) && render.WordPattern.MatchString(w[1:]) {
		return w
	}
	if visible := diag.Visible(w); visible != w {
		return "$'" + diag.Visible(strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(w)) + "'" // bash knows the same escapes
	}
	quoted, err := render.Quote(w)
	if err != nil {
		return w // not reached: what cannot be quoted is not visible either
	}
	return quoted
}

// visibleLines is diag.Visible for text of several lines, with tabs.
func visibleLines(text []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		body, end := strings.CutSuffix(line, "\n")
		for i, cell := range strings.Split(body, "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(diag.Visible(cell))
		}
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
