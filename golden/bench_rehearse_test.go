package golden_test

import (
	"fmt"
	"testing"

	"requorum/render/check"
	"requorum/render/rehearse"
)

var rehearsalSizes = []int{5, 20, 100}

// BenchmarkRehearsal plays whole recoveries without a fault, on one core.
func BenchmarkRehearsal(b *testing.B) {
	for _, n := range rehearsalSizes {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			p := planned(b, n+3) // three of them have failed
			r := renderer(b)
			bundle, findings := r.Bundle(p)
			noErrors(b, findings)
			noErrors(b, check.Bundle(p, r, bundle))
			runs := 0
			for b.Loop() {
				rehearsal, err := rehearse.New(p, bundle)
				if err != nil {
					b.Fatal(err)
				}
				f, err := rehearsal.Clean(b.Context())
				if err != nil || len(f.Failures) > 0 {
					b.Fatal(err, f.Failures)
				}
				runs += f.Runs
			}
			b.ReportMetric(float64(runs)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "recoveries/s")
		})
	}
}

// BenchmarkFaults rehearses every fault of a small site, on all cores.
func BenchmarkFaults(b *testing.B) {
	p := planned(b, 8)
	bundle, findings := renderer(b).Bundle(p)
	noErrors(b, findings)
	for b.Loop() {
		rehearsal, err := rehearse.New(p, bundle)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := rehearsal.Clean(b.Context()); err != nil {
			b.Fatal(err)
		}
		f, err := rehearsal.Faults(b.Context())
		if err != nil || len(f.Failures) > 0 {
			b.Fatal(err, f.Failures)
		}
		b.ReportMetric(float64(f.Cases)/b.Elapsed().Seconds(), "faults/s")
	}
}
