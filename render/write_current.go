package render

import (
	"encoding/hex"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// differs compares a standing bundle with the new one by checksum. current
// means that there is nothing to write; edited lists what was changed after
// the old render and would be lost.
func (b *Bundle) differs(t *target, old *standing) (current bool, edited []string, err error) {
	if old.state != bundleFolder {
		return false, nil, nil
	}
	root, err := t.parent.OpenRoot(t.name)
	if err != nil {
		return false, nil, t.unreadable(err)
	}
	defer root.Close()
	have, err := sums(root, old)
	if err != nil {
		return false, nil, t.unreadable(err)
	}
	current = true
	for _, path := range union(b.Files, old) {
		e, _ := old.present(path)
		f, wanted := b.File(path)
		want := ""
		if wanted {
			s := f.Sum()
			want = hex.EncodeToString(s[:])
		}
		same := wanted && have[path] == want && executable(e, f)
		current = current && same
		if e.listed && path != ChecksumsPath && have[path] != want && have[path] != old.listed[path] {
			edited = append(edited, path)
		}
	}
	return current, edited, nil
}

// sums hashes what is there of the files that a render made, on all cores. A
// thing that is no file has the empty sum.
func sums(root *os.Root, old *standing) (map[string]string, error) {
	var (
		g    errgroup.Group
		lock sync.Mutex
		out  = map[string]string{}
	)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, e := range old.entries {
		if !e.listed || !e.info.Mode().IsRegular() {
			continue
		}
		g.Go(func() error {
			s, err := sumOf(root, e.path)
			lock.Lock()
			defer lock.Unlock()
			out[e.path] = s
			return err
		})
	}
	return out, g.Wait()
}
