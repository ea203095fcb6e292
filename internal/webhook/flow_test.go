package webhook

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var wide = FlowRules{MaxInFlight: 64}

// story makes observations one after the other, a second apart, each of another delivery and of a request that
// took 10 ms.
type story struct {
	flow Flow
	now  time.Time
	next int
}

func tell(outcomes ...Observation) *story {
	s := &story{now: noon}
	return s.then(outcomes...)
}

func (s *story) then(outcomes ...Observation) *story {
	for _, o := range outcomes {
		s.next++
		s.now = s.now.Add(time.Second)
		o.At = s.now
		if o.Delivery == "" {
			o.Delivery = fmt.Sprint("dlv_", s.next)
		}
		if o.Latency == 0 {
			o.Latency = 10 * time.Millisecond
		}
		if o.InFlight == 0 {
			o.InFlight = s.flow.Limit()
		}
		s.flow = s.flow.After(o, wide, 0.5)
	}
	return s
}

func (s *story) pass(d time.Duration) *story {
	s.now = s.now.Add(d)
	return s
}

func times(n int, o Observation) []Observation {
	out := make([]Observation, n)
	for i := range out {
		out[i] = o
	}
	return out
}

var (
	taken     = Observation{Outcome: Delivered, Status: 200, Reason: "answered 200 OK"}
	broken    = Observation{Outcome: Retry, Status: 500, Reason: "answered 500 Internal Server Error: look at its logs"}
	refused   = Observation{Outcome: Retry, Reason: "refused the connection: nothing listens at its address and port"}
	unread    = Observation{Outcome: Retry, Status: 400, Reason: "answered 400 Bad Request"}
	same      = Observation{Outcome: Retry, Status: 500, Delivery: "dlv_poison", Reason: "answered 500"}
	tooMany   = Observation{Outcome: Throttle, Status: 429, Reason: "answered 429 Too Many Requests: it asks for fewer webhooks"}
	later     = Observation{Outcome: Throttle, Status: 503, RetryAfter: time.Hour, Reason: "answered 503"}
	gone      = Observation{Outcome: Gone, Status: 410, Reason: "answered 410 Gone: it wants no more webhooks"}
	ourFault  = Observation{Outcome: Fault, Reason: "was not called"}
	cutShort  = Observation{Outcome: Interrupted, Reason: "was not waited for"}
	fewFlying = Observation{Outcome: Delivered, Status: 200, InFlight: 1}
)

func TestWhatHappensMovesTheFlow(t *testing.T) {
	t.Parallel()
	down := func() *story { return tell(times(5, refused)...) }
	tests := map[string]struct {
		story   *story
		more    int           // that may go now, with nothing in flight
		wait    time.Duration // when it is none
		health  Health
		probing bool
	}{
		"nothing is known":                               {tell(), 8, 0, Healthy, false},
		"a round of successes doubles the limit":         {tell(times(8, taken)...), 16, 0, Healthy, false},
		"two rounds double it twice":                     {tell(times(24, taken)...), 32, 0, Healthy, false},
		"it is never more than is allowed":               {tell(times(500, taken)...), 64, 0, Healthy, false},
		"it does not grow when it is not put to use":     {tell(times(500, fewFlying)...), 8, 0, Healthy, false},
		"four failures leave the breaker closed":         {tell(times(4, broken)...), 8, 0, Failing, false},
		"five open it":                                   {tell(times(5, broken)...), 0, time.Second, Failing, true},
		"a success between them keeps it closed":         {tell(broken, broken, broken, broken, taken, broken, broken), 8, 0, Failing, false},
		"a success makes the endpoint healthy":           {tell(broken, taken), 8, 0, Healthy, false},
		"one delivery that fails for ever does not":      {tell(times(7, same)...), 8, 0, Failing, false},
		"nor do bodies that are not understood":          {tell(times(7, unread)...), 8, 0, Failing, false},
		"a round of mostly failures halves the limit":    {tell(broken, broken, taken, broken, broken, taken, broken, broken), 4, 0, Failing, false},
		"a probe may go when it is time":                 {down().pass(time.Second), 1, 0, Failing, true},
		"one that fails waits a quarter of the time":     {down().pass(55 * time.Second).then(refused), 0, 15 * time.Second, Failing, true},
		"but 15 minutes at most":                         {down().pass(9 * time.Hour).then(refused), 0, 15 * time.Minute, Failing, true},
		"one that is answered begins with one":           {down().pass(time.Second).then(taken), 1, 0, Healthy, false},
		"then two":                                       {down().then(taken, taken), 2, 0, Healthy, false},
		"then four":                                      {down().then(taken, taken, taken, taken), 4, 0, Healthy, false},
		"an answer about its body closes the breaker":    {down().pass(time.Second).then(unread), 1, 0, Failing, false},
		"a probe that is throttled leaves it open":       {down().pass(55 * time.Second).then(tooMany), 0, 15 * time.Second, Failing, true},
		"a request from before that fails moves nothing": {down().then(Observation{Outcome: Retry, Latency: 20 * time.Second, Reason: "x"}), 1, 0, Failing, true},
		"a throttled endpoint gets a pace":               {tell(append(times(8, taken), tooMany)...).pass(10 * time.Second), 1, 0, Throttled, false},
		"which passes":                                   {tell(append(times(8, taken), tooMany, taken)...).pass(paceEnds), 11, 0, Healthy, false},
		"Retry-After is waited for":                      {tell(later), 0, time.Hour, Throttled, false},
		"a success on its way does not shorten it":       {tell(later, taken), 0, time.Hour - time.Second, Throttled, false},
		"throttling is no failure of five deliveries":    {tell(append(times(20, tooMany), broken)...).pass(time.Minute), 1, 0, Failing, false},
		"one that takes nothing at all is asked seldom":  {tell(tooMany).pass(time.Hour).then(tooMany), 0, 15 * time.Minute, Throttled, false},
		"410 is a failure":                               {tell(gone), 8, 0, Failing, false},
		"what we interrupted teaches nothing":            {tell(times(100, cutShort)...), 8, 0, Healthy, false},
		"and leaves an open breaker as it is":            {down().pass(time.Second).then(cutShort), 1, 0, Failing, true},
		"a fault of ours makes a pause":                  {tell(times(100, ourFault)...), 0, time.Second, Healthy, false},
		"and leaves an open breaker as it is as well":    {down().pass(time.Second).then(ourFault).pass(time.Second), 1, 0, Failing, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, now := test.story.flow, test.story.now
			for range 2 { // also when another worker goes on
				more, notBefore := f.Allow(wide, 0, now)
				var wait time.Duration
				if !notBefore.IsZero() {
					wait = notBefore.Sub(now)
				}
				if more != test.more || wait != test.wait {
					t.Errorf("%d may go, or in %v; want %d, or in %v", more, wait, test.more, test.wait)
				}
				if state := f.State(now); state.Health != test.health || f.Probing() != test.probing {
					t.Errorf("it is %v, probing %v; want %v, %v", state, f.Probing(), test.health, test.probing)
				}
				f = ParseFlow(f.Text(wide, now))
			}
		})
	}
}

func TestAnEndpointIsDisabledWhenItIsGoneOrOnlyFailed(t *testing.T) {
	t.Parallel()
	down := func() *story { return tell(times(5, refused)...) }
	tests := map[string]struct {
		story *story
		why   string
	}{
		"healthy":                       {tell(taken), ""},
		"gone":                          {tell(taken, gone), "the endpoint answered 410 Gone: it wants no more webhooks"},
		"failing for less than 5 days":  {down().pass(DisableAfter - 10*time.Second).then(refused), ""},
		"failing for 5 days":            {down().pass(DisableAfter).then(refused), "the endpoint took no webhook for 5 days; the last time it " + refused.Reason},
		"throttling for 5 days":         {tell(tooMany).pass(DisableAfter).then(tooMany), "the endpoint took no webhook for 5 days; the last time it " + tooMany.Reason},
		"one delivery fails for 5 days": {tell(same).pass(DisableAfter).then(same), ""},
		"it took one meanwhile":         {down().pass(DisableAfter).then(taken, refused), ""},
		"faults of ours for 5 days":     {tell(ourFault).pass(DisableAfter).then(ourFault), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			why, disable := test.story.flow.Disable()
			if why != test.why || disable != (test.why != "") {
				t.Errorf("%v, %q, want %q", disable, why, test.why)
			}
		})
	}
}

func TestTheStateOfAFlowIsExplained(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		story *story
		want  FlowState
	}{
		"healthy": {tell(taken), FlowState{}},
		"failing": {tell(taken, broken), FlowState{
			Health: Failing, Since: noon.Add(2 * time.Second), Reason: "the endpoint answered 500 Internal Server Error: look at its logs",
		}},
		"open": {tell(times(5, broken)...), FlowState{
			Health: Failing, Since: noon.Add(time.Second), Next: noon.Add(6 * time.Second),
			Reason: "the endpoint answered 500 Internal Server Error: look at its logs; single attempts probe it until one is answered",
		}},
		"throttled": {tell(append(times(9, taken), later, taken)...), FlowState{
			Health: Throttled, Since: noon.Add(10 * time.Second), Next: noon.Add(time.Hour + 10*time.Second),
			Reason: "the endpoint asked for fewer webhooks; it gets 0.871 a second at most",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.story.flow.State(test.story.now); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestHealthHasNames(t *testing.T) {
	t.Parallel()
	for health, want := range []string{"healthy", "throttled", "failing"} {
		if got := Health(health).String(); got != want {
			t.Errorf("health %d is called %q, want %q", health, got, want)
		}
	}
}

func TestProbesAreSpread(t *testing.T) {
	t.Parallel()
	row := failures{since: noon}
	at := noon.Add(time.Hour / 6)
	if early, late := row.wait(at, 0), row.wait(at, almostOne); early != 2*time.Minute || late < 3*time.Minute-time.Second || late > 3*time.Minute {
		t.Errorf("after ten minutes the next probe comes after %v to %v", early, late)
	}
}

func TestTheRateIsTheLowerOfRuleAndPace(t *testing.T) {
	t.Parallel()
	paced := Flow{pace: pace{top: 100, cut: noon}}
	tests := map[string]struct {
		flow        Flow
		rules       FlowRules
		rate, burst float64
	}{
		"none":                   {Flow{}, FlowRules{}, 0, 1},
		"a rule":                 {Flow{}, FlowRules{Rate: 50, Burst: 7}, 50, 7},
		"a rule without a burst": {Flow{}, FlowRules{Rate: 50}, 50, 50},
		"a slow rule":            {Flow{}, FlowRules{Rate: 0.5}, 0.5, 1},
		"a pace":                 {paced, FlowRules{}, 85, 4.25},
		"a pace below the rule":  {paced, FlowRules{Rate: 90}, 85, 4.25},
		"a rule below the pace":  {paced, FlowRules{Rate: 80, Burst: 80}, 80, 80},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if rate, burst := test.flow.rate(test.rules, noon); rate != test.rate || burst != test.burst {
				t.Errorf("%v, %v at once, want %v, %v", rate, burst, test.rate, test.burst)
			}
		})
	}
}

func TestWhatWentBeyondARateIsWaitedFor(t *testing.T) {
	t.Parallel()
	rules := FlowRules{MaxInFlight: 64, Rate: 10, Burst: 20}
	f := Flow{}.Sent(30, rules, 0, noon)
	more, notBefore := f.Allow(rules, 0, noon)
	if want := noon.Add(1100 * time.Millisecond); more != 0 || notBefore.Sub(want).Abs() > time.Microsecond {
		t.Errorf("%d may go, or at %v, want none before %v", more, notBefore, want)
	}
	if more, _ := f.Allow(rules, 0, notBefore); more != 1 {
		t.Errorf("then %d may go, want one", more)
	}
}

func TestAnEndpointThatStopsAnsweringGetsNoMore(t *testing.T) {
	t.Parallel()
	f := tell(times(500, taken)...).flow.Sent(20, wide, 0, noon)
	tests := map[string]struct {
		inFlight, more int
		after          time.Duration
	}{
		"at once":           {20, 44, 0},
		"in time":           {20, 44, 250 * time.Millisecond},
		"late":              {20, 0, 251 * time.Millisecond},
		"late, a few":       {7, 57, time.Minute},
		"late, eight":       {8, 0, time.Minute},
		"nothing in flight": {0, 64, time.Hour},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if more, notBefore := f.Allow(wide, test.inFlight, noon.Add(test.after)); more != test.more || !notBefore.IsZero() {
				t.Errorf("%d more may go, want %d (%v)", more, test.more, notBefore)
			}
		})
	}
}

func TestATextKeepsTheFlow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		story *story
		rules FlowRules
		want  string
	}{
		"fresh":     {tell(), wide, ""},
		"healthy":   {tell(times(500, taken)...), wide, "64 v1 l64 g2 u10000"},
		"down":      {tell(times(5, refused)...), wide, "1 v1 l1 g1 o1795521605000 n1795521606000 s1795521601000 ijjufqp,ipvmns,izv8cr,kdt8tm,knsuil r" + refused.Reason},
		"throttled": {tell(append(times(8, taken), later)...), wide, "1 v1 l11 g2 u10000 n1795525209000 p1.00,1795521609000,1795521609000 b0.00,1795521609000 s1795521609000 t ranswered 503"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.story.flow.Text(test.rules, test.story.now)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if again := ParseFlow(got).Text(test.rules, test.story.now); again != got {
				t.Errorf("read and written again it is %s", again)
			}
		})
	}
}

func TestATextIsShort(t *testing.T) {
	t.Parallel()
	wordy := broken
	wordy.Reason = strings.Repeat("ä", 1000)
	s := tell(append(append(times(500, taken), tooMany), times(5, wordy)...)...)
	if text := s.flow.Text(FlowRules{MaxInFlight: 64, Rate: 3}, s.now); len(text) > 400 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestATextThatCannotBeReadIsAFreshFlow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", "-1", "0", "8 v2 l64", "8 v1 ", "8 v1 l", "8 v1 l0", "8 v1 l-1", "8 v1 lx", "8 v1 g3", "8 v1 l1,2", "8 v1 p1,2", "8 v1 pNaN,1,1",
		"8 v1 p1e300,1,1", "8 v1 i1,2,3,4,5,6", "8 v1 i-", "8 v1 q1", "8 v1 i99999999",
	} {
		if got := ParseFlow(text); !reflect.DeepEqual(got, Flow{}) {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func TestANumberIsAFlowThatBeginsAgain(t *testing.T) {
	t.Parallel()
	f := ParseFlow("1")
	if more, _ := f.Allow(wide, 0, noon); more != 1 || f.growth != recovery {
		t.Errorf("it is %+v", f)
	}
}

func FuzzParseFlow(f *testing.F) {
	f.Add("64 v1 l64 g2 u10000")
	f.Add("1 v1 l1 g1 o1795521605000 n1795521606000 s1795521601000 i9i0glc,9imlv7 rrefused")
	f.Add("1 v1 l11 g2 u10000 p1.00,1795521609000,1795521609000 b0.00,1795521609000 t")
	f.Fuzz(func(t *testing.T, text string) {
		flow := ParseFlow(text)
		for i := range 200 {
			at := noon.Add(time.Duration(i) * time.Hour)
			more, _ := flow.Allow(wide, 0, at)
			if more < 0 || more > 64 {
				t.Fatalf("%d more may go", more)
			}
			flow = flow.Sent(more, wide, 0, at).After(Observation{Outcome: Delivered, At: at, InFlight: more}, wide, 0.5)
		}
		if flow.Probing() {
			t.Fatal("success does not close the breaker")
		}
	})
}

func BenchmarkFlow(b *testing.B) {
	f := tell(times(500, taken)...).flow
	b.ReportAllocs()
	now := noon
	for b.Loop() {
		now = now.Add(time.Millisecond)
		more, _ := f.Allow(wide, 32, now)
		f = f.Sent(min(more, 1), wide, 32, now)
		f = f.After(Observation{Delivery: "dlv_01JD0000000000000000000000", Outcome: Delivered, Status: 200, Latency: 5 * time.Millisecond, At: now, InFlight: 32}, wide, 0.5)
	}
}

func BenchmarkFlowText(b *testing.B) {
	f := tell(times(500, taken)...).flow
	b.ReportAllocs()
	for b.Loop() {
		_ = f.Text(wide, noon)
	}
}
