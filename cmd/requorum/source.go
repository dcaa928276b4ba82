package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"requorum/model/inventory"
)

// stdinName is what findings call standard input.
const stdinName = "<stdin>"

// readInput reads a file, or standard input for "-", but never more than one
// byte above the limit: enough for the reader to see that it is too much, and
// an end to what has none. shown is what findings call it.
func (s *session) readInput(name string, limit int) (src []byte, shown string, err error) {
	if name == "-" {
		src, err = io.ReadAll(io.LimitReader(s.stdin, int64(limit)+1))
		if err != nil {
			return nil, "", fmt.Errorf("cannot read standard input: %w", bare(err))
		}
		return src, stdinName, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", fmt.Errorf("cannot read %s: %w", name, bare(err))
	}
	defer f.Close()
	src, err = readAll(f, limit)
	if err != nil {
		return nil, "", fmt.Errorf("cannot read %s: %w", name, err)
	}
	return src, name, nil
}

func readAll(f *os.File, limit int) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, bare(err)
	}
	if info.IsDir() {
		return nil, errors.New("it is a folder, not a file")
	}
	src := make([]byte, 0, min(info.Size(), int64(limit))+1) // one read where the size is true
	for len(src) <= limit {
		if len(src) == cap(src) {
			src = append(src, 0)[:len(src)]
		}
		n, err := f.Read(src[len(src):min(cap(src), limit+1)])
		src = src[:len(src)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, bare(err)
		}
	}
	return src, nil
}

// openFolder opens a folder. It tells by itself that a name is none, since the
// opening of a pipe would wait.
func openFolder(name string) (*os.Root, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, bare(err)
	}
	if !info.IsDir() {
		return nil, errors.New("it is not a folder")
	}
	root, err := os.OpenRoot(name)
	return root, bare(err)
}

// named reads the files that an inventory names, from the inventory's folder
// and from nowhere else.
type named struct {
	folder string
	root   *os.Root // opened by the first read
}

// filesOf gives the files beside an inventory; those of standard input are
// beside the user.
func filesOf(name string) *named {
	if name == "-" {
		return &named{folder: "."}
	}
	return &named{folder: filepath.Dir(name)}
}

// read implements inventory.Files.
func (n *named) read(path string) ([]byte, error) {
	if n.root == nil {
		root, err := os.OpenRoot(n.folder)
		if err != nil {
			return nil, bare(err)
		}
		n.root = root
	}
	info, err := n.root.Stat(path)
	if err != nil {
		return nil, n.explain(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file") // opening a pipe would wait for its writer
	}
	f, err := n.root.Open(path)
	if err != nil {
		return nil, n.explain(path, err)
	}
	defer f.Close()
	return readAll(f, inventory.MaxFileSize)
}

// explain tells a file that os.Root refuses from one that cannot be read.
func (n *named) explain(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return bare(err)
	}
	if _, outside := os.Stat(filepath.Join(n.folder, path)); outside == nil {
		return errors.New("a symbolic link leads out of the folder of the inventory")
	}
	return bare(err)
}

func (n *named) close() {
	if n.root != nil {
		_ = n.root.Close() // it was only read through
	}
}
