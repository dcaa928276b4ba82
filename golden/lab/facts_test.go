//go:build lab

package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render/rehearse/site/facts"
)

// series is that of Debian's etcd, which the lab's nodes run.
const series = "3.4"

// TestFacts tries the lab's nodes by the table that the imaginary site and the stand-ins
// are tried by: what Clearwater's programs say and do must be one truth for all of them.
// There is no monit here, and so nobody but the test starts anything.
func TestFacts(t *testing.T) {
	t.Parallel()
	table, err := facts.Read()
	if err != nil {
		t.Fatal(err)
	}
	i := newImage(t)
	for _, part := range []struct {
		name string
		try  func(*testing.T, *labSite, facts.Table)
	}{{"rows", tryRows}, {"starts", tryStarts}} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel() // each has a site of its own
			part.try(t, tableSite(t, i, table), table)
		})
	}
}

// tableSite is a site of the table's nodes. Of the old cluster nothing is left: it has
// never been.
func tableSite(t *testing.T, i image, table facts.Table) *labSite {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\ndeployment: facts\nuses: {homestead_prov: true}\nrecover: site1\nsites:\n  site1:\n    nodes:\n")
	for _, n := range table.Nodes {
		fmt.Fprintf(&b, "      %s: {type: %s, local_ip: %s, etcd: %s}\n", n.Name, n.Type, n.Address, n.Etcd)
	}
	for dead := range 3 { // without them there would be nothing to recover, and no plan
		fmt.Fprintf(&b, "      dead-%d: {type: vellum, local_ip: 10.0.0.%d, etcd: master, state: failed}\n", dead, 100+dead)
	}
	d, findings := inventory.Parse("facts.yaml", []byte(b.String()), nil)
	noErrors(t, findings)
	p, findings := planner.Build(d)
	noErrors(t, findings)
	p.Failed = nil
	s := newMachines(t, i, p)
	s.steps(t, s.roles, s.remember)
	return s
}

// roles gives each live node the local_config that the table takes for granted.
func (s *labSite) roles() error {
	var masters []string
	for _, n := range s.old() {
		masters = append(masters, n.ManagementIP.String())
	}
	return each(s.live(), func(n *node) error {
		text := fmt.Sprintf("local_ip=%s\netcd_%s=%s\n", n.LocalIP, map[bool]string{true: "cluster", false: "proxy"}[slices.Contains(s.old(), n)], strings.Join(masters, ","))
		return n.write("/etc/clearwater/local_config", text)
	})
}

// outcome runs a command on a node and gives all that it prints, and its exit status.
func (n *node) outcome(command ...string) (string, int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := n.enter(ctx, command...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	return string(out), cmd.ProcessState.ExitCode(), err
}

// putBack makes files and folders what they were when the site was remembered.
func (n *node) putBack(paths ...string) error {
	_, err := n.shell(`for path; do
	rm -rf "$path"
	if [ -e "/etc/lab/original$path" ]; then cp -a "/etc/lab/original$path" "$path"; fi
done`, paths...)
	return err
}

// factsSite is a site whose etcd is in a state of the table.
type factsSite struct {
	*labSite
	state facts.State
	keys  map[string]string // all that etcd held when it got into the state
}

// states are in an order that a site can go through.
func states() []facts.State {
	return []facts.State{facts.Alone, facts.Whole, facts.Partial, facts.Lost, facts.Down}
}

// dies are the nodes whose etcd ends in a state.
func dies(s facts.State) []string {
	return map[facts.State][]string{facts.Partial: {"vellum-3"}, facts.Lost: {"vellum-2", "vellum-3"}, facts.Down: {"vellum-1"}}[s]
}

// tryRows tries all rows but those of starts, state by state; those with as many keys
// follow each other, since another set of keys needs a whole cluster in between.
func tryRows(t *testing.T, s *labSite, table facts.Table) {
	rows := slices.Concat(table.Programs(), table.Etcdctl, scripts())
	for _, r := range table.Unprivileged {
		r.Run = append([]string{"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"}, r.Run...)
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b facts.Row) int {
		return cmp.Or(slices.Index(states(), a.State)-slices.Index(states(), b.State), len(a.Keys)-len(b.Keys))
	})
	f := &factsSite{labSite: s}
	for _, r := range rows {
		if err := f.bring(r.State, r.Keys); err != nil {
			t.Fatal(err)
		}
		f.try(t, r)
	}
}

// scripts are rows for what only the lab has as programs: monit's polls and an init
// script. Which members were healthy last is shown, and forgotten.
func scripts() []facts.Row {
	poll := []string{"sh", "-c", `/usr/share/clearwater/bin/poll_etcd_cluster.sh
status=$?
cat /var/lib/clearwater-etcd/healthy_etcd_members
rm -f /var/lib/clearwater-etcd/healthy_etcd_members
exit $status`}
	ask := []string{"/usr/share/clearwater/bin/poll_etcd.sh"}
	start := []string{"sh", "-c", "/etc/init.d/clearwater-cluster-manager start && test ! -e /var/run/clearwater-cluster-manager.pid"}
	two, none := []string{"10.0.0.1,", "10.0.0.2,"}, []string{"10.0.0.1,"}
	rows := []facts.Row{
		{Fact: "2.3", Name: "all are healthy", State: facts.Whole, Run: poll, Answer: facts.Answer{Says: append(two, "10.0.0.3,")}},
		{Fact: "2.3", Name: "a proxy notes them, too", On: "sprout-1", State: facts.Whole, Run: poll, Answer: facts.Answer{Says: two}},
		{Fact: "2.3", Name: "one is down", State: facts.Partial, Run: poll, Answer: facts.Answer{Status: 1, Says: two, Never: []string{"10.0.0.3,"}}},
		{Fact: "1.1", Name: "no quorum", State: facts.Lost, Run: poll, Answer: facts.Answer{Status: 2, Never: none}},
		{Fact: "1.1", Name: "nothing formed", State: facts.Alone, Run: poll, Answer: facts.Answer{Status: 2, Never: none}},
		{Fact: "1.1", Name: "etcd is down", State: facts.Down, Run: poll, Answer: facts.Answer{Status: 2, Never: none}},
		{Fact: "1.11", Name: "etcd answers", State: facts.Whole, Run: ask},
		{Fact: "1.11", Name: "etcd is down, and asked", State: facts.Down, Run: ask, Answer: facts.Answer{Status: 7}}, // curl's
		{Fact: "2.4", Name: "a cluster manager that must not start", State: facts.Whole, Run: start,
			Files:  map[string]string{"/etc/clearwater/no_cluster_manager": ""},
			Answer: facts.Answer{Says: []string{"/etc/clearwater/no_cluster_manager exists, not starting cluster manager"}}},
	}
	for i := range rows {
		rows[i].On = cmp.Or(rows[i].On, "vellum-1")
	}
	return rows
}

// try carries out a row, tells what is not as it says, and puts the node's files back.
func (s *factsSite) try(t *testing.T, r facts.Row) {
	t.Helper()
	n := s.node(r.On)
	if err := n.arrange(r); err != nil {
		t.Fatal(err)
	}
	out, status, err := n.outcome(r.Run...)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Of(series).Fits(status, out) {
		t.Errorf("facts %s, %s (%s): %q: status %d\n%s", r.Fact, r.Name, r.State, r.Run, status, out)
	}
	if len(r.Leaves) > 0 {
		held, err := s.node("vellum-1").keys()
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range r.Leaves { // in any order: each is a key of its own
			if held[key] != value {
				t.Errorf("facts %s, %s: %s holds %q, not %q", r.Fact, r.Name, key, held[key], value)
			}
		}
	}
	if err := n.putBack(append(slices.Collect(maps.Keys(r.Files)), "/etc/clearwater", "/etc/chronos")...); err != nil {
		t.Fatal(err)
	}
}

// arrange puts on a node what a row finds there.
func (n *node) arrange(r facts.Row) error {
	if err := n.write("/etc/lab/ring", strings.Join(append(slices.Clone(r.Ring), ""), "\n")); err != nil {
		return err
	}
	for file, text := range r.Files { // in any order: each is a file of its own
		if err := n.write(file, text); err != nil {
			return err
		}
	}
	_, err := n.run(append([]string{"rm", "-f"}, r.Missing...)...)
	return err
}

// bring makes etcd what a state and keys say. A state in which something has died is
// kept as long as its keys are right, since nothing can be written in it.
func (s *factsSite) bring(state facts.State, keys map[string]string) error {
	if state != facts.Whole && state == s.state && maps.Equal(keys, s.keys) {
		return nil
	}
	was, first := s.state, s.node("vellum-1")
	s.state, s.keys = state, keys
	if state == facts.Alone {
		return first.startEtcd()
	}
	if was != facts.Whole {
		if err := s.whole(); err != nil {
			return err
		}
	}
	if err := first.hold(keys); err != nil {
		return err
	}
	for _, name := range dies(state) {
		if err := s.node(name).stopEtcd(); err != nil {
			return err
		}
	}
	switch state {
	case facts.Partial:
		return until("the two that are left", first.healthy)
	case facts.Lost:
		return first.loseLeader()
	}
	return nil
}

// whole lets every etcd run, and waits until the masters are one cluster and the proxy
// passes on to them.
func (s *factsSite) whole() error {
	if err := each(s.old(), (*node).startEtcd); err != nil {
		return err
	}
	for _, n := range s.old() {
		if err := until("the cluster at "+n.Name, n.healthy); err != nil {
			return err
		}
	}
	proxy := s.node("sprout-1")
	if err := proxy.startEtcd(); err != nil {
		return err
	}
	return until("the proxy", func() error { _, err := proxy.keys(); return err })
}

// hold makes etcd hold some keys, and no others.
func (n *node) hold(keys map[string]string) error {
	held, err := n.keys()
	if err != nil {
		return err
	}
	tops := map[string]bool{}
	for key := range held {
		tops["/"+strings.Split(key, "/")[1]] = true
	}
	for top := range tops { // in any order: all go
		if _, err := n.run("curl", "-s", "-S", "-f", "-m", "5", "--noproxy", "*", "-X", "DELETE", "http://"+n.ManagementIP.String()+":4000/v2/keys"+top+"?recursive=true"); err != nil {
			return err
		}
	}
	for key, value := range keys { // in any order: each is a key of its own
		if err := n.put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// tryStarts tries the starts of etcd on vellum-1, one after the other; nobody else's runs.
func tryStarts(t *testing.T, s *labSite, table facts.Table) {
	n := s.node("vellum-1")
	for _, c := range table.Starts {
		if err := n.prepare(c); err != nil {
			t.Fatal(err)
		}
		if _, _, err := n.outcome("/etc/init.d/clearwater-etcd", "start"); err != nil { // its exit status is no verdict (facts 1.2)
			t.Fatal(err)
		}
		log, err := n.read(initLog)
		if err != nil {
			t.Fatal(err)
		}
		runs, err := n.runsAs()
		if err != nil {
			t.Fatal(err)
		}
		if !c.Fits(log, runs) {
			t.Errorf("facts %s, %s: runs as %s, log\n%s", c.Fact, c.Name, runs, log)
		}
		if err := n.putBack("/etc/clearwater"); err != nil {
			t.Fatal(err)
		}
	}
	tryStray(t, n)
}

// tryStray leaves an etcd running that the pid file does not know: it must be gone when
// another one is started (facts 1.2).
func tryStray(t *testing.T, n *node) {
	t.Helper()
	if err := n.prepare(facts.Start{Config: "local_ip=10.0.0.1\netcd_cluster=10.0.0.1,10.0.0.2,10.0.0.3\n"}); err != nil {
		t.Fatal(err)
	}
	out, err := n.shell(`/etc/init.d/clearwater-etcd start
rm /var/run/clearwater-etcd/clearwater-etcd.pid
/etc/init.d/clearwater-etcd start
[ "$(pgrep -f ^/usr/share/clearwater/clearwater-etcd/)" = "$(cat /var/run/clearwater-etcd/clearwater-etcd.pid)" ]`)
	if err != nil {
		t.Errorf("facts 1.2, a stray etcd: %v\n%s", err, out)
	}
}

// initLog is where etcd's init script says what it decides (facts 1.2).
const initLog = "/var/log/clearwater-etcd/clearwater-etcd-initd.log"

// prepare makes a node what a start finds. The data is what an etcd leaves that founds
// the table's cluster, or a proxy's note of its peers (facts 2.3).
func (n *node) prepare(c facts.Start) error {
	const wipe = "find /var/lib/clearwater-etcd -mindepth 1 -delete\n"
	lines := "/etc/init.d/clearwater-etcd stop\n" + wipe
	switch c.Data {
	case "member":
		lines += `log=/var/log/clearwater-etcd/clearwater-etcd.log
: >"$log"
/etc/init.d/clearwater-etcd start
while ! grep -q 'starting a new election' "$log"; do sleep 0.1; done # its port opens before its data is whole
/etc/init.d/clearwater-etcd stop
`
	case "proxy":
		lines += `mkdir -p "/var/lib/clearwater-etcd/$1/proxy"
printf '{"PeerURLs":["http://10.0.0.2:2380"]}' >"/var/lib/clearwater-etcd/$1/proxy/cluster"
`
	}
	if _, err := n.shell(lines+": >"+initLog, n.ManagementIP.String()); err != nil {
		return err
	}
	for file, text := range c.Files { // in any order: each is a file of its own
		if err := n.write(file, text); err != nil {
			return err
		}
	}
	return n.write("/etc/clearwater/local_config", c.Config)
}

// runsAs is as what etcd runs: only a member listens to peers, whatever its command line
// says (T11).
func (n *node) runsAs() (string, error) {
	count, err := n.counted()
	if err != nil || count["clearwater-etcd"] == 0 {
		return "nothing", err
	}
	listens, err := n.run("ss", "-Hltn", "sport", "=", ":2380")
	if err != nil || listens != "" {
		return "member", err
	}
	return "proxy", nil
}
