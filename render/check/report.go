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
		if l.origin.line == 0 {
			l.origin = c.origin(l, traces)
		}
		key := fmt.Sprintf("%s %v", l.rule, l.origin)
		if first, known := seen[key]; known && l.origin.line > 0 && first != l.script {
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

// origin gives the place in a template that a finding came from; none if the
// part cannot be traced.
func (c *bundleCheck) origin(l located, traces map[*piece]*render.Trace) origin {
	p := c.memberOf[l.script].pieces[l.part]
	t := traces[p]
	if t == nil || l.part == 0 {
		var err error
		if t, err = c.tracer.Part(c.bundle.Scripts[l.script], l.part); err != nil {
			return origin{}
		}
		traces[p] = t
	}
	return originOf(t, l.offset)
}

// diagnostic places a finding in its template, and says which line of which
// script has it. Without a template its place is the one in the script.
func (c *bundleCheck) diagnostic(l located) diag.Diagnostic {
	s := c.bundle.Scripts[l.script]
	d := newLines(s.Parts[l.part].Body).locate(s.Path, l.finding)
	d.Line += s.FirstLine(l.part) - 1
	if l.origin.line == 0 {
		return d
	}
	return c.fromTemplate(d, l.origin)
}

// fromTemplate moves a finding in a file of the bundle to the place in a
// template that it came from.
func (c *bundleCheck) fromTemplate(d diag.Diagnostic, o origin) diag.Diagnostic {
	where := d.File
	if d.Line > 0 {
		where = fmt.Sprintf("%s:%d", d.File, d.Line)
	}
	d.Text = fmt.Sprintf("%s (%s)", d.Text, where)
	d.File, d.Line, d.Column = c.renderer.FileOf(o.template), o.line, 0
	if o.line > 0 {
		d.Column = columnIn(c.sources[d.File], o)
	}
	return d
}

// columnIn turns the column of a place in a text into runes.
func columnIn(src []byte, o origin) int {
	l := newLines(src)
	if o.line > len(l.starts) {
		return 1
	}
	_, column := l.place(l.starts[o.line-1] + o.column - 1)
	return column
}

// lineLengths measures the templates that the scripts are made of.
func (c *bundleCheck) lineLengths() diag.List {
	var list diag.List
	seen := map[string]bool{}
	for _, f := range c.families {
		for _, part := range c.bundle.Scripts[f.first].Parts {
			name := c.renderer.FileOf(part.Template)
			if seen[name] {
				continue
			}
			seen[name] = true
			lines := newLines(c.sources[name])
			for _, x := range checkLineLengths(c.sources[name]) {
				list = append(list, lines.locate(name, x))
			}
		}
	}
	return list
}

// checkPlanID holds that the plan's id stands in every file, so that no two
// plans can be mixed unnoticed. SHA256SUMS has no place for it. The first script
// without it stands for all.
func (c *bundleCheck) checkPlanID() diag.List {
	var list diag.List
	script := false
	for _, f := range c.bundle.Files {
		inNodes := isScript(f.Path)
		if f.Path == render.ChecksumsPath || inNodes && script || containsID(f, c.bundle.ID) {
			continue
		}
		d := finding{rule: "no-plan-id", text: "the plan's id " + c.bundle.ID + " is missing"}.diagnostic()
		d.File = f.Path
		switch {
		case inNodes:
			script = true
			d = c.fromTemplate(d, origin{template: headTemplate})
		case f.Path == runbookPath:
			d = c.fromTemplate(d, origin{template: runbookTemplate})
		}
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
