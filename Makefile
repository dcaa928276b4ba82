# make run     render the embedded example into out/
# make test    everything that CI runs
# make golden  write the golden files anew; read the difference before committing
# make bench   benchmarks, and ratios beside other programs
# make rehearsals  rehearse every golden case whole
# make kills   kill every stage of every golden script after each of its commands,
#              and tear writes from every point on
# make traces  compare the interpreter with bash in every turn of every golden case,
#              shellcheck every golden script, and run its stages twice in every case
# make lab     recoveries on nodes of real monit and real etcd, and how long they took
# make lab-long  those that take long
# make fuzz    each fuzz target for FUZZTIME

FUZZTIME ?= 30s
SHFMT_VERSION = v3.14.1

.PHONY: run test golden bench fuzz kills rehearsals traces sample checks lab lab-long out/golden.test out/lab.test tools stale clean

run:
	mkdir -p out
	go run ./cmd/requorum init > out/inventory.yaml
	go run ./cmd/requorum render out/inventory.yaml -o out/bundle
	go run ./cmd/requorum plan out/inventory.yaml

# The lab goes on beside the rest: it waits nearly all of its time. Faults and beginnings
# on other cases than the example are left to make rehearsals, for CI's time.
test: tools stale
	gofmt -l . | (! grep .)
	go vet ./...
	go vet -tags bench ./golden
	go vet -tags lab ./golden/lab
	$(MAKE) -j2 --output-sync=target checks lab

checks:
	GOGC=400 nice go test -timeout 25m -skip '^(TestKills|TestFaults|TestBeginnings)$$' ./...
	nice $(MAKE) sample
	nice go test -race -timeout 15m ./model/... ./render/... ./cmd/...
	$(MAKE) fuzz FUZZTIME=10s

# What the tests need beyond Go. As root on Debian or Ubuntu it is installed.
tools:
	@.ci/tools

# Generated files that were not generated anew.
stale:
	go mod tidy -diff
	go mod verify
	go test ./golden ./model/inventory ./cmd/requorum -run 'TestCases|TestSchema|TestReadme' -count=1

golden:
	go test ./golden ./model/inventory ./cmd/requorum -run 'TestCases|TestInvalid|TestSchema|TestReadme|TestStories|TestRehearsals' -update -count=1

fuzz:
	go test ./model/inventory -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	go test ./render -run '^$$' -fuzz FuzzQuote -fuzztime $(FUZZTIME) -fuzzminimizetime 10x

# A test binary of its own, so that the number of kills is seen.
out/golden.test:
	mkdir -p out
	go test -c -o $@ ./golden

# The kills that stand for all.
sample: out/golden.test
	cd golden && ../out/golden.test -test.run '^TestKills$$' -test.timeout 20m

# All of them, and writes torn in more ways. This takes an hour or so.
kills: tools out/golden.test
	cd golden && ../out/golden.test -test.run '^(TestKills|TestTornWrites)$$' -test.timeout 0 -kills

# Every case with all faults, all orders and all beginnings. This takes half an hour or so.
rehearsals: out/golden.test
	cd golden && ../out/golden.test -test.run '^TestRehearsals$$' -test.timeout 0 -rehearsals

# With every case and node what make test does with one node of each shape. This takes
# ten minutes or so.
traces: tools out/golden.test
	cd golden && ../out/golden.test -test.run '^(TestTracesAreEqual|TestShellcheck|TestStages)$$' -test.timeout 0 -traces

out/lab.test:
	mkdir -p out
	go test -c -tags lab -o $@ ./golden/lab

# Nothing of it is left, but what a failed story leaves in out/lab.
lab: out/lab.test
	.ci/lab-tools
	cd golden/lab && ../../out/lab.test -test.timeout 20m

lab-long: out/lab.test
	.ci/lab-tools
	cd golden/lab && ../../out/lab.test -test.timeout 60m -test.run '^TestLab$$' -long

bench:
	go test ./golden -run '^$$' -bench . -benchmem
	go build -o out/requorum ./cmd/requorum
	GOBIN=$(CURDIR)/out go install mvdan.cc/sh/v3/cmd/shfmt@$(SHFMT_VERSION)
	REQUORUM=$(CURDIR)/out/requorum SHFMT=$(CURDIR)/out/shfmt go test ./golden -tags bench -run TestSideBySide -v -count=1

clean:
	rm -rf out
