package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"requorum/model/diag"
)

// sample makes a bundle with scripts for the given nodes; text stands in every
// file.
func sample(text string, nodes ...string) *Bundle {
	b := &Bundle{ID: "0123456789ab"}
	for _, n := range nodes {
		b.Files = append(b.Files, File{Path: "nodes/" + n + ".sh", Mode: scriptMode,
			Parts: [][]byte{[]byte("#!/bin/bash\n"), []byte("echo " + n + " " + text + "\n")}})
	}
	b.Files = append(b.Files,
		File{Path: "RUNBOOK.md", Mode: textMode, Parts: [][]byte{[]byte("# " + text + "\n")}},
		File{Path: "plan.json", Mode: textMode, Parts: [][]byte{[]byte("{}\n")}})
	b.seal()
	return b
}

// must writes a bundle that may be written.
func must(t *testing.T, b *Bundle, dir string) (Outcome, diag.List) {
	t.Helper()
	outcome, findings, err := b.Write(t.Context(), dir)
	if err != nil || findings.HasErrors() {
		t.Fatalf("Write: %v %v", findings, err)
	}
	return outcome, findings
}

// tree describes a folder and everything in it: mode, and content or goal.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		fmt.Fprintf(&b, "%s %s", info.Mode(), filepath.ToSlash(rel))
		switch info.Mode().Type() {
		case 0:
			src, err := os.ReadFile(p)
			fmt.Fprintf(&b, " %q %v", src, err)
		case fs.ModeSymlink:
			goal, err := os.Readlink(p)
			fmt.Fprintf(&b, " -> %s %v", goal, err)
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// fresh is the tree of a bundle that is written where nothing was.
func fresh(t *testing.T, b *Bundle) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fresh")
	must(t, b, dir)
	return tree(t, dir)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// alone fails unless dir is the only thing in its folder.
func alone(t *testing.T, dir string) {
	t.Helper()
	names, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(names) > 1 {
		t.Errorf("beside %s: %v %v", dir, names, err)
	}
}

func codes(l diag.List) string {
	var out []string
	for _, d := range l {
		out = append(out, fmt.Sprintf("%s %s %s", d.Severity, d.Code, filepath.Base(d.File)))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestWriteWhereNothingIs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	outcome, findings := must(t, sample("one", "a-1"), dir)
	if outcome != Written || len(findings) > 0 {
		t.Errorf("%s %v", outcome, findings)
	}
	want := `drwxr-xr-x .
-rw-r--r-- RUNBOOK.md "# one\n" <nil>
-rw-r--r-- SHA256SUMS`
	if got := tree(t, dir); !strings.HasPrefix(got, want) || !strings.Contains(got, "-rwxr-xr-x nodes/a-1.sh") {
		t.Errorf("tree:\n%s", got)
	}
	alone(t, dir)
}

func TestWriteIntoEmptyFolderKeepsItsMode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if outcome, _ := must(t, sample("one", "a-1"), dir); outcome != Written {
		t.Errorf("outcome %s", outcome)
	}
	if outcome, _ := must(t, sample("two", "a-1"), dir); outcome != Replaced {
		t.Errorf("outcome %s", outcome)
	}
	if got := tree(t, dir); !strings.HasPrefix(got, "drwx------ .\n") || !strings.Contains(got, "# two") {
		t.Errorf("tree:\n%s", got)
	}
	alone(t, dir)
}

func TestWriteThroughSymbolicLink(t *testing.T) {
	real, link := filepath.Join(t.TempDir(), "real"), filepath.Join(t.TempDir(), "link")
	must(t, sample("one", "a-1"), real)
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	must(t, sample("two", "a-1"), link)
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is gone: %v %v", info, err)
	}
	if got, want := tree(t, real), fresh(t, sample("two", "a-1")); got != want {
		t.Errorf("tree:\n%s", got)
	}
}

func TestWriteUnchangedTouchesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1"), dir)
	write(t, filepath.Join(dir, "notes.txt"), "mine")
	before := stats(t, dir)
	outcome, findings := must(t, sample("one", "a-1"), dir)
	if outcome != Unchanged || codes(findings) != "warning foreign-file notes.txt" {
		t.Errorf("%s\n%s", outcome, codes(findings))
	}
	for path, info := range stats(t, dir) {
		if !os.SameFile(info, before[path]) || !info.ModTime().Equal(before[path].ModTime()) {
			t.Errorf("%s was touched", path)
		}
	}
}

func stats(t *testing.T, dir string) map[string]fs.FileInfo {
	t.Helper()
	out := map[string]fs.FileInfo{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			out[p], err = os.Lstat(p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWriteReplacesWhatRendersMadeAndNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1", "a-2", "a-3"), dir)
	plain := fresh(t, sample("two", "a-2", "a-3", "a-4"))

	foreign := []string{"notes.txt", "nodes/own.sh", "photos/rack.jpg", "photos/deep/er.jpg"}
	for i, f := range foreign {
		path := filepath.Join(dir, f)
		write(t, path, f)
		old := time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := errors.Join(os.Chmod(path, 0o640), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "RUNBOOK.md"), "with notes in the margin")
	if err := os.Remove(filepath.Join(dir, "nodes/a-2.sh")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "nodes/a-2.sh")); err != nil {
		t.Fatal(err)
	}
	folderTime := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "photos"), folderTime, folderTime); err != nil {
		t.Fatal(err)
	}
	before := stats(t, dir)

	outcome, findings := must(t, sample("two", "a-2", "a-3", "a-4"), dir)
	want := `warning edited-file RUNBOOK.md
warning edited-file a-2.sh
warning foreign-file link
warning foreign-file notes.txt
warning foreign-file own.sh
warning foreign-file photos`
	if got := codes(findings); outcome != Replaced || got != want {
		t.Errorf("%s\n%s", outcome, got)
	}
	after := stats(t, dir)
	for _, f := range append(foreign, "link", "photos", "photos/deep") {
		was, is := before[filepath.Join(dir, f)], after[filepath.Join(dir, f)]
		if is == nil || is.Mode() != was.Mode() || !is.ModTime().Equal(was.ModTime()) {
			t.Errorf("%s: %v, was %v", f, is, was)
		}
		if is != nil && !is.IsDir() && !os.SameFile(was, is) {
			t.Errorf("%s is another file", f)
		}
	}
	for _, f := range []string{"notes.txt", "nodes/own.sh", "photos", "link"} {
		if err := os.RemoveAll(filepath.Join(dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	if got := tree(t, dir); got != plain {
		t.Errorf("without the foreign files:\n%s\nwant:\n%s", got, plain)
	}
	alone(t, dir)
}

func TestWriteTrustsNoPathThatNoRenderMakes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1"), dir)
	victim := filepath.Join(filepath.Dir(dir), "victim")
	write(t, victim, "precious")
	write(t, filepath.Join(dir, "notes.md"), "mine")
	list := filepath.Join(dir, ChecksumsPath)
	src, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("0", 64)
	write(t, list, string(src)+zeros+"  ../victim\n"+zeros+"  notes.md\n"+zeros+"  /etc/passwd\n")
	_, findings := must(t, sample("two", "a-1"), dir)
	if got := codes(findings); got != "warning foreign-file notes.md" {
		t.Errorf("findings:\n%s", got)
	}
	for _, f := range []string{victim, filepath.Join(dir, "notes.md")} {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
	}
}

func TestWriteRefusals(t *testing.T) {
	tests := map[string]struct {
		prepare func(dir string) error
		want    string
	}{
		"something else": {func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644))
		}, "error not-a-bundle out"},
		"foreign checksums": {func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, ChecksumsPath), []byte(strings.Repeat("0", 64)+"  disk.iso\n"), 0o644))
		}, "error not-a-bundle out"},
		"checksums that are none": {func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, ChecksumsPath), []byte("hello\n"), 0o644))
		}, "error not-a-bundle out"},
		"checksums that are a folder": {func(dir string) error {
			return os.MkdirAll(filepath.Join(dir, ChecksumsPath), 0o755)
		}, "error not-a-bundle out"},
		"file": {func(dir string) error {
			return os.WriteFile(dir, []byte("x"), 0o644)
		}, "error unfit-target out"},
		"dangling link": {func(dir string) error {
			return os.Symlink("nowhere", dir)
		}, "error unfit-target out"},
		"foreign script in the way": {bundleAnd(func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "nodes/a-2.sh"), []byte("own"), 0o644)
		}), "error in-the-way a-2.sh"},
		"folder in the way": {bundleAnd(func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "plan.json")), os.MkdirAll(filepath.Join(dir, "plan.json/x"), 0o755))
		}), "error in-the-way plan.json"},
		"link for a folder": {bundleAnd(func(dir string) error {
			return errors.Join(os.Rename(filepath.Join(dir, "nodes"), filepath.Join(dir, "nodes-old")), os.Symlink("nodes-old", filepath.Join(dir, "nodes")))
		}), "error in-the-way nodes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			if err := test.prepare(dir); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			outcome, findings, err := sample("two", "a-1", "a-2").Write(t.Context(), dir)
			if err != nil || outcome != "" || codes(findings) != test.want {
				t.Errorf("%q %v\n%s", outcome, err, codes(findings))
			}
			if after := tree(t, dir); after != before {
				t.Errorf("touched:\n%s\nwas:\n%s", after, before)
			}
			alone(t, dir)
		})
	}
}

func bundleAnd(then func(string) error) func(string) error {
	return func(dir string) error {
		_, _, err := sample("one", "a-1").Write(context.Background(), dir)
		return errors.Join(err, then(dir))
	}
}

func TestWriteRefusesWhereItStands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1"), dir)
	before := tree(t, dir)
	t.Chdir(filepath.Join(dir, "nodes"))
	for _, name := range []string{".", "..", dir, "/"} {
		_, findings, err := sample("two", "a-1").Write(t.Context(), name)
		if err != nil || len(findings) != 1 || findings[0].Code != "unfit-target" {
			t.Errorf("%s: %v %v", name, findings, err)
		}
	}
	if after := tree(t, dir); after != before {
		t.Errorf("touched:\n%s", after)
	}
}

func TestWriteNeedsAParent(t *testing.T) {
	_, findings, err := sample("one", "a-1").Write(t.Context(), filepath.Join(t.TempDir(), "no", "out"))
	if err == nil || !strings.Contains(err.Error(), "there is no folder") {
		t.Errorf("%v %v", findings, err)
	}
}

func TestWriteInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1"), dir)
	before := tree(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := sample("two", "a-1").Write(ctx, dir)
	if err == nil || !strings.HasSuffix(err.Error(), "interrupted; it is as it was") {
		t.Errorf("error %v", err)
	}
	if after := tree(t, dir); after != before {
		t.Errorf("touched:\n%s", after)
	}
	alone(t, dir)
}

func TestWriteTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "templates")
	files := []File{{Path: "lib/x.sh", Mode: textMode, Parts: [][]byte{[]byte("x")}}}
	if findings, err := WriteTree(t.Context(), dir, files); err != nil || len(findings) > 0 {
		t.Fatalf("%v %v", findings, err)
	}
	before := tree(t, dir)
	if before != "drwxr-xr-x .\ndrwxr-xr-x lib\n-rw-r--r-- lib/x.sh \"x\" <nil>\n" {
		t.Errorf("tree:\n%s", before)
	}
	findings, err := WriteTree(t.Context(), dir, files)
	if err != nil || codes(findings) != "error not-empty templates" || tree(t, dir) != before {
		t.Errorf("again: %v %v", findings, err)
	}
}
