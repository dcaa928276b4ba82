package main

import (
	"os"
	"strings"
	"testing"

	"requorum/render/rehearse/site/facts"
)

// TestFacts tries the programs by the table that the imaginary site is tried by.
func TestFacts(t *testing.T) {
	table, err := facts.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Programs() {
		try(t, table, r, true)
	}
	for _, r := range table.Unprivileged {
		try(t, table, r, false)
	}
}

// try carries out a row on a node of its own, and tells what is not as it says.
func try(t *testing.T, table facts.Table, r facts.Row, superuser bool) {
	t.Helper()
	home, _ := table.Node(r.On)
	l := newLab(t, home.Type, map[string]string{"/etc/clearwater/local_config": "local_ip=" + home.Address + "\n"})
	l.superuser = superuser
	for file, text := range r.Files { // in any order: each is a file of its own
		l.put(t, file, text)
	}
	for _, file := range r.Missing {
		_ = os.Remove(l.at(file)) // it may not be there in the first place
	}
	if r.Ring != nil {
		l.put(t, "/etc/lab/ring", strings.Join(r.Ring, "\n")+"\n")
	}
	for key, value := range r.Keys { // in any order: each is a key of its own
		l.etcd.put(key, value)
	}
	switch r.State {
	case facts.Lost:
		l.etcd.lost = true
	case facts.Down:
		l.etcd.server.Close()
	}
	status := run(r.Run, l.node)
	out := l.output.String()
	if !r.Fits(status, out) {
		t.Errorf("facts %s, %s: %q: status %d\n%s", r.Fact, r.Name, r.Run, status, out)
	}
	for key, want := range r.Leaves { // in any order: each is a key of its own
		if value, _ := l.etcd.value(key); value != want {
			t.Errorf("facts %s, %s: %s holds %q, not %q", r.Fact, r.Name, key, value, want)
		}
	}
}
