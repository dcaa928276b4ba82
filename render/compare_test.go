package render

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"requorum/model/diag"
)

func compare(t *testing.T, b *Bundle, dir string) (string, diag.List) {
	t.Helper()
	var all strings.Builder
	findings, err := b.Compare(dir, func(d Difference) error {
		all.WriteString(codes(diag.List{d.Finding}) + "\n" + string(d.Diff))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(all.String(), filepath.Dir(dir)+"/", ""), findings
}

func TestCompareCurrent(t *testing.T) {
	dir, before := standingBundle(t)
	if err := os.Chmod(filepath.Join(dir, "RUNBOOK.md"), 0o775); err != nil { // as a checkout or a stick may
		t.Fatal(err)
	}
	got, findings := compare(t, sample("one", "a-1"), dir)
	if got != "" || codes(findings) != "warning foreign-file notes.txt" {
		t.Errorf("%s\n%v", got, findings)
	}
	if err := os.Chmod(filepath.Join(dir, "RUNBOOK.md"), 0o644); err != nil {
		t.Fatal(err)
	}
	if after := tree(t, dir); after != before {
		t.Errorf("touched:\n%s", after)
	}
}

func TestCompareDifferences(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1", "a-2", "a-3"), dir)
	write(t, filepath.Join(dir, "RUNBOOK.md"), "# one\nA note.\n")
	err := errors.Join(os.Remove(filepath.Join(dir, "plan.json")),
		os.Chmod(filepath.Join(dir, "nodes/a-2.sh"), 0o644),
		os.WriteFile(filepath.Join(dir, "nodes/a-3.sh"), []byte("\x00"), 0o755))
	if err != nil {
		t.Fatal(err)
	}
	got, findings := compare(t, sample("one", "a-2", "a-3", "a-4"), dir)
	got, sums, _ := strings.Cut(got, "error stale-file SHA256SUMS\n")
	_, rest, _ := strings.Cut(sums, "error left-over-file")
	want := `error stale-file RUNBOOK.md
diff out/RUNBOOK.md out/RUNBOOK.md (fresh)
--- out/RUNBOOK.md
+++ out/RUNBOOK.md (fresh)
@@ -1,2 +1,1 @@
 # one
-A note.
` + `error left-over-file a-1.sh
error stale-file a-2.sh
error stale-file a-3.sh
error absent-file a-4.sh
error absent-file plan.json
`
	if got += "error left-over-file" + rest; got != want || len(findings) > 0 {
		t.Errorf("%s\n%v", got, findings)
	}
}

func TestCompareStopsAtTheReadersError(t *testing.T) {
	dir, _ := standingBundle(t)
	stop := errors.New("stop")
	n := 0
	_, err := sample("two", "a-1").Compare(dir, func(Difference) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
}

func TestCompareWithNoBundle(t *testing.T) {
	empty, other := t.TempDir(), t.TempDir()
	write(t, filepath.Join(other, "thesis.tex"), "")
	for dir, want := range map[string]string{
		filepath.Join(empty, "absent"): "error no-bundle absent",
		empty:                          "error no-bundle " + filepath.Base(empty),
		other:                          "error not-a-bundle " + filepath.Base(other),
	} {
		if got, findings := compare(t, sample("one", "a-1"), dir); got != "" || codes(findings) != want {
			t.Errorf("%s: %s\n%s", dir, got, codes(findings))
		}
	}
	if _, err := sample("one", "a-1").Compare(filepath.Join(other, "thesis.tex"), nil); err == nil {
		t.Error("a file passed for a bundle")
	}
}

func TestCompareWhereItStands(t *testing.T) {
	dir, _ := standingBundle(t)
	t.Chdir(dir)
	if got, _ := compare(t, sample("one", "a-1"), "."); got != "" {
		t.Error(got)
	}
}
