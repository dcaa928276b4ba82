package site

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Programs of every node, as far as the scripts use them.

// flags takes the options off a call's arguments: what comes first and begins with
// a dash. It gives false where one is not in known.
func (c *call) flags(known ...string) (given, rest []string, ok bool) {
	rest = c.args[1:]
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' {
		if !slices.Contains(known, rest[0]) {
			return nil, nil, false
		}
		given, rest = append(given, rest[0]), rest[1:]
	}
	return given, rest, true
}

func catCommand(c *call) int {
	if len(c.args) != 2 {
		return c.unknown("cat takes one file here")
	}
	text, err := c.node.Read(c.args[1])
	if err != nil {
		return c.fail(c.args[1], err)
	}
	c.say("%s", text)
	return 0
}

func chmodCommand(c *call) int {
	if len(c.args) != 3 {
		return c.unknown("chmod takes a mode and a file here")
	}
	mode, err := strconv.ParseUint(c.args[1], 8, 12)
	if err != nil {
		return c.unknown("chmod takes a mode in octal here")
	}
	p := c.node.resolve(c.args[2])
	f, ok := c.node.Files.Get(p)
	if !ok {
		return c.fail(c.args[2], errNoFile)
	}
	f.Mode = f.Mode&^fs.ModePerm | fs.FileMode(mode)
	return c.put(p, f)
}

// put stores a file and complains where that fails.
func (c *call) put(p string, f File) int {
	if err := c.node.Files.Put(p, f); err != nil {
		return c.fail(p, err)
	}
	return 0
}

func cmpCommand(c *call) int {
	if len(c.args) != 4 || c.args[1] != "-s" {
		return c.unknown("cmp takes other arguments")
	}
	texts := [2]string{}
	for i, name := range c.args[2:] {
		if name == "-" {
			texts[i] = c.input()
			continue
		}
		text, err := c.node.Read(name)
		if err != nil {
			return 2
		}
		texts[i] = text
	}
	if texts[0] != texts[1] {
		return 1
	}
	return 0
}

func cpCommand(c *call) int {
	if len(c.args) != 4 || c.args[1] != "-a" {
		return c.unknown("cp takes other arguments")
	}
	from, to := path.Clean(c.args[2]), path.Clean(c.args[3])
	list := c.node.tree(from)
	if list == nil {
		return c.fail(c.args[2], errNoFile)
	}
	if f, ok := c.node.Stat(to); ok && f.Mode.IsDir() {
		to = path.Join(to, path.Base(from))
	}
	for _, p := range list {
		f, _ := c.node.Files.Get(p)
		target := to + strings.TrimPrefix(p, from)
		full := c.node.full(target) && len(f.Data) > 0
		if full {
			f.Data = ""
		}
		if status := c.put(target, f); status != 0 {
			return status
		}
		if full {
			return c.fail(target, errNoSpace)
		}
	}
	return 0
}

func mvCommand(c *call) int {
	_, rest, ok := c.flags("-f")
	if !ok || len(rest) != 2 {
		return c.unknown("mv takes other arguments")
	}
	from, to := path.Clean(rest[0]), path.Clean(rest[1])
	list := c.node.tree(from)
	if list == nil {
		return c.fail(rest[0], errNoFile)
	}
	if f, ok := c.node.Stat(to); ok && f.Mode.IsDir() {
		to = path.Join(to, path.Base(from))
	}
	for _, p := range list {
		f, _ := c.node.Files.Get(p)
		if status := c.put(to+strings.TrimPrefix(p, from), f); status != 0 {
			return status
		}
	}
	c.node.removeAll(from)
	return 0
}

func rmCommand(c *call) int {
	given, rest, ok := c.flags("-f", "-rf")
	if !ok {
		return c.unknown("rm takes other arguments")
	}
	for _, p := range rest {
		f, there := c.node.Files.Get(path.Clean(p))
		switch {
		case !there && len(given) == 0:
			return c.fail(p, errNoFile)
		case there && f.Mode.IsDir() && !slices.Contains(given, "-rf"):
			return c.fail(p, errIsDir)
		}
		c.robs(p)
		c.node.removeAll(p)
	}
	return 0
}

// robs notes where the data of a running etcd is taken away under it: what etcd still
// writes is in no copy (T1).
func (c *call) robs(p string) {
	if !c.node.runs(Etcd) {
		return
	}
	data := dataFolder + "/" + c.node.ManagementIP
	p = path.Clean(p)
	if c.node.Exists(data) && (p == data || strings.HasPrefix(data, p+"/")) {
		c.site.lose(c.node, "etcd still ran when its data was removed (T1)")
	}
}

func findCommand(c *call) int {
	if len(c.args) != 5 || !slices.Equal(c.args[2:], []string{"-mindepth", "1", "-delete"}) {
		return c.unknown("find takes other arguments")
	}
	c.robs(c.args[1])
	for _, p := range slices.Backward(c.node.tree(path.Clean(c.args[1]))) {
		if p != path.Clean(c.args[1]) {
			_ = c.node.Files.Remove(p) // it was there a moment ago
		}
	}
	return 0
}

func mkdirCommand(c *call) int {
	parents, mode, rest := false, fs.FileMode(0o755), c.args[1:]
	for len(rest) > 0 && rest[0][0] == '-' {
		switch {
		case rest[0] == "-p":
			parents = true
		case rest[0] == "-m" && len(rest) > 1:
			m, err := strconv.ParseUint(rest[1], 8, 12)
			if err != nil {
				return c.unknown("mkdir takes a mode in octal here")
			}
			mode, rest = fs.FileMode(m), rest[1:]
		default:
			return c.unknown("mkdir takes other arguments")
		}
		rest = rest[1:]
	}
	for _, p := range rest {
		if c.node.full(p) && !c.node.Exists(p) {
			return c.fail(p, errNoSpace)
		}
		if parents {
			if err := c.node.mkdirs(c.site, p, mode); err != nil {
				return c.fail(p, err)
			}
			continue
		}
		if c.node.Exists(p) {
			return c.fail(p, errExists)
		}
		if status := c.put(path.Clean(p), File{Mode: fs.ModeDir | mode, Owner: "root", Time: c.site.Now}); status != 0 {
			return status
		}
	}
	return 0
}

func touchCommand(c *call) int {
	for _, p := range c.args[1:] {
		q := c.node.resolve(p)
		f, ok := c.node.Files.Get(q)
		if !ok {
			f = File{Mode: 0o644, Owner: "root"}
			if c.node.full(q) {
				return c.fail(p, errNoSpace)
			}
		}
		f.Time = c.site.Now
		if status := c.put(q, f); status != 0 {
			return status
		}
	}
	return 0
}

func lsCommand(c *call) int {
	given, rest, ok := c.flags("-A", "-lAR")
	if !ok || len(rest) != 1 || len(given) != 1 {
		return c.unknown("ls takes other arguments")
	}
	f, there := c.node.Stat(rest[0])
	if !there {
		c.complain("ls: cannot access '%s': %v\n", rest[0], errNoFile)
		return 2
	}
	if given[0] == "-lAR" {
		for _, p := range c.node.tree(c.node.resolve(rest[0])) {
			f, _ := c.node.Files.Get(p)
			c.say("%v %s %d %s\n", f.Mode, f.Owner, len(f.Data), p)
		}
		return 0
	}
	if !f.Mode.IsDir() {
		c.say("%s\n", rest[0])
		return 0
	}
	for _, name := range c.node.Files.List(c.node.resolve(rest[0])) {
		c.say("%s\n", name)
	}
	return 0
}

func duCommand(c *call) int {
	if len(c.args) != 3 || c.args[1] != "-sk" {
		return c.unknown("du takes other arguments")
	}
	list := c.node.tree(c.node.resolve(c.args[2]))
	if list == nil {
		return c.fail(c.args[2], errNoFile)
	}
	c.say("%d\t%s\n", 4*len(list), c.args[2])
	return 0
}

func dfCommand(c *call) int {
	if len(c.args) != 3 || c.args[1] != "-Pk" {
		return c.unknown("df takes other arguments")
	}
	free := 8_000_000
	if c.node.full(c.args[2]) {
		free = 0
	}
	c.say("Filesystem     1024-blocks    Used Available Capacity Mounted on\n/dev/vda1         10000000 2000000 %9d      20%% /\n", free)
	return 0
}

func diffCommand(c *call) int {
	args := c.args[1:]
	if len(args) == 3 && args[0] == "-r" {
		return diffTrees(c, path.Clean(args[1]), path.Clean(args[2]))
	}
	if len(args) != 7 || args[0] != "-u" || args[1] != "--label" || args[3] != "--label" || args[6] != "-" {
		return c.unknown("diff takes other arguments")
	}
	old := ""
	if args[5] != "/dev/null" {
		text, err := c.node.Read(args[5])
		if err != nil {
			return 2
		}
		old = text
	}
	text := diff.Diff(args[2], []byte(old), args[4], []byte(c.input()))
	if text == nil {
		return 0
	}
	_, body, _ := strings.Cut(string(text), "\n") // diff(1) has no line "diff A B" above
	c.say("%s", body)
	return 1
}

func diffTrees(c *call, a, b string) int {
	status := 0
	for _, p := range c.node.tree(a) {
		f, _ := c.node.Files.Get(p)
		g, ok := c.node.Files.Get(b + strings.TrimPrefix(p, a))
		if !ok || f.Data != g.Data || f.Mode.IsDir() != g.Mode.IsDir() {
			c.say("Files %s and %s differ\n", p, b+strings.TrimPrefix(p, a))
			status = 1
		}
	}
	if len(c.node.tree(a)) != len(c.node.tree(b)) {
		c.say("Only in one of %s and %s\n", a, b)
		status = 1
	}
	return status
}

func sumCommand(c *call) int {
	if len(c.args) == 1 {
		c.say("%x  -\n", sha256.Sum256([]byte(c.input())))
		return 0
	}
	for _, p := range c.args[1:] {
		text, err := c.node.Read(p)
		if err != nil {
			return c.fail(p, err)
		}
		c.say("%x  %s\n", sha256.Sum256([]byte(text)), p)
	}
	return 0
}

func sortCommand(c *call) int {
	if len(c.args) != 1 {
		return c.unknown("sort takes other arguments")
	}
	text := c.input()
	if text == "" {
		return 0
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(lines)
	c.say("%s\n", strings.Join(lines, "\n"))
	return 0
}

func syncDiskCommand(c *call) int {
	c.node.sync()
	return 0
}

func tailCommand(c *call) int {
	if len(c.args) != 4 || c.args[1] != "-n" && c.args[1] != "-c" {
		return c.unknown("tail takes other arguments")
	}
	text, err := c.node.Read(c.args[3])
	n, bad := strconv.Atoi(c.args[2])
	if err != nil || bad != nil {
		return c.fail(c.args[3], errNoFile)
	}
	if c.args[1] == "-c" {
		c.say("%s", text[max(0, len(text)-n):])
		return 0
	}
	lines := slices.Collect(strings.Lines(text))
	c.say("%s", strings.Join(lines[max(0, len(lines)-n):], ""))
	return 0
}

func tarCommand(c *call) int {
	if len(c.args) != 6 || c.args[1] != "-czf" {
		return c.unknown("tar takes other arguments")
	}
	if err := c.node.write(c.site, c.args[2], fmt.Sprintf("archive of %s\n", c.args[5]), 0o644); err != nil {
		return c.fail(c.args[2], err)
	}
	return 0
}

func wcCommand(c *call) int {
	if len(c.args) != 3 || c.args[1] != "-l" {
		return c.unknown("wc takes other arguments")
	}
	text, err := c.node.Read(c.args[2])
	if err != nil {
		return c.fail(c.args[2], err)
	}
	c.say("%d %s\n", strings.Count(text, "\n"), c.args[2])
	return 0
}
