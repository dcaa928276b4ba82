package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// row is one line of /etc/lab/ring, the lab's substitute for a running Cassandra:
// DATACENTER ADDRESS STATE.
type row struct{ site, address, state string }

func (r row) up() bool { return r.state[0] == 'U' }

// hostID is the same for the same address on every node.
func (r row) hostID() string {
	x := fmt.Sprintf("%x", sha256.Sum256([]byte(r.address)))
	return strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:32]}, "-")
}

type ring []row

var errNoRing = errors.New("/etc/lab/ring has no rows")

// ring reads the rows; an error stands for a Cassandra that does not answer. One that
// answers shows itself at least, so no rows are no answer either.
func (n *node) ring() (ring, error) {
	text, err := n.read("/etc/lab/ring")
	if err != nil {
		return nil, err
	}
	var list ring
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 {
			list = append(list, row{f[0], f[1], f[2]})
		}
	}
	if len(list) == 0 {
		return nil, errNoRing
	}
	slices.SortStableFunc(list, func(a, b row) int { return strings.Compare(a.site, b.site) })
	return list, nil
}

func (r ring) addresses(want func(row) bool) []string {
	var list []string
	for _, x := range r {
		if want(x) {
			list = append(list, x.address)
		}
	}
	return list
}

// inSignalingNamespace runs a command for root only, and gives its exit status (facts
// 1.9). The lab has no namespace for signaling.
func inSignalingNamespace(n *node, args []string) int {
	if !n.superuser || len(args) == 0 {
		n.complain("run-in-signaling-namespace must be run as root, with a command\n")
		return 1
	}
	return run(args, n)
}

// nodetool is Cassandra's, as far as the procedure uses it. Dead rows do not change
// its exit status (facts 1.9).
func nodetool(n *node, args []string) int {
	ring, err := n.ring()
	if err != nil {
		n.complain("nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.\n")
		return 1
	}
	switch {
	case slices.Equal(args, []string{"status"}):
		n.say("%s", ring.status())
	case slices.Equal(args, []string{"describecluster"}):
		n.describe(ring)
	case slices.Equal(args, []string{"removenode", "status"}):
		n.say("RemovalStatus: No token removals in process.\n")
	case len(args) == 2 && args[0] == "removenode":
		return n.removeNode(ring, args[1])
	default:
		n.complain("nodetool: this stand-in does not know %q\n", args)
		return 1
	}
	return 0
}

func (r ring) status() string {
	var b strings.Builder
	last := ""
	for _, x := range r {
		if x.site != last {
			fmt.Fprintf(&b, "Datacenter: %s\n%s\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n", x.site, strings.Repeat("=", len("Datacenter: "+x.site)))
			fmt.Fprintf(&b, "--  %-15s  %-9s  %-6s  %-5s  %-36s  %s\n", "Address", "Load", "Tokens", "Owns", "Host ID", "Rack")
			last = x.site
		}
		fmt.Fprintf(&b, "%s  %-15s  %-9s  %-6d  %-5s  %s  %s\n", x.state, x.address, "1.2 MB", 256, "?", x.hostID(), "RAC1")
	}
	return b.String()
}

func (n *node) describe(r ring) {
	n.say("Cluster Information:\n\tName: Test Cluster\n\tSchema versions:\n")
	n.say("\t\t65e78f0e-e81e-30d8-a631-a65dff93bf82: [%s]\n\n", strings.Join(r.addresses(row.up), ", "))
	if down := r.addresses(func(x row) bool { return !x.up() }); len(down) > 0 {
		n.say("\t\tUNREACHABLE: [%s]\n\n", strings.Join(down, ", "))
	}
}

func (n *node) removeNode(r ring, id string) int {
	var text strings.Builder
	for _, x := range r {
		if x.hostID() != id {
			fmt.Fprintf(&text, "%s %s %s\n", x.site, x.address, x.state)
		}
	}
	if strings.Count(text.String(), "\n") == len(r) {
		n.complain("error: Host ID not found.\n")
		return 1
	}
	if err := n.replace("/etc/lab/ring", text.String()); err != nil {
		n.complain("error: %v\n", err)
		return 1
	}
	return 0
}
