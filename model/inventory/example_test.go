package inventory_test

import (
	"fmt"
	"os"

	"requorum/model/diag"
	"requorum/model/inventory"
)

func ExampleParse() {
	src := []byte(`version: 1
deployment: ims-example
recover: site1
sites:
  site1:
    nodes:
      vellum-1: {type: vellum, local_ip: 10.1.0.11, etcd: master}
      vellum-2: {type: vellum, local_ip: 10.1.0.12, etcd: master, sate: failed}
`)
	deployment, findings := inventory.Parse("inventory.yaml", src, nil)
	fmt.Println("accepted:", deployment != nil)
	sources := map[string][]byte{"inventory.yaml": src}
	if err := diag.WriteText(os.Stdout, findings, sources, false); err != nil {
		fmt.Println(err)
	}
	// Output:
	// accepted: false
	// inventory.yaml:8:67: error: unknown key "sate" in "vellum-2" [unknown-key]
	//    8 |       vellum-2: {type: vellum, local_ip: 10.1.0.12, etcd: master, sate: failed}
	//      |                                                                   ^
	//   remedy: write state, the nearest known key
}
