package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"requorum/model"
	"requorum/model/diag"
	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render"
	"requorum/templates"
)

// recovery is what the verbs make of an inventory.
type recovery struct {
	plan     *model.Plan       // nil where the inventory gives none
	renderer *render.Renderer  // nil where the templates are wrong
	findings diag.List         // on the inventory's and the templates' text
	warnings diag.List         // on the plan; or why there is none
	sources  map[string][]byte // the files that findings speak of
}

// load reads the inventory and the templates, and reports on both in one run.
func (s *session) load(name string, o *options) (*recovery, error) {
	r := &recovery{sources: map[string][]byte{}}
	if err := r.readPlan(s, name); err != nil {
		return nil, err
	}
	if err := r.readTemplates(o.templates); err != nil {
		return nil, err
	}
	return r, nil
}

// all gives every finding.
func (r *recovery) all() diag.List { return slices.Concat(r.findings, r.warnings) }

// readPlan keeps the bytes of the inventory only where a finding shows them.
func (r *recovery) readPlan(s *session, name string) error {
	src, shown, err := s.readInput(name, inventory.MaxSize)
	if err != nil {
		return err
	}
	files := filesOf(name)
	defer files.close()
	deployment, places, findings := inventory.Read(shown, src, files.read)
	r.findings = findings
	if deployment != nil {
		s.settleMemory(deployment)
		plan, warnings := planner.Build(deployment)
		r.plan, r.warnings = plan, places.Locate(warnings) // the plan's own name no place
	}
	if len(r.all()) > 0 {
		r.sources[shown] = src
	}
	return nil
}

func (r *recovery) readTemplates(overlay string) error {
	if overlay == "" {
		renderer, findings, err := render.New(templates.FS, nil, "")
		r.renderer, r.findings = renderer, append(r.findings, findings...)
		return err
	}
	root, err := openFolder(overlay)
	if err != nil {
		return fmt.Errorf("cannot read the templates in %s: %w", overlay, err)
	}
	defer root.Close()
	renderer, findings, err := render.New(templates.FS, root.FS(), overlay)
	if err != nil {
		return fmt.Errorf("cannot read the templates in %s: %w", overlay, err)
	}
	r.renderer, r.findings = renderer, append(r.findings, findings...)
	r.showTemplates(root.FS(), overlay, findings)
	return nil
}

// showTemplates keeps the template files that findings speak of.
func (r *recovery) showTemplates(tree fs.FS, name string, findings diag.List) {
	for _, d := range findings {
		path, inside := strings.CutPrefix(d.File, strings.TrimSuffix(name, "/")+"/")
		if !inside || d.Line == 0 || r.sources[d.File] != nil {
			continue // without a line, it may be no file at all
		}
		if src, err := fs.ReadFile(tree, path); err == nil {
			r.sources[d.File] = src
		}
	}
}
