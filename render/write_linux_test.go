package render

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// helper is set for a re-executed test binary, to the name of what it is to do.
const helper = "REQUORUM_TEST_HELPER"

// again runs this test binary once more, to do only the named test's helper
// part.
func again(t *testing.T, name string, attr *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	c.Env = append(os.Environ(), helper+"="+name)
	c.SysProcAttr = attr
	return c
}

// nodes makes many names, so that a write takes time.
func nodes(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("n-%d", i)
	}
	return list
}

// A render that is killed at any moment leaves one whole bundle, the old or the
// new, and everything else in it.
func TestKilledRenderLeavesAWholeBundle(t *testing.T) {
	one, two := sample("one", nodes(120)...), sample("two", nodes(100)...)
	if dir := os.Getenv(helper); dir != "" {
		fmt.Println("ready")
		for {
			for _, b := range []*Bundle{one, two} {
				if _, findings, err := b.Write(t.Context(), dir); err != nil || findings.HasErrors() {
					t.Fatal(findings, err)
				}
			}
		}
	}
	dir := filepath.Join(memoryFolder(t), "out")
	must(t, one, dir)
	write(t, filepath.Join(dir, "nodes/notes.txt"), "mine")
	whole := map[string]int{tree(t, dir): 0}
	must(t, two, dir)
	whole[tree(t, dir)] = 0
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	left := 0
	for range rounds {
		killAfter(t, again(t, dir, nil), rand.N(60*time.Millisecond))
		got := tree(t, dir)
		if _, ok := whole[got]; !ok {
			t.Fatalf("neither the old nor the new bundle:\n%s", got)
		}
		whole[got]++
		names, _ := os.ReadDir(filepath.Dir(dir))
		left += len(names) - 1
		must(t, one, dir)
		alone(t, dir)
	}
	t.Logf("old or new bundle found %v times; %d leftovers removed", mapValues(whole), left)
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

// killAfter kills a helper a while after it says that it is ready.
func killAfter(t *testing.T, c *exec.Cmd, d time.Duration) {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
	}
	time.Sleep(d)
	_ = c.Process.Kill()
	_ = c.Wait() // it was killed
}

func mapValues(m map[string]int) (list []int) {
	for _, n := range m {
		list = append(list, n)
	}
	return list
}

// inMountNamespace runs the calling test once more in a mount namespace of its
// own and reports whether this is that run. It needs root.
func inMountNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv(helper) != "" {
		return true
	}
	if os.Geteuid() != 0 {
		leaveOut(t, "it needs root, for a mount namespace")
	}
	c := again(t, "mount", &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS})
	out, err := c.CombinedOutput()
	switch {
	case errors.Is(err, fs.ErrPermission):
		leaveOut(t, "no mount namespace: "+err.Error())
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		leaveOut(t, string(out))
	}
	return false
}

// leaveOut skips a test that cannot run here, and fails it in CI.
func leaveOut(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("this test may not be left out in CI: " + why)
	}
	t.Skip("left out: " + why)
}

// mount mounts something in this test's own namespace.
func mount(t *testing.T, source, dir, kind string, flags uintptr, data string) {
	t.Helper()
	if err := unix.Mount(source, dir, kind, flags, data); err != nil {
		t.Fatalf("mount %s: %v", dir, err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// refused writes a bundle that cannot be written, and holds that dir stays as
// it was, with nothing left beside it.
func refused(t *testing.T, b *Bundle, dir, want string) {
	t.Helper()
	before := tree(t, filepath.Dir(dir))
	_, findings, err := b.Write(context.Background(), dir)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v %v; want %s", findings, err, want)
	}
	if after := tree(t, filepath.Dir(dir)); after != before {
		t.Errorf("touched:\n%s\nwas:\n%s", after, before)
	}
}

func TestFullDisk(t *testing.T) {
	if !inMountNamespace(t) {
		return
	}
	disk := t.TempDir()
	mount(t, "tmpfs", disk, "tmpfs", 0, "size=256k")
	dir := filepath.Join(disk, "out")
	must(t, sample("one", nodes(8)...), dir)
	refused(t, sample("two", nodes(400)...), dir, ".sh: no space left on device; it is as it was")
	mount(t, "tmpfs", disk, "tmpfs", 0, "nr_inodes=40")
	must(t, sample("one", nodes(8)...), dir)
	refused(t, sample("two", nodes(400)...), dir, "no space left on device; it is as it was")
	refused(t, sample("two", nodes(400)...), filepath.Join(disk, "fresh"), "no space left on device; nothing is written")
}

func TestReadOnlyTarget(t *testing.T) {
	if !inMountNamespace(t) {
		return
	}
	disk := t.TempDir()
	dir := filepath.Join(disk, "out")
	must(t, sample("one", "a-1"), dir)
	mount(t, disk, disk, "", unix.MS_BIND, "")
	mount(t, "", disk, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	refused(t, sample("two", "a-1"), dir, "read-only file system; it is as it was")
	if outcome, _ := must(t, sample("one", "a-1"), dir); outcome != Unchanged {
		t.Errorf("outcome %s", outcome)
	}
}

func TestMountPoints(t *testing.T) {
	if !inMountNamespace(t) {
		return
	}
	disk := t.TempDir()
	dir := filepath.Join(disk, "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, "tmpfs", dir, "tmpfs", 0, "")
	refused(t, sample("two", "a-1"), dir, "it is a mount point or holds one")

	inner := filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1"), inner)
	media := filepath.Join(inner, "media")
	if err := os.Mkdir(media, 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, disk, media, "", unix.MS_BIND, "") // of the same filesystem, so that only linking tells
	write(t, filepath.Join(media, "photo.jpg"), "mine")
	refused(t, sample("two", "a-1"), inner, "mount point or holds one")
}

func TestModesDoNotFollowUmask(t *testing.T) {
	if os.Getenv(helper) == "" {
		if out, err := again(t, "umask", nil).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	want := fresh(t, sample("one", "a-1"))
	for _, mask := range []int{0o077, 0} {
		syscall.Umask(mask)
		if got := fresh(t, sample("one", "a-1")); got != want {
			t.Errorf("umask %o:\n%s", mask, got)
		}
	}
}

func TestNamedPipeIsCarriedOver(t *testing.T) {
	dir, _ := standingBundle(t)
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, sample("two", "a-1"), dir)
	if info, err := os.Lstat(pipe); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("%v %v", info, err)
	}
}
