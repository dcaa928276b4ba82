package golden_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"requorum/model"
	"requorum/render"
)

// lie is a node that is not as the procedure assumes, or a command whose answer
// is not what it seems. Each names the trap that it sets.
type lie struct {
	name   string // the trap first
	golden string // case
	node   string
	stage  model.StageName
	set    string   // bash that sets the trap, on a node for which the stage is due
	as     string   // number of the user who runs the script, if not root
	args   []string // of the script, in place of the usual ones
	status int
	says   []string // in the output, whatever its line breaks
	holds  string   // bash that must succeed afterwards
}

// fake replaces a command, whether the imaginary node has it or the machine.
func fake(command, body string) string {
	return "cat >/world/lie/" + command + " <<'X'\n#!/bin/bash\n" + body + "\nX\nchmod +x /world/lie/" + command +
		"\n[ -e /usr/local/sbin/" + command + " ] || ln -s /world/lie/" + command + " /usr/local/sbin/" + command + "\n"
}

// Commands of Clearwater by their folders.
const (
	three   = "three-live-vellums"
	config  = "/etc/clearwater/local_config"
	chronos = "/etc/chronos/chronos_cluster.conf"
	servers = "/etc/clearwater/cluster_settings"
	intact  = `[ -e /var/lib/clearwater-etcd/.hidden ]`
	held    = `[ -e /etc/clearwater/no_cluster_manager ] && [ ! -e /world/running/clearwater-cluster-manager ]`
	good    = `. /etc/clearwater/config; [ "$etcd_cluster" = 10.0.0.11,10.0.0.12,10.0.0.13 ] && [ -z "$etcd_proxy" ] && [ "$local_ip" = 10.0.0.11 ]`
	proxied = `. /etc/clearwater/config; [ "$etcd_proxy" = 10.0.0.11,10.0.0.12,10.0.0.13 ] && [ -z "$etcd_cluster" ]`
)

var stopLies = []lie{
	{name: "T1 a process outlives monit and its init script", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo 100000 >/world/delay/clearwater-etcd\n" + fake("service", "echo refused"),
		status: 4, says: []string{"seen last: processes: clearwater-etcd 101", "sudo kill -KILL 101"}, holds: intact},
	{name: "T2 monit gives up and the init script helps", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo 100000 >/world/delay/clearwater-config-manager",
		status: 0, says: []string{"run: service clearwater-config-manager stop"}, holds: `[ -z "$(ls -A /var/lib/clearwater-etcd /world/running | grep -v :)" ]`},
	{name: "T3 nothing is monitored but all runs", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "rm /world/monitored/*",
		status: 0, says: []string{"run: service clearwater-etcd stop"}, holds: `[ -z "$(ls /world/running)" ]`},
	{name: "T4 a pid file is stale", golden: three, node: "vellum-1", stage: model.Stop,
		set: "echo 1 >/var/run/clearwater-config-manager.pid", status: 0},
	{name: "T5 a dot-file survives the wipe", golden: three, node: "vellum-1", stage: model.Stop,
		set: fake("find", "exit 0"), status: 3, says: []string{"it holds: .hidden"}},
	{name: "T6 a poll is under way", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo 999 >/world/running/etcd-poll; echo stop $(($(cat /world/time) + 40)) >/world/due/etcd-poll",
		status: 0, says: []string{"now: processes: etcd-poll 999"}},
	{name: "T7 the cluster manager is held before monit is asked", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("monit", `[ "$1" != stop ] || [ -e /etc/clearwater/no_cluster_manager ] || echo late >/world/late; exec /usr/local/sbin/monit "$@"`),
		status: 0, holds: `[ ! -e /world/late ]`},
	{name: "monit does not run", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("monit", "echo 'Monit: the monit daemon is not running'; exit 1"),
		status: 1, says: []string{"service monit start", "Nothing was changed"}, holds: intact},
	{name: "monit refuses a group", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("monit", `if [ "$1" = stop ]; then echo "Group '$3' not found"; exit 1; fi; exec /usr/local/sbin/monit "$@"`),
		status: 3, says: []string{"Group 'etcd' not found"}, holds: intact},
	{name: "no room for the copy", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("df", `echo h; echo "/dev/sda1 1000 990 10 99% /"`),
		status: 1, says: []string{"10 kB free", "Nothing was changed"}, holds: intact},
	{name: "the copy is not the same", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("diff", "echo differ; exit 1"),
		status: 3, says: []string{"they differ"}, holds: intact},
	{name: "nobody confirms", golden: three, node: "vellum-1", stage: model.Stop, args: []string{"stop"},
		status: 1, says: []string{"not confirmed", "Nothing was changed"}, holds: intact},
	{name: "another port keeps listening", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("ss", "echo 'LISTEN 0 128 10.0.0.11:2380 *:*'"),
		status: 4, says: []string{"something listens on port 2380"}, holds: intact},
	{name: "the processes cannot be listed", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("ps", "echo 'ps: cannot read /proc' >&2; exit 1"),
		status: 4, says: []string{"the list of processes cannot be read"}, holds: intact},
	{name: "the sockets cannot be listed", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("ss", "exit 1"),
		status: 4, says: []string{"the list of sockets cannot be read"}, holds: intact},
	{name: "T8 monit is starting etcd", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "rm /world/running/*; echo $(($(cat /world/time) + 60)) >/world/until\n" + fake("ps", `/usr/local/sbin/ps; if [ "$(cat /world/time)" -lt "$(cat /world/until)" ]; then echo "  888 /bin/bash /etc/init.d/clearwater-etcd restart"; fi`),
		status: 0, says: []string{"now: processes: init-script 888"}},
	{name: "monit still watches a service", golden: three, node: "vellum-1", stage: model.Stop,
		set:    fake("monit", `if [ "$1 $3" = "stop clearwater_queue_manager" ]; then rm -f /world/running/clearwater-queue-manager; exit 0; fi; exec /usr/local/sbin/monit "$@"`),
		status: 4, says: []string{"monit shows clearwater_queue_manager_process: Initializing"}, holds: intact},
	{name: "the data folder is a link", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "mv /var/lib/clearwater-etcd /var/lib/elsewhere; ln -s /var/lib/elsewhere /var/lib/clearwater-etcd",
		status: 1, says: []string{"it is a symbolic link", "Nothing was changed"}, holds: `[ -e /var/lib/elsewhere/.hidden ]`},
}

var identityLies = []lie{
	{name: "another node's address", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "sed -i s/10.0.0.11/10.0.0.12/ " + config,
		status: 1, says: []string{"local_ip 10.0.0.12", "Nothing was changed"}, holds: intact},
	{name: "no interface has the address", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo 10.0.0.110 >/world/addresses",
		status: 1, says: []string{"an interface has the address 10.0.0.11"}, holds: intact},
	{name: "another host name only warns", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo elsewhere >/world/hostname",
		status: 0, says: []string{"WARNING: the host name is elsewhere"}},
	{name: "T51 another site name", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "sed -i s/site1/site2/ " + config,
		status: 1, says: []string{"local_site_name site2", "T51"}, holds: intact},
	{name: "T51 another etcd_key", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo etcd_key=other >>" + config,
		status: 1, says: []string{"etcd_key other"}, holds: intact},
	{name: "a broken configuration file", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "echo 'if true' >>/etc/clearwater/shared_config",
		status: 1, says: []string{"syntax error"}, holds: intact},
	{name: "a command is missing", golden: three, node: "vellum-1", stage: model.Stop,
		set:    "rm /usr/local/sbin/clearwater-etcdctl",
		status: 1, says: []string{"the command clearwater-etcdctl is on vellum-1"}, holds: intact},
	{name: "unknown stage", golden: three, node: "vellum-1", stage: model.Stop, args: []string{"join"},
		status: 2, says: []string{"vellum-1 has no part in the stage join"}, holds: intact},
	{name: "a misspelt stage", golden: three, node: "vellum-1", stage: model.Stop, args: []string{"stopp"},
		status: 2, says: []string{"there is no stage stopp"}, holds: intact},
	{name: "not root", golden: three, node: "vellum-1", stage: model.Stop, as: "1",
		status: 1, says: []string{"root runs this script", "Nothing was changed"}, holds: intact},
	{name: "T19 carriage returns all over local_config", golden: three, node: "vellum-1", stage: model.Stop,
		set: "sed -i 's/$/\\r/' " + config, status: 0, says: []string{"carriage returns (T19)"}},
	{name: "unknown flag", golden: three, node: "vellum-1", stage: model.Stop, args: []string{"--force", "stop"},
		status: 2, says: []string{"unknown flag: --force"}, holds: intact},
	{name: "confirmed for another node", golden: three, node: "vellum-1", stage: model.Stop, args: []string{"--yes", "vellum-2", "stop"},
		status: 2, says: []string{"--yes takes the name of this node, vellum-1"}, holds: intact},
	{name: "two stages", golden: three, node: "vellum-1", stage: model.Stop, args: []string{"stop", "config"},
		status: 2, says: []string{"one STAGE at a time"}, holds: intact},
}

var configLies = []lie{
	{name: "T25 shared_config is missing", golden: three, node: "vellum-1", stage: model.Config,
		set:    "rm /etc/clearwater/shared_config",
		status: 1, says: []string{"shared_config is there", "T25"}},
	{name: "T25 shared_config is the built-in default", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo '# No Shared Config has been provided' >/etc/clearwater/shared_config",
		status: 1, says: []string{"it sets none"}},
	{name: "shared_config fails in a shell", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo 'a=b c' >>/etc/clearwater/shared_config",
		status: 1, says: []string{"a shell gets through shared_config"}},
	{name: "T42 new_servers", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo new_servers=10.0.0.11:11211,10.0.0.17:11211 >>" + servers,
		status: 1, says: []string{"new_servers=10.0.0.11:11211", "decide with whoever began the scaling"}},
	{name: "T43 a node is leaving", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/^node = 10.0.0.14/leaving = 10.0.0.14/' " + chronos,
		status: 1, says: []string{"10.0.0.14 is leaving"}},
	{name: "T40 a port in chronos_cluster.conf", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/^node = 10.0.0.12/node = 10.0.0.12:7253/' " + chronos,
		status: 0, says: []string{"is written anew", "not KEY = ADDRESS: node = 10.0.0.12:7253"},
		holds: `grep -q '^node = 10.0.0.12$' ` + chronos + ` && grep -q '^instance_id' ` + chronos},
	{name: "T40 a comment behind an address", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/^node = 10.0.0.12/& # second/' " + chronos,
		status: 0, says: []string{"is written anew"}, holds: `! grep -q second ` + chronos},
	{name: "T40 a tab before the equals sign", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/^node = 10.0.0.12/node\t= 10.0.0.12/' " + chronos,
		status: 0, says: []string{"is written anew"}},
	{name: "T40 this node is not in its own file", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i '/^node = 10.0.0.11/d' " + chronos,
		status: 1, says: []string{"missing: 10.0.0.11 (vellum-1)", "Nothing was changed"}},
	{name: "a stranger in the file", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo 'node = 10.0.0.99' >>" + chronos,
		status: 1, says: []string{"unknown: 10.0.0.99", "correct the inventory and render again"}},
	{name: "identity comes from node_identity", golden: three, node: "vellum-1", stage: model.Config,
		set:    "rm " + chronos + "; echo ffff0000-aaaa-bbbb-cccc-dddddddddddd >/etc/clearwater/node_identity",
		status: 0, holds: `grep -q '^instance_id = 63$' ` + chronos + ` && grep -q '^deployment_id = 7$' ` + chronos},
	{name: "T47 cluster_settings has no ports", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo servers=10.0.0.11,10.0.0.12,10.0.0.13 >" + servers,
		status: 0, says: []string{"not ADDRESS:PORT: '10.0.0.11'"},
		holds: `[ "$(cat ` + servers + `)" = servers=10.0.0.11:11211,10.0.0.12:11211,10.0.0.13:11211,10.0.0.14:11211,10.0.0.15:11211,10.0.0.16:11211 ]`},
	{name: "T40 spaces around the equals sign of servers", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/=/ = /' " + servers,
		status: 0, says: []string{"unknown line: servers = "}},
	{name: "a trailing comma", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i '/^servers/s/$/,/' " + servers,
		status: 0, says: []string{"not ADDRESS:PORT: ''"}},
	{name: "a valid file is not touched", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i '/10.0.0.16/d' " + chronos + "; echo '# a comment' >>" + chronos + "; cp " + chronos + " /world/was",
		status: 0, holds: "cmp " + chronos + " /world/was"},
	{name: "T46 remote_site_name without its file", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo remote_site_name=site2 >>/etc/clearwater/shared_config",
		status: 1, says: []string{"remote_cluster_settings"}},
	{name: "T44 a dead row in Cassandra", golden: "two-sites-cassandra", node: "vellum-1", stage: model.Config,
		set:    "echo DN 10.0.0.14 >>/world/cassandra",
		status: 1, says: []string{"nodetool removenode 0d3a9f2e-7c1b-4e5f-8a6d-000000000006"}},
	{name: "T46 a node of the other site has left Cassandra", golden: "two-sites-cassandra", node: "vellum-1", stage: model.Config,
		set:    "sed -i /10.2.0.18/d /world/cassandra",
		status: 1, says: []string{"missing: 10.2.0.18 (vellum-8)"}},
	{name: "Cassandra cannot be asked", golden: "two-sites-cassandra", node: "vellum-1", stage: model.Config,
		set:    fake("run-in-signaling-namespace", "echo 'nodetool: Failed to connect'; exit 1"),
		status: 1, says: []string{"Failed to connect"}},
	{name: "a broken JSON file", golden: three, node: "sprout-1", stage: model.Config,
		set:    "echo broken >/etc/clearwater/enum.json",
		status: 1, says: []string{"/etc/clearwater/enum.json is valid"}},
	{name: "Clearwater's check of JSON lacks a module", golden: three, node: "sprout-1", stage: model.Config,
		set:    fake("python", "echo 'ImportError: No module named yaml'; exit 1"),
		status: 0, says: []string{"CANNOT TELL whether /etc/clearwater/enum.json is valid"}},
	{name: "a line that Chronos does not know", golden: three, node: "vellum-1", stage: model.Config,
		set:    "echo garbage >>" + chronos,
		status: 0, says: []string{"no KEY = VALUE: garbage", "is written anew"}, holds: `grep -q '^instance_id = 3$' ` + chronos},
	{name: "localhost with a port is legal", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/^localhost = .*/&:7253 # me/' " + chronos + "; cp " + chronos + " /world/was",
		status: 0, holds: "cmp " + chronos + " /world/was"},
	{name: "T19 carriage returns in shared_config", golden: three, node: "vellum-1", stage: model.Config,
		set:    "sed -i 's/$/\\r/' /etc/clearwater/shared_config",
		status: 1, says: []string{"no line of shared_config ends in a carriage return"}},
	{name: "T31 a JSON file outside ASCII", golden: three, node: "sprout-1", stage: model.Config,
		set:    `printf '{"x": "\303\251"}\n' >/etc/clearwater/enum.json`,
		status: 0, says: []string{"WARNING: /etc/clearwater/enum.json has characters outside ASCII"}},
	{name: "T32 an optional XML file is missing", golden: three, node: "sprout-1", stage: model.Config,
		set:    "rm -f /etc/clearwater/shared_ifcs.xml",
		status: 0, says: []string{"shared_ifcs.xml is missing; it is optional"}},
	{name: "a broken XML file", golden: three, node: "sprout-1", stage: model.Config,
		set:    fake("cw-validate_shared_ifcs_xml", "echo 'The shared iFC sets file is invalid.' >&2; exit 3"),
		status: 1, says: []string{"The shared iFC sets file is invalid."}},
	{name: "no xmllint on the node", golden: three, node: "sprout-1", stage: model.Config,
		set:    fake("cw-validate_shared_ifcs_xml", "exit 127"),
		status: 0, says: []string{"CANNOT TELL"}},
	{name: "T24 another shared_config is replaced by the known-good one", golden: "known-good-config", node: "vellum-1", stage: model.Config,
		set:    "echo other=1 >/etc/clearwater/shared_config",
		status: 0, says: []string{"copy: /etc/clearwater/shared_config"},
		holds: `grep -q 'with a tab	here' /etc/clearwater/shared_config && grep -q other=1 /var/backups/requorum/*/*-config/etc/clearwater/shared_config`},
}

// roleLies are the shapes of local_config that T16 to T21 tell of; each must end
// with the right value, or be refused untouched.
var roleLies = []lie{
	{name: "T16 both roles set", golden: three, node: "vellum-1", stage: model.Create,
		set: "echo etcd_proxy=192.0.2.7 >>" + config, status: 0, holds: good},
	{name: "T16 both roles set on a proxy", golden: three, node: "bono-1", stage: model.Join,
		set: "echo etcd_proxy=192.0.2.7 >>" + config, status: 0, holds: proxied},
	{name: "T17 spaces behind the commas", golden: three, node: "vellum-1", stage: model.Create,
		set: "sed -i 's/^etcd_cluster=.*/etcd_cluster=192.0.2.1, 192.0.2.2/' " + config, status: 0, holds: good},
	{name: "T17 spaces around the equals sign", golden: three, node: "vellum-1", stage: model.Create,
		set: "sed -i 's/^etcd_cluster=/  etcd_cluster = /' " + config, status: 0, holds: good + ` && ! grep -q 'etcd_cluster = ' ` + config},
	{name: "T18 no end of the last line", golden: three, node: "vellum-1", stage: model.Create,
		set: "printf last=1 >>" + config, status: 0, holds: good + ` && [ "$last" = 1 ]`},
	{name: "T18 no end of the last line, roles right", golden: three, node: "vellum-1", stage: model.Create,
		set:    "sed -i /^etcd_cluster/d " + config + "; printf 'etcd_proxy=\netcd_cluster=10.0.0.11,10.0.0.12,10.0.0.13' >>" + config,
		status: 0, holds: good + ` && [ -z "$(tail -c 1 ` + config + `)" ]`},
	{name: "T19 carriage returns all over local_config, in create", golden: three, node: "vellum-1", stage: model.Create,
		set: "sed -i 's/$/\\r/' " + config, status: 0, says: []string{"carriage returns (T19)"}, holds: good + ` && ! grep -q $'\r' ` + config},
	{name: "a second assignment on the line", golden: three, node: "vellum-1", stage: model.Create,
		set: "echo 'etcd_proxy=192.0.2.7; node_idx=3' >>" + config, status: 1, says: []string{"on a line of local_config of their own", "Nothing was changed"}},
	{name: "T19 carriage returns", golden: three, node: "vellum-1", stage: model.Create,
		set: "sed -i '/^etcd_cluster/s/$/\\r/' " + config, status: 0, says: []string{"T19"}, holds: good + ` && ! grep -q $'\r' ` + config},
	{name: "T20 duplicate and commented assignments", golden: three, node: "vellum-1", stage: model.Create,
		set:    "printf 'etcd_cluster=192.0.2.8\n#etcd_cluster=192.0.2.9\nexport etcd_cluster=192.0.2.10\n' >>" + config,
		status: 0, holds: good + ` && grep -q '^#etcd_cluster=192.0.2.9' ` + config},
	{name: "T20 user_settings would win", golden: three, node: "vellum-1", stage: model.Create,
		set:    "echo etcd_cluster=192.0.2.8 >/etc/clearwater/user_settings",
		status: 1, says: []string{"user_settings", "Nothing was changed"}},
	{name: "T20 shared_config sets the other role", golden: three, node: "vellum-1", stage: model.Create,
		set: "echo etcd_proxy=192.0.2.8 >>/etc/clearwater/shared_config", status: 0, holds: good},
	{name: "a value that goes on in the next line", golden: three, node: "vellum-1", stage: model.Create,
		set:    "printf 'etcd_cluster=\"192.0.2.1,\n192.0.2.2\"\n' >>" + config,
		status: 1, says: []string{"on a line of local_config of their own", "Nothing was changed"}},
	{name: "local_config is a link", golden: three, node: "vellum-1", stage: model.Create,
		set:    "mv " + config + " /etc/clearwater/real; ln -s real " + config,
		status: 1, says: []string{"symbolic link"}},
	{name: "owner and mode stay", golden: three, node: "vellum-1", stage: model.Create,
		set: "chown 7:8 " + config + "; chmod 640 " + config, status: 0, holds: good + ` && [ "$(stat -c '%u %g %a' ` + config + `)" = '7 8 640' ]`},
	{name: "right already", golden: three, node: "vellum-1", stage: model.Create,
		set:    "sed -i 's/^etcd_cluster=.*/etcd_cluster=10.0.0.11,10.0.0.12,10.0.0.13/' " + config + "; cp " + config + " /world/was",
		status: 0, says: []string{"local_config says it already"}, holds: "cmp " + config + " /world/was"},
}

var formLies = []lie{
	{name: "T10 old data on a master to be", golden: three, node: "vellum-1", stage: model.Create,
		set: "mkdir -p /var/lib/clearwater-etcd/10.0.0.11/member; touch -d 2026-01-01 /var/lib/clearwater-etcd/10.0.0.11", status: 1,
		says: []string{"sudo bash vellum-1.sh stop", "Nothing was changed"}},
	{name: "T10 old data under the new local_config, before any stop of this plan", golden: three, node: "vellum-1", stage: model.Create,
		set: `mkdir -p /var/lib/clearwater-etcd/10.0.0.11/member; sed -i 's/^etcd_cluster=.*/etcd_cluster=10.0.0.11,10.0.0.12,10.0.0.13/' ` + config, status: 1,
		says: []string{"it holds: 10.0.0.11", "Nothing was changed"}},
	{name: "T14 a second stop was cut off before its wipe", golden: three, node: "vellum-1", stage: model.Confirm,
		set: "rm -f /world/running/* /world/monitored/* /var/backups/requorum/begun", args: []string{"create"}, status: 1,
		says: []string{"if no other master has started yet", "sudo bash vellum-1.sh stop"}},
	{name: "T13 a marker without data", golden: three, node: "bono-1", stage: model.Join,
		set: "touch /var/lib/clearwater-etcd/clustered_successfully", status: 1, says: []string{"it holds: clustered_successfully"}},
	{name: "T16 etcd refuses to start", golden: three, node: "vellum-1", stage: model.Create,
		set:    "mkdir -p /var/log/clearwater-etcd; echo 'Cannot specify both etcd_cluster and etcd_proxy' >/var/log/clearwater-etcd/clearwater-etcd-initd.log\n" + fake("ps", "echo 1 init"),
		status: 4, says: []string{"vellum-1| Cannot specify both"}},
	{name: "T34 healthy with a member missing", golden: three, node: "vellum-1", stage: model.Confirm,
		set: fake("clearwater-etcdctl", `if [ "$1" = cluster-health ]; then
echo 'member 1 is healthy: got healthy result from http://10.0.0.11:4000'
echo 'member 2 is healthy: got healthy result from http://10.0.0.12:4000'
echo 'member 3 is unreachable: no available published client urls'
echo 'cluster is healthy'
else exec /usr/local/sbin/clearwater-etcdctl "$@"; fi`),
		status: 4, says: []string{"not healthy: 10.0.0.13 (vellum-3)", "Nothing was changed"}, holds: held},
	{name: "T34 a fourth member is unhealthy", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("clearwater-etcdctl", `/usr/local/sbin/clearwater-etcdctl "$@"; if [ "$1" = cluster-health ]; then echo 'member 4 is unhealthy: got unhealthy result from http://10.0.0.14:4000'; fi`),
		status: 4, says: []string{"member 4 is unhealthy"}, holds: held},
	{name: "T34 a listed member has never started", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("clearwater-etcdctl", `/usr/local/sbin/clearwater-etcdctl "$@" | sed '/^3: /s/clientURLs=[^ ]*/clientURLs=/'`),
		status: 4, says: []string{"a member that has never started"}, holds: held},
	{name: "no leader", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("clearwater-etcdctl", `/usr/local/sbin/clearwater-etcdctl "$@" | sed s/isLeader=true/isLeader=false/`),
		status: 4, says: []string{"0 leaders"}, holds: held},
	{name: "etcd 2.2.5 names no leader", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("clearwater-etcdctl", `/usr/local/sbin/clearwater-etcdctl "$@" | sed 's/ isLeader=.*//'; exit ${PIPESTATUS[0]}`),
		status: 0},
	{name: "T10 a master gives other keys", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("curl", `case "$*" in *10.0.0.13*) echo '{"action":"get","node":{"old":1}}' ;; *) exec /usr/local/sbin/curl "$@" ;; esac`),
		status: 4, says: []string{"10.0.0.13 (vellum-3) gives other keys than 10.0.0.11 (vellum-1)", "still has old data", "do: start from the beginning"}, holds: held},
	{name: "T33 a master is minutes late", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    "echo $(($(cat /world/time) + 120)) >/world/late\n" + fake("curl", `case "$*" in *10.0.0.13*) if [ "$(cat /world/time)" -lt "$(cat /world/late)" ]; then exit 7; fi ;; esac; exec /usr/local/sbin/curl "$@"`),
		status: 0, says: []string{"10.0.0.13 (vellum-3) does not give its keys"}},
	{name: "T25 another master before the source", golden: three, node: "vellum-2", stage: model.Confirm,
		set: "rm /world/keys/*", status: 1, says: []string{"do the stage confirm on vellum-1 first", "Nothing was changed"}, holds: held},
	{name: "T25 another configuration was published", golden: three, node: "vellum-2", stage: model.Confirm,
		set: "echo other=1 >/world/keys/,clearwater,site1,configuration,shared_config", status: 1,
		says: []string{"etcd holds another shared_config than this node"}, holds: held + " && ! grep other /etc/clearwater/shared_config"},
	{name: "T30 check_config_sync crashes at first", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    "echo 0 >/world/tries\n" + fake("check_config_sync", `n=$(cat /world/tries); echo $((n + 1)) >/world/tries; if [ "$n" -lt 3 ]; then echo 'Traceback (most recent call last):'; exit 1; fi; exec /usr/share/clearwater/clearwater-config-manager/scripts/check_config_sync`),
		status: 0, says: []string{"Traceback"}},
	{name: "T30 never in sync", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("check_config_sync", "echo ' - /etc/clearwater/shared_config is up to date'; echo ' - /etc/clearwater/dns.json is present but is out of sync'; exit 1"),
		status: 4, says: []string{"dns.json is present but is out of sync"}},
	{name: "T30 a crash after the first lines", golden: three, node: "vellum-1", stage: model.Confirm,
		set:    fake("check_config_sync", "echo ' - /etc/clearwater/shared_config is up to date'; echo 'Traceback (most recent call last):'; exit 1"),
		status: 4, says: []string{"Traceback"}},
	{name: "check_config_sync says nothing", golden: three, node: "vellum-1", stage: model.Confirm,
		set: fake("check_config_sync", "exit 0"), status: 4},
	{name: "T31 out of sync for its characters alone", golden: three, node: "sprout-1", stage: model.Join,
		set: `printf '{"x": "\303\251"}\n' >/etc/clearwater/enum.json
` + fake("check_config_sync", `/usr/share/clearwater/clearwater-config-manager/scripts/check_config_sync | sed 's/enum.json is up to date/enum.json is present but is out of sync/'; exit 1`),
		status: 0},
	{name: "T39 the cluster manager runs too early", golden: three, node: "vellum-1", stage: model.Confirm,
		set: "echo 77 >/world/running/clearwater-cluster-manager; touch /world/monitored/clearwater_cluster_manager", status: 4,
		says: []string{"the cluster manager was started too early (T39)"}},
	{name: "T37 the masters do not answer", golden: three, node: "bono-1", stage: model.Join,
		set: fake("curl", "echo 'curl: (7) Failed to connect'; exit 7"), status: 1, says: []string{"10.0.0.11 (vellum-1): curl: (7)", "Nothing was changed"}},
	{name: "T28 another shared_config is kept before it is overwritten", golden: three, node: "bono-1", stage: model.Join,
		set: "echo mine=1 >/etc/clearwater/shared_config", status: 0, says: []string{"T28"},
		holds: `grep -q mine=1 /var/backups/requorum/*/*-join/etc/clearwater/shared_config && ! grep -q mine=1 /etc/clearwater/shared_config`},
}

var storeLies = []lie{
	{name: "T41 Update failed with exit status 0", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("load_from_chronos_cluster", `echo 'Inserting data {"10.0.0.11": "normal", "10.0.0.12": "normal", "10.0.0.13": "normal"} into etcd key /clearwater/site1/vellum/clustering/chronos'; echo 'Update failed'`),
		status: 3, says: []string{"Update failed", "T41"}, holds: held},
	{name: "T41 Update failed although the value is there", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("load_from_chronos_cluster", `/usr/share/clearwater/clearwater-cluster-manager/scripts/load_from_chronos_cluster "$@" | sed 's/Update succeeded/Update failed/'`),
		status: 3, says: []string{"seen: status 0: Inserting data", "T41"}, holds: held},
	{name: "T41 an empty value with exit status 0", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("load_from_memcached_cluster", `echo 'Inserting data {} into etcd key /clearwater/site1/vellum/clustering/memcached'; echo 'Update succeeded'`),
		status: 3, says: []string{"missing in memcached: 10.0.0.11 (vellum-1)"}, holds: held},
	{name: "T40 a port in what was inserted", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("load_from_chronos_cluster", `echo 'Inserting data {"10.0.0.11:7253": "normal", "10.0.0.12": "normal", "10.0.0.13": "normal"} into etcd key /clearwater/site1/vellum/clustering/chronos'; echo 'Update succeeded'`),
		status: 3, says: []string{"missing in chronos: 10.0.0.11 (vellum-1)"}, holds: held},
	{name: "T51 inserted under another key", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("load_from_chronos_cluster", `echo 'Inserting data {"10.0.0.11": "normal", "10.0.0.12": "normal", "10.0.0.13": "normal"} into etcd key /clearwater/site2/vellum/clustering/chronos'; echo 'Update succeeded'`),
		status: 3, says: []string{"inserted into key '/clearwater/site2/vellum/clustering/chronos'"}, holds: held},
	{name: "the value does not arrive", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("load_from_chronos_cluster", `echo 'Inserting data {"10.0.0.11": "normal", "10.0.0.12": "normal", "10.0.0.13": "normal"} into etcd key /clearwater/site1/vellum/clustering/chronos'; echo 'Update succeeded'`),
		status: 3, says: []string{"Key not found"}, holds: held},
	{name: "the load crashes", golden: three, node: "vellum-1", stage: model.Load,
		set: fake("load_from_memcached_cluster", "echo 'Traceback (most recent call last):'; exit 1"), status: 3, says: []string{"Traceback"}, holds: held},
	{name: "T41 check_cluster_state knows no cluster", golden: three, node: "vellum-1", stage: model.Load,
		set: fake("check_cluster_state", "echo 'This node should be in the Chronos and Memcached clusters.'"), status: 3, says: []string{"no stable chronos cluster"}, holds: held},
	{name: "T43 check_cluster_state calls a cluster unstable", golden: three, node: "vellum-1", stage: model.Load,
		set:    fake("check_cluster_state", "echo 'Describing the Chronos cluster:'; echo '  The cluster is stable.'; echo 'Describing the Memcached cluster:'; echo '  The cluster is *not* stable.'; exit 1"),
		status: 3, says: []string{"no stable memcached cluster"}, holds: held},
	{name: "T39 an empty value is there already", golden: three, node: "vellum-1", stage: model.Load,
		set: "echo '{}' >/world/keys/,clearwater,site1,vellum,clustering,chronos", status: 1, says: []string{"a cluster manager has run somewhere", "Nothing was changed"}},
	{name: "T39 a cluster manager runs", golden: three, node: "vellum-1", stage: model.Load,
		set: "echo 77 >/world/running/clearwater-cluster-manager", status: 1, says: []string{"a cluster manager runs", "Nothing was changed"}},
	{name: "T42 new_servers came after the stage config", golden: three, node: "vellum-1", stage: model.Load,
		set: "echo new_servers=10.0.0.11:11211 >>" + servers, status: 1, says: []string{"Nothing was changed"}},
	{name: "T44 Cassandra has an unreachable node", golden: "two-sites-cassandra", node: "vellum-1", stage: model.Load,
		set:    fake("run-in-signaling-namespace", `/usr/share/clearwater/bin/run-in-signaling-namespace "$@"; if [ "$2" = describecluster ]; then echo '		UNREACHABLE: [10.0.0.14]'; fi`),
		status: 1, says: []string{"UNREACHABLE", "T44"}},
	{name: "T39 manage before load", golden: three, node: "vellum-2", stage: model.Manage,
		set: "rm /world/keys/*clustering*", status: 1, says: []string{"T39", "Nothing was changed"}, holds: held},
	{name: "T40 manage with this node missing from a value", golden: three, node: "vellum-2", stage: model.Manage,
		set:    `sed -i 's/"10.0.0.12": "normal", //' /world/keys/,clearwater,site1,vellum,clustering,memcached`,
		status: 1, says: []string{"missing in memcached: 10.0.0.12 (vellum-2)"}, holds: held},
	{name: "T40 manage of a proxy with a wrong value", golden: three, node: "bono-1", stage: model.Manage,
		set:    `sed -i 's/"10.0.0.12": "normal"/"10.0.0.12": "joining"/' /world/keys/,clearwater,site1,vellum,clustering,memcached`,
		status: 1, says: []string{"10.0.0.12 (vellum-2) is joining in memcached"}, holds: held},
	{name: "the cluster manager does not come up", golden: three, node: "vellum-1", stage: model.Manage,
		set:    fake("monit", `if [ "$1" = monitor ]; then exit 0; fi; exec /usr/local/sbin/monit "$@"`),
		status: 4, says: []string{"clearwater_cluster_manager_process: Not monitored"}},
	{name: "a failed node cannot leave", golden: three, node: "vellum-1", stage: model.Finish,
		set: fake("cw-mark_node_failed", "echo 'Not in cluster - no work required'"), status: 4,
		says: []string{"still in memcached: 10.0.0.14 (vellum-4), 10.0.0.15 (vellum-5), 10.0.0.16 (vellum-6)"}},
	{name: "confirm again after manage", golden: three, node: "vellum-1", stage: model.Finish, args: []string{"confirm"},
		status: 0, says: []string{"the stage manage is done here already"}},
	{name: "confirm after a change with cw-config", golden: three, node: "vellum-1", stage: model.Finish, args: []string{"confirm"},
		set:    "echo later=1 >>/world/keys/,clearwater,site1,configuration,shared_config",
		status: 1, says: []string{"the configuration was changed since the stage manage", "Nothing was changed"}},
	{name: "create again after manage", golden: three, node: "vellum-1", stage: model.Finish, args: []string{"create"},
		status: 0, says: []string{"this stage goes on where it was left", "local_config says it already"}},
	{name: "config after manage writes no cluster file", golden: three, node: "vellum-1", stage: model.Finish,
		set: "echo garbage >>" + chronos, args: []string{"config"},
		status: 1, says: []string{"no cluster manager runs while a cluster file is written", "Nothing was changed"}, holds: "grep -q garbage " + chronos},
	{name: "finish before manage", golden: three, node: "vellum-1", stage: model.Finish,
		set: "rm /world/running/clearwater-cluster-manager", status: 1, says: []string{"the cluster manager runs on this node", "Nothing was changed"}},
	{name: "a stray failed node in Cassandra", golden: "two-sites-cassandra", node: "vellum-1", stage: model.Finish,
		set: "echo DN 10.0.0.14 >>/world/cassandra", status: 3, says: []string{"removenode"}},
}

// TestLies sets each trap for the script under real bash: it must refuse, or do
// the right thing all the same, and what it says must be true.
func TestLies(t *testing.T) {
	needRoot(t)
	known := &snapshots{dir: t.TempDir()}
	builds := map[string]built{}
	all := slices.Concat(stopLies, identityLies, configLies, roleLies, formLies, storeLies, formatLies())
	for _, l := range all {
		b, ok := builds[l.golden]
		if !ok {
			b.plan, b.bundle = build(t, l.golden)
			builds[l.golden] = b
		}
		t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			l.check(t, b, known)
		})
	}
}

// snapshots keeps a copy of each node as it is when a stage is due, since many
// lies begin there.
type snapshots struct {
	dir   string
	known sync.Map // "CASE NODE STAGE" to *snapshot
}

type snapshot struct {
	once sync.Once
	root string // empty if the making failed
}

// world gives a node of its own to a test: the copy of one that is made once.
func (k *snapshots) world(t testing.TB, l lie, make func() *world) *world {
	t.Helper()
	key := l.golden + "," + l.node + "," + string(l.stage)
	v, _ := k.known.LoadOrStore(key, &snapshot{})
	snap := v.(*snapshot)
	snap.once.Do(func() {
		w := make()
		root := filepath.Join(k.dir, key)
		copyTree(t, w.root, root)
		snap.root = root
	})
	if snap.root == "" {
		t.Fatalf("%s could not be reached; see the test that tried first", key)
	}
	root := t.TempDir()
	copyTree(t, snap.root+"/.", root)
	return &world{t: t, root: root, node: l.node, script: "/root/" + l.node + ".sh"}
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

type built struct {
	plan   *model.Plan
	bundle *render.Bundle
}

func (l lie) check(t *testing.T, b built, known *snapshots) {
	i := slices.IndexFunc(b.bundle.Scripts, func(s render.Script) bool { return s.Node == l.node })
	s := b.bundle.Scripts[i]
	w := known.world(t, l, func() *world {
		w := newWorld(t, b.plan, s)
		w.reach(b.plan, s, l.stage)
		return w
	})
	if l.set != "" {
		w.shell(l.set)
	}
	before := w.state()
	args := l.args
	if args == nil {
		args = []string{"--yes", l.node, string(l.stage)}
	}
	command := append([]string{"/bin/bash", w.script}, args...)
	if l.as != "" {
		command = append([]string{"setpriv", "--reuid", l.as, "--clear-groups"}, command...)
	}
	out, status := w.run(command...)
	if status != l.status {
		t.Fatalf("status %d, want %d\n%s", status, l.status, out)
	}
	for _, want := range l.says {
		if !strings.Contains(unwrapped(out, l.node), want) {
			t.Errorf("the output does not say %q\n%s", want, out)
		}
	}
	if after := w.state(); status == 1 && after != before {
		t.Errorf("refused, but the node was changed\nbefore:\n%s\nafter:\n%s\n%s", before, after, out)
	}
	if strings.Contains(out, "STOPPED") {
		t.Errorf("no verdict\n%s", out)
	}
	if l.holds != "" {
		w.shell(l.holds)
	}
}

// unwrapped joins the lines that the script has wrapped.
func unwrapped(out, node string) string {
	return strings.ReplaceAll(out, "\n"+node+":   ", " ")
}

// formatLies runs the judgements over monit's summary in its three forms (T36):
// each goes through when all is well, and refuses when a manager is down.
func formatLies() []lie {
	var list []lie
	for _, format := range []string{"5.18", "5.33", "5.8"} {
		set := "echo " + format + " >/world/format\n"
		list = append(list,
			lie{name: "T36 all well in the form of monit " + format, golden: three, node: "vellum-1", stage: model.Confirm, set: set, status: 0},
			lie{name: "T36 cluster manager up in the form of monit " + format, golden: three, node: "vellum-2", stage: model.Manage, set: set, status: 0},
			lie{name: "T36 queue manager down in the form of monit " + format, golden: three, node: "vellum-1", stage: model.Confirm,
				set:    set + fake("monit", `if [ "$1 $3" = "monitor clearwater_queue_manager" ]; then touch /world/monitored/clearwater_queue_manager; exit 0; fi; exec /usr/local/sbin/monit "$@"`),
				status: 4, says: []string{"clearwater_queue_manager_process: Initializing"}})
	}
	return list
}
