package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// call is one command that a script runs on a node.
type call struct {
	ctx      context.Context
	site     *Site
	node     *Node
	shell    *shell
	args     []string
	in       io.Reader
	out, err io.Writer
	limit    time.Duration // until when it may run
}

// command carries a call out and gives its exit status.
type command func(c *call) int

// commandTable lists every command that the model knows, by the name that it is called
// with. What is not here is an error, never a pass.
func commandTable() map[string]command {
	const (
		cluster = "/usr/share/clearwater/clearwater-cluster-manager/scripts/"
		config  = "/usr/share/clearwater/clearwater-config-manager/"
	)
	return map[string]command{
		"bash": bashCommand, "env": envCommand, "flock": flockCommand, "sh": shCommand,
		"timeout": timeoutCommand, "sleep": sleepCommand, "date": dateCommand,

		"cat": catCommand, "chmod": chmodCommand, "cmp": cmpCommand, "cp": cpCommand, "df": dfCommand,
		"diff": diffCommand, "du": duCommand, "find": findCommand, "ls": lsCommand, "mkdir": mkdirCommand,
		"mv": mvCommand, "rm": rmCommand, "sha256sum": sumCommand, "sort": sortCommand, "sync": syncDiskCommand,
		"tail": tailCommand, "tar": tarCommand, "touch": touchCommand, "wc": wcCommand,

		"hostname": hostnameCommand, "id": idCommand, "ip": ipCommand, "ps": psCommand, "ss": ssCommand,

		"monit": monitCommand, "service": serviceCommand, "clearwater-etcdctl": etcdctlCommand, "curl": curlCommand,
		"cw-mark_node_failed":           markCommand,
		"cw-validate_shared_ifcs_xml":   validator("/etc/clearwater/shared_ifcs.xml", "The shared iFC sets configuration is valid.", "The shared iFC sets file is invalid."),
		"cw-validate_fallback_ifcs_xml": validator("/etc/clearwater/fallback_ifcs.xml", "The fallback iFCs configuration is valid.", "The fallback iFC sets file is invalid."),

		"/usr/share/clearwater/bin/run-in-signaling-namespace": nodetoolCommand,
		cluster + "check_cluster_state":                        stateCommand,
		cluster + "load_from_chronos_cluster":                  loader(chronosStore, chronosMembers),
		cluster + "load_from_memcached_cluster":                loader(memcachedStore, memcachedMembers),
		cluster + "load_from_cassandra_cluster":                loader(cassandraStore, cassandraMembers),
		config + "scripts/check_config_sync":                   syncCommand,
		config + "env/bin/python":                              jsonCommand,
	}
}

// say prints to the standard output, complain to the standard error. Nobody reads
// on where writing fails.
func (c *call) say(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

func (c *call) complain(format string, args ...any) { fmt.Fprintf(c.err, format, args...) }

// statusTimeout is what timeout ends with.
const statusTimeout = 124

// statusKilled is that of a job whose script is over.
const statusKilled = 137

// wait lets time go by: statusTimeout if the call has run out of it.
func (c *call) wait(d time.Duration) int {
	end := c.site.Now + d
	if end > c.limit {
		c.shell.until(c.site, c.ctx, c.limit)
		return statusTimeout
	}
	c.shell.until(c.site, c.ctx, end)
	if c.shell.jobs.over() {
		return statusKilled
	}
	return 0
}

// unknown ends the whole rehearsal: a command that is not modelled proves nothing.
func (c *call) unknown(why string) int {
	c.shell.halt(fmt.Errorf("the imaginary site does not know this command (%s): %s", why, strings.Join(c.args, " ")))
	return statusNotFound
}

const statusNotFound = 127

// input reads the standard input to its end.
func (c *call) input() string {
	if c.in == nil {
		return ""
	}
	b, err := io.ReadAll(c.in)
	if err != nil {
		c.complain("%s: %v\n", c.args[0], err)
	}
	return string(b)
}

// fail complains as coreutils do.
func (c *call) fail(path string, err error) int {
	c.complain("%s: %s: %v\n", c.args[0], path, err)
	return 1
}

func seconds(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return never
	}
	return time.Duration(n) * time.Second
}

func itoa(n int) string { return strconv.Itoa(n) }

// errKilled ends a script as SIGKILL does.
var errKilled = errors.New("killed")

// run carries out a command that has its arguments: those that run others call it
// again.
func (c *call) run() int {
	f, known := commandTable()[c.args[0]]
	if !known && c.shell.files {
		c.complain("sh: %s: not found\n", c.args[0]) // a word too many in a file (T17)
		return statusNotFound
	}
	if !known {
		return c.unknown("it is not on its list")
	}
	if !c.node.has(c.args[0]) {
		c.complain("%s: command not found\n", c.args[0])
		return statusNotFound
	}
	return f(c)
}

// with gives a call of other arguments within this one.
func (c *call) with(args []string) *call {
	inner := *c
	inner.args = args
	return &inner
}

// has reports whether a program is on the node: where it stands is a file.
func (n *Node) has(name string) bool {
	if strings.HasPrefix(name, "/") {
		return n.Exists(name)
	}
	for _, dir := range []string{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"} {
		if n.Exists(dir + name) {
			return true
		}
	}
	return false
}
