package check

import (
	"bytes"

	"mvdan.cc/sh/v3/syntax"
)

// role says what a piece of bash is a piece of.
type role int

const (
	wholeScript  role = iota // begins with #! and set -euo pipefail
	headPiece                // the same, with the values of one node
	libraryPiece             // declares, and does nothing
	stagePiece               // may do anything
)

// piece is a piece of bash that is complete by itself, with all that is wrong
// in it and what the rest of its script must know of it.
type piece struct {
	src       []byte
	file      *syntax.File // nil if it does not parse
	findings  []finding
	functions []*syntax.FuncDecl
	calls     []call
	writes    []place   // of redirections
	settings  []setting // of variables
	operands  []operand // of arithmetic
}

// readPiece parses a piece and holds every rule against it that concerns the
// piece alone. The rules on plain text leave out the quoted values of a head or
// of a whole script.
func readPiece(src []byte, r role) *piece {
	p := &piece{src: src}
	p.file, p.findings = parse(src)
	p.findings = append(p.findings, checkBytes(src)...)
	if p.file == nil {
		return p
	}
	var values []span
	if r == wholeScript || r == headPiece {
		values = valueWords(p.file)
	}
	c := collect(p.file, src)
	p.functions, p.calls, p.settings, p.operands = c.functions, c.calls, c.set, c.operands
	p.writes = c.writes()
	for _, list := range [][]finding{
		checkText(src, p.file, values), checkCanonical(src, p.file, r), checkRole(p.file, src, r),
		checkSubset(p.file), c.findings, checkDestruction(c),
	} {
		p.findings = append(p.findings, list...)
	}
	return p
}

// checkRole holds what a piece must be as a whole.
func checkRole(f *syntax.File, src []byte, r role) []finding {
	switch r {
	case wholeScript, headPiece:
		return checkStart(f, src)
	case libraryPiece:
		return checkLibrary(f)
	}
	return nil
}

func checkStart(f *syntax.File, src []byte) []finding {
	var list []finding
	if !bytes.HasPrefix(src, []byte("#!/bin/bash\n")) {
		list = append(list, finding{rule: "no-shebang"})
	}
	if len(f.Stmts) == 0 {
		return append(list, finding{rule: "strict-mode"})
	}
	if first := f.Stmts[0]; source(src, first) != "set -euo pipefail" {
		list = append(list, at(first.Pos(), "strict-mode", ""))
	}
	return list
}

// checkLibrary holds that a library file declares functions and sets variables
// and does nothing else.
func checkLibrary(f *syntax.File) []finding {
	var list []finding
	for _, s := range f.Stmts {
		switch cmd := s.Cmd.(type) {
		case *syntax.FuncDecl, *syntax.DeclClause:
			continue
		case *syntax.CallExpr:
			if len(cmd.Args) == 0 {
				continue
			}
		}
		list = append(list, at(s.Pos(), "library-command", ""))
	}
	return list
}

// source is the text of a node.
func source(src []byte, n syntax.Node) string {
	return string(src[n.Pos().Offset():n.End().Offset()])
}
