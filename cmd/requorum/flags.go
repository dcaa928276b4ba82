package main

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"
)

// listedFlag is a flag as help and completion see it.
type listedFlag struct {
	name, short, usage string
	value              string   // what stands for its value in help
	folder             bool     // its value is a folder
	file               bool     // its value is a file
	text               bool     // its value is any text
	words              []string // its value is one of these
}

func (f listedFlag) takesValue() bool { return f.folder || f.file || f.text || f.words != nil }

// spellings gives "--name", and "-n" if there is one.
func (f listedFlag) spellings() []string {
	list := []string{"--" + f.name}
	if f.short != "" {
		list = append(list, "-"+f.short)
	}
	return list
}

// heading is how help begins the flag's line: "-o, --bundle DIR".
func (f listedFlag) heading() string {
	s := "    --" + f.name
	if f.short != "" {
		s = "-" + f.short + ", --" + f.name
	}
	if f.takesValue() {
		s += " " + f.value
	}
	return s
}

func (c *command) listFlags() []listedFlag {
	var list []listedFlag
	c.flagSet(&options{}).VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		l := listedFlag{name: f.Name, short: f.Shorthand, usage: usage, value: value, words: f.Annotations[takesWords]}
		_, l.folder = f.Annotations[takesFolder]
		_, l.file = f.Annotations[takesFile]
		l.text = f.NoOptDefVal == "" && !l.folder && !l.file && l.words == nil
		list = append(list, l)
	})
	return list
}

// The annotations of a flag tell completion what its value is.
const (
	takesFolder = "requorum_folder"
	takesFile   = "requorum_file"
	takesWords  = "requorum_words"
)

func flagsOf(each ...func(*pflag.FlagSet, *options)) func(*pflag.FlagSet, *options) {
	return func(f *pflag.FlagSet, o *options) {
		for _, add := range each {
			add(f, o)
		}
	}
}

func templatesFlag(usage string) func(*pflag.FlagSet, *options) {
	return func(f *pflag.FlagSet, o *options) {
		f.StringVar(&o.templates, "templates", "", usage)
		annotate(f, "templates", takesFolder)
	}
}

func overlayFlag() func(*pflag.FlagSet, *options) {
	return templatesFlag("use the files in `DIR` for the templates of the same path")
}

func bundleFlags(f *pflag.FlagSet, o *options) {
	f.StringVarP(&o.bundle, "bundle", "o", "", "the folder `DIR` of the bundle")
	annotate(f, "bundle", takesFolder)
	f.BoolVar(&o.check, "check", false, "write nothing; compare DIR with a fresh render")
}

func outputFlag(f *pflag.FlagSet, o *options) {
	o.output = "text"
	f.Var(&o.output, "output", "print `FORM`: text, or json for programs")
	annotate(f, "output", takesWords, outputs()...)
}

func annotate(f *pflag.FlagSet, name, key string, values ...string) {
	f.Lookup(name).Annotations = map[string][]string{key: values}
}

// choice is the value of --output.
type choice string

func outputs() []string { return []string{"text", "json"} }

// String, Set and Type make a choice a pflag.Value.
func (c *choice) String() string { return string(*c) }

func (c *choice) Set(value string) error {
	if !slices.Contains(outputs(), value) {
		return errors.New("write text or json")
	}
	*c = choice(value)
	return nil
}

func (c *choice) Type() string { return "form" }
