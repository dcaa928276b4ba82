package rehearse

import (
	"context"
	"io/fs"
	"path"
	"time"

	"requorum/render/rehearse/site"
)

// imaginary is the world of the rehearsals.
type imaginary struct {
	onSite
	rehearsal *Rehearsal
	before    *site.Site   // what the goal is held against
	watch     site.Watcher // sees the next run; nil if nobody does
}

// imagine makes a world of a site and of what it was when the recovery began.
func (r *Rehearsal) imagine(s, before *site.Site) *imaginary {
	return &imaginary{onSite: onSite{r.begin, s}, rehearsal: r, before: before}
}

// Imaginary makes a fresh imaginary site, as every rehearsal begins.
func (r *Rehearsal) Imaginary() World { return r.imagine(r.begin.Clone(), r.begin.Clone()) }

func (w *imaginary) Execute(ctx context.Context, node string, arguments []string, s *Strike) (site.Result, bool, error) {
	watch := w.watch
	w.watch = nil
	if s == nil {
		result, err := w.site.Execute(ctx, w.rehearsal.scripts[node], arguments, watch)
		return result, false, err
	}
	hit := &striker{Strike: *s}
	result, err := w.site.Execute(ctx, w.rehearsal.scripts[node], arguments, hit)
	return result, hit.met, err
}

func (w *imaginary) SideBySide() bool { return false }

func (w *imaginary) Now() time.Duration { return w.site.Now - w.before.Now }

func (w *imaginary) Settle(context.Context) error {
	w.site.Advance(settling)
	return nil
}

// Begin also does it to the site that the goal is held against.
func (w *imaginary) Begin(_ context.Context, change func(Hands) error) error {
	if err := change(w.onSite); err != nil {
		return err
	}
	return change(onSite{w.pristine, w.before})
}

func (w *imaginary) Faults(context.Context) ([]string, error) {
	return w.site.Faults(w.rehearsal.plan, w.before), nil
}

// striker lets a strike befall a run.
type striker struct {
	recorder
	Strike
	met bool
}

func (w *striker) Before(_ *site.Site, c site.Command) site.Verdict {
	if w.met && !w.Always || !w.Meets(c.Args) {
		return site.Run
	}
	w.met = true
	return w.Verdict
}

// onSite is what hands can do to an imaginary site. Nothing fails there but reading.
type onSite struct {
	pristine *site.Site // before anything has happened to it
	site     *site.Site
}

func (h onSite) Read(_ context.Context, node, path string) (string, error) {
	if _, there := h.site.Node(node).Stat(path); !there {
		return "", &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	return h.site.Node(node).Read(path)
}

func (h onSite) Write(_ context.Context, node, path, text string) error {
	h.site.Node(node).Edit(h.site, path, text)
	return nil
}

func (h onSite) MakeFolder(_ context.Context, node, path string) error {
	h.site.Node(node).MakeFolder(h.site, path)
	return nil
}

func (h onSite) Delete(_ context.Context, node, path string) error {
	h.site.Node(node).Delete(path)
	return nil
}

func (h onSite) PutBack(ctx context.Context, node, file string) error {
	n, old := h.site.Node(node), h.pristine.Node(node)
	f, there := old.Stat(file)
	switch {
	case !there:
		n.Delete(file)
	case f.Mode.IsDir():
		n.MakeFolder(h.site, file)
		for _, name := range old.Files.List(file) {
			if err := h.PutBack(ctx, node, path.Join(file, name)); err != nil {
				return err
			}
		}
	default:
		n.Edit(h.site, file, f.Data)
	}
	return nil
}

func (h onSite) PowerOff(_ context.Context, node string, kept bool) error {
	h.site.Node(node).PowerOff(h.site, kept)
	return nil
}

func (h onSite) PowerOn(_ context.Context, node string) error {
	h.site.Node(node).PowerOn(h.site)
	return nil
}

func (h onSite) Fence(_ context.Context, node string) error {
	h.site.Node(node).Fenced = true
	return nil
}

func (h onSite) Cut(_ context.Context, node, other string) error {
	h.site.Cut(node, other)
	return nil
}

func (h onSite) Mend(context.Context) error {
	h.site.Mend()
	return nil
}

func (h onSite) Fill(_ context.Context, node string, full bool) error {
	h.site.Node(node).Full = full
	return nil
}

func (h onSite) SlowStop(_ context.Context, node string, d time.Duration, services ...site.Service) error {
	stops := map[site.Service]time.Duration{}
	for _, v := range services {
		stops[v] = d
	}
	h.site.Node(node).Stops = stops
	return nil
}

func (h onSite) Monitor(_ context.Context, node string, service site.Service) error {
	h.site.Node(node).Monitor(service)
	return nil
}

func (h onSite) Unmonitor(_ context.Context, node string, service site.Service) error {
	h.site.Node(node).Unmonitor(service)
	return nil
}

func (h onSite) HaltMonit(_ context.Context, node string, halt bool) error {
	h.site.Node(node).HaltMonit(h.site, halt)
	return nil
}

func (h onSite) Lock(_ context.Context, node string, held bool) error {
	h.site.Node(node).Lock(held)
	return nil
}

func (h onSite) Ring(_ context.Context, siteName, address, state string) error {
	h.site.Ring(siteName, address, state)
	return nil
}

func (h onSite) Wait(_ context.Context, d time.Duration) error {
	h.site.Advance(d)
	return nil
}
