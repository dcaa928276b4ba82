package check

import (
	"slices"
	"strings"
)

var callRules = []rule{
	{id: "unknown-command", forbids: "a command that is not on the list", instead: "use a listed command, or a function of the script",
		why: "Every command that a script calls is on a list with its reason, so that a reviewer knows what the node needs and what can happen. sed, awk, grep, perl and xargs are not: scripts take text apart in bash itself, so that no value ends up in the program of another tool."},
	{id: "refused-builtin", forbids: "a builtin that scripts may not use", instead: "do without",
		why: "The rehearsal has no such builtin, or bash and the rehearsal differ on it, or it hides what the script does."},
	{id: "refused-argument", forbids: "an argument that makes a command change what nobody asked for", instead: "leave it out",
		why: "Some programs that only look can also write, delete or run another program. The list of commands names the arguments that do, or all the ways in which it may be called."},
	{id: "computed-command", forbids: "a command that is not written out", instead: "write the command out",
		why: "A reader and the checks must see what is run. Only the few functions that run the command in their arguments may do so, and the checks look at what they are given."},
	{id: "program-text", forbids: "a program for another shell that is not literal", instead: "write the program out in single quotes, or a function's name for a trap; hand values over as arguments",
		why: "What another shell runs is a program within the program. It is parsed and checked like the script itself, which needs its whole text."},
	{id: "sourced-file", forbids: "a file is read as commands that is not on the list", instead: "read only Clearwater's own configuration files",
		why: "A sourced file runs with the rights of the script."},
	{id: "duplicate-function", forbids: "a function is declared twice", instead: "give one of the two another name",
		why: "The later one silently takes the place of the earlier one."},
	{id: "shadowed-command", forbids: "a function has the name of a command", instead: "give the function another name",
		why: "Every call of the command would run the function."},
}

// command is one that scripts may call.
type command struct {
	name    string
	builtin bool
	why     string
	never   []string // arguments that no script may give it
	forms   []string // its arguments as they may stand in a script; any if there are none
}

// anyArgument in a command's list means that it may have none.
const anyArgument = "*"

// commands lists every command that a script may call. What is not a builtin is
// on every Clearwater node: a package of Ubuntu 14.04's base, or Clearwater's own.
var commands = []command{
	{name: ":", builtin: true, why: "does nothing"},
	{name: ".", builtin: true, why: "reads Clearwater's configuration in a clean shell"},
	{name: "[", builtin: true, why: "tests"},
	{name: "break", builtin: true, why: "leaves a loop"},
	{name: "command", builtin: true, why: "command -v tells whether a program is there"},
	{name: "continue", builtin: true, why: "goes on in a loop"},
	{name: "exit", builtin: true, why: "ends with the contract's statuses"},
	{name: "false", builtin: true, why: "fails"},
	{name: "printf", builtin: true, why: "prints any text as it is"},
	{name: "read", builtin: true, why: "reads a line"},
	{name: "return", builtin: true, why: "ends a function"},
	{name: "set", builtin: true, why: "strict mode"},
	{name: "shift", builtin: true, why: "takes arguments one by one"},
	{name: "shopt", builtin: true, why: "nullglob and dotglob"},
	{name: "trap", builtin: true, why: "says a verdict at an unforeseen end"},
	{name: "true", builtin: true, why: "succeeds"},
	{name: "unset", builtin: true, why: "forgets a variable"},
	{name: "wait", builtin: true, why: "waits for what runs side by side"},

	{name: "bash", why: "runs the script itself again, under the lock; its version", forms: []string{`"$0" --locked "$@"`, "--version"}},
	{name: "cat", why: "prints a file"},
	{name: "chmod", why: "gives a written file its mode"},
	{name: "cmp", why: "compares two files"},
	{name: "cp", why: "copies what is about to be destroyed"},
	{name: "date", why: "clock for waits and for the names of copies", never: []string{"-s", "--set"}},
	{name: "df", why: "room for the copies"},
	{name: "diff", why: "proves a copy, shows a difference"},
	{name: "du", why: "size of what is to be copied"},
	{name: "env", why: "a clean environment for Clearwater's configuration files"},
	{name: "flock", why: "one run at a time; the kernel frees the lock when the run ends, however it ends", forms: []string{
		`-n /var/run/requorum.lock bash "$0" --locked "$@"`,
		`-n /var/run/requorum.lock true`,
		`-w 660 /var/run/requorum.lock true`,
	}},
	{name: "find", why: "empties the etcd data directory, dot-files too",
		never: []string{"-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"}},
	{name: "hostname", why: "whether this is the node; a different name only warns", never: []string{anyArgument}},
	{name: "id", why: "whether root runs the script"},
	{name: "ls", why: "what a directory holds"},
	{name: "mkdir", why: "the folder of the copies"},
	{name: "mv", why: "puts a written file in place in one step"},
	{name: "ps", why: "processes of etcd and the managers"},
	{name: "rm", why: "the procedure's own wipe, and no_cluster_manager"},
	{name: "sh", why: "reads Clearwater's configuration as Clearwater does, in a shell of its own"},
	{name: "sha256sum", why: "digests to compare"},
	{name: "sleep", why: "the pause of a wait"},
	{name: "sort", why: "order for comparing", never: []string{"-o", "--output", "--compress-program"}},
	{name: "stat", why: "owner and mode of a file"},
	{name: "sync", why: "what was written is on the disk before anything is destroyed", never: []string{anyArgument}},
	{name: "tail", why: "the end of a log", never: []string{"-f", "-F", "--follow"}},
	{name: "timeout", why: "bounds every command that may hang", never: []string{"-s", "-k"}},
	{name: "tar", why: "packs the archive", forms: []string{`-czf "$archive" -C /var/log/requorum "$NODE.archive"`}},
	{name: "touch", why: "no_cluster_manager"},
	{name: "wc", why: "lines of the journal"},

	{name: "curl", why: "asks each etcd by itself; never writes", forms: []string{
		`-s -S -m 8 --noproxy '*' "http://$master:4000/v2/keys/?recursive=true&sorted=true"`,
		`-s -S -m 8 --noproxy '*' "http://$master:4000/health"`,
		`-s -S -m 8 --noproxy '*' "http://$MANAGEMENT_IP:4000/v2/keys/?recursive=true&sorted=true"`,
		`-s -S -m 8 --noproxy '*' "http://$1:4000/v2/keys/?recursive=true&sorted=true"`,
		`-s -S -m 6 --noproxy '*' "http://$1:4000/health"`,
		`-s -S -m 6 --noproxy '*' "http://$address:4000/v2/members"`,
		`-s -S -m 6 --noproxy '*' "http://$MANAGEMENT_IP:4000/version"`,
		`-s -S -v -i --connect-timeout 3 -m 6 --noproxy '*' "http://$1:4000/v2/members"`,
		`-s -S -v --connect-timeout 3 -m 6 --noproxy '*' "http://$1:2380/members"`,
	}},
	{name: "ip", why: "addresses of this node",
		never: []string{"add", "append", "change", "del", "delete", "flush", "replace", "set"}},
	{name: "pgrep", why: "processes by name"},
	{name: "ss", why: "who listens on etcd's ports", never: []string{"-K", "--kill", "-D", "--diag"}},

	{name: "monit", why: "the procedure's own: stops, starts and shows the services", forms: []string{
		"summary", "status", "-V", `-g "$group" summary`,
		"stop -g etcd", "monitor -g etcd",
		"stop -g clearwater_cluster_manager", "monitor -g clearwater_cluster_manager",
		"stop -g clearwater_config_manager", "monitor -g clearwater_config_manager",
		"stop -g clearwater_queue_manager", "monitor -g clearwater_queue_manager",
	}},
	{name: "service", why: "the init script of a service that monit has given up on", forms: []string{
		`"$service" stop`,
		"clearwater-etcd stop", "clearwater-cluster-manager stop", "clearwater-config-manager stop", "clearwater-queue-manager stop",
	}},
	{name: "clearwater-etcdctl", why: "the procedure's own: health, members and keys of the cluster",
		never: []string{"backup", "exec-watch", "import", "mk", "mkdir", "rm", "rmdir", "set", "setdir", "update", "updatedir",
			"add", "remove", "enable", "disable"}},
	{name: "cw-mark_node_failed", why: "next steps: takes a failed node out of a data store"},
	{name: "cw-validate_fallback_ifcs_xml", why: "the procedure's own check of fallback_ifcs.xml"},
	{name: "cw-validate_shared_ifcs_xml", why: "the procedure's own check of shared_ifcs.xml"},
	{name: "nodetool", why: "the procedure's own: state of Cassandra",
		never: []string{"assassinate", "cleanup", "clearsnapshot", "decommission", "drain", "flush", "move", "rebuild", "removenode", "repair", "stopdaemon"}},
	{name: "/usr/share/clearwater/clearwater-config-manager/env/bin/python", why: "runs Clearwater's own check of the JSON files, with the modules that it needs", never: []string{"-c", "-m", "-"}},
	{name: "xmllint", why: "checks an XML file"},
	{name: "/usr/share/clearwater/bin/run-in-signaling-namespace", why: "runs nodetool where Cassandra listens"},
	{name: clusterScripts + "check_cluster_state", why: "the procedure's own: state of the data stores"},
	{name: clusterScripts + "load_from_cassandra_cluster", why: "the procedure's own: loads the Cassandra value"},
	{name: clusterScripts + "load_from_chronos_cluster", why: "the procedure's own: loads the Chronos value"},
	{name: clusterScripts + "load_from_memcached_cluster", why: "the procedure's own: loads the Memcached value"},
	{name: configScripts + "check_config_sync", why: "the procedure's own: is the configuration in sync"},
}

const (
	clusterScripts = "/usr/share/clearwater/clearwater-cluster-manager/scripts/"
	configScripts  = "/usr/share/clearwater/clearwater-config-manager/scripts/"
)

// refusedBuiltins are the builtins that scripts may not call.
var refusedBuiltins = []struct{ name, why string }{
	{"alias", "scripts do not expand aliases; declare a function"},
	{"bg", "there is no job control in a script"},
	{"bind", "it is for interactive shells"},
	{"builtin", "call the builtin itself"},
	{"caller", "it is missing in the rehearsal"},
	{"cd", "write whole paths, so that every command says what it works on"},
	{"compgen", "it is for interactive shells"},
	{"complete", "it is for interactive shells"},
	{"compopt", "it is for interactive shells"},
	{"dirs", "write whole paths"},
	{"disown", "nothing may outlive its stage"},
	{"echo", "it takes some texts for options; use printf '%s\\n'"},
	{"enable", "it is missing in the rehearsal"},
	{"eval", "it runs text as commands"},
	{"exec", "the rehearsal fires the EXIT trap after it, bash does not"},
	{"fc", "it is for interactive shells"},
	{"fg", "there is no job control in a script"},
	{"getopts", "take the arguments apart with case and shift"},
	{"hash", "it does nothing in the rehearsal; use command -v"},
	{"help", "it is for interactive shells"},
	{"history", "it is for interactive shells"},
	{"jobs", "there is no job control in a script"},
	{"kill", "it is missing in the rehearsal; stop services by monit or service"},
	{"logout", "use exit"},
	{"mapfile", "${#NAME[@]} fails after it in the rehearsal; use while read -r"},
	{"popd", "write whole paths"},
	{"pushd", "write whole paths"},
	{"pwd", "write whole paths"},
	{"readarray", "${#NAME[@]} fails after it in the rehearsal; use while read -r"},
	{"source", "it is . under another name"},
	{"suspend", "it is for interactive shells"},
	{"test", "write [ ] or [[ ]]"},
	{"times", "its output changes from run to run"},
	{"type", "use command -v"},
	{"ulimit", "it is missing in the rehearsal"},
	{"umask", "it is missing in the rehearsal; use mkdir -m and chmod"},
	{"unalias", "scripts do not expand aliases"},
}

// sourcedFiles may be read as commands.
var sourcedFiles = []struct{ path, why string }{
	{"/etc/clearwater/config", "what Clearwater's own programs read, local_config and shared_config included"},
	{"/etc/clearwater/shared_config", "whether a shell gets through it"},
}

// commandNamed finds a command of the list.
func commandNamed(name string) (command, bool) {
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		return command{}, false
	}
	return commands[i], true
}

// isProgram reports whether a name is a listed command that is no builtin.
func isProgram(name string) bool {
	c, ok := commandNamed(name)
	return ok && !c.builtin
}

// refused says why a builtin is refused; empty if it is not.
func refused(name string) string {
	for _, b := range refusedBuiltins {
		if b.name == name {
			return b.why
		}
	}
	return ""
}

// forbidsArgument reports whether a command may not have an argument. A flag of
// one letter counts within a cluster too, and a long one with its value.
func (c command) forbidsArgument(arg string) bool {
	return slices.ContainsFunc(c.never, func(n string) bool {
		switch {
		case arg == n || n == anyArgument:
			return true
		case strings.HasPrefix(n, "--"):
			return strings.HasPrefix(arg, n+"=")
		case len(n) == 2 && n[0] == '-':
			return len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.ContainsRune(arg, rune(n[1]))
		}
		return false
	})
}
