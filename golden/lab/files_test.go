//go:build lab

package lab

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// kept is a file as somebody finds it from outside.
type kept struct {
	text  string
	mode  fs.FileMode
	owner string
}

// files are the regular files in some folders of a node, by their paths. A folder that
// is not there has none.
func (n *node) files(folders ...string) (map[string]kept, error) {
	lines := `set --
for folder in ` + strings.Join(folders, " ") + `; do [ ! -e "/$folder" ] || set -- "$@" "$folder"; done
[ $# -gt 0 ] || set -- --files-from=/dev/null
tar -C / --numeric-owner -cf - "$@"`
	out, err := n.shell(lines)
	if err != nil {
		return nil, err
	}
	list := map[string]kept{}
	for r := tar.NewReader(strings.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", n.Name, h.Name, err)
		}
		list["/"+h.Name] = kept{string(data), h.FileInfo().Mode(), fmt.Sprintf("%d:%d", h.Uid, h.Gid)}
	}
}

// precious are the folders in which no byte may be lost. What etcd keeps is looked at in
// another way: it writes until it ends.
func precious() []string {
	return []string{"etc/clearwater", "etc/chronos", "etc/cassandra", "var/lib/cassandra"}
}

// remember keeps what is on every live node, and puts etcd's data and Clearwater's files
// aside there, for whoever puts something back.
func (s *labSite) remember() error {
	return each(s.live(), func(n *node) (err error) {
		if _, err := n.shell(`mkdir -p /etc/lab/original/var/lib /etc/lab/original/etc
cp -a --sparse=always /var/lib/clearwater-etcd /etc/lab/original/var/lib/
for folder in /etc/clearwater /etc/chronos; do [ ! -d "$folder" ] || cp -a "$folder" /etc/lab/original/etc/; done`); err != nil {
			return err
		}
		n.before, err = n.files(precious()...)
		return err
	})
}
