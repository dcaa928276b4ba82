package inventory

import (
	"bytes"
	"path/filepath"
	"unicode"
	"unicode/utf8"
)

// readFiles reads the files that the inventory names, and refuses what must
// not reach a node. Findings about content stand in the file itself and repeat
// none of it: shared_config holds passwords.
func readFiles(r *report, d *draft, files Files) {
	for i := range d.sites {
		s := &d.sites[i]
		if !s.sharedConfig.legal {
			continue
		}
		path := joinPath("sites", s.name.text, "files", "shared_config")
		content, err := read(files, s.sharedConfig.text)
		if err != nil {
			r.add(s.sharedConfig.at, path, unreadableFile(s.sharedConfig.text, err))
			continue
		}
		file := filepath.Join(filepath.Dir(r.file), s.sharedConfig.text)
		checkSharedConfig(sharedConfig{r, file, path, content})
		s.content = content
	}
}

func read(files Files, path string) ([]byte, error) {
	if files == nil {
		return nil, errNoFiles
	}
	return files(path)
}

// sharedConfig is a shell file that every node of a site will source.
type sharedConfig struct {
	report  *report
	file    string
	path    string // of the key that names the file
	content []byte
}

func (c sharedConfig) add(at place, p problem) {
	c.report.addIn(c.file, at, c.path, p)
}

func checkSharedConfig(c sharedConfig) {
	if len(c.content) > MaxFileSize {
		c.add(place{}, tooLarge("shared_config", MaxFileSize))
		return
	}
	if !hasSetting(c.content) {
		c.add(place{}, noSetting())
		return
	}
	if at, b := firstInvalid(c.content); at >= 0 {
		c.add(placeAt(c.content, at), notUTF8("shared_config", b))
	}
	if at := bytes.IndexByte(c.content, '\r'); at >= 0 {
		c.add(placeAt(c.content, at), carriageReturn(bytes.Count(c.content, []byte("\r"))))
	}
	if at := bytes.IndexFunc(c.content, isControl); at >= 0 {
		control, _ := utf8.DecodeRune(c.content[at:])
		c.add(placeAt(c.content, at), controlCharacter("shared_config", control))
	}
	if c.content[len(c.content)-1] != '\n' {
		c.add(placeAt(c.content, len(c.content)), noFinalNewline())
	}
}

// isControl leaves out the carriage return, which has a finding of its own,
// and takes in the byte order mark, which a shell reads as part of a word.
func isControl(c rune) bool {
	return c == 0xfeff || unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r'
}

// firstInvalid returns offset and value of the first byte that is not UTF-8,
// or -1.
func firstInvalid(content []byte) (int, byte) {
	for at := 0; at < len(content); {
		c, size := utf8.DecodeRune(content[at:])
		if c == utf8.RuneError && size == 1 {
			return at, content[at]
		}
		at += size
	}
	return -1, 0
}

// hasSetting reports whether any line is more than a comment.
func hasSetting(content []byte) bool {
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return true
		}
	}
	return false
}
