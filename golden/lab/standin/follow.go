package main

import (
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
)

// follow writes a store's own file, unless it says the same already (facts 2.5, 2.6).
func (n *node) follow(c config, store string, all members) error {
	switch store {
	case chronosStore:
		old, err := n.read(chronosFile)
		want := all.forChronos(c.local)
		if err == nil && slices.Equal(said(old), said(want)) {
			return nil
		}
		return n.replace(chronosFile, header+"[identity]\n"+n.identity(old)+"\n"+want)
	case memcachedStore:
		old, err := n.read(memcachedFile)
		want := all.forMemcached()
		if err == nil && slices.Equal(said(old), said(want)) {
			return nil
		}
		return n.replace(memcachedFile, header+want)
	}
	return nil
}

const header = "################################################################################\n" +
	"# This file is not to be edited by hand.\n" +
	"# Clearwater's cluster manager writes it, and writes it again.\n" +
	"# What is changed here is lost.\n" +
	"################################################################################\n"

// said gives the assignments of a file in a fixed order, but for the node's identity.
func said(text string) []string {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "=") && !strings.HasPrefix(line, "#") && !strings.Contains(line, "_id") {
			found[line] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// forChronos is the section [cluster]: bare addresses, a space on both sides of the =.
func (m members) forChronos(own string) string {
	text := "[cluster]\nlocalhost = " + own + "\n"
	for _, a := range m.addresses(joining) {
		text += "joining = " + a + "\n"
	}
	for _, a := range m.addresses(normal, acknowledged) {
		text += "node = " + a + "\n"
	}
	for _, a := range m.addresses(leaving) {
		text += "leaving = " + a + "\n"
	}
	return text
}

// forMemcached is servers, and new_servers while somebody joins or leaves; an address
// has its port.
func (m members) forMemcached() string {
	text := "servers=" + ports(m.addresses(normal, acknowledged, leaving)) + "\n"
	if len(m.addresses(joining, leaving)) > 0 {
		text += "new_servers=" + ports(m.addresses(normal, acknowledged, joining)) + "\n"
	}
	return text
}

func ports(list []string) string {
	var out []string
	for _, a := range list {
		out = append(out, a+":11211")
	}
	return strings.Join(out, ",")
}

// identity keeps what a Chronos file says of the node, or makes it of the node's own
// identity, or falls back to what Chronos itself takes.
func (n *node) identity(old string) string {
	var kept string
	for line := range strings.Lines(old) {
		if f := strings.TrimSpace(line); strings.HasPrefix(f, "instance_id") || strings.HasPrefix(f, "deployment_id") {
			kept += f + "\n"
		}
	}
	if kept != "" {
		return kept
	}
	var sum uint32
	if text, err := n.read("/etc/clearwater/node_identity"); err == nil {
		sum = crc32.ChecksumIEEE([]byte(strings.TrimSpace(text)))
	}
	return fmt.Sprintf("instance_id = %d\ndeployment_id = %d\n", sum%128, sum/128%8)
}
