package golden_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"requorum/render/rehearse/site"
)

// program is what the imaginary site has in the file of each program.
const program = "#!\n"

// disk is the files of an imaginary node on a real disk, in a root in which bash sees
// them. A program there is a link to the stub. Times of files are not kept: no command
// of the site looks at them.
type disk struct {
	root   string
	stub   string
	linked fs.FileInfo // of the stub
	hidden []string    // paths that belong to the harness
}

func (d *disk) full(p string) string { return filepath.Join(d.root, p) }

func (d *disk) Get(p string) (site.File, bool) {
	info, err := os.Lstat(d.full(p))
	if err != nil {
		return site.File{}, false
	}
	f := site.File{Mode: info.Mode() & (fs.ModeDir | fs.ModeSymlink | fs.ModePerm), Owner: "root"}
	switch {
	case info.IsDir():
	case f.Mode&fs.ModeSymlink != 0:
		f.Data, err = os.Readlink(d.full(p))
	case os.SameFile(info, d.linked):
		f.Data = program
	default:
		var text []byte
		text, err = os.ReadFile(d.full(p))
		f.Data = string(text)
	}
	return f, err == nil
}

func (d *disk) Put(p string, f site.File) error {
	old, there := d.Get(p)
	if there && (old.Mode.Type() != f.Mode.Type() || old.Data == program || f.Data == program || f.Mode&fs.ModeSymlink != 0) {
		if err := os.Remove(d.full(p)); err != nil { // what is written must not get into the stub through a link
			return err
		}
	}
	switch {
	case f.Mode&fs.ModeSymlink != 0:
		return os.Symlink(f.Data, d.full(p))
	case f.Mode.IsDir():
		if err := os.Mkdir(d.full(p), f.Mode.Perm()); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case f.Data == program:
		return os.Link(d.stub, d.full(p))
	default:
		if err := os.WriteFile(d.full(p), []byte(f.Data), f.Mode.Perm()); err != nil {
			return err
		}
	}
	return os.Chmod(d.full(p), f.Mode.Perm()) // whatever the umask
}

func (d *disk) Remove(p string) error { return os.Remove(d.full(p)) }

func (d *disk) List(dir string) []string {
	var names []string
	entries, _ := os.ReadDir(d.full(dir)) // what is no folder has nothing in it
	for _, e := range entries {
		if !slices.Contains(d.hidden, path.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names
}

// allPaths lists all paths of a node, parents first.
func allPaths(files site.Files, dir string) []string {
	var list []string
	for _, name := range files.List(dir) {
		p := path.Join(dir, name)
		list = append(list, p)
		if f, _ := files.Get(p); f.Mode.IsDir() {
			list = append(list, allPaths(files, p)...)
		}
	}
	return list
}

// equalise makes one the same as the other, where it is not yet.
func equalise(to, from site.Files) error {
	for _, p := range slices.Backward(allPaths(to, "/")) {
		if _, there := from.Get(p); !there {
			if err := to.Remove(p); err != nil {
				return err
			}
		}
	}
	for _, p := range allPaths(from, "/") {
		f, _ := from.Get(p)
		if g, there := to.Get(p); there && sameFile(f, g) {
			continue
		}
		if err := to.Put(p, f); err != nil {
			return err
		}
	}
	return nil
}

func sameFile(f, g site.File) bool { return f.Data == g.Data && f.Mode == g.Mode }

// differentFiles lists what is not the same in the files of two nodes.
func differentFiles(a, b site.Files) []string {
	paths := slices.Concat(allPaths(a, "/"), allPaths(b, "/"))
	slices.Sort(paths)
	var list []string
	for _, p := range slices.Compact(paths) {
		f, inA := a.Get(p)
		g, inB := b.Get(p)
		if inA != inB || !sameFile(f, g) {
			list = append(list, p+": "+clip(f.Mode.String()+" "+f.Data)+" | "+clip(g.Mode.String()+" "+g.Data))
		}
	}
	return list
}

func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 300)], "?")
}
