package inventory

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// kind is what a value may be. It holds the check of the walker and the words
// of the schema side by side, so that a change of one is seen at the other.
type kind struct {
	noun   string                      // what belongs there, as messages say it
	remedy string                      // what to write there
	tag    string                      // the YAML tag that the value must have
	check  func(value string) *problem // what else must hold of a value with that tag; nil result: nothing is wrong

	schema members // what the schema says beside the type
	rows   []spec  // of an object with known keys
	names  *kind   // of a mapping whose keys the user chooses
	values []spec  // rows of its values
}

// mismatch says that a value of quite another sort stands there. Where quotes
// alone would make the value legal, they are the remedy.
func (k *kind) mismatch(n *yaml.Node) problem {
	remedy := k.remedy
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag == nullTag:
	case k.tag == boolTag:
		remedy = writeTruth(n.Value)
	case k.tag == strTag && k.check(n.Value) == nil:
		remedy = putInQuotes(n.Value)
	}
	return wrongType(describe(n), k.noun, remedy)
}

// object is the kind of a mapping with known keys.
func object[T any](rows []row[T]) kind {
	return kind{
		noun:   "a block of keys",
		remedy: "write keys below, of these: " + strings.Join(keysOf(rows), ", "),
		tag:    mapTag,
		rows:   specsOf(rows),
	}
}

// mapOf is the kind of a mapping whose keys the user chooses.
func mapOf[T any](names *kind, remedy string, rows []row[T]) kind {
	return kind{noun: "a block of keys", remedy: remedy, tag: mapTag, names: names, values: specsOf(rows)}
}

// describe says in a few words what stands where something else belongs.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a block of keys"
	}
	switch n.Tag {
	case nullTag:
		return "nothing"
	case strTag:
		return "the text " + quote(n.Value)
	case intTag, "!!float":
		return "the number " + quote(n.Value)
	case boolTag:
		return "the truth value " + quote(n.Value)
	}
	return "the date " + quote(n.Value) // the last sort that yaml.v3 tells apart
}
