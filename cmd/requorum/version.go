package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"strings"

	"requorum/templates"
)

// shellModule reads and prints every script; its version can change a bundle.
const shellModule = "mvdan.cc/sh/v3"

// version says all that can make two bundles of one inventory differ. No clock
// is in it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "requorum %s\n", ownVersion(info))
	fmt.Fprintf(&b, "go        %s\n", runtime.Version())
	fmt.Fprintf(&b, "mvdan/sh  %s\n", moduleVersion(info, shellModule))
	fmt.Fprintf(&b, "templates %s\n", templatesDigest())
	return b.String()
}

func ownVersion(info *debug.BuildInfo) string {
	version, commit, modified := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if version == "" {
		version = "(devel)"
	}
	if commit == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s%s)", version, commit, modified)
}

func moduleVersion(info *debug.BuildInfo, path string) string {
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "(unknown)"
}

// templatesDigest names the embedded templates.
func templatesDigest() string {
	h := sha256.New()
	err := fs.WalkDir(templates.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(templates.FS, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(src), src)
		return err
	})
	if err != nil {
		return "(unreadable)"
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
