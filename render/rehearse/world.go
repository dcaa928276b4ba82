package rehearse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"requorum/render/rehearse/site"
)

// World is a site on which stories are carried out. The imaginary site is one; another
// one may be made of real machines, so that the same stories are played there. Nodes go
// by their names in the inventory, the failed ones too. An error says that the world
// itself cannot go on; a script that ends badly is no error.
type World interface {
	Hands
	// Execute runs the script of a node with arguments until its end. A strike befalls
	// the run, unless it is nil, and met tells whether it did.
	Execute(ctx context.Context, node string, arguments []string, s *Strike) (result site.Result, met bool, err error)
	// SideBySide reports whether runs on different nodes go on at the same time. If so,
	// the turns of a stage that are not in turn come to Execute from several goroutines.
	SideBySide() bool
	// Now is the time since the beginning, for transcripts.
	Now() time.Duration
	// Settle is what lies between two runs: the time that an engineer takes from one
	// command to the next, or nothing where the machines have a clock of their own.
	Settle(ctx context.Context) error
	// Begin lets something happen that counts as having been so from the beginning: it
	// was never otherwise, and the goal is held against that. change may be called more
	// than once, each time with other hands.
	Begin(ctx context.Context, change func(Hands) error) error
	// Faults lists what keeps the site from being recovered, a sentence each; nothing if
	// it is.
	Faults(ctx context.Context) ([]string, error)
}

// Hands is what people and chance do to the nodes of a site.
type Hands interface {
	// Read gives the content of a file; fs.ErrNotExist if there is none.
	Read(ctx context.Context, node, path string) (string, error)
	// Write gives a file another content, as somebody with an editor does: its mode and
	// owner stay, and it is on the disk.
	Write(ctx context.Context, node, path, text string) error
	// MakeFolder makes a folder and those above it.
	MakeFolder(ctx context.Context, node, path string) error
	// Delete takes a file, or a folder with all that is in it, away, if it is there.
	Delete(ctx context.Context, node, path string) error
	// PutBack makes a file, or a folder with all that was in it, what it was before the
	// first thing happened to the site; what was not there goes.
	PutBack(ctx context.Context, node, path string) error

	// PowerOff takes a node's power. What was written and is not yet on the disk is
	// kept, or is lost where the world can lose it.
	PowerOff(ctx context.Context, node string, kept bool) error
	// PowerOn boots a node; one that has failed boots as it was (T15).
	PowerOn(ctx context.Context, node string) error
	// Fence cuts a node off from all others for good.
	Fence(ctx context.Context, node string) error
	// Cut keeps two nodes from reaching each other.
	Cut(ctx context.Context, node, other string) error
	// Mend takes every Cut back, and no Fence.
	Mend(ctx context.Context) error
	// Fill leaves no room on a node's disk or, with false, makes room again.
	Fill(ctx context.Context, node string, full bool) error

	// SlowStop makes services of a node take so long from SIGTERM to their end, and no
	// others (T2).
	SlowStop(ctx context.Context, node string, d time.Duration, services ...site.Service) error
	// Monitor is "monit monitor -g GROUP", typed by somebody.
	Monitor(ctx context.Context, node string, service site.Service) error
	// Unmonitor is "monit stop -g GROUP", typed by somebody.
	Unmonitor(ctx context.Context, node string, service site.Service) error
	// HaltMonit ends monit's daemon or, with false, starts it again (facts 1.1). A node
	// without power boots without the daemon then.
	HaltMonit(ctx context.Context, node string, halt bool) error
	// Lock holds the lock of the node's script, as a run in another terminal does, or
	// frees it.
	Lock(ctx context.Context, node string, held bool) error
	// Ring gives the row of a signaling address in Cassandra another state, such as UN
	// or DN, or makes one at a site; without a state the row goes (T44).
	Ring(ctx context.Context, siteName, address, state string) error
	// Wait lets time go by.
	Wait(ctx context.Context, d time.Duration) error
}

// Strike is what befalls a run at one of its commands.
type Strike struct {
	Command string       // how the command begins, its words with a blank between them
	Verdict site.Verdict // Fail, KillBefore or KillAfter
	Always  bool         // it befalls every such command of the run, and not the first alone
}

// Meets reports whether a command is such a one: its words, or those from one of them
// on, begin with the strike's.
func (s Strike) Meets(words []string) bool {
	text := strings.Join(words, " ")
	return strings.HasPrefix(text, s.Command) || strings.Contains(text, " "+s.Command)
}

// together gives the turns that begin at once when one does: those of its stage from
// it on, or it alone.
func (r *Rehearsal) together(w World, t Turn) []Turn {
	if !w.SideBySide() || r.plan.Stage(t.Stage).InTurn {
		return []Turn{t}
	}
	var list []Turn
	for _, u := range r.turns {
		if u.Stage == t.Stage && (len(list) > 0 || u == t) {
			list = append(list, u)
		}
	}
	return list
}

// sideBySide runs turns at the same time, each with its arguments, and gives their
// results in the same order.
func sideBySide(ctx context.Context, w World, turns []Turn, arguments [][]string) ([]site.Result, error) {
	results := make([]site.Result, len(turns))
	group, ctx := errgroup.WithContext(ctx)
	for i, t := range turns {
		group.Go(func() error {
			result, _, err := w.Execute(ctx, t.Node, arguments[i], nil)
			if err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
			results[i] = result
			return nil
		})
	}
	return results, group.Wait()
}
