package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// readDocument returns the top of the one YAML document in src, or nil where
// the bytes are no YAML document and nothing more can be said.
func readDocument(r *report, src []byte) *yaml.Node {
	if len(src) > MaxSize {
		r.add(place{}, "", tooLarge("the inventory", MaxSize))
		return nil
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if at, p := firstBadByte(src); p != nil {
		r.add(at, "", *p)
		return nil
	}
	return decode(r, src)
}

// decode parses the first document and makes sure that it is the only one.
func decode(r *report, src []byte) *yaml.Node {
	parser := yaml.NewDecoder(bytes.NewReader(src))
	var document, second yaml.Node
	switch err := next(parser, &document); {
	case err == io.EOF:
		r.add(place{1, 1}, "", emptyInventory())
		return nil
	case err != nil:
		reportSyntax(r, src, err)
		return nil
	}
	switch err := next(parser, &second); {
	case err == nil:
		r.add(placeOf(&second), "", severalDocuments())
	case err != io.EOF:
		reportSyntax(r, src, err)
		return nil
	}
	root := document.Content[0]
	if root.Tag == nullTag {
		r.add(place{1, 1}, "", emptyInventory())
		return nil
	}
	return root
}

// errParser stands for a panic in yaml.v3, which is no longer looked after and
// has panicked on malformed input before.
var errParser = errors.New("the YAML reader failed")

// next decodes one document; it answers io.EOF behind the last one.
func next(parser *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%w: %v", errParser, failure)
		}
	}()
	return parser.Decode(into)
}

// firstBadByte finds what YAML does not allow in a file at all, and the
// characters that YAML takes for a line end and editors do not: line numbers
// would be wrong from there on. It runs before the YAML reader because that
// reader reports neither line nor column for such bytes.
func firstBadByte(src []byte) (place, *problem) {
	for i := 0; i < len(src); {
		if src[i] >= ' ' && src[i] < 0x7f || src[i] == '\n' || src[i] == '\t' {
			i++
			continue
		}
		c, size := utf8.DecodeRune(src[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			p := notUTF8("the inventory", src[i])
			return placeAt(src, i), &p
		case isForbidden(c) && !bytes.HasPrefix(src[i:], []byte("\r\n")):
			p := controlCharacter("the inventory", c)
			return placeAt(src, i), &p
		}
		i += size
	}
	return place{}, nil
}

// isForbidden follows YAML's own list of characters, without the four rare
// line ends and the byte order mark in the middle of a file.
func isForbidden(c rune) bool {
	switch {
	case c == '\n', c == '\t':
		return false
	case c < ' ', c >= 0x7f && c < 0xa0, c == 0x2028, c == 0x2029, c == 0xfeff:
		return true
	}
	return c == 0xfffe || c == 0xffff
}

// placeAt gives line and column, in runes, of an offset.
func placeAt(src []byte, offset int) place {
	start := bytes.LastIndexByte(src[:offset], '\n') + 1
	return place{
		line:   int32(bytes.Count(src[:offset], []byte("\n")) + 1),
		column: int32(utf8.RuneCount(src[start:offset]) + 1),
	}
}

func placeOf(n *yaml.Node) place { return place{int32(n.Line), int32(n.Column)} }
