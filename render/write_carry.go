package render

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"
)

// carry brings what no render made from the target into the draft: as hard
// links, which keep everything about a file, and where the filesystem has none,
// as copies with mode and times.
func (d *draft) carry(ctx context.Context, entries []entry) error {
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.carryOne(e); err != nil {
			return fmt.Errorf("%s cannot be carried over: %w", e.path, plain(err))
		}
	}
	for _, e := range slices.Backward(entries) { // what is put into a folder changes its time
		if !e.info.IsDir() {
			continue
		}
		if err := d.dress(e); err != nil {
			return fmt.Errorf("%s cannot be carried over: %w", e.path, plain(err))
		}
	}
	return nil
}

func (d *draft) carryOne(e entry) error {
	from, to := path.Join(d.t.name, e.path), path.Join(d.in(newTree), e.path)
	if e.info.IsDir() {
		return d.root.MkdirAll(e.path, 0o700)
	}
	if dir := path.Dir(e.path); dir != "." {
		if err := d.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	err := d.t.parent.Link(from, to)
	if err == nil || errors.Is(err, syscall.EXDEV) { // a mount point: its content would be lost
		return err
	}
	switch e.info.Mode().Type() {
	case 0:
		return d.copyFile(from, e)
	case fs.ModeSymlink:
		goal, err := d.t.parent.Readlink(from)
		if err != nil {
			return err
		}
		return d.root.Symlink(goal, e.path)
	}
	return err
}

func (d *draft) copyFile(from string, e entry) error {
	in, err := d.t.parent.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := d.root.OpenFile(e.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return d.dress(e)
}

// dress gives a carried file or folder the mode and time that it had.
func (d *draft) dress(e entry) error {
	const kept = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	if err := d.root.Chmod(e.path, e.info.Mode()&kept); err != nil {
		return err
	}
	return d.root.Chtimes(e.path, e.info.ModTime(), e.info.ModTime())
}
