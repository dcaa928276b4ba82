package golden_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"requorum/render/rehearse/site"
)

// bashSite runs node scripts of one imaginary site under the machine's bash: each node
// has a root, and the site carries out every command that a script calls.
type bashSite struct {
	t     *testing.T
	dir   string // of the roots
	stub  string
	site  *site.Site
	roots map[string]*disk
}

// buildStub makes the program that stands for every other.
func buildStub(t *testing.T) string {
	t.Helper()
	needRoot(t)
	for _, file := range []string{"/proc/thread-self/children", "/proc/thread-self/syscall"} {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatalf("the kernel does not tell what a run is at: %v", err)
		}
	}
	stub := filepath.Join(t.TempDir(), "stub")
	cmd := exec.Command("go", "build", "-o", stub, "./testdata/trace/stub")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return stub
}

// newBashSite takes a site over. The roots are beside the stub, for links to it.
func newBashSite(t *testing.T, stub string, s *site.Site) *bashSite {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(stub), "")
	if err != nil {
		t.Fatal(err)
	}
	return &bashSite{t: t, dir: dir, stub: stub, site: s, roots: map[string]*disk{}}
}

// root gives the root of a node. Only the stubs are on PATH there.
func (b *bashSite) root(node string) *disk {
	b.t.Helper()
	if d := b.roots[node]; d != nil {
		return d
	}
	info, err := os.Stat(b.stub)
	if err != nil {
		b.t.Fatal(err)
	}
	d := &disk{root: filepath.Join(b.dir, node), stub: b.stub, linked: info, hidden: []string{"/harness", "/" + node + ".sh"}}
	b.must(os.MkdirAll(d.full("/harness/machine"), 0o755))
	b.must(os.MkdirAll(d.full("/usr"), 0o755))
	for _, dir := range []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64"} { // where bash looks for its libraries
		b.must(os.Symlink("/harness/machine"+dir, d.full(dir)))
		d.hidden = append(d.hidden, dir)
	}
	b.roots[node] = d
	return d
}

func (b *bashSite) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// longestRun is how long a run may take on the machine's own clock.
const longestRun = 2 * time.Minute

// execute is what site.Execute is for the interpreter. While the script runs, the
// files of its node are those on the disk.
func (b *bashSite) execute(ctx context.Context, node string, source []byte, args []string) observed {
	b.t.Helper()
	d, n := b.root(node), b.site.Node(node)
	memory := n.Files
	b.must(equalise(d, memory))
	b.must(os.WriteFile(d.full(node+".sh"), source, 0o644))
	listener, err := net.Listen("unix", d.full("/harness/socket"))
	b.must(err)
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	n.Files = d
	r := &bashRun{ctx: ctx, site: b.site, node: node, disk: d, clients: map[int]*stubClient{}, jobs: map[int][]traced{}}
	cmd := exec.CommandContext(ctx, filepath.Join("testdata", "trace", "enter.sh"),
		append([]string{d.root, node + ".sh"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	b.must(cmd.Start())
	r.pid = cmd.Process.Pid
	over := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { r.listen(listener) })
	work.Go(func() { r.schedule(over) })
	err = cmd.Wait()
	close(over)
	_ = listener.Close() // which ends listen
	work.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		b.t.Fatalf("%v, %v; %s%s", err, ctx.Err(), r.lastCall(), out.String())
	}
	n.Files = memory
	b.must(equalise(memory, d))
	b.must(r.err)
	return observed{calls: r.calls, jobs: grouped(r.jobs), status: cmd.ProcessState.ExitCode(), output: out.String()}
}

// bashRun is one run of a script under bash. What the script does side by side is kept
// in step as the interpreter does it (site/jobs.go): one job's commands are carried out
// at a time, until it waits or has ended; then comes the job that wakes first.
type bashRun struct {
	ctx  context.Context
	site *site.Site
	node string
	disk *disk
	pid  int

	mu      sync.Mutex // of all below, and of the site
	clients map[int]*stubClient
	current int // the job whose commands are carried out
	calls   []traced
	jobs    map[int][]traced
	err     error
}

// stubClient is a stub whose command is being carried out.
type stubClient struct {
	run    *bashRun
	conn   *net.UnixConn
	job    int
	parked bool // until the clock gets to wake
	away   bool // it reads its input, or runs bash
	wake   time.Duration
	turn   chan struct{}
	input  *strings.Reader // nil as long as none was asked for
}

func (r *bashRun) listen(l net.Listener) {
	var work sync.WaitGroup
	defer work.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		work.Go(func() {
			defer conn.Close()
			if err := r.serve(conn.(*net.UnixConn)); err != nil {
				r.mu.Lock()
				r.err = errors.Join(r.err, err)
				r.mu.Unlock()
			}
		})
	}
}

// serve carries out the command of one stub.
func (r *bashRun) serve(conn *net.UnixConn) error {
	text, err := receive(conn)
	if err != nil {
		return err
	}
	number, rest, _ := strings.Cut(text, "\x00")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	args := strings.Split(rest, "\x00")
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &stubClient{run: r, conn: conn, job: r.jobOf(pid)}
	r.clients[pid] = c
	defer delete(r.clients, pid)
	if c.job != r.current {
		c.park(r.site.Now)
	}
	var reply bytes.Buffer
	status, err := r.site.Command(r.ctx, r.node, args, c, frames{&reply, 'o'}, frames{&reply, 'e'}, site.Outside{Until: c.park, Script: c.script})
	if err != nil {
		return err
	}
	done := traced{r.site.Now, args, status}
	if c.job == 0 {
		r.calls = append(r.calls, done)
	} else {
		r.jobs[c.job] = append(r.jobs[c.job], done)
	}
	_, _ = frames{&reply, 'x'}.Write([]byte{byte(status)}) // a buffer takes all
	_, err = conn.Write(reply.Bytes())
	return err
}

// park lets a command wait until a moment. The mutex is held, and free meanwhile.
func (c *stubClient) park(t time.Duration) {
	c.wake, c.parked, c.turn = t, true, make(chan struct{})
	c.run.mu.Unlock()
	select {
	case <-c.turn:
		c.run.mu.Lock()
	case <-c.run.ctx.Done():
		c.run.mu.Lock()
		runtime.Goexit() // the clock stands still from here on, and the command might wait for ever
	}
	c.parked = false
}

// ask lets the stub do something that takes its time, and gives its answer. The mutex
// is held, and free meanwhile.
func (c *stubClient) ask(kind byte, data string) (string, error) {
	c.away = true
	c.run.mu.Unlock()
	_, err := frames{c.conn, kind}.Write([]byte(data))
	answer := ""
	if err == nil {
		answer, err = receive(c.conn)
	}
	c.run.mu.Lock()
	c.away = false
	return answer, err
}

// script lets the stub run the real bash.
func (c *stubClient) script(args []string) int {
	answer, err := c.ask('b', strings.Join(args, "\x00"))
	status, bad := strconv.Atoi(answer)
	if err = errors.Join(err, bad); err != nil {
		c.run.err = errors.Join(c.run.err, err)
		return 99
	}
	return status
}

// Read is the standard input of the command: the stub's, which reads it when it is
// wanted and not before, for it may be that of a loop.
func (c *stubClient) Read(b []byte) (int, error) {
	if c.input == nil {
		text, err := c.ask('i', "")
		if err != nil {
			return 0, err
		}
		c.input = strings.NewReader(text)
	}
	return c.input.Read(b)
}

// hasNews reports whether the stub has said something that nobody has read.
func (c *stubClient) hasNews() bool {
	news := false
	raw, err := c.conn.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			news = err == nil && n >= 0
		})
	}
	return news || err != nil
}

// schedule gives the turn to the next command whenever nothing else can happen.
func (r *bashRun) schedule(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-time.After(50 * time.Microsecond):
		}
		r.mu.Lock()
		if next := r.next(); next != nil && r.quiet() {
			r.site.Advance(max(0, next.wake-r.site.Now))
			r.current = next.job
			next.parked = false
			close(next.turn)
		}
		r.mu.Unlock()
	}
}

// next is the parked command that goes on first: at the same moment the script itself,
// then the job that was started first. None, while one is being carried out.
func (r *bashRun) next() *stubClient {
	var first *stubClient
	for _, c := range r.clients {
		switch {
		case c.away:
		case !c.parked:
			return nil
		case first == nil || c.wake < first.wake || c.wake == first.wake && c.job < first.job:
			first = c
		}
	}
	return first
}

// lastCall is where a run that does not end was last seen.
func (r *bashRun) lastCall() string {
	if len(r.calls) == 0 {
		return "no command of the script has ended"
	}
	return "the last command that has ended: " + r.calls[len(r.calls)-1].String()
}

// frames writes messages of one kind to a stub.
type frames struct {
	to   io.Writer
	kind byte
}

func (f frames) Write(b []byte) (int, error) {
	head := binary.BigEndian.AppendUint32([]byte{f.kind}, uint32(len(b)))
	if _, err := f.to.Write(slices.Concat(head, b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// receive reads a message of a stub.
func receive(from io.Reader) (string, error) {
	var size uint32
	if err := binary.Read(from, binary.BigEndian, &size); err != nil {
		return "", err
	}
	data := make([]byte, size)
	_, err := io.ReadFull(from, data)
	return string(data), err
}
