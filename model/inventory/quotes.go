package inventory

import (
	"bytes"
	"strings"
)

// span is a quoted text in a line, from quote to quote; end is -1 where the
// quote does not close in the line.
type span struct{ start, end int }

// quotes finds the quoted texts in a line. A quote inside a word is none.
func quotes(line []byte) []span {
	var spans []span
	for i := 0; i < len(line); i++ {
		switch {
		case isCommentAt(line, i):
			return spans
		case line[i] != '"' && line[i] != '\'' || !beginsValue(line[:i]):
			continue
		}
		s := span{i, closing(line, i)}
		spans = append(spans, s)
		if s.end < 0 {
			return spans
		}
		i = s.end
	}
	return spans
}

func isCommentAt(line []byte, at int) bool {
	return line[at] == '#' && (at == 0 || line[at-1] == ' ' || line[at-1] == '\t')
}

// beginsValue reports whether a value can begin behind the given start of a
// line.
func beginsValue(before []byte) bool {
	before = bytes.TrimRight(before, " \t")
	return len(before) == 0 || strings.IndexByte("{[,:-?", before[len(before)-1]) >= 0
}

// closing finds the end of a quoted text, or gives -1.
func closing(line []byte, start int) int {
	for i := start + 1; i < len(line); i++ {
		switch {
		case line[start] == '"' && line[i] == '\\':
			i++
		case line[i] != line[start]:
		case line[start] == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		default:
			return i
		}
	}
	return -1
}

// openQuote finds the quote that does not close in a line, or gives -1.
func openQuote(line []byte) int {
	for _, s := range quotes(line) {
		if s.end < 0 {
			return s.start
		}
	}
	return -1
}

// behindQuote finds text that stands directly behind a closing quote, where
// only the next key or value may, or gives -1.
func behindQuote(line []byte) int {
	for _, s := range quotes(line) {
		if s.end < 0 {
			break
		}
		rest := bytes.TrimLeft(line[s.end+1:], " \t")
		at := len(line) - len(rest)
		if len(rest) > 0 && strings.IndexByte(",]}:\r", rest[0]) < 0 && !isCommentAt(line, at) {
			return at
		}
	}
	return -1
}

// badEscape finds a backslash that begins no escape sequence of YAML, inside
// double quotes if it can, or gives -1.
func badEscape(line []byte) int {
	for _, s := range quotes(line) {
		if line[s.start] != '"' {
			continue
		}
		end := s.end
		if end < 0 {
			end = len(line)
		}
		if at := badEscapeIn(line[s.start:end]); at >= 0 {
			return s.start + at
		}
	}
	return badEscapeIn(line) // the line goes on with a text that began above
}

func badEscapeIn(text []byte) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		length := escapeLength(text[i+1:])
		if length == 0 {
			return i
		}
		i += length
	}
	return -1
}

// escapeLength is how much of the text behind a backslash belongs to it, or 0
// if it means nothing to YAML.
func escapeLength(text []byte) int {
	if len(text) == 0 {
		return 1 // of a line end
	}
	digits := strings.IndexByte("..x.u...U", text[0])
	switch {
	case strings.IndexByte("0abt\tnvfre \"'\\N_LP\r", text[0]) >= 0:
		return 1
	case text[0] == '.' || digits < 0 || len(text) <= digits:
		return 0
	}
	for _, c := range text[1 : 1+digits] {
		if strings.IndexByte("0123456789abcdefABCDEF", c) < 0 {
			return 0
		}
	}
	return 1 + digits
}
