package rehearse

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"requorum/model"
	"requorum/render/rehearse/site"
)

const (
	localConfig  = "/etc/clearwater/local_config"
	sharedConfig = "/etc/clearwater/shared_config"
	userSettings = "/etc/clearwater/user_settings"
	chronosFile  = "/etc/chronos/chronos_cluster.conf"
	memcached    = "/etc/clearwater/cluster_settings"
	etcdData     = "/var/lib/clearwater-etcd"
)

// Nodes that something may be wrong with. Each gives a name, or nothing.

func source(p *model.Plan) string { return p.Source }

// lastMaster is the last of the new masters, if there is more than one.
func lastMaster(p *model.Plan) string {
	list := p.Stage(model.Create).Nodes
	if len(list) < 2 {
		return ""
	}
	return list[len(list)-1]
}

// lastConfirmed is the master whose turn at confirm comes last, if there is more
// than one.
func lastConfirmed(p *model.Plan) string {
	list := p.Stage(model.Confirm).Nodes
	if len(list) < 2 {
		return ""
	}
	return list[len(list)-1]
}

func proxy(p *model.Plan) string { return first(p, func(n model.PlanNode) bool { return !n.Master }) }
func sprout(p *model.Plan) string {
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Sprout })
}
func vellum(p *model.Plan) string {
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Vellum })
}

func first(p *model.Plan, is func(model.PlanNode) bool) string {
	if i := slices.IndexFunc(p.Nodes, is); i >= 0 {
		return p.Nodes[i].Name
	}
	return ""
}

// secondVellum is a live one besides the first.
func secondVellum(p *model.Plan) string {
	own := vellum(p)
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Vellum && n.Name != own })
}

// secondSprout is a live one besides the first.
func secondSprout(p *model.Plan) string {
	own := sprout(p)
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Sprout && n.Name != own })
}

// dead is a failed node that was a master.
func dead(p *model.Plan) string {
	for _, n := range p.Failed {
		if n.Etcd == model.Master {
			return n.Name
		}
	}
	return ""
}

// Narrower: the same node, where the plan has something.

func where(node func(*model.Plan) string, holds func(*model.Plan) bool) func(*model.Plan) string {
	return func(p *model.Plan) string {
		if !holds(p) {
			return ""
		}
		return node(p)
	}
}

func cassandra(p *model.Plan) bool  { return p.Stores.Cassandra && p.Loader != "" }
func loads(p *model.Plan) bool      { return p.Loader != "" }
func carries(p *model.Plan) bool    { return p.SharedConfig != nil }
func carriesNot(p *model.Plan) bool { return p.SharedConfig == nil }
func finishes(p *model.Plan) bool   { return len(p.Stage(model.Finish).Nodes) > 0 }

// What is done to a node, by people or by chance.

// imagined is a mishap that only an imaginary site can have.
func imagined(do func(r *Rehearsal, s *site.Site, n *site.Node)) mishap {
	return func(_ context.Context, at scene) error {
		h, ok := at.hands.(onSite)
		if !ok {
			return errors.New("only the imaginary site can be so")
		}
		do(at.rehearsal, h.site, h.site.Node(at.node))
		return nil
	}
}

// all does several things.
func all(list ...mishap) mishap {
	return func(ctx context.Context, at scene) error {
		for _, do := range list {
			if err := do(ctx, at); err != nil {
				return err
			}
		}
		return nil
	}
}

// everywhere does a thing to every live node.
func everywhere(do mishap) mishap {
	return func(ctx context.Context, at scene) error {
		for _, n := range at.rehearsal.plan.Nodes {
			if err := do(ctx, scene{at.hands, at.rehearsal, n.Name}); err != nil {
				return err
			}
		}
		return nil
	}
}

// content is what a file has in it. One that is not there is empty.
func content(ctx context.Context, h Hands, node, path string) (string, error) {
	text, err := h.Read(ctx, node, path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return text, err
}

// edit gives a file another text.
func edit(path string, change func(string) string) mishap {
	return func(ctx context.Context, at scene) error {
		text, err := content(ctx, at.hands, at.node, path)
		if err != nil {
			return err
		}
		return at.hands.Write(ctx, at.node, path, change(text))
	}
}

// text gives a file a text whatever was in it.
func text(path, data string) mishap {
	return edit(path, func(string) string { return data })
}

// add puts a line at the end of a file.
func add(path, line string) mishap {
	return edit(path, func(old string) string { return old + line + "\n" })
}

// swap puts one piece of text in the place of another, everywhere in a file.
func swap(path, old, fresh string) mishap {
	return edit(path, func(text string) string { return strings.ReplaceAll(text, old, fresh) })
}

// lose takes a file away.
func lose(path string) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.Delete(ctx, at.node, path) }
}

// folder makes a folder.
func folder(path string) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.MakeFolder(ctx, at.node, path) }
}

// restore puts a file back as it was, or as it never was.
func restore(path string) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.PutBack(ctx, at.node, path) }
}

// fromSource gives a file the text that it has on the configuration source.
func fromSource(path string) mishap {
	return func(ctx context.Context, at scene) error {
		right, err := content(ctx, at.hands, at.rehearsal.plan.Source, path)
		if err != nil {
			return err
		}
		return at.hands.Write(ctx, at.node, path, right)
	}
}

// returns powers a failed node on as it was: monit starts its old etcd with the old
// data (T15).
func returns(ctx context.Context, at scene) error {
	if err := at.hands.PowerOn(ctx, at.node); err != nil {
		return err
	}
	return waits(settling)(ctx, at)
}

// fence cuts a node's network for good.
func fence(ctx context.Context, at scene) error { return at.hands.Fence(ctx, at.node) }

// boots takes a node's power and gives it back (T8). Two minutes later somebody is
// there again.
func boots(ctx context.Context, at scene) error {
	off := func(ctx context.Context, at scene) error { return at.hands.PowerOff(ctx, at.node, true) }
	on := func(ctx context.Context, at scene) error { return at.hands.PowerOn(ctx, at.node) }
	return all(off, waits(30*time.Second), on, waits(2*settling))(ctx, at)
}

// after is the site as the clean run has left it at the end of a stage.
func after(stage model.StageName) mishap {
	return imagined(func(r *Rehearsal, s *site.Site, _ *site.Node) {
		for _, m := range slices.Backward(r.clean) {
			if m.turn.Stage == stage {
				*s = *m.after.Clone()
				return
			}
		}
	})
}

// stops makes services of a node slow to end (T2).
func stops(d time.Duration, list ...site.Service) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.SlowStop(ctx, at.node, d, list...) }
}

// waits lets time go by.
func waits(d time.Duration) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.Wait(ctx, d) }
}

// format is another version of monit.
func format(f site.Format) mishap {
	return imagined(func(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Format = f })
}

// monitHalts ends monit's daemon on a node, or starts it.
func monitHalts(halt bool) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.HaltMonit(ctx, at.node, halt) }
}

// disk fills a node's disk, or makes room.
func disk(full bool) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.Fill(ctx, at.node, full) }
}

// lock is a run in another terminal that does not end, or its end.
func lock(held bool) mishap {
	return func(ctx context.Context, at scene) error { return at.hands.Lock(ctx, at.node, held) }
}

// asAnother gives a node the name, the addresses and the configuration of another
// one: somebody has logged in to the wrong machine.
func asAnother(r *Rehearsal, s *site.Site, n *site.Node) {
	other := r.begin.Node(r.plan.Failed[0].Name)
	n.Host, n.Addresses = other.Host, other.Addresses
	own, _ := other.Read(localConfig)
	n.Edit(s, localConfig, own)
}

// asItself takes that back.
func asItself(r *Rehearsal, s *site.Site, n *site.Node) {
	own := r.begin.Node(n.Name)
	n.Host, n.Addresses = own.Host, own.Addresses
	text, _ := own.Read(localConfig)
	n.Edit(s, localConfig, text)
}

// offline takes the addresses from a node's interfaces, or gives them back.
func offline(off bool) mishap {
	return imagined(func(r *Rehearsal, _ *site.Site, n *site.Node) {
		n.Addresses = r.begin.Node(n.Name).Addresses
		if off {
			n.Addresses = nil
		}
	})
}

// failedVellum is the first failed Vellum; false if there is none.
func failedVellum(p *model.Plan) (model.Node, bool) {
	i := slices.IndexFunc(p.Failed, func(n model.Node) bool { return n.Type == model.Vellum })
	if i < 0 {
		return model.Node{}, false
	}
	return p.Failed[i], true
}

// ring gives a failed Vellum's row in Cassandra a state; with none it has none.
func ring(state string) mishap {
	return func(ctx context.Context, at scene) error {
		n, found := failedVellum(at.rehearsal.plan)
		if !found {
			return nil
		}
		return at.hands.Ring(ctx, at.rehearsal.plan.Site, n.LocalIP.String(), state)
	}
}

// ownRing does so with the row of the node itself.
func ownRing(state string) mishap {
	return func(ctx context.Context, at scene) error {
		return at.hands.Ring(ctx, at.rehearsal.plan.Site, at.live().LocalIP.String(), state)
	}
}

// live is the node of the scene, which is one of the live ones.
func (at scene) live() model.PlanNode {
	nodes := at.rehearsal.plan.Nodes
	return nodes[slices.IndexFunc(nodes, func(n model.PlanNode) bool { return n.Name == at.node })]
}

// cutOff is a firewall between a node and the configuration source (T38), or none.
func cutOff(off bool) mishap {
	return func(ctx context.Context, at scene) error {
		if err := at.hands.Mend(ctx); err != nil || !off {
			return err
		}
		return at.hands.Cut(ctx, at.node, at.rehearsal.plan.Source)
	}
}

// oldEtcd starts etcd on a node from its old data, which somebody has put back from a
// copy (T4, T10).
func oldEtcd(ctx context.Context, at scene) error {
	data := etcdData + "/" + at.live().ManagementIP.String() + "/member"
	return all(restore(data), anyEtcd)(ctx, at)
}

// anyEtcd is a colleague who lets monit start etcd.
func anyEtcd(ctx context.Context, at scene) error {
	if err := at.hands.Monitor(ctx, at.node, site.Etcd); err != nil {
		return err
	}
	return waits(settling)(ctx, at)
}

// member is the data of a member that there has been.
func member(ctx context.Context, at scene) error {
	data := etcdData + "/" + at.live().ManagementIP.String() + "/member/snap"
	return all(folder(data), text(data+"/db", "store 0 of long ago\n"))(ctx, at)
}

// unmonitors stops services by monit, and lets it get to that.
func unmonitors(d time.Duration, list ...site.Service) mishap {
	return func(ctx context.Context, at scene) error {
		for _, v := range list {
			if err := at.hands.Unmonitor(ctx, at.node, v); err != nil {
				return err
			}
		}
		return at.hands.Wait(ctx, d)
	}
}

// byHand is a node on which somebody has begun the written procedure without a script:
// services stopped, the data directory wiped, the cluster manager held.
func byHand() mishap {
	return all(unmonitors(5*time.Minute, site.Etcd, site.ClusterManager, site.ConfigManager, site.QueueManager),
		lose(etcdData), folder(etcdData), text("/etc/clearwater/no_cluster_manager", ""))
}

// chefReverts puts the old local_config back (T22).
func chefReverts() mishap { return restore(localConfig) }

// loader is the node that loads the data store values.
func loader(p *model.Plan) string { return p.Loader }

// failedLine changes the line of the first failed Vellum in a file.
func failedLine(path, old, fresh string) mishap {
	return func(ctx context.Context, at scene) error {
		n, found := failedVellum(at.rehearsal.plan)
		if !found {
			return nil
		}
		end := n.LocalIP.String() + "\n"
		return swap(path, old+end, fresh+end)(ctx, at)
	}
}

// ownLine takes a node's own line out of its Chronos file.
func ownLine(path string) mishap {
	return func(ctx context.Context, at scene) error {
		return swap(path, "node = "+at.live().LocalIP.String()+"\n", "")(ctx, at)
	}
}
