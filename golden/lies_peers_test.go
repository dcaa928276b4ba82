package golden_test

import "requorum/model"

// What other nodes answer when this one is about to change something.

// answers says how ports of other nodes behave: "10.0.0.12,4000 open".
func answers(ways ...string) string {
	lines := ""
	for i := 0; i+1 < len(ways); i += 2 {
		lines += "echo " + ways[i+1] + " >/world/way/" + ways[i] + "\n"
	}
	return lines
}

const (
	oldThere   = "echo 10.0.0.11 10.0.0.12 10.0.0.14 >/world/members/10.0.0.12\n"
	newThere   = "cp /world/new /world/members/10.0.0.12\n"
	noneThere  = "echo >/world/members/10.0.0.12\n"
	unstarted  = `[ ! -e /world/running/clearwater-etcd ] && [ -z "$(ls -A /var/lib/clearwater-etcd)" ]`
	unmanaged  = `[ ! -e /world/running/clearwater-config-manager ]`
	nothing    = "Nothing was changed"
	oldRemedy  = "do: do the stage stop on that node, then run this stage again"
	fenceIt    = "fence it: cut its power or its network"
	second4000 = "10.0.0.12,4000"
)

var peerLies = []lie{
	{name: "T4 another live node still runs its old etcd", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "open") + oldThere, status: 1,
		says: []string{"10.0.0.12 (vellum-2) answers; its members: 10.0.0.11, 10.0.0.12, 10.0.0.14", oldRemedy, nothing}, holds: unstarted},
	{name: "T4 an etcd that names no members", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "open") + noneThere, status: 1, says: []string{"its members: none", nothing}, holds: unstarted},
	{name: "T4 a live node that is no master runs its old etcd", golden: three, node: "vellum-1", stage: model.Create,
		set: answers("10.0.0.41,4000", "open") + "cp /world/old /world/members/10.0.0.41", status: 1,
		says: []string{"10.0.0.41 (bono-1) answers", oldRemedy}, holds: unstarted},
	{name: "T10 the new cluster holds keys before this node has begun", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "open") + newThere + "echo 1 >/world/keys/,x", status: 1,
		says: []string{"answers as a new master, and gives keys", "do: start from the beginning", nothing}, holds: unstarted},
	{name: "another new master is up, and holds no key", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "open") + newThere, status: 0, says: []string{"no other live node answers with its old etcd"}},
	{name: "T33 another new master waits for the others", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "mute"), status: 0, says: []string{"CANNOT TELL what etcd it is on 10.0.0.12 (vellum-2)"}},
	{name: "T4 another live node runs its old etcd, which finds no leader", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "mute") + answers("10.0.0.12,2380", "open") + oldThere, status: 1,
		says: []string{"10.0.0.12 (vellum-2) answers; its members: 10.0.0.11, 10.0.0.12, 10.0.0.14", oldRemedy, nothing}, holds: unstarted},
	{name: "T33 another new master waits for the others, and tells other members so", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "mute") + answers("10.0.0.12,2380", "open") + newThere, status: 0,
		says: []string{"the ports are free\nvellum-1: OK: no other live node answers with its old etcd"}}, // and no warning between
	{name: "another live node does not answer", golden: three, node: "vellum-1", stage: model.Create,
		set: answers(second4000, "silent"), status: 0, says: []string{"CANNOT TELL whether the old etcd still runs on 10.0.0.12 (vellum-2): no answer"}},
	{name: "create again with keys there", golden: three, node: "vellum-1", stage: model.Confirm, args: []string{"create"},
		set: "echo 1 >/world/keys/,x", status: 0, says: []string{"this stage goes on where it was left"}},

	{name: "T15 a failed node is back at create", golden: three, node: "vellum-1", stage: model.Create,
		set: answers("10.0.0.14,4000", "open"), status: 1,
		says: []string{"an answer from 10.0.0.14 (vellum-4)", fenceIt, nothing}, holds: unstarted},
	{name: "T15 a failed node that is no master is back at create", golden: three, node: "vellum-1", stage: model.Create,
		set: answers("10.0.0.61,2380", "mute"), status: 1, says: []string{"an answer from 10.0.0.61 (homer-1)", nothing}, holds: unstarted},
	{name: "T15 a failed node is up at create", golden: three, node: "vellum-1", stage: model.Create,
		set: answers("10.0.0.14,4000", "refused"), status: 0, says: []string{"10.0.0.14 (vellum-4): no etcd answers, but the machine is up"}},
	{name: "T15 nobody can be asked at create", golden: three, node: "vellum-1", stage: model.Create,
		set: fake("curl", "exit 2"), status: 0, says: []string{"CANNOT TELL whether 10.0.0.14 (vellum-4), 10.0.0.15", "10.0.0.61 (homer-1) is fenced: this node could not ask"}},
	{name: "T15 a failed node is back at confirm", golden: three, node: "vellum-1", stage: model.Confirm,
		set: answers("10.0.0.14,2380", "open"), status: 1, says: []string{fenceIt, nothing}, holds: unmanaged},
	{name: "T15 a failed node is back at join", golden: three, node: "bono-1", stage: model.Join,
		set: answers("10.0.0.14,4000", "mute"), status: 1, says: []string{fenceIt, nothing}, holds: unstarted},
}
