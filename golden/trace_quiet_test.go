package golden_test

import (
	"bytes"
	"maps"
	"os"
	"strconv"
	"strings"
)

// What the kernel tells of the processes of a run.

// processStatus reads the fields of a process or a thread that are wanted.
func processStatus(dir string, want ...string) ([]string, bool) {
	text, err := os.ReadFile(dir + "/status")
	if err != nil {
		return nil, false
	}
	values := make([]string, len(want))
	for i, name := range want {
		_, rest, found := bytes.Cut(text, []byte("\n"+name+":"))
		if !found {
			return nil, false
		}
		value, _, _ := bytes.Cut(rest, []byte("\n"))
		values[i] = strings.TrimSpace(string(value))
	}
	return values, true
}

func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// jobOf finds the background job of the script that a stub works for, and gives the
// shell that is the job; 0 is the script itself. Of the shells that a shell forks, a
// job alone has the standard output of its parent: a substitution and the left side of
// a pipe have a pipe of their own, and the scripts have no ( ). (SIGINT, which POSIX has
// ignored in a job, does not tell: bash does not ignore it in a function with &.) Where
// this is wrong, the traces differ. The mutex is held.
func (r *bashRun) jobOf(stub int) int {
	job, shell := 0, parentOf(stub)
	for shell != 0 && shell != r.pid {
		parent := parentOf(shell)
		if _, known := r.clients[parent]; known { // the stub that runs bash: the script begins here
			return job
		}
		own, err := os.Readlink(procDir(shell) + "/fd/1")
		above, bad := os.Readlink(procDir(parent) + "/fd/1")
		if err == nil && bad == nil && own == above {
			job = shell
		}
		shell = parent
	}
	return job
}

// parentOf gives the process that has started another; 0 if none is known.
func parentOf(pid int) int {
	values, ok := processStatus(procDir(pid), "PPid")
	if !ok {
		return 0
	}
	parent, _ := strconv.Atoi(values[0]) // the kernel writes a number
	return parent
}

// threads gives the folders of a process's threads.
func threads(pid int) (list []string) {
	dir := procDir(pid) + "/task"
	entries, _ := os.ReadDir(dir) // none, where the process has ended
	for _, e := range entries {
		list = append(list, dir+"/"+e.Name())
	}
	return list
}

// family tells which processes a process has started and that are still there.
type family func(pid int) []int

// children is a quick look. The kernel may leave a child out while another one ends, so
// it can say that somebody is awake, and never that nobody is.
func children(pid int) []int {
	var list []int
	for _, dir := range threads(pid) {
		text, _ := os.ReadFile(dir + "/children")
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				list = append(list, child)
			}
		}
	}
	return list
}

// everybody looks at all processes of the machine: none that is there from the beginning of
// the look to its end is left out.
func everybody() family {
	entries, _ := os.ReadDir("/proc") // it is read elsewhere as well, where an error would show
	started := map[int][]int{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			parent := parentOf(pid)
			started[parent] = append(started[parent], pid)
		}
	}
	return func(pid int) []int { return started[pid] }
}

// doze notes of every thread of a process in what system call it is, and how often it
// has been switched to and from: false if one of them does not sleep until another one
// wakes it. Who waits for the disk or for memory, which the state alone tells, goes on by
// himself. (That state alone does not do: a thread is called sleeping there shortly before
// it really is, and may then find a reason not to.)
func doze(pid int, into map[string]string) bool {
	tasks := threads(pid)
	for _, dir := range tasks {
		blocked, err := os.ReadFile(dir + "/syscall")
		status, ok := processStatus(dir, "State", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
		if err != nil || !ok || bytes.HasPrefix(blocked, []byte("running")) || !strings.HasPrefix(status[0], "S") {
			return false
		}
		into[dir] = string(blocked) + status[1] + " " + status[2]
	}
	return len(tasks) > 0
}

// quiet reports whether nothing can happen in a run before one of its parked commands
// goes on: every process sleeps, and has done so from the first look to the second, so
// that there was a moment at which all of them slept. Whom the first, quick look has
// left out, the second one finds. The mutex is held.
func (r *bashRun) quiet() bool {
	first, second := map[string]string{}, map[string]string{}
	return r.asleep(r.pid, first, children) && !r.hasNews() && r.asleep(r.pid, second, everybody()) && maps.Equal(first, second)
}

// asleep looks at a process and all that it has started. A stub that is parked waits
// for the harness alone; one that the harness does not know is about to ask.
func (r *bashRun) asleep(pid int, into map[string]string, started family) bool {
	c, known := r.clients[pid]
	switch {
	case known && c.parked:
		return true
	case known && !c.away:
		return false
	case !known && r.isStub(pid):
		return false
	}
	if !doze(pid, into) {
		return false
	}
	for _, child := range started(pid) {
		if !r.asleep(child, into, started) {
			return false
		}
	}
	return true
}

// isStub reports whether a process is a stub; where that cannot be seen, it is on its
// way to its end, and does not sleep.
func (r *bashRun) isStub(pid int) bool {
	info, err := os.Stat(procDir(pid) + "/exe")
	return err != nil || os.SameFile(info, r.disk.linked)
}

// hasNews reports whether a stub that reads, or runs bash, has an answer under way.
func (r *bashRun) hasNews() bool {
	for _, c := range r.clients {
		if c.away && c.hasNews() {
			return true
		}
	}
	return false
}
