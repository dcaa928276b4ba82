package render

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
)

// draft is a folder beside the target in which the new tree is put together.
// It is locked as long as this process lives, so that nobody takes it for the
// leftover of a killed one.
type draft struct {
	t    *target
	name string   // in the parent: .NAME.requorum-XXXXXXXX
	lock *os.File // the folder itself; closed, it is unlocked
	root *os.Root // newTree in it
}

// What lies in a draft. The note marks it as requorum's own; a folder without
// it is never removed.
const (
	noteFile = "README"
	newTree  = "new" // the tree in the making; after an exchange, what stood there before
	oldTree  = "old" // what stood there before, while the filesystem cannot exchange
	note     = "requorum puts a bundle together here and then moves it into place.\n" +
		"If no requorum is running, this is what a killed one left behind: the next\n" +
		"render to the same folder removes it.\n"
)

// prefix is how the names of all drafts of the target begin.
func (t *target) prefix() string {
	const longest = 200 // leaves room below the 255 bytes of a file name
	name := t.name
	if len(name) > longest {
		name = name[:longest] + "~" + sum([]byte(name))[:8]
	}
	return "." + name + ".requorum-"
}

// newDraft makes and locks a draft. The note is written last.
func (t *target) newDraft() (*draft, error) {
	d := &draft{t: t}
	for range 10 {
		d.name = fmt.Sprintf("%s%08x", t.prefix(), rand.Uint32())
		err := t.parent.Mkdir(d.name, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("no folder can be made in %s: %w", t.path, plain(err))
		}
		err = d.open()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another render took it for a leftover before it was locked
		}
		if err != nil {
			d.discard()
			return nil, err
		}
		return d, nil
	}
	return nil, fmt.Errorf("%s is full of folders named %s", t.path, t.prefix())
}

func (d *draft) open() error {
	var err error
	if d.lock, err = d.t.parent.Open(d.name); err != nil {
		return err
	}
	if !lockFolder(d.lock) {
		return fmt.Errorf("%s is in use by another process", d.name)
	}
	if err := d.t.parent.WriteFile(d.in(noteFile), []byte(note), 0o600); err != nil {
		return err
	}
	if err := d.t.parent.Mkdir(d.in(newTree), 0o755); err != nil {
		return err
	}
	d.root, err = d.t.parent.OpenRoot(d.in(newTree))
	return err
}

func (d *draft) in(name string) string { return path.Join(d.name, name) }

// fill puts the whole new tree into the draft and has it reach the disk.
func (d *draft) fill(ctx context.Context, files []File, old *standing) error {
	if err := d.write(ctx, files); err != nil {
		return err
	}
	if err := d.carry(ctx, old.carried()); err != nil {
		return err
	}
	if err := d.chmodFolder(".", old.mode); err != nil {
		return err
	}
	if err := syncFilesystem(d.lock); err != nil {
		return err
	}
	return ctx.Err()
}

// write makes the files, with their modes whatever the umask. Nothing is synced
// on the way: that would double the time.
func (d *draft) write(ctx context.Context, files []File) error {
	var buf bytes.Buffer
	made := map[string]bool{".": true}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.makeFolder(path.Dir(f.Path), made); err != nil {
			return err
		}
		buf.Reset()
		for _, p := range f.Parts {
			buf.Write(p)
		}
		if err := d.writeFile(f, buf.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", f.Path, plain(err))
		}
	}
	return nil
}

func (d *draft) makeFolder(dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := d.makeFolder(path.Dir(dir), made); err != nil {
		return err
	}
	if err := d.root.Mkdir(dir, 0o755); err != nil {
		return err
	}
	made[dir] = true
	return d.chmodFolder(dir, 0o755)
}

// chmodFolder leaves the setgid bit that a new folder has from the one around
// it, since the user's group depends on it.
func (d *draft) chmodFolder(dir string, mode fs.FileMode) error {
	info, err := d.root.Lstat(dir)
	if err != nil {
		return err
	}
	return d.root.Chmod(dir, mode.Perm()|(mode|info.Mode())&fs.ModeSetgid)
}

func (d *draft) writeFile(f File, content []byte) error {
	out, err := d.root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.Mode)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	return cmp.Or(err, out.Chmod(f.Mode), out.Close())
}
