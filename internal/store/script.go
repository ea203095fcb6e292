package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// script reads the named Lua files as one script.
func script(names ...string) *redis.Script {
	var text strings.Builder
	for _, name := range names {
		b, err := luaFiles.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err) // an embedded file that is not there: a fault of the build
		}
		text.Write(b)
		text.WriteByte('\n')
	}
	return redis.NewScript(text.String())
}

var (
	acceptScript         = script("lane", "stats", "accept")
	replayScript         = script("lane", "replay")
	addRunsScript        = script("lane", "add_runs")
	fireScript           = script("lane", "fire")
	overdueScript        = script("lane", "overdue")
	rewakeScript         = script("lane", "rewake")
	cancelRunScript      = script("lane", "cancel_run")
	retryDeliveryScript  = script("lane", "retry", "retry_delivery")
	countRecoveryScript  = script("order", "lane", "recovery", "count_recovery")
	createRecoveryScript = script("order", "lane", "recovery", "create_recovery")
	steerRecoveryScript  = script("order", "lane", "recovery", "steer_recovery")
	recoverScript        = script("order", "lane", "retry", "recovery", "recover")
	listenScript         = script("lane", "order", "listen")
	turnRecoveriesScript = script("lane", "turn", "turn_recoveries")
	pruneScript          = script("lane", "prune")
	turnRunsScript       = script("lane", "stats", "coalesce", "deliver", "turn", "turn_runs")
	turnDeliveriesScript = script("lane", "stats", "coalesce", "deliver", "turn", "turn_deliveries")
	turnFanoutScript     = script("lane", "turn", "turn_fanout")
	openScript           = script("record", "open")
	saveScript           = script("record", "save")
	deleteUnseenScript   = script("record", "delete_unseen")
	sealScript           = script("record", "seal")
	forgetScript         = script("record", "forget")
	recordsScript        = script("order", "record", "records")
	pageScript           = script("order", "page")
	sieveScript          = script("sieve")
	createScript         = script("create")
	settingsScript       = script("settings")
	endpointScript       = script("lane", "endpoint")
	holdScript           = script("lane", "hold")
	releaseScript        = script("lane", "stats", "coalesce", "release")
	deleteEndpointScript = script("lane", "delete_endpoint")
	connectionScript     = script("connection")
	deleteConScript      = script("lane", "delete_connection")
	logScript            = script("record", "log")
	createProjectScript  = script("create_project")
	deleteProjectScript  = script("lane", "delete_project")
	purgeLaterScript     = script("purge_later")
	purgeDropScript      = script("purge_drop")
	purgeDueScript       = script("purge_due")
	purgeLanesScript     = script("lane", "purge", "purge_lanes")
	purgeRowsScript      = script("order", "lane", "purge", "purge_rows")
	purgeSlotScript      = script("record", "purge_slot")
	leaseScript          = script("lease")
	censusScript         = script("lane", "census")
	owedScript           = script("lane", "owed")
	placedDeliveryScript = script("lane", "placed_delivery")
	retireScript         = script("lane", "doctor_retire")
)

// inProject runs a script in a project's slot.
func (s *Store) inProject(ctx context.Context, p synchook.ProjectID, script *redis.Script, args ...any) *redis.Cmd {
	return script.Run(ctx, s.rdb, slotKeys(projectTag(p)), args...)
}

// inConnection runs a script in a connection's slot.
func (s *Store) inConnection(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, script *redis.Script, args ...any) *redis.Cmd {
	return script.Run(ctx, s.rdb, slotKeys(conKey(p, con, "")), args...)
}

// slotKeys returns the keys that a script in the slot of the tag declares: two that never exist. While a
// cluster moves a slot, key by key, it lets a script of one key run on the node that has a part of
// the others; of several keys it wants to see all, and answers TRYAGAIN until the slot has moved.
func slotKeys(tag string) []string { return []string{tag, tag + ":"} }

func projectTag(p synchook.ProjectID) string { return "{" + string(p) + "}" }

// key returns the name of a key in a project's slot.
func key(p synchook.ProjectID, parts ...string) string {
	return projectTag(p) + ":" + strings.Join(parts, ":")
}

// conKey returns the name of a key in a connection's slot; without a name, what scripts put before it.
func conKey(p synchook.ProjectID, con synchook.ConnectionID, name string) string {
	tag := "{" + string(p) + ":" + string(con) + "}"
	if name == "" {
		return tag
	}
	return tag + ":" + name
}

// failed says what was being done when Redis failed. An outage is a fault that passes; what is none is a
// fault of ours, of which callers are told nothing.
func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	var fault *synchook.Fault
	if errors.As(err, &fault) || errors.Is(err, context.Canceled) {
		return err
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	if o := outageOf(err); o != (outage{}) {
		return o.fault(wrapped)
	}
	return wrapped
}

// words reads a flat array of strings from a script's answer.
func words(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case string:
			out[i] = e
		case int64:
			out[i] = fmt.Sprint(e)
		}
	}
	return out
}

// fields reads a hash from a script's answer.
func fields(v any) map[string]string {
	w := words(v)
	m := make(map[string]string, len(w)/2)
	for i := 0; i+1 < len(w); i += 2 {
		m[w[i]] = w[i+1]
	}
	return m
}

// hints reads the hints that a script asks its caller to send.
func hints(p synchook.ProjectID, v any) []synchook.Hint {
	w := words(v)
	out := make([]synchook.Hint, 0, len(w)/4)
	for i := 0; i+3 < len(w); i += 4 {
		out = append(out, synchook.Hint{
			Project: p, Lane: synchook.LaneID(w[i]), Generation: int64(number(w[i+1])), At: int64(number(w[i+2])),
			Delivery: synchook.DeliveryID(w[i+3]),
		})
	}
	return out
}
