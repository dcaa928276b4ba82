package golden_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"requorum/render"
)

// TestShellcheck holds that shellcheck finds nothing in the golden scripts: in one of each
// shape, for the others differ from it in the values of their heads alone; with -traces in
// all.
func TestShellcheck(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("shellcheck is not installed; .ci/tools installs it")
		}
		t.Skip("left out: shellcheck is not installed; as root, make test installs it")
	}
	known := map[render.Shape]bool{}
	for _, name := range caseNames(t) {
		_, b := build(t, name)
		for _, s := range b.Scripts {
			if known[s.Shape] && !*traces {
				continue
			}
			known[s.Shape] = true
			t.Run(name+"/"+s.Node, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), s.Node+".sh")
				if err := os.WriteFile(path, s.Source(), 0o755); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command("shellcheck", "--norc", "--shell=bash", path).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}
