package site

import (
	"testing"
	"time"
)

// TestJobsHandOver lets two jobs give the turn to each other many times: neither may
// miss its turn, however soon it comes back.
func TestJobsHandOver(t *testing.T) {
	const rounds = 50000
	other := &job{number: 1, turn: make(chan struct{})}
	s, j := &Site{}, &jobs{live: []*job{other}}
	run := func(number int) {
		for i := range rounds {
			j.until(s, number, time.Duration(2*i+number)*time.Second)
		}
	}
	begin, done := other.turn, make(chan struct{})
	go func() {
		<-begin
		run(other.number)
		close(done)
	}()
	run(0)
	j.close()
	<-done
	if want := 2 * (rounds - 1) * time.Second; s.Now != want {
		t.Errorf("the clock stands at %v, want %v", s.Now, want)
	}
}
