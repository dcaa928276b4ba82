// Package procedure is the ledger of the written procedure, "Dealing with
// Multiple Failed Nodes": each of its sentences by section and number, in
// requorum's own words, so that every step can say which sentence asks for it
// and no sentence goes missing.
package procedure

import "slices"

// Sentence is one sentence, or one command line, of the written procedure.
type Sentence struct {
	ID     string // section and number: 1.7
	Digest string // first 12 hex digits of the SHA-256 of the sentence, its spaces folded
	Words  string // what it asks for, in our words
	Reason string // why no step carries it; empty where a step must
}

// sections holds the headings of the written procedure; their place in the
// list is the first part of a Sentence's ID.
var sections = []string{
	"Dealing with Multiple Failed Nodes",
	"Stop the etcd processes",
	"Select your master nodes",
	"Check the configuration on your nodes",
	"Recreate the etcd cluster",
	"Add the rest of the nodes to the etcd cluster",
	"Recreate the data store cluster values in etcd",
	"Start the cluster manager on all nodes",
	"Next steps",
}

// Sections returns the headings of the written procedure in order; the index
// is the section's number.
func Sections() []string { return slices.Clone(sections) }

// Sentences returns the whole ledger in the order of the written procedure.
func Sentences() []Sentence { return slices.Clone(sentences) }

// Lookup returns the sentence with the given ID.
func Lookup(id string) (Sentence, bool) {
	i := slices.IndexFunc(sentences, func(s Sentence) bool { return s.ID == id })
	if i < 0 {
		return Sentence{}, false
	}
	return sentences[i], true
}
