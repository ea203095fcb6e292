package script

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"modernc.org/quickjs"
)

const (
	// maxTimers is how many timers a script may have set at a time.
	maxTimers = 1000
	// maxRandom is how many random bytes one call gives, as in browsers.
	maxRandom = 65536
)

// register gives the runtime its functions of Go. Each is called on the VM's
// goroutine and returns at once.
func (r *run) register() error {
	functions := map[string]quickjs.HostFunc{
		"call":        r.onCall,
		"timer":       r.onTimer,
		"clear":       r.onClear,
		"log":         r.onLog,
		"loadExtras":  r.onLoadExtras,
		"randomBytes": onRandomBytes,
	}
	for name, f := range functions {
		if err := r.vm.RegisterHostFunc("__synchook_"+name, f); err != nil {
			return err
		}
	}
	if err := r.vm.RegisterFunc("__synchook_ready", r.onReady, false); err != nil {
		return err
	}
	return r.vm.RegisterFunc("__synchook_end", r.onEnd, false)
}

// onReady keeps the two functions of the runtime that Go calls.
func (r *run) onReady(start, settle quickjs.Value) {
	r.ready, r.start, r.settle = true, start.Dup(), settle.Dup()
}

// onEnd notes that the script's promise is settled, rejected unless the
// reason is undefined.
func (r *run) onEnd(reason quickjs.Value) {
	r.ended = true
	if !reason.IsUndefined() {
		r.failure = quickjs.ErrorFromValue(reason)
	}
}

// onLoadExtras loads the second part of the runtime, inside the call of the
// first that asks for it.
func (r *run) onLoadExtras([]any) (any, error) {
	return nil, r.load(r.extras)
}

// onTimer sets a timer: its ID and milliseconds.
func (r *run) onTimer(args []any) (any, error) {
	if len(r.timers) >= maxTimers {
		return nil, fmt.Errorf("a script may have %d timers at a time", maxTimers)
	}
	id, _ := args[0].(int)
	r.timers[id] = time.Now().Add(milliseconds(args[1]))
	return nil, nil
}

// onClear forgets a timer.
func (r *run) onClear(args []any) (any, error) {
	id, _ := args[0].(int)
	delete(r.timers, id)
	return nil, nil
}

// onLog writes a line: level and message.
func (r *run) onLog(args []any) (any, error) {
	r.log.write(r.ctx, text(args, 0), text(args, 1))
	return nil, nil
}

// onRandomBytes returns so many random bytes in hexadecimal.
func onRandomBytes(args []any) (any, error) {
	n, _ := args[0].(int)
	if n > maxRandom {
		return nil, fmt.Errorf("at most %d random bytes can be had at a time", maxRandom)
	}
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b), nil
}

// text returns an argument that is a string.
func text(args []any, i int) string {
	s, _ := args[i].(string)
	return s
}

// milliseconds returns the delay that a number means, at most a day: no run
// lasts that long.
func milliseconds(n any) time.Duration {
	const most = 24 * time.Hour
	switch n := n.(type) {
	case int:
		return min(time.Duration(min(n, int(most/time.Millisecond)))*time.Millisecond, most)
	case float64:
		return time.Duration(min(n, float64(most/time.Millisecond)) * float64(time.Millisecond))
	default:
		return 0
	}
}

// factsJSON writes what the runtime makes the nango object of.
func factsJSON(in Input) (string, error) {
	type webhook struct {
		Headers map[string]string `json:"headers"`
		Type    string            `json:"type"`
	}
	facts := struct {
		ConnectionID      string   `json:"connectionId"`
		ProviderConfigKey string   `json:"providerConfigKey"`
		Provider          string   `json:"provider"`
		SyncID            string   `json:"syncId"`
		SyncName          string   `json:"syncName"`
		SyncJobID         string   `json:"syncJobId"`
		EnvironmentName   string   `json:"environmentName"`
		LastSyncDate      string   `json:"lastSyncDate,omitempty"`
		TrackDeletes      bool     `json:"trackDeletes"`
		Models            []string `json:"models"`
		Webhook           *webhook `json:"webhook,omitempty"`
	}{
		in.Run.ConnectionID, in.Run.ProviderConfigKey, in.Run.Provider, in.Run.SyncID, in.Run.SyncName,
		in.Run.RunID, in.Run.EnvironmentName, "", in.Run.TrackDeletes, in.Run.Models, nil,
	}
	if in.Run.LastSyncDate != nil {
		facts.LastSyncDate = in.Run.LastSyncDate.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if facts.Models == nil {
		facts.Models = []string{}
	}
	if in.Webhook != nil {
		facts.Webhook = &webhook{in.Webhook.Headers, in.Webhook.EventType}
	}
	b, err := json.Marshal(facts)
	return string(b), err
}
