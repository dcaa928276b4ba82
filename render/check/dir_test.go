package check_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"requorum/model/diag"
	"requorum/render/check"
)

// onDisk is a bundle as a folder.
func onDisk(r rendered) fstest.MapFS {
	m := fstest.MapFS{}
	for _, f := range r.bundle.Files {
		m[f.Path] = &fstest.MapFile{Data: f.Bytes(), Mode: f.Mode}
	}
	return m
}

func TestDir(t *testing.T) {
	r := renderWith(t, plan(t), map[string]string{"node/head.sh.tmpl": head + "PLAN={{sh .Plan}}\n"})
	runbook, _ := r.bundle.File("RUNBOOK.md")
	fresh := string(runbook.Bytes())
	original := renderedSums(r)
	cases := []struct {
		name string
		edit func(fstest.MapFS)
		want []string
	}{
		{"fresh", func(m fstest.MapFS) {}, nil},
		{"changed", func(m fstest.MapFS) { m["RUNBOOK.md"].Data = []byte(fresh + "x") },
			[]string{"out/SHA256SUMS:1:1: error: the file RUNBOOK.md is not the one that was rendered [changed-file]"}},
		{"missing", func(m fstest.MapFS) { delete(m, "plan.json") },
			[]string{"out/SHA256SUMS:7:1: error: the file plan.json is missing [missing-file]"}},
		{"left over", func(m fstest.MapFS) { m["nodes/old.sh"] = &fstest.MapFile{Data: []byte(begin + "true\n")} },
			[]string{"out/nodes/old.sh: error: the plan's id ID is missing [no-plan-id]", "out/nodes/old.sh: error: SHA256SUMS does not list the file [unlisted-part]"}},
		{"foreign", func(m fstest.MapFS) { m["notes/a.txt"] = &fstest.MapFile{Data: []byte("x")} },
			[]string{"out/notes/a.txt: warning: the folder holds a file that SHA256SUMS does not list [unlisted-file]"}},
		{"unlisted runbook", func(m fstest.MapFS) { unlist(m, "RUNBOOK.md") },
			[]string{"out/RUNBOOK.md: error: SHA256SUMS does not list the file [unlisted-part]"}},
		{"unlisted plan", func(m fstest.MapFS) { unlist(m, "plan.json") },
			[]string{"out/plan.json: error: SHA256SUMS does not list the file [unlisted-part]"}},
		{"unlisted script", func(m fstest.MapFS) { unlist(m, "nodes/bono-1.sh") },
			[]string{"out/nodes/bono-1.sh: error: SHA256SUMS does not list the file [unlisted-part]"}},
		{"neither there nor listed", func(m fstest.MapFS) {
			for _, path := range []string{"RUNBOOK.md", "nodes/bono-1.sh"} {
				delete(m, path)
				unlist(m, path)
			}
		}, []string{"out/RUNBOOK.md: error: the file RUNBOOK.md is missing [missing-file]",
			"out/nodes/bono-1.sh: error: the file nodes/bono-1.sh is missing [missing-file]"}},
		{"a script of another plan", func(m fstest.MapFS) { replacePlan(m, "nodes/bono-1.sh") },
			[]string{"out/nodes/bono-1.sh: error: the file is of plan 0123456789ab, and plan.json of ID [mixed-plans]"}},
		{"a runbook of another plan", func(m fstest.MapFS) { replacePlan(m, "RUNBOOK.md") },
			[]string{"out/RUNBOOK.md:1:1: error: the file is of plan 0123456789ab, and plan.json of ID [mixed-plans]"}},
		{"a runbook without a plan", func(m fstest.MapFS) {
			m["RUNBOOK.md"].Data = []byte(strings.Replace(fresh, "Plan "+r.bundle.ID, "", 1))
			relist(m)
		}, []string{"out/RUNBOOK.md: error: the plan's id ID is missing [no-plan-id]"}},
		{"no plan.json", func(m fstest.MapFS) { m["plan.json"].Data = []byte("x"); relist(m) },
			[]string{"out/plan.json: error: the plan's id is missing [no-plan-id]"}},
		{"checksums that are a pipe", func(m fstest.MapFS) { m["SHA256SUMS"].Mode = fs.ModeNamedPipe },
			[]string{"out/SHA256SUMS: error: SHA256SUMS is no plain file [not-a-file]"}},
		{"a pipe", func(m fstest.MapFS) { m["RUNBOOK.md"].Mode = fs.ModeNamedPipe },
			[]string{"out/SHA256SUMS:1:1: error: RUNBOOK.md is no plain file [not-a-file]"}},
		{"a link", func(m fstest.MapFS) {
			m["nodes/bono-1.sh"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("/dev/zero")}
		},
			[]string{"out/SHA256SUMS:2:1: error: nodes/bono-1.sh is no plain file [not-a-file]"}},
		{"an unlisted pipe", func(m fstest.MapFS) { m["nodes/old.sh"] = &fstest.MapFile{Mode: fs.ModeNamedPipe} },
			[]string{"out/nodes/old.sh: error: nodes/old.sh is no plain file [not-a-file]"}},
		{"a foreign pipe", func(m fstest.MapFS) { m["pipe"] = &fstest.MapFile{Mode: fs.ModeNamedPipe} },
			[]string{"out/pipe: warning: the folder holds a file that SHA256SUMS does not list [unlisted-file]"}},
		{"no checksums", func(m fstest.MapFS) { delete(m, "SHA256SUMS") },
			[]string{"out/SHA256SUMS: error: the folder has no SHA256SUMS [no-checksums]"}},
		{"edited script", func(m fstest.MapFS) {
			m["nodes/bono-1.sh"].Data = append(m["nodes/bono-1.sh"].Data, "rm -rf /etc\n"...)
		}, []string{
			"out/SHA256SUMS:2:1: error: the file nodes/bono-1.sh is not the one that was rendered [changed-file]",
			"out/nodes/bono-1.sh:LAST:8: error: rm may not write to or remove /etc [unlisted-target]"}},
	}
	for _, c := range cases {
		m := onDisk(r)
		m["SHA256SUMS"].Data = []byte(original)
		c.edit(m)
		list, err := check.Dir(m, "out")
		if err != nil {
			t.Fatal(err)
		}
		got := lines(list)
		for i := range c.want {
			c.want[i] = strings.ReplaceAll(c.want[i], " ID", " "+r.bundle.ID)
		}
		for i, g := range got {
			if f := m["nodes/bono-1.sh"]; f != nil && strings.HasPrefix(g, "out/nodes/bono-1.sh:") {
				got[i] = strings.Replace(g, ":"+itoa(strings.Count(string(f.Data), "\n"))+":", ":LAST:", 1)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// unlist takes a file out of SHA256SUMS.
func unlist(m fstest.MapFS, path string) {
	var kept strings.Builder
	for line := range strings.Lines(string(m["SHA256SUMS"].Data)) {
		if !strings.HasSuffix(line, "  "+path+"\n") {
			kept.WriteString(line)
		}
	}
	m["SHA256SUMS"].Data = []byte(kept.String())
}

// relist makes SHA256SUMS right again.
func relist(m fstest.MapFS) {
	var text strings.Builder
	for _, path := range slices.Sorted(maps.Keys(m)) {
		if path != "SHA256SUMS" {
			fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(m[path].Data), path)
		}
	}
	m["SHA256SUMS"].Data = []byte(text.String())
}

// replacePlan gives a file another plan's id, with the right checksum.
func replacePlan(m fstest.MapFS, path string) {
	m[path].Data = planID.ReplaceAll(m[path].Data, []byte("0123456789ab"))
	relist(m)
}

var planID = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

// A pipe on a real disk blocks whoever opens it.
func TestPipeOnDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, onDisk(renderWith(t, plan(t), nil))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/plan.json"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfifo", dir+"/plan.json").CombinedOutput(); err != nil {
		t.Fatalf("no pipes here: %s", out)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	list, err := check.Dir(root.FS(), "out")
	if codes := codesOf(list); err != nil || !slices.Contains(codes, "not-a-file") {
		t.Errorf("got %v, %v", codes, err)
	}
}

// renderedSums gives the checksums of the files as they are.
func renderedSums(r rendered) string {
	var text strings.Builder
	for _, f := range r.bundle.Files {
		if f.Path != "SHA256SUMS" {
			sum := f.Sum()
			text.WriteString(hexOf(sum[:]) + "  " + f.Path + "\n")
		}
	}
	return text.String()
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var text strings.Builder
	for _, c := range b {
		text.WriteByte(digits[c>>4])
		text.WriteByte(digits[c&15])
	}
	return text.String()
}

func TestChecksumLines(t *testing.T) {
	digest := strings.Repeat("0", 64)
	for _, line := range []string{
		"x  RUNBOOK.md\n", digest + " RUNBOOK.md\n", digest + "  ../RUNBOOK.md\n", digest + "  /etc/passwd\n",
		digest + "  RUNBOOK.md", strings.Repeat("A", 64) + "  RUNBOOK.md\n", "\n", digest + "  \n", digest + "  SHA256SUMS\n",
	} {
		list, err := check.Dir(fstest.MapFS{"SHA256SUMS": {Data: []byte(line)}}, "out")
		list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Code == "missing-file" })
		if got := lines(list); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], "[bad-checksum-line]") {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}
