package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

func (c *command) countArguments(args []string) error {
	switch {
	case len(args) < c.args.least:
		return fmt.Errorf("%s needs %s", c.name, c.args.what)
	case c.args.most >= 0 && len(args) > c.args.most:
		return fmt.Errorf("%s has no use for the argument %q", c.name, args[c.args.most])
	}
	return nil
}

// usage is a mistake in how the verb was called.
func (c *command) usage(err error) error {
	return &exitError{exitUsage, err, fmt.Sprintf("Usage: %s\nRun \"requorum help %s\" for more.", c.synopsisLine(), c.name)}
}

func unknownVerb(name string) error {
	e := &exitError{code: exitUsage, hint: `Run "requorum help" for the verbs.`}
	if word, isFlag := strings.CutPrefix(name, "-"); isFlag {
		word = strings.TrimPrefix(word, "-")
		e.err = fmt.Errorf("unknown flag %s%s", name, didYouMean("--", word, []string{"help", "version"}))
		return e
	}
	e.err = fmt.Errorf("unknown verb %q%s", name, didYouMean("", name, verbs()))
	return e
}

// flagError says what pflag says, in the program's own words and with the
// nearest flag.
func flagError(err error, flags *pflag.FlagSet) error {
	var (
		unknown *pflag.NotExistError
		bad     *pflag.InvalidValueError
		without *pflag.ValueRequiredError
	)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name := unknown.GetSpecifiedName()
		return fmt.Errorf("unknown flag --%s%s", name, didYouMean("--", name, flagNames(flags)))
	case errors.As(err, &unknown):
		return fmt.Errorf("unknown flag -%s", unknown.GetSpecifiedName())
	case errors.As(err, &bad):
		return fmt.Errorf("--%s cannot be %q: %w", bad.GetFlag().Name, bad.GetValue(), bad.Unwrap())
	case errors.As(err, &without):
		return fmt.Errorf("--%s needs a value", without.GetFlag().Name)
	}
	return err
}

func flagNames(flags *pflag.FlagSet) []string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	slices.Sort(names)
	return names
}
