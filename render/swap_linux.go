package render

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exchange makes the target and the folder name, both in the parent, take each
// other's place in one step.
func exchange(t *target, name string) error {
	parent, err := t.parent.Open(".")
	if err != nil {
		return err
	}
	defer parent.Close()
	fd := int(parent.Fd())
	err = unix.Renameat2(fd, name, fd, t.name, unix.RENAME_EXCHANGE)
	for _, refused := range []error{unix.EINVAL, unix.ENOSYS, unix.ENOTSUP} {
		if errors.Is(err, refused) {
			return errNoExchange
		}
	}
	return err
}

// lockFolder reports whether the folder is now locked by this process. The lock
// goes when the process does. Where the filesystem knows no locks it says yes:
// two renders into one folder at one time are rarer than such filesystems.
func lockFolder(f *os.File) bool {
	return !errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// syncFilesystem has everything written to the folder's filesystem reach the
// disk, once for all files.
func syncFilesystem(f *os.File) error { return unix.Syncfs(int(f.Fd())) }
