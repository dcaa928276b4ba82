package golden_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"requorum/model/diag"
	"requorum/model/inventory"
)

// TestInvalid parses every inventory in golden/invalid and compares all that
// is said about it. An archive holds pairs of NAME.yaml and NAME.want, and the
// files that the inventories name. What txtar cannot hold stands in
// NAME.quoted; see unquoteLines.
func TestInvalid(t *testing.T) {
	for _, name := range invalidArchives(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a := openInvalid(t, name)
			for _, file := range slices.Sorted(maps.Keys(a.files)) {
				if stem, ok := strings.CutSuffix(file, ".yaml"); ok {
					a.compare(stem+".want", a.report(file))
				}
			}
			a.save()
		})
	}
}

// TestInvalidCodes proves that every code that Parse explains is shown in some
// case, and that every code shown is explained.
func TestInvalidCodes(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^\S+: error: .* \[([a-z0-9-]+)\]$`)
	shown := map[string]bool{}
	for _, name := range invalidArchives(t) {
		for _, file := range openInvalid(t, name).archive.Files {
			if !strings.HasSuffix(file.Name, ".want") {
				continue
			}
			for _, match := range heading.FindAllSubmatch(file.Data, -1) {
				shown[string(match[1])] = true
			}
		}
	}
	explained := map[string]bool{}
	for _, code := range inventory.Codes() {
		explained[code.ID] = true
	}
	if diff := cmp.Diff(explained, shown); diff != "" {
		t.Errorf("codes explained (-) and codes shown in golden/invalid (+):\n%s", diff)
	}
}

func invalidArchives(t *testing.T) []string {
	names, err := filepath.Glob("invalid/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives in golden/invalid: %v", err)
	}
	return names
}

// invalidArchive is one file of golden/invalid.
type invalidArchive struct {
	t       *testing.T
	name    string
	archive *txtar.Archive
	files   map[string][]byte // as the inventories see them
}

func openInvalid(t *testing.T, name string) *invalidArchive {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a := &invalidArchive{t, name, archive, map[string][]byte{}}
	for _, file := range archive.Files {
		if plain, quoted := strings.CutSuffix(file.Name, ".quoted"); quoted {
			a.files[plain] = unquoteLines(t, file.Data)
		} else {
			a.files[file.Name] = file.Data
		}
	}
	return a
}

// unquoteLines reads Go string literals, one a line. A number before a literal
// repeats it: 1000 "a: 1\n".
func unquoteLines(t *testing.T, data []byte) []byte {
	repeated := regexp.MustCompile(`^(?:(\d+) )?(".*")$`)
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		parts := repeated.FindStringSubmatch(strings.TrimSpace(line))
		if parts == nil {
			t.Fatalf("not a quoted line: %s", line)
		}
		text, err := strconv.Unquote(parts[2])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		times := 1
		if parts[1] != "" {
			times, _ = strconv.Atoi(parts[1])
		}
		out.WriteString(strings.Repeat(text, times))
	}
	return out.Bytes()
}

// report parses one inventory and returns the text form of what is wrong. Only
// the inventory is shown: shared_config may hold secrets.
func (a *invalidArchive) report(file string) []byte {
	d, findings := inventory.Parse(file, a.files[file], a.read)
	if d != nil || !findings.HasErrors() {
		a.t.Errorf("%s: accepted", file)
	}
	return a.text(findings, map[string][]byte{file: a.files[file]})
}

func (a *invalidArchive) read(path string) ([]byte, error) {
	content, ok := a.files[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return content, nil
}

// text keeps the first and the last of very many findings.
func (a *invalidArchive) text(findings diag.List, sources map[string][]byte) []byte {
	const many, kept = 100, 3
	var out bytes.Buffer
	write := func(l diag.List) {
		if err := diag.WriteText(&out, l, sources, false); err != nil {
			a.t.Fatal(err)
		}
	}
	if len(findings) <= many {
		write(findings)
		return out.Bytes()
	}
	write(findings[:kept])
	fmt.Fprintf(&out, "(%d findings are not kept in this file)\n", len(findings)-2*kept)
	write(findings[len(findings)-kept:])
	return out.Bytes()
}

// compare checks one file of the archive, or replaces it under -update.
func (a *invalidArchive) compare(name string, got []byte) {
	at := slices.IndexFunc(a.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if at < 0 {
		at = len(a.archive.Files)
		a.archive.Files = append(a.archive.Files, txtar.File{Name: name})
	}
	if *update {
		a.archive.Files[at].Data = got
		return
	}
	if diff := cmp.Diff(string(a.archive.Files[at].Data), string(got)); diff != "" {
		a.t.Errorf("%s %s (-want +got; -update writes the file anew):\n%s", a.name, name, diff)
	}
}

func (a *invalidArchive) save() {
	if !*update {
		return
	}
	if err := os.WriteFile(a.name, txtar.Format(a.archive), 0o644); err != nil {
		a.t.Fatal(err)
	}
}
