package site

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// The marks that the tree gets at a command in the background, and the variables by
// which a job knows its number.
const (
	forkMark  = "requorum-fork"
	beginMark = "requorum-begin"
	endMark   = "requorum-end"
	nextJob   = "REQUORUM_NEXT_JOB"
	thisJob   = "REQUORUM_JOB"
)

// markJobs puts the marks around every command that runs in the background: one in
// the shell that starts it, two within.
func markJobs(f *syntax.File) {
	var found []*syntax.Stmt
	syntax.Walk(f, func(n syntax.Node) bool {
		if st, ok := n.(*syntax.Stmt); ok && st.Background {
			found = append(found, st)
		}
		return true
	})
	for _, st := range found {
		own := *st
		own.Background = false
		job := &syntax.Stmt{Background: true, Cmd: &syntax.Block{Stmts: []*syntax.Stmt{word(beginMark), &own, word(endMark)}}}
		st.Background, st.Redirs, st.Negated = false, nil, false
		st.Cmd = &syntax.Block{Stmts: []*syntax.Stmt{word(forkMark), job}}
	}
}

func word(text string) *syntax.Stmt {
	return &syntax.Stmt{Cmd: &syntax.CallExpr{Args: []*syntax.Word{{Parts: []syntax.WordPart{&syntax.Lit{Value: text}}}}}}
}

// jobs keeps what a script runs side by side in step: one job runs at a time, and
// whose turn it is follows from the clock alone. The script itself is job 0.
type jobs struct {
	mu     sync.Mutex
	live   []*job // in the order of starting; without the script itself
	main   job
	count  int
	closed bool
}

type job struct {
	number int
	wake   time.Duration // when it goes on
	turn   chan struct{}
}

// jobOf tells which job a handler is called from.
func jobOf(ctx context.Context) int {
	n, _ := strconv.Atoi(interp.HandlerCtx(ctx).Env.Get(thisJob).String())
	return n
}

// find gives a job that lives.
func (j *jobs) find(number int) *job {
	for _, b := range j.live {
		if b.number == number {
			return b
		}
	}
	return &j.main
}

// next is the job whose turn it is: the one that wakes first.
func (j *jobs) next() *job {
	first := &j.main
	for _, b := range j.live {
		if b.wake < first.wake {
			first = b
		}
	}
	return first
}

// until parks a job up to a moment, and lets the others run on meanwhile.
func (j *jobs) until(s *Site, number int, t time.Duration) {
	j.mu.Lock()
	if len(j.live) == 0 || j.closed {
		j.mu.Unlock()
		s.advanceTo(t)
		return
	}
	own := j.find(number)
	own.wake = t
	j.hand(s, own)
}

// hand gives the turn to the job that is next, and waits until it is own's again.
// The mutex is held on entry and free on return.
func (j *jobs) hand(s *Site, own *job) {
	next := j.next()
	if next.wake != never {
		s.advanceTo(next.wake)
	}
	if next == own {
		j.mu.Unlock()
		return
	}
	turn := make(chan struct{}) // own.turn is gone as soon as somebody passes it the turn
	own.turn = turn
	j.mu.Unlock()
	j.pass(next)
	<-turn
}

func (j *jobs) pass(to *job) {
	j.mu.Lock()
	turn := to.turn
	to.turn = nil
	j.mu.Unlock()
	if turn != nil {
		close(turn)
	}
}

// mark is what a mark, or the builtin wait, is replaced by.
func (j *jobs) mark(s *Site, ctx context.Context, args []string) []string {
	if j == nil {
		return []string{":"}
	}
	j.mu.Lock()
	switch args[0] {
	case forkMark:
		j.count++
		j.live = append(j.live, &job{number: j.count, wake: s.Now, turn: make(chan struct{})})
		j.mu.Unlock()
		return []string{"eval", fmt.Sprintf("%s=%d", nextJob, j.count)}
	case beginMark:
		number := interp.HandlerCtx(ctx).Env.Get(nextJob).String()
		n, _ := strconv.Atoi(number)
		turn := j.find(n).turn
		closed := j.closed
		j.mu.Unlock()
		if turn != nil && !closed {
			<-turn
		}
		return []string{"eval", thisJob + "=" + number + "; trap " + endMark + " EXIT"}
	case endMark:
		j.end(s, jobOf(ctx))
		return []string{":"}
	}
	if len(j.live) == 0 || j.closed {
		j.mu.Unlock()
		return args
	}
	j.main.wake = never
	j.hand(s, &j.main)
	return args
}

// end takes a job off the list, and gives the turn to the next one. The mutex is
// held on entry and free on return.
func (j *jobs) end(s *Site, number int) {
	for i, b := range j.live {
		if b.number != number {
			continue
		}
		j.live = append(j.live[:i:i], j.live[i+1:]...)
		if len(j.live) == 0 && j.main.wake == never {
			j.main.wake = s.Now
		}
		next := j.next()
		if next.wake != never {
			s.advanceTo(next.wake)
		}
		j.mu.Unlock()
		j.pass(next)
		return
	}
	j.mu.Unlock()
}

// close lets everything that is parked go on to its end: the script is over, and what
// it has left running ends with it.
func (j *jobs) close() {
	if j == nil {
		return
	}
	j.mu.Lock()
	j.closed = true
	live := j.live
	j.live = nil
	j.mu.Unlock()
	for _, b := range live {
		j.pass(b)
	}
	j.pass(&j.main)
}

// over reports whether the script has ended whose jobs these are.
func (j *jobs) over() bool {
	if j == nil {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closed
}
