package diag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// JSONVersion stands as schema_version in every JSON form; it changes when a
// program that reads the old form could misunderstand the new one.
const JSONVersion = 1

// report is the JSON form of a List.
type report struct {
	SchemaVersion int  `json:"schema_version"`
	Findings      List `json:"findings"`
}

// WriteJSON prints findings for programs: an object with schema_version and
// findings, an empty array where there are none. Like WriteText it may go to a
// terminal: characters that a terminal would obey or hide are escaped.
func WriteJSON(w io.Writer, l List) error {
	if l == nil {
		l = List{}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report{JSONVersion, l}); err != nil {
		return err
	}
	_, err := w.Write(VisibleJSON(b.Bytes()))
	return err
}

// VisibleJSON is Visible for JSON: it writes what encoding/json leaves raw (DEL,
// C1 controls, direction marks) as \u escapes. Such characters stand only inside
// strings, where the escape means the same.
func VisibleJSON(b []byte) []byte {
	if bytes.IndexFunc(b, hiddenInJSON) < 0 {
		return b
	}
	escaped := make([]byte, 0, len(b)+64)
	for _, r := range string(b) {
		switch {
		case !hiddenInJSON(r):
			escaped = utf8.AppendRune(escaped, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
	}
	return escaped
}

func hiddenInJSON(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
