package render

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pageWidth is the longest line of prose in a text that requorum writes.
const pageWidth = 80

// folder is a writer that gives Markdown, or text like it, its final shape: a
// line of prose longer than the page goes on in the next one, further lines of
// a list item under the item's text; blank lines do not follow each other.
// Headings, table rows and fenced code pass as they are. Templates may then
// write one sentence a line, whatever the length of the values in it.
//
// A plain text is not Markdown: nothing passes as it is, and the last column of
// a line goes on under itself.
type folder struct {
	out    *bytes.Buffer
	plain  bool
	rest   []byte // the unfinished last line
	fenced bool
	blank  bool // the line before was blank, or there was none
}

func newFolder(out *bytes.Buffer, plain bool) *folder {
	return &folder{out: out, plain: plain, blank: true}
}

// Write takes any piece of text.
func (f *folder) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			f.rest = append(f.rest, p...)
			return n, nil
		}
		f.line(string(append(f.rest, p[:i]...)))
		f.rest, p = f.rest[:0], p[i+1:]
	}
}

// close writes what is left if the text does not end in a newline.
func (f *folder) close() {
	if len(f.rest) > 0 {
		f.line(string(f.rest))
		f.rest = nil
	}
}

func (f *folder) line(s string) {
	fence := !f.plain && strings.HasPrefix(strings.TrimLeft(s, " "), "```")
	if fence {
		f.fenced = !f.fenced
	}
	if !f.fenced {
		s = strings.TrimRight(s, " ")
		if s == "" && f.blank {
			return
		}
	}
	f.blank = s == ""
	if f.fenced || fence || utf8.RuneCountInString(s) <= pageWidth || !f.plain && (s[0] == '|' || s[0] == '#') {
		f.out.WriteString(s)
	} else {
		f.fold(s)
	}
	f.out.WriteByte('\n')
}

var (
	itemPattern   = regexp.MustCompile(`^ *([-+*] (\[ \] )?|\d+[.)] )?`)
	columnPattern = regexp.MustCompile(`^ {2}[^ ].{0,40}? {2,}`)
)

// lead is the part of a line that stays before its text, with the column in
// which the text goes on.
func (f *folder) lead(s string) (lead string, hang int) {
	if f.plain {
		if lead := columnPattern.FindString(s); lead != "" {
			for next := lead; next != ""; lead += next {
				next = columnPattern.FindString("  " + s[len(lead):])
				next = strings.TrimPrefix(next, "  ")
			}
			return lead, len(lead)
		}
	}
	lead = itemPattern.FindString(s)
	hang = len(lead) - len(strings.TrimLeft(lead, " "))
	if len(lead) > hang {
		hang += strings.IndexByte(lead[hang:], ' ') + 1
	}
	return lead, hang
}

// fold writes a long line as several.
func (f *folder) fold(s string) {
	lead, hang := f.lead(s)
	f.out.WriteString(lead)
	column := len(lead)
	for i, word := range unbroken(s[len(lead):]) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > pageWidth && !startsBlock(word):
			f.out.WriteString("\n" + strings.Repeat(" ", hang))
			column = hang
		default:
			f.out.WriteByte(' ')
			column++
		}
		f.out.WriteString(word)
		column += width
	}
}

var blockPattern = regexp.MustCompile("^([-+*#>|=~`]|\\d+[.)]$)")

// startsBlock reports whether a word means something else to Markdown at the
// start of a line. A code span does not.
func startsBlock(word string) bool {
	return blockPattern.MatchString(word) && (word[0] != '`' || strings.HasPrefix(word, "```"))
}

// unbroken cuts text into its words. A code span is one word with what touches
// it: whoever types a command must see it whole.
func unbroken(s string) []string {
	var words []string
	start, code, escaped := -1, false, false
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' && !code {
			if start >= 0 {
				words = append(words, s[start:i])
			}
			start, escaped = -1, false
			continue
		}
		if start < 0 {
			start = i
		}
		if s[i] == '`' && !escaped {
			code = !code
		}
		escaped = s[i] == '\\' && !escaped && !code
	}
	if start >= 0 {
		words = append(words, s[start:])
	}
	return words
}
