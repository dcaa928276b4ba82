package main

import (
	"context"
	"strings"
	"time"
)

// leave is one cw-mark_node_failed under way.
type leave struct {
	keys    *keys
	key     string
	address string
}

// markNodeFailed takes a dead node out of a data store on its behalf (facts 1.10, 5.2).
// In the value the dead node becomes "error", then "leaving"; every node that stays
// acknowledges by its own cluster manager; then the dead one goes, and the others are
// normal again. Only one leaves at a time, and a dead node that is not marked
// acknowledges nothing, so the call waits until it is marked too.
func markNodeFailed(n *node, args []string) int {
	if !n.superuser {
		n.say("You must run this script with root permissions\n")
		return 1
	}
	if len(args) != 3 && len(args) != 4 {
		n.complain("usage: cw-mark_node_failed <node_type> <store> <failed node IP> [<etcd IP>]\n")
		return 1
	}
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	if len(args) == 4 {
		c.management = args[3]
	}
	if args[1] == cassandraStore && !n.exists("/etc/init.d/cassandra") {
		n.say("You must run mark_node_failed on a node that has Cassandra installed to remove a node from a Cassandra cluster\n")
		return 1
	}
	l := &leave{n.keys(c), c.storeKey(args[0], args[1]), args[2]}
	there, err := l.mark()
	if err != nil {
		n.say("Failed to contact etcd cluster on '%s' - node not removed\n", c.management)
		return 1
	}
	if !there {
		n.say("Not in cluster - no work required\n") // of a mistyped store as well
		return 0
	}
	n.say("Marking node as failed and removing it from the cluster - will take at least 30 seconds\n")
	if args[1] == cassandraStore {
		n.removeFromRing(l.address)
	}
	n.sleep(n.settingOr("leave", barrier))
	for {
		if gone, err := l.step(); err == nil && gone {
			break
		}
		n.sleep(time.Second)
	}
	n.say("Process complete - %s has left the cluster\n", l.address)
	return 0
}

// mark sets the dead node to "error", unless it is on its way out already. It reports
// whether the store has the node; a store that has no value gets an empty one.
func (l *leave) mark() (bool, error) {
	ctx := context.Background()
	if err := l.keys.create(ctx, l.key, "{}"); err != nil && !refused(err, codeExisting) {
		return false, err
	}
	all, err := l.keys.change(ctx, l.key, func(all members) bool {
		if all[l.address] == "" || all[l.address] == leaving || all[l.address] == failed {
			return false
		}
		all[l.address] = failed
		return true
	})
	return all[l.address] != "", err
}

// step brings the leave as far as the others let it. It reports whether the node is
// out.
func (l *leave) step() (bool, error) {
	all, err := l.keys.change(context.Background(), l.key, func(all members) bool {
		switch {
		case all[l.address] == failed && len(all.addresses(leaving, joining, acknowledged)) == 0:
			all[l.address] = leaving
		case all[l.address] == leaving && len(all.addresses(normal, joining)) == 0:
			delete(all, l.address)
			for _, a := range all.addresses(acknowledged) {
				all[a] = normal
			}
		default:
			return false
		}
		return true
	})
	return err == nil && all[l.address] == "", err
}

// removeFromRing takes the first row that has the address anywhere in it out of
// Cassandra; a longer address that begins alike has it too (facts 5.3).
func (n *node) removeFromRing(address string) {
	ring, err := n.ring()
	if err != nil {
		return
	}
	for _, x := range ring {
		if strings.Contains(x.address, address) {
			n.removeNode(ring, x.hostID())
			return
		}
	}
}
