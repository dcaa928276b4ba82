package render

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// half puts a bundle together beside dir and stops before the swap.
func half(t *testing.T, b *Bundle, dir string) (*draft, *standing) {
	t.Helper()
	place, findings, err := openTarget(dir)
	if place == nil {
		t.Fatal(findings, err)
	}
	t.Cleanup(place.close)
	old, err := place.inspect()
	if err != nil {
		t.Fatal(err)
	}
	d, err := place.newDraft()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.lock.Close() })
	if err := d.fill(context.Background(), b.Files, old); err != nil {
		t.Fatal(err)
	}
	return d, old
}

// die leaves a draft as a killed process does: with its lock gone.
func die(t *testing.T, d *draft) {
	t.Helper()
	if err := d.lock.Close(); err != nil {
		t.Fatal(err)
	}
}

func noExchange(*target, string) error { return errNoExchange }

func standingBundle(t *testing.T) (dir, before string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	must(t, sample("one", "a-1"), dir)
	write(t, filepath.Join(dir, "notes.txt"), "mine")
	return dir, tree(t, dir)
}

func TestSwapWithoutExchange(t *testing.T) {
	dir, _ := standingBundle(t)
	d, old := half(t, sample("two", "a-1"), dir)
	if err := d.swapIn(old, noExchange); err != nil {
		t.Fatal(err)
	}
	if findings := d.clean(old); len(findings) > 0 {
		t.Error(findings)
	}
	if err := os.Remove(filepath.Join(dir, "notes.txt")); err != nil {
		t.Error(err)
	}
	if got := tree(t, dir); got != fresh(t, sample("two", "a-1")) {
		t.Errorf("tree:\n%s", got)
	}
	alone(t, dir)
}

func TestSwapWithoutExchangePutsBackOnFailure(t *testing.T) {
	dir, before := standingBundle(t)
	d, old := half(t, sample("two", "a-1"), dir)
	if err := d.t.parent.RemoveAll(d.in(newTree)); err != nil { // the second rename fails
		t.Fatal(err)
	}
	if err := d.swapIn(old, noExchange); err == nil {
		t.Error("no error")
	}
	if after := tree(t, dir); after != before {
		t.Errorf("touched:\n%s", after)
	}
	alone(t, dir)
}

func TestKilledBetweenTwoRenamesComesBack(t *testing.T) {
	dir, before := standingBundle(t)
	d, _ := half(t, sample("two", "a-1"), dir)
	if err := d.t.parent.Rename("out", d.in(oldTree)); err != nil {
		t.Fatal(err)
	}
	die(t, d)
	outcome, findings := must(t, sample("one", "a-1"), dir)
	if want := "warning foreign-file notes.txt\nwarning left-over-run " + d.name; outcome != Unchanged || codes(findings) != want {
		t.Errorf("%s\n%s", outcome, codes(findings))
	}
	if after := tree(t, dir); after != before {
		t.Errorf("tree:\n%s", after)
	}
	alone(t, dir)
}

func TestLeftoverOfKilledRender(t *testing.T) {
	dir, _ := standingBundle(t)
	d, _ := half(t, sample("two", "a-1"), dir)
	if _, findings := must(t, sample("one", "a-1"), dir); codes(findings) != "warning foreign-file notes.txt" {
		t.Errorf("while its render is at work:\n%s", codes(findings))
	}
	if _, err := os.Stat(d.t.beside(d.in(newTree))); err != nil {
		t.Error(err)
	}
	die(t, d)
	_, findings := must(t, sample("two", "a-1"), dir)
	if want := "warning foreign-file notes.txt\nwarning left-over-run " + d.name; codes(findings) != want {
		t.Errorf("findings:\n%s", codes(findings))
	}
	alone(t, dir)
}

func TestFolderThatOnlyLooksLikeLeftover(t *testing.T) {
	dir, _ := standingBundle(t)
	like := filepath.Join(filepath.Dir(dir), ".out.requorum-0123abcd")
	write(t, filepath.Join(like, noteFile), "something of mine")
	other := filepath.Join(filepath.Dir(dir), ".out.requorum-backup")
	write(t, filepath.Join(other, noteFile), note)
	_, findings := must(t, sample("two", "a-1"), dir)
	if want := "warning foreign-file notes.txt\nwarning left-over-run .out.requorum-0123abcd"; codes(findings) != want {
		t.Errorf("findings:\n%s", codes(findings))
	}
	for _, path := range []string{like, other} {
		if _, err := os.Stat(filepath.Join(path, noteFile)); err != nil {
			t.Error(err)
		}
	}
}

func TestFileThatComesDuringTheWriteIsKept(t *testing.T) {
	for _, name := range []string{"late.txt", "notes.txt"} {
		dir, _ := standingBundle(t)
		d, old := half(t, sample("two", "a-1"), dir)
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), "new thoughts")
		if err := d.swapIn(old, exchange); err != nil {
			t.Fatal(err)
		}
		findings := d.clean(old)
		if codes(findings) != "warning not-removed out" {
			t.Errorf("findings:\n%s", codes(findings))
		}
		kept := d.t.beside(d.in(newTree))
		if src, err := os.ReadFile(filepath.Join(kept, name)); string(src) != "new thoughts" || !strings.Contains(findings[0].Remedy, kept) {
			t.Errorf("%q %v; %s", src, err, findings[0].Remedy)
		}
		if _, findings := must(t, sample("one", "a-1"), dir); !strings.Contains(codes(findings), "left-over-run") {
			t.Errorf("the next render:\n%s", codes(findings))
		}
		if _, err := os.Stat(filepath.Join(kept, name)); err != nil {
			t.Error(err)
		}
	}
}

// Where the filesystem has no hard links, a file is carried over as a copy.
func TestCopyKeepsModeAndTime(t *testing.T) {
	dir, _ := standingBundle(t)
	d, old := half(t, sample("two", "a-1"), dir)
	e, _ := old.present("notes.txt")
	if err := errors.Join(d.root.Remove(e.path), d.t.parent.Chmod("out/notes.txt", 0o400)); err != nil {
		t.Fatal(err)
	}
	var err error
	if e.info, err = os.Lstat(filepath.Join(dir, e.path)); err != nil {
		t.Fatal(err)
	}
	if err := d.copyFile("out/notes.txt", e); err != nil {
		t.Fatal(err)
	}
	info, err := d.root.Lstat(e.path)
	if err != nil || info.Mode() != 0o400 || !info.ModTime().Equal(e.info.ModTime()) || os.SameFile(info, e.info) {
		t.Errorf("%v %v; was %v", info, err, e.info)
	}
	if src, err := d.root.ReadFile(e.path); string(src) != "mine" {
		t.Errorf("%q %v", src, err)
	}
}

func TestDraftOfLongName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	must(t, sample("one", "a-1"), dir)
	must(t, sample("two", "a-1"), dir)
	alone(t, dir)
}
