// Package check proves of bash scripts what requorum promises about them: that
// they are bash in canonical form, in the subset that a rehearsal can run, that
// they call and destroy only what is listed, and that no value of an inventory
// can change what they do.
//
// Start with Bundle, which checks a fresh render before it is written, and Dir,
// which checks a bundle as found on disk. Script checks any one script.
//
// The policy is data: subsetRules, refusedBuiltins, shellVariables, commands,
// wrappers, destroyers, targets, fixedVariables, pausing, numberWords, changing,
// looking and records are tables with a reason in each line.
package check

import (
	"slices"

	"requorum/model/diag"
)

// Script checks one whole script. Findings carry the given name as their file.
func Script(name string, src []byte) diag.List {
	list, _ := checkScript(name, src)
	return list
}

func checkScript(name string, src []byte) (diag.List, *piece) {
	p := readPiece(src, wholeScript)
	lines := newLines(src)
	var list diag.List
	for _, f := range slices.Concat(p.findings, checkTogether([]*piece{p})[p]) {
		list = append(list, lines.locate(name, f))
	}
	list.Sort()
	return list, p
}

// checkTogether holds the rules on the whole of a script, which the pieces make.
func checkTogether(pieces []*piece) map[*piece][]finding {
	all := map[*piece][]finding{}
	for _, found := range []map[*piece][]finding{unknownCommands(pieces), clashingFunctions(pieces), textInArithmetic(pieces), surveyWrites(pieces)} {
		for p, list := range found {
			all[p] = append(all[p], list...)
		}
	}
	return all
}
