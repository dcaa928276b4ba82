package check_test

import (
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"requorum/model"
	"requorum/model/diag"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/check"
	"requorum/templates"
)

// head is the smallest head that a script can have.
const head = `#!/bin/bash
# {{word .Node}} of plan {{word .Plan}}

set -euo pipefail

NODE={{sh .Node}}
`

// tree is a template tree with every path of the real one and next to nothing
// in its files, so that tests do not depend on what the real ones say. Keys of
// files replace the text of a path.
func tree(t *testing.T, files map[string]string) fs.FS {
	t.Helper()
	m := fstest.MapFS{}
	put := func(path, text string) { m[path] = &fstest.MapFile{Data: []byte(text)} }
	err := fs.WalkDir(templates.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			put(path, "# "+path+"\n\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	put("node/main.sh.tmpl", "# the end\n")
	put("node/head.sh.tmpl", head)
	for path, text := range files {
		put(path, text)
	}
	return m
}

// plan is a recovery with every kind of node: three live Vellums of four, one
// Sprout, one Bono. Its steps are empty, so that scripts need none.
func plan(t *testing.T) *model.Plan {
	t.Helper()
	p, list := planner.Build(deployment())
	if p == nil {
		t.Fatal(list)
	}
	for i := range p.Stages {
		p.Stages[i].Steps = nil
	}
	return p
}

func deployment() *model.Deployment {
	return &model.Deployment{
		Name: "ims $(id) 'x'", EtcdKey: "clearwater", Recover: "site1",
		Uses: model.Uses{HomesteadProv: true},
		Sites: []model.Site{{Name: "site1", SharedConfig: []byte("home_domain='example.com'\nkey=`x`\n"), Nodes: []model.Node{
			node("bono-1", "bono", 41, model.Proxy, model.Live),
			node("sprout-1", model.Sprout, 31, model.Proxy, model.Live),
			node("vellum-1", model.Vellum, 11, model.Master, model.Live),
			node("vellum-2", model.Vellum, 12, model.Master, model.Live),
			node("vellum-3", model.Vellum, 13, model.Master, model.Live),
			node("vellum-4", model.Vellum, 14, model.Master, model.Failed),
			node("vellum-5", model.Vellum, 15, model.Master, model.Failed),
			node("vellum-6", model.Vellum, 16, model.Master, model.Failed),
		}}},
	}
}

func node(name string, typ model.Type, last byte, role model.Role, state model.State) model.Node {
	return model.Node{
		Name: name, Type: typ, Etcd: role, State: state, ClusterKey: string(typ),
		LocalIP:      netip.AddrFrom4([4]byte{10, 1, 0, last}),
		ManagementIP: netip.AddrFrom4([4]byte{10, 0, 0, last}),
	}
}

// rendered is a plan with its bundle.
type rendered struct {
	plan     *model.Plan
	renderer *render.Renderer
	bundle   *render.Bundle
}

// renderWith renders a plan with an overlay over the small tree. Its runbook
// names every stage, as it should.
func renderWith(t *testing.T, p *model.Plan, overlay map[string]string) rendered {
	t.Helper()
	files := fstest.MapFS{}
	for path, text := range overlay {
		files[path] = &fstest.MapFile{Data: []byte(text)}
	}
	r, list, err := render.New(tree(t, nil), files, "site-templates")
	if err != nil || r == nil {
		t.Fatal(list, err)
	}
	b, list := r.Bundle(p)
	if b == nil {
		t.Fatal(list)
	}
	replaceFile(b, "RUNBOOK.md", runbookOf(p, b.ID))
	return rendered{p, r, b}
}

// runbookOf writes the least that a runbook must say.
func runbookOf(p *model.Plan, id string) string {
	var text strings.Builder
	text.WriteString("Plan " + id + "\n")
	for _, st := range p.Stages {
		for _, name := range st.Nodes {
			text.WriteString("- [ ] `sudo bash " + name + ".sh " + string(st.Name) + "`\n")
		}
	}
	return text.String()
}

func replaceFile(b *render.Bundle, path, text string) {
	i := slices.IndexFunc(b.Files, func(f render.File) bool { return f.Path == path })
	b.Files[i].Parts = [][]byte{[]byte(text)}
}

// codesOf lists the codes of findings, sorted, each once.
func codesOf(list diag.List) []string {
	var codes []string
	for _, d := range list {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// lines gives the findings as a user would see their first lines.
func lines(list diag.List) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.String())
	}
	return out
}

// checked gives the findings in a rendered bundle.
func checked(r rendered) []string {
	return lines(check.Bundle(r.plan, r.renderer, r.bundle))
}
