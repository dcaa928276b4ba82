package render_test

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"requorum/render"
)

// quoteSeeds are texts that mean something to one shell or another.
var quoteSeeds = []string{
	"", "a", "vellum-1", "10.0.0.1", "a b", " ", "\t", "\n", "a\nb\n", "'", "''", "a'b", `'\''`, `"`, `\`, `\\`, `\'`,
	"$(id)", "`id`", "${x}", "$x", "*", "?", "[a-z]", "~", "~root", "{a,b}", "a#b", "# a", "!x", "!!", "-n", "--", "=", "a=b",
	";", "&", "|", ">", "<", "(", ")", "EOF", "\nEOF\n", "\x01", "\x1b[1m", "\x7f", "caf\u00e9", "\u2028", "\ufeff", "%s", "%!s(x)", "{{x}}",
}

// FuzzQuote holds that a quoted text is one word which means the text again, to
// the parser that checks the scripts and to bash.
func FuzzQuote(f *testing.F) {
	for _, s := range append(quoteSeeds, "a\x00b", "a\r", "\r\n", "\x80", "a\xff'b") {
		f.Add(s)
	}
	bash := startBash(f)
	f.Fuzz(func(t *testing.T, s string) {
		quoted, err := render.Quote(s)
		if refused := strings.ContainsAny(s, "\x00\r") || !utf8.ValidString(s); (err != nil) != refused {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		if got := parsed(t, quoted); got != s {
			t.Errorf("mvdan/sh reads %s as %q, not %q", quoted, got, s)
		}
		if bash == nil {
			return
		}
		if got := bash.print(t, quoted); got != s {
			t.Errorf("bash reads %s as %q, not %q", quoted, got, s)
		}
	})
}

// parsed gives what a quoted text means to mvdan/sh as the argument of a command.
func parsed(t *testing.T, quoted string) string {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader("a "+quoted+" b\n"), "")
	if err != nil {
		t.Fatalf("%s: %v", quoted, err)
	}
	call, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
	if len(file.Stmts) != 1 || !ok || len(call.Args) != 3 {
		t.Fatalf("%s is more than one word", quoted)
	}
	fields, err := expand.Fields(nil, call.Args[1])
	if err != nil || len(fields) != 1 {
		t.Fatalf("%s: %q, %v", quoted, fields, err)
	}
	return fields[0]
}

// shell is a bash that prints one word after the other. One process serves all
// of a fuzz run, which is a hundred times as fast as one for each word.
type shell struct {
	in  io.Writer
	out *bufio.Reader
}

// startBash starts a bash; nil where there is none.
func startBash(f *testing.F) *shell {
	path, err := exec.LookPath("bash")
	if err != nil {
		return nil
	}
	cmd := exec.Command(path, "--norc", "--noprofile")
	cmd.Env = []string{"LC_ALL=C"}
	in, err := cmd.StdinPipe()
	if err != nil {
		f.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &shell{in, bufio.NewReader(out)}
}

// print gives what bash prints for a word. A quote that does not end would make
// bash wait for more; that is given a limit.
func (s *shell) print(t *testing.T, word string) string {
	t.Helper()
	answer := make(chan string, 1)
	go func() {
		_, _ = io.WriteString(s.in, "printf '%s\\0' "+word+"\n")
		text, _ := s.out.ReadString(0)
		answer <- strings.TrimSuffix(text, "\x00")
	}()
	select {
	case text := <-answer:
		return text
	case <-time.After(10 * time.Second):
		t.Fatalf("bash waits for the end of %s", word)
		return ""
	}
}
