package main

import (
	"fmt"
	"strings"
)

const bashHead = `# Completion of requorum for bash; made by "requorum completion bash".

_requorum_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

_requorum_files() {
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_requorum() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            verb=${COMP_WORDS[i]}
            break
        fi
    done
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case "$verb $prev" in
`

func bashCompletion() string {
	var b strings.Builder
	b.WriteString(bashHead)
	for _, c := range commands() {
		for _, f := range c.listFlags() {
			if f.takesValue() {
				fmt.Fprintf(&b, "    %s) %s; return ;;\n", bashPatterns(c.name, f), bashCall(f))
			}
		}
	}
	b.WriteString("    esac\n    if [[ $cur == -* ]]; then\n        case $verb in\n        '') _requorum_words '--help --version' ;;\n")
	for _, c := range commands() {
		var names []string
		for _, f := range c.listFlags() {
			names = append(names, f.spellings()...)
		}
		fmt.Fprintf(&b, "        %s) _requorum_words '%s' ;;\n", c.name, strings.Join(names, " "))
	}
	fmt.Fprintf(&b, "        esac\n        return\n    fi\n    case $verb in\n    '') _requorum_words '%s' ;;\n", strings.Join(verbs(), " "))
	for _, c := range commands() {
		switch {
		case c.args.files:
			fmt.Fprintf(&b, "    %s) _requorum_files -f ;;\n", c.name)
		case c.args.words != nil:
			fmt.Fprintf(&b, "    %s) _requorum_words '%s' ;;\n", c.name, strings.Join(c.args.list(), " "))
		}
	}
	b.WriteString("    esac\n}\n\ncomplete -F _requorum requorum\n")
	return b.String()
}

func bashPatterns(verb string, f listedFlag) string {
	var list []string
	for _, s := range f.spellings() {
		list = append(list, fmt.Sprintf("'%s %s'", verb, s))
	}
	return strings.Join(list, " | ")
}

func bashCall(f listedFlag) string {
	switch {
	case f.folder:
		return "_requorum_files -d"
	case f.file:
		return "_requorum_files -f"
	}
	return fmt.Sprintf("_requorum_words '%s'", strings.Join(f.words, " "))
}
