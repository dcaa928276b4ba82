package site

import (
	"fmt"

	"mvdan.cc/sh/v3/syntax"
)

// leak finds what the interpreter would answer from the machine that it runs on: its
// process numbers, its random numbers, and pipes with names in its temporary folder.
// No script needs any of it, so each is refused.
func leak(f *syntax.File) error {
	var found error
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ProcSubst:
			found = fmt.Errorf("%s: process substitution would make a file on the host", n.Pos())
		case *syntax.ParamExp:
			if n.Param == nil {
				return true
			}
			switch n.Param.Value {
			case "$", "PPID", "RANDOM", "SRANDOM", "EPOCHSECONDS", "EPOCHREALTIME":
				found = fmt.Errorf("%s: $%s would come from the host", n.Pos(), n.Param.Value)
			}
		}
		return found == nil
	})
	return found
}

// hostly reports whether a builtin would look at the host, or run text in which leak
// has not looked.
func hostly(args []string) bool {
	switch args[0] {
	case "type", "hash", "exec", "umask", "ulimit", "times", "kill", "eval", "source", "enable":
		return true
	case "command":
		return len(args) != 3 || args[1] != "-v"
	case ".":
		return len(args) != 2
	}
	return false
}
