package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"requorum/model/diag"
)

// discard removes the draft with all that is in it, the note last: what
// remains if this process is killed on the way can still be told for what it
// is. It must not be called while the draft holds what stood at the target.
func (d *draft) discard() {
	d.closeTree()
	_ = d.t.removeDraft(d.name) // if this fails, the next render tries again and reports
	if d.lock != nil {
		_ = d.lock.Close()
	}
}

func (d *draft) closeTree() {
	if d.root != nil {
		_ = d.root.Close() // it was only written through
	}
}

func (t *target) removeDraft(name string) error {
	for _, in := range []string{newTree, oldTree, noteFile, "."} {
		if err := t.parent.RemoveAll(path.Join(name, in)); err != nil {
			return err
		}
	}
	return nil
}

// clean removes what stood at the target before, exactly what was seen there
// and no more: a file that came while the bundle was written is left, with the
// draft around it, and reported.
func (d *draft) clean(old *standing) diag.List {
	defer d.lock.Close()
	d.closeTree()
	tree := newTree
	if _, err := d.t.parent.Lstat(d.in(oldTree)); err == nil {
		tree = oldTree
	}
	if err := d.removeSeen(tree, old); err != nil {
		_ = d.t.parent.Remove(d.in(noteFile)) // so that no render removes the rest
		return diag.List{d.t.warning("", problem{"not-removed",
			"what stood there could not be removed altogether: " + plain(err).Error(),
			"look through " + d.t.beside(d.in(tree)) + ", then remove " + d.t.beside(d.name)})}
	}
	_ = d.t.removeDraft(d.name) // nothing of the user's is in it any more
	return nil
}

func (d *draft) removeSeen(tree string, old *standing) error {
	if old.state == absent {
		return nil
	}
	for _, e := range slices.Backward(old.entries) {
		name := path.Join(d.name, tree, e.path)
		if !e.listed && !e.info.IsDir() {
			if now, err := d.t.parent.Lstat(name); err == nil && !sameContent(now, e.info) {
				return fmt.Errorf("%s was changed while the bundle was written", e.path)
			}
		}
		if err := d.t.parent.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return d.t.parent.Remove(d.in(tree))
}

func sameContent(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
