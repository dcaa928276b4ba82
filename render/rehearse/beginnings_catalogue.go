package rehearse

import (
	"slices"
	"strings"
	"time"

	"requorum/model"
	"requorum/render/rehearse/site"
)

// catalogue lists every beginning, by what is wrong.
func catalogue() []beginning {
	return slices.Concat(wrongNodes(), wrongRoles(), wrongShared(), wrongFiles(), wrongStores(), wrongTimes(), oldClusters(), onTheWay())
}

func crlf(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

func wrongNodes() []beginning {
	return []beginning{
		{name: "wrong-host", wrong: "the engineer is logged in to another node than the script's",
			on: source, do: imagined(asAnother), mend: imagined(asItself), who: scripts, words: []string{"addresses", "log in to"}, only: true},
		{name: "other-host-name", wrong: "the host name is not the inventory's; the addresses are",
			on: source, do: imagined(func(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Host = "localhost" }), only: true},
		{name: "interface-down", wrong: "no interface has the node's addresses",
			on: lastMaster, do: offline(true), mend: offline(false), who: scripts, words: []string{"interfaces", "no interface has"}, only: true},
		{name: "firewall", wrong: "two masters cannot reach each other (T38)",
			on: lastMaster, do: cutOff(true), mend: cutOff(false), who: scripts, words: []string{"port 2380", "firewall"}},
		{name: "firewall-proxy", wrong: "a node cannot reach a master (T38)",
			on: proxy, do: cutOff(true), mend: cutOff(false), who: scripts, words: []string{"port 4000", "firewall"}},
		{name: "clock-ahead", wrong: "a master's clock is ahead by 90 seconds (T52)",
			on: source, do: imagined(func(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Ahead = 90 * time.Second }), only: true},
		{name: "monit-5.8", wrong: "an old monit prints its summary in another way (T36)",
			on: source, do: everywhere(format(site.Old)), only: true},
		{name: "monit-5.33", wrong: "a later monit calls what runs OK (T36)",
			on: source, do: everywhere(format(site.Later)), only: true},
		{name: "monit-down", wrong: "monit's daemon does not run (facts 1.1)",
			on: source, do: monitHalts(true), mend: monitHalts(false), who: scripts, words: []string{"monit", "daemon"}},
		{name: "no-curl", wrong: "a program that the stages call is not installed",
			on: source, do: lose("/usr/bin/curl"), mend: restore("/usr/bin/curl"), who: scripts, words: []string{"curl"}},
		{name: "full-disk", wrong: "the disk of a master is full",
			on: source, do: disk(true), mend: disk(false), who: scripts, words: []string{"room"}},
		{name: "another-run", wrong: "another run of the script is under way in another terminal",
			on: source, do: lock(true), mend: lock(false), who: scripts, words: []string{"no other run", "lock"}},
	}
}

func wrongRoles() []beginning {
	const user = "/etc/clearwater/user_settings sets etcd_cluster"
	return []beginning{
		{name: "crlf", wrong: "local_config of a master has carriage returns (T19)",
			on: source, do: edit(localConfig, crlf)},
		{name: "crlf-proxy", wrong: "local_config of a proxy has carriage returns (T19)",
			on: proxy, do: edit(localConfig, crlf)},
		{name: "no-newline", wrong: "the last line of local_config has no end (T18)",
			on: source, do: edit(localConfig, func(s string) string { return s + "log_level=2" })},
		{name: "both-roles", wrong: "a proxy has a stale etcd_cluster besides its etcd_proxy (T16)",
			on: proxy, do: add(localConfig, "etcd_cluster=10.9.9.1,10.9.9.2")},
		{name: "both-roles-master", wrong: "a master has a stale etcd_proxy besides its etcd_cluster (T16)",
			on: source, do: add(localConfig, "etcd_proxy=10.9.9.1")},
		{name: "duplicate-roles", wrong: "a role is set twice in local_config, and the last line counts (T20)",
			on: source, do: add(localConfig, "etcd_cluster=10.9.9.1\n# a comment\netcd_cluster=10.9.9.2")},
		{name: "quoted-role", wrong: "the list of a role is in quotes, with blanks in it (T17)",
			on: source, do: add(localConfig, "etcd_cluster=\"10.9.9.1, 10.9.9.2\"")},
		{name: "shared-config-role", wrong: "shared_config sets a role, which belongs to local_config (facts 2.2)",
			on: where(source, carriesNot), do: everywhere(add(sharedConfig, "etcd_proxy=10.9.9.1"))},
		{name: "user-settings-role", wrong: user + ", and is read last (T20)",
			on: source, do: text(userSettings, "etcd_cluster=10.9.9.1\n"), mend: lose(userSettings), who: scripts, words: []string{"user_settings", "etcd_cluster"}},
		{name: "two-on-a-line", wrong: "a line of local_config sets a role and something else",
			on: source, do: add(localConfig, "log_level=4\netcd_cluster=10.9.9.1; log_level=5"), mend: restore(localConfig), who: scripts, words: []string{"etcd_cluster=10.9.9.1; log_level=5"}},
		{name: "missing-local-config", wrong: "local_config is gone",
			on: source, do: lose(localConfig), mend: restore(localConfig), who: scripts, words: []string{"local_config", "missing"}},
		{name: "broken-local-config", wrong: "a line of local_config is no shell",
			on: source, do: add(localConfig, "public_hostname=(\n"), mend: restore(localConfig), who: scripts, words: []string{"FAIL configuration"}},
		{name: "other-site-name", wrong: "local_site_name is not the inventory's (T51)",
			on: source, do: add(localConfig, "local_site_name=elsewhere"), mend: restore(localConfig), who: scripts, words: []string{"local_site_name elsewhere"}},
		{name: "other-store-key", wrong: "etcd_cluster_key of a Vellum is not the inventory's (T51)",
			on: where(vellum, loads), do: add(localConfig, "etcd_cluster_key=dime"), mend: restore(localConfig), who: scripts, words: []string{"etcd_cluster_key", "dime"}},
		{name: "other-etcd-version", wrong: "etcd_version names one that is not installed (T23)",
			on: source, do: add(localConfig, "etcd_version=3.2.0"), mend: restore(localConfig), who: scripts, words: []string{"etcd version", "3.2.0"}},
		{name: "chef", wrong: "Chef is installed (T22)",
			on: source, do: folder("/etc/chef")},
	}
}

func wrongShared() []beginning {
	const own = "home_domain=other.example.com\n"
	return []beginning{
		{name: "missing-shared-config", wrong: "a master has no shared_config, and could publish the empty default (T25)",
			on: where(source, carriesNot), do: lose(sharedConfig), mend: restore(sharedConfig), who: scripts, words: []string{"shared_config", "missing"}},
		{name: "missing-shared-config-last", wrong: "the last master has no shared_config (T25)",
			on: where(lastConfirmed, carriesNot), do: lose(sharedConfig), mend: fromSource(sharedConfig), who: scripts, words: []string{"shared_config", "missing"}},
		{name: "missing-shared-config-proxy", wrong: "a proxy has no shared_config; it takes the one of the masters (T28)",
			on: proxy, do: lose(sharedConfig)},
		{name: "missing-shared-config-carried", wrong: "the master has no shared_config, and its script carries the known-good one",
			on: where(source, carries), do: lose(sharedConfig)},
		{name: "different-shared-config-carried", wrong: "the master has another shared_config than its script carries",
			on: where(source, carries), do: text(sharedConfig, own)},
		{name: "shared-config-goes", wrong: "shared_config goes between the stages config and create (T25)",
			on: where(lastMaster, carriesNot), turn: model.Create, do: lose(sharedConfig), mend: fromSource(sharedConfig), who: scripts, words: []string{"shared_config", "missing"}},
		{name: "empty-shared-config", wrong: "shared_config of a master is Clearwater's empty default (T25)",
			on: where(source, carriesNot), do: text(sharedConfig, "# No Shared Config has been provided\n"), mend: restore(sharedConfig), who: scripts, words: []string{"shared_config", "empty"}},
		{name: "crlf-shared-config", wrong: "shared_config of the masters has carriage returns (T19)",
			on: where(source, carriesNot), do: edit(sharedConfig, crlf), mend: restore(sharedConfig), who: scripts, words: []string{"shared_config", "carriage returns"}},
		{name: "broken-shared-config", wrong: "shared_config of a master is no shell",
			on: where(source, carriesNot), do: add(sharedConfig, "if true"), mend: restore(sharedConfig), who: scripts, words: []string{"FAIL configuration"}},
		{name: "different-shared-config", wrong: "a master has another shared_config than the configuration source (T25)",
			on: where(lastConfirmed, carriesNot), do: text(sharedConfig, own), mend: fromSource(sharedConfig), who: scripts, words: []string{"shared_config", "another"}},
		{name: "different-shared-config-proxy", wrong: "a proxy has another shared_config than the masters (T28)",
			on: proxy, do: text(sharedConfig, own)},
	}
}

func wrongFiles() []beginning {
	const enum, ifcs = "/etc/clearwater/enum.json", "/etc/clearwater/shared_ifcs.xml"
	return []beginning{
		{name: "invalid-json", wrong: "enum.json of a Sprout is no JSON",
			on: sprout, do: text(enum, "{\"number_blocks\": [\n"), mend: restore(enum), who: scripts, words: []string{"enum.json"}},
		{name: "invalid-xml", wrong: "shared_ifcs.xml of a Sprout is no XML",
			on: sprout, do: text(ifcs, "SharedIFCsSets\n"), mend: restore(ifcs), who: scripts, words: []string{"shared_ifcs.xml"}},
		{name: "foreign-letters", wrong: "sas.json has letters outside ASCII, which check_config_sync stumbles over (T31)",
			on: source, do: everywhere(text("/etc/clearwater/sas.json", "{\"sas_servers\": [], \"\": \"Zürich\"}\n"))},
		{name: "no-dns-json", wrong: "a master has no dns.json, though others have it (T26)",
			on: source, do: lose("/etc/clearwater/dns.json"), mend: restore("/etc/clearwater/dns.json"), who: people, words: []string{"dns.json missing"}},
		{name: "no-enum-json", wrong: "one Sprout has no enum.json, and would publish an empty one (T27)",
			on: where(sprout, func(p *model.Plan) bool { return secondSprout(p) != "" }),
			do: lose(enum), mend: restore(enum), who: people, words: []string{"enum.json is missing"}},
		{name: "no-enum-json-anywhere", wrong: "no Sprout has an enum.json: it is optional (T32)",
			on: sprout, do: everywhere(lose(enum))},
		{name: "different-enum-json", wrong: "one Sprout has another enum.json (T25)",
			on: where(sprout, func(p *model.Plan) bool { return secondSprout(p) != "" }),
			do: text(enum, "{\"number_blocks\": []}\n"), mend: restore(enum), who: people, words: []string{"enum.json"}},
	}
}

func wrongStores() []beginning {
	vellums := func(p *model.Plan) bool { return loads(p) && secondVellum(p) != "" }
	stranger := func(s string) string { return s + "node = 10.9.9.9\n" }
	return []beginning{
		{name: "joining", wrong: "Chronos says that a failed node is joining: a scaling was under way (T42, T43)",
			on: where(vellum, finishes), do: failedLine(chronosFile, "node = ", "joining = "), mend: restore(chronosFile), who: scripts, words: []string{"chronos_cluster.conf", "joining"}},
		{name: "leaving", wrong: "Chronos says that a failed node is leaving (T43)",
			on: where(vellum, finishes), do: failedLine(chronosFile, "node = ", "leaving = "), mend: restore(chronosFile), who: scripts, words: []string{"chronos_cluster.conf", "leaving"}},
		{name: "new-servers", wrong: "cluster_settings has new_servers: a scaling was under way (T42)",
			on: where(vellum, loads), do: add(memcached, "new_servers=10.9.9.9:11211"), mend: restore(memcached), who: scripts, words: []string{"cluster_settings", "new_servers"}},
		{name: "joining-late", wrong: "cluster_settings gets new_servers between the stages config and load (T42)",
			on: where(loader, loads), turn: model.Load, do: add(memcached, "new_servers=10.9.9.9:11211"), mend: restore(memcached), who: scripts, words: []string{"cluster_settings", "new_servers"}},
		{name: "no-chronos-file", wrong: "chronos_cluster.conf is gone",
			on: where(vellum, loads), do: lose(chronosFile)},
		{name: "tabs-in-chronos-file", wrong: "chronos_cluster.conf has tabs, and the loader drops such lines (T40)",
			on: where(vellum, loads), do: swap(chronosFile, "node = ", "node\t=\t")},
		{name: "comment-in-chronos-file", wrong: "chronos_cluster.conf has a comment behind an address, which the loader keeps (T40)",
			on: where(vellum, loads), do: edit(chronosFile, func(s string) string { return strings.TrimSuffix(s, "\n") + " # the last one\n" })},
		{name: "no-cluster-settings", wrong: "cluster_settings is gone",
			on: where(vellum, loads), do: lose(memcached)},
		{name: "no-ports", wrong: "cluster_settings has addresses without ports, as the written procedure shows it (T47)",
			on: where(vellum, loads), do: swap(memcached, ":11211", "")},
		{name: "node-not-in-chronos", wrong: "chronos_cluster.conf lacks a live node, which would join as new (T40)",
			on: where(secondVellum, loads), do: ownLine(chronosFile), mend: restore(chronosFile), who: scripts, words: []string{"chronos_cluster.conf", "missing"}},
		{name: "stranger-in-chronos", wrong: "chronos_cluster.conf names a node that the inventory does not have",
			on: where(vellum, vellums), do: edit(chronosFile, stranger), mend: restore(chronosFile), who: scripts, words: []string{"unknown: 10.9.9.9"}},
		{name: "old-remote-site", wrong: "the old remote_site_name is set, and remote_cluster_settings is not there (T46)",
			on: where(vellum, loads), do: add(localConfig, "remote_site_name=site9"), mend: text("/etc/clearwater/remote_cluster_settings", "servers=10.9.9.9:11211\n"),
			who: scripts, words: []string{"remote_cluster_settings"}},
		{name: "cassandra-down", wrong: "Cassandra still has a dead node (T44)",
			on: where(loader, func(p *model.Plan) bool { return cassandra(p) && finishes(p) }), do: ring("DN"), mend: ring(""), who: scripts, words: []string{"DN", "nodetool removenode"}},
		{name: "cassandra-down-late", wrong: "a node of Cassandra goes down between the stages config and load (T44)",
			on: where(loader, cassandra), turn: model.Load, do: ownRing("DN"), mend: ownRing("UN"), who: scripts, words: []string{"DN"}},
		{name: "cassandra-lacks-node", wrong: "a live node has left Cassandra (T46)",
			on: where(loader, cassandra), do: ownRing(""), mend: ownRing("UN"), who: scripts, words: []string{"missing:"}},
	}
}

func wrongTimes() []beginning {
	managers := []site.Service{site.ClusterManager, site.ConfigManager, site.QueueManager}
	return []beginning{
		{name: "slow-stop", wrong: "the managers take a minute to stop, and monit waits half of one (T2)",
			on: source, do: stops(60*time.Second, managers...)},
		{name: "very-slow-stop", wrong: "a configuration manager takes 100 seconds to stop (T2, T3)",
			on: source, do: stops(100*time.Second, site.ConfigManager)},
		{name: "no-stop", wrong: "the managers heed no SIGTERM: the init script kills them (facts 1.2)",
			on: source, do: stops(time.Hour, managers...)},
		{name: "slow-etcd", wrong: "etcd takes 40 seconds to stop (T1, T2)",
			on: source, do: stops(40*time.Second, site.Etcd)},
		{name: "late-master", wrong: "the last master is started four minutes late, and monit starts the others anew meanwhile (T33)",
			on: lastMaster, turn: model.Create, do: waits(4 * time.Minute)},
		{name: "night", wrong: "people go home before confirm, and come back in the morning (T33)",
			on: lastConfirmed, turn: model.Confirm, do: imagined(func(_ *Rehearsal, s *site.Site, _ *site.Node) { s.Advance(9 * time.Hour) }), only: true},
		{name: "unmonitored", wrong: "a manager was stopped without monit's knowledge, and another is not watched (T3)",
			on: source, do: unmonitors(settling, site.QueueManager)},
	}
}

func oldClusters() []beginning {
	old := func(p *model.Plan) string { // a master that was one before, and is not the first to be created
		list := p.Stage(model.Create).Nodes
		i := slices.IndexFunc(p.Nodes, func(n model.PlanNode) bool {
			return n.Master && n.Etcd == model.Master && n.Name != list[0]
		})
		if i < 0 {
			return ""
		}
		return p.Nodes[i].Name
	}
	firstCreated := func(p *model.Plan) string { return p.Stage(model.Create).Nodes[0] }
	return []beginning{
		{name: "dead-node-runs", wrong: "a failed node is up, and its old etcd runs (T15)",
			on: dead, do: returns, mend: fence, who: scripts, words: []string{"fence"}},
		{name: "dead-node-reachable", wrong: "a failed machine is up, and only its etcd is not (T15)",
			on: dead, do: all(monitHalts(true), returns)},
		{name: "old-etcd-runs", wrong: "after the stops a master runs its old etcd again, from data that somebody has put back (T4, T10)",
			on: old, turn: model.Create, at: firstCreated, do: oldEtcd, who: scripts, words: []string{"old etcd"}},
		{name: "etcd-started-early", wrong: "after the stops a colleague lets monit start etcd on the last master",
			on: lastMaster, turn: model.Create, do: anyEtcd, who: scripts, words: []string{"/var/lib/clearwater-etcd is empty"}},
		{name: "etcd-started-early-proxy", wrong: "after the stops a colleague lets monit start etcd on a proxy",
			on: proxy, turn: model.Create, at: firstCreated, do: anyEtcd, who: scripts, words: []string{"/var/lib/clearwater-etcd is empty"}},
		{name: "member-data-on-proxy", wrong: "a proxy has the data of a member (T11)",
			on: proxy, do: member},
		{name: "half-by-hand", wrong: "on one master somebody has begun the written procedure by hand",
			on: source, do: byHand()},
		{name: "cluster-manager-held", wrong: "no_cluster_manager was left behind by somebody (T50)",
			on: source, do: text("/etc/clearwater/no_cluster_manager", "")},
		{name: "half-recovered", wrong: "an earlier recovery has come as far as the masters",
			on: source, do: after(model.Confirm), only: true},
		{name: "loaded", wrong: "an earlier recovery has come as far as the stage load",
			on: where(loader, loads), do: after(model.Load), only: true},
		{name: "recovered", wrong: "the site is recovered already",
			on: source, do: after(model.Finish), only: true},
	}
}

func onTheWay() []beginning {
	lastJoined := func(p *model.Plan) string {
		list := p.Stage(model.Join).Nodes
		if len(list) == 0 {
			return ""
		}
		return list[len(list)-1]
	}
	firstOf := func(stage model.StageName) func(*model.Plan) string {
		return func(p *model.Plan) string { return p.Stage(stage).Nodes[0] }
	}
	two := func(p *model.Plan) bool { return lastMaster(p) != "" }
	joins := func(p *model.Plan) bool { return lastJoined(p) != "" }
	runs := func(stage model.StageName) func(*model.Plan) bool {
		return func(p *model.Plan) bool { return len(p.Stage(stage).Nodes) > 0 }
	}
	fenced := func(name, wrong string, on func(*model.Plan) string, turn model.StageName, at func(*model.Plan) string) beginning {
		return beginning{name: name, wrong: wrong, on: on, turn: turn, at: at, do: returns, mend: fence, who: scripts, words: []string{"a failed node is back", "fence it"}}
	}
	return []beginning{
		fenced("failed-node-returns", "a failed node comes back before the last master is created (T15)", where(dead, two), model.Create, lastMaster),
		fenced("failed-node-returns-confirm", "a failed node comes back before the masters are confirmed (T15)", dead, model.Confirm, firstOf(model.Confirm)),
		fenced("failed-node-returns-join", "a failed node comes back before the last node joins (T15)", where(dead, joins), model.Join, lastJoined),
		fenced("failed-node-returns-load", "a failed node comes back before the data store values are loaded (T15)", where(dead, runs(model.Load)), model.Load, firstOf(model.Load)),
		fenced("failed-node-returns-finish", "a failed node comes back before the failed ones are marked failed (T15)", where(dead, runs(model.Finish)), model.Finish, firstOf(model.Finish)),
		{name: "node-reboots", wrong: "a master reboots between stop and config, and monit starts its old etcd (T8)",
			on: source, turn: model.Config, do: boots, who: scripts, words: []string{"/var/lib/clearwater-etcd is empty"}},
		{name: "node-reboots-create", wrong: "a master reboots between config and create (T8)",
			on: source, turn: model.Create, do: boots, who: scripts, words: []string{"/var/lib/clearwater-etcd is empty"}},
		{name: "node-reboots-confirm", wrong: "a master reboots between create and confirm: its managers start before it is confirmed (T8)",
			on: source, turn: model.Confirm, do: boots},
		{name: "last-node-reboots-confirm", wrong: "the last master reboots before any is confirmed (T8)",
			on: lastConfirmed, turn: model.Confirm, at: source, do: boots},
		{name: "proxy-reboots", wrong: "a proxy reboots before it joins (T8)",
			on: lastJoined, turn: model.Join, do: boots, who: scripts, words: []string{"/var/lib/clearwater-etcd is empty"}},
		{name: "node-reboots-load", wrong: "the node that loads reboots before it (T8)",
			on: where(loader, loads), turn: model.Load, do: boots},
		{name: "node-reboots-manage", wrong: "a node reboots before its cluster manager is started (T8)",
			on: source, turn: model.Manage, do: boots},
		{name: "chef-reverts", wrong: "Chef puts the old local_config of a master back before it is confirmed (T22)",
			on: source, turn: model.Confirm, do: chefReverts(), who: scripts, words: []string{"etcd_cluster="}},
		{name: "chef-reverts-late", wrong: "Chef puts the old local_config back before the cluster manager is started (T22)",
			on: source, turn: model.Manage, do: chefReverts(), who: scripts, words: []string{"etcd_cluster="}},
		{name: "chef-reverts-proxy", wrong: "Chef puts the old local_config of a proxy back after it has joined (T22)",
			on: lastJoined, turn: model.Manage, do: chefReverts(), who: scripts, words: []string{"etcd_proxy="}},
		{name: "full-disk-create", wrong: "the disk fills before a master is created",
			on: lastMaster, turn: model.Create, do: disk(true), mend: disk(false), who: scripts, words: []string{"disk"}},
		{name: "full-disk-join", wrong: "the disk fills before a node joins",
			on: lastJoined, turn: model.Join, do: disk(true), mend: disk(false), who: scripts, words: []string{"disk"}},
		{name: "full-disk-finish", wrong: "the disk fills before the failed nodes are marked",
			on: where(loader, finishes), turn: model.Finish, at: firstOf(model.Finish), do: disk(true), mend: disk(false), who: scripts, words: []string{"disk"}},
		{name: "firewall-join", wrong: "a node cannot reach a master when it joins (T38)",
			on: lastJoined, turn: model.Join, do: cutOff(true), mend: cutOff(false), who: scripts, words: []string{"firewall"}},
	}
}
