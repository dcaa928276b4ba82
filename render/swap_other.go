//go:build !linux

package render

import "os"

func exchange(*target, string) error { return errNoExchange }

func lockFolder(*os.File) bool { return true }

func syncFilesystem(*os.File) error { return nil }
