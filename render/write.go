package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"requorum/model/diag"
)

// Outcome says what Write did.
type Outcome string

// The outcomes of Write. After an error or a refusal there is none, and the
// folder is as it was.
const (
	Written   Outcome = "written"   // there was no bundle
	Replaced  Outcome = "replaced"  // an older bundle was there
	Unchanged Outcome = "unchanged" // this very bundle was there; nothing was touched
)

// Write puts the bundle into the folder dir, whole or not at all: it is put
// together in a folder beside dir and then takes dir's place in one step. What
// an older render made is replaced or removed; whatever else lies in an older
// bundle is carried over untouched and reported as a warning. A folder that
// holds anything but a bundle is refused with an error in the list.
//
// Until the one step, a full disk, a killed process or the end of ctx leave
// dir as it was. A folder that a killed process left beside dir is removed by
// the next Write.
func (b *Bundle) Write(ctx context.Context, dir string) (Outcome, diag.List, error) {
	t, findings, err := openTarget(dir)
	if t == nil {
		return "", findings, err
	}
	defer t.close()
	if findings, err = t.clearLeftovers(); err != nil {
		return "", findings, err
	}
	old, err := t.inspect()
	if err != nil {
		return "", findings, err
	}
	findings = append(findings, t.refusals(old, b.Files)...)
	if findings.HasErrors() {
		return "", findings, nil
	}
	current, edited, err := b.differs(t, old)
	if err != nil {
		return "", findings, err
	}
	outcome := Unchanged
	if !current {
		outcome = Written
		if old.state == bundleFolder {
			outcome = Replaced
		}
		late, err := t.put(ctx, b.Files, old)
		if err != nil {
			return "", findings, err
		}
		findings = append(findings, late...)
	}
	return outcome, slices.Concat(findings, t.foreignFindings(old), t.editedFindings(edited, b)), nil
}

// WriteTree writes files into the folder dir, whole or not at all. The folder
// must be absent or empty.
func WriteTree(ctx context.Context, dir string, files []File) (diag.List, error) {
	t, findings, err := openTarget(dir)
	if t == nil {
		return findings, err
	}
	defer t.close()
	if findings, err = t.clearLeftovers(); err != nil {
		return findings, err
	}
	old, err := t.inspect()
	if err != nil {
		return findings, err
	}
	if old.state != absent && old.state != emptyFolder {
		return append(findings, t.finding("", problem{"not-empty",
			"the folder is not empty", "name a new folder, or empty this one"})), nil
	}
	late, err := t.put(ctx, files, old)
	return append(findings, late...), err
}

// put makes the new tree beside the target and swaps it in. The list tells
// what could not be cleaned up behind it.
func (t *target) put(ctx context.Context, files []File, old *standing) (diag.List, error) {
	d, err := t.newDraft()
	if err != nil {
		return nil, t.failed(err)
	}
	if err := d.fill(ctx, files, old); err != nil {
		d.discard()
		return nil, t.failed(err)
	}
	if err := d.swapIn(old, exchange); err != nil {
		return nil, t.failed(err)
	}
	return d.clean(old), nil
}

// failed words an error before the swap for whoever waits for the folder. The
// names inside the draft mean nothing to them.
func (t *target) failed(err error) error {
	fate := "nothing is written"
	if t.exists() {
		fate = "it is as it was"
	}
	var stranded *strandedError
	if errors.As(err, &stranded) {
		fate = "what stood there is now " + stranded.at
	}
	return fmt.Errorf("cannot write %s: %w; %s", t.shown, plain(err), fate)
}

// plain drops the operation and path that package os puts before an error, and
// explains the ones that name the cause badly.
func plain(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case errors.Is(err, syscall.ELOOP):
		return errors.New("a symbolic link leads in a circle")
	case errors.Is(err, syscall.EBUSY), errors.Is(err, syscall.EXDEV):
		return errors.New("it is a mount point or holds one, and cannot be replaced in one step; name a folder below it")
	}
	switch e := err.(type) {
	case *os.LinkError:
		return e.Err
	case *fs.PathError:
		return e.Err
	}
	return err
}

// refusals tells why files may not take the place of what stands there.
func (t *target) refusals(old *standing, files []File) diag.List {
	if old.state == otherFolder {
		return diag.List{t.finding("", problem{"not-a-bundle", old.why,
			"name another folder; requorum replaces only what it has made itself"})}
	}
	var list diag.List
	for _, e := range old.entries {
		if e.listed || !inTheWay(e, files) {
			continue
		}
		list = append(list, t.finding(e.path, problem{"in-the-way",
			"no render made this, and the new bundle needs its place", "move it away, then render again"}))
	}
	return list
}

// inTheWay reports whether a new file has the entry's path, or needs a folder
// where the entry is none.
func inTheWay(e entry, files []File) bool {
	at := func(path string) (File, bool) {
		i, _ := slices.BinarySearchFunc(files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
		if i == len(files) {
			return File{}, false
		}
		return files[i], true
	}
	if f, ok := at(e.path); ok && f.Path == e.path {
		return true
	}
	f, ok := at(e.path + "/")
	return ok && strings.HasPrefix(f.Path, e.path+"/") && !e.info.IsDir()
}

func (t *target) foreignFindings(old *standing) diag.List {
	var list diag.List
	for _, e := range old.foreign() {
		list = append(list, t.warning(e.path, problem{"foreign-file", "no render made this; it is left as it is", ""}))
	}
	return list
}

func (t *target) editedFindings(paths []string, b *Bundle) diag.List {
	var list diag.List
	for _, p := range paths {
		fate := "it is rendered afresh"
		if _, wanted := b.File(p); !wanted {
			fate = "it is removed, since a fresh render would not make it"
		}
		list = append(list, t.warning(p, problem{"edited-file", "was changed by hand after it was rendered; " + fate, ""}))
	}
	return list
}
