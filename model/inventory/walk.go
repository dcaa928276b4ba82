package inventory

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// walker follows the tables through the document. It knows no key by name.
type walker struct {
	*report
	keys []*yaml.Node // from the top to where the walk stands
}

// leaf is a value of one line as it stood in the inventory, before it is
// turned into what the model wants.
type leaf struct {
	text  string
	at    place
	legal bool // present, and nothing is wrong with it
}

// given reports whether the key is there at all, with a legal value or not.
func (l leaf) given() bool { return l.at.line > 0 }

// or gives the text, or a default where the inventory says nothing.
func (l leaf) or(text string) string {
	if l.given() {
		return l.text
	}
	return text
}

// walkObject checks a mapping against its rows and fills into from it.
func walkObject[T any](w *walker, n *yaml.Node, rows []row[T], into *T) {
	if n.Kind != yaml.MappingNode {
		k := object(rows)
		w.notMapping(n, &k)
		return
	}
	var seen uint64
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := indexOf(rows, key)
		if at < 0 {
			seen |= w.unknown(key, keysOf(rows))
			continue
		}
		w.keys = append(w.keys, key)
		readRow(w, value, &rows[at], into)
		w.keys = w.keys[:len(w.keys)-1]
		if seen&(1<<at) != 0 {
			rows[at].doubt(into)
		}
		seen |= 1 << at
	}
	for i := range rows {
		if rows[i].required && seen&(1<<i) == 0 {
			w.add(w.here(n), w.path(), missingField(w.owner(), &rows[i].spec))
		}
	}
}

// walkMap checks a mapping whose keys the user chooses, and calls each for
// every entry.
func walkMap(w *walker, n *yaml.Node, k *kind, each func(name leaf, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		w.notMapping(n, k)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isText(key) {
			continue
		}
		w.keys = append(w.keys, key)
		var name leaf
		w.scalar(key, k.names, &name)
		each(name, value)
		w.keys = w.keys[:len(w.keys)-1]
	}
}

// readRow hands the value to the row's leaf or to the table below it.
func readRow[T any](w *walker, n *yaml.Node, r *row[T], into *T) {
	if r.leaf != nil {
		w.scalar(n, &r.kind, r.leaf(into))
		return
	}
	r.enter(w, n, into)
}

// doubt takes back what a key written twice says: nobody knows which of the
// two was meant, so no rule may build on one of them.
func (r *row[T]) doubt(into *T) {
	if r.leaf != nil {
		r.leaf(into).legal = false
	}
}

// scalar checks one value and keeps it.
func (w *walker) scalar(n *yaml.Node, k *kind, into *leaf) {
	*into = leaf{text: n.Value, at: placeOf(n)}
	if isRefused(n) {
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != k.tag {
		w.add(into.at, w.path(), k.mismatch(n))
		return
	}
	if p := k.check(n.Value); p != nil {
		w.add(into.at, w.path(), *p)
		return
	}
	into.legal = true
}

// notMapping reports a value that has no keys where keys belong.
func (w *walker) notMapping(n *yaml.Node, k *kind) {
	if !isRefused(n) {
		w.add(placeOf(n), w.path(), k.mismatch(n))
	}
}

// unknown reports a key that is in no row. It returns the bit of the row that
// was probably meant: a misspelt key is not missing as well.
func (w *walker) unknown(key *yaml.Node, known []string) uint64 {
	if !isText(key) {
		return 0
	}
	near, _ := nearest(key.Value, known)
	w.add(placeOf(key), w.path(key), unknownKey(key.Value, w.owner(), near, known))
	if at := slices.Index(known, near); at >= 0 {
		return 1 << at
	}
	return 0
}

// isText leaves out the keys that refuseEverywhere has dealt with.
func isText(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Tag != mergeTag
}

// path names where the walk stands, or a key below.
func (w *walker) path(below ...*yaml.Node) string {
	var keys []string
	for _, key := range append(w.keys, below...) {
		keys = append(keys, key.Value)
	}
	return joinPath(keys...)
}

// here is the place of the key that holds n: that of n itself is the line
// below it, or means nothing where n is empty.
func (w *walker) here(n *yaml.Node) place {
	if len(w.keys) == 0 {
		return placeOf(n)
	}
	return placeOf(w.keys[len(w.keys)-1])
}

// owner is what messages call the object that the walk stands in.
func (w *walker) owner() string {
	if len(w.keys) == 0 {
		return "the inventory"
	}
	return quote(w.keys[len(w.keys)-1].Value)
}
