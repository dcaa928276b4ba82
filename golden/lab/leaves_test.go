//go:build lab

package lab

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ending tells TestEnding, in a lab within this one, how to end.
const ending = "REQUORUM_LAB_ENDING"

// TestEnding builds a site, says so, and ends as it is told to. It is for TestLeavesNothing.
func TestEnding(t *testing.T) {
	how := os.Getenv(ending)
	if how == "" {
		t.Skip("TestLeavesNothing runs it")
	}
	p, b := build(t, "known-good-config")
	newSite(t, newImage(t), p, b)
	fmt.Println("built")
	switch how {
	case "fails":
		t.Error("as it was told to")
	case "is interrupted", "is killed":
		select {}
	}
}

// TestLeavesNothing ends a lab in every way, and looks for what it has left: processes and
// namespaces, mounts, network interfaces, files.
func TestLeavesNothing(t *testing.T) {
	for how, end := range map[string]os.Signal{"passes": nil, "fails": nil, "is interrupted": os.Interrupt, "is killed": os.Kill} {
		t.Run(how, func(t *testing.T) {
			temporary := t.TempDir()
			before := leftovers(t, temporary)
			inner, out := innerLab(t, how, temporary)
			if end != nil {
				if err := inner.Process.Signal(end); err != nil {
					t.Error(err)
				}
			}
			err := inner.Wait()
			if passes := how == "passes"; passes != (err == nil) {
				t.Errorf("the inner lab %s, and ends with %v\n%s", how, err, out.String())
			}
			err = until("everything of it to be gone", func() error {
				if left := extra(leftovers(t, temporary), before); len(left) > 0 {
					return fmt.Errorf("there is left: %s", strings.Join(left, "\n"))
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// innerLab starts a lab within this one, and waits until its site is built.
func innerLab(t *testing.T, how, temporary string) (*exec.Cmd, *output) {
	t.Helper()
	cmd, out := exec.Command("/proc/self/exe", "-test.run", "^TestEnding$", "-test.v"), new(output)
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, inside+"=") {
			cmd.Env = append(cmd.Env, line)
		}
	}
	cmd.Env = append(cmd.Env, ending+"="+how, "TMPDIR="+temporary)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err := until("the inner lab to be built", func() error {
		if !strings.Contains(out.String(), "built\n") {
			return fmt.Errorf("it says %q", out.String())
		}
		return nil
	})
	if err != nil {
		_ = cmd.Process.Kill() // the test is over
		t.Fatal(err)
	}
	return cmd, out
}

// output is a buffer that may be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// leftovers is what a lab could leave, as it is now: each with a word for what it is.
// temporary is where it puts temporary files.
func leftovers(t *testing.T, temporary string) map[string]bool {
	t.Helper()
	list := map[string]bool{}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if _, err := os.Readlink(p + "/ns/mnt"); err != nil {
			continue // it has ended, and its parent has not asked how
		}
		for _, kind := range []string{"pid", "net", "mnt", "uts", "ipc"} {
			if space, err := os.Readlink(p + "/ns/" + kind); err == nil { // else it has just ended
				list["namespace "+space] = true
			}
		}
	}
	for file, field := range map[string]int{"/proc/self/mounts": 1, "/proc/self/net/dev": 0} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			list[file+": "+strings.Fields(line)[field]] = true
		}
	}
	for _, dir := range []string{ground, temporary, "/run", "."} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list["file "+filepath.Join(dir, e.Name())] = true
		}
	}
	return list
}

// extra lists what is in one and not in the other.
func extra(now, before map[string]bool) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if !before[name] {
			list = append(list, name)
		}
	}
	return list
}
