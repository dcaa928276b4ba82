// Command stub stands for every program of an imaginary node, under the name of each.
// It asks the site behind the socket to carry the command out, and does at its end of
// the pipes what it is told: print, read, run bash, exit.
//
// Messages are a letter, the length of the data, and the data.
package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	socket = "/harness/socket"
	bash   = "/harness/machine/bin/bash"
)

func main() {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	must(syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}))
	site := os.NewFile(uintptr(fd), socket)
	send(site, strings.Join(append([]string{strconv.Itoa(os.Getpid())}, os.Args...), "\x00"))
	for {
		kind, data := receive(site)
		switch kind {
		case 'o':
			_, err = os.Stdout.Write(data)
			must(err)
		case 'e':
			_, err = os.Stderr.Write(data)
			must(err)
		case 'i':
			text, err := io.ReadAll(os.Stdin)
			must(err)
			send(site, string(text))
		case 'b':
			send(site, strconv.Itoa(run(strings.Split(string(data), "\x00"))))
		case 'x':
			os.Exit(int(data[0]))
		}
	}
}

// run runs the real bash with arguments, at these pipes.
func run(args []string) int {
	p, err := os.StartProcess(bash, args, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	must(err)
	state, err := p.Wait()
	must(err)
	return state.ExitCode()
}

func send(site io.Writer, text string) {
	var b bytes.Buffer
	must(binary.Write(&b, binary.BigEndian, uint32(len(text))))
	b.WriteString(text)
	_, err := site.Write(b.Bytes())
	must(err)
}

func receive(site io.Reader) (kind byte, data []byte) {
	var head [5]byte
	_, err := io.ReadFull(site, head[:])
	must(err)
	data = make([]byte, binary.BigEndian.Uint32(head[1:]))
	_, err = io.ReadFull(site, data)
	must(err)
	return head[0], data
}

// must ends the stub with a status that no command of the site has.
func must(err error) {
	if err != nil {
		os.Stderr.WriteString("stub " + os.Args[0] + ": " + err.Error() + "\n")
		os.Exit(99)
	}
}
