package site

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

func hostnameCommand(c *call) int {
	c.say("%s\n", c.node.Host)
	return 0
}

func idCommand(c *call) int {
	switch {
	case slices.Equal(c.args[1:], []string{"-u"}):
		c.say("0\n")
	case slices.Equal(c.args[1:], []string{"-un"}):
		c.say("root\n")
	default:
		return c.unknown("id takes other arguments")
	}
	return 0
}

func ipCommand(c *call) int {
	args := c.args[1:]
	if len(args) > 3 && args[0] == "netns" && args[1] == "exec" && args[3] == "ip" {
		args = args[4:]
	}
	if !slices.Equal(args, []string{"-o", "addr", "show"}) {
		return c.unknown("ip takes other arguments")
	}
	c.say("1: lo    inet 127.0.0.1/8 scope host lo\n")
	for i, address := range c.node.Addresses {
		c.say("%d: eth%d    inet %s/24 brd 10.255.255.255 scope global eth%d\n", i+2, i, address, i)
	}
	return 0
}

func psCommand(c *call) int {
	if !slices.Equal(c.args[1:], []string{"-e", "-ww", "-o", "pid=", "-o", "args="}) {
		return c.unknown("ps takes other arguments")
	}
	c.say("    1 /sbin/init\n")
	for v, p := range c.node.services {
		if p.pid != 0 {
			c.say("%5d %s\n", p.pid, services[v].program)
		}
	}
	if m := c.node.monit; m.busy != 0 {
		word := "stop"
		if m.current.action == start {
			word = "restart"
		}
		c.say("  901 /bin/sh /etc/init.d/%s %s\n", services[m.current.service].daemon, word)
	}
	if c.node.polled != 0 {
		c.say("  902 /bin/bash /usr/share/clearwater/bin/poll_etcd_cluster.sh\n")
	}
	return 0
}

func ssCommand(c *call) int {
	if !slices.Equal(c.args[1:], []string{"-lnt"}) {
		return c.unknown("ss takes other arguments")
	}
	c.say("State      Recv-Q Send-Q        Local Address:Port          Peer Address:Port\n")
	c.say("LISTEN     0      128                       *:22                       *:*\n")
	if c.node.runs(Etcd) {
		c.say("LISTEN     0      128                       *:4000                     *:*\n")
		if c.node.etcd.member {
			c.say("LISTEN     0      128      %17s:2380                     *:*\n", c.node.ManagementIP)
		}
	}
	return 0
}

func sleepCommand(c *call) int {
	if len(c.args) != 2 {
		return c.unknown("sleep takes one number")
	}
	return c.wait(seconds(c.args[1]))
}

// timeoutCommand runs another command for at most so many seconds.
func timeoutCommand(c *call) int {
	if len(c.args) < 3 {
		return c.unknown("timeout takes seconds and a command")
	}
	inner := c.with(c.args[2:])
	inner.limit = min(c.limit, c.site.Now+seconds(c.args[1]))
	return inner.run()
}

func dateCommand(c *call) int {
	now := time.Unix(Epoch+int64((c.site.Now+c.node.Ahead)/time.Second), 0).UTC()
	args := slices.DeleteFunc(slices.Clone(c.args[1:]), func(a string) bool { return a == "-u" })
	if len(args) == 3 && args[0] == "-d" {
		t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", args[1])
		if err != nil {
			c.complain("date: invalid date '%s'\n", args[1])
			return 1
		}
		now, args = t, args[2:]
	}
	if len(args) != 1 {
		return c.unknown("date takes other arguments")
	}
	layouts := map[string]string{"+%H:%M:%S": "15:04:05", "+%Y-%m-%dT%H:%M:%SZ": "2006-01-02T15:04:05Z", "+%Y%m%dT%H%M%SZ": "20060102T150405Z"}
	if args[0] == "+%s" {
		c.say("%d\n", now.Unix())
		return 0
	}
	layout, ok := layouts[args[0]]
	if !ok {
		return c.unknown("date takes another format")
	}
	c.say("%s\n", now.Format(layout))
	return 0
}

// flockCommand is the lock by which one script runs at a time. It ends with the
// process that holds it.
func flockCommand(c *call) int {
	n := c.node
	if len(c.args) < 4 || c.args[1] != "-n" && c.args[1] != "-w" {
		return c.unknown("flock takes other arguments")
	}
	rest := c.args[2:]
	if c.args[1] == "-w" {
		rest = rest[1:]
	}
	if n.locked {
		return 1
	}
	lock, command := rest[0], rest[1:]
	if !n.Exists(lock) {
		if err := n.write(c.site, lock, "", 0o644); err != nil {
			return c.fail(lock, err)
		}
	}
	if command[0] == "true" {
		return 0
	}
	n.locked = true
	defer func() { n.locked = false }()
	return c.with(command).run()
}

// validator is one of Clearwater's two checks of XML files (facts 1.8), of a
// file that is named or its own. Here a file is valid that is well-formed.
func validator(file, valid, invalid string) command {
	return func(c *call) int {
		file := file
		switch len(c.args) {
		case 1:
		case 2:
			file = c.args[1]
		default:
			c.complain("usage: %s [FILE]\n", c.args[0])
			return 2
		}
		text, err := c.node.Read(file)
		if err != nil {
			c.say("No configuration file at %s, unable to validate.\n", file)
			return 2
		}
		if !wellFormed(text) {
			c.complain("%s\n", invalid)
			return 1
		}
		c.say("%s\n", valid)
		return 0
	}
}

// wellFormed reports whether a text is XML: elements that end, and at least one.
func wellFormed(text string) bool {
	d := xml.NewDecoder(strings.NewReader(text))
	for elements := 0; ; {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && elements > 0
		}
		if _, begins := token.(xml.StartElement); begins {
			elements++
		}
	}
}

// jsonCommand is Clearwater's validate_json.py with its Python: SCHEMA FILE. Here a
// file is valid that is JSON.
func jsonCommand(c *call) int {
	if len(c.args) != 4 || path.Base(c.args[1]) != "validate_json.py" {
		return c.unknown("python runs something else")
	}
	text, err := c.node.Read(c.args[3])
	if err != nil || !json.Valid([]byte(text)) {
		c.complain("%s\n", fmt.Sprintf("%s is not valid", c.args[3]))
		return 1
	}
	return 0
}
