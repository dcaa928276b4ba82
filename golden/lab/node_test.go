//go:build lab

package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"requorum/model"
)

// node is one machine of a site: namespaces of its own for processes, mounts, network
// and host name, and a disk that outlives them.
type node struct {
	model.Node
	site  *labSite
	index int
	disk  string    // what survives a loss of power
	first *exec.Cmd // its first process; nil while it has no power

	fenced bool
	before map[string]kept // what must not be lost, as it was when the recovery began
}

// diskSize is what a node's disk holds: two generations of etcd's 64 MB logs, and copies
// of them.
const diskSize = "700m"

// boot gives a node power: its first process, and its network.
func (n *node) boot() error {
	cmd := exec.Command("/bin/bash", "testdata/boot", n.disk, string(n.site.image), n.Name)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	n.first = cmd
	if err := n.connect(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(in, "go"); err != nil {
		return err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return fmt.Errorf("%s does not boot: %w: %s", n.Name, err, complaints.String())
	}
	return n.address()
}

// off takes a node's power: every process ends at once.
func (n *node) off() error {
	if n.first == nil {
		return nil
	}
	err := n.first.Process.Kill()
	_ = n.first.Wait() // it was killed, as asked
	n.first = nil
	for kind := range n.kinds() {
		_ = ip("link del " + n.port(kind)) // its other end may have gone, and have taken this one along
	}
	return err
}

// enter is the way to run a command on a node, as root, with a clean environment.
func (n *node) enter(ctx context.Context, command ...string) *exec.Cmd {
	args := []string{"-t", strconv.Itoa(n.first.Process.Pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--",
		"/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C", "TERM=dumb"}
	return exec.CommandContext(ctx, "nsenter", append(args, command...)...)
}

// run runs a command on a node and gives what it prints. The error says that it could not
// be run, or has ended with another status than 0.
func (n *node) run(command ...string) (string, error) {
	if n.first == nil {
		return "", fmt.Errorf("%s has no power", n.Name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := n.enter(ctx, command...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %s: %w: %s", n.Name, strings.Join(command, " "), err, complaints.String())
	}
	return out.String(), nil
}

// shell runs lines of sh on a node, with arguments $1, $2...
func (n *node) shell(lines string, arguments ...string) (string, error) {
	return n.run(append([]string{"/bin/sh", "-euc", lines, "sh"}, arguments...)...)
}

// write puts a text into a file; mode and owner stay. The bytes are on the disk.
func (n *node) write(path, text string) error {
	if n.first == nil { // only before its first boot
		full := filepath.Join(n.disk, "upper", path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		return os.WriteFile(full, []byte(text), 0o644)
	}
	cmd := n.enter(context.Background(), "/bin/sh", "-euc", `mkdir -p "${1%/*}"; cat >"$1"`, "sh", path)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: writing %s: %w: %s", n.Name, path, err, out)
	}
	return nil
}

// errAbsent says that a file is not there.
var errAbsent = errors.New("no such file")

// read gives the text of a file: errAbsent if it is not there.
func (n *node) read(path string) (string, error) {
	out, err := n.shell(`if [ -e "$1" ]; then cat "$1"; else exit 44; fi`, path)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 44 {
		return "", errAbsent
	}
	return out, err
}
