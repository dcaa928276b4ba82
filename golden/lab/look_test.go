//go:build lab

package lab

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// What the lab sees of a node: never by what a script says.

// ask gets a page of a node's etcd by its own port.
func (n *node) ask(path string) (string, error) {
	return n.run("curl", "-s", "-S", "-m", "5", "--noproxy", "*", "http://"+n.ManagementIP.String()+":4000"+path)
}

// put writes a key by a node's etcd.
func (n *node) put(key, value string) error {
	out, err := n.run("curl", "-s", "-S", "-f", "-m", "5", "--noproxy", "*", "-X", "PUT",
		"--data-urlencode", "value="+value, "http://"+n.ManagementIP.String()+":4000/v2/keys"+key)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// healthy reports what is wrong with a node's etcd, by itself.
func (n *node) healthy() error {
	text, err := n.ask("/health")
	if err != nil {
		return err
	}
	if !strings.Contains(text, `"health":"true"`) {
		return fmt.Errorf("%s: its etcd says %s", n.Name, text)
	}
	return nil
}

// members are the client addresses of the cluster that a node's etcd is in, sorted.
func (n *node) members() ([]string, error) {
	text, err := n.ask("/v2/members")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Members []struct {
			ClientURLs []string `json:"clientURLs"`
			PeerURLs   []string `json:"peerURLs"`
		} `json:"members"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", n.Name, err, text)
	}
	var list []string
	for _, m := range answer.Members {
		for _, url := range m.PeerURLs {
			list = append(list, strings.TrimSuffix(strings.TrimPrefix(url, "http://"), ":2380"))
		}
	}
	slices.Sort(list)
	return list, nil
}

// leader is the id of the member that a master's etcd follows.
func (n *node) leader() (string, error) {
	text, err := n.ask("/v2/stats/self")
	if err != nil {
		return "", err
	}
	var answer struct {
		LeaderInfo struct {
			Leader string `json:"leader"`
		} `json:"leaderInfo"`
	}
	err = json.Unmarshal([]byte(text), &answer)
	return answer.LeaderInfo.Leader, err
}

// keys is all that a node's etcd gives, by full names.
func (n *node) keys() (map[string]string, error) {
	text, err := n.ask("/v2/keys/?recursive=true&sorted=true")
	if err != nil {
		return nil, err
	}
	type entry struct {
		Key   string  `json:"key"`
		Value string  `json:"value"`
		Dir   bool    `json:"dir"`
		Nodes []entry `json:"nodes"`
	}
	var answer struct {
		Node entry `json:"node"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", n.Name, err, text)
	}
	keys := map[string]string{}
	var flatten func(entry)
	flatten = func(e entry) {
		if !e.Dir {
			keys[e.Key] = e.Value
		}
		for _, inner := range e.Nodes {
			flatten(inner)
		}
	}
	answer.Node.Dir = true // the root
	flatten(answer.Node)
	return keys, nil
}

// processes are the command lines that run on a node.
func (n *node) processes() ([]string, error) {
	out, err := n.run("ps", "-e", "-ww", "-o", "args=")
	return strings.Split(out, "\n"), err
}

// daemons are etcd and the three managers, by what a process of each begins with.
func daemons() map[string]string {
	list := map[string]string{"clearwater-etcd": "/usr/share/clearwater/clearwater-etcd/3.1.7/etcd "}
	for _, m := range []string{"cluster", "config", "queue"} {
		name := "clearwater-" + m + "-manager"
		list[name] = "/usr/share/clearwater/" + name + "/env/bin/python -m "
	}
	return list
}

// counted is how many processes of each daemon run on a node.
func (n *node) counted() (map[string]int, error) {
	lines, err := n.processes()
	count := map[string]int{}
	for name, begin := range daemons() {
		for _, line := range lines {
			if strings.HasPrefix(line, begin) {
				count[name]++
			}
		}
	}
	return count, err
}

// managed reports which of the daemons does not run exactly once.
func (n *node) managed() error {
	count, err := n.counted()
	if err != nil {
		return err
	}
	for name := range daemons() {
		if count[name] != 1 {
			return fmt.Errorf("%s: %d processes of %s", n.Name, count[name], name)
		}
	}
	return nil
}
