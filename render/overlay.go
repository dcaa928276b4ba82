package render

import (
	"io/fs"
	"path"
	"strings"

	"requorum/model/diag"
)

// lay puts the overlay's files over the tree's. It opens nothing but regular
// files of known paths: a pipe would wait for its writer.
func (r *Renderer) lay(overlay fs.FS, name string) (diag.List, error) {
	folders := foldersOf(r.sources)
	var findings diag.List
	err := fs.WalkDir(overlay, ".", func(at string, d fs.DirEntry, err error) error {
		if err != nil || at == "." {
			return err
		}
		own := strings.TrimSuffix(name, "/") + "/" + at
		p, err := r.unfit(overlay, at, d, folders[at])
		if err != nil {
			return err
		}
		if p.code != "" {
			findings = append(findings, diag.Diagnostic{
				Severity: diag.Error, Code: p.code, File: own, Text: p.text, Remedy: p.remedy,
			})
		}
		switch {
		case p.code != "" && d.IsDir():
			return fs.SkipDir // what is in it has the same mistake
		case p.code != "" || d.IsDir():
			return nil
		}
		r.names[at] = own
		r.sources[at], err = fs.ReadFile(overlay, at)
		return err
	})
	return findings, err
}

// foldersOf gives the folders in which files lie, at any depth.
func foldersOf(files map[string][]byte) map[string]bool {
	folders := map[string]bool{}
	for at := range files { // in any order
		for at != "." {
			at = path.Dir(at)
			folders[at] = true
		}
	}
	return folders
}

// unfit tells why an entry of the overlay stands for no template; its zero
// problem means that it does. folder says that the tree has a folder there.
func (r *Renderer) unfit(overlay fs.FS, at string, d fs.DirEntry, folder bool) (problem, error) {
	_, known := r.sources[at]
	switch {
	case folder && d.IsDir():
		return problem{}, nil
	case folder:
		return problem{"unfit-template", "the templates have a folder of this path, and it is none; a link to a folder is not followed",
			"make it a folder"}, nil
	case !known:
		return problem{"unknown-template", "no template of requorum has this path, so it would never be used",
			"give it the path of the template that it stands for; requorum init --templates DIR writes them all"}, nil
	case d.IsDir():
		return problem{"unfit-template", "it is a folder, and the template of this path is a file", "remove it, or put a file there"}, nil
	}
	info, err := fs.Stat(overlay, at)
	switch {
	case err != nil && d.Type()&fs.ModeSymlink != 0:
		return problem{"unfit-template", "the symbolic link leads nowhere, or out of the folder of the templates",
			"put the file itself there"}, nil
	case err != nil:
		return problem{}, err
	case !info.Mode().IsRegular():
		return problem{"unfit-template", "it is not a regular file, so it is not read", "put the text of the template there"}, nil
	}
	return problem{}, nil
}
