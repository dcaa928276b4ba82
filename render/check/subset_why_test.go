package check_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// subsetReasons are snippets on which bash and the interpreter of the rehearsal
// differ: the reasons for the rules. Each snippet breaks its rule.
var subsetReasons = []struct{ rule, snippet string }{
	{"set-option", "set -Eeuo pipefail; false; printf 'went on\\n'"},
	{"trap-signal", "set -e; trap 'printf x' INT; printf y"},
	{"trap-signal", "set -e; trap 'printf x' ERR; f() { false; }; f"},
	{"shopt-option", "set -e; shopt -s lastpipe; printf y"},
	{"read-option", "read -r -d : a <<<'b:c'; printf '%s' \"$a\""},
	{"read-option", "read -r -n 1 a <<<bc; printf '%s' \"$a\""},
	{"read-option", "read -r -p 'x: ' a <<<b; printf '%s' \"$a\""},
	{"read-separator", "IFS=, read -r a b c <<<'1,,3'; printf '%s.%s.%s' \"$a\" \"$b\" \"$c\""},
	{"read-separator", "IFS=, read -r -a l <<<'1,,3'; printf '%s' \"${#l[@]}\""},
	{"printf-format", "printf -v a '%s' x; printf '%s' \"$a\""},
	{"printf-format", "printf -- '-%s' x"},
	{"printf-format", "printf '%q' 'a b'"},
	{"printf-format", "printf '%.1s' ab"},
	{"wait-argument", "wait -n"},
	{"bare-return", "f() { false; return; }; f && printf 'true'"},
	{"bare-return", "g() { return 2; }; f() { g || return; }; f; printf '%s' $?"},
	{"declare-option", "declare -i n=1+1; printf '%s' \"$n\""},
	{"declare-option", "f() { local -A m=([a]=1); m[b]=2; printf '%s' \"${#m[@]}\"; }; f"},
	{"declare-order", "f() { local a=1 b=$a; printf '%s' \"$b\"; }; f"},
	{"test-operator", "a=(x); [[ -v a[0] ]] && printf set"},
	{"numeric-literal", "x=5; [[ x -eq 5 ]] && printf same"},
	{"extended-pattern", "shopt -s extglob\na='  x'; printf '%s' \"${a##+( )}\""},
	{"regex-text", "[[ axb =~ \"a.b\" ]] && printf match"},
	{"regex-text", "[[ 1 =~ ^\\d$ ]] && printf match"},
	{"replacement-anchor", "a=aab; printf '%s' \"${a/#a/x}\""},
	{"replacement-ampersand", "a=ab; printf '%s' \"${a/b/\\&}\""},
	{"error-expansion", "(printf '%s' \"${a?none}\") 2>/dev/null; printf '%s' $?; exit \"${a?none}\""},
	{"array-operator", "a=(); printf '%s' \"${a[@]:-none}\""},
	{"kept-backslash", "a=b; c=$a\\n; printf '%s' \"$c\""},
	{"kept-backslash", "a=b; case \"$a\"\\' in \"b'\") printf match ;; esac"},
	{"kept-backslash", "a=b; [[ \"$a\"\\' == \"b'\" ]] && printf match"},
	{"quoted-default", "printf '%s' \"${a:-'b'}\""},
	{"shell-variable", "false | true; printf '%s' \"${PIPESTATUS[0]}\""},
	{"shell-variable", "f() { printf '%s' \"$FUNCNAME\"; }; f"},
	{"shell-variable", "printf '%s' \"$SECONDS\""},
	{"shell-variable", "printf '%s' \"$BASH_VERSINFO\""},
	{"shell-variable", "printf '%s' \"$-\""},
	{"ansi-escape", "a=$'\\u00e9'; printf '%s' \"$a\""},
	{"pipe-into", "a=1; printf x | { a=2; }; printf '%s' \"$a\""},
	{"pipe-into", "a=1; printf x | read -r a; printf '%s' \"$a\""},
	{"substitution-list", "set -e; a=$(false; printf x); printf '%s' \"$a\""},
	{"coprocess", "coproc :"},
	{"file-descriptor", "printf x 3>&1 >&3"},
	{"redirection-operator", "printf x >|/dev/null; printf '%s' $?"},
	{"let-command", "a=5; let 'a+=1'; printf '%s' \"$a\""},
}

// A rule that the two shells do not agree on is in the subset's rules, and the
// snippet that shows it breaks the rule.
func TestSubsetReasons(t *testing.T) {
	bash := bashPath(t)
	for _, c := range subsetReasons {
		real, rehearsed := runBash(t, bash, c.snippet), runInterp(t, c.snippet)
		if real == rehearsed {
			t.Errorf("%s: bash and the interpreter agree on %q: %s", c.rule, c.snippet, real)
		}
		if codes := found(c.snippet); !slices.Contains(codes, c.rule) {
			t.Errorf("%q does not break %s, only %v", c.snippet, c.rule, codes)
		}
	}
}

// subsetAgreements are what scripts rest on: in the subset, and understood alike.
var subsetAgreements = []string{
	"set -e; f() { false; printf x; }; if f; then printf y; fi",
	"set -e; f() { true && false; }; f; printf x",
	"set -euo pipefail; a=$(false | cat); printf x",
	"set -e; a=$(exit 3) || s=$?; printf '%s' \"$s\"",
	"set -e; f() { local a; a=$(exit 3); printf x; }; f || printf '%s' $?",
	"set -e; f() { [ a = b ] || return 7; }; f || printf '%s' $?",
	"set -euo pipefail; end() { local s=$?; printf 'end %s' \"$s\"; }; trap end EXIT; f() { return 4; }; f",
	"set -u; a=(); printf '%s' \"${#a[@]}\"; a+=(b 'c d'); for i in \"${a[@]}\"; do printf '%s.' \"$i\"; done",
	"set -u; printf '%s' \"${1-none}$#\"",
	"f() { printf '%s.' \"${@:2}\"; shift; printf '%s' \"$*\"; }; f a b 'c d'",
	"a=$'x\\ny'; printf '%s.%s' \"${a%%$'\\n'*}\" \"${a#*$'\\n'}\"",
	"while IFS= read -r l || [ -n \"$l\" ]; do printf '<%s>' \"$l\"; done <<<$' a\\\\b \\nc'",
	"read -r a _ b <<<'1 2 3 4'; printf '%s,%s' \"$a\" \"$b\"",
	"re='^([a-z]+)=(.*)$'; [[ 'k=v w' =~ $re ]] && printf '%s|%s' \"${BASH_REMATCH[1]}\" \"${BASH_REMATCH[2]}\"",
	"[[ $'\\n'\"a\"$'\\n' == *$'\\n'\"a\"$'\\n'* ]] && printf in",
	"case 'Status ok' in Running | 'Status ok') printf fine ;; esac",
	"printf '%-6s|%6s|%05d|%x|%%\\n' ab cd 42 255",
	"a=' k = v '; a=${a//' '/}; printf '%s' \"${a%%=*}.${a#*=}.${#a}\"",
	"printf '%s' $((16#ff & 63)) $((7 % 3)) $((2 > 1))",
	"a=1; b=$( (printf 2) ); printf '%s%s' \"$a\" \"$b\"",
	"f() { printf out; printf err >&2; }; a=$(f 2>&1); b=$(f 2>/dev/null); printf '%s.%s' \"$a\" \"$b\"",
	"i=0; until [ $i -ge 3 ]; do i=$((i + 1)); done; printf '%s' $i; for ((i = 0; i < 2; i++)); do printf '%s' $i; done",
	"f() { printf '%s' \"$1\"; }; for x in b a; do f \"$x\" & wait; done",
	"printf '%s\\n' \"$(printf 'a\\n\\n')\"; trap - EXIT; exit 5",
	"a=([0]=x y); printf '%s.' \"${!a[@]}\" \"${a[1]}\" \"${a[@]:1}\"; a[3]=z; unset 'a[0]'; printf '%s' \"${#a[@]}\"",
	"printf '%s' \"${a-x}${a:-y}${a+z}\"; a=1; printf '%s' \"${a:+, }\"",
	"cat <<EOF\n$((1 + 1)) \\$a $(printf b)\nEOF",
	"command -v f; printf '%s' $?; f() { :; }; command -v f",
}

// The two shells agree on what scripts rest on, and the subset allows it.
func TestSubsetAgreements(t *testing.T) {
	bash := bashPath(t)
	for _, snippet := range subsetAgreements {
		if real, rehearsed := runBash(t, bash, snippet), runInterp(t, snippet); real != rehearsed {
			t.Errorf("%q: bash %s, the interpreter %s", snippet, real, rehearsed)
		}
	}
}

// bashPath finds bash, or fails the test.
func bashPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal("bash is not installed; .ci/tools installs it")
	}
	return path
}

// runBash gives output and exit status of a snippet. Messages are left out: the
// two shells word them differently.
func runBash(t *testing.T, bash, snippet string) string {
	t.Helper()
	cmd := exec.Command(bash, "-c", snippet)
	cmd.Env, cmd.Dir = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}, t.TempDir()
	out, err := cmd.Output()
	status := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%q, status %d", out, status)
}

func runInterp(t *testing.T, snippet string) string {
	t.Helper()
	f, err := syntax.NewParser().Parse(strings.NewReader(snippet), "")
	if err != nil {
		t.Fatal(err)
	}
	var out, messages bytes.Buffer
	r, err := interp.New(interp.StdIO(nil, &out, &messages), interp.Dir(t.TempDir()),
		interp.Env(expand.ListEnviron("PATH=/usr/bin:/bin", "LC_ALL=C")))
	if err != nil {
		t.Fatal(err)
	}
	status := 0
	err = r.Run(context.Background(), f)
	if exit, ok := errors.AsType[interp.ExitStatus](err); ok {
		status = int(exit)
	} else if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%q, status %d", out.String(), status)
}
