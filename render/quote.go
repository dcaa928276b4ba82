package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Quote writes s as one word of bash that means exactly s: in single quotes,
// always, so that a reader and the check see the same form whatever the value.
// A newline stays a newline. NUL, which no bash string can hold, and carriage
// return, which bash and mvdan/sh read differently before a newline, are
// refused.
func Quote(s string) (string, error) {
	if i := strings.IndexAny(s, "\x00\r"); i >= 0 {
		return "", fmt.Errorf("cannot quote byte %#02x at offset %d for bash", s[i], i)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'", nil
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
