package site

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
)

// etcdctlCommand is clearwater-etcdctl: etcd's own client, which asks the etcd of its
// node, be it a member or a proxy (facts 1.3).
func etcdctlCommand(c *call) int {
	if config, ok := c.node.config(c.site); !ok || config.management() == "" {
		c.complain("Could not determine local IP address\n")
		return 1
	}
	args := c.args[1:]
	switch {
	case slices.Equal(args, []string{"cluster-health"}):
		return clusterHealth(c)
	case slices.Equal(args, []string{"member", "list"}):
		return memberList(c)
	case len(args) == 2 && args[0] == "get":
		return getKey(c, args[1])
	}
	return c.unknown("clearwater-etcdctl takes other arguments")
}

func clusterHealth(c *call) int {
	list := c.site.health(c.node)
	if list == nil {
		if c.node.runs(Etcd) {
			c.wait(2 * time.Second)
		}
		c.say("cluster may be unhealthy: failed to list members\nError:  client: etcd cluster is unavailable or misconfigured\n")
		return 4
	}
	any := false
	for _, h := range list {
		id := memberID(h.address)
		url := "http://" + h.address + ":4000"
		switch {
		case h.healthy:
			c.say("member %s is healthy: got healthy result from %s\n", id, url)
			any = true
		case !h.published:
			c.say("member %s is unreachable: no available published client urls\n", id)
		case h.reached:
			c.say("member %s is unhealthy: got unhealthy result from %s\n", id, url)
		default:
			c.say("failed to check the health of member %s on %s: Get %s/health: dial tcp: i/o timeout\n", id, url, url)
			c.say("member %s is unreachable: [%s] are all unreachable\n", id, url)
		}
	}
	if any {
		c.say("cluster is healthy\n") // with one member alone too (T34)
		return 0
	}
	c.say("cluster is unhealthy\n")
	return 5
}

// memberID is what etcd makes of a member: the same for the same address.
func memberID(address string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(address)))[:16]
}

func memberList(c *call) int {
	g, ok := c.site.read(c.node)
	if !ok && !c.node.runs(Etcd) {
		c.complain("client: etcd cluster is unavailable or misconfigured\n")
		return 2
	}
	if !ok { // alone, it takes the connection and says nothing (T33)
		c.wait(4 * time.Second)
		c.complain("client: etcd cluster is unavailable or misconfigured; endpoint exceeded header timeout\n")
		return 1
	}
	m := c.site.answering(c.node)
	if !c.site.leads(m) {
		c.wait(4 * time.Second)
		c.complain("Failed to get leader: client: etcd cluster is unavailable or misconfigured\n")
		return 1
	}
	leader := c.site.leader(g)
	for _, address := range g.members {
		url := ""
		if slices.Contains(g.published, address) {
			url = "http://" + address + ":4000"
		}
		c.say("%s: name=%s peerURLs=http://%s:2380 clientURLs=%s isLeader=%v\n",
			memberID(address), strings.ReplaceAll(address, ".", "-"), address, url, address == leader)
	}
	return 0
}

// leader is the first running member, since somebody has to be it.
func (s *Site) leader(g *generation) string {
	for _, address := range g.members {
		if m := s.at(address); m != nil && m.runs(Etcd) && m.etcd.member && s.store(m).clusterID() == g.clusterID() && s.leads(m) {
			return address
		}
	}
	return ""
}

func getKey(c *call, key string) int {
	g, ok := c.site.read(c.node)
	if !ok {
		c.wait(2 * time.Second)
		c.complain("Error:  client: etcd cluster is unavailable or misconfigured\n")
		return 4
	}
	value, there := g.keys[key]
	if !there {
		c.complain("Error:  100: Key not found (%s) [%d]\n", key, g.index)
		return 4
	}
	c.say("%s\n", value)
	return 0
}
