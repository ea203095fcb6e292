package synchook

import (
	"slices"
	"testing"
	"time"
)

func TestPlanDeploymentNamesEachDifference(t *testing.T) {
	t.Parallel()
	old := Sync{
		ID: "syn_1", Integration: "int_1", Name: "issues", Models: []Model{{ID: "mod_1", Name: "Issue"}, {ID: "mod_2", Name: "User"}},
		Frequency: time.Hour, Subscriptions: []string{"issues", "ping"}, AutoStart: true, Script: "scr_1", Created: time.UnixMilli(1),
	}
	tests := map[string]struct {
		change func(*Sync)
		want   []string
	}{
		"nothing":                      {func(*Sync) {}, nil},
		"the order of models":          {func(s *Sync) { slices.Reverse(s.Models) }, nil},
		"the order of subscriptions":   {func(s *Sync) { slices.Reverse(s.Subscriptions) }, nil},
		"the script":                   {func(s *Sync) { s.Script = "scr_2" }, []string{"script"}},
		"a model less":                 {func(s *Sync) { s.Models = s.Models[:1] }, []string{"models"}},
		"the frequency":                {func(s *Sync) { s.Frequency = time.Minute }, []string{"frequency"}},
		"a subscription less":          {func(s *Sync) { s.Subscriptions = nil }, []string{"webhook_subscriptions"}},
		"deletes tracked":              {func(s *Sync) { s.TrackDeletes = true }, []string{"track_deletes"}},
		"no start by itself":           {func(s *Sync) { s.AutoStart = false }, []string{"auto_start"}},
		"the description":              {func(s *Sync) { s.Description = "x" }, []string{"description"}},
		"the script and the frequency": {func(s *Sync) { s.Script, s.Frequency = "scr_2", 0 }, []string{"script", "frequency"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted := old
			wanted.ID, wanted.Created = "", time.Time{}
			wanted.Models, wanted.Subscriptions = slices.Clone(old.Models), slices.Clone(old.Subscriptions)
			tt.change(&wanted)
			plan := PlanDeployment([]Sync{old}, []Sync{wanted})
			if len(plan) != 1 || !slices.Equal(plan[0].Differences, tt.want) {
				t.Fatalf("plan = %+v, want the differences %q", plan, tt.want)
			}
			if changed := plan[0].Kind == ChangeChanged; changed != (len(tt.want) > 0) {
				t.Errorf("kind = %s with the differences %q", plan[0].Kind, tt.want)
			}
			if plan[0].Sync.ID != old.ID || !plan[0].Sync.Created.Equal(old.Created) {
				t.Errorf("the sync %+v has lost its identity", plan[0].Sync)
			}
		})
	}
}

func TestPlanDeploymentAddsAndRemovesByIntegrationAndName(t *testing.T) {
	t.Parallel()
	old := []Sync{{Integration: "int_2", Name: "b"}, {Integration: "int_1", Name: "gone"}}
	wanted := []Sync{{Integration: "int_2", Name: "b"}, {Integration: "int_1", Name: "b"}, {Integration: "int_1", Name: "a"}}
	var got []string
	for _, c := range PlanDeployment(old, wanted) {
		got = append(got, string(c.Sync.Integration)+" "+c.Sync.Name+" "+string(c.Kind))
	}
	want := []string{"int_1 a added", "int_1 b added", "int_1 gone removed", "int_2 b unchanged"}
	if !slices.Equal(got, want) {
		t.Errorf("plan = %q, want %q", got, want)
	}
}

func TestPlanDeploymentSchedulesWhatBeginsToRunByItself(t *testing.T) {
	t.Parallel()
	auto := Sync{Name: "a", AutoStart: true, Frequency: time.Hour}
	tests := map[string]struct {
		old    []Sync
		wanted Sync
		want   bool
	}{
		"new":                           {nil, auto, true},
		"new, by events only":           {nil, Sync{Name: "a", AutoStart: true}, false},
		"new, started by hand":          {nil, Sync{Name: "a", Frequency: time.Hour}, false},
		"had no frequency":              {[]Sync{{Name: "a", AutoStart: true}}, auto, true},
		"was started by hand":           {[]Sync{{Name: "a", Frequency: time.Hour}}, auto, true},
		"ran by itself, now more often": {[]Sync{{Name: "a", AutoStart: true, Frequency: 2 * time.Hour}}, auto, false},
		"unchanged":                     {[]Sync{auto}, auto, false},
		"no longer has a frequency":     {[]Sync{auto}, Sync{Name: "a", AutoStart: true}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := PlanDeployment(tt.old, []Sync{tt.wanted})[0].Scheduled; got != tt.want {
				t.Errorf("scheduled = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestASyncIsHastenedOnlyByAShorterFrequency(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		old, wanted time.Duration
		want        bool
	}{
		{time.Hour, time.Minute, true}, {time.Minute, time.Hour, false}, {time.Hour, 0, false}, {0, time.Hour, false}, {time.Hour, time.Hour, false},
	} {
		plan := PlanDeployment([]Sync{{Name: "a", Frequency: tt.old}}, []Sync{{Name: "a", Frequency: tt.wanted}})
		if plan[0].Hastened != tt.want {
			t.Errorf("from %v to %v: %v", tt.old, tt.wanted, plan[0].Hastened)
		}
	}
}
