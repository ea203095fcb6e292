package store_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// injury is one way in which a store is broken by hand.
type injury struct {
	name string
	hurt func(t *testing.T, w *world)
	// codes are what the doctor must find, all of it.
	codes []string
	// uncovers are what it finds more while it mends.
	uncovers []string
	// left says that only a person can mend it.
	left bool
	// lost says that the row that waits, a run or a delivery, is beyond recovery.
	lost bool
}

// livedWorld is a world in which things have happened, and a run and a delivery wait.
func livedWorld(t *testing.T) *world {
	t.Helper()
	w := worldOn(t, ownServer(t), func(s *synchook.Sync) { s.Frequency = time.Hour })
	liveEvent(t, w)
	w.owe(t, "Owed")
	a := w.event("evt_2", "x2", synchook.OutcomeMatched)
	run := w.run("run_2")
	run.Event = "evt_2"
	a.Runs = []synchook.Run{run}
	w.accept(t, a)
	w.accept(t, w.event("evt_3", "x3", synchook.OutcomeUnmatched))
	if _, _, err := w.st.CreateAPIKey(t.Context(), w.p, "ci", synchook.AllScopes()); err != nil {
		t.Fatal(err)
	}
	return w
}

// do sends Redis commands, words of which may stand for a key of the world's project ("P:...") or of its
// connection ("C:...").
func (w *world) do(t *testing.T, commands ...string) {
	t.Helper()
	tag := strings.TrimSuffix(w.key(""), "}:")
	for _, command := range commands {
		var args []any
		for _, word := range strings.Fields(w.named(command)) {
			switch {
			case strings.HasPrefix(word, "P:"):
				word = tag + "}:" + word[2:]
			case strings.HasPrefix(word, "C:"):
				word = tag + ":" + string(w.Connection.ID) + "}:" + word[2:]
			}
			args = append(args, word)
		}
		if err := w.rdb.Do(t.Context(), args...).Err(); err != nil && err != redis.Nil { //nolint:errorlint // the answer itself
			t.Fatalf("%s: %v", command, err)
		}
	}
}

// named puts the world's IDs into a text.
func (w *world) named(text string) string {
	return strings.NewReplacer(
		"PRJ", string(w.p), "INT", string(w.Integration.ID), "CON", string(w.Connection.ID), "SYN", string(w.Sync.Sync.ID),
		"MOD", string(w.Sync.Sync.Models[0].ID), "SCR", string(w.Sync.Sync.Script), "PUB", w.Project.PublicID,
		"SOON", strconv.FormatInt(synchook.IDTime(string(w.p)).Add(20*time.Second).UnixMilli(), 10),
		"END", string(w.Project.Endpoint), "LANE", string(w.lane()), "SENDS", string(w.endpointLane()),
	).Replace(text)
}

// by returns an injury of Redis commands.
func by(commands ...string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) { t.Helper(); w.do(t, commands...) }
}

// toOwed returns an injury of commands in which DLV is the delivery that waits.
func toOwed(commands ...string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		for _, c := range commands {
			w.do(t, strings.ReplaceAll(c, "DLV", w.owed(t)))
		}
	}
}

func (w *world) owed(t *testing.T) string {
	t.Helper()
	for _, d := range w.deliveries(t) {
		if d.Model == "Owed" {
			return string(d.ID)
		}
	}
	t.Fatal("nothing is owed")
	return ""
}

func (w *world) deliveries(t *testing.T) []synchook.Delivery {
	t.Helper()
	var all []synchook.Delivery
	for _, states := range [][]synchook.DeliveryState{{synchook.DeliveryPending}, nil} {
		list, _, err := w.st.Deliveries(t.Context(), w.p, store.DeliveryQuery{States: states}, store.Page{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// oldDeletion has a record be deleted long ago, by a run that is not open any more, and nobody know it.
func oldDeletion(t *testing.T, w *world) {
	t.Helper()
	hash := "{" + string(w.p) + ":" + string(w.Connection.ID) + "}:r:" + string(w.Sync.Sync.Models[0].ID)
	f := strings.SplitN(w.rdb.HGet(t.Context(), hash, "3").Val(), "|", 6)
	f[2], f[4] = "1000", "1000"
	if err := w.rdb.HSet(t.Context(), hash, "3", strings.Join(f, "|")).Err(); err != nil {
		t.Fatal(err)
	}
	w.do(t, "ZADD C:m:MOD 1000 3", "ZADD C:d:MOD 1000 3", "DEL C:open", "DEL P:tombs")
}

// twins makes a second connection of the same name, complete otherwise.
func twins(t *testing.T, w *world) {
	t.Helper()
	row := w.rdb.HGet(t.Context(), w.key("con", string(w.Connection.ID)), "f").Val()
	if err := w.rdb.HSet(t.Context(), w.key("con", "con_x"), "f", row, "v", 1, "idx", "[]").Err(); err != nil {
		t.Fatal(err)
	}
	w.do(t, "ZADD P:connections 0 con_x", "ZADD P:connections:INT 0 con_x", "ZADD P:schedules SOON con_x.SYN")
}

func injuries() []injury {
	return []injury{
		{name: "a run is on no list", hurt: by("ZREM P:runs run_2"), codes: []string{"row_unlisted"}},
		{name: "a run is listed at a wrong place", hurt: by("ZADD P:runs 5 run_2"), codes: []string{"row_unlisted"}},
		{name: "a queued run is not listed as such", hurt: by("ZREM P:runs:queued run_2"), codes: []string{"row_unlisted"}},
		{name: "a run is listed in another state too", hurt: by("ZADD P:runs:failed 5 run_2"), codes: []string{"row_misplaced"}},
		{name: "a succeeded run is listed as running", hurt: by("ZADD P:runs:running 5 run_1"), codes: []string{"row_misplaced"}},
		{name: "the list of runs is gone", hurt: by("DEL P:runs"), codes: []string{"row_unlisted"}},
		{name: "a run that never was is listed", hurt: by("ZADD P:runs 5 run_x", "ZADD P:runs:queued 5 run_x"), codes: []string{"index_without_row"}},
		{name: "a queued run is in no lane", hurt: by("ZREM P:rows:LANE run_2"), codes: []string{"row_without_lane"}},
		{name: "the lane of a queued run is gone", hurt: by("DEL P:rows:LANE", "DEL P:lane:LANE", "ZREM P:due LANE"), codes: []string{"row_without_lane"}},
		{name: "a run that never was waits in a lane", hurt: by("ZADD P:rows:LANE 5 run_x"), codes: []string{"lane_without_row"}},
		{name: "a run that has ended waits in a lane", hurt: by("ZADD P:rows:LANE 5 run_1"), codes: []string{"row_ended_in_lane"}},
		{name: "a run waits in another lane too", hurt: by("ZADD P:rows:CON.SYN.f 5 run_2", "ZADD P:due SOON CON.SYN.f"), codes: []string{"row_in_other_lane"}},
		{name: "a run's time never comes", hurt: by("ZADD P:rows:LANE 0 run_2"), codes: []string{"row_never_due"}},
		{name: "only a count is left of a run", hurt: by("HSET P:run:run_x int 1"), codes: []string{"row_damaged"}},
		{name: "a run's row is gone", hurt: by("DEL P:run:run_2"), codes: []string{"event_miscounted", "index_without_row", "lane_without_row"}, lost: true},

		{name: "a delivery is on no list", hurt: toOwed("ZREM P:deliveries DLV"), codes: []string{"row_unlisted"}},
		{name: "a pending delivery is listed as exhausted", hurt: toOwed("ZADD P:deliveries:exhausted 5 DLV", "ZREM P:deliveries:pending DLV"), codes: []string{"row_misplaced", "row_unlisted"}},
		{name: "a pending delivery is in no lane", hurt: toOwed("ZREM P:rows:SENDS DLV"), codes: []string{"row_without_lane"}},
		{name: "a delivery that never was waits", hurt: by("ZADD P:rows:SENDS 5 dlv_x"), codes: []string{"lane_without_row"}},
		{name: "only an attempt is left of a delivery", hurt: by("HSET P:dlv:dlv_x at 3"), codes: []string{"row_damaged"}},
		{name: "a delivery that never was is listed", hurt: by("ZADD P:deliveries 5 dlv_x", "ZADD P:deliveries:pending 5 dlv_x"), codes: []string{"index_without_row"}},

		{name: "a delivery that is due later than it was made is not listed as such", hurt: toOwed("HSET P:dlv:DLV due 5"), codes: []string{"row_unlisted"}},
		{name: "a delivery that is due when it was made is listed as deferred", hurt: toOwed("ZADD P:deferred:END 5 DLV"), codes: []string{"row_misplaced"}},
		{name: "a deferred delivery that never was is listed", hurt: by("ZADD P:deferred:END 5 dlv_x"), codes: []string{"index_without_row"}},
		{name: "a pending delivery is listed among those that its endpoint never got", hurt: toOwed("ZADD P:deliveries:exhausted:END 5 DLV"), codes: []string{"row_misplaced"}},
		{name: "nobody knows that something waits for an endpoint", hurt: by("ZREM P:owed SENDS"), codes: []string{"owed_unlisted"}},
		{name: "something is owed in a lane that never was", hurt: by("ZADD P:owed 5 end_x.d"), codes: []string{"owed_without_lane"}},
		{name: "a delivery that may become one with others is not listed as such", hurt: toOwed("HSET P:dlv:DLV co 0:CON.SYN.Owed"), codes: []string{"joining_unlisted"}},
		{name: "deliveries that never were may become one with others", hurt: by("ZADD P:co:END 0 CON.SYN.M|dlv_x", "ZADD P:co:END 0 x"), codes: []string{"joining_ended"}},
		{name: "when a webhook was sent last never expires", hurt: by("ZADD P:sent:END 5 CON.SYN.M"), codes: []string{"never_expires"}},
		{name: "statistics never expire", hurt: by("HSET P:stat:1 5 c=1", "HSET P:stat:1:END 5 c=1"), codes: []string{"never_expires"}},

		{name: "an event is on no list", hurt: by("ZREM P:events evt_2"), codes: []string{"row_unlisted"}},
		{name: "a matched event is listed as unmatched", hurt: by("ZADD P:events:unmatched 2 evt_2"), codes: []string{"row_misplaced"}},
		{name: "an unmatched event is not listed as such", hurt: by("ZREM P:events:unmatched evt_3"), codes: []string{"row_unlisted"}},
		{name: "an event that never was is listed", hurt: by("ZADD P:events 9 evt_x"), codes: []string{"clock_behind", "index_without_row"}},
		{name: "an event counts more runs than it has", hurt: by("HSET P:event:evt_2 op 7"), codes: []string{"event_miscounted"}},
		{name: "an event is not remembered", hurt: by("UNLINK P:seen:INT:" + synchook.ContentID("", "x2")), codes: []string{"event_not_remembered"}},
		{name: "what is remembered of an event never expires", hurt: by("SET P:seen:INT:x evt_1"), codes: []string{"never_expires"}},

		{name: "rows are in flight and nobody has the lane", hurt: by("ZADD P:rows:LANE -5 run_2"), codes: []string{"in_flight_without_lease"}},
		{name: "a lease ran out long ago", hurt: by("ZADD P:rows:LANE -5 run_2", "HSET P:lane:LANE tok dead till 1"), codes: []string{"in_flight_without_lease"}},
		{name: "the sweep does not know a lane", hurt: by("ZREM P:due LANE"), codes: []string{"lane_forgotten"}},
		{name: "nobody touched a lane in time", hurt: by("ZADD P:due 1 LANE"), codes: []string{"lane_overdue"}},
		{name: "an empty lane is awake and the sweep does not know it", hurt: by("HSET P:lane:CON.SYN.f awake 1"), codes: []string{"lane_forgotten"}},
		{name: "a lane sleeps long after its next row is due", hurt: by("HSET P:lane:SENDS awake 0", "ZADD P:due 9000000000001 SENDS"), codes: []string{"lane_sleeps_long"}},
		{name: "a lane is left of an endpoint that is gone", hurt: by("HSET P:lane:end_x.d gen 3"), codes: []string{"lane_without_owner"}},
		{name: "a lane is left of a connection that is gone", hurt: by("HSET P:lane:con_x.SYN.e gen 3", "ZADD P:due SOON con_x.SYN.e"), codes: []string{"lane_without_owner"}},

		{name: "a connection is on no list", hurt: by("ZREM P:connections CON", "ZREM P:connections:INT CON"), codes: []string{"row_unlisted"}},
		{name: "a connection that never was is listed", hurt: by("ZADD P:connections 0 con_x"), codes: []string{"index_without_row"}},
		{name: "a connection has lost its name", hurt: by("HDEL P:names c:INT:user-1"), codes: []string{"thing_unnamed"}},
		{name: "an integration and a sync have lost their names", hurt: by("HDEL P:names i:github s:INT:issues"), codes: []string{"thing_unnamed"}},
		{name: "names stand for what is gone", hurt: by("HSET P:names i:x int_x c:INT:x con_x s:int_x:x syn_x y:1 z"), codes: []string{"name_without_thing"}},
		{name: "the name of a connection stands for what is gone", hurt: by("HSET P:names c:INT:user-1 con_x"), codes: []string{"name_without_thing", "thing_unnamed"}},
		{name: "two connections have one name", hurt: twins, codes: []string{"name_of_another"}, left: true},
		{name: "an endpoint is on no list", hurt: by("HSET P:endpoint:end_x f {}"), codes: []string{"row_unlisted"}},
		{name: "a connection's endpoint is listed without a URL", hurt: by(`HSET P:endpoint:end_y f {"Connection":"CON"}`, "ZADD P:endpoints:con 0 end_y"), codes: []string{"row_misplaced"}},
		{name: "endpoints that never were are listed", hurt: by("ZADD P:endpoints 0 end_x", "ZADD P:endpoints:con 0 end_y"), codes: []string{"index_without_row"}},
		{name: "an endpoint is left of a connection that is gone", hurt: by(`HSET P:endpoint:end_y f {"Connection":"con_x"}`, "ZADD P:endpoints:con 0 end_y"), codes: []string{"endpoint_without_connection"}},
		{name: "an endpoint cannot be read", hurt: by("HSET P:endpoint:end_x f {"), codes: []string{"config_damaged"}, left: true},
		{name: "events do not find a connection", hurt: by("DEL P:match:INT"), codes: []string{"connection_unmatched"}},
		{name: "events find a connection that is gone", hurt: by("ZADD P:match:INT 0 connection_id|1|con_x"), codes: []string{"match_without_connection"}},
		{name: "a connection cannot be read", hurt: by("HSET P:con:con_x f { v 1"), codes: []string{"config_damaged"}, left: true},
		{name: "an integration cannot be read", hurt: by("HSET P:integrations int_x {"), codes: []string{"config_damaged"}, left: true},
		{name: "a sync cannot be read", hurt: by("HSET P:syncs:INT syn_x {"), codes: []string{"config_damaged"}, left: true},
		{name: "something is left of an integration that is gone", hurt: by("LPUSH P:rejected:int_x 1|x", "SADD P:removed:int_x syn_x"), codes: []string{"part_without_integration"}},
		{name: "models are left of an integration that is gone", hurt: by("HSET P:models:int_x M mod_x"), codes: []string{"part_without_integration"}, left: true},

		{name: "a sync's script is gone", hurt: by("DEL P:script:SCR"), codes: []string{"sync_without_script"}, left: true},
		{name: "a sync's script is about to be forgotten", hurt: by("EXPIRE P:script:SCR 100"), codes: []string{"script_expires"}},
		{name: "a script that no sync names is kept for ever", hurt: by("HSET P:script:scr_x code x"), codes: []string{"script_unnamed"}},
		{name: "a schedule is missing", hurt: by("ZREM P:schedules CON.SYN"), codes: []string{"schedule_missing"}},
		{name: "a schedule is of a connection that is gone", hurt: by("ZADD P:schedules 5 con_x.SYN"), codes: []string{"schedule_without_connection"}},
		{name: "a schedule is of nothing", hurt: by("ZADD P:schedules 5 x"), codes: []string{"schedule_damaged"}},
		{name: "a paused sync has a schedule", hurt: by("HSET P:status:CON.SYN paused 1"), codes: []string{"schedule_though_paused"}},
		{name: "the status of a connection that is gone is kept", hurt: by("HSET P:status:con_x.SYN last 1"), codes: []string{"status_without_connection"}},
		{name: "the clock is behind the runs", hurt: by("HSET P:run:run_1 new SOON", "ZADD P:runs SOON run_1"), codes: []string{"clock_behind"}},
		{name: "the count of events is behind", hurt: by("DEL P:seq"), codes: []string{"clock_behind"}},

		{name: "a record is not listed", hurt: by("ZREM C:m:MOD 1"), codes: []string{"records_miscounted"}},
		{name: "a record is listed at a wrong place", hurt: by("ZADD C:m:MOD 5 1"), codes: []string{"record_unlisted"}},
		{name: "a record that never was is listed", hurt: by("ZADD C:m:MOD 5 x"), codes: []string{"index_without_row", "records_miscounted"}},
		{name: "a record cannot be read", hurt: by("HSET C:r:MOD 1 x"), codes: []string{"record_damaged"}},
		{name: "a deleted record is not on the list of deletions", hurt: by("ZREM C:d:MOD 3"), codes: []string{"deletion_unlisted"}},
		{name: "a living record is on the list of deletions", hurt: by("ZADD C:d:MOD 5 1", "ZADD P:tombs 5 CON.MOD"), codes: []string{"deletion_of_living"}},
		{name: "a record that never was is on the list of deletions", hurt: by("ZADD C:d:MOD 5 x", "ZADD P:tombs 5 CON.MOD"), codes: []string{"index_without_row"}},
		{name: "deletions are never forgotten", hurt: oldDeletion, codes: []string{"deletions_forgotten"}},
		{name: "deletions are listed of a connection that is gone", hurt: by("ZADD P:tombs 5 con_x.MOD"), codes: []string{"tomb_without_connection"}},
		{name: "one record is not listed, and another never was", hurt: by("ZREM C:m:MOD 1", "ZADD C:m:MOD 5 x"), codes: []string{"index_without_row"}, uncovers: []string{"records_miscounted"}},
		{name: "the clock is behind the records", hurt: by("SET C:clock 5"), codes: []string{"clock_behind"}},
		{name: "the count of runs is behind the records", hurt: by("DEL C:runs"), codes: []string{"ordinal_behind"}},
		{name: "what a run leaves never expires", hurt: by("PERSIST C:run:run_1"), codes: []string{"never_expires"}},
		{name: "what a run leaves is on no list", hurt: by("ZREM C:kept run_1"), codes: []string{"run_not_kept"}},

		{name: "a project is on no list", hurt: by("ZREM synchook:projects PRJ"), codes: []string{"project_unlisted"}},
		{name: "a project that never was is listed", hurt: by("ZADD synchook:projects 5 prj_x"), codes: []string{"list_without_project"}},
		{name: "a project's public ID is not known", hurt: by("HDEL synchook:public PUB"), codes: []string{"public_unknown"}},
		{name: "a public ID is of no project", hurt: by("HSET synchook:public abc prj_x"), codes: []string{"public_without_project"}},
		{name: "an API key opens a project that does not know it", hurt: by("HSET synchook:keys abc PRJ|key_x|read"), codes: []string{"key_without_row"}},
		{name: "an API key opens nothing", hurt: by("DEL synchook:keys"), codes: []string{"key_opens_nothing"}},
		{name: "the use of a key is kept that is gone", hurt: by("HSET P:keys:used key_x 5"), codes: []string{"key_use_without_key"}},
		{name: "records are left of a connection that never was", hurt: by("SET {PRJ:con_x}:clock 5", "HSET {PRJ:con_x}:r:MOD 1 x"), codes: []string{"connection_without_row", "records_miscounted"}},
		{name: "a connection with records has lost its row", hurt: by("ZADD P:connections 5 con_x", "SET {PRJ:con_x}:clock 5"), codes: []string{"connection_lost"}, left: true},
		{name: "nobody removes what is left of a connection", hurt: by("HSET P:purge:con_x at 5"), codes: []string{"purge_forgotten"}},
		{name: "something is left of a project that never was", hurt: by("SET {prj_x}:seq 5"), codes: []string{"project_without_row"}, left: true},
		{name: "a project is being removed", hurt: by("HSET {prj_x}:purge step x", "ZADD synchook:purges 5 prj_x", "SET {prj_x}:seq 5", "SET {prj_x}:nosuch 5"), codes: nil},
		{name: "nobody removes what is left of a project", hurt: by("HSET {prj_x}:purge step x"), codes: []string{"purge_forgotten"}},
		{name: "nobody knows a key", hurt: by("SET P:nosuch 5", "SET synchook:nosuch 5"), codes: []string{"key_unknown"}, left: true},
	}
}

func TestTheDoctorFindsAndMendsEachInjury(t *testing.T) {
	t.Parallel()
	for _, i := range injuries() {
		t.Run(i.name, func(t *testing.T) {
			t.Parallel()
			w := livedWorld(t)
			w.wantClean(t, "before")
			i.hurt(t, w)
			wantCodes(t, w.examine(t, &hintQueue{}, false), i.codes, true)
			queue := &hintQueue{}
			wantCodes(t, w.examine(t, queue, true), slices.Concat(i.codes, i.uncovers), i.left)
			if i.left {
				return
			}
			w.wantClean(t, "after the repair")
			w.wantWorkGoesOn(t, i.lost)
			w.wantClean(t, "at the end")
		})
	}
}

// wantCodes fails unless the findings have these codes, and are all left or all mended.
func wantCodes(t *testing.T, findings []store.Finding, codes []string, left bool) {
	t.Helper()
	var got []string
	for _, f := range findings {
		got = append(got, f.Code)
		if f.Repaired == left {
			t.Errorf("repaired is %t: %+v", f.Repaired, f)
		}
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, slices.Sorted(slices.Values(codes))) {
		t.Errorf("the doctor found %q, want %q: %+v", got, codes, findings)
	}
}

// wantWorkGoesOn works both lanes until they are empty: what waited before must have ended.
func (w *world) wantWorkGoesOn(t *testing.T, lost bool) {
	t.Helper()
	run := w.turn(t, store.Turn{Lane: w.lane(), Token: "next", Number: 1, Want: 1, Limit: 1})
	for n := 2; run.Word == store.TurnOK; n++ {
		var done []store.RunDone
		for _, r := range run.Rows {
			done = append(done, w.succeeded(r, "Issue"))
		}
		run = w.turn(t, store.Turn{Lane: w.lane(), Token: "next", Number: n, Want: 1, Limit: 1, Leave: store.LeaveIdle}, done...)
	}
	wantWord(t, run, store.TurnLeft, 0)
	sends := w.turnDeliveries(t, at("next", 1))
	for n := 2; sends.Word == store.TurnOK; n++ {
		var done []store.DeliveryDone
		for _, d := range sends.Rows {
			done = append(done, attempt(d, synchook.DeliveryDelivered, 200))
		}
		turn := at("next", n)
		turn.Leave = store.LeaveIdle
		sends = w.turnDeliveries(t, turn, done...)
	}
	for _, d := range w.deliveries(t) {
		if d.State != synchook.DeliveryDelivered {
			t.Errorf("delivery %s of model %s is %s", d.ID, d.Model, d.State)
		}
	}
	if !lost && w.readRun(t, "run_2").State != synchook.RunSucceeded {
		t.Errorf("run_2 is %s", w.readRun(t, "run_2").State)
	}
}
