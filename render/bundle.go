package render

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// ChecksumsPath is the bundle's list of checksums, in the format of sha256sum.
const ChecksumsPath = "SHA256SUMS"

// Bundle is a rendered recovery: files sorted by path.
type Bundle struct {
	ID      string // the plan's id: first 12 hex digits of a SHA-256
	Files   []File
	Scripts []Script // the node scripts once more, in their parts, in the plan's order
}

// File is one file of a Bundle. Its bytes are kept in parts, since the scripts
// share most of theirs.
type File struct {
	Path  string // slash-separated, relative to the bundle
	Mode  fs.FileMode
	Parts [][]byte
}

// Bytes returns the whole content, freshly joined.
func (f File) Bytes() []byte { return bytes.Join(f.Parts, nil) }

// Size is the content's length in bytes.
func (f File) Size() int64 {
	n := 0
	for _, p := range f.Parts {
		n += len(p)
	}
	return int64(n)
}

// Sum is the SHA-256 of the content.
func (f File) Sum() [sha256.Size]byte {
	h := sha256.New()
	for _, p := range f.Parts {
		h.Write(p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// File finds a file by its path.
func (b *Bundle) File(path string) (File, bool) {
	i, found := slices.BinarySearchFunc(b.Files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
	if !found {
		return File{}, false
	}
	return b.Files[i], true
}

// seal sorts the files and adds the checksums of all of them.
func (b *Bundle) seal() {
	slices.SortFunc(b.Files, func(x, y File) int { return strings.Compare(x.Path, y.Path) })
	var sums bytes.Buffer
	for _, f := range b.Files {
		fmt.Fprintf(&sums, "%x  %s\n", f.Sum(), f.Path)
	}
	b.Files = append(b.Files, File{Path: ChecksumsPath, Mode: 0o644, Parts: [][]byte{sums.Bytes()}})
	slices.SortFunc(b.Files, func(x, y File) int { return strings.Compare(x.Path, y.Path) })
}

// Script is one node's script in the parts that it is made of.
type Script struct {
	Node  string
	Path  string // in the bundle: nodes/NAME.sh
	Shape Shape
	Parts []Part
}

// Part is a piece of a script that came out of one template file. Parts of
// different scripts with the same text share their bytes, so that whoever
// reads a part once may remember what was found by the address of its Body.
type Part struct {
	Template string // path in the template tree: node/head.sh.tmpl
	Body     []byte // ends in a newline, and is a complete piece of bash by itself
}

// Source returns the whole script.
func (s Script) Source() []byte {
	var b bytes.Buffer
	for _, p := range s.Parts {
		b.Write(p.Body)
	}
	return b.Bytes()
}

// Locate gives the part and the line in it of a line of the whole script. A
// line past the end belongs to the last part.
func (s Script) Locate(line int) (part, lineInPart int) {
	for i, p := range s.Parts {
		n := bytes.Count(p.Body, []byte("\n"))
		if line <= n || i == len(s.Parts)-1 {
			return i, line
		}
		line -= n
	}
	return 0, line
}

// FirstLine gives the line of the whole script on which a part starts.
func (s Script) FirstLine(part int) int {
	line := 1
	for _, p := range s.Parts[:part] {
		line += bytes.Count(p.Body, []byte("\n"))
	}
	return line
}
