package render

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"requorum/model/diag"
)

var draftSuffix = regexp.MustCompile(`^[0-9a-f]{8}$`)

// clearLeftovers removes the drafts that killed processes left beside the
// target. What stood at the target, if a draft holds the only copy, is put
// back. Only a draft that carries requorum's note and is not locked is touched.
func (t *target) clearLeftovers() (diag.List, error) {
	names, err := fs.ReadDir(t.parent.FS(), ".")
	if err != nil {
		return nil, nil // a folder that may be written but not listed
	}
	var list diag.List
	for _, n := range names {
		suffix, ours := strings.CutPrefix(n.Name(), t.prefix())
		if !ours || !draftSuffix.MatchString(suffix) {
			continue
		}
		p, err := t.clearLeftover(n.Name())
		if err != nil {
			return nil, err
		}
		if p.text != "" {
			d := t.warning("", p)
			d.File = t.beside(n.Name())
			list = append(list, d)
		}
	}
	return list, nil
}

// ours reports whether a folder with the name of a draft is one: it carries the
// whole note, or holds nothing but the beginning of it, since its process was
// killed before the note was written or while the folder was removed.
func (t *target) ours(name string) bool {
	content, err := t.parent.ReadFile(path.Join(name, noteFile))
	if err == nil && string(content) == note {
		return true
	}
	entries, listed := fs.ReadDir(t.parent.FS(), name)
	switch {
	case listed != nil || !strings.HasPrefix(note, string(content)):
		return false
	case len(entries) == 0:
		return true
	}
	return len(entries) == 1 && entries[0].Name() == noteFile && err == nil
}

func (t *target) clearLeftover(name string) (problem, error) {
	const code = "left-over-run"
	if !t.ours(name) {
		return problem{code, "looks like the folder of a killed render, but may be something else; it is left alone",
			"look through it, then remove it"}, nil
	}
	folder, err := t.parent.Open(name)
	if err != nil {
		return problem{}, nil // gone: its render is done
	}
	defer folder.Close()
	if !lockFolder(folder) {
		return problem{}, nil // its render is at work
	}
	text := "a killed render left this behind; it is removed"
	if _, err := t.parent.Lstat(path.Join(name, oldTree)); err == nil && !t.exists() {
		if err := t.parent.Rename(path.Join(name, oldTree), t.name); err != nil {
			return problem{}, fmt.Errorf("cannot bring back %s from %s, where a killed render left it: %w",
				t.shown, t.beside(name), plain(err))
		}
		text = "a render was killed while it moved the bundle into place; the old bundle is back, and this is removed"
	}
	if err := t.removeDraft(name); err != nil {
		return problem{code, "a killed render left this behind, and it cannot be removed: " + plain(err).Error(), "remove it"}, nil
	}
	return problem{code, text, ""}, nil
}
