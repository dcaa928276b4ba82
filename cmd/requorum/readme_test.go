package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadme holds that what the README shows of requorum's output is what it
// prints for the embedded example: each block that begins with "$ COMMAND" is
// made of excerpts of the command's output, cut at lines of three dots.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	inventory, bundle := filepath.Join(dir, "inventory.yaml"), filepath.Join(dir, "bundle")
	if err := os.WriteFile(inventory, []byte(output(t, "init")), 0o644); err != nil {
		t.Fatal(err)
	}
	output(t, "render", inventory, "-o", bundle)
	blocks := regexp.MustCompile("(?s)```\n\\$ ([^\n]+)\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 2 {
		t.Fatalf("the README shows %d commands, a plan and a script at least are wanted", len(blocks))
	}
	for _, b := range blocks {
		words := strings.Fields(b[1])
		var printed string
		switch words[0] {
		case "requorum":
			words[slices.Index(words, "inventory.yaml")] = inventory
			if words[1] == "rehearse" { // that takes minutes; a golden test runs it
				printed = readFile(t, filepath.Join("..", "..", "golden", "rehearsals", "example.txt"))
				break
			}
			printed = output(t, words[1:]...)
		case "cat":
			printed = readFile(t, filepath.Join(dir, words[1]))
		default:
			t.Fatalf("the README shows %q, which this test cannot run", b[1])
		}
		for _, excerpt := range strings.Split(b[2], "...\n") {
			if !strings.Contains("\n"+printed, "\n"+excerpt) {
				t.Errorf("%s does not print this any more; mend the README:\n%s", b[1], excerpt)
			}
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// output runs a verb in this process and gives its standard output.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	s := &session{stdin: strings.NewReader(""), out: bufio.NewWriter(&out), stderr: io.Writer(&stderr),
		env: func(string) (string, bool) { return "", false }}
	if code := run(args, s); code != exitOK {
		t.Fatalf("requorum %q: exit status %d\n%s", args, code, stderr.String())
	}
	return out.String()
}
