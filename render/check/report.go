package check

import (
	"bytes"
	"fmt"

	"requorum/model/diag"
	"requorum/render"
)

// report gathers the findings of the scripts in order, each mistake once.
func (c *bundleCheck) report() diag.List {
	var list diag.List
	seen := map[string]int{} // the script in which a mistake was found first
	traces := map[*piece]*render.Trace{}
	once := func(l located) {
		body := c.bundle.Scripts[l.script].Parts[l.part].Body
		if l.template == "" {
			l.template, l.line = c.origin(l, lineAt(body, l.offset), traces)
		}
		key := fmt.Sprintf("%s %s:%d", l.rule, l.template, l.line)
		if first, known := seen[key]; known && l.line > 0 && first != l.script {
			return
		}
		seen[key] = l.script
		list = append(list, c.diagnostic(l))
	}
	read := map[*piece]bool{}
	for _, f := range c.families {
		for part, p := range f.pieces {
			for _, x := range p.findings {
				if !read[p] {
					once(located{traced{finding: x}, f.first, part})
				}
			}
			read[p] = true
		}
		for _, l := range f.found {
			once(l)
		}
	}
	for _, l := range c.found {
		once(l)
	}
	return list
}

// origin gives the template line of a line of a part; none if the part cannot
// be traced.
func (c *bundleCheck) origin(l located, line int, traces map[*piece]*render.Trace) (string, int) {
	p := c.memberOf[l.script].pieces[l.part]
	t := traces[p]
	if t == nil || l.part == 0 {
		var err error
		if t, err = c.tracer.Part(c.bundle.Scripts[l.script], l.part); err != nil {
			return "", 0
		}
		traces[p] = t
	}
	return t.Origin(line)
}

// diagnostic places a finding in its script, and says which template line it
// came from.
func (c *bundleCheck) diagnostic(l located) diag.Diagnostic {
	s := c.bundle.Scripts[l.script]
	d := newLines(s.Parts[l.part].Body).locate(s.Path, l.finding)
	d.Line += s.FirstLine(l.part) - 1
	if l.line > 0 {
		d.Text = fmt.Sprintf("%s (from %s:%d)", d.Text, c.renderer.FileOf(l.template), l.line)
	}
	return d
}

// lineLengths measures the templates that the scripts are made of.
func (c *bundleCheck) lineLengths() diag.List {
	var list diag.List
	sources, seen := c.renderer.Sources(), map[string]bool{}
	for _, f := range c.families {
		for _, part := range c.bundle.Scripts[f.first].Parts {
			name := c.renderer.FileOf(part.Template)
			if seen[name] {
				continue
			}
			seen[name] = true
			lines := newLines(sources[name])
			for _, x := range checkLineLengths(sources[name]) {
				list = append(list, lines.locate(name, x))
			}
		}
	}
	return list
}

// checkPlanID holds that the plan's id stands in every file, so that no two
// plans can be mixed unnoticed. SHA256SUMS has no place for it.
func checkPlanID(b *render.Bundle) diag.List {
	var list diag.List
	for _, f := range b.Files {
		if f.Path == render.ChecksumsPath || containsID(f, b.ID) {
			continue
		}
		d := finding{rule: "no-plan-id", text: "the plan's id " + b.ID + " is missing"}.diagnostic()
		d.File = f.Path
		list = append(list, d)
	}
	return list
}

func containsID(f render.File, id string) bool {
	for _, part := range f.Parts {
		if bytes.Contains(part, []byte(id)) {
			return true
		}
	}
	return false
}
