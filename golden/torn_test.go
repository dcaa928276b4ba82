package golden_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
)

// tearing is a stage that writes files of the configuration.
type tearing struct {
	golden, node string
	stage        model.StageName
	files        []string
}

var tearings = []tearing{
	{"example", "vellum-1", model.Config, []string{chronos, servers}},
	{"example", "vellum-1", model.Create, []string{config}},
	{"example", "bono-1", model.Join, []string{config}},
	{"known-good-config", "vellum-1", model.Config, []string{chronos, servers, "/etc/clearwater/shared_config"}},
}

// at gives the case, the script and the node, as it is when the stage is due.
func (tear tearing) at(t *testing.T) (render.Script, *world) {
	t.Helper()
	p, b := build(t, tear.golden)
	i := slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Node == tear.node })
	s := b.Scripts[i]
	w := newWorld(t, p, s)
	if tear.stage != model.Config {
		w.spoil(s)
		w.reach(p, s, tear.stage)
		return s, w
	}
	w.reach(p, s, tear.stage) // what comes before config would keep a spoiled file
	w.spoil(s)
	return s, w
}

// TestTornWrites lets a write of the stage stop half-way: from some point on, no
// process of the script can write behind a byte of a file. It is tried as a disk
// that is full, where the write fails, and as a plug that is pulled, where the
// writer dies. No file of the configuration may be torn, and when the disk is
// mended the stage run again must end as if nothing had happened.
//
// With -kills it does so from every point on that something is written behind, in more
// ways. Without it, points at which a file is copied stand for the rest; see someOf.
func TestTornWrites(t *testing.T) {
	needRoot(t)
	for i, tear := range tearings {
		t.Run(tear.golden+"/"+tear.node+"/"+string(tear.stage), func(t *testing.T) {
			t.Parallel()
			s, w := tear.at(t)
			k := newKilling(w.wrap(s.Source(), tear.stage))
			points, torn := k.writing(), map[string]int{}
			if !*kills {
				points = k.someOf(points, tear.files, tearings[:i])
			}
			for _, n := range points {
				k.tear(n, 1, true, torn)
				k.tear(n, 20, false, torn)
				if *kills {
					k.tear(n, 1, false, torn)
					k.tear(n, 20, true, torn)
				}
			}
			for _, path := range tear.files {
				if torn[path] == 0 {
					t.Errorf("no write for %s was torn, so this test proves nothing", path)
				}
			}
			t.Logf("from %d points on; writes torn: %v", len(points), torn)
		})
	}
}

// writing gives the points between which and the next one something is written.
func (k *killing) writing() (points []int) {
	for n := 1; n < len(k.trace); n++ {
		if k.moves(n + 1) {
			points = append(points, n)
		}
	}
	return points
}

// someOf chooses of these points the first, from which on nothing at all can be written,
// and those beside a cp of one of the files: there its backup or its new form is torn, by
// cp or by the shell that writes next. Every stage writes a file by the same function, so
// of a file that an earlier tearing has too only the last such point is chosen.
func (k *killing) someOf(points []int, files []string, earlier []tearing) []int {
	chosen := points[:1:1]
	for _, path := range files {
		beside := slices.DeleteFunc(slices.Clone(points), func(n int) bool {
			return !strings.Contains(k.trace[n-1], "cp -a "+path+" ")
		})
		if slices.ContainsFunc(earlier, func(e tearing) bool { return slices.Contains(e.files, path) }) {
			beside = beside[max(0, len(beside)-1):]
		}
		chosen = append(chosen, beside...)
	}
	return chosen
}

// tear lets writes stop at a size from a point on, and notes which did.
func (k *killing) tear(n int, size int64, full bool, torn map[string]int) {
	k.t.Helper()
	c := k.fresh()
	defer c.drop()
	where := fmt.Sprintf("stage %s, no byte behind %d from point %d on, disk full %v, %s", k.stage, size, n, full, k.trace[n-1])
	set := []string{fmt.Sprintf("REQUORUM_KILL=%d", n), fmt.Sprintf("REQUORUM_LIMIT=%d", size)}
	if full {
		set = append(set, "/bin/sh", "-c", `trap '' XFSZ; exec "$@"`, "sh")
	}
	before := c.nodeState()
	out, status := c.attempt(set...)
	where += fmt.Sprintf(": status %d\n%s", status, out)
	for _, path := range mustNotTear {
		if info, err := os.Stat(c.path(path + ".requorum-new")); err == nil && info.Size() == size {
			torn[path]++
		}
	}
	k.whole(c, where)
	if d := differences(before, c.nodeState()); status == 1 && d != "" {
		k.t.Errorf("%s\nrefused, but the node was changed:\n%s", where, d)
	}
	k.again(c, where)
}

// TestFullDisk puts the folder of a file on a disk of its own that has room for
// so many pages of the file and no more.
func TestFullDisk(t *testing.T) {
	needRoot(t)
	for _, tear := range tearings {
		t.Run(tear.golden+"/"+tear.node+"/"+string(tear.stage), func(t *testing.T) {
			t.Parallel()
			_, w := tear.at(t)
			for _, path := range tear.files {
				tear.onFullDisk(w.copy(), path, 0)
				if path == config {
					tear.onFullDisk(w.copy(), path, 1)
					tear.onFullDisk(w.copy(), path, 2)
				}
			}
		})
	}
}

// onFullDisk runs the stage with the file's folder on a full disk, and again with
// room on it. The disk lives as long as the shell does.
func (tear tearing) onFullDisk(w *world, path string, pages int) {
	w.t.Helper()
	run := "bash " + w.script + " --yes " + w.node + " " + string(tear.stage)
	out := w.shell(`file=` + path + ` folder=${file%/*} status=0
if [ $file = ` + config + ` ]; then
	for line in {1..300}; do echo "# line $line, which makes the file longer than two pages"; done >>$file
fi
mkdir /world/disk
cp -a $folder/. /world/disk/
mount -t tmpfs -o size=256k,mode=0755 none $folder
cp -a /world/disk/. $folder/
head -c 1000000 /dev/zero >$folder/filler 2>/dev/null || true
truncate -s $(($(stat -c %s $folder/filler) - ` + fmt.Sprint(pages) + ` * 4096)) $folder/filler
cp -a $file /world/was
` + run + ` || status=$?
echo "FIRST $status"
if [ "$(cat $file)" = "$(cat /world/was)" ]; then echo OLD; else echo NEW; fi
[ "$(stat -c '%a %u %g' $file)" = "$(stat -c '%a %u %g' /world/was)" ]
rm $folder/filler
` + run + `
[ ! -e $file.requorum-new ]
[ "$(stat -c '%a %u %g' $file)" = "$(stat -c '%a %u %g' /world/was)" ]`)
	if !strings.Contains(out, "STAGE "+string(tear.stage)+" DONE on "+w.node) {
		w.t.Errorf("not done with room on the disk\n%s", out)
	}
	first := out[:strings.Index(out, "FIRST")]
	failed := strings.Contains(out, "FIRST 3\nOLD\n") && strings.Contains(first, "is written")
	fits := strings.Contains(out, "FIRST 0\nNEW\n")
	if !failed && (pages == 0 || !fits) {
		w.t.Errorf("%s with room for %d pages\n%s", path, pages, out)
	}
}
