//go:build lab

package lab

import (
	"testing"

	"requorum/render/rehearse"
	"requorum/render/rehearse/site"
)

// busyScript holds the lock of a run, and starts one command after another while the one
// to be struck is reached.
const busyScript = `exec 9>/var/run/requorum.lock
flock -n 9
for job in 1 2 3 4; do
	(for ((i = 0; i < 500; i++)); do
		sleep 20 >/dev/null 2>&1 &
	done) &
done
timeout 1 true
`

// TestKilledRunIsGone lets a script die while it forks: nothing of it may be left, as the
// lock of a run ends with its last process.
func TestKilledRunIsGone(t *testing.T) {
	t.Parallel()
	p, _ := build(t, "known-good-config")
	w := newWorld(newMachines(t, newImage(t), p))
	n := w.nodes[0]
	if err := n.write("/root/"+n.Name+".sh", busyScript); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		result, met, err := w.Execute(t.Context(), n.Name, nil, &rehearse.Strike{Command: "timeout 1", Verdict: site.KillBefore})
		if err != nil || !met || !result.Killed {
			t.Fatal(result, met, err)
		}
		if out, err := n.shell(`flock -n /var/run/requorum.lock true || { ps -ef; exit 1; }`); err != nil {
			t.Errorf("the run is dead, and its lock is held:\n%s%v", out, err)
		}
	}
}
