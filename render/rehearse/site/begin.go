package site

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"requorum/model"
)

// New makes the site of a plan as it is a minute after half or more of its masters
// have died for good: the old etcd and the managers run on every live node, the
// failed nodes are dark, and every file is as it should be.
func New(p *model.Plan) *Site {
	s := &Site{Name: p.Site, EtcdKey: p.EtcdKey, shells: &shellCache{known: map[string]Config{}}}
	var old []string
	for _, n := range p.Nodes {
		s.Nodes = append(s.Nodes, newNode(p, n.Node))
	}
	for _, n := range p.Failed {
		s.Nodes = append(s.Nodes, newNode(p, n))
	}
	for _, n := range slices.Concat(live(p), p.Failed) {
		if n.Etcd == model.Master {
			old = append(old, n.ManagementIP.String())
		}
	}
	slices.Sort(old)
	s.ringOf(p)
	s.generations = []*generation{{members: old, formed: true, published: old, keys: s.oldKeys(p), index: 40}}
	for i, n := range slices.Concat(live(p), p.Failed) {
		s.Nodes[i].furnish(s, p, n, old)
		s.Nodes[i].store(s, n.Etcd == model.Master, old)
		if n.State == model.Live {
			s.Nodes[i].wake(s, n.Etcd == model.Master, old)
		}
	}
	return s
}

func live(p *model.Plan) []model.Node {
	var list []model.Node
	for _, n := range p.Nodes {
		list = append(list, n.Node)
	}
	return list
}

func newNode(p *model.Plan, n model.Node) *Node {
	node := &Node{
		Name: n.Name, Type: n.Type, Host: n.Name, Format: Fork, Up: n.State == model.Live,
		LocalIP: n.LocalIP.String(), ManagementIP: n.ManagementIP.String(), Files: newMemory(),
	}
	node.Addresses = []string{node.ManagementIP}
	if node.LocalIP != node.ManagementIP {
		node.Addresses = append(node.Addresses, node.LocalIP)
	}
	return node
}

// ringOf fills Cassandra's rows with the live Vellum nodes: the dead ones must have
// left before the recovery begins (facts 1.9).
func (s *Site) ringOf(p *model.Plan) {
	if !p.Stores.Cassandra {
		return
	}
	for _, a := range p.Stores.CassandraNodes {
		name := p.Site
		for _, r := range p.Remote {
			if r.LocalIP == a {
				name = r.Site
			}
		}
		s.cassandra = append(s.cassandra, row{name, a.String(), "UN"})
	}
	slices.SortStableFunc(s.cassandra, func(a, b row) int { return strings.Compare(a.site, b.site) })
}

// oldKeys is what the old cluster holds: the configuration, and the data stores with
// every Vellum node. A dead one that has left Cassandra is still in its value.
func (s *Site) oldKeys(p *model.Plan) map[string]string {
	keys := map[string]string{}
	for _, f := range sharedFiles {
		if text, ok := content(p, f.file); ok {
			keys[configurationKey(s, f.key)] = text
		}
	}
	if p.Stores.Key != "" {
		members := map[string]string{}
		for _, a := range p.Stores.AllVellums {
			members[a.String()] = "normal"
		}
		base := "/" + p.EtcdKey + "/" + p.Site + "/" + p.Stores.Key + "/clustering/"
		keys[base+chronosStore], keys[base+memcachedStore] = encodeMembers(members), encodeMembers(members)
		if p.Stores.Cassandra {
			members = map[string]string{}
			for _, a := range slices.Concat(p.Stores.CassandraNodes, p.Stores.CassandraFailed) {
				members[a.String()] = "normal"
			}
			keys["/"+p.EtcdKey+"/"+p.Stores.Key+"/clustering/"+cassandraStore] = encodeMembers(members)
		}
	}
	return keys
}

// content is a shared file as it is on every node that has it; a site without
// optional files has none of them.
func content(p *model.Plan, file string) (string, bool) {
	switch file {
	case "/etc/clearwater/shared_config":
		if p.SharedConfig != nil {
			return string(p.SharedConfig), true
		}
		subscribers := "" // where they are in Cassandra (facts 2.7)
		if p.Stores.Cassandra {
			subscribers = "hs_provisioning_hostname=hs.example.com:8889\n"
		}
		return "home_domain=example.com\n" + subscribers + "signup_key=not-to-be-shown\n", true
	case "/etc/clearwater/dns.json":
		return "{\"hostnames\": []}\n", true
	case "/etc/clearwater/sas.json":
		return "{\"sas_servers\": []}\n", true
	case "/etc/chronos/chronos_shared.conf":
		return "[sites]\nlocal_site = " + p.Site + "\n", true
	case "/etc/clearwater/enum.json":
		return "{\"number_blocks\": [{\"name\": \"test\", \"prefix\": \"\", \"regex\": \"!(.*)!sip:\\\\1@example.com!\"}]}\n", true
	case "/etc/clearwater/s-cscf.json":
		return "{\"s-cscfs\": [{\"server\": \"sip:scscf.example.com\", \"priority\": 0, \"weight\": 100, \"capabilities\": []}]}\n", true
	case "/etc/clearwater/bgcf.json":
		return "{\"routes\": []}\n", true
	case "/etc/clearwater/rph.json":
		return "{\"priority_blocks\": []}\n", true
	case "/etc/clearwater/shared_ifcs.xml":
		return "<?xml version=\"1.0\"?>\n<SharedIFCsSets></SharedIFCsSets>\n", true
	case "/etc/clearwater/fallback_ifcs.xml":
		return "<?xml version=\"1.0\"?>\n<FallbackIFCsSet></FallbackIFCsSet>\n", true
	}
	return "", false
}

// folders that every node has.
var folders = []string{
	"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/dev", "/tmp", "/root", "/etc/init.d", "/etc/monit/conf.d",
	"/etc/clearwater", "/etc/chronos", "/var/run/clearwater-etcd", "/var/log/clearwater-etcd", "/var/lib/clearwater-etcd",
	"/var/backups", "/etc/cron.d", "/usr/share/clearwater/bin", "/usr/share/clearwater/clearwater-etcd/3.1.7",
	"/usr/share/clearwater/clearwater-cluster-manager/scripts",
	"/usr/share/clearwater/clearwater-config-manager/env/bin",
	"/usr/share/clearwater/clearwater-config-manager/scripts/config_validation",
}

// furnish fills a node's disk.
func (n *Node) furnish(s *Site, p *model.Plan, m model.Node, old []string) {
	for _, dir := range folders {
		_ = n.mkdirs(s, dir, 0o755)
	}
	file := func(name, text string, mode fs.FileMode) { _ = n.write(s, name, text, mode) }
	for name := range commandTable() { // in any order: each is a file of its own
		if !strings.HasPrefix(name, "/") {
			name = "/usr/bin/" + name
		}
		if m.Type != model.Sprout && strings.Contains(name, "cw-validate") {
			continue
		}
		file(name, "#!\n", 0o755)
	}
	file("/usr/share/clearwater/clearwater-config-manager/scripts/validate_json.py", "#!\n", 0o755)
	for _, schema := range []string{"enum", "scscf", "bgcf", "rph", "dns", "sas"} {
		file("/usr/share/clearwater/clearwater-config-manager/scripts/config_validation/"+schema+"_schema.json", "{}\n", 0o644)
	}
	file("/etc/clearwater/config", "if [ -f /etc/clearwater/shared_config ]; then\n  . /etc/clearwater/shared_config\nfi\n"+
		". /etc/clearwater/local_config\nif [ -f /etc/clearwater/user_settings ]; then\n  . /etc/clearwater/user_settings\nfi\n", 0o644)
	file("/etc/clearwater/local_config", localConfig(p, m, old), 0o644)
	for _, f := range sharedFiles {
		if f.types != nil && !slices.Contains(f.types, m.Type) {
			continue
		}
		if text, ok := content(p, f.file); ok {
			file(f.file, text, 0o644)
		}
	}
	if m.Type == model.Vellum {
		n.furnishStores(s, p, m)
	}
	n.sync()
}

func (n *Node) furnishStores(s *Site, p *model.Plan, m model.Node) {
	var members []string
	for _, a := range p.Stores.AllVellums {
		members = append(members, a.String())
	}
	slices.Sort(members)
	identity := fmt.Sprintf("[identity]\ninstance_id = %d\ndeployment_id = 1\n", m.LocalIP.As4()[3]&63)
	_ = n.write(s, chronosFile, chronosText(n, identity, members), 0o644)
	_ = n.write(s, memcachedFile, memcachedText(slices.Clone(members)), 0o644)
	if p.Stores.Cassandra {
		_ = n.mkdirs(s, "/var/lib/cassandra/data", 0o755)
		_ = n.write(s, "/var/lib/cassandra/data/subscribers.db", "subscribers of "+n.Name+"\n", 0o644)
	}
}

func localConfig(p *model.Plan, m model.Node, old []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "local_ip=%s\n", m.LocalIP)
	if m.LocalIP != m.ManagementIP {
		fmt.Fprintf(&b, "management_local_ip=%s\nsignaling_namespace=signaling\n", m.ManagementIP)
	}
	fmt.Fprintf(&b, "public_hostname=%s.example.com\nlocal_site_name=%s\n", m.Name, p.Site)
	if p.EtcdKey != model.DefaultEtcdKey {
		fmt.Fprintf(&b, "etcd_key=%s\n", p.EtcdKey)
	}
	if m.Type == model.Vellum && m.ClusterKey != string(model.Vellum) {
		fmt.Fprintf(&b, "etcd_cluster_key=%s\n", m.ClusterKey)
	}
	role := "etcd_proxy"
	if m.Etcd == model.Master {
		role = "etcd_cluster"
	}
	fmt.Fprintf(&b, "%s=%s\n# etcd_proxy=192.0.2.9\n", role, strings.Join(old, ","))
	return b.String()
}

// store puts onto a node's disk what the old etcd has left there: a failed node that
// comes back brings it along (T15).
func (n *Node) store(s *Site, master bool, old []string) {
	data := dataFolder + "/" + n.ManagementIP
	if master {
		_ = n.mkdirs(s, data+"/member/snap", 0o700)
		_ = n.write(s, data+"/member/snap/db", "store 0 of "+strings.Join(old, ",")+"\n", 0o600)
	} else {
		_ = n.mkdirs(s, data+"/proxy", 0o700)
		_ = n.write(s, data+"/proxy/cluster", "{}\n", 0o600)
	}
	_ = n.write(s, dataFolder+"/healthy_etcd_members", strings.Join(old, ",")+",\n", 0o644)
	_ = n.write(s, dataFolder+"/clustered_successfully", "", 0o644)
	_ = n.write(s, dataFolder+"/.hidden", "\n", 0o644)
	n.sync()
}

// wake starts what runs on a live node of a site that has lost its quorum.
func (n *Node) wake(s *Site, master bool, old []string) {
	n.monit.cycle = cycle
	for v := range services {
		n.monit.watched[v], n.monit.shown[v] = true, running
		if Service(v) != Etcd {
			n.begin(s, Service(v))
		}
	}
	if master {
		n.listen(s, etcd{member: true, led: true})
	} else {
		n.listen(s, etcd{proxy: true, targets: old})
	}
	n.etcd.alone = s.Now
	n.sync()
}
