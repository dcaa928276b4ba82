package inventory

import (
	"gopkg.in/yaml.v3"

	"requorum/model"
)

// spec is the part of a table row that walker and schema share.
type spec struct {
	key      string
	required bool
	kind     kind
	about    string // for the user's editor
	preset   any    // the value that counts where the key is left out; nil without one
	example  string // a line to add where the key is missing
}

// row is one key that an object may have, and where its value goes: to a leaf
// of T, or into the table below.
type row[T any] struct {
	spec
	leaf  func(*T) *leaf
	enter func(*walker, *yaml.Node, *T)
}

// The tables below are the whole structure of the inventory. A key added here
// is read, checked, described in the schema and suggested to whoever misspells
// it; deployment.go then says what it means.

var rootRows = []row[draft]{
	{spec: spec{
		key: "version", required: true, kind: versionKind, example: "version: 1",
		about: "Version of the inventory format: 1.",
	}, leaf: func(d *draft) *leaf { return &d.version }},
	{spec: spec{
		key: "deployment", required: true, kind: lineKind(writeLine), example: "deployment: ims-example",
		about: "What people call the deployment; printed in the runbook.",
	}, leaf: func(d *draft) *leaf { return &d.name }},
	{spec: spec{
		key: "etcd_key", kind: keyKind, preset: model.DefaultEtcdKey,
		about: "Clearwater's etcd_key, the first part of every key in etcd.",
	}, leaf: func(d *draft) *leaf { return &d.etcdKey }},
	{spec: spec{
		key: "uses", kind: object(usesRows),
		about: "Which optional parts of Clearwater the deployment runs.",
	}, enter: func(w *walker, n *yaml.Node, d *draft) { walkObject(w, n, usesRows, &d.uses) }},
	{spec: spec{
		key: "operators", kind: operatorsKind, preset: model.DefaultOperators,
		about: "How many engineers work at the same time; from two on, stop codes keep the order between the nodes.",
	}, leaf: func(d *draft) *leaf { return &d.operators }},
	{spec: spec{
		key: "recover", required: true, kind: siteNameKind, example: "recover: site1",
		about: "The site whose etcd cluster is to be recovered, one of sites.",
	}, leaf: func(d *draft) *leaf { return &d.recover }},
	{spec: spec{
		key: "sites", required: true, kind: sitesKind, example: "sites: {site1: {nodes: {}}}",
		about: "The sites of the deployment, by Clearwater's local_site_name.",
	}, enter: readSites},
}

var usesRows = []row[usesDraft]{
	{spec: spec{
		key: "homestead_prov", kind: boolKind, preset: false,
		about: "Homestead-Prov provisions subscribers; with it Cassandra is in use.",
	}, leaf: func(u *usesDraft) *leaf { return &u.homesteadProv }},
	{spec: spec{
		key: "homer", kind: boolKind, preset: false,
		about: "Homer stores call services settings; with it Cassandra is in use.",
	}, leaf: func(u *usesDraft) *leaf { return &u.homer }},
	{spec: spec{
		key: "memento", kind: boolKind, preset: false,
		about: "Memento stores call lists; with it Cassandra is in use.",
	}, leaf: func(u *usesDraft) *leaf { return &u.memento }},
	{spec: spec{
		key: "ralf", kind: boolKind, preset: false,
		about: "Ralf reports billing events.",
	}, leaf: func(u *usesDraft) *leaf { return &u.ralf }},
}

var siteRows = []row[siteDraft]{
	{spec: spec{
		key: "files", kind: object(filesRows),
		about: "Known-good copies of configuration files.",
	}, enter: func(w *walker, n *yaml.Node, s *siteDraft) { walkObject(w, n, filesRows, s) }},
	{spec: spec{
		key: "nodes", required: true, kind: nodesKind, example: "nodes: {}",
		about: "The nodes of the site, failed ones too, by name. A site that is not recovered may have none.",
	}, enter: readNodes},
}

var filesRows = []row[siteDraft]{
	{spec: spec{
		key: "shared_config", required: true, kind: pathKind, example: "shared_config: files/shared_config",
		about: "A known-good copy of /etc/clearwater/shared_config, relative to the inventory.",
	}, leaf: func(s *siteDraft) *leaf { return &s.sharedConfig }},
}

var nodeRows = []row[nodeDraft]{
	{spec: spec{
		key: "type", required: true, kind: typeKind, example: "type: vellum",
		about: "The Clearwater node type.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.nodeType }},
	{spec: spec{
		key: "local_ip", required: true, kind: addressKind, example: "local_ip: 10.1.0.11",
		about: "Signaling address, Clearwater's local_ip.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.localIP }},
	{spec: spec{
		key: "management_local_ip", kind: managementKind,
		about: "Management address, Clearwater's management_local_ip; local_ip where it is left out.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.managementIP }},
	{spec: spec{
		key: "etcd", required: true, kind: roleKind, example: "etcd: master",
		about: "What the node was in the etcd cluster before the failure.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.etcd }},
	{spec: spec{
		key: "state", kind: stateKind, preset: string(model.Live),
		about: "Whether the node can still be used; a failed one is lost for good.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.state }},
	{spec: spec{
		key: "etcd_cluster_key", kind: keyKind,
		about: "Clearwater's etcd_cluster_key; the type where it is left out.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.clusterKey }},
	{spec: spec{
		key: "location", kind: lineKind(leaveOut),
		about: "Where the machine is; printed in the runbook.",
	}, leaf: func(n *nodeDraft) *leaf { return &n.location }},
}

func indexOf[T any](rows []row[T], key *yaml.Node) int {
	if !isText(key) {
		return -1
	}
	for i := range rows {
		if rows[i].key == key.Value {
			return i
		}
	}
	return -1
}

func specsOf[T any](rows []row[T]) []spec {
	specs := make([]spec, len(rows))
	for i := range rows {
		specs[i] = rows[i].spec
	}
	return specs
}

func keysOf[T any](rows []row[T]) []string {
	keys := make([]string, len(rows))
	for i := range rows {
		keys[i] = rows[i].key
	}
	return keys
}
