package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const ceilingEngine = "records of a script into nothing"

// payload is a record of 300 bytes of which about half can be compressed away.
func payload(i int) []byte {
	var noise [105]byte
	r := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // noise, the same in each run
	for n := range noise {
		noise[n] = byte(r.Uint32())
	}
	text := base64.StdEncoding.EncodeToString(noise[:])
	b := fmt.Appendf(nil, `{"id":"%d","title":"A record of the bench, number %d","state":"open","labels":["bug","help wanted"],"url":"https://github.com/octo-org/octo-repo/issues/%d","body":"%s`, i, i, i, text)
	return append(b[:298], `"}`...)
}

// records makes n records.
func records(n int) []store.RecordWrite {
	out := make([]store.RecordWrite, n)
	for i := range out {
		p := payload(i)
		sum := sha256.Sum256(p)
		out[i] = store.RecordWrite{ID: fmt.Sprint(i), Digest: base64.RawURLEncoding.EncodeToString(sum[:16]), Payload: p}
	}
	return out
}

// saves measures the saving of records by two runs: the first finds them new, the second unchanged.
func saves(ctx context.Context, b *bench) ([]sample, error) {
	h, err := newHouse(ctx, b, b.always)
	if err != nil {
		return nil, err
	}
	defer h.close()
	all := records(b.scale(40_000))
	var samples []sample
	for fence := range 2 {
		w, err := h.writer(ctx, int64(fence+1))
		if err != nil {
			return nil, err
		}
		m := startMeter(h.server)
		for from := 0; from < len(all); from += 500 {
			if err := h.store.SaveBatch(ctx, w, "mod_bench", all[from:min(from+500, len(all))]); err != nil {
				return nil, err
			}
		}
		samples = append(samples, m.rate(len(all)))
	}
	return samples, nil
}

// writer opens a new run.
func (h *house) writer(ctx context.Context, fence int64) (store.Writer, error) {
	w := store.Writer{
		Project: "prj_bench", Connection: "con_bench", Lane: synchook.LaneFull, Fence: fence,
		Run: synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())),
	}
	_, err := h.store.OpenRun(ctx, w)
	return w, err
}

// saveMany is a small script that saves very many records of about 300 bytes.
const saveMany = `
export default async (nango) => {
  for (let i = 0; i < %d; i += 500) {
    const records = [];
    for (let n = i; n < i + 500; n++) {
      records.push({ id: String(n), title: 'A record of the bench, number ' + n, state: 'open', labels: ['bug', 'help wanted'],
        url: 'https://github.com/octo-org/octo-repo/issues/' + n, body: 'the text of the issue '.repeat(7) });
    }
    await nango.batchSave(records, 'Issue');
  }
};
`

// fakeHost takes records and does nothing with them.
type fakeHost struct{ script.Host }

// Save implements script.Host.
func (fakeHost) Save(context.Context, string, []script.Record) error { return nil }

// engine measures a script that saves many records into nothing.
func engine(ctx context.Context, b *bench) ([]sample, error) {
	n := b.scale(100_000)
	bundled, err := b.bundle(fmt.Sprintf(saveMany, n))
	if err != nil {
		return nil, err
	}
	e := script.New(script.Limits{})
	m := startMeter(nil)
	err = e.Run(ctx, script.Input{Code: bundled.Code, SourceMap: bundled.SourceMap, Run: script.Facts{Models: []string{"Issue"}}}, fakeHost{})
	return []sample{m.rate(n)}, err
}

// bigRun measures a run of the same script through a worker, from its trigger to its end.
func bigRun(ctx context.Context, b *bench) ([]sample, error) {
	n := b.scale(100_000)
	h, err := newHouse(ctx, b, b.always)
	if err != nil {
		return nil, err
	}
	defer h.close()
	a, err := h.account(ctx, "", fmt.Sprintf(saveMany, n), 1)
	if err != nil {
		return nil, err
	}
	defer h.work(ctx)()
	m := startMeter(h.server)
	run, err := h.trigger(ctx, a)
	if err != nil {
		return nil, err
	}
	err = until(ctx, func() bool {
		r, err := h.store.Run(ctx, a.project.ID, run)
		return err == nil && r.State.Ended()
	})
	s := m.rate(n)
	if err != nil {
		return nil, err
	}
	return []sample{s}, h.added(ctx, a, run, n)
}

// trigger queues a manual run of the account's only connection.
func (h *house) trigger(ctx context.Context, a account) (synchook.RunID, error) {
	r := synchook.Run{
		ID:          synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())),
		Integration: a.integration.ID, Connection: a.connections[0], Sync: a.sync.ID, Trigger: synchook.TriggerManual,
	}
	hints, err := h.store.AddRuns(ctx, a.project.ID, []synchook.Run{r})
	if err != nil {
		return "", err
	}
	return r.ID, h.queue.Send(ctx, hints...)
}

// added checks that the run has added so many records.
func (h *house) added(ctx context.Context, a account, id synchook.RunID, n int) error {
	r, err := h.store.Run(ctx, a.project.ID, id)
	if err == nil && (r.State != synchook.RunSucceeded || r.Counts["Issue"].Added != int64(n)) {
		err = fmt.Errorf("the run %s with %+v: %s", r.State, r.Counts, r.Error)
	}
	return err
}
