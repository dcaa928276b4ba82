package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"requorum/model/diag"
)

// exitCode is the exit status of the program; "requorum help exit-status"
// explains each.
type exitCode int

const (
	exitOK       exitCode = 0
	exitFindings exitCode = 1 // something is wrong with what the user gave
	exitUsage    exitCode = 2 // the program was called in a way that it does not know
	exitInternal exitCode = 3 // reading or writing failed, or requorum did
)

// exitError is an error that knows its exit status. Without err, what there is
// to say has been said.
type exitError struct {
	code exitCode
	err  error
	hint string // more lines, for people
}

func (e *exitError) Error() string {
	if e.err == nil {
		return "findings"
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// foundErrors ends a run whose findings forbid to go on.
func foundErrors() error { return &exitError{code: exitFindings} }

// failed is the end of a run by the machine or by requorum itself.
func failed(err error) *exitError { return &exitError{code: exitInternal, err: err} }

// misused is a mistake in the arguments that the flags cannot tell.
func misused(err error) error { return &exitError{code: exitUsage, err: err} }

// withHint adds lines for people to the end of a run.
func withHint(err error, hint string) error {
	e := new(exitError)
	if !errors.As(err, &e) {
		return err
	}
	return &exitError{e.code, e.err, hint}
}

// bare drops the operation and path that package os puts before an error,
// where the message names the path already.
func bare(err error) error {
	if errors.Is(err, syscall.ELOOP) {
		return errors.New("a symbolic link leads in a circle")
	}
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	if e := new(os.SyscallError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// lines gives an error as lines for a terminal. Of errors that were joined, each
// has its own.
func lines(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{diag.Visible(err.Error())}
	}
	var all, texts []string
	for _, e := range joined.Unwrap() {
		all = append(all, lines(e)...)
		texts = append(texts, e.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []string{diag.Visible(err.Error())} // wrapped in words, not joined
	}
	return all
}
