package main

import (
	"io/fs"

	"requorum/render"
	"requorum/templates"
)

const initHelp = `
Prints a commented starter inventory that renders as it stands: a site that has lost three of its six etcd masters. Put your own deployment in its place.

With --templates the tree of templates that requorum carries is written into DIR instead, which must be absent or empty. Keep the ones that you change, remove the others, and give the folder to "plan" and "render" with --templates; see "requorum help templates".
`

func runInit(s *session, o *options, _ []string) error {
	if o.templates == "" {
		src, err := templates.FS.ReadFile("example/inventory.yaml")
		if err != nil {
			return err
		}
		return s.print(string(src))
	}
	files, err := templateFiles()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	findings, err := render.WriteTree(ctx, o.templates, files)
	if err != nil {
		return err
	}
	if !findings.HasErrors() {
		if err := s.say(o, "%s: written: %d files", o.templates, len(files)); err != nil {
			return err
		}
	}
	return s.report(o, findings, nil, nil)
}

// templateFiles is the embedded tree as files to write.
func templateFiles() ([]render.File, error) {
	var files []render.File
	err := fs.WalkDir(templates.FS, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == render.ExampleFolder:
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		src, err := fs.ReadFile(templates.FS, path)
		files = append(files, render.File{Path: path, Mode: 0o644, Parts: [][]byte{src}})
		return err
	})
	return files, err
}
