package synchookclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"connectrpc.com/connect"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// book lists so many deliveries, three a page, and fails after a page.
type book struct {
	total, failsAt int
	tokens         []string
}

func (b *book) list(_ context.Context, r *synchookv1.ListDeliveriesRequest) (*synchookv1.ListDeliveriesResponse, error) {
	b.tokens = append(b.tokens, r.GetPageToken())
	from, _ := strconv.Atoi(r.GetPageToken())
	if b.failsAt > 0 && from >= b.failsAt {
		return nil, errors.New("gone")
	}
	res := &synchookv1.ListDeliveriesResponse{}
	for n := from; n < min(from+3, b.total); n++ {
		res.Deliveries = append(res.Deliveries, &synchookv1.Delivery{Id: strconv.Itoa(n), Model: r.GetModel()})
	}
	if from+3 < b.total {
		res.NextPageToken = strconv.Itoa(from + 3)
	}
	return res, nil
}

func TestAllListsPageAfterPage(t *testing.T) {
	t.Parallel()
	request := &synchookv1.ListDeliveriesRequest{Model: "Issue"}
	deliveries := (*synchookv1.ListDeliveriesResponse).GetDeliveries
	for _, tt := range []struct{ total, failsAt, stopAt, items, pages int }{
		{total: 0, pages: 1}, {total: 3, items: 3, pages: 1}, {total: 10, items: 10, pages: 4},
		{total: 10, stopAt: 4, items: 4, pages: 2}, {total: 10, failsAt: 6, items: 6, pages: 3},
	} {
		b := &book{total: tt.total, failsAt: tt.failsAt}
		items, failed := 0, false
		for d, err := range synchookclient.All(t.Context(), b.list, request, deliveries) {
			if err != nil {
				failed = true
				continue
			}
			if d.GetId() != strconv.Itoa(items) || d.GetModel() != "Issue" {
				t.Errorf("item %d is %v", items, d)
			}
			if items++; items == tt.stopAt {
				break
			}
		}
		if items != tt.items || len(b.tokens) != tt.pages || failed != (tt.failsAt > 0) {
			t.Errorf("%+v: %d items of the pages %q, failed: %t", tt, items, b.tokens, failed)
		}
	}
	if request.GetPageToken() != "" {
		t.Error("the request was changed")
	}
}

func TestAProblemIsWhatSynchookSays(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("mine"), connect.NewError(connect.CodeInternal, errors.New("made here")), nil} {
		if p, ok := synchookclient.ProblemOf(err); ok {
			t.Errorf("of %v it says %+v", err, p)
		}
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := synchookclient.New(server.URL, "sk_1").Projects.GetProject(t.Context(), &synchookv1.GetProjectRequest{})
	if p, ok := synchookclient.ProblemOf(err); ok {
		t.Errorf("of a server that is gone it says %+v", p)
	}
}

// List everything that an endpoint has not got.
func ExampleAll() {
	list := (&book{total: 4}).list // client.Deliveries.ListDeliveries
	request := &synchookv1.ListDeliveriesRequest{State: synchookv1.DeliveryState_DELIVERY_STATE_UNDELIVERED}
	for delivery, err := range synchookclient.All(context.Background(), list, request, (*synchookv1.ListDeliveriesResponse).GetDeliveries) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(delivery.GetId())
	}
	// Output:
	// 0
	// 1
	// 2
	// 3
}

// Receive webhooks with a handler that sees none that synchook did not send.
func ExampleRequireWebhook() {
	hook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body := synchookclient.WebhookOf(r).Sync; body != nil {
			fmt.Println(body.Model, "of", body.ConnectionID, "changed")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	http.Handle("/hook", synchookclient.RequireWebhook(hook, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
}
