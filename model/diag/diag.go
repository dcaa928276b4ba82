// Package diag holds what requorum tells a user about the user's input: a
// Diagnostic with severity, code, place and remedy, and List, which prints
// itself as text or JSON.
//
// A user's mistake travels in a List and never in an error; an error is
// requorum's own, or the machine's.
package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says what a Diagnostic does to the run.
type Severity string

const (
	// Error means that nothing is written and the exit status is 1.
	Error Severity = "error"
	// Warning means that a person must know; the run goes on.
	Warning Severity = "warning"
)

// Diagnostic is one finding. Line and Column count from 1; zero means that the
// place inside File is unknown, and an empty File that there is no file.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // a word of a Codes table: duplicate-address
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"` // in runes
	Path     string   `json:"path,omitempty"`   // where in the data: sites.site1.nodes.vellum-1.local_ip
	Text     string   `json:"text"`             // what is wrong, one line
	Remedy   string   `json:"remedy,omitempty"` // what to do, one line
}

// String gives the first line of the text form: FILE:LINE:COL: severity: text [code].
func (d Diagnostic) String() string {
	place := d.File
	if d.File != "" && d.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", place, d.Line, max(d.Column, 1))
	}
	if place != "" {
		place += ": "
	}
	return fmt.Sprintf("%s%s: %s [%s]", place, d.Severity, d.Text, d.Code)
}

// List is any number of findings. Its zero value is ready to use.
type List []Diagnostic

// HasErrors reports whether any finding forbids the run to write.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sort orders by file, line, column, code and text, so that the same findings
// always print the same.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Text, b.Text),
		)
	})
}

// Code describes one kind of finding for "requorum help CODE".
type Code struct {
	ID      string // what stands in brackets behind the finding
	Summary string // one line
	Detail  string // why requorum insists, and the remedy; plain paragraphs
}
