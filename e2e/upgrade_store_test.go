package e2e

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// keptKey is one key of a store that is written down: one line of a file. Bytes are written as the
// characters of their numbers, so that what is text can be read in it.
type keptKey struct {
	Key    string    `json:"key"`
	Type   string    `json:"type"`
	TTL    int64     `json:"ttl_ms,omitempty"`
	Values []string  `json:"values"`           // of a hash: fields and values by turns
	Scores []float64 `json:"scores,omitempty"` // of a sorted set's values
}

// writeStore writes a whole Redis down.
func writeStore(t *testing.T, rdb *redis.Client, path string) {
	t.Helper()
	keys, err := rdb.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	var text strings.Builder
	lines := json.NewEncoder(&text)
	lines.SetEscapeHTML(false)
	for _, key := range keys {
		if err := lines.Encode(keep(t, rdb, key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keep(t *testing.T, rdb *redis.Client, key string) keptKey {
	t.Helper()
	ctx := t.Context()
	k := keptKey{Key: key, Type: rdb.Type(ctx, key).Val(), TTL: max(0, rdb.PTTL(ctx, key).Val().Milliseconds())}
	switch k.Type {
	case "string":
		k.Values = []string{rdb.Get(ctx, key).Val()}
	case "hash":
		for field, value := range rdb.HGetAll(ctx, key).Val() {
			k.Values = append(k.Values, field, value)
		}
	case "list":
		k.Values = rdb.LRange(ctx, key, 0, -1).Val()
	case "set":
		k.Values = rdb.SMembers(ctx, key).Val()
	case "zset":
		for _, z := range rdb.ZRangeWithScores(ctx, key, 0, -1).Val() {
			k.Values, k.Scores = append(k.Values, z.Member.(string)), append(k.Scores, z.Score)
		}
	default:
		t.Fatalf("%s is a %s", key, k.Type)
	}
	for i, v := range k.Values {
		k.Values[i] = characters(v)
	}
	return k
}

// characters writes each byte as the character of its number; bytesOf reads it back.
func characters(bytes string) string {
	runes := make([]rune, len(bytes))
	for i := range len(bytes) {
		runes[i] = rune(bytes[i])
	}
	return string(runes)
}

func bytesOf(characters string) string {
	var bytes []byte
	for _, r := range characters {
		bytes = append(bytes, byte(r))
	}
	return string(bytes)
}

// readStore writes a store that was written down into an empty Redis, with all its times moved on, as
// if it had been made that much later: what waits there must not be years late, and what has ended not
// past its retention.
func readStore(t *testing.T, rdb *redis.Client, path string, move timeMove) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var k keptKey
		if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
			t.Fatal(err)
		}
		if err := putBack(t, rdb, k, move); err != nil {
			t.Fatalf("writing %s: %v", k.Key, err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func putBack(t *testing.T, rdb *redis.Client, k keptKey, move timeMove) error {
	t.Helper()
	values := make([]any, len(k.Values))
	members := make([]redis.Z, len(k.Scores))
	for i, v := range k.Values {
		values[i] = move.text(bytesOf(v))
		if k.Type == "zset" {
			members[i] = redis.Z{Member: values[i], Score: move.score(k.Scores[i])}
		}
	}
	pipe, ctx := rdb.TxPipeline(), t.Context()
	switch k.Type {
	case "string":
		pipe.Set(ctx, k.Key, values[0], 0)
	case "hash":
		pipe.HSet(ctx, k.Key, values...)
	case "list":
		pipe.RPush(ctx, k.Key, values...)
	case "set":
		pipe.SAdd(ctx, k.Key, values...)
	case "zset":
		pipe.ZAdd(ctx, k.Key, members...)
	}
	if k.TTL > 0 {
		pipe.PExpire(ctx, k.Key, time.Duration(k.TTL)*time.Millisecond)
	}
	_, err := pipe.Exec(ctx)
	return err
}

// timeMove moves times on, by a whole number of milliseconds.
type timeMove struct {
	made time.Time // when the store was made: only times about that one are moved
	by   time.Duration
}

// nearby is how far from it a number of milliseconds may be and still be taken for a time. Spans are
// written as nanoseconds, of which half an hour has as many digits.
const nearby = 10 * 24 * time.Hour

// score moves a sorted set's score: milliseconds, negative for a row in flight, or Asynq's seconds.
func (m timeMove) score(score float64) float64 {
	for _, unit := range []time.Duration{time.Millisecond, time.Second} {
		if made := m.made.UnixNano() / int64(unit); math.Abs(math.Abs(score)-float64(made)) < float64(nearby/unit) {
			return score + math.Copysign(1, score)*float64(m.by/unit)
		}
	}
	return score
}

var millisIn = regexp.MustCompile(`\b[0-9]{13}\b`)

// text moves the times in a value.
func (m timeMove) text(value string) string {
	return millisIn.ReplaceAllStringFunc(value, func(found string) string {
		ms, err := strconv.ParseFloat(found, 64)
		if err != nil {
			return found
		}
		return strconv.FormatFloat(m.score(ms), 'f', 0, 64)
	})
}

func TestTimesAreMovedAndNothingElse(t *testing.T) {
	t.Parallel()
	m := timeMove{made: time.UnixMilli(1_795_000_000_000), by: time.Second}
	for value, want := range map[string]string{
		"1795000000001":                 "1795000001001",
		"d|1795000000001|1795000000002": "d|1795000001001|1795000001002",
		"1795000000001.0009765":         "1795000001001.0009765",
		`{"at":1795000000001}`:          `{"at":1795000001001}`,
		"17950000000011":                "17950000000011",
		"a1795000000001":                "a1795000000001",
		"1800000000000":                 "1800000000000",
	} {
		if got := m.text(value); got != want {
			t.Errorf("%q became %q, want %q", value, got, want)
		}
	}
	for score, want := range map[float64]float64{1_795_000_000_000.5: 1_795_000_001_000.5, -1_795_000_000_000: -1_795_000_001_000, 1_795_000_000: 1_795_000_001, 7: 7} {
		if got := m.score(score); got != want {
			t.Errorf("score %f became %f, want %f", score, got, want)
		}
	}
}
