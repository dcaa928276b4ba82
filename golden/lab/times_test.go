//go:build lab

package lab

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"requorum/model"
	"requorum/render/rehearse"
	"requorum/render/rehearse/site"
)

// timer notes how long each run takes on a site, by the site's own clock.
type timer struct {
	rehearse.World
	mu   sync.Mutex
	runs []run // in the order of their ends
}

// run is one run of a stage.
type run struct {
	stage        model.StageName
	began, ended time.Duration
	done         bool // it has come to its end
}

func (t *timer) Execute(ctx context.Context, node string, arguments []string, s *rehearse.Strike) (site.Result, bool, error) {
	began := t.Now()
	result, met, err := t.World.Execute(ctx, node, arguments, s)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs = append(t.runs, run{model.StageName(arguments[len(arguments)-1]), began, t.Now(), result.Status == 0 && !result.Killed})
	return result, met, err
}

// alone is how long the runs take one after the other.
func (t *timer) alone() time.Duration {
	var sum time.Duration
	for _, r := range t.runs {
		sum += r.ended - r.began
	}
	return sum
}

// inAll is how long they took as they were run: what lies between two runs does not
// count.
func (t *timer) inAll() time.Duration {
	var sum, until time.Duration
	runs := slices.SortedFunc(slices.Values(t.runs), func(a, b run) int { return int(a.began - b.began) })
	for _, r := range runs {
		sum += max(0, r.ended-max(r.began, until))
		until = max(until, r.ended)
	}
	return sum
}

// floors is what a run of a stage cannot be quicker than here, by what it waits for: the
// facts' 'Timings', and what was measured with nothing but the needed waits.
func floors() map[model.StageName]time.Duration {
	return map[model.StageName]time.Duration{
		model.Create:  time.Second,      // etcd comes up
		model.Confirm: 10 * time.Second, // a cycle of monit, until it shows the managers
		model.Join:    10 * time.Second, // likewise
		model.Manage:  10 * time.Second, // likewise
		model.Finish:  6 * time.Second,  // the barrier of a leaving member, short here, for each of two stores
	}
}

// needed is what the runs that were done cannot be quicker than, one after the other.
func (t *timer) needed() time.Duration {
	var sum time.Duration
	for _, r := range t.runs {
		if r.done {
			sum += floors()[r.stage]
		}
	}
	return sum
}

// times is how long the stories took.
type times struct {
	mu   sync.Mutex
	rows []row
}

// row is one story: on real nodes, and in the rehearsal.
type row struct {
	story           string
	real, imaginary *timer
}

func (t *times) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// print writes a line for each story.
func (t *times) print(out io.Writer) {
	slices.SortFunc(t.rows, func(a, b row) int { return strings.Compare(a.story, b.story) })
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "story\truns\tside by side\tone by one\tof it needed\trehearsal, one by one\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t\n", r.story, len(r.real.runs), seconds(r.real.inAll()), seconds(r.real.alone()),
			seconds(r.real.needed()), seconds(r.imaginary.alone()))
	}
	_ = w.Flush() // to the standard output
	fmt.Fprintln(out, "Managers end at once and a leaving node waits 3 s, unless the story says otherwise; the rehearsal has the true times.")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
