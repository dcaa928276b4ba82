package site

import (
	"context"
	"strings"
	"testing"
)

// alone is a site of one node with a file.
func alone() *Site {
	s := &Site{shells: &shellCache{known: map[string]Config{}}}
	n := &Node{Name: "bono-1", Host: "bono-1", Up: true, Format: Fork, Files: newMemory()}
	s.Nodes = []*Node{n}
	for _, dir := range []string{"/etc", "/usr/bin", "/tmp"} {
		_ = n.mkdirs(s, dir, 0o755)
	}
	for _, name := range []string{"cat", "ls", "monit", "hostname"} {
		_ = n.write(s, "/usr/bin/"+name, "#!\n", 0o755)
	}
	return s
}

func runs(t *testing.T, source string) (Result, error) {
	t.Helper()
	script, err := Parse("bono-1", []byte(source))
	if err != nil {
		return Result{}, err
	}
	return alone().Execute(context.Background(), script, nil, nil)
}

// TestHostIsOutOfSight holds that nothing of the host is seen by a script: it is not
// there, or it is an error.
func TestHostIsOutOfSight(t *testing.T) {
	t.Setenv("REQUORUM_LEAK", "leaked")
	for source, want := range map[string]string{ // in any order: each stands alone
		"echo \"<${REQUORUM_LEAK-none}>\"":                          "<none>",
		"echo $HOME":                                                "/root",
		"cat /etc/passwd || echo none":                              "none",
		"read -r line </etc/passwd || echo none":                    "none",
		"command -v gofmt || command -v id || echo none":            "none",
		"cd /proc || echo none":                                     "none",
		"test -e /proc/self || echo none":                           "none",
		"test -r /etc/passwd || echo none":                          "none",
		"[ / -ef /usr ] || echo none":                               "none",
		"echo /proc/*":                                              "/proc/*",
		": </dev/tcp/127.0.0.1/1 || echo none":                      "none",
		"cat /dev/stdin || echo none":                               "none",
		". /etc/profile || echo none":                               "none",
		"while read -r x; do echo \"$x\"; done <<E\n$(hostname)\nE": "bono-1",
	} {
		r, err := runs(t, source)
		if err != nil || !strings.Contains(r.Output, want) || strings.Contains(r.Output, "leaked") {
			t.Errorf("%s: %q, %v", source, r.Output, err)
		}
	}
}

// TestUnknownIsAnError holds that a command that is not modelled, or has other
// arguments, ends the rehearsal, whatever the script makes of it.
func TestUnknownIsAnError(t *testing.T) {
	for _, source := range []string{
		"awk 1", "awk 1 || true", "x=$(awk 1) || true", "awk 1 | cat /x", "! awk", "/usr/bin/python3", "cat -n /x || true",
		"ls -l / || true", "monit reload || true", "monit stop all || true",
		"echo $$", "echo $PPID", "echo $RANDOM", "cat <(echo a)", "type ls", "hash ls", "exec ls", "umask", "eval 'echo $$'",
		"command ls", "command -V ls", "kill -9 1",
	} {
		if r, err := runs(t, source); err == nil {
			t.Errorf("%s: no error, status %d, %q", source, r.Status, r.Output)
		}
	}
}
