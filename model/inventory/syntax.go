package inventory

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Of the place of a syntax error yaml.v3 tells only a line. Often it is the
// line where the surrounding block began; at times it is off by one, and on
// the first line it is missing. So the place is worked out here by reading
// once more. The wording of yaml.v3 may be relied on: upstream is archived,
// go.mod fixes the version, and TestSyntaxPlaces holds the places down.

// yamlMessage takes the error text of yaml.v3 apart.
var yamlMessage = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// reportSyntax says what the YAML reader could not read.
func reportSyntax(r *report, src []byte, err error) {
	message, line := err.Error(), 0
	if parts := yamlMessage.FindStringSubmatch(message); parts != nil {
		message = parts[2]
		line, _ = strconv.Atoi(parts[1]) // no digits: line 0, unknown
	}
	if isParserMessage(message) {
		line++ // yaml.v3 counts these from 0
	}
	stop := stopOffset(src)
	if name, ok := unknownAnchor(message); ok {
		at := place{line: int32(max(firstBadLine(src, stop), 1))}
		r.add(at.columnOf(src, "*"+name), "", noAlias(name))
		return
	}
	at, message := sharpen(src, stop, message, syntaxPlace(src, stop, message, line))
	r.add(at, "", notYAML(message))
}

// The mistakes that yaml.v3 has no words of its own for.
const (
	foundTab       = "found a tab character"
	foundLookAlike = "found a look-alike of a space"
	foundText      = "found text behind a quote"
)

// sharpen looks at the line for the mistake itself, of which yaml.v3 often
// tells only the consequence.
func sharpen(src []byte, stop int, message string, at place) (place, string) {
	if odd := lookAlike(src, at.line); odd.line > 0 {
		return odd, foundLookAlike
	}
	if isEscapeMessage(message) {
		last := bytes.LastIndexByte(src[:min(stop, len(src))], '\\')
		at = placeAt(src, max(last, 0))
		return at.atByte(src, badEscape(lineOf(src, at.line))), message
	}
	line := lineOf(src, at.line)
	if message == "found unexpected end of stream" {
		return at.atByte(src, openQuote(line)), message
	}
	if behind := behindQuote(line); behind >= 0 && isParserMessage(message) {
		return at.atByte(src, behind), foundText
	}
	if runes := bytes.Runes(line); int(at.column) <= len(runes) && runes[at.column-1] == '\t' {
		message = foundTab
	}
	return at, message
}

func isEscapeMessage(message string) bool {
	return message == "found unknown escape character" || message == "did not find expected hexdecimal number"
}

// lookAlike finds a character that looks like a space in the indentation of a
// line, or of the one above that says anything. YAML takes such a character for
// text, and stumbles over what comes behind.
func lookAlike(src []byte, number int32) place {
	for n := number; n > 0; n-- {
		line := lineOf(src, n)
		at := bytes.IndexFunc(line, func(c rune) bool { return c != ' ' && c != '\t' })
		if at < 0 || n < number && line[at] == '#' {
			continue
		}
		if c, _ := utf8.DecodeRune(line[at:]); c > ' ' && (unicode.Is(unicode.Zs, c) || unicode.Is(invisible, c)) {
			return place{line: n}.atByte(src, at)
		}
		if n < number {
			break
		}
	}
	return place{}
}

func unknownAnchor(message string) (name string, ok bool) {
	name, ok = strings.CutPrefix(message, "unknown anchor '")
	return strings.TrimSuffix(name, "' referenced"), ok
}

// isParserMessage tells the second stage of yaml.v3, which works on tokens,
// from the first, which works on characters.
func isParserMessage(message string) bool {
	for _, start := range []string{
		"did not find expected <",
		"did not find expected node content",
		"did not find expected '-' indicator",
		"did not find expected key",
		"did not find expected ',' or",
		"found undefined tag handle",
		"found duplicate %",
		"found incompatible YAML document",
	} {
		if strings.HasPrefix(message, start) {
			return true
		}
	}
	return false
}

// syntaxPlace works from three facts: how far the reader came (stop), the line
// of the reader's own message, and which whole lines are good YAML by
// themselves. The first is exact for a token that may not stand where it is,
// the second for brackets and quotes, the third for everything else.
func syntaxPlace(src []byte, stop int, message string, line int) place {
	const lookahead = 4 // the longest token that yaml.v3 looks for, "--- "
	if at := stop - lookahead; at >= 0 && at < len(src) && strings.IndexByte(badTokens(message), src[at]) >= 0 {
		return placeAt(src, at)
	}
	if !isExact(message) {
		line = max(line, firstBadLine(src, stop))
	}
	lines := bytes.Count(bytes.TrimRight(src, "\n"), []byte("\n")) + 1
	word := ""
	if strings.HasPrefix(message, foundTab) {
		word = "\t"
	}
	return place{line: int32(min(max(line, 1), lines))}.columnOf(src, word)
}

// isExact reports a message whose own line is right: where a bracket or quote
// opened, or where a value should have stood.
func isExact(message string) bool {
	return strings.HasPrefix(message, "did not find expected ',' or") ||
		message == "did not find expected node content" ||
		message == "found unexpected end of stream"
}

// badTokens lists the characters that a message about one token can mean.
func badTokens(message string) string {
	switch message {
	case "mapping values are not allowed in this context":
		return ":"
	case "block sequence entries are not allowed in this context":
		return "-"
	case "found character that cannot start any token":
		return "@`%\t|>"
	}
	return ""
}

// stopOffset reads src byte by byte until the reader gives up, and returns how
// much of it was taken by then. The line ends behind src keep the end of the
// file out of the reader's lookahead.
func stopOffset(src []byte) int {
	slow := &byteReader{left: append(bytes.Clone(src), "\n\n\n\n"...)}
	total := len(slow.left)
	parser := yaml.NewDecoder(slow)
	for {
		if err := next(parser, new(yaml.Node)); err != nil {
			return total - len(slow.left)
		}
	}
}

// byteReader hands out one byte at a time.
type byteReader struct{ left []byte }

// Read implements io.Reader.
func (b *byteReader) Read(p []byte) (int, error) {
	if len(b.left) == 0 || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = b.left[0]
	b.left = b.left[1:]
	return 1, nil
}

// firstBadLine returns the number of the first line that cannot follow the
// lines above it, looking backwards from stop. It gives up (0) after a few
// lines, so that a large file is not parsed a thousand times.
func firstBadLine(src []byte, stop int) int {
	const maxTries, maxBytes = 24, 8 << 20
	end := min(stop, len(src))
	for tried, read := 0, 0; tried < maxTries && read < maxBytes && end > 0; {
		end = bytes.LastIndexByte(src[:end-1], '\n') + 1
		if isComment(src[end:]) {
			continue
		}
		if parses(src[:end]) {
			return bytes.Count(src[:end], []byte("\n")) + 1
		}
		tried++
		read += end
	}
	return 0
}

// isComment reports whether the first line of rest says nothing to YAML.
func isComment(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " ")
	return len(rest) == 0 || rest[0] == '#' || rest[0] == '\n' || rest[0] == '\r'
}

func parses(src []byte) bool {
	parser := yaml.NewDecoder(bytes.NewReader(src))
	for {
		if err := next(parser, new(yaml.Node)); err != nil {
			return err == io.EOF
		}
	}
}

// columnOf sets the column to where word stands in the line of p, or to the
// first character of that line.
func (p place) columnOf(src []byte, word string) place {
	line := lineOf(src, p.line)
	at := len(line) - len(bytes.TrimLeft(line, " \t"))
	if found := bytes.Index(line, []byte(word)); word != "" && found >= 0 {
		at = found
	}
	return p.atByte(src, at)
}

// atByte sets the column to that of a byte of the line of p; of none (-1), it
// stays.
func (p place) atByte(src []byte, at int) place {
	if at >= 0 {
		p.column = int32(utf8.RuneCount(lineOf(src, p.line)[:at]) + 1)
	}
	return p
}

func lineOf(src []byte, number int32) []byte {
	for range number - 1 {
		_, src, _ = bytes.Cut(src, []byte("\n"))
	}
	line, _, _ := bytes.Cut(src, []byte("\n"))
	return line
}
