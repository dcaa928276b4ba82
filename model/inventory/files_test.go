package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withConfig is the small inventory with a shared_config of the given path.
func withConfig(path string) string {
	return strings.Replace(small, "    nodes:", fmt.Sprintf("    files: {shared_config: %q}\n    nodes:", path), 1)
}

// TestFilesPaths makes sure that the reader is asked for nothing outside the
// folder of the inventory.
func TestFilesPaths(t *testing.T) {
	tests := []struct{ path, code string }{
		{"shared_config", ""},
		{"files/shared_config", ""},
		{"./files//shared_config", ""},
		{"files/..shared..config", ""},
		{"files/München", ""},
		{"", codeBadText},
		{"/etc/clearwater/shared_config", codeBadPath},
		{"//etc", codeBadPath},
		{"..", codeBadPath},
		{"../shared_config", codeBadPath},
		{"files/../shared_config", codeBadPath},
		{"files/..", codeBadPath},
		{"files/", codeBadPath},
		{"files/shared_config/", codeBadPath},
		{"a\x00b", codeBadText},
		{"a\nb", codeBadText},
		{strings.Repeat("a", maxLine+1), codeBadText},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			var asked []string
			files := func(path string) ([]byte, error) {
				asked = append(asked, path)
				return []byte("a=1\n"), nil
			}
			if test.code == "" {
				accept(t, withConfig(test.path), files)
				if diff := cmp.Diff([]string{test.path}, asked); diff != "" {
					t.Errorf("asked for:\n%s", diff)
				}
				return
			}
			findings := refuse(t, withConfig(test.path), files)
			if len(findings) != 1 || findings[0].Code != test.code || len(asked) > 0 {
				t.Errorf("want %s and no question; got %v, asked for %q", test.code, findings, asked)
			}
		})
	}
}

func TestSharedConfig(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"good", "# comment\nhome_domain=example.com\n\tindented=1\n", ""},
		{"UTF-8", "company=München\n", ""},
		{"largest", strings.Repeat("a=1\n", MaxFileSize/4), ""},
		{"empty", "", "0:0 empty-file"},
		{"blank", "\n \n", "0:0 empty-file"},
		{"comments", "# a\n  # b=1\n", "0:0 empty-file"},
		{"too large", strings.Repeat("a=1\n", MaxFileSize/4) + "\n", "0:0 too-large"},
		{"no line end", "a=1\nb=2", "2:4 no-final-newline"},
		{"Windows", "a=1\r\nb=2\r\n", "1:4 carriage-return"},
		{"NUL", "a=1\nb=ä\x00\n", "2:4 control-character"},
		{"escape", "a=\x1b[31m\n", "1:3 control-character"},
		{"DEL", "a=\x7f\n", "1:3 control-character"},
		{"C1", "a=\u0085\n", "1:3 control-character"},
		{"byte order mark", "\ufeffa=1\n", "1:1 control-character"},
		{"Latin-1", "a=M\xfcnchen\n", "1:4 not-utf8"},
		{"all at once", "a=\xff\x00\r", "1:3 not-utf8|1:4 control-character|1:5 carriage-return|1:6 no-final-newline"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := func(string) ([]byte, error) { return []byte(test.content), nil }
			if test.want == "" {
				if got := accept(t, withConfig("f"), files).Sites[0].SharedConfig; string(got) != test.content {
					t.Errorf("got %q", got)
				}
				return
			}
			findings := refuse(t, withConfig("f"), files)
			if got := strings.ReplaceAll(places(findings), " sites.site1.files.shared_config ", " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			for _, f := range findings {
				if f.File != "f" {
					t.Errorf("in file %q: %v", f.File, f)
				}
			}
		})
	}
}

// TestFilesPlace checks the file that findings about content carry.
func TestFilesPlace(t *testing.T) {
	empty := func(string) ([]byte, error) { return nil, nil }
	for name, want := range map[string]string{
		"inventory.yaml":      "files/x",
		"-":                   "files/x",
		"lab/inventory.yaml":  "lab/files/x",
		"/lab/inventory.yaml": "/lab/files/x",
		"../inventory.yaml":   "../files/x",
	} {
		_, findings := Parse(name, []byte(withConfig("./files/x")), empty)
		if len(findings) != 1 || findings[0].File != want {
			t.Errorf("%s: want a finding in %s, got %v", name, want, findings)
		}
	}
}

func TestUnreadable(t *testing.T) {
	tests := []struct {
		files Files
		want  string
	}{
		{nil, `file "f" cannot be read: no files can be read here`},
		{func(string) ([]byte, error) { return nil, errors.New("out of order") }, `file "f" cannot be read: out of order`},
		{func(path string) ([]byte, error) {
			return nil, fmt.Errorf("wrapped: %w", &fs.PathError{Op: "openat", Path: "/home/me/" + path, Err: fs.ErrPermission})
		}, `file "f" cannot be read: permission denied`},
	}
	for _, test := range tests {
		findings := refuse(t, withConfig("f"), test.files)
		if got := places(findings); got != "6:28 sites.site1.files.shared_config unreadable-file" {
			t.Errorf("got %s", got)
		}
		if findings[0].Text != test.want {
			t.Errorf("got %q, want %q", findings[0].Text, test.want)
		}
	}
}

// TestNoSecrets makes sure that no finding repeats what is in shared_config.
func TestNoSecrets(t *testing.T) {
	files := func(string) ([]byte, error) { return []byte("ellis_api_key=secret\xff\x00\r"), nil }
	for _, f := range refuse(t, withConfig("f"), files) {
		if strings.Contains(f.Text+f.Remedy+f.Path, "secret") {
			t.Errorf("shown: %v", f)
		}
	}
}
