package rehearse

import (
	"context"
	"fmt"
	"time"

	"requorum/model"
)

// FaultMode says how much of the family of faults is run.
type FaultMode string

// Each is one fault at a time; Pairs lets another one strike the run that follows.
const (
	NoFaults FaultMode = "none"
	Each     FaultMode = "each"
	Pairs    FaultMode = "pairs"
)

// FaultModes lists them as a user writes them.
func FaultModes() []string { return []string{string(NoFaults), string(Each), string(Pairs)} }

// Options narrow a rehearsal. The zero value runs everything with one fault at a time.
type Options struct {
	Faults FaultMode
	Seed   uint64          // chooses the second fault of each pair
	Node   string          // only turns of this node; empty: all
	Stage  model.StageName // only turns of this stage; empty: all
}

// Report is what a rehearsal has shown.
type Report struct {
	Site      string
	Nodes     int
	Turns     int // runs of a stage in a recovery without faults
	Families  []Family
	Durations Durations
}

// Failed reports whether any family has failed.
func (r *Report) Failed() bool {
	for _, f := range r.Families {
		if len(f.Failures) > 0 {
			return true
		}
	}
	return false
}

// Run rehearses the plan: the clean run first, since all others begin from its
// moments, and if that fails, nothing else. The result is the same whatever the number
// of cores.
func (r *Rehearsal) Run(ctx context.Context, o Options) (*Report, error) {
	report := &Report{Site: r.plan.Site, Nodes: len(r.plan.Nodes), Turns: len(r.turns)}
	r.Narrow(o)
	families := []func(context.Context) (Family, error){r.Clean, r.Twice, r.Faults, r.Order, r.Beginnings}
	if o.Faults == NoFaults {
		families = []func(context.Context) (Family, error){r.Clean, r.Twice, r.Order, r.Beginnings}
	}
	for i, run := range families {
		f, err := run(ctx)
		if err != nil {
			return nil, err
		}
		report.Families = append(report.Families, f)
		if i == 0 && len(f.Failures) > 0 {
			return report, nil
		}
	}
	report.Durations = r.Durations()
	return report, nil
}

// Narrow takes the options over, for whoever runs single families.
func (r *Rehearsal) Narrow(o Options) {
	r.options = o
	r.only = nil
	if o.Node != "" || o.Stage != "" {
		r.only = func(t Turn) bool {
			return (o.Node == "" || o.Node == t.Node) && (o.Stage == "" || o.Stage == t.Stage)
		}
	}
}

// minutes gives a duration as people say it, in whole minutes, rounded up. Parts of a
// second do not count.
func minutes(d time.Duration) string {
	m := int((d.Truncate(time.Second) + time.Minute - 1) / time.Minute)
	if m < 60 {
		return fmt.Sprintf("%d min", m)
	}
	return fmt.Sprintf("%d h %d min", m/60, m%60)
}
