package check_test

import (
	"slices"
	"strings"
	"testing"

	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/check"
)

const begin = "#!/bin/bash\nset -euo pipefail\n"

// scriptCases hold whole scripts with the first lines of their findings.
var scriptCases = []struct {
	name, src string
	want      []string
}{
	{"fine", begin + "f() {\n\tprintf '%s\\n' \"$1\"\n}\nf 'x'\n", nil},
	{"syntax", begin + "if true; then\n", []string{"x.sh:3:10: error: this is not bash: `then` must be followed by a statement list"}},
	{"open here-document", begin + "cat <<EOF\nx\n", []string{"x.sh:3:5: error: this is not bash: unclosed here-document"}},
	{"open quote", begin + "a='x\n", []string{"x.sh:3:3: error: this is not bash: reached EOF without closing quote"}},
	{"function without a name", begin + "() (true)\n", []string{"x.sh:3:1: error: this is not bash"}},
	{"no final newline", begin + "true", []string{
		"x.sh:3:4: error: the last line has no end [no-newline-at-end]",
		"x.sh:3:5: error: the script is not in canonical form; from here shfmt writes: a new line"}},
	{"NUL", begin + "true\x00\n", []string{
		"x.sh:3:5: error: the script holds a NUL byte", "x.sh:3:5: error: the script is not in canonical form"}},
	{"carriage return", begin + "true '\r'\n", []string{"x.sh:3:7: error: the script holds a carriage return"}},
	{"not ASCII", begin + "# caf\u00e9\ntrue\n", []string{"x.sh:3:6: error: byte 0xc3 is not printable ASCII"}},
	{"escape", begin + "# \x1b[1m\ntrue\n", []string{"x.sh:3:3: error: byte 0x1b is not printable ASCII"}},
	{"not ASCII in a value", begin + "A='caf\u00e9'\nB=(\n\t'{{'\n\t'\u2028'\n)\n", nil},
	{"column in runes", begin + "ls 'caf\u00e9' $x\n", []string{
		"x.sh:3:8: error: byte 0xc3", "x.sh:3:11: error: an expansion stands outside of double quotes"}},
	{"action", begin + "# {{.Node}}\ntrue\n", []string{
		`x.sh:3:3: error: "{{" is the start of a template action`, `x.sh:3:10: error: "}}" is the end of a template action`}},
	{"two closing braces", begin + "a=${b:-${c}}\n", nil},
	{"no value", begin + "# <no value>\ntrue\n", []string{`x.sh:3:3: error: "<no value>" is what a template writes for a missing value`}},
	{"wrong format", begin + "# %!s(MISSING)\ntrue\n", []string{`x.sh:3:3: error: "%!s(" is what Go writes for a wrong format`}},
	{"remainder", begin + "a=${b%!*}\n", nil},
	{"not canonical", begin + "if  true ; then f; fi\n", []string{
		"x.sh:3:4: error: the script is not in canonical form; from here shfmt writes: true; then f; fi",
		"x.sh:3:17: error: the command f is not on the list"}},
	{"blank line at the end", begin + "true\n\n", []string{"x.sh:4:1: error: the script is not in canonical form; from here shfmt writes: nothing more"}},
	{"no shebang", "set -euo pipefail\n", []string{"x.sh:1:1: error: the script does not begin with #!/bin/bash"}},
	{"other shebang", "#!/bin/sh\nset -euo pipefail\n", []string{"x.sh:1:1: error: the script does not begin with #!/bin/bash"}},
	{"other first command", "#!/bin/bash\n# x\nset -eu\n", []string{"x.sh:3:1: error: the first command is not set -euo pipefail"}},
	{"errtrace", "#!/bin/bash\nset -Eeuo pipefail\n", []string{
		"x.sh:2:1: error: an option is set that scripts may not change", "x.sh:2:1: error: the first command is not set -euo pipefail"}},
	{"empty", "#!/bin/bash\n", []string{"x.sh:1:1: error: the first command is not set -euo pipefail"}},
	{"nothing", "", []string{"x.sh:1:1: error: the first command", "x.sh:1:1: error: the last line has no end", "x.sh:1:1: error: the script does not begin",
		"x.sh:1:1: error: the script is not in canonical form; from here shfmt writes: a new line"}},
}

func TestScript(t *testing.T) {
	for _, c := range scriptCases {
		got := lines(check.Script("x.sh", []byte(c.src)))
		slices.Sort(got)
		slices.Sort(c.want)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.want[i]) {
				t.Errorf("%s: got %q, want %q", c.name, got[i], c.want[i])
			}
		}
	}
}

// Lines of a script beyond what the parser can count have places too.
func TestLongScript(t *testing.T) {
	src := begin + strings.Repeat("\n", 1) + strings.Repeat("true\n", 300000) + "nonsense\n"
	got := lines(check.Script("x.sh", []byte(src)))
	if len(got) != 1 || !strings.HasPrefix(got[0], "x.sh:300004:1: error: the command nonsense") {
		t.Errorf("got %q", got)
	}
}

// Every code has its page, and no other check uses it.
func TestCodes(t *testing.T) {
	seen, taken := map[string]bool{}, map[string]bool{}
	for _, c := range slices.Concat(inventory.Codes(), planner.Codes(), render.Codes()) {
		taken[c.ID] = true
	}
	for _, c := range check.Codes() {
		if seen[c.ID] || c.ID == "" || taken[c.ID] {
			t.Errorf("the code %q is there twice, or empty, or that of another package", c.ID)
		}
		seen[c.ID] = true
		if c.Summary == "" || strings.HasSuffix(c.Summary, ".") || len(c.Detail) < 40 {
			t.Errorf("%s: %q, %q", c.ID, c.Summary, c.Detail)
		}
	}
}
