package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/webhook"
)

// luaOf returns a script of these files that ends in a line.
func luaOf(t testing.TB, line string, files ...string) *redis.Script {
	t.Helper()
	var text strings.Builder
	for _, name := range files {
		b, err := os.ReadFile("lua/" + name + ".lua")
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
		text.WriteByte('\n')
	}
	return redis.NewScript(text.String() + line)
}

// together is the body that tells what two bodies of the same names tell.
func together(older, newer webhook.SyncBody) webhook.SyncBody {
	both := newer
	both.Counts.Added += older.Counts.Added
	both.Counts.Updated += older.Counts.Updated
	both.Counts.Deleted += older.Counts.Deleted
	both.Initial = older.Initial || newer.Initial
	if older.QueryTimeStamp.Before(newer.QueryTimeStamp) {
		both.QueryTimeStamp = older.QueryTimeStamp
	}
	return both
}

const mostCounted = 1 << 52 // so that the sum of two is below 2^53

func counts(a, u, d uint64) webhook.Counts {
	return webhook.Counts{Added: int64(a % mostCounted), Updated: int64(u % mostCounted), Deleted: int64(d % mostCounted)}
}

func FuzzTwoBodiesBecomeTheOneThatGoWouldWrite(f *testing.F) {
	const trap = `{"added":1,"updated":2,"deleted":3}},"syncType":"INITIAL","queryTimeStamp":null}`
	for _, name := range []string{
		"GithubIssue", `"`, `\`, `\"`, `{"added":1`, trap, `"` + trap, `\` + trap, "<b>&'", "é\u2028\u2029\U0001F600", "a.b c\x00d\ne\x7f", "%d %s %1", "}}", "", "\xff",
	} {
		f.Add(name, name, uint64(1), uint64(2), uint64(3), uint64(4), uint64(5), uint64(6), false, false, int64(1_700_000_000_000), int64(1_600_000_000_999))
	}
	f.Add("M", "s", uint64(mostCounted-1), uint64(0), uint64(mostCounted-1), uint64(mostCounted-1), uint64(9_999_999), uint64(1), true, false, int64(1), int64(2))
	f.Add("M", "s", uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), false, true, int64(2), int64(1))
	f.Add("M", "s", uint64(10), uint64(99), uint64(1), uint64(90), uint64(1), uint64(9), true, true, int64(2), int64(253_402_300_799_999))
	rdb := storetest.Redis(f)
	merge := luaOf(f, "return merged(ARGV[1], ARGV[2])", "lane", "stats", "coalesce")
	f.Fuzz(func(t *testing.T, model, sync string, a, b, c, d, e, g uint64, initial, later bool, since, until int64) {
		const end = 253_402_300_800_000 // of the year 9999, after which a time has another form
		body := func(n webhook.Counts, initial bool, ms int64) webhook.SyncBody {
			return webhook.SyncBody{
				ConnectionID: model + sync, ProviderConfigKey: sync, SyncName: sync, Model: model, Counts: n, Initial: initial,
				QueryTimeStamp: time.UnixMilli(max(ms, -ms, 0) % end),
			}
		}
		older, newer := body(counts(a, b, c), initial, since), body(counts(d, e, g), later, until)
		got, err := merge.Run(t.Context(), rdb, []string{"{p}", "{p}:"}, older.Bytes(), newer.Bytes()).Text()
		if want := string(together(older, newer).Bytes()); err != nil || got != want {
			t.Errorf("%s\nand\n%s\nbecome (%v)\n%s\nwant\n%s", older.Bytes(), newer.Bytes(), err, got, want)
		}
	})
}

func TestABodyThatCannotBeReadIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	merge := luaOf(t, "return merged(ARGV[1], ARGV[2]) or 'left'", "lane", "stats", "coalesce")
	sync := string(webhook.SyncBody{Model: "M", Initial: true}.Bytes())
	for _, other := range []string{"", "{}", `{"type":"sync.failed"}`, sync + "\n", strings.Replace(sync, "0", "-1", 1), strings.Replace(sync, "0", "0.5", 1)} {
		for _, args := range [][]any{{other, sync}, {sync, other}} {
			if got, err := merge.Run(t.Context(), server(t), []string{"{p}", "{p}:"}, args...).Text(); err != nil || got != "left" {
				t.Errorf("%q became %q (%v)", args, got, err)
			}
		}
	}
}

func TestAnOpenBreakerIsSeenInTheTextOfAFlow(t *testing.T) {
	t.Parallel()
	open := luaOf(t, "return string.find(ARGV[1], OPEN) and 1 or 0", "lane", "stats", "coalesce")
	now := time.UnixMilli(1_700_000_000_000)
	rules := webhook.FlowRules{MaxInFlight: 64, Rate: 5}
	rdb := server(t)
	var flow webhook.Flow
	probed := false
	for n := range 200 {
		now = now.Add(time.Duration(n%7) * 300 * time.Millisecond)
		o := webhook.Observation{
			Delivery: "dlv_" + string(rune('a'+n%26)), Outcome: webhook.Retry, Status: 500, Reason: "answered o5 r v1 o1 500",
			Latency: time.Millisecond, At: now, InFlight: 1,
		}
		if n%11 == 0 {
			o.Outcome, o.Status = webhook.Delivered, 200
		} else if n%13 == 0 {
			o.Outcome, o.Status = webhook.Throttle, 429
		}
		flow = flow.After(o, rules, 0.5)
		text := flow.Text(rules, now)
		got, err := open.Run(t.Context(), rdb, []string{"{p}", "{p}:"}, text).Bool()
		if err != nil || got != flow.Probing() {
			t.Errorf("of %q it is said that its breaker is open: %t (%v)", text, got, err)
		}
		probed = probed || flow.Probing()
	}
	if !probed {
		t.Error("the breaker never opened")
	}
}
