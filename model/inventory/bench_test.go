package inventory

import (
	"fmt"
	"strings"
	"testing"
)

// largeInventory writes an inventory of n nodes on two sites, in the block
// style of the example.
func largeInventory(n int) []byte {
	var b strings.Builder
	b.WriteString("version: 1\ndeployment: large\nuses:\n  homestead_prov: true\nrecover: site1\nsites:\n")
	for site := 1; site <= 2; site++ {
		fmt.Fprintf(&b, "  site%d:\n    nodes:\n", site)
		for i := range n / 2 {
			fmt.Fprintf(&b, `      vellum-%d-%d: # written by hand
        type: vellum
        local_ip: 10.%d.%d.%d
        management_local_ip: 10.%d.%d.%d
        etcd: master
        state: live
        location: rack %d
`, site, i, 100+site, i/250, i%250+1, site, i/250, i%250+1, i)
		}
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, nodes := range []int{10, 100, 1000, 5000} {
		src := largeInventory(nodes)
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if d, findings := Parse("inventory.yaml", src, nil); d == nil {
					b.Fatal(findings)
				}
			}
		})
	}
}
