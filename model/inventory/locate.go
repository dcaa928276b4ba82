package inventory

import (
	"slices"
	"strings"

	"requorum/model/diag"
)

// Places knows where each part of an inventory stands in its text.
type Places struct {
	file  string
	draft *draft
}

// Locate returns findings about the deployment with file, line and column of
// what their Path names: of a value itself, of a node or site its key. For what
// is left out of the inventory, that is the place of what it would be part of.
func (p *Places) Locate(l diag.List) diag.List {
	located := slices.Clone(l)
	for i := range located {
		at := p.draft.find(strings.Split(located[i].Path, "."))
		located[i].File, located[i].Line, located[i].Column = p.file, int(at.line), int(at.column)
	}
	return located
}

// find gives the place of the part that the keys lead to. All keys on the way
// to a part of a legal inventory are free of dots.
func (d *draft) find(keys []string) place {
	switch keys[0] {
	case "uses":
		return findLeaf(usesRows, &d.uses, keys[1:])
	case "sites":
		return d.findSite(keys[1:])
	}
	return findLeaf(rootRows, d, keys)
}

func (d *draft) findSite(keys []string) place {
	for i := range d.sites {
		if s := &d.sites[i]; len(keys) > 0 && s.name.text == keys[0] {
			return s.find(keys[1:]).or(s.name.at)
		}
	}
	return place{}
}

func (s *siteDraft) find(keys []string) place {
	if len(keys) < 2 {
		return place{}
	}
	if keys[0] == "files" {
		return findLeaf(filesRows, s, keys[1:])
	}
	for i := range s.nodes {
		if n := &s.nodes[i]; n.name.text == keys[1] {
			return findLeaf(nodeRows, n, keys[2:]).or(n.name.at)
		}
	}
	return place{}
}

// findLeaf gives the place of the value with the first of the keys.
func findLeaf[T any](rows []row[T], from *T, keys []string) place {
	for i := range rows {
		if len(keys) > 0 && rows[i].leaf != nil && rows[i].key == keys[0] {
			return rows[i].leaf(from).at
		}
	}
	return place{}
}

// or gives another place where this one is nowhere.
func (p place) or(other place) place {
	if p == (place{}) {
		return other
	}
	return p
}
