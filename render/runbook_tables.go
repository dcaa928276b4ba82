package render

import (
	"fmt"
	"slices"

	"requorum/model"
)

// timetable is how long the recovery takes, by the plan's own figures.
type timetable struct {
	Rows       []timeRow
	Wide, Long string // all nodes of a stage side by side where they may; one after the other

	// On the clock of the rehearsal (see clock):
	Shortest, Expected, Longest string
}

type timeRow struct {
	Stage, How string
	Nodes      int
	One        string // a node
	Wide, Long string
}

func newTimetable(p *model.Plan) timetable {
	var t timetable
	wide, long := 0, 0
	for _, st := range p.Stages {
		if st.LeftOut != "" {
			continue
		}
		row := timeRow{Stage: string(st.Name), How: manner(st), Nodes: len(st.Nodes), One: duration(st.Minutes)}
		sum := st.Minutes * len(st.Nodes)
		side := st.Minutes
		if st.InTurn {
			side = sum
		}
		row.Wide, row.Long = duration(side), duration(sum)
		wide, long = wide+side, long+sum
		t.Rows = append(t.Rows, row)
	}
	t.Wide, t.Long = duration(wide), duration(long)
	c := newClock(p)
	t.Shortest, t.Expected, t.Longest = duration(upward(c.shortest)), duration(upward(c.expected)), duration(upward(c.longest))
	return t
}

// clock is how many seconds the recovery takes on the clock of the rehearsal, by the
// figures of the plan. The rehearsal of the plan adds up what each turn really took,
// by the same rules (rehearse.Durations); a render cannot wait for that.
type clock struct{ shortest, expected, longest int }

func newClock(p *model.Plan) clock {
	var c clock
	for _, st := range p.Stages {
		nodes, hands := len(st.Nodes), max(1, p.Operators)
		if nodes == 0 {
			continue
		}
		side, dealt := 1, (nodes+hands-1)/hands // how many nodes one after the other
		switch {
		case st.InTurn:
			side, dealt = nodes, nodes
		case st.Name == model.Stop:
			dealt = 1 // it is started on every node first, so that all wait at the same time
		}
		c.shortest += st.Seconds * side
		c.expected += st.Seconds * dealt
		c.longest += st.Work * nodes
		for _, s := range st.Steps {
			c.longest += s.Wait * len(s.Nodes)
		}
	}
	return c
}

// upward gives the minutes of seconds, rounded up.
func upward(seconds int) int { return (seconds + 59) / 60 }

// manner is how the nodes of a stage run it.
func manner(st model.Stage) string {
	switch {
	case len(st.Nodes) == 1:
		return "one node"
	case st.InTurn:
		return "in turn"
	case st.Together != "":
		return "close together"
	}
	return "side by side"
}

func duration(minutes int) string {
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

// digestTable is a table that people fill with the digests that the scripts
// print: a row a node, so that the digests of a file stand one below the other.
type digestTable struct {
	Title    string
	Files    []string // as the scripts name them, in their order
	Expected string   // digest for the first file; empty if nothing is known
	Rows     []*row
	Single   bool // one row, so nothing to compare
}

// Blanks are the cells of a row, to be written over: a short digest a file, and
// for etcd_version, which is no digest, as much room.
func (t digestTable) Blanks() []string {
	blanks := make([]string, len(t.Files))
	for i, file := range t.Files {
		blanks[i] = "____-____"
		if file == versionRow {
			blanks[i] = "________"
		}
	}
	return blanks
}

// versionRow is the one line among the digests that holds a version.
const versionRow = "etcd_version"

func digestTables(b *book) []digestTable {
	of := func(types ...model.Type) []*row {
		var list []*row
		for i := range b.Nodes {
			if len(types) == 0 || slices.Contains(types, model.Type(b.Nodes[i].Type)) {
				list = append(list, &b.Nodes[i])
			}
		}
		return list
	}
	tables := []digestTable{
		{Title: "Every live node", Expected: b.Digest, Rows: of(),
			Files: []string{"shared_config", "dns.json", "sas.json", versionRow}},
		{Title: "Every live Vellum node", Rows: of(model.Vellum),
			Files: []string{"chronos_shared.conf", "members in chronos_cluster.conf", "members in cluster_settings"}},
		{Title: "Every live Sprout node", Rows: of(model.Sprout),
			Files: []string{"enum.json", "s-cscf.json", "bgcf.json", "rph.json", "shared_ifcs.xml", "fallback_ifcs.xml"}},
	}
	tables = slices.DeleteFunc(tables, func(t digestTable) bool { return len(t.Rows) == 0 })
	for i := range tables {
		tables[i].Single = len(tables[i].Rows) == 1
	}
	return tables
}
