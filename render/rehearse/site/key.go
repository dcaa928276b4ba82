package site

import (
	"hash/maphash"
	"strings"
	"time"
)

// Key is the same for two moments of a site from which everything goes on alike, as
// far as the stages can tell: the clock, process numbers, the journal and the copies
// do not count, nor in what phase of their cycles monit and the managers are.
type Key uint64

// Key gives the key of this moment. Keys of one run of the program are comparable.
func (s *Site) Key() Key {
	var h maphash.Hash
	h.SetSeed(sumSeed)
	number := func(n uint64) {
		var b [8]byte
		for i := range b {
			b[i] = byte(n >> (8 * i))
		}
		h.Write(b[:])
	}
	for _, n := range s.Nodes {
		if m, ok := n.Files.(*memory); ok {
			number(m.sum)
		}
		h.WriteString(n.Host + string(n.Format) + strings.Join(n.Addresses, ","))
		number(uint64(n.Ahead))
		for v := range services {
			number(uint64(n.Stops[Service(v)]))
		}
		for _, flag := range []bool{n.Up, n.Fenced, n.Full, n.locked, n.monit.Down, n.etcd.member, n.etcd.proxy, n.etcd.led} {
			number(bit(flag))
		}
		for v, p := range n.services {
			number(bit(p.pid != 0)<<1 | bit(n.monit.watched[v]))
			number(uint64(s.left(p.dies)))
		}
		for _, r := range n.monit.queue {
			number(uint64(r.service)<<1 | uint64(r.action))
		}
		if n.monit.busy != 0 {
			number(uint64(n.monit.current.service)<<1 | uint64(n.monit.current.action))
		}
		if n.etcd.member {
			s.store(n).weigh(&h)
		}
		h.WriteByte('|')
	}
	for _, r := range s.cassandra {
		h.WriteString(r.state + r.address)
	}
	number(uint64(len(s.cuts)))
	number(uint64(len(s.Losses)))
	return Key(h.Sum64())
}

// Saved is the same for two moments at which the same would be left on a node's disk if
// its power failed.
func (s *Site) Saved(node string) Key {
	if d := s.Node(node).durable; d != nil {
		return Key(d.sum)
	}
	return 0
}

// weigh adds what a store holds to a sum.
func (g *generation) weigh(h *maphash.Hash) {
	h.WriteString(g.clusterID())
	h.WriteByte(byte(bit(g.formed)))
	for _, key := range g.sortedKeys() {
		h.WriteString(key)
		h.WriteByte(0)
		h.WriteString(g.keys[key])
		h.WriteByte(0)
	}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// left is how long it is until something happens, rounded up to monit's cycle.
func (s *Site) left(t time.Duration) time.Duration {
	if t == 0 {
		return 0
	}
	return (t - s.Now + cycle - 1) / cycle
}
