package site

import "slices"

// What people and mishaps do to a node, besides what the scripts do.

// Edit gives a file another text, as somebody with an editor does. Mode and owner
// stay; what was written is on the disk.
func (n *Node) Edit(s *Site, path, text string) {
	_ = n.write(s, path, text, 0o644)
	n.sync()
}

// MakeFolder makes a folder and those above it.
func (n *Node) MakeFolder(s *Site, path string) {
	_ = n.mkdirs(s, path, 0o755)
	n.sync()
}

// Delete takes a file or a folder away.
func (n *Node) Delete(path string) {
	n.removeAll(path)
	n.sync()
}

// HaltMonit ends monit's daemon or, with false, starts it again: it goes on where it
// was (facts 1.1).
func (n *Node) HaltMonit(s *Site, halt bool) {
	n.monit.Down = halt
	n.monit.cycle = s.Now + cycle
}

// Monitor is monit monitor -g GROUP, typed by somebody.
func (n *Node) Monitor(v Service) { n.monitor(v) }

// Unmonitor is monit stop -g GROUP, typed by somebody.
func (n *Node) Unmonitor(v Service) {
	if n.monit.watched[v] {
		n.ask(v, stop)
	}
}

// Lock takes the lock of the scripts, as a run in another terminal does, or frees it.
func (n *Node) Lock(held bool) { n.locked = held }

// Ring gives an address of Cassandra another state, or a row if it has none; without
// a state it has left.
func (s *Site) Ring(name, address, state string) {
	s.cassandra = slices.DeleteFunc(slices.Clone(s.cassandra), func(r row) bool { return r.address == address })
	if state != "" {
		s.cassandra = append(s.cassandra, row{name, address, state})
	}
}
