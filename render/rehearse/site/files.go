package site

import (
	"errors"
	"hash/maphash"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// File is a file, a folder or a symbolic link of a node.
type File struct {
	Mode  fs.FileMode // with fs.ModeDir or fs.ModeSymlink where it is one
	Owner string
	Time  time.Duration // of its last change
	Data  string        // of a link, what it points to
}

// Files is what a node has on its disks, by cleaned absolute paths. Errors are
// those of the syscall package.
type Files interface {
	// Get gives a file; links are not followed.
	Get(path string) (File, bool)
	// Put makes or replaces a file; the folder must be there.
	Put(path string, f File) error
	// Remove takes a file or an empty folder away.
	Remove(path string) error
	// List gives the names in a folder, sorted.
	List(path string) []string
}

var (
	errNoFile  = errors.New("No such file or directory")
	errNoDir   = errors.New("Not a directory")
	errNoSpace = errors.New("No space left on device")
	errIsDir   = errors.New("Is a directory")
	errNotVoid = errors.New("Directory not empty")
	errExists  = errors.New("File exists")
)

// memory is Files in memory. A copy shares the files until one of the two changes
// any.
type memory struct {
	files  map[string]*File
	shared atomic.Bool // copies of one moment are taken side by side
	sum    uint64      // of all that steers a recovery; kept up to date by each change
}

func newMemory() *memory { return &memory{files: map[string]*File{"/": {Mode: fs.ModeDir | 0o755}}} }

func (m *memory) clone() *memory {
	m.shared.Store(true)
	c := &memory{files: m.files, sum: m.sum}
	c.shared.Store(true)
	return c
}

func (m *memory) own() {
	if m.shared.Load() {
		m.files = maps.Clone(m.files)
		m.shared.Store(false)
	}
}

func (m *memory) Get(p string) (File, bool) {
	f, ok := m.files[p]
	if !ok {
		return File{}, false
	}
	return *f, true
}

func (m *memory) Put(p string, f File) error {
	parent, ok := m.files[path.Dir(p)]
	if !ok {
		return errNoFile
	}
	if !parent.Mode.IsDir() {
		return errNoDir
	}
	m.own()
	m.weigh(p)
	m.files[p] = &f
	m.weigh(p)
	return nil
}

func (m *memory) Remove(p string) error {
	f, ok := m.files[p]
	if !ok {
		return errNoFile
	}
	if f.Mode.IsDir() && len(m.List(p)) > 0 {
		return errNotVoid
	}
	m.own()
	m.weigh(p)
	delete(m.files, p)
	return nil
}

func (m *memory) List(dir string) []string {
	var names []string
	prefix := strings.TrimSuffix(dir, "/") + "/"
	for p := range m.files { // in any order: sorted below
		if rest, ok := strings.CutPrefix(p, prefix); ok && rest != "" && !strings.Contains(rest, "/") {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}

// sumSeed makes sums of one process comparable with each other, and with no others.
var sumSeed = maphash.MakeSeed()

// records are folders of what was done, and of what runs; no stage is steered by what
// is in them.
var records = []string{"/var/log/", "/var/run/", "/var/backups/requorum/"}

// begunNote stands among the records, and steers.
const begunNote = "/var/backups/requorum/begun"

// weigh adds a file to the sum, or takes it out again.
func (m *memory) weigh(p string) {
	f, ok := m.files[p]
	if !ok || isRecord(p) {
		return
	}
	var h maphash.Hash
	h.SetSeed(sumSeed)
	h.WriteString(p)
	h.WriteByte(0)
	h.WriteString(f.Mode.String())
	h.WriteString(f.Owner)
	h.WriteByte(0)
	if !strings.HasSuffix(p, "/member/snap/db") { // which store it is counts with the node's etcd
		h.WriteString(f.Data)
	}
	m.sum ^= h.Sum64()
}

// Read gives the content of a file, through links.
func (n *Node) Read(p string) (string, error) {
	f, ok := n.Stat(p)
	if !ok {
		return "", errNoFile
	}
	if f.Mode.IsDir() {
		return "", errIsDir
	}
	return f.Data, nil
}

// Stat gives a file, through links.
func (n *Node) Stat(p string) (File, bool) {
	f, ok := n.Files.Get(n.resolve(p))
	return f, ok
}

// resolve follows a link in the last place of a path.
func (n *Node) resolve(p string) string {
	p = path.Clean(p)
	for range 8 {
		f, ok := n.Files.Get(p)
		if !ok || f.Mode&fs.ModeSymlink == 0 {
			return p
		}
		if path.IsAbs(f.Data) {
			p = path.Clean(f.Data)
		} else {
			p = path.Join(path.Dir(p), f.Data)
		}
	}
	return p
}

// Exists reports whether there is anything at a path.
func (n *Node) Exists(p string) bool {
	_, ok := n.Files.Get(path.Clean(p))
	return ok
}

// write replaces the content of a file and keeps its mode and owner, or makes a
// new one. On a full disk it leaves a file that is empty, as a shell does.
func (n *Node) write(s *Site, p, data string, mode fs.FileMode) error {
	p = n.resolve(p)
	f, ok := n.Files.Get(p)
	if ok && f.Mode.IsDir() {
		return errIsDir
	}
	if !ok {
		f = File{Mode: mode, Owner: "root"}
	}
	var full error
	if n.full(p) && len(data) > 0 {
		full, data = errNoSpace, ""
	}
	f.Data, f.Time = data, s.Now
	if err := n.Files.Put(p, f); err != nil {
		return err
	}
	return full
}

// full reports whether the disk that a path is on has no room. /var/run is not on
// the disk.
func (n *Node) full(p string) bool { return n.Full && !strings.HasPrefix(p, "/var/run/") }

// mkdirs makes a folder and those above it.
func (n *Node) mkdirs(s *Site, p string, mode fs.FileMode) error {
	p = path.Clean(p)
	if f, ok := n.Stat(p); ok {
		if !f.Mode.IsDir() {
			return errExists
		}
		return nil
	}
	if err := n.mkdirs(s, path.Dir(p), 0o755); err != nil {
		return err
	}
	return n.Files.Put(p, File{Mode: fs.ModeDir | mode, Owner: "root", Time: s.Now})
}

// tree lists a path and everything below it, parents first.
func (n *Node) tree(p string) []string {
	f, ok := n.Files.Get(p)
	if !ok {
		return nil
	}
	list := []string{p}
	if f.Mode.IsDir() {
		for _, name := range n.Files.List(p) {
			list = append(list, n.tree(path.Join(p, name))...)
		}
	}
	return list
}

// removeAll takes a path and everything below it away.
func (n *Node) removeAll(p string) {
	list := n.tree(path.Clean(p))
	for _, q := range slices.Backward(list) {
		_ = n.Files.Remove(q) // it was there a moment ago
	}
}

// replace puts a file in place as Clearwater's managers do: whole, mode 0644.
func (n *Node) replace(s *Site, p, data string) {
	if n.full(p) || n.mkdirs(s, path.Dir(p), 0o755) != nil {
		return
	}
	_ = n.Files.Put(p, File{Mode: 0o644, Owner: "root", Time: s.Now, Data: data}) // the folder is there
}
