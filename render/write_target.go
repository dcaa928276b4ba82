package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"requorum/model/diag"
)

// target is the place where a folder is to stand: a name in a parent folder.
// Everything below the parent is reached through it, so that no symbolic link
// leads a write elsewhere.
type target struct {
	shown  string // as the user wrote it
	path   string // of the parent
	name   string // in the parent
	parent *os.Root
}

// problem is what a finding says.
type problem struct{ code, text, remedy string }

// openTarget finds the place that dir means; a symbolic link means the folder
// it leads to. It returns nil if nothing may be written there, with the reason.
func openTarget(dir string) (*target, diag.List, error) {
	t := &target{shown: dir}
	path, why, err := resolve(dir)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("cannot write %s: %w", dir, plain(err))
	case why != "":
		return nil, diag.List{t.finding("", problem{"unfit-target", why, "name a folder that may be replaced as a whole"})}, nil
	}
	t.path, t.name = filepath.Dir(path), filepath.Base(path)
	t.parent, err = os.OpenRoot(t.path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot write %s: %w", dir, err)
	}
	return t, nil, nil
}

func (t *target) close() { _ = t.parent.Close() } // it was only read through

func (t *target) exists() bool {
	_, err := t.parent.Lstat(t.name)
	return err == nil
}

// resolve gives the absolute path that dir means, free of symbolic links. why
// tells what is wrong with it as a place for a bundle.
func resolve(dir string) (path, why string, err error) {
	info, err := os.Stat(dir) // first: of links in a circle, EvalSymlinks tells nothing that errors.Is knows
	if errors.Is(err, fs.ErrNotExist) {
		return resolveAbsent(dir)
	}
	if err != nil {
		return "", "", err
	}
	if path, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", err
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	switch {
	case !info.IsDir():
		return "", "it is a file, and a bundle is a folder", nil
	case filepath.Dir(path) == path:
		return "", "the root folder cannot be replaced", nil
	}
	inside, err := holdsWorkingFolder(info)
	if inside {
		why = "it is the current folder, or holds it; replaced, it would vanish under you"
	}
	return path, why, err
}

func resolveAbsent(dir string) (path, why string, err error) {
	if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", "it is a symbolic link that leads nowhere", nil
	}
	clean := filepath.Clean(dir)
	parent, err := filepath.EvalSymlinks(filepath.Dir(clean))
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("there is no folder %s", filepath.Dir(clean))
	}
	if err != nil {
		return "", "", err
	}
	path, err = filepath.Abs(filepath.Join(parent, filepath.Base(clean)))
	return path, "", err
}

// holdsWorkingFolder reports whether the process stands in the folder or below
// it.
func holdsWorkingFolder(info fs.FileInfo) (bool, error) {
	here, err := filepath.Abs(".")
	if err != nil {
		return false, err
	}
	for {
		if i, err := os.Stat(here); err == nil && os.SameFile(i, info) {
			return true, nil
		}
		up := filepath.Dir(here)
		if up == here {
			return false, nil
		}
		here = up
	}
}

// finding is an error about a path in the target; the empty path is the target
// itself.
func (t *target) finding(path string, p problem) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Code: p.code, File: t.in(path), Text: p.text, Remedy: p.remedy}
}

func (t *target) warning(path string, p problem) diag.Diagnostic {
	d := t.finding(path, p)
	d.Severity = diag.Warning
	return d
}

// in is how the user would write a path in the target.
func (t *target) in(path string) string {
	if path == "" {
		return t.shown
	}
	return filepath.Join(t.shown, filepath.FromSlash(path))
}
