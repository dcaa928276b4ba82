// Package check proves of bash scripts what requorum promises about them: that
// they are bash in canonical form, in the subset that a rehearsal can run, that
// they call and destroy only what is listed, and that no value of an inventory
// can change what they do.
//
// Start with Bundle, which checks a fresh render before it is written, and Dir,
// which checks a bundle as found on disk. Script checks any one script.
//
// The policy is data: subsetRules, refusedBuiltins, shellVariables, commands,
// wrappers, destroyers and targets are tables with a reason in each line.
package check

import (
	"requorum/model/diag"
)

// Script checks one whole script. Findings carry the given name as their file.
func Script(name string, src []byte) diag.List {
	p := readPiece(src, wholeScript)
	lines := newLines(src)
	var list diag.List
	for _, findings := range [][]finding{p.findings, unknownCommands([]*piece{p})[p], clashingFunctions([]*piece{p})[p]} {
		for _, f := range findings {
			list = append(list, lines.locate(name, f))
		}
	}
	list.Sort()
	return list
}
