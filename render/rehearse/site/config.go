package site

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// Config is what a node's Clearwater programs read from /etc/clearwater/config: the
// values of the names that matter here.
type Config map[string]string

func (c Config) management() string {
	if ip := c["management_local_ip"]; ip != "" {
		return ip
	}
	return c["local_ip"]
}

func (c Config) or(name, otherwise string) string {
	if v := c[name]; v != "" {
		return v
	}
	return otherwise
}

func (c Config) etcdKey() string    { return c.or("etcd_key", "clearwater") }
func (c Config) site() string       { return c.or("local_site_name", "site1") }
func (c Config) clusterKey() string { return c.or("etcd_cluster_key", "vellum") }

// configNames are the variables that the model looks at.
var configNames = []string{"local_ip", "management_local_ip", "local_site_name", "etcd_key", "etcd_cluster_key",
	"etcd_cluster", "etcd_proxy", "remote_site_name", "etcd_version"}

// shellCache remembers what a shell makes of configuration files: reading them is a
// pure function of their text.
type shellCache struct {
	mu    sync.Mutex
	known map[string]Config
}

// config reads the node's configuration as Clearwater's programs do: a shell runs
// the files, and later ones win (facts 2.1). False if the shell stops half-way.
func (n *Node) config(s *Site) (Config, bool) {
	var key strings.Builder
	for _, file := range []string{"config", "shared_config", "local_config", "user_settings"} {
		text, err := n.Read("/etc/clearwater/" + file)
		if err != nil {
			text = "\x00"
		}
		key.WriteString(text + "\x01")
	}
	s.shells.mu.Lock()
	defer s.shells.mu.Unlock()
	c, known := s.shells.known[key.String()]
	if !known {
		c = n.readConfig(s)
		s.shells.known[key.String()] = c
	}
	return c, c != nil
}

func (n *Node) readConfig(s *Site) Config {
	var program strings.Builder
	program.WriteString(". /etc/clearwater/config >/dev/null\n")
	for _, name := range configNames {
		program.WriteString("printf '%s\\000' \"${" + name + "-}\"\n")
	}
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(program.String()), "config")
	if err != nil {
		return nil
	}
	var out, complaints bytes.Buffer
	c := &call{ctx: context.Background(), site: s, node: n, shell: &shell{site: s, node: n, files: true, end: &end{}}, limit: never, out: &out, err: &complaints}
	c.interpret(f, nil)
	values := strings.Split(out.String(), "\x00")
	if len(values) != len(configNames)+1 {
		return nil
	}
	config := Config{}
	for i, name := range configNames {
		config[name] = values[i]
	}
	return config
}
