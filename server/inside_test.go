package server

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"golang.org/x/sync/semaphore"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestBodiesThatNobodyVerifiedShareABudget(t *testing.T) {
	t.Parallel()
	budget, first, second := semaphore.NewWeighted(100), int64(0), int64(0)
	read := func(size int, held *int64) error {
		_, err := io.ReadAll(&budgeted{r: bytes.NewReader(make([]byte, size)), budget: budget, held: held})
		return err
	}
	if err := read(60, &first); err != nil || first != 60 {
		t.Fatalf("the first body: %v, holds %d", err, first)
	}
	if err := read(60, &second); !synchook.IsKind(err, synchook.KindUnavailable) || second != 0 {
		t.Errorf("a body over the budget: %v, holds %d", err, second)
	}
	budget.Release(first)
	if err := read(60, &second); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
}

func TestAFieldsPathIsAsTheValidatorWouldGiveIt(t *testing.T) {
	t.Parallel()
	input := new(v1.DeploySyncsRequest).ProtoReflect().Descriptor()
	for path, numbers := range map[string][]int32{
		"dry_run": {3}, "syncs[2].models[0]": {1, 3}, "syncs[0].frequency": {1, 4}, "unknown.models": {0, 0},
	} {
		got := fieldPath(input, path)
		if text := protovalidate.FieldPathString(got); text != path {
			t.Errorf("%s reads %s", path, text)
		}
		for i, e := range got.GetElements() {
			if e.GetFieldNumber() != numbers[i] {
				t.Errorf("%s: element %d has the number %d, want %d", path, i, e.GetFieldNumber(), numbers[i])
			}
		}
	}
}

func TestAListIsCutIntoPages(t *testing.T) {
	t.Parallel()
	list, token := []string{"a", "b", "c", "d", "e"}, ""
	var pages []string
	for {
		page, next, err := cut(list, func(s string) string { return s }, store.Page{Size: 2, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, strings.Join(page, ""))
		if token = next; token == "" {
			break
		}
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "b" }) // removed meanwhile
	}
	if got := strings.Join(pages, " "); got != "ab cd e" {
		t.Errorf("pages = %q", got)
	}
}

func TestChangesThatWaitAreShownOnce(t *testing.T) {
	t.Parallel()
	more := make(chan []synchook.DeliveryID, 3)
	more <- []synchook.DeliveryID{"dlv_2", "dlv_1"}
	more <- []synchook.DeliveryID{"dlv_3"}
	close(more)
	want := []synchook.DeliveryID{"dlv_1", "dlv_2", "dlv_3"}
	if got := coalesce([]synchook.DeliveryID{"dlv_1", "dlv_3"}, more); !slices.Equal(got, want) {
		t.Errorf("changes = %q, want %q", got, want)
	}
}

func TestEveryKindOfFaultHasAnAnswer(t *testing.T) {
	t.Parallel()
	seen := map[answer]bool{}
	for k := synchook.KindInvalid; k <= synchook.KindExhausted; k++ {
		a := answerTo(k)
		if a.status == 500 || seen[a] {
			t.Errorf("the kind %d is shown as %v", k, a)
		}
		seen[a] = true
	}
	if f := faultOf(errors.New("the secret is 42")); answerTo(f.Kind).status != 500 || strings.Contains(f.Message+f.Help, "42") {
		t.Errorf("an unknown error is shown as %v", f)
	}
}
