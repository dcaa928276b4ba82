package render

import (
	"errors"
	"fmt"
	"path"
)

// errNoExchange means that the filesystem, or the system, cannot exchange two
// folders in one step.
var errNoExchange = errors.New("folders cannot be exchanged in one step here")

// strandedError means that what stood at the target is no longer there.
type strandedError struct {
	at  string
	err error
}

func (e *strandedError) Error() string { return e.err.Error() }
func (e *strandedError) Unwrap() error { return e.err }

// swapIn puts the draft's tree in the target's place. After an error the
// target is as it was, unless the error is a strandedError, and the draft is
// gone.
func (d *draft) swapIn(old *standing, exchange func(t *target, name string) error) error {
	var err error
	if old.state == absent {
		err = d.t.parent.Rename(d.in(newTree), d.t.name)
	} else {
		err = exchange(d.t, d.in(newTree))
		if errors.Is(err, errNoExchange) {
			err = d.moveAside()
		}
	}
	var stranded *strandedError
	if err != nil && !errors.As(err, &stranded) {
		d.discard()
	}
	return err
}

// moveAside swaps with two renames. Killed between them, the process leaves the
// target's place empty; clearLeftovers then puts back what stood there.
func (d *draft) moveAside() error {
	if err := d.t.parent.Rename(d.t.name, d.in(oldTree)); err != nil {
		return err
	}
	err := d.t.parent.Rename(d.in(newTree), d.t.name)
	if err == nil {
		return nil
	}
	if back := d.t.parent.Rename(d.in(oldTree), d.t.name); back != nil {
		return &strandedError{d.t.beside(d.in(oldTree)), fmt.Errorf("%w; and back: %w", plain(err), plain(back))}
	}
	return err
}

// beside is how the user would write a path next to the target.
func (t *target) beside(name string) string { return path.Join(t.path, name) }
