package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// Span is a run of bytes of a traced part, with the place in the template that
// it came from.
type Span struct {
	Start, End int    // offsets in the part's body
	Template   string // template path
	Line       int    // in the template, from 1
	Column     int    // from 1, in bytes
	Value      bool   // the bytes are a value, put there by sh or word; otherwise they are the template's own text
}

// Trace is one part of a script that remembers where its bytes came from.
type Trace struct {
	Part
	Spans []Span // in order, without gaps
}

// Values returns the spans that hold values.
func (t *Trace) Values() []Span {
	return slices.DeleteFunc(slices.Clone(t.Spans), func(s Span) bool { return !s.Value })
}

func (r *Renderer) trace(name string, data any, steps map[string]stepText) (*Trace, error) {
	set, err := r.traced.Clone()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	t := &Trace{}
	mark := func(where string, value bool) string {
		t.close(buf.Len())
		p := parsePlace(where)
		t.Spans = append(t.Spans, Span{Start: buf.Len(), Template: p.template, Line: p.line, Column: p.column, Value: value})
		return ""
	}
	set.Funcs(template.FuncMap{"mark": mark, "step": stepFunc(steps)})
	if err := set.ExecuteTemplate(&buf, name, data); err != nil {
		return nil, err
	}
	t.close(buf.Len())
	t.Part = Part{Template: name, Body: buf.Bytes()}
	return t, nil
}

// close ends the last span at an offset; an empty one is dropped.
func (t *Trace) close(offset int) {
	if len(t.Spans) == 0 {
		return
	}
	last := &t.Spans[len(t.Spans)-1]
	last.End = offset
	if last.End == last.Start {
		t.Spans = t.Spans[:len(t.Spans)-1]
	}
}

// instrument copies a template set and puts a call of mark before each piece of
// text and each action of the copy.
func instrument(set *template.Template) *template.Template {
	out := template.Must(set.Clone())
	for _, t := range out.Templates() {
		if t.Tree == nil {
			continue
		}
		tree := t.Tree.Copy()
		walk(tree.Root, func(n parse.Node) {
			if list, ok := n.(*parse.ListNode); ok {
				list.Nodes = marked(tree, list.Nodes)
			}
		})
		template.Must(out.AddParseTree(t.Name(), tree))
	}
	return out
}

func marked(tree *parse.Tree, nodes []parse.Node) []parse.Node {
	var out []parse.Node
	for _, n := range nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			out = append(out, markCall(tree, n, false))
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				out = append(out, markCall(tree, n, lastFunction(n.Pipe) != "step"))
			}
		}
		out = append(out, n)
	}
	return out
}

// markCall builds the node {{mark "PLACE" VALUE}}.
func markCall(tree *parse.Tree, n parse.Node, value bool) parse.Node {
	where, _ := tree.ErrorContext(n)
	text := fmt.Sprintf("{{mark %q %t}}", where, value)
	sub := template.Must(template.New("").Funcs(scriptFuncs()).Parse(text))
	return sub.Tree.Root.Nodes[0]
}

// walk visits a template's nodes, a list before its children as they were.
func walk(n parse.Node, visit func(parse.Node)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		children := slices.Clone(n.Nodes)
		visit(n)
		for _, c := range children {
			walk(c, visit)
		}
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	default:
		visit(n)
	}
}

func walkBranch(n *parse.BranchNode, visit func(parse.Node)) {
	walk(n.List, visit)
	if n.ElseList != nil {
		walk(n.ElseList, visit)
	}
}

// hostile holds every character that means something to a shell, to sed, or to
// a here-document.
const hostile = "\x27\"`$(id)${x};&|<>\\*?[a-z]{a,b}~root#!%=@ \t\n EOF\n"

// standIn replaces every value of a head and lists what it put there. Flags and
// the lengths of lists stay, so that the template takes the same branches.
func standIn(h Head) (Head, []string) {
	var made []string
	eachValue(&h,
		func(w *Word) {
			*w = Word(fmt.Sprintf("z%dz", len(made)+1))
			made = append(made, string(*w))
		},
		func(t *Text) {
			*t = Text(fmt.Sprintf("z%dz", len(made)+1) + hostile)
			made = append(made, string(*t))
		})
	return h, made
}

// eachValue visits every value of a head that is not empty, always in the same
// order. Lists are copied first, so that a visitor may change them.
func eachValue(h *Head, word func(*Word), text func(*Text)) {
	for _, w := range []*Word{&h.Plan, &h.Site, &h.Node, &h.Type, &h.Source, &h.LocalIP, &h.ManagementIP, &h.EtcdKey,
		&h.StoreKey, &h.MasterList, &h.InstanceID, &h.DeploymentID, &h.SharedConfigSum} {
		visit(w, word)
	}
	for _, list := range []*[]Word{&h.MasterIPs, &h.LiveNodes, &h.FailedNodes, &h.LiveVellums, &h.AllVellums, &h.FailedVellums, &h.CassandraNodes} {
		*list = slices.Clone(*list)
		for i := range *list {
			visit(&(*list)[i], word)
		}
	}
	h.Names = slices.Clone(h.Names)
	for i := range h.Names {
		visit(&h.Names[i], text)
	}
	h.Waits = slices.Clone(h.Waits)
	for i := range h.Waits {
		visit(&h.Waits[i], text)
	}
	for _, t := range []*Text{&h.Gives, &h.Deployment, &h.SharedConfig} {
		visit(t, text)
	}
}

func visit[T ~string](v *T, do func(*T)) {
	if *v != "" {
		do(v)
	}
}

// IsStandIn reports whether s came out of a stand-in for a Word, so that a
// check can tell a bare value from the template's own text.
func IsStandIn(s string) bool { return strings.HasPrefix(s, "z") && strings.HasSuffix(s, "z") }
