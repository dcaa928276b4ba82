package site

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// Command is an external command that a script is about to call.
type Command struct {
	Line int // of the script; 0 within the program of another shell
	Job  int // in the background, counted from 1; 0: the script itself
	Args []string
}

// Verdict is what a Watcher wants to happen to a command.
type Verdict int

// What may happen to a command. It may run; fail without having done anything; the
// script may be killed before it, or after it.
const (
	Run Verdict = iota
	Fail
	KillBefore
	KillAfter
)

// Watcher sees each external command of a script before it runs, and decides on it.
// The site stands still meanwhile.
type Watcher interface {
	Before(*Site, Command) Verdict
	After(*Site, Command, int)
}

// Script is a parsed node script.
type Script struct {
	Node string
	file *syntax.File
}

// Parse reads a node's script. Where it starts a command in the background, the tree
// gets two marks, by which the rehearsal keeps the jobs in step.
func Parse(node string, source []byte) (*Script, error) {
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(source), node+".sh")
	if err != nil {
		return nil, err
	}
	if err := leak(f); err != nil {
		return nil, err
	}
	markJobs(f)
	return &Script{Node: node, file: f}, nil
}

// Result is how a script has ended.
type Result struct {
	Status int  // meaningless if it was killed
	Killed bool // by the watcher
	Output string
}

// Execute runs a script on its node with arguments. An error says that the rehearsal
// itself cannot go on; a script that ends badly is no error.
func (s *Site) Execute(ctx context.Context, script *Script, arguments []string, w Watcher) (Result, error) {
	n := s.Node(script.Node)
	var out bytes.Buffer
	sh := &shell{site: s, node: n, script: script, watch: w, end: &end{}}
	c := &call{ctx: ctx, site: s, node: n, shell: sh, limit: never, out: &out, err: &out,
		args: append([]string{"bash", script.Node + ".sh"}, arguments...)}
	status := bashCommand(c)
	r := Result{Status: status, Output: out.String()}
	if errors.Is(sh.end.why(), errKilled) {
		r.Killed = true
		n.locked = false
		return r, nil
	}
	if err := ctx.Err(); err != nil {
		sh.halt(err)
	}
	return r, sh.end.why()
}

// shell is a script under way: the run that holds the lock and the one that started
// it share it.
type shell struct {
	site    *Site
	node    *Node
	script  *Script
	watch   Watcher
	jobs    *jobs
	outside *Outside // nil where the interpreter runs the script
	end     *end
	files   bool // what it runs are the node's own files: a word that it does not know is their fault
}

// halt ends the script and everything that it has started.
func (sh *shell) halt(err error) {
	sh.end.err.CompareAndSwap(nil, &err)
	sh.jobs.close()
}

// end is why everything that a script has started ends now. Both sides of a pipe look
// at it, side by side.
type end struct{ err atomic.Pointer[error] }

// why is nil as long as nothing ends.
func (e *end) why() error {
	if err := e.err.Load(); err != nil {
		return *err
	}
	return nil
}

// until lets the clock move on to a moment, in step with the other jobs.
func (sh *shell) until(s *Site, ctx context.Context, t time.Duration) {
	if sh.outside != nil {
		sh.outside.Until(t)
		return
	}
	if sh.jobs == nil {
		s.advanceTo(t)
		return
	}
	sh.jobs.until(s, jobOf(ctx), t)
}

// environment is what sudo leaves of an engineer's; the host's own never gets in. The
// interpreter opens its own pipes on the host, in TMPDIR: there is no such folder.
func environment() expand.Environ {
	return expand.ListEnviron("HOME=/root", "UID=0", "EUID=0", "GID=0", "TERM=dumb", "LOGNAME=root",
		"TMPDIR="+hidden+"/none",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

// bashCommand runs the node's script, or says its version.
func bashCommand(c *call) int {
	if len(c.args) == 2 && c.args[1] == "--version" {
		c.say("GNU bash, version 4.3.11(1)-release (x86_64-pc-linux-gnu)\n")
		return 0
	}
	if c.shell.outside != nil {
		return c.shell.outside.Script(c.args)
	}
	if c.shell.script == nil || len(c.args) < 2 || c.args[1] != c.shell.script.Node+".sh" {
		return c.unknown("bash runs the node's script here")
	}
	own := *c.shell
	own.jobs = &jobs{}
	defer own.jobs.close()
	inner := c.with(c.args)
	inner.shell = &own
	return inner.interpret(own.script.file, c.args[2:])
}

// shCommand runs the program of sh -c, or looks whether a file is good shell.
func shCommand(c *call) int {
	parser := syntax.NewParser(syntax.Variant(syntax.LangPOSIX))
	switch {
	case len(c.args) == 3 && c.args[1] == "-n":
		text, err := c.node.Read(c.args[2])
		if err != nil {
			return c.fail(c.args[2], err)
		}
		if _, err := parser.Parse(strings.NewReader(text), c.args[2]); err != nil {
			c.complain("%v\n", err)
			return 2
		}
		return 0
	case len(c.args) == 3 && c.args[1] == "-c":
		f, err := parser.Parse(strings.NewReader(c.args[2]), "sh")
		if err != nil {
			c.complain("sh: %v\n", err)
			return 2
		}
		if err := leak(f); err != nil {
			return c.unknown(err.Error())
		}
		inner := *c.shell
		inner.watch, inner.jobs, inner.files, inner.end = nil, nil, true, &end{}
		quiet := c.with(c.args)
		quiet.shell = &inner
		quiet.err = shown{c.err}
		status := quiet.interpret(f, nil)
		if err := inner.end.why(); err != nil {
			c.shell.halt(err)
		}
		return status
	}
	return c.unknown("sh takes other arguments")
}

// envCommand is env -i NAME=VALUE... COMMAND: the programs here have a clean
// environment anyway.
func envCommand(c *call) int {
	rest := c.args[1:]
	if len(rest) == 0 || rest[0] != "-i" {
		return c.unknown("env takes other arguments")
	}
	for rest = rest[1:]; len(rest) > 0 && strings.Contains(rest[0], "="); rest = rest[1:] {
	}
	if len(rest) == 0 {
		return c.unknown("env runs no command")
	}
	return c.with(rest).run()
}

// interpret runs a parsed program.
func (c *call) interpret(f *syntax.File, params []string) int {
	r, err := interp.New(
		interp.Env(environment()),
		interp.Dir("/"),
		interp.Params(append([]string{"--"}, params...)...),
		interp.StdIO(nil, c.out, c.err),
		interp.CallHandler(c.onCall),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return c.onExec }),
		interp.OpenHandler(c.onOpen),
		interp.StatHandler(c.onStat),
		interp.AccessHandler(func(ctx context.Context, p string, _ interp.AccessMode) error {
			_, err := c.onStat(ctx, p, true)
			return err
		}),
		interp.ReadDirHandler2(c.onReadDir),
	)
	if err != nil {
		c.shell.halt(err)
		return 1
	}
	err = r.Run(c.ctx, f)
	if status, ok := errors.AsType[interp.ExitStatus](err); ok {
		return int(status)
	}
	if err != nil {
		c.shell.halt(err)
		return 1
	}
	return 0
}

// over says why nothing may run any more: everything ends, or the script whose job this
// is has ended.
func (c *call) over() error {
	if err := c.shell.end.why(); err != nil {
		return err
	}
	if c.shell.jobs.over() {
		return errKilled
	}
	return nil
}

// onExec carries out an external command.
func (c *call) onExec(ctx context.Context, args []string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := c.over(); err != nil {
		return err
	}
	hc := interp.HandlerCtx(ctx)
	inner := *c
	inner.ctx, inner.args, inner.in, inner.out, inner.err = ctx, args, hc.Stdin, hc.Stdout, hc.Stderr
	command := Command{Line: int(hc.Pos.Line()), Job: jobOf(ctx), Args: args}
	if len(args) == 1 && args[0] == "sort" {
		// The interpreter runs both sides of a pipe at once. The other side of this one
		// has jobs that move the clock, so it comes first as a whole.
		inner.in = strings.NewReader(inner.input())
	}
	verdict := Run
	if c.shell.watch != nil {
		verdict = c.shell.watch.Before(c.site, command)
	}
	status := 1
	switch verdict {
	case KillBefore:
		c.shell.halt(errKilled)
		return errKilled
	case Run, KillAfter:
		status = inner.run()
	case Fail:
		inner.complain("%s: it fails, because the rehearsal wants that\n", args[0])
	}
	if verdict == KillAfter {
		c.shell.halt(errKilled)
	}
	if err := c.over(); err != nil {
		return err
	}
	if c.shell.watch != nil {
		c.shell.watch.After(c.site, command, status)
	}
	if status == 0 {
		return nil
	}
	return interp.NewExitStatus(uint8(status))
}

// onCall stands between the interpreter and what of its builtins would look at the
// host: command -v and a sourced file. It also sees the marks at jobs.
func (c *call) onCall(ctx context.Context, args []string) ([]string, error) {
	if err := c.over(); err != nil {
		return nil, err
	}
	if hostly(args) {
		c.with(args).unknown("it would look at the host")
		return nil, c.shell.end.why()
	}
	switch args[0] {
	case "command":
		if c.node.has(args[2]) {
			return []string{"printf", "%s\n", args[2]}, nil
		}
		return []string{"false"}, nil
	case ".":
		return []string{".", hidden + args[1]}, nil
	case forkMark, beginMark, endMark, "wait":
		return c.shell.jobs.mark(c.site, ctx, args), nil
	}
	return args, nil
}

// hidden before a path keeps the interpreter from looking for the file on the host:
// no path with it can be there. Only onOpen knows it.
const hidden = "\x00"

// shown takes the mark out of what the interpreter says of such a file.
type shown struct{ to io.Writer }

func (w shown) Write(b []byte) (int, error) {
	if _, err := w.to.Write(bytes.ReplaceAll(b, []byte(hidden), nil)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (c *call) onOpen(_ context.Context, p string, flag int, perm fs.FileMode) (io.ReadWriteCloser, error) {
	name, sourced := strings.CutPrefix(p, hidden)
	p = path.Clean(name)
	if p == "/dev/null" {
		return null{}, nil
	}
	if flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		text, err := c.node.Read(p)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: p, Err: syscall.ENOENT}
		}
		if sourced { // a file that does not parse is the shell's to complain about
			if f, err := syntax.NewParser().Parse(strings.NewReader(text), p); err == nil {
				if err := leak(f); err != nil {
					c.shell.halt(err)
					return nil, err
				}
			}
		}
		if sourced { // the interpreter drops a carriage return that no quotes hold; a shell keeps it (T19)
			text = strings.ReplaceAll(text, "\r\n", "\"\r\"\n")
		}
		return &reading{strings.NewReader(text)}, nil
	}
	if err := c.over(); err != nil {
		return nil, err
	}
	w := &writing{call: c, path: p, perm: perm}
	if flag&os.O_APPEND == 0 {
		w.err = c.node.write(c.site, p, "", perm)
	} else if !c.node.Exists(p) {
		w.err = c.node.write(c.site, p, "", perm)
	}
	if w.err == nil && c.node.full(p) {
		w.err = errNoSpace // printf does not see a write that fails, here
	}
	if w.err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: w.err}
	}
	return w, nil
}

// null is /dev/null.
type null struct{}

func (null) Read([]byte) (int, error)    { return 0, io.EOF }
func (null) Write(b []byte) (int, error) { return len(b), nil }
func (null) Close() error                { return nil }

// reading is a file as it was when it was opened.
type reading struct{ *strings.Reader }

func (reading) Write([]byte) (int, error) { return 0, syscall.EBADF }
func (reading) Close() error              { return nil }

// writing is a file that a script writes to.
type writing struct {
	call *call
	path string
	perm fs.FileMode
	err  error
}

func (*writing) Read([]byte) (int, error) { return 0, syscall.EBADF }
func (*writing) Close() error             { return nil }

func (w *writing) Write(b []byte) (int, error) {
	old, _ := w.call.node.Read(w.path)
	if err := w.call.node.write(w.call.site, w.path, old+string(b), w.perm); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (c *call) onStat(_ context.Context, name string, follow bool) (fs.FileInfo, error) {
	p := path.Clean(name)
	if follow {
		p = c.node.resolve(p)
	}
	f, ok := c.node.Files.Get(p)
	if !ok {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return entry{path.Base(p), f}, nil
}

func (c *call) onReadDir(_ context.Context, name string) ([]fs.DirEntry, error) {
	dir := c.node.resolve(name)
	if f, ok := c.node.Files.Get(dir); !ok || !f.Mode.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	var list []fs.DirEntry
	for _, child := range c.node.Files.List(dir) {
		f, _ := c.node.Files.Get(path.Join(dir, child))
		list = append(list, fs.FileInfoToDirEntry(entry{child, f}))
	}
	return list, nil
}

// entry is a file as package fs wants it.
type entry struct {
	name string
	file File
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return int64(len(e.file.Data)) }
func (e entry) Mode() fs.FileMode  { return e.file.Mode }
func (e entry) ModTime() time.Time { return time.Unix(Epoch, 0).Add(e.file.Time) }
func (e entry) IsDir() bool        { return e.file.Mode.IsDir() }
func (e entry) Sys() any           { return nil }

// Kill ends the script that runs on a node, as SIGKILL does: its lock is free, and
// nothing else is different.
func (s *Site) Kill(node string) { s.Node(node).locked = false }
