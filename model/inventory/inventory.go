// Package inventory reads version 1 of the inventory: YAML bytes in, a
// model.Deployment out, or every mistake in the bytes with line, column and
// remedy.
//
// Start with Parse. Schema describes the same keys to editors, and Codes
// explains each kind of mistake; both come from the tables that Parse works
// by. Two inventories that mean the same give the same Deployment, whatever
// their key order, quoting and comments. FuzzParse and the cases under
// golden/invalid show what is accepted and what is said about the rest.
package inventory

import (
	"requorum/model"
	"requorum/model/diag"
)

// MaxSize is the largest inventory that Parse reads, in bytes, and MaxFileSize
// the largest file that an inventory may name. A caller need not read more
// than one byte above them.
const (
	MaxSize     = 4 << 20
	MaxFileSize = 1 << 20
)

// Files reads a file that the inventory names. The path is relative to the
// folder of the inventory; it is never absolute and never contains "..".
// A link that leads elsewhere is for the reader to refuse, with os.Root.
type Files func(path string) ([]byte, error)

// Parse reads the inventory src. It reports everything that it can find in one
// run and returns a nil Deployment if any of it is an error. name stands in
// the findings; findings about a file that the inventory names carry that
// file's path, joined to the folder of name.
//
// Parse neither keeps src nor panics, whatever the bytes are.
func Parse(name string, src []byte, files Files) (*model.Deployment, diag.List) {
	d, _, findings := Read(name, src, files)
	return d, findings
}

// Read is Parse, and gives the places of what was read too, for findings that
// come later. Let go of them soon: they hold all of the inventory's text.
func Read(name string, src []byte, files Files) (*model.Deployment, *Places, diag.List) {
	r := &report{file: name}
	var d draft
	if root := readDocument(r, src); root != nil {
		refuseEverywhere(r, root)
		walkObject(&walker{report: r}, root, rootRows, &d)
		checkRules(r, &d)
		readFiles(r, &d, files)
	}
	findings := r.sorted()
	if findings.HasErrors() {
		return nil, nil, findings
	}
	return d.deployment(), &Places{name, &d}, findings
}
