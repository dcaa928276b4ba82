package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// command is one verb. Dispatch, help and completion all come from the table
// below.
type command struct {
	name     string
	synopsis string // what follows the name
	summary  string // one line
	about    string // help, in paragraphs
	args     arguments
	flags    func(*pflag.FlagSet, *options)
	run      func(s *session, o *options, args []string) error
}

// arguments says how many arguments a verb takes, and what they are.
type arguments struct {
	least, most int    // most < 0: any number
	what        string // that the least of them are, for whoever leaves them out
	files       bool   // they are files
	words       func() []string
}

// options holds the values of all flags of all verbs.
type options struct {
	templates string
	bundle    string
	check     bool
	output    choice

	faults      wordChoice
	seed        uint64
	node, stage string
	transcript  bool
	story       string
}

func (o *options) json() bool { return o.output == "json" }

// commands is the table of verbs, in the order in which they are shown.
func commands() []command {
	return []command{
		{
			name:     "init",
			synopsis: "[--templates DIR]",
			summary:  "print a starter inventory, or write out the templates",
			about:    initHelp,
			flags:    templatesFlag("write the templates into the new folder `DIR` instead"),
			run:      runInit,
		},
		{
			name:     "plan",
			synopsis: "INVENTORY [--output json] [--templates DIR]",
			summary:  "print what must happen, in which order, and why",
			about:    planHelp,
			args:     oneInventory(),
			flags:    flagsOf(outputFlag, overlayFlag()),
			run:      runPlan,
		},
		{
			name:     "render",
			synopsis: "INVENTORY -o DIR [--check] [--templates DIR] [--output json]",
			summary:  "write the bundle: a script for each node, and the runbook",
			about:    renderHelp,
			args:     oneInventory(),
			flags:    flagsOf(bundleFlags, overlayFlag(), outputFlag),
			run:      runRender,
		},
		{
			name:     "check",
			synopsis: "BUNDLE-OR-SCRIPT... [--output json]",
			summary:  "check bundles and bash scripts as they are",
			about:    checkHelp,
			args:     arguments{least: 1, most: -1, what: "a bundle or a script", files: true},
			flags:    outputFlag,
			run:      runCheck,
		},
		{
			name:     "rehearse",
			synopsis: "INVENTORY [flags]",
			summary:  "run the scripts on an imaginary site, with faults",
			about:    rehearseHelp,
			args:     oneInventory(),
			flags:    flagsOf(rehearseFlags, overlayFlag(), outputFlag),
			run:      runRehearse,
		},
		{
			name:    "schema",
			summary: "print the JSON Schema of the inventory",
			about:   schemaHelp,
			run:     runSchema,
		},
		{
			name:     "completion",
			synopsis: "bash|zsh|fish",
			summary:  "print the completion script for a shell",
			about:    completionHelp,
			args:     arguments{least: 1, most: 1, what: "the name of a shell: " + strings.Join(shells(), ", "), words: shells},
			run:      runCompletion,
		},
		{
			name:     "help",
			synopsis: "[VERB | TOPIC | CODE]",
			summary:  "explain a verb, a topic or the code of a finding",
			about:    helpHelp,
			args:     arguments{most: 1, words: helpNames},
			run:      runHelp,
		},
	}
}

func oneInventory() arguments {
	return arguments{least: 1, most: 1, what: "the name of an inventory, or - for standard input", files: true}
}

func commandNamed(name string) (*command, bool) {
	table := commands()
	i := slices.IndexFunc(table, func(c command) bool { return c.name == name })
	if i < 0 {
		return nil, false
	}
	return &table[i], true
}

func verbs() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}
