package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"requorum/model/inventory"
)

// within runs the program in this process.
func within(stdin string, args ...string) (code exitCode, stdout, stderr string) {
	var out, errs bytes.Buffer
	s := &session{
		stdin:  strings.NewReader(stdin),
		out:    bufio.NewWriter(&out),
		stderr: &errs,
		env:    func(string) (string, bool) { return "", false },
	}
	code = run(args, s)
	return code, out.String(), errs.String()
}

func TestExitStatus(t *testing.T) {
	tests := []struct {
		args []string
		want exitCode
	}{
		{[]string{"--version"}, exitOK},
		{[]string{"schema"}, exitOK},
		{[]string{"help", "help"}, exitOK},
		{[]string{"plan", "-"}, exitFindings},
		{nil, exitUsage},
		{[]string{""}, exitUsage},
		{[]string{"-"}, exitUsage},
		{[]string{"plan"}, exitUsage},
		{[]string{"plan", "--", "-", "x"}, exitUsage},
		{[]string{"plan", "--check", "-"}, exitUsage},
		{[]string{"help", "a", "b"}, exitUsage},
		{[]string{"plan", t.TempDir()}, exitInternal},
		{[]string{"check", filepath.Join(t.TempDir(), "missing")}, exitInternal},
	}
	for _, test := range tests {
		code, stdout, stderr := within("", test.args...)
		if code != test.want {
			t.Errorf("%q: %d, not %d: %s", test.args, code, test.want, stderr)
		}
		if (code == exitOK) != (stderr == "") || (code == exitOK) != (stdout != "") {
			t.Errorf("%q: stdout %q, stderr %q", test.args, stdout, stderr)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: errors.New("broken pipe")}
}

func (brokenPipe) Read([]byte) (int, error) { return 0, errors.New("torn wire") }

func TestBrokenStreams(t *testing.T) {
	var errs bytes.Buffer
	s := &session{stdin: brokenPipe{}, out: bufio.NewWriter(brokenPipe{}), stderr: &errs, env: os.LookupEnv}
	if code := run([]string{"schema"}, s); code != exitInternal || errs.String() != "requorum: cannot write to standard output: broken pipe\n" {
		t.Errorf("%d %q", code, errs.String())
	}
	errs.Reset()
	s.out = bufio.NewWriter(io.Discard)
	if code := run([]string{"plan", "-"}, s); code != exitInternal || errs.String() != "requorum: cannot read standard input: torn wire\n" {
		t.Errorf("%d %q", code, errs.String())
	}
}

func TestPanicIsInternal(t *testing.T) {
	var errs bytes.Buffer
	s := &session{stderr: &errs} // no standard output: printing panics
	if code := run([]string{"schema"}, s); code != exitInternal || !strings.HasPrefix(errs.String(), "requorum: internal error: ") {
		t.Errorf("%d %q", code, errs.String())
	}
}

func TestEveryVerbHasHelp(t *testing.T) {
	for _, c := range commands() {
		code, stdout, stderr := within("", c.name, "--help")
		if code != exitOK || stderr != "" || !strings.HasPrefix(stdout, "Usage: requorum "+c.name) {
			t.Errorf("%s: %d %q %q", c.name, code, stdout, stderr)
		}
	}
}

func TestHelpNamesAreUnique(t *testing.T) {
	names := helpNames()
	slices.Sort(names)
	for i, name := range names[1:] {
		if name == names[i] {
			t.Errorf("%s is explained twice", name)
		}
	}
	for _, name := range names {
		text, ok := explain(name)
		if !ok || strings.TrimSpace(text) == "" {
			t.Errorf("%s is not explained", name)
		}
		for line := range strings.Lines(text) {
			if len(line) > width+1 && strings.Contains(strings.TrimSpace(line), " ") && !strings.HasPrefix(line, "Usage:") {
				t.Errorf("%s: longer than a terminal is wide: %s", name, line)
			}
		}
	}
}

// Every code that some package can emit is explained: each text literal in the
// place of a code, in all of the program's sources.
func TestEveryCodeHasHelp(t *testing.T) {
	known := map[string]bool{}
	for _, c := range allCodes() {
		known[c.ID] = true
	}
	seen := 0
	for _, f := range sources(t, "model", "render") {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, code := range codesIn(n) {
				seen++
				if !known[code] {
					t.Errorf("no help on %q", code)
				}
			}
			return true
		})
	}
	if seen < 60 {
		t.Errorf("only %d codes found: does this test still know where they stand?", seen)
	}
}

// codesIn finds codes where the packages put them: in a field named Code, code
// or rule, first in a problem, or in a constant named code....
func codesIn(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Code", "code", "rule"}, key.Name) {
			return literal(n.Value)
		}
	case *ast.CompositeLit:
		if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "problem" && len(n.Elts) > 0 {
			return literal(n.Elts[0])
		}
	case *ast.ValueSpec:
		if len(n.Values) > 0 && regexp.MustCompile(`^code[A-Z]`).MatchString(n.Names[0].Name) {
			return literal(n.Values[0])
		}
	}
	return nil
}

func literal(e ast.Expr) []string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil || text == "" {
		return nil
	}
	return []string{text}
}

// sources parses the program's Go files, without tests, below some folders of
// the module.
func sources(t *testing.T, folders ...string) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(fileSet, path, nil, parser.ParseComments)
			files = append(files, f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

var fileSet = token.NewFileSet()

// The help on the inventory names every key of the schema and every word that a
// value may be.
func TestHelpOnInventoryIsWhole(t *testing.T) {
	_, text, _ := within("", "help", "inventory")
	for _, m := range regexp.MustCompile(`(?m)^\s+"(?:([a-z_]+)": \{|([a-z]+)",?$)`).FindAllStringSubmatch(string(inventory.Schema()), -1) {
		word := m[1] + m[2]
		if slices.Contains([]string{"properties", "additionalProperties", "propertyNames"}, word) {
			continue
		}
		if !regexp.MustCompile(`\b` + word + `\b`).MatchString(text) {
			t.Errorf("help inventory does not speak of %s", word)
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{
		"rendr": "; did you mean render?", "pln": "; did you mean plan?", "lpan": "; did you mean plan?",
		"x": "", "something": "", "": "",
	} {
		if got := didYouMean("", word, verbs()); got != want {
			t.Errorf("%q: %q", word, got)
		}
	}
}

// TestCodeList holds the layout of "help codes": two columns, and each code
// once although two packages may share one.
func TestCodeList(t *testing.T) {
	_, text, _ := within("", "help", "codes")
	lines := regexp.MustCompile(`(?m)^  ([a-z0-9-]+)( *)(.*)$`).FindAllStringSubmatch(text, -1)
	column := 0
	seen := map[string]bool{}
	for _, m := range lines {
		if seen[m[1]] {
			t.Errorf("%s is listed twice", m[1])
		}
		seen[m[1]] = true
		if at := len(m[1]) + len(m[2]); m[2] == "" || column > 0 && at != column {
			t.Errorf("not in the column: %s", m[0])
		} else {
			column = at
		}
	}
	for _, c := range allCodes() {
		if !seen[c.ID] {
			t.Errorf("%s is not listed", c.ID)
		}
	}
}

func TestWrapped(t *testing.T) {
	long := strings.Repeat("word ", 20)
	got := wrapped("\n" + long + "\nmore\n\n  as   it is\nafter\n")
	want := strings.TrimSpace(strings.Repeat("word ", 16)) + "\nword word word word more\n\n  as   it is\nafter\n"
	if got != want {
		t.Errorf("%q", got)
	}
}

func TestMendCanBePasted(t *testing.T) {
	got := mend(&options{bundle: "/srv/my bundle", templates: "own"}, "it's.yaml")
	if want := `requorum render 'it'"'"'s.yaml' -o '/srv/my bundle' --templates own`; got != want {
		t.Errorf("%s", got)
	}
	for word, want := range map[string]string{
		"/srv/out": "/srv/out", "new\nline": `$'new\nline'`, "it's\x1b\\\xff\u202e": `$'it\'s\x1b\\\xff\u202e'`,
	} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: %s", word, got)
		}
	}
}

// TestNothingReachesATerminalRaw gives names that a terminal would obey, in
// every place where a verb repeats a name.
func TestNothingReachesATerminalRaw(t *testing.T) {
	t.Chdir(t.TempDir())
	const bad = "new\nline\x1b[31m\x9b\u202e\x7f"
	_, starter, _ := within("", "init")
	if err := os.WriteFile(bad+".yaml", []byte(starter), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := strings.Replace(starter, "version: 1", "version: 2", 1)
	if err := os.WriteFile(bad+".bad", []byte(refused), 0o600); err != nil {
		t.Fatal(err)
	}
	calls := [][]string{
		{bad}, {"--" + bad}, {"-" + bad}, {"plan", "--" + bad}, {"plan", "--output", bad, "-"}, {"help", bad}, {"plan", "a", bad},
		{"plan", "no" + bad}, {"plan", bad + ".bad"}, {"plan", bad + ".yaml", "--templates", "no" + bad},
		{"check", "no" + bad, "nor" + bad}, {"completion", bad},
		{"init", "--templates", "all" + bad}, {"init", "--templates", "no/" + bad},
		{"render", bad + ".yaml", "-o", "out" + bad}, {"render", bad + ".yaml", "-o", "no/" + bad},
		{"render", bad + ".yaml", "-o", "out" + bad, "--check"}, {"check", "out" + bad},
		{"render", "two" + bad, "-o", "out" + bad, "--check"},
		{"render", "two" + bad, "-o", "out" + bad, "--check", "--output", "json"},
		{"render", bad + ".yaml", "-o", "out" + bad, "--output", "json"}, {"check", "out" + bad, "--output", "json"},
	}
	for _, args := range calls {
		if args[1%len(args)] == "two"+bad { // the bundle is now another's, with more in it
			changed := strings.Replace(starter, "ims-example", "other", 1)
			if err := errors.Join(os.WriteFile("two"+bad, []byte(changed), 0o600),
				os.WriteFile(filepath.Join("out"+bad, "RUNBOOK.md"), []byte("\x1b[2J"+bad[:3]+"\u202e\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		_, stdout, stderr := within("", args...)
		for _, printed := range []string{stdout, stderr} {
			if i := strings.IndexFunc(printed, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }); i >= 0 || strings.Contains(printed, "new\nline") {
				t.Errorf("%q: %q", args, printed)
			}
		}
		if stdout+stderr == "" {
			t.Errorf("%q: nothing is printed", args)
		}
	}
}

func TestVerdict(t *testing.T) {
	for c, want := range map[checked]string{
		{}:                       "ok",
		{Warnings: 1}:            "ok, with 1 warning",
		{Errors: 2}:              "2 errors",
		{Errors: 1, Warnings: 3}: "1 error and 3 warnings",
	} {
		if got := c.verdict(); got != want {
			t.Errorf("%v: %s", c, got)
		}
	}
}

// A file without a true size, as in /proc, is read whole; one without an end,
// no further than needed.
func TestReadAll(t *testing.T) {
	for name, want := range map[string]int{"/proc/self/status": -1, "/dev/zero": 101, "/dev/null": 0} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		limit := 100
		if want < 0 {
			limit = 1 << 20
		}
		src, err := readAll(f, limit)
		if err != nil || want >= 0 && len(src) != want || want < 0 && !strings.Contains(string(src), "nonvoluntary") {
			t.Errorf("%s: %d bytes, %v", name, len(src), err)
		}
		f.Close()
	}
	path := filepath.Join(t.TempDir(), "f")
	for _, size := range []int{0, 1, 99, 100, 101, 5000} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if src, err := readAll(f, 100); err != nil || len(src) != min(size, 101) {
			t.Errorf("%d bytes: %d, %v", size, len(src), err)
		}
		f.Close()
	}
}

func Example_verbs() {
	fmt.Println(strings.Join(verbs(), " "))
	// Output: init plan render check rehearse schema completion help
}
