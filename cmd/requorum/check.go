package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"requorum/model/diag"
	"requorum/render/check"
)

const checkHelp = `
Checks what is already there: a bundle, which is a folder, or any bash script. "-" is a script on standard input.

Of a bundle, the checksums are verified too. Of each script, the syntax, the canonical form and the policy are: the part of bash that it may use, the commands that it may call and the places that it may destroy. What only a fresh render can show, that no value of an inventory has changed a script's meaning, "render" checks before it writes.

Prints one line for each argument. With --output json these are in the field "checked": name, kind (bundle or script), errors and warnings, the numbers of them.
`

// checkDocument is the result of check in JSON.
type checkDocument struct {
	head
	Checked []checked `json:"checked"`
}

type checked struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Errors   int    `json:"errors"`
	Warnings int    `json:"warnings"`
}

// maxScript is far above any script of a bundle.
const maxScript = 16 << 20

func runCheck(s *session, o *options, args []string) error {
	var (
		all       diag.List
		sources   = map[string][]byte{}
		result    = &checkDocument{Checked: []checked{}}
		unchecked []error
	)
	for _, name := range args {
		c, list, err := s.checkOne(name, sources)
		if err != nil {
			unchecked = append(unchecked, err)
			continue
		}
		all = append(all, list...)
		result.Checked = append(result.Checked, c)
		if err := s.say(o, "%s: %s", c.Name, c.verdict()); err != nil {
			return err
		}
	}
	err := s.report(o, all, sources, result)
	if len(unchecked) > 0 {
		return failed(errors.Join(unchecked...))
	}
	return err
}

func (s *session) checkOne(name string, sources map[string][]byte) (checked, diag.List, error) {
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		list, err := checkBundle(name)
		return newChecked(name, "bundle", list), list, err
	}
	src, shown, err := s.readInput(name, maxScript)
	if err != nil {
		return checked{}, nil, err
	}
	if len(src) > maxScript {
		return checked{}, nil, fmt.Errorf("cannot check %s: it has more than %d MiB, too much for a script", shown, maxScript>>20)
	}
	list := check.Script(shown, src)
	if len(list) > 0 {
		sources[shown] = src
	}
	return newChecked(shown, "script", list), list, nil
}

// checkBundle keeps no sources: the scripts may carry shared_config, with
// passwords in it, and an excerpt would print its lines.
func checkBundle(name string) (diag.List, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, bare(err))
	}
	defer root.Close()
	list, err := check.Dir(root.FS(), name)
	if err != nil {
		return nil, fmt.Errorf("cannot check %s: %w", name, err)
	}
	return list, nil
}

func newChecked(name, kind string, list diag.List) checked {
	c := checked{Name: name, Kind: kind}
	for _, d := range list {
		if d.Severity == diag.Error {
			c.Errors++
		} else {
			c.Warnings++
		}
	}
	return c
}

// verdict is the result in a word or a few.
func (c checked) verdict() string {
	parts := slices.DeleteFunc([]string{count(c.Errors, "error"), count(c.Warnings, "warning")},
		func(s string) bool { return s == "" })
	switch {
	case len(parts) == 0:
		return "ok"
	case c.Errors == 0:
		return "ok, with " + parts[0]
	case len(parts) == 2:
		return parts[0] + " and " + parts[1]
	}
	return parts[0]
}

func count(n int, noun string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
