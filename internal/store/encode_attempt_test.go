package store

import (
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/synchook/synchook/internal/synchook"
)

func TestAnAttemptIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		headers := func(label string) map[string]string {
			m := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, label)
			if len(m) == 0 {
				return nil
			}
			return m
		}
		want := synchook.Attempt{
			Number: 3, Started: time.UnixMilli(rapid.Int64Range(0, 1e13).Draw(t, "started")).UTC(),
			Duration: time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "µs")) * time.Microsecond,
			Status:   rapid.IntRange(0, 599).Draw(t, "status"), Error: rapid.String().Draw(t, "error"), URL: rapid.String().Draw(t, "URL"),
			RequestHeaders: headers("request"), ResponseHeaders: headers("response"), Response: rapid.SliceOf(rapid.Byte()).Draw(t, "answer"),
		}
		text := string(encodeAttempt(want))
		got, err := decodeAttempt(3, text)
		if len(want.Response) == 0 {
			want.Response, got.Response = nil, nil
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("wrote %+v, read %+v, %v", want, got, err)
		}
		cut := rapid.IntRange(0, len(text)-len(want.Response)-1).Draw(t, "cut")
		if got, err := decodeAttempt(3, text[:cut]); err == nil {
			t.Fatalf("of the first %d bytes of %q was read %+v", cut, text, got)
		}
	})
}

func TestAnAttemptOfAFormerVersionIsRead(t *testing.T) {
	t.Parallel()
	b := binary.AppendVarint(nil, 1_685_533_573_390)
	b = binary.AppendVarint(b, 1500)
	b = binary.AppendVarint(b, 503)
	b = append(appendText(b, "no"), "answer"...)
	want := synchook.Attempt{
		Number: 1, Started: time.UnixMilli(1_685_533_573_390).UTC(), Duration: 1500 * time.Microsecond, Status: 503, Error: "no", Response: []byte("answer"),
	}
	if got, err := decodeAttempt(1, string(b)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v, want %+v", got, err, want)
	}
}
