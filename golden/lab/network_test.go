//go:build lab

package lab

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// The network of a site: a bridge for management, and one for signaling where that has
// addresses of its own. A node's other network lies in a network namespace, as where
// Clearwater has separate networks (facts 3).

// signaling is the name of that namespace.
const signaling = "signaling"

// ip runs iproute2 among the bridges.
func ip(arguments string) error {
	out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", arguments, err, out)
	}
	return nil
}

// bridges makes the networks of a site.
func (s *labSite) bridges() error {
	for _, kind := range []string{"m", "s"} {
		name := fmt.Sprintf("%sb%d", kind, s.number)
		for _, command := range []string{"link add " + name + " type bridge", "link set " + name + " up"} {
			if err := ip(command); err != nil {
				return err
			}
		}
	}
	return nil
}

// port is the end of a node's cable at its site's bridge; kind is m for management, s for
// signaling.
func (n *node) port(kind string) string { return fmt.Sprintf("%s%d-%d", kind, n.site.number, n.index) }

// separate reports whether a node has a signaling network of its own.
func (n *node) separate() bool { return n.LocalIP != n.ManagementIP }

// kinds are the networks that a node is on, by the interfaces that it has there.
func (n *node) kinds() map[string]string {
	if n.separate() {
		return map[string]string{"m": "eth0", "s": "eth1"}
	}
	return map[string]string{"m": "eth0"}
}

// connect puts cables between a node and its site's bridges.
func (n *node) connect() error {
	pid := strconv.Itoa(n.first.Process.Pid)
	for kind, face := range n.kinds() {
		port := n.port(kind)
		bridge := fmt.Sprintf("%sb%d", kind, n.site.number)
		for _, command := range []string{
			"link add " + port + " type veth peer name " + face + " netns " + pid,
			"link set " + port + " master " + bridge,
			"link set " + port + " up",
		} {
			if err := ip(command); err != nil {
				return err
			}
		}
	}
	return nil
}

// address gives a node its addresses.
func (n *node) address() error {
	commands := fmt.Sprintf("ip addr add %s/24 dev eth0; ip link set eth0 up\n", n.ManagementIP)
	if n.separate() {
		commands += fmt.Sprintf("ip netns add %[1]s; ip link set eth1 netns %[1]s\n"+
			"ip -n %[1]s addr add %[2]s/24 dev eth1; ip -n %[1]s link set eth1 up; ip -n %[1]s link set lo up\n", signaling, n.LocalIP)
	}
	_, err := n.shell(commands)
	return err
}

// fence pulls a node's cables.
func (n *node) fence() error {
	for kind := range n.kinds() {
		if err := ip("link set " + n.port(kind) + " down"); err != nil {
			return err
		}
	}
	n.fenced = true
	return nil
}

// nowhere is a hardware address that nobody has: what is sent there is lost.
const nowhere = "02:00:00:00:00:01"

// cut makes two nodes unable to reach each other: each sends to the other what is lost,
// and no answer comes, as where a cable or a switch has failed.
func (s *labSite) cut(a, b *node) error {
	for _, way := range [][2]*node{{a, b}, {b, a}} {
		if _, err := way[0].run("ip", "neigh", "replace", way[1].ManagementIP.String(), "lladdr", nowhere, "dev", "eth0", "nud", "permanent"); err != nil {
			return err
		}
	}
	s.cuts = append(s.cuts, [2]*node{a, b})
	return nil
}

// mend takes every cut back.
func (s *labSite) mend() error {
	for _, c := range s.cuts {
		for _, way := range [][2]*node{c, {c[1], c[0]}} {
			if _, err := way[0].run("ip", "neigh", "del", way[1].ManagementIP.String(), "dev", "eth0"); err != nil {
				return err
			}
		}
	}
	s.cuts = nil
	return nil
}
