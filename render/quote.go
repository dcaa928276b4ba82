package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Quote writes s as one word of bash that means exactly s: in single quotes,
// always, so that a reader and the check see the same form whatever the value. A single
// quote stands in double quotes: after a backslash, mvdan/sh's interpreter would keep
// the backslash in an assignment.
// A newline stays a newline. NUL, which no bash string can hold, carriage
// return, which bash and mvdan/sh read differently before a newline, and bytes
// that are no UTF-8, which mvdan/sh does not read, are refused.
func Quote(s string) (string, error) {
	if i := strings.IndexAny(s, "\x00\r"); i >= 0 {
		return "", fmt.Errorf("cannot quote byte %#02x at offset %d for bash", s[i], i)
	}
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("cannot quote %q for bash: it is no UTF-8", s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'", nil
}

// WordPattern is what a Word looks like: nothing in it means anything to a
// shell, quoted or not.
var WordPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._:,/-]*$`)

// bare writes a Word as it is, for a comment.
func bare(w Word) (string, error) {
	if !WordPattern.MatchString(string(w)) {
		return "", fmt.Errorf("%q cannot stand bare in a script", string(w))
	}
	return string(w), nil
}

// sum is the SHA-256 of b in hex.
func sum(b []byte) string {
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:])
}

func decimal(n int) string { return strconv.Itoa(n) }
