package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// group is a check together with where its members are.
type group struct {
	slot
	check string
	set   string // the index, lane, model or integration that the members are of; "": none
}

// question is one member to be looked at.
type question struct {
	group
	member string
}

// symptom is what a look has found.
type symptom struct {
	question
	code, detail string
}

// look is what a check is asked to do.
type look struct {
	group
	members []string
	mend    bool // whether what is found is put right as well
}

// check looks at members of a group. It answers how many it has looked at, at least one, and what it found.
type check func(ctx context.Context, d *doctor, l look) (int, []symptom, error)

// checks is the table of all checks.
func checks() map[string]check {
	inProject := func(names ...string) check { return scripted(append([]string{"lane", "doctor"}, names...)...) }
	inConnection := func(names ...string) check { return scripted(append([]string{"record", "doctor"}, names...)...) }
	return map[string]check{
		"run":         inProject("doctor_row", "doctor_run"),
		"delivery":    inProject("doctor_row", "doctor_delivery"),
		"event":       inProject("doctor_row", "doctor_event"),
		"recovery":    inProject("doctor_row", "doctor_recovery"),
		"remembered":  lookAtRemembered,
		"index":       lostConnections(inProject("doctor_index")),
		"waiting":     inProject("doctor_waiting"),
		"owed":        inProject("doctor_owed"),
		"joining":     inProject("doctor_joining"),
		"lane":        withoutHint(inProject("doctor_lane")),
		"endpoint":    inProject("doctor_row", "doctor_endpoint"),
		"connection":  inProject("doctor_name", "doctor_connection"),
		"match":       inProject("doctor_match"),
		"names":       inProject("doctor_name", "doctor_names"),
		"integration": inProject("doctor_name", "doctor_integration"),
		"part":        inProject("doctor_part"),
		"sync":        inProject("doctor_name", "doctor_sync"),
		"schedule":    inProject("doctor_schedule"),
		"scheduled":   inProject("doctor_scheduled"),
		"status":      inProject("doctor_status"),
		"tomb":        inProject("doctor_tomb"),
		"clock":       inProject("doctor_clock"),
		"expiry":      scripted("doctor", "doctor_expiry"),
		"record":      inConnection("doctor_record"),
		"model":       recounted(inConnection("doctor_model")),
		"kept":        inConnection("doctor_kept"),
		"script":      each(findScript),
		"project":     each(findProject),
		"listed":      each(findListed),
		"public":      each(findPublic),
		"hash":        each(findHash),
		"apikey":      each(findAPIKey),
		"used":        each(findUsed),
		"purge":       each(findPurge),
		"deletions":   each(findDeletions),
		"owner":       each(findOwner),
		"unknown":     each(findUnknown),
	}
}

// scripted returns a check that is one script.
func scripted(names ...string) check {
	s := script(names...)
	return func(ctx context.Context, d *doctor, l look) (int, []symptom, error) {
		args := []any{"look", l.set}
		if l.mend {
			args[0] = "mend"
		}
		for _, m := range l.members {
			args = append(args, m)
		}
		answer, err := d.run(ctx, l.slot, s, args...).Slice()
		if err != nil {
			return 0, nil, failed("examining "+l.check, err)
		}
		looked, _ := answer[0].(int64)
		return int(looked), l.symptoms(words(answer[1])), d.send(ctx, hints(l.project, answer[2]))
	}
}

func (d *doctor) run(ctx context.Context, s slot, script *redis.Script, args ...any) *redis.Cmd {
	if s.connection != "" {
		return d.store.inConnection(ctx, s.project, s.connection, script, args...)
	}
	return d.store.inProject(ctx, s.project, script, args...)
}

// send sends the hints of lanes that were woken. One that is lost is made up for by the sweep.
func (d *doctor) send(ctx context.Context, hints []synchook.Hint) error {
	if len(hints) == 0 {
		return nil
	}
	if err := d.Queue.Send(ctx, hints...); err != nil {
		return fmt.Errorf("sending the hints of mended lanes: %w", err)
	}
	return nil
}

func (g group) symptoms(found []string) []symptom {
	var out []symptom
	for i := 0; i+2 < len(found); i += 3 {
		out = append(out, g.symptom(found[i+1], found[i], found[i+2]))
	}
	return out
}

func (g group) symptom(member, code, detail string) symptom {
	return symptom{question{g, member}, code, detail}
}

// withoutHint asks the queue after the hints of overdue lanes: with one on its way, the lane only waits
// for a worker. A lane without one is woken here when it is mended: its script cannot ask.
func withoutHint(lanes check) check {
	return func(ctx context.Context, d *doctor, l look) (int, []symptom, error) {
		looked, found, err := lanes(ctx, d, l)
		var kept []symptom
		for _, s := range found {
			lost := true
			if s.code == "lane_overdue" && err == nil {
				lost, err = d.hintIsLost(ctx, s, l.mend)
			}
			if lost {
				kept = append(kept, s)
			}
		}
		return looked, kept, err
	}
}

func (d *doctor) hintIsLost(ctx context.Context, s symptom, mend bool) (bool, error) {
	lane := synchook.LaneID(s.member)
	generation := int64(number(s.detail))
	onItsWay, err := d.Queue.OnItsWay(ctx, lane, generation)
	if err != nil || onItsWay {
		return false, err
	}
	if !mend {
		return true, nil
	}
	hints, err := d.store.Rewake(ctx, s.project, Overdue{Lane: lane, Generation: generation}, false)
	if err != nil {
		return true, err
	}
	return true, d.send(ctx, hints)
}

// recounted mends the index of a model whose counts differ: its records are looked at one by one.
func recounted(models check) check {
	return func(ctx context.Context, d *doctor, l look) (int, []symptom, error) {
		looked, found, err := models(ctx, d, l)
		for _, s := range found {
			if err == nil && l.mend {
				err = d.relist(ctx, s.slot, s.member)
			}
		}
		return looked, found, err
	}
}

func (d *doctor) relist(ctx context.Context, s slot, model string) error {
	mend := func(id string) error {
		_, err := d.look(ctx, look{group{s, "record", model}, []string{id}, true})
		return err
	}
	if err := d.store.eachField(ctx, s.key("r:"+model), "", mend); err != nil {
		return err
	}
	return d.store.eachMember(ctx, s.key("m:"+model), mend)
}

// judge looks again, after a pause, at what did not look right, and mends it if that is wanted. What
// lasts is no work in motion.
func (d *doctor) judge(ctx context.Context) ([]symptom, error) {
	if len(d.suspects) == 0 {
		return nil, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(d.Pause):
	}
	lasting, err := d.again(ctx, d.suspects, false)
	if err == nil {
		lasting, err = d.notPurged(ctx, lasting)
	}
	if err == nil && d.Repair && len(lasting) > 0 {
		_, err = d.again(ctx, lasting, true)
	}
	return lasting, err
}

// notPurged leaves out what is found in projects that are being removed: nobody needs it any more.
func (d *doctor) notPurged(ctx context.Context, found []symptom) ([]symptom, error) {
	purged := map[synchook.ProjectID]bool{}
	for _, s := range found {
		if _, known := purged[s.project]; !known && s.project != "" {
			there, err := d.store.exists(ctx, key(s.project, "purge"))
			if err != nil {
				return nil, failed("looking for purges", err)
			}
			purged[s.project] = there
		}
	}
	return slices.DeleteFunc(found, func(s symptom) bool { return purged[s.project] && s.code != "purge_forgotten" }), nil
}

// again asks the questions of symptoms once more, and returns the symptoms that are still there.
func (d *doctor) again(ctx context.Context, before []symptom, mend bool) ([]symptom, error) {
	was := make(map[symptom]bool, len(before))
	asked := map[question]bool{}
	members := map[group][]string{}
	for _, s := range before {
		was[s.stable()] = true
		if !asked[s.question] {
			asked[s.question] = true
			members[s.group] = append(members[s.group], s.member)
		}
	}
	var lasting []symptom
	for g, list := range members {
		found, err := d.look(ctx, look{g, list, mend})
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if was[s.stable()] {
				lasting = append(lasting, s)
			}
		}
	}
	return lasting, nil
}

// stable is the symptom without what may change while it lasts.
func (s symptom) stable() symptom {
	if !strings.HasPrefix(s.code, "row_") {
		s.detail = ""
	}
	return s
}

// look has a check look at members, some at a time.
func (d *doctor) look(ctx context.Context, l look) ([]symptom, error) {
	var found []symptom
	for rest := l.members; len(rest) > 0; {
		l.members = rest[:min(len(rest), membersAtOnce)]
		n, some, err := d.checks[l.check](ctx, d, l)
		if err != nil {
			return found, err
		}
		found = append(found, some...)
		rest = rest[max(n, 1):]
	}
	return found, nil
}

// findings words the symptoms, each of which is repaired if it is not left.
func findings(all, left []symptom) []Finding {
	remains := map[symptom]bool{}
	for _, s := range left {
		remains[s.stable()] = true
	}
	told := map[symptom]bool{}
	out := []Finding{} // an empty list in JSON, and not null
	for _, s := range all {
		if told[s.stable()] {
			continue
		}
		told[s.stable()] = true
		f := s.finding()
		f.Repaired = !remains[s.stable()]
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Member, b.Member))
	})
	return out
}
