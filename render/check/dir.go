package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"requorum/model/diag"
	"requorum/render"
)

var folderRules = []rule{
	{id: "no-checksums", forbids: "the folder has no SHA256SUMS", instead: "check the bundle's own folder, or render it again",
		why: "SHA256SUMS lists every file of a bundle with its digest. Without it nothing tells a whole bundle from a part of one."},
	{id: "bad-checksum-line", forbids: "a line of SHA256SUMS is not a digest, two spaces and a path", instead: "render the bundle again",
		why: "The file is in the format of sha256sum, so that sha256sum -c can check it on any machine."},
	{id: "missing-file", forbids: "a file of the bundle is missing", instead: "copy the bundle again, whole",
		why: "Half a bundle is worse than none: a node would have no script."},
	{id: "changed-file", forbids: "a file is not the one that was rendered", instead: "render the bundle again, or find out who changed the file and why",
		why: "What was reviewed and rehearsed is not what would be run."},
	{id: "unlisted-file", warns: true, forbids: "the folder holds a file that SHA256SUMS does not list", instead: "take it out, if nobody needs it",
		why: "It was not made by the render. An older script left behind could be run by mistake."},
}

// Dir checks a bundle as found on disk, older or edited perhaps: the checksums,
// and each script by itself. Findings carry name/PATH as their file. The error
// is one of reading.
func Dir(fsys fs.FS, name string) (diag.List, error) {
	d := &folder{fsys: fsys, name: name, listed: map[string]bool{render.ChecksumsPath: true}}
	if err := d.checksums(); err != nil {
		return nil, err
	}
	if err := d.files(); err != nil {
		return nil, err
	}
	d.list.Sort()
	return d.list, nil
}

// folder is the work on one bundle on disk.
type folder struct {
	fsys   fs.FS
	name   string
	listed map[string]bool
	list   diag.List
}

func (d *folder) add(file string, line int, f finding) {
	x := f.diagnostic()
	x.File, x.Line = path.Join(d.name, file), line
	d.list = append(d.list, x)
}

// checksums verifies every line of SHA256SUMS.
func (d *folder) checksums() error {
	sums, err := fs.ReadFile(d.fsys, render.ChecksumsPath)
	if errors.Is(err, fs.ErrNotExist) {
		d.add(render.ChecksumsPath, 0, finding{rule: "no-checksums"})
		return nil
	}
	if err != nil {
		return err
	}
	n := 0
	for line := range bytes.Lines(sums) {
		n++
		if err := d.verify(string(line), n); err != nil {
			return err
		}
	}
	return nil
}

// verify holds one line of SHA256SUMS against its file.
func (d *folder) verify(line string, n int) error {
	sum, file, ok := parseChecksum(line)
	if !ok || d.listed[file] {
		d.add(render.ChecksumsPath, n, finding{rule: "bad-checksum-line"})
		return nil
	}
	d.listed[file] = true
	body, err := fs.ReadFile(d.fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		d.add(render.ChecksumsPath, n, finding{rule: "missing-file", text: "the file " + file + " is missing"})
		return nil
	}
	if err != nil {
		return err
	}
	if sha256.Sum256(body) != sum {
		d.add(render.ChecksumsPath, n, finding{rule: "changed-file", text: fmt.Sprintf("the file %s is not the one that was rendered", file)})
	}
	return nil
}

// parseChecksum takes a line "DIGEST  PATH\n" apart.
func parseChecksum(line string) (sum [sha256.Size]byte, file string, ok bool) {
	line, ended := strings.CutSuffix(line, "\n")
	digest, file, cut := strings.Cut(line, "  ")
	raw, err := hex.DecodeString(digest)
	if !ended || !cut || err != nil || len(raw) != sha256.Size || strings.ToLower(digest) != digest || !fs.ValidPath(file) {
		return sum, "", false
	}
	return [sha256.Size]byte(raw), file, true
}

// files checks every script, and reports files that are not listed.
func (d *folder) files() error {
	return fs.WalkDir(d.fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !d.listed[file] {
			d.add(file, 0, finding{rule: "unlisted-file"})
		}
		if path.Dir(file) != "nodes" || path.Ext(file) != ".sh" {
			return nil
		}
		src, err := fs.ReadFile(d.fsys, file)
		if err != nil {
			return err
		}
		d.list = append(d.list, Script(path.Join(d.name, file), src)...)
		return nil
	})
}
