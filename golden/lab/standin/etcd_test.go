package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeEtcd speaks as much of etcd's v2 API as the programs ask for.
type fakeEtcd struct {
	server *httptest.Server

	mu     sync.Mutex
	index  uint64
	values map[string]entry
	lost   bool // it has no quorum: nothing but plain reads
}

func startEtcd(t *testing.T) *fakeEtcd {
	t.Helper()
	f := &fakeEtcd{values: map[string]entry{}}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *fakeEtcd) put(key, value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.store(key, value)
}

func (f *fakeEtcd) value(key string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.values[key]
	return e.Value, ok
}

func (f *fakeEtcd) store(key, value string) entry {
	f.index++
	f.values[key] = entry{Key: key, Value: value, ModifiedIndex: f.index}
	return f.values[key]
}

func (f *fakeEtcd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/v2/keys")
	old, there := f.values[key]
	switch {
	case f.lost && (r.Method == http.MethodPut || r.FormValue("quorum") == "true"):
		refuse(w, http.StatusInternalServerError, 300, "Raft Internal Error", "etcdserver: request timed out")
	case r.Method == http.MethodGet && key == "/":
		answer(w, entry{Key: "/", Nodes: f.all()})
	case r.Method == http.MethodGet && !there:
		refuse(w, http.StatusNotFound, codeMissing, "Key not found", key)
	case r.Method == http.MethodGet:
		answer(w, old)
	case r.FormValue("prevExist") == "false" && there:
		refuse(w, http.StatusPreconditionFailed, codeExisting, "Key already exists", key)
	case r.FormValue("prevIndex") != "" && r.FormValue("prevIndex") != fmt.Sprint(old.ModifiedIndex):
		refuse(w, http.StatusPreconditionFailed, codeChanged, "Compare failed", key)
	default:
		answer(w, f.store(key, r.FormValue("value")))
	}
}

// all gives every value right below the root; nobody here looks at folders.
func (f *fakeEtcd) all() []entry {
	var list []entry
	for _, e := range f.values { // in any order: sorted below
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.Key, b.Key) })
	return list
}

func answer(w http.ResponseWriter, e entry) {
	_ = json.NewEncoder(w).Encode(map[string]any{"action": "get", "node": e}) // the test sees what is missing
}

func refuse(w http.ResponseWriter, status, code int, message, cause string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(refusal{code, message, cause})
}
