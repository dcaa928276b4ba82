//go:build bench

package golden_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestSideBySide times requorum as a process beside other programs over its own
// output, in the same rounds, and prints the medians of the ratios of each
// round: the machine may drift, the ratios do not. It judges nothing; the
// figures to reach stand beside the ones that were measured. REQUORUM and SHFMT
// name the two programs. Run it by "make bench".
func TestSideBySide(t *testing.T) {
	requorum, shfmt := os.Getenv("REQUORUM"), os.Getenv("SHFMT")
	if requorum == "" || shfmt == "" {
		t.Fatal("REQUORUM and SHFMT must name the programs; make bench does that")
	}
	rounds := map[int]int{10: 15, 100: 15, 1000: 9, 5000: 3}
	wall := map[int]time.Duration{}
	rss := map[int]int64{}
	for _, n := range benchSizes {
		dir := t.TempDir()
		inventory := filepath.Join(dir, "bench.yaml")
		if err := os.WriteFile(inventory, benchInventory(n), 0o644); err != nil {
			t.Fatal(err)
		}
		ratios := map[string][]float64{}
		var own []time.Duration
		for round := range rounds[n] + 1 {
			out := filepath.Join(dir, fmt.Sprint(round))
			took, peak := timed(t, requorum, "render", inventory, "-o", out)
			others := []struct{ name, shell string }{
				{"shfmt -l", shfmt + " -ln bash -l " + out},
				{"bash -n", "find " + out + " -name '*.sh' -print0 | xargs -0 -n1 -P2 bash -n"},
				{"cp -r", "cp -r " + out + " " + out + ".copy"},
			}
			for _, o := range others {
				other, _ := timed(t, "sh", "-c", o.shell)
				if round > 0 { // the first round warms up
					ratios[o.name] = append(ratios[o.name], took.Seconds()/other.Seconds())
				}
			}
			if round > 0 {
				own = append(own, took)
				rss[n] = max(rss[n], peak)
			}
		}
		wall[n] = median(own)
		t.Logf("%5d nodes: %8.3f s, %3d MB resident; of shfmt -l %.2f, of bash -n %.2f, of cp -r %.1f",
			n, wall[n].Seconds(), rss[n]>>10, median(ratios["shfmt -l"]), median(ratios["bash -n"]), median(ratios["cp -r"]))
	}
	t.Logf("to reach: at 1000 nodes at most 0.60 of shfmt -l and 48 MB; ten times the nodes at most 11 times the time; 18 kB for each further node")
	t.Logf("100 to 1000 nodes: %.1f times the time; 1000 to 5000 nodes: %.1f times the time (5.5 in proportion), %d kB a node",
		ratio(wall[1000], wall[100]), ratio(wall[5000], wall[1000]), (rss[5000]-rss[1000])/4000)
}

// timed runs a program and gives its wall time and the most memory, in kB, that
// was resident.
func timed(t *testing.T, name string, args ...string) (wall time.Duration, peak int64) {
	t.Helper()
	cmd := exec.Command(name, args...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	wall = time.Since(begin)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return wall, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

func median[T time.Duration | float64](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }
