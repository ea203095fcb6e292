package synchookclient

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// All returns what a list call lists, one after the other; it asks for a page when the one before is used up. The
// request, which is not changed, says what is listed, where to begin, and how large the pages are. After an error
// nothing follows.
//
//	for d, err := range synchookclient.All(ctx, client.Deliveries.ListDeliveries, request, (*synchookv1.ListDeliveriesResponse).GetDeliveries) {
func All[Request any, Response interface{ GetNextPageToken() string }, Item any, Message interface {
	*Request
	proto.Message
}](ctx context.Context, list func(context.Context, Message) (Response, error), request Message, items func(Response) []Item) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		page, _ := proto.Clone(request).(Message)
		for {
			res, err := list(ctx, page)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items(res) {
				if !yield(item, nil) {
					return
				}
			}
			if res.GetNextPageToken() == "" {
				return
			}
			turn(page, res.GetNextPageToken())
		}
	}
}

// turn has a request ask for the page of that token.
func turn(request proto.Message, token string) {
	m := request.ProtoReflect()
	m.Set(m.Descriptor().Fields().ByName("page_token"), protoreflect.ValueOfString(token))
}
