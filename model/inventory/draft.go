package inventory

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// draft is the inventory as it was written, in the order of the file, each
// value with its place. It holds no YAML node, so that the parsed document
// can be freed.
type draft struct {
	version, name, etcdKey, recover leaf
	operators                       leaf
	uses                            usesDraft
	sites                           []siteDraft
	hasSites                        bool // sites is there and a mapping
}

type usesDraft struct {
	homesteadProv, homer, memento, ralf leaf
}

type siteDraft struct {
	name         leaf
	sharedConfig leaf // the path
	content      []byte
	nodes        []nodeDraft
	hasNodes     bool // nodes is there and a mapping
}

type nodeDraft struct {
	name                  leaf
	nodeType              leaf
	localIP, managementIP leaf
	etcd, state           leaf
	clusterKey, location  leaf
}

var (
	sitesKind = mapOf(&siteNameKind, writeSites, siteRows)
	nodesKind = mapOf(&nodeNameKind, writeNodes, nodeRows)
)

func readSites(w *walker, n *yaml.Node, d *draft) {
	d.hasSites = n.Kind == yaml.MappingNode
	d.sites = slices.Grow(d.sites, len(n.Content)/2)
	walkMap(w, n, &sitesKind, func(name leaf, value *yaml.Node) {
		d.sites = append(d.sites, siteDraft{name: name})
		walkObject(w, value, siteRows, &d.sites[len(d.sites)-1])
	})
}

func readNodes(w *walker, n *yaml.Node, s *siteDraft) {
	s.hasNodes = n.Kind == yaml.MappingNode
	s.nodes = slices.Grow(s.nodes, len(n.Content)/2)
	walkMap(w, n, &nodesKind, func(name leaf, value *yaml.Node) {
		s.nodes = append(s.nodes, nodeDraft{name: name})
		walkObject(w, value, nodeRows, &s.nodes[len(s.nodes)-1])
	})
}
