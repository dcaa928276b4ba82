package rehearse

import (
	"slices"
	"strings"
	"testing"
	"time"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// TestDurations holds the three durations of a made-up recovery: stop side by side on
// three nodes, config side by side on three, confirm in turn on two.
func TestDurations(t *testing.T) {
	stages := []model.Stage{
		{Name: model.Stop, Nodes: []string{"a", "b", "c"}, Steps: []model.Step{
			{ID: "stop/gone", Nodes: []string{"a", "b", "c"}, Wait: 100},
		}},
		{Name: model.Config, Nodes: []string{"a", "b", "c"}},
		{Name: model.Confirm, InTurn: true, Nodes: []string{"a", "b"}, Steps: []model.Step{
			{ID: "confirm/one", Nodes: []string{"a", "b"}, Wait: 20},
			{ID: "confirm/two", Nodes: []string{"b"}, Wait: 30},
		}},
		{Name: model.Join, InTurn: true, LeftOut: "nobody"},
	}
	took := map[Turn]struct{ seconds, slept int }{
		{model.Stop, "a"}: {90, 85}, {model.Stop, "b"}: {95, 85}, {model.Stop, "c"}: {91, 85},
		{model.Config, "a"}: {5, 0}, {model.Config, "b"}: {7, 0}, {model.Config, "c"}: {4, 0},
		{model.Confirm, "a"}: {10, 4}, {model.Confirm, "b"}: {12, 12},
	}
	// The work is 5 + 10 + 6, 16 and 6 seconds; the limits are 300, 40 and 30.
	const longest = 21 + 16 + 6 + 370
	for _, c := range []struct{ operators, shortest, expected int }{
		{1, 95 + 7 + 22, 95 + 16 + 22},
		{2, 95 + 7 + 22, 95 + 9 + 22}, // a and c fall to the first engineer
		{3, 95 + 7 + 22, 95 + 7 + 22},
		{9, 95 + 7 + 22, 95 + 7 + 22}, // more engineers than nodes
	} {
		r := &Rehearsal{plan: &model.Plan{Operators: c.operators, Stages: stages}}
		for _, st := range stages {
			for _, node := range st.Nodes {
				turn := Turn{st.Name, node}
				r.clean = append(r.clean, moment{turn: turn, trace: sleeping(took[turn].slept),
					took: time.Duration(took[turn].seconds) * time.Second})
			}
		}
		want := Durations{seconds(c.shortest), seconds(c.expected), seconds(longest)}
		if got := r.Durations(); got != want {
			t.Errorf("%d engineers: got %v, want %v", c.operators, got, want)
		}
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// sleeping is what a watcher has seen of a run that slept so long: second by second,
// among other commands, and once in vain.
func sleeping(n int) *trace {
	command := func(status int, args ...string) called {
		return called{site.Command{Args: args}, status}
	}
	list := slices.Repeat([]called{command(0, "sleep", "1"), command(1, "pgrep", "etcd")}, n)
	return &trace{append(list, command(1, "sleep", "7"))}
}

// TestWriteTranscript holds the form of a transcript.
func TestWriteTranscript(t *testing.T) {
	stop, config := Turn{model.Stop, "a"}, Turn{model.Config, "b"}
	r := &Rehearsal{
		plan: &model.Plan{Waits: []model.Wait{
			{Stage: model.Config, Node: "b", Ended: model.Stop, Nodes: []string{"a", "b"}},
		}},
		begin: &site.Site{Now: time.Minute},
		codes: map[Turn]string{stop: "3fa-91c"},
		clean: []moment{
			{turn: stop, before: &site.Site{Now: time.Minute}, trace: &trace{}, result: site.Result{Output: "a: DONE\n"}},
			{turn: config, before: &site.Site{Now: time.Hour + 3*time.Minute + 7*time.Second}, trace: &trace{},
				result: site.Result{Output: "b: NOT RIGHT\n", Status: 3}},
		},
	}
	const want = `[00:00:00] $ sudo bash a.sh --yes a stop
a: DONE

[01:02:07] $ sudo bash b.sh --yes b --codes 3fa-91c config
b: NOT RIGHT
(exit status 3)
`
	var got strings.Builder
	if err := r.WriteTranscript(&got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	if got, want := typed("b", []string{"--codes", "3fa-91c 000-111", "config"}), "sudo bash b.sh --codes '3fa-91c 000-111' config"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
