package inventory

import (
	"strconv"
	"strings"

	"requorum/model/diag"
)

// maxFindings keeps a hopeless file (a megabyte of anything but an inventory)
// from making more text than anyone reads.
const maxFindings = 1000

// report collects the findings of one run.
type report struct {
	file  string
	found diag.List
	more  int // findings beyond maxFindings
}

// problem is what is wrong and what to do, without the place.
type problem struct {
	code, text, remedy string
}

// place is where something stands in a file; the zero place is nowhere.
type place struct {
	line, column int32
}

func (r *report) add(at place, path string, p problem) {
	r.addIn(r.file, at, path, p)
}

// addIn reports something about a file other than the inventory.
func (r *report) addIn(file string, at place, path string, p problem) {
	if len(r.found) >= maxFindings {
		r.more++
		return
	}
	r.found = append(r.found, diag.Diagnostic{
		Severity: diag.Error,
		Code:     p.code,
		File:     file,
		Line:     int(at.line),
		Column:   int(at.column),
		Path:     path,
		Text:     p.text,
		Remedy:   p.remedy,
	})
}

// sorted returns the findings in the order of the file, and says behind them
// how many were dropped.
func (r *report) sorted() diag.List {
	r.found.Sort()
	if r.more > 0 {
		dropped := tooMany(r.more)
		r.found = append(r.found, diag.Diagnostic{
			Severity: diag.Error, Code: dropped.code, File: r.file, Text: dropped.text, Remedy: dropped.remedy,
		})
	}
	return r.found
}

// joinPath writes a path of keys with dots; a key that could be misread is
// quoted.
func joinPath(keys ...string) string {
	var b strings.Builder
	for i, key := range keys {
		if i > 0 {
			b.WriteByte('.')
		}
		if isPlainKey(key) {
			b.WriteString(key)
		} else {
			b.WriteString(quote(key))
		}
	}
	return b.String()
}

func isPlainKey(key string) bool {
	for i := range len(key) {
		c := key[i]
		if c != '-' && c != '_' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z') {
			return false
		}
	}
	return key != "" && len(key) <= maxQuoted
}

// maxQuoted is how many runes of the user's own text a message repeats.
const maxQuoted = 60

// quote repeats the user's own text in a message: escaped, and not at length.
func quote(s string) string {
	runes := 0
	for i := range s {
		if runes == maxQuoted {
			return strconv.Quote(s[:i] + "...")
		}
		runes++
	}
	return strconv.Quote(s)
}
