package webhook

import (
	"io"
	"log"
	"net/http"
	"testing"
	"time"
)

var discardLog = log.New(io.Discard, "", 0)

// BenchmarkSend posts to a receiver in the same process, so that its figure holds both sides.
func BenchmarkSend(b *testing.B) {
	url := serve(b, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	sender := loopback(b, Options{UserAgent: "synchook/bench"})
	message := Message{ID: "dlv_01JD0000000000000000000000", URL: url + "/hook", Body: issues.Bytes(), Secrets: []Secret{mustMake(b)}}
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if attempt := sender.Send(b.Context(), message); attempt.Verdict.Outcome != Delivered {
				b.Errorf("the attempt is %+v", attempt)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

func BenchmarkHeaders(b *testing.B) {
	body, secrets := issues.Bytes(), []Secret{mustMake(b)}
	b.ReportAllocs()
	for b.Loop() {
		Headers("dlv_01JD0000000000000000000000", time.Now(), body, secrets)
	}
}

func BenchmarkBytes(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = issues.Bytes()
	}
}
