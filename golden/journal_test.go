package golden_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"requorum/model"
)

// entry is a line of the journal.
type entry struct {
	Seq     int    `json:"seq"`
	Time    string `json:"time"`
	Plan    string `json:"plan"`
	Node    string `json:"node"`
	Stage   string `json:"stage"`
	Step    string `json:"step"`
	Case    string `json:"case"`
	Command string `json:"command"`
	Status  *int   `json:"status"`
	Output  string `json:"output"`
	Before  string `json:"before"`
}

// planted are secrets that the tests put into every place that could give them
// away.
var planted = []string{"hunter2-signup", "two words", "words", "ellis(key", "turn*round", "fromanothernode"}

// plant puts secrets into the node's files, into what its programs print and into
// its logs.
func (w *world) plant() {
	w.shell(`cat >>/etc/clearwater/local_config <<'X'
signup_key=hunter2-signup
ellis_api_key="ellis(key" # it has a bracket
X
cat >>/etc/clearwater/shared_config <<'X'
smtp_password="two words"
turn_workaround='turn*round'
X
mkdir -p /var/log/clearwater-etcd /var/log/clearwater-config-manager
echo 'POST hunter2-signup two words' >/var/log/clearwater-etcd/clearwater-etcd.log
echo 'value: "smtp_password=\"fromanothernode\"\nother=1"' >/var/log/clearwater-config-manager/config.output.log
echo 'ellis(key and turn*round' >/var/log/syslog`)
	w.write("/world/lie/monit", []byte(`#!/bin/bash
HONEST=yes /usr/local/sbin/monit "$@" || exit
[ "$1" != summary ] || printf '%s\n' 'signup_key=fromanothernode "turn_workaround": "fromanothernode" hunter2-signup' >&2
`))
}

// TestJournal runs every stage with secrets planted, and reads the journal as
// somebody who doubts it.
func TestJournal(t *testing.T) {
	w, id, reach := fullNode(t)
	w.plant()
	reach(model.Finish)
	out, status := w.run("/bin/bash", w.script, "--yes", w.node, "--case", `INC "7" \ x`, "finish")
	if status != 0 {
		t.Fatalf("status %d\n%s", status, out)
	}
	w.hides("output", out)
	w.shell(`grep -q '^vellum-1| signup_key=(hidden) "turn_workaround": "(hidden)" (hidden)$' /var/log/requorum/*.outputs/*`)
	entries := w.journal()
	stages := map[string]bool{}
	for _, e := range entries {
		stages[e.Stage] = true
		if e.Plan != id || e.Node != w.node || e.Time == "" || e.Case != "" && e.Case != `INC "7" \ x` {
			t.Errorf("entry %+v", e)
		}
	}
	for _, stage := range []string{"stop", "config", "create", "confirm", "load", "manage", "finish"} {
		if !stages[stage] {
			t.Errorf("the journal has nothing of the stage %s", stage)
		}
	}
	last := entries[len(entries)-1]
	if last.Command != "end of the stage finish" || last.Status == nil || *last.Status != 0 || last.Case == "" {
		t.Errorf("the last line is %+v", last)
	}
	w.keepsSecrets("var/log/requorum")
}

// journal reads the journal, and holds that nothing was taken out of it or
// changed in it or in the outputs beside it.
func (w *world) journal() []entry {
	w.t.Helper()
	folder := filepath.Join(w.root, "var/log/requorum")
	var list []entry
	before := "none"
	for line := range bytes.Lines(read(w.t, filepath.Join(folder, w.node+".journal"))) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			w.t.Logf("a line that was cut off: %q", line)
			before = fmt.Sprintf("%x", sha256.Sum256(line))
			list = append(list, entry{Seq: len(list) + 1})
			continue
		}
		if e.Seq != len(list)+1 || e.Before != before {
			w.t.Errorf("line %d has the number %d and the digest %s of the line before, want %s", len(list)+1, e.Seq, e.Before, before)
		}
		output := read(w.t, filepath.Join(folder, w.node+".outputs", fmt.Sprint(e.Seq)+".txt"))
		if sum := fmt.Sprintf("%x", sha256.Sum256(output)); sum != e.Output {
			w.t.Errorf("line %d: the output has the digest %s, and the line says %s", e.Seq, sum, e.Output)
		}
		before = fmt.Sprintf("%x", sha256.Sum256(line))
		list = append(list, e)
	}
	if len(list) == 0 {
		w.t.Fatal("the journal is empty")
	}
	return list
}

// keepsSecrets holds that no planted secret is in the files of a folder, and that
// the folder is root's alone.
func (w *world) keepsSecrets(folder string) {
	w.t.Helper()
	top := filepath.Join(w.root, folder)
	info, err := os.Stat(top)
	if err != nil || info.Mode().Perm() != 0o700 {
		w.t.Errorf("%s: %v %v", folder, info.Mode(), err)
	}
	err = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			w.hides(path, string(read(w.t, path)))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) hides(where, text string) {
	w.t.Helper()
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			w.t.Errorf("%s holds the secret %q\n%s", where, secret, text)
		}
	}
}

// TestJournalCutOff holds that a journal whose last line was cut off is carried
// on, and that a recovery goes on where no journal can be written.
func TestJournalCutOff(t *testing.T) {
	w, _, _ := fullNode(t)
	w.must(model.Stop)
	path := filepath.Join(w.root, "var/log/requorum", w.node+".journal")
	whole := read(t, path)
	if err := os.WriteFile(path, whole[:len(whole)-40], 0o600); err != nil {
		t.Fatal(err)
	}
	out := w.must(model.Stop)
	if !strings.Contains(unwrapped(out, w.node), "the last line of the journal was cut off") {
		t.Errorf("nothing is said about the cut line\n%s", out)
	}
	w.journal()

	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out = w.must(model.Config)
	if !strings.Contains(unwrapped(out, w.node), "WARNING: there is no journal of this run") {
		t.Errorf("nothing is said about the missing journal\n%s", out)
	}
}

// TestArchive holds that a failed stage names the command that makes the archive,
// and that the archive has what a report needs, without secrets.
func TestArchive(t *testing.T) {
	w, _, _ := fullNode(t)
	w.plant()
	w.must(model.Stop)
	w.shell("mv /etc/clearwater/shared_config /root")
	out, status := w.stage(model.Config)
	command := "sudo bash " + w.node + ".sh --archive"
	if status != 1 || !strings.Contains(out, w.node+"| "+command+"\n") {
		t.Fatalf("status %d, and no %q\n%s", status, command, out)
	}
	w.shell("mv /root/shared_config /etc/clearwater")
	before := w.state()
	out, status = w.run("/bin/bash", w.script, "--archive")
	if status != 0 || w.state() != before {
		t.Fatalf("status %d, changed: %t\n%s", status, w.state() != before, out)
	}
	w.hides("output", out)
	files := w.unpack()
	for _, name := range []string{
		"/var/log/requorum/" + w.node + ".journal", "/var/log/requorum/" + w.node + ".outputs/1.txt",
		"/var/log/clearwater-etcd/clearwater-etcd.log", "/var/log/clearwater-config-manager/config.output.log",
		"/var/log/syslog", "/etc/clearwater/local_config", "/monit-status.txt", "/cluster-health.txt", "/member-list.txt",
		"/data-folder.txt", "/keys.txt", "/processes.txt",
	} {
		body, ok := files[w.node+".archive"+name]
		if !ok {
			t.Errorf("the archive lacks %s", name)
		}
		w.hides(name, body)
	}
	if !strings.Contains(files[w.node+".archive/var/log/syslog"], "(hidden) and ") {
		t.Error("syslog is not there as it was, but for its secrets")
	}
	w.keepsSecrets("var/log/requorum")
}

// unpack gives the files of the one archive.
func (w *world) unpack() map[string]string {
	w.t.Helper()
	list, err := filepath.Glob(filepath.Join(w.root, "var/log/requorum/*.tar.gz"))
	if err != nil || len(list) != 1 {
		w.t.Fatalf("archives %q, %v", list, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(read(w.t, list[0])))
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			w.t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			w.t.Fatal(err)
		}
		files[h.Name] = string(body)
	}
}
