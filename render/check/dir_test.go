package check_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

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
	r := renderWith(t, plan(t), nil)
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
			[]string{"out/nodes/old.sh: warning: the folder holds a file that SHA256SUMS does not list [unlisted-file]"}},
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
		for i, g := range got {
			if f := m["nodes/bono-1.sh"]; strings.HasPrefix(g, "out/nodes/bono-1.sh:") {
				got[i] = strings.Replace(g, ":"+itoa(strings.Count(string(f.Data), "\n"))+":", ":LAST:", 1)
			}
		}
		if c.name == "no checksums" {
			got = slices.DeleteFunc(got, func(g string) bool { return strings.Contains(g, "unlisted-file") })
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
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
		if got := lines(list); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], "[bad-checksum-line]") {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}
