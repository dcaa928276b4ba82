package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"requorum/model/diag"
)

// session is all that one run of the program may touch. Results go to out,
// everything else to stderr.
type session struct {
	stdin  io.Reader
	out    *bufio.Writer
	stderr io.Writer
	color  bool // of findings on stderr
	env    func(string) (string, bool)

	rehearses bool // the run interprets scripts, for which memory is not to be spared
}

// newSession is the session of a real run. A closed pipe is then an error that
// is reported like any other, and not the end of the process.
func newSession() *session {
	signal.Ignore(syscall.SIGPIPE)
	return &session{
		stdin:  os.Stdin,
		out:    bufio.NewWriter(os.Stdout),
		stderr: os.Stderr,
		color:  wantsColor(os.Stderr, os.LookupEnv),
		env:    os.LookupEnv,
	}
}

// wantsColor follows https://no-color.org: never but on a terminal, and there
// only if nobody objects.
func wantsColor(f *os.File, env func(string) (string, bool)) bool {
	noColor, _ := env("NO_COLOR")
	term, _ := env("TERM")
	info, err := f.Stat()
	return noColor == "" && term != "dumb" && err == nil && info.Mode()&os.ModeCharDevice != 0
}

// run does what the arguments say and gives the exit status.
func run(args []string, s *session) (code exitCode) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(s.stderr, "requorum: internal error: %s\n%s", diag.Visible(fmt.Sprint(r)), debug.Stack())
			code = exitInternal
		}
	}()
	err := s.dispatch(args)
	if flush := s.out.Flush(); flush != nil {
		err = failed(fmt.Errorf("cannot write to standard output: %w", bare(flush)))
	}
	return s.conclude(err)
}

// conclude prints an error and gives its exit status.
func (s *session) conclude(err error) exitCode {
	if err == nil {
		return exitOK
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = failed(err)
	}
	if e.err != nil {
		fmt.Fprintf(s.stderr, "requorum: %s\n", strings.Join(lines(e.err), "\n"))
	}
	if e.hint != "" {
		fmt.Fprintf(s.stderr, "%s\n", e.hint)
	}
	return e.code
}

// dispatch finds the verb and runs it.
func (s *session) dispatch(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(s.stderr, overview())
		return &exitError{code: exitUsage}
	}
	switch args[0] {
	case "-h", "--help":
		return s.print(overview())
	case "--version":
		return s.print(version())
	}
	c, ok := commandNamed(args[0])
	if !ok {
		return unknownVerb(args[0])
	}
	return c.execute(s, args[1:])
}

// execute reads the verb's flags and arguments and runs it.
func (c *command) execute(s *session, args []string) error {
	var o options
	flags := c.flagSet(&o)
	if err := flags.Parse(args); err != nil {
		return c.usage(flagError(err, flags))
	}
	if help, _ := flags.GetBool("help"); help {
		return s.print(c.page())
	}
	if err := c.countArguments(flags.Args()); err != nil {
		return c.usage(err)
	}
	err := c.run(s, &o, flags.Args())
	if e := new(exitError); errors.As(err, &e) && e.code == exitUsage && e.hint == "" {
		return c.usage(e.err)
	}
	return err
}

func (c *command) flagSet(o *options) *pflag.FlagSet {
	flags := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false
	if c.flags != nil {
		c.flags(flags, o)
	}
	flags.BoolP("help", "h", false, "print this help")
	return flags
}

// print puts a result on standard output.
func (s *session) print(text string) error {
	_, err := s.out.WriteString(text)
	return err
}
