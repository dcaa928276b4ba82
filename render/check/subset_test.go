package check_test

import (
	"slices"
	"strings"
	"testing"

	"requorum/render/check"
)

// subsetCases hold a script that breaks each rule, and one that does not.
var subsetCases = []struct{ rule, bad, good string }{
	{"set-option", "set +e", "set -e"},
	{"set-option", "set -o noglob", "set -e"},
	{"set-option", `set -- "$@"`, "set -eu"},
	{"trap-signal", "trap 'exit 1' INT", "trap 'exit 1' EXIT"},
	{"trap-signal", "trap 'exit 1' ERR", "trap - EXIT"},
	{"trap-signal", "trap", "f() { exit 1; }\ntrap f EXIT"},
	{"shopt-option", "shopt -s inherit_errexit", "shopt -s nullglob"},
	{"shopt-option", "shopt -q nullglob", "shopt -u dotglob"},
	{"shopt-option", "shopt -s extglob nullglob", "shopt -s dotglob"},
	{"read-option", "read -r -d '' x", "read -r x"},
	{"read-option", "read -r -t 5 x", "read -r -a x"},
	{"read-option", "read -r -u 0 x", "read -ra x"},
	{"read-option", "read -r -p 'name: ' x", "read -r _ x _"},
	{"read-option", "read -r -n 1 x", "read -r"},
	{"read-option", "read x", "read -r x y"},
	{"read-separator", "IFS=, read -r a b", "IFS= read -r a"},
	{"read-separator", "IFS=:", "IFS='' read -r a"},
	{"read-separator", "f() { local IFS=,; }", "f() { local a=,; }"},
	{"printf-format", `printf "$x"`, `printf '%s\n' "$x"`},
	{"printf-format", `printf -v x '%s' y`, `printf '%-8s|%5d|%05x|%o%%\t\\\n' a 1 2 3`},
	{"printf-format", `printf '%q' "$x"`, `printf 'plain\n'`},
	{"printf-format", `printf '%(%s)T' -1`, `printf "done\n"`},
	{"printf-format", `printf '%.3s' "$x"`, `printf '%3s' "$x"`},
	{"printf-format", `printf '%*s' 3 "$x"`, `printf '%s' "$x"`},
	{"printf-format", `printf '\033[1m'`, `printf '\n'`},
	{"printf-format", `printf '%b' "$x"`, `printf '%s' "$x"`},
	{"printf-format", `printf -- '-%s' "$x"`, `printf '%s' "-$x"`},
	{"printf-format", `printf`, `printf 'a-b\n'`},
	{"wait-argument", "wait -n", "wait"},
	{"bare-return", "f() { return; }", "f() { return 0; }"},
	{"bare-return", "f() { g || return; }", "f() { g || return $?; }"},
	{"declare-option", "declare -i n=1", "declare -r n=1"},
	{"declare-option", "declare -A m", "declare -a m"},
	{"declare-option", "f() { local -n r=$1; }", "f() { local -r r=$1; }"},
	{"declare-option", "f() { local -; }", "f() { local a; }"},
	{"declare-option", "declare -gi n", "declare -gx n"},
	{"declare-option", "export -f f", "export LC_ALL=C"},
	{"declare-option", `export "$x"`, `export A="$x"`},
	{"declare-option", "typeset a", "readonly a=1"},
	{"declare-order", "f() { local a=$1 b=$a; }", "f() { local a=$1 b=$1; }"},
	{"declare-order", `f() { local a=1 b="${a}x"; }`, "f() { local a=1 b; }"},
	{"test-operator", "[[ -v a[0] ]]", "[[ -v a ]]"},
	{"test-operator", "[[ -R a ]]", "[[ -d /etc && ! -L /etc ]]"},
	{"test-operator", "[[ -o errexit ]]", "[[ -t 0 || -s /etc/hosts ]]"},
	{"test-operator", `[ a = b -o "$x" = c ]`, `[ a = b ] || [ "$x" = c ]`},
	{"test-operator", `[ -n a -a -n b ]`, `[[ -n a && (-n b || -z c) ]]`},
	{"test-operator", `[ \( -n a \) ]`, `[ -e /etc ]`},
	{"numeric-literal", "[[ x -eq 5 ]]", `[[ $x -eq 5 ]]`},
	{"numeric-literal", "[[ $x -lt 08 ]]", `[[ $x -lt -8 ]]`},
	{"unquoted", "rm $x", `rm "$x"`},
	{"unquoted", "rm $(f)", `rm "$(f)"`},
	{"unquoted", "for x in $list; do :; done", `for x in "${list[@]}"; do :; done`},
	{"unquoted", "a=($x)", `a=("$x")`},
	{"unquoted", "cat <$x", `cat <"$x"`},
	{"unquoted", "cat <<<$x", `cat <<<"$x"`},
	{"unquoted", "[[ $a == $b ]]", `[[ $a == "$b"* ]]`},
	{"unquoted", "case $a in $b) ;; esac", `case $a in "$b") ;; esac`},
	{"unquoted", "a=${a%$b}", `a=${a%"$b"}`},
	{"unquoted", "a=${a//$b/}", `a=${a//"$b"/}`},
	{"unquoted", "a=${a//x/$b}", `a=${a//x/"$b"}`},
	{"unquoted", "[ $x = a ]", `[ $# -eq 0 ] && [ $? -eq 0 ] && [ $((1 + 1)) -eq ${#x} ]`},
	{"brace-expansion", "mkdir /a/{b,c}", "mkdir '/a/{b,c}' /a/{b}"},
	{"brace-expansion", "for i in {1..3}; do :; done", "for i in 1 2 3; do :; done"},
	{"tilde", "cat ~/x", "cat '~/x' a~b"},
	{"tilde", "a=~root", "a='~root'"},
	{"extended-pattern", "[[ $a == @(b|c) ]]", "[[ $a == [bc] ]]"},
	{"extended-pattern", "a=${a##+( )}", "a=${a##* }"},
	{"regex-text", `[[ $a =~ "x.y" ]]`, `[[ $a =~ x\.y ]]`},
	{"regex-text", `[[ $a =~ ^"$b" ]]`, `[[ $a =~ $b ]]`},
	{"regex-text", `[[ $a =~ ^\d+$ ]]`, `[[ $a =~ ^[0-9]{1,3}$ ]]`},
	{"replacement-anchor", "a=${a/#b/c}", `a=${a/\#b/c}`},
	{"replacement-anchor", "a=${a/%b/c}", "a=${a/b/c}"},
	{"replacement-ampersand", "a=${a/b/&c}", "a=${a/b/c}"},
	{"replacement-ampersand", `a=${a/b/\\}`, "a=${a/b}"},
	{"transformation", `printf '%s' "${a@Q}"`, `printf '%s' "${a^^}"`},
	{"error-expansion", `a=${b?missing}`, `a=${b-missing}`},
	{"error-expansion", `a=${b:?}`, `a=${b:-}`},
	{"indirection", "a=${!b}", `a=${b}`},
	{"indirection", `printf '%s' "${!b@}"`, `printf '%s' "${!b[@]}"`},
	{"array-operator", `f "${a[@]:-x}"`, `f "${a[@]}" "${a[0]:-x}"`},
	{"array-operator", `f "${@+x}"`, `f "${1+x}" "${@:2}"`},
	{"kept-backslash", `a=b\'c`, `a="b'c" b=("$a"\')`},
	{"kept-backslash", `f() { local a="$b"\\; }`, `f() { local a="$b\\"; }`},
	{"kept-backslash", `case "$a"\' in x) ;; esac`, `case "$a'" in \') ;; esac`},
	{"kept-backslash", `[[ "$a"\' == x ]]`, `[[ "$a'" == *\' ]]`},
	{"quoted-default", `a="${b:-'c'}"`, `a="${b:-c}" d=${b:-'c'}`},
	{"shell-variable", `a=$RANDOM`, `a=$RANDOMLY`},
	{"shell-variable", `a=$((SECONDS + 1))`, `a=$((limit + 1))`},
	{"shell-variable", `((LINENO > 1))`, `((line > 1))`},
	{"shell-variable", `f & a=$!`, `f &`},
	{"ansi-escape", `a=$'\u00e9'`, `a=$'\n\t'`},
	{"translated-string", `a=$"x"`, `a="x"`},
	{"pipe-into", "cat /etc/hosts | while read -r a; do :; done", "cat /etc/hosts | sort"},
	{"pipe-into", "cat /etc/hosts | read -r a", "printf 'a' | sha256sum"},
	{"pipe-into", "f() { :; }\ncat /etc/hosts | f", "f() { :; }\nf | cat"},
	{"pipe-both", "f |& cat", "f 2>&1 | cat"},
	{"substitution-list", `a=$(f; g)`, `a=$(f && g)`},
	{"substitution-list", `a=$(if f; then g; fi)`, `a=$(</etc/hostname)`},
	{"backquotes", "a=`f`", "a=$(f)"},
	{"process-substitution", "cat <(f)", "cat <<<\"$(f)\""},
	{"coprocess", "coproc f", "f &"},
	{"file-descriptor", "f 3>&1", "f 2>&1"},
	{"file-descriptor", "f {fd}>/dev/null", "f >/dev/null"},
	{"file-descriptor", "f 2</dev/null", "f 0</dev/null"},
	{"redirection-operator", "f >|/dev/null", "f >/dev/null 2>/dev/null"},
	{"redirection-operator", "f <>/dev/null", "f </dev/null"},
	{"redirection-operator", "f >&-", "f >&2"},
	{"redirection-operator", "f <&2", "f &>/dev/null"},
	{"case-fallthrough", "case a in a) f ;& b) g ;; esac", "case a in a | b) f ;; esac"},
	{"case-fallthrough", "case a in a) f ;;& b) g ;; esac", "case a in a) f ;; b) g ;; esac"},
	{"function-keyword", "function f { :; }", "f() { :; }"},
	{"select-loop", "select a in b c; do :; done", "for a in b c; do :; done"},
	{"time-keyword", "time f", "timer=f"},
	{"let-command", "let a=1", "a=$((1))"},
	{"old-arithmetic", "a=$[1 + 1]", "a=$((1 + 1))"},
}

// found gives the codes of a snippet behind the start that a script must have.
func found(snippet string) []string {
	return codesOf(check.Script("x.sh", []byte("#!/bin/bash\nset -euo pipefail\n"+snippet+"\n")))
}

func TestSubset(t *testing.T) {
	for _, c := range subsetCases {
		if codes := found(c.bad); !slices.Contains(codes, c.rule) {
			t.Errorf("%q does not break %s, only %v", c.bad, c.rule, codes)
		}
		codes := found(c.good)
		if slices.Contains(codes, c.rule) {
			t.Errorf("%q breaks %s", c.good, c.rule)
		}
		if slices.Contains(codes, "syntax") {
			t.Errorf("%q does not parse", c.good)
		}
	}
}

// Every rule of the subset has its cases.
func TestSubsetComplete(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range subsetCases {
		tested[c.rule] = true
	}
	for _, id := range check.SubsetRuleIDs() {
		if !tested[id] {
			t.Errorf("no case breaks the rule %s", id)
		}
		delete(tested, id)
	}
	for id := range tested {
		t.Errorf("a case breaks %s, which is no rule of the subset", id)
	}
}

// Each variable of the shell is refused by its name.
func TestShellVariables(t *testing.T) {
	for _, name := range check.ShellVariableNames() {
		if codes := found("a=${" + name + "}"); !slices.Contains(codes, "shell-variable") {
			t.Errorf("$%s: %v", name, codes)
		}
	}
}

// The rules hold inside the programs of other shells and of traps too, and the
// place of the finding is the place in the script.
func TestSubsetInPrograms(t *testing.T) {
	src := "#!/bin/bash\nset -euo pipefail\nsh -c 'a=1\n\trm $a'\ntrap 'return' EXIT\n"
	var got []string
	for _, d := range check.Script("x.sh", []byte(src)) {
		got = append(got, strings.Fields(d.String())[0]+d.Code)
	}
	want := []string{"x.sh:4:5:unlisted-target", "x.sh:4:5:unquoted", "x.sh:5:7:bare-return"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
