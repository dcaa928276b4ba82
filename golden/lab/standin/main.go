// Command standin stands in for Clearwater's Python programs on the nodes of the lab.
// It is one binary under many names: which program it is, the name says that it was
// called by, and for env/bin/python the arguments. Each does what the facts say that
// the real one does, lying exit statuses included, and nothing else.
//
// On a node it looks at three files of the lab: /etc/lab/node-type is the node's type
// in place of the packages that are installed, /etc/lab/ring is Cassandra's ring, and
// /etc/lab/stop-seconds says how slow the managers are.
//
// STANDIN_ROOT goes before every path, and STANDIN_ETCD is where etcd is instead of
// the node's own management address; both are empty on a node.
package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

func main() { os.Exit(run(os.Args, here())) }

// node is what a program sees of the machine that it runs on.
type node struct {
	root      string // goes before every path
	etcd      string // address of etcd's client port; empty: as the node is configured
	superuser bool
	out, err  io.Writer
	sleep     func(time.Duration)
}

func here() *node {
	return &node{
		root: os.Getenv("STANDIN_ROOT"), etcd: os.Getenv("STANDIN_ETCD"), superuser: os.Geteuid() == 0,
		out: os.Stdout, err: os.Stderr, sleep: time.Sleep,
	}
}

// statusUnknown is what a shell gives for a command that is not there.
const statusUnknown = 127

// run finds the program that args names, and gives its exit status.
func run(args []string, n *node) int {
	program, ok := programs()[path.Base(args[0])]
	if !ok {
		n.complain("%s: this stand-in has no program of that name\n", args[0])
		return statusUnknown
	}
	return program(n, args[1:])
}

// programs gives every program by the base names that it is called by. The names with
// cw- are links in Clearwater (facts 1.4, 1.6, 1.9).
func programs() map[string]func(*node, []string) int {
	return map[string]func(*node, []string) int{
		"python":                        python,
		"load_from_chronos_cluster":     chronosLoader,
		"load_from_memcached_cluster":   memcachedLoader,
		"load_from_cassandra_cluster":   cassandraLoader,
		"check_config_sync":             checkConfigSync,
		"cw-check_config_sync":          checkConfigSync,
		"check_cluster_state":           checkClusterState,
		"cw-check_cluster_state":        checkClusterState,
		"mark_node_failed":              markNodeFailed,
		"cw-mark_node_failed":           markNodeFailed,
		"cw-validate_shared_ifcs_xml":   validateSharedIFCs,
		"cw-validate_fallback_ifcs_xml": validateFallbackIFCs,
		"validate_json":                 validateJSON,
		"nodetool":                      nodetool,
		"run-in-signaling-namespace":    inSignalingNamespace,
		"cw-run_in_signaling_namespace": inSignalingNamespace,
	}
}

// python is Clearwater's own Python: a manager by its module, or a script by its path.
func python(n *node, args []string) int {
	switch {
	case len(args) == 2 && args[0] == "-m":
		switch args[1] {
		case "metaswitch.clearwater.config_manager.main":
			return configManager(n)
		case "metaswitch.clearwater.cluster_manager.main":
			return clusterManager(n)
		case "metaswitch.clearwater.queue_manager.main":
			return queueManager(n)
		}
	case len(args) > 0 && strings.HasSuffix(args[0], ".py"):
		return run(append([]string{strings.TrimSuffix(args[0], ".py")}, args[1:]...), n)
	}
	n.complain("python: this stand-in does not run %q\n", args)
	return statusUnknown
}

// say prints to the standard output, complain to the standard error. Nobody reads on
// where writing fails.
func (n *node) say(format string, args ...any) { fmt.Fprintf(n.out, format, args...) }

func (n *node) complain(format string, args ...any) { fmt.Fprintf(n.err, format, args...) }

// traceback ends a program as an exception that nobody catches does: with 1.
func (n *node) traceback(exception string, args ...any) int {
	n.complain("Traceback (most recent call last):\n"+exception+"\n", args...)
	return 1
}

// at is where a node's path is on the machine.
func (n *node) at(name string) string { return filepath.Join(n.root, name) }

func (n *node) read(name string) (string, error) {
	b, err := os.ReadFile(n.at(name))
	return string(b), err
}

func (n *node) exists(name string) bool {
	_, err := os.Stat(n.at(name))
	return err == nil
}

// replace writes a file as the managers do: beside it and renamed, mode 0644 (facts
// 2.7).
func (n *node) replace(name, text string) error {
	target := n.at(name)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target))
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
