package site

import (
	"context"
	"io"
	"time"
)

// Outside is a shell other than the interpreter, whose script calls commands on a
// node of the site.
type Outside struct {
	Until  func(time.Duration)     // lets the site's clock move on to a moment
	Script func(args []string) int // runs bash with these arguments, which name the node's script
}

// Command carries out one command on a node, as Execute does for each command of a
// script. An error says that the site does not know the command.
func (s *Site) Command(ctx context.Context, node string, args []string, in io.Reader, out, complaints io.Writer, from Outside) (status int, err error) {
	n := s.Node(node)
	sh := &shell{site: s, node: n, outside: &from, end: &end{}}
	c := &call{ctx: ctx, site: s, node: n, shell: sh, limit: never, args: args, in: in, out: out, err: complaints}
	status = c.run()
	return status, sh.end.why()
}
