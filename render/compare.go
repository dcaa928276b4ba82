package render

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"requorum/model/diag"
)

// Difference is a file of a folder that is not as a fresh render makes it.
type Difference struct {
	Finding diag.Diagnostic // stale-file, absent-file or left-over-file
	Path    string          // in the bundle
	Diff    []byte          // for a stale file: unified, from what is there to what would be
}

// Compare tells what Write would change in dir, file by file in the order of
// their paths, and changes nothing. The list holds what is to be said about the
// folder as a whole; a folder that is no bundle is an error in it.
func (b *Bundle) Compare(dir string, report func(Difference) error) (diag.List, error) {
	t, err := openStanding(dir)
	if err != nil {
		return nil, err
	}
	if t == nil {
		t = &target{shown: dir}
		return diag.List{t.finding("", problem{"no-bundle", "there is no such folder", ""})}, nil
	}
	defer t.close()
	old, err := t.inspect()
	switch {
	case err != nil:
		return nil, err
	case old.state == emptyFolder:
		return diag.List{t.finding("", problem{"no-bundle", "the folder is empty", ""})}, nil
	case old.state != bundleFolder:
		return t.refusals(old, nil), nil
	}
	err = t.compare(b, old, report)
	return t.foreignFindings(old), err
}

func (t *target) compare(b *Bundle, old *standing, report func(Difference) error) error {
	root, err := t.parent.OpenRoot(t.name)
	if err != nil {
		return t.unreadable(err)
	}
	defer root.Close()
	for _, path := range union(b.Files, old) {
		d, err := t.compareFile(root, b, old, path)
		if err != nil {
			return t.unreadable(err)
		}
		if d.Path == "" {
			continue
		}
		if err := report(d); err != nil {
			return err
		}
	}
	return nil
}

// union lists the paths of the new files and of what an old render made.
func union(files []File, old *standing) []string {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	for _, e := range old.entries {
		if e.listed {
			paths = append(paths, e.path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// compareFile gives the zero Difference for a file that is as it should be.
func (t *target) compareFile(root *os.Root, b *Bundle, old *standing, path string) (Difference, error) {
	d := Difference{Path: path}
	e, present := old.present(path)
	f, wanted := b.File(path)
	switch {
	case !wanted:
		d.Finding = t.finding(path, problem{"left-over-file", "an older render made this, and a fresh one would not", ""})
	case !present:
		d.Finding = t.finding(path, problem{"absent-file", "a fresh render would make this file", ""})
	case !e.info.Mode().IsRegular():
		d.Finding = t.finding(path, problem{"stale-file", "this is not a file, and a fresh render would make one", ""})
	default:
		return t.compareContent(root, f, e)
	}
	return d, nil
}

// maxCompared keeps a file that grew beyond all measure out of memory.
const maxCompared = 8 << 20

func (t *target) compareContent(root *os.Root, f File, e entry) (Difference, error) {
	stale := func(text string) Difference {
		return Difference{Path: f.Path, Finding: t.finding(f.Path, problem{"stale-file", text, ""})}
	}
	if e.info.Size() > maxCompared && e.info.Size() != f.Size() {
		return stale(fmt.Sprintf("it has %d bytes, and a fresh render makes %d", e.info.Size(), f.Size())), nil
	}
	have, err := root.ReadFile(f.Path)
	if err != nil {
		return Difference{}, err
	}
	want := f.Bytes()
	switch {
	case bytes.Equal(have, want) && executable(e, f):
		return Difference{}, nil
	case bytes.Equal(have, want):
		return stale("it may not be executed, and a fresh render makes it executable"), nil
	case bytes.IndexByte(have, 0) >= 0 || !utf8.Valid(have):
		return stale("it is not text"), nil
	}
	d := stale("it is not what a fresh render makes")
	name := diag.Visible(t.in(f.Path)) // a line end in it would end the line of the diff
	d.Diff = diff.Diff(name, have, name+" (fresh)", want)
	return d, nil
}

// executable reports whether a file may be executed if it should. Other bits
// are no difference: a checkout or a USB stick gives a file its own.
func executable(e entry, f File) bool {
	return f.Mode&0o100 == 0 || e.info.Mode()&0o100 != 0
}

// openStanding opens the target for reading. It returns nil if nothing is
// there.
func openStanding(dir string) (*target, error) {
	info, err := os.Stat(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	t := &target{shown: dir}
	if err == nil && !info.IsDir() {
		err = errors.New("it is a file, and a bundle is a folder")
	}
	if err != nil {
		return nil, t.unreadable(err)
	}
	// The folder itself may be the root or the current folder, so it is opened
	// as its own parent.
	t.name = "."
	t.parent, err = os.OpenRoot(dir)
	return t, t.unreadable(err)
}

func (t *target) unreadable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot read %s: %w", t.shown, plain(err))
}
