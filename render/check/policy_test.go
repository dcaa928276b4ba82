package check_test

import (
	"slices"
	"testing"
)

// policyCases hold snippets with the rule that they break; none is fine.
var policyCases = []struct{ rule, snippet string }{
	{"decisive-variable", "PATH=/tmp"},
	{"decisive-variable", "export PATH=/tmp:/bin"},
	{"decisive-variable", "PATH+=:/tmp"},
	{"decisive-variable", "PATH=(/bin)"},
	{"decisive-variable", `PATH="$x"`},
	{"decisive-variable", "export BASH_ENV=/tmp/x"},
	{"decisive-variable", "readonly LD_PRELOAD=/tmp/x"},
	{"decisive-variable", "f() { local PATH=/tmp; }"},
	{"decisive-variable", "read -r PATH"},
	{"decisive-variable", "for PATH in a b; do :; done"},
	{"decisive-variable", `: "${ENV:=/tmp/x}"`},
	{"decisive-variable", "LC_ALL=de_DE"},
	{"decisive-variable", "export https_proxy=x"},
	{"decisive-variable", "export PYTHONPATH=/tmp"},
	{"decisive-variable", "env PATH=/tmp ls"},
	{"decisive-variable", "env LD_PRELOAD=/tmp/x ls"},
	{"decisive-variable", "COPIES=/etc"},
	{"decisive-variable", "f() { local folder=/etc; }"},
	{"decisive-variable", "sh -c 'PATH=/tmp; ls'"},
	{"", "export LC_ALL=C no_proxy='*' NO_PROXY='*'"},
	{"", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	{"", `env -i PATH="$PATH" ls`},
	{"", "COPIES=''"},
	{"", "f() { local folder; }"},

	{"command-prefix", "A=b ls"},
	{"command-prefix", "LC_ALL=C ls"},
	{"command-prefix", "IFS= A=b read -r a"},
	{"command-prefix", "sh -c 'A=b ls'"},
	{"", "IFS= read -r a"},
	{"", "A=b B=c"},

	{"refused-argument", "monit"},
	{"refused-argument", "monit quit"},
	{"refused-argument", "monit stop all"},
	{"refused-argument", "monit restart -g etcd"},
	{"refused-argument", "monit stop -g other"},
	{"refused-argument", `monit stop -g "$x"`},
	{"refused-argument", "monit stop etcd_process"},
	{"refused-argument", "monit -c /tmp/x summary"},
	{"", "monit summary"},
	{"", "monit status"},
	{"", "request monit stop -g etcd"},
	{"", "request monit monitor -g clearwater_queue_manager"},
	{"refused-argument", "service clearwater-etcd start"},
	{"refused-argument", "service ssh stop"},
	{"refused-argument", `service "$x" stop`},
	{"refused-argument", `service "$service" restart`},
	{"", `ask 150 service "$service" stop`},
	{"", "service clearwater-etcd stop"},
	{"refused-argument", "curl http://example.com/"},
	{"refused-argument", `curl -s "$url"`},
	{"refused-argument", `curl -s -S -m 8 --noproxy '*' "http://$master:4000/v2/keys/x?recursive=true" -X DELETE`},
	{"", `ask 10 curl -s -S -m 8 --noproxy '*' "http://$master:4000/health"`},

	{"unlisted-target", "touch /etc/x"},
	{"unlisted-target", `touch "$x"`},
	{"", "touch /etc/clearwater/no_cluster_manager"},
	{"unlisted-target", "mkdir -p /etc/x"},
	{"unlisted-target", `mkdir -m 0700 "$x"`},
	{"", "mkdir -p /var/backups/requorum"},
	{"", `mkdir -p "/var/backups/requorum/$PLAN"`},
	{"unlisted-target", `mkdir -p "/var/backups/requorum/$PLAN/../x"`},
	{"", `mkdir -m 0700 "$folder"`},
	{"", `mkdir -p "$COPIES${1%/*}"`},
	{"unlisted-target", `mkdir -p "$COPIES$1"`},
	{"unlisted-target", "keep() { :; }\nkeep /etc/shadow"},
	{"unlisted-target", "keep() { :; }\nkeep \"$1\""},
	{"", "keep() { :; }\nkeep /var/lib/clearwater-etcd"},
	{"", "keep() { :; }\nkeep \"$file\""},
	{"unlisted-target", `chmod 0777 "$x"`},

	{"endless-loop", "while :; do ls; done"},
	{"endless-loop", "while true; do ls; done"},
	{"endless-loop", "until false; do ls; done"},
	{"endless-loop", "while ! false; do ls; done"},
	{"endless-loop", "while [ 1 ]; do ls; done"},
	{"endless-loop", "while [[ -e /etc ]]; do ls; done"},
	{"endless-loop", "while ((1)); do ls; done"},
	{"endless-loop", "for (( ; ; )); do ls; done"},
	{"endless-loop", "f() { sleep 5; }"},
	{"endless-loop", "while ! ls; do sleep 5; done"},
	{"", "while read -r a; do ls; done"},
	{"", `while [ "$a" != b ]; do a=b; done`},
	{"", "make_copies_folder() { sleep 1; }"},

	{"set-option", "set +e"},

	{"ansi-escape", `a=$'\e[1m'`},
	{"ansi-escape", `a=$'\033[1m'`},
	{"ansi-escape", `a=$'\x1b'`},
	{"ansi-escape", `a=$'\a'`},
	{"ansi-escape", `a=$'\cA'`},
	{"ansi-escape", `a=$'\\\e'`},
	{"", `a=$'\n\t\r\\\'e'`},
	{"", `a=$'\\e'`},
}

func TestPolicy(t *testing.T) {
	for _, c := range policyCases {
		codes := slices.DeleteFunc(found(library+c.snippet), func(code string) bool { return code == "not-canonical" })
		switch {
		case c.rule == "" && len(codes) > 0:
			t.Errorf("%q breaks %v", c.snippet, codes)
		case c.rule != "" && !slices.Contains(codes, c.rule):
			t.Errorf("%q does not break %s, only %v", c.snippet, c.rule, codes)
		}
	}
}

// shared_config is read by sh and by bash. Nothing of its text may be printed.
func TestSharedConfigSyntax(t *testing.T) {
	cases := []struct{ text, want string }{
		{"a='b'\n# c\nd=\"$e\"\n", ""},
		{"a=1\nsecret='hidden\n", "2, column 8"},
		{"a=1\nif secret\n", "2, column 1"},
		{"secret=(hidden)\n", "1, column 8"},
	}
	for _, c := range cases {
		p := plan(t)
		p.SharedConfig = []byte(c.text)
		got := checked(renderWith(t, p, nil))
		var want []string
		if c.want != "" {
			want = []string{"error: the shared_config that the inventory names is no shell: line " + c.want + " [shared-config-syntax]"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", c.text, got, want)
		}
	}
}
