// Package render turns a Plan into a Bundle: one self-contained bash script for
// each live node, the runbook, the plan as data, and their checksums.
//
// Start with New, which reads the template tree, and Renderer.Bundle. The same
// plan and the same templates give the same bytes.
package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"text/template"

	"golang.org/x/sync/errgroup"

	"requorum/model"
	"requorum/model/diag"
)

// Renderer holds a parsed template tree. It may be used from many goroutines.
type Renderer struct {
	scripts *template.Template // node/*.sh.tmpl, by path
	traced  *template.Template // the same, with marks for Trace
	texts   *template.Template // runbook/*.tmpl, by path
	library map[string][]byte  // lib/*.sh, by path
	sources map[string][]byte  // every file of the tree, for the plan's id and for findings
	names   map[string]string  // template path to what a finding calls it: the overlay's own path
}

// Sources returns the text of each template file under the name that findings
// give it.
func (r *Renderer) Sources() map[string][]byte {
	out := map[string][]byte{}
	for path, src := range r.sources {
		out[r.names[path]] = src
	}
	return out
}

// FileOf gives the name under which findings speak of a template: its path in
// the embedded tree, or the overlay's own file.
func (r *Renderer) FileOf(path string) string { return r.names[path] }

// ID is the plan's id: the first 12 hex digits of a SHA-256 over everything
// that shapes the bundle, templates included.
func (r *Renderer) ID(p *model.Plan) string {
	h := sha256.New()
	for _, path := range sortedKeys(r.sources) {
		fmt.Fprintf(h, "%s %d\n", path, len(r.sources[path]))
		h.Write(r.sources[path])
	}
	h.Write(PlanJSON(p, ""))
	h.Write(p.SharedConfig)
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Bundle renders everything. A mistake in a template is a finding; an error is
// requorum's own.
func (r *Renderer) Bundle(p *model.Plan) (*Bundle, diag.List) {
	b := &Bundle{ID: r.ID(p)}
	findings := r.renderScripts(p, b)
	for _, s := range b.Scripts {
		f := File{Path: s.Path, Mode: scriptMode}
		for _, part := range s.Parts {
			f.Parts = append(f.Parts, part.Body)
		}
		b.Files = append(b.Files, f)
	}
	runbook, err := r.runbook(p, b.ID)
	findings = append(findings, r.templateError(err)...)
	if findings.HasErrors() {
		findings.Sort()
		return nil, slices.Compact(findings) // shapes share their templates, and so the mistakes in them
	}
	b.Files = append(b.Files,
		File{Path: "RUNBOOK.md", Mode: textMode, Parts: [][]byte{runbook}},
		File{Path: "plan.json", Mode: textMode, Parts: [][]byte{PlanJSON(p, b.ID)}},
	)
	b.seal()
	return b, findings
}

// renderScripts fills b.Scripts, in the plan's order whatever the number of
// workers. Only the heads differ between nodes of one shape.
func (r *Renderer) renderScripts(p *model.Plan, b *Bundle) diag.List {
	steps := stepTable(p)
	site := newSite(p, b.ID)
	shared := map[Shape][]Part{}
	var findings diag.List
	for _, n := range p.Nodes {
		shape := shapeOf(p, n)
		if _, done := shared[shape]; done {
			continue
		}
		parts, err := r.shapeParts(shape, steps)
		findings = append(findings, r.templateError(err)...)
		shared[shape] = parts
	}
	b.Scripts = make([]Script, len(p.Nodes))
	errs := make([]error, len(p.Nodes))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range p.Nodes {
		g.Go(func() error {
			b.Scripts[i], errs[i] = r.script(site.head(n), shared[shapeOf(p, n)])
			return nil
		})
	}
	_ = g.Wait() // the workers put their errors in errs, to keep the order
	for _, err := range errs {
		if err != nil {
			return append(findings, r.templateError(err)...) // one is enough: they are alike
		}
	}
	return findings
}

// script renders a node's head and puts the parts of its shape behind it.
func (r *Renderer) script(h Head, rest []Part) (Script, error) {
	var buf bytes.Buffer
	if err := r.scripts.ExecuteTemplate(&buf, headTemplate, h); err != nil {
		return Script{}, err
	}
	parts := append([]Part{{Template: headTemplate, Body: bytes.Clone(buf.Bytes())}}, rest...)
	return Script{Node: string(h.Node), Path: "nodes/" + string(h.Node) + ".sh", Shape: h.Shape, Parts: parts}, nil
}

// shapeParts renders what the scripts of one shape have in common.
func (r *Renderer) shapeParts(s Shape, steps map[string]stepText) ([]Part, error) {
	set, err := r.scripts.Clone()
	if err != nil {
		return nil, err
	}
	set.Funcs(template.FuncMap{"step": stepFunc(steps)})
	var parts []Part
	for _, c := range catalogue {
		if c.template == headTemplate || !c.when(s) {
			continue
		}
		if lib, ok := r.library[c.template]; ok {
			parts = append(parts, Part{Template: c.template, Body: lib})
			continue
		}
		var buf bytes.Buffer
		if err := set.ExecuteTemplate(&buf, c.template, s); err != nil {
			return nil, err
		}
		parts = append(parts, Part{Template: c.template, Body: buf.Bytes()})
	}
	return parts, nil
}

// readTree reads the files of a template tree.
func readTree(tree fs.FS) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == ExampleFolder:
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		out[path], err = fs.ReadFile(tree, path)
		return err
	})
	return out, err
}
