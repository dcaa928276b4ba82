package main

import (
	"fmt"
)

const completionHelp = `
Prints a script that completes verbs, flags, files, topics and codes. To use it:

  bash   source <(requorum completion bash)
  zsh    source <(requorum completion zsh)
  fish   requorum completion fish | source

in the shell's start-up file.
`

func shells() []string { return []string{"bash", "zsh", "fish"} }

func runCompletion(s *session, _ *options, args []string) error {
	switch args[0] {
	case "bash":
		return s.print(bashCompletion())
	case "zsh":
		return s.print(zshCompletion())
	case "fish":
		return s.print(fishCompletion())
	}
	return misused(fmt.Errorf("there is no completion for %q: write bash, zsh or fish", args[0]))
}

func (a arguments) list() []string {
	if a.words == nil {
		return nil
	}
	return a.words()
}
