package planner

import (
	"fmt"
	"slices"
	"strings"

	"requorum/model"
	"requorum/model/diag"
)

// warnings lists what a person must know before the plan is carried out. They
// stand in the plan's output and in the runbook.
func warnings(p *model.Plan) diag.List {
	var list diag.List
	for _, rule := range []func(*model.Plan) diag.List{
		warnMasterCount, warnFailedNodes, warnStaleRoles, warnMissingTypes,
		warnOldTypes, warnOtherSites, warnCassandra, warnSharedConfig,
	} {
		list = append(list, rule(p)...)
	}
	return list
}

// warn makes a warning about the part of the inventory that path names.
func warn(code, path, text, remedy string) diag.List {
	return diag.List{{Severity: diag.Warning, Code: code, Path: path, Text: text, Remedy: remedy}}
}

// sitePath and nodePath name parts of the inventory, as diag.Diagnostic.Path
// does. A warning about several nodes names the first.
func sitePath(site string, keys ...string) string {
	return strings.Join(append([]string{"sites", site}, keys...), ".")
}

func nodePath(site string, n model.Node, key string) string {
	return sitePath(site, "nodes", n.Name, key)
}

func warnMasterCount(p *model.Plan) diag.List {
	switch n := len(p.Choice.Masters); {
	case n == 1:
		return warn("few-masters", sitePath(p.Site),
			"the new cluster has one master: if that node fails, the site loses etcd again",
			"add masters as soon as the recovery is done, until there are three")
	case n == 2:
		return warn("few-masters", sitePath(p.Site),
			"the new cluster has two masters: if either fails, the site loses quorum again",
			"add a master as soon as the recovery is done, so that there are three")
	case n%2 == 0:
		return warn("even-masters", sitePath(p.Site),
			fmt.Sprintf("the new cluster has %d masters: it stands the loss of %d, no more than %d masters would", n, (n-1)/2, n-1),
			"this is safe; add one master after the recovery to stand one loss more")
	}
	return nil
}

func warnFailedNodes(p *model.Plan) diag.List {
	if len(p.Failed) == 0 {
		return nil
	}
	return warn("fence-failed", nodePath(p.Site, p.Failed[0], "state"),
		fmt.Sprintf("fence %s before the first stop: a failed node that comes back brings the old cluster with it", names(p.Failed)),
		"cut power or network of each failed node, and keep it cut until the node is wiped")
}

func warnStaleRoles(p *model.Plan) diag.List {
	var demoted, promoted []model.Node
	for _, n := range p.Nodes {
		switch {
		case n.Etcd == model.Master && !n.Master:
			demoted = append(demoted, n.Node)
		case n.Etcd == model.Proxy && n.Master:
			promoted = append(promoted, n.Node)
		}
	}
	var list diag.List
	if len(demoted) > 0 {
		list = append(list, warn("stale-role", nodePath(p.Site, demoted[0], "etcd"),
			fmt.Sprintf("no longer a master: %s; local_config there still has an etcd_cluster line that the written procedure never removes", names(demoted)),
			"nothing to do by hand: the scripts blank the line of the other role")...)
	}
	if len(promoted) > 0 {
		list = append(list, warn("promoted", nodePath(p.Site, promoted[0], "etcd"),
			fmt.Sprintf("newly a master: %s; port 2380 must be open between all masters", names(promoted)),
			"check the firewalls on the management network before the first stop")...)
	}
	return list
}

func warnMissingTypes(p *model.Plan) diag.List {
	var list diag.List
	if p.Loader == "" {
		list = append(list, warn("no-live-vellum", sitePath(p.Site, "nodes"),
			"the site has no live Vellum node: everything that runs on a Vellum is left out, and no data store key is made",
			"keep a copy of chronos_shared.conf; the replacement Vellum nodes create the keys when they join")...)
	}
	if !slices.ContainsFunc(p.Nodes, func(n model.PlanNode) bool { return n.Type == model.Sprout }) {
		list = append(list, warn("no-live-sprout", sitePath(p.Site, "nodes"),
			"the site has no live Sprout node: the first replacement Sprout would publish empty defaults for enum.json, s-cscf.json, bgcf.json, rph.json, shared_ifcs.xml and fallback_ifcs.xml",
			"put copies of these files on the first replacement Sprout before its configuration manager starts")...)
	}
	return list
}

func warnOldTypes(p *model.Plan) diag.List {
	var old []model.Node
	for _, n := range p.Nodes {
		if slices.Contains(model.OldTypes, n.Type) {
			old = append(old, n.Node)
		}
	}
	if len(old) == 0 {
		return nil
	}
	return warn("old-type", nodePath(p.Site, old[0], "type"),
		fmt.Sprintf("of a type older than Vellum: %s; such nodes kept data stores of their own, which the written procedure does not cover", names(old)),
		"check the data stores of these nodes with Clearwater's documentation of their release")
}

func warnOtherSites(p *model.Plan) diag.List {
	if len(p.Remote) == 0 {
		return nil
	}
	var sites []string
	for _, n := range p.Remote {
		if !slices.Contains(sites, n.Site) {
			sites = append(sites, n.Site)
		}
	}
	list := warn("other-site", sitePath(sites[0]),
		fmt.Sprintf("only site %s is recovered; the nodes of %s must not be touched, and their own etcd cluster is not affected", p.Site, strings.Join(sites, ", ")),
		"tell whoever runs the other site, and make no configuration change there until this one is done")
	if p.Stores.Cassandra && len(sites) > 1 {
		list = append(list, warn("many-sites", sitePath(sites[1]),
			fmt.Sprintf("Cassandra spans all %d sites here; Clearwater supports two at most", len(sites)+1),
			"check which sites share the Cassandra cluster, and list only those")...)
	}
	return list
}

func warnCassandra(p *model.Plan) diag.List {
	if !p.Stores.Cassandra || p.Uses.HomesteadProv || p.Uses.Homer {
		return nil
	}
	return warn("memento-only", "uses.memento",
		"Cassandra is used by Memento alone: monit and the cluster manager may not manage it on such a deployment",
		"check that the cassandra service runs on every live Vellum before the stage load")
}

func warnSharedConfig(p *model.Plan) diag.List {
	if p.SharedConfig == nil {
		return nil
	}
	return warn("carries-config", sitePath(p.Site, "files", "shared_config"),
		"the masters' scripts carry shared_config, which may hold secrets",
		"keep the bundle as safe as the nodes themselves")
}

// names joins node names for a sentence: "a, b and c".
func names(nodes []model.Node) string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.Name)
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
