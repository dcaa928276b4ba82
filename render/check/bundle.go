package check

import (
	"bytes"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"mvdan.cc/sh/v3/syntax"

	"requorum/model"
	"requorum/model/diag"
	"requorum/render"
)

// Bundle checks a fresh render of a plan before it is written: every script,
// the places of its values, and that scripts and runbook say what the plan
// says. A mistake of a template is found once, in the first script that has it;
// its place is
// the one in the template, and the text names the script and its line.
func Bundle(p *model.Plan, r *render.Renderer, b *render.Bundle) diag.List {
	c := &bundleCheck{renderer: r, sources: r.Sources(), bundle: b, tracer: r.Tracer(p, b.ID), planned: planned(p)}
	c.group()
	c.readPieces()
	c.proveFamilies()
	c.checkHeads()
	list := c.report()
	list = append(list, c.lineLengths()...)
	list = append(list, c.checkRunbook(p)...)
	list = append(list, c.checkPlanID()...)
	list = append(list, checkSharedConfig(p)...)
	list.Sort()
	return list
}

// bundleCheck is the work on one bundle. Scripts of one shape share their parts,
// so most of it is done once for each family of scripts.
type bundleCheck struct {
	renderer *render.Renderer
	sources  map[string][]byte // of the templates, by the names of their files
	bundle   *render.Bundle
	tracer   *render.Tracer
	planned  map[string][]*model.Step // by node
	families []*family
	memberOf []*family // by script
	found    []located
}

// family is the scripts that differ in their heads only.
type family struct {
	first     int // index of the script that stands for all
	pieces    []*piece
	templates []string // that the pieces came out of
	proof     *proof
	pins      map[string]string // variables of the head on which the agreement with the plan rests
	found     []located
}

// located is a finding in a part of a script, with its place in a template if
// known.
type located struct {
	traced
	script, part int
}

// group sorts the scripts into families.
func (c *bundleCheck) group() {
	for i, s := range c.bundle.Scripts {
		j := slices.IndexFunc(c.families, func(f *family) bool { return alike(c.bundle.Scripts[f.first], s) })
		if j < 0 {
			j = len(c.families)
			c.families = append(c.families, &family{first: i})
		}
		c.memberOf = append(c.memberOf, c.families[j])
	}
}

// alike reports whether two scripts have the same shape and share the bytes of
// every part but the head.
func alike(a, b render.Script) bool {
	if a.Shape != b.Shape || len(a.Parts) != len(b.Parts) {
		return false
	}
	for i := range a.Parts[1:] {
		if start(a.Parts[i+1].Body) != start(b.Parts[i+1].Body) || len(a.Parts[i+1].Body) != len(b.Parts[i+1].Body) {
			return false
		}
	}
	return true
}

// start is the address of a text's first byte, nil for an empty one.
func start(body []byte) *byte {
	if len(body) == 0 {
		return nil
	}
	return &body[0]
}

// readPieces reads every distinct part once: the shared parts, and the head of
// the first script of each family.
func (c *bundleCheck) readPieces() {
	type unread struct {
		part render.Part
		into *piece
	}
	var work []unread
	same := map[string]*piece{}
	for _, f := range c.families {
		for _, part := range c.bundle.Scripts[f.first].Parts {
			key := part.Template + "\n" + string(part.Body)
			if same[key] == nil {
				same[key] = &piece{}
				work = append(work, unread{part, same[key]})
			}
			f.pieces = append(f.pieces, same[key])
			f.templates = append(f.templates, part.Template)
		}
	}
	inParallel(len(work), func(i int) { *work[i].into = *readPiece(work[i].part.Body, roleOf(work[i].part)) })
}

func roleOf(p render.Part) role {
	switch {
	case p.Template == headTemplate:
		return headPiece
	case strings.HasPrefix(p.Template, "lib/"):
		return libraryPiece
	}
	return stagePiece
}

const headTemplate = "node/head.sh.tmpl"

// inParallel calls do for 0 to n-1, as many at a time as there are processors.
// What do writes must be its own place of a slice, so that the order is fixed.
func inParallel(n int, do func(int)) {
	workers := runtime.GOMAXPROCS(0)
	batch := min(max(n/(8*workers), 1), 32)
	var g errgroup.Group
	g.SetLimit(workers)
	for from := 0; from < n; from += batch {
		g.Go(func() error {
			for i := from; i < min(from+batch, n); i++ {
				do(i)
			}
			return nil
		})
	}
	_ = g.Wait() // do returns no error
}

// proveFamilies holds what concerns a script as a whole, once for each family.
func (c *bundleCheck) proveFamilies() {
	inParallel(len(c.families), func(i int) {
		f := c.families[i]
		found := checkTogether(f.pieces)
		for part, p := range f.pieces {
			f.add(part, found[p])
		}
		f.checkEnd(c.bundle.Scripts[f.first])
		c.proveValues(f)
		c.agree(f)
	})
}

func (f *family) add(part int, list []finding) {
	for _, x := range list {
		f.found = append(f.found, located{traced: traced{finding: x}, script: f.first, part: part})
	}
}

// checkEnd holds that no blank line stands at the end of the whole script, where
// it is not canonical.
func (f *family) checkEnd(s render.Script) {
	part := len(s.Parts) - 1
	body := s.Parts[part].Body
	if bytes.HasSuffix(body, []byte("\n\n")) {
		f.add(part, []finding{{offset: len(body) - 1, rule: "not-canonical", text: "the script ends in a blank line"}})
	}
}

// proveValues shows that no value can change what the scripts of a family do.
func (c *bundleCheck) proveValues(f *family) {
	node := c.bundle.Scripts[f.first].Node
	real, err := c.tracer.Head(node)
	if err != nil {
		f.add(0, []finding{{rule: "value-structure", text: "the head cannot be rendered again: " + err.Error()}})
		return
	}
	standIn, made, err := c.tracer.StandIn(node)
	if err != nil {
		f.add(0, []finding{{rule: "value-structure", text: "the head cannot be rendered with other values: " + err.Error()}})
		return
	}
	var list []traced
	f.proof, list = proveHead(real, standIn, made)
	for _, x := range list {
		f.found = append(f.found, located{traced: x, script: f.first, part: 0})
	}
}

// checkHeads holds the head of every script against the proof of its family.
func (c *bundleCheck) checkHeads() {
	found := make([][]finding, len(c.bundle.Scripts))
	inParallel(len(found), func(i int) { found[i] = c.checkHead(i) })
	for i, list := range found {
		for _, x := range list {
			c.found = append(c.found, located{traced: traced{finding: x}, script: i, part: 0})
		}
	}
}

func (c *bundleCheck) checkHead(i int) []finding {
	f, script := c.memberOf[i], c.bundle.Scripts[i]
	var file *syntax.File
	var list []finding
	if i == f.first {
		file = f.pieces[0].file
	} else if file, list = parse(script.Parts[0].Body); file != nil {
		list = checkCanonical(script.Parts[0].Body, file, headPiece)
	}
	if file == nil || f.proof == nil {
		return list
	}
	values, err := c.tracer.Values(script.Node)
	if err != nil {
		return append(list, finding{rule: "value-structure", text: err.Error()})
	}
	list = append(list, f.proof.hold(script.Parts[0].Body, values)...)
	if !slices.Equal(c.planned[script.Node], c.planned[c.bundle.Scripts[f.first].Node]) {
		list = append(list, finding{rule: "missing-step", text: "the plan gives this node other steps than the nodes with the same script"})
	}
	return append(list, f.holdPins(file)...)
}
