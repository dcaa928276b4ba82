package check_test

import (
	"slices"
	"strings"
	"testing"

	"requorum/render/check"
)

// destructionCases hold calls that destroy, with the rule that they break; none
// is fine.
var destructionCases = []struct{ rule, snippet string }{
	{"unlisted-target", "rm -rf /etc/clearwater"},
	{"unlisted-target", "rm -rf -- /var/lib/clearwater-etcd/* /etc/x"},
	{"unlisted-target", "rm -- -x"},
	{"unlisted-target", `rm "$x"`},
	{"unlisted-target", `rm "$COPIES/x"`},
	{"unlisted-target", "rm -rf /var/lib/clearwater-etcd"},
	{"unlisted-target", "rm -rf /var/lib/clearwater-etcd/.*"},
	{"", "rm -rf /var/lib/clearwater-etcd/*"},
	{"", "rm -f /etc/clearwater/no_cluster_manager"},
	{"unlisted-target", "rmdir /etc/clearwater"},
	{"unlisted-target", "mv /etc/clearwater/local_config.requorum-new /etc/other"},
	{"unlisted-target", "mv /etc/other /etc/clearwater/local_config"},
	{"hidden-target", "mv -t /etc /etc/clearwater/local_config"},
	{"unlisted-target", "mv -f /etc/clearwater/local_config.requorum-new /etc/clearwater/local_config"},
	{"", "put() {\n\tmv -f \"$1.requorum-new\" \"$1\"\n}"},
	{"", "put() {\n\tmv -S .old \"$1.requorum-new\" \"$1\"\n}"},
	{"unlisted-target", "other() {\n\tmv -f \"$1.requorum-new\" \"$1\"\n}"},
	{"unlisted-target", "other() {\n\tprintf x >\"$1.requorum-new\"\n}"},
	{"unlisted-target", "put /etc/passwd x"},
	{"unlisted-target", "put \"$x\" x"},
	{"", "put /etc/clearwater/local_config \"$x\""},
	{"unlisted-target", "cp /etc/clearwater/shared_config /etc/other"},
	{"unlisted-target", `cp -a "$COPIES/x" "$x"`},
	{"unlisted-target", `cp -a x "$COPIES"`},
	{"unlisted-target", `cp -a x "$COPIES/../y"`},
	{"hidden-target", `cp --target-directory=/etc x`},
	{"", `cp -a --parents "$1" "$COPIES/"`},
	{"", "put() {\n\tcp -a \"$1\" \"$1.requorum-new\"\n}"},
	{"unlisted-target", "find /etc -mindepth 1 -delete"},
	{"unlisted-target", "find /var/lib/clearwater-etcd /etc -delete"},
	{"unlisted-target", `find "$x" -delete`},
	{"unlisted-target", "find -delete"},
	{"unlisted-target", "find -L /var/lib/clearwater-etcd -delete"},
	{"", "find /var/lib/clearwater-etcd -mindepth 1 -delete"},
	{"", "find /etc -mindepth 1"},
	{"unlisted-target", "chmod 0644 /etc/clearwater/local_config"},
	{"", "put() {\n\tchmod 0644 \"$1.requorum-new\"\n}"},
	{"unlisted-target", "chown root /etc/clearwater/local_config"},
	{"unlisted-target", "ln -s /etc/x /etc/y"},
	{"hidden-target", "ln -t /etc /etc/x"},
	{"unlisted-target", "install -m 0644 /etc/x /etc/y"},
	{"unlisted-target", "touch -d now /etc/x"},
	{"unlisted-target", "mkdir -m 0700 /etc/x"},
	{"unlisted-target", "keep /etc/x"},
	{"unlisted-target", "truncate -s 0 /var/log/x"},
	{"unlisted-target", "tee -a /etc/x"},
	{"unlisted-target", "dd if=/dev/zero of=/dev/sda bs=1"},
	{"unlisted-target", "sed -i s/a/b/ /etc/x"},
	{"unlisted-target", "sed -i.old s/a/b/ /etc/x"},

	{"unlisted-target", "printf x >/etc/x"},
	{"unlisted-target", "printf x >>/etc/x"},
	{"unlisted-target", "printf x &>/etc/x"},
	{"unlisted-target", `printf x >"$x"`},
	{"unlisted-target", "printf x >/etc/clearwater/local_config"},
	{"unlisted-target", "{ printf x; } >/etc/x"},
	{"unlisted-target", ">/etc/x"},
	{"unlisted-target", "f() { printf x; } >/etc/x"},
	{"", "put() {\n\tprintf x >\"$1.requorum-new\"\n}"},
	{"", "printf x >/dev/null 2>&1"},
	{"", `printf x >"$COPIES/list"`},
	{"", "cat </etc/passwd"},

	{"unlisted-target", "change rm -rf /etc"},
	{"unlisted-target", "ask 20 timeout 5 rm -rf /etc"},
	{"unlisted-target", "sh -c 'rm -rf /etc'"},
	{"unlisted-target", "sh -c 'ls >/etc/x'"},
	{"unlisted-target", "trap 'rm -rf /etc' EXIT"},
	{"", "change rm -rf /var/lib/clearwater-etcd/*"},
}

func TestDestruction(t *testing.T) {
	for _, c := range destructionCases {
		codes := found(library + c.snippet)
		broken := slices.Contains(codes, "unlisted-target") || slices.Contains(codes, "hidden-target")
		switch {
		case c.rule == "" && broken:
			t.Errorf("%q breaks %v", c.snippet, codes)
		case c.rule != "" && !slices.Contains(codes, c.rule):
			t.Errorf("%q does not break %s, only %v", c.snippet, c.rule, codes)
		}
	}
}

// Every destructive command has a case that is refused.
func TestDestroyersComplete(t *testing.T) {
	for _, name := range check.DestroyerNames() {
		if !slices.ContainsFunc(destructionCases, func(c struct{ rule, snippet string }) bool {
			return c.rule == "unlisted-target" && strings.HasPrefix(c.snippet, name+" ")
		}) {
			t.Errorf("%s is not tested", name)
		}
	}
}

// Every path of the list may be destroyed by its commands, and by no other.
func TestTargets(t *testing.T) {
	calls := map[string]string{
		"rm": "rm -rf PATH", "mv": "mv PATH PATH", "cp": "cp -a /etc/x PATH", "chmod": "chmod 0700 PATH",
		"find": "find PATH -mindepth 1 -delete", ">": "printf x >PATH", "touch": "touch PATH", "mkdir": "mkdir PATH", "keep": "keep PATH",
		"put": "put PATH x",
	}
	for _, target := range check.Targets() {
		path := target.Path
		if strings.HasPrefix(path, `"`) && !strings.HasSuffix(path, `"`) {
			path += `x"` // the start of a word
		}
		for command, call := range calls {
			if path == `"$1"` && command == "mv" {
				call = `mv -f "$1.requorum-new" PATH` // a new file comes from somewhere
			}
			snippet := strings.ReplaceAll(call, "PATH", path)
			if target.In != "" {
				if !slices.Contains(found(snippet), "unlisted-target") {
					t.Errorf("%s on %s is allowed outside of %s", command, path, target.In)
				}
				snippet = target.In + "() {\n\t" + snippet + "\n}"
			}
			if allowed := !slices.Contains(found(snippet), "unlisted-target"); allowed != slices.Contains(target.By, command) {
				t.Errorf("%s on %s: allowed is %t", command, path, allowed)
			}
		}
	}
}
