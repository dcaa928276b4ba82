package render

import (
	"requorum/model"
)

// difference is a trap of the written procedure and what is done about it.
type difference struct {
	trap    int
	name    string // a few words
	written string // what the written procedure says or leaves out, and what then happens
	here    string // what is done instead
	by      actor
	when    *condition // nil where every site can meet the trap
}

// actor is who deals with a trap.
type actor string

const (
	byScripts actor = "the scripts"
	byPeople  actor = "people"
	byBoth    actor = "the scripts and people"
)

// condition tells the sites that can meet a trap from those that cannot.
type condition struct {
	holds     func(*model.Plan) bool
	otherwise string // why not
}

var (
	withVellum = &condition{func(p *model.Plan) bool { return p.Loader != "" },
		"The site has no live Vellum node."}
	withCassandra = &condition{func(p *model.Plan) bool { return p.Loader != "" && p.Stores.Cassandra },
		"Cassandra is not used, or no live Vellum node is there to look at it."}
	withSprout = &condition{func(p *model.Plan) bool { return hasType(p, model.Sprout) },
		"The site has no live Sprout node."}
	withGap = &condition{func(p *model.Plan) bool { return p.Loader == "" || !hasType(p, model.Sprout) },
		"The site has a live Vellum node and a live Sprout node."}
	withOthers = &condition{func(p *model.Plan) bool { return !p.Choice.All },
		"Every live node becomes a master."}
	withMasters = &condition{func(p *model.Plan) bool { return len(p.Choice.Masters) > 1 },
		"The new cluster has one master."}
	withFailed = &condition{func(p *model.Plan) bool { return len(p.Failed) > 0 },
		"No node of the site has failed."}
	withPlainNodes = &condition{func(p *model.Plan) bool { return !onlyType(p, model.Vellum) },
		"Every live node is a Vellum node."}
)

func hasType(p *model.Plan, t model.Type) bool {
	for _, n := range p.Nodes {
		if n.Type == t {
			return true
		}
	}
	return false
}

func onlyType(p *model.Plan, t model.Type) bool {
	for _, n := range p.Nodes {
		if n.Type != t {
			return false
		}
	}
	return true
}

// differences has each trap of the facts once, in their order.
var differences = []difference{
	{trap: 1, name: "monit stop only asks", by: byScripts,
		written: "Four monit stops, and the wipe right after them. monit answers at once, while the processes may live for half a minute and more, so the wipe would delete files under a running etcd.",
		here:    "The script waits until every process is gone, and wipes only then."},
	{trap: 2, name: "Not monitored is not stopped", by: byScripts,
		written: "Nothing. A stop that takes more than 30 seconds leaves the process alive, and monit shows it as Not monitored all the same.",
		here:    "The script looks for the processes themselves, by pid file, by program and by port, and falls back on the init scripts."},
	{trap: 3, name: "a second monit stop does nothing", by: byScripts,
		written: "The procedure may be started again from the beginning. But monit ignores a stop for a service that it no longer monitors.",
		here:    "Where monit does nothing, the script stops the process through its init script."},
	{trap: 4, name: "an old etcd that lives on looks fine", by: byScripts,
		written: "monit summary shall show etcd running. It would also show the old etcd, with the old members.",
		here:    "stop proves that no etcd is left and that its ports are free; create and join look again before they start anything, and create asks every other live node whether the old etcd still answers there."},
	{trap: 5, name: "the wipe may delete nothing", by: byScripts,
		written: "sudo rm -rf with a star. The star is expanded by the user's own shell, which may not see into the directory, and never matches names that start with a dot; rm then reports success.",
		here:    "The script runs as root from end to end, deletes what the star leaves, and proves that the directory is empty."},
	{trap: 6, name: "a late poll writes healthy_etcd_members again", by: byScripts,
		written: "Nothing. A poll of monit that is still running can write the file after the wipe, and at the next start the file would override the new etcd_cluster.",
		here:    "The script waits for the polls too, and create and join look again for a file that has come back."},
	{trap: 7, name: "no_cluster_manager comes late", by: byBoth,
		written: "The file is created after the stops. Whatever starts the cluster manager in between slips through.",
		here:    "The script creates the file first. People keep package installations away until the end."},
	{trap: 8, name: "a reboot on the way", by: byBoth,
		written: "Nothing. After a reboot monit starts etcd and the managers, with whatever local_config says by then.",
		here:    "People keep the nodes from rebooting. Each stage looks at the node before it acts, and part 6 says what to do after a reboot."},
	{trap: 9, name: "decommission is not stop", by: byBoth,
		written: "Nothing. The command service clearwater-etcd decommission refuses without quorum, and tries to change the old cluster.",
		here:    "The script never calls it, and people do not type it."},
	{trap: 10, name: "one master with old data", by: byScripts, when: withMasters,
		written: "cluster-health and member list shall show a good cluster. A master that was not wiped has the same identity as the new one: the cluster may look healthy while that master serves the old values for ever.",
		here:    "Every node is proved empty before the first start, and confirm compares the keys that each master gives."},
	{trap: 11, name: "old member data on a node that becomes a proxy", by: byScripts, when: withOthers,
		written: "Nothing. etcd would ignore etcd_proxy and start as a member of the old cluster.",
		here:    "join refuses unless the data directory is empty, or holds what this very plan has made."},
	{trap: 12, name: "old proxy data", by: byScripts,
		written: "Nothing. etcd would ignore the new local_config and go on as a proxy of the old cluster.",
		here:    "create and join refuse unless the data directory is empty, or holds what this very plan has made."},
	{trap: 13, name: "the marker clustered_successfully", by: byScripts,
		written: "Nothing. With the marker but without data, a master tries for ever to join a cluster that is not there.",
		here:    "stop removes the marker with everything else, and create refuses if it is there."},
	{trap: 14, name: "starting one master again", by: byBoth,
		written: "It is always safe to start the procedure again. That holds only if all nodes of the site start again: a single master that is wiped after the new cluster has formed never gets back in.",
		here:    "People start again with the stage stop on every live node, never on one master alone. On a master, stop warns where the new cluster is begun already."},
	{trap: 15, name: "a failed node comes back", by: byBoth, when: withFailed,
		written: "Nothing. A failed node that boots starts its etcd with the old data: it stands apart, spoils the new cluster, or with others of its kind brings the old cluster back.",
		here:    "People cut off every failed node before the first stop, and part 7 says what to do before it may come back. survey, create, confirm and join knock at the failed nodes, and refuse where one answers."},
	{trap: 16, name: "both roles in local_config", by: byScripts,
		written: "Set etcd_cluster, or etcd_proxy. A node that changes its role then has both, and etcd refuses to start.",
		here:    "The script sets one and blanks the other."},
	{trap: 17, name: "spaces in local_config", by: byScripts,
		written: "A comma separated list. With a space in it, or around the equals sign, the variable ends up empty.",
		here:    "The script writes the line itself, and proves it with a shell that reads the configuration anew."},
	{trap: 18, name: "no line end at the end of local_config", by: byScripts,
		written: "Nothing. A line that is appended then sticks to the last one, and both are lost.",
		here:    "The script ends the last line first."},
	{trap: 19, name: "carriage returns in local_config", by: byScripts,
		written: "Nothing. The node does not find its own address in the list and tries to join instead of founding.",
		here:    "The script takes the carriage returns out."},
	{trap: 20, name: "the last assignment wins", by: byScripts,
		written: "Only local_config is mentioned. A second line, shared_config or user_settings can set the variable otherwise.",
		here:    "The script judges what Clearwater's own configuration reading gives in the end, and refuses where user_settings would win. survey says so before anything is stopped."},
	{trap: 21, name: "the wrong address of a master", by: byScripts,
		written: "Management addresses. With a signaling address, a host name or a double in the list, a master tries to join or does not start.",
		here:    "The plan takes the management addresses from the inventory, and each script checks that they are its node's."},
	{trap: 22, name: "Chef puts local_config back", by: byBoth,
		written: "Nothing. The next run of chef-client writes its own local_config.",
		here:    "survey looks for Chef and its like, running or called by cron. People switch it off first, and on again only after its own values are corrected. create, confirm and join read local_config again."},
	{trap: 23, name: "different versions of etcd", by: byBoth,
		written: "Nothing. A mix of etcd 2.2.5 and 3.1.7 was never tried.",
		here:    "config prints etcd_version on every node; people compare it."},
	{trap: 24, name: "cw-config cannot work at that point", by: byScripts,
		written: "Copy and mend files with cw-config. It refuses while etcd is down or without quorum.",
		here:    "Until the new cluster is there, files are copied as files. cw-config is for later changes."},
	{trap: 25, name: "the first configuration manager decides", by: byBoth,
		written: "Start the managers on the masters. The first one publishes its own files, or built-in empty ones, and all other nodes overwrite theirs.",
		here:    "shared_config is checked on every master, people compare digests, and one named master, the configuration source, starts its configuration manager first."},
	{trap: 26, name: "four files that the procedure forgets", by: byBoth,
		written: "shared_config and five files of Sprout are to be checked. dns.json, sas.json, rph.json and chronos_shared.conf are published in the same way.",
		here:    "The scripts print digests of all of them, and people compare."},
	{trap: 27, name: "no node of a type is left", by: byBoth, when: withGap,
		written: "Add replacements later. The first replacement publishes built-in empty files for its type.",
		here:    "People put good copies on the first replacement before its configuration manager starts (part 7)."},
	{trap: 28, name: "service is affected after all", by: byBoth,
		written: "The procedure does not affect service. A node whose files differ from the published ones gets them rewritten and its services restarted.",
		here:    "Differences are found in the stage config, while nothing is published yet."},
	{trap: 29, name: "restarts also stop the cluster manager", by: byScripts,
		written: "Nothing. A restart that is queued stops the cluster manager of its node for a moment.",
		here:    "The cluster managers stay off until the stage manage, which waits until its cluster manager is up."},
	{trap: 30, name: "check_config_sync fails at first", by: byScripts,
		written: "Run check_config_sync. A configuration manager that met a cluster not yet ready sleeps for 30 seconds, so the check may fail for a while.",
		here:    "The script repeats the check up to its limit."},
	{trap: 31, name: "characters outside ASCII", by: byScripts,
		written: "Nothing. A JSON or XML file with such a character is called out of sync for ever.",
		here:    "The script says which files have such characters, and compares what etcd holds with the file itself."},
	{trap: 32, name: "an optional file that is missing", by: byScripts, when: withSprout,
		written: "Run the two validation commands. They exit with 2 where the file is missing, although it is optional.",
		here:    "The script says that the file is missing and goes on; people compare."},
	{trap: 33, name: "a master that waits alone", by: byBoth, when: withMasters,
		written: "Start etcd on the masters. monit stops a master that stays alone for minutes, and starts it again.",
		here:    "People start all masters within two minutes. The forming of the cluster is judged in a stage of its own."},
	{trap: 34, name: "healthy with a master missing", by: byScripts, when: withMasters,
		written: "cluster-health and member list. Both look good with a master missing.",
		here:    "The script wants exactly the expected masters healthy, and one of them leader. survey asks the survivors for the members of the old cluster, and refuses where that has not lost its quorum."},
	{trap: 35, name: "Status failed in the first minute", by: byScripts,
		written: "monit summary shall show everything running. The two uptime programs fail in their first half minute, and Running says nothing of quorum.",
		here:    "The script reads the states that count, and judges etcd by etcd."},
	{trap: 36, name: "names cut short", by: byScripts,
		written: "The name clearwater_cluster_manager_process in monit summary. monit cuts names at 31 characters, so the name is never shown.",
		here:    "The script knows the three forms in which monit writes its summary."},
	{trap: 37, name: "a proxy that runs but reaches nothing", by: byScripts, when: withOthers,
		written: "monit summary on each added node. A proxy shows as running as soon as it listens.",
		here:    "join reads the cluster through the node's own proxy."},
	{trap: 38, name: "firewalls", by: byBoth,
		written: "Nothing. Ports 2380 and 4000 must be open between all nodes; a new master may need rules of its own.",
		here:    "survey tries both ports from every live node while the old etcd still listens; people look where nothing listens yet. confirm and join find what is blocked."},
	{trap: 39, name: "a cluster manager without its values", by: byScripts, when: withVellum,
		written: "Load, then start the cluster managers. One that starts before its values are loaded joins an empty cluster as a new node: the store files are rewritten, and Cassandra's data may be deleted.",
		here:    "manage checks every expected value from its own node before it lets the cluster manager start."},
	{trap: 40, name: "an address that is missing from a value", by: byScripts, when: withVellum,
		written: "Nothing. A Vellum node that is not in the loaded value asks to join as new.",
		here:    "load and manage compare the addresses in each value with the expected ones."},
	{trap: 41, name: "load commands that fail with success", by: byScripts, when: withVellum,
		written: "Run the load commands and check_cluster_state. They exit with 0 after Update failed, with an empty value, or with nothing loaded.",
		here:    "The script judges what the commands say they inserted, and what etcd then holds."},
	{trap: 42, name: "new_servers in cluster_settings", by: byBoth, when: withVellum,
		written: "Do not change the states of nodes. With a new_servers line, the load marks every Vellum node as joining, and the cluster manager acts on it.",
		here:    "config stops, and a person finishes or takes back the scaling."},
	{trap: 43, name: "joining or leaving in chronos_cluster.conf", by: byBoth, when: withVellum,
		written: "Do not change the states of nodes. A dead node that is joining or leaving blocks the cluster until it is marked failed.",
		here:    "config stops, and a person decides."},
	{trap: 44, name: "dead nodes in Cassandra", by: byScripts, when: withCassandra,
		written: "Fix Cassandra before going on. With a dead node left in it, the load command may load the dead nodes and not the live ones.",
		here:    "config refuses until every row is UN, and load until one schema version holds all expected nodes and nothing is unreachable."},
	{trap: 45, name: "one node's files are used for all", by: byBoth, when: withVellum,
		written: "Load on one Vellum node. Its files decide for all; a second load after the cluster managers are up would overwrite what they do.",
		here:    "People compare the members on all Vellum nodes, and load refuses while a cluster manager runs."},
	{trap: 46, name: "other sites in the data stores", by: byScripts, when: withVellum,
		written: "Nothing. The Cassandra value must hold the nodes of both sites, and an old setting remote_site_name asks for one more file.",
		here:    "The plan counts the Vellum nodes of every site for Cassandra. config and load look for remote_site_name first."},
	{trap: 47, name: "cluster_settings without ports", by: byScripts, when: withVellum,
		written: "Addresses with commas between them. Without ports, no server of the list is used.",
		here:    "An address without a port makes the file invalid, and a file that must be written is written with ports."},
	{trap: 48, name: "rm fails the second time", by: byScripts,
		written: "rm of no_cluster_manager, then monit. On a second run rm fails.",
		here:    "rm -f, always before monit is asked."},
	{trap: 49, name: "a cluster manager with nothing to manage", by: byScripts, when: withPlainNodes,
		written: "See the cluster manager come up on every node. Where no data store is, it always comes up, which proves nothing.",
		here:    "manage checks the values from every node; the Vellum nodes come first."},
	{trap: 50, name: "no_cluster_manager left behind", by: byScripts,
		written: "Remove the file on every node. If one is forgotten, a later change of the clusters waits for that node for ever.",
		here:    "manage runs on every live node and proves that the file is gone; finish needs its own cluster manager up."},
	{trap: 51, name: "different names for the same site", by: byScripts,
		written: "Nothing. Where local_site_name, etcd_key or etcd_cluster_key differ between nodes, they read different values.",
		here:    "survey, and each script before it acts, compares local_site_name and etcd_key with the inventory, and on a Vellum node etcd_cluster_key too."},
	{trap: 52, name: "clocks that differ", by: byBoth,
		written: "Nothing. etcd only logs it, but timers and logs go wrong.",
		here:    "survey compares the node's clock with what the other masters' etcd says the time is, and warns; people mend it. config prints it again. Nothing is blocked by it."},
	{trap: 53, name: "sudo and the search path", by: byPeople,
		written: "Most commands with sudo, some without. Several are found only by root.",
		here:    "The scripts run as root. Commands for people in this runbook have sudo where they need it."},
}

// differenceView is a difference as the runbook tells it.
type differenceView struct {
	Trap                int
	Name, Written, Here string
	By                  string
	Steps               []string // that the trap shapes at this site
	Why                 string   // why the site cannot meet it; only in book.Foreign
}

// differencesOf splits the table into the traps that the site can meet and
// those that it cannot.
func differencesOf(p *model.Plan) (met, foreign []differenceView) {
	steps := map[int][]string{}
	for _, st := range p.Stages {
		for _, s := range st.Steps {
			for _, t := range s.Traps {
				steps[t] = append(steps[t], s.ID)
			}
		}
	}
	for _, d := range differences {
		v := differenceView{
			Trap: d.trap, Name: Markdown(d.name), Written: Markdown(d.written), Here: Markdown(d.here),
			By: string(d.by), Steps: steps[d.trap],
		}
		if d.when != nil && !d.when.holds(p) {
			v.Why = Markdown(d.when.otherwise)
			foreign = append(foreign, v)
			continue
		}
		met = append(met, v)
	}
	return met, foreign
}
