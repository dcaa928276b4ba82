package main

import (
	"strings"
	"time"
)

// setting is a time that the lab gives in /etc/lab/stop-seconds, by lines of a name and
// seconds: "config_manager 60" is how long the manager lives after SIGTERM, "pause 2"
// how long it sleeps after an error, "join 5" and "leave 5" how long a node waits before
// it joins a store or leaves it.
func (n *node) setting(name string) (time.Duration, bool) {
	text, err := n.read("/etc/lab/stop-seconds")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 2 || f[0] != name {
			continue
		}
		if d, err := time.ParseDuration(f[1] + "s"); err == nil {
			return d, true
		}
	}
	return 0, false
}

func (n *node) settingOr(name string, otherwise time.Duration) time.Duration {
	if d, ok := n.setting(name); ok {
		return d
	}
	return otherwise
}

// Times of the real programs (facts 1.2 and Timings).
const (
	pauseOnError = 30 * time.Second // PAUSE_BEFORE_RETRY_ON_EXCEPTION
	watch        = 5 * time.Second
	barrier      = 30 * time.Second // before a join or a leave
)
