package planner

import (
	"fmt"

	"requorum/model"
)

// enoughVellums is the number of working Vellum nodes from which they alone
// become the masters (sentences 2.2 and 2.3).
const enoughVellums = 3

// choose picks the new masters: three or more live Vellums, exactly those;
// otherwise every live node of the site. A failed node is never listed, since
// it would count towards the new quorum (facts 3).
func choose(s sight) model.Choice {
	vellums, live := len(s.liveVellums), len(s.live)
	c := model.Choice{Inputs: fmt.Sprintf("Site %s has %s and %s.", s.site.Name,
		count(vellums, "live Vellum node"), count(live, "live node in all", "live nodes in all"))}
	chosen := s.live
	if vellums >= enoughVellums {
		chosen = s.liveVellums
		c.Rule = "Three or more Vellum nodes are live, so exactly the live Vellum nodes become the masters."
		c.Flip = fmt.Sprintf("If %s failed too, every live node of the site would become a master.",
			count(vellums-enoughVellums+1, "more Vellum node"))
	} else {
		c.Rule = "Fewer than three Vellum nodes are live, so every live node of the site becomes a master."
		c.Flip = fmt.Sprintf("If %s were live, the live Vellum nodes alone would become the masters.",
			count(enoughVellums-vellums, "more Vellum node"))
	}
	for _, n := range chosen {
		c.Masters = append(c.Masters, n.Name)
	}
	c.All = len(chosen) == live
	return c
}

// count writes a number with its noun: "1 node", "2 nodes".
func count(n int, noun string, plural ...string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case len(plural) > 0:
		return fmt.Sprintf("%d %s", n, plural[0])
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
