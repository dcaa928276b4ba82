package golden_test

import "flag"

// update makes every golden test write what it found instead of comparing:
// go test ./golden -update. Read the diff before committing it.
var update = flag.Bool("update", false, "write the golden files anew")
