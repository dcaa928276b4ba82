package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manyNodes is an inventory whose bundle takes a while to write.
func manyNodes(deployment string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\ndeployment: %s\nrecover: site1\nsites:\n  site1:\n    nodes:\n", deployment)
	for i := range 150 {
		kind, role, state := "bono", "proxy", "live"
		if i < 6 {
			kind, role = "vellum", "master"
		}
		if i < 3 {
			state = "failed"
		}
		fmt.Fprintf(&b, "      %s-%d: {type: %s, local_ip: 10.1.0.%d, etcd: %s, state: %s}\n", kind, i, kind, i+1, role, state)
	}
	return b.String()
}

// program is this very program as a process.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: exe, Args: append([]string{"requorum"}, args...), Env: os.Environ()}
}

// whole verifies a bundle, and gives its list of checksums.
func whole(t *testing.T, dir string) string {
	t.Helper()
	c := exec.Command("sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	return string(sums)
}

// memoryFolder is a temporary folder that needs no disk, where there is one: the
// test writes often, and each write waits until it has reached the disk.
func memoryFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "requorum-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// However and whenever a render is ended from outside, the bundle is the old one
// or the new one. A signal that can be caught leaves nothing beside it, and the
// next render tidies up after one that cannot.
func TestEndedFromOutside(t *testing.T) {
	dir := memoryFolder(t)
	out := filepath.Join(dir, "bundle")
	render := func(name string) *exec.Cmd { return program(t, "render", filepath.Join(dir, name), "-o", out) }
	known := map[string]bool{}
	var longest time.Duration
	for _, name := range []string{"one", "two"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(manyNodes(name)), 0o600); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if msg, err := render(name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
		longest = max(longest, time.Since(start))
		known[whole(t, out)] = true
	}
	for round := range 9 {
		signal := []os.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM}[round%3]
		c := render([]string{"one", "two"}[round%2])
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(longest))
		_ = c.Process.Signal(signal) // it may be done already
		_ = c.Wait()                 // what counts is what it has left
		if !known[whole(t, out)] {
			t.Fatalf("neither the old nor the new bundle after %v", signal)
		}
		left, _ := filepath.Glob(filepath.Join(dir, ".bundle.requorum-*"))
		if signal != syscall.SIGKILL && len(left) > 0 {
			t.Errorf("%v left %v", signal, left)
		}
		for _, name := range left {
			t.Logf("%v left %s", signal, filepath.Base(name))
		}
		if msg, err := render("one").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left for good: %v", left)
	}
}
