package main

import (
	"fmt"
	"strings"
)

func zshCompletion() string {
	var b strings.Builder
	b.WriteString("#compdef requorum\n# Completion of requorum for zsh; made by \"requorum completion zsh\".\n\n_requorum() {\n" +
		"    local -a verbs\n    verbs=(\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "        %s\n", zshQuote(c.name+":"+c.summary))
	}
	b.WriteString("    )\n    if ((CURRENT == 2)); then\n        _describe verb verbs\n" +
		"        [[ $words[2] == -* ]] && compadd -- --help --version\n        return\n    fi\n" +
		"    local verb=$words[2]\n    shift words\n    ((CURRENT--))\n    case $verb in\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "    %s)\n        _arguments", c.name)
		for _, f := range c.listFlags() {
			for _, s := range f.spellings() {
				fmt.Fprintf(&b, " \\\n            %s", zshQuote(zshFlag(s, f)))
			}
		}
		switch {
		case c.args.files:
			fmt.Fprintf(&b, " \\\n            '*:file:_files'")
		case c.args.words != nil:
			fmt.Fprintf(&b, " \\\n            %s", zshQuote("1:name:("+strings.Join(c.args.list(), " ")+")"))
		}
		b.WriteString("\n        ;;\n")
	}
	b.WriteString("    esac\n}\n\nif [[ $funcstack[1] == _requorum ]]; then\n    _requorum \"$@\"\nelse\n    compdef _requorum requorum\nfi\n")
	return b.String()
}

// zshFlag is a flag in the language of zsh's _arguments.
func zshFlag(spelling string, f listedFlag) string {
	if f.takesValue() && strings.HasPrefix(spelling, "--") {
		spelling += "=" // or the value is the next word
	}
	escaped := strings.NewReplacer(`[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(f.usage)
	switch {
	case f.folder:
		return spelling + "[" + escaped + "]:folder:_files -/"
	case f.file:
		return spelling + "[" + escaped + "]:file:_files"
	case f.text:
		return spelling + "[" + escaped + "]:text:"
	case f.words != nil:
		return spelling + "[" + escaped + "]:form:(" + strings.Join(f.words, " ") + ")"
	}
	return spelling + "[" + escaped + "]"
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
