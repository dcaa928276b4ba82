package inventory

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// The tags that yaml.v3 gives to values, in their short form.
const (
	nullTag  = "!!null"
	strTag   = "!!str"
	intTag   = "!!int"
	boolTag  = "!!bool"
	mapTag   = "!!map"
	mergeTag = "!!merge"
)

// maxDepth is far deeper than any inventory, and shallow enough for paths and
// for the stack.
const maxDepth = 16

// refuseEverywhere reports what no place of the document may have, known or
// not: anchors, aliases, merge keys, tags, keys that are not text and keys
// written twice. The walk along the tables need not think of them again.
func refuseEverywhere(r *report, root *yaml.Node) {
	(&refuser{report: r, keys: make([]string, 0, maxDepth+1)}).node(root)
}

type refuser struct {
	*report
	keys []string // from the top to where the search stands
}

func (r *refuser) node(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		r.refuse(n, noAlias(n.Value))
		return
	}
	if n.Anchor != "" {
		r.refuse(n, noAnchor(n.Anchor))
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.refuse(n, noTag(n.Tag))
	}
	switch {
	case len(n.Content) == 0:
	case len(r.keys) >= maxDepth:
		r.refuse(n, tooDeep())
	case n.Kind == yaml.MappingNode:
		r.mapping(n)
	default:
		for i, item := range n.Content {
			r.below(strconv.Itoa(i), item)
		}
	}
}

func (r *refuser) refuse(n *yaml.Node, p problem) {
	r.add(placeOf(n), joinPath(r.keys...), p)
}

func (r *refuser) below(key string, n *yaml.Node) {
	r.keys = append(r.keys, key)
	r.node(n)
	r.keys = r.keys[:len(r.keys)-1]
}

func (r *refuser) mapping(n *yaml.Node) {
	first := keyIndex(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.refuse(key, keyNotText())
			r.below(key.Value, key)
		case key.Tag == mergeTag:
			r.refuse(key, noMerge())
			if value.Kind == yaml.AliasNode {
				continue // one mistake, one finding
			}
		default:
			r.below(key.Value, key)
			r.twice(key, first(i))
		}
		r.below(key.Value, value)
	}
}

func (r *refuser) twice(key, first *yaml.Node) {
	if first != key {
		r.add(placeOf(key), joinPath(append(r.keys, key.Value)...), duplicateKey(key.Value, first.Line))
	}
}

// keyIndex returns a function that gives the first of the mapping's keys with
// the text of key number i. Few keys are compared in place; an index of every
// small mapping would cost more than the rest of the walk.
func keyIndex(n *yaml.Node) func(i int) *yaml.Node {
	const few = 32
	if len(n.Content) <= few {
		return func(i int) *yaml.Node { return firstKey(n, n.Content[i].Value) }
	}
	index := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Kind == yaml.ScalarNode && index[key.Value] == nil {
			index[key.Value] = key
		}
	}
	return func(i int) *yaml.Node { return index[n.Content[i].Value] }
}

func firstKey(n *yaml.Node, text string) *yaml.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Kind == yaml.ScalarNode && key.Value == text {
			return key
		}
	}
	return nil
}

// isRefused reports whether refuseEverywhere has said of a value what there is
// to say.
func isRefused(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle != 0
}
