package server

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

func TestNobodyWaitsLongForAStoreThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		frozen := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		began := time.Now()
		err := within(t.Context(), intakeTime, frozen)
		if waited := time.Since(began); !synchook.IsKind(err, synchook.KindUnavailable) || waited != intakeTime {
			t.Errorf("after %v: %v", waited, err)
		}
		told := &synchook.Fault{Kind: synchook.KindUnavailable, Reason: "store_full"}
		err = within(t.Context(), intakeTime, func(ctx context.Context) error { <-ctx.Done(); return told })
		if !errors.Is(err, told) {
			t.Errorf("a fault that tells more: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := within(gone, intakeTime, frozen); !errors.Is(err, context.Canceled) || synchook.IsKind(err, synchook.KindUnavailable) {
			t.Errorf("a caller that has gone: %v", err)
		}
	})
}

func TestAnRPCEndsInTimeAndSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		get := (&edge{stopping: t.Context()}).WrapUnary(func(ctx context.Context, _ connect.AnyRequest) (connect.AnyResponse, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx := withCall(t.Context(), new(call))
		_, err := get(ctx, connect.NewRequest(&v1.GetProjectRequest{}))
		var shown *connect.Error
		if !errors.As(err, &shown) || shown.Code() != connect.CodeUnavailable || shown.Meta().Get("Retry-After") == "" {
			t.Errorf("answer: %v", err)
		}
		if waited := time.Since(began); waited != callTime {
			t.Errorf("it waited %v", waited)
		}
	})
}

func TestEveryFaultThatPassesSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	for k := synchook.KindInvalid; k <= synchook.KindExhausted; k++ {
		status := answerTo(k).status
		if want := status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests; passes(k) != want {
			t.Errorf("kind %d, status %d: passes %v", k, status, passes(k))
		}
	}
}
