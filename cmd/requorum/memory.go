package main

import (
	"runtime/debug"

	"requorum/model"
)

// The memory that a run may take before it is swept more often: so much, and so
// much more for each node. What lives at the end is a third of it.
const (
	memoryBase = 24 << 20
	memoryNode = 13 << 10
)

// settleMemory lets garbage grow, since sweeping costs time, up to a bound that
// grows with the nodes. Whoever has set the collector by hand knows better.
func (s *session) settleMemory(d *model.Deployment) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := s.env(name); set {
			return
		}
	}
	debug.SetGCPercent(400)
	if s.rehearses {
		return // an interpreter makes garbage all the time, and lets go of it
	}
	nodes := 0
	for _, site := range d.Sites {
		nodes += len(site.Nodes)
	}
	debug.SetMemoryLimit(memoryBase + memoryNode*int64(nodes))
}
