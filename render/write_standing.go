package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// state says what stands at the place of a bundle.
type state int

const (
	absent state = iota
	emptyFolder
	bundleFolder // some render made it
	otherFolder
)

// standing is what was found at the place of a bundle.
type standing struct {
	state   state
	why     string            // for otherFolder: why it is no bundle
	mode    fs.FileMode       // of the folder
	listed  map[string]string // path to checksum, of what a render made; without SHA256SUMS itself
	entries []entry           // all there is, a folder before what it holds
	index   map[string]int    // path to place in entries
}

// entry is a file, folder or anything else in a standing folder.
type entry struct {
	path   string
	info   fs.FileInfo
	listed bool // a render made it, or it stands in the place of what a render made
}

// inspect looks at what stands at the target.
func (t *target) inspect() (*standing, error) {
	old := &standing{mode: 0o755}
	info, err := t.parent.Lstat(t.name)
	if errors.Is(err, fs.ErrNotExist) {
		return old, nil
	}
	if err != nil {
		return nil, t.unreadable(err)
	}
	old.mode = info.Mode()
	root, err := t.parent.OpenRoot(t.name)
	if err != nil {
		return nil, t.unreadable(err)
	}
	defer root.Close()
	if err := old.recognise(root); err != nil {
		return nil, t.unreadable(err)
	}
	if old.state == bundleFolder {
		err = old.walk(root)
	}
	return old, t.unreadable(err)
}

// recognise tells a bundle from anything else: a bundle has the list of its
// checksums, and the list names the runbook and the plan.
func (old *standing) recognise(root *os.Root) error {
	names, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		old.state = emptyFolder
		return nil
	}
	old.state = otherFolder
	info, err := root.Lstat(ChecksumsPath)
	if errors.Is(err, fs.ErrNotExist) {
		old.why = "the folder is not empty and not a bundle: it has no " + ChecksumsPath
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSums {
		old.why = "the folder is not a bundle: its " + ChecksumsPath + " is not a list of checksums"
		return nil
	}
	src, err := root.ReadFile(ChecksumsPath)
	if err != nil {
		return err
	}
	old.listed, old.why = parseSums(src)
	if old.why == "" {
		old.state = bundleFolder
	}
	return nil
}

// maxSums is far above the list of any bundle, and stops a read without end.
const maxSums = 64 << 20

// sumLine is a line of SHA256SUMS, and madePath a path that a render makes, now
// or in a later version.
var (
	sumLine  = regexp.MustCompile(`^([0-9a-f]{64})  (.+)$`)
	madePath = regexp.MustCompile(`^(RUNBOOK\.md|runbook\.html|plan\.json|nodes/[a-z0-9][a-z0-9-]*\.sh)$`)
)

// parseSums reads a SHA256SUMS. A path that no render makes, which somebody may
// have added to the list, is left out: its file is not requorum's to remove.
func parseSums(src []byte) (sums map[string]string, why string) {
	why = "the folder is not a bundle: its " + ChecksumsPath
	sums = map[string]string{}
	for line := range bytes.Lines(src) {
		m := sumLine.FindSubmatch(bytes.TrimSuffix(line, []byte("\n")))
		if m == nil {
			return nil, why + " has a line that is no checksum"
		}
		if p := string(m[2]); madePath.MatchString(p) {
			sums[p] = string(m[1])
		}
	}
	for _, p := range []string{"RUNBOOK.md", "plan.json"} {
		if sums[p] == "" {
			return nil, why + " does not list " + p
		}
	}
	return sums, ""
}

// walk lists what is there. It follows no symbolic link.
func (old *standing) walk(root *os.Root) error {
	old.index = map[string]int{}
	return fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		_, listed := old.listed[p]
		old.index[p] = len(old.entries)
		old.entries = append(old.entries, entry{p, info, (listed || p == ChecksumsPath) && !d.IsDir()})
		return nil
	})
}

// carried gives everything that no render made. A folder in which renders have
// put files is not among it.
func (old *standing) carried() []entry {
	made := map[string]bool{}
	for p := range old.listed { // in any order
		made[path.Dir(p)] = true
	}
	return slices.DeleteFunc(slices.Clone(old.entries), func(e entry) bool {
		return e.listed || e.info.IsDir() && made[e.path]
	})
}

// foreign is carried without what lies in a folder that is in it already.
func (old *standing) foreign() []entry {
	var list []entry
	inside := ""
	for _, e := range old.carried() {
		if inside != "" && strings.HasPrefix(e.path, inside) {
			continue
		}
		inside = ""
		if e.info.IsDir() {
			inside = e.path + "/"
		}
		list = append(list, e)
	}
	return list
}

// present finds the entry with a path.
func (old *standing) present(p string) (entry, bool) {
	i, found := old.index[p]
	if !found {
		return entry{}, false
	}
	return old.entries[i], true
}

// sumOf is the SHA-256 of a standing file, in hex.
func sumOf(root *os.Root, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
