//go:build lab

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
)

// inside says to a test process that it runs in the lab's namespaces.
const inside = "REQUORUM_LAB_INSIDE"

// ground is where everything of the lab lies: in memory, and seen by the lab alone.
const ground = "/mnt"

// TestMain runs the tests in namespaces of their own. What they mount, connect and
// start ends with them, however they end: nothing has to be cleared away.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(work(m))
	}
	os.Exit(enter())
}

// enter starts this program again in the namespaces, and gives its exit status. The
// thread that starts it must live as long as it: with the thread it would end.
func enter() int {
	runtime.LockOSThread()
	if lacking := lacks(); lacking != "" {
		fmt.Fprintf(os.Stderr, "the lab needs %s: nothing was run\n", lacking)
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...) // ended with SIGKILL, which ends all in it
	cmd.Env = append(os.Environ(), inside+"=yes")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "the lab cannot make its namespaces:", err)
		return 1
	}
	return max(cmd.ProcessState.ExitCode(), 0) | signalled(cmd.ProcessState)
}

// lacks says what the lab needs and does not have here; nothing if it can run.
func lacks() string {
	if os.Geteuid() != 0 {
		return "root, since it makes namespaces and mounts"
	}
	for _, program := range []string{"monit", "etcd", "etcdctl", "ip", "nsenter", "setsid", "start-stop-daemon", "ps", "pkill", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			return program + ", which .ci/lab-tools installs on Debian and Ubuntu"
		}
	}
	return ""
}

// signalled is 1 if a process was ended by a signal.
func signalled(s *os.ProcessState) int {
	if s.Sys().(syscall.WaitStatus).Signaled() {
		return 1
	}
	return 0
}

// work makes the ground and runs the tests on it.
func work(m *testing.M) int {
	for _, mount := range []struct {
		what, where, kind string
		flags             uintptr
		options           string
	}{
		{"none", "/", "", syscall.MS_REC | syscall.MS_PRIVATE, ""},
		{"proc", "/proc", "proc", 0, ""},
		{"tmpfs", ground, "tmpfs", 0, "mode=0755"},
	} {
		if err := syscall.Mount(mount.what, mount.where, mount.kind, mount.flags, mount.options); err != nil {
			fmt.Fprintf(os.Stderr, "the lab cannot mount %s on %s: %v\n", mount.what, mount.where, err)
			return 1
		}
	}
	return m.Run()
}
