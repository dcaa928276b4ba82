package golden_test

import (
	"slices"
	"strings"
	"testing"
)

// failingCommand is a command that ends with 1; lateCommand, one that shows how far a script gets.
const (
	failingCommand = "cmp -s /etc/clearwater/config /etc/clearwater/local_config"
	lateCommand    = "hostname"
)

// runTiny runs a script of a few lines under both shells, on a node of the smallest case.
func runTiny(t *testing.T, stub, body string) (own observed, difference string) {
	t.Helper()
	p, _ := build(t, "known-good-config")
	return newPair(t, stub, p).run("vellum-1", []byte("#!/bin/bash\nset -euo pipefail\n"+body))
}

// The scripts rely on errexit: these lines end them, or do not, in the interpreter as
// under bash.
var errexitCases = []struct {
	name, body string
	goesOn     bool
}{
	{"plain", failingCommand + "\n" + lateCommand + "\n", false},
	{"in a function", "f() {\n\t" + failingCommand + "\n\t" + lateCommand + "\n}\nf\n" + lateCommand + "\n", false},
	{"in a function of a function", "f() { " + failingCommand + "; }\ng() {\n\tf\n\t" + lateCommand + "\n}\ng\n" + lateCommand + "\n", false},
	{"substitution assigned", "x=$(" + failingCommand + ")\n" + lateCommand + "\n", false},
	{"function assigned", "f() { " + failingCommand + "; }\nx=$(f)\n" + lateCommand + "\n", false},
	{"left of a pipe", failingCommand + " | while read -r x; do :; done\n" + lateCommand + "\n", false},
	{"in a loop", "for x in 1 2; do\n\t" + failingCommand + "\ndone\n" + lateCommand + "\n", false},
	{"in a branch", "if true; then\n\t" + failingCommand + "\nfi\n" + lateCommand + "\n", false},
	{"with a trap", "trap 'printf \"%s\\n\" over' EXIT\n" + failingCommand + "\n" + lateCommand + "\n", false},
	{"as a condition", "if " + failingCommand + "; then :; fi\n" + lateCommand + "\n", true},
	{"negated", "if ! " + failingCommand + "; then\n\t" + lateCommand + "\nfi\n", true},
	{"with an alternative", failingCommand + " || true\n" + lateCommand + "\n", true},
	{"in a function that is a condition", "f() {\n\t" + failingCommand + "\n\t" + lateCommand + "\n}\nif f; then :; fi\n", true},
	{"hidden by local", "f() {\n\tlocal x=$(" + failingCommand + ")\n\t" + lateCommand + "\n}\nf\n", true},
}

// TestErrexitIsOn holds that a failing command ends a script where bash lets it do so.
func TestErrexitIsOn(t *testing.T) {
	stub := buildStub(t)
	for _, c := range errexitCases {
		t.Run(c.name, func(t *testing.T) {
			own, difference := runTiny(t, stub, c.body)
			if difference != "" {
				t.Errorf("the two shells differ:\n%s", difference)
			}
			called := func(command string) bool {
				return slices.ContainsFunc(own.calls, func(c traced) bool { return strings.Join(c.args, " ") == command })
			}
			if !called(failingCommand) || called(lateCommand) != c.goesOn || (own.status == 0) != c.goesOn {
				t.Errorf("the script goes on: %v, wanted %v; exit status %d\n%s", called(lateCommand), c.goesOn, own.status, own.text())
			}
		})
	}
}

// Ways in which a run may differ. Each has a known gap of the interpreter in the place
// of GAP, which makes y of x: behind an expansion bash takes \\ for one backslash, and
// the interpreter for two.
var gapCases = []struct{ name, body string }{
	{"argument", "x=text\nGAP\nls -A \"/tmp/$y\" || true\n"},
	{"output", "x=text\nGAP\nprintf '%s\\n' \"$y\"\n"},
	{"file", "x=text\nGAP\nprintf '%s\\n' \"$y\" >/tmp/gap\n"},
	{"path of execution", "x=text\nGAP\nif [ \"$y\" = 'text\\n' ]; then\n\thostname\nfi\n"},
	{"exit status", "x=text\nGAP\nif [ \"$y\" = 'text\\n' ]; then\n\texit 3\nfi\n"},
	{"job", "x=text\nGAP\nf() { ls -A \"/tmp/$y\" || true; }\nf &\nwait\n"},
}

// TestTraceCanFail holds that what the two shells do differently is seen, and that
// without the gap the same script is the same in both.
func TestTraceCanFail(t *testing.T) {
	stub := buildStub(t)
	for _, c := range gapCases {
		t.Run(c.name, func(t *testing.T) {
			if _, difference := runTiny(t, stub, strings.Replace(c.body, "GAP", `y=$x\\n`, 1)); difference == "" {
				t.Error("a known gap of the interpreter is not seen")
			}
			if _, difference := runTiny(t, stub, strings.Replace(c.body, "GAP", `y="$x"'\n'`, 1)); difference != "" {
				t.Errorf("there is no gap here:\n%s", difference)
			}
		})
	}
}
