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
// engineer sees is kept in the story's file. The lab plays the same stories on real nodes.
func TestStories(t *testing.T) {
	names, err := filepath.Glob("stories/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no stories", err)
	}
	cases := map[string][]string{}
	for _, name := range names {
		first, _, _ := strings.Cut(string(txtar.Parse(read(t, name)).Comment), "\n")
		golden := strings.TrimPrefix(first, "case: ")
		cases[golden] = append(cases[golden], name)
	}
	for golden, names := range cases {
		t.Run(golden, func(t *testing.T) {
			t.Parallel()
			r := rehearsal(t, golden)
			holds(t, r.Clean) // once for all: it gives the stop codes
			for _, name := range names {
				t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
					t.Parallel()
					playStory(t, r, name)
				})
			}
		})
	}
}

// playStory plays one story, and compares or keeps what an engineer sees.
func playStory(t *testing.T, r *rehearse.Rehearsal, name string) {
	t.Helper()
	archive := txtar.Parse(read(t, name))
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
}
