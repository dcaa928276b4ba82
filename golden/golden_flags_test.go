package golden_test

import "flag"

// update makes every golden test write what it found instead of comparing:
// go test ./golden -update. Read the diff before committing it.
var update = flag.Bool("update", false, "write the golden files anew")

// rehearsals makes TestRehearsals rehearse every case whole; without it only the
// example is. See "make rehearsals".
var rehearsals = flag.Bool("rehearsals", false, "rehearse every case with all faults and all beginnings")

// kills makes TestKills kill every stage of every golden script at every point, and
// TestTornWrites stop writes from every point on, which takes long; without it a few
// scripts and points stand for all. See "make kills".
var kills = flag.Bool("kills", false, "kill every stage of every golden script after each of its commands")

// traces makes TestTracesAreEqual run every turn of every case under bash, and likewise
// TestShellcheck and TestStages leave out nothing because an earlier script of the same
// shape has had it. See "make traces".
var traces = flag.Bool("traces", false, "compare the interpreter with bash in every turn of every case, and shellcheck every script")
