package site

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"requorum/model"
)

// afterError is how long a manager sleeps when etcd has failed it (facts 1.2).
const afterError = 30 * time.Second

// shared is a file that the configuration managers keep the same on every node that
// has its plugin (facts 2.7).
type shared struct {
	file, key string
	types     []model.Type // nil: every node
	restarts  bool         // services are restarted when it is rewritten
	empty     string       // what is published where the file is missing
}

var sharedFiles = []shared{
	{"/etc/clearwater/shared_config", "shared_config", nil, true, "# No Shared Config has been provided\n"},
	{"/etc/clearwater/dns.json", "dns_json", nil, false, "{\"hostnames\": []}\n"},
	{"/etc/clearwater/sas.json", "sas_json", nil, true, "{\"sas_servers\": []}\n"},
	{"/etc/chronos/chronos_shared.conf", "chronos_shared_config", []model.Type{model.Vellum}, true, ""},
	{"/etc/clearwater/enum.json", "enum_json", []model.Type{model.Sprout}, false, "{\"number_blocks\": []}\n"},
	{"/etc/clearwater/s-cscf.json", "scscf_json", []model.Type{model.Sprout}, false, "{\"s-cscfs\": []}\n"},
	{"/etc/clearwater/rph.json", "rph_json", []model.Type{model.Sprout}, false, "{\"priority_blocks\": []}\n"},
	{"/etc/clearwater/bgcf.json", "bgcf_json", []model.Type{model.Sprout}, false, "{\"routes\": []}\n"},
	{"/etc/clearwater/shared_ifcs.xml", "shared_ifcs", []model.Type{model.Sprout}, false, "<SharedIFCsSets/>\n"},
	{"/etc/clearwater/fallback_ifcs.xml", "fallback_ifcs", []model.Type{model.Sprout}, false, "<FallbackIFCsSet/>\n"},
}

// SharedFile is one file that the configuration managers share.
type SharedFile struct{ Path, Key string }

// SharedFiles lists the files that a node shares, with their keys in etcd.
func (n *Node) SharedFiles(s *Site) []SharedFile {
	var list []SharedFile
	for _, f := range sharedFiles {
		if f.types == nil || slices.Contains(f.types, n.Type) {
			list = append(list, SharedFile{f.file, configurationKey(s, f.key)})
		}
	}
	return list
}

func configurationKey(s *Site, key string) string {
	return "/" + s.EtcdKey + "/" + s.Name + "/configuration/" + key
}

// configurationKeyOf is the same by what the node itself believes (T51).
func configurationKeyOf(c Config, key string) string {
	return "/" + c.etcdKey() + "/" + c.site() + "/configuration/" + key
}

// synchronise is a turn of the configuration manager: the first one to find a key
// missing publishes its own file, or an empty default; everybody else takes what is
// published in place of his own (T25).
func (n *Node) synchronise(s *Site) time.Duration {
	c, ok := n.config(s)
	g, answers := s.read(n)
	if !ok || !answers {
		return afterError
	}
	for _, f := range sharedFiles {
		if f.types != nil && !slices.Contains(f.types, n.Type) {
			continue
		}
		key := configurationKeyOf(c, f.key)
		own, err := n.Read(f.file)
		value, published := g.keys[key]
		if !published {
			if err != nil {
				own = f.empty
				n.replace(s, f.file, own)
			}
			if !s.write(n, key, own) {
				return afterError
			}
			g, _ = s.read(n)
			continue
		}
		if err != nil || own != value {
			n.replace(s, f.file, value)
			if f.restarts {
				s.Restarts++
			}
		}
	}
	return 5 * time.Second
}

// syncCommand is check_config_sync (facts 1.4).
func syncCommand(c *call) int {
	config, ok := c.node.config(c.site)
	g, answers := c.site.read(c.node)
	if !ok || !answers || !c.site.leads(c.site.answering(c.node)) {
		c.complain("Traceback (most recent call last):\netcd.EtcdException: No more machines in the cluster\n")
		return 1
	}
	status := 0
	for _, f := range sharedFiles {
		if f.types != nil && !slices.Contains(f.types, c.node.Type) {
			continue
		}
		own, err := c.node.Read(f.file)
		value, published := g.keys[configurationKeyOf(config, f.key)]
		strange := f.key != "shared_config" && strings.ContainsFunc(own, func(r rune) bool { return r > '~' })
		switch {
		case err != nil:
			c.say(" - %s is missing\n", f.file)
			status = 1
		case !published || own != value || strange: // T31
			c.say(" - %s is present but is out of sync\n", f.file)
			status = 1
		default:
			c.say(" - %s is up to date\n", f.file)
		}
	}
	return status
}

// cluster is a turn of the cluster manager. Only Vellum has plugins (T49). A node
// that finds itself in no value joins as a new one, and a join destroys (T39, T40).
func (n *Node) cluster(s *Site) time.Duration {
	c, ok := n.config(s)
	if n.Type != model.Vellum || !ok {
		return 5 * time.Second
	}
	g, answers := s.read(n)
	if !answers || !s.leads(s.answering(n)) {
		return afterError
	}
	for _, store := range s.stores() {
		key := storeKeyOf(c, store)
		members, _ := decodeMembers(g.keys[key])
		if _, known := members[n.LocalIP]; !known {
			n.joinAsNew(s, store, key, members)
			g, _ = s.read(n)
			continue
		}
		n.follow(s, store, members)
	}
	return 5 * time.Second
}

// joinAsNew is what a cluster manager does that does not find its node in a store.
func (n *Node) joinAsNew(s *Site, store string, key string, members map[string]string) {
	if members == nil {
		members = map[string]string{}
	}
	members[n.LocalIP] = "normal"
	s.write(n, key, encodeMembers(members))
	if store == cassandraStore {
		if !n.Exists("/etc/cassandra/cassandra_bootstrapped") {
			n.removeAll("/var/lib/cassandra")
			s.lose(n, "Cassandra's data was removed: the node joined as a new one (T39)")
		}
		return
	}
	s.lose(n, "the node joined %s as a new one (T39, T40)", store)
	n.follow(s, store, members)
}

// follow writes the store's own configuration file as the value says (facts 2.5,
// 2.6).
func (n *Node) follow(s *Site, store string, members map[string]string) {
	file, text := "", ""
	switch store {
	case chronosStore:
		file = chronosFile
		old, _ := n.Read(file)
		text = chronosText(n, identityIn(old), sortedMembers(members))
	case memcachedStore:
		file = memcachedFile
		text = memcachedText(sortedMembers(members))
	default:
		return
	}
	if old, err := n.Read(file); err != nil || old != text {
		n.replace(s, file, text)
	}
}

// managed are the five lines at the top of a file that is not to be edited (facts 2.5).
const managed = "################################################################################\n" +
	"# DO NOT MODIFY THIS FILE\n" +
	"# It is written by the Clearwater Cluster Manager.\n" +
	"# What is changed by hand is lost.\n" +
	"################################################################################\n"

func chronosText(n *Node, identity string, list []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n[cluster]\nlocalhost = %s\n", managed, identity, n.LocalIP)
	for _, m := range list {
		fmt.Fprintf(&b, "node = %s\n", m)
	}
	return b.String()
}

// identityIn keeps the section [identity] of a Chronos file.
func identityIn(text string) string {
	_, rest, found := strings.Cut(text, "[identity]\n")
	identity, _, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		return "[identity]\ninstance_id = 0\ndeployment_id = 0\n"
	}
	return "[identity]\n" + identity + "\n"
}

func memcachedText(list []string) string {
	for i := range list {
		list[i] += ":11211"
	}
	return managed + "servers=" + strings.Join(list, ",") + "\n"
}
