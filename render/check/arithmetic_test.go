package check_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arithmeticCases hold scripts in which text may be evaluated, with the rule
// that they break; none is fine. DEPLOYMENT is as a head sets it.
var arithmeticCases = []struct{ rule, snippet string }{
	{"arithmetic-text", "[[ $DEPLOYMENT -eq 1 ]]"},
	{"arithmetic-text", "[[ 1 -lt $DEPLOYMENT ]]"},
	{"arithmetic-text", "a=$((DEPLOYMENT))"},
	{"arithmetic-text", "a=$(($DEPLOYMENT))"},
	{"arithmetic-text", "a=$((1 + (2 * -DEPLOYMENT)))"},
	{"arithmetic-text", "((DEPLOYMENT > 1))"},
	{"arithmetic-text", "for ((i = DEPLOYMENT; i < 1; i++)); do :; done"},
	{"arithmetic-text", "a[$DEPLOYMENT]=1"},
	{"arithmetic-text", "a=([DEPLOYMENT]=1)"},
	{"arithmetic-text", `printf '%s' "${a[$DEPLOYMENT]}"`},
	{"arithmetic-text", `printf '%s' "${a:DEPLOYMENT}"`},
	{"arithmetic-text", `printf '%s' "${a:0:$DEPLOYMENT}"`},
	{"arithmetic-text", `printf '%s' "${@:DEPLOYMENT}"`},
	{"arithmetic-text", "x=$DEPLOYMENT\na=$((x))"},
	{"arithmetic-text", "x=1\nx=$DEPLOYMENT\na=$((x))"},
	{"arithmetic-text", "x=1\nx+=$DEPLOYMENT\na=$((x))"},
	{"arithmetic-text", "x=1\n: \"${x:=$DEPLOYMENT}\"\na=$((x))"},
	{"arithmetic-text", "x=(1 \"$DEPLOYMENT\")\na=$((x[1]))"},
	{"arithmetic-text", "for x in 1 \"$DEPLOYMENT\"; do a=$((x)); done"},
	{"arithmetic-text", "read -r x <<<\"$DEPLOYMENT\"\na=$((x))"},
	{"arithmetic-text", "read -r -a x <<<\"$DEPLOYMENT\"\na=$((x[0]))"},
	{"arithmetic-text", "x=$(id)\na=$((x))"},
	{"arithmetic-text", "a=$(($(id)))"},
	{"arithmetic-text", "a=$((1$DEPLOYMENT))"},
	{"arithmetic-text", "a=$((a${DEPLOYMENT}))"},
	{"arithmetic-text", "a=$((nobody))"},
	{"arithmetic-text", "x='1'\na=$((x))"},
	{"arithmetic-text", "f() { a=$(($1)); }\nf 1"},
	{"arithmetic-text", "f() {\n\tlocal x=$1\n\ta=$((x))\n}\nf \"$DEPLOYMENT\""},
	{"arithmetic-text", "f() {\n\tlocal x=$1\n\ta=$((x))\n}\nf"},
	{"arithmetic-text", "f() {\n\tlocal x=$2\n\ta=$((x))\n}\nf \"$@\" 1"},
	{"arithmetic-text", "f() {\n\tshift\n\tlocal x=$1\n\ta=$((x))\n}\nf 1 \"$DEPLOYMENT\""},
	{"arithmetic-text", `sh -c 'a=$(($1))' sh "$DEPLOYMENT"`},
	{"arithmetic-text", `sh -c 'x=$1; a=$((x))' sh "$DEPLOYMENT"`},

	{"", "x=0\nx=$((x + 1))\n[[ $x -gt 1 ]]"},
	{"", "x=-1\na=$((x))"},
	{"", "local_x=16#ff\na=$((local_x & 0x3f))"},
	{"", "for x in 1 2; do a=$((x)); done"},
	{"", "for ((i = 0; i < 1; i++)); do a=$((i)); done"},
	{"", "x=$?\ny=$#\nz=${#DEPLOYMENT}\na=$((x + y + z + ${#DEPLOYMENT}))"},
	{"", "a=$(($(date +%s) - 1))\nx=$(date +%s)\na=$((x))"},
	{"", "f() {\n\tlocal x=$1\n\ta=$((x))\n}\nf 1\nchange f 2"},
	{"", `printf '%s' "${DEPLOYMENT:0:4}" "${a[0]}" "${a[@]}" "${@:2}"`},
	{"", `[ "$DEPLOYMENT" -eq 1 ]`},
	{"", `printf '%s' "$((${#DEPLOYMENT} % 2))"`},

	{"computed-name", `unset "$DEPLOYMENT"`},
	{"computed-name", `unset -v "$DEPLOYMENT"`},
	{"computed-name", `unset 'a[0]'`},
	{"computed-name", `[ -v "$DEPLOYMENT" ]`},
	{"computed-name", `[ ! -v "$DEPLOYMENT" ]`},
	{"computed-name", `[ -v a[0] ]`},
	{"computed-name", `[ "$a" "$DEPLOYMENT" ]`},
	{"computed-name", `[ "$a" "$b" "$DEPLOYMENT" ]`},
	{"computed-name", `[ ! "$a" "$DEPLOYMENT" ]`},
	{"computed-name", `[ "$a" -v "$DEPLOYMENT" ]`},
	{"computed-name", `[ "$a" "$b" "$c" "$d" ]`},
	{"declare-option", `export "$DEPLOYMENT"`},
	{"declare-option", `f() { local "$DEPLOYMENT=1"; }`},
	{"declare-option", `declare "$DEPLOYMENT"=1`},
	{"printf-format", `printf -v "$DEPLOYMENT" x`},
	{"read-option", `read -r "$DEPLOYMENT"`},
	{"", "unset a b"},
	{"", `[ -v a ] && [ ! -v b ] && [ -n "$a" ] && [ "$a" = -v ] && [ "$a" ] && [ ! "$a" ]`},
}

func TestArithmetic(t *testing.T) {
	for _, c := range arithmeticCases {
		codes := found("DEPLOYMENT='x'\n" + library + c.snippet)
		broken := slices.Contains(codes, "arithmetic-text") || slices.Contains(codes, "computed-name")
		switch {
		case c.rule == "" && broken:
			t.Errorf("%q breaks %v", c.snippet, codes)
		case c.rule != "" && !slices.Contains(codes, c.rule):
			t.Errorf("%q does not break %s, only %v", c.snippet, c.rule, codes)
		}
	}
}

// What is fine runs no value in bash, and some of what is refused does: the
// rules are there for a reason.
func TestArithmeticInBash(t *testing.T) {
	bash := bashPath(t)
	runs := 0
	for _, c := range arithmeticCases {
		script := `DEPLOYMENT='q[$(printf ran >&2)]' a=(1)` + "\n" + library + c.snippet
		command := exec.Command(bash, "-c", script)
		var messages strings.Builder
		command.Stderr = &messages
		_ = command.Run() // many of them fail, as they should
		ran := strings.Contains(strings.ReplaceAll(messages.String(), "printf ran", ""), "ran")
		if ran && c.rule == "" {
			t.Errorf("%q runs the value: %s", c.snippet, messages.String())
		}
		if ran {
			runs++
		}
	}
	if runs < 20 {
		t.Errorf("only %d of the refused scripts run the value", runs)
	}
}

// A head cannot send a value into the arithmetic of another part.
func TestArithmeticAcrossParts(t *testing.T) {
	r := renderWith(t, plan(t), map[string]string{
		"node/head.sh.tmpl": head + "COUNT={{sh .InstanceID}}\n",
		"lib/text.sh":       "f() {\n\tprintf '%d\\n' $((COUNT))\n}\n",
	})
	got := checked(r)
	want := "site-templates/lib/text.sh:2:19: error: COUNT stands in arithmetic and may hold text, which bash would evaluate"
	if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) }) {
		t.Errorf("got %q, want %q", got, want)
	}
}
