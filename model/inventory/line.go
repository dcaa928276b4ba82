package inventory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the longest text that the inventory takes, in characters.
const maxLine = 200

// checkLine accepts one printable line: what a person sees on paper is all
// there is. Spaces at either end are refused too, because nobody sees them.
// whenEmpty is what to do where nothing is there.
func checkLine(value, whenEmpty string) *problem {
	switch length := utf8.RuneCountInString(value); {
	case length == 0:
		return emptyLine(whenEmpty)
	case length > maxLine:
		return longLine(length)
	}
	position := 0
	for _, c := range value {
		position++
		if unicode.Is(invisible, c) {
			return invisibleCharacter(c, position)
		}
	}
	if strings.TrimSpace(value) != value {
		return spaceAtEnd()
	}
	return nil
}

// invisible holds the characters that no line of text may have: control
// characters, line and paragraph separators, direction marks, zero-width and
// other characters without a shape, look-alikes of the space, private use and
// non-characters. The list is our own and not that of package unicode, so that
// an inventory does not become legal or illegal with a new Go.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0000, Hi: 0x001f, Stride: 1}, // control characters
		{Lo: 0x007f, Hi: 0x00a0, Stride: 1}, // more of them, no-break space
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, // soft hyphen
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x061c, Hi: 0x061c, Stride: 1}, // direction mark
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer vowels without a shape
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian selectors
		{Lo: 0x2000, Hi: 0x200f, Stride: 1}, // spaces, zero-width characters, direction marks
		{Lo: 0x2028, Hi: 0x202f, Stride: 1}, // separators, direction marks, a no-break space
		{Lo: 0x205f, Hi: 0x206f, Stride: 1}, // a space, joiners, invisible operators, direction marks
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // braille without dots
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xe000, Hi: 0xf8ff, Stride: 1}, // private use
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1}, // byte order mark
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // Hangul filler
		{Lo: 0xfff0, Hi: 0xfffb, Stride: 1}, // annotations
		{Lo: 0xfffe, Hi: 0xffff, Stride: 1}, // non-characters
	},
	R32: []unicode.Range32{
		{Lo: 0x1bca0, Hi: 0x1bca3, Stride: 1},  // shorthand controls
		{Lo: 0x1d173, Hi: 0x1d17a, Stride: 1},  // musical controls
		{Lo: 0xe0000, Hi: 0x10ffff, Stride: 1}, // tags, private use
	},
	LatinOffset: 3,
}

// lineSchema says the same as checkLine in the words of JSON Schema, but for
// characters above U+FFFF: validators disagree about those in patterns.
func lineSchema() members {
	const spaces = " \u1680\u3000" // the visible ones
	return members{
		{"pattern", "^[^" + invisibleRanges() + "]*$"},
		{"not", members{{"pattern", "^[" + spaces + "]|[" + spaces + "]$"}}},
		{"minLength", 1},
		{"maxLength", maxLine},
	}
}

// invisibleRanges is the inside of a character class. It holds the characters
// themselves, because the escapes of Go and of ECMAScript differ; the schema
// escapes them on its way out.
func invisibleRanges() string {
	var b strings.Builder
	for _, r := range invisible.R16 {
		b.WriteRune(rune(r.Lo))
		if r.Hi > r.Lo {
			b.WriteRune('-')
			b.WriteRune(rune(r.Hi))
		}
	}
	return b.String()
}
