package golden_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestShellcheck holds that shellcheck finds nothing in any golden script.
func TestShellcheck(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("shellcheck is not installed; .ci/tools installs it")
		}
		t.Skip("left out: shellcheck is not installed; as root, make test installs it")
	}
	for _, name := range caseNames(t) {
		_, b := build(t, name)
		for _, s := range b.Scripts {
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
