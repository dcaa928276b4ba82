package check_test

import (
	"slices"
	"strings"
	"testing"

	"requorum/render/check"
)

// Every listed command may be called, and nothing that is not listed.
func TestCommandList(t *testing.T) {
	for name, never := range check.CommandArguments() {
		if codes := found(name); slices.Contains(codes, "unknown-command") {
			t.Errorf("%s: %v", name, codes)
		}
		for _, arg := range never {
			if arg == "*" {
				arg = "any"
			}
			if codes := found(name + " " + arg); !slices.Contains(codes, "refused-argument") {
				t.Errorf("%s %s: %v", name, arg, codes)
			}
		}
	}
	for _, name := range []string{"sed", "awk", "grep", "xargs", "perl", "tee", "nonsense", "/bin/rm", "bash_alias"} {
		if codes := found(name + " x"); !slices.Contains(codes, "unknown-command") {
			t.Errorf("%s: %v", name, codes)
		}
	}
}

func TestRefusedBuiltins(t *testing.T) {
	for _, name := range check.RefusedBuiltinNames() {
		if codes := found(name + " x"); !slices.Contains(codes, "refused-builtin") {
			t.Errorf("%s: %v", name, codes)
		}
	}
}

// library declares the functions that are wrappers.
const library = `ask() { OUT=$(timeout "$1" "${@:2}" 2>&1) || STATUS=$?; }
change() { "$@"; }
request() { ask 60 "$@"; }
wait_for() { while ! "${@:4}"; do sleep "$2"; done; }
gather_output() { ask 30 "${@:2}"; }
has_address() { ask 20 "${@:2}" ip -o addr show; }
`

// callCases hold calls, with the rule that they break; none is fine.
var callCases = []struct{ rule, snippet string }{
	{"unknown-command", "ask 20 nonsense"},
	{"", "ask 20 monit summary"},
	{"", `ask "$limit" monit summary`},
	{"unknown-command", "change nonsense"},
	{"", "change touch /etc/clearwater/no_cluster_manager"},
	{"unknown-command", "request nonsense"},
	{"", "request monit stop -g etcd"},
	{"unknown-command", "wait_for 10 1 'x' nonsense"},
	{"", "f() { :; }\nwait_for 10 1 'x' f y"},
	{"unknown-command", "has_address 10.0.0.1 nonsense"},
	{"", `has_address 10.0.0.1 ip netns exec "$space"`},
	{"", "has_address 10.0.0.1"},
	{"unknown-command", `ip netns exec "$space" nonsense`},
	{"", `ip netns exec "$space" ip -o addr show`},
	{"refused-argument", `ip netns exec "$space" ip link set lo down`},
	{"", "command -v monit"},
	{"", `command -v "$name"`},
	{"refused-builtin", "command monit"},
	{"unknown-command", `env -i PATH="$PATH" A=b nonsense`},
	{"", `env -i PATH="$PATH" A=b ls`},
	{"unknown-command", "timeout 5 nonsense"},
	{"", "timeout 5 ls"},
	{"computed-command", "timeout 5"},
	{"unknown-command", "/usr/share/clearwater/bin/run-in-signaling-namespace nonsense"},
	{"", "/usr/share/clearwater/bin/run-in-signaling-namespace nodetool status"},
	{"refused-argument", "/usr/share/clearwater/bin/run-in-signaling-namespace nodetool removenode x"},
	{"unknown-command", "ask 20 timeout 5 env -i nonsense"},
	{"computed-command", "ask 20"},
	{"computed-command", "change"},
	{"computed-command", "wait_for 10 1 'x'"},
	{"computed-command", `ask 20 "$program"`},
	{"computed-command", `ask "$@"`},
	{"computed-command", `f() { ask 20 "$@"; }`},
	{"computed-command", `f() { ask "${list[@]}" ls; }`},

	{"computed-command", "$x a"},
	{"computed-command", `"$x" a`},
	{"computed-command", `"$@"`},
	{"computed-command", `f() { "$@"; }`},
	{"computed-command", `'ls' a`},
	{"computed-command", `l\s a`},
	{"computed-command", "/bin/l? a"},
	{"", "ls a"},

	{"program-text", `sh -c "$x"`},
	{"program-text", `sh -c "ls"`},
	{"program-text", `sh -c 'ls '"$x"`},
	{"program-text", `sh -c $'ls'`},
	{"program-text", "sh /tmp/x"},
	{"program-text", "sh"},
	{"program-text", `sh -n "$x"`},
	{"program-text", `trap "f $x" EXIT`},
	{"", "sh -n /etc/clearwater/local_config"},
	{"", `sh -c 'ls "$1"' sh "$x"`},
	{"unknown-command", "sh -c 'nonsense'"},
	{"unknown-command", "f() { :; }\nsh -c 'f'"},
	{"", "f() { :; }\ntrap 'f' EXIT"},
	{"unknown-command", "trap nonsense EXIT"},
	{"syntax", "sh -c 'if'"},
	{"syntax", "sh -c 'a=(1)'"},
	{"syntax", "trap 'if' EXIT"},

	{"", `flock -n /var/run/requorum.lock bash "$0" --locked "$@"`},
	{"unknown-command", "flock -n /var/run/requorum.lock nonsense"},
	{"", "flock -w 660 /var/run/requorum.lock true"},
	{"unknown-command", "flock -w 660 /var/run/requorum.lock nonsense"},
	{"refused-argument", "flock -n /var/run/other.lock true"},
	{"refused-argument", `bash "$0"`},
	{"program-text", "bash /tmp/x"},
	{"program-text", "bash"},
	{"", "gather_output x ls"},
	{"unknown-command", "gather_output x nonsense"},

	{"sourced-file", `. "$x"`},
	{"sourced-file", ". /etc/default/x"},
	{"sourced-file", "sh -c '. /etc/profile'"},
	{"", "sh -c 'set -eu; . /etc/clearwater/config >/dev/null'"},

	{"duplicate-function", "f() { :; }\nf() { :; }"},
	{"shadowed-command", "rm() { :; }"},
	{"shadowed-command", "exec() { :; }"},

	{"refused-argument", "curl -sSo /tmp/x http://10.0.0.1/"},
	{"refused-argument", "curl --output=/tmp/x http://10.0.0.1/"},
	{"refused-argument", "curl -XPUT http://10.0.0.1/"},
	{"", `curl -s -S -m 8 --noproxy '*' "http://$master:4000/health"`},
	{"refused-argument", "clearwater-etcdctl member remove x"},
	{"", "clearwater-etcdctl member list"},
	{"refused-argument", "hostname other"},
	{"", "hostname"},
	{"refused-argument", "find /etc -exec ls"},
	{"", "find /etc -mindepth 1"},
}

func TestCalls(t *testing.T) {
	for _, c := range callCases {
		codes := slices.DeleteFunc(found(library+c.snippet), func(code string) bool { return code == "not-canonical" })
		switch {
		case c.rule == "" && len(codes) > 0:
			t.Errorf("%q breaks %v", c.snippet, codes)
		case c.rule != "" && !slices.Contains(codes, c.rule):
			t.Errorf("%q does not break %s, only %v", c.snippet, c.rule, codes)
		}
	}
}

// Every wrapper has a case in which it is looked through.
func TestWrappersComplete(t *testing.T) {
	for _, words := range check.WrapperNames() {
		name := strings.Join(words, " ")
		good, bad := false, false
		for _, c := range callCases {
			if last := c.snippet[strings.LastIndex(c.snippet, "\n")+1:]; strings.HasPrefix(last, name+" ") {
				good = good || c.rule == ""
				bad = bad || c.rule == "unknown-command" || name == "command -v"
			}
		}
		if !good || !bad {
			t.Errorf("%s is not tested from both sides", name)
		}
	}
}
