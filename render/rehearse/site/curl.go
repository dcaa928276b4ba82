package site

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// curling is a request of curl, as far as the scripts use it.
type curling struct {
	verbose, headers bool
	connect, limit   time.Duration
	address, port    string
	path             string
}

// curlCommand asks an etcd by itself.
func curlCommand(c *call) int {
	q, ok := readCurl(c.args[1:])
	if !ok {
		return c.unknown("curl takes other arguments")
	}
	switch way := c.site.way(c.node, q.address, q.port); way {
	case "silent":
		return q.timesOut(c, min(q.connect, q.limit))
	case "refused":
		c.complain("curl: (7) Failed to connect to %s port %s: Connection refused\n", q.address, q.port)
		return 7
	case "mute":
		q.connected(c)
		return q.timesOut(c, q.limit)
	}
	q.connected(c)
	if q.verbose {
		c.complain("< HTTP/1.1 200 OK\n")
	}
	if q.headers {
		clock := c.site.Now
		if m := c.site.answering(c.site.at(q.address)); m != nil {
			clock += m.Ahead
		}
		date := time.Unix(Epoch+int64(clock/time.Second), 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		c.say("HTTP/1.1 200 OK\r\nDate: %s\r\n\r\n", date)
	}
	return q.answer(c)
}

func readCurl(args []string) (curling, bool) {
	q := curling{connect: 120 * time.Second, limit: never}
	for i := 0; i < len(args); i++ {
		value := ""
		if i+1 < len(args) {
			value = args[i+1]
		}
		switch args[i] {
		case "-s", "-S":
		case "-v":
			q.verbose = true
		case "-i":
			q.headers = true
		case "--noproxy":
			i++
		case "-m":
			q.limit = seconds(value)
			i++
		case "--connect-timeout":
			q.connect = seconds(value)
			i++
		default:
			rest, ok := strings.CutPrefix(args[i], "http://")
			if !ok || q.address != "" {
				return q, false
			}
			host, path, _ := strings.Cut(rest, "/")
			q.path = "/" + path
			q.address, q.port, _ = strings.Cut(host, ":")
		}
	}
	return q, q.address != ""
}

func (q curling) connected(c *call) {
	if q.verbose {
		c.complain("* Connected to %s (%s) port %s (#0)\n", q.address, q.address, q.port)
	}
}

func (q curling) timesOut(c *call, after time.Duration) int {
	if status := c.wait(after); status != 0 {
		return status
	}
	c.complain("curl: (28) Connection timed out after %d milliseconds\n", after/time.Millisecond+1)
	return 28
}

// way is how a port of a node behaves towards another node: open, mute (it takes
// the connection and says nothing), refused, or silent.
func (s *Site) way(from *Node, address, port string) string {
	s.elect()
	to := s.at(address)
	if to == nil || !s.reaches(from, to) {
		return "silent"
	}
	if !to.runs(Etcd) || port == "2380" && !to.etcd.member {
		return "refused"
	}
	m := s.answering(to)
	if port == "4000" && (m == nil || !s.speaks(m)) {
		return "mute"
	}
	return "open"
}

// answer is what etcd says to a path.
func (q curling) answer(c *call) int {
	m := c.site.answering(c.site.at(q.address)) // on the port for other members, it is that member
	g := c.site.store(m)
	switch path, _, _ := strings.Cut(q.path, "?"); path {
	case "/health":
		c.say("{\"health\": \"%v\"}", c.site.leads(m))
	case "/version":
		c.say("{\"etcdserver\":\"3.1.7\",\"etcdcluster\":\"3.1.0\"}")
	case "/v2/members", "/members": // the latter on the port for other members: also without a leader (lab)
		c.say("%s\n", membersJSON(g))
	case "/v2/keys/":
		c.say("%s\n", keysJSON(g))
	default:
		return c.unknown("etcd has no such path")
	}
	return 0
}

func membersJSON(g *generation) string {
	var list []string
	for _, address := range g.members {
		client := ""
		if slices.Contains(g.published, address) {
			client = `"http://` + address + `:4000"`
		}
		list = append(list, fmt.Sprintf(`{"id":"%s","name":"%s","peerURLs":["http://%s:2380"],"clientURLs":[%s]}`,
			memberID(address), strings.ReplaceAll(address, ".", "-"), address, client))
	}
	return `{"members":[` + strings.Join(list, ",") + `]}`
}

// keysJSON lists every key flat; the scripts compare the text, and look whether
// there is any.
func keysJSON(g *generation) string {
	if len(g.keys) == 0 {
		return `{"action":"get","node":{"dir":true}}`
	}
	var nodes []string
	for _, key := range g.sortedKeys() {
		value, _ := json.Marshal(g.keys[key])
		nodes = append(nodes, fmt.Sprintf(`{"key":"%s","value":%s}`, key, value))
	}
	return `{"action":"get","node":{"dir":true,"nodes":[` + strings.Join(nodes, ",") + `]}}`
}

func (g *generation) sortedKeys() []string {
	var keys []string
	for k := range g.keys { // in any order: sorted below
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
