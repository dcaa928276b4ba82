package diag

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// byteOrderMark is what some editors put before the first line; it is part of
// no line and no column.
var byteOrderMark = []byte("\ufeff")

// source is a file that knows where its lines begin, so that a thousand
// findings in a large file cost one scan and not a thousand.
type source struct {
	content []byte
	starts  []int // offset of each line; made at the first question
}

func newSource(content []byte) *source {
	return &source{content: bytes.TrimPrefix(content, byteOrderMark)}
}

// line returns line number n, counted from 1, without its line end. It reports
// false for a file that is not there and a line that the file does not have.
func (s *source) line(n int) ([]byte, bool) {
	if s == nil || n < 1 {
		return nil, false
	}
	if s.starts == nil {
		s.starts = lineStarts(s.content)
	}
	if n > len(s.starts) {
		return nil, false
	}
	line := s.content[s.starts[n-1]:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return bytes.TrimSuffix(line, []byte("\r")), true
}

// lineStarts leaves out the empty rest behind a final line end.
func lineStarts(content []byte) []int {
	starts := make([]int, 0, bytes.Count(content, []byte("\n"))+1)
	for at := 0; at < len(content); {
		starts = append(starts, at)
		end := bytes.IndexByte(content[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
	}
	return starts
}

// maxRunes is how much of a source line is shown; before says how much of it
// may stand to the left of the place in question.
const (
	maxRunes = 100
	before   = 60
	cut      = "..."
)

// excerpt makes a source line fit to be shown, and the line with the caret
// under the given column. Tabs stay tabs in both, so that they line up however
// wide the terminal makes them.
func excerpt(line []byte, column int) (shown, caret string) {
	line = line[:min(len(line), (max(column, 0)+2*maxRunes)*utf8.UTFMax)] // more is never shown
	runes := bytes.Runes(line)
	from, to := window(len(runes), column-1)
	var text, pointer strings.Builder
	if from > 0 {
		text.WriteString(cut)
		pointer.WriteString(strings.Repeat(" ", len(cut)))
	}
	for i, r := range runes[from:to] {
		cell := visibleCell(r)
		text.WriteRune(cell)
		if from+i < column-1 {
			pointer.WriteString(blank(cell))
		}
	}
	if to < len(runes) {
		text.WriteString(cut)
	}
	return text.String(), pointer.String() + "^"
}

// window chooses the runes of a line to show. It cuts nothing that the marks
// of two cuts would not save.
func window(runes, at int) (from, to int) {
	if runes <= maxRunes+2*len(cut) {
		return 0, runes
	}
	from = min(max(at-before, 0), runes-maxRunes)
	return from, from + maxRunes
}
