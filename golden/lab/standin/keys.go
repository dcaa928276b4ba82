package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// keys is etcd's v2 HTTP API on the node's own etcd, be it a member or a proxy.
type keys struct {
	base   string
	client *http.Client
}

// answerTime is how long a request waits. An etcd that has lost its quorum needs
// about seven seconds to say so; one that never had a leader says nothing (T33).
const answerTime = 10 * time.Second

func (n *node) keys(c config) *keys {
	base := n.etcd
	if base == "" {
		base = "http://" + c.management + ":4000"
	}
	// A transport of its own asks no proxy that the environment names.
	return &keys{base + "/v2/keys", &http.Client{Timeout: answerTime, Transport: &http.Transport{}}}
}

// entry is one key, or a folder of keys.
type entry struct {
	Key           string  `json:"key"`
	Value         string  `json:"value"`
	Nodes         []entry `json:"nodes"`
	ModifiedIndex uint64  `json:"modifiedIndex"`
}

// refusal is etcd's own answer to a request that it does not carry out.
type refusal struct {
	Code    int    `json:"errorCode"`
	Message string `json:"message"`
	Cause   string `json:"cause"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%s : %s", r.Message, r.Cause) }

// etcd's codes.
const (
	codeMissing  = 100 // no such key
	codeChanged  = 101 // the key is not what the condition says
	codeExisting = 105 // the key is there already
)

func refused(err error, code int) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Code == code
}

// get reads a key through a leader, so it fails where there is no quorum.
func (k *keys) get(ctx context.Context, key string) (entry, error) {
	return k.do(ctx, http.MethodGet, key+"?quorum=true", nil)
}

// tree reads all that there is, from any member that answers; without a quorum too
// (facts 1.3).
func (k *keys) tree(ctx context.Context) (entry, error) {
	return k.do(ctx, http.MethodGet, "/?recursive=true", nil)
}

// set writes a key whatever it was.
func (k *keys) set(ctx context.Context, key, value string) error {
	_, err := k.do(ctx, http.MethodPut, key, url.Values{"value": {value}})
	return err
}

// create writes a key that is not there yet.
func (k *keys) create(ctx context.Context, key, value string) error {
	_, err := k.do(ctx, http.MethodPut, key, url.Values{"value": {value}, "prevExist": {"false"}})
	return err
}

// swap writes a key that has not changed since it was read.
func (k *keys) swap(ctx context.Context, old entry, value string) error {
	_, err := k.do(ctx, http.MethodPut, old.Key, url.Values{"value": {value}, "prevIndex": {fmt.Sprint(old.ModifiedIndex)}})
	return err
}

func (k *keys) do(ctx context.Context, method, key string, form url.Values) (entry, error) {
	request, err := http.NewRequestWithContext(ctx, method, k.base+key, strings.NewReader(form.Encode()))
	if err != nil {
		return entry{}, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := k.client.Do(request)
	if err != nil {
		return entry{}, err
	}
	defer answer.Body.Close()
	var body struct {
		refusal
		Node entry `json:"node"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return entry{}, fmt.Errorf("etcd answers %s: %w", answer.Status, err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return entry{}, &body.refusal
	}
	return body.Node, nil
}
