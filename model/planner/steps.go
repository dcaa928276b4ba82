package planner

import (
	"strings"

	"requorum/model"
)

// stepRule says what a step is and to whom it falls. A command may hold
// NODE_TYPE, which stands for the etcd_cluster_key of the Vellum nodes.
type stepRule struct {
	stage    model.StageName
	word     string
	title    string
	who      who
	commands []string
	cites    []string
	traps    []int
	destroys string
	wait     int
	proof    string
}

func (r stepRule) id() string { return string(r.stage) + "/" + r.word }

func (r stepRule) step(p *model.Plan, nodes []string) model.Step {
	commands := make([]string, len(r.commands))
	for i, c := range r.commands {
		commands[i] = strings.ReplaceAll(c, "NODE_TYPE", p.Stores.Key)
	}
	return model.Step{
		ID: r.id(), Title: r.title, Nodes: nodes, Commands: commands, Cites: r.cites,
		Traps: r.traps, Destroys: r.destroys, Wait: r.wait, Proof: r.proof,
	}
}

const (
	clusterScripts = "/usr/share/clearwater/clearwater-cluster-manager/scripts/"
	configScripts  = "/usr/share/clearwater/clearwater-config-manager/scripts/"
	nodetoolStatus = "/usr/share/clearwater/bin/run-in-signaling-namespace nodetool status"
)

// Longest waits in seconds (facts 5, Timings).
const (
	waitStop    = 180
	waitEtcd    = 120
	waitForm    = 180
	waitSync    = 120
	waitManager = 90
	waitMark    = 900
)

// stepRules is the whole recovery, step by step, in the order of running.
var stepRules = []stepRule{
	{stage: model.Survey, word: "node", who: everyone,
		title: "Look whether this is the node, and has what the stages need",
		traps: []int{21, 23, 36},
		proof: "Root runs the script; the addresses are the inventory's; the programs and monit's four groups are there."},
	{stage: model.Survey, word: "config", who: everyone,
		title: "Look at what Clearwater's configuration gives",
		traps: []int{16, 17, 18, 19, 20, 46, 51},
		proof: "A clean shell gets through the configuration files, and the names in them are the plan's."},
	{stage: model.Survey, word: "files", who: everyone,
		title: "Look at the configuration files",
		traps: []int{25, 26, 31, 32},
		proof: "Each file that this node must have is there and valid; a digest of each is in the report."},
	{stage: model.Survey, word: "etcd", who: everyone,
		title: "Look at what etcd says now",
		traps: []int{34, 35},
		proof: "No survivor calls itself healthy, or the members are the new masters already."},
	{stage: model.Survey, word: "peers", who: everyone,
		title: "Look at the ways to the other nodes, and at their clocks",
		traps: []int{15, 38, 52},
		proof: "Ports 4000 and 2380 answer on the live nodes; no failed node answers; the clocks agree."},
	{stage: model.Survey, word: "room", who: everyone,
		title: "Look for room for the copies, and for tools that put local_config back",
		traps: []int{22},
		proof: "There is room for a copy of the etcd data, and no such tool is found."},

	{stage: model.Stop, word: "hold", who: everyone,
		title:    "Keep the cluster manager from starting",
		commands: []string{"touch /etc/clearwater/no_cluster_manager"},
		cites:    []string{"1.6"}, traps: []int{7},
		proof: "The file /etc/clearwater/no_cluster_manager is there."},
	{stage: model.Stop, word: "monit", who: everyone,
		title: "Ask monit to stop etcd and the three managers",
		commands: []string{"monit stop -g etcd", "monit stop -g clearwater_cluster_manager",
			"monit stop -g clearwater_config_manager", "monit stop -g clearwater_queue_manager"},
		cites: []string{"1.2", "1.3", "1.4", "1.5"}, traps: []int{1, 3, 9},
		proof: "monit takes each of the four requests."},
	{stage: model.Stop, word: "gone", who: everyone, wait: waitStop,
		title: "Wait until the processes are gone",
		cites: []string{"1.1"}, traps: []int{1, 2, 3, 4, 6},
		proof: "No pid file names a live process, and no process of etcd, of a manager or of an etcd poll is left."},
	{stage: model.Stop, word: "copy", who: everyone,
		title: "Copy the old etcd data to a place outside it",
		cites: []string{"1.7"},
		proof: "The copy and the original are the same, file by file."},
	{stage: model.Stop, word: "wipe", who: everyone,
		title:    "Empty the etcd data directory",
		commands: []string{"rm -rf /var/lib/clearwater-etcd/*"},
		cites:    []string{"1.7"}, traps: []int{5, 6, 10, 11, 12, 13},
		destroys: "everything in /var/lib/clearwater-etcd",
		proof:    "The directory holds nothing, not even files whose names start with a dot."},
	{stage: model.Stop, word: "quiet", who: everyone,
		title: "Prove that etcd's ports are free",
		cites: []string{"1.1"}, traps: []int{4, 38},
		proof: "Nothing listens on port 2380 or 4000."},

	{stage: model.Config, word: "install", who: carriers,
		title: "Install the known-good shared_config",
		cites: []string{"3.3"}, traps: []int{24, 25},
		destroys: "/etc/clearwater/shared_config, where it differs",
		proof:    "The file's digest is the one that the runbook prints."},
	{stage: model.Config, word: "shared-config", who: masters,
		title: "Check the shared configuration",
		cites: []string{"3.1", "3.2", "3.3"}, traps: []int{20, 24, 25, 28, 51},
		proof: "shared_config is there, a shell reads it without complaint, and it sets at least one value."},
	{stage: model.Config, word: "chronos", who: vellums,
		title: "Check the Chronos cluster file, or write it",
		cites: []string{"3.5", "3.6", "3.7", "3.8", "3.9"}, traps: []int{40, 43, 45},
		destroys: "/etc/chronos/chronos_cluster.conf, where it is invalid",
		proof:    "chronos_cluster.conf is valid, and names every live Vellum node and no stranger."},
	{stage: model.Config, word: "memcached", who: vellums,
		title: "Check the Memcached cluster file, or write it",
		cites: []string{"3.12", "3.13", "3.14", "3.15", "3.16"}, traps: []int{40, 42, 45, 46, 47},
		destroys: "/etc/clearwater/cluster_settings, where it is invalid",
		proof:    "cluster_settings is valid and names every live Vellum node and no stranger."},
	{stage: model.Config, word: "cassandra", who: cassandras,
		title:    "Check the Cassandra cluster",
		commands: []string{nodetoolStatus},
		cites:    []string{"3.18", "3.19", "3.20"}, traps: []int{44, 46},
		proof: "Every row of nodetool status is UN, and every expected address has a row."},
	{stage: model.Config, word: "json", who: sprouts,
		title: "Check the JSON files of Sprout",
		cites: []string{"3.21", "3.22", "3.23", "3.24"}, traps: []int{24, 31},
		proof: "Each JSON file that is there passes Clearwater's own check."},
	{stage: model.Config, word: "xml", who: sprouts,
		title:    "Check the XML files of Sprout",
		commands: []string{"cw-validate_shared_ifcs_xml", "cw-validate_fallback_ifcs_xml"},
		cites:    []string{"3.25", "3.26", "3.27", "3.28"}, traps: []int{24, 31, 32},
		proof: "Each XML file that is there passes Clearwater's own check."},
	{stage: model.Config, word: "digests", who: everyone,
		title: "Print the digests to compare",
		cites: []string{"3.1"}, traps: []int{23, 25, 26, 27, 28, 45, 52},
		proof: "The digests are printed; people compare them."},

	{stage: model.Create, word: "ready", who: masters,
		title: "Check that the old cluster is gone from this node",
		cites: []string{"4.2"}, traps: []int{4, 6, 10, 13, 14, 15},
		proof: "The data directory is empty, nothing listens, no_cluster_manager is there, shared_config is good; no other live node answers with its old etcd, and no failed node at all."},
	{stage: model.Create, word: "local-config", who: masters,
		title: "Set etcd_cluster, and blank etcd_proxy",
		cites: []string{"4.1"}, traps: []int{16, 17, 18, 19, 20, 21, 22},
		destroys: "the old etcd_cluster and etcd_proxy lines of /etc/clearwater/local_config",
		proof:    "A clean shell that reads /etc/clearwater/config gets the new etcd_cluster and an empty etcd_proxy."},
	{stage: model.Create, word: "etcd", who: masters, wait: waitEtcd,
		title:    "Start etcd",
		commands: []string{"monit monitor -g etcd"},
		cites:    []string{"4.2", "4.3"}, traps: []int{8, 33, 35},
		proof: "etcd runs and listens on port 4000 of the management address."},

	{stage: model.Confirm, word: "formed", who: masters, wait: waitForm,
		title:    "Prove that the masters have formed one new cluster",
		commands: []string{"clearwater-etcdctl cluster-health", "clearwater-etcdctl member list"},
		cites:    []string{"4.8", "4.10", "4.11"}, traps: []int{10, 14, 15, 33, 34, 35},
		proof: "Exactly the expected masters are healthy members, one is leader, and each gives the same keys."},
	{stage: model.Confirm, word: "config-manager", who: masters, wait: waitManager,
		title:    "Start the configuration manager",
		commands: []string{"monit monitor -g clearwater_config_manager"},
		destroys: "configuration files of the node that differ from the published ones",
		cites:    []string{"4.4"}, traps: []int{25, 30, 36},
		proof: "monit shows the configuration manager running."},
	{stage: model.Confirm, word: "sync", who: masters, wait: waitSync,
		title:    "Prove that the configuration is synchronised",
		commands: []string{configScripts + "check_config_sync"},
		cites:    []string{"4.6", "4.12"}, traps: []int{28, 30, 31},
		proof: "check_config_sync calls every file up to date, and etcd holds this node's own shared_config."},
	{stage: model.Confirm, word: "queue-manager", who: masters, wait: waitManager,
		title:    "Start the queue manager",
		commands: []string{"monit monitor -g clearwater_queue_manager"},
		cites:    []string{"4.5"}, traps: []int{29, 36},
		proof: "monit shows the queue manager running."},
	{stage: model.Confirm, word: "summary", who: masters, wait: waitManager,
		title:    "Read monit's summary",
		commands: []string{"monit summary"},
		cites:    []string{"4.9"}, traps: []int{35, 36},
		proof: "etcd and the two managers run, and the cluster manager does not."},

	{stage: model.Join, word: "ready", who: others,
		title: "Check that the cluster is there and the old one gone from this node",
		cites: []string{"5.1"}, traps: []int{6, 11, 12, 15, 37},
		proof: "Every master answers as healthy; the data directory is empty, and nothing listens."},
	{stage: model.Join, word: "local-config", who: others,
		title: "Set etcd_proxy, and blank etcd_cluster",
		cites: []string{"5.3"}, traps: []int{16, 17, 18, 19, 20, 22},
		destroys: "the old etcd_cluster and etcd_proxy lines of /etc/clearwater/local_config",
		proof:    "A clean shell that reads /etc/clearwater/config gets the new etcd_proxy and an empty etcd_cluster."},
	{stage: model.Join, word: "etcd", who: others, wait: waitEtcd,
		title:    "Start etcd as a proxy",
		commands: []string{"monit monitor -g etcd"},
		cites:    []string{"5.4", "5.5"}, traps: []int{8, 11, 12, 35},
		proof: "etcd runs and listens on port 4000 of the management address."},
	{stage: model.Join, word: "reached", who: others, wait: waitForm,
		title: "Prove that this node reaches the cluster",
		cites: []string{"5.8"}, traps: []int{34, 37},
		proof: "Through its own proxy the node sees exactly the expected masters healthy, and reads shared_config."},
	{stage: model.Join, word: "config-manager", who: others, wait: waitManager,
		title:    "Start the configuration manager",
		commands: []string{"monit monitor -g clearwater_config_manager"},
		destroys: "configuration files of the node that differ from the published ones",
		cites:    []string{"5.6"}, traps: []int{25, 28, 36},
		proof: "monit shows the configuration manager running."},
	{stage: model.Join, word: "sync", who: others, wait: waitSync,
		title: "Prove that the configuration is synchronised",
		cites: []string{"5.8"}, traps: []int{28, 30, 31},
		proof: "check_config_sync calls every file up to date."},
	{stage: model.Join, word: "queue-manager", who: others, wait: waitManager,
		title:    "Start the queue manager",
		commands: []string{"monit monitor -g clearwater_queue_manager"},
		cites:    []string{"5.7"}, traps: []int{29, 36},
		proof: "monit shows the queue manager running."},
	{stage: model.Join, word: "summary", who: others, wait: waitManager,
		title:    "Read monit's summary",
		commands: []string{"monit summary"},
		cites:    []string{"5.9"}, traps: []int{35, 36},
		proof: "etcd and the two managers run, and the cluster manager does not."},

	{stage: model.Load, word: "ready", who: loader,
		title: "Check that no cluster manager runs and the files are good",
		cites: []string{"6.1"}, traps: []int{39, 42, 43, 44, 45, 46},
		proof: "No cluster manager process is here, no_cluster_manager is, no other has written a value, and the cluster files are valid."},
	{stage: model.Load, word: "chronos", who: loader,
		title:    "Load the Chronos cluster",
		commands: []string{clusterScripts + "load_from_chronos_cluster NODE_TYPE"},
		cites:    []string{"6.1", "6.2"}, traps: []int{40, 41},
		proof: "What was inserted, and what etcd then holds, is the expected set, every node normal."},
	{stage: model.Load, word: "memcached", who: loader,
		title:    "Load the Memcached cluster",
		commands: []string{clusterScripts + "load_from_memcached_cluster NODE_TYPE"},
		cites:    []string{"6.1", "6.3"}, traps: []int{40, 41, 42, 46},
		proof: "What was inserted, and what etcd then holds, is the expected set, every node normal."},
	{stage: model.Load, word: "cassandra", who: cassandraLoader,
		title:    "Load the Cassandra cluster",
		commands: []string{clusterScripts + "load_from_cassandra_cluster NODE_TYPE"},
		cites:    []string{"6.4", "6.5"}, traps: []int{40, 41, 44, 46},
		proof: "What was inserted, and what etcd then holds, is the expected set, every node normal."},
	{stage: model.Load, word: "state", who: loader,
		title:    "Check the cluster state",
		commands: []string{clusterScripts + "check_cluster_state"},
		cites:    []string{"6.6"}, traps: []int{41, 43},
		proof: "check_cluster_state describes each store once and calls each stable."},

	{stage: model.Manage, word: "keys", who: everyone,
		title: "Check every data store value from this node",
		cites: []string{"7.1"}, traps: []int{39, 40, 49, 51},
		proof: "Every expected value is in etcd, with every live Vellum node normal and no stranger."},
	{stage: model.Manage, word: "release", who: everyone,
		title:    "Let the cluster manager start again",
		commands: []string{"rm -f /etc/clearwater/no_cluster_manager"},
		cites:    []string{"7.2"}, traps: []int{48, 50},
		proof: "The file /etc/clearwater/no_cluster_manager is gone."},
	{stage: model.Manage, word: "cluster-manager", who: everyone,
		title:    "Start the cluster manager",
		commands: []string{"monit monitor -g clearwater_cluster_manager"},
		cites:    []string{"7.3"}, traps: []int{39, 48},
		proof: "monit takes the request."},
	{stage: model.Manage, word: "summary", who: everyone, wait: waitManager,
		title:    "Read monit's summary",
		commands: []string{"monit summary"},
		cites:    []string{"7.4"}, traps: []int{36, 49},
		proof: "monit shows the cluster manager running."},

	{stage: model.Finish, word: "ready", who: finisher,
		title: "Check that the cluster manager is up and the values are there",
		cites: []string{"8.2"}, traps: []int{45, 50},
		proof: "The cluster manager runs here, and every data store value is there."},
	{stage: model.Finish, word: "memcached", who: finisher, wait: waitMark,
		title: "Mark the failed Vellum nodes failed in Memcached",
		cites: []string{"8.2"}, traps: []int{43, 50},
		proof: "The Memcached value in etcd no longer holds a failed node."},
	{stage: model.Finish, word: "chronos", who: finisher, wait: waitMark,
		title: "Mark the failed Vellum nodes failed in Chronos",
		cites: []string{"8.2"}, traps: []int{43, 50},
		proof: "The Chronos value in etcd no longer holds a failed node."},
	{stage: model.Finish, word: "cassandra", who: cassandraFinisher,
		title: "Prove that no failed Vellum node is left in Cassandra",
		cites: []string{"8.2"}, traps: []int{44},
		proof: "Neither the Cassandra value in etcd nor nodetool status names a failed node."},
	{stage: model.Finish, word: "state", who: finisher, wait: waitForm,
		title:    "Check the cluster state",
		commands: []string{clusterScripts + "check_cluster_state"},
		cites:    []string{"8.2"}, traps: []int{41, 43},
		proof: "check_cluster_state calls each store stable."},
}
