package render

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"requorum/model/diag"
)

// smallTree is a template tree with one template of each sort.
func smallTree() fstest.MapFS {
	return fstest.MapFS{
		"lib/report.sh":            {Data: []byte("say() { :; }\n")},
		"node/head.sh.tmpl":        {Data: []byte("#!/bin/bash\n")},
		"runbook/RUNBOOK.md.tmpl":  {Data: []byte("# Runbook\n")},
		"example/inventory.yaml":   {Data: []byte("version: 1\n")},
		"runbook/parts/table.tmpl": {Data: []byte("| a |\n")},
	}
}

// openOnce fails a test that opens what cannot be read: a pipe would wait.
type openOnce struct {
	fstest.MapFS
	t *testing.T
}

func (f openOnce) Open(name string) (fs.File, error) {
	if file := f.MapFS[name]; file != nil && !file.Mode.IsRegular() && !file.Mode.IsDir() && file.Mode.Type() != fs.ModeSymlink {
		f.t.Errorf("%s is opened", name)
	}
	return f.MapFS.Open(name)
}

// Stat does not open.
func (f openOnce) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }

func TestOverlay(t *testing.T) {
	tests := []struct {
		name    string
		overlay fstest.MapFS
		want    string // "code file" of each finding
	}{
		{"files", fstest.MapFS{"lib/report.sh": {}, "runbook/parts/table.tmpl": {}}, ""},
		{"nothing", fstest.MapFS{}, ""},
		{"empty folder of the tree", fstest.MapFS{"runbook/parts": {Mode: fs.ModeDir}}, ""},
		{"unknown file", fstest.MapFS{"lib/reprot.sh": {}}, "unknown-template own/lib/reprot.sh"},
		{"unknown file at the top", fstest.MapFS{"report.sh": {}}, "unknown-template own/report.sh"},
		{"unknown folder, once", fstest.MapFS{"bil/report.sh": {}, "bil/deep/text.sh": {}}, "unknown-template own/bil"},
		{"empty unknown folder", fstest.MapFS{"lib/report": {Mode: fs.ModeDir}}, "unknown-template own/lib/report"},
		{"starter inventory", fstest.MapFS{"example/inventory.yaml": {}}, "unknown-template own/example"},
		{"folder for a template", fstest.MapFS{"lib/report.sh/x": {}}, "unfit-template own/lib/report.sh"},
		{"template for a folder", fstest.MapFS{"lib": {}}, "unfit-template own/lib"},
		{"pipe", fstest.MapFS{"lib/report.sh": {Mode: fs.ModeNamedPipe}}, "unfit-template own/lib/report.sh"},
		{"socket", fstest.MapFS{"lib/report.sh": {Mode: fs.ModeSocket}}, "unfit-template own/lib/report.sh"},
		{"device", fstest.MapFS{"lib/report.sh": {Mode: fs.ModeDevice | fs.ModeCharDevice}}, "unfit-template own/lib/report.sh"},
		{"unknown pipe", fstest.MapFS{"lib/reprot.sh": {Mode: fs.ModeNamedPipe}}, "unknown-template own/lib/reprot.sh"},
		{"several", fstest.MapFS{"lib/x.sh": {}, "lib/report.sh": {Mode: fs.ModeNamedPipe}, "node/head.sh.tmpl": {}},
			"unfit-template own/lib/report.sh, unknown-template own/lib/x.sh"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, findings, err := New(smallTree(), openOnce{test.overlay, t}, "own/")
			if err != nil {
				t.Fatal(err)
			}
			if got := placesOf(findings); got != test.want {
				t.Errorf("findings %q, want %q", got, test.want)
			}
			if (r == nil) != (test.want != "") {
				t.Errorf("renderer: %v", r != nil)
			}
		})
	}
}

func placesOf(l diag.List) string {
	var out []string
	for _, d := range l {
		out = append(out, d.Code+" "+d.File)
	}
	return strings.Join(out, ", ")
}

// TestOverlayLinks has symbolic links on a disk, where os.Root refuses those
// that lead out.
func TestOverlayLinks(t *testing.T) {
	tests := []struct{ name, goal, want string }{
		{"to a file", "../node/head.sh.tmpl", ""},
		{"to a folder", "../node", "unfit-template own/lib/report.sh"},
		{"to nowhere", "nowhere", "unfit-template own/lib/report.sh"},
		{"to itself", "report.sh", "unfit-template own/lib/report.sh"},
		{"out of the overlay", "../../outside", "unfit-template own/lib/report.sh"},
		{"to a device", "/dev/zero", "unfit-template own/lib/report.sh"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "outside"), "say() { :; }\n")
			own := filepath.Join(dir, "own")
			write(t, filepath.Join(own, "node", "head.sh.tmpl"), "#!/bin/bash\n")
			if err := os.Mkdir(filepath.Join(own, "lib"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(test.goal, filepath.Join(own, "lib", "report.sh")); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(own)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			_, findings, err := New(smallTree(), root.FS(), "own")
			if err != nil {
				t.Fatal(err)
			}
			if got := placesOf(findings); got != test.want {
				t.Errorf("findings %q, want %q", got, test.want)
			}
		})
	}
}
