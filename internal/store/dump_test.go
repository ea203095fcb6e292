package store_test

import (
	"fmt"
	"strings"
	"testing"
)

// dump returns everything in the test's database, by key.
func (w *world) dump(t *testing.T) map[string]string {
	t.Helper()
	ctx := t.Context()
	all := map[string]string{}
	keys, err := w.rdb.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		var value any
		switch kind := w.rdb.Type(ctx, key).Val(); kind {
		case "string":
			value = w.rdb.Get(ctx, key).Val()
		case "hash":
			value = w.rdb.HGetAll(ctx, key).Val()
		case "list":
			value = w.rdb.LRange(ctx, key, 0, -1).Val()
		case "zset":
			value = w.rdb.ZRange(ctx, key, 0, -1).Val()
		case "set":
			value = w.rdb.SMembers(ctx, key).Val()
		case "none":
			continue // another test's, which has removed it meanwhile
		default:
			t.Fatalf("key %s is a %s, which no test reads yet", key, kind)
		}
		all[key] = fmt.Sprint(value)
	}
	return all
}

// mentions returns the keys that name the text or hold it.
func (w *world) mentions(t *testing.T, text string) []string {
	t.Helper()
	var found []string
	for key, value := range w.dump(t) {
		if strings.Contains(key, text) || strings.Contains(value, text) {
			found = append(found, key)
		}
	}
	return found
}
