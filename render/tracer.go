package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"requorum/model"
)

// Tracer traces the scripts of one plan. It gathers the plan's values once, so
// that the traces of a large plan stay cheap.
type Tracer struct {
	renderer *Renderer
	site     site
	steps    map[string]stepText
	nodes    map[string]model.PlanNode
}

// Tracer prepares traces of the scripts of a plan's bundle, whose ID is given.
func (r *Renderer) Tracer(p *model.Plan, id string) *Tracer {
	t := &Tracer{renderer: r, site: newSite(p, id), steps: stepTable(p), nodes: map[string]model.PlanNode{}}
	for _, n := range p.Nodes {
		t.nodes[n.Name] = n
	}
	return t
}

// Head renders the head of a node's script and remembers the origin of each
// byte. It fails for a node that the plan has no script for.
func (t *Tracer) Head(node string) (*Trace, error) {
	h, err := t.head(node)
	if err != nil {
		return nil, err
	}
	return t.renderer.trace(headTemplate, h, nil)
}

// StandIn renders the same head with a hostile stand-in for every value: the
// same number of values, each one of them unlike any other, full of characters
// that mean something to a shell where its type allows them. The stand-ins come
// back in the order of Values.
func (t *Tracer) StandIn(node string) (*Trace, []string, error) {
	h, err := t.head(node)
	if err != nil {
		return nil, nil, err
	}
	h, made := standIn(h)
	trace, err := t.renderer.trace(headTemplate, h, nil)
	return trace, made, err
}

// Values lists the values that a node's head is made of, the empty ones left
// out. The head of one shape has them in one order.
func (t *Tracer) Values(node string) ([]string, error) {
	h, err := t.head(node)
	if err != nil {
		return nil, err
	}
	var list []string
	eachValue(&h,
		func(w *Word) { list = append(list, string(*w)) },
		func(x *Text) { list = append(list, string(*x)) })
	return list, nil
}

// Part renders the part of a script that a template makes, and remembers the
// origin of each byte. A library part is its own origin.
func (t *Tracer) Part(s Script, part int) (*Trace, error) {
	name := s.Parts[part].Template
	if name == headTemplate {
		return t.Head(s.Node)
	}
	if lib, ok := t.renderer.library[name]; ok {
		return &Trace{Part: s.Parts[part], Spans: []Span{{End: len(lib), Template: name, Line: 1, Column: 1}}}, nil
	}
	return t.renderer.trace(name, s.Shape, t.steps)
}

func (t *Tracer) head(node string) (Head, error) {
	n, ok := t.nodes[node]
	if !ok {
		return Head{}, fmt.Errorf("the plan has no live node %q", node)
	}
	return t.site.head(n), nil
}

// Place gives the place in the templates that a byte of the part came from,
// line and column from 1, the column in bytes. Of a value it is the action's.
func (t *Trace) Place(offset int) (template string, line, column int) {
	for i, s := range t.Spans {
		if offset >= s.End && i < len(t.Spans)-1 {
			continue
		}
		if s.Value {
			return s.Template, s.Line, s.Column
		}
		before := t.Body[s.Start:min(offset, s.End)]
		if newlines := bytes.Count(before, []byte("\n")); newlines > 0 {
			return s.Template, s.Line + newlines, len(before) - bytes.LastIndexByte(before, '\n')
		}
		return s.Template, s.Line, s.Column + len(before)
	}
	return t.Template, 1, 1
}

// Paths lists the templates whose path begins so, in order.
func (r *Renderer) Paths(prefix string) []string {
	return slices.DeleteFunc(sortedKeys(r.sources), func(path string) bool { return !strings.HasPrefix(path, prefix) })
}
