package golden_test

import (
	"fmt"
	"strings"
	"testing"

	"requorum/model"
	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/check"
	"requorum/templates"
)

var benchSizes = []int{10, 100, 1000, 5000}

// benchInventory is a site of n nodes as they are in the field: a handful of
// Vellum nodes, and the rest in equal parts Sprout, Dime and Bono.
func benchInventory(n int) []byte {
	var b strings.Builder
	b.WriteString("version: 1\ndeployment: bench\nuses: {homestead_prov: true, ralf: true}\nrecover: site1\nsites:\n  site1:\n    nodes:\n")
	types := []string{"sprout", "dime", "bono"}
	for i := range n {
		kind, role, state := types[i%3], "proxy", "live"
		if i < 6 {
			kind, role = "vellum", "master"
		}
		if i >= 3 && i < 6 {
			state = "failed"
		}
		fmt.Fprintf(&b, `      %s-%d:
        type: %s
        local_ip: 10.1.%d.%d
        management_local_ip: 10.0.%d.%d
        etcd: %s
        state: %s
        location: rack %d, unit %d
`, kind, i, kind, i/250, 1+i%250, i/250, 1+i%250, role, state, i/40, i%40)
	}
	return []byte(b.String())
}

func parsed(b testing.TB, n int) *model.Deployment {
	d, findings := inventory.Parse("bench.yaml", benchInventory(n), nil)
	noErrors(b, findings)
	return d
}

func planned(b testing.TB, n int) *model.Plan {
	p, findings := planner.Build(parsed(b, n))
	noErrors(b, findings)
	return p
}

func renderer(b testing.TB) *render.Renderer {
	r, findings, err := render.New(templates.FS, nil, "")
	if err != nil {
		b.Fatal(err)
	}
	noErrors(b, findings)
	return r
}

// each runs a benchmark at every size; the bytes are those of the scripts, or
// of the inventory while there are none.
func each(b *testing.B, size func(n int) int64, run func(b *testing.B, n int)) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size(n))
			run(b, n)
		})
	}
}

func inventorySize(n int) int64 { return int64(len(benchInventory(n))) }

// bundleSizes remembers how many bytes a bundle of n nodes has.
func bundleSizes(b *testing.B) func(n int) int64 {
	r := renderer(b)
	return func(n int) int64 {
		bundle, _ := r.Bundle(planned(b, n))
		total := int64(0)
		for _, f := range bundle.Files {
			total += f.Size()
		}
		return total
	}
}

func BenchmarkParse(b *testing.B) {
	each(b, inventorySize, func(b *testing.B, n int) {
		src := benchInventory(n)
		for b.Loop() {
			inventory.Parse("bench.yaml", src, nil)
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	each(b, inventorySize, func(b *testing.B, n int) {
		d := parsed(b, n)
		for b.Loop() {
			planner.Build(d)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	r := renderer(b)
	each(b, bundleSizes(b), func(b *testing.B, n int) {
		p := planned(b, n)
		for b.Loop() {
			r.Bundle(p)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	r := renderer(b)
	each(b, bundleSizes(b), func(b *testing.B, n int) {
		p := planned(b, n)
		bundle, _ := r.Bundle(p)
		for b.Loop() {
			check.Bundle(p, r, bundle)
		}
	})
}

// BenchmarkWhole goes from the inventory's bytes to the files of a checked
// bundle on disk.
func BenchmarkWhole(b *testing.B) {
	each(b, bundleSizes(b), func(b *testing.B, n int) {
		src, dir, i := benchInventory(n), b.TempDir(), 0
		for b.Loop() {
			d, _ := inventory.Parse("bench.yaml", src, nil)
			p, _ := planner.Build(d)
			r := renderer(b)
			bundle, _ := r.Bundle(p)
			check.Bundle(p, r, bundle)
			i++
			if _, _, err := bundle.Write(b.Context(), fmt.Sprintf("%s/%d", dir, i)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
