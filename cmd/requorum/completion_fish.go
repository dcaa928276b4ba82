package main

import (
	"fmt"
	"strings"
)

func fishCompletion() string {
	var b strings.Builder
	b.WriteString("# Completion of requorum for fish; made by \"requorum completion fish\".\n\ncomplete -c requorum -f\n" +
		"complete -c requorum -n __fish_use_subcommand -s h -l help -d 'print help'\n" +
		"complete -c requorum -n __fish_use_subcommand -l version -d 'print the version'\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "complete -c requorum -n __fish_use_subcommand -a %s -d %s\n", c.name, fishQuote(c.summary))
	}
	for _, c := range commands() {
		seen := fmt.Sprintf("complete -c requorum -n '__fish_seen_subcommand_from %s'", c.name)
		for _, f := range c.listFlags() {
			b.WriteString(seen + fishFlag(f) + "\n")
		}
		switch {
		case c.args.files:
			b.WriteString(seen + " -F\n")
		case c.args.words != nil:
			fmt.Fprintf(&b, "%s -a %s\n", seen, fishQuote(strings.Join(c.args.list(), " ")))
		}
	}
	return b.String()
}

func fishFlag(f listedFlag) string {
	s := " -l " + f.name + " -d " + fishQuote(f.usage)
	if f.short != "" {
		s += " -s " + f.short
	}
	switch {
	case f.folder:
		s += " -x -a '(__fish_complete_directories)'"
	case f.file:
		s += " -r -F"
	case f.text:
		s += " -x"
	case f.words != nil:
		s += " -x -a " + fishQuote(strings.Join(f.words, " "))
	}
	return s
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
