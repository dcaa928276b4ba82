package golden_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"requorum/render/rehearse"
)

// TestStories plays every story on the case that its first line names. What an
// engineer sees is kept in the story's file.
func TestStories(t *testing.T) {
	names, err := filepath.Glob("stories/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no stories", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive := txtar.Parse(read(t, name))
			first, _, _ := strings.Cut(string(archive.Comment), "\n")
			p, b := build(t, strings.TrimPrefix(first, "case: "))
			r, err := rehearse.New(p, b)
			if err != nil {
				t.Fatal(err)
			}
			story, findings := r.ParseStory(name, read(t, name))
			noErrors(t, findings)
			var seen bytes.Buffer
			broken, err := story.Play(t.Context(), &seen)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range broken {
				t.Errorf("%s\n%s", d, seen.String())
			}
			last := &archive.Files[len(archive.Files)-1]
			if *update {
				last.Data = seen.Bytes()
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := diff.Diff("kept", last.Data, "seen", seen.Bytes()); d != nil {
				t.Errorf("the transcript is not what is kept; if it should be so, run make golden\n%s", d)
			}
		})
	}
}
