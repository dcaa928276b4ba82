package main

import (
	"context"
	"os/signal"
	"syscall"
	"time"
)

// manager is a daemon that does its turn again and again until SIGTERM.
type manager struct {
	name string // in /etc/lab/stop-seconds
	turn func(ctx context.Context) error
}

// manage runs a manager until SIGTERM. The program stays in the foreground: its init
// script puts it into the background and writes the pid file.
func (n *node) manage(m manager) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return n.loop(ctx, m)
}

// loop gives the manager its turns. When it is told to end, it ends at once, but a
// thread that sleeps after an error sleeps on to its end (facts 1.2).
func (n *node) loop(ctx context.Context, m manager) int {
	for {
		err := m.turn(ctx)
		if err != nil && ctx.Err() == nil {
			pause := n.settingOr("pause", pauseOnError)
			n.say("%s %s: %v; trying again in %v\n", time.Now().UTC().Format(time.DateTime), m.name, err, pause)
			if left := rest(ctx, pause); ctx.Err() != nil {
				return n.end(m, left)
			}
			continue
		}
		if rest(ctx, watch); ctx.Err() != nil {
			return n.end(m, 0)
		}
	}
}

// rest waits, and gives what is left of the time where the context ends first.
func rest(ctx context.Context, d time.Duration) time.Duration {
	began := time.Now()
	select {
	case <-ctx.Done():
		return d - time.Since(began)
	case <-time.After(d):
		return 0
	}
}

// end lets a manager live as long after SIGTERM as it must.
func (n *node) end(m manager, left time.Duration) int {
	n.sleep(n.settingOr(m.name, left))
	return 0
}

// queueManager runs, and looks at etcd as the others do, so that it is as slow to stop
// as they are (facts 1.2).
func queueManager(n *node) int {
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	k := n.keys(c)
	return n.manage(manager{"queue_manager", func(ctx context.Context) error {
		_, err := k.get(ctx, "/")
		return err
	}})
}
