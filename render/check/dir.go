package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"requorum/model/diag"
	"requorum/render"
)

var folderRules = []rule{
	{id: "no-checksums", forbids: "the folder has no SHA256SUMS", instead: "check the bundle's own folder, or render it again",
		why: "SHA256SUMS lists every file of a bundle with its digest. Without it nothing tells a whole bundle from a part of one."},
	{id: "bad-checksum-line", forbids: "a line of SHA256SUMS is not a digest, two spaces and a path", instead: "render the bundle again",
		why: "The file is in the format of sha256sum, so that sha256sum -c can check it on any machine."},
	{id: "missing-file", forbids: "a file of the bundle is missing", instead: "copy the bundle again, whole",
		why: "Half a bundle is worse than none: a node would have no script."},
	{id: "changed-file", forbids: "a file is not the one that was rendered", instead: "render the bundle again, or find out who changed the file and why",
		why: "What was reviewed and rehearsed is not what would be run."},
	{id: "unlisted-part", forbids: "SHA256SUMS does not list a file that belongs to a bundle", instead: "take the file out, or render the bundle again",
		why: "A script, a runbook or a plan that no render made, or one left over from an older render, would be used like the others."},
	{id: "unlisted-file", warns: true, forbids: "the folder holds a file that SHA256SUMS does not list", instead: "take it out, if nobody needs it",
		why: "It was not made by the render. Notes and photographs may lie in a bundle; a person should know what they are."},
	{id: "not-a-file", forbids: "something in the bundle is no plain file", instead: "render the bundle again, or copy it with tar or cp -L",
		why: "A link may lead to anything, now or later, and who opens a pipe waits for ever. What is checked must be what is run."},
	{id: "mixed-plans", forbids: "a file is of another plan than the rest of the bundle", instead: "render the bundle again, whole",
		why: "A script of another plan may name other masters than the runbook and the other scripts. With it, one site would get two clusters."},
}

// Dir checks a bundle as found on disk, older or edited perhaps: the checksums,
// that all files are of one plan, and each script by itself. Findings carry
// name/PATH as their file. What is no plain file is never opened. The error is
// one of reading.
func Dir(fsys fs.FS, name string) (diag.List, error) {
	d := &folder{fsys: fsys, name: name, kinds: map[string]fs.FileMode{}, listed: map[string]checksum{}}
	for _, step := range []func() error{d.look, d.checksums, d.files} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	d.absent()
	d.list.Sort()
	return d.list, nil
}

// folder is the work on one bundle on disk.
type folder struct {
	fsys     fs.FS
	name     string
	kinds    map[string]fs.FileMode // what the folder holds
	hasSums  bool
	listed   map[string]checksum // by SHA256SUMS
	plan     string              // the plan's id
	planFile string              // the file that says so
	nodes    []string            // that plan.json has scripts for
	list     diag.List
}

// checksum is a line of SHA256SUMS.
type checksum struct {
	sum  [sha256.Size]byte
	line int
}

const planPath = "plan.json"

func (d *folder) add(file string, line int, rule, text string) {
	x := finding{rule: rule, text: text}.diagnostic()
	x.File, x.Line = path.Join(d.name, file), line
	d.list = append(d.list, x)
}

// addTo reports a finding on a file, where SHA256SUMS lists it if it does.
func (d *folder) addTo(file, rule, text string) {
	if c, listed := d.listed[file]; listed {
		d.add(render.ChecksumsPath, c.line, rule, text)
		return
	}
	d.add(file, 0, rule, text)
}

// look notes what the folder holds, without opening anything.
func (d *folder) look() error {
	return fs.WalkDir(d.fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			d.kinds[file] = entry.Type()
		}
		return err
	})
}

// checksums reads SHA256SUMS.
func (d *folder) checksums() error {
	kind, there := d.kinds[render.ChecksumsPath]
	delete(d.kinds, render.ChecksumsPath)
	if !there {
		d.add(render.ChecksumsPath, 0, "no-checksums", "")
		return nil
	}
	if !kind.IsRegular() {
		d.add(render.ChecksumsPath, 0, "not-a-file", render.ChecksumsPath+" is no plain file")
		return nil
	}
	sums, err := fs.ReadFile(d.fsys, render.ChecksumsPath)
	if err != nil {
		return err
	}
	d.hasSums = true
	n := 0
	for line := range bytes.Lines(sums) {
		n++
		sum, file, ok := parseChecksum(string(line))
		if _, twice := d.listed[file]; !ok || twice || file == render.ChecksumsPath {
			d.add(render.ChecksumsPath, n, "bad-checksum-line", "")
			continue
		}
		d.listed[file] = checksum{sum, n}
	}
	return nil
}

// parseChecksum takes a line "DIGEST  PATH\n" apart.
func parseChecksum(line string) (sum [sha256.Size]byte, file string, ok bool) {
	line, ended := strings.CutSuffix(line, "\n")
	digest, file, cut := strings.Cut(line, "  ")
	raw, err := hex.DecodeString(digest)
	if !ended || !cut || err != nil || len(raw) != sha256.Size || strings.ToLower(digest) != digest || !fs.ValidPath(file) {
		return sum, "", false
	}
	return [sha256.Size]byte(raw), file, true
}

// files checks what the folder holds, the plan first, since it says what the
// others must be.
func (d *folder) files() error {
	paths := slices.Sorted(maps.Keys(d.kinds))
	if i := slices.Index(paths, planPath); i >= 0 {
		paths = slices.Insert(slices.Delete(paths, i, i+1), 0, planPath)
	}
	for _, file := range paths {
		if err := d.file(file); err != nil {
			return err
		}
	}
	return nil
}

// file checks one file. What neither is listed nor belongs to a bundle is not
// opened.
func (d *folder) file(file string) error {
	sum, listed := d.listed[file]
	switch part := isPart(file); {
	case !listed && !part:
		if d.hasSums {
			d.add(file, 0, "unlisted-file", "")
		}
		return nil
	case !d.kinds[file].IsRegular():
		d.addTo(file, "not-a-file", file+" is no plain file")
		return nil
	case !listed && d.hasSums:
		d.add(file, 0, "unlisted-part", "SHA256SUMS does not list the file")
	}
	body, err := fs.ReadFile(d.fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		delete(d.kinds, file) // it has just gone
		return nil
	}
	if err != nil {
		return err
	}
	if listed && sha256.Sum256(body) != sum.sum {
		d.addTo(file, "changed-file", fmt.Sprintf("the file %s is not the one that was rendered", file))
	}
	d.content(file, body)
	return nil
}

// isPart reports whether a file of this path is one of a bundle.
func isPart(file string) bool { return file == runbookPath || file == planPath || isScript(file) }

func isScript(file string) bool { return path.Dir(file) == "nodes" && path.Ext(file) == ".sh" }

// content checks what a file says: a script as such, and of all parts the plan.
func (d *folder) content(file string, body []byte) {
	switch {
	case isScript(file):
		list, p := checkScript(path.Join(d.name, file), body)
		d.list = append(d.list, list...)
		id := ""
		if p.file != nil {
			id = headVariables(p.file)["PLAN"]
		}
		d.samePlan(file, body, id, 0)
	case file == planPath:
		var plan struct {
			ID    string                  `json:"plan"`
			Nodes []struct{ Name string } `json:"nodes"`
		}
		_ = json.Unmarshal(body, &plan) // what is no plan says no id either
		for _, n := range plan.Nodes {
			d.nodes = append(d.nodes, n.Name)
		}
		d.samePlan(file, body, plan.ID, 0)
	case file == runbookPath:
		id, line := "", 0
		if m := runbookPlan.FindSubmatchIndex(body); m != nil {
			id, line = string(body[m[2]:m[3]]), lineAt(body, m[2])
		}
		d.samePlan(file, body, id, line)
	}
}

// runbookPlan is how a runbook says which plan it belongs to.
var runbookPlan = regexp.MustCompile("(?i)\\bplan:? `?([0-9a-f]{12})\\b")

// samePlan holds that a file is of the same plan as those before it. Where it
// does not say so in its usual way, the id must stand somewhere in it.
func (d *folder) samePlan(file string, body []byte, id string, line int) {
	switch {
	case id != "" && d.plan == "":
		d.plan, d.planFile = id, file
	case id != "" && id != d.plan:
		d.add(file, line, "mixed-plans", fmt.Sprintf("the file is of plan %s, and %s of %s", id, d.planFile, d.plan))
	case id == "" && (d.plan == "" || !bytes.Contains(body, []byte(d.plan))):
		d.add(file, 0, "no-plan-id", strings.TrimSpace("the plan's id "+d.plan)+" is missing")
	}
}

// absent finds the files that the bundle lacks.
func (d *folder) absent() {
	due := slices.Collect(maps.Keys(d.listed))
	if d.hasSums {
		due = append(due, runbookPath, planPath)
	}
	for _, node := range d.nodes {
		due = append(due, "nodes/"+node+".sh")
	}
	slices.Sort(due)
	for _, file := range slices.Compact(due) {
		if _, there := d.kinds[file]; !there {
			d.addTo(file, "missing-file", "the file "+file+" is missing")
		}
	}
}
